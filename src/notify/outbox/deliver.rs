//! Carrying what waits, until it is done or there is no more time.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::convert::Infallible;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use jiff::Timestamp;
use tokio::time::Instant;

use super::disk::{self, Sign};
use super::plan::{self, Pace, Step};
use super::session::{self, Session};
use super::{Courier, Envelope, Fate, Fault, Outbox, Outcome, Silence};
use crate::notify::retry::{self, Next};

/// The longest time that one try may take.
const TRY: Duration = Duration::from_secs(90);
/// How often whoever holds a lock looks for what others put.
const LOOK: Duration = Duration::from_secs(1);
/// The first and the longest wait between two looks of those who wait for another.
const POLL: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));
/// The shortest and the longest time that is waited for a disk.
const DISK: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(10));
/// Targets that are spoken to at a time.
const AT_ONCE: usize = 64;
/// How often whoever has a lock gives a sign of life while it waits for an answer.
const SIGN: Duration = Duration::from_secs(2);
/// The longest time between two looks that counts as silence.
const LONGEST_LOOK: Duration = Duration::from_secs(5);

/// A time that is given, by both clocks. While it lasts, the wall clock goes as the other does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Time {
    wall: Timestamp,
    start: Instant,
    end: Instant,
}

impl Time {
    pub fn until(end: Instant) -> Time {
        Time { wall: super::now(), start: Instant::now(), end }
    }

    pub fn now(&self) -> Timestamp {
        self.wall + self.start.elapsed()
    }

    fn left(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }

    fn whole(&self) -> Duration {
        self.end.saturating_duration_since(self.start)
    }

    /// Whether this is the time for a last try.
    fn hurry(&self) -> bool {
        self.left() <= retry::last_try(self.whole())
    }
}

/// What is known of a process's own envelopes.
type Outcomes = HashMap<String, Outcome>;

impl Outbox {
    /// Writes an envelope to the disk, and is back when it is there, or soon.
    ///
    /// # Errors
    /// A disk that can't be written, is full or does not answer, and an outbox that is full. The
    /// envelope can still be carried with [`carry_now`].
    pub async fn put(&self, envelope: &Envelope, deadline: Instant) -> Result<(), String> {
        let (disk, limits, envelope) =
            (Arc::clone(&self.disk), self.limits.clone(), envelope.clone());
        let time = Time::until(deadline);
        self.on_disk(&time, move || disk.put(&envelope, &limits)).await??;
        self.more.notify_one();
        Ok(())
    }

    /// Puts envelopes on the disk and delivers them; what can't be put goes from memory.
    pub async fn send(
        &self,
        envelopes: &[Envelope],
        courier: &impl Courier,
        deadline: Instant,
    ) -> Vec<Outcome> {
        let mut puts: FuturesUnordered<_> = envelopes
            .iter()
            .map(|envelope| async move { (envelope, self.put(envelope, deadline).await) })
            .collect();
        let (mut kept, mut loose) = (Vec::new(), Vec::new());
        while let Some((envelope, put)) = puts.next().await {
            match put {
                Ok(()) => kept.push(envelope.clone()),
                Err(error) => {
                    tracing::warn!("a message goes without a copy on the disk: {error}");
                    loose.push(envelope);
                }
            }
        }
        drop(puts);
        let loose = async {
            let mut tries: FuturesUnordered<_> =
                loose.iter().map(|envelope| carry_now(envelope, courier, deadline)).collect();
            let mut outcomes = Vec::new();
            while let Some(outcome) = tries.next().await {
                outcomes.push(outcome);
            }
            outcomes
        };
        let (kept, loose) = tokio::join!(self.deliver(&kept, courier, deadline), loose);
        in_order(envelopes, kept.into_iter().chain(loose))
    }

