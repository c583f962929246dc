//! The one door for changes.
//!
//! [`Subject`] is what a record says of itself; [`Context::enter`] opens it for an act, [`Context::commit`] saves what the
//! rules made of it, with its audit entry and its event, and [`Context::details`] shows it to the caller.

use serde_json::{Map, Value};

use super::context::{Context, Input};
use super::interrupt::Interrupt;
use super::journal::recording::{AuditDraft, AuditState, EventDraft, record};
use super::tag::Tag;
use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::access::{self, Facts, Offers};
use crate::domain::change::{Change, Gate};
use crate::domain::journal::event::EventType;
use crate::error::{Code, Error};
use crate::store::Conn;

/// A record that is read, changed and recorded.
pub trait Subject: Sized {
    /// What names one: its id, for most.
    type Key: ?Sized;
    /// What a caller sees of it beyond its own value.
    type Visible;
    /// Its kind, as audit entries and events name it.
    const TYPE: &'static str;

    /// Its id.
    fn id(&self) -> Id;

    /// The organisation that it belongs to; none for what is the installation's.
    fn organization_id(&self) -> Option<Id>;

    /// The acts on it, in the order in which they are offered.
    fn actions(&self) -> &'static [Action] {
        &[]
    }

    /// What rights ask of it.
    fn facts(&self) -> Facts<'_>;

    /// The act of reading it as it stands.
    fn read_action(&self) -> Action;

    /// Finds it, whoever asks.
    ///
    /// # Errors
    /// `not_found`; [`Interrupt::Unsettled`] where the clock has closed a gate that no row tells of yet.
    fn find(conn: &mut Conn, context: &Context, key: &Self::Key) -> Result<Self, Interrupt>;

    /// Locks it for an act, after what it depends on and in the order in which every act locks, and finds it. What is
    /// guarded by its version alone needs no lock.
    ///
    /// # Errors
    /// `not_found`.
    fn lock(conn: &mut Conn, context: &Context, key: &Self::Key) -> Result<Self, Interrupt> {
        Self::find(conn, context, key)
    }

    /// Whether state and clock let an act pass, and until when.
    ///
    /// # Errors
    /// `invalid_state`, `deadline_passed` and the like.
    fn may(&self, _context: &Context, _action: Action) -> Gate {
        Ok(None)
    }

    /// Whether the caller may do an act with it. What the caller may not read is not there.
    ///
    /// # Errors
    /// `not_found` and those of [`access::decide`].
    fn authorize(&self, context: &Context, action: Action) -> Result<(), Error> {
        let facts = self.facts();
        match access::require(&context.actor, self.read_action(), &facts) {
            // Whoever may act but whose token lacks `read` still acts.
            Err(error) if error.code != Code::ScopeRequired || action == self.read_action() => Err(error),
            Ok(()) | Err(_) => access::require(&context.actor, action, &facts),
        }
    }

    /// What this caller sees beyond its value.
    ///
    /// # Errors
    /// When the database does not answer.
    fn visible(&self, conn: &mut Conn, context: &Context) -> Result<Self::Visible, Error>;

    /// The ids and versions of the parts that this caller sees: the state in its tag.
    fn parts(&self, visible: &Self::Visible) -> Vec<(Id, i64)>;

    /// The same parts where nothing else of it is asked for.
    ///
    /// # Errors
    /// When the database does not answer.
    fn visible_parts(&self, conn: &mut Conn, context: &Context) -> Result<Vec<(Id, i64)>, Error> {
        Ok(self.parts(&self.visible(conn, context)?))
    }

    /// What the clock alone changes of it: a part of the phase in its tag.
    fn phase(&self, _visible: &Self::Visible) -> Option<String> {
        None
    }

    /// Everything of it that an audit entry keeps: a JSON object.
    fn audit(&self) -> Value;

    /// Writes it where its version still stands, and gives it as written.
    ///
    /// # Errors
    /// `version_mismatch`.
    fn save(self, conn: &mut Conn) -> Result<Self, Error>;

    /// What subscribers are told when `kind` happens to it.
    fn event(&self, kind: EventType) -> EventDraft {
        EventDraft { kind, period_id: None, unit_id: None, data: Value::Object(Map::new()) }
    }
}

