//! Thousands of people who watch: what an idle one takes, and what they hear.

use futures_util::{SinkExt as _, StreamExt as _, future::join_all};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::harness::{
    actors::{BOOK, CREATE_LISTING, PAY, PUBLISH_LISTING, QUOTE, REGISTER, home},
    database::TestDatabase,
    server::{PATIENCE, Server},
    wire,
};

/// What an idle watcher may take of the server's memory, in bytes: a socket, its task, a subscription and its part of a topic.
const MOST: u64 = 40 * 1024;

struct Watcher(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Watcher {
    async fn open(to: &str, token: &str) -> Self {
        let mut request = format!("ws://{to}/graphql").into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
        let mut watcher = Self(connect_async(request).await.unwrap().0);
        let payload = json!({ "authorization": format!("Bearer {token}") });
        watcher.say(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(watcher.hear().await["type"], "connection_ack");
        let query = "subscription { event: myTripEvents { cursor kind booking { status } } }";
        watcher.say(json!({ "type": "subscribe", "id": "1", "payload": { "query": query } })).await;
        // The answer to this comes when the subscription has been taken up.
        watcher.say(json!({ "type": "subscribe", "id": "2", "payload": { "query": "{ me { id } }" } })).await;
        assert_eq!(watcher.hear().await["id"], "2");
        assert_eq!(watcher.hear().await["type"], "complete");
        watcher
    }

    async fn say(&mut self, message: Value) {
        self.0.send(Message::Text(message.to_string().into())).await.unwrap();
    }

    async fn hear(&mut self) -> Value {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("a message comes");
            if let Message::Text(text) = message.unwrap().unwrap() {
                return serde_json::from_str(&text).unwrap();
            }
        }
    }
}

/// What somebody's mutation gives.
async fn mutate(to: &str, token: &str, mutation: &str, input: Value) -> Value {
    wire::post(to, token, mutation, &json!({ "input": input })).await.unwrap().field().clone()
}

async fn register(to: &str, number: usize) -> String {
    let email = format!("watcher{number}@example.org");
    let input = json!({ "email": email, "password": "correct horse", "displayName": "Wanda Watcher" });
    let answer = mutate(to, "", REGISTER, input).await;
    answer["tokens"]["accessToken"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// Books and pays as the owner of `guest`, with a host of its own.
async fn book(to: &str, host: &str, guest: &str) {
    let listing = mutate(to, host, CREATE_LISTING, home()).await["listing"]["id"].clone();
    mutate(to, host, PUBLISH_LISTING, json!({ "listingId": listing })).await;
    let day = |ahead: u64| {
        let today = staygate::types::Clock::now(&staygate::types::SystemClock).utc().date_naive();
        (today + chrono::Days::new(ahead)).to_string()
    };
    let stay = json!({ "checkIn": day(30), "checkOut": day(33) });
    let quote = mutate(to, guest, QUOTE, json!({ "listingId": listing, "stay": stay })).await["quote"]["id"].clone();
    let input = json!({ "quoteId": quote, "idempotencyKey": "the-only-one" });
    let booking = mutate(to, guest, BOOK, input).await["booking"]["id"].clone();
    let input = json!({
        "booking": { "id": booking }, "method": { "sandbox": "CARD_OK" }, "idempotencyKey": "the-only-one"
    });
    let paid = mutate(to, guest, PAY, input).await;
    assert_eq!(paid["booking"]["status"], "CONFIRMED", "{paid}");
}

/// Lets so many members watch with so many sockets each, and returns what one of them takes of the server's memory, in bytes.
async fn watched(members: usize, each: usize) -> u64 {
    let test = TestDatabase::new().await;
    let flags = ["--max-sockets-per-address", "100000"];
    let server = Server::with_flags(&test.url, "off", &flags).await;
    let to = server.address();
    let mut tokens = Vec::new();
    for number in 0..=members {
        tokens.push(register(to, number).await);
    }
    let host = tokens.pop().unwrap();
    // What the first one costs is not counted.
    drop(Watcher::open(to, &tokens[0]).await);
    let before = server.memory();
    let mut watchers = Vec::new();
    for token in &tokens {
        watchers.push(join_all((0..each).map(|_| Watcher::open(to, token))).await);
    }
    let count = (members * each) as u64;
    let one = server.memory().saturating_sub(before) / count;
    println!("{count} idle watchers: {} KiB, {one} bytes each", server.memory() / 1024);
    book(to, &host, &tokens[0]).await;
    for watcher in &mut watchers[0] {
        for (position, kind) in (1..).zip(["CREATED", "PAYMENT_CAPTURED", "CONFIRMED"]) {
            let event = watcher.hear().await["payload"]["data"]["event"].clone();
            assert_eq!((&event["cursor"], &event["kind"]), (&json!(format!("guest.{position}")), &json!(kind)));
        }
    }
    one
}

/// S9: each socket counts, and one member's event reaches all of theirs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_watcher_takes_little_and_an_event_reaches_all_in_order() {
    let one = watched(4, 100).await;
    assert!(one < MOST, "{one} bytes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a minute; make prove"]
async fn five_thousand_idle_watchers_take_little_each() {
    let one = watched(50, 100).await;
    assert!(one < MOST, "{one} bytes");
}
