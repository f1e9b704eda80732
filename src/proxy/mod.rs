//! Connections, and what passes through them: hyper alone, for the gate and the registry alike.

pub mod connections;
pub mod count;
pub mod pass;
pub mod tls;
pub mod watched;
