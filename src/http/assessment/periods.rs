//! `/v1/periods`.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::assessment::period::{
    CouncilScoring, DossierDeadline, LateSubmissions, Notice, Period, PeriodRules, PeriodStatus, RequiredDocument,
    Schedule,
};
use crate::domain::assessment::steps::Announcement;
use crate::domain::assessment::submission::SubmissionStatus;
use crate::domain::award::award::{Award, WhenIneligible};
use crate::domain::award::award_proposal::ProposalStatus;
use crate::domain::award::eligibility::Condition;
use crate::error::Code;
use crate::http::actions::Actions;
use crate::http::call::{Call, Reply, body_tag};
use crate::http::operation::{Operation, acts, changes, creates, lists, operations, reads};
use crate::http::page::{IdOrder, ListView};
use crate::http::patch::present;
use crate::http::time::{Day, Instant};
use crate::service::assessment::periods::{self, ChangedFields, NewPeriod, PeriodChange, Summary};
use crate::service::assessment::periods::{Filter, PeriodListItem};
use crate::service::{Answer, Conn, Context, Details, Input, Interrupt};

/// The operations on `periods`.
pub fn operations() -> Vec<Operation> {
    operations![Periods, "periods";
        list: lists(Action::ReadOffice),
        create: creates(Action::ChangePeriod).refuses(CREATE_REFUSALS),
        get: reads(Action::ReadOffice),
        change: changes(Action::ChangePeriod).refuses(CHANGE_REFUSALS),
        open: acts(Action::Open).refuses(OPEN_REFUSALS),
        start_appraisal: acts(Action::StartAppraisal).refuses(START_APPRAISAL_REFUSALS),
        start_council_review: acts(Action::StartCouncilReview).refuses(START_COUNCIL_REVIEW_REFUSALS),
        finalize: acts(Action::Finalize).refuses(FINALIZE_REFUSALS),
        announce: acts(Action::Announce).refuses(ANNOUNCE_REFUSALS),
        close: acts(Action::Close).refuses(CLOSE_REFUSALS),
        cancel: acts(Action::Cancel),
        summary: reads(Action::ReadOffice),
    ]
}

const CREATE_REFUSALS: &[Code] = &[Code::AlreadyExists, Code::UnknownReference, Code::Duplicate];
const CHANGE_REFUSALS: &[Code] = &[Code::ResourceLocked, Code::DateInPast, Code::ScheduleOutOfOrder];
const OPEN_REFUSALS: &[Code] =
    &[Code::GuardFailed, Code::CriteriaSetNotPublished, Code::UnitsMissing, Code::ScheduleOutOfOrder];
const START_APPRAISAL_REFUSALS: &[Code] = &[Code::GuardFailed, Code::SheetOpen];
const START_COUNCIL_REVIEW_REFUSALS: &[Code] = &[Code::GuardFailed, Code::AppraisalMissing];
const FINALIZE_REFUSALS: &[Code] = &[
    Code::GuardFailed,
    Code::CouncilReviewMissing,
    Code::SessionWithoutQuorum,
    Code::FactsMissing,
    Code::UnresolvedTie,
];
const ANNOUNCE_REFUSALS: &[Code] = &[Code::NoticeBeforeSession, Code::NoticeInFuture, Code::QuotaExceeded];
const CLOSE_REFUSALS: &[Code] = &[Code::GuardFailed, Code::ProposalUndecided];

/// A year's emulation in one office.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Period)]
struct PeriodView {
    id: Id,
    organization_id: Id,
    #[schema(example = "2023")]
    code: String,
    title: String,
    year: i32,
    /// The table that it scores by; pinned.
    criteria_set_id: Id,
    /// The units that take part, in order of code.
    unit_ids: Vec<Id>,
    status: PeriodStatus,
    schedule: Schedule,
    late_submissions: LateSubmissions,
    council_scoring: CouncilScoring,
    /// `base_points`, `section:<code>`, `fewer_deductions`, `council_decision`, asked in this order.
    #[schema(example = json!(["base_points", "council_decision"]))]
    tie_break: Vec<String>,
    /// In order of precedence.
    awards: Vec<Award>,
    eligibility: Vec<Condition>,
    when_ineligible: WhenIneligible,
    required_documents: Vec<RequiredDocument>,
    dossier_deadline: DossierDeadline,
    /// The result notice, once announced.
    notice: Option<Notice>,
    /// Why it was given up.
    cancel_reason: Option<String>,
    version: i64,
    created_at: Instant,
    updated_at: Instant,
    #[serde(flatten)]
    actions: Actions,
}

