//! A unit's sheet on its way from the first score to the final result.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use strum::VariantArray;
use utoipa::ToSchema;

use crate::domain::access::action::{Action, Stage, wrong_state};
use crate::domain::assessment::evidence::{Evidence, FrozenEvidence};
use crate::domain::assessment::period::PeriodStatus;
use crate::domain::change::Change;
use crate::domain::criteria::rules::{Answer, Explanation};
use crate::domain::criteria::scoring::{Criterion, Line, ScoringTable, Sheet, Totals};
use crate::domain::journal::event::EventType;
use crate::domain::office::unit::UnitKey;
use crate::domain::text::{Check, NOTE_CHARS};
use crate::domain::time::{closes_at, date_in, instant};
use crate::domain::{Id, Points};
use crate::error::{Code, Error, Fault};

/// Where a sheet is, in the order of its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, VariantArray, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubmissionStatus {
    /// Being written by its unit.
    Draft,
    /// Sent to the standing body.
    Submitted,
    /// Sent back to the unit with a reason.
    Returned,
    /// Not sent when the gate closed.
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
            // A missed sheet holds nothing that a later reader may not know.
            SubmissionStatus::Missed | SubmissionStatus::Finalized => 4,
        }
    }

    /// Whether the sheet is its unit's to write, as far as the clock lets it.
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

    /// Whether the unit has sent the lines as they stand.
    pub const fn is_sent(self) -> bool {
        match self {
            SubmissionStatus::Submitted
            | SubmissionStatus::Appraised
            | SubmissionStatus::Reviewed
            | SubmissionStatus::Finalized => true,
            SubmissionStatus::Draft | SubmissionStatus::Returned | SubmissionStatus::Missed => false,
        }
    }

    /// Whether a sheet of this status has been where `status` is.
    pub const fn has_reached(self, status: SubmissionStatus) -> bool {
        self.step() >= status.step()
    }
}

/// A unit's sheet, without its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// Its id.
    pub id: Id,
    /// Whose it is.
    pub organization_id: Id,
    /// For which period.
    pub period_id: Id,
    /// Which unit's.
    pub unit_id: Id,
    /// Where it is.
    pub status: SubmissionStatus,
    /// How often it was submitted.
    pub revision: i32,
    /// Submitted after the due date, where the period accepts that.
    pub late: bool,
    /// This sheet's own due date.
    pub due_on: NaiveDate,
    /// When its gate closes; none where late sheets are accepted until the appraisal starts.
    pub closes_at: Option<DateTime<Utc>>,
    /// When it was last submitted.
    pub submitted_at: Option<DateTime<Utc>>,
    /// Why it was sent back.
    pub return_reason: Option<String>,
    /// What its lines add up to.
    pub totals: Option<Totals>,
    /// Counts changes that its unit may see.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A sheet with what its rights, gates and lines depend on.
#[derive(Debug, Clone)]
pub struct SubmissionCase {
    /// The sheet.
    pub submission: Submission,
    /// Whose it is.
    pub unit: UnitKey,
    /// Where its period is.
    pub period_status: PeriodStatus,
    /// When the period's appraisal is due.
    pub appraisal_due_on: NaiveDate,
    /// By which table it is scored.
    pub criteria_set_id: Id,
    /// The zone that its dates mean.
    pub zone: Tz,
}

/// A request to send a sheet back.
#[derive(Debug, Clone)]
pub struct Return {
    /// Why.
    pub reason: String,
    /// Its own due date; needed once the gate has closed.
    pub due_on: Option<NaiveDate>,
}

/// The acts on a sheet, in the order in which they are listed.
pub const ACTIONS: [Action; 7] = [
    Action::WriteScores,
    Action::WriteEvidence,
    Action::Submit,
    Action::Withdraw,
    Action::Return,
    Action::Appraise,
    Action::CouncilReview,
];

/// What an act needs of the sheet, its period and the clock.
struct Needs {
    actions: &'static [Action],
    sheet: &'static [SubmissionStatus],
    period: &'static [PeriodStatus],
    open_gate: bool,
}

