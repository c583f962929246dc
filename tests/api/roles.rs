//! Who may do what: every operation, asked by everybody, about a unit of each relation, in each part of the year. What they
//! are answered is in `tests/roles`, to be read beside the contract: a right that changes shows there.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::json;

use crate::access::PEOPLE;
use crate::contract::{Operation, document, ids, operations, with_ids};
use crate::support::year::head;
use crate::support::{App, Response, apply, egov_document, on_both};

/// How a request is answered to somebody, by one character. A body that cannot be read is refused after the rights were
/// checked and before anything is done.
fn mark(response: &Response) -> char {
    match (response.status, response.code().as_str()) {
        (404, "not_found") => '.',
        (403, "role_required") => 'r',
        (403, "recused") => 'x',
        (403, "scope_required") => 's',
        (200 | 201 | 204 | 400 | 404 | 405 | 409 | 415 | 422 | 428, _) => '+',
        (status, code) => panic!("{status} {code}"),
    }
}

fn asked(app: &App, person: &str, method: &str, path: &str) -> char {
    let request = app.request(person, method, path);
    mark(&if method == "GET" { request.send() } else { request.raw("application/json", "{").send() })
}

/// The table so far, and how many requests it took.
struct Table {
    text: String,
    requests: usize,
}

impl Table {
    fn new() -> Self {
        let mut text = "+ allowed   . not found   r role required   x recused   s scope required\n\n".to_owned();
        for (at, person) in PEOPLE.iter().enumerate() {
            writeln!(text, "{}└ {person}", "│".repeat(at)).unwrap();
        }
        Table { text, requests: 0 }
    }

    fn part(&mut self, title: &str, app: &App, operations: &[&Operation], ids: &BTreeMap<&'static str, String>) {
        writeln!(self.text, "\n{title}").unwrap();
        for Operation { method, path, .. } in operations {
            let asked = |person: &&str| asked(app, person, method, &with_ids(path, ids));
            let marks: String = PEOPLE.iter().map(asked).collect();
            writeln!(self.text, "{marks}  {method} {path}").unwrap();
            self.requests += PEOPLE.len();
        }
    }
}

/// The ids of what a unit has in a part of the year.
fn ids_of(app: &App, sheet: &str, review: Option<&str>, piece: &str) -> BTreeMap<&'static str, String> {
    let id = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    let unit = app.get("auditor", sheet).expect(200)["unit_id"].as_str().unwrap().to_owned();
    let mut ids = BTreeMap::from([
        ("submissions", id(sheet)),
        ("periods", app.period_id()),
        ("units", unit),
        ("deliveries", String::new()),
        ("evidence", piece.to_owned()),
    ]);
    ids.extend(review.map(|review| ("reviews", id(review))));
    ids
}

#[apply(on_both)]
fn everybody_is_answered_as_the_table_says(app: &App) {
    let all = operations(&document(app));
    let of = |nouns: &[&str]| -> Vec<&Operation> {
        let is_of = |operation: &&Operation| {
            let noun = operation.path.split('/').nth(2).unwrap_or_default();
            nouns.contains(&noun) && operation.path.contains("{id}") && operation.is_secured()
        };
        all.iter().filter(is_of).collect()
    };
    let mut table = Table::new();
    let units = ["TH", "HCTC"];
    let sheets = units.map(|unit| {
        let sheet = app.new_sheet(unit);
        let piece =
            app.post(&head(unit), &format!("{sheet}/evidence/references"), &egov_document("A.II.1")).expect(201);
        (sheet, piece["id"].as_str().unwrap().to_owned())
    });
    let sheets_alone = of(&["submissions", "evidence"]);
    let with_period = of(&["submissions", "evidence", "reviews", "periods"]);
    for (unit, (sheet, piece)) in units.iter().zip(&sheets) {
        table.part(&format!("A draft of {unit}"), app, &sheets_alone, &ids_of(app, sheet, None, piece));
    }
    for (unit, (sheet, _)) in units.iter().zip(&sheets) {
        app.write(unit, sheet, &[]);
        app.act(&head(unit), sheet, "submit", None).expect(200);
    }
    app.set_clock("2023-11-11T01:00:00.000Z");
    app.move_period("secretary", "start-appraisal");
    let review_of = |(unit, (sheet, _)): (&&str, &(String, String))| {
        let body = json!({"submission_id": sheet.rsplit('/').next().unwrap(), "stage": "appraisal"});
        let review = app.post(App::appraiser_of(unit), "/v1/reviews", &body).expect(201);
        format!("/v1/reviews/{}", review["id"].as_str().unwrap())
    };
    let reviews: Vec<String> = units.iter().zip(&sheets).map(review_of).collect();
    for ((unit, (sheet, piece)), review) in units.iter().zip(&sheets).zip(&reviews) {
        let ids = ids_of(app, sheet, Some(review), piece);
        table.part(&format!("{unit} in appraisal"), app, &with_period, &ids);
    }
    for ((unit, (sheet, _)), review) in units.iter().zip(&sheets).zip(&reviews) {
        let tag = app.tag(App::appraiser_of(unit), review);
        app.request(App::appraiser_of(unit), "POST", &format!("{review}/submit")).if_match(&tag).send().expect(200);
        assert_eq!(app.get("auditor", sheet).expect(200)["status"], "appraised");
    }
    app.move_period("secretary", "start-council-review");
    for ((unit, (sheet, piece)), review) in units.iter().zip(&sheets).zip(&reviews) {
        let ids = ids_of(app, sheet, Some(review), piece);
        table.part(&format!("{unit} before the council"), app, &with_period, &ids);
    }
    check(&table, units.len() * 1500);
}

#[apply(on_both)]
fn everybody_is_answered_as_the_table_of_the_announced_year_says(app: &App) {
    let all = operations(&document(app));
    let ids = ids(app);
    let in_sandbox = |operation: &&Operation| !operation.path.starts_with("/v1/sandbox/");
    let operations: Vec<&Operation> =
        all.iter().filter(|operation| operation.is_secured()).filter(in_sandbox).collect();
    let mut table = Table::new();
    table.part("After the announcement, about TH", app, &operations, &ids);
    check(&table, 2500);
}

/// Compares a table with the one that is kept. `ROLES=write` writes it anew.
#[track_caller]
fn check(table: &Table, at_least: usize) {
    let name = if table.text.contains("announcement") { "announced.txt" } else { "year.txt" };
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/roles").join(name);
    if std::env::var_os("ROLES").is_some_and(|mode| mode == "write") {
        std::fs::write(&path, &table.text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap();
    let changed: Vec<_> = table.text.lines().zip(kept.lines()).filter(|(found, kept)| found != kept).collect();
    assert!(changed.is_empty() && table.text == kept, "found, kept: {changed:#?}");
    assert!(table.requests >= at_least, "{} requests", table.requests);
}
