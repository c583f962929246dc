//! Two offices go through the same year and differ only in what somebody may not see; what that person gets may not differ
//! in a single byte. The paths are the document's own.

use std::collections::BTreeMap;
use std::net::TcpListener;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::award::certificates::stated;
use crate::contract::{document, operations};
use crate::support::receiver::Receiver;
use crate::support::year::head;
use crate::support::{App, Response, egov_document};

/// Headers that could tell what the body does not.
const HEADERS: [&str; 4] = ["etag", "link", "last-modified", "location"];

/// What differs by chance: the number of the request, what hides the inputs of a ranking and the audit chain, and the port.
const RANDOM: [&str; 4] = ["request_id", "commitment", "audit_commitment", "iss"];

/// Who sees no other unit's sheet.
const OUTSIDERS: [&str; 6] = ["th-head", "th-editor", "admin", "integration", "deadline-checker", "so-khdt-admin"];

/// Who sees a sheet once it is sent.
const REVIEWERS: [&str; 5] = ["appraiser", "hctc-appraiser", "nc-council", "council-chair", "secretary"];

/// Who has webhooks.
const SUBSCRIBERS: [&str; 2] = ["admin", "integration"];

/// Two offices, and how many answers of both have been compared.
struct Worlds {
    apps: [App; 2],
    /// What only the one who asks knows, and what it leads to: the secrets of the calendar feeds.
    feeds: BTreeMap<&'static str, [String; 2]>,
    /// Where the webhooks of both lead.
    receiver: Receiver,
    paths: Vec<String>,
    compared: usize,
    leaks: Vec<String>,
}

impl Worlds {
    fn new(apps: [App; 2]) -> Self {
        let document = document(&apps[0]);
        let reads = operations(&document).into_iter().filter(|operation| operation.method == "GET");
        let paths = reads.filter(|operation| operation.is_secured()).map(|operation| operation.path).collect();
        let (feeds, receiver) = (BTreeMap::new(), Receiver::start());
        let mut worlds = Worlds { apps, feeds, receiver, paths, compared: 0, leaks: Vec::new() };
        for person in OUTSIDERS.into_iter().filter(|person| *person != "so-khdt-admin") {
            let token = |app: &App| app.request(person, "POST", "/v1/me/feed-tokens").send().expect(201);
            let tokens = worlds.apps.each_ref().map(|app| token(app)["token"].as_str().unwrap().to_owned());
            worlds.feeds.insert(person, tokens);
        }
        worlds
    }

    /// With webhooks that are received.
    fn subscribed(self) -> Self {
        self.subscribe(&self.receiver.url());
        self
    }

    fn subscribe(&self, url: &str) {
        for person in SUBSCRIBERS {
            self.both(|app, _| app.post(person, "/v1/webhook-endpoints", &json!({"url": url})).expect(201));
        }
    }

    /// Does the same in both; `second` tells which of the two it is.
    fn both<T>(&self, act: impl Fn(&App, bool) -> T) -> [T; 2] {
        [act(&self.apps[0], false), act(&self.apps[1], true)]
    }

    /// Every path with every known id in its place, some lists with what counts and filters.
    fn asked(&self) -> Vec<String> {
        let known = known_ids(&self.apps[0]);
        let mut asked: Vec<String> = Vec::new();
        for path in &self.paths {
            let kind = path.split('/').nth(2).unwrap_or_default();
            let none = vec!["018b88d6-5f80-7000-8000-0000000fffff".to_owned()];
            let ids = if path.contains("{id}") { known.get(kind).unwrap_or(&none) } else { &none };
            let units = if path.contains("{unit_id}") { &known["units"] } else { &none };
            for id in ids {
                for unit in units {
                    asked.push(
                        path.replace("{id}", id)
                            .replace("{unit_id}", unit)
                            .replace("{delivery_id}", &none[0])
                            .replace("{n}", "1")
                            .replace(
                                "{code}",
                                if path.contains("/documents/") { "achievement_report" } else { "A.II.1" },
                            )
                            .replace("{date}", "2023-09-04"),
                    );
                }
            }
        }
        let statuses = ["scheduled", "due_soon", "overdue", "met", "met_late", "waived"];
        asked.extend(statuses.map(|status| format!("/v1/deadlines?limit=200&status={status}")));
        asked.push("/v1/deadlines?overdue_days_gte=1&limit=200".to_owned());
        let lists = ["deadlines", "events", "submissions", "award-proposals", "audit-entries", "members", "units"];
        asked.extend(lists.map(|list| format!("/v1/{list}?limit=200")));
        for id in &known["submissions"] {
            asked.push(format!("/v1/reviews?submission_id={id}"));
            asked.push(format!("/v1/submissions/{id}/revisions/2"));
        }
        asked
    }

