//! Presets: which variables and arguments a program needs to find its model at a server, and the
//! ssh command that leads there from outside. Presets are data, in `templates/connect/` and in
//! the user's own folder. `connect` runs programs with them, the registry shows them to people.

pub mod ssh;

use std::collections::BTreeMap;

use handlebars::Handlebars;
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::exit::Failure;

/// The built-in presets, by name.
const BUILT_IN: [(&str, &str); 7] = [
    ("aider", include_str!("../../templates/connect/aider.yaml")),
    ("anthropic", include_str!("../../templates/connect/anthropic.yaml")),
    ("claude", include_str!("../../templates/connect/claude.yaml")),
    ("codex", include_str!("../../templates/connect/codex.yaml")),
    ("openai", include_str!("../../templates/connect/openai.yaml")),
    ("opencode", include_str!("../../templates/connect/opencode.yaml")),
    ("server", include_str!("../../templates/connect/server.yaml")),
];
/// The one that is always used, before the program's.
const ALWAYS: &str = "server";
/// Those that are used when neither the program nor `--preset` names one.
const DEFAULT: [&str; 2] = ["openai", "anthropic"];

/// What stands in place of the key of a server that has none: many programs refuse to start
/// without one.
pub const NO_KEY: &str = "no-key";

/// One preset. Texts are Handlebars templates over [`Values`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Preset {
    /// One line about it.
    pub description: String,
    /// File names of the programs that it is for.
    #[serde(default)]
    pub programs: Vec<String>,
    /// Variables to set.
    #[serde(default)]
    pub env: IndexMap<String, String>,
    /// Arguments to put before the program's own.
    #[serde(default)]
    pub args: Vec<String>,
    /// Variables to take away, since they would lead elsewhere.
    #[serde(default)]
    pub unset: Vec<String>,
}

/// What templates may use.
#[derive(Debug, Clone, Serialize)]
pub struct Values {
    /// `http://HOST:PORT` as the program reaches it.
    pub url: String,
    /// The host in `url`.
    pub host: String,
    /// The port in `url`.
    pub port: u16,
    /// The API key, or a word in its place for a server without one.
    pub key: String,
    /// The model as requests name it.
    pub model: String,
    /// The server's name.
    pub name: String,
    /// The model's file.
    pub model_file: String,
    /// The job id.
    pub job: String,
    /// The context in tokens.
    pub context: Option<u64>,
    /// Tokens of the context to leave for an answer.
    pub output: Option<u64>,
}

/// Tokens of a context to leave for an answer.
pub fn output(context: Option<u64>) -> Option<u64> {
    context.map(|context| context / 4)
}

/// What a program gets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// Variables to set.
    pub set: IndexMap<String, String>,
    /// Variables to take away.
    pub unset: Vec<String>,
    /// Arguments to put before the program's own.
    pub args: Vec<String>,
}

impl Environment {
    /// Lines for a shell that set this; `quoted` makes a value one word of a shell.
    ///
    /// # Errors
    /// What `quoted` says.
    pub fn lines<E>(&self, quoted: impl Fn(&str) -> Result<String, E>) -> Result<Vec<String>, E> {
        let unset = self.unset.iter().map(|name| Ok(format!("unset {name}")));
        let set =
            self.set.iter().map(|(name, value)| Ok(format!("export {name}={}", quoted(value)?)));
        unset.chain(set).collect()
    }
}

/// All presets, by name.
#[derive(Debug, Clone)]
pub struct Presets(BTreeMap<String, Preset>);

impl Presets {
    /// The built-in ones.
    ///
    /// # Errors
    /// None in practice: tests read each of them.
    pub fn built_in() -> Result<Presets, Failure> {
        let mut presets = Presets(BTreeMap::new());
        for (name, text) in BUILT_IN {
            presets.add(name, text, name)?;
        }
        Ok(presets)
    }

