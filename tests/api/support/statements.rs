//! The SQL that a server sends to its database.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};

/// Statements by the place of the database: a path or a URL. Only of databases that a test watches.
static SEEN: Mutex<BTreeMap<String, BTreeSet<String>>> = Mutex::new(BTreeMap::new());
static INSTALLED: Once = Once::new();

fn seen() -> MutexGuard<'static, BTreeMap<String, BTreeSet<String>>> {
    SEEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Records the statements of the connections that are opened from now on to watched databases.
struct Recorder {
    place: Option<String>,
}

impl Instrumentation for Recorder {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::StartEstablishConnection { url, .. } = event {
            self.place = seen().contains_key(url).then(|| url.to_owned());
        } else if let (InstrumentationEvent::StartQuery { query, .. }, Some(place)) = (event, &self.place) {
            let text = query.to_string();
            let sql = text.split(" -- binds:").next().unwrap_or_default().trim().to_owned();
            seen().entry(place.clone()).or_default().insert(sql);
        }
    }
}

fn place(database: &str) -> &str {
    database.strip_prefix("sqlite://").unwrap_or(database)
}

/// Watches a database, before the first connection to it.
pub fn watch(database: &str) {
    INSTALLED.call_once(|| {
        set_default_instrumentation(|| Some(Box::new(Recorder { place: None }))).unwrap();
    });
    seen().insert(place(database).to_owned(), BTreeSet::new());
}

/// Takes the statements that a watched database was sent since the last call.
pub fn take(database: &str) -> BTreeSet<String> {
    seen().get_mut(place(database)).map(std::mem::take).unwrap_or_default()
}
