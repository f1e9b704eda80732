//! What the tests of finding and using servers share.

#![allow(dead_code, reason = "each test file uses its part")]

pub mod login;

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use crate::common::cluster::Cluster;
use crate::common::services::Daemon;
use crate::common::{Sandbox, text, tiny_model, wait_until};

/// How long a server may take until it is ready on a busy machine.
pub const READY: Duration = Duration::from_secs(60);

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
    wait_until("the connection file", READY, || connection_file(sandbox));
    daemon
}

/// The connection file in the folder where commands run.
pub fn connection_file(sandbox: &Sandbox) -> Option<PathBuf> {
    let entries = std::fs::read_dir(sandbox.work()).ok()?.flatten();
    let mut paths = entries.map(|entry| entry.path());
    paths.find(|path| path.to_string_lossy().contains("llama_server_connection_"))
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
    let program = crate::common::LLAMACTL;
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
    send(reqwest::Method::POST, &url, &Value::Object(body));
}

/// Sends JSON; it must be taken.
pub fn send(method: reqwest::Method, url: &str, body: &Value) {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (status, answer) = runtime.block_on(async {
        let request = reqwest::Client::new().request(method, url).json(body);
        let response = request.send().await.expect("an answer");
        (response.status(), response.text().await.unwrap_or_default())
    });
    assert!(status.is_success(), "{url}: {status} {answer}");
}

/// Writes a program of this name into a folder at the front of PATH.
pub fn program(sandbox: &mut Sandbox, name: &str, script: &str) -> PathBuf {
    let path = sandbox.write(format!("bin/{name}"), script);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    let bin = sandbox.path("bin").display().to_string();
    let before = sandbox.var("PATH").expect("PATH").to_owned();
    if !before.starts_with(&bin) {
        sandbox.set("PATH", format!("{bin}:{before}"));
    }
    path
}

/// Runs llamactl to its end: exit code, stdout, stderr.
pub fn outcome(sandbox: &Sandbox, args: &[&str]) -> (i32, String, String) {
    let output = sandbox.llamactl(args).output().expect("llamactl");
    let code = output.status.code().unwrap_or(-1);
    (code, text(&output.stdout), text(&output.stderr))
}
