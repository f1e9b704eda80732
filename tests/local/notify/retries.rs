//! What is tried again and what is not, and how long it may take.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use llamactl::config::settings::{Smtp, SmtpSecurity};
use llamactl::config::spec::NotifySpec;
use llamactl::notify::post::{self, Post};
use llamactl::notify::{Delivery, Kind, Notice};

use crate::common::http::service;

#[tokio::test]
async fn a_push_is_tried_again_as_the_server_asks_until_it_is_taken() {
    let (url, asked) = service(&[
        "429 Too Many Requests\r\nRetry-After: 1",
        "500 Internal Server Error",
        "200 OK",
    ]);
    let start = Instant::now();
    let deliveries = deliver(&push(&url), &notice(), Duration::from_secs(30)).await;
    assert_eq!((deliveries[0].attempts, &deliveries[0].error), (3, &None), "{deliveries:?}");
    // One second as asked, then the second wait of the series: 1 s, spread by a fifth.
    assert!(start.elapsed() >= Duration::from_millis(1_800), "{:?}", start.elapsed());
    let bodies: Vec<String> = asked.try_iter().map(|(_, body)| body).collect();
    assert_eq!(bodies.len(), 3);
    assert!(bodies[2].contains("\"topic\":\"secret-topic\""), "{}", bodies[2]);
}

#[tokio::test]
async fn what_the_server_refuses_for_good_is_not_tried_again() {
    for code in ["403", "413"] {
        let (url, _asked) = service(&[&format!("{code} No"), "200 OK"]);
        let deliveries = deliver(&push(&url), &notice(), Duration::from_secs(30)).await;
        assert_eq!(deliveries[0].attempts, 1);
        let error = deliveries[0].error.as_deref().unwrap();
        assert!(error.starts_with(code), "{error}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_but_named() {
    let moved = "301 Moved Permanently\r\nLocation: https://ntfy.example.test/";
    let (url, _asked) = service(&[moved, "200 OK"]);
    let deliveries = deliver(&push(&url), &notice(), Duration::from_secs(30)).await;
    let error = deliveries[0].error.as_deref().unwrap();
    assert!(error.contains("name the place that it points to, https://ntfy.example.test/"));
}

#[tokio::test]
async fn the_deadline_holds_on_every_channel_and_one_channel_does_not_hold_up_the_other() {
    // Accepts connections and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let mut targets = push(&format!("http://127.0.0.1:{port}"));
    targets.to.insert(0, "mailto:alice@example.test".into());
    targets.smtp = Some(Smtp {
        host: "127.0.0.1".into(),
        port: Some(port),
        security: SmtpSecurity::None,
        ..Smtp::default()
    });
    let start = Instant::now();
    let deliveries = deliver(&targets, &notice(), Duration::from_secs(2)).await;
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(1_900) && took < Duration::from_secs(3), "{took:?}");
    let channels: Vec<_> =
        deliveries.iter().map(|d| (d.channel.as_str(), d.error.is_some())).collect();
    assert_eq!(channels, [("email", true), ("ntfy", true)]);

    let (url, _asked) = service(&["200 OK"]);
    targets.ntfy_server = Some(url);
    let deliveries = deliver(&targets, &notice(), Duration::from_secs(2)).await;
    let failed: Vec<_> = deliveries.iter().map(|d| d.error.is_some()).collect();
    assert_eq!(failed, [true, false], "{deliveries:?}");
}

#[tokio::test]
async fn a_topic_is_masked_in_what_callers_log() {
    let (url, _asked) = service(&["200 OK"]);
    let deliveries = deliver(&push(&url), &notice(), Duration::from_secs(30)).await;
    let [Delivery { target, .. }] = &deliveries[..] else { panic!("{deliveries:?}") };
    assert_eq!(*target, "ntfy://se…");
}

#[tokio::test]
async fn nobody_to_tell_is_nobody_told() {
    let none = NotifySpec::default();
    assert!(deliver(&none, &notice(), Duration::from_secs(1)).await.is_empty());
}

async fn deliver(how: &NotifySpec, notice: &Notice, deadline: Duration) -> Vec<Delivery> {
    post::tell_now(&how.to, &Post::new(how.clone(), None), notice, deadline).await
}

fn push(url: &str) -> NotifySpec {
    NotifySpec {
        to: vec!["ntfy://secret-topic".into()],
        ntfy_server: Some(url.into()),
        ..NotifySpec::default()
    }
}

fn notice() -> Notice {
    Notice {
        kind: Kind::Ready,
        name: "tiny".into(),
        model_file: "tiny.gguf".into(),
        job: "1".into(),
        host: "n1".into(),
        port: 8080,
        owner: "alice".into(),
        started: "2026-11-21T09:35:00Z".parse().ok(),
        ..Notice::default()
    }
}
