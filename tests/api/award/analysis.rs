//! The analysis of a result: figures worked out by hand, and who sees what of it.

use serde_json::{Value, json};

use crate::support::small::{SmallUnit, points, small_table};
use crate::support::{App, apply, on_both};

fn analysis(app: &App, person: &str, period: &str) -> Value {
    app.get(person, &format!("{period}/analysis")).expect(200)
}

#[track_caller]
fn found<'a>(list: &'a Value, field: &str, text: &str) -> &'a Value {
    let items = list.as_array().unwrap();
    items.iter().find(|item| item[field] == text).unwrap_or_else(|| panic!("no {text}"))
}

/// The fields of a value, in order.
fn figures<const N: usize>(value: &Value, fields: [&str; N]) -> Value {
    fields.map(|field| value[field].clone()).into_iter().collect()
}

const MOVEMENT: [&str; 6] = ["compared", "raised", "lowered", "sum_raised", "sum_lowered", "net"];

/// The guideline's year once it is finalised (`guideline_2023.rs` has its table). KT leads and takes nothing, TH has the flag
/// and NC and KGVX the certificates, HCTC and KGVX have 965 each.
pub fn check_the_guideline(app: &App, period: &str) {
    app.get("th-head", &format!("{period}/analysis")).refused(404, "not_found");
    let seen = analysis(app, "auditor", period);
    assert_eq!((&seen["status"], &seen["version"], &seen["complete"]), (&json!("final"), &json!(1), &json!(true)));
    let lines = seen["award_lines"].as_array().unwrap();
    let of = |line: &Value| {
        json!([
            line["award_code"],
            line["upper"]["unit_code"],
            line["lower"]["unit_code"],
            line["margin"],
            line["needed"],
            line["tied"],
            line["separated_by"]
        ])
    };
    assert_eq!(
        lines.iter().map(of).collect::<Vec<_>>(),
        [
            json!(["emulation_flag", "TH", "NC", 0, 0.01, false, "council_decision"]),
            json!(["certificate_of_merit", "KGVX", "HCTC", 0, 0.01, false, "base_points"]),
        ]
    );
    // NC lacks 5 points in each of five criteria, HCTC 20 in A.III.1; TH and KGVX could lose 100 in A.I.3, KGVX in A.I.1 too.
    let line = |code: &str, points: i32, limit: i32| json!({"possible": true, "lines": [{"criterion_code": code, "points": points, "limit": limit, "effect": limit - points}]});
    assert_eq!((&lines[0]["rise"], &lines[0]["fall"]), (&line("A.I.3", 95, 100), &line("A.I.3", 100, 0)));
    assert_eq!((&lines[1]["rise"], &lines[1]["fall"]), (&line("A.III.1", 0, 20), &line("A.I.1", 100, 0)));
    check_movements(&seen);
    check_without_a_criterion(&seen["without_criterion"]);
    check_losses(found(&seen["units"], "unit_code", "TH"));
}

fn check_movements(seen: &Value) {
    let none = json!([28, 0, 0, 0, 0, 0]);
    for (unit, first, second, inflated) in [
        ("TH", json!([28, 0, 1, 0, -2.5, -2.5]), none.clone(), json!(2.5)),
        ("NC", none.clone(), json!([28, 0, 1, 0, -5, -5]), json!(5)),
        ("KT", none.clone(), none.clone(), json!(0)),
    ] {
        let unit = found(&seen["units"], "unit_code", unit);
        let steps = ["self_to_appraisal", "appraisal_to_council"].map(|step| figures(&unit[step], MOVEMENT));
        assert_eq!((steps, &unit["self_minus_final"]), ([first, second], &inflated));
        assert_eq!(unit["years"], json!([]));
    }
    let criterion = |code: &str| found(&seen["criteria"], "criterion_code", code);
    assert_eq!(figures(&criterion("A.I.1")["self_to_appraisal"], MOVEMENT), json!([7, 0, 1, 0, -2.5, -2.5]));
    assert_eq!(figures(&criterion("A.VIII")["appraisal_to_council"], MOVEMENT), json!([7, 0, 1, 0, -5, -5]));
    // A.VIII: 100 of five, NC 95, QTTV 80.
    let fields = ["max_points", "lowest", "median", "highest", "separates", "tolerance"];
    assert_eq!(figures(criterion("A.VIII"), fields), json!([100, 80, 100, 100, true, 5]));
    assert_eq!(figures(criterion("A.I.1"), fields), json!([null, 80, 100, 100, true, 2.5]));
    let criteria = seen["criteria"].as_array().unwrap();
    assert_eq!((criteria.len(), criteria.iter().filter(|criterion| criterion["separates"] == false).count()), (28, 13));
    let narrow = |award: &str| json!({"group_code": null, "award_code": award, "margin": 0, "tolerance": 5, "criterion_codes": ["A.I.1", "A.VIII"]});
    assert_eq!(seen["discuss_first"], json!([narrow("emulation_flag"), narrow("certificate_of_merit")]));
}

