//! Jobs that start more than once: one after the other, side by side, or both at the same time.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::lab::{Job, KILL_WAIT, Lab, Model, SLACK, TTL};
use crate::common::cluster::Cluster;
use crate::common::{Sandbox, assert_ok, holds_for, print_logs, project, signal, wait_until};

/// A requeued job waits for `cred_expire` (5 s here), then for the scheduler.
const REQUEUE: Duration = Duration::from_secs(60);

/// Waits until the job's next start is ready: another server under the same job id.
#[track_caller]
fn wait_for_next_start(lab: &Lab, before: &Job) -> Job {
    wait_until("the next start in the registry", REQUEUE, || {
        let server = lab.entry(&before.id)?;
        (server["id"] != before.server["id"] && server["state"] == "ready").then_some(())
    });
    let next = lab.wait_ready(&before.id);
    assert_eq!(next.server["restart_count"], 1);
    next.assert_answers();
    next
}

pub fn requeue(cluster: Cluster) {
    let mut lab = Lab::new(cluster);
    let first = lab.start(&Model::tiny(), &[]);
    assert_eq!(first.server["restart_count"], 0);
    lab.slurm("scontrol", &["requeue", &first.id]);
    wait_until("the first start's entry gone", KILL_WAIT, || {
        let id = lab.entry(&first.id).map(|server| server["id"].clone());
        (id.as_ref() != Some(&first.server["id"])).then_some(())
    });
    let second = wait_for_next_start(&lab, &first);
    lab.slurm("scancel", &[&second.id]);
    lab.wait_for_clean_end(&second, SLACK);
    assert!(lab.messages("Failed").is_empty());
}

/// A job in partition `high` that takes all GPUs of a node; gives its id.
#[track_caller]
fn preempt(lab: &Lab, node: &str) -> String {
    let args = ["-p", "high", "-w", node, "--gres=gpu:2", "--mem=100", "-o", "/dev/null"];
    let args = [&args[..], &["--parsable", "--wrap", "sleep 600"]].concat();
    let id = lab.slurm("sbatch", &args);
    lab.cluster.wait_for_state(&lab.sandbox, &id, &["RUNNING"], SLACK);
    id
}

pub fn preemption(cluster: Cluster) {
    let mut lab = Lab::new(cluster);
    let victim = lab.start(&Model { node: Some("n2"), ..Model::tiny().slurm("gpus: 2") }, &[]);
    let high = preempt(&lab, "n2");
    // It made room in an orderly way, and waits for its turn.
    assert_eq!(lab.entry(&victim.id), None, "the entry is gone when the other job runs");
    assert!(!lab.connection_file(&victim.id).exists());
    assert_eq!(lab.job_state(&victim.id), "PENDING");
    lab.slurm("scancel", &[&high]);
    let second = wait_for_next_start(&lab, &victim);
    lab.slurm("scancel", &[&second.id]);
    lab.wait_for_clean_end(&second, SLACK);
}

pub fn preemption_with_grace(cluster: Cluster) {
    let mut lab = Lab::new(cluster);
    let model = Model::slow().slurm("gpus: 2").slurm("partition: low");
    let model = Model { node: Some("n3"), ..model };
    let victim = lab.start(&model, &[]);
    let stream = victim.stream(80);
    let high = preempt(&lab, "n3");
    // The drain signal came at once, long before the 30 s of grace were over.
    let ended = stream.ended().expect("the stream ended before its job gave way");
    assert!(ended.complete, "{ended:?}");
    assert_eq!(lab.entry(&victim.id), None);
    assert!(!lab.connection_file(&victim.id).exists());
    lab.slurm("scancel", &[&high]);
    assert!(lab.messages("Failed").is_empty());
}

pub fn array_job(cluster: Cluster) {
    let mut lab = Lab::new(cluster);
    let array = lab.submit(&Model::tiny(), &["--sbatch-arg=--array=1-2"]);
    let tasks = [1, 2].map(|task| lab.wait_ready(&format!("{array}_{task}")));
    assert_ne!(tasks[0].connection.port, tasks[1].connection.port);
    // What happens alike to tasks of one array is one message.
    lab.wait_for_messages("2 Llama Servers Ready", 1);
    for task in &tasks {
        task.assert_answers();
    }
    lab.slurm("scancel", &[&tasks[0].id]);
    lab.wait_for_end(&tasks[0].id, SLACK);
    assert_eq!(lab.entry(&tasks[0].id), None);
    tasks[1].assert_answers();
    assert_eq!(lab.wait_ready(&tasks[1].id).server_id(), tasks[1].server_id());
    lab.slurm("scancel", &[&array]);
    lab.wait_for_end(&tasks[1].id, SLACK);
    for task in &tasks {
        lab.assert_nothing_left(&task.id);
    }
}

