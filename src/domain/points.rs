//! Points, exact to the hundredth.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub};

use serde::de::{Deserializer, Error as _, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Quantity;
use crate::error::Code;

/// Name by which [`Decimal`] asks a deserialiser for the digits as they were written.
pub const DIGITS: &str = "$thidua::Decimal";

/// Points with at most two decimals, from −1,000,000 to 1,000,000.
// Whole hundredths, never a float. The range keeps the sums of a submission from overflowing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = f64, example = 27.5)]
pub struct Points(i64);

impl Points {
    /// No points. A line that is not scored has none at all.
    pub const ZERO: Points = Points(0);
    /// The maximum of a single value.
    pub const MAX: Points = Points(100_000_000);
    /// The minimum of a single value.
    pub const MIN: Points = Points(-100_000_000);

    /// Returns points from hundredths, as tables store them.
    pub const fn from_hundredths(hundredths: i64) -> Self {
        Points(hundredths)
    }

    /// Returns the points in hundredths, as tables store them.
    pub const fn hundredths(self) -> i64 {
        self.0
    }

    /// Returns `count` times these points, limited to [`Points::MAX`].
    pub fn times(self, count: u32) -> Self {
        Points(self.0.saturating_mul(i64::from(count)).clamp(-Self::MAX.0, Self::MAX.0))
    }

    /// Returns `actual / target` of these points, at most these points, rounded half up to the hundredth.
    pub fn share(self, actual: Quantity, target: Quantity) -> Self {
        if actual >= target {
            return self;
        }
        let (whole, part) = (i128::from(target.units()), i128::from(self.0) * i128::from(actual.units()));
        Points(i64::try_from((2 * part + whole) / (2 * whole)).unwrap_or(self.0))
    }

    /// Returns `whole / part` times these points, rounded half up to the hundredth. `part` must be more than 0.
    pub fn scaled(self, whole: Points, part: Points) -> Self {
        let (part, product) = (i128::from(part.0), i128::from(self.0) * i128::from(whole.0));
        if part <= 0 {
            return self;
        }
        Points(i64::try_from((2 * product + part).div_euclid(2 * part)).unwrap_or(self.0))
    }

    /// Returns the mean, rounded half up to the hundredth; `None` of none.
    pub fn mean(of: &[Points]) -> Option<Points> {
        let count = i128::try_from(of.len()).ok().filter(|count| *count > 0)?;
        let sum: i128 = of.iter().map(|points| i128::from(points.0)).sum();
        i64::try_from((2 * sum + count).div_euclid(2 * count)).ok().map(Points)
    }

    /// Whether these points are a multiple of `step`.
    pub fn is_multiple_of(self, step: Points) -> bool {
        step.0 != 0 && self.0 % step.0 == 0
    }
}

impl Add for Points {
    type Output = Points;
    fn add(self, other: Points) -> Points {
        Points(self.0 + other.0)
    }
}

impl AddAssign for Points {
    fn add_assign(&mut self, other: Points) {
        self.0 += other.0;
    }
}

impl Sub for Points {
    type Output = Points;
    fn sub(self, other: Points) -> Points {
        Points(self.0 - other.0)
    }
}

impl Neg for Points {
    type Output = Points;
    fn neg(self) -> Points {
        Points(-self.0)
    }
}

impl Sum for Points {
    fn sum<I: Iterator<Item = Points>>(points: I) -> Points {
        points.fold(Points::ZERO, Add::add)
    }
}

impl fmt::Display for Points {
    /// Formats without unnecessary decimals: `27.5`, `-0.05`, `900`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0.unsigned_abs() / 100, self.0.unsigned_abs() % 100);
        let sign = if self.0 < 0 { "-" } else { "" };
        match (part, part % 10) {
            (0, _) => write!(f, "{sign}{whole}"),
            (_, 0) => write!(f, "{sign}{whole}.{}", part / 10),
            _ => write!(f, "{sign}{whole}.{part:02}"),
        }
    }
}

impl Serialize for Points {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % 100 == 0 {
            return serializer.serialize_i64(self.0 / 100);
        }
        // The nearest float prints as the same two decimals, and nothing is computed with it.
        let number: f64 = self.to_string().parse().map_err(serde::ser::Error::custom)?;
        serializer.serialize_f64(number)
    }
}

impl From<Points> for serde_json::Value {
    fn from(points: Points) -> Self {
        serde_json::to_value(points).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for Points {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let decimal = Decimal::deserialize(deserializer)?;
        decimal.points().map_err(|code| D::Error::custom(code.row().code))
    }
}

/// A number as it was written, before it is converted: `27.5`, `27.505`, `1e3`.
#[derive(Debug, Clone, PartialEq, Eq, ToSchema)]
#[schema(value_type = f64, example = 27.5)]
pub struct Decimal(String);

impl Decimal {
    /// Returns the number as it was written.
    pub fn digits(&self) -> &str {
        &self.0
    }

    /// Returns the number as points.
    ///
    /// # Errors
    /// `points_precision` for a third decimal, `points_out_of_range` beyond [`Points::MAX`].
    pub fn points(&self) -> Result<Points, Code> {
        self.scaled(2, Points::MAX.0).map(Points).map_err(|error| match error {
            DecimalError::TooPrecise => Code::PointsPrecision,
            DecimalError::TooLarge => Code::PointsOutOfRange,
        })
    }

