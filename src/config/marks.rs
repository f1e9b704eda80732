//! Where each key and value of a YAML text stands.
//!
//! `serde_yaml` gives values and, for errors, one position; this gives every position, for
//! carets and for "where did this value come from".

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScanError, Span, StrInput};

/// A key's way from the root: `["server", "context"]`; list items by their number.
pub type Path = Vec<String>;

/// Deepest nesting that is followed. No configuration needs a tenth of it.
const MAX_DEPTH: usize = 64;

/// One place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Characters that it spans on its line; at least 1.
    pub width: usize,
}

/// What a text is at its root.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Root {
    /// Nothing but comments.
    #[default]
    Empty,
    /// Keys and values.
    Mapping,
    /// A list, or a single value.
    Other,
}

/// The places of one text.
#[derive(Debug, Clone, Default)]
pub struct Marks {
    /// What the root is.
    pub root: Root,
    /// Keys that stand twice in one mapping: the way to it, the first place, the second.
    pub duplicates: Vec<(Path, Mark, Mark)>,
    keys: HashMap<Path, Mark>,
    values: HashMap<Path, Mark>,
}

/// Why a text is not YAML.
#[derive(Debug, Clone)]
pub struct SyntaxError {
    /// What the parser says.
    pub message: String,
    /// Where.
    pub mark: Mark,
}

impl Marks {
    /// Reads the places of `text`.
    ///
    /// # Errors
    /// When it is not YAML, nests too deep, or has more than one document.
    pub fn read(text: &str) -> Result<Marks, SyntaxError> {
        let mut reader =
            Reader { parser: Parser::new_from_str(text), marks: Marks::default(), path: vec![] };
        reader.document()?;
        Ok(reader.marks)
    }

    /// Adds one place by hand, for texts that are not YAML, such as `--set`.
    pub fn add(&mut self, path: Path, key: Mark, value: Mark) {
        self.root = Root::Mapping;
        self.keys.insert(path.clone(), key);
        self.values.insert(path, value);
    }

    /// The place of a key, or of the nearest one around it.
    pub fn key(&self, path: &[String]) -> Option<Mark> {
        (1..=path.len()).rev().find_map(|n| self.keys.get(&path[..n]).copied())
    }

    /// The place of a value; where it is a mapping, or is not in the text itself (an alias), of
    /// its key.
    pub fn value(&self, path: &[String]) -> Option<Mark> {
        self.values.get(path).copied().or_else(|| self.key(path))
    }
}

struct Reader<'input> {
    parser: Parser<'input, StrInput<'input>>,
    marks: Marks,
    path: Path,
}

