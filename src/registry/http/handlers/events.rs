//! `/api/v1/events` and `/api/v1/ws`

use axum::Json;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, StatusCode, header};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::api::SEQ_HEADER;
use crate::registry::edge::identity::Caller;
use crate::registry::error::ApiError;
use crate::registry::http::extract::Params;
use crate::registry::http::stream::stream_of;
use crate::registry::seen::live::{End, Wanted};
use crate::registry::service::Shared;
use crate::registry::service::door::until_it_ends;
use crate::registry::service::follow::{Follower, Next};

/// How long a client of the stream waits before it connects again, in milliseconds.
const RETRY_MS: u32 = 2000;
/// Largest message that a WebSocket client may send, in bytes: nothing that it says is needed.
const MAX_MESSAGE: usize = 4096;
/// Events in a list without a limit of its own.
const DEFAULT_EVENTS: usize = 100;
/// Most messages that it may send between two heartbeats.
const MAX_CHATTER: usize = 1000;

/// Query parameters of `GET /api/v1/events`.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventQuery {
    /// Only events after this number. Without it a list begins at the oldest, a stream now.
    after: Option<u64>,
    /// At most so many (a list only; default 100, most 1,000).
    limit: Option<usize>,
    /// Only these kinds; several with commas.
    kind: Option<String>,
    /// Only of these subjects; several with commas.
    subject: Option<String>,
    /// Wait at most so long for something after `after`, as `30s` (a list only).
    wait: Option<String>,
    /// `1`: a stream, as with `Accept: text/event-stream`. Left out of the document, whose
    /// readers expect an answer that ends.
    #[schemars(skip)]
    stream: Option<u8>,
}

/// Query parameters of `GET /api/v1/ws`.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FollowQuery {
    /// Only events after this number; without it from now on.
    after: Option<u64>,
    /// Only these kinds; several with commas.
    kind: Option<String>,
    /// Only of these subjects; several with commas.
    subject: Option<String>,
}

/// `GET /api/v1/events`: what happened, oldest first; as a stream with
/// `Accept: text/event-stream`.
///
/// # Errors
/// 400 for parameters that mean nothing, 503 when the database can't be read or there are too
/// many streams.
pub async fn list(
    State(service): State<Shared>,
    Caller(caller): Caller,
    Params(query): Params<EventQuery>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let wanted = Wanted::parse(query.kind.as_deref(), query.subject.as_deref())?;
    if query.stream == Some(1) || wants_stream(&headers) {
        let after = last_event_id(&headers).or(query.after);
        let token = caller.token.clone();
        let follower = service.follow(after, wanted, token)?;
        return Ok(event_stream(follower, until_it_ends(service, caller)));
    }
    service.live.wait(query.after, query.wait.as_deref()).await?;
    let limit = query.limit.unwrap_or(DEFAULT_EVENTS);
    let (events, seq) = service.find_events(query.after.unwrap_or(0), limit, &wanted).await?;
    Ok(([(SEQ_HEADER, seq.to_string())], Json(events)).into_response())
}

fn wants_stream(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter();
    let mut types = accepted.filter_map(|value| value.to_str().ok()).flat_map(|s| s.split(','));
    types.any(|one| one.split(';').next().unwrap_or_default().trim() == "text/event-stream")
}

/// The number that a client has already; one that no event has where it is none of ours.
fn last_event_id(headers: &HeaderMap) -> Option<u64> {
    let value = headers.get("last-event-id").filter(|value| !value.is_empty())?;
    Some(value.to_str().ok().and_then(|text| text.parse().ok()).unwrap_or(u64::MAX))
}

fn event_stream(
    follower: Follower,
    token_ends: impl Future<Output = ()> + Send + 'static,
) -> Response {
    // The number first: a client that loses the stream before the first event goes on from
    // here.
    let head = format!("retry: {RETRY_MS}\nid: {}\n\n", follower.position());
    let frames = stream::unfold((follower, Some(head)), |(mut follower, head)| async move {
        let frame = match head {
            Some(head) => Bytes::from(head),
            None => frame(follower.next().await)?,
        };
        Some((frame, (follower, None)))
    });
    stream_of(frames, token_ends)
}

