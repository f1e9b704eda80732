//! SLURM's commands, its mail, and the job script, on real clusters.

pub mod bin;

mod live;
mod mail;
mod script;