    /// Adds one, or puts it in the place of the one of that name. `place` says where `text`
    /// comes from.
    ///
    /// # Errors
    /// What is wrong in it, with the line.
    pub fn add(&mut self, name: &str, text: &str, place: &str) -> Result<(), Failure> {
        self.0.insert(name.to_owned(), parse(text, place)?);
        Ok(())
    }

    /// Those to use for `program` (a path or a name): `wanted` when it is given, else the
    /// program's, else the general ones.
    ///
    /// # Errors
    /// Exit 2 when there is none called `wanted`.
    pub fn choose(
        &self,
        wanted: Option<&str>,
        program: Option<&str>,
    ) -> Result<Vec<&Preset>, Failure> {
        let always = self.0.get(ALWAYS);
        let program = program.map(|program| program.rsplit('/').next().unwrap_or(program));
        let for_program = self
            .0
            .values()
            .find(|preset| preset.programs.iter().any(|p| Some(p.as_str()) == program));
        let chosen: Vec<&Preset> = match (wanted, for_program) {
            (Some(wanted), _) => vec![self.0.get(wanted).ok_or_else(|| self.unknown(wanted))?],
            (None, Some(preset)) => vec![preset],
            (None, None) => DEFAULT.iter().filter_map(|name| self.0.get(*name)).collect(),
        };
        Ok(always.into_iter().chain(chosen).collect())
    }

    fn unknown(&self, wanted: &str) -> Failure {
        let names: Vec<&str> = self.0.keys().map(String::as_str).collect();
        Failure::usage(format!("there is no preset `{wanted}`"))
            .hint(format!("there are {}", names.join(", ")))
    }
}

fn parse(text: &str, place: &str) -> Result<Preset, Failure> {
    let wrong = |problem: String| {
        Failure::usage(format!("preset {place}: {problem}"))
            .hint("docs/connect.md says what a preset may hold")
    };
    let preset: Preset = serde_yaml::from_str(text).map_err(|error| wrong(error.to_string()))?;
    for name in preset.env.keys().chain(&preset.unset) {
        let first = name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
        if !first || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err(wrong(format!("`{name}` is no name of a variable")));
        }
    }
    Ok(preset)
}

/// Fills the values into the presets, one after the other.
///
/// # Errors
/// A template that is wrong, with its name.
pub fn render(presets: &[&Preset], values: &Values) -> anyhow::Result<Environment> {
    let engine = engine();
    let fill = |what: &str, template: &str| {
        engine.render_template(template, values).map_err(|error| {
            let reason = error.reason();
            Failure::usage(format!("the preset's template for {what} is wrong: {reason}"))
        })
    };
    let mut environment = Environment::default();
    for preset in presets {
        for (name, template) in &preset.env {
            environment.set.insert(name.clone(), fill(name, template)?);
        }
        for template in &preset.args {
            environment.args.push(fill("an argument", template)?);
        }
        environment.unset.extend(preset.unset.iter().cloned());
    }
    let set = &environment.set;
    environment.unset.retain(|name| !set.contains_key(name));
    environment.unset.sort();
    environment.unset.dedup();
    Ok(environment)
}

