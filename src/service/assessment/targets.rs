//! Acts on the targets of a period.

use std::collections::HashSet;

use serde_json::json;

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::assessment::target::{self, Target};
use crate::domain::text::Check;
use crate::error::{Code, Error, Fault};
use crate::service::assessment::periods::{self, Seen};
use crate::service::{Change, Context, Input, Interrupt, record};
use crate::store::{self, Conn};

/// The targets of a period, with the period.
pub fn list(conn: &mut Conn, context: &Context, period_id: &Id) -> Result<(Vec<Target>, Seen), Interrupt> {
    let seen = periods::get(conn, context, period_id)?;
    Ok((store::targets::of_period(conn, period_id)?, seen))
}

/// Sets the targets of a period in place of those that were. A line that is scored, or was sent, keeps its target.
pub fn replace(
    conn: &mut Conn,
    context: &Context,
    period_id: &Id,
    input: &Input<Vec<Target>>,
) -> Result<(Vec<Target>, Seen), Interrupt> {
    let (period, given) = periods::enter(conn, context, period_id, Action::SetTargets, input)?;
    let table = context.app.tables.get(conn, &period.rules.criteria_set_id)?;
    let mut check = Check::default();
    let after = target::read(given, &table, &period.rules.unit_ids, &mut check);
    Error::unless_valid(check.faults)?;
    let before = store::targets::of_period(conn, period_id)?;
    let scored: HashSet<(Id, String)> = store::targets::scored_lines(conn, period_id)?.into_iter().collect();
    let changed = target::changed(&before, &after);
    let mut in_use: Vec<_> = changed.iter().copied().collect();
    // A sheet that was sent may come to stand again as it was sent.
    let sent: HashSet<Id> = store::targets::units_that_sent(conn, period_id)?.into_iter().collect();
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
    store::targets::replace(conn, period_id, &after)?;
    let touched: HashSet<&Id> = changed.iter().map(|(unit_id, _)| *unit_id).collect();
    store::submissions::touch(conn, period_id, &touched.into_iter().collect::<Vec<_>>(), context.now)?;
    let seen = periods::touched(conn, context, period)?;
    let change = Change {
        organization_id: Some(&seen.period.organization_id),
        action: "period.set_targets",
        subject_type: "period",
        subject_id: period_id,
        before: Some(json!({"targets": before}).into()),
        after: Some(json!({"targets": after}).into()),
        news: None,
    };
    record(conn, context, change)?;
    Ok((store::targets::of_period(conn, period_id)?, seen))
}
