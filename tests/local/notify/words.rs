//! What is said, to whom, and what never is: values, addresses, templates, secrets.

use std::os::unix::fs::PermissionsExt;

use super::{READY, sandbox, settings, smtp, stub_sendmail};
use crate::common::services::{Ntfy, SmtpSink};
use crate::common::{Sandbox, mode, text};

#[test]
fn hostile_values_reach_neither_headers_nor_arguments() {
    let mut sandbox = sandbox();
    stub_sendmail(&mut sandbox);
    let hostile = "x\r\nBcc: evil@example.test\r\n\r\n~!touch pwned";
    let args = ["notify", "--event", "ready", "--model", hostile, "--name", hostile];
    sandbox.ok(&[&args[..], &["--job", hostile, "--email", "alice@example.test"]].concat());
    let argv = std::fs::read_to_string(sandbox.path("argv")).unwrap();
    assert_eq!(argv, "-i\n--\nalice@example.test\n");
    let mail = std::fs::read_to_string(sandbox.path("stdin")).unwrap();
    let (headers, _) = mail.split_once("\r\n\r\n").unwrap();
    assert!(!headers.lines().any(|line| line.to_lowercase().starts_with("bcc")), "{headers}");
    let unfolded = headers.replace("\r\n ", " ");
    let subject = unfolded.lines().find(|line| line.starts_with("Subject: ")).unwrap();
    assert!(subject.contains("Bcc: evil@example.test"), "{subject}");
}

