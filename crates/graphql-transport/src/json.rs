//! Writes responses as JSON in pieces: up to a maximum size, and yielding to other tasks.

use std::slice;

use async_graphql::indexmap::map;
use async_graphql::{Name, Response, Value};
use serde::Serialize;

use super::response_body::{ResponseBody, error};

/// Bytes written before yielding to other tasks.
const BYTES_PER_TURN: usize = 64 * 1024;

/// The JSON of a response.
///
/// # Errors
///
/// When it is longer than `max` bytes: the JSON of an error that says so.
pub(super) async fn write(response_body: &ResponseBody, max: usize, request_id: &str) -> Result<Vec<u8>, Vec<u8>> {
    let written = (Writer { bytes: Vec::new(), max, turn: BYTES_PER_TURN }).write_response(response_body).await;
    written.map_err(|TooLarge| ResponseBody::refused(vec![too_large()], request_id).to_json().into_bytes())
}

/// Like [`write()`], as text.
///
/// # Errors
///
/// Like [`write()`].
pub(super) async fn write_text(response_body: &ResponseBody, max: usize, request_id: &str) -> Result<String, String> {
    // JSON is UTF-8.
    let text = |bytes| String::from_utf8(bytes).unwrap_or_default();
    write(response_body, max, request_id).await.map(text).map_err(text)
}

/// The JSON of a response, without a limit: for tests that compare responses as clients get them.
pub async fn of_response(response: Response) -> String {
    write_text(&ResponseBody::of(response, ""), usize::MAX, "").await.unwrap_or_else(|refused| refused)
}

/// The error for a response that is too large.
pub(super) fn too_large() -> async_graphql::ServerError {
    error("RESPONSE_TOO_LARGE", "The response is too large. Request shorter pages or fewer fields.")
}

/// The response exceeds the maximum size.
#[derive(Debug)]
struct TooLarge;

struct Writer {
    bytes: Vec<u8>,
    max: usize,
    /// The length at which to yield next.
    turn: usize,
}

