//! The audit chain: whoever touches an entry is found out.

use serde_json::{Value, json};
use thidua::clock::{Clock, Ids};
use thidua::config::Config;
use thidua::server;

use crate::backends::execute;
use crate::support::{App, apply, at_once, on_both};

/// Every entry of the office, in order, as the auditor reads it page by page.
fn entries(app: &App) -> Vec<Value> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.get("auditor", &format!("/v1/audit-entries?limit=7{cursor}")).expect(200);
        all.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

/// SHA-256 as the README's script makes it: by the definition, from the JSON alone.
fn hash_of(entry: &Value) -> String {
    use sha2::{Digest, Sha256};
    let mut content = entry.clone();
    content.as_object_mut().unwrap().remove("hash");
    let text =
        format!("{}{}", entry["prev_hash"].as_str().unwrap(), serde_json_canonicalizer::to_string(&content).unwrap());
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn verdict(app: &App) -> Value {
    app.get("auditor", "/v1/audit-entries/verify").expect(200)
}

/// Does what the tables refuse, as somebody would who owns the database.
pub(crate) fn tamper(app: &App, sql: &str) {
    let drop = |trigger: &str| match app.is_postgres() {
        true => format!("DROP TRIGGER IF EXISTS {trigger} ON audit_entries"),
        false => format!("DROP TRIGGER IF EXISTS {trigger}"),
    };
    execute(app, &drop("audit_entries_no_update")).unwrap();
    execute(app, &drop("audit_entries_no_delete")).unwrap();
    execute(app, sql).unwrap();
}

/// A year with some forty entries.
fn busy(app: &App) -> Vec<Value> {
    app.announced_year();
    entries(app)
}

/// Anybody who may read the entries can work the chain out without the service.
#[apply(on_both)]
fn a_script_can_verify_the_chain(app: &App) {
    let entries = busy(app);
    assert!(entries.len() > 20, "{}", entries.len());
    let mut before = "0".repeat(64);
    for (number, entry) in (1..).zip(&entries) {
        assert_eq!((&entry["sequence"], &entry["prev_hash"]), (&json!(number), &json!(before)));
        assert_eq!(entry["hash"], hash_of(entry), "{entry}");
        before = entry["hash"].as_str().unwrap().to_owned();
    }
    assert_eq!(verdict(app), json!({"ok": true, "checked": entries.len(), "first_bad_id": null}));
}

#[apply(on_both)]
fn an_edit_is_found(app: &App) {
    let entries = busy(app);
    let id = entries[9]["id"].as_str().unwrap();
    tamper(app, &format!("UPDATE audit_entries SET actor_subject = 'somebody' WHERE id = '{id}'"));
    assert_eq!(verdict(app), json!({"ok": false, "checked": 9, "first_bad_id": id}));
}

/// Also where whoever edited it gave the entry the hash that it would have.
#[apply(on_both)]
fn an_edit_with_its_hash_is_found_at_the_next_entry(app: &App) {
    let entries = busy(app);
    let mut forged = entries[9].clone();
    forged["action"] = json!("nothing");
    let hash = hash_of(&forged);
    tamper(
        app,
        &format!(
            "UPDATE audit_entries SET action = 'nothing', hash = '{hash}' WHERE id = {}",
            forged["id"].to_string().replace('"', "'")
        ),
    );
    assert_eq!(verdict(app), json!({"ok": false, "checked": 10, "first_bad_id": entries[10]["id"]}));
}

#[apply(on_both)]
fn a_deletion_is_found(app: &App) {
    let entries = busy(app);
    tamper(app, &format!("DELETE FROM audit_entries WHERE id = '{}'", entries[4]["id"].as_str().unwrap()));
    assert_eq!(verdict(app), json!({"ok": false, "checked": 4, "first_bad_id": entries[5]["id"]}));
}

#[apply(on_both)]
fn a_deletion_at_the_end_is_found(app: &App) {
    let entries = busy(app);
    let last = entries.len() - 1;
    tamper(app, &format!("DELETE FROM audit_entries WHERE id = '{}'", entries[last]["id"].as_str().unwrap()));
    assert_eq!(verdict(app), json!({"ok": false, "checked": last, "first_bad_id": null}));
}

#[apply(on_both)]
fn an_insertion_is_found(app: &App) {
    let entries = busy(app);
    let (chain, after) = (entries[0]["organization_id"].as_str().unwrap(), entries.len() + 1);
    tamper(
        app,
        &format!(
            "INSERT INTO audit_entries (id, organization_id, at, request_id, actor_issuer, actor_subject, action, subject_type, subject_id, chain, sequence, prev_hash, hash) \
             VALUES ('forged', '{chain}', '2023-11-01 01:00:00', '', 'local', 'admin', 'unit.create', 'unit', '1', '{chain}', {after}, '{0}', '{0}')",
            entries.last().unwrap()["hash"].as_str().unwrap()
        ),
    );
    assert_eq!(verdict(app), json!({"ok": false, "checked": entries.len(), "first_bad_id": "forged"}));
}

#[apply(on_both)]
fn another_order_is_found(app: &App) {
    let entries = busy(app);
    let place = |at: usize, number: i64| {
        format!("UPDATE audit_entries SET sequence = {number} WHERE id = '{}'", entries[at]["id"].as_str().unwrap())
    };
    tamper(app, &place(2, -1));
    tamper(app, &place(3, 3));
    tamper(app, &place(2, 4));
    assert_eq!(verdict(app), json!({"ok": false, "checked": 2, "first_bad_id": entries[3]["id"]}));
}

/// A checkpoint that was kept elsewhere finds out who wrote the whole chain anew.
#[apply(on_both)]
fn a_checkpoint_holds_the_chain_to_what_it_was(app: &App) {
    app.new_sheet("TH");
    let kept = app.get("auditor", "/v1/audit-entries/checkpoint").expect(200);
    assert_eq!((&kept["sequence"], &kept["hash"]), (&json!(1), &entries(app)[0]["hash"]));
    let at = |checkpoint: &str| app.get("auditor", &format!("/v1/audit-entries/verify?checkpoint={checkpoint}"));
    let checkpoint = kept["checkpoint"].as_str().unwrap();
    app.new_sheet("KT");
    assert_eq!(at(checkpoint).expect(200), json!({"ok": true, "checked": 2, "first_bad_id": null}));
    // A forger who makes every hash anew, and the journal's as well.
    let mut forged = entries(app);
    let mut before = "0".repeat(64);
    for entry in &mut forged {
        entry["request_id"] = json!("forged");
        entry["prev_hash"] = json!(before);
        before = hash_of(entry);
        tamper(
            app,
            &format!(
                "UPDATE audit_entries SET request_id = 'forged', prev_hash = '{}', hash = '{before}' WHERE id = '{}'",
                entry["prev_hash"].as_str().unwrap(),
                entry["id"].as_str().unwrap()
            ),
        );
    }
    execute(
        app,
        &format!(
            "UPDATE journals SET audit_hash = '{before}' WHERE organization_id = '{}'",
            forged[0]["organization_id"].as_str().unwrap()
        ),
    )
    .unwrap();
    assert_eq!(verdict(app)["ok"], true);
    assert_eq!(at(checkpoint).expect(200), json!({"ok": false, "checked": 0, "first_bad_id": forged[0]["id"]}));
    // A forger who ends the chain before it.
    tamper(app, "DELETE FROM audit_entries WHERE organization_id IS NOT NULL");
    execute(app, &format!("UPDATE journals SET audit_sequence = 0, audit_hash = '{}'", "0".repeat(64))).unwrap();
    assert_eq!(verdict(app)["ok"], true);
    assert_eq!(at(checkpoint).expect(200), json!({"ok": false, "checked": 0, "first_bad_id": null}));
    // A token says something else with the same key, and nobody else's signature counts.
    at(app.token("auditor")).refused(400, "invalid_parameter");
    at("x.y.z").refused(400, "invalid_parameter");
    app.bearer(checkpoint, "GET", "/v1/me").send().refused(401, "token_invalid");
}

/// By a hash, who may not see a score could find it by trying.
#[apply(on_both)]
fn the_admin_sees_no_hash(app: &App) {
    app.submitted_sheet("TH", &[]);
    let seen = app.get("admin", "/v1/audit-entries").expect(200);
    let items = seen["items"].as_array().unwrap();
    assert!(items.len() > 2 && items.iter().all(|entry| entry["hash"].is_null() && entry["prev_hash"].is_null()));
    assert_eq!(app.get("admin", "/v1/audit-entries/verify").expect(200)["ok"], true);
    app.get("admin", "/v1/audit-entries/checkpoint").refused(403, "role_required");
    for person in ["secretary", "th-head", "deadline-checker", "operator"] {
        assert_eq!(app.get(person, "/v1/audit-entries/verify").status, 403, "{person}");
        assert_eq!(app.get(person, "/v1/audit-entries/checkpoint").status, 403, "{person}");
    }
    let foreign = app.get("so-khdt-admin", "/v1/me").expect(200)["memberships"][0]["organization_id"]
        .as_str()
        .unwrap()
        .to_owned();
    app.get("auditor", &format!("/v1/audit-entries/verify?organization_id={foreign}")).refused(404, "not_found");
    assert_eq!(
        app.get("so-khdt-admin", "/v1/audit-entries/verify").expect(200),
        json!({"ok": true, "checked": 0, "first_bad_id": null})
    );
}

/// Many at once: every number once, every hash after the one before.
#[apply(on_both)]
fn the_chain_has_no_gaps_under_load(app: &App) {
    let sheets: Vec<String> = ["TH", "KT", "NC", "QTTV"].iter().map(|unit| app.new_sheet(unit)).collect();
    let heads = ["th-head", "kt-head", "nc-head", "qttv-head"];
    at_once(8, |number| {
        for round in 0..4 {
            app.patch(
                heads[number % 4],
                &sheets[number % 4],
                &[("B.1", &format!(r#"{{"points":{}}}"#, number * 4 + round))],
            );
        }
    });
    let verdict = verdict(app);
    assert_eq!((&verdict["ok"], &verdict["checked"]), (&json!(true), &json!(entries(app).len())));
}

/// What was written before there was a chain gets its place in it at the next start.
#[apply(on_both)]
fn older_entries_are_chained(app: &App) {
    let entries = busy(app);
    tamper(app, "UPDATE audit_entries SET hash = '', prev_hash = '', before_state = ' ' || before_state");
    execute(app, "UPDATE journals SET audit_hash = ''").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = Config::of_sandbox(&app.database, 0, folder.path()).unwrap();
    let open = async move { server::open(&config, Clock::System, Ids::Random).await.map(drop) };
    std::thread::spawn(|| actix_web::rt::System::new().block_on(open).unwrap()).join().unwrap();
    assert_eq!(self::entries(app), entries);
    assert_eq!(verdict(app)["ok"], true);
}

/// The command reports the first altered entry of a chain and exits with status 1.
#[test]
fn the_command_line_finds_an_edit() {
    let app = App::on_sqlite();
    let entries = busy(&app);
    let run = || {
        let folder = tempfile::tempdir().unwrap();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_thidua"));
        let ran =
            command.arg("verify-audit").current_dir(folder.path()).env("DATABASE_URL", &app.database).output().unwrap();
        (ran.status.code().unwrap(), String::from_utf8(ran.stdout).unwrap())
    };
    let (code, told) = run();
    assert!(code == 0 && told.contains(&format!("{} entries intact", entries.len())), "{told}");
    tamper(&app, "UPDATE audit_entries SET action = 'nothing' WHERE sequence = 3 AND organization_id IS NOT NULL");
    let (code, told) = run();
    assert!(
        code == 1
            && told
                .contains(&format!("2 entries intact, ALTERED from entry {} on", entries[2]["id"].as_str().unwrap())),
        "{told}"
    );
}

/// An entry keeps what changed of a record, and nothing that did not.
#[apply(on_both)]
fn an_entry_keeps_the_fields_that_changed(app: &App) {
    let period = app.period();
    let before = app.get("secretary", &period).expect(200)["title"].clone();
    let tag = app.tag("secretary", &period);
    let title = json!({"title": "Thi đua năm 2023 (sửa)"});
    app.request("secretary", "PATCH", &period).if_match(&tag).json(&title).send().expect(200);
    let entries = app.get("auditor", "/v1/audit-entries?action=period.change").expect(200);
    let entry = &entries["items"][0];
    assert_eq!((&entry["before"], &entry["after"]), (&json!({"title": before}), &title));
}
