//! Who may do what, row by row, against the decisions; and the conditions of lists against the same decisions.

use std::collections::HashSet;

use proptest::prelude::*;
use strum::{EnumCount, VariantArray};

use super::*;
use crate::domain::journal::event::Audience;

/// Eight cases: a draft, a submitted and an appraised submission of the own unit, the same three of another unit, then the
/// own unit and the other one after the announcement. `Y`: allowed; `r`: recused; `.`: refused or hidden.
const ALL: &str = "YYYYYYYY";
const OWN: &str = "YYY...Y.";
const OWN_ANNOUNCED: &str = "......Y.";
const ANNOUNCED: &str = "......YY";
const OTHERS: &str = "rrrYYYrY";
const SUBMITTED: &str = "rrr.YYrY";
const APPRAISED: &str = "rrr..YrY";
/// Of a record that is not the caller's.
const NOBODYS: &str = "rrr...r.";
/// About every unit at once, the own one included.
const RECUSED: &str = "rrrrrrrr";
const NONE: &str = "........";

/// The roles, in the order of the columns of [`TABLE`].
const ROLES: [Role; 10] = [
    Role::UnitEditor,
    Role::UnitHead,
    Role::Appraiser,
    Role::CouncilMember,
    Role::CouncilChair,
    Role::Secretary,
    Role::Admin,
    Role::Integration,
    Role::Auditor,
    Role::DeadlineChecker,
];

