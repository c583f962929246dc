//! What happens at once: nobody's change is lost, and nothing is done twice.

use serde_json::json;

use crate::support::year::FULL;
use crate::support::{Reply, at_once, on_both};

fn sorted<T: Ord>(replies: &[Reply], of: impl Fn(&Reply) -> T) -> Vec<T> {
    let mut all: Vec<T> = replies.iter().map(of).collect();
    all.sort();
    all
}

on_both! {
    fn of_two_submits_of_one_state_one_wins(app) {
        let sheet = app.new_sheet("TH");
        app.write("TH", &sheet, &[]);
        let tag = app.tag("th-head", &sheet);
        let replies = at_once(2, |_| app.ask("th-head", "POST", &format!("{sheet}/submit")).if_match(&tag).send());
        assert_eq!(sorted(&replies, |reply| (reply.status, reply.code())), [(200, String::new()), (412, "version_mismatch".into())]);
        assert_eq!(app.get("th-head", &sheet).expect(200)["revision"], 1);
        assert_eq!(app.get("th-head", &format!("{sheet}/revisions")).expect(200)["items"].as_array().unwrap().len(), 1);
    }

    fn of_two_new_sheets_of_a_unit_one_is_made(app) {
        let body = json!({"period_id": app.period_id(), "unit_id": app.unit_id("TH")});
        let replies = at_once(2, |number| app.post(["th-head", "th-editor"][number], "/v1/submissions", &body));
        assert_eq!(sorted(&replies, |reply| (reply.status, reply.code())), [(201, String::new()), (409, "already_exists".into())]);
        assert_eq!(app.get("auditor", "/v1/submissions").expect(200)["items"].as_array().unwrap().len(), 1);
    }

    fn one_key_at_once_is_one_effect(app) {
        let body = json!({"code": "TTHC", "name": "Trung tâm", "kind": "centre"});
        let replies = at_once(2, |_| app.ask("admin", "POST", "/v1/units").header("idempotency-key", "k-1").json(&body).send());
        assert_eq!(sorted(&replies, |reply| (reply.status, reply.header("idempotency-replayed").to_owned())), [(201, String::new()), (201, "true".into())]);
        assert_eq!(replies[0].bytes, replies[1].bytes);
        assert_eq!(app.get("admin", "/v1/units").expect(200)["items"].as_array().unwrap().len(), 9);
    }

    fn one_key_for_two_things_at_once_is_one_of_them(app) {
        let replies = at_once(2, |number| {
            let body = json!({"code": format!("TTHC{number}"), "name": "Trung tâm", "kind": "centre"});
            app.ask("admin", "POST", "/v1/units").header("idempotency-key", "k-1").json(&body).send()
        });
        assert_eq!(sorted(&replies, |reply| reply.status), [201, 422]);
        replies.into_iter().find(|reply| reply.status == 422).unwrap().refused(422, "idempotency_key_reused");
    }

    /// Each of twenty writes a line of its own and tries again where another was faster.
    fn no_write_is_lost(app) {
        let sheet = app.new_sheet("TH");
        let version = || app.get("th-head", &sheet).expect(200)["version"].as_i64().unwrap();
        let before = version();
        let tries = at_once(20, |number| {
            let (code, full) = FULL[number];
            (1..).find(|_| {
                let reply = app.patch(["th-head", "th-editor"][number % 2], &sheet, &[(code, full)]);
                assert!(matches!(reply.status, 200 | 412), "{}: {}", reply.status, reply.code());
                reply.status == 200
            })
        });
        assert_eq!(version() - before, 20, "{tries:?}");
        let seen = app.get("th-head", &format!("{sheet}/scores")).expect(200);
        let scored = seen["scores"].as_array().unwrap().iter().filter(|line| !line["self"].is_null()).count();
        assert_eq!(scored, 20);
        let entries = app.get("auditor", "/v1/audit-entries?action=submission.write_scores&limit=200").expect(200);
        assert_eq!(entries["items"].as_array().unwrap().len(), 20);
    }

    /// A write and a submit that start from one state: what is frozen is what was seen.
    fn a_write_never_slips_under_a_submit(app) {
        let sheet = app.new_sheet("TH");
        app.write("TH", &sheet, &[]);
        let tag = app.tag("th-head", &sheet);
        let replies = at_once(2, |number| match number {
            0 => app.ask("th-head", "POST", &format!("{sheet}/submit")).if_match(&tag).send(),
            _ => app.ask("th-editor", "PATCH", &format!("{sheet}/scores")).if_match(&tag).json(&crate::support::scores(&[("A.II.1", r#"{"points":1}"#)])).send(),
        });
        let seen = app.get("th-head", &sheet).expect(200);
        let after = (&seen["status"], &seen["totals"]["self"]["total"]);
        match (replies[0].status, replies[1].status) {
            (200, 412) => assert_eq!(after, (&json!("submitted"), &json!(1000))),
            (412, 200) => assert_eq!(after, (&json!("draft"), &json!(971))),
            other => panic!("{other:?}"),
        }
    }

    fn of_two_appraisals_of_a_sheet_one_is_made(app) {
        let sheet = app.submitted_sheet("TH", &[]);
        app.set_clock("2023-11-11T01:00:00.000Z");
        app.move_period("secretary", "start-appraisal");
        let body = json!({"submission_id": sheet.rsplit('/').next().unwrap(), "stage": "appraisal"});
        let replies = at_once(2, |number| app.post(["appraiser", "hctc-appraiser"][number], "/v1/reviews", &body));
        assert_eq!(sorted(&replies, |reply| (reply.status, reply.code())), [(201, String::new()), (409, "already_exists".into())]);
    }

    fn a_period_moves_once(app) {
        app.set_clock("2023-11-11T01:00:00.000Z");
        let period = app.period();
        let tag = app.tag("secretary", &period);
        let people = ["secretary", "appraiser", "council-chair"];
        let replies = at_once(3, |number| app.ask(people[number], "POST", &format!("{period}/start-appraisal")).if_match(&tag).send());
        assert_eq!(sorted(&replies, |reply| reply.status), [200, 412, 412]);
        assert_eq!(app.get("auditor", "/v1/submissions").expect(200)["items"].as_array().unwrap().len(), 8);
    }
}
