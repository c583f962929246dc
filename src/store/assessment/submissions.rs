//! Submissions and their frozen revisions, without the current lines, which are in `scores`.

mod list;

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text, Timestamp};

pub use list::{Filter, Listed, list};

use crate::domain::Id;
use crate::domain::assessment::submission::{Submission, SubmissionCase, SubmissionStatus};
use crate::domain::criteria::scoring::Breakdown;
use crate::domain::office::unit::UnitKey;
use crate::domain::time::zone;
use crate::error::{Code, Error};
use crate::store::Conn;
use crate::store::dialect::{Bind, RawSql, RowLock, dispatch, lock_row};
use crate::store::error::{ensure_one_row, ensure_rows, map_unique_violation};
use crate::store::period_units::taking_part;
use crate::store::schema::submissions::{self, dsl};
use crate::store::schema::{
    council_means, organizations, period_groups, period_units, periods, revision_withdrawals, revisions, units,
};
use crate::store::types::{
    enum_text, from_json, id, id_texts, json, naive, naive_option, parse_enum, totals, totals_columns, utc, utc_option,
};

/// The largest number of rows that one statement names.
const BATCH_ROWS: usize = 500;

#[derive(Queryable, Insertable)]
#[diesel(table_name = submissions, treat_none_as_default_value = false)]
struct Row {
    id: String,
    organization_id: String,
    period_id: String,
    unit_id: String,
    status: String,
    revision: i32,
    late: bool,
    due_on: NaiveDate,
    closes_at: Option<NaiveDateTime>,
    submitted_at: Option<NaiveDateTime>,
    return_reason: Option<String>,
    base: Option<i64>,
    bonus: Option<i64>,
    penalty: i64,
    raised: i64,
    version: i64,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
}

/// The columns of a [`Row`]. Omits the breakdown, which only a ranking reads.
macro_rules! columns {
    () => {
        (
            dsl::id,
            dsl::organization_id,
            dsl::period_id,
            dsl::unit_id,
            dsl::status,
            dsl::revision,
            dsl::late,
            dsl::due_on,
            dsl::closes_at,
            dsl::submitted_at,
            dsl::return_reason,
            dsl::base,
            dsl::bonus,
            dsl::penalty,
            dsl::raised,
            dsl::version,
            dsl::created_at,
            dsl::updated_at,
        )
    };
}
use columns;

/// The condition that joins a submission to its unit's part in the period.
macro_rules! of_its_unit {
    () => {
        period_units::period_id.eq(submissions::period_id).and(period_units::unit_id.eq(submissions::unit_id))
    };
}
use of_its_unit;

/// The condition that joins a submission to the group of its unit, which may have a table of its own.
macro_rules! of_its_group {
    () => {
        period_groups::period_id
            .eq(submissions::period_id)
            .and(period_groups::code.nullable().eq(period_units::group_code))
    };
}

/// The columns that a transition changes. Setting the others as well would check foreign keys and update indexes for
/// nothing.
#[derive(AsChangeset)]
#[diesel(table_name = submissions, treat_none_as_null = true)]
struct StateChange {
    status: String,
    revision: i32,
    late: bool,
    due_on: NaiveDate,
    closes_at: Option<NaiveDateTime>,
    submitted_at: Option<NaiveDateTime>,
    return_reason: Option<String>,
    version: i64,
    updated_at: NaiveDateTime,
}

impl From<&Submission> for StateChange {
    fn from(submission: &Submission) -> Self {
        StateChange {
            status: enum_text(submission.status),
            revision: submission.revision,
            late: submission.late,
            due_on: submission.due_on,
            closes_at: naive_option(submission.closes_at),
            submitted_at: naive_option(submission.submitted_at),
            return_reason: submission.return_reason.clone(),
            version: submission.version,
            updated_at: naive(submission.updated_at),
        }
    }
}

