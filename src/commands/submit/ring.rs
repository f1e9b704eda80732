//! `--ring`: tells whoever sits in front of the terminal, here or at the other end of ssh.

use std::io::Write;
use std::time::Duration;

use crate::exec::Run;
use crate::notify::one_line;
use crate::output::{printable, terminal};

/// How long the desktop may take to show it.
const DESKTOP: Duration = Duration::from_secs(5);

/// Rings, and shows `title` and `text` on the desktop: by the terminal, which passes it on over
/// ssh, and by notify-send where this machine has a desktop itself.
pub async fn ring(title: &str, text: &str) {
    if terminal().is_some() {
        let mut out = std::io::stderr();
        let _ = out.write_all(sequence(title, text).as_bytes());
        let _ = out.flush();
    }
    let desktop =
        ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some());
    if desktop {
        let show = Run::new("notify-send").args(["--app-name", "llamactl", "--"]);
        // A desktop without it has heard the bell.
        let _ = show.args([one_line(title), one_line(text)]).timeout(DESKTOP).output().await;
    }
}

/// The bell (BEL), and OSC 9, by which terminals show a notification; the others ignore it.
fn sequence(title: &str, text: &str) -> String {
    let plain = |text: &str| printable(&one_line(text)).replace(';', ",");
    format!("\x07\x1b]9;{}: {}\x07", plain(title), plain(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_can_end_the_sequence() {
        let sequence = sequence("a\x07b", "c\x1b]52;c;evil\x07");
        assert_eq!(sequence.matches('\x07').count(), 2, "{sequence:?}");
        assert_eq!(sequence.matches('\x1b').count(), 1, "{sequence:?}");
        assert_eq!(sequence.matches(';').count(), 1, "{sequence:?}");
    }
}
