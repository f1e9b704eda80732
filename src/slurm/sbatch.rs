//! `sbatch`: one submission, one call. Where its outcome is unknown, the queue is searched for
//! the submission's nonce; nothing is ever submitted twice.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::parse::{self, Sighting};
use super::{Slurm, SlurmError};
use crate::exec::{ExecError, Outcome};

/// `sbatch` retries for up to two minutes by itself when the controller is busy.
const TIMEOUT: Duration = Duration::from_secs(150);
/// How long to wait before each look for a submission whose outcome is unknown: about 30 s in
/// all, during which a busy controller works through what it was sent.
const LOOKS: [Duration; 6] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(9),
    Duration::from_secs(13),
];
/// How far the clocks of this host and the controller may be apart when jobs are told apart by
/// their time of submission. Used only where the site takes comments away.
const CLOCK_SKEW: Duration = Duration::from_secs(60);

/// What the queue is searched for when the outcome is unknown.
#[derive(Debug, Clone)]
pub struct Submission {
    /// The text that the job's comment holds (`llamactl:NONCE`).
    pub mark: String,
    /// `--job-name`
    pub name: String,
    /// `--clusters`
    pub cluster: Option<String>,
}

/// A job that SLURM has accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    /// The job id.
    pub id: String,
    /// The cluster, at a site with several.
    pub cluster: Option<String>,
}

/// Why there is no job, or none that is known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// `sbatch` is not on this machine.
    #[error("{0} was not found")]
    Missing(String),
    /// SLURM said no: there is no job.
    #[error("sbatch refused the job: {0}")]
    Refused(String),
    /// The outcome is unknown, and the job is not to be seen: it may still come.
    #[error("it is not known whether the job was submitted: {reason}")]
    Unknown {
        /// What `sbatch` said, and how the search ended.
        reason: String,
        /// The command with which to look for it later.
        look: String,
    },
}

impl Slurm {
    /// Hands `script` to `sbatch`, once.
    ///
    /// # Errors
    /// [`SubmitError`]
    pub async fn submit(
        &self,
        script: &str,
        submission: &Submission,
    ) -> Result<Submitted, SubmitError> {
        let began = Timestamp::now();
        let mut run = self.run("sbatch").arg("--parsable").stdin(script).timeout(TIMEOUT);
        for (name, _) in std::env::vars_os() {
            // A name that is not UTF-8 can't be told to be harmless.
            if name.to_str().is_none_or(is_kept_from_jobs) {
                run = run.env_remove(name);
            }
        }
        match verdict(run.output().await) {
            Verdict::Accepted(submitted) => Ok(submitted),
            Verdict::Failed(error) => Err(error),
            Verdict::Unknown(reason) => self.search(submission, began, reason).await,
        }
    }

    async fn search(
        &self,
        submission: &Submission,
        began: Timestamp,
        reason: String,
    ) -> Result<Submitted, SubmitError> {
        let mut last = "it is not in the queue".to_owned();
        for pause in LOOKS {
            tokio::time::sleep(pause).await;
            match self.sightings(submission).await {
                Ok(jobs) => match recognise(&jobs, submission, began) {
                    Some(id) => {
                        return Ok(Submitted { id, cluster: submission.cluster.clone() });
                    }
                    None => last = "it is not in the queue".to_owned(),
                },
                Err(error) => last = error.to_string(),
            }
        }
        Err(SubmitError::Unknown {
            reason: format!("{reason}; {last}"),
            look: format!("squeue --me -t all -o '%i %T %j %k' | grep {}", submission.mark),
        })
    }

    async fn sightings(&self, submission: &Submission) -> Result<Vec<Sighting>, SlurmError> {
        let mut args: Vec<String> =
            ["--me", "-h", "-t", "all", "-o", parse::SIGHTING_FORMAT].map(str::to_owned).into();
        args.extend(submission.cluster.as_ref().map(|cluster| format!("--clusters={cluster}")));
        let outcome = self.answer("squeue", args).await?;
        Ok(parse::sightings(&outcome.stdout, &TimeZone::system()))
    }
}

/// What a run of `sbatch` means.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Accepted(Submitted),
    Failed(SubmitError),
    Unknown(String),
}

/// Ways in which SLURM says that the connection broke after the request may have been sent
/// (`slurm_errno.c`, 22.05 to 26.05). "connect failure" is not among them: nothing was sent.
const BROKEN: [&str; 13] = [
    "(send failure)",
    "(receive failure)",
    "(shutdown failure)",
    "timed out",
    "Zero Bytes were transmitted",
    "Message receive failure",
    "Message send failure",
    "Unexpected message",
    "Connection reset",
    "Broken pipe",
    "Transport endpoint",
    "Header lengths are longer",
    "Interrupted system call",
];

