//! The words that templates have beside Handlebars' own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, Output, RenderContext, RenderError,
    ScopedJson, handlebars_helper,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// How a value is written where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    /// As it is: plain text.
    None,
    /// For HTML.
    Html,
    /// For the inside of a JSON string.
    Json,
}

/// What stays as it is in a part of a URL (RFC 3986, unreserved).
const PART: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

handlebars_helper!(eq: |a: Json, b: Json| text(a) == text(b));
handlebars_helper!(slack: |x: Json| slack_text(&text(x)));
handlebars_helper!(markdown: |x: Json| markdown_text(&text(x)));
handlebars_helper!(truncate: |x: Json, n: u64| cut(&text(x), n as usize));
handlebars_helper!(basic: |user: Json, password: Json| {
    STANDARD.encode(format!("{}:{}", text(user), text(password)))
});

/// A Handlebars engine: strict, with these words, and values escaped for where they stand.
pub fn engine(escape: Escape) -> Handlebars<'static> {
    let mut engine = Handlebars::new();
    engine.set_strict_mode(true);
    match escape {
        Escape::None => engine.register_escape_fn(handlebars::no_escape),
        Escape::Html => engine.register_escape_fn(handlebars::html_escape),
        Escape::Json => engine.register_escape_fn(json_text),
    }
    engine.register_helper("eq", Box::new(eq));
    engine.register_helper("url", Box::new(Word(url)));
    engine.register_helper("html", Box::new(Word(html)));
    engine.register_helper("slack", Box::new(slack));
    engine.register_helper("markdown", Box::new(markdown));
    engine.register_helper("truncate", Box::new(truncate));
    engine.register_helper("basic", Box::new(basic));
    engine.register_helper("default", Box::new(Word(default)));
    engine.register_helper("part", Box::new(Word(part)));
    engine.register_helper("json", Box::new(json_value));
    engine
}

/// A word with a say of its own in what is missing: what it is given, and all variables.
struct Word(fn(&Helper<'_>, &Value) -> String);

impl HelperDef for Word {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        context: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, RenderError> {
        Ok(ScopedJson::Derived((self.0)(helper, context.data()).into()))
    }
}

/// What the word is given in place `n`; nothing where that is not there.
fn given(helper: &Helper<'_>, n: usize) -> Option<String> {
    helper.param(n).map(|param| text(param.value()))
}

/// `{{url x}}` is the word, `{{url}}` the variable of that name.
fn url(helper: &Helper<'_>, vars: &Value) -> String {
    given(helper, 0)
        .map_or_else(|| text(&vars["url"]), |x| utf8_percent_encode(&x, PART).to_string())
}

/// `{{html x}}` is the word, `{{html}}` the variable of that name.
fn html(helper: &Helper<'_>, vars: &Value) -> String {
    given(helper, 0).map_or_else(|| text(&vars["html"]), |x| handlebars::html_escape(&x))
}

/// `{{default a b}}`: `a`, or `b` where `a` is empty or not there.
fn default(helper: &Helper<'_>, _: &Value) -> String {
    let first = given(helper, 0).filter(|first| !first.is_empty());
    first.or_else(|| given(helper, 1)).unwrap_or_default()
}

/// `{{part n}}`: part number `n` of the target's path, from 0; empty where there is none.
fn part(helper: &Helper<'_>, vars: &Value) -> String {
    let n = helper.param(0).and_then(|param| param.value().as_u64()).unwrap_or_default();
    vars["parts"].get(n as usize).map_or(String::new(), text)
}

/// `{{json x}}`: a value of any kind as JSON, with its quotes.
fn json_value(
    helper: &Helper<'_>,
    _: &Handlebars<'_>,
    _: &Context,
    _: &mut RenderContext<'_, '_>,
    out: &mut dyn Output,
) -> HelperResult {
    let value = helper.param(0).map_or(&Value::Null, |param| param.value());
    out.write(&value.to_string())?;
    Ok(())
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// `text` for the inside of a JSON string.
fn json_text(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// `text` for Slack's markup, in which three characters are special.
fn slack_text(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// `text` for Markdown: whatever is markup anywhere gets a backslash, and so does what is markup
/// at the begin of a line (lists). No more, since some chats show the backslashes that they don't
/// need. Behind an `@` stands a space of no width, so that no name calls a whole channel.
fn markdown_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start().len();
        let digits = line[indent..].bytes().take_while(u8::is_ascii_digit).count();
        let (begin, marks) = (indent + digits, if digits > 0 { ".)" } else { "-+=" });
        for (at, c) in line.char_indices() {
            if "\\`*_[]<>#|~".contains(c) || at == begin && marks.contains(c) {
                out.push('\\');
            }
            out.push(c);
            if c == '@' {
                out.push('\u{200b}');
            }
        }
    }
    out
}

/// At most `n` characters of `text`; where something is left out, the last is `…`.
pub fn cut(text: &str, n: usize) -> String {
    if text.chars().count() <= n {
        return text.to_owned();
    }
    let begin: String = text.chars().take(n.saturating_sub(1)).collect();
    format!("{}…", begin.trim_end())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fill(template: &str, escape: Escape) -> String {
        let data = json!({"name": "a<b> \"c\" *d*", "parts": ["x", "y/z"], "n": 7});
        engine(escape).render_template(template, &data).unwrap()
    }

    #[test]
    fn the_words_do_what_they_say() {
        let plain = |template| fill(template, Escape::None);
        assert_eq!(plain("{{#if (eq n 7)}}yes{{/if}}{{#if (eq n \"8\")}}no{{/if}}"), "yes");
        assert_eq!(plain("{{url name}}"), "a%3Cb%3E%20%22c%22%20%2Ad%2A");
        assert_eq!(plain("{{part 1}}|{{part 2}}|{{url (part 1)}}"), "y/z||y%2Fz");
        assert_eq!(plain("{{default query.x \"y\"}} {{default name \"y\"}}"), "y a<b> \"c\" *d*");
        assert_eq!(plain("{{truncate name 4}}"), "a<b…");
        assert_eq!(plain("{{basic \"u\" \"p\"}}"), "dTpw");
        assert_eq!(plain("{{markdown name}}"), "a\\<b\\> \"c\" \\*d\\*");
        assert_eq!(
            markdown_text("a-b.c (x)!\n- x_y\n 12. z\n# h @all"),
            "a-b.c (x)!\n\\- x\\_y\n 12\\. z\n\\# h @\u{200b}all"
        );
        assert_eq!(plain("{{slack name}}"), "a&lt;b&gt; \"c\" *d*");
    }

    #[test]
    fn words_within_json_are_escaped_for_json_too() {
        let json =
            |template| -> Value { serde_json::from_str(&fill(template, Escape::Json)).unwrap() };
        assert_eq!(json("{\"x\": \"{{html name}}\"}")["x"], "a&lt;b&gt; &quot;c&quot; *d*");
        assert_eq!(json("{\"x\": {{json name}}}")["x"], "a<b> \"c\" *d*");
        assert_eq!(json("{\"x\": {{json parts}}}")["x"][1], "y/z");
        assert_eq!(json("{\"x\": \"{{truncate name 100}}\"}")["x"], "a<b> \"c\" *d*");
    }
}
