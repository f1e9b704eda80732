//! The registry looks at servers' `/health` itself.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;

use super::{SOON, Serving};
use crate::common::services::Daemon;
use crate::common::{Process, holds_for, http, tiny_model, wait_until};

/// The one server in the registry.
fn server(serving: &Serving) -> Option<Value> {
    let servers = serving.get("/api/v1/servers");
    servers.as_array()?.first().cloned()
}

fn health(serving: &Serving, ok: bool) -> Option<Value> {
    server(serving).filter(|server| server["health"]["ok"] == ok)
}

fn events(serving: &Serving, kind: &str) -> Vec<Value> {
    let all = serving.get(&format!("/api/v1/events?limit=1000&kind={kind}"));
    all.as_array().expect("a list").clone()
}

/// A small HTTP server that answers everything with `answer`, and counts.
fn answering(answer: &'static str) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            counted.fetch_add(1, Ordering::SeqCst);
            let _ = stream.read(&mut [0; 2048]);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (port, count)
}

#[test]
fn a_server_that_freezes_is_marked_and_marked_again_when_it_goes_on() {
    let serving = Serving::start(&["--probe", "300ms"]);
    let sandbox = &serving.sandbox;
    let spec = format!(
        "name: frozen\nmodel: {}\nserver: {{ context: 4096, parallel: 1, threads: 1 }}\n\
         registry: {}\n",
        tiny_model().display(),
        serving.url
    );
    let file = sandbox.write("run.yaml", spec);
    let command = sandbox.llamactl(&["run", "--spec", file.to_str().unwrap()]);
    let _run = Daemon::start(command, sandbox.path("run.log"));
    let well = wait_until("a look that is fine", SOON, || health(&serving, true));
    assert!(well["health"]["checked"].is_string());
    let llama: Process = sandbox
        .processes()
        .into_iter()
        .find(|process| process.program() == "llama-server")
        .expect("llama-server runs");

    llama.signal("STOP");
    let ill = wait_until("it is marked", SOON, || health(&serving, false));
    assert!(ill["health"]["reason"].is_string(), "{ill}");
    assert_eq!(ill["state"], "ready", "its lease goes on: {ill}");
    let listed = sandbox.ok(&["ls"]);
    assert!(listed.contains("unhealthy"), "{listed}");
    llama.signal("CONT");
    wait_until("it is back", SOON, || health(&serving, true));

    let told: Vec<_> = ["unhealthy", "recovered"].map(|kind| events(&serving, kind)).concat();
    assert_eq!(told.len(), 2, "each once: {told:?}");
    assert!(told.iter().all(|event| event["subject"] == ill["id"]), "{told:?}");
}

#[test]
fn a_server_that_redirects_is_marked_and_never_followed() {
    let (sink, reached) = answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let redirect: &'static str = Box::leak(
        format!(
            "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:{sink}/health\r\n\
             content-length: 0\r\nconnection: close\r\n\r\n"
        )
        .into_boxed_str(),
    );
    let (port, asked) = answering(redirect);
    let serving = Serving::start(&["--probe", "100ms"]);
    serving.register_old("7", port);
    let ill = wait_until("it is marked", SOON, || health(&serving, false));
    assert_eq!(ill["health"]["reason"], "/health redirects (302)");
    assert!(asked.load(Ordering::SeqCst) >= 2, "one failure is chance");
    assert_eq!(reached.load(Ordering::SeqCst), 0, "nobody follows it");
    // It is written once, however often it is seen.
    let before = asked.load(Ordering::SeqCst);
    wait_until("further looks", SOON, || {
        (asked.load(Ordering::SeqCst) >= before + 3).then_some(())
    });
    assert_eq!(events(&serving, "unhealthy").len(), 1);
    assert_eq!(reached.load(Ordering::SeqCst), 0);
}

#[test]
fn nobody_is_looked_at_where_it_is_switched_off_or_must_not_be() {
    let (port, asked) = answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    let off = Serving::start(&["--probe", "off"]);
    off.register_old("7", port);
    // A registry that others reach must not be sent to what this host keeps to itself.
    let open = Serving::start(&["--probe", "100ms", "--host", "0.0.0.0", "--auth", "none"]);
    open.register_old("7", port);
    wait_until("it is left alone", SOON, || {
        let (_, text) = http::get_text(&format!("{}/metrics", open.url))?;
        let line = "llamactl_registry_probes_total{result=\"skipped\"} ";
        let count = text.lines().find_map(|l| l.strip_prefix(line))?.parse::<u64>().ok()?;
        (count >= 3).then_some(())
    });
    holds_for("nobody asks", Duration::from_millis(300), || asked.load(Ordering::SeqCst) == 0);
    assert!(server(&off).unwrap()["health"].is_null());
    assert!(server(&open).unwrap()["health"].is_null());
}
