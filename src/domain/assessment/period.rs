//! Emulation periods: one year of scoring in one organisation, from the draft to the announced results.

use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::access::action::{Action, needs, wrong_state};
use crate::domain::assessment::group::Group;
use crate::domain::assessment::period_unit::SetAside;
use crate::domain::award::award::{Award, WhenIneligible};
use crate::domain::award::eligibility::Condition;
use crate::domain::award::tie_break::TieBreak;
use crate::domain::change::Superseded;
use crate::domain::text::{Check, TITLE_CHARS};
use crate::domain::time::{closes_at, deserialize_day};
use crate::error::{Code, Error, Fault};

/// State of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, strum::VariantArray)]
#[serde(rename_all = "snake_case")]
pub enum PeriodStatus {
    /// Being prepared.
    Draft,
    /// The units assess themselves.
    SelfAssessment,
    /// The standing body appraises.
    Appraisal,
    /// The council reviews.
    CouncilReview,
    /// The ranking is frozen.
    Finalized,
    /// The results are announced; award proposals are prepared.
    Announced,
    /// Every award proposal is decided.
    Closed,
    /// Cancelled, with a reason.
    Cancelled,
}

impl PeriodStatus {
    /// The states of an open period.
    pub const OPEN: [PeriodStatus; 5] = [
        PeriodStatus::SelfAssessment,
        PeriodStatus::Appraisal,
        PeriodStatus::CouncilReview,
        PeriodStatus::Finalized,
        PeriodStatus::Announced,
    ];

    /// Requires one of the given states.
    ///
    /// # Errors
    /// `invalid_state`.
    pub fn must_be(self, needs: &[PeriodStatus]) -> Result<(), Error> {
        if needs.contains(&self) { Ok(()) } else { Err(wrong_state(self, needs)) }
    }

    /// Whether the ranking is frozen.
    pub const fn is_final(self) -> bool {
        match self {
            PeriodStatus::Finalized | PeriodStatus::Announced | PeriodStatus::Closed => true,
            PeriodStatus::Draft
            | PeriodStatus::SelfAssessment
            | PeriodStatus::Appraisal
            | PeriodStatus::CouncilReview
            | PeriodStatus::Cancelled => false,
        }
    }

    /// Whether the results are announced.
    pub const fn is_announced(self) -> bool {
        match self {
            PeriodStatus::Announced | PeriodStatus::Closed => true,
            PeriodStatus::Draft
            | PeriodStatus::SelfAssessment
            | PeriodStatus::Appraisal
            | PeriodStatus::CouncilReview
            | PeriodStatus::Finalized
            | PeriodStatus::Cancelled => false,
        }
    }
}

/// The due dates of the stages of a period, in the time zone of the organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Day on which submissions are due (the guideline: 10 November).
    #[serde(deserialize_with = "deserialize_day")]
    pub self_assessment_due_on: NaiveDate,
    /// Day by which the standing body completes the appraisal.
    #[serde(deserialize_with = "deserialize_day")]
    pub appraisal_due_on: NaiveDate,
    /// First day of the council's review. The guideline says only "cuối tháng 11".
    #[serde(deserialize_with = "deserialize_day")]
    pub council_review_from_on: NaiveDate,
    /// Last day of the council's review.
    #[serde(deserialize_with = "deserialize_day")]
    pub council_review_to_on: NaiveDate,
    /// Day by which the result notice is issued.
    #[serde(deserialize_with = "deserialize_day")]
    pub result_notice_due_on: NaiveDate,
}

