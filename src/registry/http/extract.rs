//! What handlers take from a request and put into an answer: bodies, parameters, parts of the
//! path, proofs, pages of lists.

use axum::extract::FromRequest;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequestParts, Path, Query};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::api::{LEASE_HEADER, LEASE_SECRET_HEADER, MAX_BODY, SEQ_HEADER};
use crate::registry::error::ApiError;
use crate::registry::may::Proof;
use crate::registry::seen::list::{self, Part};
use crate::registry::seen::view::View;
use crate::secret::Secret;

/// The bytes of a body, not over [`MAX_BODY`].
#[derive(Debug)]
pub struct Body(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = ApiError;

    async fn from_request(request: axum::extract::Request, state: &S) -> Result<Body, ApiError> {
        match Bytes::from_request(request, state).await {
            Ok(bytes) => Ok(Body(bytes)),
            Err(BytesRejection::FailedToBufferBody(error))
                if error.status() == StatusCode::PAYLOAD_TOO_LARGE =>
            {
                Err(ApiError::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    format!("the body is larger than {MAX_BODY} bytes"),
                ))
            }
            Err(_) => Err(ApiError::bad_request("the body can't be read")),
        }
    }
}

impl Body {
    /// The body as JSON.
    ///
    /// # Errors
    /// 400 with what is wrong, and where.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        serde_json::from_slice(&self.0)
            .map_err(|error| ApiError::bad_request(format!("the body is wrong: {error}")))
    }
}

/// Query parameters; 400 for one that is not known or wrong, or has a control character.
#[derive(Debug)]
pub struct Params<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Params<T>, ApiError> {
        let query = parts.uri.query().unwrap_or_default();
        if percent_decode_str(query).any(|byte| byte.is_ascii_control()) {
            return Err(ApiError::bad_request("the query has a control character"));
        }
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(params)) => Ok(Params(params)),
            Err(error) => Err(ApiError::bad_request(error.body_text())),
        }
    }
}

/// One part of the path, decoded. No name has control characters, and no database takes a zero
/// byte.
#[derive(Debug)]
pub struct Segment(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Segment {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Segment, ApiError> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(text)) if !text.contains(char::is_control) => Ok(Segment(text)),
            Ok(_) => Err(ApiError::new(
                StatusCode::NOT_FOUND,
                "nothing has a control character in its name",
            )),
            Err(_) => Err(ApiError::bad_request("the path can't be read")),
        }
    }
}

impl Segment {
    /// It as a server's id.
    ///
    /// # Errors
    /// 404: nothing that is no UUID is in the registry.
    pub fn id(&self) -> Result<Uuid, ApiError> {
        self.0.parse().map_err(|_| ApiError::unknown())
    }
}

/// Of which moment a list is.
#[derive(Debug)]
pub struct Moment {
    seq: u64,
    etag: String,
}

impl Moment {
    /// Of this view. Weak: the time of the last heartbeat moves all the time, and is not worth a
    /// new answer.
    pub fn of(view: &View, run: u32) -> Moment {
        let etag = format!("W/\"{}.{}.{run:08x}\"", view.seq, view.revision);
        Moment { seq: view.seq, etag }
    }
}

/// A page of a list: as a JSON array, or 304 where the client has it.
///
/// # Errors
/// None in practice.
pub fn listed(
    moment: &Moment,
    part: Part,
    uri: &Uri,
    asked: &HeaderMap,
    body: impl FnOnce() -> Result<Bytes, ApiError>,
) -> Result<Response, ApiError> {
    let mut answer = HeaderMap::new();
    let value = |text: &str| HeaderValue::from_str(text).map_err(|_| ApiError::internal());
    answer.insert(header::ETAG, value(&moment.etag)?);
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    answer.insert(SEQ_HEADER, HeaderValue::from(moment.seq));
    answer.insert("x-total-count", HeaderValue::from(part.total));
    if let Some(link) = list::link(uri, part) {
        answer.insert(header::LINK, value(&link)?);
    }
    let known = asked.get_all(header::IF_NONE_MATCH).iter();
    let known = known.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
    if known.map(str::trim).any(|known| known == moment.etag || known == "*") {
        return Ok((StatusCode::NOT_MODIFIED, answer).into_response());
    }
    answer.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok((answer, body()?).into_response())
}

/// Whether a client wants JSON rather than what people or Prometheus read.
pub fn wants_json(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let types: Vec<&str> = accepted
        .flat_map(|text| text.split(','))
        .map(|part| part.split(';').next().unwrap_or_default().trim())
        .collect();
    let names = |wanted: &str| types.iter().any(|name| name.eq_ignore_ascii_case(wanted));
    names("application/json")
        && !["text/html", "text/plain", "application/openmetrics-text"].into_iter().any(names)
}

/// The lease that a request proves; nothing where it shows none.
///
/// # Errors
/// 400 for a header that can't be read.
pub fn proof(headers: &HeaderMap) -> Result<Option<Proof>, ApiError> {
    let Some(value) = headers.get(LEASE_HEADER) else { return Ok(None) };
    let parts = value.to_str().ok().and_then(|text| text.split_once(':'));
    // The database counts to i64::MAX.
    let generation = parts
        .and_then(|(generation, _)| generation.parse::<u64>().ok())
        .filter(|generation| i64::try_from(*generation).is_ok());
    match (generation, parts) {
        (Some(generation), Some((_, secret))) => {
            Ok(Some(Proof { generation, secret_hash: Secret::new(secret).hash() }))
        }
        _ => Err(ApiError::bad_request(format!(
            "the header {LEASE_HEADER} must be GENERATION:SECRET"
        ))),
    }
}

/// The lease that a request must prove.
///
/// # Errors
/// 403 where it shows none, 400 for one that can't be read.
pub fn required_proof(headers: &HeaderMap) -> Result<Proof, ApiError> {
    proof(headers)?.ok_or_else(ApiError::no_proof)
}

/// The lease secret that a client chose for its registration.
///
/// # Errors
/// 400 for one that is too short to be secret, or too long.
pub fn chosen_secret(headers: &HeaderMap) -> Result<Option<Secret>, ApiError> {
    let Some(value) = headers.get(LEASE_SECRET_HEADER) else { return Ok(None) };
    let bytes = value.as_bytes();
    if !(32..=128).contains(&bytes.len()) || !bytes.iter().all(u8::is_ascii_alphanumeric) {
        return Err(ApiError::bad_request(format!(
            "the header {LEASE_SECRET_HEADER} must have 32 to 128 letters and digits"
        )));
    }
    Ok(Some(Secret::new(String::from_utf8_lossy(bytes))))
}
