//! `llamactl watch`

use std::collections::BTreeMap;

use serde_json::json;

use crate::api::dashboard::WatchCreate;
use crate::cli::{WatchArgs, WatchCommand};
use crate::commands::{Context, lease};
use crate::config::resolve;
use crate::config::settings::Settings;
use crate::config::targets::{self, Asked};
use crate::domain::notice::Kind;
use crate::domain::target::{self, NTFY, Target};
use crate::domain::watch::{MAX_TARGETS, SEEN, Watch};
use crate::exit::{Exit, Failure};
use crate::notify;
use crate::output::{printable, table};

/// Runs the command.
///
/// # Errors
/// What went wrong, with a hint.
pub async fn run(context: &Context, args: WatchArgs) -> anyhow::Result<Exit> {
    match args.command {
        Some(WatchCommand::Ls) => ls(context).await,
        Some(WatchCommand::Rm { watches }) => rm(context, &watches).await,
        None => create(context, args).await,
    }
}

async fn create(context: &Context, args: WatchArgs) -> anyhow::Result<Exit> {
    let wanted = wanted(context, &args)?;
    let watch = lease::client(context)?.create_watch(&wanted).await.map_err(lease::refused)?;
    if !context.printer.json(&watch)? {
        let told = watch.notify.iter().map(|text| printable(&target::masked(text)));
        let told = told.collect::<Vec<_>>().join(", ");
        let times = if watch.once { "once" } else { "each time" };
        context.printer.note(format!("the registry tells {told} {times}: {}", about(&watch)));
        context.printer.note(format!("end it with: llamactl watch rm {}", watch.id));
    }
    Ok(Exit::OK)
}

fn wanted(context: &Context, args: &WatchArgs) -> anyhow::Result<WatchCreate> {
    if args.model.is_none() && args.owner.is_none() && args.node.is_none() && args.labels.is_empty()
    {
        return Err(Failure::usage("a watch says of which servers or nodes")
            .hint("give --model, --owner, --label or --node; --model '*' is any")
            .into());
    }
    let events = args.events.iter().map(|event| kind(event)).collect::<Result<Vec<_>, _>>()?;
    let settings = resolve::settings(context.global.registry.as_deref())?;
    let label = |text: &String| match text.split_once('=') {
        Some((key, value)) => (key.to_owned(), value.to_owned()),
        None => (text.clone(), "*".to_owned()),
    };
    Ok(WatchCreate {
        model: args.model.clone(),
        events: Some(events).filter(|events| !events.is_empty()),
        server_owner: args.owner.clone(),
        labels: args.labels.iter().map(label).collect::<BTreeMap<_, _>>(),
        node: args.node.clone(),
        notify: told(&settings, &args.notify)?,
        once: !args.keep,
    })
}

fn kind(text: &str) -> Result<Kind, Failure> {
    let seen = || SEEN.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ");
    let kind: Result<Kind, String> = text.parse();
    match kind {
        Ok(kind) if SEEN.contains(&kind) => Ok(kind),
        Ok(Kind::Ready) => {
            Err(Failure::usage("--event ready: for others' servers it is available"))
        }
        Ok(kind) => Err(Failure::usage(format!("--event {kind}: the registry sees nothing of it"))
            .hint(format!("it sees {}", seen()))),
        Err(_) => {
            let shown = printable(text);
            Err(Failure::usage(format!("--event {shown}: there is no such event"))
                .hint(format!("the registry sees {}", seen())))
        }
    }
}

/// Whom the flags name, else the configuration; as the registry has to be told them.
fn told(settings: &Settings, named: &[String]) -> anyhow::Result<Vec<String>> {
    let how = targets::how(settings);
    let to = match named {
        [] => targets::resolve(settings, &Asked::default())?.to,
        named => named.to_vec(),
    };
    let mut told = Vec::new();
    for text in to {
        let parsed = Target::parse(&text).map_err(|why| {
            Failure::usage(format!("--notify {}: {why}", printable(&target::masked(&text))))
        })?;
        // A topic that names no server is at the registry's own, unless one is configured here.
        let is_topic = parsed.channel() == NTFY && parsed.parts().is_empty();
        if is_topic
            && parsed.elsewhere().is_none()
            && !named.is_empty()
            && how.ntfy_server.is_none()
        {
            told.push(text);
            continue;
        }
        match notify::abroad(&how, &text).map_err(Failure::usage)? {
            Some(text) => told.push(text),
            None if named.is_empty() => {}
            // What the registry says of its own plugins is for it to say.
            None => told.push(text),
        }
    }
    if told.is_empty() {
        return Err(Failure::usage("there is nobody to tell")
            .hint("give --notify TARGET, as ntfy://my-topic, or set notify.to in config.yaml")
            .into());
    }
    if told.len() > MAX_TARGETS {
        return Err(Failure::usage(format!("at most {MAX_TARGETS} targets for one watch")).into());
    }
    Ok(told)
}

