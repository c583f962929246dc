//! The document: what the handlers say of themselves, and what is the same for all of them.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use actix_web::http::Method;
use serde_json::{Value, json};
use utoipa::OpenApi;
use utoipa::openapi::{ContactBuilder, InfoBuilder};

use super::assessment::{evidence, facts, periods, reviews, submissions, targets};
use super::award::{award_proposals, council_sessions, ranking};
use super::criteria::{criteria_import, criteria_sets};
use super::journal::{audit, events, webhooks};
use super::office::{me, members, organizations, service_accounts, tokens, units};
use super::problem::{Language, ProblemBody};
use super::schedule::{calendar, deadline_checks, deadlines, feeds, tasks};
use super::{docs, health, problems, sandbox};
use crate::error::{Code, Error};

/// The schemas that no handler names.
#[derive(OpenApi)]
#[openapi(components(schemas(
    ProblemBody,
    super::problem::FaultBody,
    super::actions::AllowedAction,
    super::actions::BlockedAction
)))]
struct Shared;

/// What refusals of an operation there are beyond those of its kind.
#[rustfmt::skip]
const OWN: &[(&str, &[Code])] = &[
    ("POST /v1/auth/token", &[Code::InvalidClient, Code::InvalidScope, Code::UnsupportedGrantType]),
    ("POST /v1/organizations", &[Code::AlreadyExists, Code::UnknownTimeZone, Code::InvalidCode]),
    ("PATCH /v1/organizations/{id}", &[Code::UnknownTimeZone, Code::PeriodOpen]),
    ("POST /v1/units", &[Code::AlreadyExists, Code::UnknownReference, Code::InvalidCode]),
    ("PATCH /v1/units/{id}", &[Code::AlreadyExists, Code::UnknownReference]),
    ("POST /v1/members", &[Code::DateOutOfRange, Code::AlreadyExists, Code::UnitRequired, Code::RoleNotAllowed, Code::UnknownReference]),
    ("PATCH /v1/members/{id}", &[Code::DateOutOfRange, Code::UnitRequired, Code::RoleNotAllowed, Code::UnknownReference]),
    ("POST /v1/service-accounts", &[Code::InvalidScope, Code::UnknownReference]),
    ("POST /v1/criteria-sets", &[Code::AlreadyExists, Code::PointsPrecision, Code::PointsOutOfRange]),
    ("PUT /v1/criteria-sets/{id}", &[Code::ResourceLocked, Code::AlreadyExists, Code::PointsPrecision]),
    ("POST /v1/criteria-sets/{id}/publish", &[Code::ValidationFailed, Code::PartSumMismatch, Code::ChildrenExceedParent, Code::NoPointsLeft, Code::RuleMissing, Code::DuplicateCode, Code::RuleExceedsMax, Code::DeductionCapInvalid]),
    ("POST /v1/criteria-sets/{id}/copy", &[Code::AlreadyExists, Code::InvalidCode]),
    ("POST /v1/criteria-sets/import", &[Code::AlreadyExists, Code::InvalidParameter, Code::FileTooLarge, Code::SpreadsheetTooLarge, Code::SpreadsheetUnreadable, Code::HeadingNotFound, Code::Required, Code::NumberUnreadable, Code::UnknownWord, Code::CellNotAsked, Code::RowOutOfPlace, Code::DepthInvalid, Code::RowNumberUnreadable, Code::PointsPrecision, Code::PointsOutOfRange, Code::OrganizationRequired]),
    ("GET /v1/criteria-sets/template", &[Code::InvalidParameter]),
    ("GET /v1/criteria-sets/{id}/export", &[Code::InvalidParameter]),
    ("GET /v1/criteria-sets/{id}/diff", &[Code::InvalidParameter]),
    ("POST /v1/periods", &[Code::AlreadyExists, Code::UnknownReference, Code::Duplicate]),
    ("PATCH /v1/periods/{id}", &[Code::ResourceLocked, Code::DateInPast, Code::ScheduleOutOfOrder]),
    ("PUT /v1/periods/{id}/targets", &[Code::InvalidState, Code::GuardFailed, Code::TargetInUse, Code::UnitNotInPeriod, Code::UnknownCriterion, Code::TargetNotAsked, Code::Duplicate, Code::NumberOutOfRange, Code::NumberPrecision]),
    ("POST /v1/periods/{id}/open", &[Code::GuardFailed, Code::CriteriaSetNotPublished, Code::UnitsMissing, Code::ScheduleOutOfOrder]),
    ("POST /v1/periods/{id}/start-appraisal", &[Code::GuardFailed, Code::SheetOpen]),
    ("POST /v1/periods/{id}/start-council-review", &[Code::GuardFailed, Code::AppraisalMissing]),
    ("POST /v1/periods/{id}/finalize", &[Code::GuardFailed, Code::CouncilReviewMissing, Code::SessionWithoutQuorum, Code::FactsMissing, Code::UnresolvedTie]),
    ("POST /v1/periods/{id}/announce", &[Code::NoticeBeforeSession, Code::NoticeInFuture, Code::QuotaExceeded]),
    ("POST /v1/periods/{id}/close", &[Code::GuardFailed, Code::ProposalUndecided]),
    ("POST /v1/periods/{id}/tie-decisions", &[Code::InvalidState, Code::NotTiedGroup, Code::SessionNotOfPeriod]),
    ("PUT /v1/periods/{id}/facts/{unit_id}", &[Code::InvalidState, Code::Recused]),
    ("POST /v1/submissions", &[Code::AlreadyExists, Code::NotOwnUnit, Code::DeadlinePassed, Code::InvalidState, Code::UnitNotInPeriod]),
    ("PUT /v1/submissions/{id}/scores", &[Code::InvalidState, Code::DeadlinePassed, Code::ScoreOutOfRange, Code::PointsPrecision, Code::PointsStep, Code::NumberOutOfRange, Code::NumberPrecision, Code::AnswerMismatch, Code::NotApplicableRefused, Code::UnknownLevel, Code::RankOutOfBands, Code::UnknownOption, Code::DuplicateOption, Code::UnknownCriterion, Code::DuplicateCriterion, Code::SharedPointsExceeded]),
    ("PATCH /v1/submissions/{id}/scores", &[Code::InvalidState, Code::DeadlinePassed, Code::ScoreOutOfRange, Code::PointsPrecision, Code::PointsStep, Code::NumberOutOfRange, Code::NumberPrecision, Code::AnswerMismatch, Code::NotApplicableRefused, Code::UnknownLevel, Code::RankOutOfBands, Code::UnknownOption, Code::DuplicateOption, Code::UnknownCriterion, Code::DuplicateCriterion, Code::SharedPointsExceeded]),
    ("POST /v1/submissions/{id}/submit", &[Code::DeadlinePassed, Code::ValidationFailed, Code::MissingScore, Code::EvidenceRequired]),
    ("POST /v1/submissions/{id}/evidence", &[Code::InvalidState, Code::DeadlinePassed, Code::NotOwnUnit, Code::TooManyPieces, Code::ClassifiedContent, Code::UnknownCriterion, Code::DateOutOfRange, Code::UrlInvalid, Code::FileTypeNotAllowed, Code::FileTooLarge, Code::FileEmpty]),
    ("DELETE /v1/evidence/{id}", &[Code::InvalidState, Code::DeadlinePassed]),
    ("POST /v1/submissions/{id}/withdraw", &[Code::DeadlinePassed]),
    ("POST /v1/submissions/{id}/return", &[Code::Recused, Code::DueOnRequired, Code::DueOnTooLate, Code::DateInPast]),
    ("POST /v1/reviews", &[Code::AlreadyExists, Code::Recused, Code::InvalidState]),
    ("PUT /v1/reviews/{id}/scores", &[Code::InvalidState, Code::Recused, Code::ScoreOutOfRange, Code::NotApplicableRefused, Code::UnknownCriterion, Code::SharedPointsExceeded]),
    ("PATCH /v1/reviews/{id}/scores", &[Code::InvalidState, Code::Recused, Code::ScoreOutOfRange, Code::NotApplicableRefused, Code::UnknownCriterion, Code::SharedPointsExceeded]),
    ("POST /v1/reviews/{id}/submit", &[Code::Recused, Code::ValidationFailed, Code::ReasonRequired, Code::MissingScore]),
    ("POST /v1/council-sessions", &[Code::InvalidState, Code::NotCouncilMember]),
    ("PATCH /v1/council-sessions/{id}", &[Code::InvalidState, Code::NotCouncilMember]),
    ("POST /v1/council-sessions/{id}/hold", &[Code::GuardFailed, Code::TooEarly]),
    ("PUT /v1/award-proposals/{id}/documents/{code}", &[Code::InvalidState, Code::FileTypeNotAllowed, Code::FileTooLarge, Code::FileEmpty]),
    ("POST /v1/award-proposals/{id}/submit", &[Code::GuardFailed, Code::DocumentMissing, Code::TooEarly]),
    ("POST /v1/award-proposals/{id}/record-decision", &[Code::DecisionNumberRequired, Code::DecidedOnRequired, Code::ReasonMissing, Code::DateOutOfRange]),
    ("GET /v1/working-days/add", &[Code::CalendarRange, Code::InvalidParameter, Code::OrganizationRequired]),
    ("GET /v1/working-days/count", &[Code::CalendarRange, Code::InvalidParameter, Code::OrganizationRequired]),
    ("GET /v1/calendar-days", &[Code::CalendarRange, Code::InvalidParameter, Code::OrganizationRequired]),
    ("GET /v1/calendar-days/{date}", &[Code::InvalidParameter, Code::OrganizationRequired]),
    ("PUT /v1/calendar-days/{date}", &[Code::InvalidParameter, Code::OrganizationRequired, Code::NotADayOff, Code::CalendarRange]),
    ("DELETE /v1/calendar-days/{date}", &[Code::InvalidParameter, Code::OrganizationRequired, Code::CalendarRange]),
    ("POST /v1/deadlines/{id}/extensions", &[Code::InvalidState, Code::DateInPast, Code::DateOutOfRange, Code::DeadlineShortened, Code::UnknownReference]),
    ("POST /v1/webhook-endpoints", &[Code::OrganizationRequired, Code::UrlInvalid, Code::UrlNotAllowed, Code::QuotaExceeded]),
    ("PATCH /v1/webhook-endpoints/{id}", &[Code::UrlInvalid, Code::UrlNotAllowed]),
    ("POST /v1/deadline-checks", &[Code::OrganizationRequired]),
    ("GET /v1/audit-entries/verify", &[Code::InvalidParameter, Code::OrganizationRequired]),
    ("GET /v1/audit-entries/checkpoint", &[Code::InvalidParameter, Code::OrganizationRequired]),
    ("GET /v1/events", &[Code::InvalidParameter, Code::InvalidCursor, Code::OrganizationRequired]),
    ("GET /v1/deadlines.ics", &[Code::TokenMissing, Code::TokenInvalid, Code::UnknownParameter, Code::Busy]),
    ("POST /v1/me/feed-tokens", &[Code::QuotaExceeded]),
    ("GET /readyz", &[Code::NotReady]),
    ("GET /problems/{code}", &[Code::NotFound]),
];

