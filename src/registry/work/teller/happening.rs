//! What an event means to people, as far as it is still true.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::api::OwnerNotify;
use crate::domain::event::{Event, EventKind};
use crate::domain::filter::Subject;
use crate::domain::node::NodeState;
use crate::domain::notice::{Kind, Notice};
use crate::domain::server::{Access, Server, ServerState};
use crate::registry::seen::nodes::NodeEntry;
use crate::registry::seen::view::{Entry, View};
use crate::registry::service::Service;

/// What happened so long ago is no news any more, unless somebody waits for it.
const STALE: SignedDuration = SignedDuration::from_hours(1);

/// Something that people may want to hear of.
pub(super) struct Happening {
    /// What it is, the first word for it first; never empty.
    pub kinds: Vec<Kind>,
    /// Id of the server, of the node, or the job of an old client.
    pub id: String,
    /// What is told.
    pub notice: Notice,
    /// Whom its owner wants told.
    pub owners: Option<OwnerNotify>,
    /// It is long ago.
    pub is_stale: bool,
    server: Option<Server>,
}

impl Happening {
    /// What filters look at.
    pub fn subject(&self) -> Subject<'_> {
        self.server.as_ref().map_or_else(|| Subject::notice(&self.notice), Subject::server)
    }
}

/// Whether an event can mean anything to people: most can't.
pub(super) fn may_matter(event: &Event) -> bool {
    !kinds(event).is_empty()
}

/// Whom the owner of the server wants told.
pub(super) fn owners<'a>(view: &'a View, event: &Event) -> Option<&'a OwnerNotify> {
    leased(view, event)?.notify.as_ref()
}

fn leased<'a>(view: &'a View, event: &Event) -> Option<&'a Entry> {
    let id = event.subject.parse::<Uuid>().ok()?;
    view.entries.get(&id).map(Arc::as_ref)
}

/// What an event means; nothing where it is not true any more: a server that is back is not
/// lost.
pub(super) fn happening(service: &Service, view: &View, event: &Event) -> Option<Happening> {
    let kinds = kinds(event);
    let kind = *kinds.first()?;
    let age = Timestamp::now().duration_since(event.time);
    let is_stale = age > STALE;
    if matches!(kind, Kind::Offline | Kind::Online) {
        let node = view.nodes.get(&event.subject)?;
        let state = node.state();
        let wanted = if kind == Kind::Offline { NodeState::Offline } else { NodeState::Online };
        let notice = node_notice(service, kind, event, node);
        let id = event.subject.clone();
        let found = Happening { kinds, id, notice, owners: None, is_stale, server: None };
        return (state == wanted).then_some(found);
    }
    let server = match leased(view, event) {
        Some(entry) => Some(entry.server.clone()),
        None => view.legacy.get(&event.subject).and_then(|entry| entry.server()),
    };
    let id = server.as_ref().map_or_else(|| event.subject.clone(), |s| s.info.id.to_string());
    let notice = match &server {
        Some(server) if still(kind, server) => server_notice(service, kind, event, server),
        None if kind == Kind::Ended => departed(event, &service.channels.registry),
        _ => return None,
    };
    let owners = owners(view, event).cloned();
    Some(Happening { kinds, id, notice, owners, is_stale, server })
}

/// What an event is to people.
fn kinds(event: &Event) -> Vec<Kind> {
    let word = |field: &str| event.data.get(field).and_then(|word| word.as_str());
    let (state, from) = (word("state"), word("from"));
    match event.kind {
        // Those of old clients have no state: they are ready when they are registered.
        EventKind::Registered if state.is_none_or(|state| state == "ready") => {
            vec![Kind::Available]
        }
        EventKind::Updated => match (state, from) {
            (Some("ready"), Some("lost")) => vec![Kind::Recovered, Kind::Available],
            (Some("ready"), Some(_)) => vec![Kind::Available],
            (Some("draining"), Some(_)) => vec![Kind::Draining],
            _ => Vec::new(),
        },
        EventKind::Lost => vec![Kind::Lost],
        EventKind::Unregistered => vec![Kind::Ended],
        EventKind::Unhealthy => vec![Kind::Unhealthy],
        EventKind::Recovered => vec![Kind::Recovered],
        EventKind::NodeState if state == Some("offline") => vec![Kind::Offline],
        EventKind::NodeState if (state, from) == (Some("online"), Some("offline")) => {
            vec![Kind::Online]
        }
        _ => Vec::new(),
    }
}

