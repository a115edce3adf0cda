//! Answers as JSON, written piece by piece: no more than so many bytes, and never for long at a time.

use std::slice;

use async_graphql::indexmap::map;
use async_graphql::{Name, Value};
use serde::Serialize;

use super::answer::{Answer, error};

/// How many bytes are written before others have their turn.
const TURN: usize = 64 * 1024;

/// The JSON of an answer.
///
/// # Errors
///
/// It is longer than `max` bytes: the JSON of an error that says so.
pub(super) async fn write(answer: &Answer, max: usize, request_id: &str) -> Result<Vec<u8>, Vec<u8>> {
    let written = (Writer { bytes: Vec::new(), max, turn: TURN }).answer(answer).await;
    written.map_err(|TooLong| Answer::refused(vec![too_large()], request_id).to_json().into_bytes())
}

/// As [`write()`], as text.
///
/// # Errors
///
/// As [`write()`].
pub(super) async fn text(answer: &Answer, max: usize, request_id: &str) -> Result<String, String> {
    // JSON is UTF-8.
    let text = |bytes| String::from_utf8(bytes).unwrap_or_default();
    write(answer, max, request_id).await.map(text).map_err(text)
}

/// The error of an answer that would be larger than answers may be.
pub(super) fn too_large() -> async_graphql::ServerError {
    error("RESPONSE_TOO_LARGE", "The response is too large. Request shorter pages or fewer fields.")
}

/// There are more bytes than there may be.
#[derive(Debug)]
struct TooLong;

struct Writer {
    bytes: Vec<u8>,
    max: usize,
    /// How long the text may become until others have their turn.
    turn: usize,
}

/// A list or an object that is being written.
enum Open<'a> {
    List(slice::Iter<'a, Value>),
    Object(map::Iter<'a, Name, Value>),
}

impl Writer {
    async fn answer(mut self, answer: &Answer) -> Result<Vec<u8>, TooLong> {
        self.bytes.push(b'{');
        if !answer.errors.is_empty() {
            self.member("errors", &answer.errors)?;
        }
        if let Some(data) = &answer.data {
            self.name("data")?;
            self.value(data).await?;
        }
        if !answer.extensions.is_empty() {
            self.member("extensions", &answer.extensions)?;
        }
        self.bytes.push(b'}');
        Ok(self.bytes)
    }

    fn member(&mut self, name: &str, value: &impl Serialize) -> Result<(), TooLong> {
        self.name(name)?;
        self.plain(value)
    }

    fn name(&mut self, name: &str) -> Result<(), TooLong> {
        if !matches!(self.bytes.last(), Some(b'{')) {
            self.bytes.push(b',');
        }
        self.plain(name)?;
        self.bytes.push(b':');
        Ok(())
    }

    fn plain(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), TooLong> {
        // Values of GraphQL are JSON: they have nothing that cannot be written.
        serde_json::to_writer(&mut self.bytes, value).map_err(|_| TooLong)?;
        if self.bytes.len() > self.max { Err(TooLong) } else { Ok(()) }
    }

    async fn value(&mut self, value: &Value) -> Result<(), TooLong> {
        let mut open = Vec::new();
        self.begin(value, &mut open)?;
        while let Some(last) = open.last_mut() {
            let next = match last {
                Open::List(items) => items.next().map(|item| (None, item)),
                Open::Object(fields) => fields.next().map(|(name, field)| (Some(name), field)),
            };
            match (next, &last) {
                (Some((Some(name), field)), _) => {
                    self.name(name)?;
                    self.begin(field, &mut open)?;
                }
                (Some((None, item)), _) => {
                    if !matches!(self.bytes.last(), Some(b'[')) {
                        self.bytes.push(b',');
                    }
                    self.begin(item, &mut open)?;
                }
                (None, Open::List(_)) => {
                    self.bytes.push(b']');
                    open.pop();
                }
                (None, Open::Object(_)) => {
                    self.bytes.push(b'}');
                    open.pop();
                }
            }
            if self.bytes.len() > self.turn {
                self.turn = self.bytes.len() + TURN;
                tokio::task::yield_now().await;
            }
        }
        Ok(())
    }

    /// Writes a leaf, or opens a list or an object.
    fn begin<'a>(&mut self, value: &'a Value, open: &mut Vec<Open<'a>>) -> Result<(), TooLong> {
        match value {
            Value::List(items) => {
                self.bytes.push(b'[');
                open.push(Open::List(items.iter()));
            }
            Value::Object(fields) => {
                self.bytes.push(b'{');
                open.push(Open::Object(fields.iter()));
            }
            leaf => self.plain(leaf)?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::{Response, value};

    use super::*;

    fn answer(data: Value) -> Answer {
        Answer::of(Response::new(data), "req_1")
    }

    #[tokio::test]
    async fn it_writes_what_serde_writes() {
        let data = value!({ "a": [], "b": {}, "c": [[1, 2.5, null], [{ "d": "x\"\u{1F37A}[{" }, "["]], "e": { "f": { "g": true } }, "h": "{" });
        let answer = answer(data);
        assert_eq!(text(&answer, 1_000, "req_1").await.unwrap(), serde_json::to_string(&answer).unwrap());
        let refused = Answer::refused(vec![error("BAD_REQUEST", "no")], "req_1");
        assert_eq!(text(&refused, 1_000, "req_1").await.unwrap(), serde_json::to_string(&refused).unwrap());
        let mut both = Answer::refused(vec![error("INTERNAL", "no")], "req_1");
        both.data = Some(Value::Null);
        both.extensions.insert("cost".to_owned(), value!({ "requested": 1 }));
        assert_eq!(text(&both, 1_000, "req_1").await.unwrap(), serde_json::to_string(&both).unwrap());
    }

    #[tokio::test]
    async fn a_longer_answer_is_not_written_to_its_end() {
        let long = answer(Value::List(vec![Value::from("x".repeat(1_000)); 1_000]));
        let refused: serde_json::Value =
            serde_json::from_str(&text(&long, 100_000, "req_1").await.unwrap_err()).unwrap();
        assert_eq!(refused["errors"][0]["extensions"]["code"], "RESPONSE_TOO_LARGE");
        assert_eq!(refused["errors"][0]["extensions"]["requestId"], "req_1");
        assert_eq!(refused.get("data"), None);
        assert!(text(&long, 2_000_000, "req_1").await.unwrap().len() > 1_000_000);
    }

    #[tokio::test]
    async fn others_have_their_turn_while_a_long_answer_is_written() {
        let long = answer(Value::List(vec![Value::from(1_i32); 500_000]));
        let mut writing = std::pin::pin!(write(&long, usize::MAX, "req_1"));
        let mut turns = 0;
        while futures_util::poll!(&mut writing).is_pending() {
            turns += 1;
        }
        assert!(turns >= 1_000_000 / TURN, "{turns}");
    }
}
