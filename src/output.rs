//! One printer: data on stdout, diagnostics on stderr; human, JSON or quiet.

use std::io::{IsTerminal, Write};

use serde::Serialize;

use crate::exit::{Exit, Failure};

/// A line on stderr. Where stderr is gone nobody reads it, and that is no reason to panic.
macro_rules! say {
    ($($arg:tt)*) => {{
        let _ = writeln!(anstream::stderr(), $($arg)*);
    }};
}

/// How a command prints.
#[derive(Debug, Clone, Copy, Default)]
pub struct Printer {
    json: bool,
    quiet: bool,
}

const BOLD_RED: &str = "\x1b[1;31m";
const BOLD_YELLOW: &str = "\x1b[1;33m";
const BOLD_CYAN: &str = "\x1b[1;36m";
const RESET: &str = "\x1b[0m";

impl Printer {
    /// A printer for these global options.
    pub fn new(json: bool, quiet: bool) -> Printer {
        Printer { json, quiet }
    }

    /// Whether stdout is to be JSON.
    pub fn is_json(self) -> bool {
        self.json
    }

    /// Prints one line (or several) of data for a person to stdout; nothing with `--json`.
    ///
    /// # Errors
    /// A broken pipe, which `commands` turns into exit 0.
    pub fn line(self, text: impl AsRef<str>) -> std::io::Result<()> {
        if self.json {
            return Ok(());
        }
        writeln!(anstream::stdout(), "{}", text.as_ref())
    }

    /// Prints `value` as JSON to stdout where `--json` was asked for; whether it was.
    ///
    /// # Errors
    /// A broken pipe, which `commands` turns into exit 0.
    pub fn json<T: Serialize + ?Sized>(self, value: &T) -> std::io::Result<bool> {
        if self.json {
            let text = serde_json::to_string_pretty(value).map_err(std::io::Error::other)?;
            writeln!(std::io::stdout(), "{text}")?;
        }
        Ok(self.json)
    }

    /// Prints `value` as JSON on one line of stdout, for streams of values.
    ///
    /// # Errors
    /// A broken pipe, which `commands` turns into exit 0.
    pub fn json_line<T: Serialize + ?Sized>(self, value: &T) -> std::io::Result<()> {
        let text = serde_json::to_string(value).map_err(std::io::Error::other)?;
        let mut stdout = std::io::stdout();
        writeln!(stdout, "{text}")?;
        stdout.flush()
    }

    /// Says what comes next, or what is worth knowing, on stderr; silent with `--quiet`.
    pub fn note(self, text: impl AsRef<str>) {
        if !self.quiet {
            say!("{}", text.as_ref());
        }
    }

    /// Warns on stderr; silent with `--quiet`.
    pub fn warn(self, text: impl AsRef<str>) {
        if !self.quiet {
            say!("{BOLD_YELLOW}warning:{RESET} {}", text.as_ref());
        }
    }

    /// Prints a hint on stderr; silent with `--quiet`.
    pub fn hint(self, text: impl AsRef<str>) {
        if !self.quiet {
            say!("{BOLD_CYAN}hint:{RESET} {}", text.as_ref());
        }
    }

    /// Prints an error with its causes and its hint, and gives the exit code for it.
    pub fn error(self, error: &anyhow::Error) -> Exit {
        let failure = error.chain().find_map(|cause| cause.downcast_ref::<Failure>());
        say!("{BOLD_RED}error:{RESET} {error:#}");
        if let Some(hint) = failure.and_then(|failure| failure.hint.as_deref()) {
            say!("{BOLD_CYAN}hint:{RESET} {hint}");
        }
        failure.map_or(Exit::FAILURE, |failure| failure.exit)
    }

    /// A spinner on stderr that says what is waited for; invisible where stderr is no
    /// terminal, and with `--quiet`.
    pub fn spinner(self) -> indicatif::ProgressBar {
        if self.quiet || !std::io::stderr().is_terminal() {
            return indicatif::ProgressBar::hidden();
        }
        let bar = indicatif::ProgressBar::new_spinner();
        if let Ok(style) = indicatif::ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}")
        {
            bar.set_style(style);
        }
        bar.enable_steady_tick(std::time::Duration::from_millis(100));
        bar
    }
}

/// What a cell's text is: decides its colour, where there are colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tone {
    /// Like everything else.
    #[default]
    Plain,
    /// All is well.
    Good,
    /// On its way: wait.
    Busy,
    /// Wrong, or lost.
    Bad,
    /// Of less interest.
    Faint,
}

/// One cell of a table.
#[derive(Debug, Clone, Default)]
pub struct Cell {
    /// Its text; control characters are replaced when it is printed.
    pub text: String,
    /// Its colour.
    pub tone: Tone,
}

impl Cell {
    /// A cell with a colour.
    pub fn new(text: impl Into<String>, tone: Tone) -> Cell {
        Cell { text: text.into(), tone }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell { text, tone: Tone::Plain }
    }
}

/// A table that fits the terminal: long cells are wrapped or cut, no frame. Control characters
/// in cells are replaced, since cells may hold what other users wrote.
pub fn table(header: &[&str], rows: Vec<Vec<String>>) -> String {
    let rows = rows.into_iter().map(|row| row.into_iter().map(Cell::from).collect()).collect();
    table_of(header, rows, terminal().map(|(width, _)| width))
}

