//! Accepts connections and serves HTTP/1.1 on them, with limits of time and number that a stranger
//! cannot exceed: how long a request's head may take, how long a connection may be idle, how long the
//! other side may read nothing, and how many connections there are, in all and of one network.
//!
//! If there are too many, the oldest idle connection of the network that has the most is closed for the
//! new one. What a request may ask for is not decided here.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::Sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, warn};

use super::connections::{Connections, Place};
use super::graphql_http::Sockets;

/// How long the head of a request may take, and how long a connection may be idle before it.
const HEAD_WITHIN: Duration = Duration::from_secs(20);
/// How long the other side may read nothing of what is sent to it.
const WRITE_WITHIN: Duration = Duration::from_secs(30);
/// The largest head of a request, in bytes: a query in the address may be as long as one in a body.
const MAX_HEAD: usize = 128 * 1024;
/// The pause after a connection could not be accepted, because there are no more file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves a router until `stop` is cancelled, then waits for open requests and WebSocket
/// connections to end.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    connections: Connections,
    stop: CancellationToken,
) {
    let sockets = TaskTracker::new();
    let mut running = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            Some(_) = running.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                warn!(%error, "a connection was not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // Without a place the connection is closed by dropping it.
        let Some(place) = connections.admit(peer.ip()) else { continue };
        // Sends small messages without delay. If the option cannot be set, they are only sent later.
        let _ = stream.set_nodelay(true);
        let connection =
            Connection { peer, router: router.clone(), place, sockets: sockets.clone() };
        running.spawn(connection.serve(stream, stop.clone()));
    }
    drop(listener);
    while running.join_next().await.is_some() {}
    sockets.close();
    sockets.wait().await;
}

/// One connection.
struct Connection {
    peer: SocketAddr,
    router: Router,
    place: Place,
    /// The tasks of all WebSocket connections.
    sockets: TaskTracker,
}

impl Connection {
    /// Serves its requests until it ends, is evicted, or is told to stop and has answered.
    async fn serve(self, stream: TcpStream, stop: CancellationToken) {
        let place = self.place.clone();
        let router = TowerToHyperService::new(self.router);
        let service = service_fn(move |request: Request<Incoming>| {
            let busy = self.place.begin();
            let mut request = request.map(Body::new);
            let held = Some(Arc::new(busy.clone()) as Arc<_>);
            request.extensions_mut().insert(ConnectInfo(self.peer));
            request.extensions_mut().insert(Sockets { tasks: self.sockets.clone(), held });
            let answer = router.call(request);
            async move {
                let answer = answer.await;
                drop(busy);
                answer
            }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_WITHIN)
            .max_buf_size(MAX_HEAD)
            .serve_connection(TokioIo::new(WriteDeadline::new(stream)), service)
            .with_upgrades();
        let mut connection = std::pin::pin!(connection);
        let mut is_stopping = false;
        loop {
            tokio::select! {
                ended = &mut connection => {
                    if let Err(error) = ended {
                        debug!(%error, "a connection ended early");
                    }
                    return;
                }
                () = place.evicted() => return,
                () = stop.cancelled(), if !is_stopping => {
                    is_stopping = true;
                    connection.as_mut().graceful_shutdown();
                }
            }
        }
    }
}

/// A stream whose writes fail if the other side takes nothing for [`WRITE_WITHIN`].
struct WriteDeadline {
    stream: TcpStream,
    /// Runs while a write waits.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl WriteDeadline {
    fn new(stream: TcpStream) -> Self {
        Self { stream, waiting: None }
    }

    /// Passes on the result of a write, and fails one that has waited too long.
    fn judge<T>(
        &mut self,
        context: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waiting = None;
            return written;
        }
        let waiting =
            self.waiting.get_or_insert_with(|| Box::pin(tokio::time::sleep(WRITE_WITHIN)));
        waiting.as_mut().poll(context).map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for WriteDeadline {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for WriteDeadline {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.judge(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.judge(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
