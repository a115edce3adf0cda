//! The only SQL.
//!
//! [`Database`] is the handle: a pool that heals itself, and transactions that run again when racers collide. The
//! functions of a noun's file take `conn: &mut Conn` (any connection) or `tx: &mut Conn` (inside a transaction).

/// What places offer.
pub mod amenities;
/// Bookings.
pub mod bookings;
mod conflict;
mod database;
mod each;
/// A private MariaDB (or MySQL) of the server's own, for when no `DATABASE_URL` is given.
pub mod embedded;
/// What happened to bookings.
pub mod events;
mod failure;
/// Answers kept by idempotency key.
pub mod idempotency;
/// Places to stay.
pub mod listings;
/// Bulk writes of public datasets.
pub mod imports;
/// The migrations in `migrations/`, applied under a lock.
pub mod migrate;
/// What differs from the listing on single nights.
pub mod night_rates;
/// Who holds which night.
pub mod nights;
/// Payments and refunds.
pub mod payments;
/// Pictures of listings.
pub mod photos;
mod pool;
/// Promised prices.
pub mod quotes;
/// What guests wrote.
pub mod reviews;
pub(crate) mod schema;
/// Listings that fit a search.
pub mod search;
/// Sessions and sign-in.
pub mod sessions;
mod statements;
mod transaction;
/// People.
pub mod users;
/// Which database servers are supported, and what the connected one is.
pub mod version;

pub use conflict::{Conflict, MayConflict};
pub use database::{Database, DatabaseError, Options};
pub use pool::Conn;
pub use statements::{Recording, Statements};
pub use transaction::Attempt;
