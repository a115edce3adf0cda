//! Connections of clients that take too long are cut.
//!
//! A request's head that comes byte by byte, or stops in its middle, keeps a connection busy for as long as the client likes: the web server
//! ends only what is idle. So the time is counted from the first byte that comes in after the last byte that went out. In the same way an
//! answer that its client does not take holds memory, so it has to be taken at some speed.

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
use super::departures::{Departures, Presence};
use super::inflow::Inflow;
use client_limits::AddressPrefix;
use telemetry::logs;

/// The bytes that a client has to take in each turn of the write limit, once it keeps the server waiting.
const LEAST_TAKEN: usize = 128 * 1024;
/// How often the log says that connections are refused, at the most.
const QUIET: Duration = Duration::from_secs(5);

/// How long clients may take, and how many connections they may have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// From the first byte of a request to the first of its answer.
    pub request: Duration,
    /// To take [`LEAST_TAKEN`] bytes.
    pub write: Duration,
    /// Open connections in all.
    pub connections: usize,
    /// Open connections of one address.
    pub per_address: usize,
}

/// Connections that are not websockets or event streams, which have limits of their own.
const CONNECTIONS: usize = 2_000;
/// Those of one address, or of one /64 of IPv6.
const PER_ADDRESS: usize = 500;

impl Bounds {
    /// Those of the API.
    pub fn of(settings: &Settings) -> Self {
        // Behind a proxy all connections have its address.
        let per_address = if settings.trusted_proxies == 0 { PER_ADDRESS } else { CONNECTIONS };
        Self { request: settings.request_timeout, write: settings.write_timeout, connections: CONNECTIONS, per_address }
    }
}

/// Accepts connections within bounds.
pub(super) struct Door {
    listener: TcpListener,
    address: LocalAddr,
    bounds: Bounds,
    admission: Admission,
    departures: Arc<Departures>,
    /// When the log last said that a connection is refused.
    told: Option<Instant>,
}

impl Door {
    pub fn new(listener: TcpListener, bounds: Bounds, departures: Arc<Departures>) -> io::Result<Self> {
        let address = LocalAddr(listener.local_addr()?.into());
        let admission = Admission::new(bounds.connections, bounds.per_address);
        Ok(Self { listener, address, bounds, admission, departures, told: None })
    }

    /// Whether the log may say something that happens again and again.
    fn may_tell(&mut self) -> bool {
        let may = self.told.is_none_or(|told| told.elapsed() >= QUIET);
        if may {
            self.told = Some(Instant::now());
        }
        may
    }
}

impl Door {
    /// The next connection, with the address of the server and of the client.
    ///
    /// # Errors
    ///
    /// It was not accepted. The next may be.
    pub async fn accept(&mut self) -> io::Result<(Connection, LocalAddr, RemoteAddr)> {
        loop {
            let (stream, peer) = match self.listener.accept().await {
                Ok(accepted) => accepted,
                Err(failure) => {
                    // Out of files, say: trying again at once would only burn the processor.
                    if self.may_tell() {
                        tracing::warn!(%failure, "a connection was not accepted");
                    }
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    return Err(failure);
                }
            };
            let Some(admitted) = self.admission.admit(Some(peer.ip())) else {
                if self.may_tell() {
                    let address = AddressPrefix::of(Some(peer.ip()));
                    tracing::warn!(target: logs::SECURITY, event = "connection_refused", %address, "too many connections are open");
                }
                continue;
            };
            // Answers are written whole: waiting for more to send only delays them.
            stream.set_nodelay(true)?;
            let inflow = Inflow::default();
            let presence = self.departures.arrive(peer, Some(admitted), inflow.clone());
            let activity = Activity(Arc::new(Mutex::new(Instant::now())));
            let connection =
                Connection { stream, bounds: self.bounds, request: None, stall: None, presence, activity, inflow };
            return Ok((connection, self.address.clone(), RemoteAddr(peer.into())));
        }
    }
}

/// One connection.
pub(super) struct Connection {
    stream: TcpStream,
    bounds: Bounds,
    /// When a request that was not answered yet has taken too long.
    request: Option<Pin<Box<Sleep>>>,
    /// Since the client takes less than it is given.
    stall: Option<Stall>,
    presence: Presence,
    activity: Activity,
    inflow: Inflow,
}

/// When bytes last went in or out.
#[derive(Clone)]
pub(super) struct Activity(Arc<Mutex<Instant>>);

impl Activity {
    fn note(&self) {
        *self.last() = Instant::now();
    }

    /// Done once nothing has gone in or out for so long.
    pub async fn silent_for(&self, limit: Duration) {
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

/// A client that keeps the server waiting.
struct Stall {
    until: Pin<Box<Sleep>>,
    taken: usize,
}

impl Connection {
    /// When bytes last went in or out.
    pub fn activity(&self) -> Activity {
        self.activity.clone()
    }

    /// Fails once the request has taken too long; else wakes the task when it has.
    fn check_request(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.request.as_mut().map(|request| request.as_mut().poll(context)) {
            Some(Poll::Ready(())) => Err(io::Error::new(io::ErrorKind::TimedOut, "the request took too long")),
            _ => Ok(()),
        }
    }

    /// What became of writing `given` bytes.
    fn judge(
        &mut self,
        context: &mut Context<'_>,
        given: usize,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let taken = match &written {
            Poll::Ready(Ok(taken)) => *taken,
            Poll::Ready(Err(_)) => return written,
            Poll::Pending => 0,
        };
        if taken > 0 {
            self.activity.note();
            self.request = None;
        }
        if taken == given {
            self.stall = None;
            return written;
        }
        let write = self.bounds.write;
        let stall = self.stall.get_or_insert_with(|| Stall { until: Box::pin(sleep(write)), taken: 0 });
        stall.taken += taken;
        if stall.taken >= LEAST_TAKEN {
            *stall = Stall { until: Box::pin(sleep(write)), taken: 0 };
        }
        match stall.until.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client takes too little"))),
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
            self.presence.leave();
        }
        read?;
        if buffer.filled().len() > before {
            self.activity.note();
            self.inflow.received(buffer.filled().len() - before)?;
            let limit = self.bounds.request;
            self.request.get_or_insert_with(|| Box::pin(sleep(limit)));
            self.check_request(context)?;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.judge(context, bytes.len(), written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let given = buffers.iter().map(|buffer| buffer.len()).sum();
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, buffers);
        self.judge(context, given, written)
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
