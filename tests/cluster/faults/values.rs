//! What stands in the YAML reaches llama-server's command line byte for byte: through the merge,
//! the job script, sbatch, bash and the supervisor.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use super::lab::{Lab, Model, SLACK};
use crate::common::cluster::Cluster;
use crate::common::{text, wait_until};

const STRANGE: &[&str] = &[
    "plain",
    "",
    "two words",
    " leading and trailing ",
    "it's",
    "\"double\"",
    "$HOME ${PATH} $(touch pwned) `touch pwned`",
    "; touch pwned #",
    "a,b=c,d",
    "--looks-like=a flag",
    "back\\slash \\n \\\\",
    "line one\nline two\n",
    "LLAMACTL\nEOF\n",
    "tab\there",
    "* ? [a-z] {a,b} ~ !history",
    "%j %s {{name}} {{{name}}}",
    "true",
    "0123",
    "null",
    "- not: a list",
    "ünïcödé 🦙 \u{202e}",
];

pub fn strange_values_reach_llama_server_unchanged(cluster: Cluster) {
    let mut lab = Lab::new(cluster);
    // It stands where llama-server would, writes down its arguments, and ends.
    let recorder = "#!/bin/bash\nprintf '%s\\0' \"$@\" >\"$0.part\"\nmv \"$0.part\" \"$0.argv\"\n";
    let recorder = lab.sandbox.write("it's a \"recorder\"", recorder);
    std::fs::set_permissions(&recorder, PermissionsExt::from_mode(0o755)).expect("chmod");
    // The variable would beat the file.
    lab.sandbox.unset("LLAMACTL_LLAMA_SERVER");
    let file = lab.sandbox.write("näme, with $(pwd) & 'quotes'.gguf", "GGUF");
    // JSON is YAML.
    let model = Model { file: file.clone(), ..Model::tiny() }
        .server(&format!("program: {}", json!(recorder)))
        .server(&format!("alias: {}", json!(STRANGE[6])))
        .server(&format!("args: {}", json!(STRANGE)));
    let job = lab.submit(&model, &[]);
    let argv = recorder.with_file_name("it's a \"recorder\".argv");
    let argv = wait_until("the recorded arguments", SLACK, || std::fs::read(&argv).ok());
    let argv: Vec<_> = argv.split(|byte| *byte == 0).map(text).collect();

    let after = |flag: &str| {
        let at = argv.iter().position(|arg| arg == flag);
        at.map(|at| argv[at + 1].as_str()).unwrap_or_else(|| panic!("no {flag} in {argv:?}"))
    };
    assert_eq!(after("--model"), file.to_str().expect("UTF-8"));
    assert_eq!(after("--alias"), STRANGE[6]);
    let found = argv.windows(STRANGE.len()).any(|window| window == STRANGE);
    assert!(found, "the arguments in their order: {argv:#?}");
    lab.wait_for_end(&job, SLACK);
    lab.assert_nothing_left(&job);
    assert!(!lab.sandbox.work().join("pwned").exists(), "nothing was run");
}
