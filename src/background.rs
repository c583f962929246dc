//! What happens without a request.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::clock::machine_now;
use crate::error::Error;
pub use crate::service::App;
use crate::service::files;
use crate::service::journal::webhooks::dispatcher;
use crate::service::schedule::deadline_checks::{self, Selection};
use crate::store::{idempotency, webhooks};

/// How often is swept.
const EVERY: Duration = Duration::from_hours(1);
/// How long a file that no row names is left alone: its upload may still be on its way.
const UNNAMED_FOR: TimeDelta = TimeDelta::hours(24);
/// How long the log of webhooks goes back.
const LOGGED_FOR: TimeDelta = TimeDelta::days(30);

/// How often the deadlines are looked at.
const CHECK_EVERY: Duration = Duration::from_secs(30);

/// Does what the clock alone causes, again and again, until the task is dropped. Instances that share a database do
/// the same; each thing is done once.
pub async fn keep_checking(app: Arc<App>) {
    let mut rounds = tokio::time::interval(CHECK_EVERY);
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        rounds.tick().await;
        if let Err(error) = deadline_checks::run(&app, "timer", &Selection::Due, false).await {
            log::warn!(error:% = error; "the deadlines could not be checked");
        }
    }
}

/// How often is looked for messages that another instance has made or that are to be tried again.
const DELIVER_EVERY: Duration = Duration::from_secs(1);
/// The pause between two looks, however often the bell rings.
const BREATH: Duration = Duration::from_millis(100);

/// Carries messages to subscribers, until the task is dropped. Instances that share a database share the work.
pub async fn keep_delivering(app: Arc<App>) {
    let mut event_signal = app.event_signal.subscribe();
    loop {
        event_signal.mark_unchanged();
        let now = machine_now();
        match dispatcher::claim_due(&app, now).await {
            Ok(batches) if batches.is_empty() => {
                // Whether it rang or not: look again.
                let _ = tokio::time::timeout(DELIVER_EVERY, event_signal.changed()).await;
            }
            Ok(batches) => {
                for batch in batches {
                    let carrying = dispatcher::send_batch(Arc::clone(&app), batch, now);
                    actix_web::rt::spawn(async move {
                        if let Err(error) = carrying.await {
                            log::warn!(error:% = error; "what came of a webhook could not be written down");
                        }
                    });
                }
            }
            Err(error) => {
                log::warn!(error:% = error; "the webhooks could not be looked at");
                tokio::time::sleep(DELIVER_EVERY).await;
            }
        }
        tokio::time::sleep(BREATH).await;
    }
}

/// Makes messages of new events and sends a batch to each endpoint that some are due to at `now`. Tells how many were
/// sent; none where there is nothing to do.
///
/// # Errors
/// When the database does not answer; what was taken and not written down is taken again after a minute.
pub async fn deliver(app: &Arc<App>, now: DateTime<Utc>) -> Result<usize, Error> {
    let batches = dispatcher::claim_due(app, now).await?;
    let carried = batches.into_iter().map(|batch| dispatcher::send_batch(Arc::clone(app), batch, now));
    let carried = futures_util::future::join_all(carried).await;
    carried.into_iter().sum()
}

/// Sweeps again and again, until the task is dropped.
pub async fn keep_sweeping(app: Arc<App>) {
    let mut hours = tokio::time::interval(EVERY);
    loop {
        hours.tick().await;
        if let Err(error) = sweep(&app, machine_now() - UNNAMED_FOR).await {
            log::warn!(error:% = error; "not all that is old could be swept");
        }
    }
}

/// Forgets kept answers and logs that are too old, and takes away the files that no row has named since `unnamed_before`.
///
/// # Errors
/// When database or store do not answer; what is left is found the next time.
pub async fn sweep(app: &Arc<App>, unnamed_before: DateTime<Utc>) -> Result<(), Error> {
    let within = Arc::clone(app);
    app.db.write(move |conn| idempotency::sweep(conn, within.clock.now())).await?;
    app.db.write(move |conn| webhooks::sweep(conn, machine_now() - LOGGED_FOR)).await?;
    let swept = files::sweep(app, unnamed_before).await?;
    if swept > 0 {
        log::info!(files = swept; "took away files that nothing names");
    }
    Ok(())
}
