//! The audit tells every change: what a request does to the database stands in the entries that it writes.
//!
//! The scenes together perform every operation of the document that changes something. Each runs under the watcher of
//! `support/watched.rs`, which compares all tables before and after every request with the audit.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::assessment::score_imports::filled_in;
use crate::backends::execute;
use crate::bad_year;
use crate::contract::{Operation, document, operations};
use crate::support::provider::Provider;
use crate::support::receiver::Receiver;
use crate::support::{App, Part, apply, egov_document, on_both};

const PASSWORD: &str = "bốn con trâu qua cầu";
const OTHER_PASSWORD: &str = "ba chiếc thuyền ngược dòng";
const PDF: &[u8] = b"%PDF-1.7\n";
const WHY: &str = "Có sai sót";

/// Operations that no scene performs, each with its reason.
const NOT_PERFORMED: [(&str, &str, &str); 2] = [
    ("PUT", "/v1/sandbox/clock", "the sandbox's own, which no other installation has"),
    ("POST", "/v1/sandbox/reset", "the sandbox's own: it empties the database, the audit with it"),
];

fn place(collection: &str, of: &Value) -> String {
    format!("/v1/{collection}/{}", of["id"].as_str().unwrap())
}

fn text<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name].as_str().unwrap_or_else(|| panic!("{name} in {of}"))
}

/// Changes a record by another method than an action's.
#[track_caller]
fn change(app: &App, person: &str, method: &str, record: &str, body: &Value) -> Value {
    let request = app.request(person, method, record).if_match(&app.tag(person, record));
    request.json(body).send().expect(200)
}

#[track_caller]
fn remove(app: &App, person: &str, record: &str) {
    app.request(person, "DELETE", record).if_match(&app.tag(person, record)).send().expect(204);
}

fn reason() -> Value {
    json!({"reason": WHY})
}

/// The operator makes an office; the admin enters units and people, and sets how many votes an award needs.
fn an_office_is_set_up(app: &App, sso: &Provider) {
    let first_admin = json!({"subject": "admin", "display_name": "Quản trị"});
    let new = json!({"code": "SO-TC", "name": "Sở Tài chính", "first_admin": first_admin});
    let office = place("organizations", &app.post("operator", "/v1/organizations", &new).expect(201));
    change(app, "operator", "PATCH", &office, &json!({"name": "Sở Tài chính tỉnh"}));
    let me = app.get("admin", "/v1/me").expect(200)["memberships"][0].clone();
    let thresholds = format!("/v1/organizations/{}/vote-thresholds", text(&me, "organization_id"));
    let half = json!({"thresholds": [{"valid_from_on": "2023-01-01", "numerator": 1, "denominator": 2}]});
    change(app, "admin", "PUT", &thresholds, &half);
    let unit = json!({"code": "BTT", "name": "Ban mới", "kind": "division"});
    let unit = place("units", &app.post("admin", "/v1/units", &unit).expect(201));
    change(app, "admin", "PATCH", &unit, &json!({"name": "Ban Tiếp dân", "predecessor_ids": [app.unit_id("BTCD")]}));
    let member = json!({"subject": "thu-ky-2", "display_name": "Thư ký hai", "roles": ["secretary"]});
    let member = place("members", &app.post("admin", "/v1/members", &member).expect(201));
    change(app, "admin", "PATCH", &member, &json!({"display_name": "Thư ký thứ hai", "valid_until_on": "2024-12-31"}));
    app.act("admin", &member, "end", Some(&reason())).expect(200);
    for (verb, role) in [("accept", "auditor"), ("decline", "admin")] {
        let as_member = |admin: &str, roles: Value| {
            let body = json!({"issuer": sso.issuer, "subject": verb, "display_name": verb, "roles": roles});
            app.post(admin, "/v1/members", &body).expect(201)
        };
        as_member("so-khdt-admin", json!(["auditor"]));
        // The first membership of an identity is taken by its first request, and a second one waits.
        app.bearer(&sso.token(verb), "GET", "/v1/me").send().expect(200);
        let second = as_member("admin", json!([role]));
        let waiting = format!("/v1/me/memberships/{}", text(&second, "id"));
        let tag = app.bearer(&sso.token(verb), "GET", &waiting).send().etag();
        app.bearer(&sso.token(verb), "POST", &format!("{waiting}/{verb}")).if_match(&tag).send().expect(200);
    }
}

