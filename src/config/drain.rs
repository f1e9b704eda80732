//! How long before its end a job is asked to drain. Decided here alone, once the walltime is
//! known: SLURM sends the signal so many seconds before the end, and the job takes as many.

use std::sync::Arc;
use std::time::Duration;

use super::diagnose::{Problem, Source};
use super::marks::Path;
use super::merge::{Layer, Merged};
use super::model::SlurmConfig;
use super::units;
use crate::exit::Failure;

/// How long a job drains, unless the configuration says otherwise.
pub const USUAL: Duration = Duration::from_secs(120);

/// The key that says how long.
const KEY: &str = "slurm.drain_before";

/// What the configuration wants, for whatever walltime the job gets.
#[derive(Debug, Clone)]
pub struct Drain {
    /// Seconds before the end.
    seconds: u64,
    /// Where somebody wrote it; nothing for llamactl's default.
    written: Option<(Arc<Source>, Path)>,
}

impl Default for Drain {
    fn default() -> Drain {
        Drain { seconds: USUAL.as_secs(), written: None }
    }
}

impl Drain {
    /// What `merged` wants.
    pub(super) fn of(layers: &[Layer], merged: &Merged) -> Drain {
        let time = merged.text(KEY).and_then(|text| units::duration(text).ok());
        let layer = merged.get(KEY).and_then(|leaf| layers.get(leaf.layer));
        let path = ["slurm".to_owned(), "drain_before".to_owned()];
        let written = layer.and_then(|layer| {
            let source = layer.source.as_ref()?;
            Some((Arc::clone(source), layer.written(&path)))
        });
        Drain { seconds: time.unwrap_or(USUAL).as_secs(), written }
    }

    /// Fits it to the walltime of `slurm`, and gives it in seconds. The default gives way to a
    /// short walltime, since SLURM would send the signal at the start of the job; what somebody
    /// wrote does not.
    ///
    /// # Errors
    /// When somebody wrote a time that is not shorter than the walltime.
    pub(super) fn fit(&self, slurm: &mut SlurmConfig) -> Result<u64, Failure> {
        let Some(walltime) = slurm.walltime().map(|time| time.as_secs()) else {
            return Ok(self.seconds);
        };
        let Some((source, path)) = &self.written else {
            let shorter = self.seconds.min(walltime / 4).max(1);
            if shorter < self.seconds {
                slurm.drain_before = Some(format!("{shorter}s"));
            }
            return Ok(shorter);
        };
        if self.seconds < walltime {
            return Ok(self.seconds);
        }
        let message = "`drain_before` is not shorter than the walltime";
        let problem = Problem::in_value(source, path, message);
        Err(problem.hint("the job would be told to drain at its start").failure())
    }
}
