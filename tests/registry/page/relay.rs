//! The registry sends on what others can't, and nothing to where they may not.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

use serde_json::{Value, json};

use super::watches::{SOON, serve, settings};
use crate::common::registry::{Registry, database};
use crate::common::services::{Ntfy, SmtpSink, TOPIC};
use crate::common::{Sandbox, until, wait_until};

const PATH: &str = "/api/v1/notifications";

fn notification(id: &str, to: &[&str]) -> Value {
    let notice = json!({"kind": "ready", "name": "tiny", "model": "tiny", "owner": "mallory"});
    json!({"id": id, "notice": notice, "to": to})
}

/// A registry that asks for tokens, and those of its administrator and of ann.
async fn with_tokens(sandbox: &Sandbox) -> (Registry, String, String) {
    let command = serve(sandbox, &database(sandbox.dir()), &[]);
    let (registry, admin) = Registry::with_tokens(command, sandbox.dir());
    let wanted = json!({"owner": "ann", "scopes": ["read", "register"]});
    let (_, made) = registry.send_as(Some(&admin), "POST", "/api/v1/tokens", Some(wanted)).await;
    let ann = made["secret"].as_str().unwrap().to_owned();
    (registry, admin, ann)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_goes_out_once_and_under_the_name_of_the_tokens_owner() {
    let mut sandbox = Sandbox::new();
    let (ntfy, sink) = (Ntfy::start(&mut sandbox), SmtpSink::start(&sandbox));
    let relay = "relay: { mail_domains: [example.org] }";
    let smtp = format!("{{ host: 127.0.0.1, port: {}, security: none }}", sink.port);
    settings(&sandbox, &format!("notify: {{ smtp: {smtp}, {relay} }}\n"));
    let (registry, _, ann) = with_tokens(&sandbox).await;
    assert_eq!(registry.send("POST", PATH, Some(notification("12345678", &[]))).await.0, 401);
    let own = format!("ntfy+{}/{TOPIC}", ntfy.url());
    let to = ["mailto:ann@example.org", &own, "mailto:x@elsewhere.test", "slack://h/SECRET"];
    let body = notification("01234567-first", &to);
    let (status, taken) = registry.send_as(Some(&ann), "POST", PATH, Some(body.clone())).await;
    assert_eq!((status, &taken["accepted"]), (202, &json!(2)), "{taken}");
    let refused = taken["refused"].as_array().unwrap();
    assert_eq!((&refused[0]["index"], &refused[1]["index"]), (&json!(2), &json!(3)), "{taken}");
    assert_eq!(refused[1]["target"], "slack://…", "{taken}");
    let (again, _) = registry.send_as(Some(&ann), "POST", PATH, Some(body)).await;
    assert_eq!(again, 202);
    let mail = wait_until("a mail", SOON, || sink.mails().into_iter().next());
    wait_until("a push", SOON, || ntfy.messages().into_iter().next());
    assert!(mail.contains("X-Envelope-To: ann@example.org"), "{mail}");
    assert!(!mail.contains("mallory"), "the owner is whose token it is: {mail}");
    // Another one comes after it, and the first came once.
    let body = notification("01234567-other", &["mailto:ann@example.org"]);
    assert_eq!(registry.send_as(Some(&ann), "POST", PATH, Some(body)).await.0, 202);
    wait_until("another mail", SOON, || (sink.mails().len() == 2).then_some(()));
    assert_eq!(ntfy.messages().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_goes_to_inner_addresses_whatever_they_are_called() {
    let mut sandbox = Sandbox::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    sandbox.set("NTFY_SERVER", format!("http://127.0.0.1:{port}"));
    settings(&sandbox, "notify: { relay: { channels: [webhook] } }\n");
    let (registry, _, ann) = with_tokens(&sandbox).await;
    for (n, host) in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "[fe80::1]",
        "[fd00::1]",
        "224.0.0.1",
        "localhost",
        "localhost.",
        "x.localhost",
    ]
    .iter()
    .enumerate()
    {
        for scheme in ["webhook", "webhook+http"] {
            let target = format!("{scheme}://{host}:{port}/latest");
            let body = notification(&format!("inner-{n:04}"), &[&target]);
            let (status, refused) = registry.send_as(Some(&ann), "POST", PATH, Some(body)).await;
            assert_eq!(status, 403, "{target}: {refused}");
            assert!(refused["hint"].as_str().unwrap().contains("relay.hosts"), "{refused}");
        }
    }
    for wrong in
        ["webhook://?file=/etc/passwd", "ntfy://?env=HOME", "webhook://h/x?file=/etc/passwd", "x"]
    {
        let body = notification("01234567", &[wrong]);
        let (status, refused) = registry.send_as(Some(&ann), "POST", PATH, Some(body)).await;
        assert_eq!(status, 400, "{wrong}: {refused}");
    }
    // A name says nothing of where it leads: that is seen when it is connected.
    let hosts = std::fs::read_to_string("/etc/hosts").unwrap();
    let inner = hosts.lines().filter(|line| line.starts_with("127.") || line.starts_with("::1"));
    let names = inner.flat_map(|line| line.split_whitespace().skip(1));
    let name = names.into_iter().find(|name| !name.starts_with("localhost"));
    let name = name.expect("a further name of this host in /etc/hosts, as ip6-localhost");
    let body = notification("by-a-name", &[&format!("webhook+http://{name}:{port}/")]);
    assert_eq!(registry.send_as(Some(&ann), "POST", PATH, Some(body)).await.0, 202);
    until(SOON, || async {
        let (_, metrics) = registry.send_as(Some(&ann), "GET", "/metrics", None).await;
        let failed = r#"notifications_total{channel="webhook",result="failed"} 1"#;
        metrics.as_str().unwrap().contains(failed).then_some(())
    })
    .await;
    let none = listener.accept().unwrap_err();
    assert_eq!(none.kind(), std::io::ErrorKind::WouldBlock, "somebody connected");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_operator_lists_is_reached_and_redirects_lead_nowhere() {
    let sandbox = Sandbox::new();
    let (url, asked) = sink();
    settings(&sandbox, "notify: { relay: { channels: [webhook], hosts: ['127.0.0.0/8'] } }\n");
    let (registry, _, ann) = with_tokens(&sandbox).await;
    let target = format!("webhook+{url}/hook");
    let body = notification("to-a-listed-host", &[&target]);
    let (status, taken) = registry.send_as(Some(&ann), "POST", PATH, Some(body)).await;
    assert_eq!(status, 202, "{taken}");
    let first = asked.recv_timeout(SOON).expect("a request");
    assert!(first.starts_with("POST /hook"), "{first}");
    until(SOON, || async {
        let (_, metrics) = registry.send_as(Some(&ann), "GET", "/metrics", None).await;
        let failed = r#"notifications_total{channel="webhook",result="failed"} 1"#;
        metrics.as_str().unwrap().contains(failed).then_some(())
    })
    .await;
    assert!(asked.try_recv().is_err(), "the redirect was followed");
}

#[tokio::test]
async fn wrong_notifications_are_refused_with_a_reason() {
    let mut sandbox = Sandbox::new();
    sandbox.set("NTFY_SERVER", "http://127.0.0.1:1");
    let registry = Registry::spawn(serve(&sandbox, &database(sandbox.dir()), &[]));
    let many: Vec<&str> = vec!["ntfy://x"; 17];
    for (wrong, status) in [
        (notification("short", &["ntfy://x"]), 400),
        (notification("with spaces in it", &["ntfy://x"]), 400),
        (notification("01234567", &[]), 400),
        (notification("01234567", &many), 400),
        (notification("01234567", &["mailto:a@b.c"]), 422),
        (json!({"id": "01234567", "to": ["ntfy://x"]}), 400),
        (json!({"id": "01234567", "notice": {"kind": "soon"}, "to": ["ntfy://x"]}), 400),
        (
            json!({"id": "01234567", "notice": {"reason": "x".repeat(100_000)}, "to": ["ntfy://x"]}),
            400,
        ),
    ] {
        let (got, refused) = registry.send("POST", PATH, Some(wrong.clone())).await;
        assert_eq!(got, status, "{refused}");
    }
    let fine = notification("01234567", &["ntfy://x"]);
    assert_eq!(registry.send("POST", PATH, Some(fine)).await.0, 202);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_whom_no_token_proves_is_marked() {
    let sandbox = Sandbox::new();
    let sink = SmtpSink::start(&sandbox);
    let smtp = format!("{{ host: 127.0.0.1, port: {}, security: none }}", sink.port);
    settings(&sandbox, &format!("notify: {{ smtp: {smtp} }}\n"));
    let registry = Registry::spawn(serve(&sandbox, &database(sandbox.dir()), &[]));
    let body = notification("01234567", &["mailto:ann@example.org"]);
    assert_eq!(registry.send("POST", PATH, Some(body)).await.0, 202);
    let mail = wait_until("a mail", SOON, || sink.mails().into_iter().next());
    assert!(mail.contains("mallory (not verified)"), "{mail}");
}

/// Answers each request with a redirect to itself, and tells what it was asked.
fn sink() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (tell, told) = channel();
    let to = url.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut buffer = vec![0; 65_536];
            let read = stream.read(&mut buffer).unwrap();
            let answer = format!(
                "HTTP/1.1 307 Go\r\nLocation: {to}/other\r\nContent-Length: 0\r\n\
                 Connection: close\r\n\r\n"
            );
            let _ = stream.write_all(answer.as_bytes());
            let _ = tell.send(String::from_utf8_lossy(&buffer[..read]).into_owned());
        }
    });
    (url, told)
}
