//! Watches: who wants to be told of servers and nodes.

use reqwest::Method;
use serde_json::Value;

use super::call::{ClientError, RegistryClient, encoded};
use crate::api::dashboard::{WatchCreate, Watches};
use crate::api::notifications::{Relay, Relayed};
use crate::domain::watch::Watch;

impl RegistryClient {
    /// One's own watches, and what the registry can tell people by.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn watches(&self) -> Result<Watches, ClientError> {
        self.call::<(), _>(Method::GET, "/api/v1/watches", None, &[]).await
    }

    /// Makes a watch.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn create_watch(&self, wanted: &WatchCreate) -> Result<Watch, ClientError> {
        self.call(Method::POST, "/api/v1/watches", Some(wanted), &[]).await
    }

    /// Ends a watch.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn remove_watch(&self, id: &str) -> Result<(), ClientError> {
        let path = format!("/api/v1/watches/{}", encoded(id));
        self.call::<(), Value>(Method::DELETE, &path, None, &[]).await.map(drop)
    }

    /// Has the registry send a notification on. Sending it again with the same id is safe.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn relay(&self, relay: &Relay) -> Result<Relayed, ClientError> {
        self.call(Method::POST, "/api/v1/notifications", Some(relay), &[]).await
    }
}
