//! What is answered to a criterion, and whether its rule takes it.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use strum::IntoStaticStr;
use utoipa::ToSchema;

use crate::domain::points::Decimal;
use crate::domain::{Points, Quantity};
use crate::error::{Code, Fault};

/// The most cases that one answer may count, and the last rank.
const MAX_COUNT: i64 = 100_000;

/// An answer as it was sent: which of the fields belong to it, the criterion's rule says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerInput {
    /// Which shape the answer has, as answers are given back; may be left out.
    #[serde(rename = "type")]
    pub kind: Option<String>,
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

/// What an answer of one shape holds.
pub trait AnswerShape: Into<Answer> {
    /// The answer, where it has this shape.
    fn of(answer: &Answer) -> Option<&Self>;
}

/// A shape with its type. Every field of a shape comes before `type` in the order of names.
#[derive(Serialize)]
struct Typed<'a, A> {
    #[serde(flatten)]
    answer: &'a A,
    r#type: &'static str,
}

/// Makes [`Answer`] of its shapes.
macro_rules! answers {
    ($( $(#[doc = $doc:literal])* $variant:ident($shape:ident), )*) => {
        /// An answer that fits its criterion's rule.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema, IntoStaticStr)]
        #[serde(tag = "type", rename_all = "snake_case")]
        #[strum(serialize_all = "snake_case", const_into_str)]
        pub enum Answer {
            $( $(#[doc = $doc])* $variant($shape), )*
        }

        /// An answer whose type comes last: canonical JSON has its names in order.
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
    /// To `manual`.
    Points(PointsAnswer),
    /// To `all_or_nothing`.
    Achieved(AchievedAnswer),
    /// To `levels`.
    Level(LevelAnswer),
    /// To `rank_bands`.
    Rank(RankAnswer),
    /// To `deduction_per_case`, `deduction_steps`, `award_per_case`.
    Cases(CasesAnswer),
    /// To `deduct_once`.
    Done(DoneAnswer),
    /// To `bonus_penalty`.
    BonusPenalty(BonusPenaltyAnswer),
    /// To `target_ratio`.
    Ratio(RatioAnswer),
    /// To `best_of`.
    Options(OptionsAnswer),
    /// To any rule, in a review: the criterion does not apply to the unit. It has no points.
    NotApplicable(NotApplicableAnswer),
}

/// Points as given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PointsAnswer {
    /// As given.
    pub points: Points,
}

/// Whether all was achieved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct AchievedAnswer {
    /// Whether all was achieved.
    pub achieved: bool,
}

/// The level reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LevelAnswer {
    /// The code of the level reached.
    #[schema(example = "good")]
    pub level: String,
}

/// A rank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RankAnswer {
    /// From 1.
    pub rank: u32,
}

/// A number of cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CasesAnswer {
    /// How many there were.
    pub cases: u32,
}

/// Whether a duty was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DoneAnswer {
    /// Whether the duty was done.
    pub done: bool,
}

/// Cases that earn and cases that cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct BonusPenaltyAnswer {
    /// How many earned a bonus.
    pub bonus_cases: u32,
    /// How many cost a penalty.
    pub penalty_cases: u32,
}

/// What was reached of what was to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RatioAnswer {
    /// What was reached.
    pub actual: Quantity,
    /// What was to be reached, where the rule leaves it open.
    #[schema(required)]
    pub target: Option<Quantity>,
}

/// The options that hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct OptionsAnswer {
    /// The codes of those that hold.
    pub options: Vec<String>,
}

/// The criterion does not apply to the unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NotApplicableAnswer {
    /// Always true.
    pub not_applicable: bool,
}

impl Answer {
    /// The criterion does not apply to the unit.
    pub const NOT_APPLICABLE: Answer = Answer::NotApplicable(NotApplicableAnswer { not_applicable: true });

    /// Its type as it is written.
    pub const fn name(&self) -> &'static str {
        self.into_str()
    }

    /// Whether it says that the criterion does not apply to the unit.
    pub const fn is_not_applicable(&self) -> bool {
        matches!(self, Answer::NotApplicable(_))
    }
}

impl<'de> Deserialize<'de> for Answer {
    /// Reads a stored answer: its fields tell which it is.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Default, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        struct Fields {
            // Answers that were stored before they had a type have none; their fields tell it.
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
            not_applicable: Option<bool>,
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
            not_applicable,
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
            .or(not_applicable.map(|not_applicable| NotApplicableAnswer { not_applicable }.into()))
            .ok_or_else(|| serde::de::Error::custom("an answer to no rule"))
    }
}

impl AnswerInput {
    /// Whether it says that the criterion does not apply, and nothing else.
    pub fn is_not_applicable(&self) -> bool {
        self.not_applicable == Some(true) && self.sent().len() == 1
    }

    /// The names of the fields that were sent.
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
            ("not_applicable", self.not_applicable.is_some()),
        ];
        fields.into_iter().filter_map(|(name, sent)| sent.then_some(name)).collect()
    }
}

/// What is being answered, for its refusals.
pub struct Question<'a> {
    /// Which criterion.
    pub criterion: &'a str,
    /// The answer's place.
    pub pointer: &'a str,
    /// The most that can be had.
    pub max: Points,
}

impl Question<'_> {
    /// A refusal of one field.
    pub fn fault(&self, field: &str, code: Code) -> Fault {
        Fault::at(format!("{}/{field}", self.pointer), code).with("criterion", self.criterion)
    }

    /// A count, from `least` on.
    pub fn count(&self, field: &str, given: i64, least: u32) -> Result<u32, Fault> {
        let fits = u32::try_from(given).ok().filter(|count| *count >= least && given <= MAX_COUNT);
        fits.ok_or_else(|| self.fault(field, Code::NumberOutOfRange).with("min", least).with("max", MAX_COUNT))
    }

    /// The answer of a rule that counts cases.
    pub fn cases(&self, input: &AnswerInput) -> Result<Option<CasesAnswer>, Fault> {
        input.cases.map(|cases| Ok(CasesAnswer { cases: self.count("cases", cases, 0)? })).transpose()
    }

    /// An amount.
    pub fn quantity(&self, field: &str, given: &Decimal) -> Result<Quantity, Fault> {
        Quantity::of(given).map_err(|code| {
            self.fault(field, code).with("decimals", 4).with("min", 0).with("max", Quantity::MAX.to_string())
        })
    }
}
