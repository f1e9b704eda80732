//! `/`: a plain page that shows what runs and how to connect.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use axum::{Extension, Json};
use handlebars::Handlebars;
use http::{HeaderMap, HeaderValue, header};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::api::ServerFilter;
use crate::domain::server::{Access, Server};
use crate::registry::error::ApiError;
use crate::registry::handlers::wants_json;
use crate::registry::list;
use crate::registry::service::{SERVICE_NAME, Service};
use crate::secret::Secret;

/// Most servers that the page shows.
const SHOWN: usize = 500;

/// The page's template.
#[derive(Debug)]
pub struct Page {
    templates: Handlebars<'static>,
    /// Whether everybody who reaches the port may register.
    exposed: bool,
}

impl Page {
    /// The page of a registry; `exposed` when it listens beyond this host without tokens.
    ///
    /// # Errors
    /// A template that can't be read.
    pub fn new(exposed: bool) -> anyhow::Result<Page> {
        // Escapes HTML, as handlebars does unless told otherwise.
        let mut templates = Handlebars::new();
        templates.set_strict_mode(true);
        let text = include_str!("../../../templates/registry-page.html");
        templates.register_template_string("page", text)?;
        Ok(Page { templates, exposed })
    }
}

/// What `GET /` answers to those who show no token.
pub fn token_wanted() -> Response {
    let html = include_str!("../../../templates/registry-token-wanted.html");
    let mut response = ApiError::unauthorised("").into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.remove(header::CONTENT_LENGTH);
    *response.body_mut() = html.into();
    response
}

/// `GET /`
///
/// # Errors
/// None in practice.
pub async fn get(
    State(service): State<Service>,
    Extension(page): Extension<Arc<Page>>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if wants_json(&headers) {
        let headers = [(header::VARY, HeaderValue::from_static("accept"))];
        return Ok((headers, Json(information())).into_response());
    }
    let filter = ServerFilter { limit: Some(SHOWN), ..ServerFilter::default() };
    let shown = list::page(service.view(), &filter)?;
    let failing = service.view().read().broken.is_some();
    // The style is allowed by its nonce, and nothing else is.
    let nonce = Secret::random().expose()[..32].to_owned();
    let now = Timestamp::now();
    let data = json!({
        "nonce": nonce,
        "exposed": page.exposed,
        "failing": failing,
        "servers": shown.servers.iter().map(|server| row(server, now)).collect::<Vec<_>>(),
        "total": shown.total,
        "one": shown.total == 1,
        "more": shown.total.saturating_sub(shown.servers.len()),
        "version": env!("CARGO_PKG_VERSION"),
    });
    let html = page.templates.render("page", &data).map_err(|error| {
        tracing::error!(%error, "the page can't be rendered");
        ApiError::internal()
    })?;
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    );
    let policy = HeaderValue::from_str(&policy).map_err(|_| ApiError::internal())?;
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::VARY, HeaderValue::from_static("accept")),
    ];
    Ok((headers, Html(html)).into_response())
}

/// What the registry is, for programs (contract 2).
fn information() -> Value {
    json!({
        "service": SERVICE_NAME,
        "version": env!("CARGO_PKG_VERSION"),
        "endpoints": {
            "servers": "/api/v1/servers",
            "nodes": "/api/v1/nodes",
            "profiles": "/api/v1/profiles",
            "events": "/api/v1/events",
            "health": "/health",
            "metrics": "/metrics",
        },
    })
}

fn row(server: &Server, now: Timestamp) -> Value {
    let info = &server.info;
    let job = info.job.job();
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let access = match info.access {
        Access::Private => "private",
        Access::Shared => "shared",
        Access::Open => "open",
    };
    json!({
        "name": info.name,
        "model": info.model.file.as_ref().unwrap_or(&info.model.name),
        "context": info.model.context.map(|tokens| tokens.to_string()).unwrap_or_default(),
        "owner": info.owner,
        "state": server.state.as_str(),
        "url": info.url(),
        "job": job,
        "node": text(&info.slurm_node),
        "gpus": text(&info.gpus),
        "slots": server.slots.map(|s| format!("{}/{}", s.busy, s.total)).unwrap_or_default(),
        "uptime": uptime(info.started, now),
        "access": access,
        "connect": connect(&job),
    })
}

/// The command to copy; nothing for a job id that a shell or llamactl would misread.
fn connect(job: &str) -> String {
    if job.starts_with('-') {
        return String::new();
    }
    shlex::try_quote(job).map(|job| format!("llamactl connect {job}")).unwrap_or_default()
}

fn uptime(started: Timestamp, now: Timestamp) -> String {
    let minutes = now.duration_since(started).as_secs().max(0) / 60;
    match (minutes / 60 / 24, minutes / 60 % 24, minutes % 60) {
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_to_copy_are_quoted() {
        assert_eq!(connect("108_2"), "llamactl connect 108_2");
        assert_eq!(connect("1; rm -rf ~"), "llamactl connect '1; rm -rf ~'");
        assert_eq!(connect("--via=x"), "");
    }

    #[test]
    fn uptime_is_short() {
        let at = |s: i64| Timestamp::from_second(s).unwrap();
        assert_eq!(uptime(at(0), at(59 * 60)), "59 min");
        assert_eq!(uptime(at(0), at(3600 * 25)), "1 d 1 h");
        assert_eq!(uptime(at(100), at(0)), "0 min");
    }
}
