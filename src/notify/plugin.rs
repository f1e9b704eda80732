//! Plugins: programs `llamactl-notify-NAME` that get an event as JSON on stdin.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::message::one_line;
use super::retry::Fault;
use crate::config::spec::NotifySpec;
use crate::domain::notice::{Kind, Level, Notice};
use crate::domain::target::Target;
use crate::exec::{ExecError, Run};
use crate::paths;

/// What a plugin's file name begins with.
pub const PREFIX: &str = "llamactl-notify-";
/// Version of the JSON on stdin.
pub const VERSION: u32 = 1;
/// How long one try may take.
const TRY: Duration = Duration::from_secs(30);
/// Most bytes kept of what a plugin says.
const MAX_SAID: usize = 16 * 1024;
/// The exit code that asks for another try: `EX_TEMPFAIL` of sysexits.h.
const TRY_AGAIN: i32 = 75;
/// What a plugin sees of our environment: nothing that could hold a secret.
const ENVIRONMENT: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TMPDIR",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    "XDG_CACHE_HOME",
    "XDG_RUNTIME_DIR",
    "DBUS_SESSION_BUS_ADDRESS",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
];

/// A plugin that is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Plugin {
    /// Its name, as in `plugin://NAME`.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
}

/// What a plugin reads on stdin, as one line of JSON.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Event {
    /// Version of this format. Fields may be added without a new one.
    pub version: u32,
    /// The same for every try: what comes twice has the same.
    pub id: String,
    /// What happened.
    pub event: Kind,
    /// How bad it is.
    pub level: Level,
    /// One line.
    pub title: String,
    /// Some lines.
    pub text: String,
    /// When it happened.
    pub time: String,
    /// The same for all messages about one job.
    pub thread: String,
    /// How many notices this message is made of; `notice` is the first.
    pub count: usize,
    /// The target.
    pub target: EventTarget,
    /// All that is known.
    pub notice: Notice,
}

/// The target of a plugin: `plugin://NAME?KEY=VALUE`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct EventTarget {
    /// The plugin's name.
    pub name: String,
    /// What stands behind the question mark.
    pub options: BTreeMap<String, String>,
}

/// One run of a plugin, ready to go.
#[derive(Debug, Clone)]
pub struct Call {
    path: PathBuf,
    /// What it reads.
    pub stdin: Vec<u8>,
    env: Vec<(String, String)>,
}

/// Every plugin that is there; of several with one name the first.
pub fn all(how: &NotifySpec) -> Vec<Plugin> {
    let mut found: Vec<Plugin> = Vec::new();
    for folder in folders(how) {
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
        for path in files.map(|file| file.path()) {
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            let Some(name) = name.strip_prefix(PREFIX).map(str::to_owned) else { continue };
            let runs =
                which::which_in_global(&path, None::<&str>).is_ok_and(|mut at| at.next().is_some());
            if runs && check_name(&name).is_ok() && found.iter().all(|known| known.name != name) {
                found.push(Plugin { name, path });
            }
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// The plugin of this name.
///
/// # Errors
/// When there is none, and where it was looked for.
pub fn find(how: &NotifySpec, name: &str) -> Result<PathBuf, String> {
    check_name(name)?;
    let folders = folders(how);
    let file = format!("{PREFIX}{name}");
    let paths = std::env::join_paths(&folders).unwrap_or_default();
    let found = which::which_in_global(&file, Some(paths)).ok().and_then(|mut at| at.next());
    found.ok_or_else(|| match folders.iter().map(|at| at.join(&file)).find(|at| at.is_file()) {
        Some(path) => format!("{} can't be run: chmod +x {0}", path.display()),
        None => format!(
            "there is no plugin {file} on PATH or in {}",
            own_folders(how)
                .iter()
                .map(|at| at.display().to_string())
                .collect::<Vec<_>>()
                .join(", ")
        ),
    })
}

impl Call {
    /// Makes the call of the plugin that `target` names; `event` is what it reads.
    ///
    /// # Errors
    /// When there is no such plugin.
    pub fn new(how: &NotifySpec, target: &Target, event: &Event) -> Result<Call, String> {
        let path = find(how, &target.host())?;
        let json = serde_json::to_string(event).map_err(|error| error.to_string())?;
        let mut env: Vec<(String, String)> = [
            ("EVENT", event.event.name()),
            ("TITLE", &event.title),
            ("TEXT", &event.text),
            ("ID", &event.id),
        ]
        .map(|(name, value)| (format!("LLAMACTL_NOTIFY_{name}"), without_nul(value)))
        .to_vec();
        for (key, value) in target.query() {
            let key: String = key.chars().map(plain).collect();
            env.push((format!("LLAMACTL_NOTIFY_OPT_{key}"), without_nul(&value)));
        }
        Ok(Call { path, stdin: format!("{json}\n").into_bytes(), env })
    }

    /// Runs it once.
    ///
    /// # Errors
    /// Why it failed, and whether trying again may help.
    pub async fn send(&self) -> Result<(), Fault> {
        let mut run =
            Run::new(&self.path).only_env(ENVIRONMENT).own_group().last(MAX_SAID).timeout(TRY);
        for (name, value) in &self.env {
            run = run.env(name, value);
        }
        let outcome = match run.stdin(self.stdin.clone()).output().await {
            Ok(outcome) if outcome.ok() => return Ok(()),
            Ok(outcome) => outcome,
            Err(error @ ExecError::NotFound(_)) => return Err(Fault::Permanent(error.to_string())),
            Err(error) => return Err(Fault::transient(error.to_string())),
        };
        let reason = one_line(&outcome.complaint());
        Err(match outcome.code {
            Some(TRY_AGAIN) | None => Fault::transient(reason),
            Some(_) => Fault::Permanent(reason),
        })
    }
}

fn check_name(name: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '.';
    if name.is_empty() || name.starts_with(['.', '-']) || !name.chars().all(allowed) {
        return Err(format!("`{}` is no name of a plugin", one_line(name)));
    }
    Ok(())
}

fn own_folders(how: &NotifySpec) -> Vec<PathBuf> {
    let user = paths::config_dir().map(|folder| folder.join("plugins"));
    let site = Path::new(paths::site_dir()).join("plugins");
    how.plugins.iter().cloned().chain(user).chain([site]).collect()
}

fn folders(how: &NotifySpec) -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // A relative folder of PATH would be the folder of the job, where anything may lie.
    let on_path = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
    own_folders(how).into_iter().chain(on_path).collect()
}

fn plain(c: char) -> char {
    if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }
}

fn without_nul(text: &str) -> String {
    text.replace('\0', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plugin_is_a_name_and_not_a_path() {
        for bad in ["", "../x", "a/b", ".x", "-x", "a b", "a\0"] {
            assert!(find(&NotifySpec::default(), bad).unwrap_err().contains("no name"), "{bad:?}");
        }
        let error = find(&NotifySpec::default(), "not-there").unwrap_err();
        assert!(error.contains("llamactl-notify-not-there"), "{error}");
    }
}
