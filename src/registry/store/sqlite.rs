//! SQLite: one writer thread that commits whatever is waiting as one transaction, so that many
//! requests share one fsync.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::oneshot;

use super::operations::{Apply, Outcome};
use super::rows::{from_json, legacy_row, server_row, time};
use super::{Now, Op, StoreError, place, schema};
use crate::domain::event::Event;
use crate::domain::lease;
use crate::exit::Failure;
use crate::registry::view::{Change, SharedView, View};

/// Operations that may wait for the writer.
pub const QUEUE: usize = 4096;
/// Most operations in one transaction.
const MAX_BATCH: usize = 512;

/// What is answered to whoever asked for an operation.
pub type Reply = Result<Outcome, StoreError>;

struct Job {
    op: Op,
    now: Now,
    reply: oneshot::Sender<Reply>,
}

/// The database: hands operations to its writer, and reads events.
#[derive(Debug)]
pub struct Store {
    jobs: Mutex<Option<SyncSender<Job>>>,
    waiting: Arc<AtomicUsize>,
    reader: Arc<Mutex<Option<Connection>>>,
    writer: Mutex<Option<std::thread::JoinHandle<()>>>,
    view: SharedView,
}

impl Store {
    /// Opens the database at `path`, makes it if there is none, and loads the view. Leases that
    /// are there live at least one TTL and a grace from `now`.
    ///
    /// # Errors
    /// A place where no database can be, another registry on it, a newer or foreign database.
    pub fn open(path: &Path, ttl: Duration, now: Now) -> anyhow::Result<Store> {
        let lock = place::claim(path)?;
        let core = Core::open(path, ttl, now)?;
        let reader = Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        let (jobs, queue) = sync_channel(QUEUE);
        let waiting = Arc::new(AtomicUsize::new(0));
        let view = core.view.clone();
        let writer = std::thread::Builder::new().name("registry-writer".to_owned()).spawn({
            let waiting = Arc::clone(&waiting);
            move || write(core, &queue, &waiting, lock)
        })?;
        Ok(Store {
            jobs: Mutex::new(Some(jobs)),
            waiting,
            reader: Arc::new(Mutex::new(Some(reader))),
            writer: Mutex::new(Some(writer)),
            view,
        })
    }

    /// What the database holds as of the last commit.
    pub fn view(&self) -> &SharedView {
        &self.view
    }

    /// Operations that wait for the writer.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Carries out one operation; comes back after the commit.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written.
    pub async fn run(&self, op: Op, now: Now) -> Reply {
        let (reply, answer) = oneshot::channel();
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let jobs = jobs.ok_or(StoreError::Closed)?;
        self.waiting.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = jobs.try_send(Job { op, now, reply }) {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(match error {
                TrySendError::Full(_) => StoreError::Busy,
                TrySendError::Disconnected(_) => StoreError::Closed,
            });
        }
        drop(jobs);
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Up to `limit` events after number `after`, oldest first.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn events(&self, after: u64, limit: usize) -> Result<Vec<Event>, StoreError> {
        let reader = Arc::clone(&self.reader);
        let read = move || {
            let reader = reader.lock().unwrap_or_else(PoisonError::into_inner);
            let connection = reader.as_ref().ok_or(StoreError::Closed)?;
            events(connection, after, limit)
                .map_err(|error| StoreError::Unavailable(error.to_string()))
        };
        tokio::task::spawn_blocking(read).await.map_err(|_| StoreError::Closed)?
    }

    /// Finishes what waits and closes the database. Later operations are refused.
    pub fn close(&self) {
        // The writer must be the last to close: it empties the write-ahead log then.
        self.reader.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer
            && writer.join().is_err()
        {
            tracing::error!("the registry's writer ended by a panic");
        }
    }
}

fn events(db: &Connection, after: u64, limit: usize) -> rusqlite::Result<Vec<Event>> {
    db.prepare_cached("SELECT * FROM events WHERE seq > ?1 ORDER BY seq LIMIT ?2")?
        .query_map([after, limit as u64], |row| {
            Ok(Event {
                seq: row.get("seq")?,
                time: time(row.get("time")?)?,
                kind: from_json(&format!("{:?}", row.get::<_, String>("kind")?))?,
                subject: row.get("subject")?,
                data: from_json(&row.get::<_, String>("data")?)?,
            })
        })?
        .collect()
}

fn write(mut core: Core, queue: &Receiver<Job>, waiting: &AtomicUsize, lock: File) {
    while let Ok(first) = queue.recv() {
        let mut ops = vec![(first.op, first.now)];
        let mut replies = vec![first.reply];
        while ops.len() < MAX_BATCH
            && let Ok(job) = queue.try_recv()
        {
            ops.push((job.op, job.now));
            replies.push(job.reply);
        }
        waiting.fetch_sub(ops.len(), Ordering::Relaxed);
        for (reply, outcome) in replies.into_iter().zip(core.commit(&ops)) {
            // Whoever asked may have gone; what was done stays done.
            let _ = reply.send(outcome);
        }
    }
    drop(core);
    drop(lock);
}

/// The connection that writes, and the view that follows it.
#[derive(Debug)]
pub struct Core {
    connection: Connection,
    view: SharedView,
    ttl: Duration,
    full_sync: Option<bool>,
}

impl Core {
    fn open(path: &Path, ttl: Duration, now: Now) -> anyhow::Result<Core> {
        let name = path.display().to_string();
        let failed = |error: rusqlite::Error| {
            Failure::new(format!("can't open the database {name}: {error}"))
                .hint("is it a database of the registry, and is the disk not full?")
        };
        let connection = Connection::open(path).map_err(failed)?;
        let mode: String = connection
            .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
            .map_err(failed)?;
        if mode != "wal" {
            return Err(Failure::new(format!("{name}: this disk can't hold a write-ahead log"))
                .hint("give a file on a local disk with --database sqlite:PATH")
                .into());
        }
        Core::over(connection, &name, ttl, now)
    }

