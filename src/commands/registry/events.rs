//! `llamactl registry events`

use std::time::Duration;

use jiff::tz::TimeZone;

use crate::cli::EventsArgs;
use crate::client::{EventFilter, Happening, RegistryClient};
use crate::commands::Context;
use crate::commands::target::sources::Finder;
use crate::domain::event::Event;
use crate::exit::Exit;
use crate::output::{printable, reader_is_gone};

/// How many of the last events are shown when nobody says after which.
const LAST: u64 = 50;
/// How long the registry may take for an answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Events in one answer of the registry.
const PAGE: usize = 1000;
/// How often it is looked whether anybody still reads.
const READER: Duration = Duration::from_secs(2);

/// Shows what happened, and with `--follow` what happens, until Ctrl-C.
///
/// # Errors
/// A registry that can't be reached or refuses.
pub async fn run(context: &Context, args: EventsArgs) -> anyhow::Result<Exit> {
    // Nothing else can answer, so it gets more time than where SLURM could.
    let registry = Finder::new(context)?.registry.timeout(PATIENCE);
    let after = match args.after {
        Some(after) => after,
        None => registry.last_event().await?.saturating_sub(LAST),
    };
    let filter = EventFilter {
        after: Some(after),
        kind: args.kind,
        subject: args.subject,
        limit: Some(PAGE),
    };
    if args.follow {
        return tokio::select! {
            ended = follow(context, &registry, filter) => ended,
            interrupted = tokio::signal::ctrl_c() => {
                interrupted?;
                Ok(Exit::OK)
            }
        };
    }
    let events = all(&registry, filter).await?;
    if !context.printer.json(&events)? {
        for event in &events {
            context.printer.line(line(event))?;
        }
        if events.is_empty() {
            context.printer.note(format!("no events in the registry at {}", registry.url()));
        }
    }
    Ok(Exit::OK)
}

/// All that the registry has, page by page.
async fn all(registry: &RegistryClient, mut filter: EventFilter) -> anyhow::Result<Vec<Event>> {
    let mut all: Vec<Event> = Vec::new();
    loop {
        let (page, seq) = registry.list_events(&filter).await?;
        all.extend(page);
        if filter.after == Some(seq) {
            return Ok(all);
        }
        filter.after = Some(seq);
    }
}

async fn follow(
    context: &Context,
    registry: &RegistryClient,
    filter: EventFilter,
) -> anyhow::Result<Exit> {
    let url = registry.url();
    let mut events = registry.events(filter);
    let mut look = tokio::time::interval(READER);
    loop {
        let happening = tokio::select! {
            happening = events.next() => happening?,
            _ = look.tick() => {
                if reader_is_gone() {
                    return Ok(Exit::OK);
                }
                continue;
            }
        };
        match happening {
            Happening::Event(event) if context.printer.is_json() => {
                context.printer.json_line(&event)?;
            }
            Happening::Event(event) => context.printer.line(line(&event))?,
            Happening::Reset(seq) => context
                .printer
                .warn(format!("some events are not to be had; going on after number {seq}")),
            Happening::Away(reason) => context
                .printer
                .note(format!("the registry at {url} can't be reached ({reason}): trying again")),
            Happening::Back => context.printer.note(format!("the registry at {url} is back")),
        }
    }
}

/// One event as a line: number, time, kind, subject, details.
fn line(event: &Event) -> String {
    let time = event.time.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S");
    let (kind, subject) = (event.kind.as_str(), printable(&event.subject));
    let data = match &event.data {
        serde_json::Value::Object(fields) => fields.iter().map(field).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    };
    let line = format!("{:>6}  {time}  {kind:<15} {subject}  {}", event.seq, printable(&data));
    line.trim_end().to_owned()
}

fn field((name, value): (&String, &serde_json::Value)) -> String {
    match value.as_str() {
        Some(text) if !text.is_empty() && !text.contains(char::is_whitespace) => {
            format!("{name}={text}")
        }
        _ => format!("{name}={value}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_a_line_that_harms_no_terminal() {
        let event = serde_json::json!({
            "seq": 7, "time": "2026-01-01T00:00:00Z", "kind": "updated", "subject": "a\u{1b}[2Jb",
            "data": {"name": "two words", "owner": "ann", "slots": 3},
        });
        let line = line(&serde_json::from_value(event).unwrap());
        assert!(line.starts_with("     7  "), "{line}");
        assert!(line.ends_with("name=\"two words\" owner=ann slots=3"), "{line}");
        assert!(!line.contains('\u{1b}'));
    }
}
