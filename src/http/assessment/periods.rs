//! Periods: `/v1/periods`.

pub mod corrections;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::Id;
use crate::domain::access::action::{Action, Stage};
use crate::domain::assessment::group::Group;
use crate::domain::assessment::period::{
    CouncilScoring, DossierDeadline, LateSubmissions, Notice, Period, PeriodRules, PeriodStatus, RequiredDocument,
    Schedule, StartedStage,
};
use crate::domain::assessment::steps::Announcement;
use crate::domain::assessment::submission::SubmissionStatus;
use crate::domain::award::award::{Award, WhenIneligible};
use crate::domain::award::award_proposal::ProposalStatus;
use crate::domain::award::eligibility::Condition;
use crate::domain::change::Superseded;
use crate::error::Code;
use crate::http::actions::Actions;
use crate::http::assessment::period_changes::ChangeBody;
use crate::http::assessment::period_units::SetAsideView;
use crate::http::call::{Call, Reply, body_tag};
use crate::http::operation::{Operation, acts, changes, creates, lists, operations, reads};
use crate::http::page::{IdOrder, ListView};
use crate::http::time::{Day, Instant};
use crate::service::assessment::assignments::WorkLeft;
use crate::service::assessment::periods::{self, MovedSheet, NewPeriod, PeriodChange, Summary};
use crate::service::assessment::periods::{Filter, PeriodListItem};
use crate::service::award::announcement;
use crate::service::{Answer, Conn, Context, Details, Input, Interrupt};

/// Returns the operations on `periods`.
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

const CREATE_REFUSALS: &[Code] = &[Code::AlreadyExists, Code::UnknownReference, Code::Duplicate, Code::UnitNotInPeriod];
const CHANGE_REFUSALS: &[Code] = &[Code::ResourceLocked, Code::DateInPast, Code::ScheduleOutOfOrder];
const OPEN_REFUSALS: &[Code] = &[
    Code::GuardFailed,
    Code::CriteriaSetNotPublished,
    Code::UnitsMissing,
    Code::UnitInactive,
    Code::GroupRequired,
    Code::GroupEmpty,
    Code::UnknownReference,
    Code::UnknownCriterion,
    Code::TargetNotAsked,
    Code::ScheduleOutOfOrder,
];
const START_APPRAISAL_REFUSALS: &[Code] = &[Code::GuardFailed, Code::SheetOpen];
const START_COUNCIL_REVIEW_REFUSALS: &[Code] = &[Code::GuardFailed, Code::AppraisalMissing];
const FINALIZE_REFUSALS: &[Code] = &[
    Code::GuardFailed,
    Code::CouncilReviewMissing,
    Code::SessionWithoutQuorum,
    Code::FactsMissing,
    Code::UnresolvedTie,
];
const ANNOUNCE_REFUSALS: &[Code] = &[
    Code::NoticeBeforeSession,
    Code::NoticeInFuture,
    Code::QuotaExceeded,
    Code::GuardFailed,
    Code::UnresolvedTie,
    Code::ProposalDecided,
];
const CLOSE_REFUSALS: &[Code] = &[Code::GuardFailed, Code::ProposalUndecided];

