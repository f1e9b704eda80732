//! The dashboard in a real browser, with a real registry, real jobs and real shells behind it.
//!
//! Each check is a function in `tests/browser/checks/AREA.mjs`, run by node in a chromium of its
//! own; here it is a test with a sandbox, on a cluster. What it lacks is a failure.

mod common;
mod find_support;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use common::cluster::Cluster;
use common::services::Daemon;
use common::{LLAMACTL, Sandbox, assert_ok, lab_home, project, slow_model, text, tiny_model, wait_until};
use find_support::login::Login;
use find_support::program;

/// Longer than the limit that a check has in `run.mjs`.
const LONG: Duration = Duration::from_secs(170);

/// Makes a test of each check of an area.
macro_rules! checks {
    ($($area:ident: $($check:ident)*;)*) => {
        $(mod $area {
            $(#[test]
            fn $check() {
                super::run(stringify!($area), stringify!($check));
            })*
        })*

        /// Every check that is a test here.
        const CHECKS: &[&str] = &[$($(concat!(stringify!($area), "::", stringify!($check)),)*)*];
    };
}

checks! {
    frame:
        every_page_is_reached_by_the_navigation
        ;
}

#[test]
fn every_check_of_the_browser_is_a_test_here() {
    let output = node().arg("--list").output().expect("node is missing: run `make test-deps`");
    assert_ok(&["run.mjs", "--list"], &output);
    let listed = text(&output.stdout);
    let theirs: BTreeSet<&str> = listed.lines().collect();
    assert_eq!(theirs, CHECKS.iter().copied().collect::<BTreeSet<_>>(), "see checks! above");
}

fn node() -> Command {
    let mut command = Command::new("node");
    command.arg(project().join("tests/browser/run.mjs"));
    command
}

/// Runs one check to its end, and fails with all that it said.
#[track_caller]
fn run(area: &str, check: &str) {
    let mut sandbox = world();
    // What is copied is pasted into shells that reach the cluster through a login host, too.
    let _login = (area == "copy").then(|| Login::start(&mut sandbox));
    let pictures = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dashboard");
    std::fs::create_dir_all(&pictures).expect("a folder for pictures");
    let mut command = sandbox.command("node");
    command.arg(project().join("tests/browser/run.mjs")).args([area, check]);
    command.env("LLAMACTL", LLAMACTL).env("LLAMACTL_LAB", lab_home());
    command.env("LLAMACTL_TEST_FOLDER", sandbox.dir()).env("LLAMACTL_TEST_PICTURES", pictures);
    let mut node = Daemon::start(command, sandbox.path("check.txt"));
    let status = wait_until("the end of the check", LONG, || node.ended());
    let said = std::fs::read_to_string(sandbox.path("check.txt")).unwrap_or_default();
    assert!(status.success(), "{said}");
}

/// A sandbox on a cluster, with models to submit as `tiny` and `slow`.
fn world() -> Sandbox {
    let mut sandbox = Sandbox::new();
    Cluster::Pgid.enter(&mut sandbox);
    sandbox.set("LLAMACTL_LOG", "info");
    for (name, file) in [("tiny", tiny_model()), ("slow", slow_model())] {
        let model = format!(
            "name: {name}\nmodel: {file:?}\nserver:\n  context: 8192\n  threads: 1\n  parallel: 2\n  \
             host: 127.0.0.1\n  advertise: 127.0.0.1\nslurm: {{ cpus: 1, mem: 200M, gpus: 1, time: 30 }}\n"
        );
        sandbox.write(format!("work/configs/{name}.yaml"), model);
    }
    // What people type is the program's name.
    program(&mut sandbox, "llamactl", &format!("#!/bin/sh\nexec '{LLAMACTL}' \"$@\"\n"));
    sandbox
}
