//! The ranking of a period and the council's decisions on ties: `/v1/periods/{id}/ranking`, `…/tie-decisions`.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::award::ranking::{RankingRow, UnresolvedTie};
use crate::domain::award::tie_decision::TieDecision;
use crate::error::Code;
use crate::http::call::{Call, Reply, body_tag};
use crate::http::operation::{Operation, creates, lists, operations, reads};
use crate::http::page::ListView;
use crate::http::time::Instant;
use crate::service::Answer;
use crate::service::award::ranking::{self, NewTieDecision, RankingDetails, RankingStatus, Verification};

/// Returns the operations on `ranking` and `tie_decisions`.
pub fn operations() -> Vec<Operation> {
    let mut all = operations![Results, "ranking";
        get: reads(Action::ReadRanking),
        verify: reads(Action::ReadRanking),
    ];
    all.extend(operations![Results, "tie_decisions";
        decisions: lists(Action::ReadTieDecisions),
        decide: creates(Action::DecideTie).refuses(DECIDE_REFUSALS),
    ]);
    all
}

const DECIDE_REFUSALS: &[Code] = &[
    Code::InvalidState,
    Code::NotTiedGroup,
    Code::SessionNotOfPeriod,
    Code::SessionNotClosed,
    Code::SessionCannotDecide,
    Code::SessionBeforeTotals,
];

/// The ranking of a period.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Ranking)]
pub(super) struct RankingView {
    /// Whether the ranking is provisional or final.
    status: RankingStatus,
    /// Version of the ranking; 0 while it is provisional.
    version: i64,
    /// Version that was frozen last; null while the ranking is provisional, and for those who see announced rankings alone.
    latest_version: Option<i64>,
    /// Units by group, in the order of the groups, and rank; those without a result last in their group.
    rows: Vec<RankingRow>,
    /// Ties that the council still has to decide.
    unresolved_ties: Vec<UnresolvedTie>,
    /// SHA-256 of everything that the ranking was computed from, in hexadecimal; null for those who may not see all of it.
    inputs_sha256: Option<String>,
    /// SHA-256 of `salt` followed by the same inputs, in hexadecimal; null while the ranking is provisional.
    commitment: Option<String>,
    /// Random text in the commitment, in hexadecimal; null while the ranking is provisional, and for those who may not
    /// see all inputs.
    salt: Option<String>,
}

impl From<RankingDetails> for RankingView {
    fn from(details: RankingDetails) -> Self {
        RankingView {
            status: details.status,
            version: details.version,
            latest_version: details.latest_version,
            rows: details.ranking.rows,
            unresolved_ties: details.ranking.unresolved_ties,
            inputs_sha256: details.inputs_sha256,
            commitment: details.commitment,
            salt: details.salt,
        }
    }
}

/// Which ranking of the period.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct GetQuery {
    /// A version that was frozen; without it the announced one, else the one that was frozen last, else the current data.
    version: Option<i64>,
    /// Only this group.
    group_code: Option<String>,
}

/// The result of verifying a final ranking.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RankingVerification)]
struct VerifyView {
    /// Whether the ranking follows from its inputs.
    ok: bool,
    /// SHA-256 of the stored inputs, in hexadecimal; null for those who may not see all inputs.
    inputs_sha256: Option<String>,
    /// SHA-256 of the ranking's `salt` followed by the inputs, in hexadecimal.
    commitment: String,
}

/// The order of tied units.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateTieDecision, example = json!({"unit_ids": ["018b88d6-5f80-7000-8000-000000000002", "018b88d6-5f80-7000-8000-000000000003"],
    "reason": "Hội đồng biểu quyết 5/5", "council_session_id": "018b88d6-5f80-7000-8000-000000000009"}))]
struct DecisionBody {
    /// Ids of all units of one tie, the first one first.
    unit_ids: Vec<Id>,
    /// Why the council decided so; at most 4,000 characters.
    reason: String,
    /// The session at which it was decided, which must be closed and have had a quorum.
    council_session_id: Id,
}

