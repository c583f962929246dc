//! The drafts: data to bytes.

use chrono::NaiveDate;

use super::form::{Column, Form, Heading, RowOf, Signature};
use crate::domain::Points;
use crate::domain::assessment::period::{DossierDeadline, DossierSemantics, Notice};
use crate::domain::award::award::Award;
use crate::domain::award::ranking::RankingRow;
use crate::domain::office::unit::UnitKind;
use crate::domain::wording::{BLANK, count, day, points, points_or_dash, symbol};
use crate::error::Error;

/// The council that decides on the dossiers, as the guideline names it.
const PROVINCIAL_COUNCIL: &str = "Hội đồng Thi đua - Khen thưởng tỉnh";

/// What the drafts of a period have in common.
#[derive(Debug, Clone)]
pub struct Year {
    /// Name of the office.
    pub office_name: String,
    /// Code of the office.
    pub office_code: String,
    /// Year that the period covers.
    pub year: i32,
    /// The document that the table of criteria is based on.
    pub legal_basis: Option<String>,
    /// The result notice, once the results are announced.
    pub notice: Option<Notice>,
    /// The day of the council's session; `None` where there is none or the reader may not know of it.
    pub session_on: Option<NaiveDate>,
    /// The groups of units; one without a title where the period has no groups.
    pub groups: Vec<GroupOf>,
    /// The day of the draft.
    pub today: NaiveDate,
}

/// A group of units that are ranked with each other.
#[derive(Debug, Clone)]
pub struct GroupOf {
    /// Code of the group; `None` where the period has no groups.
    pub code: Option<String>,
    /// Title of the group.
    pub title: String,
    /// Its awards in order of precedence.
    pub awards: Vec<Award>,
}

/// A unit that is proposed for an award.
#[derive(Debug, Clone)]
pub struct Proposed {
    /// Name of the unit.
    pub unit_name: String,
    /// Code of the unit.
    pub unit_code: String,
    /// Kind of the unit.
    pub unit_kind: UnitKind,
    /// Title of the award.
    pub award: String,
    /// Title of its group; `None` where the period has no groups.
    pub group: Option<String>,
    /// Final rank in its group.
    pub rank: i32,
    /// Number of units that were ranked with it.
    pub ranked: usize,
    /// Base points, if the reader sees the ranking.
    pub base: Option<Points>,
    /// Bonus points, if the reader sees the ranking.
    pub bonus: Option<Points>,
    /// Points that were taken, if the reader sees the ranking.
    pub penalty: Points,
    /// Final total.
    pub total: Points,
    /// The conditions for an award as sentences, and whether the unit met them.
    pub conditions: Vec<(String, bool)>,
    /// Titles of the other documents of the dossier.
    pub enclosed: Vec<String>,
    /// The points of parts and sections; empty where the reader may not see them.
    pub sections: Vec<SectionPoints>,
    /// Awards of earlier years: year, title, number and date of the decision.
    pub earlier: Vec<EarlierAward>,
}

/// The points of a part or a section.
#[derive(Debug, Clone)]
pub struct SectionPoints {
    /// Number, as printed in the table.
    pub number: String,
    /// Title.
    pub title: String,
    /// Whether it is a part.
    pub is_part: bool,
    /// Maximum points.
    pub max_points: Option<Points>,
    /// Final points.
    pub points: Option<Points>,
}

/// An award of an earlier year.
#[derive(Debug, Clone)]
pub struct EarlierAward {
    /// Year of the period.
    pub year: i32,
    /// Title of the award.
    pub title: String,
    /// Number of the decision.
    pub number: Option<String>,
    /// Date of the decision.
    pub on: Option<NaiveDate>,
}

impl Year {
    fn number(&self, kind: &str) -> String {
        let number = self.notice.as_ref().map(|notice| notice.number.as_str());
        format!("Số:        /{kind}-{}", symbol(number, &self.office_code))
    }

    /// Place and date of a draft: who signs fills in the day.
    fn open_date(&self) -> String {
        format!("{BLANK}{BLANK}, ngày {BLANK} tháng {BLANK} năm {}", chrono::Datelike::year(&self.today))
    }

    pub(super) fn symbol(&self) -> &str {
        symbol(self.notice.as_ref().map(|notice| notice.number.as_str()), &self.office_code)
    }

    /// Adds the table of results, one for each group.
    pub(super) fn result_tables(&self, form: Form, rows: &[RankingRow]) -> Form {
        self.groups.iter().fold(form, |form, group| {
            let form = if group.code.is_some() { form.text(&format!("{}:", group.title)) } else { form };
            match rows.iter().any(|row| row.penalty != Points::ZERO) {
                true => form.table(&RESULTS_WITH_PENALTIES, &group.result_rows(rows, true)),
                false => form.table(&RESULTS, &group.result_rows(rows, false)),
            }
        })
    }

