//! Who may do what. This is the only place that knows roles.
//!
//! The table of roles and rights is in `grants`, row by row.

pub mod action;
mod grants;
mod scopes;
#[cfg(test)]
mod tests;
mod visibility;

use super::Id;
use crate::domain::access::action::{Action, Stage, reading};
use crate::domain::assessment::recusal::RecusalGround;
use crate::domain::assessment::submission::SubmissionStatus;
use crate::domain::office::member::{Member, MemberKind, Role};
use crate::domain::office::unit::UnitKey;
use crate::domain::schedule::deadline::DeadlineKind;
use crate::error::{Code, Error};
use grants::{Reach, grants, is_blind_act, is_recusable, is_recused_act, scores_alone};
pub use scopes::{ScopeKind, Scopes};
pub use visibility::{
    EventVisibility, SubmissionVisibility, UnitVisibility, Units, event_visibility, submission_visibility,
    unit_visibility,
};

/// Who a token stands for. No name is enough: local accounts go by id, users of an identity provider by issuer and `sub`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// The local account of a person, which belongs to one member.
    Account {
        /// The member, whose id is the account's.
        member_id: Id,
        /// The session that the person signed in to; none in the sandbox, which gives out tokens without one.
        session_id: Option<Id>,
    },
    /// A service account, which acts as one member.
    ServiceAccount {
        /// The account.
        id: Id,
    },
    /// A user of a configured identity provider.
    External {
        /// The provider.
        issuer: String,
        /// The user's `sub` there.
        subject: String,
    },
}

impl Principal {
    /// Returns a key that no other principal has.
    pub fn key(&self) -> String {
        match self {
            Principal::Account { member_id, .. } => format!("account {member_id}"),
            Principal::ServiceAccount { id } => format!("service-account {id}"),
            Principal::External { issuer, subject } => format!("external {issuer}\n{subject}"),
        }
    }

    /// Returns the same without the session: what outlives it.
    #[must_use]
    pub fn lasting(&self) -> Self {
        match self {
            Principal::Account { member_id, .. } => Principal::Account { member_id: *member_id, session_id: None },
            Principal::ServiceAccount { .. } | Principal::External { .. } => self.clone(),
        }
    }

    /// Returns the service account.
    pub fn service_account_id(&self) -> Option<Id> {
        match self {
            Principal::ServiceAccount { id } => Some(*id),
            Principal::Account { .. } | Principal::External { .. } => None,
        }
    }

    /// Returns the session.
    pub fn session_id(&self) -> Option<Id> {
        match self {
            Principal::Account { session_id, .. } => *session_id,
            Principal::ServiceAccount { .. } | Principal::External { .. } => None,
        }
    }
}

/// The caller: a person or a machine, with the memberships that are valid today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Who its token stands for.
    pub principal: Principal,
    /// What it is.
    pub kind: MemberKind,
    /// Issuer that identifies the actor.
    pub issuer: String,
    /// The actor's name at the issuer.
    pub subject: String,
    /// Memberships that are valid now.
    pub memberships: Vec<Membership>,
    /// Scopes that restrict the token.
    pub scopes: Scopes,
}

/// A membership in an organisation, or in the installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Id of the member.
    pub member_id: Id,
    /// The organisation; `None` for the installation.
    pub organization_id: Option<Id>,
    /// Name shown to others.
    pub display_name: String,
    /// Roles of the member.
    pub roles: Vec<Role>,
    /// The unit that the member belongs to.
    pub unit: Option<UnitKey>,
    /// The submissions that declared conflicts keep the member away from.
    pub recusals: Vec<DeclaredRecusal>,
}

/// A submission that a declared conflict keeps a member away from, as if it were the own unit's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeclaredRecusal {
    /// The submission.
    pub submission_id: Id,
    /// Its period.
    pub period_id: Id,
    /// Its unit.
    pub unit_id: Id,
    /// The conflict.
    pub ground: RecusalGround,
}

impl Actor {
    /// Returns the membership in an organisation.
    pub fn membership(&self, organization_id: &Id) -> Option<&Membership> {
        self.memberships.iter().find(|membership| membership.organization_id.as_ref() == Some(organization_id))
    }

    /// Returns the unit of an organisation in which the actor holds a unit role.
    pub fn own_unit(&self, organization_id: &Id) -> Option<&UnitKey> {
        let of_unit = |membership: &&Membership| membership.roles.iter().any(|role| role.is_of_unit());
        self.membership(organization_id).filter(of_unit)?.unit.as_ref()
    }

