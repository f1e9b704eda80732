//! Mistakes in what people wrote, shown with file, line, column, a caret and a suggestion.

use std::path::PathBuf;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;
use serde_yaml::Value;

use super::keys::{self, Key};
use super::marks::{Mark, Marks, Path, Root};
use crate::exit::{Exit, Failure};

/// Most mistakes that are shown of one file.
const MAX_PROBLEMS: usize = 20;

/// Longest line that is shown around a caret, in characters.
const MAX_SHOWN: usize = 120;

/// A text that somebody wrote: a file, a flag or an environment variable.
#[derive(Debug)]
pub struct Source {
    /// How it is called in messages: a path, `--set`, `SBATCH_TIMELIMIT`.
    pub name: String,
    /// Where it is; nothing for built-in examples, flags and variables.
    pub path: Option<PathBuf>,
    /// The text itself.
    pub text: String,
    /// Whether it has lines and columns.
    pub is_file: bool,
    /// Where its keys and values stand.
    pub marks: Marks,
}

/// One mistake.
#[derive(Debug, Clone)]
pub struct Problem {
    /// What is wrong: a lowercase fragment.
    pub message: String,
    /// How to mend it.
    pub hint: Option<String>,
    /// Where.
    pub mark: Option<Mark>,
    /// In which text.
    pub source: Arc<Source>,
}

/// A mistake as `configs validate --json` gives it.
#[derive(Debug, Serialize)]
pub struct ProblemReport {
    /// The file, flag or variable.
    pub source: String,
    /// From 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// From 1, in characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Source {
    /// A file's text; a mistake in its syntax comes with it.
    ///
    /// # Errors
    /// The mistake, when the text is not YAML.
    pub fn file(
        name: String,
        path: Option<PathBuf>,
        text: String,
    ) -> Result<Arc<Source>, Box<Problem>> {
        let read = Marks::read(&text);
        let mut source =
            Source { name, path, text, is_file: true, marks: read.clone().unwrap_or_default() };
        match read {
            Ok(marks) => {
                source.marks = marks;
                Ok(Arc::new(source))
            }
            Err(error) => {
                let source = Arc::new(source);
                let hint = syntax_hint(&source, error.mark);
                let message = format!("this is not YAML: {}", error.message);
                Err(Box::new(Problem { message, hint, mark: Some(error.mark), source }))
            }
        }
    }

    /// A flag or a variable that gives one value to the key at `path`.
    pub fn value(name: impl Into<String>, text: impl Into<String>, path: Path) -> Arc<Source> {
        let text = text.into();
        let mut marks = Marks::default();
        let mark = Mark { line: 1, column: 1, width: text.chars().count().max(1) };
        marks.add(path, mark, mark);
        Arc::new(Source { name: name.into(), path: None, text, is_file: false, marks })
    }

    /// A flag whose text is `KEY=VALUE`; the key's parts and the value have places of their own.
    pub fn assignment(name: impl Into<String>, text: &str, path: &[String]) -> Arc<Source> {
        let mut marks = Marks::default();
        let value = text.split_once('=').map_or("", |(_, value)| value);
        let start = text.chars().count() - value.chars().count() + 1;
        let width = value.chars().count().max(1);
        let value = Mark { line: 1, column: start, width };
        let mut column = 1;
        for (index, part) in path.iter().enumerate() {
            let width = part.chars().count().max(1);
            marks.add(path[..=index].to_vec(), Mark { line: 1, column, width }, value);
            column += width + 1;
        }
        let name = name.into();
        Arc::new(Source { name, path: None, text: text.to_owned(), is_file: false, marks })
    }
}

impl Problem {
    /// A mistake in the value at `path`.
    pub fn in_value(source: &Arc<Source>, path: &[String], message: impl Into<String>) -> Problem {
        let mark = source.marks.value(path);
        Problem { message: message.into(), hint: None, mark, source: Arc::clone(source) }
    }

    /// Adds how to mend it.
    pub fn hint(mut self, hint: impl Into<String>) -> Problem {
        self.hint = Some(hint.into());
        self
    }

