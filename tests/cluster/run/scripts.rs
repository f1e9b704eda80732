//! The steps for hand-written scripts, one at a time and in the example.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::registry::Registry;
use crate::common::server::{SOON, connection_file};
use crate::common::services::Daemon;
use crate::common::{
    LLAMACTL, Sandbox, free_port, http, project, signal, text, tiny_model, tool, wait_until,
};

/// llama-server by itself on a port.
fn start_llama(sandbox: &Sandbox, port: u16) -> Daemon {
    let mut command = sandbox.command(tool("llama-server"));
    let model = tiny_model();
    command.args(["--port", &port.to_string(), "-c", "1024", "-t", "1", "-m"]).arg(model);
    Daemon::start(command, sandbox.path("llama.log"))
}

fn run(sandbox: &Sandbox, args: &[&str]) -> Output {
    sandbox.llamactl(args).output().unwrap()
}

#[track_caller]
fn assert_code(output: &Output, code: i32, expected: &str) {
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert!(stderr.contains(expected), "{expected}: {stderr}");
}

#[test]
fn wait_ready_waits_for_200_and_says_where() {
    let sandbox = Sandbox::new();
    let port = free_port();
    let server = start_llama(&sandbox, port);
    let (port, pid) = (port.to_string(), server.pid().to_string());
    let json = sandbox.json(&["wait-ready", "--port", &port, "--pid", &pid, "--json"]);
    assert_eq!(json["url"], format!("http://127.0.0.1:{port}"));
    let url = format!("http://127.0.0.1:{port}");
    assert_code(&run(&sandbox, &["wait-ready", "--url", &url]), 0, "ready after");
}

#[test]
fn wait_ready_gives_up_in_time() {
    let sandbox = Sandbox::new();
    let port = free_port().to_string();
    let output = run(&sandbox, &["wait-ready", "--port", &port, "--timeout", "300ms"]);
    assert_code(&output, 3, "not ready within 300ms");
    assert_code(&output, 3, "refused");
}

#[test]
fn wait_ready_fails_at_once_when_the_process_ends_with_the_reason_and_the_log() {
    let sandbox = Sandbox::new();
    let broken = sandbox.write("broken.gguf", "not a model");
    let port = free_port().to_string();
    let log = sandbox.path("llama.log");
    let mut command = sandbox.command(tool("llama-server"));
    command.args(["--port", &port, "-m"]).arg(&broken);
    // Its end is never waited for: a zombie is gone too.
    let server = Daemon::start(command, log.clone());
    let pid = server.pid().to_string();
    let args = ["wait-ready", "--port", &port, "--pid", &pid, "--log", log.to_str().unwrap()];
    let output = run(&sandbox, &args);
    assert_code(&output, 4, "ended before the server was ready");
    assert_code(&output, 4, "not a GGUF file");
    assert_code(&output, 4, "exiting due to model loading error");
}

#[test]
fn wait_ready_does_not_take_another_processes_port_for_ours() {
    let sandbox = Sandbox::new();
    let port = free_port();
    let _other = start_llama(&sandbox, port);
    wait_until("the other server", SOON, || {
        http::get(&format!("http://127.0.0.1:{port}/health")).filter(|(status, _)| *status == 200)
    });
    let mut command = sandbox.command("sleep");
    command.arg("60");
    let ours = Daemon::start(command, sandbox.path("sleep.log"));
    let (port, pid) = (port.to_string(), ours.pid().to_string());
    let args = ["wait-ready", "--port", &port, "--pid", &pid, "--timeout", "1s"];
    assert_code(&run(&sandbox, &args), 3, "belongs to another process");
}

struct Steps {
    sandbox: Sandbox,
    registry: Registry,
    lease: PathBuf,
}

impl Steps {
    fn new(ttl: &str) -> Steps {
        let mut sandbox = Sandbox::new();
        let registry = Registry::start_in(&mut sandbox, &["--ttl", ttl]);
        let lease = sandbox.path("lease.json");
        Steps { sandbox, registry, lease }
    }

    fn lease(&self) -> &str {
        self.lease.to_str().unwrap()
    }

    fn register(&self, job: &str) -> Output {
        let args = ["register", "--port", "4711", "--host", "n1", "--model", "/m/a.gguf"];
        let rest = ["--job", job, "--label", "k=v", "--lease-file", self.lease()];
        run(&self.sandbox, &[&args[..], &rest[..]].concat())
    }

    fn beat(&self, more: &[&str]) -> Output {
        run(&self.sandbox, &[&["heartbeat", "--lease-file", self.lease()], more].concat())
    }

