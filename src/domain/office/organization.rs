//! Organisations, each of which runs its own emulation periods.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::domain::Id;
use crate::domain::award::vote::VoteThreshold;
use crate::domain::text::{CODE_CHARS, Check, TITLE_CHARS};
use crate::domain::time::zone;
use crate::error::Code;

/// Time zone of an organisation that names none.
pub const DEFAULT_ZONE: &str = "Asia/Ho_Chi_Minh";

/// An organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Id of the organisation.
    pub id: Id,
    /// Code, unique in the installation.
    pub code: String,
    /// Name of the organisation.
    pub name: String,
    /// IANA name of the time zone that its dates refer to.
    pub time_zone: String,
    /// Code in the national register of agencies.
    pub agency_code: Option<String>,
    /// The shares of the council that awards need.
    pub vote_thresholds: Vec<VoteThreshold>,
    /// Version; it increases with every change.
    pub version: i64,
    /// When the organisation was created.
    pub created_at: DateTime<Utc>,
    /// When the organisation was last changed.
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
            vote_thresholds: Vec::new(),
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// Returns the time zone that its dates refer to. A stored name was validated when it was set.
    pub fn zone(&self) -> Tz {
        zone(&self.time_zone).unwrap_or(chrono_tz::Asia::Ho_Chi_Minh)
    }

    /// Normalises the texts and records every fault.
    pub fn clean(&mut self, check: &mut Check) {
        self.code = check.code("/code", &self.code);
        self.name = check.text("/name", &self.name, TITLE_CHARS);
        self.agency_code = check.optional("/agency_code", self.agency_code.as_deref(), CODE_CHARS);
        check.ensure(zone(&self.time_zone).is_some(), "/time_zone", Code::UnknownTimeZone);
    }
}
