//! Where a PostgreSQL server is, and how long it may take.

use std::error::Error as _;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres_rustls::MakeRustlsConnect;

/// Longest time for one statement when the server does not answer at all: its own limit, in
/// the session, is shorter, so that its reason is heard.
pub const SILENCE: Duration = Duration::from_secs(8);
/// Longest time to connect, and to set up a connection.
pub const CONNECT: Duration = Duration::from_secs(3);

/// Where a PostgreSQL database is, and how to speak to it.
#[derive(Clone)]
pub struct Address {
    /// How to connect; it holds the password.
    pub config: Config,
    /// How to speak TLS.
    pub tls: MakeRustlsConnect,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Address").field("name", &self.name()).finish_non_exhaustive()
    }
}

impl Address {
    /// Its name in messages: no password.
    pub fn name(&self) -> String {
        use tokio_postgres::config::Host;
        let hosts = self.config.get_hosts().iter().map(|host| match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(path) => path.display().to_string(),
        });
        let hosts = hosts.collect::<Vec<_>>().join(",");
        let port = self.config.get_ports().first().filter(|port| **port != 5432);
        let port = port.map(|port| format!(":{port}"));
        let database = self.config.get_dbname().or(self.config.get_user()).unwrap_or_default();
        format!("postgres://{hosts}{}/{database}", port.unwrap_or_default())
    }
}

/// The error with its reasons: `tokio_postgres` shows only "db error" itself.
pub fn describe(error: &tokio_postgres::Error) -> String {
    if let Some(db) = error.as_db_error() {
        return format!("{} ({})", db.message(), db.code().code());
    }
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let more = inner.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        source = inner.source();
    }
    text
}
