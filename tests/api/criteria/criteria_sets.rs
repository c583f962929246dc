//! The next table as a copy of the last, and what differs between the two.

use serde_json::{Value, json};

use crate::support::{App, apply, on_both};

/// The path of the sandbox's published table.
fn guideline(app: &App) -> String {
    let id = app.get("admin", "/v1/criteria-sets").expect(200)["items"][0]["id"].as_str().unwrap().to_owned();
    format!("/v1/criteria-sets/{id}")
}

fn copied(app: &App, of: &str, body: &Value) -> (String, Value) {
    let copy = app.post("admin", &format!("{of}/copy"), body).expect(201);
    (format!("/v1/criteria-sets/{}", copy["id"].as_str().unwrap()), copy)
}

/// Puts a draft's tree in place again, with a change.
fn change(app: &App, path: &str, change: impl Fn(&mut Value)) {
    let set = app.get("admin", path).expect(200);
    let mut body = json!({});
    for field in ["code", "title", "year", "legal_basis", "total_points", "parts"] {
        body[field] = set[field].clone();
    }
    change(&mut body);
    app.request("admin", "PUT", path).if_match(&app.tag("admin", path)).json(&body).send().expect(200);
}

/// The original stays as it is, and so does the period that was opened with it.
#[apply(on_both)]
fn a_copy_begins_with_what_its_original_says(app: &App) {
    let original = guideline(app);
    let before = app.get("admin", &original).expect(200);
    let (path, copy) = copied(app, &original, &json!({"code": "VP-UBND-2024", "year": 2024}));
    for field in ["title", "legal_basis", "total_points", "parts", "organization_id"] {
        assert_eq!(copy[field], before[field], "{field}");
    }
    assert_eq!(
        (&copy["status"], &copy["year"], &copy["copied_from_id"]),
        (&json!("draft"), &json!(2024), &before["id"])
    );
    assert_eq!(app.get("admin", &path).expect(200), copy);
    assert_eq!(app.get("admin", &original).expect(200), before);
    app.act("admin", &path, "publish", None).expect(200);
    assert_eq!(app.get("secretary", &app.period()).expect(200)["criteria_set_id"], before["id"]);
    let entries = app.get("auditor", "/v1/audit-entries?action=criteria_set.copy").expect(200);
    let after = &entries["items"][0]["after"];
    let told = json!({"code": after["code"], "year": after["year"], "copied_from_id": after["copied_from_id"]});
    assert_eq!(told, json!({"code": "VP-UBND-2024", "year": 2024, "copied_from_id": before["id"]}));
}

#[apply(on_both)]
fn a_copy_needs_a_code_of_its_own_and_the_admin(app: &App) {
    let copy = format!("{}/copy", guideline(app));
    let own = app.get("admin", &guideline(app)).expect(200)["code"].clone();
    app.post("admin", &copy, &json!({"code": own})).refused(409, "already_exists");
    app.post("admin", &copy, &json!({"code": "a b"})).refused(422, "invalid_code");
    app.post("admin", &copy, &json!({})).refused(400, "invalid_body");
    app.post("secretary", &copy, &json!({"code": "X"})).refused(403, "role_required");
    app.post("so-khdt-admin", &copy, &json!({"code": "X"})).refused(404, "not_found");
    assert_eq!(app.get("admin", "/v1/criteria-sets").expect(200)["items"].as_array().unwrap().len(), 1);
}

/// One criterion with other points and another rule, one gone, one new, one under another heading.
#[apply(on_both)]
fn the_difference_is_told_criterion_by_criterion(app: &App) {
    let (path, _) = copied(app, &guideline(app), &json!({"code": "VP-UBND-2024", "title": "Năm 2024"}));
    let diff = format!("{path}/diff");
    assert_eq!(app.get("admin", &diff).expect(200)["changes"], json!([]));
    change(app, &path, |body| {
        let bonus = body["parts"][1]["children"].as_array_mut().unwrap();
        bonus[0]["max_points"] = json!(30);
        bonus[0]["rule"] = json!({"type": "award_per_case", "points_per_case": 10});
        bonus.remove(1);
        bonus.push(json!({"code": "B.4", "title": "Chuyển đổi số", "max_points": 40, "rule": {"type": "manual"}}));
        let moved = body["parts"][0]["children"][1]["children"].as_array_mut().unwrap().remove(0);
        body["parts"][0]["children"][0]["children"].as_array_mut().unwrap().push(moved);
    });
    let told = app.get("secretary", &diff).expect(200);
    assert_eq!((&told["before"]["year"], &told["after"]["title"]), (&json!(2023), &json!("Năm 2024")));
    let short: Vec<Value> = told["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| json!([change["code"], change["change"], change["fields"]]))
        .collect();
    assert_eq!(
        json!(short),
        json!([
            ["A.II.1", "changed", ["parent_code"]],
            ["B.1", "changed", ["max_points", "rule"]],
            ["B.4", "added", []],
            ["B.2", "removed", []],
        ])
    );
    let points = &told["changes"][1];
    assert_eq!((&points["before"]["max_points"], &points["after"]["max_points"]), (&json!(40), &json!(30)));
    assert_eq!((&told["changes"][2]["before"], &told["changes"][3]["after"]), (&Value::Null, &Value::Null));
}

/// Against another table, the other way round, and where there is nothing to compare with.
#[apply(on_both)]
fn two_tables_are_compared_either_way(app: &App) {
    let original = guideline(app);
    let (path, copy) = copied(app, &original, &json!({"code": "VP-UBND-2024"}));
    change(app, &path, |body| {
        body["parts"][1]["children"].as_array_mut().unwrap().remove(2);
    });
    let back = app.get("admin", &format!("{original}/diff?against={}", copy["id"].as_str().unwrap())).expect(200);
    assert_eq!((&back["changes"][0]["code"], &back["changes"][0]["change"]), (&json!("B.3"), &json!("added")));
    app.get("admin", &format!("{original}/diff")).refused(400, "invalid_parameter");
    app.get("admin", &format!("{original}/diff?against=018b88d6-5f80-7000-8000-00000000ffff"))
        .refused(404, "not_found");
    app.get("admin", &format!("{original}/diff?against=x")).refused(400, "invalid_parameter");
    // A draft is nobody's business but theirs who write and check it.
    app.get("th-head", &format!("{path}/diff")).refused(404, "not_found");
    app.get("th-head", &format!("{original}/diff?against={}", copy["id"].as_str().unwrap())).refused(404, "not_found");
}
