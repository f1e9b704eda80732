//! What templates can say: a notice in words that are safe to put into a message.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::domain::notice::{Kind, Level, Notice};
use crate::domain::server;

/// Longest value of one line, in characters.
const MAX_LINE: usize = 1_000;
/// Most lines of a log that a message takes.
const MAX_LOG_LINES: usize = 50;
/// Most servers that a digest names.
const MAX_ITEMS: usize = 20;

/// The variables of the templates (`docs/notifications.md` lists them). Every value is one
/// line without control characters; what is unknown is empty.
#[derive(Debug, Clone, Serialize)]
pub struct Message {
    kind: Kind,
    level: Level,
    /// RFC 3339.
    time: String,
    name: String,
    model: String,
    job: String,
    host: String,
    /// 0 when it never listened, and where it is not told.
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
    labels: BTreeMap<String, String>,
    started: String,
    ends: String,
    /// URL of the registry, if it is a web address: a button may open it.
    dashboard: String,
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
    waited: String,
    estimated_start: String,
    ran_for: String,
    silent_for: String,
    /// Whole minutes until the walltime ends.
    minutes_left: i64,
    requests: String,
    tokens_in: String,
    tokens_out: String,
    /// Of events about a node.
    node: Option<Node>,
    subject: String,
    state: String,
    /// How many notices this message is made of.
    count: usize,
    items: Vec<Item>,
    /// How many more there are than `items`.
    more: usize,
    /// Whether they are of several kinds.
    mixed: bool,
    /// The same for all messages about a job.
    thread: String,
    /// Whether the message goes through a service that is open to the world.
    public: bool,
}

/// A node.
#[derive(Debug, Clone, Serialize)]
struct Node {
    name: String,
    role: String,
}

/// One notice of a digest.
#[derive(Debug, Clone, Serialize)]
struct Item {
    kind: Kind,
    name: String,
    job: String,
    host: String,
    address: String,
    reason: String,
}

impl Message {
    /// Puts notices into words, with times in `zone`: one, or a digest of several, which is
    /// about the worst of them. Through a service that is `public`, host and port are left out.
    pub fn new(notices: &[Notice], zone: &TimeZone, public: bool) -> Message {
        let none = Notice::default();
        let notice = worst(notices).unwrap_or(&none);
        let at = Address::of(notice, public);
        let skipped = notice.log_tail.len().saturating_sub(MAX_LOG_LINES);
        let login = one_line(&notice.ssh_via);
        let time = |at: Option<Timestamp>| at.map(|at| in_zone(at, zone)).unwrap_or_default();
        let number = |n: Option<u64>| n.map(|n| n.to_string()).unwrap_or_default();
        let left =
            notice.ends.map(|ends| (ends.duration_since(notice.time).as_secs().max(0) + 30) / 60);
        Message {
            kind: notice.kind,
            level: level(notice),
            time: notice.time.to_string(),
            name: one_line(&notice.name),
            model: one_line(match notice.model_file.as_str() {
                "" => &notice.model,
                file => file,
            }),
            job: job(&notice.job),
            url: at.url(),
            host: at.host,
            port: at.port,
            address: at.address,
            host_in_url: at.host_in_url,
            owner: one_line(&notice.owner),
            slurm_node: one_line(&notice.slurm_node),
            partition: one_line(&notice.partition),
            gpus: one_line(&notice.gpus),
            labels: notice.labels.iter().map(|(k, v)| (one_line(k), one_line(v))).collect(),
            started: time(notice.started),
            ends: time(notice.ends),
            dashboard: web_page(&notice.registry),
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
            waited: span(notice.waited),
            estimated_start: time(notice.estimated_start),
            ran_for: span(notice.ran_for),
            silent_for: span(notice.silent_for),
            minutes_left: left.unwrap_or_default(),
            requests: number(notice.requests),
            tokens_in: number(notice.tokens_in),
            tokens_out: number(notice.tokens_out),
            node: matches!(notice.kind, Kind::Offline | Kind::Online)
                .then(|| Node { name: one_line(&notice.name), role: one_line(&notice.role) }),
            subject: one_line(&notice.subject),
            state: one_line(&notice.state),
            count: notices.len(),
            items: notices.iter().take(MAX_ITEMS).map(|notice| item(notice, public)).collect(),
            more: notices.len().saturating_sub(MAX_ITEMS),
            mixed: notices.iter().any(|other| other.kind != notice.kind),
            thread: one_line(&notice.thread()),
            public,
        }
    }

