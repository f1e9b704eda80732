//! One connection: what it waits for and since when, so that it can be judged, and ended from
//! outside.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use futures_util::task::AtomicWaker;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// How long a TLS handshake may take, and after it the header of a request.
pub const HEADER_LIMIT: Duration = Duration::from_secs(10);
/// How long a connection may rest between two requests. Longer than the interval of beats and
/// scrapes, so that these keep theirs.
pub const IDLE_LIMIT: Duration = Duration::from_secs(75);
/// How long an answer may wait for a client that reads nothing.
const STALL_LIMIT: Duration = Duration::from_secs(15);
/// How fast a client must read an answer that waits for it, in bytes a second.
const MIN_RATE: u64 = 32 * 1024;

/// What a connection does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Its client has to send something: the handshake, or a whole header.
    Header,
    /// A request is being answered, or the connection has become a WebSocket. What bounds it
    /// is the handler's.
    Serving,
    /// It rests between two requests.
    Idle,
}

/// What is known of one connection, for those who judge it.
#[derive(Debug)]
pub struct State {
    started: Instant,
    phase: AtomicU8,
    /// When the phase began, in milliseconds after `started`.
    since: AtomicU64,
    /// When a write had to wait for the client, in milliseconds after `started`, plus one;
    /// 0 while none does.
    blocked: AtomicU64,
    /// Bytes that the client has taken since then.
    taken: AtomicU64,
    ended: AtomicBool,
    reader: AtomicWaker,
    writer: AtomicWaker,
}

impl State {
    /// Of a connection that was accepted now.
    pub fn new(now: Instant) -> State {
        State {
            started: now,
            phase: AtomicU8::new(Phase::Header as u8),
            since: AtomicU64::new(0),
            blocked: AtomicU64::new(0),
            taken: AtomicU64::new(0),
            ended: AtomicBool::new(false),
            reader: AtomicWaker::new(),
            writer: AtomicWaker::new(),
        }
    }

    /// What it does.
    pub fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Relaxed) {
            0 => Phase::Header,
            1 => Phase::Serving,
            _ => Phase::Idle,
        }
    }

    /// It does something else from now on.
    pub fn enter(&self, phase: Phase) {
        self.enter_at(phase, Instant::now());
    }

    fn enter_at(&self, phase: Phase, now: Instant) {
        self.since.store(self.millis(now), Ordering::Relaxed);
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    /// For how long it has been in its phase.
    pub fn age(&self, now: Instant) -> Duration {
        let since = self.since.load(Ordering::Relaxed);
        Duration::from_millis(self.millis(now).saturating_sub(since))
    }

    /// Why it has to end, if it has to.
    pub fn overdue(&self, now: Instant) -> Option<&'static str> {
        let age = self.age(now);
        match self.phase() {
            Phase::Header if age > HEADER_LIMIT => return Some("no whole request came in time"),
            Phase::Idle if age > IDLE_LIMIT => return Some("it was idle"),
            _ => {}
        }
        let blocked = self.blocked.load(Ordering::Relaxed).checked_sub(1)?;
        let waited = Duration::from_millis(self.millis(now).saturating_sub(blocked));
        let taken = self.taken.load(Ordering::Relaxed);
        let allowed = STALL_LIMIT + Duration::from_millis(taken.saturating_mul(1000) / MIN_RATE);
        (waited > allowed).then_some("its client does not read the answer")
    }

    /// Ends the connection: whatever it waits for fails.
    pub fn end(&self) {
        self.ended.store(true, Ordering::Release);
        self.reader.wake();
        self.writer.wake();
    }

    /// Whether it was told to end.
    pub fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    fn check(&self) -> io::Result<()> {
        match self.is_ended() {
            true => Err(io::ErrorKind::TimedOut.into()),
            false => Ok(()),
        }
    }

    fn has_read(&self) {
        if self.phase() == Phase::Idle {
            self.enter(Phase::Header);
        }
    }

    fn is_blocked(&self, now: Instant) {
        if self.blocked.load(Ordering::Relaxed) == 0 {
            self.taken.store(0, Ordering::Relaxed);
            self.blocked.store(self.millis(now) + 1, Ordering::Relaxed);
        }
    }

    fn millis(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.started).as_millis() as u64
    }
}

