//! Deadline checks: `/v1/deadline-checks`.

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

/// Returns the operations on `deadline_checks`.
pub fn operations() -> Vec<Operation> {
    operations![Deadlines, "deadline_checks";
        check: runs(Action::CheckDeadlines).refuses(CHECK_REFUSALS),
    ]
}

const CHECK_REFUSALS: &[Code] = &[Code::OrganizationRequired];

/// Options of a deadline check.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DeadlineCheckBody, example = json!({"dry_run": true}))]
struct CheckBody {
    /// Id of the organisation. Callers who belong to only one may omit it.
    organization_id: Option<Id>,
    /// Whether only to report what the check would do; defaults to `false`.
    #[serde(default)]
    dry_run: bool,
}

/// A change caused by the passing of time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeadlineCheckChange)]
struct CausedView {
    /// Type of the event.
    #[serde(rename = "type")]
    kind: EventType,
    /// The record that changed.
    subject: SubjectView,
    /// The period that it belongs to; null if there is none.
    period_id: Option<Id>,
    /// The unit that it belongs to; null if there is none.
    unit_id: Option<Id>,
    /// Details, as in the event.
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

/// The result of a deadline check.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeadlineCheck)]
pub struct CheckView {
    /// The organisation that was checked.
    organization_id: Id,
    /// Code of the organisation.
    #[schema(example = "VP-UBND")]
    organization_code: String,
    /// When the check was made.
    checked_at: Instant,
    /// Whether nothing was changed.
    dry_run: bool,
    /// Changes caused by the passing of time since the last check; empty if the check is repeated.
    changes: Vec<CausedView>,
    /// Number of deadlines that are due soon.
    due_soon: i64,
    /// Number of deadlines that have passed and can still be met.
    overdue: i64,
    /// When the passing of time causes the next change; null if it causes none.
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
/// Applies the changes that the passing of time causes, each once: missed submissions, reminders, and events for
/// overdue deadlines. The service does the same every half minute, so nothing depends on this call; it reports what was
/// left to do.
#[utoipa::path(post, path = "/v1/deadline-checks", operation_id = "run", request_body = Option<CheckBody>, responses((status = 200, description = "The changes made.", body = CheckView)))]
async fn check(call: Call) -> Reply {
    let input = call.body_or_default::<CheckBody>();
    let input = input.map(|body| CheckRequest { organization_id: body.organization_id, dry_run: body.dry_run });
    call.write(move |conn, context| {
        let view = CheckView::from(&deadline_checks::check_requested(conn, context, &input)?);
        Ok(Answer::ok(&view, body_tag(&view)?)?)
    })
    .await
}
