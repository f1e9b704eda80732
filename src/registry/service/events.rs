//! What happened: lists of events, and those who follow them.

use http::StatusCode;

use super::Service;
use super::follow::Follower;
use crate::domain::event::Event;
use crate::registry::error::ApiError;
use crate::registry::seen::live::Wanted;

/// Most events in one answer.
pub const MAX_EVENTS: usize = 1000;
/// Pages that are searched for a filtered list.
const PAGES: usize = 10;

impl Service {
    /// Follows the events after number `after`; those from now on without it. `token`: id of
    /// the token by which the client came; the stream ends when it is revoked.
    ///
    /// # Errors
    /// 503 where there are too many streams.
    pub fn follow(
        &self,
        after: Option<u64>,
        wanted: Wanted,
        token: Option<String>,
    ) -> Result<Follower, ApiError> {
        Follower::new(&self.live, &self.store, after, wanted, token)
    }

    /// What happened after event number `after`.
    ///
    /// # Errors
    /// 503 when the database can't be read.
    pub async fn events(&self, after: u64, limit: usize) -> Result<Vec<Event>, ApiError> {
        let after = after.min(i64::MAX as u64);
        let events = self.store.events(after, limit.min(MAX_EVENTS)).await;
        events.map_err(|error| {
            tracing::error!(%error, "events can't be read");
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "the registry's database can't be read")
        })
    }

    /// Up to `limit` (and [`MAX_EVENTS`]) of the wanted events after number `after`, oldest first,
    /// and the number to go on with.
    ///
    /// # Errors
    /// 503 when the database can't be read.
    pub async fn find_events(
        &self,
        mut after: u64,
        limit: usize,
        wanted: &Wanted,
    ) -> Result<(Vec<Event>, u64), ApiError> {
        let limit = limit.min(MAX_EVENTS);
        if !wanted.subjects().is_empty() {
            return self.of_subjects(after, limit, wanted).await;
        }
        let mut found = Vec::new();
        for _ in 0..PAGES {
            let page = if wanted.is_all() { limit } else { MAX_EVENTS };
            let events = self.events(after, page).await?;
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
        &self,
        after: u64,
        limit: usize,
        wanted: &Wanted,
    ) -> Result<(Vec<Event>, u64), ApiError> {
        // Before it is looked at: what comes meanwhile is found the next time.
        let mut looked = self.view().read().seq.max(after);
        let mut found = Vec::new();
        for subject in wanted.subjects() {
            let mut from = after;
            for page in 0.. {
                let events = self.store.events_of(subject.clone(), from, MAX_EVENTS).await?;
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
}