fn frame(next: Next) -> Option<Bytes> {
    match next {
        Next::Event(event) => Some(event.frame()),
        Next::Reset(seq) => {
            let data = json!({"seq": seq, "error": RESET});
            Some(format!("id: {seq}\nevent: reset\ndata: {data}\n\n").into())
        }
        Next::Quiet(seq) => Some(format!(":\nid: {seq}\n\n").into()),
        Next::End(_) => None,
    }
}

const RESET: &str = "the events after the wanted number are not here: load everything anew";

/// `GET /api/v1/ws`: the events as a WebSocket, one JSON text for each.
///
/// # Errors
/// 400 for parameters that mean nothing or a request that is no WebSocket's, 503 when there are
/// too many streams.
pub async fn socket(
    State(service): State<Shared>,
    Caller(caller): Caller,
    Params(query): Params<FollowQuery>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let upgrade = upgrade.map_err(|_| {
        ApiError::new(StatusCode::UPGRADE_REQUIRED, "this path speaks WebSocket")
            .hint("/api/v1/events gives the same over plain HTTP")
    })?;
    let wanted = Wanted::parse(query.kind.as_deref(), query.subject.as_deref())?;
    let token = caller.token.clone();
    let follower = service.follow(query.after, wanted, token)?;
    let upgrade = upgrade
        .max_message_size(MAX_MESSAGE)
        .max_frame_size(MAX_MESSAGE)
        .read_buffer_size(MAX_MESSAGE)
        .write_buffer_size(0)
        .max_write_buffer_size(1 << 20);
    let token_ends = until_it_ends(service, caller);
    Ok(upgrade.on_upgrade(|socket| talk(socket, follower, token_ends)))
}

async fn talk(
    mut socket: WebSocket,
    mut follower: Follower,
    token_ends: impl Future<Output = ()> + Send,
) {
    tokio::pin!(token_ends);
    let mut heard = 0;
    let mut pings_unanswered = 0;
    let close = loop {
        tokio::select! {
            next = follower.next() => {
                let message = match next {
                    Next::Event(event) => text(event.json()),
                    Next::Reset(seq) => {
                        let data = json!({"kind": "reset", "seq": seq, "error": RESET});
                        Message::text(data.to_string())
                    }
                    Next::Quiet(_) if pings_unanswered == 2 => return,
                    Next::Quiet(seq) => {
                        (heard, pings_unanswered) = (0, pings_unanswered + 1);
                        let quiet = json!({"kind": "quiet", "seq": seq}).to_string();
                        if socket.send(Message::text(quiet)).await.is_err() {
                            return;
                        }
                        Message::Ping(Bytes::new())
                    }
                    Next::End(End::Stopping) => break (close_code::AWAY, "the registry stops"),
                    Next::End(End::Over) => break (close_code::AWAY, "connect again"),
                    Next::End(End::Behind) => break (close_code::AGAIN, "too slow"),
                    Next::End(End::Broken) => break (close_code::ERROR, "internal error"),
                };
                if socket.send(message).await.is_err() {
                    return;
                }
            }
            () = &mut token_ends => break (close_code::POLICY, "the token does not count any more"),
            message = socket.recv() => match message {
                // Answers to pings and to a close frame are the library's.
                Some(Ok(Message::Close(_))) | Some(Err(_)) | None => return,
                Some(Ok(_)) => {
                    (heard, pings_unanswered) = (heard + 1, 0);
                    if heard > MAX_CHATTER {
                        break (close_code::POLICY, "too many messages");
                    }
                }
            },
        }
    };
    let (code, reason) = (close.0, Utf8Bytes::from_static(close.1));
    // It may be gone.
    let _ = socket.send(Message::Close(Some(CloseFrame { code, reason }))).await;
}

fn text(json: Bytes) -> Message {
    // JSON is UTF-8.
    Utf8Bytes::try_from(json).map_or_else(|_| Message::Close(None), Message::Text)
}
