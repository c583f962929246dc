//! The result of an action on a record.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::journal::event::EventType;
use crate::error::Error;

/// A permitted change: the new state of the record, and the event that announces it.
#[derive(Debug, Clone)]
pub struct Change<S> {
    /// The record after the change.
    pub after: S,
    /// The event for subscribers, if there is one.
    pub event: Option<EventType>,
}

impl<S> Change<S> {
    /// Returns a change that is announced by an event.
    pub const fn with_event(after: S, event: EventType) -> Self {
        Change { after, event: Some(event) }
    }

    /// Returns a change without an event.
    pub const fn silent(after: S) -> Self {
        Change { after, event: None }
    }

    /// Applies the change to a value that contains the record.
    pub fn map<T>(self, whole: impl FnOnce(S) -> T) -> Change<T> {
        Change { after: whole(self.after), event: self.event }
    }
}

/// A statement that turned out to be wrong and was replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Superseded<T> {
    /// The statement.
    #[serde(flatten)]
    pub value: T,
    /// When it was replaced.
    pub superseded_at: DateTime<Utc>,
    /// Why it was replaced.
    pub superseded_reason: String,
}

/// Whether an action is possible: until when, if the passing of time ends it, or why not.
pub type Gate = Result<Option<DateTime<Utc>>, Error>;
