//! The program's commands, as somebody types them in a folder of their own.

use std::path::Path;
use std::process::Command;

/// What a command printed, errors after the rest, and how it ended.
fn thidua(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_thidua"));
    command.current_dir(folder).env_remove("DATABASE_URL").env("RUST_LOG", "off").args(arguments);
    let ran = command.output().unwrap();
    let told = [ran.stdout, ran.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (ran.status.code().unwrap(), told)
}

#[test]
fn a_table_is_imported_into_the_office_that_there_is() {
    let folder = tempfile::tempdir().unwrap();
    let table = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/criteria/guideline-2023.xlsx");
    let import = |more: &[&str]| {
        thidua(folder.path(), &[&["import-criteria", table, "--code", "VP-2024", "--year", "2024"], more].concat())
    };
    let admin = |code: &str| {
        let (ended, told) = thidua(folder.path(), &["create-admin", "--organization", code, "--name", "Quản trị"]);
        assert!(
            ended == 0 && told.starts_with("user_name: admin\ninvitation_token: ") && told.contains("expires_at: "),
            "{told}"
        );
    };
    let refused = |more: &[&str], why: &str| {
        let (ended, told) = import(more);
        assert!(ended == 1 && told.contains(why), "{told}");
    };
    refused(&[], "`thidua create-admin` creates the first one");
    admin("VP-UBND");
    refused(&["--organization", "SO-KHDT"], "there is no organisation SO-KHDT");
    for (more, done) in [(vec!["--dry-run"], "read, not added"), (vec![], "added as a draft")] {
        let (ended, told) = import(&more);
        let last = told.lines().last().unwrap();
        assert_eq!((ended, last), (0, format!("VP-2024: 28 criteria, 1000 points, {done}").as_str()), "{told}");
    }
    admin("SO-KHDT");
    refused(&["--dry-run"], "--organization");
    let (ended, told) = import(&["--dry-run", "--organization", "SO-KHDT"]);
    assert_eq!(ended, 0, "{told}");
    let (ended, told) = thidua(folder.path(), &["verify-audit"]);
    assert_eq!((ended, told.lines().count()), (0, 3), "{told}");
}
