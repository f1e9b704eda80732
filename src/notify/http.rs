//! Messages by HTTP: a channel's file and a target become a request.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Client, StatusCode, Url};
use serde_json::Value;
use sha2::Sha256;

use super::channel::{Accept, Channel, Format, Method, Sign};
use super::helpers::{Escape, cut};
use super::message::one_line;
use super::retry::Fault;
use super::template::Templates;
use crate::http::{cause, guard};
use crate::secret::Secret;

/// How long one try may take.
const TRY: Duration = Duration::from_secs(20);
/// Largest body that is sent, in bytes.
const MAX_BODY: usize = 256 * 1024;
/// So much of an answer is looked at, in bytes.
const MAX_ANSWER: usize = 16 * 1024;
/// Longest word of a service about its refusal, in characters.
const MAX_SAID: usize = 200;

/// One request, ready to go.
#[derive(Debug, Clone)]
pub struct Call {
    /// GET is not among them.
    pub method: reqwest::Method,
    /// Where to.
    pub url: Url,
    /// Its headers, but for a signature, which has the time in it.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
    sign: Option<(Secret, String)>,
    accept: Option<Accept>,
}

impl Call {
    /// Fills a channel's file with `vars`: the variables of the message and of the target.
    ///
    /// # Errors
    /// What does not come out right.
    pub fn new(templates: &Templates, channel: &Channel, vars: &Value) -> Result<Call, String> {
        let fill = |what: &str, text: &str, escape| {
            templates.fill(text, escape, vars).map_err(|why| format!("the channel's {what}{why}"))
        };
        let url = fill("url", &channel.url, Escape::None)?;
        let url = Url::parse(url.trim()).map_err(|error| format!("the channel's url: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err("the channel's url is none of http or https".to_owned());
        }
        let mut headers = HeaderMap::new();
        for (name, value) in &channel.headers {
            let value = one_line(&fill(&format!("header {name}"), value, Escape::None)?);
            let name: HeaderName =
                name.parse().map_err(|_| format!("the channel can't have a header `{name}`"))?;
            if !empty_header(&value) {
                let mut value = HeaderValue::from_str(&value)
                    .map_err(|_| format!("the value of the header {name} can't be sent"))?;
                value.set_sensitive(true);
                headers.insert(name, value);
            }
        }
        let (kind, body) = body(channel, &fill)?;
        headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(kind));
        if body.len() > MAX_BODY {
            return Err(format!("the message has more than {} KiB", MAX_BODY / 1024));
        }
        let text = |name: &str| vars[name].as_str().unwrap_or_default().to_owned();
        let secret = text("password");
        let sign = match channel.sign {
            Some(Sign::StandardWebhooks) if !secret.is_empty() => {
                Some((Secret::new(secret), text("key")))
            }
            _ => None,
        };
        let method = match channel.method {
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
        };
        Ok(Call { method, url, headers, body, sign, accept: channel.accept.clone() })
    }

