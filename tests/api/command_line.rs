//! The program's commands, as somebody types them in a folder of their own.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

use serde_json::{Value, json};

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

/// A running `thidua serve`, and what it writes to the log.
struct Serving {
    process: Child,
    log: BufReader<ChildStderr>,
    base: String,
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Serving {
    fn start(folder: &Path) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_thidua"));
        command
            .current_dir(folder)
            .env_remove("DATABASE_URL")
            .env("RUST_LOG", "info")
            .env("LISTEN_ADDR", "127.0.0.1:0");
        let mut process = command.arg("serve").stderr(Stdio::piped()).spawn().unwrap();
        let log = BufReader::new(process.stderr.take().unwrap());
        let mut serving = Serving { process, log, base: String::new() };
        let address = serving.next_line("serving")["address"].clone();
        serving.base = format!("http://{address}");
        serving
    }

    /// A sandbox on a free port, with the arguments that follow.
    fn sandbox(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_thidua"));
        command.current_dir(folder).env_remove("DATABASE_URL").env("RUST_LOG", "off").args(["sandbox", "--port", "0"]);
        let piped = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = piped.spawn().unwrap();
        let mut greeting = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut greeting).unwrap();
        let base = greeting.split_whitespace().find(|word| word.starts_with("http://")).expect("an address");
        let log = BufReader::new(process.stderr.take().unwrap());
        Serving { base: base.to_owned(), process, log }
    }

    /// The fields of the next line of the log with this message.
    fn next_line(&mut self, message: &str) -> BTreeMap<String, String> {
        let mut line = String::new();
        while !line.contains(message) {
            line.clear();
            assert!(self.log.read_line(&mut line).unwrap() > 0, "the log has ended");
        }
        let fields = line.split_whitespace().filter_map(|word| word.split_once('='));
        fields.map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned())).collect()
    }

    fn post(&self, token: &str, path: &str, body: &Value) -> Value {
        let request = ureq::post(format!("{}{path}", self.base)).header("authorization", format!("Bearer {token}"));
        let mut answer = request.config().http_status_as_error(false).build().send_json(body).unwrap();
        let (status, answer) = (answer.status(), answer.body_mut().read_json::<Value>().unwrap());
        assert!(status.is_success(), "{path}: {answer}");
        answer
    }
}

#[test]
fn a_line_of_the_log_names_who_called() {
    let folder = tempfile::tempdir().unwrap();
    let (_, told) = thidua(folder.path(), &["create-admin", "--organization", "VP", "--name", "Quản trị"]);
    let invitation = told.lines().find_map(|line| line.strip_prefix("invitation_token: ")).unwrap();
    let mut serving = Serving::start(folder.path());
    let accepted = json!({"token": invitation, "password": "bảy con trâu lội qua sông"});
    let signed_in = serving.post("", "/v1/auth/accept-invitation", &accepted);
    let session = signed_in["session_id"].as_str().unwrap();
    let token = signed_in["access_token"].as_str().unwrap();
    let first = serving.next_line("answered");
    assert_eq!((&first["kind"][..], &first["session_id"][..], &first["client_id"][..]), ("person", session, ""));
    let machine =
        json!({"kind": "machine", "issuer": "local", "subject": "may", "display_name": "Máy", "roles": ["auditor"]});
    let machine = serving.post(token, "/v1/members", &machine);
    let by_admin = serving.next_line("answered");
    assert_eq!((&by_admin["member_id"], &by_admin["session_id"][..]), (&first["member_id"], session));
    let account = serving.post(token, "/v1/service-accounts", &json!({"member_id": machine["id"], "scopes": ["read"]}));
    serving.next_line("answered");
    let text = |name: &str| account[name].as_str().unwrap();
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", text("client_id")),
        ("client_secret", text("client_secret")),
    ];
    let mut granted = ureq::post(format!("{}/v1/auth/token", serving.base)).send_form(form).unwrap();
    let granted: Value = granted.body_mut().read_json().unwrap();
    let read = ureq::get(format!("{}/v1/units", serving.base));
    read.header("authorization", format!("Bearer {}", granted["access_token"].as_str().unwrap())).call().unwrap();
    for _ in 0..2 {
        let line = serving.next_line("answered");
        let named = (&line["kind"][..], &line["member_id"][..], &line["client_id"][..], &line["session_id"][..]);
        assert_eq!(named, ("machine", machine["id"].as_str().unwrap(), text("client_id"), ""));
    }
    // Of a stranger nothing is said but the request.
    assert!(ureq::get(format!("{}/v1/me", serving.base)).call().is_err());
    let stranger = serving.next_line("answered");
    assert!(stranger["status"] == "401" && !stranger.contains_key("kind") && stranger.contains_key("request_id"));
}

/// What people write down of a sandbox holds at the next one: a fresh database has the same ids wherever it lies, and one that is
/// opened again goes on with others.
#[test]
fn a_sandbox_has_the_same_ids_in_a_database_of_ones_own() {
    let folder = tempfile::tempdir().unwrap();
    let started = |database: &[&str]| {
        let serving = Serving::sandbox(folder.path(), database);
        let get = |token: &str, path: &str| -> Value {
            let request =
                ureq::get(format!("{}{path}", serving.base)).header("authorization", format!("Bearer {token}"));
            request.call().unwrap().body_mut().read_json().unwrap()
        };
        let people = get("", "/v1/sandbox/people");
        let admin = people["items"].as_array().unwrap().iter().find(|person| person["subject"] == "admin").unwrap();
        let token = admin["token"].as_str().unwrap().to_owned();
        let ids = ["periods", "criteria-sets", "units", "members"].map(|kind| {
            let items = get(&token, &format!("/v1/{kind}?limit=200"))["items"].as_array().unwrap().clone();
            items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        });
        (serving, token, ids)
    };
    let (_temporary, _, ids) = started(&[]);
    for database in ["first.db", "second.db"] {
        let (_there, _, the_same) = started(&["--database", &format!("sqlite://{database}")]);
        assert_eq!(ids, the_same, "{database}");
    }
    let (again, token, the_same) = started(&["--database", "sqlite://first.db"]);
    assert_eq!(ids, the_same);
    let organization =
        again.post(&token, "/v1/units", &json!({"code": "MOI", "name": "Phòng mới", "kind": "division"}));
    assert!(!ids.concat().contains(&organization["id"].as_str().unwrap().to_owned()));
}
