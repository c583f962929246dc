//! Import of criteria tables.

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::access::{self, Facts};
use crate::domain::criteria::criteria_set::{CriteriaContent, CriteriaSet};
use crate::domain::criteria::findings::Findings;
use crate::domain::criteria::spreadsheet::{Heading, Reading, Shape, Skipped, Table};
use crate::domain::text::{Check, checked};
use crate::error::{Code, Error};
use crate::service::criteria::transfer::{self, Format};
use crate::service::{App, AuditDraft, Author, Context, Details, Input, Result, Subject, record_as};
use crate::store::{self, Conn};

/// Heading fields given by the caller; they take precedence over those in the file.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// Code, unique within its scope.
    pub code: Option<String>,
    /// Title.
    pub title: Option<String>,
    /// Year that the table applies to.
    pub year: Option<i32>,
    /// Legal document that establishes it.
    pub legal_basis: Option<String>,
    /// How the table is to be read, where it does not say so itself.
    pub reading: Reading,
}

/// A parsed table, ready for import.
#[derive(Debug, Clone)]
pub struct NewImport {
    content: CriteriaContent,
    format: Format,
    sheet: Option<Table>,
}

/// The outcome of an import.
pub struct ImportReport {
    /// Format of the file.
    pub format: Format,
    /// Layout of the spreadsheet; none for JSON.
    pub shape: Option<Shape>,
    /// The parsed content.
    pub content: CriteriaContent,
    /// What of the file is no part of the content, each with its reason.
    pub skipped: Vec<Skipped>,
    /// Errors to correct before publication, and warnings; guesses come first.
    pub findings: Findings,
    /// The created draft; none in a dry run.
    pub created: Option<Details<CriteriaSet>>,
}

/// Reads a table from a spreadsheet.
///
/// # Errors
/// The errors of [`transfer::read`]; `required` for fields that neither the file nor the caller gives.
pub fn from_spreadsheet(bytes: &[u8], overrides: Overrides) -> Result<NewImport, Error> {
    let (format, table) = transfer::read(bytes, &overrides.reading)?;
    let Heading { code, title, year, legal_basis, not_applicable, minimum_total } = table.heading.clone();
    let (code, title, year) = (overrides.code.or(code), overrides.title.or(title), overrides.year.or(year));
    checked(|check| {
        check.ensure(code.is_some(), "/code", Code::Required);
        check.ensure(title.is_some(), "/title", Code::Required);
        check.ensure(year.is_some(), "/year", Code::Required);
    })?;
    let content = CriteriaContent {
        code: code.unwrap_or_default(),
        title: title.unwrap_or_default(),
        year: year.unwrap_or_default(),
        legal_basis: overrides.legal_basis.or(legal_basis),
        total_points: table.total_points,
        minimum_total,
        not_applicable,
        limits: table.limits.clone(),
        parts: table.parts.clone(),
    };
    Ok(NewImport { content, format, sheet: Some(table) })
}

/// Wraps a table that came as JSON.
pub fn from_json(content: CriteriaContent) -> NewImport {
    NewImport { content, format: Format::Json, sheet: None }
}

impl NewImport {
    /// Returns the table in normalised form.
    ///
    /// # Errors
    /// Invalid texts and numbers, with their rows.
    fn normalized(&self) -> Result<CriteriaContent, Error> {
        let (mut content, mut check) = (self.content.clone(), Check::default());
        content.clean(&mut check);
        let faults = match &self.sheet {
            Some(sheet) => sheet.placed(check.faults),
            None => check.faults,
        };
        Error::unless_valid(faults).map(|()| content)
    }

    /// Normalises the table and reports the findings on it.
    fn examine(&self, conn: &mut Conn, organization_id: &Id) -> Result<ImportReport, Error> {
        let content = self.normalized()?;
        if store::criteria_sets::has_code(conn, organization_id, &content.code)? {
            return Err(Error::new(Code::AlreadyExists));
        }
        let (findings, shape) = (self.findings(&content), self.sheet.as_ref().map(|sheet| sheet.shape));
        let skipped = self.sheet.as_ref().map(|sheet| sheet.skipped.clone()).unwrap_or_default();
        Ok(ImportReport { format: self.format, shape, content, skipped, findings, created: None })
    }

    /// The findings on a table, with their rows.
    fn findings(&self, content: &CriteriaContent) -> Findings {
        let found = content.findings();
        let Some(sheet) = &self.sheet else {
            return found;
        };
        let mut warnings = sheet.warnings.clone();
        warnings.extend(sheet.placed(found.warnings));
        Findings { errors: sheet.placed(found.errors), warnings }
    }
}

/// Checks before an upload whether the caller may import.
pub fn may_import(context: &Context) -> Result<()> {
    let organizations = context.actor.organization_ids();
    let may = |id: &Id| access::require_collection(&context.actor, Action::WriteCriteriaSet, &Facts::of(id));
    match organizations.as_slice() {
        [only] => may(only)?,
        several if several.iter().any(|id| may(id).is_ok()) => {}
        _ => return Err(Code::RoleRequired.into()),
    }
    Ok(context.accept_read()?)
}

/// Imports a table as a draft, or in a dry run only reports the findings.
pub fn import(
    conn: &mut Conn,
    context: &Context,
    organization_id: Option<&Id>,
    input: &Input<NewImport>,
    dry_run: bool,
) -> Result<ImportReport> {
    let organization_id = context.organization_for(organization_id, Action::WriteCriteriaSet)?;
    let new = context.accept(input)?;
    let imported = new.examine(conn, &organization_id)?;
    if dry_run {
        return Ok(imported);
    }
    let set = CriteriaSet::draft(context.new_id(), organization_id, imported.content.clone(), context.now);
    store::criteria_sets::insert(conn, &set)?;
    context.record_created(conn, "criteria_set.import", &set, None)?;
    Ok(ImportReport { created: Some(context.details(conn, set)?), ..imported })
}

/// Imports a table from the command line, without a caller: access to the machine is the authorisation.
///
/// # Errors
/// `not_found` for an unknown organisation, `organization_required` where several exist and none is named, and the errors
/// of the table.
pub fn import_from_cli(
    conn: &mut Conn,
    app: &App,
    organization: Option<&str>,
    new: &NewImport,
    dry_run: bool,
) -> Result<ImportReport, Error> {
    let organization_id = match organization {
        Some(code) => store::organizations::find_by_code(conn, code)?.ok_or(Code::NotFound)?.id,
        None => store::organizations::sole(conn)?.ok_or(Code::OrganizationRequired)?.id,
    };
    let imported = new.examine(conn, &organization_id)?;
    if !dry_run {
        let now = app.clock.now();
        let set = CriteriaSet::draft(app.ids.next(), organization_id, imported.content.clone(), now);
        store::criteria_sets::insert(conn, &set)?;
        let author = Author::system("command-line", "import-criteria");
        let draft = AuditDraft::of("criteria_set.import", &set, None, Some(set.audit()));
        record_as(conn, app, now, &author, draft)?;
    }
    Ok(imported)
}
