#!/usr/bin/env python3
"""Holds the licences and bans of deny.toml where cargo-deny is not installed.

Reads `cargo tree`, so it needs no network. cargo-deny checks more: advisories and sources.
"""
import re
import subprocess
import sys
import tomllib

TARGET = "x86_64-unknown-linux-gnu"


def allowed(expression, licences):
    """Whether an SPDX expression can be met with `licences` alone. AND binds closer than OR."""
    tokens = re.findall(r"[()]|[^\s()/]+(?: WITH [^\s()/]+)?|/", expression)

    def either():
        result = both()
        while tokens and tokens[0] in ("OR", "/"):
            tokens.pop(0)
            result = both() or result
        return result

    def both():
        result = one()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            result = one() and result
        return result

    def one():
        token = tokens.pop(0)
        if token != "(":
            return token in licences
        result = either()
        tokens.pop(0)
        return result

    return either()


def packages():
    """(name, version, licence) of the packages that are really built, without our own."""
    command = ["cargo", "tree", "--locked", "--target", TARGET, "--prefix", "none", "--quiet"]
    command += ["--edges", "normal,build,dev", "--format", "{p}\t{l}"]
    lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    rows = {line.removesuffix(" (*)") for line in lines if line}
    for package, licence in (row.split("\t") for row in rows):
        name, version = package.split()[:2]
        if name != "llamactl":
            yield name, version, licence


def main():
    with open("deny.toml", "rb") as file:
        rules = tomllib.load(file)
    licences = set(rules["licenses"]["allow"])
    banned = {ban["crate"]: ban["reason"] for ban in rules["bans"]["deny"]}
    found, problems = sorted(packages()), []
    for name, version, licence in found:
        if name in banned:
            problems.append(f"{name} is banned: {banned[name]}")
        if not licence or not allowed(licence, licences):
            problems.append(f"{name} {version}: licence `{licence}` is not in deny.toml")
    if problems:
        sys.exit("\n".join(problems))
    print(f"licences: {len(found)} packages, all allowed by deny.toml")


if __name__ == "__main__":
    main()
