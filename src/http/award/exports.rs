//! Exports of a whole period: `/v1/periods/{id}/export.json`, `….csv`, `….xlsx`.

use actix_web::http::header;
use actix_web::web;
use bytes::Bytes;
use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::Quantity;
use crate::domain::access::action::Action;
use crate::domain::assessment::period::{Notice, PeriodRules, PeriodStatus};
use crate::domain::assessment::review::Review;
use crate::domain::assessment::submission::SubmissionStatus;
use crate::domain::criteria::scoring::{Criterion, Line, ScoringTable, Sheet, Totals};
use crate::error::Error;
use crate::http::assessment::facts::FactsView;
use crate::http::assessment::submissions::scores::CellView;
use crate::http::award::award_proposals::ProposalHeadView;
use crate::http::award::ranking::{DecisionView, RankingView};
use crate::http::call::{Call, Reply};
use crate::http::criteria::criteria_import::ContentView;
use crate::http::files::{self, FileBytes};
use crate::http::operation::{Operation, operations, reads};
use crate::http::problem::Language;
use crate::http::schedule::calendar::DayView;
use crate::http::time::Instant;
use crate::service::award::exports::words::Words;
use crate::service::award::exports::{self, ExportedSheet, PeriodExport, table, workbook};
use crate::service::criteria::transfer::Format;
use crate::service::tag;

/// Returns the operations on exports.
pub fn operations() -> Vec<Operation> {
    operations![Results, "periods";
        export_json: reads(Action::ReadRanking),
        export_csv: reads(Action::ReadRanking),
        export_xlsx: reads(Action::ReadRanking),
    ]
}

/// The organisation of an export.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExportedOrganization)]
struct OrganizationView {
    /// Id of the organisation.
    id: Id,
    /// Code of the organisation.
    code: String,
    /// Name of the organisation.
    name: String,
    /// Time zone that its dates refer to.
    time_zone: String,
}

/// The period of an export.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExportedPeriod)]
struct PeriodView {
    /// Id of the period.
    id: Id,
    /// State of the period.
    status: PeriodStatus,
    /// The result notice; null until the results are announced.
    notice: Option<Notice>,
    /// Settings of the period.
    rules: PeriodRules,
}

/// The table of criteria of a group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExportedGroupTable)]
struct GroupTableView {
    /// Code of the group.
    group_code: String,
    /// The table of criteria.
    criteria_set: ContentView,
}

/// A unit of an export.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExportedUnit)]
struct UnitView {
    /// Id of the unit.
    id: Id,
    /// Code of the unit.
    code: String,
    /// Name of the unit.
    name: String,
}

/// A line of an exported submission.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExportedScore)]
struct LineView<'a> {
    /// Code of the criterion.
    #[schema(example = "A.II.1")]
    criterion_code: &'a str,
    /// Target of the unit, if the rule or the period sets one.
    target: Option<Quantity>,
    /// Line of the self-assessment; null if it is empty or not visible to the caller.
    #[serde(rename = "self")]
    own: Option<CellView<'a>>,
    /// Line of the appraisal; null if it is empty or not visible to the caller.
    appraisal: Option<CellView<'a>>,
    /// Line of the council review; null if it is empty or not visible to the caller.
    council: Option<CellView<'a>>,
}

/// Totals of an exported submission at each stage; null for a stage that does not exist or that the caller may not see.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExportedTotals)]
struct TotalsView {
    /// Totals of the self-assessment.
    #[serde(rename = "self")]
    own: Option<Totals>,
    /// Totals of the appraisal.
    appraisal: Option<Totals>,
    /// Totals of the council review.
    council: Option<Totals>,
    /// Totals of the latest submitted stage.
    #[serde(rename = "final")]
    result: Option<Totals>,
}

/// A submission of an export.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExportedSubmission)]
struct SubmissionView<'a> {
    /// Id of the submission.
    id: Id,
    /// Id of the unit.
    unit_id: Id,
    /// Code of the unit.
    unit_code: &'a str,
    /// State of the submission.
    status: SubmissionStatus,
    /// Number of times that it has been submitted.
    revision: i32,
    /// Whether it was submitted after the due date.
    late: bool,
    /// Due date of this submission.
    due_on: NaiveDate,
    /// When it was last submitted; null if it never was.
    submitted_at: Option<Instant>,
    /// Lines of the submission, in the order of the criteria set.
    scores: Vec<LineView<'a>>,
    /// Totals of each stage.
    totals: TotalsView,
    /// The reviews that the council's mean is made of, where its members score alone.
    council_reviews: Vec<MemberReviewView<'a>>,
}

