//! The typed client of the registry.

mod call;
pub mod feed;
mod live;
mod nodes;
pub mod pace;
mod stream;
mod watches;

use std::sync::OnceLock;

use reqwest::Method;
use uuid::Uuid;

use crate::api::tokens::{AuditEntry, AuditFilter, TokenCreate, TokenCreated, TokenRevoke, WhoAmI};
use crate::api::{
    Health, KeyReply, LEASE_HEADER, LEASE_SECRET_HEADER, LeaseGrant, RegisterRequest, Renewed,
    ServerFilter, ServerUpdate,
};
use crate::domain::server::Server;
use crate::domain::token::Token;
pub use crate::http::{cause, http};
use crate::secret::Secret;
pub use call::{ClientError, RegistryClient};
use call::{encoded, with_query};
pub use live::{EventFilter, Events, Happening};

impl RegistryClient {
    /// Registers a server. Trying again after [`ClientError::Unreachable`] is safe: within one
    /// process the same server asks for the same lease, so that a registration whose answer was
    /// lost does not stand in the way of the next.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn register(&self, request: &RegisterRequest) -> Result<LeaseGrant, ClientError> {
        let secret = lease_secret(request.info.id);
        let headers = [(LEASE_SECRET_HEADER, secret.expose().to_owned())];
        self.call(Method::POST, "/api/v1/servers", Some(request), &headers).await
    }

    /// Renews a lease, and tells what changed.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn heartbeat(
        &self,
        lease: &LeaseGrant,
        update: &ServerUpdate,
    ) -> Result<Renewed, ClientError> {
        let path = format!("/api/v1/servers/{}/heartbeat", lease.id);
        self.call(Method::POST, &path, Some(update), &[proof(lease)]).await
    }

    /// Takes a server out of the registry. Going twice is no error.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn unregister(&self, lease: &LeaseGrant) -> Result<(), ClientError> {
        let path = format!("/api/v1/servers/{}", lease.id);
        let headers = [proof(lease)];
        let gone = self.call::<(), serde_json::Value>(Method::DELETE, &path, None, &headers);
        match gone.await {
            Ok(_) | Err(ClientError::Unknown(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// The servers that pass the filter.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn servers(&self, filter: &ServerFilter) -> Result<Vec<Server>, ClientError> {
        let path = with_query("/api/v1/servers", filter);
        self.call::<(), _>(Method::GET, &path, None, &[]).await
    }

    /// One server.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn server(&self, id: Uuid) -> Result<Server, ClientError> {
        self.call::<(), _>(Method::GET, &format!("/api/v1/servers/{id}"), None, &[]).await
    }

    /// The API key of one server, where its `access` allows it.
    ///
    /// # Errors
    /// [`ClientError`]; `Unknown` where there is none to give.
    pub async fn api_key(&self, id: Uuid) -> Result<Secret, ClientError> {
        let path = format!("/api/v1/servers/{id}/key");
        self.call::<(), KeyReply>(Method::GET, &path, None, &[]).await.map(|reply| reply.api_key)
    }

    /// Whether the registry is well.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn health(&self) -> Result<Health, ClientError> {
        self.call::<(), _>(Method::GET, "/health", None, &[]).await
    }

    /// All tokens, without themselves.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn tokens(&self) -> Result<Vec<Token>, ClientError> {
        self.call::<(), _>(Method::GET, "/api/v1/tokens", None, &[]).await
    }

    /// Makes a token.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn create_token(&self, wanted: &TokenCreate) -> Result<TokenCreated, ClientError> {
        self.call(Method::POST, "/api/v1/tokens", Some(wanted), &[]).await
    }

    /// Revokes a token; `force` also the last one for administrators.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn revoke_token(&self, id: &str, force: bool) -> Result<Token, ClientError> {
        let query = TokenRevoke { force };
        let path = with_query(&format!("/api/v1/tokens/{}", encoded(id)), &query);
        self.call::<(), _>(Method::DELETE, &path, None, &[]).await
    }

    /// Who did what.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn audit(&self, filter: &AuditFilter) -> Result<Vec<AuditEntry>, ClientError> {
        self.call::<(), _>(Method::GET, &with_query("/api/v1/audit", filter), None, &[]).await
    }

    /// Who the registry takes us for.
    ///
    /// # Errors
    /// [`ClientError`]
    pub async fn whoami(&self) -> Result<WhoAmI, ClientError> {
        self.call::<(), _>(Method::GET, "/api/v1/whoami", None, &[]).await
    }
}

fn proof(lease: &LeaseGrant) -> (&'static str, String) {
    (LEASE_HEADER, format!("{}:{}", lease.generation, lease.secret.expose()))
}

/// The secret that this process asks for when it registers server `id`: the same one for every
/// try, and none that anybody else can know.
fn lease_secret(id: Uuid) -> Secret {
    static SEED: OnceLock<Secret> = OnceLock::new();
    let seed = SEED.get_or_init(Secret::random);
    Secret::new(Secret::new(format!("{}:{id}", seed.expose())).hash())
}