/// Without A.I.1: QTTV 840, BTCD 850. Without A.I.3: NC 880, TH 875. Without B.1: TH and KGVX 945 with 885 each, NC and HCTC
/// 935, BTCD 930, QTTV 900.
fn check_without_a_criterion(without: &Value) {
    let of = |code: &str| -> Vec<String> {
        let units = found(&without["changes"], "criterion_code", code)["units"].as_array().unwrap();
        let award = |code: &Value| code.as_str().map_or("–".to_owned(), |code| code[..1].to_owned());
        let line = |unit: &Value| {
            let awards = ["award_code", "award_code_without"].map(|field| award(&unit[field]));
            format!(
                "{} {}→{} {}→{}",
                unit["unit_code"].as_str().unwrap(),
                unit["rank"],
                unit["rank_without"],
                awards[0],
                awards[1]
            )
        };
        units.iter().map(line).collect()
    };
    assert_eq!(of("A.I.1"), ["QTTV 6→7 –→–", "BTCD 7→6 –→–"]);
    assert_eq!(of("A.I.3"), ["TH 2→3 e→c", "NC 3→2 c→e"]);
    assert_eq!(of("B.1"), ["TH 2→2 e→–", "NC 3→4 c→c", "KGVX 4→2 c→–", "QTTV 6→7 –→–", "BTCD 7→6 –→–"]);
    let changes = u64::try_from(without["changes"].as_array().unwrap().len()).unwrap();
    assert_eq!(changes + without["unchanged_count"].as_u64().unwrap(), 28);
    // The thirteen that separate nobody change nothing.
    assert!(without["unchanged_count"].as_u64().unwrap() >= 13);
}

/// Of 990, 975, 975, 965, 965, 940, 930 the median is 965; of the bases 895, 885, 885, 885, 875, 870, 860 it is 885. Of A.I,
/// three times 250, 247.5, twice 245 and 230, it is 247.5; of B.1, three times 40, twice 30, 20 and 0, it is 30.
fn check_losses(th: &Value) {
    assert_eq!(th["compared"]["total"], json!({"points": 975, "best": 990, "median": 965}));
    assert_eq!(th["compared"]["base"], json!({"points": 885, "best": 895, "median": 885}));
    let fields = ["code", "points", "max_points", "lost", "best", "median"];
    let losses: Vec<Value> = th["losses"].as_array().unwrap().iter().map(|loss| figures(loss, fields)).collect();
    assert_eq!(
        losses,
        [
            json!(["A", 885, 900, 15, 895, 885]),
            json!(["A.I", 247.5, 250, 2.5, 250, 247.5]),
            json!(["A.II", 97.5, 100, 2.5, 100, 100]),
            json!(["A.II.1", 27.5, 30, 2.5, 30, 30]),
            json!(["A.IV", 90, 100, 10, 100, 100]),
            json!(["A.IV.4", 10, 20, 10, 20, 20]),
            json!(["B", 90, 100, 10, 95, 90]),
            json!(["B.1", 30, 40, 10, 40, 30]),
        ]
    );
}

/// Once it is announced TH has its own part, beside the others' totals, which everybody sees, and not beside their scores.
pub fn check_the_part_of_a_unit(app: &App, period: &str) {
    let seen = analysis(app, "th-head", period);
    assert_eq!((&seen["complete"], seen["units"].as_array().unwrap().len()), (&json!(false), 1));
    for part in ["award_lines", "discuss_first", "without_criterion", "criteria"] {
        assert_eq!(seen[part], json!(null), "{part}");
    }
    let own = &seen["units"][0];
    assert_eq!((&own["unit_code"], &own["self_minus_final"]), (&json!("TH"), &json!(2.5)));
    assert_eq!(own["compared"]["total"], json!({"points": 975, "best": 990, "median": 965}));
    let loss = found(&own["losses"], "code", "A.II.1");
    assert_eq!(figures(loss, ["lost", "best", "median"]), json!([2.5, null, null]));
    for person in ["admin", "integration"] {
        let seen = analysis(app, person, period);
        assert_eq!((&seen["units"], &seen["award_lines"]), (&json!([]), &json!(null)), "{person}");
    }
}

fn unit(unit: &'static str, own: f64, appraised: f64) -> SmallUnit {
    let lines = vec![
        ("A.1", points(own)),
        ("A.2", json!({"cases": 0})),
        ("A.3.1", points(20.0)),
        ("A.3.2", points(10.0)),
        ("B.1", points(10.0)),
    ];
    let appraisal = if own == appraised { Vec::new() } else { vec![("A.1", points(appraised))] };
    SmallUnit { unit, own: Some(lines), appraisal, council: Vec::new(), disciplined: Some(false) }
}

