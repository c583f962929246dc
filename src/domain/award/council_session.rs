//! Council sessions: agenda, attendance, quorum and votes.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::access::action::{Action, needs, wrong_state};
use crate::domain::assessment::period::Period;
use crate::domain::award::vote::Vote;
use crate::domain::change::{Change, Superseded};
use crate::domain::file::AttachedFile;
use crate::domain::journal::event::EventType;
use crate::domain::text::{Check, NOTE_CHARS, checked};
use crate::error::{Code, Error, Fault};

/// State of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[cfg_attr(test, derive(strum::VariantArray))]
#[serde(rename_all = "snake_case")]
pub enum SessionStatus {
    /// Scheduled.
    Planned,
    /// Held: the attendance is frozen.
    Held,
    /// Closed by the chair.
    Closed,
    /// Cancelled: it decides nothing.
    Cancelled,
}

/// The share of the council that must be present, as a fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Quorum {
    /// Numerator of the fraction.
    #[schema(minimum = 1, maximum = 100)]
    pub numerator: i32,
    /// Denominator of the fraction.
    #[schema(minimum = 1, maximum = 100)]
    pub denominator: i32,
}

impl Default for Quorum {
    fn default() -> Self {
        Quorum { numerator: 2, denominator: 3 }
    }
}

impl Quorum {
    /// Whether it is a valid share: more than 0, at most 1.
    pub const fn is_share(self) -> bool {
        0 < self.numerator && self.numerator <= self.denominator && self.denominator <= 100
    }

    /// Returns how many of `members` must be present, rounded up.
    pub fn of(self, members: i32) -> i32 {
        let share = members.saturating_mul(self.numerator);
        share / self.denominator + i32::from(share % self.denominator != 0)
    }
}

/// The attendance of a member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Attendance {
    /// Id of the member.
    pub member_id: Id,
    /// Whether the member is present.
    pub present: bool,
    /// Whether the member sent a written opinion, which does not count as presence; defaults to `false`.
    #[serde(default)]
    pub written_opinion: bool,
}

/// An item of the agenda: units, a note, or both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgendaItem {
    /// Ids of the units that it is about; defaults to none.
    #[serde(default)]
    pub unit_ids: Vec<Id>,
    /// What it is about, at most 4,000 characters; null if the units say it.
    #[serde(default)]
    #[schema(example = "Xét điểm thẩm định của khối tham mưu")]
    pub note: Option<String>,
}

/// What is recorded about a session, as a correction replaces it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionRecord {
    /// Day of the session.
    pub held_on: NaiveDate,
    /// Place of the session.
    pub place: String,
    /// Share of the council that must be present.
    pub quorum: Quorum,
    /// Who presides in the chair's place; `None` for the chair.
    pub presiding_member_id: Option<Id>,
    /// The agenda.
    pub agenda: Vec<AgendaItem>,
    /// Attendance of each member.
    pub attendance: Vec<Attendance>,
    /// The votes.
    #[serde(default)]
    pub votes: Vec<Vote>,
    /// Number of members present.
    pub present: Option<i32>,
    /// Number of members required.
    pub needed: Option<i32>,
}

/// A council session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CouncilSession {
    /// Id of the session.
    pub id: Id,
    /// The organisation that the session belongs to.
    pub organization_id: Id,
    /// The period that it decides on.
    pub period_id: Id,
    /// Day of the session.
    pub held_on: NaiveDate,
    /// Place of the session.
    pub place: String,
    /// State of the session.
    pub status: SessionStatus,
    /// Share of the council that must be present.
    pub quorum: Quorum,
    /// Who presides in the chair's place; `None` for the chair.
    pub presiding_member_id: Option<Id>,
    /// The agenda.
    pub agenda: Vec<AgendaItem>,
    /// Attendance of each member.
    pub attendance: Vec<Attendance>,
    /// The votes.
    pub votes: Vec<Vote>,
    /// Number of members present, once held.
    pub present: Option<i32>,
    /// Number of members required, once held.
    pub needed: Option<i32>,
    /// Records that were wrong, the oldest first.
    pub superseded: Vec<Superseded<SessionRecord>>,
    /// Why it was cancelled.
    pub cancel_reason: Option<String>,
    /// The minutes as attached last.
    pub minutes: Option<AttachedFile>,
    /// Version; it increases with every change.
    pub version: i64,
    /// When the session was created.
    pub created_at: DateTime<Utc>,
    /// When the session was last changed.
    pub updated_at: DateTime<Utc>,
}

