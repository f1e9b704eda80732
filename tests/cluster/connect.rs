//! `connect`: a real question to a real server, directly and through a real ssh server.

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::common::cluster::Cluster;
use crate::common::login::Login;
use crate::common::registry::Registry;
use crate::common::server::{READY, connection_file};
use crate::common::services::Daemon;
use crate::common::{LLAMACTL, Sandbox, TINY_ANSWER, free_port, signal, text, tool, wait_until};
use crate::finding::{register, server, submit, wait_listed};

const SOON: Duration = Duration::from_secs(60);

/// Asks with what a program of OpenAI's kind finds in its environment.
const ASK: &str = r#"curl -sS --max-time 30 "$OPENAI_BASE_URL/chat/completions" \
  -H "Authorization: Bearer $OPENAI_API_KEY" \
  -d '{"messages":[{"role":"user","content":"Who are you?"}]}' -w '\n'"#;

fn sandbox() -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.set("LLAMACTL_SLURM_BIN", sandbox.path("no-slurm").display());
    sandbox.set("LLAMACTL_LOG", "warn");
    sandbox
}

#[test]
fn a_program_asks_its_question_and_its_exit_code_comes_back() {
    let mut sandbox = sandbox();
    let _registry = Registry::start_in(&mut sandbox, &[]);
    let _server = server(&sandbox, "tiny", json!({}));
    wait_listed(&sandbox, "tiny");
    let elsewhere = sandbox.path("elsewhere").display().to_string();
    std::fs::create_dir(&elsewhere).unwrap();
    let script = format!("{ASK}; pwd; exit 42");
    let args = ["connect", "tiny", "--dir", &elsewhere, "--", "sh", "-c", &script];
    let (code, stdout, stderr) = sandbox.outcome(&args);
    assert_eq!(code, 42, "{stderr}");
    assert!(stdout.contains(TINY_ANSWER), "{stdout} {stderr}");
    assert!(stdout.trim_end().ends_with(&elsewhere), "{stdout}");
    let args = ["connect", "tiny", "--", "sh", "-c", "kill -9 $$"];
    assert_eq!(sandbox.outcome(&args).0, 137);
    let (code, _, stderr) = sandbox.outcome(&["connect", "tiny", "--", "no-such-program"]);
    assert_eq!(code, 127, "{stderr}");
    assert!(stderr.contains("no-such-program was not found"), "{stderr}");
    let (code, _, stderr) = sandbox.outcome(&["connect", "tiny", "--dir", "/no/where", "--", "ls"]);
    assert_eq!(code, 2, "{stderr}");
}

#[test]
fn the_key_comes_from_the_registry_where_there_is_no_connection_file() {
    let mut sandbox = sandbox();
    let _registry = Registry::start_in(&mut sandbox, &[]);
    let _server = server(&sandbox, "shared", json!({}));
    wait_listed(&sandbox, "shared");
    std::fs::remove_file(connection_file(&sandbox.work()).unwrap()).unwrap();
    let (code, stdout, stderr) = sandbox.outcome(&["connect", "shared", "--", "sh", "-c", ASK]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains(TINY_ANSWER), "{stdout} {stderr}");
}

