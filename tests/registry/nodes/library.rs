//! What programs of one's own use: `NodeRegistration`, its example, and the look-ups for
//! routers, against a real registry.

#[path = "../../../examples/node_registration.rs"]
#[allow(dead_code, reason = "its main is not called")]
mod example;

use std::time::Duration;

use llamactl::lookup::{FoundNodes, Lookup};
use llamactl::node::{NodeRegistration, NodeRegistrationConfig, PoolStatus};
use serde_json::Value;

use crate::common::registry::Registry;
use crate::common::{Sandbox, http, wait_until};

const SOON: Duration = Duration::from_secs(20);

fn node(registry: &Registry, id: &str) -> Option<Value> {
    let (status, node) = http::get(&format!("{}/api/v1/nodes/{id}", registry.url))?;
    (status == 200).then_some(node)
}

#[test]
fn the_example_registers_beats_and_deregisters() {
    let mut sandbox = Sandbox::new();
    let registry = Registry::start_in(&mut sandbox, &[]);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let url = registry.url.clone();
    let running = http::runtime().spawn(async move {
        example::run(&url, "gpu-node-1", async { stopped.await.unwrap() }).await
    });
    let beaten = wait_until("a beat with its pools", SOON, || {
        node(&registry, "gpu-node-1").filter(|node| node["pools"][0]["slots_free"] == 4)
    });
    assert_eq!(beaten["capabilities"]["gpu_count"], 2);
    assert_eq!(beaten["machine_id"], "machine-alpha");
    stop.send(()).unwrap();
    http::runtime().block_on(running).unwrap().unwrap();
    assert_eq!(node(&registry, "gpu-node-1"), None);
}

#[test]
fn a_forgotten_node_registers_anew_and_one_that_is_dropped_beats_no_more() {
    let mut sandbox = Sandbox::new();
    let registry = Registry::start_in(&mut sandbox, &[]);
    let config = NodeRegistrationConfig {
        node_id: "n1".to_owned(),
        machine_id: "m1".to_owned(),
        address: "http://127.0.0.1:9200".to_owned(),
        orchestratord_url: registry.url.clone(),
        heartbeat_interval_secs: 1,
        ..NodeRegistrationConfig::default()
    };
    let ready = || vec![PoolStatus { pool_id: "p".to_owned(), ready: true, slots_free: 1 }];
    http::runtime().block_on(async {
        let registration = NodeRegistration::new(config);
        // Nobody registered it: the first beat finds that out.
        let beats = registration.spawn_heartbeat(ready);
        let there = tokio::task::spawn_blocking(move || {
            (wait_until("the node", SOON, || node(&registry, "n1")), registry)
        });
        let (_, registry) = there.await.unwrap();
        drop(registration);
        assert!(beats.await.unwrap_err().is_cancelled());
        drop(registry);
    });
}

#[test]
fn a_wrong_registry_is_a_typed_error() {
    let config = NodeRegistrationConfig {
        node_id: "n1".to_owned(),
        orchestratord_url: format!("http://127.0.0.1:{}", crate::common::free_port()),
        ..NodeRegistrationConfig::default()
    };
    let error = http::runtime().block_on(NodeRegistration::new(config).register()).unwrap_err();
    let unreachable = llamactl::node::RegistrationError::Unreachable {
        url: String::new(),
        reason: String::new(),
    };
    assert_eq!(std::mem::discriminant(&error), std::mem::discriminant(&unreachable), "{error}");
}

fn ask<F: Future<Output = Result<FoundNodes, llamactl::lookup::LookupError>>>(
    call: F,
) -> FoundNodes {
    http::runtime().block_on(call).expect("an answer")
}

fn names(answer: &FoundNodes) -> Vec<&str> {
    answer.nodes.iter().map(|node| node.info.name.as_str()).collect()
}

#[test]
fn a_router_goes_on_from_the_last_good_answer() {
    let mut sandbox = Sandbox::new();
    let mut registry = Registry::start_in(&mut sandbox, &[]);
    for (host, role, label) in
        [("a", "inference", "gpu"), ("b", "inference", "cpu"), ("c", "x", "gpu")]
    {
        let args = ["node", "register", "--hostname", host, "--role", role, "--labels", label];
        sandbox.ok(&args);
    }
    let file = sandbox.path("nodes.json");
    let fresh = Duration::from_millis(50);
    let new = || Lookup::new(&registry.url).fresh_for(fresh).keep_in(&file).retries(0);
    let lookup = new();
    let answer = ask(lookup.nodes());
    assert_eq!((names(&answer), answer.stale), (vec!["a", "b", "c"], false));
    assert_eq!(names(&ask(lookup.node("b"))), ["b"]);
    assert_eq!(names(&ask(lookup.by_role("inference"))), ["a", "b"]);
    let available = || lookup.available(Some("inference"), Some("gpu"), Some("online"));
    assert_eq!(names(&ask(available())), ["a"]);
    assert_eq!(names(&ask(lookup.available(None, None, Some("offline")))), Vec::<&str>::new());

    let url = registry.url.clone();
    registry.kill();
    let stale = wait_until("an old answer", SOON, || Some(ask(available())).filter(|a| a.stale));
    assert_eq!(names(&stale), ["a"]);
    assert!(stale.age >= fresh);
    // A router that starts now has what the other one kept.
    let restarted = Lookup::new(&url).keep_in(&file).retries(0);
    let kept = ask(restarted.by_role("x"));
    assert!(kept.stale && names(&kept) == ["c"] && kept.age > Duration::ZERO);
    let unknown = http::runtime().block_on(Lookup::new(&url).retries(0).nodes()).unwrap_err();
    assert!(unknown.to_string().contains("no node is known"), "{unknown}");
    // What is of another registry is not used.
    let other = Lookup::new("http://127.0.0.1:9").keep_in(&file).retries(0);
    assert!(http::runtime().block_on(other.nodes()).is_err());

    registry.restart();
    let back = wait_until("a new answer", SOON, || Some(ask(available())).filter(|a| !a.stale));
    assert_eq!(names(&back), ["a"]);
}

#[test]
fn looking_in_the_background_keeps_answers_fresh() {
    let mut sandbox = Sandbox::new();
    let registry = Registry::start_in(&mut sandbox, &[]);
    let lookup = Lookup::new(&registry.url).fresh_for(Duration::from_secs(3600));
    assert_eq!(names(&ask(lookup.nodes())), Vec::<&str>::new());
    let runtime = http::runtime();
    let inside = runtime.enter();
    let refresh = lookup.spawn_refresh(Duration::from_millis(50));
    drop(inside);
    sandbox.ok(&["node", "register", "--hostname", "a", "--role", "r"]);
    wait_until("the new node", SOON, || (ask(lookup.nodes()).nodes.len() == 1).then_some(()));
    drop(lookup);
    wait_until("its end", SOON, || refresh.is_finished().then_some(()));
}
