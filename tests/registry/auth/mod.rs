//! Who may do what: a real registry that asks for tokens, and the real commands.

mod commands;
mod entries;
mod limits;
mod nodes;
mod routes;
mod run;
mod session;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::{Value, json};

use crate::common::registry as support;
use crate::common::registry::{Registry, llamactl, serve};

/// A registry that asks for tokens, and its operator's token.
pub struct Trusting {
    pub registry: Registry,
    pub admin: String,
    pub dir: tempfile::TempDir,
}

impl Trusting {
    /// Starts one with these further flags.
    pub fn start(args: &[&str]) -> Trusting {
        let dir = tempfile::tempdir().expect("a folder");
        let registry = start(dir.path(), args);
        let admin = fs::read_to_string(dir.path().join("first")).expect("the first token");
        Trusting { registry, admin: admin.trim().to_owned(), dir }
    }

    /// Makes a token, by HTTP.
    pub async fn token(&self, owner: &str, scopes: &[&str]) -> String {
        self.made(json!({"owner": owner, "scopes": scopes})).await["secret"]
            .as_str()
            .expect("a token")
            .to_owned()
    }

    /// As [`Trusting::token`], with all that is answered.
    pub async fn made(&self, wanted: Value) -> Value {
        let (status, made) =
            self.send("POST", "/api/v1/tokens", Some(&self.admin), Some(wanted)).await;
        assert_eq!(status, 201, "{made}");
        made
    }

    /// Sends a request with a token or without.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> (u16, Value) {
        self.registry.send_as(token, method, path, body).await
    }

    /// Runs a command of llamactl against it.
    pub fn command(&self, token: Option<&str>, args: &[&str]) -> Output {
        let mut command = llamactl();
        command.args(args).env("REGISTRY_URL", &self.registry.url).env("HOME", self.dir.path());
        command.env_remove("LLAMACTL_TOKEN").env_remove("XDG_CONFIG_HOME");
        if let Some(token) = token {
            command.env("LLAMACTL_TOKEN", token);
        }
        support::run(command)
    }

    /// What it wrote to stderr.
    pub fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("log")).expect("its log")
    }
}

/// A registry with `--auth token` on the database in `dir`, which writes its first token to
/// `dir/first`.
pub fn start(dir: &Path, args: &[&str]) -> Registry {
    let mut command = serve(dir, args);
    command.args(["--auth", "token", "--first-token-file"]).arg(first(dir));
    command.env("LLAMACTL_LOG", "debug");
    command.stderr(fs::File::options().append(true).create(true).open(dir.join("log")).unwrap());
    Registry::spawn(command)
}

fn first(dir: &Path) -> PathBuf {
    dir.join("first")
}

/// A registration of a server of `owner`.
pub fn registration(job: &str, owner: &str, access: &str, key: Option<&str>) -> Value {
    let mut body = serde_json::to_value(support::request(job, 0)).expect("JSON");
    body["owner"] = json!(owner);
    body["access"] = json!(access);
    if let Some(key) = key {
        body["api_key"] = json!(key);
    }
    body
}
