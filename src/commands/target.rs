//! What people type for a server (name, model or job id) → what is known of it: the registry's
//! record, SLURM's job and the connection file, joined.

pub mod choose;
pub mod probe;
pub mod sources;

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::connection::Connection;
use crate::domain::gpu::Gpus;
use crate::domain::job::{Job, JobState};
use crate::domain::names::{Names, stem};
use crate::domain::server::{Access, Server, ServerState, authority};
use crate::exit::{Exit, Failure};
use crate::output::Tone;

/// A connection file that is so much older than the start of its job is one of an earlier run.
/// Large, since the file server's clock and SLURM's may differ.
const STALE: Duration = Duration::from_secs(120);

/// One server, or one job that is to become one, as far as it is known. At least one of
/// `server`, `job` and `connection` is there.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The registry's record.
    pub server: Option<Server>,
    /// SLURM's job.
    pub job: Option<Job>,
    /// The connection file.
    pub connection: Option<FoundFile>,
    /// How it answered, where only the connection file knows it.
    pub probed: Option<probe::Health>,
}

/// A connection file and where it was found.
#[derive(Debug, Clone)]
pub struct FoundFile {
    /// What it says.
    pub connection: Connection,
    /// Where it is.
    pub path: PathBuf,
    /// When it was written.
    pub written: Option<Timestamp>,
}

/// Where a server is in its life, with what only SLURM knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It answers.
    Ready,
    /// It runs and does not answer yet.
    Loading,
    /// It finishes what it has.
    Draining,
    /// Its job waits in the queue.
    Pending,
    /// Nothing was heard of it for longer than its lease.
    Lost,
    /// Its job has ended.
    Ended,
    /// Nobody who could tell was reachable.
    Unknown,
}

impl State {
    /// The word on the screen and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Ready => "ready",
            State::Loading => "loading",
            State::Draining => "draining",
            State::Pending => "pending",
            State::Lost => "lost",
            State::Ended => "ended",
            State::Unknown => "unknown",
        }
    }

    /// Its colour.
    pub fn tone(self) -> Tone {
        match self {
            State::Ready => Tone::Good,
            State::Loading | State::Draining | State::Pending => Tone::Busy,
            State::Lost => Tone::Bad,
            State::Ended | State::Unknown => Tone::Faint,
        }
    }

    /// Whether there is something that runs, or will.
    pub fn is_alive(self) -> bool {
        !matches!(self, State::Lost | State::Ended)
    }
}

impl From<ServerState> for State {
    fn from(state: ServerState) -> State {
        match state {
            ServerState::Loading => State::Loading,
            ServerState::Ready => State::Ready,
            ServerState::Draining => State::Draining,
            ServerState::Lost => State::Lost,
        }
    }
}

impl Known {
    /// The job as people name it: `108`, `108_2` or `local-…`.
    pub fn id(&self) -> String {
        let of_file = || self.connection.as_ref().map(|file| file.connection.job.clone());
        let of_server = || self.server.as_ref().map(|server| server.info.job.job());
        let of_job = || self.job.as_ref().map(|job| job.id.clone());
        of_server().or_else(of_job).or_else(of_file).unwrap_or_default()
    }

    /// The name that people use for it.
    pub fn name(&self) -> &str {
        match self {
            Known { server: Some(server), .. } => &server.info.name,
            Known { connection: Some(file), .. } => &file.connection.name,
            Known { job: Some(job), .. } => &job.name,
            _ => "",
        }
    }

    /// Every name of its model that the registry or the connection file knows.
    pub fn models(&self) -> Vec<&str> {
        let listed = self.server.as_ref().map(Server::names);
        let told = self.model_file().map(|file| Names { file: Some(file), ..Names::default() });
        listed.iter().chain(&told).flat_map(Names::all).collect()
    }

    /// The model's name for a table.
    pub fn model(&self) -> &str {
        match &self.server {
            Some(server) => &server.info.model.name,
            None => self.model_file().map(stem).unwrap_or_default(),
        }
    }

    fn model_file(&self) -> Option<&str> {
        self.connection.as_ref().map(|file| file.connection.model_file.as_str())
    }