/// The query words of each list beyond `organization_id`, `limit`, `cursor` and `sort`.
const FILTERS: &[(&str, &[&str])] = &[
    ("/v1/units", &["active", "code"]),
    ("/v1/members", &["unit_id"]),
    ("/v1/criteria-sets", &["status", "year"]),
    ("/v1/periods", &["status", "year"]),
    ("/v1/submissions", &["period_id", "unit_id", "status"]),
    ("/v1/council-sessions", &["period_id"]),
    ("/v1/award-proposals", &["period_id", "status"]),
    ("/v1/audit-entries", &["subject_type", "subject_id", "action"]),
    ("/v1/deadlines", &["status", "kind", "period_id", "unit_id", "due_before", "overdue_days_gte"]),
    ("/v1/webhook-endpoints", &[]),
    ("/v1/webhook-endpoints/{id}/deliveries", &["status"]),
    ("/v1/organizations", &[]),
];

/// The operations whose body may be left out.
const WITHOUT_BODY_AS_WELL: &[&str] = &["POST /v1/deadline-checks"];

/// The paged lists that are of one organisation.
fn is_of_organization(path: &str) -> bool {
    path != "/v1/organizations" && !path.contains("{id}")
}

/// The document. The sandbox's own paths are part of it only in the sandbox.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn document(with_sandbox: bool) -> Result<String, Error> {
    let mut api = Shared::openapi();
    let parts = vec![
        health::Api::openapi(),
        docs::Api::openapi(),
        problems::Api::openapi(),
        tokens::Api::openapi(),
        me::Api::openapi(),
        organizations::Api::openapi(),
        units::Api::openapi(),
        members::Api::openapi(),
        service_accounts::Api::openapi(),
        criteria_sets::Api::openapi(),
        criteria_import::Api::openapi(),
        periods::Api::openapi(),
        facts::Api::openapi(),
        ranking::Api::openapi(),
        targets::Api::openapi(),
        submissions::Api::openapi(),
        evidence::Api::openapi(),
        reviews::Api::openapi(),
        council_sessions::Api::openapi(),
        award_proposals::Api::openapi(),
        calendar::Api::openapi(),
        deadlines::Api::openapi(),
        deadline_checks::Api::openapi(),
        audit::Api::openapi(),
        events::Api::openapi(),
        webhooks::Api::openapi(),
        feeds::Api::openapi(),
        tasks::Api::openapi(),
    ];
    for part in parts {
        api.merge(part);
    }
    if with_sandbox {
        api.merge(sandbox::Api::openapi());
    }
    api.info = InfoBuilder::new()
        .title("thidua")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(INTRODUCTION))
        .contact(Some(ContactBuilder::new().name(Some("thidua")).build()))
        .build();
    let mut document = serde_json::to_value(&api).map_err(Error::internal)?;
    complete(&mut document);
    let mut text = serde_json::to_string_pretty(&document).map_err(Error::internal)?;
    text.push('\n');
    Ok(text)
}

