//! The calendar by which an office works, and what moves with it.

use serde_json::{Value, json};

use crate::support::{App, Response, apply, on_both};

fn holiday(name: &str) -> Value {
    json!({"kind": "holiday", "name": name, "status": "official", "legal_basis": "QĐ 12/QĐ-VP"})
}

fn put(app: &App, person: &str, date: &str, body: &Value) -> Response {
    app.request(person, "PUT", &format!("/v1/calendar-days/{date}")).json(body).send()
}

fn add(app: &App, person: &str, from: &str, days: u32) -> Value {
    app.get(person, &format!("/v1/working-days/add?from={from}&days={days}")).expect(200)
}

/// The dossiers' due dates.
fn dossiers(app: &App) -> Vec<Value> {
    let page = app.get("secretary", "/v1/deadlines?kind=dossier").expect(200);
    page["items"].as_array().unwrap().iter().map(|deadline| deadline["due_on"].clone()).collect()
}

#[apply(on_both)]
fn five_working_days_after_the_notice(app: &App) {
    for (from, due, confirmed) in [
        ("2023-11-30", "2023-12-07", true),
        ("2026-11-23", "2026-12-01", true),
        ("2026-12-28", "2027-01-05", false),
        ("2028-03-01", "2028-03-08", false),
    ] {
        let added = add(app, "th-head", from, 5);
        assert_eq!((&added["result_on"], &added["calendar_confirmed"]), (&json!(due), &json!(confirmed)), "{from}");
        let counted = app.get("th-head", &format!("/v1/working-days/count?from={from}&to={due}")).expect(200);
        assert_eq!((&counted["working_days"], &counted["explanation"]), (&json!(5), &added["explanation"]));
    }
    assert_eq!(
        add(app, "operator", "2026-11-23", 1)["explanation"][1],
        json!({"on": "2026-11-24", "counted": false, "number": null, "why": "holiday"})
    );
    // The most of both fit each other.
    let added = add(app, "th-head", "2022-01-03", 1000);
    app.get("th-head", &format!("/v1/working-days/count?from=2022-01-03&to={}", added["result_on"].as_str().unwrap()))
        .expect(200);
    app.get("th-head", "/v1/working-days/add?from=2022-01-03&days=1001").refused(422, "calendar_range");
    app.get("th-head", "/v1/working-days/add?from=2022-01-03").refused(400, "invalid_parameter");
    app.get("th-head", "/v1/working-days/count?from=2022-01-03&to=2021-01-03").refused(422, "calendar_range");
}

#[apply(on_both)]
fn the_nations_days_are_listed_with_their_legal_basis(app: &App) {
    let days = app.get("th-head", "/v1/calendar-days?from=2026-11-01&to=2027-01-31").expect(200);
    let days = days["items"].as_array().unwrap();
    assert_eq!(days.iter().map(|day| day["on"].as_str().unwrap()).collect::<Vec<_>>(), ["2026-11-24", "2027-01-01"]);
    assert_eq!(
        (&days[0]["legal_basis"], &days[0]["organization_id"], &days[1]["status"]),
        (&json!("NQ 28/2026/QH16 (effective 2026-07-01)"), &Value::Null, &json!("provisional"))
    );
    // Without dates, the year of the clock.
    assert_eq!(app.get("th-head", "/v1/calendar-days").expect(200)["items"].as_array().unwrap().len(), 17);
    app.get("th-head", "/v1/calendar-days/2026-11-24").expect(200);
    app.get("th-head", "/v1/calendar-days/2026-11-25").refused(404, "not_found");
    for no_day in ["today", "-9999-01-01", "2026-02-30", "2026-11-4", "+2026-11-24", "2026-11-24%20"] {
        app.get("th-head", &format!("/v1/calendar-days/{no_day}")).refused(404, "not_found");
    }
    app.get("th-head", "/v1/calendar-days?from=2026-01-01&to=2025-01-01").refused(422, "calendar_range");
}

