//! What a server's model is called: by which names people and programs find it.

/// What is told of a model, in a server's record, in a notice or in a connection file.
///
/// A server answers to these names of its model, whatever their case:
///
/// - the model's name in its configuration;
/// - llama-server's `--alias`, and each part of it where that is a list with commas;
/// - its file or Hugging Face reference: as it was told, without the folder or the owner, without
///   `.gguf` or `-GGUF`, and without the quantisation and the number of a part
///   (`Qwen3-30B-Q4_K_M-00001-of-00002.gguf` is `Qwen3-30B` too);
/// - the ids that its `/v1/models` lists.
///
/// Names that a person chose, and ids, are taken as they stand: whoever calls one server `a` and
/// another `a-q8` means them to be two. The name of the server itself is none of its model.
///
/// The page does the same (`dashboard/js/facts/model-names.js`);
/// `tests/fixtures/model-names.json` holds both to it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Names<'a> {
    /// The model's name; may be empty.
    pub name: &'a str,
    /// llama-server's `--alias`.
    pub alias: Option<&'a str>,
    /// Path of the file, its name, or the reference.
    pub file: Option<&'a str>,
    /// What `/v1/models` lists.
    pub listed: &'a [String],
}

impl<'a> Names<'a> {
    /// All of them, the one that tells most first, each once.
    pub fn all(&self) -> Vec<&'a str> {
        let mut names = vec![self.name];
        names.extend(self.alias);
        names.extend(self.alias.unwrap_or_default().split(',').map(str::trim));
        names.extend(self.file.into_iter().flat_map(of_file));
        names.extend(self.listed.iter().map(String::as_str));
        let mut each: Vec<&str> = Vec::with_capacity(names.len());
        for name in names {
            if !name.is_empty() && !each.contains(&name) {
                each.push(name);
            }
        }
        each
    }

    /// Whether `wanted` is one of them. A pattern is none: see [`super::pattern::fits`].
    pub fn answers_to(&self, wanted: &str) -> bool {
        let wanted = wanted.to_lowercase();
        self.all().iter().any(|name| name.to_lowercase() == wanted)
    }

    /// The one by which requests have to name the model: what the server lists, unless that is
    /// the path of a file, as llama-server without an alias says; it takes any name. Else the
    /// model's name, where there is one.
    pub fn for_requests(&self) -> Option<&'a str> {
        let listed = self.listed.first().map(String::as_str).filter(|id| !id.starts_with('/'));
        listed.or_else(|| Some(self.name).filter(|name| !name.is_empty()))
    }
}

/// A file without its folder and without `.gguf`.
pub fn stem(file: &str) -> &str {
    let base = base(file);
    without(base, ".gguf").unwrap_or(base)
}

/// What a file, or a reference to one, is called.
fn of_file(file: &str) -> [&str; 6] {
    // `owner/repo:QUANTISATION`; a path may have a colon too.
    let tagged = file.rsplit_once(':').filter(|(_, tag)| !tag.contains(['/', '.']));
    let reference = tagged.map_or(file, |(reference, _)| reference);
    let stem = stem(reference);
    let stem = without(stem, "-GGUF").unwrap_or(stem);
    [file, base(file), reference, base(reference), stem, unquantised(stem)]
}

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// `text` without `end`, whose case does not count; nothing where it ends otherwise.
fn without<'a>(text: &'a str, end: &str) -> Option<&'a str> {
    let (head, tail) = text.split_at_checked(text.len().checked_sub(end.len())?)?;
    tail.eq_ignore_ascii_case(end).then_some(head)
}

/// `Qwen3-30B` of `Qwen3-30B-UD-Q4_K_XL-00001-of-00002`.
fn unquantised(stem: &str) -> &str {
    let whole = match stem.rsplit_once("-of-") {
        Some((head, of)) if is_number(of) => match head.rsplit_once('-') {
            Some((whole, part)) if is_number(part) => whole,
            _ => stem,
        },
        _ => stem,
    };
    match whole.rsplit_once(['-', '.']) {
        Some((head, word)) if !head.is_empty() && is_quantisation(word) => {
            without(head, "-UD").or_else(|| without(head, ".UD")).unwrap_or(head)
        }
        _ => whole,
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a word is one of llama-quantize's types (`Q4_K_M`, `IQ3_XXS`, `TQ1_0`, `MXFP4_MOE`,
/// `BF16`), or one that others make of them (`Q8_K_XL`, `FP16`).
fn is_quantisation(word: &str) -> bool {
    let word = word.to_ascii_uppercase();
    let of = word.strip_prefix(['I', 'T']).unwrap_or(&word);
    let rest = match of.strip_prefix('Q') {
        Some(of) => of.strip_prefix(|c: char| c.is_ascii_digit()),
        None => word.strip_prefix("MXFP4"),
    };
    let more = |rest: &str| rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    ["BF16", "F16", "FP16", "F32"].contains(&word.as_str())
        || rest.is_some_and(|rest| rest.is_empty() || (rest.starts_with('_') && more(rest)))
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    /// The cases that the page is held to as well.
    const CASES: &str = include_str!("../../tests/fixtures/model-names.json");

    #[test]
    fn a_model_is_found_by_all_its_names_and_no_other() {
        let cases: Vec<Value> = serde_json::from_str(CASES).unwrap();
        for case in &cases {
            let texts = |list: &Value| -> Vec<String> {
                let list = list.as_array().into_iter().flatten().filter_map(Value::as_str);
                list.map(str::to_owned).collect()
            };
            let model = &case["server"]["model"];
            let names = Names {
                name: model["name"].as_str().unwrap(),
                alias: model["alias"].as_str(),
                file: model["file"].as_str(),
                listed: &texts(&case["server"]["models"]),
            };
            let about = &case["about"];
            assert_eq!(names.all(), texts(&case["names"]), "{about}");
            for good in texts(&case["names"]) {
                assert!(names.answers_to(&good.to_uppercase()), "{about}: {good}");
            }
            for bad in texts(&case["not"]) {
                assert!(!names.answers_to(&bad), "{about}: {bad}");
            }
        }
        assert!(cases.len() > 10);
    }

    #[test]
    fn requests_name_what_the_server_lists_unless_it_is_a_path() {
        let named = |name: &str, listed: &[&str]| {
            let listed: Vec<String> = listed.iter().map(|id| (*id).to_owned()).collect();
            let names = Names { name, listed: &listed, ..Names::default() };
            names.for_requests().map(str::to_owned)
        };
        assert_eq!(named("a", &["chat", "b"]).as_deref(), Some("chat"));
        assert_eq!(named("a", &["/models/a.gguf"]).as_deref(), Some("a"));
        assert_eq!(named("a", &[]).as_deref(), Some("a"));
        assert_eq!(named("", &[]), None);
    }

    #[test]
    fn a_stem_has_neither_folder_nor_ending() {
        for (file, is) in [("/m/a.gguf", "a"), ("a.GGUF", "a"), ("o/r:Q4", "r:Q4"), ("é", "é")] {
            assert_eq!(stem(file), is, "{file}");
        }
    }
}
