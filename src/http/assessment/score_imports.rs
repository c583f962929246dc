//! Scores from a filled workbook: `/v1/periods/{id}/scores/import`, and the form of one submission.

use actix_web::http::header;
use actix_web::{HttpRequest, web};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::assessment::score_batch::{BatchMode, ScoredStage};
use crate::error::{Code, Error};
use crate::http::assessment::score_batches::{ItemStatus, WRITERS};
use crate::http::call::{Call, Reply};
use crate::http::files::{self, FileBytes};
use crate::http::operation::{Operation, operations, reads, runs};
use crate::http::problem::{FaultBody, Language, fault_bodies};
use crate::http::{json, upload};
use crate::service::assessment::score_batches;
use crate::service::assessment::score_imports::{self, Import, ImportReport};
use crate::service::award::exports::{self, workbook};
use crate::service::criteria::transfer::{self, Format};
use crate::service::{Answer, Conn, Context, Input, tag};

/// Returns the operations on filled workbooks.
pub fn operations() -> Vec<Operation> {
    let mut operations = operations![Submissions, "periods";
        import_scores: runs(WRITERS).refuses(REFUSALS),
    ];
    operations.extend(operations![Submissions, "submissions";
        export_xlsx: reads(Action::ReadSubmission),
    ]);
    operations
}

const REFUSALS: &[Code] = &[
    Code::GuardFailed,
    Code::ValidationFailed,
    Code::FileTooLarge,
    Code::SpreadsheetTooLarge,
    Code::SpreadsheetUnreadable,
    Code::FormNotFound,
    Code::CellChanged,
    Code::NumberUnreadable,
    Code::AnswerUnreadable,
    Code::AnswerMissing,
    Code::PointsDisagree,
    Code::TooManyItems,
    Code::InvalidState,
    Code::DeadlinePassed,
    Code::ScoreOutOfRange,
    Code::PointsPrecision,
    Code::UnknownCriterion,
    Code::DuplicateCriterion,
    Code::SharedPointsExceeded,
];

/// A form with a filled workbook.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ScoreImportForm)]
struct ImportForm {
    /// The workbook, at most 5 MiB: XLSX as exported, filled in with any spreadsheet program.
    #[serde(default)]
    #[schema(value_type = String, format = Binary, required = true)]
    #[expect(dead_code, reason = "the file is read part by part; this is its place in the document")]
    file: (),
    /// The stage whose columns are read.
    stage: ScoredStage,
    /// What becomes of the import where a line is refused: nothing is written (`atomic`), or the others are (`per_item`).
    mode: BatchMode,
    /// Whether only to report what the import would do; defaults to `false`.
    #[schema(value_type = Option<bool>)]
    dry_run: Option<Flag>,
}

/// Yes or no, as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Flag {
    True,
    False,
}

/// The result of a line.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScoreImportResult)]
struct LineView {
    /// Name of the sheet.
    #[schema(example = "TH")]
    sheet: String,
    /// Number of the row, from 1.
    row: u32,
    /// Letters of the column that was filled in or is at fault.
    #[schema(example = "E")]
    column: String,
    /// The submission; null where the sheet does not say.
    submission_id: Option<Id>,
    /// Code of the criterion; null for a fault of the whole sheet.
    #[schema(example = "A.II.1")]
    criterion_code: Option<String>,
    /// What has become of it.
    status: ItemStatus,
    /// The first reason why it is refused, as a problem code; null if it is not.
    #[schema(example = "deadline_passed")]
    code: Option<&'static str>,
    /// Every reason why it is refused, with `sheet`, `row` and `column` in `params`; empty if it is not.
    errors: Vec<FaultBody>,
    /// The review that holds the line; null for the unit's own scores, for a refused line, and for a review that is only tried.
    review_id: Option<Id>,
    /// `ETag` of the submission, or of the review that holds the line, as it is now; null for a refused line and for a dry run.
    etag: Option<String>,
}

/// The result of an import of scores.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScoreImport)]
struct ImportView {
    /// Whether the import was only tried, without changing anything.
    dry_run: bool,
    /// The lines that were filled in or changed, in the order of the workbook.
    results: Vec<LineView>,
    /// Number of lines written.
    #[schema(value_type = i64)]
    applied: usize,
    /// Number of lines that are as they were exported, or so already.
    #[schema(value_type = i64)]
    unchanged: usize,
    /// Number of lines refused.
    #[schema(value_type = i64)]
    refused: usize,
    /// Names of the sheets that are no forms, such as the summary.
    #[schema(example = json!(["Tổng hợp", "Xếp hạng"]))]
    skipped_sheets: Vec<String>,
}

