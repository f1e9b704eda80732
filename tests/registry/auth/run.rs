//! A whole `run`, and `connect`, with a registry that asks for tokens.

use std::fs;

use super::Trusting;
use crate::common::server::{SOON, Server, connection_file, key, tiny};
use crate::common::{Sandbox, text, wait_until};

fn listed(registry: &Trusting, token: &str) -> Option<serde_json::Value> {
    let output = registry.command(Some(token), &["ls", "--json"]);
    let servers: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
    servers.as_array()?.iter().find(|server| server["name"] == "test").cloned()
}

#[test]
fn a_private_server_registers_by_its_owners_token_and_gives_its_key_to_nobody_else() {
    let registry = Trusting::start(&["--ttl", "3s"]);
    let sandbox = Sandbox::new();
    let me = nix::unistd::User::from_uid(nix::unistd::getuid()).unwrap().unwrap().name;
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let (mine, bobs, boss) = runtime.block_on(async {
        let mine = registry.token(&me, &["read", "register"]).await;
        let bobs = registry.token("bob", &["read", "register"]).await;
        // The first token has the name of whoever runs this test.
        (mine, bobs, registry.token("boss", &["admin"]).await)
    });
    let file = sandbox.write("token", format!("{mine}\n"));
    fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let more = format!(
        "server: {{ context: 16384, parallel: 2, threads: 1, access: private }}\n\
         registry: {}\nregistry_token_file: {}\n",
        registry.registry.url,
        file.display()
    );
    let (server, connection) = Server::ready(&sandbox, &tiny(&more));
    let entry = wait_until("the entry", SOON, || {
        listed(&registry, &mine).filter(|entry| entry["state"] == "ready")
    });
    assert!(!server.log().contains(&mine) && !entry.to_string().contains(key(&connection)));
    // From another place, without the connection file.
    fs::remove_file(connection_file(&sandbox.work()).unwrap()).unwrap();
    let script = "echo key=$OPENAI_API_KEY";
    let connect = ["connect", "test", "--", "sh", "-c", script];
    let own = registry.command(Some(&mine), &connect);
    assert!(text(&own.stdout).contains(key(&connection)), "{}", text(&own.stderr));
    for other in [&bobs, &boss] {
        let output = registry.command(Some(other), &connect);
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(1), "{out} {err}");
        assert!(err.contains("private") && !out.contains(key(&connection)), "{err}");
    }
    let doctor = registry.command(Some(&mine), &["doctor", "--json"]);
    let checks = text(&doctor.stdout);
    assert!(checks.contains(&format!("the token is {me}'s, for read and register")), "{checks}");
}

#[test]
fn a_server_without_a_token_serves_and_says_what_is_missing() {
    let registry = Trusting::start(&[]);
    let sandbox = Sandbox::new();
    let more = format!("registry: {}\n", registry.registry.url);
    let (server, _) = Server::ready(&sandbox, &tiny(&more));
    server.wait_for_log("registry.token_file");
    assert!(listed(&registry, &registry.admin).is_none());
}
