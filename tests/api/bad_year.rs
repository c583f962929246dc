//! A year in which nearly everything goes wrong once, and every mistake has its way out.
//!
//! The table has 100 points: A.1 of 40, A.2 of 20 that loses 5 a case, A.3.1 and A.3.2 that share 30, and a bonus B.1 of 10.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::small::{points, small_table};
use crate::support::year::head;
use crate::support::{App, Response, apply, on_both};

const WHY: &str = "Có sai sót";

fn id_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

fn reason() -> Value {
    json!({"reason": WHY})
}

/// Answers to A.1, cases of A.2, and B.1, and the whole of A.3.
fn lines(a1: f64, cases: u32, b1: f64) -> Value {
    let line = |code: &str, answer: Value| json!({"criterion_code": code, "answer": answer, "note": null});
    json!({"scores": [
        line("A.1", points(a1)), line("A.2", json!({"cases": cases})), line("A.3.1", points(20.0)),
        line("A.3.2", points(10.0)), line("B.1", points(b1))]})
}

struct Year<'a> {
    app: &'a App,
    period: String,
}

impl Year<'_> {
    fn write(&self, unit: &str, sheet: &str, body: &Value) -> Value {
        let tag = self.app.tag(&head(unit), sheet);
        let put = self.app.request(&head(unit), "PUT", &format!("{sheet}/scores")).if_match(&tag);
        put.json(body).send().expect(200)
    }

    fn sheet(&self, unit: &str, body: &Value) -> String {
        let sheet = self.app.new_sheet_in(&self.period, unit);
        self.write(unit, &sheet, body);
        sheet
    }

    fn sent(&self, unit: &str, body: &Value) -> String {
        let sheet = self.sheet(unit, body);
        self.app.act(&head(unit), &sheet, "submit", None).expect(200);
        sheet
    }

    fn act(&self, person: &str, verb: &str, body: Option<&Value>) -> Response {
        self.app.act(person, &self.period, verb, body)
    }

    /// Status and total of a sheet.
    fn is(&self, sheet: &str, status: &str, stage: &str, total: f64) {
        let seen = self.app.get("auditor", sheet).expect(200);
        assert_eq!((&seen["status"], seen["totals"][stage]["total"].as_f64()), (&json!(status), Some(total)), "{seen}");
    }

    /// Reviews a sheet; the answer to A.1 is changed where one is given.
    fn review(&self, person: &str, sheet: &str, stage: &str, a1: Option<f64>) -> String {
        let review = self.app.post(person, "/v1/reviews", &json!({"submission_id": id_of(sheet), "stage": stage}));
        let path = format!("/v1/reviews/{}", review.expect(201)["id"].as_str().unwrap());
        self.sent_review(person, &path, a1);
        path
    }

    fn sent_review(&self, person: &str, path: &str, a1: Option<f64>) {
        if let Some(a1) = a1 {
            let body = json!({"scores": [{"criterion_code": "A.1", "answer": points(a1), "reason": WHY}]});
            let tag = self.app.tag(person, path);
            let patch = self.app.request(person, "PATCH", &format!("{path}/scores")).if_match(&tag);
            patch.json(&body).send().expect(200);
        }
        self.app.act(person, path, "submit", None).expect(200);
    }

    fn reopened(&self, person: &str, review: &str, a1: f64) -> String {
        let draft = self.app.act(person, review, "reopen", Some(&reason())).expect(201);
        let path = format!("/v1/reviews/{}", draft["id"].as_str().unwrap());
        self.sent_review(person, &path, Some(a1));
        path
    }

    fn attendance(&self, present: usize) -> Value {
        let council = self.app.council();
        council.iter().take(present).map(|(_, id)| json!({"member_id": id, "present": true})).collect()
    }

    fn planned(&self, held_on: &str, present: usize) -> String {
        let body = json!({"period_id": id_of(&self.period), "held_on": held_on, "place": "Phòng họp",
            "attendance": self.attendance(present)});
        let session = self.app.post("secretary", "/v1/council-sessions", &body).expect(201);
        format!("/v1/council-sessions/{}", session["id"].as_str().unwrap())
    }

    fn session(&self, held_on: &str, present: usize) -> String {
        let path = self.planned(held_on, present);
        self.app.act("secretary", &path, "hold", None).expect(200);
        self.app.act("council-chair", &path, "close", None).expect(200);
        path
    }

    fn decide(&self, session: &str, units: [&str; 2]) -> Response {
        let units = units.map(|unit| self.app.unit_id(unit));
        let body = json!({"unit_ids": units, "reason": "Biểu quyết", "council_session_id": id_of(session)});
        self.app.post("council-chair", &format!("{}/tie-decisions", self.period), &body)
    }

    /// Rank, unit, total and award of each row.
    fn places(&self) -> Value {
        let ranking = self.app.get("auditor", &format!("{}/ranking", self.period)).expect(200);
        let row = |row: &Value| json!([row["rank"], row["unit_code"], row["total"], row["award_code"]]);
        ranking["rows"].as_array().unwrap().iter().map(row).collect()
    }

    fn lacks(&self) -> Vec<String> {
        let refused = self.act("council-chair", "finalize", None).refused(409, "guard_failed");
        refused.faults().into_iter().map(|(code, _)| code).collect()
    }

    /// Path and record of a unit's last proposal.
    fn proposal(&self, unit: &str) -> (String, Value) {
        let listed = self.app.get("secretary", &format!("/v1/award-proposals?period_id={}", id_of(&self.period)));
        let unit = self.app.unit_id(unit);
        let listed = listed.expect(200)["items"].as_array().unwrap().clone();
        let found = listed.into_iter().rfind(|proposal| proposal["unit_id"] == unit.as_str()).unwrap();
        let path = format!("/v1/award-proposals/{}", found["id"].as_str().unwrap());
        let shown = self.app.get("secretary", &path).expect(200);
        (path, shown)
    }

    fn with_dossier(&self, unit: &str) -> String {
        let proposal = self.proposal(unit).0;
        self.app.complete_dossier(&proposal);
        self.app.act("secretary", &proposal, "submit", None).expect(200);
        proposal
    }
}