/// A list or an object that is being written.
enum OpenContainer<'a> {
    List(slice::Iter<'a, Value>),
    Object(map::Iter<'a, Name, Value>),
}

impl Writer {
    async fn write_response(mut self, response_body: &ResponseBody) -> Result<Vec<u8>, TooLarge> {
        self.bytes.push(b'{');
        if !response_body.errors.is_empty() {
            self.write_member("errors", &response_body.errors)?;
        }
        if let Some(data) = &response_body.data {
            self.write_name("data")?;
            self.write_value(data).await?;
        }
        if !response_body.extensions.is_empty() {
            self.write_member("extensions", &response_body.extensions)?;
        }
        self.bytes.push(b'}');
        Ok(self.bytes)
    }

    fn write_member(&mut self, name: &str, value: &impl Serialize) -> Result<(), TooLarge> {
        self.write_name(name)?;
        self.write_serialized(value)
    }

    fn write_name(&mut self, name: &str) -> Result<(), TooLarge> {
        if !matches!(self.bytes.last(), Some(b'{')) {
            self.bytes.push(b',');
        }
        self.write_serialized(name)?;
        self.bytes.push(b':');
        Ok(())
    }

    fn write_serialized(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), TooLarge> {
        // Values of GraphQL can always be serialized as JSON.
        serde_json::to_writer(&mut self.bytes, value).map_err(|_| TooLarge)?;
        if self.bytes.len() > self.max { Err(TooLarge) } else { Ok(()) }
    }

    async fn write_value(&mut self, value: &Value) -> Result<(), TooLarge> {
        let mut open = Vec::new();
        self.write_start(value, &mut open)?;
        while let Some(last) = open.last_mut() {
            let next = match last {
                OpenContainer::List(items) => items.next().map(|item| (None, item)),
                OpenContainer::Object(fields) => fields.next().map(|(name, field)| (Some(name), field)),
            };
            match (next, &last) {
                (Some((Some(name), field)), _) => {
                    self.write_name(name)?;
                    self.write_start(field, &mut open)?;
                }
                (Some((None, item)), _) => {
                    if !matches!(self.bytes.last(), Some(b'[')) {
                        self.bytes.push(b',');
                    }
                    self.write_start(item, &mut open)?;
                }
                (None, OpenContainer::List(_)) => {
                    self.bytes.push(b']');
                    open.pop();
                }
                (None, OpenContainer::Object(_)) => {
                    self.bytes.push(b'}');
                    open.pop();
                }
            }
            if self.bytes.len() > self.turn {
                self.turn = self.bytes.len() + BYTES_PER_TURN;
                tokio::task::yield_now().await;
            }
        }
        Ok(())
    }

    /// Writes a leaf, or the start of a list or an object.
    fn write_start<'a>(&mut self, value: &'a Value, open: &mut Vec<OpenContainer<'a>>) -> Result<(), TooLarge> {
        match value {
            Value::List(items) => {
                self.bytes.push(b'[');
                open.push(OpenContainer::List(items.iter()));
            }
            Value::Object(fields) => {
                self.bytes.push(b'{');
                open.push(OpenContainer::Object(fields.iter()));
            }
            // An object that has written itself.
            Value::Binary(json) => {
                self.bytes.extend_from_slice(json);
                if self.bytes.len() > self.max {
                    return Err(TooLarge);
                }
            }
            leaf => self.write_serialized(leaf)?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::value;

    use super::*;

    fn response_body(data: Value) -> ResponseBody {
        ResponseBody::of(Response::new(data), "req_1")
    }

    #[tokio::test]
    async fn the_json_equals_that_of_serde() {
        let data = value!({ "a": [], "b": {}, "c": [[1, 2.5, null], [{ "d": "x\"\u{1F37A}[{" }, "["]], "e": { "f": { "g": true } }, "h": "{" });
        let response_body = response_body(data);
        assert_eq!(
            write_text(&response_body, 1_000, "req_1").await.unwrap(),
            serde_json::to_string(&response_body).unwrap()
        );
        let refused = ResponseBody::refused(vec![error("BAD_REQUEST", "no")], "req_1");
        assert_eq!(write_text(&refused, 1_000, "req_1").await.unwrap(), serde_json::to_string(&refused).unwrap());
        let mut both = ResponseBody::refused(vec![error("INTERNAL", "no")], "req_1");
        both.data = Some(Value::Null);
        both.extensions.insert("cost".to_owned(), value!({ "requested": 1 }));
        assert_eq!(write_text(&both, 1_000, "req_1").await.unwrap(), serde_json::to_string(&both).unwrap());
    }

    #[tokio::test]
    async fn a_response_over_the_limit_is_not_completed() {
        let long = response_body(Value::List(vec![Value::from("x".repeat(1_000)); 1_000]));
        let refused: serde_json::Value =
            serde_json::from_str(&write_text(&long, 100_000, "req_1").await.unwrap_err()).unwrap();
        assert_eq!(refused["errors"][0]["extensions"]["code"], "RESPONSE_TOO_LARGE");
        assert_eq!(refused["errors"][0]["extensions"]["requestId"], "req_1");
        assert_eq!(refused.get("data"), None);
        assert!(write_text(&long, 2_000_000, "req_1").await.unwrap().len() > 1_000_000);
    }

    #[tokio::test]
    async fn writing_a_long_response_yields_to_other_tasks() {
        let long = response_body(Value::List(vec![Value::from(1_i32); 500_000]));
        let mut writing = std::pin::pin!(write(&long, usize::MAX, "req_1"));
        let mut turns = 0;
        while futures_util::poll!(&mut writing).is_pending() {
            turns += 1;
        }
        assert!(turns >= 1_000_000 / BYTES_PER_TURN, "{turns}");
    }
}
