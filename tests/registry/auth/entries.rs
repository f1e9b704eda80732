//! Owners change what is theirs; keys go to those whom `access` allows.

use serde_json::{Value, json};

use super::{Trusting, registration};
use crate::common::http;
use crate::common::registry::{Registry, answer, file};

async fn register(registry: &Trusting, token: &str, body: &Value) -> Value {
    let (status, lease) =
        registry.send("POST", "/api/v1/servers", Some(token), Some(body.clone())).await;
    assert_eq!(status, 201, "{lease}");
    lease
}

async fn with_lease(
    registry: &Trusting,
    method: &str,
    path: &str,
    token: &str,
    lease: &Value,
) -> u16 {
    let proof = format!("{}:{}", lease["generation"], lease["secret"].as_str().unwrap());
    let request = http::client().request(method.parse().unwrap(), registry.registry.at(path));
    answer(request.bearer_auth(token).header("llamactl-lease", proof)).await.0
}

#[tokio::test]
async fn a_leased_entry_takes_the_lease_and_the_owners_token() {
    let registry = Trusting::start(&[]);
    let ann = registry.token("ann", &["read", "register"]).await;
    let bob = registry.token("bob", &["read", "register"]).await;
    let wrong = registration("1", "ann", "shared", None);
    let (status, body) = registry.send("POST", "/api/v1/servers", Some(&bob), Some(wrong)).await;
    assert_eq!(status, 403, "{body}");

    let mut later = registration("1", "ann", "shared", None);
    later["restart_count"] = json!(u32::MAX);
    let lease = register(&registry, &ann, &later).await;
    let path = format!("/api/v1/servers/{}", lease["id"].as_str().unwrap());
    let beat = format!("{path}/heartbeat");
    assert_eq!(with_lease(&registry, "POST", &beat, &ann, &lease).await, 200);
    assert_eq!(with_lease(&registry, "POST", &beat, &bob, &lease).await, 403);
    assert_eq!(with_lease(&registry, "DELETE", &path, &bob, &lease).await, 403);
    assert_eq!(registry.send("DELETE", &path, Some(&ann), None).await.0, 403, "no lease");

    // Somebody else's start of the same job must not take its place, and is not told that it is
    // superseded, for which it would give up.
    let theirs = registration("1", "bob", "shared", None);
    let (status, body) = registry.send("POST", "/api/v1/servers", Some(&bob), Some(theirs)).await;
    assert_eq!(status, 403, "{body}");
    assert_eq!(registry.send("GET", &path, Some(&bob), None).await.0, 200, "it is still there");

    assert_eq!(registry.send("DELETE", &path, Some(&registry.admin), None).await.0, 200);
    let (_, audit) =
        registry.send("GET", "/api/v1/audit?kind=unregistered", Some(&registry.admin), None).await;
    assert_eq!(audit[0]["data"]["forced"], true, "{audit}");
    assert_eq!(audit[0]["origin"], "127.0.0.1", "{audit}");
    let (_, me) = registry.send("GET", "/api/v1/whoami", Some(&registry.admin), None).await;
    assert_eq!((&audit[0]["actor"], &audit[0]["token"]), (&me["owner"], &me["token"]));
}

#[tokio::test]
async fn an_old_clients_record_belongs_to_the_tokens_owner() {
    let registry = Trusting::start(&["--anonymous", "register"]);
    let ann = registry.token("ann", &["read", "register"]).await;
    let bob = registry.token("bob", &["read", "register"]).await;
    let put = async |job: &str, token: Option<&str>, body: Value| {
        registry.send("PUT", &format!("/servers/{job}"), token, Some(body)).await.0
    };
    let at = |owner: &str| json!({"host": "n1", "port": 80, "owner": owner});
    assert_eq!(put("7", Some(&ann), json!({"host": "n1", "port": 80})).await, 200);
    let (_, record) = registry.send("GET", "/servers/7", Some(&ann), None).await;
    assert_eq!(record["owner"], "ann");
    assert_eq!(put("8", Some(&bob), at("ann")).await, 403, "somebody else's name");
    assert_eq!(put("7", Some(&bob), at("bob")).await, 403, "somebody else's record");
    assert_eq!(put("7", None, at("ann")).await, 403, "without a token");
    assert_eq!(registry.send("DELETE", "/servers/7", Some(&bob), None).await.0, 403);
    assert_eq!(registry.send("DELETE", "/servers/7", None, None).await.0, 403);
    let hiding = registration("7", "bob", "open", None);
    let hidden = registry.send("POST", "/api/v1/servers", Some(&bob), Some(hiding)).await;
    assert_eq!(hidden.0, 403, "a lease must not hide it: {}", hidden.1);

    // Older clients go on among themselves, and give way to the one whose name they use.
    assert_eq!(put("9", None, at("bob")).await, 200);
    assert_eq!(put("9", None, at("bob")).await, 200);
    assert_eq!(put("9", Some(&ann), at("ann")).await, 403);
    assert_eq!(put("9", Some(&bob), at("bob")).await, 200);
    assert_eq!(put("9", None, at("bob")).await, 403, "it is proven now");
    assert_eq!(registry.send("DELETE", "/servers/7", Some(&registry.admin), None).await.0, 200);
    assert_eq!(registry.send("DELETE", "/servers/9", Some(&bob), None).await.0, 200);
    assert_eq!(registry.send("GET", "/api/v1/tokens", None, None).await.0, 401);
}

