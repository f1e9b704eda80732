//! `llamactl status`

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::cli::StatusArgs;
use crate::commands::Context;
use crate::commands::target::choose::For;
use crate::commands::target::probe::{Health, Identity, Probe, probe};
use crate::commands::target::sources::Finder;
use crate::commands::target::{Known, is_gone};
use crate::domain::job::{Job, Presence};
use crate::exit::Exit;
use crate::output::{Live, printable, span};
use crate::slurm::is_job_id;

/// How long the server itself may take to answer.
const ANSWER: Duration = Duration::from_secs(2);
/// How often `--watch` looks.
const EVERY: Duration = Duration::from_secs(5);

/// Runs the command.
///
/// # Errors
/// Exit 2 when several jobs fit, 4 when nobody knows the job, 1 when SLURM may know it and did
/// not answer.
pub async fn run(context: &Context, args: StatusArgs) -> anyhow::Result<Exit> {
    let finder = Finder::new(context)?;
    if !args.watch {
        let report = look(&finder, &args.target).await?;
        if !context.printer.json(&report.json())? {
            context.printer.line(report.text(Timestamp::now()))?;
        }
        return Ok(Exit::OK);
    }
    tokio::select! {
        ended = watch(context, &finder, &args.target) => ended,
        interrupted = tokio::signal::ctrl_c() => {
            interrupted?;
            Ok(Exit::OK)
        }
    }
}

async fn watch(context: &Context, finder: &Finder, target: &str) -> anyhow::Result<Exit> {
    let mut live = Live::new();
    let mut before = None;
    let mut target = target.to_owned();
    while !crate::output::reader_is_gone() {
        let report = match look(finder, &target).await {
            Ok(report) => report,
            // What was there, and is not any more, has ended.
            Err(error) if before.is_some() && is_gone(&error) => {
                context.printer.note(format!("{error:#}"));
                return Ok(Exit::OK);
            }
            Err(error) => return Err(error),
        };
        target = report.known.id();
        let json = report.json();
        let changed = before.as_ref() != Some(&json);
        if context.printer.is_json() {
            if changed {
                context.printer.json_line(&json)?;
            }
        } else if live.is_terminal() {
            live.show(&report.text(Timestamp::now()))?;
        } else if changed {
            context.printer.line(report.text(Timestamp::now()) + "\n")?;
        }
        before = Some(json);
        tokio::time::sleep(EVERY).await;
    }
    Ok(Exit::OK)
}

/// All that is known of one server or job.
#[derive(Debug)]
struct Report {
    known: Known,
    /// Nothing outside SLURM.
    presence: Option<Presence>,
    probe: Option<Probe>,
}

async fn look(finder: &Finder, target: &str) -> anyhow::Result<Report> {
    let mut known = finder.find(target, For::Managing).await?;
    let id = known.id();
    let asked = async {
        let url = known.url()?;
        let key = known.fresh_file().and_then(|file| file.api_key.as_ref());
        Some(probe(&url, key, ANSWER).await)
    };
    let (details, probe) = tokio::join!(details(finder, &id), asked);
    let presence = details.map(|answer| match answer {
        Ok(job) => {
            let presence = crate::slurm::squeue::presence(job.as_ref());
            // Another cluster's job may have the same id.
            known.job = job.filter(|job| known.owner().is_none_or(|owner| owner == job.user));
            presence
        }
        Err(reason) => Presence::Unknown(reason),
    });
    Ok(Report { known, presence, probe })
}

/// What SLURM says of the job, or why it did not answer; nothing for what is no job of SLURM.
async fn details(finder: &Finder, id: &str) -> Option<Result<Option<Job>, String>> {
    if !is_job_id(id) {
        return None;
    }
    Some(finder.slurm.job_details(id).await.map_err(|error| error.to_string()))
}

