//! Limits on size and time.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

use crate::client::{GRAPHQL, Reply, post, send};
use crate::server::{Server, with_timeout};

#[tokio::test]
async fn doubled_fragments_take_no_time() {
    let server = Server::start().await;
    let mut text = String::from("{ book { ...F0 } }");
    for level in 0..30 {
        text += &format!(" fragment F{level} on Book {{ ...F{0} ...F{0} }}", level + 1);
    }
    text += " fragment F30 on Book { id }";
    let started = Instant::now();
    let reply = post(server.address, &text, Value::Null).await;
    assert_eq!((reply.status, reply.code().as_str()), (400, "DOCUMENT_TOO_LARGE"));
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

#[tokio::test]
async fn ten_thousand_aliases_run_nothing() {
    let server = Server::start().await;
    for field in ["__typename", "book { id }"] {
        let text: String = (0..10_000).map(|n| format!("a{n}:{field} ")).collect();
        let reply = post(server.address, &format!("{{ {text} }}"), Value::Null).await;
        assert_eq!((reply.status, reply.code().as_str()), (400, "DOCUMENT_TOO_LARGE"));
    }
    assert_eq!(server.world.runs(), 0);
}

#[tokio::test]
async fn errors_are_shorter_than_the_names_in_them() {
    let server = Server::start().await;
    for text in ["y".repeat(60_000), "x ".repeat(900)] {
        let reply = post(server.address, &format!("{{ {text} }}"), Value::Null).await;
        assert_eq!(reply.status, 400);
        assert!(reply.body.len() < 5_000, "{} bytes", reply.body.len());
    }
}

#[tokio::test]
async fn a_body_with_a_too_large_content_length_is_not_read() {
    let server = Server::start().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head =
        "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 52428800\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    with_timeout(stream.read_to_end(&mut bytes)).await.unwrap();
    assert_eq!(Reply::parse(&bytes).status, 413);
}

#[tokio::test]
async fn a_chunked_body_of_fifty_megabytes_is_rejected_early() {
    let server = Server::start().await;
    let stream = TcpStream::connect(server.address).await.unwrap();
    let (mut read, mut write) = stream.into_split();
    let head =
        "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    write.write_all(head.as_bytes()).await.unwrap();
    let sending = tokio::spawn(async move {
        let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
        let mut sent = 0;
        while sent < 50 * 1024 * 1024 && write.write_all(chunk.as_bytes()).await.is_ok() {
            sent += 0x10000;
        }
        sent
    });
    let mut response = vec![0; 4096];
    let length = with_timeout(read.read(&mut response)).await.unwrap();
    assert_eq!(Reply::parse(&response[..length]).status, 413);
    drop(read);
    let sent = with_timeout(sending).await.unwrap();
    assert!(sent < 20 * 1024 * 1024, "{sent} bytes were accepted");
}

#[tokio::test]
async fn a_body_that_never_ends_times_out() {
    let server = Server::with_settings(|settings| settings.body_timeout = Duration::from_millis(50)).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut response = vec![0; 4096];
    let length = with_timeout(stream.read(&mut response)).await.unwrap();
    assert_eq!(Reply::parse(&response[..length]).status, 408);
}

#[tokio::test]
async fn a_slow_head_times_out() {
    let server = Server::with_settings(|settings| settings.request_timeout = Duration::from_millis(50)).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    with_timeout(async {
        let mut trickle = tokio::time::interval(Duration::from_millis(10));
        let mut response = [0; 1];
        stream.write_all(b"GET / HTTP/1.1\r\nx: ").await.unwrap();
        loop {
            tokio::select! {
                _ = trickle.tick() => if stream.write_all(b"y").await.is_err() { break },
                read = stream.read(&mut response) => {
                    assert!(matches!(read, Ok(0) | Err(_)), "the server responded");
                    break;
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn an_incomplete_head_times_out() {
    let server = Server::with_settings(|settings| settings.request_timeout = Duration::from_millis(50)).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nx: ").await.unwrap();
    let mut response = Vec::new();
    // An end or an error: the connection is closed.
    let _ = with_timeout(stream.read_to_end(&mut response)).await;
    assert!(response.is_empty(), "{}", String::from_utf8_lossy(&response));
}

/// A response that no client reads must not occupy memory forever, and a stopping server must not
/// wait for it.
#[tokio::test]
async fn a_response_that_is_not_read_times_out() {
    for accept in ["application/json", "text/event-stream"] {
        let mut server = Server::with_settings(|settings| {
            settings.write_timeout = Duration::from_millis(200);
            // More than the system buffers for a reader.
            settings.max_body_bytes = 500_000;
            settings.drain_timeout = Duration::from_secs(3_600);
        })
        .await;
        let title = "x".repeat(400_000);
        let fields: String = (0..19).map(|n| format!("a{n}: patch(title: $title) ")).collect();
        let query = format!("query ($title: String) {{ book {{ id }} {fields} }}");
        let body = json!({ "query": query, "variables": { "title": title } }).to_string();
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\naccept: {accept}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        let mut stream = socket.connect(server.address).await.unwrap();
        stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        with_timeout(async {
            while server.world.runs() == 0 {
                tokio::task::yield_now().await;
            }
        })
        .await;
        server.begin_stop();
        server.wait_until_stopped().await;
        let mut response = Vec::new();
        let _ = with_timeout(stream.read_to_end(&mut response)).await;
        assert!(response.len() < 19 * 400_000, "{accept}: it was not completed");
    }
}

#[tokio::test]
async fn connections_of_one_address_are_limited() {
    let server = Server::start().await;
    let mut streams = Vec::new();
    // One more than the limit for one address.
    for _ in 0..501 {
        streams.push(TcpStream::connect(server.address).await.unwrap());
    }
    let mut last = streams.pop().unwrap();
    let mut response = Vec::new();
    let _ = with_timeout(last.read_to_end(&mut response)).await;
    assert!(response.is_empty());
    drop(streams);
    // Connections are admitted again as soon as the server has detected that others are closed.
    with_timeout(async {
        loop {
            let mut stream = TcpStream::connect(server.address).await.unwrap();
            let sent = stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
            let mut response = Vec::new();
            if sent.is_ok() && stream.read_to_end(&mut response).await.is_ok() && !response.is_empty() {
                return;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn an_idle_connection_is_closed() {
    let server = Server::with_settings(|settings| settings.idle_timeout = Duration::from_millis(50)).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let mut bytes = Vec::new();
    with_timeout(stream.read_to_end(&mut bytes)).await.unwrap();
    assert!(bytes.is_empty());
}

#[tokio::test]
async fn the_whole_contract_can_be_introspected() {
    let server = Server::start().await;
    let reference = "kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } } } } } }";
    let value = format!("name description type {{ {reference} }} defaultValue isDeprecated deprecationReason");
    let text = format!(
        "query IntrospectionQuery {{ __schema {{ description queryType {{ name kind }} mutationType {{ name kind }} \
         subscriptionType {{ name kind }} types {{ kind name description specifiedByURL isOneOf \
         fields(includeDeprecated: true) {{ name description args(includeDeprecated: true) {{ {value} }} \
         type {{ {reference} }} isDeprecated deprecationReason }} inputFields(includeDeprecated: true) {{ {value} }} \
         interfaces {{ {reference} }} enumValues(includeDeprecated: true) {{ name description isDeprecated deprecationReason }} \
         possibleTypes {{ {reference} }} }} directives {{ name description isRepeatable locations \
         args(includeDeprecated: true) {{ {value} }} }} }} }}"
    );
    let reply = post(server.address, &text, json!({})).await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(reply.json()["data"]["__schema"]["queryType"]["name"], "Query");
    let hook = send(server.address, "GET", "/hook", &[], "").await;
    assert_eq!(hook.body, "hooked");
}

/// Without a limit, one HTTP/2 connection could hold a hundred thousand incomplete requests.
#[tokio::test]
async fn requests_on_one_http_2_connection_are_limited() {
    let server = Server::start().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    // The preface, and empty settings.
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut head = [0; 9];
    with_timeout(stream.read_exact(&mut head)).await.unwrap();
    assert_eq!(head[3], 4, "settings come first");
    let mut settings = vec![0; usize::from(u16::from_be_bytes([head[1], head[2]]))];
    with_timeout(stream.read_exact(&mut settings)).await.unwrap();
    let found = settings.chunks(6).find(|setting| setting[..2] == [0, 3]).expect("a limit of streams");
    assert_eq!(found[2..], [0, 0, 0, 32]);
}

/// A client at one of the local addresses.
async fn connect_from(from: &str, to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
    socket.connect(to).await.unwrap()
}

fn post_head(length: usize) -> String {
    format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\naccept: {GRAPHQL}\r\nconnection: close\r\n\
         content-length: {length}\r\n\r\n"
    )
}

async fn read_reply(mut stream: TcpStream) -> Reply {
    let mut bytes = Vec::new();
    with_timeout(stream.read_to_end(&mut bytes)).await.unwrap();
    Reply::parse(&bytes)
}

#[tokio::test]
async fn a_too_long_head_is_rejected() {
    let server = Server::start().await;
    for (method, path) in [("POST", "/graphql"), ("GET", "/healthz")] {
        let execute = async |header: &str| send(server.address, method, path, &[("x-padding", header)], "").await;
        let reply = execute(&"x".repeat(32 * 1024)).await;
        assert_eq!((reply.status, reply.code().as_str()), (431, "BAD_REQUEST"), "{path}");
        assert!(reply.header("x-request-id").is_some());
        assert_ne!(execute(&"x".repeat(31 * 1024)).await.status, 431, "{path}");
    }
}

/// A connection must not buffer 400 kB of an incomplete head, as the library does by default.
#[tokio::test]
async fn an_endless_head_is_rejected_early() {
    let server = Server::start().await;
    let (read, mut write) = TcpStream::connect(server.address).await.unwrap().into_split();
    let endless = tokio::spawn(async move {
        let mut chunk: &[u8] = b"GET / HTTP/1.1\r\nhost: x\r\nx-padding: ";
        // Less than the library buffers by default, and more than the server may buffer.
        for _ in 0..25 {
            if write.write_all(chunk).await.is_err() {
                break;
            }
            chunk = &[b'x'; 8 * 1024];
        }
        write
    });
    let mut response = vec![0; 12];
    with_timeout({ read }.read_exact(&mut response)).await.unwrap();
    assert_eq!(response, b"HTTP/1.1 431");
    drop(with_timeout(endless).await.unwrap());
}

/// With two values, the server and a proxy in front of it could use different ones.
#[tokio::test]
async fn a_head_with_duplicate_headers_is_rejected() {
    let server = Server::start().await;
    let body = r#"{"query":"{ book { id } }"}"#;
    let execute = async |target: &str, headers: &str| {
        let length = body.len();
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let head =
            format!("POST {target} HTTP/1.1\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}");
        stream.write_all(head.as_bytes()).await.unwrap();
        read_reply(stream).await
    };
    let json = "content-type: application/json\r\n";
    for headers in [
        format!("host: x\r\nhost: x\r\n{json}"),
        format!("host: x\r\nHost: y\r\n{json}"),
        format!("host: x\r\n{json}{json}"),
        format!("host: x\r\n{json}Content-Type: text/plain\r\n"),
        format!("host: x\r\n{json}origin: http://x\r\norigin: http://y\r\n"),
        json.to_owned(),
    ] {
        let reply = execute("/graphql", &headers).await;
        assert_eq!((reply.status, reply.code().as_str()), (400, "BAD_REQUEST"), "{headers}");
    }
    let one = format!("host: x\r\n{json}");
    assert_eq!(execute("http://y/graphql", &one).await.status, 400, "the address names another host");
    assert_eq!(server.world.runs(), 0);
    for target in ["/graphql", "http://x/graphql"] {
        assert_eq!(execute(target, &one).await.status, 200);
    }
}

/// Bodies that arrive slowly have a common limit of memory.
#[tokio::test]
async fn bodies_from_one_address_are_limited_and_others_are_not_affected() {
    let server = Server::with_settings(|settings| settings.body_timeout = Duration::from_secs(3_600)).await;
    let mut waiting = FuturesUnordered::new();
    for _ in 0..40 {
        let mut stream = connect_from("127.0.0.1", server.address).await;
        stream.write_all(post_head(256 * 1024).as_bytes()).await.unwrap();
        waiting.push(read_reply(stream));
    }
    // 31 of them use up the share of 8 MiB.
    for _ in 31..40 {
        let reply = with_timeout(waiting.next()).await.unwrap();
        assert_eq!((reply.status, reply.code().as_str()), (429, "TOO_MANY_REQUESTS"));
        assert_eq!(reply.header("retry-after"), Some("1"));
        assert_eq!(reply.json()["errors"][0]["extensions"]["retryAfterSeconds"], 1);
    }
    let body = json!({ "query": "{ book { id } }", "variables": { "x": "x".repeat(200_000) } }).to_string();
    let mut other = connect_from("127.0.0.2", server.address).await;
    other.write_all(format!("{}{body}", post_head(body.len())).as_bytes()).await.unwrap();
    assert_eq!(read_reply(other).await.status, 200, "another address has a separate share");
    assert_eq!(post(server.address, "{ book { id } }", Value::Null).await.status, 200, "short ones have room");
    drop(waiting);
    with_timeout(async {
        loop {
            let mut again = connect_from("127.0.0.1", server.address).await;
            again.write_all(format!("{}{body}", post_head(body.len())).as_bytes()).await.unwrap();
            if read_reply(again).await.status == 200 {
                break;
            }
        }
    })
    .await;
}

/// Slow readers must not occupy the memory for long responses of all clients.
#[tokio::test]
async fn slow_readers_at_one_address_do_not_affect_others() {
    let server = Server::with_settings(|settings| {
        settings.write_timeout = Duration::from_secs(3_600);
        settings.max_body_bytes = 500_000;
    })
    .await;
    let title = "x".repeat(400_000);
    let fields: String = (0..19).map(|n| format!("a{n}: patch(title: $title) ")).collect();
    let query = format!("query ($title: String) {{ book {{ id }} {fields} }}");
    let body = json!({ "query": query, "variables": { "title": title } }).to_string();
    let execute = async |from: &str| {
        let mut stream = connect_from(from, server.address).await;
        stream.write_all(format!("{}{body}", post_head(body.len())).as_bytes()).await.unwrap();
        stream
    };
    let mut slow = Vec::new();
    for _ in 0..7 {
        slow.push(execute("127.0.0.1").await);
    }
    with_timeout(async {
        while server.world.runs() < 7 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let reply = read_reply(execute("127.0.0.2").await).await;
    assert_eq!(reply.status, 200);
    assert!(reply.body.len() > 19 * 400_000);
    drop(slow);
}
