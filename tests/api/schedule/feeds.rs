//! The calendar feed, as a calendar program reads it.

use icalendar::parser::{read_calendar, unfold};
use serde_json::{Value, json};

use crate::support::{App, Response, apply, on_both};

/// A feed token of a person: what was answered.
fn token(app: &App, person: &str) -> Value {
    app.request(person, "POST", "/v1/me/feed-tokens").send().expect(201)
}

fn feed(app: &App, token: &Value) -> Response {
    app.anonymous("GET", &format!("/v1/deadlines.ics?token={}", token["token"].as_str().unwrap())).send()
}

/// A day of the calendar: its properties by name, and when its alarms ring.
struct Entry {
    properties: Vec<(String, String)>,
    alarms: Vec<String>,
}

impl Entry {
    fn of(&self, name: &str) -> &str {
        self.properties.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }
}

/// What a parser makes of it, which takes no line that is not of RFC 5545.
fn parsed(response: &Response) -> Vec<Entry> {
    let text = String::from_utf8(response.bytes.clone()).unwrap();
    assert!(text.split_inclusive('\n').all(|line| line.ends_with("\r\n") && line.trim_end().len() <= 75), "{text}");
    let unfolded = unfold(&text);
    let calendar = read_calendar(&unfolded).unwrap();
    let property = |property: &icalendar::parser::Property| (property.name.to_string(), property.val.to_string());
    let entry = |component: &icalendar::parser::Component| Entry {
        properties: component.properties.iter().map(property).collect(),
        alarms: component.components.iter().map(|alarm| alarm.find_prop("TRIGGER").unwrap().val.to_string()).collect(),
    };
    assert_eq!(calendar.components.iter().filter(|component| component.name != "VEVENT").count(), 0);
    calendar.components.iter().map(entry).collect()
}

#[apply(on_both)]
fn each_deadline_is_a_day_with_alarms(app: &App) {
    let of_th = token(app, "th-head");
    assert!(
        of_th["url"]
            .as_str()
            .unwrap()
            .ends_with(&format!("/v1/deadlines.ics?token={}", of_th["token"].as_str().unwrap()))
    );
    let response = feed(app, &of_th);
    assert_eq!(response.header("content-type"), "text/calendar; charset=utf-8");
    let entries = parsed(&response);
    // The own sheet and the period's three; the dossier has no day yet.
    assert_eq!(
        entries.iter().map(|entry| entry.of("DTSTART")).collect::<Vec<_>>(),
        ["20231110", "20231120", "20231130", "20231205"]
    );
    // A day without an end is one day long; an end would have to be the day after (RFC 5545, 3.6.1).
    assert!(entries.iter().all(|entry| entry.of("DTEND").is_empty()));
    let own = &entries[0];
    let deadline = app.get("th-head", "/v1/deadlines?kind=self_assessment").expect(200)["items"][0].clone();
    assert_eq!(own.of("UID"), format!("{}@thidua", deadline["id"].as_str().unwrap()));
    assert_eq!(
        (own.of("SUMMARY"), own.of("SEQUENCE"), own.of("DESCRIPTION")),
        ("Hạn nộp bảng tự chấm điểm – TH", "0", "Thi đua năm 2023")
    );
    assert_eq!(own.alarms, ["-P7D", "-P3D", "-P1D"]);
}

