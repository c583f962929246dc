//! `/v1/service-accounts`.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::office::member::ServiceAccount;
use crate::error::Code;
use crate::http::call::{Call, Reply};
use crate::http::operation::{Operation, acts, creates, deletes, operations, reads};
use crate::http::time::Instant;
use crate::service::Answer;
use crate::service::office::accounts::{self, NewServiceAccount, OwnedAccount};

/// The operations on `service_accounts`.
pub fn operations() -> Vec<Operation> {
    operations![Auth, "service_accounts";
        create: creates(Action::WriteMember).answers_secret().refuses(CREATE_REFUSALS),
        get: reads(Action::WriteMember),
        rotate: acts(Action::WriteMember).answers_secret(),
        revoke: deletes(Action::WriteMember),
    ]
}

const CREATE_REFUSALS: &[Code] = &[Code::InvalidScope, Code::UnknownReference];

/// A machine's way in, without its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceAccount)]
struct AccountView {
    id: Id,
    /// As whom it acts.
    member_id: Id,
    client_id: String,
    /// What its tokens are narrowed to; null: all that the roles give.
    scopes: Option<Vec<String>>,
    version: i64,
    created_at: Instant,
    updated_at: Instant,
}

impl From<&ServiceAccount> for AccountView {
    fn from(account: &ServiceAccount) -> Self {
        AccountView {
            id: account.id,
            member_id: account.member_id,
            client_id: account.client_id.clone(),
            scopes: account.scopes.as_ref().map(|scopes| scopes.split(' ').map(str::to_owned).collect()),
            version: account.version,
            created_at: Instant(account.created_at),
            updated_at: Instant(account.updated_at),
        }
    }
}

/// A machine's way in, with the secret that is shown this once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ServiceAccountSecret)]
struct SecretView {
    #[serde(flatten)]
    account: AccountView,
    /// Shown this once.
    client_secret: String,
}

impl SecretView {
    fn of(owned: &OwnedAccount, client_secret: String) -> Self {
        SecretView { account: (&owned.account).into(), client_secret }
    }
}

/// A new service account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CreateServiceAccount, example = json!({"member_id": "018b88d6-5f80-7000-8000-000000000001", "scopes": ["read", "write", "unit:TH"]}))]
struct NewBody {
    member_id: Id,
    /// `read`, `write`, `deadlines:check`, `unit:<code>`; absent: all that the roles give.
    scopes: Option<Vec<String>>,
}

/// Create a service account for a member.
///
/// The secret is shown this once. An `integration` needs a scope `unit:<code>` for every unit whose sheet it writes.
#[utoipa::path(post, path = "/v1/service-accounts", request_body = NewBody, responses((status = 201, description = "Created.", body = SecretView)))]
async fn create(call: Call) -> Reply {
    let input = call.body::<NewBody>().map(|body| NewServiceAccount { member_id: body.member_id, scopes: body.scopes });
    call.with_secret()
        .write(move |conn, context| {
            let (account, secret) = accounts::create(conn, context, &input)?;
            let place = format!("/v1/service-accounts/{}", account.value.account.id);
            Ok(Answer::created(&SecretView::of(&account.value, secret), account.tag.header(), place)?)
        })
        .await
}

/// Read a service account.
#[utoipa::path(get, path = "/v1/service-accounts/{id}", responses((status = 200, description = "The account.", body = AccountView)))]
async fn get(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| {
        let account = context.get::<OwnedAccount>(conn, &id)?;
        Ok(Answer::ok(&AccountView::from(&account.value.account), account.tag.header())?)
    })
    .await
}

/// Give a service account a new secret.
///
/// The old secret is of no use from then on; tokens fetched with it live to their end.
#[utoipa::path(post, path = "/v1/service-accounts/{id}/rotate", responses((status = 200, description = "The new secret.", body = SecretView)))]
async fn rotate(call: Call) -> Reply {
    let id = call.id("id")?;
    call.with_secret()
        .act(move |conn, context| {
            let (account, secret) = accounts::rotate(conn, context, &id)?;
            Ok(Answer::ok(&SecretView::of(&account.value, secret), account.tag.header())?)
        })
        .await
}

/// End a service account.
///
/// Its secret and its tokens are of no use from then on.
#[utoipa::path(delete, path = "/v1/service-accounts/{id}", operation_id = "delete", responses((status = 204, description = "Ended.")))]
async fn revoke(call: Call) -> Reply {
    let id = call.id("id")?;
    call.act(move |conn, context| {
        accounts::revoke(conn, context, &id)?;
        Ok(Answer::nothing())
    })
    .await
}
