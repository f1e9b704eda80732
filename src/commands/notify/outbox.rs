//! `llamactl notify outbox`: what waits to be sent.

use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use super::told::answer;
use super::whom::{relay, settings_and_targets};
use crate::cli::{NotifyFlags, OutboxCommand};
use crate::commands::Context;
use crate::domain::target::masked;
use crate::exit::{Exit, Failure};
use crate::notify::outbox::{Failed, Outbox, Waiting};
use crate::notify::post::{self, Post};
use crate::output;

/// How long `flush` may take.
const FLUSH: Duration = Duration::from_secs(60);

/// Lists what waits and what was given up, or sends what waits.
///
/// # Errors
/// When the folder can't be read.
pub async fn run(context: &Context, command: OutboxCommand) -> anyhow::Result<Exit> {
    let (settings, how) = settings_and_targets(context, &NotifyFlags::default())?;
    let outbox = post::outbox(&how);
    match command {
        OutboxCommand::Ls => ls(context, &outbox),
        OutboxCommand::Flush => {
            let post = Post::new(how, relay(&settings)?);
            let outcomes = outbox.flush(&post, Instant::now() + FLUSH).await;
            if outcomes.is_empty() && !context.printer.is_json() {
                context.printer.note("nothing waits");
            }
            answer(context, outcomes.iter().map(post::delivery).collect())
        }
    }
}

#[derive(Serialize)]
struct Row {
    id: String,
    state: &'static str,
    event: String,
    name: String,
    target: String,
    created: jiff::Timestamp,
    tries: u32,
    next: Option<jiff::Timestamp>,
    error: Option<String>,
}

fn ls(context: &Context, outbox: &Outbox) -> anyhow::Result<Exit> {
    let waiting = outbox.waiting().map_err(Failure::new)?.into_iter().map(waits);
    let failed = outbox.failed().map_err(Failure::new)?.into_iter().map(failed);
    let rows: Vec<Row> = waiting.chain(failed).collect();
    if context.printer.json(&rows)? {
        return Ok(Exit::OK);
    }
    if rows.is_empty() {
        context.printer.note("nothing waits, and nothing failed in the last day");
        return Ok(Exit::OK);
    }
    let some_wait = rows.iter().any(|row| row.state == "waiting");
    let cells = rows.into_iter().map(|row| {
        let tries = row.tries.to_string();
        vec![
            row.state.to_owned(),
            row.event,
            row.name,
            row.target,
            tries,
            row.error.unwrap_or_default(),
        ]
    });
    let header = ["STATE", "EVENT", "NAME", "TARGET", "TRIES", "WHY"];
    context.printer.line(output::table(&header, cells.collect()))?;
    if some_wait {
        context.printer.hint("`llamactl notify outbox flush` sends what waits now");
    }
    Ok(Exit::OK)
}

fn waits(waiting: Waiting) -> Row {
    Row {
        id: waiting.id,
        state: "waiting",
        event: waiting.kind.to_string(),
        name: waiting.name,
        target: masked(&waiting.target),
        created: waiting.created,
        tries: waiting.tries,
        next: waiting.next,
        error: waiting.error,
    }
}

fn failed(failed: Failed) -> Row {
    Row {
        id: failed.envelope.id,
        state: "failed",
        event: failed.envelope.notice.kind.to_string(),
        name: failed.envelope.notice.name,
        target: masked(&failed.envelope.target),
        created: failed.envelope.created,
        tries: failed.attempts,
        next: None,
        error: Some(failed.error),
    }
}
