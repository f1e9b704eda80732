//! Tells of a job that still waits in the queue: while `submit --wait` looks at it, or from a
//! process that `submit` leaves behind.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::cli::PendingArgs;
use crate::commands::{Context, identity};
use crate::config::resolve;
use crate::config::spec::{NotifySpec, Spec};
use crate::domain::gpu::Gpus;
use crate::domain::job::{Job, JobState, Presence};
use crate::exec::Run;
use crate::exit::{Exit, Failure};
use crate::notify::post::{self, Post};
use crate::notify::{Kind, Notice, rules};
use crate::paths;
use crate::slurm::{Slurm, squeue};

/// A job that waits for so long is told of, unless the configuration says otherwise.
const AFTER: Duration = Duration::from_secs(30 * 60);
/// How often the process that is left behind asks SLURM.
const EVERY: Duration = Duration::from_secs(60);
/// How long it goes on while SLURM does not answer, or the job waits.
const LONGEST: Duration = Duration::from_secs(7 * 86_400);
/// How long all tries to tell may take.
const DEADLINE: Duration = Duration::from_secs(120);

/// One job that may have to be told of.
#[derive(Debug, Serialize, Deserialize)]
pub struct Pending {
    how: NotifySpec,
    notice: Notice,
    slurm_bin: Option<PathBuf>,
    submitted: Timestamp,
    told: bool,
}

impl Pending {
    /// A job that was submitted just now.
    pub fn new(spec: &Spec, job: &str) -> Pending {
        let file = spec.model.as_deref().and_then(|path| path.file_name());
        let file = file.map(|name| name.to_string_lossy().into_owned());
        let notice = Notice {
            kind: Kind::Pending,
            name: spec.name.clone(),
            model: spec.name.clone(),
            model_alias: spec.server.alias.clone().unwrap_or_default(),
            model_file: file.or_else(|| spec.hf.clone()).unwrap_or_default(),
            job: job.to_owned(),
            owner: identity::user(),
            gpus: spec.gpus.as_ref().map(Gpus::to_string).unwrap_or_default(),
            labels: spec.labels.clone(),
            registry: spec.registry.clone().unwrap_or_default(),
            ..Notice::default()
        };
        Pending {
            how: spec.notify.clone(),
            notice,
            slurm_bin: spec.slurm_bin.clone(),
            submitted: Timestamp::now(),
            told: false,
        }
    }

    /// Whether anybody is to be told.
    fn is_wanted(&self) -> bool {
        !self.told && !rules::whom(&self.how, &self.notice).is_empty()
    }

    /// What to tell now of a job that SLURM shows so; each job is told of once.
    fn look(&mut self, job: &Job, now: Timestamp) -> Option<Notice> {
        let after = self.how.pending_after.map_or(AFTER, Duration::from_secs);
        let waited = Duration::try_from(now.duration_since(self.submitted)).unwrap_or_default();
        if !self.is_wanted() || job.state != JobState::Pending || waited < after {
            return None;
        }
        self.told = true;
        Some(Notice {
            time: now,
            waited: Some(waited.as_secs()),
            reason: job.reason.clone().unwrap_or_default(),
            partition: job.partition.clone().unwrap_or_default(),
            estimated_start: job.start,
            ..self.notice.clone()
        })
    }

    /// Looks at a job, and tells of it in the background when it is time.
    pub fn tell_of(&mut self, job: &Job) {
        if let Some(notice) = self.look(job, Timestamp::now()) {
            let how = self.how.clone();
            tokio::spawn(async move { tell(&how, &notice).await });
        }
    }
}

async fn tell(how: &NotifySpec, notice: &Notice) {
    let settings = resolve::settings(Some(notice.registry.as_str()).filter(|url| !url.is_empty()));
    let relay = settings.ok().and_then(|settings| super::whom::relay(&settings).ok().flatten());
    let (outbox, post) = (post::outbox(how), Post::new(how.clone(), relay));
    let to = rules::whom(how, notice);
    for delivery in post::tell(&to, &outbox, &post, notice, DEADLINE).await {
        if let Some(error) = delivery.error {
            tracing::warn!("{} was not told that the job still waits: {error}", delivery.target);
        }
    }
}

/// Leaves a process behind that tells of the job if it still waits after the time that the
/// configuration names. Without that time nothing is left behind: login nodes have other work.
///
/// # Errors
/// When it can't be started.
pub fn leave_behind(pending: &Pending) -> anyhow::Result<()> {
    if !pending.is_wanted() || pending.how.pending_after.is_none() {
        return Ok(());
    }
    let folder = paths::state_dir()
        .ok_or_else(|| Failure::new("there is no home folder to keep a file in"))?;
    std::fs::create_dir_all(&folder)?;
    let file = folder.join(format!("pending-{}.json", uuid::Uuid::now_v7()));
    paths::write_private(&file, &serde_json::to_vec(pending)?)?;
    let program = std::env::current_exe()?;
    Ok(Run::new(program).args(["notify", "pending"]).arg(file).detached()?)
}

/// Follows the job of `file` until it does not wait any more, or was told of.
///
/// # Errors
/// A file that can't be read.
pub async fn run(_: &Context, args: &PendingArgs) -> anyhow::Result<Exit> {
    let text = std::fs::read(&args.file)?;
    let _ = std::fs::remove_file(&args.file);
    let mut pending: Pending = serde_json::from_slice(&text)?;
    let slurm = Slurm { bin: pending.slurm_bin.clone() };
    let job = pending.notice.job.clone();
    let end = Instant::now() + LONGEST;
    let every = pending
        .how
        .pending_after
        .map_or(EVERY, |after| Duration::from_secs(after).clamp(Duration::from_secs(1), EVERY));
    while Instant::now() < end {
        tokio::time::sleep(every).await;
        let Ok(found) = slurm.job_line(&job).await else { continue };
        if matches!(squeue::presence(found.as_ref()), Presence::Gone(_)) {
            break;
        }
        let Some(found) = found else { continue };
        if found.state != JobState::Pending {
            break;
        }
        if let Some(notice) = pending.look(&found, Timestamp::now()) {
            tell(&pending.how, &notice).await;
            break;
        }
    }
    Ok(Exit::OK)
}
