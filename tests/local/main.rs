//! What needs neither a cluster nor a registry: the source, the files that are shipped, the
//! configuration, the job script, and notifications with a service of this machine at most.

#[path = "../common/mod.rs"]
mod common;

mod architecture;
mod configs;
mod generated;
mod notify;
mod slurm;
