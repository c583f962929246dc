//! The caller: `/v1/me`.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::access::Principal;
use crate::domain::office::member::{MemberKind, Role, client_id};
use crate::error::Error;
use crate::http::call::{Call, Reply, body_tag};
use crate::http::operation::{Callers, Operation, operations, reads};
use crate::service::office::scopes;
use crate::service::{Answer, Conn, Context};

/// Returns the operations on `me`.
pub fn operations() -> Vec<Operation> {
    operations![Auth, "me";
        get: reads(Callers::Authenticated),
    ]
}

/// The caller that the token identifies.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Me)]
struct MeView {
    /// Whether the caller is a person or a program.
    kind: MemberKind,
    /// Issuer that identifies the caller.
    #[schema(example = "local")]
    issuer: String,
    /// The caller's name there: the user name of a local account, the `sub` of another issuer's.
    #[schema(example = "th-head")]
    subject: String,
    /// Memberships that are valid now.
    memberships: Vec<MembershipView>,
    /// Scopes that restrict the token; null if it has everything that the roles allow.
    scopes: Option<Vec<String>>,
    /// How the caller signed in.
    sign_in: SignInView,
}

/// How a caller signed in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SignIn)]
struct SignInView {
    /// How the caller signed in.
    method: SignInMethod,
    /// The session; null where there is none.
    session_id: Option<Id>,
    /// The client of a service account; null for people.
    client_id: Option<String>,
}

/// A way in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum SignInMethod {
    /// With the password of a local account.
    Session,
    /// With the credentials of a service account.
    Client,
    /// With a token of an identity provider.
    External,
    /// With a token that the sandbox gave out.
    Sandbox,
}

impl From<&Principal> for SignInView {
    fn from(principal: &Principal) -> Self {
        let method = match principal {
            Principal::Account { session_id: Some(_), .. } => SignInMethod::Session,
            Principal::Account { session_id: None, .. } => SignInMethod::Sandbox,
            Principal::ServiceAccount { .. } => SignInMethod::Client,
            Principal::External { .. } => SignInMethod::External,
        };
        let client_id = principal.service_account_id().as_ref().map(client_id);
        SignInView { method, session_id: principal.session_id(), client_id }
    }
}

/// A membership in an organisation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Membership)]
struct MembershipView {
    /// Id of the member.
    member_id: Id,
    /// The organisation; null for an operator of the installation.
    organization_id: Option<Id>,
    /// Name shown to others.
    display_name: String,
    /// Roles of the member.
    roles: Vec<Role>,
    /// The unit that the member belongs to; null if there is none.
    unit_id: Option<Id>,
    /// Code of the unit; null if there is none.
    unit_code: Option<String>,
}

fn view(conn: &mut Conn, context: &Context) -> Result<MeView, Error> {
    let actor = &context.actor;
    let memberships = actor.memberships.iter().map(|membership| MembershipView {
        member_id: membership.member_id,
        organization_id: membership.organization_id,
        display_name: membership.display_name.clone(),
        roles: membership.roles.clone(),
        unit_id: membership.unit.as_ref().map(|unit| unit.id),
        unit_code: membership.unit.as_ref().map(|unit| unit.code.clone()),
    });
    Ok(MeView {
        kind: actor.kind,
        issuer: actor.issuer.clone(),
        subject: actor.subject.clone(),
        memberships: memberships.collect(),
        scopes: scopes::words(conn, &actor.scopes)?,
        sign_in: (&actor.principal).into(),
    })
}

/// Get the caller and their memberships.
///
/// Memberships that have ended or not yet begun are not listed.
#[utoipa::path(get, path = "/v1/me", responses((status = 200, description = "The caller.", body = MeView)))]
async fn get(call: Call) -> Reply {
    call.read(|conn, context| {
        context.accept_read()?;
        let view = view(conn, context)?;
        Ok(Answer::ok(&view, body_tag(&view)?)?)
    })
    .await
}
