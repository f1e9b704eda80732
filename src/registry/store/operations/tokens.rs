//! Tokens.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::apply::{Apply, Outcome};
use crate::domain::event::EventKind;
use crate::domain::token::{Scope, Token};
use crate::registry::error::Refused;
use crate::registry::seen::view::Change;
use crate::registry::store::op::{Done, NewToken};
use crate::registry::store::sql::{Row, SqlError, to_json, values};
use crate::registry::store::table::{Table, When};

/// Most tokens that the registry holds.
const MAX_TOKENS: u64 = 10_000;
/// How long a token is shown after it has ended.
pub const ENDED_KEPT: SignedDuration = SignedDuration::from_hours(90 * 24);

/// How the view follows it. Tokens go without an event: by then they have long counted for
/// nothing, and are not shown.
pub const TABLE: Table = Table {
    changed: "SELECT * FROM tokens WHERE rev > ?1 ORDER BY rev LIMIT ?2",
    exists: "SELECT id FROM tokens WHERE id = ?1",
    key: "id",
    read,
    gone: |_, _| None,
};

fn read(row: &Row, _: &When) -> Result<Change, SqlError> {
    Ok(Change::PutToken { hash: row.text("hash")?.to_owned(), token: Box::new(token(row)?) })
}

fn token(row: &Row) -> Result<Token, SqlError> {
    let time = |column: &str| match row.get(column)? {
        crate::registry::store::sql::Value::Null => Ok(None),
        _ => row.time(column).map(Some),
    };
    Ok(Token {
        id: row.text("id")?.to_owned(),
        owner: row.text("owner")?.to_owned(),
        scopes: row.json("scopes")?,
        note: row.text_or_none("note")?.map(str::to_owned),
        created: row.time("created")?,
        expires: time("expires")?,
        revoked: time("revoked")?,
    })
}

/// A token for administrators that counts at `?1`, other than `?2`.
const OTHER_ADMIN: &str = "SELECT id FROM tokens WHERE scopes LIKE '%\"admin\"%'
    AND revoked IS NULL AND (expires IS NULL OR expires > ?1) AND id <> ?2 LIMIT 1";

impl Apply<'_> {
    pub(super) fn create_token(&mut self, new: &NewToken) -> Result<Outcome, SqlError> {
        let NewToken { token, hash, first } = new;
        if *first && self.exists(OTHER_ADMIN, values![self.now.wall, ""])? {
            return Ok(Err(Refused::NotFirst));
        }
        self.forget_tokens()?;
        if self.number("SELECT count(*) AS n FROM tokens", &[])? >= MAX_TOKENS {
            return Ok(Err(Refused::Full));
        }
        let rev = self.next_rev();
        self.execute(
            "INSERT INTO tokens (id, hash, owner, scopes, note, created, expires, revoked, rev)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            values![
                &token.id,
                hash,
                &token.owner,
                to_json(&token.scopes),
                token.note.as_deref(),
                token.created,
                token.expires,
                token.revoked,
                rev,
            ],
        )?;
        self.token_event(EventKind::TokenCreated, token)?;
        self.changes.push(Change::PutToken { hash: hash.clone(), token: Box::new(token.clone()) });
        Ok(Ok(Done::Changed(1)))
    }

    pub(super) fn revoke_token(&mut self, id: &str, force: bool) -> Result<Outcome, SqlError> {
        let Some(row) = self.first("SELECT * FROM tokens WHERE id = ?1", values![id])? else {
            return Ok(Err(Refused::Unknown));
        };
        let mut token = token(&row)?;
        if token.revoked.is_some() {
            return Ok(Ok(Done::Changed(0)));
        }
        let is_admin = token.is_valid(self.now.wall) && token.scopes.contains(&Scope::Admin);
        if is_admin && !force && !self.exists(OTHER_ADMIN, values![self.now.wall, id])? {
            return Ok(Err(Refused::LastAdmin));
        }
        token.revoked = Some(self.now.wall);
        let rev = self.next_rev();
        let sql = "UPDATE tokens SET revoked = ?2, rev = ?3 WHERE id = ?1";
        self.execute(sql, values![id, self.now.wall, rev])?;
        self.token_event(EventKind::TokenRevoked, &token)?;
        let hash = row.text("hash")?.to_owned();
        self.changes.push(Change::PutToken { hash, token: Box::new(token) });
        Ok(Ok(Done::Changed(1)))
    }

    fn token_event(&mut self, kind: EventKind, token: &Token) -> Result<(), SqlError> {
        let data = json!({"owner": token.owner, "scopes": token.scopes, "expires": token.expires});
        self.event(kind, &token.id, data).map(drop)
    }

    fn forget_tokens(&mut self) -> Result<(), SqlError> {
        let before = shown_since(self.now.wall);
        self.execute("DELETE FROM tokens WHERE revoked < ?1 OR expires < ?1", values![before])?;
        self.changes.push(Change::ForgetTokens(before));
        Ok(())
    }
}

/// Tokens that ended before this time are not shown any more.
pub fn shown_since(now: Timestamp) -> Timestamp {
    now.checked_sub(ENDED_KEPT).unwrap_or(Timestamp::MIN)
}
