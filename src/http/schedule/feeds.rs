//! Tokens for calendar feeds, `/v1/me/feed-tokens`, and the calendar feed.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use chrono::TimeDelta;
use icalendar::{Alarm, Calendar, Component, Event, EventLike, EventStatus, Trigger};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::Id;
use crate::domain::schedule::deadline::DeadlineKind;
use crate::domain::schedule::reminders::Reminders;
use crate::error::{Code, Error};
use crate::http::State;
use crate::http::call::{Call, Reply, etag_matches, request};
use crate::http::operation::{Callers, Operation, creates, deletes, lists, operations, reads};
use crate::http::page::ListView;
use crate::http::problem::{Language, Problem};
use crate::http::query::Query;
use crate::http::time::Instant;
use crate::service::schedule::feeds::{self, Entry, ListedToken};
use crate::service::{self, Answer, Conditions, tag};

/// Returns the operations on calendar feeds.
pub fn operations() -> Vec<Operation> {
    let mut all = operations![Deadlines, "feed_tokens";
        create: creates(Callers::Authenticated).answers_secret().refuses(CREATE_REFUSALS),
        list: lists(Callers::Authenticated),
        get: reads(Callers::Authenticated),
        revoke: deletes(Callers::Authenticated),
    ];
    all.extend(operations![Deadlines, "deadlines";
        feed: reads(Callers::Anybody).refuses(FEED_REFUSALS),
    ]);
    all
}

const CREATE_REFUSALS: &[Code] = &[Code::QuotaExceeded];
const FEED_REFUSALS: &[Code] = &[Code::TokenMissing, Code::TokenInvalid, Code::UnknownParameter, Code::Busy];

/// A calendar feed token, without the token itself.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FeedToken)]
struct TokenView {
    /// Id of the token.
    id: Id,
    /// Scopes that restrict the token; null if it has everything that the roles allow.
    scopes: Option<Vec<String>>,
    /// When the token was created.
    created_at: Instant,
}

impl From<ListedToken> for TokenView {
    fn from(listed: ListedToken) -> Self {
        TokenView { id: listed.token.id, scopes: listed.scopes, created_at: Instant(listed.token.created_at) }
    }
}

/// A new calendar feed token, which is shown only once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FeedTokenSecret)]
struct SecretView {
    #[serde(flatten)]
    token: TokenView,
    /// The token, shown only once.
    #[serde(rename = "token")]
    secret: String,
    /// Address of the feed, to subscribe to in a calendar application.
    #[schema(example = "https://thidua.example.vn/v1/deadlines.ics?token=…")]
    url: String,
}

/// Create a token for a calendar feed.
///
/// It gives access to `GET /v1/deadlines.ics?token=` and nothing else, with the deadlines that the caller may see at
/// any time. It is shown only once.
#[utoipa::path(post, path = "/v1/me/feed-tokens", responses((status = 201, description = "The token and the feed's address.", body = SecretView)))]
async fn create(call: Call) -> Reply {
    let base = call.state().public_url.clone();
    call.with_secret()
        .act(move |conn, context| {
            let (listed, secret) = feeds::create(conn, context, &Ok(()))?;
            let url = format!("{base}/v1/deadlines.ics?token={secret}");
            let (etag, place) = (feeds::tag(&listed.token).header(), format!("/v1/me/feed-tokens/{}", listed.token.id));
            Ok(Answer::created(&SecretView { token: listed.into(), secret, url }, etag, place)?)
        })
        .await
}

/// List the caller's calendar feed tokens.
#[utoipa::path(get, path = "/v1/me/feed-tokens", responses((status = 200, description = "A page of tokens, without the tokens themselves.", body = ListView<TokenView>)))]
async fn list(mut call: Call) -> Reply {
    let asked = call.page_in_order();
    call.read(move |conn, context| {
        let tokens = feeds::list(conn, context)?;
        Ok(asked.answer_of_all(tokens, |listed| listed.token.id.to_string(), TokenView::from)?)
    })
    .await
}

/// Get one of the caller's calendar feed tokens.
#[utoipa::path(get, path = "/v1/me/feed-tokens/{id}", responses((status = 200, description = "The token.", body = TokenView)))]
async fn get(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| {
        let listed = feeds::get(conn, context, &id)?;
        let etag = feeds::tag(&listed.token).header();
        Ok(Answer::ok(&TokenView::from(listed), etag)?)
    })
    .await
}

/// Revoke a calendar feed token.
///
/// The address of the feed stops working at once.
#[utoipa::path(delete, path = "/v1/me/feed-tokens/{id}", operation_id = "delete", responses((status = 204, description = "Revoked.")))]
async fn revoke(call: Call) -> Reply {
    let id = call.id("id")?;
    call.act(move |conn, context| {
        feeds::revoke(conn, context, &id)?;
        Ok(Answer::nothing())
    })
    .await
}

