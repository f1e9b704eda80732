//! `/api/v1/openapi.json`, and `/api/v1/docs`, where it can be read and tried.

use std::sync::OnceLock;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, header};

use super::Segment;
use crate::registry::error::ApiError;
use crate::registry::openapi;

/// The viewer's files by name: content type, bytes, and whether they are compressed.
const FILES: &[(&str, &str, &[u8], bool)] = &[
    (
        "swagger-ui-bundle.js",
        "text/javascript; charset=utf-8",
        include_bytes!("../../../dashboard/vendor/swagger-ui/swagger-ui-bundle.js.gz"),
        true,
    ),
    (
        "swagger-ui.css",
        "text/css; charset=utf-8",
        include_bytes!("../../../dashboard/vendor/swagger-ui/swagger-ui.css.gz"),
        true,
    ),
    (
        "start.js",
        "text/javascript; charset=utf-8",
        include_bytes!("../../../dashboard/docs/start.js"),
        false,
    ),
];

/// Nothing inline, nothing from elsewhere; the viewer's style sheet has its pictures in itself.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
);
const REVALIDATE: (HeaderName, HeaderValue) =
    (header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));

/// `GET /api/v1/openapi.json`
pub async fn document() -> Response {
    // It is made of constants.
    static DOCUMENT: OnceLock<Bytes> = OnceLock::new();
    let document = DOCUMENT.get_or_init(|| openapi::document().to_string().into());
    let json = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, json), REVALIDATE], document.clone()).into_response()
}

/// `GET /api/v1/docs`
pub async fn page() -> Response {
    let html = include_str!("../../../dashboard/docs/index.html");
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    let headers =
        [(header::CONTENT_TYPE, kind), (header::CONTENT_SECURITY_POLICY, POLICY), REVALIDATE];
    (headers, html).into_response()
}

/// `GET /api/v1/docs/{file}`. The two large files are compressed, which every browser takes.
///
/// # Errors
/// 404 for a file that the viewer does not have.
pub async fn file(name: Segment) -> Result<Response, ApiError> {
    let found = FILES.iter().find(|(known, ..)| *known == name.0);
    let Some((_, kind, bytes, compressed)) = found else {
        return Err(ApiError::new(http::StatusCode::NOT_FOUND, "the viewer has no such file"));
    };
    let kind = HeaderValue::from_static(kind);
    let mut response = ([(header::CONTENT_TYPE, kind), REVALIDATE], *bytes).into_response();
    if *compressed {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(response)
}
