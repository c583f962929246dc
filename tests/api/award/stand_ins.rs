//! Recusal leaves no record without a way on: who acts where everybody who has an act by role keeps away.

use serde_json::{Value, json};

use crate::support::{App, Response, apply, on_both};

fn id_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

fn member(app: &App, person: &str) -> Value {
    app.get(person, "/v1/me").expect(200)["memberships"][0]["member_id"].clone()
}

/// TH 1000, KT 990 and QTTV 970 are announced on 30 November, after a session over which KT's member of the council presided.
fn announced(app: &App) -> Vec<String> {
    let units = [("TH", &[][..]), ("KT", &[("B.1", r#"{"points":30}"#)]), ("QTTV", &[("B.1", r#"{"points":10}"#)])];
    let sheets = app.in_council_review(&units);
    for ((unit, _), sheet) in units.iter().zip(&sheets) {
        app.review("secretary", sheet, "council", &[]);
        app.good_facts(unit);
    }
    app.set_clock("2023-11-28T02:00:00.000Z");
    let session = app.closed_session("2023-11-28", 4);
    let presiding = json!({"presiding_member_id": member(app, "kt-council"), "reason": "Chủ trì thay"});
    app.act("secretary", &session, "correct", Some(&presiding)).expect(200);
    app.move_period("council-chair", "finalize");
    app.set_clock("2023-11-30T02:00:00.000Z");
    let notice = json!({"notice_number": "1234/TB-VP", "notice_on": "2023-11-30"});
    app.act("secretary", &app.period(), "announce", Some(&notice)).expect(200);
    sheets
}

fn keeps_away(app: &App, person: &str, sheet: &str) {
    app.post(person, "/v1/recusals", &json!({"submission_id": id_of(sheet), "ground": "family"})).expect(201);
}

fn ask(app: &App, person: &str, sheet: &str) -> Response {
    let lines = json!([{"criterion_code": "B.1", "answer": {"points": 35}}]);
    let body = json!({"reason": "Trừ nhầm", "legal_basis": "Công văn số 45/HCTC", "scores": lines});
    app.post(person, &format!("{sheet}/amendments"), &body)
}

fn place(asked: &Value) -> String {
    format!("/v1/amendments/{}", asked["id"].as_str().unwrap())
}

/// An act on a record under the tag that the auditor sees, whoever may see it.
fn try_act(app: &App, person: &str, record: &str, verb: &str, body: Option<&Value>) -> Response {
    let request = app.request(person, "POST", &format!("{record}/{verb}")).if_match(&app.tag("auditor", record));
    match body {
        Some(body) => request.json(body).send(),
        None => request.send(),
    }
}

fn offered(record: &Value, action: &str) -> bool {
    record["allowed_actions"].as_array().unwrap().iter().any(|offer| offer["action"] == action)
}

#[apply(on_both)]
fn who_presided_decides_an_amendment_that_the_chair_keeps_away_from(app: &App) {
    let sheets = announced(app);
    let amendment = place(&ask(app, "secretary", &sheets[2]).expect(201));
    for person in ["kt-council", "nc-council"] {
        app.get(person, &amendment).refused(404, "not_found");
    }
    keeps_away(app, "council-chair", &sheets[2]);
    try_act(app, "council-chair", &amendment, "approve", None).refused(403, "recused");
    app.get("nc-council", &amendment).refused(404, "not_found");
    assert!(offered(&app.get("kt-council", &amendment).expect(200), "approve"));
    let approved = app.act("kt-council", &amendment, "approve", None).expect(200);
    assert_eq!((&approved["status"], &approved["decided_by"]), (&json!("approved"), &member(app, "kt-council")));
}

/// Who asks never decides: the chair asked, and so who presided decides.
#[apply(on_both)]
fn the_chair_asks_where_the_secretary_keeps_away_and_another_decides(app: &App) {
    let sheets = announced(app);
    ask(app, "council-chair", &sheets[2]).refused(403, "role_required");
    assert!(!offered(&app.get("council-chair", &sheets[2]).expect(200), "amend"));
    keeps_away(app, "secretary", &sheets[2]);
    ask(app, "secretary", &sheets[2]).refused(403, "recused");
    ask(app, "kt-council", &sheets[2]).refused(403, "role_required");
    assert!(offered(&app.get("council-chair", &sheets[2]).expect(200), "amend"));
    let amendment = place(&ask(app, "council-chair", &sheets[2]).expect(201));
    app.act("council-chair", &amendment, "approve", None).refused(403, "same_person");
    try_act(app, "secretary", &amendment, "approve", None).refused(403, "recused");
    let rejected = app.act("kt-council", &amendment, "reject", Some(&json!({"reason": "Không có căn cứ"}))).expect(200);
    assert_eq!(rejected["status"], "rejected");
    // Another sheet is the secretary's as before.
    ask(app, "council-chair", &sheets[0]).refused(403, "role_required");
}

#[apply(on_both)]
fn another_secretary_comes_before_the_chair(app: &App) {
    let sheets = announced(app);
    let second = json!({"subject": "thu-ky-2", "display_name": "Thư ký hai", "roles": ["secretary"]});
    let second = app.post("admin", "/v1/members", &second).expect(201);
    let people = app.anonymous("GET", "/v1/sandbox/people").send().expect(200);
    let token = people["items"].as_array().unwrap().iter().find(|person| person["member_id"] == second["id"]);
    let token = token.unwrap()["token"].as_str().unwrap().to_owned();
    keeps_away(app, "secretary", &sheets[2]);
    ask(app, "council-chair", &sheets[2]).refused(403, "role_required");
    let lines = json!([{"criterion_code": "B.1", "answer": {"points": 35}}]);
    let body = json!({"reason": "Trừ nhầm", "legal_basis": "Công văn số 45/HCTC", "scores": lines});
    let asked = app.bearer(&token, "POST", &format!("{}/amendments", sheets[2])).json(&body).send().expect(201);
    app.act("council-chair", &place(&asked), "approve", None).expect(200);
}

/// The proposal of TH is withdrawn by who presided; that of KT, the unit of who presided, by nobody whom recusal keeps away.
#[apply(on_both)]
fn who_presided_withdraws_a_proposal_that_the_chair_keeps_away_from(app: &App) {
    let sheets = announced(app);
    let proposals = app.get("secretary", "/v1/award-proposals").expect(200)["items"].clone();
    let of = |code: &str| {
        let found = proposals.as_array().unwrap().iter().find(|proposal| proposal["unit_code"] == code).unwrap();
        format!("/v1/award-proposals/{}", found["id"].as_str().unwrap())
    };
    let body = json!({"reason": "Đơn vị xin rút", "pass_down": true});
    let withdraw = |person: &str, unit: &str| app.act(person, &of(unit), "withdraw", Some(&body));
    withdraw("kt-council", "TH").refused(403, "role_required");
    keeps_away(app, "council-chair", &sheets[0]);
    keeps_away(app, "council-chair", &sheets[1]);
    let seen = app.get("council-chair", &of("TH")).expect(200);
    assert_eq!((&seen["blocked_actions"][0]["code"], offered(&seen, "withdraw")), (&json!("recused"), false));
    withdraw("council-chair", "TH").refused(403, "recused");
    withdraw("nc-council", "TH").refused(403, "role_required");
    withdraw("kt-council", "KT").refused(403, "recused");
    assert!(offered(&app.get("kt-council", &of("TH")).expect(200), "withdraw"));
    assert_eq!(withdraw("kt-council", "TH").expect(200)["status"], "withdrawn");
}
