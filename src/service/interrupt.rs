//! Why an act goes no further.

use crate::domain::Id;
use crate::error::Error;
use crate::store::idempotency::FirstAnswer;
use crate::store::submissions::Lapsed;

/// Why an act goes no further.
#[derive(Debug)]
pub enum Interrupt {
    /// It is refused.
    Refused(Error),
    /// It was done before: here is the first answer.
    Replayed(FirstAnswer),
    /// The clock has closed gates that no row says so of yet: settle that, then read again.
    PendingLapse(PendingLapse),
}

/// Where the clock has closed gates.
#[derive(Debug, Clone)]
pub enum PendingLapse {
    /// Of one sheet.
    Submission(Id),
    /// Of one period.
    Period(Id),
    /// Of an organisation.
    Organization(Id),
}

impl PendingLapse {
    /// Which sheets that are.
    pub fn scope(&self) -> Lapsed<'_> {
        match self {
            PendingLapse::Submission(id) => Lapsed::One(id),
            PendingLapse::Period(id) => Lapsed::OfPeriod(id),
            PendingLapse::Organization(id) => Lapsed::OfOrganization(id),
        }
    }
}

impl<E: Into<Error>> From<E> for Interrupt {
    fn from(error: E) -> Self {
        Interrupt::Refused(error.into())
    }
}
