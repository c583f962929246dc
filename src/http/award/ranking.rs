//! `/v1/periods/{id}/ranking` and the council's decisions on ties.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::award::ranking::{RankingRow, UnresolvedTie};
use crate::error::Code;
use crate::http::call::{Call, Reply, body_tag};
use crate::http::operation::{Operation, creates, lists, operations, reads};
use crate::http::page::ListView;
use crate::http::time::Instant;
use crate::service::Answer;
use crate::service::award::ranking::TieDecision;
use crate::service::award::ranking::{self, NewTieDecision, RankingDetails, RankingStatus};

/// The operations on `ranking` and `tie_decisions`.
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

const DECIDE_REFUSALS: &[Code] = &[Code::InvalidState, Code::NotTiedGroup, Code::SessionNotOfPeriod];

/// Who comes where.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Ranking)]
struct RankingView {
    status: RankingStatus,
    /// 0 while provisional.
    version: i64,
    /// From first to last; units without a result at the end.
    rows: Vec<RankingRow>,
    /// What the council still has to decide.
    unresolved_ties: Vec<UnresolvedTie>,
    /// SHA-256 of everything that the ranking was computed from.
    inputs_sha256: String,
}

impl From<RankingDetails> for RankingView {
    fn from(details: RankingDetails) -> Self {
        RankingView {
            status: details.status,
            version: details.version,
            rows: details.ranking.rows,
            unresolved_ties: details.ranking.unresolved_ties,
            inputs_sha256: details.inputs_sha256,
        }
    }
}

/// Whether the frozen ranking follows from its inputs.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RankingVerification)]
struct VerifyView {
    ok: bool,
    inputs_sha256: String,
}

/// The council's order of tied units.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateTieDecision, example = json!({"unit_ids": ["018b88d6-5f80-7000-8000-000000000002", "018b88d6-5f80-7000-8000-000000000003"],
    "reason": "Hội đồng biểu quyết 5/5", "council_session_id": "018b88d6-5f80-7000-8000-000000000009"}))]
struct DecisionBody {
    /// Exactly the tied units, from first to last.
    unit_ids: Vec<Id>,
    reason: String,
    council_session_id: Id,
}

/// A recorded decision on a tie.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TieDecision)]
struct DecisionView {
    id: Id,
    period_id: Id,
    unit_ids: Vec<Id>,
    reason: String,
    council_session_id: Id,
    decided_by: Id,
    version: i64,
    created_at: Instant,
    updated_at: Instant,
}

impl From<&TieDecision> for DecisionView {
    fn from(decision: &TieDecision) -> Self {
        DecisionView {
            id: decision.id,
            period_id: decision.period_id,
            unit_ids: decision.unit_ids.clone(),
            reason: decision.reason.clone(),
            council_session_id: decision.council_session_id,
            decided_by: decision.decided_by,
            version: decision.version,
            created_at: Instant(decision.created_at),
            updated_at: Instant(decision.updated_at),
        }
    }
}

/// Read the ranking.
///
/// Computed from what stands until the period is finalised, frozen from then on. Standard competition ranking: 1, 2, 2, 4.
/// Units see it once it is announced.
#[utoipa::path(get, path = "/v1/periods/{id}/ranking", responses((status = 200, description = "The ranking.", body = RankingView)))]
async fn get(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| {
        let body = serde_json::to_string(&RankingView::from(ranking::get(conn, context, &id)?))
            .map_err(crate::error::Error::internal)?;
        let etag = Some(crate::service::tag::of_body(&body));
        Ok(Answer { status: 200, location: None, etag, next: None, body, replayed: false })
    })
    .await
}

/// Recompute the frozen ranking.
///
/// From its kept inputs, and its inputs from what stands in the tables.
#[utoipa::path(get, path = "/v1/periods/{id}/ranking/verify", responses((status = 200, description = "Whether it holds.", body = VerifyView)))]
async fn verify(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| {
        let (ok, inputs_sha256) = ranking::verify(conn, context, &id)?;
        let view = VerifyView { ok, inputs_sha256 };
        Ok(Answer::ok(&view, body_tag(&view)?)?)
    })
    .await
}

/// List the council's decisions on ties.
#[utoipa::path(get, path = "/v1/periods/{id}/tie-decisions", operation_id = "list", responses((status = 200, description = "All of them.", body = ListView<DecisionView>)))]
async fn decisions(mut call: Call) -> Reply {
    let id = call.id("id")?;
    let asked = call.page_in_order();
    call.read(move |conn, context| {
        let decisions = ranking::tie_decisions(conn, context, &id)?;
        Ok(asked.answer_of_all(
            decisions,
            |decision| decision.id.to_string(),
            |decision| DecisionView::from(&decision),
        )?)
    })
    .await
}

/// Record the council's order of tied units.
///
/// Deciding again about the same units replaces the decision until the period is finalised.
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
        let view = DecisionView::from(&decision);
        Ok(Answer::created(&view, body_tag(&view)?, format!("/v1/periods/{id}/tie-decisions"))?)
    })
    .await
}
