//! The OpenAPI document: what it says is what the registry does.

use std::process::Command;

use serde_json::Value;

use super::{Serving, run};
use crate::common::{Sandbox, http, lab_home, project, text};

/// A program of the lab's Python environment.
#[track_caller]
fn python_tool(name: &str) -> String {
    let path = lab_home().join("venv/bin").join(name);
    assert!(path.exists(), "{} is missing: run scripts/lab/venv.sh", path.display());
    path.display().to_string()
}

#[test]
fn a_real_validator_accepts_the_document() {
    let document = project().join("docs/openapi.json");
    let said = run(&python_tool("openapi-spec-validator"), &[document.to_str().unwrap()]);
    assert!(said.contains("OK"), "{said}");
}

#[test]
fn the_viewer_is_there_without_a_network_and_without_inline_code() {
    let serving = Serving::start(&[]);
    let get = |path: &str| {
        let output = Command::new("curl")
            .args(["-s", "-D-", "--compressed", "--max-time", "10"])
            .arg(format!("{}{path}", serving.url))
            .output()
            .expect("curl");
        let all = text(&output.stdout);
        let (head, body) = all.split_once("\r\n\r\n").expect("a head");
        assert!(head.starts_with("HTTP/1.1 200"), "{path}: {head}");
        (head.to_lowercase(), body.to_owned())
    };
    let (head, page) = get("/api/v1/docs");
    assert!(head.contains("content-type: text/html"), "{head}");
    let policy = head.lines().find_map(|line| line.strip_prefix("content-security-policy: "));
    let policy = policy.expect("a policy");
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert!(!page.contains("://"), "everything is from here: {page}");
    let (scripts, inline) = (page.matches("<script src=").count(), page.matches("<script").count());
    assert_eq!(scripts, inline, "{page}");
    let files = page.split(['"']).filter(|part| part.starts_with("/api/v1/"));
    for file in files {
        let (head, body) = get(file);
        let kind = match file.rsplit('.').next() {
            Some("js") => "text/javascript",
            Some("css") => "text/css",
            _ => "application/json",
        };
        assert!(head.contains(&format!("content-type: {kind}")), "{file}: {head}");
        assert!(!body.is_empty());
        assert!(!body.contains("sourceMappingURL"), "{file} would ask for more");
    }
    let (_, served) = get("/api/v1/openapi.json");
    let served: Value = serde_json::from_str(&served).unwrap();
    let committed = std::fs::read_to_string(project().join("docs/openapi.json")).unwrap();
    assert_eq!(served, serde_json::from_str::<Value>(&committed).unwrap());
}

/// Asks a registry whatever its document allows, and what it does not allow. Panics with what
/// schemathesis found.
#[track_caller]
fn schemathesis(serving: &Serving, token: Option<&str>, more: &[&str]) {
    let config = project().join("tests/registry/operate/schemathesis.toml");
    let folder = Sandbox::new();
    let mut command = folder.command(python_tool("schemathesis"));
    command.arg("--config-file").arg(config).args(["--no-color", "run"]);
    command.arg(format!("{}/api/v1/openapi.json", serving.url)).args(more);
    if let Some(token) = token {
        command.args(["-H", &format!("Authorization: Bearer {token}")]);
    }
    let output = command.output().expect("schemathesis");
    let said = format!("{}{}", text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{said}");
    assert!(said.contains("Operations"), "{said}");
}

#[test]
fn check_goes_through_every_route_and_leaves_nothing_behind() {
    let serving = Serving::start(&["--probe", "off"]);
    let sandbox = &serving.sandbox;
    let report = sandbox.json(&["registry", "check", &serving.url, "--json"]);
    assert_eq!(report["ok"], true, "{report}");
    let served = serving.get("/api/v1/openapi.json");
    let paths = served["paths"].as_object().unwrap();
    let routes: usize = paths.values().map(|path| path.as_object().unwrap().len()).sum();
    let checks = report["checks"].as_array().unwrap();
    assert_eq!(checks.len(), routes, "{report}");
    let warnings = report["warnings"].to_string();
    assert!(warnings.contains("no tokens"), "{warnings}");
    for path in ["/api/v1/servers?state=all", "/servers", "/api/v1/nodes", "/api/v1/profiles"] {
        let left = serving.get(path).to_string();
        assert!(!left.contains("llamactl-check"), "{path}: {left}");
    }
    // Reading alone changes nothing, and says what it left out.
    let before = serving.get("/api/v1/events?limit=1000");
    let report = sandbox.json(&["registry", "check", &serving.url, "--json", "--read-only"]);
    assert_eq!(report["ok"], true, "{report}");
    assert_eq!(serving.get("/api/v1/events?limit=1000"), before);
    let skipped = |check: &&Value| check["outcome"] == "skipped";
    assert!(report["checks"].as_array().unwrap().iter().any(|check| skipped(&check)));

    let nobody = sandbox.llamactl(&["registry", "check", "http://127.0.0.1:9"]).output().unwrap();
    assert_eq!(nobody.status.code(), Some(1));
    assert!(text(&nobody.stderr).contains("can't be reached"), "{}", text(&nobody.stderr));
}

#[test]
fn schemathesis_finds_nothing_where_everybody_may_do_everything() {
    let serving = Serving::start(&["--probe", "off"]);
    // Nothing wants a token here.
    schemathesis(&serving, None, &["--exclude-checks", "ignored_auth"]);
    assert!(http::get(&format!("{}/health", serving.url)).is_some_and(|(status, _)| status == 200));
}

#[test]
fn schemathesis_finds_nothing_where_it_has_no_token() {
    let serving = Serving::start(&["--probe", "off", "--auth", "token"]);
    let (fuzzing, exclude) = (["--phases", "fuzzing"], ["--exclude-checks", WITHOUT_TOKEN]);
    schemathesis(&serving, None, &[fuzzing, exclude].concat());
}

#[test]
fn schemathesis_finds_nothing_where_it_has_an_administrators_token() {
    let folder = Sandbox::new();
    let file = folder.path("first-token");
    let first = ["--first-token-file", file.to_str().unwrap()];
    let serving = ["--probe", "off", "--auth", "token", "--rate-limit", "off"];
    let serving = Serving::start(&[&serving[..], &first].concat());
    let token = std::fs::read_to_string(&file).unwrap();
    // It tries without the token too, and only ten of those a second are told 401.
    let slowly = ["--phases", "fuzzing", "--max-examples", "2", "--rate-limit", "4/s"];
    schemathesis(&serving, Some(token.trim()), &slowly);
}

/// What is refused before it is looked at can't be told from what is right.
const WITHOUT_TOKEN: &str = "positive_data_acceptance,unsupported_method,allow_header_conformance";
