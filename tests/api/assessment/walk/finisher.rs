//! Who leads a period to its end.

use serde_json::{Value, json};

use super::{REASON, Seen, Walk, day, instant, text};
use crate::support::Response;
use crate::support::year::head;

/// Who leads a period to its end: the next act of its life, and before it what its refusal asks for.
impl Walk<'_> {
    fn tried(&mut self, person: &str, verb: &str, body: Option<&Value>) -> Option<Response> {
        let answer = self.app.act(person, &self.path, verb, body);
        if answer.status == 200 {
            return None;
        }
        Some(answer.refused(409, "guard_failed"))
    }

    /// One step towards the end, and what is seen then; none where it is reached.
    pub(super) fn forward(&mut self) -> Option<Seen> {
        let status = self.status();
        let notice = json!({"notice_number": format!("{}/TB-VP", self.fresh()), "notice_on": self.today()});
        let stale = status == "announced" && self.ranking("")["status"] == "stale";
        let (person, verb, body) = match status.as_str() {
            "draft" => ("secretary", "open", None),
            "self_assessment" => ("secretary", "start-appraisal", None),
            "appraisal" => ("council-chair", "start-council-review", None),
            "council_review" => ("council-chair", "finalize", None),
            "finalized" => ("secretary", "announce", Some(&notice)),
            "announced" if stale => ("secretary", "announce", Some(&notice)),
            "announced" => ("secretary", "close", None),
            _ => return None,
        };
        let Some(refusal) = self.tried(person, verb, body) else {
            return Some(self.arrived(&format!("period {verb}")));
        };
        let done = self.answered(&refusal);
        Some(self.arrived(done))
    }

    /// Does what the first fault of a refusal asks for.
    pub(super) fn answered(&mut self, refusal: &Response) -> &'static str {
        let fault = refusal.json()["errors"][0].clone();
        let seen = self.look();
        let code = text(&fault["params"]["unit_code"]);
        let sheet = seen.sheets.iter().find(|sheet| sheet["unit_code"] == code).cloned();
        match text(&fault["code"]) {
            "sheet_open" => {
                self.wait_for(instant(&fault["params"]["closes_at"]));
                "days pass"
            }
            "appraisal_missing" => {
                let sheet = sheet.unwrap();
                if sheet["status"] != "submitted" {
                    self.wait_for(instant(&sheet["closes_at"]));
                    return "days pass";
                }
                self.reviewed(&seen, &sheet, "appraisal")
            }
            "council_review_missing" => self.reviewed(&seen, &sheet.unwrap(), "council"),
            "session_without_quorum" => {
                self.meet();
                "meet"
            }
            "facts_missing" => {
                self.put_facts(&self.unit_id(code), false).expect(201);
                "record facts"
            }
            "unresolved_tie" => {
                assert!(self.decide_tie(true), "{:?}", self.steps);
                "decide a tie"
            }
            "proposal_decided" => {
                let unit_id = self.unit_id(code);
                let decided = seen
                    .proposals
                    .iter()
                    .find(|proposal| proposal["unit_id"] == unit_id && proposal["status"] == "approved");
                let place = format!("/v1/award-proposals/{}", text(&decided.unwrap()["id"]));
                let body = json!({"outcome": "declined", "decision_number": null, "decided_on": null,
                    "decision_reason": REASON, "reason": REASON});
                self.app.act("secretary", &place, "correct-decision", Some(&body)).expect(200);
                "proposal correct-decision"
            }
            "proposal_undecided" => self.decided(&seen, code),
            other => panic!("nobody can answer {other}: {}\n{:?}", refusal.json(), self.steps),
        }
    }

    fn unit_id(&self, code: &str) -> String {
        self.units.iter().find(|(unit, _)| *unit == code).unwrap().1.clone()
    }

    /// The review that a person has begun or begins now.
    fn started(&self, person: &str, sheet: &Value, stage: &str) -> String {
        let start = json!({"submission_id": sheet["id"], "stage": stage});
        let answer = self.app.post(person, "/v1/reviews", &start);
        if answer.code() != "already_exists" {
            return text(&answer.json()["id"]).to_owned();
        }
        let listed = self.app.get(person, &format!("/v1/reviews?submission_id={}", text(&sheet["id"]))).expect(200);
        let mine = listed["items"].as_array().unwrap().iter().find(|review| {
            review["stage"] == stage && review["status"] == "draft" && review["superseded_at"].is_null()
        });
        mine.map(|review| text(&review["id"]).to_owned()).unwrap_or_default()
    }

    fn reviewed(&mut self, seen: &Seen, sheet: &Value, stage: &str) -> &'static str {
        let alone = seen.period["council_scoring"] == "mean";
        // Where one keeps away, another one sees to it.
        let people: &[&str] = match stage {
            "council" if alone => &["council-chair", "th-council", "kt-council", "nc-council"],
            "council" => &["secretary", "council-chair"],
            _ => &["appraiser", "hctc-appraiser"],
        };
        let done = people.iter().any(|person| {
            let id = self.started(person, sheet, stage);
            let place = format!("/v1/reviews/{id}");
            !id.is_empty()
                && self.app.get(person, &place).status == 200
                && self.app.act(person, &place, "submit", None).status == 200
        });
        assert!(done, "nobody reviews {sheet}: {:?}", self.steps);
        "review submit"
    }

    /// Every unit that has no sheet hands one in, if there is time.
    pub(super) fn handed_in(&mut self, seen: &Seen) -> Seen {
        for (code, unit_id) in self.units {
            let takes_part = seen.period["unit_ids"].as_array().unwrap().contains(&json!(unit_id));
            if !takes_part || seen.sheets.iter().any(|sheet| sheet["unit_id"] == unit_id.as_str()) {
                continue;
            }
            let body = json!({"period_id": self.id(), "unit_id": unit_id});
            let created = self.app.post(&head(code), "/v1/submissions", &body);
            if created.status != 201 {
                continue;
            }
            let sheet = format!("/v1/submissions/{}", text(&created.json()["id"]));
            self.arrived("create a sheet");
            let (tag, lines) = (self.app.tag(&head(code), &sheet), self.lines(false));
            let write = self.app.request(&head(code), "PATCH", &format!("{sheet}/scores")).if_match(&tag);
            write.json(&lines).send().expect(200);
            self.app.act(&head(code), &sheet, "submit", None).expect(200);
            self.arrived("sheet submit");
        }
        self.look()
    }

    fn decided(&mut self, seen: &Seen, unit: &str) -> &'static str {
        let unit_id = self.unit_id(unit);
        let is_open = |proposal: &&Value| {
            proposal["unit_id"] == unit_id && ["draft", "returned", "submitted"].contains(&text(&proposal["status"]))
        };
        let open = seen.proposals.iter().find(is_open).unwrap();
        let place = format!("/v1/award-proposals/{}", text(&open["id"]));
        if open["status"] == "submitted" {
            let decision = self.decision();
            self.app.act("secretary", &place, "record-decision", Some(&decision)).expect(200);
            return "proposal record-decision";
        }
        let shown = self.app.get("secretary", &place).expect(200);
        for document in ["letter", "report"] {
            let tag = self.app.tag("secretary", &place);
            let put = self.app.request("secretary", "PUT", &format!("{place}/documents/{document}")).if_match(&tag);
            put.file("x.pdf", b"%PDF-1.7\n").send().expect(200);
        }
        if shown["dossier"]["opens_on"].is_string() {
            let opens = day(&shown["dossier"]["opens_on"]).and_hms_opt(1, 0, 0).unwrap().and_utc();
            self.wait_for(opens);
        }
        self.app.act("secretary", &place, "submit", None).expect(200);
        "proposal submit"
    }
}
