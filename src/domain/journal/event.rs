//! Events: thin messages that say what happened to which record, without scores.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use strum::VariantArray;
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::schedule::deadline::DeadlineKind;

/// Type of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[cfg_attr(test, derive(strum::VariantArray))]
pub enum EventType {
    /// A criteria set was published.
    #[serde(rename = "criteria_set.published")]
    CriteriaSetPublished,
    /// A criteria set was retired.
    #[serde(rename = "criteria_set.retired")]
    CriteriaSetRetired,
    /// A unit joined an open period, or came back to it.
    #[serde(rename = "period.unit_joined")]
    PeriodUnitJoined,
    /// A unit was set aside from an open period.
    #[serde(rename = "period.unit_set_aside")]
    PeriodUnitSetAside,
    /// The title or dates of a period were changed.
    #[serde(rename = "period.changed")]
    PeriodChanged,
    /// The self-assessment of a period began.
    #[serde(rename = "period.opened")]
    PeriodOpened,
    /// The appraisal of a period began.
    #[serde(rename = "period.appraisal_started")]
    PeriodAppraisalStarted,
    /// The council review of a period began.
    #[serde(rename = "period.council_review_started")]
    PeriodCouncilReviewStarted,
    /// The ranking of a period was frozen.
    #[serde(rename = "period.finalized")]
    PeriodFinalized,
    /// A period went back to the stage before.
    #[serde(rename = "period.stepped_back")]
    PeriodSteppedBack,
    /// The results of a period were announced.
    #[serde(rename = "period.announced")]
    PeriodAnnounced,
    /// The number or the date of a result notice was corrected.
    #[serde(rename = "period.notice_corrected")]
    PeriodNoticeCorrected,
    /// A period was closed.
    #[serde(rename = "period.closed")]
    PeriodClosed,
    /// A period was cancelled.
    #[serde(rename = "period.cancelled")]
    PeriodCancelled,
    /// A unit created its submission.
    #[serde(rename = "submission.created")]
    SubmissionCreated,
    /// A unit submitted.
    #[serde(rename = "submission.submitted")]
    SubmissionSubmitted,
    /// A unit withdrew its submission.
    #[serde(rename = "submission.withdrawn")]
    SubmissionWithdrawn,
    /// A submission was returned to its unit.
    #[serde(rename = "submission.returned")]
    SubmissionReturned,
    /// A returned submission was not submitted again in time and stands as last submitted.
    #[serde(rename = "submission.stands")]
    SubmissionStands,
    /// A submission was not submitted in time.
    #[serde(rename = "submission.missed")]
    SubmissionMissed,
    /// A missed submission was reopened by an extension.
    #[serde(rename = "submission.reopened")]
    SubmissionReopened,
    /// The appraisal of a submission was submitted.
    #[serde(rename = "submission.appraised")]
    SubmissionAppraised,
    /// The council review of a submission was submitted.
    #[serde(rename = "submission.reviewed")]
    SubmissionReviewed,
    /// A review that was submitted wrongly was reopened: a draft takes its place.
    #[serde(rename = "review.reopened")]
    ReviewReopened,
    /// A submission was assigned to somebody for review, or taken from somebody.
    #[serde(rename = "assignment.changed")]
    AssignmentChanged,
    /// A conflict was declared that keeps a member away from a submission.
    #[serde(rename = "recusal.declared")]
    RecusalDeclared,
    /// A declared recusal was withdrawn.
    #[serde(rename = "recusal.withdrawn")]
    RecusalWithdrawn,
    /// A council session was cancelled.
    #[serde(rename = "council_session.cancelled")]
    CouncilSessionCancelled,
    /// The record of a council session was corrected.
    #[serde(rename = "council_session.corrected")]
    CouncilSessionCorrected,
    /// A decision on a tie no longer stands, because a total that it was taken on has changed or its session can no longer
    /// decide.
    #[serde(rename = "tie_decision.lapsed")]
    TieDecisionLapsed,
    /// A proposal to give a unit an award was created.
    #[serde(rename = "award_proposal.created")]
    AwardProposalCreated,
    /// A dossier was submitted.
    #[serde(rename = "award_proposal.submitted")]
    AwardProposalSubmitted,
    /// A dossier was returned.
    #[serde(rename = "award_proposal.returned")]
    AwardProposalReturned,
    /// An award was granted.
    #[serde(rename = "award_proposal.approved")]
    AwardProposalApproved,
    /// An award was declined.
    #[serde(rename = "award_proposal.declined")]
    AwardProposalDeclined,
    /// A recorded decision was corrected.
    #[serde(rename = "award_proposal.decision_corrected")]
    AwardProposalDecisionCorrected,
    /// A proposal does not go on.
    #[serde(rename = "award_proposal.withdrawn")]
    AwardProposalWithdrawn,
    /// An amendment of a final result was asked for.
    #[serde(rename = "amendment.requested")]
    AmendmentRequested,
    /// An amendment was approved: the ranking was computed anew.
    #[serde(rename = "amendment.approved")]
    AmendmentApproved,
    /// An amendment was rejected.
    #[serde(rename = "amendment.rejected")]
    AmendmentRejected,
    /// A deadline is due soon.
    #[serde(rename = "deadline.due_soon")]
    DeadlineDueSoon,
    /// A deadline has passed.
    #[serde(rename = "deadline.overdue")]
    DeadlineOverdue,
    /// A deadline was extended.
    #[serde(rename = "deadline.extended")]
    DeadlineExtended,
    /// The day of an extension was corrected.
    #[serde(rename = "deadline.extension_corrected")]
    DeadlineExtensionCorrected,
    /// A deadline was waived.
    #[serde(rename = "deadline.waived")]
    DeadlineWaived,
    /// The waiver of a deadline was taken back.
    #[serde(rename = "deadline.unwaived")]
    DeadlineUnwaived,
    /// A deadline was moved by a change of the calendar.
    #[serde(rename = "deadline.moved")]
    DeadlineMoved,
}

