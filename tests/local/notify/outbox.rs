//! The queue of messages on disk with real processes, which are killed, stand in each other's
//! way, and find a disk that does not do what it should. A process is this test binary, which
//! runs the one test [`child`] as it is told.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use llamactl::notify::outbox::{Courier, Envelope, Fate, Outbox, OutboxLimits, key};
use llamactl::notify::{Fault, Notice};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::common::{signal, text, wait_until};

/// What a process is to do is in this variable.
const ORDER: &str = "LLAMACTL_TEST_OUTBOX";
const MINUTE: Duration = Duration::from_secs(60);

/// What a process is to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Order {
    /// The outbox's folder.
    folder: PathBuf,
    /// Every try begins and ends with a line in this file, which stands for the other side.
    log: PathBuf,
    targets: Vec<String>,
    /// Envelopes for each target.
    letters: usize,
    group: Option<String>,
    /// What is given to deliver them, in seconds.
    seconds: u64,
    a_minute: u32,
    digest_ms: u64,
    /// How long a try takes.
    carry_ms: u64,
    /// Where it kills itself: `put`, `begin` or `end` (of its first try), or nowhere.
    dies: String,
    /// Whether it makes sure, when it sends for the first time, that its disk can't be written.
    probes: bool,
}

impl Order {
    fn new(dir: &Path) -> Order {
        Order {
            folder: dir.join("outbox"),
            log: dir.join("deliveries.log"),
            targets: vec!["ntfy://t".to_owned()],
            letters: 1,
            group: None,
            seconds: 60,
            a_minute: 1_000,
            digest_ms: 300,
            carry_ms: 0,
            dies: String::new(),
            probes: false,
        }
    }

    fn limits(&self) -> OutboxLimits {
        let digest = Duration::from_millis(self.digest_ms);
        let silence = Duration::from_secs(5);
        OutboxLimits { a_minute: self.a_minute, digest, silence, ..OutboxLimits::default() }
    }

    /// Starts a process that does this.
    fn start(&self) -> Child {
        self.command(&[]).spawn().expect("this test binary")
    }

    /// The process, behind a program that prepares something for it.
    fn command(&self, before: &[&str]) -> Command {
        let this = std::env::current_exe().expect("this test binary");
        let mut words: Vec<_> = before.iter().map(std::ffi::OsString::from).collect();
        words.push(this.into());
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]);
        command.args(["notify::outbox::child", "--exact", "--nocapture", "--test-threads=1"]);
        command.env(ORDER, serde_json::to_string(self).expect("an order"));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

/// The other side: a file to which each try appends a line.
struct Log<'a>(&'a Order);

impl Log<'_> {
    fn line(&self, what: &str, target: &str, letters: &[Envelope]) {
        let ids: Vec<_> = letters.iter().map(|letter| &letter.id).collect();
        let pid = std::process::id();
        let line = json!({
            "what": what, "pid": pid, "target": target, "key": key(letters), "ids": ids,
        });
        append(&self.0.log, &line.to_string());
        if self.0.dies == what {
            signal(pid, "KILL");
        }
    }
}

impl Courier for Log<'_> {
    async fn carry(&self, target: &str, letters: &[Envelope]) -> Result<(), Fault> {
        self.line("begin", target, letters);
        if self.0.probes && log(self.0).len() == 1 {
            let outbox = Outbox::new(&self.0.folder, self.0.limits());
            let one = Envelope::new("ntfy://probe", Notice::default(), None);
            let put = outbox.put(&one, Instant::now() + MINUTE).await;
            put.expect_err("the disk is not as bad as it should be");
        }
        tokio::time::sleep(Duration::from_millis(self.0.carry_ms)).await;
        self.line("end", target, letters);
        Ok(())
    }
}

/// Appends one line, whole: another process may do the same, and this one may be killed.
fn append(path: &Path, line: &str) {
    let mut file = OpenOptions::new().append(true).create(true).open(path).expect("the log");
    file.write_all(format!("{line}\n").as_bytes()).expect("the log");
}

