//! `llamactl completions`, and what the shells' dynamic completion offers.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use clap::{CommandFactory, ValueEnum};
use clap_complete::Shell;
use clap_complete::engine::{
    ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter,
};

use crate::api::ServerFilter;
use crate::api::nodes::NodeFilter;
use crate::cli::{Cli, CompletionsArgs};
use crate::client::{ClientError, RegistryClient};
use crate::commands::Context;
use crate::domain::node::Node;
use crate::domain::server::Server;
use crate::domain::watch::Watch;
use crate::exit::Exit;

/// How long the registry may take: somebody waits with a finger on the Tab key.
const REGISTRY_TIMEOUT: Duration = Duration::from_millis(200);
/// Nobody reads more names than this.
const MAX_NODES: usize = 1000;

/// Prints the completion script of one shell, or writes those of one or all into a folder.
///
/// # Errors
/// When the folder can't be written to.
pub fn run(_context: &Context, args: CompletionsArgs) -> anyhow::Result<Exit> {
    match (&args.dir, args.shell) {
        (Some(dir), shell) => write(dir, shell)?,
        (None, Some(shell)) => std::io::stdout().write_all(&script(shell))?,
        (None, None) => unreachable!("clap wants one of them"),
    }
    Ok(Exit::OK)
}

/// Writes the completion script of `only`, or of every shell, into `dir`, under the names that
/// the shells look for.
///
/// # Errors
/// When the folder can't be written to.
pub fn write(dir: &Path, only: Option<Shell>) -> anyhow::Result<()> {
    let wrong = || format!("{} can't be written to", dir.display());
    std::fs::create_dir_all(dir).with_context(wrong)?;
    for shell in Shell::value_variants() {
        if only.is_none_or(|only| only == *shell) {
            let name = clap_complete::Generator::file_name(shell, "llamactl");
            std::fs::write(dir.join(name), script(*shell)).with_context(wrong)?;
        }
    }
    Ok(())
}

fn script(shell: Shell) -> Vec<u8> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "llamactl", &mut text);
    text
}

/// The command line with what the shells' dynamic completion offers for names.
pub fn command() -> clap::Command {
    let mut command = Cli::command();
    for (names, argument, completer) in NAMED {
        command = completed(command, names, argument, *completer);
    }
    command
}

type Completer = fn(&OsStr) -> Vec<CompletionCandidate>;

/// Arguments that name something, by command, and what names it.
const NAMED: &[(&[&str], &str, Completer)] = &[
    (&["submit"], "config", configs),
    (&["run"], "config", configs),
    (&["configs", "show"], "name", configs),
    (&["configs", "validate"], "names", configs),
    (&["configs", "init"], "from", configs),
    (&["status"], "target", servers),
    (&["logs"], "target", servers),
    (&["stop"], "targets", servers),
    (&["connect"], "target", servers),
    (&["watch"], "model", models),
    (&["watch"], "node", nodes),
    (&["watch", "rm"], "watches", watches),
    (&["node", "heartbeat"], "node", nodes),
    (&["node", "maintenance"], "node", nodes),
    (&["node", "rm"], "nodes", nodes),
    (&["node", "agent"], "role", roles),
    (&["node", "register"], "role", roles),
    (&["node", "ls"], "role", roles),
    (&["node", "topology"], "role", roles),
    (&["node", "profile", "get"], "role", roles),
    (&["node", "profile", "set"], "role", roles),
    (&["node", "profile", "rm"], "role", roles),
];

/// Adds a completer to one argument. The order of arguments and commands stays.
fn completed(
    command: clap::Command,
    names: &[&str],
    argument: &str,
    completer: Completer,
) -> clap::Command {
    match names {
        [] => command.mut_args(|arg| match arg.get_id() == argument {
            true => arg.add(ArgValueCompleter::new(completer)),
            false => arg,
        }),
        [name, rest @ ..] => command.mut_subcommands(|next| match next.get_name() == *name {
            true => completed(next, rest, argument, completer),
            false => next,
        }),
    }
}

/// Names of model configurations, and paths of YAML files.
fn configs(current: &OsStr) -> Vec<CompletionCandidate> {
    let names = crate::config::find::names();
    let names = names.into_iter().map(CompletionCandidate::new);
    let mut all: Vec<_> = names.filter(|candidate| starts_with(candidate, current)).collect();
    if current.as_encoded_bytes().contains(&b'/') {
        let is_yaml = |path: &Path| path.extension().is_some_and(|end| end == "yaml");
        all.extend(PathCompleter::any().filter(is_yaml).complete(current));
    }
    all
}