fn view(import: &Import, report: ImportReport, language: Language) -> ImportView {
    let results = report.lines.into_iter().map(|line| LineView {
        sheet: line.place.sheet,
        row: line.place.row,
        column: line.place.column,
        submission_id: line.submission_id,
        criterion_code: line.criterion_code,
        status: ItemStatus::of(&line.result.outcome),
        code: line.result.outcome.faults().first().map(|fault| fault.code.row().code),
        errors: fault_bodies(line.result.outcome.faults(), language),
        review_id: line.result.review_id,
        etag: line.result.etag,
    });
    let results: Vec<LineView> = results.collect();
    let count = |status| results.iter().filter(|result| result.status == status).count();
    ImportView {
        dry_run: import.dry_run,
        applied: count(ItemStatus::Applied),
        unchanged: count(ItemStatus::Unchanged) + report.untouched,
        refused: count(ItemStatus::Refused),
        results,
        skipped_sheets: import.other_sheets.clone(),
    }
}

/// Write scores from a filled workbook.
///
/// Takes `GET /v1/periods/{id}/export.xlsx`, or `GET /v1/submissions/{id}/export.xlsx`, as somebody has filled it in: points in
/// the column of the stage, answers in the column beside for criteria whose points are computed (`có`, `2`, `actual=95;
/// target=100`), the unit's note or the reviewer's reason under Ghi chú. Columns are found by their headings and lines by the
/// code of their criterion. What is as it was exported is left alone; an emptied cell clears its line; sums are not read. A
/// changed text or maximum is refused, as is every cell that cannot be read, each with `sheet`, `row` and `column`.
///
/// The lines are then written as by `POST /v1/periods/{id}/scores/batch`, each under the tag that its sheet was exported with.
#[utoipa::path(post, path = "/v1/periods/{id}/scores/import", operation_id = "import_scores",
    request_body(content = ImportForm, content_type = "multipart/form-data"),
    responses((status = 200, description = "What has become of each line that was filled in.", body = ImportView)))]
async fn import_scores(http: HttpRequest, payload: web::Payload) -> Reply {
    let (http, payload) = (&http, payload.into_inner());
    let mut call = Call::without_body(http).await?;
    let id = call.id("id")?;
    call.fetch(move |conn, context| score_batches::may_write(conn, context, &id)).await?;
    let form = upload::receive_whole(http, payload, transfer::MAX_BYTES, &["stage", "mode", "dry_run"]).await;
    let form = form.map_err(|error| call.problem(error))?;
    let (call, texts) = (call.with_form(&form.digest()), form.read::<ImportForm>());
    // Unpacking and parsing blocks, so it runs on a separate thread.
    let reading = web::block(move || read(texts, &form.file)).await;
    let input = reading.map_err(|error| call.problem(Error::internal(error)))?;
    let language = Language::of(call.http().headers());
    let is_dry = input.as_ref().is_ok_and(|import| import.dry_run);
    let work = move |conn: &mut Conn, context: &Context| {
        let report = score_imports::write(conn, context, &id, &input)?;
        let import = input.as_ref().map_err(Clone::clone)?;
        Ok(Answer { etag: None, ..Answer::ok(&view(import, report, language), String::new())? })
    };
    if is_dry { call.try_out(work).await } else { call.write(work).await }
}

fn read(texts: Result<ImportForm, Error>, file: &[u8]) -> Input<Import> {
    let ImportForm { stage, mode, dry_run, .. } = texts?;
    if Format::of(file) != Format::Xlsx {
        return Err(json::invalid("", "wrong_type", Some("file")));
    }
    let (forms, other_sheets) = score_imports::read(file, stage)?;
    Ok(Import { stage, mode, dry_run: dry_run == Some(Flag::True), forms, other_sheets })
}

/// Export a submission as a spreadsheet.
///
/// The unit's page of `GET /v1/periods/{id}/export.xlsx`, with the lines that the caller may see: to be printed and signed, or
/// filled in and read back by `POST /v1/periods/{id}/scores/import`. Headings are in the language that `Accept-Language`
/// prefers.
#[utoipa::path(get, path = "/v1/submissions/{id}/export.xlsx",
    responses((status = 200, description = "The file, as an attachment.", body = FileBytes, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))]
async fn export_xlsx(call: Call) -> Reply {
    let id = call.id("id")?;
    let mut call = call.accepting_any();
    let language = Language::of(call.http().headers());
    let form = call.fetch(move |conn, context| exports::form(conn, context, &id)).await?;
    let name = format!("thi-dua-{}-{}.xlsx", form.period.rules.code, form.sheet.case.unit.code);
    let written = web::block(move || workbook::write_form(&form, language)).await;
    let written = written.map_err(Error::internal).and_then(|written| written);
    let bytes = Bytes::from(written.map_err(|error| call.problem(error))?);
    let etag = tag::of_body(&bytes);
    if call.etag_matches(&etag) {
        return Ok(files::not_modified(&etag));
    }
    let mut response = files::attachment_response(&name, Format::Xlsx.media_type());
    response.insert_header((header::CONTENT_LANGUAGE, language.tag()));
    response.insert_header((header::VARY, header::ACCEPT_LANGUAGE.as_str()));
    Ok(response.insert_header((header::ETAG, etag)).body(bytes))
}
