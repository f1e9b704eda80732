//! The commands about nodes, as a person or a script uses them, against a real registry.

use std::io::Write;
use std::process::Stdio;

use serde_json::Value;

use crate::common::registry::Registry;
use crate::common::{Sandbox, assert_ok, text};

fn sandbox() -> (Sandbox, Registry) {
    let mut sandbox = Sandbox::new();
    sandbox.set("LLAMACTL_NODE_ID_FILE", sandbox.path("node_id").display());
    let registry = Registry::start_in(&mut sandbox, &[]);
    (sandbox, registry)
}

fn register(sandbox: &Sandbox, host: &str, args: &[&str]) -> String {
    let mut all = vec!["node", "register", "--quiet", "--hostname", host];
    all.extend(args);
    sandbox.ok(&all).trim().to_owned()
}

/// The lab of contract 4.
fn lab(sandbox: &Sandbox) {
    register(sandbox, "aurora", &["--role", "lead", "--ip", "10.0.0.1", "--location", "paris"]);
    let gpus = ["--gpus", "2", "--gpu-type", "RTX 4090", "--vram", "48G", "--labels", "gpu,big"];
    let at = ["--role", "compute", "--ip", "10.0.0.3", "--location", "austin/room-2"];
    register(sandbox, "runpod-tx", &[&gpus[..], &at[..]].concat());
    let at = ["--role", "compute", "--ip", "10.0.0.5", "--location", "austin", "--group", "books"];
    register(sandbox, "robbiebook1", &at);
}

#[track_caller]
fn fails(sandbox: &Sandbox, args: &[&str], code: i32, word: &str) {
    let output = sandbox.llamactl(args).output().expect("it ends");
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {said}");
    assert!(said.contains(word), "{args:?}: {said}");
}

fn names(sandbox: &Sandbox, args: &[&str]) -> Vec<String> {
    let mut all = vec!["node", "ls", "--json"];
    all.extend(args);
    let nodes = sandbox.json(&all);
    let name = |node: &Value| node["name"].as_str().expect("a name").to_owned();
    let mut names: Vec<String> = nodes.as_array().expect("a list").iter().map(name).collect();
    names.sort();
    names
}

#[test]
fn nodes_are_listed_as_the_older_command_did_and_found_by_every_filter() {
    let (sandbox, _registry) = sandbox();
    lab(&sandbox);
    let table = sandbox.ok(&["node", "ls"]);
    let lines: Vec<Vec<&str>> = table.lines().map(|l| l.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["NAME", "ROLE", "STATUS", "IP", "GPU"]);
    assert!(table.contains("2x RTX 4090"), "{table}");
    assert!(lines.contains(&vec!["aurora", "lead", "online", "10.0.0.1", "-"]), "{table}");
    assert!(sandbox.ok(&["node", "ls", "--wide"]).contains("gpu,big"));
    assert_eq!(names(&sandbox, &["--role", "lead"]), ["aurora"]);
    assert_eq!(names(&sandbox, &["--label", "gpu", "--label", "big"]), ["runpod-tx"]);
    assert_eq!(names(&sandbox, &["--group", "books"]), ["robbiebook1"]);
    assert_eq!(names(&sandbox, &["--location", "austin"]), ["robbiebook1", "runpod-tx"]);
    assert_eq!(names(&sandbox, &["--status", "offline"]), Vec::<String>::new());
}

