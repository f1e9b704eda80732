//! The job script: what is put in comes out, through real bash.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use llamactl::config::model::{DrainSignal, SlurmConfig, StringOrNumber};
use llamactl::config::spec::Spec;
use llamactl::config::units;
use llamactl::slurm::script::{self, Frame};
use proptest::prelude::*;

use crate::common::script::{resolved, spec, write_script};

const NONCE: &str = "0123456789abcdef";

fn frame(llamactl: &str) -> Frame<'_> {
    Frame { nonce: NONCE, llamactl }
}

fn text(text: &str) -> Option<StringOrNumber> {
    Some(StringOrNumber::String(text.to_owned()))
}

/// Runs a job script in real bash, where `llamactl` is a stub that prints its arguments to
/// `args` beside it and hands on its stdin.
fn through_bash(script: &str) -> Output {
    let mut child = Command::new("bash")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("bash is installed");
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

/// A stub for `llamactl` in `dir` that hands on its stdin.
fn stub(dir: &Path) -> String {
    let path = dir.join("llama ctl's");
    write_script(&path, "[ \"$*\" = 'run --spec -' ] || exit 9\nexec cat\n");
    path.to_str().unwrap().to_owned()
}

#[test]
fn the_whole_script_is_short_and_readable() {
    let mut all = resolved(spec());
    all.hooks = vec!["module load cuda\n".into(), "export A=1\r\nexport B=2\r\n".into()];
    all.slurm = SlurmConfig {
        gpus: Some(2),
        gpu_type: Some("h100".into()),
        cpus: Some(8),
        mem: text("32G"),
        time: text("8:00:00"),
        partition: Some("gpu,long".into()),
        qos: Some("normal".into()),
        account: Some("my group".into()),
        constraint: Some("[ib&ssd]".into()),
        nodelist: Some("n[1-2]".into()),
        exclude: Some("n3".into()),
        reservation: Some("r".into()),
        cluster: Some("hpc".into()),
        output: Some("logs/%x-%j.log".into()),
        args: Some(vec!["--mail-type=END".into(), "--exclusive".into(), "--comment=a b".into()]),
        drain_signal: Some(DrainSignal::USR2),
        drain_before: None,
    };
    insta::assert_snapshot!(script::render(&all, frame("/opt/llamactl")).unwrap());
}

#[test]
fn the_smallest_script_asks_for_nothing() {
    insta::assert_snapshot!(script::render(&resolved(spec()), frame("/opt/llamactl")).unwrap());
}

#[test]
fn what_sbatch_could_not_read_back_is_refused_by_the_keys_name() {
    let render = |change: &dyn Fn(&mut SlurmConfig)| {
        let mut all = resolved(spec());
        change(&mut all.slurm);
        script::render(&all, frame("/opt/llamactl")).unwrap_err().to_string()
    };
    let error = render(&|slurm| slurm.partition = Some("a\n#SBATCH --uid=0".into()));
    assert_eq!(error, "slurm.partition: has a line break or another control character");
    let error = render(&|slurm| slurm.account = Some(String::new()));
    assert_eq!(error, "slurm.account: is empty");
    let error = render(&|slurm| slurm.qos = Some("x".repeat(2000)));
    assert_eq!(error, "slurm.qos: is longer than 1000 bytes");
    let error = render(&|slurm| slurm.time = text("8h"));
    assert!(error.starts_with("slurm.time: `8h` is not a walltime"), "{error}");
    let error = render(&|slurm| slurm.args = Some(vec!["--wait".into()]));
    assert_eq!(error, "slurm.args: --wait has no place in a job script");
    let error = render(&|slurm| slurm.args = Some(vec!["mail-type=END".into()]));
    assert!(error.contains("is not an option"), "{error}");
    let error = render(&|slurm| {
        slurm.gpus = Some(1);
        slurm.gpu_type = Some("a100:1,gpu:h100".into());
    });
    assert!(error.starts_with("slurm.gpu_type: `a100:1,gpu:h100` is not one type"), "{error}");
}

#[test]
fn a_missing_llamactl_is_one_clear_line() {
    let script = script::render(&resolved(spec()), frame("/not here/llama'ctl")).unwrap();
    let output = through_bash(&script);
    assert_eq!(output.status.code(), Some(127));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("llamactl is not at /not here/llama'ctl on "), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn hooks_run_first_in_their_order_with_the_umask_set() {
    let dir = tempfile::tempdir().unwrap();
    let mut all = resolved(spec());
    all.hooks = vec!["echo one >&2; umask >&2".into(), "false\necho \"two\" >&2".into()];
    let script = script::render(&all, frame(&stub(dir.path()))).unwrap();
    let output = through_bash(&script);
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "one\n0077\ntwo\n");
    assert!(output.status.success());
}

/// Texts that break naive quoting.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        3 => "[ -~]{1,8}",
        2 => proptest::char::any().prop_map(String::from),
        5 => proptest::sample::select(vec![
            "'", "\"", "\\", "$(id)", "`id`", "$HOME", "${x}", ",", ", ", "\n", "\n\n", "\r\n",
            "\t", " ", ": ", " #", "<<EOF", "EOF", "---", "...", "- ", "? ", "| ", "> ", "%", "@",
            "!", "&a", "*a", "{{x}}", "{", "}", "[", "]", "null", "true", "~", "0x1F", "1e3",
            "é", "ß", "日本", "🦙", "\u{85}", "\u{2028}", "\u{feff}", "\u{1b}[31m", "\0",
            "\nLLAMACTL_SPEC_0123456789abcdef\n", "LLAMACTL_SPEC_0123456789abcdef",
        ]).prop_map(str::to_owned),
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

/// What of a text can be the name of a job.
fn name(text: &str) -> String {
    let name: String = text.chars().filter(|c| !c.is_control()).take(units::MAX_NAME).collect();
    if name.is_empty() { "tiny".to_owned() } else { name }
}

prop_compose! {
    fn hostile_spec()(
        name in hostile().prop_map(|text| name(&text)),
        model in hostile().prop_filter("a path", |text| !text.is_empty()),
        args in proptest::collection::vec(hostile(), 0..6),
        alias in proptest::option::of(hostile()),
        labels in proptest::collection::btree_map(hostile(), hostile(), 0..4),
        email in proptest::option::of(hostile()),
    ) -> Spec {
        let mut spec = spec();
        spec.name = name;
        spec.model = Some(model.into());
        spec.server.args = Some(args);
        spec.server.alias = alias;
        spec.labels = labels;
        spec.notify.to = email.into_iter().collect();
        spec
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..Default::default() })]

    #[test]
    fn every_spec_comes_through_bash_unchanged(spec in hostile_spec()) {
        let dir = tempfile::tempdir().unwrap();
        let all = resolved(spec.clone());
        let script = script::render(&all, frame(&stub(dir.path()))).unwrap();
        let output = through_bash(&script);
        prop_assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        prop_assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        let back: Spec = serde_yaml::from_slice(&output.stdout).unwrap();
        prop_assert_eq!(back, spec);
    }
}

#[test]
fn labels_are_a_map_in_the_script() {
    let mut spec = spec();
    spec.labels = BTreeMap::from([("team".into(), "nlp: a".into())]);
    let script = script::render(&resolved(spec), frame("/opt/llamactl")).unwrap();
    assert!(script.contains("labels:\n  team: 'nlp: a'\n"), "{script}");
}
