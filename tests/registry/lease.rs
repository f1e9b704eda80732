//! Leases: who may change an entry, how long it lives, and what a restart changes.

use std::time::{Duration, Instant};

use llamactl::api::{LeaseGrant, ServerFilter, ServerUpdate};
use llamactl::client::ClientError;
use llamactl::domain::server::{Access, ServerState, Slots};
use llamactl::secret::Secret;
use serde_json::json;

use crate::common::registry::{Registry, answer, file, is_lost, request};
use crate::common::{http, signal, until};

#[tokio::test]
async fn a_server_registers_beats_changes_and_goes() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let client = registry.client();
    let mut new = request("1", 0);
    new.state = ServerState::Loading;
    let lease = client.register(&new).await.unwrap();
    assert_eq!(lease.ttl_ms, 30_000);
    assert!((9_000..=11_000).contains(&lease.beat_after_ms), "{}", lease.beat_after_ms);
    let update = ServerUpdate {
        state: Some(ServerState::Ready),
        slots: Some(Slots { total: 4, busy: 1 }),
        models: Some(vec!["tiny".to_owned()]),
        ..Default::default()
    };
    client.heartbeat(&lease, &update).await.unwrap();
    let server = client.server(new.info.id).await.unwrap();
    assert_eq!((server.state, server.slots), (ServerState::Ready, update.slots));
    assert_eq!(server.models, ["tiny"]);

    let patch = http::client()
        .patch(registry.at(&format!("/api/v1/servers/{}", lease.id)))
        .header("llamactl-lease", format!("{}:{}", lease.generation, lease.secret.expose()))
        .json(&json!({"labels": {"team": "nlp"}, "state": "draining"}));
    assert_eq!(answer(patch).await.0, 200);
    let by_label = ServerFilter { label: Some("team=nlp".to_owned()), ..Default::default() };
    assert_eq!(client.servers(&by_label).await.unwrap()[0].state, ServerState::Draining);

    client.unregister(&lease).await.unwrap();
    client.unregister(&lease).await.unwrap();
    assert!(matches!(client.server(new.info.id).await, Err(ClientError::Unknown(_))));
    let (_, events) = registry.get("/api/v1/events?after=0").await;
    let kinds: Vec<_> = events.as_array().unwrap().iter().map(|e| e["kind"].clone()).collect();
    assert_eq!(kinds, ["registered", "updated", "updated", "unregistered"]);
    assert_eq!(events[3]["seq"], 4);
    assert_eq!(registry.get("/api/v1/events?after=3").await.1.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn of_two_copies_of_a_job_the_later_start_wins_and_the_older_one_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let client = registry.client();
    let (older, newer) = (request("1", 0), request("1", 1));
    let old_lease = client.register(&older).await.unwrap();
    let lease = client.register(&newer).await.unwrap();
    let before = registry.get("/api/v1/events").await.1;
    assert_eq!(before[1]["kind"], "replaced");
    assert_eq!(before[1]["subject"], json!(older.info.id));

    let superseded = |result: Result<(), ClientError>| {
        assert!(matches!(result, Err(ClientError::Superseded(_))), "{result:?}");
    };
    let late = ServerUpdate { state: Some(ServerState::Draining), ..Default::default() };
    superseded(client.heartbeat(&old_lease, &late).await.map(drop));
    superseded(client.unregister(&old_lease).await);
    superseded(client.register(&older).await.map(drop));
    superseded(client.register(&request("1", 0)).await.map(drop));
    let patch = http::client()
        .patch(registry.at(&format!("/api/v1/servers/{}", old_lease.id)))
        .header("llamactl-lease", format!("{}:{}", old_lease.generation, old_lease.secret.expose()))
        .json(&json!({"labels": {}}));
    assert_eq!(answer(patch).await.0, 409);

    assert_eq!(registry.get("/api/v1/events").await.1, before, "nothing happened");
    let servers = client.servers(&Default::default()).await.unwrap();
    assert_eq!(servers.len(), 1);
    assert_eq!((servers[0].info.id, servers[0].state), (newer.info.id, ServerState::Ready));
    client.heartbeat(&lease, &Default::default()).await.unwrap();
}

#[tokio::test]
async fn a_lease_is_proven_by_its_generation_and_its_secret() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let client = registry.client();
    let new = request("1", 0);
    let lease = client.register(&new).await.unwrap();
    let wrong = [
        LeaseGrant { secret: Secret::random(), ..lease.clone() },
        LeaseGrant { generation: lease.generation + 1, ..lease.clone() },
    ];
    for wrong in wrong {
        let beat = client.heartbeat(&wrong, &Default::default()).await;
        assert!(matches!(beat, Err(ClientError::Superseded(_))), "{beat:?}");
        assert!(matches!(client.unregister(&wrong).await, Err(ClientError::Superseded(_))));
    }
    let unknown = LeaseGrant { id: uuid::Uuid::now_v7(), ..lease.clone() };
    let beat = client.heartbeat(&unknown, &Default::default()).await;
    assert!(matches!(beat, Err(ClientError::Unknown(_))), "{beat:?}");
    let path = format!("/api/v1/servers/{}", lease.id);
    assert_eq!(registry.send("DELETE", &path, None).await.0, 403, "no lease was shown");
    for header in ["x", "x:y", "99999999999999999999:y", "18446744073709551615:y"] {
        let delete = http::client().delete(registry.at(&path)).header("llamactl-lease", header);
        assert_eq!(answer(delete).await.0, 400, "{header}");
    }
    assert!(registry.find(new.info.id).await.is_some());
}

