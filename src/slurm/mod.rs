//! SLURM's commands, over configurable paths.

pub mod parse;
pub mod sbatch;
pub mod script;

use std::path::PathBuf;

use crate::config::settings::Settings;
use crate::domain::job::{Job, JobState, Presence};
use crate::exec::{ExecError, Run};

/// Where SLURM's commands are.
#[derive(Debug, Clone, Default)]
pub struct Slurm {
    /// Folder with the commands; PATH when nothing is given.
    pub bin: Option<PathBuf>,
}

/// Temporary.
#[derive(Debug, thiserror::Error)]
pub enum SlurmError {
    /// Temporary.
    #[error(transparent)]
    Exec(#[from] ExecError),
    /// Temporary.
    #[error("{0}")]
    Failed(String),
}

impl Slurm {
    /// Temporary.
    pub fn from_settings(settings: &Settings) -> Slurm {
        Slurm { bin: settings.paths.slurm_bin.clone() }
    }

    fn program(&self, name: &str) -> PathBuf {
        self.bin.as_ref().map_or_else(|| PathBuf::from(name), |bin| bin.join(name))
    }

    async fn squeue(&self, args: &[&str]) -> Result<Vec<Job>, SlurmError> {
        let format = "%i|%j|%u|%T|%r|%P|%N|%S|%e|%Z|%b|%k";
        let out =
            Run::new(self.program("squeue")).args(["-h", "-o", format]).args(args).output().await?;
        if !out.ok() {
            return Err(SlurmError::Failed(out.complaint()));
        }
        Ok(out.stdout.lines().filter_map(line).collect())
    }

    /// Temporary.
    ///
    /// # Errors
    /// Temporary.
    pub async fn jobs_mine(&self) -> Result<Vec<Job>, SlurmError> {
        self.squeue(&["--me"]).await
    }

    /// Temporary.
    pub async fn job(&self, id: &str) -> Presence {
        match self.squeue(&["-j", id, "-t", "all"]).await {
            Ok(jobs) => match jobs.first() {
                Some(job) if job.state != JobState::Ended => Presence::Present(job.state),
                Some(job) => Presence::Gone(job.raw_state.clone()),
                None => Presence::Gone("unknown".into()),
            },
            Err(SlurmError::Failed(text)) if text.contains("Invalid job id") => {
                Presence::Gone(text)
            }
            Err(error) => Presence::Unknown(error.to_string()),
        }
    }

    /// Temporary.
    ///
    /// # Errors
    /// Temporary.
    pub async fn job_details(&self, id: &str) -> Result<Option<Job>, SlurmError> {
        match self.squeue(&["-j", id, "-t", "all"]).await {
            Ok(mut jobs) => {
                let Some(mut job) = jobs.pop() else { return Ok(None) };
                let out = Run::new(self.program("scontrol"))
                    .args(["-o", "show", "job", id])
                    .output()
                    .await?;
                job.log = out
                    .stdout
                    .split(" StdOut=")
                    .nth(1)
                    .and_then(|rest| rest.split_whitespace().next())
                    .map(PathBuf::from);
                Ok(Some(job))
            }
            Err(SlurmError::Failed(text)) if text.contains("Invalid job id") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Temporary.
    ///
    /// # Errors
    /// Temporary.
    pub async fn cancel(&self, id: &str) -> Result<(), SlurmError> {
        let out = Run::new(self.program("scancel")).arg(id).output().await?;
        if out.ok() { Ok(()) } else { Err(SlurmError::Failed(out.complaint())) }
    }

    /// Temporary.
    ///
    /// # Errors
    /// Temporary.
    pub async fn signal_batch(&self, id: &str, signal: &str) -> Result<(), SlurmError> {
        let out =
            Run::new(self.program("scancel")).args(["--batch", "-s", signal, id]).output().await?;
        if out.ok() { Ok(()) } else { Err(SlurmError::Failed(out.complaint())) }
    }
}

fn line(line: &str) -> Option<Job> {
    let f: Vec<&str> = line.splitn(12, '|').collect();
    if f.len() < 12 {
        return None;
    }
    let some = |t: &str| {
        (!t.is_empty() && t != "N/A" && t != "(null)" && t != "None").then(|| t.to_owned())
    };
    let time = |t: &str| {
        t.parse::<jiff::civil::DateTime>()
            .ok()
            .and_then(|d| d.to_zoned(jiff::tz::TimeZone::system()).ok())
            .map(|z| z.timestamp())
    };
    Some(Job {
        id: f[0].into(),
        name: f[1].into(),
        user: f[2].into(),
        state: JobState::parse(f[3]),
        raw_state: f[3].into(),
        reason: some(f[4]),
        partition: some(f[5]),
        nodes: some(f[6]),
        start: time(f[7]),
        end: time(f[8]),
        work_dir: some(f[9]).map(PathBuf::from),
        comment: some(f[11]),
        gres: some(f[10]),
        log: None,
    })
}
