//! The node agent: registers the machine, beats for it, looks after what it has, says goodbye.
//!
//! What to do after each answer is decided in `Course`, which is pure.

use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::sync::watch;
use tokio::time::Instant;

use super::detect::{Facts, Machine, gpu, host};
use super::keep::Keep;
use crate::api::nodes::{NodeBeat, NodeLease, NodeRegister, NodeReply};
use crate::chance;
use crate::client::pace::Pace;
use crate::client::{ClientError, RegistryClient};
use crate::domain::node::Measured;
use crate::domain::node::change::NodeChange;
use crate::shutdown::{Signals, Stop};

/// After so many failed beats in a row the node registers anew (contract 2).
const FAILED_BEATS: u32 = 5;
/// How long the goodbye may take. With it the agent ends within 2 s of TERM.
const GOODBYE: Duration = Duration::from_millis(1500);
/// How long the answer that is under way is waited for when the agent ends.
const LAST_ANSWER: Duration = Duration::from_millis(400);
/// How much longer to wait for the next look after a program hung: each such look may leave a
/// process behind that nobody can kill.
const HUNG_FACTOR: u32 = 20;

/// How an agent runs.
#[derive(Debug)]
pub struct Agent {
    /// The registry.
    pub client: RegistryClient,
    /// What a person said about the node. What is empty is found out.
    pub declared: NodeRegister,
    /// The machine.
    pub machine: Machine,
    /// Where its id and lease are kept.
    pub keep: Keep,
    /// How often to look what the machine has.
    pub detect_every: Duration,
}

/// What goes on while it runs.
#[derive(Debug)]
struct Running {
    agent: Agent,
    facts: watch::Receiver<Facts>,
    course: Course,
    /// The registration that the registry has.
    sent: Option<NodeRegister>,
    /// Most GPUs that were seen since the start.
    most_gpus: usize,
    draining: bool,
}

impl Agent {
    /// Registers the machine and beats once.
    ///
    /// # Errors
    /// What the registry, or the way to it, says.
    pub async fn once(self) -> Result<NodeReply, ClientError> {
        let facts = Facts::detect(self.client.url(), None).await;
        let mut running = Running::new(self, watch::channel(facts).1);
        let reply = running.register().await?;
        running.beat().await?;
        Ok(reply)
    }

    /// Runs until TERM or INT. USR1 and USR2 make it say that the node drains. The registry may
    /// go away and come back as it likes.
    ///
    /// # Errors
    /// When the registry refuses the very first registration: trying again would not help.
    pub async fn run(self, signals: &mut Signals) -> Result<(), ClientError> {
        let registry = self.client.url().to_owned();
        let facts = tokio::select! {
            () = terminated(signals) => return Ok(()),
            facts = Facts::detect(&registry, None) => facts,
        };
        let (sender, receiver) = watch::channel(facts);
        let every = self.detect_every;
        let mut running = Running::new(self, receiver);
        tokio::select! {
            // It ends with this future: there is no task to leave behind.
            () = look_again(&registry, every, sender) => Ok(()),
            result = running.until_stopped(signals) => result,
        }
    }
}

async fn terminated(signals: &mut Signals) {
    while signals.next().await != Stop::Terminate {}
}

/// Looks every now and then what the machine has.
async fn look_again(registry: &str, every: Duration, facts: watch::Sender<Facts>) {
    loop {
        let factor = if facts.borrow().gpu_hung { HUNG_FACTOR } else { 1 };
        tokio::time::sleep(every * factor).await;
        let before = facts.borrow().clone();
        let found = Facts::detect(registry, Some(&before)).await;
        if found.gpu_trouble != before.gpu_trouble
            && let Some(trouble) = &found.gpu_trouble
        {
            tracing::warn!(%trouble, "the GPUs can't be asked");
        }
        facts.send_replace(found);
    }
}

impl Running {
    fn new(agent: Agent, facts: watch::Receiver<Facts>) -> Running {
        let course = Course::default();
        Running { agent, facts, course, sent: None, most_gpus: 0, draining: false }
    }

