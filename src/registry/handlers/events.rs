//! `/api/v1/events` and `/api/v1/ws`

use std::convert::Infallible;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http::{HeaderMap, StatusCode, header};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Params;
use crate::api::SEQ_HEADER;
use crate::domain::event::Event;
use crate::registry::error::ApiError;
use crate::registry::identity::{Caller, until_it_ends};
use crate::registry::live::{End, Follower, Next, Wanted};
use crate::registry::service::{MAX_EVENTS, Service, Shared};

/// How long a client of the stream waits before it connects again, in milliseconds.
const RETRY_MS: u32 = 2000;
/// Largest message that a WebSocket client may send, in bytes: nothing that it says is needed.
const MAX_MESSAGE: usize = 4096;
/// Most messages that it may send between two heartbeats.
const MAX_CHATTER: usize = 1000;
/// Pages that are searched for a filtered list.
const PAGES: usize = 10;

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
        let follower = service.live.follow(&service.store, after, wanted, token)?;
        return Ok(event_stream(follower, until_it_ends(service, caller)));
    }
    service.live.wait(query.after, query.wait.as_deref()).await?;
    let limit = query.limit.unwrap_or(100).min(MAX_EVENTS);
    let (events, seq) = search(&service, query.after.unwrap_or(0), limit, &wanted).await?;
    Ok(([(SEQ_HEADER, seq.to_string())], Json(events)).into_response())
}

/// Up to `limit` of the wanted events after number `after`, and the number to go on with.
async fn search(
    service: &Service,
    mut after: u64,
    limit: usize,
    wanted: &Wanted,
) -> Result<(Vec<Event>, u64), ApiError> {
    if !wanted.subjects().is_empty() {
        return of_subjects(service, after, limit, wanted).await;
    }
    let mut found = Vec::new();
    for _ in 0..PAGES {
        let page = if wanted.is_all() { limit } else { MAX_EVENTS };
        let events = service.events(after, page).await?;
        let is_last = wanted.is_all() || events.len() < page;
        for event in events {
            if found.len() == limit {
                return Ok((found, after));
            }
            after = event.seq;
            if wanted.takes(&event) {
                found.push(event);
            }
        }
        if is_last {
            break;
        }
    }
    Ok((found, after))
}

/// The same of some subjects, of each of which the database finds the events at once, however
/// far back they are.
async fn of_subjects(
    service: &Service,
    after: u64,
    limit: usize,
    wanted: &Wanted,
) -> Result<(Vec<Event>, u64), ApiError> {
    // Before it is looked at: what comes meanwhile is found the next time.
    let mut looked = service.view().read().seq.max(after);
    let mut found = Vec::new();
    for subject in wanted.subjects() {
        let mut from = after;
        for page in 0.. {
            let events = service.store.events_of(subject.clone(), from, MAX_EVENTS).await?;
            let is_last = events.len() < MAX_EVENTS;
            from = events.last().map_or(from, |event| event.seq);
            found.extend(events.into_iter().filter(|event| wanted.takes(event)));
            if is_last {
                break;
            }
            if page + 1 == PAGES || found.len() > limit {
                looked = looked.min(from);
                break;
            }
        }
    }
    found.sort_by_key(|event| event.seq);
    found.dedup_by_key(|event| event.seq);
    found.retain(|event| event.seq <= looked);
    if found.len() > limit {
        found.truncate(limit);
        looked = found.last().map_or(after, |event| event.seq);
    }
    Ok((found, looked))
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

/// An event stream of these frames, which ends when `token_ends` comes back.
pub(super) fn stream_of(
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
    let follower = service.live.follow(&service.store, query.after, wanted, token)?;
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
