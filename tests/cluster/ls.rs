//! `ls`, `status`, `logs` and `stop`, with a real registry, a real SLURM and real servers.

use std::io::Read;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};

use crate::common::cluster::Cluster;
use crate::common::registry::Registry;
use crate::common::server::{READY, connection_file};
use crate::common::{LLAMACTL, Sandbox, free_port, signal, text, wait_until};
use crate::finding::{register, server, submit, wait_listed};

/// How long one answer may take on a busy machine.
const SOON: Duration = Duration::from_secs(30);

/// A sandbox whose SLURM is not there.
fn without_slurm() -> Sandbox {
    let mut sandbox = Sandbox::new();
    sandbox.set("LLAMACTL_SLURM_BIN", sandbox.path("no-slurm").display());
    sandbox
}

fn on_cluster() -> Sandbox {
    let mut sandbox = Sandbox::new();
    Cluster::Pgid.enter(&mut sandbox);
    sandbox
}

#[test]
fn a_server_is_listed_with_all_that_is_known_of_it() {
    let mut sandbox = without_slurm();
    let _registry = Registry::start_in(&mut sandbox, &[]);
    let _server = server(&sandbox, "tiny", json!({"context": 4096, "parallel": 2}));
    let entry = wait_listed(&sandbox, "tiny");
    assert_eq!(entry["state"], "ready");
    assert!(entry.get("api_key").is_none() && !entry.to_string().contains("secret"), "{entry}");
    let table = sandbox.ok(&["ls"]);
    let port = entry["port"].to_string();
    for word in ["NAME", "HOST:PORT", "tiny", "ready", "4k", "/2", &port] {
        assert!(table.contains(word), "{word} in {table}");
    }
    let shown = |args: &[&str]| sandbox.json(args).as_array().map_or(0, Vec::len);
    let me = entry["owner"].as_str().unwrap();
    assert_eq!(shown(&["ls", "--json", "--mine", "--model", "TINY"]), 1);
    assert_eq!(shown(&["ls", "--json", "--owner", me]), 1);
    assert_eq!(shown(&["ls", "--json", "--owner", "nobody-else"]), 0);
    assert_eq!(shown(&["ls", "--json", "--label", "team=x"]), 0);
    assert_eq!(shown(&["ls", "--json", "--state", "draining"]), 0);
}

#[test]
fn nothing_to_list_says_what_to_do_next() {
    let mut sandbox = without_slurm();
    let _registry = Registry::start_in(&mut sandbox, &[]);
    let (code, stdout, stderr) = sandbox.outcome(&["ls"]);
    assert_eq!((code, stdout.as_str()), (0, ""));
    assert!(stderr.contains("no servers") && stderr.contains("llamactl submit"), "{stderr}");
    let (code, stdout, _) = sandbox.outcome(&["ls", "--json"]);
    assert_eq!((code, stdout.trim()), (0, "[]"));
    let (code, _, stderr) = sandbox.outcome(&["ls", "--state", "redy"]);
    assert_eq!(code, 2);
    assert!(stderr.contains("redy") && stderr.contains("loading"), "{stderr}");
}

#[test]
fn what_others_wrote_does_not_reach_the_terminal_and_no_color_is_kept() {
    let mut sandbox = without_slurm();
    sandbox.set("REGISTRY_URL", format!("http://127.0.0.1:{}", free_port()));
    // The registry refuses such names; a connection file may have any.
    let file = "export LLAMA_SERVER_HOST=127.0.0.1\nexport LLAMA_SERVER_PORT=9\n\
                export LLAMA_JOB_ID=local-1\n\
                export LLAMA_SERVER_NAME='evil\u{1b}[31m\u{9b}2J\u{7}'\n";
    sandbox.write("work/llama_server_connection_local-1.txt", file);
    sandbox.set("LLAMACTL_LOG", "error");
    let on_terminal = |sandbox: &Sandbox| {
        let line = format!("stty cols 120 rows 30; {LLAMACTL} ls");
        let mut script = sandbox.command("script");
        let output = script.args(["-qec", &line, "/dev/null"]).output().expect("script");
        text(&output.stdout)
    };
    let plain = on_terminal(&sandbox);
    assert!(plain.contains("evil") && plain.contains("unknown"), "{plain}");
    assert!(!plain.contains('\u{1b}') && !plain.contains('\u{9b}'), "{plain:?}");
    sandbox.set("NO_COLOR", "");
    sandbox.set("TERM", "xterm");
    let coloured = on_terminal(&sandbox);
    assert!(coloured.contains("munknown"), "a colour before it: {coloured:?}");
    assert!(!coloured.contains("\u{1b}[31m\u{9b}"), "{coloured:?}");
}