    /// Whether the actor is an operator of the installation.
    pub fn is_operator(&self) -> bool {
        self.memberships.iter().any(|membership| membership.organization_id.is_none())
    }

    /// Returns the organisations that the actor belongs to.
    pub fn organization_ids(&self) -> Vec<Id> {
        self.memberships.iter().filter_map(|membership| membership.organization_id).collect()
    }
}

/// The properties of a resource that rights depend on.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The organisation that it belongs to.
    pub organization_id: Id,
    /// The unit that it concerns.
    pub unit: Option<&'a UnitKey>,
    /// The period that it belongs to. Of a resource that names none, a recusal counts whatever its period.
    pub period_id: Option<Id>,
    /// Status of the unit's submission.
    pub sheet: Option<SubmissionStatus>,
    /// Whether the period's results are announced.
    pub announced: bool,
    /// The member who created it, or who presided over it.
    pub owner: Option<&'a Id>,
    /// The members who act in place of those whom recusal keeps away, where that is everybody who has the act by role.
    pub stand_ins: &'a [Id],
}

impl Facts<'_> {
    /// Returns the facts of a resource of an organisation that concerns no unit.
    pub fn of(organization_id: &Id) -> Self {
        Facts {
            organization_id: *organization_id,
            unit: None,
            period_id: None,
            sheet: None,
            announced: false,
            owner: None,
            stand_ins: &[],
        }
    }
}

/// Whether an actor may perform an action.
#[derive(Debug)]
pub enum Decision {
    /// The action is allowed.
    Allow,
    /// The actor may not know that the resource exists: 404.
    Hide,
    /// The actor may know of the resource, but not perform the action: 403.
    Refuse(Error),
}

/// The role of those who run the installation.
pub const OPERATOR: Role = Role::Operator;

/// Returns the roles that may perform an action, in the order of the table. How far the right of each extends is up to
/// [`decide`].
pub fn roles_of(action: Action) -> impl Iterator<Item = Role> {
    grants(action).iter().map(|(role, _)| *role)
}

impl Action {
    /// Returns the scope that the action requires.
    fn scope(self) -> ScopeKind {
        if self == Action::CheckDeadlines {
            return ScopeKind::CheckDeadlines;
        }
        if self.reading().is_some() { ScopeKind::Write } else { ScopeKind::Read }
    }

    /// Returns the action of reading what this action changes, or `None` for an action that only reads.
    fn reading(self) -> Option<Action> {
        match self {
            reading!() => None,
            Action::ExtendDeadline | Action::CorrectExtension | Action::WaiveDeadline | Action::UnwaiveDeadline => {
                Some(Action::ReadDeadline)
            }
            Action::WriteWebhook => Some(Action::ReadWebhook),
            Action::WriteOrganization | Action::WriteVoteThresholds => Some(Action::ReadOrganization),
            Action::WriteMember => Some(Action::ReadMembers),
            Action::WriteCriteriaSet => Some(Action::ReadCriteriaDraft),
            Action::WriteUnit
            | Action::CheckDeadlines
            | Action::WriteCalendar
            | Action::PublishCriteriaSet
            | Action::RetireCriteriaSet
            | Action::CopyCriteriaSet
            | Action::ChangePeriod
            | Action::SetTargets
            | Action::CopyPeriod
            | Action::JoinUnit
            | Action::SetUnitAside
            | Action::Open
            | Action::StartAppraisal
            | Action::StartCouncilReview
            | Action::Finalize
            | Action::StepBack
            | Action::Announce
            | Action::CorrectNotice
            | Action::Close
            | Action::Cancel
            | Action::DeclareRecusal
            | Action::CreateSubmission => Some(Action::ReadOffice),
            Action::WriteScores
            | Action::WriteEvidence
            | Action::Submit
            | Action::Withdraw
            | Action::Return
            | Action::Assign
            | Action::Appraise
            | Action::CouncilReview
            | Action::ScoreAlone
            | Action::RequestAmendment => Some(Action::ReadSubmission),
            Action::WriteReview(stage) | Action::SubmitReview(stage) | Action::ReopenReview(stage) => {
                Some(Action::ReadReviewDraft(stage))
            }
            Action::WriteOwnReview | Action::SubmitOwnReview | Action::ReopenOwnReview => Some(Action::ReadOwnReview),
            Action::WriteFacts => Some(Action::ReadFacts),
            Action::DecideTie => Some(Action::ReadRanking),
            Action::CreateSession
            | Action::WriteSession
            | Action::HoldSession
            | Action::CloseSession
            | Action::CorrectSession
            | Action::CancelSession
            | Action::AttachMinutes => Some(Action::ReadSessions),
            Action::WithdrawRecusal => Some(Action::ReadRecusals),
            Action::AttachDocument
            | Action::AttachAchievementReport
            | Action::SubmitProposal
            | Action::ReturnProposal
            | Action::RecordDecision
            | Action::CorrectDecision
            | Action::WithdrawProposal => Some(Action::ReadProposal),
            Action::ApproveAmendment | Action::RejectAmendment => Some(Action::ReadAmendment),
        }
    }
}

