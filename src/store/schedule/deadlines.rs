//! Deadlines and their extensions.

mod list;

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Date, Nullable, Text, Timestamp};
use strum::VariantArray;

pub use list::{Filter, Position, SortBy, list};

use crate::domain::Id;
use crate::domain::assessment::period::PeriodStatus;
use crate::domain::schedule::deadline::{Deadline, DeadlineKind};
use crate::domain::schedule::extension::Extension;
use crate::domain::schedule::reminders::Reminders;
use crate::error::Error;
use crate::store::Conn;
use crate::store::dialect::{AdvisoryLock, Bind, RawSql, RowLock, dispatch, lock_advisory, lock_row};
use crate::store::error::ensure_one_row;
use crate::store::schema::deadlines::{self, dsl};
use crate::store::schema::{deadline_extensions, organizations, period_units, periods, submissions};
use crate::store::types::{enum_text, from_json, id, id_option, id_texts, json, naive, parse_enum, utc};

/// The largest number of rows that one statement writes.
const BATCH_ROWS: usize = 500;

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = deadlines, treat_none_as_default_value = false, treat_none_as_null = true)]
struct Row {
    id: String,
    organization_id: String,
    period_id: String,
    kind: String,
    unit_id: Option<String>,
    scheduled_on: Option<NaiveDate>,
    extended_on: Option<NaiveDate>,
    due_on: Option<NaiveDate>,
    opens_on: Option<NaiveDate>,
    met_on: Option<NaiveDate>,
    waived_at: Option<NaiveDateTime>,
    waive_reason: Option<String>,
    told: Option<i32>,
    check_on: Option<NaiveDate>,
    version: i64,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

impl TryFrom<Row> for Deadline {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Deadline {
            id: id(row.id),
            organization_id: id(row.organization_id),
            period_id: id(row.period_id),
            kind: parse_enum(&row.kind)?,
            unit_id: id_option(row.unit_id),
            scheduled_on: row.scheduled_on,
            extended_on: row.extended_on,
            opens_on: row.opens_on,
            met_on: row.met_on,
            waived: row.waived_at.map(utc).zip(row.waive_reason),
            last_reminder: row.told,
            version: row.version,
            created_at: utc(row.created_at),
            updated_at: utc(row.updated_at),
        })
    }
}

/// Returns a day in the past, so that the next check picks the deadline up and computes when to check it again.
fn check_immediately() -> NaiveDate {
    DateTime::UNIX_EPOCH.date_naive()
}

impl From<&Deadline> for Row {
    fn from(deadline: &Deadline) -> Self {
        Row {
            id: deadline.id.to_string(),
            organization_id: deadline.organization_id.to_string(),
            period_id: deadline.period_id.to_string(),
            kind: enum_text(deadline.kind),
            unit_id: deadline.unit_id.as_ref().map(ToString::to_string),
            scheduled_on: deadline.scheduled_on,
            extended_on: deadline.extended_on,
            due_on: deadline.due_on(),
            opens_on: deadline.opens_on,
            met_on: deadline.met_on,
            waived_at: deadline.waived.as_ref().map(|(at, _)| naive(*at)),
            waive_reason: deadline.waived.as_ref().map(|(_, reason)| reason.clone()),
            told: deadline.last_reminder,
            check_on: deadline.due_on().filter(|_| !deadline.is_settled()).map(|_| check_immediately()),
            version: deadline.version,
            created_at: naive(deadline.created_at),
            updated_at: naive(deadline.updated_at),
        }
    }
}

/// Returns a deadline.
pub fn find(conn: &mut Conn, id: &Id) -> Result<Option<Deadline>, Error> {
    let row: Option<Row> = dsl::deadlines.find(id.as_str()).get_result(conn).optional()?;
    row.map(Deadline::try_from).transpose()
}

/// Returns the deadline of a kind, for a unit or for the whole period.
pub fn find_of(
    conn: &mut Conn,
    period_id: &Id,
    kind: DeadlineKind,
    unit_id: Option<&Id>,
) -> Result<Option<Deadline>, Error> {
    let of_kind = dsl::deadlines.filter(dsl::period_id.eq(period_id.as_str())).filter(dsl::kind.eq(enum_text(kind)));
    let row: Option<Row> = match unit_id {
        Some(unit_id) => of_kind.filter(dsl::unit_id.eq(unit_id.as_str())).get_result(conn).optional()?,
        None => of_kind.filter(dsl::unit_id.is_null()).get_result(conn).optional()?,
    };
    row.map(Deadline::try_from).transpose()
}

