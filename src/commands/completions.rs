//! `llamactl completions`

use std::io::Write;
use std::path::Path;

use anyhow::Context as _;
use clap::{CommandFactory, ValueEnum};
use clap_complete::Shell;

use crate::cli::{Cli, CompletionsArgs};
use crate::commands::Context;
use crate::exit::Exit;

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
