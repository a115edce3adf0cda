//! One subscription over a websocket, by the protocol `graphql-transport-ws`.

use super::client::TIMEOUT;
use anyhow::{Context as _, bail, ensure};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

const PROTOCOL: &str = "graphql-transport-ws";
const STREAM: &str = "stream";
const PROBE: &str = "probe";

/// A websocket with one subscription.
pub(super) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Opens a websocket at `url` with the access token `token`.
    pub async fn open(url: &str, token: &str) -> anyhow::Result<Self> {
        let mut request = url.into_client_request()?;
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(PROTOCOL));
        let opened = tokio::time::timeout(TIMEOUT, connect_async(request)).await;
        let (stream, _) = opened.context("expected a websocket, got no response")?.context("opening the websocket")?;
        let mut socket = Self(stream);
        let payload = json!({ "authorization": format!("Bearer {token}") });
        socket.send(&json!({ "type": "connection_init", "payload": payload })).await?;
        let response = socket.receive().await?;
        ensure!(response["type"] == "connection_ack", "expected connection_ack, got {response}");
        Ok(socket)
    }

    /// Subscribes. The protocol does not confirm that a subscription has started, so a query,
    /// `probe`, is sent after it, and its response is awaited.
    pub async fn subscribe(&mut self, subscription: &str, probe: &str) -> anyhow::Result<()> {
        for (id, query) in [(STREAM, subscription), (PROBE, probe)] {
            self.send(&json!({ "type": "subscribe", "id": id, "payload": { "query": query } })).await?;
        }
        loop {
            let response = self.receive().await?;
            match (response["id"].as_str(), response["type"].as_str()) {
                (Some(PROBE), Some("next")) => {}
                (Some(PROBE), Some("complete")) => return Ok(()),
                _ => bail!("expected the response to a query over the websocket, got {response}"),
            }
        }
    }

    /// The next result of the subscription.
    pub async fn next(&mut self) -> anyhow::Result<Value> {
        let mut message = self.receive().await?;
        ensure!(message["type"] == "next" && message["id"] == STREAM, "expected an event, got {message}");
        let payload = message["payload"].take();
        ensure!(payload.get("errors").is_none(), "expected an event, got {payload}");
        Ok(payload)
    }

    /// Ends the subscription and the connection.
    pub async fn close(mut self) -> anyhow::Result<()> {
        self.send(&json!({ "type": "complete", "id": STREAM })).await?;
        self.0.close(None).await.context("closing the websocket")
    }

    async fn send(&mut self, message: &Value) -> anyhow::Result<()> {
        self.0.send(Message::text(message.to_string())).await.context("writing to the websocket")
    }

    async fn receive(&mut self) -> anyhow::Result<Value> {
        loop {
            let received = tokio::time::timeout(TIMEOUT, self.0.next()).await;
            let received = received.with_context(|| {
                format!("expected a message over the websocket within {} s, got none", TIMEOUT.as_secs())
            })?;
            match received {
                Some(Ok(Message::Text(text))) => {
                    let message: Value =
                        serde_json::from_str(&text).with_context(|| format!("expected JSON, got {text}"))?;
                    match message["type"].as_str() {
                        Some("ping") => self.send(&json!({ "type": "pong" })).await?,
                        Some("pong") => {}
                        _ => return Ok(message),
                    }
                }
                Some(Ok(Message::Close(frame))) => bail!(
                    "the server closed the websocket{}",
                    frame.map(|frame| format!(": {} {}", frame.code, frame.reason)).unwrap_or_default()
                ),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(anyhow::Error::from(error).context("reading from the websocket")),
                None => bail!("the server disconnected the websocket"),
            }
        }
    }
}
