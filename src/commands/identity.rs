//! Who runs a server, and where: from what SLURM sets in a job, and from the system.

use jiff::Timestamp;
use nix::unistd::{Uid, User, gethostname};
use uuid::Uuid;

use crate::domain::server::JobKey;

/// A variable that SLURM sets in a job (sbatch(1), "OUTPUT ENVIRONMENT VARIABLES"). Unlike
/// those in [`crate::env`] they are not for users to set.
pub fn slurm(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether this process runs in a SLURM job.
pub fn in_job() -> bool {
    slurm("SLURM_JOB_ID").is_some()
}

/// This host's name; `localhost` where it has none.
pub fn hostname() -> String {
    let name = gethostname().ok().and_then(|name| name.into_string().ok());
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| "localhost".to_owned())
}

/// The user's name; the number where it has none.
pub fn user() -> String {
    let id = Uid::current();
    match User::from_uid(id) {
        Ok(Some(user)) => user.name,
        _ => id.to_string(),
    }
}

/// The job that this process runs in; outside SLURM one of its own, made from `id`.
pub fn job_key(id: Uuid) -> JobKey {
    let cluster = slurm("SLURM_CLUSTER_NAME").unwrap_or_else(hostname);
    let array = slurm("SLURM_ARRAY_JOB_ID")
        .zip(slurm("SLURM_ARRAY_TASK_ID").and_then(|task| task.parse().ok()));
    if let Some((job_id, task)) = array {
        return JobKey { cluster, job_id, array_task: Some(task) };
    }
    // The first digits of a UUIDv7 are the time, and equal for a minute; the last are random.
    let local = || format!("local-{}", &id.simple().to_string()[24..]);
    JobKey { cluster, job_id: slurm("SLURM_JOB_ID").unwrap_or_else(local), array_task: None }
}

/// `SLURM_RESTART_COUNT`: unset on the first run.
pub fn restart_count() -> u32 {
    slurm("SLURM_RESTART_COUNT").and_then(|count| count.parse().ok()).unwrap_or(0)
}

/// When the job's walltime ends, where SLURM sets it (26.05 does, 22.05 does not).
pub fn end_time() -> Option<Timestamp> {
    Timestamp::from_second(slurm("SLURM_JOB_END_TIME")?.parse().ok()?).ok()
}
