//! The certificate of an announced result: what it states, who verifies it, and what it cannot be used for.

use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{App, apply, on_both};

fn part(jws: &str, at: usize) -> Value {
    let part = jws.split('.').nth(at).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// What a certificate states.
pub fn stated(jws: &str) -> Value {
    part(jws, 1)
}

fn certificate(app: &App, person: &str) -> String {
    let response = app.get(person, &format!("{}/certificate", app.period()));
    assert_eq!((response.status, response.header("content-type")), (200, "application/jose"));
    String::from_utf8(response.bytes).unwrap()
}

fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn ran(mut command: Command) -> (i32, String) {
    let ran = command.output().unwrap();
    let told = [ran.stdout, ran.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    (ran.status.code().unwrap(), told)
}

/// Verifies a file with the program, in a folder of its own.
fn by_program(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_thidua"));
    command
        .current_dir(folder)
        .env_remove("DATABASE_URL")
        .env("RUST_LOG", "off")
        .arg("verify-certificate")
        .args(arguments);
    ran(command)
}

/// Verifies a file with the script that needs nothing but Python.
fn by_script(folder: &Path, file: &str, jwks: &str) -> (i32, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/verify_certificate.py");
    let mut command = Command::new("python3");
    command.current_dir(folder).arg(script).args([file, jwks]);
    ran(command)
}

#[apply(on_both)]
fn a_certificate_states_the_announced_result_to_everybody_alike(app: &App) {
    let path = format!("{}/certificate", app.period());
    app.finalized(&[("TH", &[]), ("KT", &[("B.1", r#"{"points":37.5}"#)])]);
    app.get("th-head", &path).refused(404, "not_found");
    app.get("secretary", &path).refused(409, "invalid_state");
    app.set_clock("2023-11-30T02:00:00.000Z");
    let notice = json!({"notice_number": "1234/TB-VP", "notice_on": "2023-11-30"});
    app.act("secretary", &app.period(), "announce", Some(&notice)).expect(200);
    let jws = certificate(app, "th-head");
    assert_eq!(certificate(app, "auditor"), jws);
    assert_eq!((&part(&jws, 0)["alg"], &part(&jws, 0)["typ"]), (&json!("EdDSA"), &json!("result-certificate+jwt")));
    let stated = stated(&jws);
    assert_eq!(
        (&stated["aud"], &stated["issued_at"]),
        (&json!("thidua-certificate"), &json!("2023-11-30T02:00:00.000Z"))
    );
    assert_eq!(stated["notice"], json!({"number": "1234/TB-VP", "on": "2023-11-30"}));
    let ranking = app.get("auditor", &format!("{}/ranking", app.period())).expect(200);
    assert_eq!((&stated["ranking"]["commitment"], &stated["ranking"]["version"]), (&ranking["commitment"], &json!(1)));
    // Every row but for what a unit may not know of another; without groups it says nothing of them.
    let mut rows = ranking["rows"].clone();
    let left_out = ["eligible", "ineligible_reasons", "group_code"];
    for row in rows.as_array_mut().unwrap() {
        row.as_object_mut().unwrap().retain(|name, _| !left_out.contains(&name.as_str()));
    }
    assert_eq!(stated["ranking"]["rows"], rows);
    assert_eq!(figures(&stated["ranking"]["rows"][1]), json!([2, "KT", 997.5, "certificate_of_merit"]));
    // The auditor holds the chain to it with the salt that the full export discloses.
    let entries = app.get("auditor", "/v1/audit-entries?action=period.announce").expect(200)["items"][0].clone();
    let checkpoint =
        format!("{}{}:{}", ranking["salt"].as_str().unwrap(), entries["sequence"], entries["hash"].as_str().unwrap());
    assert_eq!(stated["audit_commitment"], sha256(&checkpoint));
    // Whatever happens later, it says the same; a corrected notice makes another one.
    app.request("secretary", "POST", "/v1/me/feed-tokens").send().expect(201);
    let first = app.get("auditor", &path);
    assert_eq!(app.request("auditor", "GET", &path).header("if-none-match", &first.etag()).send().status, 304);
    app.set_clock("2023-12-01T02:00:00.000Z");
    let corrected = json!({"notice_number": "1235/TB-VP", "notice_on": "2023-11-30", "reason": "Ghi nhầm số"});
    app.act("council-chair", &app.period(), "correct-notice", Some(&corrected)).expect(200);
    let again = self::stated(&certificate(app, "auditor"));
    assert_eq!(
        (&again["notice"]["number"], &again["issued_at"]),
        (&json!("1235/TB-VP"), &json!("2023-12-01T02:00:00.000Z"))
    );
    assert_eq!(again["ranking"], stated["ranking"]);
}

fn figures(row: &Value) -> Value {
    ["rank", "unit_code", "total", "award_code"].map(|field| row[field].clone()).into_iter().collect()
}

/// With the key set that was saved beside it, with a URL, with the keys of another office, and changed in one place.
#[apply(on_both)]
fn a_certificate_is_verified_without_the_service(app: &App) {
    app.announced_year();
    let jws = certificate(app, "auditor");
    let jwks = String::from_utf8(app.anonymous("GET", "/.well-known/jwks.json").send().bytes).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("result.jws", &format!("{jws}\n"));
    let (ended, told) = by_program(folder.path(), &["result.jws"]);
    assert!(ended == 1 && told.contains("there are no keys"), "{told}");
    write("keys.json", &jwks);
    write("result.jws.jwks.json", &jwks);
    let url = format!("{}/.well-known/jwks.json", app.base);
    for arguments in [vec!["result.jws"], vec!["result.jws", "--jwks", "keys.json"], vec!["result.jws", "--jwks", &url]]
    {
        let (ended, told) = by_program(folder.path(), &arguments);
        assert!(ended == 0 && told.starts_with("genuine: signed by key "), "{told}");
        assert!(told.contains("notice: 1234/TB-VP of 2023-11-28") && told.contains("   1  TH "), "{told}");
    }
    let (ended, told) = by_script(folder.path(), "result.jws", "keys.json");
    assert!(ended == 0 && told.contains("\n1 TH 1000 emulation_flag\n"), "{told}");
    // Keys of another service, of which one more does no harm.
    let other = String::from_utf8(App::on_sqlite().anonymous("GET", "/.well-known/jwks.json").send().bytes).unwrap();
    write("other.json", &other);
    let (ended, told) = by_program(folder.path(), &["result.jws", "--jwks", "other.json"]);
    assert!(ended == 1 && told.contains("none of the keys given"), "{told}");
    assert_eq!(by_program(folder.path(), &["result.jws", "--jwks", "other.json", "--jwks", "keys.json"]).0, 0);
    assert_eq!(by_script(folder.path(), "result.jws", "other.json").0, 1);
    // Another total, another header, a key of another name, a signature cut off.
    let parts: Vec<&str> = jws.split('.').collect();
    let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let (mut claims, mut header) = (part(&jws, 1), part(&jws, 0));
    claims["ranking"]["rows"][0]["total"] = json!(1);
    header["crit"] = json!(["exp"]);
    for altered in [
        format!("{}.{}.{}", parts[0], encoded(&claims), parts[2]),
        format!("{}.{}.{}", encoded(&header), parts[1], parts[2]),
        format!(
            "{}.{}.{}",
            encoded(&json!({"alg": "none", "typ": "result-certificate+jwt", "kid": header["kid"]})),
            parts[1],
            ""
        ),
        format!("{}.{}.{}", parts[0], parts[1], &parts[2][..84]),
        format!("{}.{}", parts[0], parts[1]),
    ] {
        write("altered.jws", &altered);
        let (ended, told) = by_program(folder.path(), &["altered.jws", "--jwks", "keys.json"]);
        assert!(ended == 1 && told.contains("is not a genuine certificate"), "{told}");
        assert_ne!(by_script(folder.path(), "altered.jws", "keys.json").0, 0, "{altered}");
    }
}

/// One key signs tokens, checkpoints and certificates: none passes for another.
#[apply(on_both)]
fn no_certificate_is_a_token_and_no_token_a_certificate(app: &App) {
    app.announced_year();
    let jws = certificate(app, "auditor");
    app.bearer(&jws, "GET", "/v1/me").send().refused(401, "token_invalid");
    app.get("auditor", &format!("/v1/audit-entries/verify?checkpoint={jws}")).refused(400, "invalid_parameter");
    let checkpoint =
        app.get("auditor", "/v1/audit-entries/checkpoint").expect(200)["checkpoint"].as_str().unwrap().to_owned();
    let folder = tempfile::tempdir().unwrap();
    let jwks = app.anonymous("GET", "/.well-known/jwks.json").send().bytes;
    std::fs::write(folder.path().join("keys.json"), jwks).unwrap();
    for (other, typ) in [(app.token("auditor"), "at+jwt"), (checkpoint.as_str(), "audit-checkpoint+jwt")] {
        std::fs::write(folder.path().join("other.jws"), other).unwrap();
        let (ended, told) = by_program(folder.path(), &["other.jws", "--jwks", "keys.json"]);
        assert!(ended == 1 && told.contains(typ), "{told}");
        let (ended, told) = by_script(folder.path(), "other.jws", "keys.json");
        assert!(ended == 1 && told.contains("no certificate"), "{told}");
    }
}
