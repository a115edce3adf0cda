//! One request, one effect: the answer is kept in the transaction of the change, under a key that the first of several racers takes
//! before it touches anything else.

use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use auth::Member;
use mysql_engine::Conn;
use store::idempotency::IdempotentRequest;
use types::{
    IdempotencyKey, Timestamp,
    error::{IdempotencyConflict, Refusal, Result},
};

/// An answer, and whether it was given before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Once<T> {
    /// The answer.
    pub answer: T,
    /// Whether an earlier request with the same key got it.
    pub replayed: bool,
}

impl<T> Once<T> {
    /// An answer that is given for the first time.
    pub fn new(answer: T) -> Self {
        Self { answer, replayed: false }
    }

    fn again(answer: T) -> Self {
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

/// The answer that was given to this request before, if any.
///
/// # Errors
/// [`Refusal::IdempotencyConflict`] when the key was used with another input.
pub async fn earlier<T: DeserializeOwned>(conn: &mut Conn, request: &IdempotentRequest<'_>) -> Result<Option<Once<T>>> {
    let kept = store::idempotency::find(conn, request.user, request.operation, request.key).await?;
    let Some(kept) = kept else { return Ok(None) };
    if kept.input_hash != request.input_hash {
        return Err(Refusal::IdempotencyConflict(IdempotencyConflict).into());
    }
    Ok(Some(Once::again(serde_json::from_str(&kept.answer).map_err(anyhow::Error::from)?)))
}

/// Takes the key for this transaction, or gives the answer of the one that took it first: the second of two racers waits here until
/// the first has committed. What is taken must be [`keep`]t.
///
/// # Errors
/// As [`earlier`].
pub async fn take<T: DeserializeOwned>(
    tx: &mut Conn,
    request: &IdempotentRequest<'_>,
    now: Timestamp,
) -> Result<Option<Once<T>>> {
    insert(tx, request, "null", now).await
}

/// As [`take`], for a response that is known before anything is changed: it is stored at once, and needs no [`keep`].
///
/// # Errors
/// As [`earlier`].
pub async fn take_with<T: Serialize + DeserializeOwned>(
    tx: &mut Conn,
    request: &IdempotentRequest<'_>,
    answer: &T,
    now: Timestamp,
) -> Result<Option<Once<T>>> {
    insert(tx, request, &serde_json::to_string(answer).map_err(anyhow::Error::from)?, now).await
}

async fn insert<T: DeserializeOwned>(
    tx: &mut Conn,
    request: &IdempotentRequest<'_>,
    answer: &str,
    now: Timestamp,
) -> Result<Option<Once<T>>> {
    if store::idempotency::insert(tx, request, answer, now).await? {
        return Ok(None);
    }
    earlier(tx, request).await
}

/// Keeps the answer under the key that the transaction has taken.
///
/// # Errors
/// When the database fails.
pub async fn keep<T: Serialize>(tx: &mut Conn, request: &IdempotentRequest<'_>, answer: T) -> Result<Once<T>> {
    let text = serde_json::to_string(&answer).map_err(anyhow::Error::from)?;
    store::idempotency::keep(tx, request, &text).await?;
    Ok(Once::new(answer))
}
