//! Every route, and what every request goes through.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use http::{HeaderValue, Method, StatusCode, Uri, header};
use serde_json::{Map, Value};

use crate::api::dashboard::{ConnectQuery, Snippets, Usage, WatchCreate, Watches};
use crate::api::nodes::{
    CleanupQuery, CleanupReply, History, HistoryQuery, Maintenance, NodeBeat, NodeBeatReply,
    NodeDeleted, NodeFilter, NodeRegister, NodeReply, NodeStats, Profile, ProfileConfig,
    ProfileDeleted, Topology,
};
use crate::api::notifications::{Relay, Relayed};
use crate::api::old::{OldByOwner, OldDone, OldList, OldRecord, OldShown};
use crate::api::tokens::{AuditEntry, AuditFilter, TokenCreate, TokenCreated, TokenRevoke, WhoAmI};
use crate::api::{
    Deleted, Health, KeyReply, LEASE_HEADER, LEASE_SECRET_HEADER, LeaseGrant, MAX_BODY,
    RegisterRequest, Renewed, ServerFilter, ServerUpdate,
};
use crate::domain::event::Event;
use crate::domain::node::Node;
use crate::domain::node::change::NodeChange;
use crate::domain::server::Server;
use crate::domain::token::{Scope, Token};
use crate::domain::watch::Watch;
use crate::proxy::connections::Peer;
use crate::registry::edge::auth::Hosts;
use crate::registry::edge::bounded::bounded;
use crate::registry::edge::identity::Caller;
use crate::registry::error::ApiError;
use crate::registry::http::dashboard::Site;
use crate::registry::http::dialects::{map, pools, slurm};
use crate::registry::http::handlers::{
    audit, connect, dashboard, discovery, events, health, history, live, metrics, nodes,
    notifications, openapi, profiles, servers, session, tokens, watches,
};
use crate::registry::http::metrics::Metrics;
use crate::registry::http::openapi as document;
use crate::registry::http::routes::{Access, Permissions, Table};
use crate::registry::seen::live::MAX_WAIT;
use crate::registry::service::Shared;
use crate::registry::service::door;

/// How long one request may take, its body included.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

/// Whoever may read.
const READ: Access = Access::Scope(Scope::Read);
/// Whoever may register servers and nodes, and change their own.
const REGISTER: Access = Access::Scope(Scope::Register);
/// Administrators.
const ADMIN: Access = Access::Scope(Scope::Admin);
/// Everybody who reaches the port.
const OPEN: Access = Access::Everybody;

/// A JSON object whose fields are for people, or documented elsewhere.
type Object = Map<String, Value>;

/// The table of all routes.
pub fn table() -> Table {
    let table = Table::default();
    let servers = old_servers(one_server(servers(table)));
    let nodes = old_nodes(all_nodes(servers));
    pages(documentation(trust(watching(monitoring(operation(nodes))))))
}

fn servers(table: Table) -> Table {
    let (get, post) = (Method::GET, Method::POST);
    let path = "/api/v1/servers";
    let one = "/api/v1/servers/{id}";
    let beat = "/api/v1/servers/{id}/heartbeat";
    table
        .group("Servers")
        .on(get.clone(), path, READ, servers::list, "List servers, newest start first", |e| {
            e.query::<ServerFilter>()
                .takes(&["If-None-Match"])
                .gives::<Vec<Server>>()
                .gives_nothing(StatusCode::NOT_MODIFIED)
                .tells(&["ETag", "Link", "X-Total-Count"])
        })
        .on(post.clone(), path, REGISTER, servers::register, "Register a server", |e| {
            let created = StatusCode::CREATED;
            e.takes(&[LEASE_SECRET_HEADER, LEASE_HEADER])
                .body::<RegisterRequest>()
                .gives_with::<LeaseGrant>(created)
                .tells(&["Location"])
                .errors(&[409])
        })
        .on(get.clone(), one, READ, servers::get, "One server", |e| e.gives::<Server>())
        .on(Method::PATCH, one, REGISTER, servers::renew, "Change a server", |e| {
            e.takes(&[LEASE_HEADER])
                .body::<ServerUpdate>()
                .body_optional()
                .gives::<Renewed>()
                .errors(&[409])
        })
        .on(Method::DELETE, one, REGISTER, servers::unregister, "Take a server out", |e| {
            e.takes(&[LEASE_HEADER]).gives::<Deleted>().errors(&[409])
        })
        .on(post, beat, REGISTER, servers::renew, "Renew a server's lease", |e| {
            e.takes(&[LEASE_HEADER])
                .body::<ServerUpdate>()
                .body_optional()
                .gives::<Renewed>()
                .errors(&[409])
        })
        .on(get, "/api/v1/servers/{id}/key", READ, servers::key, "A server's API key", |e| {
            e.gives::<KeyReply>()
        })
}

