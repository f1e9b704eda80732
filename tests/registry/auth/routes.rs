//! Each route with each kind of caller, from the table of routes itself.

use llamactl::domain::token::Scope;
use llamactl::registry::http::router::table;
use llamactl::registry::http::routes::{Access, Endpoint};
use serde_json::{Value, json};

use super::Trusting;
use crate::common::registry::{Registry, answer};
use crate::common::{http, until};

/// A path that the route takes, to something that does not exist.
fn path(endpoint: &Endpoint) -> String {
    let segments = endpoint.path.split('/').map(|segment| match segment.starts_with('{') {
        true => "0190a0b0-0000-7000-8000-000000000000",
        false => segment,
    });
    segments.collect::<Vec<_>>().join("/")
}

/// What stops a caller at the door, if anything does.
fn stopped(status: u16, body: &Value) -> Option<u16> {
    let error = body["error"].as_str().unwrap_or_default();
    match status {
        403 if error.contains("does not have the scope") => Some(403),
        // Of failed authentications only ten a second are answered with 401.
        429 if error.contains("failed authentications") => Some(401),
        401 => Some(401),
        _ => None,
    }
}

#[tokio::test]
async fn every_route_lets_in_whom_the_table_says_and_nobody_else() {
    let registry = Trusting::start(&["--rate-limit", "off"]);
    let read = registry.token("ann", &["read"]).await;
    let register = registry.token("ann", &["register"]).await;
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_millis(400);
    let ended = registry
        .made(json!({"owner": "ann", "scopes": ["admin"], "expires": soon.to_string()}))
        .await["secret"]
        .clone();
    let revoked = registry.made(json!({"owner": "ann", "scopes": ["admin"]})).await;
    let path_of = format!("/api/v1/tokens/{}", revoked["id"].as_str().unwrap());
    let admin = registry.admin.clone();
    assert_eq!(registry.send("DELETE", &path_of, Some(&admin), None).await.0, 200);
    let secret = |value: &Value| value.as_str().unwrap().to_owned();
    let (ended, revoked) = (secret(&ended), secret(&revoked["secret"]));
    let is_over = || async { (jiff::Timestamp::now() > soon).then_some(()) };
    until(std::time::Duration::from_secs(5), is_over).await;
    let unknown = format!("llamactl_{}", "0".repeat(64));
    let callers: [(&str, Option<&str>, &[Scope]); 7] = [
        ("no token", None, &[]),
        ("read", Some(&read), &[Scope::Read]),
        ("register", Some(&register), &[Scope::Register]),
        ("admin", Some(&admin), &[Scope::Read, Scope::Register, Scope::Admin]),
        ("ended", Some(&ended), &[]),
        ("revoked", Some(&revoked), &[]),
        ("unknown", Some(&unknown), &[]),
    ];
    let (_, endpoints) = table().finish();
    assert!(endpoints.len() > 20, "{}", endpoints.len());
    for (name, token, scopes) in callers {
        for endpoint in &endpoints {
            let has_token = matches!(name, "read" | "register" | "admin");
            let expected = match endpoint.access {
                Access::Everybody => None,
                Access::Scope(scope) if scopes.contains(&scope) => None,
                Access::Scope(_) if has_token => Some(403),
                Access::Scope(_) => Some(401),
            };
            let (method, body) = (endpoint.method.as_str(), endpoint.body.map(|_| json!({})));
            let (status, body) = registry.send(method, &path(endpoint), token, body).await;
            let route = format!("{} {} with {name}", endpoint.method, endpoint.path);
            assert_eq!(stopped(status, &body), expected, "{route}: {status} {body}");
            assert!(status != 500, "{route}: {body}");
        }
    }
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    let registry = Trusting::start(&[]);
    let response =
        http::client().get(registry.registry.at("/api/v1/servers")).send().await.unwrap();
    assert_eq!(response.status(), 401);
    let scheme = response.headers()["www-authenticate"].to_str().unwrap().to_owned();
    assert!(scheme.starts_with("Bearer"), "{scheme}");
    let body: Value = response.json().await.unwrap();
    assert!(body["hint"].as_str().unwrap().contains("registry token create"), "{body}");

    assert_eq!(registry.send("GET", "/health", None, None).await.0, 200);
    assert_eq!(registry.send("GET", "/nothing", None, None).await.0, 404);
}

#[tokio::test]
async fn a_token_comes_once_and_whole() {
    let registry = Trusting::start(&[]);
    let get = || http::client().get(registry.registry.at("/api/v1/whoami"));
    let admin = &registry.admin;
    let twice = get().bearer_auth(admin).header("authorization", format!("Bearer {admin}"));
    assert_eq!(answer(twice).await.0, 400);
    for (wrong, status) in [
        (format!("Basic {admin}"), 401),
        (format!("Bearer {admin}x"), 401),
        (format!("Bearer {}", &admin[..admin.len() - 1]), 401),
        (format!("Bearer {}", "a".repeat(20_000)), 401),
        (format!("Bearer {admin}, Bearer {admin}"), 401),
        (format!("bearer {admin}"), 200),
    ] {
        let (found, body) = answer(get().header("authorization", wrong.clone())).await;
        assert_eq!(found, status, "{} bytes: {body}", wrong.len());
    }
}

#[tokio::test]
async fn a_registry_that_asks_for_no_tokens_makes_none_for_strangers() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let wanted = json!({"owner": "eve", "scopes": ["admin"]});
    let (status, body) = registry.send("POST", "/api/v1/tokens", Some(wanted)).await;
    assert_eq!(status, 403, "{body}");
    assert_eq!(registry.get("/api/v1/tokens").await, (200, json!([])));
    // A client with a token is welcome all the same.
    let request = http::client().get(registry.at("/api/v1/servers")).bearer_auth("llamactl_0");
    assert_eq!(answer(request).await.0, 200);
}
