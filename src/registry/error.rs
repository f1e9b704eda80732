//! Errors on the wire: one envelope, and no word of what went wrong inside.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use super::store::{Refused, StoreError};
use crate::api::ErrorReply;

/// An answer that is not success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// The HTTP status.
    pub status: StatusCode,
    /// What the client reads.
    pub reply: ErrorReply,
}

impl ApiError {
    /// An error with this status and text.
    pub fn new(status: StatusCode, error: impl Into<String>) -> ApiError {
        ApiError { status, reply: ErrorReply { error: error.into(), hint: None } }
    }

    /// 400: the request is wrong.
    pub fn bad_request(error: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::BAD_REQUEST, error)
    }

    /// 404: there is no such server.
    pub fn unknown() -> ApiError {
        ApiError::new(StatusCode::NOT_FOUND, "Server not found")
    }

    /// 500, without the reason: that is in the log.
    pub fn internal() -> ApiError {
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "internal server error")
    }

    /// Adds how to mend it.
    pub fn hint(mut self, hint: impl Into<String>) -> ApiError {
        self.reply.hint = Some(hint.into());
        self
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> ApiError {
        let conflict = |error: &str| ApiError::new(StatusCode::CONFLICT, error);
        match refused {
            Refused::Unknown => ApiError::unknown().hint("register it again"),
            Refused::Stale => conflict("the lease is not the current one"),
            Refused::Replaced => conflict("a later start of the same job replaced this server"),
            Refused::Older(count) => conflict(&format!(
                "a later start of the same job has the entry (restart count {count})"
            )),
            Refused::Held => conflict("this server is registered, and its lease is live")
                .hint("send the current lease, or the lease secret of the first registration"),
            Refused::OtherJob => conflict("this id is registered for another job"),
            Refused::Leased => conflict("this entry has a lease: only its holder can change it"),
            Refused::UnknownNode => {
                ApiError::new(StatusCode::NOT_FOUND, "node not found").hint("register it again")
            }
            Refused::UnknownProfile => {
                ApiError::new(StatusCode::NOT_FOUND, "the role has no profile")
            }
            Refused::NameTaken(name) => {
                conflict(&format!("another node has the name or the id {name:?}"))
                    .hint("choose another name, or take the other node out")
            }
            Refused::NodeHeld => conflict("this node has a lease: only its holder may do this")
                .hint(
                    "send the header llamactl-lease, or an administrator's token; a node that is \
                     silent can be registered anew",
                ),
            Refused::Foreign => {
                ApiError::new(StatusCode::FORBIDDEN, "this entry belongs to somebody else")
                    .hint("only its owner and administrators may change it")
            }
            Refused::Wrong(reason) => ApiError::bad_request(reason),
            Refused::Full => ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "the registry is full"),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> ApiError {
        let unavailable = |text: &str| ApiError::new(StatusCode::SERVICE_UNAVAILABLE, text);
        match error {
            StoreError::Busy => unavailable("too many requests at once").hint("try again"),
            // The reason is in the registry's log.
            StoreError::Unavailable(_) => unavailable("the registry's database can't be written")
                .hint("its operator finds the reason in its log; trying again later is safe"),
            StoreError::Unknown(_) => {
                unavailable("the registry's database did not say whether the change is in it")
                    .hint("look, or send it again: trying again is safe")
            }
            StoreError::Closed => unavailable("the registry is shutting down"),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let retry = self.status == StatusCode::SERVICE_UNAVAILABLE;
        let mut response = (self.status, Json(self.reply)).into_response();
        if retry {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
