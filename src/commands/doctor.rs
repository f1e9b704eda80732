//! `llamactl doctor`: what is missing here, each with its mend. It looks, and sends nothing.

mod cluster;
mod local;
mod services;

use std::time::Duration;

use serde::Serialize;

use crate::commands::Context;
use crate::config::resolve;
use crate::exit::Exit;
use crate::output::printable;
use crate::slurm::Slurm;

/// How long one check may take.
const LIMIT: Duration = Duration::from_secs(5);

/// How one check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    /// It is there and works.
    Ok,
    /// It is needed and missing.
    Missing,
    /// It is not there, and one can do without.
    Absent,
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Check {
    name: &'static str,
    status: Status,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mend: Option<String>,
}

impl Check {
    fn ok(name: &'static str, detail: impl Into<String>) -> Check {
        Check { name, status: Status::Ok, detail: detail.into(), mend: None }
    }

    fn missing(name: &'static str, detail: impl Into<String>, mend: impl Into<String>) -> Check {
        Check { name, status: Status::Missing, detail: detail.into(), mend: Some(mend.into()) }
    }

    fn absent(name: &'static str, detail: impl Into<String>, mend: impl Into<String>) -> Check {
        Check { name, status: Status::Absent, detail: detail.into(), mend: Some(mend.into()) }
    }
}

/// Runs the command.
///
/// # Errors
/// A broken pipe. What is missing is in the report and in the exit code.
pub async fn run(context: &Context) -> anyhow::Result<Exit> {
    let checks = examine(context).await;
    if !context.printer.json(&checks)? {
        for check in &checks {
            context.printer.line(show(check))?;
        }
    }
    let missing = checks.iter().any(|check| check.status == Status::Missing);
    Ok(if missing { Exit::FAILURE } else { Exit::OK })
}

/// Everything at the same time. Without a valid configuration, what it would name is looked
/// for in the usual places.
async fn examine(context: &Context) -> Vec<Check> {
    let settings = resolve::settings(context.global.registry.as_deref());
    let configuration = local::configuration(&settings);
    let settings = settings.unwrap_or_default();
    let slurm = Slurm::from_settings(&settings);
    let (server, cluster, gpus, registry, mail, ntfy, told) = tokio::join!(
        limited("llama-server", local::llama_server(&settings)),
        limited("controller", cluster::controller(&slurm)),
        limited("gpus", cluster::gpus(&slurm)),
        limited("registry", services::registry(&settings)),
        limited("mail", services::mail(&settings)),
        limited("ntfy", services::ntfy(&settings)),
        limited("notify", services::notifications(&settings)),
    );
    let (programs, server) = one_of_two(cluster::programs(&slurm), server);
    let mut checks = vec![configuration, local::models(), programs];
    // What SLURM would say is no question where there is none.
    if checks[2].status == Status::Ok {
        checks.extend([cluster, gpus]);
    }
    checks.extend([server, registry, mail, ntfy, told, local::ssh(), local::completions()]);
    checks
}

/// A server is started by SLURM or right here: only where neither can be is one missing.
fn one_of_two(mut slurm: Check, mut server: Check) -> (Check, Check) {
    if server.status == Status::Ok && slurm.status == Status::Missing {
        slurm.status = Status::Absent;
    } else if slurm.status == Status::Ok && server.status == Status::Missing {
        server.status = Status::Absent;
    }
    (slurm, server)
}

async fn limited(name: &'static str, check: impl Future<Output = Check>) -> Check {
    tokio::time::timeout(LIMIT, check).await.unwrap_or_else(|_| {
        let detail = format!("no answer within {} s", LIMIT.as_secs());
        Check::missing(name, detail, "try again; if it stays so, ask who runs it")
    })
}

fn show(check: &Check) -> String {
    let (colour, sign) = match check.status {
        Status::Ok => ("\x1b[32m", '✓'),
        Status::Missing => ("\x1b[31m", '✗'),
        Status::Absent => ("\x1b[33m", '–'),
    };
    let detail = printable(&check.detail);
    let mut text = format!("{colour}{sign}\x1b[0m {:<13} {detail}", check.name);
    if let Some(mend) = &check.mend {
        text.push_str(&format!("\n{:16}{}", "", printable(mend)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workstation_does_not_miss_slurm_and_a_login_node_not_llama_server() {
        let ok = |name| Check::ok(name, "");
        let missing = |name| Check::missing(name, "", "");
        let (slurm, _) = one_of_two(missing("slurm"), ok("llama-server"));
        assert_eq!(slurm.status, Status::Absent);
        let (_, server) = one_of_two(ok("slurm"), missing("llama-server"));
        assert_eq!(server.status, Status::Absent);
        let (slurm, server) = one_of_two(missing("slurm"), missing("llama-server"));
        assert_eq!((slurm.status, server.status), (Status::Missing, Status::Missing));
    }

    #[tokio::test]
    async fn what_hangs_is_given_up() {
        let never = std::future::pending::<Check>();
        let began = std::time::Instant::now();
        let check = limited("x", never).await;
        assert_eq!(check.status, Status::Missing);
        assert!(began.elapsed() < LIMIT * 2);
    }
}
