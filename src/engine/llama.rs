//! What is particular to llama-server: its arguments, its environment, what its answers and
//! its log mean.
//!
//! Facts are measured with llama.cpp's server 0.7.0 (build 11669).

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::config::engine;
use crate::config::model::{FlashAttn, GpuLayers, GpuLayersWord, ServerConfig};
use crate::config::spec::Spec;
use crate::domain::server::{MAX_MODELS, MAX_TEXT, ModelInfo, Slots};
use crate::exit::Failure;
use crate::{env, paths};

/// The variable by which llama-server takes its key: it stays out of `ps`.
pub const KEY_ENV: &str = "LLAMA_API_KEY";

/// The body of llama-server's own error answers.
pub fn error_body(message: &str, code: u16) -> String {
    let error =
        serde_json::json!({ "message": message, "type": "unavailable_error", "code": code });
    serde_json::json!({ "error": error }).to_string()
}

/// llama-server's arguments for `spec`, with its listener on `socket`. `cpus` are the job's
/// CPUs, for `--threads` where the configuration has none.
pub fn arguments(spec: &Spec, socket: &Path, cpus: Option<u32>) -> Vec<OsString> {
    let server = &spec.server;
    let mut args = Args::default();
    args.path("--model", spec.model.as_deref());
    args.value("--hf-repo", spec.hf.as_ref());
    args.path("--host", Some(socket));
    // Of no use beside a socket, but the default differs between versions.
    args.value("--port", Some(0));
    args.flag("--metrics");
    args.flag("--slots");
    args.value("--ctx-size", server.context);
    args.value("--n-gpu-layers", server.gpu_layers.as_ref().map(gpu_layers));
    args.value("--batch-size", server.batch);
    args.value("--ubatch-size", server.ubatch);
    args.value("--parallel", server.parallel);
    args.value("--threads", server.threads.or(cpus));
    args.value("--flash-attn", server.flash_attn.map(flash_attn));
    args.value("--cache-type-k", server.cache_type_k.as_ref());
    args.value("--cache-type-v", server.cache_type_v.as_ref());
    args.value("--n-cpu-moe", server.n_cpu_moe);
    args.value("--split-mode", server.split_mode.as_ref());
    args.value("--tensor-split", server.tensor_split.as_ref());
    args.value("--mmproj", server.mmproj.as_ref());
    args.value("--model-draft", server.draft_model.as_ref());
    // Without an alias, clients would be shown the path of the file.
    args.value("--alias", Some(server.alias.as_ref().unwrap_or(&spec.name)));
    match server.jinja {
        Some(true) => args.flag("--jinja"),
        Some(false) => args.flag("--no-jinja"),
        None => {}
    }
    args.value("--chat-template-file", server.chat_template_file.as_ref());
    args.value("--reasoning-format", server.reasoning_format.as_ref());
    args.0.extend(server.args.iter().flatten().map(OsString::from));
    args.0
}

#[derive(Default)]
struct Args(Vec<OsString>);

impl Args {
    fn flag(&mut self, name: &str) {
        self.0.push(name.into());
    }

    fn value(&mut self, name: &str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.0.extend([name.into(), value.to_string().into()]);
        }
    }

    fn path(&mut self, name: &str, path: Option<&Path>) {
        if let Some(path) = path {
            self.0.extend([name.into(), path.into()]);
        }
    }
}

fn gpu_layers(layers: &GpuLayers) -> String {
    match layers {
        GpuLayers::Count(count) => count.to_string(),
        GpuLayers::Word(GpuLayersWord::All) => "all".to_owned(),
        GpuLayers::Word(GpuLayersWord::Auto) => "auto".to_owned(),
    }
}

fn flash_attn(value: FlashAttn) -> &'static str {
    match value {
        FlashAttn::On => "on",
        FlashAttn::Off => "off",
        FlashAttn::Auto => "auto",
    }
}

/// Checks what can be checked before anything starts: the arguments that the supervisor owns.
///
/// # Errors
/// A usage error that names the argument.
pub fn check(spec: &Spec) -> Result<(), Failure> {
    for arg in spec.server.args.iter().flatten() {
        if let Some(reserved) = engine::reserved(arg) {
            let name = arg.split('=').next().unwrap_or(arg);
            let error = format!("server.args must not have {name}");
            return Err(Failure::usage(error).hint(reserved.instead));
        }
    }
    if spec.model.is_none() && spec.hf.is_none() {
        return Err(Failure::usage("there is neither a model file nor an hf reference")
            .hint("set model or hf"));
    }
    Ok(())
}