#[test]
fn a_wrong_address_topic_or_server_is_a_usage_error_before_anything_runs() {
    let mut sandbox = sandbox();
    stub_sendmail(&mut sandbox);
    for wrong in [
        &["--email", "a@b\r\nBcc: x@y"][..],
        &["--email=-oQ/tmp@b"],
        &["--email", "alice"],
        &["--email", "|id@b"],
        &["--ntfy-topic", "a/b"],
        &["--ntfy-topic", "ok", "--ntfy-server", "ftp://x"],
        &["--ntfy-topic", "ok", "--ntfy-server", "http://u:hunter2@x"],
        &["--email"],
        &["--notify", "slak://x"],
        &["--notify", "slack://hooks.slack.com"],
        &["--notify", "alice@example.test"],
        &["--notify", "plugin://not-there"],
        &["--notify", "slack://?file=/no/such/file"],
        &["--notify", "slack://?env=LLAMACTL_NO_SUCH_VARIABLE"],
        &[],
    ] {
        let output = sandbox.llamactl(&[&READY[..], wrong].concat()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{wrong:?}: {output:?}");
        assert!(!text(&output.stderr).contains("hunter2"), "{output:?}");
    }
    assert!(!sandbox.path("argv").exists());
    // Nor does a job wait in the queue that could never tell anybody.
    let submit = ["submit", "--model", "x.gguf", "--dry-run", "--email", "+inbox@b.org"];
    let output = sandbox.llamactl(&submit).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(text(&output.stderr).contains("`+inbox@b.org` is no mail address"), "{output:?}");
}

#[test]
fn no_message_has_the_key() {
    const KEY: &str = "5e1f-the-key-of-the-server";
    let mut sandbox = sandbox();
    let ntfy = Ntfy::start(&mut sandbox);
    let sink = SmtpSink::start(&sandbox);
    smtp(&mut sandbox, &sink, "security: none");
    sandbox.set("LLAMA_API_KEY", KEY);
    sandbox.set("SLURM_JOB_ID", "4711");
    let file = sandbox.write(
        "work/llama_server_connection_4711.txt",
        format!(
            "export LLAMA_SERVER_HOST=gpu-05\nexport LLAMA_SERVER_PORT=52677\n\
             export LLAMA_JOB_ID=4711\nexport MODEL_FILE=x\nexport LLAMA_API_KEY={KEY}\n"
        ),
    );
    for event in ["ready", "failed"] {
        let args = ["notify", "--event", event, "--model", "tiny", "--port", "52677"];
        let to = ["--email", "alice@example.test", "--ntfy-topic"];
        let output = sandbox.llamactl(&[&args[..], &to].concat()).output().unwrap();
        crate::common::assert_ok(&args, &output);
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(!said.contains(KEY), "{said}");
    }
    let mails = sink.mails();
    assert_eq!((mails.len(), ntfy.messages().len()), (2, 2));
    assert!(mails[0].contains(&format!("source {}\r\n", file.display())), "{}", mails[0]);
    assert!(mails[0].contains("\"$LLAMA_API_KEY\"\r\n"), "{}", mails[0]);
    let all = mails.concat() + &format!("{:?}", ntfy.messages());
    assert!(!all.contains(KEY), "{all}");
}

// ---- templates ---------------------------------------------------------------------------

#[test]
fn a_template_of_the_users_own_is_used_and_a_broken_one_is_told_and_replaced() {
    let mut sandbox = sandbox();
    let sink = SmtpSink::start(&sandbox);
    smtp(&mut sandbox, &sink, "security: none");
    let templates = "home/.config/llamactl/templates";
    let title = sandbox.write(format!("{templates}/events/ready.hbs"), "{{name}} is up\n");
    let broken = sandbox.write(format!("{templates}/mail.txt.hbs"), "Hello\n{{nmae}}\n");
    sandbox.write(format!("{templates}/events/redy.hbs"), "never used");
    let args = [&READY[..], &["--email", "alice@example.test"]].concat();
    let output = sandbox.llamactl(&args).output().unwrap();
    crate::common::assert_ok(&args, &output);
    let mail = &sink.mails()[0];
    assert!(mail.contains("\nSubject: Qwen3 is up\r\n"), "{mail}");
    assert!(mail.contains("HOW TO CONNECT\r\n"), "{mail}");
    let said = text(&output.stderr);
    assert!(said.contains(&format!("{}:2: ", broken.display())), "{said}");
    assert!(said.contains("the built-in one is used"), "{said}");
    assert!(said.contains("redy.hbs: no template has this name"), "{said}");
    assert!(!said.contains(&format!("template {}", title.display())), "{said}");
}

#[test]
fn templates_are_listed_copied_and_previewed() {
    let mut sandbox = sandbox();
    let listed = sandbox.json(&["notify", "templates", "ls", "--json"]);
    let from = |listed: &serde_json::Value, name: &str| {
        let rows = listed.as_array().unwrap();
        rows.iter().find(|row| row["name"] == name).unwrap()["file"].clone()
    };
    assert_eq!(from(&listed, "events/ready.hbs"), serde_json::Value::Null);
    sandbox.ok(&["notify", "templates", "init", "events/ready.hbs", "channels/slack.yaml"]);
    let file = sandbox.path("home/.config/llamactl/templates/events/ready.hbs");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("Llama Server Ready", "Here it is")).unwrap();
    // A second time nothing is overwritten.
    sandbox.ok(&["notify", "templates", "init"]);
    let listed = sandbox.json(&["notify", "templates", "ls", "--json"]);
    assert_eq!(from(&listed, "events/ready.hbs"), file.to_str().unwrap());
    for channel in ["slack", "email", "ntfy"] {
        let shown = sandbox.ok(&["notify", "preview", "--event", "ready", "--channel", channel]);
        assert!(shown.contains("Here it is - Job 4711"), "{shown}");
    }
    let unknown = sandbox.llamactl(&["notify", "templates", "init", "x.hbs"]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(2));
    sandbox.unset("DISPLAY");
    let page = sandbox.ok(&["notify", "preview", "--channel", "email", "--html"]);
    let page = std::fs::read_to_string(page.trim()).unwrap();
    assert!(page.contains("<pre") && page.contains("Here it is"), "{page}");
}

#[test]
fn a_preview_shows_no_secret_and_sends_nothing() {
    let mut sandbox = sandbox();
    let ntfy = Ntfy::start(&mut sandbox);
    let secret = "slack://hooks.slack.com/services/T1/B2/hunter2hunter2";
    let file = sandbox.write("home/slack", secret);
    mode(&file, 0o600);
    let target = format!("slack://?file={}", file.display());
    let to =
        ["--notify", &target, "--notify", "telegram://12345:hunter2hunter2@api.telegram.org/7"];
    let shown = sandbox.ok(&[&["notify", "preview", "--event", "failed"], &to[..]].concat());
    assert!(shown.contains("Llama Server Failed") && !shown.contains("hunter2"), "{shown}");
    assert!(ntfy.messages().is_empty());
}

