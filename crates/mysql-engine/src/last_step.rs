//! What a handle to the database does at the end of each of its transactions.

use super::{Conn, DatabaseError};
use futures_util::future::BoxFuture;

/// The last step of each transaction of a handle, for what nobody must forget, such as a record of
/// who has changed something.
pub trait LastStep: Send + Sync {
    /// Runs in the transaction, before its commit, once for each attempt.
    ///
    /// # Errors
    /// When the database fails: then the transaction is rolled back, and retried after a conflict.
    fn run<'a>(&'a self, tx: &'a mut Conn) -> BoxFuture<'a, Result<(), DatabaseError>>;

    /// The transaction was committed.
    fn committed(&self) {}
}