const NEEDS: [Needs; 5] = {
    use PeriodStatus::{Appraisal, CouncilReview, SelfAssessment};
    use SubmissionStatus::{Appraised, Draft, Returned, Submitted};
    [
        Needs {
            actions: &[Action::WriteScores, Action::WriteEvidence, Action::Submit],
            sheet: &[Draft, Returned],
            // In the appraisal, only who was sent a sheet back or given more time still has one to send.
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
        Needs { actions: &[Action::CouncilReview], sheet: &[Appraised], period: &[CouncilReview], open_gate: false },
    ]
};

impl Submission {
    /// Whether the clock has closed the gate of a sheet that is still with its unit.
    pub fn has_lapsed(&self, now: DateTime<Utc>) -> bool {
        self.status.is_with_unit() && self.closes_at.is_some_and(|closes_at| now >= closes_at)
    }

    /// What the clock makes of it: a draft is missed; a returned sheet stands as last submitted.
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

    /// Whether state and clock let the act pass, and until when.
    ///
    /// # Errors
    /// `invalid_state`, `deadline_passed`.
    pub fn may(
        &self,
        action: Action,
        period: PeriodStatus,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, Error> {
        let Some(needs) = NEEDS.iter().find(|needs| needs.actions.contains(&action)) else {
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
            // What keeps a unit from writing here is the deadline, not the word for it.
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
    fn transition(&self, submission: Submission, now: DateTime<Utc>, event: EventType) -> Change<Self> {
        let submission = Submission { updated_at: now, ..submission };
        Change::with_event(SubmissionCase { submission, ..self.clone() }, event)
    }

    /// Sends it to the standing body. `missing` is what keeps it from being ready.
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
            late: now >= closes_at(self.submission.due_on, self.zone),
            submitted_at: Some(now),
            return_reason: None,
            ..self.submission.clone()
        };
        Ok(self.transition(submitted, now, EventType::SubmissionSubmitted))
    }

    /// Takes it back while its gate is open.
    pub fn withdraw(&self, now: DateTime<Utc>) -> Change<Self> {
        let withdrawn = Submission { status: SubmissionStatus::Draft, ..self.submission.clone() };
        self.transition(withdrawn, now, EventType::SubmissionWithdrawn)
    }

    /// Checks a request to send it back, and gives the reason in its stored form. `latest` is the last day of the
    /// appraisal.
    ///
    /// # Errors
    /// `date_in_past`, `due_on_too_late`, `due_on_required`, and those of the text.
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

    /// Sends it back to its unit, with a due date of its own where one was given.
    pub fn send_back(&self, reason: String, own_due_on: Option<NaiveDate>, now: DateTime<Utc>) -> Change<Self> {
        let (due_on, closes_at) = match own_due_on {
            Some(due_on) => (due_on, Some(closes_at(due_on, self.zone))),
            None => (self.submission.due_on, self.submission.closes_at),
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

    /// Moves it on when the review of a stage is submitted.
    pub fn review(&self, stage: Stage, now: DateTime<Utc>) -> Change<Self> {
        let (status, event) = match stage {
            Stage::Appraisal => (SubmissionStatus::Appraised, EventType::SubmissionAppraised),
            Stage::Council => (SubmissionStatus::Reviewed, EventType::SubmissionReviewed),
        };
        self.transition(Submission { status, ..self.submission.clone() }, now, event)
    }

    /// Gives it a later due date. A missed sheet is its unit's again.
    pub fn extend(&self, due_on: NaiveDate, now: DateTime<Utc>) -> Change<Self> {
        // A gate that stands open until the appraisal starts stays so.
        let stands_open = self.submission.closes_at.is_none() && self.period_status == PeriodStatus::SelfAssessment;
        let was_missed = self.submission.status == SubmissionStatus::Missed;
        let extended = Submission {
            status: if was_missed { SubmissionStatus::Draft } else { self.submission.status },
            due_on,
            closes_at: (!stands_open).then(|| closes_at(due_on, self.zone)),
            ..self.submission.clone()
        };
        let change = self.transition(extended, now, EventType::SubmissionReopened);
        if was_missed { change } else { Change { event: None, ..change } }
    }
}

/// A line as it was sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FrozenLine {
    /// Which criterion.
    pub criterion_code: String,
    /// The most it could give.
    pub max_points: Option<Points>,
    /// The answer.
    pub answer: Option<Answer>,
    /// What it earned.
    pub points: Option<Points>,
    /// How. Written for readers; the lines are told by answer and points.
    #[serde(skip_deserializing)]
    pub explanation: Option<Explanation>,
    /// A remark.
    pub note: Option<String>,
}

/// A sheet as it was sent: what a revision freezes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FrozenSheet {
    /// The lines in the table's order.
    pub scores: Vec<FrozenLine>,
    /// What they add up to.
    pub totals: Option<Totals>,
    /// What proves them, in the order in which it was added.
    #[serde(default)]
    pub evidence: Vec<FrozenEvidence>,
}

impl FrozenSheet {
    /// Freezes the lines of a sheet and what proves them.
    pub fn of(table: &ScoringTable, sheet: &Sheet, evidence: &[Evidence]) -> Self {
        let lines = table.criteria.iter().zip(&sheet.0);
        let freeze = |(criterion, line): (&Criterion, &Line)| FrozenLine {
            criterion_code: criterion.code.clone(),
            max_points: criterion.max_points,
            answer: line.answer().cloned(),
            points: line.points(),
            explanation: line.answer().map(|answer| criterion.rule.explain(answer, criterion.ceiling)),
            note: line.note.clone(),
        };
        FrozenSheet {
            scores: lines.map(freeze).collect(),
            totals: table.tally(sheet).totals,
            evidence: evidence.iter().map(FrozenEvidence::from).collect(),
        }
    }

    /// The lines again.
    pub fn sheet(&self) -> Sheet {
        let thaw = |line: &FrozenLine| Line {
            scored: line.answer.clone().zip(line.points),
            note: line.note.clone(),
            reason: None,
        };
        Sheet(self.scores.iter().map(thaw).collect())
    }
}

/// 409 with the instant at which the gate closed.
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

    /// Act; where the sheet and its period allow it; whether the gate must be open.
    type Row = (Action, &'static [SubmissionStatus], &'static [PeriodStatus], bool);

    /// The gate of 10 November closes at midnight in Việt Nam.
    #[test]
    fn each_act_has_its_states_and_its_gate() {
        use PeriodStatus as P;
        use SubmissionStatus as S;
        let with_unit: &[S] = &[S::Draft, S::Returned];
        let (early, until_council): (&[P], &[P]) = (&[P::SelfAssessment], &[P::SelfAssessment, P::Appraisal]);
        let table: [Row; 7] = [
            (Action::WriteScores, with_unit, until_council, true),
            (Action::WriteEvidence, with_unit, until_council, true),
            (Action::Submit, with_unit, until_council, true),
            (Action::Withdraw, &[S::Submitted], early, true),
            (Action::Return, &[S::Submitted], until_council, false),
            (Action::Appraise, &[S::Submitted], &[P::Appraisal], false),
            (Action::CouncilReview, &[S::Appraised], &[P::CouncilReview], false),
        ];
        assert_eq!(table.map(|row| row.0), ACTIONS);
        let gate = at("2023-11-10T17:00:00Z");
        let (before, after) = (at("2023-11-10T16:59:59.999Z"), gate);
        for (action, statuses, periods, gated) in table {
            for status in S::VARIANTS.iter().copied() {
                for period in [P::SelfAssessment, P::Appraisal, P::CouncilReview, P::Finalized, P::Cancelled] {
                    let fits = statuses.contains(&status) && periods.contains(&period);
                    let asked = |closes_at, now| sheet(status, closes_at).may(action, period, now);
                    let told = format!("{action:?} {status:?} {period:?}");
                    let until = asked(Some(gate), before);
                    assert_eq!(until.as_ref().ok(), fits.then_some(&gated.then_some(gate)), "{told}");
                    assert_eq!(asked(Some(gate), after).is_ok(), fits && !gated, "{told}, closed");
                    assert_eq!(asked(None, after).is_ok(), fits, "{told}, without a gate");
                }
            }
        }
        // What keeps a unit from a missed sheet is the deadline, not the word for its state.
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
