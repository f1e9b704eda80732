//! Flags, environment and files → one resolved configuration, with where each value came from.

use std::collections::BTreeMap;

use super::model::{ServerConfig, SlurmConfig};
use super::settings::Settings;
use super::spec::Spec;

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
    /// Flags that set llama-server values.
    pub server: ServerConfig,
    /// Flags that set SLURM values.
    pub slurm: SlurmConfig,
    /// `--registry`
    pub registry: Option<String>,
    /// `--email`: `Some("")` is the flag without a value.
    pub email: Option<String>,
    /// `--ntfy-topic`: `Some("")` is the flag without a value.
    pub ntfy_topic: Option<String>,
    /// `--ntfy-server`
    pub ntfy_server: Option<String>,
}

/// Which layer a value came from, in rising order of strength.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// llamactl's own default.
    Default,
    /// A configuration file: path and line.
    File(String),
    /// The named variant of a file.
    Variant(String),
    /// An environment variable.
    Environment(String),
    /// A flag.
    Flag(String),
}

/// Every value resolved.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// Name of the server.
    pub name: String,
    /// One line about it.
    pub description: Option<String>,
    /// Path of the GGUF file, expanded.
    pub model: Option<String>,
    /// Hugging Face reference.
    pub hf: Option<String>,
    /// llama-server values.
    pub server: ServerConfig,
    /// SLURM values.
    pub slurm: SlurmConfig,
    /// `hooks.before` of the site, the user and the model, in this order.
    pub hooks: Vec<String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// The GPU type's variant that was used.
    pub variant: Option<String>,
    /// The merged configuration files and environment.
    pub settings: Settings,
    /// Key (`server.context`) → where its value came from.
    pub origins: BTreeMap<String, Origin>,
    /// What the job runs.
    pub spec: Spec,
}

// TEMP: minimal stand-in until the real resolver is merged.

/// TEMP
#[derive(Clone)]
pub struct Draft {
    request: Request,
    model: super::model::ModelConfig,
}

/// TEMP
pub fn load(request: &Request) -> anyhow::Result<Draft> {
    let mut model = super::model::ModelConfig::default();
    if let Some(config) = &request.config {
        let path = if config.contains('/') { config.clone() } else { format!("configs/{config}.yaml") };
        model = serde_yaml::from_str(&std::fs::read_to_string(path)?)?;
        model.name.get_or_insert(config.clone());
    }
    Ok(Draft { request: request.clone(), model })
}

impl Draft {
    /// TEMP
    pub fn variants(&self) -> Vec<String> {
        self.model.variants.keys().cloned().collect()
    }

    /// TEMP
    pub fn gpu_type(&self) -> Option<String> {
        self.request.slurm.gpu_type.clone().or_else(|| self.model.slurm.gpu_type.clone())
    }

    /// TEMP
    pub fn resolve(self, variant: Option<&str>) -> anyhow::Result<Resolved> {
        let mut slurm = self.model.slurm.clone();
        if let Some(v) = variant { if let Some(v) = self.model.variants.get(v) {
            if v.slurm.gpus.is_some() { slurm.gpus = v.slurm.gpus; }
        } }
        let r = &self.request.slurm;
        macro_rules! take { ($($f:ident),+) => { $( if r.$f.is_some() { slurm.$f = r.$f.clone(); } )+ } }
        take!(gpus, gpu_type, cpus, mem, time, partition, qos, account, constraint, nodelist, exclude, reservation, cluster, args);
        slurm.gpus.get_or_insert(1);
        let name = self.request.name.clone().or(self.model.name.clone()).unwrap_or("model".into());
        let model = self.request.model.clone().or(self.model.model.clone());
        let mut settings = Settings::default();
        settings.registry.url = self.request.registry.clone();
        let mut labels = BTreeMap::new();
        for l in &self.request.labels { let (k, v) = l.split_once('=').unwrap_or((l, "")); labels.insert(k.into(), v.into()); }
        let mut server = self.model.server.clone();
        if self.request.server.context.is_some() { server.context = self.request.server.context; }
        server.args = self.request.server.args.clone();
        Ok(Resolved {
            name: name.clone(), description: None, model: model.clone(), hf: self.model.hf.clone(),
            server: server.clone(), slurm, hooks: self.model.hooks.before.clone().into_iter().collect(),
            labels: labels.clone(), variant: variant.map(Into::into), settings,
            origins: BTreeMap::new(),
            spec: Spec { name, model: model.map(Into::into), hf: self.model.hf.clone(), server,
                gpus: None, labels, registry: self.request.registry.clone(), notify: Default::default(),
                ssh_via: None, slurm_bin: None, drain_seconds: 120, connection_dir: None },
        })
    }
}

/// TEMP
pub fn settings(registry: Option<&str>) -> anyhow::Result<Settings> {
    let mut settings = Settings::default();
    settings.registry.url = registry.map(str::to_owned).or_else(|| crate::env::REGISTRY_URL.get());
    Ok(settings)
}
