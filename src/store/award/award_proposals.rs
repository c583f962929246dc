//! Award proposals, with the documents of their dossiers.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use diesel::prelude::*;

use crate::domain::award::award_proposal::{
    Document, DossierTerm, Proposal, ProposalStatus, RecordedDecision, Withdrawn,
};
use crate::domain::file::AttachedFile;
use crate::domain::office::unit::UnitKey;
use crate::domain::schedule::calendar::CountedDay;
use crate::domain::{Id, Points};
use crate::error::{Code, Error};
use crate::store::dialect::dispatch;
use crate::store::error::{ensure_one_row, map_unique_violation};
use crate::store::page::{ById, Page, Place, paged};
use crate::store::range::{Condition, Ranges, within};
use crate::store::schema::award_proposals::{self, dsl};
use crate::store::schema::{period_awards, periods, proposal_documents, units};
use crate::store::types::{enum_text, from_json, id, id_texts, json, naive, naive_option, parse_enum, utc, utc_option};
use crate::store::{Conn, period_groups};

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = award_proposals, treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    id: String,
    organization_id: String,
    period_id: String,
    unit_id: String,
    award_code: String,
    award_quota: i32,
    slot: i32,
    rank: i32,
    total: i64,
    eligibility: String,
    due_on: Option<NaiveDate>,
    opens_on: Option<NaiveDate>,
    explanation: String,
    status: String,
    submitted_at: Option<NaiveDateTime>,
    return_reason: Option<String>,
    decision_number: Option<String>,
    decided_on: Option<NaiveDate>,
    decision_reason: Option<String>,
    version: i64,
    created_at: NaiveDateTime,
    updated_at: NaiveDateTime,
    superseded_decisions: String,
    withdraw_reason: Option<String>,
    withdrawn_at: Option<NaiveDateTime>,
    pass_down: Option<bool>,
    stale: bool,
    group_code: String,
}

fn proposal(row: Row, documents: Vec<Document>) -> Result<Proposal, Error> {
    let status: ProposalStatus = parse_enum(&row.status)?;
    let decided = status.is_decided();
    Ok(Proposal {
        id: id(row.id),
        organization_id: id(row.organization_id),
        period_id: id(row.period_id),
        unit_id: id(row.unit_id),
        group_code: period_groups::read(row.group_code),
        award_code: row.award_code,
        award_quota: row.award_quota,
        slot: row.slot,
        rank: row.rank,
        total: Points::from_hundredths(row.total),
        eligibility: from_json(&row.eligibility)?,
        term: DossierTerm { due_on: row.due_on, opens_on: row.opens_on, explanation: from_json(&row.explanation)? },
        documents,
        status,
        submitted_at: utc_option(row.submitted_at),
        return_reason: row.return_reason,
        decision: decided.then_some(RecordedDecision {
            status,
            number: row.decision_number,
            on: row.decided_on,
            reason: row.decision_reason,
        }),
        withdrawn: utc_option(row.withdrawn_at).zip(row.withdraw_reason).map(|(at, reason)| Withdrawn {
            at,
            reason,
            pass_down: row.pass_down,
        }),
        stale: row.stale,
        superseded_decisions: from_json(&row.superseded_decisions)?,
        version: row.version,
        created_at: utc(row.created_at),
        updated_at: utc(row.updated_at),
    })
}

