//! `llamactl notify`

mod event;
mod mailprog;
mod outbox;
mod pending;
mod preview;
mod templates;
mod told;
mod topic;
mod whom;

use std::collections::BTreeSet;

use crate::cli::{NotifyArgs, NotifyCommand, NotifyFlags, PluginsCommand, TestArgs};
use crate::commands::Context;
use crate::config::resolve;
use crate::domain::target;
use crate::exit::{Exit, Failure};
use crate::notify::channel::{self, Channel};
use crate::notify::post::{self, Post};
use crate::notify::{Kind, parcel, plugin};
use crate::output;

use told::{DEADLINE, answer};
use whom::{everybody, of, relay, settings_and_targets, whom};

pub use pending::{Pending, leave_behind};
pub use topic::show as show_topic;
pub use whom::asked;

/// Tells people of an event, or does what the subcommand says.
///
/// # Errors
/// Exit 2 when nobody is to be told, or an address, topic or server is wrong.
pub async fn run(context: &Context, args: NotifyArgs) -> anyhow::Result<Exit> {
    match args.command {
        None => event::run(context, &args.event, &args.notify).await,
        Some(NotifyCommand::Test(args)) => test(context, &args).await,
        Some(NotifyCommand::Preview(args)) => preview::run(context, &args),
        Some(NotifyCommand::Channels) => channels(context),
        Some(NotifyCommand::Templates(command)) => templates::run(context, command),
        Some(NotifyCommand::Plugins(PluginsCommand::Ls)) => plugins(context),
        Some(NotifyCommand::Plugins(PluginsCommand::Schema)) => {
            let schema = schemars::schema_for!(plugin::Event);
            context.printer.line(serde_json::to_string_pretty(&schema)?)?;
            Ok(Exit::OK)
        }
        Some(NotifyCommand::Topic(args)) => topic::run(context, &args),
        Some(NotifyCommand::Outbox(command)) => outbox::run(context, command).await,
        Some(NotifyCommand::Pending(args)) => pending::run(context, &args).await,
        Some(NotifyCommand::Mailprog(args)) => mailprog::run(context, &args).await,
    }
}

async fn test(context: &Context, args: &TestArgs) -> anyhow::Result<Exit> {
    let settings = resolve::settings(context.global.registry.as_deref())?;
    let mut how = whom(&settings, &args.notify)?;
    if let Some(channel) = &args.channel {
        let named: BTreeSet<String> =
            everybody(&how).filter(|target| of(target, channel)).cloned().collect();
        how.to = named.into_iter().collect();
        if how.to.is_empty() {
            let error = format!("no target of the channel `{channel}` is configured");
            return Err(Failure::usage(error)
                .hint("write it behind --notify; `llamactl notify channels` has an example")
                .into());
        }
    }
    if how.to.is_empty() {
        // A test alone is no reason to wake whoever is on call.
        return Err(Failure::usage("only rules tell anybody, and those are not tried unasked")
            .hint("name a channel with --channel")
            .into());
    }
    let kind: Kind = args.event.parse().map_err(Failure::usage)?;
    let mut notice = parcel::sample(kind, settings.registry.url.as_deref());
    notice.name = "llamactl notify test".to_owned();
    let post = Post::new(how.clone(), relay(&settings)?);
    answer(context, post::tell_now(&how.to, &post, &notice, DEADLINE).await)
}

fn channels(context: &Context) -> anyhow::Result<Exit> {
    #[derive(serde::Serialize)]
    struct Row {
        name: String,
        description: String,
        example: String,
        configured: bool,
    }
    let (_, how) = settings_and_targets(context, &NotifyFlags::default())?;
    let templates = parcel::templates(&how);
    let configured = |name: &str| everybody(&how).any(|target| of(target, name));
    let row = |name: &str, description: &str, example: &str| Row {
        name: name.to_owned(),
        description: description.to_owned(),
        example: example.to_owned(),
        configured: configured(name),
    };
    let mut rows = vec![
        row(target::EMAIL, "Mail, by SMTP or the machine's own sendmail", "mailto:you@example.org"),
        row(
            target::PLUGIN,
            "A program of your own, llamactl-notify-NAME",
            "plugin://NAME?key=value",
        ),
    ];
    for name in channel::names(&templates) {
        match Channel::find(&templates, &name) {
            Ok(channel) => rows.push(row(&name, &channel.description, &channel.example)),
            Err(error) => context.printer.warn(error),
        }
    }
    if context.printer.json(&rows)? {
        return Ok(Exit::OK);
    }
    let cells = rows.into_iter().map(|row| {
        let mark = if row.configured { "yes" } else { "" };
        vec![row.name, mark.to_owned(), row.description, row.example]
    });
    let header = ["CHANNEL", "CONFIGURED", "WHAT IT IS", "TARGET, FOR EXAMPLE"];
    context.printer.line(output::table(&header, cells.collect()))?;
    context.printer.hint(
        "a secret goes into a file (chmod 600): 'CHANNEL://?file=PATH', with the target or the \
         service's own URL in it; `llamactl notify test` tries what is configured",
    );
    Ok(Exit::OK)
}

fn plugins(context: &Context) -> anyhow::Result<Exit> {
    let (_, how) = settings_and_targets(context, &NotifyFlags::default())?;
    let found = plugin::all(&how);
    if context.printer.json(&found)? {
        return Ok(Exit::OK);
    }
    if found.is_empty() {
        context.printer.note("there are no plugins");
        context.printer.hint(
            "a plugin is a program llamactl-notify-NAME in ~/.config/llamactl/plugins or on PATH",
        );
        return Ok(Exit::OK);
    }
    let rows = found
        .into_iter()
        .map(|plugin| vec![format!("plugin://{}", plugin.name), plugin.path.display().to_string()]);
    context.printer.line(output::table(&["TARGET", "PROGRAM"], rows.collect()))?;
    Ok(Exit::OK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flags_know_every_event() {
        assert_eq!(crate::cli::EVENTS, Kind::ALL.map(Kind::name));
    }
}