/// What the page shows of one server beside its record.
fn one_server(table: Table) -> Table {
    let (get, path) = (Method::GET, "/api/v1/servers/{id}/connect");
    let usage = "/api/v1/servers/{id}/usage";
    table
        .on(get.clone(), path, READ, connect::get, "What to copy to use a server", |e| {
            e.query::<ConnectQuery>().gives::<Snippets>()
        })
        .on(get, usage, READ, connect::usage, "How busy a server was in two hours", |e| {
            e.gives::<Usage>()
        })
}

/// Contract 1.
fn old_servers(table: Table) -> Table {
    let get = Method::GET;
    let one = "/servers/{job_id}";
    let owner = "/servers/by-owner/{owner}";
    table
        .group("Servers, older format")
        .on(get.clone(), "/servers", READ, slurm::list, "List servers", |e| e.gives::<OldList>())
        .on(get.clone(), one, READ, slurm::get, "One record", |e| e.gives::<OldShown>())
        .on(Method::POST, one, REGISTER, slurm::put, "Register or update a record", |e| {
            e.body::<OldRecord>().gives::<OldDone>().errors(&[409])
        })
        .on(Method::PUT, one, REGISTER, slurm::put, "Register or update a record", |e| {
            e.body::<OldRecord>().gives::<OldDone>().errors(&[409])
        })
        .on(Method::DELETE, one, REGISTER, slurm::delete, "Delete a record", |e| {
            e.gives::<OldDone>().errors(&[409])
        })
        .on(get, owner, READ, slurm::by_owner, "One owner's records by job id", |e| {
            e.gives::<OldByOwner>()
        })
}

/// Nodes and profiles; contract 2 is part of it.
fn all_nodes(table: Table) -> Table {
    let (get, post) = (Method::GET, Method::POST);
    let path = "/api/v1/nodes";
    let one = "/api/v1/nodes/{node_id}";
    let maintenance = "/api/v1/nodes/{node_id}/maintenance";
    let register = "/api/v1/nodes/register";
    let beat = "/api/v1/nodes/heartbeat";
    let clean = "/api/v1/maintenance/cleanup";
    let all = "/api/v1/profiles";
    let profile = "/api/v1/profiles/{role}";
    table
        .group("Nodes")
        .on(get.clone(), path, READ, nodes::list, "List nodes, by name", |e| {
            e.query::<NodeFilter>()
                .takes(&["If-None-Match"])
                .gives::<Vec<Node>>()
                .gives_nothing(StatusCode::NOT_MODIFIED)
                .tells(&["ETag", "Link", "X-Total-Count"])
        })
        .on(post.clone(), register, REGISTER, nodes::register, "Register a node", |e| {
            e.takes(&[LEASE_SECRET_HEADER, LEASE_HEADER])
                .body::<NodeRegister>()
                .gives::<NodeReply>()
                .errors(&[409])
        })
        .on(post.clone(), beat, REGISTER, nodes::beat, "A node's heartbeat", |e| {
            e.takes(&[LEASE_HEADER]).body::<NodeBeat>().gives::<NodeBeatReply>().errors(&[404, 409])
        })
        .on(get.clone(), one, READ, nodes::get, "One node, by id or name", |e| e.gives::<Node>())
        .on(Method::PATCH, one, REGISTER, nodes::change, "Change a node", |e| {
            e.takes(&[LEASE_HEADER]).body::<NodeChange>().gives::<Node>().errors(&[409])
        })
        .on(Method::DELETE, one, REGISTER, nodes::delete, "Take a node out", |e| {
            e.takes(&[LEASE_HEADER]).gives::<NodeDeleted>().errors(&[409])
        })
        .on(Method::PUT, maintenance, REGISTER, nodes::maintain, "Maintenance on or off", |e| {
            e.body::<Maintenance>().gives::<Node>()
        })
        .on(post, clean, ADMIN, nodes::clean, "Mark or remove nodes that are silent", |e| {
            e.query::<CleanupQuery>().gives::<CleanupReply>()
        })
        .group("Profiles")
        .on(get.clone(), all, READ, profiles::list, "Profiles of all roles", |e| {
            e.gives::<Vec<Profile>>()
        })
        .on(get, profile, READ, profiles::get, "A role's profile", |e| e.gives::<Profile>())
        .on(Method::PUT, profile, ADMIN, profiles::put, "Write a role's profile", |e| {
            e.body::<ProfileConfig>().gives::<Profile>()
        })
        .on(Method::DELETE, profile, ADMIN, profiles::delete, "Remove a role's profile", |e| {
            e.gives::<ProfileDeleted>()
        })
}

