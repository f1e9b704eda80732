#!/usr/bin/env bash
# The real llama-server and the real ntfy server, unpacked from Debian sid into a folder of
# their own. No root; nothing else on the machine changes. Does nothing when they are there.
#
# usage: tools.sh [PREFIX]     gives PREFIX/bin/llama-server and PREFIX/bin/ntfy
# They can't be moved afterwards: the loader's path inside them is absolute.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "$0")")/common.sh"

prefix=$(realpath -m "${1:-$LAB_HOME/tools}")
programs=(llama-server ntfy)
# Who needs what, down to the C library: the host's may be older than sid's.
packages=(llama.cpp-tools libllama0 libggml0 ntfy libsqlite3-0 libssl3t64 libzstd1 zlib1g
  libstdc++6 libgcc-s1 libgomp1 libc6 patchelf)

works() { for p in "${programs[@]}"; do "$prefix/bin/$p" --version >/dev/null 2>&1 || return 1; done; }
works && exit 0

for program in apt-get dpkg-deb; do
  command -v "$program" >/dev/null ||
    die "$program is missing (this is not Debian?): put a llama-server and an ntfy into $prefix/bin"
done
mirror=$(apt_mirror)
[ -n "$mirror" ] || die "apt has no mirror: see apt-get indextargets"
echo "fetching llama-server and ntfy into $prefix" >&2

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{lists/partial,cache/archives/partial,debs,root} "$prefix"/{bin,lib}
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror sid main" >"$work/sources"

# An apt of its own: its own sources, lists and cache, and no package installed.
apt=(apt-get -qq
  -o Dir::Etc::SourceList="$work/sources" -o Dir::Etc::SourceParts=- -o Dir::Cache="$work/cache"
  -o Dir::State::lists="$work/lists" -o Dir::State::status=/dev/null
  -o APT::Sandbox::User="$(id -un)" -o APT::Update::Post-Invoke= -o Acquire::Languages=none
  -o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false
  -o Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled=false)
"${apt[@]}" update
(cd "$work/debs" && "${apt[@]}" download "${packages[@]}")
for deb in "$work"/debs/*.deb; do dpkg-deb -x "$deb" "$work/root"; done

libs=$(echo "$work"/root/usr/lib/*-linux-gnu)
loader=$(basename "$libs"/ld-linux-*.so.*)
# Every shared library of these packages, links kept; glibc's own plugins and tools stay out.
find "$libs" "$libs/llama" -maxdepth 1 -name '*.so*' -exec cp -a -t "$prefix/lib" {} +
cp -aL "$libs/$loader" "$prefix/lib/$loader"
# llama-server looks for its CPU back ends beside itself.
find "$libs"/ggml -name '*.so' -exec cp -a -t "$prefix/bin" {} +
for program in "${programs[@]}"; do cp -a "$work/root/usr/bin/$program" "$prefix/bin/"; done

patchelf() { "$libs/$loader" --library-path "$libs" "$work/root/usr/bin/patchelf" "$@"; }
for program in "${programs[@]}"; do
  patchelf --set-interpreter "$prefix/lib/$loader" --set-rpath "\$ORIGIN/../lib" "$prefix/bin/$program"
done
for file in "$prefix"/lib/*.so* "$prefix"/bin/*.so; do
  [ -L "$file" ] && continue
  # glibc's own files must stay as they are, and need no path.
  case ${file##*/} in ld-linux* | libc.so* | libm.so* | libmvec* | libpthread* | libdl* | librt*) continue ;; esac
  patchelf --set-rpath "\$ORIGIN/../lib:\$ORIGIN" "$file"
done

(cd "$work/debs" && sha256sum ./*.deb) >"$prefix/SHA256SUMS"
works || {
  for program in "${programs[@]}"; do "$prefix/bin/$program" --version >&2 || true; done
  die "what was unpacked into $prefix does not run"
}
"$prefix/bin/llama-server" --version 2>&1 | head -n 1
"$prefix/bin/ntfy" --version
