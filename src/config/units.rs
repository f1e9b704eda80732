//! Times, sizes and names as people write them: SLURM's walltime and memory, durations,
//! addresses. Pure; every error is one sentence that says what is expected.

use std::time::Duration;

/// Longest `--signal` time that SLURM takes, in seconds (`sbatch(1)`: 0 to 65535).
pub const MAX_SIGNAL_SECONDS: u64 = 65_535;

/// Longest name of a server, in characters.
pub const MAX_NAME: usize = 128;

/// Reads SLURM's walltime: minutes, `minutes:seconds`, `hours:minutes:seconds`, `days-hours`,
/// `days-hours:minutes` or `days-hours:minutes:seconds` (`sbatch(1)`, `--time`). Nothing for
/// no limit: `none`, `unlimited`, `infinite`, or SLURM's 0.
///
/// # Errors
/// What is wrong with it.
pub fn walltime(text: &str) -> Result<Option<Duration>, String> {
    let text = text.trim();
    if ["none", "unlimited", "infinite", "0"].iter().any(|word| text.eq_ignore_ascii_case(word)) {
        return Ok(None);
    }
    let seconds = match text.split_once('-') {
        Some((days, clock)) => seconds_of_days(days, clock),
        None => seconds_of_clock(text),
    };
    match seconds {
        Some(0) => Ok(None),
        Some(seconds) => Ok(Some(Duration::from_secs(seconds))),
        None => Err(format!(
            "`{text}` is not a walltime: 8:00:00, 90 (minutes), 1-12 (days-hours) and none are"
        )),
    }
}

fn seconds_of_days(days: &str, clock: &str) -> Option<u64> {
    let days = number(days)?.checked_mul(24 * 3600)?;
    let parts: Option<Vec<u64>> = clock.split(':').map(number).collect();
    let rest = match parts?.as_slice() {
        [hours] => hours.checked_mul(3600)?,
        [hours, minutes] => hours.checked_mul(3600)?.checked_add(minutes.checked_mul(60)?)?,
        [hours, minutes, seconds] => clock_seconds(*hours, *minutes, *seconds)?,
        _ => return None,
    };
    days.checked_add(rest)
}

fn seconds_of_clock(text: &str) -> Option<u64> {
    let parts: Option<Vec<u64>> = text.split(':').map(number).collect();
    match parts?.as_slice() {
        [minutes] => minutes.checked_mul(60),
        [minutes, seconds] => clock_seconds(0, *minutes, *seconds),
        [hours, minutes, seconds] => clock_seconds(*hours, *minutes, *seconds),
        _ => None,
    }
}

fn clock_seconds(hours: u64, minutes: u64, seconds: u64) -> Option<u64> {
    hours.checked_mul(3600)?.checked_add(minutes.checked_mul(60)?)?.checked_add(seconds)
}

fn number(text: &str) -> Option<u64> {
    // `parse` would take a plus sign too.
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}

/// Reads SLURM's memory size, `32G`, in MiB: a whole number with K, M, G or T, M without one
/// (`sbatch(1)`, `--mem`). 0 is all of the node's memory.
///
/// # Errors
/// What is wrong with it, with the nearest right form where there is one.
pub fn memory(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = text[digits.len()..].trim();
    let wrong = |better: &str| Err(format!("`{text}` is not a memory size: {better} is"));
    let Some(count) = number(digits) else { return wrong("a whole number with M or G, as 32G,") };
    let mib = match unit.to_ascii_uppercase().as_str() {
        "" | "M" if text.len() <= digits.len() + 1 => Some(count),
        "K" => Some(count.div_ceil(1024)),
        "G" => count.checked_mul(1024),
        "T" => count.checked_mul(1024 * 1024),
        "KB" | "MB" | "GB" | "TB" | "KIB" | "MIB" | "GIB" | "TIB" => {
            return wrong(&format!("{count}{}", unit[..1].to_ascii_uppercase()));
        }
        _ => return wrong("a whole number with K, M, G or T, as 32G,"),
    };
    mib.map_or_else(|| wrong("a smaller number"), Ok)
}

/// Reads a duration, as `30m`, `2m 30s` or `1h`.
///
/// # Errors
/// What is wrong with it.
pub fn duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text)
        .map_err(|_| format!("`{text}` is not a duration: 90s, 30m, 1h and 1h 30m are"))
}

/// Splits a text into words as a shell reads them, but nothing is expanded.
///
/// # Errors
/// What is wrong with it.
pub fn words(text: &str) -> Result<Vec<String>, String> {
    shlex::split(text).ok_or_else(|| format!("a quote is not closed in `{text}`"))
}

/// Checks the name of a server, which is also the name of its job.
///
/// # Errors
/// What is wrong with it.
pub fn name(text: &str) -> Result<(), String> {
    if text.trim().is_empty() || text.chars().count() > MAX_NAME {
        return Err(format!("a name has 1 to {MAX_NAME} characters"));
    }
    if text.chars().any(|c| c.is_control() || c == '/') || text == "." || text == ".." {
        return Err(format!("`{}` is not a name: it must be printable, without `/`", safe(text)));
    }
    Ok(())
}

