//! What the dashboard is made of on the registry's side: its files, and the stream of everything.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use reqwest::Response;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::common::registry::{Registry, answer, request, run, serve};
use crate::common::{http, until};
use crate::stream::{SOON, Stream};

async fn file(registry: &Registry, path: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = http::client().get(registry.at(path));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.expect("an answer")
}

fn header(response: &Response, name: &str) -> String {
    let value = response.headers().get(name);
    value.map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

#[tokio::test]
async fn the_page_is_there_for_everybody_and_asks_nothing_from_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let token = dir.path().join("first");
    let registry = Registry::start(
        dir.path(),
        &["--auth", "token", "--first-token-file", token.to_str().unwrap()],
    );
    for path in ["/", "/dashboard/index.html"] {
        let page = file(&registry, path, &[("accept", "text/html")]).await;
        assert_eq!(page.status(), 200, "{path}");
        assert_eq!(header(&page, "content-type"), "text/html; charset=utf-8");
        assert_eq!(header(&page, "cache-control"), "no-cache");
        assert_eq!(header(&page, "x-content-type-options"), "nosniff");
        let policy = header(&page, "content-security-policy");
        for wanted in [
            "default-src 'none'",
            "script-src 'self'",
            "connect-src 'self'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(wanted), "{policy}");
        }
        for unwanted in ["unsafe", "http:", "https:", "*"] {
            assert!(!policy.contains(unwanted), "{policy}");
        }
        let text = page.text().await.unwrap();
        assert!(text.contains("</html>"), "{text}");
        // The policy would stop them, and the page with them.
        for inline in ["<style", " style=", " onclick=", "<script>"] {
            assert!(!text.contains(inline), "{inline} in {text}");
        }
    }
    let (status, about) =
        answer(http::client().get(registry.at("/")).header("accept", "application/json")).await;
    assert_eq!((status, about["service"].is_string()), (200, true), "{about}");
}

#[tokio::test]
async fn files_are_compressed_and_sent_once() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let plain = file(&registry, "/dashboard/index.html", &[]).await;
    let (tag, vary) = (header(&plain, "etag"), header(&plain, "vary"));
    assert!(tag.starts_with('"') && vary.contains("accept-encoding"), "{tag} {vary}");
    let text = plain.bytes().await.unwrap();
    let packed = file(&registry, "/dashboard/index.html", &[("accept-encoding", "gzip, br")]).await;
    let packed_tag = header(&packed, "etag");
    assert_eq!(header(&packed, "content-encoding"), "gzip");
    assert_ne!(packed_tag, tag, "another form has another tag");
    let mut unpacked = Vec::new();
    let packed = packed.bytes().await.unwrap();
    assert!(packed.len() < text.len());
    std::io::copy(&mut flate2::read::GzDecoder::new(&packed[..]), &mut unpacked).unwrap();
    assert_eq!(unpacked, text);
    for (encoding, known, status) in [
        ("gzip", packed_tag.clone(), 304),
        ("identity", tag.clone(), 304),
        ("identity", format!("\"x\", W/{tag}"), 304),
        ("gzip", tag.clone(), 200),
        ("gzip", "\"x\"".to_owned(), 200),
    ] {
        let asked = [("accept-encoding", encoding), ("if-none-match", known.as_str())];
        let again = file(&registry, "/dashboard/index.html", &asked).await;
        assert_eq!(again.status(), status, "{encoding} {known}");
        let empty = again.bytes().await.unwrap().is_empty();
        assert_eq!(empty, status == 304);
    }
}

#[tokio::test]
async fn only_files_of_the_dashboard_are_served() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let address = registry.url.trim_start_matches("http://").to_owned();
    for path in [
        "/dashboard/",
        "/dashboard/nothing.js",
        "/dashboard/../Cargo.toml",
        "/dashboard/..%2fCargo.toml",
        "/dashboard/%2e%2e/Cargo.toml",
        "/dashboard/js/..%2f..%2fCargo.toml",
        "/dashboard//etc/passwd",
        "/dashboard/%2fetc/passwd",
        "/dashboard/..%5cCargo.toml",
        "/dashboard/index.html%00.js",
        "/dashboard/vendor/swagger-ui/swagger-ui.css.gz",
        "/dashboard/docs/index.html",
        "/dashboard/.gitignore",
    ] {
        // A client library would tidy the path up.
        let mut stream = tokio::net::TcpStream::connect(&address).await.unwrap();
        let text = format!("GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
        tokio::io::AsyncWriteExt::write_all(&mut stream, text.as_bytes()).await.unwrap();
        let mut answer = String::new();
        tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
        assert!(!answer.contains("[package]") && !answer.contains("root:"), "{path}: {answer}");
    }
    let docs = file(&registry, "/api/v1/docs/start.js", &[]).await;
    assert_eq!(docs.status(), 200, "the viewer of the API has routes of its own");
}

