//! `rank_bands`: the points of the band that contains the rank (VI.4, VI.5).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{AnswerInput, Question, RankAnswer};
use super::explanation::Account;
use super::figures::{AnyBand, Figures, need};
use super::findings::RuleFindings;
use super::{Bounds, RuleType};
use crate::domain::Points;
use crate::domain::criteria::sheet_row::{About, Line, Written};
use crate::error::{Code, Fault};

/// The points of the band that contains the rank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RankBandsRule {
    /// The bands, in ascending order of rank.
    pub bands: Vec<Band>,
}

/// A band of ranks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RuleBand)]
pub struct Band {
    /// First rank of the band, from 1.
    #[schema(example = 1)]
    pub from: u32,
    /// Last rank of the band.
    #[schema(example = 5)]
    pub to: u32,
    /// Points for each rank of the band.
    pub points: Points,
}

impl RuleType for RankBandsRule {
    type Answer = RankAnswer;

    const NEEDS_MAX: bool = false;

    fn take<E: serde::de::Error>(figures: &mut Figures) -> Result<Self, E> {
        let bands = need(&mut figures.bands, "bands")?;
        Ok(RankBandsRule { bands: bands.into_iter().map(AnyBand::of_ranks).collect::<Result<_, E>>()? })
    }

    fn check(&self, found: &mut RuleFindings) {
        if !found.has_rows("bands", self.bands.len()) {
            return;
        }
        for (at, band) in self.bands.iter().enumerate() {
            found.payable(&format!("bands/{at}/points"), band.points);
            if band.from == 0 || band.to < band.from {
                found.error(&format!("bands/{at}"), Code::RuleFigureInvalid);
            }
        }
        let mut in_order: Vec<(usize, &Band)> = self.bands.iter().enumerate().collect();
        in_order.sort_by_key(|(_, band)| band.from);
        // The first rank after the previous bands.
        let mut next = 1;
        for (at, band) in in_order {
            let place = format!("bands/{at}");
            if band.from < next {
                let fault = found.fault(&place, Code::BandsOverlap).with("rank", band.from);
                found.errors.push(fault);
            } else if band.from > next {
                let fault = found.fault(&place, Code::BandsGap).with("from", next).with("to", band.from - 1);
                found.warnings.push(fault);
            }
            next = next.max(band.to.saturating_add(1));
        }
        found.reaches("bands", self.bands.iter().map(|band| band.points).max());
    }

    fn least(&self, _bounds: Bounds) -> Points {
        self.bands.iter().map(|band| band.points).min().unwrap_or_default()
    }

    fn fields(&self) -> &'static [&'static str] {
        &["rank"]
    }

    fn read(&self, input: &AnswerInput, question: &Question) -> Result<Option<RankAnswer>, Fault> {
        let Some(given) = input.rank else {
            return Ok(None);
        };
        let rank = question.count("rank", given, 1)?;
        if self.band_of(rank).is_some() {
            return Ok(Some(RankAnswer { rank }));
        }
        let fault = question.fault("rank", Code::RankOutOfBands);
        Err(fault.with("got", rank).with("known", self.in_words()))
    }

    fn points(&self, answer: &RankAnswer, _bounds: Bounds) -> Points {
        self.band_of(answer.rank).map_or(Points::ZERO, |band| band.points)
    }

    fn explain(&self, answer: &RankAnswer, _bounds: Bounds, points: Points, account: &mut Account) {
        let rank = answer.rank;
        account.count("rank", rank);
        if let Some(band) = self.band_of(rank) {
            account.count("from", band.from).count("to", band.to);
            account.step(format!("{} ≤ {rank} ≤ {}: {points}", band.from, band.to));
        }
    }

    fn from_row(_line: &mut Line) -> Self {
        RankBandsRule { bands: Vec::new() }
    }

    fn take_row(&mut self, about: About, line: &mut Line) -> bool {
        let is_band = about == About::Band;
        if is_band {
            let (from, to) = (line.needed_count("from"), line.needed_count("to"));
            self.bands.push(Band { from, to, points: line.needed_points("points") });
        }
        is_band
    }

    fn row(&self, row: Written) -> Written {
        row
    }

    fn rows_below(&self) -> Vec<Written> {
        let row = |band: &Band| Written::new("band").with("from", band.from).with("to", band.to);
        self.bands.iter().map(|band| row(band).with("points", band.points)).collect()
    }
}

impl RankBandsRule {
    /// Returns the band that contains a rank.
    fn band_of(&self, rank: u32) -> Option<&Band> {
        self.bands.iter().find(|band| (band.from..=band.to).contains(&rank))
    }

    /// Returns the bands as text: `1–5, 6`.
    fn in_words(&self) -> String {
        let word = |band: &Band| match band.from == band.to {
            true => band.from.to_string(),
            false => format!("{}–{}", band.from, band.to),
        };
        self.bands.iter().map(word).collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::criteria::rules::Rule;
    use crate::domain::criteria::rules::tests::{BANDS, Row, agrees_with, p};

    /// Cases with points worked out by hand.
    const BY_HAND: [Row; 3] = [
        (BANDS, 2000, r#"{"rank":1}"#, 2000, &["1 ≤ 1 ≤ 3: 20"], None),
        (BANDS, 2000, r#"{"rank":3}"#, 2000, &["1 ≤ 3 ≤ 3: 20"], None),
        (BANDS, 2000, r#"{"rank":4}"#, 1250, &["4 ≤ 4 ≤ 10: 12.5"], None),
    ];

    #[test]
    fn points_are_as_worked_out_by_hand() {
        agrees_with(&BY_HAND);
    }

    proptest! {
        #[test]
        fn a_rank_earns_what_its_band_has(max in 1_i64..=100_000, widths in proptest::collection::vec((1_u32..=5, 0_i64..=100), 1..20), rank in 1_u32..=120) {
            // The oracle is the list of all ranks.
            let (mut by_rank, mut bands) = (Vec::new(), Vec::new());
            for (width, share) in widths {
                let from = u32::try_from(by_rank.len()).unwrap() + 1;
                by_rank.extend(std::iter::repeat_n(max * share / 100, usize::try_from(width).unwrap()));
                bands.push(Band { from, to: from + width - 1, points: p(max * share / 100) });
            }
            let rule = Rule::RankBands(RankBandsRule { bands });
            prop_assert!(rule.check("A.1", p(max), "").errors.is_empty());
            let answer = AnswerInput { rank: Some(i64::from(rank)), ..AnswerInput::default() };
            match (rule.read(&answer, "A.1", p(max), ""), by_rank.get(usize::try_from(rank).unwrap() - 1)) {
                (Ok(answer), Some(points)) => prop_assert_eq!(rule.points(&answer, p(max)), p(*points)),
                (Err(fault), None) => prop_assert_eq!(fault.code, Code::RankOutOfBands),
                (read, expected) => prop_assert!(false, "{read:?} {expected:?}"),
            }
        }
    }
}
