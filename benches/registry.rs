//! How fast the registry is: `cargo bench --bench registry`.
//!
//! A real registry with its database on this disk, and clients in this process, so that the
//! clients' own work is in the numbers. Prints one line for each.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use llamactl::api::{LeaseGrant, RegisterRequest};
use llamactl::client::RegistryClient;
use serde_json::{Value, json};
use uuid::Uuid;

const SERVERS: usize = 1000;
const CONNECTIONS: usize = 16;
const SPAN: Duration = Duration::from_secs(3);

struct Registry(Child);

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::main]
async fn main() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let dir = tempfile::Builder::new().prefix("bench").tempdir_in(".").expect("a folder");
    let (_registry, url) = start(dir.path());
    let client = RegistryClient::new(&url);

    let mut leases = Vec::new();
    for n in 0..SERVERS {
        leases.push(client.register(&request(n)).await.expect("a lease"));
    }
    let mut times = Vec::new();
    for _ in 0..50 {
        let start = Instant::now();
        let servers = client.servers(&Default::default()).await.expect("a list");
        times.push(start.elapsed());
        assert_eq!(servers.len(), SERVERS);
    }
    times.sort();
    let milliseconds = times[times.len() / 2].as_secs_f64() * 1000.0;
    println!("list of {SERVERS} servers: {milliseconds:.1} ms (median of {})", times.len());

    let leases = Arc::new(leases);
    let beating = client.clone();
    let rate = measure(move |n| {
        let (client, leases) = (beating.clone(), Arc::clone(&leases));
        async move { beat(&client, &leases[n % SERVERS]).await }
    })
    .await;
    println!("heartbeats: {rate:.0} a second over {CONNECTIONS} connections");

    let rate = measure(move |n| {
        let client = client.clone();
        async move {
            client.register(&request(SERVERS + n)).await.expect("a lease");
        }
    })
    .await;
    println!("durable registrations: {rate:.0} a second over {CONNECTIONS} connections");
}

/// Calls `work` with growing numbers from all connections at once; calls a second.
async fn measure<F: Future<Output = ()> + Send + 'static>(
    work: impl Fn(usize) -> F + Clone + Send + 'static,
) -> f64 {
    let count = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    let tasks: Vec<_> = (0..CONNECTIONS)
        .map(|_| {
            let (work, count) = (work.clone(), Arc::clone(&count));
            tokio::spawn(async move {
                while start.elapsed() < SPAN {
                    work(count.fetch_add(1, Ordering::Relaxed)).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic");
    }
    count.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64()
}

async fn beat(client: &RegistryClient, lease: &LeaseGrant) {
    client.heartbeat(lease, &Default::default()).await.expect("a renewal");
}

fn request(n: usize) -> RegisterRequest {
    serde_json::from_value(json!({
        "id": Uuid::now_v7(), "cluster": "bench", "job_id": n.to_string(), "restart_count": 0,
        "name": format!("qwen3-30b-{n}"), "model": {"name": "qwen3-30b", "file": "qwen3.gguf"},
        "owner": "ann", "host": format!("gpu-{n}"), "port": 8080, "slurm_node": format!("gpu-{n}"),
        "started": "2026-01-01T00:00:00Z", "state": "ready", "models": ["qwen3-30b"],
        "slots": {"total": 4, "busy": 1}, "labels": {"team": "nlp"},
    }))
    .expect("a registration")
}

fn start(dir: &std::path::Path) -> (Registry, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_llamactl"))
        .args(["registry", "serve", "--json", "--port", "0", "--database"])
        .arg(format!("sqlite:{}", dir.join("registry.db").display()))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let mut out = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut text = String::new();
    while !text.contains('}') && out.read_line(&mut text).expect("a text") > 0 {}
    let value: Value = serde_json::from_str(&text).expect("the registry prints its URL");
    (Registry(child), value["url"].as_str().expect("a URL").to_owned())
}
