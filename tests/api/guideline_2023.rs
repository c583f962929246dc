//! The guideline's year 2023, from the table to the last decision, every figure worked out by hand.
//!
//! Everything earns 900 base points and 100 bonus points. The units answer otherwise:
//!
//! | unit | of the base | of the bonus | self | departures |
//! |------|-------------|--------------|------|------------|
//! | KT   | A.I.2 45 (−5) | B.3 25 (−5) | 895 + 95 = 990 | none |
//! | TH   | A.II.1 27.5 (−2.5), A.IV.4 1 case (−10) | B.1 30 (−10) | 887.5 + 90 = 977.5 | appraisal A.I.1 97.5 (−2.5): 885 + 90 = 975 |
//! | NC   | A.I.3 95 (−5), A.V.4 45 (−5) | B.2 25, B.3 25 (−10) | 890 + 90 = 980 | council A.VIII 95 (−5): 885 + 90 = 975 |
//! | KGVX | A.II.2 10 (−10), A.V.1 15 (−5) | B.1 20 (−20) | 885 + 80 = 965, at first 1000 | none |
//! | HCTC | A.III.1 not achieved (−20), A.VI.4 15 (−5) | B.1 30 (−10) | 875 + 90 = 965 | none |
//! | QTTV | A.IV.4 3 cases (−20, not −30), A.VIII 80 (−20) | B.2 10 (−20) | 860 + 80 = 940 | none |
//! | BTCD | A.I.1 80 (−20), A.VI.1 10 (−10) | B.1 0 (−40) | 870 + 60 = 930 | none |
//! | THCB | all, but never sent | all | missed | |
//!
//! KGVX and HCTC have 965 each: 885 base points come before 875. TH and NC have 885 and 90 each: nothing but the council
//! can tell them apart. KT leads and may take nothing, so the flag and the first certificate lie between these two.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::support::year::{FULL, Otherwise, UNITS, head, lines};
use crate::support::{App, Response, apply, on_both};

