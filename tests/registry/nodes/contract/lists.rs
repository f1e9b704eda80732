//! Lists: filters, pages, what has changed, who has which name.

use std::collections::BTreeSet;

use super::*;
use crate::common::http;

#[tokio::test]
async fn filters_work_in_every_format() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let node = |name: &str, rest: Value| {
        let mut body = host(name, "compute");
        body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        body
    };
    for body in [
        node(
            "a",
            json!({"labels": ["gpu=a100", "fast"], "groups": ["lab"], "location": "paris/r2"}),
        ),
        node("b", json!({"labels": ["gpu"], "location": "paris"})),
        node("c", json!({"role": "lead", "location": "parish"})),
    ] {
        post(&registry, "/api/v1/nodes/register", body).await;
    }
    for (query, expected) in [
        ("role=compute", vec!["a", "b"]),
        ("label=gpu", vec!["a", "b"]),
        ("label=gpu,fast", vec!["a"]),
        ("group=lab", vec!["a"]),
        ("location=paris", vec!["a", "b"]),
        ("location=paris/r2&status=online", vec!["a"]),
        ("status=active&role=lead", vec!["c"]),
        ("status=offline", vec![]),
        ("limit=1&offset=1", vec!["b"]),
    ] {
        let list = get(&registry, &format!("/api/v1/nodes?{query}")).await;
        assert_eq!(names(&list), expected, "{query}");
        let map = get(&registry, &format!("/nodes?{query}")).await;
        let shown: Vec<&str> =
            map["nodes"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(shown, expected, "{query}");
        let pools = get(&registry, &format!("/v2/nodes?{query}")).await;
        assert_eq!(pools.as_array().map(Vec::len), Some(expected.len()), "{query}");
        let topology = get(&registry, &format!("/topology?{query}")).await;
        assert_eq!(topology["nodes"].as_array().map(Vec::len), Some(expected.len()), "{query}");
    }
    assert_eq!(get(&registry, "/stats?group=lab").await["total_nodes"], 1);
    for bad in ["status=happy", "limit=x", "colour=red"] {
        assert_eq!(refused(&registry, "GET", &format!("/api/v1/nodes?{bad}"), None).await, 400);
    }
}

#[tokio::test]
async fn a_hundred_pages_hold_every_node_once() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let client = http::client();
    let all: Vec<_> = (0..300).map(|n| format!("node-{n:03}")).collect();
    let registered = all.iter().map(|name| {
        let request = client.post(registry.at("/api/v1/nodes/register")).json(&host(name, "x"));
        async { request.send().await.expect("an answer").status().as_u16() }
    });
    let statuses = futures_util::future::join_all(registered).await;
    assert!(statuses.iter().all(|status| *status == 200), "{statuses:?}");
    let mut url = Some(registry.at("/api/v1/nodes?role=x&limit=3"));
    let (mut seen, mut pages) = (BTreeSet::new(), 0);
    while let Some(at) = url {
        let response = client.get(&at).send().await.expect("an answer");
        assert_eq!(response.headers()["x-total-count"], "300");
        let link = response.headers().get("link").map(|link| link.to_str().unwrap().to_owned());
        let next = link.iter().flat_map(|link| link.split(", ")).find_map(|part| {
            let (url, rel) = part.split_once(">; ")?;
            (rel == "rel=\"next\"").then(|| registry.at(url.trim_start_matches('<')))
        });
        let nodes: Value = response.json().await.expect("JSON");
        for name in names(&nodes) {
            assert!(seen.insert(name.to_owned()), "{name} twice");
        }
        (url, pages) = (next, pages + 1);
    }
    assert_eq!((seen.len(), pages), (300, 100));
}

#[tokio::test]
async fn a_list_that_did_not_change_is_not_sent_again_and_one_that_does_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    post(&registry, "/api/v1/nodes/register", host("a", "x")).await;
    let client = http::client();
    let url = registry.at("/api/v1/nodes");
    let first = client.get(&url).send().await.unwrap();
    let etag = first.headers()["etag"].clone();
    let seq = first.headers()["llamactl-seq"].to_str().unwrap().to_owned();
    let beat = json!({"node_id": "a", "metrics": {"load": 3}});
    post(&registry, "/api/v1/nodes/heartbeat", beat).await;
    let same = client.get(&url).header("if-none-match", &etag).send().await.unwrap();
    assert_eq!(same.status().as_u16(), 304, "a beat is not worth a new answer");
    let waiting = client.get(format!("{url}?after={seq}&wait=30s")).send();
    let change = async {
        ok(&registry, "PATCH", "/api/v1/nodes/a", Some(json!({"location": "paris"}))).await
    };
    let (answer, _) = tokio::join!(waiting, change);
    let nodes: Value = answer.unwrap().json().await.unwrap();
    assert_eq!(nodes[0]["location"], "paris");
    let new = client.get(&url).header("if-none-match", &etag).send().await.unwrap();
    assert_eq!(new.status().as_u16(), 200);
}

#[tokio::test]
async fn names_are_unique_and_can_be_changed() {
    let dir = tempfile::tempdir().unwrap();
    let registry = Registry::start(dir.path(), &[]);
    let register = "/api/v1/nodes/register";
    for name in ["a", "b"] {
        post(&registry, register, host(name, "x")).await;
    }
    let path = "/api/v1/nodes/a";
    assert_eq!(refused(&registry, "PATCH", path, Some(json!({"name": "b"}))).await, 409);
    assert_eq!(refused(&registry, "PATCH", path, Some(json!({"nmae": "b"}))).await, 400);
    let node = ok(&registry, "PATCH", path, Some(json!({"name": "front", "labels": ["x"]}))).await;
    assert_eq!((&node["node_id"], &node["name"]), (&json!("a"), &json!("front")));
    assert_eq!(get(&registry, "/api/v1/nodes/front").await["node_id"], "a");
    assert_eq!(get(&registry, "/nodes/front").await["name"], "front");
    // Another node that says it has the id of its own gets a name of its own.
    let mut twin = host("a", "x");
    twin["node_id"] = json!("a-2");
    assert_eq!(post(&registry, register, twin).await["name"], "a-2");
    // A host that was renamed is known by its machine, once it is silent.
    let mut renamed = host("c", "x");
    renamed["machine_id"] = json!("m");
    post(&registry, register, renamed.clone()).await;
    renamed["hostname"] = json!("d");
    assert_eq!(post(&registry, register, renamed.clone()).await["node_id"], "d", "both are live");
    let bye = json!({"node_id": "c", "status": "offline"});
    post(&registry, "/api/v1/nodes/heartbeat", bye).await;
    renamed["hostname"] = json!("e");
    assert_eq!(post(&registry, register, renamed).await["node_id"], "c");
}
