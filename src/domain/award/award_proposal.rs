//! The proposal that a unit be given an award, and its dossier.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::access::action::{Action, wrong_state};
use crate::domain::award::eligibility::Eligibility;
use crate::domain::file::AttachedFile;
use crate::domain::schedule::calendar::CountedDay;
use crate::domain::time::instant;
use crate::domain::{Id, Points};
use crate::error::{Code, Error, Fault};

/// Where a proposal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProposalStatus {
    /// Its dossier is being put together.
    Draft,
    /// Sent to the provincial council.
    Submitted,
    /// Sent back with a reason.
    Returned,
    /// Granted.
    Approved,
    /// Not granted.
    Declined,
}

/// A document that the dossier must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its key.
    pub code: String,
    /// Its name.
    pub title: String,
    /// What was attached.
    pub file: Option<AttachedFile>,
}

/// The document that the unit's own head may attach.
pub const ACHIEVEMENT_REPORT: &str = "achievement_report";

/// When the dossier is due, or from when it may be sent, with the way there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DossierTerm {
    /// The last day, where "after five working days" is read as a limit.
    pub due_on: Option<NaiveDate>,
    /// The first day, where it is read as a wait.
    pub opens_on: Option<NaiveDate>,
    /// Each day from the notice on.
    pub explanation: Vec<CountedDay>,
}

/// What the deciding authority answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedDecision {
    /// Granted or not.
    pub status: ProposalStatus,
    /// The decision's number.
    pub number: Option<String>,
    /// The decision's date.
    pub on: Option<NaiveDate>,
    /// Why not.
    pub reason: Option<String>,
}

/// A proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Its id.
    pub id: Id,
    /// Whose it is.
    pub organization_id: Id,
    /// From which period.
    pub period_id: Id,
    /// For which unit.
    pub unit_id: Id,
    /// Which award.
    pub award_code: String,
    /// How many units may take that award.
    pub award_quota: i32,
    /// Which of them this is, from 1.
    pub slot: i32,
    /// The unit's rank.
    pub rank: i32,
    /// The unit's total.
    pub total: Points,
    /// How the unit met each condition.
    pub eligibility: Vec<Eligibility>,
    /// When the dossier is due.
    pub term: DossierTerm,
    /// What the dossier holds.
    pub documents: Vec<Document>,
    /// Where it is.
    pub status: ProposalStatus,
    /// When it was last submitted.
    pub submitted_at: Option<DateTime<Utc>>,
    /// Why it was last sent back.
    pub return_reason: Option<String>,
    /// What was decided.
    pub decision: Option<RecordedDecision>,
    /// Counts changes.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// The acts on a proposal, in the order in which they are listed.
pub const ACTIONS: [Action; 5] = [
    Action::AttachDocument,
    Action::AttachAchievementReport,
    Action::SubmitProposal,
    Action::ReturnProposal,
    Action::RecordDecision,
];

impl Proposal {
    /// Whether every document is there.
    pub fn is_complete(&self) -> bool {
        self.documents.iter().all(|document| document.file.is_some())
    }

    /// Whether its dossier is with who decides, or was.
    pub const fn is_sent(&self) -> bool {
        matches!(self.status, ProposalStatus::Submitted | ProposalStatus::Approved | ProposalStatus::Declined)
    }

    /// Whether the state lets the act pass.
    ///
    /// # Errors
    /// `invalid_state`.
    pub fn may(&self, action: Action) -> Result<(), Error> {
        use ProposalStatus::{Draft, Returned, Submitted};
        let needs: &[_] = match action {
            Action::ReturnProposal | Action::RecordDecision => &[Submitted],
            _ => &[Draft, Returned],
        };
        if needs.contains(&self.status) { Ok(()) } else { Err(wrong_state(self.status, needs)) }
    }

    /// What keeps it from being submitted. `opens_at` is the first instant of `opens_on`.
    pub fn submit_faults(&self, now: DateTime<Utc>, opens_at: Option<DateTime<Utc>>) -> Vec<Fault> {
        let missing = self.documents.iter().enumerate().filter(|(_, document)| document.file.is_none());
        let mut faults: Vec<Fault> = missing
            .map(|(at, document)| {
                let pointer = format!("/dossier/documents/{at}");
                Fault::at(pointer, Code::DocumentMissing).with("document", document.code.as_str())
            })
            .collect();
        if let Some(opens_at) = opens_at.filter(|opens_at| now < *opens_at) {
            faults.push(Fault::at("/dossier/opens_on", Code::TooEarly).with("not_before", instant(opens_at)));
        }
        faults
    }

    /// Sent.
    #[must_use]
    pub fn submitted(mut self, now: DateTime<Utc>) -> Self {
        self.status = ProposalStatus::Submitted;
        self.submitted_at = Some(now);
        self
    }

    /// Sent back.
    #[must_use]
    pub fn returned(mut self, reason: String) -> Self {
        self.status = ProposalStatus::Returned;
        self.return_reason = Some(reason);
        self
    }

    /// Decided. A declined award is not passed down.
    #[must_use]
    pub fn decided(mut self, decision: RecordedDecision) -> Self {
        self.status = decision.status;
        self.decision = Some(decision);
        self
    }
}
