//! Streams of events and reads that wait, against the real registry over real sockets.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use llamactl::api::{SEQ_HEADER, ServerUpdate};
use llamactl::client::feed::{Feed, State, What};
use llamactl::domain::event::Event;
use llamactl::domain::server::ServerState;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite;

use crate::common::registry::{Registry, database, file, llamactl, request, run, serve};
use crate::common::{http, signal, until};
use crate::stream::{SOON, Stream};

async fn events(registry: &Registry) -> Vec<Event> {
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let (status, page) =
            registry.get(&format!("/api/v1/events?after={after}&limit=1000")).await;
        assert_eq!(status, 200);
        let page: Vec<Event> = serde_json::from_value(page).expect("events");
        let Some(last) = page.last() else { return all };
        after = last.seq;
        all.extend(page);
    }
}

async fn seq(registry: &Registry) -> u64 {
    let answer = http::client().get(registry.at("/api/v1/servers?limit=0"));
    let answer = answer.send().await.expect("an answer");
    answer.headers()[SEQ_HEADER].to_str().unwrap().parse().unwrap()
}

/// Makes `count` changes, one after the other, each one event.
async fn change(registry: &Registry, from: u32, count: u32) {
    for job in from..from + count {
        post(registry.at(&format!("/servers/{job}"))).await;
    }
}

/// Makes many changes, several at a time.
async fn change_many(registry: &Registry, from: u32, count: u32) {
    let mut work = JoinSet::new();
    for first in 0..16 {
        let jobs = (from + first..from + count).step_by(16);
        let urls: Vec<_> = jobs.map(|job| registry.at(&format!("/servers/{job}"))).collect();
        work.spawn(async move {
            for url in urls {
                post(url).await;
            }
        });
    }
    work.join_all().await;
}

