//! Channels, notices and services for the tests of channels.

use std::time::Duration;

use jiff::Timestamp;
use llamactl::config::spec::NotifySpec;
use llamactl::notify::channel::{self, Channel};
use llamactl::notify::outbox::{self, Envelope};
use llamactl::notify::post::{self, Post};
use llamactl::notify::template::Templates;
use llamactl::notify::{self, Delivery, Fault, Kind, Notice};
use serde_json::json;
use tokio::time::Instant;

use super::sink::{Answer, Sink};

/// Of every message.
pub const KEY: &str = "0199f1c2-0000-7000-8000-000000000001";

pub fn channels() -> Vec<String> {
    let all = channel::names(&Templates::default());
    assert!(all.len() >= 14, "{all:?}");
    all
}

pub fn file(name: &str) -> Channel {
    Channel::find(&Templates::default(), name).unwrap()
}

pub fn wants_an_answer(name: &str) -> bool {
    file(name).accept.is_some()
}

pub fn example(name: &str) -> String {
    file(name).example
}

/// The channel's example, with the sink in place of the service.
pub fn at_sink(name: &str, sink: &Sink) -> String {
    let example = example(name);
    let (scheme, rest) = example.split_once("://").unwrap();
    let (place, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let login = place.rfind('@').map_or("", |at| &place[..=at]);
    format!("{scheme}+http://{login}127.0.0.1:{}{path}", sink.port)
}

pub fn how(target: &str) -> NotifySpec {
    NotifySpec { to: vec![target.to_owned()], ..NotifySpec::default() }
}

pub async fn send(name: &str, sink: &Sink, notices: &[Notice]) -> Result<(), Fault> {
    send_to(&at_sink(name, sink), notices).await
}

pub async fn send_to(target: &str, notices: &[Notice]) -> Result<(), Fault> {
    let end = Instant::now() + Duration::from_secs(20);
    let parcel = notify::prepare(&how(target), target, notices, KEY, end).await;
    let parcel = parcel.map_err(Fault::Permanent)?;
    parcel.send(llamactl::http::http().unwrap()).await
}

/// What a service that answers like this makes of a message; nothing when it was delivered.
pub async fn fails(name: &str, answer: Answer) -> Option<Fault> {
    let sink = Sink::start(vec![answer]);
    send(name, &sink, &[notice(Kind::Ready)]).await.err()
}

pub async fn deliver(target: &str, seconds: u64) -> Delivery {
    deliver_with(how(target), target, seconds).await
}

pub async fn deliver_with(how: NotifySpec, target: &str, seconds: u64) -> Delivery {
    let end = Instant::now() + Duration::from_secs(seconds);
    let letter =
        Envelope { id: KEY.to_owned(), ..Envelope::new(target, notice(Kind::Ready), None) };
    post::delivery(&outbox::carry_now(&letter, &Post::new(how, None), end).await)
}

/// What the service says when all is well.
pub fn good(name: &str) -> Answer {
    match name {
        "slack" | "mattermost" => Answer::Says(200, String::new(), "ok".into()),
        "teams" => Answer::status(202),
        "discord" | "webhook" => Answer::status(204),
        "telegram" => Answer::json(200, &json!({"ok": true, "result": {"message_id": 1}})),
        "rocketchat" => Answer::json(200, &json!({"success": true})),
        "pushover" => Answer::json(200, &json!({"status": 1, "request": "x"})),
        "twilio" => Answer::json(201, &json!({"sid": "SM1", "status": "queued"})),
        "pagerduty" => {
            Answer::json(202, &json!({"status": "success", "message": "Event processed"}))
        }
        "matrix" => Answer::json(200, &json!({"event_id": "$x"})),
        _ => Answer::json(200, &json!({"id": 1})),
    }
}

/// One notice of each kind, and three digests.
pub fn events() -> Vec<Vec<Notice>> {
    let many = |kind| (0..500).map(|n| task(kind, n)).collect::<Vec<_>>();
    let mut all: Vec<Vec<Notice>> = Kind::ALL.map(|kind| vec![notice(kind)]).into();
    let mixed = vec![task(Kind::Ready, 1), task(Kind::Failed, 2), task(Kind::Ended, 3)];
    all.extend([many(Kind::Failed), many(Kind::Ready)[..2].to_vec(), mixed]);
    all
}

pub fn told(notices: &[Notice]) -> String {
    match notices {
        [one] => one.kind.name().to_owned(),
        many if many.iter().all(|one| one.kind == many[0].kind) => {
            format!("{}-x{}", many[0].kind, many.len())
        }
        many => format!("mixed-x{}", many.len()),
    }
}

pub fn task(kind: Kind, n: usize) -> Notice {
    let job = format!("4711_{n}");
    Notice { name: format!("qwen3-{n}"), job, array: "4711".into(), ..notice(kind) }
}

pub fn notice(kind: Kind) -> Notice {
    let at = |text: &str| Some(text.parse::<Timestamp>().unwrap());
    let is_node = matches!(kind, Kind::Offline | Kind::Online);
    let only = |kinds: &[Kind], text: &str| {
        if kinds.contains(&kind) { text.to_owned() } else { String::new() }
    };
    Notice {
        kind,
        time: at("2026-11-21T10:00:00Z").unwrap(),
        name: if is_node { "gpu-05" } else { "qwen3-30b" }.into(),
        role: only(&[Kind::Offline, Kind::Online], "compute"),
        model: if is_node { String::new() } else { "qwen3-30b".into() },
        model_file: if is_node { String::new() } else { "Qwen3_30B-Q4_K_M.gguf".into() },
        job: if is_node { String::new() } else { "4711".into() },
        host: "gpu-05.cluster".into(),
        port: if is_node || kind == Kind::Pending { 0 } else { 52_677 },
        owner: "alice".into(),
        slurm_node: if is_node { String::new() } else { "n5".into() },
        partition: "gpu".into(),
        gpus: "2 x h100".into(),
        started: at("2026-11-21T09:00:00Z"),
        ends: at("2026-11-21T10:15:00Z"),
        registry: "http://login1:5000".into(),
        ssh_via: "login.example.org".into(),
        needs_key: true,
        connection_file: "/home/alice/my models/llama_server_connection_4711.txt".into(),
        log_file: "/home/alice/slurm-4711.out".into(),
        reason: match kind {
            Kind::Failed => "llama-server ended with code 1: out of memory".into(),
            Kind::Pending => "Resources".into(),
            Kind::Unhealthy => "no answer within 5 s".into(),
            _ => String::new(),
        },
        log_tail: match kind {
            Kind::Failed => {
                vec!["ggml_cuda_init: found <2> devices".into(), "\"out of memory\"".into()]
            }
            _ => Vec::new(),
        },
        waited: (kind == Kind::Pending).then_some(1_860),
        estimated_start: if kind == Kind::Pending { at("2026-11-21T12:00:00Z") } else { None },
        ran_for: (kind == Kind::Ended).then_some(3_600),
        silent_for: matches!(kind, Kind::Lost | Kind::Offline).then_some(95),
        requests: (kind == Kind::Ended).then_some(1_204),
        tokens_in: (kind == Kind::Ended).then_some(2_345_678),
        tokens_out: (kind == Kind::Ended).then_some(345_678),
        subject: only(
            &[Kind::Job],
            "Slurm Job_id=4711 Name=train Ended, Run time 01:00:00, COMPLETED, ExitCode 0",
        ),
        state: only(&[Kind::Job], "COMPLETED"),
        ..Notice::default()
    }
}

/// Puts `evil` wherever somebody else's words may stand.
pub fn spoil(notice: &mut Notice, evil: &str, lines: usize) {
    for field in [
        &mut notice.name,
        &mut notice.model,
        &mut notice.model_file,
        &mut notice.job,
        &mut notice.host,
        &mut notice.owner,
        &mut notice.slurm_node,
        &mut notice.partition,
        &mut notice.gpus,
        &mut notice.ssh_via,
        &mut notice.connection_file,
        &mut notice.log_file,
        &mut notice.reason,
        &mut notice.role,
        &mut notice.subject,
        &mut notice.state,
    ] {
        evil.clone_into(field);
    }
    notice.log_tail = vec![evil.to_owned(); lines];
    notice.labels = [(evil.to_owned(), evil.to_owned())].into();
}
