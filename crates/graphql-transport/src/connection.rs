//! Closes connections of slow clients.
//!
//! A request head that comes byte by byte, or stops in the middle, would keep a connection busy for
//! any length of time, because the web server closes only idle connections. So the time is
//! measured from the first byte received after the last byte sent. In the same way, a response that
//! the client does not read occupies memory, so it must be read at a minimum rate.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use poem::web::{LocalAddr, RemoteAddr};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use super::Settings;
use super::admission::Admission;
use super::open_connections::{ConnectionGuard, OpenConnections};
use super::unread_bytes::UnreadBytes;
use client_limits::AddressPrefix;
use telemetry::logs;

/// Bytes that a client must read during each write timeout, once writing has stalled.
const MIN_READ_BYTES: usize = 128 * 1024;
/// Minimum time between two log lines about refused connections.
const MIN_LOG_INTERVAL: Duration = Duration::from_secs(5);

/// Timeouts and limits of connections.
#[derive(Clone, Copy, Debug)]
pub(super) struct ConnectionLimits {
    /// From the first byte of a request to the first byte of its response.
    pub request: Duration,
    /// For reading [`MIN_READ_BYTES`] bytes.
    pub write: Duration,
    /// Maximum number of open connections.
    pub connections: usize,
    /// Maximum number of open connections of one address.
    pub per_address: usize,
}

/// Maximum number of connections other than websockets and event streams, which have separate
/// limits.
const MAX_CONNECTIONS: usize = 2_000;
/// Maximum for one address, or one /64 network of IPv6.
const MAX_PER_ADDRESS: usize = 500;

impl ConnectionLimits {
    /// The limits of the API.
    pub fn of(settings: &Settings) -> Self {
        // Behind a proxy all connections have the proxy's address.
        let per_address = if settings.trusted_proxies == 0 { MAX_PER_ADDRESS } else { MAX_CONNECTIONS };
        Self {
            request: settings.request_timeout,
            write: settings.write_timeout,
            connections: MAX_CONNECTIONS,
            per_address,
        }
    }
}

/// Accepts connections within limits.
pub(super) struct ConnectionListener {
    listener: TcpListener,
    address: LocalAddr,
    limits: ConnectionLimits,
    admission: Admission,
    open_connections: Arc<OpenConnections>,
    /// The last time that a refused connection was logged.
    last_logged: Option<Instant>,
}

impl ConnectionListener {
    pub fn new(
        listener: TcpListener,
        limits: ConnectionLimits,
        open_connections: Arc<OpenConnections>,
    ) -> io::Result<Self> {
        let address = LocalAddr(listener.local_addr()?.into());
        let admission = Admission::new(limits.connections, limits.per_address);
        Ok(Self { listener, address, limits, admission, open_connections, last_logged: None })
    }

    /// Whether a repeated event may be logged now.
    fn may_log(&mut self) -> bool {
        let is_due = self.last_logged.is_none_or(|last_logged| last_logged.elapsed() >= MIN_LOG_INTERVAL);
        if is_due {
            self.last_logged = Some(Instant::now());
        }
        is_due
    }
}

impl ConnectionListener {
    /// The next connection, with the addresses of the server and the client.
    ///
    /// # Errors
    ///
    /// When accepting failed; the next attempt may succeed.
    pub async fn accept(&mut self) -> io::Result<(Connection, LocalAddr, RemoteAddr)> {
        loop {
            let (stream, peer) = match self.listener.accept().await {
                Ok(connected) => connected,
                Err(error) => {
                    // For example, out of file descriptors: an immediate retry would only use the
                    // CPU.
                    if self.may_log() {
                        tracing::warn!(%error, "a connection was not accepted");
                    }
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    return Err(error);
                }
            };
            let Some(permit) = self.admission.try_admit(Some(peer.ip())) else {
                if self.may_log() {
                    let address = AddressPrefix::of(Some(peer.ip()));
                    tracing::warn!(target: logs::SECURITY, event = "connection_refused", %address, "too many connections are open");
                }
                continue;
            };
            // Responses are written as a whole: waiting for more data would only delay them.
            stream.set_nodelay(true)?;
            let unread_bytes = UnreadBytes::default();
            let guard = self.open_connections.register(peer, Some(permit), unread_bytes.clone());
            let activity = Activity(Arc::new(Mutex::new(Instant::now())));
            let connection =
                Connection { stream, limits: self.limits, request: None, stall: None, guard, activity, unread_bytes };
            return Ok((connection, self.address.clone(), RemoteAddr(peer.into())));
        }
    }
}

