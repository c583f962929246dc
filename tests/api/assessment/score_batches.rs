//! Lines of many sheets in one request: checked like single writes, written sheet by sheet, all or each for itself.

use serde_json::{Value, json};

use crate::backends::execute;
use crate::races::slow_to_record;
use crate::support::{App, Response, apply, at_once, on_both};

const WHY: &str = "Trình chậm 02 văn bản";

fn id_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

/// An item; `answer` in JSON, `null` clears the line.
fn item(sheet: &str, code: &str, answer: &str, if_version: &str) -> Value {
    let answer: Value = serde_json::from_str(answer).unwrap();
    json!({"submission_id": id_of(sheet), "criterion_code": code, "answer": answer, "if_version": if_version})
}

fn reasoned(mut item: Value) -> Value {
    item["reason"] = json!(WHY);
    item
}

fn batch(stage: &str, mode: &str, items: &[Value]) -> Value {
    json!({"stage": stage, "mode": mode, "items": items})
}

fn send(app: &App, person: &str, body: &Value) -> Response {
    app.post(person, &format!("{}/scores/batch", app.period()), body)
}

/// The status of each item, and the first code of a refused one.
fn outcomes(answer: &Value) -> Vec<String> {
    let results = answer["results"].as_array().unwrap();
    let word = |(at, result): (usize, &Value)| {
        assert_eq!(result["index"], at, "{result}");
        let (status, code) = (result["status"].as_str().unwrap(), result["code"].as_str());
        assert_eq!(code, result["errors"][0]["code"].as_str(), "{result}");
        code.map_or(status.to_owned(), |code| format!("{status} {code}"))
    };
    results.iter().enumerate().map(word).collect()
}

/// The points of a criterion at a stage.
fn points(app: &App, person: &str, sheet: &str, code: &str, stage: &str) -> Value {
    let scores = app.get(person, &format!("{sheet}/scores")).expect(200);
    let lines = scores["scores"].as_array().unwrap();
    lines.iter().find(|line| line["criterion_code"] == code).unwrap()[stage]["points"].clone()
}

/// The last audit entry, and all events.
fn records(app: &App) -> (Value, Value) {
    let items = |path: &str| app.get("auditor", path).expect(200)["items"].clone();
    (items("/v1/audit-entries?sort=-sequence&limit=1")[0]["id"].clone(), items("/v1/events?limit=200"))
}

/// The actions recorded about a record, oldest first.
fn acts(app: &App, id: &str) -> Vec<String> {
    let entries = app.get("auditor", &format!("/v1/audit-entries?subject_id={id}&limit=200")).expect(200);
    entries["items"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap().to_owned()).collect()
}

#[track_caller]
fn only_review(app: &App, person: &str, sheet: &str, stage: &str) -> Value {
    let listed = app.get(person, &format!("/v1/reviews?submission_id={}", id_of(sheet))).expect(200);
    let of_stage: Vec<&Value> =
        listed["items"].as_array().unwrap().iter().filter(|review| review["stage"] == stage).collect();
    assert_eq!(of_stage.len(), 1, "{listed}");
    app.get(person, &format!("/v1/reviews/{}", of_stage[0]["id"].as_str().unwrap())).expect(200)
}

#[track_caller]
fn review_line<'a>(review: &'a Value, code: &str) -> &'a Value {
    review["scores"].as_array().unwrap().iter().find(|line| line["criterion_code"] == code).unwrap()
}