    fn unregister(&self) -> Output {
        let args = ["unregister", "--lease-file", self.lease(), "--timeout", "1s"];
        run(&self.sandbox, &args)
    }

    /// `heartbeat --loop` in the background.
    fn keep(&self, more: &[&str]) -> Daemon {
        let args = ["heartbeat", "--loop", "--lease-file", self.lease()];
        let command = self.sandbox.llamactl(&[&args[..], more].concat());
        Daemon::start(command, self.sandbox.path("beats.log"))
    }

    /// The loop, once its first beat has arrived.
    #[track_caller]
    fn keep_beating(&self) -> Daemon {
        let seen = || self.live().first().map(|server| server["last_seen"].clone());
        let before = seen();
        let beats = self.keep(&[]);
        wait_until("the first beat", SOON, || (seen() != before).then_some(()));
        beats
    }

    fn live(&self) -> Vec<Value> {
        let all = self.registry.servers();
        all.into_iter().filter(|server| server["state"] != "lost").collect()
    }

    fn forget(&mut self) {
        self.registry.kill();
        for suffix in ["", "-wal", "-shm"] {
            let _ = fs::remove_file(self.sandbox.path(format!("registry.db{suffix}")));
        }
        self.registry.restart();
    }
}

#[track_caller]
fn code(daemon: &mut Daemon) -> Option<i32> {
    wait_until("the end of the heartbeats", SOON, || daemon.ended()).code()
}

#[test]
fn register_heartbeat_unregister_with_the_lease_in_a_private_file() {
    let steps = Steps::new("30s");
    assert_code(&steps.register("108_2"), 0, "registered http://n1:4711");
    assert_eq!(fs::metadata(&steps.lease).unwrap().permissions().mode() & 0o777, 0o600);
    let server = steps.live().remove(0);
    assert_eq!((&server["name"], &server["state"]), (&Value::from("a"), &Value::from("ready")));
    assert_eq!((&server["job_id"], &server["array_task"]), (&"108".into(), &2.into()));
    assert_eq!(server["labels"]["k"], "v");
    assert_code(&steps.beat(&[]), 0, "");
    assert_code(&steps.beat(&["--state", "draining"]), 0, "");
    assert_eq!(steps.live()[0]["state"], "draining");
    assert_code(&steps.unregister(), 0, "unregistered");
    assert!(steps.live().is_empty());
    assert!(!steps.lease.exists());
    assert_code(&steps.unregister(), 2, "lease file");
    assert_code(&steps.beat(&[]), 2, "lease file");
}

#[test]
fn exit_codes_tell_away_forgotten_and_superseded_apart() {
    let mut steps = Steps::new("30s");
    assert_code(&steps.register("7"), 0, "");
    steps.forget();
    assert_code(&steps.beat(&[]), 4, "does not know this server");
    assert_code(&steps.unregister(), 0, "unregistered");
    assert_code(&steps.register("7"), 0, "");
    let older = steps.sandbox.path("older.json");
    fs::copy(&steps.lease, &older).unwrap();
    assert_code(&steps.register("7"), 0, "");
    let newer = std::mem::replace(&mut steps.lease, older);
    assert_code(&steps.beat(&[]), 5, "refuses");
    assert_code(&steps.unregister(), 5, "refuses");
    assert_eq!(steps.live().len(), 1, "nothing was changed");
    steps.lease = newer;
    assert_code(&steps.beat(&[]), 0, "");
    steps.registry.kill();
    assert_code(&steps.beat(&[]), 1, "can't be reached");
    assert_code(&steps.unregister(), 1, "can't be reached");
    assert!(steps.lease.exists(), "to try again with");
}

#[test]
fn without_a_registry_the_command_says_how_to_name_one() {
    let sandbox = Sandbox::new();
    let args = ["register", "--port", "1", "--model", "m", "--lease-file", "lease.json"];
    assert_code(&run(&sandbox, &args), 2, "REGISTRY_URL");
}

#[test]
fn the_loop_keeps_the_entry_through_a_registry_that_comes_back_without_it() {
    let mut steps = Steps::new("2s");
    assert_code(&steps.register("7"), 0, "");
    let mut beats = steps.keep(&[]);
    crate::common::holds_for("the entry", Duration::from_secs(4), || steps.live().len() == 1);
    steps.forget();
    wait_until("the entry again", SOON, || (steps.live().len() == 1).then_some(()));
    assert_code(&steps.beat(&[]), 0, "");
    signal(beats.pid(), "TERM");
    assert_eq!(code(&mut beats), Some(0));
}

