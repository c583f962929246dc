//! The words of an export in the languages that it is written in. Titles and names are data, and stay as they are.

use crate::domain::wording::Language;

/// The words of an export.
#[derive(Debug, Clone, Copy)]
pub struct Words {
    /// The stages, as columns of the summary are headed.
    pub stages: [&'static str; 3],
    /// The columns of the summary before those of the units.
    pub summary: [&'static str; 4],
    /// The column of the group, before those of the ranking.
    pub group: &'static str,
    /// The columns of the ranking.
    pub ranking: [&'static str; 8],
    /// What stands before a total.
    pub total: &'static str,
    /// The names of the sheets with the summary and the ranking.
    pub sheets: [&'static str; 2],
    /// The title of a unit's sheet, before the year.
    pub title: &'static str,
    /// Who signs a unit's sheet.
    pub signers: [&'static str; 3],
    /// What stands below them.
    pub sign_here: &'static str,
}

const VI: Words = Words {
    stages: ["tự chấm", "thẩm định", "Hội đồng"],
    summary: ["Mã", "STT", "Nội dung", "Điểm tối đa"],
    group: "Khối thi đua",
    ranking: [
        "Xếp hạng",
        "Mã đơn vị",
        "Đơn vị",
        "Điểm chuẩn",
        "Điểm thưởng",
        "Điểm trừ",
        "Tổng điểm",
        "Đề nghị khen thưởng",
    ],
    total: "TỔNG ĐIỂM",
    sheets: ["Tổng hợp", "Xếp hạng"],
    title: "BẢNG CHẤM ĐIỂM THI ĐUA NĂM",
    signers: ["Người lập", "Thủ trưởng đơn vị", "Thường trực Hội đồng"],
    sign_here: "(Ký, ghi rõ họ tên)",
};

const EN: Words = Words {
    stages: ["self-assessment", "appraisal", "council"],
    summary: ["Code", "No.", "Criterion", "Maximum"],
    group: "Group",
    ranking: ["Rank", "Unit code", "Unit", "Base points", "Bonus points", "Penalty points", "Total", "Proposed award"],
    total: "TOTAL",
    sheets: ["Summary", "Ranking"],
    title: "EMULATION SCORE SHEET",
    signers: ["Prepared by", "Head of the unit", "Standing body of the council"],
    sign_here: "(Signature and full name)",
};

impl Words {
    /// Returns the words of a language.
    pub const fn of(language: Language) -> &'static Self {
        match language {
            Language::Vi => &VI,
            Language::En => &EN,
        }
    }

    /// Returns the place and date that are filled in by hand.
    pub fn place_and_date(language: Language, year: i32) -> String {
        match language {
            Language::Vi => format!("……………, ngày …… tháng …… năm {year}"),
            Language::En => format!("……………, …… …… {year}"),
        }
    }
}