async fn post(url: String) {
    let record = json!({"host": "n1", "port": 8000});
    let answer = http::client().post(url).json(&record).send().await;
    assert_eq!(answer.expect("an answer").status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_gives_what_happens_and_goes_on_where_it_was_left() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    change(&registry, 0, 3).await;
    let url = registry.at("/api/v1/events");
    let mut now = Stream::open(&url, None).await;
    assert_eq!(now.block().await.unwrap().id, Some(3), "it begins now, and says so");
    change(&registry, 3, 2).await;
    let first = now.soon().await.event();
    assert_eq!((first.seq, first.subject.as_str()), (4, "3"));
    drop(now);
    let mut again = Stream::open(&url, Some(4)).await;
    assert_eq!(again.soon().await.event().seq, 5);
    // The header is newer than the address, which a browser keeps.
    let mut again = Stream::open(&registry.at("/api/v1/events?after=1"), Some(2)).await;
    assert_eq!(again.soon().await.event().seq, 3);
    let mut again = Stream::open(&registry.at("/api/v1/events?after=1&stream=1"), None).await;
    assert_eq!(again.soon().await.event().seq, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_choose_and_the_number_goes_on_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let url = registry.at("/api/v1/events?kind=unregistered&subject=7,8&after=0");
    let mut stream = Stream::open(&url, None).await;
    change(&registry, 0, 20).await;
    for job in [3, 7] {
        assert_eq!(registry.send("DELETE", &format!("/servers/{job}"), None).await.0, 200);
    }
    let found = stream.soon().await.event();
    assert_eq!((found.seq, found.subject.as_str()), (22, "7"));
    change(&registry, 30, 5).await;
    // A heartbeat tells how far everything was looked at.
    let mut seen = None;
    while seen < Some(27) {
        let block = tokio::time::timeout(SOON, stream.block()).await.unwrap().unwrap();
        assert_eq!((block.event.as_str(), block.data.as_str()), ("", ""));
        seen = block.id;
    }
    assert_eq!(seen, Some(27));
    let (status, list) = registry.get("/api/v1/events?kind=unregistered").await;
    assert_eq!((status, list.as_array().unwrap().len()), (200, 2));
    let (status, error) = registry.get("/api/v1/events?kind=exploded").await;
    assert_eq!(status, 400);
    assert!(error["hint"].as_str().unwrap().contains("registered"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_of_another_database_is_answered_by_reset() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    change(&registry, 0, 2).await;
    let url = registry.at("/api/v1/events");
    let mut stream = Stream::open(&url, Some(999)).await;
    let reset = stream.soon().await;
    assert_eq!((reset.id, reset.event.as_str()), (Some(2), "reset"));
    assert_eq!(serde_json::from_str::<Value>(&reset.data).unwrap()["seq"], 2);
    change(&registry, 2, 1).await;
    assert_eq!(stream.soon().await.event().seq, 3, "and it goes on from there");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_have_been_dropped_are_answered_by_reset() {
    let dir = tempfile::tempdir().unwrap();
    let mut registry = Registry::start(dir.path(), &[]);
    change(&registry, 0, 9).await;
    registry.kill();
    let database = rusqlite::Connection::open(file(dir.path())).unwrap();
    database.execute("DELETE FROM events WHERE seq <= 5", []).unwrap();
    drop(database);
    let registry = Registry::start(dir.path(), &[]);
    let url = registry.at("/api/v1/events");
    let reset = Stream::open(&url, Some(3)).await.soon().await;
    assert_eq!((reset.id, reset.event.as_str()), (Some(9), "reset"));
    assert_eq!(Stream::open(&url, Some(5)).await.soon().await.event().seq, 6, "all are there");
}

/// Follows the stream, reconnecting wherever it breaks or `cut` says so, until event `last`.
async fn follow_to(url: String, last: u64, mut cut: impl FnMut() -> bool) -> Vec<Event> {
    let (mut found, mut at) = (Vec::<Event>::new(), Some(0));
    while at < Some(last) {
        let open = || async { Stream::try_open(&url, at).await.ok() };
        let mut stream = until(Duration::from_secs(60), open).await;
        while at < Some(last) && !cut() {
            let Some(frame) = stream.next().await else { break };
            found.push(frame.event());
            at = frame.id;
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_resumed_anywhere_over_kills_of_the_registry_has_each_event_once() {
    let dir = tempfile::tempdir().unwrap();
    let mut registry = Registry::start(dir.path(), &[]);
    let port = registry.url.rsplit(':').next().unwrap().to_owned();
    const CHANGES: u32 = 600;
    let mut followers = JoinSet::new();
    for follower in 0..4u64 {
        let mut random = follower + 1;
        let cut = move || {
            // xorshift: the points are other ones for each follower.
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random % 40 == 0
        };
        let url = registry.at("/api/v1/events");
        followers.spawn(follow_to(url, u64::from(CHANGES), cut));
    }
    for round in 0..4 {
        change_many(&registry, round * CHANGES / 4, CHANGES / 4).await;
        registry.kill();
        let mut command = serve(dir.path(), &[]);
        let args: Vec<_> = command.get_args().map(|a| a.to_owned()).collect();
        let zero = args.iter().position(|arg| arg == "0").expect("--port 0");
        command = std::process::Command::new(command.get_program());
        command.args(&args[..zero]).arg(&port).args(&args[zero + 1..]);
        registry = Registry::spawn(command);
    }
    let all = events(&registry).await;
    assert_eq!(all.len(), CHANGES as usize);
    let ended = tokio::time::timeout(SOON, followers.join_all()).await.expect("all get all");
    for found in ended {
        assert_eq!(found, all);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_streams_and_sockets_get_every_change() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    const CHANGES: u64 = 500;
    let mut all = JoinSet::new();
    for number in 0..200 {
        if number % 2 == 0 {
            let mut stream = Stream::open(&registry.at("/api/v1/events?after=0"), None).await;
            all.spawn(async move {
                for seq in 1..=CHANGES {
                    assert_eq!(stream.soon().await.event().seq, seq);
                }
            });
        } else {
            let mut socket = socket(&registry, "?after=0").await;
            all.spawn(async move {
                for seq in 1..=CHANGES {
                    assert_eq!(message(&mut socket).await["seq"], seq);
                }
            });
        }
    }
    let start = Instant::now();
    change_many(&registry, 0, CHANGES as u32).await;
    all.join_all().await;
    println!("100,000 deliveries within {:?}", start.elapsed());
    assert_eq!(registry.stop(), Some(0));
}

type Socket =
    tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

async fn socket(registry: &Registry, query: &str) -> Socket {
    let url = format!("{}/api/v1/ws{query}", registry.url.replace("http", "ws"));
    tokio_tungstenite::connect_async(url).await.expect("a WebSocket").0
}

async fn message(socket: &mut Socket) -> Value {
    loop {
        let message = tokio::time::timeout(SOON, socket.next()).await.expect("in time");
        if let tungstenite::Message::Text(text) = message.expect("open").expect("a message") {
            let message: Value = serde_json::from_str(&text).expect("JSON");
            if message["kind"] != "quiet" {
                return message;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_gives_the_same_and_ends_with_a_word() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    change(&registry, 0, 3).await;
    let mut socket = socket(&registry, "?after=1&kind=registered").await;
    let all = events(&registry).await;
    for event in &all[1..] {
        assert_eq!(message(&mut socket).await, serde_json::to_value(event).unwrap());
    }
    let mut foreign = self::socket(&registry, "?after=77").await;
    let reset = message(&mut foreign).await;
    assert_eq!((&reset["kind"], &reset["seq"]), (&json!("reset"), &json!(3)));
    let stopping = tokio::task::spawn_blocking(move || {
        let start = Instant::now();
        assert_eq!(registry.stop(), Some(0));
        start.elapsed()
    });
    let end = tokio::time::timeout(SOON, socket.next()).await.unwrap().unwrap().unwrap();
    let tungstenite::Message::Close(Some(frame)) = end else { panic!("{end:?}") };
    assert_eq!(u16::from(frame.code), 1001);
    let took = stopping.await.unwrap();
    assert!(took < Duration::from_secs(4), "it took {took:?}");
}

#[tokio::test]
async fn pages_of_other_sites_can_open_no_websocket() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let host = registry.url.trim_start_matches("http://").to_owned();
    let open = |origin: String| {
        http::client()
            .get(registry.at("/api/v1/ws"))
            .header("connection", "upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
            .header("origin", origin)
            .send()
    };
    assert_eq!(open("http://evil.example".to_owned()).await.unwrap().status(), 403);
    assert_eq!(open("null".to_owned()).await.unwrap().status(), 403);
    assert_eq!(open(format!("http://{host}")).await.unwrap().status(), 101);
    assert_eq!(registry.get("/api/v1/ws").await.0, 426);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_waits_for_a_change_and_not_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let client = registry.client();
    let grant = client.register(&request("1", 0)).await.unwrap();
    let now = seq(&registry).await;
    let url =
        |after: u64, wait: &str| registry.at(&format!("/api/v1/servers?after={after}&wait={wait}"));
    let ask = |url: String| {
        let http = http::client();
        async move {
            let start = Instant::now();
            let answer = http.get(url).send().await.expect("an answer");
            let seq: u64 = answer.headers()[SEQ_HEADER].to_str().unwrap().parse().unwrap();
            let list: Vec<Value> = answer.json().await.expect("a list");
            (start.elapsed(), seq, list)
        }
    };
    for beyond in [0, now - 1, now + 1000] {
        let (took, seq, list) = ask(url(beyond, "30s")).await;
        assert!(took < Duration::from_secs(5), "it waited for {took:?}");
        assert_eq!((seq, list.len()), (now, 1));
    }
    let (took, seq, list) = ask(url(now, "1s")).await;
    assert!(took >= Duration::from_secs(1), "it did not wait");
    assert_eq!((seq, list.len()), (now, 1), "the list as it is");
    let waiting = tokio::spawn(ask(url(now, "30s")));
    let draining = ServerUpdate { state: Some(ServerState::Draining), ..Default::default() };
    client.heartbeat(&grant, &draining).await.unwrap();
    let (took, seq, list) = waiting.await.unwrap();
    assert!(took < Duration::from_secs(10), "it waited for {took:?}");
    assert_eq!((seq, &list[0]["state"]), (now + 1, &json!("draining")));
    // The same for the list of events.
    let waiting = tokio::spawn(ask(registry.at(&format!("/api/v1/events?after={seq}&wait=30s"))));
    client.unregister(&grant).await.unwrap();
    let (_, seq, list) = waiting.await.unwrap();
    assert_eq!((seq, &list[0]["kind"]), (now + 2, &json!("unregistered")));
    assert_eq!(registry.get("/api/v1/servers?wait=5s").await.0, 400, "after what?");
    assert_eq!(registry.get("/api/v1/servers?after=0&wait=soon").await.0, 400);
    // Whoever knows the list and waits in vain gets no second copy.
    let etag = http::client().get(registry.at("/api/v1/servers")).send().await.unwrap();
    let etag = etag.headers()["etag"].clone();
    let known = http::client().get(url(seq, "100ms")).header("if-none-match", etag);
    assert_eq!(known.send().await.unwrap().status(), 304);
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_and_waits_end_when_the_registry_stops() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let mut stream = Stream::open(&registry.at("/api/v1/events"), None).await;
    let url = registry.at("/api/v1/servers?after=0&wait=60s");
    let waiting = tokio::spawn(http::client().get(url).send());
    until(SOON, || streams(&registry, 1)).await;
    let start = Instant::now();
    assert_eq!(tokio::task::spawn_blocking(|| registry.stop()).await.unwrap(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(4), "it took {:?}", start.elapsed());
    assert!(stream.next().await.is_none());
    assert_eq!(waiting.await.unwrap().expect("an answer").status(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_that_reads_nothing_is_dropped_and_gets_the_rest_later() {
    const MANY: u64 = 10_000;
    let dir = tempfile::tempdir().unwrap();
    let mut registry = Registry::start(dir.path(), &[]);
    registry.kill();
    // More than the kernel's buffers hold.
    let mut database = rusqlite::Connection::open(file(dir.path())).unwrap();
    let transaction = database.transaction().unwrap();
    let data = json!({"filler": "x".repeat(2000)}).to_string();
    let now = jiff::Timestamp::now().as_millisecond();
    for seq in 1..=MANY {
        let sql = "INSERT INTO events (seq, time, kind, subject, data) \
            VALUES (?1, ?2, 'updated', 's', ?3)";
        transaction.execute(sql, (seq, now, &data)).unwrap();
    }
    transaction.execute("UPDATE sequence SET seq = ?1", [MANY]).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let registry = Registry::start(dir.path(), &[]);
    let address = registry.url.trim_start_matches("http://").to_owned();
    // A small window, so that what is sent soon waits there.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let mut stuck = socket.connect(address.parse().unwrap()).await.unwrap();
    let head = b"GET /api/v1/events?stream=1&after=0 HTTP/1.1\r\nHost: localhost\r\n\r\n";
    stuck.write_all(head).await.unwrap();
    until(SOON, || streams(&registry, 1)).await;
    let mut other = Stream::open(&registry.at("/api/v1/events?after=0"), None).await;
    for seq in 1..=MANY {
        assert_eq!(other.soon().await.event().seq, seq, "others are not held up");
    }
    until(Duration::from_secs(45), || streams(&registry, 1)).await;
    let mut got = Vec::new();
    let _ = stuck.read_to_end(&mut got).await;
    let text = String::from_utf8_lossy(&got);
    let ids = text.split("\nid: ").filter_map(|part| part.split_once('\n')?.0.parse::<u64>().ok());
    let last = ids.max().expect("some events") - 1;
    assert!(last < MANY, "the kernel took all of it");
    let url = registry.at("/api/v1/events");
    assert_eq!(Stream::open(&url, Some(last)).await.soon().await.event().seq, last + 1);
}

/// Whether so many streams are open, as the metrics say.
async fn streams(registry: &Registry, count: usize) -> Option<()> {
    let (_, text) = registry.get("/metrics").await;
    text.as_str()?.contains(&format!("llamactl_registry_streams {count}\n")).then_some(())
}

fn events_command(registry: &Registry, args: &[&str]) -> std::process::Command {
    let mut command = llamactl();
    command.args(["registry", "events", "--registry", &registry.url]).args(args);
    command.env("HOME", "/nonexistent").env_remove("XDG_CONFIG_HOME");
    command
}

#[tokio::test(flavor = "multi_thread")]
async fn the_terminal_shows_what_happened() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    change_many(&registry, 0, 60).await;
    assert_eq!(registry.send("DELETE", "/servers/7", None).await.0, 200);
    let shown = |args: &'static [&'static str]| {
        let output = run(events_command(&registry, args));
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let text = shown(&[]);
    assert_eq!(text.lines().count(), 50, "the last ones");
    assert!(text.lines().last().unwrap().contains("unregistered"), "{text}");
    let json: Vec<Event> = serde_json::from_str(&shown(&["--json", "--after", "58"])).unwrap();
    assert_eq!(json.iter().map(|event| event.seq).collect::<Vec<_>>(), [59, 60, 61]);
    let text = shown(&["--after", "0", "--kind", "unregistered"]);
    assert_eq!(text.lines().count(), 1, "{text}");
    let wrong = run(events_command(&registry, &["--kind", "lots"]));
    assert_eq!(wrong.status.code(), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_terminal_follows_over_a_restart() {
    use std::io::BufRead;
    let dir = tempfile::tempdir().unwrap();
    let mut registry = Registry::start(dir.path(), &[]);
    let port = registry.url.rsplit(':').next().unwrap().to_owned();
    let log = dir.path().join("events.log");
    let mut command = events_command(&registry, &["--follow", "--json", "--after", "0"]);
    command.stdout(std::process::Stdio::piped()).stderr(std::fs::File::create(&log).unwrap());
    let mut child = command.spawn().unwrap();
    let out = std::io::BufReader::new(child.stdout.take().unwrap());
    let (lines, mut read) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|l| lines.send(l)));
    change(&registry, 0, 10).await;
    registry.kill();
    let away =
        || async { std::fs::read_to_string(&log).unwrap().contains("trying again").then_some(()) };
    until(SOON, away).await;
    let mut command = llamactl();
    command.args(["registry", "serve", "--json", "--port", &port, "--database"]);
    command.arg(database(dir.path()));
    let registry = Registry::spawn(command);
    change(&registry, 10, 10).await;
    for seq in 1..=20 {
        let line = tokio::time::timeout(SOON, read.recv()).await.expect("in time").expect("a line");
        assert_eq!(serde_json::from_str::<Event>(&line).unwrap().seq, seq);
    }
    let back =
        || async { std::fs::read_to_string(&log).unwrap().contains("is back").then_some(()) };
    until(SOON, back).await;
    signal(child.id(), "INT");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn watching_the_list_shows_a_change_as_it_comes() {
    use std::io::BufRead;
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let client = registry.client();
    let grant = client.register(&request("1", 0)).await.unwrap();
    let mut command = llamactl();
    command.args(["ls", "--watch", "--json", "--registry", &registry.url]);
    command
        .env("HOME", "/nonexistent")
        .env_remove("XDG_CONFIG_HOME")
        .env("LLAMACTL_SLURM_BIN", dir.path());
    let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
    let out = std::io::BufReader::new(child.stdout.take().unwrap());
    let (lines, mut read) = tokio::sync::mpsc::unbounded_channel();
    std::thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|l| lines.send(l)));
    let mut next = async || -> Value {
        let line = tokio::time::timeout(SOON, read.recv()).await.expect("in time").expect("a line");
        serde_json::from_str(&line).unwrap()
    };
    assert_eq!(next().await[0]["state"], "ready");
    // The list waits for the next change by now, or will in a moment.
    let mut times = Vec::new();
    for state in [ServerState::Draining, ServerState::Ready, ServerState::Draining] {
        let start = Instant::now();
        let update = ServerUpdate { state: Some(state), ..Default::default() };
        client.heartbeat(&grant, &update).await.unwrap();
        assert_eq!(next().await[0]["state"], state.as_str());
        times.push(start.elapsed());
    }
    // A registry that is asked every two seconds would take one second of each.
    assert!(times.iter().min().unwrap() < &Duration::from_millis(700), "{times:?}");
    // How busy it is makes no event, and is shown all the same.
    let busy = serde_json::from_value(json!({"slots": {"total": 4, "busy": 3}})).unwrap();
    client.heartbeat(&grant, &busy).await.unwrap();
    assert_eq!(next().await[0]["slots"]["busy"], 3);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Waits until a feed is as wanted.
async fn heard(feed: &mut Feed, wanted: impl Fn(&Feed) -> bool) {
    let heard = async {
        while !wanted(feed) {
            feed.changed().await;
        }
    };
    let in_time = tokio::time::timeout(SOON, heard).await.is_ok();
    assert!(in_time, "{:?}: {:?}", feed.state(), feed.view());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_comes_back_by_itself_and_keeps_what_it_knew() {
    let dir = tempfile::tempdir().unwrap();
    let mut registry = Registry::start(dir.path(), &[]);
    let port = registry.url.rsplit(':').next().unwrap().to_owned();
    let client = registry.client();
    let grant = client.register(&request("1", 0)).await.unwrap();
    let mut feed = Feed::start(client.clone(), What::All);
    assert!(matches!(feed.state(), State::Away { .. }), "nothing was heard yet");
    let current = |feed: &Feed, servers| {
        feed.state() == State::Connected && feed.view().servers().count() == servers
    };
    heard(&mut feed, |feed| current(feed, 1)).await;
    client.register(&request("2", 0)).await.unwrap();
    let update = ServerUpdate { state: Some(ServerState::Draining), ..Default::default() };
    client.heartbeat(&grant, &update).await.unwrap();
    let drains = |feed: &Feed| {
        feed.view().server(grant.id).is_some_and(|server| server.state == ServerState::Draining)
    };
    heard(&mut feed, |feed| current(feed, 2) && drains(feed)).await;

    let killed = Instant::now();
    registry.kill();
    heard(&mut feed, |feed| feed.state() != State::Connected).await;
    assert_eq!(feed.view().servers().count(), 2, "what was known stays known");
    // It is older than its end, and soon it is clear that nobody listens.
    heard(&mut feed, |feed| match feed.state() {
        State::Away { since, why } => since <= killed && why.contains("refused"),
        State::Connected => false,
    })
    .await;

    let mut command = llamactl();
    command.args(["registry", "serve", "--json", "--port", &port, "--database"]);
    command.arg(database(dir.path()));
    let registry = Registry::spawn(command);
    heard(&mut feed, |feed| current(feed, 2)).await;
    registry.client().unregister(&grant).await.unwrap();
    let node = json!({"hostname": "n1", "role": "compute"});
    assert_eq!(registry.send("POST", "/api/v1/nodes/register", Some(node)).await.0, 200);
    heard(&mut feed, |feed| current(feed, 1) && feed.view().nodes().count() == 1).await;
    assert!(feed.view().server(grant.id).is_none());
}
