//! What is changed once the result is final: by whom, when it shows, and what follows from it.

use serde_json::{Value, json};

use crate::support::year::lines;
use crate::support::{App, Response, apply, on_both};

fn id_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

/// TH 1000, KT 990, NC 980 and QTTV 970 are announced on 30 November: the flag to TH, certificates to KT and NC.
fn announced(app: &App) -> Vec<String> {
    app.announced(&[
        ("TH", &[]),
        ("KT", &[("B.1", r#"{"points":30}"#)]),
        ("NC", &[("B.1", r#"{"points":20}"#)]),
        ("QTTV", &[("B.1", r#"{"points":10}"#)]),
    ])
}

/// An amendment of one line.
fn line(code: &str, points: i64) -> Value {
    json!({
        "reason": "Trừ nhầm", "legal_basis": "Công văn số 45/HCTC",
        "scores": [{"criterion_code": code, "answer": {"points": points}}],
    })
}

fn ask(app: &App, sheet: &str, body: &Value) -> Response {
    app.post("secretary", &format!("{sheet}/amendments"), body)
}

/// Asks for an amendment and gives its path.
fn asked(app: &App, sheet: &str, body: &Value) -> String {
    format!("/v1/amendments/{}", ask(app, sheet, body).expect(201)["id"].as_str().unwrap())
}

fn approved(app: &App, sheet: &str, body: &Value) -> Value {
    app.act("council-chair", &asked(app, sheet, body), "approve", None).expect(200)
}

fn ranking(app: &App, person: &str, query: &str) -> Value {
    app.get(person, &format!("{}/ranking{query}", app.period())).expect(200)
}

/// Rank, total and award of the units that have a result.
fn places(ranking: &Value) -> Vec<(String, Value, Value, Value)> {
    let rows = ranking["rows"].as_array().unwrap().iter().filter(|row| !row["rank"].is_null());
    rows.map(|row| {
        let code = row["unit_code"].as_str().unwrap().to_owned();
        (code, row["rank"].clone(), row["total"].clone(), row["award_code"].clone())
    })
    .collect()
}

fn announce(app: &App, number: &str, on: &str) -> Response {
    let notice = json!({"notice_number": number, "notice_on": on});
    app.act("secretary", &app.period(), "announce", Some(&notice))
}

/// Unit, award and state of the proposals, by unit.
fn proposals(app: &App) -> Vec<(String, String, String)> {
    let listed = app.get("secretary", "/v1/award-proposals?limit=200").expect(200);
    let units: Vec<(String, String)> =
        ["TH", "KT", "NC", "QTTV"].iter().map(|code| (app.unit_id(code), (*code).to_owned())).collect();
    let mut found: Vec<(String, String, String)> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|proposal| {
            let unit = units.iter().find(|(id, _)| proposal["unit_id"] == id.as_str()).unwrap().1.clone();
            let text = |name: &str| proposal[name].as_str().unwrap().to_owned();
            (unit, text("award_code"), text("status"))
        })
        .collect();
    found.sort();
    found
}

fn texts(rows: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
    rows.iter().map(|(unit, award, status)| ((*unit).into(), (*award).into(), (*status).into())).collect()
}

/// QTTV gets back 25 of the 30 that B.1 lost it: 995, the second place. The old result stands, as stale, until the new
/// notice; then NC's certificate is withdrawn and QTTV has one, due five working days after Friday 8 December.
#[apply(on_both)]
fn an_amended_result_is_announced_again(app: &App) {
    let sheets = announced(app);
    app.set_clock("2023-12-06T02:00:00.000Z");
    let amendment = asked(app, &sheets[3], &line("B.1", 35));
    let shown = app.get("secretary", &amendment).expect(200);
    assert_eq!((&shown["totals_before"]["total"], &shown["totals_after"]["total"]), (&json!(970), &json!(995)));
    assert_eq!((&shown["scores"][0]["was_points"], &shown["scores"][0]["points"]), (&json!(10), &json!(35)));
    assert_eq!(ranking(app, "secretary", "")["status"], "announced");
    let tags = [app.tag("qttv-head", &sheets[3]), app.tag("qttv-head", &app.period())];
    let decided = app.act("council-chair", &amendment, "approve", None).expect(200);
    assert_eq!((&decided["status"], &decided["ranking_version"]), (&json!("approved"), &json!(2)));
    assert_eq!(decided["published_at"], Value::Null);
    // The announced result stands, and says that it is stale.
    for person in ["secretary", "qttv-head"] {
        let old = ranking(app, person, "");
        assert_eq!((&old["status"], &old["version"]), (&json!("stale"), &json!(1)), "{person}");
        assert_eq!(places(&old)[3], ("QTTV".into(), json!(4), json!(970), Value::Null));
    }
    assert_eq!(ranking(app, "qttv-head", "")["latest_version"], Value::Null);
    assert_eq!(ranking(app, "secretary", "")["latest_version"], 2);
    app.get("qttv-head", &format!("{}/ranking?version=2", app.period())).refused(404, "not_found");
    let next = ranking(app, "secretary", "?version=2");
    assert_eq!(
        (&next["status"], &places(&next)[1]),
        (&json!("final"), &("QTTV".into(), json!(2), json!(995), json!("certificate_of_merit")))
    );
    // The unit's sheet shows what was announced, down to its tag.
    assert_eq!(app.get("qttv-head", &sheets[3]).expect(200)["totals"]["final"]["total"], 970);
    assert_eq!(app.tag("qttv-head", &sheets[3]), tags[0]);
    // Stale proposals wait.
    let open = app.first_proposal();
    assert_eq!(app.get("secretary", &open).expect(200)["stale"], true);
    app.complete_dossier(&open);
    app.act("secretary", &open, "submit", None).refused(409, "proposal_stale");
    // A notice of a day before the approval is not of this result.
    announce(app, "1250/TB-VP", "2023-12-05").refused(422, "notice_before_session");
    app.set_clock("2023-12-08T02:00:00.000Z");
    let again = announce(app, "1250/TB-VP", "2023-12-08").expect(200);
    assert_eq!(again["superseded_notices"][0]["number"], "1234/TB-VP");
    assert_eq!(again["superseded_notices"][0]["superseded_reason"], "Trừ nhầm");
    let new = ranking(app, "qttv-head", "");
    assert_eq!((&new["status"], &new["version"]), (&json!("announced"), &json!(2)));
    assert_eq!(app.get("secretary", &format!("{}/ranking/verify", app.period())).expect(200)["ok"], true);
    assert_eq!(
        proposals(app),
        texts(&[
            ("KT", "certificate_of_merit", "draft"),
            ("NC", "certificate_of_merit", "withdrawn"),
            ("QTTV", "certificate_of_merit", "draft"),
            ("TH", "emulation_flag", "draft"),
        ])
    );
    let sheet = app.get("qttv-head", &sheets[3]).expect(200);
    assert_eq!(
        (&sheet["totals"]["final"]["total"], &sheet["totals"]["appraisal"]["total"]),
        (&json!(995), &json!(970))
    );
    assert_eq!((&sheet["revision"], &sheet["status"]), (&json!(2), &json!("finalized")));
    let listed = app.get("secretary", "/v1/award-proposals?limit=200").expect(200);
    let unit = app.unit_id("QTTV");
    let theirs = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|proposal| proposal["unit_id"] == unit.as_str())
        .unwrap()
        .clone();
    let dossier = app.get("secretary", &format!("/v1/award-proposals/{}", theirs["id"].as_str().unwrap())).expect(200);
    assert_eq!(dossier["dossier"]["due_on"], "2023-12-15");
    // A correction leaves the notice after the approval that it tells of.
    let correct = |on: &str| {
        let body = json!({"notice_number": "1250/TB-VP", "notice_on": on, "reason": "Ghi nhầm ngày"});
        app.act("council-chair", &app.period(), "correct-notice", Some(&body))
    };
    correct("2023-12-05").refused(422, "notice_before_session");
    correct("2023-12-06").expect(200);
    // The reviews of the council stand side by side, for those who may see both.
    let reviews = app.get("council-chair", &format!("/v1/reviews?submission_id={}", id_of(&sheets[3]))).expect(200);
    let council: Vec<&Value> =
        reviews["items"].as_array().unwrap().iter().filter(|review| review["stage"] == "council").collect();
    assert_eq!((council.len(), &council[0]["superseded_by_id"]), (2, &council[1]["id"]));
    app.act("secretary", &open, "submit", None).expect(200);
}

/// Before the announcement the sheet has its amended result at once, and the first notice publishes it.
#[apply(on_both)]
fn an_amendment_before_the_announcement_counts_at_once(app: &App) {
    let sheets = app.finalized(&[("TH", &[]), ("KT", &[("B.1", r#"{"points":30}"#)])]);
    app.set_clock("2023-11-29T02:00:00.000Z");
    let decided = approved(app, &sheets[1], &line("B.2", 20));
    assert_eq!(
        (&decided["ranking_version"], &decided["published_at"]),
        (&json!(2), &json!("2023-11-29T02:00:00.000Z"))
    );
    let now = ranking(app, "secretary", "");
    assert_eq!((&now["status"], &now["version"], &places(&now)[1].2), (&json!("final"), &json!(2), &json!(980)));
    assert_eq!(app.get("secretary", &format!("{}/ranking/verify", app.period())).expect(200)["ok"], true);
    app.set_clock("2023-11-30T02:00:00.000Z");
    announce(app, "1234/TB-VP", "2023-11-28").refused(422, "notice_before_session");
    announce(app, "1234/TB-VP", "2023-11-29").expect(200);
    assert_eq!(ranking(app, "kt-head", "")["version"], 2);
}

/// TH was disciplined, as turns out: it keeps its rank, and the flag goes to KT, the certificates to NC and QTTV.
#[apply(on_both)]
fn wrong_facts_are_amended_too(app: &App) {
    let sheets = announced(app);
    let facts = json!({
        "reason": "Có công chức bị kỷ luật", "legal_basis": "Quyết định số 7/QĐ-SNV",
        "facts": {"anybody_disciplined": true, "party_cell_rating": "good", "under_inspection": false},
    });
    approved(app, &sheets[0], &facts);
    announce(app, "1250/TB-VP", "2023-11-30").expect(200);
    let new = ranking(app, "secretary", "");
    assert_eq!(places(&new)[0], ("TH".into(), json!(1), json!(1000), Value::Null));
    assert_eq!(
        proposals(app),
        texts(&[
            ("KT", "certificate_of_merit", "withdrawn"),
            ("KT", "emulation_flag", "draft"),
            ("NC", "certificate_of_merit", "draft"),
            ("QTTV", "certificate_of_merit", "draft"),
            ("TH", "emulation_flag", "withdrawn"),
        ])
    );
    let facts = app.get("secretary", &format!("{}/facts/{}", app.period(), app.unit_id("TH"))).expect(200);
    assert_eq!(facts["anybody_disciplined"], true);
    assert_eq!(app.get("secretary", &format!("{}/ranking/verify", app.period())).expect(200)["ok"], true);
    // A second amendment of the same sheet follows the first one.
    approved(app, &sheets[0], &line("B.1", 39));
    announce(app, "1251/TB-VP", "2023-11-30").expect(200);
    assert_eq!(places(&ranking(app, "th-head", ""))[0].2, json!(999));
}

/// KT's certificate was approved and is granted no longer: its decision is corrected first.
#[apply(on_both)]
fn an_approved_award_is_not_taken_away_in_silence(app: &App) {
    let sheets = announced(app);
    let kt = app.unit_id("KT");
    let listed = app.get("secretary", "/v1/award-proposals?limit=200").expect(200);
    let proposal =
        listed["items"].as_array().unwrap().iter().find(|proposal| proposal["unit_id"] == kt.as_str()).unwrap();
    let proposal = format!("/v1/award-proposals/{}", proposal["id"].as_str().unwrap());
    app.complete_dossier(&proposal);
    app.act("secretary", &proposal, "submit", None).expect(200);
    let granted = json!({"outcome": "approved", "decision_number": "3456/QĐ-UBND", "decided_on": "2023-11-30"});
    app.act("secretary", &proposal, "record-decision", Some(&granted)).expect(200);
    approved(app, &sheets[1], &line("B.1", 5));
    let refused = announce(app, "1250/TB-VP", "2023-11-30").refused(409, "guard_failed");
    assert_eq!(refused.units_named("proposal_decided"), ["KT"]);
    let declined = json!({"outcome": "declined", "decision_number": null, "decided_on": null,
        "decision_reason": "Không còn đủ điều kiện", "reason": "Kết quả được điều chỉnh"});
    app.act("secretary", &proposal, "correct-decision", Some(&declined)).expect(200);
    announce(app, "1250/TB-VP", "2023-11-30").expect(200);
    let ended = app.get("secretary", &proposal).expect(200);
    assert_eq!((&ended["status"], &ended["withdraw_reason"]), (&json!("withdrawn"), &json!("Trừ nhầm")));
    assert_eq!(ended["superseded_decisions"].as_array().unwrap().len(), 2);
}

/// KT comes up to TH's 1000: the council meets again, decides the tie, and the result is announced with it.
#[apply(on_both)]
fn a_tie_that_an_amendment_makes_is_decided_in_a_new_session(app: &App) {
    let sheets = announced(app);
    app.set_clock("2023-12-01T02:00:00.000Z");
    approved(app, &sheets[1], &line("B.1", 40));
    let refused = announce(app, "1250/TB-VP", "2023-12-01").refused(409, "guard_failed");
    assert_eq!(refused.faults()[0].0, "unresolved_tie");
    let session = app.closed_session("2023-12-01", 4);
    let decision = json!({"unit_ids": [app.unit_id("KT"), app.unit_id("TH")], "reason": "Biểu quyết 4/4",
        "council_session_id": id_of(&session)});
    app.post("council-chair", &format!("{}/tie-decisions", app.period()), &decision).expect(201);
    announce(app, "1250/TB-VP", "2023-12-01").expect(200);
    let new = ranking(app, "secretary", "");
    assert_eq!(
        (&new["version"], &places(&new)[0].0, &places(&new)[0].3),
        (&json!(3), &"KT".to_owned(), &json!("emulation_flag"))
    );
    assert_eq!(app.get("secretary", &format!("{}/ranking/verify", app.period())).expect(200)["ok"], true);
    // The council is not called again for nothing.
    let again = json!({"period_id": app.period_id(), "held_on": "2023-12-01", "place": "Phòng họp số 1"});
    app.post("secretary", "/v1/council-sessions", &again).refused(409, "invalid_state");
}

#[apply(on_both)]
fn one_asks_and_another_decides(app: &App) {
    let sheets = announced(app);
    for (person, status, code) in [
        ("council-chair", 403, "role_required"),
        ("hctc-appraiser", 403, "role_required"),
        ("qttv-head", 403, "role_required"),
        ("admin", 404, "not_found"),
        ("auditor", 403, "role_required"),
    ] {
        app.post(person, &format!("{}/amendments", sheets[3]), &line("B.1", 35)).refused(status, code);
    }
    let amendment = asked(app, &sheets[3], &line("B.1", 35));
    ask(app, &sheets[3], &line("B.1", 36)).refused(409, "already_exists");
    for person in ["secretary", "auditor"] {
        app.act(person, &amendment, "approve", None).refused(403, "role_required");
    }
    for person in ["qttv-head", "admin", "nc-council"] {
        app.get(person, &amendment).refused(404, "not_found");
        app.get(person, "/v1/amendments").refused(403, "role_required");
    }
    let why = json!({"reason": "Không có căn cứ"});
    let rejected = app.act("council-chair", &amendment, "reject", Some(&why)).expect(200);
    assert_eq!((&rejected["status"], &rejected["decision_reason"]), (&json!("rejected"), &why["reason"]));
    for verb in ["approve", "reject"] {
        let body = (verb == "reject").then_some(&why);
        app.act("council-chair", &amendment, verb, body).refused(409, "invalid_state");
    }
    assert_eq!(ranking(app, "secretary", "")["status"], "announced");
    let listed = app.get("auditor", "/v1/amendments?status=rejected").expect(200);
    assert_eq!((listed["items"].as_array().unwrap().len(), &listed["items"][0]["unit_code"]), (1, &json!("QTTV")));
    asked(app, &sheets[3], &line("B.1", 35));
}

/// QTTV's sheet lay in another tray on 10 November, and the announced ranking has it as missed. It gets its 995 and the second
/// place, and stays a sheet that its unit never sent.
#[apply(on_both)]
fn a_missed_sheet_is_given_its_result(app: &App) {
    let missed = app.new_sheet("QTTV");
    app.write("QTTV", &missed, &[("B.1", r#"{"points":1}"#)]);
    let sheets = app.finalized(&[("TH", &[]), ("KT", &[("B.1", r#"{"points":30}"#)])]);
    let mut body = lines(&[("B.1", r#"{"points":35}"#)]);
    (body["reason"], body["legal_basis"]) = (json!("Phiếu đã nộp đúng hạn"), json!("Biên bản số 9"));
    // Until the announcement, a step back and an extension are the way.
    ask(app, &missed, &body).refused(409, "invalid_state");
    app.set_clock("2023-11-30T02:00:00.000Z");
    announce(app, "1234/TB-VP", "2023-11-30").expect(200);
    let row = |app: &App| {
        let rows = ranking(app, "secretary", "");
        rows["rows"].as_array().unwrap().iter().find(|row| row["unit_code"] == "QTTV").unwrap().clone()
    };
    assert_eq!((&row(app)["rank"], &row(app)["ineligible_reasons"]), (&Value::Null, &json!(["missed"])));
    // Whoever says one line says all: the council has none.
    assert_eq!(ask(app, &missed, &line("B.1", 35)).refused(422, "validation_failed").faults().len(), 27);
    let amendment = asked(app, &missed, &body);
    // Its facts were never asked for, and an award depends on them now.
    let refused = app.act("council-chair", &amendment, "approve", None).refused(409, "guard_failed");
    assert_eq!(refused.units_named("facts_missing"), ["QTTV"]);
    app.act("council-chair", &amendment, "reject", Some(&json!({"reason": "Thiếu thông tin"}))).expect(200);
    body["facts"] = json!({"anybody_disciplined": false, "party_cell_rating": "good", "under_inspection": false});
    approved(app, &missed, &body);
    assert_eq!(app.get("qttv-head", &missed).expect(200)["totals"]["final"], Value::Null);
    announce(app, "1250/TB-VP", "2023-11-30").expect(200);
    assert_eq!((&row(app)["rank"], &row(app)["total"]), (&json!(2), &json!(995)));
    assert_eq!(row(app)["award_code"], "certificate_of_merit");
    for person in ["qttv-head", "secretary"] {
        let shown = app.get(person, &missed).expect(200);
        assert_eq!((&shown["status"], &shown["revision"]), (&json!("missed"), &json!(0)), "{person}");
        assert_eq!(shown["totals"]["final"]["total"], 995, "{person}");
    }
    // What the unit had written is still its own affair.
    let own = |person: &str| app.get(person, &format!("{missed}/scores")).expect(200)["totals"]["self"].clone();
    assert_eq!((&own("qttv-head")["total"], own("secretary")), (&json!(961), Value::Null));
    assert_eq!(app.get("secretary", &format!("{}/ranking/verify", app.period())).expect(200)["ok"], true);
    // A second amendment follows the first one.
    approved(app, &missed, &line("B.1", 34));
    announce(app, "1251/TB-VP", "2023-11-30").expect(200);
    assert_eq!(row(app)["total"], 994);
    assert_eq!(app.get("secretary", &sheets[0]).expect(200)["totals"]["final"]["total"], 1000);
}

#[apply(on_both)]
fn an_amendment_says_what_and_why(app: &App) {
    let sheets = announced(app);
    let without = |name: &str| {
        let mut body = line("B.1", 35);
        body[name] = json!(" ");
        body
    };
    for (body, code) in [
        (without("reason"), "text_empty"),
        (without("legal_basis"), "text_empty"),
        (line("B.1", 41), "score_out_of_range"),
        (line("B.9", 1), "unknown_criterion"),
        (line("B.1", 10), "nothing_corrected"),
        (json!({"reason": "x", "legal_basis": "x"}), "nothing_corrected"),
    ] {
        ask(app, &sheets[3], &body).refused(422, code);
    }
    let unknown = json!({"reason": "x", "legal_basis": "x", "points": 3});
    ask(app, &sheets[3], &unknown).refused(400, "invalid_body");
}

#[apply(on_both)]
fn nothing_is_amended_before_the_ranking_is_final(app: &App) {
    let sheets = app.in_council_review(&[("TH", &[])]);
    ask(app, &sheets[0], &line("B.1", 35)).refused(409, "invalid_state");
}

/// Whoever is kept away from a submission, by the own unit or by a declared conflict, neither asks, decides nor reads.
#[apply(on_both)]
fn recusal_holds_for_amendments(app: &App) {
    let sheets = announced(app);
    let amendment = asked(app, &sheets[3], &line("B.1", 35));
    let submission_id = id_of(&sheets[3]);
    for person in ["secretary", "council-chair"] {
        let conflict = json!({"submission_id": submission_id, "ground": "family"});
        app.post(person, "/v1/recusals", &conflict).expect(201);
        app.get(person, &amendment).refused(403, "recused");
        assert_eq!(app.get(person, "/v1/amendments").expect(200)["items"], json!([]));
    }
    let tag = app.tag("auditor", &amendment);
    app.request("council-chair", "POST", &format!("{amendment}/approve")).if_match(&tag).send().refused(403, "recused");
    ask(app, &sheets[3], &line("B.1", 36)).refused(403, "recused");
    // Another sheet is as before.
    asked(app, &sheets[2], &line("B.1", 21));
    assert_eq!(app.get("council-chair", "/v1/amendments").expect(200)["items"].as_array().unwrap().len(), 1);
}