/// A TCP connection whose [`State`] is kept. `K` is what has to live as long as it does.
#[derive(Debug)]
pub struct Watched<K> {
    stream: TcpStream,
    state: Arc<State>,
    _kept: K,
}

impl<K: Unpin> Watched<K> {
    /// Watches `stream`.
    pub fn new(stream: TcpStream, state: Arc<State>, kept: K) -> Watched<K> {
        Watched { stream, state, _kept: kept }
    }

    /// What is known of it.
    pub fn state(&self) -> &Arc<State> {
        &self.state
    }

    /// The first byte that the client sends, which stays to be read; nothing where it sends
    /// none.
    pub async fn first_byte(&self) -> io::Result<Option<u8>> {
        let mut byte = [0u8; 1];
        let read = std::future::poll_fn(|context| {
            self.state.reader.register(context.waker());
            self.state.check()?;
            self.stream.poll_peek(context, &mut ReadBuf::new(&mut byte))
        });
        let count = read.await?;
        Ok((count > 0).then_some(byte[0]))
    }
}

impl<K: Unpin> AsyncRead for Watched<K> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.state.reader.register(context.waker());
        self.state.check()?;
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            self.state.has_read();
        }
        Poll::Ready(Ok(()))
    }
}

impl<K: Unpin> Watched<K> {
    fn wrote(
        &self,
        context: &Context<'_>,
        result: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match &result {
            Poll::Pending => {
                self.state.writer.register(context.waker());
                self.state.is_blocked(Instant::now());
                // It may have been told to end before the waker was there.
                self.state.check()?;
            }
            Poll::Ready(Ok(count)) => {
                self.state.taken.fetch_add(*count as u64, Ordering::Relaxed);
            }
            Poll::Ready(Err(_)) => {}
        }
        result
    }
}

impl<K: Unpin> AsyncWrite for Watched<K> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.state.check()?;
        let result = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.wrote(context, result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.state.check()?;
        let result = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.wrote(context, result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Whoever writes here flushes when nothing is left to write.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.state.blocked.store(0, Ordering::Relaxed);
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// The body of an answer; when it is through, the connection rests.
#[derive(Debug)]
pub struct AnswerBody<B> {
    body: B,
    state: Option<Arc<State>>,
}

impl<B> AnswerBody<B> {
    /// The body of an answer on the connection with this state; none for one that has become
    /// something else than HTTP.
    pub fn new(body: B, state: Option<Arc<State>>) -> AnswerBody<B> {
        AnswerBody { body, state }
    }
}

impl<B> Drop for AnswerBody<B> {
    fn drop(&mut self) {
        if let Some(state) = &self.state {
            state.enter(Phase::Idle);
        }
    }
}

impl<B: HttpBody + Unpin> HttpBody for AnswerBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_connection_is_judged_by_its_phase() {
        let start = Instant::now();
        let state = State::new(start);
        assert_eq!(state.overdue(start + HEADER_LIMIT), None);
        assert!(state.overdue(start + HEADER_LIMIT + SECOND).is_some());
        state.enter_at(Phase::Serving, start);
        assert_eq!(state.overdue(start + 1000 * SECOND), None, "handlers bound themselves");
        state.enter_at(Phase::Idle, start + SECOND);
        assert_eq!(state.overdue(start + SECOND + IDLE_LIMIT), None);
        assert!(state.overdue(start + 2 * SECOND + IDLE_LIMIT).is_some());
        state.enter_at(Phase::Idle, start + SECOND);
        state.has_read();
        assert_eq!(state.phase(), Phase::Header, "a byte begins the next header");
    }

    #[test]
    fn a_client_that_reads_too_slowly_is_overdue() {
        let start = Instant::now();
        let state = State::new(start);
        state.enter_at(Phase::Serving, start);
        state.is_blocked(start + SECOND);
        assert_eq!(state.overdue(start + SECOND + STALL_LIMIT), None);
        assert!(state.overdue(start + 2 * SECOND + STALL_LIMIT).is_some());
        // Ten seconds' worth were read: so much longer it may take.
        state.taken.store(10 * MIN_RATE, Ordering::Relaxed);
        assert_eq!(state.overdue(start + 11 * SECOND + STALL_LIMIT), None);
        assert!(state.overdue(start + 12 * SECOND + STALL_LIMIT).is_some());
    }
}
