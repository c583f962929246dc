//! A unit's submission, from the first score to the final result.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use strum::VariantArray;
use utoipa::ToSchema;

use crate::domain::access::action::{Action, Stage, wrong_state};
use crate::domain::assessment::evidence::{Evidence, FrozenEvidence};
use crate::domain::assessment::period::{CouncilScoring, PeriodStatus};
use crate::domain::assessment::period_unit::unit_set_aside;
use crate::domain::change::{Change, Gate};
use crate::domain::criteria::rules::{Answer, Explanation};
use crate::domain::criteria::scoring::{Criterion, Line, ScoringTable, Sheet, Totals};
use crate::domain::journal::event::EventType;
use crate::domain::office::unit::UnitKey;
use crate::domain::text::{Check, NOTE_CHARS};
use crate::domain::time::{closes_at, date_in, instant};
use crate::domain::{Id, Points};
use crate::error::{Code, Error, Fault};

/// State of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, VariantArray, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubmissionStatus {
    /// Being edited by its unit.
    Draft,
    /// Submitted to the standing body.
    Submitted,
    /// Returned to the unit with a reason.
    Returned,
    /// Not submitted by the deadline.
    Missed,
    /// Appraised by the standing body.
    Appraised,
    /// Reviewed by the council.
    Reviewed,
    /// Part of the final ranking.
    Finalized,
}

impl SubmissionStatus {
    const fn step(self) -> u8 {
        match self {
            SubmissionStatus::Draft => 0,
            SubmissionStatus::Submitted | SubmissionStatus::Returned => 1,
            SubmissionStatus::Appraised => 2,
            SubmissionStatus::Reviewed => 3,
            // A missed submission contains nothing to hide from later stages.
            SubmissionStatus::Missed | SubmissionStatus::Finalized => 4,
        }
    }

    /// Whether its unit may edit it, until the deadline.
    pub const fn is_with_unit(self) -> bool {
        match self {
            SubmissionStatus::Draft | SubmissionStatus::Returned => true,
            SubmissionStatus::Submitted
            | SubmissionStatus::Missed
            | SubmissionStatus::Appraised
            | SubmissionStatus::Reviewed
            | SubmissionStatus::Finalized => false,
        }
    }

    /// Whether the unit has submitted the current lines.
    pub const fn is_sent(self) -> bool {
        match self {
            SubmissionStatus::Submitted
            | SubmissionStatus::Appraised
            | SubmissionStatus::Reviewed
            | SubmissionStatus::Finalized => true,
            SubmissionStatus::Draft | SubmissionStatus::Returned | SubmissionStatus::Missed => false,
        }
    }

    /// Whether a submission in this state has been in `status`.
    pub const fn has_reached(self, status: SubmissionStatus) -> bool {
        self.step() >= status.step()
    }
}

/// A submission, without its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// Id of the submission.
    pub id: Id,
    /// The organisation that the submission belongs to.
    pub organization_id: Id,
    /// The period that it belongs to.
    pub period_id: Id,
    /// The unit that it belongs to.
    pub unit_id: Id,
    /// State of the submission.
    pub status: SubmissionStatus,
    /// Number of times that it has been submitted.
    pub revision: i32,
    /// Whether it was submitted after the due date, in a period that accepts this.
    pub late: bool,
    /// Due date of this submission.
    pub due_on: NaiveDate,
    /// Instant from which it can no longer be submitted; `None` if late submissions are accepted until the appraisal
    /// starts.
    pub closes_at: Option<DateTime<Utc>>,
    /// When it was last submitted.
    pub submitted_at: Option<DateTime<Utc>>,
    /// Why it was returned.
    pub return_reason: Option<String>,
    /// Totals of its lines.
    pub totals: Option<Totals>,
    /// Version; it increases with every change that its unit may see.
    pub version: i64,
    /// When the submission was created.
    pub created_at: DateTime<Utc>,
    /// When the submission was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A submission with what its rights, deadlines and lines depend on.
