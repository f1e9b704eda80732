//! `llamactl logs`

mod file;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::cli::LogsArgs;
use crate::commands::Context;
use crate::commands::target::Known;
use crate::commands::target::choose::For;
use crate::commands::target::sources::Finder;
use crate::domain::job::{JobState, Presence};
use crate::exit::{Exit, Failure};
use crate::output::printable;
use crate::slurm::is_job_id;
use crate::slurm::script::DEFAULT_OUTPUT;

use file::Follower;

/// How often the file is looked at. Notifications of the kernel don't cross a network disk.
const LOOK: Duration = Duration::from_millis(250);
/// How often SLURM is asked whether the job still runs.
const ASK: Duration = Duration::from_secs(10);

/// Runs the command.
///
/// # Errors
/// Exit 4 when nobody knows the job, 1 when its log can't be read.
pub async fn run(context: &Context, args: LogsArgs) -> anyhow::Result<Exit> {
    if args.follow && context.printer.is_json() {
        return Err(Failure::usage("--json and --follow don't go together").into());
    }
    let finder = Finder::new(context)?;
    let known = finder.find(&args.target, For::Managing).await?;
    let id = known.id();
    let path = log_path(&finder, &known).await?;
    if args.follow {
        return tokio::select! {
            ended = follow(context, &finder, &id, path, args.lines) => ended,
            interrupted = tokio::signal::ctrl_c() => {
                interrupted?;
                Ok(Exit::OK)
            }
        };
    }
    let mut follower = Follower::new(path.clone(), args.lines);
    let Some(bytes) = follower.read().map_err(|error| unreadable(&path, &error))? else {
        let why = waiting(&finder, &id).await;
        return Err(Failure::new(format!("{} is not there yet: {why}", path.display()))
            .hint("`llamactl logs -f` waits for it")
            .into());
    };
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    if !context.printer.json(&json!({"job": id, "path": path, "lines": lines}))? {
        Screen::new().show(&bytes)?;
    }
    Ok(Exit::OK)
}

/// Where the job writes: what SLURM says, else the usual names in the job's folder and here.
async fn log_path(finder: &Finder, known: &Known) -> anyhow::Result<PathBuf> {
    let id = known.id();
    if !is_job_id(&id) {
        let host = known.address().map_or("its host", |(host, _)| host);
        return Err(Failure::new(format!("{} does not run in a SLURM job", printable(&id)))
            .hint(format!("its log is where `llamactl run` runs, on {}", printable(host)))
            .into());
    }
    // A job that SLURM forgot, or a SLURM that does not answer: the file may be there still.
    let told = finder.slurm.job_details(&id).await.ok().flatten();
    if let Some(path) = told.and_then(|job| job.log) {
        return Ok(path);
    }
    let beside = known.job.as_ref().and_then(|job| job.work_dir.clone());
    let of_file = known.connection.as_ref().and_then(|file| file.path.parent().map(PathBuf::from));
    let dirs = [beside, of_file, std::env::current_dir().ok()];
    let names = [DEFAULT_OUTPUT.replace("%j", &id), format!("slurm-{id}.out")];
    let usual = dirs.iter().flatten().flat_map(|dir| names.iter().map(move |name| dir.join(name)));
    usual.into_iter().find(|path| path.exists()).ok_or_else(|| {
        Failure::with_exit(Exit::GONE, format!("the log of job {id} was not found"))
            .hint("SLURM forgets where it is minutes after the end: go to the job's folder")
            .into()
    })
}

/// Prints the end of the log, then what is added, until the job has ended and all is read.
async fn follow(
    context: &Context,
    finder: &Finder,
    id: &str,
    path: PathBuf,
    lines: usize,
) -> anyhow::Result<Exit> {
    let mut follower = Follower::new(path.clone(), lines);
    let mut screen = Screen::new();
    let mut asked = Instant::now();
    let mut over = matches!(finder.slurm.job(id).await, Presence::Gone(_));
    let mut told = false;
    loop {
        // Asked before the file is read: what was written until then is in it.
        if !over && asked.elapsed() >= ASK {
            over = matches!(finder.slurm.job(id).await, Presence::Gone(_));
            asked = Instant::now();
        }
        match follower.read().map_err(|error| unreadable(&path, &error))? {
            Some(bytes) if !bytes.is_empty() => screen.show(&bytes)?,
            Some(_) if over => return Ok(Exit::OK),
            None if over => {
                let problem = format!("job {id} ended, and {} is not there", path.display());
                return Err(Failure::with_exit(Exit::GONE, problem).into());
            }
            None if !told => {
                told = true;
                let why = waiting(finder, id).await;
                context.printer.note(format!("{} is not there yet: {why}", path.display()));
            }
            _ => {}
        }
        if crate::output::reader_is_gone() {
            return Ok(Exit::OK);
        }
        if !follower.has_more() {
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// Why there is no log yet.
async fn waiting(finder: &Finder, id: &str) -> String {
    match finder.slurm.job_details(id).await {
        Ok(Some(job)) if job.state == JobState::Pending => {
            let reason = job.reason.unwrap_or_else(|| "no reason given".to_owned());
            format!("the job waits in the queue ({})", printable(&reason))
        }
        Ok(Some(job)) => format!("the job is {}", job.state),
        Ok(None) => "SLURM does not know the job any more".to_owned(),
        Err(error) => error.to_string(),
    }
}

fn unreadable(path: &std::path::Path, error: &std::io::Error) -> Failure {
    let failure = Failure::new(format!("{} can't be read: {error}", path.display()));
    match error.kind() {
        std::io::ErrorKind::PermissionDenied => failure.hint("only its owner may read a job's log"),
        _ => failure,
    }
}

/// Where the log goes: as it is into a file or pipe, without what would steer a terminal onto
/// one. Escape sequences that a read cut in two are recognised.
#[derive(Default)]
struct Screen {
    terminal: bool,
    strip: anstream::adapter::StripBytes,
}

impl Screen {
    fn new() -> Screen {
        Screen { terminal: std::io::stdout().is_terminal(), ..Screen::default() }
    }

    fn show(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        let mut stdout = std::io::stdout().lock();
        if self.terminal {
            for part in self.strip.strip_next(bytes) {
                let harmless =
                    |byte: &u8| !byte.is_ascii_control() || matches!(byte, b'\n' | b'\t');
                let kept: Vec<u8> = part.iter().copied().filter(harmless).collect();
                stdout.write_all(&kept)?;
            }
        } else {
            stdout.write_all(bytes)?;
        }
        stdout.flush()
    }
}
