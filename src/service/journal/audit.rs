//! Reading and verifying the audit log.

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::access::{self, Facts};
use crate::error::{Code, Error};
use crate::service::schedule::deadlines::entries;
use crate::service::{Context, Result};
use crate::store::audit::Entry;
pub use crate::store::audit::{EntryActor, Filter, Slice, SortBy, Verified};
use crate::store::page::Page;
use crate::store::{self, Conn, journals};

/// Subject types that an admin manages, and whose states an admin sees. The others belong to a submission or its result:
/// an admin sees the act alone.
const ADMINISTERED: [&str; 12] = [
    "organization",
    "unit",
    "member",
    "invitation",
    "session",
    "service_account",
    "criteria_set",
    "period",
    "calendar_day",
    "deadline",
    "webhook_endpoint",
    "feed_token",
];

/// Acts on administered records that tell how far the submissions are. An admin sees the act alone.
const OF_SUBMISSIONS: [&str; 2] = [entries::MEET, entries::REOPEN];

/// An entry as the caller sees it.
pub struct VisibleEntry {
    /// The entry.
    pub entry: Entry,
    /// Whether the hashes are included: with a hash, a caller who cannot see the scores could guess them by trial.
    pub shows_hashes: bool,
}

/// Whether the caller sees entries in full, scores and hashes included:
/// and nobody who may be scoring alone while others do.
fn sees_scores(conn: &mut Conn, context: &Context, organization_id: &Id) -> Result<bool, Error> {
    let blind = access::may_score_alone(&context.actor, organization_id)
        && store::periods::any_scored_alone(conn, organization_id)?;
    Ok(!blind && access::holds(&context.actor, Action::ReadAuditScores, &Facts::of(organization_id)))
}

/// Lists the entries of an organisation: in full for auditors, without scores for admins.
pub fn list(
    conn: &mut Conn,
    context: &Context,
    organization_id: Option<&Id>,
    filter: &Filter,
    page: &Page<SortBy>,
) -> Result<Vec<VisibleEntry>> {
    let organization_id = context.enter_list(organization_id, Action::ReadAudit)?;
    let entries = store::audit::list(conn, organization_id.as_str(), filter, page)?;
    let sees_scores = sees_scores(conn, context, &organization_id)?;
    let seen = entries.into_iter().map(|mut entry| {
        let is_administered = ADMINISTERED.contains(&entry.subject_type.as_str());
        if !sees_scores && (!is_administered || OF_SUBMISSIONS.contains(&entry.action.as_str())) {
            entry.before_state = None;
            entry.after_state = None;
        }
        VisibleEntry { entry, shows_hashes: sees_scores }
    });
    Ok(seen.collect())
}

/// Returns the head of an organisation's hash chain, for a checkpoint. Auditors only: whoever cannot see the scores could
/// guess them from a hash.
pub fn head(conn: &mut Conn, context: &Context, organization_id: Option<&Id>) -> Result<(Id, i64, String)> {
    let organization_id = context.enter_list(organization_id, Action::ReadAudit)?;
    if !sees_scores(conn, context, &organization_id)? {
        return Err(Code::RoleRequired.into());
    }
    let journal = journals::find(conn, organization_id.as_str())?;
    Ok((organization_id, journal.audit_sequence, journal.audit_hash))
}

/// Recomputes the next hashes of an organisation's chain and compares them with an earlier checkpoint, `known`.
pub fn verify_slice(
    conn: &mut Conn,
    context: &Context,
    organization_id: Option<&Id>,
    from: Verified,
    known: Option<(i64, &str)>,
) -> Result<Slice> {
    let organization_id = context.enter_list(organization_id, Action::ReadAudit)?;
    Ok(store::audit::verify_slice(conn, organization_id.as_str(), from, known)?)
}
