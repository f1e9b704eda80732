//! Older wire formats, each a thin translation over the same service.

pub mod slurm;
