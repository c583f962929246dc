//! What everybody has to do, step by step through a year.

use serde_json::{Value, json};

use crate::backends::execute;
use crate::support::year::head;
use crate::support::{App, apply, on_both};

/// A person's tasks: act, unit and last day.
fn tasks(app: &App, person: &str) -> Vec<(String, String, String)> {
    let list = app.get(person, "/v1/me/tasks").expect(200);
    let text = |value: &Value| value.as_str().unwrap_or("–").to_owned();
    list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| (text(&task["action"]), text(&task["unit_code"]), text(&task["due_on"])))
        .collect()
}

fn told(tasks: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
    tasks.iter().map(|(act, unit, day)| ((*act).to_owned(), (*unit).to_owned(), (*day).to_owned())).collect()
}

/// Does what the first task says, with the tag that the person sees there. It must be possible.
#[track_caller]
fn follow(app: &App, person: &str, body: Option<&Value>) -> Value {
    let task = app.get(person, "/v1/me/tasks").expect(200)["items"][0].clone();
    let (method, href) = (task["method"].as_str().unwrap(), task["href"].as_str().unwrap());
    let mut request = app.request(person, method, href);
    if let Some(resource) =
        href.rsplit_once('/').map(|(resource, _)| resource).filter(|resource| resource.matches('/').count() > 2)
    {
        request = request.if_match(&app.tag(person, resource));
    }
    let response = match body {
        Some(body) => request.json(body).send(),
        None => request.send(),
    };
    assert!(matches!(response.status, 200 | 201), "{person} {task}: {}", String::from_utf8_lossy(&response.bytes));
    response.json()
}

