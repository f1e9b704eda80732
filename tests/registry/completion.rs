//! What the dynamic completion offers, asked for by a real bash as its user's Tab key does.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::common::registry::Registry;
use crate::common::{LLAMACTL, Sandbox, assert_ok, text};

/// What bash offers for the last of these words.
fn complete(sandbox: &Sandbox, words: &[&str]) -> Vec<String> {
    let script = r#"source <(COMPLETE=bash "$0")
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_TYPE=9
        _clap_complete_llamactl "$1" "${COMP_WORDS[COMP_CWORD]}" 2>/dev/null
        printf '%s\n' "${COMPREPLY[@]}""#;
    let mut bash = sandbox.command("bash");
    bash.args(["--norc", "-c", script, LLAMACTL, "llamactl"]).args(words);
    let output = bash.output().expect("bash");
    assert_ok(words, &output);
    let said = text(&output.stdout);
    let values = said.lines().filter(|line| !line.is_empty() && !line.starts_with('-'));
    let mut offered: Vec<String> = values.map(str::to_owned).collect();
    offered.sort();
    offered
}

/// Puts an entry into the registry as the older scripts do.
fn register(url: &str, record: &serde_json::Value) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let request = reqwest::Client::new().post(url).json(record);
    let answer = runtime.block_on(request.send()).expect("the registry answers");
    assert_eq!(answer.status(), 200);
}

#[test]
fn configurations_are_offered_by_name_and_by_path() {
    let mut sandbox = Sandbox::new();
    sandbox.write("models/my-model.yaml", "model: x.gguf\n");
    sandbox.write("work/here/other.yaml", "model: x.gguf\n");
    sandbox.write("work/here/notes.txt", "");
    sandbox.set("LLAMACTL_CONFIGS", sandbox.path("models").display());
    assert_eq!(complete(&sandbox, &["submit", "--config", "my"]), ["my-model"]);
    assert_eq!(complete(&sandbox, &["run", "--config", "tin"]), ["tiny"]);
    assert_eq!(complete(&sandbox, &["configs", "show", "gpt-oss-2"]), ["gpt-oss-20b"]);
    assert_eq!(complete(&sandbox, &["submit", "--config", "here/"]), ["here/other.yaml"]);
}

#[test]
fn servers_are_offered_by_job_and_name_unless_the_name_could_be_a_command() {
    let mut sandbox = Sandbox::new();
    let registry = Registry::start_in(&mut sandbox, &[]);
    for (job, name) in [("4711", "qwen3-30b"), ("4712", "q$(touch pwned)")] {
        let record = serde_json::json!({"host": "n1", "port": 8080, "owner": "alice",
            "model_name": name, "model_file": "x.gguf"});
        let url = format!("{}/servers/{job}", registry.url);
        register(&url, &record);
    }
    assert_eq!(complete(&sandbox, &["connect", "471"]), ["4711", "4712"]);
    assert_eq!(complete(&sandbox, &["stop", "4711", "q"]), ["qwen3-30b"]);
    assert_eq!(complete(&sandbox, &["logs", "-f", "4712"]), ["4712"]);
    assert!(!sandbox.path("work/pwned").exists());
}

#[test]
fn a_registry_that_says_nothing_does_not_hold_up_the_prompt() {
    let mut sandbox = Sandbox::new();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    sandbox.set("REGISTRY_URL", format!("http://{}", silent.local_addr().unwrap()));
    // The best of several: other tests may keep the machine busy.
    let times = (0..5).map(|_| {
        let start = Instant::now();
        let mut asked = sandbox.llamactl(&["--", "llamactl", "status", ""]);
        asked.env("COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", "2").env("_CLAP_IFS", "\n");
        let output = asked.output().expect("llamactl");
        assert!(output.status.success(), "{output:?}");
        start.elapsed()
    });
    let best = times.min().unwrap();
    assert!(best < Duration::from_millis(300), "{best:?}");
}
