//! What goes wrong in the world around the registry, and must not end a lease or lie to a client:
//! clocks that jump, minutes without a registry, a disk that is really full.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use llamactl::api::LeaseGrant;
use llamactl::client::RegistryClient;
use serde_json::json;

use crate::common::registry::{Registry, is_lost, request, run, serve};
use crate::common::until;

/// A clock for one process that a test can set: libfaketime reads it anew at each look.
struct Clock(PathBuf);

impl Clock {
    fn new(dir: &Path) -> Clock {
        let clock = Clock(dir.join("clock"));
        clock.set("+0");
        clock
    }

    /// How far the clock is from the true time, as `+3600` or `-3600` seconds.
    fn set(&self, offset: &str) {
        // At once: half a file would be no time.
        let new = self.0.with_extension("new");
        std::fs::write(&new, offset).unwrap();
        std::fs::rename(new, &self.0).unwrap();
    }

    /// The command under this clock. What is monotonic stays so, as it does when an operator or
    /// NTP sets a clock.
    fn before(&self, mut command: Command) -> Command {
        command.env("LD_PRELOAD", faketime()).env("FAKETIME_TIMESTAMP_FILE", &self.0);
        command.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        command
    }
}

fn faketime() -> PathBuf {
    let places = std::fs::read_dir("/usr/lib").expect("/usr/lib").flatten();
    let libraries = places.map(|place| place.path().join("faketime/libfaketimeMT.so.1"));
    let found = libraries.into_iter().find(|library| library.exists());
    found.expect("libfaketime is missing: run `make test-deps`")
}

fn wall(registry_time: &serde_json::Value) -> jiff::Timestamp {
    registry_time.as_str().expect("a time").parse().expect("a time")
}

#[tokio::test]
async fn a_clock_that_jumps_an_hour_ends_no_lease_and_saves_none() {
    let dir = tempfile::tempdir().unwrap();
    let clock = Clock::new(dir.path());
    let registry = Registry::spawn(clock.before(serve(dir.path(), &["--ttl", "2s"])));
    let client = registry.client();
    let (new, old) = (request("1", 0), json!({"host": "n", "port": 1}));
    let lease = client.register(&new).await.unwrap();
    registry.send("PUT", "/servers/old", Some(old)).await;
    for (offset, seconds) in [("+3600", 3600.0), ("-3600", -3600.0), ("+0", 0.0)] {
        clock.set(offset);
        client.heartbeat(&lease, &Default::default()).await.unwrap();
        let seen = registry.get(&format!("/api/v1/servers/{}", lease.id)).await.1;
        let off = wall(&seen["last_seen"]).duration_since(jiff::Timestamp::now()).as_secs_f64();
        assert!((off - seconds).abs() < 60.0, "the clock does not stand where it was set: {off}");
        // Longer than a TTL, with beats: nothing ends.
        let jumped = Instant::now();
        until(Duration::from_secs(20), || async {
            client.heartbeat(&lease, &Default::default()).await.unwrap();
            let server = registry.find(new.info.id).await.expect("it is there");
            assert!(!is_lost(&server), "lost {:?} after {offset}", jumped.elapsed());
            assert_eq!(registry.get("/servers/old").await.0, 200, "{offset}");
            (jumped.elapsed() > Duration::from_millis(2500)).then_some(())
        })
        .await;
    }
    // And it saves none that is silent, even if the clock goes back meanwhile.
    clock.set("-3600");
    let silent = Instant::now();
    until(Duration::from_secs(10), || async {
        registry.find(new.info.id).await.is_some_and(|server| is_lost(&server)).then_some(())
    })
    .await;
    assert!(silent.elapsed() < Duration::from_secs(5), "{:?}", silent.elapsed());
}