impl<'input> Reader<'input> {
    fn next(&mut self) -> Result<(Event<'input>, Span), SyntaxError> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(syntax(&error)),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn document(&mut self) -> Result<(), SyntaxError> {
        let mut documents = 0;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(()),
                Event::DocumentStart(_) => {
                    documents += 1;
                    if documents > 1 {
                        let message = "a second document begins here (`---`)".to_owned();
                        return Err(SyntaxError { message, mark: mark(span) });
                    }
                }
                Event::MappingStart(..) => {
                    self.marks.root = Root::Mapping;
                    self.mapping()?;
                }
                Event::SequenceStart(..) => {
                    self.marks.root = Root::Other;
                    self.marks.values.insert(vec![], mark(span));
                    self.sequence()?;
                }
                Event::Scalar(ref text, ..) if !text.is_empty() && text != "~" => {
                    self.marks.root = Root::Other;
                    self.marks.values.insert(vec![], mark(span));
                }
                _ => {}
            }
        }
    }

    fn mapping(&mut self) -> Result<(), SyntaxError> {
        let mut seen: HashMap<String, Mark> = HashMap::new();
        loop {
            let (event, span) = self.next()?;
            let name = match event {
                Event::MappingEnd | Event::StreamEnd => return Ok(()),
                Event::Scalar(text, ..) => text.into_owned(),
                _ => {
                    let message = "a key must be a plain word".to_owned();
                    return Err(SyntaxError { message, mark: mark(span) });
                }
            };
            self.descend(span, &name)?;
            if let Some(first) = seen.insert(name.clone(), mark(span)) {
                self.path.push(name.clone());
                self.marks.duplicates.push((self.path.clone(), first, mark(span)));
                self.path.pop();
            }
            self.path.push(name);
            self.marks.keys.insert(self.path.clone(), mark(span));
            let (event, span) = self.next()?;
            self.node(event, span)?;
            self.path.pop();
        }
    }

    fn sequence(&mut self) -> Result<(), SyntaxError> {
        for number in 0.. {
            let (event, span) = self.next()?;
            if matches!(event, Event::SequenceEnd | Event::StreamEnd) {
                return Ok(());
            }
            let name = number.to_string();
            self.descend(span, &name)?;
            self.path.push(name);
            self.node(event, span)?;
            self.path.pop();
        }
        Ok(())
    }

    fn node(&mut self, event: Event<'input>, span: Span) -> Result<(), SyntaxError> {
        match event {
            Event::MappingStart(..) => self.mapping(),
            Event::SequenceStart(..) => self.sequence(),
            Event::Scalar(..) | Event::Alias(_) if !span.is_empty() => {
                self.marks.values.insert(self.path.clone(), mark(span));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn descend(&self, span: Span, name: &str) -> Result<(), SyntaxError> {
        if self.path.len() < MAX_DEPTH {
            return Ok(());
        }
        Err(SyntaxError { message: format!("`{name}` is nested too deep"), mark: mark(span) })
    }
}

fn mark(span: Span) -> Mark {
    let same_line = span.start.line() == span.end.line();
    let width = if same_line { span.end.col().saturating_sub(span.start.col()) } else { 1 };
    Mark { line: span.start.line().max(1), column: span.start.col() + 1, width: width.max(1) }
}

fn syntax(error: &ScanError) -> SyntaxError {
    let at = error.marker();
    let mark = Mark { line: at.line().max(1), column: at.col() + 1, width: 1 };
    SyntaxError { message: error.info().to_owned(), mark }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(dotted: &str) -> Path {
        dotted.split('.').map(str::to_owned).collect()
    }

    #[test]
    fn keys_and_values_are_found_in_block_and_flow_style() {
        let text = "# ä\nserver:\n  context: 12 # c\n  args: [\"--é\", x]\nslurm: { gpus: 1 }\n";
        let marks = Marks::read(text).unwrap();
        assert_eq!(marks.key(&path("server.context")), Some(Mark { line: 3, column: 3, width: 7 }));
        assert_eq!(
            marks.value(&path("server.context")),
            Some(Mark { line: 3, column: 12, width: 2 })
        );
        assert_eq!(
            marks.value(&path("server.args.1")),
            Some(Mark { line: 4, column: 17, width: 1 })
        );
        assert_eq!(marks.value(&path("slurm.gpus")).unwrap().line, 5);
        // A mapping is shown by its key, an unknown key by the nearest one around it.
        assert_eq!(marks.value(&path("server")).unwrap().line, 2);
        assert_eq!(marks.key(&path("server.none")).unwrap().line, 2);
    }

    #[test]
    fn keys_that_stand_twice_are_found_at_any_depth() {
        let marks = Marks::read("a: 1\nlabels: { x: 1, x: 2 }\n").unwrap();
        let (way, first, second) = &marks.duplicates[0];
        assert_eq!((way.join("."), first.column, second.column), ("labels.x".into(), 11, 17));
    }

    #[test]
    fn deep_nesting_is_an_error_and_not_a_crash() {
        let text = format!("a: {}", "[".repeat(10_000));
        assert!(Marks::read(&text).is_err());
    }
}
