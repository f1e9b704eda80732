//! What people are told while a server runs. Nothing here holds it up: what is told goes by the
//! outbox, in the background while it runs, and after it is unregistered at its end.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::registration;
use super::report;
use super::setup::Setup;
use crate::config::spec::NotifySpec;
use crate::notify::outbox::Outbox;
use crate::notify::post::{self, Forward, Post};
use crate::notify::{Kind, Notice, rules};
use crate::shutdown::{Signals, Stop};

/// How long all tries may take while the server runs.
const WHILE_IT_RUNS: Duration = Duration::from_secs(600);
/// How long what killed processes left may take.
const LEFT_OVER: Duration = Duration::from_secs(120);
/// So long before its walltime ends a server is expiring, unless the configuration says
/// otherwise.
const EXPIRING_BEFORE: Duration = Duration::from_secs(15 * 60);

/// Who is told, and how.
pub struct News {
    how: NotifySpec,
    mail: Arc<Mail>,
    /// What is known of the server.
    base: Notice,
    told: JoinSet<()>,
    /// Where the registry hears how it went.
    registration: Option<registration::Reporter>,
}

struct Mail {
    outbox: Outbox,
    post: Post,
}

impl News {
    /// Nobody is told of anything yet.
    pub fn new(setup: &Setup, relay: Option<Box<dyn Forward>>) -> News {
        let how = setup.spec.notify.clone();
        let mail = Mail { outbox: post::outbox(&how), post: Post::new(how.clone(), relay) };
        News {
            base: report::notice(setup),
            mail: Arc::new(mail),
            told: JoinSet::new(),
            registration: None,
            how,
        }
    }

    /// Sends what processes left behind that were killed, in the background.
    pub fn flush(&mut self) {
        if self.how.is_empty() {
            return;
        }
        let mail = Arc::clone(&self.mail);
        self.told.spawn(async move {
            mail.outbox.flush(&mail.post, Instant::now() + LEFT_OVER).await;
        });
    }

    /// Changes what is known of the server.
    pub fn know(&mut self, change: impl FnOnce(&mut Notice)) {
        change(&mut self.base);
    }

    /// Lets the registry hear how it went, from now on.
    pub fn report_to(&mut self, registration: Option<registration::Reporter>) {
        self.registration = registration;
    }

    /// Whether anybody is told of such an event.
    pub fn tells(&self, kind: Kind) -> bool {
        !rules::whom(&self.how, &self.notice(kind)).is_empty()
    }

    /// When a server that ends at `ends` is expiring; nothing where nobody is told of it.
    pub fn expires(&self, ends: Timestamp, now: Timestamp) -> Option<Duration> {
        let before = self.how.expiring_before.map_or(EXPIRING_BEFORE, Duration::from_secs);
        let left = Duration::try_from(ends.duration_since(now)).ok()?;
        // A server that never had longer than that is no news at its start.
        let from_now = left.checked_sub(before).filter(|from_now| !from_now.is_zero())?;
        self.tells(Kind::Expiring).then_some(from_now)
    }

    /// Tells of an event in the background.
    pub fn tell_later(&mut self, kind: Kind) {
        self.tell_once(kind, std::future::ready(None));
    }

    /// The same, as soon as it is known when the walltime ends.
    pub fn tell_once(
        &mut self,
        kind: Kind,
        ends: impl Future<Output = Option<Timestamp>> + Send + 'static,
    ) {
        if !self.tells(kind) {
            return;
        }
        let mut notice = self.notice(kind);
        let to = rules::whom(&self.how, &notice);
        let (how, mail, registration) =
            (self.how.clone(), Arc::clone(&self.mail), self.registration.clone());
        self.told.spawn(async move {
            notice.ends = notice.ends.or(ends.await);
            let deliveries =
                post::tell(&to, &mail.outbox, &mail.post, &notice, WHILE_IT_RUNS).await;
            report::log(&deliveries);
            if let Some(registration) = registration {
                let told = report::notified(&how, kind.name(), &deliveries);
                registration.tell(|report| report.notified.extend(told));
            }
        });
    }

    /// Waits for what is told in the background, until `budget` is over. What is not delivered
    /// then waits in the outbox.
    pub async fn finish(&mut self, budget: Duration) {
        let all = async { while self.told.join_next().await.is_some() {} };
        if tokio::time::timeout(budget, all).await.is_err() {
            self.told.abort_all();
            tracing::warn!("not every notification was delivered before the end");
        }
    }

    /// Tells of an event, until `limit` or the next SIGTERM.
    pub async fn tell(
        &self,
        kind: Kind,
        change: impl FnOnce(&mut Notice),
        limit: Duration,
        signals: &mut Signals,
    ) {
        if !self.tells(kind) {
            return;
        }
        let mut notice = self.notice(kind);
        let to = rules::whom(&self.how, &notice);
        change(&mut notice);
        let terminated = async { while signals.next().await != Stop::Terminate {} };
        tokio::select! {
            told = post::tell(&to, &self.mail.outbox, &self.mail.post, &notice, limit) => {
                report::log(&told);
            }
            () = terminated => tracing::warn!("the notification was broken off"),
        }
    }

    fn notice(&self, kind: Kind) -> Notice {
        Notice { kind, time: Timestamp::now(), ..self.base.clone() }
    }
}
