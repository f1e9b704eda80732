//! Contract 4.

use super::*;

fn vengeance() -> Value {
    json!({"name": "vengeance", "role": "compute", "vpn_ip": "10.0.0.4", "public_ip": "dynamic",
        "capabilities": {"gpu": true, "gpu_count": 1, "gpu_type": "RTX 4090", "gpu_memory": 24},
        "metadata": {"os": "ubuntu", "docker_version": "24.0.7"}})
}

fn aurora() -> Value {
    json!({"name": "aurora", "role": "lead", "vpn_ip": "10.0.0.1", "public_ip": "45.32.194.172",
        "capabilities": {}, "metadata": {}})
}

#[tokio::test]
async fn its_clients_register_beat_and_see_the_map() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    post(&registry, "/nodes/register", aurora()).await;
    post(&registry, "/nodes/register", vengeance()).await;
    let (status, _) = registry.send("POST", "/nodes/vengeance/heartbeat", None).await;
    assert_eq!(status, 200, "a heartbeat without a body");

    let list = get(&registry, "/nodes").await;
    assert_eq!((&list["total"], &list["active"]), (&json!(2), &json!(2)));
    assert!(list["timestamp"].is_string());
    let node = &list["nodes"]["vengeance"];
    let expected = json!({"name": "vengeance", "role": "compute", "vpn_ip": "10.0.0.4",
        "public_ip": "dynamic", "status": "active"});
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(node[key], *value, "{key}");
    }
    assert_eq!(node["capabilities"]["gpu_type"], "RTX 4090");
    assert_eq!(node["capabilities"]["gpu_memory"], 24.0);
    assert!(node["last_seen"].is_string() && node["registered_at"].is_string());
    assert_eq!(get(&registry, "/nodes/aurora").await["capabilities"], json!({}));
    let compute = get(&registry, "/nodes?role=compute").await;
    assert_eq!(compute["nodes"].as_object().unwrap().keys().collect::<Vec<_>>(), ["vengeance"]);
    assert_eq!(refused(&registry, "GET", "/nodes/nobody", None).await, 404);
    assert_eq!(refused(&registry, "POST", "/nodes/nobody/heartbeat", Some(json!({}))).await, 404);
}

#[tokio::test]
async fn topology_and_stats_have_its_shapes() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let mut runpod = vengeance();
    runpod["name"] = json!("runpod-tx");
    runpod["capabilities"]["gpu_count"] = json!(2);
    runpod["capabilities"]["gpu_memory"] = json!(48);
    for body in [aurora(), vengeance(), runpod] {
        post(&registry, "/nodes/register", body).await;
    }
    let topology = get(&registry, "/topology").await;
    let node = &topology["nodes"][0];
    assert_eq!((&node["id"], &node["label"]), (&json!("aurora"), &json!("aurora")));
    assert_eq!((&node["role"], &node["status"]), (&json!("lead"), &json!("active")));
    assert_eq!((&node["vpn_ip"], &node["capabilities"]), (&json!("10.0.0.1"), &json!({})));
    let has = |source: &str, target: &str, kind: &str| {
        let wanted = json!({"source": source, "target": target, "type": kind});
        topology["connections"].as_array().unwrap().contains(&wanted)
    };
    assert!(has("aurora", "vengeance", "vpn_mesh") && has("aurora", "runpod-tx", "vpn_mesh"));
    assert!(has("aurora", "runpod-tx", "db_replication"));
    assert!(has("runpod-tx", "vengeance", "gpu_mesh") && has("runpod-tx", "aurora", "gpu_mesh"));
    assert!(topology["timestamp"].is_string());

    let stats = get(&registry, "/stats").await;
    assert!(stats["timestamp"].is_string() && stats.get("history").is_none(), "{stats}");
    for (key, value) in [
        ("total_nodes", json!(3)),
        ("active_nodes", json!(3)),
        ("offline_nodes", json!(0)),
        ("nodes_by_role", json!({"compute": 2, "lead": 1})),
        ("total_gpus", json!(3)),
        ("total_vram_gb", json!(72.0)),
    ] {
        assert_eq!(stats[key], value, "{key}");
    }
    let history = &get(&registry, "/stats?since=24h").await["history"];
    assert_eq!(history["nodes_registered"], 3, "{history}");
    let path = "/api/v1/history?since=1h&step=10m&what=nodes&role=compute";
    let history = get(&registry, path).await;
    assert_eq!((&history["nodes_registered"], &history["step_seconds"]), (&json!(2), &json!(600)));
    assert_eq!(history["points"].as_array().map(Vec::len), Some(7), "{history}");
    for bad in ["since=soon", "since=7d&step=1s", "what=clouds", "since=9000d"] {
        assert_eq!(refused(&registry, "GET", &format!("/api/v1/history?{bad}"), None).await, 400);
    }
}

#[tokio::test]
async fn status_goes_by_the_last_sign_of_life_and_transitions_are_events_once() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["--node-warning-after", "1s", "--node-offline-after", "2s"];
    let registry = Registry::start(dir.path(), &args);
    post(&registry, "/nodes/register", aurora()).await;
    let status = async || get(&registry, "/nodes/aurora").await["status"].clone();
    let within = std::time::Duration::from_secs(10);
    for word in ["warning", "offline"] {
        crate::common::until(within, async || (status().await == word).then_some(())).await;
    }
    let list = get(&registry, "/nodes").await;
    assert_eq!((&list["total"], &list["active"]), (&json!(1), &json!(0)));
    assert_eq!(get(&registry, "/api/v1/nodes/aurora").await["state"], "offline");
    post(&registry, "/nodes/aurora/heartbeat", json!({})).await;
    assert_eq!(status().await, "active");
    let events = get(&registry, "/api/v1/events").await;
    let of = |kind: &str| -> Vec<&str> {
        let events = events.as_array().unwrap().iter().filter(|event| event["kind"] == kind);
        events.map(|event| event["data"]["state"].as_str().unwrap()).collect()
    };
    assert_eq!(of("node-registered"), ["online"]);
    assert_eq!(of("node-state")[..3], ["warning", "offline", "online"]);
}
