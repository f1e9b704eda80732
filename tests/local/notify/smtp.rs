//! Mail by SMTP and by the node's `sendmail`, with what goes wrong on the way.

use std::process::Output;
use std::time::Duration;

use super::{READY, sandbox, smtp};
use crate::common::services::SmtpSink;
use crate::common::{Sandbox, mode, text, wait_until};

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
        crate::common::assert_ok(&args, &output);
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
