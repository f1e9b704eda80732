//! A registry that goes, or never comes, must not harm a server.

use std::time::{Duration, Instant};

use super::lab::{KILL_WAIT, Lab, Model, SLACK, TTL};
use crate::common::cluster::Cluster;
use crate::common::{holds_for, wait_until};

pub fn registry_killed_and_restarted(cluster: Cluster) {
    let mut lab = Lab::new(cluster);
    let job = lab.start(&Model::tiny(), &[]);
    lab.registry.kill();
    // Down for longer than a lease: heartbeats fail, the server does not care.
    holds_for("the server answers", TTL + Duration::from_secs(2), || {
        job.assert_answers();
        true
    });
    lab.registry.restart();
    // The entry was on disk, and no lease ends before its holder had the chance to renew it.
    holds_for("the same entry, ready", TTL * 3, || {
        lab.entry(&job.id).is_some_and(|s| s["id"] == job.server["id"] && s["state"] == "ready")
    });
    lab.slurm("scancel", &[&job.id]);
    assert_eq!(lab.wait_for_clean_end(&job, SLACK), "CANCELLED");
    assert!(lab.messages("Failed").is_empty());
}

pub fn registry_away_for_the_whole_job(cluster: Cluster) {
    let mut lab = Lab::new(cluster);
    lab.registry.kill();
    let id = lab.submit(&Model::tiny(), &[]);
    let message = lab.wait_for_messages("Ready", 1).remove(0);
    assert!(message["title"].as_str().is_some_and(|title| title.contains(&id)), "{message}");
    let connection = wait_until("the connection file", SLACK, || {
        llamactl::connection::Connection::read(&lab.sandbox.work(), &id)
    });
    let url = format!("http://{}:{}", connection.host, connection.port);
    let key = connection.api_key.as_ref().map(|key| key.expose().to_owned());
    let (status, _) = crate::common::http::ask(&url, key.as_deref()).expect("an answer");
    assert_eq!(status, 200);
    let asked = Instant::now();
    lab.slurm("scancel", &[&id]);
    assert_eq!(lab.wait_for_end(&id, SLACK), "CANCELLED");
    assert!(asked.elapsed() < KILL_WAIT, "a dead registry does not hold up the end");
    assert!(!lab.connection_file(&id).exists());
    lab.wait_for_no_process(Duration::from_secs(5));
    assert!(lab.messages("Failed").is_empty());
}
