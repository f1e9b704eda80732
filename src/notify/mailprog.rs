//! What slurmctld gives the program that its mail goes through (`MailProg`): one line about a
//! job, and the job in the environment. Read, for versions 16.05 to 26.05, from what the real
//! ones call: `tests/fixtures/slurm-*/mail.json`.

use jiff::Timestamp;

use super::message::one_line;
use crate::config::units;
use crate::domain::notice::{Kind, Notice};

/// What SLURM calls what happened, and what that is in words; nothing where the line says it all.
const EVENTS: &[(&str, &str)] = &[
    ("Began", ""),
    ("Ended", ""),
    ("Failed", ""),
    ("Requeued", "it was put back into the queue"),
    ("StageOut/Teardown", "its files are moved out, and it is cleaned up"),
    ("Invalid dependency", "what it depends on can't be fulfilled any more"),
    ("Reached time limit", "its time limit is reached"),
    ("Reached 90% of time limit", "90% of its time limit are over"),
    ("Reached 80% of time limit", "80% of its time limit are over"),
    ("Reached 50% of time limit", "50% of its time limit are over"),
];

/// Why a job ended, in words; nothing where it ended well or nobody knows.
const STATES: &[(&str, &str)] = &[
    ("TIMEOUT", "its time limit was reached"),
    ("OUT_OF_MEMORY", "it ran out of memory"),
    ("NODE_FAIL", "a node failed"),
    ("BOOT_FAIL", "a node did not start"),
    ("CANCELLED", "it was cancelled"),
    ("PREEMPTED", "another job took its place"),
    ("DEADLINE", "its deadline was reached"),
    ("LAUNCH_FAILED", "it could not be started"),
    ("Mixed", "its tasks ended in different ways"),
];

/// Longest line that is read, in characters.
const MAX_SUBJECT: usize = 64 * 1024;

/// SLURM's line, taken apart.
#[derive(Debug, Default, PartialEq)]
struct Line<'a> {
    /// As SLURM's commands take it.
    job: &'a str,
    /// The array of which it is a task.
    array: &'a str,
    name: &'a str,
    event: &'a str,
    queued: &'a str,
    ran: &'a str,
    state: &'a str,
    /// `ExitCode 3`, `ExitCode [0-3]`, `MaxExitCode [3]`, `MaxSignal [9]`.
    ends: &'a str,
}

/// What SLURM has to say, as a notice. A line that can't be read is told as it is, with what the
/// environment knows.
pub fn notice(subject: &str, env: impl Fn(&str) -> Option<String>, now: Timestamp) -> Notice {
    let env = |name: &str| {
        let value = env(&format!("SLURM_JOB_{name}")).unwrap_or_default();
        if value == "(null)" { String::new() } else { value }
    };
    let subject =
        subject.char_indices().nth(MAX_SUBJECT).map_or(subject, |(end, _)| &subject[..end]);
    let name = env("NAME");
    let line = Line::read(subject, &name).unwrap_or_default();
    let or = |text: &str, name: &str| if text.is_empty() { env(name) } else { text.to_owned() };
    let state = or(line.state, "STATE");
    let log = Some(env("STDOUT")).filter(|log| log != "/dev/null" && !log.contains('%'));
    let time = |name: &str| {
        let seconds = env(name).parse().ok().filter(|seconds| *seconds > 0)?;
        Timestamp::from_second(seconds).ok()
    };
    let seconds = |text: &str| units::walltime(text).ok().flatten().map(|time| time.as_secs());
    Notice {
        kind: Kind::Job,
        time: now,
        reason: line.reason(&state, &env("EXIT_CODE2")),
        name: or(line.name, "NAME"),
        job: or(line.job, "ID"),
        array: line.array.to_owned(),
        owner: env("USER"),
        slurm_node: env("NODELIST"),
        partition: env("PARTITION"),
        started: time("START_TIME"),
        ends: time("END_TIME").filter(|_| state == "RUNNING"),
        log_file: log.unwrap_or_default(),
        waited: seconds(&or(line.queued, "QUEUED_TIME")),
        ran_for: seconds(&or(line.ran, "RUN_TIME")),
        subject: one_line(subject),
        state,
        ..Notice::default()
    }
}

