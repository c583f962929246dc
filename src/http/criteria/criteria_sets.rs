//! Criteria sets: `/v1/criteria-sets`.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::access::action::Action;
use crate::domain::criteria::criteria_set::{
    CriteriaContent, CriteriaSet, CriteriaSetStatus, Entry, EntryChange, Limit, NotApplicable, Part,
};
use crate::domain::{Id, Points};
use crate::error::Code;
use crate::http::actions::Actions;
use crate::http::call::{Call, Reply, body_tag};
use crate::http::operation::{Operation, acts, changes, creates, lists, operations, reads};
use crate::http::page::{IdOrder, ListView};
use crate::http::problem::{FaultBody, Language, fault_bodies};
use crate::http::time::Instant;
use crate::service::criteria::criteria_sets::{self, Difference, NewCopy, NewCriteriaSet};
use crate::service::criteria::criteria_sets::{CriteriaSetListItem, Filter};
use crate::service::{Answer, Details, Interrupt};

/// Returns the operations on `criteria_sets`.
pub fn operations() -> Vec<Operation> {
    operations![Criteria, "criteria_sets";
        list: lists(Action::ReadOffice),
        create: creates(Action::WriteCriteriaSet).refuses(CREATE_REFUSALS),
        get: reads(Action::ReadOffice),
        replace: changes(Action::WriteCriteriaSet).refuses(REPLACE_REFUSALS),
        publish: acts(Action::PublishCriteriaSet).refuses(PUBLISH_REFUSALS),
        retire: acts(Action::RetireCriteriaSet),
        copy: creates(Action::CopyCriteriaSet).refuses(COPY_REFUSALS),
        diff: reads(Action::ReadOffice).refuses(DIFF_REFUSALS),
        validation: reads(Action::ReadOffice),
        criteria: lists(Action::ReadOffice),
        criterion: reads(Action::ReadOffice),
    ]
}

const CREATE_REFUSALS: &[Code] = &[Code::AlreadyExists, Code::PointsPrecision, Code::PointsOutOfRange];
const REPLACE_REFUSALS: &[Code] = &[Code::ResourceLocked, Code::AlreadyExists, Code::PointsPrecision];
const PUBLISH_REFUSALS: &[Code] = &[
    Code::ValidationFailed,
    Code::PartSumMismatch,
    Code::ChildrenExceedParent,
    Code::NoPointsLeft,
    Code::RuleMissing,
    Code::DuplicateCode,
    Code::RuleExceedsMax,
    Code::DeductionCapInvalid,
];
const COPY_REFUSALS: &[Code] = &[Code::AlreadyExists, Code::InvalidCode];
const DIFF_REFUSALS: &[Code] = &[Code::InvalidParameter];

/// A criteria set.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CriteriaSet)]
pub struct SetView {
    /// Id of the criteria set.
    id: Id,
    /// The organisation that the criteria set belongs to.
    organization_id: Id,
    /// Code of the criteria set, unique within the organisation.
    #[schema(example = "VP-UBND-2023")]
    code: String,
    /// Title of the criteria set.
    title: String,
    /// Year that the criteria set is for.
    #[schema(example = 2023)]
    year: i32,
    /// Document that establishes the criteria set; null if it names none.
    legal_basis: Option<String>,
    /// Sum of the points of all parts.
    #[schema(example = 1000)]
    total_points: Points,
    /// The fewest points that a submission has in total.
    minimum_total: Points,
    /// How criteria that do not apply to a unit are handled.
    not_applicable: NotApplicable,
    /// What holds criteria together that do not share a parent.
    limits: Vec<Limit>,
    /// The tree of parts, sections and criteria.
    parts: Vec<Part>,
    /// State of the criteria set.
    status: CriteriaSetStatus,
    /// When it was published; null for a draft.
    published_at: Option<Instant>,
    /// When it was retired; null unless it was.
    retired_at: Option<Instant>,
    /// The criteria set that it was copied from; null if it was not.
    copied_from_id: Option<Id>,
    /// Version of the criteria set; it increases with every change.
    version: i64,
    /// When the criteria set was created.
    created_at: Instant,
    /// When the criteria set was last changed.
    updated_at: Instant,
    #[serde(flatten)]
    actions: Actions,
}

