//! The only SQL.
//!
//! [`Database`] is the handle: a pool that heals itself, and transactions that run again when racers collide. The
//! functions of a noun's file take `conn: &mut Conn` (any connection) or `tx: &mut Conn` (inside a transaction).

mod abandoned;
mod address;
pub mod amenities;
pub mod booking_times;
pub mod bookings;
mod conflict;
mod database;
pub mod devices;
mod each;
pub mod embedded;
pub mod events;
mod exclusive;
mod failure;
pub mod holds;
pub mod idempotency;
pub mod limits;
mod link;
pub mod listings;
pub mod imports;
mod measures;
pub mod migrate;
pub mod night_rates;
pub mod nights;
pub mod payments;
pub mod photos;
mod pool;
mod pulse;
pub mod quotes;
pub mod refresh;
pub mod reviews;
pub(crate) mod schema;
pub mod search;
pub mod sessions;
mod shares;
mod statements;
mod transaction;
pub mod users;
/// Which database servers are supported, and what the connected one is.
pub mod version;

pub use conflict::{Conflict, MayConflict};
pub use database::{Database, DatabaseError, Options};
pub use exclusive::Exclusive;
pub use pool::Conn;
pub use shares::Turn;
pub use statements::{Recording, Statements};
pub use transaction::Attempt;
