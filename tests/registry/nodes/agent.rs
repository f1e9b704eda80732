//! The node agent as a program, against a real registry. GPUs are those of stand-ins for
//! nvidia-smi and rocm-smi, which can't run on a machine without GPUs.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::registry::Registry;
use crate::common::services::Daemon;
use crate::common::{Sandbox, children, text, wait_until};

const SOON: Duration = Duration::from_secs(30);

/// A sandbox with a PATH that begins with a folder for stand-ins, and without SLURM.
fn sandbox() -> Sandbox {
    let mut sandbox = Sandbox::new();
    let path = sandbox.var("PATH").expect("a PATH").to_owned();
    sandbox.set("PATH", format!("{}:{path}", sandbox.path("bin").display()));
    sandbox.set("LLAMACTL_SLURM_BIN", sandbox.path("slurm").display());
    sandbox.set("LLAMACTL_NODE_ID_FILE", sandbox.path("node_id").display());
    sandbox
}

/// A program on the sandbox's PATH.
fn stand_in(sandbox: &Sandbox, name: &str, script: &str) {
    // In one step: the agent may start it at any moment.
    let made = sandbox.write(format!("{name}.new"), format!("#!/bin/sh\n{script}\n"));
    fs::set_permissions(&made, fs::Permissions::from_mode(0o755)).expect("a mode");
    let path = sandbox.path(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::rename(made, path).expect("a program");
}

/// nvidia-smi of a machine with so many RTX 4090.
fn nvidia(sandbox: &Sandbox, gpus: usize) {
    let lines =
        (0..gpus).map(|at| format!("echo '{at}, NVIDIA GeForce RTX 4090, 24564, 1024, 50'"));
    let lines: Vec<String> = lines.collect();
    let query = lines.join("\n");
    let script = format!(
        "case \"$1\" in --query-gpu=*)\n{query}\n;; *) echo '| Driver Version: 550.54.15  CUDA Version: 12.4 |' ;; esac"
    );
    stand_in(sandbox, "bin/nvidia-smi", &script);
}

fn agent(sandbox: &Sandbox, args: &[&str]) -> Daemon {
    let mut command = sandbox.llamactl(&["node", "agent", "--role", "compute"]);
    command.args(args);
    Daemon::start(command, sandbox.path("agent.log"))
}

fn nodes(sandbox: &Sandbox) -> Vec<Value> {
    sandbox.json(&["node", "ls", "--json"]).as_array().expect("a list").clone()
}

/// Waits until the only node of the registry is as it should be.
#[track_caller]
fn wait_for(sandbox: &Sandbox, what: &str, check: impl Fn(&Value) -> bool) -> Value {
    wait_until(what, SOON, || nodes(sandbox).into_iter().find(&check))
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("a file").permissions().mode() & 0o777
}

#[test]
fn a_machine_registers_with_what_it_has_beats_says_goodbye_and_comes_back_as_the_same() {
    let mut sandbox = sandbox();
    let _registry = Registry::start_in(&mut sandbox, &[]);
    nvidia(&sandbox, 2);
    stand_in(&sandbox, "slurm/sinfo", "echo \"gpu-a $(uname -n)\"");
    let args = ["--labels", "gpu,rtx", "--group", "g1", "--location", "paris/room-2"];
    let declared = ["--name", "n1", "--ip", "10.1.2.3", "--metadata", "rack=7"];
    let mut first = agent(&sandbox, &[&args[..], &declared[..]].concat());
    let node = wait_for(&sandbox, "a beat", |node| !node["metrics"]["load1"].is_null());
    for (pointer, value) in [
        ("/name", "n1"),
        ("/role", "compute"),
        ("/ip", "10.1.2.3"),
        ("/location", "paris/room-2"),
        ("/slurm_node", "gpu-a"),
        ("/status", "online"),
        ("/capabilities/gpu_type", "RTX 4090"),
        ("/capabilities/cuda_version", "12.4"),
        ("/labels/1", "rtx"),
        ("/groups/0", "g1"),
    ] {
        assert_eq!(node.pointer(pointer).and_then(Value::as_str), Some(value), "{pointer}: {node}");
    }
    let found = &node["capabilities"];
    assert_eq!((&found["gpu_count"], &found["total_vram_mb"]), (&2.into(), &49_128.into()));
    assert!(found["memory_mb"].as_u64() > Some(100) && found["cpus"].as_u64() >= Some(1));
    assert_eq!(node["metrics"]["gpus"][1]["use_percent"], 50.0);
    assert_eq!(node["metadata"]["rack"], 7);
    assert_eq!(mode(&sandbox.path("node_id")), 0o600);
    assert!(sandbox.ok(&["node", "ls"]).contains("2x RTX 4090"));

    let begun = Instant::now();
    crate::common::signal(first.pid(), "TERM");
    let status = wait_until("its end", SOON, || first.ended());
    assert!(status.success(), "{status}");
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    assert_eq!(nodes(&sandbox)[0]["status"], "offline");

    let _second = agent(&sandbox, &declared);
    let again = wait_for(&sandbox, "the same node", |node| node["status"] == "online");
    assert_eq!(again["node_id"], node["node_id"]);
    assert_eq!(nodes(&sandbox).len(), 1);
}

#[test]
fn a_registry_that_was_away_and_lost_everything_gets_the_same_node_again() {
    let mut sandbox = sandbox();
    let mut registry = Registry::start_in(&mut sandbox, &[]);
    registry.kill();
    // It is not there yet when the agent starts.
    let mut agent = agent(&sandbox, &[]);
    wait_until("a word about the outage", SOON, || {
        let log = fs::read_to_string(sandbox.path("agent.log")).unwrap_or_default();
        log.contains("trying on").then_some(())
    });
    registry.restart();
    let node = wait_for(&sandbox, "the node", |node| node["status"] == "online");
    let log = fs::read_to_string(sandbox.path("agent.log")).expect("a log");
    assert_eq!(log.matches("trying on").count(), 1, "one line for an outage: {log}");

    registry.kill();
    for end in ["", "-wal", "-shm"] {
        let _ = fs::remove_file(sandbox.path(format!("registry.db{end}")));
    }
    registry.restart();
    assert_eq!(nodes(&sandbox), Vec::<Value>::new());
    // USR1 makes it beat now.
    crate::common::signal(agent.pid(), "USR1");
    let again = wait_for(&sandbox, "the node again", |_| true);
    assert_eq!(again["node_id"], node["node_id"]);
    assert!(agent.ended().is_none());
}

#[test]
fn a_gpu_that_falls_off_the_bus_is_seen() {
    let mut sandbox = sandbox();
    let _registry = Registry::start_in(&mut sandbox, &[]);
    nvidia(&sandbox, 2);
    let _agent = agent(&sandbox, &["--detect-every", "200ms"]);
    wait_for(&sandbox, "both", |node| node["capabilities"]["gpu_count"] == 2);
    nvidia(&sandbox, 1);
    let node = wait_for(&sandbox, "one of them", |node| {
        node["capabilities"]["gpu_count"] == 1 && node["status"] == "degraded"
    });
    assert_eq!(node["capabilities"]["gpus"].as_array().map(Vec::len), Some(1));
}

#[test]
fn a_program_that_hangs_is_cut_off_and_the_node_lives() {
    let mut sandbox = sandbox();
    let _registry = Registry::start_in(&mut sandbox, &[]);
    stand_in(&sandbox, "bin/nvidia-smi", "exec sleep 1000");
    let amd = r#"{"card0": {"GPU use (%)": "12", "VRAM Total Memory (B)": "68702699520",
        "VRAM Total Used Memory (B)": "11616256", "Card Series": "AMD Instinct MI250X"}}"#;
    stand_in(&sandbox, "bin/rocm-smi", &format!("cat <<'END'\n{amd}\nEND"));
    let agent = agent(&sandbox, &["--detect-every", "100ms"]);
    let node = wait_for(&sandbox, "a beat", |node| !node["metrics"]["load1"].is_null());
    assert_eq!(node["capabilities"]["gpu_type"], "MI250X", "{node}");
    let trouble = node["metrics"]["gpu_trouble"].as_str().expect("a word");
    assert!(trouble.contains("nvidia-smi did not answer"), "{trouble}");
    nvidia(&sandbox, 1);
    wait_for(&sandbox, "both makers' GPUs", |node| node["capabilities"]["gpu_count"] == 2);
    let hangs = || children(agent.pid()).iter().any(|child| child.program() == "sleep");
    wait_until("the end of what hung", SOON, || (!hangs()).then_some(()));
}

