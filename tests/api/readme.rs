//! The README's walk through the year, run as it stands there.

use std::process::Command;

use crate::support::on_both;

fn walk() -> String {
    let readme = include_str!("../../README.md");
    let after = readme.split_once("<!-- walk -->\n```bash\n").expect("the walk begins").1;
    after.split_once("\n```").expect("the walk ends").0.to_owned()
}

on_both! {
    /// Every line works, and the year ends with the flag granted to the unit that scored most.
    fn the_walk_ends_with_a_decision(app) {
        let here = |program: &str| Command::new(program).arg("--version").output().is_ok_and(|answer| answer.status.success());
        if !here("curl") || !here("bash") {
            assert!(std::env::var("REQUIRE_POSTGRES").is_err(), "the walk needs curl and bash");
            eprintln!("skipped: the walk needs curl and bash");
            return;
        }
        let ran = Command::new("bash").args(["-uc", &walk()]).env("BASE", &app.base).output().unwrap();
        let (out, err) = (String::from_utf8(ran.stdout).unwrap(), String::from_utf8_lossy(&ran.stderr).into_owned());
        assert!(ran.status.success() && err.is_empty(), "{out}\n{err}");
        for sign in [
            r#""code":"score_out_of_range""#, r#""quorum_met":true"#, r#""rank":1"#, r#""due_on":"2023-12-07""#,
            r#""decision_number":"3456/QĐ-UBND""#,
        ] {
            assert!(out.contains(sign), "{sign} is not in {out}");
        }
        let decided = app.get("th-head", "/v1/award-proposals").expect(200);
        assert_eq!(decided["items"][0]["status"], "approved");
        assert_eq!(decided["items"][0]["award_code"], "emulation_flag");
        assert_eq!(decided["items"][0]["total"], 1000);
    }
}
