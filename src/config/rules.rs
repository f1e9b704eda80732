//! Who else is told: rules that pick by event, model, owner and label; and what the registry
//! sends on for others.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::filter::{Filter, Subject};
use crate::domain::notice::{Kind, Notice};

/// A kind of event, or all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum EventName {
    /// One of them.
    Kind(Kind),
    /// All of them.
    All,
}

impl EventName {
    /// The kinds that are named, each once.
    pub fn kinds(names: &[EventName]) -> Vec<Kind> {
        if names.contains(&EventName::All) {
            return Kind::ALL.to_vec();
        }
        let named = |kind: &Kind| names.contains(&EventName::Kind(*kind));
        Kind::ALL.into_iter().filter(named).collect()
    }
}

impl std::str::FromStr for EventName {
    type Err = String;

    fn from_str(text: &str) -> Result<EventName, String> {
        match text {
            "all" => Ok(EventName::All),
            kind => kind.parse().map(EventName::Kind),
        }
    }
}

impl TryFrom<String> for EventName {
    type Error = String;

    fn try_from(text: String) -> Result<EventName, String> {
        text.parse()
    }
}

impl From<EventName> for String {
    fn from(name: EventName) -> String {
        match name {
            EventName::Kind(kind) => kind.name().to_owned(),
            EventName::All => "all".to_owned(),
        }
    }
}

impl JsonSchema for EventName {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "EventName".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let names: Vec<&str> = Kind::ALL.map(Kind::name).into_iter().chain(["all"]).collect();
        schemars::json_schema!({"description": "A kind of event, or all of them.", "enum": names})
    }
}

/// One rule. What is left out takes all.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Rule {
    /// Of which events; `[all]` for all. Without it of those that people usually want.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<EventName>>,
    /// Only of this model: its name, alias or file, in which `*` stands for anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Only of this owner's, in which `*` stands for anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Only of what has these labels; in values `*` stands for anything.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Only of nodes of this name, and servers on them; `*` stands for anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Who is told, each as one URL.
    pub notify: Vec<String>,
}

impl Rule {
    /// Whether it is about this.
    pub fn takes(&self, notice: &Notice) -> bool {
        let filter = Filter {
            server_owner: self.owner.clone(),
            labels: self.labels.clone(),
            node: self.node.clone(),
        };
        let model = self.model.as_deref().unwrap_or("*");
        self.tells(notice.kind) && filter.takes(model, &Subject::notice(notice))
    }

    /// Whether it is about such events.
    fn tells(&self, kind: Kind) -> bool {
        match &self.events {
            None => Kind::DEFAULT.contains(&kind),
            Some(events) => EventName::kinds(events).contains(&kind),
        }
    }
}

/// What the registry sends on for those who can't reach the world outside, and whom owners of
/// servers and watches may have told. Mail (where `smtp` is set) and topics at `ntfy_server`
/// need no word here.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RelaySettings {
    /// Further channels, as `slack` or `webhook`; `ntfy` for topics at other servers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<String>,
    /// What of the inner network may be reached: hosts (`hooks.example.org`, `*.example.org`),
    /// addresses and networks (`10.1.0.0/16`). Public addresses need no word.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
    /// Plugins that others may use, by their name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub plugins: Vec<String>,
    /// Domains to which mail may go, as `example.org` or `*.example.org`; any when left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mail_domains: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(yaml: &str) -> Rule {
        serde_yaml::from_str(yaml).unwrap()
    }

    fn notice(kind: Kind) -> Notice {
        Notice {
            kind,
            name: "tiny".into(),
            model: "qwen3-30b".into(),
            model_alias: "chat".into(),
            model_file: "Qwen3-30B-Q4.gguf".into(),
            owner: "ann".into(),
            labels: [("project".to_owned(), "bio".to_owned())].into(),
            ..Notice::default()
        }
    }

    #[test]
    fn a_rule_picks_by_event_model_owner_and_label() {
        for good in [
            "{}",
            "{events: [lost]}",
            "{events: [all]}",
            "{model: 'QWEN3-*'}",
            "{model: qwen3-30b-q4.gguf}",
            "{model: chat}",
            "{owner: 'a*', labels: {project: bio}}",
            "{labels: {project: '*'}}",
        ] {
            assert!(rule(good).takes(&notice(Kind::Lost)), "{good}");
        }
        for bad in [
            "{events: [ready]}",
            "{model: llama}",
            "{owner: bob}",
            "{labels: {project: chem}}",
            "{labels: {team: '*'}}",
            "{node: '*'}",
        ] {
            assert!(!rule(bad).takes(&notice(Kind::Lost)), "{bad}");
        }
        assert!(!rule("{}").takes(&notice(Kind::Ended)), "it has to be asked for");
        assert!(rule("{events: [ended]}").takes(&notice(Kind::Ended)));
    }

    #[test]
    fn a_node_is_picked_by_its_name() {
        let node = Notice { kind: Kind::Offline, name: "gpu-05".into(), ..Notice::default() };
        assert!(rule("{events: [offline], node: 'gpu-*'}").takes(&node));
        assert!(rule("{events: [offline]}").takes(&node));
        assert!(!rule("{events: [offline], node: 'cpu-*'}").takes(&node));
        assert!(!rule("{events: [offline], model: 'q*'}").takes(&node), "it has no model");
    }

    #[test]
    fn a_wrong_event_is_named() {
        let error = serde_yaml::from_str::<Rule>("{events: [reddy]}").unwrap_err().to_string();
        assert!(error.contains("reddy"), "{error}");
    }
}
