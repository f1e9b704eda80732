//! What an operator sees of a registry: its document, its metrics, its alerts, its units, what
//! `registry check` says, and that it looks at servers itself.

mod document;
mod health;
mod prometheus;
mod sites;

use std::process::{Command, Output};
use std::time::Duration;

use serde_json::{Value, json};

use crate::common::registry::Registry;
use crate::common::{Sandbox, assert_ok, http, text};

/// Longest time for anything that takes a moment on a busy machine.
const SOON: Duration = Duration::from_secs(30);

/// A registry with these options, in a sandbox of its own.
struct Serving {
    sandbox: Sandbox,
    _registry: Registry,
    url: String,
}

impl Serving {
    #[track_caller]
    fn start(args: &[&str]) -> Serving {
        let mut sandbox = Sandbox::new();
        let registry = Registry::start_in(&mut sandbox, args);
        Serving { sandbox, url: registry.url.clone(), _registry: registry }
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
