//! A sheet's lines as they are shown, stage by stage.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::access::action::{Action, Stage};
use crate::domain::assessment::submission::SubmissionCase;
use crate::domain::criteria::criteria_set::ScoredBy;
use crate::domain::criteria::rules::{Answer as ScoreAnswer, Explanation};
use crate::domain::criteria::scoring::{Criterion, JsonText, LimitSum, Line, Sheet, Spread, TableNode, Tally, Totals};
use crate::domain::{Points, Quantity};
use crate::service::Details;
use crate::service::assessment::submissions::Scores;

/// Totals of each stage; null for a stage that does not exist or that the caller may not see.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct StageTotals {
    /// Totals of the self-assessment.
    #[serde(rename = "self")]
    own: Option<Totals>,
    /// Totals of the standing body's appraisal.
    appraisal: Option<Totals>,
    /// Totals of the council review.
    council: Option<Totals>,
    /// Totals of the latest submitted stage.
    #[serde(rename = "final")]
    result: Option<Totals>,
}

impl StageTotals {
    /// The sums that the caller may see, with those of the unit's own lines.
    pub fn of(own: Option<Totals>, details: &Details<SubmissionCase>) -> Self {
        let of =
            |stage| details.visible.reviews.iter().find(|review| review.stage == stage).map(|review| review.totals);
        let (appraisal, council) = (of(Stage::Appraisal), details.visible.council_totals);
        let result = council.or(appraisal).or(own.filter(|_| details.visible.sees_result));
        StageTotals { own, appraisal, council, result }
    }
}

/// A line as one stage scored it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScoreCell)]
pub struct CellView<'a> {
    /// The answer; null if there is none, and for the mean of several reviews.
    answer: Option<&'a ScoreAnswer>,
    /// Points earned by the answer, at most the maximum; null if it is not scored or does not apply.
    points: Option<Points>,
    /// Points earned beyond the maximum, which count as bonus; null if it is not scored or does not apply.
    bonus_points: Option<Points>,
    /// How the points were computed, in enough detail to repeat it by hand.
    explanation: Option<Explanation>,
    /// How far apart the members of the council were; null unless they scored alone.
    spread: Option<Spread>,
    /// A remark of the person who scored the line.
    note: Option<&'a str>,
    /// Why a review differs from the previous stage.
    reason: Option<&'a str>,
}

impl<'a> CellView<'a> {
    /// Returns the cell of a line, or `None` for a line that is neither scored nor annotated.
    pub fn of(criterion: &Criterion, line: &'a Line) -> Option<Self> {
        let Line { scored, note, reason } = line;
        let empty = scored.is_none() && note.is_none() && reason.is_none();
        let (points, bonus_points) = criterion.split(line);
        (!empty).then(|| CellView {
            answer: line.given(),
            points,
            bonus_points,
            spread: line.spread(),
            explanation: line.answer().map(|answer| criterion.rule.explain(answer, criterion.bounds)),
            note: note.as_deref(),
            reason: reason.as_deref(),
        })
    }
}

/// A criterion with its scores in each stage.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Score)]
struct ScoreView<'a> {
    /// Code of the criterion.
    #[schema(example = "A.II.1")]
    criterion_code: &'a str,
    /// Text of the criterion.
    #[schema(value_type = String)]
    title: &'a JsonText,
    /// Maximum points; null if the criterion shares the points that its section has left.
    max_points: Option<Points>,
    /// The fewest points; null for no floor.
    min_points: Option<Points>,
    /// Points that the rule may pay beyond the maximum, which count as bonus.
    bonus_max_points: Points,
    /// Who scores the criterion in the self-assessment.
    scored_by: ScoredBy,
    /// Target of the unit, if the rule or the period sets one; the answer then gives only `actual`.
    target: Option<Quantity>,
    /// Whether points claimed for this criterion require evidence.
    evidence_required: bool,
    /// Line of the self-assessment; null if it is empty.
    #[serde(rename = "self")]
    own: Option<CellView<'a>>,
    /// Line of the appraisal; null if it is empty or not visible to the caller.
    appraisal: Option<CellView<'a>>,
    /// Line of the council review; null if it is empty or not visible to the caller.
    council: Option<CellView<'a>>,
    /// Points in the latest submitted stage that the caller may see, at most the maximum.
    final_points: Option<Points>,
    /// Whether the caller may edit this line now.
    editable: bool,
}

/// The points of a part, section or criterion in each stage.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NodeSum)]
struct NodeView<'a> {
    /// Code of the part, section or criterion.
    code: &'a str,
    /// Maximum points; null for a criterion that shares the points that its section has left.
    max_points: Option<Points>,
    /// Points in the self-assessment.
    #[serde(rename = "self")]
    own: Option<Points>,
    /// Points in the appraisal.
    appraisal: Option<Points>,
    /// Points in the council review.
    council: Option<Points>,
    /// Points in the latest submitted stage that the caller may see.
    #[serde(rename = "final")]
    result: Option<Points>,
    /// Arithmetic beyond a plain sum, such as a cap on deductions; null if there is none.
    steps: Option<NodeSteps>,
}

