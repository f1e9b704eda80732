//! Finds the server, its key and a way to it, and makes sure that it is the one.

use std::time::Duration;

use super::tunnel::{Tunnel, free_port};
use crate::cli::ConnectArgs;
use crate::client::ClientError;
use crate::commands::Context;
use crate::commands::target::choose::For;
use crate::commands::target::probe::{Health, Identity, Probe, probe};
use crate::commands::target::sources::Finder;
use crate::commands::target::{Known, State, is_gone};
use crate::domain::server::{Access, authority};
use crate::engine::llama;
use crate::exit::{Exit, Failure};
use crate::http::direct;
use crate::output::printable;
use crate::presets::ssh::Route;
use crate::secret::Secret;

/// How long a host may take to accept a connection, to count as reachable.
const NEAR: Duration = Duration::from_secs(1);
/// How long a server that accepts a connection may take to answer.
const ANSWER: Duration = Duration::from_secs(5);
/// How often a server that is not ready yet is looked at, and how often in a row that may fail.
const LOOK: Duration = Duration::from_secs(2);
const MAX_FAILURES: u32 = 150;

/// How the server is reached.
#[derive(Debug)]
pub enum Way {
    /// At its own address.
    Direct,
    /// Through a tunnel that is open.
    Tunnel(Box<Tunnel>),
    /// Through a tunnel that a shell will open with `command`.
    Later {
        /// The shell command.
        command: String,
        /// The local port.
        port: u16,
    },
}

impl Way {
    /// Host and port as a program on this machine reaches them.
    ///
    /// # Errors
    /// When the server's address is not known.
    pub fn address(&self, known: &Known) -> Result<(String, u16), Failure> {
        match self {
            Way::Direct => address(known).map(|(host, port)| (host.to_owned(), port)),
            Way::Tunnel(tunnel) => Ok(("127.0.0.1".to_owned(), tunnel.port)),
            Way::Later { port, .. } => Ok(("127.0.0.1".to_owned(), *port)),
        }
    }

    /// The URL as a program on this machine reaches it.
    ///
    /// # Errors
    /// When the server's address is not known.
    pub fn url(&self, known: &Known) -> Result<String, Failure> {
        match self {
            Way::Direct => known.url().ok_or_else(|| nowhere(known)),
            way => way.address(known).map(|(host, port)| format!("http://{host}:{port}")),
        }
    }
}

/// The server that `target` means, once it is ready.
///
/// # Errors
/// Exit 4 when it is gone, or goes while it is waited for.
pub async fn ready(context: &Context, finder: &Finder, target: &str) -> anyhow::Result<Known> {
    let mut known = finder.find(target, For::Using).await?;
    if known.state() == State::Loading || known.state() == State::Pending {
        let spinner = context.printer.spinner();
        let waited = wait(context, finder, &spinner, known).await;
        spinner.finish_and_clear();
        known = waited?;
    }
    match known.state() {
        State::Draining | State::Lost | State::Ended => Err(unusable(&known).into()),
        _ => Ok(known),
    }
}

/// Waits until the server neither waits in the queue nor loads. While nobody who could tell
/// answers, it goes on waiting, for a while.
async fn wait(
    context: &Context,
    finder: &Finder,
    spinner: &indicatif::ProgressBar,
    mut known: Known,
) -> anyhow::Result<Known> {
    let (mut told, mut failures) = (String::new(), 0);
    loop {
        let what = printable(&format!("{} ({})", known.name(), known.id()));
        let message = match known.state() {
            State::Pending => {
                let reason = known.job.as_ref().and_then(|job| job.reason.as_deref());
                format!(
                    "{what} waits in the queue: {}",
                    printable(reason.unwrap_or("no reason given"))
                )
            }
            State::Loading => format!("{what} loads its model"),
            _ => return Ok(known),
        };
        if told != message && spinner.is_hidden() {
            context.printer.note(&message);
        }
        told = message;
        spinner.set_message(told.clone());
        tokio::time::sleep(LOOK).await;
        match finder.find(&known.id(), For::Using).await {
            Ok(found) => (known, failures) = (found, 0),
            Err(error) if failures >= MAX_FAILURES || is_gone(&error) => return Err(error),
            Err(error) => {
                failures += 1;
                spinner.set_message(format!("{told} ({error:#})"));
            }
        }
    }
}

