//! Tables of criteria as files: `/v1/criteria-sets/import`, `…/template.*` and `…/{id}/export.*`.

use actix_web::http::header;
use actix_web::{HttpRequest, web};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::access::action::Action;
use crate::domain::criteria::criteria_set::{CriteriaContent, CriteriaSet, NotApplicable, Part};
use crate::domain::criteria::spreadsheet::Shape;
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

/// The operations on `criteria_sets`.
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

/// What a table says.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CriteriaContent)]
struct ContentView {
    code: String,
    title: String,
    year: i32,
    legal_basis: Option<String>,
    total_points: Points,
    not_applicable: NotApplicable,
    parts: Vec<Part>,
}

impl From<CriteriaContent> for ContentView {
    fn from(content: CriteriaContent) -> Self {
        let CriteriaContent { code, title, year, legal_basis, total_points, not_applicable, parts } = content;
        ContentView { code, title, year, legal_basis, total_points, not_applicable, parts }
    }
}

/// What became of an import.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CriteriaImport)]
struct ImportView {
    /// Whether nothing was added.
    dry_run: bool,
    /// Told from the file's bytes.
    format: Format,
    /// How the table lay on its sheet; null for JSON.
    shape: Option<Shape>,
    /// The draft; null in a dry run.
    criteria_set: Option<SetView>,
    /// What was read, in a dry run; else null.
    content: Option<ContentView>,
    /// What must be mended before the draft can be published, with `sheet` and `row` in `params`.
    errors: Vec<FaultBody>,
    /// What should be looked at: what was guessed from the sheet, and what `GET …/validation` warns of.
    warnings: Vec<FaultBody>,
}

/// A form with a spreadsheet, and what is said beside it in place of what it says itself.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CriteriaImportForm)]
struct ImportForm {
    /// JSON, CSV (UTF-8 or UTF-16) or XLSX by its bytes, at most 5 MiB.
    #[serde(default)]
    #[schema(value_type = String, format = Binary, required = true)]
    #[expect(dead_code, reason = "the file is read part by part; this is its place in the document")]
    file: (),
    /// May be left out by who belongs to one organisation only.
    organization_id: Option<Id>,
    /// Needed where the file does not say it: the office's shape does not.
    #[schema(example = "VP-UBND-2023")]
    code: Option<String>,
    /// Needed where the file does not say it.
    title: Option<String>,
    /// Needed where the file does not say it.
    #[schema(value_type = Option<i32>, example = 2023)]
    year: Option<String>,
    legal_basis: Option<String>,
}

impl ImportForm {
    fn given(self) -> Result<Overrides, Error> {
        let ImportForm { code, title, year, legal_basis, .. } = self;
        let number = |year: String| year.trim().parse().map_err(|_| json::invalid("", "wrong_type", Some("year")));
        Ok(Overrides { code, title, year: year.map(number).transpose()?, legal_basis })
    }
}

/// Reads a table from the bytes of a file, whatever kind it is.
///
/// # Errors
/// Those of the kind that it is.
pub fn read(bytes: &[u8], given: Overrides) -> Input<NewImport> {
    match Format::of(bytes) {
        Format::Json => {
            let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            let content = json::read::<Body>(text)?.content();
            let Overrides { code, title, year, legal_basis } = given;
            let content = CriteriaContent {
                code: code.unwrap_or(content.code),
                title: title.unwrap_or(content.title),
                year: year.unwrap_or(content.year),
                legal_basis: legal_basis.or(content.legal_basis),
                ..content
            };
            Ok(criteria_import::from_json(content))
        }
        Format::Csv | Format::Xlsx => criteria_import::from_spreadsheet(bytes, given),
    }
}

/// Whether an import is only tried.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ImportQuery {
    /// Only tell what would come of it.
    dry_run: Option<bool>,
}