/// What the row of one role says about a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ruling {
    Yes,
    Recused,
    OtherUnit,
    NotYet,
}

impl Reach {
    fn rule(self, membership: &Membership, scopes: &Scopes, facts: &Facts) -> Ruling {
        let own = facts.unit.is_some() && facts.unit == membership.unit.as_ref();
        let when = |holds: bool, otherwise| if holds { Ruling::Yes } else { otherwise };
        match self {
            Reach::All => Ruling::Yes,
            Reach::Own => when(own, Ruling::OtherUnit),
            Reach::OwnAnnounced if !own => Ruling::OtherUnit,
            Reach::OwnAnnounced | Reach::Announced => when(facts.announced, Ruling::NotYet),
            Reach::Foreign => when(!own, Ruling::Recused),
            Reach::ForeignFrom(_) if own => Ruling::Recused,
            Reach::ForeignFrom(status) => {
                when(facts.sheet.is_some_and(|sheet| sheet.has_reached(status)), Ruling::NotYet)
            }
            Reach::OwnRecord => when(facts.owner == Some(&membership.member_id), Ruling::NotYet),
            Reach::StandIn => when(facts.stand_ins.contains(&membership.member_id), Ruling::NotYet),
            Reach::Scoped => when(facts.unit.is_some_and(|unit| scopes.names_unit(&unit.id)), Ruling::OtherUnit),
        }
    }
}

impl Membership {
    /// Whether recusal can take this act away from the member.
    fn is_recusable_in(&self, action: Action) -> bool {
        is_recused_act(action) && self.roles.iter().any(|role| is_recusable(*role))
    }

    /// Why the member keeps away in this act: from the own unit, or from a submission by a declared conflict. A second role
    /// does not lift that: only what the member may do as one of the unit's own people stays.
    fn recusal_ground(&self, action: Action, facts: &Facts) -> Option<&'static str> {
        if !self.is_recusable_in(action) {
            return None;
        }
        // An audit entry may be about any unit, and a ranking is about all of them.
        let of_any = matches!(action, Action::ReadAuditScores | Action::ReadRankingInputs);
        if self.unit.is_some() && (of_any || facts.unit == self.unit.as_ref()) {
            return Some(OWN_UNIT);
        }
        let of_unit = |unit_id: &Id| of_any || facts.unit.is_some_and(|unit| unit.id == *unit_id);
        let of_period = |period_id: &Id| facts.period_id.is_none_or(|period| period == *period_id);
        let concerns = |declared: &&DeclaredRecusal| of_unit(&declared.unit_id) && of_period(&declared.period_id);
        self.recusals.iter().find(concerns).map(|declared| declared.ground.into_str())
    }

    /// The declared recusals that take an act away, but for the own unit, which is taken away as a whole.
    fn declared(&self, action: Action) -> impl Iterator<Item = &DeclaredRecusal> {
        let own = self.unit.as_ref().map(|unit| unit.id);
        let counts = self.is_recusable_in(action);
        self.recusals.iter().filter(move |declared| counts && Some(declared.unit_id) != own)
    }
}

/// The ground of those who belong to the unit.
const OWN_UNIT: &str = "own_unit";

