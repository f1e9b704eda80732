//! What is said on the event bus: `{type, source_node, source_role?, timestamp?, data{}}`. Pure.

use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::domain::event::Event;
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
/// its role and its name.
pub fn messages(prefix: &str, event: &Event) -> Vec<Message> {
    let (kind, is_node) = kind(event);
    let text = |field: &str| event.data.get(field).and_then(Value::as_str);
    let mut data = event.data.clone();
    if let Some(fields) = data.as_object_mut() {
        fields.insert("seq".to_owned(), event.seq.into());
        fields.insert(if is_node { "node_id" } else { "id" }.to_owned(), json!(event.subject));
    }
    let mut channels = vec![format!("{prefix}:global")];
    if is_node {
        if let (Some(fields), Some(name)) = (data.as_object_mut(), text("name")) {
            // The older clients' word for it.
            fields.insert("node".to_owned(), json!(name));
        }
        channels.extend(text("role").map(|role| format!("{prefix}:role:{role}")));
        channels.extend(text("name").map(|name| format!("{prefix}:node:{name}")));
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
    channels
        .into_iter()
        .map(|channel| Message { mark: mark(&channel), text: envelope.clone(), channel })
        .collect()
}

/// The event's type on the bus, and whether it is a node's.
fn kind(event: &Event) -> (String, bool) {
    let word = event.kind.as_str().replace('-', "_");
    if word.starts_with("node_") {
        return (word, true);
    }
    let is_ready = word == "updated" && event.data.get("state") == Some(&json!("ready"));
    (if is_ready { "server_ready".to_owned() } else { format!("server_{word}") }, false)
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
}