    /// Tries once to send it.
    ///
    /// # Errors
    /// Why it failed, and whether trying again may help.
    pub async fn send(&self, client: &Client) -> Result<(), Fault> {
        let mut request = client
            .request(self.method.clone(), self.url.clone())
            .timeout(TRY)
            .headers(self.headers.clone())
            .body(self.body.clone());
        if let Some((secret, id)) = &self.sign {
            let seconds =
                SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
            let signature = signature(secret, id, seconds, &self.body).map_err(Fault::Permanent)?;
            request = request
                .header("webhook-id", id)
                .header("webhook-timestamp", seconds)
                .header("webhook-signature", signature);
        }
        let response = request.send().await.map_err(|error| unsent(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let answer = begin_of(response).await;
        let json: Value = serde_json::from_slice(&answer).unwrap_or_default();
        if status.is_success() {
            return match &self.accept {
                Some(accept) if !accept.takes(&json) => {
                    Err(Fault::Permanent(format!("{status}, but{}", said(&answer, &json))))
                }
                _ => Ok(()),
            };
        }
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let reason = match header(LOCATION).filter(|_| status.is_redirection()) {
            Some(place) => {
                format!("{status}: name the place that it points to, {}", one_line(place))
            }
            None => format!("{status}{}", said(&answer, &json)),
        };
        let after = header(RETRY_AFTER).and_then(|text| retry_after(text, Timestamp::now()));
        Err(fault(status, reason, after.or_else(|| retry_after_in(&json))))
    }
}

/// Why a request has no answer.
fn unsent(error: &reqwest::Error) -> Fault {
    let reason = cause(error);
    match guard::is_refusal(error) {
        true => Fault::Permanent(reason),
        false if error.is_connect() => Fault::unreachable(reason),
        false => Fault::transient(reason),
    }
}

/// Whether nothing is left of a header: nothing at all, or the word for the way of login alone.
fn empty_header(value: &str) -> bool {
    matches!(value.trim(), "" | "Bearer" | "Basic")
}

fn body(
    channel: &Channel,
    fill: &impl Fn(&str, &str, Escape) -> Result<String, String>,
) -> Result<(&'static str, Vec<u8>), String> {
    let text = channel.body.as_deref().unwrap_or_default();
    match channel.format {
        Format::Text => {
            Ok(("text/plain; charset=utf-8", fill("body", text, Escape::None)?.into_bytes()))
        }
        Format::Json => {
            let filled = fill("body", text, Escape::Json)?;
            let value: Value = serde_json::from_str(&filled)
                .map_err(|error| format!("the channel's body is no JSON: {error}"))?;
            Ok(("application/json", value.to_string().into_bytes()))
        }
        Format::Form => {
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            for (name, value) in &channel.form {
                let value = fill(&format!("form field {name}"), value, Escape::None)?;
                if !value.is_empty() {
                    form.append_pair(name, &value);
                }
            }
            Ok(("application/x-www-form-urlencoded", form.finish().into_bytes()))
        }
    }
}

/// `v1,BASE64` over id, time and body (Standard Webhooks, "Signature scheme").
fn signature(secret: &Secret, id: &str, seconds: u64, body: &[u8]) -> Result<String, String> {
    let key = match secret.expose().strip_prefix("whsec_") {
        Some(text) => {
            STANDARD.decode(text).map_err(|_| "behind whsec_ stands no base64".to_owned())?
        }
        None => secret.expose().as_bytes().to_vec(),
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|error| error.to_string())?;
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(body);
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

async fn begin_of(mut response: reqwest::Response) -> Vec<u8> {
    let mut begin = Vec::new();
    while begin.len() < MAX_ANSWER {
        match response.chunk().await {
            Ok(Some(chunk)) => begin.extend_from_slice(&chunk),
            _ => break,
        }
    }
    begin.truncate(MAX_ANSWER);
    begin
}

/// What the service says about its refusal, in one of the usual places.
fn said(answer: &[u8], json: &Value) -> String {
    let places = ["error", "message", "description", "errors", "detail", "errorDescription"];
    let word = places.iter().find_map(|place| match &json[place] {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Array(all) => all.first().map(|first| match first {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        }),
        _ => None,
    });
    let word = word.or_else(|| {
        let text = String::from_utf8_lossy(answer);
        let line = text.lines().map(str::trim).find(|line| !line.is_empty())?.to_owned();
        // A page of HTML says nothing that helps.
        (!line.starts_with('<') && json.is_null()).then_some(line)
    });
    word.map_or(String::new(), |word| format!(": {}", cut(&one_line(&word), MAX_SAID)))
}

fn fault(status: StatusCode, reason: String, after: Option<Duration>) -> Fault {
    let heals = status.is_server_error()
        || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
    if heals { Fault::Transient { reason, after } } else { Fault::Permanent(reason) }
}

/// Reads `Retry-After`: seconds, also with a fraction, or a date (RFC 9110, 10.2.3).
fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let at = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text.trim()).ok()?;
    Some(Duration::try_from(at.duration_since(now)).unwrap_or(Duration::ZERO))
}

/// The same in the body: Telegram says it in `parameters`, Discord at the top.
fn retry_after_in(json: &Value) -> Option<Duration> {
    let seconds = ["/parameters/retry_after", "/retry_after"]
        .iter()
        .find_map(|place| json.pointer(place).and_then(Value::as_f64))?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn channel(yaml: &str) -> Channel {
        serde_yaml::from_str(&format!("description: d\nexample: x://y\n{yaml}")).unwrap()
    }

    fn call(yaml: &str, vars: Value) -> Result<Call, String> {
        Call::new(&Templates::default(), &channel(yaml), &vars)
    }

    #[test]
    fn a_file_and_a_target_become_a_request() {
        let yaml = "url: '{{base}}{{path}}?x={{url title}}'\nheaders: { Authorization: 'Bearer {{password}}' }\nbody: '{\"t\": \"{{title}}\"}'\n";
        let vars =
            json!({"base": "https://h", "path": "/p", "title": "a \"b\"\n&", "password": "s"});
        let it = call(yaml, vars).unwrap();
        assert_eq!(it.url.as_str(), "https://h/p?x=a%20%22b%22%0A%26");
        assert_eq!(it.headers["authorization"], "Bearer s");
        assert!(!format!("{it:?}").contains("Bearer s"));
        assert_eq!(serde_json::from_slice::<Value>(&it.body).unwrap()["t"], "a \"b\"\n&");
    }

    #[test]
    fn a_header_that_comes_out_empty_is_left_out_and_none_can_be_injected() {
        let yaml = "url: 'https://h'\nheaders: { Authorization: 'Bearer {{password}}', X-T: '{{title}}' }\nformat: text\nbody: x\n";
        let it = call(yaml, json!({"password": "", "title": "a\r\nX-Evil: 1"})).unwrap();
        assert!(!it.headers.contains_key("authorization"));
        assert_eq!(it.headers["x-t"], "a  X-Evil: 1");
        assert!(!it.headers.contains_key("x-evil"));
    }

    #[test]
    fn a_form_is_encoded_and_empty_fields_are_left_out() {
        let yaml =
            "url: 'https://h'\nformat: form\nform: { Body: '{{title}}', Media: '{{none}}' }\n";
        let it = call(yaml, json!({"title": "a&b=c ü", "none": ""})).unwrap();
        assert_eq!(String::from_utf8(it.body).unwrap(), "Body=a%26b%3Dc+%C3%BC");
    }

    #[test]
    fn only_http_is_spoken_and_a_body_must_be_json() {
        for url in ["file:///etc/passwd", "ftp://h", "{{title}}"] {
            let yaml = format!("url: '{url}'\nbody: '{{}}'\n");
            assert!(call(&yaml, json!({"title": ""})).is_err(), "{url}");
        }
        let error = call("url: 'https://h'\nbody: '{\"a\": }'\n", json!({})).unwrap_err();
        assert!(error.contains("no JSON"), "{error}");
    }

    /// The example of the specification.
    #[test]
    fn the_signature_is_that_of_standard_webhooks() {
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let signature = signature(
            &secret,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            b"{\"test\": 2432232314}",
        );
        assert_eq!(signature.unwrap(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_in_a_header_or_in_the_body() {
        let now = "2026-11-21T09:00:00Z".parse().unwrap();
        let seconds = |n| Some(Duration::from_secs(n));
        assert_eq!(retry_after(" 7 ", now), seconds(7));
        assert_eq!(retry_after("Sat, 21 Nov 2026 09:01:30 GMT", now), seconds(90));
        assert_eq!(retry_after("Sat, 21 Nov 2026 08:00:00 GMT", now), seconds(0));
        for bad in ["soon", "-1", "NaN", "inf", "1e300"] {
            assert_eq!(retry_after(bad, now), None, "{bad}");
        }
        assert_eq!(retry_after_in(&json!({"parameters": {"retry_after": 5}})), seconds(5));
        assert_eq!(retry_after_in(&json!({"retry_after": 0.5})), Some(Duration::from_millis(500)));
        assert_eq!(retry_after_in(&json!({"retry_after": -1})), None);
    }

    #[test]
    fn what_heals_is_told_from_what_does_not() {
        let heals = |code: u16| {
            let status = StatusCode::from_u16(code).unwrap();
            matches!(fault(status, String::new(), None), Fault::Transient { .. })
        };
        assert!([408, 429, 500, 502, 503, 507].into_iter().all(heals));
        assert!(![301, 400, 401, 403, 404, 413].into_iter().any(heals));
    }

    #[test]
    fn what_a_service_says_is_found_and_bounded() {
        let word =
            |text: &str| said(text.as_bytes(), &serde_json::from_str(text).unwrap_or_default());
        assert_eq!(word(r#"{"error": "no such topic"}"#), ": no such topic");
        assert_eq!(word(r#"{"errors": [{"code": 3}]}"#), ": {\"code\":3}");
        assert_eq!(word("invalid_token"), ": invalid_token");
        assert_eq!(word("<html>no</html>"), "");
        assert!(word(&"x".repeat(5_000)).chars().count() <= MAX_SAID + 2);
    }
}