/// The process that the other tests start; by itself it delivers one message.
#[test]
fn child() {
    let alone = tempfile::tempdir().expect("a folder");
    let order = std::env::var(ORDER).ok();
    let is_alone = order.is_none();
    let order = order.map_or_else(
        || Order::new(alone.path()),
        |order| serde_json::from_str(&order).expect("an order"),
    );
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let outcomes = runtime.block_on(async {
        let outbox = Outbox::new(&order.folder, order.limits());
        let deadline = Instant::now() + Duration::from_secs(order.seconds);
        let mut letters = Vec::new();
        for _ in 0..order.letters {
            for target in &order.targets {
                let notice = Notice { name: "tiny".to_owned(), ..Notice::default() };
                letters.push(Envelope::new(target, notice, order.group.clone()));
            }
        }
        if order.dies.is_empty() || order.dies == "nowhere" {
            return outbox.send(&letters, &Log(&order), deadline).await;
        }
        for letter in &letters {
            outbox.put(letter, deadline).await.expect("the outbox takes it");
            append(&order.log, &json!({ "what": "put", "ids": [letter.id] }).to_string());
        }
        if order.dies == "put" {
            signal(std::process::id(), "KILL");
        }
        outbox.deliver(&letters, &Log(&order), deadline).await
    });
    if is_alone {
        assert_eq!(outcomes.len(), 1);
        assert_eq!(outcomes[0].fate, Fate::Delivered);
    }
    println!("\nOUTCOMES {}", serde_json::to_string(&outcomes).expect("outcomes"));
    // A disk that hangs would keep the runtime for ever.
    runtime.shutdown_background();
}

/// The outcomes that a process printed; it must have ended well.
#[track_caller]
fn outcomes(child: Child) -> Vec<Value> {
    let output = child.wait_with_output().expect("the process's output");
    let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{stdout}\n{stderr}");
    let line = stdout.lines().find_map(|line| line.strip_prefix("OUTCOMES "));
    serde_json::from_str(line.expect("outcomes")).expect("outcomes")
}

#[track_caller]
fn all_delivered(outcomes: &[Value]) {
    let wrong: Vec<_> = outcomes.iter().filter(|o| o["state"] != "delivered").collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}

/// One line of the log.
#[derive(Debug, Deserialize)]
struct Line {
    what: String,
    #[serde(default)]
    pid: u32,
    #[serde(default)]
    target: String,
    #[serde(default)]
    key: String,
    ids: BTreeSet<String>,
}

