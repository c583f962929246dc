//! The result of a period with groups: each group is ranked alone and gives its own awards.

use std::io::Read;
use std::process::Command;

use serde_json::{Value, json};

use crate::award::certificates::stated;
use crate::backends::execute;
use crate::support::groups::{award, plain, small_unit};
use crate::support::small::{SmallPeriod, small_table};
use crate::support::{App, Response, apply, on_both};

/// Group, unit, rank and award of each row.
fn places(ranking: &Value) -> Value {
    let rows = ranking["rows"].as_array().unwrap().iter();
    rows.map(|row| json!([row["group_code"], row["unit_code"], row["rank"], row["award_code"]])).collect()
}

fn ranking(app: &App, person: &str, period: &SmallPeriod, query: &str) -> Value {
    app.get(person, &format!("{}/ranking{query}", period.path)).expect(200)
}

/// Announced, with QTTV before BTCD by decision of the council.
fn announced(app: &App) -> SmallPeriod {
    let period = app.grouped_period();
    let periods = [period];
    app.reviewed(&periods);
    app.announce_all(&periods);
    let [period] = periods;
    period
}

fn expected() -> Value {
    json!([
        ["K1", "TH", 1, "flag"],
        ["K1", "KT", 2, "merit"],
        ["K1", "NC", null, null],
        ["K2", "QTTV", 1, "merit"],
        ["K2", "BTCD", 2, null],
    ])
}

/// Unit, group, award and state of the proposals of a filter, by unit.
fn proposals(app: &App, filter: &str) -> Vec<Value> {
    let listed = app.get("secretary", &format!("/v1/award-proposals?limit=200&{filter}")).expect(200);
    let mut found: Vec<Value> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|proposal| {
            let path = format!("/v1/award-proposals/{}", proposal["id"].as_str().unwrap());
            let unit = app.get("secretary", &path).expect(200)["unit_code"].clone();
            json!([unit, proposal["group_code"], proposal["award_code"], proposal["status"]])
        })
        .collect();
    found.sort_by_key(ToString::to_string);
    found
}

fn proposal_of(app: &App, unit: &str) -> String {
    let listed = app.get("secretary", &format!("/v1/award-proposals?unit_id={}", app.unit_id(unit))).expect(200);
    format!("/v1/award-proposals/{}", listed["items"][0]["id"].as_str().unwrap())
}

#[apply(on_both)]
fn each_group_has_its_own_ranks_and_awards(app: &App) {
    let period = announced(app);
    for person in ["secretary", "th-head", "btcd-head"] {
        assert_eq!(places(&ranking(app, person, &period, "")), expected(), "{person}");
    }
    let second = ranking(app, "secretary", &period, "?group_code=K2");
    assert_eq!(places(&second).as_array().unwrap().len(), 2);
    assert_eq!(ranking(app, "secretary", &period, "?group_code=K3")["rows"], json!([]));
    assert_eq!(
        proposals(app, ""),
        [
            json!(["KT", "K1", "merit", "draft"]),
            json!(["QTTV", "K2", "merit", "draft"]),
            json!(["TH", "K1", "flag", "draft"]),
        ]
    );
    assert_eq!(proposals(app, "group_code=K2"), [json!(["QTTV", "K2", "merit", "draft"])]);
    assert_eq!(proposals(app, "group_code=K1,K2&award_code=merit").len(), 2);
    let summary = app.get("secretary", &format!("{}/summary", period.path)).expect(200);
    let uses: Value = summary["awards"]
        .as_array()
        .unwrap()
        .iter()
        .map(|of| json!([of["group_code"], of["code"], of["quota"], of["proposed"]]))
        .collect();
    assert_eq!(uses, json!([["K1", "flag", 1, 1], ["K1", "merit", 1, 1], ["K2", "merit", 1, 1]]));
    assert_eq!(app.get("secretary", &format!("{}/ranking/verify", period.path)).expect(200)["ok"], true);
    let entries = app.get("auditor", "/v1/audit-entries?action=award_proposal.create").expect(200);
    assert!(entries["items"].as_array().unwrap().iter().all(|entry| entry["after"]["group_code"].is_string()));
}

