//! Accepts connections for any HTTP service, and keeps their number within what the process can
//! hold. Where it is reached, those that make the service wait give way: whoever opens connections
//! and sends nothing keeps nobody out.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use prometheus_client::metrics::gauge::Gauge;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::rustls::server::Acceptor;
use tower_service::Service;

use crate::proxy::tls::Tls;
use crate::proxy::watched::{AnswerBody, Phase, State, Watched};

type Error = Box<dyn std::error::Error + Send + Sync>;

/// What answers requests: any HTTP service that has an answer to everything.
pub trait App:
    Service<
        Request<Incoming>,
        Response = Response<Self::Body>,
        Error = Infallible,
        Future: Send + 'static,
    > + Clone
    + Send
    + 'static
{
    /// The body of its answers.
    type Body: Body<Data = Bytes, Error: Into<Error>> + Unpin + Send + 'static;
}

impl<S, B> App for S
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes, Error: Into<Error>> + Unpin + Send + 'static,
{
    type Body = B;
}

/// The address that a connection comes from, as an extension of its requests.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// Most connections, however many files the process may open.
pub const MAX_CONNECTIONS: usize = 20_000;
/// Files that are no connections: the database, the log, TLS files, connections that are about
/// to close.
const RESERVED: usize = 128;
/// The share of the connections that one address may have; never less than [`MIN_SHARE`], for
/// many people share a login node.
const ADDRESS_SHARE: usize = 4;
const MIN_SHARE: usize = 256;
/// Largest header of a request, in bytes.
const MAX_HEADER: usize = 64 * 1024;
/// A client that sends its header at once has done so by then. So long every connection has.
const PROMPT: Duration = Duration::from_secs(2);
/// How often connections are judged.
const TICK: Duration = Duration::from_millis(500);

/// How many connections there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Of all.
    pub total: usize,
    /// Of one address that is not loopback.
    pub per_address: usize,
}

impl ConnectionLimits {
    /// What the process may hold, after the limit of open files was raised as far as it goes;
    /// at most `wanted`.
    pub fn of_process(wanted: Option<usize>) -> ConnectionLimits {
        let files = raise_file_limit();
        let possible = files.saturating_sub(RESERVED).max(files / 2).max(1);
        let total = possible.min(wanted.unwrap_or(MAX_CONNECTIONS)).max(1);
        if wanted.is_some_and(|wanted| wanted > total) {
            tracing::warn!(total, files, "fewer connections than wanted: open files are limited");
        }
        ConnectionLimits::of_total(total)
    }

    fn of_total(total: usize) -> ConnectionLimits {
        ConnectionLimits { total, per_address: (total / ADDRESS_SHARE).max(MIN_SHARE).min(total) }
    }
}

/// Raises the soft limit of open files to the hard one, and gives it.
fn raise_file_limit() -> usize {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return 1024 };
    let raised = setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok();
    usize::try_from(if raised { hard } else { soft }).unwrap_or(usize::MAX)
}

/// All connections.
#[derive(Debug)]
pub struct Connections {
    limits: ConnectionLimits,
    table: Mutex<Table>,
    /// Somebody left.
    left: Notify,
}

#[derive(Debug, Default)]
struct Table {
    next: u64,
    all: HashMap<u64, Entry>,
    addresses: HashMap<IpAddr, usize>,
}

#[derive(Debug)]
struct Entry {
    state: Arc<State>,
    address: Option<IpAddr>,
}

/// A connection's place in the table; gone when it is dropped.
#[derive(Debug)]
struct Place {
    connections: Arc<Connections>,
    number: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut table = self.connections.table();
        if let Some(Entry { address: Some(address), .. }) = table.all.remove(&self.number)
            && let Some(count) = table.addresses.get_mut(&address)
        {
            *count -= 1;
            if *count == 0 {
                table.addresses.remove(&address);
            }
        }
        drop(table);
        self.connections.left.notify_waiters();
    }
}

impl Connections {
    /// No connections yet.
    pub fn new(limits: ConnectionLimits) -> Arc<Connections> {
        let (table, left) = (Mutex::default(), Notify::new());
        Arc::new(Connections { limits, table, left })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.table().all.len()
    }

