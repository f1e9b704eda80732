//! This machine: configuration, models, programs.

use std::path::PathBuf;

use super::Check;
use crate::config::find::{self, Found};
use crate::config::layers::Request;
use crate::config::resolve;
use crate::config::settings::Settings;
use crate::exec::Run;

/// Whether llamactl's own configuration and every model's is valid.
pub fn configuration(settings: &anyhow::Result<Settings>) -> Check {
    const NAME: &str = "configuration";
    const MEND: &str = "`llamactl configs validate` shows the place";
    if let Err(error) = settings {
        return Check::missing(NAME, first_line(error), MEND);
    }
    let own: Vec<Found> = find::list().into_iter().filter(|found| found.path.is_some()).collect();
    let broken: Vec<String> = own
        .iter()
        .filter_map(|found| {
            let draft = resolve::load(&request(found));
            let error = draft.err()?;
            Some(format!("{}: {}", found.name, first_line(&error)))
        })
        .collect();
    match &broken[..] {
        [] if own.is_empty() => Check::ok(NAME, "valid; the built-in models only"),
        [] => Check::ok(NAME, format!("valid; {} models beside the built-in ones", own.len())),
        broken => Check::missing(NAME, broken.join("; "), MEND),
    }
}

fn first_line(error: &impl std::fmt::Display) -> String {
    format!("{error:#}").lines().next().unwrap_or_default().to_owned()
}

fn request(found: &Found) -> Request {
    let path = found.path.as_ref().map(|path| {
        std::path::absolute(path).unwrap_or_else(|_| path.clone()).display().to_string()
    });
    Request { config: path.or_else(|| Some(found.name.clone())), ..Request::default() }
}

/// Which configurations have their model file here.
pub fn models() -> Check {
    const NAME: &str = "models";
    let all = find::list();
    let here: Vec<&str> = all
        .iter()
        .filter(|found| {
            let files = files(found);
            !files.is_empty() && files.iter().any(|file| file.is_file())
        })
        .map(|found| found.name.as_str())
        .collect();
    match &here[..] {
        [] => Check::absent(
            NAME,
            format!("no model file of {} configurations is on this machine", all.len()),
            "`llamactl configs show NAME` tells where one is looked for; --model FILE takes \
             any GGUF file; compute nodes may see other paths",
        ),
        here => Check::ok(NAME, format!("{} of {}: {}", here.len(), all.len(), here.join(", "))),
    }
}

/// The files that a configuration may serve: one a variant, or one for all.
fn files(found: &Found) -> Vec<PathBuf> {
    let Ok(draft) = resolve::load(&request(found)) else { return Vec::new() };
    let variants = draft.variants().into_iter().map(Some).chain([None]);
    variants
        .filter_map(|variant| draft.clone().resolve(variant.as_deref()).ok()?.spec.model)
        .collect()
}

/// The llama-server program.
pub async fn llama_server(settings: &Settings) -> Check {
    const NAME: &str = "llama-server";
    const MEND: &str = "set server.program or LLAMACTL_LLAMA_SERVER to it; on compute nodes it \
                        may be elsewhere: load its module in hooks.before";
    let wanted = settings.server.program.clone();
    let wanted = wanted.or_else(|| crate::env::LLAMACTL_LLAMA_SERVER.get());
    let wanted = wanted.unwrap_or_else(|| "llama-server".to_owned());
    let Ok(path) = which::which(&wanted) else {
        return Check::missing(NAME, format!("{wanted} was not found"), MEND);
    };
    let shown = path.display().to_string();
    match Run::new(&path).arg("--version").timeout(super::LIMIT).output().await {
        Ok(outcome) if outcome.ok() => {
            let said = format!("{}\n{}", outcome.stderr, outcome.stdout);
            let version = said.lines().find(|line| line.contains("version"));
            let version = version.unwrap_or("version unknown").trim();
            Check::ok(NAME, format!("{shown}, {version} (on compute nodes it may differ)"))
        }
        Ok(outcome) => {
            Check::missing(NAME, format!("{shown} fails: {}", outcome.complaint()), MEND)
        }
        Err(error) => Check::missing(NAME, error.to_string(), MEND),
    }
}

/// Whether `connect` can tunnel.
pub fn ssh() -> Check {
    match which::which("ssh") {
        Ok(path) => Check::ok("ssh", path.display().to_string()),
        Err(_) => Check::absent(
            "ssh",
            "not found",
            "install an SSH client; `connect` needs it to reach a cluster from outside",
        ),
    }
}

/// Whether the user's shell completes llamactl's words, as far as files tell.
pub fn completions() -> Check {
    const NAME: &str = "completions";
    let shell = std::env::var("SHELL").unwrap_or_default();
    let shell = shell.rsplit('/').next().unwrap_or_default();
    let home = etcetera::home_dir().unwrap_or_default();
    let (files, mend): (&[&str], &str) = match shell {
        "bash" => (
            &[".local/share/bash-completion/completions/llamactl"],
            "llamactl completions bash > ~/.local/share/bash-completion/completions/llamactl",
        ),
        "zsh" => (&[".zfunc/_llamactl"], "llamactl completions zsh > ~/.zfunc/_llamactl"),
        "fish" => (
            &[".config/fish/completions/llamactl.fish"],
            "llamactl completions fish > ~/.config/fish/completions/llamactl.fish",
        ),
        _ => (&[], "`llamactl completions --help` lists the shells"),
    };
    let system = [
        "/usr/share/bash-completion/completions/llamactl",
        "/usr/share/zsh/site-functions/_llamactl",
        "/usr/share/fish/vendor_completions.d/llamactl.fish",
    ];
    let mut all = files.iter().map(|file| home.join(file)).chain(system.map(PathBuf::from));
    match all.find(|file| file.is_file()) {
        Some(file) => Check::ok(NAME, file.display().to_string()),
        None => Check::absent(NAME, "not installed", mend),
    }
}
