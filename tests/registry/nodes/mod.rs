//! Nodes: the agent, the commands, the library, the older formats, and several replicas.

mod agent;
mod cli;
mod contract;
mod library;
mod replicas;