#[tokio::test]
async fn a_registration_whose_answer_was_lost_can_be_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let client = registry.client();
    let new = request("1", 0);
    let first = client.register(&new).await.unwrap();
    let draining = ServerUpdate { state: Some(ServerState::Draining), ..Default::default() };
    client.heartbeat(&first, &draining).await.unwrap();
    let again = client.register(&new).await.unwrap();
    assert_eq!((again.generation, &again.secret), (first.generation, &first.secret));
    let server = client.server(new.info.id).await.unwrap();
    assert_eq!(server.state, ServerState::Draining, "a late copy takes nothing back");
    client.heartbeat(&first, &Default::default()).await.unwrap();

    // Somebody else who knows the id gets no lease, unless they prove that they hold it.
    let post = || http::client().post(registry.at("/api/v1/servers")).json(&new);
    assert_eq!(answer(post()).await.0, 409);
    let short = post().header("llamactl-lease-secret", "short");
    assert_eq!(answer(short).await.0, 400);
    let proof = format!("{}:{}", first.generation, first.secret.expose());
    let (status, grant) = answer(post().header("llamactl-lease", proof)).await;
    assert_eq!(status, 201);
    assert!(grant["generation"].as_u64().unwrap() > first.generation);
    let beat = client.heartbeat(&first, &Default::default()).await;
    assert!(matches!(beat, Err(ClientError::Superseded(_))), "{beat:?}");
}

#[tokio::test]
async fn a_silent_server_is_lost_in_time_and_comes_back_when_it_beats() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &["--ttl", "3s"]);
    let client = registry.client();
    let ttl = Duration::from_secs(3);
    let new = request("1", 0);
    let lease = client.register(&new).await.unwrap();
    // A beat in between moves the end.
    let halfway = Instant::now() + ttl / 2;
    tokio::time::sleep_until(halfway.into()).await;
    let sent = Instant::now();
    client.heartbeat(&lease, &Default::default()).await.unwrap();
    let answered = Instant::now();
    until(Duration::from_secs(8), || async { registry.find(new.info.id).await.filter(is_lost) })
        .await;
    let took = answered.elapsed();
    assert!(sent.elapsed() >= ttl, "lost {:?} after the last beat", sent.elapsed());
    assert!(took <= ttl + Duration::from_secs(2), "lost only {took:?} after the last beat");
    assert!(client.servers(&Default::default()).await.unwrap().is_empty(), "it is hidden");
    assert_eq!(registry.get("/servers").await.1["count"], 0);

    client.heartbeat(&lease, &Default::default()).await.unwrap();
    let server = client.server(new.info.id).await.unwrap();
    assert_eq!(server.state, ServerState::Ready);
}

#[tokio::test]
async fn a_restart_keeps_the_entries_and_gives_every_lease_time() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &["--ttl", "1s"]);
    let new = request("1", 0);
    let lease = registry.client().register(&new).await.unwrap();
    registry.send("POST", "/servers/2", Some(json!({"host": "n2", "port": "80"}))).await;
    assert_eq!(registry.stop(), Some(0));

    let registry = Registry::start(dir.path(), &["--ttl", "1s"]);
    let started = Instant::now();
    assert_eq!(registry.get("/servers/2").await.1["port"], "80");
    // One TTL and a grace of 10 s: still there after six TTLs without a beat.
    until(Duration::from_secs(20), || async {
        let server = registry.find(new.info.id).await.expect("it is kept");
        assert!(!is_lost(&server), "lost {:?} after the restart", started.elapsed());
        (started.elapsed() > Duration::from_secs(6)).then_some(())
    })
    .await;
    registry.client().heartbeat(&lease, &Default::default()).await.unwrap();
    assert!(!is_lost(&registry.find(new.info.id).await.unwrap()));
}

#[tokio::test]
async fn time_in_which_the_registry_stood_still_does_not_count() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &["--ttl", "3s"]);
    let new = request("1", 0);
    let lease = registry.client().register(&new).await.unwrap();
    // Longer than a lease: nobody can beat while the registry is stopped.
    signal(registry.pid(), "STOP");
    let (stopped, stat) = (Instant::now(), format!("/proc/{}/stat", registry.pid()));
    until(Duration::from_secs(10), || async {
        assert!(std::fs::read_to_string(&stat).unwrap().contains(") T "), "it is stopped");
        (stopped.elapsed() > Duration::from_secs(4)).then_some(())
    })
    .await;
    signal(registry.pid(), "CONT");
    let resumed = Instant::now();
    until(Duration::from_secs(5), || async {
        let server = registry.find(new.info.id).await.expect("it is kept");
        assert!(!is_lost(&server), "lost {:?} after the registry went on", resumed.elapsed());
        (resumed.elapsed() > Duration::from_secs(1)).then_some(())
    })
    .await;
    registry.client().heartbeat(&lease, &Default::default()).await.unwrap();
}

