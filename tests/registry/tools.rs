//! `registry backup`, `restore` and `import` beside a running registry, on both databases.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

use serde_json::{Value, json};

use crate::common::lab::Postgres;
use crate::common::registry::{Registry, database, llamactl, request, run, serve_on};
use crate::common::until;

const SOON: Duration = Duration::from_secs(10);

/// `llamactl registry VERB --json --database URL FILE …`
fn tool(verb: &str, url: &str, file: &Path, args: &[&str]) -> Output {
    let mut command = llamactl();
    command.args(["registry", verb, "--json", "--database", url]).arg(file).args(args);
    run(command)
}

#[track_caller]
fn ok(output: Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[track_caller]
fn refused(output: Output, why: &str) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains(why), "{why}: {stderr}");
}

async fn put(registry: &Registry, job: &str) {
    let body = json!({"host": "n", "port": 1, "owner": "ann"});
    let (status, reply) = registry.send("POST", &format!("/servers/{job}"), Some(body)).await;
    assert_eq!(status, 200, "{reply}");
}

async fn last_event(registry: &Registry) -> Value {
    let (_, events) = registry.get("/api/v1/events?limit=1000").await;
    events.as_array().and_then(|events| events.last()).cloned().expect("an event")
}

/// Backs up a running registry, lets it go on, and goes back to the backup while it runs.
async fn there_and_back(url: &str, dir: &Path) {
    let file = dir.join("backup.jsonl");
    let registry = Registry::spawn(serve_on(url, &[]));
    let mut kept = request("1", 0);
    kept.api_key = Some(llamactl::secret::Secret::new("the-key"));
    let lease = registry.client().register(&kept).await.unwrap();
    put(&registry, "7").await;
    let done = ok(tool("backup", url, &file, &[]));
    assert_eq!(done["rows"], 4, "two entries, two events");
    let mode = std::fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "it holds keys");
    refused(tool("backup", url, &file, &[]), "is there already");
    ok(tool("backup", url, &file, &["--force"]));

    registry.client().unregister(&lease).await.unwrap();
    registry.client().register(&request("2", 0)).await.unwrap();
    put(&registry, "8").await;
    let before = last_event(&registry).await["seq"].as_u64().unwrap();

    ok(tool("restore", url, &file, &[]));
    until(SOON, || async { registry.find(kept.info.id).await }).await;
    assert_eq!(registry.get("/servers/7").await.0, 200);
    assert_eq!(registry.get("/servers/8").await.0, 404);
    let event = last_event(&registry).await;
    assert_eq!(event["kind"], "restored");
    assert!(event["seq"].as_u64().unwrap() > before, "numbers never go back");
    // The lease of the backup is alive again, and so is its key.
    registry.client().heartbeat(&lease, &Default::default()).await.unwrap();
    let (_, key) = registry.get(&format!("/api/v1/servers/{}/key", kept.info.id)).await;
    assert_eq!(key["api_key"], "the-key");
    let new = registry.client().register(&request("3", 0)).await.unwrap();
    assert!(new.generation > event["seq"].as_u64().unwrap());

    // What is not whole changes nothing.
    let text = std::fs::read_to_string(&file).unwrap();
    let cut = dir.join("cut.jsonl");
    std::fs::write(&cut, &text[..text.len() - 40]).unwrap();
    refused(tool("restore", url, &cut, &[]), "damaged");
    refused(tool("restore", url, Path::new("/dev/null"), &[]), "no backup");
    assert_eq!(registry.get("/servers/7").await.0, 200);
    assert_eq!(registry.stop(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_brings_everything_back_on_either_database_and_from_one_to_the_other() {
    let dir = tempfile::tempdir().unwrap();
    let postgres = Postgres::start();
    there_and_back(&database(dir.path()), dir.path()).await;
    let (file, moved) = (dir.path().join("backup.jsonl"), postgres.fresh());
    ok(tool("restore", &moved, &file, &[]));
    let registry = Registry::spawn(serve_on(&moved, &[]));
    assert_eq!(registry.get("/servers/7").await.0, 200);
    assert_eq!(registry.client().servers(&Default::default()).await.unwrap().len(), 2);
    assert_eq!(registry.stop(), Some(0));

    let other = tempfile::tempdir().unwrap();
    there_and_back(&postgres.url(), other.path()).await;
}

async fn takes_over(url: &str, dir: &Path) {
    let file = dir.join("servers.json");
    let ago = |hours: i64| {
        let time = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(hours);
        time.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
    };
    let old = json!({
        "101": {"host": "n1", "port": "8080", "owner": "ann", "model_name": "m",
                "start_time": ago(40), "last_updated": ago(1), "extra": {"kept": true}},
        "102": {"host": "n2", "port": 8081, "last_updated": ago(49)},
        "103": {"host": "n3", "last_updated": ago(1)},
        "7": {"host": "old", "port": 9, "last_updated": ago(2)},
        "5": {"host": "old", "port": 9, "last_updated": ago(2)},
    });
    std::fs::write(&file, old.to_string()).unwrap();
    let registry = Registry::spawn(serve_on(url, &[]));
    put(&registry, "7").await;
    registry.client().register(&request("5", 0)).await.unwrap();
    let done = ok(tool("import", url, &file, &[]));
    assert_eq!(
        (&done["imported"], &done["expired"], &done["known"]),
        (&json!(1), &json!(1), &json!(2))
    );
    assert_eq!(done["wrong"][0][0], "103", "{done}");
    let record = until(SOON, || async {
        let (status, record) = registry.get("/servers/101").await;
        (status == 200).then_some(record)
    })
    .await;
    assert_eq!((&record["port"], &record["extra"]), (&json!("8080"), &json!({"kept": true})));
    assert_eq!(record["start_time"], old["101"]["start_time"]);
    assert_eq!(record["last_updated"], old["101"]["last_updated"]);
    assert_eq!(registry.get("/servers/7").await.1["host"], "n", "the younger one stays");
    assert_eq!(registry.get("/servers/102").await.0, 404);
    let again = ok(tool("import", url, &file, &[]));
    assert_eq!((&again["imported"], &again["known"]), (&json!(0), &json!(3)));
    refused(tool("import", url, Path::new("/dev/null"), &[]), "no file of the older registry");
    assert_eq!(registry.stop(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_file_of_an_older_registry_is_taken_over_on_either_database() {
    let dir = tempfile::tempdir().unwrap();
    takes_over(&database(dir.path()), dir.path()).await;
    let postgres = Postgres::start();
    takes_over(&postgres.url(), dir.path()).await;
}

#[test]
fn a_backup_of_nothing_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let output = tool("backup", &database(dir.path()), &dir.path().join("b"), &[]);
    refused(output, "there is no database");
    assert!(!dir.path().join("b").exists());
}
