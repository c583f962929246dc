//! The OpenAPI document: what each operation describes, and what is common to all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use actix_web::http::Method;
use serde_json::{Map, Value, json};
use strum::VariantArray;
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::inline::inline_scalars;
use super::journal::webhooks::CloudEventView;
use super::openapi_3_0;
use super::operation::{Kind, NamedSchema, Operation, Tag};
use super::page::PageQuery;
use super::problem::{Language, ProblemBody};
use super::schemas;
use crate::error::{Code, Error};

/// Version of OpenAPI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// OpenAPI 3.1, the contract.
    V3_1,
    /// OpenAPI 3.0, for tools that do not support 3.1.
    V3_0,
}

/// The document of a running service. Generated on the first request, because generating it takes much more memory than
/// keeping it and most instances never serve it.
pub struct Document {
    operations: Vec<Operation>,
    text: OnceLock<String>,
    text_3_0: OnceLock<String>,
}

impl Document {
    /// Returns the document of these operations.
    pub fn of(operations: Vec<Operation>) -> Self {
        Document { operations, text: OnceLock::new(), text_3_0: OnceLock::new() }
    }

    /// Returns the operations that it describes.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// Returns the text of the document.
    ///
    /// # Errors
    /// If it cannot be generated.
    pub fn text(&self, version: Version) -> Result<&str, Error> {
        let kept = match version {
            Version::V3_1 => &self.text,
            Version::V3_0 => &self.text_3_0,
        };
        if let Some(text) = kept.get() {
            return Ok(text);
        }
        let document = write(&self.operations)?;
        let document = match version {
            Version::V3_1 => document,
            Version::V3_0 => openapi_3_0::converted(document),
        };
        let mut text = serde_json::to_string_pretty(&document).map_err(Error::internal)?;
        text.push('\n');
        Ok(kept.get_or_init(|| text))
    }
}

const INTRODUCTION: &str = "Yearly emulation (thi đua) scoring, from the criteria set to the award proposal.\n\n\
Every error is an RFC 9457 problem with a stable `code`, explained at `/problems/{code}`. Changes require `If-Match` with the `ETag` of the record as \
it was read. Repeating a `POST` with the same `Idempotency-Key` returns the first response again. `allowed_actions` and `blocked_actions` list what \
the caller may do now.";

/// Description of the bearer tokens.
const TOKENS: &str = "A JWT of the service or of a configured issuer, verified as RFC8725 recommends: the algorithm is determined by the key; \
issuer, audience, subject and times are required.";

/// Generates the document.
///
/// # Errors
/// If it cannot be serialised, or two schemas have the same name.
fn write(operations: &[Operation]) -> Result<Value, Error> {
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    let mut schemas = shared_schemas();
    for operation in operations {
        let item = paths.entry(&operation.path).or_default();
        item.insert(operation.method.as_str().to_lowercase(), described(operation)?);
        schemas.extend(operation.schemas());
    }
    let (mut paths, mut schemas) = (json!(paths), named(schemas)?);
    inline_scalars(&mut paths, &mut schemas);
    schemas::name_pages(&mut paths, &mut schemas)?;
    let webhooks = webhooks(&schemas);
    schemas::complete(&mut paths, &webhooks, &mut schemas)?;
    let examples = problem_examples(&paths);
    let tags = |tag: &Tag| json!({"name": tag.name(), "description": tag.description()});
    Ok(json!({
        "openapi": "3.1.0",
        "info": {
            "title": "thidua",
            "version": env!("CARGO_PKG_VERSION"),
            "description": INTRODUCTION,
            "contact": {"name": "thidua"},
            "license": {"name": env!("CARGO_PKG_LICENSE"), "identifier": env!("CARGO_PKG_LICENSE")},
        },
        "servers": [{"url": "/", "description": "The installation that serves this document."}],
        "tags": Tag::VARIANTS.iter().map(tags).collect::<Vec<_>>(),
        "paths": paths,
        "webhooks": webhooks,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": TOKENS}},
            "examples": examples,
            "headers": headers(),
        },
    }))
}

/// Returns the schemas that no operation refers to: problems and webhook messages.
fn shared_schemas() -> Vec<NamedSchema> {
    let mut schemas = vec![
        (ProblemBody::name().into_owned(), ProblemBody::schema()),
        (CloudEventView::name().into_owned(), CloudEventView::schema()),
    ];
    ProblemBody::schemas(&mut schemas);
    CloudEventView::schemas(&mut schemas);
    schemas
}

