//! How people sign in, stay in and get out.

use serde_json::{Value, json};
use thidua::config::AuthLimit;

use crate::support::{App, Response, apply, at_once, on_both};

const PASSWORD: &str = "bốn con trâu qua cầu";
const OTHER_PASSWORD: &str = "ba chiếc thuyền ngược dòng";

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("{name} in {value}")).to_owned()
}

fn call(app: &App, path: &str, body: &Value) -> Response {
    app.anonymous("POST", &format!("/v1/auth/{path}")).json(body).send()
}

fn member_id(app: &App, person: &str) -> String {
    text(&app.get(person, "/v1/me").expect(200)["memberships"][0], "member_id")
}

fn invite_by(app: &App, inviter: &str, member: &str) -> Response {
    app.request(inviter, "POST", &format!("/v1/members/{member}/invitation")).send()
}

#[track_caller]
fn invite(app: &App, person: &str) -> Value {
    invite_by(app, "admin", &member_id(app, person)).expect(201)
}

fn accept(app: &App, token: &str, password: &str) -> Response {
    call(app, "accept-invitation", &json!({"token": token, "password": password}))
}

/// Invites a person of the sandbox, who chooses the password.
#[track_caller]
fn signed_up(app: &App, person: &str) -> Value {
    accept(app, &text(&invite(app, person), "token"), PASSWORD).expect(200)
}

fn login(app: &App, user_name: &str, password: &str) -> Response {
    call(app, "login", &json!({"organization_code": "VP-UBND", "user_name": user_name, "password": password}))
}

fn refresh(app: &App, token: &str) -> Response {
    call(app, "refresh", &json!({"refresh_token": token}))
}

fn me(app: &App, signed_in: &Value) -> Response {
    app.bearer(&text(signed_in, "access_token"), "GET", "/v1/me").send()
}

fn actions(app: &App, subject_type: &str) -> Vec<String> {
    let entries = app.get("auditor", &format!("/v1/audit-entries?subject_type={subject_type}&limit=200")).expect(200);
    entries["items"].as_array().unwrap().iter().map(|entry| text(entry, "action")).collect()
}

#[apply(on_both)]
fn an_invited_person_chooses_a_password_and_is_signed_in(app: &App) {
    let response = invite_by(app, "admin", &member_id(app, "secretary"));
    assert_eq!(response.header("cache-control"), "no-store");
    let (etag, place) = (response.etag(), response.header("location").to_owned());
    let invitation = response.expect(201);
    assert_eq!((&invitation["status"], &invitation["inviter_id"]), (&json!("open"), &json!(member_id(app, "admin"))));
    assert_eq!(invitation["expires_at"], "2023-11-04T01:00:00.000Z");
    assert_eq!(app.tag("admin", &place), etag);
    let check = call(app, "check-invitation", &json!({"token": invitation["token"]}));
    assert_eq!(check.header("cache-control"), "no-store");
    let check = check.expect(200);
    assert_eq!((&check["organization_code"], &check["user_name"]), (&json!("VP-UBND"), &json!("secretary")));
    let response = accept(app, &text(&invitation, "token"), PASSWORD);
    assert_eq!(response.header("cache-control"), "no-store");
    let signed_in = response.expect(200);
    assert_eq!((&signed_in["token_type"], &signed_in["expires_in"]), (&json!("Bearer"), &json!(900)));
    let me = me(app, &signed_in).expect(200);
    assert_eq!((&me["subject"], &me["sign_in"]["method"]), (&json!("secretary"), &json!("session")));
    assert_eq!(me["sign_in"]["session_id"], signed_in["session_id"]);
    assert_eq!(app.get("secretary", "/v1/me").expect(200)["sign_in"]["method"], "sandbox");
    assert_eq!(app.get("admin", &place).expect(200)["status"], "accepted");
    let again = login(app, "secretary", PASSWORD).expect(200);
    assert_ne!(again["session_id"], signed_in["session_id"]);
    self::me(app, &again).expect(200);
}

