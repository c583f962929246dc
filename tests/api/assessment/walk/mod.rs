//! From every state of a period that somebody can bring it into, somebody can bring it to its end.
//!
//! Walks choose at random among the acts that the service offers to its people, and among what they do unasked: sheets,
//! sessions, facts, decisions on ties, and the passing of days. Whatever is offered must succeed, or be refused by a
//! condition of that act alone; whatever is blocked must be refused as it is said. After each step the records must agree
//! with each other. At its end each walk that has not cancelled its period is led to a closed one by somebody who does
//! what the refusals ask for: as a way leads there from the last state, one leads there from every state before.

mod finisher;
mod steps;

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde_json::{Value, json};

use crate::support::small::{points, small_table};
use crate::support::{App, apply, on_both};

const START: &str = "2023-11-01T01:00:00.000Z";
const FINAL: [&str; 3] = ["finalized", "announced", "closed"];
/// No walk goes on beyond this day by its own will.
const LAST_DAY: &str = "2024-02-01";
const REASON: &str = "Theo đề nghị của Hội đồng";
const UNITS: [&str; 3] = ["TH", "KT", "NC"];

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}

/// What is true of a period after a step, as the auditor sees it.
struct Seen {
    period: Value,
    sheets: Vec<Value>,
    reviews: Vec<Value>,
    sessions: Vec<Value>,
    proposals: Vec<Value>,
    amendments: Vec<Value>,
}

/// States and edges of all walks, and how often each act was done.
#[derive(Default)]
struct Map {
    states: BTreeSet<String>,
    proven: BTreeSet<String>,
    edges: BTreeSet<(String, String, String)>,
    acts: BTreeMap<String, usize>,
    refused: BTreeMap<String, usize>,
}

struct Walk<'a> {
    app: &'a App,
    dice: Dice,
    map: &'a mut Map,
    path: String,
    /// The units of the office, with their ids: those of the period and one that may join.
    units: &'a [(&'static str, String)],
    council: &'a [String],
    now: DateTime<Utc>,
    at: String,
    visited: BTreeSet<String>,
    steps: Vec<String>,
    number: usize,
    /// Whether the secretary keeps away from a sheet.
    recused: bool,
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn items(page: &Value) -> Vec<Value> {
    page["items"].as_array().unwrap().clone()
}

fn sorted(texts: impl Iterator<Item = String>) -> String {
    let mut texts: Vec<String> = texts.collect();
    texts.sort();
    texts.join(" ")
}

fn plus(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_add_days(Days::new(days)).unwrap()
}

fn day(value: &Value) -> NaiveDate {
    text(value).parse().unwrap()
}

fn instant(value: &Value) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text(value)).unwrap().to_utc()
}

