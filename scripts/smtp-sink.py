#!/usr/bin/env python3
"""A mail server that keeps every mail as a file in a folder, for the demo and the tests.

    smtp-sink.py --port PORT --dir FOLDER

It listens on 127.0.0.1 (--host), prints one line when it does, and writes mail number 1 to
FOLDER/0001.eml: first the envelope as X-Envelope-From and X-Envelope-To, then the mail as it
came. Port 0 takes a free one; the printed line says which. With --cert and --key it offers
STARTTLS (with --implicit-tls it speaks TLS from the first byte), with --user and --password it
wants AUTH (PLAIN or LOGIN) before anything else, and with --defer N it answers the first N mails
with a temporary 451. Python's standard library is all it needs.
"""

import argparse
import base64
import binascii
import itertools
import os
import re
import socketserver
import ssl
import sys
import threading

MAX_LINE = 4096
MAX_MAIL = 10 * 1024 * 1024


class Sink(socketserver.ThreadingTCPServer):
    """The listening side: what all conversations share."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, options):
        self.options = options
        self.lock = threading.Lock()
        kept = [int(name[:4]) for name in os.listdir(options.dir) if name.endswith(".eml")]
        self.numbers = itertools.count(max(kept, default=0) + 1)
        self.deferred = 0
        self.tls = None
        if options.cert:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(options.cert, options.key)
        super().__init__((options.host, options.port), Conversation)

    def defers(self):
        """Whether this mail is one of the first N."""
        with self.lock:
            self.deferred += 1
            return self.deferred <= self.options.defer

    def keep(self, sender, recipients, mail):
        """Writes one mail, whole or not at all: readers may poll the folder."""
        with self.lock:
            number = next(self.numbers)
        folder = os.path.abspath(self.options.dir)
        part = os.path.join(os.path.dirname(folder), f".smtp-sink-{os.getpid()}-{number}")
        envelope = f"X-Envelope-From: {sender}\r\nX-Envelope-To: {', '.join(recipients)}\r\n"
        with open(part, "wb") as file:
            file.write(envelope.encode("utf-8") + mail)
        os.rename(part, os.path.join(folder, f"{number:04}.eml"))


class Conversation(socketserver.StreamRequestHandler):
    """One client, from greeting to QUIT."""

    timeout = 60

    def handle(self):
        options = self.server.options
        try:
            if options.implicit_tls:
                self.start_tls()
            self.authenticated = options.user is None
            self.forget()
            self.say("220 smtp-sink ESMTP")
            while True:
                line = self.rfile.readline(MAX_LINE)
                if not line.endswith(b"\n"):
                    return
                verb, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
                if not self.answer(verb.upper(), rest.strip()):
                    return
        except (OSError, ValueError) as error:
            print(f"smtp-sink: {error}", file=sys.stderr, flush=True)

    def answer(self, verb, rest):
        """Answers one command; False ends the conversation."""
        if verb == "QUIT":
            self.say("221 bye")
            return False
        if verb in ("EHLO", "HELO"):
            self.hello(verb)
        elif verb == "STARTTLS" and self.offers_tls():
            self.say("220 go ahead")
            self.start_tls()
            self.forget()
        elif verb == "AUTH":
            self.authenticate(rest)
        elif verb in ("MAIL", "RCPT", "DATA") and not self.authenticated:
            self.say("530 5.7.0 authentication required")
        elif verb == "MAIL":
            self.forget()
            self.sender = self.path(rest)
            self.say("250 ok")
        elif verb == "RCPT":
            self.recipients.append(self.path(rest))
            self.say("250 ok")
        elif verb == "DATA":
            self.data()
        elif verb in ("RSET", "NOOP"):
            self.forget()
            self.say("250 ok")
        else:
            self.say("502 5.5.1 unknown command")
        return True

    def hello(self, verb):
        lines = ["smtp-sink"]
        if verb == "EHLO":
            lines += ["8BITMIME", "SMTPUTF8"]
            if self.offers_tls():
                lines.append("STARTTLS")
            if self.server.options.user is not None:
                lines.append("AUTH PLAIN LOGIN")
        for line in lines[:-1]:
            self.say(f"250-{line}")
        self.say(f"250 {lines[-1]}")

    def authenticate(self, rest):
        mechanism, _, initial = rest.partition(" ")
        if mechanism.upper() == "PLAIN":
            fields = self.decoded(initial or self.ask("")).split("\0")
            given = tuple(fields[-2:])
        elif mechanism.upper() == "LOGIN":
            user = initial or self.ask("VXNlcm5hbWU6")
            given = (self.decoded(user), self.decoded(self.ask("UGFzc3dvcmQ6")))
        else:
            self.say("504 5.5.4 unknown mechanism")
            return
        options = self.server.options
        self.authenticated = given == (options.user, options.password)
        self.say("235 welcome" if self.authenticated else "535 5.7.8 wrong user or password")

    def data(self):
        if not self.recipients:
            self.say("503 5.5.1 RCPT first")
            return
        self.say("354 end with a single dot")
        mail = bytearray()
        while True:
            line = self.rfile.readline(MAX_MAIL)
            if not line:
                return
            if line in (b".\r\n", b".\n"):
                break
            mail += line[1:] if line.startswith(b".") else line
            if len(mail) > MAX_MAIL:
                raise ValueError("the mail is too large")
        if self.server.defers():
            self.say("451 4.3.0 try again later")
        else:
            self.server.keep(self.sender, self.recipients, bytes(mail))
            self.say("250 kept")
        self.forget()

    def forget(self):
        self.sender, self.recipients = "", []

    def offers_tls(self):
        return self.server.tls is not None and not isinstance(self.connection, ssl.SSLSocket)

    def start_tls(self):
        self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb", -1)
        self.wfile = self.connection.makefile("wb", 0)

    def ask(self, prompt):
        self.say(f"334 {prompt}")
        return self.rfile.readline(MAX_LINE).decode("ascii", "replace").strip()

    def say(self, line):
        self.wfile.write(line.encode("utf-8") + b"\r\n")

    @staticmethod
    def decoded(text):
        try:
            return base64.b64decode(text).decode("utf-8", "replace")
        except binascii.Error:
            return ""

    @staticmethod
    def path(rest):
        found = re.search(r"<([^>]*)>", rest)
        return found.group(1) if found else rest


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--dir", required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--implicit-tls", action="store_true")
    parser.add_argument("--user")
    parser.add_argument("--password", default="")
    parser.add_argument("--defer", type=int, default=0)
    options = parser.parse_args()
    os.makedirs(options.dir, exist_ok=True)
    with Sink(options) as sink:
        host, port = sink.server_address[:2]
        print(f"listening on {host}:{port}", flush=True)
        try:
            sink.serve_forever()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
