//! Who am I.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::office::member::Role;
use crate::http::call::{Call, Reply, body_tag};
use crate::http::operation::{Callers, Operation, operations, reads};
use crate::service::{Answer, Context};

/// The operations on `me`.
pub fn operations() -> Vec<Operation> {
    operations![Auth, "me";
        get: reads(Callers::Authenticated),
    ]
}

/// Who the token stands for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Me)]
struct MeView {
    /// Who vouches for the caller.
    #[schema(example = "local")]
    issuer: String,
    /// The caller's name there.
    #[schema(example = "th-head")]
    subject: String,
    /// Those that stand now.
    memberships: Vec<MembershipView>,
    /// What the token is narrowed to; null: all that the roles give.
    scopes: Option<Vec<String>>,
}

/// A place in an organisation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Membership)]
struct MembershipView {
    /// The member's id.
    member_id: Id,
    /// Where; null for an operator of the installation.
    organization_id: Option<Id>,
    /// Shown to others.
    display_name: String,
    /// As what.
    roles: Vec<Role>,
    /// The unit that the member belongs to.
    unit_id: Option<Id>,
    /// Its code.
    unit_code: Option<String>,
}

fn view(context: &Context) -> MeView {
    let actor = &context.actor;
    let memberships = actor.memberships.iter().map(|membership| MembershipView {
        member_id: membership.member_id,
        organization_id: membership.organization_id,
        display_name: membership.display_name.clone(),
        roles: membership.roles.clone(),
        unit_id: membership.unit.as_ref().map(|unit| unit.id),
        unit_code: membership.unit.as_ref().map(|unit| unit.code.clone()),
    });
    MeView {
        issuer: actor.issuer.clone(),
        subject: actor.subject.clone(),
        memberships: memberships.collect(),
        scopes: actor.scopes.text().map(|_| actor.scopes.words().to_vec()),
    }
}

/// Who am I, where, and as what?
///
/// Memberships that have ended or not begun are not listed: they give no right.
#[utoipa::path(get, path = "/v1/me", responses((status = 200, description = "The caller.", body = MeView)))]
async fn get(call: Call) -> Reply {
    call.read(|_, context| {
        context.accept_read()?;
        let view = view(context);
        Ok(Answer::ok(&view, body_tag(&view)?)?)
    })
    .await
}