#[tokio::test]
async fn a_page_learns_how_the_registry_is_set_up() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &["--login-host", "login.example.org"]);
    let (status, about) = registry.get("/api/v1/dashboard").await;
    assert_eq!(status, 200);
    let expected = json!({
        "version": env!("CARGO_PKG_VERSION"), "auth": "none", "exposed": false, "anonymous": [],
        "login_host": "login.example.org", "whoami": null,
    });
    assert_eq!(about, expected);
    let wrong = serve(dir.path(), &["--login-host", "-oProxyCommand=x"]);
    let output = run(wrong);
    assert_eq!(output.status.code(), Some(2));
}

/// What a page knows from the stream.
#[derive(Debug, Default)]
struct Known {
    servers: BTreeMap<String, Value>,
    nodes: BTreeMap<String, Value>,
    events: Vec<Value>,
    synced: bool,
}

impl Known {
    fn take(&mut self, event: &str, data: &str) {
        let value: Value = serde_json::from_str(data).expect("JSON");
        let (records, id) = match event {
            "servers" => (&mut self.servers, "id"),
            "nodes" => (&mut self.nodes, "node_id"),
            "event" => return self.events.push(value),
            "synced" => return self.synced = true,
            "hello" => return,
            other => panic!("{other} is not known"),
        };
        for record in value["changed"].as_array().expect("records") {
            records.insert(record[id].as_str().expect("an id").to_owned(), record.clone());
        }
        for id in value["gone"].as_array().expect("ids") {
            records.remove(id.as_str().expect("an id"));
        }
    }
}

/// Somebody who looks at the dashboard.
struct Page {
    stream: Stream,
    known: Known,
}

impl Page {
    async fn open(registry: &Registry, query: &str) -> Page {
        let url = registry.at(&format!("/api/v1/live{query}"));
        let stream = Stream::of(http::client().get(url)).await.expect("a stream");
        let mut page = Page { stream, known: Known::default() };
        let hello = page.stream.soon().await;
        assert_eq!(hello.event, "hello");
        let hello: Value = serde_json::from_str(&hello.data).unwrap();
        for field in ["version", "run", "seq", "now"] {
            assert!(!hello[field].is_null(), "{hello}");
        }
        page.until(|known| known.synced).await;
        page
    }

    /// Reads on until it looks as wanted.
    async fn until(&mut self, wanted: impl Fn(&Known) -> bool) {
        while !wanted(&self.known) {
            let frame = self.stream.soon().await;
            self.known.take(&frame.event, &frame.data);
        }
    }

    fn server(&self, name: &str) -> Option<&Value> {
        self.known.servers.values().find(|server| server["name"] == name)
    }
}

