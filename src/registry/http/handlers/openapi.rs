//! `/api/v1/openapi.json`, and `/api/v1/docs`, where it can be read and tried.

use std::sync::{Arc, OnceLock};

use axum::Extension;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, header};

use crate::registry::error::ApiError;
use crate::registry::http::extract::Segment;
use crate::registry::http::openapi;
use crate::registry::http::routes::Endpoint;

/// The viewer's files by name: content type, bytes, and whether they are compressed.
const FILES: &[(&str, &str, &[u8], bool)] = &[
    (
        "swagger-ui-bundle.js",
        "text/javascript; charset=utf-8",
        include_bytes!("../../../../dashboard/vendor/swagger-ui/swagger-ui-bundle.js.gz"),
        true,
    ),
    (
        "swagger-ui.css",
        "text/css; charset=utf-8",
        include_bytes!("../../../../dashboard/vendor/swagger-ui/swagger-ui.css.gz"),
        true,
    ),
    (
        "start.js",
        "text/javascript; charset=utf-8",
        include_bytes!("../../../../dashboard/docs/start.js"),
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

/// The document of the routes, made when it is first wanted.
#[derive(Debug)]
pub struct Document {
    endpoints: Vec<Endpoint>,
    text: OnceLock<Bytes>,
}

impl Document {
    /// Of these endpoints.
    pub fn new(endpoints: Vec<Endpoint>) -> Document {
        Document { endpoints, text: OnceLock::new() }
    }

    fn text(&self) -> Bytes {
        self.text.get_or_init(|| openapi::of(&self.endpoints).to_string().into()).clone()
    }
}

/// `GET /api/v1/openapi.json`
pub async fn document(Extension(document): Extension<Arc<Document>>) -> Response {
    let json = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, json), REVALIDATE], document.text()).into_response()
}

/// `GET /api/v1/docs`
pub async fn page() -> Response {
    let html = include_str!("../../../../dashboard/docs/index.html");
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
