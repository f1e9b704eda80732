//! Reads what SLURM's commands print. Pure; formats differ between versions, so everything
//! that is not understood is passed over.

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::gpu::GpuType;
use crate::domain::gpu::Gpus;
use crate::domain::job::{Job, JobState};

/// `squeue -o`: the fields of [`Job`], with a separator that no name has.
pub const JOB_FORMAT: &str = "%i\x1f%u\x1f%T\x1f%r\x1f%P\x1f%N\x1f%S\x1f%e\x1f%b\x1f%j\x1f%Z\x1f%k";

/// `squeue -o`: what [`sightings`] reads.
pub const SIGHTING_FORMAT: &str = "%i\x1f%V\x1f%j\x1f%k";

const SEPARATOR: char = '\x1f';

/// The jobs in the output of `squeue -o` [`JOB_FORMAT`]. `squeue` prints local times without
/// a zone, so `zone` is the system's.
pub fn jobs(text: &str, zone: &TimeZone) -> Vec<Job> {
    text.lines().filter_map(|line| job(line, zone)).collect()
}

fn job(line: &str, zone: &TimeZone) -> Option<Job> {
    let fields: Vec<&str> = line.split(SEPARATOR).collect();
    let [id, user, state, reason, partition, nodes, start, end, gres, name, dir, comment] =
        fields[..]
    else {
        return None;
    };
    Some(Job {
        id: id.trim().to_owned(),
        name: name.to_owned(),
        user: user.to_owned(),
        state: JobState::parse(state),
        raw_state: state.to_owned(),
        reason: said(reason),
        partition: said(partition),
        nodes: said(nodes),
        start: time(start, zone),
        end: time(end, zone),
        work_dir: said(dir).map(PathBuf::from),
        comment: said(comment),
        gres: said(gres),
        log: None,
    })
}

/// One job as seen when looking for a submission whose outcome is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// The job id.
    pub id: String,
    /// When it was submitted.
    pub submitted: Option<Timestamp>,
    /// `--job-name`.
    pub name: String,
    /// `--comment`.
    pub comment: Option<String>,
}

/// The jobs in the output of `squeue -o` [`SIGHTING_FORMAT`].
pub fn sightings(text: &str, zone: &TimeZone) -> Vec<Sighting> {
    let read = |line: &str| {
        let fields: Vec<&str> = line.split(SEPARATOR).collect();
        let [id, submitted, name, comment] = fields[..] else { return None };
        Some(Sighting {
            id: id.trim().to_owned(),
            submitted: time(submitted, zone),
            name: name.to_owned(),
            comment: said(comment),
        })
    };
    text.lines().filter_map(read).collect()
}

/// The job id, and the cluster where there are several, in the output of `sbatch --parsable`.
/// Wrappers of some sites print lines of their own around it.
pub fn parsable(text: &str) -> Option<(String, Option<String>)> {
    text.lines().rev().find_map(|line| {
        let line = line.trim();
        let (id, cluster) = line.split_once(';').map_or((line, None), |(id, c)| (id, Some(c)));
        let is_id = !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit());
        is_id.then(|| (id.to_owned(), cluster.map(str::to_owned)))
    })
}

/// What the cluster is set to, as far as llamactl needs it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Site {
    /// `ClusterName`
    pub cluster: Option<String>,
    /// `KillWait`: the time from SIGTERM to SIGKILL.
    pub kill_wait: Option<Duration>,
}

/// Reads `scontrol show config`.
pub fn site(text: &str) -> Site {
    let value = |wanted: &str| {
        text.lines().find_map(|line| {
            let (key, value) = line.split_once('=')?;
            (key.trim() == wanted).then(|| value.trim())
        })
    };
    let seconds = |text: &str| text.split_whitespace().next()?.parse().ok();
    Site {
        cluster: value("ClusterName").and_then(said),
        kill_wait: value("KillWait").and_then(seconds).map(Duration::from_secs),
    }
}

/// The log of the first job in the output of `scontrol show job`.
pub fn log_path(text: &str) -> Option<PathBuf> {
    let path = text.lines().find_map(|line| line.trim_start().strip_prefix("StdOut="))?;
    said(path).map(PathBuf::from)
}