/// An office's own day goes before the nation's, for that office alone.
#[apply(on_both)]
fn an_office_lays_its_own_days_over_the_nations(app: &App) {
    let made = put(app, "admin", "2023-12-01", &holiday("Ngày truyền thống")).expect(201);
    assert_eq!((&made["day"]["name"], &made["moved_deadlines"]), (&json!("Ngày truyền thống"), &json!([])));
    assert_eq!(add(app, "th-head", "2023-11-30", 5)["result_on"], "2023-12-08");
    assert_eq!(add(app, "so-khdt-admin", "2023-11-30", 5)["result_on"], "2023-12-07");
    assert_eq!(add(app, "operator", "2023-11-30", 5)["result_on"], "2023-12-07");
    app.get("so-khdt-admin", "/v1/calendar-days/2023-12-01").refused(404, "not_found");
    // It works on a holiday of the nation's.
    put(
        app,
        "admin",
        "2023-09-01",
        &json!({"kind": "swap_work", "name": "Trực", "status": "official", "legal_basis": "x"}),
    )
    .expect(201);
    assert_eq!(add(app, "th-head", "2023-08-31", 1)["result_on"], "2023-09-01");
    let path = "/v1/calendar-days/2023-09-01";
    app.request("admin", "DELETE", path).send().refused(428, "precondition_required");
    app.request("admin", "DELETE", path).if_match(&app.tag("admin", path)).send().expect(204);
    assert_eq!(app.get("admin", path).expect(200)["organization_id"], Value::Null);
    app.request("admin", "DELETE", path).if_match("*").send().refused(404, "not_found");
    assert_eq!(
        app.get("auditor", "/v1/audit-entries?subject_type=calendar_day").expect(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
}

/// Who names a state where there is none, because somebody has taken the day away, is told so.
#[apply(on_both)]
fn a_day_that_is_gone_has_no_tag(app: &App) {
    let path = "/v1/calendar-days/2023-12-05";
    put(app, "admin", "2023-12-05", &holiday("x")).expect(201);
    let tag = app.tag("admin", path);
    app.request("admin", "DELETE", path).if_match(&tag).send().expect(204);
    for tag in [&tag, "*"] {
        app.request("admin", "PUT", path).if_match(tag).json(&holiday("x")).send().refused(412, "version_mismatch");
    }
    app.get("admin", path).refused(404, "not_found");
}

#[apply(on_both)]
fn only_operators_set_the_nations_days(app: &App) {
    for person in ["secretary", "th-head", "deadline-checker", "auditor", "council-chair", "integration"] {
        put(app, person, "2023-12-01", &holiday("x")).refused(403, "role_required");
    }
    put(app, "operator", "2028-01-01", &holiday("Tết Dương lịch")).expect(201);
    assert_eq!(add(app, "so-khdt-admin", "2027-12-31", 1)["result_on"], "2028-01-03");
    // Once set, a change starts from what was seen.
    put(app, "operator", "2028-01-01", &holiday("x")).refused(428, "precondition_required");
    let tag = app.tag("operator", "/v1/calendar-days/2028-01-01");
    app.request("operator", "PUT", "/v1/calendar-days/2028-01-01")
        .if_match(&tag)
        .json(&holiday("Năm mới"))
        .send()
        .expect(200);
    app.request("operator", "PUT", "/v1/calendar-days/2028-01-01")
        .if_match(&tag)
        .json(&holiday("x"))
        .send()
        .refused(412, "version_mismatch");
    for (body, code) in [
        (json!({"kind": "swap_work", "name": "x", "status": "official", "legal_basis": "x"}), "not_a_day_off"),
        (json!({"kind": "holiday", "name": " ", "status": "official", "legal_basis": "x"}), "text_empty"),
    ] {
        put(app, "operator", "2028-03-01", &body).refused(422, code);
    }
    put(
        app,
        "operator",
        "2028-03-01",
        &json!({"kind": "feast", "name": "x", "status": "official", "legal_basis": "x"}),
    )
    .refused(400, "invalid_body");
}

/// A year that nobody has announced is not relied on; once it is, it is.
#[apply(on_both)]
fn a_year_is_confirmed_day_by_day(app: &App) {
    assert_eq!(add(app, "th-head", "2027-03-01", 1)["calendar_confirmed"], false);
    let days = app.get("operator", "/v1/calendar-days?from=2027-01-01").expect(200);
    for day in days["items"].as_array().unwrap() {
        let path = format!("/v1/calendar-days/{}", day["on"].as_str().unwrap());
        let body =
            json!({"kind": day["kind"], "name": day["name"], "status": "official", "legal_basis": "TB 1/TB-BNV"});
        app.request("operator", "PUT", &path).if_match(&app.tag("operator", &path)).json(&body).send().expect(200);
    }
    assert_eq!(add(app, "th-head", "2027-03-01", 1)["calendar_confirmed"], true);
}

/// What was sent is left alone; once it comes back, it is due by the calendar as it is then.
#[apply(on_both)]
fn a_dossier_that_comes_back_is_due_by_the_calendar_of_that_day(app: &App) {
    app.announced(&[("TH", &[])]);
    let proposal = app.first_proposal();
    app.complete_dossier(&proposal);
    app.act("secretary", &proposal, "submit", None).expect(200);
    assert_eq!(put(app, "admin", "2023-12-05", &holiday("x")).expect(201)["moved_deadlines"], json!([]));
    assert_eq!(dossiers(app), ["2023-12-07"]);
    // Its explanation is of the calendar that it was due by.
    let sent = app.get("secretary", "/v1/deadlines?kind=dossier").expect(200)["items"][0].clone();
    assert_eq!(
        (&sent["status"], &sent["explanation"].as_array().unwrap().last().unwrap()["on"]),
        (&json!("met"), &json!("2023-12-07"))
    );
    let returned = app.act("secretary", &proposal, "return", Some(&json!({"reason": "x"}))).expect(200);
    assert_eq!((&returned["dossier"]["due_on"], dossiers(app)), (&json!("2023-12-08"), vec![json!("2023-12-08")]));
    let moved = app.get("auditor", "/v1/audit-entries?action=deadline.move").expect(200)["items"][0].clone();
    assert_eq!(
        (&moved["actor"]["subject"], &moved["before"]["due_on"], &moved["after"]["due_on"]),
        (&json!("secretary"), &json!("2023-12-07"), &json!("2023-12-08"))
    );
    assert_eq!(app.get("th-head", "/v1/events?types=deadline.moved").expect(200)["items"].as_array().unwrap().len(), 1);
}

/// Who takes its own day away works by the nation's again.
#[apply(on_both)]
fn an_organisation_without_its_own_day_has_the_national_one(app: &App) {
    put(app, "operator", "2023-12-06", &holiday("x")).expect(201);
    put(
        app,
        "admin",
        "2023-12-06",
        &json!({"kind": "swap_work", "name": "Trực", "status": "official", "legal_basis": "x"}),
    )
    .expect(201);
    app.announced(&[("TH", &[])]);
    assert_eq!(dossiers(app), ["2023-12-07"]);
    let path = "/v1/calendar-days/2023-12-06";
    app.request("admin", "DELETE", path).if_match(&app.tag("admin", path)).send().expect(204);
    assert_eq!(dossiers(app), ["2023-12-08"]);
}

/// Three days before the day that was, and again three days before the day that is.
#[apply(on_both)]
fn a_day_that_moved_is_reminded_of_anew(app: &App) {
    app.announced(&[("TH", &[])]);
    let reminders = || {
        app.get("secretary", "/v1/events?types=deadline.due_soon&limit=200").expect(200)["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|event| event["data"]["kind"] == "dossier")
            .map(|event| (event["data"]["due_on"].clone(), event["data"]["reminder_days"].clone()))
            .collect::<Vec<_>>()
    };
    app.set_clock("2023-12-04T02:00:00.000Z");
    let before = reminders();
    assert_eq!(before.last(), Some(&(json!("2023-12-07"), json!(3))));
    put(app, "admin", "2023-12-06", &holiday("x")).expect(201);
    app.set_clock("2023-12-05T02:00:00.000Z");
    assert_eq!(reminders()[before.len()..], [(json!("2023-12-08"), json!(7)), (json!("2023-12-08"), json!(3))][1..]);
}

#[apply(on_both)]
fn dossiers_move_with_the_calendar_and_never_before_an_extension(app: &App) {
    app.announced(&[("TH", &[]), ("KT", &[("B.1", r#"{"points":39}"#)])]);
    assert_eq!(dossiers(app), ["2023-12-07", "2023-12-07"]);
    let path = "/v1/calendar-days/2023-12-05?dry_run=true";
    let foretold = app.request("admin", "PUT", path).json(&holiday("x")).send().expect(200);
    let moves: Vec<(&Value, &Value)> = foretold["moved_deadlines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|moved| (&moved["was_due_on"], &moved["due_on"]))
        .collect();
    assert_eq!(moves, [(&json!("2023-12-07"), &json!("2023-12-08")); 2]);
    assert_eq!((&foretold["dry_run"], dossiers(app)), (&json!(true), vec![json!("2023-12-07"); 2]));
    app.get("admin", "/v1/calendar-days/2023-12-05").refused(404, "not_found");
    let done = put(app, "admin", "2023-12-05", &holiday("x")).expect(201);
    assert_eq!(done["moved_deadlines"], foretold["moved_deadlines"]);
    assert_eq!(dossiers(app), ["2023-12-08", "2023-12-08"]);
    let proposals = app.get("secretary", "/v1/award-proposals").expect(200);
    let dossier = &proposals["items"][0]["dossier"];
    assert_eq!((&dossier["due_on"], &dossier["explanation"][5]["why"]), (&json!("2023-12-08"), &json!("holiday")));
    assert_eq!(app.get("th-head", "/v1/events?types=deadline.moved").expect(200)["items"].as_array().unwrap().len(), 1);
    // An extension to the 12th stands, whatever the nation does; the other dossier moves again, and back.
    let first =
        app.get("secretary", "/v1/deadlines?kind=dossier").expect(200)["items"][0]["id"].as_str().unwrap().to_owned();
    app.post(
        "secretary",
        &format!("/v1/deadlines/{first}/extensions"),
        &json!({"due_on": "2023-12-12", "reason": "x", "basis_document": "x"}),
    )
    .expect(201);
    let moved = put(app, "operator", "2023-12-06", &holiday("x")).expect(201);
    assert_eq!(
        moved["moved_deadlines"].as_array().unwrap().iter().map(|moved| &moved["due_on"]).collect::<Vec<_>>(),
        [&json!("2023-12-11")]
    );
    assert_eq!(dossiers(app), ["2023-12-12", "2023-12-11"]);
    // Whoever set the day, the office's auditor finds what it did to the office's dossiers.
    let entries = app.get("auditor", "/v1/audit-entries?action=deadline.move").expect(200)["items"].clone();
    let told: Vec<_> = entries
        .as_array()
        .unwrap()
        .iter()
        // The one that an extension hides says what was counted, and moves no due date.
        .filter(|entry| !entry["after"]["due_on"].is_null())
        .map(|entry| {
            (entry["actor"]["subject"].as_str().unwrap(), &entry["before"]["due_on"], &entry["after"]["due_on"])
        })
        .collect();
    let (seventh, eighth, eleventh) = (json!("2023-12-07"), json!("2023-12-08"), json!("2023-12-11"));
    assert_eq!(told, [("admin", &seventh, &eighth), ("admin", &seventh, &eighth), ("operator", &eighth, &eleventh)]);
    assert_eq!(app.get("auditor", "/v1/audit-entries/verify").expect(200)["ok"], true);
    // The office's own day before what it moved.
    let all =
        app.get("auditor", "/v1/audit-entries?action=deadline.move,calendar_day.put").expect(200)["items"].clone();
    let acts: Vec<&str> = all.as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(acts, ["calendar_day.put", "deadline.move", "deadline.move", "deadline.move", "deadline.move"]);
    let proposals = app.get("secretary", "/v1/award-proposals").expect(200);
    let mut shown: Vec<&str> = proposals["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|proposal| proposal["dossier"]["due_on"].as_str().unwrap())
        .collect();
    shown.sort_unstable();
    assert_eq!(shown, ["2023-12-11", "2023-12-12"]);
    for person in ["operator", "admin"] {
        let day = if person == "operator" { "2023-12-06" } else { "2023-12-05" };
        let path = format!("/v1/calendar-days/{day}");
        let tag = app.tag(person, &path);
        let foretold = app.request(person, "DELETE", &format!("{path}?dry_run=true")).if_match(&tag).send().expect(200);
        assert_eq!(foretold["day"], Value::Null);
        app.request(person, "DELETE", &path).if_match(&tag).send().expect(204);
    }
    assert_eq!(dossiers(app), ["2023-12-12", "2023-12-07"]);
    // A day that an office has set itself keeps the nation's change from it.
    put(
        app,
        "admin",
        "2023-12-04",
        &json!({"kind": "swap_work", "name": "x", "status": "official", "legal_basis": "x"}),
    )
    .expect(201);
    assert_eq!(put(app, "operator", "2023-12-04", &holiday("x")).expect(201)["moved_deadlines"], json!([]));
}
