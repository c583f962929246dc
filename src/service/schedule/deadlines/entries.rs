//! Audit entries of deadlines, for the acts on them and for those on other records that set, move or meet them.

use chrono::NaiveDate;
use serde_json::{Value, json};

use crate::domain::journal::event::EventType;
use crate::domain::schedule::deadline::Deadline;
use crate::domain::time::instant;
use crate::service::subject::changed_fields;
use crate::service::{AuditDraft, Entries, EventDraft};

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

/// The act that sets the day on which a deadline was met, or takes it back.
pub const MEET: &str = "deadline.meet";
/// The act by which what is due has to be handed in or done again.
pub const REOPEN: &str = "deadline.reopen";

/// The entry of a deadline that another act met, or whose work it made necessary again.
pub fn met(before: &Deadline, met_on: Option<NaiveDate>) -> AuditDraft<'static> {
    let after = Deadline { met_on, ..before.clone() };
    changed(if met_on.is_some() { MEET } else { REOPEN }, before, &after, None)
}

/// The entries of the deadlines that differ between two states of a period: created, removed, or changed by `action`.
pub fn differing(action: &'static str, before: &[Deadline], after: &[Deadline]) -> Entries {
    let of = |deadline: &Deadline| before.iter().find(|before| before.id == deadline.id);
    let now = after.iter().filter_map(|after| match of(after) {
        Some(before) => (audit(before) != audit(after)).then(|| changed(action, before, after, None)),
        None => Some(created(after)),
    });
    let removed = before.iter().filter(|before| after.iter().all(|after| after.id != before.id));
    let removed =
        removed.map(|before| AuditDraft { before: Some(audit(before).into()), ..about("deadline.remove", before) });
    now.chain(removed).collect()
}
