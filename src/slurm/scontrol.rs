//! `scontrol`: what the cluster is set to, and where a job writes.

use std::path::PathBuf;

use super::{Slurm, SlurmError, complaint, is_job_id, parse};

pub use parse::Site;

impl Slurm {
    /// The cluster's name and how long it waits between SIGTERM and SIGKILL.
    ///
    /// # Errors
    /// [`SlurmError`]
    pub async fn site(&self) -> Result<Site, SlurmError> {
        let outcome = self.answer("scontrol", ["show", "config"]).await?;
        Ok(parse::site(&outcome.stdout))
    }

    /// Where job `id` writes its log; nothing when SLURM does not know the job (any more).
    ///
    /// # Errors
    /// [`SlurmError`]
    pub async fn log_path(&self, id: &str) -> Result<Option<PathBuf>, SlurmError> {
        if !is_job_id(id) {
            let reason = format!("`{id}` is not a job id");
            return Err(SlurmError::Failed { command: "scontrol".to_owned(), reason });
        }
        let outcome = self.query("scontrol", ["show", "job", id]).await?;
        if !outcome.ok() {
            let unknown_id = outcome.stderr.contains("Invalid job id specified");
            return if unknown_id { Ok(None) } else { Err(complaint("scontrol", &outcome)) };
        }
        Ok(parse::log_path(&outcome.stdout))
    }
}
