//! Push messages, as the real ntfy has them.

use super::{READY, sandbox, settings};
use crate::common::services::Ntfy;
use crate::common::{assert_ok, mode, text, tool};

#[test]
fn a_push_has_title_priority_tags_and_a_button_for_the_dashboard() {
    let mut sandbox = sandbox();
    let ntfy = Ntfy::start(&mut sandbox);
    sandbox.set("SLURM_JOB_ID", "4711");
    let registry = ["--registry", "http://login1:5000", "--ntfy-topic"];
    let said = sandbox.ok(&[&READY[..], &registry].concat());
    assert_eq!(said, "ntfy: sent to ntfy://ll…\n");
    let messages = ntfy.messages();
    assert_eq!(messages.len(), 1);
    let message = &messages[0];
    assert_eq!(message["title"], "🦙 Llama Server Ready - Job 4711");
    assert_eq!(message["priority"], 4);
    assert_eq!(message["tags"], serde_json::json!(["white_check_mark", "llama"]));
    assert_eq!(message["click"], "http://login1:5000/");
    assert_eq!(message["actions"][0]["action"], "view");
    assert_eq!(message["actions"][0]["url"], "http://login1:5000/");
    let body = message["message"].as_str().unwrap();
    assert!(body.contains("Qwen3.gguf") && body.contains("gpu-05:52677"), "{body}");
}

#[test]
fn a_failure_is_pushed_with_its_reason_and_without_a_button_where_there_is_no_dashboard() {
    let mut sandbox = sandbox();
    let ntfy = Ntfy::start(&mut sandbox);
    let args = ["notify", "--event", "failed", "--model", "tiny", "--ntfy-topic"];
    sandbox.ok(&[&args[..], &["--reason", "out of memory"]].concat());
    let message = &ntfy.messages()[0];
    assert_eq!(message["title"], "🦙 Llama Server Failed - tiny");
    assert_eq!(message["tags"], serde_json::json!(["x", "llama"]));
    assert_eq!(message["priority"], 4);
    assert!(message["message"].as_str().unwrap().contains("out of memory"));
    assert!(message.get("actions").is_none() && message.get("click").is_none(), "{message}");
}

#[test]
fn a_protected_topic_wants_the_token_and_a_refusal_is_not_tried_again() {
    let mut sandbox = sandbox();
    sandbox.set("NTFY_AUTH_FILE", sandbox.path("auth.db").display());
    sandbox.set("NTFY_AUTH_DEFAULT_ACCESS", "read-only");
    let ntfy = Ntfy::start(&mut sandbox);
    let admin = |args: &[&str]| {
        let mut command = sandbox.command(tool("ntfy"));
        let output = command.env("NTFY_PASSWORD", "hunter2").args(args).output().unwrap();
        assert!(output.status.success(), "{args:?}: {output:?}");
        text(&output.stdout) + &text(&output.stderr)
    };
    let conf = sandbox.write("ntfy.yml", "{}\n");
    let conf = conf.to_str().unwrap();
    admin(&["user", "--config", conf, "add", "--role=admin", "llama"]);
    let made = admin(&["token", "--config", conf, "add", "llama"]);
    let token = made.split_whitespace().find(|word| word.starts_with("tk_")).expect("a token");

    let args = [&READY[..], &["--ntfy-topic", "--json"]].concat();
    let refused = sandbox.llamactl(&args).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let deliveries: serde_json::Value = serde_json::from_slice(&refused.stdout).unwrap();
    assert_eq!(deliveries[0]["attempts"], 1);
    assert!(deliveries[0]["error"].as_str().unwrap().contains("403"), "{deliveries}");

    let token_file = sandbox.write("token", format!("{token}\n"));
    mode(&token_file, 0o600);
    settings(&mut sandbox, "notify: { ntfy_token_file: token }\n");
    let output = sandbox.llamactl(&args).output().unwrap();
    assert_ok(&args, &output);
    assert!(!text(&output.stderr).contains("can be read by others"), "{output:?}");
    assert_eq!(ntfy.messages().len(), 1);

    mode(&token_file, 0o644);
    let output = sandbox.llamactl(&args).output().unwrap();
    let error = text(&output.stderr);
    assert!(error.contains("can be read by others; mend it with `chmod 600"), "{error}");
    assert!(!error.contains(token), "{error}");
}

#[test]
fn plain_http_works_on_a_node_without_ca_files() {
    let mut sandbox = sandbox();
    let ntfy = Ntfy::start(&mut sandbox);
    sandbox.set("SSL_CERT_FILE", "/no/such/file");
    sandbox.set("SSL_CERT_DIR", "/no/such/dir");
    sandbox.ok(&[&READY[..], &["--ntfy-topic"]].concat());
    assert_eq!(ntfy.messages().len(), 1);
}
