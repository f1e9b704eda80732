//! One node, many formats: what one tells is right in the others, and who may tell it.

use super::*;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

#[tokio::test]
async fn a_node_registered_through_one_format_is_right_in_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    // The same host speaks all three, one after the other.
    let two = json!({"hostname": "gpu-1", "ip": "10.1.0.1", "role": "inference",
        "labels": ["fast"], "metadata": {"rack": 7}});
    let id = post(&registry, "/api/v1/nodes/register", two).await["node_id"].clone();
    assert_eq!(id, "gpu-1", "the host's name, by which the others know it too");
    let three = json!({"node_id": "gpu-1", "machine_id": "m1", "address": "http://10.1.0.1:9200",
        "pools": ["p"], "capabilities": {"gpu_count": 2, "total_vram_mb": 49152}});
    post(&registry, "/v2/nodes/register", three).await;
    let four = json!({"name": "gpu-1", "role": "inference", "vpn_ip": "10.8.0.1",
        "public_ip": "dynamic", "capabilities": {"gpu_type": "A100"}, "metadata": {"os": "debian"}});
    post(&registry, "/nodes/register", four).await;

    let list = get(&registry, "/api/v1/nodes").await;
    assert_eq!(list.as_array().map(Vec::len), Some(1), "{list}");
    let node = &list[0];
    assert_eq!((&node["ip"], &node["labels"]), (&json!("10.1.0.1"), &json!(["fast"])));
    assert_eq!(node["metadata"], json!({"rack": 7, "os": "debian"}));
    assert_eq!((&node["machine_id"], &node["vpn_ip"]), (&json!("m1"), &json!("10.8.0.1")));
    let pools = get(&registry, "/v2/nodes/gpu-1").await;
    assert_eq!(pools["capabilities"]["gpu_type"], "A100");
    assert_eq!(pools["pools"], json!(["p"]));
    let map = get(&registry, "/nodes/gpu-1").await;
    assert_eq!(map["capabilities"]["gpu_memory"], 48.0);
    assert_eq!((&map["capabilities"]["gpu"], &map["role"]), (&json!(true), &json!("inference")));
    let stats = get(&registry, "/stats").await;
    assert_eq!((&stats["total_gpus"], &stats["total_vram_gb"]), (&json!(2), &json!(48.0)));
    // A beat in any of them is one in all.
    post(&registry, "/v2/nodes/gpu-1/heartbeat", json!({"pools": []})).await;
    let seen = get(&registry, "/nodes/gpu-1").await["last_seen"].clone();
    assert_eq!(get(&registry, "/api/v1/nodes/gpu-1").await["last_heartbeat"], seen);
}

#[tokio::test]
async fn maintenance_and_draining_have_a_word_in_every_format() {
    let dir = tempfile::tempdir().unwrap();
    let mut registry = Registry::start(dir.path(), &[]);
    post(&registry, "/api/v1/nodes/register", host("n1", "compute")).await;
    let pools = json!({"pools": [{"pool_id": "p", "ready": true, "slots_free": 1}]});
    post(&registry, "/v2/nodes/n1/heartbeat", pools).await;
    let path = "/api/v1/nodes/n1/maintenance";
    let body = json!({"on": true, "reason": "a new fan"});
    let node = ok(&registry, "PUT", path, Some(body)).await;
    assert_eq!((&node["state"], &node["status"]), (&json!("maintenance"), &json!("maintenance")));
    assert_eq!(node["maintenance_reason"], "a new fan");
    // It is the operator's word: the node does not take it back.
    let beat = json!({"node_id": "n1", "status": "online", "metrics": {}});
    let reply = post(&registry, "/api/v1/nodes/heartbeat", beat).await;
    assert_eq!(reply["status"], "maintenance");
    assert_eq!(get(&registry, "/v2/nodes/n1").await["ready"], false);
    assert_eq!(get(&registry, "/nodes/n1").await["status"], "active", "it beats");
    registry.kill();
    let registry = Registry::start(dir.path(), &[]);
    assert_eq!(get(&registry, "/api/v1/nodes/n1").await["state"], "maintenance", "kept");
    let node = ok(&registry, "PUT", path, Some(json!({"on": false}))).await;
    assert_eq!((&node["state"], node.get("maintenance_reason")), (&json!("online"), None));
    assert_eq!(get(&registry, "/v2/nodes/n1").await["ready"], true);

    for (word, state, status) in [
        ("draining", "draining", "maintenance"),
        ("degraded", "warning", "degraded"),
        ("offline", "offline", "offline"),
        ("online", "online", "online"),
    ] {
        let beat = json!({"node_id": "n1", "status": word});
        let reply = post(&registry, "/api/v1/nodes/heartbeat", beat).await;
        assert_eq!(reply["status"], status);
        assert_eq!(get(&registry, "/api/v1/nodes/n1").await["state"], state);
    }
    let beat = json!({"node_id": "n1", "status": "happy"});
    assert_eq!(refused(&registry, "POST", "/api/v1/nodes/heartbeat", Some(beat)).await, 400);
}

