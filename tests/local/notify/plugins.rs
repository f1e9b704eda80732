//! Plugins: what they get, what their exit codes mean, what they can't do to us, and the examples
//! in `examples/plugins`, one of them with the real Apprise.

use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use serde_json::Value;

use crate::common::http::service;
use crate::common::{Process, Sandbox, assert_ok, lab_home, mode, project, text, wait_until};

const READY: [&str; 9] =
    ["notify", "--event", "ready", "--model", "tiny.gguf", "--port", "52677", "--job", "4711"];

fn sandbox() -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.set("LLAMACTL_LOG", "info");
    sandbox
}

/// Puts a plugin into the user's folder.
fn plugin(sandbox: &Sandbox, name: &str, script: &str) -> PathBuf {
    let path = format!("home/.config/llamactl/plugins/llamactl-notify-{name}");
    let path = sandbox.write(path, format!("#!/bin/sh\n{script}\n"));
    mode(&path, 0o755);
    path
}

fn tell(sandbox: &Sandbox, target: &str) -> Output {
    let args = ["--notify", target, "--json"];
    sandbox.llamactl(&[&READY[..], &args].concat()).output().unwrap()
}

/// Tells; it must be given up after so many tries for a reason that has this in it.
#[track_caller]
fn fails(sandbox: &Sandbox, target: &str, attempts: u32, reason: &str) {
    let output = tell(sandbox, target);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let deliveries: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(deliveries[0]["channel"], "plugin");
    assert_eq!(deliveries[0]["attempts"], attempts, "{deliveries}");
    assert!(deliveries[0]["error"].as_str().unwrap().contains(reason), "{deliveries}");
}

// ---- what a plugin gets --------------------------------------------------------------------

#[test]
fn a_plugin_gets_the_event_on_stdin_and_the_options_in_its_environment() {
    let sandbox = sandbox();
    plugin(
        &sandbox,
        "keep",
        "cat >\"$LLAMACTL_NOTIFY_OPT_FOLDER/in\"; env -0 >\"$LLAMACTL_NOTIFY_OPT_FOLDER/env\"",
    );
    let folder = sandbox.work();
    let target = format!("plugin://keep?folder={}&some-key=a%20b%26c", folder.display());
    assert_ok(&READY, &tell(&sandbox, &target));
    let event: Value = serde_json::from_slice(&std::fs::read(folder.join("in")).unwrap()).unwrap();
    assert_eq!(event["version"], 1);
    assert_eq!(event["event"], "ready");
    assert_eq!(event["level"], "good");
    assert_eq!(event["count"], 1);
    assert_eq!(event["target"]["name"], "keep");
    assert_eq!(event["target"]["options"]["some-key"], "a b&c");
    assert_eq!(event["notice"]["job"], "4711");
    assert_eq!(event["notice"]["kind"], "ready");
    assert!(event["title"].as_str().unwrap().contains("4711"), "{event}");
    assert!(event["text"].as_str().unwrap().contains("52677"), "{event}");
    assert!(event["thread"].as_str().unwrap().contains("4711"), "{event}");
    event["time"].as_str().unwrap().parse::<jiff::Timestamp>().expect("a time");
    let env = std::fs::read(folder.join("env")).unwrap();
    let env = text(&env);
    let has = |line: &str| env.split('\0').any(|other| other == line);
    assert!(has("LLAMACTL_NOTIFY_EVENT=ready"), "{env}");
    assert!(has("LLAMACTL_NOTIFY_OPT_SOME_KEY=a b&c"), "{env}");
    assert!(has(&format!("LLAMACTL_NOTIFY_ID={}", event["id"].as_str().unwrap())), "{env}");
    assert!(has(&format!("LLAMACTL_NOTIFY_TITLE={}", event["title"].as_str().unwrap())), "{env}");
    assert!(has(&format!("LLAMACTL_NOTIFY_TEXT={}", event["text"].as_str().unwrap())), "{env}");
}

