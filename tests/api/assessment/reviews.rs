//! The standing body's and the council's columns beside the unit's own, and the way back to the unit.

use serde_json::{Value, json};

use crate::support::year::AFTER_THE_GATE;
use crate::support::{App, Response, apply, on_both};

fn id_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

/// Starts a review and gives its answer.
fn start(app: &App, person: &str, sheet: &str, stage: &str) -> Response {
    app.post(person, "/v1/reviews", &json!({"submission_id": id_of(sheet), "stage": stage}))
}

/// Starts a review and gives its path.
fn started(app: &App, person: &str, sheet: &str, stage: &str) -> String {
    format!("/v1/reviews/{}", start(app, person, sheet, stage).expect(201)["id"].as_str().unwrap())
}

fn patch(app: &App, person: &str, resource: &str, scores: &Value) -> Response {
    let tag = app.tag(person, resource);
    app.request(person, "PATCH", &format!("{resource}/scores")).if_match(&tag).json(&json!({"scores": scores})).send()
}

fn send_back(app: &App, sheet: &str, due_on: Option<&str>) -> Response {
    let mut body = json!({"reason": "Thiếu minh chứng mục A.II.1"});
    if let Some(due_on) = due_on {
        body["due_on"] = json!(due_on);
    }
    app.act("hctc-appraiser", sheet, "return", Some(&body))
}

/// What a column says of A.II.1 of TH's sheet, as a person sees it.
fn cell(app: &App, person: &str, sheet: &str, column: &str) -> Value {
    let sheet = app.get(person, &format!("{sheet}/scores")).expect(200);
    let line =
        sheet["scores"].as_array().unwrap().iter().find(|line| line["criterion_code"] == "A.II.1").unwrap().clone();
    line[column]["points"].clone()
}

/// Answer and points of every line.
fn answers(review: &Value) -> Vec<(Value, Value)> {
    review["scores"].as_array().unwrap().iter().map(|line| (line["answer"].clone(), line["points"].clone())).collect()
}

