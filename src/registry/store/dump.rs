//! Backups: everything in the database as JSON Lines, the same for both databases.
//!
//! The first line says what it is, the last one how many rows there are, so that a file that
//! was cut off is known. A backup is of one moment; a restore is one transaction. Both work
//! while the registry runs.

use std::io::{BufRead, Write};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use super::schema::VERSION;
use super::sequence::Sequence;
use super::sql::{Begin, Row, Sql, SqlError, Value, values};
use crate::domain::event::EventKind;
use crate::exit::Failure;

/// The format of this file.
const FORMAT: u32 = 1;
/// Rows that are read at a time.
const PAGE: u64 = 1_000;
/// Longest line of a backup, in bytes.
const MAX_LINE: u64 = 16 << 20;

/// Tables with the column that is their key, and whether that is a number.
const TABLES: &[(&str, &str, bool)] = &[
    ("servers", "id", false),
    ("legacy", "job", false),
    ("replaced", "id", false),
    ("nodes", "node_id", false),
    ("profiles", "role", false),
    ("tokens", "id", false),
    ("watches", "id", false),
    ("claims", "seq", true),
    ("events", "seq", true),
];

#[derive(Debug, Serialize, Deserialize)]
struct Header {
    llamactl_backup: u32,
    schema: i64,
    time: Timestamp,
    seq: u64,
    rev: u64,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    Row { table: String, row: Map<String, Json> },
    End { end: bool, rows: u64 },
}

/// Writes everything to `out`; tells how many rows there are.
///
/// # Errors
/// When the database can't be read, or `out` can't be written.
pub fn backup(db: &mut dyn Sql, out: &mut dyn Write, time: Timestamp) -> anyhow::Result<u64> {
    db.begin(Begin::Read)?;
    let rows = write_all(db, out, time);
    db.rollback();
    rows
}

fn write_all(db: &mut dyn Sql, out: &mut dyn Write, time: Timestamp) -> anyhow::Result<u64> {
    let Sequence { seq, rev, .. } = Sequence::read(db)?;
    line(out, &Header { llamactl_backup: FORMAT, schema: VERSION, time, seq, rev })?;
    let mut count = 0;
    for (table, key, is_number) in TABLES {
        let sql = format!("SELECT * FROM {table} WHERE {key} > ?1 ORDER BY {key} LIMIT ?2");
        let sql = for_ever(sql);
        let mut after = if *is_number { Value::Int(-1) } else { Value::from("") };
        loop {
            let rows = db.query(sql, &[after.clone(), Value::from(PAGE)])?;
            for row in &rows {
                line(out, &Line::Row { table: (*table).to_owned(), row: object(row) })?;
                after = row.get(key)?.clone();
            }
            count += rows.len() as u64;
            if (rows.len() as u64) < PAGE {
                break;
            }
        }
    }
    line(out, &Line::End { end: true, rows: count })?;
    Ok(count)
}

/// Statements live as long as the program, since connections keep them prepared; a tool has a
/// handful of them.
fn for_ever(sql: String) -> &'static str {
    sql.leak()
}

fn line(out: &mut dyn Write, value: &impl Serialize) -> anyhow::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    Ok(out.write_all(b"\n")?)
}

fn object(row: &Row) -> Map<String, Json> {
    let cells = row.cells.iter().map(|cell| match cell {
        Value::Null => Json::Null,
        Value::Int(number) => (*number).into(),
        Value::Text(text) => text.as_ref().into(),
    });
    row.names.iter().cloned().zip(cells).collect()
}

/// A backup that was read to its end and found whole.
#[derive(Debug)]
pub struct Backup<R> {
    input: R,
    /// When it was made.
    pub time: Timestamp,
    /// How many rows it has.
    pub rows: u64,
    seq: u64,
    rev: u64,
}

