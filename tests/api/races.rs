//! What happens at once: nobody's change is lost, and nothing is done twice.

use serde_json::json;

use crate::backends::execute;
use crate::support::year::FULL;
use crate::support::{App, Response, apply, at_once, on_both};

fn sorted<T: Ord>(responses: &[Response], of: impl Fn(&Response) -> T) -> Vec<T> {
    let mut all: Vec<T> = responses.iter().map(of).collect();
    all.sort();
    all
}

/// What is recorded waits before it is: two changes that are made at once have both made their change by then, unless
/// one holds off the other. `SQLite` has one writer at a time.
pub fn slow_to_record(app: &App) {
    if app.is_postgres() {
        let wait = "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.4); RETURN NULL; END $$;
            CREATE TRIGGER wait BEFORE INSERT ON audit_entries FOR EACH STATEMENT EXECUTE FUNCTION wait()";
        execute(app, wait).unwrap();
    }
}

#[apply(on_both)]
fn of_two_submits_of_one_state_one_wins(app: &App) {
    let sheet = app.new_sheet("TH");
    app.write("TH", &sheet, &[]);
    let tag = app.tag("th-head", &sheet);
    let responses = at_once(2, |_| app.request("th-head", "POST", &format!("{sheet}/submit")).if_match(&tag).send());
    assert_eq!(
        sorted(&responses, |response| (response.status, response.code())),
        [(200, String::new()), (412, "version_mismatch".into())]
    );
    assert_eq!(app.get("th-head", &sheet).expect(200)["revision"], 1);
    assert_eq!(app.get("th-head", &format!("{sheet}/revisions")).expect(200)["items"].as_array().unwrap().len(), 1);
}

#[apply(on_both)]
fn of_two_new_sheets_of_a_unit_one_is_made(app: &App) {
    let body = json!({"period_id": app.period_id(), "unit_id": app.unit_id("TH")});
    let responses = at_once(2, |number| app.post(["th-head", "th-editor"][number], "/v1/submissions", &body));
    assert_eq!(
        sorted(&responses, |response| (response.status, response.code())),
        [(201, String::new()), (409, "already_exists".into())]
    );
    assert_eq!(app.get("auditor", "/v1/submissions").expect(200)["items"].as_array().unwrap().len(), 1);
}

#[apply(on_both)]
fn one_key_at_once_is_one_effect(app: &App) {
    let body = json!({"code": "TTHC", "name": "Trung tâm", "kind": "centre"});
    let responses =
        at_once(2, |_| app.request("admin", "POST", "/v1/units").header("idempotency-key", "k-1").json(&body).send());
    assert_eq!(
        sorted(&responses, |response| (response.status, response.header("idempotency-replayed").to_owned())),
        [(201, String::new()), (201, "true".into())]
    );
    assert_eq!(responses[0].bytes, responses[1].bytes);
    assert_eq!(app.get("admin", "/v1/units").expect(200)["items"].as_array().unwrap().len(), 9);
}

#[apply(on_both)]
fn one_key_for_two_things_at_once_is_one_of_them(app: &App) {
    let responses = at_once(2, |number| {
        let body = json!({"code": format!("TTHC{number}"), "name": "Trung tâm", "kind": "centre"});
        app.request("admin", "POST", "/v1/units").header("idempotency-key", "k-1").json(&body).send()
    });
    assert_eq!(sorted(&responses, |response| response.status), [201, 422]);
    responses.into_iter().find(|response| response.status == 422).unwrap().refused(422, "idempotency_key_reused");
}

/// Each of twenty writes a line of its own and tries again where another was faster.
#[apply(on_both)]
fn no_write_is_lost(app: &App) {
    let sheet = app.new_sheet("TH");
    let version = || app.get("th-head", &sheet).expect(200)["version"].as_i64().unwrap();
    let before = version();
    let tries = at_once(20, |number| {
        let (code, full) = FULL[number];
        (1..).find(|_| {
            let response = app.patch(["th-head", "th-editor"][number % 2], &sheet, &[(code, full)]);
            assert!(matches!(response.status, 200 | 412), "{}: {}", response.status, response.code());
            response.status == 200
        })
    });
    assert_eq!(version() - before, 20, "{tries:?}");
    let seen = app.get("th-head", &format!("{sheet}/scores")).expect(200);
    let scored = seen["scores"].as_array().unwrap().iter().filter(|line| !line["self"].is_null()).count();
    assert_eq!(scored, 20);
    let entries = app.get("auditor", "/v1/audit-entries?action=submission.write_scores&limit=200").expect(200);
    assert_eq!(entries["items"].as_array().unwrap().len(), 20);
}

