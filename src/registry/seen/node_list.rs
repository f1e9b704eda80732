//! Lists of nodes: which pass a filter, in the order of their names, and which page of them.

use std::sync::Arc;

use crate::api::nodes::NodeFilter;
use crate::domain::node::{NodeInfo, NodeState};
use crate::registry::error::ApiError;
use crate::registry::seen::nodes::{NodeEntry, Nodes};

/// Most nodes in one answer, and how many without a limit.
pub const MAX_LIMIT: usize = 10_000;

/// One page of a list.
#[derive(Debug)]
pub struct Page {
    /// The nodes, by name.
    pub nodes: Vec<Arc<NodeEntry>>,
    /// How many pass the filter on all pages.
    pub total: usize,
    /// Where it begins.
    pub offset: usize,
    /// How many it holds at most.
    pub limit: usize,
}

/// The page of the nodes that pass `filter`.
///
/// # Errors
/// 400 for a filter that means nothing.
pub fn page(nodes: &Nodes, filter: &NodeFilter) -> Result<Page, ApiError> {
    let matcher = Matcher::new(filter)?;
    let limit = filter.limit.unwrap_or(MAX_LIMIT).min(MAX_LIMIT);
    let offset = filter.offset.unwrap_or(0);
    let mut page = Page { nodes: Vec::new(), total: 0, offset, limit };
    for entry in nodes.iter().filter(|entry| matcher.passes(entry)) {
        if page.total >= offset && page.nodes.len() < limit {
            page.nodes.push(Arc::clone(entry));
        }
        page.total += 1;
    }
    Ok(page)
}

/// All nodes that pass `filter`, by name: for the formats that know no pages, and for totals.
///
/// # Errors
/// As [`page`].
pub fn all(nodes: &Nodes, filter: &NodeFilter) -> Result<Vec<Arc<NodeEntry>>, ApiError> {
    let matcher = Matcher::new(filter)?;
    let found = nodes.iter().filter(|entry| matcher.passes(entry));
    let limit = filter.limit.unwrap_or(usize::MAX);
    Ok(found.skip(filter.offset.unwrap_or(0)).take(limit).cloned().collect())
}

/// Which nodes pass a filter.
#[derive(Debug)]
pub struct Matcher<'a> {
    filter: &'a NodeFilter,
    labels: Vec<&'a str>,
    status: Option<String>,
}

impl<'a> Matcher<'a> {
    /// Reads a filter.
    ///
    /// # Errors
    /// 400 for a status that no format has.
    pub fn new(filter: &'a NodeFilter) -> Result<Matcher<'a>, ApiError> {
        let status = filter.status.as_ref().map(|status| status.to_ascii_lowercase());
        if let Some(status) = &status
            && NodeState::from_word(status).is_none()
        {
            return Err(ApiError::bad_request(format!("there is no status {status:?}"))
                .hint("online, active, warning, degraded, offline, maintenance or draining"));
        }
        let labels = filter.label.as_deref().unwrap_or_default();
        let labels = labels.split(',').map(str::trim).filter(|label| !label.is_empty()).collect();
        Ok(Matcher { filter, labels, status })
    }

    /// Whether a node passes.
    pub fn passes(&self, entry: &NodeEntry) -> bool {
        self.status.as_ref().is_none_or(|wanted| has_status(entry, wanted))
            && self.passes_info(&entry.info)
    }

    /// Whether a node of which only this is known passes, its status aside.
    pub fn passes_info(&self, info: &NodeInfo) -> bool {
        let filter = self.filter;
        let role = filter.role.as_ref().is_none_or(|role| *role == info.role);
        let group = filter.group.as_ref().is_none_or(|group| info.groups.contains(group));
        let location = filter.location.as_ref().is_none_or(|wanted| {
            info.location.as_ref().is_some_and(|location| is_within(location, wanted))
        });
        role && group
            && location
            && self.labels.iter().all(|wanted| has_label(&info.labels, wanted))
    }
}

fn is_within(location: &str, wanted: &str) -> bool {
    let wanted = wanted.trim_end_matches('/');
    let rest = location.strip_prefix(wanted);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// `gpu` finds the labels `gpu` and `gpu=a100`.
fn has_label(labels: &[String], wanted: &str) -> bool {
    labels.iter().any(|label| {
        let rest = label.strip_prefix(wanted);
        rest.is_some_and(|rest| rest.is_empty() || (rest.starts_with('=') && !wanted.contains('=')))
    })
}

/// `online`, `warning`, `offline`, `maintenance` and `draining` are states; `degraded` and
/// `maintenance` words of contract 2; `active` goes by the last sign of life, as in contract 4.
fn has_status(entry: &NodeEntry, wanted: &str) -> bool {
    let state = entry.state();
    match wanted {
        "active" => entry.is_live(),
        wanted => state.as_str() == wanted || state.status() == wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::super::nodes::tests::entry;
    use super::*;
    use crate::domain::node::Life;

    fn found(nodes: &Nodes, query: serde_json::Value) -> Vec<String> {
        let filter: NodeFilter = serde_json::from_value(query).unwrap();
        let page = page(nodes, &filter).unwrap();
        page.nodes.iter().map(|node| node.info.name.clone()).collect()
    }

    #[test]
    fn filters_are_all_wanted_and_pages_are_by_name() {
        let mut nodes = Nodes::default();
        let mut a = entry("a");
        a.info.labels = vec!["gpu=a100".into(), "fast".into()];
        a.info.groups = vec!["lab".into()];
        a.info.location = Some("paris/room-2".into());
        let mut b = entry("b");
        b.info.labels = vec!["gpu".into()];
        b.info.location = Some("parish".into());
        b.life = Life::Warning;
        let mut c = entry("c");
        c.info.role = "lead".into();
        c.maintenance = true;
        for node in [c, b, a] {
            nodes.put(node, None);
        }
        let find = |query| found(&nodes, query);
        use serde_json::json;
        assert_eq!(find(json!({})), ["a", "b", "c"]);
        assert_eq!(find(json!({"label": "gpu"})), ["a", "b"]);
        assert_eq!(find(json!({"label": "gpu,fast"})), ["a"]);
        assert_eq!(find(json!({"label": "gpu=a1"})), Vec::<String>::new());
        assert_eq!(find(json!({"location": "paris"})), ["a"]);
        assert_eq!(find(json!({"group": "lab", "role": "compute"})), ["a"]);
        assert_eq!(find(json!({"status": "online"})), ["a"]);
        assert_eq!(find(json!({"status": "active"})), ["a", "c"]);
        assert_eq!(find(json!({"status": "degraded"})), ["b"]);
        assert_eq!(find(json!({"status": "maintenance"})), ["c"]);
        assert_eq!(find(json!({"limit": 1, "offset": 1})), ["b"]);
        let filter = NodeFilter { status: Some("happy".into()), ..NodeFilter::default() };
        assert!(Matcher::new(&filter).is_err());
    }
}
