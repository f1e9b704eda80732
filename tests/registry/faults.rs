//! What goes wrong around the registry: killed under load, a full disk, a second one, wrong
//! words on the command line.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use llamactl::client::ClientError;
use serde_json::json;
use uuid::Uuid;

use crate::common::registry::{Registry, database, file, llamactl, request, run, serve};
use crate::common::{signal, until};
use crate::kills;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_to_50_clients_is_lost_in_100_kills() {
    let dir = tempfile::tempdir().unwrap();
    let (acknowledged, in_flight) = kills::survive(100, || serve(dir.path(), &[])).await;
    assert!(acknowledged > 500, "only {acknowledged} were acknowledged: no load");
    assert!(in_flight > 100, "only {in_flight} were in flight: killed at rest");
}

/// `registry serve` that may write `blocks` blocks of 1 KiB to a file until it is allowed more.
fn limited(dir: &Path, blocks: u32) -> Command {
    let plain = serve(dir, &[]);
    let mut command = Command::new("bash");
    // Ignored, the signal of the limit becomes an error of the write.
    let script = format!("trap '' XFSZ; ulimit -S -f {blocks}; exec \"$0\" \"$@\"");
    command.arg("-c").arg(script).arg(plain.get_program()).args(plain.get_args());
    command
}

#[tokio::test]
async fn a_full_disk_refuses_writes_keeps_reads_and_heals() {
    let dir = tempfile::tempdir().unwrap();
    Registry::start(dir.path(), &[]).stop();
    let mut registry = Registry::spawn(limited(dir.path(), 300));
    let client = registry.client();
    let mut acknowledged = Vec::new();
    let mut leases = Vec::new();
    let refused = loop {
        assert!(acknowledged.len() < 5000, "the disk is never full");
        let mut new = request(&acknowledged.len().to_string(), 0);
        new.info.labels = [("filler".to_owned(), "x".repeat(500))].into();
        match client.register(&new).await {
            Ok(lease) => {
                acknowledged.push(new.info.id);
                leases.push(lease);
            }
            Err(error) => break error,
        }
    };
    assert!(matches!(&refused, ClientError::Unreachable { .. }), "{refused:?}");
    let (status, reply) = registry
        .send("POST", "/servers/old", Some(json!({"host": "n", "port": 1, "x": "y".repeat(9000)})))
        .await;
    assert_eq!((status, reply["error"].is_string()), (503, true), "{reply}");
    // Reads go on, and show what was acknowledged, and nothing else.
    let mut there: Vec<Uuid> =
        client.servers(&Default::default()).await.unwrap().iter().map(|s| s.info.id).collect();
    there.sort();
    acknowledged.sort();
    assert_eq!(there, acknowledged);
    assert_eq!(registry.get("/health").await.1["status"], "degraded");
    assert_eq!(registry.get("/servers/old").await.0, 404);

    // There is room again: it goes on without a restart.
    let pid = registry.pid().to_string();
    let mut more = Command::new("prlimit");
    more.args(["--pid", &pid, "--fsize=unlimited:unlimited"]);
    assert!(run(more).status.success());
    let new = request("after", 0);
    client.register(&new).await.unwrap();
    client.heartbeat(&leases[0], &Default::default()).await.unwrap();
    assert_eq!(registry.get("/health").await.1["status"], "ok");
    registry.kill();
    let registry = Registry::start(dir.path(), &[]);
    assert_eq!(registry.client().health().await.unwrap().servers, acknowledged.len() + 1);
}

#[tokio::test]
async fn many_leases_that_end_at_once_are_held_back() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &["--ttl", "1s"]);
    let client = registry.client();
    for n in 0..20 {
        client.register(&request(&n.to_string(), 0)).await.unwrap();
    }
    let held = until(Duration::from_secs(10), || async {
        let (_, text) = registry.get("/metrics").await;
        let text = text.as_str().unwrap().to_owned();
        let line = text.lines().find(|l| l.starts_with("llamactl_registry_held_back_expiries "));
        let held: u64 = line.unwrap().rsplit(' ').next().unwrap().parse().unwrap();
        (held > 0).then_some(held)
    })
    .await;
    assert!(held >= 8, "only {held} are held back");
    let servers = client.servers(&Default::default()).await.unwrap();
    assert!(servers.len() >= 8, "only {} are left", servers.len());
}

#[tokio::test]
async fn a_second_registry_on_the_same_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let output = run(serve(dir.path(), &[]));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    let who = format!("another registry uses the database {}", dir.path().display());
    assert!(stderr.contains(&who), "{stderr}");
    assert!(stderr.contains(&format!("process {}", registry.pid())), "{stderr}");
    assert!(stderr.contains("hint:"), "{stderr}");
    assert_eq!(registry.get("/health").await.0, 200);
}

