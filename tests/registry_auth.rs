//! Who may do what: a real registry that asks for tokens, and the real commands.

mod common;
mod registry_support;
// Only a part of it is of use here.
#[allow(dead_code)]
#[path = "run_server/server.rs"]
mod server;
mod trust;