/// A period of these units by a table; the flag and one certificate are to be had.
fn opened<'a>(app: &'a App, table: &str, units: &[&str], semantics: &str) -> Year<'a> {
    let mut body = app.period_like("XAU");
    body["criteria_set_id"] = json!(table);
    body["unit_ids"] = units.iter().map(|unit| json!(app.unit_id(unit))).collect();
    body["awards"] =
        json!([{"code": "flag", "title": "Cờ", "quota": 1}, {"code": "merit", "title": "Bằng khen", "quota": 1}]);
    body["dossier_deadline"] = json!({"working_days": 5, "semantics": semantics});
    let period = app.new_period(&body);
    app.act("secretary", &period, "open", None).expect(200);
    Year { app, period }
}

fn approved(number: &str, on: &str) -> Value {
    json!({"outcome": "approved", "decision_number": number, "decided_on": on})
}

/// The wrong table of 95 points is opened and cancelled; its copy has TH's lines. BTCD merges into KT in June, and KGVX joins
/// in July.
fn until_the_autumn(app: &App) -> (Year<'_>, String) {
    app.set_clock("2023-06-05T01:00:00.000Z");
    let mut wrong = small_table("SAI", "refused");
    (wrong["total_points"], wrong["parts"][1]["max_points"]) = (json!(95), json!(5));
    wrong["parts"][1]["children"][0]["max_points"] = json!(5);
    let (wrong, right) = (app.published(&wrong), app.published(&small_table("DUNG", "refused")));
    let year = opened(app, &wrong, &["TH", "KT", "NC", "QTTV", "BTCD"], "not_later_than");
    year.sheet("TH", &lines(40.0, 0, 5.0));
    year.act("secretary", "cancel", Some(&reason())).expect(200);
    let copy = json!({"criteria_set_id": right, "carry_over": true});
    let copy = app.post("secretary", &format!("{}/copy", year.period), &copy).expect(201);
    assert_eq!((&copy["code"], &copy["not_carried"]), (&json!("XAU"), &json!([])));
    let year = Year { app, period: format!("/v1/periods/{}", copy["id"].as_str().unwrap()) };
    year.act("secretary", "open", None).expect(200);
    let sheets = app.get("th-head", &format!("/v1/submissions?period_id={}", id_of(&year.period))).expect(200);
    let th = format!("/v1/submissions/{}", sheets["items"][0]["id"].as_str().unwrap());
    year.is(&th, "draft", "self", 95.0);
    let merging = year.sheet("BTCD", &lines(30.0, 0, 0.0));
    app.set_clock("2023-06-15T01:00:00.000Z");
    let merged = json!({"reason": "Sáp nhập", "merged_into": app.unit_id("KT")});
    let aside = year.act("secretary", &format!("units/{}/set-aside", app.unit_id("BTCD")), Some(&merged)).expect(200);
    assert_eq!(aside["set_aside"][0]["merged_into"], app.unit_id("KT").as_str());
    year.is(&merging, "draft", "self", 80.0);
    app.set_clock("2023-07-03T01:00:00.000Z");
    let joining = json!({"unit_id": app.unit_id("KGVX"), "reason": "Thành lập"});
    let joined = app.post("secretary", &format!("{}/units", year.period), &joining).expect(201);
    assert_eq!(joined["unit_ids"].as_array().unwrap().len(), 5);
    (year, th)
}