#[test]
fn what_the_documentation_shows_is_what_a_plugin_gets() {
    let sandbox = sandbox();
    plugin(&sandbox, "keep", &format!("cat >'{}'", sandbox.path("in").display()));
    assert_ok(&READY, &tell(&sandbox, "plugin://keep?file=/tmp/events.log"));
    let event: Value = serde_json::from_slice(&std::fs::read(sandbox.path("in")).unwrap()).unwrap();
    let page = std::fs::read_to_string(project().join("examples/plugins/README.md")).unwrap();
    let (_, shown) = page.split_once("```json\n").unwrap();
    let shown: Value = serde_json::from_str(shown.split_once("```").unwrap().0).unwrap();
    let keys = |value: &Value| -> Vec<String> {
        let mut keys: Vec<String> = value.as_object().unwrap().keys().cloned().collect();
        keys.sort();
        keys
    };
    assert_eq!(keys(&event), keys(&shown));
    assert_eq!(keys(&event["target"]), keys(&shown["target"]));
    for key in keys(&shown) {
        let same = std::mem::discriminant(&event[&key]) == std::mem::discriminant(&shown[&key]);
        assert!(same, "{key}: {event}");
    }
}

#[test]
fn no_secret_reaches_a_plugin() {
    const SECRET: &str = "5e1f-a-secret";
    let mut sandbox = sandbox();
    let seen = sandbox.path("seen");
    plugin(&sandbox, "keep", &format!("{{ cat; env; }} >'{}'", seen.display()));
    for name in [
        "LLAMA_API_KEY",
        "LLAMACTL_TOKEN",
        "LLAMACTL_REGISTRY_TOKEN",
        "NTFY_TOKEN",
        "HF_TOKEN",
        "AWS_SECRET_ACCESS_KEY",
        "ANTHROPIC_AUTH_TOKEN",
        "OPENAI_API_KEY",
        "SLURM_JWT",
        "SSH_AUTH_SOCK",
    ] {
        sandbox.set(name, SECRET);
    }
    assert_ok(&READY, &tell(&sandbox, "plugin://keep"));
    let seen = text(&std::fs::read(seen).unwrap());
    assert!(seen.contains("LLAMACTL_NOTIFY_EVENT=ready") && seen.contains("PATH="), "{seen}");
    assert!(!seen.contains(SECRET), "{seen}");
}

#[test]
fn hostile_names_are_values_and_nothing_else() {
    let sandbox = sandbox();
    let seen = sandbox.path("seen");
    let script =
        "printf '%s\\n' \"$LLAMACTL_NOTIFY_TITLE\"; printf '%s\\n' \"$LLAMACTL_NOTIFY_TEXT\"; cat";
    plugin(&sandbox, "keep", &format!("{{ {script}; }} >'{}'", seen.display()));
    let evil = "$(touch pwned)`touch pwned`\"'\n\r\u{1b}[31m\u{202e}";
    let args = ["notify", "--event", "failed", "--model", evil, "--name", evil, "--reason", evil];
    let output = sandbox.llamactl(&[&args[..], &["--notify", "plugin://keep"]].concat()).output();
    assert_ok(&["notify"], &output.unwrap());
    let seen = text(&std::fs::read(seen).unwrap());
    let (words, json) = seen.trim_end().rsplit_once('\n').unwrap();
    assert!(words.contains("$(touch pwned)`touch pwned`\"'"), "{seen}");
    assert!(!words.contains(['\r', '\u{1b}', '\u{202e}']), "{seen:?}");
    let event: Value = serde_json::from_str(json).unwrap();
    assert!(words.starts_with(event["title"].as_str().unwrap()), "{seen}");
    // What nobody has put into words is what it is.
    assert_eq!(event["notice"]["reason"], evil);
    assert_eq!(event["event"], "failed");
    assert!(!sandbox.work().join("pwned").exists());
}