    /// Carries what is due for the targets of these envelopes, whoever put it, until these are
    /// done or the deadline comes. They must have been put; what is not done stays for whoever
    /// comes next. When the disk fails meanwhile, they go from memory.
    pub async fn deliver(
        &self,
        envelopes: &[Envelope],
        courier: &impl Courier,
        deadline: Instant,
    ) -> Vec<Outcome> {
        let mut targets: BTreeMap<&str, Vec<&Envelope>> = BTreeMap::new();
        for envelope in envelopes {
            targets.entry(&envelope.target).or_default().push(envelope);
        }
        // Made before they run: a closure over borrowed values within a stream could not be
        // sent to another thread.
        let visits: Vec<_> = targets
            .into_iter()
            .map(|(target, own)| self.deliver_to(target, own, courier, deadline))
            .collect();
        let outcomes: Vec<Vec<Outcome>> =
            futures_util::stream::iter(visits).buffer_unordered(AT_ONCE).collect().await;
        in_order(envelopes, outcomes.into_iter().flatten())
    }

    /// Delivers all that waits, also what processes left that were killed, and tidies up.
    pub async fn flush(&self, courier: &impl Courier, deadline: Instant) -> Vec<Outcome> {
        let disk = Arc::clone(&self.disk);
        let all = move || {
            disk.sweep();
            let names = disk.list()?;
            let letters = names.iter().map(|name| disk.read(name));
            Ok(letters.collect::<Result<Vec<_>, String>>()?.into_iter().flatten().collect())
        };
        let all: Result<Vec<Envelope>, String> =
            self.on_disk(&Time::until(deadline), all).await.and_then(|all| all);
        match all {
            Ok(all) => self.deliver(&all, courier, deadline).await,
            Err(error) => {
                tracing::warn!("what waits to be sent is not known: {error}");
                Vec::new()
            }
        }
    }

    async fn deliver_to(
        &self,
        target: &str,
        own: Vec<&Envelope>,
        courier: &impl Courier,
        deadline: Instant,
    ) -> Vec<Outcome> {
        let time = Time::until(deadline);
        let mut known = Outcomes::new();
        if let Err(error) = self.see_to(target, &own, courier, &time, &mut known).await {
            tracing::warn!("the outbox fails, messages go from memory: {error}");
            let open = own.iter().filter(|letter| !settled(&known, &letter.id));
            let tries = open.map(|letter| carry_now(letter, courier, deadline));
            let outcomes: Vec<Outcome> = tries.collect::<FuturesUnordered<_>>().collect().await;
            known.extend(outcomes.into_iter().map(|outcome| (outcome.id.clone(), outcome)));
        }
        let outcome = |letter: &Envelope| {
            known.remove(&letter.id).unwrap_or_else(|| Outcome::waiting(letter, 0, None))
        };
        own.into_iter().map(outcome).collect()
    }

    /// Sees to it that `own` are done: by this process when nobody else speaks to the target.
    async fn see_to(
        &self,
        target: &str,
        own: &[&Envelope],
        courier: &impl Courier,
        time: &Time,
        known: &mut Outcomes,
    ) -> Result<(), String> {
        let hash = disk::hash(target);
        let ids: HashSet<String> = own.iter().map(|letter| letter.id.clone()).collect();
        let mut poll = POLL.0;
        loop {
            if let Some(session) = self.open(&hash, ids.clone(), time).await? {
                let job = Job { outbox: self, target, own: Some(own), time };
                match job.drain(session, courier, known).await? {
                    Drained::Lost => {}
                    Drained::Done | Drained::Later(_) => return Ok(()),
                }
            }
            let (disk, of) = (Arc::clone(&self.disk), hash.clone());
            let state = self.on_disk(time, move || disk.state(&of)).await??;
            for letter in own {
                known.extend(told(&state, letter).map(|outcome| (letter.id.clone(), outcome)));
            }
            if own.iter().all(|letter| settled(known, &letter.id)) || time.left().is_zero() {
                return Ok(());
            }
            // Spread, so that hundreds that wait do not knock together.
            let wait = poll.mul_f64(0.5 + retry::random());
            tokio::time::sleep(wait.min(time.left())).await;
            poll = (poll * 2).min(POLL.1);
        }
    }

