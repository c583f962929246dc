//! `/v1/deadline-checks`.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::access::action::Action;
use crate::domain::journal::event::EventType;
use crate::error::Code;
use crate::http::call::{Call, Reply, body_tag};
use crate::http::journal::events::SubjectView;
use crate::http::json::AnyObject;
use crate::http::operation::{Operation, operations, runs};
use crate::http::time::Instant;
use crate::service::Answer;
use crate::service::schedule::deadline_checks::{self, CheckReport, CheckRequest, Effect};

/// The operations on `deadline_checks`.
pub fn operations() -> Vec<Operation> {
    operations![Deadlines, "deadline_checks";
        check: runs(Action::CheckDeadlines).refuses(CHECK_REFUSALS),
    ]
}

const CHECK_REFUSALS: &[Code] = &[Code::OrganizationRequired];

/// What to check.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DeadlineCheckBody, example = json!({"dry_run": true}))]
struct CheckBody {
    /// May be left out by who belongs to one organisation only.
    organization_id: Option<Id>,
    /// Only tell what it would do. Default `false`.
    #[serde(default)]
    dry_run: bool,
}

/// One thing that the clock has caused.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeadlineCheckChange)]
struct CausedView {
    #[serde(rename = "type")]
    kind: EventType,
    subject: SubjectView,
    period_id: Option<Id>,
    unit_id: Option<Id>,
    /// As in the event.
    #[schema(value_type = AnyObject)]
    data: Value,
}

impl From<&Effect> for CausedView {
    fn from(caused: &Effect) -> Self {
        CausedView {
            kind: caused.kind,
            subject: SubjectView { kind: caused.subject_type.to_owned(), id: caused.subject_id },
            period_id: caused.period_id,
            unit_id: caused.unit_id,
            data: caused.data.clone(),
        }
    }
}

/// What came of a check.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeadlineCheck)]
pub struct CheckView {
    organization_id: Id,
    #[schema(example = "VP-UBND")]
    organization_code: String,
    checked_at: Instant,
    dry_run: bool,
    /// What the clock has caused since the last check; nothing the second time.
    changes: Vec<CausedView>,
    /// How many deadlines are near.
    due_soon: i64,
    /// How many have passed and can still be met.
    overdue: i64,
    /// When the clock alone causes something next.
    next_check_at: Option<Instant>,
}

impl From<&CheckReport> for CheckView {
    fn from(checked: &CheckReport) -> Self {
        CheckView {
            organization_id: checked.organization_id,
            organization_code: checked.organization_code.clone(),
            checked_at: Instant(checked.at),
            dry_run: checked.dry_run,
            changes: checked.effects.iter().map(CausedView::from).collect(),
            due_soon: checked.due_soon,
            overdue: checked.overdue,
            next_check_at: checked.next_check_at.map(Instant),
        }
    }
}

/// Check the deadlines.
///
/// Applies what the clock alone causes: sheets that are missed, reminders of what is near, word of what has passed, each once. The service
/// does the same by itself every half minute, so nothing depends on this call; it says what was left to do.
#[utoipa::path(post, path = "/v1/deadline-checks", operation_id = "run", request_body = Option<CheckBody>, responses((status = 200, description = "What was done.", body = CheckView)))]
async fn check(call: Call) -> Reply {
    let input = call.body_or_default::<CheckBody>();
    let input = input.map(|body| CheckRequest { organization_id: body.organization_id, dry_run: body.dry_run });
    call.write(move |conn, context| {
        let view = CheckView::from(&deadline_checks::check_requested(conn, context, &input)?);
        Ok(Answer::ok(&view, body_tag(&view)?)?)
    })
    .await
}
