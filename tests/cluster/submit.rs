//! `llamactl submit` and `llamactl doctor` as a person types them, on a real SLURM.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::common::script::write_script;
use crate::common::services::Ntfy;
use crate::common::{Sandbox, tiny_model, wait_until};
use crate::slurm::bin::{Bin, Job};

/// Longest time for what SLURM has to notice.
const LONG: Duration = Duration::from_secs(60);

/// A sandbox on the cluster, with models to submit.
struct Site {
    sandbox: Sandbox,
    bin: Bin,
}

const MODEL: &str = "\
model: ../m.gguf
server: { context: 4096 }
slurm: { gpus: 1, cpus: 1, mem: 50M, time: \"1:00:00\" }
variants:
  a100: {}
  h100: { slurm: { gpus: 2 }, server: { context: 8192 } }
";

impl Site {
    fn new() -> Site {
        let bin = Bin::new();
        let mut sandbox = Sandbox::new();
        sandbox.set("LLAMACTL_SLURM_BIN", bin.path().display());
        let config = sandbox.path("config.yaml");
        sandbox.set("LLAMACTL_CONFIG", config.display());
        let site = Site { sandbox, bin };
        site.write("configs/big.yaml", MODEL);
        site.write("configs/any.yaml", "model: ../m.gguf\nslurm: { gpus: 1, mem: 50M }\n");
        site.write("configs/cpu.yaml", "model: ../m.gguf\nslurm: { gpus: 0, mem: 50M }\n");
        site.write("m.gguf", "");
        // In the job, this one plays llamactl: it says what it was given, then sleeps.
        site.play("cat\necho END\nexec sleep 300\n");
        std::fs::write(config, format!("paths: {{ llamactl: {} }}\n", site.stub().display()))
            .unwrap();
        site
    }

    fn stub(&self) -> PathBuf {
        self.sandbox.path("llamactl")
    }

    /// Has this shell script run in the job in place of llamactl.
    fn play(&self, script: &str) {
        write_script(&self.stub(), script);
    }

    fn path(&self) -> PathBuf {
        self.sandbox.work()
    }

    fn write(&self, name: &str, text: &str) {
        self.sandbox.write(Path::new("work").join(name), text);
    }

    fn command(&self, args: &[&str]) -> Command {
        self.sandbox.llamactl(args)
    }

    fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().unwrap()
    }

    /// Submits, and gives the job and what `--json` says.
    fn submit(&self, args: &[&str]) -> (Job<'_>, serde_json::Value) {
        let mut all = vec!["submit", "--json"];
        all.extend(args);
        let output = self.run(&all);
        assert!(output.status.success(), "{}", err(&output));
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let id = report["job_id"].as_str().unwrap().to_owned();
        (Job { id, bin: &self.bin }, report)
    }

    /// The log of a job, once the stub has said everything.
    fn log(&self, report: &serde_json::Value) -> String {
        let path = report["log"].as_str().unwrap();
        wait_until("the job's log", Duration::from_secs(30), || {
            std::fs::read_to_string(path).ok().filter(|text| text.contains("END\n"))
        })
    }

    fn scontrol(&self, job: &Job) -> String {
        let args = ["show", "job", &job.id];
        out(&Command::new(self.bin.path().join("scontrol")).args(args).output().unwrap())
    }
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn a_job_is_submitted_and_runs_llamactl_with_what_was_resolved() {
    let site = Site::new();
    let (job, report) = site.submit(&[
        "--config",
        "big",
        "--label",
        "team=a: b",
        "--extra-args",
        "--temp '0.7, x'",
    ]);
    assert_eq!(report["variant"], "h100");
    assert_eq!(report["gpus"], "2 x h100");
    let log = site.log(&report);
    let spec: llamactl::config::spec::Spec =
        serde_yaml::from_str(log.trim_end_matches("END\n")).unwrap();
    assert_eq!(spec.name, "big");
    assert_eq!(spec.server.context, Some(8192));
    assert_eq!(spec.server.args.unwrap(), ["--temp", "0.7, x"]);
    assert_eq!(spec.labels["team"], "a: b");
    assert_eq!(spec.gpus.map(|gpus| gpus.to_string()).as_deref(), Some("2 x h100"));
    assert_eq!(spec.connection_dir.as_deref(), Some(site.path().as_path()));
    let seen = site.scontrol(&job);
    assert!(seen.contains("JobName=big") && seen.contains("h100:2"), "{seen}");
    assert!(seen.contains("TimeLimit=01:00:00") && seen.contains("Requeue=1"), "{seen}");
}

#[test]
fn people_are_told_what_comes_next() {
    let site = Site::new();
    let output = site.run(&["submit", "--config", "cpu", "--sbatch-arg=--hold"]);
    let text = out(&output);
    let id = text.split(' ').nth(2).unwrap().to_owned();
    let job = Job { id, bin: &site.bin };
    assert!(text.starts_with(&format!("Submitted job {} (cpu, ", job.id)), "{text}");
    let notes = err(&output);
    assert!(notes.contains(&format!("llamactl status {}", job.id)), "{notes}");
    assert!(notes.contains("llamactl connect cpu"), "{notes}");
    let seen = site.scontrol(&job);
    assert!(!seen.contains("gpu"), "no GPU was asked for: {seen}");
}

#[test]
fn neither_secrets_nor_an_enclosing_job_nor_sbatch_variables_reach_the_job() {
    let site = Site::new();
    site.play("env\necho END\n");
    let output = site
        .command(&["submit", "--json", "--config", "cpu"])
        .env("HF_TOKEN", "hunter2")
        .env("MY_API_KEY", "hunter2")
        .env("DB_PASSWORD", "hunter2")
        .env("SBATCH_JOB_NAME", "hijacked")
        .env("SBATCH_WAIT", "1")
        .env("SLURM_RESTART_COUNT", "7")
        .env("HARMLESS", "stays, with a comma")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", err(&output));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let job = Job { id: report["job_id"].as_str().unwrap().into(), bin: &site.bin };
    let log = site.log(&report);
    assert!(!log.contains("hunter2"), "{log}");
    assert!(!log.contains("SLURM_RESTART_COUNT"), "{log}");
    assert!(log.contains("HARMLESS=stays, with a comma\n"), "{log}");
    assert!(site.scontrol(&job).contains("JobName=cpu"));
}

#[test]
fn a_dry_run_prints_the_script_and_submits_nothing() {
    let site = Site::new();
    site.bin.wrap("sbatch", "exit $rc");
    let output = site.run(&["submit", "--config", "big", "--dry-run", "--mem", "1G"]);
    assert!(output.status.success(), "{}", err(&output));
    let script = out(&output);
    assert!(script.starts_with("#!/bin/bash\n#SBATCH --job-name=big\n"), "{script}");
    assert!(script.contains("#SBATCH --gres=gpu:h100:2\n"), "{script}");
    assert!(script.contains("#SBATCH --mem=1G\n"), "{script}");
    assert_eq!(site.bin.calls("sbatch"), 0);
}

#[test]
fn a_dry_run_needs_no_slurm_when_the_gpu_type_is_given() {
    let site = Site::new();
    let args = ["submit", "--config", "big", "--dry-run", "--gpu-type", "a100"];
    let output = site.command(&args).env("LLAMACTL_SLURM_BIN", "/nowhere").output().unwrap();
    assert!(out(&output).contains("#SBATCH --gres=gpu:a100:1\n"), "{}", err(&output));
    assert!(err(&output).contains("taking the GPU type a100 as it is"), "{}", err(&output));
    let output = site
        .command(&["submit", "--config", "big", "--dry-run"])
        .env("LLAMACTL_SLURM_BIN", "/nowhere")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("--gpu-type: one of a100, h100"), "{}", err(&output));
}