#[derive(Debug, Clone)]
pub struct SubmissionCase {
    /// The submission.
    pub submission: Submission,
    /// The unit that it belongs to.
    pub unit: UnitKey,
    /// State of the period.
    pub period_status: PeriodStatus,
    /// Due date of the appraisal.
    pub appraisal_due_on: NaiveDate,
    /// The criteria set that it is scored by.
    pub criteria_set_id: Id,
    /// How the council arrives at its scores.
    pub council_scoring: CouncilScoring,
    /// Time zone that its dates refer to.
    pub zone: Tz,
    /// When its unit was set aside; `None` while the unit takes part.
    pub set_aside_at: Option<DateTime<Utc>>,
    /// Those who ask for an amendment in place of the secretaries, where recusal keeps all of them away.
    pub stand_ins: Vec<Id>,
}

/// A return of a submission to its unit, as submitted.
#[derive(Debug, Clone)]
pub struct Return {
    /// Why it is returned.
    pub reason: String,
    /// New due date; required if the deadline has passed.
    pub due_on: Option<NaiveDate>,
}

/// Actions on a submission, in the order in which they are listed.
pub const ACTIONS: [Action; 8] = [
    Action::WriteScores,
    Action::WriteEvidence,
    Action::Submit,
    Action::Withdraw,
    Action::Return,
    Action::Appraise,
    Action::CouncilReview,
    Action::RequestAmendment,
];

/// The same where the members of the council score alone.
pub const ACTIONS_ALONE: [Action; 8] = [
    Action::WriteScores,
    Action::WriteEvidence,
    Action::Submit,
    Action::Withdraw,
    Action::Return,
    Action::Appraise,
    Action::ScoreAlone,
    Action::RequestAmendment,
];

/// What an action requires of the submission, its period and the time.
struct Needs {
    actions: &'static [Action],
    sheet: &'static [SubmissionStatus],
    period: &'static [PeriodStatus],
    open_gate: bool,
}

const NEEDS: [Needs; 7] = {
    use PeriodStatus::{Announced, Appraisal, Closed, CouncilReview, SelfAssessment};
    use SubmissionStatus::{Appraised, Draft, Missed, Returned, Submitted};
    [
        Needs {
            actions: &[Action::WriteScores, Action::WriteEvidence, Action::Submit],
            sheet: &[Draft, Returned],
            // During the appraisal, only returned and extended submissions can still be submitted.
            period: &[SelfAssessment, Appraisal],
            open_gate: true,
        },
        Needs { actions: &[Action::Withdraw], sheet: &[Submitted], period: &[SelfAssessment], open_gate: true },
        Needs {
            actions: &[Action::Return],
            sheet: &[Submitted],
            period: &[SelfAssessment, Appraisal],
            open_gate: false,
        },
        Needs { actions: &[Action::Appraise], sheet: &[Submitted], period: &[Appraisal], open_gate: false },
        Needs {
            actions: &[Action::CouncilReview, Action::ScoreAlone],
            sheet: &[Appraised],
            period: &[CouncilReview],
            open_gate: false,
        },
        Needs {
            actions: &[Action::RequestAmendment],
            sheet: &[SubmissionStatus::Finalized],
            period: &[PeriodStatus::Finalized, Announced, Closed],
            open_gate: false,
        },
        // Until the announcement, a step back and an extension let the unit submit it.
        Needs {
            actions: &[Action::RequestAmendment],
            sheet: &[Missed],
            period: &[Announced, Closed],
            open_gate: false,
        },
    ]
};

impl SubmissionStatus {
    /// Returns how far a submission is that members of the council have scored alone: the state itself moves on once the
    /// ranking is final.
    #[must_use]
    pub fn with_mean(self) -> Self {
        if self == SubmissionStatus::Appraised { SubmissionStatus::Reviewed } else { self }
    }
}

