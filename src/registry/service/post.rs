//! What the registry sends: written to the disk first, and sent from there again and again until
//! it arrives or its time is over. What becomes of it is an event.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::api::Notified;
use crate::config::spec::NotifySpec;
use crate::domain::notice::Notice;
use crate::domain::target::Target;
use crate::http::guard::guarded_client;
use crate::notify::{
    self, Fault,
    outbox::{Courier, Envelope, Fate, Outbox, OutboxLimits, Tag},
};
use crate::registry::error::StoreError;
use crate::registry::may::By;
use crate::registry::seen::counters::Counters;
use crate::registry::service::channels::Channels;
use crate::registry::store::watch_op::Told;
use crate::registry::store::{Now, Op, Store, WatchOp};

/// Messages that wait, in all and for one target.
const WAITING: (usize, usize) = (20_000, 2_000);
/// How long the disk may take to keep a message.
const DISK: Duration = Duration::from_secs(10);
/// A disk that has refused so many letters, and taken none, takes none.
const ENOUGH: usize = 5;
/// How often an outcome is written down while the database can't be written, and how long is
/// waited in between.
const TRIES: (u32, Duration) = (5, Duration::from_secs(1));
/// Outcomes that wait to be written down.
const OUTCOMES: usize = 10_000;

/// One message to one target.
#[derive(Debug, Clone)]
pub struct Letter {
    /// By which it is known: put twice, it goes once.
    pub id: String,
    /// On whose behalf it goes.
    pub tag: Tag,
    /// Letters of one group to one target may become one message.
    pub group: Option<String>,
    /// What happened.
    pub notice: Notice,
    /// The target, with its secrets.
    pub to: String,
}

/// Letters that are on no disk.
#[derive(Debug)]
pub struct Unkept {
    /// How many others are.
    pub kept: usize,
    /// How many are not.
    pub lost: usize,
    /// Why the last one is not.
    pub error: String,
}

/// What is to be sent.
#[derive(Debug)]
pub struct Mailbag {
    outbox: Outbox,
}

impl Mailbag {
    /// A mailbag whose letters are in `folder`.
    pub fn new(folder: &Path, how: &NotifySpec) -> Mailbag {
        let limits =
            OutboxLimits { entries: WAITING.0, per_target: WAITING.1, ..notify::post::limits(how) };
        Mailbag { outbox: Outbox::new(folder, limits) }
    }

    /// Takes letters: they are on the disk when this comes back.
    ///
    /// # Errors
    /// How many are not, and why. Trying again is safe.
    pub async fn put(&self, letters: Vec<Letter>) -> Result<(), Unkept> {
        let mut unkept = Unkept { kept: 0, lost: 0, error: String::new() };
        for letter in letters {
            let mut envelope = Envelope::new(letter.to, letter.notice, letter.group);
            envelope.id = uuid(&letter.id);
            envelope.tag = Some(letter.tag);
            match self.outbox.put(&envelope, Instant::now() + DISK).await {
                Ok(()) => unkept.kept += 1,
                Err(error) => (unkept.lost, unkept.error) = (unkept.lost + 1, error),
            }
            if unkept.kept == 0 && unkept.lost >= ENOUGH {
                break;
            }
        }
        if unkept.lost == 0 { Ok(()) } else { Err(unkept) }
    }

    /// Sends until `stopping` becomes true; what is not sent by then stays on the disk.
    pub async fn run(self: Arc<Self>, diary: Diary, stopping: watch::Receiver<bool>) {
        let (done, outcomes) = mpsc::channel(OUTCOMES);
        let guarded = match guarded_client(&diary.channels.hosts) {
            Ok(guarded) => guarded,
            Err(error) => return tracing::error!(%error, "nothing can be sent"),
        };
        let channels = Arc::clone(&diary.channels);
        let usual = || notify::post::Post::new(channels.how.clone(), None);
        let (trusted, guarded) = (usual(), usual().by(guarded));
        let carrier = Carrier { channels, done, trusted, guarded };
        let outbox = self.outbox.clone();
        // The carrier goes when nothing is sent any more: then there are no more outcomes.
        let send = async move { outbox.run(&carrier, stopping).await };
        tokio::join!(send, report(diary, outcomes));
    }
}

/// Where it is written down what became of letters, and what says how they are sent.
#[derive(Debug, Clone)]
pub struct Diary {
    /// The database.
    pub store: Arc<Store>,
    /// What is counted.
    pub counters: Counters,
    /// How people are told, and who may be.
    pub channels: Arc<Channels>,
}

/// What became of a letter: why it never arrived, or nothing where it did.
type Ended = (Envelope, Option<String>);

/// Writes down what became of letters, until nothing is sent any more.
async fn report(diary: Diary, mut ended: mpsc::Receiver<Ended>) {
    while let Some((letter, error)) = ended.recv().await {
        tell(&diary, &letter, error.as_deref()).await;
    }
}

