//! The canonical list: which servers pass a filter, in which order, and which page of them.

use std::ops::Deref;
use std::sync::Arc;

use bytes::Bytes;
use http::Uri;
use serde::{Serialize, Serializer};

use crate::api::ServerFilter;
use crate::domain::server::{Server, ServerState};
use crate::registry::error::ApiError;
use crate::registry::seen::view::{Entry, SharedView};

/// Most servers in one answer, and how many without a limit.
pub const MAX_LIMIT: usize = 10_000;

/// One server of a list: shared with the view, where it can be.
#[derive(Debug, Clone)]
pub enum Shown {
    /// A leased one.
    Leased(Arc<Entry>),
    /// One of an old client.
    Old(Box<Server>),
}

impl Deref for Shown {
    type Target = Server;

    fn deref(&self) -> &Server {
        match self {
            Shown::Leased(entry) => &entry.server,
            Shown::Old(server) => server,
        }
    }
}

impl Serialize for Shown {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (**self).serialize(serializer)
    }
}

/// A page as it is sent.
#[derive(Debug, Clone)]
pub struct Rendered {
    /// The servers as a JSON array.
    pub body: Bytes,
    /// Which part of the list it is.
    pub part: Part,
}

/// One page of a list.
#[derive(Debug)]
pub struct Page {
    /// The servers, newest start first.
    pub servers: Vec<Shown>,
    /// How many pass the filter on all pages.
    pub total: usize,
    offset: usize,
    limit: usize,
}

/// [`page`] as it is sent.
///
/// # Errors
/// 400 for a filter that means nothing.
pub fn render(view: &SharedView, filter: &ServerFilter) -> Result<Rendered, ApiError> {
    let Page { servers, total, offset, limit } = page(view, filter)?;
    let body = serde_json::to_vec(&servers).map_err(|_| ApiError::internal())?;
    let part = Part { offset, held: servers.len(), limit, total };
    Ok(Rendered { body: body.into(), part })
}

/// The servers that pass `filter`: leased ones, and those of old clients as far as they can be
/// expressed.
///
/// # Errors
/// 400 for a filter that means nothing.
pub fn page(view: &SharedView, filter: &ServerFilter) -> Result<Page, ApiError> {
    let matcher = Matcher::new(filter)?;
    let mut found: Vec<Shown> = {
        let view = view.read();
        let leased = view.entries.values().filter(|entry| matcher.passes(&entry.server));
        let leased = leased.map(|entry| Shown::Leased(Arc::clone(entry)));
        let old = view.legacy_visible().filter_map(|entry| entry.server());
        let old = old.filter(|server| matcher.passes(server));
        leased.chain(old.map(|server| Shown::Old(Box::new(server)))).collect()
    };
    found.sort_by(|a, b| b.info.started.cmp(&a.info.started).then(a.info.id.cmp(&b.info.id)));
    let limit = filter.limit.unwrap_or(MAX_LIMIT).min(MAX_LIMIT);
    let offset = filter.offset.unwrap_or(0);
    let total = found.len();
    let servers = found.into_iter().skip(offset).take(limit).collect();
    Ok(Page { servers, total, offset, limit })
}

struct Matcher<'a> {
    filter: &'a ServerFilter,
    state: Option<ServerState>,
    all_states: bool,
    labels: Vec<(&'a str, Option<&'a str>)>,
}

