//! llamactl turns a SLURM cluster into a private LLM service.
//!
//! The binary is a thin shell around this library. `ARCHITECTURE.md` says which module may
//! import which; `tests/local/architecture/` holds it.

pub mod api;
pub mod cli;
pub mod client;
pub mod commands;
pub mod config;
pub mod connection;
pub mod domain;
pub mod engine;
pub mod env;
pub mod exec;
pub mod exit;
pub mod http;
pub mod launch;
pub mod lookup;
pub mod node;
pub mod notify;
pub mod output;
pub mod paths;
pub mod presets;
pub mod proxy;
pub mod registry;
pub mod secret;
pub mod shutdown;
pub mod slurm;
pub mod supervisor;
