//! Periods with groups of units: their settings, and what a group means to its units until the results are final.

use serde_json::{Value, json};

use crate::support::groups::{AskedGroup, award, plain, short_table};
use crate::support::small::small_table;
use crate::support::year::head;
use crate::support::{App, Response, apply, on_both};

/// The body of a period of TH, KT and NC in K1 and of QTTV in K2, by the small and the short table, and their ids.
fn body(app: &App) -> (Value, [String; 2]) {
    let tables = [app.published(&small_table("NHO", "refused")), app.published(&short_table("NGAN"))];
    let mut body = app.period_like("2024");
    body["criteria_set_id"] = json!(tables[0]);
    body["unit_ids"] = ["TH", "KT", "NC", "QTTV"].iter().map(|unit| json!(app.unit_id(unit))).collect();
    let second = AskedGroup { table: json!(tables[1]), awards: json!([award("merit", 1)]), ..plain("K2", &["QTTV"]) };
    body["groups"] = app.groups(&[plain("K1", &["TH", "NC", "KT"]), second]);
    (body, tables)
}

/// An open period of `body`.
fn opened(app: &App) -> String {
    let period = app.new_period(&body(app).0);
    app.act("secretary", &period, "open", None).expect(200);
    period
}

fn patch(app: &App, path: &str, change: &Value) -> Response {
    let tag = app.tag("secretary", path);
    app.request("secretary", "PATCH", path).if_match(&tag).json(change).send()
}

fn sorted(mut faults: Vec<(String, String)>) -> Vec<(String, String)> {
    faults.sort();
    faults
}

fn expected(faults: &[(&str, &str)]) -> Vec<(String, String)> {
    sorted(faults.iter().map(|(code, pointer)| ((*code).to_owned(), (*pointer).to_owned())).collect())
}

#[apply(on_both)]
fn a_draft_keeps_its_groups(app: &App) {
    let (body, tables) = body(app);
    let path = app.new_period(&body);
    let period = app.get("secretary", &path).expect(200);
    let ids = |units: &[&str]| json!(units.iter().map(|unit| app.unit_id(unit)).collect::<Vec<_>>());
    let mut first = body["groups"][0].clone();
    // In order of code, whatever order was given.
    first["unit_ids"] = ids(&["KT", "NC", "TH"]);
    assert_eq!(period["groups"], json!([first, body["groups"][1]]));
    // A unit that leaves the period leaves its group.
    let changed = patch(app, &path, &json!({"unit_ids": ids(&["TH", "KT", "QTTV"])})).expect(200);
    assert_eq!(changed["groups"][0]["unit_ids"], ids(&["KT", "TH"]));
    // Groups are replaced as a whole, and may go.
    let one = app.groups(&[AskedGroup { table: json!(tables[1]), ..plain("K", &["TH", "KT", "QTTV"]) }]);
    assert_eq!(
        patch(app, &path, &json!({"groups": one})).expect(200)["groups"][0]["criteria_set_id"],
        json!(tables[1])
    );
    let entries = app.get("auditor", "/v1/audit-entries?action=period.change").expect(200);
    assert_eq!(entries["items"].as_array().unwrap().last().unwrap()["after"]["groups"][0]["code"], "K");
    assert_eq!(patch(app, &path, &json!({"groups": []})).expect(200)["groups"], json!([]));
    app.act("secretary", &path, "open", None).expect(200);
    patch(app, &path, &json!({"groups": one})).refused(409, "resource_locked");
}

#[apply(on_both)]
fn faults_of_groups_are_told_at_once(app: &App) {
    let (mut body, _) = body(app);
    let foreign = app.get("so-khdt-admin", "/v1/units").expect(200)["items"][0]["id"].clone();
    let groups = body["groups"].as_array_mut().unwrap();
    let th = groups[0]["unit_ids"][0].clone();
    groups[0]["code"] = json!("K2");
    groups[0]["title"] = json!(" ");
    groups[0]["awards"] = json!([award("flag", 0), award("flag", 1)]);
    groups[1]["unit_ids"] = json!([th, foreign]);
    groups[1]["criteria_set_id"] = json!("018b88d6-5f80-7000-8000-0000000000ff");
    let refused = app.post("secretary", "/v1/periods", &body).refused(422, "validation_failed");
    let faults = [
        ("duplicate", "/groups/1"),
        ("text_empty", "/groups/0/title"),
        ("number_out_of_range", "/groups/0/awards/0/quota"),
        ("duplicate", "/groups/0/awards/1"),
        ("duplicate", "/groups/1/unit_ids/0"),
        ("unit_not_in_period", "/groups/1/unit_ids/1"),
        ("unknown_reference", "/groups/1/criteria_set_id"),
    ];
    assert_eq!(sorted(refused.faults()), expected(&faults));
}

