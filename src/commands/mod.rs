//! One file per command; the only place that knows everything.

pub mod completions;
pub mod configs;
pub mod connect;
pub mod doctor;
pub mod heartbeat;
pub mod identity;
pub mod lease;
pub mod logs;
pub mod ls;
pub mod man;
pub mod node;
pub mod notify;
pub mod process;
pub mod register;
pub mod registry;
pub mod run;
pub mod status;
pub mod stop;
pub mod submit;
pub mod tail;
pub mod target;
pub mod unregister;
pub mod wait_ready;
pub mod watch;

use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command, Global};
use crate::client::ClientError;
use crate::exit::{Exit, Failure};
use crate::output::Printer;

/// What every command gets.
#[derive(Debug, Clone)]
pub struct Context {
    /// How to print.
    pub printer: Printer,
    /// The global options.
    pub global: Global,
}

/// Parses the command line, runs the command, maps the result to an exit code.
pub fn main() -> ExitCode {
    clap_complete::CompleteEnv::with_factory(completions::command).complete();
    let cli = Cli::parse();
    let printer = Printer::new(cli.global.json, cli.global.quiet);
    let context = Context { printer, global: cli.global };
    start_logging();
    match dispatch(&context, cli.command) {
        Ok(exit) => exit.into(),
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => printer.error(&with_hint(error)).into(),
    }
}

fn dispatch(context: &Context, command: Command) -> anyhow::Result<Exit> {
    // The TLS provider is chosen once, here, so that no two can meet later.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let threads = matches!(command, Command::Registry(_));
    // `run` must spawn its child from the main thread, whose end is the end of the process:
    // the child's parent-death signal follows the thread that spawned it.
    let runtime = if threads {
        tokio::runtime::Builder::new_multi_thread().enable_all().build()?
    } else {
        tokio::runtime::Builder::new_current_thread().enable_all().build()?
    };
    let result = runtime.block_on(run(context, command));
    runtime.shutdown_background();
    result
}

async fn run(context: &Context, command: Command) -> anyhow::Result<Exit> {
    trust_registry();
    match command {
        Command::Submit(args) => submit::run(context, *args).await,
        Command::Run(args) => run::run(context, *args).await,
        Command::WaitReady(args) => wait_ready::run(context, args).await,
        Command::Register(args) => register::run(context, *args).await,
        Command::Heartbeat(args) => heartbeat::run(context, args).await,
        Command::Unregister(args) => unregister::run(context, args).await,
        Command::Notify(args) => notify::run(context, *args).await,
        Command::Watch(args) => watch::run(context, *args).await,
        Command::Ls(args) => ls::run(context, args).await,
        Command::Status(args) => status::run(context, args).await,
        Command::Logs(args) => logs::run(context, args).await,
        Command::Stop(args) => stop::run(context, args).await,
        Command::Connect(args) => connect::run(context, args).await,
        Command::Configs(args) => configs::run(context, args),
        Command::Registry(args) => registry::run(context, args).await,
        Command::Node(args) => node::run(context, args).await,
        Command::Doctor => doctor::run(context).await,
        Command::Completions(args) => completions::run(context, args),
        Command::Man(args) => man::run(context, args),
    }
}

/// Makes the CA known that the configuration names for the registry. A configuration that is
/// wrong is for those to complain about who read it.
fn trust_registry() {
    let settings = crate::config::resolve::settings(None).unwrap_or_default();
    settings.registry.ca_file.as_deref().inspect(|path| crate::http::trust(path));
}

fn start_logging() {
    use std::io::IsTerminal;
    let filter = crate::env::LLAMACTL_LOG.get().unwrap_or_else(|| "info".to_owned());
    let _ = tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::new(filter))
        .with_writer(std::io::stderr)
        // Otherwise it panics where stderr is gone, and takes a running server with it.
        .log_internal_errors(false)
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal() && crate::env::NO_COLOR.get().is_none())
        .try_init();
}

/// Lets the printer find how to mend what the registry refused.
fn with_hint(error: anyhow::Error) -> anyhow::Error {
    let is_failure = |cause: &(dyn std::error::Error + 'static)| cause.is::<Failure>();
    if error.chain().any(is_failure) {
        return error;
    }
    let refused = error.chain().find_map(|cause| cause.downcast_ref::<ClientError>());
    match refused.and_then(|refused| refused.hint()).map(str::to_owned) {
        Some(hint) => Failure::new(format!("{error:#}")).hint(hint).into(),
        None => error,
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
    })
}