    /// The message, the place and the line with a caret. Control characters are replaced.
    pub fn render(&self) -> String {
        let source = &self.source;
        let message = printable(&self.message);
        let Some(mark) = self.mark else {
            return format!("{message}\n--> {}", printable(&source.name));
        };
        let mark = inside(&source.text, mark);
        let place = if source.is_file {
            format!("{}:{}:{}", printable(&source.name), mark.line, mark.column)
        } else {
            printable(&source.name)
        };
        let line: Vec<char> =
            source.text.lines().nth(mark.line - 1).unwrap_or_default().chars().collect();
        let from = (mark.column - 1).min(line.len());
        // A long line is shown from a little before the caret.
        let cut = if from + mark.width > MAX_SHOWN { from.saturating_sub(20) } else { 0 };
        let shown: String = line.iter().skip(cut).take(MAX_SHOWN).collect();
        let width = mark.width.min(MAX_SHOWN).min(line.len().saturating_sub(from)).max(1);
        let number = if source.is_file { mark.line.to_string() } else { String::new() };
        let gutter = " ".repeat(number.len());
        format!(
            "{message}\n{gutter}--> {place}\n{gutter} |\n{number} | {}\n{gutter} | {}{}",
            printable(shown.trim_end()),
            " ".repeat(from - cut),
            "^".repeat(width),
        )
    }

    /// The error of a whole command: exit 2.
    pub fn failure(&self) -> Failure {
        Failure { exit: Exit::USAGE, message: self.render(), hint: self.hint.clone() }
    }

    /// The mistake for `--json`.
    pub fn report(&self) -> ProblemReport {
        let mark = self.mark.filter(|_| self.source.is_file);
        ProblemReport {
            source: self.source.name.clone(),
            line: mark.map(|mark| mark.line),
            column: mark.map(|mark| mark.column),
            message: self.message.clone(),
            hint: self.hint.clone(),
        }
    }
}

/// Reads a configuration of type `T`. `known` are all keys that exist anywhere, for
/// suggestions.
///
/// # Errors
/// Every mistake, up to a limit. Only what serde sees; the values' own rules are in
/// [`super::check`].
pub fn parse<T>(source: &Arc<Source>, known: &[Key]) -> Result<T, Vec<Problem>>
where
    T: DeserializeOwned + Default + JsonSchema,
{
    if let Some(problems) = shape(source) {
        return Err(problems);
    }
    if source.marks.root == Root::Empty {
        return Ok(T::default());
    }
    let first = match typed::<T>(&source.text) {
        Ok(value) => return Ok(value),
        Err(mistake) => mistake,
    };
    // The first mistake is taken out and the rest is read again, until no mistake is left.
    let mut problems = vec![problem(source, &first, known)];
    let mut rest: Value = serde_yaml::from_str(&source.text).unwrap_or_default();
    let mut path = first.path;
    while problems.len() < MAX_PROBLEMS && remove(&mut rest, &path) {
        let Ok(text) = serde_yaml::to_string(&rest) else { break };
        let Err(mistake) = typed::<T>(&text) else { break };
        problems.push(problem(source, &mistake, known));
        path = mistake.path;
    }
    Err(problems)
}

/// Mistakes in the text's shape, which serde would report less well or not at all.
fn shape(source: &Arc<Source>) -> Option<Vec<Problem>> {
    let marks = &source.marks;
    if marks.root == Root::Other {
        let problem = Problem::in_value(source, &[], "keys and values are expected here");
        return Some(vec![problem.hint("write `key: value`, one to a line")]);
    }
    if marks.duplicates.is_empty() {
        return None;
    }
    let problems = marks.duplicates.iter().map(|(path, first, second)| Problem {
        message: format!("`{}` stands here for the second time", path.join(".")),
        hint: Some(format!("the first is in line {}; keep one of the two", first.line)),
        mark: Some(*second),
        source: Arc::clone(source),
    });
    Some(problems.collect())
}

struct Mistake {
    path: Path,
    error: String,
    location: Option<(usize, usize)>,
}

