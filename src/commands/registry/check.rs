//! `llamactl registry check`: asks a live registry for everything that it offers.
//!
//! What is asked follows the table of routes, so that no route is forgotten. Entries that it
//! makes say whose they are, are of no use to anybody, and are taken out again; those with a
//! lease end by themselves where that is not possible.

mod judge;
mod plan;

use std::time::{Duration, Instant};

use jiff::Timestamp;
use reqwest::{Method, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use crate::cli::CheckArgs;
use crate::commands::Context;
use crate::config::resolve;
use crate::config::token::token;
use crate::exit::{Exit, Failure};
use crate::output::{Cell, Tone, printable, table_of, terminal};
use crate::registry::http::router;
use crate::registry::http::routes::{Access, Endpoint};
use crate::secret::Secret;
use crate::{http, registry};
use plan::{Ask, Plan};

/// How long one request may take.
const LIMIT: Duration = Duration::from_secs(20);
/// Most bytes of an answer that are looked at.
const MAX_ANSWER: usize = 32 << 20;

/// How one route did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Outcome {
    Ok,
    Failed,
    Skipped,
}

/// What came of asking one route.
#[derive(Debug, Serialize)]
struct Checked {
    method: String,
    path: String,
    outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// No URL; or exit 1 when something is wrong with the registry.
pub async fn run(context: &Context, args: CheckArgs) -> anyhow::Result<Exit> {
    let (url, token) = whom(context, args.url)?;
    let client = http::registry().map_err(Failure::new)?;
    let target = Asker { client, url, token };
    let about = target.about().await?;
    let (_, mut endpoints) = router::table().finish();
    endpoints.sort_by_key(plan::order);
    let mut plan = Plan::new();
    let document = registry::http::router::document();
    let mut checked = Vec::new();
    for endpoint in &endpoints {
        checked.push(target.check(endpoint, &mut plan, &document, args.read_only).await);
    }
    let warnings = judge::warnings(&target, &about, &checked).await;
    let failed = checked.iter().filter(|one| one.outcome == Outcome::Failed).count();
    let report = json!({
        "url": target.url, "version": about.version, "ok": failed == 0,
        "checks": checked, "warnings": warnings,
    });
    if !context.printer.json(&report)? {
        context.printer.line(shown(&checked))?;
        warnings.iter().for_each(|warning| context.printer.warn(printable(warning)));
        let skipped = checked.iter().filter(|one| one.outcome == Outcome::Skipped).count();
        let ok = checked.len() - failed - skipped;
        context.printer.note(format!("{ok} in order, {failed} wrong, {skipped} not tried"));
    }
    Ok(if failed == 0 { Exit::OK } else { Exit::FAILURE })
}

fn shown(checked: &[Checked]) -> String {
    let dash = || "-".to_owned();
    let row = |one: &Checked| {
        let (word, tone) = match one.outcome {
            Outcome::Ok => ("ok", Tone::Good),
            Outcome::Failed => ("wrong", Tone::Bad),
            Outcome::Skipped => ("not tried", Tone::Faint),
        };
        vec![
            Cell::new(word, tone),
            one.method.clone().into(),
            one.path.clone().into(),
            one.status.map_or_else(dash, |status| status.to_string()).into(),
            one.ms.map_or_else(dash, |ms| format!("{ms:.1}")).into(),
            one.note.clone().unwrap_or_default().into(),
        ]
    };
    let header = ["RESULT", "METHOD", "PATH", "STATUS", "MS", "NOTE"];
    table_of(&header, checked.iter().map(row).collect(), terminal().map(|(width, _)| width))
}

/// The registry that is asked, and what it said of itself.
struct Asker {
    client: &'static reqwest::Client,
    url: String,
    token: Option<Secret>,
}

/// What a registry says before anything else is asked.
struct About {
    version: String,
    status: String,
    /// By how much its clock is ahead of ours, in seconds.
    skew: Option<i64>,
}

/// One answer, its body as far as it was read.
struct Heard {
    status: StatusCode,
    kind: String,
    body: Vec<u8>,
    took: Duration,
}

impl Asker {
    /// Asks `/health` first: whether there is a registry at all.
    async fn about(&self) -> Result<About, Failure> {
        let url = format!("{}/health", self.url);
        let failed = |why: String| {
            Failure::new(format!("the registry at {} can't be reached: {why}", self.url))
                .hint("is the URL right, and does it run?")
        };
        let response = self.client.get(url).timeout(LIMIT).send().await;
        let response = response.map_err(|error| failed(http::cause(&error)))?;
        let date = response.headers().get("date").and_then(|value| value.to_str().ok());
        let date = date.and_then(|text| jiff::fmt::rfc2822::parse(text).ok());
        let skew = date.map(|date| date.timestamp().as_second() - Timestamp::now().as_second());
        let body: Value = match response.bytes().await {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_default(),
            Err(error) => return Err(failed(http::cause(&error))),
        };
        let text = |field: &str| body[field].as_str().unwrap_or_default().to_owned();
        if body["status"].is_null() {
            return Err(failed("its /health is not that of a registry".to_owned()));
        }
        Ok(About { version: text("version"), status: text("status"), skew })
    }