fn unusable(known: &Known) -> Failure {
    let what = printable(&format!("{} ({})", known.name(), known.id()));
    let (problem, hint) = match known.state() {
        State::Draining => ("is about to end, and takes nothing new", "`llamactl ls` lists others"),
        State::Lost => (
            "is lost: the registry has not heard of it for a while",
            "`llamactl status` and `llamactl logs` may say more",
        ),
        _ => ("has ended", "`llamactl logs` shows how, `llamactl submit` starts another"),
    };
    Failure::with_exit(Exit::GONE, format!("{what} {problem}")).hint(hint)
}

/// The server's API key: from the connection file, else from the registry; nothing for a
/// server that has none.
///
/// # Errors
/// When it has one that this user does not get.
pub async fn key(finder: &Finder, known: &Known) -> anyhow::Result<Option<Secret>> {
    if let Some(key) = known.fresh_file().and_then(|file| file.api_key.clone()) {
        return Ok(Some(key));
    }
    let Some(server) = known.server.as_ref().filter(|_| known.access() != Some(Access::Open))
    else {
        return Ok(None);
    };
    match finder.registry.api_key(server.info.id).await {
        Ok(key) => Ok(Some(key)),
        // Entries of old clients, and of servers that were registered without a key.
        Err(ClientError::Unknown(_)) if server.info.access != Access::Private => Ok(None),
        Err(ClientError::Unknown(_)) if server.info.owner == finder.me => {
            let name = crate::connection::file_name(&known.id());
            Err(Failure::new("the server is private, and its connection file was not found")
                .hint(format!(
                    "go to the folder with {name}, from which it was submitted, or ask the \
                     registry with your token"
                ))
                .into())
        }
        Err(ClientError::Unknown(_)) => {
            let owner = printable(&server.info.owner);
            Err(Failure::new(format!("the server is private: only {owner} has its key"))
                .hint(format!("ask {owner} to set server.access: shared"))
                .into())
        }
        Err(error) => Err(anyhow::Error::from(error).context("the server's key is not to be had")),
    }
}

/// A way to the server: directly when it answers there and is the one, else by a tunnel.
///
/// # Errors
/// When there is none, or when who answers is not the server that is meant.
pub async fn reach(
    context: &Context,
    finder: &Finder,
    known: &Known,
    key: Option<&Secret>,
    args: &ConnectArgs,
) -> anyhow::Result<Way> {
    let (host, port) = address(known)?;
    let place = authority(host, port);
    let via = args.via.as_deref().or(finder.settings.ssh.via.as_deref());
    let failure = match near(known, host, port, key).await {
        Ok(probe) => match verdict(&probe, host, args.trust) {
            Ok(warning) => {
                warning.iter().for_each(|warning| context.printer.warn(warning));
                return Ok(Way::Direct);
            }
            Err(failure) => failure,
        },
        Err(reason) => Failure::new(format!("{place} can't be reached: {reason}")).hint(
            "name a login host of the cluster with --via HOST, LLAMACTL_SSH_VIA or ssh.via in \
             the configuration",
        ),
    };
    let Some(via) = via else { return Err(failure.into()) };
    let route = Route { via, host, port };
    if args.print {
        route.check()?;
        let port = if args.local_port == 0 { free_port()? } else { args.local_port };
        return Ok(Way::Later { command: route.background_line(port)?, port });
    }
    context.printer.note(format!("{place} is not reachable from here: tunnel through {via}"));
    let tunnel = route.open(args.local_port, key).await?;
    match verdict(&tunnel.probe, host, args.trust) {
        Ok(warning) => {
            warning.iter().for_each(|warning| context.printer.warn(warning));
            Ok(Way::Tunnel(Box::new(tunnel)))
        }
        Err(failure) => {
            tunnel.close().await;
            Err(failure.into())
        }
    }
}

