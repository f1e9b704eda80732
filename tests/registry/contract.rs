//! Contract 1 in its own words, against the real binary, by raw requests as old clients send
//! them.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::common::http;
use crate::common::registry::{Registry, answer, request};

#[tokio::test]
async fn health_counts_the_servers() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let (status, health) = registry.get("/health").await;
    assert_eq!((status, &health["status"], &health["servers"]), (200, &json!("ok"), &json!(0)));
    registry.send("POST", "/servers/1", Some(json!({"host": "n1", "port": 1}))).await;
    registry.client().register(&request("2", 0)).await.unwrap();
    assert_eq!(registry.get("/health").await.1["servers"], 2);
}

#[tokio::test]
async fn a_record_is_registered_read_updated_and_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let sent = json!({
        "host": "gpu-05", "port": "52677", "owner": "ann", "model_file": "/m/a.gguf",
        "model_name": "a", "start_time": "2026-01-02T03:04:05+01:00", "slurm_node": "gpu-05",
        "notify_email": "ann@example.org", "something": {"else": [1, null]},
    });
    let (status, reply) = registry.send("POST", "/servers/108", Some(sent.clone())).await;
    assert_eq!((status, reply), (200, json!({"status": "registered", "job_id": "108"})));

    let (status, mut record) = registry.get("/servers/108").await;
    assert_eq!(status, 200);
    let updated = record.as_object_mut().unwrap().remove("last_updated").unwrap();
    let updated: Timestamp = updated.as_str().unwrap().parse().unwrap();
    assert!(Timestamp::now().duration_since(updated).as_secs() < 60);
    assert_eq!(record, sent, "the bare record, as it was sent");

    // An update replaces the record but keeps the first start_time.
    let update = json!({"host": "gpu-06", "port": 52678, "start_time": "2026-06-01T00:00:00"});
    let (status, _) = registry.send("PUT", "/servers/108", Some(update)).await;
    assert_eq!(status, 200);
    let (_, record) = registry.get("/servers/108").await;
    assert_eq!(record["host"], "gpu-06");
    assert_eq!(record["port"], 52678, "a number comes back as a number");
    assert_eq!(record["start_time"], "2026-01-02T03:04:05+01:00");
    assert_eq!(record.get("owner"), None);

    let (status, reply) = registry.send("DELETE", "/servers/108", None).await;
    assert_eq!((status, reply), (200, json!({"status": "deleted", "job_id": "108"})));
    for method in ["GET", "DELETE"] {
        let (status, reply) = registry.send(method, "/servers/108", None).await;
        assert_eq!((status, reply), (404, json!({"error": "Server not found"})), "{method}");
    }
}

#[tokio::test]
async fn the_list_has_job_ids_and_uptimes_and_begins_with_the_newest() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let now = Timestamp::now();
    let ago = |minutes: i64| now - jiff::SignedDuration::from_mins(minutes);
    let local = ago(30).to_zoned(jiff::tz::TimeZone::system()).datetime();
    let starts = [
        ("1", ago(90).to_string()),
        ("2", local.strftime("%Y-%m-%dT%H:%M:%S").to_string()),
        ("3", ago(210).strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()),
    ];
    for (job, start) in &starts {
        let record = json!({"host": "n", "port": 1, "start_time": start});
        assert_eq!(registry.send("POST", &format!("/servers/{job}"), Some(record)).await.0, 200);
    }
    let (status, list) = registry.get("/servers").await;
    assert_eq!((status, &list["count"]), (200, &json!(3)));
    let shown: Vec<_> = list["servers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| (record["job_id"].clone(), record["uptime_hours"].clone()))
        .collect();
    let expected = [("2", 0.5), ("1", 1.5), ("3", 3.5)].map(|(j, h)| (json!(j), json!(h)));
    assert_eq!(shown, expected);
}

#[tokio::test]
async fn the_servers_of_an_owner_are_a_map() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    for (job, owner) in [("1", "ann"), ("2", "bob"), ("3", "ann")] {
        let record = json!({"host": "n", "port": 1, "owner": owner});
        registry.send("POST", &format!("/servers/{job}"), Some(record)).await;
    }
    let (status, reply) = registry.get("/servers/by-owner/ann").await;
    assert_eq!((status, &reply["count"]), (200, &json!(2)));
    let jobs: Vec<_> = reply["servers"].as_object().unwrap().keys().collect();
    assert_eq!(jobs.len(), 2);
    assert_eq!(reply["servers"]["3"]["owner"], "ann");
    let (status, reply) = registry.get("/servers/by-owner/nobody").await;
    assert_eq!((status, reply), (200, json!({"servers": {}, "count": 0})));
}

#[tokio::test]
async fn what_is_wrong_gets_an_error_in_json_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let wrong = [
        json!({"port": 1}),
        json!({"host": "n"}),
        json!({"host": "", "port": 1}),
        json!({"host": "n", "port": null}),
        json!({"host": "n", "port": 1, "owner": "a\u{1b}[2Jb"}),
        json!([1]),
    ];
    for body in wrong {
        let (status, reply) = registry.send("POST", "/servers/1", Some(body.clone())).await;
        assert_eq!(status, 400, "{body}");
        assert!(reply["error"].is_string(), "{reply}");
    }
    let raw = http::client().post(registry.at("/servers/1")).body("{\"host\": ");
    let (status, reply) = answer(raw).await;
    assert_eq!((status, reply["error"].is_string()), (400, true), "{reply}");
    let large = http::client().post(registry.at("/servers/1")).body("x".repeat(300 * 1024));
    let (status, reply) = answer(large).await;
    assert_eq!((status, reply["error"].is_string()), (413, true), "{reply}");
    for (method, path, expected) in [("GET", "/nothing", 404), ("PATCH", "/servers", 405)] {
        let (status, reply) = registry.send(method, path, None).await;
        assert_eq!((status, reply["error"].is_string()), (expected, true), "{reply}");
    }
    assert_eq!(registry.get("/servers").await.1["count"], 0);
}