/// Describes the webhook of each type of event.
fn webhooks(schemas: &BTreeMap<String, Value>) -> Value {
    let types = schemas.get("EventType").and_then(|schema| schema.get("enum")).and_then(Value::as_array);
    let webhook = |kind: &Value| {
        let kind = kind.as_str()?;
        let narrowed = json!({"allOf": [
            {"$ref": "#/components/schemas/CloudEvent"},
            {"type": "object", "properties": {"type": {"type": "string", "enum": [kind]}}, "required": ["type"]},
        ]});
        let operation = json!({
            "operationId": format!("webhooks.{}", kind.replace('.', "_")),
            "summary": format!("Receive `{kind}`."),
            "description": "A CloudEvents 1.0 message, signed according to Standard Webhooks. Delivered at least once, in any order.",
            "tags": [Tag::Webhooks.name()],
            // Messages are signed; receivers get no token of the service.
            "security": [],
            "parameters": [
                header("webhook-id", true, "Id of the message, the same for every attempt."),
                header("webhook-timestamp", true, "Time of the attempt, in seconds since 1970-01-01T00:00:00Z."),
                header("webhook-signature", true, "`v1,` followed by the signature in base64; two signatures while a secret is rotated."),
            ],
            "requestBody": {"required": true, "content": {"application/cloudevents+json": {"schema": narrowed}}},
            "responses": {"2XX": {"description": "Acknowledged. Any other response is retried, except 410, which parks the message at once."}},
        });
        Some((kind.to_owned(), json!({"post": operation})))
    };
    Value::Object(types.into_iter().flatten().filter_map(webhook).collect())
}

/// Describes the response headers.
fn headers() -> Value {
    let header = |description: &str, schema: Value| json!({"description": description, "schema": schema});
    let text = |description: &str| header(description, json!({"type": "string"}));
    json!({
        "ETag": text("Tag of the representation, for `If-Match` of a change and `If-None-Match` of the next read."),
        "Location": text("Path of the new resource, or of the page redirected to."),
        "Link": text("The next page (`rel=\"next\"`), if there is one."),
        "Retry-After": header("Seconds to wait before the same request may succeed.", json!({"type": "integer", "format": "int32"})),
        "X-Request-Id": header("The id of the request, to be quoted when asking for help.", json!({"type": "string", "format": "uuid"})),
        "RateLimit": text("How many requests the client's address has left, and in how many seconds it has more: `\"auth\";r=19;t=1`."),
        "RateLimit-Policy": text("How many requests the client's address may make in how many seconds: `\"auth\";q=20;w=20`."),
        "Idempotency-Replayed": header("`true` where the first answer is given again.", json!({"type": "string", "enum": ["true"]})),
    })
}

/// Adds the headers of each response of an operation.
fn name_headers(operation: &Operation, responses: &mut Map<String, Value>) {
    let kind = operation.facts.kind;
    for (status, response) in responses {
        let is_made = matches!(status.as_str(), "200" | "201");
        let waits = matches!(status.as_str(), "429" | "503");
        let mut names = vec!["X-Request-Id"];
        names.extend(Some("ETag").filter(|_| operation.is_secured() && (is_made || status == "304")));
        names.extend(Some("Location").filter(|_| matches!(status.as_str(), "201" | "302")));
        names.extend(Some("Link").filter(|_| kind == Kind::List && is_made));
        names.extend(Some("Idempotency-Replayed").filter(|_| operation.takes_idempotency_key() && is_made));
        names.extend(Some("Retry-After").filter(|_| waits));
        names.extend(["RateLimit", "RateLimit-Policy"].into_iter().filter(|_| is_limited(operation)));
        let headers =
            names.into_iter().map(|name| (name.to_owned(), json!({"$ref": format!("#/components/headers/{name}")})));
        if let Some(response) = response.as_object_mut() {
            response.insert("headers".into(), Value::Object(headers.collect()));
        }
    }
}

/// Returns the schemas by name.
///
/// # Errors
/// If different schemas have the same name.
fn named(schemas: Vec<NamedSchema>) -> Result<BTreeMap<String, Value>, Error> {
    let mut named = BTreeMap::new();
    for (name, schema) in schemas {
        let schema = serde_json::to_value(schema).map_err(Error::internal)?;
        match named.get(&name) {
            Some(known) if *known != schema => return Err(Error::internal(format!("two schemas are named {name}"))),
            _ => named.insert(name, schema),
        };
    }
    Ok(named)
}

