//! What the rules answer when an act is asked of a record.

use chrono::{DateTime, Utc};

use crate::domain::journal::event::EventType;
use crate::error::Error;

/// A change that the rules allow: what the record becomes, and which event tells of it.
#[derive(Debug, Clone)]
pub struct Change<S> {
    /// The record as it becomes.
    pub after: S,
    /// What subscribers are told; none where nobody is.
    pub event: Option<EventType>,
}

impl<S> Change<S> {
    /// A change that subscribers are told of.
    pub const fn with_event(after: S, event: EventType) -> Self {
        Change { after, event: Some(event) }
    }

    /// A change that subscribers are not told of.
    pub const fn silent(after: S) -> Self {
        Change { after, event: None }
    }

    /// The same change of what the record is a part of.
    pub fn map<T>(self, whole: impl FnOnce(S) -> T) -> Change<T> {
        Change { after: whole(self.after), event: self.event }
    }
}

/// Whether state and clock let an act pass: until when, if the clock ends it, or why not.
pub type Gate = Result<Option<DateTime<Utc>>, Error>;
