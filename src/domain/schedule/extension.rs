//! Extensions of a deadline: granted, and corrected as long as nobody has used them.

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::Id;
use crate::domain::change::Superseded;
use crate::error::{Code, Error, Fault};

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
    /// The days that it was granted to before it was corrected, the oldest first.
    pub superseded: Vec<Superseded<Until>>,
}

/// Until when a deadline was extended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Until {
    /// The last day.
    pub due_on: NaiveDate,
}

/// The most days from today that an extension may reach: what is further off is a slip of the pen.
const MAX_EXTENSION_DAYS: u64 = 366;

fn latest(today: NaiveDate, before: Option<NaiveDate>) -> Option<NaiveDate> {
    today.max(before.unwrap_or(today)).checked_add_days(Days::new(MAX_EXTENSION_DAYS))
}

/// A day that an extension may not go to.
///
/// # Errors
/// `date_in_past`, `deadline_shortened`, `date_out_of_range`.
pub fn check_extension(due_on: NaiveDate, today: NaiveDate, before: Option<NaiveDate>) -> Result<(), Code> {
    match before {
        _ if due_on < today => Err(Code::DateInPast),
        Some(before) if due_on <= before => Err(Code::DeadlineShortened),
        _ if latest(today, before).is_some_and(|latest| due_on > latest) => Err(Code::DateOutOfRange),
        _ => Ok(()),
    }
}

/// What a correction of an extension depends on.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// The day that stands without the extension: that of the schedule, of the other extensions, or what rests on it since.
    pub stands: Option<NaiveDate>,
    /// The earliest day that it can be corrected to: that of the schedule, or of what rests on it since.
    pub earliest: Option<NaiveDate>,
    /// The last day on which what is due was handed in or done.
    pub done_on: Option<NaiveDate>,
}

impl Extension {
    /// Requires that nobody has used the extension: nothing was handed in on a day that only it allowed, and that time is not
    /// over.
    ///
    /// # Errors
    /// `extension_used`.
    pub fn must_be_unused(&self, usage: &Usage, today: NaiveDate) -> Result<(), Error> {
        let gives_time = usage.stands.is_none_or(|stands| self.due_on > stands);
        let relied_on = usage.done_on.is_some_and(|done_on| usage.stands.is_none_or(|stands| done_on > stands));
        if gives_time && (relied_on || self.due_on < today) {
            return Err(Error::new(Code::ExtensionUsed));
        }
        Ok(())
    }

    /// Corrects the day. It may go back to that of the schedule, but no further, and never to the past.
    ///
    /// # Errors
    /// `nothing_corrected`, `date_in_past`, `deadline_shortened`, `date_out_of_range`.
    pub fn correct(
        &self,
        due_on: NaiveDate,
        reason: String,
        usage: &Usage,
        (today, now): (NaiveDate, DateTime<Utc>),
    ) -> Result<Self, Error> {
        let fault = match usage.earliest {
            _ if due_on == self.due_on => Some(Fault::at("/due_on", Code::NothingCorrected)),
            _ if due_on < today => Some(Fault::at("/due_on", Code::DateInPast)),
            Some(earliest) if due_on < earliest => {
                let before = earliest.pred_opt().unwrap_or(earliest);
                Some(Fault::at("/due_on", Code::DeadlineShortened).with("due_on", before.to_string()))
            }
            _ if latest(today, usage.stands).is_some_and(|latest| due_on > latest) => {
                Some(Fault::at("/due_on", Code::DateOutOfRange))
            }
            _ => None,
        };
        Error::unless_valid(fault.into_iter().collect())?;
        let mut corrected = Extension { due_on, ..self.clone() };
        let value = Until { due_on: self.due_on };
        corrected.superseded.push(Superseded { value, superseded_at: now, superseded_reason: reason });
        Ok(corrected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn until(due_on: &str) -> Extension {
        let id = Id::from_uuid_text("018b88d6-5f80-7000-8000-000000000001");
        Extension {
            id,
            deadline_id: id,
            due_on: on(due_on),
            reason: "x".into(),
            basis_document: "x".into(),
            granted_by: id,
            granted_at: DateTime::UNIX_EPOCH,
            superseded: Vec::new(),
        }
    }

    /// The schedule says the 10th, the extension the 15th.
    #[test]
    fn an_extension_is_used_once_something_rests_on_it() {
        for (stands, done_on, today, unused) in [
            ("2023-11-10", None, "2023-11-01", true),
            ("2023-11-10", None, "2023-11-12", true),
            ("2023-11-10", None, "2023-11-15", true),
            // Its time is over.
            ("2023-11-10", None, "2023-11-16", false),
            // Handed in within the schedule, and within the extension.
            ("2023-11-10", Some("2023-11-10"), "2023-11-12", true),
            ("2023-11-10", Some("2023-11-11"), "2023-11-12", false),
            // Another extension reaches further.
            ("2023-11-15", None, "2023-11-16", true),
        ] {
            let usage = Usage { stands: Some(on(stands)), earliest: Some(on("2023-11-10")), done_on: done_on.map(on) };
            let found = until("2023-11-15").must_be_unused(&usage, on(today)).is_ok();
            assert_eq!(found, unused, "{stands} {done_on:?} {today}");
        }
    }

    #[test]
    fn a_correction_goes_back_to_what_stands_and_not_to_the_past() {
        let day = Some(on("2023-11-10"));
        let usage = Usage { stands: day, earliest: day, done_on: None };
        for (due_on, today, expected) in [
            ("2023-11-12", "2023-11-01", None),
            ("2023-11-10", "2023-11-01", None),
            ("2023-11-25", "2023-11-01", None),
            ("2023-11-09", "2023-11-01", Some(Code::DeadlineShortened)),
            ("2023-11-12", "2023-11-13", Some(Code::DateInPast)),
            ("2023-11-15", "2023-11-01", Some(Code::NothingCorrected)),
            ("2025-11-15", "2023-11-01", Some(Code::DateOutOfRange)),
        ] {
            let found = until("2023-11-15").correct(on(due_on), "y".into(), &usage, (on(today), DateTime::UNIX_EPOCH));
            assert_eq!(found.as_ref().err().map(|error| error.code), expected, "{due_on}");
            if let Ok(corrected) = found {
                let kept: Vec<NaiveDate> = corrected.superseded.iter().map(|before| before.value.due_on).collect();
                assert_eq!((corrected.due_on, kept), (on(due_on), vec![on("2023-11-15")]));
            }
        }
    }
}
