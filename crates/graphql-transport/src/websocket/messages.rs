//! The messages of graphql-transport-ws.

use async_graphql::ServerError;
use serde::Serialize;
use serde_json::{Map, Value};

use super::close::Close;

/// Maximum length of the ID of an operation, in bytes.
const MAX_ID_BYTES: usize = 128;

/// A message of a client.
#[derive(Debug, PartialEq)]
pub(super) enum Incoming {
    Init(Map<String, Value>),
    Ping,
    Pong,
    Subscribe { id: String, payload: Map<String, Value> },
    Complete { id: String },
}

/// Reads a message of a client.
///
/// # Errors
///
/// How to close the socket, if this is not a message of the protocol.
pub(super) fn read(text: &str) -> Result<Incoming, Close> {
    let Ok(Value::Object(mut message)) = serde_json::from_str(text) else {
        return Err(Close::invalid("Invalid message: not a JSON object"));
    };
    let Some(Value::String(kind)) = message.remove("type") else {
        return Err(Close::invalid("Invalid message: no type"));
    };
    match kind.as_str() {
        "connection_init" => Ok(Incoming::Init(payload(&mut message)?.unwrap_or_default())),
        "ping" => payload(&mut message).map(|_| Incoming::Ping),
        "pong" => payload(&mut message).map(|_| Incoming::Pong),
        "complete" => Ok(Incoming::Complete { id: id(&mut message)? }),
        "subscribe" => {
            let id = id(&mut message)?;
            let payload = payload(&mut message)?.ok_or(Close::invalid("Invalid message: no payload"))?;
            check_operation(&payload)?;
            Ok(Incoming::Subscribe { id, payload })
        }
        _ => Err(Close::invalid("Invalid message: unknown type")),
    }
}

fn payload(message: &mut Map<String, Value>) -> Result<Option<Map<String, Value>>, Close> {
    match message.remove("payload") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(payload)) => Ok(Some(payload)),
        Some(_) => Err(Close::invalid("Invalid message: the payload is not an object")),
    }
}

/// Rejects an operation with parts of wrong types, as the reference server does: it is not a
/// message of the protocol.
fn check_operation(payload: &Map<String, Value>) -> Result<(), Close> {
    let is_optional = |name: &str, is_valid: fn(&Value) -> bool| {
        payload.get(name).is_none_or(|value| value.is_null() || is_valid(value))
    };
    if !payload.get("query").is_some_and(Value::is_string) {
        return Err(Close::invalid("Invalid message: the query must be a string"));
    }
    if !is_optional("operationName", Value::is_string) {
        return Err(Close::invalid("Invalid message: the operationName must be a string"));
    }
    if !is_optional("variables", Value::is_object) {
        return Err(Close::invalid("Invalid message: the variables must be an object"));
    }
    if !is_optional("extensions", Value::is_object) {
        return Err(Close::invalid("Invalid message: the extensions must be an object"));
    }
    Ok(())
}

fn id(message: &mut Map<String, Value>) -> Result<String, Close> {
    match message.remove("id") {
        Some(Value::String(id)) if !id.is_empty() && id.len() <= MAX_ID_BYTES => Ok(id),
        _ => Err(Close::invalid("Invalid message: the id must be a string of 1 to 128 bytes")),
    }
}

pub(super) const ACK: &str = r#"{"type":"connection_ack"}"#;
pub(super) const PONG: &str = r#"{"type":"pong"}"#;

#[derive(Serialize)]
struct Outgoing<'a, P> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<P>,
}

/// A result of an operation; `payload` is JSON.
pub(super) fn next(id: &str, payload: &str) -> String {
    let id = serde_json::to_string(id).unwrap_or_default();
    format!(r#"{{"id":{id},"type":"next","payload":{payload}}}"#)
}

/// An operation was not executed, and has ended.
pub(super) fn error(id: &str, errors: &[ServerError]) -> String {
    write(&Outgoing { id, kind: "error", payload: Some(errors) })
}

/// An operation has ended.
pub(super) fn complete(id: &str) -> String {
    write(&Outgoing::<()> { id, kind: "complete", payload: None })
}

fn write<P: Serialize>(message: &Outgoing<'_, P>) -> String {
    // Values of GraphQL can always be serialized as JSON.
    serde_json::to_string(message).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_outside_the_protocol_closes_the_socket() {
        for text in [
            "",
            "[]",
            "{}",
            r#"{"type":1}"#,
            r#"{"type":"start","id":"1"}"#,
            r#"{"type":"subscribe","payload":{}}"#,
            r#"{"type":"subscribe","id":"","payload":{}}"#,
            r#"{"type":"subscribe","id":"1"}"#,
            // C15, as graphql-ws does.
            r#"{"type":"subscribe","id":"1","payload":{}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":null}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":7}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":["{ a }"]}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{ a }","operationName":1}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{ a }","variables":[]}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{ a }","variables":"{}"}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"query":"{ a }","extensions":1}}"#,
            r#"{"type":"subscribe","id":"1","payload":{"extensions":{"persistedQuery":{}}}}"#,
            r#"{"type":"complete","id":1}"#,
            r#"{"type":"connection_init","payload":"x"}"#,
        ] {
            assert_eq!(read(text).unwrap_err().code, 4400, "{text}");
        }
        let nulls = r#"{"type":"subscribe","id":"1","payload":{"query":"{ a }","variables":null,"operationName":null,"extensions":null}}"#;
        assert!(read(nulls).is_ok());
        assert_eq!(read(r#"{"type":"ping","payload":null}"#).unwrap(), Incoming::Ping);
    }
}
