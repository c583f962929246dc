//! `/v1/members`.

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

/// The operations on `members`.
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

/// A person's place in an office.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Member)]
struct MemberView {
    id: Id,
    organization_id: Option<Id>,
    /// Who vouches for the person.
    #[schema(example = "local")]
    issuer: String,
    /// The person's name there.
    #[schema(example = "th-head")]
    subject: String,
    display_name: String,
    roles: Vec<Role>,
    /// Where the person belongs: needed for unit roles, and for recusal.
    unit_id: Option<Id>,
    /// First day.
    valid_from_on: NaiveDate,
    /// Last day; null while open.
    valid_until_on: Option<NaiveDate>,
    version: i64,
    created_at: Instant,
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
    /// May be left out by who belongs to one organisation only.
    organization_id: Option<Id>,
    /// Default `local`.
    issuer: Option<String>,
    subject: String,
    display_name: String,
    roles: Vec<Role>,
    unit_id: Option<Id>,
    /// Default today.
    valid_from_on: Option<Day>,
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

/// A change of a member; what is absent stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MemberChange, example = json!({"valid_until_on": "2023-12-31"}))]
struct ChangeBody {
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    display_name: Option<String>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    roles: Option<Vec<Role>>,
    #[serde(default, deserialize_with = "nullable")]
    #[schema(value_type = Option<Id>)]
    unit_id: Option<Option<Id>>,
    #[serde(default, deserialize_with = "present")]
    #[schema(nullable = false)]
    valid_from_on: Option<Day>,
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

/// Which members are listed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// May be left out by who belongs to one organisation only.
    organization_id: Option<Id>,
    /// Only those of this unit.
    unit_id: Option<Id>,
    /// The order; with `-` from last to first.
    #[param(inline)]
    sort: Option<IdOrder>,
}

/// List the members of an organisation.
#[utoipa::path(get, path = "/v1/members", params(ListQuery), responses((status = 200, description = "A page.", body = ListView<MemberView>)))]
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
/// A person is issuer and subject. `unit_editor` and `unit_head` need a unit.
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

/// Read a member.
#[utoipa::path(get, path = "/v1/members/{id}", responses((status = 200, description = "The member.", body = MemberView)))]
async fn get(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| shown(&context.get(conn, &id)?)).await
}

/// Change a member.
///
/// Who leaves gets a `valid_until_on`; nothing that they did is lost.
#[utoipa::path(patch, path = "/v1/members/{id}", request_body = ChangeBody, responses((status = 200, description = "Changed.", body = MemberView)))]
async fn change(call: Call) -> Reply {
    let (id, input) = (call.id("id")?, call.body::<ChangeBody>().map(MemberChange::from));
    call.write(move |conn, context| shown(&members::change(conn, context, &id, &input)?)).await
}
