//! Rules for values that a type alone can't express: walltimes, sizes, names, addresses, and
//! flags of llama-server that llamactl sets itself. Pure.

use serde_yaml::Value;

use super::diagnose::choice_hint;
use super::engine;
use super::marks::Path;
use super::units;
use crate::domain::{node, server};

/// Types that llama-server's `-ctk` and `-ctv` take.
pub const CACHE_TYPES: &[&str] =
    &["f32", "f16", "bf16", "q8_0", "q4_0", "q4_1", "iq4_nl", "q5_0", "q5_1"];
/// What llama-server's `-sm` takes.
pub const SPLIT_MODES: &[&str] = &["none", "layer", "row", "tensor"];
/// What llama-server's `--reasoning-format` takes.
pub const REASONING_FORMATS: &[&str] = &["auto", "none", "deepseek", "deepseek-legacy"];

/// Options that llamactl gives to sbatch itself.
const OWN_SBATCH: &[(&str, &str)] = &[
    ("--signal", "use `slurm.drain_before` and `slurm.drain_signal`"),
    ("--job-name", "use `name`"),
    ("--output", "use `slurm.output`"),
    ("--time", "use `slurm.time`"),
    ("--wait", "use `llamactl submit --wait`"),
    ("--parsable", "it is always given"),
    ("--wrap", "the job runs `llamactl run`"),
];

/// A value that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// Which.
    pub path: Path,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub hint: Option<String>,
}

/// Checks every value of a configuration: a model's, or llamactl's own.
pub fn values(config: &Value) -> Vec<Broken> {
    let mut broken = Vec::new();
    walk(config, &mut Vec::new(), &mut broken);
    broken
}

fn walk(value: &Value, path: &mut Path, broken: &mut Vec<Broken>) {
    if let Some(mapping) = value.as_mapping() {
        for (key, inner) in mapping {
            path.push(key.as_str().unwrap_or_default().to_owned());
            if path.len() == 2
                && path[0] == "variants"
                && let Err(message) = units::gpu_type(&path[1])
            {
                broken.push(Broken { path: path.clone(), message, hint: None });
            }
            walk(inner, path, broken);
            path.pop();
        }
        return;
    }
    // A variant's values follow the same rules as the model's.
    let in_variant = path.first().is_some_and(|first| first == "variants");
    let key = path[if in_variant { 2.min(path.len()) } else { 0 }..].join(".");
    if let Err((message, hint)) = leaf(&key, value) {
        broken.push(Broken { path: path.clone(), message, hint });
    }
}

type Verdict = Result<(), (String, Option<String>)>;

fn leaf(key: &str, value: &Value) -> Verdict {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Sequence(items) => return list(key, items),
        _ => return Ok(()),
    };
    plain(key, &text)?;
    // An empty text takes a weaker layer's value away.
    if text.is_empty() {
        return Ok(());
    }
    let simple = |result: Result<(), String>| result.map_err(|message| (message, None));
    match key {
        "name" => simple(units::name(&text)),
        "slurm.time" => simple(units::walltime(&text).map(drop)),
        "slurm.mem" => simple(units::memory(&text).map(drop)),
        "slurm.gpu_type" => simple(units::gpu_type(&text)),
        "slurm.drain_before" => drain_before(&text),
        "server.start_timeout" => simple(units::duration(&text).map(drop)),
        "server.cache_type_k" | "server.cache_type_v" => choice(key, &text, CACHE_TYPES),
        "server.split_mode" => choice(key, &text, SPLIT_MODES),
        "server.reasoning_format" => choice(key, &text, REASONING_FORMATS),
        "server.tensor_split" => tensor_split(&text),
        "server.parallel" | "server.threads" | "server.batch" | "server.ubatch" | "slurm.cpus" => {
            at_least_one(key, &text)
        }
        "server.advertise" | "server.host" => simple(server::host(&text)),
        "registry.url" | "notify.ntfy_server" if text != "none" => simple(units::url(&text)),
        "notify.email" if text != "none" => simple(units::email(&text)),
        "notify.ntfy_topic" if text != "none" => simple(units::topic(&text)),
        "notify.expiring_before" | "notify.pending_after" | "notify.digest" => {
            simple(units::duration(&text).map(drop))
        }
        "notify.smtp.from" => simple(mailbox(&text)),
        "notify.smtp.host" => simple(server::host(&text)),
        "ssh.via" => via(&text),
        "node.name" => simple(node::identifier("name", &text)),
        "node.detect_every" => simple(units::duration(&text).map(drop)),
        key if key.starts_with("node.") => simple(server::text(key, &text)),
        "hf" => hugging_face(&text),
        _ => Ok(()),
    }
}

/// Control characters could break a job script's `#SBATCH` lines, a header or a terminal.
fn plain(key: &str, text: &str) -> Verdict {
    let free = matches!(key, "hooks.before" | "description" | "model")
        || ["server.args", "labels."].iter().any(|start| key.starts_with(start));
    let bad = |c: char| if free { c == '\0' } else { c.is_control() };
    if text.chars().any(bad) {
        return Err((format!("`{key}` must not have control characters or line breaks"), None));
    }
    Ok(())
}

