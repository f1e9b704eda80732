//! A model's YAML file: `configs/NAME.yaml`.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::units;
use crate::domain::server::Access;

/// One model and how to serve it. Every key but `name` and one of `model` and `hf` may be
/// left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ModelConfig {
    /// Name of the server and its job; the file's stem when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// One line for `llamactl configs ls`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Path of the GGUF file; `~` and `$VAR` are expanded at submission.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Hugging Face reference, `owner/repo:quant`, which llama-server downloads itself (`-hf`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hf: Option<String>,
    /// How llama-server runs.
    pub server: ServerConfig,
    /// What SLURM is asked for.
    pub slurm: SlurmConfig,
    /// Shell lines for the job script.
    pub hooks: Hooks,
    /// Words of your own, shown in lists and usable as filters.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Other values for a GPU type, by its name (`a100`, `v100`, …), in order of preference.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    pub variants: IndexMap<String, Variant>,
}

/// What differs on one GPU type.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Variant {
    /// Another file for this GPU type, such as a smaller quantisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Another Hugging Face reference for this GPU type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hf: Option<String>,
    /// llama-server values that differ.
    pub server: ServerConfig,
    /// SLURM values that differ.
    pub slurm: SlurmConfig,
    /// Hooks that differ.
    pub hooks: Hooks,
}

/// How llama-server runs. Names follow llama-server's long options.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ServerConfig {
    /// Context size in tokens, for all slots together (`-c`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<u64>,
    /// Layers to keep on the GPU: `all`, `auto` or a number (`-ngl`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpu_layers: Option<GpuLayers>,
    /// Logical batch size in tokens (`-b`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<u64>,
    /// Physical batch size in tokens (`-ub`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ubatch: Option<u64>,
    /// Slots: requests worked on at once (`-np`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parallel: Option<u32>,
    /// CPU threads (`-t`); the job's CPUs when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threads: Option<u32>,
    /// Flash attention (`-fa`): `on`, `off` or `auto`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flash_attn: Option<FlashAttn>,
    /// Type of the K cache (`-ctk`), such as `q8_0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = super::check::CACHE_TYPES))]
    pub cache_type_k: Option<String>,
    /// Type of the V cache (`-ctv`), such as `q8_0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = super::check::CACHE_TYPES))]
    pub cache_type_v: Option<String>,
    /// Layers whose experts stay in main memory (`--n-cpu-moe`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub n_cpu_moe: Option<u32>,
    /// How several GPUs share the model (`-sm`): `none`, `layer`, `row` or `tensor`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = super::check::SPLIT_MODES))]
    pub split_mode: Option<String>,
    /// Share of the model on each GPU (`-ts`), such as `3,1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tensor_split: Option<String>,
    /// Multimodal projector file (`--mmproj`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mmproj: Option<String>,
    /// Draft model for speculative decoding (`-md`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draft_model: Option<String>,
    /// Name under which the model is served (`--alias`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// Use the model's Jinja chat template (`--jinja`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jinja: Option<bool>,
    /// Chat template file in place of the model's own (`--chat-template-file`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat_template_file: Option<String>,
    /// How thoughts appear in answers (`--reasoning-format`): `auto`, `none`, `deepseek` or
    /// `deepseek-legacy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = super::check::REASONING_FORMATS))]
    pub reasoning_format: Option<String>,
    /// Anything else for llama-server's command line, one word each. Later layers replace it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub args: Option<Vec<String>>,
    /// The llama-server program; found on PATH when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// Address to listen on: in a job `0.0.0.0`, elsewhere `127.0.0.1`, when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Port to listen on; 0, the default, takes a free one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Host name that clients are told; the node's own name when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advertise: Option<String>,
    /// Who may use the server: `private`, `shared` or `open`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access: Option<Access>,
    /// How long loading may take before the server counts as failed, as `30m`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_timeout: Option<String>,
}

