//! What is answered to a criterion, and whether its rule takes it.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::{Rule, band_of, bands_in_words, codes_in_words};
use crate::domain::points::Decimal;
use crate::domain::{Points, Quantity};
use crate::error::{Code, Fault};

/// The most cases that one answer may count, and the last rank.
const MAX_COUNT: i64 = 100_000;

/// An answer as it was sent: which of the fields belong to it, the criterion's rule says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerInput {
    /// For `manual`.
    pub points: Option<Decimal>,
    /// For `all_or_nothing`.
    pub achieved: Option<bool>,
    /// For `levels`: the code of one.
    pub level: Option<String>,
    /// For `rank_bands`.
    pub rank: Option<i64>,
    /// For `deduction_per_case`, `deduction_steps`, `award_per_case`.
    pub cases: Option<i64>,
    /// For `deduct_once`.
    pub done: Option<bool>,
    /// For `bonus_penalty`.
    pub bonus_cases: Option<i64>,
    /// For `bonus_penalty`.
    pub penalty_cases: Option<i64>,
    /// For `target_ratio`.
    pub actual: Option<Decimal>,
    /// For `target_ratio` without a target of its own.
    pub target: Option<Decimal>,
    /// For `best_of`: the codes of those that hold.
    pub options: Option<Vec<String>>,
    /// In a review, for any rule: `true` where the criterion does not apply to the unit.
    pub not_applicable: Option<bool>,
}

/// An answer that fits its criterion's rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Answer {
    /// To `manual`.
    Points {
        /// As given.
        points: Points,
    },
    /// To `all_or_nothing`.
    Achieved {
        /// Whether all was achieved.
        achieved: bool,
    },
    /// To `levels`.
    Level {
        /// The code of the level reached.
        #[schema(example = "good")]
        level: String,
    },
    /// To `rank_bands`.
    Rank {
        /// From 1.
        rank: u32,
    },
    /// To `deduction_per_case`, `deduction_steps`, `award_per_case`.
    Cases {
        /// How many there were.
        cases: u32,
    },
    /// To `deduct_once`.
    Done {
        /// Whether the duty was done.
        done: bool,
    },
    /// To `bonus_penalty`.
    BonusPenalty {
        /// How many earned a bonus.
        bonus_cases: u32,
        /// How many cost a penalty.
        penalty_cases: u32,
    },
    /// To `target_ratio`.
    Ratio {
        /// What was reached.
        actual: Quantity,
        /// What was to be reached, where the rule leaves it open.
        #[serde(skip_serializing_if = "Option::is_none")]
        target: Option<Quantity>,
    },
    /// To `best_of`.
    Options {
        /// The codes of those that hold.
        options: Vec<String>,
    },
    /// To any rule, in a review: the criterion does not apply to the unit. It has no points.
    NotApplicable {
        /// Always true.
        not_applicable: bool,
    },
}

impl Answer {
    /// Whether it says that the criterion does not apply to the unit.
    pub const fn is_not_applicable(&self) -> bool {
        matches!(self, Answer::NotApplicable { .. })
    }
}

impl<'de> Deserialize<'de> for Answer {
    /// Reads a stored answer: its fields tell which it is.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        struct Fields {
            points: Option<Points>,
            achieved: Option<bool>,
            level: Option<String>,
            rank: Option<u32>,
            cases: Option<u32>,
            done: Option<bool>,
            bonus_cases: Option<u32>,
            penalty_cases: Option<u32>,
            actual: Option<Quantity>,
            target: Option<Quantity>,
            options: Option<Vec<String>>,
            not_applicable: Option<bool>,
        }
        let fields = Fields::deserialize(deserializer)?;
        let Fields {
            points,
            achieved,
            level,
            rank,
            cases,
            done,
            bonus_cases,
            penalty_cases,
            actual,
            target,
            options,
            not_applicable,
        } = fields;
        None.or(points.map(|points| Answer::Points { points }))
            .or(achieved.map(|achieved| Answer::Achieved { achieved }))
            .or(level.map(|level| Answer::Level { level }))
            .or(rank.map(|rank| Answer::Rank { rank }))
            .or(cases.map(|cases| Answer::Cases { cases }))
            .or(done.map(|done| Answer::Done { done }))
            .or(bonus_cases
                .zip(penalty_cases)
                .map(|(bonus_cases, penalty_cases)| Answer::BonusPenalty { bonus_cases, penalty_cases }))
            .or(actual.map(|actual| Answer::Ratio { actual, target }))
            .or(options.map(|options| Answer::Options { options }))
            .or(not_applicable.map(|not_applicable| Answer::NotApplicable { not_applicable }))
            .ok_or_else(|| serde::de::Error::custom("an answer to no rule"))
    }
}

impl AnswerInput {
    /// Whether it says that the criterion does not apply, and nothing else.
    pub fn is_not_applicable(&self) -> bool {
        self.not_applicable == Some(true) && self.sent().len() == 1
    }

    /// The names of the fields that were sent.
    fn sent(&self) -> Vec<&'static str> {
        let fields = [
            ("points", self.points.is_some()),
            ("achieved", self.achieved.is_some()),
            ("level", self.level.is_some()),
            ("rank", self.rank.is_some()),
            ("cases", self.cases.is_some()),
            ("done", self.done.is_some()),
            ("bonus_cases", self.bonus_cases.is_some()),
            ("penalty_cases", self.penalty_cases.is_some()),
            ("actual", self.actual.is_some()),
            ("target", self.target.is_some()),
            ("options", self.options.is_some()),
            ("not_applicable", self.not_applicable.is_some()),
        ];
        fields.into_iter().filter_map(|(name, sent)| sent.then_some(name)).collect()
    }
}

