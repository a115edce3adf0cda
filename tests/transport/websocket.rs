//! graphql-transport-ws.

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::stream::FuturesUnordered;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::client::{GRAPHQL, Socket, post, send};
use crate::server::{Server, with_timeout};

#[tokio::test]
async fn operations_of_all_kinds_run() {
    let server = Server::start().await;
    let mut socket = Socket::open_initialized(server.address, json!({"authorization": "Bearer good"})).await;
    socket.subscribe("q", "{ viewer }").await;
    assert_eq!(socket.receive().await, json!({"id": "q", "type": "next", "payload": {"data": {"viewer": "good"}}}));
    assert_eq!(socket.receive().await, json!({"id": "q", "type": "complete"}));
    socket.subscribe("m", "mutation { add(amount: 1) add(amount: 1) }").await;
    assert_eq!(socket.receive().await["payload"], json!({"data": {"add": 1}}));
    assert_eq!(socket.receive().await, json!({"id": "m", "type": "complete"}));
    socket.subscribe("s", "subscription { count(to: 3) }").await;
    for n in 1..=3 {
        assert_eq!(socket.receive().await, json!({"id": "s", "type": "next", "payload": {"data": {"count": n}}}));
    }
    assert_eq!(socket.receive().await, json!({"id": "s", "type": "complete"}));
    socket.subscribe("s", "subscription { count(to: 1) }").await;
    assert_eq!(socket.receive().await["id"], "s");
}

#[tokio::test]
async fn a_rejected_operation_is_an_error_and_not_a_result() {
    let server = Server::start().await;
    let mut socket = Socket::open_initialized(server.address, Value::Null).await;
    for (query, code) in [
        ("{ nope }", "GRAPHQL_VALIDATION_FAILED"),
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("subscription { count(to: 1) x: count(to: 1) }", "GRAPHQL_VALIDATION_FAILED"),
        ("query($x: Int!) { book(id: $x) { id } }", "BAD_USER_INPUT"),
    ] {
        socket.subscribe("1", query).await;
        let message = socket.receive().await;
        assert_eq!((&message["type"], &message["id"]), (&json!("error"), &json!("1")));
        assert_eq!(message["payload"][0]["extensions"]["code"], code);
        assert!(message["payload"][0]["extensions"]["requestId"].is_string());
    }
    socket.subscribe("1", "subscription { refused }").await;
    let message = socket.receive().await;
    assert_eq!((&message["type"], &message["payload"][0]["message"]), (&json!("error"), &json!("not for you")));
    socket.subscribe("1", "{ fail }").await;
    assert_eq!(socket.receive().await["type"], "next");
}

