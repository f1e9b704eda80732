//! What runs jobs, and what looks for them: real SLURM, real llama-server. The clusters come from
//! `make lab-up` or `make test`.

#[path = "../common/mod.rs"]
mod common;

mod connect;
mod faults;
mod finding;
mod ls;
mod registry_job;
mod run;
mod slurm;
mod submit;
