//! Who wants to be told when a server of a model is ready.

use std::fmt;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::server::ServerInfo;

/// Most places that one watch tells.
pub const MAX_TARGETS: usize = 4;
/// Most watches of one owner.
pub const MAX_OF_OWNER: u64 = 20;
/// Most watches in all.
pub const MAX_WATCHES: u64 = 1_000;
/// So many failures in a row end a watch.
pub const MAX_FAILURES: u32 = 3;

/// What [`Target::parse`] takes, as a pattern of JSON Schema.
pub const TARGET: &str = "^(ntfy://|mailto:)";

/// One watch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Watch {
    /// Its id.
    pub id: String,
    /// Whose it is; nobody's where no token was shown.
    pub owner: Option<String>,
    /// Name, alias or file of a model, in which `*` stands for anything; case does not count.
    pub model: String,
    /// Whom it tells. Where it is somebody else's, only the beginning is shown.
    pub notify: Vec<String>,
    /// Whether it is gone once it has told.
    pub once: bool,
    /// When it was made.
    pub created: Timestamp,
}

/// Whom a watch tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A topic at the ntfy server of the registry's operator.
    Ntfy(String),
    /// A mail address.
    Email(String),
}

impl Target {
    /// `ntfy://TOPIC` or `mailto:ADDRESS`. What topic and address are is not looked at.
    ///
    /// # Errors
    /// Anything else.
    pub fn parse(text: &str) -> Result<Target, String> {
        let topic = text.strip_prefix("ntfy://").map(|topic| Target::Ntfy(topic.to_owned()));
        let address = || text.strip_prefix("mailto:").map(|to| Target::Email(to.to_owned()));
        topic.or_else(address).ok_or_else(|| {
            "notify: each must be ntfy://TOPIC, without a server, or mailto:ADDRESS".to_owned()
        })
    }

    /// The channel's name.
    pub fn channel(&self) -> &'static str {
        match self {
            Target::Ntfy(_) => "ntfy",
            Target::Email(_) => "email",
        }
    }

    /// As others may see it: whoever knows a topic can read it.
    pub fn masked(&self) -> String {
        let begin = |text: &str| text.chars().take(2).collect::<String>();
        match self {
            Target::Ntfy(topic) => format!("ntfy://{}…", begin(topic)),
            Target::Email(address) => format!("mailto:{}…", begin(address)),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Ntfy(topic) => write!(f, "ntfy://{topic}"),
            Target::Email(address) => write!(f, "mailto:{address}"),
        }
    }
}

impl Watch {
    /// Whether a server is of the model that is waited for.
    pub fn takes(&self, info: &ServerInfo) -> bool {
        let model = &info.model;
        let file = model.file.as_deref();
        let stem = file.and_then(|file| file.strip_suffix(".gguf"));
        let names = [Some(model.name.as_str()), model.alias.as_deref(), file, stem];
        names.into_iter().flatten().any(|name| fits(&self.model, name))
    }
}

/// Whether `text` is what `pattern` says, in which `*` stands for anything. Case does not count.
fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(head) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let tail = parts.pop().unwrap_or_default();
    // Each part as early as possible leaves the most for those that follow.
    for part in parts {
        match left.find(part) {
            Some(at) => left = &left[at + part.len()..],
            None => return false,
        }
    }
    left.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything_and_case_does_not_count() {
        for (pattern, text) in [
            ("qwen3-30b", "Qwen3-30B"),
            ("*", "x"),
            ("*", ""),
            ("qwen*", "qwen"),
            ("*30b", "qwen3-30b"),
            ("q*3*b", "qwen3-30b"),
            ("**b", "b"),
            ("a*a", "aa"),
        ] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in
            [("qwen", "qwen3"), ("qwen*", "my-qwen"), ("a*a", "a"), ("*x*", "abc"), ("", "a")]
        {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn no_host_can_be_named() {
        assert_eq!(Target::parse("ntfy://mine"), Ok(Target::Ntfy("mine".into())));
        assert_eq!(Target::parse("mailto:a@b.c"), Ok(Target::Email("a@b.c".into())));
        for other in ["https://ntfy.sh/x", "ntfy:x", "a@b.c", "", "exec:rm"] {
            assert!(Target::parse(other).is_err(), "{other}");
        }
        assert_eq!(Target::Ntfy("secret".into()).masked(), "ntfy://se…");
    }
}
