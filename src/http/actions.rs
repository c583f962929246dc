//! The actions available on a resource, and those blocked, as every resource with a life cycle reports them.

use serde::Serialize;
use utoipa::ToSchema;

use super::json::AnyObject;
use super::time::Instant;
use crate::domain::access::Offers;
use crate::domain::access::action::{Action, reading};
use crate::error::Params;

/// An action that the caller may perform now.
#[derive(Debug, Serialize, ToSchema)]
pub struct AllowedAction {
    /// Name of the action.
    #[schema(example = "submit")]
    pub action: &'static str,
    /// HTTP method of the request that performs it.
    #[schema(example = "POST")]
    pub method: &'static str,
    /// Path of the request that performs it.
    #[schema(example = "/v1/submissions/018b88d6-5f80-7000-8000-000000000001/submit")]
    pub href: String,
    /// Until when it is available; null if the passing of time does not end it.
    pub until: Option<Instant>,
}

/// An action that the caller's role allows, but that is not available now.
#[derive(Debug, Serialize, ToSchema)]
pub struct BlockedAction {
    /// Name of the action.
    #[schema(example = "return")]
    pub action: &'static str,
    /// Problem code that the request would be rejected with.
    #[schema(example = "invalid_state")]
    pub code: &'static str,
    /// Parameters of the problem, as in `Problem`.
    #[schema(value_type = AnyObject)]
    pub params: Params,
}

/// The actions on a resource.
#[derive(Debug, Serialize, ToSchema)]
pub struct Actions {
    /// Actions that the caller may perform now.
    pub allowed_actions: Vec<AllowedAction>,
    /// Actions that the caller's role allows, but that are not available now, with the reason.
    pub blocked_actions: Vec<BlockedAction>,
}

impl Actions {
    /// Returns the actions on the resource at the path `base`.
    pub fn of(offers: &Offers, base: &str) -> Self {
        let allowed = offers.allowed.iter().map(|(action, until)| {
            let (action, method, href) = link(*action, base);
            AllowedAction { action, method, href, until: until.map(Instant) }
        });
        let blocked = offers.blocked.iter().map(|(action, error)| BlockedAction {
            action: call(*action).0,
            code: error.code.row().code,
            params: error.params.clone(),
        });
        Actions { allowed_actions: allowed.collect(), blocked_actions: blocked.collect() }
    }
}

/// Returns the name of an action, and the method and path of the request that performs it on the resource at `base`.
pub fn link(action: Action, base: &str) -> (&'static str, &'static str, String) {
    let (name, method, place) = call(action);
    let href = match place {
        "" => base.to_owned(),
        place if place.starts_with('/') => place.to_owned(),
        place => format!("{base}/{place}"),
    };
    (name, method, href)
}

/// Returns the name, method and path of an action. The path is relative to the resource unless it begins with a slash.
#[expect(clippy::match_same_arms, reason = "reading is told apart from what is not offered")]
const fn call(action: Action) -> (&'static str, &'static str, &'static str) {
    match action {
        Action::WriteCriteriaSet => ("replace", "PUT", ""),
        Action::PublishCriteriaSet => ("publish", "POST", "publish"),
        Action::RetireCriteriaSet => ("retire", "POST", "retire"),
        Action::CopyCriteriaSet | Action::CopyPeriod => ("copy", "POST", "copy"),
        Action::ChangePeriod | Action::WriteSession => ("change", "PATCH", ""),
        Action::SetTargets => ("set_targets", "PUT", "targets"),
        Action::JoinUnit => ("add-unit", "POST", "units"),
        Action::SetUnitAside => ("set-aside", "POST", "units/{unit_id}/set-aside"),
        Action::Open => ("open", "POST", "open"),
        Action::StartAppraisal => ("start-appraisal", "POST", "start-appraisal"),
        Action::StartCouncilReview => ("start-council-review", "POST", "start-council-review"),
        Action::Finalize => ("finalize", "POST", "finalize"),
        Action::StepBack => ("step-back", "POST", "step-back"),
        Action::Announce => ("announce", "POST", "announce"),
        Action::CorrectNotice => ("correct-notice", "POST", "correct-notice"),
        Action::Close | Action::CloseSession => ("close", "POST", "close"),
        Action::Cancel | Action::CancelSession => ("cancel", "POST", "cancel"),
        Action::WriteScores | Action::WriteReview(_) | Action::WriteOwnReview => ("write_scores", "PATCH", "scores"),
        Action::CreateSubmission => ("create", "POST", "/v1/submissions"),
        Action::CreateSession => ("create", "POST", "/v1/council-sessions"),
        Action::WriteEvidence => ("add_evidence", "POST", "evidence"),
        Action::Submit | Action::SubmitReview(_) | Action::SubmitOwnReview | Action::SubmitProposal => {
            ("submit", "POST", "submit")
        }
        Action::ReopenReview(_) | Action::ReopenOwnReview => ("reopen", "POST", "reopen"),
        Action::Withdraw => ("withdraw", "POST", "withdraw"),
        Action::Assign => ("assign", "PUT", "assignments/{stage}"),
        Action::Return | Action::ReturnProposal => ("return", "POST", "return"),
        Action::Appraise => ("appraise", "POST", "/v1/reviews"),
        Action::CouncilReview | Action::ScoreAlone => ("council_review", "POST", "/v1/reviews"),
        Action::HoldSession => ("hold", "POST", "hold"),
        Action::AttachMinutes => ("attach_minutes", "PUT", "minutes"),
        Action::DeclareRecusal => ("declare", "POST", "/v1/recusals"),
        Action::WithdrawRecusal => ("withdraw", "POST", "withdraw"),
        Action::CorrectSession => ("correct", "POST", "correct"),
        Action::AttachDocument => ("attach_document", "PUT", "documents/{code}"),
        Action::AttachAchievementReport => ("attach_achievement_report", "PUT", "documents/achievement_report"),
        Action::WriteFacts => ("write_facts", "PUT", ""),
        Action::DecideTie => ("decide_tie", "POST", "tie-decisions"),
        Action::RecordDecision => ("record-decision", "POST", "record-decision"),
        Action::WithdrawProposal => ("withdraw", "POST", "withdraw"),
        Action::RequestAmendment => ("amend", "POST", "amendments"),
        Action::ApproveAmendment => ("approve", "POST", "approve"),
        Action::RejectAmendment => ("reject", "POST", "reject"),
        Action::CorrectDecision => ("correct-decision", "POST", "correct-decision"),
        Action::ExtendDeadline => ("extend", "POST", "extensions"),
        Action::CorrectExtension => ("correct-extension", "POST", "extensions/{n}/correct"),
        Action::WaiveDeadline => ("waive", "POST", "waive"),
        Action::UnwaiveDeadline => ("unwaive", "POST", "unwaive"),
        reading!() => ("read", "GET", ""),
        // Not offered: their records have no life cycle.
        Action::WriteOrganization
        | Action::WriteVoteThresholds
        | Action::CheckDeadlines
        | Action::WriteCalendar
        | Action::WriteWebhook
        | Action::WriteUnit
        | Action::WriteMember => ("read", "GET", ""),
    }
}
