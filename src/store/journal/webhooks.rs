//! Webhook endpoints, and the deliveries to them with their attempts.

use chrono::{DateTime, NaiveDateTime, Utc};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Timestamp};

use crate::domain::Id;
use crate::domain::access::Scopes;
use crate::domain::journal::webhook::{Attempt, Delivery, DeliveryStatus, Endpoint, Secret};
use crate::error::Error;
use crate::store::Conn;
use crate::store::dialect::dispatch;
use crate::store::error::ensure_one_row;
use crate::store::page::{ById, Page, paged};
use crate::store::schema::webhook_deliveries::dsl as deliveries;
use crate::store::schema::webhook_endpoints::dsl as endpoints;
use crate::store::schema::{journals, webhook_attempts, webhook_deliveries, webhook_endpoints};
use crate::store::types::{
    enum_text, from_json, id, id_option, json, naive, naive_option, parse_enum, utc, utc_option,
};

/// The largest number of rows that one statement inserts.
const INSERT_ROWS: usize = 500;

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = webhook_endpoints, treat_none_as_null = true, treat_none_as_default_value = false)]
struct EndpointRow {
    id: String,
    organization_id: String,
    member_id: String,
    scopes: Option<String>,
    client_id: Option<String>,
    url: String,
    event_types: String,
    active: bool,
    secret: String,
    previous_secret: Option<String>,
    previous_secret_until: Option<NaiveDateTime>,
    sequence: i64,
    version: i64,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

impl TryFrom<EndpointRow> for Endpoint {
    type Error = Error;
    fn try_from(row: EndpointRow) -> Result<Self, Error> {
        Ok(Endpoint {
            id: id(row.id),
            organization_id: id(row.organization_id),
            member_id: id(row.member_id),
            scopes: Scopes::parse(row.scopes.as_deref()),
            client_id: row.client_id,
            url: row.url,
            event_types: from_json(&row.event_types)?,
            active: row.active,
            secret: Secret(row.secret),
            previous_secret: row.previous_secret.map(Secret).zip(utc_option(row.previous_secret_until)),
            sequence: row.sequence,
            version: row.version,
            created_at: utc(row.created_at),
            updated_at: utc(row.updated_at),
        })
    }
}

impl TryFrom<&Endpoint> for EndpointRow {
    type Error = Error;
    fn try_from(endpoint: &Endpoint) -> Result<Self, Error> {
        let previous = endpoint.previous_secret.clone();
        Ok(EndpointRow {
            id: endpoint.id.to_string(),
            organization_id: endpoint.organization_id.to_string(),
            member_id: endpoint.member_id.to_string(),
            scopes: endpoint.scopes.text(),
            client_id: endpoint.client_id.clone(),
            url: endpoint.url.clone(),
            event_types: json(&endpoint.event_types)?,
            active: endpoint.active,
            secret: endpoint.secret.0.clone(),
            previous_secret: previous.as_ref().map(|(secret, _)| secret.0.clone()),
            previous_secret_until: previous.map(|(_, until)| naive(until)),
            sequence: endpoint.sequence,
            version: endpoint.version,
            created_at: naive(endpoint.created_at),
            updated_at: naive(endpoint.updated_at),
        })
    }
}

/// Returns an endpoint.
pub fn find(conn: &mut Conn, id: &Id) -> Result<Option<Endpoint>, Error> {
    let row: Option<EndpointRow> = endpoints::webhook_endpoints.find(id.as_str()).get_result(conn).optional()?;
    row.map(Endpoint::try_from).transpose()
}

/// Returns a page of an organisation's endpoints, of one member where one is given.
pub fn list(
    conn: &mut Conn,
    organization_id: &Id,
    member_id: Option<&Id>,
    page: &Page,
) -> Result<Vec<Endpoint>, Error> {
    let mut query =
        endpoints::webhook_endpoints.filter(endpoints::organization_id.eq(organization_id.to_string())).into_boxed();
    if let Some(member_id) = member_id {
        query = query.filter(endpoints::member_id.eq(member_id.to_string()));
    }
    let rows: Vec<EndpointRow> =
        paged(query, page, |ById::Id, place| place.by(endpoints::id, Id::to_string)).load(conn)?;
    rows.into_iter().map(Endpoint::try_from).collect()
}

/// Returns the number of an organisation's endpoints.
pub fn count(conn: &mut Conn, organization_id: &Id) -> Result<i64, Error> {
    let own = endpoints::webhook_endpoints.filter(endpoints::organization_id.eq(organization_id.as_str()));
    Ok(own.count().get_result(conn)?)
}

/// Adds an endpoint.
pub fn insert(conn: &mut Conn, endpoint: &Endpoint) -> Result<(), Error> {
    diesel::insert_into(webhook_endpoints::table).values(EndpointRow::try_from(endpoint)?).execute(conn)?;
    Ok(())
}

/// Saves a change to an endpoint.
///
/// # Errors
/// `version_mismatch` where the endpoint has changed since it was read.
pub fn update(conn: &mut Conn, endpoint: Endpoint) -> Result<Endpoint, Error> {
    let after = Endpoint { version: endpoint.version + 1, ..endpoint };
    let expected =
        endpoints::webhook_endpoints.find(after.id.as_str()).filter(endpoints::version.eq(after.version - 1));
    ensure_one_row(diesel::update(expected).set(EndpointRow::try_from(&after)?).execute(conn)?).map(|()| after)
}

/// Deletes an endpoint together with its deliveries.
///
/// # Errors
/// `version_mismatch` where the endpoint has changed since it was read.
pub fn delete(conn: &mut Conn, endpoint: &Endpoint) -> Result<(), Error> {
    let expected =
        endpoints::webhook_endpoints.find(endpoint.id.as_str()).filter(endpoints::version.eq(endpoint.version));
    ensure_one_row(diesel::delete(expected).execute(conn)?)
}

/// Returns the active endpoints for which some events have not become deliveries yet.
pub fn with_new_events(conn: &mut Conn) -> Result<Vec<Id>, Error> {
    let with_new_events = endpoints::webhook_endpoints
        .inner_join(journals::table.on(journals::chain.eq(endpoints::organization_id)))
        .filter(endpoints::active.eq(true))
        .filter(journals::event_sequence.gt(endpoints::sequence))
        .order(endpoints::id)
        .select(endpoints::id);
    let ids: Vec<String> = with_new_events.load(conn)?;
    Ok(ids.into_iter().map(id).collect())
}

/// Locks an endpoint until the transaction ends and returns it. Without `wait`, returns `None` where another
/// transaction has locked it.
pub fn lock_for_update(conn: &mut Conn, id: &Id, wait: bool) -> Result<Option<Endpoint>, Error> {
    let endpoint = endpoints::webhook_endpoints.find(id.as_str());
    let row: Option<EndpointRow> = match conn {
        Conn::Sqlite(conn) => endpoint.get_result(conn).optional()?,
        Conn::Postgres(conn) if wait => endpoint.for_update().get_result(conn).optional()?,
        Conn::Postgres(conn) => endpoint.for_update().skip_locked().get_result(conn).optional()?,
    };
    row.map(Endpoint::try_from).transpose()
}

/// Records up to which event an endpoint has its deliveries. Does not count as a change to the endpoint.
pub fn advance(conn: &mut Conn, id: &Id, sequence: i64) -> Result<(), Error> {
    let endpoint = endpoints::webhook_endpoints.find(id.as_str());
    ensure_one_row(diesel::update(endpoint).set(endpoints::sequence.eq(sequence)).execute(conn)?)
}

#[derive(Queryable, Insertable, AsChangeset, QueryableByName)]
#[diesel(table_name = webhook_deliveries, treat_none_as_null = true, treat_none_as_default_value = false)]
struct DeliveryRow {
    id: String,
    endpoint_id: String,
    event_id: Option<String>,
    event_type: String,
    status: String,
    attempts: i32,
    next_attempt_at: Option<NaiveDateTime>,
    give_up_at: NaiveDateTime,
    last_status: Option<i32>,
    last_error: Option<String>,
    delivered_at: Option<NaiveDateTime>,
    replay_of_id: Option<String>,
    created_at: NaiveDateTime,
}

impl TryFrom<DeliveryRow> for Delivery {
    type Error = Error;
    fn try_from(row: DeliveryRow) -> Result<Self, Error> {
        Ok(Delivery {
            id: id(row.id),
            endpoint_id: id(row.endpoint_id),
            event_id: id_option(row.event_id),
            event_type: row.event_type,
            status: parse_enum(&row.status)?,
            attempts: row.attempts,
            next_attempt_at: utc_option(row.next_attempt_at),
            give_up_at: utc(row.give_up_at),
            last_status: row.last_status,
            last_error: row.last_error.as_deref().map(parse_enum).transpose()?,
            delivered_at: utc_option(row.delivered_at),
            replay_of_id: id_option(row.replay_of_id),
            created_at: utc(row.created_at),
        })
    }
}

impl From<&Delivery> for DeliveryRow {
    fn from(delivery: &Delivery) -> Self {
        DeliveryRow {
            id: delivery.id.to_string(),
            endpoint_id: delivery.endpoint_id.to_string(),
            event_id: delivery.event_id.as_ref().map(ToString::to_string),
            event_type: delivery.event_type.clone(),
            status: enum_text(delivery.status),
            attempts: delivery.attempts,
            next_attempt_at: naive_option(delivery.next_attempt_at),
            give_up_at: naive(delivery.give_up_at),
            last_status: delivery.last_status,
            last_error: delivery.last_error.map(enum_text),
            delivered_at: naive_option(delivery.delivered_at),
            replay_of_id: delivery.replay_of_id.as_ref().map(ToString::to_string),
            created_at: naive(delivery.created_at),
        }
    }
}

/// Adds deliveries.
pub fn insert_deliveries(conn: &mut Conn, new: &[Delivery]) -> Result<(), Error> {
    let rows: Vec<DeliveryRow> = new.iter().map(DeliveryRow::from).collect();
    for rows in rows.chunks(INSERT_ROWS) {
        dispatch!(conn, c => diesel::insert_into(webhook_deliveries::table).values(rows).execute(c))?;
    }
    Ok(())
}

/// Returns a delivery to an endpoint.
pub fn find_delivery(conn: &mut Conn, endpoint_id: &Id, id: &Id) -> Result<Option<Delivery>, Error> {
    let of_endpoint = deliveries::webhook_deliveries
        .filter(deliveries::id.eq(id.as_str()))
        .filter(deliveries::endpoint_id.eq(endpoint_id.as_str()));
    let row: Option<DeliveryRow> = of_endpoint.get_result(conn).optional()?;
    row.map(Delivery::try_from).transpose()
}

/// Returns a page of the deliveries to an endpoint.
pub fn list_deliveries(
    conn: &mut Conn,
    endpoint_id: &Id,
    statuses: Option<&[DeliveryStatus]>,
    page: &Page,
) -> Result<Vec<Delivery>, Error> {
    let mut query =
        deliveries::webhook_deliveries.filter(deliveries::endpoint_id.eq(endpoint_id.to_string())).into_boxed();
    if let Some(statuses) = statuses {
        query = query.filter(deliveries::status.eq_any(statuses.iter().map(enum_text).collect::<Vec<_>>()));
    }
    let rows: Vec<DeliveryRow> =
        paged(query, page, |ById::Id, place| place.by(deliveries::id, Id::to_string)).load(conn)?;
    rows.into_iter().map(Delivery::try_from).collect()
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = webhook_attempts, treat_none_as_default_value = false)]
struct AttemptRow {
    delivery_id: String,
    number: i32,
    at: NaiveDateTime,
    status: Option<i32>,
    error: Option<String>,
    duration_ms: i64,
}

