//! Asks a server itself how it is, and who it is.

use std::time::Duration;

use serde::Serialize;

use crate::api::{CHALLENGE_HEADER, PROOF_HEADER};
use crate::http::{cause, direct};
use crate::secret::Secret;

/// What `/health` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase", tag = "state", content = "detail")]
pub enum Health {
    /// 200.
    Ready,
    /// 503: it loads, or drains.
    Loading,
    /// Something else than a llama-server answered.
    Strange(String),
    /// Nobody answered; the text says why.
    Silent(String),
}

/// Whether who answered knows the server's API key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Identity {
    /// It does.
    Proved,
    /// It did not say: a llama-server without llamactl before it, or somebody else.
    Unproved,
    /// It has another key: somebody else.
    Wrong,
    /// There is no key to ask for.
    Unasked,
}

/// What a server answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Probe {
    /// How it is.
    pub health: Health,
    /// Who it is.
    pub identity: Identity,
}

/// Asks `GET URL/health` once. The key is not sent: whoever answers must prove that it knows
/// it, since the port may be another user's by now. No redirect is followed, no proxy used.
pub async fn probe(url: &str, key: Option<&Secret>, timeout: Duration) -> Probe {
    match ask(url, key, timeout).await {
        Ok(probe) => probe,
        Err(error) => Probe { health: Health::Silent(cause(&error)), identity: Identity::Unasked },
    }
}

async fn ask(url: &str, key: Option<&Secret>, timeout: Duration) -> Result<Probe, reqwest::Error> {
    let nonce = Secret::random();
    let mut request = direct()?.get(format!("{url}/health")).timeout(timeout);
    if key.is_some() {
        request = request.header(CHALLENGE_HEADER, nonce.expose());
    }
    let response = request.send().await?;
    let health = match response.status().as_u16() {
        200 => Health::Ready,
        503 => Health::Loading,
        other => Health::Strange(format!("/health answers {other}")),
    };
    let proof = response.headers().get(PROOF_HEADER).and_then(|proof| proof.to_str().ok());
    let identity = match (key, proof) {
        (None, _) => Identity::Unasked,
        (Some(_), None) => Identity::Unproved,
        // What is compared is no secret to whoever sent it.
        (Some(key), Some(proof)) if key.prove(nonce.expose()) == proof => Identity::Proved,
        (Some(_), Some(_)) => Identity::Wrong,
    };
    Ok(Probe { health, identity })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// Answers one request with `head`, in which `NONCE` becomes the proof with `key`.
    async fn answering(status: &'static str, key: Option<&'static str>) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let count = stream.read(&mut request).await.unwrap();
            let request = String::from_utf8_lossy(&request[..count]).to_lowercase();
            assert!(!request.contains("authorization"), "{request}");
            let nonce = request.lines().find_map(|line| line.strip_prefix("llamactl-challenge: "));
            let proof = key.zip(nonce).map_or_else(String::new, |(key, nonce)| {
                format!("{PROOF_HEADER}: {}\r\n", Secret::new(key).prove(nonce))
            });
            let answer = format!("HTTP/1.1 {status}\r\n{proof}content-length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        url
    }

    #[tokio::test]
    async fn only_who_knows_the_key_proves_it() {
        let key = Secret::new("right");
        let second = Duration::from_secs(5);
        for (theirs, identity) in [
            (Some("right"), Identity::Proved),
            (Some("wrong"), Identity::Wrong),
            (None, Identity::Unproved),
        ] {
            let url = answering("200 OK", theirs).await;
            let probe = probe(&url, Some(&key), second).await;
            assert_eq!(probe, Probe { health: Health::Ready, identity });
        }
    }

    #[tokio::test]
    async fn health_is_read_from_the_status() {
        let second = Duration::from_secs(5);
        let url = answering("503 Service Unavailable", None).await;
        assert_eq!(probe(&url, None, second).await.health, Health::Loading);
        let url = answering("302 Found", None).await;
        assert!(matches!(probe(&url, None, second).await.health, Health::Strange(_)));
        let silent = probe("http://127.0.0.1:1", None, second).await.health;
        assert!(matches!(&silent, Health::Silent(why) if why.contains("refused")), "{silent:?}");
    }
}
