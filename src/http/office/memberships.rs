//! `/v1/me/memberships`: what somebody entered for the caller's identity.

use crate::error::Code;
use crate::http::call::{Call, Reply};
use crate::http::office::members::MemberView;
use crate::http::operation::{Callers, Operation, acts, lists, operations, reads};
use crate::http::page::ListView;
use crate::service::office::memberships::{self, OwnMembership};
use crate::service::{Answer, Details, Interrupt};

/// The operations on `me_memberships`.
pub fn operations() -> Vec<Operation> {
    operations![Auth, "me_memberships";
        list: lists(Callers::Authenticated),
        get: reads(Callers::Authenticated),
        accept: acts(Callers::Authenticated).refuses(REFUSALS),
        decline: acts(Callers::Authenticated).refuses(REFUSALS),
    ]
}

const REFUSALS: &[Code] = &[Code::InvalidState];

fn answer(details: &Details<OwnMembership>) -> Result<Answer, Interrupt> {
    Ok(Answer::ok(&MemberView::from(&details.value.0), details.tag.header())?)
}

/// List the caller's memberships.
///
/// Those that have not ended, with those that wait to be accepted: they give nothing until then.
#[utoipa::path(get, path = "/v1/me/memberships", responses((status = 200, description = "All of them, oldest first.", body = ListView<MemberView>)))]
async fn list(mut call: Call) -> Reply {
    let asked = call.page_in_order();
    call.read(move |conn, context| {
        let own = memberships::list(conn, context)?;
        Ok(asked.answer_of_all(own, |member| member.id.to_string(), |member| MemberView::from(&member))?)
    })
    .await
}

/// Read one of the caller's memberships.
#[utoipa::path(get, path = "/v1/me/memberships/{id}", responses((status = 200, description = "The membership.", body = MemberView)))]
async fn get(call: Call) -> Reply {
    let id = call.id("id")?;
    call.read(move |conn, context| answer(&context.get(conn, &id)?)).await
}

/// Accept a membership that waits.
///
/// It counts from then on, on its days.
#[utoipa::path(post, path = "/v1/me/memberships/{id}/accept", responses((status = 200, description = "Accepted.", body = MemberView)))]
async fn accept(call: Call) -> Reply {
    let id = call.id("id")?;
    call.act(move |conn, context| answer(&memberships::accept(conn, context, &id)?)).await
}

/// Decline a membership that waits.
///
/// It ends, and gives nothing.
#[utoipa::path(post, path = "/v1/me/memberships/{id}/decline", responses((status = 200, description = "Declined.", body = MemberView)))]
async fn decline(call: Call) -> Reply {
    let id = call.id("id")?;
    call.act(move |conn, context| answer(&memberships::decline(conn, context, &id)?)).await
}
