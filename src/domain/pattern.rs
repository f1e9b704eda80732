//! Patterns that people write: `*` stands for anything, and case does not count.

/// Whether `text` is what `pattern` says, in which `*` stands for anything. Case does not count.
pub fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(head) else { return false };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let tail = parts.pop().unwrap_or_default();
    // Each part as early as possible leaves the most for those that follow.
    for part in parts {
        match left.find(part) {
            Some(at) => left = &left[at + part.len()..],
            None => return false,
        }
    }
    left.ends_with(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_anything_and_case_does_not_count() {
        for (pattern, text) in [
            ("qwen3-30b", "Qwen3-30B"),
            ("*", "x"),
            ("*", ""),
            ("qwen*", "qwen"),
            ("*30b", "qwen3-30b"),
            ("q*3*b", "qwen3-30b"),
            ("**b", "b"),
            ("a*a", "aa"),
        ] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in
            [("qwen", "qwen3"), ("qwen*", "my-qwen"), ("a*a", "a"), ("*x*", "abc"), ("", "a")]
        {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
    }
}
