//! Acts on tables of criteria.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::domain::Id;
use crate::domain::access::action::{Action, wrong_state};
use crate::domain::access::{self, Facts, Offers};
use crate::domain::criteria::criteria_set::{CriteriaContent, CriteriaSet, CriteriaSetStatus, EntryChange, Findings};
use crate::domain::journal::event::EventType;
use crate::domain::text::Check;
use crate::error::{Code, Error};
use crate::service::tag::Tag;
use crate::service::{Change, Context, EventDraft, Input, Interrupt, State, record};
use crate::store::criteria_sets::{Filter, Head};
use crate::store::page::Page;
use crate::store::{self, Conn};

/// A new table.
#[derive(Debug, Clone)]
pub struct NewCriteriaSet {
    /// Where; none for the caller's only organisation.
    pub organization_id: Option<Id>,
    /// What it says.
    pub content: CriteriaContent,
}

/// A table that begins as a copy.
#[derive(Debug, Clone)]
pub struct NewCopy {
    /// Its key.
    pub code: String,
    /// Its heading; none for that of the original.
    pub title: Option<String>,
    /// The year that it is for; none for that of the original.
    pub year: Option<i32>,
}

/// What differs between two tables.
pub struct Difference {
    /// The one compared with.
    pub before: CriteriaSet,
    /// The one asked about.
    pub after: CriteriaSet,
    /// What became of its parts, sections and criteria.
    pub changes: Vec<EntryChange>,
}

/// A table as its caller sees it.
pub struct Seen {
    /// The table.
    pub set: CriteriaSet,
    /// What the caller may do with it now.
    pub offers: Offers,
    /// Its tag.
    pub tag: Tag,
}

fn reading(status: CriteriaSetStatus) -> Action {
    match status {
        CriteriaSetStatus::Draft => Action::ReadCriteriaDraft,
        CriteriaSetStatus::Published | CriteriaSetStatus::Retired => Action::ReadOffice,
    }
}

fn may(set: &CriteriaSet, action: Action) -> Result<(), Error> {
    use CriteriaSetStatus::{Draft, Published};
    match (action, set.status) {
        (Action::CopyCriteriaSet, _)
        | (Action::RetireCriteriaSet, Published)
        | (Action::WriteCriteriaSet | Action::PublishCriteriaSet, Draft) => Ok(()),
        (Action::RetireCriteriaSet, status) => Err(wrong_state(status, &[Published])),
        (Action::WriteCriteriaSet, _) => Err(Error::new(Code::ResourceLocked)),
        (_, status) => Err(wrong_state(status, &[Draft])),
    }
}

/// A table as the caller sees it.
pub fn see(context: &Context, set: CriteriaSet) -> Seen {
    use Action::{CopyCriteriaSet, PublishCriteriaSet, RetireCriteriaSet, WriteCriteriaSet};
    let acts = [WriteCriteriaSet, PublishCriteriaSet, RetireCriteriaSet, CopyCriteriaSet];
    let offers = access::offers(&context.actor, &Facts::of(&set.organization_id), &acts, |action| {
        may(&set, action).map(|()| None)
    });
    let tag = Tag::of(&[(&set.id, set.version)], &offers);
    Seen { set, offers, tag }
}

fn find(conn: &mut Conn, context: &Context, id: &Id) -> Result<CriteriaSet, Error> {
    let set = store::criteria_sets::find(conn, id)?.ok_or(Code::NotFound)?;
    access::require(&context.actor, reading(set.status), &Facts::of(&set.organization_id))?;
    Ok(set)
}

/// One table.
pub fn get(conn: &mut Conn, context: &Context, id: &Id) -> Result<Seen, Interrupt> {
    let set = find(conn, context, id)?;
    context.accept_read()?;
    Ok(see(context, set))
}

