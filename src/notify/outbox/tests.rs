//! The outbox with a clock that does not take its time, a real folder, and couriers that fail in
//! every way.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::Mutex;

use tokio::sync::watch;
use tokio::time::Instant;

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

thread_local! {
    static BEGIN: (Timestamp, Instant) = (Timestamp::now(), Instant::now());
}

/// The time of the day, by tokio's clock.
pub(super) fn wall() -> Timestamp {
    BEGIN.with(|(wall, begin)| *wall + begin.elapsed())
}

/// So many seconds after some beginning.
pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).expect("a time")
}

/// An envelope made at that second.
pub(super) fn letter(id: &str, second: i64, group: Option<&str>) -> Envelope {
    Envelope {
        id: id.to_owned(),
        created: at(second),
        until: at(second + 1_000_000),
        ..envelope("ntfy://topic", group)
    }
}

fn envelope(target: &str, group: Option<&str>) -> Envelope {
    let notice = Notice { name: "tiny".to_owned(), ..Notice::default() };
    Envelope::new(target, notice, group.map(str::to_owned))
}

/// What one try came to: when, target, ids.
type Call = (Duration, String, Vec<String>);

/// Answers each try as it is told to, and remembers it.
struct Scripted<F> {
    start: Instant,
    calls: Mutex<Vec<Call>>,
    answer: F,
}

impl<F: Fn(usize, &[Envelope]) -> Result<(), Fault> + Sync> Scripted<F> {
    fn new(answer: F) -> Scripted<F> {
        Scripted { start: Instant::now(), calls: Mutex::default(), answer }
    }

    fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    fn sizes(&self) -> Vec<usize> {
        self.calls().iter().map(|(_, _, ids)| ids.len()).collect()
    }

    fn seconds(&self) -> Vec<u64> {
        self.calls().iter().map(|(when, _, _)| when.as_secs()).collect()
    }
}

impl<F: Fn(usize, &[Envelope]) -> Result<(), Fault> + Sync> Courier for Scripted<F> {
    async fn carry(&self, target: &str, letters: &[Envelope]) -> Result<(), Fault> {
        let ids = letters.iter().map(|letter| letter.id.clone()).collect();
        let number = {
            let mut calls = self.calls.lock().unwrap();
            calls.push((self.start.elapsed(), target.to_owned(), ids));
            calls.len()
        };
        (self.answer)(number, letters)
    }
}

/// Never answers.
struct Silent;

impl Courier for Silent {
    async fn carry(&self, _: &str, _: &[Envelope]) -> Result<(), Fault> {
        std::future::pending().await
    }
}

type Answer = fn(usize, &[Envelope]) -> Result<(), Fault>;

fn works(_: usize, _: &[Envelope]) -> Result<(), Fault> {
    Ok(())
}

fn outbox(limits: OutboxLimits) -> (tempfile::TempDir, Outbox) {
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::new(&dir.path().join("outbox"), limits);
    (dir, outbox)
}

fn fates(outcomes: &[Outcome]) -> Vec<&Fate> {
    outcomes.iter().map(|outcome| &outcome.fate).collect()
}

