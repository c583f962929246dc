//! A proposal that must not go on, and where its award goes.

use serde_json::{Value, json};

use crate::support::{App, Response, apply, on_both};

/// TH 1000, KT 990, NC 980, QTTV 970 and BTCD 970: the flag to TH, certificates to KT and NC.
fn announced(app: &App, last: &str) {
    app.announced(&[
        ("TH", &[]),
        ("KT", &[("B.1", r#"{"points":30}"#)]),
        ("NC", &[("B.1", r#"{"points":20}"#)]),
        ("QTTV", &[("B.1", r#"{"points":10}"#)]),
        ("BTCD", &[("B.1", last)]),
    ]);
}

fn proposal_of(app: &App, unit: &str) -> Vec<Value> {
    let unit = app.unit_id(unit);
    let listed = app.get("secretary", "/v1/award-proposals?limit=200").expect(200);
    let theirs = listed["items"].as_array().unwrap().iter().filter(|proposal| proposal["unit_id"] == unit.as_str());
    theirs.cloned().collect()
}

/// The path of a unit's proposal that goes on.
fn open_proposal(app: &App, unit: &str) -> String {
    let open = proposal_of(app, unit).into_iter().find(|proposal| proposal["status"] != "withdrawn").unwrap();
    format!("/v1/award-proposals/{}", open["id"].as_str().unwrap())
}

fn withdraw(app: &App, proposal: &str, pass_down: bool) -> Response {
    let body = json!({"reason": "Đơn vị xin rút", "pass_down": pass_down});
    app.act("council-chair", proposal, "withdraw", Some(&body))
}

/// Award and state of a unit's proposals.
fn awards(app: &App, unit: &str) -> Vec<(Value, Value)> {
    let mut found: Vec<(Value, Value)> = proposal_of(app, unit)
        .into_iter()
        .map(|proposal| (proposal["award_code"].clone(), proposal["status"].clone()))
        .collect();
    found.sort_by_key(|(award, _)| award.to_string());
    found
}

fn one(award: &str, status: &str) -> Vec<(Value, Value)> {
    vec![(json!(award), json!(status))]
}

/// NC withdraws: QTTV, the next in rank, has the certificate, due as the notice of 30 November says.
#[apply(on_both)]
fn the_next_eligible_unit_takes_the_award(app: &App) {
    announced(app, r#"{"points":5}"#);
    let ended = withdraw(app, &open_proposal(app, "NC"), true).expect(200);
    assert_eq!((&ended["status"], &ended["withdraw_reason"]), (&json!("withdrawn"), &json!("Đơn vị xin rút")));
    assert_eq!(ended["allowed_actions"], json!([]));
    assert_eq!(awards(app, "QTTV"), one("certificate_of_merit", "draft"));
    let next = app.get("secretary", &open_proposal(app, "QTTV")).expect(200);
    assert_eq!((&next["dossier"]["due_on"], &next["rank"]), (&json!("2023-12-07"), &json!(4)));
    let ranking = app.get("nc-head", &format!("{}/ranking", app.period())).expect(200);
    assert_eq!((&ranking["status"], &ranking["version"]), (&json!("announced"), &json!(2)));
    assert_eq!(app.get("secretary", &format!("{}/ranking/verify", app.period())).expect(200)["ok"], true);
    // Its deadline holds nobody up, and the period can be closed without it.
    let unit = app.unit_id("NC");
    let deadlines = app.get("secretary", &format!("/v1/deadlines?kind=dossier&unit_id={unit}")).expect(200);
    assert_eq!(deadlines["items"][0]["status"], "waived");
    let refused = app.act("secretary", &app.period(), "close", None).refused(409, "guard_failed");
    assert_eq!(refused.units_named("proposal_undecided").len(), 3);
}

/// TH gives the flag back: KT has it, and its certificate goes on to QTTV.
#[apply(on_both)]
fn the_awards_after_it_move_up(app: &App) {
    announced(app, r#"{"points":5}"#);
    withdraw(app, &open_proposal(app, "TH"), true).expect(200);
    assert_eq!(awards(app, "TH"), one("emulation_flag", "withdrawn"));
    let both = [one("certificate_of_merit", "withdrawn"), one("emulation_flag", "draft")].concat();
    assert_eq!(awards(app, "KT"), both);
    assert_eq!(awards(app, "NC"), one("certificate_of_merit", "draft"));
    assert_eq!(awards(app, "QTTV"), one("certificate_of_merit", "draft"));
    let deadlines =
        app.get("secretary", &format!("/v1/deadlines?kind=dossier&unit_id={}", app.unit_id("KT"))).expect(200);
    assert_eq!(
        (&deadlines["items"][0]["status"], &deadlines["items"][0]["due_on"]),
        (&json!("due_soon"), &json!("2023-12-07"))
    );
}

#[apply(on_both)]
fn an_award_that_is_not_passed_down_stays_vacant(app: &App) {
    announced(app, r#"{"points":5}"#);
    withdraw(app, &open_proposal(app, "TH"), false).expect(200);
    assert_eq!(awards(app, "KT"), one("certificate_of_merit", "draft"));
    assert_eq!(awards(app, "QTTV"), Vec::new());
    assert_eq!(app.get("secretary", &format!("{}/ranking/verify", app.period())).expect(200)["ok"], true);
}

/// KT's certificate is approved: the flag cannot pass to it until that decision is corrected.
#[apply(on_both)]
fn an_approved_award_does_not_move(app: &App) {
    announced(app, r#"{"points":5}"#);
    let certificate = open_proposal(app, "KT");
    app.complete_dossier(&certificate);
    app.act("secretary", &certificate, "submit", None).expect(200);
    let granted = json!({"outcome": "approved", "decision_number": "3456/QĐ-UBND", "decided_on": "2023-11-30"});
    app.act("secretary", &certificate, "record-decision", Some(&granted)).expect(200);
    let flag = open_proposal(app, "TH");
    let refused = withdraw(app, &flag, true).refused(409, "guard_failed");
    assert_eq!(refused.units_named("proposal_decided"), ["KT"]);
    // Nothing has changed.
    assert_eq!(awards(app, "TH"), one("emulation_flag", "draft"));
    assert_eq!(app.get("secretary", &format!("{}/ranking", app.period())).expect(200)["version"], 1);
    withdraw(app, &certificate, true).refused(409, "invalid_state");
    withdraw(app, &flag, false).expect(200);
}

/// QTTV and BTCD share the fourth place: who takes NC's certificate is the council's to decide.
#[apply(on_both)]
fn a_tie_for_the_award_is_decided_first(app: &App) {
    announced(app, r#"{"points":10}"#);
    withdraw(app, &open_proposal(app, "NC"), true).expect(200);
    let ranking = app.get("secretary", &format!("{}/ranking", app.period())).expect(200);
    assert_eq!((&ranking["status"], &ranking["latest_version"]), (&json!("stale"), &json!(2)));
    assert_eq!((awards(app, "QTTV"), awards(app, "BTCD")), (Vec::new(), Vec::new()));
    let session = app.closed_session("2023-11-30", 4);
    let decision = json!({"unit_ids": [app.unit_id("BTCD"), app.unit_id("QTTV")], "reason": "Biểu quyết 4/4",
        "council_session_id": session.rsplit('/').next().unwrap()});
    app.post("council-chair", &format!("{}/tie-decisions", app.period()), &decision).expect(201);
    let notice = json!({"notice_number": "1250/TB-VP", "notice_on": "2023-11-30"});
    app.act("secretary", &app.period(), "announce", Some(&notice)).expect(200);
    assert_eq!(awards(app, "BTCD"), one("certificate_of_merit", "draft"));
    assert_eq!(awards(app, "QTTV"), Vec::new());
    assert_eq!(app.get("secretary", &format!("{}/ranking/verify", app.period())).expect(200)["ok"], true);
}

#[apply(on_both)]
fn the_chair_withdraws_with_a_reason(app: &App) {
    announced(app, r#"{"points":5}"#);
    let proposal = open_proposal(app, "NC");
    let body = json!({"reason": "x", "pass_down": true});
    for (person, status, code) in
        [("secretary", 403, "role_required"), ("nc-head", 403, "role_required"), ("th-head", 404, "not_found")]
    {
        let tag = app.tag("secretary", &proposal);
        let asked = app.request(person, "POST", &format!("{proposal}/withdraw")).if_match(&tag);
        asked.json(&body).send().refused(status, code);
    }
    let silent = json!({"reason": " ", "pass_down": true});
    app.act("council-chair", &proposal, "withdraw", Some(&silent)).refused(422, "text_empty");
}

/// A unit's awards over the years, and an award's units.
#[apply(on_both)]
fn proposals_are_found_by_unit_award_and_year(app: &App) {
    announced(app, r#"{"points":5}"#);
    withdraw(app, &open_proposal(app, "TH"), true).expect(200);
    let count = |query: &str| {
        app.get("secretary", &format!("/v1/award-proposals?{query}")).expect(200)["items"].as_array().unwrap().len()
    };
    let kt = app.unit_id("KT");
    assert_eq!(count(&format!("unit_id={kt}")), 2);
    assert_eq!(count(&format!("unit_id={kt}&award_code=emulation_flag")), 1);
    assert_eq!(count(&format!("unit_id={kt},{}", app.unit_id("NC"))), 3);
    assert_eq!((count("award_code=emulation_flag"), count("award_code=certificate_of_merit,emulation_flag")), (2, 5));
    assert_eq!((count("year=2023"), count("year=2022,2024")), (5, 0));
    let ended = app.get("secretary", "/v1/award-proposals?status=withdrawn").expect(200);
    let passed: Vec<Value> = ended["items"].as_array().unwrap().iter().map(|proposal| {
        app.get("secretary", &format!("/v1/award-proposals/{}", proposal["id"].as_str().unwrap())).expect(200)["pass_down"].clone()
    }).collect();
    assert!(passed.contains(&json!(true)) && passed.contains(&Value::Null), "{passed:?}");
}
