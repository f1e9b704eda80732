#!/usr/bin/env bash
# Installs what the demo and the tests need and this machine lacks: SLURM, munge, python3, curl,
# a C compiler. No daemon is started, and what is there stays as it is.
# usage: deps.sh [--tests] [--bench] [--screenshots]
#   --tests: also mail programs, sshd, PostgreSQL, Redis, Prometheus, a browser with what drives it,
#     what slurm-newest.sh needs
#   --bench: also what the benchmark compares with and measures by: etcd and wrk
#   --screenshots: also fonts, which a server lacks, and a program that makes pictures small
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "$0")")/common.sh"
export PATH=$PATH:/usr/sbin:/sbin

missing=()
need() { command -v "$1" >/dev/null || missing+=("${@:2}"); }
need slurmctld slurmctld
need slurmd slurmd
need sbatch slurm-client
need munged munge
need python3 python3-minimal
need curl curl ca-certificates
need cc gcc libc6-dev
case " $* " in *" --tests "*)
  need openssl openssl
  need ssh openssh-client
  need sshd openssh-server
  need sendmail msmtp-mta msmtp
  need mailx bsd-mailx
  need mutt mutt
  # The newest SLURM lives in a chroot, which only root can enter.
  [ "$(id -u)" != 0 ] || need debootstrap debootstrap
  # Debian keeps PostgreSQL's programs off the PATH.
  compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || need postgres postgresql
  need redis-server redis-server
  need promtool prometheus
  need systemd-analyze systemd
  need faketime faketime
  need dot graphviz
  need chromium chromium
  need node nodejs
  need npm npm
  python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
  ;;
esac
case " $* " in *" --bench "*)
  need etcd etcd-server
  need wrk wrk
  need taskset util-linux
  ;;
esac
case " $* " in *" --screenshots "*)
  need cwebp webp
  need fc-match fontconfig
  compgen -G '/usr/share/fonts/*/inter/*' >/dev/null || missing+=(fonts-inter)
  compgen -G '/usr/share/fonts/*/jetbrains-mono/*' >/dev/null || missing+=(fonts-jetbrains-mono)
  ;;
esac
[ ${#missing[@]} = 0 ] && exit 0

install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}")
command -v apt-get >/dev/null || die "missing: ${missing[*]} (this is not Debian: install them your way)"
if [ "$(id -u)" != 0 ]; then
  printf 'missing here, and only root can install it. Run:\n  sudo apt-get update && sudo %s\n' "${install[*]}" >&2
  exit 1
fi

echo "installing ${missing[*]}" >&2
policy=/usr/sbin/policy-rc.d clusters=/etc/postgresql-common/createcluster.conf log=$(mktemp)
made_policy='' made_clusters=''
cleanup() {
  [ -z "$made_policy" ] || rm -f "$policy"
  [ -z "$made_clusters" ] || cp "/usr/share/postgresql-common/${clusters##*/}" "$clusters" || true
  rm -f "$log"
}
trap cleanup EXIT
if [ ! -e "$policy" ]; then
  # Debian's way to install a daemon without starting it.
  made_policy=1
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi
if [[ " ${missing[*]} " = *" postgresql "* ]] && [ ! -e "$clusters" ]; then
  # Only its programs: the tests make data folders of their own.
  made_clusters=1
  mkdir -p "${clusters%/*}"
  echo 'create_main_cluster = false' >"$clusters"
fi
{ apt-get update -qq && "${install[@]}"; } >"$log" 2>&1 || { tail -n 30 "$log" >&2; die "apt-get failed"; }
