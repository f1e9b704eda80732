//! Beats that change nothing but measurements: taken in memory, written together a while later.

use serde_json::{Value, json};

use super::{get, host, ok, post, refused, with_header};
use crate::common::registry::Registry;

async fn beat(registry: &Registry, load: f64) {
    let body = json!({"node_id": "gpu-1", "status": "online", "metrics": {"load": load}});
    post(registry, "/api/v1/nodes/heartbeat", body).await;
}

async fn node(registry: &Registry) -> Value {
    get(registry, "/api/v1/nodes/gpu-1").await
}

#[tokio::test]
async fn what_a_beat_measured_is_seen_at_once_and_outlives_changes_and_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    post(&registry, "/api/v1/nodes/register", host("gpu-1", "compute")).await;
    beat(&registry, 1.0).await;
    assert_eq!(node(&registry).await["metrics"]["load"], 1.0);

    // Each of these writes the whole row.
    let maintenance = "/api/v1/nodes/gpu-1/maintenance";
    ok(&registry, "PUT", maintenance, Some(json!({"on": true, "reason": "fans"}))).await;
    assert_eq!(node(&registry).await["metrics"]["load"], 1.0);
    beat(&registry, 2.0).await;
    ok(&registry, "PATCH", "/api/v1/nodes/gpu-1", Some(json!({"location": "room 1"}))).await;
    assert_eq!(node(&registry).await["metrics"]["load"], 2.0);
    beat(&registry, 3.0).await;
    post(&registry, "/api/v1/nodes/register", host("gpu-1", "compute")).await;
    assert_eq!(node(&registry).await["metrics"]["load"], 3.0);
    let degraded = json!({"node_id": "gpu-1", "status": "degraded"});
    beat(&registry, 4.0).await;
    post(&registry, "/api/v1/nodes/heartbeat", degraded).await;
    let before = node(&registry).await;
    assert_eq!((&before["metrics"]["load"], &before["location"]), (&json!(4.0), &json!("room 1")));

    // Nothing has written this one yet.
    let body = json!({"node_id": "gpu-1", "status": "degraded", "metrics": {"load": 5.0}});
    post(&registry, "/api/v1/nodes/heartbeat", body).await;
    let before = node(&registry).await;
    assert_eq!(registry.stop(), Some(0));
    let registry = Registry::start(dir.path(), &[]);
    let after = node(&registry).await;
    assert_eq!(after["metrics"]["load"], 5.0);
    assert_eq!(after["last_heartbeat"], before["last_heartbeat"]);
}

#[tokio::test]
async fn a_beat_without_the_lease_is_refused_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let register = ("POST", "/api/v1/nodes/register");
    let secret = ("llamactl-lease-secret", "0123456789abcdef0123456789abcdef");
    let leased = Some(host("gpu-1", "compute"));
    let (status, grant) = with_header(&registry, register, secret, leased.clone()).await;
    assert_eq!(status, 200, "{grant}");
    let generation = grant["lease"]["generation"].as_u64().expect("a generation");
    let at = |generation: u64| format!("{generation}:{}", secret.1);
    let path = ("POST", "/api/v1/nodes/heartbeat");
    let body = |load: f64| Some(json!({"node_id": "gpu-1", "metrics": {"load": load}}));

    let lease = at(generation);
    let (status, _) = with_header(&registry, path, ("llamactl-lease", &lease), body(1.0)).await;
    assert_eq!(status, 200);
    assert_eq!(refused(&registry, path.0, path.1, body(2.0)).await, 409, "without a lease");
    let stale = at(generation + 1);
    let (status, _) = with_header(&registry, path, ("llamactl-lease", &stale), body(3.0)).await;
    assert_eq!(status, 409, "another generation");
    let wrong = format!("{generation}:ffffffffffffffffffffffffffffffff");
    let (status, _) = with_header(&registry, path, ("llamactl-lease", &wrong), body(4.0)).await;
    assert_eq!(status, 409, "another secret");
    assert_eq!(node(&registry).await["metrics"]["load"], 1.0);
}
