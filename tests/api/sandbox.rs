//! The sandbox: ready to play, the same at every start.

use serde_json::json;

use crate::support::{App, apply, on_both};

/// Everybody that the contract names is there, with a token that works.
#[apply(on_both)]
fn the_sandbox_has_people_of_every_role(app: &App) {
    let people = app.anonymous("GET", "/v1/sandbox/people").send().expect(200);
    let people = people["items"].as_array().unwrap();
    let count = |role: &str| people.iter().filter(|person| person["roles"] == json!([role])).count();
    let expected = [
        ("unit_editor", 8),
        ("unit_head", 9),
        ("appraiser", 2),
        ("council_member", 5),
        ("council_chair", 1),
        ("secretary", 1),
        ("admin", 2),
        ("auditor", 1),
        ("operator", 1),
        ("integration", 1),
        ("deadline_checker", 1),
    ];
    for (role, number) in expected {
        assert_eq!(count(role), number, "{role}");
    }
    for person in people {
        let me = app.get(person["subject"].as_str().unwrap(), "/v1/me").expect(200);
        assert_eq!(me["memberships"][0]["roles"], person["roles"]);
        assert_eq!(me["memberships"][0]["unit_code"], person["unit_code"]);
    }
}

/// A reset brings back the first moment: the same ids, the same clock, nothing of what was done.
#[apply(on_both)]
fn a_reset_begins_anew(app: &App) {
    let period = app.period();
    let before = app.get("secretary", &period);
    app.new_sheet("TH");
    app.set_clock("2023-12-01T00:00:00.000Z");
    assert_eq!(app.anonymous("POST", "/v1/sandbox/reset").send().status, 204);
    assert_eq!(app.anonymous("GET", "/v1/sandbox/clock").send().expect(200)["now"], "2023-11-01T01:00:00.000Z");
    let after = app.get("secretary", &period);
    assert_eq!((after.json(), after.etag()), (before.json(), before.etag()));
    assert_eq!(app.get("th-head", "/v1/submissions").expect(200)["items"], json!([]));
    app.new_sheet("TH");
}
