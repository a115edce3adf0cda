//! A MariaDB or MySQL database as a program needs it: a pool that heals itself, transactions that run again when racers collide,
//! connections shared out, a database that hangs told from one that is slow, migrations, and a private server.

mod abandoned;
mod address;
mod conflict;
mod database;
pub mod embedded;
mod exclusive;
mod link;
mod measures;
pub mod migrate;
mod pool;
mod pulse;
mod shares;
mod statements;
mod transaction;
mod url;
/// Which database servers are supported, and what the connected one is.
pub mod version;

pub use conflict::{Conflict, MayConflict};
pub use database::{Database, DatabaseError, Options};
pub use exclusive::Exclusive;
pub use pool::Conn;
pub use shares::Turn;
pub use statements::{Recording, Statements};
pub use transaction::Attempt;
pub use url::{DatabaseUrl, SslMode};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
