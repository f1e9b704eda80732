//! The history of servers and nodes: which events to read for it, and how many.

use std::time::Duration;

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};

use super::Service;
use crate::api::nodes::{History, HistoryQuery, NodeFilter};
use crate::domain::event::Event;
use crate::domain::gpu;
use crate::domain::node::NodeInfo;
use crate::registry::error::ApiError;
use crate::registry::seen::history::{self, Kinds, MAX_POINTS, Present, Window};
use crate::registry::seen::node_list::Matcher;

/// Most events that are read for one answer.
const MAX_READ: u64 = 100_000;
/// Events that are read at a time.
const BATCH: usize = 5_000;
/// Events before the window that are read too: they tell how things were at its beginning.
const BEFORE: u64 = 10_000;
/// Answers that are made at a time: each reads much.
pub const AT_ONCE: usize = 2;
/// Longest time that can be looked back.
const MAX_SINCE: Duration = Duration::from_secs(366 * 86_400);
const MIN_STEP: Duration = Duration::from_secs(60);

impl Service {
    /// What happened since a time.
    ///
    /// # Errors
    /// 400 for times that mean nothing, 503 when the database can't be read or too many ask.
    pub async fn history(&self, query: &HistoryQuery) -> Result<History, ApiError> {
        let kinds = match query.what.as_deref() {
            None => Kinds { servers: true, nodes: true },
            Some("servers") => Kinds { servers: true, nodes: false },
            Some("nodes") => Kinds { servers: false, nodes: true },
            Some(other) => {
                return Err(ApiError::bad_request(format!("there is no history of {other:?}"))
                    .hint("servers or nodes; both without it"));
            }
        };
        let filter = node_filter(query);
        let matcher = Matcher::new(&filter)?;
        let now = Timestamp::now();
        let (since, step) = times(query, now)?;
        let busy = || {
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "too many ask for history at once")
                .hint("try again")
        };
        let _place = self.histories.try_acquire().map_err(|_| busy())?;
        let (seq, servers, nodes) = self.present(&matcher);
        let (mut events, complete_from) = self.read_events(since, seq).await?;
        let there: std::collections::HashSet<&str> =
            nodes.iter().map(|node| node.subject.as_str()).collect();
        events.retain(|event| is_wanted(event, &there, &matcher));
        let window = Window { since, until: now, step, complete_from };
        // Many events take a moment.
        let make = move || history::history(window, kinds, &events, servers, nodes);
        let made = tokio::task::spawn_blocking(make).await;
        let mut history = made.map_err(|_| ApiError::internal())?;
        if kinds.servers {
            history.heartbeat_delay = self.delays.points(since, now, step);
        }
        Ok(history)
    }

    fn present(&self, matcher: &Matcher<'_>) -> (u64, Vec<Present>, Vec<Present>) {
        let view = self.view().read();
        let leased = view.entries.values().map(|entry| {
            let info = &entry.server.info;
            Present {
                subject: info.id.to_string(),
                state: entry.server.state.as_str().to_owned(),
                owner: info.owner.clone(),
                model: info.model.name.clone(),
                gpus: f64::from(info.gpus.as_deref().map_or(0, gpu::count)),
            }
        });
        let legacy = view.legacy.values().map(|entry| Present {
            subject: entry.job.clone(),
            state: "ready".to_owned(),
            owner: entry.text("owner").unwrap_or("unknown").to_owned(),
            model: entry.text("model_name").unwrap_or("unknown").to_owned(),
            gpus: f64::from(entry.text("gpus").map_or(0, gpu::count)),
        });
        let nodes =
            view.nodes.values().filter(|entry| matcher.passes(entry)).map(|entry| Present {
                subject: entry.info.node_id.clone(),
                state: entry.state().as_str().to_owned(),
                owner: entry.owner.clone().unwrap_or_default(),
                model: String::new(),
                gpus: 0.0,
            });
        (view.seq, leased.chain(legacy).collect(), nodes.collect())
    }

    /// The events from `since` (and some before) up to number `to`, and from when on they are
    /// all there.
    async fn read_events(
        &self,
        since: Timestamp,
        to: u64,
    ) -> Result<(Vec<Event>, Timestamp), ApiError> {
        let Some(oldest) = self.events(0, 1).await?.into_iter().next() else {
            return Ok((Vec::new(), since));
        };
        let begin = oldest.seq - 1;
        let first = self.last_before(since, begin, to).await?;
        let wanted = first.saturating_sub(BEFORE).max(begin);
        let mut after = wanted.max(to.saturating_sub(MAX_READ));
        let all = after <= first;
        let mut events = Vec::new();
        while after < to {
            let batch = self.store.events(after, BATCH).await?;
            let Some(last) = batch.last() else { break };
            after = last.seq;
            events.extend(batch.into_iter().filter(|event| event.seq <= to));
        }
        let complete_from = match (all, events.first()) {
            // The log begins with the registry, or reaches far enough back.
            (true, _) if begin == 0 || first > begin => since,
            (_, Some(first)) => first.time.max(since),
            (_, None) => since,
        };
        Ok((events, complete_from))
    }

    /// The number of the last event before `time`, found by halving: events are in the order of
    /// time.
    async fn last_before(&self, time: Timestamp, begin: u64, end: u64) -> Result<u64, ApiError> {
        let (mut low, mut high) = (begin, end);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.events(middle, 1).await?.first() {
                Some(event) if event.time < time => low = event.seq,
                _ => high = middle,
            }
        }
        Ok(low)
    }
}

