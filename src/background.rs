//! Periodic work: deadline checks, webhook delivery, and the removal of expired data.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::clock::machine_now;
use crate::domain::office::session::FAILURES_REMEMBERED;
use crate::error::Error;
pub use crate::service::App;
use crate::service::files;
use crate::service::journal::webhooks::dispatcher;
use crate::service::schedule::deadline_checks::{self, Selection};
use crate::store::{idempotency, sessions, sign_in_failures, webhooks};

/// How often expired data is removed.
const SWEEP_INTERVAL: Duration = Duration::from_hours(1);
/// How long a file that no row refers to is kept: its upload may still be in progress.
const UNREFERENCED_GRACE: TimeDelta = TimeDelta::hours(24);
/// How long finished webhook deliveries are kept.
const DELIVERY_RETENTION: TimeDelta = TimeDelta::days(30);
/// How long a session that is over is kept, so that an old refresh token is known.
const SESSION_RETENTION: TimeDelta = TimeDelta::days(1);

/// How often the deadlines are checked.
const CHECK_INTERVAL: Duration = Duration::from_secs(30);

/// Checks the deadlines periodically until the task is dropped. Every instance that shares the database does so; row
/// locks make sure that each reminder is sent and each submission lapses once.
pub async fn run_deadline_checks(app: Arc<App>) {
    let mut interval = tokio::time::interval(CHECK_INTERVAL);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        if let Err(error) = deadline_checks::run(&app, "timer", &Selection::Due, false).await {
            log::warn!(error:% = error; "the deadline check failed");
        }
    }
}

/// How often to look for deliveries that another instance created or that are due for a retry.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// The shortest pause between two polls, however many events are published.
const MIN_POLL_PAUSE: Duration = Duration::from_millis(100);

/// Delivers webhooks until the task is dropped. Instances that share the database share the work.
pub async fn run_webhook_delivery(app: Arc<App>) {
    let mut event_signal = app.event_signal.subscribe();
    loop {
        event_signal.mark_unchanged();
        let now = machine_now();
        match dispatcher::claim_due(&app, now).await {
            Ok(batches) if batches.is_empty() => {
                // A signal and a timeout both lead to the next poll.
                let _ = tokio::time::timeout(POLL_INTERVAL, event_signal.changed()).await;
            }
            Ok(batches) => {
                for batch in batches {
                    let sending = dispatcher::send_batch(Arc::clone(&app), batch, now);
                    actix_web::rt::spawn(async move {
                        if let Err(error) = sending.await {
                            log::warn!(error:% = error; "the outcome of a webhook delivery could not be saved");
                        }
                    });
                }
            }
            Err(error) => {
                log::warn!(error:% = error; "due webhook deliveries could not be loaded");
                tokio::time::sleep(POLL_INTERVAL).await;
            }
        }
        tokio::time::sleep(MIN_POLL_PAUSE).await;
    }
}

/// Creates the deliveries of new events and sends each endpoint one batch of those due at `now`. Returns the number of
/// deliveries attempted.
///
/// # Errors
/// When the database fails. Deliveries whose outcome was not saved are attempted again when their lease expires.
pub async fn deliver(app: &Arc<App>, now: DateTime<Utc>) -> Result<usize, Error> {
    let batches = dispatcher::claim_due(app, now).await?;
    let sent = batches.into_iter().map(|batch| dispatcher::send_batch(Arc::clone(app), batch, now));
    let sent = futures_util::future::join_all(sent).await;
    sent.into_iter().sum()
}

/// Removes expired data periodically until the task is dropped.
pub async fn run_sweeps(app: Arc<App>) {
    let mut interval = tokio::time::interval(SWEEP_INTERVAL);
    loop {
        interval.tick().await;
        if let Err(error) = sweep(&app, machine_now() - UNREFERENCED_GRACE).await {
            log::warn!(error:% = error; "expired data could not be removed completely");
        }
    }
}

/// Deletes expired idempotency records, webhook deliveries, sessions and failed sign-ins, and the files that no row has referred to since
/// `unreferenced_before`, and brings the statistics of the database up to date.
///
/// # Errors
/// When the database or the file store fails; the next run removes the rest.
pub async fn sweep(app: &Arc<App>, unreferenced_before: DateTime<Utc>) -> Result<(), Error> {
    let shared = Arc::clone(app);
    app.db.write(move |conn| idempotency::sweep(conn, shared.clock.now())).await?;
    app.db.write(move |conn| webhooks::sweep(conn, machine_now() - DELIVERY_RETENTION)).await?;
    app.db.write(move |conn| sessions::sweep(conn, machine_now() - SESSION_RETENTION)).await?;
    app.db.write(move |conn| sign_in_failures::sweep(conn, machine_now() - FAILURES_REMEMBERED)).await?;
    app.db.optimize().await?;
    let swept = files::sweep(app, unreferenced_before).await?;
    if swept > 0 {
        log::info!(files = swept; "removed unreferenced files");
    }
    Ok(())
}