/// Describes an operation, including what is common to all of its kind.
fn described(operation: &Operation) -> Result<Value, Error> {
    let description = operation.describe();
    let id = operation.id(&description);
    let mut described = serde_json::to_value(description).map_err(Error::internal)?;
    let Some(fields) = described.as_object_mut() else {
        return Err(Error::internal("an operation that is no object"));
    };
    let given = fields.get("parameters").and_then(Value::as_array).cloned().unwrap_or_default();
    let parameters = parameters(operation, given)?;
    let codes = codes(operation, &parameters, fields.contains_key("requestBody"));
    fields.insert("operationId".into(), json!(id));
    fields.insert("tags".into(), json!([operation.tag.name()]));
    let security = if operation.is_secured() { json!([{"bearer": []}]) } else { json!([]) };
    fields.insert("security".into(), security);
    let said = fields.get("description").and_then(Value::as_str).map(|said| format!("{said}\n\n"));
    fields.insert("description".into(), json!(said.unwrap_or_default() + &who_may_call(operation)));
    if !parameters.is_empty() {
        fields.insert("parameters".into(), Value::Array(parameters));
    }
    if let Some(body) = fields.get_mut("requestBody") {
        take_null_away(body);
    }
    if let Some(responses) = fields.get_mut("responses").and_then(Value::as_object_mut) {
        if operation.facts.kind.is_reading() && operation.is_secured() {
            responses.insert("304".into(), json!({"description": "Unchanged since the `ETag` in `If-None-Match`."}));
        }
        responses.extend(problem_responses(&codes));
        name_headers(operation, responses);
    }
    if let Some(roles) = operation.roles() {
        fields.insert("x-roles".into(), json!(roles));
    }
    Ok(described)
}

/// Returns a sentence about the roles that may call an operation.
fn who_may_call(operation: &Operation) -> String {
    match operation.roles() {
        Some(roles) => {
            let names = roles.iter().filter_map(|role| json!(role).as_str().map(|name| format!("`{name}`")));
            format!("Roles: {}.", names.collect::<Vec<_>>().join(", "))
        }
        None if operation.is_secured() => "Available to every authenticated caller.".into(),
        None => "Requires no bearer token.".into(),
    }
}

/// Removes `null` from an optional body: the attribute cannot express a body that may be absent but not null.
fn take_null_away(body: &mut Value) {
    let Some(schema) = body.pointer_mut("/content/application~1json/schema") else {
        return;
    };
    if let Some(given) = schema.pointer("/oneOf/0").filter(|_| schema.pointer("/oneOf/1/type") == Some(&json!("null")))
    {
        *schema = given.clone();
    }
}

/// Returns the names of the parameters in a path.
fn path_parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
}

fn is_named(parameter: &Value, name: &str) -> bool {
    parameter.get("name").and_then(Value::as_str) == Some(name)
}

/// Returns the parameters that the handler declares and those of its kind of operation. Undeclared path parameters are
/// ids.
fn parameters(operation: &Operation, given: Vec<Value>) -> Result<Vec<Value>, Error> {
    let is_given = |name: &str| given.iter().any(|parameter| is_named(parameter, name));
    let ids = path_parameters(&operation.path).filter(|name| !is_given(name)).map(|name| {
        let schema = json!({"type": "string", "format": "uuid"});
        let description = format!("Id of the {}.", name.strip_suffix("_id").unwrap_or("record"));
        json!({"name": name, "in": "path", "required": true, "description": description, "schema": schema})
    });
    let mut parameters: Vec<Value> = ids.collect();
    parameters.extend(given);
    if operation.facts.kind == Kind::List {
        parameters.extend(page_parameters()?);
    }
    parameters.iter_mut().for_each(separate_by_commas);
    if !operation.is_secured() {
        return Ok(parameters);
    }
    let kind = operation.facts.kind;
    parameters.push(header("Accept-Language", false, "Language of problem texts: `vi` (default) or `en`."));
    if kind.takes_tag() {
        parameters.push(header("If-Match", kind.needs_tag(), "`ETag` of the record as it was read."));
    }
    if kind.is_reading() {
        parameters.push(header("If-None-Match", false, "`ETag` of an earlier response; 304 if it is unchanged."));
    }
    if operation.takes_idempotency_key() {
        let description = "A key chosen by the client. Repeating the request with the same key within 24 hours returns the first response.";
        parameters.push(header("Idempotency-Key", false, description));
    }
    Ok(parameters)
}

/// Whether an address may call it only so often.
fn is_limited(operation: &Operation) -> bool {
    operation.path.starts_with("/v1/auth/")
}

/// Returns the parameters of every list.
fn page_parameters() -> Result<Vec<Value>, Error> {
    let parameters = PageQuery::into_params(|| None);
    parameters.into_iter().map(|parameter| serde_json::to_value(parameter).map_err(Error::internal)).collect()
}

/// Declares that several values are separated by commas.
fn separate_by_commas(parameter: &mut Value) {
    if parameter.pointer("/schema/type") != Some(&json!("array")) {
        return;
    }
    let meaning = match is_named(parameter, "sort") {
        true => "Keys separated by commas: each orders what those before it leave equal.",
        false => "Any of several, separated by commas.",
    };
    if let Some(fields) = parameter.as_object_mut() {
        let description = fields.get("description").and_then(Value::as_str).unwrap_or_default();
        let description = format!("{description} {meaning}");
        fields.extend([
            ("description".to_owned(), json!(description)),
            ("style".to_owned(), json!("form")),
            ("explode".to_owned(), json!(false)),
        ]);
    }
}