/// Contracts 3 and 4.
fn old_nodes(table: Table) -> Table {
    let (get, post) = (Method::GET, Method::POST);
    let (v2, one, beat) = ("/v2/nodes", "/v2/nodes/{node_id}", "/v2/nodes/{node_id}/heartbeat");
    let (named, beat_named) = ("/nodes/{name}", "/nodes/{name}/heartbeat");
    table
        .group("Nodes with pools, older format")
        .on(post.clone(), "/v2/nodes/register", REGISTER, pools::register, "Register", |e| {
            e.body::<pools::Register>().gives::<pools::Next>().errors(&[409])
        })
        .on(post.clone(), beat, REGISTER, pools::beat, "Heartbeat", |e| {
            e.body::<pools::Heartbeat>().gives::<pools::Next>().errors(&[409])
        })
        .on(get.clone(), v2, READ, pools::list, "List nodes", |e| {
            e.query::<NodeFilter>().gives::<Vec<pools::PoolNode>>()
        })
        .on(get.clone(), one, READ, pools::get, "One node", |e| e.gives::<pools::PoolNode>())
        .on(Method::DELETE, one, REGISTER, pools::delete, "Take a node out", |e| {
            e.gives::<pools::Removed>().errors(&[409])
        })
        .group("Map of nodes, older format")
        .on(post.clone(), "/nodes/register", REGISTER, map::register, "Register", |e| {
            e.body::<map::Register>().gives::<map::Told>().errors(&[409])
        })
        .on(post, beat_named, REGISTER, map::beat, "Heartbeat", |e| {
            e.body::<map::Heartbeat>().gives::<map::Told>().errors(&[409])
        })
        .on(get.clone(), "/nodes", READ, map::list, "Nodes by name", |e| {
            e.query::<NodeFilter>().gives::<map::MapNodes>()
        })
        .on(get.clone(), named, READ, map::get, "One node", |e| e.gives::<map::MapNode>())
        .on(get.clone(), "/topology", READ, map::topology, "Nodes and connections", |e| {
            e.query::<NodeFilter>().gives::<Topology>()
        })
        .on(get, "/stats", READ, map::stats, "Totals, and history with `since`", |e| {
            e.query::<HistoryQuery>().gives::<NodeStats>()
        })
}

fn operation(table: Table) -> Table {
    let get = Method::GET;
    let text = "text/plain";
    table
        .group("Events")
        .on(get.clone(), "/api/v1/events", READ, events::list, "What happened, in order", |e| {
            e.query::<events::EventQuery>()
                .gives::<Vec<Event>>()
                .gives_type(StatusCode::OK, "text/event-stream")
        })
        .on(get.clone(), "/api/v1/ws", READ, events::socket, "The events as a WebSocket", |e| {
            e.query::<events::FollowQuery>()
                .gives_nothing(StatusCode::SWITCHING_PROTOCOLS)
                .errors(&[426])
        })
        .on(get.clone(), "/api/v1/history", READ, history::get, "Numbers over time", |e| {
            e.query::<HistoryQuery>().gives::<History>()
        })
        .group("Operation")
        .on(get.clone(), "/health", OPEN, health::get, "Whether the registry is well", |e| {
            e.gives::<Health>()
        })
        .on(get, "/metrics", READ, metrics::get, "Metrics for Prometheus", |e| {
            e.gives_type(StatusCode::OK, text)
                .gives_type(StatusCode::OK, "application/openmetrics-text")
                .gives::<Object>()
        })
}

/// What other programs look at to watch the registry and its servers.
fn monitoring(table: Table) -> Table {
    let sd = "/sd/prometheus";
    let find = "Every ready server, as Prometheus' HTTP service discovery wants it";
    table.group("Operation").on(Method::GET, sd, READ, discovery::prometheus, find, |e| {
        e.gives::<Vec<discovery::TargetGroup>>()
    })
}

