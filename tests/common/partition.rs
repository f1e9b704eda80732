//! A network that can be cut: a TCP proxy before any service.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::http::{runtime, wait};

/// What happens to bytes on their way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Network {
    /// They arrive.
    Whole,
    /// They get lost until it is healed; nobody is told.
    Cut,
    /// Connections are closed, old ones and new ones.
    Closed,
}

/// A proxy on a port of its own before `127.0.0.1:PORT`, for tests of partitions.
#[derive(Debug)]
pub struct Partition {
    /// Its port on 127.0.0.1: where clients connect.
    pub port: u16,
    network: watch::Sender<Network>,
    accept: AbortHandle,
}

impl Partition {
    /// A whole network before `target`, a port on 127.0.0.1.
    pub fn before(target: u16) -> Partition {
        let (network, state) = watch::channel(Network::Whole);
        let listener = wait(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let task = runtime().spawn(accept(listener, ([127, 0, 0, 1], target).into(), state));
        Partition { port, network, accept: task.abort_handle() }
    }

    /// From now on nothing arrives, in either direction, and nobody is told: connections that are
    /// there hang, and new ones too.
    pub fn cut(&self) {
        self.network.send_replace(Network::Cut);
    }

    /// Closes all connections, and each new one at once: as if the service had ended.
    pub fn close(&self) {
        self.network.send_replace(Network::Closed);
    }

    /// All is well again. What was sent meanwhile on connections that are still there arrives
    /// now, as TCP promises.
    pub fn heal(&self) {
        self.network.send_replace(Network::Whole);
    }
}

impl Drop for Partition {
    fn drop(&mut self) {
        self.accept.abort();
        self.close();
    }
}

async fn accept(listener: TcpListener, target: SocketAddr, network: watch::Receiver<Network>) {
    while let Ok((client, _)) = listener.accept().await {
        tokio::spawn(carry(client, target, network.clone()));
    }
}

async fn carry(client: TcpStream, target: SocketAddr, mut network: watch::Receiver<Network>) {
    if !passes(&mut network).await {
        return;
    }
    let Ok(server) = TcpStream::connect(target).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let ((from_client, to_client), (from_server, to_server)) =
        (client.into_split(), server.into_split());
    let mut closed = network.clone();
    tokio::select! {
        _ = async {
            tokio::join!(
                pump(from_client, to_server, network.clone()),
                pump(from_server, to_client, network.clone()),
            )
        } => {}
        _ = closed.wait_for(|state| *state == Network::Closed) => {}
    }
}

async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut network: watch::Receiver<Network>,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        if !passes(&mut network).await || to.write_all(&buffer[..count]).await.is_err() {
            break;
        }
    }
    // The end of a stream gets lost like everything else.
    passes(&mut network).await;
    let _ = to.shutdown().await;
}

/// Waits until bytes can pass; whether they ever can.
async fn passes(network: &mut watch::Receiver<Network>) -> bool {
    let state = network.wait_for(|state| *state != Network::Cut).await;
    state.is_ok_and(|state| *state == Network::Whole)
}
