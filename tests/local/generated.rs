//! The files in `completions/` and `man/` are generated and committed: they must be what the
//! command line says now.

use std::collections::BTreeMap;
use std::path::Path;

use assert_cmd::Command;

#[test]
fn completions_are_up_to_date() {
    assert_same("completions");
}

#[test]
fn manual_pages_are_up_to_date() {
    assert_same("man");
}

#[test]
fn the_openapi_document_is_up_to_date() {
    let mut llamactl = Command::cargo_bin("llamactl").unwrap();
    let output = llamactl.args(["registry", "openapi"]).assert().success().get_output().clone();
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/openapi.json");
    let same = std::fs::read(committed).is_ok_and(|committed| committed == output.stdout);
    assert!(same, "docs/openapi.json is stale; run `make generate` and commit it");
}

#[test]
fn the_schema_of_what_plugins_read_is_up_to_date() {
    let mut llamactl = Command::cargo_bin("llamactl").unwrap();
    let schema = ["notify", "plugins", "schema"];
    let output = llamactl.args(schema).assert().success().get_output().clone();
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/plugin-event.schema.json");
    let same = std::fs::read(committed).is_ok_and(|committed| committed == output.stdout);
    assert!(same, "docs/plugin-event.schema.json is stale; run `make generate` and commit it");
}

#[test]
fn the_dashboard_s_models_are_up_to_date() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut script = Command::new(project.join("scripts/dashboard-models.py"));
    let output = script.arg(env!("CARGO_BIN_EXE_llamactl")).assert().success().get_output().clone();
    let committed = std::fs::read(project.join("dashboard/js/facts/models.js"));
    let same = committed.is_ok_and(|committed| committed == output.stdout);
    assert!(same, "dashboard/js/facts/models.js is stale; run `make generate` and commit it");
}

/// `completions/` is made by `llamactl completions --dir`, and `man/` likewise.
fn assert_same(folder: &str) {
    let fresh = tempfile::tempdir().unwrap();
    let mut llamactl = Command::cargo_bin("llamactl").unwrap();
    llamactl.args([folder, "--dir"]).arg(fresh.path()).assert().success();
    let fresh = files(fresh.path());
    let committed = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder));
    assert!(!fresh.is_empty());
    let differs = |name: &&String| fresh.get(*name) != committed.get(*name);
    let mut stale: Vec<_> = fresh.keys().chain(committed.keys()).filter(differs).collect();
    stale.sort();
    stale.dedup();
    assert!(stale.is_empty(), "stale in {folder}/: {stale:?}; run `make generate` and commit it");
}

fn files(folder: &Path) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let read = |entry: std::fs::DirEntry| {
        let name = entry.file_name().into_string().unwrap();
        (name, std::fs::read_to_string(entry.path()).unwrap())
    };
    entries.map(|entry| read(entry.unwrap())).collect()
}

#[test]
fn every_command_has_its_manual_page() {
    let page = |command: &[&str]| {
        let mut llamactl = Command::cargo_bin("llamactl").unwrap();
        let output = llamactl.arg("man").args(command).unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(page(&[]).contains(".TH llamactl 1"));
    assert!(page(&["registry", "serve"]).contains(".TH llamactl-registry-serve 1"));
    let mut llamactl = Command::cargo_bin("llamactl").unwrap();
    let output = llamactl.args(["man", "registry", "sevre"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("`llamactl registry` has no command `sevre`"), "{error}");
}

#[test]
fn the_committed_bash_completion_completes_in_a_real_bash() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/completions/llamactl.bash");
    let complete = r#"source "$1"
        COMP_WORDS=(llamactl not) COMP_CWORD=1
        _llamactl llamactl not llamactl
        printf '%s\n' "${COMPREPLY[@]}""#;
    let output =
        Command::new("bash").args(["--norc", "-c", complete, "bash", script]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "notify\n", "{output:?}");
}