    /// Compares what these people get, but for `except`.
    fn compare(&mut self, stage: &str, people: &[&'static str], except: &[&str]) {
        let asked = self.asked();
        for person in people {
            for path in asked.iter().filter(|path| !except.iter().any(|except| path.starts_with(except))) {
                let answers = self.both(|app, _| seen(&app.get(person, path)));
                self.note(stage, person, path, &answers);
            }
            if let Some(tokens) = self.feeds.get(person) {
                let feed = |app: &App, token: &str| {
                    seen(&app.anonymous("GET", &format!("/v1/deadlines.ics?token={token}")).send())
                };
                let answers = [feed(&self.apps[0], &tokens[0]), feed(&self.apps[1], &tokens[1])];
                self.note(stage, person, "/v1/deadlines.ics", &answers);
            }
        }
    }

    /// Delivers what there is to tell, and compares what was sent and what the subscribers see of it.
    fn compare_webhooks(&mut self, stage: &str) {
        let sent = self.both(|app, _| {
            app.deliver(clock(app));
            let mut bodies: Vec<String> =
                self.receiver.take().iter().map(|received| received.json().to_string()).collect();
            bodies.sort();
            bodies.join("\n")
        });
        self.note(stage, "the receiver", "webhooks", &sent);
        for person in SUBSCRIBERS {
            let seen = self.both(|app, _| deliveries(app, person));
            self.note(stage, person, "/v1/webhook-endpoints/{id}/deliveries/{delivery_id}", &seen);
        }
    }

    fn note(&mut self, stage: &str, person: &str, path: &str, answers: &[String; 2]) {
        self.compared += 1;
        if answers[0] != answers[1] {
            let [first, second] = answers;
            let at = first.bytes().zip(second.bytes()).take_while(|(a, b)| a == b).count().saturating_sub(60);
            let part = |text: &str| {
                String::from_utf8_lossy(text.as_bytes().get(at..).unwrap_or_default())
                    .chars()
                    .take(160)
                    .collect::<String>()
            };
            self.leaks.push(format!("{stage}: {person} {path}\n    {}\n    {}", part(first), part(second)));
        }
    }

    #[track_caller]
    fn finish(self, at_least: usize) {
        println!("{} comparisons", self.compared);
        assert!(self.leaks.is_empty(), "{} of {} differ:\n{}", self.leaks.len(), self.compared, self.leaks.join("\n"));
        assert!(self.compared >= at_least, "only {} comparisons", self.compared);
    }
}

/// The ids of both kinds: what the office has in one world it has in the other.
fn known_ids(app: &App) -> BTreeMap<String, Vec<String>> {
    let ids = |path: &str| -> Vec<String> {
        let list = app.get("auditor", path).json();
        let items = list["items"].as_array().cloned().unwrap_or_default();
        items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    };
    let mut known: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (list, most) in
        [("periods", 1), ("submissions", 4), ("criteria-sets", 1), ("council-sessions", 1), ("award-proposals", 2)]
    {
        known.insert(list.to_owned(), ids(&format!("/v1/{list}")).into_iter().take(most).collect());
    }
    // The whole period's deadlines, and one of a unit's.
    let deadlines = app.get("auditor", "/v1/deadlines?limit=200").expect(200)["items"].as_array().unwrap().clone();
    let (of_unit, of_all): (Vec<Value>, Vec<Value>) = deadlines.into_iter().partition(|one| one["unit_id"].is_string());
    let id = |one: Value| one["id"].as_str().unwrap().to_owned();
    known.insert("deadlines".into(), of_all.into_iter().chain(of_unit.into_iter().take(1)).map(id).collect());
    known.insert("units".into(), vec![app.unit_id("TH"), app.unit_id("KT")]);
    let (mut reviews, mut evidence) = (Vec::new(), Vec::new());
    for sheet in &known["submissions"] {
        reviews.extend(ids(&format!("/v1/reviews?submission_id={sheet}")));
        evidence.extend(ids(&format!("/v1/submissions/{sheet}/evidence")));
    }
    known.insert("reviews".into(), reviews);
    known.insert("evidence".into(), evidence);
    let me = app.get("auditor", "/v1/me").expect(200)["memberships"][0].clone();
    known.insert("members".into(), vec![me["member_id"].as_str().unwrap().to_owned()]);
    known.insert("organizations".into(), vec![me["organization_id"].as_str().unwrap().to_owned()]);
    known
}

fn clock(app: &App) -> DateTime<Utc> {
    let clock = app.anonymous("GET", "/v1/sandbox/clock").send().expect(200);
    DateTime::parse_from_rfc3339(clock["now"].as_str().unwrap()).unwrap().to_utc()
}

/// Everything that somebody sees of webhooks, but for the ids and the duration of deliveries, which are random.
fn deliveries(app: &App, person: &str) -> String {
    let items = |path: &str| app.get(person, path).expect(200)["items"].as_array().unwrap().clone();
    let mut told = Vec::new();
    for endpoint in items("/v1/webhook-endpoints") {
        let path = format!("/v1/webhook-endpoints/{}/deliveries", endpoint["id"].as_str().unwrap());
        for delivery in items(&format!("{path}?limit=200")) {
            let mut one = app.get(person, &format!("{path}/{}", delivery["id"].as_str().unwrap())).expect(200);
            for name in ["id", "next_attempt_at", "delivered_at"] {
                one[name] = json!(one[name].is_null());
            }
            for attempt in one["log"].as_array_mut().unwrap() {
                *attempt = json!({"status": attempt["status"], "error": attempt["error"]});
            }
            told.push(one.to_string());
        }
    }
    told.sort();
    told.join("\n")
}

/// Everything of an answer that a reader could compare, without what is random.
fn seen(response: &Response) -> String {
    let text = String::from_utf8_lossy(&response.bytes).into_owned();
    // What a certificate states; the key that signs it is each office's own.
    let mut body = match response.header("content-type") {
        "application/jose" => stated(&text),
        _ => response.json(),
    };
    let had_random = scrub(&mut body);
    let headers = HEADERS.into_iter().filter(|name| !(had_random && *name == "etag"));
    let headers: Vec<String> = headers.map(|name| format!("{name}: {}", response.header(name))).collect();
    let body = if body.is_null() { text } else { body.to_string() };
    format!("{} {body}\n{}", response.status, headers.join(", "))
}

/// Blanks random values. Tells whether the tag, which is the hash of the body, covered one of them.
fn scrub(value: &mut Value) -> bool {
    let mut found = false;
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                if RANDOM.contains(&name.as_str()) && field.is_string() {
                    (*field, found) = (json!("random"), true);
                } else {
                    found |= scrub(field);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| found |= scrub(item)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    found
}

fn on_sqlite() -> Worlds {
    Worlds::new([App::on_sqlite(), App::on_sqlite()]).subscribed()
}

fn on_postgres() -> Option<Worlds> {
    Some(Worlds::new([App::on_postgres()?, App::on_postgres()?]).subscribed())
}

/// Answers that give the same points by other lines.
fn hidden_lines(second: bool) -> [(&'static str, &'static str); 1] {
    if second { [("A.II.1", r#"{"points":25}"#)] } else { [("A.II.3", r#"{"points":25}"#)] }
}

fn add_evidence(app: &App, unit: &str, sheet: &str, title: &str) {
    let mut body = egov_document("A.II.1");
    body["title"] = json!(title);
    app.post(&head(unit), &format!("{sheet}/evidence/references"), &body).expect(201);
}

fn title(second: bool) -> &'static str {
    if second { "Báo cáo về việc khác" } else { "Báo cáo kết quả năm" }
}

/// Starts a review and departs from one line, for a reason of its own.
fn start_review(app: &App, person: &str, sheet: &str, stage: &str, second: bool) -> String {
    let id = sheet.rsplit('/').next().unwrap();
    let review = app.post(person, "/v1/reviews", &json!({"submission_id": id, "stage": stage})).expect(201);
    let path = format!("/v1/reviews/{}", review["id"].as_str().unwrap());
    let line = if second { "A.II.2" } else { "A.II.4" };
    let reason = if second { "Chưa đủ căn cứ" } else { "Tính lại theo báo cáo" };
    let body = json!({"scores": [{"criterion_code": line, "answer": {"points": 15}, "reason": reason}]});
    let tag = app.tag(person, &path);
    app.request(person, "PATCH", &format!("{path}/scores")).if_match(&tag).json(&body).send().expect(200);
    path
}

/// A year in which other units' lines, evidence, reviews and facts differ, and their totals do not.
fn a_year(mut worlds: Worlds) {
    let sheets = worlds.both(|app, second| {
        let [th, kt, hctc] = ["TH", "KT", "HCTC"].map(|unit| app.new_sheet(unit));
        add_evidence(app, "TH", &th, "Báo cáo");
        add_evidence(app, "KT", &kt, title(second));
        app.write("TH", &th, &[]);
        for (unit, sheet) in [("KT", &kt), ("HCTC", &hctc)] {
            app.write(unit, sheet, &hidden_lines(second));
        }
        [th, kt, hctc]
    });
    worlds.compare("drafts", &OUTSIDERS, &[]);
    worlds.receiver.answers(Some("503 Service Unavailable"));
    worlds.compare_webhooks("drafts");
    worlds.receiver.answers(Some("204 No Content"));
    worlds.both(|app, second| {
        let [th, kt, hctc] = &sheets[usize::from(second)];
        app.act("th-head", th, "submit", None).expect(200);
        for (unit, sheet) in [("KT", kt), ("HCTC", hctc)] {
            app.act(&head(unit), sheet, "submit", None).expect(200);
        }
    });
    worlds.compare("submitted", &OUTSIDERS, &[]);
    worlds.compare_webhooks("submitted");
    let reviews = worlds.both(|app, second| {
        app.set_clock("2023-11-13T01:00:00.000Z");
        app.move_period("secretary", "start-appraisal");
        let [th, kt, hctc] = &sheets[usize::from(second)];
        app.review("hctc-appraiser", th, "appraisal", &[]);
        [kt, hctc].map(|sheet| start_review(app, "appraiser", sheet, "appraisal", second))
    });
    worlds.compare("appraisal", &OUTSIDERS, &[]);
    worlds.compare_webhooks("appraisal");
    worlds.both(|app, second| {
        for review in &reviews[usize::from(second)] {
            app.act("appraiser", review, "submit", None).expect(200);
        }
    });
    worlds.compare("appraised", &OUTSIDERS, &[]);
    worlds.compare_webhooks("appraised");
    worlds.both(|app, second| {
        app.set_clock("2023-11-21T01:00:00.000Z");
        app.move_period("secretary", "start-council-review");
        let [th, kt, hctc] = &sheets[usize::from(second)];
        for sheet in [th, kt, hctc] {
            app.review("council-chair", sheet, "council", &[]);
        }
        for unit in ["TH", "KT", "HCTC"] {
            let other = second && unit != "TH";
            app.facts(unit, false, if other { "outstanding" } else { "good" }).expect(201);
        }
    });
    worlds.compare("council review", &OUTSIDERS, &[]);
    worlds.compare_webhooks("council review");
    worlds.both(|app, _| {
        app.set_clock("2023-11-28T01:00:00.000Z");
        app.closed_session("2023-11-28", 6);
        app.move_period("council-chair", "finalize");
    });
    worlds.compare("finalized", &OUTSIDERS, &[]);
    worlds.compare_webhooks("finalized");
    worlds.both(|app, _| {
        let notice = json!({"notice_number": "1/TB", "notice_on": "2023-11-28"});
        app.act("council-chair", &app.period(), "announce", Some(&notice)).expect(200);
    });
    // Units and the office see the ranking now, of which every row is equal.
    worlds.compare("announced", &OUTSIDERS, &[]);
    worlds.compare_webhooks("announced");
    for person in SUBSCRIBERS {
        let told = deliveries(&worlds.apps[0], person);
        assert!(told.contains("period.announced") && told.contains(r#""error":"status""#), "{person}: {told}");
    }
    worlds.finish(4_500);
}

/// Another unit began, sent and took back its sheet at other hours, or not at all.
fn hours_of_sending(mut worlds: Worlds) {
    // Whose deadlines the admin and the checker see, met ones included.
    let people = ["th-head", "th-editor", "integration", "so-khdt-admin"];
    let sheets = worlds.both(|app, second| {
        let th = app.submitted_sheet("TH", &[]);
        app.set_clock(if second { "2023-11-02T01:00:00.000Z" } else { "2023-11-02T07:30:00.000Z" });
        let kt = app.new_sheet("KT");
        app.write("KT", &kt, &hidden_lines(second));
        app.set_clock("2023-11-02T09:00:00.000Z");
        [th, kt]
    });
    worlds.compare("begun", &people, &[]);
    worlds.both(|app, second| {
        if second {
            app.act("kt-head", &sheets[1][1], "submit", None).expect(200);
        }
    });
    worlds.compare("sent", &people, &[]);
    worlds.finish(700);
}

/// A unit took its sheet back and wrote it anew, another took it back for good: what was in the first revision differs.
fn a_withdrawn_revision(mut worlds: Worlds) {
    let people: Vec<&'static str> = OUTSIDERS.into_iter().chain(REVIEWERS).collect();
    let sheets = worlds.both(|app, second| {
        ["KT", "QTTV"].map(|unit| {
            let sheet = app.submitted_sheet(unit, &hidden_lines(second));
            app.act(&head(unit), &sheet, "withdraw", None).expect(200);
            app.write(unit, &sheet, &[]);
            sheet
        })
    });
    worlds.compare("withdrawn", &people, &[]);
    worlds.both(|app, second| app.act("kt-head", &sheets[usize::from(second)][0], "submit", None).expect(200));
    worlds.compare("sent again", &people, &[]);
    worlds.both(|app, _| {
        app.set_clock("2023-11-13T01:00:00.000Z");
        app.move_period("secretary", "start-appraisal");
    });
    worlds.compare("missed", &people, &[]);
    worlds.both(|app, second| app.review("appraiser", &sheets[usize::from(second)][0], "appraisal", &[]));
    worlds.compare("appraised", &people, &[]);
    worlds.finish(4_000);
}

/// The last sheet is appraised in one world and not in the other, and the deadline comes and goes.
fn a_stage_that_is_done(mut worlds: Worlds) {
    let sheets = worlds.both(|app, _| {
        let sheets = ["TH", "KT"].map(|unit| app.submitted_sheet(unit, &[]));
        app.set_clock("2023-11-13T01:00:00.000Z");
        app.move_period("secretary", "start-appraisal");
        app.review("hctc-appraiser", &sheets[0], "appraisal", &[]);
        sheets
    });
    worlds.both(|app, second| {
        let review = start_review(app, "appraiser", &sheets[usize::from(second)][1], "appraisal", false);
        if second {
            app.act("appraiser", &review, "submit", None).expect(200);
        }
    });
    worlds.compare("one is done", &OUTSIDERS, &["/v1/audit-entries"]);
    for day in ["2023-11-18", "2023-11-21"] {
        let checks = worlds.both(|app, _| {
            app.set_clock(&format!("{day}T01:00:00.000Z"));
            seen(&app.post("deadline-checker", "/v1/deadline-checks", &json!({})))
        });
        worlds.note(day, "deadline-checker", "POST /v1/deadline-checks", &checks);
        worlds.compare(day, &OUTSIDERS, &["/v1/audit-entries"]);
        worlds.compare_webhooks(day);
    }
    worlds.finish(1_800);
}

/// Something listens in the network of one of them, where no private address may be called.
#[test]
fn what_listens_in_the_network() {
    let mut worlds = Worlds::new([(); 2].map(|()| App::configured(|config| config.webhook_allow_private = false)));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    worlds.subscribe(&format!("https://localhost:{}/hook", listener.local_addr().unwrap().port()));
    worlds.both(|app, _| app.act("secretary", &app.period(), "cancel", Some(&json!({"reason": "Hoãn"}))).expect(200));
    worlds.apps[0].deliver(clock(&worlds.apps[0]));
    drop(listener);
    worlds.compare_webhooks("delivered");
    assert!(deliveries(&worlds.apps[1], "admin").contains("address_forbidden"));
    worlds.finish(3);
}

macro_rules! in_two_worlds {
    ($($name:ident),*) => { $(
        mod $name {
            #[test]
            fn sqlite() {
                super::$name(super::on_sqlite());
            }

            #[test]
            fn postgres() {
                if let Some(worlds) = super::on_postgres() {
                    super::$name(worlds);
                }
            }
        }
    )* };
}

in_two_worlds!(a_year, hours_of_sending, a_withdrawn_revision, a_stage_that_is_done);
