//! The service's own issuer: how machines get in, and what keeps them out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::{App, Response, apply, on_both};

/// A way in for somebody of the sandbox.
struct Account {
    path: String,
    client_id: String,
    secret: String,
}

fn member_id(app: &App, subject: &str) -> String {
    app.get(subject, "/v1/me").expect(200)["memberships"][0]["member_id"].as_str().unwrap().to_owned()
}

/// A member of the kind `machine`: one of the sandbox by its name, or a new one of this role.
fn machine(app: &App, name: &str) -> String {
    if matches!(name, "integration" | "deadline-checker") {
        return member_id(app, name);
    }
    let known = app.get("admin", "/v1/members?limit=200").expect(200);
    let subject = format!("machine-{name}");
    let found = known["items"].as_array().unwrap().iter().find(|member| member["subject"] == subject).cloned();
    let body = json!({"kind": "machine", "subject": subject, "display_name": subject, "roles": [name]});
    let member = found.unwrap_or_else(|| app.post("admin", "/v1/members", &body).expect(201));
    member["id"].as_str().unwrap().to_owned()
}

#[track_caller]
fn account(app: &App, subject: &str, scopes: Option<&[&str]>) -> Account {
    let mut body = json!({"member_id": machine(app, subject)});
    if let Some(scopes) = scopes {
        body["scopes"] = json!(scopes);
    }
    let made = app.post("admin", "/v1/service-accounts", &body).expect(201);
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    Account {
        path: format!("/v1/service-accounts/{}", text("id")),
        client_id: text("client_id"),
        secret: text("client_secret"),
    }
}

/// Asks for a token with the credentials in the form.
fn fetch(app: &App, account: &Account, rest: &str) -> Response {
    let form =
        format!("grant_type=client_credentials&client_id={}&client_secret={}{rest}", account.client_id, account.secret);
    app.anonymous("POST", "/v1/auth/token").raw("application/x-www-form-urlencoded", form).send()
}

#[track_caller]
fn token(app: &App, account: &Account, rest: &str) -> String {
    fetch(app, account, rest).expect(200)["access_token"].as_str().unwrap().to_owned()
}

#[apply(on_both)]
fn credentials_come_in_the_form_or_by_basic(app: &App) {
    let account = account(app, "auditor", None);
    let in_form = fetch(app, &account, "");
    let basic = STANDARD.encode(format!("{}:{}", account.client_id, account.secret));
    let by_basic = app
        .anonymous("POST", "/v1/auth/token")
        .header("authorization", &format!("Basic {basic}"))
        .raw("application/x-www-form-urlencoded", "grant_type=client_credentials")
        .send();
    for response in [in_form, by_basic] {
        assert_eq!(response.header("cache-control"), "no-store");
        let answer = response.expect(200);
        assert_eq!(
            (&answer["token_type"], &answer["expires_in"], &answer["scope"]),
            (&json!("Bearer"), &json!(3600), &Value::Null)
        );
        let me = app.bearer(answer["access_token"].as_str().unwrap(), "GET", "/v1/me").send().expect(200);
        assert_eq!((&me["subject"], &me["memberships"][0]["roles"]), (&json!("machine-auditor"), &json!(["auditor"])));
    }
}

/// RFC 6749, section 2.3.1: both halves of Basic are form-encoded, and common clients encode `-` and `_` too.
#[apply(on_both)]
fn credentials_by_basic_are_form_decoded(app: &App) {
    let account = account(app, "auditor", None);
    let encoded = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let ask = |credentials: &str| {
        let basic = format!("Basic {}", STANDARD.encode(credentials));
        let request = app.anonymous("POST", "/v1/auth/token").header("authorization", &basic);
        request.raw("application/x-www-form-urlencoded", "grant_type=client_credentials").send()
    };
    ask(&format!("{}:{}", account.client_id.replace('-', "%2D"), account.secret)).expect(200);
    ask(&format!("{}:{}", encoded(&account.client_id), encoded(&account.secret))).expect(200);
    ask(&format!("{}&x=1:{}", account.client_id, account.secret)).refused(401, "invalid_client");
    for wrong in
        [format!("{}%00:{}", account.client_id, account.secret), format!("{}:%zz", account.client_id), "%".into()]
    {
        ask(&wrong).refused(401, "invalid_client");
    }
}

