//! The layers of a configuration, each from where it is written: defaults, files, environment,
//! flags. Reading never writes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_yaml::{Mapping, Value};

use super::diagnose::{self, Problem, Source};
use super::find::{self, Found};
use super::keys::{self, Key};
use super::merge::{self, Kind, Layer};
use super::model::{
    GpuLayers, GpuLayersWord, Hooks, ModelConfig, ServerConfig, SlurmConfig, StringOrNumber,
};
use super::settings::{
    NodeSettings, NotifySettings, PathSettings, RegistrySettings, Settings, SshSettings,
};
use super::targets::Asked;
use super::{check, drain};
use crate::domain::server::Access;
use crate::exit::Failure;
use crate::{env, paths};

/// Everything that `--set` can set, and everything that layers merge into.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Everything {
    /// The name that people use for the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// One line about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Path of the GGUF file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Hugging Face reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hf: Option<String>,
    /// How llama-server runs.
    pub server: ServerConfig,
    /// What SLURM is asked for.
    pub slurm: SlurmConfig,
    /// Shell lines for the job script.
    pub hooks: Hooks,
    /// Labels.
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub labels: std::collections::BTreeMap<String, String>,
    /// Where servers are registered and found.
    pub registry: RegistrySettings,
    /// Who is told, and how.
    pub notify: NotifySettings,
    /// How `connect` reaches a server.
    pub ssh: SshSettings,
    /// What this machine is as a node.
    pub node: NodeSettings,
    /// Where programs are.
    pub paths: PathSettings,
}

/// What the command line asks for. Empty fields ask for nothing.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// `--config`: name or path.
    pub config: Option<String>,
    /// `--model`
    pub model: Option<String>,
    /// `--name`
    pub name: Option<String>,
    /// `--label k=v`
    pub labels: Vec<String>,
    /// `--set path=value`
    pub set: Vec<String>,
    /// Flags that set llama-server values. `args` comes after the configuration's.
    pub server: ServerConfig,
    /// Flags that set SLURM values. `args` comes after the configuration's.
    pub slurm: SlurmConfig,
    /// `--registry`
    pub registry: Option<String>,
    /// Who is told.
    pub notify: Asked,
}

/// Which kind of file a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// One model.
    Model,
    /// llamactl's own configuration.
    Settings,
}

/// A model's file, read.
#[derive(Debug, Clone)]
pub struct ModelFile {
    /// What one types for it.
    pub stem: String,
    /// The file.
    pub config: ModelConfig,
    /// Its text.
    pub source: Arc<Source>,
    /// Folder that relative paths in it start from.
    pub base: Option<PathBuf>,
}

/// Every key that exists anywhere.
pub fn known() -> Vec<Key> {
    keys::of::<Everything>()
}

/// llamactl's own defaults: those of the older scripts, and what it adds.
pub fn defaults() -> Layer {
    let server = ServerConfig {
        context: Some(131_072),
        gpu_layers: Some(GpuLayers::Word(GpuLayersWord::All)),
        batch: Some(32_768),
        ubatch: Some(1024),
        parallel: Some(1),
        jinja: Some(true),
        port: Some(0),
        access: Some(Access::Shared),
        start_timeout: Some("30m".to_owned()),
        ..ServerConfig::default()
    };
    let slurm = SlurmConfig {
        gpus: Some(1),
        cpus: Some(8),
        mem: Some(StringOrNumber::String("32G".to_owned())),
        time: Some(StringOrNumber::String("8:00:00".to_owned())),
        output: Some("llamactl-%x-%j.log".to_owned()),
        drain_signal: Some(super::model::DrainSignal::USR1),
        drain_before: Some(humantime::format_duration(drain::USUAL).to_string()),
        ..SlurmConfig::default()
    };
    let all = Everything { server, slurm, ..Everything::default() };
    Layer { values: canonical(&all), source: None, kind: Kind::Default, base: None }
}

/// The site's and the user's file, in this order, where they exist.
///
/// # Errors
/// When one is wrong, or was named by the environment and does not exist.
pub fn settings_files() -> Result<Vec<Layer>, Failure> {
    let mut layers = Vec::new();
    for (path, named) in settings_paths() {
        if !named && !path.exists() {
            continue;
        }
        layers.push(settings_file(&path)?);
    }
    Ok(layers)
}

