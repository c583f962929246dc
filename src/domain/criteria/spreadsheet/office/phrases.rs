//! Rules told from their phrases, and phrases about points that nobody can be sure of.
//!
//! A phrase is read as words and figures. It becomes a rule only where it has one clause that says how points are reckoned;
//! a second one is never lost: then the criterion stays `manual`, and the author is told.

use super::columns::plain;
use crate::domain::Points;
use crate::domain::criteria::grid::office_points;
use crate::domain::criteria::rules::{AllOrNothingRule, AwardPerCaseRule, DeductionPerCaseRule, Rule};

/// What the text of a criterion says of its points.
#[derive(Debug, Clone, PartialEq)]
pub enum Phrase {
    /// Nothing.
    None,
    /// A rule.
    Rule(Rule),
    /// Something that no rule is sure to mean.
    Unsure,
}

/// A word of a phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Word(String),
    Figure(Points),
    Slash,
    Break,
}

/// Returns the words, figures and breaks of a text.
fn tokens(text: &str) -> Vec<Token> {
    let text = plain(text);
    let mut tokens = Vec::new();
    let mut word = String::new();
    let end = |word: &mut String, tokens: &mut Vec<Token>| {
        let bare = word.trim_matches(['(', ')', '"', '“', '”']).to_owned();
        word.clear();
        let breaks = bare.ends_with([',', ';', '.', ':']);
        let bare = bare.trim_end_matches([',', ';', '.', ':']);
        if !bare.is_empty() {
            let digits = bare.trim_end_matches(|c: char| !c.is_ascii_digit());
            let unit = bare.get(digits.len()..).unwrap_or_default();
            match office_points(digits.trim_start_matches('+')).filter(|_| !digits.is_empty()) {
                Some(points) => {
                    tokens.push(Token::Figure(points));
                    match unit {
                        "" => {}
                        "đ" => tokens.push(Token::Word("điểm".to_owned())),
                        unit => tokens.push(Token::Word(unit.to_owned())),
                    }
                }
                None => tokens.push(Token::Word(bare.to_owned())),
            }
        }
        if breaks {
            tokens.push(Token::Break);
        }
    };
    for c in text.chars() {
        match c {
            ' ' => end(&mut word, &mut tokens),
            '/' => {
                end(&mut word, &mut tokens);
                tokens.push(Token::Slash);
            }
            c => word.push(c),
        }
    }
    end(&mut word, &mut tokens);
    tokens
}

fn is(token: Option<&Token>, words: &[&str]) -> bool {
    matches!(token, Some(Token::Word(word)) if words.contains(&word.as_str()))
}

/// Returns the points after a verb, `trừ 2,5 điểm`, with the place after them.
fn amount(tokens: &[Token], verb: usize) -> Option<(Points, usize)> {
    let Some(Token::Figure(points)) = tokens.get(verb + 1) else {
        return None;
    };
    is(tokens.get(verb + 2), &["điểm"]).then_some((*points, verb + 3))
}

/// Whether what follows an amount is one case: `/lần`, `/01 văn bản`, `cho mỗi vụ`, `mỗi lần`.
fn per_one(tokens: &[Token], at: usize) -> Option<usize> {
    let one = Points::from_hundredths(100);
    let noun = |at: usize| matches!(tokens.get(at), Some(Token::Word(_))).then_some(at + 1);
    if tokens.get(at) == Some(&Token::Slash) {
        return match tokens.get(at + 1) {
            Some(Token::Figure(count)) if *count == one => noun(at + 2),
            Some(Token::Word(_)) => noun(at + 1),
            _ => None,
        };
    }
    let at = if is(tokens.get(at), &["cho", "với"]) { at + 1 } else { at };
    if is(tokens.get(at), &["mỗi", "từng"]) {
        return match tokens.get(at + 1) {
            Some(Token::Figure(count)) if *count == one => noun(at + 2),
            Some(Token::Figure(_)) => None,
            _ => noun(at + 1),
        };
    }
    None
}

/// Words that say something of points, so that a text with them is about scoring.
const ABOUT_POINTS: [&str; 6] = ["điểm", "trừ", "cộng", "thưởng", "hạng", "mức"];

