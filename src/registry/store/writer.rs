//! One thread that writes: it commits whatever is waiting as one transaction, so that many
//! requests share one fsync.

use std::fs::File;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::core::{Asked, Core, Lifetimes, Reply};
use super::database::Database;
use super::listen::{Listener, Replica};
use super::op::{Now, Op};
use super::operations::watches;
use super::sql::{Sql, SqlError};
use super::watch_op::{KeptWatch, OpenClaim};
use super::{audit, follow};
use crate::api::tokens::AuditFilter;
use crate::domain::event::Event;
use crate::registry::error::StoreError;
use crate::registry::may::By;
use crate::registry::seen::counters::StoreCounters;
use crate::registry::seen::log::EventLog;
use crate::registry::seen::view::SharedView;

/// Operations that may wait for the writer.
pub const QUEUE: usize = 4096;
/// Most operations in one transaction.
const MAX_BATCH: usize = 512;

/// How often the writer looks for what others have committed, or whether it can write again.
const LOOK: Duration = Duration::from_millis(800);

enum Job {
    /// An operation, and who waits for it.
    Do(Box<Asked>, oneshot::Sender<Reply>),
    /// Others have committed something.
    Look,
}

/// The database: hands operations to its writer, and reads events.
#[derive(Debug)]
pub struct Store {
    jobs: Mutex<Option<SyncSender<Job>>>,
    waiting: Arc<AtomicUsize>,
    reader: Arc<Mutex<Option<Box<dyn Sql>>>>,
    writer: Mutex<Option<std::thread::JoinHandle<()>>>,
    listener: Mutex<Option<Listener>>,
    offline: Arc<AtomicBool>,
    alone: bool,
    view: SharedView,
    log: EventLog,
    counters: StoreCounters,
}

impl Store {
    /// Opens the database, makes its tables if there are none, and loads the view. Leases that
    /// are there live at least one TTL and a grace from `now`.
    ///
    /// # Errors
    /// A place where no database can be, another registry on an SQLite file, a newer or foreign
    /// database.
    pub fn open(database: &Database, lifetimes: Lifetimes, now: Now) -> anyhow::Result<Store> {
        let (jobs, queue) = sync_channel(QUEUE);
        let waiting = Arc::new(AtomicUsize::new(0));
        let (opened, result) = sync_channel(1);
        let counters = StoreCounters::default();
        let replica = Replica::random();
        // The connection is made, used and closed on one thread, where it may block.
        let writer = std::thread::Builder::new().name("registry-writer".to_owned()).spawn({
            let (database, waiting) = (database.clone(), Arc::clone(&waiting));
            let counters = counters.clone();
            move || {
                let open = || -> anyhow::Result<_> {
                    let lock = database.claim()?;
                    let db = database.connect(replica)?;
                    let core = Core::over(db, &database.to_string(), lifetimes, now)?;
                    Ok((core, database.reader()?, lock))
                };
                match open() {
                    Ok((core, reader, lock)) => {
                        let (view, log) = (core.view().clone(), core.log().clone());
                        let shared = (reader, view, log, Arc::clone(core.offline()));
                        let _ = opened.send(Ok(shared));
                        write(core, &queue, &waiting, &counters, lock);
                    }
                    Err(error) => {
                        let _ = opened.send(Err(error));
                    }
                }
            }
        })?;
        let (reader, view, log, offline) = result.recv()??;
        let listener = database.listen(replica, {
            let jobs = jobs.clone();
            // Where the queue is full, the next transaction finds it.
            move || drop(jobs.try_send(Job::Look))
        })?;
        Ok(Store {
            jobs: Mutex::new(Some(jobs)),
            waiting,
            reader: Arc::new(Mutex::new(Some(reader))),
            writer: Mutex::new(Some(writer)),
            listener: Mutex::new(listener),
            offline,
            alone: matches!(database, Database::Sqlite(_)),
            view,
            log,
            counters,
        })
    }

    /// What the database holds as of the last commit.
    pub fn view(&self) -> &SharedView {
        &self.view
    }

    /// The last events, and a signal at each new one.
    pub fn log(&self) -> &EventLog {
        &self.log
    }

    /// Whether the database can't be reached: what is asked for is refused at once.
    pub fn is_offline(&self) -> bool {
        self.offline.load(Ordering::Acquire)
    }

    /// Whether no other registry writes to this database, so that the view is never behind it.
    pub fn is_alone(&self) -> bool {
        self.alone
    }

    /// What is counted of its writer.
    pub fn counters(&self) -> &StoreCounters {
        &self.counters
    }

