//! Who may do what, and who may read what: the table of rights against the calls themselves.

use serde_json::{Value, json};

use crate::support::year::head;
use crate::support::{App, Response, apply, egov_document, on_both, scores};

/// One or more of every role: of the sheet's unit, of another, of none, of another office.
pub const PEOPLE: [&str; 19] = [
    "th-editor",
    "th-head",
    "hctc-head",
    "kt-editor",
    "kt-head",
    "appraiser",
    "hctc-appraiser",
    "th-council",
    "hctc-council",
    "nc-council",
    "council-chair",
    "secretary",
    "admin",
    "auditor",
    "integration",
    "deadline-checker",
    "operator",
    "so-khdt-admin",
    "so-khdt-vp-head",
];

/// Every act on a sheet.
const ACTIONS: [&str; 7] =
    ["write_scores", "add_evidence", "submit", "withdraw", "return", "appraise", "council_review"];

/// Calls an act so that, where it can be, the content is refused and nothing moves.
fn probe(app: &App, person: &str, sheet: &str, tag: &str, action: &str) -> Response {
    let request = |method: &str, path: &str| app.request(person, method, &format!("{sheet}/{path}")).if_match(tag);
    let review = |stage: &str| {
        app.post(person, "/v1/reviews", &json!({"submission_id": sheet.rsplit('/').next().unwrap(), "stage": stage}))
    };
    match action {
        "write_scores" => request("PATCH", "scores").json(&scores(&[("A.II.1", r#"{"points":31}"#)])).send(),
        "add_evidence" => {
            let mut body = egov_document("A.II.1");
            body["number"] = json!("");
            app.post(person, &format!("{sheet}/evidence/references"), &body)
        }
        "submit" => request("POST", "submit").send(),
        "withdraw" => request("POST", "withdraw").send(),
        "return" => request("POST", "return").json(&json!({"reason": ""})).send(),
        "appraise" => review("appraisal"),
        "council_review" => review("council"),
        other => panic!("{other} is no act on a sheet"),
    }
}

fn is_refused(response: &Response) -> bool {
    matches!(response.status, 401 | 403 | 404)
        || matches!(response.code().as_str(), "invalid_state" | "deadline_passed")
}

/// Whether the lists agree with the calls, for everybody. Gives what does not.
fn disagreements(app: &App, when: &str, sheets: &[(&str, &String)], cells: &mut usize) -> Vec<String> {
    let mut found = Vec::new();
    for person in PEOPLE {
        for (unit, sheet) in sheets {
            for action in ACTIONS {
                *cells += 1;
                // Read anew each time: a probe that could not be made harmless may have moved the tag.
                let seen = app.get(person, sheet);
                let view = seen.json();
                let tag = if seen.status == 200 { seen.etag() } else { "*".to_owned() };
                let offer = |list: &str| {
                    view[list]
                        .as_array()
                        .and_then(|offers| offers.iter().find(|offer| offer["action"] == action))
                        .cloned()
                };
                let (allowed, blocked) = (offer("allowed_actions"), offer("blocked_actions"));
                let response = probe(app, person, sheet, &tag, action);
                let what = || format!("{when}, {unit}, {person}, {action}: {} {}", response.status, response.code());
                if seen.status != 200 {
                    // Who may not read it: the act tells no more than the reading does.
                    if (response.status, response.code()) != (seen.status, seen.code()) {
                        found.push(format!("{} though reading is {} {}", what(), seen.status, seen.code()));
                    }
                } else if allowed.is_some() == is_refused(&response) {
                    found.push(format!("{} though allowed is {}", what(), allowed.is_some()));
                }
                if let Some(blocked) = blocked
                    && blocked["code"] != response.code().as_str()
                {
                    found.push(format!("{} though blocked by {}", what(), blocked["code"]));
                }
                if action == "withdraw" && response.status == 200 {
                    app.act(&head(unit), sheet, "submit", None).expect(200);
                }
            }
        }
    }
    found
}

/// Submits the review that somebody's probe has started, or one made for it.
#[track_caller]
fn finish_review(app: &App, person: &str, sheet: &str, stage: &str) {
    let list =
        app.get("auditor", &format!("/v1/reviews?submission_id={}", sheet.rsplit('/').next().unwrap())).expect(200);
    let started = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|review| review["stage"] == stage)
        .map(|review| review["id"].clone());
    match started {
        Some(id) => drop(app.act(person, &format!("/v1/reviews/{}", id.as_str().unwrap()), "submit", None).expect(200)),
        None => drop(app.review(person, sheet, stage, &[])),
    }
}

/// What a person gets at a path.
fn answers(app: &App, path: &str, people: &[&str], status: u16) {
    for person in people {
        let response = app.get(person, path);
        assert_eq!(response.status, status, "{person} at {path}: {}", String::from_utf8_lossy(&response.bytes));
    }
}

/// For every role, status and clock: listed is the same as not refused.
#[apply(on_both)]
fn what_is_listed_is_what_is_not_refused(app: &App) {
    let (mut found, mut cells) = (Vec::new(), 0);
    let (th, hctc, kt) = (app.new_sheet("TH"), app.new_sheet("HCTC"), app.new_sheet("KT"));
    let sheets = [("TH", &th), ("HCTC", &hctc), ("KT", &kt)];
    found.extend(disagreements(app, "draft", &sheets, &mut cells));

    app.write("TH", &th, &[]);
    app.write("HCTC", &hctc, &[("A.II.1", r#"{"points":25}"#)]);
    for (unit, sheet) in &sheets[..2] {
        app.act(&head(unit), sheet, "submit", None).expect(200);
    }
    found.extend(disagreements(app, "submitted", &sheets, &mut cells));

    app.act("appraiser", &th, "return", Some(&json!({"reason": "Thiếu minh chứng"}))).expect(200);
    app.patch("th-head", &th, &[("A.II.1", "null")]).expect(200);
    found.extend(disagreements(app, "returned", &sheets[..1], &mut cells));
    app.patch("th-head", &th, &[("A.II.1", r#"{"points":30}"#)]).expect(200);
    app.act("th-head", &th, "submit", None).expect(200);

    app.set_clock("2023-11-10T17:00:00.000Z");
    found.extend(disagreements(app, "gate closed", &sheets, &mut cells));

    app.move_period("secretary", "start-appraisal");
    app.act("appraiser", &th, "return", Some(&json!({"reason": "Thiếu minh chứng", "due_on": "2023-11-14"})))
        .expect(200);
    app.patch("th-head", &th, &[("A.II.1", "null")]).expect(200);
    found.extend(disagreements(app, "returned in appraisal", &sheets[..1], &mut cells));
    app.patch("th-head", &th, &[("A.II.1", r#"{"points":30}"#)]).expect(200);
    app.act("th-head", &th, "submit", None).expect(200);
    found.extend(disagreements(app, "appraisal", &sheets, &mut cells));

    for (unit, sheet) in &sheets[..2] {
        let list =
            app.get("auditor", &format!("/v1/reviews?submission_id={}", sheet.rsplit('/').next().unwrap())).expect(200);
        let by =
            if *unit == "TH" && list["items"].as_array().unwrap().is_empty() { "hctc-appraiser" } else { "appraiser" };
        finish_review(app, by, sheet, "appraisal");
    }
    found.extend(disagreements(app, "appraised", &sheets, &mut cells));

    app.set_clock("2023-11-21T01:00:00.000Z");
    app.move_period("secretary", "start-council-review");
    found.extend(disagreements(app, "council review", &sheets, &mut cells));
    for (_, sheet) in &sheets[..2] {
        finish_review(app, "council-chair", sheet, "council");
    }
    found.extend(disagreements(app, "reviewed", &sheets, &mut cells));

    for unit in ["TH", "HCTC"] {
        app.good_facts(unit);
    }
    app.set_clock("2023-11-28T01:00:00.000Z");
    app.closed_session("2023-11-28", 6);
    app.move_period("council-chair", "finalize");
    found.extend(disagreements(app, "finalized", &sheets, &mut cells));
    app.act(
        "council-chair",
        &app.period(),
        "announce",
        Some(&json!({"notice_number": "1/TB", "notice_on": "2023-11-28"})),
    )
    .expect(200);
    found.extend(disagreements(app, "announced", &sheets, &mut cells));
    assert!(found.is_empty(), "{} of {cells} disagree:\n{}", found.len(), found.join("\n"));
    assert_eq!(cells, 3_857, "19 people, 7 acts, 29 sheets over the year");
}

/// A draft is its unit's alone, and nothing that is done to it tells of it.
#[apply(on_both)]
fn a_draft_does_not_reveal_that_it_exists(app: &App) {
    let sheet = app.new_sheet("TH");
    let id = sheet.rsplit('/').next().unwrap();
    for (person, stage) in [
        ("appraiser", "appraisal"),
        ("secretary", "council"),
        ("council-chair", "council"),
        ("kt-head", "appraisal"),
        ("admin", "council"),
    ] {
        app.post(person, "/v1/reviews", &json!({"submission_id": id, "stage": stage})).refused(404, "not_found");
        app.get(person, &format!("/v1/reviews?submission_id={id}")).refused(404, "not_found");
    }
    app.request("appraiser", "POST", &format!("{sheet}/return"))
        .if_match("*")
        .json(&json!({"reason": "x"}))
        .send()
        .refused(404, "not_found");
}

#[apply(on_both)]
fn the_ranking_is_hidden_from_units_and_the_admin_before_the_announcement(app: &App) {
    let ranking = format!("{}/ranking", app.period());
    answers(
        app,
        &ranking,
        &["appraiser", "hctc-appraiser", "th-council", "council-chair", "secretary", "auditor"],
        200,
    );
    for person in
        ["th-head", "th-editor", "kt-head", "admin", "integration", "deadline-checker", "operator", "so-khdt-admin"]
    {
        let response = app.get(person, &ranking);
        assert!(matches!(response.status, 403 | 404), "{person}: {}", response.status);
    }
}

#[apply(on_both)]
fn the_ranking_is_there_for_all_of_the_office_once_announced(app: &App) {
    app.announced_year();
    let ranking = format!("{}/ranking", app.period());
    answers(
        app,
        &ranking,
        &[
            "appraiser",
            "th-council",
            "council-chair",
            "secretary",
            "auditor",
            "th-head",
            "kt-editor",
            "admin",
            "integration",
        ],
        200,
    );
    answers(app, &ranking, &["operator", "so-khdt-admin", "so-khdt-vp-head"], 404);
    let rows = app.get("th-head", &ranking).expect(200)["rows"].clone();
    assert_eq!(rows.as_array().unwrap().len(), 8);
    for row in rows.as_array().unwrap() {
        let own = row["unit_code"] == "TH";
        assert_eq!(row["eligible"].is_null(), !own, "{row}");
        assert!(own || row["ineligible_reasons"] == json!([]), "{row}");
    }
}

#[apply(on_both)]
fn a_unit_sees_its_own_result_once_announced(app: &App) {
    let [th, hctc] = app.announced_year();
    let seen = app.get("th-head", &th).expect(200);
    assert_eq!(
        (&seen["totals"]["appraisal"]["total"], &seen["totals"]["council"]["total"], &seen["totals"]["final"]["total"]),
        (&json!(1000), &json!(1000), &json!(1000))
    );
    app.get("th-head", &hctc).refused(404, "not_found");
    app.get("kt-head", &th).refused(404, "not_found");
    app.get("admin", &th).refused(404, "not_found");
}

#[apply(on_both)]
fn the_admin_the_council_and_the_auditor_read_members(app: &App) {
    answers(app, "/v1/members", &["admin", "secretary", "council-chair", "auditor"], 200);
    for person in ["th-head", "th-editor", "appraiser", "th-council", "integration", "deadline-checker"] {
        app.get(person, "/v1/members").refused(403, "role_required");
    }
    let id = app.get("th-head", "/v1/me").expect(200)["memberships"][0]["member_id"].as_str().unwrap().to_owned();
    answers(app, &format!("/v1/members/{id}"), &["admin", "secretary", "council-chair", "auditor"], 200);
    answers(
        app,
        &format!("/v1/members/{id}"),
        &["th-head", "appraiser", "th-council", "operator", "so-khdt-admin"],
        404,
    );
}

#[apply(on_both)]
fn a_draft_of_the_table_is_not_there_for_units_and_council(app: &App) {
    let guideline: Value = serde_json::from_str(include_str!("../../openapi/examples/criteria-2023.json")).unwrap();
    let body = json!({"code": "DRAFT", "title": "Dự thảo", "year": 2024, "total_points": guideline["total_points"], "parts": guideline["parts"]});
    let id = app.post("admin", "/v1/criteria-sets", &body).expect(201)["id"].as_str().unwrap().to_owned();
    for path in ["", "/criteria", "/validation"] {
        let path = format!("/v1/criteria-sets/{id}{path}");
        answers(app, &path, &["admin", "secretary", "appraiser", "auditor"], 200);
        answers(
            app,
            &path,
            &["th-head", "th-editor", "th-council", "council-chair", "integration", "operator", "so-khdt-admin"],
            404,
        );
    }
    let sees = |person: &str| app.get(person, "/v1/criteria-sets").expect(200)["items"].as_array().unwrap().len();
    assert_eq!(
        ["admin", "appraiser", "th-head", "th-council", "council-chair", "integration"].map(sees),
        [2, 2, 1, 1, 1, 1]
    );
    answers(app, "/v1/criteria-sets?status=draft", &["th-head"], 200);
    assert_eq!(app.get("th-head", "/v1/criteria-sets?status=draft").expect(200)["items"], json!([]));
}

#[apply(on_both)]
fn facts_are_each_units_own_to_read(app: &App) {
    app.set_clock("2023-11-11T01:00:00.000Z");
    app.move_period("secretary", "start-appraisal");
    app.good_facts("TH");
    let path = format!("{}/facts/{}", app.period(), app.unit_id("TH"));
    answers(
        app,
        &path,
        &["th-head", "th-editor", "appraiser", "th-council", "council-chair", "secretary", "auditor", "integration"],
        200,
    );
    for person in ["kt-head", "kt-editor", "admin", "deadline-checker", "operator", "so-khdt-vp-head"] {
        let response = app.get(person, &path);
        assert!(matches!(response.status, 403 | 404), "{person}: {}", response.status);
    }
    let sees = |person: &str| {
        app.get(person, &format!("{}/facts", app.period())).json()["items"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(["th-head", "kt-head", "secretary", "admin"].map(sees), [1, 0, 1, 0]);
}

#[apply(on_both)]
fn nobody_writes_facts_about_their_own_unit(app: &App) {
    app.set_clock("2023-11-11T01:00:00.000Z");
    app.move_period("secretary", "start-appraisal");
    let body = json!({"anybody_disciplined": false, "party_cell_rating": "good", "under_inspection": false});
    let put = |person: &str, unit: &str| {
        app.request(person, "PUT", &format!("{}/facts/{}", app.period(), app.unit_id(unit))).json(&body).send()
    };
    put("hctc-appraiser", "HCTC").refused(403, "recused");
    put("th-head", "TH").refused(403, "role_required");
    assert!(is_refused(&put("kt-head", "TH")));
    put("hctc-appraiser", "TH").expect(201);
}

#[apply(on_both)]
fn the_admin_reads_the_audit_without_scores(app: &App) {
    let sheet = app.new_sheet("TH");
    app.patch("th-head", &sheet, &[("A.II.1", r#"{"points":27.5}"#)]).expect(200);
    let path = format!("/v1/audit-entries?subject_type=submission&subject_id={}", sheet.rsplit('/').next().unwrap());
    let entries = |person: &str| app.get(person, &path).expect(200)["items"].as_array().unwrap().clone();
    let (whole, blank) = (entries("auditor"), entries("admin"));
    assert_eq!(
        whole.iter().map(|entry| entry["action"].as_str().unwrap()).collect::<Vec<_>>(),
        ["submission.create", "submission.write_scores"]
    );
    assert_eq!(whole[1]["after"]["A.II.1"]["points"], 27.5);
    assert_eq!(whole[1]["actor"]["subject"], "th-head");
    assert_eq!(blank.len(), 2);
    for entry in blank {
        assert_eq!((&entry["before"], &entry["after"]), (&Value::Null, &Value::Null));
    }
    for person in
        ["th-head", "appraiser", "th-council", "council-chair", "secretary", "integration", "deadline-checker"]
    {
        app.get(person, "/v1/audit-entries").refused(403, "role_required");
    }
}

#[apply(on_both)]
fn the_admin_sees_no_sheet_and_no_score(app: &App) {
    let sheet = app.submitted_sheet("TH", &[]);
    for path in ["", "/scores", "/readiness", "/revisions", "/revisions/1"] {
        app.get("admin", &format!("{sheet}{path}")).refused(404, "not_found");
    }
    assert_eq!(app.get("admin", "/v1/submissions").expect(200)["items"], json!([]));
}

#[apply(on_both)]
fn the_council_sees_a_sheet_from_its_appraisal_on(app: &App) {
    let sheet = app.submitted_sheet("TH", &[]);
    answers(app, &sheet, &["appraiser", "secretary", "auditor"], 200);
    answers(app, &sheet, &["nc-council", "council-chair"], 404);
    app.set_clock("2023-11-11T01:00:00.000Z");
    app.move_period("secretary", "start-appraisal");
    answers(app, &sheet, &["nc-council", "council-chair"], 404);
    let review = app.review("appraiser", &sheet, "appraisal", &[]);
    answers(app, &sheet, &["nc-council", "council-chair"], 200);
    answers(app, &review, &["nc-council", "council-chair", "secretary", "auditor"], 200);
    app.get("th-council", &sheet).refused(403, "recused");
    app.get("th-council", &review).refused(403, "recused");
    answers(app, &review, &["th-head", "kt-head", "admin", "integration"], 404);
}

/// The list and the single sheet follow one rule.
#[apply(on_both)]
fn the_list_shows_the_sheets_that_can_be_read_and_no_other(app: &App) {
    let sheets = [app.new_sheet("KT"), app.submitted_sheet("TH", &[]), app.submitted_sheet("HCTC", &[])];
    for person in PEOPLE {
        let readable: Vec<&str> = sheets
            .iter()
            .filter(|sheet| app.get(person, sheet).status == 200)
            .map(|sheet| sheet.rsplit('/').next().unwrap())
            .collect();
        let list = app.get(person, "/v1/submissions").json();
        let mut listed: Vec<&str> = list["items"]
            .as_array()
            .map(|items| items.iter().map(|item| item["id"].as_str().unwrap()).collect())
            .unwrap_or_default();
        listed.sort_unstable();
        let mut expected = readable.clone();
        expected.sort_unstable();
        assert_eq!(listed, expected, "{person}");
    }
}

#[apply(on_both)]
fn sessions_are_hidden_from_units_and_the_admin(app: &App) {
    app.set_clock("2023-11-11T01:00:00.000Z");
    app.move_period("secretary", "start-appraisal");
    app.move_period("secretary", "start-council-review");
    let made = app
        .post(
            "secretary",
            "/v1/council-sessions",
            &json!({"period_id": app.period_id(), "held_on": "2023-11-28", "place": "Phòng họp số 1"}),
        )
        .expect(201);
    let path = format!("/v1/council-sessions/{}", made["id"].as_str().unwrap());
    answers(app, &path, &["appraiser", "th-council", "council-chair", "secretary", "auditor"], 200);
    answers(app, &path, &["th-head", "th-editor", "admin", "integration", "operator", "so-khdt-admin"], 404);
    for person in ["th-head", "admin", "integration"] {
        app.get(person, "/v1/council-sessions").refused(403, "role_required");
    }
}

#[apply(on_both)]
fn the_operator_reads_nothing_inside_an_office(app: &App) {
    let [sheet, _] = app.announced_year();
    let period = app.period();
    let office =
        app.get("admin", "/v1/me").expect(200)["memberships"][0]["organization_id"].as_str().unwrap().to_owned();
    let set = app.get("auditor", &period).expect(200)["criteria_set_id"].as_str().unwrap().to_owned();
    let unit = app.unit_id("TH");
    let inside = [
        sheet.clone(),
        format!("{sheet}/scores"),
        period.clone(),
        format!("{period}/summary"),
        format!("{period}/ranking"),
        format!("{period}/facts"),
        format!("/v1/units/{unit}"),
        format!("/v1/criteria-sets/{set}"),
    ];
    for path in inside {
        app.get("operator", &path).refused(404, "not_found");
    }
    for list in [
        "units",
        "members",
        "criteria-sets",
        "periods",
        "submissions",
        "council-sessions",
        "award-proposals",
        "audit-entries",
    ] {
        // Without an organisation, the members are the operators.
        let plain = (list != "members").then(|| format!("/v1/{list}"));
        for path in plain.into_iter().chain([format!("/v1/{list}?organization_id={office}")]) {
            let response = app.get("operator", &path);
            assert!(matches!(response.status, 403 | 404), "{path}: {}", response.status);
        }
    }
    assert_eq!(app.get("operator", "/v1/organizations").expect(200)["items"].as_array().unwrap().len(), 2);
}

#[apply(on_both)]
fn the_summary_tells_a_unit_of_its_own_sheet_alone(app: &App) {
    app.submitted_sheet("TH", &[]);
    app.submitted_sheet("HCTC", &[]);
    let path = format!("{}/summary", app.period());
    assert_eq!(app.get("secretary", &path).expect(200)["sheets"], json!({"submitted": 2, "none": 6}));
    assert_eq!(app.get("th-head", &path).expect(200)["sheets"], json!({"submitted": 1}));
    assert_eq!(app.get("kt-head", &path).expect(200)["sheets"], json!({"none": 1}));
    let before = app.get("kt-head", &path);
    app.new_sheet("NC");
    assert_eq!(before.bytes, app.get("kt-head", &path).bytes);
}
