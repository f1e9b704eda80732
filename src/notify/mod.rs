//! Tells people what happened: mail and push.

mod email;
mod message;
mod ntfy;
pub mod outbox;
mod programs;
mod retry;
mod template;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::config::spec::NotifySpec;
use crate::domain::server::ServerInfo;
use crate::paths;
use crate::secret::{self, Secret};
use message::Message;
use retry::Fault;

/// Longest error of a delivery that others read, in characters.
const MAX_ERROR: usize = 200;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The server answers.
    Ready,
    /// It never became ready, or it crashed.
    Failed,
}

/// What templates can say. Every field that is unknown is empty, never missing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Notice {
    /// What happened.
    pub kind: Kind,
    /// Name of the server.
    pub name: String,
    /// Model file name or Hugging Face reference.
    pub model_file: String,
    /// Job id as SLURM's commands take it; empty outside SLURM.
    pub job: String,
    /// Host at which clients reach it.
    pub host: String,
    /// Port at which clients reach it; 0 when it never listened.
    pub port: u16,
    /// The user who runs it.
    pub owner: String,
    /// Its node, in SLURM's words.
    pub slurm_node: String,
    /// Its partition.
    pub partition: String,
    /// Its GPUs.
    pub gpus: String,
    /// When it started.
    pub started: Timestamp,
    /// When the walltime ends.
    pub ends: Option<Timestamp>,
    /// URL of the registry, whose root is the dashboard; empty without one.
    pub registry: String,
    /// Login host for tunnels; empty when not configured.
    pub ssh_via: String,
    /// Whether clients need an API key.
    pub needs_key: bool,
    /// Path of the connection file; empty when there is none.
    pub connection_file: String,
    /// Path of the job's log; empty when unknown.
    pub log_file: String,
    /// Why it failed.
    pub reason: String,
    /// The end of its log, for failures.
    pub log_tail: Vec<String>,
}

impl Notice {
    /// What is known of a server from what is told of it; the rest is empty.
    pub fn of(kind: Kind, info: ServerInfo) -> Notice {
        let in_slurm = info.slurm_node.is_some();
        Notice {
            kind,
            name: info.name.clone(),
            job: if in_slurm { info.job.job() } else { String::new() },
            model_file: info.model.file.unwrap_or(info.model.name),
            host: info.host,
            port: info.port,
            owner: info.owner,
            slurm_node: info.slurm_node.unwrap_or_default(),
            partition: info.partition.unwrap_or_default(),
            gpus: info.gpus.unwrap_or_default(),
            started: info.started,
            ends: info.ends,
            registry: String::new(),
            ssh_via: String::new(),
            needs_key: false,
            connection_file: String::new(),
            log_file: String::new(),
            reason: String::new(),
            log_tail: Vec::new(),
        }
    }
}

/// How one channel fared.
#[derive(Debug, Clone, Serialize)]
pub struct Delivery {
    /// `email` or `ntfy`.
    pub channel: &'static str,
    /// Whom it went to; only the beginning of a topic, since whoever knows it can read it.
    pub target: String,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it was given up; nothing when it was delivered.
    pub error: Option<String>,
}

/// Checks the mail address, the topic and the ntfy server of `targets` without telling anybody
/// anything: for commands that only tell later.
///
/// # Errors
/// What is wrong, as a lowercase fragment.
pub fn check(targets: &NotifySpec) -> Result<(), String> {
    if let Some(address) = &targets.email {
        email::address(address)?;
    }
    if let Some(topic) = &targets.ntfy_topic {
        ntfy::check_topic(topic)?;
        ntfy::server(targets)?;
    }
    Ok(())
}

/// An error of a delivery for others to read: words in which an address, a server or a topic of
/// `targets` may be are left out, and it is short.
pub fn without_names(error: &str, targets: &NotifySpec) -> String {
    let smtp = targets.smtp.as_ref();
    let names = [
        targets.email.as_deref(),
        targets.ntfy_topic.as_deref(),
        smtp.map(|smtp| smtp.host.as_str()),
        smtp.and_then(|smtp| smtp.username.as_deref()),
    ];
    let server = ntfy::server(targets).ok();
    let host = server.as_ref().and_then(|url| url.host_str());
    let names: Vec<&str> =
        names.into_iter().chain([host]).flatten().filter(|name| !name.is_empty()).collect();
    let hidden = |word: &str| {
        word.contains(['@', '/', '\\']) || names.iter().any(|name| word.contains(name))
    };
    let line = message::one_line(error);
    let words = line.split_whitespace().map(|word| if hidden(word) { "…" } else { word });
    let text = words.collect::<Vec<_>>().join(" ");
    let text: String = text.chars().take(MAX_ERROR).collect();
    if text.is_empty() { "it failed".to_owned() } else { text }
}

