//! What the rows without a number are: sums, notes, signatures.

use super::columns::plain;

/// What begins a block of rows that ends the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Notes on how to score, or grades.
    Notes,
    /// Who signs and who receives it.
    Signatures,
}

/// Whether a text is the sum of a section or of the whole table.
pub fn is_sum(text: &str) -> bool {
    let text = plain(text);
    let begins = |start: &str| {
        text.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', ':', '(', '.']))
    };
    ["cộng", "tổng", "tổng cộng", "tổng điểm", "tổng số", "tổng số điểm"].iter().any(|start| begins(start))
}

/// Whether a sum is that of the whole table, as its words say.
pub fn is_total(text: &str) -> bool {
    let text = plain(text);
    let whole = ["tổng điểm", "tổng cộng", "tổng số điểm", "tổng số", "tổng", "cộng"];
    let bare = text.trim_end_matches([':', '.', ' ']);
    let of_parts = |rest: &str| rest.trim_start().starts_with('(');
    whole.iter().any(|start| bare == *start || bare.strip_prefix(start).is_some_and(of_parts))
}

/// Returns what a row without a number begins, if it ends the table.
pub fn ending(text: &str) -> Option<Ending> {
    let text = plain(text);
    let begins = |starts: &[&str]| starts.iter().any(|start| text.starts_with(start));
    let signs = [
        "tm.",
        "tm ",
        "kt.",
        "tl.",
        "nơi nhận",
        "người lập",
        "thủ trưởng",
        "chủ tịch",
        "chánh văn phòng",
        "giám đốc",
        "(ký",
        "xác nhận",
        "ngày ",
        "lãnh đạo",
    ];
    if begins(&signs) || text.contains(", ngày ") && text.contains(" tháng ") {
        return Some(Ending::Signatures);
    }
    begins(&["ghi chú", "lưu ý", "xếp loại", "* ", "(*)", "hướng dẫn", "cách tính"]).then_some(Ending::Notes)
}
