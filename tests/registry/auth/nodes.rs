//! Nodes where tokens are asked for: their owners', and administrators'.

use serde_json::{Value, json};

use super::Trusting;

const REGISTER: &str = "/api/v1/nodes/register";

fn node(name: &str) -> Option<Value> {
    Some(json!({"hostname": name, "role": "x"}))
}

#[tokio::test]
async fn a_node_is_its_owners_in_every_format_and_profiles_are_the_administrators() {
    let registry = Trusting::start(&[]);
    let (ann, bob) = (
        registry.token("ann", &["read", "register"]).await,
        registry.token("bob", &["read", "register"]).await,
    );
    let send = async |method: &str, path: &str, token: &str, body: Option<Value>| {
        registry.send(method, path, Some(token), body).await.0
    };
    let (status, answer) = registry.send("POST", REGISTER, Some(&ann), node("n1")).await;
    assert_eq!((status, &answer["owner"]), (200, &json!("ann")));

    let beat = json!({"node_id": "n1", "status": "offline"});
    for (method, path, body) in [
        ("POST", REGISTER, node("n1")),
        ("POST", "/api/v1/nodes/heartbeat", Some(beat)),
        ("PATCH", "/api/v1/nodes/n1", Some(json!({"role": "y"}))),
        ("PUT", "/api/v1/nodes/n1/maintenance", Some(json!({"on": true}))),
        ("DELETE", "/api/v1/nodes/n1", None),
        ("POST", "/v2/nodes/register", Some(json!({"node_id": "n1"}))),
        ("POST", "/v2/nodes/n1/heartbeat", Some(json!({}))),
        ("DELETE", "/v2/nodes/n1", None),
        ("POST", "/nodes/register", Some(json!({"name": "n1", "role": "y"}))),
        ("POST", "/nodes/n1/heartbeat", None),
        ("PUT", "/api/v1/profiles/x", Some(json!({}))),
        ("POST", "/api/v1/maintenance/cleanup", None),
    ] {
        assert_eq!(send(method, path, &bob, body).await, 403, "{method} {path}");
    }
    let (_, there) = registry.send("GET", "/api/v1/nodes/n1", Some(&bob), None).await;
    assert_eq!((&there["role"], &there["state"]), (&json!("x"), &json!("online")), "unchanged");

    assert_eq!(send("POST", "/nodes/n1/heartbeat", &ann, None).await, 200);
    let on = Some(json!({"on": true}));
    assert_eq!(send("PUT", "/api/v1/nodes/n1/maintenance", &ann, on).await, 200);
    let admin = registry.admin.clone();
    let profile = Some(json!({"slots": 4}));
    assert_eq!(send("PUT", "/api/v1/profiles/x", &admin, profile).await, 200);
    assert_eq!(send("DELETE", "/api/v1/nodes/n1", &admin, None).await, 200);
}