/// Takes the lock that lets only one instance add the missing deadlines of older periods.
pub fn lock_adoption(conn: &mut Conn) -> Result<(), Error> {
    Ok(lock_advisory(conn, AdvisoryLock::Adoption, true)?)
}

/// Returns the periods in one of these states that have no deadlines.
pub fn periods_without(conn: &mut Conn, statuses: &[PeriodStatus]) -> Result<Vec<Id>, Error> {
    let has = diesel::dsl::exists(dsl::deadlines.filter(dsl::period_id.eq(periods::id)));
    let without = periods::table
        .filter(periods::status.eq_any(statuses.iter().map(enum_text).collect::<Vec<_>>()))
        .filter(diesel::dsl::not(has))
        .order(periods::id)
        .select(periods::id);
    let ids: Vec<String> = without.load(conn)?;
    Ok(ids.into_iter().map(id).collect())
}

/// Returns all deadlines of a period.
pub fn of_period(conn: &mut Conn, period_id: &Id) -> Result<Vec<Deadline>, Error> {
    let rows: Vec<Row> = dsl::deadlines.filter(dsl::period_id.eq(period_id.as_str())).order(dsl::id).load(conn)?;
    rows.into_iter().map(Deadline::try_from).collect()
}

/// The unit as the index of each period's deadlines has it: empty for those of the whole period.
fn unit_in_index() -> SqlLiteral<Text> {
    sql("COALESCE(unit_id, '')")
}

/// Returns the deadlines of several periods that concern no unit, in any order: in that of their ids, a database would read
/// all of the periods.
pub fn of_whole_periods(conn: &mut Conn, period_ids: &[Id]) -> Result<Vec<Deadline>, Error> {
    let kinds: Vec<String> = DeadlineKind::VARIANTS.iter().map(enum_text).collect();
    let of_periods = dsl::deadlines
        .filter(dsl::period_id.eq_any(id_texts(period_ids)))
        .filter(dsl::kind.eq_any(kinds))
        .filter(unit_in_index().eq(""));
    let rows: Vec<Row> = of_periods.load(conn)?;
    rows.into_iter().map(Deadline::try_from).collect()
}

/// Returns the deadlines of a kind that some units have in some periods, in any order.
pub fn of_units(
    conn: &mut Conn,
    kind: DeadlineKind,
    (period_ids, unit_ids): (&[Id], &[Id]),
) -> Result<Vec<Deadline>, Error> {
    let mut deadlines = Vec::new();
    for unit_ids in unit_ids.chunks(BATCH_ROWS) {
        let of_units = dsl::deadlines
            .filter(dsl::period_id.eq_any(id_texts(period_ids)))
            .filter(dsl::kind.eq(enum_text(kind)))
            .filter(unit_in_index().eq_any(id_texts(unit_ids)));
        let rows: Vec<Row> = of_units.load(conn)?;
        for row in rows {
            deadlines.push(row.try_into()?);
        }
    }
    Ok(deadlines)
}

/// Returns whether a unit that takes part in a period has neither met its self-assessment deadline nor let it pass.
pub fn any_sheet_is_open(conn: &mut Conn, period_id: &Id, today: NaiveDate) -> Result<bool, Error> {
    let set_aside = period_units::table
        .filter(period_units::period_id.eq(deadlines::period_id))
        .filter(period_units::unit_id.nullable().eq(deadlines::unit_id))
        .filter(period_units::set_aside_at.is_not_null());
    let open = dsl::deadlines
        .filter(dsl::period_id.eq(period_id.as_str()))
        .filter(dsl::kind.eq(enum_text(DeadlineKind::SelfAssessment)))
        .filter(dsl::due_on.ge(today))
        .filter(dsl::met_on.is_null())
        .filter(diesel::dsl::not(diesel::dsl::exists(set_aside)));
    Ok(diesel::select(diesel::dsl::exists(open)).get_result(conn)?)
}

