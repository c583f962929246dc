//! `/v1/invitations`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::office::invitation::{Invitation, InvitationStatus};
use crate::error::Code;
use crate::http::call::{Call, Reply};
use crate::http::operation::{Operation, acts, creates, deletes, lists, operations, reads};
use crate::http::page::{IdOrder, ListView};
use crate::http::time::Instant;
use crate::service::office::invitations::{self, OwnedInvitation};
use crate::service::{Answer, Details};

/// The operations on `invitations`.
pub fn operations() -> Vec<Operation> {
    operations![Auth, "invitations";
        create: creates(Action::WriteMember).answers_secret().refuses(CREATE_REFUSALS),
        list: lists(Action::ReadMembers),
        get: reads(Action::ReadMembers),
        resend: acts(Action::WriteMember).answers_secret(),
        revoke: deletes(Action::WriteMember).refuses(REVOKE_REFUSALS),
    ]
}

const CREATE_REFUSALS: &[Code] = &[Code::LocalPersonRequired, Code::InvalidState];
const REVOKE_REFUSALS: &[Code] = &[Code::InvalidState];

/// The invitation of a local person to choose a password, without its token.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitation)]
struct InvitationView {
    id: Id,
    /// Who is invited.
    member_id: Id,
    /// The member who invites; null for the command line.
    inviter_id: Option<Id>,
    /// How far the invitation is.
    status: InvitationStatus,
    /// From when on it can no longer be accepted.
    expires_at: Instant,
    accepted_at: Option<Instant>,
    /// When it was revoked or replaced.
    revoked_at: Option<Instant>,
    /// Version of the invitation; every change increments it.
    version: i64,
    created_at: Instant,
    updated_at: Instant,
}

impl InvitationView {
    fn of(invitation: &Invitation, now: DateTime<Utc>) -> Self {
        InvitationView::with(invitation, invitation.status(now))
    }

    fn with(invitation: &Invitation, status: InvitationStatus) -> Self {
        InvitationView {
            id: invitation.id,
            member_id: invitation.member_id,
            inviter_id: invitation.inviter_id,
            status,
            expires_at: Instant(invitation.expires_at),
            accepted_at: invitation.accepted_at.map(Instant),
            revoked_at: invitation.revoked_at.map(Instant),
            version: invitation.version,
            created_at: Instant(invitation.created_at),
            updated_at: Instant(invitation.updated_at),
        }
    }
}

impl From<&Details<OwnedInvitation>> for InvitationView {
    fn from(details: &Details<OwnedInvitation>) -> Self {
        InvitationView::with(&details.value.invitation, details.visible.0)
    }
}

/// An invitation with the token that is shown this once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InvitationToken)]
struct TokenView {
    #[serde(flatten)]
    invitation: InvitationView,
    /// Shown this once; for `POST /v1/auth/accept-invitation`.
    token: String,
}

/// Which invitations are listed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// May be left out by who belongs to one organisation only.
    organization_id: Option<Id>,
    /// Only those of this member.
    member_id: Option<Id>,
    /// The order; with `-` from last to first.
    #[param(inline)]
    sort: Option<IdOrder>,
}

/// Invite a member to choose a password.
///
/// The token is shown this once and is good for 72 hours; hand it to the person, who accepts it at `POST /v1/auth/accept-invitation`. It takes the
/// place of an invitation before. For somebody who has a password it is the reset, and ends the sessions. Only a local person who has not ended can
/// be invited; operators are invited by an operator.
#[utoipa::path(post, path = "/v1/members/{id}/invitation", responses((status = 201, description = "Invited.", body = TokenView)))]
async fn create(call: Call) -> Reply {
    let id = call.id("id")?;
    call.with_secret()
        .act(move |conn, context| {
            let (details, token) = invitations::create(conn, context, &id)?;
            let place = format!("/v1/invitations/{}", details.value.invitation.id);
            let view = TokenView { invitation: (&details).into(), token };
            Ok(Answer::created(&view, details.tag.header(), place)?)
        })
        .await
}

/// List the invitations of an organisation's members.
///
/// Also those that are over. An operator who names no organisation sees those of the operators.
#[utoipa::path(get, path = "/v1/invitations", params(ListQuery), responses((status = 200, description = "A page.", body = ListView<InvitationView>)))]
async fn list(mut call: Call) -> Reply {
    let ListQuery { organization_id, member_id, sort } = call.query();
    let asked = call.page(sort);
    call.read(move |conn, context| {
        let rows = invitations::list(conn, context, organization_id.as_ref(), member_id.as_ref(), &asked.page)?;
        Ok(asked.answer(rows, |row| row.id, |row| InvitationView::of(&row, context.now))?)
    })
    .await
}

/// Read an invitation.
#[utoipa::path(get, path = "/v1/invitations/{id}", responses((status = 200, description = "The invitation.", body = InvitationView)))]
async fn get(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| {
        let details = context.get::<OwnedInvitation>(conn, &id)?;
        Ok(Answer::ok(&InvitationView::from(&details), details.tag.header())?)
    })
    .await
}

/// Send an invitation again.
///
/// It gets a new token, shown this once, and another 72 hours; the token before is of no use.
#[utoipa::path(post, path = "/v1/invitations/{id}/resend", responses((status = 200, description = "The new token.", body = TokenView)))]
async fn resend(call: Call) -> Reply {
    let id = call.id("id")?;
    call.with_secret()
        .act(move |conn, context| {
            let (details, token) = invitations::resend(conn, context, &id)?;
            Ok(Answer::ok(&TokenView { invitation: (&details).into(), token }, details.tag.header())?)
        })
        .await
}

/// Revoke an invitation.
///
/// Its token is of no use from then on. It stays in the list.
#[utoipa::path(delete, path = "/v1/invitations/{id}", operation_id = "delete", responses((status = 204, description = "Revoked.")))]
async fn revoke(call: Call) -> Reply {
    let id = call.id("id")?;
    call.act(move |conn, context| {
        invitations::revoke(conn, context, &id)?;
        Ok(Answer::nothing())
    })
    .await
}
