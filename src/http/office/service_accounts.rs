//! Service accounts: `/v1/service-accounts`.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::office::member::ServiceAccount;
use crate::error::Code;
use crate::http::call::{Call, Reply};
use crate::http::operation::{Operation, acts, creates, deletes, lists, operations, reads};
use crate::http::page::{IdOrder, ListView};
use crate::http::time::Instant;
use crate::service::office::accounts::{self, NewServiceAccount, OwnedAccount};
use crate::service::{Answer, Details};

/// Returns the operations on `service_accounts`.
pub fn operations() -> Vec<Operation> {
    operations![Auth, "service_accounts";
        list: lists(Action::ReadMembers),
        create: creates(Action::WriteMember).answers_secret().refuses(CREATE_REFUSALS),
        get: reads(Action::ReadMembers),
        rotate: acts(Action::WriteMember).answers_secret(),
        revoke: deletes(Action::WriteMember),
    ]
}

const CREATE_REFUSALS: &[Code] = &[Code::InvalidScope, Code::UnknownReference, Code::MachineMemberRequired];

/// A service account, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceAccount)]
struct AccountView {
    /// Id of the service account.
    id: Id,
    /// The member that it acts as.
    member_id: Id,
    /// Client id to obtain tokens with.
    client_id: String,
    /// Scopes that restrict its tokens; null if they have everything that the roles allow.
    scopes: Option<Vec<String>>,
    /// When a token was last fetched with it, to the minute; null before the first.
    last_used_at: Option<Instant>,
    /// Until when the secret before the last rotation is still good; null where there is none.
    previous_secret_until: Option<Instant>,
    /// Version of the account; every change increments it.
    version: i64,
    /// When the service account was created.
    created_at: Instant,
    /// When the service account was last changed.
    updated_at: Instant,
}

impl From<&Details<OwnedAccount>> for AccountView {
    fn from(details: &Details<OwnedAccount>) -> Self {
        AccountView::of(&details.value.account, details.visible.0.clone())
    }
}

impl AccountView {
    fn of(account: &ServiceAccount, scopes: Option<Vec<String>>) -> Self {
        AccountView {
            id: account.id,
            member_id: account.member_id,
            client_id: account.client_id.clone(),
            scopes,
            last_used_at: account.last_used_at.map(Instant),
            previous_secret_until: account.previous_secret.as_ref().map(|(_, until)| Instant(*until)),
            version: account.version,
            created_at: Instant(account.created_at),
            updated_at: Instant(account.updated_at),
        }
    }
}

/// A service account with its secret, which is shown only once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceAccountSecret)]
struct SecretView {
    #[serde(flatten)]
    account: AccountView,
    /// Client secret, shown only once.
    client_secret: String,
}

impl SecretView {
    fn of(details: &Details<OwnedAccount>, client_secret: String) -> Self {
        SecretView { account: details.into(), client_secret }
    }
}

/// A new service account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateServiceAccount, example = json!({"member_id": "018b88d6-5f80-7000-8000-000000000001", "scopes": ["read", "write", "unit:TH"]}))]
struct NewBody {
    /// The member to act as.
    member_id: Id,
    /// Scopes that restrict its tokens: `read`, `write`, `deadlines:check`, `unit:<code>`; defaults to everything that
    /// the roles allow.
    scopes: Option<Vec<String>>,
}

/// Which service accounts are listed.
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

/// List the service accounts of an organisation.
///
/// Those that have not ended, without their secrets.
#[utoipa::path(get, path = "/v1/service-accounts", params(ListQuery), responses((status = 200, description = "A page.", body = ListView<AccountView>)))]
async fn list(mut call: Call) -> Reply {
    let ListQuery { organization_id, member_id, sort } = call.query();
    let asked = call.page(sort);
    call.read(move |conn, context| {
        let rows = accounts::list(conn, context, organization_id.as_ref(), member_id.as_ref(), &asked.page)?;
        let key = |row: &(ServiceAccount, _)| row.0.id;
        Ok(asked.answer(rows, key, |(account, scopes)| AccountView::of(&account, scopes))?)
    })
    .await
}

/// Create a service account for a member of the kind `machine`.
///
/// People sign in by an invitation. The secret is shown this once. An `integration` needs a scope `unit:<code>` for every unit whose sheet it writes.
#[utoipa::path(post, path = "/v1/service-accounts", request_body = NewBody, responses((status = 201, description = "Created.", body = SecretView)))]
async fn create(call: Call) -> Reply {
    let input = call.body::<NewBody>().map(|body| NewServiceAccount { member_id: body.member_id, scopes: body.scopes });
    call.with_secret()
        .write(move |conn, context| {
            let (account, secret) = accounts::create(conn, context, &input)?;
            let place = format!("/v1/service-accounts/{}", account.value.account.id);
            Ok(Answer::created(&SecretView::of(&account, secret), account.tag.header(), place)?)
        })
        .await
}

/// Get a service account.
#[utoipa::path(get, path = "/v1/service-accounts/{id}", responses((status = 200, description = "The account.", body = AccountView)))]
async fn get(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| {
        let account = context.get::<OwnedAccount>(conn, &id)?;
        Ok(Answer::ok(&AccountView::from(&account), account.tag.header())?)
    })
    .await
}

/// Replace the secret of a service account.
///
/// The secret before stays good for 24 hours, so that every instance of the client can be given the new one.
#[utoipa::path(post, path = "/v1/service-accounts/{id}/rotate", responses((status = 200, description = "The new secret.", body = SecretView)))]
async fn rotate(call: Call) -> Reply {
    let id = call.id("id")?;
    call.with_secret()
        .act(move |conn, context| {
            let (account, secret) = accounts::rotate(conn, context, &id)?;
            Ok(Answer::ok(&SecretView::of(&account, secret), account.tag.header())?)
        })
        .await
}

/// Delete a service account.
///
/// Its secret and its tokens stop working at once.
#[utoipa::path(delete, path = "/v1/service-accounts/{id}", operation_id = "delete", responses((status = 204, description = "Deleted.")))]
async fn revoke(call: Call) -> Reply {
    let id = call.id("id")?;
    call.act(move |conn, context| {
        accounts::revoke(conn, context, &id)?;
        Ok(Answer::nothing())
    })
    .await
}
