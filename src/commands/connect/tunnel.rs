//! A tunnel through the system's ssh, so that keys, agents and second factors work as the
//! user has set them up.

use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use crate::commands::target::probe::{Health, Probe, probe};
use crate::domain::server::authority;
use crate::exec::{Background, Run};
use crate::exit::Failure;
use crate::presets::ssh::Route;
use crate::secret::Secret;

/// How long ssh may take until the server answers through it. A person may have to type a
/// password and reach for a telephone.
const PATIENCE: Duration = Duration::from_secs(60);
/// After so many refused connections the server is not there.
const REFUSALS: usize = 10;
/// How long ssh may take to end.
const GRACE: Duration = Duration::from_secs(3);
/// How often another free port is tried, when somebody took the one that was free.
const TRIES: u32 = 3;

/// Runs ssh beside the shell, which ends it when its own stdin ends: that is, when llamactl
/// says so or dies, however it dies. ssh ignores SIGINT: Ctrl-C is for the program that uses
/// the tunnel. It stays in the foreground's process group, since it may ask for a password.
const SCRIPT: &str = r#"
trap '' INT QUIT
exec 3<&0
ssh "$@" </dev/null &
ssh=$!
{ cat; kill "$ssh"; sleep 2; kill -9 "$ssh"; } <&3 >/dev/null 2>&1 &
exec 3<&-
wait "$ssh"
code=$?
kill "$!" 2>/dev/null
exit "$code"
"#;

/// An open tunnel.
#[derive(Debug)]
pub struct Tunnel {
    ssh: Background,
    /// What the server answered through it.
    pub probe: Probe,
    /// The local port.
    pub port: u16,
    cancel: Run,
}

/// What this process does with a route.
impl Route<'_> {
    /// Opens the tunnel, and waits until the server answers through it. `local` is the local
    /// port; 0 takes a free one.
    ///
    /// # Errors
    /// What ssh said, or that nothing answered in time.
    pub async fn open(&self, local: u16, key: Option<&Secret>) -> anyhow::Result<Tunnel> {
        self.check()?;
        if which::which("ssh").is_err() {
            return Err(Failure::new("ssh was not found")
                .hint("install OpenSSH's client, or run this where the server can be reached")
                .into());
        }
        let mut tries = 1;
        loop {
            let port = if local == 0 { free_port()? } else { local };
            match self.try_open(port, key).await {
                Err(failure) if local == 0 && tries < TRIES && taken(&failure) => tries += 1,
                result => return Ok(result?),
            }
        }
    }

    async fn try_open(&self, port: u16, key: Option<&Secret>) -> Result<Tunnel, Failure> {
        let start = Run::new("sh").args(["-c", SCRIPT, "sh"]).args(self.args(port));
        let mut ssh = start.background().map_err(|error| Failure::new(error.to_string()))?;
        let url = format!("http://127.0.0.1:{port}");
        let deadline = Instant::now() + PATIENCE;
        let probe = loop {
            let answer = tokio::select! {
                _ = ssh.wait() => return Err(self.ended(&ssh.said())),
                answer = probe(&url, key, Duration::from_secs(5)) => answer,
            };
            if !matches!(answer.health, Health::Silent(_)) {
                break answer;
            }
            let said = ssh.said();
            if refusals(&said).count() >= REFUSALS || Instant::now() > deadline {
                ssh.stop(GRACE).await;
                return Err(self.silent(&said));
            }
            tokio::select! {
                _ = ssh.wait() => return Err(self.ended(&ssh.said())),
                () = tokio::time::sleep(Duration::from_millis(100)) => {}
            }
        };
        let cancel = Run::new("ssh").args(["-O", "cancel", "-L", &self.forward(port), "--"]);
        let cancel = cancel.arg(self.via).timeout(GRACE);
        Ok(Tunnel { ssh, probe, port, cancel })
    }

    fn ended(&self, said: &str) -> Failure {
        let last = said.lines().rev().map(str::trim).find(|line| !line.is_empty());
        let reason = crate::output::printable(last.unwrap_or("it said nothing"));
        Failure::new(format!("ssh to {} ended: {reason}", self.via))
            .hint(format!("does `ssh {} true` work?", self.via))
    }

    fn silent(&self, said: &str) -> Failure {
        let (host, port, via) = (self.host, self.port, self.via);
        let reason = refusals(said).last().map(crate::output::printable);
        let reason = reason.unwrap_or_else(|| format!("no answer within {} s", PATIENCE.as_secs()));
        Failure::new(format!("{} does not answer through {via}: {reason}", authority(host, port)))
            .hint(format!("can {via} reach {host}? `llamactl status` says how the server is"))
    }
}

impl Tunnel {
    /// Waits until ssh ends, which it does not do by itself while all is well. Cancel safe.
    pub async fn broken(&mut self) -> String {
        let _ = self.ssh.wait().await;
        let said = self.ssh.said();
        crate::output::printable(said.lines().last().unwrap_or("ssh ended"))
    }

    /// Takes the tunnel down.
    pub async fn close(self) {
        self.ssh.stop(GRACE).await;
        // Where ssh used a connection that was already there, that one holds the port.
        let _ = self.cancel.output().await;
    }
}

/// ssh tells of each connection that the other side refuses, and goes on.
fn refusals(said: &str) -> impl Iterator<Item = &str> {
    said.lines().map(str::trim).filter(|line| line.contains("open failed"))
}

fn taken(failure: &Failure) -> bool {
    failure.message.contains("forwarding") || failure.message.contains("already in use")
}

/// A port of 127.0.0.1 that is free now.
///
/// # Errors
/// When there is none.
pub fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
