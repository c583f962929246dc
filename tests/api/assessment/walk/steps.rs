//! One step of somebody: an act that is offered, one that is blocked, or something that nobody is asked for.

use serde_json::{Value, json};

use super::{IDLE, LAST_DAY, REASON, Seen, Walk, day, plus, text};
use crate::support::year::head;
use crate::support::{Part, Response};

/// What may still refuse an act that is offered: a condition of the act, which its answer names in full.
fn conditions(act: &str) -> &'static [&'static str] {
    match act {
        "start-appraisal" | "start-council-review" | "finalize" | "announce" | "close" | "hold" => &["guard_failed"],
        "submit" => &["validation_failed", "missing_score", "reason_required", "guard_failed"],
        "withdraw" => &["guard_failed"],
        "add-unit" => &["already_exists", "due_on_too_late", "deadline_shortened"],
        "set-aside" => &["units_missing"],
        "return" => &["due_on_too_late"],
        "extend" => &["due_on_too_late"],
        "correct-extension" => &["extension_used", "nothing_corrected", "deadline_shortened", "date_in_past"],
        "amend" => &["nothing_corrected", "already_exists", "missing_score", "validation_failed"],
        "approve" => &["guard_failed"],
        _ => &[],
    }
}

/// An act that is offered on a resource, and what it was offered with.
struct Offer {
    kind: &'static str,
    person: String,
    tag: String,
    seen: Value,
    act: Value,
}

