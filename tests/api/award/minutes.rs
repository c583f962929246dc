//! The minutes of a session, drafted and signed.

use serde_json::{Value, json};

use super::council_sessions::{THE_DAY, attendance, session};
use super::documents::{has, paragraphs};
use crate::support::{App, Response, apply, on_both};

const PDF: &[u8] = b"%PDF-1.7\n1";

fn attach(app: &App, person: &str, path: &str, name: &str, bytes: &[u8]) -> Response {
    let tag = app.tag(person, path);
    app.request(person, "PUT", &format!("{path}/minutes")).if_match(&tag).file(name, bytes).send()
}

#[apply(on_both)]
fn minutes_are_attached_once_the_session_was_held_and_long_after(app: &App) {
    let sheets = app.in_council_review(&[("TH", &[])]);
    app.set_clock(THE_DAY);
    let path = session(app, "2023-11-28", &attendance(app, 4, 0));
    attach(app, "secretary", &path, "bien-ban.pdf", PDF).refused(409, "invalid_state");
    app.act("secretary", &path, "hold", None).expect(200);
    let held = attach(app, "secretary", &path, "bien-ban.pdf", PDF).expect(200);
    assert_eq!(
        (&held["minutes"]["name"], &held["minutes"]["media_type"]),
        (&json!("bien-ban.pdf"), &json!("application/pdf"))
    );
    app.act("council-chair", &path, "close", None).expect(200);
    app.review("secretary", &sheets[0], "council", &[]);
    app.good_facts("TH");
    app.move_period("council-chair", "finalize");
    let signed = attach(app, "council-chair", &path, "bien-ban-da-ky.pdf", b"%PDF-1.7\n2").expect(200);
    assert_eq!((&signed["minutes"]["name"], &signed["status"]), (&json!("bien-ban-da-ky.pdf"), &json!("closed")));
    let read = app.get("nc-council", &format!("{path}/minutes"));
    assert_eq!((read.status, read.bytes.as_slice()), (200, &b"%PDF-1.7\n2"[..]));
    assert!(read.header("content-disposition").starts_with("attachment"), "{}", read.header("content-disposition"));
    assert_eq!(read.header("x-content-type-options"), "nosniff");
    // Nothing of what was signed first is lost: the audit names it, and its file stays.
    let entries = app.get("auditor", "/v1/audit-entries?action=council_session.attach_minutes").expect(200);
    let last = entries["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["before"]["minutes"]["sha256"], held["minutes"]["sha256"]);
    assert_eq!(last["after"]["minutes"]["sha256"], signed["minutes"]["sha256"]);
    app.sweep();
    let kept = app.stored_files();
    for minutes in [&held["minutes"], &signed["minutes"]] {
        let sha256 = minutes["sha256"].as_str().unwrap();
        assert!(kept.iter().any(|path| path.ends_with(sha256)), "{kept:?}");
    }
}

#[apply(on_both)]
fn minutes_are_a_text_of_the_secretary_or_the_chair(app: &App) {
    app.in_council_review(&[("TH", &[])]);
    app.set_clock(THE_DAY);
    let path = app.closed_session("2023-11-28", 4);
    app.get("secretary", &format!("{path}/minutes")).refused(404, "not_found");
    for bytes in [&b"\x89PNG\r\n\x1a\n0000"[..], b"<html>", b"plain text"] {
        attach(app, "secretary", &path, "bien-ban.pdf", bytes).refused(422, "file_type_not_allowed");
    }
    attach(app, "secretary", &path, "bien-ban.pdf", b"").refused(422, "file_empty");
    for person in ["nc-council", "appraiser", "auditor"] {
        attach(app, person, &path, "bien-ban.pdf", PDF).refused(403, "role_required");
    }
    let minutes = format!("{path}/minutes");
    for person in ["th-head", "admin"] {
        app.request(person, "PUT", &minutes).if_match("*").file("x.pdf", PDF).send().refused(404, "not_found");
        app.get(person, &minutes).refused(404, "not_found");
    }
    app.request("secretary", "PUT", &minutes).file("x.pdf", PDF).send().refused(428, "precondition_required");
    let stale = app.request("secretary", "PUT", &minutes).if_match("\"0000000000000000-0\"").file("x.pdf", PDF).send();
    stale.refused(412, "version_mismatch");
    app.act("secretary", &path, "cancel", Some(&json!({"reason": "Ghi nhầm"}))).expect(200);
    attach(app, "secretary", &path, "bien-ban.pdf", PDF).refused(409, "invalid_state");
}

/// Who presides in the chair's place, what was on the agenda, who wrote, and how the votes went.
#[apply(on_both)]
fn the_draft_says_what_the_session_decided(app: &App) {
    let me = app.get("admin", "/v1/me").expect(200);
    let thresholds =
        format!("/v1/organizations/{}/vote-thresholds", me["memberships"][0]["organization_id"].as_str().unwrap());
    let eighty = json!([{"valid_from_on": "2023-01-01", "numerator": 80, "denominator": 100}]);
    let tag = app.tag("admin", &thresholds);
    app.request("admin", "PUT", &thresholds).if_match(&tag).json(&json!({"thresholds": eighty})).send().expect(200);
    app.in_council_review(&[("TH", &[]), ("NC", &[])]);
    app.set_clock(THE_DAY);
    let path = session(app, "2023-11-28", &attendance(app, 5, 1));
    let (presiding, id) = app.council().into_iter().next().unwrap();
    let body = json!({
        "presiding_member_id": id,
        "agenda": [{"unit_ids": [app.unit_id("TH"), app.unit_id("NC")], "note": "Xét tặng Cờ thi đua"}, {"note": "Việc khác."}],
        "votes": [{"unit_id": app.unit_id("BTCD"), "award_code": "emulation_flag", "in_favour": 4, "against": 1, "abstained": 0}],
    });
    let tag = app.tag("secretary", &path);
    app.request("secretary", "PATCH", &path).if_match(&tag).json(&body).send().expect(200);
    app.act("secretary", &path, "hold", None).expect(200);
    let name_of = |subject: &str| -> String {
        let members = app.get("secretary", "/v1/members?limit=200").expect(200);
        let items: Vec<Value> = members["items"].as_array().unwrap().clone();
        items.iter().find(|member| member["subject"] == subject).unwrap()["display_name"].as_str().unwrap().to_owned()
    };
    let wrote = app.council().into_iter().nth(5).unwrap().0;
    let minutes = paragraphs(&app.get("secretary", &format!("{path}/minutes/draft")));
    let expected = [
        format!("1. Chủ trì: {}.", name_of(&presiding)),
        format!("- Gửi ý kiến bằng văn bản: {}.", name_of(&wrote)),
        "Chương trình họp:".to_owned(),
        "- Xét tặng Cờ thi đua: Phòng Tổng hợp, Phòng Nội chính;".to_owned(),
        "- Việc khác.".to_owned(),
        "Kết quả biểu quyết đề nghị khen thưởng:".to_owned(),
        "Không đạt (cần 5/6)".to_owned(),
    ];
    has(&minutes, &expected.iter().map(String::as_str).collect::<Vec<_>>());
}
