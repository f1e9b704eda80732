//! What the registry sends on for those who can't reach the world outside: for an owner whom it
//! knows, to whom its operator allows, and so much of it as there may be.

use http::StatusCode;
use sha2::{Digest, Sha256};

use super::Service;
use crate::api::notifications::{MAX_RELAYED, NotRelayed, Relay, Relayed};
use crate::domain::target::{self, Target};
use crate::notify::outbox::Tag;
use crate::registry::edge::identity::Identity;
use crate::registry::error::ApiError;
use crate::registry::service::post::{Letter, Mailbag};
use crate::secret::{Secret, hex};

/// Longest notice that is sent on, as JSON, in bytes.
const MAX_NOTICE: usize = 64 * 1024;

impl Service {
    /// Sends a notification on: comes back when it is on the disk.
    ///
    /// # Errors
    /// 400 for what is wrong in it, 403 where nothing may be sent to any of its targets, 429 for
    /// more than there may be, 503 where it can't be written down.
    pub async fn relay(&self, relay: Relay, who: &Identity) -> Result<Relayed, ApiError> {
        let Relay { id, mut notice, to } = relay;
        check_id(&id)?;
        if to.is_empty() || to.len() > MAX_RELAYED {
            let error = format!("to must have 1 to {MAX_RELAYED} entries");
            return Err(ApiError::bad_request(error).hint("ntfy://TOPIC or mailto:ADDRESS"));
        }
        let size = serde_json::to_string(&notice).map_or(usize::MAX, |text| text.len());
        if size > MAX_NOTICE {
            let error = format!("notice has {size} bytes, and at most {MAX_NOTICE} are sent on");
            return Err(ApiError::bad_request(error).hint("shorten log_tail"));
        }
        match &who.owner {
            Some(owner) => notice.owner.clone_from(owner),
            // Nobody knows whether it is true.
            None if notice.owner.is_empty() => {}
            None => notice.owner.push_str(UNPROVEN),
        }
        notice.registry.clone_from(&self.channels.registry);
        let origin = || who.origin.map(|address| address.to_string());
        let sender = who.owner.clone().or_else(origin).unwrap_or_default();
        let (targets, refused) = self.sort(&to)?;
        self.allowance.count(&sender, targets.len())?;
        // Another owner may choose the same id.
        let owner = &hex(&Sha256::digest(sender.as_bytes()))[..16];
        let letters = targets.iter().map(|(index, target)| Letter {
            id: format!("{owner}.{id}.{index}"),
            tag: Tag::Relay,
            group: notice.group(),
            notice: notice.clone(),
            to: target.text().to_owned(),
        });
        self.post()?.put(letters.collect()).await.map_err(|unkept| {
            tracing::error!("a notification can't be written down: {}", unkept.error);
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "the notification can't be kept")
                .hint("its operator finds the reason in its log; trying again later is safe")
        })?;
        Ok(Relayed { id, accepted: targets.len(), refused })
    }

    /// Where what is to be sent is kept.
    ///
    /// # Errors
    /// 503 where there is no such place.
    fn post(&self) -> Result<&Mailbag, ApiError> {
        self.post.as_deref().ok_or_else(|| {
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "this registry keeps no messages")
        })
    }

    /// The targets that something may be sent to, and the others.
    fn sort(&self, to: &[Secret]) -> Result<Sorted, ApiError> {
        let (mut targets, mut refused) = (Vec::new(), Vec::new());
        let mut first = None;
        for (index, text) in to.iter().enumerate() {
            match self.channels.allowed(text.expose()) {
                Ok(target) => targets.push((index, target)),
                Err(no) => {
                    let target = target::masked(text.expose());
                    refused.push(NotRelayed { index, target, reason: no.reason.clone() });
                    first.get_or_insert(no);
                }
            }
        }
        match first.filter(|_| targets.is_empty()) {
            Some(no) => Err(ApiError::new(no.status, no.reason).hint(no.hint)),
            None => Ok((targets, refused)),
        }
    }
}

/// Targets with their place in the request, and those that nothing is sent to.
type Sorted = (Vec<(usize, Target)>, Vec<NotRelayed>);

/// What stands behind an owner of whom no token told.
const UNPROVEN: &str = " (not verified)";

fn check_id(id: &str) -> Result<(), ApiError> {
    let letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    match (8..=128).contains(&id.len()) && id.bytes().all(letter) {
        true => Ok(()),
        false => {
            Err(ApiError::bad_request("id must have 8 to 128 letters, digits, `.`, `_` and `-`"))
        }
    }
}
