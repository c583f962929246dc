//! `ratio_bands`: the points of the band that actual / target reaches.

use serde::Serialize;
use utoipa::ToSchema;

use super::answer::{AnswerInput, Question, RatioAnswer};
use super::explanation::Account;
use super::figures::{AnyBand, Figures, need};
use super::findings::RuleFindings;
use super::over_fulfilment::{OverFulfilment, PercentPoints};
use super::{Bounds, RuleType};
use crate::domain::criteria::sheet_row::{About, Line, Written};
use crate::domain::{Points, Quantity};
use crate::error::{Code, Fault};

/// The points of the highest band that actual / target reaches, compared exactly; 0 below all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RatioBandsRule {
    /// The bands, in any order.
    pub bands: Vec<PercentPoints>,
    /// The target; more than 0. Null if the period or the answer gives it.
    #[serde(default)]
    pub target: Option<Quantity>,
    /// What a result beyond the target earns on top, as bonus; null for nothing.
    #[serde(default)]
    pub over_fulfilment: Option<OverFulfilment>,
}

impl RuleType for RatioBandsRule {
    type Answer = RatioAnswer;

    const NEEDS_MAX: bool = false;

    fn take<E: serde::de::Error>(figures: &mut Figures) -> Result<Self, E> {
        let bands = need(&mut figures.bands, "bands")?;
        Ok(RatioBandsRule {
            bands: bands.into_iter().map(AnyBand::of_percent).collect::<Result<_, E>>()?,
            target: figures.target.take(),
            over_fulfilment: figures.over_fulfilment.take(),
        })
    }

    fn check(&self, found: &mut RuleFindings) {
        if self.target == Some(Quantity::ZERO) {
            found.error("target", Code::RuleFigureInvalid);
        }
        if let Some(over) = &self.over_fulfilment {
            over.check(found);
        }
        if !found.has_rows("bands", self.bands.len()) {
            return;
        }
        for (at, band) in self.bands.iter().enumerate() {
            found.payable(&format!("bands/{at}/points"), band.points);
            if self.bands.iter().take(at).any(|before| before.from_percent == band.from_percent) {
                let fault = found.fault(&format!("bands/{at}"), Code::BandsOverlap);
                found.errors.push(fault.with("rank", band.from_percent.to_string()));
            }
        }
        found.reaches("bands", self.bands.iter().map(|band| band.points).max());
    }

    fn least(&self, _bounds: Bounds) -> Points {
        self.bands.iter().map(|band| band.points).min().unwrap_or_default().min(Points::ZERO)
    }

    fn fields(&self) -> &'static [&'static str] {
        if self.target.is_some() { &["actual"] } else { &["actual", "target"] }
    }

    fn read(&self, input: &AnswerInput, question: &Question) -> Result<Option<RatioAnswer>, Fault> {
        question.ratio(input)
    }

    fn points(&self, answer: &RatioAnswer, _bounds: Bounds) -> Points {
        let Some(target) = self.target.or(answer.target) else {
            return Points::ZERO;
        };
        let over = self.over_fulfilment.as_ref().map(|over| over.points(answer.actual, target));
        self.band(answer.actual, target).map_or(Points::ZERO, |band| band.points) + over.unwrap_or_default()
    }

    fn explain(&self, answer: &RatioAnswer, _bounds: Bounds, _points: Points, account: &mut Account) {
        let actual = answer.actual;
        account.quantity("actual", actual);
        let Some(target) = self.target.or(answer.target) else {
            return;
        };
        account.quantity("target", target);
        let band = self.band(actual, target);
        let points = band.map_or(Points::ZERO, |band| band.points);
        match band {
            Some(band) => account.step(format!("{actual} / {target} ≥ {} %: {points}", band.from_percent)),
            None => account.step(format!("{actual} / {target}: 0")),
        };
        if let Some(over) = &self.over_fulfilment {
            over.explain((actual, target), points, account);
        }
    }

    fn target(&self) -> Option<Quantity> {
        self.target
    }

    fn set_target(&mut self, target: Quantity) {
        self.target = self.target.or(Some(target));
    }

    fn from_row(line: &mut Line) -> Self {
        RatioBandsRule {
            bands: Vec::new(),
            target: line.number("target", Quantity::of),
            over_fulfilment: OverFulfilment::from_row(line),
        }
    }

    fn take_row(&mut self, about: About, line: &mut Line) -> bool {
        if about == About::Ratio {
            self.bands.push(PercentPoints::from_row(line));
            return true;
        }
        OverFulfilment::take_row(&mut self.over_fulfilment, about, line)
    }

    fn row(&self, row: Written) -> Written {
        let row = row.optional("target", self.target);
        match &self.over_fulfilment {
            Some(over) => over.row(row),
            None => row,
        }
    }

    fn rows_below(&self) -> Vec<Written> {
        let bands = self.bands.iter().map(|band| band.row("ratio"));
        bands.chain(self.over_fulfilment.iter().flat_map(OverFulfilment::rows_below)).collect()
    }
}

impl RatioBandsRule {
    fn band(&self, actual: Quantity, target: Quantity) -> Option<&PercentPoints> {
        PercentPoints::highest(&self.bands, actual, target)
    }
}

#[cfg(test)]
mod tests {
    use crate::domain::criteria::rules::tests::{Row, agrees_with};

    const BANDS: &str = r#"{"type":"ratio_bands","bands":[{"from_percent":95,"points":20},{"from_percent":90,"points":15},{"from_percent":0,"points":5}],"target":null,"over_fulfilment":null}"#;

    /// "từ 95 % trở lên: 20 điểm; từ 90 % đến dưới 95 %: 15 điểm".
    #[test]
    fn points_are_as_worked_out_by_hand() {
        const BY_HAND: [Row; 6] = [
            (BANDS, 2000, r#"{"actual":95,"target":100}"#, 2000, &["95 / 100 ≥ 95 %: 20"], None),
            // 94.9999999… % is not 95.
            (
                BANDS,
                2000,
                r#"{"actual":94999999999.9999,"target":100000000000}"#,
                1500,
                &["94999999999.9999 / 100000000000 ≥ 90 %: 15"],
                None,
            ),
            (BANDS, 2000, r#"{"actual":19,"target":20}"#, 2000, &["19 / 20 ≥ 95 %: 20"], None),
            (BANDS, 2000, r#"{"actual":0,"target":3}"#, 500, &["0 / 3 ≥ 0 %: 5"], None),
            (BANDS, 2000, r#"{"actual":300,"target":3}"#, 2000, &["300 / 3 ≥ 95 %: 20"], None),
            (BANDS, 2000, r#"{"actual":2.7,"target":3}"#, 1500, &["2.7 / 3 ≥ 90 %: 15"], None),
        ];
        agrees_with(&BY_HAND);
    }
}