// ---- exit codes ----------------------------------------------------------------------------

#[test]
fn exit_75_asks_for_another_try_of_the_same_message() {
    let sandbox = sandbox();
    let tries = sandbox.path("tries");
    let script =
        "echo \"$LLAMACTL_NOTIFY_ID\" >>'TRIES'; [ \"$(wc -l <'TRIES')\" -ge 3 ] || exit 75";
    plugin(&sandbox, "later", &script.replace("TRIES", tries.to_str().unwrap()));
    let output = tell(&sandbox, "plugin://later");
    assert_ok(&READY, &output);
    let deliveries: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(deliveries[0]["attempts"], 3, "{deliveries}");
    let ids = std::fs::read_to_string(tries).unwrap();
    let ids: Vec<_> = ids.lines().collect();
    assert!(ids.len() == 3 && ids.iter().all(|id| *id == ids[0] && !id.is_empty()), "{ids:?}");
}

#[test]
fn any_other_exit_code_is_a_failure_with_what_it_said() {
    let sandbox = sandbox();
    plugin(&sandbox, "broken", "echo first >&2; echo 'the disk is full' >&2; exit 3");
    fails(&sandbox, "plugin://broken", 1, "the disk is full");
    plugin(&sandbox, "mute", "exit 4");
    fails(&sandbox, "plugin://mute", 1, "exit code 4");
    plugin(&sandbox, "rude", "printf 'a\\033[31mb\\n' >&2; exit 5");
    fails(&sandbox, "plugin://rude", 1, "a");
    assert!(!text(&tell(&sandbox, "plugin://rude").stdout).contains("\\u001b"));
}

#[test]
fn a_plugin_that_is_missing_or_can_not_be_run_is_named() {
    let sandbox = sandbox();
    let missing = text(&tell(&sandbox, "plugin://missing").stderr);
    let missing = missing + &text(&tell(&sandbox, "plugin://missing").stdout);
    assert!(missing.contains("llamactl-notify-missing"), "{missing}");
    mode(&plugin(&sandbox, "plain", "exit 0"), 0o644);
    let output = tell(&sandbox, "plugin://plain");
    assert!(!output.status.success());
    let said = text(&output.stderr) + &text(&output.stdout);
    assert!(said.contains("chmod +x"), "{said}");
    for wrong in ["plugin://../../bin/sh", "plugin://a%2Fb", "plugin://"] {
        let output = tell(&sandbox, wrong);
        assert!(!output.status.success(), "{wrong}: {output:?}");
    }
}

// ---- what it can't do to us ----------------------------------------------------------------

#[test]
fn one_that_hangs_is_killed_with_all_that_it_started() {
    let sandbox = sandbox();
    let pids = sandbox.path("pids");
    let script = "trap '' TERM HUP; sleep 600 & echo $! >>'PIDS'; echo $$ >>'PIDS'; wait";
    plugin(&sandbox, "hangs", &script.replace("PIDS", pids.to_str().unwrap()));
    let args = [&READY[..], &["--notify", "plugin://hangs"]].concat();
    let mut child = sandbox.llamactl(&args).spawn().unwrap();
    let first = wait_until("the plugin", Duration::from_secs(20), || {
        let pids = std::fs::read_to_string(&pids).ok()?;
        let pids: Vec<u32> = pids.lines().filter_map(|line| line.parse().ok()).collect();
        (pids.len() >= 2).then(|| [Process { pid: pids[0] }, Process { pid: pids[1] }])
    });
    assert!(first.iter().all(Process::alive));
    wait_until("the end of both after 30 s", Duration::from_secs(45), || {
        (!first.iter().any(Process::alive)).then_some(())
    });
    let _ = child.kill();
    let _ = child.wait();
    // The next try, if there was one, ends with its caller or soon after.
    for line in std::fs::read_to_string(&pids).unwrap().lines() {
        crate::common::signal(line.parse().unwrap(), "KILL");
    }
}

