//! Organisations: `/v1/organizations`.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::office::invitation::Invitation;
use crate::domain::office::member::Person;
use crate::domain::office::organization::{DEFAULT_ZONE, Organization};
use crate::error::Code;
use crate::http::call::{Call, Reply};
use crate::http::operation::{Callers, Operation, changes, creates, lists, operations, reads};
use crate::http::page::{IdOrder, ListView};
use crate::http::patch::{nullable, present};
use crate::http::time::Instant;
use crate::service::office::invitations::NewToken;
use crate::service::office::organizations::{self, NewOrganization, OrganizationChange};
use crate::service::{Answer, Details, Interrupt};

/// Returns the operations on `organizations`.
pub fn operations() -> Vec<Operation> {
    operations![Organizations, "organizations";
        list: lists(Callers::Authenticated),
        create: creates(Callers::Operators).answers_secret().refuses(CREATE_REFUSALS),
        get: reads(Action::ReadOrganization).or_operators(),
        change: changes(Callers::Operators).refuses(CHANGE_REFUSALS),
    ]
}

const CREATE_REFUSALS: &[Code] = &[Code::AlreadyExists, Code::UnknownTimeZone, Code::InvalidCode];
const CHANGE_REFUSALS: &[Code] = &[Code::UnknownTimeZone, Code::PeriodOpen];

/// An organisation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Organization)]
struct OrganizationView {
    /// Id of the organisation.
    id: Id,
    /// Code of the organisation, unique in the installation.
    #[schema(example = "VP-UBND")]
    code: String,
    /// Name of the organisation.
    #[schema(example = "Văn phòng UBND tỉnh")]
    name: String,
    /// IANA name of the time zone that its dates refer to.
    #[schema(example = "Asia/Ho_Chi_Minh")]
    time_zone: String,
    /// Code in the national register of agencies; null if it has none.
    agency_code: Option<String>,
    /// Version of the organisation; it increases with every change.
    version: i64,
    /// When the organisation was created.
    created_at: Instant,
    /// When the organisation was last changed.
    updated_at: Instant,
}

impl From<&Organization> for OrganizationView {
    fn from(organization: &Organization) -> Self {
        OrganizationView {
            id: organization.id,
            code: organization.code.clone(),
            name: organization.name.clone(),
            time_zone: organization.time_zone.clone(),
            agency_code: organization.agency_code.clone(),
            version: organization.version,
            created_at: Instant(organization.created_at),
            updated_at: Instant(organization.updated_at),
        }
    }
}

/// A new organisation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateOrganization, example = json!({"code": "SO-TC", "name": "Sở Tài chính", "first_admin": {"subject": "so-tc-admin", "display_name": "Quản trị Sở Tài chính"}}))]
struct NewBody {
    /// Code of the organisation, unique in the installation; it cannot change later. At most 64 letters, digits, `.`,
    /// `_` or `-`.
    code: String,
    /// Name of the organisation; at most 1,000 characters.
    name: String,
    /// IANA name of the time zone that its dates refer to; defaults to `Asia/Ho_Chi_Minh`.
    time_zone: Option<String>,
    /// Code in the national register of agencies; at most 64 characters.
    agency_code: Option<String>,
    /// The first administrator of the organisation.
    first_admin: FirstAdminBody,
}

/// The first administrator of an organisation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FirstAdmin)]
struct FirstAdminBody {
    /// Issuer that identifies the person; defaults to `local`.
    issuer: Option<String>,
    /// The person's name at the issuer.
    subject: String,
    /// Name shown to others.
    display_name: String,
}

impl From<NewBody> for NewOrganization {
    fn from(body: NewBody) -> Self {
        let admin = body.first_admin;
        NewOrganization {
            code: body.code,
            name: body.name,
            time_zone: body.time_zone.unwrap_or_else(|| DEFAULT_ZONE.to_owned()),
            agency_code: body.agency_code,
            first_admin: Person::of(admin.issuer, admin.subject, admin.display_name),
        }
    }
}

