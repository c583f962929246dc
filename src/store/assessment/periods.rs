//! Periods, with their units and awards.

use std::collections::HashMap;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

use crate::domain::Id;
use crate::domain::assessment::group::Group;
use crate::domain::assessment::period::{
    CouncilScoring, DossierDeadline, LateSubmissions, Notice, Period, PeriodRules, PeriodStatus, Schedule,
};
use crate::domain::assessment::period_unit::SetAside;
use crate::domain::assessment::steps::UnitSheet;
use crate::domain::award::award::Award;
use crate::domain::criteria::scoring::Totals;
use crate::domain::office::unit::UnitKey;
use crate::error::{Code, Error};
use crate::store::dialect::{RowLock, dispatch, lock_row};
use crate::store::error::{ensure_one_row, map_unique_violation};
use crate::store::page::{ById, Page, paged};
use crate::store::schema::periods::{self, dsl};
use crate::store::schema::{period_units, submissions, units};
use crate::store::types::{enum_text, from_json, id, id_option, json, naive, parse_enum, totals, utc, utc_option};
use crate::store::{self, Conn};

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = periods, treat_none_as_null = true)]
struct Row {
    id: String,
    organization_id: String,
    code: String,
    title: String,
    year: i32,
    criteria_set_id: String,
    status: String,
    self_assessment_due_on: NaiveDate,
    appraisal_due_on: NaiveDate,
    council_review_from_on: NaiveDate,
    council_review_to_on: NaiveDate,
    result_notice_due_on: NaiveDate,
    late_submissions: String,
    council_scoring: String,
    tie_break: String,
    eligibility: String,
    when_ineligible: String,
    required_documents: String,
    dossier_working_days: i32,
    dossier_semantics: String,
    notice_number: Option<String>,
    notice_on: Option<NaiveDate>,
    cancel_reason: Option<String>,
    council_review_started_on: Option<NaiveDate>,
    version: i64,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
    superseded_notices: String,
    superseded_stages: String,
    ranking_state: Option<String>,
    copied_from: Option<String>,
    carry_over: bool,
}

/// The versions of a period's ranking, as they are stored.
#[derive(Serialize, Deserialize)]
struct RankingState {
    version: i64,
    announced: Option<i64>,
    council_recalled: bool,
}

impl RankingState {
    fn of(period: &Period) -> Option<Self> {
        let version = period.ranking_version?;
        Some(RankingState { version, announced: period.announced_version, council_recalled: period.council_recalled })
    }
}

fn period(
    row: Row,
    (unit_ids, set_aside): (Vec<Id>, Vec<SetAside>),
    (awards, groups): (Vec<Award>, Vec<Group>),
) -> Result<Period, Error> {
    let ranking: Option<RankingState> = row.ranking_state.as_deref().map(from_json).transpose()?;
    Ok(Period {
        id: id(row.id),
        organization_id: id(row.organization_id),
        rules: PeriodRules {
            code: row.code,
            title: row.title,
            year: row.year,
            criteria_set_id: id(row.criteria_set_id),
            unit_ids,
            schedule: Schedule {
                self_assessment_due_on: row.self_assessment_due_on,
                appraisal_due_on: row.appraisal_due_on,
                council_review_from_on: row.council_review_from_on,
                council_review_to_on: row.council_review_to_on,
                result_notice_due_on: row.result_notice_due_on,
            },
            late_submissions: parse_enum(&row.late_submissions)?,
            council_scoring: parse_enum(&row.council_scoring)?,
            tie_break: from_json(&row.tie_break)?,
            awards,
            groups,
            eligibility: from_json(&row.eligibility)?,
            when_ineligible: parse_enum(&row.when_ineligible)?,
            required_documents: from_json(&row.required_documents)?,
            dossier_deadline: DossierDeadline {
                working_days: row.dossier_working_days,
                semantics: parse_enum(&row.dossier_semantics)?,
            },
        },
        status: parse_enum(&row.status)?,
        notice: row.notice_number.zip(row.notice_on).map(|(number, on)| Notice { number, on }),
        superseded_notices: from_json(&row.superseded_notices)?,
        superseded_stages: from_json(&row.superseded_stages)?,
        ranking_version: ranking.as_ref().map(|ranking| ranking.version),
        announced_version: ranking.as_ref().and_then(|ranking| ranking.announced),
        council_recalled: ranking.is_some_and(|ranking| ranking.council_recalled),
        cancel_reason: row.cancel_reason,
        council_review_started_on: row.council_review_started_on,
        set_aside,
        copied_from: id_option(row.copied_from),
        carry_over: row.carry_over,
        version: row.version,
        created_at: utc(row.created_at),
        updated_at: utc(row.updated_at),
    })
}

