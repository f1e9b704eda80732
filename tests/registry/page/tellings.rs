//! Owners, rules and watches are told of what the registry sees, by a real ntfy server.

use std::time::Duration;

use llamactl::api::{OwnerNotify, ServerUpdate};
use llamactl::domain::server::ServerState;
use llamactl::secret::Secret;
use serde_json::{Value, json};

use super::watches::{SOON, made, serve, settings};
use crate::common::lab::Postgres;
use crate::common::registry::{Registry, database, request};
use crate::common::services::{Ntfy, TOPIC};
use crate::common::{Sandbox, until, wait_until};

/// Longer than the brake on mass expiry holds.
const LATE: Duration = Duration::from_secs(60);

/// A registry with short leases, whose messages of one kind wait a second for each other.
fn quick(sandbox: &Sandbox, more: &str, args: &[&str]) -> Registry {
    quick_on(sandbox, &database(sandbox.dir()), more, args)
}

fn quick_on(sandbox: &Sandbox, url: &str, more: &str, args: &[&str]) -> Registry {
    settings(sandbox, &format!("notify: {{ digest: 1s, {more} }}\n"));
    let args = [&["--ttl", "1s"], args].concat();
    Registry::spawn(serve(sandbox, url, &args))
}

fn titles(ntfy: &Ntfy) -> Vec<String> {
    let title = |message: &Value| message["title"].as_str().unwrap_or_default().to_owned();
    ntfy.messages().iter().map(title).collect()
}