/// The council's decision on a tie.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TieDecision)]
pub(super) struct DecisionView {
    /// Id of the decision.
    id: Id,
    /// The period that it belongs to.
    period_id: Id,
    /// Ids of the tied units, the first one first.
    unit_ids: Vec<Id>,
    /// Why the council decided so.
    reason: String,
    /// The session at which it was decided.
    council_session_id: Id,
    /// Id of the member who recorded it.
    decided_by: Id,
    /// Whether it stands: it lapses when a total that it was taken on changes.
    stands: bool,
    /// Version of the decision; it increases with every change.
    version: i64,
    /// When the decision was created.
    created_at: Instant,
    /// When the decision was last changed.
    updated_at: Instant,
}

impl DecisionView {
    pub(super) fn of(decision: &TieDecision, stands: bool) -> Self {
        DecisionView {
            id: decision.id,
            period_id: decision.period_id,
            unit_ids: decision.unit_ids.clone(),
            reason: decision.reason.clone(),
            council_session_id: decision.council_session_id,
            decided_by: decision.decided_by,
            stands,
            version: decision.version,
            created_at: Instant(decision.created_at),
            updated_at: Instant(decision.updated_at),
        }
    }
}

/// Get the ranking.
///
/// Computed from the current scores until the period is finalised, frozen from then on. Standard competition ranking:
/// 1, 2, 2, 4. Where the period has groups, each is ranked alone, from 1. Units see it once the results are announced. Where an amendment has changed it since, the announced version is
/// `stale`, and those who see rankings before they are announced find the next one by its version.
#[utoipa::path(get, path = "/v1/periods/{id}/ranking", params(GetQuery), responses((status = 200, description = "The ranking.", body = RankingView)))]
async fn get(mut call: Call) -> Reply {
    let GetQuery { version, group_code } = call.query();
    let id = call.id("id")?;
    call.read(move |conn, context| {
        let mut details = ranking::get_version(conn, context, &id, version)?;
        if let Some(code) = &group_code {
            details.ranking = details.ranking.of_group(code);
        }
        let body = serde_json::to_string(&RankingView::from(details)).map_err(crate::error::Error::internal)?;
        let etag = Some(crate::service::tag::of_body(&body));
        Ok(Answer { status: 200, location: None, etag, next: None, body, replayed: false })
    })
    .await
}

/// Verify the final ranking.
///
/// Recomputes the ranking from its stored inputs, and the inputs from the stored records.
#[utoipa::path(get, path = "/v1/periods/{id}/ranking/verify", responses((status = 200, description = "Whether the ranking is correct.", body = VerifyView)))]
async fn verify(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| {
        let Verification { ok, inputs_sha256, commitment } = ranking::verify(conn, context, &id)?;
        let view = VerifyView { ok, inputs_sha256, commitment };
        Ok(Answer::ok(&view, body_tag(&view)?)?)
    })
    .await
}

/// List the council's decisions on ties.
#[utoipa::path(get, path = "/v1/periods/{id}/tie-decisions", operation_id = "list", responses((status = 200, description = "A page of decisions.", body = ListView<DecisionView>)))]
async fn decisions(mut call: Call) -> Reply {
    let id = call.id("id")?;
    let asked = call.page_in_order();
    call.read(move |conn, context| {
        let decisions = ranking::tie_decisions(conn, context, &id)?;
        Ok(asked.answer_of_all(
            decisions,
            |(decision, _)| decision.id.to_string(),
            |(decision, stands)| DecisionView::of(&decision, stands),
        )?)
    })
    .await
}

/// Record the council's order of tied units.
///
/// It is a decision of a closed session with a quorum, held during the council's review and not before the day of the
/// totals, about the units of one tie and so of one group, entered by the chair, or by who presided where the chair belongs to a tied unit. It lapses when one of these
/// totals changes. Until the period is finalised, another decision about the same units replaces the first one.
#[utoipa::path(post, path = "/v1/periods/{id}/tie-decisions", request_body = DecisionBody, responses((status = 201, description = "Recorded.", body = DecisionView)))]
async fn decide(call: Call) -> Reply {
    let id = call.id("id")?;
    let input = call.body::<DecisionBody>().map(|body| NewTieDecision {
        unit_ids: body.unit_ids,
        reason: body.reason,
        council_session_id: body.council_session_id,
    });
    call.write(move |conn, context| {
        let decision = ranking::decide_tie(conn, context, &id, &input)?;
        let view = DecisionView::of(&decision, true);
        Ok(Answer::created(&view, body_tag(&view)?, format!("/v1/periods/{id}/tie-decisions"))?)
    })
    .await
}