#[apply(on_both)]
fn credentials_come_in_one_way(app: &App) {
    let account = account(app, "auditor", None);
    let basic = format!("Basic {}", STANDARD.encode(format!("{}:{}", account.client_id, account.secret)));
    let form = "grant_type=client_credentials".to_owned();
    let twice = format!("{form}&client_id={}&client_secret={}", account.client_id, account.secret);
    for (headers, body) in [(vec![&basic[..], "Basic eDp5"], &form), (vec!["Basic eDp5"], &twice), (vec!["x"], &twice)]
    {
        let request = app.anonymous("POST", "/v1/auth/token");
        let request = headers.iter().fold(request, |request, header| request.header("authorization", header));
        request.raw("application/x-www-form-urlencoded", body.as_str()).send().refused(401, "invalid_client");
    }
}

/// Of two tokens, one would be checked by us and the other by a proxy.
#[apply(on_both)]
fn a_request_carries_one_authorization_header(app: &App) {
    let token = token(app, &account(app, "auditor", None), "");
    let header = format!("Bearer {token}");
    app.bearer(&token, "GET", "/v1/me").send().expect(200);
    app.bearer(&token, "GET", "/v1/me").header("authorization", &header).send().refused(401, "token_invalid");
    let basic = app.bearer(&token, "GET", "/v1/me").header("authorization", "Basic eDp5").send();
    basic.refused(401, "token_invalid");
}

#[apply(on_both)]
fn a_wrong_secret_is_refused_in_the_words_of_oauth(app: &App) {
    let account = account(app, "auditor", None);
    let wrong = [
        Account { secret: "x".into(), path: String::new(), client_id: account.client_id.clone() },
        Account { client_id: "client-x".into(), path: String::new(), secret: account.secret.clone() },
        Account { secret: String::new(), path: String::new(), client_id: account.client_id.clone() },
    ];
    for account in wrong {
        let response = fetch(app, &account, "").refused(401, "invalid_client");
        assert_eq!(response.json()["error"], "invalid_client");
        assert!(response.header("www-authenticate").starts_with("Basic"));
    }
    let none = app
        .anonymous("POST", "/v1/auth/token")
        .raw("application/x-www-form-urlencoded", "grant_type=client_credentials")
        .send();
    assert_eq!(none.refused(401, "invalid_client").json()["error"], "invalid_client");
}

#[apply(on_both)]
fn another_grant_is_not_supported(app: &App) {
    let response = app
        .anonymous("POST", "/v1/auth/token")
        .raw("application/x-www-form-urlencoded", "grant_type=password&username=a&password=b")
        .send();
    assert_ne!(response.status, 200);
    let response = app
        .anonymous("POST", "/v1/auth/token")
        .raw("application/x-www-form-urlencoded", "grant_type=authorization_code")
        .send();
    assert_eq!(
        (response.code().as_str(), &response.json()["error"]),
        ("unsupported_grant_type", &json!("unsupported_grant_type"))
    );
    let response = app
        .anonymous("POST", "/v1/auth/token")
        .json(&json!({"grant_type": "client_credentials"}))
        .send()
        .refused(415, "unsupported_media_type");
    assert_eq!(response.json()["error"], "invalid_request");
}

fn endpoint() -> Value {
    json!({"url": "http://127.0.0.1:9/hook", "event_types": ["deadline.overdue"]})
}

#[apply(on_both)]
fn a_token_can_ask_for_less(app: &App) {
    let account = account(app, "integration", Some(&["read", "write"]));
    let answer = fetch(app, &account, "&scope=read").expect(200);
    assert_eq!(answer["scope"], "read");
    let token = answer["access_token"].as_str().unwrap();
    app.bearer(token, "GET", "/v1/units").send().expect(200);
    app.bearer(token, "POST", "/v1/webhook-endpoints").json(&endpoint()).send().refused(403, "scope_required");
    assert_eq!(app.bearer(token, "GET", "/v1/me").send().expect(200)["scopes"], json!(["read"]));
}