    /// Which units are proposed for which award, a sentence for each award of each group.
    pub(super) fn proposals(&self, rows: &[RankingRow]) -> Vec<String> {
        self.groups.iter().flat_map(|group| group.proposals(rows)).collect()
    }
}

impl GroupOf {
    fn own<'a>(&'a self, rows: &'a [RankingRow]) -> impl Iterator<Item = &'a RankingRow> {
        rows.iter().filter(|row| row.group_code == self.code)
    }

    fn award_title<'a>(&'a self, code: &'a str) -> &'a str {
        self.awards.iter().find(|award| award.code == code).map_or(code, |award| &award.title)
    }

    fn result_rows(&self, rows: &[RankingRow], with_penalty: bool) -> Vec<RowOf> {
        let row = |(at, row): (usize, &RankingRow)| {
            let award = row.award_code.as_deref().map(|code| self.award_title(code).to_owned());
            let penalty = row.base.filter(|_| with_penalty).map(|_| row.penalty);
            let mut cells =
                vec![(at + 1).to_string(), row.unit_name.clone(), points_or_dash(row.base), points_or_dash(row.bonus)];
            cells.extend(with_penalty.then(|| points_or_dash(penalty)));
            cells.extend([
                points_or_dash(row.total),
                row.rank.map_or_else(|| "–".to_owned(), |rank| rank.to_string()),
                award.unwrap_or_default(),
            ]);
            RowOf { cells, bold: false }
        };
        self.own(rows).enumerate().map(row).collect()
    }

    fn proposals(&self, rows: &[RankingRow]) -> Vec<String> {
        let of_group = self.code.as_ref().map(|_| format!(" thuộc {}", self.title)).unwrap_or_default();
        let of_award = |award: &Award| {
            let takers = self.own(rows).filter(|row| row.award_code.as_ref() == Some(&award.code));
            let names: Vec<&str> = takers.map(|row| row.unit_name.as_str()).collect();
            (!names.is_empty()).then(|| {
                format!("- {} cho {} tập thể{of_group}: {};", award.title, count(names.len()), names.join("; "))
            })
        };
        self.awards.iter().filter_map(of_award).collect()
    }
}

/// The table of results.
const RESULTS: [Column; 7] = [
    Column { heading: "STT", percent: 8, centred: true },
    Column { heading: "Đơn vị", percent: 34, centred: false },
    Column { heading: "Điểm chuẩn", percent: 11, centred: true },
    Column { heading: "Điểm thưởng", percent: 12, centred: true },
    Column { heading: "Tổng điểm", percent: 11, centred: true },
    Column { heading: "Xếp hạng", percent: 9, centred: true },
    Column { heading: "Đề nghị khen thưởng", percent: 15, centred: true },
];

/// The table of results where points were taken.
const RESULTS_WITH_PENALTIES: [Column; 8] = [
    Column { heading: "STT", percent: 7, centred: true },
    Column { heading: "Đơn vị", percent: 29, centred: false },
    Column { heading: "Điểm chuẩn", percent: 11, centred: true },
    Column { heading: "Điểm thưởng", percent: 11, centred: true },
    Column { heading: "Điểm trừ", percent: 9, centred: true },
    Column { heading: "Tổng điểm", percent: 10, centred: true },
    Column { heading: "Xếp hạng", percent: 9, centred: true },
    Column { heading: "Đề nghị khen thưởng", percent: 14, centred: true },
];

/// The points of a unit by part and section.
const SECTIONS: [Column; 4] = [
    Column { heading: "STT", percent: 9, centred: true },
    Column { heading: "Nội dung", percent: 61, centred: false },
    Column { heading: "Điểm tối đa", percent: 15, centred: true },
    Column { heading: "Điểm đạt", percent: 15, centred: true },
];

fn result_sentence(proposed: &Proposed, year: &Year) -> String {
    let Proposed { unit_name, total, base, bonus, penalty, rank, ranked, .. } = proposed;
    let group = proposed.group.as_ref().map(|title| format!(" thuộc {title}")).unwrap_or_default();
    let taken = match *penalty {
        Points::ZERO => String::new(),
        penalty => format!(", điểm trừ {} điểm", points(penalty)),
    };
    let parts = base
        .zip(*bonus)
        .map(|(base, bonus)| format!(" (điểm chuẩn {} điểm, điểm thưởng {} điểm{taken})", points(base), points(bonus)));
    format!(
        "Năm {}, tập thể {unit_name} đạt {} điểm{}, xếp hạng {rank}/{ranked} phòng, ban, trung tâm{group} được đánh giá.",
        year.year,
        points(*total),
        parts.unwrap_or_default(),
    )
}

