//! `llamactl notify mailprog`: what slurmctld's mail goes through. slurmctld waits for it, so it
//! is back within seconds, and leaves what takes longer to one process in the background.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::cli::MailprogArgs;
use crate::commands::{Context, identity};
use crate::config::settings::Settings;
use crate::config::spec::NotifySpec;
use crate::config::{resolve, targets, units};
use crate::domain::target::Target;
use crate::exec::Run;
use crate::exit::{Exit, Failure};
use crate::notify::outbox::{Envelope, Fate, Outbox, Outcome};
use crate::notify::post::{self, Post};
use crate::notify::{self, Notice, mailprog, parcel, rules};
use crate::paths;

/// How long slurmctld waits at most for a mail that goes at once.
const AT_ONCE: Duration = Duration::from_secs(3);
/// How long the process in the background goes on before it looks anew what there is.
const ROUND: Duration = Duration::from_secs(60);
/// How long it rests after a round that changed nothing.
const REST: Duration = Duration::from_secs(1);
/// Most addresses of one mail.
const MAX_ADDRESSES: usize = 16;
/// The lock of the process in the background, beside the outbox.
const LOCK: &str = "mailprog.lock";

/// Takes one mail of slurmctld's. Exit 0 means that everybody was told, or that what is to be
/// told is on the disk and somebody takes care of it.
///
/// # Errors
/// Nobody to tell, a wrong address, or a mail that could neither be kept nor sent; what is right
/// was told all the same.
pub async fn run(context: &Context, args: &MailprogArgs) -> anyhow::Result<Exit> {
    let settings = resolve::settings(context.global.registry.as_deref())?;
    let how = targets::how(&settings);
    // Mail goes without a registry too.
    let relay = super::whom::relay(&settings).ok().flatten();
    let post = Post::new(how.clone(), relay);
    let outbox = post::outbox(&how);
    let folder = paths::state_dir().unwrap_or_else(|| PathBuf::from("/nonexistent"));
    if args.carry {
        return carry(&outbox, &post, &folder).await;
    }
    let env = |name: &str| Some(std::env::var_os(name)?.to_string_lossy().into_owned());
    let subject = args.subject.as_deref().unwrap_or_default().to_string_lossy();
    let notice = mailprog::notice(&subject, env, Timestamp::now());
    let (to, mut failed) = whom(&settings, &how, &notice, &args.addresses);
    if to.is_empty() && failed.is_empty() {
        let failure = Failure::usage("nobody is to be told");
        return Err(failure.hint("slurmctld calls this as: -s SUBJECT ADDRESS").into());
    }
    let letters: Vec<Envelope> = to.iter().map(|target| post::letter(target, &notice)).collect();
    let end = Instant::now() + AT_ONCE;
    let now = match notice.group() {
        None => letters,
        // It waits for the others of its array anyway: slurmctld need not.
        Some(_) => not_kept(&outbox, letters, end).await,
    };
    let outcomes = outbox.send(&now, &post, end).await;
    failed.extend(outcomes.iter().filter_map(error));
    // What an earlier process left that was killed goes too.
    if nobody_carries(&folder) && outbox.waiting().is_ok_and(|waiting| !waiting.is_empty()) {
        go_on_in_background()?;
    }
    if failed.is_empty() {
        return Ok(Exit::OK);
    }
    tell_syslog(&failed).await;
    // slurmctld shows one line of it.
    Err(Failure::new(failed.join("; ")).into())
}

/// Puts messages on the disk, and gives back those that can't be put there.
async fn not_kept(outbox: &Outbox, letters: Vec<Envelope>, end: Instant) -> Vec<Envelope> {
    let mut loose = Vec::new();
    for letter in letters {
        if outbox.put(&letter, end).await.is_err() {
            loose.push(letter);
        }
    }
    loose
}

/// Brings what waits, for as long as anything does; one process at a time.
async fn carry(outbox: &Outbox, post: &Post, folder: &Path) -> anyhow::Result<Exit> {
    loop {
        let Some(lock) = lock(&folder.join(LOCK))? else { return Ok(Exit::OK) };
        while !outbox.waiting().map_err(Failure::new)?.is_empty() {
            let begin = Instant::now();
            let outcomes = outbox.flush(post, begin + ROUND).await;
            let failed: Vec<String> = outcomes.iter().filter_map(error).collect();
            tell_syslog(&failed).await;
            tokio::time::sleep_until(begin + REST).await;
        }
        drop(lock);
        // Whoever found the lock taken a moment ago has left us its mail.
        if outbox.waiting().map_err(Failure::new)?.is_empty() {
            return Ok(Exit::OK);
        }
    }
}

/// The lock of the process in the background; nothing where another one has it.
fn lock(path: &Path) -> std::io::Result<Option<File>> {
    let mut options = OpenOptions::new();
    let file = options.create(true).truncate(false).write(true).mode(0o600).open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Whether no process in the background is at work. One that ends just now looks once more.
fn nobody_carries(folder: &Path) -> bool {
    !matches!(lock(&folder.join(LOCK)), Ok(None))
}

/// Leaves what waits to a process that slurmctld knows nothing of.
fn go_on_in_background() -> anyhow::Result<()> {
    let program = std::env::current_exe()?;
    Ok(Run::new(program).args(["notify", "mailprog", "--carry"]).detached()?)
}

/// Who is told: targets, and what is wrong with the addresses that are none. Only mail goes where
/// a job's owner says: slurmctld's user may run plugins and reach what they may not.
fn whom(
    settings: &Settings,
    how: &NotifySpec,
    notice: &Notice,
    given: &[String],
) -> (Vec<String>, Vec<String>) {
    let from = settings.notify.smtp.as_ref().and_then(|smtp| smtp.from.as_deref());
    let domain = from.and_then(|from| from.rsplit_once('@')).map(|(_, domain)| domain.to_owned());
    let domain = domain.unwrap_or_else(identity::hostname);
    let (mut to, mut wrong) = (Vec::new(), Vec::new());
    let addresses = mailprog::addresses(given, &domain);
    if addresses.len() > MAX_ADDRESSES {
        wrong.push(format!("only the first {MAX_ADDRESSES} of {} are told", addresses.len()));
    }
    for address in addresses.into_iter().take(MAX_ADDRESSES) {
        let target = Target::mail(&address);
        match units::email(&address).and_then(|()| parcel::check(how, &target)) {
            Ok(()) => to.push(target),
            Err(error) => wrong.push(error),
        }
    }
    let more = rules::pick(&settings.notify.rules, notice);
    to.extend(more.into_iter().filter(|target| !to.contains(target)).collect::<Vec<_>>());
    (to, wrong)
}

/// Why a message never arrives.
fn error(outcome: &Outcome) -> Option<String> {
    let Fate::Failed { error } = &outcome.fate else { return None };
    let target = Target::parse(&outcome.target).map_or("…".to_owned(), |target| target.masked());
    Some(format!("{target} was not told: {error}"))
}

/// Nobody may be reading what this process says, so the system's log hears it too.
async fn tell_syslog(errors: &[String]) {
    for error in errors {
        let line = notify::one_line(&format!("notify mailprog: {error}"));
        let logger = Run::new("logger").args(["--tag", "llamactl", "--priority", "mail.err", "--"]);
        let _ = logger.arg(line).timeout(REST).output().await;
    }
}
