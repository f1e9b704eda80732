//! Files: where they are found, and the commands that make, list and show them.

use std::path::Path;

use serde_json::{Value, json};

use super::Home;
use crate::common::project;

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
    let text = std::fs::read_to_string(project().join("configs/templates/config.yaml")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let live: Vec<String> = lines.map(|line| line.replacen("  # ", "  ", 1)).collect();
    let home = Home::new();
    let path = home.write("work/config.yaml", live.join("\n"));
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
        line.split("# ").nth(1).unwrap().replace(home.dir().to_str().unwrap(), "~")
    };
    assert_eq!(origin("partition:"), "~/.config/llamactl/config.yaml:2");
    assert_eq!(origin("- "), "~/.config/llamactl/config.yaml:4");
    assert_eq!(origin("qos:"), "$SBATCH_QOS");
    assert_eq!(origin("context:"), "--set");
    assert!(origin("mem:").starts_with("variant v100 (built-in qwen3-30b.yaml:"));
    assert_eq!(origin("jinja:"), "default");
}