/// Paths of the site's and the user's file, and whether the environment named them.
pub fn settings_paths() -> Vec<(PathBuf, bool)> {
    let user = paths::config_dir().map(|dir| dir.join("config.yaml"));
    let site = Some(paths::site_dir().join("config.yaml"));
    [(env::LLAMACTL_SITE_CONFIG, site), (env::LLAMACTL_CONFIG, user)]
        .into_iter()
        .filter_map(|(variable, usual)| match variable.get() {
            Some(path) => Some((paths::expand(&path).unwrap_or_else(|_| path.into()), true)),
            None => usual.map(|path| (path, false)),
        })
        .collect()
}

fn settings_file(path: &Path) -> Result<Layer, Failure> {
    let source = open(path.display().to_string(), Some(path), find::read(path)?)?;
    let settings: Settings = parse(&source).map_err(first)?;
    let base = folder(path);
    Ok(Layer { values: canonical(&settings), source: Some(source), kind: Kind::Settings, base })
}

/// Reads the model file that `--config` means.
///
/// # Errors
/// When there is none, or it is wrong.
pub fn model_file(config: &str) -> Result<ModelFile, Failure> {
    read_model(&find::find(config)?)
}

/// Reads a model file.
///
/// # Errors
/// When it is wrong.
pub fn read_model(found: &Found) -> Result<ModelFile, Failure> {
    let source = open(found.label(), found.path.as_deref(), found.text()?)?;
    let config: ModelConfig = parse(&source).map_err(first)?;
    let base = found.path.as_deref().and_then(folder);
    Ok(ModelFile { stem: found.name.clone(), config, source, base })
}

/// Every mistake of one file, by its label and text; none when it is right.
pub fn mistakes(label: String, path: Option<&Path>, text: String, kind: FileKind) -> Vec<Problem> {
    let source = match Source::file(label, path.map(Path::to_owned), text) {
        Ok(source) => source,
        Err(problem) => return vec![*problem],
    };
    if kind == FileKind::Settings {
        return parse::<Settings>(&source).err().unwrap_or_default();
    }
    match parse::<ModelConfig>(&source) {
        Err(problems) => problems,
        Ok(config) => without_model(&source, &config),
    }
}

/// A model file must name a model, at its root or in each variant.
fn without_model(source: &Arc<Source>, config: &ModelConfig) -> Vec<Problem> {
    if config.model.is_some() || config.hf.is_some() {
        return Vec::new();
    }
    let bare = |v: &&super::model::Variant| v.model.is_none() && v.hf.is_none();
    if !config.variants.is_empty() && config.variants.values().filter(bare).count() == 0 {
        return Vec::new();
    }
    let problem = Problem::in_value(source, &[], "neither `model` nor `hf` says what to serve");
    vec![problem.hint("add `model: PATH.gguf` or `hf: owner/repo:quant`")]
}

impl ModelFile {
    /// The file without its variants.
    pub fn layer(&self) -> Layer {
        let base = ModelConfig { variants: indexmap::IndexMap::new(), ..self.config.clone() };
        self.with(canonical(&base), Kind::Model)
    }

    /// The named variant, by its name in the file.
    pub fn variant(&self, name: &str) -> Option<Layer> {
        let variant = self.config.variants.get(name)?;
        Some(self.with(canonical(variant), Kind::Variant(name.to_owned())))
    }

    fn with(&self, values: Value, kind: Kind) -> Layer {
        let source = Some(Arc::clone(&self.source));
        Layer { values, source, kind, base: self.base.clone() }
    }
}

/// Variables and the keys that they set.
const VARIABLES: &[(env::Var, &str)] = &[
    (env::SBATCH_PARTITION, "slurm.partition"),
    (env::SBATCH_ACCOUNT, "slurm.account"),
    (env::SBATCH_QOS, "slurm.qos"),
    (env::SBATCH_TIMELIMIT, "slurm.time"),
    (env::SBATCH_CONSTRAINT, "slurm.constraint"),
    (env::SBATCH_RESERVATION, "slurm.reservation"),
    (env::SBATCH_CLUSTERS, "slurm.cluster"),
    (env::LLAMACTL_LLAMA_SERVER, "server.program"),
    (env::LLAMACTL_SLURM_BIN, "paths.slurm_bin"),
    (env::LLAMACTL_SSH_VIA, "ssh.via"),
    (env::REGISTRY_URL, "registry.url"),
    (env::LLAMACTL_CA_FILE, "registry.ca_file"),
    (env::LLAMACTL_NOTIFY, "notify.to"),
    (env::NOTIFY_EMAIL, "notify.email"),
    (env::NTFY_TOPIC, "notify.ntfy_topic"),
    (env::NTFY_SERVER, "notify.ntfy_server"),
    (env::LLAMACTL_NODE_ROLE, "node.role"),
    (env::LLAMACTL_NODE_LABELS, "node.labels"),
    (env::LLAMACTL_NODE_GROUPS, "node.groups"),
    (env::LLAMACTL_NODE_LOCATION, "node.location"),
    (env::LLAMACTL_NODE_NAME, "node.name"),
    (env::LLAMACTL_NODE_IP, "node.ip"),
    (env::LLAMACTL_NODE_ID_FILE, "node.id_file"),
];