/// Registers so many servers, from several clients at once.
async fn register_many(client: &RegistryClient, count: usize) -> Vec<LeaseGrant> {
    let tasks: Vec<_> = (0..20)
        .map(|worker| {
            let client = client.clone();
            tokio::spawn(async move {
                let mut leases = Vec::new();
                for n in (worker..count).step_by(20) {
                    leases.push(client.register(&request(&n.to_string(), 0)).await.unwrap());
                }
                leases
            })
        })
        .collect();
    let mut leases = Vec::new();
    for task in tasks {
        leases.extend(task.await.unwrap());
    }
    leases
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_ten_minutes_down_no_lease_of_1000_ends_early_and_beats_are_spread() {
    const COUNT: usize = 1000;
    let dir = tempfile::tempdir().unwrap();
    // However long this takes on a busy machine.
    let mut registry = Registry::start(dir.path(), &["--ttl", "10m"]);
    let leases = register_many(&registry.client(), COUNT).await;
    registry.kill();

    // It comes back ten minutes later, as far as its clock can tell.
    let clock = Clock::new(dir.path());
    clock.set("+600");
    let registry = Registry::spawn(clock.before(serve(dir.path(), &["--ttl", "3s"])));
    let started = Instant::now();
    // One TTL and a grace of 10 s; nobody beats until shortly before.
    until(Duration::from_secs(40), || async {
        let health = registry.get("/health").await.1;
        assert_eq!(health["servers"], COUNT, "{:?} after the start", started.elapsed());
        (started.elapsed() > Duration::from_secs(11)).then_some(())
    })
    .await;
    // The holders are told to come back at different times.
    let client = registry.client();
    let mut after = Vec::new();
    for lease in &leases[..200] {
        after.push(client.heartbeat(lease, &Default::default()).await.unwrap().beat_after_ms);
    }
    let (least, most) = (after.iter().min().unwrap(), after.iter().max().unwrap());
    assert!(*least >= 900 && *most <= 1100, "{least} to {most} ms");
    for tenth in 0..10 {
        let slot = 900 + tenth * 20..920 + tenth * 20;
        let share = after.iter().filter(|ms| slot.contains(*ms)).count();
        assert!((2..60).contains(&share), "{share} of 200 are to beat within {slot:?} ms");
    }
}

/// `registry serve` whose database is on a disk of its own with room for 2 MB: a real file system
/// in a mount namespace, which goes with the process.
fn on_a_small_disk(dir: &Path) -> Command {
    let plain = serve(&dir.join("disk"), &[]);
    let script = "mount -t tmpfs -o size=2m small \"$1\" && shift && exec \"$@\"";
    let mut command = Command::new("unshare");
    // Who is not root is it in a namespace of users.
    command.args(if nix::unistd::getuid().is_root() { &["-m"][..] } else { &["-mr"] });
    command.args(["bash", "-c", script, "bash"]).arg(dir.join("disk"));
    command.arg(plain.get_program()).args(plain.get_args()).env("LLAMACTL_LOG", "warn");
    command
}

/// Runs a command on that disk.
fn at_the_disk(pid: u32, args: &[&str]) {
    let mut command = Command::new("nsenter");
    command.args(["-t", &pid.to_string(), "-m"]);
    if !nix::unistd::getuid().is_root() {
        command.args(["-U", "--preserve-credentials"]);
    }
    let output = run({
        command.args(args);
        command
    });
    assert!(output.status.success(), "{args:?}: {}", crate::common::text(&output.stderr));
}

#[tokio::test]
async fn a_disk_without_room_is_an_error_and_never_a_false_word() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("disk")).unwrap();
    let registry = Registry::spawn(on_a_small_disk(dir.path()));
    let client = registry.client();
    let mut acknowledged = Vec::new();
    let refused = loop {
        assert!(acknowledged.len() < 5000, "the disk is never full");
        let mut new = request(&acknowledged.len().to_string(), 0);
        new.info.labels = [("filler".to_owned(), "x".repeat(500))].into();
        match client.register(&new).await {
            Ok(lease) => acknowledged.push(lease),
            Err(error) => break error,
        }
    };
    assert!(acknowledged.len() > 20, "{}: {refused}", acknowledged.len());
    // Reads go on, and show what was acknowledged, and nothing else.
    let there = client.servers(&Default::default()).await.unwrap();
    let mut there: Vec<_> = there.iter().map(|server| server.info.id).collect();
    let mut expected: Vec<_> = acknowledged.iter().map(|lease| lease.id).collect();
    there.sort();
    expected.sort();
    assert_eq!(there, expected);
    assert_eq!(registry.get("/health").await.1["status"], "degraded");
    // More than what the last page may have left.
    let filler = "x".repeat(100_000);
    let (status, reply) = registry
        .send("PUT", "/servers/old", Some(json!({"host": "n", "port": 1, "x": filler})))
        .await;
    assert_eq!((status, reply["hint"].is_string()), (503, true), "{reply}");

    // Somebody makes room: it goes on by itself.
    let pid = registry.pid();
    let disk = dir.path().join("disk");
    let disk = disk.to_str().unwrap();
    at_the_disk(pid, &["mount", "-o", "remount,size=64m", disk]);
    until(Duration::from_secs(10), || async { client.register(&request("after", 0)).await.ok() })
        .await;
    client.heartbeat(&acknowledged[0], &Default::default()).await.unwrap();
    assert_eq!(registry.get("/health").await.1["status"], "ok");
    // What is on the disk is what was acknowledged: another registry reads a copy of it.
    let copy = dir.path().join("copy");
    crate::common::signal(pid, "STOP");
    at_the_disk(pid, &["cp", "-r", disk, copy.to_str().unwrap()]);
    let again = Registry::start(&copy, &[]);
    assert_eq!(again.client().health().await.unwrap().servers, acknowledged.len() + 1);
}