/// A table with colours, no wider than `width` columns where one is given. Print it through
/// [`Printer::line`], which takes the colours out where they are not wanted.
pub fn table_of(header: &[&str], rows: Vec<Vec<Cell>>, width: Option<u16>) -> String {
    use comfy_table::{ContentArrangement, presets};
    let mut table = comfy_table::Table::new();
    table.load_style(presets::NOTHING).enforce_styling();
    match width {
        Some(width) => table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width),
        None => table.set_content_arrangement(ContentArrangement::Disabled),
    };
    table.set_header(header.iter().copied());
    for row in rows {
        table.add_row(row.into_iter().map(|cell| {
            let printed = comfy_table::Cell::new(printable(&cell.text));
            match color(cell.tone) {
                Some(color) => printed.fg(color),
                None => printed,
            }
        }));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    if let Some(last) = table.column_iter_mut().last() {
        last.set_padding((0, 0));
    }
    let text = table.to_string();
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

fn color(tone: Tone) -> Option<comfy_table::Color> {
    match tone {
        Tone::Plain => None,
        Tone::Good => Some(comfy_table::Color::Green),
        Tone::Busy => Some(comfy_table::Color::Yellow),
        Tone::Bad => Some(comfy_table::Color::Red),
        Tone::Faint => Some(comfy_table::Color::DarkGrey),
    }
}

/// Text on a terminal that is shown anew in the same place.
#[derive(Debug)]
pub struct Live {
    size: Option<(u16, u16)>,
    lines: usize,
}

impl Live {
    /// On stdout, as far as that is a terminal.
    pub fn new() -> Live {
        Live { size: terminal(), lines: 0 }
    }

    /// Whether there is a terminal to show it on.
    pub fn is_terminal(&self) -> bool {
        self.size.is_some()
    }

    /// Shows `text` in place of what was shown before: as many lines as fit.
    ///
    /// # Errors
    /// When stdout is closed.
    pub fn show(&mut self, text: &str) -> std::io::Result<()> {
        self.size = terminal().or(self.size);
        let (width, height) = self.size.unwrap_or((80, 24));
        let choice = anstream::AutoStream::choice(&std::io::stdout());
        let colours = choice != anstream::ColorChoice::Never;
        let mut out = String::new();
        if self.lines > 0 {
            out.push_str(&format!("\x1b[{}A\r\x1b[J", self.lines));
        }
        self.lines = 0;
        let all = text.lines().count();
        for (at, line) in text.lines().enumerate() {
            let plain = anstream::adapter::strip_str(line).to_string();
            let takes = plain.chars().count().div_ceil(usize::from(width.max(1))).max(1);
            if self.lines + takes + 2 > usize::from(height) && at + 1 < all {
                out.push_str(&format!("… and {} more\n", all - at));
                self.lines += 1;
                break;
            }
            out.push_str(if colours { line } else { &plain });
            out.push('\n');
            self.lines += takes;
        }
        // Not through anstream, which would take out the movement together with the colours.
        let mut stdout = std::io::stdout();
        stdout.write_all(out.as_bytes())?;
        stdout.flush()
    }
}

impl Default for Live {
    fn default() -> Live {
        Live::new()
    }
}

/// Whether stdout is a pipe whose reader has gone: nobody waits for what comes next.
pub fn reader_is_gone() -> bool {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    use std::os::fd::AsFd;
    let stdout = std::io::stdout();
    let mut fds = [PollFd::new(stdout.as_fd(), PollFlags::empty())];
    let told = poll(&mut fds, PollTimeout::ZERO).is_ok_and(|ready| ready > 0);
    told && fds[0].revents().is_some_and(|events| events.contains(PollFlags::POLLERR))
}

/// Columns and lines of the terminal that stdout is, 80 and 24 where it does not tell;
/// nothing where stdout is no terminal.
pub fn terminal() -> Option<(u16, u16)> {
    let stdout = std::io::stdout();
    let size =
        || terminal_size::terminal_size_of(&stdout).map(|(width, height)| (width.0, height.0));
    stdout.is_terminal().then(|| size().unwrap_or((80, 24)))
}

/// A length of time in two units at most, as `2d03h`, `3h05m`, `12m` or `45s`.
pub fn span(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m"),
        (0, _, _) => format!("{hours}h{minutes:02}m"),
        _ => format!("{days}d{hours:02}h"),
    }
}

/// `text` with every control character replaced: what other users wrote must not steer a
/// terminal.
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_does_not_steer_the_terminal() {
        let text = table(&["NAME"], vec![vec!["a\x1b[31mb\n".to_owned()]]);
        assert!(!text.contains('\x1b'), "{text}");
        assert_eq!(text.lines().count(), 2);
    }

    #[test]
    fn a_table_is_not_wider_than_the_terminal() {
        let row = vec![Cell::from("word ".repeat(30)), Cell::new("ready", Tone::Good)];
        let text = table_of(&["NAME", "STATE"], vec![row], Some(40));
        let plain = anstream::adapter::strip_str(&text).to_string();
        assert!(plain.lines().all(|line| line.chars().count() <= 40), "{plain}");
        assert!(text.contains("\x1b["), "{text}");
    }

    #[test]
    fn spans_are_short() {
        let spans = [-5, 0, 59, 60, 3599, 3600, 11_100, 183_600].map(span);
        assert_eq!(spans, ["0s", "0s", "59s", "1m", "59m", "1h00m", "3h05m", "2d03h"]);
    }
}
