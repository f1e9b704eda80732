//! `scancel`: ends jobs, and sends them signals.

use super::{Slurm, SlurmError, is_job_id};

impl Slurm {
    /// Cancels job `id`: a waiting one leaves the queue, a running one gets SIGTERM, and SIGKILL
    /// `KillWait` (30 s by default) later. One that has ended, or never was, is no error.
    ///
    /// # Errors
    /// [`SlurmError`]
    pub async fn cancel(&self, id: &str) -> Result<(), SlurmError> {
        self.scancel(&[], id).await
    }

    /// Sends `signal` (as `USR1`) to the batch shell of job `id` alone, whose place
    /// `llamactl run` has taken: this is how a job is asked to drain. Without `--batch`, SLURM
    /// signals the job's steps only, of which there are none.
    ///
    /// # Errors
    /// [`SlurmError`], also for a job that does not run.
    pub async fn signal_batch(&self, id: &str, signal: &str) -> Result<(), SlurmError> {
        self.scancel(&["--batch", "-s", signal], id).await
    }

    async fn scancel(&self, args: &[&str], id: &str) -> Result<(), SlurmError> {
        if !is_job_id(id) {
            let reason = format!("`{id}` is not a job id");
            return Err(SlurmError::Failed { command: "scancel".to_owned(), reason });
        }
        self.answer("scancel", args.iter().copied().chain([id])).await.map(|_| ())
    }
}
