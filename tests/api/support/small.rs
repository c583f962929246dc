//! Small periods beside the sandbox's: a table of a few criteria, a few units, and several periods brought on together.

use serde_json::{Value, json};

use super::App;
use super::year::{AFTER_THE_GATE, head};

/// A unit's year: lines as criterion and answer, what the reviews change, and the facts.
#[derive(Debug, Clone, Default)]
pub struct SmallUnit {
    /// Code of the unit.
    pub unit: &'static str,
    /// Lines of the self-assessment; none for a unit that misses the gate.
    pub own: Option<Vec<(&'static str, Value)>>,
    /// Lines that the appraisal changes.
    pub appraisal: Vec<(&'static str, Value)>,
    /// Lines that the council review changes.
    pub council: Vec<(&'static str, Value)>,
    /// Whether somebody was disciplined; none where no facts are recorded.
    pub disciplined: Option<bool>,
}

/// A period with its units.
pub struct SmallPeriod {
    /// Path of the period.
    pub path: String,
    units: Vec<SmallUnit>,
    sheets: Vec<Option<String>>,
}

/// An answer of points.
pub fn points(points: f64) -> Value {
    json!({"points": points})
}

/// A table of 100 points: A.1 of 40, A.2 of 20 that loses 5 a case, A.3.1 and A.3.2 that share 30, and a bonus B.1 of 10.
pub fn small_table(code: &str, not_applicable: &str) -> Value {
    let node =
        |code: &str, max: Value, rule: Value| json!({"code": code, "title": code, "max_points": max, "rule": rule});
    let manual = || json!({"type": "manual"});
    json!({
        "code": code, "title": "Bảng nhỏ", "year": 2023, "total_points": 100, "not_applicable": not_applicable,
        "parts": [
            {"code": "A", "title": "A", "kind": "base", "max_points": 90, "children": [
                node("A.1", json!(40), manual()),
                node("A.2", json!(20), json!({"type": "deduction_per_case", "points_per_case": 5, "floor": 0})),
                {"code": "A.3", "title": "A.3", "max_points": 30, "children": [
                    node("A.3.1", Value::Null, manual()), node("A.3.2", Value::Null, manual())]}]},
            {"code": "B", "title": "B", "kind": "bonus", "max_points": 10, "children": [node("B.1", json!(10), manual())]}]
    })
}

fn lines(lines: &[(&str, Value)], reason: Option<&str>) -> Value {
    let line = |(code, answer): &(&str, Value)| {
        let mut line = json!({"criterion_code": code, "answer": answer});
        if let Some(reason) = reason {
            line["reason"] = json!(reason);
        }
        line
    };
    json!({"scores": lines.iter().map(line).collect::<Vec<_>>()})
}

fn id_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

impl App {
    /// Creates and opens a period of these units; each creates its sheet, and those with lines submit it. `change` changes the
    /// body that creates it.
    #[track_caller]
    pub fn small_period(&self, table: &str, units: Vec<SmallUnit>, change: impl FnOnce(&mut Value)) -> SmallPeriod {
        let mut body = self.period_like("SMALL");
        body["criteria_set_id"] = json!(table);
        body["unit_ids"] = units.iter().map(|unit| json!(self.unit_id(unit.unit))).collect();
        change(&mut body);
        let path = self.new_period(&body);
        self.act("secretary", &path, "open", None).expect(200);
        let submit = |unit: &SmallUnit| {
            let sheet = self.new_sheet_in(&path, unit.unit);
            let own = unit.own.as_ref()?;
            let tag = self.tag(&head(unit.unit), &sheet);
            let put = self.request(&head(unit.unit), "PUT", &format!("{sheet}/scores")).if_match(&tag);
            put.json(&lines(own, None)).send().expect(200);
            self.act(&head(unit.unit), &sheet, "submit", None).expect(200);
            Some(sheet)
        };
        let sheets = units.iter().map(submit).collect();
        SmallPeriod { path, units, sheets }
    }

    #[track_caller]
    fn small_review(&self, person: &str, sheet: &str, stage: &str, changed: &[(&'static str, Value)]) {
        let body = json!({"submission_id": id_of(sheet), "stage": stage});
        let review = self.post(person, "/v1/reviews", &body).expect(201);
        let path = format!("/v1/reviews/{}", review["id"].as_str().unwrap());
        if !changed.is_empty() {
            let tag = self.tag(person, &path);
            let patch = self.request(person, "PATCH", &format!("{path}/scores")).if_match(&tag);
            patch.json(&lines(changed, Some("Tính lại"))).send().expect(200);
        }
        self.act(person, &path, "submit", None).expect(200);
    }

    /// Brings periods to the end of their reviews, with facts, a closed session each, and every tie decided.
    #[track_caller]
    pub fn reviewed(&self, periods: &[SmallPeriod]) {
        for (period, session_id) in periods.iter().zip(self.reviewed_undecided(periods)) {
            let ranking = self.get("secretary", &format!("{}/ranking", period.path)).expect(200);
            for tie in ranking["unresolved_ties"].as_array().unwrap() {
                // The last one first, so that the decision shows.
                let mut unit_ids = tie["unit_ids"].as_array().unwrap().clone();
                unit_ids.reverse();
                let decision = json!({"unit_ids": unit_ids, "reason": "Biểu quyết", "council_session_id": session_id});
                self.post("council-chair", &format!("{}/tie-decisions", period.path), &decision).expect(201);
            }
        }
    }

    /// Brings periods to the end of their reviews, with facts and a closed session each, whose ids it returns.
    #[track_caller]
    pub fn reviewed_undecided(&self, periods: &[SmallPeriod]) -> Vec<String> {
        self.set_clock(AFTER_THE_GATE);
        for period in periods {
            self.act("secretary", &period.path, "start-appraisal", None).expect(200);
            for (unit, sheet) in period.sent() {
                self.small_review(Self::appraiser_of(unit.unit), sheet, "appraisal", &unit.appraisal);
            }
            self.act("secretary", &period.path, "start-council-review", None).expect(200);
            for (unit, sheet) in period.sent() {
                self.small_review("secretary", sheet, "council", &unit.council);
            }
            for unit in &period.units {
                let Some(disciplined) = unit.disciplined else {
                    continue;
                };
                let facts =
                    json!({"anybody_disciplined": disciplined, "party_cell_rating": "good", "under_inspection": false});
                let path = format!("{}/facts/{}", period.path, self.unit_id(unit.unit));
                self.request("secretary", "PUT", &path).json(&facts).send().expect(201);
            }
        }
        self.set_clock("2023-11-28T02:00:00.000Z");
        let present = |(_, id): (String, String)| json!({"member_id": id, "present": true});
        let attendance: Vec<Value> = self.council().into_iter().map(present).collect();
        let sessions = periods.iter().map(|period| {
            let body = json!({"period_id": id_of(&period.path), "held_on": "2023-11-28", "place": "Phòng họp", "attendance": attendance});
            let session = self.post("secretary", "/v1/council-sessions", &body).expect(201);
            let session_id = session["id"].as_str().unwrap();
            let path = format!("/v1/council-sessions/{session_id}");
            self.act("secretary", &path, "hold", None).expect(200);
            self.act("council-chair", &path, "close", None).expect(200);
            session_id.to_owned()
        });
        sessions.collect()
    }

    /// Finalises and announces reviewed periods.
    #[track_caller]
    pub fn announce_all(&self, periods: &[SmallPeriod]) {
        for period in periods {
            self.act("council-chair", &period.path, "finalize", None).expect(200);
        }
        self.set_clock("2023-11-30T02:00:00.000Z");
        for period in periods {
            let notice = json!({"notice_number": "1/TB-VP", "notice_on": "2023-11-30"});
            self.act("secretary", &period.path, "announce", Some(&notice)).expect(200);
        }
    }
}

impl SmallPeriod {
    fn sent(&self) -> impl Iterator<Item = (&SmallUnit, &String)> {
        self.units.iter().zip(&self.sheets).filter_map(|(unit, sheet)| Some((unit, sheet.as_ref()?)))
    }
}
