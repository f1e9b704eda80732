//! Configuration, through the real binary, with an environment of its own.

mod files;
mod layers;
mod mistakes;
mod shipped;

use std::ops::Deref;
use std::process::Output;

use serde_json::Value;

use crate::common::Sandbox;

/// A home folder, a site's folder (`etc`) and a working folder (`work`) of their own, and no
/// environment but what a test sets.
struct Home(Sandbox);

impl Deref for Home {
    type Target = Sandbox;

    fn deref(&self) -> &Sandbox {
        &self.0
    }
}

impl Home {
    fn new() -> Home {
        let mut sandbox = Sandbox::bare();
        std::fs::create_dir_all(sandbox.path("work/configs")).expect("a folder");
        let home = sandbox.dir().display().to_string();
        sandbox.set("HOME", home);
        let site = sandbox.write("etc/config.yaml", "");
        sandbox.set("LLAMACTL_SITE_CONFIG", site.display());
        Home(sandbox)
    }

    fn env(mut self, name: &str, value: &str) -> Home {
        self.0.set(name, value);
        self
    }

    fn run(&self, args: &[&str]) -> Output {
        self.llamactl(args).output().expect("llamactl")
    }

    /// What a command says with `--json`.
    fn json(&self, args: &[&str]) -> Value {
        self.0.json(&[args, &["--json"]].concat())
    }

    /// stderr of a command that must fail as wrong usage, with this home's path taken out.
    fn wrong(&self, args: &[&str]) -> String {
        let (code, _, stderr) = self.outcome(args);
        assert_eq!(code, 2, "{args:?}: {stderr}");
        stderr.replace(self.dir().to_str().expect("UTF-8"), "~")
    }

    /// The error of `configs show` for a model file with this text.
    fn mistake(&self, yaml: &str) -> String {
        self.write("work/configs/m.yaml", yaml);
        self.wrong(&["configs", "show", "m"])
    }
}