/// A record as its caller sees it.
pub struct Details<S: Subject> {
    /// The record.
    pub value: S,
    /// What else of it the caller sees.
    pub visible: S::Visible,
    /// What the caller may do with it now.
    pub offers: Offers,
    /// Its tag.
    pub tag: Tag,
}

impl Context<'_> {
    /// Finds a record that the caller may read.
    ///
    /// # Errors
    /// `not_found` and those of the right.
    pub fn find<S: Subject>(&self, conn: &mut Conn, key: &S::Key) -> Result<S, Interrupt> {
        let value = S::find(conn, self, key)?;
        value.authorize(self, value.read_action())?;
        Ok(value)
    }

    /// One record as the caller sees it.
    ///
    /// # Errors
    /// Those of [`Self::find`]; 406.
    pub fn get<S: Subject>(&self, conn: &mut Conn, key: &S::Key) -> Result<Details<S>, Interrupt> {
        let value = self.find(conn, key)?;
        self.accept_read()?;
        Ok(self.details(conn, value)?)
    }

    /// Shows a record to the caller.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn details<S: Subject>(&self, conn: &mut Conn, value: S) -> Result<Details<S>, Error> {
        let visible = value.visible(conn, self)?;
        let offers = self.offers(&value);
        let tag = Tag::of(&value.parts(&visible), &offers);
        let tag = match value.phase(&visible) {
            Some(phase) => tag.in_phase(&phase),
            None => tag,
        };
        Ok(Details { value, visible, offers, tag })
    }

    fn offers<S: Subject>(&self, value: &S) -> Offers {
        access::offers(&self.actor, &value.facts(), value.actions(), |action| value.may(self, action))
    }

    /// Opens a record for an act that starts from the state the caller saw: lock, right, form and syntax, first answer,
    /// `If-Match`, state and clock, in this order.
    ///
    /// # Errors
    /// `not_found`, those of the right and of the body, `precondition_required`, `version_mismatch`, `invalid_state`,
    /// `deadline_passed`; [`Interrupt::Replayed`].
    pub fn enter<'i, S: Subject, T>(
        &self,
        conn: &mut Conn,
        key: &S::Key,
        action: Action,
        input: &'i Input<T>,
    ) -> Result<(S, &'i T), Interrupt> {
        let value = S::lock(conn, self, key)?;
        value.authorize(self, action)?;
        let command = self.accept(input)?;
        self.check_state(conn, &value)?;
        value.may(self, action)?;
        Ok((value, command))
    }

    /// Opens a record for an act that adds something to it: as [`Self::enter`], but from any state.
    ///
    /// # Errors
    /// Those of [`Self::enter`] without those of `If-Match`.
    pub fn enter_to_add<'i, S: Subject, T>(
        &self,
        conn: &mut Conn,
        key: &S::Key,
        action: Action,
        input: &'i Input<T>,
    ) -> Result<(S, &'i T), Interrupt> {
        let value = S::lock(conn, self, key)?;
        value.authorize(self, action)?;
        let command = self.accept(input)?;
        value.may(self, action)?;
        Ok((value, command))
    }

    /// Rejects a change that does not start from the record's state as this caller sees it.
    ///
    /// # Errors
    /// `precondition_required`, `version_mismatch`.
    pub fn check_state<S: Subject>(&self, conn: &mut Conn, value: &S) -> Result<(), Error> {
        let parts = value.visible_parts(conn, self)?;
        self.check_precondition(&Tag::state_of(&parts))
    }

    /// Opens a collection for something new in the organisation that the body names, or the caller's only one.
    ///
    /// # Errors
    /// `organization_required`, `role_required`, `not_found`, those of the body; [`Interrupt::Replayed`].
    pub fn enter_collection<'i, T>(
        &self,
        input: &'i Input<T>,
        organization_of: impl Fn(&T) -> Option<Id>,
        action: Action,
    ) -> Result<(Id, &'i T), Interrupt> {
        let named = input.as_ref().ok().and_then(organization_of);
        let organization_id = self.organization(named.as_ref())?;
        access::require_collection(&self.actor, action, &Facts::of(&organization_id))?;
        Ok((organization_id, self.accept(input)?))
    }

    /// The organisation whose records of a kind the caller may list.
    ///
    /// # Errors
    /// `organization_required`, `role_required`, `not_found`, 406.
    pub fn enter_list(&self, organization_id: Option<&Id>, action: Action) -> Result<Id, Interrupt> {
        let organization_id = self.organization(organization_id)?;
        access::require_collection(&self.actor, action, &Facts::of(&organization_id))?;
        self.accept_read()?;
        Ok(organization_id)
    }

    /// A body that says what it is about. One that cannot be read is refused once the caller has shown a role for one
    /// of `actions`.
    ///
    /// # Errors
    /// `role_required` and those of the body.
    pub fn parsed<'i, T>(&self, input: &'i Input<T>, actions: &[Action]) -> Result<&'i T, Interrupt> {
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

    /// Saves what the rules made of a record, with its audit entry and its event, and shows it to the caller.
    ///
    /// # Errors
    /// `version_mismatch`; when the database does not answer.
    pub fn commit<S: Subject>(
        &self,
        conn: &mut Conn,
        act: &str,
        before: &S,
        change: Change<S>,
    ) -> Result<Details<S>, Interrupt> {
        let after = self.save(conn, act, before, change)?;
        Ok(self.details(conn, after)?)
    }

    /// Saves what the rules made of a record, with its audit entry and its event.
    ///
    /// # Errors
    /// `version_mismatch`; when the database does not answer.
    pub fn save<S: Subject>(&self, conn: &mut Conn, act: &str, before: &S, change: Change<S>) -> Result<S, Error> {
        let Change { after, event } = change;
        let after = after.save(conn)?;
        let event = event.map(|kind| after.event(kind));
        record(conn, self, AuditDraft::of_change(act, before, &after, event))?;
        Ok(after)
    }

    /// Records a new record with its event.
    ///
    /// # Errors
    /// When the database does not answer.
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

    /// Records that a record is gone.
    ///
    /// # Errors
    /// When the database does not answer.
    pub fn record_removed<S: Subject>(&self, conn: &mut Conn, act: &str, removed: &S) -> Result<(), Error> {
        record(conn, self, AuditDraft::of(act, removed, Some(removed.audit()), None))
    }
}

