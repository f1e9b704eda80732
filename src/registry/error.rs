//! What can go wrong: an operation that changed nothing ([`Refused`]), one whose outcome is not
//! known ([`StoreError`]), and both on the wire ([`ApiError`]): one envelope, and no word of what
//! went wrong inside.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use crate::api::{ErrorReply, LEASE_HEADER};

/// Why an operation changed nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    /// There is no such entry.
    Unknown,
    /// The proof is of an older lease, or wrong.
    Stale,
    /// A later start of the same job took its place.
    Replaced,
    /// A later start of the same job (with this restart count) has the entry.
    Older(u32),
    /// The server has a live lease, and the client did not prove that it holds it.
    Held,
    /// The same id was registered for another job.
    OtherJob,
    /// A leased server has this job: old clients can't change it.
    Leased,
    /// There is no such node.
    UnknownNode,
    /// The role has no profile.
    UnknownProfile,
    /// Another node has this name, or it for its id.
    NameTaken(String),
    /// The node has a lease, and the client did not prove that it holds it.
    NodeHeld,
    /// It is somebody else's.
    Foreign,
    /// What would come of it is not allowed, for this reason.
    Wrong(String),
    /// There is a token for administrators already.
    NotFirst,
    /// It is the last token for administrators.
    LastAdmin,
    /// There are so many of these already, which is as many as there may be.
    TooMany(&'static str, u64),
    /// As many are there as the registry holds.
    Full,
}

/// Why an operation's outcome is not known, or why it was not tried.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The queue is full.
    #[error("too many requests at once")]
    Busy,
    /// The database can't be written; nothing of the operation is in it.
    #[error("the registry's database can't be written: {0}")]
    Unavailable(String),
    /// The database takes no such statement; nothing of the operation is in it.
    #[error("the registry's database refuses this: {0}")]
    Refused(String),
    /// The database could not be reached any more when the change was to be committed.
    #[error("the registry's database did not say whether the change is in it: {0}")]
    Unknown(String),
    /// The writer is gone.
    #[error("the registry is shutting down")]
    Closed,
}

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

    /// 403: no lease was shown.
    pub fn no_proof() -> ApiError {
        ApiError::forbidden("only the holder of the lease may do this")
            .hint(format!("send the header {LEASE_HEADER}: GENERATION:SECRET"))
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
            // Whoever calls should not have let it through.
            StoreError::Refused(_) => ApiError::internal(),
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