#[tokio::test]
async fn keys_are_given_only_where_access_allows_it_and_are_in_no_list() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let client = registry.client();
    let mut shared = request("1", 0);
    shared.api_key = Some(Secret::new("hunter2-key"));
    client.register(&shared).await.unwrap();
    assert_eq!(client.api_key(shared.info.id).await.unwrap().expose(), "hunter2-key");
    for path in ["/api/v1/servers", "/servers", "/api/v1/events", "/", "/metrics"] {
        let (_, body) = registry.get(path).await;
        assert!(!body.to_string().contains("hunter2"), "{path}");
    }
    for access in [Access::Private, Access::Open] {
        let mut other = request("2", 0);
        other.info.access = access;
        client.register(&other).await.unwrap();
        let key = client.api_key(other.info.id).await;
        assert!(matches!(key, Err(ClientError::Unknown(_))), "{key:?}");
        other.api_key = Some(Secret::new("hunter3"));
        let answer = client.register(&other).await;
        match access {
            Access::Open => {
                let refused = matches!(answer, Err(ClientError::Refused { status: 400, .. }));
                assert!(refused, "{answer:?}");
            }
            // Nobody is known here, so it is passed over.
            _ => assert!(answer.is_ok(), "{answer:?}"),
        }
        let key = client.api_key(other.info.id).await;
        assert!(matches!(key, Err(ClientError::Unknown(_))), "{key:?}");
    }
    let bytes = std::fs::read(file(dir.path()).with_extension("db-wal")).unwrap();
    assert!(!bytes.windows(7).any(|window| window == b"hunter3"));
}

#[tokio::test]
async fn lists_are_filtered_paged_and_not_sent_twice() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let client = registry.client();
    for n in 0..5 {
        let mut new = request(&n.to_string(), 0);
        new.info.owner = if n % 2 == 0 { "ann" } else { "bob" }.to_owned();
        new.info.started = jiff::Timestamp::from_second(1_800_000_000 + n).unwrap();
        client.register(&new).await.unwrap();
    }
    let filter = |text: &str| serde_json::from_str::<ServerFilter>(text).unwrap();
    let jobs = async |text: &str| -> Vec<String> {
        let servers = client.servers(&filter(text)).await.unwrap();
        servers.into_iter().map(|server| server.info.job.job_id).collect()
    };
    assert_eq!(jobs(r#"{"owner": "bob"}"#).await, ["3", "1"]);
    assert_eq!(jobs(r#"{"model": "TINY.gguf", "limit": 2, "offset": 1}"#).await, ["3", "2"]);
    assert!(jobs(r#"{"state": "draining"}"#).await.is_empty());
    assert!(jobs(r#"{"cluster": "other"}"#).await.is_empty());
    for wrong in ["state=sleeping", "limit=x", "ownr=ann"] {
        let (status, reply) = registry.get(&format!("/api/v1/servers?{wrong}")).await;
        assert_eq!((status, reply["error"].is_string()), (400, true), "{wrong}: {reply}");
    }

    let path = "/api/v1/servers?owner=ann&limit=2";
    let response = http::client().get(registry.at(path)).send().await.unwrap();
    let header = |name: &str| response.headers()[name].to_str().unwrap();
    assert_eq!(header("x-total-count"), "3");
    assert_eq!(header("link"), "</api/v1/servers?owner=ann&limit=2&offset=2>; rel=\"next\"");
    let etag = header("etag").to_owned();
    let again = || http::client().get(registry.at(path)).header("if-none-match", &etag).send();
    assert_eq!(again().await.unwrap().status(), 304);
    client.register(&request("9", 0)).await.unwrap();
    assert_eq!(again().await.unwrap().status(), 200);
}

#[tokio::test]
async fn wrong_registrations_are_refused_and_the_field_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let good = serde_json::to_value(request("1", 0)).unwrap();
    let wrong = [
        ("host", json!("a b")),
        ("port", json!(0)),
        ("port", json!(70000)),
        ("owner", json!("a\u{7}")),
        ("name", json!("")),
        ("state", json!("lost")),
        ("state", json!("asleep")),
        ("scheme", json!("javascript")),
        ("models", json!(["a\n"])),
        ("labels", json!({"k\u{0}": "v"})),
    ];
    for (field, value) in wrong {
        let mut body = good.clone();
        body[field] = value.clone();
        let (status, reply) = registry.send("POST", "/api/v1/servers", Some(body)).await;
        assert_eq!(status, 400, "{field} = {value}: {reply}");
    }
    let mut body = good.clone();
    body["owner"] = json!("a\u{7}");
    let (_, reply) = registry.send("POST", "/api/v1/servers", Some(body)).await;
    assert!(reply["error"].as_str().unwrap().contains("owner"), "{reply}");
    assert!(registry.client().servers(&Default::default()).await.unwrap().is_empty());
}
