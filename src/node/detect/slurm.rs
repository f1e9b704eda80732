//! What SLURM calls this machine.

use std::path::Path;
use std::time::Duration;

use crate::exec::Run;

/// How long SLURM's commands may take: the node registers without them.
const LIMIT: Duration = Duration::from_secs(5);

/// SLURM's name for this host: what slurmd sets in a job, else the name that sinfo has for a
/// node of this host name, else what slurmd would call it. Nothing where SLURM is not here, or
/// does not know the host.
pub async fn node_name(bin: Option<&Path>, hostname: &str) -> Option<String> {
    // slurmd sets it in every job step (sbatch(1), "OUTPUT ENVIRONMENT VARIABLES").
    let set = std::env::var("SLURMD_NODENAME").ok().filter(|name| !name.is_empty());
    if set.is_some() {
        return set;
    }
    // %N is SLURM's name of the node, %n the host name that it has (sinfo(1)).
    if let Some(list) = ask(bin, "sinfo", &["-h", "-N", "-o", "%N %n"]).await {
        return of_host(&list, hostname);
    }
    configured(&ask(bin, "slurmd", &["-C"]).await?)
}

async fn ask(bin: Option<&Path>, command: &str, args: &[&str]) -> Option<String> {
    let program = bin.map_or_else(|| Path::new(command).to_owned(), |bin| bin.join(command));
    let run = Run::new(program).args(args.iter().copied()).timeout(LIMIT);
    let run = run.env_remove("SINFO_FORMAT").env_remove("SINFO_PARTITION");
    run.output().await.ok().filter(|outcome| outcome.ok()).map(|outcome| outcome.stdout)
}

/// The node whose host name is this one's; nothing where several are (an emulated cluster).
fn of_host(list: &str, hostname: &str) -> Option<String> {
    let short = |name: &str| name.split('.').next().unwrap_or(name).to_owned();
    let pairs = list.lines().filter_map(|line| line.trim().split_once(' '));
    let mut names: Vec<&str> = pairs
        .filter(|(_, host)| *host == hostname || short(host) == short(hostname))
        .map(|(name, _)| name)
        .collect();
    // A node is listed once for each of its partitions.
    names.sort_unstable();
    names.dedup();
    match names[..] {
        [name] => Some(name.to_owned()),
        _ => None,
    }
}

/// `NodeName=n1 CPUs=8 …`, which `slurmd -C` prints.
fn configured(text: &str) -> Option<String> {
    let name = text.split_whitespace().find_map(|word| word.strip_prefix("NodeName="))?;
    Some(name.to_owned()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_node_of_this_host_is_found_whatever_slurm_calls_it() {
        let list = "gpu-a n1.lab.example\ngpu-a n1.lab.example\ngpu-b n2.lab.example\n";
        assert_eq!(of_host(list, "n1").as_deref(), Some("gpu-a"));
        assert_eq!(of_host(list, "n2.lab.example").as_deref(), Some("gpu-b"));
        assert_eq!(of_host(list, "login"), None);
        assert_eq!(of_host("a vm\nb vm\n", "vm"), None, "two nodes are emulated here");
    }

    #[test]
    fn slurmd_tells_the_name_in_its_configuration_line() {
        let text = "NodeName=vm CPUs=2 Boards=1 SocketsPerBoard=1 RealMemory=3932\nUpTime=0-01\n";
        assert_eq!(configured(text).as_deref(), Some("vm"));
        assert_eq!(configured("slurmd: error"), None);
    }
}
