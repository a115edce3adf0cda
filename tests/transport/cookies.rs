//! Cookies that authenticate pages, and pages that must not use them.

use std::net::SocketAddr;

use graphql_transport::CookieSettings;
use serde_json::{Value, json};

use crate::client::{GRAPHQL, Reply, Socket, send};
use crate::server::Server;

const PAGE: (&str, &str) = ("origin", "https://cookies.example.com");
const OTHER_APP: (&str, &str) = ("origin", "https://app.example.com");
const EVIL: (&str, &str) = ("origin", "https://evil.example");
const COOKIE: (&str, &str) = ("cookie", "session=good; device=d1");
const REQUESTED: (&str, &str) = ("x-session", "cookie");
const JSON: [(&str, &str); 2] = [("content-type", "application/json"), ("accept", GRAPHQL)];
const SUBPROTOCOL: (&str, &str) = ("sec-websocket-protocol", "graphql-transport-ws");

/// The cookies of the test server.
pub fn settings() -> CookieSettings {
    CookieSettings {
        credentials: vec!["session".into()],
        others: vec!["device".into()],
        header: Some("x-session"),
        origins: vec!["https://cookies.example.com".into()],
    }
}

/// A server whose API pages of another app may call too, with tokens.
async fn server() -> Server {
    Server::with_settings(|settings| settings.allowed_origins = vec![OTHER_APP.1.into()]).await
}

async fn post(to: SocketAddr, headers: &[(&str, &str)], query: &str) -> Reply {
    send(to, "POST", "/graphql", &[&JSON, headers].concat(), &json!({ "query": query }).to_string()).await
}

fn viewer(reply: &Reply) -> Value {
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()["data"]["viewer"].clone()
}

fn is_refused(reply: &Reply) -> bool {
    (reply.status, reply.code().as_str()) == (403, "BAD_REQUEST") && reply.body.contains("may not use cookies")
}

#[tokio::test]
async fn a_cookie_authenticates_only_pages_that_may_use_cookies() {
    let server = server().await;
    let own = format!("http://{}", server.address);
    let get = "/graphql?query=%7Bviewer%7D";
    let accept = ("accept", GRAPHQL);
    for page in [PAGE, ("origin", &own), ("sec-fetch-site", "same-origin")] {
        assert_eq!(viewer(&post(server.address, &[COOKIE, page], "{ viewer }").await), "good", "{page:?}");
        assert_eq!(viewer(&send(server.address, "GET", get, &[accept, COOKIE, page], "").await), "good", "{page:?}");
    }
    for page in [EVIL, OTHER_APP, ("origin", "null"), ("sec-fetch-site", "same-site"), ("x-other", "no origin at all")]
    {
        assert!(is_refused(&post(server.address, &[COOKIE, page], "{ viewer }").await), "{page:?}");
        assert!(is_refused(&send(server.address, "GET", get, &[accept, COOKIE, page], "").await), "{page:?}");
        let events = [("accept", "text/event-stream"), COOKIE, page];
        assert!(is_refused(&post(server.address, &events[1..], "mutation { add(amount: 1) }").await), "{page:?}");
        assert!(is_refused(&send(server.address, "GET", get, &events, "").await), "{page:?}");
        assert!(
            is_refused(&post(server.address, &[COOKIE, page], "not a document").await),
            "before it is read: {page:?}"
        );
        assert!(is_refused(&post(server.address, &[COOKIE, page], "{ anyone }").await), "{page:?}");
    }
    assert_eq!(server.world.runs(), 0);
}

/// C10: clients send an empty token for visitors.
#[tokio::test]
async fn a_token_alone_decides_who_a_request_is_from() {
    let server = server().await;
    let token = ("authorization", "Bearer other");
    for page in [PAGE, OTHER_APP, ("x-other", "no origin at all")] {
        assert_eq!(viewer(&post(server.address, &[COOKIE, token, page], "{ viewer }").await), "other", "{page:?}");
    }
    let forged = post(server.address, &[COOKIE, ("authorization", "Bearer forged"), PAGE], "{ viewer }").await;
    assert_eq!((forged.status, forged.code().as_str()), (401, "UNAUTHENTICATED"), "the cookie does not help");
    let visitor = post(server.address, &[COOKIE, ("authorization", "Bearer "), PAGE], "{ viewer }").await;
    assert_eq!(viewer(&visitor), "good", "that is no token");
    assert_eq!(
        viewer(&post(server.address, &[("cookie", "device=d1; other=x"), EVIL], "{ viewer }").await),
        Value::Null
    );
    let both = post(server.address, &[REQUESTED, token, PAGE], "{ viewer }").await;
    assert_eq!((both.status, both.code().as_str()), (400, "BAD_REQUEST"), "{both:?}");
}

