//! The installation: what every act needs of it.

use crate::clock::{Clock, Ids};
use crate::domain::schedule::deadline::Reminders;
use crate::service::criteria::tables::Tables;
use crate::service::files::Files;
use crate::service::journal::webhooks::dispatcher::Dispatcher;
use crate::store::Db;

/// What every act needs of the installation.
pub struct App {
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: Clock,
    /// The names of new records.
    pub ids: Ids,
    /// Published tables, ready for scoring.
    pub tables: Tables,
    /// Attached documents.
    pub files: Files,

    /// Rings when there are new events, for who waits for them in this process.
    pub event_signal: EventSignal,
    /// Who carries messages to subscribers.
    pub dispatcher: Dispatcher,
    /// When subscribers are reminded of a deadline.
    pub reminders: Reminders,
}

/// Rings when there are new events. Other instances are not heard: who waits looks again from time to time.
#[derive(Debug)]
pub struct EventSignal(tokio::sync::watch::Sender<()>);

impl Default for EventSignal {
    fn default() -> Self {
        EventSignal(tokio::sync::watch::Sender::new(()))
    }
}

impl EventSignal {
    /// Wakes who waits.
    pub fn notify(&self) {
        self.0.send_replace(());
    }

    /// Hears it from now on.
    pub fn subscribe(&self) -> tokio::sync::watch::Receiver<()> {
        self.0.subscribe()
    }
}
