//! Random histories against a simple model: whatever clients and the clock do, in whatever
//! order, each answer and the whole content are as the model says, in memory and on disk.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use llamactl::api::{RegisterRequest, ServerUpdate};
use llamactl::domain::server::ServerState;
use llamactl::registry::error::Refused;
use llamactl::registry::may::{By, Proof};
use llamactl::registry::seen::view::View;
use llamactl::registry::store::core::Core;
use llamactl::registry::store::listen::Replica;
use llamactl::registry::store::operations::Outcome;
use llamactl::registry::store::sql::{Schema, Sql};
use llamactl::registry::store::sqlite::Sqlite;
use llamactl::registry::store::{Database, Done, Due, Lifetimes, Now, Op, Registration};
use llamactl::secret::Secret;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde_json::json;
use uuid::Uuid;

use crate::common::lab::Postgres;

const TTL: Duration = Duration::from_secs(30);
/// Servers 0 and 2 are starts of one job, 1 and 3 of another.
const SERVERS: u8 = 4;

#[derive(Debug, Clone, Copy)]
enum Shown {
    Nothing,
    Current,
    OldGeneration,
    WrongSecret,
}

#[derive(Debug, Clone)]
enum Step {
    Register {
        who: u8,
        restart: u32,
        retry: bool,
        state: ServerState,
        shown: Shown,
    },
    Renew {
        who: u8,
        shown: Shown,
        state: Option<ServerState>,
        label: bool,
    },
    Unregister {
        who: u8,
        shown: Shown,
    },
    PutLegacy {
        job: u8,
    },
    DeleteLegacy {
        job: u8,
    },
    /// What the ticker does with what it saw before the batch.
    Expire,
    /// As above, for lost entries.
    Remove,
    Prune,
}

fn step() -> impl Strategy<Value = Step> {
    let state = prop_oneof![
        Just(ServerState::Loading),
        Just(ServerState::Ready),
        Just(ServerState::Draining)
    ];
    let shown = prop_oneof![
        2 => Just(Shown::Nothing),
        6 => Just(Shown::Current),
        1 => Just(Shown::OldGeneration),
        1 => Just(Shown::WrongSecret),
    ];
    let who = 0..SERVERS;
    prop_oneof![
        4 => (who.clone(), 0..3u32, any::<bool>(), state.clone(), shown.clone()).prop_map(
            |(who, restart, retry, state, shown)| Step::Register { who, restart, retry, state, shown }
        ),
        5 => (who.clone(), shown.clone(), prop::option::of(state), any::<bool>())
            .prop_map(|(who, shown, state, label)| Step::Renew { who, shown, state, label }),
        2 => (who, shown).prop_map(|(who, shown)| Step::Unregister { who, shown }),
        1 => (0..3u8).prop_map(|job| Step::PutLegacy { job }),
        1 => (0..3u8).prop_map(|job| Step::DeleteLegacy { job }),
        3 => Just(Step::Expire),
        1 => Just(Step::Remove),
        1 => Just(Step::Prune),
    ]
}

#[derive(Debug, Clone)]
struct Known {
    job: u8,
    restart: u32,
    /// Its hash.
    secret: String,
    body: String,
    generation: u64,
    beats: u64,
    state: ServerState,
    reported: ServerState,
    label: Option<u64>,
    due: Duration,
}

/// The registry as one would explain it: two maps and a counter.
#[derive(Debug, Default)]
struct Model {
    servers: BTreeMap<u8, Known>,
    replaced: BTreeSet<u8>,
    legacy: BTreeMap<u8, u64>,
    seq: u64,
    secrets: u64,
    now: Duration,
}

impl Model {
    fn proof(&self, who: u8, shown: Shown) -> Option<Proof> {
        let known = self.servers.get(&who);
        let generation = known.map_or(1, |known| known.generation);
        let secret = known.map_or("none", |known| &known.secret);
        let (generation, secret) = match shown {
            Shown::Nothing => return None,
            Shown::Current => (generation, secret),
            Shown::OldGeneration => (generation.saturating_sub(1), secret),
            Shown::WrongSecret => (generation, "wrong"),
        };
        Some(Proof { generation, secret_hash: secret.to_owned() })
    }

    fn proves(&self, who: u8, proof: &Option<Proof>) -> bool {
        self.servers.get(&who).is_some_and(|known| {
            proof.as_ref().is_some_and(|proof| {
                proof.generation == known.generation && proof.secret_hash == known.secret
            })
        })
    }

    fn event(&mut self) -> u64 {
        self.seq += 1;
        self.seq
    }