#[tokio::test]
async fn keys_go_to_those_whom_access_allows() {
    let registry = Trusting::start(&["--anonymous", "read"]);
    let ann = registry.token("ann", &["read", "register"]).await;
    let bob = registry.token("bob", &["read"]).await;
    let admin = registry.admin.clone();
    let callers = [("ann", Some(&ann)), ("bob", Some(&bob)), ("admin", Some(&admin)), ("", None)];
    for (job, access, allowed) in [
        ("1", "private", &["ann"][..]),
        ("2", "shared", &["ann", "bob", "admin", ""]),
        ("3", "open", &[]),
    ] {
        let key = (access != "open").then_some("the-key");
        let lease = register(&registry, &ann, &registration(job, "ann", access, key)).await;
        let path = format!("/api/v1/servers/{}/key", lease["id"].as_str().unwrap());
        for (name, token) in callers {
            let (status, body) = registry.send("GET", &path, token.map(String::as_str), None).await;
            let expected = if allowed.contains(&name) { 200 } else { 404 };
            assert_eq!(status, expected, "{access} for {name:?}: {body}");
            assert_eq!(body["api_key"] == "the-key", expected == 200, "{body}");
        }
    }
    let open = registration("4", "ann", "open", Some("the-key"));
    assert_eq!(registry.send("POST", "/api/v1/servers", Some(&ann), Some(open)).await.0, 400);
}

#[tokio::test]
async fn a_private_key_is_not_kept_where_nobody_is_known() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let body = registration("1", "ann", "private", Some("the-secret-key"));
    let (status, lease) = registry.send("POST", "/api/v1/servers", Some(body)).await;
    assert_eq!(status, 201, "{lease}");
    let path = format!("/api/v1/servers/{}/key", lease["id"].as_str().unwrap());
    assert_eq!(registry.get(&path).await.0, 404);
    assert_eq!(registry.stop(), Some(0));
    let bytes = std::fs::read(file(dir.path())).unwrap();
    assert!(!String::from_utf8_lossy(&bytes).contains("the-secret-key"), "it is in the database");
}

#[tokio::test]
async fn secrets_are_in_no_list_no_event_no_log_and_no_process_table() {
    let registry = Trusting::start(&[]);
    let ann = registry.token("ann", &["read", "register"]).await;
    let key = "k3y-0123456789abcdef";
    let lease = register(&registry, &ann, &registration("1", "ann", "private", Some(key))).await;
    let shared = registration("2", "ann", "shared", Some(key));
    register(&registry, &ann, &shared).await;
    let beat = format!("/api/v1/servers/{}/heartbeat", lease["id"].as_str().unwrap());
    assert_eq!(with_lease(&registry, "POST", &beat, &ann, &lease).await, 200);
    let wrong = format!("{ann}x");
    assert_eq!(registry.send("GET", "/api/v1/servers", Some(&wrong), None).await.0, 401);
    let database = file(registry.dir.path());
    let mut shown = vec![registry.log()];
    for path in [
        "/api/v1/servers",
        "/api/v1/events",
        "/api/v1/audit",
        "/api/v1/tokens",
        "/api/v1/whoami",
        "/servers",
        "/servers/1",
        "/servers/by-owner/ann",
        "/",
        "/metrics",
    ] {
        let (status, body) = registry.send("GET", path, Some(&registry.admin), None).await;
        assert_eq!(status, 200, "{path}");
        shown.push(body.to_string());
    }
    for process in std::fs::read_dir("/proc").unwrap().flatten() {
        let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        shown.push(String::from_utf8_lossy(&line).into_owned());
    }
    let tokens = [&ann, &registry.admin];
    for text in &shown {
        let found = |secret: &str| text.contains(secret.trim_start_matches("llamactl_"));
        let lease = lease["secret"].as_str().unwrap();
        assert!(!tokens.iter().any(|token| found(token)) && !found(key) && !found(lease), "{text}");
    }
    // Of tokens the database has only hashes.
    let files = ["", "-wal"].map(|end| format!("{}{end}", database.display()));
    let kept: Vec<u8> = files.iter().flat_map(|f| std::fs::read(f).unwrap_or_default()).collect();
    let kept = String::from_utf8_lossy(&kept);
    assert!(kept.contains(key) && !tokens.iter().any(|token| kept.contains(token.as_str())));
}