/// An emulation period: one year of scoring in one organisation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Period)]
pub struct PeriodView {
    /// Id of the period.
    id: Id,
    /// The organisation that the period belongs to.
    organization_id: Id,
    /// Code of the period, unique within the organisation.
    #[schema(example = "2023")]
    code: String,
    /// Title of the period.
    title: String,
    /// Year that the period covers.
    year: i32,
    /// The criteria set that submissions are scored by. It does not change once the period is open.
    criteria_set_id: Id,
    /// Ids of the participating units, ordered by unit code.
    unit_ids: Vec<Id>,
    /// Units that no longer take part, ordered by unit code. What they have done is kept, and counts for nothing.
    set_aside: Vec<SetAsideView>,
    /// State of the period.
    status: PeriodStatus,
    /// Due dates of the stages.
    schedule: Schedule,
    /// How submissions after the due date are handled.
    late_submissions: LateSubmissions,
    /// How the council arrives at its scores.
    council_scoring: CouncilScoring,
    /// Tie-break rules, applied in this order: `base_points`, `section:<code>`, `fewer_deductions`, `council_decision`.
    #[schema(example = json!(["base_points", "council_decision"]))]
    tie_break: Vec<String>,
    /// Awards of the period, in order of precedence. Each group without awards of its own gives all of them.
    awards: Vec<Award>,
    /// Groups of like units (khối thi đua), each with its own ranking; empty where all units are ranked together. The units of
    /// a group are those that take part, ordered by unit code.
    groups: Vec<Group>,
    /// Conditions that a unit must meet to receive an award.
    eligibility: Vec<Condition>,
    /// What happens to an award when the unit next in rank is not eligible.
    when_ineligible: WhenIneligible,
    /// Documents that every award dossier must contain.
    required_documents: Vec<RequiredDocument>,
    /// When award dossiers are due after the result notice.
    dossier_deadline: DossierDeadline,
    /// The result notice; null until the results are announced.
    notice: Option<Notice>,
    /// Notices with a wrong number or date that were corrected, the oldest first.
    superseded_notices: Vec<SupersededNoticeView>,
    /// Stages that were started too early and stepped back from, the oldest first.
    superseded_stages: Vec<SupersededStageView>,
    /// Why the period was cancelled; null unless it was.
    cancel_reason: Option<String>,
    /// Day on which the council's review began; null before. Sessions of earlier days decide nothing.
    council_review_started_on: Option<NaiveDate>,
    /// The period that it was copied from; null if it is no copy.
    copied_from: Option<Id>,
    /// Whether the submissions of that period are carried over when this one opens.
    carry_over: bool,
    /// Version of the period; it increases with every change.
    version: i64,
    /// When the period was created.
    created_at: Instant,
    /// When the period was last changed.
    updated_at: Instant,
    #[serde(flatten)]
    actions: Actions,
}

/// A period after a change, with the submissions whose gate moved.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChangedPeriod)]
struct ChangedView {
    #[serde(flatten)]
    period: PeriodView,
    /// The submissions whose due date moved with the schedule; missed ones are drafts again.
    moved_sheets: Vec<MovedSheetView>,
}

/// A submission whose due date moved.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MovedSheet)]
struct MovedSheetView {
    /// Id of the submission.
    submission_id: Id,
    /// Id of its unit.
    unit_id: Id,
    /// State of the submission before the change.
    was_status: SubmissionStatus,
    /// State of the submission after the change.
    status: SubmissionStatus,
    /// Due date before the change.
    was_due_on: NaiveDate,
    /// Due date after the change.
    due_on: NaiveDate,
    /// Whether it was missed and is a draft again.
    reopened: bool,
}

impl From<&MovedSheet> for MovedSheetView {
    fn from(moved: &MovedSheet) -> Self {
        MovedSheetView {
            submission_id: moved.after.id,
            unit_id: moved.after.unit_id,
            was_status: moved.before.status,
            status: moved.after.status,
            was_due_on: moved.before.due_on,
            due_on: moved.after.due_on,
            reopened: moved.is_reopened(),
        }
    }
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
            set_aside: period.set_aside.iter().map(SetAsideView::from).collect(),
            status: period.status,
            schedule: rules.schedule,
            late_submissions: rules.late_submissions,
            council_scoring: rules.council_scoring,
            tie_break: rules.tie_break,
            awards: rules.awards,
            groups: rules.groups,
            eligibility: rules.eligibility,
            when_ineligible: rules.when_ineligible,
            required_documents: rules.required_documents,
            dossier_deadline: rules.dossier_deadline,
            notice: period.notice.clone(),
            superseded_notices: period.superseded_notices.iter().map(SupersededNoticeView::from).collect(),
            superseded_stages: period.superseded_stages.iter().map(SupersededStageView::from).collect(),
            cancel_reason: period.cancel_reason.clone(),
            council_review_started_on: period.council_review_started_on,
            copied_from: period.copied_from,
            carry_over: period.carry_over,
            version: period.version,
            created_at: Instant(period.created_at),
            updated_at: Instant(period.updated_at),
            actions: Actions::of(&details.offers, &format!("/v1/periods/{}", period.id)),
        }
    }
}

