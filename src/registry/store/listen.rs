//! How a replica hears at once that another one has committed events: PostgreSQL's NOTIFY, on a
//! connection of its own. It is only a hint; whoever misses one looks by itself a moment later.

use std::fmt;
use std::future::poll_fn;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio_postgres::AsyncMessage;

use super::address::{Address, CONNECT, describe};

/// The channel of all replicas on one database.
pub const CHANNEL: &str = "llamactl_registry";
/// How long to wait before connecting again.
const RETRY: Duration = Duration::from_secs(1);

/// A number that tells replicas apart, so that none hears itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Replica(u64);

impl Replica {
    /// A new one.
    pub fn random() -> Replica {
        let mut bytes = [0u8; 8];
        // Without random numbers it hears replicas that have none either only by looking.
        let _ = getrandom::fill(&mut bytes);
        Replica(u64::from_le_bytes(bytes))
    }
}

impl fmt::Display for Replica {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// Listens until it is dropped.
#[derive(Debug)]
pub struct Listener {
    thread: Option<std::thread::JoinHandle<()>>,
    stop: Option<oneshot::Sender<()>>,
}

impl Listener {
    /// Starts to listen for others than `replica`.
    ///
    /// # Errors
    /// When the system has no room for a thread.
    pub fn start(
        address: Address,
        replica: Replica,
        wake: impl Fn() + Send + 'static,
    ) -> std::io::Result<Listener> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let own = replica.to_string();
        let listen = move || {
            runtime.block_on(async {
                tokio::select! {
                    () = listen(&address, &own, &wake) => {}
                    _ = stopped => {}
                }
            });
        };
        let thread = std::thread::Builder::new().name("registry-listener".into()).spawn(listen)?;
        Ok(Listener { thread: Some(thread), stop: Some(stop) })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn listen(address: &Address, own: &str, wake: &impl Fn()) {
    loop {
        if let Err(error) = connection(address, own, wake).await {
            tracing::debug!(%error, "listening for other replicas failed");
        }
        tokio::time::sleep(RETRY).await;
    }
}

async fn connection(address: &Address, own: &str, wake: &impl Fn()) -> Result<(), String> {
    let connect = address.config.connect(address.tls.clone());
    let connected = tokio::time::timeout(CONNECT, connect).await;
    let connected = connected.map_err(|_| "no connection in time".to_owned())?;
    let (client, mut connection) = connected.map_err(|error| describe(&error))?;
    // One is as good as many.
    let (heard, mut hints) = mpsc::channel(1);
    let own = own.to_owned();
    let task = tokio::spawn(async move {
        while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
            if let AsyncMessage::Notification(hint) = message
                && hint.payload() != own
            {
                let _ = heard.try_send(());
            }
        }
    });
    let sql = format!("LISTEN {CHANNEL}");
    let listens = tokio::time::timeout(CONNECT, client.batch_execute(&sql)).await;
    listens.map_err(|_| "no answer in time".to_owned())?.map_err(|error| describe(&error))?;
    while hints.recv().await.is_some() {
        wake();
    }
    task.abort();
    Err("the connection ended".to_owned())
}
