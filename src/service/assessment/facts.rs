//! Acts on facts about a unit that do not come from its score.

use serde_json::json;

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::access::{self, Facts, Offers};
use crate::domain::assessment::facts::UnitFacts;
use crate::domain::assessment::period::Period;
use crate::domain::office::unit::UnitKey;
use crate::domain::text::{TITLE_CHARS, checked};
use crate::error::Code;
use crate::service::tag::Tag;
use crate::service::{AuditDraft, Context, Input, Result, record};
pub use crate::store::facts::RecordedFacts;
use crate::store::{self, Conn};

/// The tag of a unit's facts.
pub fn tag(period_id: &Id, facts: &RecordedFacts) -> Tag {
    Tag::of(&[(*period_id, 0), (facts.unit_id, facts.version)], &Offers::default())
}

fn find(conn: &mut Conn, context: &Context, period_id: &Id, unit_id: &Id) -> Result<(Period, UnitKey)> {
    let period: Period = context.find(conn, period_id)?;
    period.must_know(unit_id)?;
    let unit = store::units::find_key(conn, &period.organization_id, unit_id)?.ok_or(Code::NotFound)?;
    Ok((period, unit))
}

fn facts_of<'a>(period: &'a Period, unit: &'a UnitKey) -> Facts<'a> {
    Facts { unit: Some(unit), period_id: Some(period.id), ..Facts::of(&period.organization_id) }
}

/// Returns a unit's facts.
pub fn get(conn: &mut Conn, context: &Context, period_id: &Id, unit_id: &Id) -> Result<RecordedFacts> {
    let (period, unit) = find(conn, context, period_id, unit_id)?;
    access::require(&context.actor, Action::ReadFacts, &facts_of(&period, &unit))?;
    context.accept_read()?;
    Ok(store::facts::find(conn, period_id, unit_id)?.ok_or(Code::NotFound)?)
}

/// Lists the facts of a period's units that the caller may see.
pub fn list(conn: &mut Conn, context: &Context, period_id: &Id) -> Result<Vec<RecordedFacts>> {
    let period: Period = context.find(conn, period_id)?;
    context.accept_read()?;
    let units = store::periods::units_of(conn, period_id)?;
    let mut facts = store::facts::of_period(conn, period_id)?;
    facts.retain(|recorded| {
        let unit = units.iter().find(|unit| unit.unit.id == recorded.unit_id);
        unit.is_some_and(|unit| {
            access::require(&context.actor, Action::ReadFacts, &facts_of(&period, &unit.unit)).is_ok()
        })
    });
    Ok(facts)
}

/// Creates or replaces a unit's facts; a replacement requires `If-Match`. Returns whether they are new.
pub fn put(
    conn: &mut Conn,
    context: &Context,
    period_id: &Id,
    unit_id: &Id,
    input: &Input<UnitFacts>,
) -> Result<(RecordedFacts, bool)> {
    store::periods::lock_for_share(conn, period_id)?;
    let (period, unit) = find(conn, context, period_id, unit_id)?;
    access::require(&context.actor, Action::WriteFacts, &facts_of(&period, &unit))?;
    let command = context.accept(input)?;
    let before = store::facts::find(conn, period_id, unit_id)?;
    match &before {
        Some(before) => context.check_precondition(&tag(period_id, before).state)?,
        None => context.expect_absent()?,
    }
    period.must_not_be_set_aside(unit_id)?;
    period.may(Action::WriteFacts)?;
    let given = command.source_document.as_deref();
    let source_document = checked(|check| check.optional("/source_document", given, TITLE_CHARS))?;
    let recorded = RecordedFacts {
        unit_id: *unit_id,
        facts: UnitFacts { source_document, ..command.clone() },
        version: before.as_ref().map_or(0, |before| before.version),
        created_at: before.as_ref().map_or(context.now, |before| before.created_at),
        updated_at: context.now,
    };
    let after = store::facts::save(conn, period_id, recorded)?;
    let draft = AuditDraft {
        before: before.as_ref().map(|before| json!({"period_id": period_id, "facts": before.facts}).into()),
        after: Some(json!({"period_id": period_id, "facts": after.facts}).into()),
        ..AuditDraft::about("facts.put", Some(period.organization_id), ("facts", *unit_id))
    };
    record(conn, context, draft)?;
    Ok((after, before.is_none()))
}
