//! An office that runs its own emulation year.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::domain::Id;
use crate::domain::text::{CODE_CHARS, Check, TITLE_CHARS};
use crate::domain::time::zone;
use crate::error::Code;

/// The zone of an office that names none.
pub const DEFAULT_ZONE: &str = "Asia/Ho_Chi_Minh";

/// An office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Its id.
    pub id: Id,
    /// Unique in the installation.
    pub code: String,
    /// Its name.
    pub name: String,
    /// IANA name of the zone that its dates mean.
    pub time_zone: String,
    /// Its code in the national register of agencies.
    pub agency_code: Option<String>,
    /// Counts changes.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

impl Organization {
    /// A new office, in the zone of an office that names none.
    pub fn new(id: Id, code: &str, name: &str, now: DateTime<Utc>) -> Self {
        Organization {
            id,
            code: code.to_owned(),
            name: name.to_owned(),
            time_zone: DEFAULT_ZONE.to_owned(),
            agency_code: None,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// The zone that its dates mean. A stored name was checked when it came in.
    pub fn zone(&self) -> Tz {
        zone(&self.time_zone).unwrap_or(chrono_tz::Asia::Ho_Chi_Minh)
    }

    /// Brings its texts into their stored form and notes every one that is none.
    pub fn clean(&mut self, check: &mut Check) {
        self.code = check.code("/code", &self.code);
        self.name = check.text("/name", &self.name, TITLE_CHARS);
        self.agency_code = check.optional("/agency_code", self.agency_code.as_deref(), CODE_CHARS);
        check.ensure(zone(&self.time_zone).is_some(), "/time_zone", Code::UnknownTimeZone);
    }
}
