//! An ntfy topic that nobody guesses, for who has named none.

use std::path::PathBuf;

use crate::exit::Failure;
use crate::paths;

/// Where it is kept.
pub fn file() -> Option<PathBuf> {
    Some(paths::config_dir()?.join("ntfy-topic"))
}

/// The topic that was made before, if one was.
pub fn kept() -> Option<String> {
    let text = std::fs::read_to_string(file()?).ok()?;
    let topic = text.trim().to_owned();
    super::units::topic(&topic).is_ok().then_some(topic)
}

/// The user's own topic: the one that was made before, else a new one of 128 random bits, which
/// is kept. Whoever knows a topic can read it.
///
/// # Errors
/// When it can't be kept.
pub fn own() -> Result<String, Failure> {
    if let Some(topic) = kept() {
        return Ok(topic);
    }
    let mend = "write --ntfy-topic TOPIC, set NTFY_TOPIC, or `notify.ntfy_topic` in config.yaml";
    let path = file().ok_or_else(|| {
        Failure::usage("--ntfy-topic has no topic, and there is no home folder to keep one in")
            .hint(mend)
    })?;
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| Failure::new(error.to_string()))?;
    let topic = format!("llama-{:032x}", u128::from_be_bytes(bytes));
    let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    folder
        .and_then(|()| paths::write_private(&path, format!("{topic}\n").as_bytes()))
        .map_err(|error| Failure::new(format!("{}: {error}", path.display())).hint(mend))?;
    Ok(topic)
}
