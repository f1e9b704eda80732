//! The services that a test talks to beside the registry: ntfy, SMTP. Each ends with the value
//! that stands for it.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::{Sandbox, free_port, http, project, tool, wait_until};

const START: Duration = Duration::from_secs(20);

/// A program in the background, its output in a log. Killed when this is dropped.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
}

impl Daemon {
    /// Starts it; both its streams are appended to `log`.
    #[track_caller]
    pub fn start(mut command: Command, log: PathBuf) -> Daemon {
        let file = fs::OpenOptions::new().create(true).append(true).open(&log).expect("a log");
        let other = file.try_clone().expect("a log");
        command.stdin(Stdio::null()).stdout(file).stderr(other);
        let child = command.spawn().unwrap_or_else(|e| panic!("{command:?}: {e}"));
        Daemon { child }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its exit status, once it has ended.
    pub fn ended(&mut self) -> Option<std::process::ExitStatus> {
        self.child.try_wait().expect("a child of ours")
    }

    /// Kills it (SIGKILL) and waits.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A real ntfy server.
#[derive(Debug)]
pub struct Ntfy {
    _daemon: Daemon,
    port: u16,
}

/// The topic that tests publish to.
pub const TOPIC: &str = "llamactl-test";

impl Ntfy {
    /// Starts one and makes it, and [`TOPIC`], the sandbox's.
    #[track_caller]
    pub fn start(sandbox: &mut Sandbox) -> Ntfy {
        let port = free_port();
        let mut command = sandbox.command(tool("ntfy"));
        command
            .args(["serve", "--listen-http", &format!("127.0.0.1:{port}")])
            .args(["--base-url", &format!("http://127.0.0.1:{port}")])
            .arg("--config")
            .arg(sandbox.write("ntfy.yml", "visitor-request-limit-exempt-hosts: 127.0.0.1\n"))
            .arg("--cache-file")
            .arg(sandbox.path("ntfy-cache.db"));
        let daemon = Daemon::start(command, sandbox.path("ntfy.log"));
        let ntfy = Ntfy { _daemon: daemon, port };
        wait_until("ntfy's health", START, || http::get(&format!("{}/v1/health", ntfy.url())));
        sandbox.set("NTFY_SERVER", ntfy.url());
        sandbox.set("NTFY_TOPIC", TOPIC);
        ntfy
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The messages of [`TOPIC`], oldest first.
    #[track_caller]
    pub fn messages(&self) -> Vec<Value> {
        let url = format!("{}/{TOPIC}/json?poll=1", self.url());
        let (status, body) = http::get_text(&url).expect("ntfy answers");
        assert_eq!(status, 200, "{body}");
        body.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
    }
}

/// The SMTP server of `scripts/smtp-sink.py`, which keeps what it gets.
#[derive(Debug)]
pub struct SmtpSink {
    _daemon: Daemon,
    /// Its port on 127.0.0.1.
    pub port: u16,
    folder: PathBuf,
}

impl SmtpSink {
    /// Starts one that writes each mail into a file.
    #[track_caller]
    pub fn start(sandbox: &Sandbox) -> SmtpSink {
        SmtpSink::start_with(sandbox, &[])
    }

    /// The same with further arguments for the script.
    #[track_caller]
    pub fn start_with(sandbox: &Sandbox, args: &[&str]) -> SmtpSink {
        let (port, folder) = (free_port(), sandbox.path("mail"));
        fs::create_dir_all(&folder).expect("a folder for mail");
        let mut command = sandbox.command("python3");
        command
            .arg(project().join("scripts/smtp-sink.py"))
            .args(["--port", &port.to_string(), "--dir"])
            .arg(&folder)
            .args(args);
        let daemon = Daemon::start(command, sandbox.path("smtp.log"));
        wait_until("the SMTP sink", START, || {
            std::net::TcpStream::connect(("127.0.0.1", port)).ok()
        });
        SmtpSink { _daemon: daemon, port, folder }
    }

    /// The mails so far.
    pub fn mails(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.folder).expect("the mail folder");
        let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        paths.iter().map(|path| fs::read_to_string(path).expect("a mail")).collect()
    }
}
