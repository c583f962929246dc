//! Where each member of the council scores alone: unseen by the others until the ranking is final, and then by the mean.

use serde_json::{Value, json};

use crate::backends::execute;
use crate::support::{App, apply, at_once, on_both};

const WHY: &str = "Trình chậm 02 văn bản";

fn id_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

/// KT's and TH's sheets, appraised with 1000 each, before a council that scores alone.
fn before_the_council(app: &App) -> [String; 2] {
    execute(app, "UPDATE periods SET council_scoring = 'mean'").unwrap();
    app.in_council_review(&[("KT", &[]), ("TH", &[])]).try_into().unwrap()
}

/// Three score KT: A.II.1 with 27.5, 25 and 30, A.II.2 with 10, not at all, and 10.01; KT's own member scores TH as appraised.
fn scored(app: &App, [kt, th]: &[String; 2]) -> [String; 4] {
    let of = |person, lines: &[(&str, &str, &str)]| app.review(person, kt, "council", lines);
    [
        of("th-council", &[("A.II.1", r#"{"points":27.5}"#, WHY), ("A.II.2", r#"{"points":10}"#, WHY)]),
        of("nc-council", &[("A.II.1", r#"{"points":25}"#, WHY), ("A.II.2", "null", WHY)]),
        of("council-chair", &[("A.II.2", r#"{"points":10.01}"#, WHY)]),
        app.review("kt-council", th, "council", &[]),
    ]
}

/// 1000 less 2.5 in A.II.1 and 9.99 in A.II.2, whose mean of 10.005 is 10.01.
const OF_KT: f64 = 987.51;

fn finalize(app: &App) {
    for unit in ["KT", "TH"] {
        app.good_facts(unit);
    }
    app.set_clock("2023-11-28T02:00:00.000Z");
    app.closed_session("2023-11-28", 4);
    app.move_period("council-chair", "finalize");
}

fn totals(app: &App, person: &str, sheet: &str) -> Value {
    app.get(person, sheet).expect(200)["totals"]["council"]["total"].clone()
}

/// The line of a criterion as a person sees it.
fn line(app: &App, person: &str, sheet: &str, code: &str) -> Value {
    let scores = app.get(person, &format!("{sheet}/scores")).expect(200);
    let line = scores["scores"].as_array().unwrap().iter().find(|line| line["criterion_code"] == code);
    line.unwrap().clone()
}

fn ranked(app: &App, person: &str, unit: &str) -> Value {
    let ranking = app.get(person, &format!("{}/ranking", app.period())).expect(200);
    let row = ranking["rows"].as_array().unwrap().iter().find(|row| row["unit_code"] == unit);
    row.unwrap()["total"].clone()
}

fn reviews(app: &App, person: &str, sheet: &str) -> Vec<String> {
    let listed = app.get(person, &format!("/v1/reviews?submission_id={}", id_of(sheet))).expect(200);
    let council = listed["items"].as_array().unwrap().iter().filter(|review| review["stage"] == "council");
    council.map(|review| format!("/v1/reviews/{}", review["id"].as_str().unwrap())).collect()
}

#[apply(on_both)]
fn a_period_may_be_scored_alone(app: &App) {
    let mut body = app.period_like("2024");
    body["council_scoring"] = json!("mean");
    let period = app.new_period(&body);
    assert_eq!(app.get("secretary", &period).expect(200)["council_scoring"], "mean");
    body["council_scoring"] = json!("median");
    assert_eq!(app.post("secretary", "/v1/periods", &body).status, 400);
    assert!(execute(app, "UPDATE periods SET council_scoring = 'median'").is_err());
}

#[apply(on_both)]
fn nobody_sees_what_another_scored_alone(app: &App) {
    let sheets = before_the_council(app);
    let kt = &sheets[0];
    let seen = |person: &str| app.get(person, kt).expect(200);
    let before = ["th-council", "secretary", "hctc-appraiser", "kt-head"].map(|person| (person, seen(person)));
    let made = scored(app, &sheets);
    let by = [("th-council", &made[0]), ("nc-council", &made[1]), ("council-chair", &made[2])];
    for (person, own) in by {
        assert_eq!(reviews(app, person, kt), std::slice::from_ref(own), "{person}");
        assert_eq!(app.get(person, own).expect(200)["status"], "submitted");
        for (other, review) in by.into_iter().filter(|(other, _)| *other != person) {
            app.get(person, review).refused(404, "not_found");
            let tag = app.tag(other, review);
            let lines = json!({"scores": [{"criterion_code": "A.II.1", "answer": {"points": 1}}]});
            let write = app.request(person, "PATCH", &format!("{review}/scores")).if_match(&tag).json(&lines);
            write.send().refused(404, "not_found");
            app.request(person, "POST", &format!("{review}/submit")).if_match(&tag).send().refused(404, "not_found");
            let reason = json!({"reason": "x"});
            let reopen = app.request(person, "POST", &format!("{review}/reopen")).if_match(&tag).json(&reason);
            reopen.send().refused(404, "not_found");
        }
        assert_eq!(ranked(app, person, "KT"), 1000, "{person}");
    }
    for person in ["secretary", "hctc-appraiser", "hctc-council"] {
        assert_eq!(reviews(app, person, kt), Vec::<String>::new(), "{person}");
        app.get(person, &made[0]).refused(404, "not_found");
    }
    app.get("kt-head", &made[0]).refused(404, "not_found");
    app.get("kt-council", &made[0]).refused(403, "recused");
    assert_eq!(reviews(app, "auditor", kt).len(), 3);
    for person in ["th-council", "council-chair", "secretary", "hctc-appraiser", "kt-head", "auditor"] {
        assert_eq!(totals(app, person, kt), Value::Null, "{person}");
        assert_eq!(line(app, person, kt, "A.II.1")["council"], Value::Null, "{person}");
    }
    for (person, before) in before {
        assert_eq!(seen(person), before, "{person}: not even the version of the sheet tells");
    }
    assert_eq!(
        ["hctc-appraiser", "secretary", "auditor"].map(|person| ranked(app, person, "KT")),
        [json!(1000), json!(OF_KT), json!(OF_KT)]
    );
    let events = app.get("auditor", "/v1/events?types=submission.reviewed,review.reopened").expect(200);
    assert_eq!(events["items"], json!([]));
    let summary = format!("{}/summary", app.period());
    let progress = json!([{"unit_code": "KT", "submitted": 3}, {"unit_code": "TH", "submitted": 1}]);
    for person in ["council-chair", "secretary"] {
        assert_eq!(app.get(person, &summary).expect(200)["council_progress"], progress, "{person}");
    }
    for person in ["th-council", "hctc-appraiser", "kt-head", "admin"] {
        assert_eq!(app.get(person, &summary).expect(200)["council_progress"], Value::Null, "{person}");
    }
}

/// Somebody who scores and has a second role that reads everything.
#[apply(on_both)]
fn no_second_role_shows_what_others_score_alone(app: &App) {
    let sheets = before_the_council(app);
    let made = scored(app, &sheets);
    let members = app.get("admin", "/v1/members?limit=200").expect(200);
    let member =
        members["items"].as_array().unwrap().iter().find(|member| member["subject"] == "council-chair").unwrap();
    let path = format!("/v1/members/{}", member["id"].as_str().unwrap());
    let roles = json!({"roles": ["council_chair", "auditor", "secretary"]});
    app.request("admin", "PATCH", &path).if_match(&app.tag("admin", &path)).json(&roles).send().expect(200);
    app.get("council-chair", &made[0]).refused(404, "not_found");
    app.get("council-chair", &made[2]).expect(200);
    assert_eq!(ranked(app, "council-chair", "KT"), 1000);
    let entries = app.get("council-chair", "/v1/audit-entries?action=review.submit").expect(200);
    assert!(entries["items"].as_array().unwrap().iter().all(|entry| entry["after"].is_null()));
    finalize(app);
    app.get("council-chair", &made[0]).expect(200);
    let entries = app.get("council-chair", "/v1/audit-entries?action=review.submit").expect(200);
    assert!(entries["items"].as_array().unwrap().iter().all(|entry| !entry["after"].is_null()));
}

#[apply(on_both)]
fn the_mean_is_the_result_once_the_ranking_is_final(app: &App) {
    let sheets = before_the_council(app);
    let made = scored(app, &sheets);
    let kt = &sheets[0];
    finalize(app);
    let figures = line(app, "th-council", kt, "A.II.1");
    let cell = &figures["council"];
    assert_eq!(
        (&cell["answer"], &cell["points"], &figures["final_points"]),
        (&Value::Null, &json!(27.5), &json!(27.5))
    );
    assert_eq!(cell["spread"], json!({"lowest": 25, "highest": 30, "count": 3, "not_applicable": 0}));
    assert_eq!(cell["explanation"]["steps"], json!(["(25 + 27.5 + 30) / 3 = 27.5"]));
    assert_eq!(figures["appraisal"]["spread"], Value::Null);
    let left_out = line(app, "secretary", kt, "A.II.2")["council"].clone();
    assert_eq!((&left_out["points"], &left_out["spread"]["count"]), (&json!(10.01), &json!(2)));
    for person in ["th-council", "secretary", "hctc-appraiser", "auditor"] {
        assert_eq!((totals(app, person, kt), ranked(app, person, "KT")), (json!(OF_KT), json!(OF_KT)), "{person}");
        assert_eq!(reviews(app, person, kt), made[..3], "{person}");
    }
    assert_eq!(app.get("kt-head", kt).expect(200)["status"], "finalized");
    app.get("kt-head", &made[0]).refused(404, "not_found");
    assert_eq!(app.get("auditor", &format!("{}/ranking/verify", app.period())).expect(200)["ok"], true);
    let export = app.get("auditor", &format!("{}/export.json", app.period())).expect(200);
    let sheet = export["submissions"].as_array().unwrap().iter().find(|sheet| sheet["unit_code"] == "KT").unwrap();
    assert_eq!(sheet["totals"]["council"]["total"], json!(OF_KT));
    let given = sheet["council_reviews"].as_array().unwrap().iter().map(|review| {
        let lines = review["scores"].as_array().unwrap();
        let line =
            |code: &str| lines.iter().find(|line| line["criterion_code"] == code).unwrap()["line"]["points"].clone();
        [line("A.II.1"), line("A.II.2")]
    });
    let expected = [[json!(27.5), json!(10)], [json!(25), Value::Null], [json!(30), json!(10.01)]];
    assert_eq!(given.collect::<Vec<_>>(), expected);
}

#[apply(on_both)]
fn the_secretary_waits_and_nobody_scores_twice_or_the_own_unit(app: &App) {
    let [kt, th] = before_the_council(app);
    let start = |person: &str, sheet: &str| {
        app.post(person, "/v1/reviews", &json!({"submission_id": id_of(sheet), "stage": "council"}))
    };
    start("secretary", &kt).refused(403, "role_required");
    start("kt-council", &kt).refused(403, "recused");
    start("th-council", &th).refused(403, "recused");
    let tasks = |person: &str| {
        let tasks = app.get(person, "/v1/me/tasks").expect(200);
        let of_sheets = tasks["items"].as_array().unwrap().iter().filter(|task| task["unit_code"] == "KT");
        of_sheets.map(|task| task["action"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(tasks("th-council"), ["council_review"]);
    let review = start("th-council", &kt).expect(201);
    let path = format!("/v1/reviews/{}", review["id"].as_str().unwrap());
    assert_eq!(tasks("th-council"), ["submit"]);
    start("th-council", &kt).refused(409, "already_exists");
    start("nc-council", &kt).expect(201);
    assert_eq!((tasks("nc-council"), tasks("hctc-council")), (vec!["submit".into()], vec!["council_review".into()]));
    // Nothing scored is nothing reviewed; what departs needs its reason, what is left out does not.
    let write = |method: &str, scores: Value| {
        let tag = app.tag("th-council", &path);
        let request = app.request("th-council", method, &format!("{path}/scores")).if_match(&tag);
        request.json(&json!({"scores": scores})).send().expect(200);
    };
    write("PUT", json!([]));
    assert_eq!(app.act("th-council", &path, "submit", None).json()["errors"][0]["code"], "missing_score");
    write("PATCH", json!([{"criterion_code": "A.II.1", "answer": {"points": 20}}]));
    let refused = app.act("th-council", &path, "submit", None);
    let errors = refused.json()["errors"].clone();
    assert_eq!((errors.as_array().unwrap().len(), &errors[0]["code"]), (1, &json!("reason_required")));
    write("PATCH", json!([{"criterion_code": "A.II.1", "answer": {"points": 20}, "reason": WHY}]));
    app.act("th-council", &path, "submit", None).expect(200);
    assert_eq!(tasks("th-council"), Vec::<String>::new());
    // One line of 30 scored with 20, the others as appraised.
    assert_eq!(ranked(app, "secretary", "KT"), 990);
}

/// A sheet that one member at least reviewed lets the period go on; all of them wait for it as appraised.
#[apply(on_both)]
fn a_sheet_needs_one_review_and_waits_as_appraised(app: &App) {
    let [kt, th] = before_the_council(app);
    let due = || {
        let deadlines = app.get("secretary", "/v1/deadlines?kind=council_review").expect(200);
        deadlines["items"][0]["status"].clone()
    };
    app.review("th-council", &kt, "council", &[]);
    assert_ne!(due(), "met");
    app.set_clock("2023-11-28T02:00:00.000Z");
    let refused = app.act("council-chair", &app.period(), "finalize", None);
    assert_eq!(refused.units_named("council_review_missing"), ["TH"]);
    app.review("kt-council", &th, "council", &[("A.II.1", r#"{"points":20}"#, WHY)]);
    assert_eq!(due(), "met");
    let status = |sheet: &str| app.get("secretary", sheet).expect(200)["status"].clone();
    assert_eq!((status(&kt), status(&th)), (json!("appraised"), json!("appraised")));
    for unit in ["KT", "TH"] {
        app.good_facts(unit);
    }
    app.closed_session("2023-11-28", 4);
    app.move_period("council-chair", "finalize");
    assert_eq!((status(&kt), status(&th)), (json!("finalized"), json!("finalized")));
    // Taken back, it is unseen again, and others may still score.
    let reason = json!({"reason": "Chưa đủ phiếu chấm"});
    app.act("council-chair", &app.period(), "step-back", Some(&reason)).expect(200);
    assert_eq!((status(&kt), totals(app, "secretary", &kt)), (json!("appraised"), Value::Null));
    app.review("nc-council", &kt, "council", &[("A.II.1", r#"{"points":20}"#, WHY)]);
    assert_eq!(ranked(app, "secretary", "KT"), 995);
    app.move_period("council-chair", "finalize");
    assert_eq!(totals(app, "secretary", &kt), 995);
    app.act("council-chair", &app.period(), "step-back", Some(&reason)).expect(200);
    app.act("council-chair", &app.period(), "step-back", Some(&reason)).expect(200);
    app.move_period("secretary", "start-council-review");
    assert_eq!(ranked(app, "secretary", "KT"), 1000);
}

#[apply(on_both)]
fn a_member_reopens_the_own_review_and_the_mean_follows(app: &App) {
    let sheets = before_the_council(app);
    let made = scored(app, &sheets);
    let kt = &sheets[0];
    let reason = json!({"reason": "Nhầm số"});
    let draft = app.act("nc-council", &made[1], "reopen", Some(&reason)).expect(201);
    // 27.5 and 30 make 28.75; 10.005 stays 10.01.
    assert_eq!(ranked(app, "secretary", "KT"), json!(988.76));
    let path = format!("/v1/reviews/{}", draft["id"].as_str().unwrap());
    assert_eq!(reviews(app, "nc-council", kt), [made[1].clone(), path.clone()]);
    app.get("council-chair", &path).refused(404, "not_found");
    app.act("nc-council", &path, "submit", None).expect(200);
    assert_eq!(ranked(app, "secretary", "KT"), json!(OF_KT));
    finalize(app);
    app.act("nc-council", &path, "reopen", Some(&reason)).refused(409, "invalid_state");
    // What was never submitted stays its member's.
    assert_eq!(reviews(app, "hctc-appraiser", kt).len(), 3);
    assert_eq!(reviews(app, "secretary", kt).len(), 4);
}

/// Who is recused later no longer counts.
#[apply(on_both)]
fn a_declared_recusal_takes_out_what_its_member_scored(app: &App) {
    let sheets = before_the_council(app);
    let made = scored(app, &sheets);
    let recusal = json!({"submission_id": id_of(&sheets[0]), "ground": "family"});
    let recusal = app.post("nc-council", "/v1/recusals", &recusal).expect(201);
    assert_eq!(ranked(app, "secretary", "KT"), json!(988.76));
    app.get("nc-council", &made[1]).refused(403, "recused");
    assert_eq!(app.get("auditor", &made[1]).expect(200)["superseded_reason"], "family");
    let path = format!("/v1/recusals/{}", recusal["id"].as_str().unwrap());
    app.act("council-chair", &path, "withdraw", Some(&json!({"reason": "Nhầm người"}))).expect(200);
    app.review("nc-council", &sheets[0], "council", &[("A.II.1", r#"{"points":25}"#, WHY), ("A.II.2", "null", WHY)]);
    assert_eq!(ranked(app, "secretary", "KT"), json!(OF_KT));
}

/// An amendment starts from the mean and takes the place of every review of the sheet.
#[apply(on_both)]
fn an_amendment_replaces_all_that_was_scored_alone(app: &App) {
    let sheets = before_the_council(app);
    let made = scored(app, &sheets);
    let kt = &sheets[0];
    finalize(app);
    let body = json!({
        "reason": "Trừ nhầm", "legal_basis": "Công văn số 45/HCTC",
        "scores": [{"criterion_code": "A.II.2", "answer": {"points": 20}}],
    });
    let asked = app.post("secretary", &format!("{kt}/amendments"), &body).expect(201);
    assert_eq!((&asked["scores"][0]["was_points"], &asked["scores"][0]["points"]), (&json!(10.01), &json!(20)));
    let path = format!("/v1/amendments/{}", asked["id"].as_str().unwrap());
    app.act("council-chair", &path, "approve", None).expect(200);
    assert_eq!((totals(app, "secretary", kt), ranked(app, "secretary", "KT")), (json!(997.5), json!(997.5)));
    let amended = line(app, "secretary", kt, "A.II.2")["council"].clone();
    assert_eq!((&amended["answer"]["points"], &amended["spread"]), (&json!(20), &Value::Null));
    let kept = line(app, "secretary", kt, "A.II.1")["council"].clone();
    assert_eq!((&kept["answer"], &kept["points"], &kept["spread"]["count"]), (&Value::Null, &json!(27.5), &json!(3)));
    for review in &made[..3] {
        assert_eq!(app.get("auditor", review).expect(200)["superseded_reason"], "Trừ nhầm");
    }
    assert_eq!(reviews(app, "th-council", kt).len(), 1);
    assert_eq!(app.get("auditor", &format!("{}/ranking/verify", app.period())).expect(200)["ok"], true);
    let revision = app.get("auditor", &format!("{kt}/revisions/2")).expect(200);
    let line = revision["content"]["scores"].as_array().unwrap().iter().find(|line| line["criterion_code"] == "A.II.1");
    assert_eq!(line.unwrap()["answer"]["scored"], json!([25, 27.5, 30]));
}

/// The last two reviews of a sheet at once: both are in the mean, and the stage is done.
#[apply(on_both)]
fn two_submits_at_once_both_count(app: &App) {
    let [kt, _] = before_the_council(app);
    let people = ["th-council", "nc-council"];
    let drafts = people.map(|person| {
        let new = json!({"submission_id": id_of(&kt), "stage": "council"});
        let review = app.post(person, "/v1/reviews", &new).expect(201);
        let path = format!("/v1/reviews/{}", review["id"].as_str().unwrap());
        let points = if person == "th-council" { 10 } else { 20 };
        let lines = json!({"scores": [{"criterion_code": "A.II.1", "answer": {"points": points}, "reason": WHY}]});
        let tag = app.tag(person, &path);
        app.request(person, "PATCH", &format!("{path}/scores")).if_match(&tag).json(&lines).send().expect(200);
        let tag = app.tag(person, &path);
        (person, path, tag)
    });
    let responses = at_once(2, |number| {
        let (person, path, tag) = &drafts[number];
        app.request(person, "POST", &format!("{path}/submit")).if_match(tag).send()
    });
    assert!(responses.iter().all(|response| response.status == 200));
    assert_eq!(ranked(app, "secretary", "KT"), 985);
    let summary = app.get("secretary", &format!("{}/summary", app.period())).expect(200);
    assert_eq!(summary["council_progress"][0], json!({"unit_code": "KT", "submitted": 2}));
}

/// One review of each member counts, whatever program writes.
#[apply(on_both)]
fn the_database_keeps_one_review_a_seat(app: &App) {
    let sheets = before_the_council(app);
    let made = scored(app, &sheets);
    let columns = "organization_id, submission_id, stage, status, submitted_at, base, bonus, breakdown, version, created_at, \
                   updated_at";
    let copy = |reviewer: &str, seat: &str| {
        let from = id_of(&made[0]);
        let insert = format!(
            "INSERT INTO reviews (id, reviewer_id, seat, {columns}) SELECT '{from}x', {reviewer}, {seat}, {columns} FROM reviews \
             WHERE id = '{from}'"
        );
        execute(app, &insert)
    };
    assert!(copy("reviewer_id", "reviewer_id").is_err());
    let nc = format!("(SELECT reviewer_id FROM reviews WHERE id = '{}')", id_of(&made[1]));
    assert!(copy(&nc, &nc).is_err());
    assert!(copy("reviewer_id", &nc).is_err());
    assert!(execute(app, "UPDATE reviews SET seat = '' WHERE seat <> ''").is_err());
    copy("reviewer_id", "''").unwrap();
}
