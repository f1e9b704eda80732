//! What templates can say: a notice in words that are safe to put into a message.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::Notice;

/// Longest value of one line, in characters.
const MAX_LINE: usize = 1_000;
/// Most lines of a log that a message takes.
const MAX_LOG_LINES: usize = 50;

/// The variables of the templates (`docs/notifications.md` lists them). Every value is one
/// line without control characters; what is unknown is empty.
#[derive(Debug, Clone, Serialize)]
pub struct Message {
    name: String,
    model: String,
    job: String,
    host: String,
    /// 0 when it never listened.
    port: u16,
    /// `HOST:PORT`.
    address: String,
    /// `http://HOST:PORT`.
    url: String,
    /// The host with brackets around an IPv6 address.
    host_in_url: String,
    owner: String,
    slurm_node: String,
    partition: String,
    gpus: String,
    started: String,
    ends: String,
    /// URL of the registry.
    pub dashboard: String,
    /// Login host for tunnels, quoted for a shell.
    login: String,
    /// The server's name, quoted for a shell.
    target: String,
    needs_key: bool,
    /// What stands for the API key in shell lines. Never the key.
    token: &'static str,
    /// Quoted for a shell.
    connection_file: String,
    log_file: String,
    reason: String,
    log_tail: Vec<String>,
    /// Whether the message goes through a server that is open to the world.
    public: bool,
}

impl Message {
    /// Puts a notice into words, with times in `zone`.
    pub fn new(notice: &Notice, zone: &TimeZone) -> Message {
        let host = one_line(&notice.host);
        let host_in_url = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        let known = !host.is_empty() && notice.port != 0;
        let address = if known { format!("{host_in_url}:{}", notice.port) } else { String::new() };
        let skipped = notice.log_tail.len().saturating_sub(MAX_LOG_LINES);
        let login = one_line(&notice.ssh_via);
        Message {
            name: one_line(&notice.name),
            model: one_line(&notice.model_file),
            job: one_line(&notice.job),
            url: if known { format!("http://{address}") } else { String::new() },
            host,
            port: notice.port,
            address,
            host_in_url,
            owner: one_line(&notice.owner),
            slurm_node: one_line(&notice.slurm_node),
            partition: one_line(&notice.partition),
            gpus: one_line(&notice.gpus),
            started: time(notice.started, zone),
            ends: notice.ends.map(|ends| time(ends, zone)).unwrap_or_default(),
            dashboard: one_line(&notice.registry),
            login: if login.is_empty() { "login-node".to_owned() } else { quoted(&login) },
            target: quoted(&one_line(&notice.name)),
            needs_key: notice.needs_key,
            token: if notice.needs_key { "\"$LLAMA_API_KEY\"" } else { "none" },
            connection_file: match notice.connection_file.as_str() {
                "" => String::new(),
                path => quoted(&one_line(path)),
            },
            log_file: one_line(&notice.log_file),
            reason: one_line(&notice.reason),
            log_tail: notice.log_tail.iter().skip(skipped).map(|line| one_line(line)).collect(),
            public: false,
        }
    }

    /// The same for a server that is open to the world, or not.
    pub fn through(mut self, public: bool) -> Message {
        self.public = public;
        self
    }
}

/// `text` as one line of bounded length: control characters and line separators become spaces.
pub fn one_line(text: &str) -> String {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let clean = text.chars().map(|c| if breaks(c) { ' ' } else { c });
    clean.take(MAX_LINE).collect::<String>().trim_end().to_owned()
}

/// `text` as one word of a shell line, for people to paste.
fn quoted(text: &str) -> String {
    // It has no NUL, which alone can't be quoted.
    shlex::try_quote(text).unwrap_or(Cow::Borrowed("''")).into_owned()
}

fn time(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string()
}