    /// A core over an open connection.
    ///
    /// # Errors
    /// A newer or foreign database, or one that can't be read.
    pub fn over(
        mut connection: Connection,
        name: &str,
        ttl: Duration,
        now: Now,
    ) -> anyhow::Result<Core> {
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.set_prepared_statement_cache_capacity(64);
        connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        schema::migrate(&mut connection, name)?;
        let view = load(&connection, ttl, now)
            .map_err(|error| Failure::new(format!("can't read the database {name}: {error}")))?;
        Ok(Core { connection, view: SharedView::new(view), ttl, full_sync: Some(true) })
    }

    /// The view that follows this connection.
    pub fn view(&self) -> &SharedView {
        &self.view
    }

    /// The view as it would be loaded from the database now.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn reload(&self, now: Now) -> rusqlite::Result<View> {
        load(&self.connection, self.ttl, now)
    }

    /// Carries out the operations in one transaction, each of them wholly or not at all, and
    /// lets the view follow after the commit. One reply for each, in order.
    pub fn commit(&mut self, ops: &[(Op, Now)]) -> Vec<Reply> {
        let mut changes = Vec::with_capacity(ops.len());
        match self.transaction(ops, &mut changes) {
            Ok(replies) => {
                let mut view = self.view.write();
                // A transaction that wrote nothing says nothing about the disk.
                let wrote = !changes.is_empty();
                changes.into_iter().for_each(|change| view.apply(change));
                if wrote
                    && view.broken.take().is_some()
                    && let Some((_, now)) = ops.last()
                {
                    tracing::info!("the registry's database can be written again");
                    // Nobody's beat was taken in the meantime.
                    view.extend_leases(now.instant + lease::after_start(self.ttl));
                }
                replies
            }
            Err(error) => {
                if !self.connection.is_autocommit()
                    && let Err(error) = self.connection.execute_batch("ROLLBACK")
                {
                    tracing::error!(%error, "a failed transaction can't be rolled back");
                }
                let reason = error.to_string();
                if self.view.write().broken.replace(reason.clone()).is_none() {
                    tracing::error!(%error, "the registry's database can't be written");
                }
                ops.iter().map(|_| Err(StoreError::Unavailable(reason.clone()))).collect()
            }
        }
    }

    fn transaction(
        &mut self,
        ops: &[(Op, Now)],
        changes: &mut Vec<Change>,
    ) -> rusqlite::Result<Vec<Reply>> {
        self.set_sync(ops.iter().any(|(op, _)| op.is_durable()))?;
        let db = &self.connection;
        let execute = |sql: &str| db.prepare_cached(sql)?.execute([]);
        execute("BEGIN IMMEDIATE")?;
        let mut replies = Vec::with_capacity(ops.len());
        for (op, now) in ops {
            execute("SAVEPOINT operation")?;
            let known = changes.len();
            let outcome = Apply { db, ttl: self.ttl, now: *now, changes }.run(op);
            let failed = outcome.is_err();
            if failed || matches!(outcome, Ok(Err(_))) {
                if db.is_autocommit() {
                    // SQLite gave up the whole transaction: nothing of this batch is in it.
                    return outcome.map(|_| Vec::new());
                }
                changes.truncate(known);
                execute("ROLLBACK TO operation")?;
            }
            execute("RELEASE operation")?;
            replies.push(outcome.map_err(|error| StoreError::Unavailable(error.to_string())));
        }
        execute("COMMIT")?;
        Ok(replies)
    }

