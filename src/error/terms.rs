//! What codes are called in sentences: parameters keep the codes, people read the terms.

/// The Vietnamese and the English term for a code, by the parameter that it fills.
pub fn term(param: &str, code: &str) -> Option<(&'static str, &'static str)> {
    let terms: &[Term] = match param {
        "state" | "needs" => &STATES,
        "rule" => &RULES,
        "problem" => &PROBLEMS,
        "ground" => &GROUNDS,
        "limit" => &LIMITS,
        _ => &[],
    };
    terms.iter().find(|(known, _, _)| *known == code).map(|(_, vi, en)| (*vi, *en))
}

/// A code with its Vietnamese and its English term.
type Term = (&'static str, &'static str, &'static str);

/// The states of every resource, and `removed` for evidence.
const STATES: [Term; 37] = [
    ("draft", "dự thảo", "draft"),
    ("submitted", "đã nộp", "submitted"),
    ("returned", "đã trả lại", "returned"),
    ("missed", "không nộp đúng hạn", "missed"),
    ("appraised", "đã thẩm định", "appraised"),
    ("reviewed", "Hội đồng đã xét", "reviewed by the council"),
    ("finalized", "đã chốt kết quả", "finalised"),
    ("published", "đã ban hành", "published"),
    ("retired", "đã ngừng áp dụng", "retired"),
    ("self_assessment", "đang tự chấm điểm", "self-assessment"),
    ("appraisal", "đang thẩm định", "appraisal"),
    ("council_review", "Hội đồng đang xét", "council review"),
    ("announced", "đã thông báo kết quả", "announced"),
    ("closed", "đã kết thúc", "closed"),
    ("cancelled", "đã hủy", "cancelled"),
    ("planned", "dự kiến họp", "planned"),
    ("held", "đã họp", "held"),
    ("approved", "đã được phê duyệt", "approved"),
    ("declined", "không được phê duyệt", "declined"),
    ("withdrawn", "đã rút", "withdrawn"),
    ("superseded", "đã được thay thế", "superseded"),
    ("rejected", "đã bị từ chối", "rejected"),
    ("removed", "đã gỡ bỏ", "removed"),
    ("pending_anchor", "chờ thông báo kết quả", "waiting for the result notice"),
    ("scheduled", "chưa đến hạn", "scheduled"),
    ("due_soon", "sắp đến hạn", "due soon"),
    ("overdue", "quá hạn", "overdue"),
    ("met", "đã hoàn thành", "met"),
    ("met_late", "hoàn thành trễ hạn", "met late"),
    ("waived", "đã được miễn", "waived"),
    ("pending", "đang chờ", "pending"),
    ("active", "đang áp dụng", "active"),
    ("ended", "đã kết thúc", "ended"),
    ("open", "đang chờ chấp nhận", "open"),
    ("expired", "đã hết hạn", "expired"),
    ("accepted", "đã được chấp nhận", "accepted"),
    ("revoked", "đã thu hồi", "revoked"),
];

/// The types of rules.
const RULES: [Term; 13] = [
    ("manual", "chấm trực tiếp", "points entered directly"),
    ("all_or_nothing", "đạt hoặc không đạt", "all or nothing"),
    ("levels", "chấm theo mức", "levels"),
    ("rank_bands", "chấm theo khoảng thứ hạng", "bands of ranks"),
    ("deduction_per_case", "trừ điểm theo từng trường hợp", "deduction per case"),
    ("deduction_steps", "trừ điểm theo bậc", "stepped deduction"),
    ("deduct_once", "trừ điểm một lần", "single deduction"),
    ("award_per_case", "cộng điểm theo từng trường hợp", "award per case"),
    ("bonus_penalty", "cộng và trừ điểm", "bonus and penalty"),
    ("target_ratio", "tỷ lệ hoàn thành chỉ tiêu", "ratio to the target"),
    ("best_of", "lấy mức cao nhất", "best option"),
    ("ratio_bands", "chấm theo khoảng tỷ lệ", "bands of a ratio"),
    ("case_list", "cộng, trừ theo danh mục trường hợp", "a list of cases"),
];

/// What a body may have wrong.
const PROBLEMS: [Term; 6] = [
    ("wrong_type", "sai kiểu dữ liệu", "wrong type"),
    ("missing_field", "thiếu trường bắt buộc", "missing field"),
    ("unknown_field", "có trường không quy định", "unknown field"),
    ("duplicate_field", "có trường lặp lại", "duplicate field"),
    ("unknown_value", "giá trị không có trong danh mục", "unknown value"),
    ("too_deep", "cấu trúc lồng quá sâu", "nested too deeply"),
];

/// Why somebody is recused.
const GROUNDS: [Term; 5] = [
    ("own_unit", "đơn vị của chính mình", "own unit"),
    ("family", "có người thân trong đơn vị", "a relative in the unit"),
    ("former_member_of_unit", "từng công tác tại đơn vị trong kỳ đánh giá", "former member of the unit"),
    ("own_work", "kết quả được chấm có phần việc của chính mình", "own work"),
    ("other", "lý do khác đã khai báo", "another declared reason"),
];

/// What a spreadsheet may have too much of.
const LIMITS: [Term; 4] = [
    ("rows", "dòng", "rows"),
    ("columns", "cột", "columns"),
    ("bytes", "byte", "bytes"),
    ("sheets", "trang", "sheets"),
];
