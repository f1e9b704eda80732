//! One test's jobs on one cluster, with a registry and an ntfy server of their own.

use std::path::PathBuf;
use std::time::Duration;

use llamactl::connection::{Connection, file_name};
use serde_json::Value;

use crate::common::cluster::Cluster;
use crate::common::http::{self, Stream};
use crate::common::registry::Registry;
use crate::common::services::Ntfy;
use crate::common::{Process, Sandbox, TINY_ANSWER, slow_model, tiny_model, wait_until};

/// The clusters' KillWait (see labs.sh): what a job has between TERM and KILL.
pub const KILL_WAIT: Duration = Duration::from_secs(10);
/// How long a lease lives without a heartbeat.
pub const TTL: Duration = Duration::from_secs(5);
/// Room for a loaded machine where SLURM or a start decides how long something takes.
pub const SLACK: Duration = Duration::from_secs(45);

/// What ends with the test.
pub struct Lab {
    pub cluster: Cluster,
    pub sandbox: Sandbox,
    pub registry: Registry,
    pub ntfy: Ntfy,
    jobs: Vec<String>,
}

/// A model's configuration for a test.
pub struct Model {
    /// YAML below `server:`, indented by two.
    pub server: String,
    /// YAML below `slurm:`, indented by two.
    pub slurm: String,
    /// Path of the GGUF file.
    pub file: PathBuf,
    /// The node; any when there is none. Preemption has nodes of its own: it must not hit
    /// other tests.
    pub node: Option<&'static str>,
}

impl Model {
    /// The model with one sentence.
    pub fn tiny() -> Model {
        let (server, slurm) = (String::new(), String::new());
        Model { server, slurm, file: tiny_model(), node: Some("n1") }
    }

    /// The model without end.
    pub fn slow() -> Model {
        Model { file: slow_model(), ..Model::tiny() }
    }

    /// Adds one line below `server:`.
    pub fn server(mut self, line: &str) -> Model {
        self.server.push_str(&format!("  {line}\n"));
        self
    }

    /// Adds one line below `slurm:`.
    pub fn slurm(mut self, line: &str) -> Model {
        self.slurm.push_str(&format!("  {line}\n"));
        self
    }

    fn yaml(&self) -> String {
        let nodes = self.node.map(|node| format!("  nodelist: {node}\n")).unwrap_or_default();
        let gpus = if self.slurm.contains("gpus:") { "" } else { "  gpus: 0\n" };
        let time = if self.slurm.contains("time:") { "" } else { "  time: 20\n" };
        format!(
            "name: fault\nmodel: {file:?}\nserver:\n  context: 8192\n  threads: 1\n  \
             parallel: 1\n  host: 127.0.0.1\n  advertise: 127.0.0.1\n{server}slurm:\n  cpus: 1\n  \
             mem: 200M\n{gpus}{time}{nodes}{slurm}",
            file = self.file,
            server = self.server,
            slurm = self.slurm,
        )
    }
}

impl Lab {
    /// A registry and ntfy; no job yet.
    #[track_caller]
    pub fn new(cluster: Cluster) -> Lab {
        let mut sandbox = Sandbox::new();
        cluster.enter(&mut sandbox);
        Lab::in_sandbox(cluster, sandbox)
    }

    /// The same on a cluster that the sandbox knows already.
    #[track_caller]
    pub fn in_sandbox(cluster: Cluster, mut sandbox: Sandbox) -> Lab {
        let registry = Registry::start_in(&mut sandbox, &["--ttl", &format!("{}s", TTL.as_secs())]);
        let ntfy = Ntfy::start(&mut sandbox);
        Lab { cluster, sandbox, registry, ntfy, jobs: Vec::new() }
    }

    /// Submits a job that notifies by push, and gives its id.
    #[track_caller]
    pub fn submit(&mut self, model: &Model, flags: &[&str]) -> String {
        let config = self.sandbox.write("configs/fault.yaml", model.yaml());
        let config = config.to_str().expect("a path in UTF-8");
        let mut args = vec!["submit", "--json", "--ntfy-topic", "--config", config];
        args.extend(flags);
        let report = self.sandbox.json(&args);
        let job = report["job_id"].as_str().unwrap_or_else(|| panic!("{report}")).to_owned();
        self.jobs.push(job.clone());
        job
    }

    /// Submits a job and waits until it is ready and told.
    #[track_caller]
    pub fn start(&mut self, model: &Model, flags: &[&str]) -> Job {
        let job = self.submit(model, flags);
        let job = self.wait_ready(&job);
        self.wait_for_messages("Ready", 1);
        job
    }

    /// Waits until the registry and the connection file agree that the job is ready.
    #[track_caller]
    pub fn wait_ready(&self, id: &str) -> Job {
        wait_until(&format!("job {id} ready"), SLACK, || {
            self.assert_not_over(id);
            let server = self.entry(id).filter(|server| server["state"] == "ready")?;
            let connection = Connection::read(&self.sandbox.work(), id)?;
            assert_eq!(server["port"], connection.port, "registry and file agree");
            Some(Job { id: id.to_owned(), server, connection })
        })
    }

    /// Panics when a job that should become ready has ended.
    fn assert_not_over(&self, id: &str) {
        let state = self.job_state(id);
        assert!(
            !["FAILED", "COMPLETED", "CANCELLED", "TIMEOUT"].contains(&state.as_str()),
            "job {id} ended: {state}"
        );
    }