/// What SLURM is asked for. Names follow sbatch's long options.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SlurmConfig {
    /// Number of GPUs; 0 for none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpus: Option<u32>,
    /// GPU type, as `sinfo` spells it in its GRES column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpu_type: Option<String>,
    /// CPUs (`--cpus-per-task`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpus: Option<u32>,
    /// Main memory (`--mem`), as `32G`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mem: Option<StringOrNumber>,
    /// Walltime (`--time`), as `8:00:00` or `1-12`; `none` asks for no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<StringOrNumber>,
    /// `--partition`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partition: Option<String>,
    /// `--qos`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub qos: Option<String>,
    /// `--account`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// `--constraint`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constraint: Option<String>,
    /// `--nodelist`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nodelist: Option<String>,
    /// `--exclude`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclude: Option<String>,
    /// `--reservation`
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reservation: Option<String>,
    /// `--clusters`, for a site with several
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Path of the log; `%j` is the job id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// Further options for sbatch, one each, as `--mail-type=END`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub args: Option<Vec<String>>,
    /// Signal that asks the job to drain: `USR1` or `USR2` (NCCL catches USR1 on some sites).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drain_signal: Option<DrainSignal>,
    /// How long before the walltime's end draining begins, as `2m`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drain_before: Option<String>,
}

impl SlurmConfig {
    /// How long the job may run; nothing without a limit, or where none is named.
    pub fn walltime(&self) -> Option<Duration> {
        units::walltime(&self.time.as_ref()?.to_string()).ok()?
    }

    /// Whether it asks for no limit.
    pub fn is_unlimited(&self) -> bool {
        self.time.as_ref().is_some_and(|time| units::walltime(&time.to_string()) == Ok(None))
    }
}

/// Shell lines for the job script.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Hooks {
    /// Runs before the server starts, as `module load cuda`. The site's runs first, then the
    /// user's, then the model's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
}

/// Signal that asks a job to drain.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DrainSignal {
    /// SIGUSR1
    #[default]
    USR1,
    /// SIGUSR2
    USR2,
}

/// llama-server's `-fa`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FlashAttn {
    /// Always.
    On,
    /// Never.
    Off,
    /// Where the GPU can.
    Auto,
}

/// Layers to keep on the GPU.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "must be `all`, `auto` or a number of layers")]
pub enum GpuLayers {
    /// So many.
    Count(u32),
    /// `all` or `auto`.
    Word(GpuLayersWord),
}

impl FromStr for GpuLayers {
    type Err = String;

    /// `all`, `auto` or a number. Older scripts say 99 or -1 for all.
    fn from_str(text: &str) -> Result<GpuLayers, String> {
        match text.to_ascii_lowercase().as_str() {
            "all" | "-1" => Ok(GpuLayers::Word(GpuLayersWord::All)),
            "auto" => Ok(GpuLayers::Word(GpuLayersWord::Auto)),
            number => match number.parse() {
                Ok(count) => Ok(GpuLayers::Count(count)),
                Err(_) => Err(format!("`{text}` is not all, auto or a number")),
            },
        }
    }
}

/// `all` or `auto`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum GpuLayersWord {
    /// Every layer.
    All,
    /// As many as fit.
    Auto,
}

/// A value that people write with or without quotes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "must be a text or a whole number")]
pub enum StringOrNumber {
    /// `32768`
    Number(u64),
    /// `32G`
    String(String),
}

impl fmt::Display for StringOrNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StringOrNumber::Number(number) => write!(f, "{number}"),
            StringOrNumber::String(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gpu_layers_are_words_or_numbers() {
        assert_eq!("ALL".parse(), Ok(GpuLayers::Word(GpuLayersWord::All)));
        assert_eq!("-1".parse(), Ok(GpuLayers::Word(GpuLayersWord::All)));
        assert_eq!("auto".parse(), Ok(GpuLayers::Word(GpuLayersWord::Auto)));
        assert_eq!("33".parse(), Ok(GpuLayers::Count(33)));
        let error = "many".parse::<GpuLayers>().unwrap_err();
        assert_eq!(error, "`many` is not all, auto or a number");
    }
}