/// Keys with several values, which a variable gives with commas.
const LISTS: &[&str] = &["node.labels", "node.groups", "notify.to"];

/// The environment, one layer for each variable that is set.
///
/// # Errors
/// When a value is wrong.
pub fn environment() -> Result<Vec<Layer>, Failure> {
    VARIABLES
        .iter()
        .filter_map(|(variable, key)| Some((variable.name, variable.get()?, *key)))
        .map(|(name, text, key)| single(name, text, &split(key), Kind::Environment))
        .collect()
}

/// The flags, in rising order of strength; `--set` is the strongest.
///
/// # Errors
/// When a value is wrong, or `--set` names no key.
pub fn flags(request: &Request) -> Result<Vec<Layer>, Failure> {
    let mut layers = Vec::new();
    let texts = [
        ("--registry", "registry.url", &request.registry),
        ("--model", "model", &request.model),
        ("--name", "name", &request.name),
    ];
    for (flag, key, text) in texts {
        if let Some(text) = text {
            layers.push(single(flag, text.clone(), &split(key), Kind::Flag)?);
        }
    }
    for label in &request.labels {
        let Some((key, value)) = label.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            let failure = Failure::usage(format!("--label {label} is not KEY=VALUE"));
            return Err(failure.hint("write it as --label team=nlp"));
        };
        let path = vec!["labels".to_owned(), key.to_owned()];
        layers.push(single("--label", value.to_owned(), &path, Kind::Flag)?);
    }
    let typed = [("server", canonical(&request.server)), ("slurm", canonical(&request.slurm))];
    for (section, values) in typed {
        let mut leaves = Vec::new();
        merge::flatten(&values, &mut vec![section.to_owned()], &mut leaves);
        for (path, value) in leaves {
            let text = scalar(&value);
            let name = flag_name(&path, &text);
            let source = Source::value(name, text, path.clone());
            let is_list = value.is_sequence();
            let layer = layer(merge::nest(&path, value), source, Kind::Flag)?;
            // Lists are appended to what the files say, later, when that is known.
            if !is_list {
                layers.push(layer);
            }
        }
    }
    for assignment in &request.set {
        layers.push(set(assignment)?);
    }
    Ok(layers)
}

fn flag_name(path: &[String], text: &str) -> String {
    match (path[0].as_str(), path[1].as_str()) {
        ("server", "args") => "--extra-args".to_owned(),
        ("slurm", "args") => "--sbatch-arg".to_owned(),
        ("slurm", "time") if text == "none" => "--no-time-limit".to_owned(),
        (_, key) => format!("--{}", key.replace('_', "-")),
    }
}

/// One `--set KEY=VALUE`.
fn set(assignment: &str) -> Result<Layer, Failure> {
    let Some((key, text)) = assignment.split_once('=') else {
        let failure = Failure::usage(format!("--set {assignment} is not KEY=VALUE"));
        return Err(failure.hint("write it as --set server.context=8192"));
    };
    let mut path = split(key);
    if path[0] == "labels" && path.len() > 2 {
        // The name of a label may have dots of its own.
        path = vec!["labels".to_owned(), path[1..].join(".")];
    }
    let source = Source::assignment("--set", assignment, &path);
    let known = known();
    let section = known.iter().find(|k| k.section && k.path == key);
    if let Some(section) = section.filter(|_| key != "notify.smtp") {
        let problem = Problem::in_value(&source, &path, format!("`{key}` is a section"));
        let inner = known.iter().find(|k| k.path.starts_with(&format!("{}.", section.path)));
        let example = inner.map_or(String::new(), |k| k.path.replace('*', "NAME"));
        return Err(problem.hint(format!("set one of its keys, as `{example}=…`")).failure());
    }
    // As a text first, so that `labels.version=1.10` stays what it is; then as YAML.
    let as_text = nested::<Everything>(&source, &path, Value::String(text.to_owned()), &known);
    let everything = match (as_text, serde_yaml::from_str::<Value>(text)) {
        (Ok(everything), _) => everything,
        (Err(problems), Err(_)) => return Err(first(problems)),
        (Err(_), Ok(value)) => {
            nested::<Everything>(&source, &path, value, &known).map_err(first)?
        }
    };
    layer(canonical(&everything), source, Kind::Flag)
}

