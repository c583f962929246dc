//! Acts on criteria sets.

use serde_json::{Value, json};

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::access::{self, Facts};
use crate::domain::change::{Change, Gate};
use crate::domain::criteria::criteria_set::{CriteriaContent, CriteriaSet, CriteriaSetStatus, EntryChange};
use crate::domain::criteria::findings::Findings;
use crate::domain::criteria::life;
use crate::domain::journal::event::EventType;
use crate::domain::text::checked;
use crate::error::{Code, Error};
use crate::service::subject::fields;
use crate::service::{Context, Details, EventDraft, Identity, Input, Result, Subject};
pub use crate::store::criteria_sets::{CriteriaSetListItem, Filter};
use crate::store::page::Page;
use crate::store::{self, Conn};

/// A new criteria set.
#[derive(Debug, Clone)]
pub struct NewCriteriaSet {
    /// The organisation; none for the caller's only one.
    pub organization_id: Option<Id>,
    /// Its content.
    pub content: CriteriaContent,
}

/// A copy of a criteria set.
#[derive(Debug, Clone)]
pub struct NewCopy {
    /// Code, unique within its scope.
    pub code: String,
    /// Title; none for that of the original.
    pub title: Option<String>,
    /// Year; none for that of the original.
    pub year: Option<i32>,
}

/// The differences between two criteria sets.
pub struct Difference {
    /// The set compared with.
    pub before: CriteriaSet,
    /// The requested set.
    pub after: CriteriaSet,
    /// Changes of parts, sections and criteria.
    pub changes: Vec<EntryChange>,
}

impl Subject for CriteriaSet {
    type Visible = ();
    const TYPE: &'static str = "criteria_set";

    fn identity(&self) -> Identity {
        Identity { id: self.id, organization_id: Some(self.organization_id), version: self.version }
    }

    fn actions(&self) -> &'static [Action] {
        &life::ACTIONS
    }

    fn read_action(&self) -> Action {
        match self.status {
            CriteriaSetStatus::Draft => Action::ReadCriteriaDraft,
            CriteriaSetStatus::Published | CriteriaSetStatus::Retired => Action::ReadOffice,
        }
    }

    fn find(conn: &mut Conn, _context: &Context, id: &Id) -> Result<Self> {
        Ok(store::criteria_sets::find(conn, id)?.ok_or(Code::NotFound)?)
    }

    fn may(&self, _context: &Context, action: Action) -> Gate {
        self.may(action).map(|()| None)
    }

    fn audit(&self) -> Value {
        fields(&self.content, json!({"status": self.status, "copied_from_id": self.copied_from_id}))
    }

    fn save(self, conn: &mut Conn) -> Result<Self, Error> {
        store::criteria_sets::update(conn, self)
    }

    fn event(&self, kind: EventType) -> EventDraft {
        let data = json!({"status": self.status, "code": self.content.code});
        EventDraft { kind, period_id: None, unit_id: None, data }
    }
}

/// Lists the criteria sets of an organisation; drafts only for callers who may read them.
pub fn list(
    conn: &mut Conn,
    context: &Context,
    organization_id: Option<&Id>,
    mut filter: Filter,
    page: &Page,
) -> Result<Vec<CriteriaSetListItem>> {
    use CriteriaSetStatus::{Draft, Published, Retired};
    let organization_id = context.enter_list(organization_id, Action::ReadOffice)?;
    if access::require(&context.actor, Action::ReadCriteriaDraft, &Facts::of(&organization_id)).is_err() {
        let mut statuses = filter.statuses.unwrap_or_else(|| vec![Published, Retired]);
        statuses.retain(|status| *status != Draft);
        filter.statuses = Some(statuses);
    }
    Ok(store::criteria_sets::list(conn, &organization_id, &filter, page)?)
}

fn normalized(mut content: CriteriaContent) -> Result<CriteriaContent, Error> {
    checked(|check| content.clean(check)).map(|()| content)
}