async fn ls(context: &Context) -> anyhow::Result<Exit> {
    let all = lease::client(context)?.watches().await.map_err(lease::refused)?;
    if context.printer.json(&all)? {
        return Ok(Exit::OK);
    }
    if all.watches.is_empty() {
        context.printer.note("nothing is watched; begin with `llamactl watch --model NAME`");
        return Ok(Exit::OK);
    }
    let row = |watch: &Watch| {
        let told: Vec<_> = watch.notify.iter().map(|text| target::masked(text)).collect();
        vec![
            watch.id.clone(),
            printable(&about(watch)),
            printable(&told.join(", ")),
            if watch.once { "once" } else { "each time" }.to_owned(),
            printable(watch.owner.as_deref().unwrap_or("-")),
        ]
    };
    let rows = all.watches.iter().map(row).collect();
    context.printer.line(table(&["ID", "OF", "TELLS", "HOW OFTEN", "OWNER"], rows))?;
    Ok(Exit::OK)
}

async fn rm(context: &Context, ids: &[String]) -> anyhow::Result<Exit> {
    let client = lease::client(context)?;
    let known = client.watches().await.map_err(lease::refused)?.watches;
    let mut ended = Vec::new();
    for id in ids {
        let found: Vec<&Watch> = known.iter().filter(|watch| watch.id.starts_with(id)).collect();
        let [watch] = found[..] else {
            let why = if found.is_empty() { "there is no such watch" } else { "this is not one" };
            return Err(Failure::new(format!("{}: {why}", printable(id)))
                .hint("`llamactl watch ls` lists yours")
                .into());
        };
        ended.push(watch.id.clone());
    }
    for id in &ended {
        client.remove_watch(id).await.map_err(lease::refused)?;
        context.printer.note(format!("ended {id}"));
    }
    context.printer.json(&json!({ "removed": ended }))?;
    Ok(Exit::OK)
}

/// What a watch is about, in words.
fn about(watch: &Watch) -> String {
    let events = watch.events.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ");
    let mut words = vec![events];
    let filter = &watch.filter;
    if watch.model != "*" {
        words.push(format!("of {}", watch.model));
    }
    words.extend(filter.server_owner.as_ref().map(|owner| format!("of owner {owner}")));
    let label = |(key, value): (&String, &String)| format!("with {key}={value}");
    words.extend(filter.labels.iter().map(label));
    words.extend(filter.node.as_ref().map(|node| format!("on {node}")));
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(yaml: &str) -> Settings {
        serde_yaml::from_str(yaml).unwrap()
    }

    #[test]
    fn a_topic_names_the_server_where_the_reader_has_one() {
        let named = |yaml: &str, to: &str| told(&settings(yaml), &[to.to_owned()]).unwrap();
        assert_eq!(named("{}", "ntfy://mine"), ["ntfy://mine"]);
        let own = "notify: {ntfy_server: 'http://n:1'}";
        assert_eq!(named(own, "ntfy://mine"), ["ntfy+http://n:1/mine"]);
        assert_eq!(named("{}", "mailto:a@b.c"), ["mailto:a@b.c"]);
        let of_file = told(&settings("notify: {to: ['mailto:a@b.c', 'plugin://x']}"), &[]).unwrap();
        assert_eq!(of_file, ["mailto:a@b.c"], "a plugin is of this machine");
    }

    #[test]
    fn what_the_registry_does_not_see_is_named() {
        assert_eq!(kind("lost").ok(), Some(Kind::Lost));
        for (text, word) in [("ready", "available"), ("pending", "nothing"), ("x", "no such")] {
            let error = kind(text).unwrap_err();
            assert!(error.to_string().contains(word), "{error}");
        }
    }
}
