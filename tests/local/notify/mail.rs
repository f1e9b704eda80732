//! Mail through a real mail server, as a mail program reads it: with STARTTLS, TLS and AUTH, and
//! by the node's own mail programs. Faults are in `smtp.rs`, on a sink.

use std::process::Output;

use serde_json::Value;

use crate::common::mail::{Exim, Mail};
use crate::common::{Sandbox, assert_ok, text};

const TO: &str = "alice@example.test";

const READY: [&str; 11] = [
    "notify",
    "--event",
    "ready",
    "--model",
    "/models/Qwen3.gguf",
    "--host",
    "gpu-05",
    "--port",
    "52677",
    "--job",
    "4711",
];

fn sandbox() -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.set("LLAMACTL_LOG", "info");
    sandbox
}

fn tell(sandbox: &Sandbox, args: &[&str], to: &str) -> Output {
    let to = format!("mailto:{to}");
    sandbox.llamactl(&[args, &["--notify", &to, "--json"]].concat()).output().unwrap()
}

/// Tells; it must work.
#[track_caller]
fn told(sandbox: &Sandbox, args: &[&str], to: &str) {
    assert_ok(args, &tell(sandbox, args, to));
}

/// Tells; it must be refused after one try, for a reason that has this in it.
#[track_caller]
fn refused(sandbox: &Sandbox, to: &str, reason: &str) {
    let output = tell(sandbox, &READY, to);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let deliveries: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(deliveries[0]["attempts"], 1, "{deliveries}");
    assert!(deliveries[0]["error"].as_str().unwrap().contains(reason), "{deliveries}");
}

/// What every mail must be.
#[track_caller]
fn is_sound(mail: &Mail) {
    assert_eq!(mail.defects, [""; 0], "{mail:#?}");
    assert_eq!(mail.kind, "multipart/alternative");
    let kinds: Vec<_> = mail.parts.iter().map(|(kind, _)| kind.as_str()).collect();
    // The last is the one that a mail program likes best.
    assert_eq!(kinds, ["text/plain", "text/html"]);
    for header in ["From", "To", "Subject", "Date", "Message-ID", "MIME-Version"] {
        assert!(!mail.header(header).is_empty(), "{header}: {mail:#?}");
    }
    assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
    assert_eq!(mail.all("Bcc"), [""; 0]);
    assert_eq!(mail.all("Cc"), [""; 0]);
}

#[test]
fn starttls_and_a_login_bring_a_mail_of_two_parts() {
    let (exim, mut sandbox) = (Exim::start(), sandbox());
    let login = exim.login(&sandbox);
    exim.configure(&mut sandbox, "starttls", &format!("{login}, from: llm@n1.test"));
    told(&sandbox, &READY, TO);
    let mail = &exim.mails(1)[0];
    is_sound(mail);
    // `esmtpsa`: with TLS and a login.
    assert!(mail.header("Received").contains("with esmtpsa"), "{mail:#?}");
    assert_eq!(mail.header("Envelope-to"), TO);
    assert_eq!(mail.header("Return-path"), "<llm@n1.test>");
    assert!(mail.header("From").contains("<llm@n1.test>"), "{mail:#?}");
    assert!(mail.header("Subject").contains("Llama Server Ready - Job 4711"), "{mail:#?}");
    let (plain, html) = (mail.part("text/plain"), mail.part("text/html"));
    for part in ["Qwen3.gguf", "gpu-05", "52677", "llamactl connect", "scancel 4711", "4711"] {
        assert!(plain.contains(part), "{part}: {plain}");
        assert!(html.contains(part), "{part}: {html}");
    }
    assert!(html.trim_start().to_lowercase().starts_with("<!doctype html>"), "{html}");
}

#[test]
fn tls_from_the_first_byte_works_too() {
    let (exim, mut sandbox) = (Exim::start(), sandbox());
    let login = exim.login(&sandbox);
    exim.configure(&mut sandbox, "tls", &login);
    told(&sandbox, &READY, TO);
    let mail = &exim.mails(1)[0];
    is_sound(mail);
    assert!(mail.header("Received").contains("with esmtpsa"), "{mail:#?}");
}

#[test]
fn a_certificate_of_an_unknown_authority_is_refused_and_nothing_is_sent() {
    let (exim, mut sandbox) = (Exim::start(), sandbox());
    for security in ["starttls", "tls"] {
        let login = exim.login(&sandbox);
        exim.configure(&mut sandbox, security, &login);
        sandbox.unset("SSL_CERT_FILE");
        refused(&sandbox, TO, "SSL_CERT_FILE");
    }
    assert!(exim.log("<=").is_empty());
}

#[test]
fn a_wrong_password_is_tried_once() {
    let (exim, mut sandbox) = (Exim::start(), sandbox());
    let login = exim.login(&sandbox);
    exim.configure(&mut sandbox, "starttls", &login);
    sandbox.write("smtp-password", "wrong");
    refused(&sandbox, TO, "535");
    assert_eq!(exim.log("authenticator failed").len(), 1);
    assert!(exim.log("<=").is_empty());
}

