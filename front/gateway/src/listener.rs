//! Sockets: accepts connections, and serves each until it ends or the house closes.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::pipeline::Gateway;

/// Connections served at once; further ones wait in the kernel's queue.
pub const CONNECTIONS_MAX: usize = 8192;

/// A client has this long to send its headers.
const HEADERS_WITHIN: Duration = Duration::from_secs(15);

/// Bytes that one connection's request line and headers may take.
const HEADER_BYTES_MAX: usize = 64 * 1024;

/// Headers of one request.
const HEADERS_MAX: usize = 128;

/// After a failed accept (no file descriptors left, say) we breathe before trying again.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(50);

/// A bound socket that is not served yet.
pub struct Listener {
    socket: TcpListener,
}

impl Listener {
    /// Binds; port 0 picks a free one.
    pub async fn bind(address: &str) -> io::Result<Self> {
        Ok(Self { socket: TcpListener::bind(address).await? })
    }

    /// Where it listens.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Serves until the house closes, in the background.
    pub fn serve(self, gateway: Arc<Gateway>) {
        let tasks = gateway.house().tasks.clone();
        tasks.clone().spawn_forever("listener", async move {
            let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
            loop {
                let slot = slots.clone().acquire_owned().await.expect("the slots are never closed");
                match self.socket.accept().await {
                    Ok((stream, peer)) => {
                        let gateway = gateway.clone();
                        tasks.spawn("connection", async move {
                            serve_connection(gateway, stream, peer).await;
                            drop(slot);
                        });
                    }
                    Err(error) => {
                        tracing::warn!(%error, "failed to accept a connection");
                        gateway.house().clock.patience(ACCEPT_AGAIN_AFTER).await;
                    }
                }
            }
        });
    }
}

async fn serve_connection(gateway: Arc<Gateway>, stream: TcpStream, peer: SocketAddr) {
    // Small answers must not wait for an acknowledgement; a socket that cannot do that serves all the same.
    let _ = stream.set_nodelay(true);
    let tasks = gateway.house().tasks.clone();
    let service = service_fn(move |request| {
        let gateway = gateway.clone();
        async move { Ok::<_, Infallible>(gateway.answer(request, peer).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .max_buf_size(HEADER_BYTES_MAX)
        .max_headers(HEADERS_MAX)
        .half_close(true)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = tasks.closing() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "connection ended early");
    }
}
