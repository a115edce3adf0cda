//! Requests over real sockets, one connection each.

use std::io;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::sizes;

/// An answer that came whole.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub body: Value,
}

impl Reply {
    fn parse(answer: &str) -> io::Result<Self> {
        let cut = || io::Error::new(io::ErrorKind::UnexpectedEof, "the answer is not whole");
        let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(cut)?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(cut)?;
        Ok(Self { status, body: serde_json::from_str(body).map_err(|_| cut())? })
    }

    /// The code of its first error.
    pub fn code(&self) -> Option<&str> {
        self.body["errors"][0]["extensions"]["code"].as_str()
    }

    /// Whether it says that the same request can be sent again.
    pub fn is_retryable(&self) -> bool {
        self.body["errors"][0]["extensions"]["retryable"] == true
    }

    /// What its only root field gives; the answer has no errors.
    #[track_caller]
    pub fn field(&self) -> &Value {
        assert!(self.status == 200 && self.body.get("errors").is_none(), "{self:?}");
        let fields = self.body["data"].as_object().unwrap_or_else(|| panic!("{self:?}"));
        fields.values().next().unwrap()
    }
}

/// Sends an operation and does not wait for its answer. An empty token is nobody's.
pub async fn send(to: &str, token: &str, query: &str, variables: &Value) -> io::Result<TcpStream> {
    send_with(to, token, &[], query, variables).await
}

async fn send_with(
    to: &str,
    token: &str,
    headers: &[(&str, &str)],
    query: &str,
    variables: &Value,
) -> io::Result<TcpStream> {
    let body = json!({ "query": query, "variables": variables }).to_string();
    let bearer = if token.is_empty() { String::new() } else { format!("authorization: Bearer {token}\r\n") };
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let request = format!(
        "POST /graphql HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\n{bearer}{headers}content-type: application/json\r\n\
         accept: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(to).await?;
    stream.write_all(request.as_bytes()).await?;
    Ok(stream)
}

/// Sends an operation and reads its answer.
///
/// # Errors
/// Nobody listens, or who listened is gone.
pub async fn post(to: &str, token: &str, query: &str, variables: &Value) -> io::Result<Reply> {
    let reply = read(send(to, token, query, variables).await?).await?;
    sizes::check(query, variables, &reply.body["data"]);
    Ok(reply)
}

/// As [`post`], with more headers.
///
/// # Errors
/// As [`post`].
pub async fn post_with(
    to: &str,
    token: &str,
    headers: &[(&str, &str)],
    query: &str,
    variables: &Value,
) -> io::Result<Reply> {
    let reply = read(send_with(to, token, headers, query, variables).await?).await?;
    sizes::check(query, variables, &reply.body["data"]);
    Ok(reply)
}

/// Sends a body that the server may refuse before it has read it to its end, and reads the answer meanwhile.
///
/// # Errors
/// There is no answer.
pub async fn post_body(to: &str, body: String) -> io::Result<Reply> {
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         accept: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let (mut from, mut into) = TcpStream::connect(to).await?.into_split();
    let sending = tokio::spawn(async move {
        into.write_all(head.as_bytes()).await?;
        // The other side may have had enough.
        into.write_all(body.as_bytes()).await
    });
    let mut answer = Vec::new();
    // A server that closes with unread bytes resets the connection, behind its answer.
    let end = from.read_to_end(&mut answer).await;
    sending.abort();
    Reply::parse(&String::from_utf8_lossy(&answer)).map_err(|cut| end.err().unwrap_or(cut))
}

/// Asks for a page.
pub async fn get(to: &str, path: &str) -> io::Result<Reply> {
    let mut stream = TcpStream::connect(to).await?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\n\r\n").as_bytes()).await?;
    read(stream).await
}

/// Asks for something that is not JSON: its status and text.
pub async fn text(to: &str, path: &str) -> io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(to).await?;
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\n\r\n").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok((status.unwrap_or_default(), body.to_owned()))
}

async fn read(stream: TcpStream) -> io::Result<Reply> {
    Reply::parse(&letters(stream).await?)
}

/// An answer letter by letter, with its head.
///
/// # Errors
/// It did not come.
pub async fn letters(mut stream: TcpStream) -> io::Result<String> {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
