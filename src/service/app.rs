//! Shared state of the running service.

use crate::clock::{Clock, Ids};
use crate::domain::schedule::reminders::Reminders;
use crate::service::criteria::tables::Tables;
use crate::service::files::Files;
use crate::service::journal::webhooks::dispatcher::Dispatcher;
use crate::service::office::passwords::Passwords;
use crate::store::Db;

/// Shared state of the running service.
pub struct App {
    /// The database.
    pub db: Db,
    /// The only source of the current time.
    pub clock: Clock,
    /// The generator of ids for new records.
    pub ids: Ids,
    /// Cache of published criteria tables, compiled for scoring.
    pub tables: Tables,
    /// Storage of attached files.
    pub files: Files,

    /// Wakes requests of this process that wait for new events.
    pub event_signal: EventSignal,
    /// Sends webhook messages to subscribers.
    pub dispatcher: Dispatcher,
    /// The identity providers whose users can be members.
    pub issuers: Vec<String>,
    /// When subscribers are reminded of a deadline.
    pub reminders: Reminders,
    /// Hashes and judges passwords.
    pub passwords: Passwords,
}

/// Wakes requests that wait for new events. It does not reach other instances, so waiting requests also poll.
#[derive(Debug)]
pub struct EventSignal(tokio::sync::watch::Sender<()>);

impl Default for EventSignal {
    fn default() -> Self {
        EventSignal(tokio::sync::watch::Sender::new(()))
    }
}

impl EventSignal {
    /// Wakes all waiting requests.
    pub fn notify(&self) {
        self.0.send_replace(());
    }

    /// Returns a receiver that sees notifications from now on.
    pub fn subscribe(&self) -> tokio::sync::watch::Receiver<()> {
        self.0.subscribe()
    }
}