/// Changes to an organisation. Omitted fields remain unchanged.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrganizationChange, example = json!({"name": "Văn phòng UBND tỉnh Tây Ninh"}))]
struct ChangeBody {
    /// Name of the organisation.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    name: Option<String>,
    /// IANA name of the time zone that its dates refer to. It cannot change while a period is open.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    time_zone: Option<String>,
    /// Code in the national register of agencies; null for none.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<String>)]
    agency_code: Option<Option<String>>,
}

impl From<ChangeBody> for OrganizationChange {
    fn from(body: ChangeBody) -> Self {
        OrganizationChange { name: body.name, time_zone: body.time_zone, agency_code: body.agency_code }
    }
}

/// A new organisation with the credentials of its first administrator.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CreatedOrganization)]
struct CreatedView {
    #[serde(flatten)]
    organization: OrganizationView,
    /// Credentials of the first administrator.
    first_admin: FirstAdminView,
}

/// The first admin with the way in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = InvitedAdmin)]
struct FirstAdminView {
    /// Id of the member.
    member_id: Id,
    /// Null for the user of an identity provider, who signs in there.
    invitation: Option<FirstInvitationView>,
}

/// The invitation of the first admin, with the token that is shown this once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FirstInvitation)]
struct FirstInvitationView {
    id: Id,
    /// Shown this once; for `POST /v1/auth/accept-invitation`.
    token: String,
    expires_at: Instant,
}

impl From<NewToken> for FirstInvitationView {
    fn from(new: NewToken) -> Self {
        let Invitation { id, expires_at, .. } = new.owned.invitation;
        FirstInvitationView { id, token: new.token, expires_at: Instant(expires_at) }
    }
}

/// Options of the list of organisations.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// The order; with `-` from last to first.
    #[param(inline)]
    sort: Option<IdOrder>,
}

/// List the organisations.
///
/// Operators see all organisations, other callers those they belong to.
#[utoipa::path(get, path = "/v1/organizations", params(ListQuery), responses((status = 200, description = "A page of organisations.", body = ListView<OrganizationView>)))]
async fn list(mut call: Call) -> Reply {
    let ListQuery { sort } = call.query();
    let asked = call.page(sort);
    call.read(move |conn, context| {
        let rows = organizations::list(conn, context, &asked.page)?;
        Ok(asked.answer(rows, |row| row.id, |row| OrganizationView::from(&row))?)
    })
    .await
}

/// Create an organisation with its first administrator.
///
/// Only an operator may. The answer holds the first admin's invitation, whose token is shown this once.
#[utoipa::path(post, path = "/v1/organizations", request_body = NewBody, responses((status = 201, description = "Created.", body = CreatedView)))]
async fn create(call: Call) -> Reply {
    let input = call.body::<NewBody>().map(NewOrganization::from);
    call.with_secret()
        .write(move |conn, context| {
            let (organization, admin, invitation) = organizations::create(conn, context, &input)?;
            let view = CreatedView {
                organization: (&organization.value).into(),
                first_admin: FirstAdminView {
                    member_id: admin.id,
                    invitation: invitation.map(FirstInvitationView::from),
                },
            };
            Ok(Answer::created(
                &view,
                organization.tag.header(),
                format!("/v1/organizations/{}", organization.value.id),
            )?)
        })
        .await
}

fn shown(organization: &Details<Organization>) -> Result<Answer, Interrupt> {
    Ok(Answer::ok(&OrganizationView::from(&organization.value), organization.tag.header())?)
}

/// Get an organisation.
#[utoipa::path(get, path = "/v1/organizations/{id}", responses((status = 200, description = "The organisation.", body = OrganizationView)))]
async fn get(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| shown(&context.get(conn, &id)?)).await
}

/// Change an organisation.
///
/// The code of an organisation cannot change.
#[utoipa::path(patch, path = "/v1/organizations/{id}", request_body = ChangeBody, responses((status = 200, description = "Changed.", body = OrganizationView)))]
async fn change(call: Call) -> Reply {
    let (id, input) = (call.id("id")?, call.body::<ChangeBody>().map(OrganizationChange::from));
    call.write(move |conn, context| shown(&organizations::change(conn, context, &id, &input)?)).await
}