impl TryFrom<&Period> for Row {
    type Error = Error;
    fn try_from(period: &Period) -> Result<Self, Error> {
        let rules = &period.rules;
        Ok(Row {
            id: period.id.to_string(),
            organization_id: period.organization_id.to_string(),
            code: rules.code.clone(),
            title: rules.title.clone(),
            year: rules.year,
            criteria_set_id: rules.criteria_set_id.to_string(),
            status: enum_text(period.status),
            self_assessment_due_on: rules.schedule.self_assessment_due_on,
            appraisal_due_on: rules.schedule.appraisal_due_on,
            council_review_from_on: rules.schedule.council_review_from_on,
            council_review_to_on: rules.schedule.council_review_to_on,
            result_notice_due_on: rules.schedule.result_notice_due_on,
            late_submissions: enum_text(rules.late_submissions),
            council_scoring: enum_text(rules.council_scoring),
            tie_break: json(&rules.tie_break)?,
            eligibility: json(&rules.eligibility)?,
            when_ineligible: enum_text(rules.when_ineligible),
            required_documents: json(&rules.required_documents)?,
            dossier_working_days: rules.dossier_deadline.working_days,
            dossier_semantics: enum_text(rules.dossier_deadline.semantics),
            notice_number: period.notice.as_ref().map(|notice| notice.number.clone()),
            notice_on: period.notice.as_ref().map(|notice| notice.on),
            cancel_reason: period.cancel_reason.clone(),
            council_review_started_on: period.council_review_started_on,
            version: period.version,
            created_at: naive(period.created_at),
            updated_at: naive(period.updated_at),
            superseded_notices: json(&period.superseded_notices)?,
            superseded_stages: json(&period.superseded_stages)?,
            ranking_state: RankingState::of(period).as_ref().map(json).transpose()?,
            copied_from: period.copied_from.as_ref().map(ToString::to_string),
            carry_over: period.carry_over,
        })
    }
}

/// A period in a list, without its units and awards.
#[derive(Debug, Clone)]
pub struct PeriodListItem {
    /// The period's id.
    pub id: Id,
    /// The code, unique among the periods of the organisation that are not cancelled.
    pub code: String,
    /// The title.
    pub title: String,
    /// The year that it assesses.
    pub year: i32,
    /// The state.
    pub status: PeriodStatus,
    /// The due date of the self-assessments.
    pub self_assessment_due_on: NaiveDate,
    /// The version, which every change increments.
    pub version: i64,
}

/// The filters of a list of periods.
#[derive(Debug, Default)]
pub struct Filter {
    /// Only these states.
    pub statuses: Option<Vec<PeriodStatus>>,
    /// Only these years.
    pub years: Option<Vec<i32>>,
    /// Only copies of this period.
    pub copied_from: Option<Id>,
}

/// Locks a period for share until the transaction ends, for changes to what belongs to it.
pub fn lock_for_share(conn: &mut Conn, id: &Id) -> Result<(), Error> {
    Ok(lock_row(conn, RowLock::PeriodForShare, id.as_str())?)
}

/// Locks a period for update until the transaction ends, for changes to the period itself.
pub fn lock_for_update(conn: &mut Conn, id: &Id) -> Result<(), Error> {
    Ok(lock_row(conn, RowLock::PeriodForUpdate, id.as_str())?)
}

/// Returns a period.
pub fn find(conn: &mut Conn, id: &Id) -> Result<Option<Period>, Error> {
    let row: Option<Row> = dsl::periods.find(id.as_str()).get_result(conn).optional()?;
    let Some(row) = row else { return Ok(None) };
    let (taking_part, set_aside) = store::period_units::of_period(conn, id)?;
    let grouped = store::period_groups::of_period(conn, id, &taking_part)?;
    let unit_ids = taking_part.into_iter().map(|(unit_id, _)| unit_id).collect();
    period(row, (unit_ids, set_aside), grouped).map(Some)
}

/// Returns a page of an organisation's periods.
pub fn list(conn: &mut Conn, organization_id: &Id, filter: &Filter, page: &Page) -> Result<Vec<PeriodListItem>, Error> {
    let mut query = dsl::periods.filter(dsl::organization_id.eq(organization_id.to_string())).into_boxed();
    if let Some(statuses) = &filter.statuses {
        query = query.filter(dsl::status.eq_any(statuses.iter().map(enum_text).collect::<Vec<_>>()));
    }
    if let Some(years) = &filter.years {
        query = query.filter(dsl::year.eq_any(years.clone()));
    }
    if let Some(source) = &filter.copied_from {
        query = query.filter(dsl::copied_from.eq(source.to_string()));
    }
    let columns = (dsl::id, dsl::code, dsl::title, dsl::year, dsl::status, dsl::self_assessment_due_on, dsl::version);
    let rows: Vec<(String, String, String, i32, String, NaiveDate, i64)> =
        paged(query, page, |ById::Id, place| place.by(dsl::id, Id::to_string)).select(columns).load(conn)?;
    rows.into_iter()
        .map(|(row_id, code, title, year, status, self_assessment_due_on, version)| {
            Ok(PeriodListItem {
                id: id(row_id),
                code,
                title,
                year,
                status: parse_enum(&status)?,
                self_assessment_due_on,
                version,
            })
        })
        .collect()
}

