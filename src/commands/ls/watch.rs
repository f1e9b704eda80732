//! `ls --watch`: shows the list anew whenever it changes, until Ctrl-C.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::{List, filter, list, listed, table};
use crate::api::matcher::Matcher;
use crate::cli::LsArgs;
use crate::client::feed::{Feed, State, What};
use crate::commands::Context;
use crate::commands::target::sources::Finder;
use crate::domain::server::Server;
use crate::exit::Exit;
use crate::output::Live;

/// How often the list is made anew when nothing is heard: times go on, and SLURM and a registry
/// that can't be followed are asked.
const EVERY: Duration = Duration::from_secs(2);

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
    let mut feed = Feed::start(finder.registry.clone(), What::Servers);
    let mut live = Live::new();
    let mut before: Option<Vec<Value>> = None;
    while !crate::output::reader_is_gone() {
        let list = match followed(&feed, finder, args) {
            Some(servers) => listed(finder, args, servers).await,
            None => list(finder, args).await,
        };
        let records: Vec<Value> = list.records().into_iter().map(steady).collect();
        show(context, &mut live, &list, before.as_ref() != Some(&records))?;
        before = Some(records);
        // Changes come gathered, at most four times a second.
        tokio::time::timeout(EVERY, feed.changed()).await.ok();
    }
    Ok(Exit::OK)
}

/// The servers that fit, while the registry is followed; nothing where it does not tell those who
/// follow of all of them.
fn followed(feed: &Feed, finder: &Finder, args: &LsArgs) -> Option<Vec<Server>> {
    let lost = matches!(args.state.as_deref(), Some("all" | "lost" | "pending"));
    if lost || feed.state() != State::Connected {
        return None;
    }
    let filter = filter(finder, args);
    let matcher = Matcher::new(&filter).ok()?;
    let fits = |server: &&Arc<Server>| matcher.passes(server);
    Some(feed.view().servers().filter(fits).map(|server| Server::clone(server)).collect())
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

/// A record without what changes with every heartbeat, and with every look of the registry.
fn steady(mut record: Value) -> Value {
    if let Some(record) = record.as_object_mut() {
        record.remove("last_seen");
    }
    if let Some(health) = record.get_mut("health").and_then(Value::as_object_mut) {
        health.remove("checked");
    }
    record
}