#[test]
fn the_cluster_is_asked_only_where_there_is_a_choice() {
    let site = Site::new();
    site.bin.wrap("sinfo", "exit $rc");
    for config in ["any", "cpu"] {
        let output = site.run(&["submit", "--config", config, "--dry-run"]);
        assert!(output.status.success(), "{}", err(&output));
    }
    assert_eq!(site.bin.calls("sinfo"), 0);
    let output = site.run(&["submit", "--config", "any", "--dry-run", "--gpu-type", "H100"]);
    assert!(out(&output).contains("#SBATCH --gres=gpu:h100:1\n"), "{}", err(&output));
    assert_eq!(site.bin.calls("sinfo"), 1);
}

#[test]
fn a_gpu_that_the_cluster_lacks_is_refused_with_what_it_has() {
    let site = Site::new();
    let output = site.run(&["submit", "--config", "big", "--gpu-type", "v100"]);
    assert_eq!(output.status.code(), Some(2));
    let error = err(&output);
    assert!(error.contains("the cluster has no v100 GPU; it has h100 ("), "{error}");
    site.write("configs/old.yaml", "model: ../m.gguf\nvariants: { p40: {}, v100: {} }\n");
    let output = site.run(&["submit", "--config", "old"]);
    assert_eq!(output.status.code(), Some(2));
    let error = err(&output);
    assert!(error.contains("variants for p40, v100; the cluster has h100 ("), "{error}");
}

