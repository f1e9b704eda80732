#!/usr/bin/env python3
"""The twenty slowest tests of a run of nextest, and as the last line what came of all of them.

usage: cargo nextest list --message-format json | test-summary.py JUNIT

JUNIT is the file that `.config/nextest.toml` asks for; the list says how many tests there are.
"""

import json
import sys
import xml.etree.ElementTree as ElementTree

SLOWEST = 20


def main():
    suites = ElementTree.parse(sys.argv[1]).getroot()
    run = [(suite, case) for suite in suites.iter("testsuite") for case in suite.iter("testcase")]
    seconds = lambda case: float(case[1].get("time", 0))
    print(f"The slowest {SLOWEST} of {len(run)} tests, which waited or worked for {sum(map(seconds, run)):.0f} s:")
    for suite, case in sorted(run, key=seconds, reverse=True)[:SLOWEST]:
        print(f"{float(case.get('time')):8.1f} s  {suite.get('name')} {case.get('name')}")
    failed = sum(any(end.tag in ("failure", "error") for end in case) for _, case in run)
    skipped = json.load(sys.stdin)["test-count"] - len(run)
    print(f"{len(run) - failed} passed, {failed} failed, {skipped} skipped")


main()