impl Submission {
    /// Whether the deadline has passed while the submission is still with its unit.
    pub fn has_lapsed(&self, now: DateTime<Utc>) -> bool {
        self.status.is_with_unit() && self.closes_at.is_some_and(|closes_at| now >= closes_at)
    }

    /// Returns the submission after its deadline: a draft is missed, a returned submission stands as last submitted.
    #[must_use]
    pub fn lapsed(mut self) -> Self {
        self.status = match self.status {
            SubmissionStatus::Returned => SubmissionStatus::Submitted,
            SubmissionStatus::Draft => SubmissionStatus::Missed,
            status @ (SubmissionStatus::Submitted
            | SubmissionStatus::Missed
            | SubmissionStatus::Appraised
            | SubmissionStatus::Reviewed
            | SubmissionStatus::Finalized) => status,
        };
        self.return_reason = None;
        self
    }

    /// Requires that the states and the time allow an action, and returns until when.
    ///
    /// # Errors
    /// `invalid_state`, `deadline_passed`.
    pub fn may(
        &self,
        action: Action,
        period: PeriodStatus,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, Error> {
        let mut of_action = NEEDS.iter().filter(|needs| needs.actions.contains(&action));
        let of_status = of_action.clone().find(|needs| needs.sheet.contains(&self.status));
        let Some(needs) = of_status.or_else(|| of_action.next()) else {
            return Err(wrong_state(self.status, &[]));
        };
        self.must_be(needs.sheet, now)?;
        period.must_be(needs.period)?;
        if needs.open_gate { self.gate(now) } else { Ok(None) }
    }

    fn must_be(&self, needs: &[SubmissionStatus], now: DateTime<Utc>) -> Result<(), Error> {
        if needs.contains(&self.status) {
            return Ok(());
        }
        if self.status == SubmissionStatus::Missed && needs.contains(&SubmissionStatus::Draft) {
            // The unit is told about the deadline rather than about the state.
            self.gate(now)?;
        }
        Err(wrong_state(self.status, needs))
    }

    fn gate(&self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, Error> {
        match self.closes_at {
            Some(closes_at) if now >= closes_at => Err(deadline_passed(closes_at)),
            until => Ok(until),
        }
    }
}

impl SubmissionCase {
    /// Requires that the unit takes part and that the states and the time allow an action, and returns until when.
    ///
    /// # Errors
    /// `unit_set_aside`, `invalid_state`, `deadline_passed`.
    pub fn allows(&self, action: Action, now: DateTime<Utc>) -> Gate {
        if self.set_aside_at.is_some() {
            return Err(unit_set_aside());
        }
        self.submission.may(action, self.period_status, now)
    }

    /// Whether it was missed and only an amendment can still give it a result.
    pub fn is_missed_for_good(&self) -> bool {
        self.submission.status == SubmissionStatus::Missed && self.period_status.is_announced()
    }

    /// Returns the actions on it, in the order in which they are listed.
    pub const fn acts(&self) -> &'static [Action] {
        match self.council_scoring {
            CouncilScoring::Agreed => &ACTIONS,
            CouncilScoring::Mean => &ACTIONS_ALONE,
        }
    }

    /// Whether the members of the council score it alone.
    pub const fn is_scored_alone(&self, stage: Stage) -> bool {
        match (stage, self.council_scoring) {
            (Stage::Council, CouncilScoring::Mean) => true,
            (Stage::Appraisal | Stage::Council, _) => false,
        }
    }

    /// Returns the action that starts its review of a stage.
    pub const fn starting(&self, stage: Stage) -> Action {
        if self.is_scored_alone(stage) { Action::ScoreAlone } else { stage.action() }
    }

    fn transition(&self, submission: Submission, now: DateTime<Utc>, event: EventType) -> Change<Self> {
        let submission = Submission { updated_at: now, ..submission };
        Change::with_event(SubmissionCase { submission, ..self.clone() }, event)
    }

    /// Submits to the standing body. `missing` is what the submission lacks.
    ///
    /// # Errors
    /// `validation_failed` with everything that is missing.
    pub fn submit(&self, missing: Vec<Fault>, now: DateTime<Utc>) -> Result<Change<Self>, Error> {
        if !missing.is_empty() {
            return Err(Error::of_faults(Code::ValidationFailed, missing));
        }
        let submitted = Submission {
            status: SubmissionStatus::Submitted,
            revision: self.submission.revision + 1,
            // Once late, late for ever, whatever is returned and submitted again.
            late: self.submission.late || now >= closes_at(self.submission.due_on, self.zone),
            submitted_at: Some(now),
            return_reason: None,
            ..self.submission.clone()
        };
        Ok(self.transition(submitted, now, EventType::SubmissionSubmitted))
    }

    /// Withdraws the submission.
    pub fn withdraw(&self, now: DateTime<Utc>) -> Change<Self> {
        let withdrawn = Submission { status: SubmissionStatus::Draft, ..self.submission.clone() };
        self.transition(withdrawn, now, EventType::SubmissionWithdrawn)
    }

    /// Validates a return and returns the reason in normalised form. `latest` is the due date of the appraisal.
    ///
    /// # Errors
    /// `date_in_past`, `due_on_too_late`, `due_on_required`, and the errors of the text.
    pub fn check_return(&self, given: &Return, latest: NaiveDate, now: DateTime<Utc>) -> Result<String, Error> {
        let mut check = Check::default();
        let reason = check.text("/reason", &given.reason, NOTE_CHARS);
        let gate_is_open = self.period_status == PeriodStatus::SelfAssessment
            && self.submission.closes_at.is_none_or(|gate| now < gate);
        match given.due_on {
            Some(due_on) if due_on < date_in(self.zone, now) => check.fault("/due_on", Code::DateInPast),
            Some(due_on) if due_on > latest => {
                check.faults.push(Fault::at("/due_on", Code::DueOnTooLate).with("latest", latest.to_string()));
            }
            None if !gate_is_open => check.fault("/due_on", Code::DueOnRequired),
            Some(_) | None => {}
        }
        Error::unless_valid(check.faults)?;
        Ok(reason)
    }

    /// Returns the submission to its unit, with its own due date if one is given. The time that stands is never shortened:
    /// an earlier date changes nothing, and a gate that stands open stays open.
    pub fn send_back(&self, reason: String, own_due_on: Option<NaiveDate>, now: DateTime<Utc>) -> Change<Self> {
        let (due_on, closes_at) = match own_due_on {
            Some(due_on) if due_on > self.submission.due_on => {
                (due_on, (!self.stands_open()).then(|| closes_at(due_on, self.zone)))
            }
            Some(_) | None => (self.submission.due_on, self.submission.closes_at),
        };
        let returned = Submission {
            status: SubmissionStatus::Returned,
            return_reason: Some(reason),
            due_on,
            closes_at,
            ..self.submission.clone()
        };
        self.transition(returned, now, EventType::SubmissionReturned)
    }

    /// Moves the submission back to an earlier stage, because what moved it on counts no longer.
    #[must_use]
    pub fn moved_back(&self, status: SubmissionStatus, now: DateTime<Utc>) -> Self {
        let submission = Submission { status, updated_at: now, ..self.submission.clone() };
        SubmissionCase { submission, ..self.clone() }
    }

    /// Moves the submission to the next stage when the review of a stage is submitted.
    pub fn review(&self, stage: Stage, now: DateTime<Utc>) -> Change<Self> {
        let (status, event) = match stage {
            Stage::Appraisal => (SubmissionStatus::Appraised, EventType::SubmissionAppraised),
            Stage::Council => (SubmissionStatus::Reviewed, EventType::SubmissionReviewed),
        };
        self.transition(Submission { status, ..self.submission.clone() }, now, event)
    }

    /// Whether late submissions are accepted until the appraisal starts, as they still are.
    fn stands_open(&self) -> bool {
        self.submission.closes_at.is_none() && self.period_status == PeriodStatus::SelfAssessment
    }

    /// Moves the gate of the submission, while its unit may still act by it.
    pub fn move_gate(&self, due_on: NaiveDate, now: DateTime<Utc>) -> Change<Self> {
        let mut moved = Submission { updated_at: now, ..self.submission.clone() };
        if moved.status.is_with_unit() || moved.status == SubmissionStatus::Submitted {
            moved.due_on = due_on;
            moved.closes_at = (!self.stands_open()).then(|| closes_at(due_on, self.zone));
        }
        Change::silent(SubmissionCase { submission: moved, ..self.clone() })
    }

    /// Gives the submission a later due date. A missed submission becomes a draft again.
    pub fn extend(&self, due_on: NaiveDate, now: DateTime<Utc>) -> Change<Self> {
        let was_missed = self.submission.status == SubmissionStatus::Missed;
        let extended = Submission {
            status: if was_missed { SubmissionStatus::Draft } else { self.submission.status },
            due_on,
            closes_at: (!self.stands_open()).then(|| closes_at(due_on, self.zone)),
            ..self.submission.clone()
        };
        let change = self.transition(extended, now, EventType::SubmissionReopened);
        if was_missed { change } else { Change { event: None, ..change } }
    }
}

/// A line, as frozen in a revision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FrozenLine {
    /// Code of the criterion.
    pub criterion_code: String,
    /// Maximum points of the criterion; null if it shares the points that its section has left.
    pub max_points: Option<Points>,
    /// The answer; null if the line is not scored.
    pub answer: Option<Answer>,
    /// Points earned by the answer; null if it is not scored or does not apply.
    pub points: Option<Points>,
    /// How the points were computed.
    // Written for readers; answer and points identify the line.
    #[serde(skip_deserializing)]
    pub explanation: Option<Explanation>,
    /// A remark; null if there is none.
    pub note: Option<String>,
}

