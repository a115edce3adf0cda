//! Serves connections: HTTP/1.1 and HTTP/2, with buffers of a bounded size.
//!
//! The web framework has its own server, but that bounds neither the buffer of an HTTP/1 connection
//! for an incomplete head (400 kB), nor the windows of HTTP/2.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use poem::http::uri::Scheme;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Endpoint, Request, Response};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::connection::{Connection, ConnectionListener};
use super::shared::wait_until_true;

/// Maximum size of a request head, in bytes: request line and headers. Longer ones get a 431.
pub(super) const MAX_HEAD: usize = 32 * 1024;
/// The buffer of an HTTP/1 connection for unread requests and unsent responses, in bytes. A head
/// that does not fit is rejected before it is complete, with only the status.
const BUFFER: usize = 40 * 1024;
/// Maximum number of request headers. More get a 431.
const MAX_HEADERS: usize = 100;
/// Bytes that an HTTP/2 client may send before they are read: on one stream, and on all streams of
/// the connection.
const WINDOWS: (u32, u32) = (64 * 1024, 128 * 1024);
/// The buffer of an HTTP/2 stream for unsent data, in bytes.
const STREAM_BUFFER: usize = 16 * 1024;
/// Maximum size of a request head in HTTP/2, in bytes, plus 32 for each header. A connection has
/// many streams.
const MAX_STREAM_HEAD: u32 = 16 * 1024;

/// A server, with the settings of its connections.
#[derive(Clone, Copy, Debug)]
pub(super) struct Server {
    /// How long a connection may have no traffic.
    pub idle: Duration,
    /// How long requests may take to finish when the server stops.
    pub drain: Duration,
    /// Maximum number of concurrent requests on one HTTP/2 connection.
    pub max_streams: u32,
}

impl Server {
    /// Serves until `shutdown` completes, and then until all connections have ended or the drain
    /// timeout has passed.
    pub async fn run<E: Endpoint<Output = Response> + 'static>(
        self,
        mut listener: ConnectionListener,
        routes: E,
        shutdown: impl Future<Output = ()>,
    ) {
        let routes = Arc::new(routes);
        let (stop, stopping) = watch::channel(false);
        let mut connections = JoinSet::new();
        let mut shutdown = pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                // A failure was already logged.
                accepted = listener.accept() => if let Ok((connection, local, remote)) = accepted {
                    let (routes, stopping) = (Arc::clone(&routes), stopping.clone());
                    connections.spawn(self.serve(connection, (local, remote), routes, stopping));
                },
                Some(_) = connections.join_next() => {}
            }
        }
        drop(listener);
        stop.send_replace(true);
        let drained = async { while connections.join_next().await.is_some() {} };
        if timeout(self.drain, drained).await.is_err() {
            connections.shutdown().await;
        }
    }

    async fn serve<E: Endpoint<Output = Response> + 'static>(
        self,
        connection: Connection,
        (local, remote): (LocalAddr, RemoteAddr),
        routes: Arc<E>,
        mut stopping: watch::Receiver<bool>,
    ) {
        let activity = connection.activity();
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let request = Request::from((request, local.clone(), remote.clone(), Scheme::HTTP));
            let routes = Arc::clone(&routes);
            async move { Ok::<_, Infallible>(hyper::Response::from(routes.get_response(request).await)) }
        });
        let builder = self.builder();
        let mut serving = pin!(builder.serve_connection_with_upgrades(TokioIo::new(connection), service));
        tokio::select! {
            served = &mut serving => if served.is_ok() {
                return;
            },
            () = activity.idle_for(self.idle) => {}
            () = wait_until_true(&mut stopping) => {}
        }
        serving.as_mut().graceful_shutdown();
        // Also after an error: a half-closed client may still wait for its response. Further errors
        // do not matter.
        let _ = serving.await;
    }

    fn builder(&self) -> Builder<TokioExecutor> {
        let mut builder = Builder::new(TokioExecutor::new());
        builder.http1().max_buf_size(BUFFER).max_headers(MAX_HEADERS);
        builder
            .http2()
            .max_concurrent_streams(self.max_streams)
            .initial_stream_window_size(WINDOWS.0)
            .initial_connection_window_size(WINDOWS.1)
            .max_send_buf_size(STREAM_BUFFER)
            .max_header_list_size(MAX_STREAM_HEAD);
        builder
    }
}
