//! How often one may ask, and how long a stream lives.

use std::time::{Duration, Instant};

use llamactl::api::ServerFilter;
use llamactl::client::RegistryClient;
use llamactl::secret::Secret;
use serde_json::json;

use super::Trusting;
use crate::common::http;
use crate::common::registry::answer;

#[tokio::test]
async fn requests_beyond_the_rate_get_429_and_our_client_waits() {
    let registry = Trusting::start(&["--rate-limit", "5/s"]);
    let ann = registry.token("ann", &["read"]).await;
    let bob = registry.token("bob", &["read"]).await;
    let mut refused = None;
    for _ in 0..60 {
        let request = http::client().get(registry.registry.at("/api/v1/servers")).bearer_auth(&ann);
        let response = request.send().await.unwrap();
        if response.status() == 429 {
            refused = Some(response);
            break;
        }
    }
    let refused = refused.expect("a limit");
    let wait: u64 = refused.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=2).contains(&wait), "{wait}");
    let others = registry.send("GET", "/api/v1/servers", Some(&bob), None).await;
    assert_eq!(others.0, 200, "another token: {}", others.1);
    let client = RegistryClient::new(&registry.registry.url).token(Some(Secret::new(&ann)));
    for _ in 0..15 {
        client.servers(&ServerFilter::default()).await.expect("it is sent again");
    }
    let metrics = registry.send("GET", "/metrics", Some(&bob), None).await.1.to_string();
    assert!(metrics.contains(r#"refused_total{reason=\"rate\"}"#), "{metrics}");
}

#[tokio::test]
async fn guessing_is_slowed_down_and_locks_nobody_out() {
    let registry = Trusting::start(&["--rate-limit", "off"]);
    let mut statuses = Vec::new();
    for n in 0..40 {
        let token = format!("llamactl_{n:064}");
        statuses.push(registry.send("GET", "/api/v1/servers", Some(&token), None).await.0);
    }
    assert_eq!(statuses[0], 401);
    assert!(statuses.contains(&429), "{statuses:?}");
    assert!(statuses.iter().all(|status| [401, 429].contains(status)), "{statuses:?}");
    let own = registry.send("GET", "/api/v1/servers", Some(&registry.admin), None).await;
    assert_eq!(own.0, 200, "from the same address: {}", own.1);
    let lines = registry.log().matches("refused: ").count();
    assert!((1..=30).contains(&lines), "{lines} lines in the log");
}

#[tokio::test]
async fn a_stream_ends_with_its_token() {
    let registry = Trusting::start(&[]);
    let revoked = registry.made(json!({"owner": "ann", "scopes": ["read"]})).await;
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(1);
    let wanted = json!({"owner": "bob", "scopes": ["read"], "expires": soon.to_string()});
    let ended = registry.made(wanted).await;
    let mut streams = Vec::new();
    for made in [&revoked, &ended] {
        let request = http::client().get(registry.registry.at("/api/v1/events?stream=1"));
        let response = request.bearer_auth(made["secret"].as_str().unwrap()).send().await.unwrap();
        assert_eq!(response.status(), 200);
        streams.push(response);
    }
    let path = format!("/api/v1/tokens/{}", revoked["id"].as_str().unwrap());
    let delete = http::client().delete(registry.registry.at(&path)).bearer_auth(&registry.admin);
    assert_eq!(answer(delete).await.0, 200);
    let begin = Instant::now();
    for mut stream in streams {
        let read = async { while let Ok(Some(_)) = stream.chunk().await {} };
        tokio::time::timeout(Duration::from_secs(8), read).await.expect("the stream ends");
    }
    assert!(begin.elapsed() < Duration::from_secs(8));
}
