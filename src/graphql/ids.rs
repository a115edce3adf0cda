//! Ids as clients write them.

use async_graphql::ID;
use std::str::FromStr;

use crate::error::{Error, Refusal, Result};

/// The id that an argument of a query names.
///
/// # Errors
/// [`Refusal::BadId`] when it is not an id of this kind.
pub fn argument<T: FromStr>(id: &ID) -> Result<T> {
    id.parse().map_err(|_| Refusal::BadId(id.chars().take(64).collect()).into())
}

/// The id that the field `field` of a mutation's input names. One that is not ours names nothing.
///
/// # Errors
/// [`Refusal::NotFound`] when it is not an id of this kind.
pub fn input<T: FromStr>(id: &ID, field: &str, what: &'static str) -> Result<T> {
    id.parse().map_err(|_| Error::not_found(field, what))
}
