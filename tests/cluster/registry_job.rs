//! The registry as a job of SLURM, `slurm/registry.sbatch`.

use std::time::Duration;

use serde_json::json;

use crate::common::cluster::Cluster;
use crate::common::{LLAMACTL, Sandbox, http, project, wait_until};

/// Longest time for SLURM to do something.
const LONG: Duration = Duration::from_secs(60);

#[test]
fn the_registry_runs_as_a_job_and_its_entries_outlive_the_walltime() {
    let cluster = Cluster::Pgid;
    let mut sandbox = Sandbox::new();
    cluster.enter(&mut sandbox);
    let (shared, disk) = (sandbox.path("shared"), sandbox.path("disk"));
    std::fs::create_dir_all(&disk).unwrap();
    sandbox.set("LLAMACTL", LLAMACTL);
    sandbox.set("SHARED", shared.display());
    sandbox.set("LOCAL_DISK", disk.display());
    sandbox.set("PORT", 0);
    sandbox.set("EVERY", 1);
    sandbox.set("REGISTRY_ARGS", "--host 127.0.0.1 --probe off");
    let log = sandbox.path("job.log");
    let script = project().join("slurm/registry.sbatch");
    let output = format!("--output={}", log.display());
    let (log, script) = (output.as_str(), script.display().to_string());
    let args = ["--parsable", "--export=ALL", "--mem=50M", "--time=30", log, &script];
    let job = cluster.run(&sandbox, "sbatch", &args);
    let cancel = Cancel { sandbox: &sandbox, cluster, job: &job };
    let url = |but: &str| {
        wait_until("the registry's URL", LONG, || {
            let url = std::fs::read_to_string(shared.join("url")).ok()?.trim().to_owned();
            let known = url != but && http::get(&format!("{url}/health")).is_some();
            known.then_some(url)
        })
    };
    let first = url("");
    let record = json!({"host": "n1", "port": 8080, "owner": "ann"});
    let (status, _) = http::post(&format!("{first}/servers/7"), &record).unwrap();
    assert_eq!(status, 200);

    // The walltime is nearly over: SLURM signals the batch shell, as --signal=B:USR1 asks.
    cluster.run(&sandbox, "scancel", &["--batch", "--signal=USR1", &job]);
    cluster.wait_for_state(&sandbox, &job, &["PENDING"], LONG);
    assert!(!shared.join("url").exists(), "nobody is sent to where it was");
    assert!(std::fs::read_dir(&disk).unwrap().next().is_none(), "the node's disk is clean");
    let second = url(&first);
    let (status, kept) = http::get(&format!("{second}/servers/7")).unwrap();
    assert_eq!((status, &kept["owner"]), (200, &json!("ann")), "{kept}");
    drop(cancel);
    cluster.wait_for_state(&sandbox, &job, &["CANCELLED"], LONG);
    wait_until("the node's disk is clean", LONG, || {
        std::fs::read_dir(&disk).unwrap().next().is_none().then_some(())
    });
}

/// Cancels a job at the end, however the test ends.
struct Cancel<'a> {
    sandbox: &'a Sandbox,
    cluster: Cluster,
    job: &'a str,
}

impl Drop for Cancel<'_> {
    fn drop(&mut self) {
        let _ = self.cluster.command(self.sandbox, "scancel").arg(self.job).output();
    }
}
