#!/usr/bin/env bash
# The whole way on one machine: a SLURM of two nodes, a registry, a mail and a push server; then
# submit, ready, list, ask, mail, push, stop, and nothing left. `make demo` calls it; by hand:
#   LLAMACTL=target/debug/llamactl scripts/demo.sh
# Everything lives in a scratch folder, your own configuration is neither read nor changed.
# KEEP=1 keeps the folder.
set -euo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=lab/common.sh
. "$here/lab/common.sh"
llamactl=$(readlink -f "${LLAMACTL:?set LLAMACTL to the built binary, or use: make demo}")
tools=$LAB_HOME/tools/bin

# ── a world of its own ──────────────────────────────────────────────────────────────────────
scratch=$(mktemp -d "${TMPDIR:-/tmp}/llamactl-demo.XXXXXX")
mkdir -p "$scratch"/{home/.cache/llamactl/lab,home/.config/llamactl,work,log,run,mail}
cd "$scratch/work"
for variable in $(compgen -e | grep -E '^(SLURM|SBATCH|SQUEUE|SINFO|SCANCEL|LLAMACTL|XDG|NTFY|NOTIFY|REGISTRY)' || true); do
  unset "$variable"
done
export HOME=$scratch/home NO_COLOR=1
export LLAMACTL_SITE_CONFIG=$scratch/none.yaml LLAMACTL_LLAMA_SERVER=$tools/llama-server
export NOTIFY_EMAIL=you@example.org NTFY_TOPIC=my-llamas
echo '{}' >"$LLAMACTL_SITE_CONFIG"

