//! The job script: every resolved value in one short text. Pure.

use handlebars::Handlebars;
use serde::Serialize;

use crate::config::model::{DrainSignal, SlurmConfig};
use crate::config::resolve::Resolved;
use crate::config::spec::Spec;
use crate::config::units;

const TEMPLATE: &str = include_str!("../../slurm/job.sh.hbs");

/// Where a job writes its log when the configuration does not say.
pub const DEFAULT_OUTPUT: &str = "llamactl-%x-%j.log";
/// SLURM's own limit for most texts (`slurmctld` refuses longer ones).
const MAX_VALUE: usize = 1000;

/// A value that can't stand in a job script. Names the key of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {problem}")]
pub struct ScriptError {
    /// The key, as `slurm.partition`.
    pub key: String,
    /// What is wrong with its value.
    pub problem: String,
}

/// What a script is made of, beside the resolved configuration.
#[derive(Debug, Clone, Copy)]
pub struct Frame<'a> {
    /// A text that no other submission has: letters and digits.
    pub nonce: &'a str,
    /// llamactl on the compute nodes.
    pub llamactl: &'a str,
}

#[derive(Serialize)]
struct Fields<'a> {
    directives: Vec<String>,
    hooks: Vec<String>,
    llamactl: String,
    terminator: String,
    spec: &'a str,
}

/// The text that the job's comment holds, by which a submission is found again.
pub fn mark(nonce: &str) -> String {
    format!("llamactl:{nonce}")
}

/// Writes the job script.
///
/// # Errors
/// [`ScriptError`] for a value that `sbatch` could not read back.
pub fn render(resolved: &Resolved, frame: Frame) -> Result<String, ScriptError> {
    let spec = yaml(&resolved.spec)?;
    let quoted = shlex::try_quote(frame.llamactl).map_err(|_| ScriptError {
        key: "paths.llamactl".to_owned(),
        problem: "has a NUL byte".to_owned(),
    })?;
    let fields = Fields {
        directives: directives(resolved, frame)?,
        hooks: resolved.hooks.iter().map(|hook| unix_lines(hook)).collect(),
        llamactl: quoted.into_owned(),
        terminator: terminator(frame.nonce, &spec),
        spec: spec.trim_end_matches('\n'),
    };
    let mut templates = Handlebars::new();
    templates.register_escape_fn(handlebars::no_escape);
    templates.set_strict_mode(true);
    templates.render_template(TEMPLATE, &fields).map_err(|error| ScriptError {
        key: "slurm/job.sh.hbs".to_owned(),
        problem: error.to_string(),
    })
}

/// The spec as it stands in the script.
///
/// # Errors
/// [`ScriptError`] when it can't be written as YAML that reads back the same.
fn yaml(spec: &Spec) -> Result<String, ScriptError> {
    let broken = |problem: String| ScriptError { key: "configuration".to_owned(), problem };
    let text = serde_yaml::to_string(spec).map_err(|error| broken(error.to_string()))?;
    // Bash ends the text with exactly one line feed, drops NUL bytes, and sbatch refuses DOS
    // line ends: what could suffer from that must not leave this place.
    let back = serde_yaml::from_str::<Spec>(&format!("{}\n", text.trim_end_matches('\n')));
    let survives = back.is_ok_and(|back| back == *spec) && !text.contains(['\0', '\r']);
    if survives { Ok(text) } else { Err(broken("a value can't be written as YAML".to_owned())) }
}

/// A line that ends the spec and is none of its lines.
fn terminator(nonce: &str, spec: &str) -> String {
    let mut line = format!("LLAMACTL_SPEC_{nonce}");
    while spec.lines().any(|other| other == line) {
        line.push('_');
    }
    line
}

fn unix_lines(hook: &str) -> String {
    hook.replace("\r\n", "\n").trim_end_matches('\n').to_owned()
}

