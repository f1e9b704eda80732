//! A job that is asked to end: by its owner, by SLURM, by the clock.

use std::time::{Duration, Instant};

use super::lab::{KILL_WAIT, Lab, Model, SLACK};
use crate::common::cluster::Cluster;
use crate::common::http::{self, Stream};
use crate::common::wait_until;

/// An answer of so many tokens ends well before KillWait, on a loaded machine too.
const SHORT: u32 = 80;

pub fn scancel(cluster: Cluster) {
    let mut lab = Lab::new(cluster);
    let job = lab.start(&Model::tiny(), &[]);
    job.assert_answers();
    let asked = Instant::now();
    lab.slurm("scancel", &[&job.id]);
    assert_eq!(lab.wait_for_clean_end(&job, SLACK), "CANCELLED");
    assert!(asked.elapsed() < KILL_WAIT, "an idle server ends at once, not by KILL");
    assert_eq!(lab.messages("Ready").len(), 1);
    assert!(lab.messages("Failed").is_empty(), "a cancelled job has not failed");
}

pub fn scancel_while_a_short_answer_streams(cluster: Cluster) {
    let mut lab = Lab::new(cluster);
    let job = lab.start(&Model::slow(), &[]);
    let stream = job.stream(SHORT);
    lab.slurm("scancel", &[&job.id]);
    let ended = stream.wait(SLACK);
    assert!(ended.complete, "the answer that was under way arrives whole: {ended:?}");
    assert_eq!(lab.wait_for_clean_end(&job, SLACK), "CANCELLED");
}

pub fn scancel_while_a_long_answer_streams(cluster: Cluster) {
    let mut lab = Lab::new(cluster);
    let job = lab.start(&Model::slow(), &[]);
    let stream = job.stream(8000);
    let asked = Instant::now();
    lab.slurm("scancel", &[&job.id]);
    wait_until("state draining", KILL_WAIT, || {
        lab.entry(&job.id).filter(|server| server["state"] == "draining")
    });
    let (status, _) = http::ask(&job.url(), Some(job.key())).expect("an answer");
    assert_eq!(status, 503, "a draining server takes nothing new");
    let ended = stream.wait(SLACK);
    let streamed = ended.at.duration_since(asked);
    // A margin before KILL is for the goodbye; what came before it belonged to the stream.
    assert!(ended.complete || streamed > KILL_WAIT / 3, "cut after {streamed:?}");
    assert!(streamed < KILL_WAIT, "the stream outlived KillWait: {streamed:?}");
    assert_eq!(lab.wait_for_clean_end(&job, SLACK), "CANCELLED");
}

pub fn term_to_every_process(cluster: Cluster) {
    let mut lab = Lab::new(cluster);
    let job = lab.start(&Model::slow(), &[]);
    let stream = job.stream(SHORT);
    lab.slurm("scancel", &["--full", "--signal=TERM", &job.id]);
    let ended = stream.wait(SLACK);
    assert!(ended.complete, "llama-server is shielded from the TERM: {ended:?}");
    let state = lab.wait_for_clean_end(&job, SLACK);
    assert_eq!((state.as_str(), lab.exit_code(&job.id).as_str()), ("COMPLETED", "0:0"));
    assert!(lab.messages("Failed").is_empty(), "a job that was asked to end has not failed");
}

pub fn time_limit_with_a_stream_running(cluster: Cluster) {
    let mut lab = Lab::new(cluster);
    // The last quarter of the minute is for draining.
    let job = lab.start(&Model::slow().slurm("time: 1").slurm("drain_before: 15s"), &[]);
    // Answer after answer, until one is refused: some stream runs when the drain begins.
    let mut complete = 0;
    let last = loop {
        // Short enough for the drain on a machine that is busy with the other tests.
        let stream = Stream::start(&job.url(), job.key(), 120);
        let ended = stream.wait(Duration::from_secs(150));
        if ended.status != 200 || !ended.complete {
            break ended;
        }
        complete += 1;
    };
    assert!(complete > 0, "not one answer came through: {last:?}");
    assert!([503, 0].contains(&last.status), "no answer is cut; new ones are refused: {last:?}");
    let state = lab.wait_for_clean_end(&job, SLACK);
    assert_eq!((state.as_str(), lab.exit_code(&job.id).as_str()), ("COMPLETED", "0:0"));
    assert!(lab.messages("Failed").is_empty(), "a job at its walltime's end has not failed");
}

pub fn stop_command(cluster: Cluster) {
    let mut lab = Lab::new(cluster);
    let job = lab.start(&Model::slow(), &[]);
    let stream = job.stream(SHORT);
    lab.sandbox.ok(&["stop", "--wait", &job.id]);
    let ended = stream.ended().expect("stop --wait comes back after the last stream");
    assert!(ended.complete, "{ended:?}");
    lab.wait_for_clean_end(&job, SLACK);
    assert!(lab.messages("Failed").is_empty(), "a job that was stopped has not failed");
}
