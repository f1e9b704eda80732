//! Sends through the registry what can't leave from here.

use std::future::Future;
use std::pin::Pin;

use crate::api::notifications::Relay;
use crate::client::{ClientError, RegistryClient};
use crate::domain::target::Target;
use crate::notify::Fault;
use crate::notify::outbox::Envelope;
use crate::notify::post::Forward;
use crate::secret::Secret;

/// The registry, as a way out.
pub struct ByRegistry(pub RegistryClient);

impl Forward for ByRegistry {
    fn relay<'a>(
        &'a self,
        target: &'a Target,
        letter: &'a Envelope,
    ) -> Pin<Box<dyn Future<Output = Result<(), Fault>> + Send + 'a>> {
        Box::pin(async move {
            let wanted = Relay {
                id: letter.id.clone(),
                notice: letter.notice.clone(),
                to: vec![Secret::new(target.text())],
            };
            let relayed = self.0.relay(&wanted).await.map_err(fault)?;
            match relayed.refused.into_iter().next() {
                None => Ok(()),
                Some(refused) => Err(Fault::Permanent(format!(
                    "the registry does not send to {}: {}",
                    refused.target, refused.reason
                ))),
            }
        })
    }
}

fn fault(error: ClientError) -> Fault {
    let reason = error.to_string();
    match error {
        ClientError::Unreachable { .. } => Fault::transient(reason),
        ClientError::Refused { status: 429, .. } => Fault::transient(reason),
        _ => Fault::Permanent(reason),
    }
}
