//! Who comes in, and how much of it: hosts and origins, tokens and sessions, rates, and requests
//! that outlive their connection.

pub mod auth;
pub mod bounded;
pub mod identity;
pub mod limits;
pub mod session;