/// A draft may still lack what an open period needs: a table that is published, units in every group, a group for every unit.
#[apply(on_both)]
fn a_period_opens_with_every_unit_in_a_group(app: &App) {
    let (mut body, _) = body(app);
    let draft = app.post("admin", "/v1/criteria-sets", &short_table("NHAP")).expect(201)["id"].clone();
    let second = AskedGroup { table: draft, ..plain("K2", &["QTTV"]) };
    body["groups"] = app.groups(&[plain("K1", &["TH", "KT"]), second, plain("K3", &[])]);
    let path = app.new_period(&body);
    let refused = app.act("secretary", &path, "open", None).refused(409, "guard_failed");
    let faults = [
        ("criteria_set_not_published", "/groups/1/criteria_set_id"),
        ("group_required", "/unit_ids/1"),
        ("group_empty", "/groups/2/unit_ids"),
    ];
    assert_eq!(sorted(refused.faults()), expected(&faults));
}

/// The small table has a section A.3, the short one has none.
#[apply(on_both)]
fn a_section_of_the_tie_break_is_in_every_table(app: &App) {
    let (mut body, _) = body(app);
    body["tie_break"] = json!(["section:A", "section:A.3"]);
    let refused = app.post("secretary", "/v1/periods", &body).refused(422, "unknown_reference");
    assert_eq!(refused.faults(), expected(&[("unknown_reference", "/tie_break/1")]));
    assert_eq!(refused.json()["errors"][0]["params"]["group_code"], "K2");
    body["groups"][1]["criteria_set_id"] = Value::Null;
    app.post("secretary", "/v1/periods", &body).expect(201);
}

#[apply(on_both)]
fn targets_follow_the_table_of_the_unit(app: &App) {
    let period = opened(app);
    let target = |unit: &str| {
        let target =
            json!({"unit_id": app.unit_id(unit), "criterion_code": "A.9", "target": 200, "unit_of_measure": "văn bản"});
        let tag = app.tag("secretary", &period);
        app.request("secretary", "PUT", &format!("{period}/targets"))
            .if_match(&tag)
            .json(&json!({"targets": [target]}))
            .send()
    };
    target("TH").refused(422, "unknown_criterion");
    assert_eq!(target("TH").faults(), expected(&[("unknown_criterion", "/targets/0/criterion_code")]));
    target("QTTV").expect(200);
    let sheet = app.new_sheet_in(&period, "QTTV");
    let tag = app.tag("qttv-head", &sheet);
    let scores = json!({"scores": [{"criterion_code": "A.9", "answer": {"actual": 50}}]});
    app.request("qttv-head", "PUT", &format!("{sheet}/scores")).if_match(&tag).json(&scores).send().expect(200);
    assert_eq!(app.get("qttv-head", &sheet).expect(200)["totals"]["self"]["total"], 5);
}

/// QTTV moves to the group with the other table, which does not know the criterion of its target.
#[apply(on_both)]
fn a_target_goes_with_the_table_of_the_unit(app: &App) {
    let draft = app.new_period(&body(app).0);
    let targets = format!("{draft}/targets");
    let tag = app.tag("secretary", &draft);
    let target =
        json!({"unit_id": app.unit_id("QTTV"), "criterion_code": "A.9", "target": 200, "unit_of_measure": "văn bản"});
    let put = app.request("secretary", "PUT", &targets).if_match(&tag).json(&json!({"targets": [target]}));
    put.send().expect(200);
    let groups = |groups: &[AskedGroup]| json!({"groups": app.groups(groups)});
    let count = || app.get("secretary", &targets).expect(200)["items"].as_array().unwrap().len();
    let period = app.get("secretary", &draft).expect(200);
    let mut same = period["groups"].clone();
    same[1]["title"] = json!("Khối hai");
    patch(app, &draft, &json!({"groups": same})).expect(200);
    assert_eq!(count(), 1);
    patch(app, &draft, &groups(&[plain("K1", &["TH", "KT", "NC", "QTTV"])])).expect(200);
    assert_eq!(count(), 0);
}

#[apply(on_both)]
fn a_sheet_has_the_lines_of_its_groups_table(app: &App) {
    let period = opened(app);
    for (unit, codes) in [("TH", json!(["A.1", "A.2", "A.3.1", "A.3.2", "B.1"])), ("QTTV", json!(["A.1", "A.9"]))] {
        let sheet = app.new_sheet_in(&period, unit);
        let scores = app.get(&head(unit), &format!("{sheet}/scores")).expect(200);
        let found: Value =
            scores["scores"].as_array().unwrap().iter().map(|line| line["criterion_code"].clone()).collect();
        assert_eq!(found, codes, "{unit}");
        let missing = app.act(&head(unit), &sheet, "submit", None);
        assert_eq!(missing.faults().len(), codes.as_array().unwrap().len(), "{unit}");
        let tag = app.tag(&head(unit), &sheet);
        let other =
            json!({"scores": [{"criterion_code": if unit == "TH" { "A.9" } else { "A.2" }, "answer": {"cases": 1}}]});
        let put = app.request(&head(unit), "PATCH", &format!("{sheet}/scores")).if_match(&tag).json(&other).send();
        put.refused(422, "unknown_criterion");
    }
}