/// The content of a submission, as frozen in a revision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FrozenSheet {
    /// Lines, in the order of the criteria set.
    pub scores: Vec<FrozenLine>,
    /// Totals of the lines; null if no line is scored.
    pub totals: Option<Totals>,
    /// Evidence, in the order in which it was added.
    #[serde(default)]
    pub evidence: Vec<FrozenEvidence>,
}

impl FrozenSheet {
    /// Freezes the lines of a submission and its evidence.
    pub fn of(table: &ScoringTable, sheet: &Sheet, evidence: &[Evidence]) -> Self {
        let lines = table.criteria.iter().zip(&sheet.0);
        let freeze = |(criterion, line): (&Criterion, &Line)| FrozenLine {
            criterion_code: criterion.code.clone(),
            max_points: criterion.max_points,
            answer: line.answer().cloned(),
            points: line.points(),
            explanation: line.answer().map(|answer| criterion.rule.explain(answer, criterion.bounds)),
            note: line.note.clone(),
        };
        FrozenSheet {
            scores: lines.map(freeze).collect(),
            totals: table.tally(sheet).totals,
            evidence: evidence.iter().map(FrozenEvidence::from).collect(),
        }
    }

    /// Returns the lines for scoring.
    pub fn sheet(&self) -> Sheet {
        let thaw = |line: &FrozenLine| Line {
            scored: line.answer.clone().zip(line.points),
            note: line.note.clone(),
            reason: None,
        };
        Sheet(self.scores.iter().map(thaw).collect())
    }
}

