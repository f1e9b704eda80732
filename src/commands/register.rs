//! `llamactl register`

use std::path::Path;

use anyhow::Context as _;
use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::lease::{self, LeaseFile};
use crate::api::RegisterRequest;
use crate::cli::{AccessArg, RegisterArgs};
use crate::commands::{Context, identity};
use crate::domain::server::{Access, JobKey, ModelInfo, ServerInfo, ServerState};
use crate::exit::{Exit, Failure};
use crate::secret::Secret;

/// Longest key that is read from `--api-key-file`, in bytes.
const MAX_KEY: usize = 4096;

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Registered<'a> {
    id: Uuid,
    registry: &'a str,
    lease_file: &'a Path,
    beat_after_ms: u64,
}

/// Runs the command.
///
/// # Errors
/// What went wrong, with a hint.
pub async fn run(context: &Context, args: RegisterArgs) -> anyhow::Result<Exit> {
    let timeout = lease::time("--timeout", &args.timeout)?;
    let registry = lease::registry_url(context)?;
    let request = request(&args)?;
    request.info.validate().map_err(Failure::usage)?;
    let client = lease::client(context)?;
    let granted = lease::until_answered(timeout, || client.register(&request)).await;
    let lease = granted.map_err(lease::refused)?;
    let file = LeaseFile { registry, lease, server: request };
    if let Err(error) = file.write(&args.lease_file) {
        // A lease that nobody can use would block the entry until it ends.
        let _ = client.unregister(&file.lease).await;
        return Err(error);
    }
    let registered = Registered {
        id: file.lease.id,
        registry: &file.registry,
        lease_file: &args.lease_file,
        beat_after_ms: file.lease.beat_after_ms,
    };
    if !context.printer.json(&registered)? {
        let url = file.server.info.url();
        context.printer.note(format!("registered {} at {}", url, file.registry));
        context.printer.note(format!(
            "keep it: llamactl heartbeat --loop --lease-file {} &",
            args.lease_file.display()
        ));
    }
    Ok(Exit::OK)
}

fn request(args: &RegisterArgs) -> anyhow::Result<RegisterRequest> {
    let id = Uuid::now_v7();
    let access = match args.access {
        AccessArg::Private => Access::Private,
        AccessArg::Shared => Access::Shared,
        AccessArg::Open => Access::Open,
    };
    let api_key = match &args.api_key_file {
        Some(path) => Some(read_key(path)?).filter(|_| access == Access::Shared),
        None => None,
    };
    let model = Path::new(&args.model);
    let stem = model.file_stem().filter(|_| args.model.ends_with(".gguf"));
    let stem = stem.map_or_else(|| args.model.clone(), |stem| stem.to_string_lossy().into_owned());
    let file = model.file_name().filter(|_| args.model.ends_with(".gguf"));
    let name = args.name.clone().unwrap_or_else(|| stem.clone());
    let info = ServerInfo {
        id,
        job: job_key(args.job.as_deref(), id)?,
        restart_count: identity::restart_count(),
        name,
        model: ModelInfo {
            name: stem,
            file: file.map(|name| name.to_string_lossy().into_owned()),
            context: args.context,
            alias: None,
        },
        owner: identity::user(),
        host: args.host.clone().unwrap_or_else(identity::hostname),
        port: args.port,
        scheme: "http".to_owned(),
        slurm_node: identity::slurm("SLURMD_NODENAME"),
        partition: identity::slurm("SLURM_JOB_PARTITION"),
        gpus: None,
        access,
        started: Timestamp::now(),
        ends: identity::end_time(),
        labels: labels(&args.labels)?,
    };
    Ok(RegisterRequest {
        info,
        state: ServerState::Ready,
        models: Vec::new(),
        slots: None,
        tokens_per_second: None,
        api_key,
        notify: None,
    })
}

/// `--job`, as SLURM's commands take it (`108`, `108_2`), else the job that this runs in.
fn job_key(job: Option<&str>, id: Uuid) -> Result<JobKey, Failure> {
    let mut key = identity::job_key(id);
    let Some(job) = job else { return Ok(key) };
    let (job_id, task) = match job.split_once('_') {
        Some((job_id, task)) => (job_id, Some(task)),
        None => (job, None),
    };
    let wrong = |_| Failure::usage(format!("--job {job} is not a job id")).hint("108, or 108_2");
    key.array_task = task.map(str::parse).transpose().map_err(wrong)?;
    key.job_id = job_id.to_owned();
    Ok(key)
}

fn labels(labels: &[String]) -> Result<std::collections::BTreeMap<String, String>, Failure> {
    let pairs = labels.iter().map(|label| {
        let pair = label.split_once('=').filter(|(key, _)| !key.is_empty());
        let wrong = || Failure::usage(format!("--label {label} is not KEY=VALUE"));
        pair.map(|(key, value)| (key.to_owned(), value.to_owned())).ok_or_else(wrong)
    });
    pairs.collect()
}

fn read_key(path: &Path) -> anyhow::Result<Secret> {
    let name = path.display();
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("the key file {name} can't be read"))?;
    let key = text.trim();
    if key.is_empty() || key.len() > MAX_KEY || key.chars().any(char::is_control) {
        return Err(Failure::usage(format!("{name} does not hold one key")).into());
    }
    Ok(Secret::new(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_named_as_slurm_names_it() {
        let id = Uuid::now_v7();
        assert_eq!(job_key(Some("108_2"), id).unwrap().job(), "108_2");
        assert_eq!(job_key(Some("108"), id).unwrap().job(), "108");
        assert_eq!(job_key(Some("108_x"), id).unwrap_err().exit, Exit::USAGE);
    }

    #[test]
    fn labels_are_pairs() {
        let good = labels(&["a=b=c".to_owned(), "d=".to_owned()]).unwrap();
        assert_eq!((good["a"].as_str(), good["d"].as_str()), ("b=c", ""));
        assert!(labels(&["ab".to_owned()]).is_err());
        assert!(labels(&["=b".to_owned()]).is_err());
    }
}
