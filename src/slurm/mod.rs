//! SLURM's commands, over configurable paths.

pub mod parse;
pub mod sbatch;
pub mod script;

use std::path::PathBuf;

/// Where SLURM's commands are.
#[derive(Debug, Clone, Default)]
pub struct Slurm {
    /// Folder with the commands; PATH when nothing is given.
    pub bin: Option<PathBuf>,
}