/// Who wants to be told of servers and nodes, and what is sent on.
fn watching(table: Table) -> Table {
    let (path, one) = ("/api/v1/watches", "/api/v1/watches/{id}");
    let relay = "/api/v1/notifications";
    table
        .group("Watches")
        .on(Method::GET, path, REGISTER, watches::list, "One's own watches", |e| {
            e.gives::<Watches>()
        })
        .on(Method::POST, path, REGISTER, watches::create, "Be told of servers or nodes", |e| {
            e.body::<WatchCreate>()
                .gives_with::<Watch>(StatusCode::CREATED)
                .tells(&["Location"])
                .errors(&[409, 422])
        })
        .on(Method::DELETE, one, REGISTER, watches::delete, "Remove a watch", |e| {
            e.gives::<Deleted>()
        })
        .group("Notifications")
        .on(Method::POST, relay, REGISTER, notifications::relay, "Send a notification on", |e| {
            e.body::<Relay>()
                .gives_with::<Relayed>(StatusCode::ACCEPTED)
                .errors(&[422, 429])
                .note(RELAY)
        })
}

/// What says how to use all of this; no secret, so that programs may read it first.
fn documentation(table: Table) -> Table {
    let get = Method::GET;
    let document = "/api/v1/openapi.json";
    let docs = "/api/v1/docs";
    let (html, any) = ("text/html", "text/*");
    table
        .group("Documentation")
        .on(get.clone(), document, OPEN, openapi::document, "This document", |e| {
            e.gives::<Object>()
        })
        .on(get.clone(), docs, OPEN, openapi::page, "This document, to read and to try", |e| {
            e.gives_type(StatusCode::OK, html)
        })
        .on(get, "/api/v1/docs/{file}", OPEN, openapi::file, "A file of the viewer", |e| {
            e.gives_type(StatusCode::OK, any)
        })
}

/// The page for people. Its files are no secret: what they show comes from the other routes.
fn pages(table: Table) -> Table {
    let get = Method::GET;
    let (about, files) = ("/api/v1/dashboard", "/dashboard/{*path}");
    let live = "/api/v1/live";
    let session = "/api/v1/session";
    table
        .group("Dashboard")
        .on(get.clone(), "/", OPEN, dashboard::index, "The dashboard", |e| {
            e.takes(&["If-None-Match"])
                .gives_type(StatusCode::OK, "text/html")
                .gives::<Object>()
                .gives_nothing(StatusCode::NOT_MODIFIED)
        })
        .on(get.clone(), files, OPEN, dashboard::file, "A file of the dashboard", |e| {
            e.takes(&["If-None-Match"])
                .gives_type(StatusCode::OK, "*/*")
                .gives_nothing(StatusCode::NOT_MODIFIED)
                .tells(&["ETag"])
        })
        .on(get.clone(), about, OPEN, dashboard::about, "What a page must know first", |e| {
            e.gives::<dashboard::About>()
        })
        .on(get, live, READ, live::get, "Everything, and what changes of it", |e| {
            e.query::<live::LiveQuery>().gives_type(StatusCode::OK, "text/event-stream").note(LIVE)
        })
        .on(Method::POST, session, OPEN, session::login, "Log a browser in", |e| {
            e.body::<session::Login>()
                .gives::<session::LoggedIn>()
                .tells(&["Set-Cookie"])
                .errors(&[401, 409])
                .note(SESSION)
        })
        .on(Method::DELETE, session, OPEN, session::logout, "Log a browser out", |e| {
            e.gives_nothing(StatusCode::NO_CONTENT).tells(&["Set-Cookie"])
        })
}

/// How the stream is read.
const LIVE: &str = "An event stream: `hello` first, then `servers` and `nodes` with `{\"changed\": \
    […], \"gone\": [ids]}` until all were sent, then `synced`: what was not among them is gone. \
    From then on the same for what changes, at most four times a second, and `event` for what \
    happens. A stream that ends is begun anew, and tells everything again.";

/// What becomes of a notification.
const RELAY: &str = "For machines without a way out. It is on the registry's disk when the answer \
    comes, and is sent from there, again and again if need be. Targets that the registry's \
    operator does not allow are in `refused`; where all are, it is 403. Sent again with the same \
    `id`, it goes out once.";

/// How a session is used.
const SESSION: &str = "The token is held in two halves: the cookie has the one, and the page \
    sends the other, `key`, as the header `llamactl-session` with each request. It counts as long as \
    the token does, 30 days at most.";

