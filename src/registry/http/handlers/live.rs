//! `/api/v1/live`: everything that the dashboard shows, and what changes of it, as a stream.

use axum::extract::State;
use axum::response::Response;
use futures_util::stream;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::registry::edge::identity::Caller;
use crate::registry::error::ApiError;
use crate::registry::http::extract::Params;
use crate::registry::http::stream::stream_of;
use crate::registry::seen::feed::What;
use crate::registry::service::Shared;
use crate::registry::service::door::until_it_ends;

/// Query parameters of `GET /api/v1/live`.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LiveQuery {
    /// Only these parts, with commas: servers, nodes, events. All without it.
    what: Option<String>,
}

/// `GET /api/v1/live`
///
/// # Errors
/// 400 for a part that does not exist, 503 where there are too many streams.
pub async fn get(
    State(service): State<Shared>,
    Caller(caller): Caller,
    Params(query): Params<LiveQuery>,
) -> Result<Response, ApiError> {
    let what = What::parse(query.what.as_deref())?;
    let subscriber = service.feed.follow(what, caller.token.clone(), service.run).await?;
    let frames = stream::unfold(subscriber, |mut subscriber| async move {
        subscriber.next().await.map(|bytes| (bytes, subscriber))
    });
    Ok(stream_of(frames, until_it_ends(service, caller)))
}
