//! Questions to llama-server itself, over its unix socket.

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;

use super::llama;
use crate::secret::Secret;

/// How often `/health` is asked at first, and until when.
const EAGER: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(10));
/// How often later on: a big model loads for minutes, but its readiness is to be noticed
/// within 50 ms all the same.
const PATIENT: Duration = Duration::from_millis(40);
/// How long one answer may take.
const ANSWER: Duration = Duration::from_secs(2);
/// Largest answer that is read, in bytes.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// llama-server behind its socket. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Backend {
    socket: PathBuf,
    key: Option<Secret>,
}

impl Backend {
    /// The llama-server that listens on `socket`, and the key that it wants.
    pub fn new(socket: PathBuf, key: Option<Secret>) -> Backend {
        Backend { socket, key }
    }

    /// Waits for the first 200 of `/health`. Anything else, such as 503 while the model loads,
    /// is not ready.
    pub async fn ready(&self) {
        let start = tokio::time::Instant::now();
        while self.get("/health").await.is_none_or(|(status, _)| status != StatusCode::OK) {
            let eager = start.elapsed() < EAGER.1;
            tokio::time::sleep(if eager { EAGER.0 } else { PATIENT }).await;
        }
    }

    /// What `/v1/models` lists.
    pub async fn models(&self) -> Option<Vec<String>> {
        llama::models(&self.get_ok("/v1/models").await?)
    }

    /// How busy it is.
    pub async fn load(&self) -> Option<llama::Load> {
        llama::load(&self.get_ok("/slots").await?)
    }

    /// How many tokens it has read and generated for requests that have ended.
    pub async fn totals(&self) -> Option<llama::Totals> {
        llama::totals(&self.get_ok("/metrics").await?)
    }

    async fn get_ok(&self, path: &str) -> Option<Bytes> {
        self.get(path).await.filter(|(status, _)| *status == StatusCode::OK).map(|(_, body)| body)
    }

    /// One request; nothing when there is no answer in time.
    async fn get(&self, path: &str) -> Option<(StatusCode, Bytes)> {
        tokio::time::timeout(ANSWER, self.try_get(path)).await.ok()?
    }

    async fn try_get(&self, path: &str) -> Option<(StatusCode, Bytes)> {
        let stream = UnixStream::connect(&self.socket).await.ok()?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.ok()?;
        let mut request = Request::get(path).header("host", "localhost");
        if let Some(key) = &self.key {
            request = request.header("authorization", format!("Bearer {}", key.expose()));
        }
        let request = request.body(Empty::<Bytes>::new()).ok()?;
        let exchange = async {
            let response = sender.send_request(request).await.ok()?;
            let status = response.status();
            let body = Limited::new(response.into_body(), MAX_BODY).collect().await.ok()?;
            Some((status, body.to_bytes()))
        };
        // Both run here, so that nothing is left when this future is dropped.
        tokio::pin!(exchange);
        let mut connection = std::pin::pin!(connection);
        tokio::select! {
            answer = &mut exchange => return answer,
            _ = &mut connection => {}
        }
        exchange.await
    }
}