fn waits_for(ntfy: &Ntfy, words: &str) {
    wait_until(words, LATE, || {
        titles(ntfy).iter().any(|title| title.contains(words)).then_some(())
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_is_told_that_their_server_is_unhealthy_and_lost_with_sqlite() {
    let sandbox = Sandbox::new();
    let url = database(sandbox.dir());
    an_owner_is_told(sandbox, &url).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_is_told_that_their_server_is_unhealthy_and_lost_with_postgres() {
    let postgres = Postgres::start();
    an_owner_is_told(Sandbox::new(), &postgres.url()).await;
}

async fn an_owner_is_told(mut sandbox: Sandbox, url: &str) {
    let ntfy = Ntfy::start(&mut sandbox);
    let registry = quick_on(&sandbox, url, "", &["--probe", "100ms"]);
    let mut wanted = request("1", 0);
    // Nobody listens there.
    (wanted.info.host, wanted.info.port) = ("127.0.0.1".into(), crate::common::free_port());
    let to = [format!("ntfy://{TOPIC}"), "slack://hooks.slack.com/services/T/B/HUSH".to_owned()];
    wanted.notify = Some(OwnerNotify { to: to.map(Secret::new).to_vec(), events: None });
    let lease = registry.client().register(&wanted).await.unwrap();
    assert_eq!(lease.warnings.len(), 1, "{:?}", lease.warnings);
    assert!(lease.warnings[0].contains("slack://…") && !lease.warnings[0].contains("HUSH"));
    until(SOON, || async {
        registry.client().heartbeat(&lease, &ServerUpdate::default()).await.unwrap();
        titles(&ntfy).iter().any(|title| title.contains("Unhealthy")).then_some(())
    })
    .await;
    waits_for(&ntfy, "Lost");
    // Nobody ever sees whom it was.
    for path in ["/api/v1/servers?state=all", "/api/v1/events", "/api/v1/audit", "/metrics"] {
        let (status, shown) = registry.get(path).await;
        assert_eq!(status, 200, "{path}");
        assert!(!shown.to_string().contains(TOPIC), "{path}: {shown}");
    }
    let told = format!("/api/v1/events?subject={}&kind=notified", wanted.info.id);
    until(SOON, || async {
        let (_, events) = registry.get(&told).await;
        let of = |kind| events.as_array().unwrap().iter().any(|e| e["data"]["event"] == kind);
        (of("unhealthy") && of("lost")).then_some(())
    })
    .await;
    assert!(titles(&ntfy).iter().all(|title| !title.contains("Available")), "nobody asked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watch_tells_of_what_it_names_and_of_nothing_else() {
    let mut sandbox = Sandbox::new();
    let ntfy = Ntfy::start(&mut sandbox);
    let registry = quick(&sandbox, "", &["--probe", "off"]);
    let body = json!({
        "server_owner": "an*", "labels": {"project": "*"}, "once": false,
        "events": ["draining", "ended", "lost", "recovered"],
        "notify": [format!("ntfy://{TOPIC}")],
    });
    let watch = made(&registry, body).await;
    assert_eq!((&watch["model"], &watch["server_owner"]), (&json!("*"), &json!("an*")));
    let mut other = request("1", 0);
    other.info.owner = "bob".to_owned();
    registry.client().register(&other).await.unwrap();
    let mut wanted = request("2", 0);
    wanted.info.name = "mine".to_owned();
    wanted.info.labels = [("project".to_owned(), "bio".to_owned())].into();
    let lease = registry.client().register(&wanted).await.unwrap();
    waits_for(&ntfy, "Lost");
    until(SOON, || async {
        registry.client().heartbeat(&lease, &ServerUpdate::default()).await.unwrap();
        titles(&ntfy).iter().any(|title| title.contains("Recovered")).then_some(())
    })
    .await;
    let drain = ServerUpdate { state: Some(ServerState::Draining), ..Default::default() };
    until(SOON, || async {
        registry.client().heartbeat(&lease, &drain).await.unwrap();
        titles(&ntfy).iter().any(|title| title.contains("Draining")).then_some(())
    })
    .await;
    registry.client().unregister(&lease).await.unwrap();
    waits_for(&ntfy, "Ended");
    let all: Vec<_> = ntfy.messages().iter().map(|message| message.to_string()).collect();
    assert!(all.iter().all(|text| !text.contains("tiny of bob")), "{all:?}");
    assert!(titles(&ntfy).iter().all(|title| !title.contains("Available")), "{all:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sites_rules_are_told_of_servers_and_nodes() {
    let mut sandbox = Sandbox::new();
    let ntfy = Ntfy::start(&mut sandbox);
    let rules = format!(
        "rules: [{{ events: [available], model: 'tin*', notify: ['ntfy://{TOPIC}'] }}, \
         {{ events: [offline, online], node: 'gpu-*', notify: ['ntfy://{TOPIC}'] }}]"
    );
    let limits = ["--probe", "off", "--node-warning-after", "1s", "--node-offline-after", "2s"];
    // Leases that outlast the moment in which the registry looks who is to be told.
    settings(&sandbox, &format!("notify: {{ digest: 1s, {rules} }}\n"));
    let args = [&[], &limits[..]].concat();
    let registry = Registry::spawn(serve(&sandbox, &database(sandbox.dir()), &args));
    let mut other = request("1", 0);
    other.info.model.name = "other".to_owned();
    other.info.model.file = None;
    registry.client().register(&other).await.unwrap();
    registry.client().register(&request("2", 0)).await.unwrap();
    waits_for(&ntfy, "Available");
    for name in ["gpu-05", "cpu-01"] {
        let node = json!({"name": name, "hostname": name, "role": "compute"});
        let (status, made) = registry.send("POST", "/api/v1/nodes/register", Some(node)).await;
        assert_eq!(status, 200, "{made}");
    }
    waits_for(&ntfy, "Node Offline");
    let node = json!({"name": "gpu-05", "hostname": "gpu-05", "role": "compute"});
    registry.send("POST", "/api/v1/nodes/register", Some(node)).await;
    waits_for(&ntfy, "Node Online");
    let all = format!("{:?}", ntfy.messages());
    assert!(all.contains("gpu-05") && !all.contains("cpu-01"), "{all}");
    assert_eq!(titles(&ntfy).iter().filter(|title| title.contains("Available")).count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_servers_that_are_lost_together_are_one_message() {
    const SERVERS: usize = 60;
    let mut sandbox = Sandbox::new();
    let ntfy = Ntfy::start(&mut sandbox);
    let registry = quick(&sandbox, "", &["--probe", "off"]);
    let to = format!("ntfy://{TOPIC}");
    made(&registry, json!({"model": "*", "events": ["lost"], "once": false, "notify": [to]})).await;
    for job in 0..SERVERS {
        registry.client().register(&request(&job.to_string(), 0)).await.unwrap();
    }
    waits_for(&ntfy, "Lost");
    let told = "/api/v1/events?kind=notified&limit=1000";
    until(LATE, || async {
        let (_, events) = registry.get(told).await;
        (events.as_array().unwrap().len() == SERVERS).then_some(())
    })
    .await;
    let messages = titles(&ntfy);
    assert!(messages.len() <= 3, "{messages:?}");
    assert!(messages.iter().any(|title| title.contains("Llama Servers Lost")), "{messages:?}");
}
