#!/usr/bin/env bash
# The newest SLURM (Debian sid's: 26.05 when this was written) beside the host's older one: a
# small Debian in a folder, and in it the same cluster that slurm-up.sh makes. Root only.
#
# usage: LAB=FOLDER slurm-newest.sh up [PATH ...]   each PATH is seen inside as it is outside
#        LAB=FOLDER slurm-newest.sh down
#        slurm-newest.sh possible                   says why not, where it is not
#
# FOLDER/bin gets sbatch, squeue, sinfo, scancel, scontrol and srun that work on it from outside:
# LLAMACTL_SLURM_BIN=FOLDER/bin. Everything is mounted in a mount namespace of the cluster's own,
# which ends with its last process: outside nothing is ever mounted, so nothing can be left over.
# The settings of slurm-up.sh (NODES, PROCTRACK, KILLWAIT, …) hold here too.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=common.sh
. "$here/common.sh"
export PATH=$PATH:/usr/sbin:/sbin
root=$LAB_HOME/newest

why_not() {
  if [ "$(id -u)" != 0 ]; then
    echo "it needs root"
  elif ! unshare --mount true 2>/dev/null; then
    echo "this root may not mount (a container without CAP_SYS_ADMIN?)"
  elif ! command -v debootstrap >/dev/null && [ ! -e "$root/.complete" ]; then
    echo "debootstrap is missing: run scripts/lab/deps.sh --tests"
  else
    return 1
  fi
}

bootstrap() {
  local mirror new log
  [ -e "$root/.complete" ] && return
  mirror=$(apt_mirror)
  [ -n "$mirror" ] || die "apt has no mirror: see apt-get indextargets"
  mkdir -p "$LAB_HOME"
  echo "unpacking the newest SLURM into $root" >&2
  new=$(mktemp -d "$root.XXXXXX") log=$(mktemp)
  chmod 755 "$new" # packages' own users must be able to enter
  if ! debootstrap --variant=minbase --include=slurmctld,slurmd,slurm-client,munge sid "$new" "$mirror" >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    rm -rf "$new" "$log"
    die "debootstrap failed"
  fi
  rm -f "$log"
  rm -rf "$new"/var/cache/apt/archives/*.deb
  touch "$new/.complete"
  # Another run may have been faster; then its tree is as good.
  mv -T "$new" "$root" 2>/dev/null || rm -rf "$new"
}

# Runs in the mount namespace of its own.
inside() {
  local path
  for path in /proc /dev /tmp "$LAB_HOME" "$LAB" "$here" "$@"; do
    mkdir -p "$root$path"
    mount --rbind "$path" "$root$path"
  done
  mount --bind /etc/hosts "$root/etc/hosts"
  exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$HOME" LAB="$LAB" \
    NODES="${NODES:-2}" CPUS="${CPUS:-4}" MEM="${MEM:-4000}" PORT="${PORT:-}" \
    CLUSTER="${CLUSTER:-lab}" PROCTRACK="${PROCTRACK:-pgid}" KILLWAIT="${KILLWAIT:-30}" \
    MAILPROG="${MAILPROG:-/bin/true}" bash "$here/slurm-up.sh"
}

wrappers() {
  local command
  mkdir -p "$LAB/bin"
  for command in sbatch squeue sinfo scancel scontrol srun; do
    cat >"$LAB/bin/$command" <<WRAPPER
#!/bin/sh
# Runs the chroot's $command where the cluster lives, in the caller's folder.
exec nsenter --target "\$(cat '$LAB/run/slurmctld.pid')" --mount --root --wd -- \\
  sh -c 'cd "\$1" 2>/dev/null || cd /; shift; exec "\$@"' sh "\$PWD" \\
  env SLURM_CONF='$LAB/etc/slurm.conf' /usr/bin/$command "\$@"
WRAPPER
    chmod 755 "$LAB/bin/$command"
  done
}

case ${1:-} in
possible)
  if reason=$(why_not); then echo "$reason"; exit 1; fi
  ;;
up)
  LAB=$(realpath -m "${LAB:?set LAB to a scratch folder}")
  if reason=$(why_not); then die "$reason"; fi
  bootstrap
  mkdir -p "$LAB"
  [ -e "$root/etc/hosts" ] || touch "$root/etc/hosts"
  alive "$LAB/run/slurmctld.pid" && { echo "up: LLAMACTL_SLURM_BIN=$LAB/bin"; exit 0; }
  LAB=$LAB unshare --mount --propagation private "$here/slurm-newest.sh" inside "${@:2}" >/dev/null
  wrappers
  echo "up: LLAMACTL_SLURM_BIN=$LAB/bin"
  ;;
inside)
  inside "${@:2}"
  ;;
down)
  LAB=$(realpath -m "${LAB:?set LAB to the folder that up was given}")
  if alive "$LAB/run/slurmctld.pid"; then
    # Jobs are cancelled from inside, where the right scancel is.
    nsenter --target "$(cat "$LAB/run/slurmctld.pid")" --mount --root --wd -- \
      env PATH=/usr/sbin:/usr/bin:/sbin:/bin LAB="$LAB" bash "$here/slurm-down.sh"
  else
    LAB=$LAB "$here/slurm-down.sh"
  fi
  ;;
*)
  die "usage: LAB=FOLDER slurm-newest.sh up|down|possible"
  ;;
esac