/// Equal totals in two groups are no tie, and no decision joins them.
#[apply(on_both)]
fn ties_are_of_one_group(app: &App) {
    let table = app.published(&small_table("NHO", "refused"));
    let units = vec![
        small_unit("TH", Some(10.0)),
        small_unit("KT", Some(10.0)),
        small_unit("NC", Some(10.0)),
        small_unit("QTTV", Some(5.0)),
    ];
    let period = app.small_period(&table, units, |body| {
        body["awards"] = json!([award("flag", 1)]);
        body["groups"] = app.groups(&[plain("K1", &["TH", "KT"]), plain("K2", &["NC", "QTTV"])]);
    });
    let session = app.reviewed_undecided(std::slice::from_ref(&period)).remove(0);
    let provisional = ranking(app, "secretary", &period, "");
    let tie = json!([{"group_code": "K1", "unit_ids": [app.unit_id("KT"), app.unit_id("TH")], "award_code": "flag"}]);
    assert_eq!(provisional["unresolved_ties"], tie);
    assert_eq!(ranking(app, "secretary", &period, "?group_code=K2")["unresolved_ties"], json!([]));
    let refused = app.act("council-chair", &period.path, "finalize", None).refused(409, "guard_failed");
    assert_eq!(refused.json()["errors"][0]["params"]["group_code"], "K1");
    let decide = |units: &[&str]| -> Response {
        let unit_ids: Vec<String> = units.iter().map(|unit| app.unit_id(unit)).collect();
        let body = json!({"unit_ids": unit_ids, "reason": "Biểu quyết", "council_session_id": session});
        app.post("council-chair", &format!("{}/tie-decisions", period.path), &body)
    };
    for units in [&["TH", "NC"][..], &["TH", "KT", "NC"]] {
        decide(units).refused(422, "not_tied_group");
        assert_eq!(decide(units).faults(), [("not_tied_group".to_owned(), "/unit_ids".to_owned())]);
    }
    decide(&["TH", "KT"]).expect(201);
    app.act("council-chair", &period.path, "finalize", None).expect(200);
    let places = places(&ranking(app, "secretary", &period, ""));
    let expected =
        json!([["K1", "TH", 1, "flag"], ["K1", "KT", 2, null], ["K2", "NC", 1, "flag"], ["K2", "QTTV", 2, null]]);
    assert_eq!(places, expected);
}

/// QTTV has 49 after all: the decision on the tie lapses with its total, and K2's merit goes to BTCD. K1 stays as it is.
#[apply(on_both)]
fn an_amendment_stays_within_its_group(app: &App) {
    let period = announced(app);
    let id = period.path.rsplit('/').next().unwrap();
    let found =
        app.get("secretary", &format!("/v1/submissions?period_id={id}&unit_id={}", app.unit_id("QTTV"))).expect(200);
    let sheet = format!("/v1/submissions/{}", found["items"][0]["id"].as_str().unwrap());
    app.set_clock("2023-12-06T02:00:00.000Z");
    let body = json!({
        "reason": "Cộng nhầm", "legal_basis": "Công văn số 45/HCTC",
        "scores": [{"criterion_code": "A.1", "answer": {"points": 29}}],
    });
    let asked = app.post("secretary", &format!("{sheet}/amendments"), &body).expect(201);
    app.act("council-chair", &format!("/v1/amendments/{}", asked["id"].as_str().unwrap()), "approve", None).expect(200);
    app.set_clock("2023-12-08T02:00:00.000Z");
    let notice = json!({"notice_number": "2/TB-VP", "notice_on": "2023-12-08"});
    app.act("secretary", &period.path, "announce", Some(&notice)).expect(200);
    let now = places(&ranking(app, "kt-head", &period, ""));
    assert_eq!(now[3], json!(["K2", "BTCD", 1, "merit"]));
    assert_eq!(now.as_array().unwrap()[..3], expected().as_array().unwrap()[..3]);
    assert_eq!(
        proposals(app, ""),
        [
            json!(["BTCD", "K2", "merit", "draft"]),
            json!(["KT", "K1", "merit", "draft"]),
            json!(["QTTV", "K2", "merit", "withdrawn"]),
            json!(["TH", "K1", "flag", "draft"]),
        ]
    );
    assert_eq!(app.get("secretary", &format!("{}/ranking/verify", period.path)).expect(200)["ok"], true);
}

/// The flag passes to KT, and KT's merit to nobody: NC missed the gate, and BTCD is of another group.
#[apply(on_both)]
fn an_award_passes_down_within_its_group(app: &App) {
    announced(app);
    let body = json!({"reason": "Đơn vị xin rút", "pass_down": true});
    app.act("council-chair", &proposal_of(app, "TH"), "withdraw", Some(&body)).expect(200);
    assert_eq!(
        proposals(app, ""),
        [
            json!(["KT", "K1", "flag", "draft"]),
            json!(["KT", "K1", "merit", "withdrawn"]),
            json!(["QTTV", "K2", "merit", "draft"]),
            json!(["TH", "K1", "flag", "withdrawn"]),
        ]
    );
}

/// Whatever the service asks for, the database holds a group to its quotas, and a unit to the groups of its period.
#[apply(on_both)]
fn the_database_knows_the_groups(app: &App) {
    announced(app);
    for statement in [
        "UPDATE award_proposals SET group_code = 'K1' WHERE group_code = 'K2'",
        "UPDATE award_proposals SET award_quota = 2, slot = 2 WHERE group_code = 'K2'",
        "UPDATE award_proposals SET group_code = 'K9' WHERE group_code = 'K2'",
        "UPDATE period_units SET group_code = 'K9' WHERE group_code = 'K2'",
    ] {
        assert!(execute(app, statement).is_err(), "{statement}");
    }
    execute(app, "UPDATE period_units SET group_code = 'K1' WHERE group_code = 'K1'").unwrap();
}

