//! The host itself: names, addresses, CPUs, memory, disks, load.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use serde_json::{Map, Value, json};
use sysinfo::{CpuRefreshKind, MemoryRefreshKind, Networks, System};

use crate::domain::node::MAX_LIST;
use crate::secret::Secret;

/// Bytes in a MiB.
const MIB: u64 = 1024 * 1024;
/// How long the registry's name may take to be looked up.
const LOOKUP_LIMIT: Duration = Duration::from_secs(3);

/// This host's name; `localhost` where it has none.
pub fn hostname() -> String {
    let name = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok());
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| "localhost".to_owned())
}

/// An id of this machine that stays the same over restarts. machine-id(5) asks not to show the
/// id itself, so this is derived from it, as `sd_id128_get_machine_app_specific` does.
pub fn machine_id() -> Option<String> {
    let read = |path| std::fs::read_to_string(path).ok();
    let id = read("/etc/machine-id").or_else(|| read("/var/lib/dbus/machine-id"))?;
    let id = id.trim();
    // "uninitialized" stands there while an image boots for the first time.
    let good = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    good.then(|| Secret::new(id).prove("llamactl node")[..32].to_owned())
}

/// The operating system, as `Debian GNU/Linux 12`.
pub fn os() -> Option<String> {
    let words: Vec<String> = [System::name(), System::os_version()].into_iter().flatten().collect();
    let text: String = words.join(" ").chars().filter(|c| !c.is_control()).take(100).collect();
    (!text.is_empty()).then_some(text)
}

/// All addresses that others could reach: neither loopback nor link-local. IPv4 first.
pub fn addresses() -> Vec<String> {
    let networks = Networks::new_with_refreshed_list();
    let all = networks.values().flat_map(|network| network.ip_networks());
    in_order(all.map(|network| network.addr).collect())
}

fn in_order(mut all: Vec<IpAddr>) -> Vec<String> {
    all.retain(|address| is_reachable(*address));
    all.sort_by_key(|address| (address.is_ipv6(), *address));
    all.dedup();
    all.truncate(MAX_LIST);
    all.iter().map(IpAddr::to_string).collect()
}

fn is_reachable(address: IpAddr) -> bool {
    let link_local = match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    !(address.is_loopback() || address.is_unspecified() || address.is_multicast() || link_local)
}

/// The address from which this host reaches the registry; nothing where the registry is on the
/// host itself, or can't be found. Nothing is sent: connecting a UDP socket only chooses a way.
pub async fn address_towards(registry: &str) -> Option<IpAddr> {
    let url = reqwest::Url::parse(registry).ok()?;
    let port = url.port_or_known_default()?;
    let host = url.host_str()?.trim_matches(['[', ']']).to_owned();
    let lookup = tokio::net::lookup_host((host, port));
    let mut found = tokio::time::timeout(LOOKUP_LIMIT, lookup).await.ok()?.ok()?;
    let towards = |target: SocketAddr| {
        let any = if target.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let socket = std::net::UdpSocket::bind(any).ok()?;
        socket.connect(target).ok()?;
        Some(socket.local_addr().ok()?.ip()).filter(|address| is_reachable(*address))
    };
    found.find_map(towards)
}

/// Logical CPUs.
pub fn cpus() -> Option<u32> {
    let mut system = System::new();
    system.refresh_cpu_list(CpuRefreshKind::nothing());
    u32::try_from(system.cpus().len()).ok().filter(|count| *count > 0)
}

/// Main memory in MiB.
pub fn memory_mb() -> Option<u64> {
    let total = memory().total_memory() / MIB;
    (total > 0).then_some(total)
}

fn memory() -> System {
    let mut system = System::new();
    system.refresh_memory_specifics(MemoryRefreshKind::nothing().with_ram());
    system
}

