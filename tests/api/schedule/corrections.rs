//! Extensions that were granted to a wrong day.

use serde_json::{Value, json};

use super::deadlines::{deadline, extend, path};
use crate::support::year::AFTER_THE_GATE;
use crate::support::{App, Response, apply, at_once, on_both};

fn of_th(app: &App) -> Value {
    deadline(app, "self_assessment", Some("TH"))
}

fn correct(app: &App, deadline: &Value, number: u32, due_on: &str) -> Response {
    let body = json!({"due_on": due_on, "reason": "Ghi nhầm ngày"});
    app.act("secretary", &path(deadline), &format!("extensions/{number}/correct"), Some(&body))
}

fn offered(deadline: &Value, app: &App) -> (bool, Value) {
    let seen = app.get("secretary", &path(deadline)).expect(200);
    let named =
        |list: &str| seen[list].as_array().unwrap().iter().find(|act| act["action"] == "correct-extension").cloned();
    (named("allowed_actions").is_some(), named("blocked_actions").map_or(Value::Null, |act| act["code"].clone()))
}

#[apply(on_both)]
fn a_wrong_day_is_corrected_and_kept(app: &App) {
    let sheet = app.new_sheet("TH");
    let of_th = of_th(app);
    assert_eq!(offered(&of_th, app), (false, Value::Null), "nothing to correct");
    correct(app, &of_th, 1, "2023-11-12").refused(409, "extension_used");
    extend(app, &of_th, "2023-11-21").expect(201);
    assert_eq!(offered(&of_th, app), (true, Value::Null));
    let seen = correct(app, &of_th, 1, "2023-11-12").expect(200);
    let extension = &seen["extensions"][0];
    assert_eq!(
        (&seen["due_on"], &extension["number"], &extension["due_on"], &extension["superseded"]),
        (
            &json!("2023-11-12"),
            &json!(1),
            &json!("2023-11-12"),
            &json!([{"due_on": "2023-11-21", "superseded_at": "2023-11-01T01:00:00.000Z", "superseded_reason": "Ghi nhầm ngày"}])
        )
    );
    let moved = app.get("th-head", &sheet).expect(200);
    assert_eq!((&moved["due_on"], &moved["closes_at"]), (&json!("2023-11-12"), &json!("2023-11-12T17:00:00.000Z")));
    let entries = app.get("auditor", "/v1/audit-entries?action=deadline.correct_extension").expect(200);
    let entry = &entries["items"][0];
    assert_eq!(
        (&entry["before"]["extended_on"], &entry["after"]["extended_on"], &entry["after"]["reason"]),
        (&json!("2023-11-21"), &json!("2023-11-12"), &json!("Ghi nhầm ngày"))
    );
    let events = app.get("auditor", "/v1/events?types=deadline.extension_corrected").expect(200);
    assert_eq!(events["items"].as_array().unwrap().len(), 1);
    // To a later day, and back to what stands without it.
    assert_eq!(correct(app, &of_th, 1, "2023-11-15").expect(200)["due_on"], "2023-11-15");
    let back = correct(app, &of_th, 1, "2023-11-10").expect(200);
    assert_eq!(
        (&back["due_on"], back["extensions"][0]["superseded"].as_array().unwrap().len()),
        (&json!("2023-11-10"), 3)
    );
    assert_eq!(app.get("th-head", &sheet).expect(200)["due_on"], "2023-11-10");
    // A later extension is not touched by one before it.
    extend(app, &of_th, "2023-11-14").expect(201);
    assert_eq!(correct(app, &of_th, 1, "2023-11-11").expect(200)["due_on"], "2023-11-14");
    assert_eq!(correct(app, &of_th, 2, "2023-11-13").expect(200)["due_on"], "2023-11-13");
}

#[apply(on_both)]
fn what_cannot_be_corrected_is_told(app: &App) {
    let of_th = of_th(app);
    extend(app, &of_th, "2023-11-15").expect(201);
    for (due_on, code) in [
        ("2023-11-15", "nothing_corrected"),
        ("2023-11-09", "deadline_shortened"),
        ("2023-10-31", "date_in_past"),
        ("2025-11-15", "date_out_of_range"),
    ] {
        correct(app, &of_th, 1, due_on).refused(422, code);
    }
    for (number, status, code) in [(0, 404, "not_found"), (2, 404, "not_found")] {
        correct(app, &of_th, number, "2023-11-12").refused(status, code);
    }
    let place = format!("{}/extensions/1/correct", path(&of_th));
    let body = json!({"due_on": "2023-11-12", "reason": "x"});
    app.post("secretary", &place, &body).refused(428, "precondition_required");
    let tag = app.tag("secretary", &path(&of_th));
    let refused = |person: &str, body: Value| app.request(person, "POST", &place).if_match(&tag).json(&body).send();
    refused("th-head", body.clone()).refused(403, "role_required");
    refused("kt-head", body.clone()).refused(404, "not_found");
    refused("secretary", json!({"due_on": "2023-11-12", "reason": " "})).refused(422, "text_empty");
    refused("secretary", json!({"due_on": "12/11/2023", "reason": "x"})).refused(400, "invalid_body");
    refused("secretary", json!({"due_on": "2023-11-12"})).refused(400, "invalid_body");
    extend(app, &of_th, "2023-11-16").expect(201);
    refused("secretary", body).refused(412, "version_mismatch");
}

