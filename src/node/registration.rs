//! Registration for programs of one's own (contract 3): `/v2/nodes…` with a bearer token.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::{Method, StatusCode};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, JoinHandle};

use crate::chance;
use crate::client::pace::Pace;
use crate::http::{cause, http};

/// How long one call may take.
const CALL_LIMIT: Duration = Duration::from_secs(10);

/// What a node has (contract 3).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct NodeCapabilities {
    /// GPUs.
    pub gpu_count: u32,
    /// Memory of all GPUs in MiB.
    pub total_vram_mb: u64,
    /// CUDA's version; empty without one.
    pub cuda_version: String,
}

/// How one pool of slots is (contract 3).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PoolStatus {
    /// Its name.
    pub pool_id: String,
    /// Whether it takes work.
    pub ready: bool,
    /// How much more work it takes.
    pub slots_free: u32,
}

/// Which node to register, and where.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct NodeRegistrationConfig {
    /// The node's id, which is its own choice.
    pub node_id: String,
    /// Id of the machine.
    pub machine_id: String,
    /// URL at which the node's own service is reached.
    pub address: String,
    /// The registry, as `http://HOST:PORT`.
    pub orchestratord_url: String,
    /// Names of the node's pools.
    pub pools: Vec<String>,
    /// What the node has.
    pub capabilities: NodeCapabilities,
    /// Seconds between beats, unless the registry asks for another interval.
    pub heartbeat_interval_secs: u64,
    /// Token for a registry that asks for one.
    pub api_token: Option<String>,
}

impl fmt::Debug for NodeRegistrationConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeRegistrationConfig")
            .field("node_id", &self.node_id)
            .field("machine_id", &self.machine_id)
            .field("address", &self.address)
            .field("orchestratord_url", &self.orchestratord_url)
            .field("pools", &self.pools)
            .field("capabilities", &self.capabilities)
            .field("heartbeat_interval_secs", &self.heartbeat_interval_secs)
            .field("api_token", &self.api_token.as_ref().map(|_| "…"))
            .finish()
    }
}

/// Why a call failed.
#[derive(Debug, thiserror::Error)]
pub enum RegistrationError {
    /// The registry did not answer, or answered 5xx: trying again may help.
    #[error("the registry at {url} can't be reached: {reason}")]
    Unreachable {
        /// The registry.
        url: String,
        /// Why.
        reason: String,
    },
    /// 401 or 403: the token is missing, wrong, or allows too little.
    #[error("the registry does not allow it ({status}): {error}")]
    Unauthorized {
        /// The HTTP status.
        status: u16,
        /// What it says.
        error: String,
    },
    /// 404: the registry does not know the node.
    #[error("the registry does not know node {0}")]
    Unknown(String),
    /// Any other refusal: trying again does not help.
    #[error("the registry refuses ({status}): {error}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What it says.
        error: String,
    },
}

/// A node's place in the registry. It beats from [`NodeRegistration::spawn_heartbeat`] until
/// [`NodeRegistration::deregister`], or until this is dropped.
///
/// ```no_run
/// use llamactl::node::{
///     NodeCapabilities, NodeRegistration, NodeRegistrationConfig, PoolStatus,
/// };
///
/// # async fn example() -> Result<(), llamactl::node::RegistrationError> {
/// let registration = NodeRegistration::new(NodeRegistrationConfig {
///     node_id: "gpu-node-1".to_string(),
///     machine_id: "machine-alpha".to_string(),
///     address: "http://192.168.1.100:9200".to_string(),
///     orchestratord_url: "http://192.168.1.1:5000".to_string(),
///     pools: vec!["pool-0".to_string()],
///     capabilities: NodeCapabilities {
///         gpu_count: 2,
///         total_vram_mb: 48_000,
///         cuda_version: "12.1".to_string(),
///     },
///     heartbeat_interval_secs: 10,
///     api_token: None,
/// });
/// registration.register().await?;
/// let beats = registration.spawn_heartbeat(|| {
///     vec![PoolStatus { pool_id: "pool-0".to_string(), ready: true, slots_free: 4 }]
/// });
/// // … work …
/// registration.deregister().await?;
/// assert!(beats.await.is_err_and(|ended| ended.is_cancelled()));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct NodeRegistration {
    config: Arc<NodeRegistrationConfig>,
    beating: Mutex<Option<Beating>>,
}

/// A running heartbeat.
#[derive(Debug)]
struct Beating {
    task: AbortHandle,
    /// Closed when the task has ended.
    ended: oneshot::Receiver<()>,
}

impl Drop for Beating {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl NodeRegistration {
    /// A node that is not registered yet.
    pub fn new(config: NodeRegistrationConfig) -> NodeRegistration {
        NodeRegistration { config: Arc::new(config), beating: Mutex::new(None) }
    }

