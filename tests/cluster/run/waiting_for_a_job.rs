//! `wait-ready --job`, on a real cluster.

use std::io::Write;
use std::process::{Output, Stdio};

use crate::common::cluster::Cluster;
use crate::common::server::spec;
use crate::common::{LLAMACTL, Sandbox, assert_ok, text, tiny_model};

/// Submits `run --spec` with this specification; the job's id.
fn submit(sandbox: &Sandbox, spec: &str) -> String {
    let script = format!(
        "#!/bin/bash\nexport TMPDIR='{}' LLAMACTL_LLAMA_SERVER='{}'\n\
         exec '{LLAMACTL}' run --spec - <<'END'\n{spec}END\n",
        sandbox.path("runtime").display(),
        sandbox.var("LLAMACTL_LLAMA_SERVER").unwrap(),
    );
    let mut command = Cluster::Pgid.command(sandbox, "sbatch");
    command.args(["--parsable", "--time=5", "--mem=100", "--output=job-%j.log"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("sbatch");
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_ok(&["sbatch"], &output);
    text(&output.stdout).trim().to_owned()
}

fn wait_ready(sandbox: &Sandbox, job: &str, timeout: &str) -> Output {
    sandbox.llamactl(&["wait-ready", "--job", job, "--timeout", timeout]).output().unwrap()
}

#[test]
fn a_job_is_waited_for_from_the_queue_to_the_first_200() {
    let mut sandbox = Sandbox::new();
    Cluster::Pgid.enter(&mut sandbox);
    let job = submit(&sandbox, &spec(&tiny_model(), "server: { host: 127.0.0.1 }"));
    let output = wait_ready(&sandbox, &job, "2m");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    Cluster::Pgid.run(&sandbox, "scancel", &[&job]);
    let output = wait_ready(&sandbox, &job, "2m");
    assert_eq!(output.status.code(), Some(4), "{}", text(&output.stderr));
}

#[test]
fn a_job_that_ends_is_gone_with_the_reason_from_its_log() {
    let mut sandbox = Sandbox::new();
    Cluster::Pgid.enter(&mut sandbox);
    let broken = sandbox.write("broken.gguf", "not a model");
    let job = submit(&sandbox, &spec(&broken, "server: { host: 127.0.0.1 }"));
    let output = wait_ready(&sandbox, &job, "2m");
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{stderr}");
    assert!(stderr.contains("is gone: FAILED"), "{stderr}");
    assert!(stderr.contains("not a GGUF file"), "{stderr}");
}

#[test]
fn a_failed_squeue_is_not_the_end_of_the_job() {
    let mut sandbox = Sandbox::new();
    // No controller listens there.
    let conf = "ClusterName=none\nSlurmctldHost=localhost(127.0.0.1)\nSlurmctldPort=9\n\
                AuthType=auth/none\nMessageTimeout=2\nNodeName=n1\nPartitionName=p Nodes=n1\n";
    let conf = sandbox.write("slurm.conf", conf);
    sandbox.set("SLURM_CONF", conf.display());
    let output = wait_ready(&sandbox, "4711", "3s");
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{stderr}");
    assert!(!stderr.contains("is gone"), "{stderr}");
}
