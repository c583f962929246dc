//! The analysis of a result: `/v1/periods/{id}/analysis`.

use actix_web::web;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::access::action::Action;
use crate::domain::award::analysis::{
    Analysis, AwardLine, CriterionAnalysis, ToDiscuss, UnitAnalysis, WithoutCriteria,
};
use crate::error::Error;
use crate::http::call::{Call, Reply, body_tag};
use crate::http::operation::{Operation, operations, reads};
use crate::service::Answer;
use crate::service::award::analysis::{self, AnalysisSource};
use crate::service::award::ranking::RankingStatus;

/// Returns the operation on analyses.
pub fn operations() -> Vec<Operation> {
    operations![Results, "periods"; analysis: reads(Action::ReadRanking)]
}

/// The analysis of a result. It describes the scores and never changes one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PeriodAnalysis)]
struct AnalysisView {
    /// Whether the ranking is provisional or final.
    status: RankingStatus,
    /// Version of the ranking; 0 while it is provisional.
    version: i64,
    /// Whether it covers the scores of every ranked unit. The parts about all units together are null where the caller may
    /// not see the scores of one of them.
    complete: bool,
    /// The lines between those who take an award and those who do not, in order of precedence. Null for those who may not
    /// see who is eligible.
    award_lines: Option<Vec<AwardLine>>,
    /// Award lines whose margin is within the greatest tolerance of a criterion, the narrowest first: one criterion alone
    /// might cross them if it were read as differently as stages have read it. Null unless the caller sees all scores.
    discuss_first: Option<Vec<ToDiscuss>>,
    /// What the ranking would be without one of the criteria. Null unless the caller sees all scores.
    without_criterion: Option<WithoutCriteria>,
    /// Every criterion, in the order of the table. Null unless the caller sees all scores.
    criteria: Option<Vec<CriterionAnalysis>>,
    /// The ranked units whose scores the caller may see, by code.
    units: Vec<UnitAnalysis>,
}

fn view(source: &AnalysisSource) -> AnalysisView {
    let Analysis { complete, award_lines, discuss_first, without_criterion, criteria, units } = source.analyse();
    let (status, version) = (source.ranking.status, source.ranking.version);
    AnalysisView { status, version, complete, award_lines, discuss_first, without_criterion, criteria, units }
}

/// Analyse the result.
///
/// What a council asks before it signs: how narrow each award line is and what would cross it, what the ranking would be
/// without one of the criteria, how much each stage moved each unit and criterion, which criteria separate nobody, where a
/// unit lost its points, and its results in earlier periods. Every figure is exact and defined with its field. It shows
/// what follows from the ranking and the scores that the caller may see: someone who is recused from a unit gets the award
/// lines without the scores of that unit, and neither the parts about all units together; a unit gets its own part once
/// the results are announced.
#[utoipa::path(get, path = "/v1/periods/{id}/analysis", responses((status = 200, description = "The analysis.", body = AnalysisView)))]
async fn analysis(mut call: Call) -> Reply {
    let id = call.id("id")?;
    let source = call.fetch(move |conn, context| analysis::find(conn, context, &id)).await?;
    // Worked out after the transaction, which nothing else waits for then.
    let view = web::block(move || view(&source)).await.map_err(|error| call.problem(Error::internal(error)))?;
    let answer = body_tag(&view).and_then(|tag| Answer::ok(&view, tag));
    answer.map(|answer| call.respond(answer)).map_err(|error| call.problem(error))
}
