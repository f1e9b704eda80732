//! The entry in the real registry.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::http::Stream;
use crate::common::registry::Registry;
use crate::common::server::{SOON, Server, connection_file, key, slow, tiny, url};
use crate::common::{Sandbox, free_port, holds_for, http, wait_until};

fn entry(registry: &Registry) -> Option<Value> {
    registry.servers().into_iter().find(|server| server["state"] != "lost")
}

fn in_registry(url: &str) -> String {
    format!("registry: {url}\n")
}

#[track_caller]
fn wait_for_state(registry: &Registry, state: &str) -> Value {
    wait_until(&format!("state {state}"), SOON, || {
        entry(registry).filter(|server| server["state"] == state)
    })
}

#[test]
fn an_entry_follows_the_servers_life() {
    let mut sandbox = Sandbox::new();
    let registry = Registry::start_in(&mut sandbox, &["--ttl", "3s"]);
    let (mut server, connection) = Server::ready(&sandbox, &slow(&in_registry(&registry.url)));
    let ready = wait_for_state(&registry, "ready");
    assert_eq!(ready["port"], connection.port);
    assert_eq!(ready["model"]["file"], "slow.gguf");
    assert!(!ready.to_string().contains(key(&connection)), "no key in a list");
    wait_until("models and slots", SOON, || {
        entry(&registry)
            .filter(|server| server["models"][0] == "test" && server["slots"]["total"] == 2)
    });
    let stream = Stream::start(&url(&connection), key(&connection), 600);
    wait_until("a busy slot", SOON, || {
        entry(&registry).filter(|server| server["slots"]["busy"] == 1)
    });
    server.signal("TERM");
    wait_for_state(&registry, "draining");
    assert!(stream.wait(SOON).complete);
    server.wait_for_code(0);
    assert!(entry(&registry).is_none());
}

#[test]
fn a_crashed_servers_entry_goes_at_once() {
    let mut sandbox = Sandbox::new();
    let registry = Registry::start_in(&mut sandbox, &[]);
    let (mut server, _) = Server::ready(&sandbox, &tiny(&in_registry(&registry.url)));
    wait_for_state(&registry, "ready");
    crate::common::server::llama_server(&sandbox).signal("KILL");
    server.wait_for_code(137);
    assert!(entry(&registry).is_none());
}

#[test]
fn a_registry_that_is_away_delays_nothing() {
    let sandbox = Sandbox::new();
    let url = format!("http://127.0.0.1:{}", free_port());
    let (mut server, connection) = Server::ready(&sandbox, &tiny(&in_registry(&url)));
    assert_eq!(
        http::ask(&crate::common::server::url(&connection), Some(key(&connection))).unwrap().0,
        200
    );
    let asked = Instant::now();
    server.signal("TERM");
    server.wait_for_code(0);
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    assert!(server.log().contains("not in the registry"), "{}", server.log());
}

#[test]
fn a_registry_that_comes_late_is_told() {
    let mut sandbox = Sandbox::new();
    let mut registry = Registry::start_in(&mut sandbox, &["--ttl", "3s"]);
    registry.kill();
    let (_server, _) = Server::ready(&sandbox, &tiny(&in_registry(&registry.url)));
    registry.restart();
    wait_for_state(&registry, "ready");
}

#[test]
fn a_registry_that_forgot_is_told_again() {
    let mut sandbox = Sandbox::new();
    let mut registry = Registry::start_in(&mut sandbox, &["--ttl", "3s"]);
    let (server, _) = Server::ready(&sandbox, &tiny(&in_registry(&registry.url)));
    wait_for_state(&registry, "ready");
    registry.kill();
    for suffix in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(sandbox.path(format!("registry.db{suffix}")));
    }
    registry.restart();
    wait_for_state(&registry, "ready");
    server.wait_for_log("registering anew");
}

#[test]
fn a_newer_start_of_the_job_keeps_the_entry_and_the_file() {
    let mut sandbox = Sandbox::new();
    let registry = Registry::start_in(&mut sandbox, &["--ttl", "3s"]);
    let spec = tiny(&in_registry(&registry.url));
    let job = [("SLURM_JOB_ID", "77"), ("SLURM_CLUSTER_NAME", "test")];
    let mut older = Server::start_as(&sandbox, &spec, "older", &job);
    older.wait_ready();
    let first = wait_for_state(&registry, "ready");
    let newer = Server::start_as(&sandbox, &spec, "newer", &job);
    let second = wait_until("the newer start's entry", SOON, || {
        entry(&registry).filter(|server| server["id"] != first["id"] && server["state"] == "ready")
    });
    older.wait_for_log("is not registered any more");
    assert!(older.daemon.ended().is_none(), "it goes on serving");
    newer.wait_for_log("connection file");
    older.signal("TERM");
    older.wait_for_code(0);
    holds_for("the newer start's entry and file", Duration::from_secs(2), || {
        entry(&registry).is_some_and(|server| server["id"] == second["id"])
            && connection_file(&sandbox.work()).is_some()
    });
}
