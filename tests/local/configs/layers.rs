//! Layers: which one wins, and what each can say.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::Home;

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
    home.write("etc/config.yaml", format!("slurm: {{ {} }}", yaml("site")));
    home.write(".config/llamactl/config.yaml", format!("slurm: {{ {} }}", yaml("user")));
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
    assert_eq!(walk(home.dir()), [home.path("etc/config.yaml")]);
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
