//! Who wants to be told of a model is told: by a real ntfy server and a real mail conversation.

use std::process::Command;
use std::time::Duration;

use llamactl::api::ServerUpdate;
use llamactl::domain::server::ServerState;
use serde_json::{Value, json};

use crate::common::lab::Postgres;
use crate::common::registry::{Registry, database, request, serve_on};
use crate::common::services::{Ntfy, SmtpSink, TOPIC};
use crate::common::{Sandbox, until, wait_until};

pub const SOON: Duration = Duration::from_secs(30);

/// A registry on this database, in the sandbox's environment.
pub fn serve(sandbox: &Sandbox, url: &str, args: &[&str]) -> Command {
    let mut command = serve_on(url, args);
    for name in ["HOME", "NTFY_SERVER", "LLAMACTL_SITE_CONFIG", "LLAMACTL_CONFIG"] {
        match sandbox.var(name) {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.env_remove("XDG_CONFIG_HOME");
    command
}

fn watch(model: &str, once: bool) -> Value {
    json!({"model": model, "notify": [format!("ntfy://{TOPIC}")], "once": once})
}

async fn watches(registry: &Registry) -> Vec<Value> {
    let (status, all) = registry.get("/api/v1/watches").await;
    assert_eq!(status, 200, "{all}");
    all["watches"].as_array().unwrap().clone()
}

pub async fn made(registry: &Registry, body: Value) -> Value {
    let (status, made) = registry.send("POST", "/api/v1/watches", Some(body)).await;
    assert_eq!(status, 201, "{made}");
    made
}

/// Registers a server that loads, and lets it become ready.
async fn starts(registry: &Registry, job: &str) -> uuid::Uuid {
    let mut wanted = request(job, 0);
    wanted.state = ServerState::Loading;
    let lease = registry.client().register(&wanted).await.unwrap();
    let ready = ServerUpdate { state: Some(ServerState::Ready), ..Default::default() };
    registry.client().heartbeat(&lease, &ready).await.unwrap();
    // Another change of one that is ready is no news.
    let label =
        ServerUpdate { labels: Some([("a".into(), "b".into())].into()), ..Default::default() };
    registry.client().heartbeat(&lease, &label).await.unwrap();
    wanted.info.id
}

async fn life(url: &str) {
    let mut sandbox = Sandbox::new();
    let ntfy = Ntfy::start(&mut sandbox);
    let registry = Registry::spawn(serve(&sandbox, url, &[]));
    let (_, all) = registry.get("/api/v1/watches").await;
    assert_eq!(all, json!({"channels": ["ntfy"], "watches": []}));
    made(&registry, watch("TIN*", true)).await;
    let always = made(&registry, watch("tiny.gguf", false)).await;
    let other = made(&registry, watch("qwen*", true)).await;
    assert_eq!(watches(&registry).await.len(), 3);

    let id = starts(&registry, "1").await;
    wait_until("two messages", SOON, || (ntfy.messages().len() == 2).then_some(()));
    let message = ntfy.messages()[0].clone();
    assert!(message["title"].as_str().unwrap().contains("Available"), "{message}");
    assert!(message["message"].as_str().unwrap().contains("tiny"), "{message}");
    until(SOON, || async {
        let left: Vec<_> = watches(&registry).await.iter().map(|w| w["id"].clone()).collect();
        (left == [always["id"].clone(), other["id"].clone()]).then_some(())
    })
    .await;
    let path = format!("/api/v1/events?subject={id}&kind=notified");
    until(SOON, || async {
        let (_, events) = registry.get(&path).await;
        (events.as_array().unwrap().len() == 2).then_some(())
    })
    .await;

    starts(&registry, "2").await;
    // An old client's is ready when it is registered.
    let old = json!({"host": "n", "port": 1, "model_name": "tiny.gguf"});
    assert_eq!(registry.send("POST", "/servers/77", Some(old)).await.0, 200);
    wait_until("two more messages", SOON, || (ntfy.messages().len() == 4).then_some(()));
    let path = format!("/api/v1/watches/{}", always["id"].as_str().unwrap());
    assert_eq!(registry.send("DELETE", &path, None).await.0, 200);
    assert_eq!(registry.send("DELETE", &path, None).await.0, 404);
    assert_eq!(watches(&registry).await.len(), 1);
    let (_, events) = registry.get("/api/v1/events?kind=watch-created,watch-removed").await;
    assert_eq!(events.as_array().unwrap().len(), 5, "{events}");
    assert!(!events.to_string().contains(TOPIC), "{events}");
    assert_eq!(registry.stop(), Some(0));
    assert_eq!(ntfy.messages().len(), 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_watches_is_told_once_or_each_time_with_sqlite() {
    let dir = tempfile::tempdir().unwrap();
    life(&database(dir.path())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_watches_is_told_once_or_each_time_with_postgres() {
    let postgres = Postgres::start();
    life(&postgres.url()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn of_two_replicas_one_tells() {
    let mut sandbox = Sandbox::new();
    let (postgres, ntfy) = (Postgres::start(), Ntfy::start(&mut sandbox));
    let start = || Registry::spawn(serve(&sandbox, &postgres.url(), &[]));
    let (a, b) = (start(), start());
    for _ in 0..3 {
        made(&a, watch("tiny", true)).await;
    }
    made(&b, watch("tiny", false)).await;
    for job in 0..5 {
        starts(if job % 2 == 0 { &a } else { &b }, &job.to_string()).await;
    }
    // Three told once, and one told of each of five servers.
    wait_until("eight messages", SOON, || (ntfy.messages().len() >= 8).then_some(()));
    until(SOON, || async {
        let (_, events) = b.get("/api/v1/events?kind=notified&limit=1000").await;
        (events.as_array().unwrap().len() == 8).then_some(())
    })
    .await;
    assert_eq!((a.stop(), b.stop()), (Some(0), Some(0)));
    assert_eq!(ntfy.messages().len(), 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_goes_by_the_operators_server_and_has_no_key() {
    let sandbox = Sandbox::new();
    let sink = SmtpSink::start(&sandbox);
    settings(
        &sandbox,
        &format!(
            "notify: {{ smtp: {{ host: 127.0.0.1, port: {}, security: none, \
             from: registry@example.org }} }}\n",
            sink.port
        ),
    );
    let registry = Registry::spawn(serve(&sandbox, &database(sandbox.dir()), &[]));
    let body = json!({"model": "tiny", "notify": ["mailto:ann@example.org"]});
    let made = made(&registry, body).await;
    assert_eq!(made["once"], true, "unless it is said otherwise");
    let shown = watches(&registry).await;
    assert_eq!(shown[0]["notify"][0], "mailto:an…", "nobody is known without tokens");
    let mut wanted = request("9", 0);
    wanted.api_key = Some(llamactl::secret::Secret::new("the-key-of-it"));
    registry.client().register(&wanted).await.unwrap();
    let mail = wait_until("a mail", SOON, || sink.mails().into_iter().next());
    assert!(mail.contains("X-Envelope-To: ann@example.org"), "{mail}");
    assert!(mail.contains("tiny") && !mail.contains("the-key-of-it"), "{mail}");
}

#[tokio::test]
async fn what_can_not_be_is_refused_with_how_to_mend_it() {
    let mut sandbox = Sandbox::new();
    let bare = sandbox.path("bare");
    std::fs::create_dir(&bare).unwrap();
    let registry = Registry::spawn(serve(&sandbox, &database(&bare), &[]));
    let path = "/api/v1/watches";
    for (target, mend) in [("ntfy://x", "notify.ntfy_server"), ("mailto:a@b.c", "notify.smtp")] {
        let body = json!({"model": "m", "notify": [target]});
        let (status, refused) = registry.send("POST", path, Some(body)).await;
        assert_eq!(status, 422, "{refused}");
        assert!(refused["hint"].as_str().unwrap().contains(mend), "{refused}");
    }
    drop(registry);
    // Nobody listens there: it is never contacted.
    sandbox.set("NTFY_SERVER", "http://127.0.0.1:1");
    let registry = Registry::spawn(serve(&sandbox, &database(&bare), &[]));
    for wrong in [
        json!({"model": "", "notify": ["ntfy://x"]}),
        json!({"model": "m", "notify": []}),
        json!({"model": "m", "notify": ["ntfy://a", "ntfy://a", "ntfy://a", "ntfy://a", "ntfy://a"]}),
        json!({"model": "m", "notify": ["https://evil.example.org/x"]}),
        json!({"notify": ["ntfy://x"]}),
        json!({"model": "m", "events": [], "notify": ["ntfy://x"]}),
        json!({"model": "m", "events": ["ready"], "notify": ["ntfy://x"]}),
        json!({"model": "m", "events": ["soon"], "notify": ["ntfy://x"]}),
        json!({"server_owner": "", "notify": ["ntfy://x"]}),
        json!({"labels": {"": "x"}, "notify": ["ntfy://x"]}),
        json!({"node": "a\nb", "notify": ["ntfy://x"]}),
        json!({"model": "m", "notify": ["ntfy://?file=/etc/passwd"]}),
        json!({"model": "m", "notify": ["ntfy://?env=HOME"]}),
        json!({"model": "m", "notify": ["ntfy://user:secret@x"]}),
        json!({"model": "m\n", "notify": ["ntfy://x"]}),
        json!({"model": "m", "notify": ["ntfy://x"], "host": "evil"}),
    ] {
        let (status, refused) = registry.send("POST", path, Some(wrong.clone())).await;
        assert_eq!(status, 400, "{wrong}: {refused}");
    }
    for foreign in ["ntfy://evil.example.org/x", "slack://hooks.slack.com/x", "plugin://x"] {
        let body = json!({"model": "m", "notify": [foreign]});
        let (status, refused) = registry.send("POST", path, Some(body)).await;
        assert_eq!(status, 403, "{foreign}: {refused}");
        assert!(refused["hint"].as_str().unwrap().contains("notify.relay."), "{refused}");
    }
    for _ in 0..20 {
        made(&registry, watch("nothing", true)).await;
    }
    let (status, refused) = registry.send("POST", path, Some(watch("nothing", true))).await;
    assert_eq!(status, 409, "{refused}");
    assert!(refused["error"].as_str().unwrap().contains("20 watches"), "{refused}");
}

#[tokio::test]
async fn watches_are_their_owners() {
    let mut sandbox = Sandbox::new();
    sandbox.set("NTFY_SERVER", "http://127.0.0.1:1");
    let command = serve(&sandbox, &database(sandbox.dir()), &[]);
    let (registry, admin) = Registry::with_tokens(command, sandbox.dir());
    let registry = &registry;
    let send = |token, method, path, body| registry.send_as(Some(token), method, path, body);
    let mut tokens = Vec::new();
    for (owner, scopes) in
        [("ann", json!(["register"])), ("bob", json!(["register"])), ("eve", json!(["read"]))]
    {
        let wanted = json!({"owner": owner, "scopes": scopes});
        let (_, made) = send(&admin, "POST", "/api/v1/tokens", Some(wanted)).await;
        tokens.push(made["secret"].as_str().unwrap().to_owned());
    }
    let [ann, bob, eve] = [&tokens[0], &tokens[1], &tokens[2]];
    let path = "/api/v1/watches";
    let (status, made) = send(ann, "POST", path, Some(watch("m", true))).await;
    assert_eq!((status, &made["owner"]), (201, &json!("ann")));
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    let (_, own) = send(ann, "GET", path, None).await;
    assert_eq!(own["watches"][0]["notify"][0], format!("ntfy://{TOPIC}"));
    let (_, others) = send(bob, "GET", path, None).await;
    assert_eq!(others["watches"], json!([]));
    let (_, all) = send(&admin, "GET", path, None).await;
    assert_eq!(all["watches"][0]["notify"][0], "ntfy://ll…");
    assert_eq!(send(eve, "GET", path, None).await.0, 403);
    assert_eq!(send(eve, "POST", path, Some(watch("m", true))).await.0, 403);
    assert_eq!(send(bob, "DELETE", &one, None).await.0, 403);
    assert_eq!(send(ann, "DELETE", &one, None).await.0, 200);
    let (status, made) = send(bob, "POST", path, Some(watch("m", true))).await;
    assert_eq!(status, 201);
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    assert_eq!(send(&admin, "DELETE", &one, None).await.0, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_told_before_a_stop_is_told_after_the_next_start() {
    let mut sandbox = Sandbox::new();
    // It accepts connections and says nothing: every try takes long.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    sandbox.set("NTFY_SERVER", format!("http://{}", silent.local_addr().unwrap()));
    let url = database(sandbox.dir());
    let registry = Registry::spawn(serve(&sandbox, &url, &["--ttl", "10m"]));
    made(&registry, watch("tiny", true)).await;
    starts(&registry, "1").await;
    // It tries: somebody has connected.
    tokio::task::spawn_blocking(move || silent.accept().map(|(stream, _)| (silent, stream)))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(registry.stop(), Some(0));
    let ntfy = Ntfy::start(&mut sandbox);
    let registry = Registry::spawn(serve(&sandbox, &url, &["--ttl", "10m"]));
    wait_until("the message", SOON, || (ntfy.messages().len() == 1).then_some(()));
    until(SOON, || async { watches(&registry).await.is_empty().then_some(()) }).await;
}

/// As the one before, and the process is killed: what it had claimed is on its disk, or told
/// by the next one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_when_the_registry_is_killed() {
    let mut sandbox = Sandbox::new();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    sandbox.set("NTFY_SERVER", format!("http://{}", silent.local_addr().unwrap()));
    let url = database(sandbox.dir());
    let mut registry = Registry::spawn(serve(&sandbox, &url, &["--ttl", "10m"]));
    made(&registry, watch("tiny", true)).await;
    starts(&registry, "1").await;
    tokio::task::spawn_blocking(move || silent.accept().map(|(stream, _)| (silent, stream)))
        .await
        .unwrap()
        .unwrap();
    registry.kill();
    let ntfy = Ntfy::start(&mut sandbox);
    let registry = Registry::spawn(serve(&sandbox, &url, &["--ttl", "10m"]));
    wait_until("the message", SOON, || (ntfy.messages().len() == 1).then_some(()));
    until(SOON, || async { watches(&registry).await.is_empty().then_some(()) }).await;
    assert_eq!(registry.stop(), Some(0));
    assert_eq!(ntfy.messages().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_process_had_claimed_is_told_by_the_next() {
    let mut sandbox = Sandbox::new();
    let ntfy = Ntfy::start(&mut sandbox);
    let url = database(sandbox.dir());
    let registry = Registry::spawn(serve(&sandbox, &url, &["--ttl", "10m"]));
    registry.client().register(&request("1", 0)).await.unwrap();
    let watch = made(&registry, watch("tiny", true)).await;
    let (_, events) = registry.get("/api/v1/events?kind=registered").await;
    let seq = events[0]["seq"].as_u64().unwrap();
    assert_eq!(registry.stop(), Some(0));
    // As a process leaves it that is killed after it claimed, and before its disk has the message.
    let script = format!(
        "import sqlite3; db = sqlite3.connect('{}')\n\
         db.execute('UPDATE watches SET told = 0, claimed = {seq} WHERE id = ?', [{}])\n\
         db.execute('INSERT INTO claims (seq, by, done) VALUES ({seq}, ?, 0)', ['gone'])\n\
         db.commit()",
        url.strip_prefix("sqlite:").unwrap(),
        watch["id"],
    );
    assert!(Command::new("python3").args(["-c", &script]).status().unwrap().success());
    let registry = Registry::spawn(serve(&sandbox, &url, &["--ttl", "10m"]));
    wait_until("the message", SOON, || (ntfy.messages().len() == 1).then_some(()));
    until(SOON, || async { watches(&registry).await.is_empty().then_some(()) }).await;
    assert_eq!(registry.stop(), Some(0));
    let registry = Registry::spawn(serve(&sandbox, &url, &["--ttl", "10m"]));
    assert_eq!(registry.stop(), Some(0));
    assert_eq!(ntfy.messages().len(), 1, "it is done");
}

pub fn settings(sandbox: &Sandbox, yaml: &str) {
    std::fs::write(sandbox.path("site.yaml"), yaml).unwrap();
}