    /// Waits until none is left.
    pub async fn none(&self) {
        self.fewer_than(1).await;
    }

    async fn fewer_than(&self, count: usize) {
        loop {
            let left = self.left.notified();
            tokio::pin!(left);
            left.as_mut().enable();
            if self.count() < count {
                return;
            }
            left.await;
        }
    }

    /// Accepts until the future is dropped.
    pub async fn accept(
        self: Arc<Connections>,
        listener: &TcpListener,
        app: &impl App,
        tls: Option<Arc<Tls>>,
        stopping: &watch::Receiver<bool>,
    ) {
        loop {
            // Those that were told to end may take a moment to go.
            self.fewer_than(self.limits.total + RESERVED / 2).await;
            let (stream, peer) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    // Out of file descriptors, or the peer has gone: neither ends the service.
                    tracing::warn!(%error, "a connection can't be accepted");
                    self.make_room(None);
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            };
            // Small answers go at once.
            let _ = stream.set_nodelay(true);
            let state = Arc::new(State::new(Instant::now()));
            let Some(place) = self.admit(peer.ip(), &state).await else { continue };
            let stream = Watched::new(stream, state, place);
            let connection = connection(stream, peer, app.clone(), tls.clone(), stopping.clone());
            tokio::spawn(connection);
        }
    }

    /// Ends what is overdue, until the future is dropped. Once the service stops, whoever has
    /// not sent a whole request by then is too late. `open` counts what there is.
    pub async fn judge(
        self: Arc<Connections>,
        stopping: watch::Receiver<bool>,
        open: Gauge<u64, AtomicU64>,
    ) {
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            let (now, stops) = (Instant::now(), *stopping.borrow());
            open.set(self.count() as u64);
            for Entry { state, address } in self.table().all.values() {
                let late = stops && state.phase() == Phase::Header && state.age(now) >= PROMPT;
                let reason = state.overdue(now).or(late.then_some("the service ends"));
                if let Some(reason) = reason.filter(|_| !state.is_ended()) {
                    tracing::debug!(?address, reason, "a connection is ended");
                    state.end();
                }
            }
        }
    }

    /// A place for a connection from `address`; nothing where that address has too many that
    /// are being answered. Waits while all places are taken by requests that are being
    /// answered.
    async fn admit(self: &Arc<Connections>, address: IpAddr, state: &Arc<State>) -> Option<Place> {
        let address = counted(address);
        if let Some(address) = address {
            let count = self.table().addresses.get(&address).copied().unwrap_or_default();
            if count >= self.limits.per_address && !self.make_room(Some(address)) {
                tracing::debug!(%address, count, "too many connections of one address");
                return None;
            }
        }
        loop {
            let left = self.left.notified();
            tokio::pin!(left);
            left.as_mut().enable();
            if self.live() < self.limits.total || self.make_room(None) {
                break;
            }
            // Some become late without a word.
            let _ = tokio::time::timeout(PROMPT / 40, left).await;
        }
        let mut table = self.table();
        let number = table.next;
        table.next += 1;
        table.all.insert(number, Entry { state: Arc::clone(state), address });
        if let Some(address) = address {
            *table.addresses.entry(address).or_default() += 1;
        }
        drop(table);
        Some(Place { connections: Arc::clone(self), number })
    }

    fn live(&self) -> usize {
        let table = self.table();
        if table.all.len() < self.limits.total {
            return table.all.len();
        }
        table.all.values().filter(|entry| !entry.state.is_ended()).count()
    }

    /// Ends some connections that make the service wait, of `address` or of all. Whether
    /// there were any.
    fn make_room(&self, address: Option<IpAddr>) -> bool {
        let table = self.table();
        let of = |entry: &&Entry| address.is_none() || entry.address == address;
        let states = table.all.values().filter(of).map(|entry| &entry.state);
        let (chosen, now) = (table.all.len() / 100 + 1, Instant::now());
        // Others wait in the kernel's queue until some are late; an address that has too many
        // can't, since everybody would wait with it.
        let worst = worst(states, address.is_some(), chosen, now);
        worst.iter().for_each(|state| state.end());
        !worst.is_empty()
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Those who give way first: up to `count` of the connections whose header is late, then of
/// those that rest, then, where `young` says so, of those whose header has just begun; the
/// oldest of each first.
fn worst<'a>(
    states: impl Iterator<Item = &'a Arc<State>>,
    young: bool,
    count: usize,
    now: Instant,
) -> Vec<&'a Arc<State>> {
    let rank = |state: &State| match state.phase() {
        _ if state.is_ended() => None,
        Phase::Header if state.age(now) >= PROMPT => Some(0),
        Phase::Idle => Some(1),
        Phase::Header if young => Some(2),
        Phase::Header | Phase::Serving => None,
    };
    let ranked =
        |state: &'a Arc<State>| Some(((rank(state)?, std::cmp::Reverse(state.age(now))), state));
    let mut waiting: Vec<_> = states.filter_map(ranked).collect();
    waiting.sort_by_key(|(rank, _)| *rank);
    waiting.truncate(count);
    waiting.into_iter().map(|(_, state)| state).collect()
}

