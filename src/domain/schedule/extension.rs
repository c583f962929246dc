//! Extensions of a deadline: granted, never taken back.

use chrono::{DateTime, Days, NaiveDate, Utc};

use crate::domain::Id;
use crate::error::Code;

/// An extension that was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// Its id.
    pub id: Id,
    /// Of which deadline.
    pub deadline_id: Id,
    /// Until which day.
    pub due_on: NaiveDate,
    /// Why.
    pub reason: String,
    /// The paper that it rests on.
    pub basis_document: String,
    /// By which member.
    pub granted_by: Id,
    /// When.
    pub granted_at: DateTime<Utc>,
}

/// The most days from today that an extension may reach: what is further off is a slip of the pen.
const MAX_EXTENSION_DAYS: u64 = 366;

/// A day that an extension may not go to.
///
/// # Errors
/// `date_in_past`, `deadline_shortened`, `date_out_of_range`.
pub fn check_extension(due_on: NaiveDate, today: NaiveDate, before: Option<NaiveDate>) -> Result<(), Code> {
    let latest = today.max(before.unwrap_or(today)).checked_add_days(Days::new(MAX_EXTENSION_DAYS));
    match before {
        _ if due_on < today => Err(Code::DateInPast),
        Some(before) if due_on <= before => Err(Code::DeadlineShortened),
        _ if latest.is_some_and(|latest| due_on > latest) => Err(Code::DateOutOfRange),
        _ => Ok(()),
    }
}
