//! Conflicts that members declare: a submission becomes to them what the own unit's is.

use serde_json::{Value, json};

use crate::support::year::AFTER_THE_GATE;
use crate::support::{App, Response, apply, on_both};

fn id_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

fn member(app: &App, subject: &str) -> String {
    let members = app.get("secretary", "/v1/members?limit=200").expect(200);
    let items = members["items"].as_array().unwrap();
    let found = items.iter().find(|member| member["subject"] == subject).unwrap_or_else(|| panic!("{subject}"));
    found["id"].as_str().unwrap().to_owned()
}

fn declare(app: &App, person: &str, sheet: &str, further: &Value) -> Response {
    let mut body = json!({"submission_id": id_of(sheet), "ground": "family"});
    body.as_object_mut().unwrap().extend(further.as_object().unwrap().clone());
    app.post(person, "/v1/recusals", &body)
}

fn recusal(declared: &Value) -> String {
    format!("/v1/recusals/{}", declared["id"].as_str().unwrap())
}

fn listed(app: &App, person: &str, path: &str, field: &str) -> Vec<Value> {
    let items = app.get(person, path).expect(200)["items"].as_array().unwrap().clone();
    items.iter().map(|item| item[field].clone()).collect()
}

/// Which of these sheets are in the list of a person.
fn lists<const N: usize>(app: &App, person: &str, sheets: [&String; N]) -> [bool; N] {
    let ids = listed(app, person, "/v1/submissions", "id");
    sheets.map(|sheet| ids.contains(&json!(id_of(sheet))))
}

#[track_caller]
fn recused(response: &Response, ground: &str) {
    assert_eq!((response.status, response.code().as_str()), (403, "recused"));
    assert_eq!(response.json()["params"]["ground"], ground);
}

/// TH and KT in appraisal.
fn in_appraisal(app: &App) -> [String; 2] {
    app.in_appraisal(&[("TH", &[]), ("KT", &[])]).try_into().unwrap()
}

/// The appraiser of no unit has a brother in TH, and goes on with KT.
#[apply(on_both)]
fn an_appraiser_keeps_away_from_what_they_declared(app: &App) {
    let [th, kt] = in_appraisal(app);
    let events = |person: &str| listed(app, person, "/v1/events?types=submission.submitted", "subject");
    let before = events("appraiser");
    assert_eq!(before.len(), 2);
    let tasks = || listed(app, "appraiser", "/v1/me/tasks", "subject").len();
    let had = tasks();
    let declared = declare(app, "appraiser", &th, &json!({"note": "Em trai là chuyên viên"})).expect(201);
    assert_eq!((&declared["ground"], &declared["status"]), (&json!("family"), &json!("active")));
    assert_eq!(
        (&declared["member_id"], &declared["declared_by"]),
        (&declared["declared_by"], &json!(member(app, "appraiser")))
    );
    for part in ["", "/scores", "/revisions", "/evidence"] {
        recused(&app.get("appraiser", &format!("{th}{part}")), "family");
        app.get("appraiser", &format!("{kt}{part}")).expect(200);
    }
    let review = json!({"submission_id": id_of(&th), "stage": "appraisal"});
    recused(&app.post("appraiser", "/v1/reviews", &review), "family");
    assert_eq!(lists(app, "appraiser", [&th, &kt]), [false, true]);
    assert_eq!((events("appraiser").len(), events("secretary").len(), had - tasks()), (1, 2, 1));
    let facts = format!("{}/facts/{}", app.period(), app.unit_id("TH"));
    let body = json!({"anybody_disciplined": false, "party_cell_rating": "good", "under_inspection": false});
    recused(&app.request("appraiser", "PUT", &facts).json(&body).send(), "family");
    // The ranking is shown, and not the hash by which a guess could be tried.
    let ranking = app.get("appraiser", &format!("{}/ranking", app.period())).expect(200);
    assert_eq!(ranking["inputs_sha256"], Value::Null);
    // A colleague goes on; the council's members are not concerned.
    let appraised = app.review("hctc-appraiser", &th, "appraisal", &[]);
    recused(&app.get("appraiser", &appraised), "family");
    app.get("nc-council", &th).expect(200);
    app.review("appraiser", &kt, "appraisal", &[]);
}

/// The same person as auditor too: a second role lifts nothing.
#[apply(on_both)]
fn no_second_role_lifts_a_declared_conflict(app: &App) {
    let [th, kt] = in_appraisal(app);
    let path = format!("/v1/members/{}", member(app, "appraiser"));
    let roles = json!({"roles": ["appraiser", "auditor", "council_member"]});
    let tag = app.tag("admin", &path);
    app.request("admin", "PATCH", &path).if_match(&tag).json(&roles).send().expect(200);
    declare(app, "appraiser", &th, &json!({"ground": "own_work"})).expect(201);
    recused(&app.get("appraiser", &th), "own_work");
    app.get("appraiser", &kt).expect(200);
    assert_eq!(lists(app, "appraiser", [&th, &kt]), [false, true]);
    let entries = app.get("appraiser", "/v1/audit-entries?limit=200").expect(200)["items"].clone();
    let of_sheets = |entry: &&Value| entry["subject"]["type"] == "submission";
    let seen: Vec<&Value> = entries.as_array().unwrap().iter().filter(of_sheets).collect();
    assert!(!seen.is_empty() && seen.iter().all(|entry| entry["after"].is_null() && entry["hash"].is_null()));
}

