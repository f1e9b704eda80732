//! What each route is asked, in which order, with what was learned before.

use std::collections::HashMap;

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::{LEASE_HEADER, LEASE_SECRET_HEADER};
use crate::registry::http::routes::Endpoint;
use crate::secret::Secret;

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ask {
    /// Path and query.
    pub path: String,
    /// Headers, the token aside.
    pub headers: Vec<(&'static str, String)>,
    /// JSON body.
    pub body: Option<Value>,
    /// Statuses that are right; those of the table where there is none.
    pub expect: &'static [u16],
}

/// What the check is about to do, and what it has learned.
#[derive(Debug)]
pub(super) struct Plan {
    /// Stands in the name of everything that this run makes.
    mark: String,
    server: Uuid,
    secret: Secret,
    /// What was learned: parts of paths and of headers, by name.
    known: HashMap<&'static str, String>,
}

/// Makers first, then what changes, lists, single things, and at last what takes out.
pub(super) fn order(endpoint: &Endpoint) -> u8 {
    let one = endpoint.path.contains('{');
    match (endpoint.method.clone(), one) {
        (Method::DELETE, _) => 4,
        (Method::GET, true) => 3,
        (Method::GET, false) => 2,
        (_, true) => 1,
        (_, false) if endpoint.path.ends_with("/heartbeat") => 1,
        (_, false) => 0,
    }
}

impl Plan {
    /// A new run.
    pub(super) fn new() -> Plan {
        let server = Uuid::now_v7();
        let random = Secret::random();
        let mark = format!("llamactl-check-{}", &random.expose()[..8]);
        Plan { mark, server, secret: Secret::random(), known: HashMap::new() }
    }

    /// What to ask of a route.
    ///
    /// # Errors
    /// Why it can't be asked.
    pub(super) fn ask(&self, endpoint: &Endpoint) -> Result<Ask, String> {
        let mut ask = Ask {
            path: self.path(endpoint)?,
            headers: self.headers(endpoint.path),
            body: self.body(endpoint),
            expect: &[],
        };
        match endpoint.path {
            "/api/v1/servers/{id}/key" => ask.expect = &[200, 404],
            // Its operator may have set up no channel.
            "/api/v1/watches" if endpoint.method == Method::POST => ask.expect = &[201, 422],
            // To nobody: it is read, and refused for its target.
            "/api/v1/notifications" => ask.expect = &[400],
            "/api/v1/ws" => ask.expect = &[426],
            // A token that is none: 409 where tokens are not asked for at all.
            "/api/v1/session" if endpoint.method == Method::POST => ask.expect = &[401, 409],
            "/api/v1/maintenance/cleanup" => ask.path.push_str("?timeout_minutes=525600"),
            _ => {}
        }
        Ok(ask)
    }

    /// Remembers what an answer tells.
    pub(super) fn learn(&mut self, endpoint: &Endpoint, answer: Value) {
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let learned = match (endpoint.method.as_str(), endpoint.path) {
            ("POST", "/api/v1/servers") => {
                vec![("server", text(&answer["id"])), ("generation", text(&answer["generation"]))]
            }
            ("GET", "/api/v1/servers") => vec![("server", text(&answer[0]["id"]))],
            ("GET", "/servers") => vec![
                ("job_id", text(&answer["servers"][0]["job_id"])),
                ("owner", text(&answer["servers"][0]["owner"])),
            ],
            ("POST" | "PUT", "/servers/{job_id}") => vec![("job_id", text(&answer["job_id"]))],
            ("POST", "/api/v1/nodes/register") => vec![("node_id", text(&answer["node_id"]))],
            ("GET", "/api/v1/nodes") => vec![("node_id", text(&answer[0]["node_id"]))],
            ("GET", "/nodes") => {
                let first = answer["nodes"].as_object().and_then(|nodes| nodes.keys().next());
                vec![("name", first.cloned())]
            }
            ("GET", "/api/v1/profiles") => vec![("role", text(&answer[0]["role"]))],
            ("PUT", "/api/v1/profiles/{role}") => vec![("role", text(&answer["role"]))],
            ("POST", "/api/v1/watches") => vec![("watch", text(&answer["id"]))],
            ("POST", "/api/v1/tokens") => vec![("token", text(&answer["id"]))],
            _ => Vec::new(),
        };
        for (name, value) in learned {
            // What this run made is known first, and stays.
            if let Some(value) = value {
                self.known.entry(name).or_insert(value);
            }
        }
    }

    fn path(&self, endpoint: &Endpoint) -> Result<String, String> {
        let Some((before, rest)) = endpoint.path.split_once('{') else {
            return Ok(endpoint.path.to_owned());
        };
        let (name, after) = rest.split_once('}').unwrap_or((rest, ""));
        let name = name.trim_start_matches('*');
        let value = self.value(endpoint, name).ok_or("there is none to ask for")?;
        Ok(format!("{before}{}{after}", encoded(&value)))
    }

    /// What stands for a parameter of a path. Only what this run made is changed.
    fn value(&self, endpoint: &Endpoint, name: &str) -> Option<String> {
        let mine = endpoint.method != Method::GET;
        let known = |name: &str| self.known.get(name).cloned();
        let made = |value: Option<String>| {
            value.filter(|value| {
                !mine || value.contains(&self.mark) || *value == self.server.to_string()
            })
        };
        match (endpoint.path, name) {
            (path, "id") if path.starts_with("/api/v1/servers/") => made(known("server")),
            (path, "id") if path.starts_with("/api/v1/watches/") => known("watch"),
            (path, "id") if path.starts_with("/api/v1/tokens/") => known("token"),
            (path, "id" | "node_id") if path.starts_with("/v2/") => {
                if mine {
                    Some(format!("{}-v2", self.mark))
                } else {
                    known("node_id")
                }
            }
            (_, "job_id") if mine => Some(format!("{}-old", self.mark)),
            (_, "job_id") => known("job_id"),
            (_, "owner") => known("owner").or_else(|| Some(self.mark.clone())),
            (_, "node_id") => made(known("node_id")),
            // That format can take nothing out: it speaks of the node of the first.
            (_, "name") if mine => Some(self.mark.clone()),
            (_, "name") => known("name"),
            (_, "role") if mine => Some(self.mark.clone()),
            (_, "role") => known("role"),
            (_, "file") => Some("start.js".to_owned()),
            (_, "path") => Some("index.html".to_owned()),
            _ => None,
        }
    }

    fn headers(&self, path: &str) -> Vec<(&'static str, String)> {
        match (path, self.known.get("generation")) {
            ("/api/v1/servers", _) => {
                vec![(LEASE_SECRET_HEADER, self.secret.expose().to_owned())]
            }
            (path, Some(generation)) if path.starts_with("/api/v1/servers/") => {
                vec![(LEASE_HEADER, format!("{generation}:{}", self.secret.expose()))]
            }
            _ => Vec::new(),
        }
    }

    fn body(&self, endpoint: &Endpoint) -> Option<Value> {
        endpoint.body?;
        let mark = &self.mark;
        // No resolver knows a name below .invalid (RFC 2606), and nobody is sent to a server
        // that drains.
        let host = format!("{mark}.invalid");
        Some(match (endpoint.method.as_str(), endpoint.path) {
            ("POST", "/api/v1/servers") => json!({
                "id": self.server, "cluster": mark, "job_id": mark, "name": mark,
                "model": {"name": mark}, "owner": mark, "host": host, "port": 1,
                "access": "open", "started": "2026-01-01T00:00:00Z", "state": "draining",
            }),
            ("PATCH", "/api/v1/nodes/{node_id}") => json!({"labels": [mark, "changed"]}),
            ("PATCH", "/api/v1/servers/{id}") => json!({"labels": {"made-by": mark}}),
            ("POST" | "PUT", "/servers/{job_id}") => json!({"host": host, "port": 1}),
            ("POST", "/api/v1/nodes/register") => json!({
                "node_id": mark, "name": mark, "hostname": host, "role": mark, "labels": [mark],
            }),
            ("POST", "/api/v1/nodes/heartbeat") => {
                json!({"node_id": mark, "status": "offline", "metrics": {}})
            }
            (_, "/api/v1/nodes/{node_id}/maintenance") => json!({"on": true, "reason": mark}),
            (_, "/api/v1/profiles/{role}") => json!({"config": {"made-by": mark}}),
            ("POST", "/v2/nodes/register") => json!({
                "node_id": format!("{mark}-v2"), "machine_id": mark, "address":
                format!("http://{host}"), "pools": [], "capabilities": {},
            }),
            ("POST", "/v2/nodes/{id}/heartbeat" | "/v2/nodes/{node_id}/heartbeat") => {
                json!({"timestamp": "2026-01-01T00:00:00Z", "pools": []})
            }
            ("POST", "/nodes/register") => json!({
                "name": mark, "role": mark, "vpn_ip": "192.0.2.1",
                "public_ip": "192.0.2.1", "capabilities": {}, "metadata": {},
            }),
            ("POST", "/api/v1/watches") => {
                json!({"model": mark, "notify": [format!("ntfy://{mark}")]})
            }
            ("POST", "/api/v1/notifications") => json!({
                "id": mark, "notice": {"kind": "job", "name": mark},
                "to": [mark],
            }),
            ("POST", "/api/v1/tokens") => json!({
                "owner": mark, "scopes": ["read"], "note": mark,
                "expires": (jiff::Timestamp::now() + jiff::SignedDuration::from_mins(10)),
            }),
            (_, "/api/v1/session") => json!({"token": mark}),
            _ => json!({}),
        })
    }
}

fn encoded(text: &str) -> String {
    let plain = |c: &u8| c.is_ascii_alphanumeric() || b"-._~".contains(c);
    let one = |c: u8| if plain(&c) { char::from(c).to_string() } else { format!("%{c:02X}") };
    text.bytes().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::http::router;

    /// What a registry with one of everything answers, as far as the plan looks at it.
    fn answer(endpoint: &Endpoint, ask: &Ask) -> Value {
        match (endpoint.method.as_str(), endpoint.path) {
            ("POST", "/api/v1/servers") => {
                json!({"id": ask.body.as_ref().unwrap()["id"], "generation": 7})
            }
            ("POST", "/api/v1/nodes/register") => {
                json!({"node_id": ask.body.as_ref().unwrap()["node_id"]})
            }
            ("POST" | "PUT", "/servers/{job_id}") => {
                json!({"job_id": ask.path.rsplit('/').next()})
            }
            ("PUT", "/api/v1/profiles/{role}") => json!({"role": ask.path.rsplit('/').next()}),
            ("GET", "/nodes") => json!({"nodes": {"n1": {}}}),
            ("POST", "/api/v1/tokens" | "/api/v1/watches") => json!({"id": "t1"}),
            _ => json!({}),
        }
    }

    #[test]
    fn every_route_is_asked_and_only_what_the_run_made_is_changed() {
        let (_, mut endpoints) = router::table().finish();
        endpoints.sort_by_key(order);
        let mut plan = Plan::new();
        for endpoint in &endpoints {
            let name = format!("{} {}", endpoint.method, endpoint.path);
            let ask = plan.ask(endpoint).unwrap_or_else(|why| panic!("{name}: {why}"));
            assert!(!ask.path.contains('{'), "{name}: {}", ask.path);
            let changes = endpoint.method != Method::GET;
            let whole = format!("{} {:?}", ask.path, ask.body);
            let mine = whole.contains(&plan.mark) || whole.contains(&plan.server.to_string());
            let known = endpoint.path.starts_with("/api/v1/tokens/")
                || endpoint.path.starts_with("/api/v1/watches/")
                || endpoint.path == "/api/v1/maintenance/cleanup"
                || endpoint.path == "/api/v1/session";
            assert!(!changes || mine || known, "{name} would change what is not the run's");
            plan.learn(endpoint, answer(endpoint, &ask));
        }
    }

    #[test]
    fn what_others_made_is_read_and_never_changed() {
        let (_, endpoints) = router::table().finish();
        let find = |method: Method, path: &str| {
            endpoints.iter().find(|e| e.method == method && e.path == path).unwrap()
        };
        let mut plan = Plan::new();
        let list = find(Method::GET, "/api/v1/servers");
        plan.learn(list, json!([{"id": "0192-other"}]));
        let one = "/api/v1/servers/{id}";
        assert_eq!(plan.ask(find(Method::GET, one)).unwrap().path, "/api/v1/servers/0192-other");
        assert!(plan.ask(find(Method::DELETE, one)).is_err());
        assert!(plan.ask(find(Method::PATCH, one)).is_err());
    }
}
