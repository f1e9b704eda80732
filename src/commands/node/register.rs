//! `llamactl node register`

use super::{client, declared, refused};
use crate::api::nodes::NodeRegister;
use crate::cli::NodeRegisterArgs;
use crate::commands::Context;
use crate::config::{resolve, units};
use crate::domain::node::NodeCapabilities;
use crate::domain::node::change::NodeChange;
use crate::exit::{Exit, Failure};
use crate::node::agent::registration;
use crate::node::detect::{Facts, Machine};

/// Bytes in a MiB.
const MIB: u64 = 1024 * 1024;

/// Runs the command.
///
/// # Errors
/// What is wrong with the flags, or what the registry says.
pub async fn run(context: &Context, args: NodeRegisterArgs) -> anyhow::Result<Exit> {
    let settings = resolve::settings(context.global.registry.as_deref())?;
    let declared = declared(&args.node, &settings.node)?;
    let capabilities = capabilities(&args)?.to_map();
    let node = NodeRegister {
        hostname: args.hostname.clone().unwrap_or_default(),
        node_id: args.node_id.clone(),
        told: NodeChange {
            machine_id: args.machine_id.clone(),
            slurm_node: args.slurm_node.clone(),
            capabilities: Some(capabilities).filter(|told| !told.is_empty()),
            ..declared.told
        },
        ..declared
    };
    let client = client(context)?;
    let node = match args.hostname {
        // It is about another machine: this one's addresses and GPUs are not those.
        Some(_) => node,
        None => {
            let slurm_bin = settings.paths.slurm_bin.clone();
            let (machine, facts) =
                tokio::join!(Machine::detect(slurm_bin), Facts::detect(client.url(), None));
            registration(&node, &machine, &facts, None)
        }
    };
    let reply = client.register_node(&node, None).await.map_err(refused)?;
    if !context.printer.json(&reply.node)? {
        context.printer.line(&reply.node.info.node_id)?;
        context.printer.note(format!(
            "registered; keep it alive with `llamactl node heartbeat {}`",
            reply.node.info.node_id
        ));
    }
    Ok(Exit::OK)
}

fn capabilities(args: &NodeRegisterArgs) -> Result<NodeCapabilities, Failure> {
    let size = |flag: &str, text: &Option<String>| {
        let bytes = text.as_deref().map(units::memory).transpose();
        let wrong = |why| Failure::usage(format!("{flag}: {why}"));
        bytes.map(|bytes| bytes.map(|bytes| bytes / MIB)).map_err(wrong)
    };
    let vram = size("--vram", &args.vram)?;
    Ok(NodeCapabilities {
        gpu: args.gpus.map(|count| count > 0),
        gpu_count: args.gpus,
        gpu_type: args.gpu_type.clone(),
        gpu_memory: vram.map(|mib| mib as f64 / 1024.0),
        total_vram_mb: vram,
        cuda_version: args.cuda_version.clone(),
        cpus: args.cpus,
        memory_mb: size("--memory", &args.memory)?,
        disk_mb: size("--disk", &args.disk)?,
        os: args.os.clone(),
        ..NodeCapabilities::default()
    })
}
