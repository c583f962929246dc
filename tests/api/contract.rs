//! The document and the service say the same. The walkers take their list from the document itself.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::support::{App, Response, apply, on_both};

/// An operation of the document.
pub struct Operation {
    pub method: String,
    pub path: String,
    pub about: Value,
}

impl Operation {
    pub fn is_secured(&self) -> bool {
        is_secured(&self.about)
    }

    pub fn is_list(&self) -> bool {
        self.method == "GET" && parameters(&self.about).any(|parameter| parameter["name"] == "limit")
    }
}

/// Whether an operation asks for a token: a public one names no way to show one.
fn is_secured(about: &Value) -> bool {
    about["security"].as_array().is_some_and(|ways| !ways.is_empty())
}

pub fn parameters(about: &Value) -> impl Iterator<Item = &Value> {
    about["parameters"].as_array().into_iter().flatten()
}

pub fn document(app: &App) -> Value {
    app.anonymous("GET", "/openapi.json").send().expect(200)
}

pub fn operations(document: &Value) -> Vec<Operation> {
    let of_path = |(path, item): (&String, &Value)| -> Vec<Operation> {
        let of = |(method, about): (&String, &Value)| Operation {
            method: method.to_uppercase(),
            path: path.clone(),
            about: about.clone(),
        };
        item.as_object().unwrap().iter().map(of).collect()
    };
    document["paths"].as_object().unwrap().iter().flat_map(of_path).collect()
}

/// A path with something in every place that names nothing.
fn filled(path: &str) -> String {
    let id = "018b88d6-5f80-7000-8000-0000000fffff";
    path.replace("{id}", id)
        .replace("{unit_id}", id)
        .replace("{delivery_id}", id)
        .replace("{n}", "1")
        .replace("{stage}", "appraisal")
        .replace("{code}", "nothing")
        .replace("{date}", "2023-11-10")
}

/// A refusal as it must be, whose code is explained.
#[track_caller]
pub fn is_problem(app: &App, response: &Response) {
    let body = response.json();
    let text = String::from_utf8_lossy(&response.bytes);
    assert_eq!(response.header("content-type"), "application/problem+json", "{text}");
    let code = body["code"].as_str().unwrap_or_default();
    assert_eq!(
        (body["status"].as_u64(), body["type"].as_str()),
        (Some(u64::from(response.status)), Some(format!("/problems/{code}").as_str())),
        "{text}"
    );
    assert!(
        ["title", "detail", "instance", "request_id"]
            .iter()
            .all(|name| body[name].as_str().is_some_and(|text| !text.is_empty())),
        "{text}"
    );
    assert_eq!(body["request_id"], response.header("x-request-id"), "{text}");
    let explained = app.anonymous("GET", &format!("/problems/{code}")).send().expect(200);
    assert_eq!((&explained["code"], explained["status"].as_u64()), (&body["code"], Some(u64::from(response.status))));
}

/// The schema that a reference leads to.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    schema["$ref"]
        .as_str()
        .map_or(schema, |place| document.pointer(place.trim_start_matches('#')).unwrap_or(&Value::Null))
}

/// The fields that a schema knows and those that it needs.
fn fields(document: &Value, schema: &Value) -> (BTreeSet<String>, BTreeSet<String>) {
    let schema = resolved(document, schema);
    let mut known: BTreeSet<String> =
        schema["properties"].as_object().into_iter().flat_map(Map::keys).cloned().collect();
    let mut needed: BTreeSet<String> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|name| Some(name.as_str()?.to_owned()))
        .collect();
    for part in schema["allOf"].as_array().into_iter().flatten() {
        let (more, needs) = fields(document, part);
        known.extend(more);
        needed.extend(needs);
    }
    (known, needed)
}

fn names(body: &Value) -> BTreeSet<String> {
    body.as_object().into_iter().flat_map(Map::keys).cloned().collect()
}

