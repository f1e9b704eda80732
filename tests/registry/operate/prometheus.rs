//! Debian's real Prometheus, and its promtool, on what deploy/ and the registry give them.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::{SOON, Serving, run};
use crate::common::lab::Prometheus;
use crate::common::services::Daemon;
use crate::common::{http, project, text, tiny_model, wait_until};

fn deployed(name: &str) -> String {
    project().join("deploy").join(name).display().to_string()
}

fn metrics(serving: &Serving) -> String {
    let (status, text) = http::get_text(&format!("{}/metrics", serving.url)).expect("an answer");
    assert_eq!(status, 200, "{text}");
    text
}

#[test]
fn promtool_accepts_the_configuration_and_the_rules_do_what_they_say() {
    run("promtool", &["check", "config", &deployed("prometheus/scrape.yml")]);
    run("promtool", &["check", "rules", &deployed("prometheus/rules.yml")]);
    run("promtool", &["test", "rules", &deployed("prometheus/rules.test.yml")]);
    let read = |name: &str| std::fs::read_to_string(deployed(name)).unwrap();
    let (rules, tests) = (read("prometheus/rules.yml"), read("prometheus/rules.test.yml"));
    for alert in rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
        assert!(tests.contains(&format!("alertname: {alert}\n        exp_alerts")), "{alert}");
    }
}

#[test]
fn promtool_accepts_the_metrics() {
    let serving = Serving::start(&[]);
    serving.register_old("7", 9);
    let text = metrics(&serving);
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool: run `make test-deps`");
    promtool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    let said = format!("{}{}", self::text(&output.stdout), self::text(&output.stderr));
    assert!(output.status.success() && said.is_empty(), "{said}\n{text}");
}

/// The configuration in deploy/ as it is, but for the registry's address and the pauses.
fn configuration(serving: &Serving) -> String {
    let address = serving.url.trim_start_matches("http://");
    let text = std::fs::read_to_string(deployed("prometheus/scrape.yml")).unwrap();
    text.replace("localhost:5000", address)
        .replace(
            "rule_files: [rules.yml]",
            &format!("rule_files: [{}]", deployed("prometheus/rules.yml")),
        )
        .replace("scrape_interval: 15s", "scrape_interval: 500ms")
        .replace("evaluation_interval: 15s", "evaluation_interval: 1s")
        .replace("refresh_interval: 30s", "refresh_interval: 500ms")
}

/// The value of the one series that a query gives.
fn value(prometheus: &Prometheus, query: &str) -> Option<f64> {
    let query: String = query.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let found = prometheus.api(&format!("query?query={query}"));
    found["result"][0]["value"][1].as_str()?.parse().ok()
}

#[test]
fn prometheus_scrapes_the_registry_and_finds_its_servers() {
    let serving = Serving::start(&["--probe", "300ms"]);
    let sandbox = &serving.sandbox;
    // One whose owner lets everybody count, and one that wants its key.
    let spec = |name: &str, labels: &str| {
        let spec = format!(
            "name: {name}\nmodel: {}\nserver: {{ context: 4096, parallel: 1, threads: 1 }}\n\
             registry: {}\n{labels}\n",
            tiny_model().display(),
            serving.url
        );
        let file = sandbox.write(format!("{name}.yaml"), spec);
        let mut command = sandbox.llamactl(&["run", "--spec", file.to_str().unwrap()]);
        command.current_dir(sandbox.path("home"));
        Daemon::start(command, sandbox.path(format!("{name}.log")))
    };
    let _counted = spec("counted", "labels: { metrics: open }");
    let _closed = spec("closed", "");
    wait_until("both are ready", SOON, || {
        let ready = serving.get("/api/v1/servers?state=ready");
        (ready.as_array()?.len() == 2).then_some(())
    });
    let groups = serving.get("/sd/prometheus");
    assert_eq!(groups.as_array().unwrap().len(), 2, "{groups}");
    assert!(!groups.to_string().contains("loading"));
    for group in groups.as_array().unwrap() {
        let address = group["targets"][0].as_str().unwrap();
        let open = group["labels"]["__meta_llamactl_label_metrics"] == "open";
        let (status, body) = http::get_text(&format!("http://{address}/metrics")).unwrap();
        assert_eq!(status, if open { 200 } else { 401 }, "{body}");
        let (status, _) = http::get_text(&format!("http://{address}/props")).unwrap();
        assert_eq!(status, 401, "nothing else is open");
    }

    let prometheus = Prometheus::start(&configuration(&serving));
    let wait = |query: &str, wanted: f64| {
        wait_until(query, SOON, || value(&prometheus, query).filter(|value| *value == wanted))
    };
    wait("up{job=\"llamactl-registry\"}", 1.0);
    wait("llamactl_registry_servers{state=\"ready\"}", 2.0);
    wait("sum(llamactl_registry_slots)", 2.0);
    wait("count(up{job=\"llama-server\"} == 1)", 1.0);
    wait("count(llamacpp:requests_processing{job=\"llama-server\", owner!=\"\"})", 1.0);
    wait_until("looks are counted", SOON, || {
        value(&prometheus, "sum(llamactl_registry_probes_total{result=\"ok\"})")
            .filter(|n| *n >= 2.0)
    });
    assert!(value(&prometheus, "process_resident_memory_bytes").unwrap() > 1e6);
    let rules = prometheus.api("rules");
    let bad = |rule: &&Value| rule["health"] == "err";
    let all: Vec<_> = rules["groups"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|group| group["rules"].as_array().unwrap())
        .collect();
    assert!(all.len() >= 10 && !all.iter().any(bad), "{rules}");
    dashboard(&prometheus, &metrics(&serving));
}

/// Every query of the dashboard is one that Prometheus understands, over metrics that exist.
fn dashboard(prometheus: &Prometheus, metrics: &str) {
    let json = std::fs::read_to_string(deployed("grafana/llamactl.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&json).unwrap();
    let ours: BTreeSet<&str> = metrics
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .collect();
    let mut queries = 0;
    for panel in dashboard["panels"].as_array().unwrap() {
        let inside = &panel["gridPos"];
        let end = inside["x"].as_u64().unwrap() + inside["w"].as_u64().unwrap();
        assert!(end <= 24, "{}", panel["title"]);
        for target in panel["targets"].as_array().into_iter().flatten() {
            let query = target["expr"].as_str().unwrap();
            let plain = query.replace("$__rate_interval", "1m").replace("$instance", ".*");
            assert!(!plain.contains('$'), "{plain}");
            value(prometheus, &plain);
            for name in names(&plain) {
                let base = ["_bucket", "_sum", "_count"]
                    .iter()
                    .find_map(|end| name.strip_suffix(end))
                    .unwrap_or(name);
                assert!(ours.contains(base) || ours.contains(name), "{name} in {query}");
            }
            queries += 1;
        }
    }
    assert!(queries > 20, "{queries}");
    let variables = dashboard["templating"]["list"].as_array().unwrap();
    assert!(variables.iter().any(|v| v["type"] == "datasource"), "{}", json!(variables));
}

/// The names of our metrics in a query; llama-server's own have a colon.
fn names(query: &str) -> Vec<&str> {
    let word = |c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':');
    let ours = |name: &&str| name.starts_with("llamactl_") || name.starts_with("process_");
    query.split(word).filter(ours).collect()
}