/// The time that was given is used once somebody has sent a sheet in it, and once it is over.
#[apply(on_both)]
fn an_extension_that_was_used_stands(app: &App) {
    let (th, kt) = (app.new_sheet("TH"), app.new_sheet("KT"));
    let of_kt = deadline(app, "self_assessment", Some("KT"));
    let of_th = of_th(app);
    for deadline in [&of_th, &of_kt] {
        extend(app, deadline, "2023-11-15").expect(201);
    }
    // Sent within the schedule: the extension was not needed.
    app.write("KT", &kt, &[]);
    app.act("kt-head", &kt, "submit", None).expect(200);
    correct(app, &of_kt, 1, "2023-11-14").expect(200);
    app.set_clock(AFTER_THE_GATE);
    app.write("TH", &th, &[]);
    // Its gate is open by the extension alone; it has at least the rest of the day.
    correct(app, &of_th, 1, "2023-11-12").refused(422, "date_in_past");
    correct(app, &of_th, 1, "2023-11-14").expect(200);
    app.act("th-head", &th, "submit", None).expect(200);
    correct(app, &of_th, 1, "2023-11-13").refused(409, "extension_used");
    assert_eq!(offered(&of_th, app), (false, json!("extension_used")));
    // Whether or not it stands.
    app.act("th-head", &th, "withdraw", None).expect(200);
    correct(app, &of_th, 1, "2023-11-13").refused(409, "extension_used");
    let of_nc = deadline(app, "self_assessment", Some("NC"));
    extend(app, &of_nc, "2023-11-14").expect(201);
    app.set_clock("2023-11-15T01:00:00.000Z");
    correct(app, &of_nc, 1, "2023-11-16").refused(409, "extension_used");
    extend(app, &of_nc, "2023-11-16").expect(201);
}

/// A missed sheet that an extension has opened again closes by the corrected day.
#[apply(on_both)]
fn a_reopened_sheet_closes_by_the_corrected_day(app: &App) {
    let sheet = app.new_sheet("TH");
    app.set_clock(AFTER_THE_GATE);
    assert_eq!(app.get("th-head", &sheet).expect(200)["status"], "missed");
    let of_th = of_th(app);
    extend(app, &of_th, "2023-11-20").expect(201);
    correct(app, &of_th, 1, "2023-11-14").expect(200);
    let open = app.get("th-head", &sheet).expect(200);
    assert_eq!((&open["status"], &open["closes_at"]), (&json!("draft"), &json!("2023-11-14T17:00:00.000Z")));
    app.set_clock("2023-11-14T17:00:00.000Z");
    assert_eq!(app.get("th-head", &sheet).expect(200)["status"], "missed");
}

/// A sheet was returned for a day on which the appraisal was due by the extension: so far it has been used.
#[apply(on_both)]
fn an_appraisal_is_not_corrected_to_before_what_rests_on_it(app: &App) {
    let sheets = app.in_appraisal(&[("TH", &[])]);
    let appraisal = deadline(app, "appraisal", None);
    extend(app, &appraisal, "2023-11-28").expect(201);
    app.act("appraiser", &sheets[0], "return", Some(&json!({"reason": "x", "due_on": "2023-11-24"}))).expect(200);
    let refused = correct(app, &appraisal, 1, "2023-11-23").refused(422, "deadline_shortened");
    assert_eq!(refused.json()["errors"][0]["params"]["due_on"], "2023-11-23");
    assert_eq!(correct(app, &appraisal, 1, "2023-11-24").expect(200)["due_on"], "2023-11-24");
}

#[apply(on_both)]
fn the_day_of_a_dossier_is_corrected_until_it_is_sent(app: &App) {
    app.announced(&[("TH", &[])]);
    let dossier = deadline(app, "dossier", Some("TH"));
    extend(app, &dossier, "2023-12-20").expect(201);
    assert_eq!(correct(app, &dossier, 1, "2023-12-11").expect(200)["due_on"], "2023-12-11");
    let proposal = app.first_proposal();
    assert_eq!(app.get("secretary", &proposal).expect(200)["dossier"]["due_on"], "2023-12-11");
    app.complete_dossier(&proposal);
    app.set_clock("2023-12-10T02:00:00.000Z");
    app.act("secretary", &proposal, "submit", None).expect(200);
    correct(app, &dossier, 1, "2023-12-15").refused(409, "invalid_state");
    app.act("secretary", &proposal, "return", Some(&json!({"reason": "Thiếu chữ ký"}))).expect(200);
    correct(app, &dossier, 1, "2023-12-15").refused(409, "extension_used");
}

/// The unit sends its sheet in the extra time while the extension is being corrected: one of them comes first.
#[apply(on_both)]
fn a_unit_submits_while_its_extension_is_corrected(app: &App) {
    let sheet = app.new_sheet("TH");
    let deadline = of_th(app);
    extend(app, &deadline, "2023-11-20").expect(201);
    app.set_clock(AFTER_THE_GATE);
    app.write("TH", &sheet, &[]);
    let (of_sheet, of_deadline) = (app.tag("th-head", &sheet), app.tag("secretary", &path(&deadline)));
    let body = json!({"due_on": "2023-11-14", "reason": "Ghi nhầm ngày"});
    let responses = at_once(2, |number| match number {
        0 => app.request("th-head", "POST", &format!("{sheet}/submit")).if_match(&of_sheet).send(),
        _ => {
            let place = format!("{}/extensions/1/correct", path(&deadline));
            app.request("secretary", "POST", &place).if_match(&of_deadline).json(&body).send()
        }
    });
    let statuses = [responses[0].status, responses[1].status];
    // Submitting moves the deadline's version, correcting the sheet's.
    assert!(statuses == [200, 412] || statuses == [412, 200], "{statuses:?}");
    let due_on = app.get("auditor", &sheet).expect(200)["due_on"].clone();
    assert_eq!(due_on, if statuses[0] == 200 { "2023-11-20" } else { "2023-11-14" });
}
