//! What happens at once around the end of a year: one result, from what was decided before it.

use serde_json::{Value, json};

use crate::races::slow_to_record;
use crate::support::{App, Response, apply, at_once, on_both};

/// Twice the same act on the period, from one tag.
fn twice(app: &App, verb: &str, body: Option<&Value>) -> Vec<Response> {
    let period = app.period();
    let tag = app.tag("council-chair", &period);
    slow_to_record(app);
    at_once(2, |_| {
        let request = app.request("council-chair", "POST", &format!("{period}/{verb}")).if_match(&tag);
        match body {
            Some(body) => request.json(body).send(),
            None => request.send(),
        }
    })
}

fn answers(responses: &[Response]) -> Vec<(u16, String)> {
    // The code of a period that moved is its own.
    let code = |response: &Response| if response.status == 200 { String::new() } else { response.code() };
    let mut all: Vec<_> = responses.iter().map(|response| (response.status, code(response))).collect();
    all.sort();
    all
}

/// The acts on records of these types since the review began, in the order of the chain.
fn acts(app: &App, actions: &str) -> Vec<String> {
    let entries = app.get("auditor", &format!("/v1/audit-entries?action={actions}&limit=200")).expect(200);
    let action = |entry: &Value| entry["action"].as_str().unwrap().to_owned();
    entries["items"].as_array().unwrap().iter().map(action).collect()
}

/// A result that follows from its inputs, and these from what stands in the tables.
#[track_caller]
fn holds(app: &App) {
    let verified = app.get("auditor", &format!("{}/ranking/verify", app.period())).expect(200);
    assert_eq!(verified["ok"], true, "{verified}");
}

/// TH and KT reviewed, with favourable facts and a closed session.
fn ready(app: &App) {
    let sheets = app.in_council_review(&[("KT", &[]), ("TH", &[])]);
    for (sheet, unit) in sheets.iter().zip(["KT", "TH"]) {
        app.review("secretary", sheet, "council", &[]);
        app.good_facts(unit);
    }
    app.set_clock("2023-11-28T02:00:00.000Z");
}

fn decide(app: &App, session: &str, first: &str, second: &str) -> Response {
    let body = json!({"unit_ids": [app.unit_id(first), app.unit_id(second)], "reason": "Biểu quyết",
        "council_session_id": session.rsplit('/').next().unwrap()});
    app.post("council-chair", &format!("{}/tie-decisions", app.period()), &body)
}

#[apply(on_both)]
fn a_period_is_finalised_once(app: &App) {
    ready(app);
    let session = app.closed_session("2023-11-28", 4);
    decide(app, &session, "TH", "KT").expect(201);
    assert_eq!(answers(&twice(app, "finalize", None)), [(200, String::new()), (412, "version_mismatch".into())]);
    assert_eq!(acts(app, "ranking.freeze,period.finalize"), ["ranking.freeze", "period.finalize"]);
    holds(app);
}

