"""Reads mails as a mail program does: each file named on the command line, as a line of JSON."""

import email
import email.policy
import json
import sys


def read(path):
    with open(path, "rb") as file:
        mail = email.message_from_binary_file(file, policy=email.policy.default)
    defects = [str(defect) for part in mail.walk() for defect in part.defects]
    for value in mail.values():
        defects += [str(defect) for defect in getattr(value, "defects", [])]
    parts = [part for part in mail.walk() if not part.is_multipart()]
    return {
        "headers": [[name, str(value)] for name, value in mail.items()],
        "kind": mail.get_content_type(),
        "parts": [[part.get_content_type(), part.get_content()] for part in parts],
        "defects": defects,
    }


for path in sys.argv[1:]:
    print(json.dumps(read(path)))
