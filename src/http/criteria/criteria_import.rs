//! Import and export of criteria sets as files: `/v1/criteria-sets/import`, `…/template.*` and `…/{id}/export.*`.

use actix_web::http::header;
use actix_web::{HttpRequest, web};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::access::action::Action;
use crate::domain::criteria::criteria_set::{CriteriaContent, CriteriaSet, Limit, NotApplicable, Part};
use crate::domain::criteria::grid::column_of;
use crate::domain::criteria::spreadsheet::{Reading, Shape, Skipped};
use crate::domain::{Id, Points};
use crate::error::{Code, Error};
use crate::http::call::{Call, Reply};
use crate::http::criteria::criteria_sets::{Body, SetView};
use crate::http::files::FileBytes;
use crate::http::operation::{Callers, Operation, creates, operations, reads};
use crate::http::problem::{FaultBody, Language, fault_bodies};
use crate::http::{files, json, upload};
use crate::service::criteria::criteria_import::{self, ImportReport, NewImport, Overrides};
use crate::service::criteria::transfer::{self, Format};
use crate::service::{Answer, Input, tag};

/// Returns the operations on `criteria_sets`.
pub fn operations() -> Vec<Operation> {
    operations![Criteria, "criteria_sets";
        import: creates(Action::WriteCriteriaSet).refuses(IMPORT_REFUSALS),
        template_xlsx: reads(Callers::Authenticated),
        template_csv: reads(Callers::Authenticated),
        export_json: reads(Action::ReadOffice),
        export_xlsx: reads(Action::ReadOffice),
        export_csv: reads(Action::ReadOffice),
    ]
}

const IMPORT_REFUSALS: &[Code] = &[
    Code::AlreadyExists,
    Code::InvalidParameter,
    Code::FileTooLarge,
    Code::SpreadsheetTooLarge,
    Code::SpreadsheetUnreadable,
    Code::HeadingNotFound,
    Code::Required,
    Code::NumberUnreadable,
    Code::UnknownWord,
    Code::CellNotAsked,
    Code::RowOutOfPlace,
    Code::DepthInvalid,
    Code::RowNumberUnreadable,
    Code::PointsPrecision,
    Code::PointsOutOfRange,
    Code::OrganizationRequired,
];

/// The content of a criteria set.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CriteriaContent)]
pub struct ContentView {
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
    /// The tree of parts, sections and criteria.
    parts: Vec<Part>,
}

impl From<CriteriaContent> for ContentView {
    fn from(content: CriteriaContent) -> Self {
        let CriteriaContent {
            code,
            title,
            year,
            legal_basis,
            total_points,
            minimum_total,
            not_applicable,
            limits,
            parts,
        } = content;
        ContentView { code, title, year, legal_basis, total_points, minimum_total, not_applicable, limits, parts }
    }
}

/// The result of an import.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CriteriaImport)]
struct ImportView {
    /// Whether the import was only tried, without creating anything.
    dry_run: bool,
    /// Format of the file, determined by its content.
    format: Format,
    /// Layout of the spreadsheet; null for JSON.
    shape: Option<Shape>,
    /// The draft that was created; null for a dry run.
    criteria_set: Option<SetView>,
    /// The content that was read, for a dry run; otherwise null.
    content: Option<ContentView>,
    /// What of the file is no part of the content, each with its reason: sums, notes, signatures, columns to be filled in, what is
    /// hidden; empty for JSON.
    skipped: Vec<Skipped>,
    /// What must be corrected before the draft can be published; `params` holds `sheet` and `row`.
    errors: Vec<FaultBody>,
    /// What the author should check: what was inferred from the sheet, and the warnings of `GET …/validation`.
    warnings: Vec<FaultBody>,
}

/// A form with a file, and values that replace those in the file.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CriteriaImportForm)]
struct ImportForm {
    /// The file, at most 5 MiB: JSON, CSV (UTF-8 or UTF-16) or XLSX, determined by the content.
    #[serde(default)]
    #[schema(value_type = String, format = Binary, required = true)]
    #[expect(dead_code, reason = "the file is read part by part; this is its place in the document")]
    file: (),
    /// Id of the organisation. Callers who belong to only one may omit it.
    organization_id: Option<Id>,
    /// Code of the criteria set. Required if the file does not contain one, as in the office layout.
    #[schema(example = "VP-UBND-2023")]
    code: Option<String>,
    /// Title of the criteria set. Required if the file does not contain one.
    title: Option<String>,
    /// Year that the criteria set is for. Required if the file does not contain one.
    #[schema(value_type = Option<i32>, example = 2023)]
    year: Option<String>,
    /// Document that establishes the criteria set.
    legal_basis: Option<String>,
}

