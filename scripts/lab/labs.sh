#!/usr/bin/env bash
# The clusters of the tests, each in a folder of its own below LABS:
#   pgid, linuxproc   the host's SLURM with the two ways of process tracking: LABS/NAME/etc/slurm.conf
#   newest            SLURM from Debian sid in a chroot: LABS/newest/bin
# Where the last one is not possible, LABS/newest/why-not says why, and `up` says it loudly.
#
# usage: LABS=FOLDER labs.sh up|down [PATH ...]
#        each PATH (the project, the binary) is seen inside the chroot too
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=common.sh
. "$here/common.sh"
LABS=$(realpath -m "${LABS:-$LAB_HOME/clusters}")

case ${1:-} in
up)
  # Jobs of the tests are many and small; KILLWAIT is short so that tests of it are.
  export NODES=3 CPUS=64 MEM=64000 KILLWAIT=${KILLWAIT:-10}
  mkdir -p "$LABS/newest"
  for tracking in pgid linuxproc; do
    CLUSTER=$tracking PROCTRACK=$tracking LAB=$LABS/$tracking "$here/slurm-up.sh"
  done
  if reason=$("$here/slurm-newest.sh" possible); then
    rm -f "$LABS/newest/why-not"
    # cgroups are what most sites track by; linuxproc signals the same processes.
    CLUSTER=newest PROCTRACK=linuxproc LAB=$LABS/newest "$here/slurm-newest.sh" up "${@:2}"
  else
    echo "$reason" >"$LABS/newest/why-not"
    printf '\n  ****  The newest SLURM is NOT among the clusters: %s.\n  ****  Its tests will NOT run.\n\n' "$reason" >&2
  fi
  ;;
down)
  for tracking in pgid linuxproc; do LAB=$LABS/$tracking "$here/slurm-down.sh" >/dev/null; done
  LAB=$LABS/newest "$here/slurm-newest.sh" down >/dev/null
  ;;
*)
  die "usage: LABS=FOLDER labs.sh up|down [PATH ...]"
  ;;
esac
