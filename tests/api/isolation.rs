//! One organisation sees and changes nothing of another. The walkers take their list from the document.

use serde_json::json;

use crate::contract::{document, ids, is_problem, operations, parameters, with_ids};
use crate::support::{App, apply, on_both};

/// Another office gets nothing, whatever it asks for by id.
#[apply(on_both)]
fn another_office_finds_nothing_by_id(app: &App) {
    let ids = ids(app);
    for operation in
        operations(&document(app)).iter().filter(|operation| operation.is_secured() && operation.path.contains("{id}"))
    {
        let path = with_ids(&operation.path, &ids);
        for person in ["so-khdt-admin", "so-khdt-vp-head"] {
            let request = || app.request(person, &operation.method, &path);
            let mut responses = vec![request().send(), request().if_match("*").send()];
            if operation.method != "GET" {
                responses.push(request().if_match("*").json(&json!({})).send());
                responses.push(request().if_match("*").raw("application/json", "{").send());
                responses.push(request().if_match("*").raw("text/plain", "x").send());
            }
            for response in responses {
                assert_eq!(
                    (response.status, response.code().as_str()),
                    (404, "not_found"),
                    "{person} {} {path}",
                    operation.method
                );
                is_problem(app, &response);
            }
        }
    }
}

#[apply(on_both)]
fn another_office_finds_nothing_in_lists(app: &App) {
    let ids = ids(app);
    let office = &ids["organizations"];
    let all = operations(&document(app));
    let own = |path: &str| !path.contains('{') && !path.starts_with("/v1/sandbox");
    for operation in all.iter().filter(|operation| operation.is_list() && own(&operation.path)) {
        for person in ["so-khdt-admin", "so-khdt-vp-head"] {
            if parameters(&operation.about).any(|parameter| parameter["name"] == "organization_id") {
                let response = app.get(person, &format!("{}?organization_id={office}", operation.path));
                assert!(matches!(response.status, 403 | 404), "{person} {}: {}", operation.path, response.status);
            }
            let text = String::from_utf8(app.get(person, &format!("{}?limit=200", operation.path)).bytes).unwrap();
            for id in ids.values() {
                assert!(!text.contains(id.as_str()), "{person} {}: {text}", operation.path);
            }
        }
    }
    app.get("so-khdt-admin", &format!("/v1/reviews?submission_id={}", ids["submissions"])).refused(404, "not_found");
    for (name, list) in [
        ("period_id", "submissions"),
        ("unit_id", "submissions"),
        ("unit_id", "members"),
        ("period_id", "award-proposals"),
        ("period_id", "council-sessions"),
    ] {
        let id = if name == "period_id" { &ids["periods"] } else { &ids["units"] };
        let response = app.get("so-khdt-admin", &format!("/v1/{list}?{name}={id}"));
        assert!(
            matches!(response.status, 403 | 404) || response.json()["items"] == json!([]),
            "{list}: {}",
            response.status
        );
    }
}

#[apply(on_both)]
fn another_office_makes_nothing_here(app: &App) {
    let ids = ids(app);
    let (period, unit, office) = (&ids["periods"], &ids["units"], &ids["organizations"]);
    let table = [
        ("submissions", json!({"period_id": period, "unit_id": unit})),
        ("reviews", json!({"submission_id": ids["submissions"], "stage": "appraisal"})),
        ("council-sessions", json!({"period_id": period, "held_on": "2023-11-28", "place": "x"})),
        ("units", json!({"organization_id": office, "code": "X", "name": "X", "kind": "other"})),
        ("members", json!({"organization_id": office, "subject": "x", "display_name": "X", "roles": ["admin"]})),
        ("members", json!({"subject": "x", "display_name": "X", "roles": ["unit_head"], "unit_id": unit})),
        ("service-accounts", json!({"member_id": ids["members"]})),
        ("organizations", json!({"code": "X", "name": "X", "first_admin": {"subject": "x", "display_name": "X"}})),
        ("units", json!({"code": "X", "name": "X", "kind": "other", "predecessor_ids": [unit]})),
    ];
    for (list, body) in table {
        for person in ["so-khdt-admin", "so-khdt-vp-head"] {
            let response = app.post(person, &format!("/v1/{list}"), &body);
            assert!(
                matches!(response.status, 403 | 404 | 422),
                "{person} {list} {body}: {} {}",
                response.status,
                String::from_utf8_lossy(&response.bytes)
            );
            is_problem(app, &response);
        }
    }
}