#[apply(on_both)]
fn the_lines_of_one_sheet_are_one_change_of_it(app: &App) {
    let sheet = app.new_sheet("TH");
    app.write("TH", &sheet, &[]);
    let before = app.get("th-editor", &sheet).expect(200);
    let tag = app.tag("th-editor", &sheet);
    let items = [
        item(&sheet, "A.II.1", r#"{"points":25}"#, &tag),
        item(&sheet, "A.II.2", "null", &tag),
        item(&sheet, "A.III.1", r#"{"achieved":true}"#, &tag),
    ];
    let answer = send(app, "th-editor", &batch("self", "atomic", &items)).expect(200);
    assert_eq!(outcomes(&answer), ["applied", "applied", "unchanged"]);
    assert_eq!((&answer["applied"], &answer["unchanged"], &answer["refused"]), (&json!(2), &json!(1), &json!(0)));
    let after = app.get("th-editor", &sheet);
    assert_eq!(answer["results"][0]["etag"], after.etag(), "the tag that the sheet has now");
    let after = after.expect(200);
    assert_eq!(after["version"].as_i64().unwrap(), before["version"].as_i64().unwrap() + 1);
    assert_eq!(after["totals"]["self"]["total"], 975);
    assert_eq!(points(app, "th-head", &sheet, "A.II.1", "self"), 25);
    assert_eq!(points(app, "th-head", &sheet, "A.II.2", "self"), Value::Null);
    assert_eq!(acts(app, id_of(&sheet)).iter().filter(|act| *act == "submission.write_scores").count(), 2);
    // What is so already changes nothing.
    let tag = app.tag("th-editor", &sheet);
    let same = [item(&sheet, "A.II.1", r#"{"points":25}"#, &tag)];
    let records_before = records(app);
    let answer = send(app, "th-editor", &batch("self", "atomic", &same)).expect(200);
    assert_eq!((outcomes(&answer), answer["results"][0]["etag"].as_str()), (vec!["unchanged".to_owned()], Some(&*tag)));
    assert_eq!((app.tag("th-editor", &sheet), records(app)), (tag, records_before));
}

#[apply(on_both)]
fn one_refused_item_refuses_an_atomic_batch_with_every_fault(app: &App) {
    let sheet = app.new_sheet("TH");
    app.write("TH", &sheet, &[]);
    let (tag, seen) = (app.tag("th-head", &sheet), app.get("th-head", &format!("{sheet}/scores")).expect(200));
    let records_before = records(app);
    let good = item(&sheet, "A.II.1", r#"{"points":25}"#, &tag);
    let invalid = [
        good.clone(),
        item(&sheet, "A.II.2", r#"{"points":21}"#, &tag),
        item(&sheet, "Z.9", r#"{"points":1}"#, &tag),
        reasoned(item(&sheet, "A.II.3", r#"{"points":1}"#, &tag)),
    ];
    let refused = send(app, "th-head", &batch("self", "atomic", &invalid)).refused(422, "validation_failed");
    let place = |code: &str, pointer: &str| (code.to_owned(), pointer.to_owned());
    assert_eq!(
        refused.faults(),
        [
            place("score_out_of_range", "/items/1/answer/points"),
            place("unknown_criterion", "/items/2/criterion_code"),
            place("reason_not_asked", "/items/3/reason"),
        ]
    );
    // A single fault of the content gives its own code, one of the version a conflict.
    send(app, "th-head", &batch("self", "atomic", &invalid[..2])).refused(422, "score_out_of_range");
    let mixed = [good.clone(), item(&sheet, "A.II.2", r#"{"points":21}"#, "\"0-0\"")];
    let refused = send(app, "th-head", &batch("self", "atomic", &mixed)).refused(409, "guard_failed");
    assert_eq!(refused.faults(), [place("version_mismatch", "/items/1/if_version")]);
    let mut blind = good.clone();
    blind.as_object_mut().unwrap().remove("if_version");
    let refused = send(app, "th-head", &batch("self", "atomic", &[good, blind])).refused(409, "guard_failed");
    assert_eq!(refused.faults(), [place("precondition_required", "/items/1/if_version")]);
    assert_eq!(app.get("th-head", &format!("{sheet}/scores")).expect(200), seen);
    assert_eq!((app.tag("th-head", &sheet), records(app)), (tag, records_before));
}

#[apply(on_both)]
fn per_item_the_others_are_written_and_results_keep_the_order(app: &App) {
    let sheets = app.in_appraisal(&[("KT", &[]), ("TH", &[]), ("NC", &[])]);
    let [kt, th, nc] = [0, 1, 2].map(|at| sheets[at].as_str());
    let tags = [kt, th, nc].map(|sheet| app.tag("hctc-appraiser", sheet));
    let unknown = "018b88d6-5f80-7000-8000-0000000fffff";
    let items = [
        reasoned(item(th, "A.II.1", r#"{"points":20}"#, &tags[1])),
        item(unknown, "A.II.1", r#"{"points":20}"#, "*"),
        item(kt, "A.II.1", r#"{"points":31}"#, &tags[0]),
        reasoned(item(nc, "A.II.1", r#"{"points":10}"#, &tags[0])),
        reasoned(item(kt, "A.II.2", r#"{"points":10}"#, &tags[0])),
        item(th, "A.II.3", r#"{"points":1}"#, &tags[1]),
        item(th, "A.II.3", r#"{"points":2}"#, &tags[1]),
    ];
    let answer = send(app, "hctc-appraiser", &batch("appraisal", "per_item", &items)).expect(200);
    assert_eq!(
        outcomes(&answer),
        [
            "applied",
            "refused not_found",
            "refused score_out_of_range",
            "refused version_mismatch",
            "applied",
            "refused duplicate_criterion",
            "refused duplicate_criterion",
        ]
    );
    assert_eq!((&answer["applied"], &answer["refused"]), (&json!(2), &json!(5)));
    assert_eq!(answer["results"][2]["errors"][0]["pointer"], "/items/2/answer/points");
    let review = only_review(app, "hctc-appraiser", th, "appraisal");
    assert_eq!((&review["status"], &review["totals"]["total"]), (&json!("draft"), &json!(990)));
    assert_eq!(review_line(&review, "A.II.1")["reason"], WHY);
    assert_eq!(answer["results"][0]["review_id"], review["id"]);
    let path = format!("/v1/reviews/{}", review["id"].as_str().unwrap());
    assert_eq!(answer["results"][0]["etag"], app.tag("hctc-appraiser", &path));
    assert_eq!(acts(app, review["id"].as_str().unwrap()), ["review.create"], "one entry for a review begun");
    let of_nc = app.get("hctc-appraiser", &format!("/v1/reviews?submission_id={}", id_of(nc))).expect(200);
    assert_eq!(of_nc["items"], json!([]), "nothing accepted, nothing begun");
    app.act("hctc-appraiser", &path, "submit", None).expect(200);
    assert_eq!(app.get("hctc-appraiser", th).expect(200)["totals"]["appraisal"]["total"], 990);
}

#[apply(on_both)]
fn a_draft_review_is_written_on_by_its_own_tag_or_the_sheets(app: &App) {
    let sheets = app.in_appraisal(&[("TH", &[])]);
    let sheet = sheets[0].as_str();
    let by = |answer: &str, tag: &str| {
        let items = [reasoned(item(sheet, "A.II.1", answer, tag))];
        send(app, "hctc-appraiser", &batch("appraisal", "per_item", &items)).expect(200)
    };
    let first = by(r#"{"points":20}"#, &app.tag("hctc-appraiser", sheet));
    let begun = first["results"][0]["etag"].as_str().unwrap().to_owned();
    let second = by(r#"{"points":21}"#, &begun);
    assert_eq!(outcomes(&second), ["applied"]);
    assert_eq!(outcomes(&by(r#"{"points":22}"#, &begun)), ["refused version_mismatch"], "the review has moved on");
    assert_eq!(outcomes(&by(r#"{"points":23}"#, &app.tag("hctc-appraiser", sheet))), ["applied"]);
    let review = only_review(app, "hctc-appraiser", sheet, "appraisal");
    assert_eq!(review_line(&review, "A.II.1")["points"], 23);
    assert_eq!(
        acts(app, review["id"].as_str().unwrap()),
        ["review.create", "review.write_scores", "review.write_scores"]
    );
    app.act("hctc-appraiser", &format!("/v1/reviews/{}", review["id"].as_str().unwrap()), "submit", None).expect(200);
    assert_eq!(outcomes(&by(r#"{"points":24}"#, &app.tag("hctc-appraiser", sheet))), ["refused invalid_state"]);
}

/// An answer that says the same, and not a trace of it.
#[apply(on_both)]
fn a_batch_that_is_tried_changes_nothing(app: &App) {
    let sheets = app.in_appraisal(&[("TH", &[]), ("KT", &[])]);
    let tags: Vec<String> = sheets.iter().map(|sheet| app.tag("hctc-appraiser", sheet)).collect();
    let items = [
        reasoned(item(&sheets[0], "A.II.1", r#"{"points":20}"#, &tags[0])),
        item(&sheets[1], "A.II.1", r#"{"points":31}"#, &tags[1]),
    ];
    let before = records(app);
    let path = format!("{}/scores/batch", app.period());
    let keyed =
        |body: &Value| app.request("hctc-appraiser", "POST", &path).header("idempotency-key", "k-1").json(body).send();
    let mut body = batch("appraisal", "per_item", &items);
    body["dry_run"] = json!(true);
    let tried = keyed(&body).expect(200);
    assert_eq!(
        (&tried["dry_run"], outcomes(&tried)),
        (&json!(true), vec!["applied".to_owned(), "refused score_out_of_range".to_owned()])
    );
    assert_eq!((&tried["results"][0]["etag"], &tried["results"][0]["review_id"]), (&Value::Null, &Value::Null));
    let mut atomic = body.clone();
    atomic["mode"] = json!("atomic");
    keyed(&atomic).refused(422, "score_out_of_range");
    assert_eq!(records(app), before);
    let of_th = app.get("hctc-appraiser", &format!("/v1/reviews?submission_id={}", id_of(&sheets[0]))).expect(200);
    assert_eq!(of_th["items"], json!([]));
    // The key is still free, and then taken.
    body["dry_run"] = json!(false);
    let (done, again) = (keyed(&body), keyed(&body));
    assert_eq!(outcomes(&done.json()), outcomes(&tried));
    assert_eq!((done.header("idempotency-replayed"), again.header("idempotency-replayed")), ("", "true"));
    assert_eq!(done.bytes, again.bytes);
    only_review(app, "hctc-appraiser", &sheets[0], "appraisal");
}

#[apply(on_both)]
fn what_one_may_not_write_is_refused_as_by_a_single_write(app: &App) {
    let sheets = app.in_appraisal(&[("TH", &[]), ("HCTC", &[])]);
    let kt = app.get("kt-head", "/v1/submissions").expect(200)["items"][0]["id"].as_str().unwrap().to_owned();
    let all = [id_of(&sheets[0]).to_owned(), id_of(&sheets[1]).to_owned(), kt];
    let items: Vec<Value> = all.iter().map(|id| item(id, "A.II.1", r#"{"points":20}"#, "*")).collect();
    let by = |person: &str, stage: &str| send(app, person, &batch(stage, "per_item", &items));
    let refused = |code: &str| format!("refused {code}");
    let appraised = outcomes(&by("hctc-appraiser", "appraisal").expect(200));
    assert_eq!(appraised, ["applied".to_owned(), refused("recused"), refused("invalid_state")], "own unit, missed");
    // Another's sheet is not there, the own one is past its gate.
    let own = outcomes(&by("th-head", "self").expect(200));
    assert_eq!(own, [refused("invalid_state"), refused("not_found"), refused("not_found")]);
    // A draft that nobody but its stage sees makes no difference to a council member, who has no right in an agreed review.
    for (person, stage) in [
        ("th-council", "council"),
        ("secretary", "appraisal"),
        ("auditor", "self"),
        ("admin", "self"),
        ("kt-head", "council"),
    ] {
        by(person, stage).refused(403, "role_required");
    }
    by("so-khdt-admin", "self").refused(404, "not_found");
    assert_eq!(outcomes(&by("secretary", "council").expect(200))[0], refused("invalid_state"));
    // The order of checks: right before syntax, syntax before everything in the items.
    let path = format!("{}/scores/batch", app.period());
    app.request("admin", "POST", &path).raw("application/json", "{").send().refused(403, "role_required");
    app.request("th-head", "POST", &path).raw("text/plain", "{").send().refused(415, "unsupported_media_type");
    app.request("th-head", "POST", &path).raw("application/json", "{").send().refused(400, "malformed_json");
    let odd = json!({"stage": "self", "mode": "per_item", "items": [{"submission_id": all[0], "criterion_code": 7}]});
    let odd = send(app, "th-head", &odd).refused(400, "invalid_body");
    assert_eq!(odd.faults()[0].1, "/items/0/criterion_code");
    send(app, "th-head", &batch("self", "atomic", &[])).refused(422, "required");
    let many: Vec<Value> = (0..1001).map(|_| item(&all[0], "A.II.1", "null", "*")).collect();
    send(app, "th-head", &batch("self", "atomic", &many)).refused(422, "too_many_items");
}

#[apply(on_both)]
fn a_gate_that_has_closed_refuses_the_item(app: &App) {
    let sheet = app.new_sheet("TH");
    let tag = app.tag("th-head", &sheet);
    app.set_clock("2023-11-10T17:00:00.000Z");
    let mut body = batch("self", "per_item", &[item(&sheet, "A.II.1", r#"{"points":20}"#, &tag)]);
    for dry_run in [true, false] {
        body["dry_run"] = json!(dry_run);
        let answer = send(app, "th-head", &body).expect(200);
        assert_eq!(outcomes(&answer), ["refused deadline_passed"], "{dry_run}");
    }
    assert_eq!(app.get("th-head", &sheet).expect(200)["status"], "missed");
    body["mode"] = json!("atomic");
    send(app, "th-head", &body).refused(409, "deadline_passed");
}

#[apply(on_both)]
fn a_sheet_of_another_period_is_not_there(app: &App) {
    let first = app.period();
    let mut other = app.period_like("2024");
    other["unit_ids"] = json!([app.unit_id("TH")]);
    let other = app.new_period(&other);
    app.act("secretary", &other, "open", None).expect(200);
    let sheet = app.new_sheet_in(&other, "TH");
    let items = [item(&sheet, "A.II.1", r#"{"points":20}"#, "*")];
    let answer = app.post("th-head", &format!("{first}/scores/batch"), &batch("self", "per_item", &items));
    assert_eq!(outcomes(&answer.expect(200)), ["refused not_found"]);
    let answer = app.post("th-head", &format!("{other}/scores/batch"), &batch("self", "per_item", &items));
    assert_eq!(outcomes(&answer.expect(200)), ["applied"]);
}

/// KT's own member is recused from KT; each of the others writes a review of their own.
#[apply(on_both)]
fn members_who_score_alone_write_their_own_reviews(app: &App) {
    execute(app, "UPDATE periods SET council_scoring = 'mean'").unwrap();
    let sheets = app.in_council_review(&[("KT", &[]), ("TH", &[])]);
    let write = |person: &str, points: u32| {
        let answer = format!(r#"{{"points":{points}}}"#);
        let items: Vec<Value> = sheets.iter().map(|sheet| item(sheet, "A.II.1", &answer, "*")).collect();
        send(app, person, &batch("council", "per_item", &items))
    };
    assert_eq!(outcomes(&write("nc-council", 20).expect(200)), ["applied", "applied"]);
    assert_eq!(outcomes(&write("kt-council", 10).expect(200)), ["refused recused", "applied"]);
    write("secretary", 1).refused(403, "role_required");
    for (person, points) in [("nc-council", 20), ("kt-council", 10)] {
        let review = only_review(app, person, &sheets[1], "council");
        assert_eq!(review_line(&review, "A.II.1")["points"], points, "{person}");
    }
    let again = write("nc-council", 20).expect(200);
    assert_eq!(outcomes(&again), ["unchanged", "unchanged"]);
}

/// The same lines, in one batch and one after another: the same sheets.
#[apply(on_both)]
fn a_batch_is_the_single_writes_one_after_another(app: &App) {
    let (batched, singly) = (app.new_sheet("TH"), app.new_sheet("KT"));
    for (unit, sheet) in [("TH", &batched), ("KT", &singly)] {
        app.write(unit, sheet, &[("A.I.2", r#"{"points":20}"#)]);
    }
    let lines = [
        ("A.I.1", r#"{"points":120}"#),
        ("A.I.2", r#"{"points":31}"#),
        ("A.II.1", r#"{"points":29.99}"#),
        ("A.II.2", "null"),
        ("A.II.3", r#"{"points":1.001}"#),
        ("A.III.1", r#"{"achieved":false}"#),
        ("A.IV.4", r#"{"cases":-1}"#),
        ("Z", r#"{"points":1}"#),
        ("B.1", r#"{"points":0}"#),
    ];
    let tag = app.tag("th-head", &batched);
    let items: Vec<Value> = lines.iter().map(|(code, answer)| item(&batched, code, answer, &tag)).collect();
    let answer = send(app, "th-head", &batch("self", "per_item", &items)).expect(200);
    let one = |line: &(&str, &str)| {
        let response = app.patch("kt-head", &singly, std::slice::from_ref(line));
        if response.status == 200 { "applied".to_owned() } else { format!("refused {}", response.code()) }
    };
    assert_eq!(outcomes(&answer), lines.iter().map(one).collect::<Vec<_>>());
    let seen = |person: &str, sheet: &str| {
        let seen = app.get(person, &format!("{sheet}/scores")).expect(200);
        (seen["scores"].clone(), seen["nodes"].clone(), seen["totals"].clone())
    };
    assert_eq!(seen("th-head", &batched), seen("kt-head", &singly));
}

#[apply(on_both)]
fn of_two_batches_of_one_state_one_wins(app: &App) {
    let sheet = app.new_sheet("TH");
    app.write("TH", &sheet, &[]);
    let tag = app.tag("th-head", &sheet);
    slow_to_record(app);
    let codes = ["A.II.1", "A.II.2"];
    let answers = at_once(2, |at| {
        let items = [item(&sheet, codes[at], r#"{"points":1}"#, &tag)];
        send(app, ["th-head", "th-editor"][at], &batch("self", "per_item", &items)).expect(200)
    });
    let mut words: Vec<String> = answers.iter().flat_map(outcomes).collect();
    words.sort();
    assert_eq!(words, ["applied", "refused version_mismatch"]);
}

/// Two appraisers begin at once: one review, with the lines of both.
#[apply(on_both)]
fn of_two_batches_that_begin_a_review_both_write_in_one(app: &App) {
    let sheets = app.in_appraisal(&[("TH", &[]), ("KT", &[])]);
    slow_to_record(app);
    let codes = ["A.II.1", "A.II.2"];
    let answers = at_once(2, |at| {
        let person = ["appraiser", "hctc-appraiser"][at];
        // In opposite order: sheets are locked in one order whatever the items'.
        let mut named = sheets.clone();
        if at == 1 {
            named.reverse();
        }
        let of = |sheet: &String| reasoned(item(sheet, codes[at], r#"{"points":1}"#, &app.tag(person, sheet)));
        send(app, person, &batch("appraisal", "atomic", &named.iter().map(of).collect::<Vec<_>>())).expect(200)
    });
    assert!(answers.iter().all(|answer| answer["applied"] == 2), "{answers:?}");
    for sheet in &sheets {
        let review = only_review(app, "appraiser", sheet, "appraisal");
        assert_eq!(codes.map(|code| review_line(&review, code)["points"].clone()), [json!(1), json!(1)]);
    }
}
