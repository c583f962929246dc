//! The council's votes on awards, with the share of all members that each needs.

use serde_json::{Value, json};

use super::council_sessions::{THE_DAY, attendance, session};
use crate::support::{App, Response, apply, on_both};

fn thresholds_path(app: &App) -> String {
    let me = app.get("admin", "/v1/me").expect(200);
    format!("/v1/organizations/{}/vote-thresholds", me["memberships"][0]["organization_id"].as_str().unwrap())
}

fn threshold(from: &str, award: Option<&str>, percent: i32) -> Value {
    json!({"valid_from_on": from, "award_code": award, "numerator": percent, "denominator": 100})
}

fn set_thresholds(app: &App, person: &str, thresholds: &Value) -> Response {
    let path = thresholds_path(app);
    let tag = app.tag("admin", &path);
    app.request(person, "PUT", &path).if_match(&tag).json(&json!({"thresholds": thresholds})).send()
}

fn vote(app: &App, unit: &str, award: &str, counts: [i32; 3]) -> Value {
    let [in_favour, against, abstained] = counts;
    let unit_id = app.unit_id(unit);
    json!({"unit_id": unit_id, "award_code": award, "in_favour": in_favour, "against": against, "abstained": abstained})
}

fn record(app: &App, path: &str, body: &Value) -> Response {
    let tag = app.tag("secretary", path);
    app.request("secretary", "PATCH", path).if_match(&tag).json(body).send()
}

fn outcome(vote: &Value) -> (Value, Value, Value) {
    (vote["threshold"]["members"].clone(), vote["threshold"]["needed"].clone(), vote["passed"].clone())
}

/// All six of the council are there; one of them belongs to TH, another to NC.
fn held(app: &App) -> String {
    app.in_council_review(&[("TH", &[]), ("NC", &[])]);
    app.set_clock(THE_DAY);
    let path = session(app, "2023-11-28", &attendance(app, 6, 0));
    app.act("secretary", &path, "hold", None).expect(200);
    path
}

/// Five of six may vote on TH: 80 % of five are four. Six may vote on BTCD: 90 % of six are 5.4, so six.
#[apply(on_both)]
fn a_share_of_all_who_may_vote_is_needed(app: &App) {
    let thresholds = json!([
        threshold("2023-01-01", None, 80),
        threshold("2023-01-01", Some("certificate_of_merit"), 90),
        threshold("2024-01-01", None, 100),
    ]);
    assert_eq!(set_thresholds(app, "admin", &thresholds).expect(200)["thresholds"], thresholds);
    let path = held(app);
    let votes = json!([
        vote(app, "TH", "emulation_flag", [4, 1, 0]),
        vote(app, "NC", "emulation_flag", [3, 1, 1]),
        vote(app, "BTCD", "certificate_of_merit", [5, 0, 1]),
    ]);
    let recorded = record(app, &path, &json!({"votes": votes})).expect(200)["votes"].clone();
    assert_eq!(outcome(&recorded[0]), (json!(5), json!(4), json!(true)));
    assert_eq!(outcome(&recorded[1]), (json!(5), json!(4), json!(false)));
    assert_eq!(outcome(&recorded[2]), (json!(6), json!(6), json!(false)));
    assert_eq!(
        (&recorded[0]["threshold"]["numerator"], &recorded[0]["threshold"]["denominator"]),
        (&json!(80), &json!(100))
    );
    // They keep the thresholds that they were recorded with, and stay as they are when the session is closed.
    set_thresholds(app, "admin", &json!([])).expect(200);
    let closed = app.act("council-chair", &path, "close", None).expect(200);
    assert_eq!(closed["votes"], recorded);
    record(app, &path, &json!({"votes": []})).refused(409, "invalid_state");
    // What was counted wrongly is corrected, and what stood is kept. No threshold is set any more.
    let right = json!({"votes": [vote(app, "TH", "emulation_flag", [5, 0, 0])], "reason": "Kiểm phiếu lại"});
    let corrected = app.act("secretary", &path, "correct", Some(&right)).expect(200);
    assert_eq!((&corrected["votes"][0]["threshold"], &corrected["votes"][0]["passed"]), (&Value::Null, &Value::Null));
    assert_eq!(corrected["superseded_records"][0]["votes"], recorded);
}

/// Whoever is against, the ranking is what the points say.
#[apply(on_both)]
fn votes_never_change_the_ranking(app: &App) {
    set_thresholds(app, "admin", &json!([threshold("2023-01-01", None, 100)])).expect(200);
    let path = held(app);
    let ranking = || app.get("secretary", &format!("{}/ranking", app.period())).bytes;
    let before = ranking();
    record(app, &path, &json!({"votes": [vote(app, "TH", "emulation_flag", [0, 5, 0])]})).expect(200);
    app.act("council-chair", &path, "close", None).expect(200);
    assert_eq!(before, ranking());
}