/// Creates a draft, which may still contain errors.
pub fn create(conn: &mut Conn, context: &Context, input: &Input<NewCriteriaSet>) -> Result<Details<CriteriaSet>> {
    let (organization_id, new) =
        context.enter_collection(input, |new| new.organization_id, Action::WriteCriteriaSet)?;
    let cleaned = normalized(new.content.clone())?;
    let set = CriteriaSet::draft(context.new_id(), organization_id, cleaned, context.now);
    store::criteria_sets::insert(conn, &set)?;
    context.record_created(conn, "criteria_set.create", &set, None)?;
    Ok(context.details(conn, set)?)
}

/// Creates a draft as a copy of this set.
pub fn copy(conn: &mut Conn, context: &Context, id: &Id, input: &Input<NewCopy>) -> Result<Details<CriteriaSet>> {
    let (original, copy): (CriteriaSet, _) = context.enter_to_add(conn, id, Action::CopyCriteriaSet, input)?;
    let NewCopy { code, title, year } = copy.clone();
    let CriteriaSet { organization_id, content, .. } = original;
    let (title, year) = (title.unwrap_or(content.title), year.unwrap_or(content.year));
    let next = normalized(CriteriaContent { code, title, year, ..content })?;
    let draft = CriteriaSet::draft(context.new_id(), organization_id, next, context.now);
    let set = CriteriaSet { copied_from_id: Some(*id), ..draft };
    store::criteria_sets::insert(conn, &set)?;
    context.record_created(conn, "criteria_set.copy", &set, None)?;
    Ok(context.details(conn, set)?)
}

/// Compares a set with another of the same organisation; by default with the one it was copied from.
pub fn diff(conn: &mut Conn, context: &Context, id: &Id, against: Option<&Id>) -> Result<Difference> {
    let after: CriteriaSet = context.find(conn, id)?;
    context.accept_read()?;
    let against = against
        .or(after.copied_from_id.as_ref())
        .ok_or_else(|| Error::new(Code::InvalidParameter).with("name", "against"))?;
    let before: CriteriaSet = context.find(conn, against)?;
    if before.organization_id != after.organization_id {
        return Err(Code::NotFound.into());
    }
    let changes = CriteriaContent::changes(&before.content, &after.content);
    Ok(Difference { before, after, changes })
}

/// Replaces the content of a draft.
pub fn replace(
    conn: &mut Conn,
    context: &Context,
    id: &Id,
    input: &Input<NewCriteriaSet>,
) -> Result<Details<CriteriaSet>> {
    let (before, new): (CriteriaSet, _) = context.enter(conn, id, Action::WriteCriteriaSet, input)?;
    let replaced = CriteriaSet { content: normalized(new.content.clone())?, updated_at: context.now, ..before.clone() };
    context.commit(conn, "criteria_set.replace", &before, Change::silent(replaced))
}

/// Returns errors that prevent publication, and warnings.
pub fn validation(conn: &mut Conn, context: &Context, id: &Id) -> Result<Findings> {
    let set: CriteriaSet = context.find(conn, id)?;
    context.accept_read()?;
    Ok(set.content.findings())
}

/// Publishes a draft without errors.
pub fn publish(conn: &mut Conn, context: &Context, id: &Id) -> Result<Details<CriteriaSet>> {
    let (set, ()): (CriteriaSet, _) = context.enter(conn, id, Action::PublishCriteriaSet, &Ok(()))?;
    context.commit(conn, "criteria_set.publish", &set, set.publish(context.now)?)
}

/// Retires a set: new periods cannot use it.
pub fn retire(conn: &mut Conn, context: &Context, id: &Id) -> Result<Details<CriteriaSet>> {
    let (set, ()): (CriteriaSet, _) = context.enter(conn, id, Action::RetireCriteriaSet, &Ok(()))?;
    context.commit(conn, "criteria_set.retire", &set, set.retire(context.now))
}