#[apply(on_both)]
fn the_same_day_moves_with_a_higher_sequence(app: &App) {
    let of_th = token(app, "th-head");
    let before = parsed(&feed(app, &of_th));
    let deadline = app
        .get("secretary", &format!("/v1/deadlines?kind=self_assessment&unit_id={}", app.unit_id("TH")))
        .expect(200)["items"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    app.post(
        "secretary",
        &format!("/v1/deadlines/{deadline}/extensions"),
        &json!({"due_on": "2023-11-14", "reason": "x", "basis_document": "x"}),
    )
    .expect(201);
    let after = parsed(&feed(app, &of_th));
    assert_eq!(
        (after[0].of("UID"), after[0].of("DTSTART"), after[0].of("SEQUENCE")),
        (before[0].of("UID"), "20231114", "1")
    );
    // What is done rings no more; what is waived is cancelled.
    app.submitted_sheet("TH", &[]);
    let done = parsed(&feed(app, &of_th));
    assert_eq!(
        (done[0].of("SUMMARY"), done[0].alarms.len(), done[0].of("SEQUENCE")),
        ("✓ Hạn nộp bảng tự chấm điểm – TH", 0, "2")
    );
    let appraisal =
        app.get("secretary", "/v1/deadlines?kind=appraisal").expect(200)["items"][0]["id"].as_str().unwrap().to_owned();
    app.act("secretary", &format!("/v1/deadlines/{appraisal}"), "waive", Some(&json!({"reason": "x"}))).expect(200);
    assert_eq!(parsed(&feed(app, &of_th))[1].of("STATUS"), "CANCELLED");
}

/// Nothing in it changes with the clock alone, so that a program that asks every hour is told 304.
#[apply(on_both)]
fn an_unchanged_feed_is_304(app: &App) {
    let of_th = token(app, "th-head");
    let (path, tag) =
        (format!("/v1/deadlines.ics?token={}", of_th["token"].as_str().unwrap()), feed(app, &of_th).etag());
    app.set_clock("2023-11-08T17:00:00.000Z");
    assert_eq!(app.anonymous("GET", &path).header("if-none-match", &tag).send().status, 304);
    let english = app.anonymous("GET", &path).header("accept-language", "en").send();
    assert_eq!(parsed(&english)[0].of("SUMMARY"), "Self-assessment due – TH");
}

#[apply(on_both)]
fn a_token_opens_the_feed_alone_and_can_be_revoked(app: &App) {
    let of_th = token(app, "th-head");
    assert_eq!(app.request("th-head", "POST", "/v1/me/feed-tokens").send().header("cache-control"), "no-store");
    app.bearer(of_th["token"].as_str().unwrap(), "GET", "/v1/me").send().refused(401, "token_invalid");
    let asked = format!("/v1/deadlines.ics?token={}&limit=3", of_th["token"].as_str().unwrap());
    app.anonymous("GET", &asked).send().refused(400, "unknown_parameter");
    let path = format!("/v1/me/feed-tokens/{}", of_th["id"].as_str().unwrap());
    assert_eq!(app.get("th-head", &path).expect(200)["token"], Value::Null);
    assert_eq!(app.get("th-head", "/v1/me/feed-tokens").expect(200)["items"].as_array().unwrap().len(), 2);
    for person in ["th-editor", "admin", "secretary"] {
        app.get(person, &path).refused(404, "not_found");
        app.request(person, "DELETE", &path).if_match("*").send().refused(404, "not_found");
    }
    app.request("th-head", "DELETE", &path).send().refused(428, "precondition_required");
    app.request("th-head", "DELETE", &path).if_match(&app.tag("th-head", &path)).send().expect(204);
    feed(app, &of_th).refused(401, "token_invalid");
    app.anonymous("GET", "/v1/deadlines.ics").send().refused(401, "token_missing");
    app.anonymous("GET", "/v1/deadlines.ics?token=x&limit=3").send().refused(401, "token_invalid");
}

/// A feed is read with the scopes of who made its token: without `read` it would never open.
#[apply(on_both)]
fn a_feed_token_needs_both_scopes(app: &App) {
    let member = app.get("integration", "/v1/me").expect(200)["memberships"][0]["member_id"].clone();
    for (scopes, status) in [(json!(["write"]), 403), (json!(["read"]), 403), (json!(["read", "write"]), 201)] {
        let account =
            app.post("admin", "/v1/service-accounts", &json!({"member_id": member, "scopes": scopes})).expect(201);
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            account["client_id"].as_str().unwrap(),
            account["client_secret"].as_str().unwrap()
        );
        let token = app
            .anonymous("POST", "/v1/auth/token")
            .raw("application/x-www-form-urlencoded", form)
            .send()
            .expect(200)["access_token"]
            .as_str()
            .unwrap()
            .to_owned();
        assert_eq!(app.bearer(&token, "POST", "/v1/me/feed-tokens").send().status, status, "{scopes}");
    }
}

/// By the rights that the person has when the program asks.
#[apply(on_both)]
fn a_feed_shows_what_its_person_may_see_now(app: &App) {
    let (of_th, of_secretary, of_other) = (token(app, "th-head"), token(app, "secretary"), token(app, "so-khdt-admin"));
    assert_eq!([&of_th, &of_secretary, &of_other].map(|token| parsed(&feed(app, token)).len()), [4, 11, 0]);
    let member = app.get("th-head", "/v1/me").expect(200)["memberships"][0]["member_id"].as_str().unwrap().to_owned();
    let path = format!("/v1/members/{member}");
    app.request("admin", "PATCH", &path)
        .if_match(&app.tag("admin", &path))
        .json(&json!({"valid_until_on": "2023-11-01"}))
        .send()
        .expect(200);
    app.set_clock("2023-11-02T01:00:00.000Z");
    assert_eq!(parsed(&feed(app, &of_th)).len(), 0);
}
