//! Events: what happened, in order, to who may know.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::year::head;
use crate::support::{App, apply, at_once, on_both};

/// The types that a person sees, in order.
fn types(app: &App, person: &str) -> Vec<String> {
    let page = app.get(person, "/v1/events?limit=200").expect(200);
    let of = |event: &Value| event["type"].as_str().unwrap().to_owned();
    page["items"].as_array().unwrap().iter().map(of).collect()
}

fn count(types: &[String], of: &str) -> usize {
    types.iter().filter(|kind| *kind == of).count()
}

/// A year, as each of those concerned hears of it.
#[apply(on_both)]
fn everybody_hears_what_concerns_them(app: &App) {
    app.announced_year();
    for (person, submitted, appraised, missed, proposed) in [
        // Both sheets were sent; six units missed the gate.
        ("auditor", 2, 2, 6, 2),
        ("appraiser", 2, 2, 6, 2),
        ("secretary", 2, 2, 6, 2),
        // Of the own unit's sheet somebody of the standing body hears nothing.
        ("hctc-appraiser", 1, 1, 6, 2),
        // The council hears of a sheet once it is appraised.
        ("council-chair", 0, 2, 6, 2),
        ("th-council", 0, 1, 6, 2),
        ("th-head", 1, 1, 0, 1),
        ("th-editor", 1, 1, 0, 1),
        ("kt-head", 0, 0, 1, 0),
        ("integration", 1, 1, 0, 1),
        // Runs the house and sees no sheet.
        ("admin", 0, 0, 0, 0),
        ("deadline-checker", 0, 0, 0, 0),
    ] {
        let types = types(app, person);
        let of = |kind| count(&types, kind);
        assert_eq!(
            (
                of("submission.submitted"),
                of("submission.appraised"),
                of("submission.missed"),
                of("award_proposal.created")
            ),
            (submitted, appraised, missed, proposed),
            "{person}"
        );
        assert_eq!(of("period.announced"), 1, "{person}");
    }
    let types = types(app, "so-khdt-admin");
    assert!(types.is_empty(), "{types:?}");
}

#[apply(on_both)]
fn an_event_says_what_happened_and_no_score(app: &App) {
    let sheet = app.submitted_sheet("TH", &[]);
    let page = app.get("th-head", "/v1/events?types=submission.submitted").expect(200);
    let event = &page["items"][0];
    assert_eq!(event["subject"], json!({"type": "submission", "id": sheet.rsplit('/').next().unwrap()}));
    assert_eq!(
        event["data"],
        json!({"status": "submitted", "revision": 1, "period_id": app.period_id(), "unit_id": app.unit_id("TH")})
    );
    assert_eq!(event["at"], "2023-11-01T01:00:00.000Z");
    assert_eq!(page["has_more"], false);
    app.get("th-head", "/v1/events?types=submission.eaten").refused(400, "invalid_parameter");
    app.get("th-head", "/v1/events?cursor=eaten").refused(400, "invalid_cursor");
    app.get("th-head", "/v1/events?wait=31").refused(400, "invalid_parameter");
}

/// The cursor goes on from where the reader was, also where there is nothing yet, and counts nothing that is hidden.
#[apply(on_both)]
fn the_cursor_goes_on(app: &App) {
    let page = |query: &str| app.get("th-head", &format!("/v1/events?{query}")).expect(200);
    assert_eq!(page("")["next_cursor"], Value::Null);
    app.submitted_sheet("KT", &[]);
    app.submitted_sheet("TH", &[]);
    let first = page("limit=1");
    assert_eq!((&first["items"][0]["type"], &first["has_more"]), (&json!("submission.created"), &json!(true)));
    let second = page(&format!("limit=1&cursor={}", first["next_cursor"].as_str().unwrap()));
    assert_eq!((&second["items"][0]["type"], &second["has_more"]), (&json!("submission.submitted"), &json!(false)));
    let cursor = second["next_cursor"].as_str().unwrap();
    let third = page(&format!("cursor={cursor}"));
    assert_eq!((&third["items"], third["next_cursor"].as_str()), (&json!([]), Some(cursor)));
    // Another organisation's event is no place to go on from.
    app.get("so-khdt-admin", &format!("/v1/events?cursor={cursor}")).refused(400, "invalid_cursor");
    let tag = app.get("th-head", "/v1/events").etag();
    assert_eq!(app.request("th-head", "GET", "/v1/events").header("if-none-match", &tag).send().status, 304);
}

/// Who waits is told at once, and told nothing where nothing comes.
#[apply(on_both)]
fn a_waiting_reader_is_notified_at_once(app: &App) {
    let began = Instant::now();
    assert_eq!(app.get("th-head", "/v1/events?wait=1").expect(200)["items"], json!([]));
    assert!(began.elapsed() >= Duration::from_secs(1));
    let (told, after) = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let began = Instant::now();
            (app.get("th-head", "/v1/events?wait=30").expect(200), began.elapsed())
        });
        std::thread::sleep(Duration::from_millis(300));
        app.new_sheet("TH");
        waiting.join().unwrap()
    });
    assert_eq!(told["items"][0]["type"], "submission.created");
    assert!(after < Duration::from_secs(10), "{after:?}");
}

/// Who reads while many write misses nothing and reads nothing twice.
#[apply(on_both)]
fn no_event_is_missed_while_many_write(app: &App) {
    let units = ["TH", "KT", "NC", "QTTV", "KGVX", "BTCD", "THCB", "HCTC"];
    let seen = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let (mut ids, mut cursor) = (Vec::new(), String::new());
            while ids.len() < 24 {
                let page = app.get("auditor", &format!("/v1/events?wait=5&limit=2{cursor}")).expect(200);
                let items = page["items"].as_array().unwrap();
                assert!(!items.is_empty(), "only {} came", ids.len());
                ids.extend(items.iter().map(|event| event["id"].as_str().unwrap().to_owned()));
                cursor = format!("&cursor={}", page["next_cursor"].as_str().unwrap());
            }
            ids
        });
        at_once(8, |number| {
            let sheet = app.submitted_sheet(units[number], &[]);
            app.act(&head(units[number]), &sheet, "withdraw", None).expect(200);
        });
        reader.join().unwrap()
    });
    let all = app.get("auditor", "/v1/events?limit=200").expect(200);
    let all: Vec<&str> = all["items"].as_array().unwrap().iter().map(|event| event["id"].as_str().unwrap()).collect();
    assert_eq!(seen, all);
}