/// A review that a member of the council made alone.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExportedCouncilReview)]
struct MemberReviewView<'a> {
    /// Id of the review.
    id: Id,
    /// Id of the member.
    reviewer: Id,
    /// When it was submitted.
    submitted_at: Option<Instant>,
    /// Lines of the review, in the order of the criteria set; those left out are null.
    scores: Vec<MemberLineView<'a>>,
    /// Totals of its lines.
    totals: Totals,
}

/// A line of a review that a member of the council made alone.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExportedCouncilScore)]
struct MemberLineView<'a> {
    /// Code of the criterion.
    #[schema(example = "A.II.1")]
    criterion_code: &'a str,
    /// The line; null if it was left out.
    line: Option<CellView<'a>>,
}

impl<'a> MemberReviewView<'a> {
    fn of(table: &'a ScoringTable, (review, lines): &'a (Review, Sheet)) -> Self {
        let line = |(criterion, line): (&'a Criterion, &'a Line)| MemberLineView {
            criterion_code: &criterion.code,
            line: CellView::of(criterion, line),
        };
        MemberReviewView {
            id: review.id,
            reviewer: review.reviewer_id,
            submitted_at: review.submitted_at.map(Instant),
            scores: table.criteria.iter().zip(&lines.0).map(line).collect(),
            totals: review.totals,
        }
    }
}

impl<'a> From<&'a ExportedSheet> for SubmissionView<'a> {
    fn from(exported: &'a ExportedSheet) -> Self {
        let submission = &exported.case.submission;
        let table = &exported.table;
        let [own, appraisal, council] = exported.stages();
        let scores = table.criteria.iter().enumerate().map(|(at, criterion)| {
            let cell = |sheet: Option<&'a Sheet>| CellView::of(criterion, sheet?.0.get(at)?);
            LineView {
                criterion_code: &criterion.code,
                target: criterion.rule.target(),
                own: cell(own),
                appraisal: cell(appraisal),
                council: cell(council),
            }
        });
        let totals = |sheet: Option<&Sheet>| table.tally(sheet?).totals;
        SubmissionView {
            id: submission.id,
            unit_id: submission.unit_id,
            unit_code: &exported.case.unit.code,
            status: submission.status,
            revision: submission.revision,
            late: submission.late,
            due_on: submission.due_on,
            submitted_at: submission.submitted_at.map(Instant),
            scores: scores.collect(),
            council_reviews: exported.made_alone.iter().map(|review| MemberReviewView::of(table, review)).collect(),
            totals: TotalsView {
                own: totals(own),
                appraisal: totals(appraisal),
                council: totals(council),
                result: totals(exported.final_sheet()),
            },
        }
    }
}

/// A period with everything that the caller may see of it, from which its result can be recounted.
#[derive(Serialize, ToSchema)]
#[schema(as = PeriodExport)]
struct ExportView<'a> {
    /// The organisation.
    organization: OrganizationView,
    /// The period.
    period: PeriodView,
    /// The table of criteria of the period.
    criteria_set: ContentView,
    /// The tables of the groups that have their own, in the order of the groups.
    group_criteria_sets: Vec<GroupTableView>,
    /// The units that take part, by code.
    units: Vec<UnitView>,
    /// The submissions that the caller may see, by code of the unit.
    submissions: Vec<SubmissionView<'a>>,
    /// The facts that the caller may see.
    facts: Vec<FactsView>,
    /// The council's decisions on ties; null for those who may not see them.
    tie_decisions: Option<Vec<DecisionView>>,
    /// The ranking, with the `salt` of its commitment for those who see all inputs.
    ranking: RankingView,
    /// The text that the final ranking was computed from: `commitment` is the SHA-256 of `salt` followed by it. Null while
    /// the ranking is provisional, and for those who may not see all of it.
    inputs: Option<String>,
    /// The award proposals that the caller may see, with the due dates of their dossiers.
    award_proposals: Vec<ProposalHeadView>,
    /// The days that differ from their weekday, by date, from the result notice to the last day that a dossier's term was
    /// counted to; those of the organisation after the national ones of the same date, which they replace.
    calendar_days: Vec<DayView>,
}

