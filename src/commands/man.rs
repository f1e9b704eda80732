//! `llamactl man`

use std::io::Write;
use std::path::Path;

use anyhow::Context as _;
use clap::CommandFactory;
use clap_mangen::Man;

use crate::cli::{Cli, ManArgs};
use crate::commands::Context;
use crate::exit::{Exit, Failure};

/// Prints the manual page of one command, or writes all of them into a folder.
///
/// # Errors
/// Exit 2 for a command that does not exist; a folder that can't be written to.
pub fn run(_context: &Context, args: ManArgs) -> anyhow::Result<Exit> {
    match &args.dir {
        Some(dir) => write(dir)?,
        None => {
            let mut text = Vec::new();
            Man::new(find(&args.command)?).render(&mut text)?;
            std::io::stdout().write_all(&text)?;
        }
    }
    Ok(Exit::OK)
}

/// Writes one page per command into `dir`: `llamactl.1`, `llamactl-registry-serve.1` and so on.
///
/// # Errors
/// When the folder can't be written to.
pub fn write(dir: &Path) -> anyhow::Result<()> {
    let wrong = || format!("{} can't be written to", dir.display());
    std::fs::create_dir_all(dir).with_context(wrong)?;
    clap_mangen::generate_to(Cli::command(), dir).with_context(wrong)
}

fn find(names: &[String]) -> Result<clap::Command, Failure> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    for name in names {
        let Some(next) = command.find_subcommand(name) else {
            let known = command.get_subcommands().map(clap::Command::get_name);
            let known: Vec<_> = known.collect();
            let here = command.get_bin_name().unwrap_or("llamactl").to_owned();
            let failure = Failure::usage(format!("`{here}` has no command `{name}`"));
            return Err(match known.is_empty() {
                true => failure,
                false => failure.hint(format!("it has {}", known.join(", "))),
            });
        };
        command = next.clone();
    }
    Ok(command)
}
