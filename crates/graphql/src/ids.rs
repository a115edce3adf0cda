//! Parses ids of clients.

use async_graphql::ID;
use std::str::FromStr;

use super::checked::Checked;
use types::{
    IdempotencyKey,
    error::{BadId, Error, Result, Validation},
};

/// The id in an argument of a query.
///
/// # Errors
/// [`types::error::Refusal::BadId`] when it is not an id of this kind.
pub fn argument<T: FromStr>(id: &ID) -> Result<T> {
    id.parse().map_err(|_| BadId { id: id.chars().take(64).collect() }.into())
}

/// The id in the field `field` of a mutation's input. A malformed one is treated as not found.
///
/// # Errors
/// [`types::error::Refusal::NotFound`] when it is not an id of this kind.
pub fn input<T: FromStr>(id: &ID, field: &str, what: &'static str) -> Result<T> {
    id.parse().map_err(|_| Error::not_found(field, what))
}

/// The id in a field of a mutation's input, and the input's idempotency key.
///
/// # Errors
/// [`types::error::Refusal::NotFound`] when it is not an id of this kind, [`types::error::Refusal::InvalidInput`] when the key is malformed.
pub fn keyed<T: FromStr>(
    id: &ID,
    (field, what): (&str, &'static str),
    key: Checked<IdempotencyKey>,
) -> Result<(T, IdempotencyKey)> {
    let mut validation = Validation::default();
    let id = validation.check(input(id, field, what));
    let key = validation.check(key.at(&["idempotencyKey"]));
    validation.finish_with(id.zip(key))
}
