//! Deadlines: what is due, how it stands, who is reminded, and more time for who needs it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::backends::execute;
use crate::support::{App, Response, apply, on_both};

/// The deadlines that a person sees, with a query.
pub fn list(app: &App, person: &str, query: &str) -> Vec<Value> {
    let page = app.get(person, &format!("/v1/deadlines?limit=200{query}")).expect(200);
    page["items"].as_array().unwrap().clone()
}

/// The deadline of a kind, of a unit or of the whole period.
#[track_caller]
pub fn deadline(app: &App, kind: &str, unit: Option<&str>) -> Value {
    let of = |deadline: &Value| deadline["kind"] == kind && deadline["unit_code"].as_str() == unit;
    let found: Vec<Value> = list(app, "auditor", "").into_iter().filter(of).collect();
    assert_eq!(found.len(), 1, "{kind} {unit:?}");
    found[0].clone()
}

pub fn path(deadline: &Value) -> String {
    format!("/v1/deadlines/{}", deadline["id"].as_str().unwrap())
}

pub fn extension(due_on: &str) -> Value {
    json!({"due_on": due_on, "reason": "Đơn vị di chuyển trụ sở", "basis_document": "CV 45/VP-HCTC"})
}

pub fn extend(app: &App, deadline: &Value, due_on: &str) -> Response {
    app.post("secretary", &format!("{}/extensions", path(deadline)), &extension(due_on))
}

