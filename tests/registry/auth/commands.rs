//! The commands, and the first token.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Output;

use serde_json::Value;

use super::{Trusting, registration, start};
use crate::common::http;
use crate::common::registry::{Registry, answer, database, run, serve};

fn text(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn json_of(output: &Output) -> Value {
    let (code, stdout, stderr) = text(output);
    assert_eq!(code, Some(0), "{stderr}");
    serde_json::from_str(&stdout).expect("JSON")
}

#[tokio::test]
async fn the_first_token_is_shown_once_and_tokens_outlive_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    let begin = || {
        let mut command = serve(dir.path(), &["--auth", "token"]);
        command.env("LLAMACTL_LOG", "trace").stderr(fs::File::create(&log).unwrap());
        Registry::spawn(command)
    };
    let mut registry = begin();
    let told = fs::read_to_string(&log).unwrap();
    let token = told.split_whitespace().find(|word| word.starts_with("llamactl_")).unwrap();
    let count = told.matches(token).count();
    assert_eq!(count, 1, "{told}");
    let whoami =
        |url: &str| answer(http::client().get(format!("{url}/api/v1/whoami")).bearer_auth(token));
    let (status, me) = whoami(&registry.url).await;
    assert_eq!((status, &me["scopes"][0]), (200, &Value::from("admin")), "{me}");
    registry.kill();
    let registry = begin();
    assert_eq!(whoami(&registry.url).await.0, 200, "it is kept");
    let told = fs::read_to_string(&log).unwrap();
    assert!(!told.contains("llamactl_"), "no second one: {told}");
}

#[test]
fn the_first_token_goes_into_a_file_for_its_owner_alone() {
    let registry = Trusting::start(&[]);
    let mode = fs::metadata(registry.dir.path().join("first")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!registry.log().contains(&registry.admin), "{}", registry.log());
    // A place that can't be written to: no token that nobody knows.
    let dir = tempfile::tempdir().unwrap();
    let mut command = serve(dir.path(), &["--auth", "token", "--first-token-file", "/proc/x"]);
    command.env_remove("LLAMACTL_LOG");
    let (code, _, stderr) = text(&run(command));
    assert!(code == Some(1) && stderr.contains("first token"), "{stderr}");
    start(dir.path(), &[]);
    assert!(dir.path().join("first").exists(), "the next start makes it");
}

#[test]
fn tokens_are_made_listed_and_revoked_by_command() {
    let registry = Trusting::start(&[]);
    let admin = Some(registry.admin.as_str());
    let create = ["registry", "token", "create", "--owner", "alice", "--expires", "90d"];
    let (code, stdout, stderr) = text(&registry.command(admin, &create));
    assert_eq!(code, Some(0), "{stderr}");
    let alice = stdout.trim().to_owned();
    assert!(alice.starts_with("llamactl_") && alice.len() == 73, "{stdout}");
    assert!(stderr.contains("token_file") && !stderr.contains(&alice), "{stderr}");

    let listed = json_of(&registry.command(admin, &["registry", "token", "ls", "--json"]));
    assert_eq!((listed[0]["owner"].as_str(), listed.as_array().unwrap().len()), (Some("alice"), 2));
    let id = listed[0]["id"].as_str().unwrap();
    let (_, table, _) = text(&registry.command(admin, &["registry", "token", "ls"]));
    assert!(table.contains("in 8") && table.contains("read,register"), "{table}");

    let (code, _, stderr) = text(&registry.command(Some(&alice), &create));
    assert!(code == Some(1) && stderr.contains("403") && stderr.contains("hint:"), "{stderr}");
    let (code, _, stderr) = text(&registry.command(None, &["registry", "token", "ls"]));
    assert!(code == Some(1) && stderr.contains("LLAMACTL_TOKEN"), "{stderr}");
    let (code, _, stderr) = text(&registry.command(None, &["ls"]));
    assert!(stderr.contains("LLAMACTL_TOKEN"), "{code:?} {stderr}");

    let revoke = ["registry", "token", "revoke", id];
    assert_eq!(text(&registry.command(admin, &revoke)).0, Some(0));
    let (code, _, stderr) = text(&registry.command(Some(&alice), &["registry", "audit"]));
    assert!(code == Some(1) && stderr.contains("401"), "{stderr}");
    let last = json_of(&registry.command(admin, &["registry", "token", "ls", "--json"]));
    let last = last[0]["id"].as_str().unwrap();
    let (code, _, stderr) = text(&registry.command(admin, &["registry", "token", "revoke", last]));
    assert!(code == Some(1) && stderr.contains("--force"), "{stderr}");

    let audit =
        json_of(&registry.command(admin, &["registry", "audit", "--json", "--since", "1d"]));
    let kinds: Vec<_> = audit.as_array().unwrap().iter().map(|e| e["kind"].as_str()).collect();
    let made = Some("token-created");
    assert_eq!(kinds, [made, made, Some("token-revoked")], "{audit}");
    let (_, table, _) = text(&registry.command(admin, &["registry", "audit"]));
    assert!(table.contains("token-revoked") && table.contains(id), "{table}");
}

#[tokio::test]
async fn an_operator_makes_tokens_on_the_database_while_the_registry_runs() {
    let registry = Trusting::start(&[]);
    let url = database(registry.dir.path());
    let make = ["registry", "token", "create", "--json", "--owner", "ann", "--database", &url];
    let made = json_of(&registry.command(None, &make));
    let ann = made["secret"].as_str().unwrap();
    // It notices with its next change, at the latest.
    let body = serde_json::json!({"host": "n1", "port": 1});
    registry.send("PUT", "/servers/1", Some(&registry.admin), Some(body.clone())).await;
    let registered = registration("2", "ann", "shared", None);
    let answer = registry.send("POST", "/api/v1/servers", Some(ann), Some(registered)).await;
    assert_eq!(answer.0, 201, "{}", answer.1);
    let id = made["id"].as_str().unwrap();
    let revoke = ["registry", "token", "revoke", id, "--database", &url];
    assert_eq!(text(&registry.command(None, &revoke)).0, Some(0));
    registry.send("PUT", "/servers/1", Some(&registry.admin), Some(body)).await;
    assert_eq!(registry.send("GET", "/api/v1/servers", Some(ann), None).await.0, 401);
    let (_, audit) =
        registry.send("GET", "/api/v1/audit?kind=token-revoked", Some(&registry.admin), None).await;
    assert!(audit[0]["actor"].as_str().unwrap().ends_with("(on the host)"), "{audit}");
}

#[test]
fn wrong_words_are_usage_errors() {
    let registry = Trusting::start(&[]);
    for (args, word) in [
        (&["registry", "token", "create", "--owner", "a", "--scope", "root"][..], "root"),
        (&["registry", "token", "create", "--owner", "a", "--expires", "soon"], "soon"),
        (&["registry", "audit", "--kind", "nothing"], "nothing"),
        (&["registry", "audit", "--since", "monday"], "monday"),
        (&["registry", "serve", "--auth", "none", "--anonymous", "read"], "--anonymous"),
        (&["registry", "serve", "--rate-limit", "fast"], "--rate-limit"),
    ] {
        let (code, _, stderr) = text(&registry.command(Some(&registry.admin), args));
        assert!(code == Some(2) && stderr.contains(word), "{args:?}: {stderr}");
    }
}