/// TH's sheet in appraisal: A.II.1 with 27.5 of 30, 997.5 together.
fn th_in_appraisal(app: &App) -> String {
    app.in_appraisal(&[("TH", &[("A.II.1", r#"{"points":27.5}"#)])]).remove(0)
}

/// The appraisal starts from the unit's 997.5, line by line, without a reason.
#[apply(on_both)]
fn an_appraisal_begins_as_a_copy_of_the_units_scores(app: &App) {
    let sheet = th_in_appraisal(app);
    let review = start(app, "hctc-appraiser", &sheet, "appraisal").expect(201);
    assert_eq!(review["totals"], json!({"base": 897.5, "bonus": 100, "penalty": 0, "total": 997.5}));
    assert_eq!(review["status"], "draft");
    let own = app.get("hctc-appraiser", &format!("{sheet}/scores")).expect(200);
    let own: Vec<(Value, Value)> = own["scores"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["self"]["answer"].clone(), line["self"]["points"].clone()))
        .collect();
    assert_eq!((own.len(), answers(&review)), (28, own));
    assert!(review["scores"].as_array().unwrap().iter().all(|line| line["reason"].is_null()));
}

/// The council starts from the appraisal's 25 and not from the unit's 27.5; the appraiser's reason is not the council's.
#[apply(on_both)]
fn a_council_review_begins_as_a_copy_of_the_appraisal(app: &App) {
    let sheet = th_in_appraisal(app);
    app.review("hctc-appraiser", &sheet, "appraisal", &[("A.II.1", r#"{"points":25}"#, "Trình chậm 02 văn bản")]);
    app.move_period("secretary", "start-council-review");
    let review = start(app, "secretary", &sheet, "council").expect(201);
    let line = review["scores"].as_array().unwrap().iter().find(|line| line["criterion_code"] == "A.II.1").unwrap();
    assert_eq!(
        (&line["answer"], &line["points"], &line["reason"]),
        (&json!({"type": "points", "points": 25}), &json!(25), &Value::Null)
    );
    assert_eq!(review["totals"], json!({"base": 895, "bonus": 100, "penalty": 0, "total": 995}));
}

/// 27.5 of the unit, 25 of the standing body, 26 of the council: nobody overwrites another, and the last one counts.
#[apply(on_both)]
fn three_columns_stand_side_by_side(app: &App) {
    let sheet = th_in_appraisal(app);
    app.review("hctc-appraiser", &sheet, "appraisal", &[("A.II.1", r#"{"points":25}"#, "Trình chậm 02 văn bản")]);
    app.move_period("secretary", "start-council-review");
    app.review(
        "council-chair",
        &sheet,
        "council",
        &[("A.II.1", r#"{"points":26}"#, "Một văn bản chậm do cơ quan khác")],
    );
    let columns = ["self", "appraisal", "council"].map(|column| cell(app, "auditor", &sheet, column));
    assert_eq!(columns, [json!(27.5), json!(25), json!(26)]);
    let totals = app.get("auditor", &sheet).expect(200)["totals"].clone();
    let total = |column: &str| totals[column]["total"].clone();
    assert_eq!(
        ["self", "appraisal", "council", "final"].map(total),
        [json!(997.5), json!(995), json!(996), json!(996)]
    );
}

/// Three lines depart, one says why: the draft is kept, and at the end the other two are named.
#[apply(on_both)]
fn every_departing_line_needs_its_reason(app: &App) {
    let sheet = th_in_appraisal(app);
    let review = started(app, "hctc-appraiser", &sheet, "appraisal");
    let departing = json!([
        {"criterion_code": "A.I.3", "answer": {"points": 90}},
        {"criterion_code": "A.II.1", "answer": {"points": 25}, "reason": "Trình chậm 02 văn bản"},
        {"criterion_code": "A.IV.4", "answer": {"cases": 1}},
    ]);
    patch(app, "hctc-appraiser", &review, &departing).expect(200);
    let refusal = app.act("hctc-appraiser", &review, "submit", None).refused(422, "validation_failed");
    let body = refusal.json();
    let named: Vec<(&Value, &Value)> = body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (&error["code"], &error["params"]["criterion"]))
        .collect();
    assert_eq!(named, [(&json!("reason_required"), &json!("A.I.3")), (&json!("reason_required"), &json!("A.IV.4"))]);
    assert_eq!(app.get("hctc-appraiser", &sheet).expect(200)["status"], "submitted");
}

/// A line that was changed and changed back departs from nothing.
#[apply(on_both)]
fn a_line_that_is_as_before_needs_no_reason(app: &App) {
    let sheet = th_in_appraisal(app);
    let review = started(app, "hctc-appraiser", &sheet, "appraisal");
    for points in [25.0, 27.5] {
        patch(app, "hctc-appraiser", &review, &json!([{"criterion_code": "A.II.1", "answer": {"points": points}}]))
            .expect(200);
    }
    assert_eq!(app.act("hctc-appraiser", &review, "submit", None).expect(200)["status"], "submitted");
    assert_eq!(app.get("hctc-appraiser", &sheet).expect(200)["status"], "appraised");
}

/// A review scores every line: one that was cleared is missing.
#[apply(on_both)]
fn a_review_leaves_no_line_out(app: &App) {
    let sheet = th_in_appraisal(app);
    let review = started(app, "hctc-appraiser", &sheet, "appraisal");
    patch(app, "hctc-appraiser", &review, &json!([{"criterion_code": "A.I.1", "answer": null, "reason": "Chưa rõ"}]))
        .expect(200);
    let refusal = app.act("hctc-appraiser", &review, "submit", None).refused(422, "validation_failed");
    assert_eq!(refusal.faults(), [("missing_score".to_owned(), "/scores/0".to_owned())]);
}

/// One appraisal for a sheet, whoever comes second.
#[apply(on_both)]
fn a_sheet_has_one_appraisal(app: &App) {
    let sheet = th_in_appraisal(app);
    started(app, "hctc-appraiser", &sheet, "appraisal");
    start(app, "appraiser", &sheet, "appraisal").refused(409, "already_exists");
}

/// One council review for a sheet: the chair finds the secretary's.
#[apply(on_both)]
fn a_sheet_has_one_council_review(app: &App) {
    let sheet = app.in_council_review(&[("TH", &[])]).remove(0);
    started(app, "secretary", &sheet, "council");
    start(app, "council-chair", &sheet, "council").refused(409, "already_exists");
}

/// A review begins in the status of its stage: no appraisal before the gate, no council review in the appraisal.
#[apply(on_both)]
fn a_review_waits_for_its_stage(app: &App) {
    let sheet = app.submitted_sheet("TH", &[]);
    start(app, "hctc-appraiser", &sheet, "appraisal").refused(409, "invalid_state");
    app.set_clock(AFTER_THE_GATE);
    app.move_period("secretary", "start-appraisal");
    app.review("hctc-appraiser", &sheet, "appraisal", &[]);
    start(app, "secretary", &sheet, "council").refused(409, "invalid_state");
}

/// What was submitted stands: it is neither written nor submitted again.
#[apply(on_both)]
fn a_submitted_review_never_changes(app: &App) {
    let sheet = th_in_appraisal(app);
    let review = app.review("hctc-appraiser", &sheet, "appraisal", &[]);
    let before = app.get("hctc-appraiser", &review).json();
    let line = json!([{"criterion_code": "A.II.1", "answer": {"points": 10}, "reason": "Xem lại"}]);
    patch(app, "hctc-appraiser", &review, &line).refused(409, "invalid_state");
    app.act("hctc-appraiser", &review, "submit", None).refused(409, "invalid_state");
    let after = app.get("hctc-appraiser", &review).json();
    assert_eq!((&after["scores"], &after["version"]), (&before["scores"], &before["version"]));
}

/// The appraiser out of HCTC may not so much as read HCTC's sheet; the one of no unit may.
/// A screen that shows many submissions asks once. Those that somebody may not read are left out there, and refused alone.
#[apply(on_both)]
fn the_reviews_of_many_submissions_are_asked_for_at_once(app: &App) {
    let sheets = app.in_appraisal(&[("TH", &[]), ("KT", &[]), ("HCTC", &[])]);
    for (unit, sheet) in ["TH", "KT", "HCTC"].into_iter().zip(&sheets) {
        app.review(App::appraiser_of(unit), sheet, "appraisal", &[]);
    }
    let ids: Vec<&str> = sheets.iter().map(|sheet| id_of(sheet)).collect();
    let listed = |person: &str, query: &str| -> Vec<Value> {
        let page = app.get(person, &format!("/v1/reviews?{query}")).expect(200);
        page["items"].as_array().unwrap().iter().map(|review| review["submission_id"].clone()).collect()
    };
    let mut all: Vec<Value> = ids.iter().map(|id| json!(id)).collect();
    all.sort_by_key(ToString::to_string);
    let commas = format!("submission_id={}", ids.join(","));
    assert_eq!(listed("secretary", &commas), all);
    assert_eq!(listed("secretary", &format!("submission_id={}&submission_id={}", ids[0], ids[1])).len(), 2);
    assert_eq!(listed("secretary", &format!("submission_id={0},{0}", ids[0])), [json!(ids[0])]);
    let unknown = "018b88d6-5f80-7000-8000-0000000fffff";
    assert_eq!(listed("secretary", &format!("submission_id={},{unknown}", ids[1])), [json!(ids[1])]);
    // The appraiser of HCTC keeps away from its own unit's.
    assert_eq!(listed("hctc-appraiser", &commas).len(), 2);
    app.get("hctc-appraiser", &format!("/v1/reviews?submission_id={}", ids[2])).refused(403, "recused");
    app.get("secretary", &format!("/v1/reviews?submission_id={unknown}")).refused(404, "not_found");
    for query in ["", "?submission_id=", "?submission_id=x", &format!("?submission_id={}", [ids[0]; 101].join(","))] {
        app.get("secretary", &format!("/v1/reviews{query}")).refused(400, "invalid_parameter");
    }
}

#[apply(on_both)]
fn the_standing_body_never_appraises_itself(app: &App) {
    let sheet = app.in_appraisal(&[("HCTC", &[])]).remove(0);
    app.get("hctc-appraiser", &sheet).refused(403, "recused");
    app.get("hctc-appraiser", &format!("{sheet}/scores")).refused(403, "recused");
    start(app, "hctc-appraiser", &sheet, "appraisal").refused(403, "recused");
    let body = json!({"reason": "Xem lại", "due_on": "2023-11-15"});
    app.request("hctc-appraiser", "POST", &format!("{sheet}/return"))
        .if_match("*")
        .json(&body)
        .send()
        .refused(403, "recused");
    assert_eq!(app.get("hctc-head", &sheet).expect(200)["status"], "submitted");
    start(app, "appraiser", &sheet, "appraisal").expect(201);
}

/// Nor does it see the review that another makes of it, draft or done.
#[apply(on_both)]
fn the_standing_body_sees_no_review_of_itself(app: &App) {
    let sheet = app.in_appraisal(&[("HCTC", &[])]).remove(0);
    let review = started(app, "appraiser", &sheet, "appraisal");
    app.get("hctc-appraiser", &review).refused(403, "recused");
    app.act("appraiser", &review, "submit", None).expect(200);
    app.get("hctc-appraiser", &review).refused(403, "recused");
    app.get("appraiser", &review).expect(200);
}

/// What decides on HCTC's award is not written by HCTC's own people.
#[apply(on_both)]
fn the_standing_body_records_no_facts_of_itself(app: &App) {
    let facts = json!({"anybody_disciplined": false, "party_cell_rating": "good", "under_inspection": false});
    let put = |unit: &str| {
        app.request("hctc-appraiser", "PUT", &format!("{}/facts/{}", app.period(), app.unit_id(unit)))
            .json(&facts)
            .send()
    };
    put("HCTC").refused(403, "recused");
    put("TH").expect(201);
}

/// The member out of TH sees KT's appraised sheet and its appraisal, and nothing of TH's.
#[apply(on_both)]
fn a_council_member_is_recused_from_their_own_unit(app: &App) {
    let sheets = app.in_appraisal(&[("KT", &[]), ("TH", &[])]);
    let reviews = [&sheets[0], &sheets[1]].map(|sheet| app.review("hctc-appraiser", sheet, "appraisal", &[]));
    for path in [&sheets[0], &reviews[0]] {
        app.get("th-council", path).expect(200);
    }
    for path in [&sheets[1], &reviews[1]] {
        app.get("th-council", path).refused(403, "recused");
    }
    let listed = app.get("th-council", "/v1/submissions").expect(200);
    let units: Vec<&Value> = listed["items"].as_array().unwrap().iter().map(|sheet| &sheet["unit_code"]).collect();
    assert!(units.contains(&&json!("KT")) && !units.contains(&&json!("TH")), "{units:?}");
}

/// Sheets come to the council when they are appraised: before that they are not there for it.
#[apply(on_both)]
fn the_council_sees_a_sheet_once_it_is_appraised(app: &App) {
    let sheet = th_in_appraisal(app);
    app.get("council-chair", &sheet).refused(404, "not_found");
    app.review("hctc-appraiser", &sheet, "appraisal", &[]);
    app.get("council-chair", &sheet).expect(200);
}

/// The unit learns nothing of the appraisal, not by its figures nor by the review.
#[apply(on_both)]
fn a_unit_sees_no_review_before_the_announcement(app: &App) {
    let sheet = th_in_appraisal(app);
    let review =
        app.review("hctc-appraiser", &sheet, "appraisal", &[("A.II.1", r#"{"points":25}"#, "Trình chậm 02 văn bản")]);
    app.get("th-head", &review).refused(404, "not_found");
    assert_eq!(
        app.get("th-head", &format!("/v1/reviews?submission_id={}", id_of(&sheet))).expect(200)["items"],
        json!([])
    );
    let totals = app.get("th-head", &sheet).expect(200)["totals"].clone();
    assert_eq!(
        totals,
        json!({"self": {"base": 897.5, "bonus": 100, "penalty": 0, "total": 997.5}, "appraisal": null, "council": null, "final": null})
    );
}

/// What the appraiser had begun is worth nothing once the sheet goes back; a new one starts from what comes again.
#[apply(on_both)]
fn a_return_drops_the_draft_of_the_appraisal(app: &App) {
    let sheet = th_in_appraisal(app);
    let review = started(app, "hctc-appraiser", &sheet, "appraisal");
    send_back(app, &sheet, Some("2023-11-15")).expect(200);
    app.get("hctc-appraiser", &review).refused(404, "not_found");
    app.write("TH", &sheet, &[]);
    app.act("th-head", &sheet, "submit", None).expect(200);
    assert_eq!(start(app, "hctc-appraiser", &sheet, "appraisal").expect(201)["totals"]["total"], 1000);
}

/// Sent back and sent again: revision 2, and the first stays as it was.
#[apply(on_both)]
fn a_sheet_sent_again_is_a_new_revision(app: &App) {
    let sheet = th_in_appraisal(app);
    send_back(app, &sheet, Some("2023-11-15")).expect(200);
    app.write("TH", &sheet, &[("A.II.1", r#"{"points":20}"#)]);
    assert_eq!(app.act("th-head", &sheet, "submit", None).expect(200)["revision"], 2);
    let total = |n: u8| {
        app.get("hctc-appraiser", &format!("{sheet}/revisions/{n}")).expect(200)["content"]["totals"]["total"].clone()
    };
    assert_eq!([total(1), total(2)], [json!(997.5), json!(990)]);
}

/// While the sheet is with its unit, the appraiser sees the 27.5 that were sent; the unit sees the 10 that it writes.
#[apply(on_both)]
fn the_appraiser_sees_what_was_sent_while_the_unit_edits(app: &App) {
    let sheet = th_in_appraisal(app);
    send_back(app, &sheet, Some("2023-11-15")).expect(200);
    patch(app, "th-head", &sheet, &json!([{"criterion_code": "A.II.1", "answer": {"points": 10}}])).expect(200);
    let seen = ["hctc-appraiser", "secretary", "th-editor"].map(|person| cell(app, person, &sheet, "self"));
    assert_eq!(seen, [json!(27.5), json!(27.5), json!(10)]);
    assert_eq!(app.get("hctc-appraiser", &sheet).expect(200)["totals"]["self"]["total"], 997.5);
}

/// Not sent again by the end of the 15th: it stands with the 27.5 that were sent, whatever was edited since.
#[apply(on_both)]
fn a_returned_sheet_not_sent_again_stands_as_last_submitted(app: &App) {
    let sheet = th_in_appraisal(app);
    send_back(app, &sheet, Some("2023-11-15")).expect(200);
    patch(app, "th-head", &sheet, &json!([{"criterion_code": "A.II.1", "answer": {"points": 10}}])).expect(200);
    app.set_clock("2023-11-15T16:59:59.999Z");
    assert_eq!(app.get("th-head", &sheet).expect(200)["status"], "returned");
    app.set_clock("2023-11-15T17:00:00.000Z");
    let after = app.get("th-head", &sheet).expect(200);
    assert_eq!((&after["status"], &after["revision"]), (&json!("submitted"), &json!(1)));
    assert_eq!(after["totals"]["self"]["total"], 997.5);
    assert_eq!(cell(app, "th-head", &sheet, "self"), json!(27.5));
    let line = json!([{"criterion_code": "A.II.1", "answer": {"points": 27.5}}]);
    assert_eq!(start(app, "hctc-appraiser", &sheet, "appraisal").expect(201)["totals"]["total"], 997.5);
    patch(app, "th-head", &sheet, &line).refused(409, "invalid_state");
}

/// The clock alone does it: the appraiser who comes first after midnight finds the sheet ready.
#[apply(on_both)]
fn a_lapsed_sheet_is_appraised_without_anybody_having_looked(app: &App) {
    let sheet = th_in_appraisal(app);
    send_back(app, &sheet, Some("2023-11-15")).expect(200);
    patch(app, "th-head", &sheet, &json!([{"criterion_code": "A.II.1", "answer": {"points": 10}}])).expect(200);
    app.set_clock("2023-11-15T17:00:00.000Z");
    assert_eq!(start(app, "hctc-appraiser", &sheet, "appraisal").expect(201)["totals"]["total"], 997.5);
}

/// While the gate is open a returned sheet keeps it; no date is needed.
#[apply(on_both)]
fn a_return_before_the_gate_needs_no_date(app: &App) {
    let sheet = app.submitted_sheet("TH", &[]);
    let returned = send_back(app, &sheet, None).expect(200);
    assert_eq!((&returned["status"], &returned["closes_at"]), (&json!("returned"), &json!("2023-11-10T17:00:00.000Z")));
}

/// At midnight the gate has closed and a return says until when.
#[apply(on_both)]
fn a_return_after_the_gate_needs_a_date(app: &App) {
    let sheet = app.submitted_sheet("TH", &[]);
    app.set_clock("2023-11-10T17:00:00.000Z");
    let refusal = send_back(app, &sheet, None).refused(422, "due_on_required");
    assert_eq!(refusal.faults(), [("due_on_required".to_owned(), "/due_on".to_owned())]);
    assert_eq!(send_back(app, &sheet, Some("2023-11-14")).expect(200)["closes_at"], "2023-11-14T17:00:00.000Z");
}

/// The appraisal is due on the 20th: a sheet may come back until then and not later, and never yesterday.
#[apply(on_both)]
fn a_returned_sheet_comes_back_before_the_appraisal_is_due(app: &App) {
    let sheet = th_in_appraisal(app);
    for (due_on, code) in [("2023-11-21", "due_on_too_late"), ("2023-11-12", "date_in_past")] {
        let refusal = send_back(app, &sheet, Some(due_on)).refused(422, code);
        assert_eq!(refusal.faults(), [(code.to_owned(), "/due_on".to_owned())], "{due_on}");
    }
    assert_eq!(send_back(app, &sheet, Some("2023-11-20")).expect(200)["due_on"], "2023-11-20");
}

/// Nobody else sends a sheet back: not the secretary, not the unit's own head.
#[apply(on_both)]
fn the_appraiser_alone_sends_back(app: &App) {
    let sheet = th_in_appraisal(app);
    let body = json!({"reason": "Xem lại", "due_on": "2023-11-15"});
    for person in ["secretary", "th-head"] {
        app.act(person, &sheet, "return", Some(&body)).refused(403, "role_required");
    }
}

/// An appraised sheet does not go back any more.
#[apply(on_both)]
fn an_appraised_sheet_stays(app: &App) {
    let sheet = th_in_appraisal(app);
    app.review("hctc-appraiser", &sheet, "appraisal", &[]);
    send_back(app, &sheet, Some("2023-11-15")).refused(409, "invalid_state");
}