#[test]
fn every_channel_is_listed_with_an_example_that_can_be_previewed() {
    let sandbox = sandbox();
    let channels = sandbox.json(&["notify", "channels", "--json"]);
    let channels = channels.as_array().unwrap();
    assert!(channels.len() >= 16, "{channels:?}");
    for channel in channels.iter().filter(|channel| channel["name"] != "plugin") {
        let example = channel["example"].as_str().unwrap();
        sandbox.ok(&["notify", "preview", "--notify", example]);
    }
}

#[test]
fn a_topic_that_nobody_guesses_is_made_once_kept_and_shown_as_a_code() {
    let mut sandbox = sandbox();
    let ntfy = Ntfy::start(&mut sandbox);
    sandbox.unset("NTFY_TOPIC");
    sandbox.unset("NTFY_SERVER");
    settings(&mut sandbox, &format!("notify: {{ ntfy_server: '{}' }}\n", ntfy.url()));
    let topic = |sandbox: &Sandbox| sandbox.json(&["notify", "topic", "--json"])["topic"].clone();
    let made = topic(&sandbox);
    assert_eq!(made.as_str().unwrap().len(), "llama-".len() + 32);
    assert_eq!(topic(&sandbox), made);
    let kept = sandbox.path("home/.config/llamactl/ntfy-topic");
    assert_eq!(std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    let shown = sandbox.ok(&["notify", "topic"]);
    assert!(shown.contains(&format!("{}/{}", ntfy.url(), made.as_str().unwrap())), "{shown}");
    assert!(shown.contains("▄▄▄▄▄"), "{shown}");
    // A flag without a topic takes it.
    sandbox.ok(&[&READY[..], &["--ntfy-topic"]].concat());
    let url = format!("{}/{}/json?poll=1", ntfy.url(), made.as_str().unwrap());
    assert!(crate::common::http::get_text(&url).unwrap().1.contains("Llama Server Ready"));
    let renewed = sandbox.json(&["notify", "topic", "--renew", "--json"])["topic"].clone();
    assert_ne!(renewed, made);
}

#[test]
fn a_test_proves_every_channel_or_the_one_that_is_named() {
    let mut sandbox = sandbox();
    let ntfy = Ntfy::start(&mut sandbox);
    let sink = SmtpSink::start(&sandbox);
    smtp(&mut sandbox, &sink, "security: none");
    sandbox.set("NOTIFY_EMAIL", "alice@example.test");
    let said = sandbox.ok(&["notify", "test"]);
    assert_eq!(said, "email: sent to alice@example.test\nntfy: sent to ntfy://ll…\n");
    assert_eq!((sink.mails().len(), ntfy.messages().len()), (1, 1));
    sandbox.ok(&["notify", "test", "--channel", "ntfy", "--event", "failed"]);
    assert_eq!((sink.mails().len(), ntfy.messages().len()), (1, 2));
    let none = sandbox.llamactl(&["notify", "test", "--channel", "slack"]).output().unwrap();
    assert_eq!(none.status.code(), Some(2));
    assert!(text(&none.stderr).contains("no target of the channel `slack`"), "{none:?}");
    let nobody = ["notify", "test", "--notify", "slack://127.0.0.1:1/services/a/b/hunter2"];
    let failed = sandbox.llamactl(&nobody).env("NTFY_TOPIC", "none").output().unwrap();
    assert_eq!(failed.status.code(), Some(1));
    let said = text(&failed.stdout) + &text(&failed.stderr);
    assert!(said.contains("slack: not sent to slack://…: ") && !said.contains("hunter2"), "{said}");
}

#[test]
fn a_job_script_holds_no_secret_of_a_target() {
    let sandbox = sandbox();
    let model = sandbox.write("m.gguf", "GGUF");
    let target = "slack://hooks.slack.com/services/T/B/hunter2";
    let args = ["submit", "--model", model.to_str().unwrap(), "--notify", target, "--dry-run"];
    let script = sandbox.ok(&args);
    assert!(!script.contains("hunter2"), "{script}");
    assert!(script.contains("slack://?file=/"), "{script}");
    let folder = sandbox.path("home/.local/state/llamactl/targets");
    assert!(!folder.exists(), "a dry run writes nothing");
}
