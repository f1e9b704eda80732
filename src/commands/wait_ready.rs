//! `llamactl wait-ready`

use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::ProgressBar;
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::Instant;

use super::lease;
use super::process::Process;
use crate::cli::WaitReadyArgs;
use crate::commands::Context;
use crate::commands::tail::tail;
use crate::config::resolve;
use crate::connection::Connection;
use crate::domain::job::{Job, JobState, Presence};
use crate::domain::server::authority;
use crate::engine::llama;
use crate::exit::{Exit, Failure};
use crate::http;
use crate::output::{Printer, printable};
use crate::slurm::{Slurm, squeue};
use crate::supervisor::report;

/// How often a server is asked: at first, and later.
const HEALTH: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(500));
/// How long one answer may take.
const ANSWER: Duration = Duration::from_secs(5);
/// How often SLURM is asked: at first, and later. Sites limit the rate.
const SLURM: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(30));
/// How often the connection file is looked for.
const FILE: Duration = Duration::from_millis(250);
/// How many lines of the end of a log are searched for the reason.
const SEARCHED: usize = 1000;

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Ready<'a> {
    ready: bool,
    url: &'a str,
    seconds: f64,
}

/// Runs the command.
///
/// # Errors
/// It timed out (3), or the process or job is gone (4); with the reason.
pub async fn run(context: &Context, args: WaitReadyArgs) -> anyhow::Result<Exit> {
    let timeout = lease::time("--timeout", &args.timeout)?;
    let started = Instant::now();
    let progress = Progress { bar: context.printer.spinner(), now: watch::Sender::default() };
    let wait = wait(context, &args, &progress);
    let waited = if timeout.is_zero() {
        wait.await
    } else {
        let timed_out = |_| Err(Stop::gone(Exit::TIMED_OUT, progress.timed_out(&args)));
        tokio::time::timeout(timeout, wait).await.unwrap_or_else(timed_out)
    };
    progress.bar.finish_and_clear();
    match waited {
        Ok(url) => {
            let ready = Ready { ready: true, url: &url, seconds: started.elapsed().as_secs_f64() };
            if !context.printer.json(&ready)? {
                context.printer.note(format!("ready after {:.1} s: {url}", ready.seconds));
            }
            Ok(Exit::OK)
        }
        Err(Stop::Failed(error)) => Err(error),
        Err(Stop::Gone(gone)) => Err(gone.tell(context.printer, args.log.as_deref()).into()),
    }
}

/// Why the waiting ends without a server.
#[derive(Debug)]
enum Stop {
    /// There is nothing to wait for.
    Failed(anyhow::Error),
    /// It will not come, or not in time.
    Gone(Gone),
}

#[derive(Debug)]
struct Gone {
    exit: Exit,
    why: String,
    /// The job's log, where SLURM knows it.
    log: Option<PathBuf>,
}

impl Stop {
    fn gone(exit: Exit, why: String) -> Stop {
        Stop::Gone(Gone { exit, why, log: None })
    }
}

impl<E: Into<anyhow::Error>> From<E> for Stop {
    fn from(error: E) -> Stop {
        Stop::Failed(error.into())
    }
}

impl Gone {
    /// Shows the end of the log, and makes the error.
    fn tell(self, printer: Printer, log: Option<&Path>) -> Failure {
        let log = log.or(self.log.as_deref());
        let lines = log.and_then(|log| tail(log, SEARCHED).ok()).unwrap_or_default();
        let reason = llama::reason(&lines).filter(|_| self.exit == Exit::GONE);
        let message = match reason {
            Some(reason) => format!("{}: {}", self.why, printable(&reason)),
            None => self.why,
        };
        for line in report::tail(lines, None) {
            printer.note(format!("  {}", printable(&line)));
        }
        let failure = Failure::with_exit(self.exit, message);
        match self.exit {
            Exit::TIMED_OUT => failure.hint("it may still come; --timeout sets how long to wait"),
            _ => failure,
        }
    }
}

/// What is waited for, on the terminal and for the error message.
struct Progress {
    bar: ProgressBar,
    now: watch::Sender<String>,
}

impl Progress {
    fn say(&self, text: impl Into<String>) {
        let text = printable(&text.into());
        self.bar.set_message(text.clone());
        self.now.send_replace(text);
    }

    fn timed_out(&self, args: &WaitReadyArgs) -> String {
        format!("not ready within {}: {}", args.timeout, *self.now.borrow())
    }
}

/// Waits; gives the server's URL.
async fn wait(
    context: &Context,
    args: &WaitReadyArgs,
    progress: &Progress,
) -> Result<String, Stop> {
    if let Some(id) = &args.job {
        let settings = resolve::settings(context.global.registry.as_deref())?;
        let slurm = Slurm::from_settings(&settings);
        return job(&slurm, id, progress).await;
    }
    let process = match args.pid {
        None => None,
        Some(pid) => match Process::find(pid) {
            Some(process) => Some((pid, process)),
            None => return Err(ended(pid)),
        },
    };
    let url = match (&args.url, args.port) {
        (Some(url), _) => url.trim_end_matches('/').to_owned(),
        (None, port) => format!("http://{}", authority(&args.host, port.unwrap_or_default())),
    };
    let parsed: reqwest::Url =
        url.parse().map_err(|error| Failure::usage(format!("{url} is not a URL: {error}")))?;
    let port = parsed.port_or_known_default().filter(|_| is_here(&parsed));
    server(&url, port, process, progress).await
}