/// Job ids and names of servers, as the registry knows them; nothing when it does not answer
/// at once.
fn servers(current: &OsStr) -> Vec<CompletionCandidate> {
    let mut seen = std::collections::BTreeSet::new();
    let mut candidates = Vec::new();
    for server in known_servers().unwrap_or_default() {
        let info = &server.info;
        let help = format!("{} of {}, {}", info.model.name, info.owner, server.state);
        for value in [info.name.clone(), info.job.job()] {
            if is_word(&value) && seen.insert(value.clone()) {
                let help = crate::output::printable(&help);
                candidates.push(CompletionCandidate::new(value).help(Some(help.into())));
            }
        }
    }
    candidates.retain(|candidate| starts_with(candidate, current));
    candidates
}

fn known_servers() -> Option<Vec<Server>> {
    ask(async |client| client.servers(&ServerFilter::default()).await)
}

/// Names of models that servers have loaded.
fn models(current: &OsStr) -> Vec<CompletionCandidate> {
    let models =
        known_servers().unwrap_or_default().into_iter().map(|server| server.info.model.name);
    let models: std::collections::BTreeSet<String> = models.filter(|name| is_word(name)).collect();
    let candidates = models.into_iter().map(CompletionCandidate::new);
    candidates.filter(|candidate| starts_with(candidate, current)).collect()
}

/// Ids of one's own watches.
fn watches(current: &OsStr) -> Vec<CompletionCandidate> {
    let all = ask(async |client| client.watches().await).map(|all| all.watches).unwrap_or_default();
    let candidate = |watch: Watch| {
        let help = crate::output::printable(&watch.model);
        Some(watch.id)
            .filter(|id| is_word(id))
            .map(|id| CompletionCandidate::new(id).help(Some(help.into())))
    };
    let candidates = all.into_iter().filter_map(candidate);
    candidates.filter(|candidate| starts_with(candidate, current)).collect()
}

/// Names of nodes, as the registry knows them; nothing when it does not answer at once.
fn nodes(current: &OsStr) -> Vec<CompletionCandidate> {
    let candidate = |node: Node| {
        let help = format!("{}, {}", node.info.role, node.state);
        let help = crate::output::printable(&help);
        let name = Some(node.info.name).filter(|name| is_word(name))?;
        Some(CompletionCandidate::new(name).help(Some(help.into())))
    };
    let nodes = known_nodes().into_iter().filter_map(candidate);
    nodes.filter(|candidate| starts_with(candidate, current)).collect()
}

/// Roles that nodes have.
fn roles(current: &OsStr) -> Vec<CompletionCandidate> {
    let roles = known_nodes().into_iter().map(|node| node.info.role);
    let roles: std::collections::BTreeSet<String> = roles.filter(|role| is_word(role)).collect();
    let candidates = roles.into_iter().map(CompletionCandidate::new);
    candidates.filter(|candidate| starts_with(candidate, current)).collect()
}

fn known_nodes() -> Vec<Node> {
    let filter = NodeFilter { limit: Some(MAX_NODES), ..NodeFilter::default() };
    ask(async |client| client.nodes(&filter).await).unwrap_or_default()
}

/// Asks the registry; nothing when it does not answer at once.
fn ask<T>(question: impl AsyncFnOnce(&RegistryClient) -> Result<T, ClientError>) -> Option<T> {
    let registry = crate::config::resolve::settings(None).ok()?.registry;
    registry.ca_file.as_deref().inspect(|path| crate::http::trust(path));
    let token = crate::config::token::token(registry.token_file.as_deref()).ok()?;
    let url = registry.url?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    let client = RegistryClient::new(&url).token(token).timeout(REGISTRY_TIMEOUT);
    let answer =
        runtime.block_on(async { tokio::time::timeout(REGISTRY_TIMEOUT, question(&client)).await });
    // A name lookup that hangs must not be waited for.
    runtime.shutdown_background();
    answer.ok()?.ok()
}

fn starts_with(candidate: &CompletionCandidate, current: &OsStr) -> bool {
    let value = candidate.get_value().as_encoded_bytes();
    value.starts_with(current.as_encoded_bytes())
}

/// Whether `value`, which another user may have chosen, can stand on a command line as it is:
/// not every shell's completion quotes what it inserts.
fn is_word(value: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || "._-+:/@".contains(c);
    !value.is_empty() && !value.starts_with('-') && value.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_argument_that_names_something_is_completed() {
        fn walk(command: &clap::Command, open: &mut Vec<String>) {
            for arg in command.get_arguments() {
                let id = arg.get_id().as_str();
                let named = ["config", "target", "targets", "node", "nodes", "role", "watches"]
                    .contains(&id);
                if named && arg.get::<ArgValueCompleter>().is_none() {
                    open.push(format!("{} {id}", command.get_name()));
                }
            }
            command.get_subcommands().for_each(|next| walk(next, open));
        }
        let mut open = Vec::new();
        walk(&command(), &mut open);
        assert!(open.is_empty(), "add them to NAMED: {open:?}");
    }
}
