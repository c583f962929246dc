//! Proposals to give a unit an award, and their dossiers.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::access::action::{Action, needs, wrong_state};
use crate::domain::award::eligibility::Eligibility;
use crate::domain::change::{Change, Superseded};
use crate::domain::file::AttachedFile;
use crate::domain::journal::event::EventType;
use crate::domain::office::unit::UnitKey;
use crate::domain::schedule::calendar::CountedDay;
use crate::domain::text::{CODE_CHARS, Check, NOTE_CHARS, checked};
use crate::domain::time::{date_in, instant, starts_at};
use crate::domain::{Id, Points};
use crate::error::{Code, Error, Fault};

/// State of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[cfg_attr(test, derive(strum::VariantArray))]
#[serde(rename_all = "snake_case")]
pub enum ProposalStatus {
    /// The dossier is being prepared.
    Draft,
    /// Submitted to the provincial council.
    Submitted,
    /// Returned with a reason.
    Returned,
    /// The award was granted.
    Approved,
    /// The award was not granted.
    Declined,
    /// It does not go on.
    Withdrawn,
}

/// A document that the dossier must contain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Code of the document.
    pub code: String,
    /// Title of the document.
    pub title: String,
    /// The attached file.
    pub file: Option<AttachedFile>,
}

/// Code of the document that the head of the unit may attach.
pub const ACHIEVEMENT_REPORT: &str = "achievement_report";

/// When the dossier is due, or from when it may be submitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DossierTerm {
    /// Last day, if "after five working days" is read as a limit.
    pub due_on: Option<NaiveDate>,
    /// First day, if it is read as a waiting time.
    pub opens_on: Option<NaiveDate>,
    /// How the date was counted, day by day from the result notice.
    pub explanation: Vec<CountedDay>,
}

/// The recorded decision of the deciding authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedDecision {
    /// Whether the award was granted.
    pub status: ProposalStatus,
    /// Number of the decision.
    pub number: Option<String>,
    /// Date of the decision.
    pub on: Option<NaiveDate>,
    /// Reason for the decision.
    pub reason: Option<String>,
}

/// The end of a proposal that does not go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withdrawn {
    /// When it was withdrawn.
    pub at: DateTime<Utc>,
    /// Why it was withdrawn.
    pub reason: String,
    /// Whether its award passes to the next eligible unit; `None` where the result has changed and grants it no longer.
    pub pass_down: Option<bool>,
}

/// A withdrawal, as submitted.
#[derive(Debug, Clone)]
pub struct NewWithdrawal {
    /// Why the proposal must not go on.
    pub reason: String,
    /// Whether its award passes to the next eligible unit.
    pub pass_down: bool,
}

/// An award proposal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Id of the proposal.
    pub id: Id,
    /// The organisation that the proposal belongs to.
    pub organization_id: Id,
    /// The period that it results from.
    pub period_id: Id,
    /// The unit that is proposed.
    pub unit_id: Id,
    /// Code of the unit's group; `None` where the period has no groups.
    pub group_code: Option<String>,
    /// Code of the award.
    pub award_code: String,
    /// How many units may receive the award.
    pub award_quota: i32,
    /// Number of the proposal for this award, from 1.
    pub slot: i32,
    /// Final rank of the unit.
    pub rank: i32,
    /// Final total of the unit.
    pub total: Points,
    /// How the unit met each condition.
    pub eligibility: Vec<Eligibility>,
    /// When the dossier is due.
    pub term: DossierTerm,
    /// The documents of the dossier.
    pub documents: Vec<Document>,
    /// State of the proposal.
    pub status: ProposalStatus,
    /// When it was last submitted.
    pub submitted_at: Option<DateTime<Utc>>,
    /// Why it was last returned.
    pub return_reason: Option<String>,
    /// The decision.
    pub decision: Option<RecordedDecision>,
    /// Why it does not go on.
    pub withdrawn: Option<Withdrawn>,
    /// Whether an amendment has changed the result that it follows from, which is not announced yet.
    pub stale: bool,
    /// Decisions that were recorded wrongly, the oldest first.
    pub superseded_decisions: Vec<Superseded<RecordedDecision>>,
    /// Version; it increases with every change.
    pub version: i64,
    /// When the proposal was created.
    pub created_at: DateTime<Utc>,
    /// When the proposal was last changed.
    pub updated_at: DateTime<Utc>,
}

