#!/usr/bin/env bash
# Packs a built binary with everything a user wants beside it: dist/llamactl-VERSION-MACHINE.tar.gz
# usage: dist.sh BINARY VERSION
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
binary=$1 version=$2
name=llamactl-$version-$(uname -s | tr '[:upper:]' '[:lower:]')-$(uname -m)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/$name" dist
install -m 755 "$binary" "$work/$name/llamactl"
for path in README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE docs configs slurm templates completions man; do
  cp -r "$path" "$work/$name/"
done
# The same input gives the same archive.
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$(git log -1 --format=%ct 2>/dev/null || echo 0)" \
  -C "$work" -cf - "$name" | gzip -n >"dist/$name.tar.gz"
(cd dist && sha256sum "$name.tar.gz" | tee "$name.tar.gz.sha256")
