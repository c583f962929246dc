//! What the README says: its walk through the year runs as it stands there, its tables are those of the program.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use strum::VariantArray as _;
use thidua::cli;
use thidua::config::Setting;

use crate::journal::audit::tamper;
use crate::support::{App, apply, on_both};

/// The block of code in the README that follows a mark.
fn block(mark: &str, language: &str) -> String {
    let readme = include_str!("../../README.md");
    let after = readme.split_once(&format!("<!-- {mark} -->\n```{language}\n")).expect("the block begins").1;
    after.split_once("\n```").expect("the block ends").0.to_owned()
}

/// Whether all of these programs are here; where every test has to run, they must be.
fn here(programs: &[&str]) -> bool {
    let runs =
        |program: &&str| Command::new(program).arg("--version").output().is_ok_and(|answer| answer.status.success());
    let all = programs.iter().all(runs);
    assert!(all || std::env::var("REQUIRE_POSTGRES").is_err(), "the README needs {programs:?}");
    all
}

/// Every line works, and the year ends with the flag granted to the unit that scored most.
#[apply(on_both)]
fn the_walk_ends_with_a_decision(app: &App) {
    if !here(&["curl", "bash"]) {
        return;
    }
    let ran = Command::new("bash").args(["-uc", &block("walk", "bash")]).env("BASE", &app.base).output().unwrap();
    let (out, err) = (String::from_utf8(ran.stdout).unwrap(), String::from_utf8_lossy(&ran.stderr).into_owned());
    assert!(ran.status.success() && err.is_empty(), "{out}\n{err}");
    for sign in [
        r#""code":"score_out_of_range""#,
        r#""quorum_met":true"#,
        r#""rank":1"#,
        r#""due_on":"2023-12-07""#,
        r#""decision_number":"3456/QĐ-UBND""#,
    ] {
        assert!(out.contains(sign), "{sign} is not in {out}");
    }
    let decided = app.get("th-head", "/v1/award-proposals").expect(200);
    assert_eq!(decided["items"][0]["status"], "approved");
    assert_eq!(decided["items"][0]["award_code"], "emulation_flag");
    assert_eq!(decided["items"][0]["total"], 1000);
}

/// Every line works, from the operator to the first sheet of a new office.
#[apply(on_both)]
fn an_office_begins_with_its_first_sheet(app: &App) {
    if !here(&["curl", "bash"]) {
        return;
    }
    let ran = Command::new("bash").args(["-uc", &block("office", "bash")]).env("BASE", &app.base).output().unwrap();
    let (out, err) = (String::from_utf8(ran.stdout).unwrap(), String::from_utf8_lossy(&ran.stderr).into_owned());
    assert!(ran.status.success() && err.is_empty(), "{out}\n{err}");
    let lines: Vec<&str> = out.lines().collect();
    let signs = [r#""user_name":"lan""#, r#""status":"draft""#, r#""method":"session""#];
    assert_eq!(lines.len(), signs.len(), "{out}");
    for (line, sign) in lines.into_iter().zip(signs) {
        assert!(line.contains(sign), "{sign} is not in {line}");
    }
}

/// The script that works the audit chain out comes to the same as the service, and finds an edit.
#[apply(on_both)]
fn a_script_recomputes_the_audit_chain(app: &App) {
    if !here(&["python3"]) {
        return;
    }
    app.announced_year();
    let run = || {
        let script = ["-c", &block("verify", "python")];
        Command::new("python3").args(script).env("BASE", &app.base).env("TOKEN", app.token("auditor")).output().unwrap()
    };
    let (ran, kept) = (run(), app.get("auditor", "/v1/audit-entries/checkpoint").expect(200));
    let said = format!("{} entries as written, the last is {}\n", kept["sequence"], kept["hash"].as_str().unwrap());
    assert_eq!(String::from_utf8(ran.stdout).unwrap(), said, "{}", String::from_utf8_lossy(&ran.stderr));
    tamper(app, "UPDATE audit_entries SET actor_subject = 'somebody' WHERE sequence = 10");
    let ran = run();
    assert!(!ran.status.success() && String::from_utf8_lossy(&ran.stderr).contains("not as written"));
}

/// The rows of the README's table that begins with a header.
fn rows(header: &str) -> Vec<&'static str> {
    let (_, after) = include_str!("../../README.md").split_once(&format!("\n{header}\n")).expect("the table begins");
    after.lines().skip(1).take_while(|line| line.starts_with('|')).collect()
}

/// The words of a text that begin with two dashes: the options that it names.
fn options(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.')));
    words.filter_map(|word| word.trim_end_matches('.').strip_prefix("--")).map(str::to_owned).collect()
}

#[test]
fn the_settings_are_those_that_the_program_reads() {
    let first_cells = rows("| Setting | Default | Means |").into_iter().map(|row| row.split('|').nth(1).unwrap());
    let told: Vec<&str> = first_cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    let read: Vec<&str> = Setting::VARIANTS.iter().map(|setting| setting.name()).collect();
    assert_eq!(told, read);
}

#[test]
fn the_commands_and_their_options_are_those_of_the_program() {
    let command_of = |row: &str| row.split_once("`thidua ").unwrap().1.split([' ', '`']).next().unwrap().to_owned();
    let told: BTreeMap<String, BTreeSet<String>> =
        rows("| Command | Does |").into_iter().map(|row| (command_of(row), options(row))).collect();
    let options_of = |command: &clap::Command| -> BTreeSet<String> {
        command.get_arguments().filter_map(|argument| argument.get_long()).map(str::to_owned).collect()
    };
    let known: BTreeMap<String, BTreeSet<String>> =
        cli::commands().get_subcommands().map(|command| (command.get_name().to_owned(), options_of(command))).collect();
    assert_eq!(told, known);
}
