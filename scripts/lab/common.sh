# shellcheck shell=bash disable=SC2034
# Helpers of the lab scripts, to be sourced. Nothing here has an effect of its own.

# Where everything that the lab downloads or builds is kept.
LAB_HOME=${LLAMACTL_LAB:-${XDG_CACHE_HOME:-$HOME/.cache}/llamactl/lab}

die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# running PID: whether it runs. A zombie does not, though `kill -0` says so.
running() {
  [ -n "$1" ] && kill -0 "$1" 2>/dev/null && ! grep -qs '^State:[[:space:]]*Z' "/proc/$1/status"
}

# alive PIDFILE: whether its process runs.
alive() { running "$(cat "$1" 2>/dev/null)"; }

# stop_by_pidfile FILE...: TERM, up to 10 s, KILL; the files go. The ids are read first: a daemon
# removes its file long before it has ended.
stop_by_pidfile() {
  local file pid n pids=()
  for file in "$@"; do alive "$file" && pids+=("$(cat "$file")"); done
  for pid in "${pids[@]}"; do kill -TERM "$pid" 2>/dev/null; done
  for ((n = 0; n < 200; n++)); do
    for pid in "${pids[@]}"; do running "$pid" && { sleep 0.05; continue 2; }; done
    break
  done
  for pid in "${pids[@]}"; do running "$pid" && kill -KILL "$pid" 2>/dev/null; done
  rm -f "$@"
}

# free_ports N: prints the first of N ports in a row that nobody listens on. Below the range from
# which the kernel gives ports to clients, so that none of them is taken by chance meanwhile.
free_ports() {
  local first port try
  for ((try = 0; try < 200; try++)); do
    first=$((20000 + RANDOM % 12000))
    for ((port = first; port < first + $1; port++)); do
      (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && continue 2
    done
    echo "$first"
    return 0
  done
  die "found no $1 free ports in a row"
}

# The mirror that apt is set up with, for other suites of the same distribution.
apt_mirror() {
  # shellcheck disable=SC2016 # apt's own syntax
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
    grep -v -e secur -e backports | sort -u | head -n 1
}