fn log(order: &Order) -> Vec<Line> {
    let log = fs::read_to_string(&order.log).unwrap_or_default();
    log.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

fn arrived(order: &Order) -> Vec<Line> {
    log(order).into_iter().filter(|line| line.what == "end").collect()
}

/// Sends all that waits, from this process.
fn flush(order: &Order) {
    let calm = Order { dies: "nowhere".into(), ..order.clone() };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let outbox = Outbox::new(&order.folder, order.limits());
    runtime.block_on(async { outbox.flush(&Log(&calm), Instant::now() + MINUTE).await });
    assert_eq!(outbox.waiting().expect("the outbox"), Vec::new());
}

fn random(below: u64) -> u64 {
    getrandom::u64().expect("random numbers") % below
}

// ---- kill -9 -----------------------------------------------------------------------------

#[test]
fn kills_at_random_moments_lose_nothing_and_double_at_most_what_was_under_way() {
    let dir = tempfile::tempdir().expect("tempdir");
    let targets = vec!["ntfy://one".to_owned(), "slack://two".to_owned()];
    let order =
        Order { targets, letters: 4, carry_ms: 1, dies: "never".into(), ..Order::new(dir.path()) };
    let mut kills = 0;
    for round in 0..60 {
        let before = log(&order).len();
        let group = (round % 3 == 0).then(|| format!("{round} ready"));
        let mut child = Order { group, digest_ms: 20, ..order.clone() }.start();
        // From before its first message was put until after its last one arrived.
        let (lines, extra) = (random(22) as usize, Duration::from_micros(random(4_000)));
        let ended = wait_until("a line in the log, or the end", MINUTE, || {
            let ended = child.try_wait().expect("the process").is_some();
            (ended || log_lines(&order) >= before + lines).then_some(ended)
        });
        if !ended {
            std::thread::sleep(extra);
            kills += usize::from(child.kill().is_ok());
        }
        child.wait().expect("the process");
    }
    flush(&order);
    let put: BTreeSet<_> =
        log(&order).into_iter().filter(|l| l.what == "put").flat_map(|l| l.ids).collect();
    assert!(kills > 20 && put.len() > 100, "{kills} kills, {} messages", put.len());
    let mut of_key: BTreeMap<String, (BTreeSet<String>, usize)> = BTreeMap::new();
    for line in arrived(&order) {
        let (ids, times) = of_key.entry(line.key.clone()).or_default();
        assert!(*times == 0 || *ids == line.ids, "another message with the same key: {line:?}");
        (*ids, *times) = (line.ids, *times + 1);
    }
    let mut key_of: HashMap<&str, &str> = HashMap::new();
    for (key, (ids, _)) in &of_key {
        for id in ids {
            let other = key_of.insert(id, key);
            assert_eq!(other, None, "{id} arrived with two keys");
        }
    }
    let lost: Vec<_> = put.iter().filter(|id| !key_of.contains_key(id.as_str())).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    // Two targets are spoken to at a time.
    let doubles: usize = of_key.values().map(|(_, times)| times - 1).sum();
    assert!(doubles <= 2 * kills, "{doubles} doubles after {kills} kills");
    println!("{kills} kills, {} messages, {doubles} came twice", put.len());
}

/// How many lines are in the log; a last one that is being written counts.
fn log_lines(order: &Order) -> usize {
    fs::read(&order.log).map_or(0, |log| log.iter().filter(|byte| **byte == b'\n').count())
}

#[test]
fn a_kill_between_sending_and_recording_sends_the_very_same_once_more() {
    for (dies, times) in [("put", 1), ("begin", 1), ("end", 2)] {
        let dir = tempfile::tempdir().expect("tempdir");
        let group = Some("4711 ready".to_owned());
        let order =
            Order { letters: 3, group, dies: dies.into(), digest_ms: 1, ..Order::new(dir.path()) };
        let output = order.start().wait_with_output().expect("the process");
        assert!(!output.status.success() && !text(&output.stdout).contains("OUTCOMES"), "{dies}");
        // One more of the same group joins the message only where nothing of it was tried.
        let late = Order { letters: 1, dies: String::new(), ..order.clone() };
        all_delivered(&outcomes(late.start()));
        flush(&order);
        let arrived = arrived(&order);
        let sizes: Vec<_> = arrived.iter().map(|line| line.ids.len()).collect();
        match dies {
            "put" => assert_eq!(sizes, [4]),
            _ => {
                let (late, same): (Vec<_>, Vec<_>) = arrived.iter().partition(|l| l.ids.len() == 1);
                assert_eq!((late.len(), same.len()), (1, times), "{dies}: {sizes:?}");
                assert!(same.iter().all(|line| line.key == same[0].key && line.ids == same[0].ids));
            }
        }
    }
}

// ---- many processes ----------------------------------------------------------------------

#[test]
fn one_process_at_a_time_speaks_to_a_target_and_each_message_goes_once() {
    let dir = tempfile::tempdir().expect("tempdir");
    let targets = ["ntfy://a", "ntfy://b", "ntfy://c"].map(str::to_owned).to_vec();
    let order = Order { targets, letters: 10, carry_ms: 2, ..Order::new(dir.path()) };
    let processes: Vec<_> = (0..4).map(|_| order.start()).collect();
    for process in processes {
        all_delivered(&outcomes(process));
    }
    let mut speaks: HashMap<String, u32> = HashMap::new();
    let mut ids = BTreeSet::new();
    for line in log(&order) {
        if line.what == "begin" {
            let other = speaks.insert(line.target.clone(), line.pid);
            assert_eq!(other, None, "two speak to {}", line.target);
        } else {
            assert_eq!(speaks.remove(&line.target), Some(line.pid));
            assert!(line.ids.into_iter().all(|id| ids.insert(id)), "one went twice");
        }
    }
    assert_eq!(ids.len(), 4 * 3 * 10);
}

#[test]
fn an_array_of_500_jobs_in_ten_processes_is_one_message() {
    let dir = tempfile::tempdir().expect("tempdir");
    let group = Some("4711 ready".to_owned());
    let order = Order {
        letters: 50,
        group,
        a_minute: 10,
        digest_ms: 4_000,
        seconds: 150,
        ..Order::new(dir.path())
    };
    let processes: Vec<_> = (0..10).map(|_| order.start()).collect();
    for process in processes {
        let outcomes = outcomes(process);
        all_delivered(&outcomes);
        assert!(outcomes.iter().all(|outcome| outcome["in_digest_of"] == 500), "{outcomes:?}");
    }
    let arrived = arrived(&order);
    assert_eq!(arrived.iter().map(|line| line.ids.len()).collect::<Vec<_>>(), [500]);
    assert_eq!(fs::read_dir(order.folder.join("queue")).expect("the queue").count(), 0);
}

#[test]
fn the_limit_of_a_target_holds_for_all_processes_together() {
    let dir = tempfile::tempdir().expect("tempdir");
    let order =
        Order { letters: 10, a_minute: 3, seconds: 4, carry_ms: 100, ..Order::new(dir.path()) };
    let processes: Vec<_> = (0..3).map(|_| order.start()).collect();
    let outcomes: Vec<_> = processes.into_iter().flat_map(outcomes).collect();
    let sizes: Vec<_> = arrived(&order).iter().map(|line| line.ids.len()).collect();
    assert_eq!((sizes.len(), &sizes[..2]), (3, &[1, 1][..]), "{sizes:?}");
    // What came after the third waits for the next minute.
    let waiting = outcomes.iter().filter(|outcome| outcome["state"] == "waiting").count();
    assert_eq!(waiting + sizes.iter().sum::<usize>(), 30);
    let outbox = Outbox::new(&order.folder, order.limits());
    assert_eq!(outbox.waiting().expect("the outbox").len(), waiting);
}

#[test]
fn a_process_that_was_stopped_holds_up_the_others_for_seconds_and_wakes_up_to_no_harm() {
    let dir = tempfile::tempdir().expect("tempdir");
    let order = Order { letters: 3, carry_ms: 300, ..Order::new(dir.path()) };
    let stopped = order.start();
    let begun = || log(&order).iter().any(|line| line.what == "begin").then_some(());
    wait_until("the first try", MINUTE, begun);
    signal(stopped.id(), "STOP");
    let start = std::time::Instant::now();
    all_delivered(&outcomes(order.start()));
    let took = start.elapsed();
    assert!(took > Duration::from_secs(5) && took < Duration::from_secs(20), "{took:?}");
    assert_eq!(Outbox::new(&order.folder, order.limits()).waiting(), Ok(Vec::new()));
    signal(stopped.id(), "CONT");
    all_delivered(&outcomes(stopped));
    let mut keys: HashMap<String, usize> = HashMap::new();
    for line in arrived(&order) {
        *keys.entry(line.key).or_default() += 1;
    }
    let twice = keys.values().filter(|times| **times == 2).count();
    assert_eq!((keys.len(), twice), (6, 1), "{keys:?}");
    // What it knew of the target took nothing from those who came after it.
    all_delivered(&outcomes(Order { letters: 1, ..order.clone() }.start()));
    assert_eq!(arrived(&order).len(), 8);
}

// ---- disks -------------------------------------------------------------------------------

/// Runs a process in a mount namespace of its own, after a script that has the outbox's folder
/// as `$1`.
fn on_a_disk(order: &Order, script: &str) -> Child {
    let folder = order.folder.to_str().expect("a path");
    let script = format!("set -e; {script}; shift; exec \"$@\"");
    let root = nix::unistd::geteuid().is_root();
    let unshare = if root { "--mount" } else { "--map-root-user" };
    let words = ["unshare", "--mount", unshare, "sh", "-c", &script, "sh", folder];
    order.command(&words).spawn().expect("unshare of util-linux")
}

#[test]
fn on_a_disk_that_can_not_be_written_messages_go_from_memory() {
    let read_only = "mkdir \"$1\"; mount --bind \"$1\" \"$1\"; mount -o remount,ro,bind \"$1\"";
    let full = "mkdir \"$1\"; mount -t tmpfs -o size=4k none \"$1\"; \
                head -c 4096 /dev/zero > \"$1\"/filler";
    for script in [read_only, full] {
        let dir = tempfile::tempdir().expect("tempdir");
        let order = Order { letters: 3, probes: true, ..Order::new(dir.path()) };
        let outcomes = outcomes(on_a_disk(&order, script));
        all_delivered(&outcomes);
        assert_eq!(arrived(&order).len(), 3, "{script}");
    }
}

#[test]
fn on_a_disk_that_is_full_after_the_messages_were_put_each_still_arrives_once() {
    // Room for three folders, four messages and the lock: that the first one is under way, and
    // that it arrived, can't be noted.
    let full = "mkdir \"$1\"; mount -t tmpfs -o nr_inodes=8 none \"$1\"";
    let dir = tempfile::tempdir().expect("tempdir");
    let order = Order { letters: 4, carry_ms: 100, probes: true, ..Order::new(dir.path()) };
    all_delivered(&outcomes(on_a_disk(&order, full)));
    let log = log(&order);
    // One after the other: none of them went from memory.
    let order: Vec<_> = log.iter().map(|line| line.what.as_str()).collect();
    assert_eq!(order, ["begin", "end"].repeat(4));
    let ids: BTreeSet<_> = log.iter().flat_map(|line| &line.ids).collect();
    assert_eq!(ids.len(), 4);
}

#[test]
fn a_disk_that_hangs_holds_up_nobody_for_long() {
    let dir = tempfile::tempdir().expect("tempdir");
    let order = Order { seconds: 6, ..Order::new(dir.path()) };
    // Where the lock should be is a pipe, which nobody reads: opening it never ends.
    all_delivered(&outcomes(order.start()));
    let targets = order.folder.join("targets");
    let lock = fs::read_dir(&targets).expect("targets").map(|entry| entry.expect("one").path());
    let lock = lock.into_iter().find(|path| path.extension().is_some_and(|e| e == "lock"));
    let lock = lock.expect("a lock");
    fs::remove_file(&lock).expect("the lock");
    nix::unistd::mkfifo(&lock, nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
    let start = std::time::Instant::now();
    all_delivered(&outcomes(order.start()));
    assert!(start.elapsed() < Duration::from_secs(9), "{:?}", start.elapsed());
    assert_eq!(arrived(&order).len(), 2);
}