    /// Takes the lock of a target; nothing when somebody else has it. One who gives no sign of
    /// life loses it: a process that was stopped, or a node that died with its locks.
    pub(super) async fn open(
        &self,
        hash: &str,
        own: HashSet<String>,
        time: &Time,
    ) -> Result<Option<Session>, String> {
        loop {
            let (disk, of, own) = (Arc::clone(&self.disk), hash.to_owned(), own.clone());
            let sign = match self.on_disk(time, move || Session::open(disk, of, own)).await?? {
                Ok(session) => return Ok(Some(session)),
                Err(sign) => sign,
            };
            if !self.is_silent(hash, sign) {
                return Ok(None);
            }
            tracing::warn!("a process that gives no sign of life has a lock of the outbox");
            let (disk, of) = (Arc::clone(&self.disk), hash.to_owned());
            self.on_disk(time, move || disk.take_away(&of, sign)).await?;
        }
    }

    /// Whether whoever has the lock of a target gave this sign of life too long ago. A time in
    /// which nobody looked hardly counts: the disk may have been away.
    fn is_silent(&self, hash: &str, sign: Sign) -> bool {
        let mut signs = self.signs.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        signs.retain(|_, last| now - last.seen < TRY);
        let fresh = Silence { sign, seen: now, silent: Duration::ZERO };
        let last = signs.entry(hash.to_owned()).or_insert(fresh);
        if last.sign != sign {
            *last = fresh;
        }
        last.silent += (now - last.seen).min(LONGEST_LOOK);
        last.seen = now;
        last.silent >= self.limits.silence && signs.remove(hash).is_some()
    }

    /// Does something on the disk, and does not wait for long.
    pub(super) async fn on_disk<T: Send + 'static>(
        &self,
        time: &Time,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, String> {
        let limit = (time.left() / 3).clamp(DISK.0, DISK.1);
        let hangs = || "the disk does not answer".to_owned();
        let done = async {
            let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| hangs())?;
            let work = move || {
                let result = work();
                drop(place);
                result
            };
            tokio::task::spawn_blocking(work).await.map_err(|error| error.to_string())
        };
        tokio::time::timeout(limit, done).await.map_err(|_| hangs())?
    }
}

/// Carries one envelope from memory, with retries until `deadline`. No disk is touched.
pub async fn carry_now(letter: &Envelope, courier: &impl Courier, deadline: Instant) -> Outcome {
    let told = |tries: u32, reason: &str, wait: Duration| {
        let wait_ms = wait.as_millis() as u64;
        tracing::warn!(id = letter.id, tries, wait_ms, "not delivered yet: {reason}");
    };
    let attempt = || courier.carry(&letter.target, std::slice::from_ref(letter));
    let (attempts, result) = retry::retry(deadline, attempt, told).await;
    let fate = match result {
        Ok(()) => Fate::Delivered,
        Err(error) => Fate::Failed { error },
    };
    Outcome::of(letter, attempts, fate, 1)
}

/// What is to be done at one target.
pub(super) struct Job<'a> {
    pub outbox: &'a Outbox,
    pub target: &'a str,
    /// Until these are done; without, until nothing is due.
    pub own: Option<&'a [&'a Envelope]>,
    pub time: &'a Time,
}

/// Why no more is carried.
pub(super) enum Drained {
    /// It is done, or there is no more time.
    Done,
    /// Nothing can go before this time.
    Later(Timestamp),
    /// Somebody else has the lock now.
    Lost,
}

