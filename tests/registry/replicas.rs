//! The registry on PostgreSQL: several replicas on one database, a database that goes and comes
//! back, a network that is cut.

use std::time::{Duration, Instant};

use llamactl::api::ServerUpdate;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::common::lab::Postgres;
use crate::common::partition::Partition;
use crate::common::registry::{Registry, is_lost, request, run, serve_on};
use crate::common::until;
use crate::kills;

const SOON: Duration = Duration::from_secs(20);

fn start(url: &str, args: &[&str]) -> Registry {
    Registry::spawn(serve_on(url, args))
}

/// All events, as `(seq, kind, subject)`.
async fn events(registry: &Registry) -> Vec<(u64, String, String)> {
    let (status, events) = registry.get("/api/v1/events?limit=1000").await;
    assert_eq!(status, 200, "{events}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let of = |event: &Value| {
        (event["seq"].as_u64().unwrap(), text(&event["kind"]), text(&event["subject"]))
    };
    events.as_array().unwrap().iter().map(of).collect()
}

async fn is_well(registry: &Registry) -> Option<()> {
    let (_, health) = registry.get("/health").await;
    (health["status"] == "ok").then_some(())
}

async fn is_there(registry: &Registry, id: Uuid) -> bool {
    registry.find(id).await.is_some()
}

/// Registers an old client's entry; the status.
async fn put(registry: &Registry, job: &str) -> u16 {
    let body = json!({"host": "n", "port": 1});
    registry.send("POST", &format!("/servers/{job}"), Some(body)).await.0
}

