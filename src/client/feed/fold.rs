//! From the messages of the stream to what is known. Pure.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;

use crate::domain::node::Node;
use crate::domain::server::Server;

/// Servers and nodes as of one moment.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    servers: Records<Uuid, Server>,
    nodes: Records<String, Node>,
}

impl Snapshot {
    /// The servers, in no order.
    pub fn servers(&self) -> impl Iterator<Item = &Arc<Server>> {
        self.servers.by_id.values().map(|kept| &kept.record)
    }

    /// One server.
    pub fn server(&self, id: Uuid) -> Option<&Arc<Server>> {
        self.servers.by_id.get(&id).map(|kept| &kept.record)
    }

    /// The nodes, in no order.
    pub fn nodes(&self) -> impl Iterator<Item = &Arc<Node>> {
        self.nodes.by_id.values().map(|kept| &kept.record)
    }

    /// One node.
    pub fn node(&self, id: &str) -> Option<&Arc<Node>> {
        self.nodes.by_id.get(id).map(|kept| &kept.record)
    }
}

/// Records of one kind, and how many bytes they have as JSON.
#[derive(Debug, Clone)]
struct Records<K, T> {
    by_id: HashMap<K, Kept<T>>,
    bytes: usize,
}

#[derive(Debug, Clone)]
struct Kept<T> {
    record: Arc<T>,
    bytes: usize,
}

impl<K, T> Default for Records<K, T> {
    fn default() -> Records<K, T> {
        Records { by_id: HashMap::new(), bytes: 0 }
    }
}

impl<K: Eq + Hash, T: DeserializeOwned> Records<K, T> {
    /// Takes over the records of a message, and forgets those that are gone.
    fn take(
        &mut self,
        data: &str,
        id_of: impl Fn(&T) -> K,
        id: impl Fn(String) -> Option<K>,
    ) -> Result<(), String> {
        let message: Message = serde_json::from_str(data)
            .map_err(|error| format!("a message that is not understood: {error}"))?;
        for value in message.changed {
            let bytes = value.to_string().len();
            match serde_json::from_value::<T>(value) {
                Ok(record) => self.put(id_of(&record), Kept { record: Arc::new(record), bytes }),
                Err(error) => tracing::warn!(%error, "a record that is not understood"),
            }
        }
        for id in message.gone.into_iter().filter_map(id) {
            self.drop(&id);
        }
        Ok(())
    }

    fn put(&mut self, id: K, kept: Kept<T>) {
        self.bytes += kept.bytes;
        if let Some(old) = self.by_id.insert(id, kept) {
            self.bytes -= old.bytes;
        }
    }

    fn drop(&mut self, id: &K) {
        if let Some(old) = self.by_id.remove(id) {
            self.bytes -= old.bytes;
        }
    }
}

/// Data of `servers` and `nodes`.
#[derive(Debug, Deserialize)]
struct Message {
    #[serde(default)]
    changed: Vec<Value>,
    #[serde(default)]
    gone: Vec<String>,
}

/// What one stream has told.
#[derive(Debug)]
pub(super) struct Fold {
    view: Arc<Snapshot>,
    /// It has told everything, and now tells what changes.
    synced: bool,
    most: usize,
}

impl Fold {
    /// Nothing yet; records may have so many bytes together.
    pub fn new(most: usize) -> Fold {
        Fold { view: Arc::default(), synced: false, most }
    }

