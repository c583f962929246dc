//! Council sessions, ranking, awards and award proposals.

pub mod amendment;
pub mod analysis;
#[expect(clippy::module_inception, reason = "the wing is named after its noun, as in every room")]
pub mod award;
pub mod award_proposal;
pub mod council_session;
pub mod eligibility;
pub mod ranking;
pub mod tie_break;
pub mod tie_decision;
pub mod vote;
