//! HTTP channels: each is a file that says what is sent where. `docs/notifications.md` has the
//! format; a new channel needs no change here.

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

use super::template::{Templates, tell};
use crate::domain::target::Target;

/// One HTTP channel.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Channel {
    /// What it is, in a line.
    pub description: String,
    /// A target, as people write it.
    pub example: String,
    /// What a target must have, and what to say where it is missing: `user`, `password`, `host`,
    /// `path`, `part.0`, `query.NAME`.
    #[serde(default)]
    pub needs: IndexMap<String, String>,
    /// The request's URL.
    pub url: String,
    /// Its method.
    #[serde(default)]
    pub method: Method,
    /// Its headers. One that comes out empty is left out.
    #[serde(default)]
    pub headers: IndexMap<String, String>,
    /// What the body is.
    #[serde(default)]
    pub format: Format,
    /// The body, for `json` and `text`.
    #[serde(default)]
    pub body: Option<String>,
    /// The body, for `form`. What comes out empty is left out.
    #[serde(default)]
    pub form: IndexMap<String, String>,
    /// How the request is signed.
    #[serde(default)]
    pub sign: Option<Sign>,
    /// What an answer must say beside its status.
    #[serde(default)]
    pub accept: Option<Accept>,
    /// How long texts may be.
    #[serde(default)]
    pub limits: ChannelLimits,
    /// Whether it is a public service: host and port of servers are left out.
    #[serde(default)]
    pub public: Public,
}

/// Whether a channel is a public service.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Public {
    /// It is, or it is not.
    Is(bool),
    /// It is at these hosts, and those below them.
    At(Vec<String>),
}

impl Default for Public {
    fn default() -> Public {
        Public::Is(false)
    }
}

/// The method of a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum Method {
    /// POST.
    #[default]
    #[serde(rename = "POST")]
    Post,
    /// PUT.
    #[serde(rename = "PUT")]
    Put,
}

/// What a body is, which says how values are escaped in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// JSON.
    #[default]
    Json,
    /// Fields of a form.
    Form,
    /// Text as it is.
    Text,
}

/// How a request is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sign {
    /// By <https://github.com/standard-webhooks/standard-webhooks>, with the target's password.
    StandardWebhooks,
}

/// What an answer must say.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accept {
    /// Where, as a JSON pointer (RFC 6901).
    pub pointer: String,
    /// What; nothing: anything.
    #[serde(default)]
    pub equals: Option<Value>,
}

impl Accept {
    /// Whether an answer says it.
    pub fn takes(&self, answer: &Value) -> bool {
        match (answer.pointer(&self.pointer), &self.equals) {
            (None, _) => false,
            (Some(_), None) => true,
            (Some(found), Some(wanted)) => found == wanted,
        }
    }
}

/// How long texts may be, and how many messages a minute may come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ChannelLimits {
    /// Longest title, in characters.
    pub title: Option<usize>,
    /// Longest text, in characters.
    pub text: Option<usize>,
    /// Longest text, in bytes of UTF-8.
    pub text_bytes: Option<usize>,
    /// Most messages a minute.
    pub a_minute: Option<u32>,
}

/// Every name of an HTTP channel.
pub fn names(templates: &Templates) -> Vec<String> {
    let files = templates.names("channels").into_iter();
    files.filter_map(|file| file.strip_suffix(".yaml").map(str::to_owned)).collect()
}

impl Channel {
    /// The channel of this name. A file of the user's own that does not work is told in the log,
    /// and the built-in one is used.
    ///
    /// # Errors
    /// When there is none, or none that works.
    pub fn find(templates: &Templates, name: &str) -> Result<Channel, String> {
        let mut wrong = None;
        for source in templates.sources(&format!("channels/{name}.yaml")) {
            match serde_yaml::from_str::<Channel>(&source.text) {
                Ok(channel) => return Ok(channel),
                Err(error) => {
                    let line = error.location().map_or(0, |at| at.line());
                    let file = source.file.unwrap_or_else(|| name.into());
                    tell(&file, &format!(":{line}: {error}"));
                    wrong = Some(format!("{}:{line}: {error}", file.display()));
                }
            }
        }
        Err(wrong.unwrap_or_else(|| {
            let all = names(templates);
            let near = all.iter().max_by(|a, b| {
                strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name))
            });
            let hint = near
                .filter(|near| strsim::jaro_winkler(near, name) > 0.7)
                .map_or(String::new(), |near| format!(" Did you mean `{near}`?"));
            format!(
                "there is no channel `{}`.{hint} There are mailto, plugin, {}",
                super::message::one_line(name),
                all.join(", ")
            )
        }))
    }

    /// Whether everybody in the world can use this channel at `host`.
    pub fn is_public(&self, host: &str) -> bool {
        match &self.public {
            Public::Is(public) => *public,
            Public::At(hosts) => {
                let host = host.to_lowercase();
                let below = |at: &String| {
                    host.strip_suffix(at.as_str())
                        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
                };
                hosts.iter().any(below)
            }
        }
    }

    /// Checks that `target` has what this channel needs.
    ///
    /// # Errors
    /// What is missing, and an example.
    pub fn check(&self, target: &Target) -> Result<(), String> {
        for (what, why) in &self.needs {
            let there = match what.as_str() {
                "user" => target.user(),
                "password" => target.password(),
                "host" => target.host(),
                "path" => target.path().to_owned(),
                other => match (other.strip_prefix("part."), other.strip_prefix("query.")) {
                    (Some(n), _) => {
                        let n: usize = n.parse().unwrap_or_default();
                        target.parts().get(n).cloned().unwrap_or_default()
                    }
                    (_, Some(key)) => target.query().remove(key).unwrap_or_default(),
                    _ => return Err(format!("its file needs `{other}`, which targets don't have")),
                },
            };
            if there.is_empty() {
                let (channel, example) = (target.channel(), &self.example);
                return Err(format!("{channel} wants {why}, as in {example}"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_channel_can_be_read_and_its_example_is_a_target_of_it() {
        let templates = Templates::default();
        let all = names(&templates);
        assert!(all.len() >= 14, "{all:?}");
        for name in all {
            let channel = Channel::find(&templates, &name).unwrap();
            let target = Target::parse(&channel.example).unwrap();
            assert_eq!(target.channel(), name);
            channel.check(&target).unwrap();
            assert!(channel.body.is_some() != (channel.format == Format::Form), "{name}");
        }
    }

    #[test]
    fn a_channel_that_is_not_there_is_told_with_those_that_are() {
        let error = Channel::find(&Templates::default(), "slak").unwrap_err();
        assert!(error.contains("`slack`?") && error.contains("discord"), "{error}");
    }

    #[test]
    fn a_file_of_ones_own_is_a_channel_and_a_broken_one_gives_way() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("channels")).unwrap();
        let templates = Templates::new(vec![folder.path().to_owned()]);
        let file = |name: &str, text: &str| {
            std::fs::write(folder.path().join("channels").join(name), text).unwrap();
        };
        file("pager.yaml", "description: d\nexample: pager://x\nurl: '{{base}}'\nbody: '{}'\n");
        assert_eq!(Channel::find(&templates, "pager").unwrap().description, "d");
        file("slack.yaml", "description: d\nbody: [\n");
        assert!(Channel::find(&templates, "slack").unwrap().url.contains("base"));
        file("pager.yaml", "description: d\nuri: x\n");
        let error = Channel::find(&templates, "pager").unwrap_err();
        assert!(error.contains("pager.yaml:2:") && error.contains("uri"), "{error}");
    }
}
