//! Normalisation and validation of text: NFC, no control characters, no direction overrides, limited length.

use std::collections::HashSet;
use std::fmt::Display;
use std::hash::Hash;

use chrono::NaiveDate;
use unicode_normalization::{UnicodeNormalization, is_nfc};

use crate::error::{Code, Error, Fault};

/// Longest code, in characters.
pub const CODE_CHARS: usize = 64;
/// Longest name or title, in characters. The longest criterion of the guideline has 425.
pub const TITLE_CHARS: usize = 1_000;
/// Longest reason or note, in characters.
pub const NOTE_CHARS: usize = 4_000;

/// Collects the faults of a body while its values are validated.
#[derive(Debug, Default)]
pub struct Check {
    /// The faults found so far.
    pub faults: Vec<Fault>,
}

impl Check {
    /// Records a fault.
    pub fn fault(&mut self, pointer: impl Into<String>, code: Code) {
        self.faults.push(Fault::at(pointer, code));
    }

    /// Records a fault unless `holds`.
    pub fn ensure(&mut self, holds: bool, pointer: &str, code: Code) {
        if !holds {
            self.fault(pointer, code);
        }
    }

    /// Records a date outside the first and last possible day.
    pub fn date(&mut self, pointer: &str, day: NaiveDate, (earliest, latest): (NaiveDate, NaiveDate)) {
        if day < earliest || day > latest {
            let fault = Fault::at(pointer, Code::ImplausibleDate).with("earliest", earliest.to_string());
            self.faults.push(fault.with("latest", latest.to_string()));
        }
    }

    /// Records each value that occurred before in a list; `pointer` gives the place of a value.
    pub fn unique<T: Display + Eq + Hash>(
        &mut self,
        values: impl Iterator<Item = T>,
        pointer: impl Fn(usize) -> String,
    ) {
        let mut seen = HashSet::new();
        for (at, value) in values.enumerate() {
            let shown = value.to_string();
            if !seen.insert(value) {
                self.faults.push(Fault::at(pointer(at), Code::Duplicate).with("value", shown));
            }
        }
    }

    /// Normalises a required text: NFC, trimmed, from 1 to `max` characters.
    pub fn text(&mut self, pointer: &str, given: &str, max: usize) -> String {
        let text = compose(given);
        if text.chars().any(|c| (c.is_control() && c != '\n' && c != '\t') || is_override(c)) {
            self.fault(pointer, Code::TextInvalid);
        } else if text.is_empty() {
            self.fault(pointer, Code::TextEmpty);
        } else if text.chars().count() > max {
            self.faults.push(Fault::at(pointer, Code::TextTooLong).with("max", max));
        }
        text
    }

    /// Normalises an optional text. Empty text counts as absent.
    pub fn optional(&mut self, pointer: &str, given: Option<&str>, max: usize) -> Option<String> {
        let given = given.filter(|text| !text.trim().is_empty())?;
        Some(self.text(pointer, given, max))
    }

    /// Normalises a code of letters, digits, `.`, `_` and `-`. Dots alone would be steps in a path.
    pub fn code(&mut self, pointer: &str, given: &str) -> String {
        let code = compose(given);
        let allowed = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
        let fits = code.chars().count() <= CODE_CHARS && code.chars().all(allowed) && code.chars().any(|c| c != '.');
        self.ensure(fits, pointer, Code::InvalidCode);
        code
    }
}

/// Reads the values of one body with `read`.
///
/// # Errors
/// Those of [`Error::unless_valid`] for what it found.
pub fn checked<T>(read: impl FnOnce(&mut Check) -> T) -> Result<T, Error> {
    let mut check = Check::default();
    let values = read(&mut check);
    Error::unless_valid(check.faults).map(|()| values)
}

/// Whether a character reverses or isolates the direction of what follows, so that a text could be shown as another one.
pub fn is_override(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Returns bytes in hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Trims and composes a text that is only compared.
pub fn composed(given: &str) -> String {
    compose(given)
}

fn compose(given: &str) -> String {
    let trimmed = given.trim();
    if is_nfc(trimmed) { trimmed.to_owned() } else { trimmed.nfc().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(check: &Check) -> Vec<Code> {
        check.faults.iter().map(|fault| fault.code).collect()
    }

    #[test]
    fn decomposed_vietnamese_is_composed() {
        let mut check = Check::default();
        assert_eq!(
            check.text("/name", " Pho\u{0300}ng To\u{0302}\u{0309} chu\u{031b}\u{0301}c ", 100),
            "Phòng Tổ chức"
        );
        assert_eq!(codes(&check), []);
    }

    #[test]
    fn control_characters_empty_and_long_text_are_refused() {
        for (given, code) in [
            ("a\0b", Code::TextInvalid),
            ("a\u{7f}", Code::TextInvalid),
            ("a\u{202e}b", Code::TextInvalid),
            ("\u{2066}a\u{2069}", Code::TextInvalid),
            ("  ", Code::TextEmpty),
            ("ăăăă", Code::TextTooLong),
        ] {
            let mut check = Check::default();
            check.text("/note", given, 3);
            assert_eq!(codes(&check), [code], "{given:?}");
        }
        let mut check = Check::default();
        check.text("/note", "a\n\tb", 4);
        assert_eq!(codes(&check), []);
    }

    #[test]
    fn a_code_is_a_short_word() {
        for (given, fits) in [
            ("A.I.1", true),
            ("VP-UBND", true),
            ("Đ1", true),
            ("", false),
            ("a b", false),
            ("a/b", false),
            (".", false),
            ("..", false),
            ("....", false),
            (".a", true),
        ] {
            let mut check = Check::default();
            check.code("/code", given);
            assert_eq!(check.faults.is_empty(), fits, "{given}");
        }
    }
}
