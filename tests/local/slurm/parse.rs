//! What SLURM 22.05 and 26.05 really print is understood.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use llamactl::domain::job::JobState;
use llamactl::slurm::parse;

fn fixture(version: &str, name: &str) -> String {
    let path = format!("tests/fixtures/slurm-{version}/{name}.txt");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

const VERSIONS: [&str; 2] = ["22.05", "26.05"];

#[test]
fn jobs_of_every_kind_are_read() {
    for version in VERSIONS {
        let id = fixture(version, "parsable").trim().to_owned();
        let jobs = parse::jobs(&fixture(version, "squeue_jobs"), &TimeZone::UTC);
        assert_eq!(jobs.len(), 6, "{version}");

        let running = jobs.iter().find(|job| job.id == id).unwrap();
        assert_eq!(running.name, "it is \"q\", #x | ü");
        assert_eq!(running.state, JobState::Running);
        assert_eq!(running.comment.as_deref(), Some("my words llamactl:abc"));
        assert_eq!(running.nodes.as_deref(), Some("n1"));
        assert_eq!(running.reason, None);
        assert!(running.gres.as_deref().unwrap().contains("gpu:h100:1"));
        let (start, end) = (running.start.unwrap(), running.end.unwrap());
        assert_eq!(end.duration_since(start).as_secs(), 3600);

        let failed = jobs.iter().find(|job| job.name == "fails").unwrap();
        assert_eq!(failed.state, JobState::Ended);
        assert_eq!(failed.reason.as_deref(), Some("NonZeroExitCode"));
        let cancelled = jobs.iter().find(|job| job.name == "cancelled").unwrap();
        assert_eq!(cancelled.state, JobState::Ended);

        let tasks: Vec<_> = jobs.iter().filter(|job| job.name == "array").collect();
        assert_eq!(tasks.len(), 3);
        assert!(tasks[1].id.ends_with("_2"), "{}", tasks[1].id);
        assert_eq!(tasks[1].state, JobState::Pending);
        assert_eq!(tasks[1].reason.as_deref(), Some("BeginTime"));
        assert_eq!((tasks[1].end, tasks[1].nodes.as_deref()), (None, None));
    }
}

#[test]
fn local_times_are_read_in_the_zone_that_is_passed() {
    let text = fixture("22.05", "squeue_jobs");
    let zone = TimeZone::fixed(jiff::tz::offset(2));
    let start = |zone: &TimeZone| {
        parse::jobs(&text, zone).into_iter().find(|job| job.name == "fails").unwrap().start
    };
    assert_eq!(start(&TimeZone::UTC), Some("2026-11-21T09:56:23Z".parse::<Timestamp>().unwrap()));
    assert_eq!(start(&zone), Some("2026-11-21T07:56:23Z".parse().unwrap()));
}

#[test]
fn submissions_are_seen_with_their_marks() {
    for version in VERSIONS {
        let seen = parse::sightings(&fixture(version, "squeue_sightings"), &TimeZone::UTC);
        let marked = seen.iter().find(|job| job.comment.is_some()).unwrap();
        assert_eq!(marked.comment.as_deref(), Some("my words llamactl:abc"));
        assert!(marked.submitted.is_some());
        assert_eq!(seen.len(), 6, "{version}");
    }
}

#[test]
fn the_log_is_found_also_with_spaces_in_its_path() {
    for version in VERSIONS {
        let id = fixture(version, "parsable").trim().to_owned();
        let log = parse::log_path(&fixture(version, "scontrol_show_job")).unwrap();
        assert_eq!(log, Path::new(&format!("/tmp/a b-{id}.log")));
    }
}

#[test]
fn the_cluster_and_its_kill_wait_are_read() {
    for version in VERSIONS {
        let site = parse::site(&fixture(version, "scontrol_show_config"));
        assert_eq!(site.cluster.as_deref(), Some("lab"));
        assert_eq!(site.kill_wait, Some(Duration::from_secs(30)));
    }
}

#[test]
fn gpu_types_are_read() {
    for version in VERSIONS {
        let types = parse::gpu_types(&fixture(version, "sinfo_gres"));
        assert_eq!(types.len(), 1);
        assert_eq!(types[0].name.as_deref(), Some("h100"));
        assert_eq!((types[0].per_node, types[0].up), (2, true));
        assert_eq!(types[0].nodes, ["n1", "n2"]);
        assert_eq!(types[0].partitions, ["main", "high"]);
    }
}

#[test]
fn garbage_is_passed_over() {
    for text in ["", "\n\n", "CLUSTER: x\n", "\u{1f}\u{1f}\n", "a|b\n", "StdOut=\n", "=\n"] {
        assert!(parse::jobs(text, &TimeZone::UTC).is_empty());
        assert!(parse::sightings(text, &TimeZone::UTC).is_empty());
        assert!(parse::gpu_types(text).is_empty());
        assert_eq!(parse::site(text), parse::Site::default());
        assert_eq!(parse::log_path(text), None);
        assert_eq!(parse::max_time(text, None), None);
    }
}
