//! `llamactl notify --event …`: tells people of one event.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::told::{DEADLINE, answer};
use super::whom::{relay, whom};
use crate::cli::{EventFlags, NotifyFlags};
use crate::commands::Context;
use crate::commands::identity::{self, slurm};
use crate::commands::tail::tail;
use crate::config::resolve;
use crate::config::settings::Settings;
use crate::connection::{self, Connection};
use crate::exit::{Exit, Failure};
use crate::notify::post::{self, Post};
use crate::notify::{self, Notice, rules};

/// How long what other processes left may take besides.
const LEFT_OVER: Duration = Duration::from_secs(5);
/// Lines from the end of the log that go into a message.
const TAIL_LINES: usize = 30;

/// Tells people of one event, waits until they are told, and says how it went.
///
/// # Errors
/// Exit 2 when nobody is to be told, or an address, topic or server is wrong.
pub async fn run(
    context: &Context,
    event: &EventFlags,
    flags: &NotifyFlags,
) -> anyhow::Result<Exit> {
    let settings = resolve::settings(context.global.registry.as_deref())?;
    let how = whom(&settings, flags)?;
    notify::check(&how).map_err(Failure::usage)?;
    let notice = notice(event, &settings)?;
    let outbox = post::outbox(&how);
    let post = Post::new(how.clone(), relay(&settings)?);
    let mut to = how.to.clone();
    to.extend(
        rules::pick(&how.rules, &notice).into_iter().filter(|target| !how.to.contains(target)),
    );
    let told = post::tell(&to, &outbox, &post, &notice, DEADLINE).await;
    let exit = answer(context, told)?;
    // What killed processes left goes along.
    outbox.flush(&post, Instant::now() + LEFT_OVER).await;
    Ok(exit)
}

fn notice(args: &EventFlags, settings: &Settings) -> Result<Notice, Failure> {
    let log_tail = match &args.log {
        None => Vec::new(),
        Some(path) => tail(path, TAIL_LINES)
            .map_err(|error| Failure::usage(format!("--log {}: {error}", path.display())))?,
    };
    // clap asks for both.
    let model = args.model.clone().unwrap_or_default();
    let kind = args.event.as_deref().unwrap_or_default().parse().map_err(Failure::usage)?;
    let job = args.job.clone().or_else(job).unwrap_or_default();
    let connection = connection_file(&job);
    let has_key = connection.as_ref().is_some_and(|(_, file)| file.api_key.is_some());
    let seconds = |name| Timestamp::from_second(slurm(name)?.parse().ok()?).ok();
    Ok(Notice {
        kind,
        time: Timestamp::now(),
        name: args.name.clone().unwrap_or_else(|| model_name(&model)),
        model_file: file_name(&model),
        host: args.host.clone().unwrap_or_else(identity::hostname),
        port: args.port.unwrap_or(0),
        owner: identity::user(),
        slurm_node: slurm("SLURMD_NODENAME").unwrap_or_default(),
        partition: slurm("SLURM_JOB_PARTITION").unwrap_or_default(),
        started: seconds("SLURM_JOB_START_TIME").or_else(|| Some(Timestamp::now())),
        ends: identity::end_time(),
        registry: settings.registry.url.clone().unwrap_or_default(),
        ssh_via: settings.ssh.via.clone().unwrap_or_default(),
        needs_key: has_key || slurm("LLAMA_API_KEY").is_some(),
        connection_file: connection.map(|(path, _)| text(&path)).unwrap_or_default(),
        log_file: args.log.as_deref().map(absolute).unwrap_or_default(),
        reason: args.reason.clone().unwrap_or_default(),
        log_tail,
        job,
        ..Notice::default()
    })
}

/// The connection file of this job, in the folder of the submission or here.
fn connection_file(job: &str) -> Option<(PathBuf, Connection)> {
    if job.is_empty() || job.contains('/') {
        return None;
    }
    let submitted = slurm("SLURM_SUBMIT_DIR").map(PathBuf::from);
    let folders = submitted.into_iter().chain(std::env::current_dir());
    folders.into_iter().find_map(|folder| {
        let file = Connection::read(&folder, job)?;
        Some((folder.join(connection::file_name(job)), file))
    })
}

/// `my-model` of `/models/my-model.gguf` and of `owner/my-model:Q4_K_M`.
fn model_name(model: &str) -> String {
    let name = file_name(model);
    match name.strip_suffix(".gguf") {
        Some(stem) => stem.to_owned(),
        None => name.split(':').next().unwrap_or_default().to_owned(),
    }
}

/// What stands behind the last slash of a path to a file; anything else as it is.
fn file_name(model: &str) -> String {
    let is_file = model.ends_with(".gguf") || model.starts_with(['/', '.', '~']);
    let name = model.rsplit('/').next().filter(|name| !name.is_empty() && is_file);
    name.unwrap_or(model).to_owned()
}

fn job() -> Option<String> {
    identity::in_job().then(|| identity::job_key(uuid::Uuid::nil()).job())
}

fn absolute(path: &Path) -> String {
    text(&std::path::absolute(path).unwrap_or_else(|_| path.to_owned()))
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_named_after_its_file() {
        for (model, name, file) in [
            ("/m/Qwen3.Q4_K_M.gguf", "Qwen3.Q4_K_M", "Qwen3.Q4_K_M.gguf"),
            ("my.gguf", "my", "my.gguf"),
            ("qwen3-30b", "qwen3-30b", "qwen3-30b"),
            ("owner/repo:Q8_0", "owner/repo", "owner/repo:Q8_0"),
            ("./dir/model", "model", "model"),
        ] {
            assert_eq!((model_name(model).as_str(), file_name(model).as_str()), (name, file));
        }
    }
}