impl TryFrom<Row> for Submission {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Submission {
            id: id(row.id),
            organization_id: id(row.organization_id),
            period_id: id(row.period_id),
            unit_id: id(row.unit_id),
            status: parse_enum(&row.status)?,
            revision: row.revision,
            late: row.late,
            due_on: row.due_on,
            closes_at: utc_option(row.closes_at),
            submitted_at: utc_option(row.submitted_at),
            return_reason: row.return_reason,
            totals: totals((row.base, row.bonus), (row.penalty, row.raised)),
            version: row.version,
            created_at: utc(row.created_at),
            updated_at: utc(row.updated_at),
        })
    }
}

impl From<&Submission> for Row {
    fn from(submission: &Submission) -> Self {
        let columns = submission.totals.as_ref().map(totals_columns);
        Row {
            id: submission.id.to_string(),
            organization_id: submission.organization_id.to_string(),
            period_id: submission.period_id.to_string(),
            unit_id: submission.unit_id.to_string(),
            status: enum_text(submission.status),
            revision: submission.revision,
            late: submission.late,
            due_on: submission.due_on,
            closes_at: naive_option(submission.closes_at),
            submitted_at: naive_option(submission.submitted_at),
            return_reason: submission.return_reason.clone(),
            base: columns.map(|(base, ..)| base),
            bonus: columns.map(|(_, bonus, ..)| bonus),
            penalty: columns.map_or(0, |(_, _, penalty, _)| penalty),
            raised: columns.map_or(0, |(.., raised)| raised),
            version: submission.version,
            created_at: naive(submission.created_at),
            updated_at: naive(submission.updated_at),
        }
    }
}

/// Returns the period of a submission, which is locked before the submission itself.
pub fn period_of(conn: &mut Conn, id: &Id) -> Result<Option<Id>, Error> {
    let period: Option<String> =
        dsl::submissions.find(id.as_str()).select(dsl::period_id).get_result(conn).optional()?;
    Ok(period.map(Id::from_uuid_text))
}

/// Locks a submission until the transaction ends. The caller has locked its period.
pub fn lock_for_update(conn: &mut Conn, id: &Id) -> Result<(), Error> {
    Ok(lock_row(conn, RowLock::SubmissionForUpdate, id.as_str())?)
}

/// Locks some submissions until the transaction ends, in the order of their ids. The caller has locked their period.
pub fn lock_all_for_update(conn: &mut Conn, ids: &[Id]) -> Result<(), Error> {
    let Conn::Postgres(conn) = conn else {
        return Ok(());
    };
    let locked = dsl::submissions.filter(dsl::id.eq_any(id_texts(ids))).order(dsl::id).select(dsl::version);
    let _versions: Vec<i64> = locked.for_update().load(conn)?;
    Ok(())
}

/// Status, last day of appraisal, table, table of the group, and the council's way of scoring.
type OfPeriod = (String, NaiveDate, String, Option<String>, String);
type Joined = (Row, String, OfPeriod, String, Option<NaiveDateTime>);

fn case(joined: Joined) -> Result<SubmissionCase, Error> {
    let (row, code, of_period, time_zone, set_aside_at) = joined;
    let (status, appraisal_due_on, criteria_set_id, of_group, council_scoring) = of_period;
    let submission = Submission::try_from(row)?;
    Ok(SubmissionCase {
        unit: UnitKey { id: submission.unit_id, code },
        submission,
        period_status: parse_enum(&status)?,
        appraisal_due_on,
        criteria_set_id: Id::from_uuid_text(of_group.unwrap_or(criteria_set_id)),
        council_scoring: parse_enum(&council_scoring)?,
        zone: zone(&time_zone).unwrap_or(chrono_tz::Asia::Ho_Chi_Minh),
        set_aside_at: utc_option(set_aside_at),
        stand_ins: Vec::new(),
    })
}