/// An integration whose scope names its own unit knows of no other.
#[rustfmt::skip]
const TABLE: &[(&[Action], [&str; 10])] = &[
    (&[Action::ReadOrganization, Action::ReadOffice], [ALL, ALL, ALL, ALL, ALL, ALL, ALL, OWN, ALL, ALL]),
    // Only the operator, who has no role inside an organisation.
    (&[Action::WriteOrganization], [NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE]),
    (&[Action::WriteUnit, Action::WriteMember, Action::WriteCalendar, Action::WriteCriteriaSet, Action::PublishCriteriaSet,
        Action::RetireCriteriaSet, Action::CopyCriteriaSet, Action::WriteVoteThresholds],
        [NONE, NONE, NONE, NONE, NONE, NONE, ALL, NONE, NONE, NONE]),
    (&[Action::ReadCriteriaDraft], [NONE, NONE, ALL, NONE, NONE, ALL, ALL, NONE, ALL, NONE]),
    (&[Action::ReadMembers], [NONE, NONE, NONE, NONE, ALL, ALL, ALL, NONE, ALL, NONE]),
    (&[Action::ChangePeriod, Action::CopyPeriod, Action::SetTargets, Action::Open], [NONE, NONE, NONE, NONE, NONE, ALL, ALL, NONE, NONE, NONE]),
    (&[Action::StartAppraisal], [NONE, NONE, ALL, NONE, ALL, ALL, NONE, NONE, NONE, NONE]),
    (&[Action::StartCouncilReview, Action::Announce, Action::Close, Action::Cancel],
        [NONE, NONE, NONE, NONE, ALL, ALL, NONE, NONE, NONE, NONE]),
    (&[Action::Finalize, Action::StepBack, Action::CorrectNotice], [NONE, NONE, NONE, NONE, ALL, NONE, NONE, NONE, NONE, NONE]),
    (&[Action::ReadSubmission], [OWN, OWN, SUBMITTED, APPRAISED, APPRAISED, SUBMITTED, NONE, OWN, ALL, NONE]),
    (&[Action::ReadUnsentLines], [OWN, OWN, NONE, NONE, NONE, NONE, NONE, OWN, ALL, NONE]),
    (&[Action::CreateSubmission, Action::WriteScores, Action::WriteEvidence],
        [OWN, OWN, NONE, NONE, NONE, NONE, NONE, OWN, NONE, NONE]),
    (&[Action::ReadAssignments], [NONE, NONE, SUBMITTED, APPRAISED, APPRAISED, SUBMITTED, NONE, NONE, ALL, NONE]),
    (&[Action::Assign], [NONE, NONE, NONE, NONE, NONE, SUBMITTED, NONE, NONE, NONE, NONE]),
    (&[Action::Submit, Action::Withdraw], [NONE, OWN, NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE]),
    (&[Action::Return, Action::Appraise], [NONE, NONE, SUBMITTED, NONE, NONE, NONE, NONE, NONE, NONE, NONE]),
    (&[Action::CouncilReview], [NONE, NONE, NONE, NONE, APPRAISED, SUBMITTED, NONE, NONE, NONE, NONE]),
    (&[Action::ReadReview(Stage::Appraisal), Action::ReadReview(Stage::Council)],
        [OWN_ANNOUNCED, OWN_ANNOUNCED, OTHERS, OTHERS, OTHERS, OTHERS, NONE, NONE, ALL, NONE]),
    (&[Action::ReadReviewDraft(Stage::Appraisal)], [NONE, NONE, OTHERS, NONE, NONE, NONE, NONE, NONE, ALL, NONE]),
    (&[Action::ReadReviewDraft(Stage::Council)], [NONE, NONE, NONE, NONE, OTHERS, OTHERS, NONE, NONE, ALL, NONE]),
    // Where recusal keeps away everybody who has it by role, it falls to others; here it does not.
    (&[Action::ReadAmendment], [NONE, NONE, NONE, NONE, OTHERS, OTHERS, NONE, NONE, ALL, NONE]),
    (&[Action::RequestAmendment], [NONE, NONE, NONE, NONE, NONE, OTHERS, NONE, NONE, NONE, NONE]),
    (&[Action::ApproveAmendment, Action::RejectAmendment, Action::WithdrawProposal],
        [NONE, NONE, NONE, NONE, OTHERS, NONE, NONE, NONE, NONE, NONE]),
    (&[Action::WriteReview(Stage::Appraisal), Action::SubmitReview(Stage::Appraisal), Action::ReopenReview(Stage::Appraisal)],
        [NONE, NONE, OTHERS, NONE, NONE, NONE, NONE, NONE, NONE, NONE]),
    (&[Action::WriteReview(Stage::Council), Action::SubmitReview(Stage::Council), Action::ReopenReview(Stage::Council)],
        [NONE, NONE, NONE, NONE, OTHERS, OTHERS, NONE, NONE, NONE, NONE]),
    (&[Action::ScoreAlone], [NONE, NONE, NONE, APPRAISED, APPRAISED, NONE, NONE, NONE, NONE, NONE]),
    // The reviewer's own; here it is nobody's.
    (&[Action::ReadOwnReview], [NONE, NONE, NONE, NOBODYS, NOBODYS, NONE, NONE, NONE, ALL, NONE]),
    (&[Action::WriteOwnReview, Action::SubmitOwnReview, Action::ReopenOwnReview],
        [NONE, NONE, NONE, NOBODYS, NOBODYS, NONE, NONE, NONE, NONE, NONE]),
    (&[Action::ReadMeans], [NONE, NONE, NONE, NONE, NONE, ALL, NONE, NONE, ALL, NONE]),
    (&[Action::ReadFacts], [OWN, OWN, ALL, ALL, ALL, ALL, NONE, OWN, ALL, NONE]),
    (&[Action::WriteFacts], [NONE, NONE, OTHERS, NONE, NONE, OTHERS, NONE, OWN, NONE, NONE]),
    (&[Action::ReadSessions], [NONE, NONE, ALL, ALL, ALL, ALL, NONE, NONE, ALL, NONE]),
    (&[Action::CreateSession, Action::WriteSession, Action::CorrectSession, Action::CancelSession, Action::AttachMinutes], [NONE, NONE, NONE, NONE, ALL, ALL, NONE, NONE, NONE, NONE]),
    // Appraisers and council members read and declare their own; here it is somebody else's.
    (&[Action::ReadRecusals], [NONE, NONE, NONE, NONE, ALL, ALL, NONE, NONE, ALL, NONE]),
    (&[Action::DeclareRecusal, Action::WithdrawRecusal], [NONE, NONE, NONE, NONE, ALL, ALL, NONE, NONE, NONE, NONE]),
    (&[Action::HoldSession], [NONE, NONE, NONE, NONE, NONE, ALL, NONE, NONE, NONE, NONE]),
    // A member who presided may do both; here it is nobody.
    (&[Action::CloseSession], [NONE, NONE, NONE, NONE, ALL, NONE, NONE, NONE, NONE, NONE]),
    (&[Action::DecideTie], [NONE, NONE, NONE, NOBODYS, OTHERS, NONE, NONE, NONE, NONE, NONE]),
    (&[Action::ReadEvents(Audience::Council)], [NONE, NONE, ALL, ALL, ALL, ALL, NONE, NONE, ALL, NONE]),
    (&[Action::ReadTieDecisions], [NONE, NONE, NONE, NONE, ALL, ALL, NONE, NONE, ALL, NONE]),
    (&[Action::ReadRanking],
        [ANNOUNCED, ANNOUNCED, ALL, ALL, ALL, ALL, ANNOUNCED, OWN_ANNOUNCED, ALL, NONE]),
    (&[Action::ReadRankingInputs], [NONE, NONE, RECUSED, RECUSED, RECUSED, RECUSED, NONE, NONE, ALL, NONE]),
    (&[Action::ReadProposal, Action::ReadEvents(Audience::Proposal)], [OWN, OWN, ALL, ALL, ALL, ALL, NONE, OWN, ALL, NONE]),
    (&[Action::AttachDocument, Action::ReturnProposal], [NONE, NONE, NONE, NONE, NONE, ALL, NONE, NONE, NONE, NONE]),
    (&[Action::AttachAchievementReport], [NONE, OWN, NONE, NONE, NONE, ALL, NONE, NONE, NONE, NONE]),
    (&[Action::SubmitProposal], [NONE, NONE, NONE, NONE, ALL, ALL, NONE, NONE, NONE, NONE]),
    (&[Action::RecordDecision], [NONE, NONE, NONE, NONE, NONE, ALL, NONE, OWN, NONE, NONE]),
    (&[Action::JoinUnit, Action::SetUnitAside, Action::CorrectDecision, Action::ExtendDeadline, Action::CorrectExtension, Action::WaiveDeadline, Action::UnwaiveDeadline], [NONE, NONE, NONE, NONE, NONE, ALL, NONE, NONE, NONE, NONE]),
    (&[Action::ReadDeadline, Action::ReadEvents(Audience::Deadline)], [OWN, OWN, ALL, ALL, ALL, ALL, ALL, OWN, ALL, ALL]),
    (&[Action::CheckDeadlines], [NONE, NONE, NONE, NONE, NONE, NONE, ALL, NONE, NONE, ALL]),
    // An integration may use its own endpoints; here it has created none.
    (&[Action::ReadWebhook], [NONE, NONE, NONE, NONE, NONE, NONE, ALL, NONE, ALL, NONE]),
    (&[Action::WriteWebhook], [NONE, NONE, NONE, NONE, NONE, NONE, ALL, NONE, NONE, NONE]),
    (&[Action::ReadAudit], [NONE, NONE, NONE, NONE, NONE, NONE, ALL, NONE, ALL, NONE]),
    (&[Action::ReadAuditScores], [NONE, NONE, NONE, NONE, NONE, NONE, NONE, NONE, ALL, NONE]),
    (&[Action::ReadEvents(Audience::OwnUnit)], [OWN, OWN, NONE, NONE, NONE, NONE, NONE, OWN, ALL, NONE]),
    (&[Action::ReadEvents(Audience::SheetSubmitted)], [OWN, OWN, OTHERS, NONE, NONE, OTHERS, NONE, OWN, ALL, NONE]),
    (&[Action::ReadEvents(Audience::SheetAppraised)], [OWN, OWN, OTHERS, OTHERS, OTHERS, OTHERS, NONE, OWN, ALL, NONE]),
];

