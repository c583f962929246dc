//! The error codes of failed statements.

use diesel::result::{DatabaseErrorKind, Error as DieselError, QueryResult};

use crate::error::{Code, Error};

impl From<DieselError> for Error {
    #[expect(clippy::wildcard_enum_match_arm, reason = "every other error of the database is `internal`")]
    fn from(error: DieselError) -> Self {
        let code = match &error {
            DieselError::DatabaseError(
                DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand,
                _,
            ) => Code::Busy,
            DieselError::DatabaseError(_, information) if is_lock_timeout(information.message()) => Code::Busy,
            _ => Code::Internal,
        };
        Error { code, ..Error::internal(error) }
    }
}

/// Returns whether another transaction held a lock for too long, in either database's wording.
fn is_lock_timeout(message: &str) -> bool {
    message.contains("database is locked") || message.contains("lock timeout")
}

/// Returns whether the database aborted the transaction because of a conflict, so that it can be retried.
pub fn is_conflict(error: &Error) -> bool {
    match error.source.as_ref().and_then(|source| source.downcast_ref::<DieselError>()) {
        Some(DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, _)) => true,
        Some(DieselError::DatabaseError(_, information)) => information.message().contains("deadlock detected"),
        _ => false,
    }
}

/// Turns a unique violation into `code`, which the caller chooses by what the index means.
pub fn map_unique_violation<T>(result: QueryResult<T>, code: Code) -> Result<T, Error> {
    match result {
        Err(DieselError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Err(Error::new(code)),
        other => other.map_err(Error::from),
    }
}

/// Checks that an update found the version that it expected.
///
/// # Errors
/// `version_mismatch` where it did not.
pub fn ensure_one_row(rows: usize) -> Result<(), Error> {
    ensure_rows(rows, 1)
}

/// Checks that an update found every row that it expected.
///
/// # Errors
/// `version_mismatch` where it did not.
pub fn ensure_rows(rows: usize, expected: usize) -> Result<(), Error> {
    if rows == expected { Ok(()) } else { Err(Error::new(Code::VersionMismatch)) }
}
