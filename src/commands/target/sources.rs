//! Asks the registry, SLURM and the file system what there is, and joins the answers.

use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::choose::{For, choose};
use super::probe::probe;
use super::{FoundFile, Known};
use crate::api::ServerFilter;
use crate::client::{ClientError, RegistryClient};
use crate::commands::Context;
use crate::config::settings::Settings;
use crate::config::token;
use crate::connection::{Connection, file_name};
use crate::domain::job::Job;
use crate::domain::server::Server;
use crate::slurm::{Slurm, SlurmError, is_job_id};

/// The registry that is tried when none is configured (contract 1).
const DEFAULT_REGISTRY: &str = "http://localhost:5000";
/// How long the registry may take: a person waits.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often at most SLURM is asked for the list of jobs.
const SLURM_EVERY: Duration = Duration::from_secs(15);
/// Most servers that are asked themselves, and for how long.
const MAX_PROBES: usize = 32;
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);
/// What llamactl writes into the comment of the jobs that it submits, before a nonce.
const COMMENT: &str = "llamactl:";
/// Most connection files that are looked at in one folder.
const MAX_FILES: usize = 1000;
/// Most bytes of a connection file that are read.
const MAX_FILE: u64 = 64 * 1024;

/// How one source answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It did.
    Yes,
    /// It is not there: no registry is configured and none listens where one would by
    /// default, or SLURM is not installed.
    Absent(String),
    /// It is, but it did not answer; the text says why.
    Failed(String),
}

impl Answer {
    /// Why there was no answer.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Answer::Yes => None,
            Answer::Absent(reason) | Answer::Failed(reason) => Some(reason),
        }
    }
}

/// What all sources together know.
#[derive(Debug)]
pub struct View {
    /// Servers and jobs.
    pub known: Vec<Known>,
    /// How the registry answered.
    pub registry: Answer,
    /// How SLURM answered.
    pub slurm: Answer,
}

/// SLURM's last answer and when it gave it.
#[derive(Debug)]
struct Asked {
    when: Instant,
    jobs: Result<Vec<Job>, Answer>,
}

/// Where to look.
#[derive(Debug)]
pub struct Finder {
    /// The merged configuration.
    pub settings: Settings,
    /// The registry.
    pub registry: RegistryClient,
    /// SLURM.
    pub slurm: Slurm,
    /// The name of the user who asks.
    pub me: String,
    configured: bool,
    asked: tokio::sync::Mutex<Option<Asked>>,
}

impl Finder {
    /// Reads the configuration; asks nobody yet.
    ///
    /// # Errors
    /// A configuration file that is wrong.
    pub fn new(context: &Context) -> anyhow::Result<Finder> {
        let settings = crate::config::resolve::settings(context.global.registry.as_deref())?;
        let url = settings.registry.url.clone();
        // Nobody knows who listens at the default address: a token is for the configured one.
        let registry = match &url {
            Some(url) => RegistryClient::new(url)
                .token(token::token(settings.registry.token_file.as_deref())?),
            None => RegistryClient::new(DEFAULT_REGISTRY),
        };
        Ok(Finder {
            registry: registry.timeout(PATIENCE),
            configured: url.is_some(),
            slurm: Slurm::from_settings(&settings),
            me: crate::commands::identity::user(),
            asked: tokio::sync::Mutex::default(),
            settings,
        })
    }

    /// The registry's servers that pass the filter.
    ///
    /// # Errors
    /// Why there are none to see.
    pub async fn servers(&self, filter: &ServerFilter) -> Result<Vec<Server>, Answer> {
        self.registry.servers(filter).await.map_err(|error| match error {
            ClientError::Unreachable { reason, .. } if !self.configured => {
                let url = self.registry.url();
                Answer::Absent(format!(
                    "no registry is configured, none answers at {url} ({reason})"
                ))
            }
            error => Answer::Failed(match error.hint() {
                Some(hint) => format!("{error} ({hint})"),
                None => error.to_string(),
            }),
        })
    }

    /// The user's own jobs that llamactl submitted, or that left a connection file. Asked
    /// again soon, SLURM's last answer is given: sites limit how often one may ask.
    ///
    /// # Errors
    /// Why there are none to see.
    pub async fn jobs(&self) -> Result<Vec<Job>, Answer> {
        let mut asked = self.asked.lock().await;
        if let Some(last) = asked.as_ref().filter(|last| last.when.elapsed() < SLURM_EVERY) {
            return last.jobs.clone();
        }
        let jobs = self.ask_jobs().await;
        *asked = Some(Asked { when: Instant::now(), jobs: jobs.clone() });
        jobs
    }

