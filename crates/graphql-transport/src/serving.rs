//! Serves connections: HTTP/1.1 and HTTP/2, with buffers of a bounded size.
//!
//! The web framework has a server of its own, but it does not bound what a connection of HTTP/1 keeps of a head that has not come to its
//! end (400 kB), nor the windows of HTTP/2.

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

use super::connection::{Connection, Door};
use super::shared::stopped;

/// The longest head of a request, in bytes: its first line and its headers. Longer ones are refused with 431.
pub(super) const MAX_HEAD: usize = 32 * 1024;
/// What a connection of HTTP/1 keeps of a request that was not read yet, and of an answer that was not written yet, in bytes. A head that
/// does not fit is refused before it is read to its end, with nothing but the status.
const BUFFER: usize = 40 * 1024;
/// The number of headers of a request. More are refused with 431.
const MAX_HEADERS: usize = 100;
/// What a client of HTTP/2 may send before it is read: on a stream, and on all streams of the connection, in bytes.
const WINDOWS: (u32, u32) = (64 * 1024, 128 * 1024);
/// What a stream of HTTP/2 keeps of an answer, in bytes.
const STREAM_BUFFER: usize = 16 * 1024;
/// The longest head of a request of HTTP/2, in bytes, with 32 for each header. There are many on a connection.
const MAX_STREAM_HEAD: u32 = 16 * 1024;

/// How connections are served.
#[derive(Clone, Copy, Debug)]
pub(super) struct Serving {
    /// How long a connection may be without any traffic.
    pub idle: Duration,
    /// How long requests have to finish when the server stops.
    pub drain: Duration,
    /// Requests at the same time on one connection of HTTP/2.
    pub max_streams: u32,
}

impl Serving {
    /// Serves until `shutdown` is done, and all connections have ended or the time to drain is over.
    pub async fn run<E: Endpoint<Output = Response> + 'static>(
        self,
        mut door: Door,
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
                // What is not accepted was told in the log.
                accepted = door.accept() => if let Ok((connection, local, remote)) = accepted {
                    let (routes, stopping) = (Arc::clone(&routes), stopping.clone());
                    connections.spawn(self.serve(connection, (local, remote), routes, stopping));
                },
                Some(_) = connections.join_next() => {}
            }
        }
        drop(door);
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
            () = activity.silent_for(self.idle) => {}
            () = stopped(&mut stopping) => {}
        }
        serving.as_mut().graceful_shutdown();
        // After an error, too: a client that sends nothing more may still wait for its answer. How it ends then does not matter.
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
