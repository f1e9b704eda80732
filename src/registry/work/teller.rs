//! Tells people what the registry sees: those who watch for it, the owner of a server, and
//! whom the site's rules name. It follows the events; the database says which process tells of
//! which event, and the messages go through the [`Mailbag`].

mod happening;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use uuid::Uuid;

use crate::domain::event::Event;
use crate::domain::notice::Kind;
use crate::notify::outbox::Tag;
use crate::notify::rules::pick;
use crate::registry::may::By;
use crate::registry::service::Shared;
use crate::registry::service::post::{Letter, Mailbag};
use crate::registry::store::watch_op::{Claim, KeptWatch, OpenClaim};
use crate::registry::store::{Done, Now, Op, WatchOp};
use happening::{Happening, happening, may_matter, owners};

/// Events that are looked at in one go.
const BATCH: usize = 500;
/// Events that are looked at after a start, at most.
const MISSED: u64 = 1_000;
/// What happens within so long is looked at together: a look reads the database.
const GATHER: Duration = Duration::from_millis(100);
/// How long to wait where the database or the disk fails.
const PAUSE: Duration = Duration::from_secs(5);
/// How often it is seen whether another process left something untold.
const SWEEP: Duration = Duration::from_secs(5);
/// A process that has not put its messages on a disk after so long is gone.
const GONE: Duration = Duration::from_secs(15);

/// What owners are told of who have not said of what.
const OWNERS: &[Kind] = &[Kind::Lost, Kind::Unhealthy, Kind::Recovered];
/// What rules are told of here. Of the rest whoever runs the server tells.
const RULES: &[Kind] =
    &[Kind::Available, Kind::Lost, Kind::Unhealthy, Kind::Recovered, Kind::Offline, Kind::Online];

/// Tells until `stopping` becomes true; of what happened after event `newest`, and of what could
/// not be told before.
pub async fn run(
    service: Shared,
    post: Arc<Mailbag>,
    newest: u64,
    mut stopping: watch::Receiver<bool>,
) {
    let mut last = service.store.log().subscribe();
    let me = Uuid::now_v7().to_string();
    let mut teller = Teller { service, post, me, after: 0, open: HashMap::new() };
    teller.after = teller.begin(newest).await;
    let mut sweep = tokio::time::interval(SWEEP);
    sweep.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let looked = tokio::time::Instant::now();
        let newest = *last.borrow_and_update();
        let all = tokio::select! {
            all = teller.look(newest) => all,
            () = stopped(&mut stopping) => return,
        };
        tokio::select! {
            changed = last.changed(), if all => if changed.is_err() { return },
            () = tokio::time::sleep(PAUSE), if !all => {}
            _ = sweep.tick() => teller.sweep().await,
            () = stopped(&mut stopping) => return,
        }
        tokio::select! {
            () = tokio::time::sleep_until(looked + GATHER) => {}
            () = stopped(&mut stopping) => return,
        }
    }
}

/// Comes back when the registry ends.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

struct Teller {
    service: Shared,
    post: Arc<Mailbag>,
    /// This process, in claims.
    me: String,
    /// The number of the last event that was looked at.
    after: u64,
    /// Claims of others whose messages are on no disk yet, and since when that is known.
    open: HashMap<(u64, String), Instant>,
}

/// On whose behalf somebody is told.
#[derive(Debug, PartialEq, Eq)]
enum Source {
    /// Of the watch with this id.
    Watch(String),
    /// Of a rule of the site.
    Rule,
    /// Of the server's owner.
    Owner,
}

/// Somebody who is to be told of an event.
struct Telling {
    source: Source,
    kind: Kind,
    targets: Vec<String>,
}

impl Teller {
    /// Where to begin after a start: something may have happened when nobody could be told.
    async fn begin(&self, newest: u64) -> u64 {
        let claimed = self.service.store.last_claim().await.ok().flatten();
        let watches = self.service.store.watches().await.unwrap_or_default();
        let watched = watches.iter().map(|kept| kept.told).min();
        // A database of before there were claims: nobody was ever told of more than watches.
        let last = claimed.or(watched).unwrap_or(newest);
        last.clamp(newest.saturating_sub(MISSED), newest)
    }

