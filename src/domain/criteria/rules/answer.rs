//! Answers to criteria, and whether a rule accepts them.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use super::Bounds;
use crate::domain::points::Decimal;
use crate::domain::{Points, Quantity};
use crate::error::{Code, Fault};

/// Maximum number of cases of an answer, and the last rank.
const MAX_COUNT: i64 = 100_000;

/// An answer as submitted. The criterion's rule determines which fields belong to it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerInput {
    /// Type of the answer, as in responses; may be omitted.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// For `manual`.
    pub points: Option<Decimal>,
    /// For `all_or_nothing`.
    pub achieved: Option<bool>,
    /// For `levels`: the code of a level.
    pub level: Option<String>,
    /// For `rank_bands`.
    pub rank: Option<i64>,
    /// For `deduction_per_case`, `deduction_steps` and `award_per_case`.
    pub cases: Option<i64>,
    /// For `deduct_once`.
    pub done: Option<bool>,
    /// For `bonus_penalty`.
    pub bonus_cases: Option<i64>,
    /// For `bonus_penalty`.
    pub penalty_cases: Option<i64>,
    /// For `target_ratio` and `ratio_bands`.
    pub actual: Option<Decimal>,
    /// For `target_ratio` and `ratio_bands` without a target.
    pub target: Option<Decimal>,
    /// For `best_of`: the codes of the applicable options.
    pub options: Option<Vec<String>>,
    /// For `case_list`: how often each case occurred, by code; a case that is left out did not occur.
    #[schema(value_type = Option<BTreeMap<String, f64>>)]
    pub counts: Option<BTreeMap<String, Decimal>>,
    /// For any rule, in a review: `true` if the criterion does not apply to the unit.
    pub not_applicable: Option<bool>,
}

/// A shape of answers.
pub trait AnswerShape: Into<Answer> {
    /// Returns the answer, if it has this shape.
    fn of(answer: &Answer) -> Option<&Self>;
}

/// A shape with its type. Every field of a shape precedes `type` in alphabetical order.
#[derive(Serialize)]
struct Typed<'a, A> {
    #[serde(flatten)]
    answer: &'a A,
    r#type: &'static str,
}

/// Generates [`Answer`] from its shapes.
macro_rules! answers {
    ($( $(#[doc = $doc:literal])* $variant:ident($shape:ident), )*) => {
        /// An answer that matches the rule of its criterion.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, IntoStaticStr)]
        #[serde(tag = "type", rename_all = "snake_case")]
        #[strum(serialize_all = "snake_case", const_into_str)]
        pub enum Answer {
            $( $(#[doc = $doc])* $variant($shape), )*
        }

        /// An answer serialised with its type last, because canonical JSON sorts the names.
        pub struct CanonicalAnswer<'a>(pub &'a Answer);

        impl Serialize for CanonicalAnswer<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self.0 {
                    $( Answer::$variant(answer) => Typed { answer, r#type: self.0.name() }.serialize(serializer), )*
                }
            }
        }

        $(
            impl From<$shape> for Answer {
                fn from(answer: $shape) -> Self {
                    Answer::$variant(answer)
                }
            }

            impl AnswerShape for $shape {
                fn of(answer: &Answer) -> Option<&Self> {
                    if let Answer::$variant(answer) = answer { Some(answer) } else { None }
                }
            }
        )*
    };
}

answers! {
    /// For `manual`.
    Points(PointsAnswer),
    /// For `all_or_nothing`.
    Achieved(AchievedAnswer),
    /// For `levels`.
    Level(LevelAnswer),
    /// For `rank_bands`.
    Rank(RankAnswer),
    /// For `deduction_per_case`, `deduction_steps`, `award_per_case`.
    Cases(CasesAnswer),
    /// For `deduct_once`.
    Done(DoneAnswer),
    /// For `bonus_penalty`.
    BonusPenalty(BonusPenaltyAnswer),
    /// For `target_ratio` and `ratio_bands`.
    Ratio(RatioAnswer),
    /// For `best_of`.
    Options(OptionsAnswer),
    /// For `case_list`.
    Counts(CountsAnswer),
    /// For any rule, in a review: the criterion does not apply to the unit and has no points.
    NotApplicable(NotApplicableAnswer),
    /// For any rule: what several reviewers who scored alone make together. In revisions that an amendment made.
    Mean(MeanAnswer),
}

/// Points entered directly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PointsAnswer {
    /// The points.
    pub points: Points,
}

/// Whether everything was achieved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AchievedAnswer {
    /// Whether everything was achieved.
    pub achieved: bool,
}

/// The level reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LevelAnswer {
    /// Code of the level.
    #[schema(example = "good")]
    pub level: String,
}

