//! Operations that exist only in the sandbox: `/v1/sandbox`.

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
use crate::domain::Id;
use crate::domain::office::member::{Member, Role};
use crate::error::{Code, Error};
use crate::http::operation::{Callers, Operation, lists, operations, reads, runs};
use crate::service::sandbox::{self, Player};

/// Returns the operations on `sandbox`.
pub fn operations() -> Vec<Operation> {
    operations![Sandbox, "sandbox";
        people: lists(Callers::Anybody).refuses(QUERY_REFUSALS),
        clock: reads(Callers::Anybody).refuses(QUERY_REFUSALS),
        set_clock: runs(Callers::Anybody).refuses(QUERY_REFUSALS),
        reset: runs(Callers::Anybody).refuses(QUERY_REFUSALS),
    ]
}

const QUERY_REFUSALS: &[Code] = &[Code::UnknownParameter];

/// Rejects unknown parameters. Only the list takes any, and reads them first.
fn check_query(request: &HttpRequest, mut query: Query) -> Result<(), Problem> {
    query.leftover().map_or(Ok(()), |error| Err(Problem::new(request, error)))
}

/// A test user.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SandboxPerson)]
struct PersonView {
    member_id: Id,
    /// Null for the operator of the installation.
    organization_id: Option<Id>,
    /// User name of the local account.
    #[schema(example = "th-head")]
    subject: String,
    /// Name shown to others.
    display_name: String,
    /// Roles of the user.
    roles: Vec<Role>,
    /// Code of the unit that the user belongs to; null if there is none.
    unit_code: Option<String>,
    /// Bearer token, valid for a day.
    token: String,
}

/// The sandbox's clock.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SandboxClock)]
struct ClockView {
    /// Current time of the sandbox.
    now: Instant,
    /// Whether the clock advances by itself.
    ticking: bool,
}

/// The time to set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SandboxClockBody, example = json!({"now": "2023-11-10T17:00:00.000Z"}))]
struct ClockBody {
    /// Time to set.
    now: DateTime<Utc>,
    /// Whether the clock advances by itself from there; defaults to `false`.
    #[serde(default)]
    ticking: bool,
}

/// List the local members, each with a token.
///
/// Those whom the sandbox begins with, then those who were added.
#[utoipa::path(get, path = "/v1/sandbox/people", responses((status = 200, description = "Everybody.", body = ListView<PersonView>)))]
async fn people(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    let with_token = |Player { member, unit_code, caller }| {
        let token = state.keys.issue(&caller, MAX_LIFETIME_SECONDS)?;
        let Member { id, organization_id, subject, display_name, roles, .. } = member;
        Ok(PersonView { member_id: id, organization_id, subject, display_name, roles, unit_code, token })
    };
    let players = state.app.db.read(sandbox::players).await;
    let items = players.and_then(|players| players.into_iter().map(with_token).collect::<Result<Vec<_>, Error>>());
    let items = items.map_err(|error| Problem::new(&request, error))?;
    let mut query = Query::parse(request.query_string());
    let asked = Asked::in_order(&mut query);
    check_query(&request, query)?;
    let page = asked.answer_of_all(items, |person| person.member_id.to_string(), |person| person);
    let page = page.map_err(|error| Problem::new(&request, error))?;
    let mut response = HttpResponse::Ok();
    response.content_type("application/json").insert_header((header::CACHE_CONTROL, "no-store"));
    if let Some(next) = &page.next {
        response.insert_header((header::LINK, next_link(&state, &request, next)));
    }
    Ok(response.body(page.body))
}

fn clock_response(state: &State) -> HttpResponse {
    let clock = &state.app.clock;
    let view = ClockView { now: Instant(clock.now()), ticking: clock.is_ticking() };
    HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(view)
}

/// Get the clock.
#[utoipa::path(get, path = "/v1/sandbox/clock", responses((status = 200, description = "The clock.", body = ClockView)))]
async fn clock(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    check_query(&request, Query::parse(request.query_string()))?;
    Ok(clock_response(&state))
}

/// Set the clock.
///
/// The clock stops at the given time, so that runs are repeatable, unless `ticking` is set. Changes caused by the
/// passing of time, such as missed submissions and reminders, are complete when the response is sent. Tokens and
/// webhooks always use the clock of the machine.
#[utoipa::path(put, path = "/v1/sandbox/clock", request_body = ClockBody, responses((status = 200, description = "The clock as set.", body = ClockView)))]
async fn set_clock(request: HttpRequest, payload: Payload, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    check_query(&request, Query::parse(request.query_string()))?;
    let problem = |error| Problem::new(&request, error);
    let bytes = receive(&request, payload.into_inner()).await.map_err(problem)?;
    let ClockBody { now, ticking } = body::read(&bytes).map_err(problem)?;
    sandbox::set_clock(&state.app, &request_id(&request), now, ticking).await.map_err(problem)?;
    Ok(clock_response(&state))
}

/// Reset the sandbox.
///
/// Restores the initial state, including the clock and the ids.
#[utoipa::path(post, path = "/v1/sandbox/reset", responses((status = 204, description = "Reset.")))]
async fn reset(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    check_query(&request, Query::parse(request.query_string()))?;
    sandbox::reset(&state.app, state.empty_sandbox).await.map_err(|error| Problem::new(&request, error))?;
    Ok(HttpResponse::NoContent().finish())
}