#[test]
fn the_loop_ends_with_the_process_with_the_lease_and_when_superseded() {
    let steps = Steps::new("1s");
    assert_code(&steps.register("7"), 0, "");
    let mut command = steps.sandbox.command("sleep");
    command.arg("60");
    let mut process = Daemon::start(command, steps.sandbox.path("sleep.log"));
    let mut beats = steps.keep(&["--pid", &process.pid().to_string()]);
    crate::common::holds_for("the beats", Duration::from_secs(1), || beats.ended().is_none());
    process.kill();
    assert_eq!(code(&mut beats), Some(4));

    let mut beats = steps.keep_beating();
    assert_code(&steps.unregister(), 0, "");
    assert_eq!(code(&mut beats), Some(0));

    assert_code(&steps.register("7"), 0, "");
    let mut beats = steps.keep_beating();
    let other = steps.sandbox.path("other.json");
    let args = ["register", "--port", "1", "--host", "n1", "--model", "m", "--job", "7"];
    let lease = ["--lease-file", other.to_str().unwrap()];
    assert_code(&run(&steps.sandbox, &[&args[..], &lease[..]].concat()), 0, "");
    assert_eq!(code(&mut beats), Some(5));
}

/// The example, as sbatch would run it.
fn start_example(steps: &mut Steps, model: &Path, port: u16) -> Daemon {
    let bin = steps.sandbox.path("bin");
    fs::create_dir_all(&bin).unwrap();
    std::os::unix::fs::symlink(LLAMACTL, bin.join("llamactl")).unwrap();
    std::os::unix::fs::symlink(tool("llama-server"), bin.join("llama-server")).unwrap();
    let path = format!("{}:{}", bin.display(), steps.sandbox.var("PATH").unwrap());
    steps.sandbox.set("PATH", path);
    let mut command: Command = steps.sandbox.command("bash");
    command
        .arg(project().join("slurm/handwritten.sbatch"))
        .env("MODEL", model)
        .env("PORT", port.to_string())
        .envs([("LISTEN", "127.0.0.1"), ("HOST", "127.0.0.1"), ("SLURM_JOB_ID", "4711")])
        .env("LLAMA_ARGS", "-c 1024 -t 1");
    Daemon::start(command, steps.sandbox.path("example.log"))
}

#[test]
fn the_example_script_registers_when_ready_and_cleans_up_after_a_signal() {
    for name in ["TERM", "USR1"] {
        let mut steps = Steps::new("2s");
        let port = free_port();
        let mut job = start_example(&mut steps, &tiny_model(), port);
        let server = wait_until("the entry", SOON, || {
            assert!(job.ended().is_none(), "the script ended at once");
            steps.live().into_iter().find(|server| server["state"] == "ready")
        });
        assert_eq!((&server["job_id"], &server["port"]), (&"4711".into(), &port.into()));
        let file = fs::read_to_string(connection_file(&steps.sandbox.work()).unwrap()).unwrap();
        let connection = llamactl::connection::Connection::parse(&file).unwrap();
        let url = format!("http://127.0.0.1:{port}");
        assert_eq!(http::ask(&url, Some(crate::common::server::key(&connection))).unwrap().0, 200);
        assert_eq!(http::ask(&url, None).unwrap().0, 401);
        let asked = Instant::now();
        signal(job.pid(), name);
        let status = wait_until("the script's end", SOON, || job.ended());
        assert_eq!(status.code(), Some(0), "{status}");
        assert!(asked.elapsed() < Duration::from_secs(15), "{:?}", asked.elapsed());
        assert!(steps.live().is_empty(), "{name}");
        assert!(connection_file(&steps.sandbox.work()).is_none());
        let programs = || steps.sandbox.processes().iter().any(|p| p.program() == "llama-server");
        assert!(!programs(), "{name}");
    }
}

#[test]
fn the_example_script_fails_with_the_code_and_the_reason_of_wait_ready() {
    let mut steps = Steps::new("2s");
    let broken = steps.sandbox.write("broken.gguf", "not a model");
    let mut job = start_example(&mut steps, &broken, free_port());
    let status = wait_until("the script's end", SOON, || job.ended());
    assert_eq!(status.code(), Some(4));
    let log = fs::read_to_string(steps.sandbox.path("example.log")).unwrap();
    assert!(log.contains("not a GGUF file"), "{log}");
    assert!(steps.live().is_empty());
}