/// Whether a server is still what an event says.
fn still(kind: Kind, server: &Server) -> bool {
    match kind {
        Kind::Available => server.state == ServerState::Ready,
        Kind::Draining => server.state == ServerState::Draining,
        Kind::Lost => server.state == ServerState::Lost,
        Kind::Unhealthy => server.is_unhealthy() && server.state == ServerState::Ready,
        Kind::Recovered => !server.is_unhealthy() && server.state == ServerState::Ready,
        // It is registered again.
        _ => false,
    }
}

/// What is told of a server: never the key.
fn server_notice(service: &Service, kind: Kind, event: &Event, server: &Server) -> Notice {
    let silent = event.time.duration_since(server.last_seen).as_secs();
    let reason = event.data.get("reason").and_then(|reason| reason.as_str());
    Notice {
        time: event.time,
        registry: service.channels.registry.clone(),
        ssh_via: service.login_host.clone().unwrap_or_default(),
        needs_key: server.info.access != Access::Open,
        reason: reason.unwrap_or_default().to_owned(),
        silent_for: (kind == Kind::Lost).then(|| u64::try_from(silent).unwrap_or_default()),
        ..Notice::of(kind, server.info.clone())
    }
}

/// What is told of a server that is gone: what the event knows.
fn departed(event: &Event, registry: &str) -> Notice {
    let text = |field: &str| {
        let text = event.data.get(field).and_then(|text| text.as_str());
        text.unwrap_or_default().to_owned()
    };
    let labels = event.data.get("labels").cloned();
    Notice {
        kind: Kind::Ended,
        time: event.time,
        name: if text("name").is_empty() { text("model") } else { text("name") },
        model: text("model"),
        model_alias: text("alias"),
        model_file: if text("file").is_empty() { text("model") } else { text("file") },
        job: text("job"),
        owner: text("owner"),
        gpus: text("gpus"),
        labels: labels.and_then(|labels| serde_json::from_value(labels).ok()).unwrap_or_default(),
        registry: registry.to_owned(),
        ..Notice::default()
    }
}

fn node_notice(service: &Service, kind: Kind, event: &Event, node: &NodeEntry) -> Notice {
    let silent = event.time.duration_since(node.last_heartbeat).as_secs();
    let info = &node.info;
    Notice {
        kind,
        time: event.time,
        name: info.name.clone(),
        host: info.hostname.clone(),
        owner: node.owner.clone().unwrap_or_default(),
        role: info.role.clone(),
        labels: info.labels.iter().map(|word| (word.clone(), String::new())).collect(),
        reason: node.reason.clone().unwrap_or_default(),
        silent_for: (kind == Kind::Offline).then(|| u64::try_from(silent).unwrap_or_default()),
        registry: service.channels.registry.clone(),
        ..Notice::default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_server_that_is_gone_is_known_by_all_names_of_its_model() {
        let data = json!({"name": "mine", "model": "qwen3", "alias": "chat",
            "file": "Qwen3-30B-Q4_K_M.gguf", "gpus": null});
        let kind = EventKind::Unregistered;
        let event = Event::new(1, Timestamp::UNIX_EPOCH, kind, "id".to_owned(), data);
        let notice = departed(&event, "");
        for wanted in ["qwen3", "Chat", "qwen3-30b-q4_k_m", "qwen3-30b"] {
            assert!(notice.names().answers_to(wanted), "{wanted}");
        }
        assert_eq!((notice.name.as_str(), notice.gpus.as_str()), ("mine", ""));
        // An event of an older registry, or of an old client's entry.
        let old = Event { data: json!({"model": "/m/a.gguf"}), ..event };
        let notice = departed(&old, "");
        assert_eq!((notice.name.as_str(), notice.model_file.as_str()), ("/m/a.gguf", "/m/a.gguf"));
        assert!(notice.names().answers_to("a"));
    }
}
