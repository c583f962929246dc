//! Runs acts, each in one transaction.

use std::sync::Arc;

use super::answer::Answer;
use super::app::App;
use super::assessment::submissions::lapses;
use super::context::{Context, Request, context};
use super::interrupt::{Interrupt, PendingLapse};
use super::office::memberships;
use crate::domain::Id;
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
    work: impl Fn(&mut Conn, &Context) -> Result<T, Interrupt> + Send + Sync + 'static,
) -> Result<T, Error> {
    let work = Arc::new(work);
    // Each round does what the previous one found to be due first; more than a few mean that the clock outruns the work.
    for _ in 0..4 {
        let (shared, request_copy, run) = (Arc::clone(&app), request.clone(), Arc::clone(&work));
        let outcome = app
            .db
            .read(move |conn| match context(conn, &shared, &request_copy).and_then(|context| run(conn, &context)) {
                Ok(value) => Ok(Ok(value)),
                Err(Interrupt::Refused(error)) => Err(error),
                Err(Interrupt::PendingLapse(lapse)) => Ok(Err(Due::Lapse(lapse))),
                Err(Interrupt::UntakenMembership(id)) => Ok(Err(Due::Membership(id))),
                Err(Interrupt::Replayed(_)) => Err(Error::internal("a read was replayed")),
            })
            .await?;
        match outcome {
            Ok(value) => return Ok(value),
            Err(due) => {
                let (shared, request) = (Arc::clone(&app), request.clone());
                app.db.write(move |conn| due.settle(conn, &shared, &request)).await?;
            }
        }
    }
    Err(Error::new(Code::Busy))
}

/// What has to be written before a read can be answered.
enum Due {
    Lapse(PendingLapse),
    Membership(Id),
}

impl Due {
    fn settle(&self, conn: &mut Conn, app: &App, request: &Request) -> Result<(), Error> {
        match self {
            Due::Lapse(lapse) => lapses::apply_lapses(conn, app, &request.request_id, lapse.scope(), app.clock.now()),
            Due::Membership(id) => memberships::take_first(conn, app, request, id),
        }
    }
}

/// Runs a changing act: its effect, audit entries, events and stored response commit together or not at all.
///
/// # Errors
/// The errors of `work`; `idempotency_in_progress`.
pub async fn act(
    app: Arc<App>,
    request: Request,
    work: impl Fn(&mut Conn, &Context) -> Result<Answer, Interrupt> + Send + Sync + 'static,
) -> Result<Answer, Error> {
    let work = Arc::new(work);
    for _ in 0..4 {
        match attempt(&app, request.clone(), Arc::clone(&work)).await? {
            Ok(answer) => return Ok(answer),
            // Committed by itself, so that it stands even where the act is refused.
            Err(due) => {
                let (shared, request) = (Arc::clone(&app), request.clone());
                app.db.write(move |conn| due.settle(conn, &shared, &request)).await?;
            }
        }
    }
    Err(Error::new(Code::Busy))
}

/// Runs a changing act, unless something has to be written first.
async fn attempt(
    app: &Arc<App>,
    request: Request,
    work: Arc<impl Fn(&mut Conn, &Context) -> Result<Answer, Interrupt> + Send + Sync + 'static>,
) -> Result<Result<Answer, Due>, Error> {
    let shared = Arc::clone(app);
    let transaction = move |conn: &mut Conn| {
        let mut context = match context(conn, &shared, &request) {
            Err(Interrupt::UntakenMembership(id)) => return Ok(Err(Due::Membership(id))),
            opened => opened.map_err(Interrupt::into_error)?,
        };
        let caller = request.caller.principal.key();
        if let Some((key, digest)) = &request.conditions.idempotency {
            context.stored_response =
                store::idempotency::begin(conn, &caller, key, digest, context.now).map_err(|error| {
                    if error.code == Code::Busy { Error::new(Code::IdempotencyInProgress) } else { error }
                })?;
        }
        let answer = match work(conn, &context) {
            Ok(answer) => answer,
            Err(Interrupt::Replayed(first)) => return Ok(Ok(Answer::from(first))),
            Err(Interrupt::Refused(error)) => return Err(error),
            Err(interrupt @ (Interrupt::PendingLapse(_) | Interrupt::UntakenMembership(_))) => {
                return Err(interrupt.into_error());
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
        Ok(Ok(answer))
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