/// Sends `notice` to every target, all at the same time, with retries, and gives up after
/// `deadline`. Never fails: what could not be delivered is in the result, for the caller to tell.
pub async fn deliver(targets: &NotifySpec, notice: &Notice, deadline: Duration) -> Vec<Delivery> {
    if targets.is_empty() {
        return Vec::new();
    }
    let end = Instant::now() + deadline;
    let (email, ntfy) =
        tokio::join!(deliver_email(targets, notice, end), deliver_ntfy(targets, notice, end));
    email.into_iter().chain(ntfy).collect()
}

async fn deliver_email(targets: &NotifySpec, notice: &Notice, end: Instant) -> Option<Delivery> {
    let to = targets.email.clone()?;
    let target = message::one_line(&to);
    let mail = prepare(targets, notice, end, move |targets, notice| {
        let message = Message::new(notice, &TimeZone::system());
        email::Mail::new(targets, &to, notice, &message)
    });
    Some(match mail.await {
        Ok(mail) => tried("email", target, end, || mail.send()).await,
        Err(error) => refused("email", target, error),
    })
}

async fn deliver_ntfy(targets: &NotifySpec, notice: &Notice, end: Instant) -> Option<Delivery> {
    let topic = targets.ntfy_topic.clone()?;
    let target = match ntfy::server(targets) {
        Ok(server) => {
            format!("{} at {}", ntfy::masked(&topic), server.origin().ascii_serialization())
        }
        Err(_) => ntfy::masked(&topic),
    };
    let push = prepare(targets, notice, end, move |targets, notice| {
        let message = Message::new(notice, &TimeZone::system());
        ntfy::Push::new(targets, &topic, notice.kind, &message)
    });
    Some(match push.await {
        Ok(push) => tried("ntfy", target, end, || push.send()).await,
        Err(error) => refused("ntfy", target, error),
    })
}

/// Writes a message. That reads files, and a network disk that hangs must not hold up what else
/// runs here: the server's heartbeats.
async fn prepare<T: Send + 'static>(
    targets: &NotifySpec,
    notice: &Notice,
    end: Instant,
    write: impl FnOnce(&NotifySpec, &Notice) -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    let (mut targets, notice) = (targets.clone(), notice.clone());
    let written = tokio::task::spawn_blocking(move || {
        targets.templates = match targets.templates {
            Some(folder) => Some(at_home(&folder)),
            None => paths::config_dir().map(|folder| folder.join("templates")),
        };
        if let Some(folder) = &targets.templates {
            template::report_strays(folder);
        }
        write(&targets, &notice)
    });
    match tokio::time::timeout_at(end, written).await {
        Ok(Ok(result)) => result,
        Ok(Err(error)) => Err(format!("the message was not written: {error}")),
        Err(_) => Err("the message was not written in time; does a disk hang?".to_owned()),
    }
}

/// Tries one channel until it works or can't, and logs every failed try that another follows.
async fn tried<F, T>(channel: &'static str, target: String, end: Instant, send: F) -> Delivery
where
    F: FnMut() -> T,
    T: Future<Output = Result<(), Fault>>,
{
    let told = |tries: u32, reason: &str, wait: Duration| {
        let wait_ms = wait.as_millis() as u64;
        tracing::warn!(channel, target, tries, wait_ms, "notification not delivered yet: {reason}");
    };
    let (attempts, result) = retry::retry(end, send, told).await;
    let error = result.err().map(|reason| message::one_line(&reason));
    Delivery { channel, target, attempts, error }
}

/// What is wrong before the first try.
fn refused(channel: &'static str, target: String, error: String) -> Delivery {
    Delivery { channel, target, attempts: 0, error: Some(error) }
}

/// As [`secret::read_private`], of a path as people write it into YAML.
fn private_file(path: &Path) -> Result<Secret, String> {
    secret::read_private(&at_home(path))
}

/// `path` with a leading `~` replaced by the home folder, as people write it into YAML.
fn at_home(path: &Path) -> PathBuf {
    match path.strip_prefix("~") {
        Ok(rest) => paths::expand("~/").map_or_else(|_| path.to_owned(), |home| home.join(rest)),
        Err(_) => path.to_owned(),
    }
}
