//! `llamactl notify` and the library behind it, against a real ntfy server, a real SMTP
//! conversation and real mail programs. Stubs stand only where a fault is wanted.

mod common;

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::Output;
use std::time::{Duration, Instant};

use common::http::service;
use common::services::{Ntfy, SmtpSink};
use common::{Sandbox, mode, text, tool, wait_until};
use llamactl::config::settings::{Smtp, SmtpSecurity};
use llamactl::config::spec::NotifySpec;
use llamactl::notify::post::{self, Post};
use llamactl::notify::{Delivery, Kind, Notice};

const READY: [&str; 9] = [
    "notify",
    "--event",
    "ready",
    "--model",
    "/models/Qwen3.gguf",
    "--host",
    "gpu-05",
    "--port",
    "52677",
];

// ---- push --------------------------------------------------------------------------------

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
    common::assert_ok(&args, &output);
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

// ---- mail --------------------------------------------------------------------------------

#[test]
fn a_mail_goes_by_smtp_and_says_how_to_connect() {
    let mut sandbox = sandbox();
    let sink = SmtpSink::start(&sandbox);
    smtp(&mut sandbox, &sink, "security: none");
    sandbox.set("SLURM_JOB_ID", "4711");
    sandbox.set("SLURM_JOB_PARTITION", "gpu");
    sandbox.set("LLAMACTL_SSH_VIA", "alice@login.example.org");
    let registry = ["--registry", "http://login1:5000", "--email", "alice@example.test"];
    let said = sandbox.ok(&[&READY[..], &registry].concat());
    assert_eq!(said, "email: sent to alice@example.test\n");
    let mails = sink.mails();
    assert_eq!(mails.len(), 1);
    let mail = &mails[0];
    for part in [
        "X-Envelope-To: alice@example.test\r\n",
        "\nTo: alice@example.test\r\n",
        "\nSubject: Llama Server Ready - Job 4711\r\n",
        "\nAuto-Submitted: auto-generated\r\n",
        "SERVER DETAILS\r\n",
        "Job:      4711\r\n",
        "Model:    Qwen3.gguf\r\n",
        "Host:     gpu-05\r\n",
        "Port:     52677\r\n",
        "HOW TO CONNECT\r\n",
        "llamactl connect Qwen3 -- claude\r\n",
        "export ANTHROPIC_BASE_URL=http://gpu-05:52677\r\n",
        "export OPENAI_BASE_URL=http://gpu-05:52677/v1\r\n",
        "ssh -L 52677:gpu-05:52677 alice@login.example.org\r\n",
        "Dashboard: http://login1:5000/\r\n",
        "MONITORING AND MANAGEMENT\r\n",
        "squeue -j 4711",
        "llamactl logs -f 4711",
        "scancel 4711",
    ] {
        assert!(mail.contains(part), "{part:?} is missing in\n{mail}");
    }
}

#[test]
fn a_failure_is_mailed_with_the_end_of_the_log() {
    let mut sandbox = sandbox();
    let sink = SmtpSink::start(&sandbox);
    smtp(&mut sandbox, &sink, "security: none");
    let lines: String = (0..500).map(|n| format!("line {n}\x1b[0m\n")).collect();
    let log = sandbox.write("work/server.log", lines);
    let args = ["notify", "--event", "failed", "--model", "tiny", "--job", "12"];
    let why = ["--reason", "bad GGUF", "--log", "server.log", "--email", "alice@example.test"];
    sandbox.ok(&[&args[..], &why].concat());
    let mail = &sink.mails()[0];
    assert!(mail.contains("\nSubject: Llama Server Failed - Job 12\r\n"), "{mail}");
    assert!(mail.contains("bad GGUF\r\n"), "{mail}");
    assert!(mail.contains("  line 499") && !mail.contains("line 400"), "{mail}");
    assert!(mail.contains(&format!("Log file: {}\r\n", log.display())), "{mail}");
    assert!(!mail.contains('\x1b'), "{mail}");
}

#[test]
fn smtp_logs_in_and_a_wrong_password_is_not_tried_again() {
    let mut sandbox = sandbox();
    let sink = SmtpSink::start_with(&sandbox, &["--user", "me", "--password", "hunter2"]);
    let password = sandbox.write("password", "wrong\n");
    mode(&password, 0o600);
    smtp(&mut sandbox, &sink, "security: none, username: me, password_file: password");
    let args = [&READY[..], &["--email", "alice@example.test", "--json"]].concat();
    let output = sandbox.llamactl(&args).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let deliveries: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(deliveries[0]["attempts"], 1);
    assert!(deliveries[0]["error"].as_str().unwrap().contains("535"), "{deliveries}");
    assert!(sink.mails().is_empty());

    sandbox.write("password", "hunter2\n");
    sandbox.ok(&args);
    assert_eq!(sink.mails().len(), 1);
}