/// Handlebars as presets use it: plain text, `json` for a quoted text (valid in TOML too),
/// `concat` for two texts as one.
fn engine() -> Handlebars<'static> {
    handlebars::handlebars_helper!(json: |value: Json| value.to_string());
    handlebars::handlebars_helper!(concat: |first: str, second: str| format!("{first}{second}"));
    let mut engine = Handlebars::new();
    engine.set_strict_mode(true);
    engine.register_escape_fn(handlebars::no_escape);
    engine.register_helper("json", Box::new(json));
    engine.register_helper("concat", Box::new(concat));
    engine
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Values {
        Values {
            url: "http://127.0.0.1:4000".into(),
            host: "127.0.0.1".into(),
            port: 4000,
            key: "k&y".into(),
            model: "a \"b\" <c>".into(),
            name: "a".into(),
            model_file: "/m/a.gguf".into(),
            job: "8".into(),
            context: Some(8192),
            output: Some(2048),
        }
    }

    fn environment(program: &str) -> Environment {
        let presets = Presets::built_in().unwrap();
        render(&presets.choose(None, Some(program)).unwrap(), &values()).unwrap()
    }

    #[test]
    fn every_built_in_preset_renders_with_and_without_a_context() {
        let presets = Presets::built_in().unwrap();
        for context in [Some(8192), None] {
            for name in presets.0.keys() {
                let chosen = presets.choose(Some(name), None).unwrap();
                let values = Values { context, output: context, ..values() };
                let environment = render(&chosen, &values).unwrap();
                assert_eq!(environment.set["LLAMA_API_KEY"], "k&y", "{name}");
            }
        }
    }

    #[test]
    fn claude_code_gets_what_the_contract_says_and_one_model_for_all_names() {
        let environment = environment("/usr/local/bin/claude");
        assert_eq!(environment.set["ANTHROPIC_BASE_URL"], "http://127.0.0.1:4000");
        assert_eq!(environment.set["ANTHROPIC_AUTH_TOKEN"], "k&y");
        for name in [
            "DISABLE_TELEMETRY",
            "DISABLE_ERROR_REPORTING",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
        ] {
            assert_eq!(environment.set[name], "1", "{name}");
        }
        assert_eq!(environment.set["CLAUDE_CODE_ATTRIBUTION_HEADER"], "0");
        assert_eq!(environment.set["ANTHROPIC_DEFAULT_HAIKU_MODEL"], "a \"b\" <c>");
        assert!(environment.unset.contains(&"ANTHROPIC_API_KEY".to_owned()));
    }

    #[test]
    fn opencode_gets_valid_json_whatever_the_name() {
        let content = &environment("opencode").set["OPENCODE_CONFIG_CONTENT"];
        let config: serde_json::Value = serde_json::from_str(content).expect(content);
        assert_eq!(config["model"], "llamactl/a \"b\" <c>");
        let provider = &config["provider"]["llamactl"];
        assert_eq!(provider["options"]["apiKey"], "k&y");
        assert_eq!(provider["models"]["a \"b\" <c>"]["limit"]["context"], 8192);
    }

    #[test]
    fn codex_gets_its_provider_as_arguments_without_the_key() {
        let environment = environment("codex");
        assert!(environment.args.contains(&r#"model="a \"b\" <c>""#.to_owned()));
        assert!(!environment.args.iter().any(|arg| arg.contains("k&y")));
        assert_eq!(environment.set["OPENAI_API_KEY"], "k&y");
    }

    #[test]
    fn an_unknown_program_gets_both_kinds_of_api() {
        let environment = environment("my-own-script");
        assert_eq!(environment.set["OPENAI_BASE_URL"], "http://127.0.0.1:4000/v1");
        assert_eq!(environment.set["ANTHROPIC_BASE_URL"], "http://127.0.0.1:4000");
        assert_eq!(environment.set["LLAMA_SERVER_PORT"], "4000");
    }

    #[test]
    fn a_users_own_presets_come_first_and_errors_name_the_file() {
        let mut presets = Presets::built_in().unwrap();
        let text = "description: mine\nprograms: [claude]\nenv: {A: '{{url}}'}\nunset: [B, A]\n";
        presets.add("claude", text, "claude.yaml").unwrap();
        let chosen = presets.choose(None, Some("claude")).unwrap();
        let environment = render(&chosen, &values()).unwrap();
        assert_eq!(environment.set["A"], "http://127.0.0.1:4000");
        assert_eq!(environment.unset, ["B"]);
        let mut wrong = |text: &str| presets.add("x", text, "x.yaml").unwrap_err().to_string();
        let error = wrong("description: x\nenvv: {}\n");
        assert!(error.contains("x.yaml") && error.contains("envv"), "{error}");
        let error = wrong("description: x\nenv: {'A;id': b}\n");
        assert!(error.contains("A;id"), "{error}");
        assert_eq!(presets.choose(Some("nope"), None).unwrap_err().exit.0, 2);
    }
}