    /// The registry's entry of a job, as `108` or `108_2`, whatever its state.
    #[track_caller]
    pub fn entry(&self, id: &str) -> Option<Value> {
        let (job_id, task) = match id.split_once('_') {
            Some((job_id, task)) => (job_id, Some(task.parse::<u64>().expect("a task"))),
            None => (id, None),
        };
        let mut found = self.registry.servers();
        found.retain(|s| s["job_id"] == job_id && s["array_task"].as_u64() == task);
        assert!(found.len() <= 1, "one entry a job: {found:?}");
        found.pop()
    }

    /// The job's state in SLURM's word.
    #[track_caller]
    pub fn job_state(&self, id: &str) -> String {
        self.cluster.job_field(&self.sandbox, id, "JobState")
    }

    /// The job's exit code in SLURM's form, `CODE:SIGNAL`.
    #[track_caller]
    pub fn exit_code(&self, id: &str) -> String {
        self.cluster.job_field(&self.sandbox, id, "ExitCode")
    }

    /// Runs one of SLURM's commands.
    #[track_caller]
    pub fn slurm(&self, program: &str, args: &[&str]) -> String {
        self.cluster.run(&self.sandbox, program, args)
    }

    /// Waits until the job has ended, and says in which state.
    #[track_caller]
    pub fn wait_for_end(&self, id: &str, deadline: Duration) -> String {
        let ends = ["COMPLETED", "CANCELLED", "FAILED", "TIMEOUT", "NODE_FAIL", "PREEMPTED"];
        self.cluster.wait_for_state(&self.sandbox, id, &ends, deadline)
    }

    /// Waits until the job's entry and connection file are gone and nothing of it runs: what
    /// every orderly end must leave behind.
    #[track_caller]
    pub fn wait_for_clean_end(&self, job: &Job, deadline: Duration) -> String {
        let state = self.wait_for_end(&job.id, deadline);
        self.assert_nothing_left(&job.id);
        state
    }

    /// After the job's end: no entry, no connection file, no process.
    #[track_caller]
    pub fn assert_nothing_left(&self, id: &str) {
        assert_eq!(self.entry(id), None, "the entry is gone when the job is over");
        let file = self.connection_file(id);
        assert!(!file.exists(), "{} is gone when the job is over", file.display());
        self.wait_for_no_process(Duration::from_secs(5));
    }

    /// Waits until no process of any job of this test is left.
    #[track_caller]
    pub fn wait_for_no_process(&self, deadline: Duration) {
        // The sandbox names those that are left when it ends.
        wait_until("the end of the job's processes", deadline, || {
            self.processes().is_empty().then_some(())
        });
    }

    /// The processes that jobs of this test consist of: supervisors and llama-servers.
    pub fn processes(&self) -> Vec<Process> {
        let mut found = self.sandbox.processes();
        let service = self.registry.pid();
        found.retain(|process| {
            let program = process.program();
            let ours = program == "llama-server" || program == "llamactl";
            ours && process.pid != service
        });
        found
    }

    /// The one process of this program (`llamactl` is the supervisor).
    #[track_caller]
    pub fn process(&self, program: &str) -> Process {
        let mut found = self.processes();
        found.retain(|process| process.program() == program);
        assert_eq!(found.len(), 1, "{program}: {found:?}");
        found.remove(0)
    }

    /// Where the job's connection file belongs.
    pub fn connection_file(&self, id: &str) -> PathBuf {
        self.sandbox.work().join(file_name(id))
    }

    /// The titles of the push messages so far that have this word.
    #[track_caller]
    pub fn messages(&self, word: &str) -> Vec<Value> {
        let mut messages = self.ntfy.messages();
        messages.retain(|m| m["title"].as_str().is_some_and(|title| title.contains(word)));
        messages
    }

    /// Waits for so many push messages whose title has this word, and not one more.
    #[track_caller]
    pub fn wait_for_messages(&self, word: &str, count: usize) -> Vec<Value> {
        wait_until(&format!("{count} push messages `{word}`"), SLACK, || {
            let messages = self.messages(word);
            assert!(messages.len() <= count, "{messages:#?}");
            (messages.len() == count).then_some(messages)
        })
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let quietly = |program: &str, args: &[&str]| {
            let _ = self.cluster.command(&self.sandbox, program).args(args).output();
        };
        for job in &self.jobs {
            quietly("scancel", &[job]);
            if std::thread::panicking() {
                quietly("scancel", &["--signal=KILL", "--full", job]);
            }
        }
    }
}

/// A job that was ready.
pub struct Job {
    pub id: String,
    /// The registry's entry.
    pub server: Value,
    pub connection: Connection,
}

impl Job {
    /// `http://HOST:PORT` of the connection file.
    pub fn url(&self) -> String {
        format!("http://{}:{}", self.connection.host, self.connection.port)
    }

    /// Its key.
    pub fn key(&self) -> &str {
        self.connection.api_key.as_ref().expect("a shared server has a key").expose()
    }

    /// The server's id, new at each start.
    pub fn server_id(&self) -> &str {
        self.server["id"].as_str().expect("an id")
    }

    /// Asks the tiny model its question, and checks the answer.
    #[track_caller]
    pub fn assert_answers(&self) {
        let (status, body) = http::ask(&self.url(), Some(self.key())).expect("an answer");
        let said = body["choices"][0]["message"]["content"].as_str().unwrap_or_default();
        assert!(status == 200 && said.starts_with(TINY_ANSWER), "{status} {body}");
    }

    /// Begins a streamed answer and waits for its first events.
    #[track_caller]
    pub fn stream(&self, tokens: u32) -> Stream {
        let stream = Stream::start(&self.url(), self.key(), tokens);
        stream.wait_for_events(5);
        stream
    }
}
