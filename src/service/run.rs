//! Runs acts, each in one transaction.

use std::sync::Arc;

use super::answer::Answer;
use super::app::App;
use super::assessment::submissions::lapses;
use super::context::{Caller, Context, Request, context};
use super::interrupt::{Interrupt, Result};
use crate::error::{Code, Error};
use crate::store::idempotency::StoredResponse;
use crate::store::{self, Conn};

/// Runs a read-only act on one snapshot.
///
/// # Errors
/// The errors of `work`; `busy` when new lapses keep appearing.
pub async fn read<T: Send + 'static>(
    app: Arc<App>,
    request: Request,
    work: impl Fn(&mut Conn, &Context) -> Result<T> + Send + Sync + 'static,
) -> Result<T, Error> {
    let work = Arc::new(work);
    // Each round applies the lapses that the previous one found; more than a few mean that the clock outruns the work.
    for _ in 0..4 {
        let (shared, request_copy, run) = (Arc::clone(&app), request.clone(), Arc::clone(&work));
        let outcome = app
            .db
            .read(move |conn| {
                let context = context(conn, &shared, &request_copy)?;
                match run(conn, &context) {
                    Ok(value) => Ok(Ok(value)),
                    Err(Interrupt::Refused(error)) => Err(error),
                    Err(Interrupt::PendingLapse(unsettled)) => Ok(Err(unsettled)),
                    Err(Interrupt::Replayed(_)) => Err(Error::internal("a read was replayed")),
                }
            })
            .await?;
        match outcome {
            Ok(value) => return Ok(value),
            Err(unsettled) => {
                let (shared, request_id) = (Arc::clone(&app), request.request_id.clone());
                let apply_lapses = move |conn: &mut Conn| {
                    let now = shared.clock.now();
                    lapses::apply_lapses(conn, &shared, &request_id, unsettled.scope(), now)
                };
                app.db.write(apply_lapses).await?;
            }
        }
    }
    Err(Error::new(Code::Busy))
}

/// Runs a changing act: its effect, audit entries, events and stored response commit together or not at all.
///
/// # Errors
/// The errors of `work`; `idempotency_in_progress`.
pub async fn act(
    app: Arc<App>,
    request: Request,
    work: impl Fn(&mut Conn, &Context) -> Result<Answer> + Send + 'static,
) -> Result<Answer, Error> {
    let shared = Arc::clone(&app);
    let transaction = move |conn: &mut Conn| {
        let mut context = context(conn, &shared, &request)?;
        let Caller { issuer, subject, .. } = &request.caller;
        let caller = format!("{issuer}|{subject}");
        if let Some((key, digest)) = &request.conditions.idempotency {
            context.stored_response =
                store::idempotency::begin(conn, &caller, key, digest, context.now).map_err(|error| {
                    if error.code == Code::Busy { Error::new(Code::IdempotencyInProgress) } else { error }
                })?;
        }
        let answer = match work(conn, &context) {
            Ok(answer) => answer,
            Err(Interrupt::Replayed(first)) => return Ok(Answer::from(first)),
            Err(Interrupt::Refused(error)) => return Err(error),
            Err(Interrupt::PendingLapse(_)) => {
                return Err(Error::internal("a changing act found a pending lapse"));
            }
        };
        if let Some((key, digest)) = &request.conditions.idempotency {
            let first = StoredResponse {
                request_sha256: digest.clone(),
                status: Some(i32::from(answer.status)),
                location: answer.location.clone(),
                etag: answer.etag.clone(),
                body: Some(answer.body.clone()),
            };
            store::idempotency::finish(conn, &caller, key, &first)?;
        }
        Ok(answer)
    };
    let done = app.db.write(transaction).await;
    if done.is_ok() {
        app.event_signal.notify();
    }
    if done.as_ref().is_err_and(|error| error.source.is_some()) {
        // The cache may hold a table that was published in the transaction and rolled back.
        app.tables.clear();
    }
    done
}