/// Returns the attempts of a delivery, first to last.
pub fn attempts(conn: &mut Conn, delivery_id: &Id) -> Result<Vec<Attempt>, Error> {
    let of_delivery = webhook_attempts::table.filter(webhook_attempts::delivery_id.eq(delivery_id.as_str()));
    let rows: Vec<AttemptRow> = of_delivery.order(webhook_attempts::number).load(conn)?;
    let attempt = |row: AttemptRow| {
        Ok(Attempt {
            at: utc(row.at),
            status: row.status,
            error: row.error.as_deref().map(parse_enum).transpose()?,
            duration_ms: row.duration_ms,
            retry_after: None,
        })
    };
    rows.into_iter().map(attempt).collect()
}

/// The condition for a due delivery: test deliveries of every endpoint, others of active endpoints only.
const DUE: &str =
    "next_attempt_at <= $1 AND (event_id IS NULL OR endpoint_id IN (SELECT id FROM webhook_endpoints WHERE active))";

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// Returns whether a delivery is due.
pub fn any_due(conn: &mut Conn, now: DateTime<Utc>) -> Result<bool, Error> {
    let text =
        format!("SELECT COUNT(*) AS number FROM (SELECT 1 FROM webhook_deliveries WHERE {DUE} LIMIT 1) AS first");
    let found: CountRow = sql_query(text).bind::<Timestamp, _>(naive(now)).get_result(conn)?;
    Ok(found.number > 0)
}