fn id(last: u8) -> Id {
    Id::from_uuid_text(format!("018b88d6-5f80-7000-8000-0000000000{last:02x}"))
}

const OFFICE: u8 = 1;
/// The period of every case.
const PERIOD: u8 = 5;

/// One of three units; 0 is the own unit.
fn unit(at: u8) -> UnitKey {
    UnitKey { id: id(0x10 + at), code: format!("U{at}") }
}

/// The id of a unit's submission in a period.
fn sheet_of(unit: &UnitKey, period: u8) -> Id {
    let at = unit.code.trim_start_matches('U').parse::<u8>().unwrap();
    id(0x20 + 0x10 * (period - PERIOD) + at)
}

/// A declared conflict about one of the three units in a period.
fn declared(at: u8, period: u8) -> DeclaredRecusal {
    let unit = unit(at);
    let submission_id = sheet_of(&unit, period);
    DeclaredRecusal { submission_id, period_id: id(period), unit_id: unit.id, ground: RecusalGround::Family }
}

fn actor(roles: Vec<Role>, of_unit: Option<UnitKey>, scopes: Option<&str>) -> Actor {
    let membership = Membership {
        member_id: id(2),
        organization_id: Some(id(OFFICE)),
        display_name: "x".into(),
        roles,
        unit: of_unit,
        recusals: Vec::new(),
    };
    let unit_of = |code: &str| (0..3).map(unit).find(|unit| unit.code == code).map(|unit| unit.id);
    let scopes = scopes.map_or_else(Scopes::default, |text| Scopes::read(text.split(' '), unit_of).unwrap());
    Actor {
        principal: Principal::ServiceAccount { id: id(3) },
        kind: MemberKind::Person,
        issuer: "i".into(),
        subject: "s".into(),
        memberships: vec![membership],
        scopes,
    }
}