    /// Looks at the events up to number `newest`; whether all of them could be told of.
    async fn look(&mut self, newest: u64) -> bool {
        // A restore may have set the numbers back.
        self.after = self.after.min(newest);
        while self.after < newest {
            let Some(events) = self.events().await else { return false };
            let Some(end) = events.last().map(|event| event.seq) else { return true };
            if !self.tell(&events, None).await {
                return false;
            }
            self.after = end;
        }
        true
    }

    async fn events(&self) -> Option<Vec<Arc<Event>>> {
        if let Some(events) = self.service.store.log().since(self.after, BATCH) {
            return Some(events);
        }
        let events = self.service.store.events(self.after, BATCH).await.ok()?;
        Some(events.into_iter().map(Arc::new).collect())
    }

    /// Claims these events, and puts on the disk what is to be told of them; whether that worked.
    /// `from` is the process that had them, where it is gone.
    async fn tell(&self, events: &[Arc<Event>], from: Option<&str>) -> bool {
        let matters: Vec<&Arc<Event>> = events.iter().filter(|event| may_matter(event)).collect();
        if matters.is_empty() && from.is_none() {
            return true;
        }
        let Ok(watches) = self.service.store.watches().await else { return false };
        let anybody = !watches.is_empty() || !self.service.channels.rules.is_empty();
        let found: Vec<(Arc<Event>, Happening)> = {
            let view = self.service.view().read();
            let heard = |event: &&Arc<Event>| anybody || owners(&view, event).is_some();
            let matters = matters.into_iter().filter(heard);
            let found =
                matters.filter_map(|e| Some((Arc::clone(e), happening(&self.service, &view, e)?)));
            found.collect()
        };
        let mut all = HashMap::new();
        let mut wanted = Vec::new();
        for (event, happening) in found {
            let tellings = self.tellings(&event, &happening, &watches);
            if tellings.is_empty() {
                continue;
            }
            let once = tellings.iter().filter_map(|telling| once(telling, &watches)).collect();
            wanted.push((event.seq, once));
            all.insert(event.seq, (happening, tellings));
        }
        if from.is_some() {
            // What does not matter any more is not left open.
            let rest = events.iter().filter(|event| !all.contains_key(&event.seq));
            wanted.extend(rest.map(|event| (event.seq, Vec::new())));
        }
        if wanted.is_empty() {
            return true;
        }
        let claim = Claim { by: self.me.clone(), wanted, from: from.map(str::to_owned) };
        let Some(got) = self.claim(claim).await else { return false };
        let mut letters = Vec::new();
        for (seq, once_of) in &got {
            let Some((happening, tellings)) = all.remove(seq) else { continue };
            for telling in tellings {
                let taken = once(&telling, &watches).is_none_or(|id| once_of.contains(&id));
                if taken {
                    letters.extend(write(*seq, &happening, telling));
                }
            }
        }
        match self.post.put(letters).await {
            Err(unkept) if unkept.kept == 0 => {
                tracing::warn!("what is to be told can't be kept: {}", unkept.error);
                return false;
            }
            // One target that is down for long must not keep the others from hearing anything.
            Err(unkept) => {
                let lost = unkept.lost;
                tracing::error!(lost, "some messages are not sent: {}", unkept.error);
            }
            Ok(()) => {}
        }
        let sent = WatchOp::Sent(got.into_iter().map(|(seq, _)| seq).collect());
        self.service.store.run(Op::Watches(sent), Now::get(), By::default()).await.is_ok()
    }