#[test]
fn starttls_and_tls_check_the_certificate() {
    let mut sandbox = sandbox();
    let (cert, key) = certificate(&sandbox);
    for (security, more) in [("starttls", &[][..]), ("tls", &["--implicit-tls"][..])] {
        let args = [&["--cert", &cert, "--key", &key][..], more].concat();
        let sink = SmtpSink::start_with(&sandbox, &args);
        let before = sink.mails().len();
        smtp(&mut sandbox, &sink, &format!("security: {security}"));
        let args = [&READY[..], &["--email", "alice@example.test", "--json"]].concat();
        let output = sandbox.llamactl(&args).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{security}: {output:?}");
        let deliveries: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(deliveries[0]["attempts"], 1, "{deliveries}");
        let error = deliveries[0]["error"].as_str().unwrap();
        assert!(error.contains("SSL_CERT_FILE"), "{deliveries}");
        assert_eq!(sink.mails().len(), before);

        let mut trusting = sandbox.llamactl(&args);
        let output = trusting.env("SSL_CERT_FILE", &cert).output().unwrap();
        common::assert_ok(&args, &output);
        assert_eq!(sink.mails().len(), before + 1);
    }
}

#[test]
fn smtp_without_the_starttls_that_was_asked_for_sends_nothing() {
    let mut sandbox = sandbox();
    let sink = SmtpSink::start(&sandbox);
    smtp(&mut sandbox, &sink, "security: starttls");
    let args = [&READY[..], &["--email", "alice@example.test"]].concat();
    let output = sandbox.llamactl(&args).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("STARTTLS"), "{output:?}");
    assert!(sink.mails().is_empty());
}

#[test]
fn a_mail_that_the_server_defers_is_sent_again() {
    let mut sandbox = sandbox();
    let sink = SmtpSink::start_with(&sandbox, &["--defer", "2"]);
    smtp(&mut sandbox, &sink, "security: none");
    let said = sandbox.ok(&[&READY[..], &["--email", "alice@example.test"]].concat());
    assert_eq!(said, "email: sent to alice@example.test (3 tries)\n");
    assert_eq!(sink.mails().len(), 1);
}

#[test]
fn without_smtp_the_real_sendmail_delivers() {
    let mut sandbox = sandbox();
    let sink = SmtpSink::start(&sandbox);
    let account = format!("account default\nhost 127.0.0.1\nport {}\nfrom me@n1.test\n", sink.port);
    mode(&sandbox.write("home/.msmtprc", account), 0o600);
    sandbox.set("PATH", "/usr/sbin:/usr/bin:/bin");
    sandbox.set("SLURM_JOB_ID", "4711");
    sandbox.ok(&[&READY[..], &["--email", "alice@example.test"]].concat());
    let mail = wait_until("the mail", Duration::from_secs(10), || sink.mails().pop());
    assert!(mail.contains("X-Envelope-To: alice@example.test\r\n"), "{mail}");
    assert!(mail.contains("\nSubject: Llama Server Ready - Job 4711\r\n"), "{mail}");
    assert!(mail.contains("HOW TO CONNECT\r\n"), "{mail}");
}

#[test]
fn a_sendmail_that_is_not_set_up_is_an_error_and_not_tried_again() {
    let mut sandbox = sandbox();
    sandbox.set("PATH", "/usr/sbin:/usr/bin:/bin");
    let args = [&READY[..], &["--email", "alice@example.test"]].concat();
    let output = sandbox.llamactl(&args).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stdout);
    assert!(said.starts_with("email: not sent to alice@example.test: /usr/sbin/sendmail: "));
    assert!(!text(&output.stderr).contains("not delivered yet"), "{output:?}");
}

// ---- hostile values ----------------------------------------------------------------------

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
        common::assert_ok(&args, &output);
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
    common::assert_ok(&args, &output);
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
    assert!(common::http::get_text(&url).unwrap().1.contains("Llama Server Ready"));
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

// ---- retries -----------------------------------------------------------------------------

#[tokio::test]
async fn a_push_is_tried_again_as_the_server_asks_until_it_is_taken() {
    let (url, asked) = service(&[
        "429 Too Many Requests\r\nRetry-After: 1",
        "500 Internal Server Error",
        "200 OK",
    ]);
    let start = Instant::now();
    let deliveries = deliver(&push(&url), &notice(), Duration::from_secs(30)).await;
    assert_eq!((deliveries[0].attempts, &deliveries[0].error), (3, &None), "{deliveries:?}");
    // One second as asked, then the second wait of the series: 1 s, spread by a fifth.
    assert!(start.elapsed() >= Duration::from_millis(1_800), "{:?}", start.elapsed());
    let bodies: Vec<String> = asked.try_iter().map(|(_, body)| body).collect();
    assert_eq!(bodies.len(), 3);
    assert!(bodies[2].contains("\"topic\":\"secret-topic\""), "{}", bodies[2]);
}