fn verdict(result: Result<Outcome, ExecError>) -> Verdict {
    let outcome = match result {
        Err(ExecError::NotFound(program)) => {
            return Verdict::Failed(SubmitError::Missing(program));
        }
        Err(error @ ExecError::TimedOut { .. }) => return Verdict::Unknown(error.to_string()),
        Err(error @ ExecError::Io { .. }) => return Verdict::Unknown(error.to_string()),
        Ok(outcome) => outcome,
    };
    match outcome.code {
        Some(0) => match parse::parsable(&outcome.stdout) {
            Some((id, cluster)) => Verdict::Accepted(Submitted { id, cluster }),
            None => Verdict::Unknown("sbatch ended well but named no job".to_owned()),
        },
        None => Verdict::Unknown("sbatch was killed".to_owned()),
        Some(_) => {
            let text = refusal(&outcome);
            let broken = BROKEN.iter().any(|words| outcome.stderr.contains(words));
            match broken {
                true => Verdict::Unknown(text),
                false => Verdict::Failed(SubmitError::Refused(text)),
            }
        }
    }
}

/// All that `sbatch` said, without its prefixes: plugins of a site explain a refusal in lines
/// of their own before the last.
fn refusal(outcome: &Outcome) -> String {
    let lines: Vec<&str> = outcome
        .stderr
        .lines()
        .map(|line| line.trim().trim_start_matches("sbatch: ").trim_start_matches("error: "))
        .filter(|line| !line.is_empty() && !line.starts_with("Try \"sbatch --help\""))
        .collect();
    if lines.is_empty() { outcome.complaint() } else { lines.join("; ") }
}

/// The submission among `jobs`: the one with its mark; where the site took the comment away,
/// the only one of its name that was submitted since `began`.
fn recognise(jobs: &[Sighting], submission: &Submission, began: Timestamp) -> Option<String> {
    let comment = |job: &Sighting| job.comment.clone().unwrap_or_default();
    if let Some(job) = jobs.iter().find(|job| comment(job).contains(&submission.mark)) {
        return Some(base_id(&job.id));
    }
    let mut unmarked = jobs.iter().filter(|job| {
        job.name == submission.name
            && !comment(job).contains("llamactl:")
            && job.submitted.is_some_and(|at| at + CLOCK_SKEW >= began)
    });
    match (unmarked.next(), unmarked.next()) {
        (Some(job), None) => Some(base_id(&job.id)),
        _ => None,
    }
}

/// The id of a whole array, whose waiting tasks show as `108_[1-3]`.
fn base_id(id: &str) -> String {
    id.split('_').next().unwrap_or(id).to_owned()
}

/// Whether a variable stays out of `sbatch`'s environment, which the job inherits.
///
/// - `SBATCH_*` would override the script's `#SBATCH` lines; the configuration has read them.
/// - `SLURM_*` of an enclosing job would shape the new one or mislead `llamactl run` in it.
///   Those that say which cluster to talk to, and how, stay.
/// - Secrets, by their name: a job's environment is nobody's business but a process's.
fn is_kept_from_jobs(name: &str) -> bool {
    const SLURM_STAYS: [&str; 4] =
        ["SLURM_CONF", "SLURM_CONF_SERVER", "SLURM_CLUSTERS", "SLURM_JWT"];
    if name.starts_with("SBATCH_") || name.starts_with("SLURMD_") {
        return true;
    }
    if name.starts_with("SLURM_") {
        return !SLURM_STAYS.contains(&name);
    }
    is_secret(name)
}

