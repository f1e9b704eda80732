#!/usr/bin/env python3
"""The built-in models as the dashboard's form of Get started needs them, on stdout.

usage: dashboard-models.py LLAMACTL

The program itself says what is in its models and in their variants (`configs show --json`), so
the form and the program cannot differ. What is a default of the program's is left out.
"""

import json
import os
import subprocess
import sys
import tempfile

HEAD = """// Made by `make generate` from the built-in models (configs/*.yaml): change those, not this.

/** `values` is what a model's file says; `variants` what differs on a type of GPU. */
export const MODELS = [
"""


def main() -> None:
    program = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as home:
        models = ask(program, home, "configs", "ls", "--json")
        lines = [json.dumps(model(program, home, one), ensure_ascii=False) for one in models]
    # Paths in the home folder are shown as they stand in the files.
    lines = [line.replace(home, "~") for line in lines]
    print(HEAD + "".join(f"  {line},\n" for line in lines) + "];")


def ask(program: str, home: str, *args: str):
    # Nobody's own files and variables: only what is built in.
    env = {"PATH": os.environ["PATH"], "HOME": home}
    run = subprocess.run([program, *args], env=env, cwd=home, capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"llamactl {' '.join(args)}: {run.stderr}")
    return json.loads(run.stdout)


def model(program: str, home: str, listed: dict) -> dict:
    name, types = listed["name"], listed["gpu_types"]
    values = told(ask(program, home, "configs", "show", name, "--json"), "file")
    values.pop("name", None)
    variants = {
        kind: told(ask(program, home, "configs", "show", name, "--gpu-type", kind, "--json"), "variant")
        for kind in types
    }
    return {"name": name, "values": values, "variants": variants}


def told(shown: dict, origin: str) -> dict:
    """Of the values those that come from `origin`, as sections."""
    found: dict = {}
    for key, source in sorted(shown["origins"].items()):
        if not isinstance(source, dict) or origin not in source:
            continue
        *sections, last = key.split(".")
        value, place = shown["values"], found
        for section in sections:
            value, place = value[section], place.setdefault(section, {})
        place[last] = value[last]
    return found


if __name__ == "__main__":
    main()