#[apply(on_both)]
fn an_invitation_is_good_once_and_for_72_hours(app: &App) {
    let invitation = invite(app, "secretary");
    let token = text(&invitation, "token");
    app.set_clock("2023-11-04T01:00:00.000Z");
    accept(app, &token, PASSWORD).refused(410, "invitation_expired");
    let place = format!("/v1/invitations/{}", text(&invitation, "id"));
    assert_eq!(app.get("admin", &place).expect(200)["status"], "expired");
    let again = app.act("admin", &place, "resend", None).expect(200);
    assert_eq!((&again["id"], &again["expires_at"]), (&invitation["id"], &json!("2023-11-07T01:00:00.000Z")));
    accept(app, &token, PASSWORD).refused(404, "invitation_invalid");
    accept(app, &text(&again, "token"), PASSWORD).expect(200);
    accept(app, &text(&again, "token"), PASSWORD).refused(404, "invitation_invalid");
    app.act("admin", &place, "resend", None).refused(409, "invalid_state");
    accept(app, "x", PASSWORD).refused(404, "invitation_invalid");
}

#[apply(on_both)]
fn a_new_invitation_or_a_revocation_ends_the_one_before(app: &App) {
    let (first, second) = (invite(app, "secretary"), invite(app, "secretary"));
    accept(app, &text(&first, "token"), PASSWORD).refused(404, "invitation_invalid");
    let place = format!("/v1/invitations/{}", text(&second, "id"));
    app.request("admin", "DELETE", &place).send().refused(428, "precondition_required");
    app.request("admin", "DELETE", &place).if_match(&app.tag("admin", &place)).send().expect(204);
    accept(app, &text(&second, "token"), PASSWORD).refused(404, "invitation_invalid");
    let listed = app.get("admin", &format!("/v1/invitations?member_id={}", member_id(app, "secretary"))).expect(200);
    let statuses: Vec<&Value> = listed["items"].as_array().unwrap().iter().map(|item| &item["status"]).collect();
    assert_eq!(statuses, ["revoked", "revoked"]);
    assert!(!listed.to_string().contains("token"));
}

/// The token comes first, so that a password tells nothing; and a password that does not do uses nothing up.
#[apply(on_both)]
fn the_token_is_checked_before_the_password(app: &App) {
    let token = text(&invite(app, "secretary"), "token");
    accept(app, "x", "short").refused(404, "invitation_invalid");
    let short = accept(app, &token, "short").refused(422, "password_too_short");
    assert_eq!((short.faults()[0].1.as_str(), &short.json()["params"]["min"]), ("/password", &json!(12)));
    accept(app, &token, &"ă".repeat(129)).refused(422, "text_too_long");
    for weak in ["passwordpassword", "123456789012", "secretarysecretary", "Văn phòng Ủy ban nhân dân tỉnh"] {
        let refused = accept(app, &token, weak).refused(422, "password_too_weak");
        assert_eq!(refused.json()["params"]["min_score"], 3);
    }
    accept(app, &token, PASSWORD).expect(200);
}

#[apply(on_both)]
fn only_local_people_who_have_not_ended_are_invited(app: &App) {
    invite_by(app, "admin", &member_id(app, "integration")).refused(422, "local_person_required");
    for person in ["secretary", "auditor"] {
        invite_by(app, person, &member_id(app, "th-head")).refused(403, "role_required");
    }
    for person in ["so-khdt-admin", "operator", "th-head"] {
        let response = invite_by(app, person, &member_id(app, "th-head"));
        assert!(matches!(response.status, 403 | 404), "{person}: {}", response.status);
    }
    let operator = member_id(app, "operator");
    invite_by(app, "admin", &operator).refused(404, "not_found");
    let token = text(&invite_by(app, "operator", &operator).expect(201), "token");
    let signed_in = accept(app, &token, PASSWORD).expect(200);
    app.bearer(&text(&signed_in, "access_token"), "GET", "/v1/organizations").send().expect(200);
    call(app, "login", &json!({"user_name": "operator", "password": PASSWORD})).expect(200);
    let member = format!("/v1/members/{}", member_id(app, "th-head"));
    let open = text(&invite(app, "th-head"), "token");
    app.act("admin", &member, "end", Some(&json!({"reason": "x"}))).expect(200);
    accept(app, &open, PASSWORD).refused(404, "invitation_invalid");
    app.request("admin", "POST", &format!("{member}/invitation")).send().refused(409, "invalid_state");
}