    async fn ask_jobs(&self) -> Result<Vec<Job>, Answer> {
        let jobs = self.slurm.jobs_mine().await.map_err(|error| no_slurm(&error))?;
        let ours = |job: &Job| {
            let marked = job.comment.as_deref().is_some_and(|text| text.contains(COMMENT));
            marked || job.work_dir.as_ref().is_some_and(|dir| dir.join(file_name(&job.id)).exists())
        };
        Ok(jobs.into_iter().filter(ours).collect())
    }

    /// Everything that SLURM and the connection files know, without the registry.
    pub async fn local(&self) -> View {
        let jobs = self.jobs().await;
        let slurm = answer(&jobs);
        let mut known = join(Vec::new(), jobs.unwrap_or_default(), files_here(), &slurm);
        probe_files(&mut known).await;
        View { known, registry: Answer::Absent("not asked".to_owned()), slurm }
    }

    /// Everything that anybody knows, lost entries too.
    pub async fn everything(&self) -> View {
        let all = ServerFilter { state: Some("all".to_owned()), ..ServerFilter::default() };
        let (servers, jobs) = tokio::join!(self.servers(&all), self.jobs());
        let (registry, slurm) = (answer(&servers), answer(&jobs));
        let mut known =
            join(servers.unwrap_or_default(), jobs.unwrap_or_default(), files_here(), &slurm);
        probe_files(&mut known).await;
        View { known, registry, slurm }
    }

    /// The one that `query` means.
    ///
    /// # Errors
    /// Exit 2 when several fit, 4 when nobody knows it, 1 when somebody who may know it did
    /// not answer.
    pub async fn find(&self, query: &str, purpose: For) -> anyhow::Result<Known> {
        let mut view = self.everything().await;
        let choice = choose(query, &view.known, &self.me, purpose);
        let failure = match choice {
            Ok(known) => return Ok(known.clone()),
            Err(failure) if failure.exit != crate::exit::Exit::GONE => return Err(failure.into()),
            Err(failure) => failure,
        };
        // A job that llamactl does not recognise, that has ended, or that is another user's.
        if is_job_id(query) && !matches!(view.slurm, Answer::Absent(_)) {
            match self.slurm.job_details(query).await {
                Ok(Some(job)) => {
                    return Ok(join(
                        Vec::new(),
                        vec![job],
                        files_here(),
                        &Answer::Absent(String::new()),
                    )
                    .swap_remove(0));
                }
                Ok(None) => view.slurm = Answer::Yes,
                Err(error) => view.slurm = no_slurm(&error),
            }
        }
        Err(explain(failure, &view).into())
    }
}

/// Adds who did not answer. Where SLURM is there and did not, nobody can say that it is gone.
fn explain(mut failure: crate::exit::Failure, view: &View) -> crate::exit::Failure {
    if let Answer::Failed(reason) = &view.slurm {
        failure.exit = crate::exit::Exit::FAILURE;
        failure.message = format!("{}, but SLURM did not answer: {reason}", failure.message);
    }
    if let Some(reason) = view.registry.reason() {
        failure.message = format!("{} ({reason})", failure.message);
    }
    failure
}

/// Brings together what belongs to one job. `slurm` decides about files without a job: where
/// SLURM answered, a file of a job that it does not list is one that a dead job left behind.
fn join(servers: Vec<Server>, jobs: Vec<Job>, files: Vec<FoundFile>, slurm: &Answer) -> Vec<Known> {
    let mut known: Vec<Known> = servers
        .into_iter()
        .map(|server| Known { server: Some(server), ..Known::default() })
        .collect();
    for job in jobs {
        // Job ids collide between clusters; with the same owner hardly ever.
        let same = known.iter_mut().find(|one| {
            one.server.as_ref().is_some_and(|server| {
                server.info.job.job() == job.id && server.info.owner == job.user
            })
        });
        match same {
            Some(one) => one.job = Some(job),
            None => known.push(Known { job: Some(job), ..Known::default() }),
        }
    }
    let mut files = files;
    for one in &mut known {
        let id = one.id();
        let beside = one.job.as_ref().and_then(|job| job.work_dir.as_deref());
        one.connection = match files.iter().position(|file| belongs(file, one, &id)) {
            Some(at) => Some(files.swap_remove(at)),
            None => beside.and_then(|dir| read_file(&dir.join(file_name(&id)))),
        };
    }
    let leftover = |file: &FoundFile| *slurm == Answer::Yes && is_job_id(&file.connection.job);
    for file in files {
        if !leftover(&file) {
            known.push(Known { connection: Some(file), ..Known::default() });
        }
    }
    known
}

