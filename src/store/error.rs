//! What a failed statement means.

use diesel::result::{DatabaseErrorKind, Error as DieselError, QueryResult};

use crate::error::{Code, Error};

impl From<DieselError> for Error {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the database's own errors, of which only these mean more")]
    fn from(error: DieselError) -> Self {
        let code = match &error {
            DieselError::DatabaseError(
                DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand,
                _,
            ) => Code::Busy,
            DieselError::DatabaseError(_, information) if is_wait(information.message()) => Code::Busy,
            _ => Code::Internal,
        };
        Error { code, ..Error::internal(error) }
    }
}

/// What both databases say when somebody else held on for too long.
fn is_wait(message: &str) -> bool {
    message.contains("database is locked") || message.contains("lock timeout")
}

/// Whether the database called the transaction off so that another could end: the same act may be tried again.
pub fn is_conflict(error: &Error) -> bool {
    match error.source.as_ref().and_then(|source| source.downcast_ref::<DieselError>()) {
        Some(DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, _)) => true,
        Some(DieselError::DatabaseError(_, information)) => information.message().contains("deadlock detected"),
        _ => false,
    }
}

/// Gives a unique violation the meaning that the statement's caller knows.
pub fn unique<T>(result: QueryResult<T>, taken: Code) -> Result<T, Error> {
    match result {
        Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Err(Error::new(taken)),
        other => other.map_err(Error::from),
    }
}

/// Whether the update found the version that it names.
pub fn one_row(rows: usize) -> Result<(), Error> {
    if rows == 1 { Ok(()) } else { Err(Error::new(Code::VersionMismatch)) }
}