/// Locks the appraisal and council review deadlines of a period until the transaction ends and returns them, so that
/// only one transaction at a time counts the reviewed submissions.
pub fn lock_stages(conn: &mut Conn, period_id: &Id) -> Result<Vec<Deadline>, Error> {
    let kinds = [DeadlineKind::Appraisal, DeadlineKind::CouncilReview].map(enum_text);
    let stages = dsl::deadlines.filter(dsl::period_id.eq(period_id.as_str())).filter(dsl::kind.eq_any(kinds));
    let rows: Vec<Row> = match conn {
        Conn::Sqlite(conn) => stages.order(dsl::id).load(conn)?,
        Conn::Postgres(conn) => stages.order(dsl::id).for_update().load(conn)?,
    };
    rows.into_iter().map(Deadline::try_from).collect()
}

/// Returns the unsettled dossier deadlines of units, of one organisation or of all.
pub fn unsettled_dossiers(conn: &mut Conn, organization_id: Option<&Id>) -> Result<Vec<Deadline>, Error> {
    let mut query = dsl::deadlines
        .filter(dsl::kind.eq(enum_text(DeadlineKind::Dossier)))
        .filter(dsl::unit_id.is_not_null())
        .filter(dsl::met_on.is_null())
        .filter(dsl::waived_at.is_null())
        .order(dsl::id)
        .into_boxed();
    if let Some(organization_id) = organization_id {
        query = query.filter(dsl::organization_id.eq(organization_id.to_string()));
    }
    let rows: Vec<Row> = query.load(conn)?;
    rows.into_iter().map(Deadline::try_from).collect()
}

/// Locks the self-assessment deadline of a unit until the transaction ends.
pub fn lock_sheet(conn: &mut Conn, period_id: &Id, unit_id: &Id) -> Result<(), Error> {
    let of_unit = dsl::deadlines
        .filter(dsl::period_id.eq(period_id.as_str()))
        .filter(dsl::kind.eq(enum_text(DeadlineKind::SelfAssessment)))
        .filter(dsl::unit_id.eq(unit_id.as_str()))
        .select(dsl::version);
    if let Conn::Postgres(conn) = conn {
        of_unit.for_update().load::<i64>(conn)?;
    }
    Ok(())
}

/// Locks a deadline until the transaction ends.
pub fn lock_for_update(conn: &mut Conn, id: &Id) -> Result<(), Error> {
    Ok(lock_row(conn, RowLock::DeadlineForUpdate, id.as_str())?)
}

/// Adds deadlines.
pub fn insert_all(conn: &mut Conn, new: &[Deadline]) -> Result<(), Error> {
    let rows: Vec<Row> = new.iter().map(Row::from).collect();
    for rows in rows.chunks(BATCH_ROWS) {
        dispatch!(conn, c => diesel::insert_into(deadlines::table).values(rows).execute(c))?;
    }
    Ok(())
}

/// Deletes the dossier deadline of the whole period, which stands in for those of the units until the result notice.
pub fn delete_pending(conn: &mut Conn, period_id: &Id) -> Result<(), Error> {
    let pending = dsl::deadlines
        .filter(dsl::period_id.eq(period_id.as_str()))
        .filter(dsl::kind.eq(enum_text(DeadlineKind::Dossier)))
        .filter(dsl::unit_id.is_null());
    diesel::delete(pending).execute(conn)?;
    Ok(())
}

/// Saves a change to a deadline.
///
/// # Errors
/// `version_mismatch` where the deadline has changed since it was read.
pub fn update(conn: &mut Conn, deadline: Deadline) -> Result<Deadline, Error> {
    let after = Deadline { version: deadline.version + 1, ..deadline };
    let expected = dsl::deadlines.find(after.id.as_str()).filter(dsl::version.eq(after.version - 1));
    ensure_one_row(diesel::update(expected).set(Row::from(&after)).execute(conn)?).map(|()| after)
}