fn nested<T: DeserializeOwned + Default + JsonSchema>(
    source: &Arc<Source>,
    path: &[String],
    value: Value,
    known: &[Key],
) -> Result<T, Vec<Problem>> {
    let text = serde_yaml::to_string(&merge::nest(path, value)).unwrap_or_default();
    // Places are those of the flag, values those of the YAML made from it.
    let made = Arc::new(Source {
        name: source.name.clone(),
        path: None,
        text,
        is_file: false,
        marks: source.marks.clone(),
    });
    diagnose::parse::<T>(&made, known).map_err(|problems| {
        let original = |problem: Problem| Problem { source: Arc::clone(source), ..problem };
        problems.into_iter().map(original).collect()
    })
}

fn single(name: &str, text: String, path: &[String], kind: Kind) -> Result<Layer, Failure> {
    let source = Source::value(name, text.clone(), path.to_vec());
    let value = match LISTS.contains(&path.join(".").as_str()) {
        true => text.split(',').map(|word| Value::String(word.trim().to_owned())).collect(),
        false => Value::String(text),
    };
    layer(merge::nest(path, value), source, kind)
}

fn layer(values: Value, source: Arc<Source>, kind: Kind) -> Result<Layer, Failure> {
    match rules(&source, &values).into_iter().next() {
        Some(problem) => Err(problem.failure()),
        None => Ok(Layer { values, source: Some(source), kind, base: None }),
    }
}

fn open(label: String, path: Option<&Path>, text: String) -> Result<Arc<Source>, Failure> {
    Source::file(label, path.map(Path::to_owned), text).map_err(|problem| problem.failure())
}

/// Reads a file's values and checks their rules.
fn parse<T>(source: &Arc<Source>) -> Result<T, Vec<Problem>>
where
    T: DeserializeOwned + Serialize + Default + JsonSchema,
{
    let value: T = diagnose::parse(source, &known())?;
    let values = canonical(&value);
    let mut problems = rules(source, &values);
    problems.extend(both_models(source, &values));
    if problems.is_empty() { Ok(value) } else { Err(problems) }
}

fn rules(source: &Arc<Source>, values: &Value) -> Vec<Problem> {
    let broken = check::values(values).into_iter();
    let problem = |one: check::Broken| Problem {
        hint: one.hint,
        ..Problem::in_value(source, &one.path, one.message)
    };
    broken.map(problem).collect()
}

/// `model` and `hf` in one layer: nobody could say which is meant.
fn both_models(source: &Arc<Source>, values: &Value) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut look = |path: &[String], mapping: &Mapping| {
        if mapping.contains_key("model") && mapping.contains_key("hf") {
            let mut path = path.to_vec();
            path.push("hf".to_owned());
            let problem = Problem::in_value(source, &path, "`model` and `hf` exclude each other");
            problems.push(problem.hint("keep one of the two"));
        }
    };
    let Some(root) = values.as_mapping() else { return problems };
    look(&[], root);
    for (name, variant) in root.get("variants").and_then(Value::as_mapping).into_iter().flatten() {
        if let (Some(name), Some(mapping)) = (name.as_str(), variant.as_mapping()) {
            look(&["variants".to_owned(), name.to_owned()], mapping);
        }
    }
    problems
}

fn first(problems: Vec<Problem>) -> Failure {
    let more = problems.len().saturating_sub(1);
    let Some(problem) = problems.into_iter().next() else {
        return Failure::usage("the configuration is wrong");
    };
    let mut failure = problem.failure();
    if more > 0 && problem.source.is_file {
        failure.message.push_str(&format!(
            "\n(and {more} more: `llamactl configs validate {}` shows all)",
            problem.source.name
        ));
    }
    failure
}

/// A typed configuration as plain values: what is not given is not in it.
pub fn canonical<T: Serialize>(config: &T) -> Value {
    serde_yaml::to_value(config).unwrap_or_default()
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Sequence(items) => items.iter().map(scalar).collect::<Vec<_>>().join(" "),
        _ => serde_yaml::to_string(value).unwrap_or_default().trim().to_owned(),
    }
}

fn split(key: &str) -> Vec<String> {
    key.split('.').map(str::to_owned).collect()
}

fn folder(path: &Path) -> Option<PathBuf> {
    let path = std::path::absolute(path).ok()?;
    path.parent().map(Path::to_owned)
}