#[test]
fn without_slurm_the_error_names_llamactl_run() {
    let site = Site::new();
    let mut command = site.command(&["submit", "--config", "cpu"]);
    let output = command.env("LLAMACTL_SLURM_BIN", "/nowhere").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("`llamactl run`"), "{}", err(&output));
}

#[test]
fn mistakes_are_found_before_the_queue() {
    let site = Site::new();
    site.bin.wrap("sbatch", "exit $rc");
    site.write("typo.yaml", "model: n.gguf\nslurm: { gpus: 0 }\n");
    site.write("none.yaml", "model: ~/not/downloaded.gguf\nslurm: { gpus: 0 }\n");
    site.write(
        "hook.yaml",
        "model: m.gguf\nslurm: { gpus: 0 }\nhooks: { before: \"echo 'open\" }\n",
    );
    for (args, words) in [
        (&["--config", "./typo.yaml"][..], "did you mean"),
        (&["--config", "./none.yaml"][..], "`hf` in the configuration"),
        (&["--config", "./hook.yaml"][..], "hooks.before is not valid shell"),
        (&["--config", "cpu", "--extra-args", "'open"][..], "a quote is not closed"),
        (&["--config", "cpu", "--gpu-layers", "many"][..], "not all, auto or a number"),
        (&["--config", "cpu", "--sbatch-arg=--wrap=x"][..], "--wrap"),
        (&["--config", "cpu", "--time", "8h"][..], "8h"),
        (&["--config", "cpu", "--account", "a\nb"][..], "account"),
        (&["--config", "cpu", "--wait", "--sbatch-arg=--array=1-2"][..], "array"),
    ] {
        let mut all = vec!["submit"];
        all.extend(args);
        let output = site.run(&all);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", err(&output));
        assert!(err(&output).contains(words), "{args:?}: {}", err(&output));
    }
    assert_eq!(site.bin.calls("sbatch"), 0);
}

#[test]
fn a_model_in_a_folder_that_only_nodes_have_is_a_warning() {
    let site = Site::new();
    let output = site.run(&[
        "submit",
        "--json",
        "--model",
        "/scratch/only/on/nodes.gguf",
        "--gpus",
        "0",
        "--mem",
        "50M",
        "--sbatch-arg=--hold",
    ]);
    assert!(output.status.success(), "{}", err(&output));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let _job = Job { id: report["job_id"].as_str().unwrap().into(), bin: &site.bin };
    assert!(err(&output).contains("it must be on the compute node"), "{}", err(&output));
}