fn typed<T: DeserializeOwned>(text: &str) -> Result<T, Mistake> {
    let reader = serde_yaml::Deserializer::from_str(text);
    serde_path_to_error::deserialize(reader).map_err(|error| {
        let location = error.inner().location().map(|at| (at.line(), at.column()));
        let segments = error.path().iter().filter_map(|segment| match segment {
            Segment::Map { key } => Some(key.clone()),
            Segment::Seq { index } => Some(index.to_string()),
            Segment::Enum { .. } | Segment::Unknown => None,
        });
        Mistake { path: segments.collect(), error: error.inner().to_string(), location }
    })
}

/// Takes the value at `path` away, with the whole list when it is an item of one.
fn remove(value: &mut Value, path: &[String]) -> bool {
    let Some((first, rest)) = path.split_first() else { return false };
    let Some(mapping) = value.as_mapping_mut() else { return false };
    let inner = mapping.get_mut(first.as_str());
    if inner.is_some_and(|inner| !rest.is_empty() && remove(inner, rest)) {
        return true;
    }
    // A key that is not a text, such as `1`, is found by how it prints.
    let key = mapping.keys().find(|key| word(key) == *first).cloned();
    key.is_some_and(|key| mapping.remove(key).is_some())
}

fn word(key: &Value) -> String {
    key.as_str().map_or_else(
        || serde_yaml::to_string(key).unwrap_or_default().trim().to_owned(),
        str::to_owned,
    )
}

/// Turns serde's words into ours.
fn problem(source: &Arc<Source>, mistake: &Mistake, known: &[Key]) -> Problem {
    let path = mistake.path.as_slice();
    let value = source.marks.value(path);
    let at = |message: String, mark: Option<Mark>| Problem {
        message,
        hint: None,
        mark: mark.or_else(|| {
            let (line, column) = mistake.location?;
            Some(Mark { line, column, width: 1 })
        }),
        source: Arc::clone(source),
    };
    let name = path.last().map(String::as_str).unwrap_or_default();
    let error = mistake.error.as_str();
    if let Some((_, rest)) = error.split_once("unknown field ") {
        let valid = ticked(rest.split_once("expected").map_or("", |(_, list)| list));
        let problem = at(format!("there is no key `{name}` here"), source.marks.key(path));
        return problem.hint(key_hint(path, &valid, known));
    }
    if let Some((_, rest)) = error.split_once("unknown variant ") {
        let (found, list) = rest.split_once("expected").unwrap_or((rest, ""));
        let found = ticked(found).first().copied().unwrap_or_default();
        let problem = at(format!("`{name}` can't be `{found}`"), value);
        return problem.hint(choice_hint(found, &ticked(list)));
    }
    if let Some((_, rest)) = error.split_once("missing field ") {
        let missing = ticked(rest).first().copied().unwrap_or_default();
        return at(format!("`{}` needs the key `{missing}`", path.join(".")), value);
    }
    let found = error.split_once("invalid type: ").or_else(|| error.split_once("invalid value: "));
    if let Some((found, expected)) = found.and_then(|(_, rest)| rest.split_once(", expected ")) {
        let expected = expected.split(" at line ").next().unwrap_or(expected);
        let message = format!("`{name}` must be {}, not {}", kind(expected), thing(found));
        let problem = at(message, value);
        return match type_hint(source, path, expected) {
            Some(hint) => problem.hint(hint),
            None => problem,
        };
    }
    // An untagged enum says what it expects as a whole sentence.
    let error = error.split(" at line ").next().unwrap_or(error);
    let error = error.rsplit_once(": ").map_or(error, |(_, last)| last);
    at(if name.is_empty() { error.to_owned() } else { format!("`{name}` {error}") }, value)
}