/// Whom SLURM wants told: `--mail-user` is one address, several with commas between them, or the
/// name of a user of this site, who is at `domain`. What looks like anything else than an
/// address is kept for the caller to refuse.
pub fn addresses(given: &[String], domain: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for one in given.iter().flat_map(|text| text.split(',')).map(str::trim) {
        let address = if one.contains('@') { one.to_owned() } else { format!("{one}@{domain}") };
        if !one.is_empty() && !all.contains(&address) {
            all.push(address);
        }
    }
    all
}

impl<'a> Line<'a> {
    /// `Slurm [Array Task|Array Summary] Job_id=ID [(ID)] Name=NAME EVENT[, FIELD]…`. A name is
    /// whatever its owner likes, line breaks and `Job_id=` and all of the above included: SLURM
    /// tells it in the environment too; without that the last event of the line counts.
    fn read(subject: &'a str, known: &str) -> Option<Line<'a>> {
        let (_, rest) = subject.split_once("Job_id=")?;
        let (ids, rest) = rest.split_once(" Name=")?;
        let id = ids.split(' ').next()?;
        let (job, array) = match id.split_once('_') {
            // A summary speaks for the array as a whole.
            Some((array, "*")) => (array, ""),
            Some((array, _)) => (id, array),
            None => (id, ""),
        };
        if job.is_empty() || !job.chars().all(|c| c.is_ascii_digit() || c == '_') {
            return None;
        }
        let line = Line { job, array, ..Line::default() };
        let by_name = rest.strip_prefix(known).and_then(|tail| tail.strip_prefix(' '));
        if let Some(tail) = by_name.filter(|_| !known.is_empty()) {
            let name = &rest[..known.len()];
            // A new SLURM may know events that we don't: up to the comma.
            return line.told(name, tail).or_else(|| {
                let event = tail.split(',').next()?;
                Some(Line { job, array, name, event, ..Line::default() })
            });
        }
        let mut at = rest.len();
        while let Some(space) = rest[..at].rfind(' ') {
            let (name, tail) = (&rest[..space], &rest[space + 1..]);
            let line = Line { job, array, ..Line::default() };
            if let Some(line) = line.told(name, tail) {
                return Some(line);
            }
            at = space;
        }
        None
    }

    /// What happened, where `tail` says nothing else.
    fn told(mut self, name: &'a str, tail: &'a str) -> Option<Line<'a>> {
        let (event, fields) = EVENTS.iter().find_map(|(event, _)| {
            let fields = tail.strip_prefix(event)?;
            // slurmctld cuts the time of this one off: it ends in ` time `.
            let fields = match *event {
                "StageOut/Teardown" => fields.strip_prefix(" time ").unwrap_or(fields),
                _ => fields,
            };
            let fields = if fields.is_empty() { fields } else { fields.strip_prefix(", ")? };
            Some((&tail[..event.len()], fields))
        })?;
        for field in fields.split(", ").filter(|field| !field.is_empty()) {
            if let Some(time) = field.strip_prefix("Queued time ") {
                self.queued = time;
            } else if let Some(time) = field.strip_prefix("Run time ") {
                self.ran = time;
            } else if is_state(field) && self.state.is_empty() {
                self.state = field;
            } else if ["ExitCode ", "MaxExitCode ", "MaxSignal "]
                .iter()
                .any(|it| field.starts_with(it))
            {
                self.ends = field;
            } else if field != "with requeued tasks" {
                return None;
            }
        }
        Some(Line { name, event, ..self })
    }

    /// What a person wants to know beside the line: `it ran out of memory (exit code 1)`.
    fn reason(&self, state: &str, code: &str) -> String {
        if let Some((_, words)) = EVENTS.iter().find(|(event, _)| *event == self.event)
            && !words.is_empty()
        {
            return (*words).to_owned();
        }
        if !matches!(self.event, "Ended" | "Failed") || state == "COMPLETED" {
            return String::new();
        }
        let why = STATES.iter().find(|(word, _)| *word == state).map_or("", |(_, why)| why);
        let how = self.how_it_ended(code);
        match (why, how.as_str()) {
            ("", "") => String::new(),
            ("", how) => format!("it ended with {how}"),
            (why, "") => why.to_owned(),
            (why, how) => format!("{why} ({how})"),
        }
    }