#[test]
fn a_private_servers_key_stays_with_its_owner() {
    let mut sandbox = sandbox();
    let _registry = Registry::start_in(&mut sandbox, &[]);
    let _server = server(&sandbox, "mine", json!({"access": "private"}));
    wait_listed(&sandbox, "mine");
    let (_, stdout, _) = sandbox.outcome(&["connect", "mine", "--", "sh", "-c", ASK]);
    assert!(stdout.contains(TINY_ANSWER), "{stdout}");
    let file = connection_file(&sandbox.work()).unwrap();
    std::fs::rename(&file, sandbox.path("away")).unwrap();
    let (code, _, stderr) = sandbox.outcome(&["connect", "mine", "--", "true"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("private") && stderr.contains("llama_server_connection_"), "{stderr}");
    register(&sandbox, json!({"name": "theirs", "access": "private"}));
    let (code, _, stderr) = sandbox.outcome(&["connect", "theirs", "--", "true"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("only somebody has its key"), "{stderr}");
}

#[test]
fn an_open_server_needs_no_key_and_gets_a_word_in_its_place() {
    let mut sandbox = sandbox();
    let _registry = Registry::start_in(&mut sandbox, &[]);
    let _server = server(&sandbox, "open", json!({"access": "open"}));
    wait_listed(&sandbox, "open");
    let script = format!("{ASK}; echo \"key=$OPENAI_API_KEY\"");
    let (code, stdout, stderr) = sandbox.outcome(&["connect", "open", "--", "sh", "-c", &script]);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains(TINY_ANSWER) && stdout.contains("key=no-key"), "{stdout}");
    assert!(stderr.contains("can't be checked"), "{stderr}");
}

#[test]
fn the_presets_of_the_coding_agents_lead_to_the_server() {
    let mut sandbox = sandbox();
    let _registry = Registry::start_in(&mut sandbox, &[]);
    let _server = server(&sandbox, "tiny", json!({"alias": "my \"model\""}));
    wait_listed(&sandbox, "tiny");
    sandbox.set("ANTHROPIC_API_KEY", "sk-of-somebody-else");
    // Asks as Claude Code does: /v1/messages with the token.
    let claude = r#"#!/bin/sh
printf '{"key":"%s","model":"%s","quiet":"%s","args":"%s"}\n' "${ANTHROPIC_API_KEY-unset}" \
  "$(printf %s "$ANTHROPIC_DEFAULT_HAIKU_MODEL" | sed 's/"/\\"/g')" "$DISABLE_TELEMETRY" "$*"
curl -sS --max-time 30 "$ANTHROPIC_BASE_URL/v1/messages" \
  -H "Authorization: Bearer $ANTHROPIC_AUTH_TOKEN" \
  -d '{"model":"x","max_tokens":100,"messages":[{"role":"user","content":"Who are you?"}]}'
"#;
    sandbox.program("claude", claude);
    let (code, stdout, stderr) = sandbox.outcome(&["connect", "tiny", "--", "claude", "-p", "x"]);
    assert_eq!(code, 0, "{stderr}");
    let told: Value = serde_json::from_str(stdout.lines().next().unwrap()).expect(&stdout);
    let wanted = json!({"key": "unset", "model": "my \"model\"", "quiet": "1", "args": "-p x"});
    assert_eq!(told, wanted);
    assert!(stdout.contains(TINY_ANSWER), "{stdout}");

    sandbox.program("codex", "#!/bin/sh\nfor arg; do printf '%s\\n' \"$arg\"; done\n");
    let codex = sandbox.ok(&["connect", "tiny", "--", "codex", "exec", "hi"]);
    let lines: Vec<&str> = codex.lines().collect();
    assert!(lines.contains(&r#"model="my \"model\"""#), "{codex}");
    assert_eq!(lines[lines.len() - 2..], ["exec", "hi"]);

    sandbox.program("opencode", "#!/bin/sh\nprintf %s \"$OPENCODE_CONFIG_CONTENT\"\n");
    let opencode = sandbox.json(&["connect", "tiny", "--", "opencode"]);
    assert_eq!(opencode["model"], "llamactl/my \"model\"");

    sandbox.program("aider", "#!/bin/sh\nprintf '%s %s' \"$AIDER_MODEL\" \"$OPENAI_API_BASE\"\n");
    let aider = sandbox.ok(&["connect", "tiny", "--", "aider"]);
    assert!(aider.starts_with("openai/my \"model\" http://") && aider.ends_with("/v1"), "{aider}");

    let own = "description: mine\nprograms: [my-agent]\nenv: {WHERE: 'at {{url}}'}\n";
    sandbox.write("home/.config/llamactl/connect/my-agent.yaml", own);
    sandbox.program("my-agent", "#!/bin/sh\necho \"$WHERE ${OPENAI_BASE_URL-nothing else}\"\n");
    let mine = sandbox.ok(&["connect", "tiny", "--", "my-agent"]);
    assert!(mine.starts_with("at http://") && mine.ends_with(" nothing else\n"), "{mine}");
    let (code, _, stderr) = sandbox.outcome(&["connect", "tiny", "--preset", "nope", "--", "ls"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("codex") && stderr.contains("my-agent"), "{stderr}");
}

#[test]
fn printed_lines_survive_every_shell_whatever_the_values() {
    let mut sandbox = sandbox();
    let _server = server(&sandbox, "plain", json!({"access": "open"}));
    sandbox.set("REGISTRY_URL", format!("http://127.0.0.1:{}", free_port()));
    let path = connection_file(&sandbox.work()).unwrap();
    let told = llamactl::connection::Connection::parse(&std::fs::read_to_string(&path).unwrap());
    let hostile = "it's \"$(touch gone)\" `touch gone` \\ ; & | * ~ $HOME \nline # ünï";
    let file = format!("/m/{hostile}.gguf");
    let mut connection = told.unwrap();
    connection.name = hostile.to_owned();
    connection.model_file = file.clone();
    std::fs::write(&path, connection.render().unwrap()).unwrap();
    let target = connection.job.clone();
    let read = "printf '%s\\0%s\\0%s\\0' \"$LLAMA_SERVER_NAME\" \"$MODEL_FILE\" \"${OPENAI_PROJECT-unset}\"";
    for (shell, preset) in [("bash", "openai"), ("dash", "openai"), ("bash", "codex")] {
        let line = format!(
            "export OPENAI_PROJECT=x; eval \"$({LLAMACTL} connect {target} --preset {preset} --print)\" && {read} && {ASK}"
        );
        let output = sandbox.command(shell).args(["-c", &line]).output().unwrap();
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{stdout}{stderr}");
        let values: Vec<&str> = stdout.split('\0').collect();
        assert_eq!(values[..2], [hostile, &file], "{shell}");
        assert_eq!(values[2] == "unset", preset == "openai", "{shell} {preset}");
        assert!(values[3].contains(TINY_ANSWER), "{stdout}{stderr}");
        assert!(!sandbox.work().join("gone").exists(), "{shell} ran a value");
    }
    let whole = sandbox.json(&["connect", &target, "--json", "--print"]);
    assert_eq!(whole["env"]["LLAMA_SERVER_NAME"], hostile);
}

#[test]
fn whoever_has_taken_the_port_gets_neither_key_nor_prompt() {
    let mut sandbox = sandbox();
    let _registry = Registry::start_in(&mut sandbox, &[]);
    let port = free_port();
    let (heard, script) = (sandbox.path("heard"), sandbox.path("impostor.py"));
    // Answers as a llama-server would, and keeps what it hears.
    let impostor = "import http.server, sys\n\
        class H(http.server.BaseHTTPRequestHandler):\n\
        \x20   def do_GET(self):\n\
        \x20       open(sys.argv[2], 'a').write(str(self.headers))\n\
        \x20       self.send_response(200); self.send_header('llamactl-proof', sys.argv[3]); self.end_headers()\n\
        http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), H).serve_forever()\n";
    std::fs::write(&script, impostor).unwrap();
    let mut command = sandbox.command("python3");
    command.arg(&script).arg(port.to_string()).arg(&heard).arg("0".repeat(64));
    let _impostor = Daemon::start(command, sandbox.path("impostor.log"));
    wait_until("the impostor", SOON, || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
    register(
        &sandbox,
        json!({"name": "taken", "port": port, "api_key": "the-real-key-0123456789"}),
    );
    for args in [
        &["connect", "taken", "--", "touch", "ran"][..],
        &["connect", "taken", "--trust", "--print"],
    ] {
        let (code, stdout, stderr) = sandbox.outcome(args);
        assert_eq!((code, stdout.as_str()), (1, ""), "{stderr}");
        assert!(stderr.contains("has another key"), "{stderr}");
    }
    assert!(!sandbox.work().join("ran").exists());
    let heard = std::fs::read_to_string(heard).unwrap();
    assert!(heard.contains("llamactl-challenge"), "{heard}");
    assert!(!heard.contains("the-real-key"), "{heard}");
}

#[test]
fn a_llama_server_of_a_script_is_used_only_when_trusted() {
    let mut sandbox = sandbox();
    let _registry = Registry::start_in(&mut sandbox, &[]);
    let port = free_port();
    let mut command = sandbox.command(tool("llama-server"));
    command.env("LLAMA_API_KEY", "key-of-the-script").arg("-m").arg(crate::common::tiny_model());
    command.args(["--host", "127.0.0.1", "--port", &port.to_string()]);
    let _server = Daemon::start(command, sandbox.path("plain.log"));
    let health = format!("http://127.0.0.1:{port}/health");
    wait_until("the server", SOON, || {
        crate::common::http::get(&health).filter(|(status, _)| *status == 200)
    });
    register(&sandbox, json!({"name": "script", "port": port, "api_key": "key-of-the-script"}));
    let (code, _, stderr) = sandbox.outcome(&["connect", "script", "--", "sh", "-c", ASK]);
    assert_eq!(code, 1);
    assert!(stderr.contains("can't prove") && stderr.contains("--trust"), "{stderr}");
    let args = ["connect", "script", "--trust", "--", "sh", "-c", ASK];
    let (code, stdout, stderr) = sandbox.outcome(&args);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains(TINY_ANSWER), "{stdout}");
}

#[test]
fn connect_waits_for_a_job_in_the_queue() {
    let mut sandbox = sandbox();
    sandbox.set("LLAMACTL_SLURM_BIN", "");
    Cluster::Pgid.enter(&mut sandbox);
    let _registry = Registry::start_in(&mut sandbox, &[]);
    let job = submit(Cluster::Pgid, &sandbox, "later", true);
    let told = sandbox.path("connect.log");
    let mut connect = sandbox.llamactl(&["connect", &job, "--", "sh", "-c", ASK]);
    let stderr = std::fs::File::create(&told).unwrap();
    let connect = connect.stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
    let says = || std::fs::read_to_string(&told).unwrap_or_default();
    wait_until("what it waits for", SOON, || says().contains("JobHeldUser").then_some(()));
    Cluster::Pgid.run(&sandbox, "scontrol", &["release", &job]);
    let output = connect.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", says());
    assert!(text(&output.stdout).contains(TINY_ANSWER), "{}", says());
    sandbox.ok(&["stop", "--wait", &job]);
    let (code, _, stderr) = sandbox.outcome(&["connect", &job, "--", "true"]);
    assert_eq!(code, 4, "{stderr}");
    assert!(stderr.contains("has ended"), "{stderr}");
}

#[test]
fn without_a_way_the_hint_names_the_login_host() {
    let mut sandbox = sandbox();
    let _registry = Registry::start_in(&mut sandbox, &[]);
    register(&sandbox, json!({"name": "far", "host": "gpu-node.invalid"}));
    let (code, _, stderr) = sandbox.outcome(&["connect", "far", "--", "true"]);
    assert_eq!(code, 1);
    assert!(stderr.contains("--via") && stderr.contains("LLAMACTL_SSH_VIA"), "{stderr}");
    let args = ["connect", "far", "--via", "-oProxyCommand=touch owned", "--", "true"];
    let (code, _, stderr) = sandbox.outcome(&args);
    assert_eq!(code, 2, "{stderr}");
    assert!(!sandbox.work().join("owned").exists());
}

/// A real server that says that it is at `gpu-node`, and a login host that reaches it.
fn far(sandbox: &mut Sandbox) -> (Registry, Daemon, Login) {
    let registry = Registry::start_in(sandbox, &[]);
    let server = server(sandbox, "far", json!({"host": "127.0.0.1", "advertise": "gpu-node"}));
    wait_listed(sandbox, "far");
    let login = Login::start(sandbox);
    sandbox.set("LLAMACTL_SSH_VIA", "login");
    (registry, server, login)
}

/// ssh processes of this sandbox that carry a tunnel.
fn tunnels(sandbox: &Sandbox) -> Vec<String> {
    let all = sandbox.processes().into_iter();
    all.map(|process| process.command())
        .filter(|line| line.contains("ExitOnForwardFailure"))
        .collect()
}

fn no_tunnel_is_left(sandbox: &Sandbox) {
    wait_until("the end of ssh", SOON, || tunnels(sandbox).is_empty().then_some(()));
}

#[test]
fn a_question_goes_through_an_ssh_tunnel_that_ends_with_the_program() {
    let mut sandbox = sandbox();
    let _far = far(&mut sandbox);
    let script = format!("{ASK}; echo $LLAMA_SERVER_HOST $LLAMA_SERVER_PORT; exit 5");
    let (code, stdout, stderr) = sandbox.outcome(&["connect", "far", "--", "sh", "-c", &script]);
    assert_eq!(code, 5, "{stderr}");
    assert!(stdout.contains(TINY_ANSWER), "{stdout}{stderr}");
    assert!(stderr.contains("tunnel through login"), "{stderr}");
    assert!(stdout.lines().last().unwrap().starts_with("127.0.0.1 "), "{stdout}");
    no_tunnel_is_left(&sandbox);

    let port = free_port().to_string();
    let listens = format!("{ASK}; echo $LLAMA_SERVER_PORT; ss -ltnH \"sport = :{port}\"");
    let args = ["connect", "far", "--local-port", &port, "--", "sh", "-c", &listens];
    let (code, stdout, stderr) = sandbox.outcome(&args);
    assert_eq!(code, 0, "{stderr}");
    assert!(stdout.contains(TINY_ANSWER) && stdout.contains(&format!("\n{port}\n")), "{stdout}");
    let last = stdout.lines().last().unwrap();
    assert!(last.contains(&format!("127.0.0.1:{port}")), "on loopback alone: {stdout}");
    no_tunnel_is_left(&sandbox);
}

#[test]
fn a_printed_tunnel_can_be_evaluated() {
    let mut sandbox = sandbox();
    let _far = far(&mut sandbox);
    let line = format!("eval \"$({LLAMACTL} connect far --print)\" && {ASK}");
    let output = sandbox.command("bash").args(["-c", &line]).output().unwrap();
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(stdout.contains(TINY_ANSWER), "{stdout}{stderr}");
    assert_eq!(tunnels(&sandbox).len(), 1, "it is the shell's now");
    let ours = sandbox.processes().into_iter().find(|p| p.command().contains("ExitOnForward"));
    ours.unwrap().signal("TERM");
    no_tunnel_is_left(&sandbox);
}

#[test]
fn what_ssh_says_is_shown_when_it_fails() {
    let mut sandbox = sandbox();
    let (_registry, server, _login) = far(&mut sandbox);
    let args = ["connect", "far", "--via", "no-such-login.invalid", "--", "true"];
    let (code, _, stderr) = sandbox.outcome(&args);
    assert_eq!(code, 1);
    assert!(stderr.contains("Could not resolve hostname"), "{stderr}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let args = ["connect", "far", "--local-port", &port, "--", "true"];
    let (code, _, stderr) = sandbox.outcome(&args);
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("ended") && stderr.contains("hint"), "{stderr}");
    drop(server);
    let (code, _, stderr) = sandbox.outcome(&["connect", "far", "--", "true"]);
    assert_eq!(code, 1);
    assert!(
        stderr.contains("does not answer through login") && stderr.contains("refused"),
        "{stderr}"
    );
    no_tunnel_is_left(&sandbox);
}

/// `connect` in a process group of its own with a program that says when it runs, ignores
/// Ctrl-C, and ends with 3 on TERM.
fn connected(sandbox: &Sandbox) -> Daemon {
    let script = format!(
        "trap 'touch interrupted' INT; trap 'exit 3' TERM; touch runs; \
         while [ ! -e ask ]; do sleep 0.1; done; {ASK} > answer; while :; do sleep 0.1; done"
    );
    let mut command: Command = sandbox.llamactl(&["connect", "far", "--", "sh", "-c", &script]);
    command.process_group(0);
    let connect = Daemon::start(command, sandbox.path("connect.log"));
    wait_until("the program", SOON, || sandbox.work().join("runs").exists().then_some(()));
    connect
}

#[test]
fn ctrl_c_is_the_programs_and_term_takes_everything_down() {
    let mut sandbox = sandbox();
    let _far = far(&mut sandbox);
    let mut connect = connected(&sandbox);
    // As a terminal does it: to the whole group.
    let group = nix::unistd::Pid::from_raw(connect.pid() as i32);
    nix::sys::signal::killpg(group, nix::sys::signal::Signal::SIGINT).unwrap();
    let file = |name: &str| sandbox.work().join(name);
    wait_until("the program's trap", SOON, || file("interrupted").exists().then_some(()));
    std::fs::write(file("ask"), "").unwrap();
    let answer = || std::fs::read_to_string(file("answer")).unwrap_or_default();
    wait_until("an answer after it", SOON, || answer().contains(TINY_ANSWER).then_some(()));
    assert!(tunnels(&sandbox).iter().any(|line| line.contains("/ssh ")), "ssh goes on");
    signal(connect.pid(), "TERM");
    let status = wait_until("its end", SOON, || connect.ended());
    assert_eq!(status.code(), Some(3));
    no_tunnel_is_left(&sandbox);
}

#[test]
fn the_tunnel_ends_even_when_llamactl_is_killed() {
    let mut sandbox = sandbox();
    let _far = far(&mut sandbox);
    let mut connect = connected(&sandbox);
    connect.kill();
    no_tunnel_is_left(&sandbox);
    for process in sandbox.processes() {
        if process.command().contains("touch runs") {
            process.signal("TERM");
        }
    }
}

#[test]
fn a_loading_server_is_waited_for() {
    let mut sandbox = sandbox();
    let _registry = Registry::start_in(&mut sandbox, &[]);
    register(&sandbox, json!({"name": "lost-cause", "state": "loading", "owner": "a"}));
    let mut command = sandbox.llamactl(&["connect", "lost-cause", "--", "true"]);
    let mut connect = command.stderr(Stdio::piped()).spawn().unwrap();
    // Its lease ends, since nobody beats.
    let status = wait_until("the end", READY, || connect.try_wait().unwrap());
    let mut said = String::new();
    std::io::Read::read_to_string(&mut connect.stderr.unwrap(), &mut said).unwrap();
    assert_eq!(status.code(), Some(4), "{said}");
    assert!(said.contains("loads its model") && said.contains("is lost"), "{said}");
}
