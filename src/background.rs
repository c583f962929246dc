//! What happens without a request.

use std::sync::Arc;
use std::time::Duration;

use crate::service::House;
use crate::store::idempotency;

/// How often kept answers that are too old are forgotten.
const SWEEP: Duration = Duration::from_hours(1);

/// Forgets old answers, again and again, until the task is dropped.
pub async fn sweep(house: Arc<House>) {
    let mut hours = tokio::time::interval(SWEEP);
    loop {
        hours.tick().await;
        let within = Arc::clone(&house);
        if let Err(error) = house.db.write(move |conn| idempotency::sweep(conn, within.clock.now())).await {
            log::warn!(error:% = error; "old answers could not be swept");
        }
    }
}
