//! Idempotency keys, with the responses to replay.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

use crate::error::Error;
use crate::store::Conn;
use crate::store::dialect::dispatch;
use crate::store::schema::idempotency_keys::{self, dsl};
use crate::store::types::naive;

/// How long a response can be replayed.
const RETENTION: TimeDelta = TimeDelta::hours(24);

/// The response to the first request with a key.
#[derive(Debug, Clone, Queryable)]
pub struct StoredResponse {
    /// The SHA-256 of the request, in hex.
    pub request_sha256: String,
    /// The HTTP status; `None` while the first request is running, which no other transaction can see.
    pub status: Option<i32>,
    /// The `Location` header.
    pub location: Option<String>,
    /// The `ETag` header.
    pub etag: Option<String>,
    /// The body.
    pub body: Option<String>,
}

/// Reserves the key for this request and returns `None`, or returns the stored response. Waits where the first request
/// is still running on another connection.
pub fn begin(
    conn: &mut Conn,
    caller: &str,
    key: &str,
    request_sha256: &str,
    now: DateTime<Utc>,
) -> Result<Option<StoredResponse>, Error> {
    diesel::delete(dsl::idempotency_keys.find((caller, key)).filter(dsl::created_at.lt(naive(now - RETENTION))))
        .execute(conn)?;
    let row = (
        dsl::caller.eq(caller),
        dsl::key.eq(key),
        dsl::request_sha256.eq(request_sha256),
        dsl::created_at.eq(naive(now)),
    );
    let insert = diesel::insert_into(idempotency_keys::table).values(row).on_conflict_do_nothing();
    let inserted = dispatch!(conn, c => insert.execute(c))?;
    if inserted == 1 {
        return Ok(None);
    }
    let columns = (dsl::request_sha256, dsl::status, dsl::location, dsl::etag, dsl::body);
    Ok(Some(dsl::idempotency_keys.find((caller, key)).select(columns).get_result(conn)?))
}

/// Stores the response of the request that reserved the key.
pub fn finish(conn: &mut Conn, caller: &str, key: &str, answer: &StoredResponse) -> Result<(), Error> {
    let change = (
        dsl::status.eq(answer.status),
        dsl::location.eq(&answer.location),
        dsl::etag.eq(&answer.etag),
        dsl::body.eq(&answer.body),
    );
    diesel::update(dsl::idempotency_keys.find((caller, key))).set(change).execute(conn)?;
    Ok(())
}

/// Deletes the responses that can no longer be replayed.
pub fn sweep(conn: &mut Conn, now: DateTime<Utc>) -> Result<usize, Error> {
    Ok(diesel::delete(dsl::idempotency_keys.filter(dsl::created_at.lt(naive(now - RETENTION)))).execute(conn)?)
}