#[apply(on_both)]
fn the_right_to_invite_is_checked_again(app: &App) {
    let body = json!({"subject": "admin-2", "display_name": "x", "roles": ["admin"]});
    let second = text(&app.post("admin", "/v1/members", &body).expect(201), "id");
    let signed_in = accept(app, &text(&invite_by(app, "admin", &second).expect(201), "token"), PASSWORD).expect(200);
    let path = format!("/v1/members/{}/invitation", member_id(app, "secretary"));
    let invited = app.bearer(&text(&signed_in, "access_token"), "POST", &path).send().expect(201);
    let member = format!("/v1/members/{second}");
    let change = |roles: &str| {
        app.request("admin", "PATCH", &member)
            .if_match(&app.tag("admin", &member))
            .json(&json!({"roles": [roles]}))
            .send()
            .expect(200)
    };
    change("auditor");
    accept(app, &text(&invited, "token"), PASSWORD).refused(404, "invitation_invalid");
    change("admin");
    accept(app, &text(&invited, "token"), PASSWORD).expect(200);
}

#[apply(on_both)]
fn a_reset_ends_the_sessions_when_made_and_when_accepted(app: &App) {
    let first = signed_up(app, "secretary");
    let token = text(&invite(app, "secretary"), "token");
    me(app, &first).refused(401, "token_invalid");
    let second = login(app, "secretary", PASSWORD).expect(200);
    accept(app, &token, OTHER_PASSWORD).expect(200);
    me(app, &second).refused(401, "token_invalid");
    login(app, "secretary", PASSWORD).refused(401, "invalid_login");
    login(app, "secretary", OTHER_PASSWORD).expect(200);
}

#[apply(on_both)]
fn every_wrong_login_is_the_same_problem(app: &App) {
    signed_up(app, "secretary");
    signed_up(app, "th-head");
    let member = format!("/v1/members/{}", member_id(app, "th-head"));
    app.act("admin", &member, "end", Some(&json!({"reason": "x"}))).expect(200);
    let bodies: Vec<Value> =
        [("secretary", "wrong"), ("nobody", PASSWORD), ("auditor", PASSWORD), ("th-head", PASSWORD)]
            .into_iter()
            .map(|(name, password)| {
                let mut body = login(app, name, password).refused(401, "invalid_login").json();
                body["request_id"] = Value::Null;
                body
            })
            .collect();
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]), "{bodies:?}");
}

/// Unknown names wait like known ones; a success forgets the failures.
#[apply(on_both)]
fn guessing_at_an_account_waits_from_the_fifth_failure_on(app: &App) {
    signed_up(app, "secretary");
    for _ in 0..4 {
        login(app, "secretary", "wrong").refused(401, "invalid_login");
    }
    login(app, "secretary", PASSWORD).expect(200);
    for name in ["secretary", "nobody"] {
        crate::backends::execute(app, "DELETE FROM sign_in_failures").unwrap();
        for _ in 0..4 {
            login(app, name, "wrong").refused(401, "invalid_login");
        }
        // The address has its own count.
        crate::backends::execute(app, "DELETE FROM sign_in_failures WHERE key LIKE 'address%'").unwrap();
        crate::backends::execute(app, "UPDATE sign_in_failures SET failures = 40").unwrap();
        login(app, name, "wrong").refused(401, "invalid_login");
        let refused = login(app, name, PASSWORD).refused(429, "rate_limited");
        let wait: u64 = refused.header("retry-after").parse().unwrap();
        assert!((50..=60).contains(&wait), "{wait}");
    }
    login(app, "auditor", "wrong").refused(401, "invalid_login");
}

