//! Actions on resources, and the states that allow them.

use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::domain::journal::event::Audience;
use crate::error::{Code, Error};

/// An action on a resource: one variant for each operation, or for operations that always go together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(test, derive(strum::EnumCount))]
#[serde(rename_all = "snake_case")]
pub enum Action {
    ReadOrganization,
    WriteOrganization,
    WriteVoteThresholds,
    ReadOffice,
    WriteUnit,
    ReadMembers,
    WriteMember,
    ReadCriteriaDraft,
    WriteCriteriaSet,
    PublishCriteriaSet,
    RetireCriteriaSet,
    CopyCriteriaSet,
    ChangePeriod,
    SetTargets,
    CopyPeriod,
    JoinUnit,
    SetUnitAside,
    Open,
    StartAppraisal,
    StartCouncilReview,
    Finalize,
    StepBack,
    Announce,
    CorrectNotice,
    Close,
    Cancel,
    ReadSubmission,
    /// To read lines that their unit has not submitted.
    ReadUnsentLines,
    CreateSubmission,
    WriteScores,
    WriteEvidence,
    Submit,
    Withdraw,
    Return,
    /// To see who is to review a submission.
    ReadAssignments,
    /// To say who is to review a submission.
    Assign,
    Appraise,
    CouncilReview,
    ReadReview(Stage),
    ReadReviewDraft(Stage),
    WriteReview(Stage),
    SubmitReview(Stage),
    ReopenReview(Stage),
    /// To start a review of one's own, where the members of the council score alone.
    ScoreAlone,
    ReadOwnReview,
    WriteOwnReview,
    SubmitOwnReview,
    ReopenOwnReview,
    ReadFacts,
    WriteFacts,
    ReadRanking,
    /// To see everything that a ranking is computed from.
    ReadRankingInputs,
    /// To see the mean of those who score alone before the ranking is final.
    ReadMeans,
    ReadTieDecisions,
    DecideTie,
    ReadSessions,
    CreateSession,
    WriteSession,
    HoldSession,
    CloseSession,
    CorrectSession,
    CancelSession,
    AttachMinutes,
    ReadRecusals,
    DeclareRecusal,
    WithdrawRecusal,
    ReadProposal,
    AttachDocument,
    AttachAchievementReport,
    SubmitProposal,
    ReturnProposal,
    RecordDecision,
    CorrectDecision,
    WithdrawProposal,
    ReadAmendment,
    RequestAmendment,
    ApproveAmendment,
    RejectAmendment,
    ReadAudit,
    /// To read audit entries that contain scores, and the hashes, from which a score could be guessed.
    ReadAuditScores,
    ReadDeadline,
    ExtendDeadline,
    CorrectExtension,
    WaiveDeadline,
    UnwaiveDeadline,
    CheckDeadlines,
    WriteCalendar,
    ReadWebhook,
    WriteWebhook,
    /// To read events for an audience.
    ReadEvents(Audience),
}

/// The pattern of the acts that only read: a match over all acts has one arm for them.
macro_rules! reading {
    () => {
        Action::ReadOrganization
            | Action::ReadOffice
            | Action::ReadMembers
            | Action::ReadCriteriaDraft
            | Action::ReadSubmission
            | Action::ReadUnsentLines
            | Action::ReadAssignments
            | Action::ReadReview(_)
            | Action::ReadReviewDraft(_)
            | Action::ReadOwnReview
            | Action::ReadFacts
            | Action::ReadRanking
            | Action::ReadRankingInputs
            | Action::ReadMeans
            | Action::ReadTieDecisions
            | Action::ReadSessions
            | Action::ReadRecusals
            | Action::ReadProposal
            | Action::ReadAmendment
            | Action::ReadAudit
            | Action::ReadAuditScores
            | Action::ReadDeadline
            | Action::ReadWebhook
            | Action::ReadEvents(_)
    };
}
pub(crate) use reading;

/// Stage of a review.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[cfg_attr(test, derive(strum::VariantArray))]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Thẩm định: the appraisal by the standing body.
    Appraisal,
    /// The review by the council.
    Council,
}

impl Stage {
    /// Returns the action that starts a review of this stage.
    pub const fn action(self) -> Action {
        match self {
            Stage::Appraisal => Action::Appraise,
            Stage::Council => Action::CouncilReview,
        }
    }
}

/// Returns the states that allow an action according to a table, or none if it is not an action on this kind of
/// resource.
pub fn needs<S>(table: &[(&[Action], &'static [S])], action: Action) -> &'static [S] {
    table.iter().find(|(actions, _)| actions.contains(&action)).map_or(&[], |(_, needs)| needs)
}

/// Returns the error for an action that the state does not allow: 409 `invalid_state` with the states that do.
pub fn wrong_state<S: Serialize>(state: S, needs: &[S]) -> Error {
    Error::new(Code::InvalidState).with("state", json!(state)).with("needs", json!(needs))
}
