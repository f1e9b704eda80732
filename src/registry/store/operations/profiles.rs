//! Profiles of roles.

use serde_json::{Value, json};

use super::apply::{Apply, Outcome};
use crate::api::nodes::Profile;
use crate::domain::event::EventKind;
use crate::registry::error::Refused;
use crate::registry::seen::view::Change;
use crate::registry::store::node_ops::MAX_PROFILES;
use crate::registry::store::op::Done;
use crate::registry::store::sql::{Row, SqlError, to_json, values};
use crate::registry::store::table::{Table, When};

/// How the view follows it.
pub const TABLE: Table = Table {
    changed: "SELECT * FROM profiles WHERE rev > ?1 ORDER BY rev LIMIT ?2",
    exists: "SELECT role FROM profiles WHERE role = ?1",
    key: "role",
    read,
    gone: |view, role| view.profiles.get(role).map(|_| Change::DropProfile(role.to_owned())),
};

fn read(row: &Row, _when: &When) -> Result<Change, SqlError> {
    Ok(Change::PutProfile(Box::new(Profile {
        role: row.text("role")?.to_owned(),
        config: row.json("config")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })))
}

impl Apply<'_> {
    pub(super) fn set_profile(&mut self, role: &str, config: &Value) -> Result<Outcome, SqlError> {
        let sql = "SELECT created_at FROM profiles WHERE role = ?1";
        let created = self.first(sql, values![role])?.map(|row| row.time("created_at"));
        if created.is_none() {
            let count = self.number("SELECT count(*) AS n FROM profiles", &[])?;
            if count >= MAX_PROFILES {
                return Ok(Err(Refused::Full));
            }
        }
        let created_at = created.transpose()?.unwrap_or(self.now.wall);
        let rev = self.next_rev();
        self.execute(
            "INSERT INTO profiles (role, config, created_at, updated_at, rev)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (role) DO UPDATE SET config = excluded.config,
                 updated_at = excluded.updated_at, rev = excluded.rev",
            values![role, to_json(config), created_at, self.now.wall, rev],
        )?;
        self.event(EventKind::ProfileSet, role, json!({}))?;
        self.changes.push(Change::PutProfile(Box::new(Profile {
            role: role.to_owned(),
            config: config.clone(),
            created_at,
            updated_at: self.now.wall,
        })));
        Ok(Ok(Done::Changed(1)))
    }

    pub(super) fn remove_profile(&mut self, role: &str) -> Result<Outcome, SqlError> {
        let written = self.execute("DELETE FROM profiles WHERE role = ?1", values![role])?;
        if written == 0 {
            return Ok(Err(Refused::UnknownProfile));
        }
        self.event(EventKind::ProfileRemoved, role, json!({}))?;
        self.changes.push(Change::DropProfile(role.to_owned()));
        Ok(Ok(Done::Changed(1)))
    }
}
