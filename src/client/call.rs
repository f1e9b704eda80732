//! A registry, and how a request goes to it and its answer comes back.

use std::time::{Duration, Instant};

use reqwest::{Method, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::api::ErrorReply;
use crate::http::{self, cause};
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
    pub(super) timeout: Duration,
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

    /// Sends a request, and reads its answer.
    pub(super) async fn call<B: Serialize, T: DeserializeOwned>(
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
    pub(super) async fn read<T: DeserializeOwned>(
        &self,
        response: Response,
    ) -> Result<T, ClientError> {
        if !response.status().is_success() {
            return Err(self.error_in(response).await);
        }
        let bytes = response.bytes().await.map_err(|error| self.unreachable(cause(&error)))?;
        serde_json::from_slice(&bytes)
            .map_err(|error| self.unreachable(format!("unexpected answer: {error}")))
    }

    /// The error that an answer is.
    pub(super) async fn error_in(&self, response: Response) -> ClientError {
        let status = response.status();
        let bytes = match response.bytes().await {
            Ok(bytes) => bytes,
            Err(error) => return self.unreachable(cause(&error)),
        };
        let reply = serde_json::from_slice::<ErrorReply>(&bytes).unwrap_or_else(|_| ErrorReply {
            error: status.to_string(),
            hint: Some("is this a llamactl registry?".to_owned()),
        });
        self.refusal(status, reply)
    }

    /// Sends a request, and again after the time that the registry names where it came too
    /// fast.
    pub(super) async fn send<B: Serialize>(
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

    pub(super) fn unreachable(&self, reason: String) -> ClientError {
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

/// A path with the fields of `query` that are set as parameters.
pub(super) fn with_query<T: Serialize>(path: &str, query: &T) -> String {
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
pub(super) fn encoded(segment: &str) -> String {
    let mut url = reqwest::Url::parse("http://x/").expect("a constant");
    if let Ok(mut path) = url.path_segments_mut() {
        path.clear().push(segment);
    }
    url.path().trim_start_matches('/').to_owned()
}