/// The tables of an organisation; drafts only for who writes or checks them.
pub fn list(
    conn: &mut Conn,
    context: &Context,
    organization_id: Option<&Id>,
    mut filter: Filter,
    page: &Page,
) -> Result<Vec<Head>, Interrupt> {
    use CriteriaSetStatus::{Draft, Published, Retired};
    let organization_id = context.organization(organization_id)?;
    access::require_collection(&context.actor, Action::ReadOffice, &Facts::of(&organization_id))?;
    context.accept_read()?;
    if access::require(&context.actor, Action::ReadCriteriaDraft, &Facts::of(&organization_id)).is_err() {
        let mut statuses = filter.statuses.unwrap_or_else(|| vec![Published, Retired]);
        statuses.retain(|status| *status != Draft);
        filter.statuses = Some(statuses);
    }
    Ok(store::criteria_sets::list(conn, &organization_id, &filter, page)?)
}

pub fn change_of<'a>(set: &'a CriteriaSet, action: &'a str, before: Option<Value>, after: Option<Value>) -> Change<'a> {
    Change {
        organization_id: Some(&set.organization_id),
        action,
        subject_type: "criteria_set",
        subject_id: &set.id,
        before: before.map(State::from),
        after: after.map(State::from),
        news: None,
    }
}

/// What matters of a table, for the audit.
pub fn shown(content: &CriteriaContent) -> Value {
    json!({
        "code": content.code, "title": content.title, "year": content.year, "legal_basis": content.legal_basis,
        "total_points": content.total_points, "not_applicable": content.not_applicable, "parts": content.parts,
    })
}

fn cleaned(mut content: CriteriaContent) -> Result<CriteriaContent, Error> {
    let mut check = Check::default();
    content.clean(&mut check);
    Error::unless_valid(check.faults).map(|()| content)
}

