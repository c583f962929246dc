//! The languages of texts, and dates, figures and names as Vietnamese offices write them.

use chrono::{Datelike, NaiveDate};

use crate::domain::Points;
use crate::domain::assessment::facts::PartyCellRating;
use crate::domain::award::eligibility::Condition;

/// Language of texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Vietnamese, the default.
    Vi,
    /// English.
    En,
}

/// Where a draft leaves a figure to be filled in by hand.
pub const BLANK: &str = "……";

/// Formats a date as Decree 30/2020/NĐ-CP has it: days under 10 and the months 1 and 2 take a zero.
pub fn day(on: NaiveDate) -> String {
    let (day, month, year) = (on.day(), on.month(), on.year());
    let month = if month < 3 { format!("{month:02}") } else { month.to_string() };
    format!("ngày {day:02} tháng {month} năm {year}")
}

/// Formats points with a decimal comma and a dot between thousands: `1.000`, `987,5`.
pub fn points(points: Points) -> String {
    let text = points.to_string();
    let (sign, text) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (whole, part) = text.split_once('.').map_or((text, None), |(whole, part)| (whole, Some(part)));
    let digits: Vec<char> = whole.chars().collect();
    let groups: Vec<String> = digits.rchunks(3).rev().map(|group| group.iter().collect()).collect();
    let part = part.map(|part| format!(",{part}")).unwrap_or_default();
    format!("{sign}{}{part}", groups.join("."))
}

/// Formats points that may be missing; a dash stands for none.
pub fn points_or_dash(given: Option<Points>) -> String {
    given.map_or_else(|| "–".to_owned(), points)
}

/// Formats a number of people or units with at least two digits, as in `02 tập thể`.
pub fn count(number: usize) -> String {
    format!("{number:02}")
}

/// Returns the symbol of an office in the numbers of its documents: of `1234/TB-VP` it is `VP`. Without such a number
/// it is the office's code.
pub fn symbol<'a>(notice_number: Option<&'a str>, office_code: &'a str) -> &'a str {
    let of_notice = notice_number.and_then(|number| number.split_once("/TB-")).map(|(_, symbol)| symbol.trim());
    of_notice.filter(|symbol| !symbol.is_empty()).unwrap_or(office_code)
}

/// Returns a rating of a Party cell in words.
pub const fn party_cell_rating(rating: PartyCellRating) -> &'static str {
    match rating {
        PartyCellRating::Unsatisfactory => "Không hoàn thành nhiệm vụ",
        PartyCellRating::Satisfactory => "Hoàn thành nhiệm vụ",
        PartyCellRating::Good => "Hoàn thành tốt nhiệm vụ",
        PartyCellRating::Outstanding => "Hoàn thành xuất sắc nhiệm vụ",
    }
}

/// Returns a condition for an award as a sentence, in the words of the guideline.
pub fn condition(condition: &Condition) -> String {
    match condition {
        Condition::NobodyDisciplined {} => {
            "Trong năm, không có công chức, viên chức, người lao động bị kỷ luật".to_owned()
        }
        Condition::PartyCellRatingAtLeast { rating } => {
            format!("Chi bộ được đánh giá, xếp loại {} trở lên", party_cell_rating(*rating))
        }
        Condition::NotUnderInspection {} => "Không trong thời gian thanh tra, kiểm tra, điều tra".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_written_as_the_decree_has_it() {
        for (on, text) in [
            ("2023-11-28", "ngày 28 tháng 11 năm 2023"),
            ("2024-02-05", "ngày 05 tháng 02 năm 2024"),
            ("2024-03-01", "ngày 01 tháng 3 năm 2024"),
            ("2024-12-31", "ngày 31 tháng 12 năm 2024"),
        ] {
            assert_eq!(day(on.parse().unwrap()), text);
        }
    }

    #[test]
    fn points_have_a_decimal_comma() {
        for (hundredths, text) in [
            (0, "0"),
            (5, "0,05"),
            (-5, "-0,05"),
            (2_750, "27,5"),
            (98_725, "987,25"),
            (100_000, "1.000"),
            (-100_050, "-1.000,5"),
            (100_000_000, "1.000.000"),
        ] {
            assert_eq!(points(Points::from_hundredths(hundredths)), text);
        }
        assert_eq!(points_or_dash(None), "–");
    }

    #[test]
    fn the_symbol_is_that_of_the_notice() {
        for (number, expected) in
            [(Some("1234/TB-VP"), "VP"), (Some("1234/TB-"), "VP-UBND"), (Some("1234"), "VP-UBND"), (None, "VP-UBND")]
        {
            assert_eq!(symbol(number, "VP-UBND"), expected, "{number:?}");
        }
    }
}
