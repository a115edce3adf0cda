//! Access to a MariaDB or MySQL database: a self-healing pool, transactions with retry, shares of
//! the pool for different callers, health probes that distinguish a slow statement from an
//! unresponsive server, migrations, and a private server.

mod address;
mod conflict;
mod database;
pub mod embedded;
mod health_probe;
mod last_step;
mod metrics;
pub mod migrate;
mod monitored_connection;
mod named_lock;
mod pool;
mod shares;
mod statement_killer;
mod statements;
mod transaction;
mod url;
pub mod version;

pub use conflict::{Conflict, MayConflict};
pub use database::{Database, DatabaseError, Options};
pub use last_step::LastStep;
pub use named_lock::NamedLock;
pub use pool::Conn;
pub use shares::OperationPermit;
pub use statements::{Recording, Statements};
pub use transaction::Attempt;
pub use url::{DatabaseUrl, SslMode};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
