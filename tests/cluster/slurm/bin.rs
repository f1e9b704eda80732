//! SLURM's commands on a cluster of the lab, each replaceable by a faulty one.

use std::path::{Path, PathBuf};
use std::process::Command;

use llamactl::slurm::Slurm;

use crate::common::cluster::Cluster;
use crate::common::script::write_script;

/// A folder with SLURM's commands that talk to the lab, each replaceable by a faulty one.
pub struct Bin {
    dir: tempfile::TempDir,
}

impl Bin {
    /// All five commands as they are.
    pub fn new() -> Bin {
        let bin = Bin { dir: tempfile::tempdir().unwrap() };
        let conf = Cluster::Pgid.conf();
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
            Cluster::Pgid.conf().display(),
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

/// A job that is cancelled when the test ends, however it ends.
pub struct Job<'a> {
    /// Its id.
    pub id: String,
    /// The commands that cancel it.
    pub bin: &'a Bin,
}

impl Drop for Job<'_> {
    fn drop(&mut self) {
        let _ = Command::new(self.bin.path().join("scancel")).arg(&self.id).output();
    }
}
