#!/usr/bin/env python3
"""Measures how long one waits for the compiler after a change, and prints a Markdown table.

    scripts/bench-build.py [--write docs/performance.md] [--release]

A function is added to one file in a copy of the last commit, and each build is timed, three times
each; the median counts. --release also times the two release profiles from nothing of ours.
Dependencies are built before. --write puts the table between the markers of that file. Exit code
1 when the binary takes longer than the limit after a change of one file.
"""
import argparse
import datetime
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import bench

HERE = pathlib.Path(__file__).resolve().parent
BEGIN, END = "<!-- build: begin -->", "<!-- build: end -->"
# Above this a workspace of several packages would be worth its price.
LIMIT = 20
TURNS = 3
FILES = {
    "commands": "src/commands/ls.rs",
    "registry": "src/registry/service/servers.rs",
    "domain": "src/domain/server.rs",
}
WHAT = {
    "check": ["check"],
    "the binary": ["build"],
    "the binary and all tests": ["test", "--no-run"],
}


def cargo(folder, *args):
    """Runs cargo, and says how long it took, in seconds."""
    begin = time.monotonic()
    done = subprocess.run(["cargo", args[0], "--locked", "--quiet", *args[1:]], cwd=folder,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"cargo {' '.join(args)}: {done.stderr[-2000:]}")
    return time.monotonic() - begin


def change(path, turn):
    """A function that was not there before, as a change of the file would bring it."""
    with path.open("a", encoding="utf-8") as file:
        file.write(f"\n/// Of a measurement.\npub fn measured_{turn}(n: u64) -> u64 {{ n + {turn} }}\n")


def inner_loop(folder):
    rows = []
    for module, name in FILES.items():
        path = folder / name
        whole = path.read_text(encoding="utf-8")
        # Unit tests stand at the end of the file, and nothing may come after them.
        path.write_text(whole.split("\n#[cfg(test)]\n")[0] + "\n", encoding="utf-8")
        for args in WHAT.values():
            cargo(folder, *args)
        times = {what: [] for what in WHAT}
        for turn in range(TURNS):
            for index, (what, args) in enumerate(WHAT.items()):
                change(path, turn * len(WHAT) + index)
                times[what].append(cargo(folder, *args))
        path.write_text(whole, encoding="utf-8")
        rows.append((module, name, {what: statistics.median(took) for what, took in times.items()}))
    return rows


def releases(folder):
    rows = []
    for profile, cause in (("release", "`make bench`"), ("dist", "`make dist`")):
        cargo(folder, "build", "--profile", profile)
        (folder / "src/lib.rs").touch()
        took = cargo(folder, "build", "--profile", profile)
        binary = target(folder) / profile / "llamactl"
        rows.append((profile, cause, took, binary.stat().st_size / 1e6))
    return rows


def target(folder):
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR", folder / "target"))


def text(rows, built):
    date = datetime.date.today().isoformat()
    lines = [f"Measured {date} on {bench.machine()} by `scripts/bench-build.py` (dev profile).", "",
             "| a change in | " + " | ".join(WHAT) + " |", "|---|" + "---|" * len(WHAT)]
    for module, name, times in rows:
        cells = " | ".join(f"{times[what]:.1f} s" for what in WHAT)
        lines.append(f"| {module} (`{name}`) | {cells} |")
    if built:
        lines += ["", "| profile | for | llamactl alone, dependencies built | size |", "|---|---|---|---|"]
        lines += [f"| {profile} | {cause} | {took:.0f} s | {size:.1f} MB |" for profile, cause, took, size in built]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", type=pathlib.Path, metavar="FILE", help="put the table into FILE")
    parser.add_argument("--release", action="store_true", help="time the release profiles too; takes long")
    args = parser.parse_args()
    os.environ.setdefault("CARGO_TARGET_DIR", os.path.expanduser("~/.cache/llamactl/target"))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="llamactl-bench."))
    try:
        subprocess.run(["git", "clone", "--quiet", "--shared", HERE.parent, folder / "tree"], check=True)
        rows = inner_loop(folder / "tree")
        built = releases(folder / "tree") if args.release else []
    finally:
        shutil.rmtree(folder)
    table = text(rows, built)
    print(table)
    if args.write:
        bench.write(args.write, table, BEGIN, END)
    slow = [module for module, _, times in rows if times["the binary"] > LIMIT]
    if slow:
        sys.exit(f"over {LIMIT} s after a change in {', '.join(slow)}")


if __name__ == "__main__":
    main()