/// Actions on a session, in the order in which they are listed.
pub const ACTIONS: [Action; 6] = [
    Action::WriteSession,
    Action::HoldSession,
    Action::CloseSession,
    Action::CorrectSession,
    Action::CancelSession,
    Action::AttachMinutes,
];

const NEEDS: [(&[Action], &[SessionStatus]); 5] = {
    use SessionStatus::{Closed, Held, Planned};
    [
        (&[Action::WriteSession], &[Planned, Held]),
        (&[Action::HoldSession], &[Planned]),
        (&[Action::CloseSession], &[Held]),
        (&[Action::CorrectSession, Action::AttachMinutes], &[Held, Closed]),
        (&[Action::CancelSession], &[Planned, Held, Closed]),
    ]
};

impl CouncilSession {
    /// Whether enough members were present; `None` until the session is held. An empty council has no quorum.
    pub fn quorum_met(&self) -> Option<bool> {
        let (present, needed) = (self.present?, self.needed?);
        Some(needed > 0 && present >= needed)
    }

    /// Whether it was closed with a quorum, and held `since` the council's review began.
    pub fn could_decide(&self, since: NaiveDate) -> bool {
        self.status == SessionStatus::Closed && self.quorum_met() == Some(true) && self.held_on >= since
    }

    /// Returns what is recorded about it.
    pub fn record(&self) -> SessionRecord {
        SessionRecord {
            held_on: self.held_on,
            place: self.place.clone(),
            quorum: self.quorum,
            presiding_member_id: self.presiding_member_id,
            agenda: self.agenda.clone(),
            attendance: self.attendance.clone(),
            votes: self.votes.clone(),
            present: self.present,
            needed: self.needed,
        }
    }

    /// Counts those present and those required. `council` are the members on the day of the session.
    fn counted(self, council: &[Id]) -> Self {
        let here = self.attendance.iter().filter(|entry| entry.present && council.contains(&entry.member_id)).count();
        CouncilSession {
            present: i32::try_from(here).ok(),
            needed: i32::try_from(council.len()).ok().map(|members| self.quorum.of(members)),
            ..self
        }
    }

    /// Requires that the state allows an action.
    ///
    /// # Errors
    /// `invalid_state`.
    pub fn may(&self, action: Action) -> Result<(), Error> {
        let needs = needs(&NEEDS, action);
        if needs.contains(&self.status) { Ok(()) } else { Err(wrong_state(self.status, needs)) }
    }
}

/// A session with its period.
#[derive(Debug, Clone)]
pub struct SessionCase {
    /// The session.
    pub session: CouncilSession,
    /// The period that it decides on.
    pub period: Period,
}

impl SessionCase {
    /// Requires that the states of the session and of its period allow an action.
    ///
    /// # Errors
    /// `invalid_state`.
    pub fn may(&self, action: Action) -> Result<(), Error> {
        self.session.may(action)?;
        self.period.may(action)
    }

    /// Replaces the session, without an event.
    pub fn with(&self, session: CouncilSession, now: DateTime<Utc>) -> Change<Self> {
        Change::silent(SessionCase { session: CouncilSession { updated_at: now, ..session }, ..self.clone() })
    }

    /// Replaces what is recorded about a session that is not closed. Once it was held, its agenda and its votes alone.
    ///
    /// # Errors
    /// `invalid_state`.
    pub fn change(&self, after: CouncilSession, now: DateTime<Utc>) -> Result<Change<Self>, Error> {
        let fixed =
            |session: &CouncilSession| SessionRecord { agenda: Vec::new(), votes: Vec::new(), ..session.record() };
        if self.session.status == SessionStatus::Held && fixed(&after) != fixed(&self.session) {
            return Err(wrong_state(SessionStatus::Held, &[SessionStatus::Planned]));
        }
        Ok(self.with(after, now))
    }

