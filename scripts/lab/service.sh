#!/usr/bin/env bash
# PostgreSQL, Redis, Prometheus, etcd or exim from Debian's packages, for oneself: on 127.0.0.1,
# on a port of its own, with its data in one folder. Tests start theirs with it too.
#
# usage: service.sh NAME up [FOLDER [PORT]]     starts it in the background, prints its address
#        service.sh NAME down [FOLDER]          stops it by its process id; the data stays
#        service.sh NAME run FOLDER PORT [ARG ...]   in the foreground, with further arguments
#        service.sh postgres template           makes the data folder that others are copied from
# NAME is postgres, redis, prometheus, etcd or exim; FOLDER is below the lab's cache without it.
# Prometheus reads FOLDER/prometheus.yml. exim speaks TLS from the first byte on another port,
# its first ARG (the next one without it), keeps mail in FOLDER/mail/new, and brings
# FOLDER/{password,tls/ca.pem,bin/sendmail}.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$(readlink -f "$0")")/common.sh"
# Programs that Debian keeps off the PATH; the newest PostgreSQL comes first.
PATH=$PATH:/usr/sbin:/sbin
for bin in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -Vr); do PATH=$PATH:$bin; done

usage() { sed -n '5,8s/^# *//p' "$0" >&2; exit 2; }
[ $# -ge 2 ] || usage
name=$1 verb=$2
case $name in
postgres | etcd | prometheus) program=$name ;;
redis) program=redis-server ;;
exim) program=$LAB_HOME/exim/bin/exim ;;
*) usage ;;
esac
words=test-deps
[ "$name" != etcd ] || words=bench-deps
[ "$name" != exim ] || words=test-tools
command -v "$program" >/dev/null || die "$program is missing: run \`make $words\`"
folder=$(realpath -m "${3:-$LAB_HOME/services/$name}")
template=$LAB_HOME/postgres-template

# PostgreSQL and exim refuse root. setpriv execs: the process id stays that of the one who was started.
unprivileged=()
if [ "$(id -u)" = 0 ]; then
  who=nobody
  [ "$name" = exim ] || ! id postgres >/dev/null 2>&1 || who=postgres
  unprivileged=(setpriv "--reuid=$who" "--regid=$(id -g "$who")" --clear-groups --)
fi

# owned FOLDER...: for that user alone.
owned() { chmod 700 "$@"; [ -z "${who:-}" ] || chown -R "$who" "$@"; }

