//! What subscribers are told: thin events that say what happened to which record, never a score.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use strum::VariantArray;
use utoipa::ToSchema;

use crate::domain::Id;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
pub enum EventType {
    /// A table of criteria may be used.
    #[serde(rename = "criteria_set.published")]
    CriteriaSetPublished,
    /// A table of criteria may be used no more.
    #[serde(rename = "criteria_set.retired")]
    CriteriaSetRetired,
    /// A period's title or dates changed.
    #[serde(rename = "period.changed")]
    PeriodChanged,
    /// The units may score themselves.
    #[serde(rename = "period.opened")]
    PeriodOpened,
    /// The appraisal began.
    #[serde(rename = "period.appraisal_started")]
    PeriodAppraisalStarted,
    /// The council's review began.
    #[serde(rename = "period.council_review_started")]
    PeriodCouncilReviewStarted,
    /// The ranking was frozen.
    #[serde(rename = "period.finalized")]
    PeriodFinalized,
    /// The results were announced.
    #[serde(rename = "period.announced")]
    PeriodAnnounced,
    /// The period ended.
    #[serde(rename = "period.closed")]
    PeriodClosed,
    /// The period was given up.
    #[serde(rename = "period.cancelled")]
    PeriodCancelled,
    /// A unit began its sheet.
    #[serde(rename = "submission.created")]
    SubmissionCreated,
    /// A unit sent its sheet.
    #[serde(rename = "submission.submitted")]
    SubmissionSubmitted,
    /// A unit took its sheet back.
    #[serde(rename = "submission.withdrawn")]
    SubmissionWithdrawn,
    /// A sheet was sent back to its unit.
    #[serde(rename = "submission.returned")]
    SubmissionReturned,
    /// A returned sheet was not sent again in time and stands as last sent.
    #[serde(rename = "submission.stands")]
    SubmissionStands,
    /// A sheet was not sent in time.
    #[serde(rename = "submission.missed")]
    SubmissionMissed,
    /// An extension gave a missed sheet back to its unit.
    #[serde(rename = "submission.reopened")]
    SubmissionReopened,
    /// The standing body appraised a sheet.
    #[serde(rename = "submission.appraised")]
    SubmissionAppraised,
    /// The council reviewed a sheet.
    #[serde(rename = "submission.reviewed")]
    SubmissionReviewed,
    /// A unit is to be proposed for an award.
    #[serde(rename = "award_proposal.created")]
    AwardProposalCreated,
    /// A dossier was sent.
    #[serde(rename = "award_proposal.submitted")]
    AwardProposalSubmitted,
    /// A dossier was sent back.
    #[serde(rename = "award_proposal.returned")]
    AwardProposalReturned,
    /// An award was granted.
    #[serde(rename = "award_proposal.approved")]
    AwardProposalApproved,
    /// An award was not granted.
    #[serde(rename = "award_proposal.declined")]
    AwardProposalDeclined,
    /// A deadline comes near.
    #[serde(rename = "deadline.due_soon")]
    DeadlineDueSoon,
    /// A deadline has passed.
    #[serde(rename = "deadline.overdue")]
    DeadlineOverdue,
    /// A deadline was extended.
    #[serde(rename = "deadline.extended")]
    DeadlineExtended,
    /// A deadline was waived.
    #[serde(rename = "deadline.waived")]
    DeadlineWaived,
    /// A change of the calendar moved a deadline.
    #[serde(rename = "deadline.moved")]
    DeadlineMoved,
}

/// Who may learn of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, VariantArray)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Everybody of the organisation.
    Everybody,
    /// Who sees the unit's sheet from its first line on.
    OwnUnit,
    /// Who sees the sheet once it was sent.
    SheetSubmitted,
    /// Who sees the sheet once it was appraised.
    SheetAppraised,
    /// Who sees the unit's proposal.
    Proposal,
    /// Who sees the unit's deadlines.
    Deadline,
}

impl EventType {
    /// Who may learn of it. What is about no unit is no secret in the organisation.
    pub const fn audience(self, about_unit: bool) -> Audience {
        if !about_unit {
            return Audience::Everybody;
        }
        match self {
            EventType::SubmissionCreated | EventType::SubmissionReopened => Audience::OwnUnit,
            EventType::SubmissionSubmitted
            | EventType::SubmissionWithdrawn
            | EventType::SubmissionReturned
            | EventType::SubmissionStands => Audience::SheetSubmitted,
            // A missed sheet holds nothing that a later reader may not know.
            EventType::SubmissionMissed | EventType::SubmissionAppraised | EventType::SubmissionReviewed => {
                Audience::SheetAppraised
            }
            EventType::AwardProposalCreated
            | EventType::AwardProposalSubmitted
            | EventType::AwardProposalReturned
            | EventType::AwardProposalApproved
            | EventType::AwardProposalDeclined => Audience::Proposal,
            EventType::DeadlineDueSoon
            | EventType::DeadlineOverdue
            | EventType::DeadlineExtended
            | EventType::DeadlineWaived
            | EventType::DeadlineMoved => Audience::Deadline,
            EventType::CriteriaSetPublished
            | EventType::CriteriaSetRetired
            | EventType::PeriodChanged
            | EventType::PeriodOpened
            | EventType::PeriodAppraisalStarted
            | EventType::PeriodCouncilReviewStarted
            | EventType::PeriodFinalized
            | EventType::PeriodAnnounced
            | EventType::PeriodClosed
            | EventType::PeriodCancelled => Audience::Everybody,
        }
    }
}

/// Something that happened, as its organisation keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its id.
    pub id: Id,
    /// Where.
    pub organization_id: Id,
    /// Its place among the organisation's events, from 1, without gaps. Never shown: it would count what is hidden.
    pub sequence: i64,
    /// What happened.
    pub kind: EventType,
    /// To what kind of record.
    pub subject_type: String,
    /// To which.
    pub subject_id: Id,
    /// In which period.
    pub period_id: Option<Id>,
    /// About which unit.
    pub unit_id: Option<Id>,
    /// When.
    pub at: DateTime<Utc>,
    /// What more there is to say.
    pub data: Value,
}