    fn register(&mut self, who: u8, new: &Registration, proof: &Option<Proof>) -> Outcome {
        let job = who % 2;
        let restart = new.request.info.restart_count;
        if self.replaced.contains(&who) {
            return Err(Refused::Replaced);
        }
        let holder = self.servers.iter().find(|(_, known)| known.job == job);
        let holder = holder.map(|(id, known)| (*id, known.restart));
        if let Some((_, held)) = holder.filter(|(_, held)| *held > restart) {
            return Err(Refused::Older(held));
        }
        let (secret, state) = (new.secret_hash.clone(), new.request.state);
        let due = self.now + TTL;
        if let Some(known) = self.servers.get(&who).cloned() {
            if known.secret == secret {
                let known = self.servers.get_mut(&who).unwrap();
                let was_lost = known.state == ServerState::Lost;
                let is_news = known.body != new.request_hash;
                if is_news {
                    known.body.clone_from(&new.request_hash);
                    (known.restart, known.reported, known.label) = (restart, state, None);
                }
                known.beats += 1;
                known.due = due;
                known.state = known.reported;
                let generation = known.generation;
                if was_lost || is_news {
                    self.event();
                }
                return Ok(Done::Registered(generation));
            }
            if known.state != ServerState::Lost && !self.proves(who, proof) {
                return Err(Refused::Held);
            }
        } else if let Some((older, _)) = holder {
            self.servers.remove(&older);
            self.replaced.insert(older);
            self.event();
        }
        let generation = self.event();
        let (body, beats, reported) = (new.request_hash.clone(), 0, state);
        let known = Known {
            job,
            restart,
            secret,
            body,
            generation,
            beats,
            state,
            reported,
            label: None,
            due,
        };
        self.servers.insert(who, known);
        Ok(Done::Registered(generation))
    }

    fn why_not(&self, who: u8) -> Refused {
        match (self.replaced.contains(&who), self.servers.contains_key(&who)) {
            (true, _) => Refused::Replaced,
            (_, true) => Refused::Stale,
            _ => Refused::Unknown,
        }
    }

    fn renew(
        &mut self,
        who: u8,
        proof: &Option<Proof>,
        state: Option<ServerState>,
        label: Option<u64>,
    ) -> Outcome {
        if !self.proves(who, proof) {
            return Err(self.why_not(who));
        }
        let due = self.now + TTL;
        let known = self.servers.get_mut(&who).unwrap();
        let before = (known.state, known.label);
        known.reported = state.unwrap_or(known.reported);
        known.state = known.reported;
        known.label = label.or(known.label);
        known.beats += 1;
        known.due = due;
        if before != (known.state, known.label) {
            self.event();
        }
        Ok(Done::Changed(1))
    }

    fn unregister(&mut self, who: u8, proof: &Option<Proof>) -> Outcome {
        if !self.proves(who, proof) {
            return Err(self.why_not(who));
        }
        self.servers.remove(&who);
        self.event();
        Ok(Done::Changed(1))
    }

    fn is_leased(&self, job: u8) -> bool {
        self.servers.values().any(|known| known.job == job && known.state != ServerState::Lost)
    }

    fn put_legacy(&mut self, job: u8) -> Outcome {
        if self.is_leased(job) {
            return Err(Refused::Leased);
        }
        let updates = self.legacy.entry(job).or_insert(0);
        *updates += 1;
        // The same record again is no event.
        if *updates == 1 {
            self.event();
        }
        Ok(Done::Changed(1))
    }

    fn delete_legacy(&mut self, job: u8) -> Outcome {
        if self.is_leased(job) {
            return Err(Refused::Leased);
        }
        self.legacy.remove(&job).ok_or(Refused::Unknown)?;
        self.event();
        Ok(Done::Changed(1))
    }

    /// Ends those that are as they were seen, and were due.
    fn end(&mut self, seen: &[Due], remove: bool) -> Outcome {
        let mut count = 0;
        for due in seen {
            let who = (0..SERVERS).find(|who| id(*who) == due.id).unwrap();
            let Some(known) = self.servers.get_mut(&who) else { continue };
            let as_seen = (known.generation, known.beats) == (due.generation, due.beats);
            let lost = known.state == ServerState::Lost;
            if !as_seen || lost != remove {
                continue;
            }
            if remove {
                self.servers.remove(&who);
            } else {
                known.state = ServerState::Lost;
            }
            self.event();
            count += 1;
        }
        Ok(Done::Changed(count))
    }
}

fn id(who: u8) -> Uuid {
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + u128::from(who))
}

