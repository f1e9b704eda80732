//! Configuration: defaults < site file < user file < model file < variant < environment < flags.
//!
//! [`model`] and [`settings`] are what people write, [`spec`] is what a job runs: every value
//! resolved. Nothing behind this module sees raw flags or files.

pub mod check;
pub mod diagnose;
pub mod drain;
pub mod engine;
pub mod find;
pub mod keys;
pub mod layers;
pub mod marks;
pub mod merge;
pub mod model;
pub mod resolve;
pub mod rules;
pub mod settings;
pub mod spec;
pub mod targets;
pub mod tidy;
pub mod token;
pub mod topic;
pub mod units;
pub mod variant;
