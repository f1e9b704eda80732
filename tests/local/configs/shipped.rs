//! What is shipped: the configurations, their schemas, and the reference in the documentation.

use super::Home;
use crate::common::project;

fn shipped() -> Vec<String> {
    let files =
        std::fs::read_dir(project().join("configs")).unwrap().map(|entry| entry.unwrap().path());
    let yaml = files.filter(|path| path.extension().is_some_and(|ext| ext == "yaml"));
    let mut names: Vec<String> =
        yaml.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

/// Every option that llama-server 0.7.0 knows, from its own `--help`.
fn known_options() -> Vec<String> {
    let text =
        std::fs::read_to_string(project().join("tests/fixtures/llama-server-options.txt")).unwrap();
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
        let text = std::fs::read_to_string(project().join(format!("configs/{name}.yaml"))).unwrap();
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
        let committed = std::fs::read_to_string(project().join(file)).unwrap_or_default();
        let command = args.join(" ");
        assert!(now == committed, "{file} is stale: `llamactl {command} > {file}` mends it");
    }
}

#[test]
fn the_reference_is_that_of_the_types() {
    let path = project().join("docs/configuration.md");
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
        "docs/configuration.md is stale: `UPDATE_DOCS=1 cargo test --test local the_reference` \
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
    let text = std::fs::read_to_string(project().join("docs/configuration.md")).unwrap();
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
