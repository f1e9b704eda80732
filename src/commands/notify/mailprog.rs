//! `llamactl notify mailprog`: what slurmctld's mail goes through. slurmctld waits for it, so it
//! is back within seconds, and leaves what takes longer to one process in the background.

use std::ffi::OsStr;
use std::fs::File;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::cli::MailprogArgs;
use crate::commands::Context;
use crate::commands::identity;
use crate::config::resolve;
use crate::config::settings::Settings;
use crate::config::spec::NotifySpec;
use crate::config::targets;
use crate::domain::target::Target;
use crate::exec::Run;
use crate::exit::{Exit, Failure};
use crate::notify::outbox::{Envelope, Fate, Outbox};
use crate::notify::{self, mailprog};

/// How long slurmctld waits at most for a mail that goes at once.
const AT_ONCE: Duration = Duration::from_secs(3);
/// How long the process in the background tries before it looks anew what there is.
const ROUND: Duration = Duration::from_secs(600);
/// Most addresses of one mail.
const MAX_ADDRESSES: usize = 16;
/// The lock of the process in the background, in the outbox's folder.
const LOCK: &str = "mailprog.lock";

/// Takes one mail of slurmctld's.
///
/// # Errors
/// A wrong address. Exit 1 where a mail could neither be kept nor sent.
pub async fn run(context: &Context, args: &MailprogArgs) -> anyhow::Result<Exit> {
    let settings = resolve::settings(context.global.registry.as_deref())?;
    if args.carry {
        return carry(&settings).await;
    }
    let env = |name: &str| std::env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    let subject = args.subject.as_deref().map(OsStr::to_string_lossy).unwrap_or_default();
    let notice = mailprog::notice(&subject, env, Timestamp::now());
    let how = whom(&settings, &args.addresses)?;
    Ok(Exit::OK)
}
