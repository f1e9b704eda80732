//! One request on its way to a server and back, over any connection. Nothing is buffered, and nothing is
//! spawned: when the client goes, the answer is dropped, and the connection to the server with
//! it, which frees the slot.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::{self, HeaderName};
use http::{HeaderMap, Request, Response, Uri, Version};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::client::conn::http1::{Connection, handshake};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::count::Counted;

/// Longest pause of a client in the middle of its request's body.
const BODY_PAUSE: Duration = Duration::from_secs(60);

/// Headers that hold for one connection only (RFC 9110, 7.6.1, and what is in use besides).
static ONE_HOP: [HeaderName; 10] = [
    header::CONNECTION,
    header::EXPECT,
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// What goes wrong on the way.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// Sends `request` over `stream`, a connection that was made for it, without the headers
/// `own`, which are for whoever calls. `count` lives as long as the answer.
///
/// # Errors
/// When the server ends the connection before it answers.
pub async fn pass_on<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    mut request: Request<Incoming>,
    stream: S,
    own: &[HeaderName],
    count: Counted,
) -> Result<Response<Streamed<S>>, Error> {
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = path.map_or_else(|| Uri::from_static("/"), Uri::from);
    *request.version_mut() = Version::HTTP_11;
    strip(request.headers_mut());
    for name in own {
        request.headers_mut().remove(name);
    }
    let (mut sender, connection) = handshake(TokioIo::new(stream)).await?;
    let mut connection = Some(Box::pin(connection));
    let mut answer = std::pin::pin!(sender.send_request(request.map(Upload::new)));
    let response = std::future::poll_fn(|cx| {
        drive(&mut connection, cx);
        answer.as_mut().poll(cx)
    })
    .await?;
    let (mut head, body) = response.into_parts();
    strip(&mut head.headers);
    head.version = Version::HTTP_11;
    Ok(Response::from_parts(head, Streamed { body, connection, _count: count }))
}

fn strip(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named.iter().chain(&ONE_HOP) {
        headers.remove(name);
    }
}

type Driver<S> = Option<Pin<Box<Connection<TokioIo<S>, Upload>>>>;

/// Lets the connection do its work. What goes wrong with it is seen in the answer.
fn drive<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    connection: &mut Driver<S>,
    cx: &mut Context<'_>,
) {
    if let Some(running) = connection
        && running.as_mut().poll(cx).is_ready()
    {
        *connection = None;
    }
}

/// The body of an answer, with the connection that it comes from.
#[derive(Debug)]
pub struct Streamed<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> {
    body: Incoming,
    connection: Driver<S>,
    _count: Counted,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Body for Streamed<S> {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        drive(&mut self.connection, cx);
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        Poll::Ready(frame.map(|frame| frame.map_err(Error::from)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The body of a request, which a client must not stop sending for ever.
struct Upload {
    body: Incoming,
    pause: Option<Pin<Box<tokio::time::Sleep>>>,
}

impl Upload {
    fn new(body: Incoming) -> Upload {
        Upload { body, pause: None }
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            self.pause = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(Error::from)));
        }
        let pause = self.pause.get_or_insert_with(|| Box::pin(tokio::time::sleep(BODY_PAUSE)));
        ready!(pause.as_mut().poll(cx));
        Poll::Ready(Some(Err("the client stopped sending".into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
