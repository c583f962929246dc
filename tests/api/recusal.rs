//! Nobody decides on, or looks into, the unit that they belong to.

use serde_json::{Value, json};

use crate::support::{App, apply, on_both};

/// Somebody who reviews other units and gets a second role: it never lets them in to their own unit's sheet.
#[apply(on_both)]
fn no_second_role_lifts_recusal(app: &App) {
    let sheets = ["TH", "HCTC"].map(|unit| app.submitted_sheet(unit, &[]));
    app.set_clock("2023-11-13T01:00:00.000Z");
    app.move_period("secretary", "start-appraisal");
    for (unit, sheet) in ["TH", "HCTC"].into_iter().zip(&sheets) {
        app.review(App::appraiser_of(unit), sheet, "appraisal", &[]);
    }
    for (person, own, other) in [("hctc-appraiser", &sheets[1], &sheets[0]), ("th-council", &sheets[0], &sheets[1])] {
        let members = app.get("admin", "/v1/members?limit=200").expect(200);
        let items = members["items"].as_array().unwrap();
        let member = items.iter().find(|member| member["subject"] == person).unwrap_or_else(|| panic!("{person}"));
        let path = format!("/v1/members/{}", member["id"].as_str().unwrap());
        let roles = [member["roles"].as_array().unwrap().clone(), vec![json!("auditor")]].concat();
        app.request("admin", "PATCH", &path)
            .if_match(&app.tag("admin", &path))
            .json(&json!({"roles": roles}))
            .send()
            .expect(200);
        for part in ["", "/scores", "/revisions", "/evidence"] {
            app.get(person, &format!("{own}{part}")).refused(403, "recused");
            app.get(person, &format!("{other}{part}")).expect(200);
        }
        let listed = app.get(person, "/v1/submissions").expect(200)["items"].clone();
        let lists = |sheet: &str| {
            let id = sheet.rsplit('/').next().unwrap();
            listed.as_array().unwrap().iter().any(|item| item["id"] == id)
        };
        assert_eq!((lists(own), lists(other)), (false, true), "{person}");
        let entries = app.get(person, "/v1/audit-entries?limit=200").expect(200);
        let of_sheets =
            |entry: &&Value| entry["subject"]["type"] == "submission" || entry["subject"]["type"] == "review";
        for entry in entries["items"].as_array().unwrap().iter().filter(of_sheets) {
            assert_eq!((&entry["before"], &entry["after"], &entry["hash"]), (&Value::Null, &Value::Null, &Value::Null));
        }
        let ranking = app.get(person, &format!("{}/ranking", app.period())).expect(200);
        assert_eq!(ranking["inputs_sha256"], Value::Null);
    }
    let ranking = app.get("auditor", &format!("{}/ranking", app.period())).expect(200);
    assert!(ranking["inputs_sha256"].is_string());
}
