//! A level or an option: what the rules have that let one choose.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::Points;
use crate::domain::criteria::sheet_row::{Line, Written};

/// A level or an option.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RuleChoice)]
pub struct Choice {
    /// Its key, unique within the rule.
    #[schema(example = "good")]
    pub code: String,
    /// Its text.
    #[schema(example = "Hoàn thành tốt nhiệm vụ")]
    pub title: String,
    /// What it earns.
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

    /// Its row, which says whether it is a `level` or an `option`.
    pub fn row(&self, about: &str) -> Written {
        Written::new(about).text("code", &self.code).text("title", &self.title).with("points", self.points)
    }
}

/// Codes in words: `a, b`.
pub fn codes_in_words(choices: &[Choice]) -> String {
    choices.iter().map(|choice| choice.code.as_str()).collect::<Vec<_>>().join(", ")
}
