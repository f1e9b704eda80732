//! A real server with a real llama-server behind it, as the page shows it.

use std::time::Duration;

use serde_json::Value;

use crate::common::http::{Stream, get};
use crate::common::registry::Registry;
use crate::common::server::{Server, key, slow, tiny, url};
use crate::common::services::{Ntfy, SmtpSink, TOPIC};
use crate::common::{LLAMACTL, Sandbox, text, wait_until};

/// Longest time for anything that takes a moment on a busy machine.
const SOON: Duration = Duration::from_secs(60);

#[track_caller]
fn asked(registry: &Registry, path: &str) -> Value {
    match get(&format!("{}{path}", registry.url)) {
        Some((200, answer)) => answer,
        other => panic!("{path} answered {other:?}"),
    }
}

#[track_caller]
fn ready(registry: &Registry) -> String {
    let id = wait_until("a ready server", SOON, || {
        let servers = registry.servers();
        let ready = servers.into_iter().find(|server| server["state"] == "ready")?;
        ready["id"].as_str().map(str::to_owned)
    });
    format!("/api/v1/servers/{id}")
}

#[test]
fn what_is_copied_works_in_a_shell() {
    let mut sandbox = Sandbox::new();
    let registry = Registry::start_in(&mut sandbox, &[]);
    let spec = tiny(&format!("registry: {}\n", registry.url));
    let (_server, connection) = Server::ready(&sandbox, &spec);
    let one = ready(&registry);
    let answer = asked(&registry, &format!("{one}/connect"));
    let snippet = |id: &str| {
        let all = answer["snippets"].as_array().unwrap();
        let found = all.iter().find(|snippet| snippet["id"] == id).expect(id);
        assert_eq!(found["secret"], found["text"].as_str().unwrap().contains(key(&connection)));
        found["text"].as_str().unwrap().to_owned()
    };
    let bash = |lines: &str| {
        let mut bash = sandbox.command("bash");
        // A site's proxy, past which the way to the server goes.
        bash.env("http_proxy", "http://127.0.0.1:1").args(["--norc", "-euc", lines]);
        let output = bash.output().unwrap();
        assert!(output.status.success(), "{lines}\n{}", text(&output.stderr));
        text(&output.stdout)
    };
    let said = bash(&snippet("curl"));
    assert!(said.contains("tiny llama model"), "{said}");
    let question =
        r#"{"model": "'"$OPENAI_MODEL"'", "messages": [{"role": "user", "content": "x"}]}"#;
    let said = bash(&format!(
        "{}\ncurl -sS -H \"Authorization: Bearer $OPENAI_API_KEY\" -d '{question}' \
         \"$OPENAI_BASE_URL/chat/completions\"",
        snippet("environment")
    ));
    assert!(said.contains("tiny llama model"), "{said}");
    let said = bash(&format!(
        "{}\ncurl -sS -H \"Authorization: Bearer $ANTHROPIC_AUTH_TOKEN\" -d '{{\"model\": \"x\", \
         \"max_tokens\": 99, \"messages\": [{{\"role\": \"user\", \"content\": \"x\"}}]}}' \
         \"$ANTHROPIC_BASE_URL/v1/messages\"",
        snippet("claude")
    ));
    assert!(said.contains("tiny llama model"), "{said}");
    let connect = snippet("connect").replacen("llamactl", LLAMACTL, 1);
    let said = bash(&format!("{connect} --print"));
    assert!(said.contains(&format!("export OPENAI_BASE_URL={}/v1", url(&connection))), "{said}");
}

#[test]
fn its_throughput_and_the_notification_are_told_and_stay_known() {
    let mut sandbox = Sandbox::new();
    let mut registry = Registry::start_in(&mut sandbox, &["--ttl", "3s"]);
    let ntfy = Ntfy::start(&mut sandbox);
    let notify = format!("notify: {{ to: ['ntfy://{TOPIC}'], ntfy_server: \"{}\" }}\n", ntfy.url());
    let spec = slow(&format!("registry: {}\n{notify}", registry.url));
    let (mut server, connection) = Server::ready(&sandbox, &spec);
    let one = ready(&registry);
    let id = one.rsplit('/').next().unwrap().to_owned();
    let told = wait_until("the notification in the log of events", SOON, || {
        let events = asked(&registry, &format!("/api/v1/events?subject={id}&kind=notified"));
        events.as_array().unwrap().first().cloned()
    });
    let data = &told["data"];
    assert_eq!((&data["event"], &data["channel"]), (&"ready".into(), &"ntfy".into()));
    assert_eq!((&data["ok"], &data["name"]), (&true.into(), &"test".into()));
    assert!(!told.to_string().contains(TOPIC), "{told}");

    let _stream = Stream::start(&url(&connection), key(&connection), 2000);
    wait_until("throughput", SOON, || {
        asked(&registry, &one)["tokens_per_second"].as_f64().filter(|rate| *rate > 0.0)
    });
    let usage = asked(&registry, &format!("{one}/usage"));
    assert_eq!(usage["step_seconds"], 30);
    let last = usage["points"].as_array().unwrap().last().unwrap();
    assert_eq!(last["total"], 2);
    assert!(last["tokens_per_second"].as_f64().is_some_and(|rate| rate > 0.0), "{usage}");
    wait_until("a busy slot in the points", SOON, || {
        let usage = asked(&registry, &format!("{one}/usage"));
        usage["points"].as_array().unwrap().iter().any(|p| p["busy"] == 1).then_some(())
    });
    registry.kill();
    registry.restart();
    assert!(asked(&registry, &one)["tokens_per_second"].is_number(), "it is in the database");
    server.signal("TERM");
    server.signal("TERM");
    server.wait(SOON);
    // Its events are there when it is gone.
    wait_until("its end", SOON, || registry.servers().is_empty().then_some(()));
    let events = asked(&registry, &format!("/api/v1/events?subject={id}"));
    let kinds: Vec<_> = events.as_array().unwrap().iter().map(|e| e["kind"].clone()).collect();
    assert_eq!((&kinds[0], kinds.last().unwrap()), (&"registered".into(), &"unregistered".into()));
    let shown = sandbox.ok(&["registry", "events", "--subject", &id, "--kind", "notified"]);
    assert!(shown.contains("channel=ntfy") && shown.contains("ok=true"), "{shown}");
    assert_eq!(get(&format!("{}{one}/usage", registry.url)).unwrap().0, 404);
}

#[test]
fn a_notification_that_failed_is_told_without_whom_it_was_for() {
    let mut sandbox = Sandbox::new();
    let registry = Registry::start_in(&mut sandbox, &["--ttl", "3s"]);
    // One that wants a password: that is not tried again.
    let sink = SmtpSink::start_with(&sandbox, &["--user", "me", "--password", "hunter2"]);
    let notify = format!(
        "notify: {{ to: ['mailto:secret@example.org'], smtp: {{ host: 127.0.0.1, port: {}, \
         security: none }} }}\n",
        sink.port
    );
    let spec = tiny(&format!("registry: {}\n{notify}", registry.url));
    let (_server, _) = Server::ready(&sandbox, &spec);
    let told = wait_until("the notification in the log of events", SOON, || {
        let events = asked(&registry, "/api/v1/events?kind=notified");
        events.as_array().unwrap().first().cloned()
    });
    assert_eq!(told["data"]["channel"], "email", "{told}");
    assert_eq!(told["data"]["ok"], false, "{told}");
    assert!(told["data"]["error"].is_string(), "{told}");
    assert!(!told.to_string().contains("secret@"), "{told}");
}