#[test]
fn a_flood_of_words_stays_a_short_error_and_takes_little_memory() {
    let sandbox = sandbox();
    plugin(
        &sandbox,
        "flood",
        "yes 'a line of a flood' | head -c 300000000 >&2; printf '\\nthe end\\n' >&2; exit 1",
    );
    let output = tell(&sandbox, "plugin://flood");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(output.stdout.len() < 4_096 && output.stderr.len() < 4_096);
    assert!(text(&output.stdout).contains("\"the end\""), "{output:?}");
    let used = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_CHILDREN);
    let kilobytes = used.unwrap().max_rss();
    assert!(kilobytes < 150_000, "{kilobytes} kB");
}

#[test]
fn a_plugin_need_not_read_what_it_gets() {
    let sandbox = sandbox();
    plugin(&sandbox, "deaf", "exec <&-; exit 0");
    assert_ok(&READY, &tell(&sandbox, "plugin://deaf"));
}

#[test]
fn plugins_are_listed_where_they_are() {
    let mut sandbox = sandbox();
    let own = plugin(&sandbox, "own", "exit 0");
    mode(&plugin(&sandbox, "not-executable", "exit 0"), 0o644);
    let on_path = sandbox.write("bin/llamactl-notify-pathy", "#!/bin/sh\n");
    mode(&on_path, 0o755);
    let shadowed = sandbox.write("bin/llamactl-notify-own", "#!/bin/sh\n");
    mode(&shadowed, 0o755);
    let path = format!("{}:{}", sandbox.path("bin").display(), sandbox.var("PATH").unwrap());
    sandbox.set("PATH", path);
    let list = sandbox.json(&["notify", "plugins", "ls", "--json"]);
    let list: Vec<_> =
        list.as_array().unwrap().iter().map(|one| (&one["name"], &one["path"])).collect();
    let path = |path: &Path| Value::from(path.to_str().unwrap());
    assert!(list.contains(&(&Value::from("own"), &path(&own))), "{list:?}");
    assert!(list.contains(&(&Value::from("pathy"), &path(&on_path))), "{list:?}");
    assert!(!list.iter().any(|(name, _)| *name == "not-executable"), "{list:?}");
    let said = sandbox.ok(&["notify", "plugins", "ls"]);
    assert!(said.contains("pathy") && said.contains(own.to_str().unwrap()), "{said}");
}

// ---- the examples --------------------------------------------------------------------------

/// A sandbox with the examples in the plugin folder.
fn with_examples() -> Sandbox {
    let sandbox = sandbox();
    let yaml =
        format!("notify: {{ plugins: '{}' }}\n", project().join("examples/plugins").display());
    let mut sandbox = sandbox;
    let config = sandbox.write("config.yaml", yaml);
    sandbox.set("LLAMACTL_CONFIG", config.display());
    sandbox
}

#[test]
fn the_log_file_gets_a_line() {
    let sandbox = with_examples();
    let log = sandbox.path("events.log");
    let target = format!("plugin://logfile?file={}", log.display());
    assert_ok(&READY, &tell(&sandbox, &target));
    assert_ok(&READY, &tell(&sandbox, &target));
    let lines = std::fs::read_to_string(log).unwrap();
    assert_eq!(lines.lines().count(), 2, "{lines}");
    assert!(
        lines.lines().all(|line| line.contains(" ready: ") && line.contains("4711")),
        "{lines}"
    );
    fails(&sandbox, "plugin://logfile", 1, "plugin://logfile?file=PATH");
}

