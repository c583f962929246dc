//! The common path of every change.
//!
//! A [`Subject`] describes a record with a life cycle. [`Context::enter`] loads, locks and authorises it for an act,
//! [`Context::commit`] saves the result of the domain's transition with its audit entry and event, and
//! [`Context::details`] builds the caller's view of it.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::context::{Context, Input};
use super::interrupt::Result;
use super::journal::recording::{AuditDraft, AuditState, Entries, EventDraft, record, record_all};
use super::tag::Tag;
use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::access::{self, Facts, Offers};
use crate::domain::change::{Change, Gate};
use crate::domain::journal::event::EventType;
use crate::error::{Code, Error};
use crate::store::Conn;

/// What identifies a record and its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// Id of the record.
    pub id: Id,
    /// The organisation that owns it; none for records of the whole installation.
    pub organization_id: Option<Id>,
    /// Counts the changes of the record.
    pub version: i64,
}

impl Identity {
    /// The record as a part of a tag.
    pub fn part(&self) -> (Id, i64) {
        (self.id, self.version)
    }
}

/// A record with a life cycle: read, changed and audited by the same path.
pub trait Subject: Sized {
    /// Related data that the caller's view contains besides the record itself.
    type Visible: Related<Self>;
    /// Type name in audit entries and events.
    const TYPE: &'static str;

    /// Its id, its organisation and its version.
    fn identity(&self) -> Identity;

    /// Actions offered on it, in order of presentation.
    fn actions(&self) -> &'static [Action] {
        &[]
    }

    /// Facts that authorisation depends on.
    fn facts(&self) -> Facts<'_> {
        Facts::of(&self.identity().organization_id.unwrap_or(Id::NIL))
    }

    /// The action that reading it in its present state requires.
    fn read_action(&self) -> Action;

    /// Loads it without authorisation.
    ///
    /// # Errors
    /// `not_found`; `Interrupt::PendingLapse` where a gate has closed but the lapse is not stored yet.
    fn find(conn: &mut Conn, context: &Context, id: &Id) -> Result<Self>;

    /// Locks and loads it for an act. Its dependencies are locked first, in the order that every act uses, to avoid deadlocks.
    /// Records guarded by their version alone need no lock.
    ///
    /// # Errors
    /// `not_found`.
    fn lock(conn: &mut Conn, context: &Context, id: &Id) -> Result<Self> {
        Self::find(conn, context, id)
    }

    /// Whether state and clock permit an action, and until when.
    ///
    /// # Errors
    /// `invalid_state`, `deadline_passed` and the like.
    fn may(&self, _context: &Context, _action: Action) -> Gate {
        Ok(None)
    }

    /// Authorises an action on it. A record that the caller may not read is reported as missing.
    ///
    /// # Errors
    /// `not_found` and the errors of [`access::decide`].
    fn authorize(&self, context: &Context, action: Action) -> Result<(), Error> {
        context.require_readable(self, action)
    }

    /// The fields that audit entries keep: a JSON object.
    fn audit(&self) -> Value;

    /// Updates the row if its version is unchanged, and returns the stored record.
    ///
    /// # Errors
    /// `version_mismatch`.
    fn save(self, conn: &mut Conn) -> Result<Self, Error>;

    /// The event that subscribers receive when `kind` happens to it.
    fn event(&self, kind: EventType) -> EventDraft {
        EventDraft { kind, period_id: None, unit_id: None, data: Value::Object(Map::new()) }
    }
}

/// Related data that the caller's view of a record contains besides the record itself.
pub trait Related<S: Subject>: Sized {
    /// Loads what the caller may see.
    ///
    /// # Errors
    /// `busy` or `internal` when the database fails.
    fn load(record: &S, conn: &mut Conn, context: &Context) -> Result<Self, Error>;

    /// Ids and versions of the parts that the caller may see; they make up the state of the tag.
    fn parts(&self, record: &S) -> Vec<(Id, i64)> {
        vec![record.identity().part()]
    }