/// Moves the deadlines of a kind, or those of some units, from one scheduled day to another. A later extension remains
/// in force, and a deadline with a day of its own, such as that of a returned submission, is not moved.
pub fn reschedule(
    conn: &mut Conn,
    period_id: &Id,
    kind: DeadlineKind,
    unit_ids: Option<&[&Id]>,
    (from, to): (NaiveDate, NaiveDate),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    // No injection is possible: an id consists of hexadecimal digits and hyphens.
    let among = unit_ids.map(|ids| ids.iter().map(|id| format!("'{id}'")).collect::<Vec<_>>().join(", "));
    let among = among.map_or_else(String::new, |ids| format!(" AND unit_id IN ({ids})"));
    if unit_ids.is_some_and(<[&Id]>::is_empty) {
        return Ok(());
    }
    let statement = RawSql("UPDATE deadlines SET scheduled_on = ".into())
        .bind::<Date, _>(to, ", due_on = CASE WHEN extended_on > ")
        .bind::<Date, _>(to, " THEN extended_on ELSE ")
        .bind::<Date, _>(to, " END, told = CASE WHEN extended_on >= ")
        .bind::<Date, _>(to, " AND extended_on >= scheduled_on THEN told END, check_on = CASE WHEN met_on IS NULL AND waived_at IS NULL THEN ")
        .bind::<Date, _>(check_immediately(), " END, version = version + 1, updated_at = ")
        .bind::<Timestamp, _>(naive(now), " WHERE period_id = ")
        .bind::<Text, _>(period_id.as_str(), " AND kind = ")
        .bind::<Text, _>(enum_text(kind), format!("{among} AND scheduled_on = "))
        .bind::<Date, _>(from, "");
    dispatch!(conn, c => statement.execute(c))?;
    Ok(())
}

/// Saves the day on which a deadline was met; `None` where the work has to be done again. For a stage of the whole period
/// this does not change the version, which is visible to everybody.
pub fn set_met(
    conn: &mut Conn,
    (period_id, kind, unit_id): (&Id, DeadlineKind, Option<&Id>),
    met_on: Option<NaiveDate>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let check_on = met_on.is_none().then_some(check_immediately());
    let of_stage = unit_id.is_none() && kind.is_stage();
    let statement = RawSql("UPDATE deadlines SET met_on = ".into())
        .bind::<Nullable<Date>, _>(met_on, ", check_on = CASE WHEN due_on IS NOT NULL AND waived_at IS NULL THEN ")
        .bind::<Nullable<Date>, _>(check_on, " END, version = version + ")
        .bind::<BigInt, _>(i64::from(!of_stage), ", updated_at = CASE WHEN ")
        .bind::<BigInt, _>(i64::from(of_stage), " = 1 THEN updated_at ELSE ")
        .bind::<Timestamp, _>(naive(now), " END WHERE period_id = ")
        .bind::<Text, _>(period_id.as_str(), " AND kind = ")
        .bind::<Text, _>(enum_text(kind), " AND COALESCE(unit_id, '') = ")
        .bind::<Text, _>(unit_id.map_or("", Id::as_str), " AND met_on IS DISTINCT FROM ")
        .bind::<Nullable<Date>, _>(met_on, "");
    dispatch!(conn, c => statement.execute(c))?;
    Ok(())
}

/// Waives the unsettled deadlines of a period.
pub fn waive_rest(conn: &mut Conn, period_id: &Id, reason: &str, now: DateTime<Utc>) -> Result<(), Error> {
    let rest = dsl::deadlines
        .filter(dsl::period_id.eq(period_id.as_str()))
        .filter(dsl::met_on.is_null())
        .filter(dsl::waived_at.is_null());
    let change = (
        dsl::waived_at.eq(naive(now)),
        dsl::waive_reason.eq(reason),
        dsl::check_on.eq(None::<NaiveDate>),
        dsl::version.eq(dsl::version + 1),
        dsl::updated_at.eq(naive(now)),
    );
    diesel::update(rest).set(change).execute(conn)?;
    Ok(())
}

/// Locks the deadlines of an organisation that a check has to examine until the transaction ends, and returns them
/// with the states of their periods.
pub fn to_check(
    conn: &mut Conn,
    organization_id: &Id,
    today: NaiveDate,
) -> Result<Vec<(Deadline, PeriodStatus)>, Error> {
    let waiting =
        dsl::deadlines.filter(dsl::organization_id.eq(organization_id.as_str())).filter(dsl::check_on.le(today));
    let rows: Vec<Row> = match conn {
        Conn::Sqlite(conn) => waiting.order(dsl::id).load(conn)?,
        Conn::Postgres(conn) => waiting.order(dsl::id).for_update().load(conn)?,
    };
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let of_organization = periods::table.filter(periods::organization_id.eq(organization_id.as_str()));
    let statuses: Vec<(String, String)> = of_organization.select((periods::id, periods::status)).load(conn)?;
    let statuses = statuses.into_iter().map(|(id, status)| Ok((id, parse_enum(&status)?)));
    let statuses: HashMap<String, PeriodStatus> = statuses.collect::<Result<_, Error>>()?;
    let with_status = |row: Row| {
        let status = statuses.get(&row.period_id).copied().unwrap_or(PeriodStatus::Closed);
        Ok((Deadline::try_from(row)?, status))
    };
    rows.into_iter().map(with_status).collect()
}

