//! A process of this node, as far as /proc tells.

use std::collections::HashSet;
use std::path::PathBuf;

/// One process, told apart from a later one with the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process {
    pid: u32,
    /// When it started, in clock ticks since the boot.
    started: u64,
}

impl Process {
    /// The process with this number; nothing when there is none. A zombie counts as none: its
    /// number stays until its parent looks, which pid 1 of a container may never do.
    pub fn find(pid: u32) -> Option<Process> {
        let stat = Stat::read(pid)?;
        (!matches!(stat.state, 'Z' | 'X')).then_some(Process { pid, started: stat.started })
    }

    /// Whether it still runs.
    pub fn alive(self) -> bool {
        Process::find(self.pid) == Some(self)
    }

    /// Whether `port` is listened on, on this node, by processes that have nothing to do with
    /// this one: neither itself nor what it started. Unsure counts as no.
    pub fn is_stranger_to(self, port: u16) -> bool {
        let listeners = listeners(port);
        let mut family = vec![self.pid];
        let all = parents();
        let mut next = 0;
        while let Some(&parent) = family.get(next) {
            family.extend(all.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
            next += 1;
        }
        let mut readable = false;
        for pid in family {
            let Ok(files) = std::fs::read_dir(format!("/proc/{pid}/fd")) else { continue };
            readable = true;
            let mut links = files.flatten().filter_map(|file| std::fs::read_link(file.path()).ok());
            if links.any(|link| listeners.contains(&link)) {
                return false;
            }
        }
        readable && !listeners.is_empty()
    }
}

/// What is used of /proc/PID/stat (proc_pid_stat(5)).
struct Stat {
    state: char,
    parent: u32,
    started: u64,
}

impl Stat {
    fn read(pid: u32) -> Option<Stat> {
        Stat::parse(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// The second field is the program's name in brackets, and may have anything inside.
    fn parse(text: &str) -> Option<Stat> {
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        Some(Stat {
            state: fields.first()?.chars().next()?,
            parent: fields.get(1)?.parse().ok()?,
            started: fields.get(19)?.parse().ok()?,
        })
    }
}

/// Every process with its parent.
fn parents() -> Vec<(u32, u32)> {
    let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid| Some((pid, Stat::read(pid)?.parent))).collect()
}

/// The sockets that listen on `port`, as links in /proc/PID/fd show them (proc_pid_net(5):
/// the second column is the address, the fourth the state, the tenth the inode).
fn listeners(port: u16) -> HashSet<PathBuf> {
    const LISTEN: &str = "0A";
    let address_end = format!(":{port:04X}");
    let mut sockets = HashSet::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        let text = std::fs::read_to_string(table).unwrap_or_default();
        for line in text.lines().skip(1) {
            let columns: Vec<&str> = line.split_whitespace().collect();
            if let [_, local, _, LISTEN, _, _, _, _, _, inode, ..] = columns[..]
                && local.ends_with(&address_end)
            {
                sockets.insert(PathBuf::from(format!("socket:[{inode}]")));
            }
        }
    }
    sockets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_alive_and_knows_its_own_port() {
        let me = Process::find(std::process::id()).unwrap();
        assert!(me.alive());
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        assert!(!me.is_stranger_to(listener.local_addr().unwrap().port()));
    }

    #[test]
    fn another_process_is_a_stranger_to_our_port() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        // The parent of the test is not below itself, and listens on nothing of ours.
        let mut other = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let process = Process::find(other.id()).unwrap();
        assert!(process.is_stranger_to(port));
        other.kill().unwrap();
        // Dead, but not yet waited for: a zombie.
        while process.alive() {
            std::thread::yield_now();
        }
        other.wait().unwrap();
        assert!(!process.alive());
    }

    #[test]
    fn a_program_name_with_brackets_and_spaces_does_not_confuse() {
        let tail = "S 7 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 4242 0";
        let stat = Stat::parse(&format!("12 (a) b (c)) {tail}")).unwrap();
        assert_eq!((stat.state, stat.parent, stat.started), ('S', 7, 4242));
    }
}