fn files(dir: &Path, folder: &str) -> Vec<String> {
    let entries = fs::read_dir(dir.join("outbox").join(folder)).into_iter().flatten();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_arrives_and_leaves_nothing_but_word_of_it() {
    let (dir, outbox) = outbox(OutboxLimits::default());
    let courier = Scripted::new(works);
    let sent = [envelope("mailto:a@b", None), envelope("ntfy://t", None)];
    let outcomes = outbox.send(&sent, &courier, Instant::now() + MINUTE).await;
    let expected: Vec<_> =
        sent.iter().map(|letter| Outcome::of(letter, 1, Fate::Delivered, 1)).collect();
    assert_eq!(outcomes, expected);
    assert_eq!(courier.calls().len(), 2);
    assert!(files(dir.path(), "queue").is_empty() && files(dir.path(), "failed").is_empty());
    // The same once more is known, and not sent again.
    outbox.put(&sent[0], Instant::now() + MINUTE).await.unwrap();
    assert_eq!(outbox.deliver(&sent, &courier, Instant::now() + MINUTE).await, expected);
    assert_eq!(courier.calls().len(), 2);
    assert!(outbox.waiting().unwrap().is_empty() && files(dir.path(), "queue").is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_put_is_for_its_owner_alone_and_waits() {
    let (dir, outbox) = outbox(OutboxLimits::default());
    let sent = envelope("slack://secret", None);
    outbox.put(&sent, Instant::now() + MINUTE).await.unwrap();
    let mode = |path: &str| {
        let metadata = fs::metadata(dir.path().join("outbox").join(path)).unwrap();
        metadata.permissions().mode() & 0o777
    };
    let names = files(dir.path(), "queue");
    assert!(names.len() == 1 && !names[0].contains("secret"), "{names:?}");
    assert_eq!(
        (mode(""), mode("queue"), mode(&format!("queue/{}", names[0]))),
        (0o700, 0o700, 0o600)
    );
    let waiting = outbox.waiting().unwrap();
    assert_eq!((waiting[0].id.as_str(), waiting[0].tries, waiting[0].next), (&*sent.id, 0, None));
    assert_eq!((waiting[0].kind, waiting[0].name.as_str()), (Kind::Ready, "tiny"));
    assert!(!format!("{sent:?}").contains("secret"));
}

#[tokio::test(start_paused = true)]
async fn it_is_tried_again_with_longer_and_longer_waits_until_it_works() {
    let (_dir, outbox) = outbox(OutboxLimits::default());
    let courier = Scripted::new(|number, _| match number {
        1..=4 => Err(Fault::transient("down")),
        _ => Ok(()),
    });
    let sent = [envelope("ntfy://t", None)];
    let outcomes = outbox.send(&sent, &courier, Instant::now() + MINUTE).await;
    assert_eq!(outcomes, [Outcome::of(&sent[0], 5, Fate::Delivered, 1)]);
    let whens: Vec<_> = courier.calls().iter().map(|(when, _, _)| *when).collect();
    for (index, pair) in whens.windows(2).enumerate() {
        let wait = (pair[1] - pair[0]).as_secs_f64();
        let usual = 0.5 * f64::from(1 << index);
        assert!(wait >= 0.79 * usual && wait <= 1.21 * usual + 0.1, "{index}: {wait}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_other_sides_wish_is_obeyed_by_all_who_come_later() {
    let (_dir, outbox) = outbox(OutboxLimits::default());
    let courier = Scripted::new(|number, _| match number {
        1 => Err(Fault::Transient { reason: "429".into(), after: Some(SECOND * 40) }),
        _ => Ok(()),
    });
    let first = [envelope("ntfy://t", None)];
    let soon = Instant::now() + SECOND * 20;
    let outcomes = outbox.send(&first, &courier, soon).await;
    let error = Some("429".to_owned());
    assert_eq!(outcomes, [Outcome::of(&first[0], 1, Fate::Waiting { error }, 1)]);
    assert!(Instant::now() < soon, "nobody waits for what can't come");
    let waiting = &outbox.waiting().unwrap()[0];
    assert_eq!((waiting.tries, waiting.error.as_deref()), (1, Some("429")));
    assert!(waiting.next.is_some());
    // Another process, with another message.
    let second = [envelope("ntfy://t", None)];
    let outcomes = outbox.send(&second, &courier, Instant::now() + MINUTE * 2).await;
    assert_eq!(fates(&outcomes), [&Fate::Delivered]);
    assert!((40..=41).contains(&courier.seconds()[1]), "{:?}", courier.seconds());
    let order: Vec<_> = courier.calls().into_iter().map(|(_, _, ids)| ids[0].clone()).collect();
    let (first, second) = (&first[0].id, &second[0].id);
    assert_eq!(order, [first.clone(), first.clone(), second.clone()], "the oldest goes first");
}

#[tokio::test(start_paused = true)]
async fn who_hangs_is_broken_off_and_the_message_stays() {
    let (_dir, outbox) = outbox(OutboxLimits::default());
    let sent = [envelope("ntfy://t", None)];
    let start = Instant::now();
    let outcomes = outbox.send(&sent, &Silent, start + SECOND * 10).await;
    assert!(start.elapsed() <= SECOND * 11, "{:?}", start.elapsed());
    assert!(
        matches!(&outcomes[0].fate, Fate::Waiting { error: Some(error) } if error.contains("no answer"))
    );
    assert_eq!(outbox.waiting().unwrap().len(), 1);
    let courier = Scripted::new(works);
    let outcomes = outbox.flush(&courier, Instant::now() + MINUTE).await;
    assert_eq!((outcomes[0].id.as_str(), &outcomes[0].fate), (&*sent[0].id, &Fate::Delivered));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_heal_is_kept_for_people_to_see() {
    let (dir, outbox) = outbox(OutboxLimits::default());
    let courier = Scripted::new(|_, _| Err(Fault::Permanent("no such topic".into())));
    let sent = [envelope("ntfy://t", None)];
    let outcomes = outbox.send(&sent, &courier, Instant::now() + MINUTE).await;
    let error = "no such topic".to_owned();
    assert_eq!(outcomes, [Outcome::of(&sent[0], 1, Fate::Failed { error: error.clone() }, 1)]);
    assert_eq!(courier.calls().len(), 1);
    let failed = outbox.failed().unwrap();
    assert_eq!((failed.len(), &failed[0].envelope.id, &failed[0].error), (1, &sent[0].id, &error));
    assert!(files(dir.path(), "queue").is_empty());
    // They are bounded, and gone after a day.
    let many: Vec<_> = (0..250).map(|_| envelope("ntfy://t", Some("g"))).collect();
    let outcomes = outbox.send(&many, &courier, Instant::now() + MINUTE).await;
    assert!(outcomes.iter().all(|outcome| outcome.in_digest_of == 250));
    let failed = outbox.failed().unwrap();
    assert_eq!(failed.len(), 200);
    assert_eq!(failed[199].envelope.id, many[249].id);
    for name in files(dir.path(), "failed") {
        let file =
            fs::File::options().write(true).open(dir.path().join("outbox/failed").join(name));
        let old = std::time::SystemTime::now() - Duration::from_secs(90_000);
        file.unwrap().set_modified(old).unwrap();
    }
    outbox.flush(&courier, Instant::now() + MINUTE).await;
    assert!(outbox.failed().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_fails_for_ever_is_given_up_when_the_time_is_over() {
    let (_dir, outbox) = outbox(OutboxLimits::default());
    let courier = Scripted::new(|_, _| Err(Fault::transient("down")));
    let mut sent = envelope("ntfy://t", None);
    sent.until = wall() + MINUTE;
    let outcomes = outbox.send(&[sent], &courier, Instant::now() + MINUTE * 5).await;
    let Fate::Failed { error } = &outcomes[0].fate else { panic!("{outcomes:?}") };
    assert!(error.contains("given up") && error.contains("down"), "{error}");
    assert!((6..=9).contains(&outcomes[0].attempts), "{outcomes:?}");
    assert_eq!(outbox.failed().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn above_the_limit_all_that_waits_becomes_one() {
    let (_dir, outbox) = outbox(OutboxLimits { a_minute: 3, ..OutboxLimits::default() });
    let courier = Scripted::new(works);
    let first: Vec<_> = (0..10).map(|_| envelope("ntfy://t", None)).collect();
    let outcomes = outbox.send(&first, &courier, Instant::now() + MINUTE).await;
    assert!(outcomes.iter().all(|outcome| outcome.fate == Fate::Delivered));
    assert_eq!(courier.sizes(), [1, 1, 8]);
    // The limit is on the disk: another outbox keeps it too.
    let other = Outbox::new(&outbox.disk_root(), outbox.limits.clone());
    let second: Vec<_> = (0..5).map(|_| envelope("ntfy://t", None)).collect();
    let elsewhere = envelope("ntfy://elsewhere", None);
    let all: Vec<_> = second.iter().cloned().chain([elsewhere]).collect();
    let outcomes = other.send(&all, &courier, Instant::now() + MINUTE * 2).await;
    assert!(outcomes.iter().all(|outcome| outcome.fate == Fate::Delivered));
    let calls = courier.calls();
    assert_eq!((calls[3].1.as_str(), calls[3].0.as_secs()), ("ntfy://elsewhere", 0));
    assert_eq!(courier.sizes()[3..], [1, 5]);
    assert_eq!(calls[4].0.as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn a_target_may_take_less_than_usual() {
    struct Slow(Scripted<Answer>);
    impl Courier for Slow {
        async fn carry(&self, target: &str, letters: &[Envelope]) -> Result<(), Fault> {
            self.0.carry(target, letters).await
        }
        fn a_minute(&self, _: &str) -> Option<u32> {
            Some(1)
        }
    }
    let (_dir, outbox) = outbox(OutboxLimits::default());
    let courier = Slow(Scripted::new(works));
    let all: Vec<_> = (0..5).map(|_| envelope("ntfy://t", None)).collect();
    outbox.send(&all, &courier, Instant::now() + MINUTE).await;
    assert_eq!(courier.0.sizes(), [5]);
}

#[tokio::test(start_paused = true)]
async fn an_array_of_500_jobs_is_one_message() {
    let (dir, outbox) = outbox(OutboxLimits::default());
    let courier = Scripted::new(works);
    let sends = (0..500).map(|n| {
        let (outbox, courier) =
            (Outbox::new(&outbox.disk_root(), OutboxLimits::default()), &courier);
        async move {
            tokio::time::sleep(Duration::from_millis(40 * n)).await;
            let sent = [envelope("ntfy://t", Some("4711 ready"))];
            outbox.send(&sent, courier, Instant::now() + MINUTE * 5).await
        }
    });
    let outcomes = futures_util::future::join_all(sends).await;
    assert_eq!(courier.sizes(), [500]);
    for outcome in outcomes.iter().flatten() {
        assert_eq!((&outcome.fate, outcome.in_digest_of), (&Fate::Delivered, 500));
    }
    // Twenty seconds of puts, fifteen of quiet.
    assert!((34..=38).contains(&courier.seconds()[0]), "{:?}", courier.seconds());
    assert!(files(dir.path(), "queue").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_group_does_not_wait_longer_than_whoever_sends_it_has() {
    let (_dir, outbox) = outbox(OutboxLimits::default());
    let courier = Scripted::new(works);
    let sent: Vec<_> = (0..3).map(|_| envelope("ntfy://t", Some("4711 failed"))).collect();
    let outcomes = outbox.send(&sent, &courier, Instant::now() + SECOND * 10).await;
    assert_eq!((fates(&outcomes), courier.sizes()), (vec![&Fate::Delivered; 3], vec![3]));
    assert!((7..=8).contains(&courier.seconds()[0]), "{:?}", courier.seconds());
}

#[tokio::test(start_paused = true)]
async fn one_message_at_fault_holds_up_nobody() {
    let (_dir, outbox) = outbox(OutboxLimits::default());
    let bad = envelope("ntfy://t", None);
    let id = bad.id.clone();
    let courier = Scripted::new(move |_, letters: &[Envelope]| match letters {
        [letter] if letter.id == id => Err(Fault::transient("500")),
        _ => Ok(()),
    });
    let all = [bad, envelope("ntfy://t", None), envelope("ntfy://t", None)];
    let outcomes = outbox.send(&all, &courier, Instant::now() + MINUTE).await;
    assert!(matches!(outcomes[0].fate, Fate::Waiting { .. }), "{outcomes:?}");
    assert_eq!(fates(&outcomes[1..]), [&Fate::Delivered, &Fate::Delivered]);
    let arrived = courier.calls().iter().position(|(_, _, ids)| *ids == [all[2].id.clone()]);
    assert!(arrived.is_some_and(|index| index <= 5), "{:?}", courier.calls());
}

#[tokio::test(start_paused = true)]
async fn a_full_outbox_takes_nothing_more_and_messages_go_from_memory() {
    let (_dir, outbox) =
        outbox(OutboxLimits { entries: 5, per_target: 3, ..OutboxLimits::default() });
    let deadline = Instant::now() + MINUTE;
    for target in ["a", "a", "a", "b", "b"] {
        outbox.put(&envelope(target, None), deadline).await.unwrap();
    }
    for target in ["a", "b"] {
        let error = outbox.put(&envelope(target, None), deadline).await.unwrap_err();
        assert!(error.contains("is full: 5 messages"), "{error}");
    }
    let courier = Scripted::new(works);
    let sent = [envelope("c", None)];
    let outcomes = outbox.send(&sent, &courier, deadline).await;
    assert_eq!((fates(&outcomes), courier.sizes()), (vec![&Fate::Delivered], vec![1]));
    let mut long = envelope("d", None);
    long.notice.reason = "x".repeat(300_000);
    assert!(outbox.put(&long, deadline).await.unwrap_err().contains("too long"));
    long.id = "../../etc/passwd".into();
    assert!(outbox.put(&long, deadline).await.unwrap_err().contains("no UUID"));
}

#[tokio::test(start_paused = true)]
async fn strange_files_are_moved_aside_and_stop_nothing() {
    let (dir, outbox) = outbox(OutboxLimits::default());
    let good = envelope("ntfy://t", None);
    outbox.put(&good, Instant::now() + MINUTE).await.unwrap();
    let (queue, name) = (dir.path().join("outbox/queue"), files(dir.path(), "queue").remove(0));
    let (hash, _) = name.split_at(33);
    let with_id = |id: Uuid| queue.join(format!("{hash}{id}.json"));
    // Torn, foreign, misplaced, a folder, a link to nowhere, a pipe, and a state that is torn.
    fs::write(with_id(Uuid::now_v7()), &fs::read(queue.join(&name)).unwrap()[..50]).unwrap();
    fs::write(queue.join("notes.txt"), "remember the milk").unwrap();
    fs::copy(queue.join(&name), with_id(Uuid::now_v7())).unwrap();
    fs::create_dir(with_id(Uuid::now_v7())).unwrap();
    symlink("/no/such/file", queue.join("link.json")).unwrap();
    nix::unistd::mkfifo(&with_id(Uuid::now_v7()), nix::sys::stat::Mode::S_IRWXU).unwrap();
    fs::write(dir.path().join(format!("outbox/targets/{}.json", &hash[..32])), "{\"mess").unwrap();
    // One of a later version is left alone.
    let mut later: serde_json::Value = serde_json::to_value(envelope("ntfy://t", None)).unwrap();
    later["notice"]["kind"] = "teleported".into();
    let id = Uuid::parse_str(later["id"].as_str().unwrap()).unwrap();
    fs::write(with_id(id), later.to_string()).unwrap();
    let courier = Scripted::new(works);
    let outcomes = outbox.flush(&courier, Instant::now() + MINUTE).await;
    assert_eq!(fates(&outcomes), [&Fate::Delivered]);
    assert_eq!(courier.calls()[0].2, [good.id]);
    let left = files(dir.path(), "queue");
    assert_eq!(left, [with_id(id).file_name().unwrap().to_str().unwrap()]);
    assert_eq!(files(dir.path(), "strange").len(), 7);
}

#[tokio::test(start_paused = true)]
async fn a_clock_in_the_future_delays_a_group_by_minutes_at_most() {
    let (_dir, outbox) = outbox(OutboxLimits::default());
    let courier = Scripted::new(works);
    let mut sent = envelope("ntfy://t", Some("g"));
    sent.created += Duration::from_secs(5 * 3_600);
    sent.until += Duration::from_secs(5 * 3_600);
    let outcomes = outbox.send(&[sent], &courier, Instant::now() + MINUTE * 30).await;
    assert_eq!((fates(&outcomes), courier.seconds()), (vec![&Fate::Delivered], vec![15]));
}

#[tokio::test(start_paused = true)]
async fn who_is_broken_off_leaves_the_lock_and_the_message() {
    let (_dir, outbox) = outbox(OutboxLimits::default());
    let sent = [envelope("ntfy://t", None)];
    let sending = outbox.send(&sent, &Silent, Instant::now() + MINUTE);
    assert!(tokio::time::timeout(SECOND, sending).await.is_err());
    let courier = Scripted::new(works);
    let outcomes = outbox.deliver(&sent, &courier, Instant::now() + MINUTE).await;
    assert_eq!(outcomes, [Outcome::of(&sent[0], 2, Fate::Delivered, 1)]);
}

#[tokio::test(start_paused = true)]
async fn who_stays_carries_what_comes_and_what_others_put() {
    let (dir, outbox) = outbox(OutboxLimits::default());
    let (stop, stopping) = watch::channel(false);
    let silent = "ntfy://silent";
    struct Partly<'a>(&'a Scripted<Answer>, &'a str);
    impl Courier for Partly<'_> {
        async fn carry(&self, target: &str, letters: &[Envelope]) -> Result<(), Fault> {
            if target == self.1 {
                return Silent.carry(target, letters).await;
            }
            self.0.carry(target, letters).await
        }
    }
    let scripted = Scripted::new(works as Answer);
    let courier = Partly(&scripted, silent);
    let other = Outbox::new(&outbox.disk_root(), OutboxLimits::default());
    let story = async {
        let soon = || Instant::now() + MINUTE;
        outbox.put(&envelope(silent, None), soon()).await.unwrap();
        for n in 0..20 {
            let put_by = if n % 2 == 0 { &outbox } else { &other };
            put_by.put(&envelope(&format!("ntfy://t{n}"), None), soon()).await.unwrap();
            tokio::time::sleep(SECOND).await;
        }
        outbox.put(&envelope("ntfy://late", Some("g")), soon()).await.unwrap();
        tokio::time::sleep(SECOND * 40).await;
        stop.send(true).unwrap();
    };
    let (_, ()) = tokio::join!(outbox.run(&courier, stopping), story);
    let calls: HashMap<_, _> = scripted
        .calls()
        .into_iter()
        .map(|(when, target, _)| (target, when.as_secs_f64()))
        .collect();
    assert_eq!((scripted.calls().len(), calls.len()), (21, 21));
    for n in 0..20 {
        let late = calls[&format!("ntfy://t{n}")] - f64::from(n);
        let limit = if n % 2 == 0 { 0.5 } else { 6.0 };
        assert!((0.0..limit).contains(&late), "{n}: {late}");
    }
    assert!((34.0..40.0).contains(&calls["ntfy://late"]), "{calls:?}");
    assert_eq!(files(dir.path(), "queue").len(), 1);
    let waiting = &outbox.waiting().unwrap()[0];
    assert_eq!((waiting.target.as_str(), waiting.tries), (silent, 1));
}

/// Compiles only where all of it can run in a task of its own.
#[tokio::test(start_paused = true)]
async fn all_of_it_can_be_spawned() {
    fn sendable<T: Send>(work: T) -> T {
        work
    }
    let (_dir, outbox) = outbox(OutboxLimits::default());
    let (all, soon) = ([envelope("ntfy://t", None)], Instant::now() + MINUTE);
    let (_stop, stopping) = watch::channel(true);
    let outcomes = sendable(outbox.send(&all, &Silent, Instant::now() + SECOND)).await;
    assert_eq!(sendable(outbox.deliver(&all, &Scripted::new(works), soon)).await.len(), 1);
    assert_eq!(sendable(outbox.flush(&Silent, soon)).await, []);
    sendable(outbox.run(&Silent, stopping)).await;
    assert!(matches!(outcomes[0].fate, Fate::Waiting { .. }));
}

#[test]
fn a_key_is_the_same_for_the_same_envelopes_and_no_other() {
    let [a, b, c] = ["a", "b", "c"].map(|id| letter(id, 0, None));
    assert_eq!(key(std::slice::from_ref(&a)), "a");
    let both = key(&[a.clone(), b.clone()]);
    assert_eq!(key(&[b.clone(), a.clone()]), both);
    assert_ne!(key(&[a, b, c]), both);
    assert!(Uuid::parse_str(&both).is_ok());
}

impl Outbox {
    fn disk_root(&self) -> std::path::PathBuf {
        self.disk.root().to_owned()
    }
}
