//! The registry's rules: what a request means, checked before the store carries it out, and
//! what readers get to see.

pub mod allowance;
pub mod channels;
mod connect;
pub mod door;
pub mod events;
pub mod follow;
mod history;
pub mod legacy;
pub mod nodes;
pub mod post;
pub mod relay;
pub mod servers;
pub mod tokens;
pub mod watches;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use crate::api::{DatabaseHealth, Health};
use crate::domain::node::NodeLimits;
use crate::registry::edge::identity::{Door, Identity, Policy};
use crate::registry::error::ApiError;
use crate::registry::seen::bodies::Bodies;
use crate::registry::seen::counters::Counters;
use crate::registry::seen::delays::Delays;
use crate::registry::seen::feed::Feed;
use crate::registry::seen::live::Live;
use crate::registry::seen::view::SharedView;
use crate::registry::service::post::{Diary, Mailbag};
use crate::registry::store::operations::Outcome;
use crate::registry::store::{Done, Now, Op, Store};

use allowance::Allowance;
pub use channels::Channels;

/// What the registry calls itself.
pub const SERVICE_NAME: &str = "llamactl-registry";

/// The registry behind its HTTP face.
#[derive(Debug)]
pub struct Service {
    /// The database.
    pub store: Arc<Store>,
    /// How long leases live.
    pub ttl: Duration,
    /// The login host that is suggested to people outside the cluster.
    pub login_host: Option<String>,
    /// After how much silence nodes are in trouble.
    pub limits: NodeLimits,
    /// What is counted.
    pub counters: Counters,
    /// Who comes in, and how often.
    pub door: Door,
    /// Lists that were made a moment ago.
    pub bodies: Bodies,
    /// Streams and reads that wait.
    pub live: Live,
    /// Everything that the dashboard shows, as it changes.
    pub feed: Feed,
    /// Tells ETags of this run of the registry from those of an earlier one.
    pub run: u32,
    /// When it began.
    pub started: Instant,
    /// How people are told, and who may be.
    pub channels: Arc<Channels>,
    /// What is to be sent, on the disk.
    pub post: Option<Arc<Mailbag>>,
    /// How much owners may have sent.
    pub allowance: Allowance,
    /// How late heartbeats came, since this process began.
    pub delays: Delays,
    /// Histories that may be made at a time.
    histories: Semaphore,
}

/// The one service, as each request and each task beside them has it.
pub type Shared = Arc<Service>;

impl Service {
    /// A service over an open database.
    pub fn new(store: Arc<Store>, ttl: Duration, policy: Policy) -> Service {
        let mut run = [0u8; 4];
        // Without random numbers ETags of two runs could meet; no secret hangs on this.
        let _ = getrandom::fill(&mut run);
        let counters = Counters::default();
        let live = Live::new(store.log().clone(), counters.streams.clone());
        let feed = Feed::new(store.view().clone(), store.log().clone(), live.clone());
        let run = u32::from_le_bytes(run);
        Service {
            store,
            ttl,
            login_host: None,
            limits: NodeLimits::default(),
            counters,
            door: Door::new(policy),
            bodies: Bodies::default(),
            live,
            feed,
            run,
            started: Instant::now(),
            channels: Arc::default(),
            post: None,
            allowance: Allowance::default(),
            delays: Delays::default(),
            histories: Semaphore::new(history::AT_ONCE),
        }
    }

    /// Where it is written down what became of letters.
    pub fn diary(&self) -> Diary {
        let store = Arc::clone(&self.store);
        let channels = Arc::clone(&self.channels);
        Diary { store, counters: self.counters.clone(), channels }
    }

    /// What readers see.
    pub fn view(&self) -> &SharedView {
        self.store.view()
    }

    /// Whether the registry is well; `well` is the word for it.
    pub fn health(&self, well: &str) -> Health {
        let view = self.view().read();
        let connected = view.broken.is_none();
        Health {
            status: if connected { well } else { "degraded" }.to_owned(),
            servers: view.live().count() + view.legacy_visible().count(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            service: SERVICE_NAME.to_owned(),
            nodes: view.nodes.len(),
            database: DatabaseHealth { connected },
            uptime_seconds: self.uptime(),
        }
    }

    /// Seconds since the start.
    pub fn uptime(&self) -> f64 {
        (self.started.elapsed().as_secs_f64() * 1000.0).round() / 1000.0
    }

    async fn run_op(&self, op: Op, who: &Identity) -> Result<Done, ApiError> {
        Ok(self.outcome(op, who).await??)
    }

    async fn outcome(&self, op: Op, who: &Identity) -> Result<Outcome, ApiError> {
        Ok(self.store.run(op, Now::get(), who.by()).await?)
    }
}