#[apply(on_both)]
fn a_token_gets_what_the_account_has_where_it_asks_for_nothing(app: &App) {
    let account = account(app, "integration", Some(&["read"]));
    let answer = fetch(app, &account, "").expect(200);
    assert_eq!(answer["scope"], "read");
    app.bearer(answer["access_token"].as_str().unwrap(), "POST", "/v1/webhook-endpoints")
        .json(&endpoint())
        .send()
        .refused(403, "scope_required");
}

/// The answer to `scope=` is what it has in common with the account's scopes, kinds and units each.
#[apply(on_both)]
fn a_token_gets_the_intersection(app: &App) {
    for (of_account, asked, granted) in [
        (&["read", "unit:TH"][..], "unit%3ATH", "read unit:TH"),
        (&["read", "unit:TH"], "read", "read unit:TH"),
        (&["read", "unit:TH"], "read+write", "read unit:TH"),
        (&["read", "unit:TH"], "unit%3ATH+unit%3AKT+read", "read unit:TH"),
        (&["read", "write"], "unit%3AKT", "read write unit:KT"),
        (&["unit:TH", "unit:KT"], "write+unit%3AKT", "write unit:KT"),
    ] {
        let account = account(app, "integration", Some(of_account));
        assert_eq!(
            fetch(app, &account, &format!("&scope={asked}")).expect(200)["scope"],
            granted,
            "{of_account:?} {asked}"
        );
    }
}

/// A code that a unit loses takes the scope nowhere: what is kept is the unit.
#[apply(on_both)]
fn a_scope_stays_with_its_unit_when_codes_are_exchanged(app: &App) {
    let (th, kt) = (app.new_sheet("TH"), app.new_sheet("KT"));
    let account = account(app, "auditor", Some(&["read", "unit:TH"]));
    for (from, to) in [("TH", "TAM"), ("KT", "TH")] {
        let unit = format!("/v1/units/{}", app.unit_id(from));
        app.request("admin", "PATCH", &unit)
            .if_match(&app.tag("admin", &unit))
            .json(&json!({"code": to}))
            .send()
            .expect(200);
    }
    let answer = fetch(app, &account, "").expect(200);
    assert_eq!(answer["scope"], "read unit:TAM");
    let token = answer["access_token"].as_str().unwrap();
    app.bearer(token, "GET", &th).send().expect(200);
    app.bearer(token, "GET", &kt).send().refused(404, "not_found");
    fetch(app, &account, "&scope=unit%3ATH").refused(400, "invalid_scope");
}

#[apply(on_both)]
fn a_token_cannot_ask_for_nothing_in_common(app: &App) {
    let account = account(app, "integration", Some(&["read", "unit:TH"]));
    for scope in [
        "unit%3A%00",
        "write",
        "unit:KT",
        "everything",
        "read+everything",
        "unit%3AKT+read",
        "unit%3AZZ",
        "read+unit%3AZZ",
    ] {
        let response = fetch(app, &account, &format!("&scope={scope}"));
        assert_eq!(
            (response.code().as_str(), &response.json()["error"]),
            ("invalid_scope", &json!("invalid_scope")),
            "{scope}"
        );
    }
}

/// RFC 6749, section 5.2: 400, but 401 for the client itself.
#[apply(on_both)]
fn the_token_endpoint_refuses_with_400(app: &App) {
    let account = account(app, "integration", Some(&["read"]));
    assert_eq!(fetch(app, &account, "&scope=write").status, 400);
    let response = app
        .anonymous("POST", "/v1/auth/token")
        .raw("application/x-www-form-urlencoded", "grant_type=authorization_code")
        .send();
    assert_eq!(response.status, 400);
}

/// RFC 6749, section 3.2: unrecognised parameters are ignored.
#[apply(on_both)]
fn the_token_endpoint_ignores_what_it_does_not_know(app: &App) {
    let account = account(app, "integration", None);
    assert_eq!(fetch(app, &account, "&audience=thidua&resource=x").status, 200);
}

#[apply(on_both)]
fn a_scope_of_a_unit_hides_the_others(app: &App) {
    let (th, kt) = (app.new_sheet("TH"), app.new_sheet("KT"));
    let token = token(app, &account(app, "auditor", Some(&["read", "unit:TH"])), "");
    app.bearer(&token, "GET", &th).send().expect(200);
    app.bearer(&token, "GET", &kt).send().refused(404, "not_found");
    let listed = app.bearer(&token, "GET", "/v1/submissions").send().expect(200);
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
}

