//! Who somebody is: accounts go by id, names stay inside their office, and a membership ends when it is said to.

use serde_json::{Value, json};

use crate::support::{App, apply, on_both};

fn items(app: &App, person: &str, path: &str) -> Vec<Value> {
    app.get(person, path).expect(200)["items"].as_array().unwrap().clone()
}

/// Enters a member and returns it with a token of its local account.
#[track_caller]
fn enter(app: &App, admin: &str, body: &Value) -> (Value, String) {
    let member = app.post(admin, "/v1/members", body).expect(201);
    let people = app.anonymous("GET", "/v1/sandbox/people").send().expect(200);
    let token = people["items"].as_array().unwrap().iter().find(|person| person["member_id"] == member["id"]);
    let token = token.unwrap()["token"].as_str().unwrap().to_owned();
    (member, token)
}

fn place(member: &Value) -> String {
    format!("/v1/members/{}", member["id"].as_str().unwrap())
}

/// The admin of one office enters the names of another's people, and the operator's: they open that one membership.
#[apply(on_both)]
fn no_name_opens_another_office(app: &App) {
    let office = app.get("admin", "/v1/me").expect(200)["memberships"][0]["organization_id"].clone();
    for name in ["council-chair", "secretary", "operator", "admin", "th-head"] {
        let body = json!({"subject": name, "display_name": name, "roles": ["auditor", "admin"]});
        let (member, token) = enter(app, "so-khdt-admin", &body);
        let me = app.bearer(&token, "GET", "/v1/me").send().expect(200);
        assert_eq!((&me["subject"], me["memberships"].as_array().unwrap().len()), (&json!(name), 1));
        assert_eq!(me["memberships"][0]["member_id"], member["id"]);
        let members = format!("/v1/members?organization_id={}", office.as_str().unwrap());
        app.bearer(&token, "GET", &members).send().refused(404, "not_found");
        let new = json!({"code": "X", "name": "X", "first_admin": {"subject": "x", "display_name": "x"}});
        app.bearer(&token, "POST", "/v1/organizations").json(&new).send().refused(403, "role_required");
        // And the person of that name is as before.
        assert_eq!(app.get(name, "/v1/me").expect(200)["memberships"].as_array().unwrap().len(), 1);
    }
}

#[apply(on_both)]
fn an_issuer_is_local_or_configured(app: &App) {
    for issuer in ["system", "https://sso.example.vn", "LOCAL", " local2"] {
        let body = json!({"issuer": issuer, "subject": "clock", "display_name": "x", "roles": ["auditor"]});
        let refused = app.post("admin", "/v1/members", &body).refused(422, "issuer_not_allowed");
        assert_eq!(refused.faults()[0].1, "/issuer");
    }
}

#[apply(on_both)]
fn machines_and_people_hold_roles_of_their_own(app: &App) {
    let enter = |kind: &str, roles: &[&str]| {
        let body =
            json!({"kind": kind, "subject": "m", "display_name": "m", "roles": roles, "unit_id": app.unit_id("TH")});
        app.post("admin", "/v1/members", &body)
    };
    for (kind, roles) in [
        ("machine", &["admin"][..]),
        ("machine", &["integration", "secretary"]),
        ("machine", &["unit_head"]),
        ("person", &["integration"]),
        ("person", &["deadline_checker", "admin"]),
        ("person", &["operator"]),
        ("person", &["operator", "admin"]),
    ] {
        let refused = enter(kind, roles);
        assert!(refused.faults().contains(&("role_not_allowed".to_owned(), "/roles".to_owned())), "{kind} {roles:?}");
    }
    let machine = enter("machine", &["integration", "auditor"]).expect(201);
    assert_eq!((&machine["kind"], &machine["status"]), (&json!("machine"), &json!("active")));
    let refused = app
        .request("admin", "PATCH", &place(&machine))
        .if_match(&app.tag("admin", &place(&machine)))
        .json(&json!({"roles": ["admin"]}))
        .send();
    refused.refused(422, "role_not_allowed");
}

/// Whatever its days: also one that began today, and one that begins tomorrow.
#[apply(on_both)]
fn a_membership_ends_at_once(app: &App) {
    for from_on in ["2023-11-01", "2023-12-01"] {
        let body = json!({"subject": "leaver", "display_name": "x", "roles": ["auditor"], "valid_from_on": from_on});
        let (member, token) = enter(app, "admin", &body);
        let place = place(&member);
        app.bearer(&token, "GET", "/v1/me").send().expect(200);
        app.act("admin", &place, "end", Some(&json!({"reason": " "}))).refused(422, "text_empty");
        app.act("secretary", &place, "end", Some(&json!({"reason": "x"}))).refused(403, "role_required");
        let ended = app.act("admin", &place, "end", Some(&json!({"reason": "Chuyển công tác"}))).expect(200);
        assert_eq!((&ended["status"], &ended["end_reason"]), (&json!("ended"), &json!("Chuyển công tác")));
        app.bearer(&token, "GET", "/v1/me").send().refused(401, "token_invalid");
        app.act("admin", &place, "end", Some(&json!({"reason": "x"}))).refused(409, "invalid_state");
        let change = app.request("admin", "PATCH", &place).if_match(&app.tag("admin", &place));
        change.json(&json!({"display_name": "y"})).send().refused(409, "invalid_state");
        // The same name again, as somebody new; the token of before stays of no use.
        let (again, new_token) = enter(app, "admin", &body);
        assert_ne!(again["id"], member["id"]);
        app.bearer(&new_token, "GET", "/v1/me").send().expect(200);
        app.bearer(&token, "GET", "/v1/me").send().refused(401, "token_invalid");
        app.post("admin", "/v1/members", &body).refused(409, "already_exists");
        app.act("admin", &self::place(&again), "end", Some(&json!({"reason": "x"}))).expect(200);
    }
}