/// Adds a period.
///
/// # Errors
/// `already_exists` where the code is in use.
pub fn insert(conn: &mut Conn, period: &Period) -> Result<(), Error> {
    let inserted = diesel::insert_into(periods::table).values(Row::try_from(period)?).execute(conn);
    map_unique_violation(inserted, Code::AlreadyExists)?;
    insert_members(conn, period)
}

/// Saves a change to a period. `with_members` replaces its units, groups and awards, which is possible only before other rows
/// refer to them.
///
/// # Errors
/// `version_mismatch` where the period has changed since it was read; `already_exists` where the code is in use.
pub fn update(conn: &mut Conn, period: Period, with_members: bool) -> Result<Period, Error> {
    let after = Period { version: period.version + 1, ..period };
    let expected = dsl::periods.find(after.id.as_str()).filter(dsl::version.eq(after.version - 1));
    let rows =
        map_unique_violation(diesel::update(expected).set(Row::try_from(&after)?).execute(conn), Code::AlreadyExists)?;
    ensure_one_row(rows)?;
    if with_members {
        let of_period = period_units::table.filter(period_units::period_id.eq(after.id.as_str()));
        diesel::delete(of_period).execute(conn)?;
        store::period_groups::delete(conn, &after.id)?;
        insert_members(conn, &after)?;
    }
    Ok(after)
}

fn insert_members(conn: &mut Conn, period: &Period) -> Result<(), Error> {
    let units: Vec<_> = period
        .rules
        .unit_ids
        .iter()
        .map(|unit_id| {
            (
                period_units::period_id.eq(period.id.as_str()),
                period_units::organization_id.eq(period.organization_id.as_str()),
                period_units::unit_id.eq(unit_id.as_str()),
                period_units::group_code.eq(period.group_code_of(unit_id)),
            )
        })
        .collect();
    store::period_groups::insert(conn, period)?;
    dispatch!(conn, c => diesel::insert_into(period_units::table).values(&units).execute(c))?;
    store::period_groups::insert_awards(conn, period)
}

/// The settings of a period on which its deadlines depend.
#[derive(Debug, Clone)]
pub struct Terms {
    /// The state.
    pub status: PeriodStatus,
    /// How late submissions are treated.
    pub late_submissions: LateSubmissions,
    /// How the council arrives at its scores.
    pub council_scoring: CouncilScoring,
    /// How the due date of dossiers is counted from the result notice.
    pub dossier: DossierDeadline,
    /// The date of the result notice; `None` before it is announced.
    pub notice_on: Option<NaiveDate>,
    /// The first day on which a session of the council can decide.
    pub council_since: NaiveDate,
}

/// Returns the settings of periods on which their deadlines depend.
pub fn terms<'a>(conn: &mut Conn, ids: impl Iterator<Item = &'a Id>) -> Result<HashMap<Id, Terms>, Error> {
    let mut ids: Vec<&str> = ids.map(Id::as_str).collect();
    ids.sort_unstable();
    ids.dedup();
    let dossier = (dsl::dossier_working_days, dsl::dossier_semantics);
    let council = (dsl::council_scoring, dsl::council_review_started_on, dsl::self_assessment_due_on);
    let columns = (dsl::id, dsl::status, dsl::late_submissions, dossier, dsl::notice_on, council);
    type Columns = (String, String, String, (i32, String), Option<NaiveDate>, (String, Option<NaiveDate>, NaiveDate));
    let rows: Vec<Columns> = dsl::periods.filter(dsl::id.eq_any(ids)).select(columns).load(conn)?;
    let terms = |(
        row_id,
        status,
        late_submissions,
        (working_days, semantics),
        notice_on,
        (scoring, began_on, due_on),
    ): Columns| {
        let (status, late_submissions) = (parse_enum(&status)?, parse_enum(&late_submissions)?);
        let dossier = DossierDeadline { working_days, semantics: parse_enum(&semantics)? };
        let (council_scoring, council_since) = (parse_enum(&scoring)?, began_on.unwrap_or(due_on));
        let terms = Terms { status, late_submissions, council_scoring, dossier, notice_on, council_since };
        Ok((id(row_id), terms))
    };
    rows.into_iter().map(terms).collect()
}

