//! The HTTP client of these tests: requests over real sockets, one connection each. It is written by hand, because tests stop in the
//! middle of a request or response, count bytes, and read responses that a client library would reject.

use std::io;

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::sizes;

/// A complete response.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub body: Value,
}

impl Reply {
    fn parse(answer: &str) -> io::Result<Self> {
        let cut = || io::Error::new(io::ErrorKind::UnexpectedEof, "the response is incomplete");
        let (head, body) = answer.split_once("\r\n\r\n").ok_or_else(cut)?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(cut)?;
        Ok(Self { status, body: serde_json::from_str(body).map_err(|_| cut())? })
    }

    /// The code of its first error.
    pub fn code(&self) -> Option<&str> {
        self.body["errors"][0]["extensions"]["code"].as_str()
    }

    /// Whether the same request can be retried.
    pub fn is_retryable(&self) -> bool {
        self.body["errors"][0]["extensions"]["retryable"] == true
    }

    /// The value of its only root field; the response must have no errors.
    #[track_caller]
    pub fn field(&self) -> &Value {
        assert!(self.status == 200 && self.body.get("errors").is_none(), "{self:?}");
        let fields = self.body["data"].as_object().unwrap_or_else(|| panic!("{self:?}"));
        fields.values().next().unwrap()
    }
}

/// Sends a request and does not wait for the response. `line` is the request line; `host` and `content-length` are added.
pub async fn request(to: &str, line: &str, headers: &[(&str, &str)], body: &str) -> io::Result<TcpStream> {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let text = format!("{line}\r\nhost: {to}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len());
    let mut stream = TcpStream::connect(to).await?;
    stream.write_all(text.as_bytes()).await?;
    Ok(stream)
}

/// Sends a request that closes the connection, and returns the head and body of the response.
pub async fn exchange(to: &str, line: &str, headers: &[(&str, &str)], body: &str) -> io::Result<(String, String)> {
    let headers = [&[("connection", "close")], headers].concat();
    let mut bytes = Vec::new();
    request(to, line, &headers, body).await?.read_to_end(&mut bytes).await?;
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok((head.to_owned(), body.to_owned()))
}

/// The request line of an operation.
pub const POST: &str = "POST /graphql HTTP/1.1";
/// The content type of an operation.
pub const JSON: (&str, &str) = ("content-type", "application/json");

/// Sends an operation and does not wait for its response. An empty token is anonymous.
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
    let bearer = format!("Bearer {token}");
    let authorization = [("authorization", bearer.as_str())];
    let authorization = if token.is_empty() { &[][..] } else { &authorization[..] };
    let usual = [("connection", "close"), ("accept", "application/json"), JSON];
    request(to, POST, &[&usual, authorization, headers].concat(), &body).await
}

/// Sends an operation and reads the response.
///
/// # Errors
/// When there is no server, or it closes the connection.
pub async fn post(to: &str, token: &str, query: &str, variables: &Value) -> io::Result<Reply> {
    let reply = read(send(to, token, query, variables).await?).await?;
    sizes::check(query, variables, &reply.body["data"]);
    Ok(reply)
}

/// Like [`post`], with additional headers.
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

/// Sends a body that the server may reject before it has read it completely, and reads the response meanwhile.
///
/// # Errors
/// When there is no response.
pub async fn post_body(to: &str, body: String) -> io::Result<Reply> {
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: {to}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         accept: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let (mut from, mut into) = TcpStream::connect(to).await?.into_split();
    let sending = tokio::spawn(async move {
        into.write_all(head.as_bytes()).await?;
        // The server may close the connection before.
        into.write_all(body.as_bytes()).await
    });
    let mut answer = Vec::new();
    // A server that closes with unread bytes resets the connection after its response.
    let end = from.read_to_end(&mut answer).await;
    sending.abort();
    Reply::parse(&String::from_utf8_lossy(&answer)).map_err(|cut| end.err().unwrap_or(cut))
}

/// Gets a JSON resource.
pub async fn get(to: &str, path: &str) -> io::Result<Reply> {
    read(request(to, &format!("GET {path} HTTP/1.1"), &[("connection", "close")], "").await?).await
}

/// Gets a text: its status and content.
pub async fn text(to: &str, path: &str) -> io::Result<(u16, String)> {
    let (head, body) = exchange(to, &format!("GET {path} HTTP/1.1"), &[], "").await?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let is_chunked = head.to_lowercase().contains("transfer-encoding: chunked");
    Ok((status.unwrap_or_default(), if is_chunked { of_chunks(&body) } else { body }))
}

/// The content of a chunked body; other servers send long responses so.
fn of_chunks(body: &str) -> String {
    let (mut rest, mut whole) = (body.as_bytes(), Vec::new());
    while let Some(end) = rest.windows(2).position(|pair| pair == b"\r\n") {
        let size = std::str::from_utf8(&rest[..end]).ok().and_then(|size| usize::from_str_radix(size, 16).ok());
        let Some(chunk) = size.filter(|size| *size > 0).and_then(|size| rest.get(end + 2..end + 2 + size)) else {
            break;
        };
        whole.extend_from_slice(chunk);
        rest = rest.get(end + 4 + chunk.len()..).unwrap_or_default();
    }
    String::from_utf8_lossy(&whole).into_owned()
}

async fn read(stream: TcpStream) -> io::Result<Reply> {
    Reply::parse(&letters(stream).await?)
}

/// A response as text, with its head.
///
/// # Errors
/// When it is not received.
pub async fn letters(mut stream: TcpStream) -> io::Result<String> {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}