/// Actions on a proposal, in the order in which they are listed.
pub const ACTIONS: [Action; 7] = [
    Action::AttachDocument,
    Action::AttachAchievementReport,
    Action::SubmitProposal,
    Action::ReturnProposal,
    Action::RecordDecision,
    Action::CorrectDecision,
    Action::WithdrawProposal,
];

/// The same for a dossier that requires no achievement report, no other document, or none at all.
const ACTIONS_BY_DOCUMENTS: [(bool, bool, &[Action]); 4] = {
    use Action::{
        AttachAchievementReport, AttachDocument, CorrectDecision, RecordDecision, ReturnProposal, SubmitProposal,
        WithdrawProposal,
    };
    [
        (true, true, &ACTIONS),
        (
            true,
            false,
            &[AttachDocument, SubmitProposal, ReturnProposal, RecordDecision, CorrectDecision, WithdrawProposal],
        ),
        (
            false,
            true,
            &[
                AttachAchievementReport,
                SubmitProposal,
                ReturnProposal,
                RecordDecision,
                CorrectDecision,
                WithdrawProposal,
            ],
        ),
        (false, false, &[SubmitProposal, ReturnProposal, RecordDecision, CorrectDecision, WithdrawProposal]),
    ]
};

const NEEDS: [(&[Action], &[ProposalStatus]); 4] = [
    (
        &[Action::AttachDocument, Action::AttachAchievementReport, Action::SubmitProposal],
        &[ProposalStatus::Draft, ProposalStatus::Returned],
    ),
    (&[Action::ReturnProposal, Action::RecordDecision], &[ProposalStatus::Submitted]),
    (&[Action::CorrectDecision], &[ProposalStatus::Approved, ProposalStatus::Declined]),
    (&[Action::WithdrawProposal], &[ProposalStatus::Draft, ProposalStatus::Submitted, ProposalStatus::Returned]),
];

impl ProposalStatus {
    /// Whether the dossier is or was with the deciding authority.
    pub const fn is_sent(self) -> bool {
        match self {
            ProposalStatus::Submitted | ProposalStatus::Approved | ProposalStatus::Declined => true,
            ProposalStatus::Draft | ProposalStatus::Returned | ProposalStatus::Withdrawn => false,
        }
    }

    /// Whether the deciding authority has decided.
    pub const fn is_decided(self) -> bool {
        match self {
            ProposalStatus::Approved | ProposalStatus::Declined => true,
            ProposalStatus::Draft
            | ProposalStatus::Submitted
            | ProposalStatus::Returned
            | ProposalStatus::Withdrawn => false,
        }
    }

    /// Whether the deciding authority has still to decide.
    pub const fn is_open(self) -> bool {
        match self {
            ProposalStatus::Draft | ProposalStatus::Submitted | ProposalStatus::Returned => true,
            ProposalStatus::Approved | ProposalStatus::Declined | ProposalStatus::Withdrawn => false,
        }
    }
}

impl Proposal {
    /// Returns the actions on it: only documents that the dossier requires can be attached.
    pub fn actions(&self) -> &'static [Action] {
        let report = self.documents.iter().any(|document| document.code == ACHIEVEMENT_REPORT);
        let other = self.documents.iter().any(|document| document.code != ACHIEVEMENT_REPORT);
        let found = ACTIONS_BY_DOCUMENTS.iter().find(|(others, reports, _)| (*others, *reports) == (other, report));
        found.map_or(&ACTIONS, |(_, _, actions)| *actions)
    }

    /// Whether every document is attached.
    pub fn is_complete(&self) -> bool {
        self.documents.iter().all(|document| document.file.is_some())
    }

    /// Whether the dossier is or was with the deciding authority.
    pub const fn is_sent(&self) -> bool {
        self.status.is_sent()
    }

    /// Requires that the state allows an action.
    ///
    /// # Errors
    /// `invalid_state`.
    pub fn may(&self, action: Action) -> Result<(), Error> {
        let needs = needs(&NEEDS, action);
        if needs.contains(&self.status) { Ok(()) } else { Err(wrong_state(self.status, needs)) }
    }

    /// Returns what prevents submission. `opens_at` is the first instant of `opens_on`.
    pub fn submit_faults(&self, now: DateTime<Utc>, opens_at: Option<DateTime<Utc>>) -> Vec<Fault> {
        let missing = self.documents.iter().enumerate().filter(|(_, document)| document.file.is_none());
        let mut faults: Vec<Fault> = missing
            .map(|(at, document)| {
                let pointer = format!("/dossier/documents/{at}");
                let fault = Fault::at(pointer, Code::DocumentMissing).with("document", document.code.as_str());
                fault.with("title", document.title.as_str())
            })
            .collect();
        if let Some(opens_at) = opens_at.filter(|opens_at| now < *opens_at) {
            faults.push(Fault::at("/dossier/opens_on", Code::TooEarly).with("not_before", instant(opens_at)));
        }
        faults
    }
}

