//! What is said on the event bus: `{type, source_node, source_role?, timestamp?, data{}}`. Pure.

use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::domain::event::{Event, EventKind};
use crate::secret::hex;

/// Who we are on the bus.
pub const SOURCE: &str = "llamactl-registry";

/// One message to one channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Where.
    pub channel: String,
    /// The envelope.
    pub text: String,
    /// The same for the same event and channel in every replica of one registry, and for nothing
    /// else.
    pub mark: String,
}

#[derive(Debug, Deserialize)]
struct Envelope {
    #[serde(rename = "type")]
    kind: String,
    source_node: String,
}

/// The node whose heartbeat this is; nothing for any other message, our own among them.
pub fn heard(payload: &[u8]) -> Option<String> {
    let envelope: Envelope = serde_json::from_slice(payload).ok()?;
    let is_beat = envelope.kind == "node_heartbeat" && envelope.source_node != SOURCE;
    is_beat.then_some(envelope.source_node)
}

/// What is told of an event, and where: on the global channel, and of a node also on those of
/// its role and its name. Nothing of tokens and of the registry's own upkeep.
pub fn messages(prefix: &str, event: &Event) -> Vec<Message> {
    let Some(kind) = kind(event) else { return Vec::new() };
    let text = |field: &str| event.data.get(field).and_then(Value::as_str);
    let mut data = event.data.clone();
    let (mut id, mut role, mut name) = ("id", None, None);
    if kind.starts_with("node_") {
        (id, role, name) = ("node_id", text("role"), text("name"));
    } else if kind.starts_with("profile_") {
        (id, role) = ("role", Some(event.subject.as_str()));
    }
    if let Some(fields) = data.as_object_mut() {
        fields.insert("seq".to_owned(), event.seq.into());
        fields.insert(id.to_owned(), json!(event.subject));
        // The older clients' word for it.
        fields.extend(name.map(|name| ("node".to_owned(), json!(name))));
    }
    let envelope = json!({
        "type": kind,
        "source_node": SOURCE,
        "source_role": "registry",
        "timestamp": event.time,
        "data": data,
    })
    .to_string();
    let mark = |channel: &str| {
        let of = format!("{} {} {} {channel}", event.seq, event.time, event.subject);
        hex(&Sha256::digest(of)[..16])
    };
    let channels = [
        Some(format!("{prefix}:global")),
        role.map(|role| format!("{prefix}:role:{role}")),
        name.map(|name| format!("{prefix}:node:{name}")),
    ];
    let channels = channels.into_iter().flatten();
    channels
        .map(|channel| Message { mark: mark(&channel), text: envelope.clone(), channel })
        .collect()
}

/// The event's type on the bus; nothing for what is not told there.
fn kind(event: &Event) -> Option<&'static str> {
    use EventKind as K;
    let is_ready = event.data.get("state").is_some_and(|state| state == "ready");
    Some(match event.kind {
        K::Registered => "server_registered",
        K::Updated if is_ready => "server_ready",
        K::Updated => "server_updated",
        K::Lost => "server_lost",
        K::Unregistered => "server_unregistered",
        K::Replaced => "server_replaced",
        K::Removed => "server_removed",
        K::Unhealthy => "server_unhealthy",
        K::Recovered => "server_recovered",
        K::NodeRegistered => "node_registered",
        K::NodeUpdated => "node_updated",
        K::NodeState => "node_status",
        K::NodeRemoved => "node_removed",
        K::ProfileSet => "profile_set",
        K::ProfileRemoved => "profile_removed",
        K::Notified | K::WatchCreated | K::WatchRemoved => return None,
        K::TokenCreated | K::TokenRevoked | K::Restored => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_heartbeats_of_others_are_heard() {
        let beat = json!({"type": "node_heartbeat", "source_node": "vengeance", "x": [1],
            "data": {"node": "other", "role": "compute", "status": "active"}});
        assert_eq!(heard(beat.to_string().as_bytes()).as_deref(), Some("vengeance"));
        for other in [
            json!({"type": "node_registered", "source_node": "vengeance"}),
            json!({"type": "node_heartbeat", "source_node": SOURCE}),
            json!({"type": "node_heartbeat", "source_node": 7}),
            json!({"type": "node_heartbeat"}),
            json!(["node_heartbeat"]),
            json!(null),
        ] {
            assert_eq!(heard(other.to_string().as_bytes()), None, "{other}");
        }
        for garbage in [&b""[..], b"\xff\xfe", b"{", &b"[".repeat(60_000)] {
            assert_eq!(heard(garbage), None);
        }
    }

    fn event(kind: &str, subject: &str, data: Value) -> Event {
        let event = json!({"seq": 9, "time": "2026-01-02T03:04:05Z", "kind": kind,
            "subject": subject, "data": data});
        serde_json::from_value(event).unwrap()
    }

    #[test]
    fn a_node_is_told_of_on_three_channels_a_server_on_one_and_a_token_nowhere() {
        let node = event("node-registered", "id-1", json!({"name": "n1", "role": "compute"}));
        let told = messages("p", &node);
        let channels: Vec<&str> = told.iter().map(|m| m.channel.as_str()).collect();
        assert_eq!(channels, ["p:global", "p:role:compute", "p:node:n1"]);
        let envelope: Value = serde_json::from_str(&told[0].text).unwrap();
        let expected = json!({"type": "node_registered", "source_node": SOURCE,
            "source_role": "registry", "timestamp": "2026-01-02T03:04:05Z",
            "data": {"name": "n1", "role": "compute", "seq": 9, "node_id": "id-1", "node": "n1"}});
        assert_eq!(envelope, expected);
        assert!(told[0].mark != told[1].mark && told[0].mark == messages("p", &node)[0].mark);

        let kinds = |kind: &str, data: Value| -> Vec<String> {
            let told = messages("p", &event(kind, "s", data));
            let kind =
                |m: &Message| serde_json::from_str::<Value>(&m.text).unwrap()["type"].clone();
            told.iter().map(|m| format!("{} {}", m.channel, kind(m).as_str().unwrap())).collect()
        };
        assert_eq!(kinds("updated", json!({"state": "ready"})), ["p:global server_ready"]);
        assert_eq!(kinds("updated", json!({"state": "loading"})), ["p:global server_updated"]);
        assert_eq!(kinds("lost", json!({"role": "x"})), ["p:global server_lost"]);
        assert_eq!(
            kinds("profile-set", json!({})),
            ["p:global profile_set", "p:role:s profile_set"]
        );
        for silent in ["token-created", "token-revoked", "restored"] {
            assert!(kinds(silent, json!({})).is_empty(), "{silent}");
        }
    }
}