/// Returns the error for a passed deadline: 409 with the instant at which it passed.
pub fn deadline_passed(closes_at: DateTime<Utc>) -> Error {
    Error::new(Code::DeadlinePassed).with("closed_at", instant(closes_at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn sheet(status: SubmissionStatus, closes_at: Option<DateTime<Utc>>) -> Submission {
        let id = Id::from_uuid_text("018b88d6-5f80-7000-8000-000000000001");
        let now = at("2023-11-01T00:00:00Z");
        Submission {
            id,
            organization_id: id,
            period_id: id,
            unit_id: id,
            status,
            revision: 1,
            late: false,
            due_on: "2023-11-10".parse().unwrap(),
            closes_at,
            submitted_at: None,
            return_reason: Some("x".into()),
            totals: None,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// Action; states of the submission and of its period that allow it; whether the deadline ends it.
    type Row = (Action, &'static [SubmissionStatus], &'static [PeriodStatus], bool);

    /// The deadline of 10 November ends at midnight in Việt Nam.
    #[test]
    fn each_act_has_its_states_and_its_deadline() {
        use PeriodStatus as P;
        use SubmissionStatus as S;
        let with_unit: &[S] = &[S::Draft, S::Returned];
        let (early, until_council): (&[P], &[P]) = (&[P::SelfAssessment], &[P::SelfAssessment, P::Appraisal]);
        let table: [Row; 8] = [
            (Action::WriteScores, with_unit, until_council, true),
            (Action::WriteEvidence, with_unit, until_council, true),
            (Action::Submit, with_unit, until_council, true),
            (Action::Withdraw, &[S::Submitted], early, true),
            (Action::Return, &[S::Submitted], until_council, false),
            (Action::Appraise, &[S::Submitted], &[P::Appraisal], false),
            (Action::CouncilReview, &[S::Appraised], &[P::CouncilReview], false),
            (Action::RequestAmendment, &[S::Finalized], &[P::Finalized, P::Announced, P::Closed], false),
        ];
        assert_eq!(table.map(|row| row.0), ACTIONS);
        let gate = at("2023-11-10T17:00:00Z");
        let (before, after) = (at("2023-11-10T16:59:59.999Z"), gate);
        for (action, statuses, periods, gated) in table {
            for status in S::VARIANTS.iter().copied() {
                for period in P::VARIANTS.iter().copied() {
                    let amends_missed = (action, status) == (Action::RequestAmendment, S::Missed);
                    let fits = match amends_missed {
                        true => matches!(period, P::Announced | P::Closed),
                        false => statuses.contains(&status) && periods.contains(&period),
                    };
                    let outcome = |closes_at, now| sheet(status, closes_at).may(action, period, now);
                    let case = format!("{action:?} {status:?} {period:?}");
                    let until = outcome(Some(gate), before);
                    assert_eq!(until.as_ref().ok(), fits.then_some(&gated.then_some(gate)), "{case}");
                    assert_eq!(outcome(Some(gate), after).is_ok(), fits && !gated, "{case}, closed");
                    assert_eq!(outcome(None, after).is_ok(), fits, "{case}, without a deadline");
                }
            }
        }
        // For a missed submission the unit is told about the deadline rather than about the state.
        let missed = sheet(S::Missed, Some(gate)).may(Action::WriteScores, P::SelfAssessment, after).unwrap_err();
        assert_eq!(missed.code, Code::DeadlinePassed);
        let foreign = sheet(S::Draft, None).may(Action::Announce, P::SelfAssessment, before).unwrap_err();
        assert_eq!(foreign.code, Code::InvalidState);
    }

    #[test]
    fn the_clock_misses_a_draft_and_lets_a_returned_sheet_stand() {
        use SubmissionStatus as S;
        let gate = at("2023-11-10T17:00:00Z");
        for status in S::VARIANTS.iter().copied() {
            let (becomes, lapses) = match status {
                S::Draft => (S::Missed, true),
                S::Returned => (S::Submitted, true),
                S::Submitted | S::Missed | S::Appraised | S::Reviewed | S::Finalized => (status, false),
            };
            let sheet = sheet(status, Some(gate));
            assert_eq!((sheet.has_lapsed(gate), sheet.clone().lapsed().status), (lapses, becomes), "{status:?}");
            assert!(!sheet.has_lapsed(at("2023-11-10T16:59:59.999Z")), "{status:?}");
        }
    }
}
