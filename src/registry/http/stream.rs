//! Answers that do not end by themselves: event streams (SSE).

use std::convert::Infallible;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use http::header;

/// An event stream of these frames, which ends when `token_ends` comes back.
pub fn stream_of(
    frames: impl Stream<Item = Bytes> + Send + 'static,
    token_ends: impl Future<Output = ()> + Send + 'static,
) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-store"),
        // nginx would keep what it gets until it is much.
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    let frames = frames.take_until(Box::pin(token_ends)).map(Ok::<_, Infallible>);
    (headers, Body::from_stream(frames)).into_response()
}