#[test]
fn what_slurm_refuses_is_told_with_its_own_words() {
    let site = Site::new();
    let output = site.run(&["submit", "--config", "cpu", "--partition", "nope"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(err(&output).contains("nope"), "{}", err(&output));
    assert!(err(&output).contains("nothing was submitted"), "{}", err(&output));
}

#[test]
fn a_registry_that_is_down_is_a_warning() {
    let site = Site::new();
    let args = [
        "submit",
        "--json",
        "--config",
        "cpu",
        "--sbatch-arg=--hold",
        "--registry",
        "http://127.0.0.2:9",
    ];
    let output = site.run(&args);
    assert!(output.status.success(), "{}", err(&output));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let _job = Job { id: report["job_id"].as_str().unwrap().into(), bin: &site.bin };
    assert!(err(&output).contains("can't be reached"), "{}", err(&output));
}

#[test]
fn no_time_limit_asks_for_what_the_partition_allows() {
    let site = Site::new();
    let args = ["submit", "--config", "cpu", "--dry-run", "--no-time-limit"];
    let output = site.run(&args);
    assert!(out(&output).contains("#SBATCH --time=UNLIMITED\n"), "{}", out(&output));
    site.bin.replace("sinfo", "echo 'main*|7-00:00:00'");
    let output = site.run(&args);
    assert!(out(&output).contains("#SBATCH --time=7-00:00:00\n"), "{}", out(&output));
    assert!(err(&output).contains("allows 7-00:00:00 at most"), "{}", err(&output));
}

#[test]
fn slurm_asks_for_a_drain_that_is_as_long_as_the_job_expects_wherever_the_walltime_is_from() {
    let site = Site::new();
    site.bin.replace("sinfo", "echo 'main*|0:02:30'");
    site.write("short.yaml", "model: m.gguf\nvariants: { p40: { slurm: { time: '2:30' } } }\n");
    let drains = |args: &[&str], limit: Option<&str>| {
        let mut command = site.command(&[&["submit", "--dry-run"], args].concat());
        limit.map(|limit| command.env("SBATCH_TIMELIMIT", limit));
        let output = command.output().unwrap();
        let script = out(&output);
        let after = |begin: &str| {
            let line = script.lines().find_map(|line| line.strip_prefix(begin));
            line.unwrap_or_else(|| panic!("{begin}: {script}{}", err(&output))).to_owned()
        };
        (after("#SBATCH --signal=B:USR1@"), after("drain_seconds: "))
    };
    let same = |seconds: &str| (seconds.to_owned(), seconds.to_owned());
    assert_eq!(drains(&["--config", "cpu", "--time", "2:30"], None), same("37"));
    assert_eq!(drains(&["--config", "cpu"], Some("2:30")), same("37"));
    assert_eq!(drains(&["--config", "cpu", "--no-time-limit"], None), same("37"));
    assert_eq!(drains(&["--config", "cpu"], None), same("120"));
    site.bin.replace("sinfo", "exit 1");
    assert_eq!(drains(&["--config", "./short.yaml", "--gpu-type", "p40"], None), same("37"));
}

/// The real llamactl in the job, with a real llama-server.
#[test]
fn wait_ends_when_the_server_answers_200() {
    let site = Site::new();
    site.sandbox.write("config.yaml", "{}\n");
    let model = tiny_model();
    site.write(
        "configs/real.yaml",
        &format!("model: {}\nslurm: {{ gpus: 0, cpus: 1, mem: 500M }}\n", model.display()),
    );
    let args = ["--config", "real", "--set", "server.context=512", "--wait"];
    let (_job, report) = site.submit(&args);
    assert_eq!(report["state"], "ready");
    assert!(report["url"].as_str().unwrap().starts_with("http://"), "{report}");
}

#[test]
fn wait_ends_when_the_job_is_gone_with_the_end_of_its_log() {
    let site = Site::new();
    site.play("cat >/dev/null; echo 'no such GPU'; exit 3\n");
    let output = site.run(&["submit", "--config", "cpu", "--wait"]);
    assert_eq!(output.status.code(), Some(4), "{}", err(&output));
    let error = err(&output);
    assert!(error.contains("is gone before it was ready: FAILED"), "{error}");
    assert!(error.contains("  no such GPU\n"), "{error}");
}

#[test]
fn who_waits_can_have_the_desktop_tell_them() {
    let mut site = Site::new();
    site.play("cat >/dev/null; echo 'no such GPU'; exit 3\n");
    let seen = site.sandbox.path("seen");
    let script = format!("for word; do echo \"$word\"; done >'{}'\n", seen.display());
    let notify_send = site.sandbox.path("bin/notify-send");
    std::fs::create_dir_all(notify_send.parent().unwrap()).unwrap();
    write_script(&notify_send, &script);
    let path = site.sandbox.var("PATH").unwrap().to_owned();
    site.sandbox.set("PATH", format!("{}:{path}", notify_send.parent().unwrap().display()));
    site.sandbox.set("DISPLAY", ":77");
    let output = site.run(&["submit", "--config", "cpu", "--wait", "--ring"]);
    assert_eq!(output.status.code(), Some(4), "{}", err(&output));
    let seen = std::fs::read_to_string(seen).unwrap();
    assert!(seen.starts_with("--app-name\nllamactl\n--\ncpu failed\nFAILED"), "{seen}");
    // Nothing rings where nobody sits: stderr is no terminal here.
    assert!(!err(&output).contains('\u{7}'), "{}", err(&output));
    let alone = site.run(&["submit", "--config", "cpu", "--ring"]);
    assert_eq!(alone.status.code(), Some(2), "{}", err(&alone));
}

#[test]
fn ctrl_c_ends_the_waiting_and_not_the_job() {
    let site = Site::new();
    let mut command = site.command(&["submit", "--config", "cpu", "--wait"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let log = wait_until("the job's log", Duration::from_secs(30), || {
        let files = std::fs::read_dir(site.path()).unwrap().flatten();
        let mut names = files.map(|file| file.file_name().into_string().unwrap());
        names.find(|name| name.ends_with(".log"))
    });
    let id = log.trim_end_matches(".log").rsplit('-').next().unwrap().to_owned();
    let job = Job { id, bin: &site.bin };
    crate::common::signal(child.id(), "INT");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{}", err(&output));
    assert!(err(&output).contains(&format!("job {} goes on", job.id)), "{}", err(&output));
    assert!(site.scontrol(&job).contains("JobState=RUNNING"));
}

/// What makes a job wait for ever, and people be told of it.
const HELD: [&str; 4] =
    ["--set=slurm.args=[--hold]", "--set=notify.pending_after=2s", "--config", "cpu"];

#[test]
fn a_job_that_waits_long_is_told_of_once_by_a_process_that_is_left_behind() {
    let mut site = Site::new();
    let ntfy = Ntfy::start(&mut site.sandbox);
    let (job, _) = site.submit(&HELD);
    let message = wait_until("the message", LONG, || ntfy.messages().into_iter().next());
    assert_eq!(message["title"], format!("🦙 Llama Server Pending - Job {}", job.id));
    let text = message["message"].as_str().unwrap();
    assert!(text.contains("SLURM's reason: JobHeldUser"), "{text}");
    assert!(text.contains(&format!("llamactl stop {}", job.id)), "{text}");
    let left = || site.sandbox.processes().iter().any(|one| one.command().contains("pending"));
    wait_until("its end", LONG, || (!left()).then_some(()));
    assert_eq!(ntfy.messages().len(), 1);
}

#[test]
fn the_process_that_is_left_behind_ends_with_the_job() {
    let mut site = Site::new();
    let ntfy = Ntfy::start(&mut site.sandbox);
    let long = ["--set=notify.pending_after=3s", "--config", "cpu", "--set=slurm.args=[--hold]"];
    let (job, _) = site.submit(&long);
    drop(job);
    let left = || site.sandbox.processes().iter().any(|one| one.command().contains("pending"));
    wait_until("its end", LONG, || (!left()).then_some(()));
    assert!(ntfy.messages().is_empty());
}

#[test]
fn who_waits_is_told_too() {
    let mut site = Site::new();
    let ntfy = Ntfy::start(&mut site.sandbox);
    let args = [&["submit", "--wait"][..], &HELD].concat();
    let mut command = site.command(&args);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let message = wait_until("the message", LONG, || ntfy.messages().into_iter().next());
    crate::common::signal(child.id(), "INT");
    child.wait().unwrap();
    let title = message["title"].as_str().unwrap();
    let id = title.rsplit(' ').next().unwrap().to_owned();
    let job = Job { id, bin: &site.bin };
    assert!(title.contains("Pending"), "{title}");
    drop(job);
}

fn doctor(site: &Site, change: impl FnOnce(&mut Command)) -> (Option<i32>, serde_json::Value) {
    let mut command = site.command(&["doctor", "--json"]);
    change(&mut command);
    let output = command.output().unwrap();
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap())
}

fn check<'a>(report: &'a serde_json::Value, name: &str) -> &'a serde_json::Value {
    let all = report.as_array().unwrap();
    all.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("{name}: {report}"))
}

