//! What goes wrong, and what is said of it.

use std::net::TcpListener;
use std::process::Stdio;

use crate::common::server::{
    SOON, Server, connection_file, llama_server, slow_start, spec, tiny, url,
};
use crate::common::services::{Ntfy, TOPIC};
use crate::common::{Sandbox, http, text, wait_until};

/// Runs a specification to its end: exit code and stderr.
fn fails(sandbox: &Sandbox, spec: &str) -> (i32, String) {
    let file = sandbox.write("run.yaml", spec);
    let output = sandbox
        .llamactl(&["run", "--spec", file.to_str().unwrap()])
        .env("LLAMACTL_LOG", "info")
        .stdout(Stdio::null())
        .output()
        .unwrap();
    assert!(connection_file(&sandbox.work()).is_none());
    (output.status.code().unwrap(), text(&output.stderr))
}

#[test]
fn a_killed_llama_server_is_128_and_the_signal() {
    let sandbox = Sandbox::new();
    let (mut server, _) = Server::ready(&sandbox, &tiny(""));
    llama_server(&sandbox).signal("KILL");
    server.wait_for_code(137);
    assert!(server.log().contains("was killed by signal 9 (SIGKILL)"), "{}", server.log());
    assert!(connection_file(&sandbox.work()).is_none());
}

#[test]
fn a_file_that_is_no_model_is_named_as_the_cause() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("broken.gguf", "not a model");
    let (code, stderr) = fails(&sandbox, &spec(&file, ""));
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("ended with code 1 before it was ready"), "{stderr}");
    assert!(stderr.contains("not a GGUF file"), "{stderr}");
}

#[test]
fn a_missing_model_file_is_named_before_anything_starts() {
    let sandbox = Sandbox::new();
    let (code, stderr) = fails(&sandbox, &spec(&sandbox.path("no.gguf"), ""));
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("no.gguf can't be read"), "{stderr}");
    assert!(!stderr.contains("loading"), "{stderr}");
}

#[test]
fn a_missing_program_is_named_with_the_mend() {
    let sandbox = Sandbox::new();
    let (code, stderr) = fails(&sandbox, &tiny("server: { program: no-such-llama-server }"));
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("no-such-llama-server was not found"), "{stderr}");
    assert!(stderr.contains("hint: set server.program"), "{stderr}");
}

#[test]
fn a_taken_port_is_a_clear_error() {
    let sandbox = Sandbox::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let (code, stderr) = fails(&sandbox, &tiny(&format!("server: {{ port: {port} }}")));
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains(&format!("can't listen on 127.0.0.1:{port}")), "{stderr}");
    assert!(stderr.contains("hint: leave server.port out"), "{stderr}");
}

#[test]
fn a_wrong_specification_is_wrong_usage_with_the_place() {
    let sandbox = Sandbox::new();
    for (spec, expected) in [
        (tiny("servre: {}"), "run.yaml:4:1"),
        (tiny("server: { args: ['--port', '1'] }"), "server.args must not have --port"),
        (tiny("server: { start_timeout: soon }"), "server.start_timeout: `soon` is not a duration"),
        ("name: x\nserver: {}\n".to_owned(), "neither a model file nor an hf reference"),
    ] {
        let (code, stderr) = fails(&sandbox, &spec);
        assert_eq!(code, 2, "{stderr}");
        assert!(stderr.contains(expected), "{expected}: {stderr}");
    }
}

#[test]
fn a_model_that_does_not_load_in_time_has_failed() {
    let sandbox = Sandbox::new();
    let program = slow_start(&sandbox, &sandbox.path("never"));
    let server = format!("server: {{ start_timeout: 1s, program: {} }}", program.display());
    let (code, stderr) = fails(&sandbox, &tiny(&server));
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("not ready within 1s"), "{stderr}");
    assert!(sandbox.processes().is_empty());
}

#[test]
fn a_server_goes_on_when_its_log_is_gone() {
    let sandbox = Sandbox::new();
    let file = sandbox.write("run.yaml", tiny(""));
    let mut command = sandbox.llamactl(&["run", "--spec", file.to_str().unwrap()]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop((child.stdout.take(), child.stderr.take()));
    let connection = wait_until("the connection file", SOON, || {
        assert!(child.try_wait().unwrap().is_none(), "it ended at once");
        let file = std::fs::read_to_string(connection_file(&sandbox.work())?).ok()?;
        llamactl::connection::Connection::parse(&file)
    });
    for _ in 0..50 {
        // Each answer makes llama-server write several lines.
        let key = Some(crate::common::server::key(&connection));
        assert_eq!(http::ask(&url(&connection), key).unwrap().0, 200);
    }
    crate::common::signal(child.id(), "TERM");
    let status = wait_until("the end", SOON, || child.try_wait().unwrap());
    assert_eq!(status.code(), Some(0), "{status}");
}

#[test]
fn people_are_told_once_that_it_is_ready_and_why_it_failed() {
    let mut sandbox = Sandbox::new();
    let ntfy = Ntfy::start(&mut sandbox);
    let told = format!("notify: {{ to: ['ntfy://{TOPIC}'], ntfy_server: '{}' }}", ntfy.url());
    let (mut server, connection) = Server::ready(&sandbox, &tiny(&told));
    let ready = wait_until("the ready message", SOON, || ntfy.messages().into_iter().next());
    assert!(ready["title"].as_str().unwrap().contains("Ready"), "{ready}");
    assert!(
        !ready.to_string().contains(crate::common::server::key(&connection)),
        "no key in a message"
    );
    llama_server(&sandbox).signal("KILL");
    server.wait_for_code(137);
    let messages = ntfy.messages();
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert!(messages[1]["title"].as_str().unwrap().contains("Failed"), "{messages:?}");
    assert!(messages[1]["message"].as_str().unwrap().contains("SIGKILL"), "{messages:?}");

    let broken = sandbox.write("broken.gguf", "not a model");
    fails(&sandbox, &spec(&broken, &told));
    let missing = sandbox.path("missing.gguf");
    fails(&sandbox, &spec(&missing, &told));
    let messages: Vec<String> = ntfy.messages().iter().skip(2).map(|m| m.to_string()).collect();
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert!(messages[0].contains("not a GGUF file"), "{messages:?}");
    assert!(messages[1].contains("missing.gguf"), "{messages:?}");
}