# An empty data folder with one user, `llamactl`, one database of that name and one password.
# initdb takes longer than copying what it made.
make_template() {
  local version; version=$(postgres --version)
  mkdir -p "$LAB_HOME"
  exec 9>"$LAB_HOME/postgres-template.lock"
  flock 9
  [ "$(cat "$template/version" 2>/dev/null)" != "$version" ] || return 0
  local work; work=$(mktemp -d "${TMPDIR:-/tmp}/llamactl-initdb.XXXXXX")
  # shellcheck disable=SC2064 # this folder
  trap "rm -rf '$work'" EXIT
  (umask 077; od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$work/password")
  owned "$work"
  (
    cd "$work"
    "${unprivileged[@]}" initdb --pgdata="$work/data" --username=llamactl --pwfile=password \
      --auth=scram-sha-256 --encoding=UTF8 --locale=C --wal-segsize=1
    echo 'create database llamactl' | "${unprivileged[@]}" postgres --single -D "$work/data" postgres
  ) >"$work/log" 2>&1 || { cat "$work/log" >&2; die "initdb failed"; }
  rm -rf "$template"
  (umask 077; mkdir "$template")
  cp -a "$work/data" "$work/password" "$template/"
  echo "$version" >"$template/version"
}

# A certificate for this host by an authority of its own, a password, and a copy of exim that its
# user can reach. The folder itself may belong to somebody else.
make_exim() {
  local tls=$folder/tls group
  [ ! -e "$folder/exim.conf" ] || return 0
  # exim makes the parts of a maildir itself, but two first mails at once get in each other's way.
  mkdir -p "$folder"/{bin,logs,spool,mail/{new,cur,tmp}} "$tls"
  cp -a "$LAB_HOME/exim" "$folder/"
  (
    umask 077
    od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$folder/password"
    key=(-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes)
    openssl req -x509 "${key[@]}" -days 30 -subj '/CN=CA of the tests' -keyout "$tls/ca.key" -out "$tls/ca.pem"
    openssl req "${key[@]}" -subj /CN=localhost -keyout "$tls/server.key" -out "$tls/request"
    printf 'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n' >"$tls/extensions"
    openssl x509 -req -in "$tls/request" -CA "$tls/ca.pem" -CAkey "$tls/ca.key" -set_serial 1 -days 30 \
      -extfile "$tls/extensions" -out "$tls/server.pem"
  ) 2>"$folder/logs/openssl" || { cat "$folder/logs/openssl" >&2; die "openssl failed"; }
  # shellcheck disable=SC2016 # the shell that runs it
  printf '#!/bin/sh\nexec "%s" -C "%s" "$@"\n' "$folder/exim/bin/exim" "$folder/exim.conf" >"$folder/bin/sendmail"
  chmod 755 "$folder" "$folder/bin/sendmail"
  group=$(id -g "${who:-$(id -un)}")
  sed -e "s|@FOLDER@|$folder|g" -e "s|@PORT@|$1|" -e "s|@TLS_PORT@|$2|" -e "s|@GROUP@|$group|" \
    "$(dirname "$(readlink -f "$0")")/exim.conf" >"$folder/exim.conf"
  owned "$folder"/{logs,spool,mail,tls,password}
}

# The arguments after FOLDER and PORT are the caller's.
run() {
  local port=$1
  shift
  mkdir -p "$folder"
  case $name in
  postgres)
    [ -e "$template/version" ] && [ "$(cat "$template/version")" = "$(postgres --version)" ] || make_template
    if [ ! -e "$folder/data/PG_VERSION" ]; then
      cp -a "$template/data" "$template/password" "$folder/"
      owned "$folder"
    fi
    # The socket is reached through the folder, which is its user's alone. fsync stays on.
    exec "${unprivileged[@]}" postgres -D "$folder/data" -c listen_addresses=127.0.0.1 \
      -c "port=$port" -c "unix_socket_directories=$folder" -c max_connections=200 \
      -c shared_buffers=32MB -c log_min_messages=warning "$@"
    ;;
  redis)
    cd "$folder"
    exec redis-server --bind 127.0.0.1 --port "$port" --save '' --appendonly no --dir "$folder" "$@"
    ;;
  prometheus)
    [ -e "$folder/prometheus.yml" ] || echo 'scrape_configs: []' >"$folder/prometheus.yml"
    exec prometheus --config.file="$folder/prometheus.yml" --storage.tsdb.path="$folder/data" \
      --web.listen-address="127.0.0.1:$port" --log.level=warn "$@"
    ;;
  etcd)
    exec etcd --data-dir "$folder/data" --listen-client-urls "http://127.0.0.1:$port" \
      --advertise-client-urls "http://127.0.0.1:$port" --listen-peer-urls http://127.0.0.1:0 \
      --log-level warn "$@"
    ;;
  exim)
    make_exim "$port" "${1:-$((port + 1))}"
    exec "${unprivileged[@]}" "$folder/exim/bin/exim" -C "$folder/exim.conf" -bdf "${@:2}"
    ;;
  esac
}

address() {
  case $name in
  postgres) echo "postgres://llamactl:$(cat "$folder/password")@127.0.0.1:$1/llamactl" ;;
  redis) echo "redis://127.0.0.1:$1/0" ;;
  exim) echo "smtp://127.0.0.1:$1" ;;
  *) echo "http://127.0.0.1:$1" ;;
  esac
}

answers() {
  case $name in
  postgres) pg_isready -q -h 127.0.0.1 -p "$1" ;;
  redis) [ "$(redis-cli -p "$1" ping 2>/dev/null)" = PONG ] ;;
  prometheus) curl -sf -o /dev/null "http://127.0.0.1:$1/-/ready" ;;
  etcd) curl -sf -o /dev/null "http://127.0.0.1:$1/health" ;;
  exim) curl -sf -o /dev/null -X NOOP "smtp://127.0.0.1:$1" ;;
  esac
}

up() {
  local port
  if alive "$folder/pid"; then
    port=$(cat "$folder/port")
  else
    port=${1:-$(free_ports 2)}
    mkdir -p "$folder"
    echo "$port" >"$folder/port"
    setsid "$0" "$name" run "$folder" "$port" >>"$folder/log" 2>&1 </dev/null &
    echo $! >"$folder/pid"
    local n
    for ((n = 0; n < 300; n++)); do
      answers "$port" && break
      alive "$folder/pid" || break
      sleep 0.1
    done
    answers "$port" || { tail -n 20 "$folder/log" >&2; die "$name does not answer on port $port"; }
  fi
  address "$port"
}

case $verb in
up) up "${4:-}" ;;
down) stop_by_pidfile "$folder/pid" ;;
run) [ $# -ge 4 ] || usage; run "${@:4}" ;;
template) [ "$name" = postgres ] || usage; make_template ;;
*) usage ;;
esac
