//! What the registry's page asks for beside the lists: what to copy, usage, heartbeat delay,
//! notifications that were sent, watches; and whom the registry tells of what it sees.

mod common;
#[path = "dashboard_api/facts.rs"]
mod facts;
#[path = "dashboard_api/one_server.rs"]
mod one_server;
mod registry_support;
#[path = "dashboard_api/relay.rs"]
mod relay;
#[allow(dead_code, reason = "only a part of it is of use here")]
#[path = "run_server/server.rs"]
mod server;
#[path = "dashboard_api/shell.rs"]
mod shell;
#[path = "dashboard_api/snippets.rs"]
mod snippets;
#[path = "dashboard_api/tellings.rs"]
mod tellings;
#[path = "dashboard_api/watch_cli.rs"]
mod watch_cli;
#[path = "dashboard_api/watches.rs"]
mod watches;