/// The document of a running service and what is read off it. Made when somebody first asks: the making takes many times
/// what is kept, and most instances are never asked.
pub struct Contract {
    with_sandbox: bool,
    made: OnceLock<(String, HashMap<String, Vec<Method>>)>,
}

impl Contract {
    /// With the sandbox's own paths, or without.
    pub fn of(with_sandbox: bool) -> Self {
        Contract { with_sandbox, made: OnceLock::new() }
    }

    fn made(&self) -> Result<&(String, HashMap<String, Vec<Method>>), Error> {
        if let Some(made) = self.made.get() {
            return Ok(made);
        }
        let document = document(self.with_sandbox)?;
        let methods = methods(&document)?;
        Ok(self.made.get_or_init(|| (document, methods)))
    }

    /// The document.
    ///
    /// # Errors
    /// When it cannot be written as JSON.
    pub fn text(&self) -> Result<&str, Error> {
        self.made().map(|(document, _)| document.as_str())
    }

    /// The methods of a path, by its pattern.
    pub fn methods_of(&self, pattern: &str) -> &[Method] {
        self.made().ok().and_then(|(_, methods)| methods.get(pattern)).map(Vec::as_slice).unwrap_or_default()
    }
}

const INTRODUCTION: &str = "Yearly emulation (thi đua) scoring: from the table of criteria to the award proposal.\n\n\
Every refusal is an RFC 9457 problem with a stable `code`, explained at `/problems/{code}`. A change names the state that it starts from by \
`If-Match`; a repeated `POST` with the same `Idempotency-Key` gets the first answer again. `allowed_actions` and `blocked_actions` tell what the \
caller may do now.";