impl TryFrom<&Proposal> for Row {
    type Error = Error;
    fn try_from(proposal: &Proposal) -> Result<Self, Error> {
        let decision = proposal.decision.as_ref();
        Ok(Row {
            id: proposal.id.to_string(),
            organization_id: proposal.organization_id.to_string(),
            period_id: proposal.period_id.to_string(),
            unit_id: proposal.unit_id.to_string(),
            award_code: proposal.award_code.clone(),
            award_quota: proposal.award_quota,
            slot: proposal.slot,
            rank: proposal.rank,
            total: proposal.total.hundredths(),
            eligibility: json(&proposal.eligibility)?,
            due_on: proposal.term.due_on,
            opens_on: proposal.term.opens_on,
            explanation: json(&proposal.term.explanation)?,
            status: enum_text(proposal.status),
            submitted_at: naive_option(proposal.submitted_at),
            return_reason: proposal.return_reason.clone(),
            decision_number: decision.and_then(|decision| decision.number.clone()),
            decided_on: decision.and_then(|decision| decision.on),
            decision_reason: decision.and_then(|decision| decision.reason.clone()),
            version: proposal.version,
            created_at: naive(proposal.created_at),
            updated_at: naive(proposal.updated_at),
            superseded_decisions: json(&proposal.superseded_decisions)?,
            withdraw_reason: proposal.withdrawn.as_ref().map(|withdrawn| withdrawn.reason.clone()),
            withdrawn_at: naive_option(proposal.withdrawn.as_ref().map(|withdrawn| withdrawn.at)),
            pass_down: proposal.withdrawn.as_ref().and_then(|withdrawn| withdrawn.pass_down),
            stale: proposal.stale,
            group_code: period_groups::stored(proposal.group_code.as_deref()),
        })
    }
}

#[derive(Queryable, Insertable)]
#[diesel(table_name = proposal_documents, treat_none_as_default_value = false)]
struct DocumentRow {
    proposal_id: String,
    code: String,
    position: i32,
    title: String,
    file_name: Option<String>,
    media_type: Option<String>,
    size: Option<i64>,
    sha256: Option<String>,
    attached_at: Option<NaiveDateTime>,
}

impl From<DocumentRow> for Document {
    fn from(row: DocumentRow) -> Self {
        let file = (|| {
            Some(AttachedFile {
                name: row.file_name?,
                media_type: row.media_type?,
                size: row.size?,
                sha256: row.sha256?,
                attached_at: utc(row.attached_at?),
            })
        })();
        Document { code: row.code, title: row.title, file }
    }
}

fn with_documents(conn: &mut Conn, rows: Vec<Row>) -> Result<Vec<Proposal>, Error> {
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let documents: Vec<DocumentRow> = proposal_documents::table
        .filter(proposal_documents::proposal_id.eq_any(ids))
        .order((proposal_documents::proposal_id, proposal_documents::position))
        .load(conn)?;
    let mut by_proposal: std::collections::HashMap<String, Vec<Document>> = std::collections::HashMap::new();
    for document in documents {
        by_proposal.entry(document.proposal_id.clone()).or_default().push(document.into());
    }
    rows.into_iter()
        .map(|row| {
            let documents = by_proposal.remove(&row.id).unwrap_or_default();
            proposal(row, documents)
        })
        .collect()
}

/// The filters of a list of proposals.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only these periods.
    pub period_ids: Option<Vec<Id>>,
    /// Only these states.
    pub statuses: Option<Vec<ProposalStatus>>,
    /// Only of these units.
    pub unit_ids: Option<Vec<Id>>,
    /// Only these awards, by code.
    pub award_codes: Option<Vec<String>>,
    /// Only of these groups, by code.
    pub group_codes: Option<Vec<String>>,
    /// Only of periods of these years.
    pub years: Option<Vec<i32>>,
    /// Only this unit: the only one whose proposals the caller may see.
    pub only_unit: Option<Id>,
    /// Only these units, to which the token is restricted.
    pub only: Option<Vec<Id>>,
}

/// Returns a proposal with its unit.
pub fn find(conn: &mut Conn, id: &Id) -> Result<Option<(Proposal, UnitKey)>, Error> {
    let found: Option<(Row, String)> = award_proposals::table
        .inner_join(units::table.on(units::id.eq(award_proposals::unit_id)))
        .filter(award_proposals::id.eq(id.as_str()))
        .select((award_proposals::all_columns, units::code))
        .get_result(conn)
        .optional()?;
    let Some((row, code)) = found else {
        return Ok(None);
    };
    let proposal = with_documents(conn, vec![row])?.pop();
    Ok(proposal.map(|proposal| {
        let unit = UnitKey { id: proposal.unit_id, code };
        (proposal, unit)
    }))
}