/// What the list says, by id.
async fn listed(registry: &Registry, path: &str, id: &str) -> BTreeMap<String, Value> {
    let (status, list) = registry.get(path).await;
    assert_eq!(status, 200);
    let list = list.as_array().expect("a list").iter();
    list.map(|record| (record[id].as_str().unwrap().to_owned(), record.clone())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_has_what_the_lists_have_and_follows_every_change() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &["--probe", "off"]);
    let client = registry.client();
    let lease = client.register(&request("1", 0)).await.unwrap();
    let old = json!({"host": "n9", "port": 8000, "owner": "bob", "model_name": "older"});
    assert_eq!(registry.send("POST", "/servers/77", Some(old)).await.0, 200);
    let node = json!({"node_id": "a", "name": "a", "hostname": "a", "role": "compute"});
    let registered = registry.send("POST", "/api/v1/nodes/register", Some(node)).await;
    assert_eq!(registered.0, 200, "{registered:?}");
    let mut page = Page::open(&registry, "").await;
    assert_eq!(page.known.servers, listed(&registry, "/api/v1/servers", "id").await);
    assert_eq!(page.known.nodes, listed(&registry, "/api/v1/nodes", "node_id").await);
    assert_eq!(page.known.servers.len(), 2);
    // Arrival.
    let mut second = request("2", 0);
    second.info.name = "second".to_owned();
    let other = client.register(&second).await.unwrap();
    page.until(|known| known.servers.len() == 3 && !known.events.is_empty()).await;
    assert_eq!(page.known.events[0]["kind"], "registered");
    // How busy it is.
    let busy = json!({"slots": {"busy": 3, "total": 4}});
    let beat = format!("/api/v1/servers/{}/heartbeat", lease.id);
    let proof = format!("{}:{}", lease.generation, lease.secret.expose());
    let sent = http::client().post(registry.at(&beat)).header("llamactl-lease", &proof).json(&busy);
    assert_eq!(answer(sent).await.0, 200);
    page.until(|known| known.servers.values().any(|one| one["slots"]["busy"] == 3)).await;
    // What a node measures.
    let metrics = json!({"node_id": "a", "status": "online", "metrics": {"load": 0.5}});
    assert_eq!(registry.send("POST", "/api/v1/nodes/heartbeat", Some(metrics)).await.0, 200);
    page.until(|known| known.nodes["a"]["metrics"]["load"] == 0.5).await;
    // Departure, of each kind.
    let gone = format!("/api/v1/servers/{}", other.id);
    let proof = format!("{}:{}", other.generation, other.secret.expose());
    let sent = http::client().delete(registry.at(&gone)).header("llamactl-lease", proof);
    assert_eq!(answer(sent).await.0, 200);
    assert_eq!(registry.send("DELETE", "/servers/77", None).await.0, 200);
    assert_eq!(registry.send("DELETE", "/api/v1/nodes/a", None).await.0, 200);
    page.until(|known| known.servers.len() == 1 && known.nodes.is_empty()).await;
    assert!(page.server("second").is_none() && page.server("tiny").is_some());
    assert_eq!(page.known.servers, listed(&registry, "/api/v1/servers", "id").await);
    // Whoever comes back gets everything again.
    assert_eq!(Page::open(&registry, "").await.known.servers, page.known.servers);
    assert_eq!(registry.stop(), Some(0), "a stream does not keep it");
    // What was on its way still comes.
    while let Some(frame) = page.stream.next().await {
        page.known.take(&frame.event, &frame.data);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_chooses_what_it_follows() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &["--probe", "off"]);
    registry.client().register(&request("1", 0)).await.unwrap();
    let mut events = Page::open(&registry, "?what=events").await;
    let nodes = Page::open(&registry, "?what=nodes").await;
    assert!(events.known.servers.is_empty() && nodes.known.servers.is_empty());
    registry.client().register(&request("2", 0)).await.unwrap();
    events.until(|known| !known.events.is_empty()).await;
    assert!(events.known.servers.is_empty());
    let (status, error) = registry.get("/api/v1/live?what=cats").await;
    assert_eq!(status, 400, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_updates_a_second_arrive_within_a_second() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &["--probe", "off"]);
    let mut page = Page::open(&registry, "?what=servers").await;
    const UPDATES: usize = 150;
    let url = registry.url.clone();
    let sender = tokio::spawn(async move {
        let mut pace = tokio::time::interval(Duration::from_millis(20));
        let mut sent = BTreeMap::new();
        for number in 0..UPDATES {
            pace.tick().await;
            let name = format!("m{number}");
            let record = json!({"host": "n1", "port": 8000, "model_name": name});
            let post = http::client().post(format!("{url}/servers/{number}")).json(&record);
            assert_eq!(answer(post).await.0, 200);
            sent.insert(name, Instant::now());
        }
        sent
    });
    let mut arrived = BTreeMap::new();
    while arrived.len() < UPDATES {
        let seen = page.known.servers.len();
        page.until(|known| known.servers.len() > seen).await;
        let now = Instant::now();
        for server in page.known.servers.values() {
            arrived.entry(server["model"]["name"].as_str().unwrap().to_owned()).or_insert(now);
        }
    }
    let sent = sender.await.unwrap();
    let delay = |(name, at): (String, Instant)| at.saturating_duration_since(sent[&name]);
    let mut delays: Vec<Duration> = arrived.into_iter().map(delay).collect();
    delays.sort();
    let (median, slowest) = (delays[UPDATES / 2], delays[UPDATES - 1]);
    println!("{UPDATES} updates: half within {median:?}, all within {slowest:?}");
    // Not the slowest: tests run beside each other.
    assert!(median < Duration::from_secs(1), "{median:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_streams_get_every_change_and_leave_nothing_behind() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &["--probe", "off"]);
    let change = async |model: &str| {
        let record = json!({"host": "n1", "port": 8000, "model_name": model});
        for number in 0..20 {
            let path = format!("/servers/{number}");
            assert_eq!(registry.send("POST", &path, Some(record.clone())).await.0, 200);
        }
    };
    change("before").await;
    const STREAMS: usize = 1000;
    let mut pages = JoinSet::new();
    for _ in 0..STREAMS {
        let request = http::client().get(registry.at("/api/v1/live?what=servers"));
        pages.spawn(async move {
            let mut stream = Stream::of(request).await.expect("a stream");
            let mut known = Known::default();
            let done =
                |known: &Known| known.servers.values().all(|one| one["model"]["name"] == "after");
            while !known.synced || !done(&known) {
                let frame = stream.next().await.expect("it goes on");
                known.take(&frame.event, &frame.data);
            }
            known.servers.len()
        });
    }
    let open = |streams: usize| {
        let wanted = format!("llamactl_registry_streams {streams}");
        let registry = &registry;
        until(3 * SOON, move || {
            let wanted = wanted.clone();
            async move {
                let (_, metrics) = registry.get("/metrics").await;
                let text = metrics.as_str().expect("text");
                text.lines().any(|line| line == wanted).then_some(())
            }
        })
    };
    open(STREAMS).await;
    let memory = resident(&registry);
    println!("{memory} MiB with {STREAMS} streams");
    assert!(memory < 300, "{memory} MiB");
    change("after").await;
    let all = tokio::time::timeout(3 * SOON, pages.join_all()).await;
    assert!(all.expect("every stream gets every change").iter().all(|servers| *servers == 20));
    // Their places are free again.
    open(0).await;
}

/// Memory of the registry's process, in MiB.
fn resident(registry: &Registry) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", registry.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("VmRSS");
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}