/// A proposal with what its rights and actions depend on.
#[derive(Debug, Clone)]
pub struct ProposalCase {
    /// The proposal.
    pub proposal: Proposal,
    /// The unit that is proposed.
    pub unit: UnitKey,
    /// Time zone that its dates refer to.
    pub zone: Tz,
    /// Date of the result notice that it follows.
    pub notice_on: NaiveDate,
    /// Those who withdraw it in place of the chairs, where recusal keeps all of them away.
    pub stand_ins: Vec<Id>,
}

/// A decision of the deciding authority, as submitted.
#[derive(Debug, Clone)]
pub struct Decision {
    /// Whether the award is granted.
    pub approved: bool,
    /// Number of the decision.
    pub decision_number: Option<String>,
    /// Date of the decision.
    pub decided_on: Option<NaiveDate>,
    /// Reason for the decision.
    pub reason: Option<String>,
    /// Where the reason is in the request.
    pub reason_pointer: &'static str,
}

impl ProposalCase {
    /// Returns the first instant at which the dossier may be submitted, if it is still to come.
    fn opens_later(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let opens_at = self.proposal.term.opens_on.map(|opens_on| starts_at(opens_on, self.zone));
        opens_at.filter(|opens_at| now < *opens_at)
    }

    /// Requires that the state and the time allow an action.
    ///
    /// # Errors
    /// `invalid_state`; `guard_failed` for a dossier that is submitted too early, with everything else that it lacks.
    pub fn may(&self, action: Action, now: DateTime<Utc>) -> Result<(), Error> {
        self.proposal.may(action)?;
        if self.proposal.stale && matches!(action, Action::SubmitProposal | Action::RecordDecision) {
            return Err(Error::new(Code::ProposalStale));
        }
        match self.opens_later(now).filter(|_| action == Action::SubmitProposal) {
            Some(opens_at) => Err(self.incomplete(now).with("not_before", instant(opens_at))),
            None => Ok(()),
        }
    }

    fn incomplete(&self, now: DateTime<Utc>) -> Error {
        Error::of_faults(Code::GuardFailed, self.proposal.submit_faults(now, self.opens_later(now)))
    }

    fn transition(&self, proposal: Proposal, now: DateTime<Utc>, event: EventType) -> Change<Self> {
        let proposal = Proposal { updated_at: now, ..proposal };
        Change::with_event(ProposalCase { proposal, ..self.clone() }, event)
    }

    /// Submits the dossier.
    ///
    /// # Errors
    /// `guard_failed` for a missing document or a waiting time that is not over.
    pub fn submit(&self, now: DateTime<Utc>) -> Result<Change<Self>, Error> {
        let error = self.incomplete(now);
        if !error.faults.is_empty() {
            return Err(error);
        }
        let status = ProposalStatus::Submitted;
        let submitted = Proposal { status, submitted_at: Some(now), ..self.proposal.clone() };
        Ok(self.transition(submitted, now, EventType::AwardProposalSubmitted))
    }

    /// Returns the dossier, due again by `term`.
    pub fn send_back(&self, reason: String, term: DossierTerm, now: DateTime<Utc>) -> Change<Self> {
        let status = ProposalStatus::Returned;
        let returned = Proposal { status, return_reason: Some(reason), term, ..self.proposal.clone() };
        self.transition(returned, now, EventType::AwardProposalReturned)
    }