#[test]
fn a_narrow_terminal_gets_a_narrow_table() {
    let mut sandbox = without_slurm();
    let _registry = Registry::start_in(&mut sandbox, &[]);
    register(&sandbox, json!({"name": "a-rather-long-name", "job_id": "4711", "gpus": "4 x h100"}));
    sandbox.set("LLAMACTL_LOG", "error");
    for columns in [40, 60, 200] {
        let line = format!("stty cols {columns} rows 30; {LLAMACTL} ls");
        let output = sandbox.command("script").args(["-qec", &line, "/dev/null"]).output().unwrap();
        let table = text(&output.stdout);
        assert!(table.contains("a-rather-long-name") && table.contains("4711"), "{table}");
        assert_eq!(table.contains("4 x h100"), columns == 200, "{columns}: {table}");
        assert!(table.lines().all(|line| line.trim_end().chars().count() <= columns), "{table}");
    }
}

#[test]
fn without_a_registry_slurm_and_the_connection_files_tell() {
    let mut sandbox = on_cluster();
    let dead = format!("http://127.0.0.1:{}", free_port());
    sandbox.set("REGISTRY_URL", &dead);
    let held = submit(Cluster::Pgid, &sandbox, "held", true);
    let running = submit(Cluster::Pgid, &sandbox, "up", false);
    let find = |job: &str| -> Option<Value> {
        let listed = sandbox.json(&["ls", "--json"]);
        listed.as_array()?.iter().find(|one| one["job_id"] == job).cloned()
    };
    wait_until("ready by its connection file", READY, || {
        find(&running).filter(|one| one["state"] == "ready" && one["port"].is_u64())
    });
    let pending = find(&held).expect("the held job");
    assert_eq!((&pending["state"], &pending["name"]), (&json!("pending"), &json!("held")));
    assert!(pending["reason"].as_str().is_some_and(|reason| reason.contains("Held")), "{pending}");
    let (code, _, stderr) = sandbox.outcome(&["ls"]);
    assert_eq!(code, 0);
    assert_eq!(stderr.lines().filter(|line| line.contains(&dead)).count(), 1, "{stderr}");
    assert!(stderr.contains("SLURM and connection files"), "{stderr}");
    assert_eq!(
        sandbox.json(&["ls", "--json", "--state", "pending", "--model", "held"])[0],
        pending
    );
    sandbox.ok(&["stop", &held, &running, "--wait", "--quiet"]);
    assert!(find(&held).is_none() && find(&running).is_none());
}

#[test]
fn without_slurm_and_registry_a_connection_file_is_enough() {
    let mut sandbox = without_slurm();
    let server = server(&sandbox, "alone", json!({}));
    sandbox.set("REGISTRY_URL", format!("http://127.0.0.1:{}", free_port()));
    let listed = sandbox.json(&["ls", "--json"]);
    assert_eq!((&listed[0]["name"], &listed[0]["state"]), (&json!("alone"), &json!("ready")));
    // Killed without a word, it leaves its file behind.
    let file = connection_file(&sandbox.work()).unwrap();
    let kept = std::fs::read(&file).unwrap();
    drop(server);
    std::fs::write(&file, kept).unwrap();
    assert_eq!(sandbox.json(&["ls", "--json"])[0]["state"], "unknown");
}

#[test]
fn a_failed_squeue_is_not_an_answer() {
    let mut sandbox = on_cluster();
    let _registry = Registry::start_in(&mut sandbox, &[]);
    let fails =
        "#!/bin/sh\necho 'slurm_load_jobs error: Unable to contact slurm controller' >&2\nexit 1\n";
    for command in ["squeue", "scontrol"] {
        sandbox.program(command, fails);
    }
    let (code, _, stderr) = sandbox.outcome(&["status", "4711"]);
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("Unable to contact slurm controller"), "{stderr}");
    register(&sandbox, json!({"name": "theirs", "job_id": "4712"}));
    let status = sandbox.json(&["status", "4712", "--json"]);
    assert_eq!(status["slurm"]["presence"], "unknown", "{status}");
    assert_eq!(status["state"], "ready");
    sandbox.set("REGISTRY_URL", format!("http://127.0.0.1:{}", free_port()));
    let (code, stdout, stderr) = sandbox.outcome(&["ls", "--json"]);
    assert_eq!((code, stdout.trim()), (0, "[]"));
    assert!(stderr.contains("SLURM did not answer"), "{stderr}");
}