/// Returns the period of a proposal, which is locked before the proposal itself.
pub fn period_of(conn: &mut Conn, id: &Id) -> Result<Option<Id>, Error> {
    let period: Option<String> =
        dsl::award_proposals.find(id.as_str()).select(dsl::period_id).get_result(conn).optional()?;
    Ok(period.map(Id::from_uuid_text))
}

/// Returns the ranges that together hold what a filter names.
fn ranges(filter: &Filter) -> Ranges {
    let of_unit = |id: &Id| Condition::new(dsl::unit_id.eq(id.to_string()));
    let of_period = |id: &Id| Condition::new(dsl::period_id.eq(id.to_string()));
    if let Some(id) = &filter.only_unit {
        return Ranges::Of(vec![of_unit(id)]);
    }
    if let Some(ids) = filter.unit_ids.as_ref().or(filter.only.as_ref()) {
        return Ranges::Of(ids.iter().map(of_unit).collect());
    }
    match &filter.period_ids {
        Some(ids) => Ranges::Of(ids.iter().map(of_period).collect()),
        None => Ranges::Whole,
    }
}

/// Returns the condition that a filter names a proposal.
fn named(organization_id: &Id, filter: &Filter) -> Condition {
    let mut condition = Condition::new(dsl::organization_id.eq(organization_id.to_string()));
    if let Some(ids) = &filter.period_ids {
        condition = condition.and(dsl::period_id.eq_any(id_texts(ids)));
    }
    if let Some(statuses) = &filter.statuses {
        condition = condition.and(dsl::status.eq_any(statuses.iter().map(enum_text).collect::<Vec<_>>()));
    }
    if let Some(ids) = &filter.unit_ids {
        condition = condition.and(dsl::unit_id.eq_any(id_texts(ids)));
    }
    if let Some(codes) = &filter.award_codes {
        condition = condition.and(dsl::award_code.eq_any(codes.clone()));
    }
    if let Some(codes) = &filter.group_codes {
        condition = condition.and(dsl::group_code.eq_any(codes.clone()));
    }
    if let Some(years) = &filter.years {
        let of_years = periods::table
            .filter(periods::organization_id.eq(organization_id.to_string()))
            .filter(periods::year.eq_any(years.clone()));
        condition = condition.and(dsl::period_id.eq_any(of_years.select(periods::id)));
    }
    if let Some(unit) = &filter.only_unit {
        condition = condition.and(dsl::unit_id.eq(unit.to_string()));
    }
    if let Some(ids) = &filter.only {
        condition = condition.and(dsl::unit_id.eq_any(id_texts(ids)));
    }
    condition
}

/// Returns a page of an organisation's proposals.
pub fn list(conn: &mut Conn, organization_id: &Id, filter: &Filter, page: &Page) -> Result<Vec<Proposal>, Error> {
    let key = |ById::Id, place: Place<'_, Id>| place.by(dsl::id, Id::to_string);
    let page_of = |named: Condition| paged(dsl::award_proposals.filter(named).select(dsl::id).into_boxed(), page, key);
    let on_page = within(ranges(filter), || named(organization_id, filter), dsl::id, page_of);
    let rows: Vec<Row> = paged(dsl::award_proposals.filter(on_page).into_boxed(), page, key).load(conn)?;
    with_documents(conn, rows)
}

/// An award that a unit was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenAward {
    /// The year of the period.
    pub year: i32,
    /// The title of the award.
    pub title: String,
    /// The number of the decision.
    pub decision_number: Option<String>,
    /// The date of the decision.
    pub decided_on: Option<NaiveDate>,
}

