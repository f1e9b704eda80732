//! `llamactl run` and the steps for hand-written scripts, with the real llama-server and the
//! real registry, without SLURM.

mod failures;
mod in_registry;
mod news;
mod ready;
mod scripts;
mod stop;
mod waiting_for_a_job;
