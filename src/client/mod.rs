//! The typed client of the registry.

mod live;
mod nodes;
pub mod pace;
mod watches;

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use reqwest::{Method, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::api::tokens::{AuditEntry, AuditFilter, TokenCreate, TokenCreated, TokenRevoke, WhoAmI};
use crate::api::{
    ErrorReply, Health, KeyReply, LEASE_HEADER, LEASE_SECRET_HEADER, LeaseGrant, RegisterRequest,
    Renewed, ServerFilter, ServerUpdate,
};
use crate::domain::server::Server;
use crate::domain::token::Token;
use crate::http;
pub use crate::http::{cause, http};
use crate::secret::Secret;
pub use live::{EventFilter, Events, Happening, Listed};

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

impl ClientError {
    /// How to mend it, where the registry or we know.
    pub fn hint(&self) -> Option<&str> {
        match self {
            ClientError::Refused { hint, .. } => hint.as_deref(),
            _ => None,
        }
    }
}

/// A registry, and how to talk to it. Cheap to clone.
#[derive(Debug, Clone)]
pub struct RegistryClient {
    url: String,
    timeout: Duration,
    token: Option<Secret>,
}

/// Where a client's token comes from, for people who have none.
const TOKEN_HELP: &str = "its operator makes one with `llamactl registry token create --owner \
    NAME`; keep it in a file (chmod 600) that registry.token_file in \
    ~/.config/llamactl/config.yaml names, or in LLAMACTL_TOKEN";
/// How often a request that came too fast is sent again.
const TOO_FAST_TRIES: u32 = 4;

impl RegistryClient {
    /// A registry at `http://HOST:PORT`.
    pub fn new(url: &str) -> RegistryClient {
        RegistryClient {
            url: url.trim_end_matches('/').to_owned(),
            timeout: Duration::from_secs(10),
            token: None,
        }
    }

    /// Sends this token with each request. It goes to this registry alone: no redirect is
    /// followed.
    pub fn token(mut self, token: Option<Secret>) -> RegistryClient {
        self.token = token;
        self
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

    async fn call<B: Serialize, T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: Option<&B>,
        headers: &[(&str, String)],
    ) -> Result<T, ClientError> {
        let until = Instant::now() + self.timeout;
        let response = self.send(method, path, body, headers, until).await?;
        self.read(response).await
    }

    /// The body of an answer, or the error that it is.
    async fn read<T: DeserializeOwned>(&self, response: Response) -> Result<T, ClientError> {
        let status = response.status();
        let bytes = response.bytes().await.map_err(|error| self.unreachable(cause(&error)))?;
        if status.is_success() {
            return serde_json::from_slice(&bytes)
                .map_err(|error| self.unreachable(format!("unexpected answer: {error}")));
        }
        let reply = serde_json::from_slice::<ErrorReply>(&bytes).unwrap_or_else(|_| ErrorReply {
            error: status.to_string(),
            hint: Some("is this a llamactl registry?".to_owned()),
        });
        Err(self.refusal(status, reply))
    }

    /// Sends a request, and again after the time that the registry names where it came too
    /// fast.
    async fn send<B: Serialize>(
        &self,
        method: Method,
        path: &str,
        body: Option<&B>,
        headers: &[(&str, String)],
        until: Instant,
    ) -> Result<Response, ClientError> {
        let http = http::registry().map_err(|reason| self.unreachable(reason))?;
        let mut tries = 1;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let url = format!("{}{path}", self.url);
            let mut request = http.request(method.clone(), url).timeout(left);
            if let Some(token) = &self.token {
                request = request.bearer_auth(token.expose());
            }
            if let Some(body) = body {
                request = request.json(body);
            }
            for (name, value) in headers {
                request = request.header(*name, value);
            }
            let sent = request.send().await;
            let response = sent.map_err(|error| self.unreachable(reason(&error)))?;
            let wait = retry_after(&response);
            if response.status() != StatusCode::TOO_MANY_REQUESTS
                || tries == TOO_FAST_TRIES
                || Instant::now() + wait >= until
            {
                return Ok(response);
            }
            tries += 1;
            tokio::time::sleep(wait).await;
        }
    }

    fn unreachable(&self, reason: String) -> ClientError {
        ClientError::Unreachable { url: self.url.clone(), reason }
    }

    fn refusal(&self, status: StatusCode, reply: ErrorReply) -> ClientError {
        let hint = match (status, &self.token) {
            (StatusCode::UNAUTHORIZED, None) => Some(format!("it wants a token: {TOKEN_HELP}")),
            (StatusCode::UNAUTHORIZED, Some(_)) => {
                Some(format!("the token does not count here (any more); {TOKEN_HELP}"))
            }
            _ => reply.hint,
        };
        match status {
            StatusCode::NOT_FOUND => ClientError::Unknown(reply.error),
            StatusCode::CONFLICT => ClientError::Superseded(reply.error),
            // Trying again later helps.
            StatusCode::TOO_MANY_REQUESTS => self.unreachable(reply.error),
            status if status.is_server_error() => self.unreachable(reply.error),
            status => ClientError::Refused { status: status.as_u16(), error: reply.error, hint },
        }
    }
}

/// How long to wait after a 429: what the registry says, a second where it says nothing.
fn retry_after(response: &Response) -> Duration {
    let value = response.headers().get(reqwest::header::RETRY_AFTER);
    let seconds = value.and_then(|value| value.to_str().ok()?.parse().ok());
    Duration::from_secs(seconds.unwrap_or(1))
}

/// Why a request failed, and where a certificate is the reason, how that is mended.
fn reason(error: &reqwest::Error) -> String {
    let cause = cause(error);
    if cause.contains("UnknownIssuer") {
        return format!(
            "{cause}: its certificate is of a CA that is not known here; name the CA's file with \
             LLAMACTL_CA_FILE or registry.ca_file"
        );
    }
    cause
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

/// A path with the fields of `query` that are set as parameters.
fn with_query<T: Serialize>(path: &str, query: &T) -> String {
    let value = serde_json::to_value(query).unwrap_or_default();
    let mut url = reqwest::Url::parse("http://x/").expect("a constant");
    for (key, value) in value.as_object().into_iter().flatten() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        url.query_pairs_mut().append_pair(key, &text);
    }
    match url.query().filter(|query| !query.is_empty()) {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    }
}

/// One segment of a path.
fn encoded(segment: &str) -> String {
    let mut url = reqwest::Url::parse("http://x/").expect("a constant");
    if let Ok(mut path) = url.path_segments_mut() {
        path.clear().push(segment);
    }
    url.path().trim_start_matches('/').to_owned()
}