#[test]
fn whom_the_server_refuses_is_not_tried_again() {
    let (exim, mut sandbox) = (Exim::start(), sandbox());
    exim.configure(&mut sandbox, "starttls", "");
    // Without a login it takes mail for its own domain alone.
    refused(&sandbox, TO, "550");
    refused(&sandbox, "nobody@open.test", "no such mailbox here");
    told(&sandbox, &READY, "alice@open.test");
    let mail = &exim.mails(1)[0];
    // `esmtps`: with TLS, without a login.
    assert!(mail.header("Received").contains("with esmtps "), "{mail:#?}");
}

#[test]
fn mails_of_one_job_are_one_thread() {
    let (exim, mut sandbox) = (Exim::start(), sandbox());
    exim.configure(&mut sandbox, "starttls", "");
    let failed = ["notify", "--event", "failed", "--model", "x", "--job", "4711", "--reason", "r"];
    let other = ["notify", "--event", "ready", "--model", "x", "--port", "1", "--job", "4712"];
    for args in [&READY[..], &failed, &other] {
        told(&sandbox, args, "alice@open.test");
    }
    let mails = exim.mails(3);
    mails.iter().for_each(is_sound);
    let roots: Vec<_> = mails.iter().map(|mail| mail.header("References")).collect();
    assert_eq!(roots[0], roots[1]);
    assert_ne!(roots[0], roots[2]);
    for mail in &mails {
        assert_eq!(mail.header("In-Reply-To"), mail.header("References"));
        let id = mail.header("Message-ID");
        assert!(id.starts_with('<') && id.ends_with('>') && id.contains('@'), "{id}");
    }
    let mut ids: Vec<_> = mails.iter().map(|mail| mail.header("Message-ID")).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

#[test]
fn no_field_breaks_a_header_or_the_html() {
    const EVIL: &str =
        "x\r\nBcc: evil@example.test\r\n\r\n<img src=x onerror=alert(1)>\u{2028}\u{202e}y";
    let (exim, mut sandbox) = (Exim::start(), sandbox());
    exim.configure(&mut sandbox, "starttls", "");
    sandbox.set("SLURM_JOB_PARTITION", EVIL);
    sandbox.set("SLURMD_NODENAME", EVIL);
    for event in ["ready", "failed"] {
        let args = ["notify", "--event", event, "--model", EVIL, "--name", EVIL, "--job", EVIL];
        told(&sandbox, &[&args[..], &["--reason", EVIL]].concat(), "alice@open.test");
    }
    let mails = exim.mails(2);
    for mail in &mails {
        is_sound(mail);
        assert_eq!(mail.header("Envelope-to"), "alice@open.test");
        assert!(mail.header("Subject").contains("Bcc: evil@example.test"), "{mail:#?}");
        let html = mail.part("text/html");
        assert!(html.contains("&lt;img src"), "{html}");
        assert!(!html.contains("<img") && !html.contains('\u{202e}'), "{html}");
    }
}

#[test]
fn subjects_have_every_letter_and_no_end() {
    let (exim, mut sandbox) = (Exim::start(), sandbox());
    exim.configure(&mut sandbox, "starttls", "");
    // In the subject is the job, or the name where there is none.
    for name in ["Größe-模型-🦙", &"ü🦙".repeat(5_000)] {
        let args = ["notify", "--event", "ready", "--model", "m", "--port", "1", "--name", name];
        told(&sandbox, &args, "alice@open.test");
    }
    let mails = exim.mails(2);
    mails.iter().for_each(is_sound);
    assert!(mails[0].header("Subject").contains("Größe-模型-🦙"), "{:#?}", mails[0]);
    assert!(mails[0].part("text/plain").contains("Größe-模型-🦙"));
    let long = mails[1].header("Subject");
    assert!(long.contains("ü🦙ü🦙") && long.len() < 2_000, "{long}");
}

// ---- the node's own programs -----------------------------------------------------------------

#[test]
fn the_mail_servers_own_sendmail_takes_the_mail_whole() {
    let (exim, mut sandbox) = (Exim::start(), sandbox());
    let path = format!("{}:{}", exim.bin().display(), sandbox.var("PATH").unwrap());
    sandbox.set("PATH", path);
    told(&sandbox, &READY, TO);
    let mail = &exim.mails(1)[0];
    is_sound(mail);
    assert!(mail.header("Received").contains("with local"), "{mail:#?}");
    assert!(mail.part("text/html").contains("52677"), "{mail:#?}");
}

#[test]
fn debians_msmtp_takes_the_mail_whole_and_logs_in_for_us() {
    let (exim, mut sandbox) = (Exim::start(), sandbox());
    exim.behind_msmtp(&sandbox);
    sandbox.set("PATH", "/usr/sbin:/usr/bin:/bin");
    told(&sandbox, &READY, TO);
    let mail = &exim.mails(1)[0];
    is_sound(mail);
    assert!(mail.header("Received").contains("with esmtpsa"), "{mail:#?}");
    // What it refuses is told as it says it, and tried once.
    std::fs::remove_file(sandbox.path("home/.msmtprc")).unwrap();
    let output = tell(&sandbox, &READY, TO);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(text(&output.stdout).contains("sendmail"), "{output:?}");
}
