//! The gate: the public port. It passes requests on to llama-server's unix socket, and does
//! what llama-server can't: answer while the model loads, refuse new work, say when the last
//! request has ended, and close connections.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, HeaderName, RETRY_AFTER};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::api::{CHALLENGE_HEADER, PROOF_HEADER};
use crate::engine::llama;
use crate::proxy::count::{Counted, Counter};
use crate::proxy::pass::{self, Streamed};
use crate::secret::Secret;

/// Most connections at the same time. More wait in the listener's queue.
const MAX_CONNECTIONS: usize = 512;
/// Longest time for the head of a request, and between two requests on one connection.
const HEAD: Duration = Duration::from_secs(30);
/// Largest head of a request, in bytes.
const MAX_HEAD: usize = 64 * 1024;
/// How long the last bytes of an answer may take to reach a client after the drain.
const FLUSH: Duration = Duration::from_secs(2);

/// Headers that the gate keeps to itself.
static OWN: [HeaderName; 2] = [
    // It answers it.
    HeaderName::from_static(CHALLENGE_HEADER),
    // With it, llama-server goes on after the client has gone, and keeps the answer for
    // whoever knows the id.
    HeaderName::from_static("x-conversation-id"),
];

/// Lengths that a nonce may have.
const NONCE: std::ops::RangeInclusive<usize> = 16..=128;

/// What the gate does with requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The model loads: 503.
    Loading,
    /// Pass them on.
    Open,
    /// Refuse new ones: 503.
    Draining,
}

/// What happens to connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Closing {
    No,
    /// Close each as soon as its answer is out; accept none.
    Gracefully,
    /// Cut them.
    Now,
}

/// The public port. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Gate {
    shared: Arc<Behind>,
    address: SocketAddr,
}

#[derive(Debug)]
struct Behind {
    socket: PathBuf,
    key: Option<Secret>,
    open_metrics: bool,
    phase: watch::Sender<Phase>,
    closing: watch::Sender<Closing>,
    in_flight: Counter,
    connections: Counter,
    /// Requests that were answered, other than questions about the server itself.
    served: AtomicU64,
}

impl Gate {
    /// Starts to accept on `listener`, in front of the llama-server on `socket`, which wants
    /// `key`. Until [`Gate::open`] every answer is 503. With `open_metrics` whoever reaches the
    /// port may read `/metrics`, which counts requests and tokens and shows none.
    ///
    /// # Errors
    /// When the listener has no address.
    pub fn start(
        listener: TcpListener,
        socket: PathBuf,
        key: Option<Secret>,
        open_metrics: bool,
    ) -> std::io::Result<Gate> {
        let address = listener.local_addr()?;
        let shared = Arc::new(Behind {
            socket,
            key,
            open_metrics,
            phase: watch::Sender::new(Phase::Loading),
            closing: watch::Sender::new(Closing::No),
            in_flight: Counter::default(),
            connections: Counter::default(),
            served: AtomicU64::new(0),
        });
        tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Gate { shared, address })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets requests through.
    pub fn open(&self) {
        self.shared.phase.send_replace(Phase::Open);
    }

    /// Refuses new requests. Those in flight go on.
    pub fn refuse(&self) {
        self.shared.phase.send_replace(Phase::Draining);
    }

    /// Requests in flight.
    pub fn in_flight(&self) -> usize {
        *self.shared.in_flight.borrow()
    }

    /// Requests for tokens or embeddings that were answered since the start.
    pub fn served(&self) -> u64 {
        self.shared.served.load(Ordering::Relaxed)
    }

    /// Waits, after [`Gate::refuse`], until no request is in flight and every answer has left
    /// for its client. The port is closed then.
    pub async fn drained(&self) {
        none(&self.shared.in_flight).await;
        self.close(Closing::Gracefully);
        let _ = tokio::time::timeout(FLUSH, none(&self.shared.connections)).await;
    }

    /// Cuts every connection, to clients and to llama-server, and closes the port.
    pub async fn close_all(&self) {
        self.close(Closing::Now);
        let _ = tokio::time::timeout(FLUSH, none(&self.shared.connections)).await;
    }

    fn close(&self, how: Closing) {
        self.shared.closing.send_if_modified(|closing| {
            let further = how > *closing;
            *closing = (*closing).max(how);
            further
        });
    }
}

async fn none(counter: &Counter) {
    // It fails only when the sender is gone, which we hold.
    let _ = counter.subscribe().wait_for(|count| *count == 0).await;
}