#[test]
fn what_nobody_knows_is_4_and_what_fits_twice_is_2() {
    let mut sandbox = on_cluster();
    let _registry = Registry::start_in(&mut sandbox, &[]);
    register(&sandbox, json!({"name": "qwen3-30b", "job_id": "901"}));
    register(&sandbox, json!({"name": "qwen3-30b", "job_id": "902"}));
    let (code, _, stderr) = sandbox.outcome(&["status", "qwne3-30b"]);
    assert_eq!(code, 4, "{stderr}");
    assert!(stderr.contains("did you mean `qwen3-30b`"), "{stderr}");
    assert_eq!(sandbox.outcome(&["status", "99999999"]).0, 4);
    let (code, _, stderr) = sandbox.outcome(&["status", "qwen3"]);
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("901") && stderr.contains("902"), "{stderr}");
    assert_eq!(sandbox.json(&["status", "902", "--json"])["job"], "902");
}

#[test]
fn watch_prints_what_changes_and_ends_with_its_reader_or_with_ctrl_c() {
    let mut sandbox = without_slurm();
    let _registry = Registry::start_in(&mut sandbox, &[]);
    let mut command = sandbox.llamactl(&["ls", "--watch", "--json"]);
    let mut watch = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut stdout = watch.stdout.take().unwrap();
    let mut next = || {
        let (mut line, mut byte) = (Vec::new(), [0]);
        while stdout.read(&mut byte).unwrap() == 1 && byte[0] != b'\n' {
            line.push(byte[0]);
        }
        serde_json::from_slice::<Value>(&line).unwrap_or_else(|e| panic!("{e}: {}", text(&line)))
    };
    assert_eq!(next(), json!([]));
    register(&sandbox, json!({"name": "new", "job_id": "5"}));
    assert_eq!(next()[0]["name"], "new");
    signal(watch.id(), "INT");
    assert_eq!(watch.wait().unwrap().code(), Some(0));

    let mut command = sandbox.llamactl(&["ls", "--watch"]);
    let mut watch = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 4];
    watch.stdout.take().unwrap().read_exact(&mut first).unwrap();
    assert_eq!(&first, b"NAME");
    let status = wait_until("its end", SOON, || watch.try_wait().unwrap());
    assert_eq!(status.code(), Some(0));
}

#[test]
fn watch_redraws_in_place_on_a_terminal() {
    let mut sandbox = without_slurm();
    let _registry = Registry::start_in(&mut sandbox, &[]);
    register(&sandbox, json!({"name": "one", "job_id": "5"}));
    let log = sandbox.path("typescript");
    let mut script = sandbox.command("script");
    let line = format!("stty cols 100 rows 20; exec {LLAMACTL} ls --watch");
    let mut script = script.args(["-qefc", &line]).arg(&log).stdout(Stdio::null()).spawn().unwrap();
    let shown = || text(&std::fs::read(&log).unwrap_or_default());
    wait_until("the first picture", SOON, || shown().contains("one").then_some(()));
    register(&sandbox, json!({"name": "two", "job_id": "6"}));
    let all = wait_until("the second", SOON, || Some(shown()).filter(|all| all.contains("two")));
    let last = all.rsplit("\u{1b}[J").next().unwrap();
    assert!(last.contains("one") && last.contains("two"), "{all:?}");
    assert!(all.contains("\u{1b}[2A\r\u{1b}[J"), "two lines up: {all:?}");
    assert!(!all.contains("\u{1b}[3"), "no colours: {all:?}");
    signal(script.id(), "TERM");
    script.wait().unwrap();
}

