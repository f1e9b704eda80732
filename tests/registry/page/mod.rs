//! What the registry's page asks for beside the lists: what to copy, usage, heartbeat delay,
//! notifications that were sent, watches; and whom the registry tells of what it sees.

mod facts;
mod one_server;
mod relay;
mod shell;
mod snippets;
mod tellings;
mod watch_cli;
mod watches;