#[test]
fn a_port_that_is_taken_is_named_with_its_holder() {
    let dir = tempfile::tempdir().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let mut command = llamactl();
    command.args(["registry", "serve", "--port", &port, "--database", &database(dir.path())]);
    let output = run(command);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains(&format!("can't listen on 127.0.0.1:{port}")), "{stderr}");
    assert!(stderr.contains("a program of user "), "{stderr}");
}

#[test]
fn wrong_words_on_the_command_line_are_usage_errors() {
    let dir = tempfile::tempdir().unwrap();
    let database = database(dir.path());
    let wrong: [(&[&str], &str); 4] = [
        (&["--anonymous", "read", "--database", &database], "--anonymous"),
        (&["--ttl", "soon", "--database", &database], "--ttl soon"),
        (&["--database", "mysql://u:hunter2@h/d"], "only sqlite and postgres"),
        (&["--database", "registry.db"], "sqlite:"),
    ];
    for (args, word) in wrong {
        let mut command = llamactl();
        command.args(["registry", "serve", "--port", "0"]).args(args);
        let output = run(command);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(word) && stderr.contains("hint:"), "{stderr}");
        assert!(!stderr.contains("hunter2"), "{stderr}");
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "nothing was made");
}

#[test]
fn a_file_that_is_no_database_and_a_folder_that_is_none_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = file(dir.path());
    std::fs::write(&file, "these are the notes of somebody, and no database at all".repeat(50))
        .unwrap();
    let output = run(serve(dir.path(), &[]));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("not a database"), "{stderr}");
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("these are the notes"));

    let output = run(serve(&file.join("below"), &[]));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("can't make the folder"), "{stderr}");
}

#[tokio::test]
async fn a_request_that_runs_is_finished_before_the_registry_ends() {
    let dir = tempfile::tempdir().unwrap();
    let mut registry = Registry::start(dir.path(), &[]);
    let address = registry.url.strip_prefix("http://").unwrap().to_owned();
    let mut stream = TcpStream::connect(&address).unwrap();
    let body = r#"{"host":"n1","port":1}"#;
    let head = format!("POST /servers/1 HTTP/1.1\r\nhost: {address}\r\n");
    let head = format!("{head}content-length: {}\r\nexpect: 100-continue\r\n\r\n", body.len());
    stream.write_all(head.as_bytes()).unwrap();
    // "100 Continue" shows that the request runs and waits for its body.
    let mut seen = [0u8; 12];
    stream.read_exact(&mut seen).unwrap();
    assert_eq!(&seen, b"HTTP/1.1 100");
    signal(registry.pid(), "TERM");
    // It takes no new connection any more.
    let is_closed = || async { TcpStream::connect(&address).is_err().then_some(()) };
    until(Duration::from_secs(4), is_closed).await;
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.contains("200 OK") && answer.contains("registered"), "{answer}");
    assert_eq!(registry.wait(), Some(0));
    assert!(!dir.path().join("registry.db-wal").exists(), "the log is emptied at the end");
}

#[tokio::test]
async fn an_open_registry_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = serve(dir.path(), &["--host", "0.0.0.0", "--auth", "none"]);
    let log = std::fs::File::create(dir.path().join("log")).unwrap();
    command.stderr(log);
    let mut registry = Registry::spawn(command);
    let port = registry.url.rsplit(':').next().unwrap().to_owned();
    registry.url = format!("http://127.0.0.1:{port}");
    let (_, about) = registry.get("/api/v1/dashboard").await;
    assert_eq!((&about["exposed"], &about["auth"]), (&true.into(), &"none".into()), "{about}");
    let log = std::fs::read_to_string(dir.path().join("log")).unwrap();
    assert!(log.contains("warning:") && log.contains("no authentication"), "{log}");
    assert_eq!(registry.stop(), Some(0));
}

#[tokio::test]
async fn the_environment_names_the_database_and_the_flag_beats_it() {
    let dir = tempfile::tempdir().unwrap();
    let (from_env, from_flag) = (dir.path().join("env.db"), dir.path().join("flag.db"));
    let start = |flag: bool| {
        let mut command = llamactl();
        command.args(["registry", "serve", "--json", "--port", "0"]);
        command.env("LLAMACTL_DATABASE_URL", format!("sqlite:{}", from_env.display()));
        if flag {
            command.arg("--database").arg(format!("sqlite:{}", from_flag.display()));
        }
        Registry::spawn(command).stop()
    };
    assert_eq!(start(true), Some(0));
    assert!(from_flag.exists() && !from_env.exists());
    assert_eq!(start(false), Some(0));
    assert!(from_env.exists());
}
