//! What a machine is and has. Whatever can't be found out is left out: a node without GPUs,
//! without SLURM, or with a broken driver is still a node.

pub mod gpu;
pub mod host;
pub mod nvidia;
mod program;
pub mod rocm;
pub mod slurm;

use std::net::IpAddr;
use std::path::PathBuf;

use program::{Found, Reading};

use crate::domain::node::{Gpu, NodeCapabilities};

/// What does not change while a machine runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Machine {
    /// Host name.
    pub hostname: String,
    /// An id of the machine, made from `/etc/machine-id`.
    pub machine_id: Option<String>,
    /// SLURM's name for it.
    pub slurm_node: Option<String>,
    /// Operating system, as `Debian GNU/Linux 12`.
    pub os: Option<String>,
}

impl Machine {
    /// Finds it out. SLURM's commands are those in `slurm_bin`, or on PATH.
    pub async fn detect(slurm_bin: Option<PathBuf>) -> Machine {
        let hostname = host::hostname();
        Machine {
            machine_id: host::machine_id(),
            slurm_node: slurm::node_name(slurm_bin.as_deref(), &hostname).await,
            os: host::os(),
            hostname,
        }
    }
}

/// What a machine has at one moment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// All its addresses that others could reach, in order.
    pub addresses: Vec<String>,
    /// The address by which it reaches the registry, or else the first that others could reach.
    pub ip: Option<IpAddr>,
    /// Logical CPUs.
    pub cpus: Option<u32>,
    /// Main memory in MiB.
    pub memory_mb: Option<u64>,
    /// Size of its local disks in MiB.
    pub disk_mb: Option<u64>,
    /// CUDA's version.
    pub cuda_version: Option<String>,
    /// Its GPUs, with what they do.
    pub gpus: Vec<Reading>,
    /// Why the GPUs are not known, where a program that should tell does not.
    pub gpu_trouble: Option<String>,
    /// Whether that program hung, so that asking soon again would leave another one hanging.
    pub gpu_hung: bool,
}

impl Facts {
    /// Finds them out, for a node of the registry at `registry`. What was known `before` stays
    /// where a program that should tell fails: a failed question is not an answer.
    pub async fn detect(registry: &str, before: Option<&Facts>) -> Facts {
        let (found, ip) = tokio::join!(gpu::look(), host::address_towards(registry));
        let addresses = host::addresses();
        let ip = ip.or_else(|| addresses.first().and_then(|first| first.parse().ok()));
        let known = before.and_then(|before| before.cuda_version.clone());
        let gpus = known_gpus(before, &found);
        let cuda_version = match (gpus.is_empty(), known) {
            (true, _) => None,
            (false, Some(known)) => Some(known),
            // Not once more, where it hangs.
            (false, None) if found.hung => None,
            (false, None) => nvidia::cuda_version().await,
        };
        Facts {
            addresses,
            ip,
            cpus: host::cpus(),
            memory_mb: host::memory_mb(),
            disk_mb: host::disk_mb(),
            cuda_version,
            gpus,
            gpu_trouble: found.trouble,
            gpu_hung: found.hung,
        }
    }

    /// The capabilities that a node registers with.
    pub fn capabilities(&self, machine: &Machine) -> NodeCapabilities {
        let gpus: Vec<Gpu> = self.gpus.iter().map(|reading| reading.gpu.clone()).collect();
        let total: u64 = gpus.iter().filter_map(|gpu| gpu.vram_mb).sum();
        let known = total > 0;
        NodeCapabilities {
            gpu: Some(!gpus.is_empty()),
            gpu_count: u32::try_from(gpus.len()).ok(),
            gpu_type: gpu::types(&gpus),
            // One decimal: nobody buys a GPU of 23.988 GB.
            gpu_memory: known.then(|| (total as f64 / 1024.0 * 10.0).round() / 10.0),
            total_vram_mb: known.then_some(total),
            cuda_version: self.cuda_version.clone(),
            gpus,
            cpus: self.cpus,
            memory_mb: self.memory_mb,
            disk_mb: self.disk_mb,
            os: machine.os.clone(),
            other: serde_json::Map::new(),
        }
    }
}

/// The GPUs that `found` shows. Where nobody could tell, those from before, idle or not.
fn known_gpus(before: Option<&Facts>, found: &Found) -> Vec<Reading> {
    let unknown = found.hung || (found.trouble.is_some() && found.readings.is_empty());
    match before {
        Some(before) if unknown => {
            let unmeasured = |reading: &Reading| Reading {
                gpu: reading.gpu.clone(),
                used_mb: None,
                use_percent: None,
            };
            before.gpus.iter().map(unmeasured).collect()
        }
        _ => found.readings.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_those_of_all_contracts() {
        let gpu = |index| Reading {
            gpu: Gpu { index, name: "NVIDIA GeForce RTX 4090".to_owned(), vram_mb: Some(24_564) },
            ..Reading::default()
        };
        let facts = Facts { gpus: vec![gpu(0), gpu(1)], cpus: Some(8), ..Facts::default() };
        let found = facts.capabilities(&Machine::default());
        assert_eq!((found.gpu, found.gpu_count, found.cpus), (Some(true), Some(2), Some(8)));
        assert_eq!(found.gpu_type.as_deref(), Some("RTX 4090"));
        assert_eq!((found.gpu_memory, found.total_vram_mb), (Some(48.0), Some(49_128)));
        let none = Facts::default().capabilities(&Machine::default());
        assert_eq!((none.gpu, none.gpu_count, none.gpu_memory), (Some(false), Some(0), None));
    }

    #[test]
    fn gpus_that_nobody_can_tell_of_stay_and_those_that_are_gone_go() {
        let reading = Reading { use_percent: Some(50.0), ..Reading::default() };
        let before = Facts { gpus: vec![reading.clone(), reading.clone()], ..Facts::default() };
        let hung = Found { hung: true, trouble: Some("x".to_owned()), ..Found::default() };
        let kept = known_gpus(Some(&before), &hung);
        assert_eq!((kept.len(), kept[0].use_percent), (2, None));
        let lost = Found {
            readings: vec![reading],
            trouble: Some("GPU 1 is lost".to_owned()),
            hung: false,
        };
        assert_eq!(known_gpus(Some(&before), &lost).len(), 1);
        assert_eq!(known_gpus(Some(&before), &Found::default()).len(), 0);
        assert_eq!(known_gpus(None, &hung).len(), 0);
    }
}
