//! How much the registry sends on for one owner.

use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::registry::error::ApiError;

/// Messages a minute of one owner, and how many may come at once: all jobs of a large array
/// become ready together.
const A_MINUTE: NonZeroU32 = NonZeroU32::new(300).unwrap();
const AT_ONCE: NonZeroU32 = NonZeroU32::new(2_000).unwrap();
/// So many owners are remembered before those are forgotten who have sent nothing for long.
const MANY: usize = 10_000;

/// How much owners have sent.
#[derive(Debug)]
pub struct Allowance(DefaultKeyedRateLimiter<String>);

impl Default for Allowance {
    fn default() -> Allowance {
        Allowance(RateLimiter::keyed(Quota::per_minute(A_MINUTE).allow_burst(AT_ONCE)))
    }
}

impl Allowance {
    /// Counts messages of an owner.
    ///
    /// # Errors
    /// 429 for more than there may be.
    pub fn count(&self, owner: &str, messages: usize) -> Result<(), ApiError> {
        if self.0.len() > MANY {
            self.0.retain_recent();
        }
        let messages = u32::try_from(messages).ok().and_then(NonZeroU32::new);
        let messages = messages.unwrap_or(NonZeroU32::MIN);
        match self.0.check_key_n(&owner.to_owned(), messages) {
            Ok(Err(early)) => {
                let wait = early.wait_time_from(DefaultClock::default().now());
                let seconds = u32::try_from(wait.as_secs() + 1).unwrap_or(u32::MAX);
                Err(ApiError::too_many("too many notifications of one owner", seconds)
                    .hint(format!("{A_MINUTE} a minute are sent on, and {AT_ONCE} at once")))
            }
            // More at once than there may ever be: the request has fewer targets.
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }
}