    /// Freezes the attendance and computes the quorum. `council` are the members on the day of the session.
    ///
    /// # Errors
    /// `guard_failed` with `too_early` before the day of the session, with `implausible_date` where that was before the
    /// review, and with `no_council_members` for an empty council.
    pub fn hold(&self, council: &[Id], today: NaiveDate, now: DateTime<Utc>) -> Result<Change<Self>, Error> {
        let session = &self.session;
        let mut check = Check::default();
        if session.held_on > today {
            let fault = Fault::at("/held_on", Code::TooEarly).with("not_before", session.held_on.to_string());
            check.faults.push(fault);
        } else {
            check.date("/held_on", session.held_on, (self.period.council_since(), today));
        }
        check.ensure(!council.is_empty(), "/attendance", Code::NoCouncilMembers);
        if !check.faults.is_empty() {
            return Err(Error::of_faults(Code::GuardFailed, check.faults));
        }
        let held = CouncilSession { status: SessionStatus::Held, ..session.clone().counted(council) };
        Ok(self.with(held, now))
    }

    /// Replaces a record that was wrong, which is kept with the `reason`, and counts the quorum anew. `council` are the
    /// members on the corrected day.
    ///
    /// # Errors
    /// `nothing_corrected` for what is recorded already.
    pub fn correct(
        &self,
        corrected: CouncilSession,
        reason: String,
        council: &[Id],
        now: DateTime<Utc>,
    ) -> Result<Change<Self>, Error> {
        let mut corrected = corrected.counted(council);
        let value = self.session.record();
        if corrected.record() == value {
            return Err(Error::new(Code::NothingCorrected));
        }
        corrected.superseded.clone_from(&self.session.superseded);
        corrected.superseded.push(Superseded { value, superseded_at: now, superseded_reason: reason });
        Ok(self.announced(corrected, EventType::CouncilSessionCorrected, now))
    }

    /// Cancels the session.
    ///
    /// # Errors
    /// The errors of the reason.
    pub fn cancel(&self, reason: &str, now: DateTime<Utc>) -> Result<Change<Self>, Error> {
        let cancel_reason = Some(checked(|check| check.text("/reason", reason, NOTE_CHARS))?);
        let cancelled = CouncilSession { status: SessionStatus::Cancelled, cancel_reason, ..self.session.clone() };
        Ok(self.announced(cancelled, EventType::CouncilSessionCancelled, now))
    }

    fn announced(&self, session: CouncilSession, event: EventType, now: DateTime<Utc>) -> Change<Self> {
        Change { event: Some(event), ..self.with(session, now) }
    }