/// Returns the organisations that a check has to examine. Uses the latest current date in any time zone, so that the
/// organisations' zones need not be read; a check of an organisation then uses its own.
pub fn organizations_to_check(conn: &mut Conn, now: DateTime<Utc>) -> Result<Vec<Id>, Error> {
    let latest = (now + chrono::TimeDelta::hours(14)).date_naive();
    // Asked of each organisation, because a list of the distinct ones is read from an index from end to end.
    let waiting = dsl::deadlines.filter(dsl::organization_id.eq(organizations::id)).filter(dsl::check_on.le(latest));
    let lapsed = submissions::table
        .filter(submissions::organization_id.eq(organizations::id))
        .filter(submissions::status.eq_any(["draft", "returned"]))
        .filter(submissions::closes_at.le(naive(now)));
    let to_check = organizations::table
        .filter(diesel::dsl::exists(waiting).or(diesel::dsl::exists(lapsed)))
        .order(organizations::id)
        .select(organizations::id);
    let found: Vec<String> = to_check.load(conn)?;
    Ok(found.into_iter().map(id).collect())
}

/// Records the last reminder sent for deadlines and the day of their next check. Does not count as a change to them.
pub fn record_check(
    conn: &mut Conn,
    ids: &[&Id],
    last_reminder: Option<i32>,
    check_on: Option<NaiveDate>,
) -> Result<(), Error> {
    for ids in ids.chunks(BATCH_ROWS) {
        let batch = dsl::deadlines.filter(dsl::id.eq_any(ids.iter().map(|id| id.as_str()).collect::<Vec<_>>()));
        diesel::update(batch).set((dsl::told.eq(last_reminder), dsl::check_on.eq(check_on))).execute(conn)?;
    }
    Ok(())
}

/// The state of an organisation's deadlines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// The number of deadlines that are due soon.
    pub due_soon: i64,
    /// The number of overdue deadlines.
    pub overdue: i64,
    /// The next day on which a check has a deadline to examine; `None` where there is none.
    pub next_check_on: Option<NaiveDate>,
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    due_soon: i64,
    #[diesel(sql_type = BigInt)]
    overdue: i64,
}

#[derive(QueryableByName)]
struct NextCheck {
    #[diesel(sql_type = Date)]
    check_on: NaiveDate,
}

/// Returns the stages of an organisation's periods, each with the status of its period.
pub fn stages_of(conn: &mut Conn, organization_id: &Id) -> Result<Vec<(Deadline, PeriodStatus)>, Error> {
    let kinds: Vec<String> = list::stages().map(enum_text).collect();
    let rows: Vec<(Row, String)> = deadlines::table
        .inner_join(periods::table.on(periods::id.eq(deadlines::period_id)))
        .filter(deadlines::organization_id.eq(organization_id.as_str()))
        .filter(deadlines::unit_id.is_null())
        .filter(deadlines::kind.eq_any(kinds))
        .select((deadlines::all_columns, periods::status))
        .load(conn)?;
    rows.into_iter().map(|(row, period)| Ok((row.try_into()?, parse_enum(&period)?))).collect()
}

