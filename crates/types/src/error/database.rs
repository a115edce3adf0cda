//! Converts errors of the database.

use mysql_engine::{Conflict, DatabaseError, MayConflict};

use super::Error;

impl From<DatabaseError> for Error {
    fn from(error: DatabaseError) -> Self {
        if error.is_busy() {
            Self::Busy(error.into())
        } else if error.is_unavailable() {
            Self::Unavailable(error.into())
        } else {
            Self::Internal(error.into())
        }
    }
}

impl From<diesel::result::Error> for Error {
    fn from(error: diesel::result::Error) -> Self {
        DatabaseError::from(error).into()
    }
}

impl Error {
    /// The error of a transaction whose own steps have succeeded: its conflict stays one, so that it is retried.
    pub fn into_database_error(self) -> DatabaseError {
        let (Self::Busy(error) | Self::Unavailable(error) | Self::Internal(error)) = self else {
            return DatabaseError::Failed(diesel::result::Error::QueryBuilderError(self.to_string().into()));
        };
        error
            .downcast()
            .unwrap_or_else(|error| DatabaseError::Failed(diesel::result::Error::QueryBuilderError(error.into())))
    }

    /// Whether the connection to the database was lost; the work can be retried on a new one.
    pub fn is_lost_connection(&self) -> bool {
        self.conflict() == Some(Conflict::ConnectionLost)
    }
}

impl MayConflict for Error {
    fn conflict(&self) -> Option<Conflict> {
        match self {
            Self::Busy(error) | Self::Unavailable(error) => {
                error.downcast_ref::<DatabaseError>().and_then(MayConflict::conflict)
            }
            _ => None,
        }
    }
}