impl From<&Details<CriteriaSet>> for SetView {
    fn from(details: &Details<CriteriaSet>) -> Self {
        let set = &details.value;
        SetView {
            id: set.id,
            organization_id: set.organization_id,
            code: set.content.code.clone(),
            title: set.content.title.clone(),
            year: set.content.year,
            legal_basis: set.content.legal_basis.clone(),
            total_points: set.content.total_points,
            minimum_total: set.content.minimum_total,
            not_applicable: set.content.not_applicable,
            limits: set.content.limits.clone(),
            parts: set.content.parts.clone(),
            status: set.status,
            published_at: set.published_at.map(Instant),
            retired_at: set.retired_at.map(Instant),
            copied_from_id: set.copied_from_id,
            version: set.version,
            created_at: Instant(set.created_at),
            updated_at: Instant(set.updated_at),
            actions: Actions::of(&details.offers, &format!("/v1/criteria-sets/{}", set.id)),
        }
    }
}

/// A criteria set, as listed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CriteriaSetHead)]
struct HeadView {
    /// Id of the criteria set.
    id: Id,
    /// Code of the criteria set, unique within the organisation.
    code: String,
    /// Title of the criteria set.
    title: String,
    /// Year that the criteria set is for.
    year: i32,
    /// Sum of the points of all parts.
    total_points: Points,
    /// State of the criteria set.
    status: CriteriaSetStatus,
    /// Version of the criteria set; it increases with every change.
    version: i64,
}

impl From<CriteriaSetListItem> for HeadView {
    fn from(item: CriteriaSetListItem) -> Self {
        let CriteriaSetListItem { id, code, title, year, total_points, status, version } = item;
        HeadView { id, code, title, year, total_points, status, version }
    }
}

/// The content of a criteria set, as its author writes it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CriteriaSetBody, example = json!({"code": "VP-2024", "title": "Tiêu chí thi đua 2024", "year": 2024, "total_points": 100, "parts": [
    {"code": "A", "title": "ĐIỂM CHUẨN", "kind": "base", "max_points": 90, "children": [
        {"code": "A.1", "title": "Thực hiện chương trình công tác", "max_points": 60, "rule": {"type": "manual"}},
        {"code": "A.2", "title": "Nội quy", "max_points": 30, "rule": {"type": "deduction_per_case", "points_per_case": 10, "floor": 0}}]},
    {"code": "B", "title": "ĐIỂM THƯỞNG", "kind": "bonus", "max_points": 10, "children": [
        {"code": "B.1", "title": "Sáng kiến", "max_points": 10, "rule": {"type": "all_or_nothing"}}]}]}))]
pub struct Body {
    /// Id of the organisation. Callers who belong to only one may omit it. Ignored when an existing criteria set is
    /// replaced.
    pub organization_id: Option<Id>,
    /// Code of the criteria set, unique within the organisation; at most 64 letters, digits, `.`, `_` or `-`.
    code: String,
    /// Title of the criteria set; at most 1,000 characters.
    title: String,
    /// Year that the criteria set is for, from 2000 to 2100.
    year: i32,
    /// Document that establishes the criteria set.
    legal_basis: Option<String>,
    /// Sum of the points of all parts; more than 0.
    total_points: Points,
    /// The fewest points that a submission has in total; defaults to 0.
    #[serde(default)]
    minimum_total: Points,
    /// How criteria that do not apply to a unit are handled; defaults to `refused`.
    #[serde(default)]
    not_applicable: NotApplicable,
    /// What holds criteria together that do not share a parent.
    #[serde(default)]
    limits: Vec<Limit>,
    /// The tree of parts, sections and criteria.
    parts: Vec<Part>,
}

impl Body {
    /// Returns the content of the criteria set.
    pub fn content(self) -> CriteriaContent {
        let Body { code, title, year, legal_basis, total_points, minimum_total, not_applicable, limits, parts, .. } =
            self;
        CriteriaContent { code, title, year, legal_basis, total_points, minimum_total, not_applicable, limits, parts }
    }
}

impl From<Body> for NewCriteriaSet {
    fn from(body: Body) -> Self {
        NewCriteriaSet { organization_id: body.organization_id, content: body.content() }
    }
}

/// The result of validating a criteria set.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CriteriaSetFindings)]
struct FindingsView {
    /// Errors that prevent publishing.
    errors: Vec<FaultBody>,
    /// Warnings that the author should check; they do not prevent publishing.
    warnings: Vec<FaultBody>,
}

/// The criteria set to create as a copy.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CriteriaSetCopy, example = json!({"code": "VP-UBND-2024", "year": 2024}))]
struct CopyBody {
    /// Code of the copy, unique within the organisation.
    code: String,
    /// Title of the copy; defaults to that of the original.
    title: Option<String>,
    /// Year that the copy is for; defaults to that of the original.
    year: Option<i32>,
}