    /// Whose it is, where that is known.
    pub fn owner(&self) -> Option<&str> {
        let of_server = self.server.as_ref().map(|server| server.info.owner.as_str());
        of_server.or_else(|| self.job.as_ref().map(|job| job.user.as_str()))
    }

    /// Its GPUs, as the registry knows them, or as SLURM does.
    pub fn gpus(&self) -> Option<String> {
        let gres = || self.job.as_ref()?.gres.as_deref();
        let of_server = self.server.as_ref().and_then(|server| server.info.gpus.clone());
        of_server.or_else(|| Gpus::from_gres(gres()?).map(|gpus| gpus.to_string()))
    }

    /// Host and port, where they are known.
    pub fn address(&self) -> Option<(&str, u16)> {
        let of_server = self.server.as_ref().map(|s| (s.info.host.as_str(), s.info.port));
        of_server.or_else(|| {
            let file = self.fresh_file()?;
            Some((file.host.as_str(), file.port))
        })
    }

    /// `http://HOST:PORT`, where it is known.
    pub fn url(&self) -> Option<String> {
        let scheme = self.server.as_ref().map_or("http", |server| server.info.scheme.as_str());
        let (host, port) = self.address()?;
        Some(format!("{scheme}://{}", authority(host, port)))
    }

    /// Who may use it; nothing where only its owner could know.
    pub fn access(&self) -> Option<Access> {
        self.server.as_ref().map(|server| server.info.access)
    }

    /// The connection file, unless it is of an earlier run of a requeued job.
    pub fn fresh_file(&self) -> Option<&Connection> {
        let file = self.connection.as_ref()?;
        let started = self.job.as_ref().and_then(|job| job.start);
        let stale = match (file.written, started) {
            (Some(written), Some(started)) => {
                started.duration_since(written) > jiff::SignedDuration::try_from(STALE).ok()?
            }
            _ => false,
        };
        (!stale).then_some(&file.connection)
    }

    /// When it started.
    pub fn started(&self) -> Option<Timestamp> {
        let of_job = || self.job.as_ref().filter(|job| job.state != JobState::Pending)?.start;
        self.server.as_ref().map(|server| server.info.started).or_else(of_job)
    }

    /// When its walltime ends.
    pub fn ends(&self) -> Option<Timestamp> {
        let of_job = || self.job.as_ref().filter(|job| job.state != JobState::Pending)?.end;
        self.server.as_ref().and_then(|server| server.info.ends).or_else(of_job)
    }

    /// Where it is in its life. The registry knows best as long as it hears of the server;
    /// then SLURM; a connection file beside a running job means that the server was ready.
    pub fn state(&self) -> State {
        let listed = self.server.as_ref().map(|server| State::from(server.state));
        if let Some(state) = listed.filter(|state| *state != State::Lost) {
            return state;
        }
        match self.job.as_ref().map(|job| job.state) {
            Some(JobState::Pending) => State::Pending,
            Some(JobState::Completing) => State::Draining,
            Some(JobState::Ended) => State::Ended,
            Some(_) if listed == Some(State::Lost) => State::Lost,
            Some(JobState::Running) if self.fresh_file().is_some() => State::Ready,
            Some(JobState::Running) => State::Loading,
            Some(JobState::Other) => State::Unknown,
            None => listed.unwrap_or(match self.probed {
                Some(probe::Health::Ready) => State::Ready,
                Some(probe::Health::Loading) => State::Loading,
                _ => State::Unknown,
            }),
        }
    }

    /// The canonical record, as far as it is known: what the registry says, or the same keys
    /// from SLURM and the connection file. Never the API key.
    pub fn record(&self) -> Value {
        if let Some(server) = &self.server {
            let mut record = serde_json::to_value(server).unwrap_or_default();
            record["state"] = json!(self.state().as_str());
            return record;
        }
        let id = self.id();
        let (job_id, task) = match id.split_once('_') {
            Some((job, task)) if task.parse::<u32>().is_ok() => (job, task.parse::<u32>().ok()),
            _ => (id.as_str(), None),
        };
        let file = self.fresh_file();
        let model_file = file.map(|file| file.model_file.as_str()).filter(|file| !file.is_empty());
        let job = self.job.as_ref();
        let mut record = json!({
            "job_id": job_id,
            "array_task": task,
            "name": self.name(),
            "model": {"name": self.model(), "file": model_file},
            "owner": self.owner(),
            "host": file.map(|file| &file.host),
            "port": file.map(|file| file.port),
            "scheme": "http",
            "slurm_node": job.and_then(|job| job.nodes.as_deref()),
            "partition": job.and_then(|job| job.partition.as_deref()),
            "gpus": self.gpus(),
            "started": self.started(),
            "ends": self.ends(),
            "state": self.state().as_str(),
            "reason": job.and_then(|job| job.reason.as_deref()),
        });
        if let Some(record) = record.as_object_mut() {
            record.retain(|_, value| !value.is_null());
        }
        record
    }
}

