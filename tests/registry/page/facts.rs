//! Numbers and events, on both databases.

use std::time::Duration;

use llamactl::api::{Notified, ServerUpdate};
use serde_json::{Value, json};

use crate::common::lab::Postgres;
use crate::common::registry::{Registry, database, file, request, serve_on};
use crate::common::{http, until};

const SOON: Duration = Duration::from_secs(20);

fn beat(busy: u32, rate: Option<f64>) -> ServerUpdate {
    let slots = serde_json::from_value(json!({"total": 4, "busy": busy})).unwrap();
    ServerUpdate { slots: Some(slots), tokens_per_second: rate, ..Default::default() }
}

/// What is told with beats is shown, survives a restart, and is bounded.
async fn numbers(url: &str) {
    let registry = Registry::spawn(serve_on(url, &[]));
    let wanted = request("1", 0);
    let path = format!("/api/v1/servers/{}", wanted.info.id);
    let lease = registry.client().register(&wanted).await.unwrap();
    let shown =
        |answer: Value| (answer["slots"]["busy"].clone(), answer["tokens_per_second"].clone());
    assert_eq!(shown(registry.get(&path).await.1), (Value::Null, Value::Null));
    for (update, expected) in [
        (beat(1, None), (json!(1), Value::Null)),
        (beat(2, Some(12.5)), (json!(2), json!(12.5))),
        (beat(3, None), (json!(3), json!(12.5))),
        (beat(0, Some(0.0)), (json!(0), json!(0.0))),
        (beat(4, Some(40.0)), (json!(4), json!(40.0))),
    ] {
        registry.client().heartbeat(&lease, &update).await.unwrap();
        assert_eq!(shown(registry.get(&path).await.1), expected);
    }
    let (_, usage) = registry.get(&format!("{path}/usage")).await;
    let last = usage["points"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["busy"], &last["total"]), (&json!(4), &json!(4)), "{usage}");
    assert!(last["tokens_per_second"].as_f64().unwrap() > 0.0, "{usage}");
    for bad in [-1.0, 1e10] {
        let refused = registry.client().heartbeat(&lease, &beat(1, Some(bad))).await.unwrap_err();
        assert!(refused.to_string().contains("tokens_per_second"), "{refused}");
    }

    let told = |error: Option<&str>| Notified {
        event: "ready".to_owned(),
        channel: "email".to_owned(),
        ok: error.is_none(),
        error: error.map(str::to_owned),
    };
    let notified = vec![told(None), told(Some("refused"))];
    let update = ServerUpdate { notified, ..Default::default() };
    registry.client().heartbeat(&lease, &update).await.unwrap();
    let metrics = http::client().get(registry.at("/metrics")).send().await.unwrap();
    let metrics = metrics.text().await.unwrap();
    for result in ["ok", "failed"] {
        let one = format!(
            "llamactl_registry_notifications_total{{channel=\"email\",result=\"{result}\"}} 1"
        );
        assert!(metrics.contains(&one), "{metrics}");
    }
    let many = ServerUpdate { notified: vec![told(None); 9], ..Default::default() };
    assert!(registry.client().heartbeat(&lease, &many).await.is_err());
    let rude = ServerUpdate { notified: vec![told(Some("a\nb"))], ..Default::default() };
    assert!(registry.client().heartbeat(&lease, &rude).await.is_err());
    let draining = ServerUpdate {
        state: Some(llamactl::domain::server::ServerState::Draining),
        ..Default::default()
    };
    registry.client().heartbeat(&lease, &draining).await.unwrap();
    assert_eq!(shown(registry.get(&path).await.1), (json!(4), Value::Null), "nobody asks it");
    registry.client().unregister(&lease).await.unwrap();
    let events = format!("/api/v1/events?subject={}", wanted.info.id);
    let (_, events) = registry.get(&events).await;
    let kinds: Vec<_> = events.as_array().unwrap().iter().map(|e| e["kind"].clone()).collect();
    assert_eq!(kinds, ["registered", "notified", "notified", "updated", "unregistered"]);
    let failed = &events[2]["data"];
    assert_eq!((&failed["ok"], &failed["error"]), (&json!(false), &json!("refused")));
    assert_eq!((&failed["name"], &failed["owner"]), (&json!("tiny"), &json!("ann")));
    assert_eq!(events[3]["data"]["from"], "ready");
}