/// With its service accounts.
#[apply(on_both)]
fn a_machine_that_ends_takes_its_accounts_along(app: &App) {
    let body = json!({"kind": "machine", "subject": "sync", "display_name": "x", "roles": ["integration"]});
    let (machine, _) = enter(app, "admin", &body);
    let account = app.post("admin", "/v1/service-accounts", &json!({"member_id": machine["id"]})).expect(201);
    let fetch = || {
        let text = |name: &str| account[name].as_str().unwrap().to_owned();
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            text("client_id"),
            text("client_secret")
        );
        app.anonymous("POST", "/v1/auth/token").raw("application/x-www-form-urlencoded", form).send()
    };
    let token = fetch().expect(200)["access_token"].as_str().unwrap().to_owned();
    let me = app.bearer(&token, "GET", "/v1/me").send().expect(200);
    assert_eq!((&me["kind"], &me["memberships"][0]["member_id"]), (&json!("machine"), &machine["id"]));
    app.act("admin", &place(&machine), "end", Some(&json!({"reason": "x"}))).expect(200);
    app.bearer(&token, "GET", "/v1/me").send().refused(401, "token_invalid");
    fetch().refused(401, "invalid_client");
    assert!(items(app, "admin", "/v1/service-accounts").is_empty());
}

#[apply(on_both)]
fn operators_are_entered_by_operators_alone(app: &App) {
    let body = json!({"subject": "operator-2", "display_name": "x", "roles": ["operator"]});
    app.post("admin", "/v1/members", &body).refused(422, "role_not_allowed");
    let (second, token) = enter(app, "operator", &body);
    assert_eq!(second["organization_id"], Value::Null);
    app.bearer(&token, "GET", "/v1/organizations").send().expect(200);
    assert_eq!(items(app, "operator", "/v1/members").len(), 2);
    for person in ["admin", "auditor", "so-khdt-admin"] {
        app.get(person, &place(&second)).refused(404, "not_found");
        assert!(items(app, person, "/v1/members?limit=200").iter().all(|member| member["id"] != second["id"]));
    }
    let not_operator = json!({"subject": "x", "display_name": "x", "roles": ["admin"]});
    app.post("operator", "/v1/members", &not_operator).refused(422, "role_not_allowed");
    app.post("operator", "/v1/members", &body).refused(409, "already_exists");
    app.act("operator", &place(&second), "end", Some(&json!({"reason": "x"}))).expect(200);
    app.bearer(&token, "GET", "/v1/organizations").send().refused(401, "token_invalid");
}

/// Each entry says which member acted, what it is, and by which account.
#[apply(on_both)]
fn the_audit_names_member_kind_and_client(app: &App) {
    let body = json!({"kind": "machine", "subject": "eoffice", "display_name": "x", "roles": ["integration"]});
    let (machine, _) = enter(app, "admin", &body);
    let new = json!({"member_id": machine["id"], "scopes": ["read", "write", "unit:TH"]});
    let account = app.post("admin", "/v1/service-accounts", &new).expect(201);
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}",
        account["client_id"].as_str().unwrap(),
        account["client_secret"].as_str().unwrap()
    );
    let answer =
        app.anonymous("POST", "/v1/auth/token").raw("application/x-www-form-urlencoded", form).send().expect(200);
    let period = app.period_id();
    let sheet = json!({"period_id": period, "unit_id": app.unit_id("TH")});
    let token = answer["access_token"].as_str().unwrap();
    app.bearer(token, "POST", "/v1/submissions").json(&sheet).send().expect(201);
    let admin = app.get("admin", "/v1/me").expect(200)["memberships"][0]["member_id"].clone();
    let entries = items(app, "auditor", "/v1/audit-entries?sort=-sequence&limit=10");
    let actor = |action: &str| entries.iter().find(|entry| entry["action"] == action).unwrap()["actor"].clone();
    assert_eq!(
        actor("submission.create"),
        json!({"issuer": "local", "subject": "eoffice", "kind": "machine", "member_id": machine["id"],
            "client_id": account["client_id"], "session_id": null})
    );
    assert_eq!(
        actor("service_account.create"),
        json!({"issuer": "local", "subject": "admin", "kind": "person", "member_id": admin, "client_id": null, "session_id": null})
    );
    assert_eq!(app.get("auditor", "/v1/audit-entries/verify").expect(200)["ok"], true);
}

/// What a person dates is of the years of periods: a slip of the pen opens no membership for a thousand years.
#[apply(on_both)]
fn a_membership_is_of_these_years(app: &App) {
    let member = |days: Value| {
        let mut body = json!({"subject": "newcomer", "display_name": "x", "roles": ["auditor"]});
        body.as_object_mut().unwrap().extend(days.as_object().unwrap().clone());
        app.post("admin", "/v1/members", &body)
    };
    for (days, pointer) in [
        (json!({"valid_from_on": "1023-11-01"}), "/valid_from_on"),
        (json!({"valid_from_on": "2203-11-01"}), "/valid_from_on"),
        (json!({"valid_until_on": "9999-12-31"}), "/valid_until_on"),
    ] {
        let refused = member(days).refused(422, "implausible_date");
        assert_eq!(refused.faults(), [("implausible_date".to_owned(), pointer.to_owned())]);
    }
    member(json!({"valid_from_on": "2023-11-01", "valid_until_on": "2100-12-31"})).expect(201);
}
