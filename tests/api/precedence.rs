//! Which refusal is given where a request has several faults.

use crate::support::{App, apply, on_both, scores};

#[apply(on_both)]
fn not_found_comes_before_syntax(app: &App) {
    let sheet = app.new_sheet("TH");
    app.request("kt-head", "PATCH", &format!("{sheet}/scores"))
        .raw("application/json", "{")
        .send()
        .refused(404, "not_found");
}

#[apply(on_both)]
fn a_missing_token_comes_before_not_found(app: &App) {
    let sheet = app.new_sheet("TH");
    app.anonymous("PATCH", &format!("{sheet}/scores")).raw("text/plain", "{").send().refused(401, "token_missing");
}

#[apply(on_both)]
fn a_wrong_method_comes_before_the_token(app: &App) {
    app.anonymous("DELETE", "/v1/units").send().refused(405, "method_not_allowed");
}

#[apply(on_both)]
fn an_unknown_path_comes_before_the_method(app: &App) {
    app.anonymous("DELETE", "/v1/nothing").send().refused(404, "not_found");
}

#[apply(on_both)]
fn a_missing_right_comes_before_the_media_type(app: &App) {
    let sheet = app.submitted_sheet("TH", &[]);
    app.request("auditor", "PATCH", &format!("{sheet}/scores"))
        .raw("text/plain", "{")
        .send()
        .refused(403, "role_required");
    app.request("th-editor", "POST", "/v1/units").raw("text/plain", "{").send().refused(403, "role_required");
}

/// Who belongs to one office only has no right there, whatever the body would say.
#[apply(on_both)]
fn a_missing_right_comes_before_syntax(app: &App) {
    let mut wrong = Vec::new();
    for (person, path) in [
        ("th-editor", "/v1/units"),
        ("th-editor", "/v1/members"),
        ("th-editor", "/v1/periods"),
        ("th-editor", "/v1/criteria-sets"),
        ("th-editor", "/v1/service-accounts"),
        ("th-editor", "/v1/organizations"),
        ("th-editor", "/v1/council-sessions"),
        ("admin", "/v1/reviews"),
        ("admin", "/v1/submissions"),
    ] {
        let response = app.request(person, "POST", path).raw("application/json", "{").send();
        if !matches!(response.status, 403 | 404) {
            wrong.push(format!("{person} {path}: {} {}", response.status, response.code()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[apply(on_both)]
fn the_media_type_comes_before_syntax(app: &App) {
    let sheet = app.new_sheet("TH");
    app.request("th-head", "PATCH", &format!("{sheet}/scores"))
        .raw("text/plain", "{")
        .send()
        .refused(415, "unsupported_media_type");
}

#[apply(on_both)]
fn syntax_comes_before_a_missing_tag(app: &App) {
    let sheet = app.new_sheet("TH");
    app.request("th-head", "PATCH", &format!("{sheet}/scores"))
        .raw("application/json", "{")
        .send()
        .refused(400, "malformed_json");
    app.request("th-head", "PATCH", &format!("{sheet}/scores?x=1"))
        .json(&scores(&[]))
        .send()
        .refused(400, "unknown_parameter");
}

#[apply(on_both)]
fn a_missing_tag_comes_before_the_state(app: &App) {
    let sheet = app.submitted_sheet("TH", &[]);
    let request =
        || app.request("th-head", "PATCH", &format!("{sheet}/scores")).json(&scores(&[("A.II.1", r#"{"points":31}"#)]));
    request().send().refused(428, "precondition_required");
    request().if_match("\"0-0\"").send().refused(412, "version_mismatch");
    request().if_match(&app.tag("th-head", &sheet)).send().refused(409, "invalid_state");
}

#[apply(on_both)]
fn the_deadline_comes_before_the_content(app: &App) {
    let sheet = app.new_sheet("TH");
    app.set_clock("2023-11-10T17:00:00.000Z");
    app.patch("th-head", &sheet, &[("A.II.1", r#"{"points":31}"#)]).refused(409, "deadline_passed");
}