/// TH 100, KT and NC 95, KGVX 80 and QTTV 70, after a return that nobody answers, a missed sheet, a wrong extension, an
/// appraisal and a stage too early.
fn until_the_council(app: &App) -> (Year<'_>, [String; 5]) {
    let (year, th) = until_the_autumn(app);
    app.set_clock("2023-11-08T01:00:00.000Z");
    year.write("TH", &th, &lines(40.0, 0, 10.0));
    app.act("th-head", &th, "submit", None).expect(200);
    let kt = year.sent("KT", &lines(40.0, 1, 10.0));
    let nc = year.sent("NC", &lines(35.0, 0, 10.0));
    let kgvx = year.sent("KGVX", &lines(20.0, 0, 10.0));
    let qttv = year.sheet("QTTV", &lines(20.0, 0, 0.0));
    app.set_clock("2023-11-13T01:00:00.000Z");
    year.act("secretary", "start-appraisal", None).expect(200);
    year.is(&qttv, "missed", "self", 70.0);
    let returned = json!({"reason": "Thiếu minh chứng", "due_on": "2023-11-14"});
    app.act("appraiser", &kgvx, "return", Some(&returned)).expect(200);
    let unit = app.unit_id("QTTV");
    let deadlines = app.get(
        "secretary",
        &format!("/v1/deadlines?kind=self_assessment&period_id={}&unit_id={unit}", id_of(&year.period)),
    );
    let deadline = format!("/v1/deadlines/{}", deadlines.expect(200)["items"][0]["id"].as_str().unwrap());
    let extension = json!({"due_on": "2023-11-17", "reason": "Mất điện", "basis_document": "CV 45/VP"});
    app.post("secretary", &format!("{deadline}/extensions"), &extension).expect(201);
    let corrected = json!({"due_on": "2023-11-15", "reason": "Ghi nhầm ngày"});
    let seen = app.act("secretary", &deadline, "extensions/1/correct", Some(&corrected)).expect(200);
    assert_eq!(
        (&seen["due_on"], &seen["extensions"][0]["superseded"][0]["due_on"]),
        (&json!("2023-11-15"), &json!("2023-11-17"))
    );
    year.is(&qttv, "draft", "self", 70.0);
    app.set_clock("2023-11-14T01:00:00.000Z");
    app.act("qttv-head", &qttv, "submit", None).expect(200);
    app.set_clock("2023-11-15T01:00:00.000Z");
    // Nobody sent it again: it stands as it was submitted.
    year.is(&kgvx, "submitted", "self", 80.0);
    let wrong = year.review("appraiser", &th, "appraisal", Some(30.0));
    year.is(&th, "appraised", "appraisal", 90.0);
    year.reopened("appraiser", &wrong, 40.0);
    year.is(&th, "appraised", "appraisal", 100.0);
    for sheet in [&kt, &nc, &kgvx, &qttv] {
        year.review("appraiser", sheet, "appraisal", None);
    }
    year.act("secretary", "start-council-review", None).expect(200);
    let early = year.review("secretary", &kt, "council", None);
    let back = year.act("council-chair", "step-back", Some(&reason())).expect(200);
    assert_eq!(
        (&back["status"], &back["superseded_stages"][0]["status"]),
        (&json!("appraisal"), &json!("council_review"))
    );
    assert_eq!(app.get("secretary", &early).expect(200)["superseded_reason"], WHY);
    app.set_clock("2023-11-21T01:00:00.000Z");
    year.act("secretary", "start-council-review", None).expect(200);
    (year, [th, kt, nc, kgvx, qttv])
}

