//! The table of roles and rights, row by row.

use super::action::{Action, Stage};
use crate::domain::assessment::submission::SubmissionStatus;
use crate::domain::journal::event::Audience;
use crate::domain::office::member::Role;

/// How far a role's right goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// The whole organisation.
    All,
    /// The own unit's.
    Own,
    /// The own unit's, once the results are announced.
    OwnAnnounced,
    /// Every unit's, once the results are announced.
    Announced,
    /// Every unit's but the own: recusal.
    Foreign,
    /// The same, from a status of the sheet on.
    ForeignFrom(SubmissionStatus),
    /// The units that the token's scope names.
    Scoped,
    /// What the member has made itself.
    OwnRecord,
    /// What falls to the member because recusal keeps away everybody who has it by role.
    StandIn,
}

/// The table: what each role may do.
#[rustfmt::skip]
#[expect(clippy::match_same_arms, reason = "a row an act, also where two acts are given alike")]
#[expect(clippy::too_many_lines, reason = "one table")]
pub(super) fn grants(action: Action) -> &'static [(Role, Reach)] {
    use Reach::{All, Announced, Foreign, ForeignFrom, Own, OwnAnnounced, OwnRecord, Scoped, StandIn};
    use Role::{Admin, Appraiser, Auditor, CouncilChair, CouncilMember, DeadlineChecker, Integration, Secretary, UnitEditor, UnitHead};
    use SubmissionStatus::{Appraised, Submitted};
    match action {
        Action::ReadOrganization | Action::ReadOffice => &[
            (UnitEditor, All), (UnitHead, All), (Appraiser, All), (CouncilMember, All), (CouncilChair, All), (Secretary, All),
            (Admin, All), (Integration, All), (Auditor, All), (DeadlineChecker, All),
        ],
        // The operator, who is a member of no organisation.
        Action::WriteOrganization => &[],
        Action::WriteUnit | Action::WriteMember | Action::WriteCriteriaSet | Action::PublishCriteriaSet | Action::RetireCriteriaSet
        | Action::CopyCriteriaSet | Action::WriteVoteThresholds => &[(Admin, All)],
        Action::ReadMembers => &[(CouncilChair, All), (Secretary, All), (Admin, All), (Auditor, All)],
        Action::ReadCriteriaDraft => &[(Appraiser, All), (Secretary, All), (Admin, All), (Auditor, All)],
        Action::ChangePeriod | Action::CopyPeriod | Action::SetTargets | Action::Open => &[(Secretary, All), (Admin, All)],
        Action::StartAppraisal => &[(Appraiser, All), (CouncilChair, All), (Secretary, All)],
        Action::StartCouncilReview | Action::Announce | Action::Close | Action::Cancel => &[(CouncilChair, All), (Secretary, All)],
        Action::Finalize | Action::StepBack | Action::CorrectNotice => &[(CouncilChair, All)],
        // Who presided in the chair's place.
        Action::CloseSession => &[(CouncilMember, OwnRecord), (CouncilChair, All)],
        Action::DecideTie => &[(CouncilMember, OwnRecord), (CouncilChair, Foreign)],
        Action::ReadSubmission => &[
            (UnitEditor, Own), (UnitHead, Own), (Appraiser, ForeignFrom(Submitted)), (CouncilMember, ForeignFrom(Appraised)),
            (CouncilChair, ForeignFrom(Appraised)), (Secretary, ForeignFrom(Submitted)), (Integration, Scoped), (Auditor, All),
        ],
        // What a unit is still writing is its own.
        Action::ReadUnsentLines => &[(UnitEditor, Own), (UnitHead, Own), (Integration, Scoped), (Auditor, All)],
        Action::CreateSubmission | Action::WriteScores | Action::WriteEvidence => &[(UnitEditor, Own), (UnitHead, Own), (Integration, Scoped)],
        Action::Submit | Action::Withdraw => &[(UnitHead, Own)],
        // Those who see the stages of a submission; its unit never does.
        Action::ReadAssignments => &[
            (Appraiser, ForeignFrom(Submitted)), (CouncilMember, ForeignFrom(Appraised)), (CouncilChair, ForeignFrom(Appraised)),
            (Secretary, ForeignFrom(Submitted)), (Auditor, All),
        ],
        Action::Assign => &[(Secretary, ForeignFrom(Submitted))],
        // Nobody can act on a sheet that is not there for them yet.
        Action::Return | Action::Appraise => &[(Appraiser, ForeignFrom(Submitted))],
        Action::CouncilReview => &[(CouncilChair, ForeignFrom(Appraised)), (Secretary, ForeignFrom(Submitted))],
        Action::WriteReview(Stage::Appraisal) | Action::SubmitReview(Stage::Appraisal) | Action::ReopenReview(Stage::Appraisal) => {
            &[(Appraiser, Foreign)]
        }
        Action::WriteReview(Stage::Council) | Action::SubmitReview(Stage::Council) | Action::ReopenReview(Stage::Council) => {
            &[(CouncilChair, Foreign), (Secretary, Foreign)]
        }
        Action::ScoreAlone => &[(CouncilMember, ForeignFrom(Appraised)), (CouncilChair, ForeignFrom(Appraised))],
        Action::ReadOwnReview => &[(CouncilMember, OwnRecord), (CouncilChair, OwnRecord), (Auditor, All)],
        Action::WriteOwnReview | Action::SubmitOwnReview | Action::ReopenOwnReview => {
            &[(CouncilMember, OwnRecord), (CouncilChair, OwnRecord)]
        }
        Action::ReadReview(_) => &[
            (UnitEditor, OwnAnnounced), (UnitHead, OwnAnnounced), (Appraiser, Foreign), (CouncilMember, Foreign),
            (CouncilChair, Foreign), (Secretary, Foreign), (Auditor, All),
        ],
        Action::ReadReviewDraft(Stage::Appraisal) => &[(Appraiser, Foreign), (Auditor, All)],
        Action::ReadReviewDraft(Stage::Council) => &[(CouncilChair, Foreign), (Secretary, Foreign), (Auditor, All)],
        Action::ReadFacts => &[
            (UnitEditor, Own), (UnitHead, Own), (Appraiser, All), (CouncilMember, All), (CouncilChair, All), (Secretary, All),
            (Integration, All), (Auditor, All),
        ],
        Action::WriteFacts => &[(Appraiser, Foreign), (Secretary, Foreign), (Integration, All)],
        Action::ReadRanking => &[
            (UnitEditor, Announced), (UnitHead, Announced), (Appraiser, All), (CouncilMember, All), (CouncilChair, All),
            (Secretary, All), (Admin, Announced), (Integration, Announced), (Auditor, All),
        ],
        Action::ReadRankingInputs => &[
            (Appraiser, Foreign), (CouncilMember, Foreign), (CouncilChair, Foreign), (Secretary, Foreign), (Auditor, All),
        ],
        // Those who score see it once it is final.
        Action::ReadMeans => &[(Secretary, All), (Auditor, All)],
        Action::ReadTieDecisions => &[(CouncilChair, All), (Secretary, All), (Auditor, All)],
        Action::ReadSessions => &[(Appraiser, All), (CouncilMember, All), (CouncilChair, All), (Secretary, All), (Auditor, All)],
        Action::CreateSession | Action::WriteSession | Action::CorrectSession | Action::CancelSession
        | Action::AttachMinutes => &[(CouncilChair, All), (Secretary, All)],
        // The own ones; the chair and the secretary those of others as well.
        Action::ReadRecusals => &[
            (Appraiser, OwnRecord), (CouncilMember, OwnRecord), (CouncilChair, All), (Secretary, All), (Auditor, All),
        ],
        Action::DeclareRecusal => &[(Appraiser, OwnRecord), (CouncilMember, OwnRecord), (CouncilChair, All), (Secretary, All)],
        Action::WithdrawRecusal => &[(CouncilChair, All), (Secretary, All)],
        Action::HoldSession => &[(Secretary, All)],
        Action::ReadProposal => &[
            (UnitEditor, Own), (UnitHead, Own), (Appraiser, All), (CouncilMember, All), (CouncilChair, All), (Secretary, All),
            (Integration, All), (Auditor, All),
        ],
        Action::AttachDocument | Action::ReturnProposal => &[(Secretary, All)],
        Action::AttachAchievementReport => &[(Secretary, All), (UnitHead, Own)],
        Action::SubmitProposal => &[(CouncilChair, All), (Secretary, All)],
        Action::RecordDecision => &[(Secretary, All), (Integration, All)],
        Action::CorrectDecision | Action::JoinUnit | Action::SetUnitAside => &[(Secretary, All)],
        // In the chair's place, who presided; in the secretary's, the chair.
        Action::WithdrawProposal => &[(CouncilMember, StandIn), (CouncilChair, Foreign)],
        Action::ReadAmendment => &[(CouncilMember, StandIn), (CouncilChair, Foreign), (Secretary, Foreign), (Auditor, All)],
        Action::RequestAmendment => &[(CouncilChair, StandIn), (Secretary, Foreign)],
        Action::ApproveAmendment | Action::RejectAmendment => &[(CouncilMember, StandIn), (CouncilChair, Foreign)],
        Action::ReadAudit => &[(Admin, All), (Auditor, All)],
        Action::ReadAuditScores => &[(Auditor, All)],
        Action::ReadEvents(Audience::Everybody) => grants(Action::ReadOffice),
        Action::ReadEvents(Audience::OwnUnit) => &[(UnitEditor, Own), (UnitHead, Own), (Integration, Scoped), (Auditor, All)],
        Action::ReadEvents(Audience::SheetSubmitted) => &[
            (UnitEditor, Own), (UnitHead, Own), (Appraiser, Foreign), (Secretary, Foreign), (Integration, Scoped), (Auditor, All),
        ],
        Action::ReadEvents(Audience::SheetAppraised) => &[
            (UnitEditor, Own), (UnitHead, Own), (Appraiser, Foreign), (CouncilMember, Foreign), (CouncilChair, Foreign),
            (Secretary, Foreign), (Integration, Scoped), (Auditor, All),
        ],
        Action::ReadEvents(Audience::Council) => &[
            (Appraiser, All), (CouncilMember, All), (CouncilChair, All), (Secretary, All), (Auditor, All),
        ],
        Action::ReadEvents(Audience::Proposal) => grants(Action::ReadProposal),
        Action::ExtendDeadline | Action::CorrectExtension | Action::WaiveDeadline | Action::UnwaiveDeadline => &[(Secretary, All)],
        Action::CheckDeadlines => &[(DeadlineChecker, All), (Admin, All)],
        Action::WriteCalendar => &[(Admin, All)],
        Action::ReadWebhook => &[(Admin, All), (Integration, OwnRecord), (Auditor, All)],
        Action::WriteWebhook => &[(Admin, All), (Integration, OwnRecord)],
        Action::ReadDeadline | Action::ReadEvents(Audience::Deadline) => &[
            (UnitEditor, Own), (UnitHead, Own), (Appraiser, All), (CouncilMember, All), (CouncilChair, All), (Secretary, All),
            (Admin, All), (Integration, All), (Auditor, All), (DeadlineChecker, All),
        ],
    }
}

