//! Slow clients, and too many of them, against the real registry: they are cut off, and nobody
//! else waits for them.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::common::registry::{Registry, request, serve};
use crate::common::{http, until};

/// The registry's limits, and some time for a busy machine.
const CUT_OFF: Duration = Duration::from_secs(10 + 10);

fn address(registry: &Registry) -> SocketAddr {
    registry.url.rsplit('/').next().unwrap().parse().unwrap()
}

async fn connect(registry: &Registry) -> TcpStream {
    TcpStream::connect(address(registry)).await.expect("the registry accepts")
}

/// Sends `text` at once and `dribble` byte by byte for ever; gives how long the connection
/// lived.
async fn slow(address: SocketAddr, text: &'static [u8], dribble: &'static [u8]) -> Duration {
    let start = Instant::now();
    // The queue of connections may be full for a moment.
    let stream = tokio::time::timeout(CUT_OFF, TcpStream::connect(address)).await;
    let (mut reader, mut writer) = stream.expect("in time").expect("accepted").into_split();
    let dribbling = async {
        writer.write_all(text).await?;
        let mut slowly = tokio::time::interval(Duration::from_millis(500));
        for byte in dribble.iter().cycle() {
            slowly.tick().await;
            writer.write_all(&[*byte]).await?;
        }
        std::future::pending::<std::io::Result<()>>().await
    };
    let closed = async {
        let mut buffer = [0; 256];
        while matches!(reader.read(&mut buffer).await, Ok(count) if count > 0) {}
    };
    let over = async {
        tokio::select! {
            _ = dribbling => {}
            () = closed => {}
        }
    };
    let _ = tokio::time::timeout(2 * CUT_OFF, over).await;
    start.elapsed()
}

/// Sends ordinary requests, each on a connection of its own, until `slow` clients are gone; how
/// long each took, and how long the slow ones lived.
async fn with_slow_clients(
    registry: &Registry,
    http: &reqwest::Client,
    mut slow: JoinSet<Duration>,
) -> (Vec<Duration>, Vec<Duration>) {
    let client = registry.client();
    let grant = match registry.url.starts_with("https") {
        true => None,
        false => Some(client.register(&request("1", 0)).await.expect("it registers")),
    };
    let (mut ordinary, mut lived) = (Vec::new(), Vec::new());
    let mut next = tokio::time::interval(Duration::from_millis(20));
    next.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        next.tick().await;
        let start = Instant::now();
        let answer = http.get(registry.at("/health")).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
        ordinary.push(start.elapsed());
        if let Some(grant) = &grant {
            let start = Instant::now();
            client.heartbeat(grant, &Default::default()).await.expect("the beat is taken");
            ordinary.push(start.elapsed());
        }
        while let Some(done) = slow.try_join_next() {
            lived.push(done.expect("no panic"));
        }
        if slow.is_empty() {
            ordinary.sort();
            return (ordinary, lived);
        }
    }
}

#[track_caller]
fn assert_prompt(ordinary: &[Duration]) {
    let median = ordinary[ordinary.len() / 2];
    let (worst, count) = (ordinary.last().unwrap(), ordinary.len());
    println!("{count} ordinary requests: median {median:?}, worst {worst:?}");
    assert!(count > 50, "only {count} ordinary requests");
    assert!(median < Duration::from_millis(250), "the median is {median:?}");
    assert!(*worst < Duration::from_secs(8), "the worst took {worst:?}");
}

