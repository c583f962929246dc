//! Reading the audit entries.

use super::{Context, Stop};
use crate::domain::Id;
use crate::domain::access::{self, Action, Facts};
use crate::domain::member::Role;
use crate::store::audit::{Entry, Filter};
use crate::store::page::Page;
use crate::store::{self, Conn};

/// Records whose before and after tell of scores and results, which an admin does not see.
const SCORED: [&str; 7] =
    ["submission", "review", "ranking", "award_proposal", "tie_decision", "facts", "council_session"];

/// The entries of an organisation: whole for the auditor, without scores for the admin.
pub fn list(
    conn: &mut Conn,
    context: &Context,
    organization_id: Option<&Id>,
    filter: &Filter,
    page: &Page,
) -> Result<Vec<Entry>, Stop> {
    let organization_id = context.organization(organization_id)?;
    access::require_collection(&context.actor, Action::ReadAudit, &Facts::of(&organization_id))?;
    context.admit_read()?;
    let mut entries = store::audit::list(conn, &organization_id, filter, page)?;
    let sees_scores =
        context.actor.membership(&organization_id).is_some_and(|membership| membership.roles.contains(&Role::Auditor));
    if !sees_scores {
        for entry in entries.iter_mut().filter(|entry| SCORED.contains(&entry.subject_type.as_str())) {
            entry.before_state = None;
            entry.after_state = None;
        }
    }
    Ok(entries)
}
