//! The lines of a sheet: written, cleared, added up.

use serde_json::{Value, json};

use crate::support::{App, apply, on_both, scores};

/// The line of a criterion as a person sees it.
#[track_caller]
pub fn line(app: &App, person: &str, sheet: &str, code: &str) -> Value {
    let scores = app.get(person, &format!("{sheet}/scores")).expect(200);
    scores["scores"].as_array().unwrap().iter().find(|line| line["criterion_code"] == code).unwrap().clone()
}

/// Hundredths of a point, exact.
fn hundredths(points: &Value) -> i64 {
    let text = points.to_string();
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}{part:0<2}").parse().unwrap_or_else(|_| panic!("{text}"))
}

/// Whether what is kept of a sheet is what its lines add up to.
#[track_caller]
fn totals_are_the_sums(app: &App, sheet: &str) -> i64 {
    let seen = app.get("th-head", &format!("{sheet}/scores")).expect(200);
    let sum = |part: &str| -> i64 {
        let of_part = |line: &&Value| {
            line["criterion_code"].as_str().unwrap().starts_with(part) && !line["self"]["points"].is_null()
        };
        seen["scores"].as_array().unwrap().iter().filter(of_part).map(|line| hundredths(&line["self"]["points"])).sum()
    };
    let (base, bonus) = (sum("A."), sum("B."));
    let kept = &app.get("th-head", sheet).expect(200)["totals"]["self"];
    assert_eq!(&seen["totals"]["self"], kept);
    assert_eq!([&kept["base"], &kept["bonus"], &kept["total"]].map(hundredths), [base, bonus, base + bonus], "{kept}");
    base + bonus
}

