//! Where a notification goes: one URL for each target.
//!
//! `mailto:me@example.org`, `ntfy://topic`, `slack://hooks.slack.com/services/…`,
//! `plugin://NAME?key=value`; in general `CHANNEL[+http]://[USER[:PASSWORD]@]HOST[:PORT]/PATH?KEY=VALUE`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use url::Url;

/// Longest target, in bytes.
pub const MAX_TARGET: usize = 2_048;
/// The channel of mail.
pub const EMAIL: &str = "email";
/// The channel of programs of the site's own.
pub const PLUGIN: &str = "plugin";
/// The channel of ntfy.
pub const NTFY: &str = "ntfy";

/// One target. `Display` and `Debug` show only so much of it that its owner knows it again:
/// whoever knows a topic or a webhook can use it.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    text: String,
    channel: String,
    /// http and not https.
    plain: bool,
    /// Nothing for mail.
    url: Option<Url>,
}

/// Where the target itself stands, so that no secret is in a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Elsewhere {
    /// In a file, which only its owner can read.
    File(PathBuf),
    /// In an environment variable.
    Env(String),
}

impl Target {
    /// Reads a target. Whether there is such a channel, and what it wants, is not looked at.
    ///
    /// # Errors
    /// What is wrong with it, as a lowercase fragment that shows no secret.
    pub fn parse(text: &str) -> Result<Target, String> {
        let text = text.trim();
        if text.len() > MAX_TARGET {
            return Err(format!("a target has at most {MAX_TARGET} characters"));
        }
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err("a target has no spaces, line breaks or control characters".to_owned());
        }
        if let Some(address) = text.strip_prefix("mailto:") {
            if address.is_empty() || address.contains(['?', '/']) {
                return Err("`mailto:` takes one address, as mailto:you@example.org".to_owned());
            }
            let (text, channel) = (text.to_owned(), EMAIL.to_owned());
            return Ok(Target { text, channel, plain: false, url: None });
        }
        let Some((scheme, _)) = text.split_once("://") else {
            return Err(not_a_target(text));
        };
        let (channel, plain) = match scheme.split_once('+') {
            None => (scheme, false),
            Some((channel, "http")) => (channel, true),
            Some((channel, "https")) => (channel, false),
            Some(_) => return Err("behind the `+` of a channel stands `http` or nothing".into()),
        };
        let named = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if channel.is_empty() || !channel.chars().all(named) {
            return Err("a channel is named in lower case: a to z, 0 to 9 and `-`".to_owned());
        }
        if matches!(channel, "http" | "https" | "email") {
            return Err(not_a_target(text));
        }
        let url = Url::parse(text).map_err(|error| format!("{channel}: {error}"))?;
        let (text, channel) = (text.to_owned(), channel.to_owned());
        Ok(Target { text, channel, plain, url: Some(url) })
    }

    /// What stands in a file or a variable: a whole target of `channel`, or the service's own
    /// address, as people copy it: `https://hooks.slack.com/services/…`.
    ///
    /// # Errors
    /// As [`Target::parse`], and where it is a target of another channel.
    pub fn of_service(channel: &str, text: &str) -> Result<Target, String> {
        let text = text.trim();
        let own =
            [("https://", ""), ("http://", "+http")].into_iter().find_map(|(scheme, plus)| {
                let rest = text.strip_prefix(scheme)?;
                Some(format!("{channel}{plus}://{rest}"))
            });
        let target = Target::parse(own.as_deref().unwrap_or(text))?;
        if target.channel != channel {
            return Err(format!("there is a target of {}, not of {channel}", target.channel));
        }
        if target.elsewhere().is_some() {
            return Err(format!("{channel}: there is a target that points elsewhere again"));
        }
        Ok(target)
    }

    /// A mail address as a target.
    pub fn mail(address: &str) -> String {
        format!("mailto:{address}")
    }

    /// An ntfy topic as a target, at `server` (a URL) or at the configured one.
    pub fn ntfy(topic: &str, server: Option<&str>) -> String {
        match server {
            None => format!("ntfy://{topic}"),
            Some(server) => match server.strip_prefix("http://") {
                Some(rest) => format!("ntfy+http://{}/{topic}", rest.trim_end_matches('/')),
                None => {
                    let rest = server.strip_prefix("https://").unwrap_or(server);
                    format!("ntfy://{}/{topic}", rest.trim_end_matches('/'))
                }
            },
        }
    }

    /// The channel's name: `email`, `plugin`, or that of a channel file.
    pub fn channel(&self) -> &str {
        &self.channel
    }

    /// The whole target, with all its secrets.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The address of a mail.
    pub fn address(&self) -> Option<&str> {
        self.text.strip_prefix("mailto:")
    }

    /// Where the target itself stands, for `CHANNEL://?file=PATH` and `CHANNEL://?env=NAME`.
    pub fn elsewhere(&self) -> Option<Elsewhere> {
        let url = self.url.as_ref()?;
        if !self.host().is_empty() || !matches!(url.path(), "" | "/") {
            return None;
        }
        let mut query = self.query();
        let file = query.remove("file").map(|path| Elsewhere::File(PathBuf::from(path)));
        file.or_else(|| query.remove("env").map(Elsewhere::Env))
    }

    /// User name, decoded.
    pub fn user(&self) -> String {
        self.url.as_ref().map_or(String::new(), |url| decoded(url.username()))
    }

    /// Password, decoded.
    pub fn password(&self) -> String {
        self.url.as_ref().and_then(Url::password).map_or(String::new(), decoded)
    }

    /// Host, decoded; empty for mail.
    pub fn host(&self) -> String {
        self.url.as_ref().and_then(Url::host_str).map_or(String::new(), decoded)
    }

    /// Port, where one is named.
    pub fn port(&self) -> Option<u16> {
        self.url.as_ref().and_then(Url::port)
    }

    /// Whether plain http is asked for.
    pub fn is_plain(&self) -> bool {
        self.plain
    }

    /// `https://HOST[:PORT]`; empty where no host is named.
    pub fn base(&self) -> String {
        let host = self.url.as_ref().and_then(Url::host_str).unwrap_or_default();
        if host.is_empty() {
            return String::new();
        }
        let scheme = if self.plain { "http" } else { "https" };
        let port = self.port().map_or(String::new(), |port| format!(":{port}"));
        format!("{scheme}://{host}{port}")
    }

    /// Path as it stands there, with its leading slash; empty where there is none.
    pub fn path(&self) -> &str {
        self.url.as_ref().map_or("", |url| url.path().trim_end_matches('/'))
    }

    /// The parts of the path, decoded.
    pub fn parts(&self) -> Vec<String> {
        self.path().split('/').filter(|part| !part.is_empty()).map(decoded).collect()
    }

    /// The query, decoded; of a key that stands twice the last.
    pub fn query(&self) -> BTreeMap<String, String> {
        let pairs = self.url.iter().flat_map(Url::query_pairs);
        pairs.map(|(key, value)| (key.into_owned(), value.into_owned())).collect()
    }

    /// The query as it stands there, with its question mark; empty where there is none.
    pub fn raw_query(&self) -> String {
        self.url.as_ref().and_then(Url::query).map_or(String::new(), |query| format!("?{query}"))
    }

    /// As it may be shown.
    pub fn masked(&self) -> String {
        let begin = |text: &str| text.chars().take(2).collect::<String>();
        match &self.url {
            None => self.text.clone(),
            Some(_) if self.channel == PLUGIN => format!("plugin://{}", self.host()),
            Some(_) if self.channel == NTFY => match self.parts().last() {
                Some(topic) => format!("ntfy://{}/{}…", self.host(), begin(topic)),
                None => format!("ntfy://{}…", begin(&self.host())),
            },
            Some(_) => match self.elsewhere() {
                Some(Elsewhere::File(path)) => {
                    format!("{}://?file={}", self.channel, path.display())
                }
                Some(Elsewhere::Env(name)) => format!("{}://?env={name}", self.channel),
                None => format!("{}://…", self.channel),
            },
        }
    }

    /// As strangers may see it: of an address, too, only the beginning.
    pub fn masked_for_others(&self) -> String {
        match self.address() {
            Some(address) => format!("mailto:{}…", address.chars().take(2).collect::<String>()),
            None => self.masked(),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({})", self.masked())
    }
}