    /// Beats alone need not wait for the disk: losing one in a power failure costs nothing,
    /// since no lease ends soon after a start.
    fn set_sync(&mut self, full: bool) -> rusqlite::Result<()> {
        if self.full_sync != Some(full) {
            self.full_sync = None;
            let word = if full { "FULL" } else { "NORMAL" };
            self.connection.pragma_update(None, "synchronous", word)?;
            self.full_sync = Some(full);
        }
        Ok(())
    }
}

fn load(db: &Connection, ttl: Duration, now: Now) -> rusqlite::Result<View> {
    let mut view = View::default();
    let due = now.instant + lease::after_start(ttl);
    let mut statement = db.prepare("SELECT * FROM servers")?;
    for row in statement.query_map([], |row| server_row(row, due))? {
        let mut entry = row?.entry;
        if !entry.is_live() {
            entry.due = now.instant + lease::LOST_KEPT;
        }
        view.apply(Change::Put(Box::new(entry)));
    }
    let mut statement = db.prepare("SELECT * FROM legacy")?;
    for row in statement.query_map([], |row| legacy_row(row, due))? {
        let mut entry = row?;
        // Across a restart only the time of day can tell how old an entry is. Neither a clock
        // that was set back nor one that was set forward drops it at once.
        let left = lease::LEGACY_TTL.saturating_sub(age(entry.updated, now.wall));
        entry.due = now.instant + left.max(lease::after_start(ttl));
        view.apply(Change::PutLegacy(Box::new(entry)));
    }
    view.seq = db.query_row("SELECT coalesce(max(seq), 0) FROM events", [], |row| row.get(0))?;
    Ok(view)
}

fn age(then: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(then)).unwrap_or_default()
}

/// The database file that is used when nobody names one.
///
/// # Errors
/// When there is no home folder.
pub fn default_path() -> Result<PathBuf, Failure> {
    crate::paths::data_dir().map(|dir| dir.join("registry.db")).ok_or_else(|| {
        Failure::usage("there is no home folder to keep the database in")
            .hint("give a file with --database sqlite:PATH")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TTL: Duration = Duration::from_secs(30);

    #[test]
    fn a_full_queue_refuses_and_what_was_taken_is_done() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("r.db"), TTL, Now::get()).unwrap();
        let store = Arc::new(store);
        let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
        // The writer waits for the view after its first commit.
        let guard = store.view().write();
        let run = |store: Arc<Store>| async move { store.run(Op::Prune, Now::get()).await };
        let most = QUEUE + MAX_BATCH;
        let tasks: Vec<_> = (0..most + 100).map(|_| runtime.spawn(run(store.clone()))).collect();
        let refused = || tasks.iter().filter(|task| task.is_finished()).count();
        let deadline = std::time::Instant::now() + Duration::from_secs(20);
        while refused() < 100 {
            assert!(std::time::Instant::now() < deadline, "nothing is refused");
            std::thread::sleep(Duration::from_millis(10));
        }
        drop(guard);
        let answers: Vec<_> =
            tasks.into_iter().map(|task| runtime.block_on(task).unwrap()).collect();
        let busy = answers.iter().filter(|a| **a == Err(StoreError::Busy)).count();
        let done = answers.iter().filter(|a| a.is_ok()).count();
        assert_eq!(busy + done, most + 100);
        assert!(done >= QUEUE, "only {done} were done");
        assert_eq!(store.waiting(), 0);
        store.close();
        let late = runtime.block_on(store.run(Op::Prune, Now::get()));
        assert_eq!(late, Err(StoreError::Closed));
    }

    #[test]
    fn entries_of_old_clients_live_48_hours_from_their_last_update_across_restarts() {
        let hour = |n: i64| jiff::SignedDuration::from_hours(n);
        let mut connection = Connection::open_in_memory().unwrap();
        schema::migrate(&mut connection, "x").unwrap();
        let now = Now::get();
        for (job, updated) in [("young", now.wall - hour(47)), ("old", now.wall - hour(49))] {
            connection
                .execute(
                    "INSERT INTO legacy VALUES (?1, '{}', ?2, ?2, 1)",
                    (job, updated.as_millisecond()),
                )
                .unwrap();
        }
        let future = now.wall + hour(1000);
        connection
            .execute(
                "INSERT INTO legacy VALUES ('clock', '{}', ?1, ?1, 1)",
                [future.as_millisecond()],
            )
            .unwrap();
        let view = load(&connection, TTL, now).unwrap();
        let left = |job: &str| view.legacy[job].due - now.instant;
        assert_eq!(left("young"), Duration::from_secs(3600));
        assert_eq!(left("old"), lease::after_start(TTL), "not at once");
        assert_eq!(left("clock"), lease::LEGACY_TTL, "the clock was set back: no longer than that");
    }
}
