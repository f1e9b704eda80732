//! What an operator sees of a registry: its document, its metrics, its alerts, its units, what
//! `registry check` says, and that it looks at servers itself.

mod common;
#[path = "operate/document.rs"]
mod document;
#[path = "operate/health.rs"]
mod health;
#[path = "operate/prometheus.rs"]
mod prometheus;
#[path = "operate/sites.rs"]
mod sites;

use std::process::{Command, Output};
use std::time::Duration;

use common::services::Daemon;
use common::{Sandbox, assert_ok, free_port, http, text, wait_until};
use serde_json::{Value, json};

/// Longest time for anything that takes a moment on a busy machine.
const SOON: Duration = Duration::from_secs(30);

/// A registry with these options, in a sandbox of its own.
struct Serving {
    sandbox: Sandbox,
    _daemon: Daemon,
    url: String,
}

impl Serving {
    #[track_caller]
    fn start(args: &[&str]) -> Serving {
        let mut sandbox = Sandbox::new();
        let port = free_port().to_string();
        let database = format!("sqlite:{}", sandbox.path("registry.db").display());
        let serve = ["registry", "serve", "--port", &port, "--database", &database];
        let command = sandbox.llamactl(&[&serve, args].concat());
        let mut daemon = Daemon::start(command, sandbox.path("registry.log"));
        let url = format!("http://127.0.0.1:{port}");
        sandbox.set("REGISTRY_URL", &url);
        wait_until("the registry's /health", SOON, || {
            assert!(daemon.ended().is_none(), "the registry ended at once");
            http::get(&format!("{url}/health")).filter(|(status, _)| *status == 200)
        });
        Serving { sandbox, _daemon: daemon, url }
    }

    /// `GET` of a path; 200 and JSON.
    #[track_caller]
    fn get(&self, path: &str) -> Value {
        match http::get(&format!("{}{path}", self.url)) {
            Some((200, answer)) => answer,
            other => panic!("{path} answered {other:?}"),
        }
    }

    /// An entry of an old client.
    #[track_caller]
    fn register_old(&self, job: &str, port: u16) {
        let record = json!({"host": "127.0.0.1", "port": port, "owner": "ann"});
        let url = format!("{}/servers/{job}", self.url);
        let (status, body) = http::post(&url, &record).expect("an answer");
        assert_eq!(status, 200, "{body}");
    }
}

/// Runs a program to its end; it must end with 0. Gives what it said.
#[track_caller]
fn run(program: &str, args: &[&str]) -> String {
    let output = output(program, args);
    assert_ok(&[&[program], args].concat(), &output);
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

#[track_caller]
fn output(program: &str, args: &[&str]) -> Output {
    let output = Command::new(program).args(args).output();
    output.unwrap_or_else(|error| panic!("{program}: {error}; run `make test-deps`"))
}