#[apply(on_both)]
fn a_scope_gives_no_right_that_the_role_does_not(app: &App) {
    let token = token(app, &account(app, "auditor", Some(&["read", "write"])), "");
    let unit = json!({"code": "TTHC", "name": "Trung tâm", "kind": "centre"});
    app.bearer(&token, "POST", "/v1/units").json(&unit).send().refused(403, "role_required");
}

#[apply(on_both)]
fn an_unknown_scope_is_not_granted(app: &App) {
    let member_id = machine(app, "auditor");
    for scopes in [
        json!(["everything"]),
        json!(["read", "unit:"]),
        json!(["read", "unit:ZZ"]),
        json!(["unit:VP"]),
        json!([]),
        json!(["read write"]),
        json!([""]),
    ] {
        let response = app.post("admin", "/v1/service-accounts", &json!({"member_id": member_id, "scopes": scopes}));
        assert_eq!(response.code(), "invalid_scope", "{scopes}");
    }
}

#[apply(on_both)]
fn two_secrets_are_good_while_they_rotate(app: &App) {
    let account = account(app, "auditor", None);
    assert_eq!(app.get("admin", &account.path).expect(200)["previous_secret_until"], Value::Null);
    let rotate = || {
        let rotated = app.act("admin", &account.path, "rotate", None).expect(200);
        assert_eq!(rotated["client_id"], account.client_id);
        let secret = rotated["client_secret"].as_str().unwrap().to_owned();
        Account { secret, path: String::new(), client_id: account.client_id.clone() }
    };
    let second = rotate();
    fetch(app, &account, "").expect(200);
    fetch(app, &second, "").expect(200);
    assert_ne!(app.get("admin", &account.path).expect(200)["previous_secret_until"], Value::Null);
    let third = rotate();
    fetch(app, &account, "").refused(401, "invalid_client");
    fetch(app, &second, "").expect(200);
    fetch(app, &third, "").expect(200);
    let passed = "UPDATE service_accounts SET previous_secret_until = '2020-01-01 00:00:00'";
    crate::backends::execute(app, passed).unwrap();
    fetch(app, &second, "").refused(401, "invalid_client");
    fetch(app, &third, "").expect(200);
}

#[apply(on_both)]
fn accounts_are_listed_with_their_last_use(app: &App) {
    let account = account(app, "auditor", Some(&["read", "unit:TH"]));
    let listed = || app.get("admin", "/v1/service-accounts").expect(200)["items"][0].clone();
    let (before, tag) = (listed(), app.tag("admin", &account.path));
    assert_eq!((&before["scopes"], &before["last_used_at"]), (&json!(["read", "unit:TH"]), &Value::Null));
    fetch(app, &account, "").expect(200);
    assert_ne!(listed()["last_used_at"], Value::Null);
    // To be used is no change of it.
    assert_eq!(app.tag("admin", &account.path), tag);
    let of = |person: &str| app.get("auditor", &format!("/v1/service-accounts?member_id={}", machine(app, person)));
    assert_eq!(of("auditor").expect(200)["items"].as_array().unwrap().len(), 1);
    assert_eq!(of("integration").expect(200)["items"], json!([]));
    app.get("th-head", "/v1/service-accounts").refused(403, "role_required");
    assert_eq!(app.get("so-khdt-admin", "/v1/service-accounts").expect(200)["items"], json!([]));
}

#[apply(on_both)]
fn an_ended_account_ends_its_tokens(app: &App) {
    let account = account(app, "auditor", None);
    let token = token(app, &account, "");
    app.bearer(&token, "GET", "/v1/units").send().expect(200);
    let gone = app.request("admin", "DELETE", &account.path).if_match(&app.tag("admin", &account.path)).send();
    assert_eq!((gone.status, gone.bytes.len()), (204, 0));
    app.bearer(&token, "GET", "/v1/units").send().refused(401, "token_invalid");
    app.bearer(&token, "GET", "/v1/me").send().refused(401, "token_invalid");
    fetch(app, &account, "").refused(401, "invalid_client");
    app.get("admin", &account.path).refused(404, "not_found");
    app.get("secretary", "/v1/units").expect(200);
}

