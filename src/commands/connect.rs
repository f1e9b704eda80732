//! `llamactl connect`: tunnel if needed, the right environment, then the program.

mod reach;
mod run;
mod tunnel;

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::cli::ConnectArgs;
use crate::commands::Context;
use crate::commands::target::Known;
use crate::commands::target::sources::Finder;
use crate::domain::names::Names;
use crate::exit::{Exit, Failure};
use crate::output::printable;
use crate::presets::{self, Environment, NO_KEY, Presets, Values};
use crate::secret::Secret;

use reach::Way;

/// Runs the command.
///
/// # Errors
/// Exit 4 when the server is gone, 127 when the program is missing, else what went wrong.
/// Without an error, the program's own exit code.
pub async fn run(context: &Context, args: ConnectArgs) -> anyhow::Result<Exit> {
    let presets = load_presets(preset_dir().as_deref())?;
    let program = args.program.first().map(String::as_str);
    let chosen = presets.choose(args.preset.as_deref(), program)?;
    let command = if args.print { None } else { Some(run::command(&args)?) };

    let finder = Finder::new(context)?;
    let known = reach::ready(context, &finder, &args.target).await?;
    let key = reach::key(&finder, &known).await?;
    let way = reach::reach(context, &finder, &known, key.as_ref(), &args).await?;
    let values = values(&known, key.as_ref(), &way).await?;
    let mut environment = presets::render(&chosen, &values)?;
    bypass_proxy(&mut environment, &values.host);
    match command {
        None => print(context, &way, &environment),
        Some(command) => run::run(context, command, environment, way, &known).await,
    }
}

/// The user's own presets: `~/.config/llamactl/connect/NAME.yaml`.
fn preset_dir() -> Option<PathBuf> {
    crate::paths::config_dir().map(|dir| dir.join("connect"))
}

/// The built-in presets, and those of `dir` (`NAME.yaml`) over them.
fn load_presets(dir: Option<&Path>) -> anyhow::Result<Presets> {
    let mut presets = Presets::built_in()?;
    let entries = dir.and_then(|dir| std::fs::read_dir(dir).ok());
    for entry in entries.into_iter().flatten().flatten() {
        let path = entry.path();
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        if path.extension().is_none_or(|extension| extension != "yaml") || name.is_empty() {
            continue;
        }
        let place = path.display().to_string();
        let text = std::fs::read_to_string(&path)
            .map_err(|error| Failure::usage(format!("{place} can't be read: {error}")))?;
        presets.add(name, &text, &place)?;
    }
    Ok(presets)
}

async fn values(known: &Known, key: Option<&Secret>, way: &Way) -> anyhow::Result<Values> {
    let (host, port) = way.address(known)?;
    let url = way.url(known)?;
    let known_ids = known.server.as_ref().map(|server| server.models.clone());
    let listed = match (known_ids.filter(|ids| !ids.is_empty()), way) {
        (Some(ids), _) => ids,
        (None, Way::Later { .. }) => Vec::new(),
        (None, _) => reach::models(&url, key).await.unwrap_or_default(),
    };
    let names = Names { name: known.model(), listed: &listed, ..Names::default() };
    let model = names.for_requests().unwrap_or(known.name()).to_owned();
    let model_file = known.connection.as_ref().map(|file| file.connection.model_file.clone());
    let of_server = || known.server.as_ref()?.info.model.file.clone();
    let context = known.server.as_ref().and_then(|server| server.info.model.context);
    Ok(Values {
        url,
        host,
        port,
        key: key.map_or(NO_KEY, Secret::expose).to_owned(),
        model,
        name: known.name().to_owned(),
        model_file: model_file.or_else(of_server).unwrap_or_default(),
        job: known.id(),
        context,
        output: presets::output(context),
    })
}

/// Where a site sets an HTTP proxy for the world outside, the way to the server goes past it.
fn bypass_proxy(environment: &mut Environment, host: &str) {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if !["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"].into_iter().any(set) {
        return;
    }
    let before = ["no_proxy", "NO_PROXY"].iter().find_map(|name| std::env::var(name).ok());
    let hosts = match before.filter(|hosts| !hosts.is_empty()) {
        Some(hosts) => format!("{hosts},{host}"),
        None => host.to_owned(),
    };
    for name in ["no_proxy", "NO_PROXY"] {
        environment.set.entry(name.to_owned()).or_insert_with(|| hosts.clone());
    }
}

/// Prints what a shell can eval: the tunnel where one is needed, then the environment.
fn print(context: &Context, way: &Way, environment: &Environment) -> anyhow::Result<Exit> {
    let tunnel = match way {
        Way::Later { command, .. } => Some(command.as_str()),
        _ => None,
    };
    let whole = json!({
        "tunnel": tunnel,
        "env": environment.set,
        "unset": environment.unset,
        "args": environment.args,
    });
    if context.printer.json(&whole)? {
        return Ok(Exit::OK);
    }
    let quoted = |text: &str| {
        shlex::try_quote(text)
            .map(|text| text.into_owned())
            .map_err(|_| Failure::new("a value has a NUL byte, which no shell can hold"))
    };
    let mut lines: Vec<String> = tunnel.map(str::to_owned).into_iter().collect();
    lines.extend(environment.lines(quoted)?);
    if !environment.args.is_empty() {
        let words: Result<Vec<String>, Failure> =
            environment.args.iter().map(|word| quoted(word)).collect();
        // A line break would end the comment, and a shell would run what follows.
        lines.push(printable(&format!("# arguments that it needs too: {}", words?.join(" "))));
    }
    context.printer.line(lines.join("\n"))?;
    Ok(Exit::OK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_of_a_folder_take_the_place_of_the_built_in_ones() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("claude.yaml");
        std::fs::write(&file, "description: mine\nprograms: [claude]\nenv: {A: b}\n").unwrap();
        std::fs::write(dir.path().join("notes.txt"), "no preset").unwrap();
        let presets = load_presets(Some(dir.path())).unwrap();
        let chosen = presets.choose(None, Some("claude")).unwrap();
        assert_eq!(chosen.last().unwrap().description, "mine");
        std::fs::write(&file, "description: x\nenvv: {}\n").unwrap();
        let error = load_presets(Some(dir.path())).unwrap_err().to_string();
        assert!(error.contains("claude.yaml") && error.contains("envv"), "{error}");
    }
}
