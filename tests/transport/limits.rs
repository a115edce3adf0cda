//! What is too large or too slow.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::client::{Reply, post, send};
use crate::server::{Server, within};

#[tokio::test]
async fn fragments_that_double_cost_nothing() {
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
async fn errors_are_shorter_than_what_they_complain_about() {
    let server = Server::start().await;
    for text in ["y".repeat(60_000), "x ".repeat(900)] {
        let reply = post(server.address, &format!("{{ {text} }}"), Value::Null).await;
        assert_eq!(reply.status, 400);
        assert!(reply.body.len() < 5_000, "{} bytes", reply.body.len());
    }
}

#[tokio::test]
async fn a_body_that_says_it_is_too_large_is_not_read() {
    let server = Server::start().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head =
        "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 52428800\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    within(stream.read_to_end(&mut bytes)).await.unwrap();
    assert_eq!(Reply::parse(&bytes).status, 413);
}

#[tokio::test]
async fn fifty_megabytes_in_chunks_are_cut_off_early() {
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
    let mut answer = vec![0; 4096];
    let length = within(read.read(&mut answer)).await.unwrap();
    assert_eq!(Reply::parse(&answer[..length]).status, 413);
    drop(read);
    let sent = within(sending).await.unwrap();
    assert!(sent < 20 * 1024 * 1024, "{sent} bytes were taken");
}

#[tokio::test]
async fn a_body_that_never_ends_is_given_up() {
    let server = Server::with(|settings| settings.body_timeout = Duration::from_millis(50)).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let head = "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4096];
    let length = within(stream.read(&mut answer)).await.unwrap();
    assert_eq!(Reply::parse(&answer[..length]).status, 408);
}

#[tokio::test]
async fn a_head_that_trickles_in_is_cut() {
    let server = Server::with(|settings| settings.request_timeout = Duration::from_millis(50)).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    within(async {
        let mut trickle = tokio::time::interval(Duration::from_millis(10));
        let mut answer = [0; 1];
        stream.write_all(b"GET / HTTP/1.1\r\nx: ").await.unwrap();
        loop {
            tokio::select! {
                _ = trickle.tick() => if stream.write_all(b"y").await.is_err() { break },
                read = stream.read(&mut answer) => {
                    assert!(matches!(read, Ok(0) | Err(_)), "the server answered");
                    break;
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_silent_connection_is_closed() {
    let server = Server::with(|settings| settings.idle_timeout = Duration::from_millis(50)).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let mut bytes = Vec::new();
    within(stream.read_to_end(&mut bytes)).await.unwrap();
    assert!(bytes.is_empty());
}

#[tokio::test]
async fn the_whole_contract_can_be_asked_for() {
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
    let oneself = send(server.address, "GET", "/hook", &[], "").await;
    assert_eq!(oneself.body, "hooked");
}