/// The address that a connection counts for; nothing for this host, where all that comes
/// through a tunnel or a proxy has one address. A network of IPv6 (/64) counts as one.
fn counted(address: IpAddr) -> Option<IpAddr> {
    match address.to_canonical() {
        address if address.is_loopback() => None,
        IpAddr::V4(address) => Some(IpAddr::V4(address)),
        IpAddr::V6(address) => Some(IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !0 << 64))),
    }
}

async fn connection(
    stream: Watched<Place>,
    peer: SocketAddr,
    app: impl App,
    tls: Option<Arc<Tls>>,
    stopping: watch::Receiver<bool>,
) {
    let state = Arc::clone(stream.state());
    let result = match tls {
        None => talk(stream, state, peer, app, stopping).await,
        Some(tls) => match handshake(stream, &tls, stopping.clone()).await {
            Ok(Some(stream)) => {
                state.enter(Phase::Header);
                talk(stream, state, peer, app, stopping).await
            }
            Ok(None) => Ok(()),
            Err(error) => Err(error.into()),
        },
    };
    if let Err(error) = result {
        tracing::debug!(%peer, %error, "a connection ended");
    }
}

/// What a client reads that speaks plain HTTP where TLS is expected.
fn plain_answer() -> String {
    let body = r#"{"error":"this port speaks https","hint":"use https:// in its URL"}"#;
    format!(
        "HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

async fn handshake(
    mut stream: Watched<Place>,
    tls: &Tls,
    mut stopping: watch::Receiver<bool>,
) -> std::io::Result<Option<tokio_rustls::server::TlsStream<Watched<Place>>>> {
    let shake = async move {
        match stream.first_byte().await? {
            // A handshake record (RFC 8446, 5.1).
            Some(0x16) => {
                let state = Arc::clone(stream.state());
                let hello = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
                // Whoever said all that it has to say is not late because this host is busy.
                state.enter(Phase::Header);
                hello.into_stream(tls.config()).await.map(Some)
            }
            Some(byte) if byte.is_ascii_alphabetic() => {
                stream.write_all(plain_answer().as_bytes()).await?;
                stream.shutdown().await?;
                // A connection that is closed with something unread takes the answer with it.
                let mut rest = tokio::io::AsyncReadExt::take(stream, MAX_HEADER as u64);
                tokio::io::copy(&mut rest, &mut tokio::io::sink()).await?;
                Ok(None)
            }
            _ => Ok(None),
        }
    };
    tokio::select! {
        done = shake => done,
        _ = stopping.wait_for(|stop| *stop) => Ok(None),
    }
}

async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    state: Arc<State>,
    peer: SocketAddr,
    app: impl App,
    mut stopping: watch::Receiver<bool>,
) -> Result<(), Error> {
    let service = service_fn(move |request: Request<Incoming>| {
        state.enter(Phase::Serving);
        answer(app.clone(), request, peer, Arc::clone(&state))
    });
    let connection = http1::Builder::new()
        .max_buf_size(MAX_HEADER)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    let stopped = async { stopping.wait_for(|stop| *stop).await.map(drop) };
    tokio::select! {
        result = connection.as_mut() => result?,
        _ = stopped => {
            connection.as_mut().graceful_shutdown();
            connection.await?;
        }
    }
    Ok(())
}

async fn answer<S: App>(
    mut app: S,
    mut request: Request<Incoming>,
    peer: SocketAddr,
    state: Arc<State>,
) -> Result<Response<AnswerBody<S::Body>>, Infallible> {
    request.extensions_mut().insert(Peer(peer.ip().to_canonical()));
    let response = app.call(request).await?;
    let is_http = response.status() != StatusCode::SWITCHING_PROTOCOLS;
    Ok(response.map(|body| AnswerBody::new(body, is_http.then_some(state))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(total: usize) -> Arc<Connections> {
        Connections::new(ConnectionLimits::of_total(total))
    }

    fn new() -> Arc<State> {
        Arc::new(State::new(Instant::now()))
    }

    #[test]
    fn one_address_has_a_share_that_a_login_node_can_live_with() {
        assert_eq!(
            ConnectionLimits::of_total(20_000),
            ConnectionLimits { total: 20_000, per_address: 5_000 }
        );
        assert_eq!(ConnectionLimits::of_total(800).per_address, 256);
        assert_eq!(ConnectionLimits::of_total(10).per_address, 10);
    }

    #[test]
    fn loopback_is_not_counted_and_a_v6_network_is_one() {
        let counted = |text: &str| counted(text.parse().unwrap()).map(|ip| ip.to_string());
        assert_eq!(counted("127.0.0.2"), None);
        assert_eq!(counted("::1"), None);
        assert_eq!(counted("::ffff:127.0.0.1"), None);
        assert_eq!(counted("::ffff:10.0.0.1").as_deref(), Some("10.0.0.1"));
        assert_eq!(counted("2001:db8:1:2:3:4:5:6").as_deref(), Some("2001:db8:1:2::"));
    }

    #[tokio::test]
    async fn an_address_that_has_its_share_makes_room_for_itself_alone() {
        let all = connections(1000);
        let [busy, other] = ["10.0.0.1", "10.0.0.2"].map(|ip| ip.parse::<IpAddr>().unwrap());
        let bystander = new();
        let _bystander = all.admit(other, &bystander).await.unwrap();
        let mut places = Vec::new();
        for _ in 0..256 {
            let state = new();
            state.enter(Phase::Serving);
            places.push((all.admit(busy, &state).await.unwrap(), state));
        }
        assert!(all.admit(busy, &new()).await.is_none(), "all of it is being answered");
        places[7].1.enter(Phase::Idle);
        assert!(all.admit(busy, &new()).await.is_some());
        assert!(places[7].1.is_ended(), "what rested has given way");
        assert!(!bystander.is_ended(), "another address pays nothing");
        places.clear();
        assert!(all.admit(busy, &new()).await.is_some());
        assert_eq!(all.table().addresses.len(), 1, "addresses that left are forgotten");
    }

    #[tokio::test]
    async fn where_all_places_are_taken_those_who_keep_us_waiting_go() {
        let all = connections(3);
        let ip: IpAddr = "127.0.0.1".parse().unwrap();
        let states = [new(), new(), new()];
        states[0].enter(Phase::Serving);
        states[1].enter(Phase::Idle);
        let mut places = Vec::new();
        for state in &states {
            places.push(all.admit(ip, state).await.unwrap());
        }
        let newest = new();
        places.push(all.admit(ip, &newest).await.unwrap());
        let ended: Vec<bool> = states.iter().map(|state| state.is_ended()).collect();
        assert_eq!(ended, [false, true, false], "before a header that has just begun");
        newest.enter(Phase::Serving);
        states[2].enter(Phase::Serving);
        let waiting = tokio::spawn({
            let all = Arc::clone(&all);
            async move { all.admit(ip, &new()).await.is_some() }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished(), "everybody is being answered");
        places.clear();
        assert!(waiting.await.unwrap());
    }
}