fn join(app: &App, period: &str, unit: &str, group_code: Option<&str>) -> Response {
    let mut body = json!({"unit_id": app.unit_id(unit), "reason": "Sáp nhập"});
    if let Some(code) = group_code {
        body["group_code"] = json!(code);
    }
    app.post("secretary", &format!("{period}/units"), &body)
}

fn set_aside(app: &App, period: &str, unit: &str) -> Value {
    let verb = format!("units/{}/set-aside", app.unit_id(unit));
    app.act("secretary", period, &verb, Some(&json!({"reason": "Giải thể"}))).expect(200)
}

#[apply(on_both)]
fn a_unit_joins_a_group_and_comes_back_to_its_own(app: &App) {
    let period = opened(app);
    let refused = |period: &str, unit: &str, group_code: Option<&str>, code: &str| {
        let refused = join(app, period, unit, group_code).refused(422, code);
        assert_eq!(refused.faults(), expected(&[(code, "/group_code")]));
    };
    refused(&period, "BTCD", None, "group_required");
    refused(&period, "BTCD", Some("K3"), "unknown_reference");
    let joined = join(app, &period, "BTCD", Some("K2")).expect(201);
    assert_eq!(joined["groups"][1]["unit_ids"], json!([app.unit_id("BTCD"), app.unit_id("QTTV")]));
    let sheet = app.new_sheet_in(&period, "BTCD");
    assert_eq!(app.get("btcd-head", &format!("{sheet}/scores")).expect(200)["scores"].as_array().unwrap().len(), 2);
    // Even the last of a group may be set aside, and each comes back to the group that it was in.
    for unit in ["QTTV", "BTCD"] {
        set_aside(app, &period, unit);
    }
    let left = app.get("secretary", &period).expect(200);
    assert_eq!((&left["groups"][1]["unit_ids"], &left["set_aside"][0]["group_code"]), (&json!([]), &json!("K2")));
    refused(&period, "BTCD", Some("K1"), "group_fixed");
    assert_eq!(join(app, &period, "BTCD", None).expect(201)["groups"][1]["unit_ids"], json!([app.unit_id("BTCD")]));
    assert_eq!(join(app, &period, "QTTV", Some("K2")).expect(201)["set_aside"], json!([]));
    // Without groups there is none to join.
    let plain = app.period();
    set_aside(app, &plain, "TH");
    refused(&plain, "TH", Some("K1"), "unknown_reference");
}

/// TH moves to the group with the short table: of what it had written, A.1 fits there.
#[apply(on_both)]
fn a_copy_carries_over_what_fits_the_table_of_the_new_group(app: &App) {
    let period = app.grouped_period().path;
    app.act("secretary", &period, "cancel", Some(&json!({"reason": "Sai khối"}))).expect(200);
    let short = app.get("secretary", &period).expect(200)["groups"][1]["criteria_set_id"].clone();
    let second = AskedGroup { table: short, ..plain("K2", &["TH", "QTTV", "BTCD"]) };
    let groups = app.groups(&[plain("K1", &["KT", "NC"]), second]);
    // A.1 has 30 points there: TH's 40 do not fit.
    let copied =
        app.post("secretary", &format!("{period}/copy"), &json!({"carry_over": true, "groups": groups})).expect(201);
    let left: Vec<(Value, Value)> = copied["not_carried"]
        .as_array()
        .unwrap()
        .iter()
        .map(|left| {
            assert_eq!(left["unit_id"], json!(app.unit_id("TH")));
            (left["criterion_code"].clone(), left["why"].clone())
        })
        .collect();
    let unknown = ["A.2", "A.3.1", "A.3.2", "B.1"].map(|code| (json!(code), json!("unknown_criterion")));
    assert_eq!(left, [unknown.as_slice(), &[(json!("A.1"), json!("score_out_of_range"))]].concat());
    let copy = format!("/v1/periods/{}", copied["id"].as_str().unwrap());
    app.act("secretary", &copy, "open", None).expect(200);
    let id = copied["id"].as_str().unwrap();
    let sheets = app.get("secretary", &format!("/v1/submissions?period_id={id}")).expect(200);
    assert_eq!(sheets["items"].as_array().unwrap().len(), 0, "drafts are their units'");
    let own = app.get("qttv-head", &format!("/v1/submissions?period_id={id}")).expect(200)["items"][0]["id"].clone();
    let sheet = app.get("qttv-head", &format!("/v1/submissions/{}", own.as_str().unwrap())).expect(200);
    assert_eq!(sheet["totals"]["self"]["total"], 50);
}