fn outcome(actor: &Actor, action: Action, unit: &UnitKey, sheet: SubmissionStatus, announced: bool) -> char {
    let office = id(OFFICE);
    let period_id = Some(id(PERIOD));
    let facts = Facts { unit: Some(unit), period_id, sheet: Some(sheet), announced, ..Facts::of(&office) };
    match decide(actor, action, &facts) {
        Decision::Allow => 'Y',
        Decision::Refuse(error) if error.code == Code::Recused => 'r',
        Decision::Refuse(_) | Decision::Hide => '.',
    }
}

#[test]
fn who_may_do_what_is_as_the_table_says() {
    use SubmissionStatus::{Appraised, Draft, Finalized, Submitted};
    let mut checked = 0;
    for (actions, cells) in TABLE {
        for action in *actions {
            for (role, expected) in ROLES.into_iter().zip(cells) {
                let scopes = (role == Role::Integration).then_some("read write unit:U0");
                let actor = actor(vec![role], Some(unit(0)), scopes);
                let cases = [(0, false), (1, false)]
                    .into_iter()
                    .flat_map(|(at, announced)| [Draft, Submitted, Appraised].map(|sheet| (at, sheet, announced)));
                let cases = cases.chain([(0, Finalized, true), (1, Finalized, true)]);
                let found: String =
                    cases.map(|(at, sheet, announced)| outcome(&actor, *action, &unit(at), sheet, announced)).collect();
                // Callers without the right may still get `recused`, because recusal hides the resource itself.
                let found = if expected.contains('r') { found } else { found.replace('r', ".") };
                assert_eq!(found, **expected, "{role:?} {action:?}");
                checked += found.len();
            }
        }
    }
    assert_eq!(checked, 8_000, "cells of one role");
}

#[test]
fn the_table_leaves_no_act_out() {
    let listed: HashSet<_> = TABLE.iter().flat_map(|(actions, _)| *actions).map(std::mem::discriminant).collect();
    assert_eq!(listed.len(), Action::COUNT);
}

#[test]
fn the_roles_of_an_act_are_those_of_its_row() {
    for (actions, cells) in TABLE {
        for action in *actions {
            let webhooks = matches!(action, Action::ReadWebhook | Action::WriteWebhook).then_some(Role::Integration);
            let presided = matches!(action, Action::CloseSession | Action::DecideTie);
            let for_secretaries = matches!(action, Action::RequestAmendment).then_some(Role::CouncilChair);
            let for_chairs = matches!(
                action,
                Action::ReadAmendment | Action::ApproveAmendment | Action::RejectAmendment | Action::WithdrawProposal
            );
            let stands_in = for_secretaries.or(for_chairs.then_some(Role::CouncilMember));
            let recusals = matches!(action, Action::ReadRecusals | Action::DeclareRecusal);
            let of_council = (presided || recusals).then_some(Role::CouncilMember);
            let of_appraisers = recusals.then_some(Role::Appraiser);
            let own_record: Vec<Role> =
                [webhooks, of_council, of_appraisers, stands_in].into_iter().flatten().collect();
            for (role, cell) in ROLES.into_iter().zip(cells) {
                let listed = roles_of(*action).any(|given| given == role);
                assert_eq!(listed, *cell != NONE || own_record.contains(&role), "{role:?} {action:?}");
            }
        }
    }
}