    /// Returns the number in units of 10^-`places`, exactly. Its absolute value may be at most `most` units.
    ///
    /// # Errors
    /// If it has more decimals or is out of range.
    pub fn scaled(&self, places: u32, most: i64) -> Result<i64, DecimalError> {
        let (mantissa, exponent) = match self.0.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().map_err(|_| DecimalError::TooLarge)?),
            None => (self.0.as_str(), 0),
        };
        let (negative, digits) = mantissa.strip_prefix('-').map_or((false, mantissa), |rest| (true, rest));
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let all = format!("{whole}{part}");
        let significant = all.trim_end_matches('0');
        if significant.is_empty() {
            return Ok(0);
        }
        // value = significant × 10^scale, units = value × 10^places
        let dropped = i64::try_from(all.len() - significant.len()).unwrap_or(i64::MAX);
        let decimals = i64::try_from(part.len()).unwrap_or(i64::MAX);
        let scale = i64::from(exponent) + dropped - decimals + i64::from(places);
        let power = u32::try_from(scale).map_err(|_| DecimalError::TooPrecise)?;
        let units = 10_i64
            .checked_pow(power)
            .and_then(|unit| significant.parse::<i64>().ok()?.checked_mul(unit))
            .filter(|units| *units <= most)
            .ok_or(DecimalError::TooLarge)?;
        Ok(if negative { -units } else { units })
    }
}

impl std::str::FromStr for Decimal {
    type Err = Code;

    /// Parses digits with an optional sign and at most one decimal point: `-27.5`.
    fn from_str(text: &str) -> Result<Self, Code> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
        let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if are_digits(whole) && are_digits(part) { Ok(Decimal(text.to_owned())) } else { Err(Code::NumberUnreadable) }
    }
}

impl From<Points> for Decimal {
    fn from(points: Points) -> Self {
        Decimal(points.to_string())
    }
}

/// Why a number cannot be represented exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecimalError {
    /// It has too many decimals.
    TooPrecise,
    /// It is out of range.
    TooLarge,
}

struct Digits;

impl<'de> Visitor<'de> for Digits {
    type Value = Decimal;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Decimal, D::Error> {
        struct Plain;
        impl Visitor<'_> for Plain {
            type Value = Decimal;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }
            fn visit_i64<E>(self, number: i64) -> Result<Decimal, E> {
                Ok(Decimal(number.to_string()))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Decimal, E> {
                Ok(Decimal(number.to_string()))
            }
            fn visit_f64<E>(self, number: f64) -> Result<Decimal, E> {
                Ok(Decimal(number.to_string()))
            }
        }
        inner.deserialize_any(Plain)
    }

    /// Receives the digits as written, from a deserialiser that knows [`DIGITS`].
    fn visit_str<E>(self, digits: &str) -> Result<Decimal, E> {
        Ok(Decimal(digits.to_owned()))
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(DIGITS, Digits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(digits: &str) -> Result<i64, Code> {
        Decimal(digits.to_owned()).points().map(Points::hundredths)
    }

    #[test]
    fn two_decimals_are_exact_and_a_third_is_refused() {
        let table = [
            ("0", Ok(0)),
            ("-0", Ok(0)),
            ("0.00", Ok(0)),
            ("27.5", Ok(2750)),
            ("27.50", Ok(2750)),
            ("27.500", Ok(2750)),
            ("-0.05", Ok(-5)),
            ("1e2", Ok(10_000)),
            ("2.75E1", Ok(2750)),
            ("12345e-2", Ok(12_345)),
            ("0e999", Ok(0)),
            ("0e-999", Ok(0)),
            ("27.505", Err(Code::PointsPrecision)),
            ("0.001", Err(Code::PointsPrecision)),
            ("1e-3", Err(Code::PointsPrecision)),
            ("0.10000000000000000001", Err(Code::PointsPrecision)),
            ("1000000", Ok(100_000_000)),
            ("1000000.01", Err(Code::PointsOutOfRange)),
            ("1e400", Err(Code::PointsOutOfRange)),
            ("99999999999999999999", Err(Code::PointsOutOfRange)),
            ("1e99999999999", Err(Code::PointsOutOfRange)),
        ];
        for (digits, expected) in table {
            assert_eq!(read(digits), expected, "{digits}");
        }
    }

    #[test]
    fn json_shows_no_more_decimals_than_needed() {
        for (hundredths, text) in [(90_000, "900"), (2750, "27.5"), (-5, "-0.05"), (1, "0.01"), (10_010, "100.1")] {
            let points = Points(hundredths);
            assert_eq!(serde_json::to_string(&points).unwrap(), text);
            assert_eq!(points.to_string(), text);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(hundredths in -100_000_000_i64..=100_000_000) {
            let points = Points(hundredths);
            let json = serde_json::to_string(&points).unwrap();
            prop_assert_eq!(serde_json::from_str::<Points>(&json).unwrap(), points);
            prop_assert_eq!(read(&points.to_string()), Ok(hundredths));
        }
    }
}
