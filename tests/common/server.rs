//! One `llamactl run`, and how to talk to it.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use llamactl::connection::Connection;

use crate::common::services::Daemon;
use crate::common::{Process, Sandbox, signal, slow_model, tiny_model, wait_until};

/// Longest time for anything that takes a moment on a busy machine.
pub const SOON: Duration = Duration::from_secs(30);

/// How long a server may take until it is ready on a busy machine.
pub const READY: Duration = Duration::from_secs(60);

/// A specification with the tiny model; `more` are further lines of YAML.
pub fn tiny(more: &str) -> String {
    spec(&tiny_model(), more)
}

/// A specification with the model that talks for long.
pub fn slow(more: &str) -> String {
    spec(&slow_model(), more)
}

/// A specification with this model file.
pub fn spec(model: &Path, more: &str) -> String {
    let server = if more.starts_with("server:") {
        ""
    } else {
        "server: { context: 16384, parallel: 2, threads: 1 }\n"
    };
    format!("name: test\nmodel: {}\n{server}{more}\n", model.display())
}

/// A running supervisor.
pub struct Server {
    pub daemon: Daemon,
    work: PathBuf,
    log: PathBuf,
}

impl Server {
    /// Starts one; both its streams go to `run.log`.
    #[track_caller]
    pub fn start(sandbox: &Sandbox, spec: &str) -> Server {
        Server::start_as(sandbox, spec, "run", &[])
    }

    /// Starts one with a log of its own and further variables.
    #[track_caller]
    pub fn start_as(sandbox: &Sandbox, spec: &str, name: &str, env: &[(&str, &str)]) -> Server {
        let file = sandbox.write(format!("{name}.yaml"), spec);
        let mut command = sandbox.llamactl(&["run", "--spec", file.to_str().unwrap()]);
        command.envs(env.iter().copied()).env("LLAMACTL_LOG", "info");
        command.env("TMPDIR", sandbox.path("runtime"));
        let log = sandbox.path(format!("{name}.log"));
        Server { daemon: Daemon::start(command, log.clone()), work: sandbox.work(), log }
    }

    /// Starts one, and waits until it is ready.
    #[track_caller]
    pub fn ready(sandbox: &Sandbox, spec: &str) -> (Server, Connection) {
        let mut server = Server::start(sandbox, spec);
        let connection = server.wait_ready();
        (server, connection)
    }

    /// Waits for the connection file.
    #[track_caller]
    pub fn wait_ready(&mut self) -> Connection {
        wait_until("the connection file", SOON, || {
            assert!(self.daemon.ended().is_none(), "ended at once: {}", self.log());
            let path = connection_file(&self.work)?;
            Connection::parse(&fs::read_to_string(path).ok()?)
        })
    }

    /// What it and llama-server wrote.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until its log has this text.
    #[track_caller]
    pub fn wait_for_log(&self, text: &str) {
        wait_until(&format!("`{text}` in the log"), SOON, || {
            self.log().contains(text).then_some(())
        });
    }

    /// Sends it a signal, as `TERM`.
    pub fn signal(&self, name: &str) {
        signal(self.daemon.pid(), name);
    }

    /// Waits for its end.
    #[track_caller]
    pub fn wait(&mut self, deadline: Duration) -> ExitStatus {
        wait_until("the supervisor's end", deadline, || self.daemon.ended())
    }

    /// Waits for its end with this code.
    #[track_caller]
    pub fn wait_for_code(&mut self, code: i32) {
        let status = self.wait(SOON);
        assert_eq!(status.code(), Some(code), "{status}: {}", self.log());
    }
}

/// `http://HOST:PORT` of a connection.
pub fn url(connection: &Connection) -> String {
    format!("http://{}:{}", connection.host, connection.port)
}

/// The key of a connection.
pub fn key(connection: &Connection) -> &str {
    connection.api_key.as_ref().expect("a key").expose()
}

/// The connection file in a folder.
pub fn connection_file(work: &Path) -> Option<PathBuf> {
    let name = |path: &PathBuf| {
        path.file_name()?.to_str()?.starts_with("llama_server_connection_").then_some(())
    };
    let entries = fs::read_dir(work).ok()?;
    entries.flatten().map(|entry| entry.path()).find(|path| name(path).is_some())
}

/// The llama-server process of a sandbox.
#[track_caller]
pub fn llama_server(sandbox: &Sandbox) -> Process {
    wait_until("the llama-server process", SOON, || {
        sandbox.processes().into_iter().find(|process| process.program() == "llama-server")
    })
}

/// The socket that llama-server listens on.
pub fn socket(sandbox: &Sandbox) -> Option<PathBuf> {
    let entries = fs::read_dir(sandbox.path("runtime")).ok()?;
    entries.flatten().map(|entry| entry.path().join("llama.sock")).find(|path| path.exists())
}

/// One raw request, and all that is answered until the other side closes.
pub fn raw(mut stream: impl Read + Write, request: &str) -> std::io::Result<String> {
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// `GET` of a path over TCP, with headers, each ending in CR LF.
pub fn get(connection: &Connection, path: &str, headers: &str) -> std::io::Result<String> {
    let stream = TcpStream::connect((connection.host.as_str(), connection.port))?;
    stream.set_read_timeout(Some(SOON))?;
    raw(stream, &format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n"))
}

/// Whether llama-server itself, on its socket, says that it is ready.
pub fn is_ready_itself(socket: &Path) -> bool {
    let request = "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    UnixStream::connect(socket)
        .and_then(|stream| raw(stream, request))
        .is_ok_and(|answer| answer.starts_with("HTTP/1.1 200"))
}

/// A program that waits until the file is there before it becomes llama-server: a model that
/// loads for as long as the test wants.
pub fn slow_start(sandbox: &Sandbox, go: &Path) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let server = sandbox.var("LLAMACTL_LLAMA_SERVER").unwrap();
    let script = format!(
        "#!/bin/sh\nwhile [ ! -e '{}' ]; do sleep 0.05; done\nexec '{server}' \"$@\"\n",
        go.display()
    );
    let path = sandbox.write("slow-llama-server", script);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}