fn registration(model: &mut Model, step: &Step) -> Registration {
    let Step::Register { who, restart, retry, state, shown } = step else { unreachable!() };
    let request: RegisterRequest = serde_json::from_value(json!({
        "id": id(*who), "cluster": "c", "job_id": (who % 2).to_string(), "restart_count": restart,
        "name": "n", "model": {"name": "m"}, "owner": "o", "host": "h", "port": 1,
        "started": "2026-01-01T00:00:00Z", "state": state,
    }))
    .unwrap();
    let known = model.servers.get(who).map(|known| known.secret.clone());
    let secret = known.filter(|_| *retry).unwrap_or_else(|| {
        model.secrets += 1;
        Secret::new(format!("secret {}", model.secrets)).hash()
    });
    let proof = model.proof(*who, *shown);
    Registration { secret_hash: secret, ..Registration::new(request, &Secret::new(""), proof) }
}

/// The operation of a step and what the model says of it.
fn play(model: &mut Model, step: &Step, seen: &Seen) -> (Op, Outcome) {
    match step {
        Step::Register { who, .. } => {
            let new = registration(model, step);
            let expected = model.register(*who, &new, &new.proof);
            (Op::Register(Box::new(new)), expected)
        }
        Step::Renew { who, shown, state, label } => {
            let proof = model.proof(*who, *shown);
            let label = label.then_some(model.seq);
            let expected = model.renew(*who, &proof, *state, label);
            let labels = label.map(|label| [("n".to_owned(), label.to_string())].into());
            let update = Box::new(ServerUpdate { state: *state, labels, ..Default::default() });
            let none = Proof { generation: 0, secret_hash: String::new() };
            let proof = proof.unwrap_or(none);
            (Op::Renew { id: id(*who), proof, update, durable: label.is_some() }, expected)
        }
        Step::Unregister { who, shown } => {
            let proof = model.proof(*who, *shown);
            let expected = model.unregister(*who, &proof);
            let none = Proof { generation: 0, secret_hash: String::new() };
            (Op::Unregister { id: id(*who), proof: Some(proof.unwrap_or(none)) }, expected)
        }
        Step::PutLegacy { job } => {
            let record = json!({"host": "h", "port": 1, "start_time": "2026-01-01T00:00:00"});
            let record = Box::new(record.as_object().unwrap().clone());
            (Op::PutLegacy { job: job.to_string(), record }, model.put_legacy(*job))
        }
        Step::DeleteLegacy { job } => {
            (Op::DeleteLegacy { job: job.to_string() }, model.delete_legacy(*job))
        }
        Step::Expire => (Op::Expire(seen.due.clone()), model.end(&seen.due, false)),
        Step::Remove => {
            let op = Op::Remove { lost: seen.lost.clone(), legacy: Vec::new() };
            (op, model.end(&seen.lost, true))
        }
        Step::Prune => (Op::Prune, Ok(Done::Changed(0))),
    }
}

/// What the ticker sees before a batch.
struct Seen {
    due: Vec<Due>,
    lost: Vec<Due>,
}

impl Seen {
    fn of(view: &View, now: Instant) -> Seen {
        let mut seen = Seen { due: Vec::new(), lost: Vec::new() };
        for (id, entry) in &view.entries {
            let due = Due { id: *id, generation: entry.generation, beats: entry.beats };
            match (entry.is_live(), entry.due <= now) {
                (true, true) => seen.due.push(due),
                (false, _) => seen.lost.push(due),
                _ => {}
            }
        }
        seen
    }
}

fn agree(model: &Model, view: &View, start: Option<Instant>) -> Result<(), TestCaseError> {
    prop_assert_eq!(view.seq, model.seq);
    prop_assert_eq!(view.entries.len(), model.servers.len());
    for (who, known) in &model.servers {
        let entry = &view.entries[&id(*who)];
        let label = known.label.map(|label| label.to_string());
        prop_assert_eq!(entry.server.state, known.state);
        prop_assert_eq!(entry.reported, known.reported);
        prop_assert_eq!((entry.generation, entry.beats), (known.generation, known.beats));
        prop_assert_eq!(entry.server.info.restart_count, known.restart);
        prop_assert_eq!(entry.server.info.labels.get("n"), label.as_ref());
        if let Some(start) = start.filter(|_| known.state != ServerState::Lost) {
            prop_assert_eq!(entry.due, start + known.due);
        }
    }
    let legacy: BTreeMap<u8, u64> =
        view.legacy.values().map(|e| (e.job.parse().unwrap(), e.updates)).collect();
    prop_assert_eq!(&legacy, &model.legacy);
    Ok(())
}

fn without_clocks(view: &View, at: Instant) -> String {
    let mut entries: Vec<_> = view.entries.values().map(|entry| (**entry).clone()).collect();
    entries.iter_mut().for_each(|entry| entry.due = at);
    entries.sort_by_key(|entry| entry.server.info.id);
    let mut legacy: Vec<_> = view.legacy.values().map(|entry| (**entry).clone()).collect();
    legacy.iter_mut().for_each(|entry| entry.due = at);
    legacy.sort_by(|a, b| a.job.cmp(&b.job));
    format!("{} {entries:?} {legacy:?}", view.seq)
}