    /// Same as [`Self::parts`], for callers that need nothing else of the view.
    ///
    /// # Errors
    /// `busy` or `internal` when the database fails.
    fn load_parts(record: &S, conn: &mut Conn, context: &Context) -> Result<Vec<(Id, i64)>, Error> {
        Ok(Self::load(record, conn, context)?.parts(record))
    }

    /// A digest of whatever the clock alone changes in the view; it enters the phase of the tag.
    fn phase(&self, _record: &S) -> Option<String> {
        None
    }
}

/// Nothing: the record itself is the whole view.
impl<S: Subject> Related<S> for () {
    fn load(_record: &S, _conn: &mut Conn, _context: &Context) -> Result<(), Error> {
        Ok(())
    }
}

/// A record as the caller sees it.
pub struct Details<S: Subject> {
    /// The record.
    pub value: S,
    /// Related data that the caller may see.
    pub visible: S::Visible,
    /// Actions open to the caller now, and blocked ones with the reason.
    pub offers: Offers,
    /// The tag for `ETag`.
    pub tag: Tag,
}

impl Context<'_> {
    /// Authorises an action on a record by its facts. A record that the caller may not read is reported as missing.
    ///
    /// # Errors
    /// `not_found` and the errors of [`access::decide`].
    pub fn require_readable<S: Subject>(&self, value: &S, action: Action) -> Result<(), Error> {
        let facts = value.facts();
        match access::require(&self.actor, value.read_action(), &facts) {
            // A token without the `read` scope may still act.
            Err(error) if error.code != Code::ScopeRequired || action == value.read_action() => Err(error),
            read => access::require(&self.actor, action, &facts).map_err(|error| {
                // Who reads it knows that it is there.
                if read.is_ok() && error.code == Code::NotFound { Error::new(Code::RoleRequired) } else { error }
            }),
        }
    }

    /// Loads a record that the caller may read.
    ///
    /// # Errors
    /// `not_found` and the errors of authorisation.
    pub fn find<S: Subject>(&self, conn: &mut Conn, id: &Id) -> Result<S> {
        let value = S::find(conn, self, id)?;
        value.authorize(self, value.read_action())?;
        Ok(value)
    }

    /// Loads a record as the caller sees it.
    ///
    /// # Errors
    /// The errors of [`Self::find`] and [`Self::accept_read`].
    pub fn get<S: Subject>(&self, conn: &mut Conn, id: &Id) -> Result<Details<S>> {
        let value = self.find(conn, id)?;
        self.accept_read()?;
        Ok(self.details(conn, value)?)
    }

    /// Builds the caller's view of a record.
    ///
    /// # Errors
    /// `busy` or `internal` when the database fails.
    pub fn details<S: Subject>(&self, conn: &mut Conn, value: S) -> Result<Details<S>, Error> {
        let visible = S::Visible::load(&value, conn, self)?;
        Ok(self.details_with(value, visible))
    }

    /// Builds the caller's view of a record from related data that are loaded already.
    pub fn details_with<S: Subject>(&self, value: S, visible: S::Visible) -> Details<S> {
        let offers = self.offers(&value);
        let tag = Tag::of(&visible.parts(&value), &offers);
        let tag = match visible.phase(&value) {
            Some(phase) => tag.in_phase(&phase),
            None => tag,
        };
        Details { value, visible, offers, tag }
    }

    fn offers<S: Subject>(&self, value: &S) -> Offers {
        access::offers(&self.actor, &value.facts(), value.actions(), |action| value.may(self, action))
    }

    /// Opens a record for an act that replaces or moves on the state that the caller saw. Checks in this order: lock,
    /// authorisation, headers and body, replay, `If-Match`, state and clock.
    ///
    /// # Errors
    /// `not_found`, the errors of authorisation and of the body, `precondition_required`, `version_mismatch`, `invalid_state`,
    /// `deadline_passed`; `Interrupt::Replayed`.
    pub fn enter<'i, S: Subject, T>(
        &self,
        conn: &mut Conn,
        id: &Id,
        action: Action,
        input: &'i Input<T>,
    ) -> Result<(S, &'i T)> {
        let value = S::lock(conn, self, id)?;
        value.authorize(self, action)?;
        let command = self.accept(input)?;
        self.check_state(conn, &value)?;
        value.may(self, action)?;
        Ok((value, command))
    }

    /// Opens a record for an act that only adds to it: like [`Self::enter`], but without `If-Match`.
    ///
    /// # Errors
    /// The errors of [`Self::enter`] except those of `If-Match`.
    pub fn enter_to_add<'i, S: Subject, T>(
        &self,
        conn: &mut Conn,
        id: &Id,
        action: Action,
        input: &'i Input<T>,
    ) -> Result<(S, &'i T)> {
        let value = S::lock(conn, self, id)?;
        value.authorize(self, action)?;
        let command = self.accept(input)?;
        value.may(self, action)?;
        Ok((value, command))
    }

    /// Rejects a change whose `If-Match` does not name the record's state as this caller sees it.
    ///
    /// # Errors
    /// `precondition_required`, `version_mismatch`.
    pub fn check_state<S: Subject>(&self, conn: &mut Conn, value: &S) -> Result<(), Error> {
        let parts = S::Visible::load_parts(value, conn, self)?;
        self.check_precondition(&Tag::state_of(&parts))
    }

    /// Authorises the creation of a record in the organisation that the body names, or the caller's only one.
    ///
    /// # Errors
    /// `organization_required`, `role_required`, `not_found`, the errors of the body; `Interrupt::Replayed`.
    pub fn enter_collection<'i, T>(
        &self,
        input: &'i Input<T>,
        organization_of: impl Fn(&T) -> Option<Id>,
        action: Action,
    ) -> Result<(Id, &'i T)> {
        let named = input.as_ref().ok().and_then(organization_of);
        Ok((self.organization_for(named.as_ref(), action)?, self.accept(input)?))
    }

    /// Authorises a listing and returns the organisation to list.
    ///
    /// # Errors
    /// `organization_required`, `role_required`, `not_found`, `not_acceptable`.
    pub fn enter_list(&self, organization_id: Option<&Id>, action: Action) -> Result<Id> {
        let organization_id = self.organization_for(organization_id, action)?;
        self.accept_read()?;
        Ok(organization_id)
    }

    /// Authorises an action in the organisation named, or the caller's only one, and returns it.
    ///
    /// # Errors
    /// `organization_required`, `role_required`, `not_found`.
    pub fn organization_for(&self, named: Option<&Id>, action: Action) -> Result<Id, Error> {
        let organization_id = self.organization(named)?;
        access::require_collection(&self.actor, action, &Facts::of(&organization_id))?;
        Ok(organization_id)
    }

    /// Returns a body that names the record to authorise against. If the body cannot be parsed, its error is shown only to
    /// callers with a role for one of `actions`.
    ///
    /// # Errors
    /// `role_required` and the errors of the body.
    pub fn parsed<'i, T>(&self, input: &'i Input<T>, actions: &[Action]) -> Result<&'i T> {
        if let Ok(command) = input {
            return Ok(command);
        }
        let organization_id = self.organization(None)?;
        let has_role = |action: &Action| access::require_role(&self.actor, *action, &organization_id).is_ok();
        if !actions.iter().any(has_role) {
            return Err(Code::RoleRequired.into());
        }
        self.accept(input)
    }

    /// Saves a transition with its audit entry and event, and returns the caller's view of the result.
    ///
    /// # Errors
    /// `version_mismatch`; `busy` or `internal` when the database fails.
    pub fn commit<S: Subject>(&self, conn: &mut Conn, act: &str, before: &S, change: Change<S>) -> Result<Details<S>> {
        let after = self.save(conn, act, before, change)?;
        Ok(self.details(conn, after)?)
    }

    /// Saves a transition like [`Self::commit`], and records with it what else the act has changed.
    ///
    /// # Errors
    /// `version_mismatch`; `busy` or `internal` when the database fails.
    pub fn commit_with<S: Subject>(
        &self,
        conn: &mut Conn,
        act: &'static str,
        before: &S,
        Change { after, event }: Change<S>,
        further: Entries,
    ) -> Result<Details<S>> {
        let after = after.save(conn)?;
        let event = event.map(|kind| after.event(kind));
        let own = AuditDraft::of_change(act, before, &after, event);
        record_all(conn, self, std::iter::once(own).chain(further).collect())?;
        Ok(self.details(conn, after)?)
    }

    /// Saves a transition with its audit entry and event.
    ///
    /// # Errors
    /// `version_mismatch`; `busy` or `internal` when the database fails.
    pub fn save<S: Subject>(&self, conn: &mut Conn, act: &str, before: &S, change: Change<S>) -> Result<S, Error> {
        let Change { after, event } = change;
        let after = after.save(conn)?;
        let event = event.map(|kind| after.event(kind));
        record(conn, self, AuditDraft::of_change(act, before, &after, event))?;
        Ok(after)
    }

    /// Records the creation of a record, with its event.
    ///
    /// # Errors
    /// `busy` or `internal` when the database fails.
    pub fn record_created<S: Subject>(
        &self,
        conn: &mut Conn,
        act: &str,
        created: &S,
        event: Option<EventType>,
    ) -> Result<(), Error> {
        let event = event.map(|kind| created.event(kind));
        record(conn, self, AuditDraft { event, ..AuditDraft::of(act, created, None, Some(created.audit())) })
    }

    /// Records the deletion of a record.
    ///
    /// # Errors
    /// `busy` or `internal` when the database fails.
    pub fn record_removed<S: Subject>(&self, conn: &mut Conn, act: &str, removed: &S) -> Result<(), Error> {
        record(conn, self, AuditDraft::of(act, removed, Some(removed.audit()), None))
    }
}

