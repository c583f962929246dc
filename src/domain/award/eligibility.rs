//! Conditions that a unit must meet to receive an award.

use serde::{Deserialize, Serialize};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use crate::domain::assessment::facts::{PartyCellRating, UnitFacts};

/// A condition that a unit must meet to receive an award.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, IntoStaticStr, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Condition {
    /// No one in the unit was disciplined in the year ("Trong năm, không có công chức, viên chức, người lao động bị kỷ
    /// luật").
    NobodyDisciplined {},
    /// The Party cell has at least this rating ("Chi bộ được đánh giá, xếp loại Hoàn thành tốt nhiệm vụ trở lên").
    PartyCellRatingAtLeast {
        /// The lowest sufficient rating.
        rating: PartyCellRating,
    },
    /// The unit is not under inspection or investigation.
    NotUnderInspection {},
}

/// Whether a unit meets a condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Eligibility {
    /// Type of the condition.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether the condition is met.
    pub met: bool,
    /// The fact that decided.
    pub why: String,
}

impl Condition {
    /// Checks the condition against the facts about a unit.
    pub fn judge(&self, facts: &UnitFacts) -> Eligibility {
        let (met, why) = match self {
            Condition::NobodyDisciplined {} => {
                (!facts.anybody_disciplined, format!("anybody_disciplined = {}", facts.anybody_disciplined))
            }
            Condition::PartyCellRatingAtLeast { rating } => (
                facts.party_cell_rating >= *rating,
                format!("party_cell_rating = {}, needs {}", facts.party_cell_rating.into_str(), rating.into_str()),
            ),
            Condition::NotUnderInspection {} => {
                (!facts.under_inspection, format!("under_inspection = {}", facts.under_inspection))
            }
        };
        Eligibility { kind: self.into_str().to_owned(), met, why }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_condition_is_met_by_its_fact_alone() {
        use PartyCellRating::{Good, Outstanding, Satisfactory, Unsatisfactory};
        let at_least = |rating| Condition::PartyCellRatingAtLeast { rating };
        let table = [
            (Condition::NobodyDisciplined {}, (false, Unsatisfactory, true), true),
            (Condition::NobodyDisciplined {}, (true, Outstanding, false), false),
            (at_least(Good), (true, Good, true), true),
            (at_least(Good), (true, Outstanding, true), true),
            (at_least(Good), (false, Satisfactory, false), false),
            (at_least(Unsatisfactory), (true, Unsatisfactory, true), true),
            (Condition::NotUnderInspection {}, (true, Unsatisfactory, false), true),
            (Condition::NotUnderInspection {}, (false, Outstanding, true), false),
        ];
        for (condition, (anybody_disciplined, party_cell_rating, under_inspection), met) in table {
            let facts = UnitFacts { anybody_disciplined, party_cell_rating, under_inspection, source_document: None };
            assert_eq!(condition.judge(&facts).met, met, "{condition:?} {facts:?}");
        }
    }
}
