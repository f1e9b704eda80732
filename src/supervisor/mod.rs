//! The story of `llamactl run`.
//!
//! [`run`](run::run) tells it from top to bottom; [`machine`] decides what happens next, the
//! rest are its means.

pub mod child;
pub mod gate;
pub mod log;
pub mod machine;
mod news;
pub mod registration;
pub mod relay;
pub mod report;
pub mod run;
pub mod setup;