const PDF: &[u8] = b"%PDF-1.7\n%%EOF\n";
const KGVX_AGAIN: Otherwise<'static> =
    &[("A.II.2", r#"{"points":10}"#), ("A.V.1", r#"{"points":15}"#), ("B.1", r#"{"points":20}"#)];
const TH: Otherwise<'static> =
    &[("A.II.1", r#"{"points":27.5}"#), ("A.IV.4", r#"{"cases":1}"#), ("B.1", r#"{"points":30}"#)];
const SHEETS: [(&str, Otherwise<'static>); 7] = [
    ("KT", &[("A.I.2", r#"{"points":45}"#), ("B.3", r#"{"points":25}"#)]),
    ("TH", TH),
    (
        "NC",
        &[
            ("A.I.3", r#"{"points":95}"#),
            ("A.V.4", r#"{"points":45}"#),
            ("B.2", r#"{"points":25}"#),
            ("B.3", r#"{"points":25}"#),
        ],
    ),
    ("KGVX", &[]),
    ("HCTC", &[("A.III.1", r#"{"achieved":false}"#), ("A.VI.4", r#"{"points":15}"#), ("B.1", r#"{"points":30}"#)]),
    ("BTCD", &[("A.I.1", r#"{"points":80}"#), ("A.VI.1", r#"{"points":10}"#), ("B.1", r#"{"points":0}"#)]),
    ("QTTV", &[("A.IV.4", r#"{"cases":3}"#), ("A.VIII", r#"{"points":80}"#), ("B.2", r#"{"points":10}"#)]),
];

/// A year on its way.
struct Year<'a> {
    app: &'a App,
    period: String,
    sheets: HashMap<&'static str, String>,
    session_id: String,
}

fn id_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

fn totals(base: impl Into<Value>, bonus: i32, total: impl Into<Value>) -> Value {
    json!({"base": base.into(), "bonus": bonus, "penalty": 0, "total": total.into()})
}

/// The admin brings in the guideline's table under a code of its own and publishes it.
fn publish_the_table(app: &App) -> String {
    let mut table: Value = serde_json::from_str(include_str!("../../openapi/examples/criteria-2023.json")).unwrap();
    table["code"] = json!("VP-UBND-2023-b");
    let set = app.post("admin", "/v1/criteria-sets", &table).expect(201);
    let path = format!("/v1/criteria-sets/{}", set["id"].as_str().unwrap());
    let findings = app.get("admin", &format!("{path}/validation")).expect(200);
    // A.I.1 and A.I.2 share 150 points: worth a look, and no error.
    assert_eq!((&findings["errors"], findings["warnings"].as_array().unwrap().len()), (&json!([]), 1));
    assert_eq!(app.act("admin", &path, "publish", None).expect(200)["status"], "published");
    set["id"].as_str().unwrap().to_owned()
}

/// The secretary sets the year up as the guideline says and opens it.
fn open_the_period<'a>(app: &'a App, criteria_set_id: &str) -> Year<'a> {
    let body = json!({
        "code": "2023-b", "title": "Thi đua năm 2023", "year": 2023, "criteria_set_id": criteria_set_id,
        "unit_ids": UNITS.map(|unit| app.unit_id(unit)),
        "schedule": {"self_assessment_due_on": "2023-11-10", "appraisal_due_on": "2023-11-20", "council_review_from_on": "2023-11-21",
            "council_review_to_on": "2023-11-30", "result_notice_due_on": "2023-12-05"},
        "awards": [{"code": "emulation_flag", "title": "Cờ thi đua xuất sắc", "quota": 1}, {"code": "certificate_of_merit", "title": "Bằng khen", "quota": 2}],
        "eligibility": [{"type": "nobody_disciplined"}, {"type": "party_cell_rating_at_least", "rating": "good"}],
        "required_documents": [
            {"code": "proposal_letter", "title": "Tờ trình đề nghị khen thưởng"},
            {"code": "party_cell_rating", "title": "Kết quả đánh giá, xếp loại chi bộ trực thuộc"},
            {"code": "achievement_report", "title": "Báo cáo thành tích của tập thể"}]
    });
    let period = app.post("secretary", "/v1/periods", &body).expect(201);
    assert_eq!(period["status"], "draft");
    assert_eq!(period["tie_break"], json!(["base_points", "council_decision"]));
    assert_eq!(period["dossier_deadline"], json!({"working_days": 5, "semantics": "not_later_than"}));
    let period = format!("/v1/periods/{}", period["id"].as_str().unwrap());
    assert_eq!(app.act("secretary", &period, "open", None).expect(200)["status"], "self_assessment");
    Year { app, period, sheets: HashMap::new(), session_id: String::new() }
}

impl Year<'_> {
    fn sheet(&self, unit: &str) -> &str {
        &self.sheets[unit]
    }

    fn step(&self, person: &str, verb: &str) -> Value {
        self.app.act(person, &self.period, verb, None).expect(200)
    }

    fn send(&self, unit: &str) -> Response {
        self.app.act(&head(unit), self.sheet(unit), "submit", None)
    }

    /// The editor of a unit writes the sheet in full.
    fn write(&self, unit: &str, otherwise: Otherwise) -> Value {
        let editor = format!("{}-editor", unit.to_lowercase());
        let tag = self.app.tag(&editor, self.sheet(unit));
        let put = self.app.request(&editor, "PUT", &format!("{}/scores", self.sheet(unit))).if_match(&tag);
        put.json(&lines(otherwise)).send().expect(200)
    }

    /// Everybody answers all 28 criteria. QTTV sends in the last millisecond, THCB in the first one after.
    fn self_assessment(&mut self) {
        for (unit, otherwise) in SHEETS.into_iter().chain([("THCB", &[][..])]) {
            self.sheets.insert(unit, self.app.new_sheet_in(&self.period, unit));
            let written = self.write(unit, otherwise);
            let answered =
                written["scores"].as_array().unwrap().iter().filter(|line| !line["self"]["points"].is_null()).count();
            assert_eq!((answered, FULL.len()), (28, 28), "{unit}");
            if unit != "QTTV" && unit != "THCB" {
                self.send(unit).expect(200);
            }
        }
        self.app.set_clock("2023-11-10T16:59:59.999Z");
        self.send("QTTV").expect(200);
        self.app.set_clock("2023-11-10T17:00:00.000Z");
        self.send("THCB").refused(409, "deadline_passed");
        assert_eq!(self.app.get("thcb-head", self.sheet("THCB")).expect(200)["status"], "missed");
        self.check_self_scores();
    }

    fn check_self_scores(&self) {
        let expected = [
            ("KT", totals(895, 95, 990)),
            ("TH", totals(887.5, 90, 977.5)),
            ("NC", totals(890, 90, 980)),
            ("KGVX", totals(900, 100, 1000)),
            ("HCTC", totals(875, 90, 965)),
            ("BTCD", totals(870, 60, 930)),
            ("QTTV", totals(860, 80, 940)),
        ];
        for (unit, own) in expected {
            assert_eq!(self.app.get(&head(unit), self.sheet(unit)).expect(200)["totals"]["self"], own, "{unit}");
        }
        // A.IV of TH: 40 + 20 + 20 + (20 − 1·10) = 90. Of QTTV: 40 + 20 + 20 + 0, for 20 − 3·10 goes not below the floor.
        for (unit, points) in [("TH", 90), ("QTTV", 80)] {
            let scores = self.app.get(&head(unit), &format!("{}/scores", self.sheet(unit))).expect(200);
            let section = scores["nodes"].as_array().unwrap().iter().find(|node| node["code"] == "A.IV").unwrap();
            assert_eq!(section["self"], points, "{unit}");
        }
    }

    /// KGVX is sent back and comes again; the standing body's own sheet goes to the appraiser of no unit.
    fn appraisal(&self) {
        self.app.set_clock("2023-11-13T01:00:00.000Z");
        assert_eq!(self.step("hctc-appraiser", "start-appraisal")["status"], "appraisal");
        let back = json!({"reason": "Chưa có minh chứng mục A.II.2, A.V.1, B.1", "due_on": "2023-11-15"});
        self.app.act("hctc-appraiser", self.sheet("KGVX"), "return", Some(&back)).expect(200);
        self.app.set_clock("2023-11-14T02:00:00.000Z");
        self.write("KGVX", KGVX_AGAIN);
        let again = self.send("KGVX").expect(200);
        assert_eq!((&again["revision"], &again["late"]), (&json!(2), &json!(false)));
        assert_eq!(again["totals"]["self"], totals(885, 80, 965));
        self.app.set_clock("2023-11-20T02:00:00.000Z");
        for (unit, _) in SHEETS {
            let departures: &[(&str, &str, &str)] = if unit == "TH" {
                &[("A.I.1", r#"{"points":97.5}"#, "Hai nhiệm vụ chậm tiến độ")]
            } else {
                &[]
            };
            self.app.review(App::appraiser_of(unit), self.sheet(unit), "appraisal", departures);
        }
        assert_eq!(self.step("council-chair", "start-council-review")["status"], "council_review");
    }

    /// Reviews, facts and a session of five out of six, where four are needed.
    fn council(&mut self) {
        self.app.set_clock("2023-11-28T02:00:00.000Z");
        for (unit, _) in SHEETS {
            let departures: &[(&str, &str, &str)] = if unit == "NC" {
                &[("A.VIII", r#"{"points":95}"#, "Một báo cáo chưa đúng hạn")]
            } else {
                &[]
            };
            let reviewer = if unit == "NC" { "council-chair" } else { "secretary" };
            self.app.review(reviewer, self.sheet(unit), "council", departures);
        }
        for (unit, disciplined, rating) in [
            ("KT", true, "good"),
            ("TH", false, "outstanding"),
            ("NC", false, "good"),
            ("KGVX", false, "good"),
            ("HCTC", false, "good"),
            ("BTCD", false, "satisfactory"),
        ] {
            let facts = json!({"anybody_disciplined": disciplined, "party_cell_rating": rating, "under_inspection": false,
                "source_document": "Công văn 12/CV-ĐU ngày 20/11/2023"});
            let path = format!("{}/facts/{}", self.period, self.app.unit_id(unit));
            self.app.request("secretary", "PUT", &path).json(&facts).send().expect(201);
        }
        let council = self.app.council();
        assert_eq!(council.len(), 6);
        let attendance: Vec<Value> =
            council.iter().enumerate().map(|(at, (_, id))| json!({"member_id": id, "present": at < 5})).collect();
        let body = json!({"period_id": id_of(&self.period), "held_on": "2023-11-28", "place": "Phòng họp số 1", "attendance": attendance});
        self.session_id =
            self.app.post("secretary", "/v1/council-sessions", &body).expect(201)["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/council-sessions/{}", self.session_id);
        let held = self.app.act("secretary", &path, "hold", None).expect(200);
        assert_eq!((&held["present"], &held["needed"], &held["quorum_met"]), (&json!(5), &json!(4), &json!(true)));
        self.app.act("council-chair", &path, "close", None).expect(200);
    }

    /// The ranking in figures: rank, unit, base, bonus, total, tied, eligible, award.
    fn ranking(&self, person: &str) -> Value {
        let ranking = self.app.get(person, &format!("{}/ranking", self.period)).expect(200);
        let fields = ["rank", "unit_code", "base", "bonus", "total", "tied", "eligible", "award_code"];
        ranking["rows"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| fields.map(|field| row[field].clone()).into_iter().collect::<Value>())
            .collect()
    }

    /// The council puts TH before NC; until then nobody knows who takes the flag.
    fn tie(&self) {
        let tied = self.ranking("secretary");
        assert_eq!(tied[1], json!([2, "NC", 885, 90, 975, true, true, null]));
        assert_eq!(tied[2], json!([2, "TH", 885, 90, 975, true, true, null]));
        let refusal = self.app.act("council-chair", &self.period, "finalize", None).refused(409, "guard_failed");
        let group = json!([self.app.unit_id("NC"), self.app.unit_id("TH")]);
        let body = refusal.json();
        assert_eq!(body["errors"].as_array().unwrap().len(), 1, "{body}");
        assert_eq!(
            (&body["errors"][0]["code"], &body["errors"][0]["params"]),
            (&json!("unresolved_tie"), &json!({"unit_ids": group, "award_code": "emulation_flag"}))
        );
        let decision = json!({"unit_ids": [self.app.unit_id("TH"), self.app.unit_id("NC")], "reason": "Hội đồng biểu quyết 5/5",
            "council_session_id": self.session_id});
        self.app.post("council-chair", &format!("{}/tie-decisions", self.period), &decision).expect(201);
    }

    /// KT keeps the first rank and takes nothing; the flag passes down to TH, the certificates to NC and KGVX.
    fn finalize(&self) {
        assert_eq!(self.step("council-chair", "finalize")["status"], "finalized");
        assert_eq!(
            self.ranking("secretary"),
            json!([
                [1, "KT", 895, 95, 990, false, false, null],
                [2, "TH", 885, 90, 975, false, true, "emulation_flag"],
                [3, "NC", 885, 90, 975, false, true, "certificate_of_merit"],
                [4, "KGVX", 885, 80, 965, false, true, "certificate_of_merit"],
                [5, "HCTC", 875, 90, 965, false, true, null],
                [6, "QTTV", 860, 80, 940, false, null, null],
                [7, "BTCD", 870, 60, 930, false, false, null],
                [null, "THCB", null, null, null, false, false, null],
            ])
        );
        let ranking = self.app.get("auditor", &format!("{}/ranking", self.period)).expect(200);
        assert_eq!(
            (&ranking["status"], &ranking["version"], &ranking["unresolved_ties"]),
            (&json!("final"), &json!(1), &json!([]))
        );
        let reasons = [0, 6, 7].map(|at: usize| ranking["rows"][at]["ineligible_reasons"].clone());
        assert_eq!(reasons, [json!(["nobody_disciplined"]), json!(["party_cell_rating_at_least"]), json!(["missed"])]);
        let verified = self.app.get("auditor", &format!("{}/ranking/verify", self.period)).expect(200);
        assert_eq!(
            verified,
            json!({"ok": true, "inputs_sha256": ranking["inputs_sha256"], "commitment": ranking["commitment"]})
        );
    }

    /// Before the announcement TH knows that its sheet is finalised, its own 977.5, and nothing else.
    fn check_what_a_unit_does_not_know(&self) {
        self.app.get("th-head", &format!("{}/ranking", self.period)).refused(404, "not_found");
        let scores = self.app.get("th-head", &format!("{}/scores", self.sheet("TH"))).expect(200);
        assert_eq!(
            scores["totals"],
            json!({"self": totals(887.5, 90, 977.5), "appraisal": null, "council": null, "final": null})
        );
        for line in scores["scores"].as_array().unwrap() {
            assert!(
                line["appraisal"].is_null() && line["council"].is_null() && line["final_points"].is_null(),
                "{line}"
            );
            assert!(!line["self"].is_null(), "{line}");
        }
        let sheet = self.app.get("th-head", self.sheet("TH")).expect(200);
        assert_eq!((&sheet["status"], &sheet["totals"]), (&json!("finalized"), &scores["totals"]));
        assert_eq!(self.app.get("th-head", "/v1/award-proposals").expect(200)["items"], json!([]));
    }

    fn announce(&self) {
        self.app.set_clock("2023-11-30T02:00:00.000Z");
        let notice = json!({"notice_number": "1234/TB-VP", "notice_on": "2023-11-30"});
        let announced = self.app.act("secretary", &self.period, "announce", Some(&notice)).expect(200);
        assert_eq!(
            (&announced["status"], &announced["notice"]),
            (&json!("announced"), &json!({"number": "1234/TB-VP", "on": "2023-11-30"}))
        );
    }

    /// Now TH sees its own four columns, every rank, and nobody else's eligibility.
    fn check_what_a_unit_knows_now(&self) {
        let scores = self.app.get("th-head", &format!("{}/scores", self.sheet("TH"))).expect(200);
        let result = totals(885, 90, 975);
        assert_eq!(
            scores["totals"],
            json!({"self": totals(887.5, 90, 977.5), "appraisal": result, "council": result, "final": result})
        );
        let line = &scores["scores"][0];
        assert_eq!(
            (&line["criterion_code"], &line["self"]["points"], &line["final_points"]),
            (&json!("A.I.1"), &json!(100), &json!(97.5))
        );
        assert_eq!(line["appraisal"]["reason"], "Hai nhiệm vụ chậm tiến độ");
        assert_eq!(
            self.ranking("th-head"),
            json!([
                [1, "KT", 895, 95, 990, false, null, null],
                [2, "TH", 885, 90, 975, false, true, "emulation_flag"],
                [3, "NC", 885, 90, 975, false, null, "certificate_of_merit"],
                [4, "KGVX", 885, 80, 965, false, null, "certificate_of_merit"],
                [5, "HCTC", 875, 90, 965, false, null, null],
                [6, "QTTV", 860, 80, 940, false, null, null],
                [7, "BTCD", 870, 60, 930, false, null, null],
                [null, "THCB", null, null, null, false, null, null],
            ])
        );
        let ranking = self.app.get("th-head", &format!("{}/ranking", self.period)).expect(200);
        assert!(ranking["rows"].as_array().unwrap().iter().all(|row| row["ineligible_reasons"] == json!([])));
        let own = self.app.get("kt-head", &format!("{}/ranking", self.period)).expect(200)["rows"][0].clone();
        assert_eq!((&own["eligible"], &own["ineligible_reasons"]), (&json!(false), &json!(["nobody_disciplined"])));
        // Another unit's sheet is never theirs to see.
        self.app.get("th-head", self.sheet("KT")).refused(404, "not_found");
    }

    /// The three proposals by unit: the flag before the certificates.
    fn proposals(&self) -> [(&'static str, String); 3] {
        let listed =
            self.app.get("secretary", &format!("/v1/award-proposals?period_id={}", id_of(&self.period))).expect(200);
        let listed = listed["items"].as_array().unwrap();
        assert_eq!(listed.len(), 3);
        let expected = [
            ("TH", "emulation_flag", 2, 975),
            ("NC", "certificate_of_merit", 3, 975),
            ("KGVX", "certificate_of_merit", 4, 965),
        ];
        expected.map(|(unit, award, rank, total)| {
            let unit_id = json!(self.app.unit_id(unit));
            let proposal = listed.iter().find(|proposal| proposal["unit_id"] == unit_id).unwrap();
            assert_eq!(
                (&proposal["award_code"], &proposal["rank"], &proposal["total"]),
                (&json!(award), &json!(rank), &json!(total))
            );
            assert_eq!(proposal["status"], "draft");
            (unit, format!("/v1/award-proposals/{}", proposal["id"].as_str().unwrap()))
        })
    }

    /// Thursday 30 November and five working days: Friday, then Monday to Thursday, for the weekend does not count.
    fn check_the_term(&self, proposal: &str) {
        let dossier = self.app.get("secretary", proposal).expect(200)["dossier"].clone();
        assert_eq!((&dossier["due_on"], &dossier["complete"]), (&json!("2023-12-07"), &json!(false)));
        let days: Value = dossier["explanation"]
            .as_array()
            .unwrap()
            .iter()
            .map(|day| json!([day["on"], day["counted"], day["number"], day["why"]]))
            .collect();
        assert_eq!(
            days,
            json!([
                ["2023-11-30", false, null, "event_day"],
                ["2023-12-01", true, 1, "working_day"],
                ["2023-12-02", false, null, "weekend"],
                ["2023-12-03", false, null, "weekend"],
                ["2023-12-04", true, 2, "working_day"],
                ["2023-12-05", true, 3, "working_day"],
                ["2023-12-06", true, 4, "working_day"],
                ["2023-12-07", true, 5, "working_day"],
            ])
        );
    }

    fn attach(&self, person: &str, proposal: &str, code: &str) {
        let tag = self.app.tag(person, proposal);
        let put = self.app.request(person, "PUT", &format!("{proposal}/documents/{code}")).if_match(&tag);
        put.file(&format!("{code}.pdf"), PDF).send().expect(200);
    }

    /// The head reports what the unit achieved, the secretary adds the rest and sends it.
    fn dossiers(&self, proposals: &[(&'static str, String); 3]) {
        self.app.set_clock("2023-12-07T09:00:00.000Z");
        for (unit, proposal) in proposals {
            self.attach(&head(unit), proposal, "achievement_report");
            self.attach("secretary", proposal, "proposal_letter");
            self.attach("secretary", proposal, "party_cell_rating");
            let sent = self.app.act("secretary", proposal, "submit", None).expect(200);
            assert_eq!((&sent["status"], &sent["dossier"]["complete"]), (&json!("submitted"), &json!(true)));
        }
    }

    /// Two are granted, one is not; only then the year ends.
    fn decisions(&self, proposals: &[(&'static str, String); 3]) {
        self.app.set_clock("2023-12-20T02:00:00.000Z");
        let granted = json!({"outcome": "approved", "decision_number": "3456/QĐ-UBND", "decided_on": "2023-12-20"});
        let refused = json!({"outcome": "declined", "reason": "Hội đồng cấp tỉnh không thông qua"});
        for (_, proposal) in &proposals[..2] {
            let approved = self.app.act("secretary", proposal, "record-decision", Some(&granted)).expect(200);
            assert_eq!(
                (&approved["status"], &approved["decision_number"]),
                (&json!("approved"), &json!("3456/QĐ-UBND"))
            );
        }
        let waiting = self.app.act("secretary", &self.period, "close", None).refused(409, "guard_failed");
        assert_eq!(waiting.units_named("proposal_undecided"), ["KGVX"]);
        let declined = self.app.act("secretary", &proposals[2].1, "record-decision", Some(&refused)).expect(200);
        assert_eq!((&declined["status"], &declined["decision_reason"]), (&json!("declined"), &refused["reason"]));
        assert_eq!(self.step("secretary", "close")["status"], "closed");
        let summary = self.app.get("secretary", &format!("{}/summary", self.period)).expect(200);
        assert_eq!(
            summary["awards"],
            json!([
                {"group_code": null, "code": "emulation_flag", "quota": 1, "proposed": 1, "approved": 1},
                {"group_code": null, "code": "certificate_of_merit", "quota": 2, "proposed": 2, "approved": 1},
            ])
        );
    }

    fn audited(&self, subject_id: &str) -> Vec<(String, String)> {
        let entries =
            self.app.get("auditor", &format!("/v1/audit-entries?subject_id={subject_id}&limit=200")).expect(200);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        entries["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| (text(&entry["actor"]["subject"]), text(&entry["action"])))
            .collect()
    }

    /// Every step is written down with who took it; what the clock did, the clock did.
    fn check_the_audit(&self) {
        let steps = self.audited(id_of(&self.period));
        let steps: Vec<(&str, &str)> = steps.iter().map(|(who, what)| (who.as_str(), what.as_str())).collect();
        assert_eq!(
            steps,
            [
                ("secretary", "period.create"),
                ("secretary", "period.open"),
                ("hctc-appraiser", "period.start_appraisal"),
                ("council-chair", "period.start_council_review"),
                ("council-chair", "ranking.freeze"),
                ("council-chair", "period.finalize"),
                ("secretary", "period.announce"),
                ("secretary", "period.close"),
            ]
        );
        let sheet = self.audited(id_of(self.sheet("KGVX")));
        let sheet: Vec<(&str, &str)> = sheet.iter().map(|(who, what)| (who.as_str(), what.as_str())).collect();
        assert_eq!(
            sheet,
            [
                ("kgvx-head", "submission.create"),
                ("kgvx-editor", "submission.write_scores"),
                ("kgvx-head", "submission.submit"),
                ("kgvx-head", "submission.freeze"),
                ("hctc-appraiser", "submission.return"),
                ("kgvx-editor", "submission.write_scores"),
                ("kgvx-head", "submission.submit"),
                ("kgvx-head", "submission.freeze"),
                ("hctc-appraiser", "submission.advance"),
                ("secretary", "submission.advance"),
                ("council-chair", "submission.finalize"),
            ]
        );
        assert!(self.audited(id_of(self.sheet("THCB"))).contains(&("clock".to_owned(), "submission.lapse".to_owned())));
    }
}

/// From the table to the last decision.
#[apply(on_both)]
fn the_year_2023_comes_out_as_worked_out_by_hand(app: &App) {
    let mut year = open_the_period(app, &publish_the_table(app));
    year.self_assessment();
    year.appraisal();
    year.council();
    year.tie();
    year.finalize();
    crate::award::analysis::check_the_guideline(app, &year.period);
    year.check_what_a_unit_does_not_know();
    year.announce();
    year.check_what_a_unit_knows_now();
    crate::award::analysis::check_the_part_of_a_unit(app, &year.period);
    let proposals = year.proposals();
    year.check_the_term(&proposals[0].1);
    year.dossiers(&proposals);
    year.decisions(&proposals);
    let verified = app.get("auditor", &format!("{}/ranking/verify", year.period)).expect(200);
    assert_eq!(verified["ok"], true);
    year.check_the_audit();
}
