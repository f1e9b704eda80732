//! The part of the client that is about nodes.

use reqwest::Method;
use serde_json::Value;

use super::call::{ClientError, RegistryClient, with_query};
use crate::api::nodes::{
    Maintenance, NodeBeat, NodeBeatReply, NodeFilter, NodeLease, NodeRegister, NodeReply, Profile,
    Topology,
};
use crate::api::{LEASE_HEADER, LEASE_SECRET_HEADER};
use crate::domain::node::Node;
use crate::secret::Secret;

/// How many nodes are asked for at a time.
const PAGE: usize = 5000;
/// Most pages of one list.
const MAX_PAGES: usize = 100;

impl RegistryClient {
    /// Registers a node. With a `secret` (32 to 128 letters and digits) the node is guarded:
    /// from then on it takes the lease of the answer to beat for it or to change it. Trying
    /// again with the same secret is safe.
    ///
    /// # Errors
    /// [`ClientError`]; `Superseded` where somebody else guards the node.
    pub async fn register_node(
        &self,
        node: &NodeRegister,
        secret: Option<&Secret>,
    ) -> Result<NodeReply, ClientError> {
        let chosen = secret.map(|secret| (LEASE_SECRET_HEADER, secret.expose().to_owned()));
        let headers: Vec<_> = chosen.into_iter().collect();
        self.call(Method::POST, "/api/v1/nodes/register", Some(node), &headers).await
    }

    /// Tells that a node lives, and how it is.
    ///
    /// # Errors
    /// [`ClientError`]; `Unknown` where the registry has forgotten the node, `Superseded` where
    /// the lease is not that of the node any more.
    pub async fn beat_node(
        &self,
        beat: &NodeBeat,
        lease: Option<&NodeLease>,
    ) -> Result<NodeBeatReply, ClientError> {
        self.call(Method::POST, "/api/v1/nodes/heartbeat", Some(beat), &proof(lease)).await
    }

    /// The nodes that pass the filter, as many as the registry gives at a time.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn nodes(&self, filter: &NodeFilter) -> Result<Vec<Node>, ClientError> {
        self.get_with("/api/v1/nodes", filter).await
    }

    /// All nodes that pass the filter, page by page. One that moves between two pages while
    /// they are read is in the list once.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn all_nodes(&self, filter: &NodeFilter) -> Result<Vec<Node>, ClientError> {
        let mut all: Vec<Node> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        for page in 0..MAX_PAGES {
            let (limit, offset) = (Some(PAGE), Some(page * PAGE));
            let nodes = self.nodes(&NodeFilter { limit, offset, ..filter.clone() }).await?;
            let last = nodes.len() < PAGE;
            all.extend(nodes.into_iter().filter(|node| seen.insert(node.info.node_id.clone())));
            if last {
                break;
            }
        }
        Ok(all)
    }

    /// One node by its id.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn node(&self, node_id: &str) -> Result<Node, ClientError> {
        self.get_with(&format!("/api/v1/nodes/{}", segment(node_id)?), &()).await
    }

    /// Takes a node out of the registry. A guarded node wants its lease, or an administrator.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn remove_node(
        &self,
        node_id: &str,
        lease: Option<&NodeLease>,
    ) -> Result<(), ClientError> {
        let path = format!("/api/v1/nodes/{}", segment(node_id)?);
        let proof = proof(lease);
        self.call::<(), Value>(Method::DELETE, &path, None, &proof).await.map(drop)
    }

    /// Takes a node out of use, or gives it back.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn maintain_node(
        &self,
        node_id: &str,
        maintenance: &Maintenance,
        lease: Option<&NodeLease>,
    ) -> Result<Node, ClientError> {
        let path = format!("/api/v1/nodes/{}/maintenance", segment(node_id)?);
        self.call(Method::PUT, &path, Some(maintenance), &proof(lease)).await
    }

    /// How the nodes are connected.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn topology(&self, filter: &NodeFilter) -> Result<Topology, ClientError> {
        self.get_with("/topology", filter).await
    }

    /// Numbers about the nodes; with `since` (as `7d`) also over time.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn node_stats(&self, since: Option<&str>) -> Result<Value, ClientError> {
        let query = since.map(|since| serde_json::json!({ "since": since }));
        self.get_with("/stats", &query).await
    }

    /// The profiles of all roles that have one.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn profiles(&self) -> Result<Vec<Profile>, ClientError> {
        self.get_with("/api/v1/profiles", &()).await
    }

    /// The profile of one role.
    ///
    /// # Errors
    /// [`ClientError`]; `Unknown` where it has none.
    pub async fn profile(&self, role: &str) -> Result<Profile, ClientError> {
        self.get_with(&format!("/api/v1/profiles/{}", segment(role)?), &()).await
    }

    /// Writes the profile of a role.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn set_profile(&self, role: &str, config: &Value) -> Result<Profile, ClientError> {
        let path = format!("/api/v1/profiles/{}", segment(role)?);
        self.call(Method::PUT, &path, Some(config), &[]).await
    }

    /// Removes the profile of a role.
    ///
    /// # Errors
    /// [`ClientError`]; `Unknown` where it has none.
    pub async fn remove_profile(&self, role: &str) -> Result<(), ClientError> {
        let path = format!("/api/v1/profiles/{}", segment(role)?);
        self.call::<(), Value>(Method::DELETE, &path, None, &[]).await.map(drop)
    }

    async fn get_with<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        query: &impl serde::Serialize,
    ) -> Result<T, ClientError> {
        self.call::<(), T>(Method::GET, &with_query(path, query), None, &[]).await
    }
}

fn proof(lease: Option<&NodeLease>) -> Vec<(&'static str, String)> {
    let proof = |lease: &NodeLease| format!("{}:{}", lease.generation, lease.secret.expose());
    lease.map(|lease| (LEASE_HEADER, proof(lease))).into_iter().collect()
}

/// `text` as one part of a path. What a URL would take for a step up, or for nothing, can't be
/// the name of anything.
fn segment(text: &str) -> Result<String, ClientError> {
    if ["", ".", ".."].contains(&text) {
        return Err(ClientError::Unknown(format!("nothing is called `{text}`")));
    }
    let mut url = reqwest::Url::parse("http://x/").expect("a constant");
    url.path_segments_mut().expect("an http URL has a path").pop_if_empty().push(text);
    Ok(url.path()[1..].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_stays_one_part_of_a_path() {
        let shown = |text| segment(text).ok();
        assert_eq!(shown("gpu-1").as_deref(), Some("gpu-1"));
        assert_eq!(shown("a/b?c#d%e").as_deref(), Some("a%2Fb%3Fc%23d%25e"));
        assert_eq!([shown(".."), shown("."), shown("")], [None, None, None]);
    }
}