fn list(key: &str, items: &[Value]) -> Verdict {
    for item in items.iter().filter_map(Value::as_str) {
        plain(key, item)?;
        let option = item.split('=').next().unwrap_or(item);
        let own = match key {
            "server.args" => engine::reserved(item).map(|reserved| reserved.instead),
            "slurm.args" => OWN_SBATCH.iter().find(|(own, _)| *own == option).map(|a| a.1),
            _ => None,
        };
        if let Some(instead) = own {
            return Err((format!("`{option}` can't stand in `{key}`"), Some(instead.to_owned())));
        }
        if key == "slurm.args" && !item.starts_with('-') {
            let hint = format!("write option and value as one: `--option={item}`");
            return Err((format!("`{item}` is not an option of sbatch"), Some(hint)));
        }
    }
    Ok(())
}

fn choice(key: &str, text: &str, valid: &[&str]) -> Verdict {
    if valid.contains(&text) {
        return Ok(());
    }
    let name = key.rsplit('.').next().unwrap_or(key);
    Err((format!("`{name}` can't be `{text}`"), Some(choice_hint(text, valid))))
}

fn at_least_one(key: &str, text: &str) -> Verdict {
    if text == "0" {
        let name = key.rsplit('.').next().unwrap_or(key);
        return Err((format!("`{name}` must be at least 1"), None));
    }
    Ok(())
}

fn drain_before(text: &str) -> Verdict {
    let time = units::duration(text).map_err(|message| (message, None))?;
    if time.as_secs() == 0 || time.as_secs() > units::MAX_SIGNAL_SECONDS {
        return Err(("`drain_before` must be between 1s and 18h (SLURM's limit)".into(), None));
    }
    Ok(())
}

fn tensor_split(text: &str) -> Verdict {
    let share = |part: &str| part.trim().parse::<f64>().is_ok_and(|n| n.is_finite() && n >= 0.0);
    if text.split(',').all(share) {
        return Ok(());
    }
    Err((format!("`{text}` is not a list of shares"), Some("write it as `3,1`".into())))
}

fn via(text: &str) -> Verdict {
    let host = text.rsplit_once('@').map_or(text, |(_, host)| host);
    let user = text.rsplit_once('@').map_or("u", |(user, _)| user);
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let user_ok = !user.is_empty() && !user.starts_with('-') && user.chars().all(plain);
    if user_ok && server::host(host).is_ok() {
        return Ok(());
    }
    let hint = "write HOST or USER@HOST; ports and keys belong into ~/.ssh/config";
    Err((format!("`{text}` is not a host for ssh"), Some(hint.into())))
}

fn hugging_face(text: &str) -> Verdict {
    let (repo, quant) = text.split_once(':').map_or((text, "x"), |(repo, quant)| (repo, quant));
    let plain = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    };
    let parts: Vec<&str> = repo.split('/').collect();
    if parts.len() == 2 && parts.iter().all(|part| plain(part)) && plain(quant) {
        return Ok(());
    }
    Err((
        format!("`{text}` is not a Hugging Face reference"),
        Some("write it as `owner/repo:quant`".into()),
    ))
}

fn mailbox(text: &str) -> Result<(), String> {
    match text.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
        Some((_, address)) => units::email(address),
        None => units::email(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(yaml: &str) -> Vec<String> {
        let value: Value = serde_yaml::from_str(yaml).unwrap();
        values(&value).into_iter().map(|b| format!("{}: {}", b.path.join("."), b.message)).collect()
    }

    #[test]
    fn good_values_pass() {
        let good = "
name: qwen3-30b
hf: unsloth/Qwen3-30B-A3B-Instruct-2507-GGUF:Q4_K_M
server: { args: [--temp, '0.7', \"a\\nb\"], cache_type_k: q8_0, tensor_split: '3,1' }
slurm: { time: 1-12, mem: 32G, args: [--mail-type=END], drain_before: 2m, partition: '' }
notify: { email: none, ntfy_server: 'https://ntfy.sh', smtp: { from: 'A B <a@b>' } }
ssh: { via: me@login.example.org }
variants: { nvidia_a100-sxm4-80gb: { slurm: { time: 90 } } }";
        assert_eq!(broken(good), Vec::<String>::new());
    }

    #[test]
    fn values_that_break_a_rule_are_named_in_variants_too() {
        assert_eq!(
            broken("{name: a/b, variants: {v100: {slurm: {mem: 32GB}}, 'a b': {hf: a/b}}}"),
            [
                "name: `a/b` is not a name: it must be printable, without `/`",
                "variants.v100.slurm.mem: `32GB` is not a memory size: 32G is",
                "variants.a b: `a b` is not a GPU type, as `a100`",
            ]
        );
    }

    #[test]
    fn what_would_end_a_directive_or_leak_a_secret_is_refused() {
        for bad in [
            "slurm: {partition: \"gpu\\n#SBATCH --uid=0\"}",
            "slurm: {args: [\"--x\\ny\"]}",
            "slurm: {args: [--wrap=id]}",
            "slurm: {args: [gpu]}",
            "server: {args: [--api-key, secret]}",
            "server: {args: ['--port=80']}",
            "server: {args: [--ssl-key-file, key.pem]}",
            "server: {args: [--api-prefix=/x]}",
            "server: {args: [\"a\\0b\"]}",
            "server: {host: 'a b'}",
            "server: {parallel: 0}",
            "ssh: {via: -oProxyCommand=x}",
            "notify: {email: 'a@b,c@d'}",
            "registry: {url: 'http://u:p@h'}",
            "hf: owner",
        ] {
            assert_eq!(broken(bad).len(), 1, "{bad}");
        }
    }
}