/// A person is invited twice, signs in and out, and changes the password; a machine gets credentials.
fn people_and_machines_sign_in(app: &App) {
    let of = |person: &str| text(&app.get(person, "/v1/me").expect(200)["memberships"][0], "member_id").to_owned();
    let invite = |person: &str| {
        let invitation = app.request("admin", "POST", &format!("/v1/members/{}/invitation", of(person))).send();
        place("invitations", &invitation.expect(201))
    };
    let call = |path: &str, body: &Value| app.anonymous("POST", &format!("/v1/auth/{path}")).json(body).send();
    remove(app, "admin", &invite("secretary"));
    let invitation = app.act("admin", &invite("secretary"), "resend", None).expect(200);
    let token = text(&invitation, "token");
    call("check-invitation", &json!({"token": token})).expect(200);
    let first = call("accept-invitation", &json!({"token": token, "password": PASSWORD})).expect(200);
    let login = || {
        let body = json!({"organization_code": "VP-UBND", "user_name": "secretary", "password": PASSWORD});
        call("login", &body).expect(200)
    };
    let (second, third) = (login(), login());
    let second = call("refresh", &json!({"refresh_token": second["refresh_token"]})).expect(200);
    let bearer = text(&second, "access_token");
    let session = format!("/v1/me/sessions/{}", text(&third, "session_id"));
    let tag = app.bearer(bearer, "GET", &session).send().etag();
    app.bearer(bearer, "DELETE", &session).if_match(&tag).send().expect(204);
    let new = json!({"old": PASSWORD, "new": OTHER_PASSWORD});
    app.bearer(text(&first, "access_token"), "POST", "/v1/auth/password").json(&new).send().expect(204);
    app.bearer(text(&first, "access_token"), "POST", "/v1/auth/logout").send().expect(204);
    let account = app.post("admin", "/v1/service-accounts", &json!({"member_id": of("integration")})).expect(201);
    let (name, secret) = (text(&account, "client_id"), text(&account, "client_secret"));
    let form = format!("grant_type=client_credentials&client_id={name}&client_secret={secret}");
    let asked = app.anonymous("POST", "/v1/auth/token").raw("application/x-www-form-urlencoded", form).send();
    asked.expect(200);
    let account = place("service-accounts", &account);
    app.act("admin", &account, "rotate", None).expect(200);
    remove(app, "admin", &account);
    let feed = app.request("auditor", "POST", "/v1/me/feed-tokens").send().expect(201);
    remove(app, "auditor", &format!("/v1/me/feed-tokens/{}", text(&feed, "id")));
}

/// A table is imported, replaced, published, copied and retired; days off move what is due.
fn tables_and_calendars_are_kept(app: &App) {
    let book = include_bytes!("../../../examples/criteria/block-950-50.xlsx");
    let parts = [
        Part::Text("code", "KHOI"),
        Part::Text("title", "Khối"),
        Part::Text("year", "2023"),
        Part::File("b.xlsx", book),
    ];
    let set = app.request("admin", "POST", "/v1/criteria-sets/import").form(&parts).send().expect(201);
    let set = place("criteria-sets", &set["criteria_set"]);
    let content = crate::support::small::small_table("KHOI", "refused");
    change(app, "admin", "PUT", &set, &content);
    app.act("admin", &set, "publish", None).expect(200);
    let copy = app.act("admin", &set, "copy", Some(&json!({"code": "KHOI-2"}))).expect(201);
    assert_eq!(copy["status"], "draft");
    app.act("admin", &set, "retire", None).expect(200);
    let day = json!({"kind": "holiday", "name": "Ngày nghỉ", "status": "official", "legal_basis": "QĐ 12/QĐ-VP"});
    app.request("admin", "PUT", "/v1/calendar-days/2023-12-05").json(&day).send().expect(201);
    remove(app, "admin", "/v1/calendar-days/2023-12-05");
}

