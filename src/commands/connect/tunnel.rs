//! A tunnel through the system's ssh, so that keys, agents and second factors work as the
//! user has set them up.

use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use crate::commands::target::probe::{Health, Probe, probe};
use crate::exec::{Background, Run};
use crate::exit::Failure;
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

/// Where a tunnel goes.
#[derive(Debug, Clone, Copy)]
pub struct Route<'a> {
    /// The login host, as ssh takes it.
    pub via: &'a str,
    /// The server's host, as the login host knows it.
    pub host: &'a str,
    /// The server's port.
    pub port: u16,
}

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

impl Route<'_> {
    /// Refuses what ssh could take for an option.
    ///
    /// # Errors
    /// Exit 2.
    pub fn check(&self) -> Result<(), Failure> {
        let odd = |c: char| c.is_whitespace() || c.is_control();
        if self.via.is_empty() || self.via.starts_with('-') || self.via.contains(odd) {
            return Err(Failure::usage(format!("`{}` is no host to tunnel through", self.via)));
        }
        crate::domain::server::host(self.host)
            .map_err(|problem| Failure::new(format!("the server's address is wrong: {problem}")))
    }

    fn forward(&self, local: u16) -> String {
        let host = match self.host.contains(':') {
            true => format!("[{}]", self.host),
            false => self.host.to_owned(),
        };
        format!("127.0.0.1:{local}:{host}:{}", self.port)
    }

    /// ssh's arguments. It listens on 127.0.0.1 alone, and ends when it can't listen, or when
    /// the connection is dead. It may use a connection that is already there, but does not
    /// become one that others use, since it ends with the program.
    fn args(&self, local: u16) -> Vec<String> {
        let forward = self.forward(local);
        [
            "-N",
            "-o",
            "ExitOnForwardFailure=yes",
            "-o",
            "ServerAliveInterval=15",
            "-o",
            "ControlMaster=no",
            "-L",
            &forward,
            "--",
            self.via,
        ]
        .map(str::to_owned)
        .to_vec()
    }

    /// A shell command that opens the tunnel and goes to the background.
    ///
    /// # Errors
    /// A text that no shell can hold.
    pub fn command_line(&self, local: u16) -> Result<String, shlex::QuoteError> {
        let mut words = vec!["ssh".to_owned(), "-f".to_owned()];
        words.extend(self.args(local));
        shlex::try_join(words.iter().map(String::as_str))
    }

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
        Failure::new(format!("{host}:{port} does not answer through {via}: {reason}"))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn route<'a>(via: &'a str, host: &'a str) -> Route<'a> {
        Route { via, host, port: 7 }
    }

    #[test]
    fn nothing_can_become_an_option_of_ssh() {
        assert!(route("me@login", "n1").check().is_ok());
        for (via, host) in [("-oProxyCommand=id", "n1"), ("a b", "n1"), ("", "n1"), ("a", "-x")] {
            assert!(route(via, host).check().is_err(), "{via} {host}");
        }
        let args = route("me@login", "n1").args(9);
        assert_eq!(args[args.len() - 2..], ["--", "me@login"]);
    }

    #[test]
    fn only_this_machine_may_use_the_tunnel() {
        assert_eq!(route("l", "n1").forward(9), "127.0.0.1:9:n1:7");
        assert_eq!(route("l", "::1").forward(9), "127.0.0.1:9:[::1]:7");
        let line = route("me@login", "n1").command_line(9).unwrap();
        assert!(line.starts_with("ssh -f -N ") && line.ends_with(" -- me@login"), "{line}");
    }
}
