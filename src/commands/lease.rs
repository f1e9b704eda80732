//! What `register`, `heartbeat` and `unregister` share: the registry to use, and the file
//! that keeps the lease from one to the next.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::api::{LeaseGrant, RegisterRequest};
use crate::chance;
use crate::client::pace::Pace;
use crate::client::{ClientError, RegistryClient};
use crate::commands::Context;
use crate::config::token::token;
use crate::config::{resolve, units};
use crate::connection::write_private;
use crate::exit::{Exit, Failure};

/// How long a `heartbeat --loop` that registered anew may take to write the file.
const REWRITTEN: Duration = Duration::from_millis(200);

/// A lease file: what proves the lease, and what it takes to register anew. It has secrets,
/// and is 0600.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LeaseFile {
    /// The registry's URL.
    pub registry: String,
    /// The lease.
    pub lease: LeaseGrant,
    /// The registration.
    pub server: RegisterRequest,
}

impl LeaseFile {
    /// Reads the file that `register` wrote.
    ///
    /// # Errors
    /// A usage error when it is not there, or is something else.
    pub fn read(path: &Path) -> Result<LeaseFile, Failure> {
        let name = path.display();
        let hint = "`llamactl register --lease-file` writes it";
        let text = std::fs::read_to_string(path).map_err(|error| {
            Failure::usage(format!("the lease file {name} can't be read: {error}")).hint(hint)
        })?;
        serde_json::from_str(&text).map_err(|error| {
            Failure::usage(format!("{name} is not a lease file: {error}")).hint(hint)
        })
    }

    /// Writes it, 0600.
    ///
    /// # Errors
    /// When the folder can't be written to.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_vec_pretty(self)?;
        let name = path.display();
        write_private(path, &text)
            .with_context(|| format!("the lease file {name} can't be written"))
    }

    /// The registry that gave the lease, with the user's token for it. Where that can't be read
    /// the registry will say so: beats must not end for it.
    pub fn client(&self) -> RegistryClient {
        let settings = resolve::settings(Some(&self.registry)).unwrap_or_default();
        let token = token(settings.registry.token_file.as_deref()).unwrap_or_else(|failure| {
            tracing::warn!("{failure}");
            None
        });
        RegistryClient::new(&self.registry).token(token)
    }
}

/// The registry to use: `--registry`, else `REGISTRY_URL`, else the configuration's.
///
/// # Errors
/// A usage error when there is none.
pub fn registry_url(context: &Context) -> anyhow::Result<String> {
    let settings = resolve::settings(context.global.registry.as_deref())?;
    Ok(settings.registry.url.ok_or_else(|| {
        Failure::usage("no registry is configured").hint(
            "pass --registry http://HOST:PORT, set REGISTRY_URL, or registry.url in \
                   ~/.config/llamactl/config.yaml",
        )
    })?)
}

/// The registry to use, with the user's token for it.
///
/// # Errors
/// As [`registry_url`], and a token that can't be read.
pub fn client(context: &Context) -> anyhow::Result<RegistryClient> {
    let url = registry_url(context)?;
    let settings = resolve::settings(context.global.registry.as_deref())?;
    let token = token(settings.registry.token_file.as_deref())?;
    Ok(RegistryClient::new(&url).token(token))
}

/// Reads a time that a flag gives, as `15s` or `1h`; `0` is none at all.
///
/// # Errors
/// A usage error that names the flag.
pub fn time(flag: &str, text: &str) -> Result<Duration, Failure> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    units::duration(text).map_err(|why| Failure::usage(format!("{flag}: {why}")))
}

/// Calls the registry until it answers, or `limit` is over.
///
/// # Errors
/// The last answer.
pub async fn until_answered<T, F>(
    limit: Duration,
    mut call: impl FnMut() -> F,
) -> Result<T, ClientError>
where
    F: Future<Output = Result<T, ClientError>>,
{
    let deadline = Instant::now() + limit;
    let mut pace = Pace::watched();
    loop {
        let answer = call().await;
        let wait = pace.failed(chance::fraction());
        if !matches!(answer, Err(ClientError::Unreachable { .. }))
            || Instant::now() + wait >= deadline
        {
            return answer;
        }
        tokio::time::sleep(wait).await;
    }
}

/// Calls the registry with the lease in the file at `path`. Where the lease is refused, a
/// `heartbeat --loop` may have registered anew in this moment, and be about to write the file:
/// when a different lease is in it soon after, that one counts.
///
/// # Errors
/// The registry's refusal, or a file that can't be read.
pub async fn with_current<T, F>(
    path: &Path,
    mut call: impl FnMut(LeaseFile) -> F,
) -> Result<T, Failure>
where
    F: Future<Output = Result<T, ClientError>>,
{
    let file = LeaseFile::read(path)?;
    let stale = file.lease.secret.clone();
    let answer = call(file).await;
    if let Err(ClientError::Superseded(_)) = answer {
        tokio::time::sleep(REWRITTEN).await;
        let file = LeaseFile::read(path)?;
        if file.lease.secret != stale {
            return call(file).await.map_err(refused);
        }
    }
    answer.map_err(refused)
}

/// A refusal of the registry, with the exit code that scripts look at.
pub fn refused(error: ClientError) -> Failure {
    let message = error.to_string();
    match error {
        ClientError::Unreachable { .. } => {
            Failure::new(message).hint("is the URL right, and does it run? `llamactl doctor` looks")
        }
        ClientError::Unknown(_) => {
            Failure::with_exit(Exit::GONE, message).hint("register again: `llamactl register`")
        }
        ClientError::Superseded(_) => Failure::with_exit(Exit::SUPERSEDED, message)
            .hint("a newer start of the job has the entry; nothing was changed"),
        ClientError::Refused { hint, .. } => match hint {
            Some(hint) => Failure::new(message).hint(hint),
            None => Failure::new(message),
        },
    }
}
