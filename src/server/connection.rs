//! Connections of clients that take too long are cut.
//!
//! A request's head that comes byte by byte keeps a connection busy for as long as the client likes: it is never idle. So the
//! time is counted from the first byte that comes in after the last byte that went out. A byte that still comes in when that
//! is too long ago ends the connection.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use poem::http::uri::Scheme;
use poem::listener::Acceptor;
use poem::web::{LocalAddr, RemoteAddr};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use super::departures::{Departures, Presence};

/// Accepts connections that may take so long to send a request.
pub(super) struct Door {
    listener: TcpListener,
    address: LocalAddr,
    limit: Duration,
    departures: Arc<Departures>,
}

impl Door {
    pub fn new(listener: TcpListener, limit: Duration, departures: Arc<Departures>) -> io::Result<Self> {
        let address = LocalAddr(listener.local_addr()?.into());
        Ok(Self { listener, address, limit, departures })
    }
}

impl Acceptor for Door {
    type Io = Connection;

    fn local_addr(&self) -> Vec<LocalAddr> {
        vec![self.address.clone()]
    }

    async fn accept(&mut self) -> io::Result<(Connection, LocalAddr, RemoteAddr, Scheme)> {
        let (stream, peer) = match self.listener.accept().await {
            Ok(accepted) => accepted,
            Err(failure) => {
                // Out of files, say: trying again at once would only burn the processor.
                tracing::warn!(%failure, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                return Err(failure);
            }
        };
        // Answers are written whole: waiting for more to send only delays them.
        stream.set_nodelay(true)?;
        let presence = self.departures.arrive(peer);
        let connection = Connection { stream, limit: self.limit, since: None, presence };
        Ok((connection, self.address.clone(), RemoteAddr(peer.into()), Scheme::HTTP))
    }
}

/// One connection.
pub(super) struct Connection {
    stream: TcpStream,
    limit: Duration,
    /// When the first byte came in that was not answered yet.
    since: Option<Instant>,
    presence: Presence,
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = ready!(Pin::new(&mut self.stream).poll_read(context, buffer));
        if read.is_err() || (buffer.filled().len() == before && buffer.remaining() > 0) {
            self.presence.leave();
        }
        read?;
        if buffer.filled().len() > before {
            let since = *self.since.get_or_insert_with(Instant::now);
            if since.elapsed() > self.limit {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the request took too long")));
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
        self.since = None;
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write_vectored(context, buffers))?;
        self.since = None;
        Poll::Ready(Ok(written))
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
