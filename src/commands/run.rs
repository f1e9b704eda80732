//! `llamactl run`

use std::io::Read;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::stat::{Mode, umask};
use uuid::Uuid;

use crate::cli::RunArgs;
use crate::commands::{Context, identity};
use crate::config::spec::Spec;
use crate::domain::server::ServerInfo;
use crate::env;
use crate::exec::Run;
use crate::exit::{Exit, Failure};
use crate::supervisor::llama;
use crate::supervisor::run::{JobFacts, Setup};

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
        Some(path) => read_spec(path)?,
        None => resolve(context, &args)?,
    };
    spec.server.host = args.host.or(spec.server.host);
    spec.server.port = args.port.or(spec.server.port);
    let facts =
        facts(spec.slurm_bin.clone().or_else(|| env::LLAMACTL_SLURM_BIN.get().map(PathBuf::from)));
    crate::supervisor::run::run(setup(spec)?, facts).await
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
        gpus: spec.gpus.clone(),
        access: spec.server.access.unwrap_or_default(),
        started: Timestamp::now(),
        ends: None,
        labels: spec.labels.clone(),
    };
    let submitted = identity::slurm("SLURM_SUBMIT_DIR").map(PathBuf::from);
    let connection_dir = match spec.connection_dir.clone().or(submitted) {
        Some(dir) => dir,
        None => std::env::current_dir().context("the current folder can't be found")?,
    };
    let cpus = identity::slurm("SLURM_CPUS_PER_TASK").and_then(|cpus| cpus.parse().ok());
    Ok(Setup { spec, info, bind, connection_dir, log_file: log_file(), cpus })
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

fn resolve(_context: &Context, _args: &RunArgs) -> Result<Spec, Failure> {
    Err(Failure::usage("--config"))
}

/// Asks SLURM what only its commands know. Whatever goes wrong here delays and fails nothing.
async fn facts(bin: Option<PathBuf>) -> JobFacts {
    let Some(job) = identity::slurm("SLURM_JOB_ID") else { return JobFacts::default() };
    let (kill_wait, ends) = tokio::join!(kill_wait(bin.as_deref()), ends(bin.as_deref(), &job));
    JobFacts { kill_wait, ends }
}

fn command(bin: Option<&Path>, name: &str) -> Run {
    Run::new(bin.map_or_else(|| PathBuf::from(name), |bin| bin.join(name)))
}

async fn kill_wait(bin: Option<&Path>) -> Option<Duration> {
    let out = command(bin, "scontrol").args(["show", "config"]).output().await.ok()?;
    parse_kill_wait(&out.stdout).filter(|_| out.ok())
}

/// `KillWait                = 30 sec`
fn parse_kill_wait(config: &str) -> Option<Duration> {
    let value = config.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        (key.trim() == "KillWait").then(|| value.trim())
    })?;
    value.split(' ').next()?.parse().ok().map(Duration::from_secs)
}

async fn ends(bin: Option<&Path>, job: &str) -> Option<Timestamp> {
    // Set by SLURM 26.05, not by 22.05.
    if let Some(seconds) = identity::slurm("SLURM_JOB_END_TIME") {
        return Timestamp::from_second(seconds.parse().ok()?).ok();
    }
    let out = command(bin, "squeue").args(["-h", "-j", job, "-o", "%e"]).output().await.ok()?;
    parse_end(&out.stdout).filter(|_| out.ok())
}

/// `2026-11-21T10:00:00`, in the node's zone; `N/A` and the like without a limit.
fn parse_end(text: &str) -> Option<Timestamp> {
    let time: jiff::civil::DateTime = text.trim().parse().ok()?;
    time.to_zoned(jiff::tz::TimeZone::system()).ok().map(|time| time.timestamp())
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
    fn slurms_answers_are_read() {
        let config = "InactiveLimit           = 0 sec\nKillWait                = 30 sec\n";
        assert_eq!(parse_kill_wait(config), Some(Duration::from_secs(30)));
        assert_eq!(parse_kill_wait(""), None);
        assert!(parse_end("2026-11-21T10:00:00\n").is_some());
        assert_eq!(parse_end("N/A\n"), None);
    }

    #[test]
    fn clients_are_told_an_address_that_they_can_reach() {
        assert_eq!(advertised("127.0.0.1"), "127.0.0.1");
        assert_eq!(advertised("10.1.2.3"), "10.1.2.3");
        assert_eq!(advertised("0.0.0.0"), identity::hostname());
    }
}