impl Walk<'_> {
    fn list(&self, kind: &str, filter: &str) -> Vec<Value> {
        items(&self.app.get("auditor", &format!("/v1/{kind}?limit=200&{filter}")).expect(200))
    }

    fn id(&self) -> String {
        self.path.rsplit('/').next().unwrap().to_owned()
    }

    fn today(&self) -> NaiveDate {
        self.now.with_timezone(&chrono_tz::Asia::Ho_Chi_Minh).date_naive()
    }

    /// The records that there can be in the period's state.
    fn look(&self) -> Seen {
        let of_period = format!("period_id={}", self.id());
        let period = self.app.get("auditor", &self.path).expect(200);
        let is_final = FINAL.contains(&text(&period["status"]));
        let stages = ["appraisal", "council_review", "announced"].contains(&text(&period["status"]));
        let sheets = self.list("submissions", &of_period);
        let of = |sheet: &Value| self.list("reviews", &format!("submission_id={}", text(&sheet["id"])));
        let when = |holds: bool, kind: &str| if holds { self.list(kind, &of_period) } else { Vec::new() };
        Seen {
            reviews: if stages { sheets.iter().flat_map(of).collect() } else { Vec::new() },
            sessions: self.list("council-sessions", &of_period),
            proposals: when(is_final, "award-proposals"),
            amendments: when(is_final, "amendments"),
            sheets,
            period,
        }
    }

    fn status(&self) -> String {
        text(&self.app.get("auditor", &self.path).expect(200)["status"]).to_owned()
    }

    fn ranking(&self, query: &str) -> Value {
        self.app.get("auditor", &format!("{}/ranking{query}", self.path)).expect(200)
    }

    /// The state that `seen` is, after checking that its records agree.
    fn state(&self, seen: &Seen) -> String {
        let status = text(&seen.period["status"]);
        let says = || format!("{status} after {:?}", self.steps);
        for sheet in &seen.sheets {
            let taking_part = sheet["set_aside_at"].is_null();
            let allowed: &[&str] = match status {
                "self_assessment" => &["draft", "submitted", "returned", "missed"],
                "appraisal" => &["draft", "submitted", "returned", "missed", "appraised"],
                "council_review" => &["appraised", "reviewed", "missed"],
                "finalized" | "announced" | "closed" => &["finalized", "missed"],
                "draft" => &[],
                _ => continue,
            };
            assert!(!taking_part || allowed.contains(&text(&sheet["status"])), "{} is {sheet}", says());
            for stage in ["appraisal", "council"] {
                let counts = seen.reviews.iter().filter(|review| {
                    review["submission_id"] == sheet["id"]
                        && review["stage"] == stage
                        && review["superseded_at"].is_null()
                });
                let alone = stage == "council" && seen.period["council_scoring"] == "mean";
                assert!(alone || counts.count() <= 1, "two reviews of a stage count: {}", says());
            }
        }
        let groups: Vec<&Value> =
            seen.period["groups"].as_array().unwrap().iter().map(|group| &group["code"]).collect();
        let groups = if groups.is_empty() { vec![&Value::Null] } else { groups };
        for (group, award) in groups.into_iter().flat_map(|group| {
            let awards = seen.period["awards"].as_array().unwrap().iter();
            awards.map(move |award| (group, award))
        }) {
            let given = seen.proposals.iter().filter(|proposal| {
                proposal["group_code"] == *group
                    && proposal["award_code"] == award["code"]
                    && proposal["status"] != "withdrawn"
            });
            assert!(
                u64::try_from(given.count()).unwrap() <= award["quota"].as_u64().unwrap(),
                "more than the quota: {}",
                says()
            );
        }
        let mut stale = String::new();
        if FINAL.contains(&status) {
            let ranking = self.ranking("");
            let latest = &ranking["latest_version"];
            let ties = if latest.is_number() { self.ranking(&format!("?version={latest}")) } else { ranking.clone() };
            let tied = !ties["unresolved_ties"].as_array().unwrap().is_empty();
            stale = format!("{} {}", text(&ranking["status"]), if tied { "tied" } else { "" });
        }
        let of = |record: &Value| text(&record["status"]).to_owned();
        let sheet = |sheet: &Value| {
            let open = seen.reviews.iter().any(|review| {
                review["submission_id"] == sheet["id"]
                    && review["status"] == "draft"
                    && review["superseded_at"].is_null()
            });
            let aside = if sheet["set_aside_at"].is_null() { "" } else { "/aside" };
            format!("{}{}{aside}", of(sheet), if open { "+" } else { "" })
        };
        let sessions: BTreeSet<String> = seen.sessions.iter().map(of).collect();
        let waiting = seen.amendments.iter().any(|amendment| amendment["status"] == "pending");
        format!(
            "{status} {stale}| {} | {} | {} | {}",
            sorted(seen.sheets.iter().map(sheet)),
            sorted(sessions.into_iter()),
            sorted(seen.proposals.iter().map(of)),
            [if waiting { "amending" } else { "" }, if self.recused { "recused" } else { "" }].concat(),
        )
    }

    /// Records a step that was done, and where it led.
    fn arrived(&mut self, act: &str) -> Seen {
        self.steps.push(act.to_owned());
        *self.map.acts.entry(act.to_owned()).or_default() += 1;
        let seen = self.look();
        let next = self.state(&seen);
        if FINAL.contains(&text(&seen.period["status"])) && !self.map.states.contains(&next) {
            let verified = self.app.get("auditor", &format!("{}/ranking/verify", self.path)).expect(200);
            assert_eq!(verified["ok"], true, "{next} after {:?}", self.steps);
        }
        self.map.edges.insert((self.at.clone(), act.to_owned(), next.clone()));
        self.map.states.insert(next.clone());
        self.visited.insert(next.clone());
        self.at = next;
        seen
    }

    fn set_clock(&mut self, now: DateTime<Utc>) {
        self.now = now;
        self.app.set_clock(&now.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string());
    }

    fn days_pass(&mut self, days: u64) {
        let now = self.now.checked_add_days(Days::new(days)).unwrap();
        self.set_clock(now);
    }

    /// The clock goes on to this instant, if it is still to come.
    fn wait_for(&mut self, until: DateTime<Utc>) {
        if until > self.now {
            self.set_clock(until);
        }
    }

    fn fresh(&mut self) -> usize {
        self.number += 1;
        self.number
    }

    fn lines(&mut self, reason: bool) -> Value {
        let mut scores = vec![
            json!({"criterion_code": "A.1", "answer": points(*self.dice.one(&[40.0, 40.0, 30.0]))}),
            json!({"criterion_code": "A.2", "answer": {"cases": self.dice.below(2)}}),
            json!({"criterion_code": "A.3.1", "answer": points(10.0)}),
            json!({"criterion_code": "A.3.2", "answer": points(10.0)}),
            json!({"criterion_code": "B.1", "answer": points(*self.dice.one(&[10.0, 10.0, 5.0]))}),
        ];
        if reason {
            scores.iter_mut().for_each(|line| line["reason"] = json!("Tính lại"));
        }
        json!({"scores": scores})
    }

    fn attendance(&self, present: usize) -> Value {
        self.council.iter().take(present).map(|id| json!({"member_id": id, "present": true})).collect()
    }
}