impl From<CopyBody> for NewCopy {
    fn from(body: CopyBody) -> Self {
        let CopyBody { code, title, year } = body;
        NewCopy { code, title, year }
    }
}

/// A criteria set without its tree.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CriteriaSetHeading)]
struct HeadingView {
    /// Id of the criteria set.
    id: Id,
    /// Code of the criteria set, unique within the organisation.
    code: String,
    /// Title of the criteria set.
    title: String,
    /// Year that the criteria set is for.
    year: i32,
    /// Document that establishes the criteria set; null if it names none.
    legal_basis: Option<String>,
    /// Sum of the points of all parts.
    total_points: Points,
    /// The fewest points that a submission has in total.
    minimum_total: Points,
    /// How criteria that do not apply to a unit are handled.
    not_applicable: NotApplicable,
    /// What holds criteria together that do not share a parent.
    limits: Vec<Limit>,
}

impl From<&CriteriaSet> for HeadingView {
    fn from(set: &CriteriaSet) -> Self {
        HeadingView {
            id: set.id,
            code: set.content.code.clone(),
            title: set.content.title.clone(),
            year: set.content.year,
            legal_basis: set.content.legal_basis.clone(),
            total_points: set.content.total_points,
            minimum_total: set.content.minimum_total,
            not_applicable: set.content.not_applicable,
            limits: set.content.limits.clone(),
        }
    }
}

/// The differences between two criteria sets.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CriteriaSetDiff)]
struct DiffView {
    /// The criteria set compared with.
    before: HeadingView,
    /// The criteria set named in the path.
    after: HeadingView,
    /// The differences, in the order of `after`, removed entries last.
    changes: Vec<EntryChange>,
}

/// Filters of the list of criteria sets.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Id of the organisation. Callers who belong to only one may omit it.
    organization_id: Option<Id>,
    /// Only criteria sets in these states.
    status: Option<Vec<CriteriaSetStatus>>,
    /// Only criteria sets for these years.
    year: Option<Vec<i32>>,
    /// The order; with `-` from last to first.
    #[param(inline)]
    sort: Option<IdOrder>,
}

/// List the criteria sets.
///
/// Drafts are listed only for callers who may write or review them.
#[utoipa::path(get, path = "/v1/criteria-sets", params(ListQuery), responses((status = 200, description = "A page of criteria sets.", body = ListView<HeadView>)))]
async fn list(mut call: Call) -> Reply {
    let ListQuery { organization_id, status, year, sort } = call.query();
    let asked = call.page(sort);
    call.read(move |conn, context| {
        let filter = Filter { statuses: status.clone(), years: year.clone() };
        let rows = criteria_sets::list(conn, context, organization_id.as_ref(), filter, &asked.page)?;
        Ok(asked.answer(rows, |row| row.id, HeadView::from)?)
    })
    .await
}

/// Create a criteria set as a draft.
///
/// A draft may still contain errors; `GET …/validation` lists them.
#[utoipa::path(post, path = "/v1/criteria-sets", request_body = Body, responses((status = 201, description = "Created.", body = SetView)))]
async fn create(call: Call) -> Reply {
    let input = call.body::<Body>().map(NewCriteriaSet::from);
    call.write(move |conn, context| made(&criteria_sets::create(conn, context, &input)?)).await
}

fn shown(details: &Details<CriteriaSet>) -> Result<Answer, Interrupt> {
    Ok(Answer::ok(&SetView::from(details), details.tag.header())?)
}

fn made(details: &Details<CriteriaSet>) -> Result<Answer, Interrupt> {
    let place = format!("/v1/criteria-sets/{}", details.value.id);
    Ok(Answer::created(&SetView::from(details), details.tag.header(), place)?)
}

/// Get a criteria set.
#[utoipa::path(get, path = "/v1/criteria-sets/{id}", responses((status = 200, description = "The criteria set.", body = SetView)))]
async fn get(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| shown(&context.get(conn, &id)?)).await
}

/// Replace the content of a draft.
#[utoipa::path(put, path = "/v1/criteria-sets/{id}", request_body = Body, responses((status = 200, description = "Replaced.", body = SetView)))]
async fn replace(call: Call) -> Reply {
    let (id, input) = (call.id("id")?, call.body::<Body>().map(NewCriteriaSet::from));
    call.write(move |conn, context| shown(&criteria_sets::replace(conn, context, &id, &input)?)).await
}