/// A stage that was started too early.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SupersededStage)]
struct SupersededStageView {
    /// State of the period in that stage.
    status: PeriodStatus,
    /// When the period went back to the stage before.
    superseded_at: Instant,
    /// Why it went back.
    superseded_reason: String,
}

impl From<&Superseded<StartedStage>> for SupersededStageView {
    fn from(stage: &Superseded<StartedStage>) -> Self {
        SupersededStageView {
            status: stage.value.status,
            superseded_at: Instant(stage.superseded_at),
            superseded_reason: stage.superseded_reason.clone(),
        }
    }
}

/// A result notice that was corrected.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SupersededNotice)]
struct SupersededNoticeView {
    /// The wrong notice.
    #[serde(flatten)]
    notice: Notice,
    /// When it was corrected.
    superseded_at: Instant,
    /// Why it was corrected.
    superseded_reason: String,
}

impl From<&Superseded<Notice>> for SupersededNoticeView {
    fn from(superseded: &Superseded<Notice>) -> Self {
        SupersededNoticeView {
            notice: superseded.value.clone(),
            superseded_at: Instant(superseded.superseded_at),
            superseded_reason: superseded.superseded_reason.clone(),
        }
    }
}

/// A period, as listed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PeriodHead)]
struct HeadView {
    /// Id of the period.
    id: Id,
    /// Code of the period, unique within the organisation.
    code: String,
    /// Title of the period.
    title: String,
    /// Year that the period covers.
    year: i32,
    /// State of the period.
    status: PeriodStatus,
    /// Day on which submissions are due.
    self_assessment_due_on: NaiveDate,
    /// Version of the period; it increases with every change.
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
    /// Id of the organisation. Callers who belong to only one may omit it.
    organization_id: Option<Id>,
    /// Code of the period, unique among the organisation's periods that are not cancelled; at most 64 letters, digits, `.`,
    /// `_` or `-`.
    code: String,
    /// Title of the period; at most 1,000 characters.
    title: String,
    /// Year that the period covers, from 2000 to 2100.
    year: i32,
    /// The criteria set to score by. It must be published before the period opens.
    criteria_set_id: Id,
    /// Ids of the participating units.
    unit_ids: Vec<Id>,
    /// Due dates of the stages, in the time zone of the organisation.
    schedule: Schedule,
    /// How submissions after the due date are handled; defaults to `reject`.
    #[serde(default)]
    late_submissions: LateSubmissions,
    /// How the council arrives at its scores; defaults to `agreed`.
    #[serde(default)]
    council_scoring: CouncilScoring,
    /// Tie-break rules, applied in this order: `base_points`, `section:<code>`, `fewer_deductions`, `council_decision`.
    /// Defaults to `["base_points", "council_decision"]`. Whatever they name, the council can decide a tie that is left.
    #[serde(default = "crate::domain::assessment::period::default_tie_break")]
    tie_break: Vec<String>,
    /// Awards of the period, in order of precedence; defaults to none.
    #[serde(default)]
    awards: Vec<Award>,
    /// Groups of like units (khối thi đua), each with its own ranking, awards and, if it names one, criteria set; defaults to
    /// none: all units are ranked together. When the period opens, each unit is in exactly one group.
    #[serde(default)]
    groups: Vec<Group>,
    /// Conditions that a unit must meet to receive an award; defaults to none.
    #[serde(default)]
    eligibility: Vec<Condition>,
    /// What happens to an award when the unit next in rank is not eligible; defaults to `pass_down`.
    #[serde(default)]
    when_ineligible: WhenIneligible,
    /// Documents that every award dossier must contain; defaults to none.
    #[serde(default)]
    required_documents: Vec<RequiredDocument>,
    /// When award dossiers are due; defaults to five working days, `not_later_than`.
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
                groups: body.groups,
                eligibility: body.eligibility,
                when_ineligible: body.when_ineligible,
                required_documents: body.required_documents,
                dossier_deadline: body.dossier_deadline,
            },
        }
    }
}

