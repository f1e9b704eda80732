//! Lays configurations over each other, value by value, and remembers whose each value is.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_yaml::{Mapping, Value};

use super::diagnose::Source;
use super::marks::Path;

/// One layer: values, and where they come from.
#[derive(Debug, Clone)]
pub struct Layer {
    /// Mappings of values; keys that are not given are not in it.
    pub values: Value,
    /// Where it was written; nothing for llamactl's own defaults.
    pub source: Option<Arc<Source>>,
    /// What kind of layer it is.
    pub kind: Kind,
    /// Folder that relative paths start from; the current one when nothing is given.
    pub base: Option<PathBuf>,
}

/// What kind of layer it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// llamactl's own defaults.
    Default,
    /// llamactl's own configuration file, the site's or the user's.
    Settings,
    /// A model's file.
    Model,
    /// The named variant in a model's file.
    Variant(String),
    /// An environment variable.
    Environment,
    /// A flag.
    Flag,
}

/// Which layer a value came from, in rising order of strength.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// llamactl's own default.
    Default,
    /// A configuration file: path and line.
    File(String),
    /// A variant of a model's file: its name, path and line.
    Variant(String),
    /// An environment variable.
    Environment(String),
    /// A flag.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::File(place) => f.write_str(place),
            Origin::Variant(place) => write!(f, "variant {place}"),
            Origin::Environment(name) => write!(f, "${name}"),
            Origin::Flag(name) => f.write_str(name),
        }
    }
}

/// One value and the layer that it came from.
#[derive(Debug, Clone)]
pub struct Leaf {
    /// The value: a scalar, or a list, which is replaced as a whole.
    pub value: Value,
    /// The number of its layer.
    pub layer: usize,
}

/// All values that are in force.
#[derive(Debug, Clone, Default)]
pub struct Merged {
    /// By their way from the root.
    pub leaves: IndexMap<Path, Leaf>,
}

/// Mappings that are replaced as a whole: half of one mail server and half of another is none.
const WHOLE: &[&str] = &["notify.smtp"];

/// Keys that exclude each other: the stronger layer's stays.
const EXCLUSIVE: &[(&str, &str)] = &[("model", "hf"), ("hf", "model")];

/// Lays `layers` over each other, the weakest first.
pub fn merge(layers: &[Layer]) -> Merged {
    let mut merged = Merged::default();
    for (number, layer) in layers.iter().enumerate() {
        let mut leaves = Vec::new();
        flatten(&layer.values, &mut Vec::new(), &mut leaves);
        for (path, value) in leaves {
            if let [only] = path.as_slice() {
                let other = EXCLUSIVE.iter().find(|(key, _)| key == only);
                other.map(|(_, other)| merged.leaves.shift_remove(&vec![(*other).to_owned()]));
            }
            let label = path.first().is_some_and(|first| first == "labels");
            if value.as_str() == Some("") && !label {
                merged.leaves.shift_remove(&path);
            } else {
                merged.leaves.insert(path, Leaf { value, layer: number });
            }
        }
    }
    merged
}

/// All values of `value` with their ways from the root; nulls and empty mappings are no values.
pub fn flatten(value: &Value, path: &mut Path, leaves: &mut Vec<(Path, Value)>) {
    match value {
        Value::Mapping(mapping) if !WHOLE.contains(&path.join(".").as_str()) => {
            for (key, inner) in mapping {
                path.push(key.as_str().unwrap_or_default().to_owned());
                flatten(inner, path, leaves);
                path.pop();
            }
        }
        Value::Null => {}
        value => leaves.push((path.clone(), value.clone())),
    }
}

/// The nested mapping that has `value` at `path`.
pub fn nest(path: &[String], value: Value) -> Value {
    path.iter().rev().fold(value, |inner, key| {
        let mut mapping = Mapping::new();
        mapping.insert(Value::String(key.clone()), inner);
        Value::Mapping(mapping)
    })
}

impl Merged {
    /// The value at a dotted `key`.
    pub fn get(&self, key: &str) -> Option<&Leaf> {
        self.leaves.get(&key.split('.').map(str::to_owned).collect::<Path>())
    }

