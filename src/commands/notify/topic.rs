//! `llamactl notify topic`: the ntfy topic that nobody guesses, and how to subscribe to it.

use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use serde::Serialize;

use super::whom::settings_and_targets;
use crate::cli::{NotifyFlags, TopicArgs};
use crate::commands::Context;
use crate::config::spec::NotifySpec;
use crate::config::topic;
use crate::domain::target::{NTFY, Target};
use crate::exit::{Exit, Failure};
use crate::notify::parcel;
use crate::output::{self, Printer};

#[derive(Serialize)]
struct Shown {
    topic: String,
    url: String,
}

/// Shows the topic that `--ntfy-topic` without a value takes; makes one where there is none.
///
/// # Errors
/// When it can't be kept.
pub fn run(context: &Context, args: &TopicArgs) -> anyhow::Result<Exit> {
    if args.renew
        && let Some(path) = topic::file()
        && let Err(error) = std::fs::remove_file(&path)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(Failure::new(format!("{}: {error}", path.display())).into());
    }
    let (settings, _) = settings_and_targets(context, &NotifyFlags::default())?;
    let topic = match settings.notify.ntfy_topic.filter(|topic| topic != "none") {
        Some(topic) => topic,
        None => topic::own()?,
    };
    let flags = NotifyFlags { ntfy_topic: Some(topic), ..NotifyFlags::default() };
    let (_, how) = settings_and_targets(context, &flags)?;
    let Some(shown) = subscription(&how) else {
        return Err(Failure::usage("no ntfy topic is configured").into());
    };
    if context.printer.json(&shown)? {
        return Ok(Exit::OK);
    }
    context.printer.line(&shown.url)?;
    if let Some(code) = code(&shown.url) {
        context.printer.line(format!("\n{code}"))?;
    }
    context.printer.note(
        "open it in a browser, or scan it with the phone's camera, to subscribe; whoever has \
         this link can read what is sent",
    );
    Ok(Exit::OK)
}

/// After a submission: shows how to subscribe to the topic that was made for its user.
///
/// # Errors
/// When stdout is closed.
pub fn show(printer: Printer, how: &NotifySpec) -> std::io::Result<()> {
    let kept = topic::kept();
    let Some(shown) = subscription(how).filter(|shown| kept.as_ref() == Some(&shown.topic)) else {
        return Ok(());
    };
    printer.note(format!("subscribe on your phone: {}", shown.url));
    if let Some(code) = code(&shown.url).filter(|_| output::terminal().is_some()) {
        printer.note(format!("\n{code}"));
    }
    Ok(())
}

/// The topic that is told without a server of its own, and the page that shows it.
fn subscription(how: &NotifySpec) -> Option<Shown> {
    let targets = how.to.iter().filter_map(|target| Target::parse(target).ok());
    let topic = targets
        .filter(|target| target.channel() == NTFY && target.parts().is_empty())
        .map(|target| target.host())
        .next()?;
    let server = parcel::server(how).ok()?;
    let url = format!("{}/{topic}", server.as_str().trim_end_matches('/'));
    Some(Shown { topic, url })
}

/// A QR code in half blocks, light on dark as a terminal is, with its quiet zone.
fn code(text: &str) -> Option<String> {
    let code = QrCode::new(text).ok()?;
    Some(
        code.render::<Dense1x2>()
            .dark_color(Dense1x2::Light)
            .light_color(Dense1x2::Dark)
            .quiet_zone(true)
            .build(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_fits_a_terminal() {
        let code = code("https://ntfy.sh/llama-0123456789abcdef0123456789abcdef").unwrap();
        let widest = code.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= 80 && code.lines().count() <= 24, "{widest}\n{code}");
    }
}