    /// Operations that wait for the writer.
    pub fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Carries out one operation; comes back after the commit.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing was written, unless it is [`StoreError::Unknown`].
    pub async fn run(&self, op: Op, now: Now, by: By) -> Reply {
        let (reply, answer) = oneshot::channel();
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let jobs = jobs.ok_or(StoreError::Closed)?;
        if self.is_offline() {
            return Err(StoreError::Unavailable("it can't be reached".to_owned()));
        }
        self.waiting.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = jobs.try_send(Job::Do(Box::new((op, now, by)), reply)) {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(match error {
                TrySendError::Full(_) => StoreError::Busy,
                TrySendError::Disconnected(_) => StoreError::Closed,
            });
        }
        drop(jobs);
        answer.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Up to `limit` events after number `after`, oldest first, from the database.
    ///
    /// # Errors
    /// When the database can't be read.
    pub async fn events(&self, after: u64, limit: usize) -> Result<Vec<Event>, StoreError> {
        self.read(move |db| follow::events(db, after, limit)).await
    }

    /// Up to `limit` events for the audit, as [`audit::events`].
    ///
    /// # Errors
    /// As [`Self::events`].
    pub async fn audit(&self, filter: AuditFilter, limit: usize) -> Result<Vec<Event>, StoreError> {
        self.read(move |db| audit::events(db, &filter, limit)).await
    }

    /// Who wants to be told of servers and nodes.
    ///
    /// # Errors
    /// As [`Self::events`].
    pub async fn watches(&self) -> Result<Vec<KeptWatch>, StoreError> {
        self.read(watches::all).await
    }

    /// The events that somebody tells of, whose messages may not be on a disk yet.
    ///
    /// # Errors
    /// As [`Self::events`].
    pub async fn open_claims(&self) -> Result<Vec<OpenClaim>, StoreError> {
        self.read(watches::open_claims).await
    }

    /// The last event that anybody told of; nothing where nobody ever did.
    ///
    /// # Errors
    /// As [`Self::events`].
    pub async fn last_claim(&self) -> Result<Option<u64>, StoreError> {
        self.read(watches::last_claim).await
    }

    /// Up to `limit` events of one subject after number `after`, oldest first.
    ///
    /// # Errors
    /// As [`Self::events`].
    pub async fn events_of(
        &self,
        subject: String,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        self.read(move |db| follow::events_of(db, &subject, after, limit)).await
    }

    /// Reads the database beside the writer.
    async fn read<T: Send + 'static>(
        &self,
        mut query: impl FnMut(&mut dyn Sql) -> Result<T, SqlError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let reader = Arc::clone(&self.reader);
        let read = move || {
            let mut reader = reader.lock().unwrap_or_else(PoisonError::into_inner);
            let db = reader.as_mut().ok_or(StoreError::Closed)?;
            let mut answer = query(db.as_mut());
            if let Err(SqlError::Lost(_)) = answer {
                answer = db.reconnect().and_then(|()| query(db.as_mut()));
            }
            answer.map_err(|error| match error {
                SqlError::Refused(reason) => StoreError::Refused(reason),
                other => StoreError::Unavailable(other.to_string()),
            })
        };
        tokio::task::spawn_blocking(read).await.map_err(|_| StoreError::Closed)?
    }

    /// Finishes what waits and closes the database. Later operations are refused.
    pub fn close(&self) {
        // It holds an end of the queue, too.
        self.listener.lock().unwrap_or_else(PoisonError::into_inner).take();
        // The writer must be the last to close: it empties SQLite's write-ahead log then.
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

fn write(
    mut core: Core,
    queue: &Receiver<Job>,
    waiting: &AtomicUsize,
    counters: &StoreCounters,
    lock: Option<File>,
) {
    let mut looked = Instant::now();
    loop {
        let (mut ops, mut replies, mut look) = (Vec::new(), Vec::new(), false);
        let mut next = queue.recv_timeout(LOOK.saturating_sub(looked.elapsed()));
        loop {
            match next {
                Ok(Job::Do(asked, reply)) => {
                    ops.push(*asked);
                    replies.push(reply);
                }
                Ok(Job::Look) => look = true,
                // Only the first is waited for: the queue is empty, and nobody adds to it.
                Err(RecvTimeoutError::Disconnected) => return drop((core, lock)),
                Err(RecvTimeoutError::Timeout) => break,
            }
            if ops.len() == MAX_BATCH {
                break;
            }
            next = queue.try_recv().map_err(|_| RecvTimeoutError::Timeout);
        }
        waiting.fetch_sub(ops.len(), Ordering::Relaxed);
        let start = Instant::now();
        let outcomes = core.commit(&ops);
        if !ops.is_empty() {
            counters.commit.observe(start.elapsed().as_secs_f64());
            counters.batch.observe(ops.len() as f64);
        }
        for (reply, outcome) in replies.into_iter().zip(outcomes) {
            // Whoever asked may have gone; what was done stays done.
            let _ = reply.send(outcome);
        }
        if look || looked.elapsed() >= LOOK {
            core.look(Now::get());
            looked = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_queue_refuses_and_what_was_taken_is_done() {
        let dir = tempfile::tempdir().unwrap();
        let database = Database::Sqlite(dir.path().join("r.db"));
        let day = Duration::from_secs(86_400);
        let lifetimes = Lifetimes { ttl: Duration::from_secs(30), retain: day };
        let store = Store::open(&database, lifetimes, Now::get()).unwrap();
        let store = Arc::new(store);
        let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
        // The writer waits for the view at its first transaction.
        let guard = store.view().write();
        let run = |store: Arc<Store>| async move {
            store.run(Op::Prune, Now::get(), By::default()).await
        };
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
        let late = runtime.block_on(store.run(Op::Prune, Now::get(), By::default()));
        assert_eq!(late, Err(StoreError::Closed));
    }
}
