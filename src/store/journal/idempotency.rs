//! First answers to requests that may come twice.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

use crate::error::Error;
use crate::store::Conn;
use crate::store::dialect::on_each;
use crate::store::schema::idempotency_keys::{self, dsl};
use crate::store::types::naive;

/// How long a first answer is kept.
const KEPT: TimeDelta = TimeDelta::hours(24);

/// A first answer.
#[derive(Debug, Clone, Queryable)]
pub struct FirstAnswer {
    /// What was asked.
    pub request_sha256: String,
    /// The status; none while the first request runs, which nobody else ever sees.
    pub status: Option<i32>,
    /// Where the new record is.
    pub location: Option<String>,
    /// Its tag.
    pub etag: Option<String>,
    /// The body.
    pub body: Option<String>,
}

/// Takes the key for this request, or finds the first answer. Where the first request still runs
/// on another connection, this waits for its end.
pub fn begin(
    conn: &mut Conn,
    caller: &str,
    key: &str,
    request_sha256: &str,
    now: DateTime<Utc>,
) -> Result<Option<FirstAnswer>, Error> {
    diesel::delete(dsl::idempotency_keys.find((caller, key)).filter(dsl::created_at.lt(naive(now - KEPT))))
        .execute(conn)?;
    let row = (
        dsl::caller.eq(caller),
        dsl::key.eq(key),
        dsl::request_sha256.eq(request_sha256),
        dsl::created_at.eq(naive(now)),
    );
    let insert = diesel::insert_into(idempotency_keys::table).values(row).on_conflict_do_nothing();
    let taken = on_each!(conn, c => insert.execute(c))?;
    if taken == 1 {
        return Ok(None);
    }
    let columns = (dsl::request_sha256, dsl::status, dsl::location, dsl::etag, dsl::body);
    Ok(Some(dsl::idempotency_keys.find((caller, key)).select(columns).get_result(conn)?))
}

/// Keeps the answer of a request that took the key.
pub fn finish(conn: &mut Conn, caller: &str, key: &str, answer: &FirstAnswer) -> Result<(), Error> {
    let kept = (
        dsl::status.eq(answer.status),
        dsl::location.eq(&answer.location),
        dsl::etag.eq(&answer.etag),
        dsl::body.eq(&answer.body),
    );
    diesel::update(dsl::idempotency_keys.find((caller, key))).set(kept).execute(conn)?;
    Ok(())
}

/// Forgets answers that are no longer kept.
pub fn sweep(conn: &mut Conn, now: DateTime<Utc>) -> Result<usize, Error> {
    Ok(diesel::delete(dsl::idempotency_keys.filter(dsl::created_at.lt(naive(now - KEPT)))).execute(conn)?)
}