/// A cluster for one test alone, whose nodes may die.
struct OwnCluster {
    cluster: Cluster,
    /// Not in the sandbox: it must outlive it, or nobody finds the pid files.
    folder: tempfile::TempDir,
}

impl OwnCluster {
    #[track_caller]
    fn start(cluster: Cluster) -> OwnCluster {
        let folder = tempfile::Builder::new().prefix("llamactl-test-slurm-").tempdir();
        let own = OwnCluster { cluster, folder: folder.expect("tempdir") };
        let mut command = own.script("up");
        if cluster == Cluster::Newest {
            let binary = Path::new(crate::common::LLAMACTL).parent().expect("a folder");
            command.arg(project()).arg(binary).arg(crate::common::lab_home());
        }
        let output = command.output().expect("a lab script");
        assert_ok(&["slurm up"], &output);
        own
    }

    fn script(&self, verb: &str) -> Command {
        let lab = project().join("scripts/lab");
        let mut command = match self.cluster {
            Cluster::Newest => {
                let mut command = Command::new(lab.join("slurm-newest.sh"));
                command.arg(verb);
                command
            }
            _ => Command::new(lab.join(format!("slurm-{verb}.sh"))),
        };
        let tracking = if self.cluster == Cluster::Pgid { "pgid" } else { "linuxproc" };
        command.env("LAB", self.folder.path()).env("PROCTRACK", tracking).env("CLUSTER", "own");
        command.env("CPUS", "8").env("KILLWAIT", KILL_WAIT.as_secs().to_string());
        command
    }

    /// Kills the daemon of a node, as when the node's network dies.
    #[track_caller]
    fn kill_node(&self, node: &str) {
        let file = self.folder.path().join(format!("run/slurmd-{node}.pid"));
        let pid = std::fs::read_to_string(&file).expect("slurmd's pid file");
        signal(pid.trim().parse().expect("a pid"), "KILL");
    }
}

impl Drop for OwnCluster {
    fn drop(&mut self) {
        if std::thread::panicking() {
            print_logs(self.folder.path());
        }
        let _ = self.script("down").output();
    }
}

/// A node's daemon dies, its job lives on, SLURM starts the job once more elsewhere: two copies
/// run, and the older one says goodbye last.
pub fn two_copies_of_one_job(cluster: Cluster) {
    let own = OwnCluster::start(cluster);
    let mut sandbox = Sandbox::new();
    cluster.enter_at(&mut sandbox, own.folder.path());
    let mut lab = Lab::in_sandbox(cluster, sandbox);

    let older = lab.start(&Model { node: None, ..Model::tiny() }, &[]);
    let supervisor = lab.process("llamactl");
    let node = older.server["slurm_node"].as_str().expect("a node").to_owned();
    own.kill_node(&node);
    // Drained too: an answer that was under way brings a node that is only down back to service.
    for state in ["state=drain", "state=down"] {
        lab.slurm("scontrol", &["update", &format!("nodename={node}"), state, "reason=test"]);
    }
    let newer = wait_for_next_start(&lab, &older);
    assert_ne!(newer.server["slurm_node"], older.server["slurm_node"]);

    // Longer than a lease: the older one's heartbeats change nothing either.
    let intact = || {
        let id = lab.entry(&newer.id).map(|server| (server["id"].clone(), server["state"].clone()));
        id == Some((newer.server["id"].clone(), "ready".into()))
    };
    holds_for("the newer copy's entry", TTL + Duration::from_secs(1), intact);
    if supervisor.alive() {
        supervisor.signal("TERM");
    }
    wait_until("the older copy's end", KILL_WAIT, || (!supervisor.alive()).then_some(()));
    assert!(intact(), "the older copy's goodbye changed the newer one's entry");
    let connection = lab.wait_ready(&newer.id).connection;
    assert_eq!(connection, newer.connection, "the connection file is the newer one's");
    newer.assert_answers();
}
