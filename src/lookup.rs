//! Finding nodes from a router or gateway: an answer in bounded time, whether the registry is
//! there or not.
//!
//! All look-ups are answered from the list of all nodes, which is fetched when it is older than
//! [`Lookup::fresh_for`]. When the registry is down, the last good list goes on to be used, and
//! each [`FoundNodes`] says how old it is.
//!
//! ```no_run
//! use llamactl::lookup::Lookup;
//!
//! # async fn example() -> Result<(), llamactl::lookup::LookupError> {
//! let lookup = Lookup::new("http://registry.example.org:5000").keep_in("/var/lib/router/nodes");
//! let answer = lookup.available(Some("inference"), Some("gpu"), Some("online")).await?;
//! if answer.stale {
//!     eprintln!("the registry is away; this is {} s old", answer.age.as_secs());
//! }
//! for node in answer.nodes {
//!     println!("{} at {:?}", node.info.name, node.info.ip);
//! }
//! # Ok(())
//! # }
//! ```

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::task::JoinHandle;

use crate::api::nodes::NodeFilter;
use crate::chance;
use crate::client::pace::Pace;
use crate::client::{ClientError, RegistryClient};
use crate::domain::node::Node;
use crate::paths::write_private;

/// How often the list on disk is written anew although no node but its heartbeats changed.
const REWRITE: Duration = Duration::from_secs(60);

/// What a look-up found.
#[derive(Debug, Clone)]
pub struct FoundNodes {
    /// The nodes.
    pub nodes: Vec<Node>,
    /// How long ago the registry said so.
    pub age: Duration,
    /// Whether the registry could not be asked, so that this is its last good answer.
    pub stale: bool,
}

/// Why there is no answer: the registry does not give one, and never gave one before.
#[derive(Debug, Clone, thiserror::Error)]
#[error("no node is known: {reason}")]
pub struct LookupError {
    /// Why the registry gives no answer.
    pub reason: String,
}

/// A client for routers. Cheap to clone; clones share what is known.
#[derive(Debug, Clone)]
pub struct Lookup {
    client: RegistryClient,
    fresh_for: Duration,
    retries: u32,
    file: Option<PathBuf>,
    shared: Arc<Cache>,
}

#[derive(Debug, Default)]
struct Cache {
    known: RwLock<Remembered>,
    /// One question at a time; the others wait for its answer.
    asking: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Remembered {
    list: Option<List>,
    /// When the registry was last asked in vain, and why, since it last answered.
    failed: Option<(Instant, String)>,
    /// When the list was last written to disk.
    written: Option<Instant>,
    /// Whether the disk was looked at.
    read: bool,
}

#[derive(Debug, Clone)]
struct List {
    nodes: Arc<Vec<Node>>,
    /// When the registry gave it.
    at: Instant,
    /// How old it was then already: one from the disk.
    aged: Duration,
}

/// The file.
#[derive(Debug, Serialize, Deserialize)]
struct OnDisk<N> {
    registry: String,
    at: Timestamp,
    nodes: N,
}

impl Lookup {
    /// A look-up in the registry at `http://HOST:PORT`: 2 s for a call, one retry, lists fresh
    /// for 5 s, nothing on disk.
    pub fn new(registry: &str) -> Lookup {
        Lookup::with(RegistryClient::new(registry).timeout(Duration::from_secs(2)))
    }

    /// A look-up by a client that is set up already, with a token or another time limit.
    pub fn with(client: RegistryClient) -> Lookup {
        let fresh_for = Duration::from_secs(5);
        Lookup { client, fresh_for, retries: 1, file: None, shared: Arc::default() }
    }

    /// Sets how long one call may take.
    pub fn timeout(mut self, timeout: Duration) -> Lookup {
        self.client = self.client.timeout(timeout);
        self
    }

    /// Sets how often to try again within one look-up.
    pub fn retries(mut self, retries: u32) -> Lookup {
        self.retries = retries;
        self
    }

    /// Sets how long a list is used without asking again, and how long the registry is left
    /// alone after it gave no answer.
    pub fn fresh_for(mut self, time: Duration) -> Lookup {
        self.fresh_for = time;
        self
    }

    /// Keeps the last answer in this file (0600), so that a router that starts while the
    /// registry is down has one.
    pub fn keep_in(mut self, file: impl Into<PathBuf>) -> Lookup {
        self.file = Some(file.into());
        self
    }

    /// All nodes.
    ///
    /// # Errors
    /// When the registry gives no answer, and never gave one.
    pub async fn nodes(&self) -> Result<FoundNodes, LookupError> {
        self.find(|_| true).await
    }

    /// One node by its id or its name; an answer without nodes where there is none.
    ///
    /// # Errors
    /// As [`Lookup::nodes`].
    pub async fn node(&self, id: &str) -> Result<FoundNodes, LookupError> {
        self.find(|node| node.info.node_id == id || node.info.name == id).await
    }

    /// The nodes of a role.
    ///
    /// # Errors
    /// As [`Lookup::nodes`].
    pub async fn by_role(&self, role: &str) -> Result<FoundNodes, LookupError> {
        self.find(|node| node.info.role == role).await
    }

    /// The nodes with this role, this label and this status, as far as they are given. The
    /// status is in any format's words; without one, nodes that are online.
    ///
    /// # Errors
    /// As [`Lookup::nodes`].
    pub async fn available(
        &self,
        role: Option<&str>,
        label: Option<&str>,
        status: Option<&str>,
    ) -> Result<FoundNodes, LookupError> {
        let status = status.unwrap_or("online");
        self.find(|node| {
            role.is_none_or(|role| node.info.role == role)
                && label.is_none_or(|label| node.info.labels.iter().any(|one| one == label))
                && has_status(node, status)
        })
        .await
    }

