//! Pure types and rules: no I/O, no clock. Whoever needs the time passes `now` in.

pub mod event;
pub mod filter;
pub mod gpu;
pub mod job;
pub mod lease;
pub mod names;
pub mod node;
pub mod notice;
pub mod pattern;
pub mod server;
pub mod target;
pub mod token;
pub mod watch;