/// Returns the name of a kind of deadline.
const fn name(kind: DeadlineKind, language: Language) -> &'static str {
    match (kind, language) {
        (DeadlineKind::SelfAssessment, Language::Vi) => "Hạn nộp bảng tự chấm điểm",
        (DeadlineKind::Appraisal, Language::Vi) => "Hạn hoàn thành thẩm định",
        (DeadlineKind::CouncilReview, Language::Vi) => "Hạn Hội đồng xét",
        (DeadlineKind::ResultNotice, Language::Vi) => "Hạn thông báo kết quả",
        (DeadlineKind::Dossier, Language::Vi) => "Hạn nộp hồ sơ đề nghị khen thưởng",
        (DeadlineKind::SelfAssessment, Language::En) => "Self-assessment due",
        (DeadlineKind::Appraisal, Language::En) => "Appraisal due",
        (DeadlineKind::CouncilReview, Language::En) => "Council review due",
        (DeadlineKind::ResultNotice, Language::En) => "Result notice due",
        (DeadlineKind::Dossier, Language::En) => "Award dossier due",
    }
}

/// Returns a deadline as an all-day event. Nothing in it changes by the passing of time alone.
fn event(entry: &Entry, base: &str, language: Language, reminders: &Reminders) -> Option<Event> {
    let deadline = &entry.details.deadline;
    let due_on = deadline.due_on()?;
    let of_unit = entry.details.unit_code.as_ref().map(|code| format!(" – {code}")).unwrap_or_default();
    let done = if deadline.met_on.is_some() { "✓ " } else { "" };
    let summary = format!("{done}{}{of_unit}", name(deadline.kind, language));
    let mut event = Event::new();
    event
        .uid(&format!("{}@thidua", deadline.id))
        .sequence(u32::try_from(deadline.version - 1).unwrap_or_default())
        .timestamp(deadline.updated_at)
        .last_modified(deadline.updated_at)
        .created(deadline.created_at)
        .summary(&summary)
        .description(&entry.period_title)
        .url(&format!("{base}/v1/deadlines/{}", deadline.id))
        .status(if deadline.waived.is_some() { EventStatus::Cancelled } else { EventStatus::Confirmed })
        .add_property("TRANSP", "TRANSPARENT")
        // An all-day event without an end lasts one day.
        .starts(due_on);
    if !deadline.is_settled() {
        for days in reminders.days() {
            let mut alarm = Alarm::display(&summary, Trigger::before_start(TimeDelta::days(i64::from(days))));
            // The library would generate a new id on every call, and days read better than seconds.
            alarm.uid(&format!("{}-{days}@thidua", deadline.id)).timestamp(deadline.updated_at);
            alarm.add_property("TRIGGER", format!("-P{days}D"));
            event.alarm(alarm);
        }
    }
    Some(event.done())
}

fn calendar(entries: &[Entry], base: &str, language: Language, reminders: &Reminders) -> String {
    let mut calendar = Calendar::empty();
    calendar
        .append_property(("VERSION", "2.0"))
        .append_property(("PRODID", "-//thidua//deadlines//VI"))
        .append_property(("CALSCALE", "GREGORIAN"))
        .append_property(("METHOD", "PUBLISH"))
        .name(match language {
            Language::Vi => "Thời hạn thi đua",
            Language::En => "Emulation deadlines",
        })
        .ttl(&TimeDelta::hours(1));
    calendar.extend(entries.iter().filter_map(|entry| event(entry, base, language, reminders)));
    calendar.to_string()
}

/// The token of the feed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct FeedQuery {
    /// Token of the feed.
    #[param(required = true)]
    token: Option<String>,
}

/// Get the deadlines as a calendar feed.
///
/// iCalendar (RFC 5545), for calendar applications that subscribe to the address. Each deadline is an all-day event
/// with the reminders of the installation; a changed deadline keeps its `UID` and gets a higher `SEQUENCE`.
/// `Accept-Language` selects the language.
#[utoipa::path(get, path = "/v1/deadlines.ics", 
    params(FeedQuery), responses((status = 200, description = "The calendar.", body = String, content_type = "text/calendar"), (status = 304, description = "Unchanged since the `ETag` in `If-None-Match`.")))]
async fn feed(http: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, Problem> {
    let problem = |error: Error| Problem::new(&http, error);
    let mut query = Query::parse(http.query_string());
    let FeedQuery { token } = query.take();
    let token = token.ok_or_else(|| problem(Error::new(Code::TokenMissing)))?;
    let caller = feeds::caller(&state.app, &token).await.map_err(problem)?;
    if let Some(error) = query.leftover() {
        return Err(problem(error));
    }
    let request = request(&http, caller, Conditions::default());
    let entries = service::read(std::sync::Arc::clone(&state.app), request, feeds::entries).await;
    let entries = entries.map_err(problem)?;
    let body = calendar(&entries, &state.public_url, Language::of(http.headers()), &state.app.reminders);
    let etag = tag::of_body(&body);
    let unchanged = etag_matches(&http, &etag);
    let mut response = if unchanged { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((header::ETAG, etag.as_str()))
        .insert_header((header::CACHE_CONTROL, "private, no-cache"))
        .insert_header((header::CONTENT_DISPOSITION, "inline; filename=\"thidua.ics\""));
    if unchanged {
        return Ok(response.finish());
    }
    Ok(response.content_type("text/calendar; charset=utf-8").body(body))
}
