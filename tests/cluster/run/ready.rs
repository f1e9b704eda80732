//! From the start to the first answers.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use llamactl::secret::Secret;

use crate::common::server::{
    SOON, Server, connection_file, get, is_ready_itself, key, llama_server, slow_start, socket,
    tiny, url,
};
use crate::common::{Sandbox, TINY_ANSWER, free_port, http, wait::poll, wait_until};

#[test]
fn a_server_is_announced_when_it_answers_and_leaves_nothing_behind() {
    let sandbox = Sandbox::new();
    let (mut server, connection) = Server::ready(&sandbox, &tiny(""));
    let file = connection_file(&sandbox.work()).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!((connection.name.as_str(), connection.model_file.as_str()), ("test", "tiny.gguf"));
    assert_eq!(http::get(&format!("{}/health", url(&connection))).unwrap().0, 200);
    let (status, answer) = http::ask(&url(&connection), Some(key(&connection))).unwrap();
    let text = answer["choices"][0]["message"]["content"].as_str().unwrap();
    assert_eq!((status, text.starts_with(TINY_ANSWER)), (200, true), "{text}");
    server.signal("TERM");
    server.wait_for_code(0);
    assert!(!file.exists());
    assert_eq!(fs::read_dir(sandbox.path("runtime")).unwrap().count(), 0, "the socket's folder");
    let left: Vec<String> = sandbox.processes().iter().map(|process| process.command()).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn the_key_is_wanted_and_stays_out_of_arguments_and_logs() {
    let sandbox = Sandbox::new();
    let (server, connection) = Server::ready(&sandbox, &tiny(""));
    assert_eq!(http::ask(&url(&connection), None).unwrap().0, 401);
    assert_eq!(http::ask(&url(&connection), Some("wrong")).unwrap().0, 401);
    assert_eq!(http::ask(&url(&connection), Some(key(&connection))).unwrap().0, 200);
    assert!(!llama_server(&sandbox).command().contains(key(&connection)));
    assert!(!server.log().contains(key(&connection)));
}

#[test]
fn a_server_proves_that_it_knows_the_key() {
    let sandbox = Sandbox::new();
    let (_server, connection) = Server::ready(&sandbox, &tiny(""));
    let nonce = "0123456789abcdef";
    let answer = get(&connection, "/health", &format!("llamactl-challenge: {nonce}\r\n")).unwrap();
    let proof = Secret::new(key(&connection)).prove(nonce);
    assert!(answer.contains(&format!("llamactl-proof: {proof}\r\n")), "{answer}");
    for (path, header) in [("/health", "short"), ("/health", &"x".repeat(200)), ("/", nonce)] {
        let answer = get(&connection, path, &format!("llamactl-challenge: {header}\r\n")).unwrap();
        assert!(!answer.contains("llamactl-proof"), "{answer}");
    }
}

#[test]
fn an_open_server_wants_no_key_whatever_the_environment_says() {
    let mut sandbox = Sandbox::new();
    sandbox.set("LLAMA_API_KEY", "from-the-users-environment");
    sandbox.set("LLAMA_ARG_HOST", "10.99.99.99");
    sandbox.set("LLAMA_ARG_PORT", "1");
    let (_server, connection) = Server::ready(&sandbox, &tiny("server: { access: open }"));
    assert_eq!(connection.api_key, None);
    assert_eq!(http::ask(&url(&connection), None).unwrap().0, 200);
}

#[test]
fn while_the_model_loads_the_port_answers_503_as_llama_server_does() {
    let sandbox = Sandbox::new();
    let go = sandbox.path("go");
    let program = slow_start(&sandbox, &go);
    let port = free_port();
    let server = format!("server: {{ port: {port}, program: {} }}", program.display());
    let mut server = Server::start(&sandbox, &tiny(&server));
    let url = format!("http://127.0.0.1:{port}");
    for path in ["/health", "/v1/models"] {
        let answer = wait_until("an answer", SOON, || http::get_text(&format!("{url}{path}")));
        let body = r#"{"error":{"message":"Loading model","type":"unavailable_error","code":503}}"#;
        assert_eq!(answer, (503, body.to_owned()));
    }
    assert!(connection_file(&sandbox.work()).is_none(), "it is not ready");
    fs::write(&go, "").unwrap();
    assert_eq!(server.wait_ready().port, port);
    assert_eq!(http::get(&format!("{url}/health")).unwrap().0, 200);
}

#[test]
fn readiness_is_noticed_within_50_ms() {
    let mut delays: Vec<Duration> = (0..5).map(|_| notice_delay()).collect();
    delays.sort();
    assert!(delays[2] <= Duration::from_millis(50), "{delays:?}");
}

/// From llama-server's first 200 on its own socket to the gate's.
fn notice_delay() -> Duration {
    let sandbox = Sandbox::new();
    let port = free_port();
    let _server = Server::start(&sandbox, &tiny(&format!("server: {{ port: {port} }}")));
    let socket = spin("the socket", || socket(&sandbox));
    spin("llama-server's 200", || is_ready_itself(&socket).then_some(()));
    let ready = Instant::now();
    let url = format!("http://127.0.0.1:{port}/health");
    spin("the gate's 200", || http::get_text(&url).filter(|(status, _)| *status == 200));
    ready.elapsed()
}

/// As `wait_until`, with hardly a pause: what is measured is shorter than that.
fn spin<T>(what: &str, check: impl FnMut() -> Option<T>) -> T {
    poll(what, SOON, Duration::from_millis(1), check)
}

#[test]
fn a_stale_connection_file_of_the_same_job_is_gone_before_the_start() {
    let sandbox = Sandbox::new();
    let stale = sandbox.write("work/llama_server_connection_77.txt", "export LLAMA_JOB_ID=77\n");
    let go = sandbox.path("go");
    let program = slow_start(&sandbox, &go);
    let spec = tiny(&format!("server: {{ program: {} }}", program.display()));
    let server = Server::start_as(&sandbox, &spec, "run", &[("SLURM_JOB_ID", "77")]);
    server.wait_for_log("loading test");
    assert!(!stale.exists());
}