impl From<&Details<Period>> for PeriodView {
    fn from(details: &Details<Period>) -> Self {
        let (period, rules) = (&details.value, details.value.rules.clone());
        PeriodView {
            id: period.id,
            organization_id: period.organization_id,
            code: rules.code,
            title: rules.title,
            year: rules.year,
            criteria_set_id: rules.criteria_set_id,
            unit_ids: rules.unit_ids,
            status: period.status,
            schedule: rules.schedule,
            late_submissions: rules.late_submissions,
            council_scoring: rules.council_scoring,
            tie_break: rules.tie_break,
            awards: rules.awards,
            eligibility: rules.eligibility,
            when_ineligible: rules.when_ineligible,
            required_documents: rules.required_documents,
            dossier_deadline: rules.dossier_deadline,
            notice: period.notice.clone(),
            cancel_reason: period.cancel_reason.clone(),
            version: period.version,
            created_at: Instant(period.created_at),
            updated_at: Instant(period.updated_at),
            actions: Actions::of(&details.offers, &format!("/v1/periods/{}", period.id)),
        }
    }
}

/// A period in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PeriodHead)]
struct HeadView {
    id: Id,
    code: String,
    title: String,
    year: i32,
    status: PeriodStatus,
    self_assessment_due_on: NaiveDate,
    version: i64,
}

impl From<PeriodListItem> for HeadView {
    fn from(item: PeriodListItem) -> Self {
        let PeriodListItem { id, code, title, year, status, self_assessment_due_on, version } = item;
        HeadView { id, code, title, year, status, self_assessment_due_on, version }
    }
}

/// A new period.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreatePeriod, example = json!({"code": "2024", "title": "Thi đua năm 2024", "year": 2024,
    "criteria_set_id": "018b88d6-5f80-7000-8000-000000000001", "unit_ids": ["018b88d6-5f80-7000-8000-000000000002"],
    "schedule": {"self_assessment_due_on": "2024-11-10", "appraisal_due_on": "2024-11-20", "council_review_from_on": "2024-11-21",
        "council_review_to_on": "2024-11-30", "result_notice_due_on": "2024-12-05"},
    "awards": [{"code": "emulation_flag", "title": "Cờ thi đua xuất sắc", "quota": 1}, {"code": "certificate_of_merit", "title": "Bằng khen", "quota": 2}],
    "eligibility": [{"type": "nobody_disciplined"}, {"type": "party_cell_rating_at_least", "rating": "good"}],
    "required_documents": [{"code": "proposal_letter", "title": "Tờ trình đề nghị khen thưởng"}]}))]
struct NewBody {
    /// May be left out by who belongs to one organisation only.
    organization_id: Option<Id>,
    code: String,
    title: String,
    year: i32,
    criteria_set_id: Id,
    unit_ids: Vec<Id>,
    schedule: Schedule,
    /// Default `reject`.
    #[serde(default)]
    late_submissions: LateSubmissions,
    /// Default `agreed`.
    #[serde(default)]
    council_scoring: CouncilScoring,
    /// Default `["base_points", "council_decision"]`.
    #[serde(default = "crate::domain::assessment::period::default_tie_break")]
    tie_break: Vec<String>,
    #[serde(default)]
    awards: Vec<Award>,
    #[serde(default)]
    eligibility: Vec<Condition>,
    /// Default `pass_down`.
    #[serde(default)]
    when_ineligible: WhenIneligible,
    #[serde(default)]
    required_documents: Vec<RequiredDocument>,
    /// Default five working days, `not_later_than`.
    #[serde(default)]
    dossier_deadline: DossierDeadline,
}

