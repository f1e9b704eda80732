//! The older wire formats, each a thin translation to the service.

pub mod map;
pub mod nodes;
pub mod pools;
pub mod slurm;