/// Whether an error says that what was looked for is gone (exit 4), and not that nobody who
/// could tell answered.
pub fn is_gone(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Failure>().is_some_and(|failure| failure.exit == Exit::GONE)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn job(id: &str, name: &str, state: JobState) -> Job {
        Job {
            id: id.into(),
            name: name.into(),
            user: "anna".into(),
            state,
            raw_state: String::new(),
            reason: None,
            partition: None,
            nodes: None,
            start: None,
            end: None,
            work_dir: None,
            comment: None,
            gres: Some("gres:gpu:h100:2".into()),
            log: None,
        }
    }

    pub(crate) fn server(id: &str, name: &str, owner: &str, state: ServerState) -> Server {
        serde_json::from_value(json!({
            "id": "0190b2a6-9f0e-7000-8000-000000000001", "cluster": "lab", "job_id": id,
            "name": name, "owner": owner, "host": "n1", "port": 5000, "state": state,
            "model": {"name": name, "file": format!("{name}-Q4.gguf"), "alias": "chat"},
            "started": "2026-01-01T00:00:00Z", "first_seen": "2026-01-01T00:00:00Z",
            "last_seen": "2026-01-01T00:00:00Z",
        }))
        .unwrap()
    }

    fn file(written: &str) -> FoundFile {
        let connection = Connection {
            host: "n1".into(),
            port: 7,
            job: "8".into(),
            model_file: "/m/a.gguf".into(),
            api_key: Some(crate::secret::Secret::new("hidden")),
            name: "a".into(),
        };
        FoundFile { connection, path: "f".into(), written: written.parse().ok() }
    }

    #[test]
    fn without_a_registry_the_job_and_its_file_tell_the_state() {
        let mut known = Known { job: Some(job("8", "a", JobState::Pending)), ..Known::default() };
        assert_eq!(known.state(), State::Pending);
        known.job.as_mut().unwrap().state = JobState::Running;
        assert_eq!(known.state(), State::Loading);
        known.connection = Some(file("2026-01-01T00:00:00Z"));
        assert_eq!(known.state(), State::Ready);
        known.job.as_mut().unwrap().start = "2026-01-01T01:00:00Z".parse().ok();
        assert_eq!(known.state(), State::Loading, "the file is of the run before the requeue");
        known.job.as_mut().unwrap().state = JobState::Other;
        assert_eq!(known.state(), State::Unknown);
    }

    #[test]
    fn a_lost_entry_of_a_requeued_job_is_pending() {
        let mut known =
            Known { server: Some(server("8", "a", "anna", ServerState::Lost)), ..Known::default() };
        assert_eq!(known.state(), State::Lost);
        known.job = Some(job("8", "a", JobState::Running));
        assert_eq!(known.state(), State::Lost);
        known.job = Some(job("8", "a", JobState::Pending));
        assert_eq!(known.state(), State::Pending);
    }

    #[test]
    fn a_record_has_the_canonical_keys_and_no_key() {
        let known = Known {
            job: Some(job("8_3", "a", JobState::Running)),
            connection: Some(file("2026-01-01T00:00:00Z")),
            ..Known::default()
        };
        let record = known.record();
        assert_eq!(record["job_id"], "8");
        assert_eq!(record["array_task"], 3);
        assert_eq!(record["model"], json!({"name": "a", "file": "/m/a.gguf"}));
        assert_eq!((&record["state"], &record["port"]), (&json!("ready"), &json!(7)));
        assert!(!record.to_string().contains("hidden"));
    }
}