fn is_here(url: &reqwest::Url) -> bool {
    matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"))
}

/// Waits for a server at a known place. `port` is its port, where that is on this node.
async fn server(
    url: &str,
    port: Option<u16>,
    process: Option<(u32, Process)>,
    progress: &Progress,
) -> Result<String, Stop> {
    let mut pause = HEALTH.0;
    loop {
        let answer = health(url).await;
        if let Some((pid, process)) = process {
            if !process.alive() {
                return Err(ended(pid));
            }
            // The port may be somebody else's, and our process about to fail because of it.
            if answer.is_ok() && port.is_some_and(|port| process.is_stranger_to(port)) {
                progress.say(format!("{url} belongs to another process than {pid}"));
                tokio::time::sleep(HEALTH.1).await;
                continue;
            }
        }
        match answer {
            Ok(()) => return Ok(url.to_owned()),
            Err(why) => progress.say(format!("{url}: {why}")),
        }
        tokio::time::sleep(pause).await;
        pause = pause.mul_f64(1.3).min(HEALTH.1);
    }
}

fn ended(pid: u32) -> Stop {
    Stop::gone(Exit::GONE, format!("process {pid} ended before the server was ready"))
}

/// 200 on `/health` is ready; anything else is a reason to wait.
async fn health(url: &str) -> Result<(), String> {
    let client = http::direct().map_err(|error| http::cause(&error))?;
    let request = client.get(format!("{url}/health")).timeout(ANSWER);
    let response = request.send().await.map_err(|error| http::cause(&error))?;
    match response.status() {
        reqwest::StatusCode::OK => Ok(()),
        reqwest::StatusCode::SERVICE_UNAVAILABLE => Err("not ready yet (503)".to_owned()),
        status => Err(format!("answered {status}")),
    }
}

/// Waits for a job, then for its server.
async fn job(slurm: &Slurm, id: &str, progress: &Progress) -> Result<String, Stop> {
    if !crate::slurm::is_job_id(id) {
        return Err(Failure::usage(format!("--job {id} is not a job id"))
            .hint("108, or 108_2 for a task of an array")
            .into());
    }
    let seen = watch::Sender::new(None);
    let ready = async {
        let mut job = seen.subscribe();
        loop {
            let known: Option<Job> = job.borrow_and_update().clone();
            let connection = known.as_ref().and_then(connection);
            if let Some(connection) = connection {
                let url = connection.url();
                match health(&url).await {
                    Ok(()) => return url,
                    Err(why) => progress.say(format!("{url}: {why}")),
                }
            }
            tokio::time::sleep(FILE).await;
        }
    };
    tokio::select! {
        url = ready => Ok(url),
        gone = watch_job(slurm, id, &seen, progress) => Err(Stop::Gone(gone)),
    }
}

/// The connection file of a job, which is there once the server is ready.
fn connection(job: &Job) -> Option<Connection> {
    let running = matches!(job.state, JobState::Running | JobState::Other);
    Connection::read(job.work_dir.as_deref()?, &job.id).filter(|_| running)
}

/// Looks at a job until it is gone. A failed look says nothing about the job.
async fn watch_job(
    slurm: &Slurm,
    id: &str,
    seen: &watch::Sender<Option<Job>>,
    progress: &Progress,
) -> Gone {
    let mut pause = SLURM.0;
    loop {
        match slurm.job_details(id).await {
            Ok(job) => {
                if let Presence::Gone(why) = squeue::presence(job.as_ref()) {
                    let log = job.or(seen.borrow().clone()).and_then(|job| job.log);
                    return Gone { exit: Exit::GONE, why: format!("job {id} is gone: {why}"), log };
                }
                progress.say(in_words(id, job.as_ref()));
                let changed = seen.borrow().as_ref().map(|job| job.state)
                    != job.as_ref().map(|job| job.state);
                pause = if changed { SLURM.0 } else { pause.mul_f64(1.5).min(SLURM.1) };
                seen.send_replace(job);
            }
            Err(error) => {
                progress.say(format!("job {id}: {error}"));
                pause = (pause * 2).min(SLURM.1);
            }
        }
        tokio::time::sleep(pause).await;
    }
}

fn in_words(id: &str, job: Option<&Job>) -> String {
    match job {
        Some(Job { state: JobState::Pending, reason: Some(reason), .. }) => {
            format!("job {id} waits in the queue: {reason}")
        }
        Some(Job { state: JobState::Running, nodes: Some(nodes), .. }) => {
            format!("job {id} loads its model on {nodes}")
        }
        Some(job) => format!("job {id} is {}", job.raw_state),
        None => format!("job {id}"),
    }
}
