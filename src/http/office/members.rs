//! Members: `/v1/members`.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::office::member::{Member, MemberKind, MemberStatus, Person, Role};
use crate::error::Code;
use crate::http::call::{Call, Reply};
use crate::http::operation::{Operation, acts, changes, creates, lists, operations, reads};
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
        end: acts(Action::WriteMember).refuses(END_REFUSALS),
    ]
}

const CREATE_REFUSALS: &[Code] = &[
    Code::DateOutOfRange,
    Code::AlreadyExists,
    Code::UnitRequired,
    Code::RoleNotAllowed,
    Code::IssuerNotAllowed,
    Code::UnknownReference,
];
const CHANGE_REFUSALS: &[Code] =
    &[Code::DateOutOfRange, Code::UnitRequired, Code::RoleNotAllowed, Code::UnknownReference, Code::InvalidState];
const END_REFUSALS: &[Code] = &[Code::InvalidState];

/// A person's membership in an organisation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Member)]
pub struct MemberView {
    id: Id,
    /// The organisation; null for an operator of the installation.
    organization_id: Option<Id>,
    /// Who vouches for the identity: `local` or a configured identity provider.
    #[schema(example = "local")]
    issuer: String,
    /// The user name of a local account, which means nothing outside of the organisation; the `sub` of another issuer's.
    #[schema(example = "th-head")]
    subject: String,
    /// Name shown to others.
    display_name: String,
    /// Whether a person or a program acts as the member.
    kind: MemberKind,
    /// Roles of the member.
    roles: Vec<Role>,
    /// The unit that the member belongs to. Required for unit roles, and used for recusal.
    unit_id: Option<Id>,
    /// `pending` until the user of an identity provider has taken it; nothing but `active` gives rights, on its days.
    status: MemberStatus,
    /// First day of the membership.
    valid_from_on: NaiveDate,
    /// Last day of the membership; null if it is open-ended.
    valid_until_on: Option<NaiveDate>,
    /// When it was ended; null before.
    ended_at: Option<Instant>,
    /// Why it was ended.
    end_reason: Option<String>,
    /// Version of the member; every change increments it.
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
            kind: member.kind,
            issuer: member.issuer.clone(),
            subject: member.subject.clone(),
            display_name: member.display_name.clone(),
            roles: member.roles.clone(),
            unit_id: member.unit_id,
            status: member.status(),
            valid_from_on: member.valid_from_on,
            valid_until_on: member.valid_until_on,
            ended_at: member.end.as_ref().map(|end| Instant(end.at)),
            end_reason: member.end.as_ref().map(|end| end.reason.clone()),
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
    /// Default `person`. A `machine` is local, holds `integration`, `deadline_checker` or `auditor`, and gets service accounts.
    #[serde(default = "person")]
    kind: MemberKind,
    /// Default `local`; otherwise a configured identity provider.
    issuer: Option<String>,
    /// The user name, or the `sub` at the provider.
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
            person: Person { kind: body.kind, ..Person::of(body.issuer, body.subject, body.display_name) },
            roles: body.roles,
            unit_id: body.unit_id,
            valid_from_on: body.valid_from_on.map(Into::into),
            valid_until_on: body.valid_until_on.map(Into::into),
        }
    }
}

const fn person() -> MemberKind {
    MemberKind::Person
}

/// Why a membership ends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EndMember, example = json!({"reason": "Chuyển công tác"}))]
struct EndBody {
    /// Why the membership ends; kept with it.
    reason: String,
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
/// A local member counts at once and signs in by an invitation. The user of an identity provider takes the membership by the first request,
/// or accepts it among `GET /v1/me/memberships` where another one is active. `unit_editor` and `unit_head` need a unit. Operators
/// of the installation are entered by an operator, without an organisation.
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
/// Who leaves on a day gets a `valid_until_on`; `end` ends a membership at once. Nothing that they did is lost.
#[utoipa::path(patch, path = "/v1/members/{id}", request_body = ChangeBody, responses((status = 200, description = "Changed.", body = MemberView)))]
async fn change(call: Call) -> Reply {
    let (id, input) = (call.id("id")?, call.body::<ChangeBody>().map(MemberChange::from));
    call.write(move |conn, context| shown(&members::change(conn, context, &id, &input)?)).await
}

/// End a membership at once.
///
/// Whatever its days; with its sessions, service accounts and invitations. The same identity can be entered again later, as a new member.
#[utoipa::path(post, path = "/v1/members/{id}/end", request_body = EndBody, responses((status = 200, description = "Ended.", body = MemberView)))]
async fn end(call: Call) -> Reply {
    let (id, input) = (call.id("id")?, call.body::<EndBody>().map(|body| body.reason));
    call.write(move |conn, context| {
        let member = members::end(conn, context, &id, &input)?;
        Ok(Answer::ok(&MemberView::from(&member.value), member.tag.header())?)
    })
    .await
}
