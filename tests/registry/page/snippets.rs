//! Who gets what to copy, and in which words.

use serde_json::{Value, json};

use crate::common::http;
use crate::common::registry::{Registry, request, run, serve};

fn text(answer: &Value, id: &str) -> String {
    let all = answer["snippets"].as_array().unwrap_or_else(|| panic!("{answer}"));
    let found = all.iter().find(|snippet| snippet["id"] == id);
    found.unwrap_or_else(|| panic!("no {id}: {answer}"))["text"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_key_is_only_for_those_who_may_have_it() {
    let dir = tempfile::tempdir().unwrap();
    let (registry, admin) = Registry::with_tokens(serve(dir.path(), &[]), dir.path());
    let mut tokens = Vec::new();
    for owner in ["ann", "bob"] {
        let wanted = json!({"owner": owner, "scopes": ["read", "register"]});
        let (status, made) =
            registry.send_as(Some(&admin), "POST", "/api/v1/tokens", Some(wanted)).await;
        assert_eq!(status, 201);
        tokens.push(made["secret"].as_str().unwrap().to_owned());
    }
    for (job, access, others) in [("1", "shared", true), ("2", "private", false)] {
        let mut body = serde_json::to_value(request(job, 0)).unwrap();
        body["access"] = json!(access);
        body["api_key"] = json!("the-key-of-it");
        let path = "/api/v1/servers";
        let (status, made) = registry.send_as(Some(&tokens[0]), "POST", path, Some(body)).await;
        assert_eq!(status, 201, "{made}");
        let path = format!("/api/v1/servers/{}/connect", made["id"].as_str().unwrap());
        for (token, allowed) in [(&tokens[0], true), (&tokens[1], others), (&admin, others)] {
            let (status, answer) = registry.send_as(Some(token), "GET", &path, None).await;
            assert_eq!(status, 200);
            let has_key = answer.to_string().contains("the-key-of-it");
            assert_eq!(has_key, allowed, "{access}: {answer}");
            let asks = answer.to_string().contains("ask ann");
            assert_eq!(asks, !allowed, "{access}: {answer}");
        }
        let nobody = registry.get(&path).await;
        assert_eq!(nobody.0, 401);
        let response =
            http::client().get(registry.at(&path)).bearer_auth(&admin).send().await.unwrap();
        assert_eq!(response.headers()["cache-control"], "no-store");
    }
}

#[tokio::test]
async fn an_old_clients_server_is_reached_from_outside_by_the_operators_login_host() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &["--login-host", "login.example.org"]);
    let body = json!({"host": "n7", "port": "8123", "owner": "ann", "model_name": "a'b"});
    assert_eq!(registry.send("POST", "/servers/108", Some(body)).await.0, 200);
    let (_, servers) = registry.get("/api/v1/servers").await;
    let path = format!("/api/v1/servers/{}", servers[0]["id"].as_str().unwrap());
    let (status, answer) = registry.get(&format!("{path}/connect")).await;
    assert_eq!(status, 200);
    assert!(text(&answer, "claude").contains("ANTHROPIC_BASE_URL=http://n7:8123"), "{answer}");
    let (_, answer) = registry.get(&format!("{path}/connect?from=outside")).await;
    let tunnel = text(&answer, "tunnel");
    assert!(tunnel.contains("127.0.0.1:8123:n7:8123"), "{tunnel}");
    assert!(tunnel.ends_with(" login.example.org"), "{tunnel}");
    assert!(text(&answer, "python").contains("http://127.0.0.1:8123/v1"));
    let (_, answer) = registry.get(&format!("{path}/connect?from=outside&login=me@other")).await;
    assert_eq!(text(&answer, "connect"), "llamactl connect --via me@other 108");
    for query in ["from=outside&login=-oProxyCommand=id", "from=there", "login=a%20b&from=outside"]
    {
        let (status, answer) = registry.get(&format!("{path}/connect?{query}")).await;
        assert_eq!(status, 400, "{query}: {answer}");
    }
    let (_, usage) = registry.get(&format!("{path}/usage")).await;
    assert_eq!(usage, json!({"step_seconds": 30, "points": []}));
    let unknown = "/api/v1/servers/01890000-0000-7000-8000-000000000009";
    for what in ["connect", "usage"] {
        assert_eq!(registry.get(&format!("{unknown}/{what}")).await.0, 404);
    }
}

#[test]
fn a_login_host_that_is_none_is_a_usage_error() {
    let dir = tempfile::tempdir().unwrap();
    let output = run(serve(dir.path(), &["--login-host=-oProxyCommand=id"]));
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--login-host"));
}
