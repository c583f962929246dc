//! The shares of the council that awards need, which an organisation sets.

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::award::vote::{self, VoteThreshold};
use crate::domain::change::Change;
use crate::domain::office::organization::Organization;
use crate::domain::text::checked;
use crate::service::{Context, Details, Input, Result};
use crate::store::Conn;

/// Replaces the thresholds of an organisation. Votes that are recorded keep the thresholds that they were recorded with.
pub fn replace(
    conn: &mut Conn,
    context: &Context,
    id: &Id,
    input: &Input<Vec<VoteThreshold>>,
) -> Result<Details<Organization>> {
    let (before, thresholds): (Organization, _) = context.enter(conn, id, Action::WriteVoteThresholds, input)?;
    let mut vote_thresholds = thresholds.clone();
    checked(|check| vote::clean_thresholds(&mut vote_thresholds, check))?;
    let after = Organization { vote_thresholds, updated_at: context.now, ..before.clone() };
    context.commit(conn, "organization.set_vote_thresholds", &before, Change::silent(after))
}