/// Import a table of criteria from a file.
///
/// From a spreadsheet as offices have them (STT, nội dung, điểm; parts A and B, Roman sections, numbered items, a blank cell where
/// items share points), from one in the full shape with rules (`GET …/template.xlsx`), or from a JSON file of an export. It becomes a
/// draft. What cannot be read is refused, all of it at once, with `sheet`, `row` and `column`; what was guessed is told in `warnings`.
/// With `dry_run=true` nothing is added. A table in a JSON body goes to `POST /v1/criteria-sets`.
#[utoipa::path(post, path = "/v1/criteria-sets/import", params(ImportQuery),
    request_body(content = ImportForm, content_type = "multipart/form-data"),
    responses((status = 201, description = "Added as a draft.", body = ImportView), (status = 200, description = "A dry run.", body = ImportView)))]
async fn import(http: HttpRequest, payload: web::Payload) -> Reply {
    let (http, payload) = (&http, payload.into_inner());
    let mut call = Call::without_body(http)?;
    let ImportQuery { dry_run } = call.query();
    call.fetch(|_, context| criteria_import::may_import(context)).await?;
    let known = ["organization_id", "code", "title", "year", "legal_basis"];
    let form = upload::receive_whole(http, payload, transfer::MAX_BYTES, &known).await;
    let form = form.map_err(|error| call.problem(error))?;
    let call = call.with_form(&form.digest());
    let texts = form.read::<ImportForm>();
    let organization_id = texts.as_ref().ok().and_then(|texts| texts.organization_id);
    let given = texts.and_then(ImportForm::given);
    // Unpacking and reading is work for a thread of its own.
    let reading = web::block(move || given.and_then(|given| read(&form.file, given))).await;
    let input = reading.map_err(|error| call.problem(Error::internal(error)))?;
    imported(call, organization_id, input, dry_run.unwrap_or(false)).await
}

async fn imported(call: Call, organization_id: Option<Id>, input: Input<NewImport>, dry_run: bool) -> Reply {
    let language = Language::of(call.http().headers());
    call.write(move |conn, context| {
        let ImportReport { format, shape, content, findings, created: details } =
            criteria_import::import(conn, context, organization_id.as_ref(), &input, dry_run)?;
        let view = ImportView {
            dry_run,
            format,
            shape,
            criteria_set: details.as_ref().map(SetView::from),
            content: dry_run.then(|| content.into()),
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

/// How a spreadsheet is laid out.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ShapeQuery {
    /// `full` where it is left out: with the rules. `office` is the printed table.
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

/// Download a blank table to fill in, as a spreadsheet.
///
/// With a short example of everything that the shape has: `office` is the printed table, `full` has the rules.
#[utoipa::path(get, path = "/v1/criteria-sets/template.xlsx", params(ShapeQuery),
    responses((status = 200, description = "The file, as an attachment.", body = FileBytes, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))]
async fn template_xlsx(call: Call) -> Reply {
    template(call, Format::Xlsx).await
}

/// Download a blank table to fill in, as CSV.
///
/// With a short example of everything that the shape has: `office` is the printed table, `full` has the rules.
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

/// Download a table of criteria as JSON.
///
/// As the body of `POST /v1/criteria-sets`: what is exported is imported again as it was.
#[utoipa::path(get, path = "/v1/criteria-sets/{id}/export.json",
    responses((status = 200, description = "The file, as an attachment.", body = ContentView)))]
async fn export_json(call: Call) -> Reply {
    export(call, Format::Json, Shape::Full).await
}

/// Download a table of criteria as a spreadsheet.
///
/// In the full shape, what is exported is imported again as it was. The office's shape leaves out what the printed table has no column
/// for.
#[utoipa::path(get, path = "/v1/criteria-sets/{id}/export.xlsx", params(ShapeQuery),
    responses((status = 200, description = "The file, as an attachment.", body = FileBytes, content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))]
async fn export_xlsx(mut call: Call) -> Reply {
    let ShapeQuery { shape } = call.query();
    export(call, Format::Xlsx, shape.unwrap_or(Shape::Full)).await
}

/// Download a table of criteria as CSV.
///
/// In the full shape, what is exported is imported again as it was.
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