impl ImportForm {
    fn given(self) -> Result<Overrides, Error> {
        let ImportForm { code, title, year, legal_basis, .. } = self;
        let number = |year: String| year.trim().parse().map_err(|_| json::invalid("", "wrong_type", Some("year")));
        Ok(Overrides { code, title, year: year.map(number).transpose()?, legal_basis, reading: Reading::default() })
    }
}

/// Reads a criteria set from the bytes of a file of any supported format.
///
/// # Errors
/// The errors of that format.
pub fn read(bytes: &[u8], given: Overrides) -> Input<NewImport> {
    match Format::of(bytes) {
        Format::Json => {
            let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            let content = json::read::<Body>(text)?.content();
            let Overrides { code, title, year, legal_basis, .. } = given;
            let content = CriteriaContent {
                code: code.unwrap_or(content.code),
                title: title.unwrap_or(content.title),
                year: year.unwrap_or(content.year),
                legal_basis: legal_basis.or(content.legal_basis),
                ..content
            };
            Ok(criteria_import::from_json(content))
        }
        Format::Csv | Format::Xlsx | Format::Xls | Format::Ods => criteria_import::from_spreadsheet(bytes, given),
    }
}

/// Options of an import.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ImportQuery {
    /// Whether only to report what the import would do; defaults to `false`.
    dry_run: Option<bool>,
    /// Name of the sheet with the table; defaults to the first visible one with headings.
    #[param(example = "Khối sự nghiệp")]
    sheet: Option<String>,
    /// What columns mean where the headings leave it open: a JSON object with the letters of the column that has the points.
    #[param(example = "{\"points\":\"D\"}")]
    columns: Option<String>,
}

/// What columns mean, as the caller says.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ColumnsAsked {
    points: Option<String>,
}

/// Reads how a table is to be read from the query.
fn reading(sheet: Option<String>, columns: Option<&str>) -> Result<Reading, Error> {
    let invalid = || Error::new(Code::InvalidParameter).with("name", "columns");
    let asked: ColumnsAsked = columns.map(serde_json::from_str).transpose().map_err(|_| invalid())?.unwrap_or_default();
    let points = asked.points.map(|letters| column_of(&letters).ok_or_else(invalid)).transpose()?;
    Ok(Reading { sheet, points })
}

/// Import a criteria set from a file.
///
/// Reads a spreadsheet as offices use it (columns STT, NỘI DUNG, ĐIỂM; parts A and B, Roman sections, numbered items, a
/// blank cell where items share points), a spreadsheet in the full layout with rules (`GET …/template.xlsx`), or an
/// exported JSON file, and creates a draft. Content that cannot be read is rejected, with all errors reported together,
/// each with `sheet`, `row` and `column`. Content that had to be inferred is listed in `warnings`. With `dry_run=true`
/// nothing is created. To create a criteria set from a JSON body, use `POST /v1/criteria-sets`.
#[utoipa::path(post, path = "/v1/criteria-sets/import", params(ImportQuery),
    request_body(content = ImportForm, content_type = "multipart/form-data"),
    responses((status = 201, description = "Created as a draft.", body = ImportView), (status = 200, description = "Result of a dry run.", body = ImportView)))]
async fn import(http: HttpRequest, payload: web::Payload) -> Reply {
    let (http, payload) = (&http, payload.into_inner());
    let mut call = Call::without_body(http).await?;
    let ImportQuery { dry_run, sheet, columns } = call.query();
    let reading = reading(sheet, columns.as_deref()).map_err(|error| call.problem(error))?;
    call.fetch(|_, context| criteria_import::may_import(context)).await?;
    let known = ["organization_id", "code", "title", "year", "legal_basis"];
    let form = upload::receive_whole(http, payload, transfer::MAX_BYTES, &known).await;
    let form = form.map_err(|error| call.problem(error))?;
    let call = call.with_form(&form.digest());
    let texts = form.read::<ImportForm>();
    let organization_id = texts.as_ref().ok().and_then(|texts| texts.organization_id);
    let given = texts.and_then(ImportForm::given).map(|given| Overrides { reading, ..given });
    // Unpacking and parsing blocks, so it runs on a separate thread.
    let reading = web::block(move || given.and_then(|given| read(&form.file, given))).await;
    let input = reading.map_err(|error| call.problem(Error::internal(error)))?;
    imported(call, organization_id, input, dry_run.unwrap_or(false)).await
}