#[tokio::test]
async fn each_violation_of_the_protocol_has_its_code() {
    let server = Server::with_settings(|settings| settings.max_body_bytes = 4096).await;
    let subscribe = r#"{"type":"subscribe","id":"1","payload":{"query":"{ viewer }"}}"#;
    let init = r#"{"type":"connection_init"}"#;
    let live = r#"{"type":"subscribe","id":"1","payload":{"query":"subscription { live }"}}"#;
    let huge = format!(r#"{{"type":"ping","payload":{{"x":"{}"}}}}"#, "x".repeat(5_000));
    let cases = [
        (vec!["nonsense"], 4400),
        (vec![r#"{"type":"start"}"#], 4400),
        (vec![init, r#"{"type":"subscribe","id":"","payload":{}}"#], 4400),
        (vec![subscribe], 4401),
        (vec![r#"{"type":"connection_init","payload":{"authorization":"Bearer forged"}}"#], 4403),
        (vec![r#"{"type":"connection_init","payload":{"authorization":"Basic x"}}"#], 4403),
        (vec![r#"{"type":"connection_init","payload":{"Authorization":"Bearer down"}}"#], 1013),
        // C15.
        (vec![init, r#"{"type":"subscribe","id":"1","payload":{}}"#], 4400),
        (vec![init, r#"{"type":"subscribe","id":"1","payload":{"query":7}}"#], 4400),
        (vec![init, r#"{"type":"subscribe","id":"1","payload":{"query":"{ viewer }","variables":[]}}"#], 4400),
        (vec![init, live, live], 4409),
        (vec![init, init], 4429),
        (vec![init, r#"{"type":"subscribe","id":"1","payload":{"query":"subscription { bug }"}}"#], 4500),
        (vec![&huge], 1009),
    ];
    for (messages, code) in cases {
        let mut socket = Socket::open_uninitialized(server.address).await;
        for message in &messages {
            socket.send_text(*message).await;
        }
        let (closed, reason) = socket.wait_for_close().await;
        assert_eq!(closed, code, "{messages:?}: {reason}");
        assert!(!reason.is_empty() && reason.len() <= 123);
    }
    let mut socket = Socket::open_uninitialized(server.address).await;
    socket.0.send(Message::Binary(vec![1].into())).await.unwrap();
    assert_eq!(socket.wait_for_close().await.0, 4400);
}

#[tokio::test]
async fn the_subprotocol_is_required() {
    let server = Server::start().await;
    let mut socket = Socket::open(server.address, &[]).await.unwrap();
    assert_eq!(socket.wait_for_close().await.0, 4406);
}

#[tokio::test]
async fn a_socket_without_init_is_closed() {
    let server = Server::with_settings(|settings| settings.init_timeout = Duration::from_millis(500)).await;
    let mut socket = Socket::open_uninitialized(server.address).await;
    socket.send_json(json!({"type": "ping"})).await;
    assert_eq!(socket.receive().await, json!({"type": "pong"}));
    assert_eq!(socket.wait_for_close().await.0, 4408);
}

#[tokio::test]
async fn a_token_in_the_handshake_is_accepted() {
    let server = Server::start().await;
    let headers = [("sec-websocket-protocol", "graphql-transport-ws"), ("authorization", "Bearer good")];
    let mut socket = Socket::open(server.address, &headers).await.unwrap();
    socket.send_json(json!({"type": "connection_init"})).await;
    assert_eq!(socket.receive().await["type"], "connection_ack");
    socket.subscribe("1", "{ viewer }").await;
    assert_eq!(socket.receive().await["payload"]["data"]["viewer"], "good");
}

/// C10: Apollo's documented link sends an empty `authorization` for visitors.
#[tokio::test]
async fn an_empty_authorization_is_anonymous() {
    let server = Server::start().await;
    for payload in [json!({"authorization": ""}), json!({"Authorization": "Bearer "}), json!({"authorization": null})] {
        let mut socket = Socket::open_initialized(server.address, payload.clone()).await;
        socket.subscribe("1", "{ viewer }").await;
        assert_eq!(socket.receive().await["payload"]["data"], json!({"viewer": null}), "{payload}");
    }
}

#[tokio::test]
async fn an_anonymous_operation_ignores_the_session_of_its_socket() {
    let server = Server::start().await;
    let mut socket = Socket::open_initialized(server.address, json!({"authorization": "Bearer good"})).await;
    for (id, query, viewer) in [("1", "{ anyone }", json!(null)), ("2", "{ anyone viewer }", json!("good"))] {
        socket.subscribe(id, query).await;
        assert_eq!(socket.receive().await["payload"]["data"]["anyone"], viewer);
        assert_eq!(socket.receive().await["type"], "complete");
    }
}

#[tokio::test]
async fn an_operation_knows_what_its_client_says_of_itself() {
    let server = Server::start().await;
    let to = server.address;
    let agent = ("user-agent", "Mini/1.0 (é)");
    let headers = [("content-type", "application/json"), ("accept", GRAPHQL), agent];
    let body = json!({ "query": "{ userAgent }" }).to_string();
    let said = json!({ "data": { "userAgent": "Mini/1.0 (é)" } });
    assert_eq!(send(to, "POST", "/graphql", &headers, &body).await.json(), said);
    let events = [headers[0], ("accept", "text/event-stream"), agent];
    let streamed = send(to, "POST", "/graphql", &events, &body).await.body;
    assert!(streamed.contains(&said.to_string()), "{streamed}");
    let long = format!("Mini/1.0 {}", "x".repeat(2_000));
    let headers = [("sec-websocket-protocol", "graphql-transport-ws"), ("user-agent", long.as_str())];
    let mut socket = Socket::open(to, &headers).await.unwrap();
    socket.send_json(json!({ "type": "connection_init" })).await;
    assert_eq!(socket.receive().await["type"], "connection_ack");
    socket.subscribe("1", "{ userAgent }").await;
    assert_eq!(socket.receive().await["payload"]["data"]["userAgent"], long[..1_000]);
    let reply = post(to, "{ userAgent }", json!({})).await;
    assert_eq!(reply.json(), json!({ "data": { "userAgent": null } }));
}

#[tokio::test]
async fn the_end_of_a_session_closes_the_socket() {
    let server = Server::start().await;
    let mut socket = Socket::open_initialized(server.address, json!({"authorization": "Bearer short"})).await;
    socket.subscribe("1", "{ viewer }").await;
    assert_eq!(socket.receive().await["payload"]["data"]["viewer"], "short");
    server.world.advance(TimeDelta::seconds(1));
    assert_eq!(socket.wait_for_close().await.0, 4403);
    let mut socket = Socket::open_initialized(server.address, json!({"authorization": "Bearer revocable"})).await;
    server.world.revoke.notify_one();
    assert_eq!(socket.wait_for_close().await.0, 4403);
}

#[tokio::test]
async fn pages_of_foreign_origins_are_refused() {
    let server =
        Server::with_settings(|settings| settings.allowed_origins = vec!["https://app.example.com".into()]).await;
    let open = async |origin: &str| {
        let headers = [("sec-websocket-protocol", "graphql-transport-ws"), ("origin", origin)];
        Socket::open(server.address, &headers).await.map(|_| 101)
    };
    assert_eq!(open("https://evil.example.com").await, Err(403));
    assert_eq!(open("null").await, Err(403));
    assert_eq!(open("https://app.example.com").await, Ok(101));
    assert_eq!(open(&format!("http://{}", server.address)).await, Ok(101));
}

#[tokio::test]
async fn a_completed_subscription_sends_nothing_more() {
    let server = Server::start().await;
    let mut socket = Socket::open_initialized(server.address, Value::Null).await;
    socket.subscribe("1", "subscription { live }").await;
    with_timeout(server.world.entered.notified()).await;
    server.world.events.send(1).unwrap();
    assert_eq!(socket.receive().await["payload"]["data"]["live"], 1);
    socket.send_json(json!({"type": "complete", "id": "1"})).await;
    with_timeout(server.world.streams_dropped.notified()).await;
    socket.send_json(json!({"type": "complete", "id": "unknown"})).await;
    socket.send_json(json!({"type": "ping"})).await;
    assert_eq!(socket.receive().await, json!({"type": "pong"}));
}

#[tokio::test]
async fn pings_do_not_stop_streams() {
    let server = Server::with_settings(|settings| settings.ping_interval = Duration::from_millis(300)).await;
    let mut socket = Socket::open_initialized(server.address, Value::Null).await;
    socket.subscribe("1", "subscription { live }").await;
    with_timeout(server.world.entered.notified()).await;
    for n in 0..3 {
        match with_timeout(socket.0.next()).await {
            Some(Ok(Message::Ping(_))) => {}
            other => panic!("no ping: {other:?}"),
        }
        socket.send_json(json!({"type": "ping"})).await;
        server.world.events.send(n).unwrap();
        let mut received = [socket.receive().await["type"].clone(), socket.receive().await["type"].clone()];
        received.sort_by_key(ToString::to_string);
        assert_eq!(received, [json!("next"), json!("pong")]);
    }
}

#[tokio::test]
async fn operations_on_one_socket_are_limited() {
    let server = Server::with_settings(|settings| settings.max_subscriptions = 2).await;
    let mut socket = Socket::open_initialized(server.address, Value::Null).await;
    for id in ["1", "2", "3"] {
        socket.subscribe(id, "subscription { live }").await;
    }
    let message = socket.receive().await;
    assert_eq!((&message["type"], &message["id"]), (&json!("error"), &json!("3")));
    assert_eq!(message["payload"][0]["extensions"]["code"], "TOO_MANY_OPERATIONS");
    socket.send_json(json!({"type": "complete", "id": "1"})).await;
    socket.subscribe("3", "{ viewer }").await;
    assert_eq!(socket.receive().await["type"], "next");
}

#[tokio::test]
async fn sockets_are_limited() {
    let server = Server::with_settings(|settings| settings.max_sockets = 1).await;
    let _first = Socket::open_initialized(server.address, Value::Null).await;
    let mut second = Socket::open_uninitialized(server.address).await;
    assert_eq!(second.wait_for_close().await.0, 1013);
}

#[tokio::test]
async fn a_slow_reader_is_disconnected() {
    let server = Server::with_settings(|settings| settings.write_timeout = Duration::from_millis(300)).await;
    let mut socket = Socket::open_initialized(server.address, Value::Null).await;
    socket.subscribe("1", "subscription { flood }").await;
    with_timeout(server.world.streams_dropped.notified()).await;
}

#[tokio::test]
async fn an_unresponsive_client_is_disconnected() {
    let server = Server::with_settings(|settings| settings.ping_interval = Duration::from_millis(200)).await;
    let mut socket = Socket::open_initialized(server.address, Value::Null).await;
    socket.subscribe("1", "subscription { live }").await;
    with_timeout(server.world.entered.notified()).await;
    // The test does not read the socket now, so it does not respond to pings.
    with_timeout(server.world.streams_dropped.notified()).await;
}

#[tokio::test]
async fn a_mutation_completes_after_its_socket_has_closed() {
    let server = Server::start().await;
    let mut socket = Socket::open_initialized(server.address, Value::Null).await;
    socket.subscribe("1", "mutation { addLate }").await;
    with_timeout(server.world.entered.notified()).await;
    drop(socket);
    let mut other = Socket::open_initialized(server.address, Value::Null).await;
    other.subscribe("1", "{ viewer }").await;
    other.receive().await;
    server.world.gate.notify_one();
    with_timeout(server.world.done.notified()).await;
    assert_eq!(server.world.runs(), 1);
}

#[tokio::test]
async fn a_stopping_server_asks_clients_to_reconnect() {
    let mut server = Server::start().await;
    let mut socket = Socket::open_initialized(server.address, Value::Null).await;
    socket.subscribe("1", "subscription { live }").await;
    with_timeout(server.world.entered.notified()).await;
    server.begin_stop();
    assert_eq!(socket.wait_for_close().await.0, 1012);
    drop(socket);
    server.wait_until_stopped().await;
}

#[tokio::test]
async fn a_close_frame_gets_a_response() {
    let server = Server::start().await;
    let mut socket = Socket::open_initialized(server.address, Value::Null).await;
    let frame = CloseFrame { code: CloseCode::Normal, reason: "done".into() };
    socket.0.close(Some(frame)).await.unwrap();
    assert_eq!(socket.wait_for_close().await.0, 1000);
    assert!(with_timeout(socket.0.next()).await.is_none());
}

/// Without a limit, each of the thousand sockets of one address could buffer 256 KiB of a message.
#[tokio::test]
async fn incomplete_messages_from_one_address_are_limited() {
    let server = Server::with_settings(|settings| settings.init_timeout = Duration::from_secs(3_600)).await;
    // The head of a masked text of 250,000 bytes, with a mask of zeros.
    let mut unfinished = vec![0x81, 0xff];
    unfinished.extend(250_000_u64.to_be_bytes());
    unfinished.extend([0; 4]);
    unfinished.extend([b'x'; 240_000]);
    let handshake = format!(
        "GET /graphql HTTP/1.1\r\nhost: {}\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n\
         sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n",
        server.address
    );
    let mut ended = FuturesUnordered::new();
    for _ in 0..50 {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(handshake.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(with_timeout(stream.read_u8()).await.unwrap());
        }
        // Some are closed meanwhile.
        let _ = stream.write_all(&unfinished).await;
        ended.push(async move {
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest).await;
            rest
        });
    }
    // Each uses 224 KiB of the share of 8 MiB.
    for _ in 36..50 {
        let rest = with_timeout(ended.next()).await.unwrap();
        assert!(rest.is_empty() || rest[2..4] == 1013_u16.to_be_bytes(), "{rest:?}");
    }
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut other = socket.connect(server.address).await.unwrap();
    other.write_all(handshake.as_bytes()).await.unwrap();
    other.write_all(&unfinished).await.unwrap();
    other.write_all(&[b'x'; 10_000]).await.unwrap();
    let mut rest = Vec::new();
    let _ = with_timeout(other.read_to_end(&mut rest)).await;
    let head = rest.windows(4).position(|part| part == b"\r\n\r\n").unwrap() + 4;
    assert_eq!(rest[head + 2..head + 4], 4400_u16.to_be_bytes(), "it was read completely, and is not JSON");
}
