//! Tells people what happened, by every channel: mail, HTTP services, programs of the site's own.
//!
//! A notice becomes a [`parcel::Parcel`] for each target, which is sent until it works, can't
//! work, or the time is over.

mod abroad;
pub mod channel;
mod email;
mod files;
mod helpers;
mod http;
pub mod mailprog;
mod message;
pub mod outbox;
pub mod parcel;
pub mod plugin;
pub mod post;
mod programs;
mod retry;
pub mod rules;
pub mod template;

use serde::Serialize;
use tokio::time::Instant;

use crate::config::spec::NotifySpec;
use crate::domain::target::Target;
use parcel::Parcel;

pub use crate::domain::notice::{Kind, Level, Notice};
pub use abroad::abroad;
pub use message::one_line;
pub use retry::Fault;

/// Longest error of a delivery that others read, in characters.
const MAX_ERROR: usize = 200;

/// How one channel fared.
#[derive(Debug, Clone, Serialize)]
pub struct Delivery {
    /// The channel's name.
    pub channel: String,
    /// Whom it went to, as it may be shown.
    pub target: String,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it was given up; nothing when it was delivered.
    pub error: Option<String>,
}

/// Checks every target without telling anybody anything: for commands that only tell later.
///
/// # Errors
/// What is wrong, as a lowercase fragment.
pub fn check(how: &NotifySpec) -> Result<(), String> {
    let of_rules = how.rules.iter().flat_map(|rule| &rule.notify);
    how.to.iter().chain(of_rules).try_for_each(|target| parcel::check(how, target))
}

/// An error of a delivery for others to read: words in which an address, a server or a topic of
/// `how` may be are left out, and it is short.
pub fn without_names(error: &str, how: &NotifySpec) -> String {
    let mut names: Vec<String> = Vec::new();
    for target in how.to.iter().filter_map(|target| Target::parse(target).ok()) {
        names.extend(target.address().map(str::to_owned));
        names.extend([target.host(), target.user(), target.password()]);
        names.extend(target.parts());
    }
    if let Some(smtp) = &how.smtp {
        names.push(smtp.host.clone());
        names.extend(smtp.username.clone());
    }
    let server = parcel::server(how).ok();
    names.extend(server.as_ref().and_then(|url| url.host_str()).map(str::to_owned));
    names.retain(|name| !name.is_empty());
    let hidden = |word: &str| {
        word.contains(['@', '/', '\\']) || names.iter().any(|name| word.contains(name.as_str()))
    };
    let line = message::one_line(error);
    let words = line.split_whitespace().map(|word| if hidden(word) { "…" } else { word });
    let text = words.collect::<Vec<_>>().join(" ");
    let text: String = text.chars().take(MAX_ERROR).collect();
    if text.is_empty() { "it failed".to_owned() } else { text }
}

/// Writes a message. That reads files, and a network disk that hangs must not hold up what else
/// runs here: the server's heartbeats.
///
/// # Errors
/// As [`Parcel::new`], or when it takes longer than until `end`.
pub async fn prepare(
    how: &NotifySpec,
    target: &str,
    notices: &[Notice],
    key: &str,
    end: Instant,
) -> Result<Parcel, String> {
    let (how, target, key) = (how.clone(), target.to_owned(), key.to_owned());
    let notices = notices.to_vec();
    let written = tokio::task::spawn_blocking(move || {
        parcel::templates(&how).report_strays();
        Parcel::new(&how, &target, &notices, &key)
    });
    match tokio::time::timeout_at(end, written).await {
        Ok(Ok(result)) => result,
        Ok(Err(error)) => Err(format!("the message was not written: {error}")),
        Err(_) => Err("the message was not written in time; does a disk hang?".to_owned()),
    }
}

/// Channel and target as they may be shown.
fn shown(target: &str) -> (String, String) {
    match Target::parse(target) {
        Ok(target) => match target.address() {
            Some(address) => (target.channel().to_owned(), address.to_owned()),
            None => (target.channel().to_owned(), target.masked()),
        },
        Err(_) => ("unknown".to_owned(), "…".to_owned()),
    }
}