/// The methods of each path.
fn methods(document: &str) -> Result<HashMap<String, Vec<Method>>, Error> {
    let document: Value = serde_json::from_str(document).map_err(Error::internal)?;
    let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
    let of = |operations: &Value| {
        let names = operations.as_object().into_iter().flatten().map(|(name, _)| name.to_uppercase());
        names.filter_map(|name| Method::from_bytes(name.as_bytes()).ok()).collect()
    };
    Ok(paths.map(|(path, operations)| (path.clone(), of(operations))).collect())
}

/// Adds to every operation what is the same for all of its kind.
fn complete(document: &mut Value) {
    if let Some(components) = document.get_mut("components").and_then(Value::as_object_mut) {
        let bearer = json!({"type": "http", "scheme": "bearer", "bearerFormat": "JWT"});
        components.insert("securitySchemes".into(), json!({"bearer": bearer}));
        components.insert("examples".into(), problem_examples());
    }
    let Some(paths) = document.get_mut("paths").and_then(Value::as_object_mut) else {
        return;
    };
    for (path, operations) in paths.iter_mut() {
        let Some(operations) = operations.as_object_mut() else {
            continue;
        };
        for (method, operation) in operations.iter_mut() {
            complete_operation(&method.to_uppercase(), path, operation);
        }
    }
}