fn node_filter(query: &HistoryQuery) -> NodeFilter {
    NodeFilter {
        role: query.role.clone(),
        label: query.label.clone(),
        group: query.group.clone(),
        location: query.location.clone(),
        ..NodeFilter::default()
    }
}

/// Whether an event is about something that is asked for. A node that is there is judged by
/// what it is now, one that is gone by what its events say.
fn is_wanted(
    event: &Event,
    there: &std::collections::HashSet<&str>,
    matcher: &Matcher<'_>,
) -> bool {
    if !event.kind.as_str().starts_with("node-") || there.contains(event.subject.as_str()) {
        return true;
    }
    let data = &event.data;
    let text = |field: &str| data.get(field).and_then(|value| value.as_str()).map(str::to_owned);
    let list = |field: &str| {
        let list = data.get(field).cloned().unwrap_or_default();
        serde_json::from_value(list).unwrap_or_default()
    };
    matcher.passes_info(&NodeInfo {
        role: text("role").unwrap_or_default(),
        labels: list("labels"),
        groups: list("groups"),
        location: text("location"),
        ..NodeInfo::default()
    })
}

fn times(query: &HistoryQuery, now: Timestamp) -> Result<(Timestamp, SignedDuration), ApiError> {
    let read = |field: &str, text: &str| {
        humantime::parse_duration(text).map_err(|_| {
            ApiError::bad_request(format!("{field}: {text:?} is no time"))
                .hint("give a time such as 24h or 7d")
        })
    };
    let span = read("since", query.since.as_deref().unwrap_or("24h"))?;
    if span < MIN_STEP || span > MAX_SINCE {
        return Err(ApiError::bad_request("since must be between 1m and 366d"));
    }
    let step = match query.step.as_deref() {
        Some(step) => read("step", step)?,
        None => (span / 96).max(MIN_STEP),
    };
    if step < MIN_STEP {
        return Err(ApiError::bad_request("step must be 1m or more"));
    }
    if span.as_secs() / step.as_secs().max(1) >= MAX_POINTS as u64 {
        return Err(ApiError::bad_request(format!("at most {MAX_POINTS} points are given"))
            .hint("give a longer step"));
    }
    let signed = |time: Duration| SignedDuration::try_from(time).map_err(|_| ApiError::internal());
    let since = now.checked_sub(signed(span)?).map_err(|_| ApiError::internal())?;
    Ok((since, signed(step)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_bounded() {
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let query = |since: &str, step: Option<&str>| HistoryQuery {
            since: Some(since.to_owned()),
            step: step.map(str::to_owned),
            ..HistoryQuery::default()
        };
        let (since, step) = times(&query("24h", None), now).unwrap();
        assert_eq!(now.duration_since(since), SignedDuration::from_hours(24));
        assert_eq!(step, SignedDuration::from_mins(15));
        assert!(times(&query("7d", Some("1h")), now).is_ok());
        for (since, step) in [
            ("soon", None),
            ("10s", None),
            ("800d", None),
            ("7d", Some("1s")),
            ("7d", Some("1m")),
            ("-5h", None),
        ] {
            let refused = times(&query(since, step), now).unwrap_err();
            assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{since} {step:?}");
        }
    }
}
