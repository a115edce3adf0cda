//! Idempotent requests: the response is stored in the transaction of the change, under a key that the first of several concurrent requests
//! claims before anything else.

use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use auth::Member;
use mysql_engine::Conn;
use store::idempotency::IdempotentRequest;
use types::{
    IdempotencyKey, Timestamp,
    error::{IdempotencyConflict, Refusal, Result},
};

/// A response, and whether it is a replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Idempotent<T> {
    /// The response.
    pub answer: T,
    /// Whether it is the stored response to an earlier request with the same key.
    pub replayed: bool,
}

impl<T> Idempotent<T> {
    /// A response to a new request.
    pub fn new(answer: T) -> Self {
        Self { answer, replayed: false }
    }

    fn replay(answer: T) -> Self {
        Self { answer, replayed: true }
    }
}

/// The request of `member` to do `operation` with `input`.
///
/// # Errors
/// When the input cannot be written as JSON.
pub fn request<'a>(
    member: &Member,
    operation: &'static str,
    key: &'a IdempotencyKey,
    input: &impl Serialize,
) -> Result<IdempotentRequest<'a>> {
    let text = serde_json::to_vec(input).map_err(anyhow::Error::from)?;
    Ok(IdempotentRequest { user: member.id(), operation, key, input_hash: Sha256::digest(text).into() })
}

/// The stored response to this request, if any.
///
/// # Errors
/// [`Refusal::IdempotencyConflict`] when the key was used with another input.
async fn stored<T: DeserializeOwned>(
    conn: &mut Conn,
    request: &IdempotentRequest<'_>,
) -> Result<Option<Idempotent<T>>> {
    let found = store::idempotency::find(conn, request.user, request.operation, request.key).await?;
    let Some(found) = found else { return Ok(None) };
    if found.input_hash != request.input_hash {
        return Err(Refusal::IdempotencyConflict(IdempotencyConflict).into());
    }
    Ok(Some(Idempotent::replay(serde_json::from_str(&found.answer).map_err(anyhow::Error::from)?)))
}

/// Claims the key for this transaction, or returns the stored response of the transaction that claimed it first: the second of two
/// concurrent requests waits here until the first has committed. After a claim, the response must be stored with [`store()`].
///
/// # Errors
/// As [`stored`].
pub async fn claim<T: DeserializeOwned>(
    tx: &mut Conn,
    request: &IdempotentRequest<'_>,
    now: Timestamp,
) -> Result<Option<Idempotent<T>>> {
    insert(tx, request, "null", now).await
}

/// As [`claim`], for a response that is known before anything is changed: it is stored at once, and needs no [`store()`].
///
/// # Errors
/// As [`stored`].
pub async fn claim_with<T: Serialize + DeserializeOwned>(
    tx: &mut Conn,
    request: &IdempotentRequest<'_>,
    answer: &T,
    now: Timestamp,
) -> Result<Option<Idempotent<T>>> {
    insert(tx, request, &serde_json::to_string(answer).map_err(anyhow::Error::from)?, now).await
}

async fn insert<T: DeserializeOwned>(
    tx: &mut Conn,
    request: &IdempotentRequest<'_>,
    answer: &str,
    now: Timestamp,
) -> Result<Option<Idempotent<T>>> {
    if store::idempotency::claim(tx, request, answer, now).await? {
        return Ok(None);
    }
    stored(tx, request).await
}

/// Stores the response under the key that the transaction has claimed.
///
/// # Errors
/// When the database fails.
pub async fn store<T: Serialize>(tx: &mut Conn, request: &IdempotentRequest<'_>, answer: T) -> Result<Idempotent<T>> {
    let text = serde_json::to_string(&answer).map_err(anyhow::Error::from)?;
    store::idempotency::store(tx, request, &text).await?;
    Ok(Idempotent::new(answer))
}