# ── steps ───────────────────────────────────────────────────────────────────────────────────
now() { local t=$EPOCHREALTIME; echo $((${t%[.,]*} * 1000 + 10#${t#*[.,]} / 1000)); }
seconds() { printf '%d.%d s' $(($1 / 1000)) $(($1 % 1000 / 100)); }
begin=$(now)
show=$scratch/show # what the last step has to show

# step TEXT LOG FUNCTION: runs it, and says how long it took; on failure shows the ends of logs.
# (Bash ignores `set -e` in functions that are called so: they chain with && and ||.)
step() {
  local start status=0
  start=$(now)
  : >"$show"
  "$3" >"$scratch/log/step.log" 2>&1 || status=$?
  if [ "$status" != 0 ]; then
    printf '✗ %s (exit code %d)\n' "$1" "$status"
    for log in "$scratch/log/step.log" $2; do
      printf -- '── the end of %s\n' "$log"
      tail -n 25 "$log" || true
    done
    exit 1
  fi
  printf '✓ %-66s %8s\n' "$1" "$(seconds $(($(now) - start)))"
  sed 's/^/    /' "$show"
}

# within SECONDS COMMAND...: repeats it until it succeeds.
within() {
  local end=$(($(now) + $1 * 1000))
  until "${@:2}"; do
    [ "$(now)" -lt "$end" ] || { echo "waited $1 s in vain for: ${*:2}"; return 1; }
    sleep 0.05
  done
}

# background NAME COMMAND...: starts a server, with its log and pid file.
background() {
  "${@:2}" >"$scratch/log/$1.log" 2>&1 &
  echo $! >"$scratch/run/$1.pid"
}

stop_all() {
  LAB=$scratch/slurm "$here/lab/slurm-down.sh" >/dev/null 2>&1 || true
  stop_by_pidfile "$scratch/run"/*.pid
}

# What runs and has this folder in its environment, beside this script and its children.
left_over() {
  local process
  for process in /proc/[0-9]*; do
    case $(ps -o pid= -o ppid= -p "${process#/proc/}" 2>/dev/null) in *" $$"* | '') continue ;; esac
    if tr '\0' '\n' <"$process/environ" 2>/dev/null | grep -q "^HOME=$scratch/"; then
      echo "${process#/proc/} $(tr '\0' ' ' <"$process/cmdline" 2>/dev/null)"
    fi
  done 2>/dev/null
}

# shellcheck disable=SC2329 # run by the trap
cleanup() {
  local status=$?
  trap - EXIT INT TERM HUP
  stop_all
  cd /
  if [ -n "${KEEP:-}" ]; then echo "kept: $scratch"; else rm -rf "$scratch"; fi
  exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# ── the parts ───────────────────────────────────────────────────────────────────────────────
slurm() {
  LAB=$scratch/slurm "$here/lab/slurm-up.sh"
}

answers() { curl -fsS -o /dev/null --max-time 2 "$1" 2>/dev/null; }
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

services() {
  background smtp python3 "$here/smtp-sink.py" --port "$smtp_port" --dir "$scratch/mail"
  echo '{}' >"$scratch/ntfy.yml"
  background ntfy "$tools/ntfy" serve --config "$scratch/ntfy.yml" --listen-http "127.0.0.1:$ntfy_port" \
    --base-url "http://127.0.0.1:$ntfy_port" --cache-file "$scratch/ntfy.db"
  within 10 listens "$smtp_port" && within 10 answers "http://127.0.0.1:$ntfy_port/v1/health"
}

registry() {
  background registry "$llamactl" registry serve --port "$registry_port" --database "sqlite:$scratch/registry.db"
  within 10 answers "$url/health"
}

# The user's configuration: where things are, and that all of it stays on this machine.
configure() {
  "$here/lab/tiny-model.py" "$HOME/.cache/llamactl/lab/tiny.gguf" || return
  cat >"$HOME/.config/llamactl/config.yaml" <<YAML
registry: { url: "$url" }
notify:
  ntfy_server: "http://127.0.0.1:$ntfy_port"
  smtp: { host: 127.0.0.1, port: $smtp_port, security: none }
server: { host: 127.0.0.1, advertise: 127.0.0.1 }
YAML
}

submit() {
  "$llamactl" submit --config tiny --email --ntfy-topic --wait --json >"$scratch/submit.json" || return
  job=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["job_id"])' <"$scratch/submit.json")
}

list() {
  "$llamactl" ls >"$show" && grep -q ready "$show"
}

question='{"messages": [{"role": "user", "content": "Who are you?"}]}'
ask() {
  # connect sets the address and the key; the shell inside is any program that uses them.
  # shellcheck disable=SC2016
  "$llamactl" connect tiny -- sh -c 'curl -fsS "$OPENAI_BASE_URL/chat/completions" \
    -H "Authorization: Bearer $OPENAI_API_KEY" -H "Content-Type: application/json" -d "$0"' \
    "$question" >"$scratch/answer.json" || return
  python3 -c 'import json, sys; print(json.load(sys.stdin)["choices"][0]["message"]["content"])' \
    <"$scratch/answer.json" >"$show"
  grep -q 'tiny llama' "$show"
}

mail() {
  within 10 has_mail || return
  python3 - "$scratch"/mail/* >"$show" <<'PYTHON'
import email, email.policy, sys
mail = email.message_from_binary_file(open(sys.argv[1], "rb"), policy=email.policy.default)
print("To:", mail["To"])
print("Subject:", mail["Subject"])
print(*mail.get_body(("plain",)).get_content().strip().splitlines()[:12], sep="\n")
PYTHON
  grep -q "Subject: Llama Server Ready - Job $job" "$show"
}
has_mail() { [ -n "$(ls -A "$scratch/mail")" ]; }

push() {
  within 10 has_push || return
  python3 -c 'import json, sys
message = json.loads(sys.stdin.readline())
print(message["title"], *message["message"].splitlines()[:6], sep="\n")' <"$scratch/push.json" >"$show"
  grep -q "Llama Server Ready - Job $job" "$show"
}
has_push() {
  curl -fsS "http://127.0.0.1:$ntfy_port/$NTFY_TOPIC/json?poll=1" >"$scratch/push.json" && [ -s "$scratch/push.json" ]
}

stop() {
  "$llamactl" stop --wait "$job"
}

gone() {
  curl -fsS "$url/api/v1/servers?state=all" | tee "$show" | grep -qx '\[\]' && [ ! -e "llama_server_connection_$job.txt" ]
}

nothing_left() {
  stop_all
  within 5 nobody || { left_over; return 1; }
}
nobody() { [ -z "$(left_over)" ]; }

# ── the story ───────────────────────────────────────────────────────────────────────────────
[ -x "$tools/llama-server" ] || die "no llama-server in $tools: run make test-tools"
smtp_port=$(free_ports 3)
ntfy_port=$((smtp_port + 1)) registry_port=$((smtp_port + 2))
url=http://127.0.0.1:$registry_port
export SLURM_CONF=$scratch/slurm/etc/slurm.conf
job=

step "a SLURM with two nodes, run by $(id -un)" "$scratch/slurm/log/*.log" slurm
step "a mail server and a push server (ntfy)" "$scratch/log/smtp.log $scratch/log/ntfy.log" services
step "the registry, on SQLite: $url" "$scratch/log/registry.log" registry
step "a tiny model and a configuration" "" configure
jobs="$scratch/work/*.log $scratch/slurm/log/slurmctld.log"
step "llamactl submit --config tiny --email --ntfy-topic --wait" "$jobs" submit
step "llamactl ls" "$scratch/log/registry.log" list
step "llamactl connect tiny -- curl …  (Who are you?)" "$jobs" ask
step "the mail that arrived" "$scratch/log/smtp.log $jobs" mail
step "the push message that arrived" "$scratch/log/ntfy.log $jobs" push
step "llamactl stop --wait $job" "$jobs" stop
step "the registry's entry and the connection file are gone" "$scratch/log/registry.log $jobs" gone
step "everything stopped, nothing left running" "" nothing_left
echo "done in $(seconds $(($(now) - begin)))"
