//! What the tests of the SLURM part share: a running SLURM, and job scripts through real bash.

#![allow(dead_code, reason = "each test file uses its part")]

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use llamactl::config::model::ServerConfig;
use llamactl::config::resolve::Resolved;
use llamactl::config::spec::{NotifySpec, Spec};
use llamactl::slurm::Slurm;

use crate::common::cluster::Cluster;

/// The `slurm.conf` of the cluster that these tests use.
fn slurm_conf() -> PathBuf {
    let folder = Cluster::Pgid.folder();
    let pid = folder.join("run/slurmctld.pid");
    assert!(pid.exists(), "no cluster in {}: run `make lab-up`", folder.display());
    folder.join("etc/slurm.conf")
}

/// A folder with SLURM's commands that talk to the lab, each replaceable by a faulty one.
pub struct Bin {
    dir: tempfile::TempDir,
}

impl Bin {
    /// All five commands as they are.
    pub fn new() -> Bin {
        let bin = Bin { dir: tempfile::tempdir().unwrap() };
        let conf = slurm_conf();
        for command in ["sbatch", "squeue", "sinfo", "scancel", "scontrol"] {
            let real = which::which(command).expect("SLURM's commands are installed");
            let real = real.display();
            bin.replace(
                command,
                &format!("export SLURM_CONF={}\nexec {real} \"$@\"\n", conf.display()),
            );
        }
        bin
    }

    /// Puts a shell script in place of a command.
    pub fn replace(&self, command: &str, script: &str) {
        write_script(&self.dir.path().join(command), script);
    }

    /// Makes a command do as it does, counted, then `script`, which sees its exit code as `$rc`.
    pub fn wrap(&self, command: &str, script: &str) {
        self.replace(command, &self.counted(command, "", script));
    }

    /// As [`Bin::wrap`], but nobody sees what the command prints.
    pub fn wrap_silenced(&self, command: &str, script: &str) {
        self.replace(command, &self.counted(command, ">/dev/null 2>&1", script));
    }

    fn counted(&self, command: &str, redirect: &str, script: &str) -> String {
        let real = which::which(command).unwrap();
        format!(
            "export SLURM_CONF={}\necho x >>{}\n{} \"$@\" {redirect}; rc=$?\n{script}\n",
            slurm_conf().display(),
            self.calls_file(command).display(),
            real.display()
        )
    }

    fn calls_file(&self, command: &str) -> PathBuf {
        self.path().join(format!("{command}.calls"))
    }

    /// How often a wrapped command was called.
    pub fn calls(&self, command: &str) -> usize {
        let calls = std::fs::read_to_string(self.calls_file(command));
        calls.unwrap_or_default().lines().count()
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The commands in this folder.
    pub fn slurm(&self) -> Slurm {
        Slurm { bin: Some(self.path().to_owned()) }
    }
}

/// Writes an executable shell script.
pub fn write_script(path: &Path, body: &str) {
    // Written under another name and renamed, so that no parallel test's fork holds it open
    // for writing when it is run.
    let temporary = path.with_extension("new");
    std::fs::write(&temporary, format!("#!/bin/bash\n{body}")).unwrap();
    std::fs::set_permissions(&temporary, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::rename(&temporary, path).unwrap();
}

/// A job that is cancelled when the test ends, however it ends.
pub struct Job<'a> {
    pub id: String,
    pub bin: &'a Bin,
}

impl Drop for Job<'_> {
    fn drop(&mut self) {
        let _ = Command::new(self.bin.path().join("scancel")).arg(&self.id).output();
    }
}

/// A specification with nothing special in it.
pub fn spec() -> Spec {
    Spec {
        name: "tiny".into(),
        model: Some("/models/tiny.gguf".into()),
        hf: None,
        server: ServerConfig { context: Some(4096), ..ServerConfig::default() },
        gpus: None,
        labels: Default::default(),
        registry: None,
        registry_ca: None,
        registry_token_file: None,
        notify: NotifySpec::default(),
        ssh_via: None,
        slurm_bin: None,
        drain_seconds: 120,
        connection_dir: Some("/home/me/dir".into()),
    }
}

/// A resolved configuration around a specification.
pub fn resolved(spec: Spec) -> Resolved {
    Resolved {
        spec,
        slurm: Default::default(),
        hooks: Vec::new(),
        description: None,
        variant: None,
        settings: Default::default(),
        origins: Default::default(),
        drain: Default::default(),
    }
}

/// Runs a job script in real bash, where `llamactl` is a stub that prints its arguments to
/// `args` beside it and hands on its stdin.
pub fn through_bash(script: &str) -> Output {
    let mut child = Command::new("bash")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("bash is installed");
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// A stub for `llamactl` in `dir` that hands on its stdin.
pub fn stub(dir: &Path) -> String {
    let path = dir.join("llama ctl's");
    write_script(&path, "[ \"$*\" = 'run --spec -' ] || exit 9\nexec cat\n");
    path.to_str().unwrap().to_owned()
}
