//! `llamactl registry audit`

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::api::tokens::{AuditEntry, AuditFilter};
use crate::cli::AuditArgs;
use crate::commands::{Context, lease};
use crate::domain::event::EventKind;
use crate::exit::{Exit, Failure};
use crate::output::{table_of, terminal};

/// Runs the command.
///
/// # Errors
/// What went wrong, with a hint.
pub async fn run(context: &Context, args: AuditArgs) -> anyhow::Result<Exit> {
    let filter = filter(&args, Timestamp::now())?;
    let entries = lease::client(context)?.audit(&filter).await.map_err(lease::refused)?;
    if !context.printer.json(&entries)? {
        context.printer.line(render(&entries, terminal().map(|(width, _)| width)))?;
    }
    Ok(Exit::OK)
}

fn filter(args: &AuditArgs, now: Timestamp) -> Result<AuditFilter, Failure> {
    let since = args.since.as_deref().map(|text| {
        let wrong = || {
            Failure::usage(format!("--since {text}: this is no time"))
                .hint("give a time such as 1d or 12h")
        };
        let span = humantime::parse_duration(text).map_err(|_| wrong())?;
        let span = SignedDuration::try_from(span).map_err(|_| wrong())?;
        now.checked_sub(span).map_err(|_| wrong())
    });
    let kind = args.kind.as_deref().map(|word| {
        let kind = EventKind::ALL.iter().find(|kind| kind.as_str() == word);
        kind.copied().ok_or_else(|| {
            let all: Vec<_> = EventKind::ALL.iter().map(|kind| kind.as_str()).collect();
            Failure::usage(format!("there is no kind of event {word:?}")).hint(all.join(", "))
        })
    });
    Ok(AuditFilter {
        actor: args.actor.clone(),
        kind: kind.transpose()?,
        subject: args.subject.clone(),
        since: since.transpose()?,
        after: None,
        limit: Some(args.limit as usize),
    })
}

fn render(entries: &[AuditEntry], width: Option<u16>) -> String {
    let header = ["TIME", "WHO", "FROM", "WHAT", "SUBJECT", "ABOUT"];
    let dash = || "-".to_owned();
    let row = |entry: &AuditEntry| {
        let who = match (&entry.actor, &entry.token) {
            (Some(actor), Some(token)) => format!("{actor} ({token})"),
            (Some(actor), None) => actor.clone(),
            (None, _) if entry.origin.is_none() => "registry".to_owned(),
            (None, _) => dash(),
        };
        vec![
            entry.time.strftime("%Y-%m-%d %H:%M:%SZ").to_string().into(),
            who.into(),
            entry.origin.map_or_else(dash, |origin| origin.to_string()).into(),
            entry.kind.as_str().to_owned().into(),
            entry.subject.clone().into(),
            about(&entry.data).into(),
        ]
    };
    table_of(&header, entries.iter().map(row).collect(), width)
}

/// The fields that say in short what an event is about.
fn about(data: &Value) -> String {
    let fields = ["name", "job", "owner", "role", "state", "url", "scopes", "forced"];
    let words = fields.iter().filter_map(|field| {
        let text = match data.get(*field)? {
            Value::Null => return None,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        Some(format!("{field}={text}"))
    });
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_table_fits_and_says_who_did_what() {
        let entry = |actor: Option<&str>| AuditEntry {
            seq: 1,
            time: Timestamp::from_second(1_700_000_000).unwrap(),
            kind: EventKind::Unregistered,
            subject: "0190".to_owned(),
            actor: actor.map(str::to_owned),
            token: actor.map(|_| "3f9a".to_owned()),
            origin: actor.map(|_| "10.0.0.7".parse().unwrap()),
            data: json!({"name": "qwen\u{1b}[2J", "owner": "ann", "forced": true, "x": 1}),
        };
        let text = render(&[entry(Some("root")), entry(None)], None);
        for word in ["2023-11-14 22:13:20Z", "root (3f9a)", "10.0.0.7", "registry", "forced=true"] {
            assert!(text.contains(word), "{word} in {text}");
        }
        assert!(!text.contains('\u{1b}') && !text.contains("x=1"), "{text}");
        let narrow = render(&[entry(Some("root"))], Some(60));
        assert!(narrow.lines().all(|line| line.chars().count() <= 60), "{narrow}");
    }
}
