//! The shares of the council that awards need: `/v1/organizations/{id}/vote-thresholds`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::access::action::Action;
use crate::domain::award::vote::VoteThreshold;
use crate::domain::office::organization::Organization;
use crate::error::Code;
use crate::http::call::{Call, Reply};
use crate::http::operation::{Operation, changes, operations, reads};
use crate::service::office::vote_thresholds;
use crate::service::{Answer, Details, Interrupt};

/// Returns the operations on `vote_thresholds`.
pub fn operations() -> Vec<Operation> {
    operations![Organizations, "vote_thresholds";
        get: reads(Action::ReadOrganization).or_operators(),
        replace: changes(Action::WriteVoteThresholds).refuses(REPLACE_REFUSALS),
    ]
}

const REPLACE_REFUSALS: &[Code] = &[Code::NumberOutOfRange, Code::ImplausibleDate, Code::Duplicate, Code::InvalidCode];

/// The thresholds of an organisation.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VoteThresholds, example = json!({"thresholds": [{"valid_from_on": "2020-01-01", "award_code": null, "numerator": 80, "denominator": 100}, {"valid_from_on": "2024-01-01", "award_code": null, "numerator": 90, "denominator": 100}]}))]
struct Body {
    /// The thresholds, at most one for each day and award.
    thresholds: Vec<VoteThreshold>,
}

fn shown(organization: &Details<Organization>) -> Result<Answer, Interrupt> {
    let thresholds = organization.value.vote_thresholds.clone();
    Ok(Answer::ok(&Body { thresholds }, organization.tag.header())?)
}

/// Get the thresholds of votes.
///
/// The share of all members of the council, present or not, who must be in favour of an award. It has the `ETag` of its
/// organisation.
#[utoipa::path(get, path = "/v1/organizations/{id}/vote-thresholds", responses((status = 200, description = "The thresholds.", body = Body)))]
async fn get(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| shown(&context.get(conn, &id)?)).await
}

/// Set the thresholds of votes.
///
/// Replaces all of them; requires the `ETag` of the organisation. In a session the latest threshold of the award that is
/// valid on its day counts, otherwise the latest of those for every award; without either, a vote has no threshold. Votes
/// that are recorded keep theirs.
#[utoipa::path(put, path = "/v1/organizations/{id}/vote-thresholds", request_body = Body, responses((status = 200, description = "Set.", body = Body)))]
async fn replace(call: Call) -> Reply {
    let (id, input) = (call.id("id")?, call.body::<Body>().map(|body| body.thresholds));
    call.write(move |conn, context| shown(&vote_thresholds::replace(conn, context, &id, &input)?)).await
}