/// Arithmetic beyond a plain sum, in each stage, line by line.
#[derive(Debug, Default, Serialize, ToSchema)]
struct NodeSteps {
    /// Steps in the self-assessment.
    #[serde(rename = "self")]
    #[schema(example = json!(["85 + (15 - 12) = 88"]))]
    own: Vec<String>,
    /// Steps in the appraisal.
    appraisal: Vec<String>,
    /// Steps in the council review.
    council: Vec<String>,
}

impl NodeSteps {
    fn if_any(self) -> Option<Self> {
        let is_empty = self.own.is_empty() && self.appraisal.is_empty() && self.council.is_empty();
        (!is_empty).then_some(self)
    }
}

/// The scores of a submission.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SubmissionScores)]
pub struct ScoresView<'a> {
    /// Lines of the submission, in the order of the criteria set.
    scores: Vec<ScoreView<'a>>,
    /// Sums of parts, sections and criteria, in the order of the criteria set.
    nodes: Vec<NodeView<'a>>,
    /// What limits make of criteria that do not share a parent, in the order of the criteria set.
    limits: Vec<LimitView<'a>>,
    /// Totals of each stage.
    totals: StageTotals,
    /// Arithmetic of the totals beyond a plain sum; null if there is none.
    totals_steps: Option<NodeSteps>,
}

/// What a limit on criteria makes of them in each stage; null for a stage that does not exist or that the caller may not see.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LimitSums)]
struct LimitView<'a> {
    /// Code of the limit.
    code: &'a str,
    /// The self-assessment.
    #[serde(rename = "self")]
    own: Option<LimitSumView>,
    /// The appraisal.
    appraisal: Option<LimitSumView>,
    /// The council review.
    council: Option<LimitSumView>,
}

/// What a limit on criteria makes of them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LimitSum)]
struct LimitSumView {
    /// Deductions of the criteria together, as far as they count.
    deducted: Points,
    /// Awards of the criteria together, as far as they count.
    awarded: Points,
    /// What was limited, line by line.
    steps: Vec<String>,
}

impl LimitSumView {
    fn of(tally: Option<&Tally>, at: usize) -> Option<Self> {
        let LimitSum { deducted, awarded, steps } = tally?.limits.get(at)?.clone();
        Some(LimitSumView { deducted, awarded, steps })
    }
}

impl<'a> From<&'a Scores> for ScoresView<'a> {
    fn from(all: &'a Scores) -> Self {
        let Scores { submission: details, table, own, appraisal, council } = all;
        let editable = details.offers.allowed.iter().any(|(action, _)| *action == Action::WriteScores);
        let furthest = all.final_sheet();
        let cell = |sheet: Option<&'a Sheet>, at: usize, criterion| CellView::of(criterion, sheet?.0.get(at)?);
        let scores = table.criteria.iter().enumerate().map(|(at, criterion)| ScoreView {
            criterion_code: &criterion.code,
            title: &criterion.title,
            max_points: criterion.max_points,
            min_points: criterion.bounds.min,
            bonus_max_points: criterion.bounds.bonus,
            scored_by: criterion.scored_by,
            target: criterion.rule.target(),
            evidence_required: criterion.evidence_required,
            own: cell(Some(own), at, criterion),
            appraisal: cell(appraisal.as_ref(), at, criterion),
            council: cell(council.as_ref(), at, criterion),
            final_points: furthest.and_then(|sheet| criterion.split(sheet.0.get(at)?).0),
            editable: editable && criterion.scored_by == ScoredBy::Unit,
        });
        let tallied = |sheet: Option<&Sheet>| sheet.map(|sheet| table.tally(sheet));
        let of_own = table.tally(own);
        let (of_appraisal, of_council) = (tallied(appraisal.as_ref()), tallied(council.as_ref()));
        let of_result =
            of_council.as_ref().or(of_appraisal.as_ref()).or(details.visible.sees_result.then_some(&of_own));
        let node = |(at, node): (usize, &'a TableNode)| {
            let sum = |tally: Option<&Tally>| tally.and_then(|tally| tally.nodes.get(at)).cloned().unwrap_or_default();
            let [own, appraisal, council] = [Some(&of_own), of_appraisal.as_ref(), of_council.as_ref()].map(sum);
            NodeView {
                code: &node.code,
                max_points: node.max_points,
                own: own.points,
                appraisal: appraisal.points,
                council: council.points,
                result: of_result.and_then(|tally| tally.nodes.get(at)?.points),
                steps: NodeSteps { own: own.steps, appraisal: appraisal.steps, council: council.steps }.if_any(),
            }
        };
        let nodes = table.nodes.iter().enumerate().map(node).collect();
        let limits = table.limits.iter().enumerate().map(|(at, limit)| LimitView {
            code: &limit.code,
            own: LimitSumView::of(Some(&of_own), at),
            appraisal: LimitSumView::of(of_appraisal.as_ref(), at),
            council: LimitSumView::of(of_council.as_ref(), at),
        });
        let steps = |tally: Option<&Tally>| tally.map(|tally| tally.steps.clone()).unwrap_or_default();
        let [own, appraisal, council] = [Some(&of_own), of_appraisal.as_ref(), of_council.as_ref()].map(steps);
        ScoresView {
            scores: scores.collect(),
            nodes,
            limits: limits.collect(),
            totals: StageTotals::of(of_own.totals, details),
            totals_steps: NodeSteps { own, appraisal, council }.if_any(),
        }
    }
}