impl Walk<'_> {
    /// The body of an act, or none for one without a body.
    fn body(&mut self, offer: &Offer) -> Option<Value> {
        let (today, reason) = (self.today(), REASON);
        let seen = &offer.seen;
        Some(match (offer.kind, text(&offer.act["action"])) {
            ("period", "change") => json!({"title": format!("Năm {}", self.fresh())}),
            ("period", "set_targets") => json!({"targets": []}),
            ("period", "add-unit") => {
                let unit = self.dice.one(self.units).1.clone();
                let gate = today.max(day(&seen["schedule"]["self_assessment_due_on"]));
                // In the council's review nothing can be handed in any more, and who comes back has a sheet with its day.
                let aside = seen["set_aside"].as_array().unwrap();
                let back = aside.iter().any(|aside| aside["unit_id"] == unit.as_str());
                let due_on = (seen["status"] != "council_review" && !back).then(|| plus(gate, 1));
                let mut body = json!({"unit_id": unit, "reason": reason, "due_on": due_on});
                if !back && let Some(group) = seen["groups"].as_array().unwrap().last() {
                    body["group_code"] = group["code"].clone();
                }
                body
            }
            ("period", "set-aside" | "step-back" | "cancel")
            | ("session", "cancel")
            | ("review", "reopen")
            | ("proposal", "return")
            | ("amendment", "reject")
            | ("deadline", "waive" | "unwaive") => json!({"reason": reason}),
            ("period", "announce") => json!({"notice_number": format!("{}/TB-VP", self.fresh()), "notice_on": today}),
            ("period", "correct-notice") => {
                json!({"notice_number": format!("{}/TB-VP", self.fresh()), "notice_on": if seen["notice"].is_null() { json!(today) } else { seen["notice"]["on"].clone() }, "reason": reason})
            }
            ("period", "copy") => {
                json!({"code": format!("COPY-{}-{}", self.id(), self.fresh()), "carry_over": seen["status"] == "cancelled"})
            }
            ("sheet", "write_scores") => self.lines(false),
            ("sheet", "return") => json!({"reason": reason, "due_on": plus(today, 1)}),
            ("sheet", "appraise") => json!({"submission_id": seen["id"], "stage": "appraisal"}),
            ("sheet", "council_review") => json!({"submission_id": seen["id"], "stage": "council"}),
            ("sheet", "amend") => {
                let facts = json!({"anybody_disciplined": self.dice.below(2) == 0, "party_cell_rating": "good", "under_inspection": false});
                let scores = self.lines(true)["scores"].clone();
                let mut body = json!({"reason": reason, "legal_basis": "Công văn số 45/HCTC"});
                if self.dice.below(3) == 0 {
                    body["facts"] = facts
                } else {
                    body["scores"] = scores
                }
                body
            }
            ("review", "write_scores") => self.lines(true),
            ("session", "change") => json!({"agenda": [{"unit_ids": [], "note": format!("Mục {}", self.fresh())}]}),
            ("session", "correct") => {
                let present = 3 + self.dice.below(4);
                json!({"place": format!("Phòng {}", self.fresh()), "attendance": self.attendance(present), "reason": reason})
            }
            ("proposal", "record-decision") => self.decision(),
            ("proposal", "correct-decision") => {
                let number = format!("{}/QĐ-UBND", self.fresh());
                match self.dice.below(2) {
                    0 => {
                        json!({"outcome": "approved", "decision_number": number, "decided_on": today, "reason": reason})
                    }
                    _ => json!({"outcome": "declined", "decision_number": number, "decided_on": today,
                        "decision_reason": reason, "reason": reason}),
                }
            }
            ("proposal", "withdraw") => json!({"reason": reason, "pass_down": self.dice.below(2) == 0}),
            ("deadline", "extend") => {
                let due_on = plus(today.max(day(&seen["due_on"])), *self.dice.one(&[1, 2, 3]));
                json!({"due_on": due_on, "reason": reason, "basis_document": "CV 45/VP"})
            }
            ("deadline", "correct-extension") => {
                json!({"due_on": plus(today, *self.dice.one(&[1, 2, 3, 4])), "reason": reason})
            }
            _ => return None,
        })
    }

    pub(super) fn decision(&mut self) -> Value {
        match self.dice.below(3) {
            0 => json!({"outcome": "declined", "reason": REASON}),
            _ => {
                json!({"outcome": "approved", "decision_number": format!("{}/QĐ-UBND", self.fresh()), "decided_on": self.today()})
            }
        }
    }

    /// Does what an act says, as its link says.
    fn perform(&mut self, offer: &Offer) -> Response {
        let (act, name) = (&offer.act, text(&offer.act["action"]).to_owned());
        let mut href = text(&act["href"]).to_owned();
        if href.contains("{unit_id}") {
            let units = offer.seen["unit_ids"].as_array().unwrap();
            href = href.replace("{unit_id}", text(self.dice.one(units)));
        }
        let document = *self.dice.one(&["letter", "report"]);
        href = href.replace("{n}", "1").replace("{code}", document);
        let request = self.app.request(&offer.person, text(&act["method"]), &href);
        let adds = ["add-unit", "copy", "appraise", "council_review", "amend", "extend", "add_evidence"];
        let request = if adds.contains(&name.as_str()) { request } else { request.if_match(&offer.tag) };
        match name.as_str() {
            "add_evidence" => request
                .form(&[
                    Part::Text("criterion_code", "A.1"),
                    Part::Text("title", "Báo cáo"),
                    Part::Text("classification", "none"),
                    Part::File("x.pdf", b"%PDF-1.7\n"),
                ])
                .send(),
            "attach_minutes" | "attach_document" | "attach_achievement_report" => {
                request.file("x.pdf", b"%PDF-1.7\n").send()
            }
            _ => match self.body(offer) {
                Some(body) => request.json(&body).send(),
                None => request.send(),
            },
        }
    }

    /// A resource of the period and a person who has to do with it, whoever comes up.
    fn somebody(&mut self, seen: &Seen) -> Option<(&'static str, String, String)> {
        let place = |kind: &str, record: &Value| format!("/v1/{kind}/{}", text(&record["id"]));
        Some(match self.dice.below(12) {
            0..3 => {
                let person = *self.dice.one(&["secretary", "council-chair", "council-chair", "admin", "appraiser"]);
                ("period", person.to_owned(), self.path.clone())
            }
            3..6 if !seen.sheets.is_empty() => {
                let sheet = self.dice.one(&seen.sheets).clone();
                let own = head(text(&sheet["unit_code"]));
                let person = self.dice.one(&[own.as_str(), own.as_str(), "appraiser", "secretary"]).to_string();
                ("sheet", person, place("submissions", &sheet))
            }
            6 | 7 if !seen.reviews.is_empty() && seen.proposals.is_empty() => {
                let review = self.dice.one(&seen.reviews).clone();
                let person = if review["stage"] == "appraisal" { "appraiser" } else { "council-chair" };
                ("review", person.to_owned(), place("reviews", &review))
            }
            8 | 9 if !seen.sessions.is_empty() && seen.proposals.is_empty() => {
                let person = *self.dice.one(&["secretary", "council-chair"]);
                ("session", person.to_owned(), place("council-sessions", self.dice.one(&seen.sessions)))
            }
            6..=8 if !seen.proposals.is_empty() => {
                let person = *self.dice.one(&["secretary", "council-chair"]);
                ("proposal", person.to_owned(), place("award-proposals", self.dice.one(&seen.proposals)))
            }
            9 | 10 if !seen.amendments.is_empty() => {
                ("amendment", "council-chair".to_owned(), place("amendments", self.dice.one(&seen.amendments)))
            }
            11 => {
                let deadlines = self.list("deadlines", &format!("kind=self_assessment&period_id={}", self.id()));
                if deadlines.is_empty() {
                    return None;
                }
                ("deadline", "secretary".to_owned(), place("deadlines", self.dice.one(&deadlines)))
            }
            _ => return None,
        })
    }

    /// One step of somebody: what is offered is done, what is blocked is refused as it is said.
    pub(super) fn offered(&mut self, seen: &Seen) -> Option<Seen> {
        let (kind, person, place) = self.somebody(seen)?;
        let read = self.app.get(&person, &place);
        if read.status != 200 {
            return None;
        }
        let (tag, record) = (read.etag(), read.json());
        let blocked = record["blocked_actions"].as_array().unwrap();
        if self.dice.below(4) == 0 && !blocked.is_empty() {
            let blocked = self.dice.one(blocked).clone();
            self.refused_as_said(kind, &person, &place, &tag, &record, &blocked);
            return None;
        }
        let allowed = record["allowed_actions"].as_array().unwrap().clone();
        // The end by cancelling, and copies, come seldom.
        let rare = |act: &Value| ["cancel", "copy"].contains(&text(&act["action"])) && kind == "period";
        let seldom = self.dice.below(12) == 0;
        let idle = |act: &Value| IDLE.contains(&text(&act["action"]));
        let often = self.dice.below(4) == 0;
        let choice: Vec<Value> =
            allowed.into_iter().filter(|act| (seldom || !rare(act)) && (often || !idle(act))).collect();
        if choice.is_empty() {
            return None;
        }
        let done = |act: &&Value| self.map.acts.get(&format!("{kind} {}", text(&act["action"]))).copied().unwrap_or(0);
        let newest = choice.iter().min_by_key(done).unwrap();
        let act = if self.dice.below(3) == 0 { self.dice.one(&choice).clone() } else { newest.clone() };
        let name = format!("{kind} {}", text(&act["action"]));
        let offer = Offer { kind, person, tag, seen: record, act };
        let answer = self.perform(&offer);
        if !(200..300).contains(&answer.status) {
            let known = conditions(text(&offer.act["action"])).contains(&answer.code().as_str());
            let told = String::from_utf8_lossy(&answer.bytes).into_owned();
            assert!(known, "{name} is offered to {} in {}: {told}\n{:?}", offer.person, self.at, self.steps);
            *self.map.refused.entry(format!("{name}: {}", answer.code())).or_default() += 1;
            return None;
        }
        if name == "period copy" {
            let copy = format!("/v1/periods/{}", text(&answer.json()["id"]));
            if offer.seen["status"] == "cancelled" {
                // The walk goes on where the cancelled period does.
                self.path = copy;
            } else {
                let body = json!({"reason": REASON});
                self.app.act("secretary", &copy, "cancel", Some(&body)).expect(200);
            }
        }
        Some(self.arrived(&name))
    }

    fn refused_as_said(
        &mut self,
        kind: &'static str,
        person: &str,
        place: &str,
        tag: &str,
        record: &Value,
        blocked: &Value,
    ) {
        let name = text(&blocked["action"]);
        let (method, rest) = match name {
            "change" | "write_scores" => ("PATCH", if name == "change" { "" } else { "/scores" }),
            "set_targets" => ("PUT", "/targets"),
            "attach_minutes" => ("PUT", "/minutes"),
            "attach_document" => ("PUT", "/documents/letter"),
            "attach_achievement_report" => ("PUT", "/documents/achievement_report"),
            "add-unit" => ("POST", "/units"),
            "set-aside" => ("POST", "/units/{unit_id}/set-aside"),
            "amend" => ("POST", "/amendments"),
            "extend" => ("POST", "/extensions"),
            "correct-extension" => ("POST", "/extensions/{n}/correct"),
            "add_evidence" => ("POST", "/evidence"),
            _ => ("POST", ""),
        };
        let href = match name {
            "appraise" | "council_review" => "/v1/reviews".to_owned(),
            _ if rest.is_empty() && method == "POST" => format!("{place}/{name}"),
            _ => format!("{place}{rest}"),
        };
        if rest.contains("{unit_id}") && record["unit_ids"].as_array().unwrap().is_empty()
            || name == "extend" && record["due_on"].is_null()
        {
            return;
        }
        let act = json!({"action": name, "method": method, "href": href});
        let offer = Offer { kind, person: person.to_owned(), tag: tag.to_owned(), seen: record.clone(), act };
        let answer = self.perform(&offer);
        assert_eq!(
            (answer.code().as_str(), (400..500).contains(&answer.status)),
            (text(&blocked["code"]), true),
            "{kind} {name} is blocked for {person} in {}: {}\n{:?}",
            self.at,
            String::from_utf8_lossy(&answer.bytes),
            self.steps
        );
        *self.map.refused.entry(format!("{kind} {name} as said: {}", text(&blocked["code"]))).or_default() += 1;
    }

    /// One step that nobody is asked for.
    pub(super) fn unasked(&mut self, seen: &Seen) -> Option<Seen> {
        let status = text(&seen.period["status"]).to_owned();
        match self.dice.below(6) {
            0 if self.today() < LAST_DAY.parse().unwrap() => {
                let days = *self.dice.one(&[1, 1, 2, 5]);
                self.days_pass(days);
                Some(self.arrived("days pass"))
            }
            1 => {
                let (code, unit_id) = self.dice.one(self.units).clone();
                let takes_part = seen.period["unit_ids"].as_array().unwrap().contains(&json!(unit_id));
                let has = seen.sheets.iter().any(|sheet| sheet["unit_id"] == unit_id.as_str());
                let body = json!({"period_id": self.id(), "unit_id": unit_id});
                let answer = self.app.post(&head(code), "/v1/submissions", &body);
                let open = status == "self_assessment" && takes_part && !has;
                let late = answer.code() == "deadline_passed";
                assert!(
                    open && (answer.status == 201 || late) || !open && answer.status >= 400 && answer.status < 500,
                    "{status}: {}",
                    String::from_utf8_lossy(&answer.bytes)
                );
                (answer.status == 201).then(|| self.arrived("create a sheet"))
            }
            2 => {
                let (held_on, present) = (self.today(), 3 + self.dice.below(4));
                let body = json!({"period_id": self.id(), "held_on": held_on, "place": "Phòng họp", "attendance": self.attendance(present)});
                let answer = self.app.post("secretary", "/v1/council-sessions", &body);
                let running = ["self_assessment", "appraisal", "council_review"].contains(&status.as_str());
                assert!(!running || answer.status == 201, "{status}: {}", String::from_utf8_lossy(&answer.bytes));
                (answer.status == 201).then(|| self.arrived("plan a session"))
            }
            3 => self.record_facts(seen).then(|| self.arrived("record facts")),
            5 => self.declare(seen),
            4 => {
                let decided = self.decide_tie(false);
                decided.then(|| self.arrived("decide a tie"))
            }
            _ => None,
        }
    }

    fn record_facts(&mut self, seen: &Seen) -> bool {
        let units = seen.period["unit_ids"].as_array().unwrap();
        if units.is_empty() {
            return false;
        }
        let unit = text(self.dice.one(units)).to_owned();
        let disciplined = self.dice.below(4) == 0;
        let answer = self.put_facts(&unit, disciplined);
        let running = ["self_assessment", "appraisal", "council_review"].contains(&text(&seen.period["status"]));
        assert_eq!(running, answer.status < 300, "{}", String::from_utf8_lossy(&answer.bytes));
        running
    }

    /// The secretary declares a conflict with a sheet, which the chair and the appraiser see to from then on.
    fn declare(&mut self, seen: &Seen) -> Option<Seen> {
        let sheet = self.dice.one(seen.sheets.get(..).filter(|sheets| !sheets.is_empty())?).clone();
        let body = json!({"submission_id": sheet["id"], "ground": "family"});
        let answer = self.app.post("secretary", "/v1/recusals", &body);
        assert!([201, 404, 409].contains(&answer.status), "{}", String::from_utf8_lossy(&answer.bytes));
        self.recused |= answer.status == 201;
        (answer.status == 201).then(|| self.arrived("declare a conflict"))
    }

    /// Records facts about a unit as the secretary, or as the appraiser where the secretary keeps away.
    pub(super) fn put_facts(&self, unit: &str, disciplined: bool) -> Response {
        let answer = self.put_facts_as("secretary", unit, disciplined);
        if answer.code() == "recused" { self.put_facts_as("appraiser", unit, disciplined) } else { answer }
    }

    fn put_facts_as(&self, person: &str, unit: &str, disciplined: bool) -> Response {
        let facts = json!({"anybody_disciplined": disciplined, "party_cell_rating": "good", "under_inspection": false});
        let place = format!("{}/facts/{unit}", self.path);
        let known = self.app.get(person, &place);
        let request = self.app.request(person, "PUT", &place);
        let request = if known.status == 200 { request.if_match(&known.etag()) } else { request };
        request.json(&facts).send()
    }

    /// Decides the first open tie in a closed session; `again` meets for it where no session will do.
    pub(super) fn decide_tie(&mut self, again: bool) -> bool {
        let ranking = self.ranking("");
        let latest = &ranking["latest_version"];
        let ranking = if latest.is_number() { self.ranking(&format!("?version={latest}")) } else { ranking };
        let Some(tie) = ranking["unresolved_ties"].as_array().unwrap().first().cloned() else {
            return false;
        };
        let sessions = self.list("council-sessions", &format!("period_id={}", self.id()));
        let closed =
            sessions.iter().rev().find(|session| session["status"] == "closed" && session["quorum_met"] == true);
        let place = format!("{}/tie-decisions", self.path);
        let decided = |walk: &Self, session: &str| {
            let body = json!({"unit_ids": tie["unit_ids"], "reason": REASON, "council_session_id": session});
            walk.app.post("council-chair", &place, &body)
        };
        if let Some(session) = closed
            && decided(self, text(&session["id"])).status == 201
        {
            return true;
        }
        if !again {
            return false;
        }
        let session = self.meet();
        decided(self, &session).expect(201);
        true
    }

    /// The council meets today with everybody present; returns the closed session's id.
    pub(super) fn meet(&mut self) -> String {
        let body = json!({"period_id": self.id(), "held_on": self.today(), "place": "Phòng họp", "attendance": self.attendance(6)});
        let session = self.app.post("secretary", "/v1/council-sessions", &body).expect(201);
        let path = format!("/v1/council-sessions/{}", text(&session["id"]));
        self.app.act("secretary", &path, "hold", None).expect(200);
        self.app.act("council-chair", &path, "close", None).expect(200);
        text(&session["id"]).to_owned()
    }
}