fn is_secured(path: &str) -> bool {
    let open = ["/v1/auth/token", "/v1/deadlines.ics"];
    path.starts_with("/v1/") && !open.contains(&path) && !path.starts_with("/v1/sandbox")
}

/// Whether a change of this path starts from a state that the caller has seen.
fn needs_tag(method: &str, path: &str) -> bool {
    // A `POST` that makes something new starts from no state.
    let makes_new = ["/tie-decisions", "/copy", "/evidence", "/extensions", "/test", "/replay"]
        .iter()
        .any(|end| path.ends_with(end));
    let is_action = method == "POST" && path.contains("{id}/") && !makes_new;
    is_secured(path) && (matches!(method, "PUT" | "PATCH" | "DELETE") || is_action)
}

fn complete_operation(method: &str, path: &str, operation: &mut Value) {
    let name = format!("{method} {path}");
    let has_body = operation.get("requestBody").is_some();
    let answers_secret = path.starts_with("/v1/service-accounts")
        || name == "POST /v1/me/feed-tokens"
        || ["POST /v1/organizations", "POST /v1/webhook-endpoints", "POST /v1/webhook-endpoints/{id}/rotate-secret"]
            .contains(&name.as_str());
    let mut parameters = operation.get("parameters").and_then(Value::as_array).cloned().unwrap_or_default();
    parameters.retain(|parameter| parameter.get("name").and_then(Value::as_str) != Some("id"));
    for id in ["delivery_id", "id", "unit_id"] {
        if path.contains(&format!("{{{id}}}"))
            && !parameters.iter().any(|parameter| parameter.get("name").and_then(Value::as_str) == Some(id))
        {
            parameters.insert(0, json!({"name": id, "in": "path", "required": true, "description": "Made by the service.", "schema": {"type": "string", "format": "uuid"}}));
        }
    }
    if is_secured(path) {
        parameters.push(header("Accept-Language", false, "`vi` (default) or `en`: the language of problems."));
    }
    if needs_tag(method, path) {
        let required = !(path.ends_with("/facts/{unit_id}") || name == "PUT /v1/calendar-days/{date}");
        parameters.push(header("If-Match", required, "The `ETag` that the change starts from."));
    }
    if method == "GET" && is_secured(path) {
        parameters.push(header("If-None-Match", false, "A known `ETag`: 304 where nothing changed."));
    }
    if method == "POST" && is_secured(path) && !answers_secret {
        parameters.push(header(
            "Idempotency-Key",
            false,
            "The same key and request get the first answer again, for 24 hours.",
        ));
    }
    if method == "GET"
        && let Some((_, filters)) = FILTERS.iter().find(|(list, _)| *list == path)
    {
        parameters.extend(list_parameters(path, filters));
    }
    let codes = codes(method, path, &name, has_body);
    let Some(operation) = operation.as_object_mut() else {
        return;
    };
    operation.insert("operationId".into(), json!(operation_id(method, path)));
    let body = operation.get_mut("requestBody").filter(|_| WITHOUT_BODY_AS_WELL.contains(&name.as_str()));
    if let Some(body) = body.and_then(Value::as_object_mut) {
        body.insert("required".into(), json!(false));
    }
    if is_secured(path) {
        operation.insert("security".into(), json!([{"bearer": []}]));
    }
    if !parameters.is_empty() {
        operation.insert("parameters".into(), Value::Array(parameters));
    }
    if let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) {
        if method == "GET" && is_secured(path) {
            responses.insert("304".into(), json!({"description": "Nothing changed since the tag in `If-None-Match`."}));
        }
        responses.extend(problem_responses(&codes));
    }
}