#[apply(on_both)]
fn a_secret_is_shown_once_and_never_replayed(app: &App) {
    let body = json!({"member_id": machine(app, "auditor")});
    let request =
        || app.request("admin", "POST", "/v1/service-accounts").header("idempotency-key", "k-1").json(&body).send();
    let (first, second) = (request().expect(201), request());
    assert_eq!(second.header("idempotency-replayed"), "");
    assert_ne!(first["id"], second.expect(201)["id"]);
    let read = app.get("admin", &format!("/v1/service-accounts/{}", first["id"].as_str().unwrap()));
    let text = String::from_utf8(read.bytes.clone()).unwrap();
    assert!(read.status == 200 && !text.contains("client_secret"), "{text}");
    let audit = app.get("auditor", "/v1/audit-entries").bytes;
    assert!(!String::from_utf8(audit).unwrap().contains(first["client_secret"].as_str().unwrap()));
}

#[apply(on_both)]
fn only_the_admin_makes_accounts(app: &App) {
    let body = json!({"member_id": machine(app, "auditor")});
    for person in ["secretary", "auditor", "th-head", "appraiser", "council-chair", "operator"] {
        app.post(person, "/v1/service-accounts", &body).refused(403, "role_required");
    }
    let response = app.post("so-khdt-admin", "/v1/service-accounts", &body);
    assert!((400..500).contains(&response.status) && response.json()["client_secret"].is_null(), "{}", response.status);
}

#[apply(on_both)]
fn a_membership_that_ended_yesterday_gives_no_right(app: &App) {
    let sheet = app.new_sheet("TH");
    let member = format!("/v1/members/{}", member_id(app, "th-head"));
    let end = |on: &str| {
        app.request("admin", "PATCH", &member)
            .if_match(&app.tag("admin", &member))
            .json(&json!({"valid_until_on": on}))
            .send()
            .expect(200)
    };
    // Today is 1 November: the last day still counts.
    end("2023-11-01");
    app.get("th-head", &sheet).expect(200);
    end("2023-10-31");
    app.get("th-head", &sheet).refused(404, "not_found");
    app.get("th-head", &app.period()).refused(404, "not_found");
    app.get("th-head", "/v1/units").refused(403, "role_required");
    assert_eq!(app.get("th-head", "/v1/me").expect(200)["memberships"], json!([]));
    app.get("th-editor", &sheet).expect(200);
}

/// The last day ends at midnight in Hanoi, 17:00 UTC.
#[apply(on_both)]
fn a_membership_ends_with_its_last_day(app: &App) {
    let member = format!("/v1/members/{}", member_id(app, "th-head"));
    app.request("admin", "PATCH", &member)
        .if_match(&app.tag("admin", &member))
        .json(&json!({"valid_until_on": "2023-11-05"}))
        .send()
        .expect(200);
    app.set_clock("2023-11-05T16:59:59.999Z");
    app.get("th-head", "/v1/units").expect(200);
    app.set_clock("2023-11-05T17:00:00.000Z");
    app.get("th-head", "/v1/units").refused(403, "role_required");
}

#[apply(on_both)]
fn a_member_gets_in_with_the_first_day(app: &App) {
    let body = json!({"kind": "machine", "subject": "moi", "display_name": "Máy mới", "roles": ["auditor"], "valid_from_on": "2023-11-05"});
    let id = app.post("admin", "/v1/members", &body).expect(201)["id"].as_str().unwrap().to_owned();
    let made = app.post("admin", "/v1/service-accounts", &json!({"member_id": id})).expect(201);
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    let account = Account { path: String::new(), client_id: text("client_id"), secret: text("client_secret") };
    let token = token(app, &account, "");
    app.bearer(&token, "GET", "/v1/units").send().refused(403, "role_required");
    app.set_clock("2023-11-04T17:00:00.000Z");
    app.bearer(&token, "GET", "/v1/units").send().expect(200);
}

