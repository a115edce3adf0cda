//! The only SQL.
//!
//! [`Database`] is the handle: a pool that heals itself, and transactions that run again when racers collide. The
//! functions of a noun's file take `conn: &mut Conn` (any connection) or `tx: &mut Conn` (inside a transaction).

mod conflict;
mod database;
/// A private MariaDB (or MySQL) of the server's own, for when no `DATABASE_URL` is given.
pub mod embedded;
/// Bulk writes of public datasets.
pub mod imports;
/// The migrations in `migrations/`, applied under a lock.
pub mod migrate;
mod pool;
pub(crate) mod schema;
mod statements;
mod transaction;
/// Which database servers are supported, and what the connected one is.
pub mod version;

pub use conflict::{Conflict, MayConflict};
pub use database::{Database, DatabaseError, Options};
pub use pool::Conn;
pub use statements::{Recording, Statements};
pub use transaction::Attempt;