fn json(export: PeriodExport) -> Result<Vec<u8>, Error> {
    let PeriodExport { organization, period, content, group_contents, units, sheets, facts, tie_decisions, .. } =
        export;
    let PeriodExport { ranking, inputs, proposals, calendar_days, .. } = export;
    let view = ExportView {
        organization: OrganizationView {
            id: organization.id,
            code: organization.code,
            name: organization.name,
            time_zone: organization.time_zone,
        },
        period: PeriodView { id: period.id, status: period.status, notice: period.notice, rules: period.rules },
        criteria_set: content.into(),
        group_criteria_sets: group_contents
            .into_iter()
            .map(|(group_code, content)| GroupTableView { group_code, criteria_set: content.into() })
            .collect(),
        units: units
            .into_iter()
            .map(|unit| UnitView { id: unit.key.id, code: unit.key.code, name: unit.name })
            .collect(),
        submissions: sheets.iter().map(SubmissionView::from).collect(),
        facts: facts.iter().map(FactsView::from).collect(),
        tie_decisions: tie_decisions
            .map(|decisions| decisions.iter().map(|(decision, stands)| DecisionView::of(decision, *stands)).collect()),
        ranking: ranking.into(),
        inputs,
        award_proposals: proposals.iter().map(ProposalHeadView::from).collect(),
        calendar_days: calendar_days.iter().map(DayView::from).collect(),
    };
    serde_json::to_vec(&view).map_err(Error::internal)
}

fn bytes(export: PeriodExport, format: Format, language: Language) -> Result<Vec<u8>, Error> {
    match format {
        Format::Json => json(export),
        Format::Csv => table::csv(&export, Words::of(language)),
        Format::Xlsx | Format::Xls | Format::Ods => workbook::write(&export, language),
    }
}

async fn export(call: Call, format: Format) -> Reply {
    let id = call.id("id")?;
    let mut call = call.accepting_any();
    let language = Language::of(call.http().headers());
    let export = call.fetch(move |conn, context| exports::find(conn, context, &id)).await?;
    let name = format!("thi-dua-{}.{}", export.period.rules.code, format.extension());
    let written =
        web::block(move || bytes(export, format, language)).await.map_err(Error::internal).and_then(|written| written);
    let bytes = Bytes::from(written.map_err(|error| call.problem(error))?);
    let etag = tag::of_body(&bytes);
    if call.etag_matches(&etag) {
        return Ok(files::not_modified(&etag));
    }
    let mut response = files::attachment_response(&name, format.media_type());
    if !matches!(format, Format::Json) {
        response.insert_header((header::CONTENT_LANGUAGE, language.tag()));
        response.insert_header((header::VARY, header::ACCEPT_LANGUAGE.as_str()));
    }
    Ok(response.insert_header((header::ETAG, etag)).body(bytes))
}

/// Export a period as JSON.
///
/// Everything that the caller may see of the period: settings, table, submissions stage by stage, facts, decisions on ties,
/// ranking and proposals. Visible to those who see the ranking; a unit gets every row of the ranking, and the scores of
/// its own submission alone. For those who see all inputs the file is complete, so that the result can be recounted from
/// it and held to its `commitment`.
#[utoipa::path(get, path = "/v1/periods/{id}/export.json", responses((status = 200, description = "The file, as an attachment.", body = ExportView)))]
async fn export_json(call: Call) -> Reply {
    export(call, Format::Json).await
}

/// Export a period as CSV.
///
/// The table of scores in its own order, with a column for each stage of each submission that the caller may see, and
/// the ranking below; where the period has groups, a table for each. Headings are in the language that `Accept-Language` prefers, Vietnamese or English; titles and names
/// are data.
#[utoipa::path(get, path = "/v1/periods/{id}/export.csv", responses((status = 200, description = "The file, as an attachment.", body = String, content_type = "text/csv")))]
async fn export_csv(call: Call) -> Reply {
    export(call, Format::Csv).await
}

/// Export a period as a spreadsheet.
///
/// A summary (one for each group where the period has groups), the ranking, and a sheet for each submission that the caller may see, ready to be printed on A4 and signed.
/// Headings are in the language that `Accept-Language` prefers, Vietnamese or English; titles and names are data.
#[utoipa::path(get, path = "/v1/periods/{id}/export.xlsx", responses((status = 200, description = "The file, as an attachment.", body = FileBytes, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))]
async fn export_xlsx(call: Call) -> Reply {
    export(call, Format::Xlsx).await
}

#[cfg(test)]
mod tests;