#[apply(on_both)]
fn guessing_from_an_address_waits_whatever_the_account(app: &App) {
    for name in ["a", "b", "c", "d", "e"] {
        login(app, name, "wrong").refused(401, "invalid_login");
    }
    login(app, "f", "wrong").refused(429, "rate_limited");
}

#[apply(on_both)]
fn a_refresh_token_is_answered_with_the_next_one(app: &App) {
    let first = signed_up(app, "secretary");
    let second = refresh(app, &text(&first, "refresh_token")).expect(200);
    assert_ne!(second["refresh_token"], first["refresh_token"]);
    assert_eq!(second["session_id"], first["session_id"]);
    me(app, &second).expect(200);
    // The answer was lost: the same again.
    let again = refresh(app, &text(&first, "refresh_token")).expect(200);
    assert_eq!(again["refresh_token"], second["refresh_token"]);
    refresh(app, &text(&second, "refresh_token")).expect(200);
    refresh(app, "x").refused(401, "refresh_token_invalid");
}

#[apply(on_both)]
fn an_old_refresh_token_ends_the_session(app: &App) {
    let first = signed_up(app, "secretary");
    let second = refresh(app, &text(&first, "refresh_token")).expect(200);
    let third = refresh(app, &text(&second, "refresh_token")).expect(200);
    refresh(app, &text(&first, "refresh_token")).refused(401, "refresh_token_invalid");
    refresh(app, &text(&third, "refresh_token")).refused(401, "refresh_token_invalid");
    me(app, &third).refused(401, "token_invalid");
    let entries = app.get("auditor", "/v1/audit-entries?subject_type=session&sort=-sequence").expect(200);
    let last = &entries["items"][0];
    assert_eq!((&last["action"], &last["after"]["reason"]), (&json!("session.end"), &json!("refresh_token_reused")));
}

#[apply(on_both)]
fn two_refreshes_at_once_get_the_same_token(app: &App) {
    let first = signed_up(app, "secretary");
    let tokens = at_once(4, |_| refresh(app, &text(&first, "refresh_token")).expect(200)["refresh_token"].clone());
    assert!(tokens.windows(2).all(|pair| pair[0] == pair[1]));
    refresh(app, tokens[0].as_str().unwrap()).expect(200);
}

#[apply(on_both)]
fn two_accepts_at_once_are_one(app: &App) {
    let token = text(&invite(app, "secretary"), "token");
    let mut statuses = at_once(3, |_| accept(app, &token, PASSWORD).status);
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 404, 404]);
}

#[apply(on_both)]
fn a_session_that_nobody_uses_ends(app: &App) {
    let first = signed_up(app, "secretary");
    crate::backends::execute(app, "UPDATE sessions SET expires_at = '2020-01-01 00:00:00'").unwrap();
    refresh(app, &text(&first, "refresh_token")).refused(401, "refresh_token_invalid");
    assert_eq!(app.get("secretary", "/v1/me/sessions").expect(200)["items"], json!([]));
}

/// PostgreSQL takes no text with a NUL in it.
#[apply(on_both)]
fn a_name_with_a_nul_is_nobodys(app: &App) {
    for (office, name) in [("VP-UBND", "a\0b"), ("VP\0UBND", "admin"), ("\0", "\0")] {
        let body = json!({"organization_code": office, "user_name": name, "password": PASSWORD});
        let response = call(app, "login", &body);
        assert!((400..500).contains(&response.status), "{office:?} {name:?}: {}", response.status);
    }
    let response = call(app, "check-invitation", &json!({"token": "a\0b"}));
    assert!((400..500).contains(&response.status), "{}", response.status);
}