/// TH's sheet with evidence, changed, withdrawn and sent again, while its deadline is waived and not, and a webhook listens.
fn a_sheet_is_written(app: &App) -> String {
    let receiver = Receiver::start();
    let endpoint = app.post("admin", "/v1/webhook-endpoints", &json!({"url": receiver.url()})).expect(201);
    let endpoint = place("webhook-endpoints", &endpoint);
    change(app, "admin", "PATCH", &endpoint, &json!({"event_types": ["submission.created"]}));
    app.act("admin", &endpoint, "rotate-secret", None).expect(200);
    let sheet = app.new_sheet("TH");
    let piece = app.post("th-head", &format!("{sheet}/evidence/references"), &egov_document("A.II.1")).expect(201);
    remove(app, "th-head", &place("evidence", &piece));
    let parts = [
        Part::Text("criterion_code", "A.II.1"),
        Part::Text("title", "Báo cáo"),
        Part::Text("classification", "none"),
        Part::File("bao-cao.pdf", PDF),
    ];
    app.request("th-head", "POST", &format!("{sheet}/evidence")).form(&parts).send().expect(201);
    app.write("TH", &sheet, &[]);
    app.patch("th-head", &sheet, &[("A.II.1", r#"{"points":20}"#), ("A.II.2", "null")]).expect(200);
    app.patch("th-head", &sheet, &[("A.II.2", r#"{"points":10}"#)]).expect(200);
    let item = json!({
        "submission_id": sheet.rsplit('/').next().unwrap(), "criterion_code": "A.II.1", "answer": {"points": 21},
        "if_version": app.tag("th-head", &sheet),
    });
    let batch = json!({"stage": "self", "mode": "atomic", "items": [item]});
    app.post("th-head", &format!("{}/scores/batch", app.period()), &batch).expect(200);
    let form = filled_in(app, "th-head", &sheet, ("TH", "A.II.1", 20.0));
    let parts = [Part::Text("stage", "self"), Part::Text("mode", "atomic"), Part::File("th.xlsx", &form)];
    app.request("th-head", "POST", &format!("{}/scores/import", app.period())).form(&parts).send().expect(200);
    app.act("th-head", &sheet, "submit", None).expect(200);
    app.act("th-head", &sheet, "withdraw", None).expect(200);
    app.act("th-head", &sheet, "submit", None).expect(200);
    let unit = app.unit_id("KT");
    let deadlines = app.get("secretary", &format!("/v1/deadlines?kind=self_assessment&unit_id={unit}")).expect(200);
    let deadline = place("deadlines", &deadlines["items"][0]);
    app.act("secretary", &deadline, "waive", Some(&reason())).expect(200);
    app.act("secretary", &deadline, "unwaive", Some(&reason())).expect(200);
    let tested = app.request("admin", "POST", &format!("{endpoint}/test")).send().expect(201);
    assert!(app.deliver(thidua::clock::machine_now()) > 0);
    app.request("admin", "POST", &format!("{endpoint}/deliveries/{}/replay", text(&tested, "id"))).send().expect(201);
    remove(app, "admin", &endpoint);
    sheet
}

/// The rest of the sandbox's year: targets of a draft, the clock's own changes, recusals, minutes, a dossier that is returned, and
/// an amendment that is rejected.
fn a_year_is_brought_to_its_end(app: &App, sheet: &str) {
    let rule = json!({"type": "target_ratio"});
    let mut table = crate::support::small::small_table("CT", "refused");
    table["parts"][0]["children"][0]["rule"] = rule;
    let mut body = app.period_like("2024");
    body["criteria_set_id"] = json!(app.published(&table));
    let draft = app.new_period(&body);
    let target =
        json!({"unit_id": app.unit_id("TH"), "criterion_code": "A.1", "target": 9, "unit_of_measure": "dự án"});
    change(app, "secretary", "PUT", &format!("{draft}/targets"), &json!({"targets": [target]}));
    let without = json!({"unit_ids": [app.unit_id("KT"), app.unit_id("NC")], "awards": [], "title": "Khác"});
    change(app, "secretary", "PATCH", &draft, &without);
    let id_of = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    let kt = app.new_sheet("KT");
    app.write("KT", &kt, &[]);
    app.set_clock("2023-11-13T01:00:00.000Z");
    app.post("deadline-checker", "/v1/deadline-checks", &json!({})).expect(200);
    app.move_period("secretary", "start-appraisal");
    let conflict = app.post("appraiser", "/v1/recusals", &json!({"submission_id": id_of(sheet), "ground": "family"}));
    let conflict = place("recusals", &conflict.expect(201));
    app.act("secretary", &conflict, "withdraw", Some(&reason())).expect(200);
    let assigned = format!("{sheet}/assignments/appraisal");
    let appraiser = app.get("appraiser", "/v1/me").expect(200)["memberships"][0]["member_id"].clone();
    app.request("secretary", "PUT", &assigned).json(&json!({"member_id": appraiser})).send().expect(201);
    remove(app, "secretary", &assigned);
    let items = json!([{"submission_id": id_of(sheet), "member_id": appraiser}]);
    let many = json!({"stage": "appraisal", "items": items});
    app.post("secretary", &format!("{}/assignments", app.period()), &many).expect(200);
    let review = app.post("appraiser", "/v1/reviews", &json!({"submission_id": id_of(sheet), "stage": "appraisal"}));
    let review = place("reviews", &review.expect(201));
    let mut lines = crate::support::year::lines(&[("A.II.1", r#"{"points":15}"#), ("A.II.2", r#"{"points":10}"#)]);
    lines["scores"][3]["reason"] = json!(WHY);
    let tag = app.tag("appraiser", &review);
    app.request("appraiser", "PUT", &format!("{review}/scores")).if_match(&tag).json(&lines).send().expect(200);
    app.act("appraiser", &review, "submit", None).expect(200);
    app.move_period("secretary", "start-council-review");
    app.review("secretary", sheet, "council", &[]);
    app.good_facts("TH");
    app.set_clock("2023-11-28T02:00:00.000Z");
    let session =
        json!({"period_id": app.period_id(), "held_on": "2023-11-28", "place": "Phòng họp", "attendance": []});
    let session = place("council-sessions", &app.post("secretary", "/v1/council-sessions", &session).expect(201));
    let present: Value = app.council().iter().map(|(_, id)| json!({"member_id": id, "present": true})).collect();
    change(app, "secretary", "PATCH", &session, &json!({"attendance": present, "place": "Hội trường"}));
    app.act("secretary", &session, "hold", None).expect(200);
    for bytes in [PDF, b"%PDF-1.7\n2"] {
        let tag = app.tag("secretary", &session);
        let put = app.request("secretary", "PUT", &format!("{session}/minutes")).if_match(&tag);
        put.file("bien-ban.pdf", bytes).send().expect(200);
    }
    app.act("council-chair", &session, "close", None).expect(200);
    app.move_period("council-chair", "finalize");
    let points = json!([{"criterion_code": "A.II.1", "answer": {"points": 30}}]);
    let wrong = json!({"reason": WHY, "legal_basis": "Công văn số 45", "scores": points});
    let asked = app.post("secretary", &format!("{sheet}/amendments"), &wrong).expect(201);
    app.act("council-chair", &place("amendments", &asked), "reject", Some(&reason())).expect(200);
    let notice = json!({"notice_number": "1/TB-VP", "notice_on": "2023-11-28"});
    app.act("secretary", &app.period(), "announce", Some(&notice)).expect(200);
    let proposal = app.first_proposal();
    app.complete_dossier(&proposal);
    app.complete_dossier(&proposal);
    app.act("secretary", &proposal, "submit", None).expect(200);
    app.act("secretary", &proposal, "return", Some(&reason())).expect(200);
}

/// Asserts that nothing was left untold, and returns the operations of the document that the app has not performed.
#[track_caller]
fn left_after(app: &App) -> BTreeSet<(String, String)> {
    let (untold, compared) = app.watched(|watcher| (watcher.untold.clone(), watcher.compared));
    assert!(untold.is_empty(), "{}", untold.join("\n"));
    assert!(compared > 200, "{compared}");
    let all = operations(&document(app)).into_iter().map(|Operation { method, path, .. }| (method, path));
    all.filter(|(method, path)| method != "GET" && !app.watched(|watcher| watcher.has_done(method, path))).collect()
}

/// The whole proof, on two servers: a year in which nearly everything goes wrong, and what is left.
fn prove(of_year: &App, of_rest: &App, sso: &Provider) {
    of_year.watch();
    bad_year::a_year_of_mistakes_comes_to_its_end(of_year);
    of_rest.watch();
    an_office_is_set_up(of_rest, sso);
    people_and_machines_sign_in(of_rest);
    tables_and_calendars_are_kept(of_rest);
    let sheet = a_sheet_is_written(of_rest);
    a_year_is_brought_to_its_end(of_rest, &sheet);
    let left: Vec<_> = left_after(of_year).intersection(&left_after(of_rest)).cloned().collect();
    let expected = NOT_PERFORMED.map(|(method, path, _)| (method.to_owned(), path.to_owned()));
    let expected: BTreeSet<_> = expected.into_iter().collect();
    assert_eq!(left, expected.into_iter().collect::<Vec<_>>());
}

#[test]
fn every_operation_tells_what_it_changes_on_sqlite() {
    let sso = Provider::start();
    prove(&App::on_sqlite(), &App::configured(|config| sso.configure(config, 1)), &sso);
}

#[test]
fn every_operation_tells_what_it_changes_on_postgres() {
    let sso = Provider::start();
    let (of_year, of_rest) = (App::on_postgres(), App::configured_on_postgres(|config| sso.configure(config, 1)));
    if let Some((of_year, of_rest)) = of_year.zip(of_rest) {
        prove(&of_year, &of_rest, &sso);
    }
}

/// The proof can fail: it finds a change without an entry, and an entry that says something else.
#[apply(on_both)]
fn a_change_that_the_audit_does_not_tell_is_found(app: &App) {
    let rename = |name: &str| {
        let unit = format!("/v1/units/{}", app.unit_id("TH"));
        change(app, "admin", "PATCH", &unit, &json!({"name": name}));
    };
    app.watch();
    rename("Phòng một");
    assert_eq!(app.watched(|watcher| (watcher.untold.len(), watcher.compared)), (0, 1));
    execute(app, "UPDATE periods SET title = 'Khác', year = 2024").unwrap();
    execute(app, "UPDATE units SET name = 'Phòng hai' WHERE code = 'TH'").unwrap();
    rename("Phòng ba");
    // The entry says that the name was another one than the last that the audit tells of.
    assert_eq!(app.watched(|watcher| watcher.untold.len()), 2);
    execute(app, "UPDATE units SET name = 'Phòng bốn' WHERE code = 'KT'").unwrap();
    rename("Phòng năm");
    let untold = app.watched(|watcher| watcher.untold.clone());
    let found =
        ["that periods changed: [\"title\", \"year\"]", "units.name is not told by", "that units changed: [\"name\"]"];
    for (untold, found) in untold.iter().zip(found) {
        assert!(untold.contains(found), "{untold}");
    }
    assert_eq!(untold.len(), 3);
}