/// Checks that every file that llama-server will be told to open is there.
///
/// # Errors
/// Names the first one that is not.
pub fn check_files(spec: &Spec) -> Result<(), Failure> {
    let server = &spec.server;
    let files = [
        ("model", spec.model.clone()),
        ("server.mmproj", server.mmproj.as_ref().map(PathBuf::from)),
        ("server.draft_model", server.draft_model.as_ref().map(PathBuf::from)),
        ("server.chat_template_file", server.chat_template_file.as_ref().map(PathBuf::from)),
    ];
    for (key, path) in files {
        let Some(path) = path else { continue };
        if let Err(error) = std::fs::metadata(&path) {
            return Err(Failure::new(format!("{key}: {} can't be read: {error}", path.display()))
                .hint("is the path right, and on a file system that this node has?"));
        }
    }
    Ok(())
}

/// The llama-server program: the configuration's, else `LLAMACTL_LLAMA_SERVER`, else PATH's.
///
/// # Errors
/// When there is none.
pub fn program(server: &ServerConfig) -> Result<PathBuf, Failure> {
    let name = server.program.clone().or_else(|| env::LLAMACTL_LLAMA_SERVER.get());
    let name = name.unwrap_or_else(|| "llama-server".to_owned());
    let hint = "set server.program, or load the module that has it in hooks.before";
    let path = paths::expand(&name)
        .map_err(|why| Failure::new(format!("server.program: {why}")).hint(hint))?;
    which::which(&path)
        .map_err(|_| Failure::new(format!("{name} was not found, or can't be executed")).hint(hint))
}

/// What the registry and people are told of the model.
pub fn model_info(spec: &Spec) -> ModelInfo {
    let file = spec.model.as_ref().and_then(|path| path.file_name());
    let file = file.map(|name| name.to_string_lossy().into_owned()).or_else(|| spec.hf.clone());
    ModelInfo {
        name: spec.name.clone(),
        file,
        context: spec.server.context,
        alias: spec.server.alias.clone(),
    }
}

/// The ids in the answer of `/v1/models`; nothing when it is not such an answer.
pub fn models(body: &[u8]) -> Option<Vec<String>> {
    #[derive(Deserialize)]
    struct Models {
        data: Vec<Model>,
    }
    #[derive(Deserialize)]
    struct Model {
        id: String,
    }
    let models: Models = serde_json::from_slice(body).ok()?;
    let ids = models.data.into_iter().map(|model| model.id).filter(|id| id.len() <= MAX_TEXT);
    Some(ids.take(MAX_MODELS).collect())
}

/// How busy llama-server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// Its slots.
    pub slots: Slots,
    /// Tokens that were generated so far for requests that still run.
    pub running: u64,
}

/// The answer of `/slots`; nothing when it is not such an answer (`--no-slots`).
pub fn load(body: &[u8]) -> Option<Load> {
    #[derive(Deserialize)]
    struct Slot {
        is_processing: bool,
        #[serde(default)]
        next_token: serde_json::Value,
    }
    let slots: Vec<Slot> = serde_json::from_slice(body).ok()?;
    let busy = slots.iter().filter(|slot| slot.is_processing);
    // A list with one object since 0.6, the object itself before.
    let decoded = |slot: &Slot| {
        let next = slot.next_token.get(0).unwrap_or(&slot.next_token);
        next.get("n_decoded").and_then(serde_json::Value::as_u64).unwrap_or(0)
    };
    let running = busy.clone().map(decoded).sum();
    let total = u32::try_from(slots.len()).ok()?;
    let slots = Slots { total, busy: u32::try_from(busy.count()).ok()? };
    Some(Load { slots, running })
}

/// What `/metrics` counts: the tokens of a request are counted at its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Tokens of prompts that were read.
    pub read: u64,
    /// Tokens that were generated.
    pub generated: u64,
}

/// The totals, from the answer of `/metrics`.
pub fn totals(body: &[u8]) -> Option<Totals> {
    let text = std::str::from_utf8(body).ok()?;
    let value = |name: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
        let number: f64 = value.trim().parse().ok()?;
        (number >= 0.0).then_some(number as u64)
    };
    let generated = value("llamacpp:tokens_predicted_total")?;
    Some(Totals { read: value("llamacpp:prompt_tokens_total").unwrap_or_default(), generated })
}

