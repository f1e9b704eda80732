//! One submission, decided: which variant on which GPUs, for how long, by which script. Nothing
//! is printed and nothing is done here. Whoever launches says the warnings or acts on them, puts
//! the secrets away ([`Plan::put_away`]) and hands [`Plan::script`] to
//! [`Slurm::submit`](crate::slurm::Slurm::submit).

mod checks;
mod gpu;
mod warning;

use std::path::PathBuf;

use crate::config::layers::Request;
use crate::config::resolve::Resolved;
use crate::config::targets::{self, SecretFile};
use crate::exit::Failure;
use crate::slurm::Slurm;
use crate::slurm::sbatch::Submission;
use crate::slurm::script::{self, Frame};
use crate::{notify, paths};

pub use checks::registry;
pub use warning::Warning;

/// Everything decided, nothing done.
#[derive(Debug)]
pub struct Plan {
    /// The configuration, as the cluster and the job take it.
    pub resolved: Resolved,
    /// The job script.
    pub script: String,
    /// By what the job is found again.
    pub submission: Submission,
    /// What is worth to be said, in the order in which it was found.
    pub warnings: Vec<Warning>,
    /// Why the job would fail at its start, where that is known. The script can be shown all the
    /// same.
    pub obstacle: Option<Failure>,
    secrets: Vec<SecretFile>,
}

/// Decides everything for a job that is submitted in `folder`. SLURM is asked where the
/// configuration leaves something to choose.
///
/// # Errors
/// What is wrong with the configuration, no GPU that fits, or a value that can't stand in a job
/// script.
pub async fn plan(slurm: &Slurm, request: &Request, folder: PathBuf) -> Result<Plan, Failure> {
    let mut warnings = Vec::new();
    let mut resolved = gpu::resolve(slurm, request, &mut warnings).await?;
    notify::check(&resolved.spec.notify).map_err(Failure::usage)?;
    gpu::limit_time(slurm, &mut resolved, &mut warnings).await?;
    let obstacle = match checks::model_file(resolved.spec.model.as_deref()) {
        Ok(warning) => {
            warnings.extend(warning);
            None
        }
        Err(failure) => Some(failure),
    };
    warnings.extend(checks::secrets(&resolved.spec));
    let (notify, secrets) = match paths::state_dir() {
        Some(state) => targets::put_away(&resolved.spec.notify, &state.join("targets")),
        None => (resolved.spec.notify.clone(), Vec::new()),
    };
    resolved.spec = resolved.spec.for_job(notify, slurm.bin.clone(), folder);
    let (script, mark) = written(&resolved)?;
    let submission = Submission {
        mark,
        name: resolved.spec.name.clone(),
        cluster: resolved.slurm.cluster.clone(),
    };
    Ok(Plan { resolved, script, submission, warnings, obstacle, secrets })
}

/// The job script, and the mark in its comment that no other submission has.
fn written(resolved: &Resolved) -> Result<(String, String), Failure> {
    let llamactl = match &resolved.settings.paths.llamactl {
        Some(path) => path.clone(),
        None => std::env::current_exe().map_err(|error| {
            Failure::new(format!("where llamactl is can't be found out: {error}"))
                .hint("say where it is on the compute nodes with paths.llamactl")
        })?,
    };
    let nonce = uuid::Uuid::now_v7().simple().to_string();
    let frame = Frame { nonce: &nonce, llamactl: &llamactl.to_string_lossy() };
    let script = script::render(resolved, frame).map_err(|error| {
        Failure::usage(error.to_string())
            .hint("`llamactl configs show` tells where a value is from")
    })?;
    Ok((script, script::mark(&nonce)))
}

impl Plan {
    /// Whether the job is an array, whose tasks have ids of their own.
    pub fn is_array(&self) -> bool {
        let mut args = self.resolved.slurm.args.iter().flatten();
        args.any(|arg| arg.starts_with("--array") || arg.starts_with("-a"))
    }

    /// Has bash read the script, where hooks stand in it that people wrote.
    ///
    /// # Errors
    /// Bash does not understand it.
    pub async fn check_script(&self) -> Result<(), Failure> {
        match self.resolved.hooks.is_empty() {
            true => Ok(()),
            false => checks::shell(&self.script).await,
        }
    }

    /// Writes the secrets of targets into files that the job reads: its script can be read by
    /// others. To be done before the submission, for the job may start at once.
    ///
    /// # Errors
    /// When a file can't be written.
    pub fn put_away(&self) -> Result<(), Failure> {
        self.secrets.iter().try_for_each(SecretFile::write)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::model::{SlurmConfig, StringOrNumber};
    use crate::config::targets::Asked;

    /// Plans for a machine without SLURM.
    async fn planned(model: &Path, slurm: SlurmConfig, to: &str) -> Plan {
        let none = || Some("none".to_owned());
        let notify = Asked {
            email: none(),
            ntfy_topic: none(),
            to: vec![to.to_owned()],
            ..Asked::default()
        };
        let model = Some(model.display().to_string());
        let request = Request { model, slurm, notify, ..Request::default() };
        let nowhere = Slurm { bin: Some("/nowhere".into()) };
        plan(&nowhere, &request, "/work".into()).await.unwrap()
    }

    #[tokio::test]
    async fn a_submission_is_decided_where_there_is_no_slurm() {
        let model = tempfile::NamedTempFile::new().unwrap();
        let slurm = SlurmConfig {
            gpus: Some(1),
            gpu_type: Some("a100".into()),
            time: Some(StringOrNumber::String("none".into())),
            ..SlurmConfig::default()
        };
        let plan = planned(model.path(), slurm, "none").await;
        assert!(plan.obstacle.is_none() && !plan.is_array(), "{:?}", plan.obstacle);
        let said: Vec<String> = plan.warnings.iter().map(Warning::to_string).collect();
        assert!(said[0].ends_with("taking the GPU type a100 as it is"), "{said:?}");
        assert!(said[1].starts_with("the partition's time limit is unknown"), "{said:?}");
        let mark = plan.submission.mark.as_str();
        for text in ["=gpu:a100:1\n", "--time=UNLIMITED\n", "connection_dir: /work\n", mark] {
            assert!(plan.script.contains(text), "{text}: {}", plan.script);
        }
    }

    #[tokio::test]
    async fn what_would_fail_can_be_shown_and_shows_no_secret() {
        let folder = tempfile::tempdir().unwrap();
        let slurm = SlurmConfig { gpus: Some(0), ..SlurmConfig::default() };
        let model = folder.path().join("none.gguf");
        let plan = planned(&model, slurm, "slack://h/services/SECRET").await;
        let obstacle = plan.obstacle.as_ref().unwrap();
        assert!(obstacle.message.starts_with("there is no model file"), "{obstacle}");
        assert!(plan.script.contains("slack://?file="), "{}", plan.script);
        assert!(!plan.script.contains("SECRET") && !format!("{plan:?}").contains("SECRET"));
    }
}