    /// Who is to be told of an event.
    fn tellings(
        &self,
        event: &Event,
        happening: &Happening,
        watches: &[KeptWatch],
    ) -> Vec<Telling> {
        let subject = happening.subject();
        let waits = |kept: &&KeptWatch| {
            let is_free = !kept.watch.once || kept.claimed == 0 || kept.claimed == event.seq;
            kept.told < event.seq && is_free
        };
        let of_watch = |kept: &KeptWatch| {
            let kind = happening.kinds.iter().find(|kind| kept.watch.takes(**kind, &subject))?;
            let (source, targets) =
                (Source::Watch(kept.watch.id.clone()), kept.watch.notify.clone());
            Some(Telling { source, kind: *kind, targets })
        };
        let mut tellings: Vec<Telling> =
            watches.iter().filter(waits).filter_map(of_watch).collect();
        if happening.is_stale {
            return tellings;
        }
        let kind = happening.kinds[0];
        let channels = &self.service.channels;
        let rules = match RULES.contains(&kind) {
            true => pick(&channels.rules, &happening.notice),
            false => Vec::new(),
        };
        let mut owner = Vec::new();
        if let Some(notify) = &happening.owners
            && notify.events.as_deref().unwrap_or(OWNERS).contains(&kind)
        {
            let to = notify.to.iter().map(|to| to.expose().to_owned());
            owner = to.filter(|to| !rules.contains(to)).collect();
        }
        for (source, targets) in [(Source::Rule, rules), (Source::Owner, owner)] {
            if !targets.is_empty() {
                tellings.push(Telling { source, kind, targets });
            }
        }
        tellings
    }

    /// The events that this process tells of; nothing where the database can't say.
    async fn claim(&self, claim: Claim) -> Option<Vec<(u64, Vec<String>)>> {
        let op = Op::Watches(WatchOp::Claim(claim));
        match self.service.store.run(op, Now::get(), By::default()).await {
            Ok(Ok(Done::Claimed(got))) => Some(got),
            Ok(_) => Some(Vec::new()),
            Err(error) => {
                tracing::debug!(%error, "events could not be claimed yet");
                None
            }
        }
    }

    /// Takes over what a process left that was killed between its claim and its disk. Where
    /// nobody else writes to the database, whoever had it is gone for certain.
    async fn sweep(&mut self) {
        let Ok(open) = self.service.store.open_claims().await else { return };
        let now = Instant::now();
        let foreign = |claim: &OpenClaim| claim.by != self.me;
        let open: Vec<OpenClaim> = open.into_iter().filter(foreign).collect();
        let known = |key: &(u64, String)| open.iter().any(|c| c.seq == key.0 && c.by == key.1);
        self.open.retain(|key, _| known(key));
        for claim in open {
            let since = *self.open.entry((claim.seq, claim.by.clone())).or_insert(now);
            let is_gone = self.service.store.is_alone() || now.duration_since(since) >= GONE;
            if !is_gone {
                continue;
            }
            let Ok(events) = self.service.store.events(claim.seq.saturating_sub(1), 1).await else {
                return;
            };
            let event = events.into_iter().find(|event| event.seq == claim.seq).map(Arc::new);
            let events: Vec<Arc<Event>> = event.into_iter().collect();
            if events.is_empty() {
                // The event is forgotten: there is nothing to tell any more.
                let sent = Op::Watches(WatchOp::Sent(vec![claim.seq]));
                let _ = self.service.store.run(sent, Now::get(), By::default()).await;
            } else {
                self.tell(&events, Some(&claim.by)).await;
            }
        }
    }
}

/// The watch of a telling, where it is one that tells once.
fn once(telling: &Telling, watches: &[KeptWatch]) -> Option<String> {
    let Source::Watch(id) = &telling.source else { return None };
    let kept = watches.iter().find(|kept| kept.watch.id == *id)?;
    kept.watch.once.then(|| id.clone())
}

/// The letters of a telling.
fn write(seq: u64, happening: &Happening, telling: Telling) -> Vec<Letter> {
    let Telling { source, kind, targets } = telling;
    let mut notice = happening.notice.clone();
    notice.kind = kind;
    // Servers fall silent together where a switch fails; somebody waits for one that is ready.
    let group = match kind {
        Kind::Available => notice.group(),
        kind => Some(kind.name().to_owned()),
    };
    let subject = happening.id.clone();
    let (who, tag) = match &source {
        Source::Watch(id) => (id.as_str(), Tag::Watch { id: id.clone(), seq, subject }),
        Source::Rule => ("rule", Tag::Rule { subject }),
        Source::Owner => ("owner", Tag::Owner { subject }),
    };
    let letters = targets.into_iter().map(|to| Letter {
        id: format!("{seq}.{who}.{to}"),
        tag: tag.clone(),
        group: group.clone(),
        notice: notice.clone(),
        to,
    });
    letters.collect()
}
