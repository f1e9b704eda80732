//! The registry, as a running program: its contracts, its clients, its page, its database, and
//! what can go wrong with each. Where a real server is behind it, it runs without SLURM.

#[path = "../common/mod.rs"]
mod common;

mod auth;
mod bus;
mod certificates;
mod completion;
mod connections;
mod contract;
mod dashboard;
mod faults;
mod kills;
mod lease;
mod live;
mod model;
mod nodes;
mod operate;
mod page;
mod replicas;
mod services;
mod stream;
mod tls;
mod tools;
mod world;