#[apply(on_both)]
fn who_signs_out_is_out_at_once(app: &App) {
    let by_bearer = signed_up(app, "secretary");
    let by_refresh = login(app, "secretary", PASSWORD).expect(200);
    let out = app.bearer(&text(&by_bearer, "access_token"), "POST", "/v1/auth/logout").send();
    assert_eq!(out.status, 204);
    me(app, &by_bearer).refused(401, "token_invalid");
    me(app, &by_refresh).expect(200);
    for _ in 0..2 {
        assert_eq!(call(app, "logout", &json!({"refresh_token": by_refresh["refresh_token"]})).status, 204);
    }
    me(app, &by_refresh).refused(401, "token_invalid");
    refresh(app, &text(&by_refresh, "refresh_token")).refused(401, "refresh_token_invalid");
    app.request("secretary", "POST", "/v1/auth/logout").json(&json!({})).send().refused(403, "session_required");
}

#[apply(on_both)]
fn people_see_and_end_their_own_sessions(app: &App) {
    let (first, second) = (signed_up(app, "secretary"), login(app, "secretary", PASSWORD).expect(200));
    let token = text(&second, "access_token");
    let listed = app.bearer(&token, "GET", "/v1/me/sessions").send().expect(200);
    let current: Vec<&Value> = listed["items"].as_array().unwrap().iter().map(|session| &session["current"]).collect();
    assert_eq!(current, [false, true]);
    assert_eq!(listed["items"][1]["address"], "127.0.0.1");
    let place = format!("/v1/me/sessions/{}", text(&first, "session_id"));
    for person in ["auditor", "admin", "integration"] {
        app.get(person, &place).refused(404, "not_found");
        app.request(person, "DELETE", &place).if_match("*").send().refused(404, "not_found");
    }
    app.bearer(&token, "DELETE", &place).send().refused(428, "precondition_required");
    let tag = app.bearer(&token, "GET", &place).send().etag();
    app.bearer(&token, "DELETE", &place).if_match(&tag).send().expect(204);
    me(app, &first).refused(401, "token_invalid");
    me(app, &second).expect(200);
}

#[apply(on_both)]
fn a_changed_password_ends_the_other_sessions(app: &App) {
    let (first, second) = (signed_up(app, "secretary"), login(app, "secretary", PASSWORD).expect(200));
    let change = |old: &str, new: &str| {
        let body = json!({"old": old, "new": new});
        app.bearer(&text(&second, "access_token"), "POST", "/v1/auth/password").json(&body).send()
    };
    change("wrong", OTHER_PASSWORD).refused(422, "password_wrong");
    change(PASSWORD, "short").refused(422, "password_too_short");
    change(PASSWORD, "passwordpassword").refused(422, "password_too_weak");
    let changed = change(PASSWORD, OTHER_PASSWORD);
    assert_eq!((changed.status, changed.header("cache-control")), (204, "no-store"));
    me(app, &first).refused(401, "token_invalid");
    me(app, &second).expect(200);
    login(app, "secretary", PASSWORD).refused(401, "invalid_login");
    let body = json!({"old": PASSWORD, "new": OTHER_PASSWORD});
    app.post("integration", "/v1/auth/password", &body).refused(422, "password_wrong");
}

#[apply(on_both)]
fn who_ends_as_a_member_is_out_at_once(app: &App) {
    let signed_in = signed_up(app, "secretary");
    let member = format!("/v1/members/{}", member_id(app, "secretary"));
    app.act("admin", &member, "end", Some(&json!({"reason": "x"}))).expect(200);
    me(app, &signed_in).refused(401, "token_invalid");
    refresh(app, &text(&signed_in, "refresh_token")).refused(401, "refresh_token_invalid");
}