/// Size of the local disks in MiB. sysinfo would ask every mounted file system for its size,
/// and wait without end for a network file system whose server is away: here only block devices
/// are asked.
pub fn disk_mb() -> Option<u64> {
    let mounts = std::fs::read_to_string("/proc/mounts").ok()?;
    let size = |path: &str| {
        let stat = nix::sys::statvfs::statvfs(path).ok()?;
        // The types differ between platforms.
        #[allow(clippy::unnecessary_cast)]
        Some(stat.blocks() as u64 * stat.fragment_size() as u64)
    };
    let total: u64 = disks(&mounts).iter().filter_map(|path| size(path)).sum();
    (total > 0).then_some(total / MIB)
}

/// Where each local disk is mounted, from proc_mounts(5): device, mount point, type. A device
/// that is mounted in several places counts once.
fn disks(mounts: &str) -> Vec<String> {
    const NETWORK: [&str; 6] = ["nfs", "nfs4", "lustre", "gpfs", "cifs", "beegfs"];
    let mut seen = HashSet::new();
    let mut paths = Vec::new();
    for line in mounts.lines() {
        let mut words = line.split(' ');
        let (Some(device), Some(path), Some(kind)) = (words.next(), words.next(), words.next())
        else {
            continue;
        };
        // GPFS mounts have a device below /dev too.
        let block = device.starts_with("/dev/") && !device.starts_with("/dev/loop");
        if (block || kind == "zfs") && !NETWORK.contains(&kind) && seen.insert(device) {
            paths.push(unescaped(path));
        }
    }
    paths
}

/// A space in a path is written `\040` (getmntent(3)), and so on.
fn unescaped(path: &str) -> String {
    path.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
}

/// How busy the host is, for a heartbeat.
pub fn metrics() -> Map<String, Value> {
    let load = System::load_average();
    let memory = memory();
    let rounded = |value: f64| (value * 100.0).round() / 100.0;
    let value = json!({
        "load1": rounded(load.one),
        "load5": rounded(load.five),
        "load15": rounded(load.fifteen),
        "memory_total_mb": memory.total_memory() / MIB,
        "memory_used_mb": memory.used_memory() / MIB,
        "uptime_seconds": System::uptime(),
        "agent_version": env!("CARGO_PKG_VERSION"),
    });
    value.as_object().cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_host_is_known() {
        assert!(cpus().unwrap() >= 1);
        assert!(memory_mb().unwrap() > 100);
        assert!(os().unwrap().len() > 3);
        assert!(metrics()["load1"].as_f64().unwrap() >= 0.0);
        let id = machine_id();
        assert!(
            id.is_none_or(|id| !std::fs::read_to_string("/etc/machine-id").unwrap().contains(&id))
        );
    }

    #[test]
    fn addresses_that_nobody_else_could_reach_are_left_out() {
        let all =
            ["127.0.0.1", "::1", "fe80::1", "169.254.3.4", "2001:db8::1", "10.0.0.4", "10.0.0.4"];
        let all = all.map(|text| text.parse().unwrap()).to_vec();
        assert_eq!(in_order(all), ["10.0.0.4", "2001:db8::1"]);
    }

    #[test]
    fn local_disks_count_once_and_others_not() {
        let mounts = "proc /proc proc rw 0 0\n/dev/vda1 / ext4 rw 0 0\n/dev/vda1 /srv ext4 rw 0 0\n\
            /dev/nvme0n1 /scra\\040tch xfs rw 0 0\n/dev/loop3 /snap/x squashfs ro 0 0\n\
            nas:/home /home nfs4 rw 0 0\n/dev/fs1 /gpfs gpfs rw 0 0\ntank/data /data zfs rw 0 0\n";
        assert_eq!(disks(mounts), ["/", "/scra tch", "/data"]);
    }

    #[tokio::test]
    async fn a_registry_on_this_host_tells_no_address() {
        assert_eq!(address_towards("http://127.0.0.1:5000").await, None);
        assert_eq!(address_towards("no url").await, None);
    }
}