    async fn until_stopped(&mut self, signals: &mut Signals) -> Result<(), ClientError> {
        let mut next = Instant::now();
        loop {
            let asked = tokio::select! {
                stop = signals.next() => Some(stop),
                () = tokio::time::sleep_until(next) => None,
                changed = self.changed() => {
                    if changed && self.course.registered {
                        self.course.step = Step::Register;
                        next = Instant::now();
                    }
                    continue;
                }
            };
            let asked = match asked {
                Some(stop) => Some(stop),
                None => {
                    let step = self.step();
                    tokio::pin!(step);
                    tokio::select! {
                        stop = signals.next() => {
                            // The answer to a registration has the lease with which to say
                            // goodbye.
                            let _ = tokio::time::timeout(LAST_ANSWER, step).await;
                            Some(stop)
                        }
                        wait = &mut step => {
                            next = Instant::now() + wait?;
                            None
                        }
                    }
                }
            };
            match asked {
                Some(Stop::Terminate) => break,
                Some(Stop::Drain) => {
                    tracing::info!("the node drains");
                    self.draining = true;
                    next = Instant::now();
                }
                None => {}
            }
        }
        self.goodbye().await;
        Ok(())
    }

    /// Waits for a look at the machine; whether it differs from what the registry knows.
    async fn changed(&mut self) -> bool {
        if self.facts.changed().await.is_err() {
            return std::future::pending().await;
        }
        self.sent.as_ref().is_some_and(|sent| *sent != self.registration())
    }

    /// Registers or beats, and decides how long to wait before the next.
    async fn step(&mut self) -> Result<Duration, ClientError> {
        let answer = match self.course.step {
            Step::Register => self.register().await.map(|reply| reply.beat_after_ms),
            Step::Beat => self.beat().await,
        };
        let verdict = self.course.after(&answer.as_ref().map(|ms| *ms), chance::fraction());
        if let Some(word) = verdict.word {
            tracing::info!("{word}");
        }
        match (verdict.fatal, answer) {
            (true, Err(error)) => Err(error),
            _ => Ok(verdict.wait),
        }
    }

    async fn register(&mut self) -> Result<NodeReply, ClientError> {
        let registration = self.registration();
        let secret = self.agent.keep.kept.secret.clone();
        let reply = self.agent.client.register_node(&registration, secret.as_ref()).await?;
        self.sent = Some(registration);
        let (node_id, kept) = (&reply.node.info.node_id, &mut self.agent.keep.kept);
        tracing::info!(%node_id, name = %reply.node.info.name, "registered");
        let generation = reply.lease.as_ref().map_or(0, |lease| lease.generation);
        let is_new = kept.node_id.as_ref() != Some(node_id) || kept.generation != generation;
        kept.node_id = Some(node_id.clone());
        kept.generation = generation;
        // What was sent before had no id, and is the same node now.
        if let Some(sent) = &mut self.sent {
            sent.node_id = Some(node_id.clone());
        }
        if is_new && let Err(error) = self.agent.keep.write() {
            tracing::warn!(%error, file = %self.agent.keep.path().display(), "the id is not kept");
        }
        Ok(reply)
    }

    async fn beat(&mut self) -> Result<u64, ClientError> {
        let metrics = self.metrics();
        let status = self.status().to_owned();
        let measured = Measured { metrics: Some(metrics), pools: None };
        let beat = NodeBeat { measured, ..self.word(&status) };
        let lease = self.lease();
        self.agent.client.beat_node(&beat, lease.as_ref()).await.map(|reply| reply.beat_after_ms)
    }

    async fn goodbye(&self) {
        if !self.course.registered {
            return;
        }
        let client = self.agent.client.clone().timeout(GOODBYE);
        let beat = self.word("offline");
        match client.beat_node(&beat, self.lease().as_ref()).await {
            Ok(_) => tracing::info!("said goodbye"),
            Err(error) => tracing::warn!(%error, "the goodbye did not arrive"),
        }
    }

    fn word(&self, status: &str) -> NodeBeat {
        NodeBeat {
            node_id: self.agent.keep.kept.node_id.clone().unwrap_or_default(),
            status: Some(status.to_owned()),
            ..NodeBeat::default()
        }
    }

    fn lease(&self) -> Option<NodeLease> {
        let kept = &self.agent.keep.kept;
        let secret = kept.secret.clone().filter(|_| kept.generation > 0)?;
        Some(NodeLease { generation: kept.generation, secret })
    }

