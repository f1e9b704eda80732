//! Servers as a table that fits the terminal. Pure.

use jiff::Timestamp;

use crate::commands::target::{Known, State};
use crate::domain::server::authority;
use crate::output::{Cell, Tone, printable, span, table_of};

/// What is between two columns.
const GAP: usize = 2;

const HEADER: [&str; 11] =
    ["NAME", "MODEL", "OWNER", "STATE", "HOST:PORT", "GPU", "CTX", "SLOTS", "UP", "LEFT", "JOB"];
/// Which column goes first when the terminal is narrow; the others always stay.
const DISPENSABLE: [&str; 8] = ["SLOTS", "UP", "CTX", "GPU", "MODEL", "LEFT", "OWNER", "HOST:PORT"];

/// The table, for a terminal of so many columns and lines; whole where there is none.
pub fn render(known: &[Known], now: Timestamp, terminal: Option<(u16, u16)>) -> String {
    let mut header = HEADER.to_vec();
    let mut rows: Vec<Vec<Cell>> = known.iter().map(|one| row(one, now)).collect();
    let Some((width, _)) = terminal else { return table_of(&header, rows, None) };
    let mut widths = widths(&header, &rows);
    let fits = |widths: &[usize]| {
        let total: usize = widths.iter().map(|width| width + GAP).sum();
        total.saturating_sub(GAP) <= usize::from(width)
    };
    for column in DISPENSABLE {
        if fits(&widths) {
            break;
        }
        let Some(at) = header.iter().position(|name| *name == column) else { continue };
        header.remove(at);
        widths.remove(at);
        for row in &mut rows {
            row.remove(at);
        }
    }
    // Arranging a thousand rows takes longer than all the rest: only where it is needed.
    table_of(&header, rows, (!fits(&widths)).then_some(width))
}

fn widths(header: &[&str], rows: &[Vec<Cell>]) -> Vec<usize> {
    let width = |at: usize| {
        let cells = rows.iter().map(|row| row[at].text.chars().count());
        cells.max().unwrap_or(0).max(header[at].len())
    };
    (0..header.len()).map(width).collect()
}

fn row(one: &Known, now: Timestamp) -> Vec<Cell> {
    let server = one.server.as_ref();
    let state = one.state();
    let dash = || "-".to_owned();
    let since = |time: Timestamp| now.duration_since(time).as_secs();
    let left = one.ends().map(|ends| -since(ends));
    let address = one.address().map(|(host, port)| authority(host, port));
    let running = !matches!(state, State::Pending | State::Ended);
    let reason = one.job.as_ref().filter(|_| state == State::Pending);
    let reason = reason.and_then(|job| job.reason.as_deref()).map(|text| format!("({text})"));
    let slots = server.and_then(|server| server.slots);
    let context = server.and_then(|server| server.info.model.context);
    vec![
        one.name().to_owned().into(),
        one.model().to_owned().into(),
        one.owner().map_or_else(dash, str::to_owned).into(),
        match server.filter(|server| state == State::Ready && server.is_unhealthy()) {
            // It beats, and does not answer.
            Some(_) => Cell::new("unhealthy", Tone::Bad),
            None => Cell::new(state.as_str(), state.tone()),
        },
        address.or(reason).unwrap_or_else(dash).into(),
        one.gpus().unwrap_or_else(dash).into(),
        context.map_or_else(dash, tokens).into(),
        slots.map_or_else(dash, |slots| format!("{}/{}", slots.busy, slots.total)).into(),
        one.started().filter(|_| running).map_or_else(dash, |time| span(since(time))).into(),
        match left {
            Some(left) => Cell::new(span(left), if left < 600 { Tone::Bad } else { Tone::Plain }),
            None => dash().into(),
        },
        printable(&one.id()).into(),
    ]
}

/// `131072` → `128k`.
fn tokens(count: u64) -> String {
    if count >= 1024 && count.is_multiple_of(1024) {
        format!("{}k", count / 1024)
    } else {
        count.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::target::tests::{job, server};
    use crate::domain::job::JobState;
    use crate::domain::server::{ServerState, Slots};

    fn some() -> Vec<Known> {
        let mut ready = server("4711", "qwen3-30b", "anna", ServerState::Ready);
        ready.info.model.context = Some(131_072);
        ready.info.gpus = Some("2 x h100".into());
        ready.slots = Some(Slots { total: 4, busy: 1 });
        ready.info.ends = "2026-01-01T08:00:00Z".parse().ok();
        let mut waiting = job("4712", "glm", JobState::Pending);
        waiting.reason = Some("Resources".into());
        vec![
            Known { server: Some(ready), ..Known::default() },
            Known { job: Some(waiting), ..Known::default() },
        ]
    }

    fn plain(terminal: Option<(u16, u16)>) -> String {
        let text = render(&some(), "2026-01-01T03:05:00Z".parse().unwrap(), terminal);
        anstream::adapter::strip_str(&text).to_string()
    }

    #[test]
    fn a_wide_terminal_shows_every_column() {
        let text = plain(Some((200, 50)));
        for word in ["qwen3-30b", "n1:5000", "2 x h100", "128k", "1/4", "3h05m", "4h55m", "4711"] {
            assert!(text.contains(word), "{word} in {text}");
        }
        assert!(text.contains("(Resources)"), "{text}");
        assert_eq!(text, plain(None));
    }

    #[test]
    fn a_narrow_terminal_drops_columns_and_keeps_the_job() {
        for width in [100, 80, 60, 40, 30] {
            let text = plain(Some((width, 50)));
            assert_eq!(text.lines().count(), 3, "{width}: {text}");
            assert!(text.lines().all(|line| line.chars().count() <= usize::from(width)), "{text}");
            for word in ["NAME", "STATE", "JOB", "4711", "ready"] {
                assert!(text.contains(word), "{word} at {width} in {text}");
            }
        }
        assert!(!plain(Some((80, 50))).contains("SLOTS"));
        assert!(plain(Some((80, 50))).contains("HOST:PORT"));
    }

    #[test]
    fn contexts_are_short() {
        assert_eq!([tokens(131_072), tokens(512), tokens(5000)], ["128k", "512", "5000"]);
    }
}