    /// Closes a session that was held.
    pub fn close(&self, now: DateTime<Utc>) -> Change<Self> {
        self.with(CouncilSession { status: SessionStatus::Closed, ..self.session.clone() }, now)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;
    use strum::VariantArray;

    use super::*;
    use crate::domain::assessment::period::PeriodStatus;

    const OK: Result<(), Code> = Ok(());
    const STATE: Result<(), Code> = Err(Code::InvalidState);

    fn id(last: u8) -> Id {
        Id::from_uuid_text(format!("018b88d6-5f80-7000-8000-0000000000{last:02x}"))
    }

    fn on(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// A session on 25 November of a council of three, of whom two are present.
    fn session(status: SessionStatus, period_status: PeriodStatus) -> SessionCase {
        let now = DateTime::UNIX_EPOCH;
        let rules = json!({
            "code": "2023", "title": "2023", "year": 2023, "criteria_set_id": id(1), "unit_ids": [],
            "schedule": {
                "self_assessment_due_on": "2023-11-10", "appraisal_due_on": "2023-11-15",
                "council_review_from_on": "2023-11-20", "council_review_to_on": "2023-11-30",
                "result_notice_due_on": "2023-11-30",
            },
        });
        let period = Period {
            id: id(1),
            organization_id: id(1),
            rules: serde_json::from_value(rules).unwrap(),
            status: period_status,
            notice: None,
            superseded_notices: Vec::new(),
            superseded_stages: Vec::new(),
            ranking_version: None,
            announced_version: None,
            council_recalled: false,
            cancel_reason: None,
            council_review_started_on: Some(on("2023-11-21")),
            set_aside: Vec::new(),
            copied_from: None,
            carry_over: false,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let attendance = |last, present| Attendance { member_id: id(last), present, written_opinion: false };
        let session = CouncilSession {
            id: id(1),
            organization_id: id(1),
            period_id: id(1),
            held_on: on("2023-11-25"),
            place: "Trụ sở".into(),
            status,
            quorum: Quorum::default(),
            presiding_member_id: None,
            agenda: Vec::new(),
            attendance: vec![attendance(2, true), attendance(3, true), attendance(4, false)],
            votes: Vec::new(),
            present: None,
            needed: None,
            superseded: Vec::new(),
            cancel_reason: None,
            minutes: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        SessionCase { session, period }
    }

    fn outcome(case: &SessionCase, action: Action) -> Result<(), Code> {
        case.may(action).map_err(|error| error.code)
    }

    /// In the order of a session's life: planned, held, closed, cancelled.
    #[test]
    fn each_state_allows_its_acts() {
        let table = [
            (Action::WriteSession, [OK, OK, STATE, STATE]),
            (Action::HoldSession, [OK, STATE, STATE, STATE]),
            (Action::CloseSession, [STATE, OK, STATE, STATE]),
            (Action::CorrectSession, [STATE, OK, OK, STATE]),
            (Action::CancelSession, [OK, OK, OK, STATE]),
            (Action::AttachMinutes, [STATE, OK, OK, STATE]),
            // Not an act on a session.
            (Action::Finalize, [STATE; 4]),
        ];
        assert_eq!(table.iter().map(|row| row.0).take(ACTIONS.len()).collect::<Vec<_>>(), ACTIONS);
        for (action, expected) in table {
            for (status, expected) in SessionStatus::VARIANTS.iter().zip(expected) {
                let case = session(*status, PeriodStatus::CouncilReview);
                assert_eq!(outcome(&case, action), expected, "{action:?} {status:?}");
            }
        }
    }

    /// In the order of a period's life: draft, self-assessment, appraisal, council review, finalised, announced, closed,
    /// cancelled.
    #[test]
    fn a_session_changes_only_until_the_ranking_is_final() {
        let planning = [STATE, OK, OK, OK, STATE, STATE, STATE, STATE];
        let meeting = [STATE, STATE, STATE, OK, STATE, STATE, STATE, STATE];
        let acts = [
            (Action::WriteSession, SessionStatus::Planned, planning),
            (Action::HoldSession, SessionStatus::Planned, meeting),
            (Action::CloseSession, SessionStatus::Held, meeting),
            (Action::CorrectSession, SessionStatus::Closed, planning),
            (Action::CancelSession, SessionStatus::Closed, planning),
        ];
        for (action, status, expected) in acts {
            for (period, expected) in PeriodStatus::VARIANTS.iter().zip(expected) {
                assert_eq!(outcome(&session(status, *period), action), expected, "{action:?} {period:?}");
            }
        }
    }

    #[test]
    fn a_session_is_not_held_before_its_day() {
        let case = session(SessionStatus::Planned, PeriodStatus::CouncilReview);
        let council = [id(2), id(3), id(4)];
        let error = case.hold(&council, on("2023-11-24"), DateTime::UNIX_EPOCH).unwrap_err();
        assert_eq!((error.code, error.faults[0].code), (Code::GuardFailed, Code::TooEarly));
        let held = case.hold(&council, on("2023-11-25"), DateTime::UNIX_EPOCH).unwrap().after.session;
        assert_eq!((held.status, held.present, held.needed), (SessionStatus::Held, Some(2), Some(2)));
    }

    /// Two of three are a quorum, and one is not; what stood is kept, each time.
    #[test]
    fn a_correction_counts_anew_and_keeps_what_stood() {
        let now = DateTime::UNIX_EPOCH;
        let council = [id(2), id(3), id(4)];
        let planned = session(SessionStatus::Planned, PeriodStatus::CouncilReview);
        let held = planned.hold(&council, on("2023-11-25"), now).unwrap().after;
        let closed = held.close(now).after;
        for case in [held, closed] {
            let mut wrong = case.session.clone();
            wrong.attendance[1].present = false;
            let once = case.correct(wrong, "x".into(), &council, now).unwrap().after;
            assert_eq!((once.session.status, once.session.quorum_met()), (case.session.status, Some(false)));
            let twice = once.correct(case.session.clone(), "y".into(), &council, now);
            let twice = twice.unwrap().after.session;
            assert_eq!((twice.present, twice.quorum_met()), (Some(2), Some(true)));
            let kept: Vec<&SessionRecord> = twice.superseded.iter().map(|superseded| &superseded.value).collect();
            assert_eq!(kept, [&case.session.record(), &once.session.record()]);
            let same = case.correct(case.session.clone(), "z".into(), &council, now).unwrap_err();
            assert_eq!(same.code, Code::NothingCorrected);
        }
    }

    /// The review began on the 21st: a session of the 20th was not in it, and nobody is no council.
    #[test]
    fn every_reason_against_holding_is_told_at_once() {
        let mut case = session(SessionStatus::Planned, PeriodStatus::CouncilReview);
        case.session.held_on = on("2023-11-20");
        let error = case.hold(&[], on("2023-11-25"), DateTime::UNIX_EPOCH).unwrap_err();
        let codes: Vec<Code> = error.faults.iter().map(|fault| fault.code).collect();
        assert_eq!((error.code, codes), (Code::GuardFailed, vec![Code::ImplausibleDate, Code::NoCouncilMembers]));
    }

    #[test]
    fn a_session_decides_closed_with_a_quorum_and_in_the_review() {
        let since = on("2023-11-21");
        let table = [
            (SessionStatus::Closed, Some((4, 4)), "2023-11-21", true),
            (SessionStatus::Closed, Some((4, 4)), "2023-11-20", false),
            (SessionStatus::Closed, Some((4, 4)), "1999-11-25", false),
            (SessionStatus::Closed, Some((3, 4)), "2023-11-25", false),
            (SessionStatus::Closed, Some((0, 0)), "2023-11-25", false),
            (SessionStatus::Held, Some((4, 4)), "2023-11-25", false),
            (SessionStatus::Cancelled, Some((4, 4)), "2023-11-25", false),
            (SessionStatus::Planned, None, "2023-11-25", false),
        ];
        for (status, counted, held_on, expected) in table {
            let of = session(status, PeriodStatus::CouncilReview).session;
            let (present, needed) = counted.unzip();
            let session = CouncilSession { held_on: on(held_on), present, needed, ..of };
            assert_eq!(session.could_decide(since), expected, "{status:?} {counted:?} {held_on}");
        }
    }

    proptest! {
        #[test]
        fn no_permitted_act_leaves_a_cancelled_session_or_goes_back(acts in proptest::collection::vec(0..ACTIONS.len(), 0..12)) {
            let mut case = session(SessionStatus::Planned, PeriodStatus::CouncilReview);
            let place = |status: SessionStatus| SessionStatus::VARIANTS.iter().position(|known| *known == status);
            for action in acts.into_iter().map(|at| ACTIONS[at]) {
                if case.may(action).is_err() {
                    continue;
                }
                let before = case.session.clone();
                prop_assert!(before.status != SessionStatus::Cancelled, "{:?}", action);
                case = if action == Action::HoldSession {
                    case.hold(&[id(2), id(3), id(4)], before.held_on, DateTime::UNIX_EPOCH).unwrap().after
                } else if action == Action::CloseSession {
                    case.close(DateTime::UNIX_EPOCH).after
                } else if action == Action::CancelSession {
                    case.cancel("x", DateTime::UNIX_EPOCH).unwrap().after
                } else if action == Action::CorrectSession {
                    let corrected = CouncilSession { place: format!("{} x", before.place), ..before.clone() };
                    case.correct(corrected, "x".into(), &[id(2), id(3)], DateTime::UNIX_EPOCH).unwrap().after
                } else {
                    case.with(before.clone(), DateTime::UNIX_EPOCH).after
                };
                let after = &case.session;
                let step = place(after.status).zip(place(before.status)).map(|(after, before)| after - before);
                let steps = if action == Action::CancelSession { 1..4 } else { 0..2 };
                prop_assert!(step.is_some_and(|step| steps.contains(&step)), "{:?} {:?}", action, before.status);
                let counted = matches!(after.status, SessionStatus::Held | SessionStatus::Closed);
                prop_assert!(counted || after.status == SessionStatus::Cancelled || after.quorum_met().is_none());
                prop_assert!(!counted || after.quorum_met().is_some());
                prop_assert_eq!(after.superseded.len() - before.superseded.len(), usize::from(action == Action::CorrectSession));
            }
        }
    }

    #[test]
    fn two_thirds_are_rounded_up() {
        for (members, needed) in [(0, 0), (1, 1), (2, 2), (3, 2), (4, 3), (5, 4), (6, 4), (7, 5)] {
            assert_eq!(Quorum::default().of(members), needed, "{members}");
        }
        assert_eq!(Quorum { numerator: 1, denominator: 1 }.of(7), 7);
        assert!(
            !Quorum { numerator: 3, denominator: 2 }.is_share() && !Quorum { numerator: 0, denominator: 2 }.is_share()
        );
    }
}
