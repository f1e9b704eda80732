//! What the registry's page asks for beside the lists: what to copy, usage, heartbeat delay,
//! notifications that were sent, watches.

mod common;
#[path = "dashboard_api/facts.rs"]
mod facts;
#[path = "dashboard_api/one_server.rs"]
mod one_server;
mod registry_support;
#[allow(dead_code, reason = "only a part of it is of use here")]
#[path = "run_server/server.rs"]
mod server;
#[path = "dashboard_api/shell.rs"]
mod shell;
#[path = "dashboard_api/snippets.rs"]
mod snippets;
#[path = "dashboard_api/watches.rs"]
mod watches;