/// The ids of the office's things, by the path that they stand under.
pub fn ids(app: &App) -> BTreeMap<&'static str, String> {
    let [sheet, _] = app.announced_year();
    let first = |list: &str| {
        app.get("auditor", list).expect(200)["items"][0]["id"].as_str().unwrap_or_else(|| panic!("{list}")).to_owned()
    };
    let submission = sheet.rsplit('/').next().unwrap().to_owned();
    let (_, of_unit) = app.council().into_iter().find(|(subject, _)| subject == "th-council").unwrap();
    let conflict = json!({"submission_id": submission, "member_id": of_unit, "ground": "family"});
    let recusal = app.post("secretary", "/v1/recusals", &conflict).expect(201);
    let me = app.get("auditor", "/v1/me").expect(200)["memberships"][0].clone();
    let member = me["member_id"].as_str().unwrap().to_owned();
    let machine = app.get("integration", "/v1/me").expect(200)["memberships"][0]["member_id"].clone();
    let account = app.post("admin", "/v1/service-accounts", &json!({"member_id": machine})).expect(201);
    let invitation = app.request("admin", "POST", &format!("/v1/members/{member}/invitation")).send().expect(201);
    let endpoint = app.post("admin", "/v1/webhook-endpoints", &json!({"url": "http://127.0.0.1:9/hook"})).expect(201);
    let endpoint = endpoint["id"].as_str().unwrap().to_owned();
    let delivery = app.request("admin", "POST", &format!("/v1/webhook-endpoints/{endpoint}/test")).send().expect(201);
    let token = app.request("auditor", "POST", "/v1/me/feed-tokens").send().expect(201);
    let amended = json!({"reason": "Trừ nhầm", "legal_basis": "Công văn số 45/HCTC",
        "scores": [{"criterion_code": "A.II.1", "answer": {"points": 29}}]});
    let amendment = app.post("secretary", &format!("{sheet}/amendments"), &amended).expect(201);
    BTreeMap::from([
        ("me", token["id"].as_str().unwrap().to_owned()),
        ("webhook-endpoints", endpoint),
        ("deliveries", delivery["id"].as_str().unwrap().to_owned()),
        ("amendments", amendment["id"].as_str().unwrap().to_owned()),
        ("recusals", recusal["id"].as_str().unwrap().to_owned()),
        ("reviews", first(&format!("/v1/reviews?submission_id={submission}"))),
        ("evidence", first(&format!("/v1/submissions/{submission}/evidence"))),
        ("submissions", submission),
        ("periods", first("/v1/periods")),
        ("units", app.unit_id("TH")),
        ("criteria-sets", first("/v1/criteria-sets")),
        ("council-sessions", first("/v1/council-sessions")),
        ("award-proposals", first("/v1/award-proposals")),
        ("deadlines", first("/v1/deadlines")),
        ("organizations", me["organization_id"].as_str().unwrap().to_owned()),
        ("invitations", invitation["id"].as_str().unwrap().to_owned()),
        ("service-accounts", account["id"].as_str().unwrap().to_owned()),
        ("members", member),
    ])
}

/// A path with the office's ids in its places.
pub fn with_ids(path: &str, ids: &BTreeMap<&'static str, String>) -> String {
    let kind = path.split('/').nth(2).unwrap_or_default();
    let code = if path.contains("/documents/") { "achievement_report" } else { "A.II.1" };
    let id = ids.get(kind).cloned().unwrap_or_default();
    path.replace("{id}", &id)
        .replace("{unit_id}", &ids["units"])
        .replace("{delivery_id}", &ids["deliveries"])
        .replace("{n}", "1")
        .replace("{stage}", "appraisal")
        .replace("{code}", code)
        .replace("{date}", "2023-09-04")
}

#[apply(on_both)]
fn every_operation_is_there_and_asks_for_a_token(app: &App) {
    let all = operations(&document(app));
    assert!(all.len() > 60, "{}", all.len());
    for Operation { method, path, about } in &all {
        let response = app.anonymous(method, &filled(path)).send();
        if is_secured(about) {
            assert_eq!((response.status, response.code().as_str()), (401, "token_missing"), "{method} {path}");
            is_problem(app, &response);
        } else {
            let known = !matches!(response.status, 401 | 404 | 405)
                || [
                    "/problems/{code}",
                    "/v1/auth/token",
                    "/v1/auth/logout",
                    "/v1/deadlines.ics",
                    "/.well-known/oauth-authorization-server/{path}",
                ]
                .contains(&path.as_str());
            assert!(known, "{method} {path}: {}", response.status);
        }
    }
}