/// The best and the median are those of the own group, criteria those of its table.
#[apply(on_both)]
fn a_group_is_analysed_alone(app: &App) {
    let period = announced(app);
    let analysis = app.get("secretary", &format!("{}/analysis", period.path)).expect(200);
    assert_eq!(analysis["complete"], true);
    let unit =
        |code: &str| analysis["units"].as_array().unwrap().iter().find(|unit| unit["unit_code"] == code).unwrap();
    assert_eq!(unit("KT")["compared"]["total"], json!({"points": 95, "best": 100, "median": 97.5}));
    assert_eq!(unit("BTCD")["compared"]["total"], json!({"points": 50, "best": 50, "median": 50}));
    let lines: Value = analysis["award_lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            json!([
                line["group_code"],
                line["award_code"],
                line["upper"]["unit_code"],
                line["lower"]["unit_code"],
                line["margin"]
            ])
        })
        .collect();
    assert_eq!(lines, json!([["K1", "flag", "TH", "KT", 5], ["K2", "merit", "QTTV", "BTCD", 0]]));
    let criteria: Value = analysis["criteria"]
        .as_array()
        .unwrap()
        .iter()
        .map(|criterion| json!([criterion["group_code"], criterion["criterion_code"], criterion["separates"]]))
        .collect();
    let of_first = ["A.1", "A.2", "A.3.1", "A.3.2", "B.1"].map(|code| json!(["K1", code, code == "B.1"]));
    let of_second = ["A.1", "A.9"].map(|code| json!(["K2", code, false]));
    assert_eq!(criteria, json!([of_first.as_slice(), &of_second].concat()));
    // A unit sees its own part alone.
    let own = app.get("btcd-head", &format!("{}/analysis", period.path)).expect(200);
    assert_eq!((&own["criteria"], own["units"].as_array().unwrap().len()), (&Value::Null, 1));
}

fn entry(archive: &[u8], name: &str) -> String {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(archive)).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

#[apply(on_both)]
fn papers_and_exports_tell_the_groups_apart(app: &App) {
    let period = announced(app);
    let notice = app.get("secretary", &format!("{}/notice/draft", period.path));
    let text = entry(&notice.bytes, "word/document.xml");
    let at = |words: &str| text.find(words).unwrap_or_else(|| panic!("{words} is missing"));
    assert!(at("Khối K1:") < at("Khối K2:") && at("thuộc Khối K1") < at("thuộc Khối K2"));
    assert_eq!(text.matches("<w:tbl>").count() - 2, 2, "a table for each group, besides heading and signatures");
    let dossier = app.get("secretary", &format!("{}/dossier.zip", proposal_of(app, "QTTV")));
    let metadata: Value = serde_json::from_str(&entry(&dossier.bytes, "metadata.json")).unwrap();
    assert_eq!(metadata["group"], json!({"code": "K2", "title": "Khối K2"}));
    let letter = app.get("secretary", &format!("{}/documents/proposal_letter/draft", proposal_of(app, "QTTV")));
    assert!(entry(&letter.bytes, "word/document.xml").contains("xếp hạng 1/2 phòng, ban, trung tâm thuộc Khối K2"));
    let csv = String::from_utf8(app.get("secretary", &format!("{}/export.csv", period.path)).bytes).unwrap();
    let lines: Vec<&str> = csv.trim_start_matches('\u{feff}').lines().collect();
    for words in ["Khối K1", "Khối K2"] {
        assert_eq!(lines.iter().filter(|line| line.starts_with(words)).count(), if words == "Khối K1" { 4 } else { 3 });
    }
    let certificate = app.get("secretary", &format!("{}/certificate", period.path));
    let rows = stated(&String::from_utf8(certificate.bytes).unwrap())["ranking"].clone();
    assert_eq!(places(&rows)[3], json!(["K2", "QTTV", 1, "merit"]));
    // Recounted by the script.
    let export = app.get("auditor", &format!("{}/export.json", period.path)).expect(200);
    assert_eq!(export["group_criteria_sets"][0]["group_code"], "K2");
    let folder = tempfile::tempdir().unwrap();
    let recounted = |export: &Value| {
        let file = folder.path().join("export.json");
        std::fs::write(&file, export.to_string()).unwrap();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recount/recount.py");
        let ran = Command::new("python3").arg(script).arg(&file).output().unwrap();
        String::from_utf8([ran.stdout, ran.stderr].concat()).unwrap()
    };
    assert_eq!(recounted(&export), "1 recounted, nothing differs\n");
    let mut altered = export.clone();
    altered["ranking"]["rows"][3]["rank"] = json!(4);
    assert!(recounted(&altered).contains("said"));
}