/// Whether the council of an organisation is scoring alone, unseen by each other.
pub fn any_scored_alone(conn: &mut Conn, organization_id: &Id) -> Result<bool, Error> {
    let alone = dsl::periods
        .filter(dsl::organization_id.eq(organization_id.as_str()))
        .filter(dsl::status.eq(enum_text(PeriodStatus::CouncilReview)))
        .filter(dsl::council_scoring.eq(enum_text(CouncilScoring::Mean)));
    Ok(diesel::select(diesel::dsl::exists(alone)).get_result(conn)?)
}

/// Returns the titles of periods.
pub fn titles<'a>(conn: &mut Conn, ids: impl Iterator<Item = &'a Id>) -> Result<HashMap<Id, String>, Error> {
    let mut ids: Vec<&str> = ids.map(Id::as_str).collect();
    ids.sort_unstable();
    ids.dedup();
    let rows: Vec<(String, String)> =
        dsl::periods.filter(dsl::id.eq_any(ids)).select((dsl::id, dsl::title)).load(conn)?;
    Ok(rows.into_iter().map(|(row_id, title)| (id(row_id), title)).collect())
}

/// Returns the periods of an organisation in one of these states, in order of id.
pub fn in_status(conn: &mut Conn, organization_id: &Id, statuses: &[PeriodStatus]) -> Result<Vec<Id>, Error> {
    let of_organization = dsl::periods
        .filter(dsl::organization_id.eq(organization_id.as_str()))
        .filter(dsl::status.eq_any(statuses.iter().map(enum_text).collect::<Vec<_>>()));
    let ids: Vec<String> = of_organization.order(dsl::id).select(dsl::id).load(conn)?;
    Ok(ids.into_iter().map(id).collect())
}

/// A unit of a period, with its submission.
#[derive(Debug, Clone)]
pub struct PeriodUnit {
    /// The unit's id and code.
    pub unit: UnitKey,
    /// The unit's name.
    pub name: String,
    /// Code of the unit's group; `None` where the period has no groups.
    pub group_code: Option<String>,
    /// The unit's submission; `None` before there is one.
    pub submission_id: Option<Id>,
    /// The totals of the self-assessment; `None` while nothing is scored.
    pub totals: Option<Totals>,
    /// The state and the gate of the submission.
    pub sheet: UnitSheet,
}

/// Returns the units that take part in a period in order of code, each with its submission.
pub fn units_of(conn: &mut Conn, period_id: &Id) -> Result<Vec<PeriodUnit>, Error> {
    type Sheet =
        (Option<String>, Option<String>, Option<NaiveDateTime>, (Option<i64>, Option<i64>), (Option<i64>, Option<i64>));
    type Joined = (String, String, String, Option<String>, Sheet);
    let rows: Vec<Joined> =
        period_units::table
            .inner_join(units::table.on(units::id.eq(period_units::unit_id)))
            .left_join(submissions::table.on(
                submissions::period_id.eq(period_units::period_id).and(submissions::unit_id.eq(period_units::unit_id)),
            ))
            .filter(period_units::period_id.eq(period_id.as_str()))
            .filter(period_units::set_aside_at.is_null())
            .order(units::code)
            .select((
                units::id,
                units::code,
                units::name,
                period_units::group_code,
                (
                    submissions::id.nullable(),
                    submissions::status.nullable(),
                    submissions::closes_at.nullable(),
                    (submissions::base.nullable(), submissions::bonus.nullable()),
                    (submissions::penalty.nullable(), submissions::raised.nullable()),
                ),
            ))
            .load(conn)?;
    rows.into_iter()
        .map(|(unit_id, code, name, group_code, (submission_id, status, closes_at, points, (penalty, raised)))| {
            Ok(PeriodUnit {
                unit: UnitKey { id: id(unit_id), code: code.clone() },
                name,
                group_code,
                submission_id: submission_id.map(id),
                totals: totals(points, (penalty.unwrap_or_default(), raised.unwrap_or_default())),
                sheet: UnitSheet {
                    unit_code: code,
                    status: status.as_deref().map(parse_enum).transpose()?,
                    closes_at: utc_option(closes_at),
                },
            })
        })
        .collect()
}

/// Returns the codes of the open periods in which a unit takes part.
pub fn open_with_unit(conn: &mut Conn, unit_id: &Id) -> Result<Vec<String>, Error> {
    let open = PeriodStatus::OPEN.map(enum_text);
    let of_unit = periods::table.inner_join(period_units::table.on(period_units::period_id.eq(periods::id)));
    let of_unit = of_unit.filter(period_units::unit_id.eq(unit_id.as_str())).filter(periods::status.eq_any(open));
    let of_unit = of_unit.filter(period_units::set_aside_at.is_null());
    Ok(of_unit.order(periods::code).select(periods::code).load(conn)?)
}