#[test]
fn the_systems_log_gets_a_line() {
    let sandbox = with_examples();
    let socket = sandbox.path("log.socket");
    let listener = UnixDatagram::bind(&socket).unwrap();
    listener.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let target = format!("plugin://syslog?facility=local3&tag=llm&socket={}", socket.display());
    assert_ok(&READY, &tell(&sandbox, &target));
    let mut line = [0; 4_096];
    let length = listener.recv(&mut line).unwrap();
    let line = text(&line[..length]);
    // local3 is 19, notice is 5.
    assert!(line.starts_with(&format!("<{}>", 19 * 8 + 5)), "{line}");
    assert!(line.contains("llm: ready: ") && line.contains("4711"), "{line}");
}

#[test]
fn a_service_of_ones_own_gets_json_and_its_status_decides() {
    let sandbox = with_examples();
    let token = sandbox.write("token", "tok-1\n");
    let (url, asked) =
        service(&["503 No", "200 OK", "404 No", "302 Found\r\nLocation: /elsewhere"]);
    let target = format!("plugin://http?url={url}/in&token_file={}", token.display());
    let output = tell(&sandbox, &target);
    assert_ok(&READY, &output);
    let deliveries: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(deliveries[0]["attempts"], 2, "{deliveries}");
    let tries: Vec<_> = asked.try_iter().collect();
    assert!(tries[0].0.starts_with("POST /in HTTP/1.1"), "{}", tries[0].0);
    let key = |head: &str| {
        let found = head.lines().find(|line| line.to_lowercase().starts_with("idempotency-key:"));
        found.expect("a key").to_owned()
    };
    assert_eq!(key(&tries[0].0), key(&tries[1].0));
    assert!(tries[1].0.contains("Bearer tok-1"), "{}", tries[1].0);
    let body: Value = serde_json::from_str(&tries[1].1).unwrap();
    assert_eq!((&body["event"], &body["level"]), (&"ready".into(), &"good".into()));
    fails(&sandbox, &target, 1, "404");
    fails(&sandbox, &target, 1, "302");
}

#[test]
fn apprise_hands_on_to_a_service_that_only_it_knows() {
    let mut sandbox = with_examples();
    let venv = lab_home().join("venv/bin");
    assert!(venv.join("apprise").exists(), "apprise is missing: run `make test-tools`");
    sandbox.set("PATH", format!("{}:{}", venv.display(), sandbox.var("PATH").unwrap()));
    let (url, asked) = service(&["200 OK", "200 OK", "500 No", "200 OK"]);
    let apprise = url.replace("http://", "json://");
    let escaped = apprise.replace("://", "%3A%2F%2F").replace(':', "%3A");
    assert_ok(&READY, &tell(&sandbox, &format!("plugin://apprise?url={escaped}%2Fin")));
    let (head, body) = asked.recv_timeout(Duration::from_secs(20)).unwrap();
    assert!(head.starts_with("POST /in"), "{head}");
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["type"], "success");
    assert!(body["title"].as_str().unwrap().contains("4711"), "{body}");
    assert!(body["message"].as_str().unwrap().contains("52677"), "{body}");

    // From a file, where a secret belongs; one service of two has the tag.
    let yaml = format!(
        "urls:\n  - {apprise}/tagged:\n      tag: oncall\n  - json://127.0.0.1:1/:\n      tag: other\n"
    );
    let file = sandbox.write("apprise.yml", yaml);
    let target = format!("plugin://apprise?tag=oncall&file={}", file.display());
    assert_ok(&READY, &tell(&sandbox, &target));
    let (head, _) = asked.recv_timeout(Duration::from_secs(20)).unwrap();
    assert!(head.starts_with("POST /tagged"), "{head}");
    // It fails once, and is tried again.
    let output = tell(&sandbox, &target);
    assert_ok(&READY, &output);
    let deliveries: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(deliveries[0]["attempts"], 2, "{deliveries}");
    fails(&sandbox, "plugin://apprise?url=nonsense%3A%2F%2Fx", 1, "Apprise does not know this URL");
    fails(&sandbox, "plugin://apprise?file=/no/such/file", 1, "can't be read");
}
