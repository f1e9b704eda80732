//! `llamactl notify templates`: the texts of messages.

use std::path::PathBuf;

use anyhow::Context as _;
use serde::Serialize;

use super::whom::settings_and_targets;
use crate::cli::{NotifyFlags, TemplatesCommand, TemplatesInitArgs};
use crate::commands::Context;
use crate::exit::{Exit, Failure};
use crate::notify::parcel;
use crate::notify::template::all_built_in;
use crate::{output, paths};

/// Lists the templates, or copies them.
///
/// # Errors
/// Exit 2 for a name that is none; when a file can't be written.
pub fn run(context: &Context, command: TemplatesCommand) -> anyhow::Result<Exit> {
    match command {
        TemplatesCommand::Ls => ls(context),
        TemplatesCommand::Init(args) => init(context, &args),
    }
}

fn ls(context: &Context) -> anyhow::Result<Exit> {
    #[derive(Serialize)]
    struct Row {
        name: String,
        file: Option<PathBuf>,
    }
    let (_, how) = settings_and_targets(context, &NotifyFlags::default())?;
    let templates = parcel::templates(&how);
    let folders = ["events", "channels", "partials"];
    let below = folders.into_iter().flat_map(|folder| {
        templates.names(folder).into_iter().map(move |name| format!("{folder}/{name}"))
    });
    let rows = templates.names("").into_iter().chain(below).map(|name| {
        let file = templates.sources(&name).into_iter().next().and_then(|source| source.file);
        Row { name, file }
    });
    let rows: Vec<Row> = rows.collect();
    if context.printer.json(&rows)? {
        return Ok(Exit::OK);
    }
    let from = |file: &Option<PathBuf>| match file {
        Some(file) => file.display().to_string(),
        None => "built in".to_owned(),
    };
    let rows = rows.iter().map(|row| vec![row.name.clone(), from(&row.file)]).collect();
    context.printer.line(output::table(&["TEMPLATE", "FROM"], rows))?;
    context.printer.hint("`llamactl notify templates init NAME` copies one, to edit it");
    Ok(Exit::OK)
}

fn init(context: &Context, args: &TemplatesInitArgs) -> anyhow::Result<Exit> {
    let (_, how) = settings_and_targets(context, &NotifyFlags::default())?;
    let user = || paths::config_dir().map(|folder| folder.join("templates"));
    let folder = args.dir.clone().or_else(|| how.templates.clone()).or_else(user);
    let folder = folder.ok_or_else(|| {
        Failure::usage("there is no home folder to put them into").hint("name one with --dir")
    })?;
    let all: Vec<(String, Vec<u8>)> = all_built_in().collect();
    for name in &args.names {
        if all.iter().all(|(known, _)| known != name) {
            return Err(Failure::usage(format!("there is no template `{name}`"))
                .hint("`llamactl notify templates ls` lists them")
                .into());
        }
    }
    let mut written = Vec::new();
    for (name, bytes) in
        all.iter().filter(|(name, _)| args.names.is_empty() || args.names.contains(name))
    {
        let path = folder.join(name);
        if path.exists() {
            context.printer.note(format!("{} is there already, and stays", path.display()));
            continue;
        }
        let parent = path.parent().unwrap_or(&folder);
        std::fs::create_dir_all(parent).with_context(|| parent.display().to_string())?;
        std::fs::write(&path, bytes).with_context(|| path.display().to_string())?;
        written.push(path);
    }
    if context.printer.json(&written)? {
        return Ok(Exit::OK);
    }
    for path in &written {
        context.printer.line(path.display().to_string())?;
    }
    if !written.is_empty() {
        context.printer.hint("`llamactl notify preview` shows what comes of an edit");
    }
    Ok(Exit::OK)
}
