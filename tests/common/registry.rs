//! A real registry for a test: the binary, on a free port, with a database of its own.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use llamactl::api::{RegisterRequest, ServerFilter};
use llamactl::client::RegistryClient;
use llamactl::domain::server::{Server, ServerState};
use serde_json::{Value, json};
use uuid::Uuid;

use super::http::{self, client};
use super::{LLAMACTL, Sandbox, free_port, signal};

/// A running registry; killed when it goes out of scope.
pub struct Registry {
    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub url: String,
    command: Command,
    child: Child,
}

impl Registry {
    /// Starts one on the database in `dir`.
    #[track_caller]
    pub fn start(dir: &Path, args: &[&str]) -> Registry {
        Registry::spawn(serve(dir, args))
    }

    /// Starts one in a sandbox, and makes it the sandbox's registry. Its database and its log
    /// are in the sandbox, and started again it has the port that it had.
    #[track_caller]
    pub fn start_in(sandbox: &mut Sandbox, args: &[&str]) -> Registry {
        let port = free_port();
        let mut command = sandbox.llamactl(&["registry", "serve", "--json", "--database"]);
        command.arg(database(sandbox.dir())).args(["--port", &port.to_string()]);
        let log = File::options().create(true).append(true).open(sandbox.path("registry.log"));
        command.args(args).stderr(log.expect("the registry's log"));
        let (child, _) = launch(&mut command);
        let url = format!("http://127.0.0.1:{port}");
        sandbox.set("REGISTRY_URL", &url);
        Registry { url, command, child }
    }

    /// Starts the given command, which prints `{"url":…}`.
    #[track_caller]
    pub fn spawn(mut command: Command) -> Registry {
        let (child, url) = launch(&mut command);
        Registry { url, command, child }
    }

    /// Starts it again, after [`Registry::kill`], when [`Registry::start_in`] made it.
    #[track_caller]
    pub fn restart(&mut self) {
        (self.child, _) = launch(&mut self.command);
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// A client of it, without a token.
    pub fn client(&self) -> RegistryClient {
        RegistryClient::new(&self.url)
    }

    /// Starts the given command with tokens; its first one, too.
    pub fn with_tokens(mut command: Command, dir: &Path) -> (Registry, String) {
        let first = dir.join("first");
        command.args(["--auth", "token", "--first-token-file"]).arg(&first);
        let registry = Registry::spawn(command);
        let token = std::fs::read_to_string(first).expect("the first token");
        (registry, token.trim().to_owned())
    }

    /// Sends a request; the status, and the body as JSON (or as a text, where it is none).
    pub async fn send(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        self.send_as(None, method, path, body).await
    }

    /// The same with a token or without.
    pub async fn send_as(
        &self,
        token: Option<&str>,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let mut request = client().request(method.parse().expect("a method"), self.at(path));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        answer(request).await
    }

    /// `GET` of a path.
    pub async fn get(&self, path: &str) -> (u16, Value) {
        self.send("GET", path, None).await
    }

    /// The URL of a path.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// The server, also when it is lost.
    pub async fn find(&self, id: Uuid) -> Option<Server> {
        let filter = ServerFilter { state: Some("all".to_owned()), ..Default::default() };
        let servers = self.client().servers(&filter).await.expect("a list");
        servers.into_iter().find(|server| server.info.id == id)
    }

    /// All entries, lost ones too, as they are written.
    #[track_caller]
    pub fn servers(&self) -> Vec<Value> {
        let url = self.at("/api/v1/servers?state=all");
        match http::get(&url) {
            Some((200, Value::Array(servers))) => servers,
            other => panic!("{url} answered {other:?}"),
        }
    }

    /// Ends it as an operator does, and gives its exit code.
    pub fn stop(mut self) -> Option<i32> {
        signal(self.pid(), "TERM");
        self.wait()
    }

    /// Waits for its end, and gives its exit code.
    pub fn wait(&mut self) -> Option<i32> {
        self.child.wait().expect("it can be waited for").code()
    }

    /// Ends it as a power failure does, as far as a process can tell.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Starts a registry, and reads its URL from what it prints.
#[track_caller]
fn launch(command: &mut Command) -> (Child, String) {
    let mut child = command.stdout(Stdio::piped()).spawn().expect("the binary starts");
    let mut text = String::new();
    let mut out = BufReader::new(child.stdout.take().expect("it is piped"));
    while !text.contains('}') && out.read_line(&mut text).expect("stdout is text") > 0 {}
    let Ok(value) = serde_json::from_str::<Value>(&text) else {
        let status = child.wait().expect("it can be waited for");
        panic!("the registry printed no URL and ended with {status}: {text:?}");
    };
    (child, value["url"].as_str().expect("a URL").to_owned())
}

/// `llamactl registry serve` on the database in `dir`, not started yet.
pub fn serve(dir: &Path, args: &[&str]) -> Command {
    serve_on(&database(dir), args)
}

/// `llamactl registry serve` on the database with this URL, not started yet.
pub fn serve_on(database: &str, args: &[&str]) -> Command {
    let mut command = llamactl();
    command.args(["registry", "serve", "--json", "--port", "0", "--database"]);
    command.arg(database).args(args).env("LLAMACTL_LOG", "warn");
    command
}

/// llamactl in this process's environment, but for what would lead it to another registry.
pub fn llamactl() -> Command {
    let mut command = Command::new(LLAMACTL);
    command.env_remove("LLAMACTL_DATABASE_URL").env_remove("REGISTRY_URL");
    command
}

/// The URL of the SQLite database in `dir`.
pub fn database(dir: &Path) -> String {
    format!("sqlite:{}", file(dir).display())
}

/// The file of the database in `dir`.
pub fn file(dir: &Path) -> PathBuf {
    dir.join("registry.db")
}

/// Runs a command that must end by itself.
pub fn run(command: Command) -> Output {
    let mut command = assert_cmd::Command::from_std(command);
    let output = command.timeout(Duration::from_secs(20)).output().expect("it starts");
    assert!(output.status.code().is_some(), "it did not end: {output:?}");
    output
}

/// The status of an answer, and its body as JSON, or as a text where it is none.
pub async fn answer(request: reqwest::RequestBuilder) -> (u16, Value) {
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    let kind = response.headers().get("content-type").map(|kind| kind.as_bytes().to_vec());
    if kind.is_some_and(|kind| kind.starts_with(b"text/event-stream")) {
        // It has no end.
        return (status, Value::Null);
    }
    let text = response.text().await.expect("a body");
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// A registration of a server in job `job`.
pub fn request(job: &str, restart_count: u32) -> RegisterRequest {
    serde_json::from_value(json!({
        "id": Uuid::now_v7(), "cluster": "lab", "job_id": job, "restart_count": restart_count,
        "name": "tiny", "model": {"name": "tiny", "file": "tiny.gguf"}, "owner": "ann",
        "host": "n1", "port": 8080, "started": "2026-01-01T00:00:00Z", "state": "ready",
    }))
    .expect("a registration")
}

/// Whether a server's lease has ended.
pub fn is_lost(server: &Server) -> bool {
    server.state == ServerState::Lost
}
