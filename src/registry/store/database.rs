//! Which database it is, from its URL.

use std::fmt;
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::{self, Address};
use super::listen::{Listener, Replica};
use super::place;
use super::postgres::Postgres;
use super::schema;
use super::sql::{Schema, Sql, SqlError};
use super::sqlite::Sqlite;
use crate::exit::Failure;

/// A database, not opened yet.
#[derive(Debug, Clone)]
pub enum Database {
    /// A file.
    Sqlite(PathBuf),
    /// A database of a server.
    Postgres(Box<Address>),
}

const HINT: &str = "give sqlite:PATH, or postgres://USER@HOST/NAME";

impl Database {
    /// The database of a URL: `sqlite:PATH`, `postgres://USER:PASSWORD@HOST:PORT/NAME` or
    /// `postgres:///NAME?host=/SOCKET/FOLDER`.
    ///
    /// # Errors
    /// Anything else, as a usage error, which never shows a password.
    pub fn parse(url: &str) -> Result<Database, Failure> {
        if url.starts_with("sqlite:") {
            return place::parse_url(url).map(Database::Sqlite);
        }
        match url.split_once(':') {
            Some(("postgres" | "postgresql", rest)) => {
                let rest = rest.strip_prefix("//").ok_or_else(|| {
                    Failure::usage("a postgres URL begins with postgres://").hint(HINT)
                })?;
                postgres(&format!("postgres://{rest}"))
            }
            Some((scheme, _)) if !scheme.is_empty() && !scheme.contains('/') => {
                let text = format!("database {scheme}:…: only sqlite and postgres are supported");
                Err(Failure::usage(text).hint(HINT))
            }
            _ => {
                let text = format!("database {url:?}: it must begin with sqlite: or postgres:");
                Err(Failure::usage(text).hint(HINT))
            }
        }
    }

    /// The SQLite file that is used when nobody names a database.
    ///
    /// # Errors
    /// When there is no home folder.
    pub fn default_file() -> Result<Database, Failure> {
        let dir = crate::paths::data_dir().ok_or_else(|| {
            Failure::usage("there is no home folder to keep the database in")
                .hint("give a file with --database sqlite:PATH")
        })?;
        Ok(Database::Sqlite(dir.join("registry.db")))
    }

    /// Makes sure that it may be used: an SQLite file by one registry only, while the result
    /// is held.
    ///
    /// # Errors
    /// As [`place::claim`].
    pub fn claim(&self) -> anyhow::Result<Option<File>> {
        match self {
            Database::Sqlite(path) => place::claim(path).map(Some),
            Database::Postgres(_) => Ok(None),
        }
    }

    /// A connection for a tool that works beside the registry, whose tables are of this version;
    /// `make` lets it make what is not there. As [`Self::connect`], not where blocking is wrong.
    ///
    /// # Errors
    /// As [`Self::connect`], and a database of another version.
    pub fn for_tool(&self, make: bool) -> anyhow::Result<Box<dyn Sql>> {
        if let Database::Sqlite(path) = self {
            if make {
                place::prepare(path)?;
            } else if !path.is_file() {
                return Err(Failure::new(format!("there is no database {self}"))
                    .hint("name the registry's with --database")
                    .into());
            }
        }
        let mut db = self.connect(Replica::random())?;
        if make && db.schema()? == Schema::Empty {
            schema::migrate(db.as_mut(), &self.to_string())?;
        }
        schema::check(db.as_mut()).map_err(|error| {
            Failure::new(format!("can't use the database {self}: {error}"))
                .hint("use the llamactl that the registry runs with")
        })?;
        Ok(db)
    }

    /// A connection that writes for `replica`. Not on a thread that must not block; so for
    /// [`Self::reader`].
    ///
    /// # Errors
    /// When there is no such database, or it can't be reached.
    pub fn connect(&self, replica: Replica) -> anyhow::Result<Box<dyn Sql>> {
        match self {
            Database::Sqlite(path) => Ok(Box::new(Sqlite::open(path)?)),
            Database::Postgres(target) => {
                let mut db = Postgres::new(Address::clone(target), replica)?;
                db.reconnect().map_err(|error| {
                    Failure::new(format!("can't connect to the database {error}"))
                        .hint("is PostgreSQL there, and may this user use it? docs/operating.md")
                })?;
                Ok(Box::new(db))
            }
        }
    }

    /// A connection that only reads.
    ///
    /// # Errors
    /// As [`Self::connect`].
    pub fn reader(&self) -> anyhow::Result<Box<dyn Sql>> {
        let failed = |error: SqlError| Failure::new(format!("can't read {self}: {error}"));
        match self {
            Database::Sqlite(path) => Ok(Box::new(Sqlite::reader(path).map_err(failed)?)),
            // It connects when it is used.
            Database::Postgres(target) => {
                Ok(Box::new(Postgres::new(Address::clone(target), Replica::default())?))
            }
        }
    }

