//! SLURM's own mail through llamactl: `llamactl notify mailprog` as slurmctld calls it, and real
//! slurmctlds of two versions that do.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use crate::common::cluster::Cluster;
use crate::common::mail::{Exim, Mail};
use crate::common::services::Ntfy;
use crate::common::{LLAMACTL, Process, Sandbox, assert_ok, free_port, project, text, wait_until};

/// How long a mail may take that is not sent at once: an array's wait for each other.
const SOON: Duration = Duration::from_secs(60);

/// `slurm/mailprog` in a world of its own: MailProg gets no environment, so the script has it.
fn mailprog(sandbox: &Sandbox) -> PathBuf {
    let script = std::fs::read_to_string(project().join("slurm/mailprog")).unwrap();
    let folder = Path::new(LLAMACTL).parent().unwrap();
    let path = format!("\nPATH={}:/usr/local/bin", folder.display());
    let script = script.replacen("\nPATH=/usr/local/bin", &path, 1);
    assert!(script.contains(&path));
    let names = ["HOME", "LLAMACTL_CONFIG", "LLAMACTL_SITE_CONFIG", "SSL_CERT_FILE"];
    let exports: String = names
        .iter()
        .filter_map(|name| Some(format!("export {name}='{}'\n", sandbox.var(name)?)))
        .chain([format!("export XDG_STATE_HOME='{}'\n", sandbox.path("state").display())])
        .collect();
    let script = script.replacen("#!/bin/sh\n", &format!("#!/bin/sh\n{exports}"), 1);
    let path = sandbox.write("mailprog", script);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// A sandbox whose site sends its mail to `exim`.
fn site(exim: &Exim) -> Sandbox {
    let mut sandbox = Sandbox::new();
    exim.configure(&mut sandbox, "starttls", "from: slurm@open.test");
    sandbox
}

/// Calls it as slurmctld does: with the job in the environment, and nothing else.
fn call(sandbox: &Sandbox, env: &[(&str, &str)], args: &[&str]) -> Output {
    let mut command = Command::new(mailprog(sandbox));
    command.env_clear().envs(env.iter().copied()).args(args);
    command.current_dir("/").stdin(std::process::Stdio::null()).output().unwrap()
}

/// The processes in the background that bring what waits.
fn carriers(sandbox: &Sandbox) -> Vec<Process> {
    let all = sandbox.processes().into_iter();
    all.filter(|process| process.command().contains("mailprog --carry")).collect()
}

const ENDED: &str =
    "Slurm Job_id=148 Name=train Failed, Run time 01:12:09, OUT_OF_MEMORY, ExitCode 1";

const JOB: [(&str, &str); 6] = [
    ("SLURM_JOB_ID", "148"),
    ("SLURM_JOB_NAME", "train"),
    ("SLURM_JOB_USER", "alice"),
    ("SLURM_JOB_STATE", "OUT_OF_MEMORY"),
    ("SLURM_JOB_PARTITION", "gpu"),
    ("SLURM_JOB_NODELIST", "n1"),
];

#[test]
fn a_call_becomes_a_mail_in_words() {
    let exim = Exim::start();
    let sandbox = site(&exim);
    let output = call(&sandbox, &JOB, &["-s", ENDED, "alice@open.test"]);
    assert_ok(&["mailprog"], &output);
    assert!(output.stdout.is_empty(), "{output:?}");
    let mail = &exim.mails(1)[0];
    assert_eq!(mail.defects, [""; 0]);
    assert_eq!(mail.header("Subject"), ENDED);
    assert_eq!(mail.header("Envelope-to"), "alice@open.test");
    assert!(mail.header("From").contains("slurm@open.test"), "{mail:#?}");
    let plain = mail.part("text/plain");
    for part in
        ["148", "train", "OUT_OF_MEMORY", "it ran out of memory (exit code 1)", "alice", "gpu"]
    {
        assert!(plain.contains(part), "{part}: {plain}");
        assert!(mail.part("text/html").contains(part), "{part}: {mail:#?}");
    }
}

#[test]
fn addresses_are_many_or_names_of_the_site_and_nothing_else() {
    let exim = Exim::start();
    let sandbox = site(&exim);
    assert_ok(&["mailprog"], &call(&sandbox, &JOB, &["-s", ENDED, "a@open.test,b@open.test"]));
    // As `mail` may be called too.
    assert_ok(&["mailprog"], &call(&sandbox, &JOB, &["-s", ENDED, "--", "bob"]));
    let mut to: Vec<_> = exim.mails(3).iter().map(|m| m.header("Envelope-to").to_owned()).collect();
    to.sort();
    // A bare name is at the domain of the sender.
    assert_eq!(to, ["a@open.test", "b@open.test", "bob@open.test"]);
    for wrong in [
        "plugin://logfile",
        "a@open.test\nBcc: x@open.test",
        "-oQ/tmp@x",
        "|id@open.test",
        "ntfy://topic",
        "",
    ] {
        let output = call(&sandbox, &JOB, &["-s", ENDED, wrong]);
        assert!(!output.status.success(), "{wrong}: {output:?}");
        assert!(!output.stderr.is_empty(), "{wrong}");
    }
    // A wrong one does not keep a right one from its mail.
    let output = call(&sandbox, &JOB, &["-s", ENDED, "plugin://x,c@open.test"]);
    assert!(!output.status.success() && text(&output.stderr).contains("plugin"), "{output:?}");
    assert_eq!(exim.mails(4)[3].header("Envelope-to"), "c@open.test");
}

#[test]
fn nothing_in_the_environment_breaks_a_header() {
    const EVIL: &str = "x\r\nBcc: evil@open.test\r\n\r\n<script>alert(1)</script>";
    let exim = Exim::start();
    let mut sandbox = Sandbox::new();
    // Without `smtp.from` the owner of the job is the sender.
    exim.configure(&mut sandbox, "starttls", "");
    let evil: Vec<_> = JOB.iter().map(|&(name, _)| (name, EVIL)).collect();
    let subject =
        format!("Slurm Job_id=7 Name={EVIL} Failed, Run time 00:00:01, FAILED, ExitCode 1");
    assert_ok(&["mailprog"], &call(&sandbox, &evil, &["-s", &subject, "alice@open.test"]));
    let mail = &exim.mails(1)[0];
    assert_eq!(mail.defects, [""; 0]);
    assert_eq!(mail.all("Bcc"), [""; 0]);
    assert_eq!(mail.header("Envelope-to"), "alice@open.test");
    assert!(mail.header("Subject").contains("Name=x  Bcc: evil@open.test"), "{mail:#?}");
    assert!(mail.part("text/plain").contains("it ended with exit code 1"), "{mail:#?}");
    assert!(!mail.part("text/html").contains("<script"), "{mail:#?}");
}

#[test]
fn a_task_of_an_array_is_left_to_the_process_in_the_background() {
    let exim = Exim::start();
    let sandbox = site(&exim);
    for task in ["1", "2", "3"] {
        let subject = format!(
            "Slurm Array Task Job_id=24_{task} (27) Name=at Ended, Run time 00:00:09, COMPLETED, ExitCode 0"
        );
        assert_ok(&["mailprog"], &call(&sandbox, &[], &["-s", &subject, "alice@open.test"]));
        assert_eq!(exim.count(), 0);
    }
    let mail = &exim.mails(1)[0];
    for task in ["24_1", "24_2", "24_3"] {
        assert!(mail.part("text/plain").contains(task), "{mail:#?}");
    }
    wait_until("the carrier's end", SOON, || carriers(&sandbox).is_empty().then_some(()));
    assert_eq!(exim.count(), 1);
}

#[test]
fn rules_of_the_site_tell_others_too() {
    let exim = Exim::start();
    let mut sandbox = site(&exim);
    let ntfy = Ntfy::start(&mut sandbox);
    let host = ntfy.url().replace("http://", "");
    let topic = crate::common::services::TOPIC;
    let config = std::fs::read_to_string(sandbox.var("LLAMACTL_CONFIG").unwrap()).unwrap();
    let rules = format!(
        "{{ notify: [\"ntfy+http://{host}/{topic}\"], events: [job], owner: \"al*\" }}, \
         {{ notify: [\"mailto:never@open.test\"], events: [ready] }}"
    );
    let config = config.replacen("notify: {", &format!("notify: {{ rules: [{rules}],"), 1);
    sandbox.write("config.yaml", config);
    assert_ok(&["mailprog"], &call(&sandbox, &JOB, &["-s", ENDED, "alice@open.test"]));
    let messages = wait_until("the push", SOON, || Some(ntfy.messages()).filter(|m| !m.is_empty()));
    assert!(messages[0]["title"].as_str().unwrap().contains("Job_id=148"), "{messages:?}");
    let other: Vec<_> =
        JOB.iter().map(|&(k, v)| (k, if v == "alice" { "bob" } else { v })).collect();
    assert_ok(&["mailprog"], &call(&sandbox, &other, &["-s", ENDED, "bob@open.test"]));
    assert_eq!(exim.mails(2).len(), 2);
    assert_eq!(ntfy.messages().len(), 1);
}

#[test]
fn slurmctld_is_not_held_up_by_a_mail_server_that_says_nothing_and_nothing_is_lost() {
    let mut sandbox = Sandbox::new();
    // Connections are taken, and never answered.
    let silent = std::net::TcpListener::bind(("127.0.0.1", free_port())).unwrap();
    let port = silent.local_addr().unwrap().port();
    let yaml = format!("notify: {{ smtp: {{ host: 127.0.0.1, port: {port}, security: none }} }}\n");
    let config = sandbox.write("config.yaml", yaml);
    sandbox.set("LLAMACTL_CONFIG", config.display());
    for _ in 0..3 {
        let start = Instant::now();
        let output = call(&sandbox, &JOB, &["-s", ENDED, "alice@open.test"]);
        assert_ok(&["mailprog"], &output);
        assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    }
    // One process in the background takes care of all three.
    wait_until("one carrier", SOON, || (carriers(&sandbox).len() == 1).then_some(()));
    // Killed: what waits is on the disk, and goes with the next mail, to a server that works.
    carriers(&sandbox).iter().for_each(|process| process.signal("KILL"));
    wait_until("its end", SOON, || carriers(&sandbox).is_empty().then_some(()));
    let exim = Exim::start();
    exim.configure(&mut sandbox, "starttls", "");
    let next = ENDED.replace("148", "149");
    assert_ok(&["mailprog"], &call(&sandbox, &[], &["-s", &next, "bob@open.test"]));
    exim.mail_about("Job_id=149", SOON);
    exim.mail_about("Job_id=148", Duration::from_secs(150));
    wait_until("the carrier's end", Duration::from_secs(150), || {
        carriers(&sandbox).is_empty().then_some(())
    });
}

#[test]
fn what_can_neither_be_kept_nor_sent_is_said() {
    let mut sandbox = Sandbox::new();
    let port = free_port();
    let yaml = format!("notify: {{ smtp: {{ host: 127.0.0.1, port: {port}, security: none }} }}\n");
    let config = sandbox.write("config.yaml", yaml);
    sandbox.set("LLAMACTL_CONFIG", config.display());
    // No folder can be made in a file.
    sandbox.write("state", "a file");
    let output = call(&sandbox, &JOB, &["-s", ENDED, "alice@open.test"]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(
        text(&output.stderr).contains("alice@open.test") || text(&output.stderr).contains("al…")
    );
}

// ---- real slurmctlds -----------------------------------------------------------------------

/// A cluster of its own with llamactl as MailProg, stopped in the end.
struct Site {
    kind: Cluster,
    sandbox: Sandbox,
    exim: Exim,
}

impl Site {
    fn start(kind: Cluster) -> Site {
        let exim = Exim::start();
        let mut sandbox = site(&exim);
        let program = mailprog(&sandbox);
        let folder = sandbox.path("lab");
        let newest = kind == Cluster::Newest;
        if newest && let Ok(reason) = std::fs::read_to_string(kind.folder().join("why-not")) {
            panic!("the newest SLURM can't run here: {reason}");
        }
        let mut up = Command::new(script(kind, "up"));
        up.envs([("NODES", "1"), ("CPUS", "16"), ("KILLWAIT", "3"), ("CLUSTER", "mailed")]);
        up.env("LAB", &folder).env("MAILPROG", program);
        if newest {
            // Templates are read from the project's folder in debug builds.
            up.arg("up").arg(Path::new(LLAMACTL).parent().unwrap()).arg(project());
        }
        let output = up.output().unwrap();
        // Built before it is looked at: it takes down what is half up.
        kind.enter_at(&mut sandbox, &folder);
        let site = Site { kind, sandbox, exim };
        assert_ok(&["slurm-up"], &output);
        site
    }

    /// Submits `script` under `name`, with all mail.
    fn submit(&self, name: &str, more: &[&str], script: &str) -> String {
        let args = ["--parsable", "--mem=10M", "-o", "/dev/null", "-J", name, "--wrap", script];
        self.kind.run(&self.sandbox, "sbatch", &[&args[..], more].concat())
    }

    fn mail(&self, subject: &str) -> Mail {
        let mail = self.exim.mail_about(subject, SOON);
        assert_eq!(mail.defects, [""; 0], "{mail:#?}");
        mail
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let mut down = Command::new(script(self.kind, "down"));
        if self.kind == Cluster::Newest {
            down.arg("down");
        }
        let _ = down.env("LAB", self.sandbox.path("lab")).output();
    }
}

fn script(kind: Cluster, verb: &str) -> PathBuf {
    let name = match kind {
        Cluster::Newest => "slurm-newest.sh".to_owned(),
        _ => format!("slurm-{verb}.sh"),
    };
    project().join("scripts/lab").join(name)
}

const ALL: [&str; 2] = ["--mail-type=ALL", "--mail-user=alice@open.test"];

/// What a job's mails are like, from its begin to its end.
fn mails_of_jobs_arrive(kind: Cluster) {
    let site = Site::start(kind);
    let good = site.submit("good", &ALL, "true");
    let bad = site.submit("bad", &ALL, "exit 3");
    let began = site.mail(&format!("Job_id={good} Name=good Began, Queued time "));
    let ended = site.mail(&format!("Job_id={good} Name=good Ended, Run time "));
    assert!(ended.header("Subject").ends_with("COMPLETED, ExitCode 0"), "{ended:#?}");
    assert_eq!(began.header("References"), ended.header("References"));
    let failed = site.mail(&format!("Job_id={bad} Name=bad Failed, "));
    assert!(failed.part("text/plain").contains("it ended with exit code 3"), "{failed:#?}");
    assert_ne!(failed.header("References"), ended.header("References"));

    // A name is whatever its owner likes.
    let evil = "x Job_id=99 Name=y\nBcc: evil@open.test\n\n<b>\"'` Failed, FAILED, ExitCode 5";
    let job = site.submit(evil, &ALL, "true");
    let mail = site.mail(&format!("Job_id={job} Name=x Job_id=99 Name=y Bcc: evil@open.test"));
    assert_eq!(mail.all("Bcc"), [""; 0]);
    assert_eq!(mail.header("Envelope-to"), "alice@open.test");
    assert!(mail.part("text/plain").contains(&format!("Job:      {job}\n")), "{mail:#?}");
    assert!(!mail.part("text/html").contains("<b>"), "{mail:#?}");

    // Who names nobody is told at home.
    let mine = site.submit("mine", &["--mail-type=END"], "true");
    let user = site.kind.run(&site.sandbox, "squeue", &["-h", "--me", "-o", "%u", "-j", &good]);
    let mail = site.mail(&format!("Job_id={mine} "));
    assert!(mail.header("Envelope-to").ends_with("@open.test"), "{mail:#?} {user}");

    // An array is one mail, or one for each task, which are gathered.
    let array = site.submit(
        "array",
        &[&ALL[..], &["--array=1-3"]].concat(),
        "exit $((SLURM_ARRAY_TASK_ID==2))",
    );
    let mail =
        site.mail(&format!("Array Summary Job_id={array}_* ({array}) Name=array Failed, Mixed"));
    assert!(mail.part("text/plain").contains("exit codes 0 to 1"), "{mail:#?}");

    let log = std::fs::read_to_string(site.sandbox.path("lab/log/slurmctld.log")).unwrap();
    let errors: Vec<_> = log.lines().filter(|line| line.contains("MailProg")).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

/// 20 tasks with a mail each do not become 40 mails.
fn tasks_are_gathered(kind: Cluster) {
    let site = Site::start(kind);
    let more = ["--mail-type=BEGIN,END,ARRAY_TASKS", "--mail-user=alice@open.test", "--array=1-20"];
    site.submit("many", &more, "true");
    wait_until("the end of the jobs", SOON, || {
        let args = ["-h", "--me", "-t", "PENDING,RUNNING,COMPLETING"];
        site.kind.run(&site.sandbox, "squeue", &args).is_empty().then_some(())
    });
    // As soon as nothing waits any more, all has been said.
    wait_until("an empty outbox", Duration::from_secs(150), || {
        (carriers(&site.sandbox).is_empty() && site.exim.count() > 0).then_some(())
    });
    let count = site.exim.count();
    assert!((1..=20).contains(&count), "{count} mails");
}

mod host {
    use super::*;

    #[test]
    fn mails_of_jobs_arrive() {
        super::mails_of_jobs_arrive(Cluster::Pgid);
    }

    #[test]
    fn tasks_are_gathered() {
        super::tasks_are_gathered(Cluster::Pgid);
    }
}

mod newest {
    use super::*;

    #[test]
    fn mails_of_jobs_arrive() {
        super::mails_of_jobs_arrive(Cluster::Newest);
    }
}