#[test]
fn a_node_is_kept_alive_taken_out_of_use_given_back_and_removed_by_its_name() {
    let (sandbox, _registry) = sandbox();
    lab(&sandbox);
    let status = |name: &str| {
        let nodes = sandbox.json(&["node", "ls", "--json"]);
        let node = nodes.as_array().unwrap().iter().find(|node| node["name"] == name).cloned();
        node.map(|node| node["status"].as_str().unwrap().to_owned())
    };
    sandbox.ok(&["node", "heartbeat", "runpod-tx", "--status", "degraded", "--metric", "load1=9"]);
    assert_eq!(status("runpod-tx").as_deref(), Some("degraded"));
    sandbox.ok(&["node", "maintenance", "on", "runpod-tx", "--reason", "new fan"]);
    assert_eq!(status("runpod-tx").as_deref(), Some("maintenance"));
    sandbox.ok(&["node", "heartbeat", "runpod-tx"]);
    assert_eq!(status("runpod-tx").as_deref(), Some("maintenance"), "a beat does not end it");
    sandbox.ok(&["node", "maintenance", "off", "runpod-tx"]);
    assert_eq!(status("runpod-tx").as_deref(), Some("online"));
    sandbox.ok(&["node", "rm", "runpod-tx", "robbiebook1"]);
    assert_eq!(names(&sandbox, &[]), ["aurora"]);
    fails(&sandbox, &["node", "rm", "runpod-tx"], 4, "there is no node");
    fails(&sandbox, &["node", "heartbeat", "aurorra"], 4, "did you mean `aurora`?");
    fails(&sandbox, &["node", "rm", ".."], 2, "must not be");
    fails(&sandbox, &["node", "rm", "a/b"], 2, "must not have");
    fails(&sandbox, &["node", "register"], 2, "has no role");
}

#[test]
fn the_topology_is_a_tree_and_a_graph_that_graphviz_draws() {
    let (sandbox, _registry) = sandbox();
    lab(&sandbox);
    register(&sandbox, "evil", &["--role", "x\"];y[label=\"z", "--name", "a\"--b;&lt;"]);
    let tree = sandbox.ok(&["node", "topology"]);
    assert!(tree.starts_with("aurora"), "{tree}");
    assert!(tree.contains("├─ compute (2 nodes, 2 GPUs)"), "{tree}");
    let places = sandbox.ok(&["node", "topology", "--by", "location"]);
    assert!(places.contains("├─ austin (2 nodes, 2 GPUs)\n│  ├─ room-2 (1 node"), "{places}");
    let graph = sandbox.ok(&["node", "topology", "--dot"]);
    let mut dot = sandbox.command("dot");
    dot.arg("-Tsvg").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut dot = dot.spawn().expect("graphviz is missing: run scripts/lab/deps.sh --tests");
    dot.stdin.take().expect("piped").write_all(graph.as_bytes()).expect("it reads");
    let output = dot.wait_with_output().expect("it ends");
    assert_ok(&["dot"], &output);
    let drawing = text(&output.stdout);
    assert_eq!(drawing.matches("class=\"node\"").count(), 4, "{graph}");
    assert!(drawing.contains("vpn_mesh"), "{graph}");
    assert!(drawing.contains("a&quot;&#45;&#45;b;&amp;lt;"), "{drawing}");
}

#[test]
fn profiles_are_written_from_json_and_yaml_and_numbers_are_shown() {
    let (sandbox, _registry) = sandbox();
    lab(&sandbox);
    let file = sandbox.write("work/p.yaml", "models: [qwen3-30b]\ncontext: 8192\n");
    sandbox.ok(&["node", "profile", "set", "compute", file.to_str().unwrap()]);
    let shown = sandbox.json(&["node", "profile", "get", "compute"]);
    assert_eq!(shown, serde_json::json!({"models": ["qwen3-30b"], "context": 8192}));
    let mut set = sandbox.llamactl(&["node", "profile", "set", "lead", "-"]);
    let mut set = set.stdin(Stdio::piped()).spawn().expect("it starts");
    set.stdin.take().expect("piped").write_all(b"{\"a\": 1}").expect("it reads");
    assert!(set.wait().expect("it ends").success());
    let list = sandbox.ok(&["node", "profile", "ls"]);
    assert!(list.contains("compute") && list.contains("lead"), "{list}");
    sandbox.ok(&["node", "profile", "rm", "lead"]);
    fails(&sandbox, &["node", "profile", "get", "lead"], 4, "has no profile");
    let list = sandbox.write("work/list.json", "[1]");
    let args = ["node", "profile", "set", "lead", list.to_str().unwrap()];
    fails(&sandbox, &args, 2, "is not a JSON object");
    let stats = sandbox.json(&["node", "stats", "--json"]);
    assert_eq!((&stats["total_nodes"], &stats["total_gpus"]), (&3.into(), &2.into()));
    let stats = sandbox.ok(&["node", "stats", "--since", "7d"]);
    assert!(stats.contains("nodes by role"), "{stats}");
    fails(&sandbox, &["node", "stats", "--since", "soon"], 2, "--since");
}
