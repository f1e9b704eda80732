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
# How long each part took, for the end.
took=()
lap() {
  took+=("$1 $((SECONDS - begin)) s")
  begin=$SECONDS
}
begin=0

# nextest runs tests of all files side by side and ends those that hang; without it they take
# longer, and a hang is a hang.
nextest=
if cargo nextest --version >/dev/null 2>&1; then nextest=1; fi

# Clusters of this run alone: another run, or `make lab-up`, has its own.
LABS=$(mktemp -d "${TMPDIR:-/tmp}/llamactl-labs.XXXXXX")
export LABS LLAMACTL_TEST_LABS=$LABS
prepared=
# shellcheck disable=SC2329 # run by the trap
cleanup() {
  # It may still start what is to be stopped here.
  [ -z "$prepared" ] || wait "$prepared" || true
  scripts/lab/labs.sh down || true
  rm -rf "$LABS"
}
trap cleanup EXIT
trap 'exit 130' INT TERM HUP

# What the tests need and the compiler does not: it mostly waits for mirrors and disks.
prepare() {
  scripts/lab/deps.sh --tests &&
    scripts/lab/tools.sh "$LAB_HOME/tools" &&
    scripts/lab/venv.sh &&
    scripts/lab/exim.sh &&
    scripts/lab/browser.sh &&
    scripts/lab/labs.sh up "$PWD" "$CARGO_TARGET_DIR"
}

# Without root it says at once what somebody else has to install; without cc nothing is built.
if [ "$(id -u)" != 0 ] || ! command -v cc >/dev/null; then
  step "what the tests need"
  scripts/lab/deps.sh --tests
fi

step "checks and build, and beside them tools and clusters"
mkdir -p "$CARGO_TARGET_DIR"
# As a job of its own: what it starts must not inherit that SIGINT is ignored, as jobs in the
# background do otherwise.
set -m
(prepare >"$LABS/prepare.log" 2>&1 || {
  cat "$LABS/prepare.log"
  echo "****  This has failed. The tests will not run."
  exit 1
} >&2) &
prepared=$!
set +m
make --no-print-directory lint doc
lap "format, lints and documentation"
cargo test --locked --no-run --quiet
lap "build"
status=0
wait "$prepared" || status=$?
prepared=
lap "waiting for tools and clusters"
[ "$status" = 0 ] || exit "$status"
cat "$LABS/prepare.log"
# Wants python3.
make --no-print-directory deny

step "tests"
junit=target/nextest/default/junit.xml
rm -f "$junit"
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
lap "tests"

if [ -e "$LABS/newest/why-not" ]; then
  printf '\n  ****  Tests on the newest SLURM did NOT run: %s.\n\n' "$(cat "$LABS/newest/why-not")"
fi
(IFS=,; printf 'It took %s s:%s.\n' "$SECONDS" "${took[*]/#/ }")
if [ -e "$junit" ]; then
  cargo nextest list --locked --message-format json 2>/dev/null | scripts/test-summary.py "$junit"
fi
exit "$status"
