//! What may I do now: the lists that every resource with a life cycle carries.

use serde::Serialize;
use utoipa::ToSchema;

use super::json::AnyObject;
use super::time::Instant;
use crate::domain::access::Offers;
use crate::domain::access::action::{Action, reading};
use crate::error::Params;

/// An act that would not be refused for right, state, clock or conflict.
#[derive(Debug, Serialize, ToSchema)]
pub struct AllowedAction {
    /// Its name.
    #[schema(example = "submit")]
    pub action: &'static str,
    /// The method of its call.
    #[schema(example = "POST")]
    pub method: &'static str,
    /// The path of its call.
    #[schema(example = "/v1/submissions/018b88d6-5f80-7000-8000-000000000001/submit")]
    pub href: String,
    /// Until when, if the clock ends it.
    pub until: Option<Instant>,
}

/// An act that the caller's role gives, but not now.
#[derive(Debug, Serialize, ToSchema)]
pub struct BlockedAction {
    /// Its name.
    #[schema(example = "return")]
    pub action: &'static str,
    /// The code that the call would be refused with.
    #[schema(example = "invalid_state")]
    pub code: &'static str,
    /// The figures of it.
    #[schema(value_type = AnyObject)]
    pub params: Params,
}

/// Both lists.
#[derive(Debug, Serialize, ToSchema)]
pub struct Actions {
    /// What would work.
    pub allowed_actions: Vec<AllowedAction>,
    /// What would not, and why.
    pub blocked_actions: Vec<BlockedAction>,
}

impl Actions {
    /// The lists of a resource at `base`.
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

/// An act's name, the method and the path of its call on a resource at `base`.
pub fn link(action: Action, base: &str) -> (&'static str, &'static str, String) {
    let (name, method, place) = call(action);
    let href = match place {
        "" => base.to_owned(),
        place if place.starts_with('/') => place.to_owned(),
        place => format!("{base}/{place}"),
    };
    (name, method, href)
}

/// An act's name, method and place: below the resource, or at the root where it begins with a slash.
const fn call(action: Action) -> (&'static str, &'static str, &'static str) {
    match action {
        Action::WriteCriteriaSet => ("replace", "PUT", ""),
        Action::PublishCriteriaSet => ("publish", "POST", "publish"),
        Action::RetireCriteriaSet => ("retire", "POST", "retire"),
        Action::CopyCriteriaSet => ("copy", "POST", "copy"),
        Action::ChangePeriod | Action::WriteSession => ("change", "PATCH", ""),
        Action::SetTargets => ("set_targets", "PUT", "targets"),
        Action::Open => ("open", "POST", "open"),
        Action::StartAppraisal => ("start-appraisal", "POST", "start-appraisal"),
        Action::StartCouncilReview => ("start-council-review", "POST", "start-council-review"),
        Action::Finalize => ("finalize", "POST", "finalize"),
        Action::Announce => ("announce", "POST", "announce"),
        Action::Close | Action::CloseSession => ("close", "POST", "close"),
        Action::Cancel => ("cancel", "POST", "cancel"),
        Action::WriteScores | Action::WriteReview(_) => ("write_scores", "PATCH", "scores"),
        Action::CreateSubmission => ("create", "POST", "/v1/submissions"),
        Action::CreateSession => ("create", "POST", "/v1/council-sessions"),
        Action::WriteEvidence => ("add_evidence", "POST", "evidence"),
        Action::Submit | Action::SubmitReview(_) | Action::SubmitProposal => ("submit", "POST", "submit"),
        Action::Withdraw => ("withdraw", "POST", "withdraw"),
        Action::Return | Action::ReturnProposal => ("return", "POST", "return"),
        Action::Appraise => ("appraise", "POST", "/v1/reviews"),
        Action::CouncilReview => ("council_review", "POST", "/v1/reviews"),
        Action::HoldSession => ("hold", "POST", "hold"),
        Action::AttachDocument => ("attach_document", "PUT", "documents/{code}"),
        Action::AttachAchievementReport => ("attach_achievement_report", "PUT", "documents/achievement_report"),
        Action::WriteFacts => ("write_facts", "PUT", ""),
        Action::DecideTie => ("decide_tie", "POST", "tie-decisions"),
        Action::RecordDecision => ("record-decision", "POST", "record-decision"),
        Action::ExtendDeadline => ("extend", "POST", "extensions"),
        Action::WaiveDeadline => ("waive", "POST", "waive"),
        reading!()
        | Action::WriteOrganization
        | Action::CheckDeadlines
        | Action::WriteCalendar
        | Action::WriteWebhook
        | Action::WriteUnit
        | Action::WriteMember => ("read", "GET", ""),
    }
}