#[apply(on_both)]
fn votes_are_of_the_period_once_and_of_those_who_may_vote(app: &App) {
    let path = held(app);
    let stranger = json!({"unit_id": app.period_id(), "award_code": "emulation_flag", "in_favour": 1, "against": 0, "abstained": 0});
    let flag = |counts| vote(app, "TH", "emulation_flag", counts);
    for (votes, code, pointer) in [
        (json!([stranger]), "unknown_reference", "/votes/0/unit_id"),
        (json!([vote(app, "TH", "medal", [1, 0, 0])]), "unknown_reference", "/votes/0/award_code"),
        (json!([flag([1, 0, 0]), flag([2, 0, 0])]), "duplicate", "/votes/1/award_code"),
        (json!([flag([-1, 0, 0])]), "number_out_of_range", "/votes/0/in_favour"),
        // Six are there, and one of them belongs to TH.
        (json!([flag([4, 1, 1])]), "too_many_votes", "/votes/0"),
        (json!([vote(app, "BTCD", "emulation_flag", [7, 0, 0])]), "too_many_votes", "/votes/0"),
    ] {
        let refusal = record(app, &path, &json!({"votes": votes})).refused(422, code);
        assert_eq!(refusal.faults(), [(code.to_owned(), pointer.to_owned())], "{votes}");
    }
    let refusal = record(app, &path, &json!({"votes": [flag([4, 1, 1])]})).refused(422, "too_many_votes");
    assert_eq!(refusal.json()["errors"][0]["params"], json!({"max": 5, "got": 6}));
    let unknown = json!({"votes": [{"unit_id": app.unit_id("TH"), "award_code": "emulation_flag", "in_favour": 1}]});
    record(app, &path, &unknown).refused(400, "invalid_body");
    for person in ["nc-council", "appraiser", "auditor"] {
        let tag = app.tag(person, &path);
        let body = json!({"votes": []});
        app.request(person, "PATCH", &path).if_match(&tag).json(&body).send().refused(403, "role_required");
    }
}

/// A written opinion is no presence, so it casts no vote. Who leaves the list takes the votes along.
#[apply(on_both)]
fn those_who_are_not_there_cast_no_vote(app: &App) {
    app.in_council_review(&[("TH", &[])]);
    app.set_clock(THE_DAY);
    let path = session(app, "2023-11-28", &attendance(app, 4, 2));
    let four = json!({"votes": [vote(app, "BTCD", "emulation_flag", [4, 0, 0])]});
    let five = json!({"votes": [vote(app, "BTCD", "emulation_flag", [5, 0, 0])]});
    record(app, &path, &five).refused(422, "too_many_votes");
    record(app, &path, &four).expect(200);
    record(app, &path, &json!({"attendance": attendance(app, 3, 0)})).refused(422, "too_many_votes");
    app.act("secretary", &path, "hold", None).expect(200);
    // Once it was held, the attendance stays; the agenda and the votes may still be written.
    record(app, &path, &json!({"attendance": attendance(app, 5, 0)})).refused(409, "invalid_state");
    let agenda = json!([{"unit_ids": [app.unit_id("TH")], "note": "Xét tặng cờ"}]);
    assert_eq!(record(app, &path, &json!({"agenda": agenda})).expect(200)["agenda"], agenda);
    app.act("council-chair", &path, "close", None).expect(200);
    let fewer = json!({"attendance": attendance(app, 3, 0), "reason": "Ghi nhầm"});
    app.act("secretary", &path, "correct", Some(&fewer)).refused(422, "too_many_votes");
}

#[apply(on_both)]
fn the_admin_sets_thresholds_that_can_be(app: &App) {
    let path = thresholds_path(app);
    assert_eq!(app.get("th-head", &path).expect(200), json!({"thresholds": []}));
    for person in ["secretary", "council-chair", "auditor", "operator"] {
        set_thresholds(app, person, &json!([])).refused(403, "role_required");
    }
    set_thresholds(app, "so-khdt-admin", &json!([])).refused(404, "not_found");
    for (thresholds, code, pointer) in [
        (json!([threshold("2023-01-01", None, 101)]), "number_out_of_range", "/thresholds/0/numerator"),
        (json!([threshold("2023-01-01", None, 0)]), "number_out_of_range", "/thresholds/0/numerator"),
        (json!([threshold("1999-01-01", None, 80)]), "implausible_date", "/thresholds/0/valid_from_on"),
        (json!([threshold("2023-01-01", Some("a b"), 80)]), "invalid_code", "/thresholds/0/award_code"),
        (
            json!([threshold("2023-01-01", None, 80), threshold("2023-01-01", None, 90)]),
            "duplicate",
            "/thresholds/1/valid_from_on",
        ),
    ] {
        let refusal = set_thresholds(app, "admin", &thresholds).refused(422, code);
        assert_eq!(refusal.faults(), [(code.to_owned(), pointer.to_owned())], "{thresholds}");
    }
    let untagged = app.request("admin", "PUT", &path).json(&json!({"thresholds": []})).send();
    untagged.refused(428, "precondition_required");
    set_thresholds(app, "admin", &json!([threshold("2023-01-01", None, 80)])).expect(200);
    let entries = app.get("admin", "/v1/audit-entries?action=organization.set_vote_thresholds").expect(200);
    assert_eq!(entries["items"][0]["after"]["vote_thresholds"][0]["numerator"], 80);
}

/// The period's flag is not among the awards of QTTV's group.
#[apply(on_both)]
fn a_vote_is_on_an_award_of_the_units_group(app: &App) {
    let period = app.grouped_period();
    let body = json!({
        "period_id": period.path.rsplit('/').next().unwrap(), "held_on": "2023-11-28", "place": "Phòng họp số 1",
        "attendance": attendance(app, 6, 0),
    });
    let session = app.post("secretary", "/v1/council-sessions", &body).expect(201);
    let path = format!("/v1/council-sessions/{}", session["id"].as_str().unwrap());
    let recorded = |unit: &str, award: &str| record(app, &path, &json!({"votes": [vote(app, unit, award, [1, 0, 0])]}));
    let refused = recorded("QTTV", "flag").refused(422, "unknown_reference");
    assert_eq!(refused.faults(), [("unknown_reference".to_owned(), "/votes/0/award_code".to_owned())]);
    recorded("QTTV", "merit").expect(200);
    recorded("TH", "flag").expect(200);
}