/// What somebody of unit 0 gets in the eight cases of a row.
fn row_of(roles: Vec<Role>, action: Action) -> String {
    use SubmissionStatus::{Appraised, Draft, Finalized, Submitted};
    let scopes = roles.contains(&Role::Integration).then_some("read write unit:U0 unit:U1");
    let actor = actor(roles, Some(unit(0)), scopes);
    let cases = [(0, false), (1, false)]
        .into_iter()
        .flat_map(|(at, announced)| [Draft, Submitted, Appraised].map(|sheet| (at, sheet, announced)))
        .chain([(0, Finalized, true), (1, Finalized, true)]);
    cases.map(|(at, sheet, announced)| outcome(&actor, action, &unit(at), sheet, announced)).collect()
}

/// Every cell that recuses, with every second role: the own unit stays closed but for what its own people may do, and
/// what concerns other units is what either role gives.
#[test]
fn no_second_role_lifts_recusal() {
    const OWN_CASES: [usize; 4] = [0, 1, 2, 6];
    let mut cells = 0;
    for action in TABLE.iter().flat_map(|(actions, _)| *actions).copied().filter(|action| is_recused_act(*action)) {
        for first in ROLES.into_iter().filter(|role| is_recusable(*role)) {
            for second in ROLES.into_iter().filter(|role| *role != first) {
                let of_unit = matches!(second, Role::UnitEditor | Role::UnitHead);
                let (alone, other) = (row_of(vec![first], action), row_of(vec![second], action));
                let both = row_of(vec![first, second], action);
                for (case, found) in both.chars().enumerate() {
                    let given = |row: &str| row.chars().nth(case) == Some('Y');
                    // Audit entries are about every unit at once.
                    let own = OWN_CASES.contains(&case)
                        || matches!(action, Action::ReadAuditScores | Action::ReadRankingInputs);
                    // A second role shows nobody what the others scored alone.
                    let sees_not = is_blind_act(action) && [first, second].into_iter().any(scores_alone);
                    let foreign = !sees_not && (given(&alone) || given(&other));
                    let may = if own { of_unit && given(&other) } else { foreign };
                    assert_eq!(found == 'Y', may, "{first:?} {second:?} {action:?} case {case}: {both}");
                    if own && given(&other) && !may {
                        assert_eq!(found, 'r', "{first:?} {second:?} {action:?} case {case}: {both}");
                    }
                    cells += 1;
                }
            }
        }
    }
    assert_eq!(cells, 10_656, "cells of two roles");
}

