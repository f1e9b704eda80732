//! Configuration, through the real binary, with an environment of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

/// A home folder, a site's folder and a working folder of their own.
struct Home {
    dir: tempfile::TempDir,
    env: Vec<(String, String)>,
}

impl Home {
    fn new() -> Home {
        let home = Home { dir: tempfile::tempdir().unwrap(), env: Vec::new() };
        std::fs::create_dir_all(home.path("work/configs")).unwrap();
        let site = home.write("etc/config.yaml", "");
        home.env("LLAMACTL_SITE_CONFIG", site.to_str().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    fn env(mut self, name: &str, value: &str) -> Home {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    fn run(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_llamactl"))
            .args(args)
            .current_dir(self.path("work"))
            .env_clear()
            .env("HOME", self.dir.path())
            .envs(self.env.iter().cloned())
            .output()
            .unwrap()
    }

    fn ok(&self, args: &[&str]) -> String {
        let out = self.run(args);
        assert!(out.status.success(), "{args:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap()
    }

    fn json(&self, args: &[&str]) -> Value {
        let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
        serde_json::from_str(&self.ok(&args)).unwrap()
    }

    /// stderr of a command that must fail as wrong usage, with this home's path taken out.
    fn wrong(&self, args: &[&str]) -> String {
        let out = self.run(args);
        let stderr = String::from_utf8(out.stderr).unwrap();
        assert_eq!(out.status.code(), Some(2), "{args:?}: {stderr}");
        stderr.replace(self.dir.path().to_str().unwrap(), "~")
    }

    /// The error of `configs show` for a model file with this text.
    fn mistake(&self, yaml: &str) -> String {
        self.write("work/configs/m.yaml", yaml);
        self.wrong(&["configs", "show", "m"])
    }
}

fn repo(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

// ---- layers ----

/// The layers that can give `slurm.time`, weakest first; each gives another number of minutes.
const LAYERS: &[&str] = &["default", "site", "user", "model", "variant", "environment", "flag"];

/// Shows a configuration in which the two layers, and only they, give the walltime.
fn shown_with(two: [usize; 2]) -> Value {
    let minutes = |layer: &str| {
        let number = LAYERS.iter().position(|one| *one == layer).unwrap();
        two.contains(&number).then(|| (10 + number).to_string())
    };
    let yaml = |layer: &str| minutes(layer).map_or(String::new(), |n| format!("time: {n}"));
    let mut home = Home::new();
    home.write("etc/config.yaml", &format!("slurm: {{ {} }}", yaml("site")));
    home.write(".config/llamactl/config.yaml", &format!("slurm: {{ {} }}", yaml("user")));
    let model = format!(
        "hf: a/b\nslurm: {{ {} }}\nvariants: {{ a100: {{ slurm: {{ {} }} }} }}",
        yaml("model"),
        yaml("variant")
    );
    home.write("work/configs/m.yaml", &model);
    if let Some(n) = minutes("environment") {
        home = home.env("SBATCH_TIMELIMIT", &n);
    }
    let mut args = vec!["configs".to_owned(), "show".into(), "m".into(), "--gpu-type=a100".into()];
    args.extend(minutes("flag").map(|n| format!("--set=slurm.time={n}")));
    home.json(&args.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn of_any_two_layers_the_stronger_wins() {
    for (stronger, strong) in LAYERS.iter().copied().enumerate() {
        for (weaker, weak) in LAYERS[..stronger].iter().enumerate() {
            let shown = shown_with([weaker, stronger]);
            let time = &shown["values"]["slurm"]["time"];
            let minutes = time.as_u64().or_else(|| time.as_str()?.parse().ok());
            assert_eq!(minutes, Some(10 + stronger as u64), "{weak} < {strong}");
            let kind = match strong {
                "site" | "user" | "model" => "file",
                other => other,
            };
            let origin = &shown["origins"]["slurm.time"];
            assert!(origin.get(kind).is_some(), "{weak} < {strong}: {origin}");
        }
    }
}

#[test]
fn every_variable_sets_its_key() {
    for (name, value, pointer) in [
        ("SBATCH_PARTITION", "p", "/slurm/partition"),
        ("SBATCH_ACCOUNT", "a", "/slurm/account"),
        ("SBATCH_QOS", "q", "/slurm/qos"),
        ("SBATCH_TIMELIMIT", "3-4", "/slurm/time"),
        ("SBATCH_CONSTRAINT", "c", "/slurm/constraint"),
        ("SBATCH_RESERVATION", "r", "/slurm/reservation"),
        ("SBATCH_CLUSTERS", "k", "/slurm/cluster"),
        ("LLAMACTL_LLAMA_SERVER", "/opt/llama-server", "/server/program"),
        ("LLAMACTL_SLURM_BIN", "/opt/slurm", "/paths/slurm_bin"),
        ("LLAMACTL_SSH_VIA", "login", "/ssh/via"),
        ("REGISTRY_URL", "http://r:5000", "/registry/url"),
        ("NOTIFY_EMAIL", "a@b", "/notify/email"),
        ("NTFY_TOPIC", "t", "/notify/ntfy_topic"),
        ("NTFY_SERVER", "http://n:1", "/notify/ntfy_server"),
        ("LLAMACTL_NODE_ROLE", "compute", "/node/role"),
        ("LLAMACTL_NODE_LOCATION", "paris/room-2", "/node/location"),
        ("LLAMACTL_NODE_NAME", "n1", "/node/name"),
        ("LLAMACTL_NODE_IP", "10.0.0.1", "/node/ip"),
        ("LLAMACTL_NODE_ID_FILE", "/var/lib/node_id", "/node/id_file"),
    ] {
        let home = Home::new().env(name, value);
        let shown = home.json(&["configs", "show", "tiny"]);
        assert_eq!(shown["values"].pointer(pointer).unwrap(), value, "{name}");
        let key = pointer[1..].replace('/', ".");
        assert_eq!(shown["origins"][&key]["environment"], name);
    }
}

#[test]
fn a_variable_with_commas_sets_a_list() {
    for name in ["labels", "groups"] {
        let variable = format!("LLAMACTL_NODE_{}", name.to_uppercase());
        let home = Home::new().env(&variable, "a, b");
        let shown = home.json(&["configs", "show", "tiny"]);
        assert_eq!(shown["values"]["node"][name], serde_json::json!(["a", "b"]));
    }
}

#[test]
fn the_registry_flag_is_stronger_than_its_variable_and_none_takes_it_away() {
    let home = Home::new().env("REGISTRY_URL", "http://variable:1");
    let url = |args: &[&str]| home.json(args)["values"].pointer("/registry/url").cloned();
    assert_eq!(url(&["configs", "show", "tiny"]), Some("http://variable:1".into()));
    let flag = ["--registry", "http://flag:1/", "configs", "show", "tiny"];
    assert_eq!(url(&flag), Some("http://flag:1".into()));
    assert_eq!(url(&["--registry", "none", "configs", "show", "tiny"]), None);
}

#[test]
fn hooks_are_collected_labels_merge_and_lists_replace() {
    let home = Home::new();
    home.write(
        "etc/config.yaml",
        "hooks: { before: site }\nlabels: { a: site, s: site }\nserver: { args: [--site] }",
    );
    home.write(
        ".config/llamactl/config.yaml",
        "hooks: { before: user }\nlabels: { a: user }\nserver: { args: [--user] }",
    );
    home.write(
        "work/configs/m.yaml",
        "hf: a/b\nhooks: { before: model }\nlabels: { m: model }\n\
         variants: { v: { hooks: { before: variant } }, w: {} }",
    );
    let shown = home.json(&["configs", "show", "m", "--gpu-type", "v"]);
    let values = &shown["values"];
    assert_eq!(values["hooks"], json!(["site", "user", "variant"]));
    assert_eq!(values["labels"], json!({"a": "user", "m": "model", "s": "site"}));
    assert_eq!(values["server"]["args"], json!(["--user"]));
    let shown = home.json(&["configs", "show", "m", "--gpu-type", "w"]);
    assert_eq!(shown["values"]["hooks"], json!(["site", "user", "model"]));
}

#[test]
fn relative_paths_start_from_the_file_and_from_the_current_folder_for_flags() {
    let home = Home::new();
    home.write("models/m.yaml", "model: ../gguf/m.gguf\nserver: { mmproj: $SUB/p.gguf }");
    let home = home.env("SUB", "deep");
    let shown = home.json(&["configs", "show", "../models/m.yaml"]);
    let same = |value: &Value, expected: PathBuf| {
        let dir = |path: &Path| path.parent().unwrap().canonicalize();
        let path = Path::new(value.as_str().unwrap());
        assert!(path.is_absolute(), "{path:?}");
        assert_eq!(path.file_name(), expected.file_name());
        std::fs::create_dir_all(expected.parent().unwrap()).unwrap();
        assert_eq!(dir(path).unwrap(), dir(&expected).unwrap());
    };
    same(&shown["values"]["model"], home.path("gguf/m.gguf"));
    same(&shown["values"]["server"]["mmproj"], home.path("models/deep/p.gguf"));
    let shown = home.json(&["configs", "show", "../models/m.yaml", "--set", "model=x.gguf"]);
    same(&shown["values"]["model"], home.path("work/x.gguf"));
}

#[test]
fn loading_writes_nothing() {
    let home = Home::new();
    home.ok(&["configs", "show", "qwen3-30b"]);
    home.ok(&["configs", "ls"]);
    home.ok(&["configs", "validate"]);
    assert_eq!(walk(home.dir.path()), [home.path("etc/config.yaml")]);
}

fn walk(dir: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[test]
fn set_takes_texts_as_they_are_and_yaml_where_a_text_does_not_fit() {
    let shown = Home::new().json(&[
        "configs",
        "show",
        "tiny",
        "--set=labels.a.b=1.10",
        "--set=server.context=4096",
        "--set=server.args=[\"--temp\", 0.70]",
        "--set=server.jinja=false",
        "--set=server.gpu_layers=12",
        "--set=name=007",
        "--set=notify.smtp={host: mail, port: 25, security: none}",
        "--set=slurm.output=",
    ]);
    let values = &shown["values"];
    assert_eq!(values["labels"]["a.b"], "1.10");
    assert_eq!(values["server"]["context"], 4096);
    assert_eq!(values["server"]["args"][0], "--temp");
    assert_eq!(values["server"]["jinja"], false);
    assert_eq!(values["server"]["gpu_layers"], 12);
    assert_eq!(values["name"], "007");
    assert_eq!(values["notify"]["smtp"]["port"], 25);
    assert_eq!(values["slurm"].get("output"), None, "an empty text takes the default away");
}

#[test]
fn a_short_walltime_shortens_the_default_drain_and_none_keeps_it() {
    let home = Home::new();
    let slurm = |time: &str| {
        let set = format!("slurm.time={time}");
        home.json(&["configs", "show", "tiny", "--set", &set])["values"]["slurm"].clone()
    };
    assert_eq!(slurm("1")["drain_before"], "15s");
    assert_eq!(slurm("8:00:00")["drain_before"], "2m");
    assert_eq!(slurm("UNLIMITED")["time"], "none");
}

// ---- mistakes ----

macro_rules! shows {
    ($text:expr, @$expected:literal) => {
        insta::assert_snapshot!($text, @$expected)
    };
}

#[test]
fn an_unknown_key() {
    shows!(Home::new().mistake("hf: a/b\nserver:\n  contxt: 8192\n"), @r#"
    error: there is no key `contxt` here
     --> configs/m.yaml:3:3
      |
    3 |   contxt: 8192
      |   ^^^^^^
    hint: did you mean `context`?
    "#);
}

#[test]
fn an_unknown_key_in_flow_style_in_a_variant() {
    shows!(Home::new().mistake("hf: a/b\nvariants:\n  v100: { slurm: { gpu: 4 } }\n"), @r#"
    error: there is no key `gpu` here
     --> configs/m.yaml:3:20
      |
    3 |   v100: { slurm: { gpu: 4 } }
      |                    ^^^
    hint: did you mean `gpus`?
    "#);
}

#[test]
fn a_key_that_belongs_elsewhere() {
    shows!(Home::new().mistake("hf: a/b\ncontext: 8192\n"), @r#"
    error: there is no key `context` here
     --> configs/m.yaml:2:1
      |
    2 | context: 8192
      | ^^^^^^^
    hint: `context` belongs under `server:`
    "#);
}

#[test]
fn a_key_of_the_other_file() {
    shows!(Home::new().mistake("hf: a/b\nregistry: { url: http://r }\n"), @r#"
    error: there is no key `registry` here
     --> configs/m.yaml:2:1
      |
    2 | registry: { url: http://r }
      | ^^^^^^^^
    hint: `registry:` belongs into config.yaml
    "#);
}

#[test]
fn a_key_like_no_other() {
    shows!(Home::new().mistake("hf: a/b\nhooks: { xyzzy: 1 }\n"), @r#"
    error: there is no key `xyzzy` here
     --> configs/m.yaml:2:10
      |
    2 | hooks: { xyzzy: 1 }
      |          ^^^^^
    hint: the keys here are `before`
    "#);
}

#[test]
fn a_text_where_a_number_belongs() {
    shows!(Home::new().mistake("hf: a/b\nserver:\n  context: 128k   # tokens\n"), @r#"
    error: `context` must be a whole number, not the text "128k"
     --> configs/m.yaml:3:12
      |
    3 |   context: 128k   # tokens
      |            ^^^^
    hint: write `131072`
    "#);
}

#[test]
fn a_word_where_a_list_belongs() {
    shows!(Home::new().mistake("hf: a/b\nserver: { args: --verbose }\n"), @r#"
    error: `args` must be a list, not the text "--verbose"
     --> configs/m.yaml:2:17
      |
    2 | server: { args: --verbose }
      |                 ^^^^^^^^^
    hint: write ["--verbose"]
    "#);
}

#[test]
fn yes_where_true_belongs() {
    shows!(Home::new().mistake("hf: a/b\nserver: { jinja: yes }\n"), @r#"
    error: `jinja` must be `true` or `false`, not the text "yes"
     --> configs/m.yaml:2:18
      |
    2 | server: { jinja: yes }
      |                  ^^^
    hint: write `true`
    "#);
}

#[test]
fn a_choice_that_is_none() {
    shows!(Home::new().mistake("hf: a/b\nserver: { access: opne }\n"), @r#"
    error: `access` can't be `opne`
     --> configs/m.yaml:2:19
      |
    2 | server: { access: opne }
      |                   ^^^^
    hint: did you mean `open`?
    "#);
}

#[test]
fn layers_that_are_no_layers() {
    shows!(Home::new().mistake("hf: a/b\nserver: { gpu_layers: most }\n"), @r#"
    error: `gpu_layers` must be `all`, `auto` or a number of layers
     --> configs/m.yaml:2:23
      |
    2 | server: { gpu_layers: most }
      |                       ^^^^
    "#);
}

#[test]
fn a_number_that_is_too_large() {
    shows!(Home::new().mistake("hf: a/b\nserver: { port: 99999 }\n"), @r#"
    error: `port` must be a whole number from 0 to 65535, not `99999`
     --> configs/m.yaml:2:17
      |
    2 | server: { port: 99999 }
      |                 ^^^^^
    "#);
}

#[test]
fn a_key_that_stands_twice() {
    shows!(Home::new().mistake("hf: a/b\nlabels:\n  team: x\n  team: y\n"), @r#"
    error: `labels.team` stands here for the second time
     --> configs/m.yaml:4:3
      |
    4 |   team: y
      |   ^^^^
    hint: the first is in line 3; keep one of the two
    "#);
}

#[test]
fn a_bracket_that_is_never_closed() {
    shows!(Home::new().mistake("name: a\nserver: { context: 1\n"), @r#"
    error: this is not YAML: while parsing a flow mapping, did not find expected ',' or '}'
     --> configs/m.yaml:2:21
      |
    2 | server: { context: 1
      |                     ^
    hint: a bracket or a quote is not closed
    "#);
}

#[test]
fn tabs() {
    shows!(Home::new().mistake("server:\n\tcontext: 1\n"), @r#"
    error: this is not YAML: tabs disallowed within this context (block indentation)
     --> configs/m.yaml:2:2
      |
    2 |  context: 1
      |  ^
    hint: YAML is indented with spaces, not with tabs
    "#);
}

#[test]
fn a_colon_without_quotes() {
    shows!(Home::new().mistake("hf: a/b\ndescription: fast: very\n"), @r#"
    error: this is not YAML: mapping values are not allowed in this context
     --> configs/m.yaml:2:18
      |
    2 | description: fast: very
      |                  ^
    hint: a text with `: ` inside needs quotes
    "#);
}

#[test]
fn a_list_where_keys_belong() {
    shows!(Home::new().mistake("- hf: a/b\n"), @r#"
    error: keys and values are expected here
     --> configs/m.yaml:1:1
      |
    1 | - hf: a/b
      | ^
    hint: write `key: value`, one to a line
    "#);
}

#[test]
fn a_text_where_keys_belong() {
    shows!(Home::new().mistake("hf: a/b\nslurm: gpu\n"), @r#"
    error: `slurm` must be keys and values, not the text "gpu"
     --> configs/m.yaml:2:8
      |
    2 | slurm: gpu
      |        ^^^
    "#);
}

#[test]
fn a_second_document() {
    shows!(Home::new().mistake("hf: a/b\n---\nhf: c/d\n"), @r#"
    error: this is not YAML: a second document begins here (`---`)
     --> configs/m.yaml:2:1
      |
    2 | ---
      | ^^^
    "#);
}

#[test]
fn a_walltime_that_is_none() {
    shows!(Home::new().mistake("hf: a/b\nslurm:\n  time: 8h\n"), @r#"
    error: `8h` is not a walltime: 8:00:00, 90 (minutes), 1-12 (days-hours) and none are
     --> configs/m.yaml:3:9
      |
    3 |   time: 8h
      |         ^^
    "#);
}

#[test]
fn memory_in_the_wrong_unit() {
    shows!(Home::new().mistake("hf: a/b\nslurm: { mem: 32GB }\n"), @r#"
    error: `32GB` is not a memory size: 32G is
     --> configs/m.yaml:2:15
      |
    2 | slurm: { mem: 32GB }
      |               ^^^^
    "#);
}

#[test]
fn a_secret_among_the_arguments() {
    shows!(Home::new().mistake("hf: a/b\nserver: { args: [\"--api-key\", \"x\"] }\n"), @r#"
    error: `--api-key` can't stand in `server.args`
     --> configs/m.yaml:2:11
      |
    2 | server: { args: ["--api-key", "x"] }
      |           ^^^^
    hint: arguments are readable by every user; llamactl makes a key of its own
    "#);
}

#[test]
fn a_line_break_that_would_end_a_directive() {
    shows!(Home::new().mistake("hf: a/b\nslurm: { partition: \"a\\n#SBATCH --uid=0\" }\n"), @r#"
    error: `slurm.partition` must not have control characters or line breaks
     --> configs/m.yaml:2:21
      |
    2 | slurm: { partition: "a\n#SBATCH --uid=0" }
      |                     ^^^^^^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn two_models() {
    shows!(Home::new().mistake("hf: a/b\nmodel: x.gguf\n"), @r#"
    error: `model` and `hf` exclude each other
     --> configs/m.yaml:1:5
      |
    1 | hf: a/b
      |     ^^^
    hint: keep one of the two
    "#);
}

#[test]
fn no_model() {
    shows!(Home::new().mistake("name: m\n"), @r#"
    error: neither `model` nor `hf` says what to serve
    --> configs/m.yaml
    hint: add `model: PATH.gguf` or `hf: owner/repo:quant`, or give --model FILE
    "#);
}

#[test]
fn a_path_with_an_unset_variable() {
    shows!(Home::new().mistake("model: $NOT_SET_HERE/m.gguf\n"), @r#"
    error: $NOT_SET_HERE is not set
     --> configs/m.yaml:1:8
      |
    1 | model: $NOT_SET_HERE/m.gguf
      |        ^^^^^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn draining_that_begins_before_the_job() {
    shows!(Home::new().mistake("hf: a/b\nslurm: { time: 10, drain_before: 1h }\n"), @r#"
    error: `drain_before` is not shorter than the walltime
     --> configs/m.yaml:2:34
      |
    2 | slurm: { time: 10, drain_before: 1h }
      |                                  ^^
    hint: the job would be told to drain at its start
    "#);
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let text = Home::new().mistake("hf: a/b\nserver: { \"con\\etext\": 1 } # \u{9b}31m\n");
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
}

#[test]
fn a_mistake_in_set() {
    let home = Home::new();
    let wrong = |set: &str| home.wrong(&["configs", "show", "tiny", "--set", set]);
    shows!(wrong("server.contxt=8192"), @r#"
    error: there is no key `contxt` here
    --> --set
     |
     | server.contxt=8192
     |        ^^^^^^
    hint: did you mean `context`?
    "#);
    shows!(wrong("slurm.mem=32GB"), @r#"
    error: `32GB` is not a memory size: 32G is
    --> --set
     |
     | slurm.mem=32GB
     |           ^^^^
    "#);
    shows!(wrong("server.context=many"), @r#"
    error: `context` must be a whole number, not the text "many"
    --> --set
     |
     | server.context=many
     |                ^^^^
    "#);
    shows!(wrong("server"), @r#"
    error: --set server is not KEY=VALUE
    hint: write it as --set server.context=8192
    "#);
    shows!(wrong("server=1"), @r#"
    error: `server` is a section
    --> --set
     |
     | server=1
     |        ^
    hint: set one of its keys, as `server.context=…`
    "#);
    shows!(wrong("variants.a.model=x"), @r#"
    error: there is no key `variants` here
    --> --set
     |
     | variants.a.model=x
     | ^^^^^^^^
    hint: the keys here are `name`, `description`, `model`, `hf`, `server`, `slurm`, `hooks`, `labels`, `registry`, `notify`, `ssh`, `node`, `paths`
    "#);
}

#[test]
fn a_mistake_in_the_environment() {
    let home = Home::new().env("SBATCH_TIMELIMIT", "8 hours");
    shows!(home.wrong(&["configs", "show", "tiny"]), @r#"
    error: `8 hours` is not a walltime: 8:00:00, 90 (minutes), 1-12 (days-hours) and none are
    --> SBATCH_TIMELIMIT
     |
     | 8 hours
     | ^^^^^^^
    "#);
}

#[test]
fn a_mistake_in_the_users_file() {
    let home = Home::new();
    home.write(".config/llamactl/config.yaml", "notify:\n  emial: a@b\n");
    shows!(home.wrong(&["configs", "show", "tiny"]), @r#"
    error: there is no key `emial` here
     --> ~/.config/llamactl/config.yaml:2:3
      |
    2 |   emial: a@b
      |   ^^^^^
    hint: did you mean `email`?
    "#);
}

#[test]
fn a_variant_that_the_model_does_not_have() {
    shows!(Home::new().wrong(&["configs", "show", "qwen3-30b", "--gpu-type", "b200"]), @r#"
    error: built-in qwen3-30b.yaml has no variant for the GPU type `b200`
    hint: it has h100, a100, v100, p40
    "#);
}

// ---- files ----

#[test]
fn a_name_is_found_in_the_strongest_folder() {
    let home = Home::new();
    let description = |home: &Home| {
        let shown = home.json(&["configs", "show", "tiny"]);
        shown["values"]["description"].as_str().unwrap().to_owned()
    };
    assert!(description(&home).contains("demo"));
    home.write(".config/llamactl/models/tiny.yaml", "hf: a/b\ndescription: user's");
    assert_eq!(description(&home), "user's");
    home.write("work/configs/tiny.yaml", "hf: a/b\ndescription: project's");
    assert_eq!(description(&home), "project's");
    home.write("mine/tiny.yml", "hf: a/b\ndescription: mine");
    let folder = home.path("mine");
    let home = home.env("LLAMACTL_CONFIGS", folder.to_str().unwrap());
    assert_eq!(description(&home), "mine");
}

#[test]
fn an_unknown_name_is_answered_with_the_nearest() {
    let home = Home::new();
    let text = home.wrong(&["configs", "show", "qwen-30b"]);
    assert!(text.contains("did you mean `qwen3-30b`?"), "{text}");
    assert!(text.contains("~/.config/llamactl/models"), "{text}");
    let text = home.wrong(&["configs", "show", "zzz"]);
    assert!(text.contains("there are devstral"), "{text}");
    // A name is never joined to a folder: this is a path, and not one below ./configs.
    home.write("x.yaml", "hf: a/b");
    let text = home.wrong(&["configs", "show", "../x"]);
    assert!(text.contains("there is no file ../x"), "{text}");
}

#[test]
fn files_that_cannot_be_used_are_named() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    let text = home.wrong(&["configs", "show", "./configs"]);
    assert!(text.contains("is a folder"), "{text}");

    let path = home.write("work/open.yaml", "hf: a/b");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
    let text = home.wrong(&["configs", "show", "open.yaml"]);
    assert!(text.contains("every user of this machine may change"), "{text}");

    let path = home.path("work/large.yaml");
    std::fs::File::create(&path).unwrap().set_len(2 * 1024 * 1024).unwrap();
    let text = home.wrong(&["configs", "show", "large.yaml"]);
    assert!(text.contains("larger than 1 MiB"), "{text}");

    std::fs::write(home.path("work/bytes.yaml"), b"name: a\nhf: \xff\n").unwrap();
    let text = home.wrong(&["configs", "show", "bytes.yaml"]);
    assert!(text.contains("not UTF-8 text (line 2)"), "{text}");

    let home = home.env("LLAMACTL_CONFIG", "/nonexistent/c.yaml");
    let text = home.wrong(&["configs", "show", "tiny"]);
    assert!(text.contains("/nonexistent/c.yaml can't be read"), "{text}");
}

#[test]
fn model_files_of_a_folder_that_everybody_may_write_to_are_not_found_by_name() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new();
    home.write("work/configs/tiny.yaml", "hf: evil/model\nhooks: { before: curl evil }");
    std::fs::set_permissions(home.path("work"), std::fs::Permissions::from_mode(0o1777)).unwrap();
    let shown = home.json(&["configs", "show", "tiny"]);
    assert_eq!(shown["values"].get("hf"), None, "{shown}");
}

#[test]
fn validate_shows_every_mistake_of_every_file() {
    let home = Home::new();
    home.write(
        "work/configs/bad.yaml",
        "hf: a/b\nserver:\n  contxt: 1\n  batch: many\nslurm: { gpu: 1 }\n",
    );
    home.write(".config/llamactl/config.yaml", "registy: {}\n");
    let out = home.run(&["configs", "validate"]);
    let text = String::from_utf8(out.stdout).unwrap();
    assert_eq!(out.status.code(), Some(2));
    for mistake in ["`contxt`", "`batch`", "`gpu`", "`registy`"] {
        assert!(text.contains(mistake), "{mistake}: {text}");
    }
    assert!(text.contains("bad.yaml:3:3") && text.contains("bad.yaml:4:10"), "{text}");
    assert!(text.contains("✓ built-in tiny.yaml") && text.contains("✗ configs/bad.yaml"), "{text}");
    let out = home.run(&["configs", "validate", "bad", "--json"]);
    let report: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(report[0]["problems"].as_array().unwrap().len(), 3, "{report}");
    assert_eq!(report[0]["problems"][0]["line"], 3);
    home.ok(&["configs", "validate", "tiny"]);
}

#[test]
fn init_writes_what_validate_accepts_and_never_overwrites() {
    let home = Home::new();
    home.write("work/my.gguf", "");
    let out = home.ok(&["configs", "init", "mine", "--model", "my.gguf"]);
    assert!(out.contains(".config/llamactl/models/mine.yaml"), "{out}");
    let shown = home.json(&["configs", "show", "mine"]);
    let model = shown["values"]["model"].as_str().unwrap();
    assert_eq!(
        Path::new(model).canonicalize().unwrap(),
        home.path("work/my.gguf").canonicalize().unwrap()
    );
    let text = home.wrong(&["configs", "init", "mine"]);
    assert!(text.contains("exists already"), "{text}");

    home.ok(&["configs", "init", "copy", "--from", "qwen3-30b"]);
    let shown = home.json(&["configs", "show", "copy", "--gpu-type", "v100"]);
    assert_eq!((&shown["name"], &shown["values"]["slurm"]["gpus"]), (&json!("copy"), &json!(4)));

    home.ok(&["configs", "init", "./here.yaml"]);
    home.ok(&["configs", "init", "--user-config"]);
    home.ok(&["configs", "validate", "mine", "copy", "here.yaml"]);
    let user = home.path(".config/llamactl/config.yaml");
    home.ok(&["configs", "validate", user.to_str().unwrap()]);
    home.ok(&["configs", "show", "mine"]);
    home.wrong(&["configs", "init", ".."]);
}

#[test]
fn the_user_template_is_right_with_everything_uncommented() {
    let text = std::fs::read_to_string(repo("configs/templates/config.yaml")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let live: Vec<String> = lines.map(|line| line.replacen("  # ", "  ", 1)).collect();
    let home = Home::new();
    let path = home.write("work/config.yaml", &live.join("\n"));
    home.ok(&["configs", "validate", path.to_str().unwrap()]);
    let home = home.env("LLAMACTL_CONFIG", path.to_str().unwrap());
    let shown = home.json(&["configs", "show", "tiny"]);
    assert_eq!(shown["values"]["notify"]["smtp"]["host"], "smtp.example.org");
}

#[test]
fn ls_lists_names_variants_and_places() {
    let home = Home::new();
    home.write("work/configs/broken.yaml", "nmae: x");
    let all = home.json(&["configs", "ls"]);
    let find = |name: &str| all.as_array().unwrap().iter().find(|one| one["name"] == name).unwrap();
    assert_eq!(find("qwen3-30b")["gpu_types"][0], "h100");
    assert_eq!(find("qwen3-30b")["path"], Value::Null);
    assert!(find("broken")["error"].as_str().unwrap().contains("nmae"));
    let text = home.ok(&["configs", "ls"]);
    assert!(text.starts_with("NAME"), "{text}");
    assert!(text.contains("configs/broken.yaml"), "{text}");
}

#[test]
fn show_prints_yaml_that_says_where_each_value_is_from() {
    let home = Home::new();
    home.write(
        ".config/llamactl/config.yaml",
        "slurm:\n  partition: gpu\nhooks:\n  before: |\n    module load cuda\n    export A='1'\n",
    );
    let home = home.env("SBATCH_QOS", "long");
    let args =
        ["configs", "show", "qwen3-30b", "--gpu-type", "v100", "--set", "server.context=8192"];
    let text = home.ok(&args);
    let parsed: Value = serde_yaml::from_str(&text).unwrap();
    assert_eq!(parsed, home.json(&args)["values"]);
    let origin = |key: &str| {
        let line = text.lines().find(|line| line.trim_start().starts_with(key)).unwrap();
        line.split("# ").nth(1).unwrap().replace(home.dir.path().to_str().unwrap(), "~")
    };
    assert_eq!(origin("partition:"), "~/.config/llamactl/config.yaml:2");
    assert_eq!(origin("- "), "~/.config/llamactl/config.yaml:4");
    assert_eq!(origin("qos:"), "$SBATCH_QOS");
    assert_eq!(origin("context:"), "--set");
    assert!(origin("mem:").starts_with("variant v100 (built-in qwen3-30b.yaml:"));
    assert_eq!(origin("jinja:"), "default");
}

// ---- what is shipped ----

fn shipped() -> Vec<String> {
    let files = std::fs::read_dir(repo("configs")).unwrap().map(|entry| entry.unwrap().path());
    let yaml = files.filter(|path| path.extension().is_some_and(|ext| ext == "yaml"));
    let mut names: Vec<String> =
        yaml.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

/// Every option that llama-server 0.7.0 knows, from its own `--help`.
fn known_options() -> Vec<String> {
    let text = std::fs::read_to_string(repo("tests/fixtures/llama-server-options.txt")).unwrap();
    text.lines().filter(|line| line.starts_with('-')).map(str::to_owned).collect()
}

#[test]
fn every_shipped_configuration_is_built_in() {
    let built_in: Vec<&str> =
        llamactl::config::find::BUILTIN.iter().map(|(name, _)| *name).collect();
    assert_eq!(built_in, shipped(), "list every file of configs/ in src/config/find.rs");
}

#[test]
fn every_shipped_configuration_resolves_for_each_variant_with_known_options() {
    let known = known_options();
    let has = |option: &str| known.iter().any(|one| one == option);
    assert!(known.len() > 200 && has("--temp") && !has("--mlock"), "{}", known.len());
    let home = Home::new();
    for name in shipped() {
        let base = home.json(&["configs", "show", &name]);
        let variants: Vec<String> = serde_json::from_value(base["variants"].clone()).unwrap();
        assert!(name == "tiny" || variants == ["h100", "a100", "v100", "p40"], "{name}");
        let mut shown = vec![base];
        for variant in &variants {
            shown.push(home.json(&["configs", "show", &name, "--gpu-type", variant]));
        }
        for values in shown.iter().map(|one| &one["values"]) {
            assert_eq!(values["name"], name.as_str());
            let description = values["description"].as_str().unwrap();
            assert!(!description.is_empty() && description.len() <= 72, "{name}: {description}");
            for key in ["partition", "account", "qos", "nodelist", "reservation"] {
                assert_eq!(values["slurm"].get(key), None, "{name}: only one site has {key}");
            }
            let server = &values["server"];
            assert!(server["ubatch"].as_u64() <= server["batch"].as_u64(), "{name}");
            for arg in server["args"].as_array().into_iter().flatten() {
                let arg = arg.as_str().unwrap();
                let is_option = arg.starts_with('-') && arg.parse::<f64>().is_err();
                assert!(!is_option || has(arg), "{name}: llama-server has no {arg}");
            }
        }
    }
}

#[test]
fn every_shipped_file_names_its_schema() {
    for name in shipped() {
        let text = std::fs::read_to_string(repo(&format!("configs/{name}.yaml"))).unwrap();
        let first = text.lines().next().unwrap();
        assert_eq!(first, "# yaml-language-server: $schema=./model.schema.json", "{name}");
    }
}

#[test]
fn targets_are_shown_without_their_secrets() {
    let home = Home::new();
    let rule = "notify.rules=[{notify: ['webhook://:hunter2@h.example/x']}]";
    let to = "notify.to=['slack://h.example/hunter2', 'mailto:a@b.example']";
    let shown = home.ok(&["configs", "show", "qwen3-30b", "--set", to, "--set", rule]);
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(shown.contains("slack://…") && shown.contains("mailto:a@b.example"), "{shown}");
}

#[test]
fn the_schemas_are_those_of_the_types() {
    for (file, args) in [
        ("configs/model.schema.json", vec!["configs", "schema"]),
        ("configs/settings.schema.json", vec!["configs", "schema", "--settings"]),
    ] {
        let now = Home::new().ok(&args);
        let committed = std::fs::read_to_string(repo(file)).unwrap_or_default();
        let command = args.join(" ");
        assert!(now == committed, "{file} is stale: `llamactl {command} > {file}` mends it");
    }
}

#[test]
fn the_reference_is_that_of_the_types() {
    let path = repo("docs/configuration.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let model = llamactl::config::keys::of::<llamactl::config::model::ModelConfig>();
    let own = llamactl::config::keys::of::<llamactl::config::settings::Settings>();
    // What both files have is in the table of the model's.
    let own: Vec<_> = own.into_iter().filter(|key| !model.contains(key)).collect();
    let model: Vec<_> =
        model.into_iter().filter(|key| !key.path.starts_with("variants.")).collect();
    let variables: String = llamactl::env::ALL
        .iter()
        .map(|variable| format!("| `{}` | {} |\n", variable.name, variable.help.trim()))
        .collect();
    let mut wanted = text.clone();
    for (marker, table) in [
        ("keys: model", key_table(&model)),
        ("keys: settings", key_table(&own)),
        ("variables", format!("| variable | what it does |\n|---|---|\n{variables}")),
    ] {
        let marker = format!("<!-- {marker} -->\n");
        let start = wanted.find(&marker).expect("the marker is there") + marker.len();
        let end = start + wanted[start..].find("<!-- end -->").expect("so is its end");
        wanted.replace_range(start..end, &table);
    }
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let now = std::fs::read_to_string(&path).unwrap();
    assert!(
        now == wanted,
        "docs/configuration.md is stale: `UPDATE_DOCS=1 cargo test --test configs the_reference` \
         mends it"
    );
}

fn key_table(keys: &[llamactl::config::keys::Key]) -> String {
    let defaults = serde_json::to_value(llamactl::config::layers::defaults().values).unwrap();
    let mut table = "| key | what it does | default |\n|---|---|---|\n".to_owned();
    for key in keys.iter().filter(|key| !key.section || key.path == "variants") {
        let default = defaults.pointer(&format!("/{}", key.path.replace('.', "/")));
        let default = default.map_or(String::new(), |value| match value.as_str() {
            Some(text) => format!("`{text}`"),
            None => format!("`{value}`"),
        });
        let path = key.path.replace(".*", ".NAME");
        table.push_str(&format!("| `{path}` | {} | {default} |\n", key.doc.replace('|', "\\|")));
    }
    table
}

#[test]
fn examples_in_the_reference_are_right() {
    let text = std::fs::read_to_string(repo("docs/configuration.md")).unwrap();
    let home = Home::new();
    let mut examples = 0;
    for block in text.split("```yaml\n").skip(1) {
        let yaml = block.split("```").next().unwrap();
        let settings = yaml.starts_with("# config.yaml");
        let name = if settings { "work/e/config.yaml" } else { "work/e/model.yaml" };
        let path = home.write(name, yaml);
        let out = home.run(&["configs", "validate", path.to_str().unwrap()]);
        assert!(out.status.success(), "{}\n{yaml}", String::from_utf8_lossy(&out.stdout));
        examples += 1;
    }
    assert!(examples >= 3, "{examples}");
}
