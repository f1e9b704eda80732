//! PostgreSQL, Redis and Prometheus: Debian's, each started by `scripts/lab/service.sh` for one
//! test, in a folder and on a port of its own, and stopped when the value is dropped.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::Value;

use super::http;
use super::services::Daemon;
use super::{Process, children, free_port, lab_home, project, signal, text, wait_until};

const START: Duration = Duration::from_secs(30);

/// A program of `service.sh` that runs, or did.
#[derive(Debug)]
pub struct Service {
    name: &'static str,
    args: Vec<String>,
    /// Where it listens.
    pub port: u16,
    // Stopped before the folder goes.
    daemon: Option<Daemon>,
    /// Where it has its files.
    pub folder: tempfile::TempDir,
}

impl Service {
    /// One that does not run yet, of `service.sh`'s.
    pub fn new(name: &'static str, args: &[&str]) -> Service {
        let prefix = format!("llamactl-{name}-");
        let folder = tempfile::Builder::new().prefix(&prefix).tempdir().expect("tempdir");
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        Service { name, args, port: free_port(), daemon: None, folder }
    }

    /// Starts it, and waits until `answers` does.
    #[track_caller]
    pub fn start(&mut self, mut answers: impl FnMut(u16) -> bool) {
        assert!(self.daemon.is_none(), "{} runs already", self.name);
        let mut command = Command::new(project().join("scripts/lab/service.sh"));
        command.env("LLAMACTL_LAB", lab_home()).arg(self.name).arg("run").arg(self.folder.path());
        command.arg(self.port.to_string()).args(&self.args);
        let log = self.log();
        let mut daemon = Daemon::start(command, log.clone());
        wait_until(&format!("{} on port {}", self.name, self.port), START, || {
            if let Some(status) = daemon.ended() {
                panic!("{} ended with {status}: {}", self.name, self.said());
            }
            answers(self.port).then_some(())
        });
        self.daemon = Some(daemon);
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("service.log")
    }

    fn said(&self) -> String {
        text(&fs::read(self.log()).unwrap_or_default())
    }

    /// Sends `name` and waits for the end.
    fn end(&mut self, name: &str) {
        let Some(mut daemon) = self.daemon.take() else { return };
        // PostgreSQL's children outlive it by moments, and each has a process group of its own.
        let children = children(daemon.pid());
        signal(daemon.pid(), name);
        if name == "KILL" {
            children.iter().for_each(|child| child.signal("KILL"));
        }
        wait_until(&format!("the end of {}", self.name), START, || daemon.ended());
        wait_until("the end of its children", START, || {
            (!children.iter().any(Process::alive)).then_some(())
        });
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("──── {} said\n{}", self.name, self.said());
        }
        // What it would write now is thrown away a moment later.
        self.end("KILL");
    }
}

/// A PostgreSQL server with `fsync` on. It wants a password and, where it is asked to, TLS.
#[derive(Debug)]
pub struct Postgres {
    service: Service,
}

impl Postgres {
    /// Starts one with an empty database.
    #[track_caller]
    pub fn start() -> Postgres {
        Postgres::start_with(&[])
    }

    /// The same with further arguments for `postgres`, as `-c max_connections=10`.
    #[track_caller]
    pub fn start_with(args: &[&str]) -> Postgres {
        let mut postgres = Postgres { service: Service::new("postgres", args) };
        postgres.start_again();
        postgres
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.service.port
    }

    /// The folder with its socket, and with its data in `data`.
    pub fn folder(&self) -> &Path {
        self.service.folder.path()
    }

    /// The empty database that it starts with, as `postgres://…`; with the password.
    pub fn url(&self) -> String {
        self.url_at(self.port(), "llamactl")
    }

    /// `database` by way of another port, which is a [`super::partition::Partition`]'s.
    pub fn url_at(&self, port: u16, database: &str) -> String {
        format!("postgres://llamactl:{}@127.0.0.1:{port}/{database}", self.password())
    }