/// A declared conflict closes the submission of that unit in that period as the own unit is closed, and nothing else.
#[test]
fn a_declared_conflict_is_what_the_own_unit_is() {
    let mut cells = 0;
    let scopes = |role: Role| (role == Role::Integration).then_some("read write unit:U0 unit:U1 unit:U2");
    for role in ROLES {
        let alone = actor(vec![role], None, scopes(role));
        let of_unit = actor(vec![role], Some(unit(1)), scopes(role));
        let mut conflicted = alone.clone();
        conflicted.memberships[0].recusals = vec![declared(1, PERIOD), declared(2, PERIOD + 1)];
        for action in TABLE.iter().flat_map(|(actions, _)| *actions).copied() {
            for sheet in SubmissionStatus::VARIANTS {
                let of = |actor: &Actor, at: u8| outcome(actor, action, &unit(at), *sheet, false);
                let own = of(&of_unit, 1);
                // What the unit's own people may do, a conflict does not give.
                let expected = if own == 'r' || !is_recused_act(action) { own } else { of(&alone, 1) };
                let of_own_people = matches!(role, Role::UnitEditor | Role::UnitHead);
                if !of_own_people {
                    assert_eq!(of(&conflicted, 1), expected, "{role:?} {action:?} {sheet:?}");
                }
                // Another unit, and the same unit in another period.
                let of_any = matches!(action, Action::ReadAuditScores | Action::ReadRankingInputs);
                for at in [0, 2].into_iter().filter(|_| !of_any) {
                    assert_eq!(of(&conflicted, at), of(&alone, at), "{role:?} {action:?} {sheet:?} {at}");
                }
                cells += 1;
            }
        }
    }
    assert!(cells > 4_000, "{cells}");
    let mut appraiser = actor(vec![Role::Appraiser], None, None);
    appraiser.memberships[0].recusals = vec![declared(1, PERIOD)];
    let unit = unit(1);
    let facts = Facts { unit: Some(&unit), period_id: Some(id(PERIOD)), ..Facts::of(&id(OFFICE)) };
    let Decision::Refuse(error) = decide(&appraiser, Action::ReadSubmission, &facts) else { panic!("allowed") };
    assert_eq!((error.code, &error.params["ground"]), (Code::Recused, &serde_json::json!("family")));
}

/// An auditor of a unit, who reviews nobody, reads everything.
#[test]
fn an_auditor_alone_is_not_recused() {
    for action in [Action::ReadSubmission, Action::ReadUnsentLines, Action::ReadAuditScores] {
        assert_eq!(row_of(vec![Role::Auditor], action), ALL, "{action:?}");
    }
    assert_eq!(row_of(vec![Role::Auditor, Role::UnitHead], Action::ReadAuditScores), ALL);
}

#[test]
fn a_scope_only_narrows() {
    let (office, own) = (id(OFFICE), unit(0));
    let facts = Facts { unit: Some(&own), sheet: Some(SubmissionStatus::Draft), ..Facts::of(&office) };
    let code = |scopes, action| match decide(&actor(vec![Role::UnitHead], Some(own.clone()), scopes), action, &facts) {
        Decision::Allow => None,
        Decision::Refuse(error) => Some(error.code),
        Decision::Hide => Some(Code::NotFound),
    };
    let (read, write) = (Action::ReadSubmission, Action::WriteScores);
    for (scopes, may_read, may_write) in [
        (None, None, None),
        (Some("read write"), None, None),
        (Some("read"), None, Some(Code::ScopeRequired)),
        (Some("write"), Some(Code::ScopeRequired), None),
        (Some("unit:U0"), None, None),
        (Some("read unit:U0"), None, Some(Code::ScopeRequired)),
        (Some("read write unit:U1"), Some(Code::NotFound), Some(Code::NotFound)),
    ] {
        assert_eq!((code(scopes, read), code(scopes, write)), (may_read, may_write), "{scopes:?}");
    }
}

#[test]
fn nobody_knows_of_another_office() {
    let stranger = actor(Role::VARIANTS.to_vec(), Some(unit(0)), None);
    for action in TABLE.iter().flat_map(|(actions, _)| *actions) {
        assert!(matches!(decide(&stranger, *action, &Facts::of(&id(9))), Decision::Hide), "{action:?}");
    }
}

prop_compose! {
    /// An actor with any roles, any unit or none, and any scopes.
    fn anybody()(
        roles in proptest::sample::subsequence(Role::VARIANTS, 0..=Role::VARIANTS.len()),
        of_unit in proptest::option::of(0_u8..3),
        scopes in proptest::option::of(proptest::sample::subsequence(vec!["unit:U0", "unit:U1", "unit:U2"], 0..=3)),
        conflicts in proptest::sample::subsequence(vec![(0, 0), (1, 0), (2, 0), (0, 1), (1, 1)], 0..=3),
    ) -> Actor {
        let scopes = scopes.map(|units| ["read", "write"].into_iter().chain(units).collect::<Vec<_>>().join(" "));
        let mut actor = actor(roles, of_unit.map(unit), scopes.as_deref());
        actor.memberships[0].recusals = conflicts.into_iter().map(|(at, later)| declared(at, PERIOD + later)).collect();
        actor
    }
}

