//! What can be known to be wrong before a job waits in a queue for an hour.

use std::path::Path;
use std::time::Duration;

use super::warning::Warning;
use crate::client::{ClientError, RegistryClient};
use crate::config::spec::Spec;
use crate::config::token::token;
use crate::exec::{ExecError, Run};
use crate::exit::Failure;

/// How long the registry may take to answer. It is not needed for submitting.
const REGISTRY_TIMEOUT: Duration = Duration::from_secs(2);

/// Looks for the model file. A file that is missing in a folder that is here, or below the
/// home folder, which nodes share with this machine, is a mistake; a folder that is not here
/// may still be on the compute nodes, which is worth a warning.
///
/// # Errors
/// The file is missing.
pub fn model_file(model: Option<&Path>) -> Result<Option<Warning>, Failure> {
    let Some(model) = model.filter(|model| !model.is_file()) else { return Ok(None) };
    let folder = model.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let at_home = etcetera::home_dir().is_ok_and(|home| model.starts_with(home));
    if !folder.is_dir() && !at_home {
        return Ok(Some(Warning::ModelElsewhere(model.to_owned())));
    }
    let shown = model.display();
    let message = match model.exists() {
        true => format!("the model {shown} is not a file"),
        false => format!("there is no model file {shown}"),
    };
    Err(Failure::usage(message).hint(near(model, folder)))
}

/// What else is in the folder, nearest name first.
fn near(model: &Path, folder: &Path) -> String {
    let wanted = model.file_name().unwrap_or_default().to_string_lossy();
    let names = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = names.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let best = names
        .filter(|name| name.ends_with(".gguf"))
        .map(|name| (strsim::jaro_winkler(&wanted, &name), name))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match best {
        Some((_, name)) => format!("did you mean {}?", folder.join(name).display()),
        None => format!(
            "no GGUF file is in {}; --model FILE names another, `hf` in the configuration has \
             llama-server download one",
            folder.display()
        ),
    }
}

/// Says that a token which llama-server would download a model with does not reach the job.
pub fn secrets(spec: &Spec) -> Option<Warning> {
    let wanted = spec.hf.is_some() && std::env::var_os("HF_TOKEN").is_some();
    wanted.then_some(Warning::NoHfToken)
}

/// Has bash read the script without running it: an open quote in a hook would show only when
/// the job starts. Where there is no bash, the node's will tell.
///
/// # Errors
/// Bash does not understand the script.
pub async fn shell(script: &str) -> Result<(), Failure> {
    let outcome = match Run::new("bash").arg("-n").stdin(script.to_owned()).output().await {
        Ok(outcome) => outcome,
        Err(ExecError::NotFound(_) | ExecError::TimedOut { .. } | ExecError::Io { .. }) => {
            return Ok(());
        }
    };
    // An unclosed here-document is only a warning to bash, yet it swallows the rest.
    if outcome.ok() && outcome.stderr.trim().is_empty() {
        return Ok(());
    }
    let said = outcome.stderr.lines().next().unwrap_or_default().to_owned();
    Err(Failure::usage(format!("hooks.before is not valid shell: {said}"))
        .hint("--dry-run shows the script"))
}

/// What is wrong with the registry, as a warning: the job can run without it, and it may be
/// back when the job starts.
pub async fn registry(url: Option<&str>, token_file: Option<&Path>) -> Option<Warning> {
    let url = url?;
    let host = reqwest::Url::parse(url).ok()?.host_str()?.to_owned();
    if ["localhost", "127.0.0.1", "[::1]"].contains(&host.as_str()) {
        return Some(Warning::RegistryIsLocal(url.to_owned()));
    }
    let token = match token(token_file) {
        Ok(token) => token,
        Err(failure) => {
            let what = format!("{failure}: the job's server will not be in the registry");
            return Some(Warning::Registry(what));
        }
    };
    let unheard = token.is_some() && token_file.is_none();
    let client = RegistryClient::new(url).timeout(REGISTRY_TIMEOUT).token(token);
    match client.whoami().await {
        // It is known to whoever may read the job's environment, so it stays here.
        Ok(who) if unheard && who.owner.is_some() => Some(Warning::TokenStays),
        Ok(_) | Err(ClientError::Unknown(_)) => None,
        Err(ClientError::Refused { status: 403, .. }) => None,
        Err(error @ ClientError::Refused { .. }) => {
            let hint = error.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
            let what = format!("{error}{hint}; without a token the job's server can't register");
            Some(Warning::Registry(what))
        }
        Err(error) => Some(Warning::Registry(format!("{error}; the job will go on trying"))),
    }
}