#[test]
fn one_agent_for_each_machine_and_a_refusal_that_says_why() {
    let mut sandbox = sandbox();
    let _registry = Registry::start_in(&mut sandbox, &[]);
    let _agent = agent(&sandbox, &[]);
    wait_for(&sandbox, "the node", |_| true);
    let second =
        sandbox.llamactl(&["node", "agent", "--role", "compute"]).output().expect("it ends");
    assert_eq!(second.status.code(), Some(1));
    assert!(text(&second.stderr).contains("already runs"), "{}", text(&second.stderr));
    // Somebody else on the same host has no lease for the node.
    let stranger = sandbox.path("other_id").display().to_string();
    let args = ["node", "agent", "--role", "compute", "--once", "--id-file", &stranger];
    let third = sandbox.llamactl(&args).output().expect("it ends");
    assert_eq!(third.status.code(), Some(5), "{}", text(&third.stderr));
}

#[test]
fn once_prints_the_id_and_roles_come_from_the_environment_and_the_configuration() {
    let mut sandbox = sandbox();
    let _registry = Registry::start_in(&mut sandbox, &[]);
    let none = sandbox.llamactl(&["node", "agent", "--once"]).output().expect("it ends");
    assert_eq!(none.status.code(), Some(2), "{}", text(&none.stderr));
    sandbox.write(
        "home/.config/llamactl/config.yaml",
        "node: { role: storage, labels: [a, b], location: lab }\n",
    );
    sandbox.set("LLAMACTL_NODE_LABELS", "c,d");
    let id = sandbox.ok(&["node", "agent", "--once"]).trim().to_owned();
    let node = nodes(&sandbox).remove(0);
    assert_eq!(node["node_id"], id.as_str());
    assert_eq!((&node["role"], &node["location"]), (&"storage".into(), &"lab".into()));
    assert_eq!(node["labels"], serde_json::json!(["c", "d"]));
}
