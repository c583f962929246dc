//! The state of the service itself.

use super::App;
use crate::error::Error;
use crate::store::{installation, migrations};

/// Whether the service can answer requests: the database answers and every migration has run.
///
/// # Errors
/// `busy` or `internal` when the database fails.
pub async fn is_ready(app: &App) -> Result<bool, Error> {
    let check = app.db.read(|conn| {
        installation::ping(conn)?;
        migrations::are_current(conn)
    });
    check.await
}