fn condition_sentences(conditions: &[(String, bool)]) -> Vec<String> {
    let sentence = |(condition, met): &(String, bool)| {
        let outcome = if *met { "đạt" } else { "không đạt" };
        format!("- {condition}: {outcome};")
    };
    ended(conditions.iter().map(sentence).collect(), ".")
}

/// Ends the last sentence of a list as a list ends.
pub(super) fn ended(mut sentences: Vec<String>, end: &str) -> Vec<String> {
    if let Some(last) = sentences.last_mut() {
        last.truncate(last.trim_end_matches(';').len());
        last.push_str(end);
    }
    sentences
}

/// Writes the draft of the proposal letter (tờ trình).
///
/// # Errors
/// `internal`, which cannot happen when writing to memory.
pub fn proposal_letter(year: &Year, proposed: &Proposed) -> Result<Vec<u8>, Error> {
    let office = &year.office_name;
    let heading = Heading {
        superior: None,
        issuer: office.clone(),
        number: Some(year.number("TTr")),
        date: Some(year.open_date()),
    };
    let about = format!("Về việc đề nghị tặng {} năm {}", proposed.award, year.year);
    let mut form = Form::new()
        .heading(&heading)
        .title("TỜ TRÌNH", &[&about, &format!("cho tập thể {}", proposed.unit_name)])
        .addressed(&format!("Kính gửi: {PROVINCIAL_COUNCIL}"));
    if let Some(basis) = &year.legal_basis {
        form = form.basis(&format!("Căn cứ {basis};"));
    }
    if let Some(on) = year.session_on {
        form = form.basis(&format!("Căn cứ kết quả họp Hội đồng Thi đua, khen thưởng {office} {};", day(on)));
    }
    if let Some(notice) = &year.notice {
        let text = format!(
            "Căn cứ Thông báo số {} {} của {office} về kết quả đánh giá, xếp hạng thi đua năm {};",
            notice.number,
            day(notice.on),
            year.year
        );
        form = form.basis(&text);
    }
    form = form.text(&format!(
        "{office} kính trình {PROVINCIAL_COUNCIL} xem xét, trình Chủ tịch Ủy ban nhân dân tỉnh tặng {} năm {} cho tập \
         thể {}, cụ thể như sau:",
        proposed.award, year.year, proposed.unit_name
    ));
    form = form.section("1. Kết quả đánh giá thi đua").text(&result_sentence(proposed, year));
    if !proposed.conditions.is_empty() {
        let conditions = condition_sentences(&proposed.conditions);
        form = form.section("2. Điều kiện khen thưởng").texts(conditions);
    }
    if !proposed.enclosed.is_empty() {
        let number = if proposed.conditions.is_empty() { 2 } else { 3 };
        let enclosed = proposed.enclosed.iter().map(|title| format!("- {title};")).collect();
        form = form.section(&format!("{number}. Hồ sơ kèm theo")).texts(ended(enclosed, "."));
    }
    form.text(&format!("{office} kính trình {PROVINCIAL_COUNCIL} xem xét, quyết định./."))
        .signed(
            &["Như trên;".to_owned(), format!("{};", proposed.unit_name), format!("Lưu: VT, {}.", year.symbol())],
            &Signature { title: "Thủ trưởng cơ quan".to_owned(), name: String::new() },
        )
        .write()
}

const fn head_of(kind: UnitKind) -> &'static str {
    match kind {
        UnitKind::Division => "Trưởng phòng",
        UnitKind::Department => "Trưởng ban",
        UnitKind::Centre => "Giám đốc trung tâm",
        UnitKind::Other => "Thủ trưởng đơn vị",
    }
}

