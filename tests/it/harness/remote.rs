//! People who use a server that is a process of its own.

use std::net::Ipv4Addr;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use staygate::types::Clock as _;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use super::{
    actors::{BOOK, CREATE_LISTING, PAY, PUBLISH_LISTING, QUOTE, REGISTER, home},
    server::PATIENCE,
    wire,
};

/// What a mutation gives to the owner of `token`.
pub async fn mutate(to: &str, token: &str, mutation: &str, input: Value) -> Value {
    wire::post(to, token, mutation, &json!({ "input": input })).await.unwrap().field().clone()
}

/// The access token of a new member.
pub async fn register(to: &str, number: usize) -> String {
    let email = format!("watcher{number}@example.org");
    let input = json!({ "email": email, "password": "correct horse", "displayName": "Wanda Watcher" });
    let answer = mutate(to, "", REGISTER, input).await;
    answer["tokens"]["accessToken"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// The id of a booking of the owner of `guest` that is not paid yet, of a new listing of the owner of `host`.
pub async fn book(to: &str, host: &str, guest: &str) -> String {
    let listing = mutate(to, host, CREATE_LISTING, home()).await["listing"]["id"].clone();
    mutate(to, host, PUBLISH_LISTING, json!({ "listingId": listing })).await;
    let day = |ahead: u64| {
        let today = staygate::types::SystemClock.now().utc().date_naive();
        (today + chrono::Days::new(ahead)).to_string()
    };
    let stay = json!({ "checkIn": day(30), "checkOut": day(33) });
    let quote = mutate(to, guest, QUOTE, json!({ "listingId": listing, "stay": stay })).await["quote"]["id"].clone();
    let input = json!({ "quoteId": quote, "idempotencyKey": "the-only-one" });
    let booked = mutate(to, guest, BOOK, input).await;
    booked["booking"]["id"].as_str().unwrap_or_else(|| panic!("{booked}")).to_owned()
}

/// What [`PAY`] is told to pay a booking with a card of the sandbox.
pub fn card(booking: &str, card: &str, key: &str) -> Value {
    json!({ "booking": { "id": booking }, "method": { "sandbox": card }, "idempotencyKey": key })
}

/// Pays a booking.
pub async fn pay(to: &str, guest: &str, booking: &str) {
    let paid = mutate(to, guest, PAY, card(booking, "CARD_OK", "the-only-one")).await;
    assert_eq!(paid["booking"]["status"], "CONFIRMED", "{paid}");
}

/// A websocket that has been acknowledged.
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Opens a socket as the owner of `token`.
    pub async fn open(to: &str, token: &str) -> Self {
        let mut request = format!("ws://{to}/graphql").into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
        let mut socket = Self(connect_async(request).await.unwrap().0);
        let payload = json!({ "authorization": format!("Bearer {token}") });
        socket.say(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.hear().await["type"], "connection_ack");
        socket
    }

    /// Begins an operation.
    pub async fn subscribe(&mut self, id: usize, query: &str, variables: &Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.say(json!({ "type": "subscribe", "id": id.to_string(), "payload": payload })).await;
    }

    async fn say(&mut self, message: Value) {
        self.0.send(Message::Text(message.to_string().into())).await.unwrap();
    }

    /// The next message of the protocol, which comes in time.
    pub async fn hear(&mut self) -> Value {
        tokio::time::timeout(PATIENCE, self.next()).await.expect("a message comes")
    }

    /// The next message of the protocol.
    pub async fn next(&mut self) -> Value {
        loop {
            if let Message::Text(text) = self.0.next().await.unwrap().unwrap() {
                return serde_json::from_str(&text).unwrap();
            }
        }
    }
}

/// One of many addresses of this machine. Systems other than Linux have one only.
pub fn local_address(number: usize) -> Ipv4Addr {
    let [.., high, low] = number.to_be_bytes();
    if cfg!(target_os = "linux") { Ipv4Addr::new(127, 1, high, low) } else { Ipv4Addr::LOCALHOST }
}