/// The chair knows of a conflict of a member; it was somebody else of the same name.
#[apply(on_both)]
fn a_conflict_declared_by_mistake_is_withdrawn(app: &App) {
    let [th, kt] = in_appraisal(app);
    for sheet in [&th, &kt] {
        app.review("hctc-appraiser", sheet, "appraisal", &[]);
    }
    let of_member = json!({"member_id": member(app, "nc-council")});
    let declared = declare(app, "council-chair", &th, &of_member).expect(201);
    let path = recusal(&declared);
    recused(&app.get("nc-council", &th), "family");
    app.get("nc-council", &kt).expect(200);
    declare(app, "secretary", &th, &of_member).refused(409, "already_exists");
    declare(app, "nc-council", &th, &json!({})).refused(409, "already_exists");
    let reason = json!({"reason": "Trùng tên"});
    for person in ["nc-council", "auditor"] {
        app.act(person, &path, "withdraw", Some(&reason)).refused(403, "role_required");
    }
    app.act("secretary", &path, "withdraw", Some(&json!({"reason": " "}))).refused(422, "text_empty");
    let withdrawn = app.act("secretary", &path, "withdraw", Some(&reason)).expect(200);
    assert_eq!((&withdrawn["status"], &withdrawn["withdraw_reason"]), (&json!("withdrawn"), &json!("Trùng tên")));
    assert_eq!(withdrawn["allowed_actions"], json!([]));
    app.get("nc-council", &th).expect(200);
    app.act("secretary", &path, "withdraw", Some(&reason)).refused(409, "invalid_state");
    // It may be declared again, and what was withdrawn stays to be read.
    declare(app, "nc-council", &th, &json!({"ground": "former_member_of_unit"})).expect(201);
    recused(&app.get("nc-council", &th), "former_member_of_unit");
    let of_sheet = format!("/v1/recusals?submission_id={}", id_of(&th));
    assert_eq!(listed(app, "auditor", &of_sheet, "status"), [json!("withdrawn"), json!("active")]);
    assert_eq!(
        listed(app, "auditor", &format!("{of_sheet}&status=active"), "ground"),
        [json!("former_member_of_unit")]
    );
    for (kind, times) in [("recusal.declared", 2), ("recusal.withdrawn", 1)] {
        assert_eq!(listed(app, "secretary", &format!("/v1/events?types={kind}"), "type").len(), times);
        assert_eq!(listed(app, "th-head", &format!("/v1/events?types={kind}"), "type").len(), 0);
    }
}

#[apply(on_both)]
fn each_declares_for_themselves_and_the_chair_and_the_secretary_for_others(app: &App) {
    let [th, kt] = in_appraisal(app);
    let other = json!({"member_id": member(app, "hctc-appraiser")});
    declare(app, "appraiser", &th, &other).refused(403, "role_required");
    declare(app, "th-head", &th, &json!({})).refused(403, "role_required");
    for person in ["kt-head", "admin", "nc-council", "so-khdt-admin"] {
        // A sheet that is not there for them; to the council it is once it is appraised.
        declare(app, person, &th, &json!({})).refused(404, "not_found");
    }
    declare(app, "secretary", &th, &other).expect(201);
    declare(app, "appraiser", &kt, &json!({})).expect(201);
    let all = |person: &str| listed(app, person, "/v1/recusals", "member_id");
    assert_eq!(all("appraiser"), [json!(member(app, "appraiser"))]);
    assert_eq!(all("hctc-appraiser"), [json!(member(app, "hctc-appraiser"))]);
    assert_eq!((all("nc-council").len(), all("auditor").len(), all("council-chair").len()), (0, 2, 2));
    let of_member = format!("/v1/recusals?member_id={}", member(app, "appraiser"));
    assert_eq!(listed(app, "secretary", &of_member, "unit_id"), [json!(app.unit_id("KT"))]);
    assert_eq!(listed(app, "hctc-appraiser", &of_member, "id").len(), 0);
    for person in ["th-head", "admin", "integration"] {
        app.get(person, "/v1/recusals").refused(403, "role_required");
    }
    let foreign = listed(app, "secretary", &of_member, "id")[0].as_str().unwrap().to_owned();
    for person in ["hctc-appraiser", "th-head", "admin"] {
        app.get(person, &format!("/v1/recusals/{foreign}")).refused(404, "not_found");
    }
}

