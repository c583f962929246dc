//! Acts on the targets of a period.

use std::collections::HashSet;

use serde_json::json;

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::assessment::period::Period;
use crate::domain::assessment::target::{self, Target};
use crate::domain::text::checked;
use crate::error::{Code, Error, Fault};
use crate::service::assessment::periods;
use crate::service::{AuditDraft, Context, Details, Input, Result, record};
use crate::store::{self, Conn};

/// Returns a period with its targets.
pub fn list(conn: &mut Conn, context: &Context, period_id: &Id) -> Result<(Vec<Target>, Details<Period>)> {
    let period: Details<Period> = context.get(conn, period_id)?;
    Ok((taking_part(conn, &period.value)?.0, period))
}

/// Replaces the targets of a period. Targets of lines that are scored or were sent cannot change.
pub fn replace(
    conn: &mut Conn,
    context: &Context,
    period_id: &Id,
    input: &Input<Vec<Target>>,
) -> Result<(Vec<Target>, Details<Period>)> {
    let (period, command): (Period, _) = context.enter(conn, period_id, Action::SetTargets, input)?;
    let tables = context.app.tables.of_period(conn, &period.rules)?;
    let after = checked(|check| target::read(command, &period, &tables, check))?;
    let (before, kept) = taking_part(conn, &period)?;
    let scored: HashSet<(Id, String)> = store::targets::scored_lines(conn, period_id)?.into_iter().collect();
    let changed = target::changed(&before, &after);
    let mut in_use: Vec<_> = changed.iter().copied().collect();
    // A lapse can bring a submission back to a sent revision, so its targets must stay.
    let sent: HashSet<Id> = store::targets::submitted_units(conn, period_id)?.into_iter().collect();
    in_use.retain(|(unit_id, criterion)| {
        sent.contains(*unit_id) || scored.contains(&(*(*unit_id), (*criterion).to_owned()))
    });
    in_use.sort_unstable();
    if !in_use.is_empty() {
        let fault = |(unit_id, criterion): (&Id, &str)| {
            Fault::at("", Code::TargetInUse).with("unit_id", unit_id.as_str()).with("criterion", criterion)
        };
        return Err(Error::of_faults(Code::GuardFailed, in_use.into_iter().map(fault).collect()).into());
    }
    store::targets::replace(conn, period_id, &[after.as_slice(), &kept].concat())?;
    let changed_units: HashSet<&Id> = changed.iter().map(|(unit_id, _)| *unit_id).collect();
    store::submissions::touch(conn, period_id, &changed_units.into_iter().collect::<Vec<_>>(), context.now)?;
    let (old, new) = (json!({"targets": before}), json!({"targets": after}));
    let period = periods::bump_version(conn, context, period)?;
    record(conn, context, AuditDraft::of("period.set_targets", &period.value, Some(old), Some(new)))?;
    Ok((taking_part(conn, &period.value)?.0, period))
}

/// Returns the targets of the units that take part, and those of the units that were set aside, which are kept.
fn taking_part(conn: &mut Conn, period: &Period) -> Result<(Vec<Target>, Vec<Target>), Error> {
    let targets = store::targets::of_period(conn, &period.id)?;
    Ok(targets.into_iter().partition(|target| period.set_aside_of(&target.unit_id).is_none()))
}
