//! Flags, environment and files → one resolved configuration, with where each value came from.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde_yaml::Value;

use super::diagnose::Problem;
use super::drain::Drain;
use super::layers::{self, Everything, ModelFile, Request};
use super::merge::{self, Kind, Layer, Merged, Origin};
use super::model::{SlurmConfig, StringOrNumber};
use super::settings::Settings;
use super::spec::{NotifySpec, Spec};
use super::tidy::tidy;
use super::{find, targets, units, variant};
use crate::domain::gpu::Gpus;
use crate::exit::Failure;

/// Every value resolved.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// What the job runs.
    pub spec: Spec,
    /// What SLURM is asked for.
    pub slurm: SlurmConfig,
    /// `hooks.before` of the site, the user and the model, in this order.
    pub hooks: Vec<String>,
    /// One line about it.
    pub description: Option<String>,
    /// The GPU type's variant that was used.
    pub variant: Option<String>,
    /// The merged configuration files and environment.
    pub settings: Settings,
    /// Key (`server.context`, `hooks.0`) → where its value came from.
    pub origins: BTreeMap<String, Origin>,
    /// How long draining may take, for whatever walltime the job gets.
    pub drain: Drain,
}

impl Resolved {
    /// Gives the job the walltime `time`, and fits the time to drain to it.
    ///
    /// # Errors
    /// When somebody wrote a time to drain that is not shorter.
    pub fn limit_time(&mut self, time: String) -> Result<(), Failure> {
        self.slurm.time = Some(StringOrNumber::String(time));
        self.spec.drain_seconds = self.drain.fit(&mut self.slurm)?;
        Ok(())
    }
}

/// A request with everything that it needs read, before the GPU type is chosen.
#[derive(Debug, Clone)]
pub struct Draft {
    request: Request,
    /// Defaults, site, user.
    weak: Vec<Layer>,
    model: Option<ModelFile>,
    /// Environment, flags.
    strong: Vec<Layer>,
}

/// Reads everything that `request` needs.
///
/// # Errors
/// A file, variable or flag that is wrong, or a request that names no model.
pub fn load(request: &Request) -> Result<Draft, Failure> {
    let model = match (&request.config, &request.model) {
        (Some(config), _) => Some(layers::model_file(config)?),
        (None, Some(_)) => None,
        (None, None) if request.set.iter().any(|set| names_a_model(set)) => None,
        (None, None) => {
            let names = find::names().join(", ");
            let failure = Failure::usage("no model is named");
            let hint = format!("name one with --config NAME or --model FILE; there are {names}");
            return Err(failure.hint(hint));
        }
    };
    let mut weak = vec![layers::defaults()];
    weak.extend(layers::settings_files()?);
    let mut strong = layers::environment()?;
    strong.extend(layers::flags(request)?);
    Ok(Draft { request: request.clone(), weak, model, strong })
}

/// The merged configuration files and environment, with the `--registry` flag: for commands
/// that need no model.
///
/// # Errors
/// A file, variable or flag that is wrong.
pub fn settings(registry: Option<&str>) -> anyhow::Result<Settings> {
    let mut layers = layers::settings_files()?;
    layers.extend(layers::environment()?);
    let request = Request { registry: registry.map(str::to_owned), ..Request::default() };
    layers.extend(layers::flags(&request)?);
    Ok(settings_of(&layers)?)
}

impl Draft {
    /// The names of the model's variants, in the file's order: of preference.
    pub fn variants(&self) -> Vec<String> {
        let model = self.model.iter();
        model.flat_map(|model| model.config.variants.keys().cloned()).collect()
    }

    /// The GPU type that flags, environment or files ask for, before any variant.
    pub fn gpu_type(&self) -> Option<String> {
        merge::merge(&self.layers(None)).text("slurm.gpu_type").map(str::to_owned)
    }

    /// The variant to take where no cluster is asked: for the GPU type that `flag` names, which
    /// must then be one of the model's, or else for the one that files and environment name,
    /// which need not be.
    pub fn variant(&self, flag: Option<&str>) -> Option<String> {
        let variants = self.variants();
        match flag {
            // Resolving refuses what is none, with those that there are.
            Some(flag) if !variants.is_empty() => {
                Some(variant::of(&variants, flag).unwrap_or_else(|| flag.to_owned()))
            }
            Some(_) => None,
            None => variant::of(&variants, &self.gpu_type()?),
        }
    }

