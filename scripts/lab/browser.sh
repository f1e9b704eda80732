#!/usr/bin/env bash
# What the tests of the dashboard and the checks of its code take from npm, as
# tests/browser/package-lock.json pins it, in a folder of the lab's own; the browser itself is
# Debian's (deps.sh --tests). Does nothing when it is there.
#
# usage: browser.sh     gives LAB/browser/node_modules/{playwright-core,axe-core,.bin/biome}
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "$0")")/common.sh"
here=$(dirname "$(readlink -f "$0")")

pinned=$here/../../tests/browser folder=$LAB_HOME/browser
command -v npm >/dev/null || die "npm is missing: run \`make test-deps\`"
# Versions and checksums are pinned, not the place that one machine fetched them from.
if grep -n '"resolved"' "$pinned/package-lock.json" >&2; then
  die "tests/browser/package-lock.json names a package registry: run npm in that folder, whose .npmrc leaves it out"
fi
mkdir -p "$folder"
exec 9>"$LAB_HOME/browser.lock"
flock 9
cmp -s "$pinned/package-lock.json" "$folder/node_modules/installed.json" && exit 0

echo "installing playwright-core, axe-core and biome into $folder" >&2
cp "$pinned"/{package.json,package-lock.json,.npmrc} "$folder/"
npm ci --prefix "$folder" --no-progress --loglevel error >&2
cp "$pinned/package-lock.json" "$folder/node_modules/installed.json"
