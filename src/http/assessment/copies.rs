//! Copies of a period: `/v1/periods/{id}/copy`.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::assessment::carry_over::{CarriedPart, NotCarried};
use crate::error::Code;
use crate::http::assessment::period_changes::CopyBody;
use crate::http::assessment::periods::PeriodView;
use crate::http::call::{Call, Reply};
use crate::http::operation::{Operation, creates, operations};
use crate::service::assessment::copies::{self, NewCopy};
use crate::service::{Answer, Input};

/// Returns the operations on copies of a period.
pub fn operations() -> Vec<Operation> {
    operations![Periods, "periods";
        copy: creates(Action::CopyPeriod).refuses(COPY_REFUSALS),
    ]
}

const COPY_REFUSALS: &[Code] = &[Code::InvalidState, Code::AlreadyExists, Code::UnknownReference, Code::Duplicate];

/// A copy of a period, with what it leaves behind.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CopiedPeriod)]
struct CopiedView {
    #[serde(flatten)]
    period: PeriodView,
    /// What is left behind with the original: targets, and with `carry_over` submissions, lines and evidence.
    not_carried: Vec<NotCarriedView>,
}

/// Something that a copy leaves behind.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NotCarried)]
struct NotCarriedView {
    /// Id of the unit.
    unit_id: Id,
    /// What it is.
    part: CarriedPart,
    /// Code of the criterion; null for a whole submission.
    #[schema(example = "A.II.1")]
    criterion_code: Option<String>,
    /// Why, as a problem code.
    #[schema(example = "rule_changed")]
    why: &'static str,
}

impl From<NotCarried> for NotCarriedView {
    fn from(left: NotCarried) -> Self {
        let NotCarried { unit_id, part, criterion_code, why } = left;
        NotCarriedView { unit_id, part, criterion_code, why: why.row().code }
    }
}

/// Copy a period into a new draft.
///
/// From a period in any state: its settings, other than those given, its active units and its targets. The code of a cancelled
/// period is free again; of any other the copy needs one of its own. With `carry_over`, from a cancelled period, each unit finds
/// in the copy what it had written: when the draft opens, its lines whose criteria still exist with the same rule, and its
/// evidence, are there as a draft. `not_carried` lists what cannot be carried as the copy stands now: a criterion that is gone
/// (`unknown_criterion`), another rule (`rule_changed`), an answer that the new table refuses, or a unit that does not take part.
/// Opening the copy works it out again and records it in the audit.
#[utoipa::path(post, path = "/v1/periods/{id}/copy", request_body = CopyBody, responses((status = 201, description = "Copied.", body = CopiedView)))]
async fn copy(call: Call) -> Reply {
    let id = call.id("id")?;
    let input: Input<NewCopy> = call
        .body::<CopyBody>()
        .map(|body| NewCopy { carry_over: body.carry_over, changes: Box::new(move |rules| body.apply(rules)) });
    call.write(move |conn, context| {
        let (details, left) = copies::copy(conn, context, &id, &input)?;
        let not_carried = left.into_iter().map(NotCarriedView::from).collect();
        let place = format!("/v1/periods/{}", details.value.id);
        Ok(Answer::created(&CopiedView { period: (&details).into(), not_carried }, details.tag.header(), place)?)
    })
    .await
}