impl<R: BufRead + std::io::Seek> Backup<R> {
    /// Reads it to its end, and changes nothing.
    ///
    /// # Errors
    /// What is no backup, is of a newer version, damaged, or not whole.
    pub fn check(mut input: R) -> anyhow::Result<Backup<R>> {
        let foreign = || Failure::new("this is no backup of a registry");
        let first = next_line(&mut input)?.ok_or_else(foreign)?;
        let header: Header = serde_json::from_str(&first).map_err(|_| foreign())?;
        if header.llamactl_backup != FORMAT || header.schema > VERSION {
            let text = format!(
                "this backup was made by a newer llamactl (format {}, schema {})",
                header.llamactl_backup, header.schema
            );
            return Err(Failure::new(text).hint("restore it with that one").into());
        }
        let mut rows = 0;
        for number in 2.. {
            let damaged =
                |why: &str| Failure::new(format!("the backup is damaged: line {number}: {why}"));
            let text = next_line(&mut input)?.ok_or_else(|| damaged("its end is missing"))?;
            match serde_json::from_str(&text).map_err(|error| damaged(&error.to_string()))? {
                Line::Row { table, row } => {
                    statement(&table, &row).map_err(|why| damaged(&why))?;
                    rows += 1;
                }
                Line::End { rows: expected, .. } if expected == rows => break,
                Line::End { .. } => return Err(damaged("rows are missing").into()),
            }
        }
        if next_line(&mut input)?.is_some() {
            return Err(Failure::new("the backup is damaged: it goes on after its end").into());
        }
        input.rewind()?;
        Ok(Backup { input, time: header.time, rows, seq: header.seq, rev: header.rev })
    }

    /// Replaces everything in the database by what is in the backup, in one transaction. The
    /// numbers of events and changes go on above those of both, so that whoever follows them
    /// sees none twice; `epoch` tells every replica to load anew. A token that was revoked since
    /// the backup stays revoked.
    ///
    /// # Errors
    /// When the database can't be written; then nothing has changed.
    pub fn restore(self, db: &mut dyn Sql, now: Timestamp) -> anyhow::Result<()> {
        db.begin(Begin::Write { durable: true })?;
        let done = self.write_all(db, now);
        if done.is_err() {
            db.rollback();
        }
        done
    }

    fn write_all(mut self, db: &mut dyn Sql, now: Timestamp) -> anyhow::Result<()> {
        let there = Sequence::read(db)?;
        let revoked =
            db.query("SELECT hash, revoked FROM tokens WHERE revoked IS NOT NULL", &[])?;
        for (table, ..) in TABLES {
            db.batch(&format!("DELETE FROM {table}"))?;
        }
        let mut statements = std::collections::HashMap::new();
        next_line(&mut self.input)?;
        while let Some(text) = next_line(&mut self.input)? {
            let Line::Row { table, row } = serde_json::from_str(&text)? else { break };
            let sql = statement(&table, &row).map_err(SqlError::Corrupt)?;
            let sql = *statements.entry(sql.clone()).or_insert_with(|| for_ever(sql));
            let values = row.iter().map(|(_, value)| cell(value)).collect::<Result<Vec<_>, _>>();
            db.execute(sql, &values.map_err(SqlError::Corrupt)?)?;
        }
        for token in revoked {
            db.execute(
                "UPDATE tokens SET revoked = ?2 WHERE hash = ?1 AND coalesce(revoked, ?2) >= ?2",
                values![token.text("hash")?, token.int("revoked")?],
            )?;
        }
        let sequence = Sequence {
            seq: there.seq.max(self.seq) + 1,
            rev: there.rev.max(self.rev) + 1,
            epoch: there.epoch + 1,
        };
        let data = serde_json::json!({ "backup": self.time, "rows": self.rows }).to_string();
        db.execute(
            "INSERT INTO events (seq, time, kind, subject, data) VALUES (?1, ?2, ?3, '', ?4)",
            values![sequence.seq, now, EventKind::Restored.as_str(), data],
        )?;
        sequence.write(db)?;
        db.tell_others()?;
        Ok(db.commit()?)
    }
}

/// The next line without its end; nothing at the end of the file.
fn next_line(input: &mut impl BufRead) -> anyhow::Result<Option<String>> {
    let mut text = String::new();
    let read = std::io::Read::take(&mut *input, MAX_LINE).read_line(&mut text);
    let read = read.map_err(|error| Failure::new(format!("the backup can't be read: {error}")))?;
    Ok((read > 0).then_some(text))
}

/// The statement for a row. Its words come from a file, so each is looked at.
fn statement(table: &str, row: &Map<String, Json>) -> Result<String, String> {
    let known = TABLES.iter().find(|(name, ..)| *name == table);
    let (table, key, _) = known.ok_or_else(|| format!("there is no table {table:?}"))?;
    let is_name = |name: &str| name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    if let Some(name) = row.keys().find(|name| name.is_empty() || !is_name(name)) {
        return Err(format!("{name:?} is no column"));
    }
    if !row.contains_key(*key) {
        return Err(format!("a row of {table} has no {key}"));
    }
    row.values().try_for_each(|value| cell(value).map(drop))?;
    let columns = row.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
    let places = (1..=row.len()).map(|n| format!("?{n}")).collect::<Vec<_>>().join(", ");
    Ok(format!("INSERT INTO {table} ({columns}) VALUES ({places})"))
}

