//! The event bus on a real Redis.

use std::time::{Duration, Instant};

use redis::Connection;
use serde_json::{Value, json};

use crate::common::lab::Redis;
use crate::common::partition::Partition;
use crate::common::registry::{Registry, request, run, serve};
use crate::common::{holds_for, http, wait_until};

const SOON: Duration = Duration::from_secs(15);

/// A registry on the bus at `redis`.
fn start(dir: &std::path::Path, redis: &str) -> Registry {
    let mut command = serve(dir, &[]);
    command.env("LLAMACTL_EVENT_BUS", redis).env("LLAMACTL_LOG", "debug");
    command.stderr(std::fs::File::create(dir.join("registry.log")).unwrap());
    let registry = Registry::spawn(command);
    wait_until("the bus", SOON, || (metric(&registry, "event_bus_connected") == 1).then_some(()));
    registry
}

fn metric(registry: &Registry, name: &str) -> u64 {
    let (_, text) = http::get_text(&registry.at("/metrics")).expect("an answer");
    let value = text.lines().find_map(|line| {
        let (key, value) = line.strip_prefix("llamactl_registry_")?.split_once(' ')?;
        (key == name || key == format!("{name}_total")).then(|| value.parse().unwrap())
    });
    value.unwrap_or_else(|| panic!("no {name} in {text}"))
}

fn connect(url: &str) -> Connection {
    redis::Client::open(url).unwrap().get_connection().unwrap()
}

fn publish(redis: &mut Connection, channel: &str, message: &[u8]) {
    let _: i64 = redis::cmd("PUBLISH").arg(channel).arg(message).query(redis).unwrap();
}

/// What is said on the bus from now on, in the background: (channel, envelope).
fn listen(url: &str) -> std::sync::mpsc::Receiver<(String, Value)> {
    let (sender, heard) = std::sync::mpsc::channel();
    let mut connection = connect(url);
    let (ready, subscribed) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut pubsub = connection.as_pubsub();
        pubsub.psubscribe("aurora:events:*").unwrap();
        ready.send(()).unwrap();
        while let Ok(message) = pubsub.get_message() {
            let Ok(envelope) = serde_json::from_slice(message.get_payload_bytes()) else {
                continue;
            };
            if sender.send((message.get_channel_name().to_owned(), envelope)).is_err() {
                break;
            }
        }
    });
    subscribed.recv_timeout(SOON).unwrap();
    heard
}

/// The next message of this type.
#[track_caller]
fn next(heard: &std::sync::mpsc::Receiver<(String, Value)>, kind: &str) -> (String, Value) {
    let deadline = Instant::now() + SOON;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let message = heard.recv_timeout(left).unwrap_or_else(|_| panic!("no {kind} on the bus"));
        if message.1["type"] == kind {
            return message;
        }
    }
}