/// Selects submissions with their units and the settings of their periods.
macro_rules! cases {
    () => {
        submissions::table
            .inner_join(units::table.on(units::id.eq(submissions::unit_id)))
            .inner_join(periods::table.on(periods::id.eq(submissions::period_id)))
            .inner_join(organizations::table.on(organizations::id.eq(submissions::organization_id)))
            .inner_join(period_units::table.on(of_its_unit!()))
            .left_join(period_groups::table.on(of_its_group!()))
            .select((
                columns!(),
                units::code,
                (
                    periods::status,
                    periods::appraisal_due_on,
                    periods::criteria_set_id,
                    period_groups::criteria_set_id.nullable(),
                    periods::council_scoring,
                ),
                organizations::time_zone,
                period_units::set_aside_at,
            ))
    };
}

/// Returns a submission with its unit and the settings of its period.
pub fn find(conn: &mut Conn, id: &Id) -> Result<Option<SubmissionCase>, Error> {
    let found = cases!().filter(submissions::id.eq(id.as_str()));
    let joined: Option<Joined> = dispatch!(conn, c => found.get_result(c)).optional()?;
    joined.map(case).transpose()
}

/// Returns those of some submissions that there are, with their units and the settings of their periods, by id.
pub fn find_all(conn: &mut Conn, ids: &[Id]) -> Result<Vec<SubmissionCase>, Error> {
    let found = cases!().filter(submissions::id.eq_any(id_texts(ids))).order(submissions::id);
    let joined: Vec<Joined> = dispatch!(conn, c => found.load(c))?;
    joined.into_iter().map(case).collect()
}

/// Returns those of some submissions that belong to a period, with their units and its settings.
pub fn find_in(conn: &mut Conn, period_id: &Id, ids: &[Id]) -> Result<Vec<SubmissionCase>, Error> {
    let found = cases!()
        .filter(submissions::period_id.eq(period_id.as_str()))
        .filter(submissions::id.eq_any(id_texts(ids)))
        .order(submissions::id);
    let joined: Vec<Joined> = dispatch!(conn, c => found.load(c))?;
    joined.into_iter().map(case).collect()
}

/// Locks the submissions whose gate has closed but whose row does not say so yet, until the transaction ends, and
/// returns them. A transaction that looks at the same time waits and then finds none.
pub fn lapsed(conn: &mut Conn, scope: Lapsed<'_>, now: DateTime<Utc>) -> Result<Vec<Submission>, Error> {
    let mut query = dsl::submissions
        .filter(dsl::status.eq_any(["draft", "returned"]))
        .filter(dsl::closes_at.le(naive(now)))
        .order(dsl::id)
        .into_boxed();
    query = match scope {
        Lapsed::OfOrganization(id) => query.filter(dsl::organization_id.eq(id.to_string())),
        Lapsed::OfPeriod(id) => query.filter(dsl::period_id.eq(id.to_string())),
        Lapsed::One(id) => query.filter(dsl::id.eq(id.to_string())),
        Lapsed::Among(ids) => query.filter(dsl::id.eq_any(id_texts(ids))),
    };
    let ids: Vec<String> = query.select(dsl::id).load(conn)?;
    let mut submissions = Vec::with_capacity(ids.len());
    for ids in ids.chunks(BATCH_ROWS) {
        let locked = dsl::submissions
            .filter(dsl::id.eq_any(ids))
            .filter(dsl::status.eq_any(["draft", "returned"]))
            .filter(dsl::closes_at.le(naive(now)))
            .order(dsl::id)
            .select(columns!());
        let rows: Vec<Row> = match conn {
            Conn::Sqlite(conn) => locked.load(conn)?,
            Conn::Postgres(conn) => locked.for_update().load(conn)?,
        };
        for row in rows {
            submissions.push(row.try_into()?);
        }
    }
    Ok(submissions)
}