fn cell(value: &Json) -> Result<Value<'_>, String> {
    match value {
        Json::Null => Ok(Value::Null),
        Json::String(text) => Ok(Value::from(text)),
        Json::Number(number) => {
            number.as_i64().map(Value::Int).ok_or_else(|| format!("{number} is too large"))
        }
        other => Err(format!("{other} is no value of a column")),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::registry::store::schema;
    use crate::registry::store::sqlite::Sqlite;

    #[test]
    fn every_table_is_in_a_backup() {
        let mut db = Sqlite::in_memory().unwrap();
        schema::migrate(&mut db, "x").unwrap();
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
        let rows = db.query(sql, &[]).unwrap();
        let there = rows.iter().map(|row| row.text("name").unwrap());
        let there: Vec<_> =
            there.filter(|name| *name != "sequence" && !name.starts_with("sqlite_")).collect();
        let mut dumped: Vec<_> = TABLES.iter().map(|(name, ..)| *name).collect();
        dumped.sort_unstable();
        assert_eq!(dumped, there);
    }

    /// A stolen token that was revoked must not count again because the disk broke.
    #[test]
    fn a_token_that_was_revoked_since_the_backup_stays_revoked() {
        let mut db = Sqlite::in_memory().unwrap();
        schema::migrate(&mut db, "x").unwrap();
        db.batch(
            "INSERT INTO tokens (id, hash, owner, scopes, created, revoked, rev)
             VALUES ('1', 'stolen', 'eve', '[]', 1, NULL, 1), ('2', 'old', 'ann', '[]', 1, 5, 1),
                 ('3', 'good', 'bob', '[]', 1, NULL, 1)",
        )
        .unwrap();
        let mut text = Vec::new();
        backup(&mut db, &mut text, Timestamp::UNIX_EPOCH).unwrap();
        db.batch("UPDATE tokens SET revoked = 9 WHERE hash IN ('stolen', 'old')").unwrap();
        db.batch("DELETE FROM tokens WHERE id = '3'").unwrap();
        let backup = Backup::check(Cursor::new(text)).unwrap();
        backup.restore(&mut db, Timestamp::UNIX_EPOCH).unwrap();
        let rows = db.query("SELECT hash, revoked FROM tokens ORDER BY id", &[]).unwrap();
        let revoked = rows.iter().map(|row| row.get("revoked").unwrap().clone());
        let revoked: Vec<_> = revoked.collect();
        assert_eq!(revoked, [Value::Int(9), Value::Int(5), Value::Null], "the earlier time counts");
    }

    #[test]
    fn what_is_no_whole_backup_is_refused() {
        let mut db = Sqlite::in_memory().unwrap();
        schema::migrate(&mut db, "x").unwrap();
        db.execute("INSERT INTO replaced VALUES ('a', 'b', 1), ('c', 'd', 2)", &[]).unwrap();
        let mut text = Vec::new();
        assert_eq!(backup(&mut db, &mut text, Timestamp::UNIX_EPOCH).unwrap(), 2);
        let text = String::from_utf8(text).unwrap();
        let check = |text: &str| Backup::check(Cursor::new(text.to_owned())).map(|b| b.rows);
        assert_eq!(check(&text).unwrap(), 2);
        let cut = text.rsplit_once("{\"end\"").unwrap().0;
        let fewer: String = text.split_inclusive('\n').filter(|l| !l.contains("\"c\"")).collect();
        let twice = format!("{text}{text}");
        let newer = text.replacen(&format!("\"schema\":{VERSION}"), "\"schema\":99", 1);
        let hostile = text.replace("\"by\"", "\"by) SELECT 1; --\"");
        let table = text.replace("\"replaced\"", "\"sequence\"");
        let cases = [
            ("", "no backup"),
            ("{}", "no backup"),
            ("{\"7\": {\"host\": \"n\"}}\n", "no backup"),
            (cut, "its end is missing"),
            (&fewer, "rows are missing"),
            (&twice, "goes on after its end"),
            (&newer, "newer llamactl"),
            (&hostile, "is no column"),
            (&table, "there is no table"),
        ];
        for (text, why) in cases {
            let error = check(text).unwrap_err().to_string();
            assert!(error.contains(why), "{why}: {error}");
        }
    }
}