#[test]
fn doctor_knows_a_healthy_cluster() {
    let site = Site::new();
    let (code, report) = doctor(&site, |_| {});
    assert_eq!(code, Some(0), "{report}");
    assert_eq!(check(&report, "slurm")["status"], "ok");
    let controller = check(&report, "controller")["detail"].as_str().unwrap();
    assert!(controller.contains("cluster pgid"), "{controller}");
    assert!(check(&report, "gpus")["detail"].as_str().unwrap().contains("h100"));
    assert_eq!(check(&report, "configuration")["status"], "ok");
    let models = check(&report, "models")["detail"].as_str().unwrap();
    assert!(models.contains("big") && models.contains("cpu"), "{models}");
    assert_eq!(check(&report, "registry")["status"], "absent");
}

#[test]
fn doctor_names_what_is_missing_with_its_mend() {
    let site = Site::new();
    site.write("configs/broken.yaml", "model: m.gguf\nslurm: { gpuz: 1 }\n");
    site.bin.replace("squeue", "echo 'squeue: error: no answer' >&2; exit 1");
    let began = Instant::now();
    let (code, report) = doctor(&site, |command| {
        command
            .env("REGISTRY_URL", "http://127.0.0.2:9")
            .env("NTFY_SERVER", "http://127.0.0.2:9")
            .env("LLAMACTL_LLAMA_SERVER", "/nowhere/llama-server");
    });
    assert!(began.elapsed() < Duration::from_secs(10));
    assert_eq!(code, Some(1));
    for name in ["controller", "registry", "ntfy", "configuration"] {
        let check = check(&report, name);
        assert_eq!(check["status"], "missing", "{check}");
        assert!(!check["mend"].as_str().unwrap().is_empty());
    }
    assert!(check(&report, "configuration")["detail"].as_str().unwrap().contains("broken"));
    let (code, report) = doctor(&site, |command| {
        command
            .env("LLAMACTL_SLURM_BIN", "/nowhere")
            .env("LLAMACTL_LLAMA_SERVER", "/nowhere/llama-server");
    });
    assert_eq!(code, Some(1));
    assert_eq!(check(&report, "slurm")["status"], "missing");
    assert_eq!(check(&report, "llama-server")["status"], "missing");
}
