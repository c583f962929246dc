//! `all_or_nothing`: the maximum or nothing (III.1 "không thực hiện không tính điểm").

use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{AchievedAnswer, AnswerInput, Question};
use super::explanation::Account;
use super::figures::Figures;
use super::findings::RuleFindings;
use super::{Bounds, RuleType};
use crate::domain::Points;
use crate::domain::criteria::sheet_row::{Line, Written};
use crate::error::Fault;

/// The maximum or nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AllOrNothingRule {}

impl RuleType for AllOrNothingRule {
    type Answer = AchievedAnswer;

    const NEEDS_MAX: bool = true;

    fn take<E: serde::de::Error>(_figures: &mut Figures) -> Result<Self, E> {
        Ok(AllOrNothingRule {})
    }

    fn check(&self, _found: &mut RuleFindings) {}

    fn least(&self, _bounds: Bounds) -> Points {
        Points::ZERO
    }

    fn fields(&self) -> &'static [&'static str] {
        &["achieved"]
    }

    fn read(&self, input: &AnswerInput, _question: &Question) -> Result<Option<AchievedAnswer>, Fault> {
        Ok(input.achieved.map(|achieved| AchievedAnswer { achieved }))
    }

    fn points(&self, answer: &AchievedAnswer, bounds: Bounds) -> Points {
        if answer.achieved { bounds.max } else { Points::ZERO }
    }

    fn explain(&self, answer: &AchievedAnswer, _bounds: Bounds, _points: Points, account: &mut Account) {
        account.flag("achieved", answer.achieved);
    }

    fn from_phrase(text: &str) -> Option<Self> {
        text.contains("không thực hiện không tính điểm").then_some(AllOrNothingRule {})
    }

    fn from_row(_line: &mut Line) -> Self {
        AllOrNothingRule {}
    }

    fn row(&self, row: Written) -> Written {
        row
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::criteria::rules::tests::{Row, agrees_with};

    /// Cases with points worked out by hand.
    const BY_HAND: [Row; 2] = [
        (r#"{"type":"all_or_nothing"}"#, 2000, r#"{"achieved":true}"#, 2000, &[], None),
        (r#"{"type":"all_or_nothing"}"#, 2000, r#"{"achieved":false}"#, 0, &[], None),
    ];

    #[test]
    fn points_are_as_worked_out_by_hand() {
        agrees_with(&BY_HAND);
    }
}
