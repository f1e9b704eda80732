//! Small HTTP helpers, and a client that reads a stream while the test does something else.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{text, wait_until};

/// One for all helpers that are asynchronous inside.
pub fn runtime() -> &'static tokio::runtime::Runtime {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(1).enable_all().build().expect("a runtime")
    })
}

/// Waits for a future, also from inside a test that is asynchronous itself.
pub fn wait<F: Future<Output: Send> + Send>(future: F) -> F::Output {
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| runtime().block_on(future));
        waiting.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// A client that keeps no connection, since tests kill services, and follows nobody elsewhere.
/// Made once: reading the system's CA files takes a while.
pub fn client() -> &'static reqwest::Client {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        reqwest::Client::builder()
            .pool_max_idle_per_host(0)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("an HTTP client")
    })
}

/// `GET`; status and text, or nothing when nobody answers within 5 s.
pub fn get_text(url: &str) -> Option<(u16, String)> {
    wait(async {
        let request = client().get(url).timeout(Duration::from_secs(5));
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        Some((status, response.text().await.ok()?))
    })
}

/// `GET`; status and JSON, or nothing when nobody answers with JSON within 5 s.
pub fn get(url: &str) -> Option<(u16, Value)> {
    let (status, body) = get_text(url)?;
    Some((status, serde_json::from_str(&body).ok()?))
}

/// `POST` of JSON; status and JSON, or nothing when nobody answers with JSON within 5 s.
pub fn post(url: &str, body: &Value) -> Option<(u16, Value)> {
    wait(async {
        let request = client().post(url).json(body).timeout(Duration::from_secs(5));
        let response = request.send().await.ok()?;
        Some((response.status().as_u16(), response.json().await.ok()?))
    })
}

/// What `/v1/chat/completions` answers to one question: status and body.
pub fn ask(url: &str, key: Option<&str>) -> Option<(u16, Value)> {
    wait(async {
        let question = json!({"messages": [{"role": "user", "content": "Who are you?"}]});
        let mut request = client().post(format!("{url}/v1/chat/completions")).json(&question);
        if let Some(key) = key {
            request = request.bearer_auth(key);
        }
        let response = request.timeout(Duration::from_secs(30)).send().await.ok()?;
        Some((response.status().as_u16(), response.json().await.ok()?))
    })
}

/// How a stream came to its end.
#[derive(Debug, Clone)]
pub struct Ended {
    /// The status; 0 when there was no answer at all.
    pub status: u16,
    /// Whether the last event, `[DONE]`, arrived.
    pub complete: bool,
    /// When.
    pub at: Instant,
}

/// One streamed answer, read in the background.
#[derive(Debug)]
pub struct Stream {
    events: Arc<AtomicUsize>,
    ended: Arc<Mutex<Option<Ended>>>,
}

impl Stream {
    /// Asks for exactly `tokens` tokens, and begins to read.
    pub fn start(url: &str, key: &str, tokens: u32) -> Stream {
        let events = Arc::new(AtomicUsize::new(0));
        let ended = Arc::new(Mutex::new(None));
        let stream = Stream { events: events.clone(), ended: ended.clone() };
        let body = json!({
            "messages": [{"role": "user", "content": "Talk."}],
            "stream": true, "max_tokens": tokens, "ignore_eos": true,
        });
        let request = client().post(format!("{url}/v1/chat/completions")).bearer_auth(key);
        runtime().spawn(async move {
            let (status, complete) = read(request.json(&body), &events).await;
            *ended.lock().unwrap() = Some(Ended { status, complete, at: Instant::now() });
        });
        stream
    }

    /// Waits until `count` events have arrived.
    #[track_caller]
    pub fn wait_for_events(&self, count: usize) {
        wait_until("events of the stream", Duration::from_secs(60), || {
            if let Some(ended) = self.ended() {
                panic!("the stream ended after {} events: {ended:?}", self.events());
            }
            (self.events() >= count).then_some(())
        });
    }

    /// How many events have arrived.
    pub fn events(&self) -> usize {
        self.events.load(Ordering::SeqCst)
    }

    /// How it ended; nothing while it runs.
    pub fn ended(&self) -> Option<Ended> {
        self.ended.lock().unwrap().clone()
    }

    /// Waits for its end.
    #[track_caller]
    pub fn wait(&self, deadline: Duration) -> Ended {
        wait_until("the stream's end", deadline, || self.ended())
    }
}

async fn read(request: reqwest::RequestBuilder, events: &AtomicUsize) -> (u16, bool) {
    let Ok(mut response) = request.send().await else { return (0, false) };
    let status = response.status().as_u16();
    let mut buffer = Vec::new();
    let mut complete = false;
    while let Ok(Some(chunk)) = response.chunk().await {
        buffer.extend_from_slice(&chunk);
        while let Some(end) = buffer.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = buffer.drain(..=end).collect();
            if let Some(data) = line.strip_prefix(b"data:") {
                events.fetch_add(1, Ordering::SeqCst);
                complete |= data.trim_ascii() == b"[DONE]";
            }
        }
    }
    (status, complete)
}

/// An HTTP service that gives these answers, one for each request (a status, and more lines
/// of a head), and what it was asked: head and body.
pub fn service(answers: &[&str]) -> (String, Receiver<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answers: Vec<String> = answers.iter().map(|&answer| answer.to_owned()).collect();
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for answer in answers {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream);
            let (mut head, mut length) = (String::new(), 0);
            while reader.read_line(&mut head).unwrap() > 2 {
                let line = head.lines().last().unwrap_or_default().to_lowercase();
                if let Some(value) = line.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let _ = tell.send((head, text(&body)));
            let end = "Content-Length: 0\r\nConnection: close\r\n\r\n";
            reader.get_mut().write_all(format!("HTTP/1.1 {answer}\r\n{end}").as_bytes()).unwrap();
        }
    });
    (url, told)
}
