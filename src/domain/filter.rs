//! Of which servers and nodes somebody wants to hear.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::notice::{Kind, Notice};
use super::pattern::fits;
use super::server::{CLEAN, MAX_LABELS, MAX_TEXT, ServerInfo, TEXT, labels, text};

/// What an event is about, as far as filters look at it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject<'a> {
    /// Names of the model: name, alias, file with and without `.gguf`; none of a node.
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
    pub fn server(info: &'a ServerInfo) -> Subject<'a> {
        let model = &info.model;
        let mut models = vec![model.name.as_str()];
        models.extend(model.alias.as_deref());
        models.extend(model.file.as_deref().into_iter().flat_map(names_of));
        Subject {
            models,
            owner: &info.owner,
            labels: pairs(&info.labels),
            nodes: info.slurm_node.as_deref().into_iter().chain([info.host.as_str()]).collect(),
        }
    }
}

impl<'a> Subject<'a> {
    /// What somebody is told of.
    pub fn notice(notice: &'a Notice) -> Subject<'a> {
        let mut models: Vec<&str> = Vec::new();
        models.extend(Some(notice.model.as_str()).filter(|model| !model.is_empty()));
        models.extend(
            Some(&*notice.model_file).filter(|f| !f.is_empty()).iter().flat_map(|f| names_of(f)),
        );
        let is_node = matches!(notice.kind, Kind::Offline | Kind::Online);
        let nodes = [notice.slurm_node.as_str(), notice.host.as_str()];
        let nodes = nodes.into_iter().chain(is_node.then_some(notice.name.as_str()));
        Subject {
            models,
            owner: &notice.owner,
            labels: pairs(&notice.labels),
            nodes: nodes.filter(|name| !name.is_empty()).collect(),
        }
    }
}

/// A file's name, and what it is called without its folder and `.gguf`.
pub fn names_of(file: &str) -> Vec<&str> {
    let base = file.rsplit('/').next().unwrap_or(file);
    let stem = base.strip_suffix(".gguf").unwrap_or(base);
    let mut names = vec![file, base, stem];
    names.dedup();
    names
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
    fn a_node_has_no_model_and_perhaps_no_owner() {
        let node = Subject { nodes: vec!["gpu-05"], ..Subject::default() };
        assert!(Filter::default().takes("*", &node) && !Filter::default().takes("q*", &node));
        assert!(!filter(serde_json::json!({"server_owner": "ann"})).takes("*", &node));
    }

    #[test]
    fn a_file_has_three_names() {
        assert_eq!(names_of("/models/x.gguf"), ["/models/x.gguf", "x.gguf", "x"]);
        assert_eq!(names_of("ggml-org/x:Q4"), ["ggml-org/x:Q4", "x:Q4"]);
        assert_eq!(names_of("x"), ["x"]);
    }
}