    /// The text at a dotted `key`.
    pub fn text(&self, key: &str) -> Option<&str> {
        self.get(key).and_then(|leaf| leaf.value.as_str())
    }

    /// Puts a value in, as if layer `layer` had it.
    pub fn set(&mut self, key: &str, value: Value, layer: usize) {
        self.leaves.insert(key.split('.').map(str::to_owned).collect(), Leaf { value, layer });
    }

    /// All values as nested mappings.
    pub fn tree(&self) -> Value {
        let mut root = Value::Mapping(Mapping::new());
        for (path, leaf) in &self.leaves {
            let mut at = &mut root;
            for key in path {
                if !at.is_mapping() {
                    *at = Value::Mapping(Mapping::new());
                }
                let Value::Mapping(mapping) = at else { unreachable!("it was just made one") };
                at = mapping.entry(Value::String(key.clone())).or_insert(Value::Null);
            }
            *at = leaf.value.clone();
        }
        root
    }
}

impl Layer {
    /// Where the value at `path` in this layer was written.
    pub fn origin(&self, path: &[String]) -> Origin {
        let Some(source) = &self.source else { return Origin::Default };
        let line = |path: &[String]| match source.marks.key(path) {
            Some(mark) => format!("{}:{}", source.name, mark.line),
            None => source.name.clone(),
        };
        match &self.kind {
            Kind::Default => Origin::Default,
            Kind::Settings | Kind::Model => Origin::File(line(path)),
            Kind::Variant(name) => {
                Origin::Variant(format!("{name} ({})", line(&in_variant(name, path))))
            }
            Kind::Environment => Origin::Environment(source.name.clone()),
            Kind::Flag => Origin::Flag(source.name.clone()),
        }
    }

    /// The way to `path` in the layer's own text.
    pub fn written(&self, path: &[String]) -> Path {
        match &self.kind {
            Kind::Variant(name) => in_variant(name, path),
            _ => path.to_vec(),
        }
    }
}

fn in_variant(name: &str, path: &[String]) -> Path {
    let mut full = vec!["variants".to_owned(), name.to_owned()];
    full.extend_from_slice(path);
    full
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(yaml: &str) -> Layer {
        let values = serde_yaml::from_str(yaml).unwrap();
        Layer { values, source: None, kind: Kind::Default, base: None }
    }

    fn merged(layers: &[&str]) -> Value {
        merge(&layers.iter().map(|yaml| layer(yaml)).collect::<Vec<_>>()).tree()
    }

    fn yaml(text: &str) -> Value {
        serde_yaml::from_str(text).unwrap()
    }

    #[test]
    fn mappings_merge_and_lists_replace() {
        assert_eq!(
            merged(&[
                "{a: {x: 1, y: 2}, l: [1, 2], labels: {a.b: old, c: d}}",
                "{a: {y: 3}, l: [4], labels: {a.b: new}}",
            ]),
            yaml("{a: {x: 1, y: 3}, l: [4], labels: {a.b: new, c: d}}")
        );
    }

    #[test]
    fn an_empty_text_takes_a_weaker_value_away_and_null_says_nothing() {
        assert_eq!(
            merged(&["slurm: {partition: gpu, qos: x}", "slurm: {partition: '', qos: ~}"]),
            yaml("slurm: {qos: x}")
        );
    }

    #[test]
    fn a_stronger_model_replaces_a_weaker_reference_and_the_other_way_round() {
        assert_eq!(merged(&["hf: a/b", "model: /m.gguf"]), yaml("model: /m.gguf"));
        assert_eq!(merged(&["model: /m.gguf", "hf: a/b"]), yaml("hf: a/b"));
    }

    #[test]
    fn a_mail_server_is_replaced_as_a_whole() {
        assert_eq!(
            merged(&["notify: {smtp: {host: a, username: u}}", "notify: {smtp: {host: b}}"]),
            yaml("notify: {smtp: {host: b}}")
        );
    }
}