impl Schedule {
    fn dates(&self) -> [(&'static str, NaiveDate); 5] {
        [
            ("self_assessment_due_on", self.self_assessment_due_on),
            ("appraisal_due_on", self.appraisal_due_on),
            ("council_review_from_on", self.council_review_from_on),
            ("council_review_to_on", self.council_review_to_on),
            ("result_notice_due_on", self.result_notice_due_on),
        ]
    }

    /// Whether each stage can end before the next one must end. The appraisal may overlap with the council's review.
    pub fn is_in_order(&self) -> bool {
        self.self_assessment_due_on <= self.appraisal_due_on
            && self.self_assessment_due_on <= self.council_review_from_on
            && self.appraisal_due_on <= self.council_review_to_on
            && self.council_review_from_on <= self.council_review_to_on
            && self.council_review_to_on <= self.result_notice_due_on
    }

    /// Records every date that `after` moves to before `today`.
    pub fn check_change(&self, after: &Schedule, today: NaiveDate, check: &mut Check) {
        for ((name, before), (_, after)) in self.dates().into_iter().zip(after.dates()) {
            check.ensure(before == after || after >= today, &format!("/schedule/{name}"), Code::DateInPast);
        }
    }
}

/// How submissions after the due date are handled.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LateSubmissions {
    /// Submissions close at the due date; a draft is recorded as missed.
    #[default]
    Reject,
    /// Submissions remain possible until the appraisal starts and are marked as late.
    AcceptFlagged,
}

/// How the council arrives at its scores.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CouncilScoring {
    /// One review that the council agrees on.
    #[default]
    Agreed,
    /// A review by each member and the chair, alone and unseen by the others until the ranking is final; the mean counts.
    Mean,
}

/// A document that every dossier must contain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequiredDocument {
    /// Code of the document, unique within the period.
    #[schema(example = "proposal_letter")]
    pub code: String,
    /// Title of the document.
    #[schema(example = "Tờ trình đề nghị khen thưởng")]
    pub title: String,
}

/// How "sau 05 ngày làm việc" (after 5 working days) is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DossierSemantics {
    /// The dossier is due on that day.
    NotLaterThan,
    /// The dossier may be submitted from that day on.
    NotBefore,
}

/// When the dossier is due after the result notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DossierDeadline {
    /// Number of working days after the result notice, whose own day is not counted.
    #[schema(minimum = 1, maximum = 250)]
    pub working_days: i32,
    /// Whether the resulting day is the last or the first possible day.
    pub semantics: DossierSemantics,
}

impl Default for DossierDeadline {
    fn default() -> Self {
        DossierDeadline { working_days: 5, semantics: DossierSemantics::NotLaterThan }
    }
}

/// The result notice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Notice {
    /// Number of the notice.
    #[schema(example = "1234/TB-VP")]
    pub number: String,
    /// Date of the notice.
    pub on: NaiveDate,
}

/// A stage that a period was in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StartedStage {
    /// State of the period in that stage.
    pub status: PeriodStatus,
}

/// The settings of a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PeriodRules {
    /// Code, unique among the periods of the organisation that are not cancelled.
    pub code: String,
    /// Title of the period.
    pub title: String,
    /// Year that the period covers.
    pub year: i32,
    /// The criteria set that submissions are scored by; it does not change once the period is open.
    pub criteria_set_id: Id,
    /// The participating units.
    pub unit_ids: Vec<Id>,
    /// Due dates of the stages.
    pub schedule: Schedule,
    /// How submissions after the due date are handled; defaults to `reject`.
    #[serde(default)]
    pub late_submissions: LateSubmissions,
    /// How the council arrives at its scores; defaults to `agreed`.
    #[serde(default)]
    pub council_scoring: CouncilScoring,
    /// Tie-break rules; defaults to base points, then the council's decision.
    #[serde(default = "default_tie_break")]
    pub tie_break: Vec<String>,
    /// Awards in order of precedence.
    #[serde(default)]
    pub awards: Vec<Award>,
    /// Groups of like units, each with its own ranking; none to rank all units together.
    #[serde(default)]
    pub groups: Vec<Group>,
    /// Conditions that a unit must meet to receive an award.
    #[serde(default)]
    pub eligibility: Vec<Condition>,
    /// What happens to an award when the unit next in rank is not eligible; defaults to `pass_down`.
    #[serde(default)]
    pub when_ineligible: WhenIneligible,
    /// Documents that every dossier must contain.
    #[serde(default)]
    pub required_documents: Vec<RequiredDocument>,
    /// When dossiers are due; defaults to five working days, `not_later_than`.
    #[serde(default)]
    pub dossier_deadline: DossierDeadline,
}

