//! What stands in one place only.

use super::reader::sources;

/// A text that may stand only in files whose path begins with one of these. Unit tests, from
/// `#[cfg(test)]` to the end of the file, may also start programs.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("Command::new(", &["src/exec.rs", "src/supervisor/child"]),
    ("axum", &["src/registry/"]),
    ("rusqlite", &["src/registry/store"]),
    ("tokio_postgres", &["src/registry/store"]),
    ("redis::", &["src/registry/work/bus"]),
    ("unsafe", &["src/supervisor/child"]),
];

#[test]
fn some_things_stand_in_one_place() {
    let mut violations = Vec::new();
    for source in sources("src") {
        for (text, places) in ONLY_IN {
            if places.iter().any(|place| source.path.starts_with(place)) {
                continue;
            }
            let lines = source.lines.iter().take_while(|line| line.trim() != "#[cfg(test)]");
            let lines = lines.enumerate().filter(|(_, line)| has_word(line, text));
            violations.extend(lines.map(|(index, _)| {
                format!(
                    "{}:{}: `{text}` belongs into {}",
                    source.path,
                    index + 1,
                    places.join(", ")
                )
            }));
        }
    }
    assert!(violations.is_empty(), "see ARCHITECTURE.md\n{}", violations.join("\n"));
}

/// Whether `line` has `text` as a word of its own: not as the end or the beginning of another.
fn has_word(line: &str, text: &str) -> bool {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(text).any(|(at, _)| {
        let ends_open = text.ends_with(|c: char| !part_of_word(c));
        !line[..at].ends_with(part_of_word)
            && (ends_open || !line[at + text.len()..].starts_with(part_of_word))
    })
}

#[test]
fn a_word_is_no_part_of_another() {
    assert!(has_word("#[unsafe(x)] unsafe {", "unsafe") && !has_word("unsafe_code", "unsafe"));
}