    /// Reads a decision and records every fault.
    fn decision(&self, given: &Decision, now: DateTime<Utc>, check: &mut Check) -> RecordedDecision {
        let number = check.optional("/decision_number", given.decision_number.as_deref(), CODE_CHARS);
        let reason = check.optional(given.reason_pointer, given.reason.as_deref(), NOTE_CHARS);
        if given.approved {
            check.ensure(number.is_some(), "/decision_number", Code::DecisionNumberRequired);
            check.ensure(given.decided_on.is_some(), "/decided_on", Code::DecidedOnRequired);
        } else {
            check.ensure(reason.is_some(), given.reason_pointer, Code::ReasonMissing);
        }
        let today = date_in(self.zone, now);
        if let Some(decided_on) = given.decided_on {
            check.date("/decided_on", decided_on, (self.notice_on, today));
        }
        let status = if given.approved { ProposalStatus::Approved } else { ProposalStatus::Declined };
        RecordedDecision { status, number, on: given.decided_on, reason }
    }

    /// Withdraws a proposal that must not go on.
    ///
    /// # Errors
    /// The errors of the reason.
    pub fn withdraw(&self, given: &NewWithdrawal, now: DateTime<Utc>) -> Result<Change<Self>, Error> {
        let reason = checked(|check| check.text("/reason", &given.reason, NOTE_CHARS))?;
        Ok(self.ended(Withdrawn { at: now, reason, pass_down: Some(given.pass_down) }))
    }

    /// Ends a proposal that the result grants no longer. A decision on it is kept as superseded.
    pub fn ended(&self, withdrawn: Withdrawn) -> Change<Self> {
        let now = withdrawn.at;
        let mut proposal = self.proposal.clone();
        let superseded_reason = withdrawn.reason.clone();
        let decision = proposal.decision.take();
        proposal.superseded_decisions.extend(decision.map(|value| Superseded {
            value,
            superseded_at: now,
            superseded_reason,
        }));
        let status = ProposalStatus::Withdrawn;
        let ended = Proposal { status, withdrawn: Some(withdrawn), stale: false, ..proposal };
        self.transition(ended, now, EventType::AwardProposalWithdrawn)
    }

    fn decided(&self, decision: RecordedDecision) -> Proposal {
        Proposal { status: decision.status, decision: Some(decision), ..self.proposal.clone() }
    }

    /// Records the decision. A declined award is not passed to another unit.
    ///
    /// # Errors
    /// `decision_number_required` and `decided_on_required` for an approval, `reason_missing` for a rejection,
    /// `implausible_date` for a date before the result notice or in the future, and the errors of the texts.
    pub fn record_decision(&self, given: &Decision, now: DateTime<Utc>) -> Result<Change<Self>, Error> {
        let decision = checked(|check| self.decision(given, now, check))?;
        let event = match given.approved {
            true => EventType::AwardProposalApproved,
            false => EventType::AwardProposalDeclined,
        };
        Ok(self.transition(self.decided(decision), now, event))
    }

