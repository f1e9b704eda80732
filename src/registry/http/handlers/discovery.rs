//! `/sd/prometheus`: HTTP service discovery, so that Prometheus finds each llama-server by
//! itself (prometheus.io/docs/prometheus/latest/http_sd).

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use schemars::JsonSchema;
use serde::Serialize;

use crate::domain::server::{Access, Server, ServerState, authority};
use crate::registry::service::Shared;

/// One target of Prometheus: a server that is ready.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TargetGroup {
    /// `HOST:PORT`, one of them.
    pub targets: Vec<String>,
    /// What is known of it, for relabelling.
    pub labels: BTreeMap<String, String>,
}

/// `GET /sd/prometheus`: every server that is ready, by its host and port.
pub async fn prometheus(State(service): State<Shared>) -> Json<Vec<TargetGroup>> {
    let view = service.view().read();
    let leased = view.live().map(|entry| &entry.server);
    let old: Vec<Server> = view.legacy_visible().filter_map(|entry| entry.server()).collect();
    let mut groups: Vec<TargetGroup> =
        leased.chain(&old).filter(|server| server.state == ServerState::Ready).map(group).collect();
    groups.sort_by(|a, b| a.targets.cmp(&b.targets));
    // Two entries of one address would be scraped twice.
    groups.dedup_by(|a, b| a.targets == b.targets);
    Json(groups)
}

fn group(server: &Server) -> TargetGroup {
    let info = &server.info;
    let access = match info.access {
        Access::Private => "private",
        Access::Shared => "shared",
        Access::Open => "open",
    };
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let labels = [
        ("id", info.id.to_string()),
        ("name", info.name.clone()),
        ("model", info.model.name.clone()),
        ("owner", info.owner.clone()),
        ("cluster", info.job.cluster.clone()),
        ("job_id", info.job.job()),
        ("slurm_node", text(&info.slurm_node)),
        ("partition", text(&info.partition)),
        ("access", access.to_owned()),
    ];
    let mut labels: BTreeMap<String, String> = labels
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| (format!("__meta_llamactl_{name}"), value))
        .collect();
    labels.insert("__scheme__".to_owned(), info.scheme.clone());
    for (key, value) in &info.labels {
        labels.insert(format!("__meta_llamactl_label_{}", label_name(key)), value.clone());
    }
    TargetGroup { targets: vec![authority(&info.host, info.port)], labels }
}

/// What may stand in the name of a label: `[a-zA-Z0-9_]`, as Prometheus does it to others.
fn label_name(key: &str) -> String {
    key.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_a_target_with_what_is_known_of_it() {
        let server: Server = serde_json::from_value(serde_json::json!({
            "id": uuid::Uuid::now_v7(), "cluster": "lab", "job_id": "108", "array_task": 2,
            "name": "qwen", "model": {"name": "qwen3"}, "owner": "ann", "host": "fd00::7",
            "port": 8080, "started": "2026-01-01T00:00:00Z", "state": "ready",
            "labels": {"my-team/x": "é\"\n"},
            "first_seen": "2026-01-01T00:00:00Z", "last_seen": "2026-01-01T00:00:00Z",
        }))
        .unwrap();
        let group = group(&server);
        assert_eq!(group.targets, ["[fd00::7]:8080"]);
        assert_eq!(group.labels["__scheme__"], "http");
        assert_eq!(group.labels["__meta_llamactl_job_id"], "108_2");
        assert_eq!(group.labels["__meta_llamactl_label_my_team_x"], "é\"\n");
        assert!(!group.labels.contains_key("__meta_llamactl_partition"));
    }
}
