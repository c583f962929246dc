//! Quantities that are counted or measured against a target, exact to four decimals.

use std::fmt;

use serde::de::{Deserializer, Error as _};
use serde::ser::{Error as _, Serializer};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::points::{Decimal, DecimalError};
use crate::error::Code;

/// Number of units in one.
const UNIT: i64 = 10_000;
/// Number of decimals of a unit.
const PLACES: u32 = 4;

/// A quantity in any unit of measure, such as per cent, projects or million đồng, from 0 to 100,000,000,000 with at
/// most four decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = f64, example = 95)]
pub struct Quantity(i64);

impl Quantity {
    /// Zero.
    pub const ZERO: Quantity = Quantity(0);
    /// One.
    pub const ONE: Quantity = Quantity(UNIT);
    /// A hundred, as in 100 per cent.
    pub const HUNDRED: Quantity = Quantity(100 * UNIT);
    /// The maximum.
    pub const MAX: Quantity = Quantity(100_000_000_000 * UNIT);

    /// Returns a quantity from ten-thousandths, as tables store them.
    pub const fn from_units(units: i64) -> Self {
        Quantity(units)
    }

    /// Returns the quantity in ten-thousandths.
    pub const fn units(self) -> i64 {
        self.0
    }

    /// Converts a number as it was written.
    ///
    /// # Errors
    /// `number_precision` for a fifth decimal, `number_out_of_range` below 0 or beyond [`Quantity::MAX`].
    pub fn of(number: &Decimal) -> Result<Self, Code> {
        match number.scaled(PLACES, Self::MAX.0) {
            Ok(units) if units >= 0 => Ok(Quantity(units)),
            Ok(_) | Err(DecimalError::TooLarge) => Err(Code::NumberOutOfRange),
            Err(DecimalError::TooPrecise) => Err(Code::NumberPrecision),
        }
    }
}

impl fmt::Display for Quantity {
    /// Formats without unnecessary decimals.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / UNIT, self.0 % UNIT);
        if part == 0 {
            return write!(f, "{whole}");
        }
        write!(f, "{whole}.{}", format!("{part:04}").trim_end_matches('0'))
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % UNIT == 0 {
            return serializer.serialize_i64(self.0 / UNIT);
        }
        // At most fifteen digits, so the nearest float prints as the same decimals.
        serializer.serialize_f64(self.to_string().parse().map_err(S::Error::custom)?)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Quantity::of(&Decimal::deserialize(deserializer)?).map_err(|code| D::Error::custom(code.row().code))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn four_decimals_are_exact_and_a_fifth_is_refused() {
        for (json, read) in [
            ("0", Ok(0)),
            ("95", Ok(950_000)),
            ("95.5", Ok(955_000)),
            ("0.0001", Ok(1)),
            ("1e11", Ok(1_000_000_000_000_000)),
            ("0.00001", Err("number_precision")),
            ("-1", Err("number_out_of_range")),
            ("100000000000.0001", Err("number_out_of_range")),
        ] {
            let found = serde_json::from_str::<Quantity>(json).map(Quantity::units).map_err(|error| error.to_string());
            match read {
                Ok(units) => assert_eq!(found.unwrap(), units, "{json}"),
                Err(code) => assert!(found.unwrap_err().contains(code), "{json}"),
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(units in 0..=Quantity::MAX.0) {
            let json = serde_json::to_string(&Quantity(units)).unwrap();
            prop_assert_eq!(serde_json::from_str::<Quantity>(&json).unwrap(), Quantity(units));
        }
    }
}