/// Reads the text of a criterion of at most `max` points.
pub fn read(text: &str, max: Option<Points>) -> Phrase {
    let lower = plain(text);
    let tokens = tokens(text);
    let verbs: Vec<usize> = (0..tokens.len()).filter(|at| is(tokens.get(*at), &["trừ", "cộng", "thưởng"])).collect();
    if lower.contains("không thực hiện không tính điểm") && verbs.is_empty() {
        return Phrase::Rule(AllOrNothingRule {}.into());
    }
    let about = |token: &Token| matches!(token, Token::Word(word) if ABOUT_POINTS.iter().any(|about| word == about));
    let has_figures = tokens.iter().any(|token| matches!(token, Token::Figure(_)));
    let not_asked =
        ["không tính", "tính điểm tối đa", "được tính", "tỷ lệ", "trừ hết"].iter().any(|word| lower.contains(word));
    let silent = if tokens.iter().any(about) && has_figures || not_asked { Phrase::Unsure } else { Phrase::None };
    let [verb] = verbs.as_slice() else {
        return if verbs.is_empty() { silent } else { Phrase::Unsure };
    };
    let negated = verb
        .checked_sub(1)
        .is_some_and(|before| is(tokens.get(before), &["không", "bị", "được"]) && is(tokens.get(before), &["không"]));
    let Some((points, after)) = amount(&tokens, *verb).filter(|_| !negated) else {
        return silent;
    };
    // "Mỗi tin được đăng cộng 2 điểm": the case stands before the verb.
    let before = tokens.get(..*verb).unwrap_or_default();
    let opens = before.iter().rposition(|token| *token == Token::Break).map_or(0, |at| at + 1);
    let each_before = (opens..*verb)
        .any(|at| is(tokens.get(at), &["mỗi"]) && !matches!(tokens.get(at + 1), Some(Token::Figure(_))))
        || (0..*verb).any(|at| is(tokens.get(at), &["mỗi"]) && !matches!(tokens.get(at + 1), Some(Token::Figure(_))));
    let each_after = per_one(&tokens, after);
    let rest_at = match (each_before, each_after) {
        (_, Some(end)) => end,
        (true, None) => after,
        (false, None) => return Phrase::Unsure,
    };
    // What is left may name the noun further, or say what the most is; anything else is a clause of its own.
    let rest = tokens.get(rest_at..).unwrap_or_default();
    let limit = rest.iter().enumerate().find_map(|(at, token)| match token {
        Token::Figure(limit) => {
            let said: Vec<&str> = rest
                .iter()
                .take(at)
                .filter_map(|token| if let Token::Word(word) = token { Some(word.as_str()) } else { None })
                .collect();
            let says_most = said.join(" ");
            Some((*limit, ["không quá", "tối đa", "nhiều nhất"].iter().any(|most| says_most.contains(most))))
        }
        Token::Word(_) | Token::Slash | Token::Break => None,
    });
    let further = rest.iter().any(|token| is(Some(token), &["nếu", "thì", "hết", "không", "riêng", "trường"]));
    let takes = is(tokens.get(*verb), &["trừ"]);
    match limit {
        Some((limit, true)) if Some(limit) == max => {}
        Some(_) => return Phrase::Unsure,
        None if further => return Phrase::Unsure,
        None => {}
    }
    if points <= Points::ZERO {
        return Phrase::Unsure;
    }
    match takes {
        true => Phrase::Rule(DeductionPerCaseRule { points_per_case: points, floor: Some(Points::ZERO) }.into()),
        false => Phrase::Rule(AwardPerCaseRule { points_per_case: points }.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, max: i64) -> String {
        match read(text, Some(Points::from_hundredths(max * 100))) {
            Phrase::None => "none".into(),
            Phrase::Unsure => "unsure".into(),
            Phrase::Rule(Rule::DeductionPerCase(rule)) => format!("-{}", rule.points_per_case),
            Phrase::Rule(Rule::AwardPerCase(rule)) => format!("+{}", rule.points_per_case),
            Phrase::Rule(rule) => rule.name().into(),
        }
    }

    #[test]
    fn phrases_are_read_clause_by_clause() {
        for (text, max, expected) in [
            ("Lập hồ sơ công việc. Không thực hiện không tính điểm.", 10, "all_or_nothing"),
            ("Không để văn bản quá hạn, trừ 2,5 điểm/01 văn bản", 15, "-2.5"),
            ("trừ 10 điểm/01 trường hợp", 20, "-10"),
            ("Tham dự giao ban: vắng không lý do trừ 5đ/lần", 20, "-5"),
            ("Mỗi lần để công dân phản ánh trừ 4 điểm", 20, "-4"),
            ("Vi phạm trừ 3 điểm/vụ", 15, "-3"),
            ("Gửi báo cáo chậm: trừ 2 điểm cho mỗi lần", 15, "-2"),
            ("Mỗi tin, bài được đăng cộng 2 điểm nhưng không quá 10 điểm", 10, "+2"),
            ("Mỗi tin, bài được đăng cộng 2 điểm nhưng không quá 8 điểm", 10, "unsure"),
            ("Không trừ 5 điểm/lần đối với đơn vị đã xin gia hạn", 15, "unsure"),
            ("Văn bản trình còn sai thể thức: trừ 5 điểm/10 văn bản", 20, "unsure"),
            ("Báo cáo: chậm trừ 2 điểm/lần; không gửi thì trừ hết số điểm", 20, "unsure"),
            ("chậm trừ 1 điểm/lần, thiếu trừ 3 điểm/lần", 20, "unsure"),
            ("Hoàn thành chỉ tiêu thu; đạt dưới 100% thì tính điểm theo tỷ lệ", 20, "unsure"),
            ("Đạt: 10 điểm; không đạt: 0 điểm", 10, "unsure"),
            ("Thứ hạng: hạng 1 - 3: 30 điểm; hạng 4 - 8: 20 điểm", 30, "unsure"),
            ("Đơn vị không có nhiệm vụ này thì không tính, tổng điểm quy về 100", 25, "unsure"),
            ("Ban hành kế hoạch năm trước ngày 15/01", 25, "none"),
            ("Chấp hành giờ làm việc", 30, "none"),
        ] {
            assert_eq!(told(text, max), expected, "{text}");
        }
    }
}
