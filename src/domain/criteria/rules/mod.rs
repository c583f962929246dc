//! Rules, which convert the answer to a criterion into points.
//!
//! Each type of rule is a struct in its own file, with its parameters, its answer, its checks, its points, its
//! explanation, its phrase in an office's table and its row in a spreadsheet. [`rules!`] lists the types.

mod all_or_nothing;
mod answer;
mod award_per_case;
mod best_of;
mod bonus_penalty;
mod bounds;
mod case_list;
mod cells;
mod choice;
mod deduct_once;
mod deduction_per_case;
mod deduction_steps;
mod explanation;
mod figures;
mod findings;
mod levels;
mod manual;
mod mean;
mod over_fulfilment;
mod rank_bands;
mod ratio_bands;
mod target_ratio;
#[cfg(test)]
mod tests;

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantNames};
use utoipa::ToSchema;

pub use all_or_nothing::AllOrNothingRule;
pub use answer::{Answer, AnswerInput, CanonicalAnswer, MeanAnswer};
pub use award_per_case::AwardPerCaseRule;
pub use best_of::BestOfRule;
pub use bonus_penalty::BonusPenaltyRule;
pub use bounds::Bounds;
pub use case_list::CaseListRule;
#[cfg(test)]
pub use case_list::{Case, CaseStart, Counting, Per};
pub use choice::Choice;
pub use deduct_once::DeductOnceRule;
pub use deduction_per_case::DeductionPerCaseRule;
pub use deduction_steps::{DeductionStepsRule, Step};
pub use explanation::Explanation;
pub use levels::LevelsRule;
pub use manual::ManualRule;
#[cfg(test)]
pub use over_fulfilment::{OverFulfilment, OverRate, OverSteps, PercentPoints};
pub use rank_bands::{Band, RankBandsRule};
pub use ratio_bands::RatioBandsRule;
pub use target_ratio::TargetRatioRule;

use answer::{AnswerShape, Question};
use explanation::Account;
use figures::Figures;
use findings::RuleFindings;

use crate::domain::criteria::sheet_row::{About, Line, Written};
use crate::domain::{Points, Quantity};
use crate::error::{Code, Fault};

/// Maximum number of levels, bands, steps or options of a rule.
pub const MAX_ROWS: usize = 100;

/// A type of rule. The struct holds its parameters.
trait RuleType: Sized {
    /// Shape of the answer.
    type Answer: AnswerShape;

    /// Whether it computes from the criterion's own maximum and therefore requires one.
    const NEEDS_MAX: bool;

    /// Takes its parameters from the JSON of a rule.
    fn take<E: serde::de::Error>(figures: &mut Figures) -> Result<Self, E>;

    /// Checks its parameters.
    fn check(&self, found: &mut RuleFindings);

    /// Returns the fields of its answer, in the order of [`AnswerInput`].
    fn fields(&self) -> &'static [&'static str];

    /// Reads an answer that has these fields, or returns `None` if one is missing.
    fn read(&self, input: &AnswerInput, question: &Question) -> Result<Option<Self::Answer>, Fault>;

    /// Returns the points of an answer, within the bounds, what counts as bonus included.
    fn points(&self, answer: &Self::Answer, bounds: Bounds) -> Points;

    /// Returns the points without any case, of a rule that can take points from them.
    fn start(&self, _bounds: Bounds) -> Option<Points> {
        None
    }

    /// Returns the fewest points that an answer can earn.
    fn least(&self, bounds: Bounds) -> Points;

    /// Records the parameters and the arithmetic by which an answer earned `points`.
    fn explain(&self, answer: &Self::Answer, bounds: Bounds, points: Points, account: &mut Account);

    /// Recognises the rule in the text of a criterion, in lower case, worded as in the guideline.
    fn from_phrase(_text: &str) -> Option<Self> {
        None
    }

    /// Returns the name of its list of levels, options or cases, and their codes and titles, for normalisation.
    fn named_mut(&mut self) -> (&'static str, Vec<(&mut String, &mut String)>) {
        ("", Vec::new())
    }

    /// Returns the target, if the rule has one.
    fn target(&self) -> Option<Quantity> {
        None
    }

    /// Sets the target of a unit, if the rule leaves it open.
    fn set_target(&mut self, _target: Quantity) {}

    /// Reads its parameters from the row of a criterion, without its list.
    fn from_row(line: &mut Line) -> Self;

    /// Reads a row of its list. Returns `false` if it has no such rows.
    fn take_row(&mut self, _about: About, _line: &mut Line) -> bool {
        false
    }

    /// Writes its parameters into the row of a criterion.
    fn row(&self, row: Written) -> Written;

    /// Returns the rows of its list.
    fn rows_below(&self) -> Vec<Written> {
        Vec::new()
    }
}

