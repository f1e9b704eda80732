#!/usr/bin/env bash
# Ends the jobs and the daemons of the cluster in LAB, by pid file. Fine when nothing runs.
# usage: LAB=FOLDER slurm-down.sh
set -uo pipefail
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "$0")")/common.sh"

LAB=$(realpath -m "${LAB:?set LAB to the folder that slurm-up.sh was given}")
run=$LAB/run
export SLURM_CONF=$LAB/etc/slurm.conf

if alive "$run/slurmctld.pid"; then
  # Pending jobs first, or they start when the others end.
  timeout 5 scancel --state=PENDING --me 2>/dev/null
  timeout 5 scancel --signal=KILL --full --me 2>/dev/null
  timeout 5 scancel --me 2>/dev/null
  for ((n = 0; n < 100; n++)); do
    [ -z "$(timeout 2 squeue -h --me 2>/dev/null)" ] && break
    sleep 0.05
  done
fi
# What daemons that died by accident left behind: job steps (they work in the log folder) and
# the jobs themselves.
left_over() {
  local process
  for process in /proc/[0-9]*; do
    [ "$process/cwd" -ef "$LAB/log" ] && [ "$(cat "$process/comm")" = slurmstepd ] && echo "${process#/proc/}"
  done
  # shellcheck disable=SC2046 # no match, no argument
  env -i grep -lsz '^SLURM_JOB_ID=' $(env -i grep -lsz "^SLURM_CONF=$SLURM_CONF\$" /proc/[0-9]*/environ) /dev/null |
    tr -dc '0-9\n'
}

shopt -s nullglob
stop_by_pidfile "$run"/slurmd-*.pid "$run/slurmctld.pid"
for pid in $(left_over 2>/dev/null); do kill -KILL "$pid" 2>/dev/null; done
stop_by_pidfile "$run/munged.pid"
rm -f "$run"/munge.socket*
echo down