/// What is being answered, for its refusals.
struct Question<'a> {
    criterion: &'a str,
    pointer: &'a str,
}

impl Question<'_> {
    fn fault(&self, field: &str, code: Code) -> Fault {
        Fault::at(format!("{}/{field}", self.pointer), code).with("criterion", self.criterion)
    }

    fn count(&self, field: &str, given: i64, least: u32) -> Result<u32, Fault> {
        let fits = u32::try_from(given).ok().filter(|count| *count >= least && given <= MAX_COUNT);
        fits.ok_or_else(|| self.fault(field, Code::NumberOutOfRange).with("min", least).with("max", MAX_COUNT))
    }

    fn quantity(&self, field: &str, given: &Decimal) -> Result<Quantity, Fault> {
        Quantity::of(given).map_err(|code| {
            self.fault(field, code).with("decimals", 4).with("min", 0).with("max", Quantity::MAX.to_string())
        })
    }
}

impl Rule {
    /// The fields of an answer to this rule.
    const fn fields(&self) -> &'static [&'static str] {
        match self {
            Rule::Manual { .. } => &["points"],
            Rule::AllOrNothing {} => &["achieved"],
            Rule::Levels { .. } => &["level"],
            Rule::RankBands { .. } => &["rank"],
            Rule::DeductionPerCase { .. } | Rule::DeductionSteps { .. } | Rule::AwardPerCase { .. } => &["cases"],
            Rule::DeductOnce { .. } => &["done"],
            Rule::BonusPenalty { .. } => &["bonus_cases", "penalty_cases"],
            Rule::TargetRatio { target: Some(_) } => &["actual"],
            Rule::TargetRatio { target: None } => &["actual", "target"],
            Rule::BestOf { .. } => &["options"],
        }
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
        let question = Question { criterion, pointer };
        match (self, input) {
            (Rule::Manual { step }, AnswerInput { points: Some(given), .. }) => {
                question.points(given, *step, max).map(|points| Answer::Points { points })
            }
            (Rule::AllOrNothing {}, AnswerInput { achieved: Some(achieved), .. }) => {
                Ok(Answer::Achieved { achieved: *achieved })
            }
            (Rule::Levels { levels }, AnswerInput { level: Some(level), .. }) => {
                if levels.iter().any(|known| known.code == *level) {
                    return Ok(Answer::Level { level: level.clone() });
                }
                let fault = question.fault("level", Code::UnknownLevel);
                Err(fault.with("got", level.as_str()).with("known", codes_in_words(levels)))
            }
            (Rule::RankBands { bands }, AnswerInput { rank: Some(given), .. }) => {
                let rank = question.count("rank", *given, 1)?;
                if band_of(bands, rank).is_some() {
                    return Ok(Answer::Rank { rank });
                }
                let fault = question.fault("rank", Code::RankOutOfBands);
                Err(fault.with("got", rank).with("known", bands_in_words(bands)))
            }
            (
                Rule::DeductionPerCase { .. } | Rule::DeductionSteps { .. } | Rule::AwardPerCase { .. },
                AnswerInput { cases: Some(cases), .. },
            ) => Ok(Answer::Cases { cases: question.count("cases", *cases, 0)? }),
            (Rule::DeductOnce { .. }, AnswerInput { done: Some(done), .. }) => Ok(Answer::Done { done: *done }),
            (
                Rule::BonusPenalty { .. },
                AnswerInput { bonus_cases: Some(bonus_cases), penalty_cases: Some(penalty_cases), .. },
            ) => Ok(Answer::BonusPenalty {
                bonus_cases: question.count("bonus_cases", *bonus_cases, 0)?,
                penalty_cases: question.count("penalty_cases", *penalty_cases, 0)?,
            }),
            (Rule::TargetRatio { .. }, AnswerInput { actual: Some(actual), target, .. }) => {
                let actual = question.quantity("actual", actual)?;
                let target = target.as_ref().map(|target| question.quantity("target", target)).transpose()?;
                if target == Some(Quantity::ZERO) {
                    let fault = question.fault("target", Code::NumberOutOfRange);
                    return Err(fault.with("min", "0.0001").with("max", Quantity::MAX.to_string()));
                }
                Ok(Answer::Ratio { actual, target })
            }
            (Rule::BestOf { options: known }, AnswerInput { options: Some(options), .. }) => {
                for (at, option) in options.iter().enumerate() {
                    let fault = |code| question.fault(&format!("options/{at}"), code).with("got", option.as_str());
                    if !known.iter().any(|choice| choice.code == *option) {
                        return Err(fault(Code::UnknownOption).with("known", codes_in_words(known)));
                    }
                    if options.iter().take(at).any(|before| before == option) {
                        return Err(fault(Code::DuplicateOption));
                    }
                }
                Ok(Answer::Options { options: options.clone() })
            }
            _ => Err(mismatch()),
        }
    }
}

impl Question<'_> {
    fn points(&self, given: &Decimal, step: Option<Points>, max: Points) -> Result<Points, Fault> {
        let points = given.points().map_err(|code| self.fault("points", code))?;
        if points < Points::ZERO || points > max {
            return Err(self.fault("points", Code::ScoreOutOfRange).with("max", max).with("got", points));
        }
        match step.filter(|step| !points.is_multiple_of(*step)) {
            Some(step) => Err(self.fault("points", Code::PointsStep).with("step", step)),
            None => Ok(points),
        }
    }
}
