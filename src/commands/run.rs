//! `llamactl run`

use std::io::Read;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use jiff::Timestamp;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::stat::{Mode, umask};
use uuid::Uuid;

use crate::cli::RunArgs;
use crate::commands::{Context, identity, submit};
use crate::config::layers::Request;
use crate::config::model::{ServerConfig, SlurmConfig};
use crate::config::spec::Spec;
use crate::domain::gpu::Gpus;
use crate::domain::server::ServerInfo;
use crate::engine::llama;
use crate::exit::{Exit, Failure};
use crate::secret::Secret;
use crate::slurm::Slurm;
use crate::supervisor::setup::{JobFacts, Setup};
use crate::{config, env};

/// Longest specification that is read, in bytes.
const MAX_SPEC: u64 = 1024 * 1024;
/// Open files that 512 connections and their way to llama-server take, and some.
const OPEN_FILES: u64 = 4096;

/// Runs the command.
///
/// # Errors
/// What went wrong, with a hint.
pub async fn run(context: &Context, args: RunArgs) -> anyhow::Result<Exit> {
    umask(Mode::from_bits_truncate(0o077));
    raise_open_files();
    let mut spec = match &args.spec {
        Some(path) => {
            check_flags(&args)?;
            read_spec(path)?
        }
        None => resolve(context, &args)?,
    };
    spec.server.host = args.host.or(spec.server.host);
    spec.server.port = args.port.or(spec.server.port);
    spec.registry = context.global.registry.clone().or(spec.registry);
    spec.registry_ca.as_deref().inspect(|path| crate::http::trust(path));
    let bin = env::LLAMACTL_SLURM_BIN.get().map(PathBuf::from).or(spec.slurm_bin.clone());
    let mut setup = setup(spec)?;
    setup.registry_token = token(&setup.spec);
    let facts = facts(Slurm { bin }, setup.info.ends);
    crate::supervisor::run::run(setup, facts).await
}

/// The token for the registry. A server without one still serves: it is not in the registry.
fn token(spec: &Spec) -> Option<Secret> {
    spec.registry.as_ref()?;
    config::token::token(spec.registry_token_file.as_deref()).unwrap_or_else(|failure| {
        tracing::warn!("{failure}: going on without it");
        None
    })
}

/// Fills in who and where this is.
fn setup(spec: Spec) -> anyhow::Result<Setup> {
    let id = Uuid::now_v7();
    let anywhere = if identity::in_job() { "0.0.0.0" } else { "127.0.0.1" };
    let bind = spec.server.host.clone().unwrap_or_else(|| anywhere.to_owned());
    let info = ServerInfo {
        id,
        job: identity::job_key(id),
        restart_count: identity::restart_count(),
        name: spec.name.clone(),
        model: llama::model_info(&spec),
        owner: identity::user(),
        host: spec.server.advertise.clone().unwrap_or_else(|| advertised(&bind)),
        port: spec.server.port.unwrap_or(0),
        scheme: "http".to_owned(),
        slurm_node: identity::slurm("SLURMD_NODENAME"),
        partition: identity::slurm("SLURM_JOB_PARTITION"),
        gpus: spec.gpus.as_ref().map(Gpus::to_string),
        access: spec.server.access.unwrap_or_default(),
        started: Timestamp::now(),
        ends: identity::end_time(),
        labels: spec.labels.clone(),
    };
    let submitted = identity::slurm("SLURM_SUBMIT_DIR").map(PathBuf::from);
    let connection_dir = match spec.connection_dir.clone().or(submitted) {
        Some(dir) => dir,
        None => std::env::current_dir().context("the current folder can't be found")?,
    };
    let cpus = identity::slurm("SLURM_CPUS_PER_TASK").and_then(|cpus| cpus.parse().ok());
    let (log_file, registry_token) = (log_file(), None);
    Ok(Setup { spec, info, bind, connection_dir, log_file, cpus, registry_token })
}

/// The host that clients are told, for the address that is listened on.
fn advertised(bind: &str) -> String {
    match bind.parse::<IpAddr>() {
        Ok(address) if address.is_loopback() => address.to_string(),
        Ok(address) if !address.is_unspecified() => address.to_string(),
        _ if bind == "localhost" => "127.0.0.1".to_owned(),
        _ => identity::hostname(),
    }
}

/// The file that stdout goes to: in a job, its log.
fn log_file() -> String {
    let target = std::fs::read_link("/proc/self/fd/1").unwrap_or_default();
    let path = if target.is_file() { target } else { PathBuf::new() };
    path.display().to_string()
}

