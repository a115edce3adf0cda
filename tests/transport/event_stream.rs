//! Server-sent events: graphql-sse in its distinct connections mode.

use std::net::SocketAddr;
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::Reply;
use crate::server::{Server, with_timeout};

const EVENTS: (&str, &str) = ("accept", "text/event-stream");
const JSON: (&str, &str) = ("content-type", "application/json");

/// A streaming response.
struct Stream {
    socket: TcpStream,
    text: String,
}

impl Stream {
    /// Sends an HTTP/1.0 request, whose response is not chunked.
    async fn request(to: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Self {
        Self::request_with_version("1.0", to, &format!("{method} {path}"), headers, body).await
    }

    async fn request_with_version(
        version: &str,
        to: SocketAddr,
        line: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Self {
        let mut head = format!("{line} HTTP/{version}\r\nhost: {to}\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        let mut socket = TcpStream::connect(to).await.unwrap();
        socket.write_all(format!("{head}\r\n{body}").as_bytes()).await.unwrap();
        Self { socket, text: String::new() }
    }

    async fn post(to: SocketAddr, query: &str, headers: &[(&str, &str)]) -> Self {
        let headers = [&[JSON, EVENTS], headers].concat();
        Self::request(to, "POST", "/graphql", &headers, &json!({ "query": query }).to_string()).await
    }

    /// Reads until `part` is received, and discards everything up to its end.
    async fn read_until(&mut self, part: &str) {
        with_timeout(async {
            let mut bytes = [0; 4096];
            while !self.text.contains(part) {
                let count = self.socket.read(&mut bytes).await.unwrap();
                assert!(count > 0, "it ended before {part:?}: {}", self.text);
                self.text += std::str::from_utf8(&bytes[..count]).unwrap();
            }
        })
        .await;
        self.text = self.text.split_once(part).unwrap().1.to_owned();
    }

    /// Whether the stream was refused because there are too many.
    async fn is_refused(&mut self) -> bool {
        let mut status = [0; 12];
        self.socket.read_exact(&mut status).await.unwrap();
        status.ends_with(b"503")
    }

    /// Reads to the end.
    async fn read_rest(mut self) -> Reply {
        let mut bytes = self.text.into_bytes();
        with_timeout(self.socket.read_to_end(&mut bytes)).await.unwrap();
        Reply::parse(&bytes)
    }
}

fn data(field: &str, value: impl Into<Value>) -> String {
    format!("event: next\ndata: {}\n\n", json!({ "data": { field: value.into() } }))
}

const COMPLETE: &str = "event: complete\ndata:\n\n";

#[tokio::test]
async fn all_kinds_of_operations_return_events() {
    let server = Server::start().await;
    let to = server.address;
    let reply = Stream::post(to, "subscription { count(to: 2) }", &[]).await.read_rest().await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/event-stream; charset=utf-8")));
    assert_eq!((reply.header("cache-control"), reply.header("x-accel-buffering")), (Some("no-store"), Some("no")));
    assert_eq!(reply.body, format!(":\n\n{}{}{COMPLETE}", data("count", 1), data("count", 2)));
    let bearer = [("authorization", "Bearer good")];
    let reply = Stream::post(to, "{ viewer }", &bearer).await.read_rest().await;
    assert_eq!(reply.body, format!(":\n\n{}{COMPLETE}", data("viewer", "good")));
    let reply = Stream::post(to, "mutation { add(amount: 1) }", &[]).await.read_rest().await;
    assert_eq!(reply.body, format!(":\n\n{}{COMPLETE}", data("add", 1)));
    let path = "/graphql?query=subscription%7Bcount(to:1)%7D";
    let reply = Stream::request(to, "GET", path, &[EVENTS], "").await.read_rest().await;
    assert_eq!(reply.body, format!(":\n\n{}{COMPLETE}", data("count", 1)));
}

#[tokio::test]
async fn json_is_preferred_if_both_are_accepted_and_possible() {
    let server = Server::start().await;
    let both = ("accept", "application/graphql-response+json, application/json, text/event-stream, multipart/mixed");
    let send = async |query: &str| {
        let body = json!({ "query": query }).to_string();
        Stream::request(server.address, "POST", "/graphql", &[JSON, both], &body).await.read_rest().await
    };
    assert_eq!(send("{ viewer }").await.json(), json!({ "data": { "viewer": null } }));
    assert_eq!(send("{ nope }").await.status, 400);
    let reply = send("subscription { count(to: 1) }").await;
    assert_eq!(reply.header("content-type"), Some("text/event-stream; charset=utf-8"));
}

/// C12.
#[tokio::test]
async fn an_event_carries_its_cursor_and_the_last_one_resumes_the_stream() {
    let server = Server::start().await;
    let to = server.address;
    let numbered = |number: i32| format!("event: next\nid: {number}\ndata: {{\"data\":{{\"numbers\":{number}}}}}\n\n");
    let all = Stream::post(to, "subscription { numbers }", &[]).await.read_rest().await;
    assert_eq!(all.body, format!(":\n\n{}{}{}{COMPLETE}", numbered(1), numbered(2), numbered(3)));
    let argument = "subscription { numbers(after: 1) }";
    let resumed = Stream::post(to, argument, &[("last-event-id", "2")]).await.read_rest().await;
    assert_eq!(
        resumed.body,
        format!(":\n\n{}{COMPLETE}", numbered(3)),
        "the header takes precedence over the argument"
    );
    let first = Stream::post(to, argument, &[("last-event-id", "")]).await.read_rest().await;
    assert_eq!(first.body, format!(":\n\n{}{}{COMPLETE}", numbered(2), numbered(3)));
}

#[tokio::test]
async fn rejected_operations_are_events_and_bad_requests_are_json() {
    let server = Server::start().await;
    let to = server.address;
    for (query, code) in [
        ("{ nope }", "GRAPHQL_VALIDATION_FAILED"),
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("subscription { refused }", "BAD_USER_INPUT"),
        ("subscription { bug }", "INTERNAL"),
    ] {
        let reply = Stream::post(to, query, &[]).await.read_rest().await;
        let event = reply.body.trim_start_matches(":\n\n").strip_prefix("event: next\ndata: ");
        let (event, rest) = event.unwrap_or_else(|| panic!("{reply:?}")).split_once("\n\n").unwrap();
        let event: Value = serde_json::from_str(event).unwrap();
        assert_eq!((reply.status, &event["errors"][0]["extensions"]["code"]), (200, &json!(code)), "{query}");
        assert_eq!((event.get("data"), rest), (None, COMPLETE), "{query}");
    }
    let forged = Stream::post(to, "{ viewer }", &[("authorization", "Bearer forged")]).await.read_rest().await;
    assert_eq!((forged.status, forged.code().as_str()), (401, "UNAUTHENTICATED"));
    let broken = Stream::request(to, "POST", "/graphql", &[JSON, EVENTS], "{").await.read_rest().await;
    assert_eq!((broken.status, broken.code().as_str()), (400, "BAD_REQUEST"));
    let path = "/graphql?query=mutation%7Badd(amount:1)%7D";
    assert_eq!(Stream::request(to, "GET", path, &[EVENTS], "").await.read_rest().await.status, 405);
    let foreign =
        Stream::post(to, "subscription { live }", &[("origin", "https://evil.example")]).await.read_rest().await;
    assert_eq!(foreign.status, 403);
    assert_eq!(server.world.runs(), 0);
}

/// An event has a separate limit.
#[tokio::test]
async fn an_event_reports_its_cost_and_limit() {
    let server = Server::start().await;
    let body = json!({ "query": "subscription { count(to: 1) }", "extensions": { "cost": true } }).to_string();
    let reply = Stream::request(server.address, "POST", "/graphql", &[JSON, EVENTS], &body).await.read_rest().await;
    assert!(reply.body.contains("\"limit\":1000,"), "{reply:?}");
}

#[tokio::test]
async fn a_stream_is_kept_open_by_comments() {
    let server = Server::with_settings(|settings| settings.ping_interval = Duration::from_millis(50)).await;
    let mut stream = Stream::post(server.address, "subscription { live }", &[]).await;
    with_timeout(server.world.entered.notified()).await;
    stream.read_until(":\n\n:\n\n:\n\n").await;
    server.world.events.send(7).unwrap();
    stream.read_until(&data("live", 7)).await;
}

#[tokio::test]
async fn a_stream_ends_with_its_session_and_is_not_complete() {
    let server = Server::with_settings(|settings| settings.ping_interval = Duration::from_millis(50)).await;
    let mut short = Stream::post(server.address, "subscription { live }", &[("authorization", "Bearer short")]).await;
    short.read_until(":\n\n").await;
    server.world.advance(TimeDelta::seconds(1));
    assert!(!short.read_rest().await.head.contains("complete"));
    let bearer = [("authorization", "Bearer revocable")];
    let mut revocable = Stream::post(server.address, "subscription { live }", &bearer).await;
    revocable.read_until(":\n\n").await;
    server.world.revoke.notify_one();
    assert!(!revocable.read_rest().await.head.contains("complete"));
}

#[tokio::test]
async fn a_stopping_server_ends_its_streams() {
    let mut server = Server::start().await;
    let mut stream = Stream::post(server.address, "subscription { live }", &[]).await;
    stream.read_until(":\n\n").await;
    server.begin_stop();
    assert!(!stream.read_rest().await.head.contains("complete"));
    server.wait_until_stopped().await;
}

#[tokio::test]
async fn a_slow_or_disconnected_reader_ends_the_subscription() {
    let server = Server::with_settings(|settings| settings.write_timeout = Duration::from_millis(300)).await;
    let _slow = Stream::post(server.address, "subscription { flood }", &[]).await;
    with_timeout(server.world.streams_dropped.notified()).await;
    // The server does not read from an HTTP/1.0 client any more, so only writing a comment detects
    // that it has disconnected.
    let server = Server::with_settings(|settings| settings.ping_interval = Duration::from_millis(50)).await;
    let mut client = Stream::post(server.address, "subscription { live }", &[]).await;
    client.read_until(":\n\n").await;
    drop(client);
    with_timeout(server.world.streams_dropped.notified()).await;
}

#[tokio::test]
async fn a_disconnected_reader_ends_the_subscription_without_a_comment() {
    let server = Server::with_settings(|settings| settings.ping_interval = Duration::from_secs(3_600)).await;
    let body = json!({ "query": "subscription { live }" }).to_string();
    for (number, line) in ["POST /graphql", "GET /graphql?query=subscription%7Blive%7D"].into_iter().enumerate() {
        let body = if number == 0 { body.as_str() } else { "" };
        for _ in 0..20 {
            let mut client = Stream::request_with_version("1.1", server.address, line, &[JSON, EVENTS], body).await;
            client.read_until(":\n\n").await;
            drop(client);
            with_timeout(server.world.streams_dropped.notified()).await;
        }
    }
}

/// S9: long connections are limited in total and per address.
#[tokio::test]
async fn streams_and_sockets_have_a_common_limit() {
    let server = Server::with_settings(|settings| {
        settings.max_sockets = 2;
        settings.max_sockets_per_address = 1;
        settings.trusted_proxies = 1;
        settings.ping_interval = Duration::from_millis(50);
    })
    .await;
    let open = async |from: &'static str| {
        Stream::post(server.address, "subscription { live }", &[("x-forwarded-for", from)]).await
    };
    let mut first = open("192.0.2.1").await;
    first.read_until(":\n\n").await;
    let second = open("192.0.2.1").await.read_rest().await;
    assert_eq!((second.status, second.header("retry-after")), (503, Some("5")));
    assert_eq!(second.json()["errors"][0]["extensions"]["retryable"], true);
    let mut other = open("192.0.2.2").await;
    other.read_until(":\n\n").await;
    assert_eq!(open("192.0.2.3").await.read_rest().await.status, 503);
    let headers = [("sec-websocket-protocol", "graphql-transport-ws"), ("x-forwarded-for", "192.0.2.1")];
    let mut socket = crate::client::Socket::open(server.address, &headers).await.unwrap();
    assert_eq!(socket.wait_for_close().await.0, 1013);
    drop(first);
    with_timeout(server.world.streams_dropped.notified()).await;
    // The connection that was closed may be removed a moment later.
    with_timeout(async { while open("192.0.2.1").await.is_refused().await {} }).await;
}
