//! The contract in Rust. Objects are newtypes over domain values; resolvers take a proof, call one function, wrap the outcome.

/// Nights of listings.
pub mod calendars;
pub mod context;
pub mod error;
/// Places to stay.
pub mod listings;
pub mod loaders;
mod money;
mod pages;
mod payload;
mod prices;
mod problems;
/// What guests wrote.
pub mod reviews;
mod scalars;
/// Finding listings.
pub mod search;
mod stays;
/// People, as others see them.
pub mod users;