impl Behind {
    async fn closing(&self, at_least: Closing) {
        let _ = self.closing.subscribe().wait_for(|closing| *closing >= at_least).await;
    }
}

async fn accept(listener: TcpListener, shared: Arc<Behind>) {
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = shared.closing(Closing::Gracefully) => return,
            next = next => next,
        };
        match (place, accepted) {
            (Ok(place), Ok((stream, _))) => {
                let count = Counted::new(&shared.connections);
                tokio::spawn(connection(stream, Arc::clone(&shared), place, count));
            }
            (_, accepted) => {
                // Out of file descriptors, as a rule: others will be closed.
                tracing::warn!(error = ?accepted.err(), "can't accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Serves one connection to its end. `_place` and `_count` are given back with it.
async fn connection(
    stream: TcpStream,
    shared: Arc<Behind>,
    _place: OwnedSemaphorePermit,
    _count: Counted,
) {
    // Tokens are small, and each is to be seen at once.
    let _ = stream.set_nodelay(true);
    let service = hyper::service::service_fn(|request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, std::convert::Infallible>(answer(request, &shared).await) }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(MAX_HEAD);
    let mut served = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service));
    // Broken connections are the client's affair: there is nothing to log or to mend.
    tokio::select! {
        _ = &mut served => return,
        () = shared.closing(Closing::Gracefully) => served.as_mut().graceful_shutdown(),
    }
    tokio::select! {
        _ = served => {}
        () = shared.closing(Closing::Now) => {}
    }
}

type GateResponse = Response<Either<Full<Bytes>, Streamed<UnixStream>>>;

/// Passes a request on to the llama-server on `socket`.
async fn pass_on(
    request: Request<Incoming>,
    socket: &Path,
    count: Counted,
) -> Result<Response<Streamed<UnixStream>>, pass::Error> {
    let stream = UnixStream::connect(socket).await?;
    pass::pass_on(request, stream, &OWN, count).await
}

async fn answer(mut request: Request<Incoming>, shared: &Behind) -> GateResponse {
    let proof = proof(&request, shared.key.as_ref());
    if shared.open_metrics
        && let Some(key) = &shared.key
    {
        show_key(&mut request, key);
    }
    // Counted before the look at the phase: a drain must not miss it.
    let count = Counted::new(&shared.in_flight);
    let phase = *shared.phase.borrow();
    let asks_for_work = request.method() == http::Method::POST;
    let mut response = match phase {
        Phase::Loading => unavailable(StatusCode::SERVICE_UNAVAILABLE, "Loading model"),
        Phase::Draining => {
            let message = "This server drains: it takes no new requests";
            unavailable(StatusCode::SERVICE_UNAVAILABLE, message)
        }
        Phase::Open => match pass_on(request, &shared.socket, count).await {
            Ok(response) => {
                if asks_for_work && response.status().is_success() {
                    shared.served.fetch_add(1, Ordering::Relaxed);
                }
                response.map(Either::Right)
            }
            Err(error) => {
                tracing::debug!(%error, "llama-server does not answer");
                unavailable(StatusCode::BAD_GATEWAY, "llama-server does not answer")
            }
        },
    };
    if phase != Phase::Open {
        let seconds = if phase == Phase::Loading { 1 } else { 30 };
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    if let Some(proof) = proof {
        response.headers_mut().insert(PROOF_HEADER, proof);
    }
    response
}

fn unavailable(status: StatusCode, message: &str) -> GateResponse {
    let body = llama::error_body(message, status.as_u16());
    let mut response = Response::new(Either::Left(Full::from(body)));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

/// Shows the key in the client's place, to `GET /metrics` and nothing else: one path, compared
/// as it is passed on.
fn show_key(request: &mut Request<Incoming>, key: &Secret) {
    if request.method() != http::Method::GET || request.uri().path() != "/metrics" {
        return;
    }
    if let Ok(mut value) = HeaderValue::from_str(&format!("Bearer {}", key.expose())) {
        value.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, value);
    }
}

/// The answer to a challenge: a port can belong to the next tenant of a node, and clients
/// want to know before they send their key.
fn proof(request: &Request<Incoming>, key: Option<&Secret>) -> Option<HeaderValue> {
    let nonce = request.headers().get(CHALLENGE_HEADER)?.to_str().ok()?;
    if request.uri().path() != "/health" || !NONCE.contains(&nonce.len()) {
        return None;
    }
    HeaderValue::from_str(&key?.prove(nonce)).ok()
}
