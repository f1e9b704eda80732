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

#[cfg(test)]
mod tests {
    use super::super::template;
    use super::*;
    use crate::notify::Kind;

    fn notice(kind: Kind) -> Notice {
        Notice {
            kind,
            name: "qwen3-30b".into(),
            model_file: "Qwen3-30B-A3B-Q4_K_M.gguf".into(),
            job: "4711".into(),
            host: "gpu-05".into(),
            port: 52677,
            owner: "alice".into(),
            slurm_node: "gpu-05".into(),
            partition: "gpu".into(),
            gpus: "2 x h100".into(),
            started: "2026-11-21T09:35:00Z".parse().unwrap(),
            ends: Some("2026-11-21T17:35:00Z".parse().unwrap()),
            registry: "http://login1:5000".into(),
            ssh_via: "alice@login.example.org".into(),
            needs_key: true,
            connection_file: "/home/alice/my models/llama_server_connection_4711.txt".into(),
            log_file: "/home/alice/llama-4711.log".into(),
            reason: "llama-server ended with 1: failed to allocate buffer for kv cache".into(),
            log_tail: vec!["ggml_cuda_init: found 2 devices".into(), "\tout of memory".into()],
        }
    }

    /// Every text that a kind of notice is made of.
    fn texts(notice: &Notice, public: bool) -> String {
        let message = Message::new(notice, &TimeZone::UTC).through(public);
        let templates: [template::Template; 4] = match notice.kind {
            Kind::Ready => [
                template::READY_SUBJECT,
                template::READY_TEXT,
                template::NTFY_READY_TITLE,
                template::NTFY_READY_TEXT,
            ],
            Kind::Failed => [
                template::FAILED_SUBJECT,
                template::FAILED_TEXT,
                template::NTFY_FAILED_TITLE,
                template::NTFY_FAILED_TEXT,
            ],
        };
        let render = |template: template::Template| {
            format!("==== {}\n{}", template.name, template.render(None, &message).unwrap())
        };
        templates.map(render).concat()
    }

    #[test]
    fn every_message_reads_well_with_and_without_what_may_be_missing() {
        for kind in [Kind::Ready, Kind::Failed] {
            for (job, registry, via) in (0..8).map(|n| (n & 4 != 0, n & 2 != 0, n & 1 != 0)) {
                let mut notice = notice(kind);
                let mut name = format!("{kind:?}").to_lowercase();
                let mut keep = |keep: bool, word: &str, value: &mut String| match keep {
                    true => name.push_str(word),
                    false => value.clear(),
                };
                keep(job, "-job", &mut notice.job);
                keep(registry, "-registry", &mut notice.registry);
                keep(via, "-via", &mut notice.ssh_via);
                insta::assert_snapshot!(name, texts(&notice, false));
            }
        }
    }

    #[test]
    fn a_bare_notice_reads_well_too() {
        for kind in [Kind::Ready, Kind::Failed] {
            let bare = Notice {
                kind,
                name: "my model; id".into(),
                host: "::1".into(),
                port: if kind == Kind::Ready { 8080 } else { 0 },
                owner: "alice".into(),
                started: notice(kind).started,
                needs_key: kind == Kind::Failed,
                ends: None,
                model_file: String::new(),
                job: String::new(),
                slurm_node: String::new(),
                partition: String::new(),
                gpus: String::new(),
                registry: String::new(),
                ssh_via: String::new(),
                connection_file: String::new(),
                log_file: String::new(),
                reason: String::new(),
                log_tail: Vec::new(),
            };
            insta::assert_snapshot!(format!("{kind:?}-bare").to_lowercase(), texts(&bare, false));
        }
    }

    #[test]
    fn a_key_without_a_connection_file_is_pointed_to() {
        let mut notice = notice(Kind::Ready);
        notice.connection_file.clear();
        assert!(texts(&notice, false).contains("`llamactl connect qwen3-30b --print` shows it"));
    }

    #[test]
    fn a_public_push_server_is_not_told_where_the_server_is() {
        let private = texts(&notice(Kind::Ready), false);
        let public = texts(&notice(Kind::Ready), true);
        let push = |text: &str| text.split("ntfy-ready.txt.hbs").nth(1).unwrap().to_owned();
        assert!(push(&private).contains("gpu-05:52677"), "{private}");
        assert!(!push(&public).contains("gpu-05") && !push(&public).contains("52677"), "{public}");
    }

    #[test]
    fn hostile_values_stay_on_their_line() {
        let mut notice = notice(Kind::Failed);
        notice.name = "x\r\nBcc: y@z".into();
        notice.job = "1\n2".into();
        notice.log_tail = vec!["\x1b[31mred\u{2028}.\n~!id".into(); 500];
        let texts = texts(&notice, false);
        let control = |c: char| c != '\n' && (c.is_control() || c == '\u{2028}');
        assert!(!texts.contains(control), "{texts:?}");
        assert!(texts.contains("Name:     x  Bcc: y@z\n"), "{texts}");
        assert!(texts.contains("Job 1 2\n"), "{texts}");
        assert_eq!(texts.matches("red").count(), MAX_LOG_LINES);
    }

    #[test]
    fn what_people_paste_is_quoted() {
        let mut notice = notice(Kind::Ready);
        notice.name = "x; id".into();
        notice.ssh_via = "$(id)".into();
        let texts = texts(&notice, false);
        assert!(texts.contains("llamactl connect 'x; id' -- claude"), "{texts}");
        assert!(texts.contains(":52677 '$(id)'\n"), "{texts}");
        assert!(texts.contains("source '/home/alice/my models/llama"), "{texts}");
    }
}
