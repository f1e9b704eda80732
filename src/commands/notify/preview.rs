//! `llamactl notify preview`: what would be sent.

use std::path::Path;

use anyhow::Context as _;

use super::whom::{of, settings_and_targets};
use crate::cli::PreviewArgs;
use crate::commands::Context;
use crate::config::spec::NotifySpec;
use crate::domain::target::{EMAIL, PLUGIN, Target};
use crate::exec::Run;
use crate::exit::{Exit, Failure};
use crate::notify::channel::Channel;
use crate::notify::parcel::{self, Preview};
use crate::notify::{Kind, Notice};

/// Shows what each channel would be sent, and sends nothing.
///
/// # Errors
/// Exit 2 for a channel that is not there, or a target that is wrong.
pub fn run(context: &Context, args: &PreviewArgs) -> anyhow::Result<Exit> {
    let (settings, how) = settings_and_targets(context, &args.notify)?;
    let kind: Kind = args.event.parse().map_err(Failure::usage)?;
    let sample = parcel::sample(kind, settings.registry.url.as_deref());
    let notices: Vec<Notice> = (0..args.count)
        .map(|n| Notice {
            job: if args.count == 1 { sample.job.clone() } else { format!("{}_{n}", sample.job) },
            ..sample.clone()
        })
        .collect();
    let targets = targets(&how, args)?;
    let key = uuid::Uuid::now_v7().to_string();
    let previews: Result<Vec<Preview>, String> =
        targets.iter().map(|target| parcel::preview(&how, target, &notices, &key)).collect();
    let previews = previews.map_err(Failure::usage)?;
    if context.printer.json(&previews)? {
        return Ok(Exit::OK);
    }
    if args.html {
        let page = previews.iter().find_map(|preview| preview.html.as_deref());
        let page = page.ok_or_else(|| {
            Failure::usage("only mail has an HTML part").hint("--channel email --html")
        })?;
        return open(context, page);
    }
    for preview in previews {
        context.printer.line(format!("==== {}\n{}\n", preview.channel, preview.sent.trim_end()))?;
    }
    Ok(Exit::OK)
}

/// The targets to show: those that are configured, or the channel's own example.
fn targets(how: &NotifySpec, args: &PreviewArgs) -> Result<Vec<String>, Failure> {
    let wanted = match (&args.channel, args.html) {
        (Some(channel), _) => channel.as_str(),
        (None, true) => EMAIL,
        (None, false) if how.is_empty() => EMAIL,
        (None, false) => return Ok(how.to.clone()),
    };
    if let Some(target) = how.to.iter().find(|target| of(target, wanted)) {
        return Ok(vec![target.clone()]);
    }
    let example = match wanted {
        EMAIL | "mailto" => Target::mail("you@example.org"),
        PLUGIN => "plugin://NAME".to_owned(),
        name => Channel::find(&parcel::templates(how), name).map_err(Failure::usage)?.example,
    };
    Ok(vec![example])
}

/// Writes the page into a file, and opens it where there is a screen.
fn open(context: &Context, page: &str) -> anyhow::Result<Exit> {
    let file = tempfile::Builder::new().prefix("llamactl-preview-").suffix(".html").tempfile()?;
    std::fs::write(file.path(), page)?;
    let (_, path) = file.keep().context("the page can't be kept")?;
    context.printer.line(path.display().to_string())?;
    if has_screen() {
        show(&path);
    } else {
        context.printer.hint("there is no screen here: open the file in a browser");
    }
    Ok(Exit::OK)
}

fn has_screen() -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some())
}

fn show(path: &Path) {
    // It has said where the file is: a desktop without a browser is no failure.
    if let Ok(opener) = which::which("xdg-open") {
        let _ = Run::new(opener).arg(path).background();
    }
}
