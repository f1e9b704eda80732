//! Nodes on two replicas of the registry over one PostgreSQL.

use std::time::Duration;

use serde_json::{Value, json};

use crate::common::lab::Postgres;
use crate::common::registry::{Registry, serve_on};
use crate::common::until;

const SOON: Duration = Duration::from_secs(20);

async fn state(registry: &Registry, node: &str) -> Option<String> {
    let (status, node) = registry.get(&format!("/api/v1/nodes/{node}")).await;
    (status == 200).then(|| node["state"].as_str().expect("a state").to_owned())
}

async fn register(registry: &Registry, name: &str) {
    let body = json!({"hostname": name, "role": "x"});
    let (status, answer) = registry.send("POST", "/api/v1/nodes/register", Some(body)).await;
    assert_eq!(status, 200, "{answer}");
}

/// The states that a node went through, by the events.
async fn states(registry: &Registry, node: &str) -> Vec<String> {
    let (_, events) = registry.get("/api/v1/events?limit=1000").await;
    let of = |event: &&Value| event["kind"] == "node-state" && event["subject"] == node;
    let events = events.as_array().expect("events").iter().filter(of);
    events.map(|event| event["data"]["state"].as_str().expect("a state").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_sees_the_others_nodes_and_a_silent_one_is_told_of_once() {
    let postgres = Postgres::start();
    let args = ["--node-warning-after", "3s", "--node-offline-after", "6s"];
    let [a, b] = [0, 1].map(|_| Registry::spawn(serve_on(&postgres.url(), &args)));
    register(&a, "beats").await;
    register(&b, "silent").await;
    until(SOON, async || state(&b, "beats").await).await;
    until(SOON, async || state(&a, "silent").await).await;
    // One beats at one replica only, which counts at both; the other not at all.
    let beat = json!({"node_id": "beats", "metrics": {"load": 1}});
    until(SOON, async || {
        let (status, answer) = a.send("POST", "/api/v1/nodes/heartbeat", Some(beat.clone())).await;
        assert_eq!(status, 200, "{answer}");
        let both = [state(&a, "silent").await, state(&b, "silent").await];
        both.iter().all(|state| state.as_deref() == Some("offline")).then_some(())
    })
    .await;
    for registry in [&a, &b] {
        assert_eq!(state(registry, "beats").await.as_deref(), Some("online"));
        assert_eq!(states(registry, "silent").await, ["warning", "offline"], "each once");
        assert_eq!(states(registry, "beats").await, Vec::<String>::new());
    }
    let (_, there) = b.get("/api/v1/nodes/beats").await;
    assert_eq!(there["metrics"]["load"], 1, "{there}");
    let profile = Some(json!({"slots": 4}));
    assert_eq!(a.send("PUT", "/api/v1/profiles/x", profile).await.0, 200);
    assert_eq!(b.send("DELETE", "/api/v1/nodes/silent", None).await.0, 200);
    until(SOON, async || state(&a, "silent").await.is_none().then_some(())).await;
    until(SOON, async || (b.get("/api/v1/profiles/x").await.0 == 200).then_some(())).await;
    assert_eq!(a.send("DELETE", "/api/v1/profiles/x", None).await.0, 200);
    until(SOON, async || (b.get("/api/v1/profiles/x").await.0 == 404).then_some(())).await;
}