    /// Registers the node. Doing it again updates what the registry knows.
    ///
    /// # Errors
    /// [`RegistrationError`]
    pub async fn register(&self) -> Result<(), RegistrationError> {
        self.config.register().await
    }

    /// Beats in the background, with what `pools` gives each time. The node registers anew when
    /// the registry has forgotten it. A second call takes the place of the first.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn spawn_heartbeat<F>(&self, pools: F) -> JoinHandle<()>
    where
        F: Fn() -> Vec<PoolStatus> + Send + 'static,
    {
        let (running, ended) = oneshot::channel();
        let config = Arc::clone(&self.config);
        let task = tokio::spawn(async move {
            // Dropped with the task, however it ends.
            let _running = running;
            config.beat_on(pools).await;
        });
        let beating = Beating { task: task.abort_handle(), ended };
        *self.beating.lock().unwrap_or_else(PoisonError::into_inner) = Some(beating);
        task
    }

    /// Stops beating and takes the node out of the registry. Going twice is no error.
    ///
    /// # Errors
    /// [`RegistrationError`]
    pub async fn deregister(&self) -> Result<(), RegistrationError> {
        let beating = self.beating.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut beating) = beating {
            beating.task.abort();
            // A beat or a registration that is on its way must not come after the goodbye.
            let _ = (&mut beating.ended).await;
        }
        match self.config.call(Method::DELETE, &self.config.path(""), None).await {
            Ok(_) | Err(RegistrationError::Unknown(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

impl NodeRegistrationConfig {
    async fn register(&self) -> Result<(), RegistrationError> {
        let body = serde_json::json!({
            "node_id": self.node_id,
            "machine_id": self.machine_id,
            "address": self.address,
            "pools": self.pools,
            "capabilities": self.capabilities,
        });
        self.call(Method::POST, "/v2/nodes/register", Some(&body)).await.map(drop)
    }

    async fn beat_on(&self, pools: impl Fn() -> Vec<PoolStatus>) {
        let usual = Duration::from_secs(self.heartbeat_interval_secs);
        let mut pace = Pace::default();
        loop {
            let wait = match self.beat(pools()).await {
                Ok(next) => pace.ok(next.unwrap_or(usual)),
                Err(error) => {
                    tracing::warn!(node = %self.node_id, %error, "a heartbeat failed");
                    pace.failed(chance::fraction())
                }
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// Beats once, and registers anew where the node is forgotten; how long to wait, where the
    /// registry says it.
    async fn beat(&self, pools: Vec<PoolStatus>) -> Result<Option<Duration>, RegistrationError> {
        let body = serde_json::json!({ "timestamp": Timestamp::now(), "pools": pools });
        let path = self.path("/heartbeat");
        let answer = match self.call(Method::POST, &path, Some(&body)).await {
            Err(RegistrationError::Unknown(_)) => {
                self.register().await?;
                self.call(Method::POST, &path, Some(&body)).await?
            }
            answer => answer?,
        };
        Ok(answer["next_heartbeat_ms"].as_u64().map(Duration::from_millis))
    }

    /// `/v2/nodes/ID` and what follows, the id being one part of the path whatever is in it.
    fn path(&self, rest: &str) -> String {
        let mut url = reqwest::Url::parse("http://x/").expect("a constant");
        url.path_segments_mut().expect("an http URL has a path").pop_if_empty().push(&self.node_id);
        format!("/v2/nodes{}{rest}", url.path())
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, RegistrationError> {
        let url = self.orchestratord_url.trim_end_matches('/');
        let unreachable =
            |reason: String| RegistrationError::Unreachable { url: url.to_owned(), reason };
        let failed = |error: reqwest::Error| unreachable(cause(&error));
        let mut request =
            http().map_err(failed)?.request(method, format!("{url}{path}")).timeout(CALL_LIMIT);
        if let Some(token) = &self.api_token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(failed)?;
        let status = response.status();
        let bytes = response.bytes().await.map_err(failed)?;
        let answer: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        if status.is_success() {
            return Ok(answer);
        }
        let error = answer["error"].as_str().map_or_else(|| status.to_string(), str::to_owned);
        Err(match status {
            StatusCode::NOT_FOUND => RegistrationError::Unknown(self.node_id.clone()),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                RegistrationError::Unauthorized { status: status.as_u16(), error }
            }
            status if status.is_server_error() => unreachable(error),
            status => RegistrationError::Refused { status: status.as_u16(), error },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_not_shown_and_an_id_stays_one_part_of_the_path() {
        let config = NodeRegistrationConfig {
            node_id: "a/b".to_owned(),
            api_token: Some("hunter2".to_owned()),
            ..NodeRegistrationConfig::default()
        };
        assert!(!format!("{config:?}").contains("hunter2"));
        assert_eq!(config.path("/heartbeat"), "/v2/nodes/a%2Fb/heartbeat");
    }
}
