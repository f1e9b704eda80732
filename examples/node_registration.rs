//! Registers a node from a program of one's own (contract 3), beats until Ctrl-C or TERM, and
//! takes the node out again.
//!
//! ```text
//! llamactl registry serve &
//! cargo run --example node_registration -- http://127.0.0.1:5000 gpu-node-1
//! ```
//!
//! Where the registry asks for a token, `LLAMACTL_TOKEN` has it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use llamactl::node::{
    NodeCapabilities, NodeRegistration, NodeRegistrationConfig, PoolStatus, RegistrationError,
};
use llamactl::shutdown::Signals;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let registry = args.next().unwrap_or_else(|| "http://127.0.0.1:5000".to_owned());
    let node_id = args.next().unwrap_or_else(|| "gpu-node-1".to_owned());
    let mut signals = Signals::catch()?;
    let stopped = async {
        signals.next().await;
    };
    run(&registry, &node_id, stopped).await?;
    Ok(())
}

/// Keeps the node registered until `stopped`.
///
/// # Errors
/// What the registry, or the way to it, says at the beginning or at the end. What happens
/// between is the heartbeat's business.
pub async fn run(
    registry: &str,
    node_id: &str,
    stopped: impl Future<Output = ()>,
) -> Result<(), RegistrationError> {
    let registration = NodeRegistration::new(NodeRegistrationConfig {
        node_id: node_id.to_owned(),
        machine_id: "machine-alpha".to_owned(),
        address: "http://192.168.1.100:9200".to_owned(),
        orchestratord_url: registry.to_owned(),
        pools: vec!["pool-0".to_owned()],
        capabilities: NodeCapabilities {
            gpu_count: 2,
            total_vram_mb: 48_000,
            cuda_version: "12.1".to_owned(),
        },
        heartbeat_interval_secs: 10,
        api_token: std::env::var("LLAMACTL_TOKEN").ok(),
    });
    registration.register().await?;
    println!("registered {node_id} at {registry}");

    // A real program changes this as its pools fill and empty.
    let free = Arc::new(AtomicU32::new(4));
    let pools = {
        let free = Arc::clone(&free);
        move || {
            let slots_free = free.load(Ordering::Relaxed);
            vec![PoolStatus { pool_id: "pool-0".to_owned(), ready: true, slots_free }]
        }
    };
    let _beats = registration.spawn_heartbeat(pools);

    stopped.await;
    registration.deregister().await?;
    println!("deregistered {node_id}");
    Ok(())
}
