//! People of an identity provider: their tokens, and the memberships that somebody entered for them.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::provider::{Behaviour, Provider};
use crate::support::{App, Response, at_once};

/// Runs a test once on each database: `with_provider! { fn rule(app, sso) { … } }`. The keys may be fetched every second.
macro_rules! with_provider {
    ($($(#[$meta:meta])* fn $name:ident($app:ident, $sso:ident) $body:block)+) => {$(
        $(#[$meta])*
        fn $name($app: &App, $sso: &Provider) $body

        mod $name {
            use super::{App, Provider};

            #[test]
            fn sqlite() {
                let sso = Provider::start();
                super::$name(&App::configured(|config| sso.configure(config, 1)), &sso);
            }

            #[test]
            fn postgres() {
                let sso = Provider::start();
                if let Some(app) = App::configured_on_postgres(|config| sso.configure(config, 1)) {
                    super::$name(&app, &sso);
                }
            }
        }
    )+};
}

#[track_caller]
fn enter(app: &App, admin: &str, sso: &Provider, subject: &str, role: &str) -> String {
    let body = json!({"issuer": sso.issuer, "subject": subject, "display_name": subject, "roles": [role]});
    let member = app.post(admin, "/v1/members", &body).expect(201);
    assert_eq!((&member["status"], &member["issuer"]), (&json!("pending"), &json!(sso.issuer)));
    member["id"].as_str().unwrap().to_owned()
}

fn get(app: &App, sso: &Provider, subject: &str, path: &str) -> Response {
    app.bearer(&sso.token(subject), "GET", path).send()
}

fn me(app: &App, sso: &Provider, subject: &str) -> Value {
    get(app, sso, subject, "/v1/me").expect(200)
}

fn member_ids(me: &Value) -> Vec<String> {
    let memberships = me["memberships"].as_array().unwrap();
    memberships.iter().map(|membership| membership["member_id"].as_str().unwrap().to_owned()).collect()
}

fn status(app: &App, admin: &str, id: &str) -> Value {
    app.get(admin, &format!("/v1/members/{id}")).expect(200)["status"].clone()
}

fn accepted(app: &App, auditor: &str, id: &str) -> usize {
    let entries = app.get(auditor, "/v1/audit-entries?limit=200").expect(200)["items"].as_array().unwrap().clone();
    let is_accept = |entry: &&Value| entry["action"] == "member.accept" && entry["actor"]["member_id"] == id;
    entries.iter().filter(is_accept).count()
}

fn decide(app: &App, sso: &Provider, subject: &str, id: &str, verb: &str) -> Response {
    let place = format!("/v1/me/memberships/{id}");
    let tag = get(app, sso, subject, &place).etag();
    app.bearer(&sso.token(subject), "POST", &format!("{place}/{verb}")).if_match(&tag).send()
}

with_provider! {
    /// Reading takes it.
    fn the_first_request_takes_a_membership(app, sso) {
        let id = enter(app, "admin", sso, "an", "auditor");
        assert_eq!(status(app, "admin", &id), "pending");
        get(app, sso, "an", "/v1/units").expect(200);
        assert_eq!((status(app, "admin", &id), accepted(app, "auditor", &id)), (json!("active"), 1));
        let me = me(app, sso, "an");
        assert_eq!((member_ids(&me), &me["subject"], &me["issuer"]), (vec![id.clone()], &json!("an"), &json!(sso.issuer)));
        // Roles and scopes of the token are nobody's business.
        assert_eq!((&me["memberships"][0]["roles"], &me["scopes"]), (&json!(["auditor"]), &Value::Null));
        assert_eq!(accepted(app, "auditor", &id), 1);
    }

    /// Writing takes it too, whatever becomes of the write.
    fn a_first_request_that_is_refused_takes_it_all_the_same(app, sso) {
        let unit = json!({"code": "TTHC", "name": "Trung tâm", "kind": "centre"});
        let post = |subject: &str| app.bearer(&sso.token(subject), "POST", "/v1/units").json(&unit).send();
        let id = enter(app, "admin", sso, "an", "auditor");
        post("an").refused(403, "role_required");
        assert_eq!((status(app, "admin", &id), accepted(app, "auditor", &id)), (json!("active"), 1));
        let id = enter(app, "admin", sso, "binh", "admin");
        post("binh").expect(201);
        assert_eq!((status(app, "admin", &id), accepted(app, "auditor", &id)), (json!("active"), 1));
    }

    fn first_requests_at_once_take_it_once(app, sso) {
        let id = enter(app, "admin", sso, "an", "admin");
        let token = sso.token("an");
        for response in at_once(6, |number| match number % 2 {
            0 => app.bearer(&token, "GET", "/v1/units").send(),
            _ => {
                let unit = json!({"code": format!("T{number}"), "name": "T", "kind": "centre"});
                app.bearer(&token, "POST", "/v1/units").json(&unit).send()
            }
        }) {
            assert!(matches!(response.status, 200 | 201), "{response:?}");
        }
        assert_eq!(accepted(app, "auditor", &id), 1);
    }

    /// Whoever enters a stranger elsewhere does not change what the stranger's calls mean.
    fn a_second_membership_waits_and_changes_nothing(app, sso) {
        let id = enter(app, "admin", sso, "an", "auditor");
        let units = get(app, sso, "an", "/v1/units").expect(200);
        let before = me(app, sso, "an");
        let second = enter(app, "so-khdt-admin", sso, "an", "admin");
        assert_eq!(me(app, sso, "an"), before);
        assert_eq!(get(app, sso, "an", "/v1/units").expect(200), units);
        let unit = json!({"code": "TTHC", "name": "Trung tâm", "kind": "centre"});
        app.bearer(&sso.token("an"), "POST", "/v1/units").json(&unit).send().refused(403, "role_required");
        let listed = get(app, sso, "an", "/v1/me/memberships").expect(200);
        let listed: Vec<_> = listed["items"].as_array().unwrap().iter().map(|item| (item["id"].clone(), item["status"].clone())).collect();
        assert_eq!(listed, [(json!(id), json!("active")), (json!(second), json!("pending"))]);
        let organization = app.get("so-khdt-admin", "/v1/me").expect(200)["memberships"][0]["organization_id"].clone();
        let theirs = format!("/v1/units?organization_id={}", organization.as_str().unwrap());
        get(app, sso, "an", &theirs).refused(404, "not_found");
        // Nobody else can take it.
        let other = enter(app, "admin", sso, "binh", "auditor");
        get(app, sso, "binh", &format!("/v1/me/memberships/{second}")).refused(404, "not_found");
        assert_eq!(status(app, "admin", &other), "active");
        decide(app, sso, "an", &second, "accept").expect(200);
        get(app, sso, "an", &theirs).expect(200);
        get(app, sso, "an", "/v1/units").refused(422, "organization_required");
        decide(app, sso, "an", &second, "accept").refused(409, "invalid_state");
        assert_eq!(member_ids(&me(app, sso, "an")).len(), 2);
    }

    fn a_declined_membership_ends_and_gives_nothing(app, sso) {
        enter(app, "admin", sso, "an", "auditor");
        let before = me(app, sso, "an");
        let second = enter(app, "so-khdt-admin", sso, "an", "admin");
        decide(app, sso, "an", &second, "decline").expect(200);
        assert_eq!((me(app, sso, "an"), status(app, "so-khdt-admin", &second)), (before, json!("ended")));
        get(app, sso, "an", &format!("/v1/me/memberships/{second}")).refused(404, "not_found");
    }

    fn an_identity_can_be_entered_again_once_it_ended(app, sso) {
        let id = enter(app, "admin", sso, "an", "auditor");
        let body = json!({"issuer": sso.issuer, "subject": "an", "display_name": "x", "roles": ["auditor"]});
        app.post("admin", "/v1/members", &body).refused(409, "already_exists");
        get(app, sso, "an", "/v1/units").expect(200);
        app.act("admin", &format!("/v1/members/{id}"), "end", Some(&json!({"reason": "x"}))).expect(200);
        get(app, sso, "an", "/v1/units").refused(403, "role_required");
        assert_eq!(me(app, sso, "an")["memberships"], json!([]));
        let again = enter(app, "admin", sso, "an", "auditor");
        assert_ne!(again, id);
        get(app, sso, "an", "/v1/units").expect(200);
        assert_eq!(member_ids(&me(app, sso, "an")), [again]);
    }

    fn a_stranger_of_the_provider_has_no_right(app, sso) {
        assert_eq!(me(app, sso, "nobody")["memberships"], json!([]));
        get(app, sso, "nobody", "/v1/units").refused(403, "role_required");
        assert_eq!(get(app, sso, "nobody", "/v1/me/memberships").expect(200)["items"], json!([]));
        // The name of somebody here is nobody's name there.
        assert_eq!(me(app, sso, "admin")["memberships"], json!([]));
    }
}

fn started(cool_down: u64) -> (App, Provider) {
    let sso = Provider::start();
    (App::configured(|config| sso.configure(config, cool_down)), sso)
}

#[test]
fn keys_rotate_without_a_refused_token() {
    let (app, sso) = started(1);
    let old = sso.token("an");
    app.bearer(&old, "GET", "/v1/me").send().expect(200);
    assert_eq!(sso.fetches(), 1);
    std::thread::sleep(Duration::from_millis(1_100));
    sso.rotate("k-2");
    app.bearer(&sso.token("an"), "GET", "/v1/me").send().expect(200);
    app.bearer(&old, "GET", "/v1/me").send().expect(200);
    assert_eq!(sso.fetches(), 2);
    // A key that was taken back opens nothing once that is known, not even for a token that is remembered.
    std::thread::sleep(Duration::from_millis(1_100));
    sso.rotate("k-3");
    sso.withdraw_old_keys();
    app.bearer(&sso.token("an"), "GET", "/v1/me").send().expect(200);
    app.bearer(&old, "GET", "/v1/me").send().refused(401, "token_invalid");
}

#[test]
fn a_flood_of_unknown_keys_costs_one_fetch() {
    let (app, sso) = started(3600);
    get(&app, &sso, "an", "/v1/me").expect(200);
    let refused = at_once(8, |number| {
        for at in 0..25 {
            let token = sso.token_of_unknown_key("an", &format!("x-{number}-{at}"));
            app.bearer(&token, "GET", "/v1/me").send().refused(401, "token_invalid");
        }
    });
    assert_eq!((refused.len(), sso.fetches()), (8, 1));
    get(&app, &sso, "an", "/v1/me").expect(200);
}

#[test]
fn first_tokens_at_once_cost_one_fetch() {
    let (app, sso) = started(3600);
    sso.behaves(Behaviour::Dawdles(300));
    for response in at_once(8, |number| get(&app, &sso, &format!("s-{number}"), "/v1/me")) {
        response.expect(200);
    }
    assert_eq!(sso.fetches(), 1);
}

#[test]
fn the_last_good_keys_stand_while_the_provider_is_down() {
    for behaviour in [Behaviour::Fails, Behaviour::Floods, Behaviour::HasNone, Behaviour::SendsAway] {
        let (app, sso) = started(1);
        get(&app, &sso, "an", "/v1/me").expect(200);
        sso.behaves(behaviour);
        std::thread::sleep(Duration::from_millis(1_100));
        let unknown = sso.token_of_unknown_key("an", "x");
        app.bearer(&unknown, "GET", "/v1/me").send().refused(401, "token_invalid");
        assert_eq!(sso.fetches(), 2, "{behaviour:?}");
        get(&app, &sso, "binh", "/v1/me").expect(200);
    }
}

#[test]
fn without_any_key_the_provider_is_unavailable_and_a_later_token_passes() {
    for behaviour in [Behaviour::Fails, Behaviour::Floods, Behaviour::HasNone, Behaviour::SendsAway] {
        let (app, sso) = started(1);
        sso.behaves(behaviour);
        let refused = get(&app, &sso, "an", "/v1/me").refused(503, "provider_unavailable");
        assert!(!refused.header("retry-after").is_empty(), "{behaviour:?}");
        // A token that is of no use whoever signed it makes nobody fetch anything.
        std::thread::sleep(Duration::from_millis(1_100));
        let fetches = sso.fetches();
        app.bearer(&format!("{}x.", sso.token("an")), "GET", "/v1/me").send().refused(401, "token_invalid");
        assert_eq!(sso.fetches(), fetches);
        sso.behaves(Behaviour::Answers);
        get(&app, &sso, "an", "/v1/me").expect(200);
    }
}

#[test]
fn a_redirect_is_followed_within_the_host() {
    let (app, sso) = started(3600);
    sso.behaves(Behaviour::Redirects);
    get(&app, &sso, "an", "/v1/me").expect(200);
    assert_eq!(sso.fetches(), 2);
}

#[test]
fn a_slow_provider_delays_its_own_tokens_alone() {
    let (slow, quick) = (Provider::start(), Provider::start());
    let app = App::configured(|config| {
        slow.configure(config, 1);
        quick.configure(config, 1);
    });
    slow.behaves(Behaviour::Dawdles(20_000));
    std::thread::scope(|scope| {
        // More waiting requests than there are workers.
        let waiting: Vec<_> = (0..6)
            .map(|number| {
                let (app, slow) = (&app, &slow);
                scope.spawn(move || get(app, slow, &format!("s-{number}"), "/v1/me"))
            })
            .collect();
        std::thread::sleep(Duration::from_millis(300));
        let began = Instant::now();
        for _ in 0..10 {
            get(&app, &quick, "an", "/v1/me").expect(200);
            app.get("admin", "/v1/me").expect(200);
        }
        assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
        for response in waiting {
            response.join().unwrap().refused(503, "provider_unavailable");
        }
        assert!(began.elapsed() < Duration::from_secs(8), "the fetch ends after 5 s");
    });
    assert_eq!(slow.fetches(), 1);
}

/// What stands in the header has to be one token.
#[test]
fn a_request_has_one_authorization_header_with_one_token() {
    let (app, sso) = started(3600);
    let (token, own) = (sso.token("an"), app.token("th-head").to_owned());
    let send = |lines: &[String]| {
        let head = lines.iter().map(|line| format!("Authorization: {line}\r\n")).collect::<String>();
        app.raw(&format!("GET /v1/me HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{head}\r\n"))
    };
    assert_eq!(send(&[format!("bearer {token}")]).0, 200);
    assert_eq!(send(&[format!("Bearer {token} \t")]).0, 200, "blanks at the end of a header are HTTP's");
    for lines in [
        vec![format!("Bearer {own}"), format!("Bearer {token}")],
        vec![format!("Bearer {own}"), format!("Bearer {own}")],
        vec![format!("Bearer {own}"), "Basic eDp5".to_owned()],
        vec![format!("Bearer  {token}")],
        vec![format!("Bearer\t{token}")],
        vec![format!("Bearer {token}, Bearer {own}")],
        vec![format!("Bearer {token} {own}")],
        vec![format!("Bearer {token}\u{a0}")],
        vec![format!("Bearer \"{token}\"")],
        vec!["Bearer".to_owned()],
        vec!["Bearer ".to_owned()],
        vec![String::new()],
        vec![format!("Bearer{token}")],
    ] {
        let (status, text) = send(&lines);
        // What has another scheme is no bearer token at all.
        let is_bearer = lines[0].is_empty() || lines[0] == "Bearer" || lines[0].starts_with("Bearer ");
        let expected = if is_bearer { "token_invalid" } else { "token_missing" };
        assert!(status == 401 && text.contains(&format!("\"code\":\"{expected}\"")), "{lines:?}: {text}");
    }
}