/// What the rows of the member's roles say.
fn rulings(membership: &Membership, scopes: &Scopes, action: Action, facts: &Facts) -> Vec<Ruling> {
    let recused = membership.recusal_ground(action, facts).is_some();
    let blind = is_blind_act(action) && membership.roles.iter().any(|role| scores_alone(*role));
    let given = grants(action).iter().filter(|(role, _)| membership.roles.contains(role));
    given
        .map(|(_, reach)| {
            let of_own_people = matches!(reach, Reach::Own | Reach::OwnAnnounced);
            // To whom an act does not fall, recusal says nothing either: it would tell whose record it is.
            let falls_to_others = *reach == Reach::StandIn && !facts.stand_ins.contains(&membership.member_id);
            if recused && !of_own_people && !falls_to_others {
                Ruling::Recused
            } else if blind && !matches!(reach, Reach::OwnRecord) {
                Ruling::NotYet
            } else {
                reach.rule(membership, scopes, facts)
            }
        })
        .collect()
}

/// Decides whether an actor may perform an action, by role, current membership and scope. The state of the resource and
/// the time are checked by the resource itself.
///
/// # Errors
/// As [`Decision::Refuse`]: `role_required`, `not_own_unit`, `recused`, `scope_required`.
pub fn decide(actor: &Actor, action: Action, facts: &Facts) -> Decision {
    let Some(membership) = actor.membership(&facts.organization_id) else {
        return Decision::Hide;
    };
    if facts.unit.is_some_and(|unit| actor.scopes.exclude_unit(&unit.id)) {
        return Decision::Hide;
    }
    let rulings = rulings(membership, &actor.scopes, action, facts);
    if rulings.contains(&Ruling::Yes) {
        return require_scope(actor, action.scope()).map_or_else(Decision::Refuse, |()| Decision::Allow);
    }
    if rulings.contains(&Ruling::Recused) {
        let ground = membership.recusal_ground(action, facts).unwrap_or(OWN_UNIT);
        return Decision::Refuse(Error::new(Code::Recused).with("ground", ground));
    }
    let code = if rulings.contains(&Ruling::OtherUnit) { Code::NotOwnUnit } else { Code::RoleRequired };
    match action.reading().map(|reading| decide(actor, reading, facts)) {
        Some(Decision::Allow) => Decision::Refuse(Error::new(code)),
        // A token without the scope `read` may not act, but may know that the resource exists.
        Some(Decision::Refuse(error)) if error.code == Code::ScopeRequired => Decision::Refuse(Error::new(code)),
        Some(refused @ Decision::Refuse(_)) => refused,
        Some(Decision::Hide) | None => Decision::Hide,
    }
}

/// Requires that an actor may perform an action.
///
/// # Errors
/// `not_found` for [`Decision::Hide`], and those of [`decide`].
pub fn require(actor: &Actor, action: Action, facts: &Facts) -> Result<(), Error> {
    match decide(actor, action, facts) {
        Decision::Allow => Ok(()),
        Decision::Hide => Err(Error::new(Code::NotFound)),
        Decision::Refuse(error) => Err(error),
    }
}

/// Whether a role gives the right, whatever the scopes of the token. For parts of a resource that the caller is already
/// allowed to read.
pub fn holds(actor: &Actor, action: Action, facts: &Facts) -> bool {
    let membership = actor.membership(&facts.organization_id);
    membership.is_some_and(|membership| rulings(membership, &actor.scopes, action, facts).contains(&Ruling::Yes))
}

/// Requires that a member reviews submissions of the unit in `facts` at a stage, whatever its token or the state.
///
/// # Errors
/// `not_reviewer`, `member_recused`.
pub fn reviews(membership: &Membership, stage: Stage, facts: &Facts) -> Result<(), Code> {
    let rulings = rulings(membership, &Scopes::default(), Action::WriteReview(stage), facts);
    if rulings.contains(&Ruling::Yes) {
        return Ok(());
    }
    Err(if rulings.contains(&Ruling::Recused) { Code::MemberRecused } else { Code::NotReviewer })
}

/// Whether an act can fall to the caller because recusal keeps away everybody who has it by role.
pub fn may_stand_in(actor: &Actor, action: Action, organization_id: &Id) -> bool {
    let stands_in = |(role, reach): &(Role, Reach), membership: &Membership| {
        *reach == Reach::StandIn && membership.roles.contains(role)
    };
    let membership = actor.membership(organization_id);
    membership.is_some_and(|membership| grants(action).iter().any(|row| stands_in(row, membership)))
}

/// Whether the caller is one of those who may score alone in an organisation.
pub fn may_score_alone(actor: &Actor, organization_id: &Id) -> bool {
    let membership = actor.membership(organization_id);
    membership.is_some_and(|membership| membership.roles.iter().any(|role| scores_alone(*role)))
}