#[apply(on_both)]
fn a_conflict_is_of_somebody_who_reviews_and_says_what_it_is(app: &App) {
    let [th, _] = in_appraisal(app);
    let nobody = "018b88d6-5f80-7000-8000-0000000fffff";
    for (further, code, pointer) in [
        (json!({"ground": "other"}), "text_empty", "/note"),
        (json!({"ground": "other", "note": " "}), "text_empty", "/note"),
        (json!({"member_id": nobody}), "unknown_reference", "/member_id"),
        (json!({"member_id": member(app, "th-head")}), "not_reviewer", "/member_id"),
    ] {
        let refusal = declare(app, "secretary", &th, &further).refused(422, code);
        assert_eq!(refusal.faults(), [(code.to_owned(), pointer.to_owned())], "{further}");
    }
    declare(app, "secretary", &th, &json!({"ground": "own_unit"})).refused(400, "invalid_body");
    declare(app, "secretary", &th, &json!({"reason": "x"})).refused(400, "invalid_body");
    declare(app, "secretary", nobody, &json!({})).refused(404, "not_found");
    app.act("council-chair", &app.period(), "cancel", Some(&json!({"reason": "Sai bảng"}))).expect(200);
    declare(app, "secretary", &th, &json!({})).refused(409, "invalid_state");
}

/// TH and NC tied: the chair declared a conflict about TH, so who presided enters the council's decision.
#[apply(on_both)]
fn who_presided_decides_a_tie_that_the_chair_keeps_away_from(app: &App) {
    let sheets = app.in_council_review(&[("NC", &[]), ("TH", &[])]);
    for sheet in &sheets {
        app.review("secretary", sheet, "council", &[]);
    }
    app.set_clock("2023-11-28T02:00:00.000Z");
    let session = app.closed_session("2023-11-28", 4);
    let presiding = json!({"presiding_member_id": member(app, "kt-council"), "reason": "Chủ trì thay"});
    app.act("secretary", &session, "correct", Some(&presiding)).expect(200);
    let body = json!({"unit_ids": [app.unit_id("TH"), app.unit_id("NC")], "reason": "4/4", "council_session_id": id_of(&session)});
    let decide = |person: &str| app.post(person, &format!("{}/tie-decisions", app.period()), &body);
    decide("kt-council").refused(403, "role_required");
    declare(app, "council-chair", &sheets[1], &json!({})).expect(201);
    recused(&decide("council-chair"), "family");
    decide("kt-council").expect(201);
}

/// Of six, one belongs to TH and one declared a conflict: four may vote on TH, and six on BTCD.
#[apply(on_both)]
fn who_declared_a_conflict_neither_votes_nor_counts(app: &App) {
    let sheets = app.in_council_review(&[("TH", &[])]);
    let me = app.get("admin", "/v1/me").expect(200);
    let thresholds =
        format!("/v1/organizations/{}/vote-thresholds", me["memberships"][0]["organization_id"].as_str().unwrap());
    let half = json!({"thresholds": [{"valid_from_on": "2023-01-01", "numerator": 3, "denominator": 4}]});
    app.request("admin", "PUT", &thresholds).if_match(&app.tag("admin", &thresholds)).json(&half).send().expect(200);
    declare(app, "secretary", &sheets[0], &json!({"member_id": member(app, "nc-council")})).expect(201);
    app.set_clock("2023-11-28T02:00:00.000Z");
    let session = app.closed_session("2023-11-28", 6);
    let vote = |unit: &str, in_favour: i32| json!({"unit_id": app.unit_id(unit), "award_code": "emulation_flag", "in_favour": in_favour, "against": 0, "abstained": 0});
    let correct =
        |votes: Value| app.act("secretary", &session, "correct", Some(&json!({"votes": votes, "reason": "Bổ sung"})));
    correct(json!([vote("TH", 5)])).refused(422, "too_many_votes");
    let votes = correct(json!([vote("TH", 3), vote("BTCD", 4)])).expect(200)["votes"].clone();
    let seen = |at: usize| {
        (
            votes[at]["threshold"]["members"].clone(),
            votes[at]["threshold"]["needed"].clone(),
            votes[at]["passed"].clone(),
        )
    };
    assert_eq!(seen(0), (json!(4), json!(3), json!(true)));
    assert_eq!(seen(1), (json!(6), json!(5), json!(false)));
}

/// A conflict about the sheet of one year says nothing of the next one's.
#[apply(on_both)]
fn a_conflict_is_about_one_period(app: &App) {
    let other = app.new_period(&app.period_like("2023-b"));
    app.act("secretary", &other, "open", None).expect(200);
    let second = app.new_sheet_in(&other, "TH");
    app.write("TH", &second, &[]);
    app.act("th-head", &second, "submit", None).expect(200);
    let first = app.submitted_sheet("TH", &[]);
    app.set_clock(AFTER_THE_GATE);
    declare(app, "appraiser", &first, &json!({})).expect(201);
    recused(&app.get("appraiser", &first), "family");
    app.get("appraiser", &second).expect(200);
    assert_eq!(listed(app, "appraiser", "/v1/submissions", "id"), [json!(id_of(&second))]);
    assert_eq!(listed(app, "appraiser", "/v1/events?types=submission.submitted", "id").len(), 1);
}
