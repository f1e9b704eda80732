//! Sessions of browsers: a token in two halves, used by the registry's own page alone.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::{Trusting, start};
use crate::common::http;
use crate::common::registry::{Registry, answer};
use crate::stream::Stream;

/// What a browser keeps of a session.
struct Session {
    /// `NAME=VALUE`
    cookie: String,
    /// What else the registry said of the cookie.
    attributes: String,
    key: String,
    whoami: Value,
}

async fn log_in(registry: &Registry, token: &str) -> Session {
    let login = http::client().post(registry.at("/api/v1/session")).json(&json!({"token": token}));
    let response = login.send().await.expect("an answer");
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["cache-control"], "no-store");
    let cookie = response.headers()["set-cookie"].to_str().unwrap().to_owned();
    let (cookie, attributes) = cookie.split_once("; ").expect("attributes");
    let (cookie, attributes) = (cookie.to_owned(), attributes.to_owned());
    let body: Value = response.json().await.expect("JSON");
    let key = body["key"].as_str().expect("a key").to_owned();
    Session { cookie, attributes, key, whoami: body["whoami"].clone() }
}

impl Session {
    /// A request as the registry's page sends it.
    fn page(&self, registry: &Registry, method: Method, path: &str) -> RequestBuilder {
        self.bare(registry, method, path).header("origin", &registry.url)
    }

    /// The same without a word of where it comes from.
    fn bare(&self, registry: &Registry, method: Method, path: &str) -> RequestBuilder {
        let request = http::client().request(method, registry.at(path));
        request.header("cookie", &self.cookie).header("llamactl-session", &self.key)
    }

    async fn reads(&self, registry: &Registry) -> u16 {
        answer(self.page(registry, Method::GET, "/api/v1/servers")).await.0
    }
}

