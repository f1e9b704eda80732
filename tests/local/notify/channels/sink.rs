//! A service on a real socket, which writes down what it is sent and answers as it is told.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

/// One request, as it came.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

/// What the service does with a request.
#[derive(Debug, Clone)]
pub enum Answer {
    /// Status, headers (each line with its end), body.
    Says(u16, String, String),
    /// These bytes, and the end of the connection.
    Raw(Vec<u8>),
    /// Closes the connection without a word.
    Closes,
    /// Never answers.
    Hangs,
}

pub struct Sink {
    pub port: u16,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Answer {
    pub fn status(status: u16) -> Answer {
        Answer::Says(status, String::new(), String::new())
    }

    pub fn json(status: u16, body: &Value) -> Answer {
        Answer::Says(status, "Content-Type: application/json\r\n".into(), body.to_string())
    }
}

impl Sink {
    /// Starts one that gives these answers in turn, and the last of them from then on.
    pub fn start(answers: Vec<Answer>) -> Sink {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&requests);
        std::thread::spawn(move || {
            // What hangs is kept open as long as the test runs.
            let mut hanging = Vec::new();
            for (n, stream) in listener.incoming().enumerate() {
                let Ok(mut stream) = stream else { break };
                stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
                let Some(request) = read(&stream) else { continue };
                seen.lock().unwrap().push(request);
                match &answers[n.min(answers.len() - 1)] {
                    Answer::Closes => {}
                    Answer::Raw(bytes) => drop(stream.write_all(bytes)),
                    Answer::Hangs => hanging.push(stream),
                    Answer::Says(status, headers, body) => {
                        let length = body.len();
                        let _ = write!(
                            stream,
                            "HTTP/1.1 {status} Said\r\n{headers}Content-Length: {length}\r\n\
                             Connection: close\r\n\r\n{body}"
                        );
                    }
                }
            }
        });
        Sink { port, requests }
    }

    /// What came so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// What came since the last time.
    pub fn take(&self) -> Vec<Request> {
        std::mem::take(&mut self.requests.lock().unwrap())
    }
}

impl Request {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// The body as the fields of a form.
    pub fn form(&self) -> BTreeMap<String, String> {
        url::form_urlencoded::parse(&self.body).into_owned().collect()
    }

    /// As a snapshot shows it.
    pub fn shown(&self, port: u16) -> String {
        let mut out = format!("{} {}\n", self.method, self.path);
        for (name, value) in &self.headers {
            if !matches!(
                name.as_str(),
                "content-length" | "accept" | "accept-encoding" | "user-agent"
            ) {
                out += &format!("{name}: {}\n", value.replace(&port.to_string(), "PORT"));
            }
        }
        out.push('\n');
        if self.headers["content-type"].contains("json") {
            out += &serde_json::to_string_pretty(&self.json()).unwrap();
        } else {
            for (name, value) in self.form() {
                out += &format!("{name} = {value:?}\n");
            }
        }
        out.trim_end().to_owned() + "\n"
    }
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        let before = headers.insert(name.to_lowercase(), value.trim().to_owned());
        assert!(before.is_none(), "the header {name} came twice");
    }
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Request { method, path, headers, body })
}
