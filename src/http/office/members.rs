//! Members: `/v1/members`.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::office::member::{Member, Person, Role};
use crate::error::Code;
use crate::http::call::{Call, Reply};
use crate::http::operation::{Operation, changes, creates, lists, operations, reads};
use crate::http::page::{IdOrder, ListView};
use crate::http::patch::{nullable, present};
use crate::http::time::{Day, Instant};
use crate::service::office::members::{self, MemberChange, NewMember};
use crate::service::{Answer, Details, Interrupt};

/// Returns the operations on `members`.
pub fn operations() -> Vec<Operation> {
    operations![Organizations, "members";
        list: lists(Action::ReadMembers),
        create: creates(Action::WriteMember).refuses(CREATE_REFUSALS),
        get: reads(Action::ReadMembers),
        change: changes(Action::WriteMember).refuses(CHANGE_REFUSALS),
    ]
}

const CREATE_REFUSALS: &[Code] =
    &[Code::DateOutOfRange, Code::AlreadyExists, Code::UnitRequired, Code::RoleNotAllowed, Code::UnknownReference];
const CHANGE_REFUSALS: &[Code] =
    &[Code::DateOutOfRange, Code::UnitRequired, Code::RoleNotAllowed, Code::UnknownReference];

/// A person's membership in an organisation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Member)]
struct MemberView {
    /// Id of the member.
    id: Id,
    /// The organisation; null for an operator of the installation.
    organization_id: Option<Id>,
    /// Issuer that identifies the person.
    #[schema(example = "local")]
    issuer: String,
    /// The person's name at the issuer.
    #[schema(example = "th-head")]
    subject: String,
    /// Name shown to others.
    display_name: String,
    /// Roles of the member, at least one.
    roles: Vec<Role>,
    /// The unit that the member belongs to. Required for unit roles, and used for recusal.
    unit_id: Option<Id>,
    /// First day of the membership.
    valid_from_on: NaiveDate,
    /// Last day of the membership; null if it is open-ended.
    valid_until_on: Option<NaiveDate>,
    /// Version of the member; it increases with every change.
    version: i64,
    /// When the member was created.
    created_at: Instant,
    /// When the member was last changed.
    updated_at: Instant,
}

impl From<&Member> for MemberView {
    fn from(member: &Member) -> Self {
        MemberView {
            id: member.id,
            organization_id: member.organization_id,
            issuer: member.issuer.clone(),
            subject: member.subject.clone(),
            display_name: member.display_name.clone(),
            roles: member.roles.clone(),
            unit_id: member.unit_id,
            valid_from_on: member.valid_from_on,
            valid_until_on: member.valid_until_on,
            version: member.version,
            created_at: Instant(member.created_at),
            updated_at: Instant(member.updated_at),
        }
    }
}

/// A new member.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateMember, example = json!({"subject": "nguyen.van.a", "display_name": "Nguyễn Văn A", "roles": ["auditor"]}))]
struct NewBody {
    /// Id of the organisation. Callers who belong to only one may omit it.
    organization_id: Option<Id>,
    /// Issuer that identifies the person; defaults to `local`.
    issuer: Option<String>,
    /// The person's name at the issuer. Issuer and subject together identify a person.
    subject: String,
    /// Name shown to others.
    display_name: String,
    /// Roles of the member, at least one.
    roles: Vec<Role>,
    /// The unit that the member belongs to. Required for unit roles, and used for recusal.
    unit_id: Option<Id>,
    /// First day of the membership; defaults to today.
    valid_from_on: Option<Day>,
    /// Last day of the membership; defaults to none.
    valid_until_on: Option<Day>,
}

impl From<NewBody> for NewMember {
    fn from(body: NewBody) -> Self {
        NewMember {
            organization_id: body.organization_id,
            person: Person::of(body.issuer, body.subject, body.display_name),
            roles: body.roles,
            unit_id: body.unit_id,
            valid_from_on: body.valid_from_on.map(Into::into),
            valid_until_on: body.valid_until_on.map(Into::into),
        }
    }
}

/// Changes to a member. Omitted fields remain unchanged.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MemberChange, example = json!({"valid_until_on": "2023-12-31"}))]
struct ChangeBody {
    /// Name shown to others.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    display_name: Option<String>,
    /// Roles of the member, at least one.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    roles: Option<Vec<Role>>,
    /// The unit that the member belongs to; null for none.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Id>)]
    unit_id: Option<Option<Id>>,
    /// First day of the membership.
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    valid_from_on: Option<Day>,
    /// Last day of the membership; null for none.
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Day>)]
    valid_until_on: Option<Option<Day>>,
}

impl From<ChangeBody> for MemberChange {
    fn from(body: ChangeBody) -> Self {
        MemberChange {
            display_name: body.display_name,
            roles: body.roles,
            unit_id: body.unit_id,
            valid_from_on: body.valid_from_on.map(Into::into),
            valid_until_on: body.valid_until_on.map(|until| until.map(Into::into)),
        }
    }
}

/// Filters of the list of members.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Id of the organisation. Callers who belong to only one may omit it.
    organization_id: Option<Id>,
    /// Only members of this unit.
    unit_id: Option<Id>,
    /// The order; with `-` from last to first.
    #[param(inline)]
    sort: Option<IdOrder>,
}

/// List the members of an organisation.
#[utoipa::path(get, path = "/v1/members", params(ListQuery), responses((status = 200, description = "A page of members.", body = ListView<MemberView>)))]
async fn list(mut call: Call) -> Reply {
    let ListQuery { organization_id, unit_id, sort } = call.query();
    let asked = call.page(sort);
    call.read(move |conn, context| {
        let rows = members::list(conn, context, organization_id.as_ref(), unit_id.as_ref(), &asked.page)?;
        Ok(asked.answer(rows, |row| row.id, |row| MemberView::from(&row))?)
    })
    .await
}

/// Add a member.
///
/// Issuer and subject together identify a person. `unit_editor` and `unit_head` require a unit.
#[utoipa::path(post, path = "/v1/members", request_body = NewBody, responses((status = 201, description = "Created.", body = MemberView)))]
async fn create(call: Call) -> Reply {
    let input = call.body::<NewBody>().map(NewMember::from);
    call.write(move |conn, context| {
        let member = members::create(conn, context, &input)?;
        Ok(Answer::created(
            &MemberView::from(&member.value),
            member.tag.header(),
            format!("/v1/members/{}", member.value.id),
        )?)
    })
    .await
}

fn shown(member: &Details<Member>) -> Result<Answer, Interrupt> {
    Ok(Answer::ok(&MemberView::from(&member.value), member.tag.header())?)
}

/// Get a member.
#[utoipa::path(get, path = "/v1/members/{id}", responses((status = 200, description = "The member.", body = MemberView)))]
async fn get(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| shown(&context.get(conn, &id)?)).await
}

/// Change a member.
///
/// To end a membership, set `valid_until_on`; records of what the member did are kept.
#[utoipa::path(patch, path = "/v1/members/{id}", request_body = ChangeBody, responses((status = 200, description = "Changed.", body = MemberView)))]
async fn change(call: Call) -> Reply {
    let (id, input) = (call.id("id")?, call.body::<ChangeBody>().map(MemberChange::from));
    call.write(move |conn, context| shown(&members::change(conn, context, &id, &input)?)).await
}