    /// `exit code 3` or `signal 9`; nothing where it ended with 0.
    fn how_it_ended(&self, code: &str) -> String {
        // `CODE:SIGNAL`, of one job; an array has a range.
        let (code, signal) = code.split_once(':').unwrap_or_default();
        let (what, value) = self.ends.split_once(' ').unwrap_or_default();
        let value = value.trim_matches(['[', ']']);
        match (what, value.split_once('-')) {
            ("ExitCode", Some((least, most))) => format!("exit codes {least} to {most}"),
            ("ExitCode", None) if value == "0" => String::new(),
            ("ExitCode", None) => format!("exit code {value}"),
            ("MaxExitCode", _) => format!("exit codes up to {value}"),
            ("MaxSignal", _) => format!("signal {value}"),
            _ if !matches!(signal, "" | "0") => format!("signal {signal}"),
            _ if !matches!(code, "" | "0") => format!("exit code {code}"),
            _ => String::new(),
        }
    }
}

/// Whether it may be SLURM's word for the state of a job.
fn is_state(word: &str) -> bool {
    word == "Mixed" || !word.is_empty() && word.chars().all(|c| c.is_ascii_uppercase() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bare(subject: &str) -> Notice {
        notice(subject, |_| None, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_line_alone_says_what_happened() {
        let notice =
            bare("Slurm Job_id=148 Name=x Failed, Run time 1-02:03:04, FAILED, ExitCode 3");
        assert_eq!((notice.job.as_str(), notice.name.as_str()), ("148", "x"));
        assert_eq!(
            (notice.state.as_str(), notice.reason.as_str()),
            ("FAILED", "it ended with exit code 3")
        );
        assert_eq!(notice.ran_for, Some(((24 + 2) * 60 + 3) * 60 + 4));
        let notice = bare("SLURM Array Task Job_id=24_1 (27) Name=at Began, Queued time 00:01:01");
        assert_eq!((notice.job.as_str(), notice.array.as_str()), ("24_1", "24"));
        assert_eq!((notice.waited, notice.ran_for), (Some(61), None));
        let notice =
            bare("Slurm Array Summary Job_id=10_* (10) Name=a Ended, Mixed, MaxSignal [9]");
        assert_eq!((notice.job.as_str(), notice.array.as_str()), ("10", ""));
        assert_eq!(notice.reason, "its tasks ended in different ways (signal 9)");
        let array = "Slurm Array Summary Job_id=1_* (1) Name=a Failed, Mixed, ExitCode [0-1], with requeued tasks";
        assert_eq!(bare(array).reason, "its tasks ended in different ways (exit codes 0 to 1)");
        let out = bare("Slurm Job_id=5 Name=y StageOut/Teardown time ");
        assert_eq!((out.job.as_str(), out.name.as_str()), ("5", "y"));
        assert!(out.reason.starts_with("its files are moved out"), "{out:?}");
    }

    /// One call of a real slurmctld.
    #[derive(serde::Deserialize)]
    struct Call {
        args: Vec<String>,
        env: std::collections::BTreeMap<String, String>,
    }

    #[test]
    fn every_call_of_real_slurmctlds_is_read_with_and_without_its_environment() {
        for recorded in [
            include_str!("../../tests/fixtures/slurm-22.05/mail.json"),
            include_str!("../../tests/fixtures/slurm-26.05/mail.json"),
        ] {
            let calls: Vec<Call> = serde_json::from_str(recorded).unwrap();
            assert!(calls.len() > 30);
            for Call { args, env } in &calls {
                let told = notice(&args[1], |name| env.get(name).cloned(), Timestamp::UNIX_EPOCH);
                let alone = bare(&args[1]);
                assert_eq!(told.name, env["SLURM_JOB_NAME"]);
                assert_eq!((told.owner.as_str(), told.partition.as_str()), ("alice", "main"));
                assert_eq!((&told.job, &told.name), (&alone.job, &alone.name), "{args:?}");
                assert_eq!(told.ran_for, alone.ran_for, "{args:?}");
                assert_eq!(told.waited, alone.waited, "{args:?}");
                match (env.get("SLURM_ARRAY_JOB_ID"), args[1].contains("Array Summary")) {
                    (Some(array), false) => {
                        assert_eq!(told.job, format!("{array}_{}", env["SLURM_ARRAY_TASK_ID"]));
                        assert_eq!(told.array, *array);
                    }
                    (Some(array), true) => {
                        assert_eq!((&told.job, told.array.as_str()), (array, ""))
                    }
                    (None, _) => assert_eq!(told.job, env["SLURM_JOB_ID"]),
                }
                if !args[1].contains("Summary") {
                    assert_eq!(told.state, env["SLURM_JOB_STATE"]);
                }
                let quiet = match env["SLURM_JOB_MAIL_TYPE"].as_str() {
                    "Began" => true,
                    "Ended" | "Failed" => told.state == "COMPLETED",
                    _ => false,
                };
                assert_eq!(told.reason.is_empty(), quiet, "{args:?}: {}", told.reason);
                assert!(told.ends.is_none() || told.state == "RUNNING");
                assert!(told.started.is_none_or(|start| start > Timestamp::UNIX_EPOCH));
            }
        }
    }

    #[test]
    fn a_name_may_say_anything() {
        let evil = "x Job_id=99 Name=evil Failed, Run time 00:00:01, FAILED, ExitCode 5";
        let ended = "Ended, Run time 00:00:07, COMPLETED, ExitCode 0";
        for name in [evil, "a, Began, Queued time", "a\nb\tBcc: x", "", " ", "Ended", "ü🦙, Ended"]
        {
            let subject = format!("Slurm Job_id=5 Name={name} {ended}");
            for known in [None, Some(name.to_owned())] {
                let env = |key: &str| known.clone().filter(|_| key == "SLURM_JOB_NAME");
                let notice = notice(&subject, env, Timestamp::UNIX_EPOCH);
                assert_eq!((notice.job.as_str(), notice.name.as_str()), ("5", name), "{known:?}");
                assert_eq!((notice.state.as_str(), notice.ran_for), ("COMPLETED", Some(7)));
                assert!(!notice.subject.contains(['\n', '\t']));
            }
        }
    }

    #[test]
    fn what_can_not_be_read_is_told_as_it_is() {
        for subject in
            ["", "hello", "Slurm Job_id=", "Slurm Job_id=x; Name=y Ended", "Job_id=1 Name="]
        {
            let told = bare(subject);
            assert_eq!((told.subject.as_str(), told.job.as_str()), (subject, ""), "{subject}");
        }
        let env = |key: &str| (key == "SLURM_JOB_ID").then(|| "7".to_owned());
        assert_eq!(notice("hello", env, Timestamp::UNIX_EPOCH).job, "7");
        // An event of a SLURM to come.
        let env = |key: &str| (key == "SLURM_JOB_NAME").then(|| "n".to_owned());
        let told =
            notice("Slurm Job_id=7 Name=n Evaporated, Run time 1", env, Timestamp::UNIX_EPOCH);
        assert_eq!((told.job.as_str(), told.name.as_str()), ("7", "n"));
        let long = format!("Slurm Job_id=7 Name={} Ended", "ü".repeat(100_000));
        assert!(bare(&long).subject.chars().count() <= MAX_SUBJECT);
    }

    #[test]
    fn addresses_come_with_commas_or_are_users_of_the_site() {
        let all = |given: &[&str]| {
            let given: Vec<String> = given.iter().map(|text| (*text).to_owned()).collect();
            addresses(&given, "n1").join(" ")
        };
        assert_eq!(all(&["a@b.org"]), "a@b.org");
        assert_eq!(all(&["a@b.org, alice,,a@b.org", "bob"]), "a@b.org alice@n1 bob@n1");
        assert_eq!(all(&["", ","]), "");
    }
}
