//! People who sign in at a real OpenID Connect provider.

use std::thread::sleep;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::App;
use crate::support::oidc::OidcProvider;

fn enter(app: &App, sso: &OidcProvider, subject: &str) {
    let units = app.get("admin", "/v1/units").expect(200);
    let unit = &units["items"][0]["id"];
    let body = json!({"issuer": sso.issuer, "subject": subject, "display_name": subject, "roles": ["unit_head"], "unit_id": unit});
    app.post("admin", "/v1/members", &body).expect(201);
}

fn me(app: &App, token: &str) -> Value {
    app.bearer(token, "GET", "/v1/me").send().expect(200)
}

fn people_sign_in(app: &App, sso: &OidcProvider) {
    for (subject, algorithm) in [("nguyen.van.a", "RS256"), ("tran.thi.b", "ES256"), ("le.c", "EdDSA")] {
        enter(app, sso, subject);
        let tokens = sso.sign_in(subject, &format!("urn:thidua:{algorithm}"));
        let header = jsonwebtoken::decode_header(&tokens.access).unwrap();
        assert_eq!((&header.typ.unwrap()[..], &header.kid.unwrap()[..]), ("at+jwt", &format!("{algorithm}-1")[..]));
        let me = me(app, &tokens.access);
        assert_eq!((&me["subject"], &me["issuer"]), (&json!(subject), &json!(sso.issuer)));
        assert_eq!(me["memberships"][0]["roles"], json!(["unit_head"]));
        app.bearer(&tokens.access, "GET", "/v1/units").send().expect(200);
        // What proves to a screen who signed in opens no service.
        app.bearer(&tokens.id, "GET", "/v1/me").send().refused(401, "token_invalid");
    }
    let elsewhere = sso.sign_in("nguyen.van.a", "urn:payroll:RS256").access;
    app.bearer(&elsewhere, "GET", "/v1/me").send().refused(401, "token_invalid");
    let stranger = sso.sign_in("nobody", "urn:thidua:ES256").access;
    app.bearer(&stranger, "GET", "/v1/units").send().refused(403, "role_required");

    let old = sso.sign_in("le.c", "urn:thidua:EdDSA").access;
    me(app, &old);
    sso.change_keys("rotate");
    sleep(Duration::from_millis(1100));
    let new = sso.sign_in("le.c", "urn:thidua:EdDSA").access;
    assert_eq!(jsonwebtoken::decode_header(&new).unwrap().kid.as_deref(), Some("EdDSA-2"));
    me(app, &new);
    me(app, &old);
    sso.change_keys("retire");
    sso.change_keys("rotate");
    sleep(Duration::from_millis(1100));
    let newest = sso.sign_in("le.c", "urn:thidua:EdDSA").access;
    me(app, &newest);
    me(app, &new);
    app.bearer(&old, "GET", "/v1/me").send().refused(401, "token_invalid");
}

#[test]
fn sqlite() {
    let Some(sso) = OidcProvider::start() else { return };
    people_sign_in(&App::configured(|config| sso.configure(config)), &sso);
}

#[test]
fn postgres() {
    let Some(sso) = OidcProvider::start() else { return };
    if let Some(app) = App::configured_on_postgres(|config| sso.configure(config)) {
        people_sign_in(&app, &sso);
    }
}
