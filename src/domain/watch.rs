//! Who wants to be told of servers and nodes: when one of a model is ready, and what becomes of
//! it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::filter::{Filter, Subject};
use super::notice::Kind;

/// Most places that one watch tells.
pub const MAX_TARGETS: usize = 4;
/// Most watches of one owner.
pub const MAX_OF_OWNER: u64 = 20;
/// Most watches in all.
pub const MAX_WATCHES: u64 = 1_000;
/// So many failures in a row end a watch.
pub const MAX_FAILURES: u32 = 3;

/// How a target begins, as a pattern of JSON Schema.
pub const TARGET: &str = r"^(mailto:|[0-9a-z-]+(\+https?)?://)";

/// What the registry sees, and can tell of.
pub const SEEN: &[Kind] = &[
    Kind::Available,
    Kind::Draining,
    Kind::Ended,
    Kind::Lost,
    Kind::Unhealthy,
    Kind::Recovered,
    Kind::Offline,
    Kind::Online,
];

/// One watch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Watch {
    /// Its id.
    pub id: String,
    /// Whose it is; nobody's where no token was shown.
    pub owner: Option<String>,
    /// Name, alias or file of a model, in which `*` stands for anything; case does not count.
    pub model: String,
    /// What it tells of.
    #[serde(default = "available")]
    pub events: Vec<Kind>,
    /// Of which servers and nodes, beside the model.
    #[serde(flatten)]
    pub filter: Filter,
    /// Whom it tells. Where it is somebody else's, only the beginning is shown.
    pub notify: Vec<String>,
    /// Whether it is gone once it has told.
    pub once: bool,
    /// When it was made.
    pub created: Timestamp,
}

/// What a watch tells of that does not say it.
pub fn available() -> Vec<Kind> {
    vec![Kind::Available]
}

impl Watch {
    /// Whether it is to tell of this.
    pub fn takes(&self, kind: Kind, subject: &Subject<'_>) -> bool {
        self.events.contains(&kind) && self.filter.takes(&self.model, subject)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_watch_of_an_older_registry_waits_for_a_server_that_is_ready() {
        let old = r#"{"id": "1", "owner": null, "model": "qwen*", "notify": ["ntfy://x"],
            "once": true, "created": "2026-11-21T09:35:00Z"}"#;
        let watch: Watch = serde_json::from_str(old).unwrap();
        let qwen = Subject { models: vec!["Qwen3"], ..Subject::default() };
        assert!(watch.takes(Kind::Available, &qwen));
        assert!(!watch.takes(Kind::Lost, &qwen));
        assert!(!watch.takes(Kind::Available, &Subject::default()));
    }
}
