//! Conflicts: errors of a transaction that a retry from its start may avoid.

use diesel::result::{DatabaseErrorKind, Error};

/// Why a transaction that failed may succeed when it is retried from its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// The server rolled back this transaction to resolve a deadlock (1213; also a failed
    /// certification on Galera).
    Deadlock,
    /// Another transaction held a lock for too long (1205).
    LockWaitTimeout,
    /// A Galera node aborted the statement in favor of a transaction of another node (1317).
    Interrupted,
    /// A Galera node is not ready yet (1047).
    NodeNotReady,
    /// Rows (1020) or the table definition (1412, 1615) changed during the read.
    Stale,
    /// The connection was lost, so the server rolled back.
    ConnectionLost,
}

/// The messages of the errors above. The driver's error type keeps a message but no number; each
/// session asks for English messages, so the text identifies the error on MariaDB and on MySQL.
const MESSAGES: &[(&str, Conflict)] = &[
    ("Deadlock found when trying to get lock", Conflict::Deadlock),
    ("Deadlock: ", Conflict::Deadlock),
    ("Lock wait timeout exceeded", Conflict::LockWaitTimeout),
    ("WSREP has not yet prepared node", Conflict::NodeNotReady),
    ("WSREP detected deadlock/conflict", Conflict::Deadlock),
    ("Record has changed since last read", Conflict::Stale),
    ("Table definition has changed, please retry", Conflict::Stale),
    ("Prepared statement needs to be re-prepared", Conflict::Stale),
    ("Connection was killed", Conflict::ConnectionLost),
    ("Server shutdown in progress", Conflict::ConnectionLost),
    ("The client was disconnected by the server", Conflict::ConnectionLost),
    // Messages of the driver for a lost connection; they never come from a server.
    ("Input/output error: ", Conflict::ConnectionLost),
    ("Driver error: ", Conflict::ConnectionLost),
    ("Other error: ", Conflict::ConnectionLost),
];

impl Conflict {
    /// The conflict behind `error`; `None` when a retry would fail the same way.
    pub fn of(error: &Error) -> Option<Self> {
        let message = match error {
            Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => return Some(Self::Deadlock),
            Error::DatabaseError(DatabaseErrorKind::ClosedConnection, _) => return Some(Self::ConnectionLost),
            Error::DatabaseError(DatabaseErrorKind::Unknown, info) => info.message(),
            _ => return None,
        };
        // With a reason after this text the statement timed out, and a retry would, too.
        if message == "Query execution was interrupted" {
            return Some(Self::Interrupted);
        }
        MESSAGES.iter().find(|(start, _)| message.starts_with(start)).map(|(_, conflict)| *conflict)
    }
}

/// An error of a transaction's closure, which may come from a conflict that a retry can resolve.
pub trait MayConflict {
    /// The conflict behind this error, if a retry of the transaction may succeed.
    fn conflict(&self) -> Option<Conflict>;
}

impl MayConflict for Error {
    fn conflict(&self) -> Option<Conflict> {
        Conflict::of(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database_error(message: &str) -> Error {
        Error::DatabaseError(DatabaseErrorKind::Unknown, Box::new(message.to_owned()))
    }

    #[test]
    fn a_deadlock_is_a_conflict() {
        let error = database_error("Deadlock found when trying to get lock; try restarting transaction");
        assert_eq!(Conflict::of(&error), Some(Conflict::Deadlock));
    }

    #[test]
    fn a_statement_that_timed_out_is_no_conflict() {
        assert_eq!(
            Conflict::of(&database_error("Query execution was interrupted (max_statement_time exceeded)")),
            None
        );
        assert_eq!(Conflict::of(&database_error("Query execution was interrupted")), Some(Conflict::Interrupted));
    }

    #[test]
    fn a_violated_constraint_is_no_conflict() {
        let duplicate = Error::DatabaseError(
            DatabaseErrorKind::UniqueViolation,
            Box::new("Duplicate entry 'Deadlock found when trying to get lock' for key 'PRIMARY'".to_owned()),
        );
        assert_eq!(Conflict::of(&duplicate), None);
        assert_eq!(Conflict::of(&Error::NotFound), None);
    }
}