    /// Resolves everything, with the named variant of the model, or none.
    ///
    /// # Errors
    /// A variant that the model does not have, no model or two, a path that can't be expanded,
    /// a notification without an address.
    pub fn resolve(self, variant: Option<&str>) -> Result<Resolved, Failure> {
        let variant = variant.map(|name| self.spelling(name)).transpose()?;
        let layers = self.layers(variant.as_deref());
        let mut merged = merge::merge(&layers);
        self.append_lists(&mut merged, layers.len());
        if let (Some(name), None) = (&variant, merged.get("slurm.gpu_type")) {
            let layer = layers.iter().position(|l| matches!(l.kind, Kind::Variant(_)));
            merged.set("slurm.gpu_type", name.clone().into(), layer.unwrap_or_default());
        }
        self.name_it(&mut merged);
        tidy(&layers, &mut merged)?;
        let mut everything: Everything = typed(merged.tree())?;
        one_model(&everything, self.model.as_ref())?;
        let drain = Drain::of(&layers, &merged);
        let drain_seconds = drain.fit(&mut everything.slurm)?;
        let settings = settings_of(&without_model(&layers))?;
        let targets = targets::resolve(&settings, &self.request.notify)?;
        domain_rules(&everything)?;
        let (hooks, hook_origins) = hooks(&layers).into_iter().unzip();
        let mut origins = origins(&layers, &merged);
        let numbered = |(n, origin): (usize, Origin)| (format!("hooks.{n}"), origin);
        origins.extend(Vec::into_iter(hook_origins).enumerate().map(numbered));
        let spec = spec(&everything, &settings, targets, drain_seconds);
        let (slurm, description) = (everything.slurm, everything.description);
        Ok(Resolved { spec, slurm, hooks, description, variant, settings, origins, drain })
    }

    fn layers(&self, variant: Option<&str>) -> Vec<Layer> {
        let mut layers = self.weak.clone();
        if let Some(model) = &self.model {
            layers.push(model.layer());
            layers.extend(variant.and_then(|name| model.variant(name)));
        }
        layers.extend(self.strong.iter().cloned());
        layers
    }

    /// The variant's name as the file spells it.
    fn spelling(&self, name: &str) -> Result<String, Failure> {
        let all = self.variants();
        if let Some(found) = all.iter().find(|one| one.eq_ignore_ascii_case(name)) {
            return Ok(found.clone());
        }
        let label = self.model.as_ref().map_or("the request", |model| &model.source.name);
        let failure = Failure::usage(format!("{label} has no variant for the GPU type `{name}`"));
        Err(match all.is_empty() {
            true => failure.hint("it has no variants at all"),
            false => failure.hint(format!("it has {}", all.join(", "))),
        })
    }

    /// `--extra-args` and `--sbatch-arg` come after what the files say, so that nobody loses
    /// the model's own arguments; llama-server and sbatch take the last of two.
    fn append_lists(&self, merged: &mut Merged, layer: usize) {
        let flags =
            [("server.args", &self.request.server.args), ("slurm.args", &self.request.slurm.args)];
        for (key, more) in flags {
            let Some(more) = more.as_ref().filter(|more| !more.is_empty()) else { continue };
            let old = merged.get(key).and_then(|leaf| leaf.value.as_sequence().cloned());
            let mut all = old.unwrap_or_default();
            all.extend(more.iter().cloned().map(Value::from));
            merged.set(key, all.into(), layer);
        }
    }

    /// Without a name of its own a server is called after its file, or its model.
    fn name_it(&self, merged: &mut Merged) {
        if merged.get("name").is_some() {
            return;
        }
        let stem = |text: &str| {
            let last = text.rsplit('/').next().unwrap_or(text);
            last.split(':').next().unwrap_or(last).trim_end_matches(".gguf").to_owned()
        };
        let of_model = || merged.text("model").or(merged.text("hf")).map(stem);
        let name = self.model.as_ref().map(|model| model.stem.clone()).or_else(of_model);
        let clean: String = name
            .unwrap_or_default()
            .chars()
            .filter(|c| !c.is_control())
            .take(units::MAX_NAME)
            .collect();
        let name = if clean.is_empty() { "llama".to_owned() } else { clean };
        merged.set("name", name.into(), 0);
    }
}

