//! What the tests of finding and using servers share.

use serde_json::{Value, json};

use crate::common::cluster::Cluster;
use crate::common::server::{READY, connection_file};
use crate::common::services::Daemon;
use crate::common::{LLAMACTL, Sandbox, http, tiny_model, wait_until};

/// The specification of a tiny server, with more lines of YAML for `server:`.
pub fn spec(sandbox: &Sandbox, name: &str, server: &Value) -> String {
    // One thread: llama-server's threads spin, and starve what else runs on a small machine.
    let mut server = server.clone();
    server["threads"] = json!(1);
    let spec = json!({
        "name": name,
        "model": tiny_model(),
        "server": server,
        "registry": sandbox.var("REGISTRY_URL"),
    });
    spec.to_string()
}

/// A real server under `llamactl run` on this machine, ready.
pub fn server(sandbox: &Sandbox, name: &str, server: Value) -> Daemon {
    let spec = sandbox.write(format!("{name}.yaml"), spec(sandbox, name, &server));
    let mut run = sandbox.llamactl(&["run", "--spec"]);
    run.arg(spec);
    let daemon = Daemon::start(run, sandbox.path(format!("{name}.log")));
    wait_until("the connection file", READY, || connection_file(&sandbox.work()));
    daemon
}

/// Waits until the registry lists the server of this name as ready.
pub fn wait_listed(sandbox: &Sandbox, name: &str) -> Value {
    wait_until("the registry's entry", READY, || {
        let listed = sandbox.json(&["ls", "--json", "--state", "ready"]);
        listed.as_array()?.iter().find(|one| one["name"] == name).cloned()
    })
}

/// Submits a job whose script ends in `llamactl run`, as `submit` would, held when asked.
pub fn submit(cluster: Cluster, sandbox: &Sandbox, name: &str, held: bool) -> String {
    let spec = spec(sandbox, name, &json!({"host": "127.0.0.1"}));
    let program = LLAMACTL;
    let script = sandbox.write(
        format!("{name}.sh"),
        format!("#!/bin/bash\numask 077\nexec {program} run --spec - <<'END'\n{spec}\nEND\n"),
    );
    let script = script.to_string_lossy().into_owned();
    let name = format!("--job-name={name}");
    let mut args = vec!["--parsable", "--comment=llamactl:test", "--output=llamactl-%j.log", &name];
    if held {
        args.push("--hold");
    }
    args.extend(["--time=10", "-n1", "--mem=100", &script]);
    cluster.run(sandbox, "sbatch", &args)
}

/// Puts an entry into the sandbox's registry, as a client that beats elsewhere would.
pub fn register(sandbox: &Sandbox, entry: Value) {
    let body = json!({
        "id": uuid::Uuid::now_v7(), "cluster": "elsewhere", "job_id": "1", "name": "other",
        "model": {"name": "other"}, "owner": "somebody", "host": "127.0.0.1", "port": 9,
        "started": jiff::Timestamp::now(), "state": "ready",
    });
    let (Value::Object(mut body), Value::Object(entry)) = (body, entry) else { panic!("objects") };
    body.extend(entry);
    let url = format!("{}/api/v1/servers", sandbox.var("REGISTRY_URL").expect("a registry"));
    let answer = http::post(&url, &Value::Object(body));
    assert!(matches!(answer, Some((200..300, _))), "{url}: {answer:?}");
}