type Batches = Vec<(u64, Vec<Step>)>;

/// Plays one history, and compares after each batch; with the disk now and then. Where there are several replicas on the
/// database, they take turns.
fn play_history(dbs: &mut Vec<Box<dyn Sql>>, batches: &Batches) -> Result<(), TestCaseError> {
    let start = Instant::now();
    let wall = Timestamp::from_second(1_800_000_000).unwrap();
    let mut now = Now { instant: start, wall };
    let lifetimes = Lifetimes { ttl: TTL, retain: Duration::from_secs(86_400) };
    let open = |db| Core::over(db, "test", lifetimes, now).unwrap();
    // Whatever the history before this one left goes; what is prepared stays.
    for (number, db) in dbs.iter_mut().enumerate() {
        let clean = "DELETE FROM servers; DELETE FROM legacy; DELETE FROM replaced;
            DELETE FROM events; UPDATE sequence SET seq = 0, rev = 0, epoch = 0";
        if number == 0 && db.schema().unwrap() != Schema::Empty {
            db.batch(clean).unwrap();
        }
    }
    let mut cores: Vec<Core> = dbs.drain(..).map(open).collect();
    let mut model = Model::default();
    for (turn, (seconds, steps)) in batches.iter().enumerate() {
        model.now += Duration::from_secs(*seconds);
        now.instant = start + model.now;
        now.wall = wall + jiff::SignedDuration::from_secs(model.now.as_secs() as i64);
        let alone = cores.len() == 1;
        let count = cores.len();
        let core = &mut cores[turn % count];
        core.look(now);
        let seen = Seen::of(&core.view().read(), now.instant);
        let (ops, expected): (Vec<_>, Vec<_>) = steps
            .iter()
            .map(|step| play(&mut model, step, &seen))
            .map(|(op, expected)| ((op, now, By::default()), Ok(expected)))
            .unzip();
        prop_assert_eq!(core.commit(&ops), expected);
        // Only whoever takes a beat knows its moment; a replica may think it is later.
        agree(&model, &core.view().read(), alone.then_some(start))?;
        if turn + 1 == batches.len() || turn % 4 == 3 {
            let stored = core.reload(now).unwrap();
            let view = core.view().read();
            prop_assert_eq!(without_clocks(&view, start), without_clocks(&stored, start));
        }
    }
    dbs.extend(cores.into_iter().map(Core::into_db));
    Ok(())
}

fn histories(batches: usize) -> impl Strategy<Value = Batches> {
    prop::collection::vec((0..20u64, prop::collection::vec(step(), 1..5)), 1..batches)
}

/// Plays `cases` histories on databases that `open` opens.
fn check(cases: u32, batches: usize, open: impl Fn() -> Vec<Box<dyn Sql>>) {
    let config = ProptestConfig { cases, failure_persistence: None, ..Default::default() };
    let dbs = std::cell::RefCell::new(Vec::new());
    let played = TestRunner::new(config).run(&histories(batches), |history| {
        let mut dbs = dbs.borrow_mut();
        // A history that failed keeps its connections.
        if dbs.is_empty() {
            *dbs = open();
        }
        play_history(&mut dbs, &history)
    });
    if let Err(failure) = played {
        panic!("{failure}");
    }
}

fn in_memory() -> Vec<Box<dyn Sql>> {
    vec![Box::new(Sqlite::in_memory().unwrap())]
}

#[test]
fn every_long_history_is_as_the_model_says() {
    check(150, 20, in_memory);
}

/// Holders of all kinds, current and stale, whose requests come in any order.
#[test]
fn every_one_of_10_000_interleavings_is_as_the_model_says() {
    check(10_000, 4, in_memory);
}

#[test]
fn every_history_on_postgresql_is_as_the_model_says() {
    let postgres = Postgres::start();
    check(15, 12, || replicas(&postgres, 1));
}

#[test]
fn every_history_of_two_replicas_is_as_the_model_says() {
    let postgres = Postgres::start();
    check(15, 12, || replicas(&postgres, 2));
}

/// Connections of `count` replicas to a database that is empty.
fn replicas(postgres: &Postgres, count: usize) -> Vec<Box<dyn Sql>> {
    let clean = "DROP SCHEMA public CASCADE; CREATE SCHEMA public";
    postgres.sql(&postgres.url(), clean).expect("an empty database");
    let database = Database::parse(&postgres.url()).unwrap();
    (0..count).map(|_| database.connect(Replica::random()).unwrap()).collect()
}