/// One flag and two certificates for three units: two announcements at once make three proposals.
#[apply(on_both)]
fn no_award_is_given_twice(app: &App) {
    app.finalized(&[("TH", &[]), ("KT", &[("B.1", r#"{"points":30}"#)]), ("NC", &[("B.1", r#"{"points":20}"#)])]);
    app.set_clock("2023-11-30T02:00:00.000Z");
    let notice = json!({"notice_number": "1234/TB-VP", "notice_on": "2023-11-30"});
    assert_eq!(
        answers(&twice(app, "announce", Some(&notice))),
        [(200, String::new()), (412, "version_mismatch".into())]
    );
    let proposals = app.get("secretary", "/v1/award-proposals").expect(200)["items"].as_array().unwrap().clone();
    let mut awards: Vec<&str> = proposals.iter().map(|proposal| proposal["award_code"].as_str().unwrap()).collect();
    awards.sort_unstable();
    assert_eq!(awards, ["certificate_of_merit", "certificate_of_merit", "emulation_flag"]);
}

/// The council decides the other way while the chair finalises: what is frozen is the decision that was recorded before.
#[apply(on_both)]
fn a_tie_decision_counts_or_comes_too_late(app: &App) {
    ready(app);
    let session = app.closed_session("2023-11-28", 4);
    decide(app, &session, "TH", "KT").expect(201);
    let period = app.period();
    let tag = app.tag("council-chair", &period);
    slow_to_record(app);
    let responses = at_once(2, |number| match number {
        0 => decide(app, &session, "KT", "TH"),
        _ => app.request("council-chair", "POST", &format!("{period}/finalize")).if_match(&tag).send(),
    });
    let ranking = app.get("secretary", &format!("{period}/ranking")).expect(200);
    let first = &ranking["rows"][0]["unit_code"];
    match (responses[0].status, responses[1].status) {
        (201, 200) => assert_eq!((first, &ranking["status"]), (&json!("KT"), &json!("final"))),
        (409, 200) => {
            assert_eq!((responses[0].code(), first), ("invalid_state".to_owned(), &json!("TH")));
        }
        other => panic!("{other:?}"),
    }
    holds(app);
}

/// Facts that change while the chair finalises: they count, or they are refused.
#[apply(on_both)]
fn facts_count_or_come_too_late(app: &App) {
    ready(app);
    let session = app.closed_session("2023-11-28", 4);
    decide(app, &session, "TH", "KT").expect(201);
    let period = app.period();
    let facts = format!("{period}/facts/{}", app.unit_id("TH"));
    let (of_period, of_facts) = (app.tag("council-chair", &period), app.tag("secretary", &facts));
    let disciplined = json!({"anybody_disciplined": true, "party_cell_rating": "good", "under_inspection": false});
    slow_to_record(app);
    let responses = at_once(2, |number| match number {
        0 => app.request("secretary", "PUT", &facts).if_match(&of_facts).json(&disciplined).send(),
        _ => app.request("council-chair", "POST", &format!("{period}/finalize")).if_match(&of_period).send(),
    });
    let ranking = app.get("secretary", &format!("{period}/ranking")).expect(200);
    let flag = ranking["rows"].as_array().unwrap().iter().find(|row| row["award_code"] == "emulation_flag").unwrap();
    match (responses[0].status, responses[1].status) {
        (200, 200) => assert_eq!(flag["unit_code"], "KT"),
        (409, 200) => {
            assert_eq!((responses[0].code(), &flag["unit_code"]), ("invalid_state".to_owned(), &json!("TH")));
        }
        other => panic!("{other:?}"),
    }
    holds(app);
}

/// Asks for an amendment of B.1 and gives its path.
fn asked(app: &App, sheet: &str, points: i64) -> String {
    let lines = json!([{"criterion_code": "B.1", "answer": {"points": points}}]);
    let body = json!({"reason": "Trừ nhầm", "legal_basis": "Công văn số 45/HCTC", "scores": lines});
    let asked = app.post("secretary", &format!("{sheet}/amendments"), &body).expect(201);
    format!("/v1/amendments/{}", asked["id"].as_str().unwrap())
}

/// Acts of the chair on records, all at once, each under the tag of before.
fn at_the_same_time(app: &App, acts: &[(&str, &str, Option<Value>)]) -> Vec<Response> {
    let tags: Vec<String> = acts.iter().map(|(record, ..)| app.tag("council-chair", record)).collect();
    slow_to_record(app);
    at_once(acts.len(), |number| {
        let (record, verb, body) = &acts[number];
        let request = app.request("council-chair", "POST", &format!("{record}/{verb}")).if_match(&tags[number]);
        match body {
            Some(body) => request.json(body).send(),
            None => request.send(),
        }
    })
}

/// Total of a unit in the ranking that was frozen last.
fn frozen_total(app: &App, version: usize, unit: &str) -> Value {
    let ranking = app.get("secretary", &format!("{}/ranking?version={version}", app.period())).expect(200);
    let row = ranking["rows"].as_array().unwrap().iter().find(|row| row["unit_code"] == unit).unwrap();
    row["total"].clone()
}

#[apply(on_both)]
fn an_amendment_is_approved_once(app: &App) {
    let sheets = app.announced(&[("TH", &[]), ("KT", &[("B.1", r#"{"points":30}"#)])]);
    let amendment = asked(app, &sheets[1], 20);
    let responses = at_the_same_time(app, &[(&amendment, "approve", None), (&amendment, "approve", None)]);
    assert_eq!(answers(&responses), [(200, String::new()), (412, "version_mismatch".into())]);
    assert_eq!(acts(app, "amendment.approve").len(), 1);
    holds(app);
}

/// Two amendments of two sheets: the second ranking that is frozen has both.
#[apply(on_both)]
fn two_amendments_count_both(app: &App) {
    let sheets = app.announced(&[("TH", &[]), ("KT", &[("B.1", r#"{"points":30}"#)])]);
    let (of_th, of_kt) = (asked(app, &sheets[0], 39), asked(app, &sheets[1], 20));
    let responses = at_the_same_time(app, &[(&of_th, "approve", None), (&of_kt, "approve", None)]);
    assert_eq!(answers(&responses), [(200, String::new()), (200, String::new())]);
    assert_eq!((frozen_total(app, 3, "TH"), frozen_total(app, 3, "KT")), (json!(999), json!(980)));
    holds(app);
}

/// An amendment that is approved while the result steps back counts in the result, which then no longer steps back as it was
/// seen; or it comes too late.
#[apply(on_both)]
fn an_amendment_counts_or_its_result_has_stepped_back(app: &App) {
    let sheets = app.finalized(&[("TH", &[]), ("KT", &[("B.1", r#"{"points":30}"#)])]);
    let (amendment, period) = (asked(app, &sheets[1], 20), app.period());
    let back = Some(json!({"reason": "Chốt nhầm"}));
    let responses = at_the_same_time(app, &[(&amendment, "approve", None), (&period, "step-back", back)]);
    let status = app.get("secretary", &period).expect(200)["status"].clone();
    match (responses[0].status, responses[1].status) {
        (200, 412) => assert_eq!((status, frozen_total(app, 2, "KT")), (json!("finalized"), json!(980))),
        (409, 200) => assert_eq!((responses[0].code().as_str(), status), ("invalid_state", json!("council_review"))),
        other => panic!("{other:?}"),
    }
}

/// A proposal that is withdrawn while the amended result is announced: one of both saw another result than the one that stands,
/// or the withdrawal follows the announcement.
#[apply(on_both)]
fn a_withdrawal_and_an_announcement_agree(app: &App) {
    let sheets = app.announced(&[
        ("TH", &[]),
        ("KT", &[("B.1", r#"{"points":30}"#)]),
        ("NC", &[("B.1", r#"{"points":20}"#)]),
        ("QTTV", &[("B.1", r#"{"points":10}"#)]),
    ]);
    let amendment = asked(app, &sheets[2], 21);
    app.act("council-chair", &amendment, "approve", None).expect(200);
    let (proposal, period) = (app.first_proposal(), app.period());
    let unit = app.get("secretary", &proposal).expect(200)["unit_id"].clone();
    let withdrawal = Some(json!({"reason": "Đơn vị xin rút", "pass_down": true}));
    let notice = Some(json!({"notice_number": "1250/TB-VP", "notice_on": "2023-11-30"}));
    let responses = at_the_same_time(app, &[(&proposal, "withdraw", withdrawal), (&period, "announce", notice)]);
    let listed = app.get("secretary", "/v1/award-proposals").expect(200)["items"].as_array().unwrap().clone();
    let is_open = |proposal: &&Value| proposal["status"] != "withdrawn";
    let theirs = listed.iter().filter(is_open).filter(|proposal| proposal["unit_id"] == unit).count();
    match (responses[0].status, responses[1].status) {
        (200, 200 | 412) => assert_eq!(theirs, 0),
        (412, 200) => assert_eq!(theirs, 1),
        other => panic!("{other:?} {:?} {:?}", responses[0].code(), responses[1].code()),
    }
    holds(app);
}

/// A session that is closed while the chair finalises was closed in the review, or stays as it was held.
#[apply(on_both)]
fn a_session_is_closed_before_the_end_or_not_at_all(app: &App) {
    ready(app);
    let session = app.closed_session("2023-11-28", 4);
    decide(app, &session, "TH", "KT").expect(201);
    let attendance: Vec<Value> =
        app.council().iter().map(|(_, id)| json!({"member_id": id, "present": true})).collect();
    let body = json!({"period_id": app.period_id(), "held_on": "2023-11-28", "place": "Phòng họp số 2", "attendance": attendance});
    let second = app.post("secretary", "/v1/council-sessions", &body).expect(201);
    let second = format!("/v1/council-sessions/{}", second["id"].as_str().unwrap());
    app.act("secretary", &second, "hold", None).expect(200);
    let period = app.period();
    let (of_period, of_session) = (app.tag("council-chair", &period), app.tag("council-chair", &second));
    slow_to_record(app);
    let responses = at_once(2, |number| match number {
        0 => app.request("council-chair", "POST", &format!("{second}/close")).if_match(&of_session).send(),
        _ => app.request("council-chair", "POST", &format!("{period}/finalize")).if_match(&of_period).send(),
    });
    let acts = acts(app, "council_session.close,period.finalize");
    let status = app.get("secretary", &second).expect(200)["status"].clone();
    match (responses[0].status, responses[1].status) {
        (200, 200) => {
            assert_eq!(acts, ["council_session.close", "council_session.close", "period.finalize"]);
            assert_eq!(status, "closed");
        }
        (409, 200) => {
            assert_eq!((responses[0].code(), acts.len(), status), ("invalid_state".to_owned(), 2, json!("held")));
        }
        other => panic!("{other:?}"),
    }
    holds(app);
}
