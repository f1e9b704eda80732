//! The typed client of the registry.

mod nodes;

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::api::{
    ErrorReply, Health, KeyReply, LEASE_HEADER, LEASE_SECRET_HEADER, LeaseGrant, RegisterRequest,
    Renewed, ServerFilter, ServerUpdate,
};
use crate::domain::server::Server;
pub use crate::http::{cause, http};
use crate::secret::Secret;

/// Why a call failed, as far as a caller decides differently.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The registry did not answer, or answered 5xx: trying again may help.
    #[error("the registry at {url} can't be reached: {reason}")]
    Unreachable {
        /// The registry.
        url: String,
        /// Why.
        reason: String,
    },
    /// 404: the registry does not know this server.
    #[error("the registry does not know this server: {0}")]
    Unknown(String),
    /// 409: a newer start of the job has the entry, or the lease is stale.
    #[error("the registry refuses: {0}")]
    Superseded(String),
    /// Any other answer that is not success: trying again does not help.
    #[error("the registry refuses ({status}): {error}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// What it says.
        error: String,
        /// How to mend it.
        hint: Option<String>,
    },
}

/// A registry, and how to talk to it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct RegistryClient {
    url: String,
    timeout: Duration,
}

impl RegistryClient {
    /// A registry at `http://HOST:PORT`.
    pub fn new(url: &str) -> RegistryClient {
        RegistryClient {
            url: url.trim_end_matches('/').to_owned(),
            timeout: Duration::from_secs(10),
        }
    }

    /// Sets how long one call may take (10 s without this).
    pub fn timeout(mut self, timeout: Duration) -> RegistryClient {
        self.timeout = timeout;
        self
    }

    /// The registry's URL.
    pub fn url(&self) -> &str {
        &self.url
    }

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
        let query = serde_urlencode(filter);
        let path = if query.is_empty() {
            "/api/v1/servers".to_owned()
        } else {
            format!("/api/v1/servers?{query}")
        };
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

    async fn call<B: Serialize, T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&B>,
        headers: &[(&str, String)],
    ) -> Result<T, ClientError> {
        let unreachable =
            |reason: String| ClientError::Unreachable { url: self.url.clone(), reason };
        let mut request = http()
            .map_err(|error| unreachable(cause(&error)))?
            .request(method, format!("{}{path}", self.url))
            .timeout(self.timeout);
        if let Some(body) = body {
            request = request.json(body);
        }
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let response = request.send().await.map_err(|error| unreachable(cause(&error)))?;
        let status = response.status();
        let bytes = response.bytes().await.map_err(|error| unreachable(cause(&error)))?;
        if status.is_success() {
            return serde_json::from_slice(&bytes)
                .map_err(|error| unreachable(format!("unexpected answer: {error}")));
        }
        let reply = serde_json::from_slice::<ErrorReply>(&bytes).unwrap_or_else(|_| ErrorReply {
            error: status.to_string(),
            hint: Some("is this a llamactl registry?".to_owned()),
        });
        Err(match status {
            StatusCode::NOT_FOUND => ClientError::Unknown(reply.error),
            StatusCode::CONFLICT => ClientError::Superseded(reply.error),
            status if status.is_server_error() => unreachable(reply.error),
            status => ClientError::Refused {
                status: status.as_u16(),
                error: reply.error,
                hint: reply.hint,
            },
        })
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

fn serde_urlencode(filter: &impl Serialize) -> String {
    let value = serde_json::to_value(filter).unwrap_or_default();
    let mut url = reqwest::Url::parse("http://x/").expect("a constant");
    for (key, value) in value.as_object().into_iter().flatten() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        url.query_pairs_mut().append_pair(key, &text);
    }
    url.query().unwrap_or_default().to_owned()
}