fn read_spec(path: &Path) -> Result<Spec, Failure> {
    let stdin = path == Path::new("-");
    let name = if stdin { "stdin".to_owned() } else { path.display().to_string() };
    let unreadable =
        |error: std::io::Error| Failure::usage(format!("{name} can't be read: {error}"));
    let mut bytes = Vec::new();
    if stdin {
        std::io::stdin().take(MAX_SPEC + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    } else {
        let file = std::fs::File::open(path).map_err(unreadable)?;
        file.take(MAX_SPEC + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    }
    if bytes.len() as u64 > MAX_SPEC {
        return Err(Failure::usage(format!("{name} is longer than {MAX_SPEC} bytes")));
    }
    parse_spec(&bytes, &name)
}

fn parse_spec(bytes: &[u8], name: &str) -> Result<Spec, Failure> {
    serde_yaml::from_slice(bytes).map_err(|error| {
        let place = error
            .location()
            .map_or(String::new(), |place| format!(":{}:{}", place.line(), place.column()));
        let text = error.to_string();
        let message = text.split(" at line ").next().unwrap_or(&text);
        Failure::usage(format!("{name}{place}: {message}"))
            .hint("`llamactl submit --dry-run` shows what a specification looks like")
    })
}

/// Everything resolved from the flags, the environment and the configuration.
fn resolve(context: &Context, args: &RunArgs) -> anyhow::Result<Spec> {
    let request = Request {
        config: args.config.clone(),
        model: args.model.clone(),
        name: args.name.clone(),
        labels: args.labels.clone(),
        set: args.set.clone(),
        server: ServerConfig {
            context: args.context,
            gpu_layers: args.gpu_layers.as_deref().map(submit::gpu_layers).transpose()?,
            args: args.extra_args.as_deref().map(submit::words).transpose()?,
            ..ServerConfig::default()
        },
        slurm: SlurmConfig { gpu_type: args.gpu_type.clone(), ..SlurmConfig::default() },
        registry: context.global.registry.clone(),
        notify: super::notify::asked(&args.notify)?,
    };
    let draft = config::resolve::load(&request)?;
    let variant = draft.variant(args.gpu_type.as_deref());
    let spec = draft.resolve(variant.as_deref())?.spec;
    crate::notify::check(&spec.notify).map_err(Failure::usage)?;
    Ok(spec)
}

/// A specification is complete: flags that would change it are refused, not passed over.
fn check_flags(args: &RunArgs) -> Result<(), Failure> {
    let given = [
        ("--name", args.name.is_some()),
        ("--label", !args.labels.is_empty()),
        ("--gpu-type", args.gpu_type.is_some()),
        ("--context", args.context.is_some()),
        ("--gpu-layers", args.gpu_layers.is_some()),
        ("--extra-args", args.extra_args.is_some()),
        ("--email", args.notify.email.is_some()),
        ("--ntfy-topic", args.notify.ntfy_topic.is_some()),
        ("--ntfy-server", args.notify.ntfy_server.is_some()),
        ("--notify", !args.notify.to.is_empty()),
        ("--notify-on", !args.notify.events.is_empty()),
    ];
    match given.iter().find(|(_, given)| *given) {
        None => Ok(()),
        Some((flag, _)) => Err(Failure::usage(format!("{flag} does not go with --spec"))
            .hint("only --host, --port and --registry do; the rest stands in the specification")),
    }
}

/// Asks SLURM what only its commands know. Whatever goes wrong here delays and fails nothing.
async fn facts(slurm: Slurm, ends: Option<Timestamp>) -> JobFacts {
    let Some(job) = identity::slurm("SLURM_JOB_ID") else { return JobFacts::default() };
    let end = async {
        match ends {
            Some(ends) => Some(ends),
            None => slurm.job_details(&job).await.ok().flatten().and_then(|job| job.end),
        }
    };
    let (site, ends) = tokio::join!(slurm.site(), end);
    JobFacts { kill_wait: site.ok().and_then(|site| site.kill_wait), ends }
}

/// The usual soft limit of 1,024 open files is less than the gate may need.
fn raise_open_files() {
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < OPEN_FILES
    {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, OPEN_FILES.min(hard), hard);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_specification_is_refused_with_its_place() {
        let failure = parse_spec(b"name: a\nserver: {}\nmodle: x\n", "stdin").unwrap_err();
        assert_eq!(failure.exit, Exit::USAGE);
        assert!(failure.message.starts_with("stdin:3:1: "), "{failure}");
        assert!(failure.message.contains("modle"), "{failure}");
    }

    #[test]
    fn flags_that_would_change_a_specification_are_refused() {
        let args = RunArgs { context: Some(1), port: Some(2), ..RunArgs::default() };
        assert!(check_flags(&args).unwrap_err().message.starts_with("--context"));
        assert!(check_flags(&RunArgs { context: None, ..args }).is_ok());
    }

    #[test]
    fn clients_are_told_an_address_that_they_can_reach() {
        assert_eq!(advertised("127.0.0.1"), "127.0.0.1");
        assert_eq!(advertised("10.1.2.3"), "10.1.2.3");
        assert_eq!(advertised("0.0.0.0"), identity::hostname());
    }
}
