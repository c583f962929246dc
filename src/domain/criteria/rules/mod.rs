//! How one criterion turns an answer into points.
//!
//! Each type of rule is a struct in a file of its own, which says everything about it: its figures, its answer, its
//! checks, its points, its explanation, its phrase in an office's table and its row in a spreadsheet. The list of types
//! is the call of [`rules!`].

mod all_or_nothing;
mod answer;
mod award_per_case;
mod best_of;
mod bonus_penalty;
mod choice;
mod deduct_once;
mod deduction_per_case;
mod deduction_steps;
mod explanation;
mod figures;
mod findings;
mod levels;
mod manual;
mod rank_bands;
mod target_ratio;
#[cfg(test)]
mod tests;

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantNames};
use utoipa::ToSchema;

pub use all_or_nothing::AllOrNothingRule;
pub use answer::{Answer, AnswerInput, CanonicalAnswer};
pub use award_per_case::AwardPerCaseRule;
pub use best_of::BestOfRule;
pub use bonus_penalty::BonusPenaltyRule;
pub use choice::Choice;
pub use deduct_once::DeductOnceRule;
pub use deduction_per_case::DeductionPerCaseRule;
pub use deduction_steps::{DeductionStepsRule, Step};
pub use explanation::Explanation;
pub use levels::LevelsRule;
pub use manual::ManualRule;
pub use rank_bands::{Band, RankBandsRule};
pub use target_ratio::TargetRatioRule;

use answer::{AnswerShape, Question};
use explanation::Account;
use figures::Figures;
use findings::RuleFindings;

use crate::domain::criteria::sheet_row::{About, Line, Written};
use crate::domain::{Points, Quantity};
use crate::error::{Code, Fault};

/// The most rows that the list of a rule may have: levels, bands, steps, options.
pub const MAX_ROWS: usize = 100;

/// What a type of rule says of itself. The struct holds its figures.
trait RuleType: Sized {
    /// What is answered to it.
    type Answer: AnswerShape;

    /// Whether it computes from the criterion's own maximum, so that it cannot do without one.
    const NEEDS_MAX: bool;

    /// Whether it takes points away from a full score.
    const DEDUCTS: bool = false;

    /// Takes its figures from the JSON of a rule.
    fn take<E: serde::de::Error>(figures: &mut Figures) -> Result<Self, E>;

    /// Checks its figures.
    fn check(&self, found: &mut RuleFindings);

    /// The fields of an answer to it, in the order of [`AnswerInput`].
    fn fields(&self) -> &'static [&'static str];

    /// Reads an answer that has these fields; none where one of them is missing.
    fn read(&self, input: &AnswerInput, question: &Question) -> Result<Option<Self::Answer>, Fault>;

    /// The points that an answer earns where at most `max` can be had.
    fn points(&self, answer: &Self::Answer, max: Points) -> Points;

    /// Writes down the figures and the arithmetic by which an answer earned `points`.
    fn explain(&self, answer: &Self::Answer, max: Points, points: Points, account: &mut Account);

    /// The rule that the text of a criterion states in the guideline's own words, in lower case.
    fn from_phrase(_text: &str) -> Option<Self> {
        None
    }

    /// The name of their list, and they, to be brought into their stored form.
    fn choices_mut(&mut self) -> (&'static str, &mut [Choice]) {
        ("", &mut [])
    }

    /// What is to be reached, where the rule has it.
    fn target(&self) -> Option<Quantity> {
        None
    }

    /// Takes what is to be reached by a unit, where the rule leaves it open.
    fn set_target(&mut self, _target: Quantity) {}

    /// Reads its figures from the row of a criterion. Its list is still empty.
    fn from_row(line: &mut Line) -> Self;

    /// Reads a row of its list; false where it has no such rows.
    fn take_row(&mut self, _about: About, _line: &mut Line) -> bool {
        false
    }

    /// Writes its figures into the row of a criterion.
    fn row(&self, row: Written) -> Written;

    /// The rows of its list.
    fn rows_below(&self) -> Vec<Written> {
        Vec::new()
    }
}