impl Job<'_> {
    /// Carries what is due.
    pub async fn drain(
        &self,
        mut session: Session,
        courier: &impl Courier,
        known: &mut Outcomes,
    ) -> Result<Drained, String> {
        loop {
            let now = self.time.now();
            let looked;
            (session, looked) = self.with(session, move |session| session.look(now)).await?;
            if !looked? {
                return Ok(Drained::Lost);
            }
            self.learn(&session, known);
            let done = |own: &[&Envelope]| own.iter().all(|letter| settled(known, &letter.id));
            if self.own.is_some_and(done) || self.time.left().is_zero() {
                return Ok(Drained::Done);
            }
            let pace = self.pace(courier);
            match plan::next(&session.letters, &session.state, &pace, now) {
                Step::Idle => return Ok(Drained::Done),
                Step::Expire(ids) => {
                    let gone: Vec<Envelope> =
                        ids.iter().filter_map(|id| session.letters.get(id)).cloned().collect();
                    (session, ()) =
                        self.with(session, move |session| session.expire(&ids, now)).await?;
                    for letter in &gone {
                        if let Some((fate, ..)) = session.state.fate(&letter.id) {
                            courier.ended(letter, &fate);
                        }
                    }
                }
                Step::Send(ids) => session = self.carry(session, ids, courier, known).await?,
                Step::Wait(until) if self.own.is_none() => return Ok(Drained::Later(until)),
                Step::Wait(until) => {
                    let left = self.time.left();
                    let hurried = Pace { hurry: true, ..pace };
                    let earliest = plan::next(&session.letters, &session.state, &hurried, now);
                    if matches!(earliest, Step::Wait(until) if between(now, until) > left) {
                        return Ok(Drained::Later(until));
                    }
                    tokio::time::sleep(between(now, until).min(LOOK).min(left)).await;
                }
            }
        }
    }

    /// Tries one message, and notes what came of it.
    async fn carry(
        &self,
        session: Session,
        ids: Vec<String>,
        courier: &impl Courier,
        known: &mut Outcomes,
    ) -> Result<Session, String> {
        let mut letters: Vec<Envelope> =
            ids.iter().filter_map(|id| session.letters.get(id)).cloned().collect();
        letters.sort_by(|a, b| (a.created, &a.id).cmp(&(b.created, &b.id)));
        let (now, begun) = (self.time.now(), ids.clone());
        let (session, ()) = self.with(session, move |session| session.begin(&begun, now)).await?;
        let end = self.time.end.min(Instant::now() + TRY);
        let tried = tokio::time::timeout_at(end, courier.carry(self.target, &letters));
        let tried = tokio::select! {
            tried = tried => tried,
            never = self.signs() => match never {},
        };
        let tried =
            tried.unwrap_or_else(|_| Err(Fault::transient("no answer in the time there was")));
        let now = self.time.now();
        let attempts = session.state.tries(&ids);
        let (result, fate) = match tried {
            Ok(()) => (session::Result::Delivered, Fate::Delivered),
            Err(Fault::Permanent(error)) => {
                tracing::warn!(id = ids[0], attempts, "not delivered: {error}");
                (session::Result::Refused(error.clone()), Fate::Failed { error })
            }
            Err(fault) => {
                let result = self.postponed(&session, &ids, &fault, courier, now);
                let error = Some(fault.reason().to_owned());
                (result, Fate::Waiting { error })
            }
        };
        // Told from memory even if the disk fails now.
        for letter in self.own.unwrap_or_default().iter().filter(|own| ids.contains(&own.id)) {
            let outcome = Outcome::of(letter, attempts, fate.clone(), ids.len());
            known.insert(letter.id.clone(), outcome);
        }
        let noted = self.with(session, move |session| session.record(&ids, result, now)).await;
        if !matches!(fate, Fate::Waiting { .. }) {
            letters.iter().for_each(|letter| courier.ended(letter, &fate));
        }
        noted.map(|(session, ())| session)
    }

    /// Gives signs of life, for ever.
    async fn signs(&self) -> Infallible {
        loop {
            tokio::time::sleep(SIGN).await;
            let (disk, hash) = (Arc::clone(&self.outbox.disk), disk::hash(self.target));
            let _ = self.outbox.on_disk(self.time, move || disk.sign(&hash)).await;
        }
    }

    /// When to try again what just failed.
    fn postponed(
        &self,
        session: &Session,
        ids: &[String],
        fault: &Fault,
        courier: &impl Courier,
        now: Timestamp,
    ) -> session::Result {
        let after = match fault {
            Fault::Transient { after, .. } => *after,
            Fault::Permanent(_) | Fault::Unreachable(_) => None,
        };
        let failures = session.state.failures.saturating_add(1);
        let random = retry::random();
        let (whole, left) = (self.time.whole(), self.time.left());
        let wait = match retry::next(fault, failures, whole, left, random) {
            Next::Wait(wait) => wait,
            Next::GiveUp => after.unwrap_or_default().max(retry::backoff(failures, random)),
        };
        let pace = self.pace(courier);
        let others = plan::others(&session.letters, &session.state, &pace, ids, now);
        let (error, attempts) = (fault.reason().to_owned(), session.state.tries(ids));
        let wait_ms = wait.as_millis() as u64;
        tracing::warn!(id = ids[0], attempts, wait_ms, "not delivered yet: {error}");
        session::Result::Postponed { error, wait, asked: after.is_some(), others }
    }

    fn pace(&self, courier: &impl Courier) -> Pace {
        let limits = &self.outbox.limits;
        let usual = limits.a_minute;
        Pace {
            a_minute: courier.a_minute(self.target).map_or(usual, |own| own.min(usual)),
            digest: limits.digest,
            hurry: self.own.is_some() && self.time.hurry(),
        }
    }

    /// Learns from the disk what became of one's own.
    fn learn(&self, session: &Session, known: &mut Outcomes) {
        for letter in self.own.unwrap_or_default() {
            let outcome = told(&session.state, letter);
            let gone = || {
                let error = "it is gone from the outbox, and nothing says why".to_owned();
                Outcome::of(letter, 0, Fate::Failed { error }, 1)
            };
            if let Some(outcome) = outcome {
                known.insert(letter.id.clone(), outcome);
            } else if !session.letters.contains_key(&letter.id) && !settled(known, &letter.id) {
                known.insert(letter.id.clone(), gone());
            }
        }
    }

    /// Works on the session where that may block. It goes there whole: should nobody wait for the
    /// result any more, the lock stays until the work is done.
    async fn with<T: Send + 'static>(
        &self,
        mut session: Session,
        work: impl FnOnce(&mut Session) -> T + Send + 'static,
    ) -> Result<(Session, T), String> {
        let work = move || {
            let result = work(&mut session);
            (session, result)
        };
        self.outbox.on_disk(self.time, work).await
    }
}

/// What the state of a target says of an envelope.
fn told(state: &super::state::State, letter: &Envelope) -> Option<Outcome> {
    if let Some((fate, attempts, count)) = state.fate(&letter.id) {
        return Some(Outcome::of(letter, attempts, fate, count));
    }
    let message = state.message(&letter.id)?;
    Some(Outcome::waiting(letter, message.tries, message.error.clone()))
}

/// Whether nothing more happens to an envelope.
fn settled(known: &Outcomes, id: &str) -> bool {
    known.get(id).is_some_and(|outcome| !matches!(outcome.fate, Fate::Waiting { .. }))
}

fn between(now: Timestamp, then: Timestamp) -> Duration {
    Duration::try_from(then.duration_since(now)).unwrap_or_default()
}

fn in_order(envelopes: &[Envelope], outcomes: impl Iterator<Item = Outcome>) -> Vec<Outcome> {
    let mut by_id: HashMap<String, Outcome> =
        outcomes.map(|outcome| (outcome.id.clone(), outcome)).collect();
    envelopes.iter().filter_map(|envelope| by_id.remove(&envelope.id)).collect()
}
