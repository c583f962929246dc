//! Periods that went through the API are recounted from their exports by a script that knows nothing of the service.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::support::small::{SmallUnit, points, small_table};
use crate::support::{App, apply, on_both};

/// Runs the script on files, and returns whether nothing differs, and what it printed.
pub fn recounted(files: &[PathBuf]) -> (bool, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recount/recount.py");
    let ran = Command::new("python3").arg(script).args(files).output().unwrap();
    (ran.status.success(), [ran.stdout, ran.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat())
}

/// A unit whose year depends on two numbers, with few different totals.
fn unit(unit: &'static str, at: usize, number: usize) -> SmallUnit {
    // In every fourth year all are alike, and the council decides.
    let number = if at.is_multiple_of(4) { 0 } else { number };
    let of = |most: usize| (at * 7 + number * 3) % most;
    let own = vec![
        ("A.1", points(if of(3) == 0 { 37.5 } else { 40.0 })),
        ("A.2", json!({"cases": of(2)})),
        ("A.3.1", points(if of(5) == 0 { 20.0 } else { 10.0 })),
        ("A.3.2", points(10.0)),
        ("B.1", points(if number == at % 4 { 7.25 } else { 10.0 })),
    ];
    let not_applicable = json!({"not_applicable": true});
    SmallUnit {
        unit,
        own: (of(7) != 6).then_some(own),
        appraisal: if of(4) == 1 { vec![("A.1", points(35.0))] } else { Vec::new() },
        council: if !at.is_multiple_of(3) && of(5) == 2 { vec![("A.3.1", not_applicable)] } else { Vec::new() },
        disciplined: Some(of(6) == 5),
    }
}

/// Twenty periods: both policies for what does not apply and none, awards that pass down or stay vacant, dossiers due by a
/// day or from it on, groups, ties decided and missed sheets.
#[apply(on_both)]
fn twenty_results_are_recounted_from_their_exports(app: &App) {
    let tables =
        ["refused", "excluded", "rescaled"].map(|policy| app.published(&small_table(&format!("NHO-{policy}"), policy)));
    let period = |at: usize| {
        let units = ["BTCD", "KT", "NC", "TH"].into_iter().enumerate().map(|(number, code)| unit(code, at, number));
        app.small_period(&tables[at % 3], units.take(3 + at % 2).collect(), |body| {
            body["code"] = json!(format!("NHO-{at}"));
            body["when_ineligible"] = json!(["pass_down", "leave_vacant"][at / 2 % 2]);
            body["tie_break"] = [json!(["base_points", "council_decision"]), json!(["section:A.3"]), json!(["fewer_deductions"])][at / 3 % 3].clone();
            body["awards"] = json!([{"code": "flag", "title": "Cờ", "quota": 1}, {"code": "merit", "title": "Bằng khen", "quota": 1}]);
            if matches!(at % 8, 0 | 3) {
                let group = |code: &str, unit_ids: &[Value], awards: Value| json!({"code": code, "title": code, "unit_ids": unit_ids, "awards": awards});
                let (first, second) = body["unit_ids"].as_array().unwrap().split_at(2);
                let own = json!([{"code": "merit", "title": "Bằng khen", "quota": 1}]);
                body["groups"] = json!([group("K1", first, Value::Null), group("K2", second, own)]);
            }
            let semantics = ["not_later_than", "not_before"][at % 2];
            body["dossier_deadline"] = json!({"working_days": 3 + at, "semantics": semantics});
        })
    };
    let periods: Vec<_> = (0..20).map(period).collect();
    app.reviewed(&periods);
    app.announce_all(&periods);
    // A day off that moves what is due later.
    let day =
        json!({"kind": "holiday", "name": "Ngày truyền thống", "status": "official", "legal_basis": "QĐ 12/QĐ-VP"});
    app.request("admin", "PUT", "/v1/calendar-days/2023-12-05").json(&day).send().expect(201);
    let folder = tempfile::tempdir().unwrap();
    let (mut files, mut seen) = (Vec::new(), [0; 4]);
    for (at, period) in periods.iter().enumerate() {
        let export = app.get("auditor", &format!("{}/export.json", period.path)).expect(200);
        let rows = export["ranking"]["rows"].as_array().unwrap();
        let count = |holds: fn(&&Value) -> bool| rows.iter().filter(holds).count();
        seen[0] += count(|row| row["rank"].is_null());
        seen[1] += count(|row| row["rank"].is_number() && row["eligible"] == false);
        seen[2] += export["tie_decisions"].as_array().unwrap().len();
        seen[3] += export["award_proposals"].as_array().unwrap().len();
        let file = folder.path().join(format!("{at}.json"));
        std::fs::write(&file, export.to_string()).unwrap();
        files.push(file);
    }
    assert!(seen.iter().all(|count| *count > 4), "{seen:?}");
    assert_eq!(recounted(&files), (true, "20 recounted, nothing differs\n".to_owned()));
}