/// What the server answers at its own address, or why it does not.
async fn near(known: &Known, host: &str, port: u16, key: Option<&Secret>) -> Result<Probe, String> {
    let connect = tokio::net::TcpStream::connect((host, port));
    match tokio::time::timeout(NEAR, connect).await {
        Err(_) => return Err(format!("no answer within {} s", NEAR.as_secs())),
        Ok(Err(error)) => return Err(error.to_string()),
        // Closed before the next: a simple server takes one connection at a time.
        Ok(Ok(connection)) => drop(connection),
    }
    let url = known.url().unwrap_or_default();
    match probe(&url, key, ANSWER).await {
        Probe { health: Health::Silent(reason), .. } => Err(reason),
        probe => Ok(probe),
    }
}

/// Whether who answered may get the key and the prompts; what to warn of if so.
fn verdict(probe: &Probe, host: &str, trust: bool) -> Result<Option<String>, Failure> {
    let taken = "the port may be somebody else's by now";
    match (&probe.health, probe.identity) {
        (_, Identity::Wrong) => {
            Err(Failure::new(format!("who answers at {host} has another key: {taken}"))
                .hint("`llamactl status` says what is known of the server"))
        }
        (Health::Strange(what), _) => {
            Err(Failure::new(format!("who answers at {host} is no llama-server: {what}")))
        }
        (_, Identity::Unproved) if !trust => Err(Failure::new(format!(
            "who answers at {host} can't prove to be the server that was registered: {taken}"
        ))
        .hint("if it is a llama-server of a script, without `llamactl run`: --trust")),
        (Health::Loading, _) => {
            Err(Failure::new(format!("the server at {host} is not ready, or about to end"))
                .hint("try again, or see `llamactl status`"))
        }
        (_, Identity::Unasked) => Ok(Some(
            "the server has no key: whether it is the one that was registered can't be checked"
                .to_owned(),
        )),
        _ => Ok(None),
    }
}

/// What the server itself lists; nothing when it does not answer in time, or something else.
pub async fn models(url: &str, key: Option<&Secret>) -> Option<Vec<String>> {
    let mut request = direct().ok()?.get(format!("{url}/v1/models")).timeout(ANSWER);
    if let Some(key) = key {
        request = request.bearer_auth(key.expose());
    }
    llama::models(&request.send().await.ok()?.bytes().await.ok()?)
}

fn address(known: &Known) -> Result<(&str, u16), Failure> {
    let (host, port) = known.address().ok_or_else(|| nowhere(known))?;
    crate::domain::server::host(host)
        .map_err(|problem| Failure::new(format!("the server's address is wrong: {problem}")))?;
    Ok((host, port))
}

fn nowhere(known: &Known) -> Failure {
    Failure::new(format!("the address of {} is not known", printable(&known.id())))
        .hint("go to the folder that it was submitted from, where its connection file is")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_goes_only_to_who_proved_to_know_it() {
        let judge = |health: Health, identity, trust| {
            verdict(&Probe { health, identity }, "n1", trust).map(|warning| warning.is_some())
        };
        assert_eq!(judge(Health::Ready, Identity::Proved, false).ok(), Some(false));
        assert_eq!(judge(Health::Ready, Identity::Unasked, false).ok(), Some(true));
        assert_eq!(judge(Health::Ready, Identity::Unproved, true).ok(), Some(false));
        let failure = judge(Health::Ready, Identity::Unproved, false).unwrap_err();
        assert!(failure.hint.unwrap().contains("--trust"));
        assert!(judge(Health::Ready, Identity::Wrong, true).is_err());
        assert!(judge(Health::Loading, Identity::Proved, false).is_err());
        assert!(judge(Health::Strange("404".into()), Identity::Unasked, true).is_err());
    }
}