#[tokio::test]
async fn beats_tell_throughput_and_notifications_with_sqlite() {
    let dir = tempfile::tempdir().unwrap();
    numbers(&database(dir.path())).await;
}

#[tokio::test]
async fn beats_tell_throughput_and_notifications_with_postgres() {
    let postgres = Postgres::start();
    numbers(&postgres.url()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_replica_has_throughput_and_usage_too() {
    let postgres = Postgres::start();
    let (a, b) = (
        Registry::spawn(serve_on(&postgres.url(), &[])),
        Registry::spawn(serve_on(&postgres.url(), &[])),
    );
    let wanted = request("1", 0);
    let path = format!("/api/v1/servers/{}", wanted.info.id);
    let lease = a.client().register(&wanted).await.unwrap();
    a.client().heartbeat(&lease, &beat(3, Some(7.5))).await.unwrap();
    until(SOON, || async {
        let (_, server) = b.get(&path).await;
        (server["tokens_per_second"] == 7.5).then_some(())
    })
    .await;
    let (_, usage) = b.get(&format!("{path}/usage")).await;
    assert_eq!(usage["points"][0]["busy"], 3, "{usage}");
}

#[tokio::test]
async fn history_tells_how_late_heartbeats_came() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &["--ttl", "1s"]);
    let lease = registry.client().register(&request("1", 0)).await.unwrap();
    let (_, history) = registry.get("/api/v1/history?since=1h").await;
    assert_eq!(history["heartbeat_delay"], json!([]));
    for _ in 0..3 {
        registry.client().heartbeat(&lease, &Default::default()).await.unwrap();
    }
    // Late, but before its lease ends: asked for within 0.4 s, it comes after 0.8 s.
    until(SOON, || async {
        let server = registry.find(lease.id).await?;
        let silent = jiff::Timestamp::now().duration_since(server.last_seen);
        (silent >= jiff::SignedDuration::from_millis(800)).then_some(())
    })
    .await;
    registry.client().heartbeat(&lease, &Default::default()).await.unwrap();
    let (_, history) = registry.get("/api/v1/history?since=1h").await;
    let points = history["heartbeat_delay"].as_array().unwrap();
    let latest = points.iter().filter_map(|point| point["max_ms"].as_u64()).max().unwrap();
    assert!(latest >= 200, "{history}");
    assert!(points.iter().all(|p| p["p50_ms"].as_u64() <= p["p99_ms"].as_u64()), "{history}");
    let (_, nodes) = registry.get("/api/v1/history?since=1h&what=nodes").await;
    assert_eq!(nodes["heartbeat_delay"], json!([]));
}

#[tokio::test]
async fn a_subjects_events_are_found_however_far_back_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let wanted = request("1", 0);
    let lease = registry.client().register(&wanted).await.unwrap();
    registry.client().unregister(&lease).await.unwrap();
    registry.stop();
    let db = rusqlite::Connection::open(file(dir.path())).unwrap();
    db.execute_batch(
        "WITH RECURSIVE n(i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < 30000)
         INSERT INTO events (seq, time, kind, subject, data)
             SELECT i, (SELECT max(time) FROM events), 'updated', 'other', '{}' FROM n;
         UPDATE sequence SET seq = 30000;",
    )
    .unwrap();
    drop(db);
    let registry = Registry::start(dir.path(), &[]);
    let lease = registry.client().register(&wanted).await.unwrap();
    let path = format!("/api/v1/events?subject={}", wanted.info.id);
    let seqs = |events: &Value| -> Vec<u64> {
        events.as_array().unwrap().iter().map(|event| event["seq"].as_u64().unwrap()).collect()
    };
    assert_eq!(seqs(&registry.get(&path).await.1), [1, 2, 30001]);
    assert_eq!(seqs(&registry.get(&format!("{path}&limit=1")).await.1), [1]);
    assert_eq!(seqs(&registry.get(&format!("{path}&after=1&limit=1")).await.1), [2]);
    assert_eq!(seqs(&registry.get(&format!("{path}&kind=unregistered")).await.1), [2]);
    assert_eq!(seqs(&registry.get(&format!("{path},other&after=29999")).await.1), [30000, 30001]);
    let many = format!("{path}{}", ",x".repeat(50));
    assert_eq!(registry.get(&many).await.0, 400);
    registry.client().unregister(&lease).await.unwrap();
}