fn ticked(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

fn thing(found: &str) -> String {
    match found.split_once(' ') {
        Some(("string", text)) => format!("the text {text}"),
        Some(("integer", number)) => number.to_owned(),
        Some(("floating", number)) => number.trim_start_matches("point ").to_owned(),
        Some(("boolean", word)) => word.to_owned(),
        Some(("unit", _)) => "nothing".to_owned(),
        _ if found == "sequence" => "a list".to_owned(),
        _ if found == "map" => "keys and values".to_owned(),
        _ => found.to_owned(),
    }
}

fn kind(expected: &str) -> String {
    match expected {
        "u16" => "a whole number from 0 to 65535".to_owned(),
        "u32" | "u64" | "usize" => "a whole number".to_owned(),
        "a boolean" => "`true` or `false`".to_owned(),
        "a string" | "path string" => "a text".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "keys and values".to_owned(),
        other if other.starts_with("struct ") => "keys and values".to_owned(),
        other => other.to_owned(),
    }
}

fn key_hint(path: &[String], valid: &[&str], known: &[Key]) -> String {
    let name = path.last().map(String::as_str).unwrap_or_default();
    if let Some(near) = keys::nearest(name, valid) {
        return format!("did you mean `{near}`?");
    }
    if let Some(key) = keys::elsewhere(path, known) {
        return match key.path.rsplit_once('.') {
            Some((section, key)) => format!("`{key}` belongs under `{section}:`"),
            None if valid.contains(&"variants") => {
                format!("`{}:` belongs into config.yaml", key.path)
            }
            None => format!("`{}:` belongs at the left margin", key.path),
        };
    }
    let list: Vec<String> = valid.iter().map(|key| format!("`{key}`")).collect();
    format!("the keys here are {}", list.join(", "))
}

/// The hint for a word that is not among the valid ones.
pub fn choice_hint(found: &str, valid: &[&str]) -> String {
    match keys::nearest(found, valid) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            let list: Vec<String> = valid.iter().map(|word| format!("`{word}`")).collect();
            format!("it can be {}", list.join(", "))
        }
    }
}

fn type_hint(source: &Source, path: &[String], expected: &str) -> Option<String> {
    let mark = source.marks.value(path)?;
    let line = source.text.lines().nth(mark.line - 1)?;
    let written: String = line.chars().skip(mark.column - 1).take(mark.width).collect();
    match expected {
        "a boolean" if ["yes", "on"].contains(&written.as_str()) => Some("write `true`".into()),
        "a boolean" if ["no", "off"].contains(&written.as_str()) => Some("write `false`".into()),
        "u16" | "u32" | "u64" => {
            let number = plain_number(&written)?.to_string();
            (number != written).then(|| format!("write `{number}`"))
        }
        "a sequence" => Some(format!("write [\"{written}\"]")),
        other if other.starts_with("struct ") && written.trim_matches('~').is_empty() => {
            Some("leave the key out".into())
        }
        _ => None,
    }
}

/// `128k` → 131072, `131_072` → 131072: what somebody probably meant.
fn plain_number(written: &str) -> Option<u64> {
    let written = written.trim_matches(['"', '\'']).replace(['_', ','], "");
    let digits = written.trim_end_matches(['k', 'K', 'm', 'M']);
    let factor = match &written[digits.len()..] {
        "" => 1,
        "k" | "K" => 1024,
        "m" | "M" => 1024 * 1024,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(factor)
}

fn syntax_hint(source: &Source, mark: Mark) -> Option<String> {
    let line = source.text.lines().nth(mark.line - 1).unwrap_or_default();
    let indent: String = line.chars().take_while(|c| c.is_whitespace()).collect();
    if indent.contains('\t') {
        return Some("YAML is indented with spaces, not with tabs".to_owned());
    }
    if source.text.lines().nth(mark.line - 1).is_none_or(str::is_empty) {
        return Some("a bracket or a quote is not closed".to_owned());
    }
    if line.matches(": ").count() > 1 {
        return Some("a text with `: ` inside needs quotes".to_owned());
    }
    None
}

/// What is missing at the end of a text is shown behind its last line that says something.
fn inside(text: &str, mark: Mark) -> Mark {
    let says = |line: &str| !line.trim().is_empty();
    if text.lines().skip(mark.line - 1).any(says) {
        return mark;
    }
    let last = text.lines().enumerate().filter(|(_, line)| says(line)).last();
    last.map_or(mark, |(number, line)| Mark {
        line: number + 1,
        column: line.trim_end().chars().count() + 1,
        width: 1,
    })
}

fn printable(text: &str) -> String {
    let clean = |c: char| match c {
        '\t' => ' ',
        c if c.is_control() => '\u{fffd}',
        c => c,
    };
    text.chars().map(clean).collect()
}
