//! A unit's sheet: written, read, sent, taken back.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::scores::line;
use crate::support::year::{FULL, lines};
use crate::support::{App, apply, on_both, scores};

#[apply(on_both)]
fn a_new_sheet_has_every_criterion_in_order_and_no_score(app: &App) {
    let sheet = app.new_sheet("TH");
    let seen = app.get("th-editor", &format!("{sheet}/scores")).expect(200);
    let codes: Vec<&str> =
        seen["scores"].as_array().unwrap().iter().map(|line| line["criterion_code"].as_str().unwrap()).collect();
    assert_eq!(codes, FULL.map(|(code, _)| code));
    assert!(seen["scores"].as_array().unwrap().iter().all(|line| line["self"].is_null() && line["editable"] == true));
    let sheet = app.get("th-editor", &sheet).expect(200);
    assert_eq!(
        (&sheet["status"], &sheet["revision"], &sheet["due_on"], &sheet["late"]),
        (&json!("draft"), &json!(0), &json!("2023-11-10"), &json!(false))
    );
    assert_eq!(sheet["totals"], json!({"self": null, "appraisal": null, "council": null, "final": null}));
}

#[apply(on_both)]
fn what_is_missing_is_told_line_by_line_and_submit_refuses_with_the_same_list(app: &App) {
    let sheet = app.new_sheet("TH");
    let tag = app.tag("th-head", &sheet);
    let mut body = lines(&[]);
    body["scores"]
        .as_array_mut()
        .unwrap()
        .retain(|line| line["criterion_code"] != "A.V.3" && line["criterion_code"] != "B.2");
    app.request("th-head", "PUT", &format!("{sheet}/scores")).if_match(&tag).json(&body).send().expect(200);
    let readiness = app.get("th-head", &format!("{sheet}/readiness")).expect(200);
    assert_eq!(readiness["ready"], false);
    let missing: Vec<(&Value, &Value)> = readiness["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (&error["code"], &error["params"]["criterion"]))
        .collect();
    assert_eq!(missing, [(&json!("missing_score"), &json!("A.V.3")), (&json!("missing_score"), &json!("B.2"))]);
    let refused = app.act("th-head", &sheet, "submit", None).refused(422, "validation_failed");
    assert_eq!(refused.json()["errors"], readiness["errors"]);
    assert_eq!(app.get("th-head", &sheet).expect(200)["status"], "draft");
}

#[apply(on_both)]
fn a_whole_sheet_is_ready(app: &App) {
    let sheet = app.new_sheet("TH");
    app.write("TH", &sheet, &[]);
    let readiness = app.get("th-editor", &format!("{sheet}/readiness")).expect(200);
    assert_eq!((&readiness["ready"], &readiness["errors"]), (&json!(true), &json!([])));
}

#[apply(on_both)]
fn submitting_freezes_a_revision_under_its_digest(app: &App) {
    let sheet = app.submitted_sheet("TH", &[("A.II.1", r#"{"points":27.5}"#)]);
    let response = app.get("th-head", &format!("{sheet}/revisions/1"));
    let text = String::from_utf8(response.bytes.clone()).unwrap();
    let revision = response.expect(200);
    // Byte for byte, as it was sent over the wire.
    let content = text.split_once("\"content\":").unwrap().1.strip_suffix('}').unwrap();
    let digest: String = Sha256::digest(content.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(revision["sha256"], digest);
    let content: Value = serde_json::from_str(content).unwrap();
    assert_eq!(content["totals"]["total"], 997.5);
    assert_eq!(content["scores"][3]["points"], 27.5);
    assert_eq!((&revision["revision"], &revision["submitted_at"]), (&json!(1), &json!("2023-11-01T01:00:00.000Z")));
    let me = app.get("th-head", "/v1/me").expect(200);
    assert_eq!(revision["submitted_by"], me["memberships"][0]["member_id"]);
    let period = app.get("th-head", &app.period()).expect(200);
    assert_eq!(revision["criteria_set_id"], period["criteria_set_id"]);
    let list = app.get("th-head", &format!("{sheet}/revisions")).expect(200);
    assert_eq!((list["items"].as_array().unwrap().len(), &list["items"][0]["sha256"]), (1, &revision["sha256"]));
}

#[apply(on_both)]
fn a_frozen_revision_stays_as_it_was(app: &App) {
    let sheet = app.submitted_sheet("TH", &[]);
    let first = app.get("th-head", &format!("{sheet}/revisions/1"));
    app.act("th-head", &sheet, "withdraw", None).expect(200);
    app.patch("th-head", &sheet, &[("A.II.1", r#"{"points":1}"#)]).expect(200);
    app.act("th-head", &sheet, "submit", None).expect(200);
    let again = app.get("th-head", &format!("{sheet}/revisions/1"));
    assert_eq!((first.bytes, first.headers["etag"].clone()), (again.bytes, again.headers["etag"].clone()));
    let second = app.get("th-head", &format!("{sheet}/revisions/2")).expect(200);
    assert_eq!(second["content"]["totals"]["total"], 971);
}

#[apply(on_both)]
fn a_sheet_can_be_taken_back_while_the_gate_is_open(app: &App) {
    let sheet = app.submitted_sheet("TH", &[]);
    app.set_clock("2023-11-10T16:59:59.999Z");
    assert_eq!(app.act("th-head", &sheet, "withdraw", None).expect(200)["status"], "draft");
    app.act("th-head", &sheet, "submit", None).expect(200);
    let tag = app.tag("th-head", &sheet);
    app.set_clock("2023-11-10T17:00:00.000Z");
    app.request("th-head", "POST", &format!("{sheet}/withdraw")).if_match(&tag).send().refused(409, "deadline_passed");
    assert_eq!(app.get("th-head", &sheet).expect(200)["status"], "submitted");
}

#[apply(on_both)]
fn only_the_head_submits(app: &App) {
    let sheet = app.new_sheet("TH");
    app.write("TH", &sheet, &[]);
    app.act("th-editor", &sheet, "submit", None).refused(403, "role_required");
    app.act("integration", &sheet, "submit", None).refused(403, "role_required");
    assert_eq!(app.act("th-head", &sheet, "submit", None).expect(200)["status"], "submitted");
}

#[apply(on_both)]
fn a_sent_sheet_cannot_be_written(app: &App) {
    let sheet = app.submitted_sheet("TH", &[]);
    app.patch("th-head", &sheet, &[("A.II.1", r#"{"points":1}"#)]).refused(409, "invalid_state");
    app.act("th-head", &sheet, "submit", None).refused(409, "invalid_state");
    let editable = |line: &Value| line["editable"] == json!(true);
    assert!(
        !app.get("th-head", &format!("{sheet}/scores")).expect(200)["scores"].as_array().unwrap().iter().any(editable)
    );
}

#[apply(on_both)]
fn a_unit_has_one_sheet_a_period(app: &App) {
    app.new_sheet("TH");
    let body = json!({"period_id": app.period_id(), "unit_id": app.unit_id("TH")});
    for person in ["th-head", "th-editor", "integration"] {
        app.post(person, "/v1/submissions", &body).refused(409, "already_exists");
    }
    assert_eq!(app.get("auditor", "/v1/submissions").expect(200)["items"].as_array().unwrap().len(), 1);
}

#[apply(on_both)]
fn nobody_starts_another_units_sheet(app: &App) {
    let body = json!({"period_id": app.period_id(), "unit_id": app.unit_id("TH")});
    for person in ["kt-head", "kt-editor"] {
        app.post(person, "/v1/submissions", &body).refused(403, "not_own_unit");
    }
    for person in ["admin", "secretary", "appraiser", "auditor"] {
        app.post(person, "/v1/submissions", &body).refused(403, "role_required");
    }
}

#[apply(on_both)]
fn what_is_known_is_not_sent_again(app: &App) {
    let sheet = app.new_sheet("TH");
    for path in [
        sheet.clone(),
        format!("{sheet}/scores"),
        format!("{sheet}/readiness"),
        format!("{sheet}/revisions"),
        app.period(),
        "/v1/units".into(),
    ] {
        let tag = app.tag("th-head", &path);
        let again = app.request("th-head", "GET", &path).header("if-none-match", &tag).send();
        assert_eq!((again.status, again.bytes.len(), again.etag()), (304, 0, tag.clone()), "{path}");
        let weak = app.request("th-head", "GET", &path).header("if-none-match", &format!("\"x\", W/{tag}")).send();
        assert_eq!(weak.status, 304, "{path}");
        let other = app.request("th-head", "GET", &path).header("if-none-match", "\"x\"").send();
        assert_eq!(other.status, 200, "{path}");
    }
}

#[apply(on_both)]
fn a_changed_sheet_is_sent_again(app: &App) {
    let sheet = app.new_sheet("TH");
    let tag = app.tag("th-head", &sheet);
    app.patch("th-editor", &sheet, &[("A.II.1", r#"{"points":1}"#)]).expect(200);
    assert_eq!(app.request("th-head", "GET", &sheet).header("if-none-match", &tag).send().status, 200);
}

#[apply(on_both)]
fn head_gives_the_headers_and_no_body(app: &App) {
    let sheet = app.new_sheet("TH");
    for path in [sheet.clone(), format!("{sheet}/scores"), "/v1/units?limit=2".into(), "/openapi.json".into()] {
        let (get, head) = (app.get("th-head", &path), app.request("th-head", "HEAD", &path).send());
        assert_eq!((head.status, head.bytes.len()), (200, 0), "{path}");
        for name in ["etag", "content-type", "cache-control", "content-length", "link"] {
            assert_eq!(get.header(name), head.header(name), "{path}: {name}");
        }
    }
}

#[apply(on_both)]
fn all_views_of_a_sheet_share_its_state(app: &App) {
    let sheet = app.new_sheet("TH");
    let states: Vec<String> = ["", "/scores", "/readiness"]
        .iter()
        .map(|view| state(&app.tag("th-head", &format!("{sheet}{view}"))))
        .collect();
    assert!(states.iter().all(|other| *other == states[0]), "{states:?}");
    let written = app.patch("th-head", &sheet, &[("A.II.1", r#"{"points":1}"#)]);
    assert_eq!(written.etag(), app.tag("th-head", &sheet));
    assert_ne!(state(&written.etag()), states[0]);
}

#[apply(on_both)]
fn the_units_tag_does_not_move_while_its_sheet_is_appraised(app: &App) {
    let sheet = app.submitted_sheet("TH", &[]);
    app.set_clock("2023-11-11T01:00:00.000Z");
    app.move_period("secretary", "start-appraisal");
    let (before, listed) = (app.get("th-head", &sheet), app.get("th-head", "/v1/submissions"));
    let review = app
        .post(
            "appraiser",
            "/v1/reviews",
            &json!({"submission_id": sheet.rsplit('/').next().unwrap(), "stage": "appraisal"}),
        )
        .expect(201);
    let path = format!("/v1/reviews/{}", review["id"].as_str().unwrap());
    let tag = app.tag("appraiser", &path);
    app.set_clock("2023-11-12T01:00:00.000Z");
    let line = json!({"scores": [{"criterion_code": "A.II.1", "answer": {"points": 1}, "reason": "Chậm hạn"}]});
    app.request("appraiser", "PATCH", &format!("{path}/scores")).if_match(&tag).json(&line).send().expect(200);
    let after = app.get("th-head", &sheet);
    assert_eq!((before.etag(), before.json()), (after.etag(), after.json()));
    assert_eq!(listed.bytes, app.get("th-head", "/v1/submissions").bytes);
}

#[apply(on_both)]
fn a_unit_sees_no_figure_of_a_later_stage_before_the_announcement(app: &App) {
    let sheet = app.submitted_sheet("TH", &[]);
    app.set_clock("2023-11-11T01:00:00.000Z");
    app.move_period("secretary", "start-appraisal");
    app.review("appraiser", &sheet, "appraisal", &[("A.II.1", r#"{"points":1}"#, "Chậm hạn")]);
    let seen = app.get("th-head", &format!("{sheet}/scores")).expect(200);
    assert_eq!((&seen["totals"]["appraisal"], &seen["totals"]["final"]), (&Value::Null, &Value::Null));
    for line in seen["scores"].as_array().unwrap() {
        assert_eq!(
            (&line["appraisal"], &line["council"], &line["final_points"]),
            (&Value::Null, &Value::Null, &Value::Null)
        );
    }
    for node in seen["nodes"].as_array().unwrap() {
        assert_eq!((&node["appraisal"], &node["final"]), (&Value::Null, &Value::Null));
    }
    assert_eq!(app.get("appraiser", &sheet).expect(200)["totals"]["final"]["total"], 971);
}

/// The clock alone changes what may be done, not what was seen.
#[apply(on_both)]
fn a_gate_that_closes_moves_the_phase_and_not_the_state(app: &App) {
    let sheet = app.submitted_sheet("TH", &[]);
    let before = app.tag("th-head", &sheet);
    app.set_clock("2023-11-10T17:00:00.000Z");
    let after = app.tag("th-head", &sheet);
    assert_ne!(before, after);
    assert_eq!(state(&before), state(&after));
    assert_eq!(app.request("th-head", "GET", &sheet).header("if-none-match", &before).send().status, 200);
    app.request("th-head", "POST", &format!("{sheet}/withdraw"))
        .if_match(&before)
        .send()
        .refused(409, "deadline_passed");
}

#[apply(on_both)]
fn a_draft_whose_gate_closed_is_too_late_and_not_out_of_date(app: &App) {
    let sheet = app.new_sheet("TH");
    app.write("TH", &sheet, &[]);
    let seen = app.tag("th-head", &sheet);
    app.set_clock("2023-11-10T17:00:00.000Z");
    app.request("th-head", "PATCH", &format!("{sheet}/scores"))
        .if_match(&seen)
        .json(&scores(&[("A.II.1", r#"{"points":1}"#)]))
        .send()
        .refused(409, "deadline_passed");
    app.request("th-head", "POST", &format!("{sheet}/submit")).if_match(&seen).send().refused(409, "deadline_passed");
}

#[apply(on_both)]
fn a_draft_whose_gate_closed_is_missed(app: &App) {
    let sheet = app.new_sheet("TH");
    app.set_clock("2023-11-10T16:59:59.999Z");
    assert_eq!(app.get("th-head", &sheet).expect(200)["status"], "draft");
    app.set_clock("2023-11-10T17:00:00.000Z");
    assert_eq!(app.get("th-head", "/v1/submissions").expect(200)["items"][0]["status"], "missed");
    assert_eq!(app.get("th-head", &sheet).expect(200)["status"], "missed");
}

#[apply(on_both)]
fn what_is_offered_says_until_when(app: &App) {
    let sheet = app.new_sheet("TH");
    let seen = app.get("th-head", &sheet).expect(200);
    let until = |action: &str| {
        seen["allowed_actions"]
            .as_array()
            .unwrap()
            .iter()
            .find(|offer| offer["action"] == action)
            .map(|offer| offer["until"].clone())
    };
    assert_eq!(until("submit"), Some(json!("2023-11-10T17:00:00.000Z")));
    assert_eq!(until("write_scores"), Some(json!("2023-11-10T17:00:00.000Z")));
    assert_eq!(seen["allowed_actions"][2]["href"], format!("{sheet}/submit"));
    assert_eq!(seen["blocked_actions"][0]["action"], "withdraw");
    app.set_clock("2023-11-10T17:00:00.000Z");
    let seen = app.get("th-head", &sheet).expect(200);
    assert_eq!(seen["allowed_actions"], json!([]));
    let submit = seen["blocked_actions"]
        .as_array()
        .unwrap()
        .iter()
        .find(|blocked| blocked["action"] == "submit")
        .unwrap()
        .clone();
    assert_eq!(
        (&submit["code"], &submit["params"]["closed_at"]),
        (&json!("deadline_passed"), &json!("2023-11-10T17:00:00.000Z"))
    );
}

/// G: sent back with a gate of its own; what is not sent again stands as last sent.
#[apply(on_both)]
fn a_returned_sheet_has_its_own_gate_and_stands_as_last_sent_after_it(app: &App) {
    let sheet = app.submitted_sheet("TH", &[]);
    app.set_clock("2023-11-13T01:00:00.000Z");
    app.move_period("secretary", "start-appraisal");
    app.act("appraiser", &sheet, "return", Some(&json!({"reason": "Thiếu minh chứng"})))
        .refused(422, "due_on_required");
    let returned = app
        .act("appraiser", &sheet, "return", Some(&json!({"reason": "Thiếu minh chứng", "due_on": "2023-11-14"})))
        .expect(200);
    assert_eq!(
        (&returned["status"], &returned["closes_at"], &returned["return_reason"]),
        (&json!("returned"), &json!("2023-11-14T17:00:00.000Z"), &json!("Thiếu minh chứng"))
    );
    app.patch("th-head", &sheet, &[("A.II.1", r#"{"points":1}"#)]).expect(200);
    // The standing body goes on seeing what was sent.
    assert_eq!(app.get("appraiser", &sheet).expect(200)["totals"]["self"]["total"], 1000);
    assert_eq!(line(app, "appraiser", &sheet, "A.II.1")["self"]["points"], 30);
    app.set_clock("2023-11-14T17:00:00.000Z");
    let seen = app.get("th-head", &sheet).expect(200);
    assert_eq!(
        (&seen["status"], &seen["revision"], &seen["totals"]["self"]["total"]),
        (&json!("submitted"), &json!(1), &json!(1000))
    );
    assert_eq!(line(app, "th-head", &sheet, "A.II.1")["self"]["points"], 30);
}

#[apply(on_both)]
fn a_returned_sheet_that_is_sent_again_is_the_next_revision(app: &App) {
    let sheet = app.submitted_sheet("TH", &[]);
    app.act("appraiser", &sheet, "return", Some(&json!({"reason": "Thiếu minh chứng"}))).expect(200);
    app.patch("th-head", &sheet, &[("A.II.1", r#"{"points":1}"#)]).expect(200);
    let sent = app.act("th-head", &sheet, "submit", None).expect(200);
    assert_eq!(
        (&sent["status"], &sent["revision"], &sent["return_reason"]),
        (&json!("submitted"), &json!(2), &Value::Null)
    );
    assert_eq!(app.get("appraiser", &sheet).expect(200)["totals"]["self"]["total"], 971);
}

/// The machine's scope is `read write unit:TH`.
#[apply(on_both)]
fn the_integration_writes_the_sheet_of_its_scope_alone(app: &App) {
    let period_id = app.period_id();
    let made = app
        .post("integration", "/v1/submissions", &json!({"period_id": period_id, "unit_id": app.unit_id("TH")}))
        .expect(201);
    let sheet = format!("/v1/submissions/{}", made["id"].as_str().unwrap());
    assert_eq!(
        app.patch("integration", &sheet, &[("A.II.1", r#"{"points":5}"#)]).expect(200)["totals"]["self"]["total"],
        5
    );
    assert_eq!(line(app, "th-head", &sheet, "A.II.1")["self"]["points"], 5);
    let other = app.new_sheet("KT");
    app.get("integration", &other).refused(404, "not_found");
    app.request("integration", "PATCH", &format!("{other}/scores"))
        .if_match("*")
        .json(&scores(&[("A.II.1", r#"{"points":5}"#)]))
        .send()
        .refused(404, "not_found");
    let response =
        app.post("integration", "/v1/submissions", &json!({"period_id": period_id, "unit_id": app.unit_id("NC")}));
    assert!(matches!(response.status, 403 | 404), "{}", response.status);
    let listed = app.get("integration", "/v1/submissions").expect(200);
    assert_eq!(listed["items"].as_array().unwrap().iter().map(|item| &item["unit_code"]).collect::<Vec<_>>(), ["TH"]);
}

/// The part of a tag that a change compares.
fn state(tag: &str) -> String {
    tag.trim_matches('"').split_once('-').unwrap().0.to_owned()
}

fn returned(app: &App, sheet: &str, further: &Value) -> Value {
    let mut body = json!({"reason": "Thiếu minh chứng"});
    body.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
    app.act("appraiser", sheet, "return", Some(&body)).expect(200)
}

/// Who gets the sheet back has at least the time that stood: the 10th, though the appraiser says the 8th.
#[apply(on_both)]
fn a_return_takes_no_time_away(app: &App) {
    let sheet = app.submitted_sheet("TH", &[]);
    let seen = returned(app, &sheet, &json!({"due_on": "2023-11-08"}));
    assert_eq!((&seen["due_on"], &seen["closes_at"]), (&json!("2023-11-10"), &json!("2023-11-10T17:00:00.000Z")));
    let deadlines = app.get("secretary", &format!("/v1/deadlines?unit_id={}", app.unit_id("TH"))).expect(200);
    assert_eq!(deadlines["items"][0]["due_on"], "2023-11-10");
}

/// Late sheets are taken until the appraisal starts; a sheet that comes back with a day of its own keeps that time too.
#[apply(on_both)]
fn a_return_closes_no_gate_that_stands_open(app: &App) {
    let sheet = late_sheet(app, "2023-11-09T02:00:00.000Z");
    assert_eq!(app.get("th-head", &sheet).expect(200)["late"], false);
    let seen = returned(app, &sheet, &json!({"due_on": "2023-11-10"}));
    assert_eq!((&seen["due_on"], &seen["closes_at"]), (&json!("2023-11-10"), &Value::Null));
}

/// TH's sheet, sent at a time, in a period that takes late sheets.
fn late_sheet(app: &App, sent_at: &str) -> String {
    let mut body = app.period_like("2023-late");
    body["late_submissions"] = json!("accept_flagged");
    let period = app.new_period(&body);
    app.act("secretary", &period, "open", None).expect(200);
    let sheet = app.new_sheet_in(&period, "TH");
    app.set_clock(sent_at);
    app.write("TH", &sheet, &[]);
    app.act("th-head", &sheet, "submit", None).expect(200);
    sheet
}

/// Sent on the 13th instead of the 10th: late, and so it stays when it is sent again by the day that a return gave.
#[apply(on_both)]
fn a_late_sheet_stays_late(app: &App) {
    let sheet = late_sheet(app, "2023-11-13T02:00:00.000Z");
    assert_eq!(app.get("th-head", &sheet).expect(200)["late"], true);
    returned(app, &sheet, &json!({"due_on": "2023-11-15"}));
    assert_eq!(app.act("th-head", &sheet, "submit", None).expect(200)["late"], true);
    app.act("th-head", &sheet, "withdraw", None).expect(200);
    assert_eq!(app.act("th-head", &sheet, "submit", None).expect(200)["late"], true);
}

/// What a colleague has written so far goes with the return; the audit keeps who it was, and every line that differed.
#[apply(on_both)]
fn a_return_drops_a_draft_review_on_record(app: &App) {
    let sheet = app.submitted_sheet("TH", &[]);
    app.set_clock("2023-11-11T01:00:00.000Z");
    app.move_period("secretary", "start-appraisal");
    let id = sheet.rsplit('/').next().unwrap();
    let review =
        app.post("hctc-appraiser", "/v1/reviews", &json!({"submission_id": id, "stage": "appraisal"})).expect(201);
    let path = format!("/v1/reviews/{}", review["id"].as_str().unwrap());
    let tag = app.tag("hctc-appraiser", &path);
    let line = json!({"scores": [{"criterion_code": "A.II.1", "answer": {"points": 1}, "reason": "Chậm hạn"}]});
    app.request("hctc-appraiser", "PATCH", &format!("{path}/scores")).if_match(&tag).json(&line).send().expect(200);
    returned(app, &sheet, &json!({"due_on": "2023-11-14"}));
    app.get("hctc-appraiser", &path).refused(404, "not_found");
    let entries = app.get("auditor", "/v1/audit-entries?subject_type=review&action=review.drop").expect(200);
    let entry = &entries["items"][0];
    assert_eq!((&entry["subject"]["id"], &entry["after"]), (&review["id"], &Value::Null));
    assert_eq!(entry["before"]["reviewer_id"], review["reviewer"]);
    assert_eq!(
        entry["before"]["lines"]["A.II.1"],
        json!({"answer": {"type": "points", "points": 1}, "points": 1, "reason": "Chậm hạn"})
    );
    assert_eq!(entry["before"]["lines"].as_object().unwrap().len(), 28);
}
