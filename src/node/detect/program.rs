//! The programs of GPUs' makers: how they are asked, and what they tell.

use std::time::Duration;

use crate::domain::node::Gpu;
use crate::exec::{ExecError, Run};

/// How long one of them may take.
pub const LIMIT: Duration = Duration::from_secs(5);

/// One GPU and what it does.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// The GPU.
    pub gpu: Gpu,
    /// Memory in use, in MiB.
    pub used_mb: Option<u64>,
    /// How busy it is, in percent.
    pub use_percent: Option<f64>,
}

/// What a look at the GPUs gave.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Found {
    /// The GPUs that answered.
    pub readings: Vec<Reading>,
    /// What is wrong, where a program that should tell failed, or said that a GPU is lost.
    pub trouble: Option<String>,
    /// Whether a program did not answer in time.
    pub hung: bool,
}

/// Runs a maker's program and reads what it prints; a program that is not here finds nothing.
pub async fn ask(program: &str, args: &[&str], read: fn(&str) -> Found) -> Found {
    let run = Run::new(program).args(args.iter().copied()).timeout(LIMIT);
    let trouble =
        |trouble: String, hung| Found { trouble: Some(trouble), hung, ..Found::default() };
    match run.output().await {
        Err(ExecError::NotFound(_)) => Found::default(),
        Err(error @ ExecError::TimedOut { .. }) => trouble(error.to_string(), true),
        Err(error) => trouble(error.to_string(), false),
        // It tells of the GPUs that work although another is lost.
        Ok(outcome) if outcome.ok() => read(&outcome.stdout),
        Ok(outcome) => {
            let found = read(&outcome.stdout);
            let said = clean(&outcome.complaint());
            Found { trouble: Some(format!("{program}: {said}")), ..found }
        }
    }
}

/// One short line of what a program said, for metrics and logs.
fn clean(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(200).collect::<String>().trim().to_owned()
}