/// KT before NC, both with 95: decided once for totals that change, and once for good.
fn until_the_result(app: &App) -> (Year<'_>, [String; 5]) {
    let (year, sheets) = until_the_council(app);
    let reviews = sheets.each_ref().map(|sheet| year.review("secretary", sheet, "council", None));
    for unit in ["TH", "KT", "NC", "KGVX", "QTTV"] {
        let facts = json!({"anybody_disciplined": false, "party_cell_rating": "good", "under_inspection": false});
        let path = format!("{}/facts/{}", year.period, app.unit_id(unit));
        app.request("secretary", "PUT", &path).json(&facts).send().expect(201);
    }
    app.set_clock("2023-11-22T02:00:00.000Z");
    let wrong_day = year.planned("2023-11-23", 5);
    app.act("secretary", &wrong_day, "cancel", Some(&reason())).expect(200);
    let session = year.session("2023-11-22", 4);
    assert_eq!(year.lacks(), ["unresolved_tie"]);
    year.decide(&session, ["NC", "KT"]).expect(201);
    // Four of six are a quorum and three are not.
    for (present, lacks) in [(3, vec!["session_without_quorum", "unresolved_tie"]), (5, vec![])] {
        let corrected = json!({"attendance": year.attendance(present), "reason": WHY});
        let seen = app.act("secretary", &session, "correct", Some(&corrected)).expect(200);
        assert_eq!(seen["quorum_met"], lacks.is_empty());
        if !lacks.is_empty() {
            assert_eq!(year.lacks(), lacks);
        }
    }
    assert_eq!(year.places()[1], json!([2, "NC", 95, "merit"]));
    // NC has 94 by a slip, and what was decided on its 95 lapses.
    app.set_clock("2023-11-23T02:00:00.000Z");
    let slip = year.reopened("secretary", &reviews[2], 34.0);
    assert_eq!((&year.places()[1], &year.places()[2]), (&json!([2, "KT", 95, "merit"]), &json!([3, "NC", 94, null])));
    assert_eq!(
        app.get("auditor", "/v1/events?types=tie_decision.lapsed").expect(200)["items"].as_array().unwrap().len(),
        2
    );
    app.set_clock("2023-11-24T02:00:00.000Z");
    year.reopened("secretary", &slip, 35.0);
    let session = year.session("2023-11-24", 4);
    year.decide(&session, ["KT", "NC"]).expect(201);
    app.set_clock("2023-11-28T02:00:00.000Z");
    year.act("council-chair", "finalize", None).expect(200);
    let expected = json!([
        [1, "TH", 100, "flag"],
        [2, "KT", 95, "merit"],
        [3, "NC", 95, null],
        [4, "KGVX", 80, null],
        [5, "QTTV", 70, null]
    ]);
    assert_eq!(year.places(), expected);
    (year, sheets)
}

/// What the result's certificate, the audit and a recount say of the year.
fn agreed(year: &Year) {
    let app = year.app;
    assert_eq!(app.get("auditor", "/v1/audit-entries/verify").expect(200)["ok"], true);
    assert_eq!(app.get("auditor", &format!("{}/ranking/verify", year.period)).expect(200)["ok"], true);
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let keep = |name: &str, bytes: &[u8]| std::fs::write(file(name), bytes).unwrap();
    keep("result.jws", &app.get("auditor", &format!("{}/certificate", year.period)).bytes);
    keep("keys.json", &app.anonymous("GET", "/.well-known/jwks.json").send().bytes);
    keep("export.json", &app.get("auditor", &format!("{}/export.json", year.period)).bytes);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (script, arguments) in [
        ("examples/verify_certificate.py", vec!["result.jws", "keys.json"]),
        ("tests/recount/recount.py", vec!["export.json"]),
    ] {
        let ran = Command::new("python3").arg(root.join(script)).args(arguments.iter().map(|name| file(name))).output();
        let ran = ran.unwrap();
        assert!(ran.status.success(), "{script}: {}", String::from_utf8([ran.stdout, ran.stderr].concat()).unwrap());
    }
}

