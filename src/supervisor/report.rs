//! What is left behind and told: the connection file, notices, the words for a failure, and
//! the folder of the socket.

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;

use super::machine::{End, Ended};
use super::setup::Setup;
use crate::api::Notified;
use crate::config::spec::NotifySpec;
use crate::connection::{self, Connection};
use crate::engine::llama;
use crate::exit::{Exit, Failure};
use crate::notify::{self, Delivery, Kind, Notice};
use crate::secret::Secret;

/// Lines of the log in the notification of a failure.
const TAIL: usize = 20;
/// Longest path of a unix socket that every system takes, with the byte that ends it.
const MAX_SOCKET: usize = 100;

/// A connection file that we wrote.
#[derive(Debug)]
pub struct OurFile {
    path: PathBuf,
    connection: Connection,
}

impl OurFile {
    /// Writes it into `dir`. Where that fails the server goes on, and the log says so.
    pub async fn write(connection: Connection, dir: &Path) -> Option<OurFile> {
        let (copy, to) = (connection.clone(), dir.to_owned());
        // The folder may be on a slow network disk.
        let written = tokio::task::spawn_blocking(move || copy.write(&to)).await;
        match written.map_err(anyhow::Error::from).and_then(|written| written) {
            Ok(path) => {
                tracing::info!("connection file: {}", path.display());
                Some(OurFile { path, connection })
            }
            Err(error) => {
                tracing::warn!("there is no connection file in {}: {error:#}", dir.display());
                None
            }
        }
    }

    /// Its path, as text.
    pub fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// Removes it, unless a later start of the same job has written its own.
    pub fn remove(self) {
        let now = std::fs::read_to_string(&self.path).ok();
        if now.and_then(|text| Connection::parse(&text)).as_ref() == Some(&self.connection) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Removes the connection file that an earlier start of this job left when it was killed: it
/// would send people to a server that is gone.
pub fn remove_stale(dir: &Path, job: &str) {
    let _ = std::fs::remove_file(dir.join(connection::file_name(job)));
}

/// A folder for the socket: its name is random, and nobody else can look into it.
///
/// # Errors
/// When there is no place for it.
pub fn socket_folder() -> Result<tempfile::TempDir, Failure> {
    let private = std::fs::Permissions::from_mode(0o700);
    // Not XDG_RUNTIME_DIR: it is taken away when the user's last session on the node ends.
    let places = [std::env::temp_dir(), PathBuf::from("/tmp")];
    let mut refusal = None;
    for place in places.iter().filter(|place| place.is_absolute()) {
        let mut builder = tempfile::Builder::new();
        let made = builder.prefix("llamactl-").permissions(private.clone()).tempdir_in(place);
        match made {
            Ok(folder) if folder.path().as_os_str().as_bytes().len() + 20 < MAX_SOCKET => {
                return Ok(folder);
            }
            Ok(_) => {}
            Err(error) => refusal = Some(format!("{}: {error}", place.display())),
        }
    }
    let why = refusal.unwrap_or_else(|| "every path is too long".to_owned());
    Err(Failure::new(format!("there is no place for llama-server's socket: {why}"))
        .hint("set TMPDIR to a folder with a short path that you can write to"))
}

/// What is told, as far as the setup knows it.
pub fn notice(setup: &Setup) -> Notice {
    let spec = &setup.spec;
    Notice {
        registry: spec.registry.clone().unwrap_or_default(),
        ssh_via: spec.ssh_via.clone().unwrap_or_default(),
        log_file: setup.log_file.clone(),
        ..Notice::of(Kind::Ready, setup.info.clone())
    }
}

/// The end of the log for a notice, without the key, should the server have printed it.
pub fn tail(mut lines: Vec<String>, key: Option<&Secret>) -> Vec<String> {
    let mut tail = lines.split_off(lines.len().saturating_sub(TAIL));
    if let Some(key) = key {
        tail.iter_mut().for_each(|line| *line = line.replace(key.expose(), "…"));
    }
    tail
}

/// How notifications fared, as the registry is told: without whom they went to.
pub fn notified(targets: &NotifySpec, event: &str, deliveries: &[Delivery]) -> Vec<Notified> {
    let told = |delivery: &Delivery| Notified {
        event: event.to_owned(),
        channel: delivery.channel.clone(),
        ok: delivery.error.is_none(),
        error: delivery.error.as_deref().map(|error| notify::without_names(error, targets)),
    };
    deliveries.iter().map(told).collect()
}

/// Logs how notifications fared.
pub fn log(deliveries: &[Delivery]) {
    for Delivery { channel, target, attempts, error } in deliveries {
        match error {
            None => tracing::info!("{channel} sent to {target}"),
            Some(error) => {
                tracing::warn!("{channel} to {target} failed after {attempts} tries: {error}");
            }
        }
    }
}

/// What to say of this end, and the exit code; nothing when it is as it should be.
pub fn failure(end: End, lines: &[String], setup: &Setup) -> Option<Failure> {
    let because = llama::reason(lines).map_or(String::new(), |reason| format!(": {reason}"));
    let code = |ended: Ended| Exit::of_child(ended.code, ended.signal);
    match end {
        End::Stopped => None,
        End::StoppedBadly(ended) => Some(Failure::with_exit(
            code(ended),
            format!("llama-server {} while it was stopped", in_words(ended)),
        )),
        End::TooSlow => {
            let limit = setup.spec.server.start_timeout.as_deref().unwrap_or("30m");
            let message = format!("llama-server was not ready within {limit}{because}");
            Some(Failure::new(message).hint("set server.start_timeout to a longer time"))
        }
        End::NeverReady(ended) => {
            let exit = if ended.code == Some(0) { Exit::FAILURE } else { code(ended) };
            let message = format!("llama-server {} before it was ready{because}", in_words(ended));
            Some(hinted(Failure::with_exit(exit, message), ended))
        }
        End::Crashed(ended) => {
            let message = format!("llama-server {}, and nobody had asked for it", in_words(ended));
            let message = if ended.code == Some(0) { message } else { message + &because };
            Some(hinted(Failure::with_exit(code(ended), message), ended))
        }
    }
}

fn hinted(failure: Failure, ended: Ended) -> Failure {
    match ended.signal {
        Some(9) => failure.hint("if it was out of memory, ask for more with slurm.mem"),
        Some(4) => failure.hint("it may be built for another kind of CPU"),
        _ => failure,
    }
}

/// How a child ended, in words.
fn in_words(ended: Ended) -> String {
    match (ended.code, ended.signal) {
        (Some(code), _) => format!("ended with code {code}"),
        (None, Some(signal)) => match Signal::try_from(signal) {
            Ok(name) => format!("was killed by signal {signal} ({name})"),
            Err(_) => format!("was killed by signal {signal}"),
        },
        (None, None) => "ended".to_owned(),
    }
}