fn names_a_model(set: &str) -> bool {
    ["model=", "hf="].iter().any(|key| set.starts_with(key))
}

fn without_model(layers: &[Layer]) -> Vec<Layer> {
    let outside = |l: &&Layer| matches!(l.kind, Kind::Settings | Kind::Environment | Kind::Flag);
    layers.iter().filter(outside).cloned().collect()
}

/// The settings in `layers`, leaving out what only a model has.
fn settings_of(layers: &[Layer]) -> Result<Settings, Failure> {
    let mut merged = merge::merge(layers);
    for key in ["name", "description", "model", "hf"] {
        merged.leaves.shift_remove(&vec![key.to_owned()]);
    }
    let sections = ["registry", "notify", "paths", "node"];
    let mut own = merged.clone();
    own.leaves.retain(|path, _| sections.contains(&path[0].as_str()));
    tidy(layers, &mut own)?;
    merged.leaves.retain(|path, _| !sections.contains(&path[0].as_str()));
    merged.leaves.extend(own.leaves);
    typed(merged.tree())
}

fn one_model(everything: &Everything, model: Option<&ModelFile>) -> Result<(), Failure> {
    if everything.model.is_some() || everything.hf.is_some() {
        return Ok(());
    }
    let message = "neither `model` nor `hf` says what to serve";
    let failure = match model {
        Some(model) => Problem::in_value(&model.source, &[], message).failure(),
        None => Failure::usage(message),
    };
    Err(failure.hint("add `model: PATH.gguf` or `hf: owner/repo:quant`, or give --model FILE"))
}

fn domain_rules(everything: &Everything) -> Result<(), Failure> {
    crate::domain::server::labels(&everything.labels).map_err(Failure::usage)
}

/// The hooks in the order in which they run: site, user, and the strongest of model, variant
/// and `--set`.
fn hooks(layers: &[Layer]) -> Vec<(String, Origin)> {
    let path = ["hooks".to_owned(), "before".to_owned()];
    let mut outside = Vec::new();
    let mut model = None;
    for layer in layers {
        let text = layer.values.get("hooks").and_then(|hooks| hooks.get("before"));
        let Some(text) = text.and_then(Value::as_str) else { continue };
        let hook = (text.to_owned(), layer.origin(&path));
        match layer.kind {
            Kind::Settings => outside.push(hook),
            _ => model = Some(hook),
        }
    }
    outside.extend(model);
    outside.retain(|(text, _)| !text.trim().is_empty());
    outside
}

fn origins(layers: &[Layer], merged: &Merged) -> BTreeMap<String, Origin> {
    let appended = |key: &str| match key {
        "server.args" => Origin::Flag("--extra-args".to_owned()),
        _ => Origin::Flag("--sbatch-arg".to_owned()),
    };
    let leaves = merged.leaves.iter().filter(|(path, _)| path[0] != "hooks");
    leaves
        .map(|(path, leaf)| {
            let key = path.join(".");
            let origin = layers.get(leaf.layer).map(|layer| layer.origin(path));
            let origin = origin.unwrap_or_else(|| appended(&key));
            (key, origin)
        })
        .collect()
}

fn spec(
    everything: &Everything,
    settings: &Settings,
    notify: NotifySpec,
    drain_seconds: u64,
) -> Spec {
    let slurm = &everything.slurm;
    Spec {
        name: everything.name.clone().unwrap_or_default(),
        model: everything.model.as_ref().map(PathBuf::from),
        hf: everything.hf.clone(),
        server: everything.server.clone(),
        gpus: Gpus::new(slurm.gpus.unwrap_or_default(), slurm.gpu_type.as_deref()),
        labels: everything.labels.clone(),
        registry: settings.registry.url.clone(),
        registry_token_file: settings.registry.token_file.clone(),
        registry_ca: settings.registry.ca_file.clone(),
        notify,
        ssh_via: settings.ssh.via.clone(),
        slurm_bin: settings.paths.slurm_bin.clone(),
        drain_seconds,
        connection_dir: std::env::current_dir().ok(),
    }
}

fn typed<T: DeserializeOwned>(tree: Value) -> Result<T, Failure> {
    serde_yaml::from_value(tree)
        .map_err(|error| Failure::new(format!("the merged configuration is wrong: {error}")))
}

#[cfg(test)]
mod tests;