/// Returns the awards that a unit was given for years before `year`, in order of year.
pub fn given_before(conn: &mut Conn, unit_id: &Id, year: i32) -> Result<Vec<GivenAward>, Error> {
    type Columns = (i32, String, Option<String>, Option<NaiveDate>);
    let of_group = period_awards::period_id.eq(dsl::period_id).and(period_awards::group_code.eq(dsl::group_code));
    let of_award = of_group.and(period_awards::code.eq(dsl::award_code));
    let rows: Vec<Columns> = dsl::award_proposals
        .inner_join(periods::table.on(periods::id.eq(dsl::period_id)))
        .inner_join(period_awards::table.on(of_award))
        .filter(dsl::unit_id.eq(unit_id.as_str()))
        .filter(dsl::status.eq(enum_text(ProposalStatus::Approved)))
        .filter(periods::year.lt(year))
        .order((periods::year, dsl::id))
        .select((periods::year, period_awards::title, dsl::decision_number, dsl::decided_on))
        .load(conn)?;
    let given = |(year, title, decision_number, decided_on)| GivenAward { year, title, decision_number, decided_on };
    Ok(rows.into_iter().map(given).collect())
}

/// Returns the proposals of a period, withdrawn ones included, in order of group, award and slot.
pub fn of_period(conn: &mut Conn, period_id: &Id) -> Result<Vec<Proposal>, Error> {
    let of_period = dsl::award_proposals.filter(dsl::period_id.eq(period_id.as_str()));
    let rows: Vec<Row> = of_period.order((dsl::group_code, dsl::award_code, dsl::slot, dsl::id)).load(conn)?;
    with_documents(conn, rows)
}

/// Adds the proposals of a period with empty dossiers.
///
/// # Errors
/// `quota_exceeded` where a slot of an award is taken.
pub fn insert_all(conn: &mut Conn, proposals: &[Proposal]) -> Result<(), Error> {
    let rows: Vec<Row> = proposals.iter().map(Row::try_from).collect::<Result<_, _>>()?;
    let documents: Vec<DocumentRow> = proposals
        .iter()
        .flat_map(|proposal| {
            (0_i32..).zip(&proposal.documents).map(|(position, document)| DocumentRow {
                proposal_id: proposal.id.to_string(),
                code: document.code.clone(),
                position,
                title: document.title.clone(),
                file_name: None,
                media_type: None,
                size: None,
                sha256: None,
                attached_at: None,
            })
        })
        .collect();
    if rows.is_empty() {
        return Ok(());
    }
    let inserted = dispatch!(conn, c => diesel::insert_into(award_proposals::table).values(&rows).execute(c));
    map_unique_violation(inserted, Code::QuotaExceeded)?;
    if !documents.is_empty() {
        dispatch!(conn, c => diesel::insert_into(proposal_documents::table).values(&documents).execute(c))?;
    }
    Ok(())
}

/// The days counted for each due date, by period and unit.
pub type Explanations = HashMap<(Id, Option<Id>), Vec<CountedDay>>;

/// Returns how the due dates of dossiers were counted.
pub fn explanations(conn: &mut Conn, period_ids: &[Id], unit_ids: &[Id]) -> Result<Explanations, Error> {
    let of_units = dsl::award_proposals
        .filter(dsl::period_id.eq_any(id_texts(period_ids)))
        .filter(dsl::unit_id.eq_any(id_texts(unit_ids)))
        .filter(dsl::status.ne("withdrawn"));
    let rows: Vec<(String, String, String)> =
        of_units.select((dsl::period_id, dsl::unit_id, dsl::explanation)).load(conn)?;
    rows.into_iter().map(|(period, unit, text)| Ok(((id(period), Some(id(unit))), from_json(&text)?))).collect()
}

/// Saves a change to a proposal, without its documents.
///
/// # Errors
/// `version_mismatch` where the proposal has changed since it was read.
pub fn update(conn: &mut Conn, proposal: Proposal) -> Result<Proposal, Error> {
    let after = Proposal { version: proposal.version + 1, ..proposal };
    let expected = dsl::award_proposals.find(after.id.as_str()).filter(dsl::version.eq(after.version - 1));
    ensure_one_row(diesel::update(expected).set(Row::try_from(&after)?).execute(conn)?).map(|()| after)
}