#[test]
fn a_reader_that_has_enough_is_no_failure() {
    let mut sandbox = without_slurm();
    let _registry = Registry::start_in(&mut sandbox, &[]);
    let labels: Vec<(String, String)> =
        (0..20).map(|n| (format!("label{n}"), "x".repeat(400))).collect();
    let labels: serde_json::Map<String, Value> =
        labels.into_iter().map(|(key, value)| (key, value.into())).collect();
    for n in 0..20 {
        register(
            &sandbox,
            json!({"name": format!("s{n}"), "job_id": n.to_string(), "labels": labels}),
        );
    }
    let line = format!("{LLAMACTL} ls --json | head -n 1; echo \"${{PIPESTATUS[0]}}\"");
    let output = sandbox.command("bash").args(["-c", &line]).output().unwrap();
    assert_eq!(text(&output.stdout), "[\n0\n", "{}", text(&output.stderr));
}

#[test]
fn logs_follow_a_job_to_its_end() {
    let mut sandbox = on_cluster();
    let _registry = Registry::start_in(&mut sandbox, &[]);
    let held = submit(Cluster::Pgid, &sandbox, "logged", true);
    let (code, _, stderr) = sandbox.outcome(&["logs", &held]);
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("waits in the queue (JobHeldUser)"), "{stderr}");
    let mut follow = sandbox.llamactl(&["logs", "-f", "logged"]);
    let told = sandbox.path("follow.log");
    let stderr = std::fs::File::create(&told).unwrap();
    let mut follow = follow.stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
    let why = "is not there yet: the job waits in the queue (JobHeldUser)";
    let says = || std::fs::read_to_string(&told).unwrap_or_default().contains(why);
    wait_until("what it waits for", SOON, || says().then_some(()));
    Cluster::Pgid.run(&sandbox, "scontrol", &["release", &held]);
    wait_listed(&sandbox, "logged");
    let last = sandbox.ok(&["logs", "-n", "1", &held]);
    assert_eq!(last.lines().count(), 1, "{last}");
    sandbox.ok(&["stop", "logged", "--wait"]);
    let status = wait_until("the end of the log", SOON, || follow.try_wait().unwrap());
    let mut stdout = String::new();
    follow.stdout.unwrap().read_to_string(&mut stdout).unwrap();
    assert_eq!(status.code(), Some(0));
    let file =
        std::fs::read_to_string(sandbox.work().join(format!("llamactl-{held}.log"))).unwrap();
    assert_eq!(stdout, file, "all of it, unchanged");
    // SLURM still knows where it was.
    let shown = sandbox.json(&["logs", "--json", "-n", "3", &held]);
    assert_eq!(shown["lines"].as_array().unwrap().len(), 3);
}

#[test]
fn a_log_does_not_steer_the_terminal() {
    let mut sandbox = on_cluster();
    sandbox.set("LLAMACTL_LOG", "error");
    let log = "printf 'plain \\033[31mred\\033[0m \\033]0;title\\007 end\\n'";
    let script = sandbox.write("evil.sh", format!("#!/bin/sh\n{log}\n"));
    let script = script.to_string_lossy().into_owned();
    let args = ["--parsable", "--comment=llamactl:x", "--time=1", "--mem=10", &script];
    let job = Cluster::Pgid.run(&sandbox, "sbatch", &args);
    Cluster::Pgid.wait_for_state(&sandbox, &job, &["COMPLETED"], SOON);
    let raw = sandbox.ok(&["logs", &job]);
    assert!(raw.contains("\u{1b}[31mred"), "a pipe gets it as it is: {raw:?}");
    let line = format!("{LLAMACTL} logs {job}");
    let output = sandbox.command("script").args(["-qec", &line, "/dev/null"]).output().unwrap();
    let shown = text(&output.stdout);
    assert_eq!(shown.trim_end(), "plain red  end", "{shown:?}");
}