    fn registration(&self) -> NodeRegister {
        let agent = &self.agent;
        let facts = self.facts.borrow();
        registration(&agent.declared, &agent.machine, &facts, agent.keep.kept.node_id.as_deref())
    }

    fn status(&mut self) -> &'static str {
        let facts = self.facts.borrow();
        self.most_gpus = self.most_gpus.max(facts.gpus.len());
        let missing = facts.gpus.len() < self.most_gpus;
        let troubled = self.most_gpus > 0 && facts.gpu_trouble.is_some();
        match (self.draining, missing || troubled) {
            (true, _) => "draining",
            (false, true) => "degraded",
            (false, false) => "online",
        }
    }

    fn metrics(&self) -> Map<String, Value> {
        let mut metrics = host::metrics();
        add_gpus(&mut metrics, &self.facts.borrow());
        metrics
    }
}

/// What a machine registers as: what a person declared, and what was found out for the rest.
pub fn registration(
    declared: &NodeRegister,
    machine: &Machine,
    facts: &Facts,
    node_id: Option<&str>,
) -> NodeRegister {
    let mut node = declared.clone();
    if node.hostname.is_empty() {
        node.hostname.clone_from(&machine.hostname);
    }
    node.node_id = node.node_id.or_else(|| node_id.map(str::to_owned));
    let told = node.told;
    let addresses = || Some(facts.addresses.clone()).filter(|found| !found.is_empty());
    node.told = NodeChange {
        ip: told.ip.or_else(|| facts.ip.map(|ip| ip.to_string())),
        addresses: told.addresses.or_else(addresses),
        machine_id: told.machine_id.or_else(|| machine.machine_id.clone()),
        slurm_node: told.slurm_node.or_else(|| machine.slurm_node.clone()),
        capabilities: told.capabilities.or_else(|| Some(facts.capabilities(machine).to_map())),
        ..told
    };
    node
}

fn add_gpus(metrics: &mut Map<String, Value>, facts: &Facts) {
    if !facts.gpus.is_empty() {
        metrics.insert("gpus".to_owned(), gpu::metrics(&facts.gpus).into());
    }
    let busy: Vec<f64> = facts.gpus.iter().filter_map(|gpu| gpu.use_percent).collect();
    if !busy.is_empty() {
        let mean = busy.iter().sum::<f64>() / busy.len() as f64;
        metrics.insert("gpu_use_percent".to_owned(), json!((mean * 10.0).round() / 10.0));
    }
    let used: Vec<u64> = facts.gpus.iter().filter_map(|gpu| gpu.used_mb).collect();
    if !used.is_empty() {
        metrics.insert("vram_used_mb".to_owned(), json!(used.iter().sum::<u64>()));
    }
    if let Some(trouble) = &facts.gpu_trouble {
        metrics.insert("gpu_trouble".to_owned(), json!(trouble));
    }
}

/// What comes next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Step {
    #[default]
    Register,
    Beat,
}

/// Where the agent stands. Pure.
#[derive(Debug, Default)]
struct Course {
    step: Step,
    /// Whether a registration ever succeeded.
    registered: bool,
    /// It counts the answers since the last good beat that were none, or a refusal.
    pace: Pace,
    /// Why the registry can't be used now, as it was logged.
    outage: Option<String>,
}

/// What follows from an answer.
#[derive(Debug, Default, PartialEq)]
struct Verdict {
    wait: Duration,
    /// A word for the log.
    word: Option<String>,
    /// Whether trying on makes no sense.
    fatal: bool,
}

impl Course {
    /// Decides what comes after the answer to the present step: the registry's interval in
    /// milliseconds, or an error. `chance` is from 0 to 1.
    fn after(&mut self, answer: &Result<u64, &ClientError>, chance: f64) -> Verdict {
        match answer {
            Ok(beat_after_ms) => self.good(*beat_after_ms),
            Err(error) => self.bad(error, chance),
        }
    }

    fn good(&mut self, beat_after_ms: u64) -> Verdict {
        let was = std::mem::replace(&mut self.step, Step::Beat);
        self.registered = true;
        if was == Step::Register {
            return Verdict::default();
        }
        let word = self.outage.take().map(|_| "the registry answers again".to_owned());
        let wait = self.pace.ok(Duration::from_millis(beat_after_ms));
        Verdict { wait, word, fatal: false }
    }