fn header(name: &str, required: bool, description: &str) -> Value {
    let schema = json!({"type": "string"});
    json!({"name": name, "in": "header", "required": required, "description": description, "schema": schema})
}

/// Returns the problem codes of an operation.
fn codes(operation: &Operation, parameters: &[Value], has_body: bool) -> Vec<Code> {
    let (kind, is_secured) = (operation.facts.kind, operation.is_secured());
    let mut codes = vec![Code::Internal];
    codes.extend(operation.facts.refusals);
    if is_limited(operation) {
        codes.push(Code::RateLimited);
    }
    if is_secured {
        codes.extend(OF_EVERY_CALLER);
        if operation.path != "/v1/me" {
            codes.extend([Code::NotFound, Code::RoleRequired]);
        }
    }
    if is_secured || kind == Kind::List {
        let query = || parameters.iter().filter(|parameter| parameter.get("in") == Some(&json!("query")));
        if query().next().is_some() {
            codes.push(Code::InvalidParameter);
        }
        if query().any(|parameter| is_named(parameter, "cursor")) {
            codes.push(Code::InvalidCursor);
        }
        if query().any(|parameter| is_named(parameter, "organization_id")) {
            codes.push(Code::OrganizationRequired);
        }
    }
    // Without a body, an empty object is accepted and anything else rejected.
    if has_body || is_secured && !kind.is_reading() {
        codes.extend(OF_EVERY_BODY);
    }
    if has_body && is_secured {
        codes.extend([Code::ValidationFailed, Code::TextInvalid, Code::TextEmpty, Code::TextTooLong]);
    }
    if kind.takes_tag() {
        codes.extend([Code::PreconditionRequired, Code::VersionMismatch]);
    }
    if kind == Kind::Act {
        codes.push(Code::InvalidState);
    }
    if operation.method == Method::POST && is_secured {
        codes.extend([Code::IdempotencyKeyReused, Code::IdempotencyInProgress, Code::InvalidHeader]);
    }
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// Problem codes of every operation that requires a token.
const OF_EVERY_CALLER: [Code; 8] = [
    Code::TokenMissing,
    Code::TokenInvalid,
    Code::TokenExpired,
    Code::ScopeRequired,
    Code::NotAcceptable,
    Code::UnknownParameter,
    Code::Busy,
    Code::ProviderUnavailable,
];

/// Problem codes of every operation that reads a body.
const OF_EVERY_BODY: [Code; 5] =
    [Code::MalformedJson, Code::InvalidBody, Code::UnsupportedMediaType, Code::BodyTooLarge, Code::RequestTimeout];

/// Returns the problem responses of an operation by status. The example of each code is a component.
fn problem_responses(codes: &[Code]) -> Vec<(String, Value)> {
    let mut by_status: BTreeMap<u16, Vec<&'static str>> = BTreeMap::new();
    for code in codes {
        by_status.entry(code.row().status).or_default().push(code.row().code);
    }
    let response = |(status, names): (u16, Vec<&'static str>)| {
        let listed: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        let example = |name: &&str| ((*name).to_owned(), json!({"$ref": format!("#/components/examples/{name}")}));
        let examples: serde_json::Map<String, Value> = names.iter().map(example).collect();
        let schema = json!({"$ref": "#/components/schemas/Problem"});
        let content = json!({"application/problem+json": {"schema": schema, "examples": examples}});
        (status.to_string(), json!({"description": listed.join(", "), "content": content}))
    };
    by_status.into_iter().map(response).collect()
}

/// Returns an example for each code that an operation names. Other codes occur only in lists of errors and warnings.
fn problem_examples(paths: &Value) -> Value {
    let mut named = BTreeSet::new();
    name_examples(paths, &mut named);
    let example = |code: &Code| {
        let (path, request_id) = ("/v1/…", "018b88d6-5f80-7000-8000-0000000000ff");
        let body = ProblemBody::of(&Error::new(*code), Language::Vi, path, request_id);
        (code.row().code.to_owned(), json!({"summary": code.row().title_en, "value": body}))
    };
    let is_named = |code: &&Code| named.contains(code.row().code);
    Value::Object(Code::ALL.iter().filter(is_named).map(example).collect())
}

/// Collects the examples that a value refers to.
fn name_examples<'a>(value: &'a Value, names: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(fields) => {
            let reference = fields.get("$ref").and_then(Value::as_str);
            names.extend(reference.and_then(|reference| reference.strip_prefix("#/components/examples/")));
            fields.values().for_each(|value| name_examples(value, names));
        }
        Value::Array(items) => items.iter().for_each(|item| name_examples(item, names)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