/// A table that nobody has published yet.
pub fn draft(id: Id, now: DateTime<Utc>, organization_id: Id, table: CriteriaContent) -> CriteriaSet {
    CriteriaSet {
        id,
        organization_id,
        content: table,
        status: CriteriaSetStatus::Draft,
        published_at: None,
        retired_at: None,
        copied_from_id: None,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

/// Adds a draft. It need not be without errors yet.
pub fn create(conn: &mut Conn, context: &Context, input: &Input<NewCriteriaSet>) -> Result<Seen, Interrupt> {
    let given = input.as_ref().ok().and_then(|new| new.organization_id.as_ref());
    let organization_id = context.organization(given)?;
    access::require_collection(&context.actor, Action::WriteCriteriaSet, &Facts::of(&organization_id))?;
    let new = context.accept(input)?;
    let set = draft(context.new_id(), context.now, organization_id, cleaned(new.content.clone())?);
    store::criteria_sets::insert(conn, &set)?;
    record(conn, context, change_of(&set, "criteria_set.create", None, Some(shown(&set.content))))?;
    Ok(see(context, set))
}

/// Begins the next table with what this one says.
pub fn copy(conn: &mut Conn, context: &Context, id: &Id, input: &Input<NewCopy>) -> Result<Seen, Interrupt> {
    let of = find(conn, context, id)?;
    access::require(&context.actor, Action::CopyCriteriaSet, &Facts::of(&of.organization_id))?;
    let NewCopy { code, title, year } = context.accept(input)?.clone();
    let CriteriaSet { organization_id, content: table, .. } = of;
    let (title, year) = (title.unwrap_or(table.title), year.unwrap_or(table.year));
    let table = cleaned(CriteriaContent { code, title, year, ..table })?;
    let set = CriteriaSet { copied_from_id: Some(*id), ..draft(context.new_id(), context.now, organization_id, table) };
    store::criteria_sets::insert(conn, &set)?;
    let after = json!({"code": set.content.code, "year": set.content.year, "copied_from_id": id});
    record(conn, context, change_of(&set, "criteria_set.copy", None, Some(after)))?;
    Ok(see(context, set))
}

/// What a table says otherwise than another of the same organisation: than the one it was copied from, unless
/// another is named.
pub fn diff(conn: &mut Conn, context: &Context, id: &Id, against: Option<&Id>) -> Result<Difference, Interrupt> {
    let after = find(conn, context, id)?;
    context.accept_read()?;
    let against = against
        .or(after.copied_from_id.as_ref())
        .ok_or_else(|| Error::new(Code::InvalidParameter).with("name", "against"))?;
    let before = find(conn, context, against)?;
    if before.organization_id != after.organization_id {
        return Err(Code::NotFound.into());
    }
    let changes = CriteriaContent::changes(&before.content, &after.content);
    Ok(Difference { before, after, changes })
}

/// The way into every change of a table.
fn enter<'i, T>(
    conn: &mut Conn,
    context: &Context,
    id: &Id,
    action: Action,
    input: &'i Input<T>,
) -> Result<(CriteriaSet, &'i T), Interrupt> {
    let set = find(conn, context, id)?;
    access::require(&context.actor, action, &Facts::of(&set.organization_id))?;
    let command = context.accept(input)?;
    context.check_precondition(&see(context, set.clone()).tag.state)?;
    may(&set, action)?;
    Ok((set, command))
}

/// Replaces the whole of a draft.
pub fn replace(conn: &mut Conn, context: &Context, id: &Id, input: &Input<NewCriteriaSet>) -> Result<Seen, Interrupt> {
    let (set, new) = enter(conn, context, id, Action::WriteCriteriaSet, input)?;
    let before = shown(&set.content);
    let changed = CriteriaSet { content: cleaned(new.content.clone())?, updated_at: context.now, ..set };
    let set = store::criteria_sets::update(conn, changed)?;
    record(conn, context, change_of(&set, "criteria_set.replace", Some(before), Some(shown(&set.content))))?;
    Ok(see(context, set))
}

/// What must be mended, and what should be looked at.
pub fn validation(conn: &mut Conn, context: &Context, id: &Id) -> Result<Findings, Interrupt> {
    let set = find(conn, context, id)?;
    context.accept_read()?;
    Ok(set.content.findings())
}

/// Puts a draft without errors in force.
pub fn publish(conn: &mut Conn, context: &Context, id: &Id) -> Result<Seen, Interrupt> {
    let (set, ()) = enter(conn, context, id, Action::PublishCriteriaSet, &Ok(()))?;
    let errors = set.content.findings().errors;
    if !errors.is_empty() {
        return Err(Error::of_faults(Code::ValidationFailed, errors).into());
    }
    let changed = CriteriaSet {
        status: CriteriaSetStatus::Published,
        published_at: Some(context.now),
        updated_at: context.now,
        ..set
    };
    moved(conn, context, changed, ("criteria_set.publish", EventType::CriteriaSetPublished))
}

/// Keeps a table from new periods.
pub fn retire(conn: &mut Conn, context: &Context, id: &Id) -> Result<Seen, Interrupt> {
    let (set, ()) = enter(conn, context, id, Action::RetireCriteriaSet, &Ok(()))?;
    let changed = CriteriaSet {
        status: CriteriaSetStatus::Retired,
        retired_at: Some(context.now),
        updated_at: context.now,
        ..set
    };
    moved(conn, context, changed, ("criteria_set.retire", EventType::CriteriaSetRetired))
}

fn moved(
    conn: &mut Conn,
    context: &Context,
    changed: CriteriaSet,
    (action, kind): (&str, EventType),
) -> Result<Seen, Interrupt> {
    let set = store::criteria_sets::update(conn, changed)?;
    let data = json!({"status": set.status, "code": set.content.code});
    let news = EventDraft { kind, period_id: None, unit_id: None, data };
    let change = change_of(&set, action, None, Some(json!({"status": set.status})));
    record(conn, context, change.publishing(news))?;
    Ok(see(context, set))
}
