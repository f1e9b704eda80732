//! One printer: data on stdout, diagnostics on stderr; human, JSON or quiet.

use std::io::{IsTerminal, Write};

use anstream::eprintln;
use serde::Serialize;

use crate::exit::{Exit, Failure};

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

    /// Says what comes next, or what is worth knowing, on stderr; silent with `--quiet`.
    pub fn note(self, text: impl AsRef<str>) {
        if !self.quiet {
            eprintln!("{}", text.as_ref());
        }
    }

    /// Warns on stderr; silent with `--quiet`.
    pub fn warn(self, text: impl AsRef<str>) {
        if !self.quiet {
            eprintln!("{BOLD_YELLOW}warning:{RESET} {}", text.as_ref());
        }
    }

    /// Prints a hint on stderr; silent with `--quiet`.
    pub fn hint(self, text: impl AsRef<str>) {
        if !self.quiet {
            eprintln!("{BOLD_CYAN}hint:{RESET} {}", text.as_ref());
        }
    }

    /// Prints an error with its causes and its hint, and gives the exit code for it.
    pub fn error(self, error: &anyhow::Error) -> Exit {
        let failure = error.chain().find_map(|cause| cause.downcast_ref::<Failure>());
        eprintln!("{BOLD_RED}error:{RESET} {error:#}");
        if let Some(hint) = failure.and_then(|failure| failure.hint.as_deref()) {
            eprintln!("{BOLD_CYAN}hint:{RESET} {hint}");
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

/// A table that fits the terminal: long cells are wrapped or cut, no frame. Control characters
/// in cells are replaced, since cells may hold what other users wrote.
pub fn table(header: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    table.set_content_arrangement(comfy_table::ContentArrangement::Dynamic);
    if !std::io::stdout().is_terminal() {
        table.set_content_arrangement(comfy_table::ContentArrangement::Disabled);
    }
    table.set_header(header.iter().copied());
    for row in rows {
        table.add_row(row.iter().map(|cell| printable(cell)));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    let text = table.to_string();
    text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
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
}