/// Returns whether a submission of an organisation has lapsed and its row does not say so yet.
pub fn any_lapsed(conn: &mut Conn, organization_id: &Id, now: DateTime<Utc>) -> Result<bool, Error> {
    let lapsed = dsl::submissions
        .filter(dsl::organization_id.eq(organization_id.as_str()))
        .filter(dsl::status.eq_any(["draft", "returned"]))
        .filter(dsl::closes_at.le(naive(now)));
    Ok(diesel::select(diesel::dsl::exists(lapsed)).get_result(conn)?)
}

/// Removes the gates of a cancelled period, so that its submissions no longer lapse.
pub fn clear_gates(conn: &mut Conn, period_id: &Id, now: DateTime<Utc>) -> Result<(), Error> {
    let waiting = dsl::submissions
        .filter(dsl::period_id.eq(period_id.as_str()))
        .filter(dsl::status.eq_any(["draft", "returned"]));
    let change =
        (dsl::closes_at.eq(None::<NaiveDateTime>), dsl::version.eq(dsl::version + 1), dsl::updated_at.eq(naive(now)));
    diesel::update(waiting).set(change).execute(conn)?;
    Ok(())
}

/// Returns the submissions of a period.
pub fn of_period(conn: &mut Conn, period_id: &Id) -> Result<Vec<Submission>, Error> {
    let of_period = dsl::submissions.filter(dsl::period_id.eq(period_id.as_str())).order(dsl::id);
    let rows: Vec<Row> = of_period.select(columns!()).load(conn)?;
    rows.into_iter().map(Submission::try_from).collect()
}

/// Returns how far the submissions of the units that take part in a period are: one with a mean of the council is reviewed.
pub fn statuses(conn: &mut Conn, period_id: &Id) -> Result<Vec<SubmissionStatus>, Error> {
    let rows: Vec<(String, Option<String>)> = submissions::table
        .left_join(council_means::table.on(council_means::submission_id.eq(submissions::id)))
        .filter(submissions::period_id.eq(period_id.as_str()))
        .filter(submissions::unit_id.eq_any(taking_part(period_id.as_str())))
        .select((submissions::status, council_means::submission_id.nullable()))
        .load(conn)?;
    let status = |(word, mean): (String, Option<String>)| {
        let status: SubmissionStatus = parse_enum(&word)?;
        Ok(if mean.is_some() { status.with_mean() } else { status })
    };
    rows.into_iter().map(status).collect()
}

/// Returns the submission of a unit in a period.
pub fn of_unit(conn: &mut Conn, period_id: &Id, unit_id: &Id) -> Result<Option<Id>, Error> {
    let of_unit =
        dsl::submissions.filter(dsl::period_id.eq(period_id.as_str())).filter(dsl::unit_id.eq(unit_id.as_str()));
    let found: Option<String> = of_unit.select(dsl::id).get_result(conn).optional()?;
    Ok(found.map(id))
}