#[tokio::test]
async fn a_lease_keeps_others_out_and_a_stale_one_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let register = ("POST", "/api/v1/nodes/register");
    let secret = ("llamactl-lease-secret", SECRET);
    let (status, reply) = with_header(&registry, register, secret, Some(host("n1", "x"))).await;
    assert_eq!((status, &reply["lease"]["secret"]), (200, &json!(SECRET)));
    let generation = reply["lease"]["generation"].as_u64().expect("a generation");
    let (_, again) = with_header(&registry, register, secret, Some(host("n1", "x"))).await;
    assert_eq!(again["lease"]["generation"], generation, "the same, when its answer was lost");

    let beat = json!({"node_id": "n1", "metrics": {"load": 1}});
    let beat_path = "/api/v1/nodes/heartbeat";
    assert_eq!(refused(&registry, "POST", beat_path, Some(beat.clone())).await, 409);
    assert_eq!(refused(&registry, "POST", "/nodes/n1/heartbeat", None).await, 409);
    let taken = Some(host("n1", "stolen"));
    assert_eq!(refused(&registry, "POST", "/api/v1/nodes/register", taken).await, 409);
    assert_eq!(refused(&registry, "DELETE", "/v2/nodes/n1", None).await, 409);
    let change = Some(json!({"role": "stolen"}));
    assert_eq!(refused(&registry, "PATCH", "/api/v1/nodes/n1", change.clone()).await, 409);
    let stale = format!("{}:{SECRET}", generation - 1);
    for (route, body) in [
        (("POST", beat_path), Some(beat.clone())),
        (("PATCH", "/api/v1/nodes/n1"), change.clone()),
        (("DELETE", "/api/v1/nodes/n1"), None),
    ] {
        let (status, _) = with_header(&registry, route, ("llamactl-lease", &stale), body).await;
        assert_eq!(status, 409, "{route:?}");
    }
    let node = get(&registry, "/api/v1/nodes/n1").await;
    assert_eq!((&node["role"], &node["metrics"]), (&json!("x"), &json!({})), "nothing changed");

    let lease = format!("{generation}:{SECRET}");
    let lease = ("llamactl-lease", lease.as_str());
    let (status, _) = with_header(&registry, ("POST", beat_path), lease, Some(beat)).await;
    assert_eq!(status, 200);
    let (status, node) = with_header(&registry, ("PATCH", "/api/v1/nodes/n1"), lease, change).await;
    assert_eq!((status, &node["role"]), (200, &json!("stolen")));
    // Who says goodbye lets go: then anybody may take over, and the old lease is worth nothing.
    let bye = json!({"node_id": "n1", "status": "offline"});
    with_header(&registry, ("POST", beat_path), lease, Some(bye)).await;
    post(&registry, "/api/v1/nodes/register", host("n1", "new")).await;
    let late = json!({"node_id": "n1", "status": "online"});
    let (status, _) = with_header(&registry, ("POST", beat_path), lease, Some(late)).await;
    assert_eq!(status, 409);
    let (status, _) = with_header(&registry, ("DELETE", "/api/v1/nodes/n1"), lease, None).await;
    assert_eq!(status, 409);
    assert_eq!(get(&registry, "/api/v1/nodes/n1").await["role"], "new");
}

#[tokio::test]
async fn nodes_survive_a_crash_and_none_is_given_up_early() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["--node-warning-after", "2s", "--node-offline-after", "4s"];
    let mut registry = Registry::start(dir.path(), &args);
    post(&registry, "/api/v1/nodes/register", host("n1", "x")).await;
    registry.kill();
    let registry = Registry::start(dir.path(), &args);
    let started = std::time::Instant::now();
    let within = std::time::Duration::from_secs(10);
    crate::common::until(within, async || {
        let node = get(&registry, "/api/v1/nodes/n1").await;
        (node["state"] == "warning").then_some(())
    })
    .await;
    // It may have begun to count a little before it told its URL.
    assert!(started.elapsed().as_millis() > 1500, "{:?}", started.elapsed());
}

#[tokio::test]
async fn hostile_values_are_refused_in_every_format() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    for (key, value) in [
        ("hostname", json!("")),
        ("hostname", json!("a b")),
        ("hostname", json!("-oProxyCommand=x")),
        ("hostname", json!("a\u{7}")),
        ("role", json!("../admin")),
        ("ip", json!("evil.example/#")),
        ("ip", json!("user@evil")),
        ("labels", json!(["ok", "a\nb"])),
        ("labels", json!(vec!["x"; 500])),
        ("labels", json!("gpu")),
        ("metadata", json!({"k": "v".repeat(20_000)})),
        ("metadata", json!([])),
        ("node_id", json!("heartbeat")),
        ("name", json!("a/b")),
    ] {
        let mut body = host("n1", "x");
        body[key] = value;
        let path = "/api/v1/nodes/register";
        assert_eq!(refused(&registry, "POST", path, Some(body.clone())).await, 400, "{body}");
    }
    for name in ["", "..", "a b", "<script>/", "a%2fb"] {
        let body = json!({"name": name, "role": "x"});
        assert_eq!(refused(&registry, "POST", "/nodes/register", Some(body)).await, 400, "{name}");
    }
    assert_eq!(get(&registry, "/api/v1/nodes").await, json!([]));
}
