//! Runs the program with the terminal, and takes the tunnel down after it.

use std::path::PathBuf;
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::signal::unix::{SignalKind, signal};

use super::reach::Way;
use crate::cli::ConnectArgs;
use crate::commands::Context;
use crate::commands::target::Known;
use crate::exec::{Foreground, Run};
use crate::exit::{Exit, Failure};
use crate::output::printable;
use crate::presets::Environment;

/// How long the program may take to end after it was told to.
const GRACE: Duration = Duration::from_secs(10);
/// What shells give for a program that is not there.
const NOT_FOUND: Exit = Exit(127);

/// The program that is to run.
#[derive(Debug)]
pub struct Program {
    path: PathBuf,
    args: Vec<String>,
    dir: Option<PathBuf>,
    /// It is the user's shell, since none was named.
    shell: bool,
}

/// Finds the program, before anything is waited for.
///
/// # Errors
/// Exit 127 when it is not there, 2 when the folder is not.
pub fn command(args: &ConnectArgs) -> Result<Program, Failure> {
    let dir = args.dir.clone();
    if let Some(dir) = dir.as_ref().filter(|dir| !dir.is_dir()) {
        return Err(Failure::usage(format!("--dir {}: there is no such folder", dir.display())));
    }
    let shell = || crate::env::SHELL.get().unwrap_or_else(|| "/bin/sh".to_owned());
    let (name, rest) = match args.program.split_first() {
        Some((name, rest)) => (name.clone(), rest.to_vec()),
        None => (shell(), Vec::new()),
    };
    let here = dir.clone().or_else(|| std::env::current_dir().ok()).unwrap_or_default();
    let path = which::which_in(&name, std::env::var_os("PATH"), here).map_err(|_| {
        Failure::with_exit(NOT_FOUND, format!("{name} was not found"))
            .hint("is it installed, and on your PATH?")
    })?;
    Ok(Program { path, args: rest, dir, shell: args.program.is_empty() })
}

/// Runs the program to its end.
///
/// # Errors
/// When it can't be started.
pub async fn run(
    context: &Context,
    program: Program,
    environment: Environment,
    way: Way,
    known: &Known,
) -> anyhow::Result<Exit> {
    let name = printable(known.name());
    if program.shell {
        let shell = program.path.display();
        context.printer.note(format!("{shell} with {name} in its environment; `exit` ends it"));
    }
    let mut run = Run::new(&program.path).args(environment.args).args(program.args);
    for variable in environment.unset {
        run = run.env_remove(variable);
    }
    for (variable, value) in environment.set {
        run = run.env(variable, value);
    }
    if let Some(dir) = program.dir {
        run = run.dir(dir);
    }
    let (mut tunnel, ended) = match way {
        Way::Tunnel(mut tunnel) => {
            let ended = attend(context, run, Some(&mut tunnel)).await;
            (Some(tunnel), ended)
        }
        _ => (None, attend(context, run, None).await),
    };
    if let Some(tunnel) = tunnel.take() {
        tunnel.close().await;
    }
    ended
}

/// Starts the program and stays until it has ended. Ctrl-C and Ctrl-\ come from the terminal
/// to the program as well, and are the program's business; TERM and HUP, sent to this process
/// alone, are handed on.
async fn attend(
    context: &Context,
    run: Run,
    tunnel: Option<&mut super::tunnel::Tunnel>,
) -> anyhow::Result<Exit> {
    let mut int = signal(SignalKind::interrupt())?;
    let mut quit = signal(SignalKind::quit())?;
    let mut term = signal(SignalKind::terminate())?;
    let mut hup = signal(SignalKind::hangup())?;
    let mut program = run.foreground()?;
    let mut broken = None;
    let breaks = async {
        match tunnel {
            Some(tunnel) => tunnel.broken().await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(breaks);
    let ended = loop {
        tokio::select! {
            ended = program.wait() => break ended?,
            _ = int.recv() => {}
            _ = quit.recv() => {}
            _ = term.recv() => break end(&mut program, Signal::SIGTERM).await?,
            _ = hup.recv() => break end(&mut program, Signal::SIGHUP).await?,
            // Not said at once: the program has the terminal.
            reason = &mut breaks, if broken.is_none() => broken = Some(reason),
        }
    };
    if let Some(reason) = broken {
        context.printer.warn(format!("the tunnel ended before the program did: {reason}"));
    }
    Ok(ended)
}

async fn end(program: &mut Foreground, signal: Signal) -> std::io::Result<Exit> {
    program.signal(signal);
    match tokio::time::timeout(GRACE, program.wait()).await {
        Ok(ended) => ended,
        Err(_) => {
            program.signal(Signal::SIGKILL);
            program.wait().await
        }
    }
}