/// Counts the deadlines of an organisation that can still be met and are due soon or overdue. Without `sees_stages`, each
/// stage counts as not yet met, and `next_check_on` leaves the stages out.
pub fn summary(
    conn: &mut Conn,
    organization_id: &Id,
    (today, reminders): (NaiveDate, &Reminders),
    sees_stages: bool,
) -> Result<Summary, Error> {
    let soon = today + chrono::TimeDelta::days(i64::from(reminders.first()));
    let live = |kind| {
        let live = PeriodStatus::OPEN.into_iter().filter(move |status| Deadline::is_live(kind, *status));
        live.map(|status| format!("'{}'", enum_text(status))).collect::<Vec<_>>().join(", ")
    };
    let (sheets, others) = (live(DeadlineKind::SelfAssessment), live(DeadlineKind::Dossier));
    let of_organization = format!(
        "FROM deadlines JOIN periods ON periods.id = deadlines.period_id \
         WHERE deadlines.organization_id = $1 AND waived_at IS NULL AND \
         (periods.status IN ({sheets}) OR kind <> 'self_assessment' AND periods.status IN ({others}))"
    );
    let sum = |condition: &str| format!("CAST(COALESCE(SUM(CASE WHEN {condition} THEN 1 ELSE 0 END), 0) AS BIGINT)");
    let (due_soon, overdue) = (sum(&format!("due_on >= '{today}'")), sum(&format!("due_on < '{today}'")));
    // What is not due soon is counted nowhere, and so not read.
    let counted =
        format!("SELECT {due_soon} AS due_soon, {overdue} AS overdue {of_organization} AND due_on <= '{soon}'");
    // Each is a range of its own: the open ones, and the stages of which the caller does not know that they are met.
    let unknown = format!("unit_id IS NULL AND met_on IS NOT NULL AND {} IS NULL", list::met_on_sql(false));
    let ranges = std::iter::once("met_on IS NULL".to_owned()).chain((!sees_stages).then_some(unknown));
    let mut summary = Summary::default();
    for range in ranges {
        let query = sql_query(format!("{counted} AND {range}")).bind::<Text, _>(organization_id.as_str());
        let counted: Counted = query.get_result(conn)?;
        summary.due_soon += counted.due_soon;
        summary.overdue += counted.overdue;
    }
    let known = if sees_stages { "" } else { "AND NOT (unit_id IS NULL AND kind IN ('appraisal', 'council_review'))" };
    let next = sql_query(format!(
        "SELECT check_on {of_organization} AND met_on IS NULL AND check_on > '{today}' {known} ORDER BY check_on LIMIT 1"
    ));
    let next: Option<NextCheck> = next.bind::<Text, _>(organization_id.as_str()).get_result(conn).optional()?;
    Ok(Summary { next_check_on: next.map(|next| next.check_on), ..summary })
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = deadline_extensions)]
struct ExtensionRow {
    id: String,
    deadline_id: String,
    due_on: NaiveDate,
    reason: String,
    basis_document: String,
    granted_by: String,
    granted_at: NaiveDateTime,
    superseded: String,
}

/// Adds an extension.
pub fn insert_extension(conn: &mut Conn, extension: &Extension) -> Result<(), Error> {
    let row = ExtensionRow {
        id: extension.id.to_string(),
        deadline_id: extension.deadline_id.to_string(),
        due_on: extension.due_on,
        reason: extension.reason.clone(),
        basis_document: extension.basis_document.clone(),
        granted_by: extension.granted_by.to_string(),
        granted_at: naive(extension.granted_at),
        superseded: json(&extension.superseded)?,
    };
    diesel::insert_into(deadline_extensions::table).values(row).execute(conn)?;
    Ok(())
}

/// Saves a corrected extension.
pub fn update_extension(conn: &mut Conn, extension: &Extension) -> Result<(), Error> {
    use crate::store::schema::deadline_extensions::dsl;
    let row = dsl::deadline_extensions.find(extension.id.as_str());
    let change = (dsl::due_on.eq(extension.due_on), dsl::superseded.eq(json(&extension.superseded)?));
    ensure_one_row(diesel::update(row).set(change).execute(conn)?)
}

/// Returns the extensions of deadlines, first to last.
pub fn extensions(conn: &mut Conn, of: &[&Id]) -> Result<Vec<Extension>, Error> {
    use crate::store::schema::deadline_extensions::dsl;
    let ids: Vec<&str> = of.iter().map(|id| id.as_str()).collect();
    let rows: Vec<ExtensionRow> =
        dsl::deadline_extensions.filter(dsl::deadline_id.eq_any(ids)).order(dsl::id).load(conn)?;
    let extension = |row: ExtensionRow| {
        Ok(Extension {
            id: id(row.id),
            deadline_id: id(row.deadline_id),
            due_on: row.due_on,
            reason: row.reason,
            basis_document: row.basis_document,
            granted_by: id(row.granted_by),
            granted_at: utc(row.granted_at),
            superseded: from_json(&row.superseded)?,
        })
    };
    rows.into_iter().map(extension).collect()
}
