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
    /// When trying again may help, in seconds.
    pub retry_after: Option<u32>,
}

impl ApiError {
    /// An error with this status and text.
    pub fn new(status: StatusCode, error: impl Into<String>) -> ApiError {
        let retry_after = (status == StatusCode::SERVICE_UNAVAILABLE).then_some(1);
        ApiError { status, reply: ErrorReply { error: error.into(), hint: None }, retry_after }
    }

    /// 400: the request is wrong.
    pub fn bad_request(error: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::BAD_REQUEST, error)
    }

    /// 401: a token is wanted.
    pub fn unauthorised(error: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::UNAUTHORIZED, error).hint(
            "send `Authorization: Bearer TOKEN`; the registry's operator makes one with \
             `llamactl registry token create --owner NAME`",
        )
    }

    /// 403: whoever asks may not do this.
    pub fn forbidden(error: impl Into<String>) -> ApiError {
        ApiError::new(StatusCode::FORBIDDEN, error)
    }

    /// 429: too many requests.
    pub fn too_many(error: impl Into<String>, retry_after: u32) -> ApiError {
        let error = ApiError::new(StatusCode::TOO_MANY_REQUESTS, error);
        ApiError { retry_after: Some(retry_after), ..error }
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
            Refused::Foreign => ApiError::forbidden("this entry belongs to somebody else")
                .hint("only its owner and administrators may change it"),
            Refused::Wrong(reason) => ApiError::bad_request(reason),
            Refused::NotFirst => conflict("there is a token for administrators already"),
            Refused::LastAdmin => conflict("this is the last token for administrators")
                .hint("make another one first, or revoke it with force"),
            Refused::TooMany(what, most) => conflict(&format!("there are {most} {what} already"))
                .hint("remove one that is not needed any more"),
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
        let mut response = (self.status, Json(self.reply)).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer realm=\"llamactl registry\"");
            headers.insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}
