#!/usr/bin/env bash
# What `make test` does: installs what is missing, starts the clusters, checks, tests, and stops
# the clusters again, whatever happened. Words after the name go to nextest, as a filter:
#   scripts/test.sh faults::pgid::
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
# shellcheck source=lab/common.sh
. scripts/lab/common.sh
export PATH=$PATH:/usr/sbin:/sbin
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$HOME/.cache/llamactl/target}
export LLAMACTL_LAB=$LAB_HOME

step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

# nextest runs tests of all files side by side and ends those that hang; without it they take
# longer, and a hang is a hang.
nextest=
if cargo nextest --version >/dev/null 2>&1; then nextest=1; fi

step "what the tests need"
scripts/lab/deps.sh --tests
scripts/lab/tools.sh "$LAB_HOME/tools"
scripts/lab/venv.sh
scripts/lab/exim.sh
scripts/lab/browser.sh

step "checks"
make --no-print-directory checks
cargo test --locked --no-run --quiet

step "clusters"
# Clusters of this run alone: another run, or `make lab-up`, has its own.
LABS=$(mktemp -d "${TMPDIR:-/tmp}/llamactl-labs.XXXXXX")
export LABS LLAMACTL_TEST_LABS=$LABS
# shellcheck disable=SC2329 # run by the trap
cleanup() {
  scripts/lab/labs.sh down || true
  rm -rf "$LABS"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
scripts/lab/labs.sh up "$PWD" "$CARGO_TARGET_DIR"

step "tests"
status=0
if [ -n "$nextest" ]; then
  filter=()
  [ -e "$LABS/newest/why-not" ] && filter=(-E 'not test(/(^|::)newest::/)')
  cargo nextest run --locked "${filter[@]}" "$@" || status=$?
else
  echo "cargo-nextest is not installed (cargo install --locked cargo-nextest): using cargo test"
  filter=(--test-threads=8)
  [ -e "$LABS/newest/why-not" ] && filter+=(--skip newest::)
  cargo test --locked --no-fail-fast --lib --bins --tests -- "${filter[@]}" "$@" || status=$?
fi
cargo test --locked --doc --quiet || status=$?

if [ -e "$LABS/newest/why-not" ]; then
  printf '\n  ****  Tests on the newest SLURM did NOT run: %s.\n\n' "$(cat "$LABS/newest/why-not")"
fi
exit "$status"
