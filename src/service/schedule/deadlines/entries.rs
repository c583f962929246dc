//! Audit entries of deadlines, for the acts on them and for those on other records that set, move or meet them.

use serde_json::{Value, json};

use crate::domain::journal::event::EventType;
use crate::domain::schedule::deadline::Deadline;
use crate::domain::time::instant;
use crate::service::subject::changed_fields;
use crate::service::{AuditDraft, EventDraft};

/// Type name in audit entries and events.
pub const TYPE: &str = "deadline";

/// The fields of a deadline that audit entries keep.
pub fn audit(deadline: &Deadline) -> Value {
    let (waived_at, waive_reason) = deadline.waived.as_ref().map(|(at, reason)| (instant(*at), reason)).unzip();
    json!({
        "kind": deadline.kind, "period_id": deadline.period_id, "unit_id": deadline.unit_id,
        "scheduled_on": deadline.scheduled_on, "extended_on": deadline.extended_on, "due_on": deadline.due_on(),
        "opens_on": deadline.opens_on, "met_on": deadline.met_on, "waived_at": waived_at, "waive_reason": waive_reason,
    })
}

/// The event of a deadline.
pub fn event(deadline: &Deadline, kind: EventType) -> EventDraft {
    let data = json!({"kind": deadline.kind, "due_on": deadline.due_on()});
    EventDraft { kind, period_id: Some(deadline.period_id), unit_id: deadline.unit_id, data }
}

fn about<'a>(action: &'a str, deadline: &Deadline) -> AuditDraft<'a> {
    AuditDraft::about(action, Some(deadline.organization_id), (TYPE, deadline.id))
}

/// The entry of a deadline that another act created.
pub fn created(deadline: &Deadline) -> AuditDraft<'static> {
    AuditDraft { after: Some(audit(deadline).into()), ..about("deadline.create", deadline) }
}

/// The entry of a deadline that another act changed, with an event where somebody has to know.
pub fn changed<'a>(
    action: &'a str,
    before: &Deadline,
    after: &Deadline,
    kind: impl Into<Option<EventType>>,
) -> AuditDraft<'a> {
    let (old, new) = changed_fields(audit(before), audit(after));
    let event = kind.into().map(|kind| event(after, kind));
    AuditDraft { before: Some(old.into()), after: Some(new.into()), event, ..about(action, after) }
}
