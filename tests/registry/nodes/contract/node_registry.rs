//! Contract 2.

use super::*;

#[tokio::test]
async fn its_clients_register_beat_and_look_nodes_up() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let body = json!({"hostname": "test", "ip": "192.168.1.1", "role": "test-node",
        "labels": ["test", "gpu"], "metadata": {"rack": 7}});
    let node = post(&registry, "/api/v1/nodes/register", body).await;
    let id = node["node_id"].as_str().expect("an id").to_owned();
    for (key, value) in [
        ("hostname", json!("test")),
        ("ip", json!("192.168.1.1")),
        ("role", json!("test-node")),
        ("labels", json!(["test", "gpu"])),
        ("metadata", json!({"rack": 7})),
        ("status", json!("online")),
    ] {
        assert_eq!(node[key], value, "{key}");
    }
    for time in ["last_heartbeat", "created_at", "updated_at"] {
        assert!(node[time].as_str().unwrap().parse::<jiff::Timestamp>().is_ok(), "{time}");
    }

    // Python's clients send what they leave open as null.
    let nulls = json!({"hostname": "test", "ip": null, "role": "test-node", "labels": null,
        "metadata": null, "node_id": null});
    let same = post(&registry, "/api/v1/nodes/register", nulls).await;
    assert_eq!((&same["ip"], &same["labels"]), (&node["ip"], &node["labels"]));

    // The same host is the same node, and what it does not tell this time stays.
    let again = json!({"hostname": "test", "ip": "192.168.1.2", "role": "test-node", "labels": []});
    let again = post(&registry, "/api/v1/nodes/register", again).await;
    assert_eq!((&again["node_id"], &again["ip"]), (&json!(id), &json!("192.168.1.2")));
    assert_eq!((&again["metadata"], &again["labels"]), (&json!({"rack": 7}), &json!([])));
    assert_eq!(again["created_at"], node["created_at"]);

    let beat = json!({"node_id": id, "status": "degraded", "metrics": {"load": 0.5}});
    post(&registry, "/api/v1/nodes/heartbeat", beat).await;
    let node = get(&registry, &format!("/api/v1/nodes/{id}")).await;
    assert_eq!((&node["status"], &node["metrics"]["load"]), (&json!("degraded"), &json!(0.5)));
    let beat = json!({"node_id": id, "status": "online", "metrics": {}});
    post(&registry, "/api/v1/nodes/heartbeat", beat).await;

    let list = get(&registry, "/api/v1/nodes?role=test-node&status=online&limit=5&offset=0").await;
    assert_eq!(list.as_array().map(Vec::len), Some(1));
    assert_eq!(get(&registry, "/api/v1/nodes?role=none").await, json!([]));
    let unknown = json!({"node_id": "nobody", "status": "online", "metrics": {}});
    let status = refused(&registry, "POST", "/api/v1/nodes/heartbeat", Some(unknown)).await;
    assert_eq!(status, 404);
    assert_eq!(refused(&registry, "GET", "/api/v1/nodes/nobody", None).await, 404);
    assert_eq!(refused(&registry, "DELETE", "/api/v1/nodes/%00", None).await, 404);
    assert_eq!(refused(&registry, "GET", "/api/v1/profiles/test-node", None).await, 404);
}

#[tokio::test]
async fn it_tells_how_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    post(&registry, "/api/v1/nodes/register", host("a", "router")).await;
    let health = get(&registry, "/health").await;
    assert_eq!((&health["status"], &health["database"]["connected"]), (&json!("ok"), &json!(true)));
    assert!(health["uptime_seconds"].as_f64().is_some_and(|seconds| seconds >= 0.0), "{health}");
    assert!(health["service"].is_string() && health["version"].is_string(), "{health}");
    let (_, at_its_port) =
        with_header(&registry, ("GET", "/health"), ("host", "localhost:9205"), None).await;
    assert_eq!(at_its_port["status"], "healthy");

    let json = ("accept", "application/json");
    let (_, metrics) = with_header(&registry, ("GET", "/metrics"), json, None).await;
    assert_eq!((&metrics["total_nodes"], &metrics["active_nodes"]), (&json!(1), &json!(1)));
    for key in ["service", "uptime_seconds", "timestamp"] {
        assert!(!metrics[key].is_null(), "{key}: {metrics}");
    }
    let (_, about) = with_header(&registry, ("GET", "/"), json, None).await;
    assert!(about["service"].is_string() && about["version"].is_string(), "{about}");
    // Who reads the page, or scrapes, gets what it got before.
    let (_, page) = with_header(&registry, ("GET", "/"), ("accept", "text/html,*/*"), None).await;
    assert!(page.as_str().is_some_and(|page| page.contains("<html")), "{page}");
    let text = get(&registry, "/metrics").await;
    assert!(text.as_str().is_some_and(|text| text.contains("llamactl_registry_")), "{text}");
}

#[tokio::test]
async fn profiles_are_written_and_read_by_role() {
    let dir = tempfile::tempdir().unwrap();
    let mut registry = Registry::start(dir.path(), &[]);
    let config = json!({"models": ["qwen"], "limits": {"slots": 4}});
    let path = "/api/v1/profiles/router";
    let profile = ok(&registry, "PUT", path, Some(config.clone())).await;
    assert_eq!((&profile["role"], &profile["config"]), (&json!("router"), &config));
    registry.kill();
    let registry = Registry::start(dir.path(), &[]);
    assert_eq!(get(&registry, path).await, profile);
    assert_eq!(get(&registry, "/api/v1/profiles").await, json!([profile]));
    let huge = json!({"x": "y".repeat(70_000)});
    assert_eq!(refused(&registry, "PUT", path, Some(huge)).await, 400);
    assert_eq!(refused(&registry, "PUT", "/api/v1/profiles/a%2Fb", Some(json!({}))).await, 400);
    ok(&registry, "DELETE", path, None).await;
    assert_eq!(refused(&registry, "DELETE", path, None).await, 404);
}

#[tokio::test]
async fn cleanup_marks_and_removes_what_is_silent() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    for name in ["a", "b"] {
        post(&registry, "/api/v1/nodes/register", host(name, "x")).await;
    }
    let path = "/api/v1/maintenance/cleanup";
    let none = post(&registry, &format!("{path}?timeout_minutes=5"), json!({})).await;
    assert_eq!((&none["marked_offline"], &none["removed"]), (&json!(0), &json!(0)));
    let all = post(&registry, &format!("{path}?timeout_minutes=0"), json!({})).await;
    assert_eq!(all["marked_offline"], 2);
    assert_eq!(get(&registry, "/api/v1/nodes/a").await["status"], "offline");
    post(&registry, "/api/v1/nodes/heartbeat", json!({"node_id": "a"})).await;
    assert_eq!(get(&registry, "/api/v1/nodes/a").await["status"], "online");
    ok(&registry, "PUT", "/api/v1/nodes/a/maintenance", Some(json!({"on": true}))).await;
    let gone = post(&registry, &format!("{path}?timeout_minutes=0&remove=true"), json!({})).await;
    assert_eq!(gone["removed"], 1, "not the one in maintenance");
    assert_eq!(names(&get(&registry, "/api/v1/nodes").await), ["a"]);
}