/// The submissions among which to look for lapsed ones.
#[derive(Debug, Clone, Copy)]
pub enum Lapsed<'a> {
    /// Those of an organisation.
    OfOrganization(&'a Id),
    /// Those of a period.
    OfPeriod(&'a Id),
    /// A single submission.
    One(&'a Id),
    /// Some submissions.
    Among(&'a [Id]),
}

/// Adds a submission.
///
/// # Errors
/// `already_exists` where the unit has a submission in the period.
pub fn insert(conn: &mut Conn, submission: &Submission) -> Result<(), Error> {
    let inserted = diesel::insert_into(submissions::table).values(Row::from(submission)).execute(conn);
    map_unique_violation(inserted, Code::AlreadyExists).map(|_| ())
}

/// Adds several submissions.
pub fn insert_all(conn: &mut Conn, new: &[Submission]) -> Result<(), Error> {
    let rows: Vec<Row> = new.iter().map(Row::from).collect();
    for rows in rows.chunks(BATCH_ROWS) {
        dispatch!(conn, c => diesel::insert_into(submissions::table).values(rows).execute(c))?;
    }
    Ok(())
}

/// Saves a change to a submission, without its totals.
///
/// # Errors
/// `version_mismatch` where the submission has changed since it was read.
pub fn update(conn: &mut Conn, submission: Submission) -> Result<Submission, Error> {
    let after = Submission { version: submission.version + 1, ..submission };
    let expected = dsl::submissions.find(after.id.as_str()).filter(dsl::version.eq(after.version - 1));
    ensure_one_row(diesel::update(expected).set(StateChange::from(&after)).execute(conn)?).map(|()| after)
}

/// Saves a lapse. Does not increment the version, so that a client that read the submission before the gate closed
/// gets `deadline_passed` rather than `version_mismatch`.
pub fn update_by_clock(conn: &mut Conn, submission: Submission) -> Result<Submission, Error> {
    let expected = dsl::submissions.find(submission.id.as_str()).filter(dsl::version.eq(submission.version));
    ensure_one_row(diesel::update(expected).set(StateChange::from(&submission)).execute(conn)?).map(|()| submission)
}

/// Saves that the clock has closed the gates of drafts that the caller has locked. As with every lapse, their versions stay.
///
/// # Errors
/// `version_mismatch` where one of them is no draft any more.
pub fn miss(conn: &mut Conn, drafts: &[Id], now: DateTime<Utc>) -> Result<(), Error> {
    for ids in drafts.chunks(BATCH_ROWS) {
        let waiting = dsl::submissions.filter(dsl::id.eq_any(id_texts(ids))).filter(dsl::status.eq("draft"));
        let missed = (dsl::status.eq("missed"), dsl::updated_at.eq(naive(now)));
        ensure_rows(diesel::update(waiting).set(missed).execute(conn)?, ids.len())?;
    }
    Ok(())
}

/// Saves the totals of a submission after a change to its lines.
///
/// # Errors
/// `version_mismatch` where the submission has changed since it was read.
pub fn update_totals(conn: &mut Conn, submission: Submission, breakdown: &Breakdown) -> Result<Submission, Error> {
    let after = Submission { version: submission.version + 1, ..submission };
    set_totals(conn, &after, breakdown, after.version - 1).map(|()| after)
}

/// Saves the totals of the submission whose version is `expected`. A submission without a scored line has none.
pub fn set_totals(conn: &mut Conn, after: &Submission, breakdown: &Breakdown, expected: i64) -> Result<(), Error> {
    let breakdown = after.totals.map(|_| json(breakdown)).transpose()?;
    let columns = after.totals.as_ref().map(totals_columns);
    let statement = RawSql("UPDATE submissions SET base = ".into())
        .bind::<Nullable<BigInt>, _>(columns.map(|(base, ..)| base), ", bonus = ")
        .bind::<Nullable<BigInt>, _>(columns.map(|(_, bonus, ..)| bonus), ", penalty = ")
        .bind::<BigInt, _>(columns.map_or(0, |(_, _, penalty, _)| penalty), ", raised = ")
        .bind::<BigInt, _>(columns.map_or(0, |(.., raised)| raised), ", breakdown = ")
        .bind::<Nullable<Text>, _>(breakdown, ", version = ")
        .bind::<BigInt, _>(after.version, ", updated_at = ")
        .bind::<Timestamp, _>(naive(after.updated_at), " WHERE id = ")
        .bind::<Text, _>(after.id.as_str(), " AND version = ")
        .bind::<BigInt, _>(expected, "");
    ensure_one_row(dispatch!(conn, c => statement.execute(c))?)
}

/// Returns the breakdowns of a period's submissions that have one.
pub fn breakdowns(conn: &mut Conn, period_id: &Id) -> Result<HashMap<Id, Breakdown>, Error> {
    let rows: Vec<(String, Option<String>)> =
        dsl::submissions.filter(dsl::period_id.eq(period_id.as_str())).select((dsl::id, dsl::breakdown)).load(conn)?;
    let scored = rows.into_iter().filter_map(|(of, breakdown)| Some((of, breakdown?)));
    scored.map(|(of, breakdown)| Ok((id(of), from_json(&breakdown)?))).collect()
}

/// Finalises the reviewed submissions of the units that take part in a period, and those that members of the council scored
/// alone, which wait for it as appraised.
pub fn finalize(conn: &mut Conn, period_id: &Id, now: DateTime<Utc>) -> Result<(), Error> {
    let reviewed = dsl::submissions
        .filter(dsl::period_id.eq(period_id.as_str()))
        .filter(dsl::unit_id.eq_any(taking_part(period_id.as_str())))
        .filter(dsl::status.eq_any([SubmissionStatus::Appraised, SubmissionStatus::Reviewed].map(enum_text)));
    let status = enum_text(SubmissionStatus::Finalized);
    let change = (dsl::status.eq(status), dsl::version.eq(dsl::version + 1), dsl::updated_at.eq(naive(now)));
    diesel::update(reviewed).set(change).execute(conn)?;
    Ok(())
}

/// Moves all submissions of a period from one state to another, also those of units that were set aside.
pub fn move_all(
    conn: &mut Conn,
    period_id: &Id,
    from: SubmissionStatus,
    to: SubmissionStatus,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let of_period =
        dsl::submissions.filter(dsl::period_id.eq(period_id.as_str())).filter(dsl::status.eq(enum_text(from)));
    let change = (dsl::status.eq(enum_text(to)), dsl::version.eq(dsl::version + 1), dsl::updated_at.eq(naive(now)));
    diesel::update(of_period).set(change).execute(conn)?;
    Ok(())
}

/// Makes the missed submissions of a period that accepts late ones drafts again, without a gate.
pub fn reopen_gates(conn: &mut Conn, period_id: &Id, now: DateTime<Utc>) -> Result<(), Error> {
    let missed = dsl::submissions.filter(dsl::period_id.eq(period_id.as_str())).filter(dsl::status.eq("missed"));
    let change = (
        dsl::status.eq("draft"),
        dsl::closes_at.eq(None::<NaiveDateTime>),
        dsl::version.eq(dsl::version + 1),
        dsl::updated_at.eq(naive(now)),
    );
    diesel::update(missed).set(change).execute(conn)?;
    Ok(())
}

/// Moves the gate of some units' submissions in a period that are with their units or can still be withdrawn. Missed ones
/// are drafts again.
pub fn move_gate(
    conn: &mut Conn,
    (period_id, unit_ids): (&Id, &[&Id]),
    due_on: NaiveDate,
    closes_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let units: Vec<&str> = unit_ids.iter().map(|id| id.as_str()).collect();
    let moved = dsl::submissions
        .filter(dsl::period_id.eq(period_id.as_str()))
        .filter(dsl::unit_id.eq_any(units.clone()))
        .filter(dsl::status.eq_any(["draft", "returned", "submitted", "missed"]))
        .filter(dsl::due_on.ne(due_on));
    let missed = dsl::submissions
        .filter(dsl::period_id.eq(period_id.as_str()))
        .filter(dsl::unit_id.eq_any(units.clone()))
        .filter(dsl::status.eq("missed"))
        .filter(dsl::due_on.ne(due_on));
    diesel::update(missed).set(dsl::status.eq("draft")).execute(conn)?;
    let change = (
        dsl::due_on.eq(due_on),
        dsl::closes_at.eq(naive_option(closes_at)),
        dsl::version.eq(dsl::version + 1),
        dsl::updated_at.eq(naive(now)),
    );
    diesel::update(moved).set(change).execute(conn)?;
    Ok(())
}

/// Increments the versions of some units' submissions after a change to data that they depend on.
pub fn touch(conn: &mut Conn, period_id: &Id, unit_ids: &[&Id], now: DateTime<Utc>) -> Result<(), Error> {
    let units: Vec<&str> = unit_ids.iter().map(|id| id.as_str()).collect();
    let of_units = dsl::submissions.filter(dsl::period_id.eq(period_id.as_str())).filter(dsl::unit_id.eq_any(units));
    let change = (dsl::version.eq(dsl::version + 1), dsl::updated_at.eq(naive(now)));
    diesel::update(of_units).set(change).execute(conn)?;
    Ok(())
}

/// Closes the gates of the units that take part in a period where they have no closing time.
pub fn close_open_gates(conn: &mut Conn, period_id: &Id, now: DateTime<Utc>) -> Result<(), Error> {
    let open = dsl::submissions
        .filter(dsl::period_id.eq(period_id.as_str()))
        .filter(dsl::unit_id.eq_any(taking_part(period_id.as_str())))
        .filter(dsl::status.eq_any(["draft", "returned"]))
        .filter(dsl::closes_at.is_null());
    diesel::update(open).set((dsl::closes_at.eq(naive(now)), dsl::updated_at.eq(naive(now)))).execute(conn)?;
    Ok(())
}

/// A frozen revision of a submission.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = revisions)]
pub struct Revision {
    /// The submission.
    pub submission_id: String,
    /// The revision's number, from 1.
    pub revision: i32,
    /// The lines as submitted, in JSON.
    pub content: String,
    /// The SHA-256 of the content, in hex.
    pub sha256: String,
    /// The criteria set by which the lines were scored.
    pub criteria_set_id: String,
    /// The member who submitted them.
    pub submitted_by: String,
    /// The time of the submission, in UTC.
    pub submitted_at: NaiveDateTime,
    /// The amendment that it is the result of.
    pub amendment_id: Option<String>,
}

/// Marks the last revision of a submission as withdrawn.
pub fn withdraw_revision(conn: &mut Conn, submission: &Submission, now: DateTime<Utc>) -> Result<(), Error> {
    let withdrawal = (
        revision_withdrawals::submission_id.eq(submission.id.as_str()),
        revision_withdrawals::revision.eq(submission.revision),
        revision_withdrawals::withdrawn_at.eq(naive(now)),
    );
    diesel::insert_into(revision_withdrawals::table).values(withdrawal).execute(conn)?;
    Ok(())
}

/// Returns the numbers of the revisions that the unit has taken back.
pub fn withdrawn_revisions(conn: &mut Conn, id: &Id) -> Result<Vec<i32>, Error> {
    let of_sheet = revision_withdrawals::table.filter(revision_withdrawals::submission_id.eq(id.as_str()));
    Ok(of_sheet.select(revision_withdrawals::revision).load(conn)?)
}

/// Returns when a unit last submitted in a period, whether or not it stands.
pub fn last_sent_at(conn: &mut Conn, period_id: &Id, unit_id: &Id) -> Result<Option<DateTime<Utc>>, Error> {
    let of_unit = revisions::table
        .inner_join(submissions::table.on(submissions::id.eq(revisions::submission_id)))
        .filter(submissions::period_id.eq(period_id.as_str()))
        .filter(submissions::unit_id.eq(unit_id.as_str()));
    let latest: Option<NaiveDateTime> = of_unit.select(diesel::dsl::max(revisions::submitted_at)).first(conn)?;
    Ok(utc_option(latest))
}

/// Saves a frozen revision.
pub fn insert_revision(conn: &mut Conn, revision: &Revision) -> Result<(), Error> {
    diesel::insert_into(revisions::table).values(revision).execute(conn)?;
    Ok(())
}

/// Returns a revision of a submission.
pub fn revision(conn: &mut Conn, id: &Id, number: i32) -> Result<Option<Revision>, Error> {
    Ok(revisions::table.find((id.as_str(), number)).get_result(conn).optional()?)
}

/// Returns the revisions of a submission, first to last.
pub fn revisions(conn: &mut Conn, id: &Id) -> Result<Vec<Revision>, Error> {
    Ok(revisions::table.filter(revisions::submission_id.eq(id.as_str())).order(revisions::revision).load(conn)?)
}