    /// Asks the registry every `every` in the background, so that look-ups need not wait. Ends
    /// with the last clone of this, or when the handle is aborted.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn spawn_refresh(&self, every: Duration) -> JoinHandle<()> {
        let weak = Arc::downgrade(&self.shared);
        let (client, file, retries) = (self.client.clone(), self.file.clone(), self.retries);
        tokio::spawn(async move {
            while let Some(shared) = weak.upgrade() {
                let fresh_for = Duration::ZERO;
                let lookup = Lookup {
                    client: client.clone(),
                    file: file.clone(),
                    fresh_for,
                    retries,
                    shared,
                };
                lookup.refresh().await;
                drop(lookup);
                tokio::time::sleep(every).await;
            }
        })
    }

    async fn find(&self, wanted: impl Fn(&Node) -> bool) -> Result<FoundNodes, LookupError> {
        if !self.is_settled() {
            self.refresh().await;
        }
        let known = self.shared.known.read().unwrap_or_else(PoisonError::into_inner);
        let reason = known.failed.as_ref().map(|(_, reason)| reason.clone());
        let Some(list) = &known.list else {
            return Err(LookupError { reason: reason.unwrap_or_default() });
        };
        Ok(FoundNodes {
            nodes: list.nodes.iter().filter(|node| wanted(node)).cloned().collect(),
            age: list.aged + list.at.elapsed(),
            stale: reason.is_some(),
        })
    }

    /// Whether what is known, or that nothing is to be had, is new enough.
    fn is_settled(&self) -> bool {
        let known = self.shared.known.read().unwrap_or_else(PoisonError::into_inner);
        let tried = known.failed.as_ref().map(|(at, _)| *at);
        let asked = tried.or(known.list.as_ref().filter(|list| list.aged.is_zero()).map(|l| l.at));
        asked.is_some_and(|at| at.elapsed() < self.fresh_for)
    }

    /// Asks the registry, unless somebody else just did.
    async fn refresh(&self) {
        let _asking = self.shared.asking.lock().await;
        if self.is_settled() {
            return;
        }
        self.read_once();
        match self.ask().await {
            Ok(nodes) => self.learn(nodes),
            Err(error) => {
                let mut known = self.shared.known.write().unwrap_or_else(PoisonError::into_inner);
                if known.failed.is_none() {
                    tracing::warn!(%error, "nodes are looked up in the last good answer");
                }
                known.failed = Some((Instant::now(), error.to_string()));
            }
        }
    }

    async fn ask(&self) -> Result<Vec<Node>, ClientError> {
        let mut pace = Pace::watched();
        loop {
            match self.client.all_nodes(&NodeFilter::default()).await {
                Err(ClientError::Unreachable { .. }) if pace.failures() < self.retries => {
                    tokio::time::sleep(pace.failed(chance::fraction())).await;
                }
                answer => return answer,
            }
        }
    }

    fn learn(&self, nodes: Vec<Node>) {
        let list = List { nodes: Arc::new(nodes), at: Instant::now(), aged: Duration::ZERO };
        let mut known = self.shared.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.failed.take().is_some() {
            tracing::info!("the registry answers again");
        }
        let same = known.list.as_ref().is_some_and(|old| unchanged(&old.nodes, &list.nodes));
        let recent = known.written.is_some_and(|at| at.elapsed() < REWRITE);
        let nodes = Arc::clone(&list.nodes);
        known.list = Some(list);
        let Some(file) = self.file.as_deref().filter(|_| !(same && recent)) else { return };
        known.written = Some(Instant::now());
        drop(known);
        let disk =
            OnDisk { registry: self.client.url().to_owned(), at: Timestamp::now(), nodes: &*nodes };
        let written = serde_json::to_vec(&disk)
            .map_err(std::io::Error::from)
            .and_then(|text| write_private(file, &text));
        if let Err(error) = written {
            tracing::warn!(%error, file = %file.display(), "the nodes are not kept");
        }
    }

    /// Takes what an earlier process kept, as long as nothing better is known.
    fn read_once(&self) {
        let mut known = self.shared.known.write().unwrap_or_else(PoisonError::into_inner);
        if std::mem::replace(&mut known.read, true) || known.list.is_some() {
            return;
        }
        known.list = self.file.as_deref().and_then(|file| read(file, self.client.url()));
    }
}

fn read(file: &Path, registry: &str) -> Option<List> {
    let text = std::fs::read(file).ok()?;
    let disk: OnDisk<Vec<Node>> = serde_json::from_slice(&text).ok()?;
    // Between two processes there is only the wall clock to tell how long it was.
    let aged = Duration::try_from(Timestamp::now().duration_since(disk.at)).unwrap_or_default();
    // Not zero: this process did not hear it from the registry.
    let aged = aged.max(Duration::from_millis(1));
    (disk.registry == registry).then(|| List {
        nodes: Arc::new(disk.nodes),
        at: Instant::now(),
        aged,
    })
}

/// Whether two lists differ in nothing but heartbeats.
fn unchanged(old: &[Node], new: &[Node]) -> bool {
    let same = |(old, new): (&Node, &Node)| old.info == new.info && old.state == new.state;
    old.len() == new.len() && old.iter().zip(new).all(same)
}

/// Whether a node has a status in our own words, those of contract 2, or those of contract 4.
fn has_status(node: &Node, status: &str) -> bool {
    let status = if status == "active" { "online" } else { status };
    node.state.as_str() == status || node.status == status
}
