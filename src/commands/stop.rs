//! `llamactl stop`

use std::time::{Duration, Instant};

use serde_json::json;

use crate::cli::StopArgs;
use crate::commands::Context;
use crate::commands::target::Known;
use crate::commands::target::choose::For;
use crate::commands::target::sources::Finder;
use crate::domain::job::{JobState, Presence};
use crate::exit::{Exit, Failure};
use crate::output::printable;
use crate::slurm::is_job_id;

/// How often SLURM is asked whether the jobs are gone.
const ASK: Duration = Duration::from_secs(2);

/// Runs the command: every target is tried, each is reported.
///
/// # Errors
/// Exit 2 for a wrong `--timeout`. What fails for one target is printed, and makes the exit
/// code: that of the only target, or 1 when one of several failed; 3 when `--wait` timed out.
pub async fn run(context: &Context, args: StopArgs) -> anyhow::Result<Exit> {
    let timeout = patience(&args.timeout)?;
    let finder = Finder::new(context)?;
    let (mut stopped, mut failed): (Vec<String>, Vec<Exit>) = (Vec::new(), Vec::new());
    let mut results = Vec::new();
    for target in &args.targets {
        match stop(&finder, target, args.now).await {
            Ok(done) => {
                context.printer.line(printable(&done.text))?;
                results.push(json!({"target": target, "job": done.job, "ok": true}));
                stopped.push(done.job);
            }
            Err(error) => {
                results.push(json!({"target": target, "ok": false, "error": format!("{error:#}")}));
                failed.push(context.printer.error(&error));
            }
        }
    }
    let late = if args.wait { wait(context, &finder, &stopped, timeout).await } else { Vec::new() };
    context.printer.json(&results)?;
    if !late.is_empty() {
        let jobs = late.join(", ");
        let error = Failure::with_exit(Exit::TIMED_OUT, format!("{jobs}: not gone in time"))
            .hint("`llamactl status` says what SLURM does with it");
        return Err(error.into());
    }
    Ok(match failed[..] {
        [] => Exit::OK,
        [exit] if args.targets.len() == 1 => exit,
        _ => Exit::FAILURE,
    })
}

struct Done {
    job: String,
    text: String,
}

/// Cancels one job. `scancel` sends SIGTERM to everything in the job: `llamactl run` takes it
/// as the word to drain, and SLURM kills what is left after KillWait. A second SIGTERM makes
/// it end at once; that one is sent first, to `llamactl run` alone, since SLURM signals no
/// job that is on its way out.
async fn stop(finder: &Finder, target: &str, now: bool) -> anyhow::Result<Done> {
    let known = finder.find(target, For::Managing).await?;
    let id = known.id();
    check(finder, &known, &id)?;
    let pending = known.job.as_ref().is_some_and(|job| job.state == JobState::Pending);
    let ended = known.job.as_ref().is_some_and(|job| job.state == JobState::Ended);
    let what = format!("{id} ({})", known.name());
    if ended {
        return Ok(Done { text: format!("{what} had ended already"), job: id });
    }
    if now && !pending {
        // It may have ended just now, or wait: then `cancel` does all there is to do.
        let _ = finder.slurm.signal_batch(&id, "TERM").await;
    }
    finder.slurm.cancel(&id).await?;
    let text = match (pending, now) {
        (true, _) => format!("{what} is out of the queue"),
        (false, true) => format!("{what} ends"),
        (false, false) => format!("{what} drains and ends"),
    };
    Ok(Done { job: id, text })
}

/// Only one's own jobs, and only SLURM's.
fn check(finder: &Finder, known: &Known, id: &str) -> Result<(), Failure> {
    let name = printable(known.name());
    if let Some(owner) = known.owner().filter(|owner| *owner != finder.me) {
        let owner = printable(owner);
        return Err(Failure::new(format!("{name} ({}) is {owner}'s, not yours", printable(id)))
            .hint(format!("ask {owner} to stop it")));
    }
    if !is_job_id(id) {
        let host = known.address().map_or("its host", |(host, _)| host);
        return Err(Failure::new(format!("{name} ({}) does not run in SLURM", printable(id)))
            .hint(format!("press Ctrl-C where `llamactl run` runs, on {}", printable(host))));
    }
    Ok(())
}

/// Waits until SLURM says of every job that it is gone; gives those that are not in time. A
/// query that failed does not make a job gone.
async fn wait(
    context: &Context,
    finder: &Finder,
    jobs: &[String],
    timeout: Option<Duration>,
) -> Vec<String> {
    let started = Instant::now();
    let spinner = context.printer.spinner();
    let mut left = jobs.to_vec();
    loop {
        let mut still = Vec::new();
        for job in left {
            match finder.slurm.job(&job).await {
                Presence::Gone(_) => {}
                Presence::Present(_) => still.push(job),
                Presence::Unknown(reason) => {
                    spinner.set_message(format!("SLURM did not answer: {}", printable(&reason)));
                    still.push(job);
                }
            }
        }
        left = still;
        if left.is_empty() || timeout.is_some_and(|timeout| started.elapsed() >= timeout) {
            spinner.finish_and_clear();
            return left;
        }
        spinner.set_message(format!("waiting for the end of {}", left.join(", ")));
        tokio::time::sleep(ASK).await;
    }
}

/// `10m` → ten minutes; `0` → for ever.
fn patience(text: &str) -> Result<Option<Duration>, Failure> {
    if text == "0" {
        return Ok(None);
    }
    humantime::parse_duration(text).map(Some).map_err(|_| {
        Failure::usage(format!("--timeout {text}: not a length of time"))
            .hint("write it as 90s, 10m or 1h")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        assert_eq!(patience("90s").unwrap(), Some(Duration::from_secs(90)));
        assert_eq!(patience("1h 30m").unwrap(), Some(Duration::from_secs(5400)));
        assert_eq!(patience("0").unwrap(), None);
        for bad in ["", "soon", "10", "-5m"] {
            assert_eq!(patience(bad).unwrap_err().exit, Exit::USAGE, "{bad}");
        }
    }
}
