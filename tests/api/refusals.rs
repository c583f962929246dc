//! What is refused, with which status, code and place, and in which order.

use std::time::{Duration, Instant};

use aws_lc_rs::signature::Ed25519KeyPair;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::support::{App, Response, apply, on_both, scores};

/// Sends a body as it is written to TH's sheet, by its head and with the right tag.
fn write_raw(app: &App, sheet: &str, body: &str) -> Response {
    app.request("th-head", "PATCH", &format!("{sheet}/scores"))
        .if_match(&app.tag("th-head", sheet))
        .raw("application/json", body)
        .send()
}

#[track_caller]
fn at(response: Response, status: u16, code: &str, pointer: &str) {
    let response = response.refused(status, code);
    assert!(response.faults().iter().any(|(_, place)| place == pointer), "{pointer}: {:?}", response.faults());
}

/// A token with the header and claims of a good one, changed, and signed with a key of one's own.
fn signed_elsewhere(good: &str) -> String {
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&aws_lc_rs::rand::SystemRandom::new()).unwrap();
    let claims: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(good.split('.').nth(1).unwrap()).unwrap()).unwrap();
    let kid = jsonwebtoken::decode_header(good).unwrap().kid;
    let header = Header { typ: Some("at+jwt".into()), kid, ..Header::new(Algorithm::EdDSA) };
    jsonwebtoken::encode(&header, &claims, &EncodingKey::from_ed_der(pkcs8.as_ref())).unwrap()
}

