//! Every key that exists, taken from the JSON Schema of the types: for suggestions, for
//! `--set`, and for the reference.

use schemars::JsonSchema;
use serde_json::Value;

/// One key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its way from the root, `server.context`; `*` stands for a name of one's own.
    pub path: String,
    /// What it does.
    pub doc: String,
    /// Whether it has keys of its own.
    pub section: bool,
}

/// What people call a key elsewhere (llama-server's and sbatch's options, older scripts).
const ALIASES: &[(&str, &str)] = &[
    ("ctx", "context"),
    ("ctx_size", "context"),
    ("n_ctx", "context"),
    ("context_size", "context"),
    ("context_length", "context"),
    ("ngl", "gpu_layers"),
    ("n_gpu_layers", "gpu_layers"),
    ("batch_size", "batch"),
    ("ubatch_size", "ubatch"),
    ("np", "parallel"),
    ("n_parallel", "parallel"),
    ("slots", "parallel"),
    ("extra_args", "args"),
    ("sbatch_args", "args"),
    ("fa", "flash_attn"),
    ("flash_attention", "flash_attn"),
    ("memory", "mem"),
    ("walltime", "time"),
    ("time_limit", "time"),
    ("timelimit", "time"),
    ("cpus_per_task", "cpus"),
    ("gpu", "gpus"),
    ("gres", "gpus"),
    ("clusters", "cluster"),
    ("log", "output"),
    ("model_file", "model"),
    ("hf_repo", "hf"),
    ("mail", "email"),
    ("topic", "ntfy_topic"),
    ("chat_template", "chat_template_file"),
    ("draft", "draft_model"),
];

/// All keys of `T`, in the order of its fields.
pub fn of<T: JsonSchema>() -> Vec<Key> {
    let schema = schemars::schema_for!(T).to_value();
    let mut keys = Vec::new();
    walk(&schema, &schema, "", &mut keys);
    keys
}

fn walk(schema: &Value, at: &Value, prefix: &str, keys: &mut Vec<Key>) {
    let at = target(schema, at);
    let mut add = |name: &str, value: &Value| {
        let path = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") };
        let inner = target(schema, value);
        let section = inner.get("properties").is_some()
            || inner.get("additionalProperties").is_some_and(Value::is_object);
        let doc = value.get("description").or_else(|| inner.get("description"));
        let doc = doc.and_then(Value::as_str).unwrap_or("Any name with a text of your own.");
        // The first sentence or paragraph breaks lines as the source does.
        let doc = doc.split_whitespace().collect::<Vec<_>>().join(" ");
        keys.push(Key { path: path.clone(), doc, section });
        walk(schema, value, &path, keys);
    };
    for (name, value) in at.get("properties").and_then(Value::as_object).into_iter().flatten() {
        add(name, value);
    }
    if let Some(value) = at.get("additionalProperties").filter(|value| value.is_object()) {
        add("*", value);
    }
}

/// Follows `$ref`, and what is left of `anyOf` without null.
fn target<'a>(schema: &'a Value, at: &'a Value) -> &'a Value {
    if let Some(name) = at.get("$ref").and_then(Value::as_str) {
        let pointer = name.trim_start_matches('#');
        return schema.pointer(pointer).map_or(at, |inner| target(schema, inner));
    }
    let options = at.get("anyOf").and_then(Value::as_array);
    let inner = options.and_then(|all| all.iter().find(|one| one.get("$ref").is_some()));
    inner.map_or(at, |inner| target(schema, inner))
}

/// The one of `candidates` that `word` was probably meant to be.
pub fn nearest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let word = word.to_ascii_lowercase().replace('-', "_");
    let exact = |name: &str| candidates.iter().find(|c| **c == name).copied();
    if let Some(found) = exact(&word) {
        return Some(found);
    }
    if let Some(found) = ALIASES.iter().filter(|(a, _)| *a == word).find_map(|(_, b)| exact(b)) {
        return Some(found);
    }
    candidates
        .iter()
        .map(|c| (strsim::normalized_damerau_levenshtein(&word, &c.replace('-', "_")), *c))
        .filter(|(similarity, _)| *similarity >= 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, c)| c)
}

/// The key of `all` that `word` at `path` was probably meant to be, when it belongs somewhere
/// else: `context` at the root is `server.context`.
pub fn elsewhere<'a>(path: &[String], all: &'a [Key]) -> Option<&'a Key> {
    let word = path.last()?;
    let last = |key: &'a Key| key.path.rsplit('.').next().unwrap_or_default();
    let candidates: Vec<&Key> = all.iter().filter(|key| !key.path.contains('*')).collect();
    let names: Vec<&str> = candidates.iter().map(|key| last(key)).collect();
    let alias = ALIASES.iter().filter(|(a, _)| a == word).map(|(_, b)| *b);
    let wanted: Vec<&str> = std::iter::once(word.as_str()).chain(alias).collect();
    let index = names.iter().position(|name| wanted.contains(name))?;
    Some(candidates[index])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::model::ModelConfig;
    use crate::config::settings::Settings;

    #[test]
    fn every_key_is_found_with_its_words() {
        let keys = of::<ModelConfig>();
        let context = keys.iter().find(|key| key.path == "server.context").unwrap();
        assert!(context.doc.contains("tokens"), "{context:?}");
        assert!(keys.iter().any(|key| key.path == "variants.*.slurm.gpus"));
        let settings = of::<Settings>();
        assert!(settings.iter().any(|key| key.path == "notify.smtp.host"));
        assert!(settings.iter().all(|key| !key.doc.is_empty()), "{settings:?}");
    }

    #[test]
    fn likely_words_are_recognised_and_unlikely_ones_are_not() {
        let keys = ["context", "gpu_layers", "batch", "gpus", "gpu_type"];
        assert_eq!(nearest("contxt", &keys), Some("context"));
        assert_eq!(nearest("ctx_size", &keys), Some("context"));
        assert_eq!(nearest("gpu-layers", &keys), Some("gpu_layers"));
        assert_eq!(nearest("gpu", &keys), Some("gpus"));
        assert_eq!(nearest("xyzzy", &keys), None);
    }
}