/// Checks a mail address, which may reach a mail program's command line and a header: one `@`
/// with something plain on both sides.
///
/// # Errors
/// What is wrong with it.
pub fn email(text: &str) -> Result<(), String> {
    let plain = |c: char| !c.is_control() && !c.is_whitespace() && !"<>()[]\\,;:\"|`$".contains(c);
    let parts = text.split_once('@');
    let ok = text.len() <= 254
        && !text.starts_with('-')
        && text.chars().all(plain)
        && parts.is_some_and(|(user, host)| {
            !user.is_empty() && !host.is_empty() && !host.contains('@') && !host.starts_with('-')
        });
    if ok { Ok(()) } else { Err(format!("`{}` is not a mail address", safe(text))) }
}

/// Checks an ntfy topic by ntfy's own rule: 1 to 64 letters, digits, `-` and `_`.
///
/// # Errors
/// What is wrong with it.
pub fn topic(text: &str) -> Result<(), String> {
    let ok = (1..=64).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    if ok {
        return Ok(());
    }
    Err(format!("`{}` is not an ntfy topic: 1 to 64 letters, digits, `-` and `_`", safe(text)))
}

/// Checks the base URL of an HTTP service: `http://HOST:PORT` or `https://…`, without a user
/// name or password, which would be readable in job scripts.
///
/// # Errors
/// What is wrong with it.
pub fn url(text: &str) -> Result<(), String> {
    let wrong = || format!("`{}` is not a URL: http://HOST:PORT is", safe(text));
    let uri: http::Uri = text.parse().map_err(|_| wrong())?;
    let authority = uri.authority().ok_or_else(wrong)?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) || authority.host().is_empty() {
        return Err(wrong());
    }
    if authority.as_str().contains('@') {
        return Err("a URL here must not hold a user name or password".to_owned());
    }
    if uri.query().is_some() {
        return Err("a URL here must not hold a query (`?`)".to_owned());
    }
    Ok(())
}

/// Checks a GPU type or the name of a variant, as SLURM spells GRES types.
///
/// # Errors
/// What is wrong with it.
pub fn gpu_type(text: &str) -> Result<(), String> {
    let ok = (1..=64).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    if ok { Ok(()) } else { Err(format!("`{}` is not a GPU type, as `a100`", safe(text))) }
}

fn safe(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walltimes_are_read_as_slurm_reads_them() {
        let seconds = |text: &str| walltime(text).unwrap().map(|d| d.as_secs());
        assert_eq!(seconds("90"), Some(90 * 60));
        assert_eq!(seconds("2:30"), Some(150));
        assert_eq!(seconds("8:00:00"), Some(8 * 3600));
        assert_eq!(seconds("1-12"), Some(36 * 3600));
        assert_eq!(seconds("1-12:30"), Some(36 * 3600 + 30 * 60));
        assert_eq!(seconds("1-12:30:05"), Some(36 * 3600 + 30 * 60 + 5));
        for none in ["none", "UNLIMITED", "infinite", "0", "0:00"] {
            assert_eq!(seconds(none), None, "{none}");
        }
        for bad in ["", "8h", "1:2:3:4", "-1", "+5", "1-", "1-2:3:4:5", "99999999999999999999"] {
            assert!(walltime(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn memory_is_read_as_slurm_reads_it() {
        assert_eq!(memory("32G"), Ok(32 * 1024));
        assert_eq!(memory("500"), Ok(500));
        assert_eq!(memory("500M"), Ok(500));
        assert_eq!(memory("1025k"), Ok(2));
        assert_eq!(memory("1T"), Ok(1024 * 1024));
        assert_eq!(memory("32GB").unwrap_err(), "`32GB` is not a memory size: 32G is");
        for bad in ["", "G", "1.5G", "32X", "-1", "32 potatoes", "99999999999999999T"] {
            assert!(memory(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn words_keep_their_commas_and_quotes() {
        let split = words(r#"--temp 0.7 -ts 3,1 --alias 'a b'"#).unwrap();
        assert_eq!(split, ["--temp", "0.7", "-ts", "3,1", "--alias", "a b"]);
        assert_eq!(words("--alias 'a b").unwrap_err(), "a quote is not closed in `--alias 'a b`");
    }

    #[test]
    fn what_could_reach_a_header_or_a_command_line_is_refused() {
        for good in ["a@b", "first.last+llm@example.org", "o'brien@example.org"] {
            assert_eq!(email(good), Ok(()), "{good}");
        }
        for bad in ["", "a", "@b", "a@", "-f@b", "a@b\nBcc: c@d", "a b@c", "a@b,c@d", "a@-b"] {
            assert!(email(bad).is_err(), "{bad}");
        }
        assert_eq!(topic("my-Topic_1"), Ok(()));
        for bad in ["", "a/b", "a b", "ä", &"x".repeat(65)] {
            assert!(topic(bad).is_err(), "{bad}");
        }
        assert_eq!(url("http://n1:5000"), Ok(()));
        assert_eq!(url("https://registry.example.org/llama"), Ok(()));
        for bad in ["", "n1:5000", "ftp://n1", "http://", "http://u:p@n1", "http://n1/?a=b"] {
            assert!(url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn names_cannot_leave_their_folder_or_steer_a_terminal() {
        for good in ["qwen3-30b", "my model", "näme"] {
            assert_eq!(name(good), Ok(()), "{good}");
        }
        for bad in ["", "  ", "a/b", "a\nb", "..", "a\x1b[31m", &"x".repeat(129)] {
            assert!(name(bad).is_err(), "{bad}");
        }
    }
}
