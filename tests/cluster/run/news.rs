//! What people are told in the life of a server, by the real ntfy and by mail.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::common::registry::Registry;
use crate::common::server::{SOON, Server, key, llama_server, tiny, url};
use crate::common::services::{Ntfy, SmtpSink, TOPIC};
use crate::common::{Sandbox, free_port, holds_for, http, wait_until};

/// A specification that tells the sandbox's ntfy of `events`.
fn telling(ntfy: &Ntfy, events: &str) -> String {
    let (server, topic) = (ntfy.url(), TOPIC);
    tiny(&format!(
        "notify: {{ to: ['ntfy://{topic}'], ntfy_server: '{server}', events: [{events}] }}"
    ))
}

fn titles(ntfy: &Ntfy) -> Vec<String> {
    let title =
        |message: &Value| message["title"].as_str().unwrap().replace("🦙 Llama Server ", "");
    ntfy.messages().iter().map(title).collect()
}

#[test]
fn a_server_that_ends_says_what_it_did() {
    let mut sandbox = Sandbox::new();
    let ntfy = Ntfy::start(&mut sandbox);
    let (mut server, connection) =
        Server::ready(&sandbox, &telling(&ntfy, "ready, draining, ended"));
    for _ in 0..2 {
        assert_eq!(http::ask(&url(&connection), Some(key(&connection))).unwrap().0, 200);
    }
    wait_until("the ready message", SOON, || (!titles(&ntfy).is_empty()).then_some(()));
    server.signal("TERM");
    server.wait_for_code(0);
    let mut all = titles(&ntfy);
    all.sort();
    assert_eq!(all, ["Draining - test", "Ended - test", "Ready - test"]);
    let messages = ntfy.messages();
    let ended = messages.iter().find(|m| m["title"].as_str().unwrap().contains("Ended")).unwrap();
    let text = ended["message"].as_str().unwrap();
    assert!(text.contains("Requests: 2\n"), "{text}");
    let tokens = text.lines().find_map(|line| line.strip_prefix("Tokens: ")).expect("tokens");
    let number = |word: usize| tokens.split(' ').nth(word).unwrap().parse::<u64>().unwrap();
    assert!(number(0) > 0 && number(2) > 0, "{tokens}");
}

#[test]
fn a_stop_on_purpose_is_silent_unless_somebody_wants_to_know() {
    let mut sandbox = Sandbox::new();
    let ntfy = Ntfy::start(&mut sandbox);
    let spec = telling(&ntfy, "").replace(", events: []", "");
    let (mut server, _) = Server::ready(&sandbox, &spec);
    wait_until("the ready message", SOON, || (!titles(&ntfy).is_empty()).then_some(()));
    server.signal("TERM");
    server.wait_for_code(0);
    assert_eq!(titles(&ntfy), ["Ready - test"]);
}

#[test]
fn the_end_of_the_walltime_is_announced() {
    let mut sandbox = Sandbox::new();
    let ntfy = Ntfy::start(&mut sandbox);
    let ends = Timestamp::now().checked_add(SignedDuration::from_secs(3_600 + 8)).unwrap();
    sandbox.set("SLURM_JOB_END_TIME", ends.as_second());
    let spec = telling(&ntfy, "expiring").replace("events:", "expiring_before: 3600, events:");
    let (mut server, _) = Server::ready(&sandbox, &spec);
    wait_until("the message", SOON, || (titles(&ntfy) == ["Expiring - test"]).then_some(()));
    let text = ntfy.messages()[0]["message"].as_str().unwrap().to_owned();
    assert!(text.contains("ends in 60 minutes"), "{text}");
    server.signal("TERM");
    server.wait_for_code(0);
}

#[test]
fn a_rule_tells_others_of_what_it_picks() {
    let mut sandbox = Sandbox::new();
    let ntfy = Ntfy::start(&mut sandbox);
    let rule = |model: &str, topic: &str| {
        format!("{{ events: [ready], model: '{model}', notify: ['ntfy://{topic}'] }}")
    };
    let spec = tiny(&format!(
        "notify: {{ ntfy_server: '{}', rules: [{}, {}] }}",
        ntfy.url(),
        rule("tin*", TOPIC),
        rule("qwen*", "another")
    ));
    let (mut server, _) = Server::ready(&sandbox, &spec);
    wait_until("the message", SOON, || (titles(&ntfy) == ["Ready - test"]).then_some(()));
    server.signal("TERM");
    server.wait_for_code(0);
    let other = format!("{}/another/json?poll=1", ntfy.url());
    assert_eq!(http::get_text(&other).unwrap().1, "");
}

