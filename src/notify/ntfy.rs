//! Push messages through an ntfy server: JSON to its root, since an emoji breaks a header.
//! Format: <https://docs.ntfy.sh/publish/#publish-as-json>

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::RETRY_AFTER;
use reqwest::{StatusCode, Url};
use serde::{Deserialize, Serialize};

use super::message::{Message, one_line};
use super::retry::Fault;
use super::template::{NTFY_FAILED_TEXT, NTFY_FAILED_TITLE, NTFY_READY_TEXT, NTFY_READY_TITLE};
use super::{Kind, private_file};
use crate::config::spec::NotifySpec;
use crate::http::{cause, http};
use crate::secret::Secret;

/// The server where none is named.
pub const DEFAULT_SERVER: &str = "https://ntfy.sh";

/// ntfy turns longer messages into attachments (`message-size-limit`), in bytes.
const MAX_MESSAGE: usize = 4_000;
/// How long one try may take.
const TRY: Duration = Duration::from_secs(20);
/// ntfy's `high`: a long vibration and a pop-over.
const HIGH: u8 = 4;

/// One push message and where it goes.
#[derive(Debug)]
pub struct Push {
    server: Url,
    token: Option<Secret>,
    body: Body,
}

#[derive(Debug, Serialize)]
struct Body {
    topic: String,
    title: String,
    message: String,
    priority: u8,
    tags: [&'static str; 2],
    #[serde(skip_serializing_if = "Option::is_none")]
    click: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    actions: Vec<Action>,
}

#[derive(Debug, Serialize)]
struct Action {
    action: &'static str,
    label: &'static str,
    url: String,
}

/// ntfy's own error answer.
#[derive(Debug, Deserialize)]
struct Refusal {
    error: String,
}

impl Push {
    /// Makes the message for `topic`.
    ///
    /// # Errors
    /// A wrong topic or server, or a token file that can't be read.
    pub fn new(
        targets: &NotifySpec,
        topic: &str,
        kind: Kind,
        message: &Message,
    ) -> Result<Push, String> {
        check_topic(topic)?;
        let server = server(targets)?;
        let token = targets.ntfy_token_file.as_deref().map(token).transpose()?;
        let message = message.clone().through(is_public(&server));
        let (title, text, sign) = match kind {
            Kind::Ready => (NTFY_READY_TITLE, NTFY_READY_TEXT, "white_check_mark"),
            Kind::Failed => (NTFY_FAILED_TITLE, NTFY_FAILED_TEXT, "x"),
        };
        let folder = targets.templates.as_deref();
        let dashboard = web_page(&message.dashboard);
        let view = |url: String| Action { action: "view", label: "Open dashboard", url };
        let body = Body {
            topic: topic.to_owned(),
            title: one_line(title.render(folder, &message)?.trim()),
            message: bounded(text.render(folder, &message)?.trim_end()),
            priority: HIGH,
            tags: [sign, "llama"],
            click: dashboard.clone(),
            actions: dashboard.map(view).into_iter().collect(),
        };
        Ok(Push { server, token, body })
    }

    /// Tries once to publish it.
    ///
    /// # Errors
    /// Why it failed, and whether trying again may help.
    pub async fn send(&self) -> Result<(), Fault> {
        let transient = |error: reqwest::Error| Fault::transient(cause(&error));
        let client = http().map_err(|error| Fault::Permanent(cause(&error)))?;
        let mut request = client.post(self.server.clone()).timeout(TRY).json(&self.body);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.expose());
        }
        let response = request.send().await.map_err(transient)?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let after = header(RETRY_AFTER).and_then(|text| retry_after(text, Timestamp::now()));
        let elsewhere = header(reqwest::header::LOCATION).map(one_line);
        let reason = match elsewhere {
            Some(place) if status.is_redirection() => {
                format!("{status}: set ntfy_server to where it points, {place}")
            }
            _ => format!("{status}{}", said(response).await),
        };
        Err(fault(status, reason, after))
    }
}

/// Checks a topic by ntfy's own rule, which also keeps it out of URLs' way.
///
/// # Errors
/// What is wrong with it.
pub fn check_topic(topic: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if topic.is_empty() || topic.len() > 64 || !topic.chars().all(allowed) {
        return Err(format!(
            "`{}` is no ntfy topic: 1 to 64 letters, digits, `-` and `_`",
            one_line(topic)
        ));
    }
    Ok(())
}

