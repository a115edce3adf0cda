//! Ids as clients write them.

use async_graphql::ID;
use std::str::FromStr;

use super::given::Given;
use types::{
    IdempotencyKey,
    error::{BadId, Error, Result, Validation},
};

/// The id that an argument of a query names.
///
/// # Errors
/// [`types::error::Refusal::BadId`] when it is not an id of this kind.
pub fn argument<T: FromStr>(id: &ID) -> Result<T> {
    id.parse().map_err(|_| BadId { id: id.chars().take(64).collect() }.into())
}

/// The id that the field `field` of a mutation's input names. One that is not ours names nothing.
///
/// # Errors
/// [`types::error::Refusal::NotFound`] when it is not an id of this kind.
pub fn input<T: FromStr>(id: &ID, field: &str, what: &'static str) -> Result<T> {
    id.parse().map_err(|_| Error::not_found(field, what))
}

/// The id that a field of a mutation's input names, with what it is the id of, and the input's idempotency key.
///
/// # Errors
/// [`types::error::Refusal::NotFound`] when it is not an id of this kind, [`types::error::Refusal::InvalidInput`] when the key is malformed.
pub fn keyed<T: FromStr>(
    id: &ID,
    (field, what): (&str, &'static str),
    key: Given<IdempotencyKey>,
) -> Result<(T, IdempotencyKey)> {
    let mut validation = Validation::default();
    let id = validation.take(input(id, field, what));
    let key = validation.take(key.at(&["idempotencyKey"]));
    validation.finish_with(id.zip(key))
}
