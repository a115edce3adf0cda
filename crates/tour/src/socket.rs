//! One subscription over a websocket, by the protocol `graphql-transport-ws`.

use super::client::PATIENCE;
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
const QUESTION: &str = "question";

/// A websocket with a subscription on it.
pub(super) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Opens a websocket at `url` for whom `token` belongs to.
    pub async fn open(url: &str, token: &str) -> anyhow::Result<Self> {
        let mut request = url.into_client_request()?;
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(PROTOCOL));
        let opened = tokio::time::timeout(PATIENCE, connect_async(request)).await;
        let (stream, _) = opened.context("expected a websocket, came no answer")?.context("opening the websocket")?;
        let mut socket = Self(stream);
        let payload = json!({ "authorization": format!("Bearer {token}") });
        socket.say(&json!({ "type": "connection_init", "payload": payload })).await?;
        let answer = socket.hear().await?;
        ensure!(answer["type"] == "connection_ack", "expected connection_ack, came {answer}");
        Ok(socket)
    }

    /// Subscribes. The protocol does not tell when a subscription has begun, so `question`, which is asked behind it and goes to
    /// the database as well, is waited for.
    pub async fn subscribe(&mut self, subscription: &str, question: &str) -> anyhow::Result<()> {
        for (id, query) in [(STREAM, subscription), (QUESTION, question)] {
            self.say(&json!({ "type": "subscribe", "id": id, "payload": { "query": query } })).await?;
        }
        loop {
            let answer = self.hear().await?;
            match (answer["id"].as_str(), answer["type"].as_str()) {
                (Some(QUESTION), Some("next")) => {}
                (Some(QUESTION), Some("complete")) => return Ok(()),
                _ => bail!("expected the answer to a query over the websocket, came {answer}"),
            }
        }
    }

    /// The next result of the subscription.
    pub async fn next(&mut self) -> anyhow::Result<Value> {
        let mut message = self.hear().await?;
        ensure!(message["type"] == "next" && message["id"] == STREAM, "expected an event, came {message}");
        let payload = message["payload"].take();
        ensure!(payload.get("errors").is_none(), "expected an event, came {payload}");
        Ok(payload)
    }

    /// Ends the subscription and the connection.
    pub async fn close(mut self) -> anyhow::Result<()> {
        self.say(&json!({ "type": "complete", "id": STREAM })).await?;
        self.0.close(None).await.context("closing the websocket")
    }

    async fn say(&mut self, message: &Value) -> anyhow::Result<()> {
        self.0.send(Message::text(message.to_string())).await.context("writing to the websocket")
    }

    async fn hear(&mut self) -> anyhow::Result<Value> {
        loop {
            let heard = tokio::time::timeout(PATIENCE, self.0.next()).await;
            let heard = heard.with_context(|| {
                format!("expected a message over the websocket within {} s, came none", PATIENCE.as_secs())
            })?;
            match heard {
                Some(Ok(Message::Text(text))) => {
                    let message: Value =
                        serde_json::from_str(&text).with_context(|| format!("expected JSON, came {text}"))?;
                    match message["type"].as_str() {
                        Some("ping") => self.say(&json!({ "type": "pong" })).await?,
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
                None => bail!("the server left the websocket"),
            }
        }
    }
}
