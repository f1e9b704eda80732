//! Something dies, or never comes to life.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use super::lab::{Lab, Model, SLACK, TTL};
use crate::common::cluster::Cluster;
use crate::common::wait_until;

pub fn llama_server_killed(cluster: Cluster) {
    let mut lab = Lab::new(cluster);
    let job = lab.start(&Model::tiny(), &[]);
    lab.process("llama-server").signal("KILL");
    assert_eq!(lab.wait_for_clean_end(&job, SLACK), "FAILED");
    assert_eq!(lab.exit_code(&job.id), "137:0", "128 and the signal");
    let message = lab.wait_for_messages("Failed", 1).remove(0);
    let said = message["message"].as_str().unwrap_or_default();
    assert!(said.contains("SIGKILL") || said.contains("signal 9"), "{message}");
}

pub fn bad_model_file(cluster: Cluster) {
    let mut lab = Lab::new(cluster);
    let file = lab.sandbox.write("broken.gguf", "GGUF, or so it says");
    let job = lab.submit(&Model { file, ..Model::tiny() }, &[]);
    assert_eq!(lab.wait_for_end(&job, SLACK), "FAILED");
    assert_eq!(lab.exit_code(&job), "1:0", "llama-server's own code");
    lab.assert_nothing_left(&job);
    let message = lab.wait_for_messages("Failed", 1).remove(0);
    let said = message["message"].as_str().unwrap_or_default();
    assert!(said.contains("broken.gguf"), "the end of llama-server's log is in it: {message}");
    assert!(lab.messages("Ready").is_empty(), "it never was ready");
}

pub fn port_taken(cluster: Cluster) {
    let mut lab = Lab::new(cluster);
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port();
    let job = lab.submit(&Model::tiny().server(&format!("port: {port}")), &[]);
    assert_eq!(lab.wait_for_end(&job, SLACK), "FAILED");
    lab.assert_nothing_left(&job);
    let message = lab.wait_for_messages("Failed", 1).remove(0);
    let said = message["message"].as_str().unwrap_or_default();
    assert!(said.contains(&port.to_string()), "the reason names the port: {message}");
    assert!(lab.messages("Ready").is_empty());
}

pub fn supervisor_killed(cluster: Cluster) {
    let mut lab = Lab::new(cluster);
    let job = lab.start(&Model::tiny(), &[]);
    let llama_server = lab.process("llama-server");
    let killed = Instant::now();
    lab.process("llamactl").signal("KILL");
    wait_until("llama-server's end", Duration::from_secs(5), || {
        (!llama_server.alive()).then_some(())
    });
    // Nobody said goodbye: the lease decides.
    let deadline = (TTL + Duration::from_secs(2)).saturating_sub(killed.elapsed());
    wait_until("state lost", deadline, || {
        lab.entry(&job.id).filter(|server| server["state"] == "lost")
    });
    let shown = lab.sandbox.json(&["ls", "--json"]);
    let rows = shown.as_array().expect("a list");
    let ours = rows.iter().find(|row| row["job_id"] == job.id.as_str());
    assert!(ours.is_none_or(|row| row["state"] != "ready"), "{shown}");
    lab.wait_for_end(&job.id, SLACK);
    lab.wait_for_no_process(Duration::from_secs(5));
}
