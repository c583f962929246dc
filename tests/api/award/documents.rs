//! Drafts of the documents that an office signs.

use std::io::{Cursor, Read as _};

use serde_json::json;

use crate::support::{App, Response, apply, on_both};

/// TH takes the flag with 1000, KT and NC the certificates with 987.5 and 980, HCTC nothing with 970; the others missed
/// the gate.
const UNITS: [(&str, &[(&str, &str)]); 4] = [
    ("HCTC", &[("B.1", r#"{"points":10}"#)]),
    ("KT", &[("B.1", r#"{"points":27.5}"#)]),
    ("NC", &[("B.1", r#"{"points":20}"#)]),
    ("TH", &[]),
];

fn proposal_of(app: &App, unit: &str) -> String {
    let unit_id = app.unit_id(unit);
    let proposals = app.get("secretary", "/v1/award-proposals").expect(200);
    let is_of = |proposal: &&serde_json::Value| proposal["unit_id"] == json!(unit_id);
    let proposal = proposals["items"].as_array().unwrap().iter().find(is_of).unwrap();
    format!("/v1/award-proposals/{}", proposal["id"].as_str().unwrap())
}

/// A part of a DOCX.
fn part(response: &Response, name: &str) -> String {
    let mut archive = zip::ZipArchive::new(Cursor::new(&response.bytes)).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

/// The paragraphs of a DOCX that have text, as text.
#[track_caller]
pub fn paragraphs(response: &Response) -> Vec<String> {
    assert_eq!(response.status, 200, "{}", String::from_utf8_lossy(&response.bytes));
    let document = part(response, "word/document.xml");
    let text_of = |paragraph: &str| -> String {
        let runs =
            paragraph.split("<w:t ").skip(1).map(|run| run.split_once('>').unwrap().1.split("</w:t>").next().unwrap());
        runs.collect()
    };
    document.split("</w:p>").map(text_of).filter(|text| !text.is_empty()).collect()
}

#[track_caller]
pub fn has(paragraphs: &[String], expected: &[&str]) {
    for text in expected {
        assert!(paragraphs.iter().any(|paragraph| paragraph == text), "{text}\nnot in {paragraphs:#?}");
    }
}

/// 1000 points of which 100 are bonus, the first of four; in the form of the decree.
#[apply(on_both)]
fn the_proposal_letter_is_drafted_from_the_data(app: &App) {
    app.announced(&UNITS);
    let draft = app.get("secretary", &format!("{}/documents/proposal_letter/draft", proposal_of(app, "TH")));
    has(
        &paragraphs(&draft),
        &[
            "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
            "Độc lập - Tự do - Hạnh phúc",
            "VĂN PHÒNG ỦY BAN NHÂN DÂN TỈNH",
            "Số:        /TTr-VP",
            "TỜ TRÌNH",
            "Về việc đề nghị tặng Cờ thi đua xuất sắc năm 2023",
            "Kính gửi: Hội đồng Thi đua - Khen thưởng tỉnh",
            "Căn cứ kết quả họp Hội đồng Thi đua, khen thưởng Văn phòng Ủy ban nhân dân tỉnh ngày 28 tháng 11 năm 2023;",
            "Năm 2023, tập thể Phòng Tổng hợp đạt 1.000 điểm (điểm chuẩn 900 điểm, điểm thưởng 100 điểm), xếp hạng 1/4 \
             phòng, ban, trung tâm được đánh giá.",
            "- Trong năm, không có công chức, viên chức, người lao động bị kỷ luật: đạt;",
            "- Chi bộ được đánh giá, xếp loại Hoàn thành tốt nhiệm vụ trở lên: đạt.",
            "- Kết quả đánh giá, xếp loại chi bộ trực thuộc;",
            "Nơi nhận:",
        ],
    );
    let document = part(&draft, "word/document.xml");
    // A4, 20 mm above and below, 30 mm on the left, 17 mm on the right.
    assert!(document.contains(r#"<w:pgSz w:w="11906" w:h="16838""#), "{document}");
    for margin in [r#"w:top="1134""#, r#"w:right="964""#, r#"w:bottom="1134""#, r#"w:left="1701""#] {
        assert!(document.contains(margin), "{margin}");
    }
    assert!(part(&draft, "word/styles.xml").contains("Times New Roman"));
}

/// The same data make the same bytes.
#[apply(on_both)]
fn an_unchanged_draft_is_not_sent_again(app: &App) {
    app.announced(&UNITS);
    let path = format!("{}/documents/proposal_letter/draft", proposal_of(app, "TH"));
    let first = app.get("secretary", &path);
    assert!(first.header("content-disposition").contains("TH%2D2023.docx"));
    let again = app.request("secretary", "GET", &path).header("if-none-match", &first.etag()).send();
    assert_eq!((again.status, app.get("secretary", &path).bytes == first.bytes), (304, true));
}

/// The unit reads its points by section; a member of the council who belongs to it does not, and neither does the
/// integration of another right.
#[apply(on_both)]
fn the_achievement_report_shows_each_reader_what_they_may_see(app: &App) {
    app.announced(&UNITS);
    let path = format!("{}/documents/achievement_report/draft", proposal_of(app, "TH"));
    let of_unit = paragraphs(&app.get("th-head", &path));
    has(
        &of_unit,
        &["BÁO CÁO THÀNH TÍCH", "PHÒNG TỔNG HỢP", "Thực hiện nhiệm vụ chính trị", "TRƯỞNG PHÒNG", "Số:        /BC-TH"],
    );
    let of_council = paragraphs(&app.get("th-council", &path));
    has(&of_council, &["BÁO CÁO THÀNH TÍCH"]);
    assert!(!of_council.iter().any(|text| text == "Thực hiện nhiệm vụ chính trị"), "{of_council:#?}");
    app.get("kt-head", &path).refused(404, "not_found");
}

/// The unit does not read of the council's session, in whatever paper.
#[apply(on_both)]
fn who_may_not_know_of_the_session_does_not_read_of_it(app: &App) {
    app.announced(&UNITS);
    let letter = format!("{}/documents/proposal_letter/draft", proposal_of(app, "TH"));
    for path in [letter, format!("{}/notice/draft", app.period())] {
        let tells = |person: &str| paragraphs(&app.get(person, &path)).concat().contains("28 tháng 11");
        assert_eq!((tells("secretary"), tells("th-head")), (true, false), "{path}");
    }
}

/// What the Party cell writes, and what the period does not ask for, has no form here.
#[apply(on_both)]
fn a_document_without_a_form_has_no_draft(app: &App) {
    app.announced(&UNITS);
    let proposal = proposal_of(app, "TH");
    app.get("secretary", &format!("{proposal}/documents/party_cell_rating/draft")).refused(404, "draft_not_available");
    app.get("secretary", &format!("{proposal}/documents/family_photo/draft")).refused(404, "not_found");
}

/// Four of six are there, four are needed; the results with their decimals; what a unit may not know is not there.
#[apply(on_both)]
fn the_minutes_name_who_was_there_and_what_was_decided(app: &App) {
    app.announced(&UNITS);
    let id = app.get("secretary", "/v1/council-sessions").expect(200)["items"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/council-sessions/{id}/minutes/draft");
    let minutes = paragraphs(&app.get("secretary", &path));
    has(
        &minutes,
        &[
            "BIÊN BẢN",
            "Địa điểm: Phòng họp số 1.",
            "- Có mặt: 04 thành viên, gồm:",
            "- Vắng mặt: 00 thành viên;",
            "Số thành viên có mặt tính theo quy định là 04, số thành viên tối thiểu phải có mặt là 04; cuộc họp đủ điều \
             kiện tiến hành.",
            "Phòng Kinh tế",
            "987,5",
            "- Cờ thi đua xuất sắc cho 01 tập thể: Phòng Tổng hợp;",
            "- Bằng khen cho 02 tập thể: Phòng Kinh tế; Phòng Nội chính.",
        ],
    );
    for person in ["kt-council", "hctc-appraiser", "auditor"] {
        app.get(person, &path).expect(200);
    }
    for person in ["th-head", "admin", "integration"] {
        app.get(person, &path).refused(404, "not_found");
    }
}

/// There is nothing to announce before the ranking is final; the number is there once it has one.
#[apply(on_both)]
fn the_notice_is_drafted_from_the_final_ranking(app: &App) {
    let path = format!("{}/notice/draft", app.period());
    app.get("secretary", &path).refused(409, "invalid_state");
    app.finalized(&UNITS);
    has(&paragraphs(&app.get("secretary", &path)), &["THÔNG BÁO", "Số:        /TB-VP-UBND", "987,5"]);
    app.get("th-head", &path).refused(404, "not_found");
    app.set_clock("2023-11-30T02:00:00.000Z");
    let notice = json!({"notice_number": "1234/TB-VP", "notice_on": "2023-11-30"});
    app.act("secretary", &app.period(), "announce", Some(&notice)).expect(200);
    let announced = paragraphs(&app.get("th-head", &path));
    has(
        &announced,
        &[
            "Số: 1234/TB-VP",
            "…………, ngày 30 tháng 11 năm 2023",
            "Thời gian nộp hồ sơ đề nghị khen thưởng: chậm nhất 05 ngày làm việc, kể từ ngày có Thông báo này.",
        ],
    );
}
