//! The three older formats of nodes, each spoken in its own words by a plain HTTP client against
//! the running binary, and what a node registered through one is in the others.

mod beats;
mod cross;
mod lists;
mod map;
mod node_registry;
mod pools;

use serde_json::{Value, json};

use crate::common::http;
use crate::common::registry::{Registry, answer};

/// The body of an answer that must be 200.
async fn ok(registry: &Registry, method: &str, path: &str, body: Option<Value>) -> Value {
    let (status, answer) = registry.send(method, path, body).await;
    assert_eq!(status, 200, "{method} {path}: {answer}");
    answer
}

async fn get(registry: &Registry, path: &str) -> Value {
    ok(registry, "GET", path, None).await
}

async fn post(registry: &Registry, path: &str, body: Value) -> Value {
    ok(registry, "POST", path, Some(body)).await
}

/// The status of an answer that must be an error in the envelope.
async fn refused(registry: &Registry, method: &str, path: &str, body: Option<Value>) -> u16 {
    let (status, answer) = registry.send(method, path, body).await;
    assert!(answer["error"].as_str().is_some_and(|error| !error.is_empty()), "{path}: {answer}");
    status
}

/// Sends with one more header.
async fn with_header(
    registry: &Registry,
    (method, path): (&str, &str),
    (name, value): (&str, &str),
    body: Option<Value>,
) -> (u16, Value) {
    let method = method.parse().expect("a method");
    let mut request = http::client().request(method, registry.at(path));
    request = request.header(name, value);
    if let Some(body) = body {
        request = request.json(&body);
    }
    answer(request).await
}

fn names(list: &Value) -> Vec<&str> {
    let nodes = list.as_array().expect("an array");
    nodes.iter().map(|node| node["name"].as_str().expect("a name")).collect()
}

/// A registration of contract 2.
fn host(name: &str, role: &str) -> Value {
    json!({"hostname": name, "ip": "10.0.0.1", "role": role, "labels": []})
}
