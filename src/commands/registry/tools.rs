//! `llamactl registry backup`, `restore` and `import`: they work on the database itself, while
//! the registry runs or not.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use super::serve::database;
use crate::commands::Context;
use crate::domain::lease;
use crate::exit::{Exit, Failure};
use crate::output::printable;
use crate::registry::store::{Database, Lifetimes, Now, dump, import as older};

/// Largest file of an older registry, in bytes.
const MAX_IMPORT: u64 = 256 << 20;

/// Writes a backup.
///
/// # Errors
/// What went wrong, with a hint.
pub async fn backup(
    context: &Context,
    file: PathBuf,
    force: bool,
    flag: Option<String>,
) -> anyhow::Result<Exit> {
    let database = database(flag)?;
    if !force && file.exists() {
        return Err(there_already(&file).into());
    }
    let to = file.clone();
    let rows = blocking(move || write_backup(&database, &to, force)).await?;
    let path = file.display().to_string();
    if !context.printer.json(&json!({ "file": path, "rows": rows }))? {
        context.printer.line(format!("{path}: {rows} rows"))?;
    }
    Ok(Exit::OK)
}

fn write_backup(database: &Database, file: &Path, force: bool) -> anyhow::Result<u64> {
    let failed = |error: &dyn std::fmt::Display| {
        Failure::new(format!("can't write {}: {error}", file.display()))
            .hint("name a file in a folder that you may write")
    };
    let mut db = database.for_tool(false)?;
    let folder = file.parent().filter(|dir| !dir.as_os_str().is_empty());
    // It is made for its owner alone (0600), and gets its name when it is whole.
    let temporary = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))
        .map_err(|error| failed(&error))?;
    let mut out = BufWriter::new(temporary);
    let rows = dump::backup(db.as_mut(), &mut out, Timestamp::now())?;
    out.flush().map_err(|error| failed(&error))?;
    let temporary = out.into_inner().map_err(|error| failed(&error))?;
    temporary.as_file().sync_all().map_err(|error| failed(&error))?;
    let kept = if force { temporary.persist(file) } else { temporary.persist_noclobber(file) };
    kept.map_err(|error| match error.error.kind() {
        std::io::ErrorKind::AlreadyExists => there_already(file),
        _ => failed(&error.error),
    })?;
    Ok(rows)
}

fn there_already(file: &Path) -> Failure {
    Failure::new(format!("{} is there already", file.display()))
        .hint("give another name, or --force to write over it")
}

/// Replaces everything by a backup.
///
/// # Errors
/// What went wrong, with a hint; then nothing has changed.
pub async fn restore(
    context: &Context,
    file: PathBuf,
    flag: Option<String>,
) -> anyhow::Result<Exit> {
    let database = database(flag)?;
    let name = database.to_string();
    let (time, rows) = blocking(move || {
        let backup = dump::Backup::check(BufReader::new(open(&file)?))?;
        let (time, rows) = (backup.time, backup.rows);
        let mut db = database.for_tool(true)?;
        backup.restore(db.as_mut(), Now::get().wall)?;
        Ok((time, rows))
    })
    .await?;
    if !context.printer.json(&json!({ "database": name, "time": time, "rows": rows }))? {
        context.printer.line(format!("{name}: {rows} rows of {time}"))?;
    }
    Ok(Exit::OK)
}

/// Takes over the servers of an older registry.
///
/// # Errors
/// What went wrong, with a hint; then nothing has changed.
pub async fn import(
    context: &Context,
    file: PathBuf,
    flag: Option<String>,
) -> anyhow::Result<Exit> {
    let database = database(flag)?;
    let done = blocking(move || {
        let mut text = String::new();
        let mut input = std::io::Read::take(open(&file)?, MAX_IMPORT);
        std::io::Read::read_to_string(&mut input, &mut text).map_err(|error| {
            Failure::new(format!("can't read {}: {error}", file.display()))
                .hint("it is a JSON map of job ids to records")
        })?;
        // Nothing of a lease or of history is decided here: the registry does that.
        let month = Duration::from_secs(30 * 86_400);
        let lifetimes = Lifetimes { ttl: lease::DEFAULT_TTL, retain: month };
        older::import(&database, lifetimes, &text, Now::get())
    })
    .await?;
    for (job, why) in &done.wrong {
        context.printer.warn(printable(&format!("job {job}: {why}: left out")));
    }
    if !context.printer.json(&done)? {
        context.printer.line(format!(
            "{} taken over, {} older than 48 hours, {} there already, {} wrong",
            done.imported,
            done.expired,
            done.known,
            done.wrong.len()
        ))?;
    }
    Ok(Exit::OK)
}

fn open(file: &Path) -> Result<File, Failure> {
    File::open(file).map_err(|error| {
        Failure::new(format!("can't read {}: {error}", file.display())).hint("is the name right?")
    })
}

/// Databases are used on threads that may block.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await?
}