impl From<NewBody> for NewPeriod {
    fn from(body: NewBody) -> Self {
        NewPeriod {
            organization_id: body.organization_id,
            rules: PeriodRules {
                code: body.code,
                title: body.title,
                year: body.year,
                criteria_set_id: body.criteria_set_id,
                unit_ids: body.unit_ids,
                schedule: body.schedule,
                late_submissions: body.late_submissions,
                council_scoring: body.council_scoring,
                tie_break: body.tie_break,
                awards: body.awards,
                eligibility: body.eligibility,
                when_ineligible: body.when_ineligible,
                required_documents: body.required_documents,
                dossier_deadline: body.dossier_deadline,
            },
        }
    }
}

/// Dates of a schedule; what is absent stays.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ScheduleChange {
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    self_assessment_due_on: Option<Day>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    appraisal_due_on: Option<Day>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    council_review_from_on: Option<Day>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    council_review_to_on: Option<Day>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    result_notice_due_on: Option<Day>,
}

/// A change of a period; what is absent stays. Once it is open, only `title` and `schedule` change.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PeriodChange, example = json!({"schedule": {"self_assessment_due_on": "2023-11-15"}}))]
struct ChangeBody {
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    code: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    title: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    year: Option<i32>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    criteria_set_id: Option<Id>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    unit_ids: Option<Vec<Id>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    schedule: Option<ScheduleChange>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    late_submissions: Option<LateSubmissions>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    council_scoring: Option<CouncilScoring>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    tie_break: Option<Vec<String>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    awards: Option<Vec<Award>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    eligibility: Option<Vec<Condition>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    when_ineligible: Option<WhenIneligible>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    required_documents: Option<Vec<RequiredDocument>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    dossier_deadline: Option<DossierDeadline>,
}

/// Lays a value over what stands and says whether there was one.
fn overwrite<T: Clone>(value: &mut T, given: Option<&T>) -> bool {
    if let Some(given) = given {
        value.clone_from(given);
    }
    given.is_some()
}

impl ChangeBody {
    fn apply(&self, rules: &mut PeriodRules) -> ChangedFields {
        overwrite(&mut rules.title, self.title.as_ref());
        if let Some(change) = &self.schedule {
            let schedule = &mut rules.schedule;
            overwrite(
                &mut schedule.self_assessment_due_on,
                change.self_assessment_due_on.map(NaiveDate::from).as_ref(),
            );
            overwrite(&mut schedule.appraisal_due_on, change.appraisal_due_on.map(NaiveDate::from).as_ref());
            overwrite(
                &mut schedule.council_review_from_on,
                change.council_review_from_on.map(NaiveDate::from).as_ref(),
            );
            overwrite(&mut schedule.council_review_to_on, change.council_review_to_on.map(NaiveDate::from).as_ref());
            overwrite(&mut schedule.result_notice_due_on, change.result_notice_due_on.map(NaiveDate::from).as_ref());
        }
        let fixed = [
            overwrite(&mut rules.code, self.code.as_ref()),
            overwrite(&mut rules.year, self.year.as_ref()),
            overwrite(&mut rules.criteria_set_id, self.criteria_set_id.as_ref()),
            overwrite(&mut rules.unit_ids, self.unit_ids.as_ref()),
            overwrite(&mut rules.late_submissions, self.late_submissions.as_ref()),
            overwrite(&mut rules.council_scoring, self.council_scoring.as_ref()),
            overwrite(&mut rules.tie_break, self.tie_break.as_ref()),
            overwrite(&mut rules.awards, self.awards.as_ref()),
            overwrite(&mut rules.eligibility, self.eligibility.as_ref()),
            overwrite(&mut rules.when_ineligible, self.when_ineligible.as_ref()),
            overwrite(&mut rules.required_documents, self.required_documents.as_ref()),
            overwrite(&mut rules.dossier_deadline, self.dossier_deadline.as_ref()),
        ];
        ChangedFields { fixed: fixed.contains(&true) }
    }
}

/// The result notice.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Announcement, example = json!({"notice_number": "1234/TB-VP", "notice_on": "2023-11-30"}))]
struct AnnounceBody {
    notice_number: String,
    /// Not before the council's session, not after today.
    notice_on: Day,
}

/// A reason.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Reason, example = json!({"reason": "Sáp nhập đơn vị"}))]
pub struct ReasonBody {
    /// Why.
    pub reason: String,
}