/// Why llama-server ended, as far as its last lines tell, in words for the person who has to
/// mend it. The cause stands a few lines before the last ones, which only repeat that there
/// was one.
pub fn reason(lines: &[String]) -> Option<String> {
    let lines: Vec<&str> = lines.iter().map(|line| message(line)).collect();
    // Messages of one start, in the order of how much they explain.
    PATTERNS
        .iter()
        .find_map(|(needle, explain)| {
            lines.iter().find(|line| line.contains(needle)).map(|line| explain(line))
        })
        .or_else(|| last_error(&lines))
}

type Explain = fn(&str) -> String;

const PATTERNS: &[(&str, Explain)] = &[
    ("error: invalid argument:", |l| {
        format!("llama-server does not know {}", after(l, "argument:"))
    }),
    ("error while handling argument", |l| format!("wrong value of {}", after(l, "argument"))),
    ("chat template is not supported", |_| "the chat template is not valid".to_owned()),
    ("CUDA out of memory", |_| GPU_MEMORY.to_owned()),
    ("cudaMalloc failed: out of memory", |_| GPU_MEMORY.to_owned()),
    ("ErrorOutOfDeviceMemory", |_| GPU_MEMORY.to_owned()),
    ("failed to allocate buffer for kv cache", |_| {
        "not enough memory for the context: ask for a smaller server.context, a smaller cache \
         type, or more memory"
            .to_owned()
    }),
    ("insufficient memory (attempted", |l| format!("out of memory: {}", after(l, "memory"))),
    ("unable to allocate", |l| format!("out of memory: {l}")),
    ("CUDA error", str::to_owned),
    ("failed to load lora adapter", |l| {
        format!("the LoRA adapter can't be loaded: {}", after(l, "adapter"))
    }),
    ("failed to load multimodal model", |l| {
        format!("the multimodal projector can't be loaded: {}", after(l, "model,"))
    }),
    ("get_repo_commit: error", |l| {
        format!("the model can't be downloaded: {}", after(l, "error:"))
    }),
    ("exactly one out metadata, path_model", |_| {
        "the model is not in the local cache, and can't be downloaded from here".to_owned()
    }),
    ("failed to open GGUF file", |l| {
        format!("the model file can't be opened: {}", after(l, "GGUF file"))
    }),
    ("invalid magic characters", |_| "the model file is not a GGUF file".to_owned()),
    ("failed to read magic", |_| "the model file is empty".to_owned()),
    ("is not within the file bounds", |_| {
        "the model file is incomplete: the download was cut off".to_owned()
    }),
    ("failed to read key-value pairs", |_| {
        "the model file is incomplete: the download was cut off".to_owned()
    }),
    ("unknown model architecture", |l| {
        format!("this llama-server is too old for the model: {}", after(l, "model:"))
    }),
    ("couldn't bind HTTP server socket", |l| {
        format!("llama-server could not listen: {}", after(l, "socket,"))
    }),
];

const GPU_MEMORY: &str = "out of GPU memory: ask for a smaller server.context, fewer \
                          server.gpu_layers, or more GPUs";

/// Without llama-server's prefix: `0.00.070.763 E gguf_init: text` → `gguf_init: text`.
fn message(line: &str) -> &str {
    let line = line.trim();
    let mut words = line.splitn(3, ' ');
    match (words.next(), words.next(), words.next()) {
        (Some(time), Some(level), Some(rest))
            if level.len() == 1
                && time.contains('.')
                && time.chars().all(|c| c.is_ascii_digit() || c == '.') =>
        {
            rest.trim_start()
        }
        _ => line,
    }
}

/// The rest of the line after the first `word`, without what punctuation stands around it.
fn after(line: &str, word: &str) -> String {
    let rest = line.split_once(word).map_or(line, |(_, rest)| rest);
    rest.trim_matches(|c: char| c.is_whitespace() || c == ':' || c == ',').to_owned()
}

/// The last line that speaks of an error, of a kind that this version does not know.
fn last_error(lines: &[&str]) -> Option<String> {
    let tells = |line: &&&str| {
        let lower = line.to_lowercase();
        let word = ["error", "failed", "fatal", "abort", "terminate called", "cannot", "can't"];
        word.iter().any(|word| lower.contains(word)) && !lower.contains("exiting due to")
    };
    lines.iter().rev().find(tells).map(|line| (*line).to_owned())
}

#[cfg(test)]
#[path = "llama_tests.rs"]
mod tests;
