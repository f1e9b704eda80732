//! Targets for another program, on another machine: with nothing left to look up here.

use super::parcel::{self, DEFAULT_NTFY};
use crate::config::spec::NotifySpec;
use crate::domain::target::{NTFY, PLUGIN, Target};

/// A target as another machine has to be told it: what stands in a file or a variable is read,
/// and a topic names its server. Nothing for a plugin, which is a program of this machine.
///
/// # Errors
/// When it can't be read.
pub fn abroad(how: &NotifySpec, target: &str) -> Result<Option<String>, String> {
    let target = parcel::resolve(target)?;
    if target.channel() == PLUGIN {
        return Ok(None);
    }
    if target.channel() != NTFY || !target.parts().is_empty() {
        return Ok(Some(target.text().to_owned()));
    }
    let server = how.ntfy_server.as_deref().unwrap_or(DEFAULT_NTFY);
    Ok(Some(Target::ntfy(&target.host(), Some(server))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_to_look_up() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("slack");
        crate::paths::write_private(&file, b"https://hooks.slack.com/services/T/B/X\n").unwrap();
        let how = NotifySpec { ntfy_server: Some("http://n:1".into()), ..NotifySpec::default() };
        let abroad = |target: &str| abroad(&how, target);
        let slack = format!("slack://?file={}", file.display());
        for (here, there) in [
            ("mailto:a@b.c", Some("mailto:a@b.c")),
            ("ntfy://topic", Some("ntfy+http://n:1/topic")),
            ("ntfy://other.example.org/topic", Some("ntfy://other.example.org/topic")),
            (slack.as_str(), Some("slack://hooks.slack.com/services/T/B/X")),
            ("plugin://mine", None),
        ] {
            assert_eq!(abroad(here), Ok(there.map(str::to_owned)), "{here}");
        }
        assert!(abroad("slack://?file=/nowhere").is_err());
        let usual = super::abroad(&NotifySpec::default(), "ntfy://topic");
        assert_eq!(usual, Ok(Some("ntfy://ntfy.sh/topic".into())));
    }
}
