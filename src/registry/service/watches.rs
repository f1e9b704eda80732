//! The rules of watches: who wants to be told of servers and nodes.

use http::StatusCode;
use uuid::Uuid;

use super::Service;
use crate::api::dashboard::{WatchCreate, Watches};
use crate::domain::filter::Filter;
use crate::domain::notice::Kind;
use crate::domain::server;
use crate::domain::target::Target;
use crate::domain::watch::{MAX_TARGETS, SEEN, Watch, available};
use crate::registry::edge::identity::Identity;
use crate::registry::error::ApiError;
use crate::registry::error::Refused;
use crate::registry::may::Reach;
use crate::registry::store::{Now, Op, WatchOp};

impl Service {
    /// The watches of whoever asks; of everybody for an administrator, who sees of others'
    /// addresses and topics only the beginning.
    ///
    /// # Errors
    /// 503 when the database can't be read.
    pub async fn watches(&self, who: &Identity) -> Result<Watches, ApiError> {
        let sees_all = who.by().reach == Reach::All;
        let is_own = |watch: &Watch| watch.owner.is_some() && watch.owner == who.owner;
        let all = self.store.watches().await?.into_iter().map(|kept| kept.watch);
        let watches = all.filter(|watch| sees_all || is_own(watch)).map(|watch| shown(watch, who));
        Ok(Watches { channels: self.channels.names(), watches: watches.collect() })
    }

    /// Makes a watch.
    ///
    /// # Errors
    /// 400 for what is wrong in it, 409 for too many, 422 for a channel that is not set up, 503.
    pub async fn create_watch(
        &self,
        wanted: WatchCreate,
        who: &Identity,
    ) -> Result<Watch, ApiError> {
        let watch = watch(wanted, who)?;
        for target in &watch.notify {
            self.channels.check(target)?;
        }
        let now = Now { wall: watch.created, ..Now::get() };
        let op = Op::Watches(WatchOp::Add(watch.clone()));
        self.store.run(op, now, who.by()).await??;
        Ok(watch)
    }

    /// Removes a watch.
    ///
    /// # Errors
    /// 403 for somebody else's, 404 for one that is not there, 503.
    pub async fn remove_watch(&self, id: String, who: &Identity) -> Result<(), ApiError> {
        let op = Op::Watches(WatchOp::Remove(id));
        match self.store.run(op, Now::get(), who.by()).await? {
            Ok(_) => Ok(()),
            Err(Refused::Unknown) => {
                Err(ApiError::new(StatusCode::NOT_FOUND, "there is no such watch"))
            }
            Err(refused) => Err(refused.into()),
        }
    }
}

/// The watch that a client asks for.
fn watch(wanted: WatchCreate, who: &Identity) -> Result<Watch, ApiError> {
    let filter =
        Filter { server_owner: wanted.server_owner, labels: wanted.labels, node: wanted.node };
    filter.validate().map_err(ApiError::bad_request)?;
    let model = match wanted.model {
        Some(model) => model,
        None if filter.is_empty() => {
            return Err(ApiError::bad_request("a watch says of which servers or nodes")
                .hint("give a model, server_owner, labels or node; the model * is any"));
        }
        None => "*".to_owned(),
    };
    server::text("model", &model).map_err(ApiError::bad_request)?;
    let of_nodes = filter.node.is_some() && model == "*";
    let mut events = wanted.events.unwrap_or_else(|| match of_nodes {
        true => vec![Kind::Offline, Kind::Online],
        false => available(),
    });
    events.sort_unstable();
    events.dedup();
    let unseen = events.iter().find(|kind| !SEEN.contains(kind));
    if unseen.is_some() || events.is_empty() {
        let seen = SEEN.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ");
        let error = match unseen {
            Some(kind) => format!("events: the registry sees nothing of `{kind}`"),
            None => "events: at least one is needed".to_owned(),
        };
        return Err(ApiError::bad_request(error).hint(format!("it can tell of {seen}")));
    }
    if wanted.notify.is_empty() || wanted.notify.len() > MAX_TARGETS {
        let error = format!("notify must have 1 to {MAX_TARGETS} entries");
        return Err(ApiError::bad_request(error).hint("ntfy://TOPIC or mailto:ADDRESS"));
    }
    let mut notify: Vec<String> = Vec::new();
    for target in wanted.notify {
        if !notify.contains(&target) {
            notify.push(target);
        }
    }
    Ok(Watch {
        id: Uuid::now_v7().to_string(),
        owner: who.owner.clone(),
        model,
        events,
        filter,
        notify,
        once: wanted.once,
        created: Now::get().wall,
    })
}

/// A watch as `who` may see it. Without a token nobody can be told from its owner.
fn shown(mut watch: Watch, who: &Identity) -> Watch {
    if watch.owner.is_none() || watch.owner != who.owner {
        let masked = |text: &String| match Target::parse(text) {
            Ok(target) => target.masked_for_others(),
            Err(_) => "…".to_owned(),
        };
        watch.notify = watch.notify.iter().map(masked).collect();
    }
    watch
}