/// Counts what became of a letter, and makes an event of it.
async fn tell(diary: &Diary, letter: &Envelope, error: Option<&str>) {
    let how = NotifySpec { to: vec![letter.target.clone()], ..diary.channels.how.clone() };
    let channel = Target::parse(&letter.target).map(|target| target.channel().to_owned());
    let delivery = Notified {
        event: letter.notice.kind.name().to_owned(),
        channel: channel.unwrap_or_default(),
        ok: error.is_none(),
        error: error.map(|error| notify::without_names(error, &how)),
    };
    diary.counters.notified(&delivery);
    let (watch, subject) = match &letter.tag {
        Some(Tag::Watch { id, seq, subject }) => (Some((id.clone(), *seq)), subject),
        Some(Tag::Rule { subject } | Tag::Owner { subject }) => (None, subject),
        // What is sent on is of servers that tell themselves how it went.
        Some(Tag::Relay) | None => return,
    };
    let of = (letter.notice.name.clone(), letter.notice.owner.clone());
    for _ in 0..TRIES.0 {
        let (watch, subject, of) = (watch.clone(), subject.clone(), of.clone());
        let told = Told { watch, subject, of, delivery: delivery.clone() };
        let op = Op::Watches(WatchOp::Told(Box::new(told)));
        match diary.store.run(op, Now::get(), By::default()).await {
            Ok(_) | Err(StoreError::Closed) => return,
            Err(error) => tracing::warn!(%error, "what became of a message is not written down"),
        }
        tokio::time::sleep(TRIES.1).await;
    }
}

/// Brings letters to their targets.
struct Carrier {
    channels: Arc<Channels>,
    done: mpsc::Sender<Ended>,
    /// For what the operator's own words name.
    trusted: notify::post::Post,
    /// For the rest: it reaches the internet alone, and what the operator listed.
    guarded: notify::post::Post,
}

impl Courier for Carrier {
    fn a_minute(&self, target: &str) -> Option<u32> {
        self.trusted.a_minute(target)
    }

    fn ended(&self, letter: &Envelope, fate: &Fate) {
        let error = match fate {
            Fate::Delivered => None,
            Fate::Failed { error } => Some(error.clone()),
            Fate::Waiting { .. } => return,
        };
        if self.done.try_send((letter.clone(), error)).is_err() {
            tracing::warn!("what became of a message is not written down: too many at once");
        }
    }

    async fn carry(&self, target: &str, letters: &[Envelope]) -> Result<(), Fault> {
        let by_rule = |letter: &Envelope| matches!(letter.tag, Some(Tag::Rule { .. }));
        if letters.iter().all(by_rule) {
            return self.trusted.carry(target, letters).await;
        }
        // Its operator may have changed their mind since it was taken.
        let target = self.channels.allowed(target).map_err(|no| Fault::Permanent(no.reason))?;
        match self.channels.is_own(&target) {
            true => self.trusted.carry(target.text(), letters).await,
            false => self.guarded.carry(target.text(), letters).await,
        }
    }
}

/// A UUID for a letter's id: always the same one.
fn uuid(id: &str) -> String {
    let digest = Sha256::digest(format!("llamactl letter {id}"));
    let bytes = std::array::from_fn(|index| digest[index]);
    ::uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;
    use crate::http::guard::Exception;
    use ::uuid::Uuid;

    /// The words of the guard may stand in any answer; only its own error says that it is final.
    #[tokio::test]
    async fn a_service_that_may_come_back_is_not_given_up_whatever_it_says() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let target = format!("webhook+http://{}/", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 64 * 1024]).unwrap();
            let said = "it has no public address, and the operator lists it not in relay.hosts";
            let size = said.len();
            let head = format!("HTTP/1.1 503 Busy\r\nContent-Length: {size}\r\n\r\n{said}");
            stream.write_all(head.as_bytes()).unwrap();
        });
        let channels = Arc::new(Channels {
            channels: vec!["webhook".to_owned()],
            hosts: vec![Exception::parse("127.0.0.1").unwrap()],
            ..Channels::default()
        });
        let usual = || notify::post::Post::new(channels.how.clone(), None);
        let guarded = usual().by(guarded_client(&channels.hosts).unwrap());
        let (done, _ended) = mpsc::channel(1);
        let carrier = Carrier { trusted: usual(), guarded, done, channels };
        let letter = Envelope::new(target.clone(), Notice::default(), None);
        let fault = carrier.carry(&target, &[letter]).await.unwrap_err();
        assert!(fault.reason().contains("503 Service Unavailable: it has no public"), "{fault:?}");
        assert!(matches!(fault, Fault::Transient { .. }), "{fault:?}");
    }

    #[test]
    fn the_same_letter_has_the_same_id() {
        assert_eq!(uuid("7.rule.ntfy://x"), uuid("7.rule.ntfy://x"));
        assert_ne!(uuid("7.rule.ntfy://x"), uuid("8.rule.ntfy://x"));
        assert!(Uuid::parse_str(&uuid("x")).is_ok());
    }
}
