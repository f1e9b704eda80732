//! Whether an answer is right, and what is configured unsafely.

use serde_json::Value;

use super::plan::Ask;
use super::{About, Asker, Checked, Heard, LIMIT, Outcome};
use crate::registry::http::openapi::path_template;
use crate::registry::http::routes::Endpoint;

/// Clocks that differ by more are worth a word, in seconds.
const SKEW: i64 = 5;
/// Answers that take longer are worth a word, in milliseconds.
const SLOW: f64 = 1000.0;

/// Checks an answer against the table and the document.
///
/// # Errors
/// What is wrong with it.
pub(super) fn answer(
    endpoint: &Endpoint,
    ask: &Ask,
    answer: &Heard,
    document: &Value,
) -> Result<(), String> {
    let status = answer.status.as_u16();
    let right = match ask.expect {
        [] => endpoint.answers.iter().any(|(known, ..)| known.as_u16() == status),
        expected => expected.contains(&status),
    };
    if !right {
        let text = String::from_utf8_lossy(&answer.body[..answer.body.len().min(200)]).into_owned();
        return Err(format!("unexpected status: {text}"));
    }
    let kind = answer.kind.split(';').next().unwrap_or_default().trim();
    let offered: Vec<_> =
        endpoint.answers.iter().filter(|(known, ..)| known.as_u16() == status).collect();
    let fits = |wanted: &str| {
        wanted == kind
            || wanted == "*/*"
            || wanted.strip_suffix('*').is_some_and(|start| kind.starts_with(start))
    };
    if !offered.is_empty() && !offered.iter().any(|(_, wanted, _)| fits(wanted)) {
        return Err(format!("unexpected content type {kind:?}"));
    }
    if kind != "application/json" {
        return Ok(());
    }
    let body: Value = serde_json::from_slice(&answer.body)
        .map_err(|error| format!("the answer is no JSON: {error}"))?;
    let method = endpoint.method.as_str().to_lowercase();
    let responses = &document["paths"][path_template(endpoint)][method]["responses"];
    let schema = &responses[answer.status.as_str()]["content"]["application/json"]["schema"];
    fields(&body, schema, document)
}

/// Checks that the fields are there which the document promises.
fn fields(body: &Value, schema: &Value, document: &Value) -> Result<(), String> {
    let name = schema["$ref"].as_str().and_then(|r| r.strip_prefix("#/components/schemas/"));
    let schema = name.map_or(schema, |name| &document["components"]["schemas"][name]);
    if let Some(items) = body.as_array() {
        return items.iter().try_for_each(|item| fields(item, &schema["items"], document));
    }
    let required = schema["required"].as_array().into_iter().flatten();
    match required.filter_map(Value::as_str).find(|field| body.get(field).is_none()) {
        Some(field) => Err(format!("the answer has no field {field:?}")),
        None => Ok(()),
    }
}

/// What is configured unsafely, or looks wrong without being so.
pub(super) async fn warnings(target: &Asker, about: &About, checked: &[Checked]) -> Vec<String> {
    let mut warnings = Vec::new();
    let url = reqwest::Url::parse(&target.url).ok();
    let host = url.as_ref().and_then(|url| url.host_str()).unwrap_or_default();
    let near = host == "localhost"
        || host.trim_matches(['[', ']']).parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
    if !near && target.url.starts_with("http:") {
        warnings.push("no TLS: whoever sees the network reads tokens and keys".to_owned());
    }
    if let Some(true) = anybody(target).await {
        warnings.push(match near {
            true => "no tokens: every user of this host may read and register".to_owned(),
            false => "no tokens: whoever reaches the port may read and register".to_owned(),
        });
    }
    if about.status != "ok" {
        warnings.push(format!("its health is {:?}: its database can't be written", about.status));
    }
    let ours = env!("CARGO_PKG_VERSION");
    if about.version != ours {
        let theirs = &about.version;
        warnings.push(format!("it is llamactl {theirs:?}, and this is {ours}"));
    }
    if let Some(skew) = about.skew.filter(|skew| skew.abs() > SKEW) {
        let (by, way) = (skew.abs(), if skew > 0 { "ahead of" } else { "behind" });
        warnings.push(format!("its clock is {by} s {way} this one"));
    }
    let slow = checked.iter().filter(|one| one.ms.is_some_and(|ms| ms > SLOW)).count();
    if slow > 0 {
        warnings.push(format!("{slow} answers took over a second"));
    }
    if checked.iter().all(|one| one.outcome != Outcome::Ok) {
        warnings.push("nothing could be tried: is the token right?".to_owned());
    }
    warnings
}

/// Whether it answers a request without a token that wants one to be read.
async fn anybody(target: &Asker) -> Option<bool> {
    let url = format!("{}/api/v1/servers?limit=1", target.url);
    let response = target.client.get(url).timeout(LIMIT).send().await.ok()?;
    Some(response.status().is_success())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_that_the_document_promises_are_missed() {
        let document = json!({"components": {"schemas": {"A": {"required": ["x"]}}}});
        let list = json!({"type": "array", "items": {"$ref": "#/components/schemas/A"}});
        assert_eq!(fields(&json!([{"x": 1}]), &list, &document), Ok(()));
        let error = fields(&json!([{"x": 1}, {"y": 1}]), &list, &document).unwrap_err();
        assert!(error.contains("\"x\""), "{error}");
    }
}
