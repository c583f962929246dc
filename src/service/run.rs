//! Runs acts, each in one transaction.

use std::sync::Arc;

use super::answer::Answer;
use super::app::House;
use super::assessment::submissions;
use super::context::{Caller, Context, Request, context};
use crate::domain::Id;
use crate::error::{Code, Error};
use crate::store::idempotency::FirstAnswer;
use crate::store::submissions::Lapsed;
use crate::store::{self, Conn};

/// Why an act goes no further.
#[derive(Debug)]
pub enum Stop {
    /// It is refused.
    Refused(Error),
    /// It was done before: here is the first answer.
    Replayed(FirstAnswer),
    /// The clock has closed gates that no row says so of yet: settle that, then read again.
    Unsettled(Unsettled),
}

/// Where the clock has closed gates.
#[derive(Debug, Clone)]
pub enum Unsettled {
    /// Of one sheet.
    Sheet(Id),
    /// Of one period.
    Period(Id),
    /// Of an organisation.
    Organization(Id),
}

impl Unsettled {
    fn scope(&self) -> Lapsed<'_> {
        match self {
            Unsettled::Sheet(id) => Lapsed::One(id),
            Unsettled::Period(id) => Lapsed::OfPeriod(id),
            Unsettled::Organization(id) => Lapsed::OfOrganization(id),
        }
    }
}

impl<E: Into<Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Stop::Refused(error.into())
    }
}

/// Runs a reading act on one snapshot.
///
/// # Errors
/// Those of `work`.
pub async fn read<T: Send + 'static>(
    house: Arc<House>,
    request: Request,
    work: impl Fn(&mut Conn, &Context) -> Result<T, Stop> + Send + Sync + 'static,
) -> Result<T, Error> {
    let work = Arc::new(work);
    // Each round settles what the round before met; more than a few would mean that time runs away.
    for _ in 0..4 {
        let (within, asked, run) = (Arc::clone(&house), request.clone(), Arc::clone(&work));
        let outcome = house
            .db
            .read(move |conn| {
                let context = context(conn, &within, &asked)?;
                match run(conn, &context) {
                    Ok(value) => Ok(Ok(value)),
                    Err(Stop::Refused(error)) => Err(error),
                    Err(Stop::Unsettled(unsettled)) => Ok(Err(unsettled)),
                    Err(Stop::Replayed(_)) => Err(Error::internal("a read was replayed")),
                }
            })
            .await?;
        match outcome {
            Ok(value) => return Ok(value),
            Err(unsettled) => {
                let (within, request_id) = (Arc::clone(&house), request.request_id.clone());
                let settle = move |conn: &mut Conn| {
                    let now = within.clock.now();
                    submissions::settle(conn, &within, &request_id, unsettled.scope(), now)
                };
                house.db.write(settle).await?;
            }
        }
    }
    Err(Error::new(Code::Busy))
}

/// Runs a changing act: its effect, its audit entries and its kept answer commit together or not at all.
///
/// # Errors
/// Those of `work`.
pub async fn act(
    house: Arc<House>,
    request: Request,
    work: impl Fn(&mut Conn, &Context) -> Result<Answer, Stop> + Send + 'static,
) -> Result<Answer, Error> {
    let within = Arc::clone(&house);
    let transaction = move |conn: &mut Conn| {
        let mut context = context(conn, &within, &request)?;
        let Caller { issuer, subject, .. } = &request.caller;
        let caller = format!("{issuer}|{subject}");
        if let Some((key, asked)) = &request.conditions.idempotency {
            context.first_answer =
                store::idempotency::begin(conn, &caller, key, asked, context.now).map_err(|error| {
                    if error.code == Code::Busy { Error::new(Code::IdempotencyInProgress) } else { error }
                })?;
        }
        let answer = match work(conn, &context) {
            Ok(answer) => answer,
            Err(Stop::Replayed(first)) => return Ok(Answer::from(first)),
            Err(Stop::Refused(error)) => return Err(error),
            Err(Stop::Unsettled(_)) => {
                return Err(Error::internal("a changing act settles by itself"));
            }
        };
        if let Some((key, asked)) = &request.conditions.idempotency {
            let first = FirstAnswer {
                request_sha256: asked.clone(),
                status: Some(i32::from(answer.status)),
                location: answer.location.clone(),
                etag: answer.etag.clone(),
                body: Some(answer.body.clone()),
            };
            store::idempotency::finish(conn, &caller, key, &first)?;
        }
        Ok(answer)
    };
    let done = house.db.write(transaction).await;
    if done.is_ok() {
        house.bell.ring();
    }
    if done.as_ref().is_err_and(|error| error.source.is_some()) {
        // What was not committed may have been read: a table published and taken back is no published table.
        house.tables.clear();
    }
    done
}
