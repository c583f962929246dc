//! Events: `/v1/events`.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::journal::event::{Event, EventType};
use crate::error::{Code, Error};
use crate::http::call::{Call, Reply};
use crate::http::json::AnyObject;
use crate::http::operation::{Operation, lists, operations};
use crate::http::page::{PageQuery, Within, cursor_of};
use crate::http::time::Instant;
use crate::service::journal::events;
use crate::service::{Answer, tag};

/// Returns the operations on `events`.
pub fn operations() -> Vec<Operation> {
    operations![Events, "events";
        list: lists(Action::ReadOffice).refuses(LIST_REFUSALS),
    ]
}

const LIST_REFUSALS: &[Code] = &[Code::InvalidParameter, Code::InvalidCursor, Code::OrganizationRequired];

/// The longest that a request waits for an event, in seconds.
const MAX_WAIT_SECONDS: i64 = 30;
/// How often the database is checked for events written by other instances.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The record that an event is about.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventSubject)]
pub struct SubjectView {
    /// Type of the record.
    #[serde(rename = "type")]
    #[schema(example = "submission")]
    pub kind: String,
    /// Id of the record.
    pub id: Id,
}

/// An event.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub struct EventView {
    /// Id of the event.
    id: Id,
    /// Type of the event.
    #[serde(rename = "type")]
    kind: EventType,
    /// The organisation that the event belongs to.
    organization_id: Id,
    /// The record that the event is about.
    subject: SubjectView,
    /// When the event occurred.
    at: Instant,
    /// `period_id` and `unit_id` of the record, if it has them, and what changed. Never contains scores.
    #[schema(value_type = AnyObject)]
    data: Value,
}

impl From<&Event> for EventView {
    fn from(event: &Event) -> Self {
        EventView {
            id: event.id,
            kind: event.kind,
            organization_id: event.organization_id,
            subject: SubjectView { kind: event.subject_type.clone(), id: event.subject_id },
            at: Instant(event.at),
            data: events::data(event),
        }
    }
}

/// Events in the order in which they were committed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Events)]
struct EventsView {
    /// The events of this page.
    items: Vec<EventView>,
    /// Cursor of the next page, present even if there are no further events yet. Null only before the first event.
    next_cursor: Option<String>,
    /// Whether there are further events already.
    has_more: bool,
}

fn page(events: &[Event], limit: i64, before: Option<&Id>) -> Result<Answer, Error> {
    let shown = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = events.len() > shown;
    let items: Vec<EventView> = events.iter().take(shown).map(EventView::from).collect();
    let next_cursor = items.last().map(|last| &last.id).or(before).map(cursor_of);
    let view = EventsView { items, next_cursor, has_more };
    let body = serde_json::to_string(&view).map_err(Error::internal)?;
    Ok(Answer { status: 200, location: None, etag: Some(tag::of_body(&body)), next: None, body, replayed: false })
}

/// Filters of the list of events, and how long to wait.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Id of the organisation. Callers who belong to only one may omit it.
    organization_id: Option<Id>,
    /// Only events of these types.
    types: Option<Vec<EventType>>,
    /// How many seconds to wait for an event, at most 30; defaults to 0.
    #[param(inline)]
    wait: Option<Within<0, { MAX_WAIT_SECONDS }>>,
}

/// List events.
///
/// In the order in which they were committed; events are only ever added at the end. `next_cursor` always tells where
/// to continue. With `wait`, the response is sent as soon as there is an event, or empty after that many seconds.
/// Events that the caller may not see are left out without a trace.
#[utoipa::path(get, path = "/v1/events",
    params(ListQuery), responses((status = 200, description = "A page, oldest first.", body = EventsView)))]
async fn list(mut call: Call) -> Reply {
    let ListQuery { organization_id, types, wait } = call.query();
    let asked: PageQuery = call.query();
    let (after, limit) = (asked.after_record(call.raw_query()), asked.limit());
    let Within(wait) = wait.unwrap_or_default();
    let until = tokio::time::Instant::now() + Duration::from_secs(u64::try_from(wait).unwrap_or_default());
    let mut event_signal = call.state().app.event_signal.subscribe();
    loop {
        event_signal.mark_unchanged();
        let (of, from, kinds) = (organization_id, after, types.clone());
        let found = call
            .fetch(move |conn, context| {
                events::list(conn, context, of.as_ref(), from.as_ref(), kinds.as_deref(), limit + 1)
            })
            .await?;
        let now = tokio::time::Instant::now();
        if !found.is_empty() || now >= until {
            let answer = page(&found, limit, after.as_ref()).map_err(|error| call.problem(error))?;
            return Ok(call.respond(answer));
        }
        // Look again, whether or not the signal fired.
        let _ = tokio::time::timeout_at(until.min(now + LOOK_EVERY), event_signal.changed()).await;
    }
}