fn raise_own_limit() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
    assert!(hard >= 4096, "this test needs 4096 open files; `ulimit -Hn` allows {hard}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_thousand_slow_clients_are_cut_off_and_nobody_waits_for_them() {
    raise_own_limit();
    let dir = tempfile::tempdir().unwrap();
    // Fewer places than there are slow clients: some give way before their time is over.
    let registry = Registry::start(dir.path(), &["--max-connections", "1500"]);
    let mut clients = JoinSet::new();
    for _ in 0..2000 {
        let begin = b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ";
        clients.spawn(slow(address(&registry), begin, b"x"));
    }
    let (ordinary, lived) = with_slow_clients(&registry, http::client(), clients).await;
    assert_prompt(&ordinary);
    assert_eq!(lived.len(), 2000);
    let longest = lived.iter().max().unwrap();
    assert!(*longest < CUT_OFF, "one lived for {longest:?}");
    let early = lived.iter().filter(|time| **time < Duration::from_secs(8)).count();
    assert!(early >= 400, "only {early} gave way");
    assert!(early < 1500, "{early} were cut off before their time");
    assert_eq!(registry.stop(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn handshakes_that_never_end_are_cut_off_and_nobody_waits_for_them() {
    let dir = tempfile::tempdir().unwrap();
    let ca = crate::certificates::make(dir.path(), "one", &[]);
    let args = ca.args();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let registry =
        Registry::start(dir.path(), &[&args[..], &["--max-connections", "200"]].concat());
    let mut clients = JoinSet::new();
    for _ in 0..300 {
        // The beginning of a ClientHello of 16,000 bytes.
        clients.spawn(slow(address(&registry), b"\x16\x03\x01\x3e\x80\x01\x00\x3e\x7c", b"\x03"));
    }
    let http = ca.client();
    let (ordinary, lived) = with_slow_clients(&registry, &http, clients).await;
    assert_prompt(&ordinary);
    let longest = lived.iter().max().unwrap();
    assert!(*longest < CUT_OFF, "one lived for {longest:?}");
    let early = lived.iter().filter(|time| **time < Duration::from_secs(8)).count();
    assert!(early >= 80, "only {early} gave way");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_may_rest_longer_than_a_header_may_take() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let ask = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut resting = connect(&registry).await;
    assert!(ask_on(&mut resting, ask).await.starts_with("HTTP/1.1 200"));
    let silent = slow(address(&registry), b"", b"");
    let late = slow(address(&registry), b"GET /hea", b"l");
    let (silent, late) = tokio::join!(silent, late);
    for lived in [silent, late] {
        assert!(lived > Duration::from_secs(9), "it was cut off after {lived:?}");
        assert!(lived < CUT_OFF, "it lived for {lived:?}");
    }
    assert!(ask_on(&mut resting, ask).await.starts_with("HTTP/1.1 200"));
}

async fn ask_on(stream: &mut TcpStream, ask: &[u8]) -> String {
    stream.write_all(ask).await.expect("it is open");
    let mut buffer = vec![0; 64 * 1024];
    let count = stream.read(&mut buffer).await.expect("it is open");
    String::from_utf8_lossy(&buffer[..count]).into_owned()
}

#[tokio::test]
async fn a_header_that_is_too_large_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let http = http::client();
    let with = |bytes: usize| http.get(registry.at("/health")).header("x-fill", "x".repeat(bytes));
    assert_eq!(with(8 * 1024).send().await.unwrap().status(), 200);
    assert_eq!(with(128 * 1024).send().await.unwrap().status(), 431);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_dribbles_is_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let head = b"POST /servers/1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999\r\n\r\n{";
    let lived = slow(address(&registry), head, b" ").await;
    assert!(lived > Duration::from_secs(14), "it was cut off after {lived:?}");
    assert!(lived < Duration::from_secs(15) + CUT_OFF, "it lived for {lived:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_read_the_answer_is_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let pid = registry.pid();
    let before = sockets(pid);
    let fill = "x".repeat(200 * 1024);
    for job in 0..45 {
        let record = json!({"host": "n1", "port": 1, "fill": fill});
        let path = format!("/servers/{job}");
        assert_eq!(registry.send("POST", &path, Some(record)).await.0, 200);
    }
    let alone = || async { (sockets(pid) == before).then_some(()) };
    until(CUT_OFF, alone).await;
    // A small window, so that most of the answer waits there.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stream = socket.connect(address(&registry)).await.unwrap();
    stream.write_all(b"GET /servers HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let held = || async { (sockets(pid) > before).then_some(()) };
    until(Duration::from_secs(10), held).await;
    let start = Instant::now();
    let dropped = || async { (sockets(pid) <= before).then_some(()) };
    until(Duration::from_secs(40), dropped).await;
    assert!(start.elapsed() > Duration::from_secs(5), "it was cut off at once");
    assert_eq!(registry.get("/health").await.0, 200);
    drop(stream);
}

/// How many sockets a process has open.
fn sockets(pid: u32) -> usize {
    let entries = std::fs::read_dir(format!("/proc/{pid}/fd")).expect("it runs");
    let targets = entries.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    targets.filter(|target| target.to_string_lossy().starts_with("socket:")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_number_of_connections_fits_the_limit_of_open_files() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::spawn(limited(dir.path(), 256));
    let mut resting = Vec::new();
    let ask = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
    for _ in 0..400 {
        let mut stream = connect(&registry).await;
        assert!(ask_on(&mut stream, ask).await.starts_with("HTTP/1.1 200"));
        resting.push(stream);
    }
    assert!(sockets(registry.pid()) < 256);
    let grant = registry.client().register(&request("1", 0)).await.expect("there is room");
    registry.client().unregister(&grant).await.expect("there is room");
}

/// A registry that may open so many files, and fewer until it asks for more.
fn limited(dir: &Path, files: u32) -> std::process::Command {
    let inner = serve(dir, &[]);
    let mut command = std::process::Command::new("bash");
    command.arg("-c").arg(format!("ulimit -Sn 64; ulimit -Hn {files}; exec \"$@\"")).arg("bash");
    command.arg(inner.get_program()).args(inner.get_args()).env("LLAMACTL_LOG", "warn");
    command
}
