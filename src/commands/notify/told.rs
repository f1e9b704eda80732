//! How deliveries went, for whoever waits for them.

use std::time::Duration;

use crate::commands::Context;
use crate::exit::Exit;
use crate::notify::Delivery;

/// How long all tries together may take: somebody waits for this command.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// Says how deliveries went.
///
/// # Errors
/// When stdout is closed.
pub fn answer(context: &Context, deliveries: Vec<Delivery>) -> anyhow::Result<Exit> {
    if !context.printer.json(&deliveries)? {
        for delivery in &deliveries {
            context.printer.line(outcome(delivery))?;
        }
    }
    let failed = deliveries.iter().any(|delivery| delivery.error.is_some());
    Ok(if failed { Exit::FAILURE } else { Exit::OK })
}

fn outcome(delivery: &Delivery) -> String {
    let Delivery { channel, target, attempts, error } = delivery;
    match error {
        None if *attempts == 1 => format!("{channel}: sent to {target}"),
        None => format!("{channel}: sent to {target} ({attempts} tries)"),
        Some(error) => format!("{channel}: not sent to {target}: {error}"),
    }
}