#[tokio::test]
async fn a_response_sets_cookies_only_for_pages_that_may_use_them() {
    let server = server().await;
    let cookies = |reply: &Reply| -> Vec<String> {
        let lines = reply.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(name, _)| *name == "set-cookie").map(|(_, value)| value.to_owned()).collect()
    };
    let remember = "mutation { remember }";
    let set = post(server.address, &[REQUESTED, PAGE, ("cookie", "device=d1")], remember).await;
    assert_eq!((set.status, cookies(&set)), (200, vec!["session=new; HttpOnly".to_owned(), "device=d1".to_owned()]));
    assert_eq!(cookies(&post(server.address, &[PAGE], remember).await), [""; 0], "not requested");
    // Signing a visitor in to an attacker's account.
    for page in [EVIL, OTHER_APP, ("x-other", "no origin at all")] {
        let refused = post(server.address, &[REQUESTED, page], remember).await;
        assert!(is_refused(&refused) && cookies(&refused).is_empty(), "{page:?}: {refused:?}");
    }
    let events = [("content-type", "application/json"), ("accept", "text/event-stream"), REQUESTED, PAGE];
    let body = json!({ "query": remember }).to_string();
    let stream = send(server.address, "POST", "/graphql", &events, &body).await;
    assert!(stream.body.contains(r#"{"remember":false}"#) && cookies(&stream).is_empty(), "{stream:?}");
    let other = post(server.address, &[("x-session", "token"), PAGE], remember).await;
    assert_eq!(other.status, 400, "{other:?}");
}

#[tokio::test]
async fn browsers_send_cookies_only_for_the_listed_origins() {
    let server = server().await;
    let credentials = |reply: &Reply| reply.header("access-control-allow-credentials").map(str::to_owned);
    for (page, allowed) in [(PAGE, Some("true")), (OTHER_APP, None), (EVIL, None)] {
        let preflight = [page, ("access-control-request-method", "POST")];
        let preflight = send(server.address, "OPTIONS", "/graphql", &preflight, "").await;
        assert_eq!(credentials(&preflight).as_deref(), allowed, "{page:?}");
        let names = preflight.header("access-control-allow-headers").unwrap_or_default();
        assert_eq!(names.contains("x-session"), allowed.is_some(), "{page:?}: {names}");
        let reply = post(server.address, &[page], "{ viewer }").await;
        assert_eq!(credentials(&reply).as_deref(), allowed, "{page:?}");
    }
    let reply = post(server.address, &[PAGE], "{ viewer }").await;
    assert_eq!(reply.header("access-control-allow-origin"), Some(PAGE.1), "never a wildcard");
    assert_eq!(post(server.address, &[EVIL], "{ viewer }").await.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn a_websocket_has_the_session_of_its_cookie_unless_it_sends_a_token() {
    let server = server().await;
    for (payload, expected) in [
        (Value::Null, "good"),
        (json!({ "authorization": "" }), "good"),
        (json!({ "authorization": "Bearer other" }), "other"),
    ] {
        let mut socket = Socket::open(server.address, &[SUBPROTOCOL, COOKIE, PAGE]).await.unwrap();
        socket.send_json(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.receive().await["type"], "connection_ack");
        socket.subscribe("1", "{ viewer }").await;
        assert_eq!(socket.receive().await["payload"]["data"]["viewer"], expected, "{payload}");
        assert_eq!(socket.receive().await["type"], "complete");
        socket.subscribe("2", "mutation { remember }").await;
        assert_eq!(socket.receive().await["payload"]["data"]["remember"], false, "it cannot set cookies");
    }
}

/// Cross-site websocket hijacking: browsers send cookies with handshakes of any page.
#[tokio::test]
async fn a_websocket_of_another_origin_does_not_have_the_session_of_the_cookie() {
    let server = server().await;
    assert_eq!(Socket::open(server.address, &[SUBPROTOCOL, COOKIE, EVIL]).await.err(), Some(403));
    for page in [OTHER_APP, ("x-other", "no origin at all")] {
        let mut socket = Socket::open(server.address, &[SUBPROTOCOL, COOKIE, page]).await.unwrap();
        socket.send_json(json!({ "type": "connection_init" })).await;
        let (code, reason) = socket.wait_for_close().await;
        assert_eq!(code, 4403, "{page:?}");
        assert!(reason.contains("may not use cookies"), "{reason}");
        let mut socket = Socket::open(server.address, &[SUBPROTOCOL, COOKIE, page]).await.unwrap();
        socket.send_json(json!({ "type": "connection_init", "payload": { "authorization": "Bearer other" } })).await;
        assert_eq!(socket.receive().await["type"], "connection_ack", "{page:?}");
        socket.subscribe("1", "{ viewer }").await;
        assert_eq!(socket.receive().await["payload"]["data"]["viewer"], "other", "{page:?}");
    }
    let token = ("authorization", "Bearer other");
    let mut socket = Socket::open(server.address, &[SUBPROTOCOL, COOKIE, token]).await.unwrap();
    socket.send_json(json!({ "type": "connection_init" })).await;
    assert_eq!(socket.receive().await["type"], "connection_ack", "a token in the handshake needs no page");
}

#[tokio::test]
async fn a_websocket_ends_with_the_session_of_its_cookie() {
    let server = server().await;
    let cookie = ("cookie", "session=revocable");
    let mut socket = Socket::open(server.address, &[SUBPROTOCOL, cookie, PAGE]).await.unwrap();
    socket.send_json(json!({ "type": "connection_init" })).await;
    assert_eq!(socket.receive().await["type"], "connection_ack");
    server.world.revoke.notify_one();
    assert_eq!(socket.wait_for_close().await.0, 4403);
}
