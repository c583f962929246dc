//! What several reviewers who scored a sheet alone make together.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Line, ScoringTable, Sheet};
use crate::domain::Points;
use crate::domain::criteria::rules::{Answer, MeanAnswer};

/// How far apart reviewers who scored a line alone were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Spread {
    /// The lowest points given; null if nobody scored the line, and the appraisal's points stand.
    pub lowest: Option<Points>,
    /// The highest points given; null if nobody scored the line.
    pub highest: Option<Points>,
    /// How many reviewers gave points.
    #[schema(value_type = i64)]
    pub count: usize,
    /// How many reviewers declared the criterion not applicable.
    pub not_applicable: u32,
}

impl Spread {
    pub(super) fn of(mean: &MeanAnswer) -> Self {
        Spread {
            lowest: mean.scored.first().copied(),
            highest: mean.scored.last().copied(),
            count: mean.scored.len(),
            not_applicable: mean.left_out,
        }
    }
}

impl ScoringTable {
    /// Returns the mean of reviews, line by line: of the reviewers who scored a line, half up. A line does not apply where
    /// the majority of those who answered says so; a line that nobody answered stays as appraised.
    #[must_use]
    pub fn mean(&self, appraisal: &Sheet, reviews: &[Sheet]) -> Sheet {
        let lines = (0..self.criteria.len()).map(|at| {
            let answered: Vec<&Line> =
                reviews.iter().filter_map(|sheet| sheet.0.get(at)).filter(|line| line.scored.is_some()).collect();
            let mut scored: Vec<Points> = answered.iter().filter_map(|line| line.points()).collect();
            scored.sort_unstable();
            let left_out = answered.len() - scored.len();
            let appraised = appraisal.0.get(at).and_then(|line| line.scored.as_ref());
            let applies = match answered.is_empty() {
                true => !appraised.is_some_and(|(answer, _)| answer.is_not_applicable()),
                false => 2 * left_out <= answered.len(),
            };
            let stands = appraised.map(|(_, points)| *points).filter(|_| answered.is_empty());
            let points = Points::mean(&scored).filter(|_| applies).or(stands).unwrap_or_default();
            let left_out = u32::try_from(left_out).unwrap_or(u32::MAX);
            Line { scored: Some((Answer::Mean(MeanAnswer { applies, left_out, scored }), points)), ..Line::default() }
        });
        Sheet(lines.collect())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::criteria::criteria_set::tests::guideline;

    const OUT: i64 = -1;

    fn p(hundredths: i64) -> Points {
        Points::from_hundredths(hundredths)
    }

    /// A sheet with one line scored in hundredths, which is [`OUT`] where it does not apply.
    fn sheet(table: &ScoringTable, at: usize, hundredths: Option<i64>) -> Sheet {
        let mut sheet = table.blank();
        sheet.0[at].scored = hundredths.map(|hundredths| match hundredths {
            OUT => (Answer::NOT_APPLICABLE, Points::ZERO),
            points => (serde_json::from_str(&format!("{{\"points\":{}}}", p(points))).unwrap(), p(points)),
        });
        sheet
    }

    fn mean_of(appraised: i64, given: &[Option<i64>]) -> Line {
        let table = ScoringTable::of(&guideline());
        let at = table.position("A.II.1").unwrap();
        let reviews: Vec<Sheet> = given.iter().map(|points| sheet(&table, at, *points)).collect();
        table.mean(&sheet(&table, at, Some(appraised)), &reviews).0[at].clone()
    }

    /// A.II.1 has 30 points; it was appraised with 28.
    #[test]
    fn a_line_is_the_mean_of_those_who_scored_it() {
        let table: [(&[Option<i64>], Option<i64>); 11] = [
            (&[Some(2750), Some(2500), Some(3000)], Some(2750)),
            // 10.005, half up.
            (&[Some(1000), Some(1001)], Some(1001)),
            // 10.0033…
            (&[Some(1000), Some(1001), Some(1000)], Some(1000)),
            // 20.0066…
            (&[Some(2000), Some(2001), Some(2001)], Some(2001)),
            (&[Some(0), Some(3000)], Some(1500)),
            // Who leaves the line out counts neither way.
            (&[Some(2500), None, Some(3000), None], Some(2750)),
            (&[Some(1700)], Some(1700)),
            // Nobody scored it: as appraised.
            (&[None, None], Some(2800)),
            // It does not apply where more than half of those who answered say so.
            (&[Some(2500), Some(OUT), Some(OUT), None, None], None),
            (&[Some(2500), Some(OUT), None], Some(2500)),
            (&[Some(OUT), None], None),
        ];
        for (given, expected) in table {
            assert_eq!(mean_of(2800, given).points(), expected.map(p), "{given:?}");
        }
        assert_eq!(mean_of(OUT, &[None]).points(), None);
        assert!(mean_of(OUT, &[None]).is_not_applicable());
        assert_eq!(mean_of(OUT, &[Some(2500)]).points(), Some(p(2500)));
    }

    #[test]
    fn the_spread_and_the_explanation_name_every_figure() {
        let line = mean_of(2800, &[Some(3000), Some(2500), Some(OUT), None, Some(2750)]);
        let spread = Spread { lowest: Some(p(2500)), highest: Some(p(3000)), count: 3, not_applicable: 1 };
        assert_eq!(line.spread(), Some(spread));
        assert_eq!(line.given(), None);
        let table = ScoringTable::of(&guideline());
        let explanation = table.criteria[0].rule.explain(line.answer().unwrap(), p(3000));
        assert_eq!((explanation.rule, explanation.steps), ("mean", vec!["(25 + 27.5 + 30) / 3 = 27.5".to_owned()]));
        let kept: Answer = serde_json::from_str(&serde_json::to_string(line.answer().unwrap()).unwrap()).unwrap();
        assert_eq!(Some(&kept), line.answer());
    }

    /// A.I.1 and A.I.2 share 150: two reviewers who each left the other line out make 150 and 100, of which 150 count.
    #[test]
    fn means_count_no_more_than_what_criteria_share() {
        let table = ScoringTable::of(&guideline());
        let at = |code: &str| table.position(code).unwrap();
        let reviews = [sheet(&table, at("A.I.1"), Some(15_000)), sheet(&table, at("A.I.2"), Some(10_000))];
        let appraisal = sheet(&table, at("A.I.1"), Some(0));
        let tally = table.tally(&table.mean(&appraisal, &reviews));
        assert_eq!(tally.totals.unwrap().total, p(15_000));
        let section = table.nodes.iter().position(|node| node.code == "A.I").unwrap();
        assert_eq!(tally.nodes[section].steps, ["250 - (250 - 150) = 150"]);
    }

    proptest! {
        #[test]
        fn a_mean_lies_within_the_spread_whoever_comes_first(
            given in proptest::collection::vec(proptest::option::of(-1_i64..=3000), 1..9), turn in 0_usize..9,
        ) {
            let line = mean_of(2800, &given);
            let mut turned = given.clone();
            turned.rotate_left(turn % given.len());
            prop_assert_eq!(&mean_of(2800, &turned), &line);
            let spread = line.spread().unwrap();
            match (line.points(), spread.lowest.zip(spread.highest)) {
                (Some(points), Some((lowest, highest))) => prop_assert!(lowest <= points && points <= highest),
                (Some(points), None) => prop_assert_eq!(points, p(2800)),
                (None, _) => {
                    let left_out = usize::try_from(spread.not_applicable).unwrap();
                    prop_assert!(left_out > spread.count);
                }
            }
        }
    }
}
