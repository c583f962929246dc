//! A request that is sent again under the same `Idempotency-Key`.

use serde_json::json;

use crate::support::{App, apply, on_both};

#[apply(on_both)]
fn a_repeated_key_gets_the_first_answer_and_nothing_is_done_twice(app: &App) {
    let request = || {
        app.request("admin", "POST", "/v1/units")
            .header("idempotency-key", "k-1")
            .json(&json!({"code": "TTHC", "name": "Trung tâm", "kind": "centre"}))
            .send()
    };
    let (first, second) = (request(), request());
    assert_eq!((first.status, second.status), (201, 201));
    assert_eq!((first.header("idempotency-replayed"), second.header("idempotency-replayed")), ("", "true"));
    assert_eq!(first.bytes, second.bytes);
    assert_eq!((first.etag(), first.header("location")), (second.etag(), second.header("location")));
    assert_eq!(app.get("admin", "/v1/units").expect(200)["items"].as_array().unwrap().len(), 9);
}

#[apply(on_both)]
fn a_repeated_action_gets_the_first_answer_though_its_tag_is_stale_by_then(app: &App) {
    let sheet = app.new_sheet("TH");
    app.write("TH", &sheet, &[]);
    let tag = app.tag("th-head", &sheet);
    let request = || {
        app.request("th-head", "POST", &format!("{sheet}/submit"))
            .header("idempotency-key", "k-1")
            .if_match(&tag)
            .send()
    };
    let (first, second) = (request(), request());
    assert_eq!((first.status, second.status, second.header("idempotency-replayed")), (200, 200, "true"));
    assert_eq!(first.bytes, second.bytes);
    assert_eq!(app.get("th-head", &sheet).expect(200)["revision"], 1);
}

#[apply(on_both)]
fn rights_are_checked_again_before_a_replay(app: &App) {
    let request = || {
        app.request("admin", "POST", "/v1/units")
            .header("idempotency-key", "k-1")
            .json(&json!({"code": "TTHC", "name": "Trung tâm", "kind": "centre"}))
            .send()
    };
    request().expect(201);
    let member = member(app, "admin");
    app.request("admin", "PATCH", &member)
        .if_match(&app.tag("admin", &member))
        .json(&json!({"roles": ["auditor"]}))
        .send()
        .expect(200);
    request().refused(403, "role_required");
}

#[apply(on_both)]
fn a_key_reused_for_another_request_is_refused(app: &App) {
    let request = |code: &str| {
        app.request("admin", "POST", "/v1/units")
            .header("idempotency-key", "k-1")
            .json(&json!({"code": code, "name": "Trung tâm", "kind": "centre"}))
            .send()
    };
    request("TTHC").expect(201);
    request("TTHC2").refused(422, "idempotency_key_reused");
    app.request("admin", "POST", "/v1/members")
        .header("idempotency-key", "k-1")
        .json(&json!({"subject": "a", "display_name": "A", "roles": ["auditor"]}))
        .send()
        .refused(422, "idempotency_key_reused");
}

#[apply(on_both)]
fn a_key_whose_request_was_refused_is_free_again(app: &App) {
    let request = |code: &str| {
        app.request("admin", "POST", "/v1/units")
            .header("idempotency-key", "k-1")
            .json(&json!({"code": code, "name": "Trung tâm", "kind": "centre"}))
            .send()
    };
    request("TH").refused(409, "already_exists");
    request("TTHC").expect(201);
}

#[apply(on_both)]
fn idempotency_keys_belong_to_their_caller(app: &App) {
    let (period_id, th, kt) = (app.period_id(), app.unit_id("TH"), app.unit_id("KT"));
    let request = |person: &str, unit: &str| {
        app.request(person, "POST", "/v1/submissions")
            .header("idempotency-key", "k-1")
            .json(&json!({"period_id": period_id, "unit_id": unit}))
            .send()
    };
    let (first, second) = (request("th-head", &th), request("kt-head", &kt));
    assert_eq!((first.status, second.status, second.header("idempotency-replayed")), (201, 201, ""));
    assert_ne!(first.json()["id"], second.json()["id"]);
}

#[apply(on_both)]
fn an_invalid_idempotency_key_is_refused(app: &App) {
    let long = "k".repeat(256);
    for key in ["", long.as_str()] {
        let body = json!({"code": "TTHC", "name": "Trung tâm", "kind": "centre"});
        app.request("admin", "POST", "/v1/units")
            .header("idempotency-key", key)
            .json(&body)
            .send()
            .refused(400, "invalid_header");
    }
}

/// The path of a member.
fn member(app: &App, subject: &str) -> String {
    let members = app.get("admin", "/v1/members?limit=200").expect(200);
    let found = members["items"].as_array().unwrap().iter().find(|member| member["subject"] == subject).unwrap();
    format!("/v1/members/{}", found["id"].as_str().unwrap())
}