/// Who may see an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, VariantArray)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Every member of the organisation.
    Everybody,
    /// Those who may see the unit's submission before it is submitted.
    OwnUnit,
    /// Those who may see the unit's submission once it is submitted.
    SheetSubmitted,
    /// Those who may see the unit's submission once it is appraised.
    SheetAppraised,
    /// Those who may see the unit's award proposal.
    Proposal,
    /// Those who may see the unit's deadlines.
    Deadline,
    /// Those who may see the ranking before it is announced.
    Council,
}

impl EventType {
    /// Returns who may see the event. Other events that concern no unit are visible to everyone in the
    /// organisation.
    pub const fn audience(self, about_unit: bool) -> Audience {
        match self {
            EventType::AssignmentChanged
            | EventType::RecusalDeclared
            | EventType::RecusalWithdrawn
            | EventType::CouncilSessionCancelled
            | EventType::CouncilSessionCorrected
            | EventType::TieDecisionLapsed
            | EventType::AmendmentRequested
            | EventType::AmendmentApproved
            | EventType::AmendmentRejected => Audience::Council,
            _ if !about_unit => Audience::Everybody,
            EventType::SubmissionCreated | EventType::SubmissionReopened => Audience::OwnUnit,
            EventType::SubmissionSubmitted
            | EventType::SubmissionWithdrawn
            | EventType::SubmissionReturned
            | EventType::SubmissionStands => Audience::SheetSubmitted,
            // A missed submission contains nothing to hide from later stages.
            EventType::SubmissionMissed
            | EventType::SubmissionAppraised
            | EventType::SubmissionReviewed
            | EventType::ReviewReopened => Audience::SheetAppraised,
            EventType::AwardProposalCreated
            | EventType::AwardProposalSubmitted
            | EventType::AwardProposalReturned
            | EventType::AwardProposalApproved
            | EventType::AwardProposalDeclined
            | EventType::AwardProposalDecisionCorrected
            | EventType::AwardProposalWithdrawn => Audience::Proposal,
            EventType::DeadlineDueSoon
            | EventType::DeadlineOverdue
            | EventType::DeadlineExtended
            | EventType::DeadlineExtensionCorrected
            | EventType::DeadlineWaived
            | EventType::DeadlineUnwaived
            | EventType::DeadlineMoved => Audience::Deadline,
            EventType::CriteriaSetPublished
            | EventType::CriteriaSetRetired
            | EventType::PeriodUnitJoined
            | EventType::PeriodUnitSetAside
            | EventType::PeriodChanged
            | EventType::PeriodOpened
            | EventType::PeriodAppraisalStarted
            | EventType::PeriodCouncilReviewStarted
            | EventType::PeriodFinalized
            | EventType::PeriodSteppedBack
            | EventType::PeriodAnnounced
            | EventType::PeriodNoticeCorrected
            | EventType::PeriodClosed
            | EventType::PeriodCancelled => Audience::Everybody,
        }
    }
}

/// Returns who may learn of an event. A reminder of a stage reveals that a submission is not complete yet.
pub fn audience(kind: EventType, unit_id: Option<&Id>, data: &Value) -> Audience {
    let reminds = matches!(kind, EventType::DeadlineDueSoon | EventType::DeadlineOverdue);
    let of_stage =
        data.get("kind").and_then(|kind| DeadlineKind::deserialize(kind).ok()).is_some_and(DeadlineKind::is_stage);
    match unit_id {
        None if reminds && of_stage => Audience::Deadline,
        _ => kind.audience(unit_id.is_some()),
    }
}

/// An event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Id of the event.
    pub id: Id,
    /// The organisation that it belongs to.
    pub organization_id: Id,
    /// Number of the event in the organisation, from 1, without gaps. Never revealed, because it would count hidden
    /// events.
    pub sequence: i64,
    /// Type of the event.
    pub kind: EventType,
    /// Type of the record that it is about.
    pub subject_type: String,
    /// Id of the record that it is about.
    pub subject_id: Id,
    /// The period that the record belongs to.
    pub period_id: Option<Id>,
    /// The unit that the record belongs to.
    pub unit_id: Option<Id>,
    /// When it occurred.
    pub at: DateTime<Utc>,
    /// Details.
    pub data: Value,
}