/// PostgreSQL takes no zero byte in a text. Once such a request made the whole database count as
/// broken, and every lease longer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_database_does_not_take_is_that_requests_trouble_alone() {
    let postgres = Postgres::start();
    let registry = start(&postgres.url(), &["--ttl", "5s"]);
    let silent = request("1", 0);
    registry.client().register(&silent).await.unwrap();
    let asked = Instant::now();
    let is_gone = || async {
        for (method, path) in [
            ("DELETE", "/api/v1/watches/%00"),
            ("DELETE", "/servers/a%00b"),
            ("PUT", "/servers/a%00b"),
            ("DELETE", "/api/v1/nodes/a%00b"),
            ("GET", "/api/v1/events?subject=%00"),
            ("GET", "/api/v1/audit?actor=a%00b"),
        ] {
            let body = (method == "PUT").then(|| json!({"host": "n", "port": 1}));
            let (status, answer) = registry.send(method, path, body).await;
            let expected = if path.contains('?') { 400 } else { 404 };
            assert_eq!(status, expected, "{method} {path}: {answer}");
        }
        assert!(is_well(&registry).await.is_some(), "the registry's database counts as broken");
        registry.find(silent.info.id).await.is_none_or(|server| is_lost(&server)).then_some(())
    };
    until(SOON, is_gone).await;
    let took = asked.elapsed();
    assert!(took < Duration::from_secs(9), "a lease of 5 s ended after {took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_see_each_others_changes_within_a_second_and_expire_once() {
    let postgres = Postgres::start();
    let url = postgres.url();
    // Both find an empty database, and both make the tables.
    let commands = [serve_on(&url, &["--ttl", "5s"]), serve_on(&url, &["--ttl", "5s"])];
    let [a, b] = commands.map(|command| std::thread::spawn(|| Registry::spawn(command)));
    let (a, b) = (a.join().unwrap(), b.join().unwrap());

    let (kept, silent) = (request("1", 0), request("2", 0));
    let lease = a.client().register(&kept).await.unwrap();
    let second = Duration::from_secs(1);
    until(second, || async { is_there(&b, kept.info.id).await.then_some(()) }).await;
    b.client().register(&silent).await.unwrap();
    until(second, || async { is_there(&a, silent.info.id).await.then_some(()) }).await;
    assert_eq!(put(&b, "77").await, 200);
    until(second, || async { (a.get("/servers/77").await.0 == 200).then_some(()) }).await;
    assert_eq!(a.send("DELETE", "/servers/77", None).await.0, 200);
    until(second, || async { (b.get("/servers/77").await.0 == 404).then_some(()) }).await;

    // One holder beats at one replica only, the other not at all: only that one is lost, once.
    let label = ServerUpdate {
        labels: Some([("said".to_owned(), "at a".to_owned())].into()),
        ..Default::default()
    };
    a.client().heartbeat(&lease, &label).await.unwrap();
    until(SOON, || async {
        a.client().heartbeat(&lease, &Default::default()).await.unwrap();
        let lost = [a.find(silent.info.id).await, b.find(silent.info.id).await];
        (lost.iter().flatten().filter(|server| is_lost(server)).count() == 2).then_some(())
    })
    .await;
    let there = b.find(kept.info.id).await.unwrap();
    assert!(!is_lost(&there), "its beats at the other replica count");
    assert_eq!(there.info.labels["said"], "at a");

    // The stale generation of a replaced start is refused by whichever replica it asks.
    let later = request("1", 1);
    b.client().register(&later).await.unwrap();
    until(second, || async { (!is_there(&a, kept.info.id).await).then_some(()) }).await;
    assert!(a.client().heartbeat(&lease, &Default::default()).await.is_err());

    let seen_by_a = until(SOON, || async {
        let (seen_by_a, seen_by_b) = (events(&a).await, events(&b).await);
        (seen_by_a == seen_by_b).then_some(seen_by_a)
    })
    .await;
    let numbers: Vec<u64> = seen_by_a.iter().map(|event| event.0).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>(), "no gap, no double");
    let lost = (silent.info.id.to_string(), "lost".to_owned());
    let count = seen_by_a.iter().filter(|e| (e.2.clone(), e.1.clone()) == lost).count();
    assert_eq!(count, 1, "it expired once: {seen_by_a:?}");
    assert_eq!((a.stop(), b.stop()), (Some(0), Some(0)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_gone_means_503_and_reads_go_on_until_it_is_back() {
    let mut postgres = Postgres::start();
    let registry = start(&postgres.url(), &["--ttl", "3s"]);
    let new = request("1", 0);
    let lease = registry.client().register(&new).await.unwrap();
    assert_eq!(put(&registry, "7").await, 200);
    for round in 0..2 {
        if round == 0 {
            postgres.kill9()
        } else {
            postgres.stop()
        }
        let gone = Instant::now();
        assert_eq!(put(&registry, "8").await, 503);
        assert!(registry.client().heartbeat(&lease, &Default::default()).await.is_err());
        assert!(gone.elapsed() < Duration::from_secs(5), "refused at once");
        // For longer than leases live, since nobody can beat.
        crate::common::holds_for("reads go on", Duration::from_secs(4), || {
            let url = format!("{}/servers/7", registry.url);
            crate::common::http::get(&url).is_some_and(|(status, _)| status == 200)
        });
        assert_eq!(registry.get("/health").await.1["status"], "degraded");
        postgres.start_again();
        // Nobody writes meanwhile.
        until(SOON, || is_well(&registry)).await;
        let server = registry.find(new.info.id).await.unwrap();
        assert!(!is_lost(&server), "nobody could beat");
        registry.client().heartbeat(&lease, &Default::default()).await.unwrap();
        assert_eq!(put(&registry, &format!("back{round}")).await, 200);
    }
    let kinds: Vec<String> = events(&registry).await.into_iter().map(|event| event.1).collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "registered").count(), 4, "{kinds:?}");
    assert_eq!(registry.stop(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_is_cut_off_refuses_writes_and_catches_up() {
    let postgres = Postgres::start();
    let network = Partition::before(postgres.port());
    let whole = start(&postgres.url(), &["--ttl", "3s"]);
    let cut = start(&postgres.url_at(network.port, "llamactl"), &["--ttl", "3s"]);
    assert_eq!(put(&whole, "before").await, 200);
    until(SOON, || async { (cut.get("/servers/before").await.0 == 200).then_some(()) }).await;
    network.cut();
    // It finds out by itself, also where nobody writes.
    until(SOON, || async { is_well(&cut).await.is_none().then_some(()) }).await;
    let asked = Instant::now();
    assert_eq!(put(&cut, "lost").await, 503);
    assert!(asked.elapsed() < Duration::from_secs(1), "it knows: no waiting");
    assert_eq!(cut.get("/servers/before").await.0, 200, "reads go on");
    // What the cut connection held is free again, and the other goes on.
    for job in ["while-1", "while-2"] {
        until(SOON, || async { (put(&whole, job).await == 200).then_some(()) }).await;
    }
    assert_eq!(whole.send("DELETE", "/servers/before", None).await.0, 200);
    network.heal();
    until(SOON, || is_well(&cut)).await;
    until(SOON, || async { (cut.get("/servers/while-2").await.0 == 200).then_some(()) }).await;
    until(SOON, || async { (cut.get("/servers/before").await.0 == 404).then_some(()) }).await;
    assert_eq!(put(&cut, "after").await, 200);
    until(SOON, || async { (whole.get("/servers/after").await.0 == 200).then_some(()) }).await;
    until(SOON, || async { (events(&whole).await == events(&cut).await).then_some(()) }).await;
    assert_eq!(whole.get("/servers/lost").await.0, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_change_is_lost_on_postgresql_in_20_kills() {
    let postgres = Postgres::start();
    let url = postgres.url();
    let (acknowledged, in_flight) = kills::survive(20, || serve_on(&url, &[])).await;
    assert!(acknowledged > 100, "only {acknowledged} were acknowledged: no load");
    assert!(in_flight > 20, "only {in_flight} were in flight: killed at rest");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn databases_that_are_newer_foreign_or_not_there_are_refused() {
    let postgres = Postgres::start();
    let newer = postgres.fresh();
    assert_eq!(start(&newer, &[]).stop(), Some(0));
    postgres.sql(&newer, "UPDATE llamactl_schema SET version = 99").unwrap();
    let foreign = postgres.fresh();
    postgres.sql(&foreign, "CREATE TABLE notes (t TEXT)").unwrap();
    let absent = postgres.url_at(postgres.port(), "absent");
    let cases =
        [(newer, "newer llamactl (schema 99"), (foreign, "another program"), (absent, "absent")];
    for (url, why) in cases {
        let output = run(serve_on(&url, &[]));
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(stderr.contains(why) && stderr.contains("hint:"), "{why}: {stderr}");
        let password = url.split(['@', ':']).nth(2).unwrap();
        assert!(!stderr.contains(password), "{stderr}");
    }
}