impl Report {
    fn json(&self) -> Value {
        let file = self.known.connection.as_ref().map(|file| {
            json!({
                "path": file.path,
                "written": file.written,
                "host": file.connection.host,
                "port": file.connection.port,
                "has_key": file.connection.api_key.is_some(),
            })
        });
        json!({
            "job": self.known.id(),
            "name": self.known.name(),
            "state": self.known.state().as_str(),
            "slurm": self.presence,
            "slurm_job": self.known.job,
            "server": self.known.server,
            "url": self.known.url(),
            "probe": self.probe,
            "connection_file": file,
            "log": self.known.job.as_ref().and_then(|job| job.log.as_ref()),
            "ends": self.known.ends(),
        })
    }

    fn text(&self, now: Timestamp) -> String {
        let known = &self.known;
        let mut lines = vec![
            ("server", format!("{} ({})", known.name(), known.id())),
            ("state", known.state().as_str().to_owned()),
        ];
        let mut add =
            |label, value: Option<String>| lines.extend(value.map(|value| (label, value)));
        add("owner", known.owner().map(str::to_owned));
        add("model", Some(known.model().to_owned()).filter(|model| !model.is_empty()));
        add("SLURM", Some(self.slurm()));
        add("starts", self.expected_start(now));
        add("registry", Some(self.registry(now)));
        add("health", self.health());
        add("ends", known.ends().map(|ends| self.ends(ends, now)));
        add("file", known.connection.as_ref().map(|file| file.path.display().to_string()));
        let log = known.job.as_ref().and_then(|job| job.log.as_ref());
        add("log", log.map(|log| log.display().to_string()));
        let line = |(label, value): (&str, String)| format!("{label:<10}{}", printable(&value));
        lines.into_iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn slurm(&self) -> String {
        let job = self.known.job.as_ref();
        match (&self.presence, job) {
            (None, _) => "not a job of SLURM".to_owned(),
            (Some(Presence::Unknown(reason)), _) => format!("unknown: {reason}"),
            (Some(Presence::Gone(reason)), _) => format!("gone: {reason}"),
            (Some(Presence::Present(state)), None) => state.to_string(),
            (Some(Presence::Present(state)), Some(job)) => {
                let reason = job.reason.as_deref().map(|reason| format!(" ({reason})"));
                let place = job.nodes.as_deref().map(|nodes| format!(" on {nodes}"));
                format!("{state}{}{}", reason.unwrap_or_default(), place.unwrap_or_default())
            }
        }
    }

    fn expected_start(&self, now: Timestamp) -> Option<String> {
        let pending = Some(Presence::Present(crate::domain::job::JobState::Pending));
        let job = self.known.job.as_ref().filter(|_| self.presence == pending)?;
        Some(match job.start {
            Some(start) => {
                let wait = span(start.duration_since(now).as_secs());
                format!("about {} (in {wait}), as SLURM estimates", local(start))
            }
            None => "SLURM has no estimate yet".to_owned(),
        })
    }

    fn registry(&self, now: Timestamp) -> String {
        let Some(server) = &self.known.server else { return "not listed".to_owned() };
        let age = span(now.duration_since(server.last_seen).as_secs());
        format!("{}, {}, last heard of {age} ago", server.state, server.url())
    }

    fn health(&self) -> Option<String> {
        let probe = self.probe.as_ref()?;
        let url = self.known.url().unwrap_or_default();
        let health = match &probe.health {
            Health::Ready => "answers".to_owned(),
            Health::Loading => "answers that it is not ready".to_owned(),
            Health::Strange(what) => what.clone(),
            Health::Silent(reason) => format!("can't be reached from here: {reason}"),
        };
        let identity = match probe.identity {
            Identity::Proved => ", and proved that it is the one",
            Identity::Wrong => ", but it has another key: somebody else's server",
            Identity::Unproved | Identity::Unasked => "",
        };
        Some(format!("{url} {health}{identity}"))
    }

    fn ends(&self, ends: Timestamp, now: Timestamp) -> String {
        let left = ends.duration_since(now).as_secs();
        let left = if left < 0 { "is over".to_owned() } else { format!("{} left", span(left)) };
        format!("{} ({left})", local(ends))
    }
}

fn local(time: Timestamp) -> String {
    time.to_zoned(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
}