/// Seven periods: KT claims the full 40 in A.1 and gets 25 in 2022 and 22.5 in 2023; TH gets what it claims, 30. The sixth
/// period before is out of sight.
#[apply(on_both)]
fn the_years_of_a_unit_stand_side_by_side(app: &App) {
    let table = app.published(&small_table("NHO", "refused"));
    let period = |(at, year): (usize, i32)| {
        let appraised = if year == 2022 { 25.0 } else { 22.5 };
        app.small_period(&table, vec![unit("KT", 40.0, appraised), unit("TH", 30.0, 30.0)], |body| {
            body["code"] = json!(format!("NHO-{at}"));
            body["year"] = json!(year);
            // The dates of a year lie in it or in the next.
            body["awards"] = json!([{"code": "flag", "title": "Cờ", "quota": 1}]);
        })
    };
    let years = [2022, 2022, 2023, 2022, 2023, 2023, 2023];
    let periods: Vec<_> = years.into_iter().enumerate().map(period).collect();
    app.reviewed(&periods);
    app.announce_all(&periods);
    let seen = analysis(app, "secretary", &periods[6].path);
    let of = |unit: &str| -> Vec<Value> {
        let years = found(&seen["units"], "unit_code", unit)["years"].as_array().unwrap();
        let fields =
            ["period_code", "year", "rank", "ranked_units", "total", "award_code", "self_total", "self_minus_final"];
        years.iter().map(|year| figures(year, fields)).collect()
    };
    // 2023: 22.5 and 60 more are 82.5, behind TH's 90; 2022: 25 and 60 are 85.
    let kt = |at: usize, year: i32, total: Value, inflated: Value| {
        json!([format!("NHO-{at}"), year, 2, 2, total, null, 100, inflated])
    };
    assert_eq!(
        of("KT"),
        [
            kt(5, 2023, json!(82.5), json!(17.5)),
            kt(4, 2023, json!(82.5), json!(17.5)),
            kt(2, 2023, json!(82.5), json!(17.5)),
            kt(3, 2022, json!(85), json!(15)),
            kt(1, 2022, json!(85), json!(15)),
        ]
    );
    assert_eq!(of("TH")[0], json!(["NHO-5", 2023, 1, 2, 90, "flag", 90, 0]));
    // What is later is not earlier; a unit has its own years.
    let before = analysis(app, "kt-head", &periods[3].path);
    let codes: Vec<&Value> =
        before["units"][0]["years"].as_array().unwrap().iter().map(|year| &year["period_code"]).collect();
    assert_eq!(codes, [&json!("NHO-1"), &json!("NHO-0")]);
}

/// Who belongs to TH keeps away from its scores: what follows from them is left out, and the rest is there.
#[apply(on_both)]
fn a_recused_viewer_gets_what_follows_from_the_ranking(app: &App) {
    let table = app.published(&small_table("NHO", "refused"));
    let units = vec![unit("KT", 40.0, 40.0), unit("NC", 35.0, 32.5), unit("TH", 37.5, 37.5)];
    let periods = [app.small_period(&table, units, |body| {
        body["code"] = json!("NHO");
        body["awards"] =
            json!([{"code": "flag", "title": "Cờ", "quota": 1}, {"code": "merit", "title": "Bằng khen", "quota": 1}]);
    })];
    app.reviewed(&periods);
    let period = &periods[0].path;
    let (all, seen) = (analysis(app, "secretary", period), analysis(app, "th-council", period));
    assert_eq!((&all["status"], &all["complete"]), (&json!("provisional"), &json!(true)));
    assert_eq!(seen["complete"], false);
    for part in ["discuss_first", "without_criterion", "criteria"] {
        assert!(!all[part].is_null() && seen[part].is_null(), "{part}");
    }
    // KT 100 above TH 97.5 above NC 92.5.
    let hidden = |line: &Value| ["rise", "fall"].map(|change| line[change].is_null());
    let lines = seen["award_lines"].as_array().unwrap();
    assert_eq!((&lines[0]["margin"], hidden(&lines[0])), (&json!(2.5), [true, false]));
    assert_eq!((&lines[1]["margin"], hidden(&lines[1])), (&json!(5), [false, true]));
    let codes = |seen: &Value| -> Vec<Value> {
        seen["units"].as_array().unwrap().iter().map(|unit| unit["unit_code"].clone()).collect()
    };
    assert_eq!(
        (codes(&all), codes(&seen)),
        (vec![json!("KT"), json!("NC"), json!("TH")], vec![json!("KT"), json!("NC")])
    );
    assert!(!seen["units"].to_string().contains(&app.unit_id("TH")));
    for person in ["th-head", "kt-editor", "admin", "integration", "deadline-checker", "so-khdt-admin"] {
        app.get(person, &format!("{period}/analysis")).refused(404, "not_found");
    }
    let first = app.get("auditor", &format!("{period}/analysis"));
    let again = app.request("auditor", "GET", &format!("{period}/analysis")).header("if-none-match", &first.etag());
    assert_eq!(again.send().status, 304);
}

/// An open year has no ranked units yet, and nothing to tell.
#[apply(on_both)]
fn an_open_year_has_no_lines_yet(app: &App) {
    let draft = app.new_sheet("TH");
    app.patch("th-head", &draft, &[("A.II.1", r#"{"points":7}"#)]).expect(200);
    let seen = analysis(app, "auditor", &app.period());
    assert_eq!(
        (&seen["status"], &seen["award_lines"], &seen["units"]),
        (&json!("provisional"), &json!([]), &json!([]))
    );
}
