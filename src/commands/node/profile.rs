//! `llamactl node profile`

use std::io::Read;
use std::path::Path;

use anyhow::Context as _;
use serde_json::Value;

use super::{client, refused};
use crate::api::MAX_BODY;
use crate::cli::ProfileCommand;
use crate::client::ClientError;
use crate::commands::Context;
use crate::exit::{Exit, Failure};
use crate::output::table;

/// Runs the command.
///
/// # Errors
/// A file that is no profile, or what the registry says.
pub async fn run(context: &Context, args: ProfileCommand) -> anyhow::Result<Exit> {
    let client = client(context)?;
    let printer = context.printer;
    match args {
        ProfileCommand::Ls => {
            let profiles = client.profiles().await.map_err(refused)?;
            if !printer.json(&profiles)? {
                let row = |one: &crate::api::nodes::Profile| {
                    let updated = one.updated_at.strftime("%Y-%m-%d %H:%M").to_string();
                    vec![one.role.clone(), updated]
                };
                let rows = profiles.iter().map(row).collect();
                printer.line(table(&["ROLE", "UPDATED (UTC)"], rows))?;
            }
        }
        ProfileCommand::Get { role } => {
            let profile = client.profile(&role).await.map_err(|error| no_profile(&role, error))?;
            if !printer.json(&profile)? {
                // JSON has no control characters but in escapes.
                printer.line(serde_json::to_string_pretty(&profile.config)?)?;
            }
        }
        ProfileCommand::Set { role, file } => {
            let config = read(&file)?;
            let profile = client.set_profile(&role, &config).await.map_err(refused)?;
            printer.json(&profile)?;
        }
        ProfileCommand::Rm { role } => {
            let removed = client.remove_profile(&role).await;
            removed.map_err(|error| no_profile(&role, error))?;
        }
    }
    Ok(Exit::OK)
}

fn no_profile(role: &str, error: ClientError) -> Failure {
    match error {
        ClientError::Unknown(_) => {
            Failure::with_exit(Exit::GONE, format!("the role `{role}` has no profile"))
                .hint("`llamactl node profile set` writes one")
        }
        error => refused(error),
    }
}

/// A profile from a file, or from stdin for `-`: JSON, or YAML that can be said in JSON.
fn read(file: &Path) -> anyhow::Result<Value> {
    let limit = MAX_BODY as u64 + 1;
    let mut text = String::new();
    let name = file.display();
    let wrong = || format!("{name} can't be read");
    if file == Path::new("-") {
        std::io::stdin().take(limit).read_to_string(&mut text).with_context(wrong)?;
    } else {
        let file = std::fs::File::open(file)
            .map_err(|error| Failure::usage(format!("{name} can't be read: {error}")))?;
        file.take(limit).read_to_string(&mut text).with_context(wrong)?;
    }
    if text.len() > MAX_BODY {
        return Err(Failure::usage(format!("{name} is larger than {MAX_BODY} bytes")).into());
    }
    let config: Value = serde_yaml::from_str(&text)
        .map_err(|error| Failure::usage(format!("{name} is neither JSON nor YAML: {error}")))?;
    if !config.is_object() {
        return Err(Failure::usage(format!("{name} is not a JSON object"))
            .hint("a profile has names and values, as {\"models\": [\"qwen3-30b\"]}")
            .into());
    }
    Ok(config)
}