/// Whether the caller sees the state of every submission of an organisation, and so when a stage is complete.
pub fn sees_stages(actor: &Actor, organization_id: &Id) -> bool {
    holds(actor, Action::ReadRanking, &Facts::of(organization_id))
}

/// Requires the right to a collection of an organisation. Members know that the collection exists.
///
/// # Errors
/// `role_required` instead of `not_found` for a member, and those of [`decide`].
pub fn require_collection(actor: &Actor, action: Action, facts: &Facts) -> Result<(), Error> {
    match decide(actor, action, facts) {
        Decision::Hide if actor.membership(&facts.organization_id).is_some() => Err(Error::new(Code::RoleRequired)),
        Decision::Hide => Err(Error::new(Code::NotFound)),
        Decision::Allow => Ok(()),
        Decision::Refuse(error) => Err(error),
    }
}

/// Requires a role that may perform an action, if the request does not identify its resource.
///
/// # Errors
/// `role_required`.
pub fn require_role(actor: &Actor, action: Action, organization_id: &Id) -> Result<(), Error> {
    let membership = actor.membership(organization_id);
    let given = |membership: &Membership| roles_of(action).any(|role| membership.roles.contains(&role));
    if membership.is_some_and(given) { Ok(()) } else { Err(Error::new(Code::RoleRequired)) }
}

/// Requires a scope, for an action that needs no role.
///
/// # Errors
/// `scope_required`.
pub fn require_scope(actor: &Actor, needed: ScopeKind) -> Result<(), Error> {
    match actor.scopes.allow(needed) {
        true => Ok(()),
        false => Err(Error::new(Code::ScopeRequired).with("needs", needed.word())),
    }
}

/// Requires an operator with a scope.
///
/// # Errors
/// `role_required`, `scope_required`.
pub fn require_operator(actor: &Actor, needed: ScopeKind) -> Result<(), Error> {
    if !actor.is_operator() {
        return Err(Error::new(Code::RoleRequired));
    }
    require_scope(actor, needed)
}

/// Whether somebody whose membership counts may invite a member of an organisation, or an operator where there is none: an
/// admin of it, or an operator.
pub fn may_invite(inviter: &Member, organization_id: Option<&Id>) -> bool {
    let is_operator = inviter.organization_id.is_none();
    let own = inviter.organization_id.as_ref() == organization_id;
    is_operator || own && roles_of(Action::WriteMember).any(|role| inviter.roles.contains(&role))
}

/// Whether somebody with these roles reviews, votes on or presents submissions, so that a conflict matters.
pub fn can_be_recused(roles: &[Role]) -> bool {
    roles.iter().any(|role| is_recusable(*role))
}

/// Returns the role that is responsible for meeting a deadline.
pub const fn responsible(kind: DeadlineKind) -> Role {
    match kind {
        DeadlineKind::SelfAssessment => Role::UnitHead,
        DeadlineKind::Appraisal => Role::Appraiser,
        DeadlineKind::CouncilReview | DeadlineKind::ResultNotice => Role::CouncilChair,
        DeadlineKind::Dossier => Role::Secretary,
    }
}

/// The actions available on a resource, and those blocked.
#[derive(Debug, Default)]
pub struct Offers {
    /// Actions that the caller may perform now, with the instant at which they end.
    pub allowed: Vec<(Action, Option<chrono::DateTime<chrono::Utc>>)>,
    /// Actions that the caller's role allows, but that are not available now, with the reason.
    pub blocked: Vec<(Action, Error)>,
}

/// Sorts `actions` by the results of [`decide`] and of the resource's own `state`. Actions that no role of the caller
/// allows are in neither list.
pub fn offers(
    actor: &Actor,
    facts: &Facts,
    actions: &[Action],
    state: impl Fn(Action) -> Result<Option<chrono::DateTime<chrono::Utc>>, Error>,
) -> Offers {
    let mut offers = Offers::default();
    for action in actions.iter().copied() {
        match (decide(actor, action, facts), state(action)) {
            (Decision::Allow, Ok(until)) => offers.allowed.push((action, until)),
            (Decision::Allow, Err(error)) => offers.blocked.push((action, error)),
            (Decision::Refuse(error), _) if matches!(error.code, Code::Recused | Code::ScopeRequired) => {
                offers.blocked.push((action, error));
            }
            (Decision::Refuse(_) | Decision::Hide, _) => {}
        }
    }
    offers
}