/// Generates [`Rule`] and [`Kind`] from a list of types, and delegates to the types.
macro_rules! rules {
    ($( $(#[doc = $doc:literal])* $variant:ident($rule:ty), )*) => {
        /// How an answer to a criterion is converted to points.
        ///
        /// The types follow the guideline's table; criteria that it leaves open are `manual`.
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
            /// Whether it computes from the criterion's own maximum and therefore requires one.
            pub const fn needs_max(&self) -> bool {
                match self {
                    $( Rule::$variant(_) => <$rule>::NEEDS_MAX, )*
                }
            }

            /// Returns the points without any case, of a rule that can take points from them.
            pub fn start(&self, bounds: Bounds) -> Option<Points> {
                match self {
                    $( Rule::$variant(rule) => rule.start(bounds), )*
                }
            }

            /// Returns the fewest points that an answer can earn.
            pub fn least(&self, bounds: Bounds) -> Points {
                match self {
                    $( Rule::$variant(rule) => rule.least(bounds), )*
                }
            }

            /// Returns the target, if the rule has one.
            pub fn target(&self) -> Option<Quantity> {
                match self {
                    $( Rule::$variant(rule) => rule.target(), )*
                }
            }

            /// Sets the target of a unit, if the rule leaves it open.
            pub fn set_target(&mut self, target: Quantity) {
                match self {
                    $( Rule::$variant(rule) => rule.set_target(target), )*
                }
            }

            /// Returns the name of the list of levels, options or cases, and their codes and titles, for normalisation.
            pub fn named_mut(&mut self) -> (&'static str, Vec<(&mut String, &mut String)>) {
                match self {
                    $( Rule::$variant(rule) => rule.named_mut(), )*
                }
            }

            /// Returns the points of an answer, what counts as bonus included. An answer with the shape of another rule, which
            /// [`Rule::read`] never returns, earns nothing.
            pub fn points(&self, answer: &Answer, bounds: impl Into<Bounds>) -> Points {
                let bounds = bounds.into();
                match self {
                    $( Rule::$variant(rule) => points(rule, answer, bounds), )*
                }
            }

            /// Recognises the rule in the text of a criterion, worded as in the guideline.
            pub fn from_phrase(text: &str) -> Option<Rule> {
                let text = text.to_lowercase();
                None$( .or_else(|| <$rule>::from_phrase(&text).map(Rule::$variant)) )*
            }

            /// Reads a row of the rule's list. Returns `false` if it has no such rows.
            pub fn take_row(&mut self, about: About, line: &mut Line) -> bool {
                match self {
                    $( Rule::$variant(rule) => rule.take_row(about, line), )*
                }
            }

            /// Returns the row of a criterion with the rule's parameters, and the rows of its list.
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

            fn account(&self, answer: &Answer, bounds: Bounds, account: &mut Account) {
                match self {
                    $( Rule::$variant(rule) => explain(rule, answer, bounds, account), )*
                }
            }
        }
    };
}

rules! {
    /// Points entered directly, from 0 to the maximum, a multiple of `step` if it is set. Answer: `{"points": 27.5}`.
    Manual(ManualRule),
    /// The maximum or nothing (III.1 "không thực hiện không tính điểm"). Answer: `{"achieved": true}`.
    AllOrNothing(AllOrNothingRule),
    /// The points of the level reached (B.1–B.3). Answer: `{"level": "good"}`.
    Levels(LevelsRule),
    /// The points of the band that contains the rank (VI.4, VI.5). Answer: `{"rank": 3}`.
    RankBands(RankBandsRule),
    /// The maximum less `points_per_case` for each case, at least `floor` (IV.4). Answer: `{"cases": 1}`.
    DeductionPerCase(DeductionPerCaseRule),
    /// The maximum less the deduction of the highest step reached. Answer: `{"cases": 2}`.
    DeductionSteps(DeductionStepsRule),
    /// The maximum, less `deduction` if a duty was not done. Answer: `{"done": false}`.
    DeductOnce(DeductOnceRule),
    /// `points_per_case` for each case, up to the maximum. Answer: `{"cases": 4}`.
    AwardPerCase(AwardPerCaseRule),
    /// `start` plus bonuses less penalties, from `min` to the maximum.
    /// Answer: `{"bonus_cases": 2, "penalty_cases": 1}`.
    BonusPenalty(BonusPenaltyRule),
    /// The maximum times actual / target, at most the maximum, rounded half up to 0.01 (I.1 "100 % chỉ tiêu").
    /// Answer: `{"actual": 95, "target": 100}`, without `target` if the rule sets it.
    TargetRatio(TargetRatioRule),
    /// The points of the best applicable option, or of the heaviest where all take points; 0 if none applies.
    /// Answer: `{"options": ["a", "c"]}`.
    BestOf(BestOfRule),
    /// The points of the highest band that actual / target reaches ("từ 95 % trở lên: 20 điểm").
    /// Answer: `{"actual": 95, "target": 100}`, without `target` if the rule sets it.
    RatioBands(RatioBandsRule),
    /// Initial points and a list of cases, each of its own size ("trừ 5 điểm/10 văn bản").
    /// Answer: `{"counts": {"late_report": 2}}`.
    CaseList(CaseListRule),
}

fn points<R: RuleType>(rule: &R, answer: &Answer, bounds: Bounds) -> Points {
    R::Answer::of(answer).map_or(Points::ZERO, |answer| rule.points(answer, bounds))
}

fn explain<R: RuleType>(rule: &R, answer: &Answer, bounds: Bounds, account: &mut Account) {
    if let Some(answer) = R::Answer::of(answer) {
        let points = rule.points(answer, bounds);
        rule.explain(answer, bounds, points, account);
        account.beyond(points, bounds);
    }
}

impl Rule {
    /// The types of rules, as written in a criteria set.
    pub const NAMES: &'static [&'static str] = Kind::VARIANTS;

    /// Returns the rule's type, as written in a criteria set.
    pub const fn name(&self) -> &'static str {
        self.into_str()
    }

    /// Whether an answer has to give the target.
    pub fn asks_for_target(&self) -> bool {
        self.fields().contains(&"target")
    }

    /// Reads a rule of the type `name` from the row of a criterion, without its list.
    pub fn from_row(name: &str, line: &mut Line) -> Option<Rule> {
        name.parse::<Kind>().ok().map(|kind| kind.read_row(line))
    }

    /// Checks the rule of a criterion whose points lie between `bounds`. `pointer` is the place of the rule.
    pub fn check(&self, criterion: &str, bounds: impl Into<Bounds>, pointer: &str) -> RuleFindings {
        let bounds = bounds.into();
        let mut found = RuleFindings::new(criterion, bounds, pointer);
        self.check_figures(&mut found);
        if found.errors.is_empty() && bounds.only_takes() && self.least(bounds) >= Points::ZERO {
            found.errors.push(Fault::at(pointer, Code::RuleTakesNothing).with("criterion", criterion));
        }
        found
    }

    /// Reads an answer to a criterion whose points lie between `bounds`. `pointer` is the place of the answer.
    ///
    /// # Errors
    /// `answer_mismatch` for fields of another rule; `score_out_of_range`, `points_precision`, `points_step`,
    /// `unknown_level`, `rank_out_of_bands`, `unknown_option`, `duplicate_option`, `unknown_case`, `number_precision`,
    /// `number_out_of_range` for an invalid value.
    pub fn read(
        &self,
        input: &AnswerInput,
        criterion: &str,
        bounds: impl Into<Bounds>,
        pointer: &str,
    ) -> Result<Answer, Fault> {
        let bounds = bounds.into();
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
        let answer = self.read_fields(input, &Question { criterion, pointer, bounds })?.ok_or_else(mismatch)?;
        match input.kind.as_deref() {
            Some(kind) if kind != answer.name() => Err(mismatch()),
            Some(_) | None => Ok(answer),
        }
    }

    /// Explains how the points of an answer were computed.
    pub fn explain(&self, answer: &Answer, bounds: impl Into<Bounds>) -> Explanation {
        let bounds = bounds.into();
        if let Some(mean) = answer.mean() {
            return mean.explain(bounds);
        }
        if answer.is_not_applicable() {
            return Account::default().close("not_applicable", bounds);
        }
        let mut account = Account::default();
        self.account(answer, bounds, &mut account);
        account.close(self.name(), bounds)
    }
}

/// Reads a rule from its JSON. Serde buffers tagged enums, which would lose the place of a mistake and the digits of a
/// number.
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
