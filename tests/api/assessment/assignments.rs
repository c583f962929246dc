//! Who is to review what: work is ordered by it, and no right given or taken.

use serde_json::{Value, json};

use crate::backends::execute;
use crate::support::{App, Response, apply, at_once, on_both};

fn id_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

fn member(app: &App, subject: &str) -> String {
    let members = app.get("admin", "/v1/members?limit=200").expect(200);
    let found = members["items"].as_array().unwrap().iter().find(|member| member["subject"] == subject);
    found.unwrap_or_else(|| panic!("nobody is called {subject}"))["id"].as_str().unwrap().to_owned()
}

fn assign(app: &App, person: &str, sheet: &str, stage: &str, assignee: &str) -> Response {
    let body = json!({"member_id": member(app, assignee)});
    app.request(person, "PUT", &format!("{sheet}/assignments/{stage}")).json(&body).send()
}

/// The units whose sheets a person is to act on.
fn tasks(app: &App, person: &str, action: &str) -> Vec<String> {
    let tasks = app.get(person, "/v1/me/tasks").expect(200);
    let of = tasks["items"].as_array().unwrap().iter().filter(|task| task["action"] == action);
    of.map(|task| task["unit_code"].as_str().unwrap().to_owned()).collect()
}

fn end(app: &App, subject: &str) {
    let path = format!("/v1/members/{}", member(app, subject));
    app.act("admin", &path, "end", Some(&json!({"reason": "Nghỉ hưu"}))).expect(200);
}

fn work_left(app: &App, person: &str) -> Value {
    app.get(person, &format!("{}/summary", app.period())).expect(200)["work_left"].clone()
}

#[apply(on_both)]
fn the_secretary_says_who_appraises_a_sheet(app: &App) {
    let sheets = app.in_appraisal(&[("TH", &[]), ("KT", &[])]);
    let th = &sheets[0];
    let path = format!("{th}/assignments/appraisal");
    app.get("secretary", &path).refused(404, "not_found");
    let made = assign(app, "secretary", th, "appraisal", "appraiser");
    assert_eq!(made.header("location"), path);
    let tag = made.etag();
    let made = made.expect(201);
    assert_eq!(
        (&made["unit_code"], &made["stage"], &made["lapsed"]),
        (&json!("TH"), &json!("appraisal"), &Value::Null)
    );
    assert_eq!(app.get("hctc-appraiser", &path).etag(), tag);
    // Changing it takes the tag, as removing does.
    assign(app, "secretary", th, "appraisal", "hctc-appraiser").refused(428, "precondition_required");
    let body = json!({"member_id": member(app, "hctc-appraiser")});
    let change = |tag: &str| app.request("secretary", "PUT", &path).if_match(tag).json(&body).send();
    assert_eq!(change(&tag).expect(200)["version"], 2);
    change(&tag).refused(412, "version_mismatch");
    app.request("secretary", "DELETE", &path).send().refused(428, "precondition_required");
    let removed = app.request("secretary", "DELETE", &path).if_match(&app.tag("secretary", &path)).send();
    assert_eq!(removed.status, 204);
    app.get("secretary", &path).refused(404, "not_found");
    let entries = app.get("auditor", "/v1/audit-entries?subject_type=assignment").expect(200);
    let acts: Vec<&Value> = entries["items"].as_array().unwrap().iter().map(|entry| &entry["action"]).collect();
    assert_eq!(acts, ["assignment.set", "assignment.set", "assignment.remove"]);
    let events = |person: &str| {
        app.get(person, "/v1/events?types=assignment.changed").expect(200)["items"].as_array().unwrap().len()
    };
    assert_eq!(["secretary", "hctc-appraiser", "th-head", "admin"].map(events), [3, 3, 0, 0]);
}