/// Writes the draft of the achievement report (báo cáo thành tích) of a unit.
///
/// # Errors
/// `internal`, which cannot happen when writing to memory.
pub fn achievement_report(year: &Year, proposed: &Proposed) -> Result<Vec<u8>, Error> {
    let dots = || BLANK.repeat(24);
    let heading = Heading {
        superior: Some(year.office_name.clone()),
        issuer: proposed.unit_name.clone(),
        number: Some(format!("Số:        /BC-{}", proposed.unit_code)),
        date: Some(year.open_date()),
    };
    let mut form = Form::new()
        .heading(&heading)
        .title("BÁO CÁO THÀNH TÍCH", &[&format!("Đề nghị tặng {} năm {}", proposed.award, year.year)])
        .section("I. SƠ LƯỢC ĐẶC ĐIỂM, TÌNH HÌNH")
        .text(&format!("1. Tên tập thể: {}.", proposed.unit_name))
        .text(&format!("Cơ quan quản lý trực tiếp: {}.", year.office_name))
        .text(&format!("2. Đặc điểm, tình hình, cơ cấu tổ chức: {}", dots()))
        .text(&format!("3. Chức năng, nhiệm vụ được giao: {}", dots()))
        .section("II. THÀNH TÍCH ĐẠT ĐƯỢC")
        .text(&format!("1. Kết quả đánh giá thi đua. {}", result_sentence(proposed, year)));
    if !proposed.sections.is_empty() {
        let row = |section: &SectionPoints| RowOf {
            cells: vec![
                section.number.clone(),
                section.title.clone(),
                points_or_dash(section.max_points),
                points_or_dash(section.points),
            ],
            bold: section.is_part,
        };
        form = form.table(&SECTIONS, &proposed.sections.iter().map(row).collect::<Vec<_>>());
    }
    form = form
        .text(&format!("2. Kết quả thực hiện các nhiệm vụ trọng tâm, sáng kiến, giải pháp công tác: {}", dots()))
        .text("3. Việc chấp hành chủ trương, chính sách, pháp luật và điều kiện khen thưởng:")
        .texts(condition_sentences(&proposed.conditions))
        .section("III. CÁC HÌNH THỨC ĐÃ ĐƯỢC KHEN THƯỞNG");
    let earlier = proposed.earlier.iter().map(|award| {
        let number = award.number.as_deref().map(|number| format!(", Quyết định số {number}"));
        let on = award.on.map(|on| format!(" {}", day(on)));
        format!("- Năm {}: {}{}{};", award.year, award.title, number.unwrap_or_default(), on.unwrap_or_default())
    });
    let earlier: Vec<String> = earlier.collect();
    form = if earlier.is_empty() { form.text(&dots()) } else { form.texts(ended(earlier, ".")) };
    form.signed_by_two(
        &Signature { title: "Xác nhận của cấp trên trực tiếp".to_owned(), name: String::new() },
        &Signature { title: head_of(proposed.unit_kind).to_owned(), name: String::new() },
    )
    .recipients(&[format!("{};", year.office_name), format!("Lưu: {}.", proposed.unit_code)])
    .write()
}

pub(super) fn counted(number: i32) -> String {
    count(usize::try_from(number).unwrap_or_default())
}

/// Writes the draft of the result notice (thông báo kết quả).
///
/// # Errors
/// `internal`, which cannot happen when writing to memory.
pub fn notice(year: &Year, rows: &[RankingRow], deadline: &DossierDeadline) -> Result<Vec<u8>, Error> {
    let office = &year.office_name;
    let (number, date) = match &year.notice {
        Some(notice) => (format!("Số: {}", notice.number), format!("{BLANK}{BLANK}, {}", day(notice.on))),
        None => (year.number("TB"), year.open_date()),
    };
    let heading = Heading { superior: None, issuer: office.clone(), number: Some(number), date: Some(date) };
    let mut form = Form::new()
        .heading(&heading)
        .title("THÔNG BÁO", &[&format!("Kết quả đánh giá, xếp hạng thi đua năm {}", year.year)]);
    if let Some(basis) = &year.legal_basis {
        form = form.basis(&format!("Căn cứ {basis};"));
    }
    let session = year.session_on.map(|on| format!(" {}", day(on))).unwrap_or_default();
    form = form
        .text(&format!(
            "Căn cứ kết quả họp Hội đồng Thi đua, khen thưởng{session}, {office} thông báo kết quả đánh giá, xếp hạng thi \
             đua năm {} đối với các phòng, ban, trung tâm như sau:",
            year.year
        ))
        .section("1. Kết quả đánh giá, xếp hạng");
    form = year.result_tables(form, rows);
    let proposals = year.proposals(rows);
    if !proposals.is_empty() {
        form = form
            .section("2. Đề nghị khen thưởng")
            .text("Các tập thể sau được đề nghị cấp có thẩm quyền xem xét, khen thưởng:")
            .texts(ended(proposals, "."));
        let days = counted(deadline.working_days);
        let term = match deadline.semantics {
            DossierSemantics::NotLaterThan => format!("chậm nhất {days} ngày làm việc"),
            DossierSemantics::NotBefore => format!("sau {days} ngày làm việc"),
        };
        form = form.text(&format!("Thời gian nộp hồ sơ đề nghị khen thưởng: {term}, kể từ ngày có Thông báo này."));
    }
    form.text(&format!(
        "Trên đây là kết quả đánh giá, xếp hạng thi đua năm {}; {office} thông báo để các đơn vị biết, thực hiện./.",
        year.year
    ))
    .signed(
        &[
            "Các phòng, ban, trung tâm;".to_owned(),
            "Thành viên Hội đồng Thi đua, khen thưởng;".to_owned(),
            format!("Lưu: VT, {}.", year.symbol()),
        ],
        &Signature { title: "Thủ trưởng cơ quan".to_owned(), name: String::new() },
    )
    .write()
}
