//! The steps of a year through the API, so that a test can start where its rule applies.

use serde_json::{Value, json};

use super::App;

/// The units of the sandbox, in order of code.
pub const UNITS: [&str; 8] = ["BTCD", "HCTC", "KGVX", "KT", "NC", "QTTV", "TH", "THCB"];

/// An answer to each of the guideline's 28 criteria that earns full points: 900 base and 100 bonus.
/// A.I.1 takes 100 of the 150 that it shares with A.I.2.
pub const FULL: [(&str, &str); 28] = [
    ("A.I.1", r#"{"points":100}"#),
    ("A.I.2", r#"{"points":50}"#),
    ("A.I.3", r#"{"points":100}"#),
    ("A.II.1", r#"{"points":30}"#),
    ("A.II.2", r#"{"points":20}"#),
    ("A.II.3", r#"{"points":30}"#),
    ("A.II.4", r#"{"points":20}"#),
    ("A.III.1", r#"{"achieved":true}"#),
    ("A.III.2", r#"{"points":40}"#),
    ("A.III.3", r#"{"points":40}"#),
    ("A.IV.1", r#"{"points":40}"#),
    ("A.IV.2", r#"{"points":20}"#),
    ("A.IV.3", r#"{"points":20}"#),
    ("A.IV.4", r#"{"cases":0}"#),
    ("A.V.1", r#"{"points":20}"#),
    ("A.V.2", r#"{"points":15}"#),
    ("A.V.3", r#"{"points":15}"#),
    ("A.V.4", r#"{"points":50}"#),
    ("A.VI.1", r#"{"points":20}"#),
    ("A.VI.2", r#"{"points":20}"#),
    ("A.VI.3", r#"{"points":20}"#),
    ("A.VI.4", r#"{"points":20}"#),
    ("A.VI.5", r#"{"points":20}"#),
    ("A.VII.1", r#"{"points":50}"#),
    ("A.VIII", r#"{"points":100}"#),
    ("B.1", r#"{"points":40}"#),
    ("B.2", r#"{"points":30}"#),
    ("B.3", r#"{"points":30}"#),
];

/// The body that writes all 28 lines, with `otherwise` replacing some of the full answers.
pub fn lines(otherwise: &[(&str, &str)]) -> Value {
    let answer = |code: &str, full: &str| -> Value {
        let text = otherwise.iter().find(|(other, _)| *other == code).map_or(full, |(_, text)| text);
        serde_json::from_str(text).unwrap()
    };
    let scores: Vec<Value> =
        FULL.iter().map(|(code, full)| json!({"criterion_code": code, "answer": answer(code, full)})).collect();
    json!({"scores": scores})
}

/// The subject of a unit's head.
pub fn head(unit: &str) -> String {
    format!("{}-head", unit.to_lowercase())
}

impl App {
    /// The path of the sandbox's period.
    pub fn period(&self) -> String {
        let id = self.get("secretary", "/v1/periods").expect(200)["items"][0]["id"].as_str().unwrap().to_owned();
        format!("/v1/periods/{id}")
    }

    pub fn period_id(&self) -> String {
        self.period().rsplit('/').next().unwrap().to_owned()
    }

    pub fn unit_id(&self, code: &str) -> String {
        let units = self.get("secretary", &format!("/v1/units?code={code}")).expect(200);
        units["items"][0]["id"].as_str().unwrap_or_else(|| panic!("no unit {code}")).to_owned()
    }

    /// Creates a unit's sheet and returns its path.
    #[track_caller]
    pub fn new_sheet(&self, unit: &str) -> String {
        let body = json!({"period_id": self.period_id(), "unit_id": self.unit_id(unit)});
        let id = self.post(&head(unit), "/v1/submissions", &body).expect(201)["id"].as_str().unwrap().to_owned();
        format!("/v1/submissions/{id}")
    }

    /// Writes every line of a sheet.
    #[track_caller]
    pub fn write(&self, unit: &str, sheet: &str, otherwise: &[(&str, &str)]) -> Value {
        let tag = self.tag(&head(unit), sheet);
        self.request(&head(unit), "PUT", &format!("{sheet}/scores"))
            .if_match(&tag)
            .json(&lines(otherwise))
            .send()
            .expect(200)
    }

    /// Creates, completes and submits a unit's sheet and returns its path.
    #[track_caller]
    pub fn submitted_sheet(&self, unit: &str, otherwise: &[(&str, &str)]) -> String {
        let sheet = self.new_sheet(unit);
        self.write(unit, &sheet, otherwise);
        self.act(&head(unit), &sheet, "submit", None).expect(200);
        sheet
    }

    /// Performs an action on the period as a person who may.
    #[track_caller]
    pub fn move_period(&self, person: &str, verb: &str) -> Value {
        self.act(person, &self.period(), verb, None).expect(200)
    }

    /// Creates and submits a review of a stage (`appraisal`, `council`); `otherwise` has criterion, answer and reason.
    #[track_caller]
    pub fn review(&self, person: &str, sheet: &str, stage: &str, otherwise: &[(&str, &str, &str)]) -> String {
        let id = sheet.rsplit('/').next().unwrap();
        let review = self.post(person, "/v1/reviews", &json!({"submission_id": id, "stage": stage})).expect(201);
        let path = format!("/v1/reviews/{}", review["id"].as_str().unwrap());
        if !otherwise.is_empty() {
            let scores: Vec<Value> = otherwise
                .iter()
                .map(|(code, answer, reason)| {
                    let answer: Value = serde_json::from_str(answer).unwrap();
                    json!({"criterion_code": code, "answer": answer, "reason": reason})
                })
                .collect();
            let tag = self.tag(person, &path);
            self.request(person, "PATCH", &format!("{path}/scores"))
                .if_match(&tag)
                .json(&json!({"scores": scores}))
                .send()
                .expect(200);
        }
        self.act(person, &path, "submit", None).expect(200);
        path
    }

    /// The person who may appraise a unit's sheet: HCTC's own is appraised by someone outside all units.
    pub fn appraiser_of(unit: &str) -> &'static str {
        if unit == "HCTC" { "appraiser" } else { "hctc-appraiser" }
    }

    /// Records favourable facts about a unit: nobody disciplined, Party cell rated good.
    #[track_caller]
    pub fn good_facts(&self, unit: &str) {
        self.facts(unit, false, "good").expect(201);
    }

    /// Records facts about a unit for the first time.
    pub fn facts(&self, unit: &str, disciplined: bool, rating: &str) -> super::Response {
        let path = format!("{}/facts/{}", self.period(), self.unit_id(unit));
        let body = json!({"anybody_disciplined": disciplined, "party_cell_rating": rating, "under_inspection": false});
        self.request("secretary", "PUT", &path).json(&body).send()
    }

    /// The ids of the council's members and chair, by subject.
    pub fn council(&self) -> Vec<(String, String)> {
        let members = self.get("secretary", "/v1/members?limit=200").expect(200);
        let sits = |member: &&Value| {
            member["roles"].as_array().unwrap().iter().any(|role| role == "council_member" || role == "council_chair")
        };
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let items = members["items"].as_array().unwrap();
        items.iter().filter(sits).map(|member| (text(&member["subject"]), text(&member["id"]))).collect()
    }

    /// Holds and closes a session attended by the first `present` of the six and returns its path.
    #[track_caller]
    pub fn closed_session(&self, held_on: &str, present: usize) -> String {
        let attendance: Vec<Value> =
            self.council().iter().take(present).map(|(_, id)| json!({"member_id": id, "present": true})).collect();
        let body = json!({
            "period_id": self.period_id(),
            "held_on": held_on,
            "place": "Phòng họp số 1",
            "attendance": attendance,
        });
        let session = self.post("secretary", "/v1/council-sessions", &body).expect(201);
        let path = format!("/v1/council-sessions/{}", session["id"].as_str().unwrap());
        self.act("secretary", &path, "hold", None).expect(200);
        self.act("council-chair", &path, "close", None).expect(200);
        path
    }
}

/// The criteria and answers in which a unit differs from [`FULL`].
pub type Otherwise<'a> = &'a [(&'a str, &'a str)];

/// A morning after the gate of the sandbox's period.
pub const AFTER_THE_GATE: &str = "2023-11-13T01:00:00.000Z";

impl super::Response {
    /// The codes of the units that a refusal names under an error code.
    pub fn units_named(&self, code: &str) -> Vec<String> {
        let errors = self.json()["errors"].as_array().cloned().unwrap_or_default();
        let named = errors.iter().filter(|error| error["code"] == code);
        named.map(|error| error["params"]["unit_code"].as_str().unwrap().to_owned()).collect()
    }
}

impl App {
    /// The body that creates a period like the sandbox's under another code.
    pub fn period_like(&self, code: &str) -> Value {
        let asked = [
            "code",
            "title",
            "year",
            "criteria_set_id",
            "unit_ids",
            "schedule",
            "late_submissions",
            "council_scoring",
            "tie_break",
            "awards",
            "groups",
            "eligibility",
            "when_ineligible",
            "required_documents",
            "dossier_deadline",
        ];
        let mut body = self.get("secretary", &self.period()).expect(200);
        body.as_object_mut().unwrap().retain(|name, _| asked.contains(&name.as_str()));
        body["code"] = json!(code);
        body
    }

    /// Creates a draft period and returns its path.
    #[track_caller]
    pub fn new_period(&self, body: &Value) -> String {
        let period = self.post("secretary", "/v1/periods", body).expect(201);
        format!("/v1/periods/{}", period["id"].as_str().unwrap())
    }

    /// Creates a unit's sheet in a period and returns its path.
    #[track_caller]
    pub fn new_sheet_in(&self, period: &str, unit: &str) -> String {
        let period_id = period.rsplit('/').next().unwrap();
        let body = json!({"period_id": period_id, "unit_id": self.unit_id(unit)});
        let sheet = self.post(&head(unit), "/v1/submissions", &body).expect(201);
        format!("/v1/submissions/{}", sheet["id"].as_str().unwrap())
    }

    /// Creates and publishes a criteria set and returns its id.
    #[track_caller]
    pub fn published(&self, table: &Value) -> String {
        let set = self.post("admin", "/v1/criteria-sets", table).expect(201);
        let path = format!("/v1/criteria-sets/{}", set["id"].as_str().unwrap());
        self.act("admin", &path, "publish", None).expect(200);
        set["id"].as_str().unwrap().to_owned()
    }

    /// Opens a period that is scored by `table` and returns the path of TH's new sheet in it.
    #[track_caller]
    pub fn sheet_of_table(&self, table: &Value) -> String {
        let mut body = self.period_like("2024");
        body["criteria_set_id"] = json!(self.published(table));
        let period = self.new_period(&body);
        self.act("secretary", &period, "open", None).expect(200);
        self.new_sheet_in(&period, "TH")
    }

    /// Brings the period into appraisal: the given units submitted, the others missed the gate.
    #[track_caller]
    pub fn in_appraisal(&self, units: &[(&str, Otherwise)]) -> Vec<String> {
        let sheets = units.iter().map(|(unit, otherwise)| self.submitted_sheet(unit, otherwise)).collect();
        self.set_clock(AFTER_THE_GATE);
        self.move_period("secretary", "start-appraisal");
        sheets
    }

    /// Brings the period into council review: every submitted sheet was appraised unchanged.
    #[track_caller]
    pub fn in_council_review(&self, units: &[(&str, Otherwise)]) -> Vec<String> {
        let sheets = self.in_appraisal(units);
        for ((unit, _), sheet) in units.iter().zip(&sheets) {
            self.review(Self::appraiser_of(unit), sheet, "appraisal", &[]);
        }
        self.move_period("secretary", "start-council-review");
        sheets
    }

    /// Finalises the period: reviewed as appraised, favourable facts, a session of four on 28 November.
    #[track_caller]
    pub fn finalized(&self, units: &[(&str, Otherwise)]) -> Vec<String> {
        let sheets = self.in_council_review(units);
        for ((unit, _), sheet) in units.iter().zip(&sheets) {
            self.review("secretary", sheet, "council", &[]);
            self.good_facts(unit);
        }
        self.set_clock("2023-11-28T02:00:00.000Z");
        self.closed_session("2023-11-28", 4);
        self.move_period("council-chair", "finalize");
        sheets
    }

    /// The path of the first proposal in the secretary's list.
    #[track_caller]
    pub fn first_proposal(&self) -> String {
        let proposals = self.get("secretary", "/v1/award-proposals").expect(200);
        format!("/v1/award-proposals/{}", proposals["items"][0]["id"].as_str().unwrap())
    }

    /// Attaches every required document to a proposal.
    #[track_caller]
    pub fn complete_dossier(&self, proposal: &str) {
        for document in ["proposal_letter", "party_cell_rating", "achievement_report"] {
            let tag = self.tag("secretary", proposal);
            let request = self.request("secretary", "PUT", &format!("{proposal}/documents/{document}")).if_match(&tag);
            request.file("x.pdf", b"%PDF-1.7\n").send().expect(200);
        }
    }

    /// Announces the result on 30 November.
    #[track_caller]
    pub fn announced(&self, units: &[(&str, Otherwise)]) -> Vec<String> {
        let sheets = self.finalized(units);
        self.set_clock("2023-11-30T02:00:00.000Z");
        let notice = json!({"notice_number": "1234/TB-VP", "notice_on": "2023-11-30"});
        self.act("secretary", &self.period(), "announce", Some(&notice)).expect(200);
        sheets
    }
}