/// A rank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RankAnswer {
    /// The rank, from 1.
    pub rank: u32,
}

/// A number of cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CasesAnswer {
    /// Number of cases.
    pub cases: u32,
}

/// Whether a duty was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DoneAnswer {
    /// Whether the duty was done.
    pub done: bool,
}

/// Numbers of cases with a bonus and with a penalty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BonusPenaltyAnswer {
    /// Number of cases with a bonus.
    pub bonus_cases: u32,
    /// Number of cases with a penalty.
    pub penalty_cases: u32,
}

/// The result achieved against a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RatioAnswer {
    /// The result achieved.
    pub actual: Quantity,
    /// The target; null if the rule or the period sets it.
    #[schema(required)]
    pub target: Option<Quantity>,
}

/// The applicable options.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OptionsAnswer {
    /// Codes of the applicable options.
    pub options: Vec<String>,
}

/// How often each case of a list occurred.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CountsAnswer {
    /// The counts by code of the case; a case that is left out did not occur.
    #[schema(value_type = BTreeMap<String, f64>, example = json!({"late_report": 2}))]
    pub counts: BTreeMap<String, Quantity>,
}

/// The criterion does not apply to the unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NotApplicableAnswer {
    /// Always `true`.
    pub not_applicable: bool,
}

/// What the reviewers who scored a line alone make together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MeanAnswer {
    /// Whether the criterion applies to the unit: the majority of the reviewers who answered decides.
    pub applies: bool,
    /// How many reviewers declared the criterion not applicable.
    pub left_out: u32,
    /// The points given, from the lowest to the highest; empty where nobody scored it and the appraisal's points stand.
    pub scored: Vec<Points>,
}

impl Answer {
    /// The criterion does not apply to the unit.
    pub const NOT_APPLICABLE: Answer = Answer::NotApplicable(NotApplicableAnswer { not_applicable: true });

    /// Returns its type, as written.
    pub const fn name(&self) -> &'static str {
        self.into_str()
    }

    /// Whether it declares the criterion not applicable.
    pub const fn is_not_applicable(&self) -> bool {
        match self {
            Answer::NotApplicable(_) => true,
            Answer::Mean(mean) => !mean.applies,
            Answer::Points(_)
            | Answer::Achieved(_)
            | Answer::Level(_)
            | Answer::Rank(_)
            | Answer::Cases(_)
            | Answer::Done(_)
            | Answer::BonusPenalty(_)
            | Answer::Ratio(_)
            | Answer::Options(_)
            | Answer::Counts(_) => false,
        }
    }

    /// Returns what several reviewers made together, if it is that.
    pub const fn mean(&self) -> Option<&MeanAnswer> {
        if let Answer::Mean(mean) = self { Some(mean) } else { None }
    }
}

impl<'de> Deserialize<'de> for Answer {
    /// Deserialises a stored answer, whose fields determine its type.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        struct Fields {
            // Answers stored by earlier versions have no type; their fields determine it.
            #[serde(rename = "type")]
            _kind: Option<serde::de::IgnoredAny>,
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
            counts: Option<BTreeMap<String, Quantity>>,
            not_applicable: Option<bool>,
            applies: Option<bool>,
            left_out: Option<u32>,
            scored: Option<Vec<Points>>,
        }
        let fields = Fields::deserialize(deserializer)?;
        let Fields {
            _kind: _,
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
            counts,
            not_applicable,
            applies,
            left_out,
            scored,
        } = fields;
        None.or(points.map(|points| PointsAnswer { points }.into()))
            .or(achieved.map(|achieved| AchievedAnswer { achieved }.into()))
            .or(level.map(|level| LevelAnswer { level }.into()))
            .or(rank.map(|rank| RankAnswer { rank }.into()))
            .or(cases.map(|cases| CasesAnswer { cases }.into()))
            .or(done.map(|done| DoneAnswer { done }.into()))
            .or(bonus_cases
                .zip(penalty_cases)
                .map(|(bonus_cases, penalty_cases)| BonusPenaltyAnswer { bonus_cases, penalty_cases }.into()))
            .or(actual.map(|actual| RatioAnswer { actual, target }.into()))
            .or(options.map(|options| OptionsAnswer { options }.into()))
            .or(counts.map(|counts| CountsAnswer { counts }.into()))
            .or(not_applicable.map(|not_applicable| NotApplicableAnswer { not_applicable }.into()))
            .or(applies
                .zip(left_out)
                .zip(scored)
                .map(|((applies, left_out), scored)| MeanAnswer { applies, left_out, scored }.into()))
            .ok_or_else(|| serde::de::Error::custom("an answer to no rule"))
    }
}

