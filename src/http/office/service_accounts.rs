//! Service accounts: `/v1/service-accounts`.

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

/// Returns the operations on `service_accounts`.
pub fn operations() -> Vec<Operation> {
    operations![Auth, "service_accounts";
        create: creates(Action::WriteMember).answers_secret().refuses(CREATE_REFUSALS),
        get: reads(Action::WriteMember),
        rotate: acts(Action::WriteMember).answers_secret(),
        revoke: deletes(Action::WriteMember),
    ]
}

const CREATE_REFUSALS: &[Code] = &[Code::InvalidScope, Code::UnknownReference];

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
    /// Version of the service account; it increases with every change.
    version: i64,
    /// When the service account was created.
    created_at: Instant,
    /// When the service account was last changed.
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
    fn of(owned: &OwnedAccount, client_secret: String) -> Self {
        SecretView { account: (&owned.account).into(), client_secret }
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

/// Create a service account for a member.
///
/// The secret is shown only once. An `integration` needs a scope `unit:<code>` for every unit that it submits for.
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

/// Get a service account.
#[utoipa::path(get, path = "/v1/service-accounts/{id}", responses((status = 200, description = "The account.", body = AccountView)))]
async fn get(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| {
        let account = context.get::<OwnedAccount>(conn, &id)?;
        Ok(Answer::ok(&AccountView::from(&account.value.account), account.tag.header())?)
    })
    .await
}

/// Replace the secret of a service account.
///
/// The previous secret stops working at once; tokens obtained with it remain valid until they expire.
#[utoipa::path(post, path = "/v1/service-accounts/{id}/rotate", responses((status = 200, description = "The account with its new secret.", body = SecretView)))]
async fn rotate(call: Call) -> Reply {
    let id = call.id("id")?;
    call.with_secret()
        .act(move |conn, context| {
            let (account, secret) = accounts::rotate(conn, context, &id)?;
            Ok(Answer::ok(&SecretView::of(&account.value, secret), account.tag.header())?)
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