/// Marks the open proposals of a period as stale.
pub fn mark_stale(conn: &mut Conn, period_id: &Id, now: DateTime<Utc>) -> Result<(), Error> {
    let open = dsl::award_proposals
        .filter(dsl::period_id.eq(period_id.as_str()))
        .filter(dsl::status.eq_any(["draft", "submitted", "returned"]))
        .filter(dsl::stale.eq(false));
    let change = (dsl::stale.eq(true), dsl::version.eq(dsl::version + 1), dsl::updated_at.eq(naive(now)));
    diesel::update(open).set(change).execute(conn)?;
    Ok(())
}

/// Locks the proposal of a unit until the transaction ends.
pub fn lock_of_unit(conn: &mut Conn, period_id: &Id, unit_id: &Id) -> Result<(), Error> {
    let of_unit = dsl::award_proposals
        .filter(dsl::period_id.eq(period_id.as_str()))
        .filter(dsl::unit_id.eq(unit_id.as_str()))
        .filter(dsl::status.ne("withdrawn"))
        .select(dsl::version);
    if let Conn::Postgres(conn) = conn {
        of_unit.for_update().load::<i64>(conn)?;
    }
    Ok(())
}

/// Locks the undecided proposals of an organisation, or of all organisations, until the transaction ends.
pub fn lock_undecided(conn: &mut Conn, organization_id: Option<&Id>) -> Result<(), Error> {
    let Conn::Postgres(conn) = conn else {
        return Ok(());
    };
    let decided = [ProposalStatus::Approved, ProposalStatus::Declined, ProposalStatus::Withdrawn].map(enum_text);
    let open = dsl::award_proposals.filter(dsl::status.ne_all(decided)).order(dsl::id).select(dsl::version);
    match organization_id {
        Some(id) => open.filter(dsl::organization_id.eq(id.as_str())).for_update().load::<i64>(conn)?,
        None => open.for_update().load::<i64>(conn)?,
    };
    Ok(())
}

/// Replaces the dates of a unit's dossier.
pub fn set_term(
    conn: &mut Conn,
    (period_id, unit_id): (&Id, &Id),
    term: &DossierTerm,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let of_unit = dsl::award_proposals
        .filter(dsl::period_id.eq(period_id.as_str()))
        .filter(dsl::unit_id.eq(unit_id.as_str()))
        .filter(dsl::status.ne("withdrawn"));
    let change = (
        dsl::due_on.eq(term.due_on),
        dsl::opens_on.eq(term.opens_on),
        dsl::explanation.eq(json(&term.explanation)?),
        dsl::version.eq(dsl::version + 1),
        dsl::updated_at.eq(naive(now)),
    );
    diesel::update(of_unit).set(change).execute(conn)?;
    Ok(())
}

/// Extends the due date of a unit's dossier.
pub fn extend(
    conn: &mut Conn,
    (period_id, unit_id): (&Id, &Id),
    due_on: NaiveDate,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let of_unit = dsl::award_proposals
        .filter(dsl::period_id.eq(period_id.as_str()))
        .filter(dsl::unit_id.eq(unit_id.as_str()))
        .filter(dsl::status.ne("withdrawn"));
    let change = (dsl::due_on.eq(due_on), dsl::version.eq(dsl::version + 1), dsl::updated_at.eq(naive(now)));
    diesel::update(of_unit).set(change).execute(conn)?;
    Ok(())
}

/// Attaches a file to a document of the dossier, in place of any earlier file.
pub fn attach(conn: &mut Conn, id: &Id, code: &str, file: &AttachedFile) -> Result<(), Error> {
    use proposal_documents::{attached_at, file_name, media_type, sha256, size};
    let change = (
        file_name.eq(&file.name),
        media_type.eq(&file.media_type),
        size.eq(file.size),
        sha256.eq(&file.sha256),
        attached_at.eq(naive(file.attached_at)),
    );
    let rows = diesel::update(proposal_documents::table.find((id.as_str(), code))).set(change).execute(conn)?;
    ensure_one_row(rows)
}
