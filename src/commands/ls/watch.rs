//! `ls --watch`: shows the list anew whenever it changes, until Ctrl-C.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::{List, list, table};
use crate::cli::LsArgs;
use crate::commands::Context;
use crate::commands::target::sources::Finder;
use crate::exit::Exit;
use crate::output::Live;

/// How often a registry is asked that can't wait for a change, and SLURM.
const EVERY: Duration = Duration::from_secs(2);
/// How long a registry waits for a change at most: how busy servers are is shown at least so
/// often, which is none.
const WAIT: Duration = Duration::from_secs(3);
/// The shortest time between two lists, where changes come fast.
const PAUSE: Duration = Duration::from_millis(250);

/// Watches until Ctrl-C, or until nobody reads any more.
pub async fn run(context: &Context, finder: &Finder, args: &LsArgs) -> anyhow::Result<Exit> {
    tokio::select! {
        ended = watch(context, finder, args) => ended,
        interrupted = tokio::signal::ctrl_c() => {
            interrupted?;
            Ok(Exit::OK)
        }
    }
}

async fn watch(context: &Context, finder: &Finder, args: &LsArgs) -> anyhow::Result<Exit> {
    let mut live = Live::new();
    let mut before: Option<Vec<Value>> = None;
    let mut seq = None;
    while !crate::output::reader_is_gone() {
        let list = list(finder, args, seq.map(|seq| (seq, WAIT))).await;
        let records: Vec<Value> = list.records().into_iter().map(steady).collect();
        show(context, &mut live, &list, before.as_ref() != Some(&records))?;
        before = Some(records);
        seq = list.seq;
        tokio::time::sleep(if seq.is_some() { PAUSE } else { EVERY }).await;
    }
    Ok(Exit::OK)
}

fn show(context: &Context, live: &mut Live, list: &List, changed: bool) -> anyhow::Result<()> {
    if context.printer.is_json() {
        if changed {
            context.printer.json_line(&list.records())?;
        }
        return Ok(());
    }
    let text = match list.known.is_empty() {
        true => "no servers".to_owned(),
        false => table::render(&list.known, Timestamp::now(), crate::output::terminal()),
    };
    // On a terminal the times go on, whether or not anything changed.
    if live.is_terminal() {
        let note = list.note.iter().map(|note| crate::output::printable(note));
        live.show(&note.chain([text]).collect::<Vec<_>>().join("\n"))?;
    } else if changed {
        if let Some(note) = &list.note {
            context.printer.note(note);
        }
        context.printer.line(text)?;
    }
    Ok(())
}

/// A record without what changes with every heartbeat.
fn steady(mut record: Value) -> Value {
    if let Some(record) = record.as_object_mut() {
        record.remove("last_seen");
    }
    record
}
