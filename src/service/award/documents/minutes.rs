//! The draft of the minutes (biên bản) of a session.

use chrono::NaiveDate;

use super::form::{Column, Form, Heading, RowOf, Signature};
use super::papers::{Year, counted, ended};
use crate::domain::award::ranking::RankingRow;
use crate::domain::wording::{BLANK, count, day};
use crate::error::Error;

/// A session of the council.
#[derive(Debug, Clone)]
pub struct Session {
    /// Day of the session.
    pub held_on: NaiveDate,
    /// Place of the session.
    pub place: String,
    /// Names of those who were present.
    pub present: Vec<String>,
    /// Names of those who were absent.
    pub absent: Vec<String>,
    /// Names of those who were absent and sent a written opinion.
    pub wrote: Vec<String>,
    /// Number of members that counted as present and that were needed, once it was held.
    pub quorum: Option<(i32, i32)>,
    /// Name of the member who presides: who stands in for the chair, otherwise the chair, if present.
    pub chair: Option<String>,
    /// The agenda: what each item is about, and the names of its units.
    pub agenda: Vec<(Option<String>, Vec<String>)>,
    /// The votes.
    pub votes: Vec<VoteLine>,
    /// The results that it saw.
    pub rows: Vec<RankingRow>,
    /// The decisions on ties: names of the units in order, and the reason.
    pub ties: Vec<(Vec<String>, String)>,
}

/// A vote on giving a unit an award.
#[derive(Debug, Clone)]
pub struct VoteLine {
    /// Name of the unit.
    pub unit: String,
    /// Title of the award.
    pub award: String,
    /// Members in favour, against, and without an opinion.
    pub counts: [i32; 3],
    /// Members who must be in favour, and those who may vote; `None` where no threshold was set.
    pub needed: Option<(i32, i32)>,
    /// Whether enough were in favour.
    pub passed: Option<bool>,
}

/// The table of votes.
const VOTES: [Column; 7] = [
    Column { heading: "STT", percent: 7, centred: true },
    Column { heading: "Đơn vị", percent: 27, centred: false },
    Column { heading: "Hình thức khen thưởng", percent: 20, centred: false },
    Column { heading: "Tán thành", percent: 10, centred: true },
    Column { heading: "Không tán thành", percent: 11, centred: true },
    Column { heading: "Không có ý kiến", percent: 11, centred: true },
    Column { heading: "Kết quả", percent: 14, centred: true },
];

impl VoteLine {
    fn row(&self, number: usize) -> RowOf {
        let outcome = self.passed.zip(self.needed).map(|(passed, (needed, members))| {
            let word = if passed { "Đạt" } else { "Không đạt" };
            format!("{word} (cần {needed}/{members})")
        });
        let names = [number.to_string(), self.unit.clone(), self.award.clone()];
        let counts = self.counts.iter().map(ToString::to_string);
        let outcome = outcome.unwrap_or_else(|| "–".to_owned());
        RowOf { cells: names.into_iter().chain(counts).chain([outcome]).collect(), bold: false }
    }
}

fn agenda_line((note, units): &(Option<String>, Vec<String>)) -> String {
    let note = note.as_deref().map(|note| note.trim_end_matches(['.', ';']).to_owned());
    let units = (!units.is_empty()).then(|| units.join(", "));
    let parts: Vec<String> = note.into_iter().chain(units).collect();
    format!("- {};", parts.join(": "))
}

fn named(label: &str, names: &[String]) -> Vec<String> {
    let head = format!("- {label}: {} thành viên{}", count(names.len()), if names.is_empty() { ";" } else { ", gồm:" });
    let of = |(at, name): (usize, &String)| format!("  {}. {name};", at + 1);
    std::iter::once(head).chain(names.iter().enumerate().map(of)).collect()
}

/// Writes the draft of the minutes (biên bản) of a session.
///
/// # Errors
/// `internal`, which cannot happen when writing to memory.
pub fn minutes(year: &Year, session: &Session) -> Result<Vec<u8>, Error> {
    let heading = Heading {
        superior: Some(year.office_name.clone()),
        issuer: "Hội đồng Thi đua, khen thưởng".to_owned(),
        number: Some(format!("Số:        /BB-{}", year.symbol())),
        date: None,
    };
    let (hour, on) = (format!("{BLANK} giờ {BLANK}"), day(session.held_on));
    let mut form = Form::new()
        .heading(&heading)
        .title("BIÊN BẢN", &[&format!("Họp Hội đồng Thi đua, khen thưởng xét kết quả thi đua năm {}", year.year)])
        .text(&format!("Thời gian bắt đầu: {hour}, {on}."))
        .text(&format!("Địa điểm: {}.", session.place.trim_end_matches('.')))
        .section("I. THÀNH PHẦN THAM DỰ")
        .text(&format!(
            "1. Chủ trì: {}",
            session.chair.as_ref().map_or_else(|| BLANK.repeat(2), |name| format!("{name}."))
        ))
        .text(&format!("2. Thư ký: {BLANK}{BLANK}"))
        .text("3. Thành viên Hội đồng:")
        .texts(named("Có mặt", &session.present))
        .texts(named("Vắng mặt", &session.absent));
    if !session.wrote.is_empty() {
        form = form.text(&format!("- Gửi ý kiến bằng văn bản: {}.", session.wrote.join(", ")));
    }
    if let Some((present, needed)) = session.quorum {
        let outcome = if present >= needed {
            "đủ điều kiện tiến hành"
        } else {
            "không đủ điều kiện tiến hành"
        };
        form = form.text(&format!(
            "Số thành viên có mặt tính theo quy định là {}, số thành viên tối thiểu phải có mặt là {}; cuộc họp {outcome}.",
            counted(present),
            counted(needed)
        ));
    }
    form = form.section("II. NỘI DUNG");
    if !session.agenda.is_empty() {
        form = form.text("Chương trình họp:").texts(ended(session.agenda.iter().map(agenda_line).collect(), "."));
    }
    form = form.text(&format!(
        "1. Hội đồng xem xét kết quả tự chấm điểm, kết quả thẩm định và thống nhất kết quả đánh giá thi đua năm {} như sau:",
        year.year
    ));
    form = year.result_tables(form, &session.rows);
    for (names, reason) in &session.ties {
        form = form.text(&format!(
            "Đối với các đơn vị bằng điểm, Hội đồng quyết định thứ tự: {}. Lý do: {}.",
            names.join(", "),
            reason.trim_end_matches('.')
        ));
    }
    if !session.votes.is_empty() {
        let rows: Vec<RowOf> = session.votes.iter().enumerate().map(|(at, vote)| vote.row(at + 1)).collect();
        form = form.text("Kết quả biểu quyết đề nghị khen thưởng:").table(&VOTES, &rows);
    }
    let proposals = year.proposals(&session.rows);
    if !proposals.is_empty() {
        form = form.text("2. Hội đồng thống nhất đề nghị cấp có thẩm quyền xem xét khen thưởng:");
        form = form.texts(ended(proposals, "."));
    }
    form.text(&format!("Ý kiến của các thành viên: {}", BLANK.repeat(24)))
        .text(&format!(
            "Cuộc họp kết thúc vào {hour}, {on}; biên bản được đọc cho các thành viên nghe và thống nhất./."
        ))
        .signed_by_two(
            &Signature { title: "Thư ký".to_owned(), name: String::new() },
            &Signature { title: "Chủ tọa".to_owned(), name: session.chair.clone().unwrap_or_default() },
        )
        .recipients(&["Thành viên Hội đồng;".to_owned(), "Lưu: VT, hồ sơ cuộc họp.".to_owned()])
        .write()
}
