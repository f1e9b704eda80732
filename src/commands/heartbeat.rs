//! `llamactl heartbeat`

use std::path::Path;
use std::time::Duration;

use super::lease::{self, LeaseFile};
use super::process::Process;
use crate::api::{Renewed, ServerUpdate};
use crate::chance;
use crate::cli::{HeartbeatArgs, StateArg};
use crate::client::ClientError;
use crate::client::pace::Pace;
use crate::commands::Context;
use crate::domain::server::ServerState;
use crate::exit::{Exit, Failure};
use crate::shutdown::{Signals, Stop};

/// How often the process of `--pid` is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// Runs the command.
///
/// # Errors
/// What went wrong, with a hint and the exit code of the help.
pub async fn run(context: &Context, args: HeartbeatArgs) -> anyhow::Result<Exit> {
    let state = args.state.map(|state| match state {
        StateArg::Loading => ServerState::Loading,
        StateArg::Ready => ServerState::Ready,
        StateArg::Draining => ServerState::Draining,
    });
    let mut file = LeaseFile::read(&args.lease_file)?;
    if let Some(state) = state {
        // In the file, since a loop in the background beats and registers anew from it.
        file.server.state = state;
        file.write(&args.lease_file)?;
    }
    if args.repeat {
        return repeat(context, &args).await;
    }
    let renewed =
        lease::with_current(&args.lease_file, |file| async move { beat(&file).await }).await?;
    context.printer.json(&renewed)?;
    Ok(Exit::OK)
}

async fn beat(file: &LeaseFile) -> Result<Renewed, ClientError> {
    let update = ServerUpdate { state: Some(file.server.state), ..ServerUpdate::default() };
    file.client().heartbeat(&file.lease, &update).await
}

/// Beats until a signal, the end of `--pid`, or the loss of the entry.
async fn repeat(context: &Context, args: &HeartbeatArgs) -> anyhow::Result<Exit> {
    let mut signals = Signals::catch()?;
    let gone = || {
        let pid = args.pid.unwrap_or_default();
        Failure::with_exit(Exit::GONE, format!("process {pid} ended: no more heartbeats"))
    };
    let process = match args.pid {
        Some(pid) => Some(Process::find(pid).ok_or_else(gone)?),
        None => None,
    };
    tokio::select! {
        () = terminated(&mut signals) => Ok(Exit::OK),
        () = ended(process) => Err(gone().into()),
        outcome = keep(context, &args.lease_file) => outcome,
    }
}

/// The drain signal is for the server, not for its heartbeat: a draining server is alive.
async fn terminated(signals: &mut Signals) {
    while signals.next().await != Stop::Terminate {}
}

async fn ended(process: Option<Process>) {
    let Some(process) = process else { return std::future::pending().await };
    while process.alive() {
        tokio::time::sleep(LOOK).await;
    }
}

async fn keep(context: &Context, path: &Path) -> anyhow::Result<Exit> {
    let mut pace = Pace::default();
    let mut trouble = None;
    loop {
        // Read anew each time: `heartbeat --state` and `unregister` change it meanwhile.
        let Ok(file) = LeaseFile::read(path) else {
            context.printer.note("the lease file is gone: unregistered");
            return Ok(Exit::OK);
        };
        let mut answer = beat(&file).await;
        if let Err(ClientError::Unknown(_)) = answer {
            answer = match file.client().register(&file.server).await {
                Ok(lease) => {
                    context.printer.note("the registry had forgotten this server: registered anew");
                    let renewed =
                        Renewed { ttl_ms: lease.ttl_ms, beat_after_ms: lease.beat_after_ms };
                    // Others may have written a new state meanwhile, or removed the file.
                    if let Ok(mut now) = LeaseFile::read(path) {
                        now.lease = lease;
                        now.write(path)?;
                    }
                    Ok(renewed)
                }
                Err(error) => Err(error),
            };
        }
        let wait = match answer {
            Ok(renewed) => {
                if trouble.take().is_some() {
                    context.printer.note("the registry answers again");
                }
                pace.ok(Duration::from_millis(renewed.beat_after_ms))
            }
            Err(ClientError::Superseded(why)) => {
                return Err(lease::refused(ClientError::Superseded(why)).into());
            }
            Err(error) => {
                let text = error.to_string();
                if trouble.as_ref() != Some(&text) {
                    context.printer.warn(format!("{text}; trying on"));
                    trouble = Some(text);
                }
                pace.failed(chance::fraction())
            }
        };
        tokio::time::sleep(wait).await;
    }
}
