//! Levels and options, the choices of a rule.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::Points;
use crate::domain::criteria::sheet_row::{Line, Written};

/// A level or an option.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RuleChoice)]
pub struct Choice {
    /// Code, unique within the rule.
    #[schema(example = "good")]
    pub code: String,
    /// Text of the level or option.
    #[schema(example = "Hoàn thành tốt nhiệm vụ")]
    pub title: String,
    /// Points that it earns.
    pub points: Points,
}

impl Choice {
    /// Reads a level or an option from its row.
    pub fn from_row(line: &mut Line) -> Self {
        Choice {
            code: line.needed_text("code"),
            title: line.needed_text("title"),
            points: line.needed_points("points"),
        }
    }

    /// Returns its row, which names it a `level` or an `option`.
    pub fn row(&self, about: &str) -> Written {
        Written::new(about).text("code", &self.code).text("title", &self.title).with("points", self.points)
    }
}

/// Returns the codes separated by commas.
pub fn codes_in_words(choices: &[Choice]) -> String {
    choices.iter().map(|choice| choice.code.as_str()).collect::<Vec<_>>().join(", ")
}