    /// Another empty database, as `postgres://…`.
    #[track_caller]
    pub fn fresh(&self) -> String {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("fresh_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        self.sql(&self.url(), &format!("create database {name}")).expect("a database");
        self.url_at(self.port(), &name)
    }

    /// Runs statements as the database's owner: the rows of the last one as texts.
    ///
    /// # Errors
    /// What PostgreSQL says.
    pub fn sql(&self, url: &str, sql: &str) -> Result<Vec<Vec<Option<String>>>, String> {
        http::wait(query(url, sql)).map_err(|error| {
            error.as_db_error().map_or_else(|| error.to_string(), |db| db.message().to_owned())
        })
    }

    /// Ends it as an operator does: connections are closed, its data is complete.
    pub fn stop(&mut self) {
        self.service.end("INT");
    }

    /// Ends it and all its children as a crash does.
    pub fn kill9(&mut self) {
        self.service.end("KILL");
    }

    /// Lets it stand still, connections and all, until [`Postgres::go_on`].
    pub fn stand_still(&self) {
        self.to_all("STOP");
    }

    /// Lets it go on.
    pub fn go_on(&self) {
        self.to_all("CONT");
    }

    fn to_all(&self, name: &str) {
        let daemon = self.service.daemon.as_ref().expect("it runs");
        signal(daemon.pid(), name);
        children(daemon.pid()).iter().for_each(|child| child.signal(name));
    }

    /// Starts it again at the same port, with the same data.
    #[track_caller]
    pub fn start_again(&mut self) {
        let folder = self.folder().to_owned();
        self.service.start(|port| {
            let Ok(password) = fs::read_to_string(folder.join("password")) else { return false };
            let url = format!("postgres://llamactl:{password}@127.0.0.1:{port}/llamactl");
            http::wait(query(&url, "select 1")).is_ok()
        });
    }

    fn password(&self) -> String {
        fs::read_to_string(self.folder().join("password")).expect("the password")
    }
}

async fn query(url: &str, sql: &str) -> Result<Vec<Vec<Option<String>>>, tokio_postgres::Error> {
    use tokio_postgres::SimpleQueryMessage::Row;
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await?;
    tokio::spawn(connection);
    let messages = client.simple_query(sql).await?;
    let rows = messages.iter().filter_map(|message| match message {
        Row(row) => Some((0..row.len()).map(|n| row.get(n).map(str::to_owned)).collect()),
        _ => None,
    });
    Ok(rows.collect())
}

/// A Redis server that keeps nothing on disk.
#[derive(Debug)]
pub struct Redis {
    service: Service,
}

impl Redis {
    /// Starts one.
    #[track_caller]
    pub fn start() -> Redis {
        Redis::start_with(&[])
    }

    /// The same with further arguments for `redis-server`, as `--requirepass x`.
    #[track_caller]
    pub fn start_with(args: &[&str]) -> Redis {
        let mut redis = Redis { service: Service::new("redis", args) };
        redis.start_again();
        redis
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.service.port
    }

    /// `redis://127.0.0.1:PORT/0`
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port())
    }

    /// Ends it as an operator does.
    pub fn stop(&mut self) {
        self.service.end("TERM");
    }

    /// Ends it as a crash does.
    pub fn kill9(&mut self) {
        self.service.end("KILL");
    }

    /// Starts it again at the same port.
    #[track_caller]
    pub fn start_again(&mut self) {
        // It answers, be it that it wants a password.
        self.service.start(|port| said_to(port, "PING\r\n").is_some_and(|said| !said.is_empty()));
    }
}

/// What a TCP service answers first.
fn said_to(port: u16, question: &str) -> Option<String> {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    stream.write_all(question.as_bytes()).ok()?;
    let mut answer = [0; 64];
    let count = stream.read(&mut answer).ok()?;
    Some(text(&answer[..count]))
}

/// A Prometheus server.
#[derive(Debug)]
pub struct Prometheus {
    service: Service,
}

impl Prometheus {
    /// Starts one with this configuration.
    #[track_caller]
    pub fn start(configuration: &str) -> Prometheus {
        let mut prometheus = Prometheus { service: Service::new("prometheus", &[]) };
        let file = prometheus.service.folder.path().join("prometheus.yml");
        fs::write(file, configuration).expect("the configuration");
        prometheus.start_again();
        prometheus
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.service.port)
    }

    /// The folder with its configuration.
    pub fn folder(&self) -> &Path {
        self.service.folder.path()
    }

    /// The answer of its API below `/api/v1/`, as `targets` or `query?query=up`.
    #[track_caller]
    pub fn api(&self, path: &str) -> Value {
        let url = format!("{}/api/v1/{path}", self.url());
        match http::get(&url) {
            Some((200, answer)) => answer["data"].clone(),
            other => panic!("{url} answered {other:?}"),
        }
    }

    /// Ends it as an operator does.
    pub fn stop(&mut self) {
        self.service.end("TERM");
    }

    /// Ends it as a crash does.
    pub fn kill9(&mut self) {
        self.service.end("KILL");
    }

    /// Starts it again at the same port, with the same data.
    #[track_caller]
    pub fn start_again(&mut self) {
        self.service.start(|port| {
            let url = format!("http://127.0.0.1:{port}/-/ready");
            http::get_text(&url).is_some_and(|(status, _)| status == 200)
        });
    }
}
