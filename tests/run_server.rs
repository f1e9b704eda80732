//! `llamactl run` and the steps for hand-written scripts, with the real llama-server and the
//! real registry, without SLURM.

mod common;
#[path = "run_server/failures.rs"]
mod failures;
#[path = "run_server/in_registry.rs"]
mod in_registry;
#[path = "run_server/news.rs"]
mod news;
#[path = "run_server/ready.rs"]
mod ready;
#[path = "run_server/scripts.rs"]
mod scripts;
#[path = "run_server/server.rs"]
mod server;
#[path = "run_server/stop.rs"]
mod stop;
#[path = "run_server/waiting_for_a_job.rs"]
mod waiting_for_a_job;
