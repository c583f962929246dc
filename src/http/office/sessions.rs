//! `/v1/me/sessions`.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::office::session::Session;
use crate::http::call::{Call, Reply};
use crate::http::operation::{Callers, Operation, deletes, lists, operations, reads};
use crate::http::page::ListView;
use crate::http::time::Instant;
use crate::service::office::sessions::{self, OwnedSession};
use crate::service::{Answer, Context};

/// The operations on `sessions`.
pub fn operations() -> Vec<Operation> {
    operations![Auth, "sessions";
        list: lists(Callers::Authenticated),
        get: reads(Callers::Authenticated),
        end: deletes(Callers::Authenticated),
    ]
}

/// What somebody has signed in to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
struct SessionView {
    id: Id,
    /// Whether this request is made in it.
    current: bool,
    /// What the client said that it is.
    #[schema(example = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")]
    user_agent: Option<String>,
    /// From where it was signed in to.
    #[schema(example = "203.0.113.9")]
    address: Option<String>,
    /// When it was last refreshed.
    last_used_at: Instant,
    /// When it ends unless it is refreshed before.
    expires_at: Instant,
    /// Version of the session; every change increments it.
    version: i64,
    created_at: Instant,
}

impl SessionView {
    fn of(session: Session, context: &Context) -> Self {
        SessionView {
            id: session.id,
            current: context.actor.principal.session_id() == Some(session.id),
            user_agent: session.device.user_agent,
            address: session.device.address,
            last_used_at: Instant(session.last_used_at),
            expires_at: Instant(session.expires_at),
            version: session.version,
            created_at: Instant(session.created_at),
        }
    }
}

/// List the caller's sessions.
///
/// Those that are not over, first to last. Empty for machines and for users of an identity provider.
#[utoipa::path(get, path = "/v1/me/sessions", responses((status = 200, description = "All of them.", body = ListView<SessionView>)))]
async fn list(mut call: Call) -> Reply {
    let asked = call.page_in_order();
    call.read(move |conn, context| {
        let sessions = sessions::list(conn, context)?;
        Ok(asked.answer_of_all(
            sessions,
            |session| session.id.to_string(),
            |session| SessionView::of(session, context),
        )?)
    })
    .await
}

/// Read one of the caller's sessions.
#[utoipa::path(get, path = "/v1/me/sessions/{id}", responses((status = 200, description = "The session.", body = SessionView)))]
async fn get(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| {
        let session = context.get::<OwnedSession>(conn, &id)?;
        let etag = session.tag.header();
        Ok(Answer::ok(&SessionView::of(session.value.session, context), etag)?)
    })
    .await
}

/// End one of the caller's sessions.
///
/// Its tokens are of no use from then on.
#[utoipa::path(delete, path = "/v1/me/sessions/{id}", operation_id = "delete", responses((status = 204, description = "Ended.")))]
async fn end(call: Call) -> Reply {
    let id = call.id("id")?;
    call.act(move |conn, context| {
        sessions::end(conn, context, &id)?;
        Ok(Answer::nothing())
    })
    .await
}