/// Those who see the stage see it; the unit never does.
#[apply(on_both)]
fn a_unit_does_not_learn_who_reviews_it(app: &App) {
    let sheets = app.in_appraisal(&[("TH", &[]), ("HCTC", &[])]);
    for sheet in &sheets {
        assign(app, "secretary", sheet, "appraisal", "appraiser").expect(201);
    }
    let path = format!("{}/assignments/appraisal", sheets[0]);
    let before = app.tag("th-head", &sheets[0]);
    for (person, code) in
        [("th-head", 403), ("th-editor", 403), ("kt-head", 404), ("admin", 404), ("council-chair", 404)]
    {
        assert_eq!(app.get(person, &path).status, code, "{person}");
    }
    let list = format!("{}/assignments", app.period());
    for person in ["th-head", "admin", "integration"] {
        app.get(person, &list).refused(403, "role_required");
        app.get(person, "/v1/submissions?assignee_id=018b88d6-5f80-7000-8000-000000000001")
            .refused(403, "role_required");
    }
    let units = |person: &str, query: &str| -> Vec<String> {
        let listed = app.get(person, &format!("{list}{query}")).expect(200);
        listed["items"].as_array().unwrap().iter().map(|row| row["unit_code"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(units("secretary", ""), ["HCTC", "TH"]);
    assert_eq!(units("hctc-appraiser", ""), ["TH"], "not of the own unit");
    assert_eq!(units("secretary", "?stage=council"), [""; 0]);
    let assignee = member(app, "appraiser");
    assert_eq!(units("auditor", &format!("?member_id={assignee}")), ["HCTC", "TH"]);
    let sheets_of = |person: &str| {
        let listed = app.get(person, &format!("/v1/submissions?assignee_id={assignee}")).expect(200);
        listed["items"].as_array().unwrap().len()
    };
    assert_eq!(["secretary", "hctc-appraiser", "auditor", "th-council"].map(sheets_of), [2, 1, 2, 0]);
    assert_eq!(work_left(app, "th-head"), Value::Null);
    assert_eq!(app.tag("th-head", &sheets[0]), before);
    for (person, code) in [("hctc-appraiser", "role_required"), ("auditor", "role_required")] {
        let body = json!({"member_id": assignee});
        let put = app.request(person, "PUT", &path).if_match("*").json(&body).send();
        put.refused(403, code);
    }
}

#[apply(on_both)]
fn only_somebody_who_can_review_it_is_assigned(app: &App) {
    let sheets = app.in_appraisal(&[("HCTC", &[]), ("TH", &[])]);
    let refused = |sheet: &str, stage: &str, assignee: &str, code: &str| {
        let refused = assign(app, "secretary", sheet, stage, assignee).refused(422, code);
        assert_eq!(refused.faults(), [(code.to_owned(), "/member_id".to_owned())]);
    };
    refused(&sheets[0], "appraisal", "hctc-appraiser", "member_recused");
    refused(&sheets[1], "appraisal", "th-head", "not_reviewer");
    refused(&sheets[1], "council", "nc-council", "not_reviewer");
    let conflict =
        json!({"submission_id": id_of(&sheets[1]), "member_id": member(app, "appraiser"), "ground": "family"});
    app.post("secretary", "/v1/recusals", &conflict).expect(201);
    refused(&sheets[1], "appraisal", "appraiser", "member_recused");
    end(app, "appraiser");
    refused(&sheets[0], "appraisal", "appraiser", "member_not_active");
    let path = format!("{}/assignments/appraisal", sheets[1]);
    let nobody = json!({"member_id": "018b88d6-5f80-7000-8000-0000000fffff"});
    app.request("secretary", "PUT", &path).json(&nobody).send().refused(422, "unknown_reference");
    assign(app, "secretary", &sheets[1], "council", "council-chair").expect(201);
    assert_eq!(
        app.request("secretary", "PUT", &format!("{}/assignments/final", sheets[1])).json(&nobody).send().status,
        404
    );
    // What is appraised is not to be appraised any more, and who keeps away assigns nobody.
    app.review("hctc-appraiser", &sheets[1], "appraisal", &[]);
    assign(app, "secretary", &sheets[1], "appraisal", "hctc-appraiser").refused(409, "invalid_state");
    let conflict = json!({"submission_id": id_of(&sheets[0]), "ground": "family"});
    app.post("secretary", "/v1/recusals", &conflict).expect(201);
    assign(app, "secretary", &sheets[0], "appraisal", "hctc-appraiser").refused(403, "recused");
}

#[apply(on_both)]
fn what_is_assigned_is_a_task_of_its_assignee_alone(app: &App) {
    let sheets = app.in_appraisal(&[("TH", &[]), ("KT", &[])]);
    assert_eq!(tasks(app, "hctc-appraiser", "appraise"), ["KT", "TH"]);
    assign(app, "secretary", &sheets[0], "appraisal", "appraiser").expect(201);
    assert_eq!(tasks(app, "hctc-appraiser", "appraise"), ["KT"]);
    assert_eq!(tasks(app, "appraiser", "appraise"), ["KT", "TH"]);
    let of = |name: &str, units: &[&str], lapsed: &[&str]| {
        let id = (!name.is_empty()).then(|| member(app, name));
        (
            id,
            units.iter().map(ToString::to_string).collect::<Vec<_>>(),
            lapsed.iter().map(ToString::to_string).collect::<Vec<_>>(),
        )
    };
    let left = |person: &str| -> Vec<(Option<String>, Vec<String>, Vec<String>)> {
        let texts =
            |value: &Value| value.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect();
        let row = |row: &Value| {
            assert_eq!(
                (&row["stage"], row["display_name"].is_null()),
                (&json!("appraisal"), row["member_id"].is_null())
            );
            (row["member_id"].as_str().map(str::to_owned), texts(&row["unit_codes"]), texts(&row["lapsed_unit_codes"]))
        };
        work_left(app, person).as_array().unwrap().iter().map(row).collect()
    };
    assert_eq!(left("secretary"), [of("", &["KT"], &[]), of("appraiser", &["TH"], &[])]);
    // It takes no right: another appraiser may still begin, and the task stays its assignee's.
    let body = json!({"submission_id": id_of(&sheets[0]), "stage": "appraisal"});
    app.post("hctc-appraiser", "/v1/reviews", &body).expect(201);
    assert_eq!(
        (tasks(app, "hctc-appraiser", "submit"), tasks(app, "appraiser", "submit")),
        (vec![], vec!["TH".to_owned()])
    );
    // Whoever has left has nothing left to do: the sheet is everybody's again.
    end(app, "appraiser");
    assert_eq!(tasks(app, "hctc-appraiser", "submit"), ["TH"]);
    assert_eq!(left("secretary"), [of("", &["KT", "TH"], &["TH"])]);
    let shown = app.get("secretary", &format!("{}/assignments/appraisal", sheets[0])).expect(200);
    assert_eq!(shown["lapsed"], "member_not_active");
}

#[apply(on_both)]
fn many_are_assigned_together_or_not_at_all(app: &App) {
    let sheets = app.in_appraisal(&[("HCTC", &[]), ("KT", &[]), ("TH", &[])]);
    let path = format!("{}/assignments", app.period());
    let (free, of_hctc) = (member(app, "appraiser"), member(app, "hctc-appraiser"));
    let item = |sheet: &str, member: &str| json!({"submission_id": id_of(sheet), "member_id": member});
    let send = |items: &[Value]| app.post("secretary", &path, &json!({"stage": "appraisal", "items": items}));
    let unknown = "018b88d6-5f80-7000-8000-0000000fffff";
    let refused =
        send(&[item(&sheets[0], &of_hctc), item(&sheets[1], &free), item(unknown, &free), item(&sheets[1], &free)]);
    let places =
        ["member_recused /items/0/member_id", "not_found /items/2/submission_id", "duplicate /items/3/submission_id"];
    let found: Vec<String> = refused
        .refused(409, "guard_failed")
        .faults()
        .iter()
        .map(|(code, pointer)| format!("{code} {pointer}"))
        .collect();
    assert_eq!(found, places);
    assert_eq!(app.get("secretary", &path).expect(200)["items"], json!([]));
    let made = send(&[item(&sheets[1], &of_hctc), item(&sheets[2], &of_hctc)]).expect(200);
    assert_eq!(made["assignments"].as_array().unwrap().len(), 2);
    // HCTC's own appraiser has two by now; the third cannot go there anyway.
    let rest = app.post("secretary", &path, &json!({"stage": "appraisal", "distribute": true})).expect(200);
    assert_eq!(
        (rest["assignments"][0]["unit_code"].as_str(), &rest["assignments"][0]["member_id"]),
        (Some("HCTC"), &json!(free))
    );
    assert_eq!(rest["without_assignee"], json!([]));
    let again = app.post("secretary", &path, &json!({"stage": "appraisal", "distribute": true})).expect(200);
    assert_eq!(again["assignments"], json!([]));
    // Whoever leaves leaves the sheets to the others; for HCTC there is nobody.
    end(app, "appraiser");
    let again = app.post("secretary", &path, &json!({"stage": "appraisal", "distribute": true})).expect(200);
    assert_eq!((&again["assignments"], &again["without_assignee"]), (&json!([]), &json!([id_of(&sheets[0])])));
    send(&[]).refused(422, "required");
    app.post("secretary", &path, &json!({"stage": "appraisal"})).refused(400, "invalid_body");
    app.post("secretary", &path, &json!({"stage": "appraisal", "items": [], "distribute": true}))
        .refused(400, "invalid_body");
    for person in ["hctc-appraiser", "admin", "th-head"] {
        app.post(person, &path, &json!({"stage": "appraisal", "distribute": true})).refused(403, "role_required");
    }
}

#[apply(on_both)]
fn members_who_score_alone_are_not_assigned(app: &App) {
    execute(app, "UPDATE periods SET council_scoring = 'mean'").unwrap();
    let sheets = app.in_council_review(&[("TH", &[])]);
    assign(app, "secretary", &sheets[0], "council", "council-chair").refused(409, "stage_not_assigned");
    assert_eq!(work_left(app, "secretary"), Value::Null);
}

#[apply(on_both)]
fn of_two_assignments_at_once_one_is_made(app: &App) {
    let sheets = app.in_appraisal(&[("TH", &[])]);
    let statuses = at_once(2, |at| {
        let assignee = ["appraiser", "hctc-appraiser"][at];
        assign(app, "secretary", &sheets[0], "appraisal", assignee).status
    });
    let mut statuses = statuses;
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 428]);
}
