//! A connection that is read line by line.
//!
//! Whoever controls the network can append answers to the one that accepts STARTTLS. If the client
//! read them together with it, it would take them for answers that came encrypted (CVE-2011-0411).
//! Here they stay in the socket, where TLS finds and refuses them.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
};

use lettre::transport::smtp::client::AsyncTokioStream;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

/// Most bytes of one read.
const CHUNK: usize = 1024;

/// A connection of which one read never passes the end of a line.
#[derive(Debug)]
pub(super) struct LineStream(TcpStream);

impl LineStream {
    pub fn new(stream: TcpStream) -> Self {
        Self(stream)
    }
}

impl AsyncTokioStream for LineStream {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.peer_addr()
    }
}

impl AsyncRead for LineStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut bytes = [0; CHUNK];
        let most = buffer.remaining().min(CHUNK);
        let mut peeked = ReadBuf::new(&mut bytes[..most]);
        ready!(self.0.poll_peek(cx, &mut peeked))?;
        let seen = peeked.filled();
        let line = seen.iter().position(|byte| *byte == b'\n').map_or(seen.len(), |end| end + 1);
        let mut part = ReadBuf::new(&mut bytes[..line]);
        if line > 0 {
            ready!(Pin::new(&mut self.0).poll_read(cx, &mut part))?;
        }
        buffer.put_slice(part.filled());
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for LineStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    #[tokio::test]
    async fn a_read_ends_with_its_line() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (mut server, _) = listener.accept().await.unwrap();
        let long = "x".repeat(CHUNK + 10);
        server.write_all(format!("220 go\r\n250 injected\r\n{long}").as_bytes()).await.unwrap();
        server.shutdown().await.unwrap();
        let mut stream = LineStream::new(client);
        let mut buffer = [0; 4 * CHUNK];
        let mut reads = Vec::new();
        loop {
            let length = stream.read(&mut buffer).await.unwrap();
            if length == 0 {
                break;
            }
            reads.push(String::from_utf8(buffer[..length].to_vec()).unwrap());
        }
        assert_eq!(reads[..2], ["220 go\r\n", "250 injected\r\n"]);
        assert_eq!(reads[2..].concat(), long);
    }
}