impl<'a> Matcher<'a> {
    fn new(filter: &'a ServerFilter) -> Result<Matcher<'a>, ApiError> {
        let (state, all_states) = match filter.state.as_deref() {
            None => (None, false),
            Some("all") => (None, true),
            Some("loading") => (Some(ServerState::Loading), false),
            Some("ready") => (Some(ServerState::Ready), false),
            Some("draining") => (Some(ServerState::Draining), false),
            Some("lost") => (Some(ServerState::Lost), false),
            Some(other) => {
                return Err(ApiError::bad_request(format!("there is no state {other:?}"))
                    .hint("loading, ready, draining, lost or all"));
            }
        };
        let labels = filter.label.as_deref().unwrap_or_default();
        let labels = labels.split(',').filter(|part| !part.is_empty()).map(|part| {
            part.split_once('=').map_or((part, None), |(key, value)| (key, Some(value)))
        });
        Ok(Matcher { filter, state, all_states, labels: labels.collect() })
    }

    fn passes(&self, server: &Server) -> bool {
        let info = &server.info;
        let is = |wanted: &Option<String>, value: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted == value)
        };
        let state = match self.state {
            Some(state) => server.state == state,
            None => self.all_states || server.state != ServerState::Lost,
        };
        let wanted = self.filter.model.as_ref();
        let model = wanted.is_none_or(|wanted| server.names().answers_to(wanted));
        let labels = self.labels.iter().all(|(key, wanted)| {
            let value = info.labels.get(*key);
            value.is_some_and(|value| wanted.is_none_or(|wanted| wanted == value))
        });
        state
            && model
            && labels
            && is(&self.filter.owner, &info.owner)
            && is(&self.filter.cluster, &info.job.cluster)
    }
}

/// Which part of a list a page holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Where it begins.
    pub offset: usize,
    /// How many entries it holds.
    pub held: usize,
    /// How many it holds at most.
    pub limit: usize,
    /// How many there are on all pages.
    pub total: usize,
}

/// The `Link` header of a page: where the next and the previous one are.
pub fn link(uri: &Uri, part: Part) -> Option<String> {
    let kept: Vec<&str> = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty())
        .filter(|pair| !pair.starts_with("limit=") && !pair.starts_with("offset="))
        .collect();
    let to = |offset: usize, rel: &str| {
        let limit = part.limit;
        let tail = format!("limit={limit}&offset={offset}");
        let query = kept.iter().copied().chain([tail.as_str()]).collect::<Vec<_>>().join("&");
        format!("<{}?{query}>; rel=\"{rel}\"", uri.path())
    };
    let mut links = Vec::new();
    let next = part.offset.saturating_add(part.held);
    if part.held > 0 && next < part.total {
        links.push(to(next, "next"));
    }
    if part.offset > 0 && part.limit > 0 {
        links.push(to(part.offset.saturating_sub(part.limit), "prev"));
    }
    (!links.is_empty()).then(|| links.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_asked_for_by_any_of_its_names() {
        let server: Server = serde_json::from_value(serde_json::json!({
            "id": "0190b2a6-9f0e-7000-8000-000000000001", "cluster": "lab", "job_id": "1",
            "name": "mine", "owner": "ann", "host": "n1", "port": 80, "state": "ready",
            "model": {"name": "qwen3", "file": "Qwen3-30B-Q4_K_M.gguf", "alias": "chat,fast"},
            "models": ["gpt-4"], "started": "2026-01-01T00:00:00Z",
            "first_seen": "2026-01-01T00:00:00Z", "last_seen": "2026-01-01T00:00:00Z",
        }))
        .unwrap();
        let passes = |model: &str| {
            let filter = ServerFilter { model: Some(model.to_owned()), ..ServerFilter::default() };
            Matcher::new(&filter).unwrap().passes(&server)
        };
        for good in ["QWEN3", "fast", "qwen3-30b-q4_k_m", "qwen3-30b", "GPT-4"] {
            assert!(passes(good), "{good}");
        }
        for bad in ["mine", "qwen3-30", "qwen*", ""] {
            assert!(!passes(bad), "{bad}");
        }
    }

    #[test]
    fn a_page_links_to_its_neighbours_and_keeps_the_filter() {
        let uri: Uri = "/api/v1/servers?owner=a%20b&offset=2&limit=2".parse().unwrap();
        assert_eq!(
            link(&uri, Part { offset: 2, held: 2, limit: 2, total: 5 }).unwrap(),
            "</api/v1/servers?owner=a%20b&limit=2&offset=4>; rel=\"next\", \
             </api/v1/servers?owner=a%20b&limit=2&offset=0>; rel=\"prev\""
        );
        let uri: Uri = "/api/v1/servers".parse().unwrap();
        assert_eq!(link(&uri, Part { offset: 0, held: 2, limit: 2, total: 2 }), None);
    }
}
