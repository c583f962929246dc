//! Units, and what they may change into while a period is open.

use serde_json::{Value, json};

use crate::support::{App, Response, apply, on_both};

fn change(app: &App, unit: &str, body: &Value) -> Response {
    let tag = app.tag("admin", unit);
    app.request("admin", "PATCH", unit).if_match(&tag).json(body).send()
}

fn new_unit(app: &App, code: &str, predecessors: &[&str]) -> Response {
    let body = json!({"code": code, "name": code, "kind": "other", "predecessor_ids": predecessors});
    app.post("admin", "/v1/units", &body)
}

#[apply(on_both)]
fn a_unit_of_an_open_period_stays_active(app: &App) {
    let unit = format!("/v1/units/{}", app.unit_id("THCB"));
    let refused = change(app, &unit, &json!({"active": false})).refused(409, "unit_in_open_period");
    assert_eq!(refused.json()["params"]["periods"], json!(["2023"]), "{}", refused.json());
    change(app, &unit, &json!({"name": "Tên mới"})).expect(200);
    app.act("secretary", &app.period(), "cancel", Some(&json!({"reason": "Hoãn"}))).expect(200);
    assert_eq!(change(app, &unit, &json!({"active": false})).expect(200)["active"], false);
}

#[apply(on_both)]
fn a_draft_with_an_inactive_unit_does_not_open(app: &App) {
    app.act("secretary", &app.period(), "cancel", Some(&json!({"reason": "Hoãn"}))).expect(200);
    let draft = app.new_period(&app.period_like("2023B"));
    let unit = format!("/v1/units/{}", app.unit_id("THCB"));
    change(app, &unit, &json!({"active": false})).expect(200);
    let at = app.get("secretary", &draft).expect(200)["unit_ids"].as_array().unwrap().clone();
    let at = at.iter().position(|id| *id == app.unit_id("THCB")).unwrap();
    let refused = app.act("secretary", &draft, "open", None).refused(409, "guard_failed");
    assert_eq!(refused.faults(), [("unit_inactive".to_owned(), format!("/unit_ids/{at}"))]);
    change(app, &unit, &json!({"active": true})).expect(200);
    app.act("secretary", &draft, "open", None).expect(200);
}

#[apply(on_both)]
fn no_unit_is_its_own_predecessor(app: &App) {
    let id = |response: Response| response.expect(201)["id"].as_str().unwrap().to_owned();
    let first = id(new_unit(app, "U1", &[]));
    let second = id(new_unit(app, "U2", &[&first]));
    let third = id(new_unit(app, "U3", &[&second]));
    let path = format!("/v1/units/{first}");
    for before in [&first, &second, &third] {
        let refused = change(app, &path, &json!({"predecessor_ids": [before]})).refused(422, "predecessor_circle");
        assert_eq!(refused.faults(), [("predecessor_circle".to_owned(), "/predecessor_ids/0".to_owned())]);
    }
    let twice = new_unit(app, "U4", &[&second, &third, &second]);
    assert_eq!(twice.faults(), [("duplicate".to_owned(), "/predecessor_ids/2".to_owned())]);
    change(app, &format!("/v1/units/{third}"), &json!({"predecessor_ids": [first, second]})).expect(200);
}

#[apply(on_both)]
fn a_code_of_dots_alone_is_refused(app: &App) {
    for code in [".", "..", "..."] {
        new_unit(app, code, &[]).refused(422, "invalid_code");
    }
    new_unit(app, "1.a", &[]).expect(201);
}