#[apply(on_both)]
fn a_score_over_the_maximum_is_refused(app: &App) {
    let sheet = app.new_sheet("TH");
    let response = app
        .patch("th-head", &sheet, &[("A.II.1", r#"{"points":30}"#), ("A.II.2", r#"{"points":20.01}"#)])
        .refused(422, "score_out_of_range");
    assert_eq!(response.faults(), [("score_out_of_range".into(), "/scores/1/answer/points".into())]);
    let params = &response.json()["errors"][0]["params"];
    assert_eq!((&params["criterion"], &params["max"], &params["got"]), (&json!("A.II.2"), &json!(20), &json!(20.01)));
    assert_eq!(app.get("th-head", &sheet).expect(200)["totals"]["self"], Value::Null);
}

#[apply(on_both)]
fn a_negative_score_is_refused(app: &App) {
    let sheet = app.new_sheet("TH");
    at(
        write_raw(app, &sheet, r#"{"scores":[{"criterion_code":"A.II.1","answer":{"points":-0.01}}]}"#),
        422,
        "score_out_of_range",
        "/scores/0/answer/points",
    );
}

#[apply(on_both)]
fn every_broken_rule_is_told_at_once(app: &App) {
    let sheet = app.new_sheet("TH");
    let lines = [
        ("A.II.1", r#"{"points":31}"#),
        ("A.II.9", r#"{"points":1}"#),
        ("A.III.1", r#"{"points":1}"#),
        ("A.IV.4", r#"{"cases":-1}"#),
        ("A.II.1", r#"{"points":1}"#),
    ];
    let response = app.patch("th-head", &sheet, &lines);
    let codes: Vec<String> = response.faults().into_iter().map(|(code, _)| code).collect();
    assert_eq!(response.status, 422);
    for code in
        ["score_out_of_range", "unknown_criterion", "answer_mismatch", "number_out_of_range", "duplicate_criterion"]
    {
        assert!(codes.iter().any(|found| found == code), "{code} in {codes:?}");
    }
}

#[apply(on_both)]
fn a_third_decimal_is_refused_however_far_out_it_stands(app: &App) {
    let sheet = app.new_sheet("TH");
    for points in ["0.001", "27.505", "0.10000000000000000001", "1e-3"] {
        let body = format!(r#"{{"scores":[{{"criterion_code":"A.II.1","answer":{{"points":{points}}}}}]}}"#);
        at(write_raw(app, &sheet, &body), 422, "points_precision", "/scores/0/answer/points");
    }
    for points in ["27.50", "27.5000", "2.75e1"] {
        let body = format!(r#"{{"scores":[{{"criterion_code":"A.II.1","answer":{{"points":{points}}}}}]}}"#);
        assert_eq!(write_raw(app, &sheet, &body).expect(200)["totals"]["self"]["total"], 27.5, "{points}");
    }
}

#[apply(on_both)]
fn points_that_are_text_do_not_fit(app: &App) {
    let sheet = app.new_sheet("TH");
    at(
        write_raw(app, &sheet, r#"{"scores":[{"criterion_code":"A.II.1","answer":{"points":"27.5"}}]}"#),
        400,
        "invalid_body",
        "/scores/0/answer/points",
    );
}

/// G: due on 10 November; midnight in Hanoi is 17:00 UTC.
#[apply(on_both)]
fn the_gate_closes_at_midnight_and_not_a_millisecond_before(app: &App) {
    let sheet = app.new_sheet("TH");
    let tag = app.tag("th-head", &sheet);
    app.set_clock("2023-11-10T16:59:59.999Z");
    let write = |tag: &str| {
        app.request("th-head", "PATCH", &format!("{sheet}/scores"))
            .if_match(tag)
            .json(&scores(&[("A.II.1", r#"{"points":1}"#)]))
            .send()
    };
    let accepted = write(&tag);
    assert_eq!(accepted.status, 200);
    app.set_clock("2023-11-10T17:00:00.000Z");
    let response = write(&accepted.etag()).refused(409, "deadline_passed");
    assert_eq!(response.json()["params"]["closed_at"], "2023-11-10T17:00:00.000Z");
    let body = json!({"period_id": app.period_id(), "unit_id": app.unit_id("KT")});
    app.post("kt-head", "/v1/submissions", &body).refused(409, "deadline_passed");
}

#[apply(on_both)]
fn another_units_draft_is_not_found_whatever_else_is_wrong(app: &App) {
    let sheet = app.new_sheet("TH");
    let stale = "\"0000000000000000-0000000000000000\"";
    for person in [
        "kt-head",
        "kt-editor",
        "appraiser",
        "th-council",
        "secretary",
        "council-chair",
        "admin",
        "operator",
        "so-khdt-vp-head",
    ] {
        for (method, path) in [
            ("GET", ""),
            ("GET", "/scores"),
            ("GET", "/readiness"),
            ("GET", "/revisions"),
            ("PATCH", "/scores"),
            ("PUT", "/scores"),
            ("POST", "/submit"),
            ("POST", "/withdraw"),
            ("POST", "/return"),
        ] {
            let request = || app.request(person, method, &format!("{sheet}{path}"));
            let expected: (u16, &str) = if person == "th-council" { (403, "recused") } else { (404, "not_found") };
            request().send().refused(expected.0, expected.1);
            if method != "GET" {
                request()
                    .if_match(stale)
                    .json(&json!({"scores": [], "reason": "x"}))
                    .send()
                    .refused(expected.0, expected.1);
                request().raw("application/json", "{").send().refused(expected.0, expected.1);
                request().raw("text/plain", "x").send().refused(expected.0, expected.1);
            }
        }
    }
}

/// The standing body's own sheet is appraised by others.
#[apply(on_both)]
fn an_appraiser_is_recused_from_their_own_unit(app: &App) {
    let sheet = app.submitted_sheet("HCTC", &[]);
    app.set_clock("2023-11-11T01:00:00.000Z");
    app.move_period("appraiser", "start-appraisal");
    let id = sheet.rsplit('/').next().unwrap();
    let response = app
        .post("hctc-appraiser", "/v1/reviews", &json!({"submission_id": id, "stage": "appraisal"}))
        .refused(403, "recused");
    assert_eq!(response.json()["params"]["ground"], "own_unit");
    app.get("hctc-appraiser", &sheet).refused(403, "recused");
    let review = app.review("appraiser", &sheet, "appraisal", &[]);
    app.get("hctc-appraiser", &review).refused(403, "recused");
    app.get("hctc-council", &review).refused(403, "recused");
}

#[apply(on_both)]
fn a_stale_tag_is_refused(app: &App) {
    let sheet = app.new_sheet("TH");
    let seen = app.tag("th-head", &sheet);
    app.patch("th-editor", &sheet, &[("A.II.1", r#"{"points":1}"#)]).expect(200);
    app.request("th-head", "PATCH", &format!("{sheet}/scores"))
        .if_match(&seen)
        .json(&scores(&[("A.II.1", r#"{"points":2}"#)]))
        .send()
        .refused(412, "version_mismatch");
    app.request("th-head", "POST", &format!("{sheet}/submit")).if_match(&seen).send().refused(412, "version_mismatch");
    assert_eq!(app.get("th-head", &sheet).expect(200)["totals"]["self"]["total"], 1);
}

#[apply(on_both)]
fn a_missing_tag_is_asked_for(app: &App) {
    let sheet = app.new_sheet("TH");
    for (method, path) in [("PATCH", "/scores"), ("PUT", "/scores")] {
        app.request("th-head", method, &format!("{sheet}{path}"))
            .json(&scores(&[]))
            .send()
            .refused(428, "precondition_required");
    }
    app.request("th-head", "POST", &format!("{sheet}/submit")).send().refused(428, "precondition_required");
    app.request("secretary", "POST", &format!("{}/start-appraisal", app.period()))
        .send()
        .refused(428, "precondition_required");
}

#[apply(on_both)]
fn what_does_not_fit_the_schema_is_refused_with_its_place(app: &App) {
    let sheet = app.new_sheet("TH");
    let table = [
        (r#"{"scores":[{"criterion_code":"A.II.1","answr":{"points":1}}]}"#, "/scores/0/answr"),
        (r#"{"scores":[{"criterion_code":"A.II.1","answer":{"points":1,"cases":1,"x":1}}]}"#, "/scores/0/answer/x"),
        (r#"{"scores":[],"extra":1}"#, "/extra"),
        (r#"{"scores":[{"criterion_code":"A.II.1","criterion_code":"A.II.2"}]}"#, "/scores/0/criterion_code"),
        (r#"{"scores":[],"scores":[]}"#, "/scores"),
        (r#"{"scores":[["A.II.1",{"points":1}]]}"#, "/scores/0"),
        (r#"[[]]"#, ""),
        (r#"{"scores":{}}"#, "/scores"),
        (r#"{}"#, "/scores"),
        (r#"{"scores":[{"answer":null}]}"#, "/scores/0/criterion_code"),
        (r#"{"scores":[{"criterion_code":7}]}"#, "/scores/0/criterion_code"),
        (r#"{"scores":[{"criterion_code":"A.III.1","answer":{"achieved":1}}]}"#, "/scores/0/answer/achieved"),
        (r#"{"scores":[{"criterion_code":"A.IV.4","answer":{"cases":1.5}}]}"#, "/scores/0/answer/cases"),
        ("null", ""),
    ];
    for (body, pointer) in table {
        let response = write_raw(app, &sheet, body);
        let text = String::from_utf8_lossy(&response.bytes).into_owned();
        assert_eq!((response.status, response.code().as_str()), (400, "invalid_body"), "{body}: {text}");
        assert_eq!(response.faults(), [("invalid_body".to_owned(), pointer.to_owned())], "{body}");
    }
    let unit = json!({"code": "TTHC", "name": "Trung tâm", "kind": "choir"});
    at(app.post("admin", "/v1/units", &unit), 400, "invalid_body", "/kind");
}

#[apply(on_both)]
fn control_characters_are_refused(app: &App) {
    let sheet = app.new_sheet("TH");
    for bad in ["\\u0000", "\\u0007", "\\u001b", "\\u007f"] {
        let body = format!(r#"{{"scores":[{{"criterion_code":"A.II.1","answer":{{"points":1}},"note":"a{bad}b"}}]}}"#);
        at(write_raw(app, &sheet, &body), 422, "text_invalid", "/scores/0/note");
    }
    let good = r#"{"scores":[{"criterion_code":"A.II.1","answer":{"points":1},"note":"a\tb\nc"}]}"#;
    assert_eq!(write_raw(app, &sheet, good).status, 200);
    let unit = json!({"code": "TTHC", "name": "Trung\u{0}tâm", "kind": "centre"});
    at(app.post("admin", "/v1/units", &unit), 422, "text_invalid", "/name");
}

/// The same name in two encodings is one name.
#[apply(on_both)]
fn text_is_kept_in_its_composed_form(app: &App) {
    let unit =
        app.post("admin", "/v1/units", &json!({"code": "TTHC", "name": "Pho\u{300}ng", "kind": "centre"})).expect(201);
    assert_eq!(unit["name"], "Ph\u{f2}ng");
}

#[apply(on_both)]
fn a_body_that_is_not_json_is_malformed(app: &App) {
    let sheet = app.new_sheet("TH");
    for body in [
        "{",
        "",
        r#"{"scores":[}"#,
        r#"{"scores":[]} x"#,
        r#"{"scores":[{"criterion_code":"A.II.1","answer":{"points":NaN}}]}"#,
        r#"{"scores":[{"criterion_code":"A.II.1","answer":{"points":01}}]}"#,
        "{'scores':[]}",
        "{\"scores\":[{\"criterion_code\":\"\\ud800\"}]}",
    ] {
        let response = write_raw(app, &sheet, body);
        assert_eq!((response.status, response.code().as_str()), (400, "malformed_json"), "{body}");
    }
    let invalid_utf8 = b"{\"scores\":[],\"\xff\":1}".to_vec();
    app.request("th-head", "PATCH", &format!("{sheet}/scores"))
        .if_match(&app.tag("th-head", &sheet))
        .raw("application/json", invalid_utf8)
        .send()
        .refused(400, "malformed_json");
}

#[apply(on_both)]
fn a_wrong_method_is_told_the_right_ones(app: &App) {
    let sheet = app.new_sheet("TH");
    let response = app.request("th-head", "DELETE", &sheet).send().refused(405, "method_not_allowed");
    assert_eq!(response.header("allow"), "GET, HEAD, OPTIONS");
    let response = app.request("th-head", "GET", &format!("{sheet}/submit")).send().refused(405, "method_not_allowed");
    assert_eq!(response.header("allow"), "POST, OPTIONS");
}

#[apply(on_both)]
fn a_wrong_media_type_is_refused(app: &App) {
    let sheet = app.new_sheet("TH");
    for kind in
        ["text/plain", "application/json; charset=utf-16", "application/x-www-form-urlencoded", "application/xml"]
    {
        let request = app.request("th-head", "PUT", &format!("{sheet}/scores")).if_match(&app.tag("th-head", &sheet));
        request.raw(kind, r#"{"scores":[]}"#).send().refused(415, "unsupported_media_type");
    }
    for kind in ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=\"UTF-8\""] {
        let request = app.request("th-head", "PUT", &format!("{sheet}/scores")).if_match(&app.tag("th-head", &sheet));
        request.raw(kind, r#"{"scores":[]}"#).send().expect(200);
    }
}

/// A form is for the paths that take a file.
#[apply(on_both)]
fn a_form_is_no_json(app: &App) {
    let sheet = app.new_sheet("TH");
    let request = app.request("th-head", "PUT", &format!("{sheet}/scores")).if_match(&app.tag("th-head", &sheet));
    request.file("scores.json", br#"{"scores":[]}"#).send().refused(415, "unsupported_media_type");
}

#[apply(on_both)]
fn a_media_type_that_the_client_does_not_accept_is_not_sent(app: &App) {
    let period = app.period();
    for accept in ["text/html", "application/xml", "application/json;q=0", "image/*"] {
        app.request("th-head", "GET", &period).header("accept", accept).send().refused(406, "not_acceptable");
    }
    for accept in
        ["*/*", "application/json", "application/*", "text/html, application/json;q=0.5", "text/html,*/*;q=0.1"]
    {
        assert_eq!(app.request("th-head", "GET", &period).header("accept", accept).send().status, 200, "{accept}");
    }
}

#[apply(on_both)]
fn a_missing_token_is_challenged(app: &App) {
    let period = app.period();
    let response = app.anonymous("GET", &period).send().refused(401, "token_missing");
    assert_eq!(response.header("www-authenticate"), "Bearer");
    app.anonymous("GET", &period).header("authorization", "Basic dGg6eA==").send().refused(401, "token_missing");
}

#[apply(on_both)]
fn a_foreign_token_is_refused(app: &App) {
    let good = app.token("th-head");
    let parts: Vec<&str> = good.split('.').collect();
    let mut claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    claims["sub"] = json!("admin");
    let claims = URL_SAFE_NO_PAD.encode(claims.to_string());
    let kid = jsonwebtoken::decode_header(good).unwrap().kid.unwrap();
    let none = URL_SAFE_NO_PAD.encode(json!({"alg": "none", "typ": "at+jwt", "kid": kid}).to_string());
    let hmac = Header { typ: Some("at+jwt".into()), kid: Some(kid), ..Header::new(Algorithm::HS256) };
    let x =
        app.anonymous("GET", "/.well-known/jwks.json").send().expect(200)["keys"][0]["x"].as_str().unwrap().to_owned();
    let with_public_key = jsonwebtoken::encode(
        &hmac,
        &json!({"iss": app.base, "sub": "admin", "aud": "thidua", "exp": 4_000_000_000_i64, "iat": 1}),
        &EncodingKey::from_secret(&URL_SAFE_NO_PAD.decode(x).unwrap()),
    )
    .unwrap();
    let table = [
        ("another's claims", format!("{}.{claims}.{}", parts[0], parts[2])),
        ("another key", signed_elsewhere(good)),
        ("no algorithm", format!("{none}.{claims}.")),
        ("no algorithm, old signature", format!("{none}.{claims}.{}", parts[2])),
        ("the public key as a secret", with_public_key),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("nothing of a token", "abc".into()),
    ];
    for (what, token) in table {
        let response = app.bearer(&token, "GET", "/v1/me").send();
        assert_eq!((response.status, response.code().as_str()), (401, "token_invalid"), "{what}");
        assert!(response.header("www-authenticate").starts_with("Bearer"), "{what}");
    }
    assert_eq!(app.bearer(good, "GET", "/v1/me").send().status, 200);
}

#[apply(on_both)]
fn an_unknown_path_is_a_problem(app: &App) {
    for path in ["/", "/v1", "/v1/nothing", "/v2/me", "/v1/units/", "/v1//units"] {
        app.anonymous("GET", path).send().refused(404, "not_found");
        app.request("admin", "POST", path).send().refused(404, "not_found");
    }
}

#[apply(on_both)]
fn an_invalid_id_is_not_found(app: &App) {
    for id in [
        "1",
        "TH",
        "0190-x",
        "00000000-0000-0000-0000-000000000000",
        "%00",
        "..%2f..",
        "018b88d6-5f80-7000-8000-00000000000G",
    ] {
        for of in ["submissions", "periods", "units", "criteria-sets", "council-sessions", "reviews", "award-proposals"]
        {
            app.get("auditor", &format!("/v1/{of}/{id}")).refused(404, "not_found");
        }
    }
    let sheet = app.submitted_sheet("TH", &[]);
    for n in ["0", "2", "-1", "x", "99999999999"] {
        app.get("th-head", &format!("{sheet}/revisions/{n}")).refused(404, "not_found");
    }
}

#[apply(on_both)]
fn an_unknown_query_parameter_is_refused(app: &App) {
    for path in ["/v1/units?unit=TH", "/v1/units?limit=1&limit=2", "/v1/submissions?state=draft", "/v1/me?x=1"] {
        app.get("secretary", path).refused(400, "unknown_parameter");
    }
    app.get("secretary", &format!("{}?x=1", app.period())).refused(400, "unknown_parameter");
    let period = app.period();
    app.request("secretary", "POST", &format!("{period}/start-appraisal?force=true"))
        .if_match(&app.tag("secretary", &period))
        .send()
        .refused(400, "unknown_parameter");
}

#[apply(on_both)]
fn an_invalid_query_parameter_is_refused(app: &App) {
    for path in [
        "/v1/units?limit=0",
        "/v1/units?limit=201",
        "/v1/units?limit=-1",
        "/v1/units?limit=x",
        "/v1/units?limit=",
        "/v1/units?sort=name",
        "/v1/units?active=maybe",
        "/v1/submissions?period_id=1",
        "/v1/submissions?status=sent",
    ] {
        app.get("secretary", path).refused(400, "invalid_parameter");
    }
    for path in ["/v1/units?limit=1", "/v1/units?limit=200", "/v1/submissions?status=draft,submitted"] {
        app.get("secretary", path).expect(200);
    }
}

#[apply(on_both)]
fn an_invalid_cursor_is_refused(app: &App) {
    for cursor in ["x", "%00", "MTIz", "!!!", "AAAA"] {
        app.get("secretary", &format!("/v1/units?cursor={cursor}")).refused(400, "invalid_cursor");
    }
    let given =
        app.get("secretary", "/v1/units?limit=2&sort=code").expect(200)["next_cursor"].as_str().unwrap().to_owned();
    app.get("secretary", &format!("/v1/units?cursor={given}&sort=-code")).refused(400, "invalid_cursor");
}

#[apply(on_both)]
fn a_body_over_a_mebibyte_is_refused(app: &App) {
    let sheet = app.new_sheet("TH");
    let host = app.base.trim_start_matches("http://");
    let announced = format!(
        "PUT {sheet}/scores HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        app.token("th-head"),
        (1 << 20) + 1
    );
    let (status, text) = app.raw(&announced);
    assert_eq!(status, 413, "{text}");
    assert!(text.contains("application/problem+json") && text.contains("\"body_too_large\""), "{text}");
    // As long as may be: fifteen bytes that matter, then blanks.
    let mut body = r#"{"scores":[]}"#.to_owned();
    body.push_str(&" ".repeat((1 << 20) - body.len()));
    app.request("th-head", "PUT", &format!("{sheet}/scores"))
        .if_match(&app.tag("th-head", &sheet))
        .raw("application/json", body)
        .send()
        .expect(200);
}

#[apply(on_both)]
fn refusals_speak_the_language_that_was_asked_for(app: &App) {
    let vi = app.get("th-head", "/v1/nothing").refused(404, "not_found");
    let en =
        app.request("th-head", "GET", "/v1/nothing").header("accept-language", "en").send().refused(404, "not_found");
    assert_eq!((vi.header("content-language"), en.header("content-language")), ("vi", "en"));
    assert_ne!(vi.json()["title"], en.json()["title"]);
}

/// Which database does not matter here, and the wait is long.
#[test]
fn a_body_that_stalls_is_not_waited_for() {
    let app = App::on_sqlite();
    let host = app.base.trim_start_matches("http://");
    let began = Instant::now();
    let (status, text) = app.raw(&format!("POST /v1/units HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{", app.token("admin")));
    assert_eq!(status, 408, "{text}");
    assert!(text.contains("application/problem+json") && text.contains("\"request_timeout\""), "{text}");
    assert!(began.elapsed() < Duration::from_secs(14), "{:?}", began.elapsed());
}

/// The same for a request whose head never ends.
#[test]
fn a_head_that_stalls_is_not_waited_for() {
    let app = App::on_sqlite();
    let began = Instant::now();
    let (status, text) = app.raw("GET /v1/units HTTP/1.1\r\nHost: x\r\nX-A:");
    assert!(status == 408 || text.is_empty(), "{text}");
    assert!(began.elapsed() < Duration::from_secs(12), "{:?}", began.elapsed());
}