/// Publish a draft.
///
/// A published criteria set can no longer change. Rejected with the errors that `GET …/validation` lists.
#[utoipa::path(post, path = "/v1/criteria-sets/{id}/publish", responses((status = 200, description = "Published.", body = SetView)))]
async fn publish(call: Call) -> Reply {
    let id = call.id("id")?;
    call.act(move |conn, context| shown(&criteria_sets::publish(conn, context, &id)?)).await
}

/// Retire a published criteria set.
///
/// Periods that already use it continue to do so; new periods cannot open with it.
#[utoipa::path(post, path = "/v1/criteria-sets/{id}/retire", responses((status = 200, description = "Retired.", body = SetView)))]
async fn retire(call: Call) -> Reply {
    let id = call.id("id")?;
    call.act(move |conn, context| shown(&criteria_sets::retire(conn, context, &id)?)).await
}

/// Create a new draft as a copy.
///
/// The copy has its own code. The original remains unchanged, and periods keep the criteria set that they were opened
/// with.
#[utoipa::path(post, path = "/v1/criteria-sets/{id}/copy", request_body = CopyBody, responses((status = 201, description = "Copied.", body = SetView)))]
async fn copy(call: Call) -> Reply {
    let (id, input) = (call.id("id")?, call.body::<CopyBody>().map(NewCopy::from));
    call.write(move |conn, context| made(&criteria_sets::copy(conn, context, &id, &input)?)).await
}

/// The criteria set to compare with.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct DiffQuery {
    /// Id of the criteria set to compare with; defaults to the one that this was copied from.
    against: Option<Id>,
}

/// Compare a criteria set with another.
///
/// Without `against`, compares it with the criteria set that it was copied from. Parts, sections and criteria are
/// matched by their codes.
#[utoipa::path(get, path = "/v1/criteria-sets/{id}/diff", params(DiffQuery), responses((status = 200, description = "The differences.", body = DiffView)))]
async fn diff(mut call: Call) -> Reply {
    let id = call.id("id")?;
    let DiffQuery { against } = call.query();
    call.read(move |conn, context| {
        let Difference { before, after, changes } = criteria_sets::diff(conn, context, &id, against.as_ref())?;
        let view = DiffView { before: HeadingView::from(&before), after: HeadingView::from(&after), changes };
        Ok(Answer::ok(&view, body_tag(&view)?)?)
    })
    .await
}

/// Validate a criteria set.
#[utoipa::path(get, path = "/v1/criteria-sets/{id}/validation", responses((status = 200, description = "Errors and warnings.", body = FindingsView)))]
async fn validation(call: Call) -> Reply {
    let (id, language) = (call.id("id")?, Language::of(call.http().headers()));
    call.read(move |conn, context| {
        let found = criteria_sets::validation(conn, context, &id)?;
        let view = FindingsView {
            errors: fault_bodies(&found.errors, language),
            warnings: fault_bodies(&found.warnings, language),
        };
        Ok(Answer::ok(&view, body_tag(&view)?)?)
    })
    .await
}

/// List the parts, sections and criteria as a flat list, in the order of the criteria set.
#[utoipa::path(get, path = "/v1/criteria-sets/{id}/criteria", responses((status = 200, description = "A page of entries.", body = ListView<Entry>)))]
async fn criteria(mut call: Call) -> Reply {
    let (id, asked) = (call.id("id")?, call.page_in_order());
    call.read(move |conn, context| {
        let entries = context.get::<CriteriaSet>(conn, &id)?.value.content.entries();
        Ok(asked.answer_of_all(entries, |entry| entry.code.clone(), |entry| entry)?)
    })
    .await
}

/// Get a part, section or criterion by its code.
#[utoipa::path(get, path = "/v1/criteria-sets/{id}/criteria/{code}", params(("code" = String, Path, description = "Code of the part, section or criterion.", example = "A.II.1")), responses((status = 200, description = "The part, section or criterion.", body = Entry)))]
async fn criterion(call: Call) -> Reply {
    let (id, code) = (call.id("id")?, call.segment("code"));
    call.read(move |conn, context| {
        let details = context.get::<CriteriaSet>(conn, &id)?;
        let view =
            details.value.content.entries().into_iter().find(|entry| entry.code == code).ok_or(Code::NotFound)?;
        Ok(Answer::ok(&view, body_tag(&view)?)?)
    })
    .await
}
