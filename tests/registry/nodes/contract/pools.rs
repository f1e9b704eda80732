//! Contract 3.

use super::*;

fn registration() -> Value {
    json!({"node_id": "gpu-node-1", "machine_id": "machine-alpha",
        "address": "http://192.168.1.100:9200", "pools": ["pool-0", "pool-1"],
        "capabilities": {"gpu_count": 2, "total_vram_mb": 48000, "cuda_version": "12.1"}})
}

#[tokio::test]
async fn its_clients_register_beat_with_pools_and_say_goodbye() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let next = post(&registry, "/v2/nodes/register", registration()).await;
    assert_eq!(next["success"], true);
    let beat = json!({"timestamp": "2025-10-01T00:00:00Z", "pools": [
        {"pool_id": "pool-0", "ready": true, "slots_free": 4, "model": "qwen"},
        {"pool_id": "pool-1", "ready": false, "slots_free": 0}]});
    let path = "/v2/nodes/gpu-node-1/heartbeat";
    let next = post(&registry, path, beat).await;
    assert_eq!(next["success"], true);
    let after = next["next_heartbeat_ms"].as_u64().expect("a number");
    assert!((9_000..=11_000).contains(&after), "{after}");

    let node = get(&registry, "/v2/nodes/gpu-node-1").await;
    assert_eq!(node["pools"], json!(["pool-0", "pool-1"]));
    let pool = &node["pool_status"][0];
    assert_eq!((&pool["slots_free"], &pool["model"]), (&json!(4), &json!("qwen")));
    assert_eq!((&node["ready"], &node["machine_id"]), (&json!(true), &json!("machine-alpha")));
    assert_eq!(node["capabilities"]["total_vram_mb"], 48000);
    assert_eq!(get(&registry, "/v2/nodes").await.as_array().map(Vec::len), Some(1));

    // Registering again keeps what is known of the pools.
    post(&registry, "/v2/nodes/register", registration()).await;
    assert_eq!(get(&registry, "/v2/nodes/gpu-node-1").await["ready"], true);

    let gone = ok(&registry, "DELETE", "/v2/nodes/gpu-node-1", None).await;
    assert_eq!(gone["success"], true);
    assert_eq!(
        refused(&registry, "POST", path, Some(json!({}))).await,
        404,
        "so it registers anew"
    );
    assert_eq!(refused(&registry, "DELETE", "/v2/nodes/gpu-node-1", None).await, 404);
}

#[tokio::test]
async fn what_is_wrong_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let with = |key: &str, value: Value| {
        let mut body = registration();
        body[key] = value;
        body
    };
    for body in [
        json!({}),
        with("node_id", json!("")),
        with("node_id", json!("../x")),
        with("pools", json!(vec!["p"; 200])),
        with("pools", json!(["a\u{1b}[2J"])),
        with("capabilities", json!({"gpu_count": "many"})),
        with("address", json!("x".repeat(5000))),
    ] {
        let status = refused(&registry, "POST", "/v2/nodes/register", Some(body.clone())).await;
        assert_eq!(status, 400, "{body}");
    }
    post(&registry, "/v2/nodes/register", registration()).await;
    let beat = json!({"pools": [{"pool_id": "p", "slots_free": -1}]});
    let path = "/v2/nodes/gpu-node-1/heartbeat";
    assert_eq!(refused(&registry, "POST", path, Some(beat)).await, 400);
}
