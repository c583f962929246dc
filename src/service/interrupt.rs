//! The reasons why an act stops early.

use crate::domain::Id;
use crate::error::Error;
use crate::store::idempotency::StoredResponse;
use crate::store::submissions::Lapsed;

/// A reason why an act stops early.
#[derive(Debug)]
pub enum Interrupt {
    /// It is refused.
    Refused(Error),
    /// It was done before under the same idempotency key; the stored response is repeated.
    Replayed(StoredResponse),
    /// A submission's gate has closed but its lapse is not stored yet: apply the lapses, then read again.
    PendingLapse(PendingLapse),
    /// The user of an identity provider has no active membership, and one that waits: take it, then begin again.
    UntakenMembership(Id),
}

/// The scope in which lapses are to be applied.
#[derive(Debug, Clone)]
pub enum PendingLapse {
    /// One submission.
    Submission(Id),
    /// The submissions of a period.
    Period(Id),
    /// The submissions of an organisation.
    Organization(Id),
}

impl PendingLapse {
    /// The submissions that it covers.
    pub fn scope(&self) -> Lapsed<'_> {
        match self {
            PendingLapse::Submission(id) => Lapsed::One(id),
            PendingLapse::Period(id) => Lapsed::OfPeriod(id),
            PendingLapse::Organization(id) => Lapsed::OfOrganization(id),
        }
    }
}

impl Interrupt {
    /// Returns the refusal; any other interrupt is a defect where a refusal alone can be answered.
    pub fn into_error(self) -> Error {
        match self {
            Interrupt::Refused(error) => error,
            Interrupt::Replayed(_) => Error::internal("an unexpected replay"),
            Interrupt::PendingLapse(_) => Error::internal("a changing act found a pending lapse"),
            Interrupt::UntakenMembership(_) => Error::internal("a membership is still to be taken"),
        }
    }
}

impl<E: Into<Error>> From<E> for Interrupt {
    fn from(error: E) -> Self {
        Interrupt::Refused(error.into())
    }
}

/// The result of an act: what it returns, or why it stopped early.
pub type Result<T, E = Interrupt> = std::result::Result<T, E>;