fn beat(node: &str) -> Vec<u8> {
    let data = json!({"node": node, "role": "compute", "status": "active"});
    json!({"type": "node_heartbeat", "source_node": node, "data": data}).to_string().into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_is_told_without_secrets() {
    let dir = tempfile::tempdir().unwrap();
    let redis = Redis::start_with(&["--requirepass", "hunter2"]);
    let url = redis.url().replacen("redis://", "redis://:hunter2@", 1);
    let heard = listen(&url);
    let registry = start(dir.path(), &url);
    let mut new = request("7", 0);
    new.api_key = Some(llamactl::secret::Secret::new("key-of-the-server"));
    let lease = registry.client().register(&new).await.unwrap();
    let (channel, told) = next(&heard, "server_registered");
    assert_eq!(channel, "aurora:events:global");
    assert_eq!(told["source_node"], "llamactl-registry");
    assert!(told["timestamp"].is_string(), "{told}");
    let expected = (json!(new.info.id), json!("7"), json!("ready"), json!(1));
    let data = &told["data"];
    assert_eq!(
        (data["id"].clone(), data["job"].clone(), data["state"].clone(), data["seq"].clone()),
        expected
    );
    for secret in ["key-of-the-server", lease.secret.expose()] {
        assert!(!told.to_string().contains(secret), "{told}");
    }
    registry.client().unregister(&lease).await.unwrap();
    assert_eq!(next(&heard, "server_unregistered").1["data"]["seq"], 2);
    let log = std::fs::read_to_string(dir.path().join("registry.log")).unwrap();
    assert!(log.contains("the event bus is connected"), "{log}");
    assert!(!log.contains("hunter2"), "{log}");
}

/// A node in the words of the older map's clients.
async fn register_node(registry: &Registry, name: &str) {
    let node = json!({"name": name, "role": "compute", "vpn_ip": "10.0.0.4", "public_ip": "dynamic",
        "capabilities": {"gpu": true, "gpu_count": 1, "gpu_type": "RTX 4090", "gpu_memory": 24}});
    let (status, reply) = registry.send("POST", "/nodes/register", Some(node)).await;
    assert!((200..300).contains(&status), "{status} {reply}");
}

/// Says on the bus that the node is alive until the registry has heard it.
#[track_caller]
fn beats_until_heard(registry: &Registry, redis: &str, channel: &str, node: &str) {
    let last_seen =
        || http::get(&registry.at(&format!("/nodes/{node}"))).unwrap().1["last_seen"].clone();
    let (first, mut bus) = (last_seen(), connect(redis));
    assert!(first.is_string(), "{first}");
    wait_until("the node is heard", SOON, || {
        publish(&mut bus, channel, &beat(node));
        (last_seen() != first).then_some(())
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_is_told_of_on_three_channels_and_heard_on_each() {
    let dir = tempfile::tempdir().unwrap();
    let redis = Redis::start();
    let heard = listen(&redis.url());
    let registry = start(dir.path(), &redis.url());
    register_node(&registry, "vengeance").await;
    let mut channels = Vec::new();
    for _ in 0..3 {
        let (channel, told) = next(&heard, "node_registered");
        assert_eq!(
            (&told["data"]["node"], &told["data"]["role"]),
            (&json!("vengeance"), &json!("compute"))
        );
        channels.push(channel);
    }
    channels.sort();
    let expected = ["global", "node:vengeance", "role:compute"];
    assert_eq!(channels, expected.map(|end| format!("aurora:events:{end}")));
    for channel in channels {
        beats_until_heard(&registry, &redis.url(), &channel, "vengeance");
    }
    // Whoever did not register is not made from a heartbeat.
    let mut bus = connect(&redis.url());
    let before = metric(&registry, "event_bus_received");
    publish(&mut bus, "aurora:events:global", &beat("stranger"));
    wait_until("it is read", SOON, || {
        (metric(&registry, "event_bus_received") > before).then_some(())
    });
    beats_until_heard(&registry, &redis.url(), "aurora:events:global", "vengeance");
    assert_eq!(registry.get("/nodes/stranger").await.0, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_and_floods_do_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    let redis = Redis::start();
    let registry = start(dir.path(), &redis.url());
    let mut bus = connect(&redis.url());
    let hostile = beat("x\n\u{1b}[31m<script>'; drop table nodes; --");
    let (deep, long) = ("[".repeat(100_000), "x".repeat(5_000_000));
    let garbage: [&[u8]; 8] = [
        b"",
        b"\x00\xff\xfe",
        b"{",
        b"null",
        b"{\"type\":\"node_heartbeat\",\"source_node\":{\"a\":[1]}}",
        deep.as_bytes(),
        long.as_bytes(),
        &hostile,
    ];
    for message in garbage {
        for channel in ["global", "role:compute", "node:\u{7f}*?[", "node:"] {
            publish(&mut bus, &format!("aurora:events:{channel}"), message);
        }
    }
    for n in 0..20_000 {
        publish(&mut bus, "aurora:events:global", &beat(&format!("stranger-{n}")));
    }
    wait_until("all was read or dropped", SOON, || {
        let seen = metric(&registry, "event_bus_received") + metric(&registry, "event_bus_dropped");
        (seen >= 20_032).then_some(())
    });
    let heard = listen(&redis.url());
    registry.client().register(&request("1", 0)).await.unwrap();
    next(&heard, "server_registered");
    assert_eq!(registry.get("/health").await.1["servers"], 1);
    assert_eq!(metric(&registry, "event_bus_connected"), 1);
}

/// Redis is killed, stays away for `time` and comes back empty.
async fn outage(time: Duration) {
    let dir = tempfile::tempdir().unwrap();
    let mut redis = Redis::start();
    let network = Partition::before(redis.port());
    let registry = start(dir.path(), &format!("redis://127.0.0.1:{}/0", network.port));
    redis.kill9();
    let killed = Instant::now();
    wait_until("it is noticed", SOON, || {
        (metric(&registry, "event_bus_connected") == 0).then_some(())
    });
    // The database is the truth: the registry goes on.
    register_node(&registry, "n1").await;
    let new = request("1", 0);
    let lease = registry.client().register(&new).await.unwrap();
    holds_for("the registry serves", time.saturating_sub(killed.elapsed()), || {
        http::get(&registry.at("/health")).is_some_and(|(status, _)| status == 200)
    });
    registry.client().heartbeat(&lease, &Default::default()).await.unwrap();
    // The listener is there first.
    network.close();
    redis.start_again();
    let heard = listen(&redis.url());
    network.heal();
    let back = Instant::now();
    // It reconnects by itself, soon, tells what was missed, and hears again.
    assert_eq!(next(&heard, "server_registered").1["data"]["id"], json!(new.info.id));
    assert!(back.elapsed() < Duration::from_secs(5), "{:?}", back.elapsed());
    beats_until_heard(&registry, &redis.url(), "aurora:events:node:n1", "n1");
    let log = std::fs::read_to_string(dir.path().join("registry.log")).unwrap();
    assert_eq!(log.matches("the event bus is away").count(), 1, "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_gone_for_a_moment_is_no_trouble() {
    outage(Duration::from_secs(1)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_gone_for_20_s_is_no_trouble() {
    outage(Duration::from_secs(20)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_says_nothing_any_more_is_given_up() {
    let dir = tempfile::tempdir().unwrap();
    let redis = Redis::start();
    let network = Partition::before(redis.port());
    let registry = start(dir.path(), &format!("redis://127.0.0.1:{}/0", network.port));
    network.cut();
    wait_until("it is noticed", SOON, || {
        (metric(&registry, "event_bus_connected") == 0).then_some(())
    });
    network.heal();
    wait_until("it is back", SOON, || {
        (metric(&registry, "event_bus_connected") == 1).then_some(())
    });
}

#[test]
fn a_bus_that_can_not_be_is_a_usage_error_without_the_password() {
    let dir = tempfile::tempdir().unwrap();
    for (url, word) in [("http://:hunter2@h", "URL"), ("rediss://:hunter2@h/0", "TLS")] {
        let output = run(serve(dir.path(), &["--event-bus", url]));
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(word) && stderr.contains("hint:"), "{stderr}");
        assert!(!stderr.contains("hunter2"), "{stderr}");
    }
}