/// A period of two or three units with one award of each of two kinds, some in two groups, walked for a while and then led to its end.
fn walk(app: &App, map: &mut Map, table: &str, units: &[(&'static str, String)], council: &[String], seed: usize) {
    app.set_clock(START);
    let mut body = app.period_like(&format!("WALK-{seed}"));
    body["criteria_set_id"] = json!(table);
    body["unit_ids"] = units.iter().take(3 - seed % 2).map(|(_, id)| json!(id)).collect();
    body["awards"] =
        json!([{"code": "flag", "title": "Cờ", "quota": 1}, {"code": "merit", "title": "Bằng khen", "quota": 1}]);
    if seed % 5 == 2 {
        let group = |code: &str, unit_ids: &[Value]| json!({"code": code, "title": code, "unit_ids": unit_ids});
        let (first, second) = body["unit_ids"].as_array().unwrap().split_at(1);
        body["groups"] = json!([group("K1", first), group("K2", second)]);
    }
    body["council_scoring"] = json!(if seed % 4 == 3 { "mean" } else { "agreed" });
    body["late_submissions"] = json!(if seed % 7 == 4 { "accept_flagged" } else { "reject" });
    body["when_ineligible"] = json!(["pass_down", "leave_vacant"][seed / 2 % 2]);
    body["required_documents"] =
        json!([{"code": "letter", "title": "Tờ trình"}, {"code": "report", "title": "Báo cáo"}]);
    body["dossier_deadline"] = json!({"working_days": 3, "semantics": SEMANTICS[seed / 3 % 2]});
    let path = app.new_period(&body);
    let mut walk = Walk {
        app,
        dice: Dice(u64::try_from(seed * 7919 + 13).unwrap()),
        map,
        path,
        units,
        council,
        now: instant(&json!(START)),
        at: "nothing".to_owned(),
        visited: BTreeSet::new(),
        steps: Vec::new(),
        number: seed * 1000,
        recused: false,
    };
    let mut seen = walk.arrived("create");
    // Most walks start further on, so that each stage is walked in.
    for _ in 0..[0, 3, 8, 13, 18, 21][seed % 6] {
        if walk.status() == "self_assessment" && walk.dice.below(4) > 0 {
            seen = walk.handed_in(&seen);
        }
        let next = if walk.dice.below(4) == 0 { walk.unasked(&seen) } else { walk.forward() };
        seen = next.unwrap_or(seen);
    }
    for _ in 0..STEPS {
        let next = match walk.dice.below(10) {
            0 => walk.unasked(&seen),
            1 => walk.forward(),
            _ => (0..6).find_map(|_| walk.offered(&seen)),
        };
        seen = next.unwrap_or(seen);
    }
    let mut left = 60;
    while walk.forward().is_some() {
        left -= 1;
        assert!(left > 0, "no end is near: {}\n{:?}", walk.at, walk.steps);
    }
    assert!(["closed", "cancelled"].contains(&walk.status().as_str()));
    walk.map.proven.append(&mut walk.visited);
}

const SEMANTICS: [&str; 2] = ["not_later_than", "not_before"];
/// Acts that change what a record says, and no state.
const IDLE: [&str; 8] =
    ["change", "set_targets", "write_scores", "add_evidence", "attach_minutes", "correct-notice", "waive", "unwaive"];
const STEPS: usize = 20;
const WALKS: usize = 22;

#[apply(on_both)]
fn an_end_can_be_reached_from_every_state(app: &App) {
    let table = app.published(&small_table("WALK", "refused"));
    let units: Vec<(&str, String)> = UNITS.iter().chain(&["QTTV"]).map(|unit| (*unit, app.unit_id(unit))).collect();
    let council: Vec<String> = app.council().into_iter().map(|(_, id)| id).collect();
    let mut map = Map::default();
    for seed in 0..WALKS {
        walk(app, &mut map, &table, &units, &council, seed);
    }
    assert_eq!(app.get("auditor", "/v1/audit-entries/verify").expect(200)["ok"], true);
    let counted = (map.states.len(), map.edges.len(), map.acts.len(), map.refused.len());
    println!("{} states, {} edges, {} acts, {} refusals", counted.0, counted.1, counted.2, counted.3);
    println!("{:?}\n{:?}", map.acts, map.refused);
    assert_eq!(map.states, map.proven);
    assert!(counted.0 >= 200 && counted.1 >= 320 && counted.2 >= 36 && counted.3 >= 50, "{counted:?}");
}
