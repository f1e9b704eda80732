#!/usr/bin/env bash
# Debian's exim4, a whole mail server with STARTTLS, TLS and AUTH, unpacked into a folder of its
# own. It is not installed: that would take the place of the mail programs that are. No root.
# Does nothing when it is there.
#
# usage: exim.sh     gives LAB/exim/bin/exim; `service.sh exim` starts a copy of it
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "$0")")/common.sh"

prefix=$LAB_HOME/exim
mkdir -p "$LAB_HOME"
exec 9>"$LAB_HOME/exim.lock"
flock 9
works() { [ -x "$prefix/bin/exim" ] && "$prefix/bin/exim" -C /dev/null -bV >/dev/null 2>&1; }
works && exit 0

for program in apt-get dpkg-deb; do
  command -v "$program" >/dev/null ||
    die "$program is missing (this is not Debian?): put an exim that starts as an ordinary user into $prefix/bin"
done
work=$(mktemp -d "$LAB_HOME/exim.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{debs,new/bin,new/lib}

# What an installation would bring: exim and the libraries that this machine lacks. nss-wrapper
# gives it the user that the package would have made, whoever runs it.
mapfile -t packages < <(apt-get -s install --no-install-recommends exim4-daemon-light libnss-wrapper |
  sed -n 's/^Inst \([^ ]*\).*/\1/p')
[[ " ${packages[*]} " = *" exim4-daemon-light "* ]] || packages+=(exim4-daemon-light)
[[ " ${packages[*]} " = *" libnss-wrapper "* ]] || packages+=(libnss-wrapper)
echo "fetching exim into $prefix" >&2
(cd "$work/debs" && apt-get -qq -o APT::Sandbox::User="$(id -un)" download "${packages[@]}") ||
  die "apt can't fetch exim4-daemon-light: run \`apt-get update\`"
for deb in "$work"/debs/*.deb; do dpkg-deb -x "$deb" "$work/root"; done
find "$work/root/usr/lib" -name '*.so*' -exec cp -a -t "$work/new/lib" {} +
cp "$work/root/usr/sbin/exim4" "$work/new/lib/exim4"

# It looks for its user in every process that it starts, so each goes by this wrapper.
cat >"$work/new/bin/exim" <<'WRAPPER'
#!/bin/sh
# Debian's exim4 with the libraries and the user that it wants.
lib=$(dirname "$(readlink -f "$0")")/../lib
export LD_LIBRARY_PATH="$lib" LD_PRELOAD="$lib/libnss_wrapper.so"
export NSS_WRAPPER_PASSWD="$lib/passwd" NSS_WRAPPER_GROUP="$lib/group"
exec "$lib/exim4" "$@"
WRAPPER
chmod 755 "$work/new/bin/exim" "$work/new" "$work/new/lib"
who=$(id -u) group=$(id -g)
if [ "$who" = 0 ]; then
  who=$(id -u nobody) group=$(id -g nobody)
fi
printf '%s:x:%s:%s::/:/bin/false\n' root 0 0 Debian-exim "$who" "$group" >"$work/new/lib/passwd"
printf '%s:x:%s:\n' root 0 Debian-exim "$group" >"$work/new/lib/group"
rm -rf "$prefix"
mv "$work/new" "$prefix"
works || { "$prefix/bin/exim" -bV >&2 || true; die "what was unpacked into $prefix does not run"; }
"$prefix/bin/exim" -C /dev/null -bV 2>/dev/null | head -n 1
