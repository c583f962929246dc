//! Numbers of rows: `A`, `I`, `1`, `1.2`, `1a`, `a)`, `(1)`, `ii`, `Điều 1`, and the like.

/// Maximum number of levels in a number: 1.1.1.
const MAX_NUMBERS: usize = 3;

/// The content of the number column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mark {
    /// A part: A, B.
    Letter(char),
    /// A section: I, II. A letter that could be either is decided by its predecessors.
    Roman(u32),
    /// An item, including the numbers of its parts if given: 1, or 1.2.
    Number(Vec<u32>),
    /// A clause of an article: Khoản 1.
    Clause(u32),
    /// A subitem: a, b.
    Small(char),
    /// A subitem: i, ii.
    SmallRoman(u32),
    /// A subitem in brackets, below a letter: (1).
    Bracketed(u32),
}

impl Mark {
    /// Returns the depth: 0 for a part.
    pub fn rank(&self) -> usize {
        match self {
            Mark::Letter(_) => 0,
            Mark::Roman(_) => 1,
            Mark::Number(numbers) => 1 + numbers.len(),
            Mark::Clause(_) => 3,
            Mark::Small(_) | Mark::SmallRoman(_) => 9,
            Mark::Bracketed(_) => 10,
        }
    }
}

/// Returns a number with the letters that look the same in other alphabets, and the signs for Roman numerals, as Latin ones.
fn folded(shown: &str) -> String {
    let upper = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"];
    let numeral = |c: char, first: char| {
        let at = u32::from(c).checked_sub(u32::from(first)).and_then(|at| usize::try_from(at).ok())?;
        upper.get(at).copied()
    };
    let mut text = String::new();
    for c in shown.chars() {
        match c {
            'А' | 'Α' => text.push('A'),
            'В' | 'Β' => text.push('B'),
            'С' => text.push('C'),
            'Е' | 'Ε' => text.push('E'),
            'І' | 'Ι' | 'Ӏ' => text.push('I'),
            'Х' | 'Χ' => text.push('X'),
            'Ѵ' => text.push('V'),
            'а' => text.push('a'),
            'с' => text.push('c'),
            'е' => text.push('e'),
            'і' | 'ι' => text.push('i'),
            '\u{2160}'..='\u{216b}' => text.push_str(numeral(c, '\u{2160}').unwrap_or_default()),
            '\u{2170}'..='\u{217b}' => text.push_str(&numeral(c, '\u{2170}').unwrap_or_default().to_lowercase()),
            '\u{ff10}'..='\u{ff19}' => text.extend(char::from_digit(u32::from(c) - 0xff10, 10)),
            c => text.push(c),
        }
    }
    text
}

/// Parses a number. A letter that is also a Roman numeral is returned as a letter.
pub fn mark(shown: &str) -> Option<Mark> {
    let folded = folded(shown);
    let trimmed = folded.trim();
    let bracketed = trimmed.starts_with('(') && trimmed.ends_with(')');
    let bare = trimmed.trim_start_matches('(').trim_end_matches([')', '.', ':', '/', ' ', '-', '–', ',']).trim();
    let lower = bare.to_lowercase();
    for word in ["điều ", "tiêu chí ", "mục ", "phần ", "khoản ", "điểm "] {
        let Some(rest) = lower.strip_prefix(word) else {
            continue;
        };
        let rest = bare.get(bare.len() - rest.len()..).unwrap_or_default();
        return match (word, mark(rest)?) {
            ("khoản ", Mark::Number(numbers)) => Some(Mark::Clause(*numbers.last()?)),
            (_, mark) => Some(mark),
        };
    }
    let last_words: Vec<&str> = bare.split('.').map(str::trim).collect();
    let numbers: Vec<u32> = last_words.iter().rev().map_while(|word| word.parse().ok()).collect();
    if numbers.len() > MAX_NUMBERS {
        return None;
    }
    if let ([only], true) = (numbers.as_slice(), bracketed) {
        return Some(Mark::Bracketed(*only));
    }
    if !numbers.is_empty() {
        return Some(Mark::Number(numbers.into_iter().rev().collect()));
    }
    let word = *last_words.last()?;
    // 1a is the first letter below 1.
    let letter = word.trim_start_matches(|c: char| c.is_ascii_digit());
    let word = if letter.len() < word.len() && letter.chars().count() == 1 { letter } else { word };
    let mut letters = word.chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) if letter.is_uppercase() => Some(Mark::Letter(letter)),
        (Some(letter), None) if letter.is_lowercase() => Some(Mark::Small(letter)),
        (Some(first), Some(_)) if first.is_lowercase() => {
            roman(&word.to_uppercase()).map(Mark::SmallRoman).filter(|_| word == word.to_lowercase())
        }
        _ => roman(word).map(Mark::Roman),
    }
}

/// Returns the value of a Roman numeral in capitals, or `None` if it is not well-formed.
pub fn roman(word: &str) -> Option<u32> {
    let may_be = word.len() <= 12 && word.bytes().all(|letter| b"IVXLC".contains(&letter));
    (1..=399).filter(|_| may_be).find(|number| in_roman(*number) == word)
}

/// Returns a number as a Roman numeral in capitals.
pub fn in_roman(mut number: u32) -> String {
    let steps = [(100, "C"), (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")];
    let mut word = String::new();
    for (value, letters) in steps {
        while number >= value {
            word.push_str(letters);
            number -= value;
        }
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_offices_type_them() {
        use Mark::{Bracketed, Clause, Letter, Number, Roman, Small, SmallRoman};
        for (shown, expected) in [
            ("A", Some(Letter('A'))),
            ("A-", Some(Letter('A'))),
            ("Phần B", Some(Letter('B'))),
            ("II-", Some(Roman(2))),
            ("Ⅱ", Some(Roman(2))),
            ("ІІ", Some(Roman(2))),
            ("ΙΙΙ", Some(Roman(3))),
            ("Mục IV.", Some(Roman(4))),
            ("1", Some(Number(vec![1]))),
            ("Điều 1", Some(Number(vec![1]))),
            ("Khoản 2", Some(Clause(2))),
            ("1.2.", Some(Number(vec![1, 2]))),
            ("A.I.3", Some(Number(vec![3]))),
            ("(1)", Some(Bracketed(1))),
            ("2)", Some(Number(vec![2]))),
            ("1a", Some(Small('a'))),
            ("đ)", Some(Small('đ'))),
            ("ii", Some(SmallRoman(2))),
            ("IIII", None),
            ("Ghi chú:", None),
            ("", None),
        ] {
            assert_eq!(mark(shown), expected, "{shown}");
        }
    }
}
