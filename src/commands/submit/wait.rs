//! `--wait`: from the queue to the first 200.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::tz::TimeZone;

use super::Report;
use super::ring::ring;
use crate::commands::Context;
use crate::commands::notify::Pending;
use crate::commands::tail::tail;
use crate::config::resolve::Resolved;
use crate::connection::Connection;
use crate::domain::job::{Job, JobState, Presence};
use crate::exit::Exit;
use crate::output::{Printer, printable};
use crate::slurm::sbatch::Submitted;
use crate::slurm::{Slurm, script, squeue};

/// How often to look for the connection file, which is cheap.
const FILE_EVERY: Duration = Duration::from_millis(100);
/// How often to ask SLURM at first, and at last: sites limit how often a user may ask.
const ASK_FIRST: Duration = Duration::from_secs(2);
const ASK_MOST: Duration = Duration::from_secs(30);
/// Lines of the log to show when the job is gone.
const TAIL_LINES: usize = 20;

/// Waits until the server answers or the job is gone. Ctrl-C ends the waiting, not the job.
pub(super) async fn until_ready(
    context: &Context,
    slurm: &Slurm,
    resolved: &Resolved,
    submitted: &Submitted,
    report: &mut Report,
    rings: bool,
) -> anyhow::Result<Exit> {
    let bar = context.printer.spinner();
    let id = &submitted.id;
    let log = log_path(resolved, id);
    let dir = resolved.spec.connection_dir.clone().unwrap_or_else(|| PathBuf::from("."));
    let say = |text: String| bar.set_message(printable(&text));
    say(format!("job {id}: submitted"));
    let mut pending = Pending::new(&resolved.spec, id);
    let end = tokio::select! {
        url = answers(&dir, id) => End::Ready(url),
        reason = job_gone(slurm, id, log.as_deref(), &mut pending, &say) => End::Gone(reason),
        _ = tokio::signal::ctrl_c() => End::Interrupted,
    };
    bar.finish_and_clear();
    if rings {
        match &end {
            End::Ready(url) => ring(&format!("{} is ready", resolved.spec.name), url).await,
            End::Gone(why) => ring(&format!("{} failed", resolved.spec.name), why).await,
            End::Interrupted => {}
        }
    }
    finish(context.printer, id, log.as_deref(), end, report)
}

enum End {
    Ready(String),
    Gone(String),
    Interrupted,
}

fn finish(
    printer: Printer,
    id: &str,
    log: Option<&Path>,
    end: End,
    report: &mut Report,
) -> anyhow::Result<Exit> {
    match end {
        End::Ready(url) => {
            printer.line(format!("Ready at {url}"))?;
            report.state = Some("ready");
            report.url = Some(url);
            Ok(Exit::OK)
        }
        End::Gone(reason) => {
            report.state = Some("gone");
            anstream::eprintln!("job {id} is gone before it was ready: {}", printable(&reason));
            let lines = log.and_then(|log| tail(log, TAIL_LINES).ok()).unwrap_or_default();
            if let (Some(log), false) = (log, lines.is_empty()) {
                anstream::eprintln!("the end of {}:", printable(&log.display().to_string()));
            }
            for line in lines {
                anstream::eprintln!("  {}", printable(&line));
            }
            Ok(Exit::GONE)
        }
        End::Interrupted => {
            report.state = Some("interrupted");
            printer.note(format!("job {id} goes on; `llamactl stop {id}` ends it"));
            Ok(Exit::of_child(None, Some(2)))
        }
    }
}

/// The server's URL, once its connection file is there and it answers 200.
async fn answers(dir: &Path, id: &str) -> String {
    loop {
        if let Some(connection) = Connection::read(dir, id) {
            let url = connection.url();
            if is_healthy(&url).await {
                return url;
            }
        }
        tokio::time::sleep(FILE_EVERY).await;
    }
}

async fn is_healthy(url: &str) -> bool {
    let Ok(http) = crate::http::direct() else { return false };
    let request = http.get(format!("{url}/health")).timeout(Duration::from_secs(2));
    request.send().await.is_ok_and(|response| response.status() == reqwest::StatusCode::OK)
}

/// Why the job is gone, once it is; says how it is until then.
async fn job_gone(
    slurm: &Slurm,
    id: &str,
    log: Option<&Path>,
    pending: &mut Pending,
    say: &impl Fn(String),
) -> String {
    let mut pause = ASK_FIRST;
    let mut state = None;
    loop {
        match slurm.job_line(id).await {
            Ok(job) => match squeue::presence(job.as_ref()) {
                Presence::Gone(reason) => return reason,
                _ => {
                    let now = job.as_ref().map(|job| job.state);
                    // A job that moves is worth a closer look.
                    pause = if now == state { (pause * 3 / 2).min(ASK_MOST) } else { ASK_FIRST };
                    state = now;
                    if let Some(job) = &job {
                        pending.tell_of(job);
                        say(describe(job));
                    }
                }
            },
            Err(error) => {
                pause = (pause * 2).min(ASK_MOST);
                say(format!("job {id}: SLURM does not answer ({error}), asking again"));
            }
        }
        pass(pause.mul_f64(jitter()), state, log, id, say).await;
    }
}

/// Lets `time` pass; while the job runs, with the log's last line on the screen.
async fn pass(
    time: Duration,
    state: Option<JobState>,
    log: Option<&Path>,
    id: &str,
    say: &impl Fn(String),
) {
    let until = tokio::time::Instant::now() + time;
    while tokio::time::Instant::now() < until {
        if let (Some(JobState::Running), Some(log)) = (state, log)
            && let Some(line) = tail(log, 1).ok().and_then(|mut lines| lines.pop())
        {
            say(format!("job {id}: loading: {}", line.trim()));
        }
        let tick = tokio::time::Instant::now() + Duration::from_secs(1);
        tokio::time::sleep_until(tick.min(until)).await;
    }
}

fn describe(job: &Job) -> String {
    let id = &job.id;
    match job.state {
        JobState::Pending => {
            let reason = job.reason.as_deref().unwrap_or("it was just submitted");
            match job.start {
                Some(start) => {
                    let start = start.to_zoned(TimeZone::system()).strftime("%F %H:%M");
                    format!("job {id}: pending ({reason}), expected to start {start}")
                }
                None => format!("job {id}: pending ({reason})"),
            }
        }
        JobState::Running => {
            let node = job.nodes.as_deref().unwrap_or("its node");
            format!("job {id}: loading on {node}")
        }
        state => format!("job {id}: {state} ({})", job.raw_state),
    }
}

/// A factor from 0.8 to 1.2, so that many waiting users do not ask in step.
fn jitter() -> f64 {
    let mut byte = [0u8; 1];
    let _ = getrandom::fill(&mut byte);
    0.8 + 0.4 * f64::from(byte[0]) / 255.0
}

/// Where job `id` writes its log, where the pattern says so without SLURM: sbatch's `%j`,
/// `%A`, `%x`, `%u` and `%%` (sbatch(1), "filename pattern").
pub(super) fn log_path(resolved: &Resolved, id: &str) -> Option<PathBuf> {
    let pattern = resolved.slurm.output.as_deref().unwrap_or(script::DEFAULT_OUTPUT);
    let mut name = String::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => return None,
            '%' => match chars.next()? {
                'j' | 'A' => name.push_str(id),
                'x' => name.push_str(&resolved.spec.name),
                'u' => name.push_str(&std::env::var("USER").ok()?),
                '%' => name.push('%'),
                _ => return None,
            },
            c => name.push(c),
        }
    }
    let dir = resolved.spec.connection_dir.clone().unwrap_or_default();
    Some(dir.join(name))
}
