use diesel::result::{DatabaseErrorKind, Error};

/// Why a transaction that failed may succeed when it is run again from its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflict {
    /// The server chose this transaction to die so that others may proceed (1213; also a failed certification on Galera).
    Deadlock,
    /// Another transaction held a lock for too long (1205).
    LockWait,
    /// A Galera node aborted the statement for a transaction of another node (1317).
    Interrupted,
    /// A Galera node that is not ready to serve yet (1047).
    NodeNotReady,
    /// What was read has changed under the reader, rows (1020) or the table itself (1412, 1615).
    Stale,
    /// The connection was lost, so that the server has rolled back what was not committed.
    Lost,
}

/// The messages of the errors above. The driver's error type keeps a message but no number; each session asks for
/// English messages, so the text identifies the error on MariaDB and on MySQL.
const MESSAGES: &[(&str, Conflict)] = &[
    ("Deadlock found when trying to get lock", Conflict::Deadlock),
    ("Deadlock: ", Conflict::Deadlock),
    ("Lock wait timeout exceeded", Conflict::LockWait),
    ("WSREP has not yet prepared node", Conflict::NodeNotReady),
    ("WSREP detected deadlock/conflict", Conflict::Deadlock),
    ("Record has changed since last read", Conflict::Stale),
    ("Table definition has changed, please retry", Conflict::Stale),
    ("Prepared statement needs to be re-prepared", Conflict::Stale),
    ("Connection was killed", Conflict::Lost),
    ("Server shutdown in progress", Conflict::Lost),
    ("The client was disconnected by the server", Conflict::Lost),
    // What the driver itself says when the other side is gone; never the text of a server's error.
    ("Input/output error: ", Conflict::Lost),
    ("Driver error: ", Conflict::Lost),
    ("Other error: ", Conflict::Lost),
];

impl Conflict {
    /// What `error` says about running its transaction again; `None` when another run would fail the same way.
    pub fn of(error: &Error) -> Option<Self> {
        let message = match error {
            Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => return Some(Self::Deadlock),
            Error::DatabaseError(DatabaseErrorKind::ClosedConnection, _) => return Some(Self::Lost),
            Error::DatabaseError(DatabaseErrorKind::Unknown, info) => info.message(),
            _ => return None,
        };
        // Exactly this: with a reason behind it, the statement took too long and would again.
        if message == "Query execution was interrupted" {
            return Some(Self::Interrupted);
        }
        MESSAGES.iter().find(|(start, _)| message.starts_with(start)).map(|(_, conflict)| *conflict)
    }
}

/// Errors of a transaction's closure, which may hide a database error that calls for another run.
pub trait MayConflict {
    /// The conflict behind this error, if another run of the transaction may do better.
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
    fn a_deadlock_calls_for_another_run() {
        let error = database_error("Deadlock found when trying to get lock; try restarting transaction");
        assert_eq!(Conflict::of(&error), Some(Conflict::Deadlock));
    }

    #[test]
    fn a_statement_that_took_too_long_does_not() {
        assert_eq!(
            Conflict::of(&database_error("Query execution was interrupted (max_statement_time exceeded)")),
            None
        );
        assert_eq!(Conflict::of(&database_error("Query execution was interrupted")), Some(Conflict::Interrupted));
    }

    #[test]
    fn a_broken_rule_is_no_conflict() {
        let duplicate = Error::DatabaseError(
            DatabaseErrorKind::UniqueViolation,
            Box::new("Duplicate entry 'Deadlock found when trying to get lock' for key 'PRIMARY'".to_owned()),
        );
        assert_eq!(Conflict::of(&duplicate), None);
        assert_eq!(Conflict::of(&Error::NotFound), None);
    }
}
