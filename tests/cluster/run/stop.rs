//! Asked to end, with and without requests in flight.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::common::http::{self, Stream};
use crate::common::server::{
    SOON, Server, connection_file, get, key, llama_server, slow, tiny, url,
};
use crate::common::{Sandbox, wait_until};

#[test]
fn a_term_lets_the_stream_finish_and_refuses_what_is_new() {
    let sandbox = Sandbox::new();
    let (mut server, connection) = Server::ready(&sandbox, &slow(""));
    let stream = Stream::start(&url(&connection), key(&connection), 300);
    stream.wait_for_events(5);
    server.signal("TERM");
    let refused = wait_until("a refusal", SOON, || {
        let answer = get(&connection, "/health", "").ok()?;
        answer.starts_with("HTTP/1.1 503").then_some(answer)
    });
    let lower = refused.to_lowercase();
    assert!(lower.contains("retry-after: 30"), "{refused}");
    assert!(lower.contains("connection: close"), "{refused}");
    assert!(stream.ended().is_none(), "it was refused while the stream ran");
    let ended = stream.wait(SOON);
    assert!(ended.complete, "{ended:?} after {} events", stream.events());
    server.wait_for_code(0);
    assert!(ended.at.elapsed() < Duration::from_secs(5), "idle, it ends at once");
}

#[test]
fn a_drain_ends_at_its_deadline_and_cuts_the_stream() {
    let sandbox = Sandbox::new();
    let (mut server, connection) = Server::ready(&sandbox, &slow("drain_seconds: 4"));
    let stream = Stream::start(&url(&connection), key(&connection), 15_000);
    stream.wait_for_events(5);
    let asked = Instant::now();
    server.signal("USR1");
    let ended = stream.wait(SOON);
    let streamed = ended.at - asked;
    assert!(!ended.complete, "{ended:?}");
    assert!(streamed > Duration::from_millis(1500), "cut after {streamed:?}");
    server.wait_for_code(0);
    assert!(asked.elapsed() < Duration::from_secs(4), "{:?}", asked.elapsed());
    assert!(connection_file(&sandbox.work()).is_none());
}

#[test]
fn both_drain_signals_end_an_idle_server_at_once() {
    for signal in ["USR1", "USR2"] {
        let sandbox = Sandbox::new();
        let (mut server, _) = Server::ready(&sandbox, &tiny(""));
        let asked = Instant::now();
        server.signal(signal);
        server.wait_for_code(0);
        assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    }
}

#[test]
fn a_second_term_does_not_wait_for_the_stream() {
    let sandbox = Sandbox::new();
    let (mut server, connection) = Server::ready(&sandbox, &slow(""));
    let stream = Stream::start(&url(&connection), key(&connection), 15_000);
    stream.wait_for_events(5);
    server.signal("TERM");
    server.wait_for_log("draining: 1 requests");
    let asked = Instant::now();
    server.signal("TERM");
    server.wait_for_code(0);
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    assert!(!stream.wait(SOON).complete);
}

#[test]
fn llama_server_is_shielded_from_a_term_of_its_own() {
    let sandbox = Sandbox::new();
    let (mut server, connection) = Server::ready(&sandbox, &slow(""));
    let stream = Stream::start(&url(&connection), key(&connection), 300);
    stream.wait_for_events(5);
    llama_server(&sandbox).signal("TERM");
    let ended = stream.wait(SOON);
    assert!(ended.complete, "{ended:?} after {} events", stream.events());
    assert!(server.daemon.ended().is_none());
    server.signal("TERM");
    server.wait_for_code(0);
}

#[test]
fn llama_server_does_not_outlive_a_supervisor_that_is_killed() {
    let sandbox = Sandbox::new();
    let (mut server, _) = Server::ready(&sandbox, &tiny(""));
    let child = llama_server(&sandbox);
    server.daemon.kill();
    wait_until("llama-server's end", Duration::from_secs(5), || (!child.alive()).then_some(()));
}

#[test]
fn a_client_that_goes_frees_its_slot_whatever_headers_it_sent() {
    let sandbox = Sandbox::new();
    let (_server, connection) = Server::ready(&sandbox, &slow(""));
    let body = r#"{"messages":[{"role":"user","content":"Talk."}],"stream":true,
                   "max_tokens":15000,"ignore_eos":true}"#;
    let mut client = TcpStream::connect(("127.0.0.1", connection.port)).unwrap();
    client.set_read_timeout(Some(SOON)).unwrap();
    write!(
        client,
        "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
         X-Conversation-Id: kept\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        key(&connection),
        body.len()
    )
    .unwrap();
    let mut first = [0; 512];
    assert!(client.read(&mut first).unwrap() > 0);
    wait_until("a busy slot", SOON, || (busy(&connection) == 1).then_some(()));
    drop(client);
    wait_until("a free slot", Duration::from_secs(5), || (busy(&connection) == 0).then_some(()));
}

fn busy(connection: &llamactl::connection::Connection) -> usize {
    let key = format!("Authorization: Bearer {}\r\n", key(connection));
    get(connection, "/slots", &key).unwrap().matches("\"is_processing\":true").count()
}

#[test]
fn a_large_upload_and_its_answer_pass_through_whole() {
    let sandbox = Sandbox::new();
    let (_server, connection) = Server::ready(&sandbox, &tiny(""));
    // Far larger than any buffer on the way; llama-server gives all of it back as tokens.
    let text = "x".repeat(3_000_000);
    let body = format!(r#"{{"content":"{text}"}}"#);
    let stream = TcpStream::connect(("127.0.0.1", connection.port)).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    let request = format!(
        "POST /tokenize HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        key(&connection),
        body.len()
    );
    let answer = crate::common::server::raw(stream, &request).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{}", &answer[..200.min(answer.len())]);
    assert!(answer.matches(',').count() > 100_000, "{} bytes", answer.len());
    assert!(answer.trim_end().ends_with("]}"), "{} bytes", answer.len());
    assert_eq!(http::get(&format!("{}/health", url(&connection))).unwrap().0, 200);
}