/// The result notice.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Announcement, example = json!({"notice_number": "1234/TB-VP", "notice_on": "2023-11-30"}))]
struct AnnounceBody {
    /// Number of the notice; at most 64 characters.
    notice_number: String,
    /// Date of the notice: not before the council's session and not in the future.
    notice_on: Day,
}

/// A reason for the action.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Reason, example = json!({"reason": "Sáp nhập đơn vị"}))]
pub struct ReasonBody {
    /// The reason; at most 4,000 characters.
    pub reason: String,
}

/// A summary of the progress of a period.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PeriodSummary)]
struct SummaryView {
    /// Id of the period.
    period_id: Id,
    /// State of the period.
    status: PeriodStatus,
    /// Number of submissions by state; `none` counts units without a submission. Members of a unit see only their own.
    #[schema(example = json!({"submitted": 7, "none": 1}))]
    sheets: BTreeMap<String, u32>,
    /// Codes of the units that have not submitted.
    #[schema(example = json!(["TH"]))]
    units_missing: Vec<String>,
    /// Due dates of the stages.
    schedule: Schedule,
    /// How many proposals there are for each award of each group.
    awards: Vec<AwardUse>,
    /// How many members of the council have reviewed each submission, where they score alone; null where they do not, and for
    /// all but the chair, the secretary and auditors.
    council_progress: Option<Vec<CouncilProgress>>,
    /// Who has what left to review in the present stage, first what nobody in particular has; null in other stages, where the
    /// members of the council score alone, and for those who may not see it.
    work_left: Option<Vec<WorkLeftView>>,
}

/// What somebody has left to review.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WorkLeft)]
struct WorkLeftView {
    /// The stage of the reviews.
    stage: Stage,
    /// The member whom they are assigned to; null for those of nobody in particular.
    member_id: Option<Id>,
    /// Name of the member; null for those of nobody in particular.
    display_name: Option<String>,
    /// Codes of the units whose submissions are left.
    #[schema(example = json!(["KT", "TH"]))]
    unit_codes: Vec<String>,
    /// Those of them that were assigned to somebody who has left, lost the role or keeps away.
    #[schema(example = json!(["TH"]))]
    lapsed_unit_codes: Vec<String>,
}

impl From<WorkLeft> for WorkLeftView {
    fn from(left: WorkLeft) -> Self {
        let WorkLeft { stage, member, unit_codes, lapsed_unit_codes } = left;
        let (member_id, display_name) = member.unzip();
        WorkLeftView { stage, member_id, display_name, unit_codes, lapsed_unit_codes }
    }
}

/// How far the council is with a submission.
#[derive(Debug, Serialize, ToSchema)]
struct CouncilProgress {
    /// Code of the unit.
    #[schema(example = "TH")]
    unit_code: String,
    /// Number of members who have submitted their review.
    submitted: i32,
}

/// The proposals for an award.
#[derive(Debug, Serialize, ToSchema)]
struct AwardUse {
    /// Code of the group that gives the award; null where the period has no groups.
    group_code: Option<String>,
    /// Code of the award.
    code: String,
    /// How many units may receive the award.
    quota: i32,
    /// Number of proposals made.
    #[schema(value_type = i64)]
    proposed: usize,
    /// Number of proposals approved.
    #[schema(value_type = i64)]
    approved: usize,
}