/// Makes [`Rule`] and its kinds of a list of types, and asks the type what is asked of the rule.
macro_rules! rules {
    ($( $(#[doc = $doc:literal])* $variant:ident($rule:ty), )*) => {
        /// The rule of a criterion.
        ///
        /// Source: the guideline's table; what it leaves open is `manual`.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, IntoStaticStr, ToSchema)]
        #[serde(tag = "type", rename_all = "snake_case")]
        #[strum(serialize_all = "snake_case", const_into_str)]
        pub enum Rule {
            $( $(#[doc = $doc])* $variant($rule), )*
        }

        /// The type of a rule.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, EnumString, VariantNames)]
        #[serde(rename_all = "snake_case")]
        #[strum(serialize_all = "snake_case")]
        enum Kind {
            $( $variant, )*
        }

        $(
            impl From<$rule> for Rule {
                fn from(rule: $rule) -> Self {
                    Rule::$variant(rule)
                }
            }
        )*

        impl Kind {
            fn take<E: serde::de::Error>(self, figures: &mut Figures) -> Result<Rule, E> {
                match self {
                    $( Kind::$variant => <$rule>::take(figures).map(Rule::$variant), )*
                }
            }

            fn read_row(self, line: &mut Line) -> Rule {
                match self {
                    $( Kind::$variant => Rule::$variant(<$rule>::from_row(line)), )*
                }
            }
        }

        impl Rule {
            /// Whether the rule computes from the criterion's own maximum, so that it cannot do without one.
            pub const fn needs_max(&self) -> bool {
                match self {
                    $( Rule::$variant(_) => <$rule>::NEEDS_MAX, )*
                }
            }

            /// Whether it takes points away from a full score: what `fewer_deductions` counts.
            pub const fn deducts(&self) -> bool {
                match self {
                    $( Rule::$variant(_) => <$rule>::DEDUCTS, )*
                }
            }

            /// What is to be reached, where the rule has it.
            pub fn target(&self) -> Option<Quantity> {
                match self {
                    $( Rule::$variant(rule) => rule.target(), )*
                }
            }

            /// Takes what is to be reached by a unit, where the rule leaves it open.
            pub fn set_target(&mut self, target: Quantity) {
                match self {
                    $( Rule::$variant(rule) => rule.set_target(target), )*
                }
            }

            /// The name of the list of levels or options, and they, to be brought into their stored form.
            pub fn choices_mut(&mut self) -> (&'static str, &mut [Choice]) {
                match self {
                    $( Rule::$variant(rule) => rule.choices_mut(), )*
                }
            }

            /// The points that an answer earns where at most `max` can be had.
            /// An answer of another rule's shape earns nothing; [`Rule::read`] never makes one.
            pub fn points(&self, answer: &Answer, max: Points) -> Points {
                match self {
                    $( Rule::$variant(rule) => points(rule, answer, max), )*
                }
            }

            /// The rule that the text of a criterion states in the guideline's own words.
            pub fn from_phrase(text: &str) -> Option<Rule> {
                let text = text.to_lowercase();
                None$( .or_else(|| <$rule>::from_phrase(&text).map(Rule::$variant)) )*
            }

            /// Reads a row of the rule's list; false where it has no such rows.
            pub fn take_row(&mut self, about: About, line: &mut Line) -> bool {
                match self {
                    $( Rule::$variant(rule) => rule.take_row(about, line), )*
                }
            }

            /// The row of a criterion with the rule's figures, and the rows of its list.
            pub fn rows(&self, row: Written) -> (Written, Vec<Written>) {
                match self {
                    $( Rule::$variant(rule) => (rule.row(row), rule.rows_below()), )*
                }
            }

            fn check_figures(&self, found: &mut RuleFindings) {
                match self {
                    $( Rule::$variant(rule) => rule.check(found), )*
                }
            }

            fn fields(&self) -> &'static [&'static str] {
                match self {
                    $( Rule::$variant(rule) => rule.fields(), )*
                }
            }

            fn read_fields(&self, input: &AnswerInput, question: &Question) -> Result<Option<Answer>, Fault> {
                match self {
                    $( Rule::$variant(rule) => Ok(rule.read(input, question)?.map(Into::into)), )*
                }
            }

            fn account(&self, answer: &Answer, max: Points, account: &mut Account) {
                match self {
                    $( Rule::$variant(rule) => explain(rule, answer, max, account), )*
                }
            }
        }
    };
}

rules! {
    /// Points as given, from 0 to the maximum, a multiple of `step` where there is one. Answer: `{"points": 27.5}`.
    Manual(ManualRule),
    /// The maximum or nothing (III.1 "không thực hiện không tính điểm"). Answer: `{"achieved": true}`.
    AllOrNothing(AllOrNothingRule),
    /// The points of the level reached (B.1–B.3). Answer: `{"level": "good"}`.
    Levels(LevelsRule),
    /// The points of the band that a rank lies in (VI.4, VI.5). Answer: `{"rank": 3}`.
    RankBands(RankBandsRule),
    /// The maximum less `points_per_case` for each case, not under `floor` (IV.4). Answer: `{"cases": 1}`.
    DeductionPerCase(DeductionPerCaseRule),
    /// The maximum less the deduction of the last step that the cases reach. Answer: `{"cases": 2}`.
    DeductionSteps(DeductionStepsRule),
    /// The maximum, or less by `deduction` where a duty was not done. Answer: `{"done": false}`.
    DeductOnce(DeductOnceRule),
    /// `points_per_case` for each case, up to the maximum. Answer: `{"cases": 4}`.
    AwardPerCase(AwardPerCaseRule),
    /// `start` with bonuses added and penalties taken away, from `min` to the maximum.
    /// Answer: `{"bonus_cases": 2, "penalty_cases": 1}`.
    BonusPenalty(BonusPenaltyRule),
    /// The maximum times actual over target, no more than the maximum, rounded half up to 0.01 (I.1 "100 % chỉ tiêu").
    /// Answer: `{"actual": 95, "target": 100}`, without `target` where the rule has it.
    TargetRatio(TargetRatioRule),
    /// The points of the best of the options that hold; 0 where none does. Answer: `{"options": ["a", "c"]}`.
    BestOf(BestOfRule),
}

fn points<R: RuleType>(rule: &R, answer: &Answer, max: Points) -> Points {
    R::Answer::of(answer).map_or(Points::ZERO, |answer| rule.points(answer, max))
}

fn explain<R: RuleType>(rule: &R, answer: &Answer, max: Points, account: &mut Account) {
    if let Some(answer) = R::Answer::of(answer) {
        rule.explain(answer, max, rule.points(answer, max), account);
    }
}

impl Rule {
    /// The types of rules, as they are written in a criteria set.
    pub const NAMES: &'static [&'static str] = Kind::VARIANTS;

    /// The rule's type as it is written in a criteria set.
    pub const fn name(&self) -> &'static str {
        self.into_str()
    }

    /// Whether an answer has to say what was to be reached.
    pub fn asks_for_target(&self) -> bool {
        self.fields().contains(&"target")
    }

    /// Reads a rule of the type `name` from the row of a criterion. Its list is still empty.
    pub fn from_row(name: &str, line: &mut Line) -> Option<Rule> {
        name.parse::<Kind>().ok().map(|kind| kind.read_row(line))
    }

    /// Checks the rule of `criterion`, of which at most `max` points can be had; `pointer` is the rule's place.
    pub fn check(&self, criterion: &str, max: Points, pointer: &str) -> RuleFindings {
        let mut found = RuleFindings::new(criterion, max, pointer);
        self.check_figures(&mut found);
        found
    }

    /// Reads an answer to the criterion `criterion`, of which at most `max` points can be had.
    ///
    /// # Errors
    /// `answer_mismatch` where the fields are another rule's; `score_out_of_range`, `points_precision`,
    /// `points_step`, `unknown_level`, `rank_out_of_bands`, `unknown_option`, `duplicate_option`,
    /// `number_precision`, `number_out_of_range` where the value is. `pointer` is the answer's place.
    pub fn read(&self, input: &AnswerInput, criterion: &str, max: Points, pointer: &str) -> Result<Answer, Fault> {
        let mismatch = || {
            let fields = self.fields().join(", ");
            Fault::at(pointer, Code::AnswerMismatch)
                .with("criterion", criterion)
                .with("rule", self.name())
                .with("fields", fields)
        };
        if input.sent() != self.fields() {
            return Err(mismatch());
        }
        let answer = self.read_fields(input, &Question { criterion, pointer, max })?.ok_or_else(mismatch)?;
        match input.kind.as_deref() {
            Some(kind) if kind != answer.name() => Err(mismatch()),
            Some(_) | None => Ok(answer),
        }
    }

    /// How the points of an answer came about.
    pub fn explain(&self, answer: &Answer, max: Points) -> Explanation {
        if answer.is_not_applicable() {
            return Account::default().close("not_applicable", max);
        }
        let mut account = Account::default();
        self.account(answer, max, &mut account);
        account.close(self.name(), max)
    }
}

/// Reads a rule from its JSON. A tagged enum would be buffered whole before its type is known: a mistake would lose its
/// place, and a number its digits.
impl<'de> Deserialize<'de> for Rule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut figures = Figures::deserialize(deserializer)?;
        let rule = figures.r#type.take(&mut figures)?;
        match figures.left() {
            Some(foreign) => Err(D::Error::unknown_field(foreign, &[])),
            None => Ok(rule),
        }
    }
}
