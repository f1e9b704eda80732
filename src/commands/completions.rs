//! `llamactl completions`, and what the shells' dynamic completion offers.

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use clap::{CommandFactory, ValueEnum};
use clap_complete::Shell;
use clap_complete::engine::{CompletionCandidate, PathCompleter, ValueCompleter};

use crate::api::ServerFilter;
use crate::cli::{Cli, CompletionsArgs};
use crate::client::RegistryClient;
use crate::commands::Context;
use crate::domain::server::Server;
use crate::exit::Exit;

/// How long the registry may take: somebody waits with a finger on the Tab key.
const REGISTRY_TIMEOUT: Duration = Duration::from_millis(200);

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

/// Names of model configurations, and paths of YAML files.
pub fn configs(current: &OsStr) -> Vec<CompletionCandidate> {
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
pub fn servers(current: &OsStr) -> Vec<CompletionCandidate> {
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
    let url = crate::config::resolve::settings(None).ok()?.registry.url?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    let client = RegistryClient::new(&url).timeout(REGISTRY_TIMEOUT);
    let filter = ServerFilter::default();
    let servers = runtime
        .block_on(async { tokio::time::timeout(REGISTRY_TIMEOUT, client.servers(&filter)).await });
    // A name lookup that hangs must not be waited for.
    runtime.shutdown_background();
    servers.ok()?.ok()
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