/// Claims due deliveries until `until`, so that no other instance attempts them before: at most `per_endpoint` for each
/// endpoint, so that one that does not respond delays no other, and `limit` in total. Skips `busy` endpoints.
pub fn claim_due(
    conn: &mut Conn,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
    busy: &[Id],
    (per_endpoint, limit): (i64, i64),
) -> Result<Vec<Delivery>, Error> {
    // No injection is possible: an id consists of hexadecimal digits and hyphens.
    let busy: Vec<String> = busy.iter().map(|id| format!("'{id}'")).collect();
    let idle = if busy.is_empty() { String::new() } else { format!(" AND endpoint_id NOT IN ({})", busy.join(", ")) };
    let lock = if matches!(conn, Conn::Postgres(_)) { " FOR UPDATE SKIP LOCKED" } else { "" };
    let text = format!(
        "SELECT * FROM webhook_deliveries WHERE next_attempt_at <= $1 AND id IN (SELECT id FROM (SELECT id, ROW_NUMBER() OVER \
         (PARTITION BY endpoint_id ORDER BY next_attempt_at, id) AS place FROM webhook_deliveries WHERE {DUE}{idle}) AS ranked \
         WHERE place <= {per_endpoint} ORDER BY place LIMIT {limit}) ORDER BY id{lock}"
    );
    let rows: Vec<DeliveryRow> = sql_query(text).bind::<Timestamp, _>(naive(now)).load(conn)?;
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let claimed = deliveries::webhook_deliveries.filter(deliveries::id.eq_any(ids));
    diesel::update(claimed).set(deliveries::next_attempt_at.eq(naive(until))).execute(conn)?;
    rows.into_iter().map(Delivery::try_from).collect()
}

