//! `llamactl node agent`

use std::time::Duration;

use super::{client, declared, refused};
use crate::cli::AgentArgs;
use crate::client::ClientError;
use crate::commands::{Context, lease};
use crate::config::resolve;
use crate::exit::{Exit, Failure};
use crate::node::agent::Agent;
use crate::node::detect::Machine;
use crate::node::keep::{Keep, KeepError};
use crate::shutdown::Signals;

/// How often the machine is looked at, unless somebody says otherwise.
const DETECT_EVERY: Duration = Duration::from_secs(30);

/// Runs the command.
///
/// # Errors
/// What is wrong with the configuration, or what the registry says to the first registration.
pub async fn run(context: &Context, args: AgentArgs) -> anyhow::Result<Exit> {
    // Before anything else: a goodbye is owed from the moment of the registration.
    let mut signals = Signals::catch()?;
    let settings = resolve::settings(context.global.registry.as_deref())?;
    let declared = declared(&args.node, &settings.node)?;
    let every = args.detect_every.as_ref().or(settings.node.detect_every.as_ref());
    let detect_every = match every {
        Some(text) => lease::time("--detect-every", text)?.max(Duration::from_millis(100)),
        None => DETECT_EVERY,
    };
    let client = client(context)?;
    let machine = Machine::detect(settings.paths.slurm_bin.clone()).await;
    let path = args.id_file.as_ref().or(settings.node.id_file.as_ref());
    let keep = Keep::open(
        path.map(|path| path.as_path()),
        &machine.hostname,
        machine.machine_id.as_deref(),
    )
    .map_err(unusable)?;
    let agent = Agent { client, declared, machine, keep, detect_every };
    if args.once {
        let reply = agent.once().await.map_err(refused_first)?;
        if !context.printer.json(&reply.node)? {
            context.printer.line(&reply.node.info.node_id)?;
        }
        return Ok(Exit::OK);
    }
    agent.run(&mut signals).await.map_err(refused_first)?;
    Ok(Exit::OK)
}

fn refused_first(error: ClientError) -> Failure {
    match error {
        ClientError::Unknown(_) => Failure::new("the registry knows nothing of nodes")
            .hint("is it older than this llamactl? `llamactl doctor` looks"),
        error => refused(error),
    }
}

fn unusable(error: KeepError) -> Failure {
    let hint = match &error {
        KeepError::Taken(_) => "one agent is enough for a machine; stop the other one first",
        KeepError::Io { .. } => "give a file that this user can write with --id-file",
        KeepError::Wrong { .. } => "remove it, and the node gets its id anew",
    };
    Failure::new(error.to_string()).hint(hint)
}