#[apply(on_both)]
pub(crate) fn a_year_of_mistakes_comes_to_its_end(app: &App) {
    let (year, sheets) = until_the_result(app);
    app.set_clock("2023-11-30T02:00:00.000Z");
    let wrong = json!({"notice_number": "12/TB-VP", "notice_on": "2023-11-30"});
    year.act("secretary", "announce", Some(&wrong)).expect(200);
    let right = json!({"notice_number": "13/TB-VP", "notice_on": "2023-11-30", "reason": WHY});
    year.act("council-chair", "correct-notice", Some(&right)).expect(200);
    // Five working days after Thursday 30 November: Thursday 7 December.
    assert_eq!(year.proposal("TH").1["dossier"]["due_on"], "2023-12-07");
    let flag = year.with_dossier("TH");
    app.set_clock("2023-12-04T02:00:00.000Z");
    let declined = json!({"outcome": "declined", "reason": "Nhầm đơn vị"});
    app.act("secretary", &flag, "record-decision", Some(&declined)).expect(200);
    let mut decision = approved("99/QĐ-UBND", "2023-12-04");
    decision["reason"] = json!(WHY);
    let seen = app.act("secretary", &flag, "correct-decision", Some(&decision)).expect(200);
    assert_eq!((&seen["status"], &seen["superseded_decisions"][0]["status"]), (&json!("approved"), &json!("declined")));
    // QTTV gets 5 more: 75, the same place, another result.
    app.set_clock("2023-12-06T02:00:00.000Z");
    let amended = json!({"reason": "Trừ nhầm", "legal_basis": "Công văn số 45/HCTC",
        "scores": [{"criterion_code": "A.1", "answer": points(25.0)}]});
    let asked = app.post("secretary", &format!("{}/amendments", sheets[4]), &amended).expect(201);
    app.act("council-chair", &format!("/v1/amendments/{}", asked["id"].as_str().unwrap()), "approve", None).expect(200);
    assert_eq!((&year.proposal("KT").1["stale"], &year.places()[4]), (&json!(true), &json!([5, "QTTV", 70, null])));
    let again = json!({"notice_number": "20/TB-VP", "notice_on": "2023-12-06"});
    year.act("secretary", "announce", Some(&again)).expect(200);
    assert_eq!(year.places()[4], json!([5, "QTTV", 75, null]));
    // KT gives its certificate back, and NC, next in rank, has five working days after Wednesday 6 December.
    let given_back = json!({"reason": "Đơn vị xin rút", "pass_down": true});
    app.act("council-chair", &year.proposal("KT").0, "withdraw", Some(&given_back)).expect(200);
    let (_, next) = year.proposal("NC");
    assert_eq!((&next["award_code"], &next["dossier"]["due_on"]), (&json!("merit"), &json!("2023-12-13")));
    let expected = json!([
        [1, "TH", 100, "flag"],
        [2, "KT", 95, null],
        [3, "NC", 95, "merit"],
        [4, "KGVX", 80, null],
        [5, "QTTV", 75, null]
    ]);
    assert_eq!(year.places(), expected);
    agreed(&year);
    year.act("secretary", "close", None).refused(409, "guard_failed");
    let merit = year.with_dossier("NC");
    app.act("secretary", &merit, "record-decision", Some(&approved("100/QĐ-UBND", "2023-12-06"))).expect(200);
    year.act("secretary", "close", None).expect(200);
    assert_eq!(year.places(), expected);
    agreed(&year);
}

/// Read as a time to wait, five working days after 30 November end as Thursday 7 December begins, at 17:00 UTC the day before.
#[apply(on_both)]
fn a_dossier_that_must_wait_is_sent_when_its_day_begins(app: &App) {
    let table = app.published(&small_table("CHO", "refused"));
    let year = opened(app, &table, &["TH", "KT"], "not_before");
    let sheets = [year.sent("TH", &lines(40.0, 0, 10.0)), year.sent("KT", &lines(40.0, 1, 10.0))];
    year.act("secretary", "start-appraisal", None).expect(200);
    sheets.iter().for_each(|sheet| drop(year.review("appraiser", sheet, "appraisal", None)));
    year.act("secretary", "start-council-review", None).expect(200);
    sheets.iter().for_each(|sheet| drop(year.review("secretary", sheet, "council", None)));
    for unit in ["TH", "KT"] {
        let facts = json!({"anybody_disciplined": false, "party_cell_rating": "good", "under_inspection": false});
        let path = format!("{}/facts/{}", year.period, app.unit_id(unit));
        app.request("secretary", "PUT", &path).json(&facts).send().expect(201);
    }
    app.set_clock("2023-11-30T02:00:00.000Z");
    year.session("2023-11-30", 4);
    year.act("council-chair", "finalize", None).expect(200);
    let notice = json!({"notice_number": "12/TB-VP", "notice_on": "2023-11-30"});
    year.act("secretary", "announce", Some(&notice)).expect(200);
    let (proposal, seen) = year.proposal("TH");
    assert_eq!((&seen["dossier"]["opens_on"], &seen["dossier"]["due_on"]), (&json!("2023-12-07"), &Value::Null));
    app.complete_dossier(&proposal);
    app.set_clock("2023-12-06T16:59:59.999Z");
    let early = app.act("secretary", &proposal, "submit", None).refused(409, "guard_failed");
    assert_eq!(early.faults()[0].0, "too_early");
    app.set_clock("2023-12-06T17:00:00.000Z");
    app.act("secretary", &proposal, "submit", None).expect(200);
    agreed(&year);
}