/// Whether a variable of this name looks like a secret itself (`HF_TOKEN`), rather than a
/// path to one (`TOKEN_FILE`).
pub fn is_secret(name: &str) -> bool {
    const WORDS: [&str; 8] =
        ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "PASSPHRASE", "CREDENTIAL", "APIKEY", "PWD"];
    const PAIRS: [&str; 6] =
        ["API_KEY", "ACCESS_KEY", "PRIVATE_KEY", "SECRET_KEY", "DATABASE_URL", "EVENT_BUS"];
    let name = name.to_ascii_uppercase();
    if ["PWD", "OLDPWD"].contains(&name.as_str()) {
        return false;
    }
    if ["_FILE", "_PATH", "_DIR"].iter().any(|end| name.ends_with(end)) {
        return false;
    }
    PAIRS.iter().any(|pair| name.contains(pair))
        || name.split('_').any(|word| {
            let word = word.strip_suffix('S').unwrap_or(word);
            WORDS.iter().any(|secret| word.ends_with(secret))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn submission() -> Submission {
        Submission { mark: "llamactl:abc".into(), name: "tiny".into(), cluster: None }
    }

    fn outcome(code: Option<i32>, stdout: &str, stderr: &str) -> Result<Outcome, ExecError> {
        Ok(Outcome { code, stdout: stdout.into(), stderr: stderr.into() })
    }

    #[test]
    fn refusals_are_told_from_unknown_outcomes() {
        let refused = [
            "sbatch: error: Batch job submission failed: Invalid partition name specified",
            "sbatch: error: Batch job submission failed: Unable to contact slurm controller \
             (connect failure)",
            "sbatch: unrecognized option '--foo=abc'\nTry \"sbatch --help\" for more information",
        ];
        for text in refused {
            let verdict = verdict(outcome(Some(1), "", text));
            assert!(matches!(verdict, Verdict::Failed(SubmitError::Refused(_))), "{text}");
        }
        let unknown = [
            "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation",
            "sbatch: error: Batch job submission failed: Unable to contact slurm controller \
             (receive failure)",
            "sbatch: error: Batch job submission failed: Zero Bytes were transmitted or received",
        ];
        for text in unknown {
            assert!(matches!(verdict(outcome(Some(1), "", text)), Verdict::Unknown(_)), "{text}");
        }
        assert!(matches!(verdict(outcome(None, "", "")), Verdict::Unknown(_)));
        assert!(matches!(verdict(outcome(Some(0), "hm\n", "")), Verdict::Unknown(_)));
        let timeout = Err(ExecError::TimedOut { program: "sbatch".into(), seconds: 150 });
        assert!(matches!(verdict(timeout), Verdict::Unknown(_)));
    }

    #[test]
    fn what_a_sites_plugin_says_is_part_of_the_refusal() {
        let text = "sbatch: error: you need --account\nsbatch: error: Batch job submission \
                    failed: Unspecified error\n";
        assert_eq!(
            verdict(outcome(Some(1), "", text)),
            Verdict::Failed(SubmitError::Refused(
                "you need --account; Batch job submission failed: Unspecified error".into()
            ))
        );
    }

    fn sighting(id: &str, name: &str, comment: Option<&str>, at: Timestamp) -> Sighting {
        Sighting {
            id: id.into(),
            submitted: Some(at),
            name: name.into(),
            comment: comment.map(Into::into),
        }
    }

    #[test]
    fn a_job_is_recognised_by_its_mark_and_else_by_name_and_time() {
        let now = Timestamp::now();
        let old = now - Duration::from_secs(3600);
        let ours = sighting("7_[1-3]", "renamed", Some("x llamactl:abc"), now);
        let other = sighting("8", "tiny", Some("llamactl:def"), now);
        let unmarked = sighting("9", "tiny", None, now);
        let earlier = sighting("5", "tiny", None, old);
        let all = [other.clone(), unmarked.clone(), ours];
        assert_eq!(recognise(&all, &submission(), now), Some("7".into()));
        let no_mark = [other.clone(), unmarked.clone(), earlier.clone()];
        assert_eq!(recognise(&no_mark, &submission(), now), Some("9".into()));
        assert_eq!(recognise(&[other, earlier], &submission(), now), None);
        let two = [unmarked.clone(), unmarked];
        assert_eq!(recognise(&two, &submission(), now), None);
    }

    #[test]
    fn neither_secrets_nor_an_enclosing_job_reach_the_new_one() {
        for name in [
            "HF_TOKEN",
            "GITHUB_TOKENS",
            "AWS_SECRET_ACCESS_KEY",
            "OPENAI_API_KEY",
            "PGPASSWORD",
            "MYSQL_PWD",
            "db_password",
            "GOOGLE_CREDENTIALS",
            "LLAMACTL_DATABASE_URL",
            "LLAMACTL_EVENT_BUS",
            "SBATCH_PARTITION",
            "SLURM_JOB_ID",
            "SLURM_RESTART_COUNT",
            "SLURMD_NODENAME",
        ] {
            assert!(is_kept_from_jobs(name), "{name}");
        }
        for name in [
            "PATH",
            "PWD",
            "OLDPWD",
            "HOME",
            "SLURM_CONF",
            "TOKENIZERS_PARALLELISM",
            "NTFY_TOKEN_FILE",
            "BASH_FUNC_module%%",
            "SSH_AUTH_SOCK",
            "MODULEPATH",
        ] {
            assert!(!is_kept_from_jobs(name), "{name}");
        }
    }
}
