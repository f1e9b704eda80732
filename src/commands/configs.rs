//! `llamactl configs`: lists, shows, checks and makes model configurations.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Value, json};

use crate::cli::ConfigsCommand;
use crate::commands::Context;
use crate::config::diagnose::ProblemReport;
use crate::config::find::{self, Found};
use crate::config::layers::{self, FileKind, Request};
use crate::config::marks::Marks;
use crate::config::model::{ModelConfig, SlurmConfig};
use crate::config::resolve::{self, Resolved};
use crate::config::settings::Settings;
use crate::config::units;
use crate::domain::target::masked;
use crate::exit::{Exit, Failure};
use crate::{output, paths};

/// The template that `configs init` writes.
const MODEL_TEMPLATE: &str = include_str!("../../configs/templates/model.yaml");
/// The template that `configs init --user-config` writes.
const SETTINGS_TEMPLATE: &str = include_str!("../../configs/templates/config.yaml");

/// Runs the command.
///
/// # Errors
/// A configuration that is wrong or missing, or a file that can't be written.
pub fn run(context: &Context, args: ConfigsCommand) -> anyhow::Result<Exit> {
    match args {
        ConfigsCommand::Ls => ls(context),
        ConfigsCommand::Show { name, gpu_type, set } => show(context, name, gpu_type, set),
        ConfigsCommand::Validate { names } => validate(context, &names),
        ConfigsCommand::Init { name, model, from, user_config } => {
            let (path, text) = if user_config {
                (user_config_path()?, settings_text())
            } else {
                let name = name.unwrap_or_default();
                (init_path(&name)?, model_text(&name, model.as_deref(), from.as_deref())?)
            };
            init(context, &path, &text, user_config)
        }
        ConfigsCommand::Schema { settings } => schema(settings),
    }
}