impl From<Summary> for SummaryView {
    fn from(summary: Summary) -> Self {
        let Summary { period, units, proposals, council_progress, work_left } = summary;
        let progress = |(unit_code, submitted)| CouncilProgress { unit_code, submitted };
        let word = |status| {
            serde_json::to_value(status).ok().and_then(|word| Some(word.as_str()?.to_owned())).unwrap_or_default()
        };
        let mut sheets = BTreeMap::new();
        for unit in &units {
            *sheets.entry(unit.sheet.status.map_or_else(|| "none".to_owned(), word)).or_insert(0) += 1;
        }
        let missing = units.iter().filter(|unit| !unit.sheet.status.is_some_and(SubmissionStatus::is_sent));
        let of = |group_code: Option<&str>, code: &str| {
            let of_group = proposals.iter().filter(move |proposal| proposal.group_code.as_deref() == group_code);
            of_group.filter(|proposal| proposal.award_code == code).collect::<Vec<_>>()
        };
        SummaryView {
            sheets,
            council_progress: council_progress.map(|counts| counts.into_iter().map(progress).collect()),
            work_left: work_left.map(|left| left.into_iter().map(WorkLeftView::from).collect()),
            units_missing: missing.map(|unit| unit.unit.code.clone()).collect(),
            awards: period
                .rules
                .awards_by_group()
                .into_iter()
                .map(|(group_code, award)| AwardUse {
                    group_code: group_code.map(str::to_owned),
                    code: award.code.clone(),
                    quota: award.quota,
                    proposed: of(group_code, &award.code).len(),
                    approved: of(group_code, &award.code)
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

/// Filters of the list of periods.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Id of the organisation. Callers who belong to only one may omit it.
    organization_id: Option<Id>,
    /// Only periods in these states.
    status: Option<Vec<PeriodStatus>>,
    /// Only periods of these years.
    year: Option<Vec<i32>>,
    /// Only copies of this period.
    copied_from: Option<Id>,
    /// The order; with `-` from last to first.
    #[param(inline)]
    sort: Option<IdOrder>,
}

/// List the periods of an organisation.
#[utoipa::path(get, path = "/v1/periods", params(ListQuery), responses((status = 200, description = "A page of periods.", body = ListView<HeadView>)))]
async fn list(mut call: Call) -> Reply {
    let ListQuery { organization_id, status, year, copied_from, sort } = call.query();
    let filter = Filter { statuses: status, years: year, copied_from };
    let asked = call.page(sort);
    call.read(move |conn, context| {
        let rows = periods::list(conn, context, organization_id.as_ref(), &filter, &asked.page)?;
        Ok(asked.answer(rows, |row| row.id, HeadView::from)?)
    })
    .await
}

/// Create a period as a draft.
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

/// Get a period.
#[utoipa::path(get, path = "/v1/periods/{id}", responses((status = 200, description = "The period.", body = PeriodView)))]
async fn get(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| details_answer(&context.get(conn, &id)?)).await
}

/// Answers with a period.
pub fn details_answer(details: &Details<Period>) -> Result<Answer, Interrupt> {
    Ok(Answer::ok(&PeriodView::from(details), details.tag.header())?)
}

/// Change a period.
///
/// Everything can change in a draft. In an open period only the title and the dates can change, and no date can move to
/// the past. A new due date also moves the deadlines of submissions that are still drafts.
#[utoipa::path(patch, path = "/v1/periods/{id}", request_body = ChangeBody, responses((status = 200, description = "Changed.", body = ChangedView)))]
async fn change(call: Call) -> Reply {
    let id = call.id("id")?;
    let body = call.body::<ChangeBody>();
    let input: Input<PeriodChange> = body.map(|body| -> PeriodChange { Box::new(move |rules| body.apply(rules)) });
    call.write(move |conn, context| {
        let (details, moved) = periods::change(conn, context, &id, &input)?;
        changed_answer(&details, &moved)
    })
    .await
}

fn changed_answer(details: &Details<Period>, moved: &[MovedSheet]) -> Result<Answer, Interrupt> {
    let view = ChangedView { period: details.into(), moved_sheets: moved.iter().map(MovedSheetView::from).collect() };
    Ok(Answer::ok(&view, details.tag.header())?)
}

type Transition = fn(&mut Conn, &Context, &Id) -> Result<Details<Period>, Interrupt>;

async fn transition(call: Call, act: Transition) -> Reply {
    let id = call.id("id")?;
    call.act(move |conn, context| details_answer(&act(conn, context, &id)?)).await
}

/// Open a period for self-assessment.
///
/// Requires published criteria sets that have what tie-break rules and targets refer to, at least one unit, and a schedule in
/// order; in a period with groups, that each unit is in one group (`group_required`) and no group is empty (`group_empty`). A copy that carries over gives each unit its
/// draft with what it had written.
#[utoipa::path(post, path = "/v1/periods/{id}/open", responses((status = 200, description = "Open.", body = PeriodView)))]
async fn open(call: Call) -> Reply {
    transition(call, periods::open).await
}

/// End the self-assessment and start the appraisal.
///
/// Requires that the deadline has passed or that every unit has submitted (`sheet_open`). A unit without a submission
/// is recorded as having missed the deadline.
#[utoipa::path(post, path = "/v1/periods/{id}/start-appraisal", responses((status = 200, description = "In appraisal.", body = PeriodView)))]
async fn start_appraisal(call: Call) -> Reply {
    transition(call, periods::start_appraisal).await
}

/// Start the council review.
///
/// Requires that every submission is appraised or missed (`appraisal_missing`).
#[utoipa::path(post, path = "/v1/periods/{id}/start-council-review", responses((status = 200, description = "In council review.", body = PeriodView)))]
async fn start_council_review(call: Call) -> Reply {
    transition(call, periods::start_council_review).await
}

/// Finalise the results and freeze the ranking.
///
/// Requires that every submission is reviewed or missed, that a council session with a quorum is closed, that the facts
/// about the units are known down to the last award of each group, and that no tie crosses the boundary of an award. All unmet
/// requirements are reported together.
#[utoipa::path(post, path = "/v1/periods/{id}/finalize", responses((status = 200, description = "Finalised.", body = PeriodView)))]
async fn finalize(call: Call) -> Reply {
    transition(call, periods::finalize).await
}

/// Announce the results and create the award proposals.
///
/// A result that was amended since its announcement is announced again, by a notice of its own: the notice before is kept,
/// proposals that are granted no longer are withdrawn, and those that are new are created. An approved one that is granted no
/// longer prevents that (`proposal_decided`) until its decision is corrected.
#[utoipa::path(post, path = "/v1/periods/{id}/announce", request_body = AnnounceBody, responses((status = 200, description = "Announced.", body = PeriodView)))]
async fn announce(call: Call) -> Reply {
    let id = call.id("id")?;
    let input = call
        .body::<AnnounceBody>()
        .map(|body| Announcement { notice_number: body.notice_number, notice_on: body.notice_on.into() });
    call.write(move |conn, context| details_answer(&announcement::announce(conn, context, &id, &input)?)).await
}

/// Close the period.
///
/// Requires that every award proposal is decided (`proposal_undecided`).
#[utoipa::path(post, path = "/v1/periods/{id}/close", responses((status = 200, description = "Closed.", body = PeriodView)))]
async fn close(call: Call) -> Reply {
    transition(call, periods::close).await
}

/// Cancel the period.
#[utoipa::path(post, path = "/v1/periods/{id}/cancel", request_body = ReasonBody, responses((status = 200, description = "Cancelled.", body = PeriodView)))]
async fn cancel(call: Call) -> Reply {
    let (id, input) = (call.id("id")?, call.body::<ReasonBody>().map(|body| body.reason));
    call.write(move |conn, context| details_answer(&periods::cancel(conn, context, &id, &input)?)).await
}

/// Get a summary of a period.
///
/// Before the announcement, members of a unit and administrators see only their own unit's submission.
#[utoipa::path(get, path = "/v1/periods/{id}/summary", responses((status = 200, description = "The summary.", body = SummaryView)))]
async fn summary(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| {
        let view = SummaryView::from(periods::summary(conn, context, &id)?);
        Ok(Answer::ok(&view, body_tag(&view)?)?)
    })
    .await
}
