//! What was done wrongly to a period, and the way out of it.

use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{ChangedView, PeriodView, changed_answer, details_answer};
use crate::domain::access::action::Action;
use crate::domain::assessment::steps::{Announcement, StepBack};
use crate::error::Code;
use crate::http::call::{Call, Reply};
use crate::http::operation::{Operation, acts, operations};
use crate::http::time::Day;
use crate::service::assessment::step_back;
use crate::service::award::announcement::{self, NoticeCorrection};

/// Returns the operations that correct a period.
pub fn operations() -> Vec<Operation> {
    operations![Periods, "periods";
        step_back: acts(Action::StepBack).refuses(STEP_BACK_REFUSALS),
        correct_notice: acts(Action::CorrectNotice).refuses(CORRECT_NOTICE_REFUSALS),
    ]
}

const STEP_BACK_REFUSALS: &[Code] = &[Code::DateInPast, Code::DateNotAsked, Code::ScheduleOutOfOrder];
const CORRECT_NOTICE_REFUSALS: &[Code] =
    &[Code::NoticeBeforeSession, Code::NoticeInFuture, Code::NothingCorrected, Code::CalendarRange];

/// A step back to the stage before.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StepBack, example = json!({"reason": "Bắt đầu thẩm định khi còn đơn vị chưa gửi", "self_assessment_due_on": "2023-11-14"}))]
struct StepBackBody {
    /// Why the stage must be gone through again; at most 4,000 characters.
    reason: String,
    /// New due date of the submissions, not in the past; only where the self-assessment begins again. Without it, the gates
    /// stay as they are.
    self_assessment_due_on: Option<Day>,
}

/// The result notice as it should be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CorrectNotice, example = json!({"notice_number": "1243/TB-VP", "notice_on": "2023-11-30", "reason": "Ghi nhầm số thông báo"}))]
struct CorrectNoticeBody {
    /// Number of the notice; at most 64 characters.
    notice_number: String,
    /// Date of the notice: not before the council's session and not in the future.
    notice_on: Day,
    /// Why it is corrected; at most 4,000 characters.
    reason: String,
}

/// Go back to the stage before.
///
/// The way out of a stage that was started too early, until the results are announced: from the appraisal to the
/// self-assessment, from the council review to the appraisal, from the final ranking to the council review. What the later
/// stage wrote is kept as superseded: its reviews with `superseded_at`, drafts included, and the frozen ranking, whose next
/// version the next `finalize` makes. Sessions of the council that were held are cancelled with its review. The submissions go back to the state
/// in which that stage found them; the answer lists them. With a new due date, missed submissions become drafts again, as do
/// all of them where late submissions are accepted.
#[utoipa::path(post, path = "/v1/periods/{id}/step-back", request_body = StepBackBody, responses((status = 200, description = "In the stage before.", body = ChangedView)))]
async fn step_back(call: Call) -> Reply {
    let id = call.id("id")?;
    let input = call.body::<StepBackBody>().map(|body| StepBack {
        reason: body.reason,
        self_assessment_due_on: body.self_assessment_due_on.map(NaiveDate::from),
    });
    call.write(move |conn, context| {
        let (details, moved) = step_back::step_back(conn, context, &id, &input)?;
        changed_answer(&details, &moved)
    })
    .await
}

/// Correct the number or the date of the result notice.
///
/// The wrong notice is kept. Dossiers that are not submitted become due by the new date; every deadline that moves has an audit
/// entry and an event `deadline.moved` that say from where.
#[utoipa::path(post, path = "/v1/periods/{id}/correct-notice", request_body = CorrectNoticeBody, responses((status = 200, description = "Corrected.", body = PeriodView)))]
async fn correct_notice(call: Call) -> Reply {
    let id = call.id("id")?;
    let input = call.body::<CorrectNoticeBody>().map(|body| NoticeCorrection {
        notice: Announcement { notice_number: body.notice_number, notice_on: body.notice_on.into() },
        reason: body.reason,
    });
    call.write(move |conn, context| details_answer(&announcement::correct_notice(conn, context, &id, &input)?)).await
}