async fn imported(call: Call, organization_id: Option<Id>, input: Input<NewImport>, dry_run: bool) -> Reply {
    let language = Language::of(call.http().headers());
    call.write(move |conn, context| {
        let ImportReport { format, shape, content, skipped, findings, created: details } =
            criteria_import::import(conn, context, organization_id.as_ref(), &input, dry_run)?;
        let view = ImportView {
            dry_run,
            format,
            shape,
            criteria_set: details.as_ref().map(SetView::from),
            content: dry_run.then(|| content.into()),
            skipped,
            errors: fault_bodies(&findings.errors, language),
            warnings: fault_bodies(&findings.warnings, language),
        };
        match details {
            Some(details) => {
                let place = format!("/v1/criteria-sets/{}", details.value.id);
                Ok(Answer::created(&view, details.tag.header(), place)?)
            }
            None => Ok(Answer { etag: None, ..Answer::ok(&view, String::new())? }),
        }
    })
    .await
}

/// Options of a spreadsheet.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ShapeQuery {
    /// Layout of the spreadsheet; defaults to `full`, which includes the rules. `office` is the printed table.
    shape: Option<Shape>,
}

async fn file(call: &Call, name: String, content: CriteriaContent, format: Format, shape: Shape) -> Reply {
    let written = web::block(move || transfer::write(&content, format, shape)).await;
    let written = written.map_err(Error::internal).and_then(|written| written);
    let bytes = Bytes::from(written.map_err(|error| call.problem(error))?);
    let etag = tag::of_body(&bytes);
    if call.etag_matches(&etag) {
        return Ok(files::not_modified(&etag));
    }
    let name = format!("{name}.{}", format.extension());
    let mut response = files::attachment_response(&name, format.media_type());
    Ok(response.insert_header((header::ETAG, etag)).body(bytes))
}

/// Download a template for a criteria set as a spreadsheet.
///
/// Contains a short example of everything that the layout supports: `full` includes the rules, `office` has only the
/// columns of the printed table.
#[utoipa::path(get, path = "/v1/criteria-sets/template.xlsx", params(ShapeQuery),
    responses((status = 200, description = "The file, as an attachment.", body = FileBytes, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))]
async fn template_xlsx(call: Call) -> Reply {
    template(call, Format::Xlsx).await
}

/// Download a template for a criteria set as CSV.
///
/// Contains a short example of everything that the layout supports: `full` includes the rules, `office` has only the
/// columns of the printed table.
#[utoipa::path(get, path = "/v1/criteria-sets/template.csv", params(ShapeQuery),
    responses((status = 200, description = "The file, as an attachment.", body = String, content_type = "text/csv")))]
async fn template_csv(call: Call) -> Reply {
    template(call, Format::Csv).await
}

async fn template(call: Call, format: Format) -> Reply {
    let mut call = call.accepting_any();
    let ShapeQuery { shape } = call.query();
    call.fetch(|_, context| Ok(context.accept_read()?)).await?;
    let example = json::read::<Body>(include_bytes!("../../../openapi/examples/criteria-template.json"));
    let example = example.map_err(|error| call.problem(Error::internal(error)))?;
    file(&call, "thidua-template".to_owned(), example.content(), format, shape.unwrap_or(Shape::Full)).await
}

/// Download a criteria set as JSON.
///
/// The file has the format of the body of `POST /v1/criteria-sets` and can be imported again without loss.
#[utoipa::path(get, path = "/v1/criteria-sets/{id}/export.json",
    responses((status = 200, description = "The file, as an attachment.", body = ContentView)))]
async fn export_json(call: Call) -> Reply {
    export(call, Format::Json, Shape::Full).await
}

/// Download a criteria set as a spreadsheet.
///
/// In the full layout the file can be imported again without loss. The office layout omits what the printed table has
/// no column for.
#[utoipa::path(get, path = "/v1/criteria-sets/{id}/export.xlsx", params(ShapeQuery),
    responses((status = 200, description = "The file, as an attachment.", body = FileBytes, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))]
async fn export_xlsx(mut call: Call) -> Reply {
    let ShapeQuery { shape } = call.query();
    export(call, Format::Xlsx, shape.unwrap_or(Shape::Full)).await
}

/// Download a criteria set as CSV.
///
/// In the full layout the file can be imported again without loss.
#[utoipa::path(get, path = "/v1/criteria-sets/{id}/export.csv", params(ShapeQuery),
    responses((status = 200, description = "The file, as an attachment.", body = String, content_type = "text/csv")))]
async fn export_csv(mut call: Call) -> Reply {
    let ShapeQuery { shape } = call.query();
    export(call, Format::Csv, shape.unwrap_or(Shape::Full)).await
}

async fn export(call: Call, format: Format, shape: Shape) -> Reply {
    let id = call.id("id")?;
    let mut call = call.accepting_any();
    let content = call.fetch(move |conn, context| Ok(context.get::<CriteriaSet>(conn, &id)?.value.content)).await?;
    file(&call, content.code.clone(), content, format, shape).await
}