/// Roles come from the database, never from the token.
#[apply(on_both)]
fn a_changed_role_counts_at_once(app: &App) {
    let member = format!("/v1/members/{}", member_id(app, "auditor"));
    let sheet = app.new_sheet("TH");
    app.get("auditor", &sheet).expect(200);
    app.request("admin", "PATCH", &member)
        .if_match(&app.tag("admin", &member))
        .json(&json!({"roles": ["council_member"]}))
        .send()
        .expect(200);
    app.get("auditor", &sheet).refused(404, "not_found");
}

#[apply(on_both)]
fn the_key_set_has_one_public_key(app: &App) {
    let keys = app.anonymous("GET", "/.well-known/jwks.json").send().expect(200);
    let keys = keys["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 1);
    let key = keys[0].as_object().unwrap();
    assert_eq!(
        (&key["kty"], &key["crv"], &key["alg"], &key["use"]),
        (&json!("OKP"), &json!("Ed25519"), &json!("EdDSA"), &json!("sig"))
    );
    let names: Vec<&str> = key.keys().map(String::as_str).collect();
    assert!(!names.iter().any(|name| ["d", "p", "q", "k"].contains(name)), "{names:?}");
    let kid = jsonwebtoken::decode_header(app.token("th-head")).unwrap().kid;
    assert_eq!(key["kid"].as_str(), kid.as_deref());
}

#[apply(on_both)]
fn the_discovery_document_names_the_endpoints(app: &App) {
    let document = app.anonymous("GET", "/.well-known/oauth-authorization-server").send().expect(200);
    for (name, path) in [("token_endpoint", "/v1/auth/token"), ("jwks_uri", "/.well-known/jwks.json")] {
        assert!(document[name].as_str().unwrap().ends_with(path), "{name}");
    }
    assert_eq!(document["grant_types_supported"], json!(["client_credentials"]));
    assert_eq!(document["token_endpoint_auth_methods_supported"], json!(["client_secret_basic", "client_secret_post"]));
    assert!(document["issuer"].is_string());
}

/// Behind a proxy that serves others beside it, the service names itself with the path that it is known by.
#[test]
fn an_issuer_may_have_a_path() {
    let app = App::configured(|config| config.public_url = "https://vp.example.vn/so/thi-dua".to_owned());
    let well_known = "/.well-known/oauth-authorization-server";
    let document = app.anonymous("GET", &format!("{well_known}/so/thi-dua")).send().expect(200);
    assert_eq!(document["issuer"], "https://vp.example.vn/so/thi-dua");
    assert_eq!(document["token_endpoint"], "https://vp.example.vn/so/thi-dua/v1/auth/token");
    for other in ["so", "so/thi-dua/", "so/thi", "thi-dua"] {
        app.anonymous("GET", &format!("{well_known}/{other}")).send().refused(404, "not_found");
    }
    let list = app.get("secretary", "/v1/units?limit=1");
    assert!(list.header("link").starts_with("</so/thi-dua/v1/units?"), "{}", list.header("link"));
    let unit = app.post("admin", "/v1/units", &json!({"code": "MOI", "name": "Phòng Mới", "kind": "division"}));
    assert!(unit.header("location").starts_with("/so/thi-dua/v1/units/"), "{}", unit.header("location"));
}

/// A token that may only write changes what it may not read, whatever the record.
#[apply(on_both)]
fn a_token_that_may_only_write_changes_every_kind_of_record(app: &App) {
    let token = token(app, &account(app, "integration", Some(&["write", "unit:TH"])), "");
    let sheet = app.new_sheet("TH");
    app.bearer(&token, "GET", &sheet).send().refused(403, "scope_required");
    let tag = app.tag("th-head", &sheet);
    let line = crate::support::scores(&[("A.II.1", r#"{"points":3}"#)]);
    app.bearer(&token, "PATCH", &format!("{sheet}/scores")).if_match(&tag).json(&line).send().expect(200);
}

/// Nobody can act as a person by making a machine.
#[apply(on_both)]
fn a_service_account_is_for_a_machine(app: &App) {
    for person in ["secretary", "council-chair", "admin", "th-head"] {
        let refused = app.post("admin", "/v1/service-accounts", &json!({"member_id": member_id(app, person)}));
        let refused = refused.refused(422, "machine_member_required");
        assert_eq!(refused.faults()[0].1, "/member_id");
    }
}