/// One connection.
pub(super) struct Connection {
    stream: TcpStream,
    limits: ConnectionLimits,
    /// When the current request times out; none between requests.
    request: Option<Pin<Box<Sleep>>>,
    /// Set while the client reads more slowly than the server writes.
    stall: Option<StalledWrite>,
    guard: ConnectionGuard,
    activity: Activity,
    unread_bytes: UnreadBytes,
}

/// The last time that bytes were received or sent.
#[derive(Clone)]
pub(super) struct Activity(Arc<Mutex<Instant>>);

impl Activity {
    fn touch(&self) {
        *self.last() = Instant::now();
    }

    /// Completes when nothing has been received or sent for `limit`.
    pub async fn idle_for(&self, limit: Duration) {
        loop {
            let until = *self.last() + limit;
            if until <= Instant::now() {
                return;
            }
            sleep_until(until).await;
        }
    }

    fn last(&self) -> MutexGuard<'_, Instant> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A write that waits for the client.
struct StalledWrite {
    until: Pin<Box<Sleep>>,
    /// The bytes that were accepted since the timeout started.
    accepted: usize,
}

impl Connection {
    /// The activity of this connection.
    pub fn activity(&self) -> Activity {
        self.activity.clone()
    }

    /// Fails if the request has timed out; otherwise wakes the task when it does.
    fn check_request(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.request.as_mut().map(|request| request.as_mut().poll(context)) {
            Some(Poll::Ready(())) => Err(io::Error::new(io::ErrorKind::TimedOut, "the request took too long")),
            _ => Ok(()),
        }
    }

    /// Checks the result of writing `given` bytes.
    fn check_write(
        &mut self,
        context: &mut Context<'_>,
        given: usize,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let accepted = match &written {
            Poll::Ready(Ok(accepted)) => *accepted,
            Poll::Ready(Err(_)) => return written,
            Poll::Pending => 0,
        };
        if accepted > 0 {
            self.activity.touch();
            self.request = None;
        }
        if accepted == given {
            self.stall = None;
            return written;
        }
        let write = self.limits.write;
        let stall = self.stall.get_or_insert_with(|| StalledWrite { until: Box::pin(sleep(write)), accepted: 0 });
        stall.accepted += accepted;
        if stall.accepted >= MIN_READ_BYTES {
            *stall = StalledWrite { until: Box::pin(sleep(write)), accepted: 0 };
        }
        match stall.until.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client reads too slowly"))),
            Poll::Pending => written,
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let Poll::Ready(read) = Pin::new(&mut self.stream).poll_read(context, buffer) else {
            self.check_request(context)?;
            return Poll::Pending;
        };
        if read.is_err() || (buffer.filled().len() == before && buffer.remaining() > 0) {
            self.guard.mark_closed();
        }
        read?;
        if buffer.filled().len() > before {
            self.activity.touch();
            self.unread_bytes.count_received(buffer.filled().len() - before)?;
            let limit = self.limits.request;
            self.request.get_or_insert_with(|| Box::pin(sleep(limit)));
            self.check_request(context)?;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.check_write(context, bytes.len(), written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let given = buffers.iter().map(|buffer| buffer.len()).sum();
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, buffers);
        self.check_write(context, given, written)
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
