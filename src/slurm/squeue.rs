//! `squeue`: which jobs there are, and how they are.

use jiff::tz::TimeZone;

use super::{Slurm, SlurmError, complaint, is_job_id, parse};
use crate::domain::job::{Job, JobState, Presence};

impl Slurm {
    /// All jobs of the user that wait or run, in one call.
    ///
    /// # Errors
    /// [`SlurmError`]: nothing is known then, and no job may count as gone.
    pub async fn jobs_mine(&self) -> Result<Vec<Job>, SlurmError> {
        let outcome = self.answer("squeue", ["--me", "-h", "-r", "-o", parse::JOB_FORMAT]).await?;
        Ok(parse::jobs(&outcome.stdout, &TimeZone::system()))
    }

    /// Whether job `id` is there. A query that failed is [`Presence::Unknown`].
    pub async fn job(&self, id: &str) -> Presence {
        match self.job_line(id).await {
            Ok(job) => presence(job.as_ref()),
            Err(error) => Presence::Unknown(error.to_string()),
        }
    }

    /// What SLURM knows of job `id`, with its log, also of one that ended a short while ago:
    /// SLURM forgets it `MinJobAge` (300 s by default) after its end. Of an array, the task
    /// that is furthest: one that runs rather than one that waits, one that waits rather than
    /// one that ended.
    ///
    /// # Errors
    /// [`SlurmError`]: nothing is known then.
    pub async fn job_details(&self, id: &str) -> Result<Option<Job>, SlurmError> {
        let Some(mut job) = self.job_line(id).await? else { return Ok(None) };
        job.log = self.log_path(&job.id).await.unwrap_or_default();
        Ok(Some(job))
    }

    /// As [`Slurm::job_details`] without the log: one command instead of two.
    ///
    /// # Errors
    /// [`SlurmError`]: nothing is known then.
    pub async fn job_line(&self, id: &str) -> Result<Option<Job>, SlurmError> {
        if !is_job_id(id) {
            let reason = format!("`{id}` is not a job id");
            return Err(SlurmError::Failed { command: "squeue".to_owned(), reason });
        }
        let args = ["-h", "-r", "-t", "all", "-j", id, "-o", parse::JOB_FORMAT];
        let outcome = self.query("squeue", args).await?;
        if !outcome.ok() {
            let unknown_id = outcome.stderr.contains("Invalid job id specified");
            return if unknown_id { Ok(None) } else { Err(complaint("squeue", &outcome)) };
        }
        let jobs = parse::jobs(&outcome.stdout, &TimeZone::system());
        if jobs.is_empty() && !outcome.stdout.trim().is_empty() {
            let reason = "its answer was not understood".to_owned();
            return Err(SlurmError::Failed { command: "squeue".to_owned(), reason });
        }
        Ok(jobs.into_iter().max_by_key(|job| match job.state {
            JobState::Running => 4,
            JobState::Other => 3,
            JobState::Pending => 2,
            JobState::Completing => 1,
            JobState::Ended => 0,
        }))
    }
}

/// What a successful answer says about the job: nothing means that SLURM does not know it.
pub fn presence(job: Option<&Job>) -> Presence {
    match job {
        None => Presence::Gone("SLURM does not know this job (any more)".to_owned()),
        Some(job) if job.state == JobState::Ended => Presence::Gone(ending(job)),
        Some(job) => Presence::Present(job.state),
    }
}

/// How a job ended, in SLURM's words: `FAILED (NonZeroExitCode)`.
fn ending(job: &Job) -> String {
    match &job.reason {
        Some(reason) => format!("{} ({reason})", job.raw_state),
        None => job.raw_state.clone(),
    }
}