impl AnswerInput {
    /// Whether it declares the criterion not applicable, and nothing else.
    pub fn is_not_applicable(&self) -> bool {
        self.not_applicable == Some(true) && self.sent().len() == 1
    }

    /// Returns the names of the submitted fields.
    pub fn sent(&self) -> Vec<&'static str> {
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
            ("counts", self.counts.is_some()),
            ("not_applicable", self.not_applicable.is_some()),
        ];
        fields.into_iter().filter_map(|(name, sent)| sent.then_some(name)).collect()
    }
}

/// The criterion that is being answered.
pub struct Question<'a> {
    /// Code of the criterion.
    pub criterion: &'a str,
    /// Place of the answer.
    pub pointer: &'a str,
    /// What its points lie between.
    pub bounds: Bounds,
}

impl Question<'_> {
    /// Returns a fault in a field.
    pub fn fault(&self, field: &str, code: Code) -> Fault {
        Fault::at(format!("{}/{field}", self.pointer), code).with("criterion", self.criterion)
    }

    /// Validates a count of at least `least`.
    pub fn count(&self, field: &str, given: i64, least: u32) -> Result<u32, Fault> {
        let fits = u32::try_from(given).ok().filter(|count| *count >= least && given <= MAX_COUNT);
        fits.ok_or_else(|| self.fault(field, Code::NumberOutOfRange).with("min", least).with("max", MAX_COUNT))
    }

    /// Reads the answer of a rule that counts cases.
    pub fn cases(&self, input: &AnswerInput) -> Result<Option<CasesAnswer>, Fault> {
        input.cases.map(|cases| Ok(CasesAnswer { cases: self.count("cases", cases, 0)? })).transpose()
    }

    /// Reads the answer of a rule that compares a result with a target.
    pub fn ratio(&self, input: &AnswerInput) -> Result<Option<RatioAnswer>, Fault> {
        let Some(actual) = &input.actual else {
            return Ok(None);
        };
        let actual = self.quantity("actual", actual)?;
        let target = input.target.as_ref().map(|target| self.quantity("target", target)).transpose()?;
        if target == Some(Quantity::ZERO) {
            let fault = self.fault("target", Code::NumberOutOfRange);
            return Err(fault.with("min", "0.0001").with("max", Quantity::MAX.to_string()));
        }
        Ok(Some(RatioAnswer { actual, target }))
    }

    /// Validates how often a case occurred: a whole number, or with up to four decimals where it counts in proportion.
    pub fn occurrences(&self, field: &str, given: &Decimal, in_proportion: bool) -> Result<Quantity, Fault> {
        let count = self.quantity(field, given)?;
        if count.units() > MAX_COUNT * Quantity::ONE.units() {
            return Err(self.fault(field, Code::NumberOutOfRange).with("min", 0).with("max", MAX_COUNT));
        }
        match in_proportion || count.units() % Quantity::ONE.units() == 0 {
            true => Ok(count),
            false => Err(self.fault(field, Code::NumberPrecision).with("decimals", 0)),
        }
    }

    /// Validates a quantity.
    pub fn quantity(&self, field: &str, given: &Decimal) -> Result<Quantity, Fault> {
        Quantity::of(given).map_err(|code| {
            self.fault(field, code).with("decimals", 4).with("min", 0).with("max", Quantity::MAX.to_string())
        })
    }
}