/// A write and a submit that start from one state: what is frozen is what was seen.
#[apply(on_both)]
fn a_write_never_slips_under_a_submit(app: &App) {
    let sheet = app.new_sheet("TH");
    app.write("TH", &sheet, &[]);
    let tag = app.tag("th-head", &sheet);
    let responses = at_once(2, |number| match number {
        0 => app.request("th-head", "POST", &format!("{sheet}/submit")).if_match(&tag).send(),
        _ => app
            .request("th-editor", "PATCH", &format!("{sheet}/scores"))
            .if_match(&tag)
            .json(&crate::support::scores(&[("A.II.1", r#"{"points":1}"#)]))
            .send(),
    });
    let seen = app.get("th-head", &sheet).expect(200);
    let after = (&seen["status"], &seen["totals"]["self"]["total"]);
    match (responses[0].status, responses[1].status) {
        (200, 412) => assert_eq!(after, (&json!("submitted"), &json!(1000))),
        (412, 200) => assert_eq!(after, (&json!("draft"), &json!(971))),
        other => panic!("{other:?}"),
    }
}

#[apply(on_both)]
fn of_two_appraisals_of_a_sheet_one_is_made(app: &App) {
    let sheet = app.submitted_sheet("TH", &[]);
    app.set_clock("2023-11-11T01:00:00.000Z");
    app.move_period("secretary", "start-appraisal");
    let body = json!({"submission_id": sheet.rsplit('/').next().unwrap(), "stage": "appraisal"});
    let responses = at_once(2, |number| app.post(["appraiser", "hctc-appraiser"][number], "/v1/reviews", &body));
    assert_eq!(
        sorted(&responses, |response| (response.status, response.code())),
        [(201, String::new()), (409, "already_exists".into())]
    );
}

#[apply(on_both)]
fn a_period_moves_once(app: &App) {
    app.set_clock("2023-11-11T01:00:00.000Z");
    let period = app.period();
    let tag = app.tag("secretary", &period);
    let people = ["secretary", "appraiser", "council-chair"];
    let responses = at_once(3, |number| {
        app.request(people[number], "POST", &format!("{period}/start-appraisal")).if_match(&tag).send()
    });
    assert_eq!(sorted(&responses, |response| response.status), [200, 412, 412]);
    assert_eq!(app.get("auditor", "/v1/submissions").expect(200)["items"].as_array().unwrap().len(), 8);
}

#[apply(on_both)]
fn of_the_last_two_appraisals_at_once_one_ends_the_stage(app: &App) {
    let sheets = app.in_appraisal(&[("TH", &[]), ("KT", &[])]);
    let reviews: Vec<String> = sheets
        .iter()
        .map(|sheet| {
            let body = json!({"submission_id": sheet.rsplit('/').next().unwrap(), "stage": "appraisal"});
            format!("/v1/reviews/{}", app.post("appraiser", "/v1/reviews", &body).expect(201)["id"].as_str().unwrap())
        })
        .collect();
    slow_to_record(app);
    for response in at_once(2, |number| app.act("appraiser", &reviews[number], "submit", None)) {
        response.expect(200);
    }
    let stage = app.get("secretary", "/v1/deadlines?kind=appraisal").expect(200)["items"][0].clone();
    assert_eq!((&stage["status"], &stage["met_on"]), (&json!("met"), &json!("2023-11-13")));
}

#[apply(on_both)]
fn an_extension_reaches_a_sheet_that_is_made_meanwhile(app: &App) {
    let deadlines = app.get("secretary", &format!("/v1/deadlines?unit_id={}", app.unit_id("TH"))).expect(200);
    let deadline = format!("/v1/deadlines/{}/extensions", deadlines["items"][0]["id"].as_str().unwrap());
    let extension =
        json!({"due_on": "2023-11-15", "reason": "Đơn vị di chuyển trụ sở", "basis_document": "CV 45/VP-HCTC"});
    let sheet = json!({"period_id": app.period_id(), "unit_id": app.unit_id("TH")});
    slow_to_record(app);
    let responses = at_once(2, |number| match number {
        0 => app.post("secretary", &deadline, &extension),
        _ => app.post("th-head", "/v1/submissions", &sheet),
    });
    assert_eq!([responses[0].status, responses[1].status], [201, 201]);
    let made = format!("/v1/submissions/{}", responses[1].json()["id"].as_str().unwrap());
    let seen = app.get("th-head", &made).expect(200);
    assert_eq!((&seen["due_on"], &seen["closes_at"]), (&json!("2023-11-15"), &json!("2023-11-15T17:00:00.000Z")));
}

/// Whichever is first: the notice counts the new day, or the new day moves what the notice has set.
#[apply(on_both)]
fn a_new_day_off_reaches_a_notice_that_is_given_meanwhile(app: &App) {
    app.finalized(&[("TH", &[])]);
    app.set_clock("2023-11-30T02:00:00.000Z");
    let (period, notice) = (app.period(), json!({"notice_number": "1234/TB-VP", "notice_on": "2023-11-30"}));
    let (tag, day) = (
        app.tag("secretary", &period),
        json!({"kind": "holiday", "name": "Ngày truyền thống", "status": "official", "legal_basis": "QĐ 12/QĐ-VP"}),
    );
    slow_to_record(app);
    let responses = at_once(2, |number| match number {
        0 => app.request("admin", "PUT", "/v1/calendar-days/2023-12-01").json(&day).send(),
        _ => app.request("secretary", "POST", &format!("{period}/announce")).if_match(&tag).json(&notice).send(),
    });
    assert_eq!([responses[0].status, responses[1].status], [201, 200]);
    let proposal = app.first_proposal();
    assert_eq!(app.get("secretary", &proposal).expect(200)["dossier"]["due_on"], "2023-12-08");
    assert_eq!(app.get("secretary", "/v1/deadlines?kind=dossier").expect(200)["items"][0]["due_on"], "2023-12-08");
}

/// A zone that changes while a period opens: whichever is first, one gate for the sheet and its deadline.
#[apply(on_both)]
fn a_period_opens_in_one_zone(app: &App) {
    let draft = app.new_period(&app.period_like("2023B"));
    app.act("secretary", &app.period(), "cancel", Some(&json!({"reason": "x"}))).expect(200);
    let office =
        app.get("secretary", "/v1/me").expect(200)["memberships"][0]["organization_id"].as_str().unwrap().to_owned();
    let office = format!("/v1/organizations/{office}");
    let (of_office, of_draft) = (app.tag("operator", &office), app.tag("secretary", &draft));
    slow_to_record(app);
    let responses = at_once(2, |number| match number {
        0 => {
            // Once the period is about to be recorded as open.
            std::thread::sleep(std::time::Duration::from_millis(150));
            app.request("operator", "PATCH", &office)
                .if_match(&of_office)
                .json(&json!({"time_zone": "Africa/Cairo"}))
                .send()
        }
        _ => app.request("secretary", "POST", &format!("{draft}/open")).if_match(&of_draft).send(),
    });
    assert!(matches!([responses[0].status, responses[1].status], [200 | 409, 200]));
    let acts =
        app.get("auditor", "/v1/audit-entries?action=organization.change,period.open").expect(200)["items"].clone();
    let acts: Vec<&str> = acts.as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    let expected =
        if responses[0].status == 200 { vec!["organization.change", "period.open"] } else { vec!["period.open"] };
    assert_eq!(acts, expected);
    let sheet = app.new_sheet_in(&draft, "TH");
    let gate = app.get("th-head", &sheet).expect(200)["closes_at"].clone();
    let deadlines = app.get("th-head", "/v1/deadlines?kind=self_assessment&status=scheduled").expect(200);
    assert_eq!(deadlines["items"][0]["closes_at"], gate);
}

/// Whichever is first: the unit is inactive and the period stays a draft, or the period opens and the unit stays active.
#[apply(on_both)]
fn no_period_opens_with_a_unit_that_becomes_inactive_meanwhile(app: &App) {
    app.act("secretary", &app.period(), "cancel", Some(&json!({"reason": "x"}))).expect(200);
    let draft = app.new_period(&app.period_like("2023B"));
    let unit = format!("/v1/units/{}", app.unit_id("THCB"));
    let (of_draft, of_unit) = (app.tag("secretary", &draft), app.tag("admin", &unit));
    slow_to_record(app);
    let responses = at_once(2, |number| match number {
        0 => app.request("admin", "PATCH", &unit).if_match(&of_unit).json(&json!({"active": false})).send(),
        _ => app.request("secretary", "POST", &format!("{draft}/open")).if_match(&of_draft).send(),
    });
    match (responses[0].status, responses[1].status) {
        (200, 409) => assert_eq!(responses[1].code(), "guard_failed"),
        (409, 200) => assert_eq!(responses[0].code(), "unit_in_open_period"),
        other => panic!("{other:?}"),
    }
}

#[apply(on_both)]
fn two_units_do_not_become_each_other_s_predecessor_at_once(app: &App) {
    let units = ["TH", "KT"].map(|code| app.unit_id(code));
    let tags = units.each_ref().map(|id| app.tag("admin", &format!("/v1/units/{id}")));
    slow_to_record(app);
    let responses = at_once(2, |number| {
        let body = json!({"predecessor_ids": [units[1 - number]]});
        app.request("admin", "PATCH", &format!("/v1/units/{}", units[number]))
            .if_match(&tags[number])
            .json(&body)
            .send()
    });
    assert_eq!(sorted(&responses, |response| response.status), [200, 422]);
    let refused = responses.into_iter().find(|response| response.status == 422).unwrap();
    refused.refused(422, "predecessor_circle");
}