/// Evaluates the condition as the query of the store does.
fn lists(visibility: &SubmissionVisibility, unit: &UnitKey, status: SubmissionStatus) -> bool {
    let from = visibility.others_from.is_some_and(|from| status.has_reached(from));
    let seen = visibility.own == Some(unit.id)
        || (visibility.scoped.contains(&unit.id) || (visibility.all || from) && visibility.except != Some(unit.id))
            && !visibility.except_submissions.contains(&sheet_of(unit, PERIOD));
    seen && visibility.only.as_ref().is_none_or(|only| only.contains(&unit.id))
}

/// Evaluates the condition for records of units.
fn shows(visibility: &UnitVisibility, unit: &UnitKey) -> bool {
    let seen = match &visibility.sees {
        Units::All => true,
        Units::AllBut(own) => *own != unit.id,
        Units::Among(units) => units.contains(&unit.id),
    };
    let kept = !visibility.except.contains(&(id(PERIOD), unit.id));
    seen && kept && visibility.only.as_ref().is_none_or(|only| only.contains(&unit.id))
}

proptest! {
    #[test]
    fn a_list_shows_the_sheets_that_may_be_read(actor in anybody()) {
        let visibility = submission_visibility(&actor, &id(OFFICE));
        for (at, status) in (0..3).flat_map(|at| SubmissionStatus::VARIANTS.iter().map(move |status| (at, *status))) {
            let may_read = outcome(&actor, Action::ReadSubmission, &unit(at), status, false) == 'Y';
            prop_assert_eq!(lists(&visibility, &unit(at), status), may_read, "{} {:?}", at, status);
        }
    }

    /// Of the own unit, a recused person may do what their unit roles alone give, and nothing more.
    #[test]
    fn recusal_leaves_what_the_units_own_people_may_do(actor in anybody(), announced in any::<bool>()) {
        let membership = &actor.memberships[0];
        prop_assume!(membership.roles.iter().any(|role| is_recusable(*role)));
        let Some(own) = membership.unit.clone() else { return Ok(()) };
        let mut of_unit = actor.clone();
        of_unit.memberships[0].roles.retain(|role| role.is_of_unit());
        for action in TABLE.iter().flat_map(|(actions, _)| *actions).copied().filter(|action| is_recused_act(*action)) {
            for status in SubmissionStatus::VARIANTS {
                let may = |actor: &Actor| outcome(actor, action, &own, *status, announced) == 'Y';
                prop_assert_eq!(may(&actor), may(&of_unit), "{:?} {:?}", action, status);
            }
        }
    }

    #[test]
    fn a_list_shows_the_events_that_may_be_read(actor in anybody()) {
        let visibility = event_visibility(&actor, &id(OFFICE));
        for audience in Audience::VARIANTS {
            for at in 0..3 {
                let unit = unit(at);
                let may_read =
                    outcome(&actor, Action::ReadEvents(*audience), &unit, SubmissionStatus::Finalized, false) == 'Y';
                let seen = visibility.of_all.contains(audience)
                    || visibility.of_others.contains(audience) && visibility.own != Some(unit.id)
                    || visibility.of_some.contains(audience) && visibility.some.contains(&unit.id);
                let (declared, audiences) = &visibility.except;
                let kept = !(audiences.contains(audience) && declared.contains(&(id(PERIOD), unit.id)));
                let listed = seen && kept && visibility.only.as_ref().is_none_or(|only| only.contains(&unit.id));
                prop_assert_eq!(listed, may_read, "{} {:?}", at, audience);
            }
        }
    }

    #[test]
    fn a_list_shows_the_records_of_units_that_may_be_read(actor in anybody()) {
        let events = Audience::VARIANTS.iter().map(|audience| Action::ReadEvents(*audience));
        for action in [Action::ReadFacts, Action::ReadProposal, Action::ReadDeadline].into_iter().chain(events) {
            let visibility = unit_visibility(&actor, &id(OFFICE), action);
            for at in 0..3 {
                let may_read = outcome(&actor, action, &unit(at), SubmissionStatus::Finalized, false) == 'Y';
                prop_assert_eq!(shows(&visibility, &unit(at)), may_read, "{} {:?}", at, action);
            }
        }
    }
}
