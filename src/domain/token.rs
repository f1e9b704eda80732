//! Tokens: who a client is and what it may do.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::server::text;

/// What a token allows. `admin` allows everything.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// To read servers, nodes and events, and the keys of shared servers.
    Read,
    /// To register servers and nodes, and to change one's own.
    Register,
    /// To change everything, and to manage tokens.
    Admin,
}

impl Scope {
    /// The word on the wire and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Read => "read",
            Scope::Register => "register",
            Scope::Admin => "admin",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Scope, String> {
        match text {
            "read" => Ok(Scope::Read),
            "register" => Ok(Scope::Register),
            "admin" => Ok(Scope::Admin),
            _ => Err(format!("{text:?} is no scope: read, register or admin")),
        }
    }
}

/// Most scopes in one token: each once.
const MAX_SCOPES: usize = 3;

/// Checks what a token is to say.
///
/// # Errors
/// The first thing that is wrong, as one sentence.
pub fn check(owner: &str, scopes: &[Scope], note: Option<&str>) -> Result<(), String> {
    text("owner", owner)?;
    if scopes.is_empty() {
        return Err("scopes must not be empty: read, register or admin".to_owned());
    }
    if scopes.len() > MAX_SCOPES {
        return Err(format!("scopes must not be more than {MAX_SCOPES}"));
    }
    note.map_or(Ok(()), |note| text("note", note))
}

/// A token as it may be shown: without the token itself, which only its holder has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Token {
    /// By which it is listed and revoked; no secret.
    pub id: String,
    /// Whose it is.
    pub owner: String,
    /// What it allows.
    pub scopes: Vec<Scope>,
    /// What it is for, in its maker's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// When it was made.
    pub created: Timestamp,
    /// When it ends by itself; never, without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Timestamp>,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<Timestamp>,
}

impl Token {
    /// Whether it allows `scope`.
    pub fn allows(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope) || self.scopes.contains(&Scope::Admin)
    }

    /// When it ends or ended: by itself, or because it was revoked.
    pub fn ended(&self) -> Option<Timestamp> {
        [self.revoked, self.expires].into_iter().flatten().min()
    }

    /// Whether it counts at `now`. Tokens end by the time of day: it is what their maker said.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.revoked.is_none() && self.expires.is_none_or(|expires| now < expires)
    }
}
