//! Secrets: made from the system's random numbers, never printed by accident.

use std::fmt;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// What tokens for the registry begin with.
pub const TOKEN_PREFIX: &str = "llamactl_";
/// Longest secret that is read from a file, in bytes.
const MAX_SECRET: u64 = 4_096;

/// A text that `Debug` and `Display` do not show. Serialising does: only wire types and 0600
/// files may hold one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text that is already known.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// 256 random bits as 64 hexadecimal digits.
    ///
    /// # Panics
    /// When the operating system has no random numbers, which it always has.
    pub fn random() -> Secret {
        let mut bytes = [0u8; 32];
        getrandom::fill(&mut bytes).expect("the operating system gives random numbers");
        Secret(hex(&bytes))
    }

    /// A token for the registry: 256 random bits, and a word by which it is known when it turns
    /// up where it should not.
    ///
    /// # Panics
    /// As [`Secret::random`].
    pub fn token() -> Secret {
        Secret(format!("{TOKEN_PREFIX}{}", Secret::random().0))
    }

    /// The text itself. Every call is a place to look at in a review.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// SHA-256 of the text, for storing.
    pub fn hash(&self) -> String {
        hex(&Sha256::digest(self.0.as_bytes()))
    }

    /// Proof that whoever computed it knows this secret: HMAC-SHA256 over `nonce`, in
    /// hexadecimal digits.
    ///
    /// # Panics
    /// Never: HMAC takes a key of any length.
    pub fn prove(&self, nonce: &str) -> String {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.0.as_bytes()).expect("HMAC takes any key");
        mac.update(nonce.as_bytes());
        hex(&mac.finalize().into_bytes())
    }

    /// Whether this secret has the stored `hash`, in constant time.
    pub fn matches(&self, hash: &str) -> bool {
        self.hash().as_bytes().ct_eq(hash.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Reads a secret from a file that is meant for its owner alone, and warns when it is not.
/// White space around it does not count.
///
/// # Errors
/// A file that can't be read, or is empty, by its name.
pub fn read_private(path: &Path) -> Result<Secret, String> {
    let wrong = |error: std::io::Error| format!("{}: {error}", path.display());
    let file = std::fs::File::open(path).map_err(wrong)?;
    let mode = file.metadata().map_err(wrong)?.permissions().mode();
    if mode & 0o077 != 0 {
        tracing::warn!(
            "{} can be read by others; mend it with `chmod 600 {}`",
            path.display(),
            path.display()
        );
    }
    let mut text = String::new();
    file.take(MAX_SECRET).read_to_string(&mut text).map_err(wrong)?;
    match text.trim() {
        "" => Err(format!("{}: empty", path.display())),
        text => Ok(Secret::new(text)),
    }
}

/// Lowercase hexadecimal digits of `bytes`.
pub fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(b"0123456789abcdef"[usize::from(digit)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_show_itself() {
        let secret = Secret::new("hunter2");
        assert!(!format!("{secret:?} {secret}").contains("hunter2"));
        assert!(secret.matches(&Secret::new("hunter2").hash()));
        assert!(!secret.matches(&Secret::new("hunter3").hash()));
    }

    #[test]
    fn a_proof_is_hmac_sha256() {
        // Test case 2 of RFC 4231.
        let proof = Secret::new("Jefe").prove("what do ya want for nothing?");
        assert_eq!(proof, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn random_secrets_differ() {
        assert_ne!(Secret::random().expose(), Secret::random().expose());
        assert_eq!(Secret::random().expose().len(), 64);
    }
}