/// A period at one glance.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PeriodSummary)]
struct SummaryView {
    period_id: Id,
    status: PeriodStatus,
    /// How many sheets are in each status; `none` counts units without a sheet. Unit people see their own unit alone.
    #[schema(example = json!({"submitted": 7, "none": 1}))]
    sheets: BTreeMap<String, u32>,
    /// Units that have not submitted.
    #[schema(example = json!(["TH"]))]
    units_missing: Vec<String>,
    schedule: Schedule,
    /// How far each award is given out.
    awards: Vec<AwardUse>,
}

/// How far an award is given out.
#[derive(Debug, Serialize, ToSchema)]
struct AwardUse {
    code: String,
    quota: i32,
    /// Proposals that were made.
    #[schema(value_type = i64)]
    proposed: usize,
    /// Proposals that were approved.
    #[schema(value_type = i64)]
    approved: usize,
}

impl From<Summary> for SummaryView {
    fn from(summary: Summary) -> Self {
        let Summary { period, units, proposals } = summary;
        let word = |status| {
            serde_json::to_value(status).ok().and_then(|word| Some(word.as_str()?.to_owned())).unwrap_or_default()
        };
        let mut sheets = BTreeMap::new();
        for unit in &units {
            *sheets.entry(unit.sheet.status.map_or_else(|| "none".to_owned(), word)).or_insert(0) += 1;
        }
        let missing = units.iter().filter(|unit| !unit.sheet.status.is_some_and(SubmissionStatus::is_sent));
        let of = |code: &str| proposals.iter().filter(|proposal| proposal.award_code == code).collect::<Vec<_>>();
        SummaryView {
            sheets,
            units_missing: missing.map(|unit| unit.unit.code.clone()).collect(),
            awards: period
                .rules
                .awards
                .iter()
                .map(|award| AwardUse {
                    code: award.code.clone(),
                    quota: award.quota,
                    proposed: of(&award.code).len(),
                    approved: of(&award.code)
                        .iter()
                        .filter(|proposal| proposal.status == ProposalStatus::Approved)
                        .count(),
                })
                .collect(),
            period_id: period.id,
            status: period.status,
            schedule: period.rules.schedule,
        }
    }
}

/// Which periods are listed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// May be left out by who belongs to one organisation only.
    organization_id: Option<Id>,
    /// Only these states.
    status: Option<Vec<PeriodStatus>>,
    /// Only these years.
    year: Option<Vec<i32>>,
    /// The order; with `-` from last to first.
    #[param(inline)]
    sort: Option<IdOrder>,
}

/// List the periods of an organisation.
#[utoipa::path(get, path = "/v1/periods", params(ListQuery), responses((status = 200, description = "A page.", body = ListView<HeadView>)))]
async fn list(mut call: Call) -> Reply {
    let ListQuery { organization_id, status, year, sort } = call.query();
    let filter = Filter { statuses: status, years: year };
    let asked = call.page(sort);
    call.read(move |conn, context| {
        let rows = periods::list(conn, context, organization_id.as_ref(), &filter, &asked.page)?;
        Ok(asked.answer(rows, |row| row.id, HeadView::from)?)
    })
    .await
}

/// Create a draft.
#[utoipa::path(post, path = "/v1/periods", request_body = NewBody, responses((status = 201, description = "Created.", body = PeriodView)))]
async fn create(call: Call) -> Reply {
    let input = call.body::<NewBody>().map(NewPeriod::from);
    call.write(move |conn, context| {
        let details = periods::create(conn, context, &input)?;
        Ok(Answer::created(
            &PeriodView::from(&details),
            details.tag.header(),
            format!("/v1/periods/{}", details.value.id),
        )?)
    })
    .await
}

/// Read a period.
#[utoipa::path(get, path = "/v1/periods/{id}", responses((status = 200, description = "The period.", body = PeriodView)))]
async fn get(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| details_answer(&context.get(conn, &id)?)).await
}

fn details_answer(details: &Details<Period>) -> Result<Answer, Interrupt> {
    Ok(Answer::ok(&PeriodView::from(details), details.tag.header())?)
}