/// How many events of each type the auditor has been told of so far.
pub fn events(app: &App) -> BTreeMap<String, usize> {
    let page = app.get("auditor", "/v1/events?limit=200").expect(200);
    let mut count = BTreeMap::new();
    for event in page["items"].as_array().unwrap() {
        *count.entry(event["type"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    count
}

pub fn counted(pairs: &[(&str, usize)]) -> BTreeMap<String, usize> {
    pairs.iter().map(|(kind, number)| ((*kind).to_owned(), *number)).collect()
}

pub fn check(app: &App, body: &Value) -> Value {
    app.post("deadline-checker", "/v1/deadline-checks", body).expect(200)
}

/// The gate closes by the clock's own running, so that nothing but a check has looked at it.
pub fn let_the_gate_close(app: &App) {
    app.anonymous("PUT", "/v1/sandbox/clock")
        .json(&json!({"now": "2023-11-10T16:59:59.600Z", "ticking": true}))
        .send()
        .expect(200);
    std::thread::sleep(Duration::from_millis(600));
}

/// Moves dates of the schedule.
pub fn reschedule(app: &App, dates: &Value) -> Response {
    let period = app.period();
    let mut schedule = app.get("secretary", &period).expect(200)["schedule"].clone();
    for (name, date) in dates.as_object().unwrap() {
        schedule[name] = date.clone();
    }
    app.request("secretary", "PATCH", &period)
        .if_match(&app.tag("secretary", &period))
        .json(&json!({"schedule": schedule}))
        .send()
}

#[apply(on_both)]
fn an_open_period_says_what_is_due_and_by_whom(app: &App) {
    let all = list(app, "secretary", "");
    assert_eq!(all.len(), 12);
    for (kind, due_on, role, status) in [
        ("appraisal", json!("2023-11-20"), "appraiser", "scheduled"),
        ("council_review", json!("2023-11-30"), "council_chair", "scheduled"),
        ("result_notice", json!("2023-12-05"), "council_chair", "scheduled"),
        ("dossier", Value::Null, "secretary", "pending_anchor"),
    ] {
        let deadline = deadline(app, kind, None);
        assert_eq!(
            (&deadline["due_on"], &deadline["status"], &deadline["responsible"]),
            (&due_on, &json!(status), &json!({"role": role, "unit_id": null}))
        );
    }
    let of_th = deadline(app, "self_assessment", Some("TH"));
    assert_eq!(of_th["responsible"], json!({"role": "unit_head", "unit_id": app.unit_id("TH")}));
    assert_eq!((&of_th["due_on"], &of_th["closes_at"]), (&json!("2023-11-10"), &json!("2023-11-10T17:00:00.000Z")));
    // The first reminder is a week before.
    assert_eq!(
        (&of_th["next_check_at"], &of_th["rule"]),
        (&json!("2023-11-02T17:00:00.000Z"), &json!({"type": "fixed_date", "on": "2023-11-10"}))
    );
    assert_eq!(
        deadline(app, "dossier", None)["rule"],
        json!({"type": "working_days_after_notice", "notice_on": null, "working_days": 5, "semantics": "not_later_than"})
    );
}

/// The year of the guideline, replayed by the clock alone: nobody does anything but look at the calendar.
#[apply(on_both)]
fn a_year_replayed_by_the_clock_alone(app: &App) {
    for (now, due_soon, overdue, missed) in [
        ("2023-11-01T17:00:00.000Z", 0, 0, 0),
        // Seven, three and one days before 10 November, for eight units.
        ("2023-11-02T17:00:00.000Z", 8, 0, 0),
        ("2023-11-05T01:00:00.000Z", 8, 0, 0),
        ("2023-11-06T17:00:00.000Z", 16, 0, 0),
        ("2023-11-08T17:00:00.000Z", 24, 0, 0),
        ("2023-11-10T16:59:59.999Z", 24, 0, 0),
        // Midnight after the tenth. Nobody made a sheet, so none is missed before the appraisal starts.
        ("2023-11-10T17:00:00.000Z", 24, 8, 0),
        // The appraisal (20th) has its reminders from the 13th on.
        ("2023-11-12T17:00:00.000Z", 25, 8, 0),
        // Who looks after a long time tells what is near now, and not what was near: the appraisal has passed; the
        // council's review (30th) is four days off, the notice (5 December) nine.
        ("2023-11-25T17:00:00.000Z", 26, 9, 0),
        ("2024-01-15T01:00:00.000Z", 26, 11, 0),
        // A clock that jumps back tells nothing again.
        ("2023-11-05T01:00:00.000Z", 26, 11, 0),
        ("2024-01-15T01:00:00.000Z", 26, 11, 0),
    ] {
        app.set_clock(now);
        let told = events(app);
        let of = |kind: &str| told.get(kind).copied().unwrap_or_default();
        assert_eq!(
            (of("deadline.due_soon"), of("deadline.overdue"), of("submission.missed")),
            (due_soon, overdue, missed),
            "{now}"
        );
    }
    let by_status = |status: &str| list(app, "secretary", &format!("&status={status}")).len();
    assert_eq!(["scheduled", "due_soon", "overdue", "pending_anchor", "met"].map(by_status), [0, 0, 11, 1, 0]);
}

#[apply(on_both)]
fn a_sheet_that_is_sent_is_met_and_reminds_nobody(app: &App) {
    let sheet = app.submitted_sheet("TH", &[]);
    let of_th = || deadline(app, "self_assessment", Some("TH"));
    assert_eq!(
        (&of_th()["status"], &of_th()["met_on"], &of_th()["next_check_at"]),
        (&json!("met"), &json!("2023-11-01"), &Value::Null)
    );
    app.act("th-head", &sheet, "withdraw", None).expect(200);
    assert_eq!((&of_th()["status"], &of_th()["met_on"]), (&json!("scheduled"), &Value::Null));
    app.act("th-head", &sheet, "submit", None).expect(200);
    app.set_clock("2023-11-08T17:00:00.000Z");
    assert_eq!(events(app)["deadline.due_soon"], 7);
    app.act("appraiser", &sheet, "return", Some(&json!({"reason": "Thiếu minh chứng", "due_on": "2023-11-14"})))
        .expect(200);
    assert_eq!((&of_th()["status"], &of_th()["due_on"]), (&json!("due_soon"), &json!("2023-11-14")));
    // Not sent again by then, it stands as last sent: done on the day of that.
    app.set_clock("2023-11-14T17:00:00.000Z");
    assert_eq!((&of_th()["status"], &of_th()["met_on"]), (&json!("met"), &json!("2023-11-01")));
    assert_eq!(events(app)["submission.stands"], 1);
}

#[apply(on_both)]
fn a_unit_that_sends_and_takes_back_is_reminded_once(app: &App) {
    app.set_clock("2023-11-03T02:00:00.000Z");
    assert_eq!(events(app)["deadline.due_soon"], 8);
    let sheet = app.submitted_sheet("TH", &[]);
    for _ in 0..2 {
        app.act("th-head", &sheet, "withdraw", None).expect(200);
        assert_eq!(check(app, &json!({}))["changes"], json!([]));
        app.act("th-head", &sheet, "submit", None).expect(200);
    }
    assert_eq!(events(app)["deadline.due_soon"], 8);
}

/// Whoever looks for the first time when the council reviews tells no unit of a sheet that it can send no more.
#[apply(on_both)]
fn what_can_be_met_no_more_is_told_to_nobody(app: &App) {
    app.in_council_review(&[("TH", &[])]);
    let before = events(app);
    execute(
        app,
        "UPDATE deadlines SET told = NULL, check_on = '2023-01-01' WHERE kind = 'self_assessment' AND met_on IS NULL",
    )
    .unwrap();
    let checked = check(app, &json!({}));
    assert_eq!((&checked["changes"], &checked["overdue"]), (&json!([]), &json!(0)));
    assert_eq!(events(app), before);
}

#[apply(on_both)]
fn the_stages_are_met_by_the_last_sheet(app: &App) {
    let sheets = app.in_appraisal(&[("TH", &[]), ("KT", &[])]);
    let of = |kind: &str| deadline(app, kind, None);
    app.review("appraiser", &sheets[0], "appraisal", &[]);
    assert_eq!(of("appraisal")["status"], "due_soon");
    app.set_clock("2023-11-20T02:00:00.000Z");
    app.review("appraiser", &sheets[1], "appraisal", &[]);
    assert_eq!((&of("appraisal")["status"], &of("appraisal")["met_on"]), (&json!("met"), &json!("2023-11-20")));
    // A missed sheet that is given back is to be appraised again.
    extend(app, &deadline(app, "self_assessment", Some("NC")), "2023-11-22").expect(201);
    assert_eq!((&of("appraisal")["status"], &of("appraisal")["met_on"]), (&json!("due_soon"), &Value::Null));
    app.set_clock("2023-11-22T17:00:00.000Z");
    // Missed again: the last sheet of the stage, three days late.
    assert_eq!((&of("appraisal")["status"], &of("appraisal")["met_on"]), (&json!("met_late"), &json!("2023-11-23")));
    app.move_period("secretary", "start-council-review");
    for sheet in &sheets {
        app.review("secretary", sheet, "council", &[]);
    }
    assert_eq!(
        (&of("council_review")["status"], &of("council_review")["met_on"]),
        (&json!("met"), &json!("2023-11-23"))
    );
}

#[apply(on_both)]
fn the_dossiers_are_due_by_the_notice(app: &App) {
    app.announced(&[("TH", &[]), ("KT", &[("B.1", r#"{"points":39}"#)])]);
    assert_eq!(
        (&deadline(app, "result_notice", None)["status"], &deadline(app, "result_notice", None)["met_on"]),
        (&json!("met"), &json!("2023-11-30"))
    );
    let dossiers = list(app, "secretary", "&kind=dossier");
    assert_eq!(dossiers.len(), 2);
    let of_th = || deadline(app, "dossier", Some("TH"));
    assert_eq!(
        (&of_th()["due_on"], &of_th()["status"], &of_th()["calendar_confirmed"]),
        (&json!("2023-12-07"), &json!("due_soon"), &json!(true))
    );
    assert_eq!(of_th()["rule"]["notice_on"], "2023-11-30");
    let counted: Vec<_> =
        of_th()["explanation"].as_array().unwrap().iter().filter_map(|day| day["number"].as_u64()).collect();
    assert_eq!(counted, [1, 2, 3, 4, 5]);
    let proposal = app.first_proposal();
    app.complete_dossier(&proposal);
    // A day late; and sent back, it is due as before.
    app.set_clock("2023-12-08T02:00:00.000Z");
    app.act("secretary", &proposal, "submit", None).expect(200);
    assert_eq!(
        (&of_th()["status"], &of_th()["met_on"], &of_th()["overdue_days"]),
        (&json!("met_late"), &json!("2023-12-08"), &json!(0))
    );
    app.act("secretary", &proposal, "return", Some(&json!({"reason": "Thiếu dấu"}))).expect(200);
    assert_eq!((&of_th()["status"], &of_th()["overdue_days"]), (&json!("overdue"), &json!(1)));
    // An extension reaches the proposal.
    extend(app, &of_th(), "2023-12-12").expect(201);
    assert_eq!(
        (&of_th()["status"], &app.get("secretary", &proposal).expect(200)["dossier"]["due_on"]),
        (&json!("due_soon"), &json!("2023-12-12"))
    );
}

/// "Sau 05 ngày làm việc" read as a wait: there is a first day and no last one.
#[apply(on_both)]
fn a_term_that_is_a_wait_has_a_first_day(app: &App) {
    execute(app, "UPDATE periods SET dossier_semantics = 'not_before'").unwrap();
    app.announced(&[("TH", &[])]);
    let of_th = deadline(app, "dossier", Some("TH"));
    assert_eq!(
        (&of_th["due_on"], &of_th["opens_on"], &of_th["closes_at"], &of_th["status"]),
        (&Value::Null, &json!("2023-12-07"), &Value::Null, &json!("scheduled"))
    );
    let of_th = || deadline(app, "dossier", Some("TH"));
    assert_eq!(
        (&of_th()["status"], &of_th()["next_check_at"]),
        (&json!("scheduled"), &json!("2023-12-06T17:00:00.000Z"))
    );
    // Until then nobody is told to send it, and who tries is told when.
    let proposal = app.first_proposal();
    app.complete_dossier(&proposal);
    let offers = || {
        let seen = app.get("secretary", &proposal).expect(200);
        let submits = |list: &str| seen[list].as_array().unwrap().iter().find(|act| act["action"] == "submit").cloned();
        (
            submits("allowed_actions").is_some(),
            submits("blocked_actions"),
            app.get("secretary", "/v1/me/tasks").expect(200)["items"].as_array().unwrap().len(),
        )
    };
    let blocked =
        json!({"action": "submit", "code": "guard_failed", "params": {"not_before": "2023-12-06T17:00:00.000Z"}});
    assert_eq!(offers(), (false, Some(blocked), 0));
    app.act("secretary", &proposal, "submit", None).refused(409, "guard_failed");
    let refused = extend(app, &of_th(), "2023-12-20").refused(409, "invalid_state");
    assert_eq!(refused.json()["params"]["needs"], json!([]));
    app.set_clock("2023-12-06T17:00:00.000Z");
    assert_eq!((offers(), &of_th()["next_check_at"]), ((true, None, 1), &Value::Null));
    app.set_clock("2024-03-01T02:00:00.000Z");
    assert_eq!(of_th()["status"], "scheduled");
    app.act("secretary", &proposal, "submit", None).expect(200);
}

/// What a closed period has missed is asked of nobody any more.
#[apply(on_both)]
fn a_closed_period_is_quiet(app: &App) {
    app.announced(&[("TH", &[])]);
    let proposal = app.first_proposal();
    app.complete_dossier(&proposal);
    app.act("secretary", &proposal, "submit", None).expect(200);
    app.act("secretary", &proposal, "record-decision", Some(&json!({"outcome": "declined", "reason": "x"})))
        .expect(200);
    assert_eq!(list(app, "secretary", "&status=overdue").len(), 7);
    app.move_period("secretary", "close");
    assert_eq!(list(app, "secretary", "&status=overdue").len(), 0);
    let missed = deadline(app, "self_assessment", Some("KT"));
    assert_eq!(
        (&missed["status"], &missed["waive_reason"], &missed["overdue_days"]),
        (&json!("waived"), &json!("Kỳ thi đua đã kết thúc"), &json!(0))
    );
    let tag = app.get("secretary", "/v1/deadlines").etag();
    app.set_clock("2024-03-01T02:00:00.000Z");
    assert_eq!(app.get("secretary", "/v1/deadlines").etag(), tag);
}

/// Gates are counted by the zone: it stays while there are any.
#[apply(on_both)]
fn the_zone_stays_while_a_period_is_open(app: &App) {
    let change = |organization: &str| {
        let path = format!("/v1/organizations/{organization}");
        app.request("operator", "PATCH", &path)
            .if_match(&app.tag("operator", &path))
            .json(&json!({"time_zone": "Africa/Cairo"}))
            .send()
    };
    let of = |person: &str| {
        app.get(person, "/v1/me").expect(200)["memberships"][0]["organization_id"].as_str().unwrap().to_owned()
    };
    change(&of("secretary")).refused(409, "period_open");
    assert_eq!(change(&of("so-khdt-admin")).expect(200)["time_zone"], "Africa/Cairo");
    app.act("secretary", &app.period(), "cancel", Some(&json!({"reason": "x"}))).expect(200);
    let of_th = path(&deadline(app, "self_assessment", Some("TH")));
    let tag = app.tag("secretary", &of_th);
    change(&of("secretary")).expect(200);
    // What is shown of a gate is shown by the zone of now.
    assert_ne!(app.tag("secretary", &of_th), tag);
}

#[apply(on_both)]
fn a_day_is_written_in_one_way(app: &App) {
    let of_th = deadline(app, "self_assessment", Some("TH"));
    for day in ["2023-11-1", "+2023-11-17", "2023-11-16 ", "17.11.2023", "2023-11-31"] {
        assert_eq!(
            extend(app, &of_th, day).refused(400, "invalid_body").faults(),
            [("invalid_body".to_owned(), "/due_on".to_owned())],
            "{day}"
        );
    }
    app.get("secretary", "/v1/deadlines?due_before=2023-12-1").refused(400, "invalid_parameter");
}

#[apply(on_both)]
fn a_period_that_is_given_up_misses_no_sheet(app: &App) {
    let sheet = app.new_sheet("TH");
    app.act("secretary", &app.period(), "cancel", Some(&json!({"reason": "Sáp nhập cơ quan"}))).expect(200);
    app.set_clock("2023-11-20T17:00:00.000Z");
    assert_eq!(app.get("th-head", &sheet).expect(200)["status"], "draft");
    assert_eq!(events(app).get("submission.missed"), None);
}

#[apply(on_both)]
fn a_period_that_is_given_up_asks_nothing_of_anybody(app: &App) {
    app.act("secretary", &app.period(), "cancel", Some(&json!({"reason": "Sáp nhập cơ quan"}))).expect(200);
    let statuses: Vec<Value> = list(app, "secretary", "").iter().map(|deadline| deadline["status"].clone()).collect();
    assert_eq!(statuses, vec![json!("waived"); 12]);
    app.set_clock("2024-01-10T17:00:00.000Z");
    assert_eq!(check(app, &json!({}))["overdue"], 0);
    assert_eq!(events(app), counted(&[("period.cancelled", 1)]));
}

#[apply(on_both)]
fn everybody_sees_the_deadlines_that_concern_them(app: &App) {
    for (person, number) in [
        ("secretary", 12),
        ("appraiser", 12),
        ("hctc-appraiser", 12),
        ("th-council", 12),
        ("admin", 12),
        ("auditor", 12),
        ("deadline-checker", 12),
        // The period's four and the own unit's.
        ("th-head", 5),
        ("th-editor", 5),
        ("integration", 5),
        ("so-khdt-admin", 0),
        ("so-khdt-vp-head", 0),
    ] {
        let seen = list(app, person, "");
        assert_eq!(seen.len(), number, "{person}");
        for deadline in list(app, "auditor", "") {
            let expected =
                if seen.iter().any(|listed| listed["id"] == deadline["id"]) { vec![200] } else { vec![403, 404] };
            let status = app.get(person, &path(&deadline)).status;
            assert!(expected.contains(&status), "{person} {}: {status}", deadline["kind"]);
        }
    }
    app.get("operator", "/v1/deadlines").refused(403, "role_required");
    let of_kt = deadline(app, "self_assessment", Some("KT"));
    for (person, status) in [
        ("secretary", 201),
        ("admin", 403),
        ("council-chair", 403),
        ("auditor", 403),
        ("kt-head", 403),
        ("deadline-checker", 403),
    ] {
        assert_eq!(
            app.post(person, &format!("{}/extensions", path(&of_kt)), &extension("2023-11-12")).status,
            status,
            "{person}"
        );
    }
    for person in ["th-head", "so-khdt-admin", "operator", "integration"] {
        app.post(person, &format!("{}/extensions", path(&of_kt)), &extension("2023-11-12")).refused(404, "not_found");
    }
}

#[apply(on_both)]
fn deadlines_are_found_by_what_is_asked(app: &App) {
    app.submitted_sheet("TH", &[]);
    app.new_sheet("KT");
    app.set_clock("2023-11-13T01:00:00.000Z");
    let count = |query: &str| list(app, "secretary", query).len();
    for (query, number) in [
        ("&kind=self_assessment,dossier", 9),
        ("&kind=appraisal&status=due_soon", 1),
        ("&status=overdue", 7),
        ("&status=overdue,met", 8),
        ("&due_before=2023-11-20", 8),
        ("&due_before=2023-11-21", 9),
        ("&overdue_days_gte=3", 7),
        ("&overdue_days_gte=4", 0),
    ] {
        assert_eq!(count(query), number, "{query}");
    }
    assert_eq!(count(&format!("&unit_id={}", app.unit_id("TH"))), 1);
    assert_eq!(count(&format!("&period_id={}", app.period_id())), 12);
    assert_eq!(count("&period_id=018b88d6-5f80-7000-8000-0000000fffff"), 0);
    // The databases tell the status as the rules do.
    for status in ["pending_anchor", "scheduled", "due_soon", "overdue", "met", "met_late", "waived"] {
        let told: Vec<Value> =
            list(app, "secretary", "").into_iter().filter(|deadline| deadline["status"] == status).collect();
        assert_eq!(list(app, "secretary", &format!("&status={status}")), told, "{status}");
    }
    for wrong in [
        "status=late",
        "kind=x",
        "due_before=tomorrow",
        "due_before=-9999-01-01",
        "overdue_days_gte=0",
        "overdue_days_gte=x",
        "period_id=1",
        "sort=kind",
    ] {
        app.get("secretary", &format!("/v1/deadlines?{wrong}")).refused(400, "invalid_parameter");
    }
    // What is due next comes first, page by page, and what has no date last.
    let (mut dates, mut next) = (Vec::new(), "/v1/deadlines?sort=due_on&limit=5".to_owned());
    loop {
        let response = app.get("secretary", &next);
        let link = response.header("link").to_owned();
        dates.extend(
            response.expect(200)["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|deadline| deadline["due_on"].as_str().unwrap_or("none").to_owned()),
        );
        let Some(more) = link.strip_prefix('<').and_then(|link| link.strip_suffix(">; rel=\"next\"")) else { break };
        next = more.to_owned();
    }
    assert_eq!(dates.len(), 12);
    assert!(dates.is_sorted() && dates[11] == "none", "{dates:?}");
}

/// Who asks every minute is told 304 until there is something new.
#[apply(on_both)]
fn an_unchanged_list_is_304(app: &App) {
    let tag = app.get("deadline-checker", "/v1/deadlines").etag();
    let again = || app.request("deadline-checker", "GET", "/v1/deadlines").header("if-none-match", &tag).send().status;
    app.set_clock("2023-11-02T16:59:59.999Z");
    check(app, &json!({}));
    assert_eq!(again(), 304);
    app.set_clock("2023-11-02T17:00:00.000Z");
    assert_eq!(again(), 200);
}