/// Returns the default tie-break rules.
pub fn default_tie_break() -> Vec<String> {
    vec!["base_points".to_owned(), "council_decision".to_owned()]
}

/// A period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    /// Id of the period.
    pub id: Id,
    /// The organisation that the period belongs to.
    pub organization_id: Id,
    /// Settings of the period.
    pub rules: PeriodRules,
    /// State of the period.
    pub status: PeriodStatus,
    /// The result notice, once the results are announced.
    pub notice: Option<Notice>,
    /// Notices with a wrong number or date, the oldest first.
    pub superseded_notices: Vec<Superseded<Notice>>,
    /// Stages that were started too early and stepped back from, the oldest first.
    pub superseded_stages: Vec<Superseded<StartedStage>>,
    /// Version of the ranking that was frozen last; `None` while the ranking is provisional.
    pub ranking_version: Option<i64>,
    /// Version of the ranking that is announced.
    pub announced_version: Option<i64>,
    /// Whether the ranking that was frozen last has a tie that the council must meet again to decide.
    pub council_recalled: bool,
    /// Why the period was cancelled.
    pub cancel_reason: Option<String>,
    /// The day on which the council's review began.
    pub council_review_started_on: Option<NaiveDate>,
    /// The units that no longer take part, in order of code.
    pub set_aside: Vec<SetAside>,
    /// The period that it was copied from.
    pub copied_from: Option<Id>,
    /// Whether the submissions of that period are carried over when this one opens.
    pub carry_over: bool,
    /// Version; it increases with every change.
    pub version: i64,
    /// When the period was created.
    pub created_at: DateTime<Utc>,
    /// When the period was last changed.
    pub updated_at: DateTime<Utc>,
}

/// Actions on a period, in the order in which they are listed.
pub const ACTIONS: [Action; 14] = [
    Action::ChangePeriod,
    Action::SetTargets,
    Action::JoinUnit,
    Action::SetUnitAside,
    Action::Open,
    Action::StartAppraisal,
    Action::StartCouncilReview,
    Action::Finalize,
    Action::StepBack,
    Action::Announce,
    Action::CorrectNotice,
    Action::Close,
    Action::Cancel,
    Action::CopyPeriod,
];

/// The states of a period that allow an action on it or on what belongs to it.
const NEEDS: [(&[Action], &[PeriodStatus]); 14] = {
    use PeriodStatus::{Announced, Appraisal, Closed, CouncilReview, Draft, Finalized, SelfAssessment};
    [
        (&[Action::CopyPeriod], <PeriodStatus as strum::VariantArray>::VARIANTS),
        (&[Action::ChangePeriod, Action::Cancel], &[Draft, SelfAssessment, Appraisal, CouncilReview]),
        (&[Action::SetTargets], &[Draft, SelfAssessment]),
        (&[Action::Open], &[Draft]),
        (&[Action::StartAppraisal], &[SelfAssessment]),
        (&[Action::StartCouncilReview], &[Appraisal]),
        (&[Action::Finalize, Action::DecideTie, Action::HoldSession, Action::CloseSession], &[CouncilReview]),
        (&[Action::StepBack], &[Appraisal, CouncilReview, Finalized]),
        (&[Action::Announce], &[Finalized]),
        (&[Action::CorrectNotice], &[Announced, Closed]),
        (&[Action::Close], &[Announced]),
        (
            &[
                Action::JoinUnit,
                Action::SetUnitAside,
                Action::WriteFacts,
                Action::CreateSession,
                Action::WriteSession,
                Action::CorrectSession,
                Action::CancelSession,
            ],
            &[SelfAssessment, Appraisal, CouncilReview],
        ),
        // Minutes are signed when the session is long over.
        (&[Action::AttachMinutes], &[SelfAssessment, Appraisal, CouncilReview, Finalized, Announced, Closed]),
        (
            &[Action::DeclareRecusal, Action::WithdrawRecusal],
            &[SelfAssessment, Appraisal, CouncilReview, Finalized, Announced],
        ),
    ]
};