/// `text` as it may be shown, whether it is a target or not.
pub fn masked(text: &str) -> String {
    Target::parse(text).map_or_else(|_| "…".to_owned(), |target| target.masked())
}

fn not_a_target(text: &str) -> String {
    if text.contains('@') && !text.contains("://") {
        return "an address stands behind `mailto:`, as mailto:you@example.org".to_owned();
    }
    if text.starts_with("http://") || text.starts_with("https://") {
        return "name the channel in place of http or https, as in slack://hooks.slack.com/… \
                or webhook://HOST/PATH"
            .to_owned();
    }
    "a target is mailto:ADDRESS, ntfy://TOPIC, plugin://NAME or CHANNEL://…".to_owned()
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(text: &str) -> Target {
        Target::parse(text).unwrap()
    }

    #[test]
    fn the_parts_of_a_target_are_those_of_a_url() {
        let it = target("matrix://tok%2Fen@matrix.example.org:8448/!room:example.org?x=a%20b");
        assert_eq!((it.channel(), it.user().as_str()), ("matrix", "tok/en"));
        assert_eq!(it.base(), "https://matrix.example.org:8448");
        assert_eq!(it.parts(), ["!room:example.org"]);
        assert_eq!(it.query()["x"], "a b");
        let it = target("gotify+http://127.0.0.1:8080/?token=A");
        assert_eq!((it.base().as_str(), it.path()), ("http://127.0.0.1:8080", ""));
        let it = target("telegram://123456:AA-bb_c@-100123");
        assert_eq!(
            (it.user(), it.password(), it.host()),
            ("123456".into(), "AA-bb_c".into(), "-100123".into())
        );
        let it = target("twilio://AC1:tok@+15550001111/+15552223333");
        assert_eq!((it.host().as_str(), it.parts()), ("+15550001111", vec!["+15552223333".into()]));
        let it = target("ntfy://My-Topic");
        assert_eq!((it.host().as_str(), it.parts().len()), ("My-Topic", 0));
        assert_eq!(target("mailto:a@b.c").address(), Some("a@b.c"));
    }

    #[test]
    fn what_is_no_target_says_what_one_is() {
        for (text, hint) in [
            ("", "mailto:ADDRESS"),
            ("a@b.c", "mailto:"),
            ("https://hooks.slack.com/services/x", "slack://"),
            ("Slack://x", "lower case"),
            ("slack+ftp://x", "`http`"),
            ("ntfy://a b", "spaces"),
            ("ntfy://a\nb", "line breaks"),
            ("mailto:a@b?subject=x", "one address"),
            ("slack://[::1", "slack: "),
        ] {
            let error = Target::parse(text).unwrap_err();
            assert!(error.contains(hint), "{text:?}: {error}");
        }
        let error = Target::parse(&format!("slack://{}", "x".repeat(3_000))).unwrap_err();
        assert!(error.contains("2048"), "{error}");
    }

    #[test]
    fn what_is_shown_gives_nothing_away() {
        for (text, shown) in [
            ("slack://hooks.slack.com/services/T0/B0/secret", "slack://…"),
            ("telegram://1:secret@2", "telegram://…"),
            ("ntfy://secret-topic", "ntfy://se…"),
            ("ntfy://tk_x@ntfy.example.org/secret", "ntfy://ntfy.example.org/se…"),
            ("plugin://apprise?url=secret", "plugin://apprise"),
            ("slack://?file=~/.slack", "slack://?file=~/.slack"),
            ("slack://?env=SLACK", "slack://?env=SLACK"),
            ("mailto:me@example.org", "mailto:me@example.org"),
        ] {
            assert_eq!(target(text).to_string(), shown);
            assert_eq!(format!("{:?}", target(text)), format!("Target({shown})"));
        }
        assert_eq!(masked("rubbish secret"), "…");
        assert_eq!(target("mailto:me@example.org").masked_for_others(), "mailto:me…");
    }

    #[test]
    fn a_file_or_a_variable_holds_a_target_or_the_services_own_address() {
        assert_eq!(
            target("slack://?file=/a/b%20c").elsewhere(),
            Some(Elsewhere::File("/a/b c".into()))
        );
        assert_eq!(target("slack://?env=X").elsewhere(), Some(Elsewhere::Env("X".into())));
        assert_eq!(target("webhook://host/?file=x").elsewhere(), None);
        assert_eq!(target("slack://x?file=y").elsewhere(), None);
        let own = Target::of_service("slack", " https://hooks.slack.com/services/a\n").unwrap();
        assert_eq!(own.text(), "slack://hooks.slack.com/services/a");
        let own = Target::of_service("webhook", "http://127.0.0.1:1/x").unwrap();
        assert_eq!(own.base(), "http://127.0.0.1:1");
        assert!(Target::of_service("slack", "discord://1/2").is_err());
        assert!(Target::of_service("slack", "slack://?file=x").is_err());
    }

    #[test]
    fn a_topic_at_a_server_is_one_url() {
        assert_eq!(Target::ntfy("t", None), "ntfy://t");
        assert_eq!(Target::ntfy("t", Some("https://n.example.org/")), "ntfy://n.example.org/t");
        assert_eq!(Target::ntfy("t", Some("http://127.0.0.1:8/")), "ntfy+http://127.0.0.1:8/t");
    }
}
