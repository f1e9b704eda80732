//! The token for the registry: from the environment, or a file that the configuration names.

use std::path::Path;

use crate::env;
use crate::exit::Failure;
use crate::secret::{self, Secret};

/// Longest token, in bytes. The registry refuses longer ones.
pub const MAX_TOKEN: usize = 128;

/// The token that `LLAMACTL_TOKEN` holds, else the one in `file`; nothing where there is none.
///
/// # Errors
/// A file that can't be read, or something that is no token, as a usage error.
pub fn token(file: Option<&Path>) -> Result<Option<Secret>, Failure> {
    if let Some(text) = env::LLAMACTL_TOKEN.get() {
        return checked(Secret::new(text.trim()), env::LLAMACTL_TOKEN.name).map(Some);
    }
    let Some(path) = file else { return Ok(None) };
    let token = secret::read_private(path).map_err(|why| {
        Failure::usage(format!("the registry's token can't be read: {why}"))
            .hint("registry.token_file names a file (chmod 600) that holds the token alone")
    })?;
    checked(token, &path.display().to_string()).map(Some)
}

fn checked(token: Secret, place: &str) -> Result<Secret, Failure> {
    let text = token.expose();
    if text.is_empty() || text.len() > MAX_TOKEN || !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Failure::usage(format!("{place} does not hold one token"))
            .hint("a token is one word: llamactl_ and 64 letters and digits"));
    }
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_one_word() {
        let check = |text: &str| checked(Secret::new(text), "x").is_ok();
        assert!(check(Secret::token().expose()));
        let long = "a".repeat(MAX_TOKEN + 1);
        for bad in ["", "two words", "line\nbreak", "ümlaut", &long] {
            assert!(!check(bad), "{bad}");
        }
    }
}