    /// How bad it is.
    pub fn level(&self) -> Level {
        self.level
    }
}

/// Where a server is, in all the ways that messages say it.
struct Address {
    host: String,
    port: u16,
    address: String,
    host_in_url: String,
}

impl Address {
    fn of(notice: &Notice, public: bool) -> Address {
        let host = if public { String::new() } else { one_line(&notice.host) };
        let port = if public { 0 } else { notice.port };
        let host_in_url = server::url_host(&host).into_owned();
        let known = !host.is_empty() && port != 0;
        let address = if known { server::authority(&host, port) } else { String::new() };
        Address { host, port, address, host_in_url }
    }

    fn url(&self) -> String {
        match self.address.as_str() {
            "" => String::new(),
            address => format!("http://{address}"),
        }
    }
}

fn item(notice: &Notice, public: bool) -> Item {
    let at = Address::of(notice, public);
    Item {
        kind: notice.kind,
        name: one_line(&notice.name),
        job: job(&notice.job),
        host: at.host,
        address: at.address,
        reason: one_line(&notice.reason),
    }
}

/// The notice that a digest is about: the first of the worst.
pub fn worst(notices: &[Notice]) -> Option<&Notice> {
    notices.iter().rev().max_by_key(|notice| level(notice))
}

/// How bad it is: of a job that SLURM writes about, its state says it.
fn level(notice: &Notice) -> Level {
    match (notice.kind, notice.state.as_str()) {
        (Kind::Job, "COMPLETED") => Level::Good,
        (Kind::Job, "" | "RUNNING" | "PENDING" | "REQUEUED" | "CANCELLED") => Level::Info,
        (Kind::Job, "TIME_LIMIT_50" | "TIME_LIMIT_80" | "TIME_LIMIT_90") => Level::Warning,
        (Kind::Job, _) => Level::Bad,
        (kind, _) => kind.level(),
    }
}

/// `text` as one line of bounded length: control characters and line separators become spaces,
/// and the marks that turn the direction of what follows are dropped.
pub fn one_line(text: &str) -> String {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let turns = |c: &char| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let clean = text.chars().filter(|c| !turns(c)).map(|c| if breaks(c) { ' ' } else { c });
    clean.take(MAX_LINE).collect::<String>().trim_end().to_owned()
}

/// A job id, which stands in lines that people paste: clients of the older registry choose it.
fn job(id: &str) -> String {
    let id = one_line(id);
    if id.is_empty() { id } else { quoted(&id) }
}

/// `text` as one word of a shell line, for people to paste.
fn quoted(text: &str) -> String {
    // It has no NUL, which alone can't be quoted.
    shlex::try_quote(text).unwrap_or(Cow::Borrowed("''")).into_owned()
}

/// `text` when it is a web address, which alone a button may open.
fn web_page(text: &str) -> String {
    let url = url::Url::parse(text).ok();
    let page = url.filter(|url| matches!(url.scheme(), "http" | "https"));
    page.map_or(String::new(), |url| url.to_string())
}

fn in_zone(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string()
}

/// A time span as people say it: `2 h 5 min`, `40 s`.
fn span(seconds: Option<u64>) -> String {
    let Some(seconds) = seconds else { return String::new() };
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, 0, _) => format!("{days} d"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}