/// Returns the endpoints with these ids.
pub fn by_ids(conn: &mut Conn, ids: &[&Id]) -> Result<Vec<Endpoint>, Error> {
    let ids: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
    let rows: Vec<EndpointRow> = endpoints::webhook_endpoints.filter(endpoints::id.eq_any(ids)).load(conn)?;
    rows.into_iter().map(Endpoint::try_from).collect()
}

/// Saves the outcome of an attempt. Does nothing where the endpoint has been deleted meanwhile.
pub fn save_attempt(conn: &mut Conn, delivery: &Delivery, attempt: &Attempt) -> Result<(), Error> {
    let before = deliveries::webhook_deliveries
        .find(delivery.id.as_str())
        .filter(deliveries::attempts.eq(delivery.attempts - 1));
    if diesel::update(before).set(DeliveryRow::from(delivery)).execute(conn)? == 0 {
        return Ok(());
    }
    let row = AttemptRow {
        delivery_id: delivery.id.to_string(),
        number: delivery.attempts,
        at: naive(attempt.at),
        status: attempt.status,
        error: attempt.error.map(enum_text),
        duration_ms: attempt.duration_ms,
    };
    diesel::insert_into(webhook_attempts::table).values(row).execute(conn)?;
    Ok(())
}

/// Deletes finished deliveries that were created before `before`, together with their attempts.
pub fn sweep(conn: &mut Conn, before: DateTime<Utc>) -> Result<(), Error> {
    let old = deliveries::webhook_deliveries
        .filter(deliveries::created_at.lt(naive(before)))
        .filter(deliveries::status.ne(enum_text(DeliveryStatus::Pending)));
    diesel::delete(old).execute(conn)?;
    Ok(())
}