#[apply(on_both)]
fn put_clears_the_lines_that_are_absent(app: &App) {
    let sheet = app.new_sheet("TH");
    app.write("TH", &sheet, &[]);
    let tag = app.tag("th-head", &sheet);
    let put = app
        .request("th-head", "PUT", &format!("{sheet}/scores"))
        .if_match(&tag)
        .json(&scores(&[("A.II.1", r#"{"points":7}"#)]))
        .send()
        .expect(200);
    let scored: Vec<&Value> = put["scores"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|line| !line["self"].is_null())
        .map(|line| &line["criterion_code"])
        .collect();
    assert_eq!(scored, [&json!("A.II.1")]);
    assert_eq!(put["totals"]["self"]["total"], 7);
}

#[apply(on_both)]
fn patch_keeps_the_lines_that_are_absent(app: &App) {
    let sheet = app.new_sheet("TH");
    app.write("TH", &sheet, &[]);
    let patched = app.patch("th-editor", &sheet, &[("A.II.1", r#"{"points":7}"#)]).expect(200);
    assert_eq!(patched["totals"]["self"], json!({"base": 877, "bonus": 100, "penalty": 0, "total": 977}));
}

#[apply(on_both)]
fn a_null_answer_clears_the_line(app: &App) {
    let sheet = app.new_sheet("TH");
    app.patch("th-head", &sheet, &[("A.II.1", r#"{"points":7}"#), ("A.II.2", r#"{"points":3}"#)]).expect(200);
    app.patch("th-head", &sheet, &[("A.II.1", "null")]).expect(200);
    assert_eq!(line(app, "th-head", &sheet, "A.II.1")["self"], Value::Null);
    assert_eq!(app.get("th-head", &sheet).expect(200)["totals"]["self"]["total"], 3);
}

#[apply(on_both)]
fn an_unscored_line_is_not_zero(app: &App) {
    let sheet = app.new_sheet("TH");
    app.patch("th-head", &sheet, &[("A.II.1", r#"{"points":0}"#), ("A.III.1", r#"{"achieved":false}"#)]).expect(200);
    for code in ["A.II.1", "A.III.1"] {
        assert_eq!(line(app, "th-head", &sheet, code)["self"]["points"], 0);
    }
    assert_eq!(line(app, "th-head", &sheet, "A.II.2")["self"], Value::Null);
    assert_eq!(
        app.get("th-head", &sheet).expect(200)["totals"]["self"],
        json!({"base": 0, "bonus": 0, "penalty": 0, "total": 0})
    );
    let missing = app.get("th-head", &format!("{sheet}/readiness")).expect(200)["errors"].as_array().unwrap().len();
    assert_eq!(missing, 26);
}

#[apply(on_both)]
fn a_note_may_stand_without_a_score(app: &App) {
    let sheet = app.new_sheet("TH");
    let tag = app.tag("th-head", &sheet);
    let body = json!({"scores": [{"criterion_code": "A.II.1", "answer": null, "note": "Chờ số liệu"}]});
    app.request("th-head", "PATCH", &format!("{sheet}/scores")).if_match(&tag).json(&body).send().expect(200);
    let cell = &line(app, "th-head", &sheet, "A.II.1")["self"];
    assert_eq!((&cell["note"], &cell["points"]), (&json!("Chờ số liệu"), &Value::Null));
    assert_eq!(app.get("th-head", &format!("{sheet}/readiness")).expect(200)["errors"].as_array().unwrap().len(), 28);
}

/// G, A.I: items 1 and 2 share 150 points.
#[apply(on_both)]
fn shared_points_hold_over_what_is_stored_and_what_is_written(app: &App) {
    let sheet = app.new_sheet("TH");
    app.patch("th-head", &sheet, &[("A.I.1", r#"{"points":100}"#)]).expect(200);
    let response = app.patch("th-head", &sheet, &[("A.I.2", r#"{"points":50.01}"#)]);
    assert_eq!((response.status, response.faults()[0].0.as_str()), (422, "shared_points_exceeded"));
    assert_eq!(line(app, "th-head", &sheet, "A.I.2")["self"], Value::Null);
    app.patch("th-head", &sheet, &[("A.I.2", r#"{"points":50}"#)]).expect(200);
    // Written together, what is stored no longer counts.
    app.patch("th-head", &sheet, &[("A.I.1", r#"{"points":0}"#), ("A.I.2", r#"{"points":150}"#)]).expect(200);
    let tag = app.tag("th-head", &sheet);
    let put = app
        .request("th-head", "PUT", &format!("{sheet}/scores"))
        .if_match(&tag)
        .json(&scores(&[("A.I.1", r#"{"points":150}"#)]))
        .send()
        .expect(200);
    assert_eq!(put["totals"]["self"]["base"], 150);
}

#[apply(on_both)]
fn totals_are_the_sums_of_the_lines_after_every_write(app: &App) {
    let sheet = app.new_sheet("TH");
    let writes: [&[(&str, &str)]; 6] = [
        &[("A.II.1", r#"{"points":27.55}"#), ("B.1", r#"{"points":0.01}"#)],
        &[("A.IV.4", r#"{"cases":3}"#), ("A.III.1", r#"{"achieved":true}"#)],
        &[("A.II.1", r#"{"points":0.1}"#), ("A.II.2", r#"{"points":0.2}"#)],
        &[("A.II.1", "null"), ("B.1", "null")],
        &[("B.3", r#"{"points":29.99}"#)],
        &[("A.IV.4", r#"{"cases":1000}"#)],
    ];
    for lines in writes {
        app.patch("th-head", &sheet, lines).expect(200);
        totals_are_the_sums(app, &sheet);
    }
    app.write("TH", &sheet, &[("A.II.1", r#"{"points":29.99}"#)]);
    assert_eq!(totals_are_the_sums(app, &sheet), 99_999);
    app.act("th-head", &sheet, "submit", None).expect(200);
    assert_eq!(totals_are_the_sums(app, &sheet), 99_999);
}

/// G, A.IV.4: ten points for each case.
#[apply(on_both)]
fn a_deduction_is_explained_well_enough_to_recompute_it(app: &App) {
    let sheet = app.new_sheet("TH");
    app.patch("th-head", &sheet, &[("A.IV.4", r#"{"cases":1}"#)]).expect(200);
    let cell = &line(app, "th-head", &sheet, "A.IV.4");
    let (own, max) = (&cell["self"], hundredths(&cell["max_points"]));
    assert_eq!(hundredths(&own["points"]), max - 1000);
    assert_eq!(own["answer"], json!({"type": "cases", "cases": 1}));
    let explanation = &own["explanation"];
    assert_eq!(explanation["rule"], "deduction_per_case");
    assert_eq!((&explanation["inputs"]["cases"], &explanation["inputs"]["points_per_case"]), (&json!(1), &json!(10)));
    assert_eq!((explanation["steps"].as_array().unwrap().is_empty(), &explanation["capped_by"]), (false, &Value::Null));
    app.patch("th-head", &sheet, &[("A.IV.4", r#"{"cases":100}"#)]).expect(200);
    let own = &line(app, "th-head", &sheet, "A.IV.4")["self"];
    assert_eq!((&own["points"], &own["explanation"]["capped_by"]), (&json!(0), &json!("floor")));
}

/// An answer can be sent as it is given back, type and all; the type of another shape is refused.
#[apply(on_both)]
fn an_answer_is_read_as_it_is_given_back(app: &App) {
    let sheet = app.new_sheet("TH");
    app.patch("th-head", &sheet, &[("A.IV.4", r#"{"cases":1}"#)]).expect(200);
    let given = line(app, "th-head", &sheet, "A.IV.4")["self"]["answer"].to_string();
    app.patch("th-head", &sheet, &[("A.IV.4", &given)]).expect(200);
    assert_eq!(line(app, "th-head", &sheet, "A.IV.4")["self"]["answer"].to_string(), given);
    let foreign = r#"{"type":"points","cases":1}"#;
    app.patch("th-head", &sheet, &[("A.IV.4", foreign)]).refused(422, "answer_mismatch");
}