impl<'a> AuditDraft<'a> {
    /// Builds an entry about a record.
    pub fn of<S: Subject>(action: &'a str, subject: &S, before: Option<Value>, after: Option<Value>) -> Self {
        let Identity { id, organization_id, .. } = subject.identity();
        AuditDraft {
            before: before.map(AuditState::from),
            after: after.map(AuditState::from),
            ..AuditDraft::about(action, organization_id, (S::TYPE, id))
        }
    }

    /// Builds an entry with the fields that differ between two states of a record.
    pub fn of_change<S: Subject>(action: &'a str, before: &S, after: &S, event: Option<EventDraft>) -> Self {
        let (old, new) = changed_fields(before.audit(), after.audit());
        AuditDraft { event, ..AuditDraft::of(action, after, Some(old), Some(new)) }
    }
}

/// The fields of a value and further ones, as the audit keeps them.
pub fn fields(of: &impl Serialize, further: Value) -> Value {
    let mut fields = json!(of);
    if let (Value::Object(fields), Value::Object(further)) = (&mut fields, further) {
        fields.extend(further);
    }
    fields
}

/// The fields that differ between two audit forms: old values, new values.
pub fn changed_fields(before: Value, after: Value) -> (Value, Value) {
    let (Value::Object(mut before), Value::Object(mut after)) = (before, after) else {
        return (Value::Null, Value::Null);
    };
    before.retain(|name, old| match after.get(name) {
        Some(new) if new == old => {
            after.remove(name);
            false
        }
        Some(_) | None => true,
    });
    (Value::Object(before), Value::Object(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_keeps_every_field_that_changed_and_no_other() {
        let before = json!({"status": "draft", "title": "A", "notice": null});
        let after = json!({"status": "open", "title": "A", "notice": {"number": "1"}});
        let expected =
            (json!({"status": "draft", "notice": null}), json!({"status": "open", "notice": {"number": "1"}}));
        assert_eq!(changed_fields(before, after), expected);
    }
}