#[test]
fn what_a_killed_supervisor_left_is_sent_by_the_next_one() {
    let mut sandbox = Sandbox::new();
    let ntfy = Ntfy::start(&mut sandbox);
    let dead = format!("http://127.0.0.1:{}", free_port());
    let spec = telling(&ntfy, "ready").replace(&ntfy.url(), &dead);
    let (mut server, _) = Server::ready(&sandbox, &spec);
    server.wait_for_log("not delivered yet");
    let llama = llama_server(&sandbox);
    server.daemon.kill();
    wait_until("llama-server's end", SOON, || (!llama.alive()).then_some(()));
    let listed = sandbox.json(&["notify", "outbox", "ls", "--json"]);
    assert_eq!(listed[0]["state"], "waiting", "{listed}");
    assert!(!listed.to_string().contains(TOPIC), "{listed}");
    let (mut server, _) = Server::ready(&sandbox, &telling(&ntfy, "draining"));
    wait_until("the message", SOON, || (titles(&ntfy) == ["Ready - test"]).then_some(()));
    server.signal("TERM");
    server.wait_for_code(0);
    assert_eq!(sandbox.json(&["notify", "outbox", "ls", "--json"]).as_array().unwrap().len(), 0);
}

#[test]
fn nobody_who_can_be_told_holds_up_the_end() {
    let sandbox = Sandbox::new();
    let dead = free_port();
    let spec = tiny(&format!(
        "notify: {{ to: ['ntfy://{TOPIC}'], ntfy_server: 'http://127.0.0.1:{dead}', events: [ready] }}"
    ));
    let (mut server, _) = Server::ready(&sandbox, &spec);
    server.wait_for_log("not delivered yet");
    let start = std::time::Instant::now();
    server.signal("TERM");
    server.wait_for_code(0);
    assert!(start.elapsed() < std::time::Duration::from_secs(8), "{:?}", start.elapsed());
}

#[test]
fn a_node_without_a_way_out_goes_through_the_registry() {
    let mut sandbox = Sandbox::new();
    let sink = SmtpSink::start(&sandbox);
    let settings = sandbox.write(
        "registry.yaml",
        format!("notify: {{ smtp: {{ host: 127.0.0.1, port: {}, security: none }} }}\n", sink.port),
    );
    sandbox.set("LLAMACTL_CONFIG", settings.display());
    let registry = Registry::start_in(&mut sandbox, &[]);
    sandbox.unset("LLAMACTL_CONFIG");
    for via in ["auto", "registry"] {
        let before = sink.mails().len();
        let spec = tiny(&format!(
            "registry: {}\nnotify: {{ to: ['mailto:alice@example.test'], via: {via}, \
             smtp: {{ host: 127.0.0.1, port: {}, security: none }} }}",
            registry.url,
            free_port()
        ));
        let (mut server, _) = Server::ready(&sandbox, &spec);
        wait_until("the mail", SOON, || (sink.mails().len() > before).then_some(()));
        let mail = sink.mails().pop().unwrap();
        assert!(mail.contains("\nSubject: Llama Server Ready - test\r\n"), "{mail}");
        server.signal("TERM");
        server.wait_for_code(0);
        let quiet = || sink.mails().len() == before + 1;
        holds_for("one mail", std::time::Duration::from_millis(500), quiet);
    }
    // Without that way it waits.
    let spec = tiny(&format!(
        "registry: {}\nnotify: {{ to: ['mailto:alice@example.test'], via: direct, \
         smtp: {{ host: 127.0.0.1, port: {}, security: none }} }}",
        registry.url,
        free_port()
    ));
    let (mut server, _) = Server::ready(&sandbox, &spec);
    server.wait_for_log("not delivered yet");
    server.signal("TERM");
    server.wait_for_code(0);
    assert_eq!(sink.mails().len(), 2);
    let waiting = sandbox.json(&["notify", "outbox", "ls", "--json"]);
    assert_eq!(waiting.as_array().unwrap().len(), 1, "{waiting}");
}
