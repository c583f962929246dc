//! The import of a table of criteria.

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::access::{self, Facts};
use crate::domain::criteria::criteria_set::{CriteriaContent, CriteriaSet, Findings};
use crate::domain::criteria::spreadsheet::{Heading, Shape, Table};
use crate::domain::text::Check;
use crate::error::{Code, Error};
use crate::service::criteria::criteria_sets;
use crate::service::criteria::transfer::{self, Format};
use crate::service::{App, AuditDraft, Author, Context, Details, Input, Interrupt, Subject, record_as};
use crate::store::{self, Conn};

/// What is said of a table beside its file, in place of what the file says.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// Its key.
    pub code: Option<String>,
    /// Its heading.
    pub title: Option<String>,
    /// The year that it is for.
    pub year: Option<i32>,
    /// The paper that sets it.
    pub legal_basis: Option<String>,
}

/// A table that was read and is to be added.
#[derive(Debug, Clone)]
pub struct NewImport {
    content: CriteriaContent,
    format: Format,
    sheet: Option<Table>,
}

/// What became of an import.
pub struct ImportReport {
    /// What kind of file it was.
    pub format: Format,
    /// How the table lay on its sheet; none where there was no sheet.
    pub shape: Option<Shape>,
    /// What was read.
    pub content: CriteriaContent,
    /// What must be mended before it can be published, and what should be looked at: what was guessed first.
    pub findings: Findings,
    /// The draft; none where nothing was to be added.
    pub created: Option<Details<CriteriaSet>>,
}

/// Reads a spreadsheet.
///
/// # Errors
/// Those of [`transfer::read`]; `required` for what neither the file nor the caller says.
pub fn from_spreadsheet(bytes: &[u8], overrides: Overrides) -> Result<NewImport, Error> {
    let (format, table) = transfer::read(bytes)?;
    let Heading { code, title, year, legal_basis, not_applicable } = table.heading.clone();
    let (code, title, year) = (overrides.code.or(code), overrides.title.or(title), overrides.year.or(year));
    let mut check = Check::default();
    check.ensure(code.is_some(), "/code", Code::Required);
    check.ensure(title.is_some(), "/title", Code::Required);
    check.ensure(year.is_some(), "/year", Code::Required);
    Error::unless_valid(check.faults)?;
    let content = CriteriaContent {
        code: code.unwrap_or_default(),
        title: title.unwrap_or_default(),
        year: year.unwrap_or_default(),
        legal_basis: overrides.legal_basis.or(legal_basis),
        total_points: table.total_points,
        not_applicable,
        parts: table.parts.clone(),
    };
    Ok(NewImport { content, format, sheet: Some(table) })
}

/// The same for a table that came as the service itself writes it.
pub fn from_json(content: CriteriaContent) -> NewImport {
    NewImport { content, format: Format::Json, sheet: None }
}

impl NewImport {
    /// The table in its stored form.
    ///
    /// # Errors
    /// Every text and figure that is none, with its row.
    fn normalized(&self) -> Result<CriteriaContent, Error> {
        let (mut content, mut check) = (self.content.clone(), Check::default());
        content.clean(&mut check);
        let faults = match &self.sheet {
            Some(sheet) => sheet.placed(check.faults),
            None => check.faults,
        };
        Error::unless_valid(faults).map(|()| content)
    }

    /// The table in its stored form, with what there is to say of it.
    fn examine(&self, conn: &mut Conn, organization_id: &Id) -> Result<ImportReport, Error> {
        let content = self.normalized()?;
        if store::criteria_sets::has_code(conn, organization_id, &content.code)? {
            return Err(Error::new(Code::AlreadyExists));
        }
        let (findings, shape) = (self.findings(&content), self.sheet.as_ref().map(|sheet| sheet.shape));
        Ok(ImportReport { format: self.format, shape, content, findings, created: None })
    }

    /// What there is to say of a table, with its rows.
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

/// Whether the caller may import at all, asked before a file is received.
pub fn may_import(context: &Context) -> Result<(), Interrupt> {
    let organizations = context.actor.organization_ids();
    let may = |id: &Id| access::require_collection(&context.actor, Action::WriteCriteriaSet, &Facts::of(id));
    match organizations.as_slice() {
        [only] => may(only)?,
        several if several.iter().any(|id| may(id).is_ok()) => {}
        _ => return Err(Code::RoleRequired.into()),
    }
    Ok(context.accept_read()?)
}

/// Adds a table as a draft, or only tells what would come of it.
pub fn import(
    conn: &mut Conn,
    context: &Context,
    organization_id: Option<&Id>,
    input: &Input<NewImport>,
    dry_run: bool,
) -> Result<ImportReport, Interrupt> {
    let organization_id = context.organization(organization_id)?;
    access::require_collection(&context.actor, Action::WriteCriteriaSet, &Facts::of(&organization_id))?;
    let new = context.accept(input)?;
    let imported = new.examine(conn, &organization_id)?;
    if dry_run {
        return Ok(imported);
    }
    let set = criteria_sets::draft(context.new_id(), context.now, organization_id, imported.content.clone());
    store::criteria_sets::insert(conn, &set)?;
    context.record_created(conn, "criteria_set.import", &set, None)?;
    Ok(ImportReport { created: Some(context.details(conn, set)?), ..imported })
}

/// The same from the command line, where the right is that to the machine.
///
/// # Errors
/// `not_found` for an organisation that is not there, `organization_required` where it is not clear which, and those
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
        None => store::organizations::only(conn)?.ok_or(Code::OrganizationRequired)?.id,
    };
    let imported = new.examine(conn, &organization_id)?;
    if !dry_run {
        let now = app.clock.now();
        let set = criteria_sets::draft(app.ids.next(), now, organization_id, imported.content.clone());
        store::criteria_sets::insert(conn, &set)?;
        let author = Author { issuer: "system", subject: "command-line", request_id: "import-criteria" };
        let draft = AuditDraft::of("criteria_set.import", &set, None, Some(set.audit()));
        record_as(conn, app, now, &author, draft)?;
    }
    Ok(imported)
}