/// Tokens, and who did what.
fn trust(table: Table) -> Table {
    let (get, path, audited) = (Method::GET, "/api/v1/tokens", "/api/v1/audit");
    let one = "/api/v1/tokens/{id}";
    table
        .group("Trust")
        .on(get.clone(), "/api/v1/whoami", READ, tokens::whoami, "Who asks", |e| {
            e.gives::<WhoAmI>()
        })
        .on(get.clone(), path, ADMIN, tokens::list, "List tokens, newest first", |e| {
            e.gives::<Vec<Token>>()
        })
        .on(Method::POST, path, ADMIN, tokens::create, "Make a token", |e| {
            e.body::<TokenCreate>().gives_with::<TokenCreated>(StatusCode::CREATED)
        })
        .on(Method::DELETE, one, ADMIN, tokens::revoke, "Revoke a token", |e| {
            e.query::<TokenRevoke>().gives::<Token>().errors(&[409])
        })
        .on(get, audited, ADMIN, audit::list, "Who did what, oldest first", |e| {
            e.query::<AuditFilter>().gives::<Vec<AuditEntry>>()
        })
}

/// The document of all routes (OpenAPI), as JSON.
pub fn document() -> Value {
    document::of(&table().finish().1)
}

/// The HTTP service.
pub fn router(service: Shared, hosts: Hosts, site: Site) -> Router {
    let metrics = Arc::new(Metrics::new(&service.counters, &service.store));
    let (routes, endpoints) = table().finish();
    let permissions = Arc::new(Permissions::new(&endpoints));
    let document = Arc::new(openapi::Document::new(endpoints));
    let guard = Guard { service: Arc::clone(&service), hosts: Arc::new(hosts), permissions };
    routes
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .layer(Extension(metrics))
        .layer(Extension(document))
        .layer(Extension(Arc::new(site)))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(guard, guarded))
        .with_state(service)
}

async fn no_such_path() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "there is nothing at this path")
}

async fn no_such_method() -> ApiError {
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "this path does not take this method")
}

#[derive(Clone)]
struct Guard {
    service: Shared,
    hosts: Arc<Hosts>,
    permissions: Arc<Permissions>,
}

impl Guard {
    /// Checks where a request comes from and who sends it, and tells its handler.
    fn admit(&self, request: &mut Request) -> Result<(), ApiError> {
        self.hosts.check(request.method(), request.uri(), request.headers())?;
        let origin = request.extensions().get::<Peer>().map(|peer| peer.0);
        let route = request.extensions().get::<MatchedPath>();
        // A path that does not exist is nobody's secret.
        let access =
            route.map_or(OPEN, |route| self.permissions.of(request.method(), route.as_str()));
        let scope = match access {
            Access::Everybody => None,
            Access::Scope(scope) => Some(scope),
        };
        let identity =
            door::authorise(&self.service, request.method(), request.headers(), origin, scope)?;
        Caller::attach(identity, request);
        Ok(())
    }
}

/// Checks where a request comes from and who sends it, bounds its time, keeps a panic from the
/// client, counts it, and adds the headers that every answer has.
async fn guarded(State(guard): State<Guard>, mut request: Request, next: Next) -> Response {
    let start = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let origin = request.extensions().get::<Peer>().map(|peer| peer.0);
    let waits = waits(request.uri());
    let mut response = match guard.admit(&mut request) {
        Ok(()) => bounded(limit(request.uri()), next.run(request)).await,
        Err(error) => error.into_response(),
    };
    let route = route.as_ref().map_or("other", MatchedPath::as_str);
    // A read that waits for a change takes long without being slow.
    let route = if waits { format!("{route} (waits)") } else { route.to_owned() };
    let status = response.status().as_u16();
    if response.status() == StatusCode::FORBIDDEN {
        door::forbidden(&guard.service, origin, &method, &route);
    }
    guard.service.counters.request(&method, &route, status, start.elapsed());
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    response
}

/// How long a request may take: longer where it asks to wait for a change.
fn limit(uri: &Uri) -> Duration {
    match waits(uri) {
        true => REQUEST_TIMEOUT + MAX_WAIT,
        false => REQUEST_TIMEOUT,
    }
}

fn waits(uri: &Uri) -> bool {
    uri.query().unwrap_or_default().split('&').any(|pair| pair.starts_with("wait="))
}