impl<'a> AuditDraft<'a> {
    /// An entry about a record.
    pub fn of<S: Subject>(action: &'a str, subject: &S, before: Option<Value>, after: Option<Value>) -> Self {
        AuditDraft {
            organization_id: subject.organization_id(),
            action,
            subject_type: S::TYPE,
            subject_id: subject.id(),
            before: before.map(AuditState::from),
            after: after.map(AuditState::from),
            event: None,
        }
    }

    /// An entry that keeps every field in which a record differs from what it was.
    pub fn of_change<S: Subject>(action: &'a str, before: &S, after: &S, event: Option<EventDraft>) -> Self {
        let (was, is) = changed_fields(before.audit(), after.audit());
        AuditDraft { event, ..AuditDraft::of(action, after, Some(was), Some(is)) }
    }
}

/// The fields in which two audit forms differ, as they were and as they are.
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
    use serde_json::json;

    #[test]
    fn an_entry_keeps_every_field_that_changed_and_no_other() {
        let before = json!({"status": "draft", "title": "A", "notice": null});
        let after = json!({"status": "open", "title": "A", "notice": {"number": "1"}});
        let expected =
            (json!({"status": "draft", "notice": null}), json!({"status": "open", "notice": {"number": "1"}}));
        assert_eq!(changed_fields(before, after), expected);
    }
}