/// The server of these targets, as a URL.
///
/// # Errors
/// What is wrong with it.
pub fn server(targets: &NotifySpec) -> Result<Url, String> {
    let text = targets.ntfy_server.as_deref().unwrap_or(DEFAULT_SERVER);
    let wrong = |why: &str| format!("ntfy server `{}`: {why}", one_line(text));
    let url = Url::parse(text).map_err(|error| wrong(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(wrong("must be http://HOST[:PORT] or https://HOST[:PORT]"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        // Not shown: it is a secret.
        return Err("ntfy server: put a token into ntfy_token_file, not into the URL".to_owned());
    }
    Ok(url)
}

/// A topic as it may stand in a log: whoever knows it can read what is sent to it.
pub fn masked(topic: &str) -> String {
    let shown: String = one_line(topic).chars().take(2).collect();
    format!("{shown}…")
}

/// Whether everybody in the world can use this server. Addresses of servers are not told there.
fn is_public(server: &Url) -> bool {
    server.host_str().is_some_and(|host| host == "ntfy.sh" || host.ends_with(".ntfy.sh"))
}

fn token(path: &Path) -> Result<Secret, String> {
    let token = private_file(path)?;
    if token.expose().chars().all(|c| c.is_ascii_graphic()) {
        return Ok(token);
    }
    Err(format!("{}: an access token is one line of letters and digits", path.display()))
}

/// `text` when it is a web address, which alone a button may open.
fn web_page(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| url.to_string())
}

fn bounded(text: &str) -> String {
    if text.len() <= MAX_MESSAGE {
        return text.to_owned();
    }
    let end = (0..=MAX_MESSAGE).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
    format!("{}…", &text[..end])
}

/// What the server says about its refusal, from at most one chunk of its answer.
async fn said(mut response: reqwest::Response) -> String {
    let chunk = response.chunk().await.ok().flatten().unwrap_or_default();
    match serde_json::from_slice::<Refusal>(&chunk) {
        Ok(refusal) => format!(": {}", one_line(&refusal.error)),
        Err(_) => String::new(),
    }
}

fn fault(status: StatusCode, reason: String, after: Option<Duration>) -> Fault {
    let heals = status.is_server_error()
        || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
    if heals { Fault::Transient { reason, after } } else { Fault::Permanent(reason) }
}

/// Reads `Retry-After`: seconds or a date (RFC 9110, 10.2.3).
fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text.trim()).ok()?;
    Some(Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_ntfys() {
        for good in ["llama-servers", "a", "A_1", &"x".repeat(64)] {
            assert_eq!(check_topic(good), Ok(()), "{good}");
        }
        for bad in ["", "a b", "a/b", "a\nb", "\u{e4}", "../x", &"x".repeat(65)] {
            assert!(check_topic(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_server_is_a_web_address_without_a_password() {
        let server = |url: &str| {
            let spec = NotifySpec { ntfy_server: Some(url.into()), ..NotifySpec::default() };
            server(&spec)
        };
        assert!(server("http://127.0.0.1:8093/").is_ok());
        for bad in ["ntfy.example.org", "ftp://x", "file:///etc/passwd", "http://"] {
            assert!(server(bad).is_err(), "{bad}");
        }
        let error = server("https://me:hunter2@ntfy.sh").unwrap_err();
        assert!(!error.contains("hunter2") && error.contains("ntfy_token_file"), "{error}");
    }

    #[test]
    fn the_public_server_is_known_by_its_host() {
        let public = |url: &str| is_public(&Url::parse(url).unwrap());
        assert!(public("https://ntfy.sh") && public("http://NTFY.sh:80/"));
        assert!(!public("https://ntfy.example.org") && !public("https://notntfy.sh"));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = "2026-11-21T09:00:00Z".parse().unwrap();
        let seconds = |n| Some(Duration::from_secs(n));
        assert_eq!(retry_after(" 7 ", now), seconds(7));
        assert_eq!(retry_after("Sat, 21 Nov 2026 09:01:30 GMT", now), seconds(90));
        assert_eq!(retry_after("Sat, 21 Nov 2026 08:00:00 GMT", now), seconds(0));
        assert_eq!(retry_after("soon", now), None);
        assert_eq!(retry_after("-1", now), None);
    }

    #[test]
    fn what_heals_is_told_from_what_does_not() {
        let heals = |code: u16| {
            let status = StatusCode::from_u16(code).unwrap();
            matches!(fault(status, String::new(), None), Fault::Transient { .. })
        };
        assert!([408, 429, 500, 502, 503, 507].into_iter().all(heals));
        assert!(![301, 400, 401, 403, 404, 413].into_iter().any(heals));
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let text = "ä".repeat(MAX_MESSAGE);
        let cut = bounded(&text);
        assert!(cut.len() <= MAX_MESSAGE + '…'.len_utf8() && cut.ends_with("ä…"));
    }

    #[test]
    fn only_a_web_page_gets_a_button() {
        assert_eq!(web_page("http://login1:5000").as_deref(), Some("http://login1:5000/"));
        assert_eq!(web_page("javascript:alert(1)"), None);
        assert_eq!(web_page(""), None);
    }
}