fn directives(resolved: &Resolved, frame: Frame) -> Result<Vec<String>, ScriptError> {
    let slurm = &resolved.slurm;
    let mut lines = Vec::new();
    let mut add = |key: &str, option: &str, value: Option<&str>| match value {
        Some(value) => quote(key, value).map(|value| lines.push(format!("--{option}={value}"))),
        None => Ok(()),
    };
    let output = slurm.output.as_deref().unwrap_or(DEFAULT_OUTPUT);
    let comment = comment(slurm, &mark(frame.nonce));
    add("name", "job-name", Some(&resolved.spec.name))?;
    add("slurm.args", "comment", Some(&comment))?;
    add("slurm.output", "output", Some(output))?;
    add("", "open-mode", Some("append"))?;
    add("slurm.cluster", "clusters", slurm.cluster.as_deref())?;
    add("slurm.partition", "partition", slurm.partition.as_deref())?;
    add("slurm.account", "account", slurm.account.as_deref())?;
    add("slurm.qos", "qos", slurm.qos.as_deref())?;
    add("slurm.constraint", "constraint", slurm.constraint.as_deref())?;
    add("slurm.nodelist", "nodelist", slurm.nodelist.as_deref())?;
    add("slurm.exclude", "exclude", slurm.exclude.as_deref())?;
    add("slurm.reservation", "reservation", slurm.reservation.as_deref())?;
    add("", "nodes", Some("1"))?;
    add("", "ntasks", Some("1"))?;
    add("slurm.gpu_type", "gres", gres(slurm)?.as_deref())?;
    add("slurm.cpus", "cpus-per-task", slurm.cpus.map(|cpus| cpus.to_string()).as_deref())?;
    add("slurm.mem", "mem", slurm.mem.as_ref().map(ToString::to_string).as_deref())?;
    add("slurm.time", "time", time(slurm)?.as_deref())?;
    add("", "signal", Some(&signal(resolved)))?;
    lines.push("--requeue".to_owned());
    for arg in slurm.args.iter().flatten() {
        if !arg.starts_with("--comment=") {
            lines.push(argument(arg)?);
        }
    }
    Ok(lines)
}

/// The mark, after what the user wants to have in the comment.
fn comment(slurm: &SlurmConfig, mark: &str) -> String {
    let mut own = slurm.args.iter().flatten().filter_map(|arg| arg.strip_prefix("--comment="));
    match own.next_back() {
        Some(own) => format!("{own} {mark}"),
        None => mark.to_owned(),
    }
}

fn gres(slurm: &SlurmConfig) -> Result<Option<String>, ScriptError> {
    let Some(gpus) = slurm.gpus.filter(|&gpus| gpus > 0) else { return Ok(None) };
    match slurm.gpu_type.as_deref() {
        None => Ok(Some(format!("gpu:{gpus}"))),
        Some(name) if name.contains([',', ':', '(', ')', '|']) => Err(ScriptError {
            key: "slurm.gpu_type".to_owned(),
            problem: format!("`{name}` is not one type; see `sinfo -o %G`"),
        }),
        Some(name) => Ok(Some(format!("gpu:{name}:{gpus}"))),
    }
}

fn time(slurm: &SlurmConfig) -> Result<Option<String>, ScriptError> {
    let Some(time) = &slurm.time else { return Ok(None) };
    let text = time.to_string();
    match units::walltime(&text) {
        Ok(None) => Ok(Some("UNLIMITED".to_owned())),
        Ok(Some(_)) => Ok(Some(text)),
        Err(problem) => Err(ScriptError { key: "slurm.time".to_owned(), problem }),
    }
}

/// `B:` signals the batch shell alone, whose place llamactl has taken.
fn signal(resolved: &Resolved) -> String {
    let name = match resolved.slurm.drain_signal.unwrap_or_default() {
        DrainSignal::USR1 => "USR1",
        DrainSignal::USR2 => "USR2",
    };
    format!("B:{name}@{}", resolved.spec.drain_seconds)
}

/// One of `slurm.args`. Some options of sbatch would change what `submit` gets back from it.
fn argument(arg: &str) -> Result<String, ScriptError> {
    let error = |problem: String| ScriptError { key: "slurm.args".to_owned(), problem };
    let name = arg.split('=').next().unwrap_or_default();
    if !arg.starts_with('-') || name.len() < 2 {
        return Err(error(format!("`{arg}` is not an option such as --mail-type=END")));
    }
    if ["-W", "--wait", "--wrap", "--test-only", "-Q", "--quiet", "-h", "--help"].contains(&name) {
        return Err(error(format!("{name} has no place in a job script")));
    }
    match arg.split_once('=') {
        Some((name, value)) => Ok(format!("{name}={}", quote("slurm.args", value)?)),
        None => quote("slurm.args", arg),
    }
}

/// Quotes one value for an `#SBATCH` line.
///
/// sbatch reads these lines by rules of its own: a backslash escapes the next character also
/// between single quotes, and an unquoted `#` begins a comment, so a shell's quoting does not
/// fit.
fn quote(key: &str, value: &str) -> Result<String, ScriptError> {
    let error = |problem: &str| ScriptError { key: key.to_owned(), problem: problem.to_owned() };
    if value.is_empty() {
        return Err(error("is empty"));
    }
    if value.len() > MAX_VALUE {
        return Err(error("is longer than 1000 bytes"));
    }
    if value.chars().any(char::is_control) {
        return Err(error("has a line break or another control character"));
    }
    let harmless = |c: char| c.is_ascii_alphanumeric() || "%+,-./:=@[]_".contains(c);
    if value.chars().all(harmless) {
        return Ok(value.to_owned());
    }
    Ok(format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")))
}
