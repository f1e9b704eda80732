#!/usr/bin/env bash
# A whole SLURM on this machine, run by whoever calls this: two emulated nodes with two fake
# GPUs each, a key of its own (munge), private ports, everything in one folder. No root needed,
# none harmful. Running it again repairs what is not up.
#
# usage: LAB=FOLDER slurm-up.sh     then: export SLURM_CONF=FOLDER/etc/slurm.conf
# stop:  LAB=FOLDER slurm-down.sh
#
# CLUSTER=lab               its name
# NODES=2 CPUS=4 MEM=4000   nodes n1, n2, … and what each claims to have
# PORT=                     slurmctld's port, the nodes' are the next; free ones when unset
# PROCTRACK=pgid            or linuxproc: decides which processes of a job get SLURM's signals
# KILLWAIT=30               seconds from TERM to KILL
# MAILPROG=/bin/true        the program that SLURM's mail goes through
#
# Partitions: main (default); low, whose jobs get --signal and 30 s when they are preempted;
# high, which preempts both by requeueing.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "$0")")/common.sh"
export PATH=$PATH:/usr/sbin:/sbin

LAB=$(realpath -m "${LAB:?set LAB to a scratch folder}")
NODES=${NODES:-2} CPUS=${CPUS:-4} MEM=${MEM:-4000} PROCTRACK=${PROCTRACK:-pgid} KILLWAIT=${KILLWAIT:-30}
etc=$LAB/etc run=$LAB/run log=$LAB/log state=$LAB/state
export SLURM_CONF=$etc/slurm.conf

for program in slurmctld slurmd sinfo munged; do
  command -v "$program" >/dev/null || die "$program is missing: run scripts/lab/deps.sh"
done

configure() {
  local port=${PORT:-$(free_ports $((NODES + 1)))} user address='' version send_user_signal i
  user=$(id -un)
  version=$(slurmctld -V | grep -oE '[0-9]+' | head -n 1)
  send_user_signal=PreemptParameters=send_user_signal
  [ "$version" -ge 23 ] || send_user_signal=SlurmctldParameters=preempt_send_user_signal
  # SLURM can only listen on the address of the host's name, or on all. Where the name is
  # loopback (Debian's way), it stays there; elsewhere munge's key keeps others out.
  address=$(getent ahostsv4 "$(hostname)" | awk '/^127\./ { print $1; exit }') || true
  {
    cat <<CONF
ClusterName=${CLUSTER:-lab}
SlurmctldHost=localhost(${address:-127.0.0.1})
SlurmctldPort=$port
${address:+CommunicationParameters=NoInAddrAny,NoCtldInAddrAny}
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
CredType=cred/munge
# A requeued job waits for cred_expire before it starts again (120 s by default).
AuthInfo=socket=$run/munge.socket,cred_expire=5
SlurmctldPidFile=$run/slurmctld.pid
SlurmdPidFile=$run/slurmd-%n.pid
StateSaveLocation=$state/slurmctld
SlurmdSpoolDir=$state/%n
SlurmctldLogFile=$log/slurmctld.log
SlurmdLogFile=$log/slurmd-%n.log
ProctrackType=proctrack/$PROCTRACK
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
MailProg=${MAILPROG:-/bin/true}
# Nodes may claim more than the machine has.
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=100
GresTypes=gpu
ReturnToService=2
KillWait=$KILLWAIT
SlurmdTimeout=20
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
# --signal is sent at preemption too.
$send_user_signal
SchedulerParameters=sched_interval=1,bf_interval=1,sched_min_interval=0,batch_sched_delay=0
CONF
    for ((i = 1; i <= NODES; i++)); do
      echo "NodeName=n$i NodeHostname=localhost NodeAddr=${address:-127.0.0.1} Port=$((port + i))" \
        "CPUs=$CPUS RealMemory=$MEM Gres=gpu:h100:2"
    done
    echo "PartitionName=main Nodes=n[1-$NODES] Default=YES MaxTime=INFINITE PriorityTier=10"
    echo "PartitionName=low Nodes=n[1-$NODES] MaxTime=INFINITE PriorityTier=1 GraceTime=30"
    echo "PartitionName=high Nodes=n[1-$NODES] MaxTime=INFINITE PriorityTier=100"
  } >"$SLURM_CONF.new"
  # Character devices make SLURM set CUDA_VISIBLE_DEVICES; a GPU by count alone drains the node.
  printf 'NodeName=n[1-%s] Name=gpu Type=h100 File=%s Flags=nvidia_gpu_env\n' \
    "$NODES" /dev/null "$NODES" /dev/zero >"$etc/gres.conf"
  # Newer slurmds want cgroups unless told otherwise; 22.05 does not know the word.
  [ "$version" -lt 23 ] || echo 'CgroupPlugin=disabled' >"$etc/cgroup.conf"
  [ -s "$etc/munge.key" ] || (umask 077 && head -c 128 /dev/urandom >"$etc/munge.key")
  mv "$SLURM_CONF.new" "$SLURM_CONF"
}

# up COMMAND...: starts one daemon, and shows what it said where that fails.
up() {
  "$@" >"$log/start.log" 2>&1 || { cat "$log/start.log" >&2; die "$1 did not start"; }
}

mkdir -p "$etc" "$run" "$log" "$state/slurmctld"
chmod 755 "$LAB" "$etc" "$run" "$log" "$state"
# What runs keeps its configuration: a half-up cluster is completed, not changed.
for file in "$run"/*.pid; do alive "$file" && half_up=1; done
[ -n "${half_up:-}" ] && [ -s "$SLURM_CONF" ] || configure

if ! alive "$run/munged.pid"; then
  rm -f "$run"/munge.socket*
  # --force: it is content with a folder below a private home.
  up munged --force --key-file="$etc/munge.key" --socket="$run/munge.socket" --num-threads=2 \
    --pid-file="$run/munged.pid" --log-file="$log/munged.log" --seed-file="$state/munged.seed"
fi
# -c: a drained node or an old job would survive a restart otherwise.
alive "$run/slurmctld.pid" || up slurmctld -c -f "$SLURM_CONF"
for ((i = 1; i <= NODES; i++)); do
  mkdir -p "$state/n$i"
  alive "$run/slurmd-n$i.pid" || up slurmd -f "$SLURM_CONF" -N "n$i"
done

# A minute, for machines that are busy with a build.
for ((n = 0; n < 1200; n++)); do
  # `idle*` is a node that does not answer yet.
  ready=$(timeout 5 sinfo -h -N -p main -o '%t %N' 2>/dev/null | grep -cE '^(idle|mix|alloc) ') || true
  [ "$ready" = "$NODES" ] && { echo "up: SLURM_CONF=$SLURM_CONF"; exit 0; }
  sleep 0.05
done
timeout 5 sinfo -N -l >&2 || true
tail -n 5 "$log"/*.log >&2 || true
die "not all of the $NODES nodes came up"