/// A NUL or another control character is refused at the door: PostgreSQL takes no text with a NUL in it.
#[apply(on_both)]
fn no_query_takes_a_control_character(app: &App) {
    let all = operations(&document(app));
    let ids = ids(app);
    let mut tried = 0;
    for Operation { method, path, about } in all.iter().filter(|operation| operation.method == "GET") {
        for parameter in parameters(about).filter(|parameter| parameter["in"] == "query") {
            let name = parameter["name"].as_str().unwrap();
            for value in ["%00", "a%00b", "%1F", "a%E2%80%AEb"] {
                let asked = format!("{}?{name}={value}", with_ids(path, &ids));
                for person in ["admin", "auditor"] {
                    let status = app.request(person, method, &asked).send().status;
                    assert!((400..500).contains(&status), "{person} {asked}: {status}");
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 300, "{tried}");
}

#[apply(on_both)]
fn a_service_that_has_started_is_ready(app: &App) {
    assert_eq!(app.anonymous("GET", "/livez").send().expect(200), json!({"status": "ok"}));
    assert_eq!(app.anonymous("GET", "/readyz").send().expect(200), json!({"status": "ok"}));
}

#[apply(on_both)]
fn an_undocumented_method_is_not_allowed(app: &App) {
    let all = operations(&document(app));
    let mut by_path: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for operation in &all {
        by_path.entry(&operation.path).or_default().insert(&operation.method);
    }
    for (path, methods) in by_path {
        let mut expected: BTreeSet<&str> = methods.clone();
        expected.insert("OPTIONS");
        if methods.contains("GET") {
            expected.insert("HEAD");
        }
        let allow = |response: &Response| -> BTreeSet<String> {
            response.header("allow").split(", ").map(str::to_owned).collect()
        };
        let expected_owned: BTreeSet<String> = expected.iter().map(|name| (*name).to_owned()).collect();
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PURGE"] {
            if expected.contains(method) {
                continue;
            }
            let response = app.anonymous(method, &filled(path)).send();
            assert_eq!((response.status, allow(&response)), (405, expected_owned.clone()), "{method} {path}");
            if method != "HEAD" {
                is_problem(app, &response);
            }
        }
        let response = app.anonymous("OPTIONS", &filled(path)).send();
        assert_eq!((response.status, allow(&response)), (204, expected_owned), "OPTIONS {path}");
    }
}

#[apply(on_both)]
fn every_get_answers_head(app: &App) {
    for operation in operations(&document(app)).iter().filter(|operation| operation.method == "GET") {
        let path = filled(&operation.path);
        let (get, head) = (app.request("auditor", "GET", &path).send(), app.request("auditor", "HEAD", &path).send());
        assert_eq!((head.status, head.bytes.len()), (get.status, 0), "{path}");
    }
}

#[apply(on_both)]
fn every_operation_is_described(app: &App) {
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for Operation { method, path, about } in operations(&document(app)) {
        let mut must = |holds: bool, what: &str| {
            if !holds {
                wrong.push(format!("{method} {path}: {what}"));
            }
        };
        must(about["summary"].as_str().is_some_and(|text| text.len() > 8), "no summary");
        must(
            seen.insert(about["operationId"].to_string()) && about["operationId"].is_string(),
            "no operationId of its own",
        );
        let responses = about["responses"].as_object().unwrap();
        must(responses.keys().any(|status| matches!(status.as_bytes()[0], b'2' | b'3')), "never succeeds");
        must(!is_secured(&about) || responses.contains_key("401"), "no 401");
        for place in path.split('{').skip(1) {
            let place = place.split('}').next().unwrap();
            must(
                parameters(&about).any(|parameter| {
                    parameter["name"] == place && parameter["in"] == "path" && parameter["required"] == true
                }),
                &format!("{{{place}}} is no parameter"),
            );
        }
        if matches!(method.as_str(), "PUT" | "PATCH" | "DELETE") && is_secured(&about) {
            must(parameters(&about).any(|parameter| parameter["name"] == "If-Match"), "no If-Match");
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The fields of a schema, and of those that it consists of, which have no description of their own or of their type.
fn undescribed(schema: &Value) -> Vec<&String> {
    let is_described = |field: &Value| {
        let text = |value: &Value| value["description"].as_str().is_some_and(|text| text.len() > 2);
        text(field) || field["oneOf"].as_array().is_some_and(|alternatives| alternatives.iter().any(text))
    };
    let own = schema["properties"].as_object().into_iter().flatten();
    let own = own.filter(|(_, field)| !is_described(field)).map(|(name, _)| name);
    own.chain(schema["allOf"].as_array().into_iter().flatten().flat_map(undescribed)).collect()
}

#[apply(on_both)]
fn every_parameter_and_field_is_described(app: &App) {
    let document = document(app);
    let mut wrong = Vec::new();
    for Operation { method, path, about } in operations(&document) {
        let undescribed = parameters(&about).filter(|parameter| parameter["description"].as_str().is_none());
        wrong.extend(undescribed.map(|parameter| format!("{method} {path}: {}", parameter["name"])));
    }
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        wrong.extend(undescribed(schema).into_iter().map(|field| format!("{name}: {field}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[apply(on_both)]
fn every_refusal_in_the_document_is_a_problem_that_is_explained(app: &App) {
    let mut codes: BTreeMap<String, u64> = BTreeMap::new();
    let whole = document(app);
    for Operation { method, path, about } in operations(&whole) {
        for (status, response) in
            about["responses"].as_object().unwrap().iter().filter(|(status, _)| status.as_str() >= "400")
        {
            let content = &response["content"]["application/problem+json"];
            assert_eq!(content["schema"]["$ref"], "#/components/schemas/Problem", "{method} {path} {status}");
            for (code, place) in content["examples"].as_object().unwrap() {
                let example = whole.pointer(place["$ref"].as_str().unwrap().trim_start_matches('#')).unwrap();
                assert_eq!(example["value"]["status"].to_string(), *status, "{method} {path} {code}");
                codes.insert(code.clone(), example["value"]["status"].as_u64().unwrap());
            }
        }
    }
    assert!(codes.len() > 50, "{}", codes.len());
    for (code, status) in codes {
        let explained = app.anonymous("GET", &format!("/problems/{code}")).send().expect(200);
        assert_eq!((explained["code"].as_str(), explained["status"].as_u64()), (Some(code.as_str()), Some(status)));
        for language in ["vi", "en"] {
            assert!(
                ["title", "text"]
                    .iter()
                    .all(|name| explained[language][name].as_str().is_some_and(|text| !text.is_empty())),
                "{code}"
            );
        }
    }
}

#[apply(on_both)]
fn every_reference_in_the_document_leads_somewhere(app: &App) {
    fn walk(document: &Value, value: &Value) {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(place)) = fields.get("$ref") {
                    assert!(document.pointer(place.trim_start_matches('#')).is_some(), "{place}");
                }
                fields.values().for_each(|value| walk(document, value));
            }
            Value::Array(items) => items.iter().for_each(|value| walk(document, value)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let document = document(app);
    walk(&document, &document);
}

#[apply(on_both)]
fn the_documents_in_the_repository_are_those_that_are_served(app: &App) {
    let served = |path: &str| app.anonymous("GET", path).send().bytes;
    assert!(
        served("/openapi.json") == include_bytes!("../../openapi/openapi.json"),
        "write it anew: thidua openapi > openapi/openapi.json"
    );
    assert!(
        served("/openapi-3.0.json") == include_bytes!("../../openapi/openapi-3.0.json"),
        "write it anew: thidua openapi --v3.0 > openapi/openapi-3.0.json"
    );
}

/// An empty object misses a field, and the document must know it by that name.
#[apply(on_both)]
fn every_body_needs_the_fields_that_its_schema_needs(app: &App) {
    let document = document(app);
    let mut wrong = Vec::new();
    for Operation { method, path, about } in operations(&document) {
        let schema = &about["requestBody"]["content"]["application/json"]["schema"];
        if method != "POST" || schema.is_null() || path.contains('{') || !is_secured(&about) {
            continue;
        }
        let (known, needed) = fields(&document, schema);
        let responses = ["admin", "secretary", "operator", "appraiser", "th-head"]
            .map(|person| app.post(person, &path, &json!({})));
        let asked: Vec<String> = responses
            .iter()
            .filter(|response| response.code() == "invalid_body")
            .map(|response| response.faults()[0].1.trim_start_matches('/').to_owned())
            .collect();
        let Some(field) = asked.first() else { continue };
        if !known.contains(field) || !needed.contains(field) {
            wrong.push(format!("{method} {path} needs {field}; its schema {} knows {known:?}", schema["$ref"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The example of a body is one that the service can read.
#[apply(on_both)]
fn every_example_of_a_body_fits_what_the_service_reads(app: &App) {
    let document = document(app);
    let mut wrong = Vec::new();
    for Operation { method, path, about } in operations(&document) {
        let schema = resolved(&document, &about["requestBody"]["content"]["application/json"]["schema"]);
        if schema["example"].is_null() || !is_secured(&about) || path.contains('{') {
            continue;
        }
        for person in ["admin", "secretary", "operator", "appraiser", "th-head"] {
            let response = app.request(person, &method, &path).json(&schema["example"]).send();
            if matches!(response.code().as_str(), "invalid_body" | "malformed_json") {
                wrong.push(format!("{person} {method} {path}: {:?}", response.faults()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[apply(on_both)]
fn every_answer_has_the_fields_of_its_schema(app: &App) {
    let ids = ids(app);
    let period = &ids["periods"];
    let document = document(app);
    let mut wrong = Vec::new();
    let mut compare = |name: &str, schema: &Value, body: &Value| {
        let (known, needed) = fields(&document, schema);
        let has = names(body);
        if !(known.is_empty() || has.is_subset(&known) && needed.is_subset(&has)) {
            let (unknown, missing): (Vec<_>, Vec<_>) =
                (has.difference(&known).collect(), needed.difference(&has).collect());
            wrong.push(format!(
                "{name} ({}): not in the schema {unknown:?}, not in the answer {missing:?}",
                schema["$ref"]
            ));
        }
    };
    for operation in operations(&document).iter().filter(|operation| operation.method == "GET") {
        let query = match operation.path.as_str() {
            "/v1/reviews" => format!("?submission_id={}", ids["submissions"]),
            "/v1/working-days/add" => "?from=2023-11-30&days=5".into(),
            "/v1/working-days/count" => "?from=2023-11-30&to=2023-12-07".into(),
            _ => String::new(),
        };
        let path = if operation.path == "/problems/{code}" {
            "/problems/not_found".to_owned()
        } else {
            with_ids(&operation.path, &ids)
        };
        let schema = &operation.about["responses"]["200"]["content"]["application/json"]["schema"];
        let person = if operation.path == "/v1/organizations" {
            "operator"
        } else if operation.path.contains("{id}/readiness") {
            "th-head"
        } else {
            "auditor"
        };
        let response = app.get(person, &format!("{path}{query}"));
        if response.status != 200 || schema.is_null() {
            continue;
        }
        let body = response.json();
        compare(&operation.path, schema, &body);
        if let (Some(first), schema) =
            (body["items"].get(0), &resolved(&document, schema)["properties"]["items"]["items"])
        {
            compare(&format!("a row of {}", operation.path), schema, first);
        }
    }
    assert!(!period.is_empty() && wrong.is_empty(), "{}", wrong.join("\n"));
}

#[apply(on_both)]
fn every_answer_carries_a_request_id_and_says_who_may_keep_it(app: &App) {
    let ids = ids(app);
    for operation in operations(&document(app)).iter().filter(|operation| operation.method == "GET") {
        let response = app.get("auditor", &with_ids(&operation.path, &ids));
        assert_eq!(response.header("x-request-id").len(), 36, "{}", operation.path);
        if operation.is_secured() && response.status == 200 {
            assert_eq!(response.header("cache-control"), "private, no-cache", "{}", operation.path);
            assert!(!response.header("etag").is_empty(), "{}", operation.path);
        }
    }
}

#[apply(on_both)]
fn cors_allows_the_configured_origins(app: &App) {
    let request = |origin: &str| app.request("th-head", "GET", "/v1/units").header("origin", origin).send();
    let (ours, other) = (request("https://front.example"), request("https://evil.example"));
    assert_eq!(ours.header("access-control-allow-origin"), "https://front.example");
    let exposed = ours.header("access-control-expose-headers").to_lowercase();
    for name in ["etag", "location", "link", "retry-after", "x-request-id", "idempotency-replayed"] {
        assert!(exposed.contains(name), "{name} in {exposed}");
    }
    assert_eq!(other.header("access-control-allow-origin"), "");
    let preflight = app
        .anonymous("OPTIONS", "/v1/units")
        .header("origin", "https://front.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,if-match,idempotency-key")
        .send();
    assert_eq!((preflight.status, preflight.header("access-control-allow-origin")), (200, "https://front.example"));
}
