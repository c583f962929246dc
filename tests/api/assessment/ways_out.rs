//! The way out of a review that was submitted wrongly, and of a stage that was started too early.

use serde_json::{Value, json};

use crate::backends::execute;
use crate::support::year::AFTER_THE_GATE;
use crate::support::{App, apply, on_both};

const POINTS_LOST: &str = "Trình chậm 02 văn bản";

fn reopen(reason: &str) -> Value {
    json!({"reason": reason})
}

/// The path of a review that a reopening answers.
fn path_of(review: &Value) -> String {
    format!("/v1/reviews/{}", review["id"].as_str().unwrap())
}

fn id_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

fn status(app: &App, person: &str, resource: &str) -> Value {
    app.get(person, resource).expect(200)["status"].clone()
}

/// The period's entry of a kind in the audit, the newest last.
fn entries(app: &App, action: &str) -> Vec<Value> {
    let entries = app.get("auditor", &format!("/v1/audit-entries?action={action}&limit=200")).expect(200);
    entries["items"].as_array().unwrap().clone()
}

/// KT lost 5 of 30 in A.II.1 by mistake: 995. The draft starts from there, and its correction to 28 makes 998.
#[apply(on_both)]
fn an_appraisal_submitted_wrongly_is_reopened_and_kept(app: &App) {
    let sheet = app.in_appraisal(&[("KT", &[])]).remove(0);
    let wrong = app.review("hctc-appraiser", &sheet, "appraisal", &[("A.II.1", r#"{"points":25}"#, POINTS_LOST)]);
    assert_eq!(status(app, "kt-head", &sheet), "appraised");
    let draft = app.act("hctc-appraiser", &wrong, "reopen", Some(&reopen("Nhầm số văn bản"))).expect(201);
    assert_eq!((&draft["status"], &draft["totals"]["total"]), (&json!("draft"), &json!(995)));
    let line = draft["scores"].as_array().unwrap().iter().find(|line| line["criterion_code"] == "A.II.1").unwrap();
    assert_eq!((&line["points"], &line["reason"]), (&json!(25), &json!(POINTS_LOST)));
    assert_eq!(status(app, "kt-head", &sheet), "submitted");
    let kept = app.get("hctc-appraiser", &wrong).expect(200);
    assert_eq!(kept["superseded_reason"], "Nhầm số văn bản");
    assert_eq!((&kept["superseded_by_id"], &draft["replaces_id"]), (&draft["id"], &kept["id"]));
    assert_eq!(kept["allowed_actions"], json!([]));
    for verb in ["submit", "reopen"] {
        let body = (verb == "reopen").then(|| reopen("x"));
        app.act("hctc-appraiser", &wrong, verb, body.as_ref()).refused(409, "invalid_state");
    }
    let draft = path_of(&draft);
    let right = json!({"scores": [{"criterion_code": "A.II.1", "answer": {"points": 28}, "reason": POINTS_LOST}]});
    let tag = app.tag("hctc-appraiser", &draft);
    app.request("hctc-appraiser", "PATCH", &format!("{draft}/scores")).if_match(&tag).json(&right).send().expect(200);
    app.act("hctc-appraiser", &draft, "submit", None).expect(200);
    assert_eq!(app.get("auditor", &sheet).expect(200)["totals"]["appraisal"]["total"], 998);
    assert_eq!(app.get("auditor", &wrong).expect(200)["totals"]["total"], 995);
    let listed = app.get("auditor", &format!("/v1/reviews?submission_id={}", id_of(&sheet))).expect(200);
    let listed: Vec<&Value> = listed["items"].as_array().unwrap().iter().map(|review| &review["id"]).collect();
    assert_eq!(listed, [id_of(&wrong), id_of(&draft)]);
    let audited = entries(app, "review.reopen");
    assert_eq!(audited[0]["after"]["superseded_reason"], "Nhầm số văn bản");
    assert_eq!(
        (&audited[0]["before"]["submission_status"], &audited[0]["after"]["submission_status"]),
        (&json!("appraised"), &json!("submitted"))
    );
    let events = app.get("auditor", "/v1/events?types=review.reopened").expect(200);
    assert_eq!(events["items"].as_array().unwrap().len(), 1);
}

/// The council's review is reopened by the council's people, until the ranking is final; the ranking is again that of the
/// appraisal, and a decision on a tie lapses with the total that it was taken on.
#[apply(on_both)]
fn a_council_review_is_reopened_until_the_ranking_is_final(app: &App) {
    let sheets = app.in_council_review(&[("KT", &[]), ("TH", &[])]);
    let minus = [("A.II.1", r#"{"points":25}"#, POINTS_LOST)];
    let reviews: Vec<String> = sheets.iter().map(|sheet| app.review("secretary", sheet, "council", &minus)).collect();
    app.set_clock("2023-11-28T02:00:00.000Z");
    let session = app.closed_session("2023-11-28", 4);
    let ranking = format!("{}/ranking", app.period());
    let units = [app.unit_id("TH"), app.unit_id("KT")];
    let decision = json!({"unit_ids": units, "reason": "Biểu quyết 4/4", "council_session_id": id_of(&session)});
    app.post("council-chair", &format!("{}/tie-decisions", app.period()), &decision).expect(201);
    for (person, code) in [
        ("hctc-appraiser", "role_required"),
        ("nc-council", "role_required"),
        ("th-head", "not_found"),
        ("auditor", "role_required"),
    ] {
        let status = if code == "not_found" { 404 } else { 403 };
        let tag = app.tag("secretary", &reviews[0]);
        let asked = app.request(person, "POST", &format!("{}/reopen", reviews[0])).if_match(&tag);
        asked.json(&reopen("x")).send().refused(status, code);
    }
    let draft = app.act("council-chair", &reviews[0], "reopen", Some(&reopen("Hội đồng họp lại"))).expect(201);
    let rows = app.get("secretary", &ranking).expect(200)["rows"].clone();
    let total =
        |unit: &str| rows.as_array().unwrap().iter().find(|row| row["unit_code"] == unit).unwrap()["total"].clone();
    assert_eq!((total("KT"), total("TH")), (json!(1000), json!(995)));
    assert_eq!(
        app.get("auditor", "/v1/events?types=tie_decision.lapsed").expect(200)["items"].as_array().unwrap().len(),
        1
    );
    app.act("secretary", &path_of(&draft), "submit", None).expect(200);
    for unit in ["KT", "TH"] {
        app.good_facts(unit);
    }
    app.move_period("council-chair", "finalize");
    app.act("secretary", &reviews[1], "reopen", Some(&reopen("x"))).refused(409, "invalid_state");
}

/// The unit's people never learn that a review of theirs was reopened, not even once the result is announced.
#[apply(on_both)]
fn a_superseded_review_is_for_the_people_of_its_stage(app: &App) {
    let sheet = app.in_appraisal(&[("KT", &[])]).remove(0);
    let wrong = app.review("hctc-appraiser", &sheet, "appraisal", &[("A.II.1", r#"{"points":25}"#, POINTS_LOST)]);
    let draft = app.act("hctc-appraiser", &wrong, "reopen", Some(&reopen("Nhầm"))).expect(201);
    app.act("hctc-appraiser", &path_of(&draft), "submit", None).expect(200);
    app.move_period("secretary", "start-council-review");
    app.review("secretary", &sheet, "council", &[]);
    app.good_facts("KT");
    app.set_clock("2023-11-30T02:00:00.000Z");
    app.closed_session("2023-11-30", 4);
    app.move_period("council-chair", "finalize");
    let notice = json!({"notice_number": "1234/TB-VP", "notice_on": "2023-11-30"});
    app.act("secretary", &app.period(), "announce", Some(&notice)).expect(200);
    let listed = app.get("kt-head", &format!("/v1/reviews?submission_id={}", id_of(&sheet))).expect(200);
    let listed = listed["items"].as_array().unwrap();
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().all(|review| review["replaces_id"].is_null() && review["superseded_at"].is_null()));
    app.get("kt-head", &wrong).refused(404, "not_found");
    assert!(app.get("kt-head", &path_of(&draft)).expect(200)["replaces_id"].is_null());
    app.get("secretary", &wrong).refused(404, "not_found");
}

#[apply(on_both)]
fn a_reopening_gives_its_reason_and_the_tag_that_it_saw(app: &App) {
    let sheet = app.in_appraisal(&[("KT", &[])]).remove(0);
    let review = app.review("hctc-appraiser", &sheet, "appraisal", &[]);
    app.act("hctc-appraiser", &review, "reopen", Some(&reopen(" "))).refused(422, "text_empty");
    let asked = app.request("hctc-appraiser", "POST", &format!("{review}/reopen"));
    asked.json(&reopen("x")).send().refused(428, "precondition_required");
    app.move_period("secretary", "start-council-review");
    app.act("hctc-appraiser", &review, "reopen", Some(&reopen("x"))).refused(409, "invalid_state");
}

/// What is superseded stays as it was, whatever program writes.
#[apply(on_both)]
fn the_database_keeps_superseded_reviews(app: &App) {
    let sheet = app.in_appraisal(&[("KT", &[])]).remove(0);
    let review = app.review("hctc-appraiser", &sheet, "appraisal", &[]);
    app.act("hctc-appraiser", &review, "reopen", Some(&reopen("x"))).expect(201);
    for change in [
        "UPDATE reviews SET base = 0 WHERE superseded_at IS NOT NULL",
        "UPDATE reviews SET superseded_at = NULL, superseded_reason = NULL WHERE superseded_at IS NOT NULL",
        "DELETE FROM reviews WHERE superseded_at IS NOT NULL",
        "UPDATE review_scores SET points = 0 WHERE review_id IN (SELECT id FROM reviews WHERE superseded_at IS NOT NULL)",
    ] {
        assert!(execute(app, change).is_err(), "{change}");
    }
}

fn step_back(reason: &str, due_on: Option<&str>) -> Value {
    json!({"reason": reason, "self_assessment_due_on": due_on})
}

/// NC missed the gate of the 10th and KT was appraised. Back in the self-assessment until the 14th, NC's sheet is a draft
/// again, KT's is as it was submitted, and both go through the appraisal once more.
#[apply(on_both)]
fn an_appraisal_started_too_early_is_stepped_back_from(app: &App) {
    let nc = app.new_sheet("NC");
    app.write("NC", &nc, &[]);
    let kt = app.in_appraisal(&[("KT", &[])]).remove(0);
    let appraisal = app.review("hctc-appraiser", &kt, "appraisal", &[]);
    assert_eq!((status(app, "nc-head", &nc), status(app, "kt-head", &kt)), (json!("missed"), json!("appraised")));
    let (period, back) = (app.period(), step_back("Còn đơn vị chưa gửi", Some("2023-11-14")));
    let answer = app.act("council-chair", &period, "step-back", Some(&back)).expect(200);
    assert_eq!(
        (&answer["status"], &answer["schedule"]["self_assessment_due_on"]),
        (&json!("self_assessment"), &json!("2023-11-14"))
    );
    let stage = &answer["superseded_stages"][0];
    assert_eq!((&stage["status"], &stage["superseded_reason"]), (&json!("appraisal"), &json!("Còn đơn vị chưa gửi")));
    let moved = |unit: &str| {
        let unit = app.unit_id(unit);
        let moved = answer["moved_sheets"].as_array().unwrap().iter().find(|sheet| sheet["unit_id"] == unit.as_str());
        let moved = moved.unwrap();
        (moved["was_status"].clone(), moved["status"].clone(), moved["due_on"].clone())
    };
    assert_eq!(moved("NC"), (json!("missed"), json!("draft"), json!("2023-11-14")));
    assert_eq!(moved("KT"), (json!("appraised"), json!("submitted"), json!("2023-11-14")));
    assert_eq!(answer["moved_sheets"].as_array().unwrap().len(), 8);
    assert_eq!(app.get("hctc-appraiser", &appraisal).expect(200)["superseded_reason"], "Còn đơn vị chưa gửi");
    assert_eq!(entries(app, "submission.step_back").len(), 8);
    assert_eq!(entries(app, "review.supersede").len(), 1);
    let deadline = app.get("secretary", "/v1/deadlines?kind=appraisal").expect(200)["items"][0].clone();
    assert_eq!(deadline["met_on"], Value::Null);
    app.act("nc-head", &nc, "submit", None).expect(200);
    app.set_clock("2023-11-15T01:00:00.000Z");
    app.move_period("secretary", "start-appraisal");
    let again = app.review("hctc-appraiser", &kt, "appraisal", &[]);
    assert_eq!(app.get("hctc-appraiser", &again).expect(200)["replaces_id"], id_of(&appraisal));
    app.review("hctc-appraiser", &nc, "appraisal", &[]);
    app.move_period("secretary", "start-council-review");
}

/// From the council's review to the appraisal: drafts and submitted reviews of the council count no longer, the appraisals
/// do. From the final ranking to the council's review: the next ranking is the second.
#[apply(on_both)]
fn each_stage_goes_back_to_the_one_before(app: &App) {
    let sheets = app.in_council_review(&[("KT", &[]), ("TH", &[("B.1", r#"{"points":30}"#)])]);
    let submitted = app.review("secretary", &sheets[0], "council", &[]);
    let body = json!({"submission_id": id_of(&sheets[1]), "stage": "council"});
    let draft = path_of(&app.post("secretary", "/v1/reviews", &body).expect(201));
    app.set_clock("2023-11-28T02:00:00.000Z");
    let session = app.closed_session("2023-11-28", 4);
    let (period, back) = (app.period(), step_back("Thẩm định sót một đơn vị", None));
    app.act("council-chair", &period, "step-back", Some(&back)).expect(200);
    assert_eq!(status(app, "secretary", &period), "appraisal");
    for (sheet, review) in sheets.iter().zip([&submitted, &draft]) {
        assert_eq!(status(app, "auditor", sheet), "appraised");
        assert_eq!(app.get("council-chair", review).expect(200)["superseded_reason"], "Thẩm định sót một đơn vị");
    }
    assert_eq!(status(app, "secretary", &session), "cancelled");
    assert_eq!(app.get("auditor", &sheets[0]).expect(200)["totals"]["council"], Value::Null);
    assert_eq!(app.get("auditor", &sheets[0]).expect(200)["totals"]["appraisal"]["total"], 1000);
    let changed = app.get("secretary", &period).expect(200);
    assert_eq!(changed["council_review_started_on"], Value::Null);
    app.move_period("secretary", "start-council-review");
    for (unit, sheet) in [("KT", &sheets[0]), ("TH", &sheets[1])] {
        app.review("secretary", sheet, "council", &[]);
        app.good_facts(unit);
    }
    // The session of the same day, before the way back, decides nothing.
    app.act("council-chair", &period, "finalize", None).refused(409, "guard_failed");
    app.closed_session("2023-11-28", 4);
    app.move_period("council-chair", "finalize");
    let ranking = |person: &str| app.get(person, &format!("{period}/ranking")).expect(200);
    assert_eq!((&ranking("secretary")["status"], &ranking("secretary")["version"]), (&json!("final"), &json!(1)));
    app.act("council-chair", &period, "step-back", Some(&step_back("Xét lại điểm thưởng", None))).expect(200);
    assert_eq!((&ranking("secretary")["status"], &ranking("secretary")["version"]), (&json!("provisional"), &json!(0)));
    assert_eq!(status(app, "auditor", &sheets[1]), "reviewed");
    let council = app.get("secretary", &format!("/v1/reviews?submission_id={}", id_of(&sheets[1]))).expect(200);
    let council = path_of(council["items"].as_array().unwrap().last().unwrap());
    let again = app.act("secretary", &council, "reopen", Some(&reopen("Xét lại điểm thưởng"))).expect(201);
    let again = path_of(&again);
    let more = json!({"scores": [{"criterion_code": "B.1", "answer": {"points": 35}, "reason": "Thêm sáng kiến"}]});
    let tag = app.tag("secretary", &again);
    app.request("secretary", "PATCH", &format!("{again}/scores")).if_match(&tag).json(&more).send().expect(200);
    app.act("secretary", &again, "submit", None).expect(200);
    app.move_period("council-chair", "finalize");
    let second = ranking("secretary");
    assert_eq!((&second["status"], &second["version"]), (&json!("final"), &json!(2)));
    let th = second["rows"].as_array().unwrap().iter().find(|row| row["unit_code"] == "TH").unwrap().clone();
    assert_eq!(th["total"], 995);
    assert_eq!(app.get("secretary", &format!("{period}/ranking/verify")).expect(200)["ok"], true);
    app.act("council-chair", &period, "step-back", Some(&step_back("x", Some("2023-12-01"))))
        .refused(422, "date_not_asked");
}

/// Late submissions are accepted again until the appraisal starts once more, and they are late.
#[apply(on_both)]
fn late_submissions_are_accepted_again(app: &App) {
    execute(app, "UPDATE periods SET late_submissions = 'accept_flagged'").unwrap();
    app.in_appraisal(&[("KT", &[])]);
    app.act("council-chair", &app.period(), "step-back", Some(&step_back("Còn đơn vị xin gửi muộn", None))).expect(200);
    let sheets = app.get("th-head", "/v1/submissions").expect(200);
    let sheet = format!("/v1/submissions/{}", sheets["items"][0]["id"].as_str().unwrap());
    assert_eq!(status(app, "th-head", &sheet), "draft");
    app.write("TH", &sheet, &[]);
    let late = app.act("th-head", &sheet, "submit", None).expect(200);
    assert_eq!(late["late"], true);
}

#[apply(on_both)]
fn the_chair_alone_steps_back_and_until_the_announcement(app: &App) {
    let (period, back) = (app.period(), step_back("x", None));
    app.act("council-chair", &period, "step-back", Some(&back)).refused(409, "invalid_state");
    app.in_appraisal(&[("KT", &[])]);
    for person in ["secretary", "admin", "kt-head", "hctc-appraiser", "auditor"] {
        app.act(person, &period, "step-back", Some(&back)).refused(403, "role_required");
    }
    for (body, code) in [
        (step_back(" ", None), "text_empty"),
        (step_back("x", Some("2023-11-12")), "date_in_past"),
        (step_back("x", Some("2023-12-31")), "schedule_out_of_order"),
    ] {
        app.act("council-chair", &period, "step-back", Some(&body)).refused(422, code);
    }
    assert_eq!(status(app, "secretary", &period), "appraisal");
    app.set_clock(AFTER_THE_GATE);
    // Nothing is lost by going back and forth: the gates stay closed, and the sheets are where they were.
    app.act("council-chair", &period, "step-back", Some(&back)).expect(200);
    app.move_period("secretary", "start-appraisal");
    app.act("council-chair", &period, "step-back", Some(&back)).expect(200);
    app.set_clock("2023-11-14T01:00:00.000Z");
    app.move_period("secretary", "start-appraisal");
}
