//! `/v1/sandbox`: only in the sandbox, absent otherwise.

use actix_web::http::header;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::MAX_LIFETIME_SECONDS;
use super::call::receive;
use super::page::{Asked, ListView, next_link};
use super::problem::{Problem, request_id};
use super::query::Query;
use super::time::Instant;
use super::{State, json as body};
use crate::domain::access::Scopes;
use crate::domain::office::member::{LOCAL_ISSUER, Role};
use crate::error::{Code, Error};
use crate::http::operation::{Callers, Operation, lists, operations, reads, runs};
use crate::service::{Caller, sandbox};

/// The operations on `sandbox`.
pub fn operations() -> Vec<Operation> {
    operations![Sandbox, "sandbox";
        people: lists(Callers::Anybody).refuses(QUERY_REFUSALS),
        clock: reads(Callers::Anybody).refuses(QUERY_REFUSALS),
        set_clock: runs(Callers::Anybody).refuses(QUERY_REFUSALS),
        reset: runs(Callers::Anybody).refuses(QUERY_REFUSALS),
    ]
}

const QUERY_REFUSALS: &[Code] = &[Code::UnknownParameter];

/// Refuses a query: none of these operations takes one but the list, which reads its own first.
fn check_query(request: &HttpRequest, mut query: Query) -> Result<(), Problem> {
    query.leftover().map_or(Ok(()), |error| Err(Problem::new(request, error)))
}

/// Somebody to play as.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SandboxPerson)]
struct PersonView {
    #[schema(example = "th-head")]
    subject: String,
    display_name: String,
    roles: Vec<Role>,
    unit_code: Option<String>,
    /// A bearer token, good for a day.
    token: String,
}

/// The sandbox's clock.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SandboxClock)]
struct ClockView {
    now: Instant,
    /// Whether it runs by itself.
    ticking: bool,
}

/// Where to set the clock.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SandboxClockBody, example = json!({"now": "2023-11-10T17:00:00.000Z"}))]
struct ClockBody {
    now: DateTime<Utc>,
    /// Default `false`: it stands where it is set.
    #[serde(default)]
    ticking: bool,
}

/// List everybody, each with a token.
#[utoipa::path(get, path = "/v1/sandbox/people", responses((status = 200, description = "Everybody.", body = ListView<PersonView>)))]
async fn people(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    let with_token = |person: sandbox::Person| {
        let caller = Caller {
            issuer: LOCAL_ISSUER.to_owned(),
            subject: person.subject.clone(),
            client_id: None,
            scopes: Scopes::parse(person.scope.as_deref()),
        };
        let token = state.keys.issue(&caller, MAX_LIFETIME_SECONDS)?;
        let sandbox::Person { subject, display_name, roles, unit_code, .. } = person;
        Ok(PersonView { subject, display_name, roles, unit_code, token })
    };
    let items: Result<Vec<PersonView>, Error> = sandbox::people().into_iter().map(with_token).collect();
    let items = items.map_err(|error| Problem::new(&request, error))?;
    let mut query = Query::parse(request.query_string());
    let asked = Asked::in_order(&mut query);
    check_query(&request, query)?;
    let page = asked.answer_of_all(items, |person| person.subject.clone(), |person| person);
    let page = page.map_err(|error| Problem::new(&request, error))?;
    let mut response = HttpResponse::Ok();
    response.content_type("application/json").insert_header((header::CACHE_CONTROL, "no-store"));
    if let Some(next) = &page.next {
        response.insert_header((header::LINK, next_link(request.path(), next)));
    }
    Ok(response.body(page.body))
}

fn clock_response(state: &State) -> HttpResponse {
    let clock = &state.app.clock;
    let view = ClockView { now: Instant(clock.now()), ticking: clock.is_ticking() };
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(view)
}

/// Read the clock.
#[utoipa::path(get, path = "/v1/sandbox/clock", responses((status = 200, description = "The time.", body = ClockView)))]
async fn clock(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    check_query(&request, Query::parse(request.query_string()))?;
    Ok(clock_response(&state))
}

/// Set the clock.
///
/// It stands there, so that runs repeat, unless `ticking` lets it run. What the clock alone causes has happened when the answer comes: sheets
/// are missed, reminders are events. Tokens and webhooks always follow the machine's own clock.
#[utoipa::path(put, path = "/v1/sandbox/clock", request_body = ClockBody, responses((status = 200, description = "Set.", body = ClockView)))]
async fn set_clock(request: HttpRequest, payload: Payload, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    check_query(&request, Query::parse(request.query_string()))?;
    let problem = |error| Problem::new(&request, error);
    let bytes = receive(&request, payload.into_inner()).await.map_err(problem)?;
    let ClockBody { now, ticking } = body::read(&bytes).map_err(problem)?;
    sandbox::set_clock(&state.app, &request_id(&request), now, ticking).await.map_err(problem)?;
    Ok(clock_response(&state))
}

/// Begin anew.
///
/// Everything as at the first start, the clock and the ids included.
#[utoipa::path(post, path = "/v1/sandbox/reset", responses((status = 204, description = "As at the first start.")))]
async fn reset(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    check_query(&request, Query::parse(request.query_string()))?;
    sandbox::reset(&state.app, state.empty_sandbox).await.map_err(|error| Problem::new(&request, error))?;
    Ok(HttpResponse::NoContent().finish())
}