/// What the council does again where a tie arises after the ranking was frozen.
const RECALLED: [Action; 7] = [
    Action::CreateSession,
    Action::WriteSession,
    Action::HoldSession,
    Action::CloseSession,
    Action::CorrectSession,
    Action::CancelSession,
    Action::DecideTie,
];

impl PeriodRules {
    /// Normalises the texts and records every fault.
    pub fn clean(&mut self, check: &mut Check) {
        self.code = check.code("/code", &self.code);
        self.title = check.text("/title", &self.title, TITLE_CHARS);
        check.ensure((2000..=2100).contains(&self.year), "/year", Code::NumberOutOfRange);
        self.check_schedule(check);
        unique(check, "/unit_ids", self.unit_ids.iter().map(Id::as_str));
        check_awards(&mut self.awards, "/awards", check);
        self.clean_groups(check);
        for (at, document) in self.required_documents.iter_mut().enumerate() {
            document.code = check.code(&format!("/required_documents/{at}/code"), &document.code);
            document.title = check.text(&format!("/required_documents/{at}/title"), &document.title, TITLE_CHARS);
        }
        unique(check, "/required_documents", self.required_documents.iter().map(|document| document.code.as_str()));
        let days = self.dossier_deadline.working_days;
        check.ensure((1..=250).contains(&days), "/dossier_deadline/working_days", Code::NumberOutOfRange);
        for (at, step) in self.tie_break.iter().enumerate() {
            check.ensure(TieBreak::parse(step).is_some(), &format!("/tie_break/{at}"), Code::InvalidCode);
        }
        unique(check, "/tie_break", self.tie_break.iter().map(String::as_str));
    }

    /// Records dates of the schedule outside the year of the period and the one after it.
    pub fn check_schedule(&self, check: &mut Check) {
        if !(2000..=2100).contains(&self.year) {
            // A fault of its own.
            return;
        }
        let first = NaiveDate::from_ymd_opt(self.year, 1, 1).unwrap_or(NaiveDate::MIN);
        let last = NaiveDate::from_ymd_opt(self.year + 1, 12, 31).unwrap_or(NaiveDate::MAX);
        for (name, day) in self.schedule.dates() {
            check.date(&format!("/schedule/{name}"), day, (first, last));
        }
    }

    /// Returns the instant from which a submission due on a day is closed, or `None` if late submissions are accepted.
    pub fn gate_of(&self, due_on: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
        match self.late_submissions {
            LateSubmissions::Reject => Some(closes_at(due_on, zone)),
            LateSubmissions::AcceptFlagged => None,
        }
    }
}

/// Normalises awards and records every fault. `pointer` is where they are.
pub(super) fn check_awards(awards: &mut [Award], pointer: &str, check: &mut Check) {
    for (at, award) in awards.iter_mut().enumerate() {
        award.code = check.code(&format!("{pointer}/{at}/code"), &award.code);
        award.title = check.text(&format!("{pointer}/{at}/title"), &award.title, TITLE_CHARS);
        check.ensure((1..=1000).contains(&award.quota), &format!("{pointer}/{at}/quota"), Code::NumberOutOfRange);
    }
    unique(check, pointer, awards.iter().map(|award| award.code.as_str()));
}

/// Records values that occur twice.
pub(super) fn unique<'a>(check: &mut Check, pointer: &str, values: impl Iterator<Item = &'a str>) {
    let mut seen = std::collections::HashSet::new();
    for (at, value) in values.enumerate() {
        if !seen.insert(value) {
            check.faults.push(Fault::at(format!("{pointer}/{at}"), Code::Duplicate).with("value", value));
        }
    }
}

