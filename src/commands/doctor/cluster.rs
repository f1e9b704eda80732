//! SLURM: its commands, its controller, its GPUs.

use super::Check;
use crate::slurm::{Slurm, gpu};

/// The commands that llamactl calls.
const PROGRAMS: [&str; 5] = ["sbatch", "squeue", "sinfo", "scancel", "scontrol"];

/// Whether SLURM's commands are here.
pub fn programs(slurm: &Slurm) -> Check {
    const NAME: &str = "slurm";
    const MEND: &str = "on a login node, set paths.slurm_bin or LLAMACTL_SLURM_BIN to the folder \
                        of sbatch; without SLURM, `llamactl run` starts a server right here";
    let absent: Vec<&str> =
        PROGRAMS.into_iter().filter(|program| slurm.find(program).is_none()).collect();
    match (slurm.find("sbatch"), &absent[..]) {
        (Some(sbatch), []) => Check::ok(NAME, format!("sbatch is {}", sbatch.display())),
        _ => Check::missing(NAME, format!("{} not found", absent.join(", ")), MEND),
    }
}

/// Whether the cluster answers.
pub async fn controller(slurm: &Slurm) -> Check {
    const NAME: &str = "controller";
    const MEND: &str = "the cluster's controller is down or can't be reached; `scontrol ping` \
                        says more";
    let (version, site, queue) =
        tokio::join!(slurm.version("sbatch"), slurm.site(), slurm.jobs_mine());
    match (site, queue) {
        (Ok(site), Ok(jobs)) => {
            let version = version.unwrap_or_else(|error| error.to_string());
            let cluster = site.cluster.unwrap_or_else(|| "without a name".to_owned());
            let jobs = match jobs.len() {
                1 => "1 job of yours".to_owned(),
                count => format!("{count} jobs of yours"),
            };
            Check::ok(NAME, format!("{version}, cluster {cluster}, {jobs}"))
        }
        (Err(error), _) | (_, Err(error)) => Check::missing(NAME, error.to_string(), MEND),
    }
}

/// What the cluster offers.
pub async fn gpus(slurm: &Slurm) -> Check {
    const NAME: &str = "gpus";
    match slurm.gpu_types(None, None).await {
        Ok(types) if types.is_empty() => {
            Check::absent(NAME, "the cluster offers none", "submit with --gpus 0")
        }
        Ok(types) if types.iter().any(|gpu| gpu.up) => Check::ok(NAME, gpu::describe(&types)),
        Ok(types) => {
            Check::absent(NAME, gpu::describe(&types), "all are down: jobs will wait for them")
        }
        Err(error) => Check::missing(NAME, error.to_string(), "choose GPUs with --gpu-type TYPE"),
    }
}