    fn bad(&mut self, error: &ClientError, chance: f64) -> Verdict {
        let wait = self.pace.failed(chance);
        let refused = !matches!(error, ClientError::Unreachable { .. });
        if refused && !self.registered {
            return Verdict { fatal: true, ..Verdict::default() };
        }
        let lost = matches!(error, ClientError::Unknown(_) | ClientError::Superseded(_));
        if self.step == Step::Beat && (lost || self.pace.failures() >= FAILED_BEATS) {
            self.step = Step::Register;
            if lost && self.pace.failures() == 1 {
                let word = Some(format!("registering anew: {error}"));
                return Verdict { word, ..Verdict::default() };
            }
        }
        let text = error.to_string();
        let word = match self.outage.is_none() {
            true => Some(format!("{text}; trying on")),
            false => None,
        };
        self.outage.get_or_insert(text);
        Verdict { wait, word, fatal: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn away() -> ClientError {
        ClientError::Unreachable { url: "http://r".to_owned(), reason: "refused".to_owned() }
    }

    fn running() -> Course {
        let mut course = Course::default();
        assert_eq!(course.after(&Ok(10_000), 0.5).wait, Duration::ZERO, "the first beat follows");
        assert_eq!(course.after(&Ok(10_000), 0.5).wait, Duration::from_secs(10));
        course
    }

    #[test]
    fn a_forgotten_node_registers_at_once_and_then_less_and_less_often() {
        let mut course = running();
        let verdict = course.after(&Err(&ClientError::Unknown("x".to_owned())), 0.5);
        assert_eq!((course.step, verdict.wait), (Step::Register, Duration::ZERO));
        course.after(&Ok(1000), 0.5);
        // A registry that forgets everything at once must not make a hot loop.
        let again = course.after(&Err(&ClientError::Unknown("x".to_owned())), 0.5);
        assert!(again.wait >= Duration::from_millis(400), "{again:?}");
    }

    #[test]
    fn five_failed_beats_lead_to_a_registration_and_one_word() {
        let mut course = running();
        let words: Vec<_> = (0..40)
            .filter_map(|failed| {
                let register = course.step == Step::Register;
                assert_eq!(register, failed >= 5, "{failed}");
                let verdict = course.after(&Err(&away()), 1.0);
                assert!(verdict.wait <= Duration::from_secs(36) && !verdict.fatal);
                verdict.word
            })
            .collect();
        assert_eq!(words.len(), 1, "{words:?}");
        assert_eq!(course.after(&Ok(1000), 0.5).word, None);
        let back = course.after(&Ok(1000), 0.5).word;
        assert_eq!(back.as_deref(), Some("the registry answers again"));
        assert!(course.after(&Err(&away()), 0.5).word.is_some(), "the next outage is told anew");
    }

    #[test]
    fn a_refusal_ends_it_only_at_the_start() {
        let refused = || ClientError::Refused { status: 401, error: "no".into(), hint: None };
        for error in
            [refused(), ClientError::Superseded("x".into()), ClientError::Unknown("x".into())]
        {
            assert!(Course::default().after(&Err(&error), 0.5).fatal);
        }
        assert!(!Course::default().after(&Err(&away()), 0.5).fatal);
        assert!(!running().after(&Err(&refused()), 0.5).fatal);
    }

    #[test]
    fn what_a_person_declares_is_stronger_than_what_is_found() {
        let declared = NodeRegister {
            role: "compute".to_owned(),
            told: NodeChange { ip: Some("10.9.9.9".to_owned()), ..NodeChange::default() },
            ..NodeRegister::default()
        };
        let machine = Machine { hostname: "n1".to_owned(), ..Machine::default() };
        let facts = Facts {
            ip: "10.0.0.1".parse().ok(),
            addresses: vec!["10.0.0.1".to_owned()],
            ..Facts::default()
        };
        let node = registration(&declared, &machine, &facts, Some("id-1"));
        assert_eq!((node.hostname.as_str(), node.told.ip.as_deref()), ("n1", Some("10.9.9.9")));
        assert_eq!(node.node_id.as_deref(), Some("id-1"));
        assert_eq!(node.told.addresses.unwrap(), ["10.0.0.1"]);
        assert_eq!(node.told.capabilities.unwrap()["gpu"], false);
    }
}