fn header(name: &str, required: bool, description: &str) -> Value {
    json!({"name": name, "in": "header", "required": required, "description": description, "schema": {"type": "string"}})
}

fn list_parameters(path: &str, filters: &[&str]) -> Vec<Value> {
    let word = |name: &str, description: &str| json!({"name": name, "in": "query", "required": false, "description": description, "schema": {"type": "string"}});
    let mut all = vec![
        json!({"name": "limit", "in": "query", "required": false, "description": "Rows of a page.", "schema": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}}),
        word("cursor", "`next_cursor` of the page before."),
        word(
            "sort",
            match path {
                "/v1/units" => "`id` or `code`, with `-` from last to first.",
                "/v1/deadlines" => "`id` or `due_on`, with `-` from last to first.",
                "/v1/audit-entries" => "`sequence` or `-sequence`.",
                _ => "`id` or `-id`.",
            },
        ),
    ];
    if is_of_organization(path) {
        all.push(word("organization_id", "May be left out by who belongs to one organisation only."));
    }
    all.extend(filters.iter().map(|name| match *name {
        "due_before" => word(name, "Only what is due before this day: `YYYY-MM-DD`."),
        "overdue_days_gte" => word(name, "Only what has passed by so many days or more."),
        _ => word(name, "Only these; several separated by commas."),
    }));
    all
}

/// `submit` of `/v1/submissions/{id}/submit` becomes `post_submissions_id_submit`: stable, and unique by construction.
fn operation_id(method: &str, path: &str) -> String {
    let words =
        path.trim_start_matches("/v1").split('/').map(|word| word.trim_matches(['{', '}']).replace(['-', '.'], "_"));
    let words: Vec<String> = words.filter(|word| !word.is_empty()).collect();
    format!("{}_{}", method.to_lowercase(), words.join("_"))
}

/// The refusals of an operation.
fn codes(method: &str, path: &str, name: &str, has_body: bool) -> Vec<Code> {
    let mut codes = vec![Code::Internal];
    if is_secured(path) {
        codes.extend([
            Code::TokenMissing,
            Code::TokenInvalid,
            Code::TokenExpired,
            Code::ScopeRequired,
            Code::NotAcceptable,
            Code::UnknownParameter,
            Code::Busy,
        ]);
        if path != "/v1/me" {
            codes.extend([Code::NotFound, Code::RoleRequired]);
        }
    }
    // What has no body takes an empty object as well, and refuses anything else.
    if has_body || is_secured(path) && matches!(method, "POST" | "DELETE") {
        codes.extend([
            Code::MalformedJson,
            Code::InvalidBody,
            Code::UnsupportedMediaType,
            Code::BodyTooLarge,
            Code::RequestTimeout,
        ]);
        if has_body && is_secured(path) {
            codes.extend([Code::ValidationFailed, Code::TextInvalid, Code::TextEmpty, Code::TextTooLong]);
        }
    }
    if needs_tag(method, path) {
        codes.extend([Code::PreconditionRequired, Code::VersionMismatch]);
        if method == "POST" {
            codes.push(Code::InvalidState);
        }
    }
    if method == "POST" && is_secured(path) {
        codes.extend([Code::IdempotencyKeyReused, Code::IdempotencyInProgress, Code::InvalidHeader]);
    }
    if FILTERS.iter().any(|(list, _)| *list == path) && method == "GET" {
        codes.extend([Code::InvalidParameter, Code::InvalidCursor]);
        if is_of_organization(path) {
            codes.push(Code::OrganizationRequired);
        }
    }
    codes.extend(OWN.iter().filter(|(own, _)| *own == name).flat_map(|(_, codes)| codes.iter().copied()));
    codes.sort_unstable();
    codes.dedup();
    codes
}

/// The refusals of an operation, by status. What a code looks like stands once, among the components.
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

/// What each code looks like.
fn problem_examples() -> Value {
    let example = |code: &Code| {
        let (path, request_id) = ("/v1/…", "018b88d6-5f80-7000-8000-0000000000ff");
        let body = ProblemBody::of(&Error::new(*code), Language::Vi, path, request_id);
        (code.row().code.to_owned(), json!({"summary": code.row().title_en, "value": body}))
    };
    Value::Object(Code::ALL.iter().map(example).collect())
}