#[tokio::test]
async fn leased_servers_are_shown_to_old_clients_but_not_changed_by_them() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let mut leased = request("108", 0);
    leased.info.job.array_task = Some(2);
    registry.client().register(&leased).await.unwrap();
    let (status, record) = registry.get("/servers/108_2").await;
    assert_eq!(status, 200);
    let expected = [
        ("host", json!("n1")),
        ("port", json!(8080)),
        ("owner", json!("ann")),
        ("model_file", json!("tiny.gguf")),
        ("model_name", json!("tiny")),
        ("start_time", json!("2026-01-01T00:00:00+00:00")),
        ("slurm_node", json!("n1")),
    ];
    for (field, value) in expected {
        assert_eq!(record[field], value, "{field}");
    }
    assert_eq!(registry.get("/servers").await.1["servers"][0]["job_id"], "108_2");
    assert_eq!(registry.get("/servers/by-owner/ann").await.1["count"], 1);

    let other = json!({"host": "evil", "port": 1});
    for (method, body) in [("POST", Some(other.clone())), ("PUT", Some(other)), ("DELETE", None)] {
        let (status, reply) = registry.send(method, "/servers/108_2", body).await;
        assert_eq!((status, reply["error"].is_string()), (409, true), "{method}");
    }
    assert_eq!(registry.find(leased.info.id).await.unwrap().info.host, "n1");
    assert_eq!(registry.get("/servers").await.1["count"], 1);
}

#[tokio::test]
async fn entries_of_old_clients_are_in_the_canonical_list() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let record = json!({"host": "n1", "port": "8080", "model_file": "/m/a.gguf", "owner": "ann"});
    registry.send("POST", "/servers/7_1", Some(record)).await;
    registry.send("POST", "/servers/8", Some(json!({"host": "not a host", "port": 1}))).await;
    let (_, list) = registry.get("/api/v1/servers").await;
    let servers = list.as_array().unwrap();
    assert_eq!(servers.len(), 1, "the other one has no host that could be used");
    assert_eq!((&servers[0]["job_id"], &servers[0]["array_task"]), (&json!("7"), &json!(1)));
    assert_eq!((&servers[0]["port"], &servers[0]["access"]), (&json!(8080), &json!("open")));
    let id = servers[0]["id"].as_str().unwrap();
    assert_eq!(registry.get(&format!("/api/v1/servers/{id}")).await.1, servers[0]);
    let delete = http::client().delete(registry.at(&format!("/api/v1/servers/{id}")));
    assert_eq!(answer(delete.header("llamactl-lease", "1:x")).await.0, 409);
}

#[tokio::test]
async fn foreign_names_and_foreign_pages_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &["--allowed-host", "reg.example.org"]);
    let record = json!({"host": "n1", "port": 1});
    let get = |host: &str| http::client().get(registry.at("/servers")).header("host", host);
    let (status, reply) = answer(get("rebound.example.com")).await;
    assert_eq!(status, 421);
    assert!(reply["hint"].as_str().unwrap().contains("--allowed-host"), "{reply}");
    assert_eq!(answer(get("reg.example.org:5000")).await.0, 200);
    assert_eq!(answer(get("localhost")).await.0, 200);
    let post = |origin: &str| {
        http::client().post(registry.at("/servers/1")).header("origin", origin).json(&record)
    };
    assert_eq!(answer(post("https://evil.example")).await.0, 403);
    assert_eq!(answer(post("null")).await.0, 403);
    assert_eq!(registry.get("/servers").await.1["count"], 0);
    assert_eq!(answer(post(&registry.url)).await.0, 200);
}

#[tokio::test]
async fn metrics_tell_what_the_registry_holds() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let lease = registry.client().register(&request("1", 0)).await.unwrap();
    registry.client().heartbeat(&lease, &Default::default()).await.unwrap();
    let (_, text) = registry.get("/metrics").await;
    let Value::String(text) = text else { panic!("{text}") };
    for line in [
        "llamactl_registry_servers{state=\"ready\"} 1",
        "llamactl_registry_registrations_total 1",
        "llamactl_registry_heartbeats_total 1",
        "llamactl_registry_expiries_total 0",
        "llamactl_registry_held_back_expiries 0",
        "llamactl_registry_requests_total{method=\"POST\",route=\"/api/v1/servers\",status=\"201\"} 1",
        "llamactl_registry_build_info{version=",
        "llamactl_registry_uptime_seconds",
        "llamactl_registry_database_queue",
        "llamactl_registry_request_duration_seconds_bucket",
    ] {
        assert!(text.contains(line), "{line} is missing in\n{text}");
    }
    registry.client().unregister(&lease).await.unwrap();
    let (_, text) = registry.get("/metrics").await;
    assert!(text.as_str().unwrap().contains("servers{state=\"ready\"} 0"));
}
