//! What happens without a request.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::clock::machine_now;
use crate::error::Error;
use crate::service::{House, files};
use crate::store::idempotency;

/// How often is swept.
const EVERY: Duration = Duration::from_hours(1);
/// How long a file that no row names is left alone: its upload may still be on its way.
const UNNAMED_FOR: TimeDelta = TimeDelta::hours(24);

/// Sweeps again and again, until the task is dropped.
pub async fn keep_sweeping(house: Arc<House>) {
    let mut hours = tokio::time::interval(EVERY);
    loop {
        hours.tick().await;
        if let Err(error) = sweep(&house, machine_now() - UNNAMED_FOR).await {
            log::warn!(error:% = error; "not all that is old could be swept");
        }
    }
}

/// Forgets kept answers that are too old, and takes away the files that no row has named since `unnamed_before`.
///
/// # Errors
/// When database or store do not answer; what is left is found the next time.
pub async fn sweep(house: &Arc<House>, unnamed_before: DateTime<Utc>) -> Result<(), Error> {
    let within = Arc::clone(house);
    house.db.write(move |conn| idempotency::sweep(conn, within.clock.now())).await?;
    let swept = files::sweep(house, unnamed_before).await?;
    if swept > 0 {
        log::info!(files = swept; "took away files that nothing names");
    }
    Ok(())
}
