//! `llamactl watch`, as people type it.

use serde_json::Value;

use super::watches::SOON;
use crate::common::registry::Registry;
use crate::common::services::{Ntfy, TOPIC};
use crate::common::{Sandbox, wait_until};

#[test]
fn a_watch_is_made_listed_told_and_ended() {
    let mut sandbox = Sandbox::new();
    let ntfy = Ntfy::start(&mut sandbox);
    let _registry = Registry::start_in(&mut sandbox, &["--ttl", "10m"]);
    let target = format!("ntfy://{TOPIC}");
    let args = ["watch", "--model", "tin*", "--notify", &target];
    let output = sandbox.llamactl(&args).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("once: available of tin*") && said.contains("watch rm "), "{said}");
    // By the targets of the configuration, where none is named.
    let node = ["--json", "watch", "--node", "gpu-*", "--label", "a100", "--keep"];
    let made: Value = serde_json::from_str(&sandbox.ok(&node)).unwrap();
    assert_eq!(made["events"], serde_json::json!(["offline", "online"]), "{made}");
    assert_eq!((&made["labels"]["a100"], &made["once"]), (&"*".into(), &false.into()), "{made}");
    let listed = sandbox.ok(&["watch", "ls"]);
    assert!(listed.contains("available of tin*") && listed.contains("offline, online"), "{listed}");
    assert!(!listed.contains(TOPIC), "whoever looks over the shoulder can read it: {listed}");
    let server = ["register", "--model", "tiny.gguf", "--port", "8080", "--job", "7"];
    let lease = sandbox.path("lease");
    let server = [&server[..], &["--lease-file", lease.to_str().unwrap()]].concat();
    sandbox.ok(&server);
    wait_until("the message", SOON, || (ntfy.messages().len() == 1).then_some(()));
    wait_until("its end", SOON, || {
        let left: Value = serde_json::from_str(&sandbox.ok(&["--json", "watch", "ls"])).unwrap();
        (left["watches"].as_array().unwrap().len() == 1).then_some(())
    });
    let id = made["id"].as_str().unwrap();
    sandbox.ok(&["watch", "rm", &id[..30]]);
    let output = sandbox.llamactl(&["watch", "rm", id]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("watch ls"), "{output:?}");
}

#[test]
fn what_can_not_be_watched_is_wrong_usage() {
    let mut sandbox = Sandbox::new();
    sandbox.set("REGISTRY_URL", "http://127.0.0.1:1");
    for (wrong, hint) in [
        (&["watch"][..], "--model"),
        (&["watch", "--model", "m", "--event", "ready", "--notify", "ntfy://x"], "available"),
        (&["watch", "--model", "m", "--event", "soon", "--notify", "ntfy://x"], "recovered"),
        (&["watch", "--model", "m", "--notify", "me@example.org"], "mailto:"),
        (&["watch", "--model", "m"], "notify.to"),
    ] {
        let output = sandbox.llamactl(wrong).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{wrong:?}: {said}");
        assert!(said.contains(hint), "{wrong:?}: {said}");
    }
}
