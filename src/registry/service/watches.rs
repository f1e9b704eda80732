//! The rules of watches: who wants to be told when a server of a model is ready.

use http::StatusCode;
use uuid::Uuid;

use super::Service;
use crate::api::dashboard::{WatchCreate, Watches};
use crate::config::spec::NotifySpec;
use crate::domain::server;
use crate::domain::watch::{MAX_TARGETS, Target, Watch};
use crate::notify;
use crate::registry::error::ApiError;
use crate::registry::identity::Identity;
use crate::registry::store::{Now, Op, Reach, Refused, WatchOp};

/// What the registry can tell people by, as its operator has set it up.
#[derive(Debug, Clone, Default)]
pub struct Channels {
    /// How: servers, tokens, templates; nobody in particular.
    pub how: NotifySpec,
    /// Whether there is an SMTP server.
    pub email: bool,
    /// Whether there is an ntfy server.
    pub ntfy: bool,
    /// URL of the registry, for messages.
    pub registry: String,
}

impl Channels {
    /// Their names.
    pub fn names(&self) -> Vec<String> {
        let all = [("email", self.email), ("ntfy", self.ntfy)];
        all.into_iter().filter(|(_, there)| *there).map(|(name, _)| name.to_owned()).collect()
    }

    /// How to tell one of those whom a watch names.
    pub fn to(&self, target: &Target) -> NotifySpec {
        let mut how = self.how.clone();
        how.to = vec![target.to_string()];
        how
    }

    fn check(&self, target: &Target) -> Result<(), ApiError> {
        let (there, mend) = match target {
            Target::Ntfy(_) => (self.ntfy, "notify.ntfy_server"),
            Target::Email(_) => (self.email, "notify.smtp"),
        };
        if !there {
            let channel = target.channel();
            let error = format!("this registry can't tell anybody by {channel}");
            return Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, error)
                .hint(format!("its operator sets {mend} in the registry's configuration")));
        }
        notify::check(&self.to(target))
            .map_err(|why| ApiError::bad_request(format!("notify: {why}")))
    }
}

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
        server::text("model", &wanted.model).map_err(ApiError::bad_request)?;
        if wanted.notify.is_empty() || wanted.notify.len() > MAX_TARGETS {
            let error = format!("notify must have 1 to {MAX_TARGETS} entries");
            return Err(ApiError::bad_request(error).hint("ntfy://TOPIC or mailto:ADDRESS"));
        }
        for target in &wanted.notify {
            let target = Target::parse(target).map_err(ApiError::bad_request)?;
            self.channels.check(&target)?;
        }
        let now = Now::get();
        let watch = Watch {
            id: Uuid::now_v7().to_string(),
            owner: who.owner.clone(),
            model: wanted.model,
            notify: wanted.notify,
            once: wanted.once,
            created: now.wall,
        };
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

/// A watch as `who` may see it. Without a token nobody can be told from its owner.
fn shown(mut watch: Watch, who: &Identity) -> Watch {
    if watch.owner.is_none() || watch.owner != who.owner {
        let masked = |text: &String| Target::parse(text).ok().map(|target| target.masked());
        watch.notify = watch.notify.iter().filter_map(masked).collect();
    }
    watch
}
