//! Lists that were made a moment ago: many readers of the same list share the work of one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::Mutex;

use crate::registry::error::ApiError;
use crate::registry::seen::list::Rendered;
use crate::registry::seen::view::View;

/// How long a list is shared while nothing changes but what every heartbeat changes: when a
/// server was last heard of.
const FRESH: Duration = Duration::from_secs(1);

/// What a list was made from. The same list comes from the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    epoch: u64,
    seq: u64,
    revision: u64,
}

impl Stamp {
    /// Of the view as it is now.
    pub fn of(view: &View) -> Stamp {
        Stamp { epoch: view.epoch, seq: view.seq, revision: view.revision }
    }
}

/// The lists that the registry shares among their readers.
#[derive(Debug, Clone, Default)]
pub struct Bodies {
    /// `GET /servers`.
    pub old_servers: LastMade<Bytes>,
    /// `GET /api/v1/servers` without a filter.
    pub servers: LastMade<Rendered>,
}

/// One list.
#[derive(Debug, Clone)]
pub struct LastMade<T>(Arc<Mutex<Option<Made<T>>>>);

impl<T> Default for LastMade<T> {
    fn default() -> LastMade<T> {
        LastMade(Arc::default())
    }
}

#[derive(Debug)]
struct Made<T> {
    stamp: Stamp,
    begun: Instant,
    list: T,
}

impl<T: Clone + Send + 'static> LastMade<T> {
    /// The list as `make` makes it: no older than this call where anything has changed since it
    /// was made, no older than a second in any case. `stamp` is what the view is like now.
    ///
    /// # Errors
    /// What `make` says; that is not kept.
    pub async fn get(
        &self,
        stamp: Stamp,
        make: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let asked = Instant::now();
        // One makes it; those who come meanwhile wait, and take what was begun after they asked.
        let mut kept = self.0.lock().await;
        if let Some(made) = kept.as_ref()
            && (made.begun >= asked || (made.stamp == stamp && made.begun.elapsed() < FRESH))
        {
            return Ok(made.list.clone());
        }
        let begun = Instant::now();
        // A long list would hold up the requests that share this thread.
        let made = tokio::task::spawn_blocking(make).await;
        let list = made.map_err(|_| ApiError::internal())??;
        *kept = Some(Made { stamp, begun, list: list.clone() });
        Ok(list)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn readers_share_a_list_until_something_changes() {
        let (body, made) = (LastMade::default(), Arc::new(AtomicUsize::new(0)));
        let get = |seq: u64| {
            let (made, stamp) = (Arc::clone(&made), Stamp { epoch: 1, seq, revision: 0 });
            let make = move || Ok(made.fetch_add(1, Ordering::SeqCst));
            let body = body.clone();
            async move { body.get(stamp, make).await.unwrap() }
        };
        assert_eq!((get(1).await, get(1).await), (0, 0));
        assert_eq!((get(2).await, get(2).await), (1, 1));
        // Whoever asked before it was begun takes it, whatever they saw.
        assert_eq!(tokio::join!(get(3), get(2), get(2)), (2, 3, 3));
        if let Some(made) = body.0.lock().await.as_mut() {
            made.begun -= FRESH;
        }
        assert_eq!(get(2).await, 4);
    }

    #[tokio::test]
    async fn a_list_that_can_not_be_made_is_an_error_and_not_kept() {
        let (body, stamp) = (LastMade::default(), Stamp { epoch: 1, seq: 1, revision: 0 });
        let broken = || Err(ApiError::internal());
        assert_eq!(body.get(stamp, broken).await.unwrap_err().status.as_u16(), 500);
        assert_eq!(body.get(stamp, || Ok(7)).await, Ok(7));
    }
}