/// Asks the servers that only a connection file knows how they are: nobody else can tell.
async fn probe_files(known: &mut [Known]) {
    let alone = |one: &&mut Known| one.server.is_none() && one.job.is_none();
    let mut asked = tokio::task::JoinSet::new();
    for (at, one) in known.iter_mut().enumerate().filter(|(_, one)| alone(one)).take(MAX_PROBES) {
        if let Some(url) = one.url() {
            asked.spawn(async move { (at, probe(&url, None, PROBE_TIMEOUT).await.health) });
        }
    }
    while let Some(answer) = asked.join_next().await {
        if let Ok((at, health)) = answer {
            known[at].probed = Some(health);
        }
    }
}

/// Whether a file is this server's: the same job, and the same address where both have one.
fn belongs(file: &FoundFile, one: &Known, id: &str) -> bool {
    let port = one.server.as_ref().map(|server| server.info.port);
    file.connection.job == id && port.is_none_or(|port| port == file.connection.port)
}

/// The connection files in the current folder.
fn files_here() -> Vec<FoundFile> {
    let Ok(entries) = std::fs::read_dir(".") else { return Vec::new() };
    let ours = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with("llama_server_connection_") && name.ends_with(".txt")
    };
    let paths = entries.flatten().map(|entry| entry.path()).filter(ours);
    paths.take(MAX_FILES).filter_map(|path| read_file(&path)).collect()
}

/// Reads a connection file of this user. One that somebody else left in a shared folder could
/// lead to a server of theirs.
fn read_file(path: &Path) -> Option<FoundFile> {
    let mut file = std::fs::File::open(path).ok()?;
    let meta = file.metadata().ok()?;
    if !meta.is_file() || meta.uid() != nix::unistd::getuid().as_raw() {
        return None;
    }
    let mut text = String::new();
    file.by_ref().take(MAX_FILE).read_to_string(&mut text).ok()?;
    let connection = Connection::parse(&text)?;
    let written = meta.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
    let path = std::path::absolute(path).ok()?;
    Some(FoundFile { connection, path, written })
}

fn answer<T>(result: &Result<T, Answer>) -> Answer {
    match result {
        Ok(_) => Answer::Yes,
        Err(answer) => answer.clone(),
    }
}

fn no_slurm(error: &SlurmError) -> Answer {
    match error {
        SlurmError::Missing(_) => Answer::Absent("there is no SLURM on this machine".to_owned()),
        error => Answer::Failed(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{job, server};
    use super::*;
    use crate::domain::job::JobState;
    use crate::domain::server::ServerState;

    fn file(job: &str, port: u16) -> FoundFile {
        let text = format!(
            "export LLAMA_SERVER_HOST=n1\nexport LLAMA_SERVER_PORT={port}\nexport LLAMA_JOB_ID={job}\n"
        );
        let connection = Connection::parse(&text).unwrap();
        FoundFile { connection, path: file_name(job).into(), written: None }
    }

    #[test]
    fn what_belongs_together_is_one() {
        let servers = vec![
            server("1", "a", "anna", ServerState::Ready),
            server("2", "b", "bob", ServerState::Ready),
        ];
        let jobs = vec![job("1", "a", JobState::Running), job("2", "mine", JobState::Running)];
        let known = join(servers, jobs, vec![file("1", 5000)], &Answer::Yes);
        assert_eq!(known.len(), 3, "job 2 is another cluster's");
        assert!(known[0].server.is_some() && known[0].job.is_some());
        assert!(known[0].connection.is_some());
        assert!(known[1].job.is_none());
    }

    #[test]
    fn a_file_of_another_run_is_not_this_servers() {
        let servers = vec![server("1", "a", "anna", ServerState::Ready)];
        let known = join(servers, Vec::new(), vec![file("1", 4999)], &Answer::Yes);
        assert_eq!(known.len(), 1);
        assert!(known[0].connection.is_none());
    }

    #[test]
    fn a_file_without_a_job_counts_only_where_slurm_can_not_tell() {
        let unknown = Answer::Failed("timed out".into());
        assert_eq!(join(vec![], vec![], vec![file("7", 1)], &Answer::Yes).len(), 0);
        assert_eq!(join(vec![], vec![], vec![file("7", 1)], &unknown).len(), 1);
        assert_eq!(join(vec![], vec![], vec![file("local-x-9", 1)], &Answer::Yes).len(), 1);
    }
}