/// The year of two units: at each step everybody is told their turn, and nobody anything else.
#[apply(on_both)]
fn everybody_is_told_their_turn(app: &App) {
    assert_eq!(tasks(app, "th-head"), told(&[("create", "TH", "2023-11-10")]));
    assert_eq!(tasks(app, "th-editor"), told(&[("create", "TH", "2023-11-10")]));
    for person in [
        "secretary",
        "appraiser",
        "council-chair",
        "admin",
        "auditor",
        "deadline-checker",
        "operator",
        "so-khdt-vp-head",
    ] {
        assert_eq!(tasks(app, person), [], "{person}");
    }
    let made = follow(app, "th-head", Some(&json!({"period_id": app.period_id(), "unit_id": app.unit_id("TH")})));
    let sheet = format!("/v1/submissions/{}", made["id"].as_str().unwrap());
    assert_eq!(tasks(app, "th-editor"), told(&[("write_scores", "TH", "2023-11-10")]));
    app.write("TH", &sheet, &[]);
    assert_eq!(tasks(app, "th-head"), told(&[("submit", "TH", "2023-11-10")]));
    follow(app, "th-head", None);
    assert_eq!(tasks(app, "th-head"), []);
    let hctc = app.submitted_sheet("HCTC", &[("B.1", r#"{"points":39}"#)]);

    // After the gate, the appraisal is to be started; then each sheet appraised, but for the own unit's.
    app.set_clock("2023-11-13T01:00:00.000Z");
    assert_eq!(tasks(app, "kt-head"), []);
    assert_eq!(tasks(app, "secretary"), told(&[("start-appraisal", "–", "2023-11-20")]));
    follow(app, "secretary", None);
    assert_eq!(tasks(app, "secretary"), []);
    assert_eq!(tasks(app, "hctc-appraiser"), told(&[("appraise", "TH", "2023-11-20")]));
    assert_eq!(tasks(app, "appraiser").len(), 2);
    let begun = app
        .post(
            "hctc-appraiser",
            "/v1/reviews",
            &json!({"submission_id": sheet.rsplit('/').next().unwrap(), "stage": "appraisal"}),
        )
        .expect(201);
    let task = app.get("hctc-appraiser", "/v1/me/tasks").expect(200)["items"][0].clone();
    assert_eq!(
        (&task["href"], &task["subject"]["type"], &task["status"]),
        (&json!(format!("/v1/reviews/{}/submit", begun["id"].as_str().unwrap())), &json!("review"), &json!("due_soon"))
    );
    follow(app, "hctc-appraiser", None);
    app.review("appraiser", &hctc, "appraisal", &[]);

    // The council.
    app.set_clock("2023-11-21T01:00:00.000Z");
    assert_eq!(tasks(app, "council-chair"), told(&[("start-council-review", "–", "2023-11-30")]));
    follow(app, "council-chair", None);
    let review = |unit| ("council_review", unit, "2023-11-30");
    assert_eq!(tasks(app, "secretary"), told(&[("create", "–", "2023-11-30"), review("HCTC"), review("TH")]));
    for reviewed in [&sheet, &hctc] {
        app.review("secretary", reviewed, "council", &[]);
    }
    let council: Vec<Value> = app.council().iter().map(|(_, id)| json!({"member_id": id, "present": true})).collect();
    app.post(
        "secretary",
        "/v1/council-sessions",
        &json!({"period_id": app.period_id(), "held_on": "2023-11-28", "place": "x", "attendance": council}),
    )
    .expect(201);
    // The ranking needs facts, of the own unit from somebody else; who may not know of it yet is told nothing.
    let facts = [("write_facts", "HCTC", "2023-12-05"), ("write_facts", "TH", "2023-12-05")];
    for person in ["secretary", "appraiser"] {
        assert_eq!(tasks(app, person), told(&facts));
    }
    assert_eq!(tasks(app, "hctc-appraiser"), told(&[("write_facts", "TH", "2023-12-05")]));
    for person in ["integration", "th-head", "admin", "council-chair"] {
        assert_eq!(tasks(app, person), [], "{person}");
    }
    for _ in ["HCTC", "TH"] {
        let task = app.get("secretary", "/v1/me/tasks").expect(200)["items"][0].clone();
        let facts = json!({"anybody_disciplined": false, "party_cell_rating": "good", "under_inspection": false});
        app.request("secretary", task["method"].as_str().unwrap(), task["href"].as_str().unwrap())
            .json(&facts)
            .send()
            .expect(201);
    }
    assert_eq!(tasks(app, "secretary"), []);
    app.set_clock("2023-11-28T01:00:00.000Z");
    assert_eq!(tasks(app, "secretary"), told(&[("hold", "–", "2023-12-05")]));
    follow(app, "secretary", None);
    assert_eq!(tasks(app, "council-chair"), told(&[("close", "–", "2023-12-05")]));
    follow(app, "council-chair", None);
    assert_eq!(tasks(app, "council-chair"), told(&[("finalize", "–", "2023-12-05")]));
    follow(app, "council-chair", None);
    assert_eq!(tasks(app, "secretary"), told(&[("announce", "–", "2023-12-05")]));
    follow(app, "secretary", Some(&json!({"notice_number": "1/TB-VP", "notice_on": "2023-11-28"})));

    // The dossiers, document by document.
    assert_eq!(tasks(app, "th-head"), told(&[("attach_achievement_report", "TH", "2023-12-05")]));
    assert_eq!(tasks(app, "secretary").len(), 6);
    let proposal = app.get("th-head", "/v1/award-proposals").expect(200)["items"][0]["id"].as_str().unwrap().to_owned();
    let proposal = format!("/v1/award-proposals/{proposal}");
    let hrefs: Vec<String> = app.get("secretary", "/v1/me/tasks").expect(200)["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| task["href"].as_str().unwrap().to_owned())
        .filter(|href| href.starts_with(&proposal))
        .collect();
    assert_eq!(hrefs.len(), 3);
    for href in &hrefs {
        app.request("secretary", "PUT", href)
            .if_match(&app.tag("secretary", &proposal))
            .file("x.pdf", b"%PDF-1.7\n")
            .send()
            .expect(200);
    }
    assert_eq!(tasks(app, "th-head"), []);
    assert!(tasks(app, "secretary").contains(&("submit".to_owned(), "TH".to_owned(), "2023-12-05".to_owned())));
    app.act("secretary", &proposal, "submit", None).expect(200);
    assert!(tasks(app, "secretary").contains(&("record-decision".to_owned(), "TH".to_owned(), "–".to_owned())));
    assert_eq!(tasks(app, "integration"), told(&[("record-decision", "TH", "–")]));
}

/// It can still be done, and its gate still closes.
#[apply(on_both)]
fn what_is_waived_is_due_to_nobody(app: &App) {
    let deadlines = app.get("secretary", &format!("/v1/deadlines?unit_id={}", app.unit_id("TH"))).expect(200);
    let deadline = format!("/v1/deadlines/{}", deadlines["items"][0]["id"].as_str().unwrap());
    app.act("secretary", &deadline, "waive", Some(&json!({"reason": "x"}))).expect(200);
    let task = app.get("th-head", "/v1/me/tasks").expect(200)["items"][0].clone();
    assert_eq!(
        (&task["action"], &task["due_on"], &task["status"], &task["deadline_id"]),
        (&json!("create"), &Value::Null, &Value::Null, &Value::Null)
    );
    assert_eq!(task["until"], "2023-11-10T17:00:00.000Z");
}

/// Where late sheets are taken, the turn stays the unit's until the appraisal starts.
#[apply(on_both)]
fn a_late_sheet_has_no_last_moment(app: &App) {
    let mut body = app.period_like("2023B");
    body["late_submissions"] = json!("accept_flagged");
    let period = app.new_period(&body);
    app.act("secretary", &app.period(), "cancel", Some(&json!({"reason": "x"}))).expect(200);
    app.act("secretary", &period, "open", None).expect(200);
    app.set_clock("2023-11-12T02:00:00.000Z");
    let first = |person: &str| app.get(person, "/v1/me/tasks").expect(200)["items"][0].clone();
    let task = first("th-head");
    assert_eq!((&task["action"], &task["until"], &task["status"]), (&json!("create"), &Value::Null, &json!("overdue")));
    app.new_sheet_in(&period, "TH");
    let task = first("th-head");
    assert_eq!((&task["action"], &task["until"]), (&json!("submit"), &Value::Null));
}

#[apply(on_both)]
fn a_tie_is_the_chairs_turn(app: &App) {
    let sheets = app.in_council_review(&[("TH", &[]), ("KT", &[])]);
    for sheet in &sheets {
        app.review("secretary", sheet, "council", &[]);
    }
    app.set_clock("2023-11-28T02:00:00.000Z");
    // What is not known of a unit may still untie them.
    app.good_facts("TH");
    assert_eq!(tasks(app, "appraiser"), told(&[("write_facts", "KT", "2023-12-05")]));
    assert_eq!(tasks(app, "council-chair"), told(&[("create", "–", "2023-12-05")]));
    app.good_facts("KT");
    let session = app.closed_session("2023-11-28", 4);
    assert_eq!(tasks(app, "council-chair"), told(&[("decide_tie", "–", "2023-12-05")]));
    assert_eq!(tasks(app, "secretary"), []);
    let task = app.get("council-chair", "/v1/me/tasks").expect(200)["items"][0].clone();
    let decision = json!({"unit_ids": [app.unit_id("KT"), app.unit_id("TH")], "reason": "x", "council_session_id": session.rsplit('/').next().unwrap()});
    app.post("council-chair", task["href"].as_str().unwrap(), &decision).expect(201);
    assert_eq!(tasks(app, "council-chair"), told(&[("finalize", "–", "2023-12-05")]));
}

#[apply(on_both)]
fn a_returned_sheet_is_its_units_turn_again(app: &App) {
    let sheet = app.submitted_sheet("TH", &[]);
    app.act("appraiser", &sheet, "return", Some(&json!({"reason": "x", "due_on": "2023-11-11"}))).expect(200);
    assert_eq!(tasks(app, &head("TH")), told(&[("submit", "TH", "2023-11-11")]));
    // What the clock has taken is nobody's turn.
    app.set_clock("2023-11-11T17:00:00.000Z");
    assert_eq!(tasks(app, &head("TH")), []);
}

/// Puts ten thousand submitted sheets more beside a unit's, past the service.
fn ten_thousand_like(app: &App, unit: &str) {
    let (unit_id, period_id) = (app.unit_id(unit), app.period_id());
    let numbers = "WITH RECURSIVE n (i) AS (SELECT 100000000001 UNION ALL SELECT i + 1 FROM n WHERE i < 100000010000)";
    let id = "'00000000-0000-7000-8000-' || i";
    for rows in [
        format!(
            "INSERT INTO units (id, organization_id, code, name, kind, active, predecessor_ids, version, created_at, updated_at) \
             {numbers} SELECT {id}, organization_id, 'Z' || i, name, kind, active, predecessor_ids, version, created_at, updated_at \
             FROM units, n WHERE id = '{unit_id}'"
        ),
        format!(
            "INSERT INTO period_units (period_id, organization_id, unit_id) \
             {numbers} SELECT period_id, organization_id, {id} FROM period_units, n WHERE period_id = '{period_id}' AND unit_id = '{unit_id}'"
        ),
        format!(
            "INSERT INTO submissions (id, organization_id, period_id, unit_id, status, revision, late, due_on, closes_at, submitted_at, version, created_at, updated_at) \
             {numbers} SELECT {id}, organization_id, period_id, {id}, status, revision, late, due_on, closes_at, submitted_at, version, created_at, updated_at \
             FROM submissions, n WHERE period_id = '{period_id}' AND unit_id = '{unit_id}'"
        ),
    ] {
        execute(app, &rows).unwrap();
    }
}

/// However many there are, the first in order comes first, and the unit's people do not wait for the others.
#[apply(on_both)]
fn no_task_is_left_out(app: &App) {
    let sheet = app.submitted_sheet("TH", &[]);
    let returned = app.submitted_sheet("KT", &[]);
    app.act("appraiser", &returned, "return", Some(&json!({"reason": "x"}))).expect(200);
    ten_thousand_like(app, "TH");
    assert_eq!(tasks(app, "kt-head"), told(&[("submit", "KT", "2023-11-10")]));
    app.set_clock("2023-11-13T01:00:00.000Z");
    app.move_period("secretary", "start-appraisal");
    assert_eq!(
        tasks(app, "appraiser")[..2],
        told(&[("appraise", "KT", "2023-11-20"), ("appraise", "TH", "2023-11-20")])
    );
    let href = app.get("appraiser", "/v1/me/tasks?limit=2").expect(200)["items"][1]["subject"]["id"].clone();
    assert!(sheet.ends_with(href.as_str().unwrap()));
    assert_eq!(tasks(app, "th-head"), []);
}
