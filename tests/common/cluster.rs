//! The SLURM clusters that `scripts/lab/labs.sh` started.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::{Sandbox, assert_ok, lab_home, text, wait_until};

/// A cluster by what is particular about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cluster {
    /// The host's SLURM, proctrack/pgid: signals reach one process group.
    Pgid,
    /// The host's SLURM, proctrack/linuxproc: signals reach every process of a job.
    Linuxproc,
    /// The newest SLURM.
    Newest,
}

impl Cluster {
    /// Its folder's name, which is also its `ClusterName`.
    pub fn name(self) -> &'static str {
        match self {
            Cluster::Pgid => "pgid",
            Cluster::Linuxproc => "linuxproc",
            Cluster::Newest => "newest",
        }
    }

    /// Its folder, below `LLAMACTL_TEST_LABS` or where `make lab-up` puts it.
    pub fn folder(self) -> PathBuf {
        let labs = std::env::var_os("LLAMACTL_TEST_LABS")
            .map_or_else(|| lab_home().join("clusters"), PathBuf::from);
        labs.join(self.name())
    }

    /// The `slurm.conf` of a cluster of the host's SLURM, which must be up.
    #[track_caller]
    pub fn conf(self) -> PathBuf {
        conf(&self.folder())
    }

    /// Makes it the sandbox's cluster.
    ///
    /// # Panics
    /// When it is not up.
    #[track_caller]
    pub fn enter(self, sandbox: &mut Sandbox) {
        let folder = self.folder();
        if let Ok(reason) = std::fs::read_to_string(folder.join("why-not")) {
            panic!("the newest SLURM can't run here: {reason}");
        }
        self.enter_at(sandbox, &folder);
    }

    /// Makes the cluster of this kind in `folder` the sandbox's cluster.
    #[track_caller]
    pub fn enter_at(self, sandbox: &mut Sandbox, folder: &std::path::Path) {
        let conf = conf(folder);
        match self {
            Cluster::Pgid | Cluster::Linuxproc => sandbox.set("SLURM_CONF", conf.display()),
            Cluster::Newest => sandbox.set("LLAMACTL_SLURM_BIN", folder.join("bin").display()),
        }
    }

    /// One of SLURM's commands on the sandbox's cluster.
    pub fn command(self, sandbox: &Sandbox, program: &str) -> Command {
        let bin = sandbox.var("LLAMACTL_SLURM_BIN").map(PathBuf::from).unwrap_or_default();
        sandbox.command(bin.join(program))
    }

    /// Runs one of SLURM's commands; it must end with 0.
    #[track_caller]
    pub fn run(self, sandbox: &Sandbox, program: &str, args: &[&str]) -> String {
        let output = self.command(sandbox, program).args(args).output().expect(program);
        assert_ok(&[&[program], args].concat(), &output);
        text(&output.stdout).trim().to_owned()
    }

    /// One field of `scontrol show job`, as `JobState` or `ExitCode`.
    #[track_caller]
    pub fn job_field(self, sandbox: &Sandbox, job: &str, field: &str) -> String {
        let shown = self.run(sandbox, "scontrol", &["show", "job", "-o", job]);
        let value = shown.split(' ').find_map(|word| word.strip_prefix(field)?.strip_prefix('='));
        value.unwrap_or_else(|| panic!("no {field} in {shown}")).to_owned()
    }

    /// Waits until the job is in one of these states, and says in which.
    #[track_caller]
    pub fn wait_for_state(
        self,
        sandbox: &Sandbox,
        job: &str,
        states: &[&str],
        deadline: Duration,
    ) -> String {
        wait_until(&format!("job {job} in {states:?}"), deadline, || {
            let state = self.job_field(sandbox, job, "JobState");
            states.contains(&state.as_str()).then_some(state)
        })
    }
}

/// The `slurm.conf` of the cluster in `folder`.
#[track_caller]
fn conf(folder: &std::path::Path) -> PathBuf {
    let pid = folder.join("run/slurmctld.pid");
    assert!(pid.exists(), "no cluster in {}: run `make lab-up`", folder.display());
    folder.join("etc/slurm.conf")
}