/// One line of `configs ls`.
#[derive(Debug, Serialize)]
struct Listed {
    name: String,
    description: String,
    gpu_types: Vec<String>,
    /// The file; nothing for a built-in example.
    path: Option<PathBuf>,
    /// Why the file can't be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Lists every configuration; a broken one is listed with its mistake.
///
/// # Errors
/// A broken pipe.
pub fn ls(context: &Context) -> anyhow::Result<Exit> {
    let mut all: Vec<Listed> = find::list().iter().map(listed).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    if context.printer.json(&all)? {
        return Ok(Exit::OK);
    }
    let rows = all.iter().map(|one| {
        let place = one.path.as_deref().map_or_else(|| "built-in".to_owned(), shortened);
        let about = match &one.error {
            Some(error) => format!("wrong: {error}"),
            None => one.description.clone(),
        };
        vec![one.name.clone(), about, one.gpu_types.join(","), place]
    });
    let table = output::table(&["NAME", "DESCRIPTION", "GPU TYPES", "WHERE"], rows.collect());
    context.printer.line(table)?;
    Ok(Exit::OK)
}

fn listed(found: &Found) -> Listed {
    let read = layers::read_model(found);
    let error = read.as_ref().err().map(|failure| {
        let line = failure.message.lines().next().unwrap_or_default();
        format!("{line} (llamactl configs validate {})", found.name)
    });
    let config = read.map(|file| file.config).unwrap_or_default();
    Listed {
        name: found.name.clone(),
        description: config.description.unwrap_or_default(),
        gpu_types: config.variants.keys().cloned().collect(),
        path: found.path.clone(),
        error,
    }
}

fn shortened(path: &Path) -> String {
    let home = etcetera::home_dir().ok();
    match home.and_then(|home| path.strip_prefix(home).ok().map(Path::to_owned)) {
        Some(rest) => format!("~/{}", rest.display()),
        None => path.display().to_string(),
    }
}

fn show(
    context: &Context,
    name: String,
    gpu_type: Option<String>,
    set: Vec<String>,
) -> anyhow::Result<Exit> {
    let slurm = SlurmConfig { gpu_type: gpu_type.clone(), ..SlurmConfig::default() };
    let registry = context.global.registry.clone();
    let request = Request { config: Some(name), set, slurm, registry, ..Request::default() };
    let draft = resolve::load(&request)?;
    let variants = draft.variants();
    let variant = draft.variant(gpu_type.as_deref());
    let resolved = draft.resolve(variant.as_deref())?;
    let tree = tree(&resolved)?;
    let report = json!({
        "name": resolved.spec.name,
        "variant": resolved.variant,
        "variants": variants,
        "values": tree,
        "origins": resolved.origins,
    });
    if context.printer.json(&report)? {
        return Ok(Exit::OK);
    }
    context.printer.line(annotated(&tree, &resolved))?;
    if resolved.variant.is_none() && !variants.is_empty() {
        let all = variants.join(", ");
        context.printer.note(format!("without a variant; --gpu-type shows one of {all}"));
    }
    Ok(Exit::OK)
}

/// Everything that is in force, as nested values.
fn tree(resolved: &Resolved) -> anyhow::Result<Value> {
    let mut settings = resolved.settings.clone();
    // A target may hold a secret, and this is what people paste when they ask for help.
    let of_rules = settings.notify.rules.iter_mut().flat_map(|rule| &mut rule.notify);
    of_rules.chain(settings.notify.to.iter_mut().flatten()).for_each(|to| *to = masked(to));
    let settings = serde_json::to_value(&settings)?;
    let mut tree = json!({
        "name": resolved.spec.name,
        "description": resolved.description,
        "model": resolved.spec.model,
        "hf": resolved.spec.hf,
        "server": resolved.spec.server,
        "slurm": resolved.slurm,
        "hooks": resolved.hooks,
        "labels": resolved.spec.labels,
        "registry": settings["registry"],
        "notify": settings["notify"],
        "ssh": settings["ssh"],
        "node": settings["node"],
        "paths": settings["paths"],
    });
    if let Some(root) = tree.as_object_mut() {
        let empty = |value: &Value| match value {
            Value::Null => true,
            Value::Object(inner) => inner.is_empty(),
            Value::Array(inner) => inner.is_empty(),
            _ => false,
        };
        root.retain(|_, value| !empty(value));
    }
    Ok(tree)
}

/// The values as YAML, each with its origin in a comment at one margin.
fn annotated(tree: &Value, resolved: &Resolved) -> String {
    let mut lines = Vec::new();
    yaml_lines(tree, &mut Vec::new(), &mut lines);
    let width = |text: &str| text.chars().count();
    let margin = lines.iter().map(|(text, _)| width(text)).filter(|w| *w <= 60).max().unwrap_or(0);
    let text = lines.iter().map(|(text, key)| {
        let origin = resolved.origins.get(key);
        match origin {
            Some(origin) => {
                let gap = " ".repeat(margin.saturating_sub(width(text)));
                format!("{text}{gap}  # {}", output::printable(&origin.to_string()))
            }
            None => text.clone(),
        }
    });
    text.collect::<Vec<_>>().join("\n")
}

fn yaml_lines(value: &Value, path: &mut Vec<String>, lines: &mut Vec<(String, String)>) {
    let indent = "  ".repeat(path.len());
    for (key, inner) in value.as_object().into_iter().flatten() {
        path.push(key.clone());
        match inner {
            // A mail server is one value: it is replaced as a whole.
            Value::Object(_) if path.join(".") != "notify.smtp" => {
                lines.push((format!("{indent}{}:", scalar(&key.as_str().into())), String::new()));
                yaml_lines(inner, path, lines);
            }
            Value::Array(items) if key == "hooks" => {
                lines.push((format!("{indent}hooks:"), String::new()));
                for (number, item) in items.iter().enumerate() {
                    lines
                        .push((format!("{indent}  - {}", scalar(item)), format!("hooks.{number}")));
                }
            }
            inner => {
                let key = scalar(&key.as_str().into());
                lines.push((format!("{indent}{key}: {}", scalar(inner)), path.join(".")));
            }
        }
        path.pop();
    }
}

/// One value on one line, as YAML reads it back.
fn scalar(value: &Value) -> String {
    let plain = value.as_str().filter(|text| !text.contains(char::is_control));
    let yaml = plain.and_then(|text| serde_yaml::to_string(text).ok());
    // JSON is YAML, and stays on one line.
    let line = yaml.map(|text| text.trim_end().to_owned()).filter(|text| !text.contains('\n'));
    line.unwrap_or_else(|| value.to_string())
}

/// One file of `configs validate`.
#[derive(Debug, Serialize)]
struct Checked {
    file: String,
    ok: bool,
    problems: Vec<ProblemReport>,
    #[serde(skip)]
    rendered: Vec<(String, Option<String>)>,
}

fn validate(context: &Context, names: &[String]) -> anyhow::Result<Exit> {
    let checked = if names.is_empty() {
        let models = find::list();
        let own =
            layers::settings_paths().into_iter().filter(|(path, named)| *named || path.exists());
        let mut all: Vec<Checked> = own.map(|(path, _)| check_settings(&path)).collect();
        all.extend(models.iter().map(check_model));
        all
    } else {
        names.iter().map(|name| check_named(name)).collect::<Result<_, Failure>>()?
    };
    let wrong = checked.iter().filter(|one| !one.ok).count();
    let exit = if wrong == 0 { Exit::OK } else { Exit::USAGE };
    if context.printer.json(&checked)? {
        return Ok(exit);
    }
    for one in &checked {
        let mark = if one.ok { "✓" } else { "✗" };
        context.printer.line(format!("{mark} {}", output::printable(&one.file)))?;
        for (problem, hint) in &one.rendered {
            let problem = problem.replace('\n', "\n    ");
            context.printer.line(format!("    {problem}"))?;
            if let Some(hint) = hint {
                context.printer.line(format!("    hint: {hint}"))?;
            }
        }
    }
    if wrong > 0 {
        context.printer.note(format!("{wrong} of {} are wrong", checked.len()));
    }
    Ok(exit)
}

fn check_named(name: &str) -> Result<Checked, Failure> {
    let own = layers::settings_paths();
    let found = find::find(name)?;
    let same = |path: &Path, other: &Path| {
        path == other
            || matches!((path.canonicalize(), other.canonicalize()), (Ok(a), Ok(b)) if a == b)
    };
    let Some(path) = &found.path else { return Ok(check_model(&found)) };
    let is_own = path.file_stem().is_some_and(|stem| stem == "config")
        || own.iter().any(|(known, _)| same(known, path));
    Ok(if is_own { check_settings(path) } else { check_model(&found) })
}

fn check_settings(path: &Path) -> Checked {
    let label = path.display().to_string();
    check(label, Some(path), find::read(path), FileKind::Settings)
}

fn check_model(found: &Found) -> Checked {
    check(found.label(), found.path.as_deref(), found.text(), FileKind::Model)
}

fn check(
    file: String,
    path: Option<&Path>,
    text: Result<String, Failure>,
    kind: FileKind,
) -> Checked {
    let text = match text {
        Ok(text) => text,
        Err(failure) => {
            let report = ProblemReport {
                source: file.clone(),
                line: None,
                column: None,
                message: failure.message.clone(),
                hint: failure.hint.clone(),
            };
            let rendered = vec![(failure.message, failure.hint)];
            return Checked { file, ok: false, problems: vec![report], rendered };
        }
    };
    let mistakes = layers::mistakes(file.clone(), path, text, kind);
    Checked {
        file,
        ok: mistakes.is_empty(),
        rendered: mistakes.iter().map(|p| (p.render(), p.hint.clone())).collect(),
        problems: mistakes.iter().map(|p| p.report()).collect(),
    }
}

fn user_config_path() -> Result<PathBuf, Failure> {
    if let Some(path) = crate::env::LLAMACTL_CONFIG.get() {
        return paths::expand(&path).map_err(Failure::usage);
    }
    let dir = paths::config_dir().ok_or_else(|| Failure::new("there is no home folder"))?;
    Ok(dir.join("config.yaml"))
}

fn init_path(name: &str) -> Result<PathBuf, Failure> {
    if find::is_path(name) {
        return paths::expand(name).map_err(Failure::usage);
    }
    units::name(name).map_err(Failure::usage)?;
    let dir = find::user_folder().ok_or_else(|| {
        Failure::new("there is no home folder")
            .hint("give a path: llamactl configs init ./NAME.yaml")
    })?;
    Ok(dir.join(format!("{name}.yaml")))
}

fn settings_text() -> String {
    SETTINGS_TEMPLATE.to_owned()
}

fn model_text(name: &str, model: Option<&str>, from: Option<&str>) -> Result<String, Failure> {
    let stem = Path::new(name).file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let stem = if find::is_path(name) { stem } else { name.to_owned() };
    units::name(&stem).map_err(Failure::usage)?;
    if let Some(from) = from {
        return copy_of(&find::find(from)?, &stem);
    }
    let source = match model {
        Some(model) => {
            let path = paths::expand(model).map_err(Failure::usage)?;
            // The file may be used from any folder, so the path is written whole.
            let full = if model.starts_with(['~', '$']) {
                model.to_owned()
            } else {
                let full = std::path::absolute(&path);
                full.map_or_else(|_| model.to_owned(), |full| full.display().to_string())
            };
            format!("model: {}", scalar(&full.into()))
        }
        None => "model: ~/models/FILE.gguf   # or `hf: owner/repo:quant`".to_owned(),
    };
    Ok(MODEL_TEMPLATE.replace("{{name}}", &scalar(&stem.into())).replace("{{model}}", &source))
}

/// The text of another configuration under a new name, its comments kept.
fn copy_of(found: &Found, name: &str) -> Result<String, Failure> {
    let text = found.text()?;
    let own = Marks::read(&text).ok().and_then(|marks| marks.key(&["name".to_owned()]));
    let mut lines: Vec<String> = text
        .lines()
        .enumerate()
        .map(|(number, line)| match own {
            Some(mark) if mark.line == number + 1 && mark.column == 1 => {
                format!("name: {}", scalar(&name.into()))
            }
            _ => line.to_owned(),
        })
        // The schema's path is relative to the file that was copied.
        .filter(|line| !line.starts_with("# yaml-language-server:"))
        .collect();
    if own.is_none() {
        lines.insert(0, format!("name: {}", scalar(&name.into())));
    }
    Ok(lines.join("\n").trim_start().to_owned() + "\n")
}

fn init(context: &Context, path: &Path, text: &str, settings: bool) -> anyhow::Result<Exit> {
    let shown = path.display();
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir)
            .map_err(|error| Failure::new(format!("{} can't be made: {error}", dir.display())))?;
    }
    let mut file = match std::fs::File::create_new(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let failure = Failure::usage(format!("{shown} exists already"));
            return Err(failure.hint("edit it, or take another name").into());
        }
        Err(error) => return Err(Failure::new(format!("{shown} can't be made: {error}")).into()),
    };
    file.write_all(text.as_bytes())?;
    if context.printer.json(&json!({ "path": path }))? {
        return Ok(Exit::OK);
    }
    context.printer.line(format!("wrote {shown}"))?;
    let next = if settings {
        format!("next: edit it, then `llamactl configs validate {shown}`")
    } else {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let in_folder = find::find(&stem).is_ok_and(|found| found.path.as_deref() == Some(path));
        let name = if in_folder { stem.into_owned() } else { shown.to_string() };
        format!(
            "next: edit it, then `llamactl configs show {name}` and \
             `llamactl submit --config {name} --dry-run`"
        )
    };
    context.printer.note(next);
    Ok(Exit::OK)
}

/// The JSON Schema of a model's file, or of llamactl's own.
pub fn schema_text(settings: bool) -> String {
    let (mut schema, title) = if settings {
        (schemars::schema_for!(Settings), "llamactl configuration")
    } else {
        (schemars::schema_for!(ModelConfig), "llamactl model configuration")
    };
    schema.insert("title".to_owned(), title.into());
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}

fn schema(settings: bool) -> anyhow::Result<Exit> {
    write!(std::io::stdout(), "{}", schema_text(settings))?;
    Ok(Exit::OK)
}
