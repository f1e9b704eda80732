//! A SLURM job as this program sees it.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Whether a job is there. A query that failed says nothing about the job, so it is neither
/// running nor gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "presence", content = "detail")]
pub enum Presence {
    /// SLURM has it, and it has not ended.
    Present(JobState),
    /// SLURM says that it ended, or does not know it any more.
    Gone(String),
    /// SLURM did not answer; the text says why.
    Unknown(String),
}

/// SLURM's job states that matter here. Every state of SLURM maps to one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// In the queue: PENDING, REQUEUED, REQUEUE_HOLD, SPECIAL_EXIT, REQUEUE_FED.
    Pending,
    /// On its nodes: RUNNING, CONFIGURING, SUSPENDED, STOPPED, SIGNALING, RESIZING, STAGE_OUT.
    Running,
    /// On its way out: COMPLETING.
    Completing,
    /// Over: COMPLETED, CANCELLED, FAILED, TIMEOUT, PREEMPTED, OUT_OF_MEMORY, and the like.
    Ended,
    /// A word that this version does not know. Never read as ended.
    Other,
}

impl JobState {
    /// Reads SLURM's word, in the long (`RUNNING`) or the compact form (`R`), with whatever
    /// may follow it (`CANCELLED by 1000`, `CANCELLED+`).
    ///
    /// Source: the "JOB STATE CODES" section of squeue(1), 22.05 to 26.05.
    pub fn parse(word: &str) -> JobState {
        let word = word.split([' ', '+', ',']).next().unwrap_or_default();
        match word {
            "PENDING" | "PD" | "REQUEUED" | "RQ" | "REQUEUE_HOLD" | "RH" | "REQUEUE_FED" | "RF"
            | "SPECIAL_EXIT" | "SE" | "RESV_DEL_HOLD" | "RD" => JobState::Pending,
            "RUNNING" | "R" | "CONFIGURING" | "CF" | "SUSPENDED" | "S" | "STOPPED" | "ST"
            | "SIGNALING" | "SI" | "RESIZING" | "RS" | "STAGE_OUT" | "SO" | "EXPEDITING" => {
                JobState::Running
            }
            "COMPLETING" | "CG" => JobState::Completing,
            "COMPLETED" | "CD" | "CANCELLED" | "CA" | "FAILED" | "F" | "TIMEOUT" | "TO"
            | "PREEMPTED" | "PR" | "OUT_OF_MEMORY" | "OOM" | "NODE_FAIL" | "NF" | "BOOT_FAIL"
            | "BF" | "DEADLINE" | "DL" | "REVOKED" | "RV" | "LAUNCH_FAILED" | "RECONFIG_FAIL" => {
                JobState::Ended
            }
            _ => JobState::Other,
        }
    }

    /// The word on the screen.
    pub fn as_str(self) -> &'static str {
        match self {
            JobState::Pending => "pending",
            JobState::Running => "running",
            JobState::Completing => "completing",
            JobState::Ended => "ended",
            JobState::Other => "other",
        }
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One line of `squeue`, or what `scontrol show job` says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// The id as SLURM's commands take it: `108`, or `108_2` for a task of an array.
    pub id: String,
    /// `--job-name`.
    pub name: String,
    /// Who submitted it.
    pub user: String,
    /// Its state.
    pub state: JobState,
    /// SLURM's own word for the state.
    pub raw_state: String,
    /// Why it waits, in SLURM's words (`Resources`, `Priority`, …).
    pub reason: Option<String>,
    /// Its partition.
    pub partition: Option<String>,
    /// Its nodes, as SLURM writes them.
    pub nodes: Option<String>,
    /// When it started, or is expected to.
    pub start: Option<Timestamp>,
    /// When its walltime ends.
    pub end: Option<Timestamp>,
    /// The folder that it was submitted from.
    pub work_dir: Option<std::path::PathBuf>,
    /// `--comment`.
    pub comment: Option<String>,
    /// Generic resources, as SLURM writes them (`gres:gpu:h100:2`).
    pub gres: Option<String>,
    /// Where its output goes (`StdOut` of `scontrol show job`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<std::path::PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_read_in_both_forms_and_unknown_ones_are_not_ended() {
        assert_eq!(JobState::parse("CANCELLED by 1000"), JobState::Ended);
        assert_eq!(JobState::parse("CG"), JobState::Completing);
        assert_eq!(JobState::parse("PD"), JobState::Pending);
        assert_eq!(JobState::parse("A_NEW_STATE"), JobState::Other);
    }
}