/// Change a period.
///
/// A draft changes in everything; an open period in its title and dates, none of which moves to the past. A new due date
/// moves the gates of sheets that are still drafts.
#[utoipa::path(patch, path = "/v1/periods/{id}", request_body = ChangeBody, responses((status = 200, description = "Changed.", body = PeriodView)))]
async fn change(call: Call) -> Reply {
    let id = call.id("id")?;
    let body = call.body::<ChangeBody>();
    let input: Input<PeriodChange> = body.map(|body| -> PeriodChange { Box::new(move |rules| body.apply(rules)) });
    call.write(move |conn, context| details_answer(&periods::change(conn, context, &id, &input)?)).await
}

type Transition = fn(&mut Conn, &Context, &Id) -> Result<Details<Period>, Interrupt>;

async fn transition(call: Call, act: Transition) -> Reply {
    let id = call.id("id")?;
    call.act(move |conn, context| details_answer(&act(conn, context, &id)?)).await
}

/// Let the units score themselves.
///
/// Guards: the criteria set is published, there are units, the schedule is in order.
#[utoipa::path(post, path = "/v1/periods/{id}/open", responses((status = 200, description = "Open.", body = PeriodView)))]
async fn open(call: Call) -> Reply {
    transition(call, periods::open).await
}

/// End the self-assessment.
///
/// Guard: the gate has closed, or all units have submitted (`sheet_open`). A unit without a sheet gets one that is missed.
#[utoipa::path(post, path = "/v1/periods/{id}/start-appraisal", responses((status = 200, description = "In appraisal.", body = PeriodView)))]
async fn start_appraisal(call: Call) -> Reply {
    transition(call, periods::start_appraisal).await
}

/// Hand the appraised sheets to the council.
///
/// Guard: every sheet is appraised or missed (`appraisal_missing`).
#[utoipa::path(post, path = "/v1/periods/{id}/start-council-review", responses((status = 200, description = "In council review.", body = PeriodView)))]
async fn start_council_review(call: Call) -> Reply {
    transition(call, periods::start_council_review).await
}

/// Freeze the ranking.
///
/// Guards, all that fail at once: every sheet reviewed or missed, a closed session with quorum, facts down to the last award,
/// no tie across an award line.
#[utoipa::path(post, path = "/v1/periods/{id}/finalize", responses((status = 200, description = "Finalised.", body = PeriodView)))]
async fn finalize(call: Call) -> Reply {
    transition(call, periods::finalize).await
}

/// Publish the result and make the award proposals.
#[utoipa::path(post, path = "/v1/periods/{id}/announce", request_body = AnnounceBody, responses((status = 200, description = "Announced.", body = PeriodView)))]
async fn announce(call: Call) -> Reply {
    let id = call.id("id")?;
    let input = call
        .body::<AnnounceBody>()
        .map(|body| Announcement { notice_number: body.notice_number, notice_on: body.notice_on.into() });
    call.write(move |conn, context| details_answer(&periods::announce(conn, context, &id, &input)?)).await
}

/// End the period.
///
/// Guard: every proposal is decided (`proposal_undecided`).
#[utoipa::path(post, path = "/v1/periods/{id}/close", responses((status = 200, description = "Closed.", body = PeriodView)))]
async fn close(call: Call) -> Reply {
    transition(call, periods::close).await
}

/// Give the period up, with a reason.
#[utoipa::path(post, path = "/v1/periods/{id}/cancel", request_body = ReasonBody, responses((status = 200, description = "Cancelled.", body = PeriodView)))]
async fn cancel(call: Call) -> Reply {
    let (id, input) = (call.id("id")?, call.body::<ReasonBody>().map(|body| body.reason));
    call.write(move |conn, context| details_answer(&periods::cancel(conn, context, &id, &input)?)).await
}

/// See a period at one glance.
///
/// Before the announcement, unit people and the admin see their own unit's sheet alone.
#[utoipa::path(get, path = "/v1/periods/{id}/summary", responses((status = 200, description = "The summary.", body = SummaryView)))]
async fn summary(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| {
        let view = SummaryView::from(periods::summary(conn, context, &id)?);
        Ok(Answer::ok(&view, body_tag(&view)?)?)
    })
    .await
}