impl Period {
    /// A new draft.
    pub fn draft(id: Id, organization_id: Id, rules: PeriodRules, now: DateTime<Utc>) -> Self {
        Period {
            id,
            organization_id,
            rules,
            status: PeriodStatus::Draft,
            notice: None,
            superseded_notices: Vec::new(),
            superseded_stages: Vec::new(),
            ranking_version: None,
            announced_version: None,
            council_recalled: false,
            cancel_reason: None,
            council_review_started_on: None,
            set_aside: Vec::new(),
            copied_from: None,
            carry_over: false,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// Requires that the state allows an action. Conditions on other records are checked separately.
    ///
    /// # Errors
    /// `invalid_state`.
    pub fn may(&self, action: Action) -> Result<(), Error> {
        let recalled = self.council_recalled && self.status.is_final() && RECALLED.contains(&action);
        let again = recalled || action == Action::Announce && self.is_stale();
        if again { Ok(()) } else { self.status.must_be(needs(&NEEDS, action)) }
    }

    /// Whether the ranking that was frozen last is not the one that is announced.
    pub fn is_stale(&self) -> bool {
        self.announced_version.is_some() && self.announced_version != self.ranking_version
    }

    /// Returns the first day on which a session of the council can decide: that of the start of its review. Older periods
    /// do not know it; no review began before the self-assessments were due.
    pub fn council_since(&self) -> NaiveDate {
        self.council_review_started_on.unwrap_or(self.rules.schedule.self_assessment_due_on)
    }

    /// Returns the days on which a session of the council may be planned: from the start of the review, or from today
    /// while it has not begun.
    pub fn session_days(&self, today: NaiveDate) -> (NaiveDate, NaiveDate) {
        let ahead = today.max(self.rules.schedule.council_review_to_on).checked_add_days(Days::new(SESSION_DAYS_AHEAD));
        (self.council_review_started_on.unwrap_or(today), ahead.unwrap_or(NaiveDate::MAX))
    }
}

/// How long after the last day of the council's review a session may be planned: what is further off is a slip of the pen.
const SESSION_DAYS_AHEAD: u64 = 366;

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::*;

    /// In the order of a period's life: draft, self-assessment, appraisal, council review, finalised, announced, closed,
    /// cancelled.
    #[test]
    fn each_state_allows_its_acts() {
        let table: [(&[Action], &str); 16] = [
            (&[Action::CopyPeriod], "YYYYYYYY"),
            (&[Action::ChangePeriod, Action::Cancel], "YYYY...."),
            (&[Action::SetTargets], "YY......"),
            (&[Action::Open], "Y......."),
            (&[Action::StartAppraisal], ".Y......"),
            (&[Action::StartCouncilReview], "..Y....."),
            (&[Action::Finalize, Action::DecideTie, Action::HoldSession, Action::CloseSession], "...Y...."),
            (&[Action::StepBack], "..YYY..."),
            (&[Action::Announce], "....Y..."),
            (&[Action::CorrectNotice], ".....YY."),
            (&[Action::Close], ".....Y.."),
            (&[Action::JoinUnit, Action::SetUnitAside], ".YYY...."),
            (
                &[
                    Action::WriteFacts,
                    Action::CreateSession,
                    Action::WriteSession,
                    Action::CorrectSession,
                    Action::CancelSession,
                ],
                ".YYY....",
            ),
            (&[Action::AttachMinutes], ".YYYYYY."),
            (&[Action::DeclareRecusal, Action::WithdrawRecusal], ".YYYYY.."),
            (&[Action::Submit, Action::RecordDecision, Action::WriteUnit], "........"),
        ];
        for (actions, expected) in table {
            for action in actions {
                let open =
                    |status: &PeriodStatus| if status.must_be(needs(&NEEDS, *action)).is_ok() { 'Y' } else { '.' };
                assert_eq!(PeriodStatus::VARIANTS.iter().map(open).collect::<String>(), expected, "{action:?}");
            }
        }
        assert!(ACTIONS.iter().all(|action| !needs(&NEEDS, *action).is_empty()));
    }
}
