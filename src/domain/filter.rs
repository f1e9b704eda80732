//! Of which servers and nodes somebody wants to hear.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::notice::{Kind, Notice};
use super::pattern::fits;
use super::server::{CLEAN, MAX_LABELS, MAX_TEXT, Server, TEXT, labels, text};

/// What an event is about, as far as filters look at it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject<'a> {
    /// Names of the model ([`super::names::Names`]); none of a node.
    pub models: Vec<&'a str>,
    /// Whose it is; empty where nobody's.
    pub owner: &'a str,
    /// Labels. Those of nodes are words: a word's value is empty.
    pub labels: Vec<(&'a str, &'a str)>,
    /// Names of the node: a node's own, or those of the one that a server runs on.
    pub nodes: Vec<&'a str>,
}

impl<'a> Subject<'a> {
    /// A server.
    pub fn server(server: &'a Server) -> Subject<'a> {
        let info = &server.info;
        Subject {
            models: server.names().all(),
            owner: &info.owner,
            labels: pairs(&info.labels),
            nodes: info.slurm_node.as_deref().into_iter().chain([info.host.as_str()]).collect(),
        }
    }

    /// What somebody is told of.
    pub fn notice(notice: &'a Notice) -> Subject<'a> {
        let is_node = matches!(notice.kind, Kind::Offline | Kind::Online);
        let nodes = [notice.slurm_node.as_str(), notice.host.as_str()];
        let nodes = nodes.into_iter().chain(is_node.then_some(notice.name.as_str()));
        Subject {
            models: notice.names().all(),
            owner: &notice.owner,
            labels: pairs(&notice.labels),
            nodes: nodes.filter(|name| !name.is_empty()).collect(),
        }
    }
}

/// Labels as a filter looks at them.
pub fn pairs(labels: &BTreeMap<String, String>) -> Vec<(&str, &str)> {
    labels.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
}

/// Which servers and nodes. What is left out, or is `*`, takes all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Filter {
    /// Only this owner's; `*` stands for anything, and case does not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = TEXT, "maxLength" = MAX_TEXT))]
    pub server_owner: Option<String>,
    /// Only what has these labels. In values `*` stands for anything; of nodes, whose labels
    /// are words, only `*` and an empty value fit.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = MAX_LABELS, "propertyNames" = {"pattern": TEXT,
        "maxLength": MAX_TEXT}, "additionalProperties" = {"type": "string", "pattern": CLEAN,
        "maxLength": MAX_TEXT}))]
    pub labels: BTreeMap<String, String>,
    /// Only nodes of this name, and servers on them; `*` stands for anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("pattern" = TEXT, "maxLength" = MAX_TEXT))]
    pub node: Option<String>,
}

impl Filter {
    /// Whether it takes everything.
    pub fn is_empty(&self) -> bool {
        *self == Filter::default()
    }

    /// Checks what a client sent.
    ///
    /// # Errors
    /// The first field that is wrong and why, as one sentence.
    pub fn validate(&self) -> Result<(), String> {
        for (field, value) in [("server_owner", &self.server_owner), ("node", &self.node)] {
            value.as_ref().map_or(Ok(()), |value| text(field, value))?;
        }
        labels(&self.labels)
    }

    /// Whether it takes what an event is about; `model` as in [`takes_model`].
    pub fn takes(&self, model: &str, subject: &Subject<'_>) -> bool {
        let owner = self.server_owner.as_deref().unwrap_or("*");
        let node = self.node.as_deref();
        takes_model(model, subject)
            && fits(owner, subject.owner)
            && node.is_none_or(|node| subject.nodes.iter().any(|name| fits(node, name)))
            && self.labels.iter().all(|(key, value)| {
                subject.labels.iter().any(|(name, is)| name == key && fits(value, is))
            })
    }
}

/// Whether an event is about this model, in which `*` stands for anything. A node has no model:
/// only `*` takes it.
pub fn takes_model(model: &str, subject: &Subject<'_>) -> bool {
    model == "*" || subject.models.iter().any(|name| fits(model, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject() -> Subject<'static> {
        Subject {
            models: vec!["qwen3", "Qwen3-30B-Q4.gguf", "Qwen3-30B-Q4"],
            owner: "ann",
            labels: vec![("project", "bio"), ("gpu", "")],
            nodes: vec!["gpu-05", "10.0.0.5"],
        }
    }

    fn filter(json: serde_json::Value) -> Filter {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn what_is_left_out_takes_all_and_the_rest_must_all_fit() {
        use serde_json::json;
        for (model, good) in [
            ("*", json!({})),
            ("QWEN*", json!({"server_owner": "Ann"})),
            ("qwen3-30b-q4", json!({"labels": {"project": "b*"}})),
            ("qwen3-30b-q4.gguf", json!({"labels": {"project": "*", "gpu": "*"}})),
            ("*", json!({"node": "gpu-*"})),
            ("*", json!({"node": "10.0.0.5"})),
        ] {
            assert!(filter(good.clone()).takes(model, &subject()), "{model} {good}");
        }
        for (model, bad) in [
            ("llama*", json!({})),
            ("*", json!({"server_owner": "bob"})),
            ("*", json!({"labels": {"project": "chem"}})),
            ("*", json!({"labels": {"team": "*"}})),
            ("*", json!({"node": "cpu-*"})),
            ("llama*", json!({"server_owner": "ann"})),
        ] {
            assert!(!filter(bad.clone()).takes(model, &subject()), "{model} {bad}");
        }
    }

    #[test]
    fn a_server_and_what_is_told_of_it_go_by_the_same_names() {
        let server: Server = serde_json::from_value(serde_json::json!({
            "id": "0190b2a6-9f0e-7000-8000-000000000001", "cluster": "lab", "job_id": "1",
            "name": "mine", "owner": "ann", "host": "n1", "port": 80, "state": "ready",
            "model": {"name": "qwen3", "file": "Qwen3-30B-Q4_K_M.gguf", "alias": "chat,fast"},
            "models": ["gpt-4"], "started": "2026-01-01T00:00:00Z",
            "first_seen": "2026-01-01T00:00:00Z", "last_seen": "2026-01-01T00:00:00Z",
        }))
        .unwrap();
        let notice = Notice::of(Kind::Ready, server.info.clone());
        let (server, notice) = (Subject::server(&server), Subject::notice(&notice));
        for model in ["QWEN3", "chat", "fast", "qwen3-30b-*", "Qwen3-30B", "*q4_k_m.gguf"] {
            assert!(takes_model(model, &server) && takes_model(model, &notice), "{model}");
        }
        assert!(takes_model("gpt-*", &server), "what /v1/models lists is known of a server alone");
        assert!(!takes_model("mine", &server) && !takes_model("mine", &notice));
    }

    #[test]
    fn a_node_has_no_model_and_perhaps_no_owner() {
        let node = Subject { nodes: vec!["gpu-05"], ..Subject::default() };
        assert!(Filter::default().takes("*", &node) && !Filter::default().takes("q*", &node));
        assert!(!filter(serde_json::json!({"server_owner": "ann"})).takes("*", &node));
    }
}