    /// Calls `wake` whenever another replica has written events, where the database tells that.
    ///
    /// # Errors
    /// When the system has no room for a thread.
    pub fn listen(
        &self,
        replica: Replica,
        wake: impl Fn() + Send + 'static,
    ) -> std::io::Result<Option<Listener>> {
        match self {
            Database::Sqlite(_) => Ok(None),
            Database::Postgres(target) => {
                Listener::start(Address::clone(target), replica, wake).map(Some)
            }
        }
    }
}

impl fmt::Display for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Database::Sqlite(path) => write!(f, "{}", path.display()),
            Database::Postgres(target) => f.write_str(&target.name()),
        }
    }
}

fn postgres(url: &str) -> Result<Database, Failure> {
    let (base, query) = url.split_once('?').unwrap_or((url, ""));
    let (mut secure, mut roots, mut kept) = (false, None, Vec::new());
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=').unwrap_or((pair, "")) {
            ("sslmode", "disable") => {}
            // Whoever asks for TLS gets it verified: without that it keeps nobody out.
            ("sslmode", "require" | "verify-ca" | "verify-full") => secure = true,
            ("sslmode", other) => {
                return Err(Failure::usage(format!("database: there is no sslmode {other:?}"))
                    .hint("disable, require or verify-full"));
            }
            ("sslrootcert", path) => roots = Some(path.replace("%2F", "/")),
            _ => kept.push(pair),
        }
    }
    let url = if kept.is_empty() { base.to_owned() } else { format!("{base}?{}", kept.join("&")) };
    // The error may name a part of the URL, but never its password.
    let mut config: tokio_postgres::Config = url.parse().map_err(|error| {
        let reason = address::describe(&error);
        Failure::usage(format!("the postgres URL can't be read: {reason}")).hint(HINT)
    })?;
    if config.get_hosts().is_empty() {
        config.host_path("/var/run/postgresql");
    }
    config
        .ssl_mode(if secure { SslMode::Require } else { SslMode::Disable })
        .application_name("llamactl registry")
        .connect_timeout(address::CONNECT)
        .tcp_user_timeout(address::SILENCE)
        .keepalives_idle(address::SILENCE);
    let tls = tls(roots.as_deref())?;
    Ok(Database::Postgres(Box::new(Address { config, tls })))
}

fn tls(roots: Option<&str>) -> Result<MakeRustlsConnect, Failure> {
    let mut store = RootCertStore::empty();
    match roots {
        None => store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(path) => {
            let failed = |error: &dyn fmt::Display| {
                Failure::usage(format!("sslrootcert {path}: {error}"))
                    .hint("give a PEM file with the certificate of PostgreSQL's authority")
            };
            let certificates =
                CertificateDer::pem_file_iter(path).map_err(|error| failed(&error))?;
            for certificate in certificates {
                let certificate = certificate.map_err(|error| failed(&error))?;
                store.add(certificate).map_err(|error| failed(&error))?;
            }
            if store.is_empty() {
                return Err(failed(&"it has no certificate"));
            }
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::new(format!("TLS can't be used: {error}")))?
        .with_root_certificates(store)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_a_database_or_are_refused_without_their_password() {
        let name = |url: &str| Database::parse(url).unwrap().to_string();
        assert_eq!(name("sqlite:/var/x.db"), "/var/x.db");
        assert_eq!(name("postgres://u:secret@h:5433/d"), "postgres://h:5433/d");
        assert_eq!(name("postgresql://u@h/d?sslmode=require"), "postgres://h/d");
        assert_eq!(name("postgres:///d?host=/run/pg&user=u"), "postgres:///run/pg/d");
        assert_eq!(name("postgres:///d?user=u"), "postgres:///var/run/postgresql/d");
        for bad in [
            "",
            "x.db",
            "mysql://u:secret@h/d",
            "postgres:d",
            "postgres://u:secret@h/d?sslmode=maybe",
            "postgres://u:secret@h:port/d",
            "postgres://u:secret@h/d?nonsense=1",
            "postgres://u:secret@h/d?sslrootcert=/nowhere",
        ] {
            let error = Database::parse(bad).unwrap_err();
            assert!(!error.to_string().contains("secret"), "{bad}: {error}");
        }
        let debug = format!("{:?}", Database::parse("postgres://u:secret@h/d").unwrap());
        assert!(!debug.contains("secret"), "{debug}");
    }
}