    /// Takes a message. Gives what is known with it, once it is everything.
    ///
    /// # Errors
    /// One that means nothing, or more than may be held.
    pub fn take(&mut self, event: &str, data: &str) -> Result<Option<Arc<Snapshot>>, String> {
        match event {
            // Everything anew: what is not told until `synced` is gone.
            "hello" => *self = Fold::new(self.most),
            "servers" => {
                let servers = &mut Arc::make_mut(&mut self.view).servers;
                servers.take(data, |server| server.info.id, |id| id.parse().ok())?;
            }
            "nodes" => {
                let nodes = &mut Arc::make_mut(&mut self.view).nodes;
                nodes.take(data, |node| node.info.node_id.clone(), Some)?;
            }
            "synced" => self.synced = true,
            _ => return Ok(None),
        }
        if self.view.servers.bytes + self.view.nodes.bytes > self.most {
            return Err(format!("it has more than {} MiB of records", self.most >> 20));
        }
        Ok(self.synced.then(|| Arc::clone(&self.view)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn id(n: u8) -> Uuid {
        Uuid::from_bytes([n; 16])
    }

    fn server(n: u8, state: &str) -> Value {
        json!({
            "id": id(n), "name": format!("s{n}"), "owner": "anna", "host": "n1", "port": 5000,
            "model": {"name": "m"}, "cluster": "lab", "job_id": n.to_string(),
            "started": "2026-01-01T00:00:00Z", "state": state,
            "first_seen": "2026-01-01T00:00:00Z", "last_seen": "2026-01-01T00:00:00Z",
        })
    }

    fn node(id: &str) -> Value {
        json!({
            "node_id": id, "name": id, "hostname": id, "role": "compute", "state": "online",
            "status": "online", "last_heartbeat": "2026-01-01T00:00:00Z",
            "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z",
        })
    }

    fn message(changed: Value, gone: Value) -> String {
        json!({ "changed": changed, "gone": gone }).to_string()
    }

    fn states(view: &Snapshot) -> Vec<String> {
        let shown = |s: &Arc<Server>| format!("{} {}", s.info.name, s.state.as_str());
        let mut all: Vec<_> = view.servers().map(shown).collect();
        all.sort();
        all
    }

    #[test]
    fn nothing_is_shown_until_everything_was_told_and_then_each_change_is() {
        let mut fold = Fold::new(1 << 20);
        let mut take = |event: &str, data: &str| fold.take(event, data).unwrap();
        assert!(take("hello", "{}").is_none());
        assert!(take("servers", &message(json!([server(1, "loading")]), json!([]))).is_none());
        assert!(take("servers", &message(json!([server(2, "ready")]), json!([]))).is_none());
        assert!(take("nodes", &message(json!([node("a"), node("b")]), json!([]))).is_none());
        let first = take("synced", "{}").unwrap();
        assert_eq!(states(&first), ["s1 loading", "s2 ready"]);
        assert_eq!(first.nodes().count(), 2);

        let next = take("servers", &message(json!([server(1, "ready")]), json!([id(2)]))).unwrap();
        assert_eq!(states(&next), ["s1 ready"]);
        assert_eq!(states(&first), ["s1 loading", "s2 ready"], "what somebody holds stays");
        assert!(next.server(id(1)).is_some() && next.server(id(2)).is_none());
        let next = take("nodes", &message(json!([]), json!(["a", "never"]))).unwrap();
        assert!(next.node("a").is_none() && next.node("b").is_some());
        assert!(take("", "").is_none(), "a sign of life");
        assert!(take("event", "{}").is_none() && take("from the future", "?").is_none());
    }

    #[test]
    fn a_new_beginning_forgets_what_it_does_not_name() {
        let mut fold = Fold::new(1 << 20);
        let both = message(json!([server(1, "ready"), server(2, "ready")]), json!([]));
        for (event, data) in [("servers", both.as_str()), ("synced", "{}"), ("hello", "{}")] {
            fold.take(event, data).unwrap();
        }
        let one = message(json!([server(2, "draining")]), json!([]));
        assert!(fold.take("servers", &one).unwrap().is_none());
        let view = fold.take("synced", "{}").unwrap().unwrap();
        assert_eq!(states(&view), ["s2 draining"]);
    }

    #[test]
    fn a_record_that_is_not_understood_is_left_out_and_a_message_ends_it() {
        let mut fold = Fold::new(1 << 20);
        let odd = message(json!([{"id": 7}, server(1, "ready")]), json!(["no uuid"]));
        assert!(fold.take("servers", &odd).unwrap().is_none());
        let view = fold.take("synced", "{}").unwrap().unwrap();
        assert_eq!(states(&view), ["s1 ready"]);
        assert!(fold.take("servers", "{").unwrap_err().contains("not understood"));
    }

    #[test]
    fn what_is_held_is_counted_in_bytes() {
        let size = server(1, "ready").to_string().len();
        let mut fold = Fold::new(2 * size + size / 2);
        let put = |n| message(json!([server(n, "ready")]), json!([]));
        for n in [1, 2, 2, 1] {
            fold.take("servers", &put(n)).unwrap();
        }
        fold.take("servers", &message(json!([]), json!([id(1)]))).unwrap();
        fold.take("servers", &put(3)).unwrap();
        assert!(fold.take("servers", &put(4)).unwrap_err().contains("more than"));
    }
}