#[test]
fn stop_ends_ones_own_jobs_and_reports_each() {
    let mut sandbox = on_cluster();
    let _registry = Registry::start_in(&mut sandbox, &[]);
    let held = submit(Cluster::Pgid, &sandbox, "waits", true);
    let running = submit(Cluster::Pgid, &sandbox, "runs", false);
    wait_listed(&sandbox, "runs");
    // An id that no job of the cluster gets while the tests run.
    register(&sandbox, json!({"name": "theirs", "job_id": "60000007"}));
    let (code, stdout, stderr) = sandbox.outcome(&["stop", "theirs", "waits", "runs", "--wait"]);
    assert_eq!(code, 1, "one of three failed: {stderr}");
    assert!(stderr.contains("is somebody's, not yours"), "{stderr}");
    assert!(stdout.contains(&format!("{held} (waits) is out of the queue")), "{stdout}");
    assert!(stdout.contains(&format!("{running} (runs) drains and ends")), "{stdout}");
    for job in [&held, &running] {
        let state = Cluster::Pgid.job_field(&sandbox, job, "JobState");
        assert_eq!(state, "CANCELLED");
    }
    assert!(sandbox.json(&["ls", "--json", "--model", "runs"]).as_array().unwrap().is_empty());
    assert_eq!(
        sandbox.outcome(&["stop", &running]).1,
        format!("{running} (runs) had ended already\n")
    );
    assert_eq!(sandbox.outcome(&["stop", "theirs"]).0, 1);
    assert_eq!(sandbox.outcome(&["stop", "no-such-name"]).0, 4);
}

#[test]
fn stop_now_does_not_wait_for_requests() {
    let mut sandbox = on_cluster();
    let _registry = Registry::start_in(&mut sandbox, &[]);
    let job = submit(Cluster::Pgid, &sandbox, "quick", false);
    wait_listed(&sandbox, "quick");
    sandbox.ok(&["stop", "--now", "--wait", "--timeout", "60s", &job]);
    assert_eq!(sandbox.json(&["ls", "--json", "--state", "all", "--model", "quick"]), json!([]));
}

#[test]
fn stop_waits_only_as_long_as_it_was_told() {
    let sandbox = on_cluster();
    let script = "#!/bin/bash\ntrap '' TERM\ntouch started\nwhile :; do sleep 1; done\n";
    let script = sandbox.write("stubborn.sh", script).to_string_lossy().into_owned();
    let args = ["--parsable", "--comment=llamactl:x", "--time=1", "--mem=10", &script];
    let job = Cluster::Pgid.run(&sandbox, "sbatch", &args);
    wait_until("the script", SOON, || sandbox.work().join("started").exists().then_some(()));
    let (code, _, stderr) = sandbox.outcome(&["stop", &job, "--wait", "--timeout", "1s"]);
    assert_eq!(code, 3, "{stderr}");
    assert!(stderr.contains("not gone in time"), "{stderr}");
}

#[test]
fn a_server_outside_slurm_is_stopped_where_it_runs() {
    let mut sandbox = without_slurm();
    let _registry = Registry::start_in(&mut sandbox, &[]);
    let _server = server(&sandbox, "bench", json!({}));
    wait_listed(&sandbox, "bench");
    for command in ["stop", "logs"] {
        let (code, _, stderr) = sandbox.outcome(&[command, "bench"]);
        assert_eq!(code, 1, "{stderr}");
        assert!(stderr.contains("llamactl run") && stderr.contains("127.0.0.1"), "{stderr}");
    }
    let status = sandbox.json(&["status", "bench", "--json"]);
    assert_eq!(status["probe"]["identity"], "proved", "{status}");
    assert_eq!(status["slurm"], Value::Null);
    assert!(!status.to_string().contains("api_key"), "{status}");
    let text = sandbox.ok(&["status", "bench"]);
    assert!(text.contains("answers, and proved that it is the one"), "{text}");
}

#[test]
fn status_shows_what_slurm_says() {
    let mut sandbox = on_cluster();
    let _registry = Registry::start_in(&mut sandbox, &[]);
    let held = submit(Cluster::Pgid, &sandbox, "shown", true);
    let text = sandbox.ok(&["status", "shown"]);
    assert!(text.contains("pending (JobHeldUser)") && text.contains("no estimate"), "{text}");
    Cluster::Pgid.run(&sandbox, "scontrol", &["release", &held]);
    wait_listed(&sandbox, "shown");
    let status = sandbox.json(&["status", &held, "--json"]);
    assert_eq!(status["slurm"], json!({"presence": "present", "detail": "running"}));
    assert_eq!(status["server"]["state"], "ready");
    assert!(status["log"].as_str().unwrap().ends_with(&format!("llamactl-{held}.log")), "{status}");
    assert!(status["ends"].is_string(), "{status}");
    sandbox.ok(&["stop", &held, "--wait"]);
    let status = sandbox.json(&["status", &held, "--json"]);
    assert_eq!((&status["state"], &status["slurm"]["presence"]), (&json!("ended"), &json!("gone")));
}
