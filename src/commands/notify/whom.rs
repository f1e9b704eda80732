//! Who is told, and the way through the registry: from flags, environment and configuration.

use crate::cli::NotifyFlags;
use crate::client::RegistryClient;
use crate::commands::Context;
use crate::config::resolve;
use crate::config::settings::Settings;
use crate::config::spec::NotifySpec;
use crate::config::targets::{self, Asked};
use crate::config::token::token;
use crate::domain::target::{self, Target};
use crate::exit::Failure;
use crate::notify::post::Forward;
use crate::supervisor::relay::ByRegistry;

/// What the flags ask for.
///
/// # Errors
/// Never: clap has looked at the names of events.
pub fn asked(flags: &NotifyFlags) -> Result<Asked, Failure> {
    let events: Result<_, _> = flags.events.iter().map(|event| event.parse()).collect();
    Ok(Asked {
        email: flags.email.clone(),
        ntfy_topic: flags.ntfy_topic.clone(),
        ntfy_server: flags.ntfy_server.clone(),
        to: flags.to.clone(),
        events: events.map_err(Failure::usage)?,
    })
}

/// What sends through the registry, where one is given or configured.
///
/// # Errors
/// A token that can't be read.
pub fn relay(settings: &Settings) -> anyhow::Result<Option<Box<dyn Forward>>> {
    let Some(url) = &settings.registry.url else { return Ok(None) };
    let token = token(settings.registry.token_file.as_deref())?;
    Ok(Some(Box::new(ByRegistry(RegistryClient::new(url).token(token)))))
}

/// Who is told, by flags, environment and configuration.
///
/// # Errors
/// Exit 2 when it is nobody, or an address, topic or server is wrong.
pub fn whom(settings: &Settings, flags: &NotifyFlags) -> Result<NotifySpec, Failure> {
    let how = targets::resolve(settings, &asked(flags)?)?;
    if how.is_empty() {
        return Err(Failure::usage("nobody is to be told").hint(
            "say whom: --email [ADDRESS], --ntfy-topic [TOPIC] or --notify TARGET; \
             `llamactl notify channels` lists all channels",
        ));
    }
    Ok(how)
}

/// Who is configured for a preview or a list, where nobody need be.
///
/// # Errors
/// A configuration that is wrong.
pub fn settings_and_targets(
    context: &Context,
    flags: &NotifyFlags,
) -> anyhow::Result<(Settings, NotifySpec)> {
    let settings = resolve::settings(context.global.registry.as_deref())?;
    let how = targets::resolve(&settings, &asked(flags)?)?;
    Ok((settings, how))
}

/// Every target, those of rules too.
pub fn everybody(how: &NotifySpec) -> impl Iterator<Item = &String> {
    how.to.iter().chain(how.rules.iter().flat_map(|rule| &rule.notify))
}

/// Whether a target is of this channel.
pub fn of(target: &str, channel: &str) -> bool {
    let wanted = if channel == "mailto" { target::EMAIL } else { channel };
    Target::parse(target).is_ok_and(|target| target.channel() == wanted)
}