#[tokio::test]
async fn a_browser_logs_in_and_holds_the_token_in_two_halves() {
    let registry = Trusting::start(&[]);
    let (token, server) = (registry.token("ann", &["read"]).await, &registry.registry);
    let session = log_in(server, &token).await;
    assert_eq!(
        (&session.whoami["owner"], &session.whoami["scopes"]),
        (&json!("ann"), &json!(["read"]))
    );
    let port = server.url.rsplit(':').next().unwrap();
    assert!(session.cookie.starts_with(&format!("llamactl-session-{port}=")), "{}", session.cookie);
    assert_eq!(session.attributes, "Max-Age=2592000; Path=/; HttpOnly; SameSite=Strict");
    let masked = session.cookie.split_once('=').unwrap().1;
    // As many digits as the token has bytes, twice; neither half is the token in digits.
    let digits: String = token.bytes().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((masked.len(), session.key.len()), (digits.len(), digits.len()));
    for half in [masked, &session.key] {
        assert!(!half.contains(&digits[18..]) && !half.contains(&token[9..]), "half a token");
    }
    assert_eq!(session.reads(server).await, 200);
    let (_, about) = answer(session.page(server, Method::GET, "/api/v1/dashboard")).await;
    assert_eq!((&about["whoami"]["owner"], &about["auth"]), (&json!("ann"), &json!("token")));
    // It does what the token allows, and no more.
    let (status, _) = answer(session.page(server, Method::GET, "/api/v1/tokens")).await;
    assert_eq!(status, 403);
    // Two logins with one token have different halves.
    assert_ne!(log_in(server, &token).await.key, session.key);
    // Logging out takes the cookie away.
    let out = session.page(server, Method::DELETE, "/api/v1/session").send().await.unwrap();
    assert_eq!(out.status(), 204);
    let gone = out.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(gone.starts_with(&format!("llamactl-session-{port}=; Max-Age=0; Path=/")), "{gone}");
    let log = registry.log();
    for secret in [&token[9..], masked, &session.key] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[tokio::test]
async fn half_a_session_is_none_and_two_halves_of_two_are_refused() {
    let registry = Trusting::start(&["--rate-limit", "off"]);
    let server = &registry.registry;
    let ann = log_in(server, &registry.token("ann", &["read"]).await).await;
    let bob = log_in(server, &registry.token("bob", &["read"]).await).await;
    let get = || http::client().get(server.at("/api/v1/whoami"));
    let status = async |request: RequestBuilder| answer(request).await;
    assert_eq!(status(get().header("cookie", &ann.cookie)).await.0, 401);
    assert_eq!(status(get().header("llamactl-session", &ann.key)).await.0, 401);
    for key in [bob.key.as_str(), "", "zz", &ann.key[2..]] {
        let mixed = get().header("cookie", &ann.cookie).header("llamactl-session", key);
        assert_eq!(status(mixed).await.0, 401, "{key:?}");
    }
    // What another program on this host left under the same name does no harm.
    let both = format!("{}; {}", bob.cookie, ann.cookie);
    let (code, who) =
        status(get().header("cookie", both).header("llamactl-session", &ann.key)).await;
    assert_eq!((code, &who["owner"]), (200, &json!("ann")));
    // The header for programs wins.
    let (code, who) =
        status(ann.page(server, Method::GET, "/api/v1/whoami").bearer_auth(&registry.admin)).await;
    assert_eq!((code, who["owner"] != "ann"), (200, true), "{who}");
    // What is open stays open to those whose session has ended.
    let stale = http::client().get(server.at("/api/v1/dashboard")).header("cookie", &ann.cookie);
    let (code, about) = status(stale.header("llamactl-session", &bob.key)).await;
    assert_eq!((code, &about["whoami"]), (200, &Value::Null));
}

#[tokio::test]
async fn another_site_can_do_nothing_with_a_session() {
    let registry = Trusting::start(&["--rate-limit", "off"]);
    let server = &registry.registry;
    let session = log_in(server, &registry.admin).await;
    let body = json!({"config": {"a": 1}});
    let path = "/api/v1/profiles/gpu";
    let port: u16 = server.url.rsplit(':').next().unwrap().parse().unwrap();
    let neighbour = format!("http://127.0.0.1:{}", port - 1);
    for (name, value) in [
        ("origin", "http://evil.example"),
        ("origin", neighbour.as_str()),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        let sent = |method| session.bare(server, method, path).header(name, value);
        assert_eq!(answer(sent(Method::PUT).json(&body)).await.0, 403, "{name}: {value}");
        assert_eq!(answer(sent(Method::GET)).await.0, 403, "{name}: {value}");
        let open = session.bare(server, Method::GET, "/api/v1/dashboard").header(name, value);
        let (status, about) = answer(open).await;
        assert_eq!((status, &about["whoami"]), (200, &Value::Null), "as nobody");
    }
    let (status, error) = answer(session.bare(server, Method::PUT, path).json(&body)).await;
    assert_eq!(status, 403, "nothing says that it is our page: {error}");
    assert!(error["hint"].as_str().unwrap().contains("Bearer"), "{error}");
    assert_eq!(registry.send("GET", path, Some(&registry.admin), None).await.0, 404);
    let same = session.bare(server, Method::PUT, path).header("sec-fetch-site", "same-origin");
    assert_eq!(answer(same.json(&body)).await.0, 200);
    assert_eq!(answer(session.page(server, Method::PUT, path).json(&body)).await.0, 200);
    // A login from elsewhere would put somebody into another's session.
    let login =
        http::client().post(server.at("/api/v1/session")).header("origin", "http://evil.example");
    assert_eq!(answer(login.json(&json!({"token": registry.admin}))).await.0, 403);
}

#[tokio::test]
async fn a_session_lives_over_a_restart_and_ends_with_its_token() {
    let registry = Trusting::start(&[]);
    let made = registry.made(json!({"owner": "ann", "scopes": ["read"]})).await;
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(3600);
    let short = registry
        .made(json!({"owner": "ann", "scopes": ["read"], "expires": soon.to_string()}))
        .await;
    let short = log_in(&registry.registry, short["secret"].as_str().unwrap()).await;
    let age = short.attributes.split(['=', ';']).nth(1).unwrap().parse::<u32>().unwrap();
    assert!((3500..=3600).contains(&age), "{}", short.attributes);
    let session = log_in(&registry.registry, made["secret"].as_str().unwrap()).await;
    let Trusting { registry: first, admin, dir } = registry;
    let name = session.cookie.split_once('=').unwrap().1.to_owned();
    assert_eq!(first.stop(), Some(0));
    // The port is another one, and with it the cookie's name, which a browser would keep.
    let again = Trusting { registry: start(dir.path(), &[]), admin, dir };
    let port = again.registry.url.rsplit(':').next().unwrap();
    let session = Session { cookie: format!("llamactl-session-{port}={name}"), ..session };
    assert_eq!(session.reads(&again.registry).await, 200);
    // Its stream ends at once, and nothing is read after that.
    let live = session.page(&again.registry, Method::GET, "/api/v1/live");
    let mut live = Stream::of(live).await.unwrap();
    assert_eq!(live.soon().await.event, "hello");
    let path = format!("/api/v1/tokens/{}", made["id"].as_str().unwrap());
    let admin = again.admin.clone();
    assert_eq!(again.send("DELETE", &path, Some(&admin), None).await.0, 200);
    let ended =
        tokio::time::timeout(crate::stream::SOON, async { while live.next().await.is_some() {} });
    assert!(ended.await.is_ok(), "the stream ends with its token");
    assert_eq!(session.reads(&again.registry).await, 401);
}

#[tokio::test]
async fn logins_that_fail_say_nothing_and_are_braked() {
    let registry = Trusting::start(&["--rate-limit", "off"]);
    let url = registry.registry.at("/api/v1/session");
    let revoked = registry.made(json!({"owner": "ann", "scopes": ["read"]})).await;
    let path = format!("/api/v1/tokens/{}", revoked["id"].as_str().unwrap());
    let admin = registry.admin.clone();
    assert_eq!(registry.send("DELETE", &path, Some(&admin), None).await.0, 200);
    let login =
        async |token: &str| answer(http::client().post(&url).json(&json!({"token": token}))).await;
    let unknown = format!("llamactl_{}", "0".repeat(64));
    let first = login(&unknown).await;
    assert_eq!(first.0, 401);
    for token in [revoked["secret"].as_str().unwrap(), "", "x", &"a".repeat(10_000)] {
        assert_eq!(login(token).await, first, "one answer for all of them");
    }
    for wrong in [json!({"token": 7}), json!("llamactl_secret"), json!({"token": "a", "b": 1})] {
        let (status, error) = answer(http::client().post(&url).json(&wrong)).await;
        assert_eq!(status, 400, "{error}");
        assert!(!error.to_string().contains("llamactl_secret"), "{error}");
    }
    let mut statuses = Vec::new();
    while !statuses.contains(&429) {
        assert!(statuses.len() < 1000, "nothing brakes them");
        statuses.push(login(&unknown).await.0);
    }
    assert_eq!(login(&registry.admin).await.0, 200, "a right one is let in all the same");
}

#[tokio::test]
async fn where_no_tokens_are_asked_for_there_is_nothing_to_log_in_to() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let (status, error) =
        registry.send("POST", "/api/v1/session", Some(json!({"token": "llamactl_0"}))).await;
    assert_eq!(status, 409);
    assert!(error["error"].as_str().unwrap().contains("asks for no tokens"), "{error}");
}