    async fn check(
        &self,
        endpoint: &Endpoint,
        plan: &mut Plan,
        document: &Value,
        read_only: bool,
    ) -> Checked {
        let mut checked = Checked {
            method: endpoint.method.to_string(),
            path: endpoint.path.to_owned(),
            outcome: Outcome::Skipped,
            status: None,
            ms: None,
            note: None,
        };
        if read_only && endpoint.method != Method::GET {
            checked.note = Some("it changes something".to_owned());
            return checked;
        }
        let ask = match plan.ask(endpoint) {
            Ok(ask) => ask,
            Err(note) => {
                checked.note = Some(note);
                return checked;
            }
        };
        let answer = match self.send(endpoint, &ask).await {
            Ok(answer) => answer,
            Err(error) => {
                checked.outcome = Outcome::Failed;
                checked.note = Some(error);
                return checked;
            }
        };
        checked.status = Some(answer.status.as_u16());
        checked.ms = Some((answer.took.as_secs_f64() * 10_000.0).round() / 10.0);
        let refused = matches!(answer.status.as_u16(), 401 | 403);
        if refused && let Access::Scope(scope) = endpoint.access {
            checked.note = Some(format!("it wants a token with the scope {scope}"));
            return checked;
        }
        match judge::answer(endpoint, &ask, &answer, document) {
            Ok(()) => checked.outcome = Outcome::Ok,
            Err(why) => {
                checked.outcome = Outcome::Failed;
                checked.note = Some(why);
            }
        }
        plan.learn(endpoint, serde_json::from_slice(&answer.body).unwrap_or_default());
        checked
    }

    async fn send(&self, endpoint: &Endpoint, ask: &Ask) -> Result<Heard, String> {
        let start = Instant::now();
        let url = format!("{}{}", self.url, ask.path);
        let mut request = self.client.request(endpoint.method.clone(), url).timeout(LIMIT);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.expose());
        }
        for (name, value) in &ask.headers {
            request = request.header(*name, value);
        }
        if let Some(body) = &ask.body {
            request = request.json(body);
        }
        let mut response = request.send().await.map_err(|error| http::cause(&error))?;
        let status = response.status();
        let kind = response.headers().get("content-type").and_then(|value| value.to_str().ok());
        let kind = kind.unwrap_or_default().to_owned();
        let took = start.elapsed();
        let mut body = Vec::new();
        // A stream has no end: its beginning will do.
        let most = if kind.starts_with("text/event-stream") { 1 } else { MAX_ANSWER };
        while body.len() < most {
            match response.chunk().await.map_err(|error| http::cause(&error))? {
                Some(chunk) => body.extend_from_slice(&chunk),
                None => break,
            }
        }
        Ok(Heard { status, kind, body, took })
    }
}

/// The registry of the command line, or the configured one, and the token for it. A token is
/// sent to the registry that the configuration names it for, and to one that is named here.
fn whom(context: &Context, url: Option<String>) -> anyhow::Result<(String, Option<Secret>)> {
    let registry = url.as_deref().or(context.global.registry.as_deref());
    let settings = resolve::settings(registry)?;
    let url = settings.registry.url.ok_or_else(|| {
        Failure::usage("no registry is configured").hint("give its URL: http://HOST:PORT")
    })?;
    let token = token(settings.registry.token_file.as_deref())?;
    Ok((url.trim_end_matches('/').to_owned(), token))
}