/// With who, and in which session; never with what opens it.
#[apply(on_both)]
fn every_step_is_audited_and_no_secret_is(app: &App) {
    let invitation = invite(app, "secretary");
    let signed_in = accept(app, &text(&invitation, "token"), PASSWORD).expect(200);
    call(app, "logout", &json!({"refresh_token": signed_in["refresh_token"]}));
    assert_eq!(actions(app, "invitation"), ["invitation.create", "invitation.accept"]);
    assert_eq!(actions(app, "session"), ["session.create", "session.end"]);
    let all = String::from_utf8(app.get("auditor", "/v1/audit-entries?limit=200").bytes).unwrap();
    for secret in [text(&invitation, "token"), text(&signed_in, "refresh_token"), PASSWORD.to_owned()] {
        assert!(!all.contains(&secret), "{secret}");
    }
    assert!(all.contains(&format!(r#""session_id":"{}""#, text(&signed_in, "session_id"))));
    assert!(!all.contains("argon2") && !all.contains("127.0.0.1"));
    assert_eq!(app.get("auditor", "/v1/audit-entries/verify").expect(200)["ok"], true);
}

#[apply(on_both)]
fn an_invitation_is_never_replayed(app: &App) {
    let path = format!("/v1/members/{}/invitation", member_id(app, "secretary"));
    let request = || app.request("admin", "POST", &path).header("idempotency-key", "k-1").send();
    let (first, second) = (request().expect(201), request());
    assert_eq!(second.header("idempotency-replayed"), "");
    assert_ne!(first["token"], second.expect(201)["token"]);
}

#[apply(on_both)]
fn a_new_organisation_begins_with_an_invitation(app: &App) {
    let first_admin = json!({"subject": "admin", "display_name": "Quản trị"});
    let body = json!({"code": "SO-TC", "name": "Sở Tài chính", "first_admin": first_admin});
    let made = app.post("operator", "/v1/organizations", &body).expect(201);
    let invitation = &made["first_admin"]["invitation"];
    // The operator can send again what it has sent.
    let place = format!("/v1/invitations/{}", text(invitation, "id"));
    let again = app.act("operator", &place, "resend", None).expect(200);
    accept(app, &text(invitation, "token"), PASSWORD).refused(404, "invitation_invalid");
    let signed_in = accept(app, &text(&again, "token"), PASSWORD).expect(200);
    let me = me(app, &signed_in).expect(200);
    assert_eq!(
        (&me["memberships"][0]["member_id"], &me["subject"]),
        (&made["first_admin"]["member_id"], &json!("admin"))
    );
}

#[test]
fn an_address_may_ask_only_so_often() {
    let app = App::configured(|config| config.auth_limit = AuthLimit::of(60, 3));
    let response = login(&app, "a", "x");
    assert_eq!(
        (response.header("ratelimit-policy"), response.header("ratelimit")),
        (r#""auth";q=3;w=3"#, r#""auth";r=2;t=1"#)
    );
    for _ in 0..2 {
        login(&app, "a", "x").refused(401, "invalid_login");
    }
    let refused = login(&app, "a", "x").refused(429, "rate_limited");
    assert!(!refused.header("retry-after").is_empty() && refused.header("ratelimit").starts_with(r#""auth";r=0"#));
    app.get("admin", "/v1/units").expect(200);
}

/// Behind a trusted proxy each client has its own count.
#[test]
fn a_trusted_proxy_says_for_whom_it_asks() {
    let app = App::configured(|config| {
        config.auth_limit = AuthLimit::of(60, 1);
        config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    });
    let from = |address: &str| {
        let body = json!({"user_name": "a", "password": "x"});
        app.anonymous("POST", "/v1/auth/login").header("x-forwarded-for", address).json(&body).send().status
    };
    assert_eq!((from("198.51.100.1"), from("198.51.100.1"), from("198.51.100.2")), (401, 429, 401));
}