/// The GPU types in the output of `sinfo -h -o '%G|%N|%t|%P'`.
pub fn gpu_types(text: &str) -> Vec<GpuType> {
    let mut types: Vec<GpuType> = Vec::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split('|').map(str::trim).collect();
        let [gres, nodes, state, partition] = fields[..] else { continue };
        let partition = partition.trim_end_matches('*');
        let gpus = Gpus::from_gres(gres);
        for one in gpus.iter().flat_map(Gpus::groups) {
            let known = types.iter_mut().find(|known| known.name == one.kind);
            let entry = match known {
                Some(entry) => entry,
                None => {
                    types.push(GpuType { name: one.kind.clone(), ..GpuType::default() });
                    types.last_mut().expect("just pushed")
                }
            };
            entry.per_node = entry.per_node.max(one.count);
            entry.up |= is_up(state);
            add(&mut entry.nodes, nodes);
            add(&mut entry.partitions, partition);
        }
    }
    types
}

fn add(list: &mut Vec<String>, text: &str) {
    if !list.iter().any(|known| known == text) {
        list.push(text.to_owned());
    }
}

/// Whether a node in this compact state (sinfo(1), "NODE STATE CODES") takes jobs, now or
/// later: powered-down nodes wake up, reserved and busy ones come free.
fn is_up(state: &str) -> bool {
    let word = state.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
    let unresponsive = state.contains('*');
    !unresponsive
        && !["down", "drain", "drng", "fail", "failg", "err", "error", "inval", "futr", "unk"]
            .contains(&word)
}

/// The longest walltime in the output of `sinfo -h -o '%P|%l'`: of `partition`, else of the
/// default one, which has a star. Nothing when it has no limit or was not found.
pub fn max_time(text: &str, partition: Option<&str>) -> Option<String> {
    let limit = text.lines().find_map(|line| {
        let (name, limit) = line.trim().split_once('|')?;
        match partition {
            Some(partition) => (name.trim_end_matches('*') == partition).then_some(limit),
            None => name.ends_with('*').then_some(limit),
        }
    })?;
    limit.starts_with(|c: char| c.is_ascii_digit()).then(|| limit.to_owned())
}

fn time(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let civil: DateTime = text.trim().parse().ok()?;
    Some(civil.to_zoned(zone.clone()).ok()?.timestamp())
}

/// The text, unless it is one of SLURM's ways to say nothing.
fn said(text: &str) -> Option<String> {
    let nothing = ["", "(null)", "N/A", "n/a", "None", "NONE", "Unknown"];
    let text = text.trim();
    (!nothing.contains(&text)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gpu_types_gather_nodes_and_know_which_are_up() {
        let types = gpu_types(
            "gpu:a100:4|a[1-2]|drain*|gpu*\ngpu:a100:8|a3|mix-|gpu*\n\
             gpu:a100:8|a3|mix-|long\ngpu:p40:2|p1|down*|old\n(null)|c1|idle|cpu\n",
        );
        assert_eq!(types.len(), 2);
        assert_eq!(types[0].name.as_deref(), Some("a100"));
        assert_eq!((types[0].per_node, types[0].up), (8, true));
        assert_eq!(types[0].nodes, ["a[1-2]", "a3"]);
        assert_eq!(types[0].partitions, ["gpu", "long"]);
        assert!(!types[1].up);
    }

    #[test]
    fn node_states_that_wake_up_are_up() {
        for up in ["idle", "mix", "alloc", "comp", "idle~", "idle#", "mix-", "resv", "maint"] {
            assert!(is_up(up), "{up}");
        }
        for down in ["down", "down*", "drain", "drain*", "drng", "idle*", "fail", "inval"] {
            assert!(!is_up(down), "{down}");
        }
    }

    #[test]
    fn parsable_output_is_found_between_the_lines_of_a_wrapper() {
        assert_eq!(parsable("4711\n"), Some(("4711".into(), None)));
        assert_eq!(parsable("4711;hpc\n"), Some(("4711".into(), Some("hpc".into()))));
        assert_eq!(parsable("Welcome!\n4711\n\n"), Some(("4711".into(), None)));
        assert_eq!(parsable("sbatch: queued\n"), None);
        assert_eq!(parsable(""), None);
    }

    #[test]
    fn the_longest_time_is_the_wanted_partitions_or_the_defaults() {
        let text = "main*|7-00:00:00\nlong|infinite\n";
        assert_eq!(max_time(text, None), Some("7-00:00:00".into()));
        assert_eq!(max_time(text, Some("main")), Some("7-00:00:00".into()));
        assert_eq!(max_time(text, Some("long")), None);
        assert_eq!(max_time(text, Some("other")), None);
    }
}
