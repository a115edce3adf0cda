//! Websockets of clients.

use std::collections::HashMap;

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use super::{server::TIMEOUT, sizes};

/// A websocket that has been acknowledged.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// The operations, by id.
    asked: HashMap<String, Value>,
}

impl Socket {
    /// Opens a socket as the owner of `token`.
    pub async fn open(to: &str, token: &str) -> Self {
        let mut socket = Self::connect(to, &[]).await;
        socket.initialize(Some(token)).await;
        assert_eq!(socket.receive().await["type"], "connection_ack");
        socket
    }

    /// Opens a socket from a page of the server itself, with a `Cookie` header, and perhaps a token.
    pub async fn of_browser(to: &str, cookie: &str, token: Option<&str>) -> Self {
        let origin = format!("http://{to}");
        let mut socket = Self::connect(to, &[("cookie", cookie), ("origin", &origin)]).await;
        socket.initialize(token).await;
        assert_eq!(socket.receive().await["type"], "connection_ack");
        socket
    }

    /// The code with which the server closes such a socket at once.
    pub async fn refused_of_browser(to: &str, cookie: &str) -> u16 {
        let origin = format!("http://{to}");
        let mut socket = Self::connect(to, &[("cookie", cookie), ("origin", &origin)]).await;
        socket.initialize(None).await;
        socket.closed().await.0
    }

    async fn connect(to: &str, headers: &[(&'static str, &str)]) -> Self {
        let mut request = format!("ws://{to}/graphql").into_client_request().unwrap();
        for (name, value) in [&[("sec-websocket-protocol", "graphql-transport-ws")], headers].concat() {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        Self { stream: connect_async(request).await.unwrap().0, asked: HashMap::new() }
    }

    async fn initialize(&mut self, token: Option<&str>) {
        let payload = json!({ "authorization": token.map(|token| format!("Bearer {token}")) });
        self.send(json!({ "type": "connection_init", "payload": payload })).await;
    }

    /// Starts an operation.
    pub async fn subscribe(&mut self, id: usize, query: &str, variables: &Value) {
        let payload = json!({ "query": query, "variables": variables });
        self.send(json!({ "type": "subscribe", "id": id.to_string(), "payload": payload })).await;
    }

    /// Sends a message of the protocol.
    pub async fn send(&mut self, message: Value) {
        if let Some(id) = message["id"].as_str().filter(|_| message["type"] == "subscribe") {
            self.asked.insert(id.to_owned(), message["payload"].clone());
        }
        self.stream.send(Message::Text(message.to_string().into())).await.unwrap();
    }

    /// The next message of the protocol, within the timeout.
    pub async fn receive(&mut self) -> Value {
        tokio::time::timeout(TIMEOUT, self.next()).await.expect("a message arrives")
    }

    /// The next message of the protocol.
    pub async fn next(&mut self) -> Value {
        loop {
            if let Message::Text(text) = self.stream.next().await.unwrap().unwrap() {
                let message: Value = serde_json::from_str(&text).unwrap();
                if let Some(asked) = message["id"].as_str().and_then(|id| self.asked.get(id)) {
                    let query = asked["query"].as_str().unwrap_or_default();
                    sizes::check(query, &asked["variables"], &message["payload"]["data"]);
                }
                return message;
            }
        }
    }

    /// The code and the reason with which the server closes the socket, within the timeout.
    pub async fn closed(&mut self) -> (u16, String) {
        let closed = async {
            loop {
                if let Message::Close(frame) = self.stream.next().await.unwrap().unwrap() {
                    let frame = frame.expect("a code");
                    return (frame.code.into(), frame.reason.to_string());
                }
            }
        };
        tokio::time::timeout(TIMEOUT, closed).await.expect("it is closed")
    }

    /// The next event of a subscription whose field is called `event`.
    pub async fn event(&mut self) -> Value {
        let message = self.receive().await;
        assert_eq!(message["type"], "next", "{message}");
        message["payload"]["data"]["event"].clone()
    }
}