/// Whether a role is one of those who may score alone, and so must not see what the others did.
pub(super) const fn scores_alone(role: Role) -> bool {
    match role {
        Role::CouncilMember | Role::CouncilChair => true,
        Role::Appraiser
        | Role::Secretary
        | Role::Operator
        | Role::Admin
        | Role::UnitEditor
        | Role::UnitHead
        | Role::Auditor
        | Role::Integration
        | Role::DeadlineChecker => false,
    }
}

/// Whether an act shows what others scored alone, so that no second role gives it to somebody who scores too.
pub(super) const fn is_blind_act(action: Action) -> bool {
    matches!(action, Action::ReadOwnReview | Action::ReadMeans)
}

/// Whether a role reviews, votes on or presents other units' sheets, and so must keep away from its own unit's.
pub(super) const fn is_recusable(role: Role) -> bool {
    match role {
        Role::Appraiser | Role::CouncilMember | Role::CouncilChair | Role::Secretary => true,
        Role::Operator
        | Role::Admin
        | Role::UnitEditor
        | Role::UnitHead
        | Role::Auditor
        | Role::Integration
        | Role::DeadlineChecker => false,
    }
}

/// Whether recusal takes an act away, by whatever role it is given: every act that some row gives for other units only,
/// and what shows or changes a sheet before others see it.
pub(super) fn is_recused_act(action: Action) -> bool {
    let takes_away = |(_, reach): &(Role, Reach)| matches!(reach, Reach::Foreign | Reach::ForeignFrom(_));
    grants(action).iter().any(takes_away)
        || matches!(
            action,
            Action::ReadUnsentLines
                | Action::ReadOwnReview
                | Action::WriteOwnReview
                | Action::SubmitOwnReview
                | Action::ReopenOwnReview
                | Action::CreateSubmission
                | Action::WriteScores
                | Action::WriteEvidence
                | Action::ReadAuditScores
                | Action::ReadEvents(Audience::OwnUnit)
        )
}