#[tokio::test]
async fn what_the_server_refuses_for_good_is_not_tried_again() {
    for code in ["403", "413"] {
        let (url, _asked) = service(&[&format!("{code} No"), "200 OK"]);
        let deliveries = deliver(&push(&url), &notice(), Duration::from_secs(30)).await;
        assert_eq!(deliveries[0].attempts, 1);
        let error = deliveries[0].error.as_deref().unwrap();
        assert!(error.starts_with(code), "{error}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_but_named() {
    let moved = "301 Moved Permanently\r\nLocation: https://ntfy.example.test/";
    let (url, _asked) = service(&[moved, "200 OK"]);
    let deliveries = deliver(&push(&url), &notice(), Duration::from_secs(30)).await;
    let error = deliveries[0].error.as_deref().unwrap();
    assert!(error.contains("name the place that it points to, https://ntfy.example.test/"));
}

#[tokio::test]
async fn the_deadline_holds_on_every_channel_and_one_channel_does_not_hold_up_the_other() {
    // Accepts connections and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let mut targets = push(&format!("http://127.0.0.1:{port}"));
    targets.to.insert(0, "mailto:alice@example.test".into());
    targets.smtp = Some(Smtp {
        host: "127.0.0.1".into(),
        port: Some(port),
        security: SmtpSecurity::None,
        ..Smtp::default()
    });
    let start = Instant::now();
    let deliveries = deliver(&targets, &notice(), Duration::from_secs(2)).await;
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(1_900) && took < Duration::from_secs(3), "{took:?}");
    let channels: Vec<_> =
        deliveries.iter().map(|d| (d.channel.as_str(), d.error.is_some())).collect();
    assert_eq!(channels, [("email", true), ("ntfy", true)]);

    let (url, _asked) = service(&["200 OK"]);
    targets.ntfy_server = Some(url);
    let deliveries = deliver(&targets, &notice(), Duration::from_secs(2)).await;
    let failed: Vec<_> = deliveries.iter().map(|d| d.error.is_some()).collect();
    assert_eq!(failed, [true, false], "{deliveries:?}");
}

#[tokio::test]
async fn a_topic_is_masked_in_what_callers_log() {
    let (url, _asked) = service(&["200 OK"]);
    let deliveries = deliver(&push(&url), &notice(), Duration::from_secs(30)).await;
    let [Delivery { target, .. }] = &deliveries[..] else { panic!("{deliveries:?}") };
    assert_eq!(*target, "ntfy://se…");
}

#[tokio::test]
async fn nobody_to_tell_is_nobody_told() {
    let none = NotifySpec::default();
    assert!(deliver(&none, &notice(), Duration::from_secs(1)).await.is_empty());
}

// ---- helpers -----------------------------------------------------------------------------

async fn deliver(how: &NotifySpec, notice: &Notice, deadline: Duration) -> Vec<Delivery> {
    post::tell_now(&how.to, &Post::new(how.clone(), None), notice, deadline).await
}

/// A sandbox with no word of mail or push in its environment.
fn sandbox() -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.set("LLAMACTL_LOG", "info");
    settings(&mut sandbox, "{}\n");
    sandbox
}

fn settings(sandbox: &mut Sandbox, yaml: &str) {
    let path = sandbox.write("config.yaml", yaml);
    sandbox.set("LLAMACTL_CONFIG", path.display());
}

fn smtp(sandbox: &mut Sandbox, sink: &SmtpSink, more: &str) {
    let yaml = format!("notify: {{ smtp: {{ host: 127.0.0.1, port: {}, {more} }} }}\n", sink.port);
    settings(sandbox, &yaml);
}

/// A sendmail, first on PATH, that keeps its arguments and its input.
fn stub_sendmail(sandbox: &mut Sandbox) {
    let script = format!(
        "#!/bin/sh\nprintf '%s\\n' \"$@\" > '{0}/argv'\ncat > '{0}/stdin'\n",
        sandbox.dir().display()
    );
    mode(&sandbox.write("bin/sendmail", script), 0o755);
    let path = sandbox.var("PATH").unwrap().to_owned();
    sandbox.set("PATH", format!("{}:{path}", sandbox.path("bin").display()));
}

/// A certificate for 127.0.0.1 that only those trust who are told to.
fn certificate(sandbox: &Sandbox) -> (String, String) {
    let path = |name: &str| sandbox.path(name).to_str().unwrap().to_owned();
    let (cert, key) = (path("cert.pem"), path("key.pem"));
    let output: Output = sandbox
        .command("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"])
        .args(["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", &key, "-out", &cert])
        .output()
        .expect("openssl is missing: run `make test-tools`");
    assert!(output.status.success(), "{output:?}");
    (cert, key)
}

fn push(url: &str) -> NotifySpec {
    NotifySpec {
        to: vec!["ntfy://secret-topic".into()],
        ntfy_server: Some(url.into()),
        ..NotifySpec::default()
    }
}

fn notice() -> Notice {
    Notice {
        kind: Kind::Ready,
        name: "tiny".into(),
        model_file: "tiny.gguf".into(),
        job: "1".into(),
        host: "n1".into(),
        port: 8080,
        owner: "alice".into(),
        started: "2026-11-21T09:35:00Z".parse().ok(),
        ..Notice::default()
    }
}