    /// Replaces a decision that was recorded wrongly, which is kept with the `reason`.
    ///
    /// # Errors
    /// Those of [`Self::record_decision`]; `nothing_corrected` for the decision that is recorded already.
    pub fn correct_decision(&self, given: &Decision, reason: &str, now: DateTime<Utc>) -> Result<Change<Self>, Error> {
        let mut check = Check::default();
        let decision = self.decision(given, now, &mut check);
        let superseded_reason = check.text("/reason", reason, NOTE_CHARS);
        Error::unless_valid(check.faults)?;
        if self.proposal.decision.as_ref() == Some(&decision) {
            return Err(Error::new(Code::NothingCorrected));
        }
        let wrong = self.proposal.decision.clone();
        let superseded = wrong.map(|value| Superseded { value, superseded_at: now, superseded_reason });
        let mut proposal = self.decided(decision);
        proposal.superseded_decisions.extend(superseded);
        Ok(self.transition(proposal, now, EventType::AwardProposalDecisionCorrected))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use strum::VariantArray;

    use super::*;
    use crate::domain::time::zone;

    const OK: Result<(), Code> = Ok(());
    const STATE: Result<(), Code> = Err(Code::InvalidState);
    const GUARD: Result<(), Code> = Err(Code::GuardFailed);

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn report() -> AttachedFile {
        AttachedFile {
            name: "bao-cao.pdf".into(),
            media_type: "application/pdf".into(),
            size: 1,
            sha256: "00".into(),
            attached_at: at("2023-12-01T00:00:00Z"),
        }
    }

    /// A proposal with one required document.
    fn proposal(status: ProposalStatus, opens_on: Option<NaiveDate>, file: Option<AttachedFile>) -> ProposalCase {
        let id = Id::from_uuid_text("018b88d6-5f80-7000-8000-000000000001");
        let now = at("2023-12-01T00:00:00Z");
        let proposal = Proposal {
            id,
            organization_id: id,
            period_id: id,
            unit_id: id,
            group_code: None,
            award_code: "emulation_flag".into(),
            award_quota: 1,
            slot: 1,
            rank: 1,
            total: Points::ZERO,
            eligibility: Vec::new(),
            term: DossierTerm { due_on: None, opens_on, explanation: Vec::new() },
            documents: vec![Document { code: ACHIEVEMENT_REPORT.into(), title: "Báo cáo thành tích".into(), file }],
            status,
            submitted_at: None,
            return_reason: None,
            decision: None,
            withdrawn: None,
            stale: false,
            superseded_decisions: Vec::new(),
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let unit = UnitKey { id, code: "TH".into() };
        ProposalCase {
            proposal,
            unit,
            zone: zone("Asia/Ho_Chi_Minh").unwrap(),
            notice_on: "2023-11-30".parse().unwrap(),
            stand_ins: Vec::new(),
        }
    }

    fn outcome(case: &ProposalCase, action: Action, now: DateTime<Utc>) -> Result<(), Code> {
        case.may(action, now).map_err(|error| error.code)
    }

    /// In the order of a proposal's life: draft, submitted, returned, approved, declined, withdrawn.
    #[test]
    fn each_state_allows_its_acts() {
        let table = [
            (Action::AttachDocument, [OK, STATE, OK, STATE, STATE, STATE]),
            (Action::AttachAchievementReport, [OK, STATE, OK, STATE, STATE, STATE]),
            (Action::SubmitProposal, [OK, STATE, OK, STATE, STATE, STATE]),
            (Action::ReturnProposal, [STATE, OK, STATE, STATE, STATE, STATE]),
            (Action::RecordDecision, [STATE, OK, STATE, STATE, STATE, STATE]),
            (Action::CorrectDecision, [STATE, STATE, STATE, OK, OK, STATE]),
            (Action::WithdrawProposal, [OK, OK, OK, STATE, STATE, STATE]),
            // Not an act on a proposal.
            (Action::Submit, [STATE; 6]),
        ];
        assert_eq!(table.iter().map(|row| row.0).take(ACTIONS.len()).collect::<Vec<_>>(), ACTIONS);
        for (action, expected) in table {
            for (status, expected) in ProposalStatus::VARIANTS.iter().zip(expected) {
                let case = proposal(*status, None, None);
                assert_eq!(outcome(&case, action, at("2023-12-01T00:00:00Z")), expected, "{action:?} {status:?}");
            }
        }
    }

    /// "Sau 05 ngày làm việc" read as a wait: until the day has begun the dossier can be prepared but not submitted.
    #[test]
    fn a_term_that_is_a_wait_holds_back_submission_alone() {
        let opens_on = NaiveDate::from_ymd_opt(2023, 12, 7);
        let table = [
            (Action::AttachDocument, [OK, STATE, OK, STATE, STATE, STATE]),
            (Action::SubmitProposal, [GUARD, STATE, GUARD, STATE, STATE, STATE]),
            (Action::RecordDecision, [STATE, OK, STATE, STATE, STATE, STATE]),
        ];
        for (action, expected) in table {
            for (status, expected) in ProposalStatus::VARIANTS.iter().zip(expected) {
                let case = proposal(*status, opens_on, Some(report()));
                assert_eq!(outcome(&case, action, at("2023-12-06T16:59:59.999Z")), expected, "{action:?} {status:?}");
                let opened = if expected == GUARD { OK } else { expected };
                assert_eq!(outcome(&case, action, at("2023-12-06T17:00:00Z")), opened, "{action:?} {status:?}, opened");
            }
        }
    }

    #[test]
    fn an_incomplete_dossier_cannot_be_submitted() {
        let now = at("2023-12-01T00:00:00Z");
        let error = proposal(ProposalStatus::Draft, None, None).submit(now).unwrap_err();
        assert_eq!((error.code, error.faults[0].code), (Code::GuardFailed, Code::DocumentMissing));
        let change = proposal(ProposalStatus::Draft, None, Some(report())).submit(now).unwrap();
        assert_eq!(change.after.proposal.status, ProposalStatus::Submitted);
    }

    /// Performs a permitted act.
    fn perform(case: &ProposalCase, action: Action, approved: bool, now: DateTime<Utc>) -> ProposalCase {
        let term = case.proposal.term.clone();
        let decision = Decision {
            approved,
            decision_number: Some("1/QĐ".into()),
            decided_on: NaiveDate::from_ymd_opt(2023, 12, 1),
            reason: Some("x".into()),
            reason_pointer: "/reason",
        };
        if action == Action::SubmitProposal {
            case.submit(now).unwrap().after
        } else if action == Action::ReturnProposal {
            case.send_back("x".into(), term, now).after
        } else if action == Action::RecordDecision {
            case.record_decision(&decision, now).unwrap().after
        } else if action == Action::CorrectDecision {
            match case.correct_decision(&decision, "y", now) {
                Ok(change) => change.after,
                Err(error) => {
                    assert_eq!(error.code, Code::NothingCorrected);
                    case.clone()
                }
            }
        } else if action == Action::WithdrawProposal {
            case.withdraw(&NewWithdrawal { reason: "x".into(), pass_down: approved }, now).unwrap().after
        } else {
            // Attaching a document changes no state.
            case.clone()
        }
    }

    proptest! {
        #[test]
        fn no_permitted_act_leaves_a_decision_or_skips_a_state(acts in proptest::collection::vec((0..ACTIONS.len(), any::<bool>()), 0..24)) {
            use ProposalStatus::{Approved, Declined, Draft, Returned, Submitted, Withdrawn};
            let now = at("2023-12-01T12:00:00Z");
            let mut case = proposal(Draft, None, Some(report()));
            for (at, approved) in acts {
                let (action, before) = (ACTIONS[at], case.proposal.status);
                if case.may(action, now).is_err() {
                    continue;
                }
                prop_assert!(!before.is_decided() || action == Action::CorrectDecision, "{:?} {:?}", action, before);
                let known = case.proposal.superseded_decisions.len();
                case = perform(&case, action, approved, now);
                let after = case.proposal.status;
                let steps = [
                    (Draft, Submitted), (Returned, Submitted), (Submitted, Returned), (Submitted, Approved), (Submitted, Declined),
                    (Approved, Declined), (Declined, Approved), (Draft, Withdrawn), (Returned, Withdrawn), (Submitted, Withdrawn),
                ];
                // Whatever was decided stays to be read.
                prop_assert_eq!(case.proposal.superseded_decisions.len(), known + usize::from(before.is_decided() && before != after));
                prop_assert!(before == after || steps.contains(&(before, after)), "{:?} {:?} {:?}", action, before, after);
                prop_assert_eq!(case.proposal.decision.is_some(), after.is_decided());
            }
        }
    }

    /// What an amendment has changed waits for the next notice; everything but its way out goes on.
    #[test]
    fn a_stale_proposal_is_neither_submitted_nor_decided() {
        let now = at("2023-12-01T00:00:00Z");
        for status in [ProposalStatus::Draft, ProposalStatus::Submitted, ProposalStatus::Returned] {
            let mut case = proposal(status, None, Some(report()));
            let before: Vec<_> = ACTIONS.iter().map(|action| outcome(&case, *action, now)).collect();
            case.proposal.stale = true;
            for (action, before) in ACTIONS.into_iter().zip(before) {
                let waits = matches!(action, Action::SubmitProposal | Action::RecordDecision) && before.is_ok();
                let expected = if waits { Err(Code::ProposalStale) } else { before };
                assert_eq!(outcome(&case, action, now), expected, "{action:?} {status:?}");
            }
        }
    }
}
