#!/usr/bin/env bash
# A Python environment of the lab's own with what the tests take from PyPI: schemathesis, which
# asks a registry whatever its OpenAPI document allows; a validator of that document; the client
# from which people's own programs ask a server; and Apprise, to which a plugin hands
# notifications on. Does nothing when they are there.
#
# usage: venv.sh     gives LAB/venv/bin/{python,schemathesis,openapi-spec-validator,apprise}
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "$0")")/common.sh"

packages=(schemathesis==4.32.5 openapi-spec-validator==0.9.0 openai==3.54.0
  apprise==2.2.0)
venv=$LAB_HOME/venv
mkdir -p "$LAB_HOME"
exec 9>"$LAB_HOME/venv.lock"
flock 9
[ "$(cat "$venv/packages" 2>/dev/null)" != "${packages[*]}" ] || exit 0

echo "installing ${packages[*]} into $venv" >&2
rm -rf "$venv"
python3 -m venv "$venv" || die "python3 can't make environments: run \`make test-deps\`"
"$venv/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}"
"$venv/bin/schemathesis" --version
echo "${packages[*]}" >"$venv/packages"
