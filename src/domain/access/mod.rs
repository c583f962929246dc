//! Who may do what. The only place that knows roles.
//!
//! The table of roles and rights is [`grants`], row by row.

pub mod action;
#[cfg(test)]
mod tests;
mod visibility;

use super::Id;
use crate::domain::access::action::{Action, Stage, reading};
use crate::domain::assessment::submission::SubmissionStatus;
use crate::domain::journal::event::Audience;
use crate::domain::office::member::Role;
use crate::domain::office::unit::UnitKey;
use crate::domain::schedule::deadline::DeadlineKind;
use crate::error::{Code, Error};
pub use visibility::{
    EventVisibility, SubmissionVisibility, UnitVisibility, Units, event_visibility, submission_visibility,
    unit_visibility,
};

/// Who acts: a person or a machine, with the memberships that stand today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// Who vouches for it.
    pub issuer: String,
    /// Its name there.
    pub subject: String,
    /// Its memberships that are valid now.
    pub memberships: Vec<Membership>,
    /// What its token narrows them to.
    pub scopes: Scopes,
}

/// A place in an organisation, or in none: the installation's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// The member's id.
    pub member_id: Id,
    /// Where.
    pub organization_id: Option<Id>,
    /// Shown to others.
    pub display_name: String,
    /// As what.
    pub roles: Vec<Role>,
    /// The unit that the member belongs to.
    pub unit: Option<UnitKey>,
}

/// What a token is narrowed to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scopes(Option<Vec<String>>);

impl Scopes {
    /// From a token's `scope`: words separated by spaces. None narrows nothing.
    pub fn parse(text: Option<&str>) -> Self {
        Scopes(text.map(|text| text.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()))
    }

    /// Whether every word is a scope that the service knows.
    pub fn are_known(&self) -> bool {
        let known = |word: &String| {
            matches!(word.as_str(), "read" | "write" | "deadlines:check") || word.len() > 5 && word.starts_with("unit:")
        };
        self.words().iter().all(known)
    }

    /// Whether these ask for no more than `granted` gives.
    pub fn within(&self, granted: &Scopes) -> bool {
        match &granted.0 {
            None => true,
            Some(granted) => self.0.as_ref().is_some_and(|words| words.iter().all(|word| granted.contains(word))),
        }
    }

    /// The words as a token carries them.
    pub fn text(&self) -> Option<String> {
        self.0.as_ref().map(|words| words.join(" "))
    }

    /// The words; none of them narrows nothing.
    pub fn words(&self) -> &[String] {
        self.0.as_deref().unwrap_or_default()
    }

    /// Whether a kind of act is within them. Scopes that only name units narrow to these, not the kind of act.
    fn allow(&self, needed: &str) -> bool {
        let mut kinds = self.words().iter().filter(|word| !word.starts_with("unit:")).peekable();
        match &self.0 {
            None => true,
            Some(words) if !words.is_empty() && kinds.peek().is_none() => true,
            Some(_) => kinds.any(|word| word == needed),
        }
    }

    /// The codes of the units that they name.
    pub fn unit_codes(&self) -> Vec<String> {
        self.words().iter().filter_map(|word| word.strip_prefix("unit:").map(str::to_owned)).collect()
    }

    fn name_units(&self) -> bool {
        self.words().iter().any(|word| word.starts_with("unit:"))
    }

    fn names_unit(&self, code: &str) -> bool {
        self.words().iter().any(|word| word.strip_prefix("unit:") == Some(code))
    }

    /// Whether a unit is outside of the units that they name.
    fn exclude_unit(&self, code: &str) -> bool {
        self.name_units() && !self.names_unit(code)
    }
}

impl Actor {
    /// The membership in an organisation.
    pub fn membership(&self, organization_id: &Id) -> Option<&Membership> {
        self.memberships.iter().find(|membership| membership.organization_id.as_ref() == Some(organization_id))
    }

    /// The unit of an organisation that it belongs to by a unit role.
    pub fn own_unit(&self, organization_id: &Id) -> Option<&UnitKey> {
        let of_unit = |membership: &&Membership| membership.roles.iter().any(|role| role.is_of_unit());
        self.membership(organization_id).filter(of_unit)?.unit.as_ref()
    }

    /// Whether this is an operator of the installation.
    pub fn is_operator(&self) -> bool {
        self.memberships.iter().any(|membership| membership.organization_id.is_none())
    }

    /// The organisations that it belongs to.
    pub fn organization_ids(&self) -> Vec<Id> {
        self.memberships.iter().filter_map(|membership| membership.organization_id).collect()
    }
}

/// How far a role's right goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// The whole organisation.
    All,
    /// The own unit's.
    Own,
    /// The own unit's, once the results are announced.
    OwnAnnounced,
    /// Every unit's, once the results are announced.
    Announced,
    /// Every unit's but the own: recusal.
    Foreign,
    /// The same, from a status of the sheet on.
    ForeignFrom(SubmissionStatus),
    /// The units that the token's scope names.
    Scoped,
    /// What the member has made itself.
    OwnRecord,
}

/// What an act is about, as far as rights ask.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Whose it is.
    pub organization_id: Id,
    /// Which unit it is about.
    pub unit: Option<&'a UnitKey>,
    /// How far the unit's sheet is.
    pub sheet: Option<SubmissionStatus>,
    /// Whether the period's results are announced.
    pub announced: bool,
    /// Which member has made it.
    pub owner: Option<&'a Id>,
}

impl Facts<'_> {
    /// Something of an organisation that is no unit's.
    pub fn of(organization_id: &Id) -> Self {
        Facts { organization_id: *organization_id, unit: None, sheet: None, announced: false, owner: None }
    }
}

/// The answer to "may this actor do this".
#[derive(Debug)]
pub enum Decision {
    /// Yes.
    Allow,
    /// It must not even know of the object: 404.
    Hide,
    /// It may know, but not do: 403 and why.
    Refuse(Error),
}

/// The table: what each role may do.
#[rustfmt::skip]
#[expect(clippy::match_same_arms, reason = "a row an act, also where two acts are given alike")]
fn grants(action: Action) -> &'static [(Role, Reach)] {
    use Reach::{All, Announced, Foreign, ForeignFrom, Own, OwnAnnounced, OwnRecord, Scoped};
    use Role::{Admin, Appraiser, Auditor, CouncilChair, CouncilMember, DeadlineChecker, Integration, Secretary, UnitEditor, UnitHead};
    use SubmissionStatus::{Appraised, Submitted};
    match action {
        Action::ReadOrganization | Action::ReadOffice => &[
            (UnitEditor, All), (UnitHead, All), (Appraiser, All), (CouncilMember, All), (CouncilChair, All), (Secretary, All),
            (Admin, All), (Integration, All), (Auditor, All), (DeadlineChecker, All),
        ],
        // The operator, who is a member of no organisation.
        Action::WriteOrganization => &[],
        Action::WriteUnit | Action::WriteMember | Action::WriteCriteriaSet | Action::PublishCriteriaSet | Action::RetireCriteriaSet
        | Action::CopyCriteriaSet => &[(Admin, All)],
        Action::ReadMembers => &[(CouncilChair, All), (Secretary, All), (Admin, All), (Auditor, All)],
        Action::ReadCriteriaDraft => &[(Appraiser, All), (Secretary, All), (Admin, All), (Auditor, All)],
        Action::ChangePeriod | Action::SetTargets | Action::Open => &[(Secretary, All), (Admin, All)],
        Action::StartAppraisal => &[(Appraiser, All), (CouncilChair, All), (Secretary, All)],
        Action::StartCouncilReview | Action::Announce | Action::Close | Action::Cancel => &[(CouncilChair, All), (Secretary, All)],
        Action::Finalize | Action::DecideTie | Action::CloseSession => &[(CouncilChair, All)],
        Action::ReadSubmission => &[
            (UnitEditor, Own), (UnitHead, Own), (Appraiser, ForeignFrom(Submitted)), (CouncilMember, ForeignFrom(Appraised)),
            (CouncilChair, ForeignFrom(Appraised)), (Secretary, ForeignFrom(Submitted)), (Integration, Scoped), (Auditor, All),
        ],
        // What a unit is still writing is its own.
        Action::ReadUnsentLines => &[(UnitEditor, Own), (UnitHead, Own), (Integration, Scoped), (Auditor, All)],
        Action::CreateSubmission | Action::WriteScores | Action::WriteEvidence => &[(UnitEditor, Own), (UnitHead, Own), (Integration, Scoped)],
        Action::Submit | Action::Withdraw => &[(UnitHead, Own)],
        // Nobody can act on a sheet that is not there for them yet.
        Action::Return | Action::Appraise => &[(Appraiser, ForeignFrom(Submitted))],
        Action::CouncilReview => &[(CouncilChair, ForeignFrom(Appraised)), (Secretary, ForeignFrom(Submitted))],
        Action::WriteReview(Stage::Appraisal) | Action::SubmitReview(Stage::Appraisal) => &[(Appraiser, Foreign)],
        Action::WriteReview(Stage::Council) | Action::SubmitReview(Stage::Council) => &[(CouncilChair, Foreign), (Secretary, Foreign)],
        Action::ReadReview(_) => &[
            (UnitEditor, OwnAnnounced), (UnitHead, OwnAnnounced), (Appraiser, Foreign), (CouncilMember, Foreign),
            (CouncilChair, Foreign), (Secretary, Foreign), (Auditor, All),
        ],
        Action::ReadReviewDraft(Stage::Appraisal) => &[(Appraiser, Foreign), (Auditor, All)],
        Action::ReadReviewDraft(Stage::Council) => &[(CouncilChair, Foreign), (Secretary, Foreign), (Auditor, All)],
        Action::ReadFacts => &[
            (UnitEditor, Own), (UnitHead, Own), (Appraiser, All), (CouncilMember, All), (CouncilChair, All), (Secretary, All),
            (Integration, All), (Auditor, All),
        ],
        Action::WriteFacts => &[(Appraiser, Foreign), (Secretary, Foreign), (Integration, All)],
        Action::ReadRanking => &[
            (UnitEditor, Announced), (UnitHead, Announced), (Appraiser, All), (CouncilMember, All), (CouncilChair, All),
            (Secretary, All), (Admin, Announced), (Integration, Announced), (Auditor, All),
        ],
        Action::ReadTieDecisions => &[(CouncilChair, All), (Secretary, All), (Auditor, All)],
        Action::ReadSessions => &[(Appraiser, All), (CouncilMember, All), (CouncilChair, All), (Secretary, All), (Auditor, All)],
        Action::CreateSession | Action::WriteSession => &[(CouncilChair, All), (Secretary, All)],
        Action::HoldSession => &[(Secretary, All)],
        Action::ReadProposal => &[
            (UnitEditor, Own), (UnitHead, Own), (Appraiser, All), (CouncilMember, All), (CouncilChair, All), (Secretary, All),
            (Integration, All), (Auditor, All),
        ],
        Action::AttachDocument | Action::ReturnProposal => &[(Secretary, All)],
        Action::AttachAchievementReport => &[(Secretary, All), (UnitHead, Own)],
        Action::SubmitProposal => &[(CouncilChair, All), (Secretary, All)],
        Action::RecordDecision => &[(Secretary, All), (Integration, All)],
        Action::ReadAudit => &[(Admin, All), (Auditor, All)],
        Action::ReadAuditScores => &[(Auditor, All)],
        Action::ReadEvents(Audience::Everybody) => grants(Action::ReadOffice),
        Action::ReadEvents(Audience::OwnUnit) => &[(UnitEditor, Own), (UnitHead, Own), (Integration, Scoped), (Auditor, All)],
        Action::ReadEvents(Audience::SheetSubmitted) => &[
            (UnitEditor, Own), (UnitHead, Own), (Appraiser, Foreign), (Secretary, Foreign), (Integration, Scoped), (Auditor, All),
        ],
        Action::ReadEvents(Audience::SheetAppraised) => &[
            (UnitEditor, Own), (UnitHead, Own), (Appraiser, Foreign), (CouncilMember, Foreign), (CouncilChair, Foreign),
            (Secretary, Foreign), (Integration, Scoped), (Auditor, All),
        ],
        Action::ReadEvents(Audience::Proposal) => grants(Action::ReadProposal),
        Action::ExtendDeadline | Action::WaiveDeadline => &[(Secretary, All)],
        Action::CheckDeadlines => &[(DeadlineChecker, All), (Admin, All)],
        Action::WriteCalendar => &[(Admin, All)],
        Action::ReadWebhook => &[(Admin, All), (Integration, OwnRecord), (Auditor, All)],
        Action::WriteWebhook => &[(Admin, All), (Integration, OwnRecord)],
        Action::ReadDeadline | Action::ReadEvents(Audience::Deadline) => &[
            (UnitEditor, Own), (UnitHead, Own), (Appraiser, All), (CouncilMember, All), (CouncilChair, All), (Secretary, All),
            (Admin, All), (Integration, All), (Auditor, All), (DeadlineChecker, All),
        ],
    }
}

/// The role of those who run the installation.
pub const OPERATOR: Role = Role::Operator;

/// The roles that may do an act, in the order of the table. How far each one's right goes is for [`decide`].
pub fn roles_of(action: Action) -> impl Iterator<Item = Role> {
    grants(action).iter().map(|(role, _)| *role)
}

impl Action {
    /// The scope that it is within.
    fn scope(self) -> &'static str {
        if self == Action::CheckDeadlines {
            return "deadlines:check";
        }
        if self.reading().is_some() { "write" } else { "read" }
    }

    /// The act of reading what this act changes; none where this is one.
    fn reading(self) -> Option<Action> {
        match self {
            reading!() => None,
            Action::ExtendDeadline | Action::WaiveDeadline => Some(Action::ReadDeadline),
            Action::WriteWebhook => Some(Action::ReadWebhook),
            Action::WriteOrganization => Some(Action::ReadOrganization),
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
            | Action::Open
            | Action::StartAppraisal
            | Action::StartCouncilReview
            | Action::Finalize
            | Action::Announce
            | Action::Close
            | Action::Cancel
            | Action::CreateSubmission => Some(Action::ReadOffice),
            Action::WriteScores
            | Action::WriteEvidence
            | Action::Submit
            | Action::Withdraw
            | Action::Return
            | Action::Appraise
            | Action::CouncilReview => Some(Action::ReadSubmission),
            Action::WriteReview(stage) | Action::SubmitReview(stage) => Some(Action::ReadReviewDraft(stage)),
            Action::WriteFacts => Some(Action::ReadFacts),
            Action::DecideTie => Some(Action::ReadRanking),
            Action::CreateSession | Action::WriteSession | Action::HoldSession | Action::CloseSession => {
                Some(Action::ReadSessions)
            }
            Action::AttachDocument
            | Action::AttachAchievementReport
            | Action::SubmitProposal
            | Action::ReturnProposal
            | Action::RecordDecision => Some(Action::ReadProposal),
        }
    }
}

/// What one role's row says in this case.
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
            Reach::Scoped => when(facts.unit.is_some_and(|unit| scopes.names_unit(&unit.code)), Ruling::OtherUnit),
        }
    }
}

/// May this actor do this? Role, current membership and scope are asked here; state and clock by the resource itself.
///
/// # Errors
/// As [`Decision::Refuse`]: `role_required`, `not_own_unit`, `recused`, `scope_required`.
pub fn decide(actor: &Actor, action: Action, facts: &Facts) -> Decision {
    let Some(membership) = actor.membership(&facts.organization_id) else {
        return Decision::Hide;
    };
    if facts.unit.is_some_and(|unit| actor.scopes.exclude_unit(&unit.code)) {
        return Decision::Hide;
    }
    let rulings: Vec<Ruling> = grants(action)
        .iter()
        .filter(|(role, _)| membership.roles.contains(role))
        .map(|(_, reach)| reach.rule(membership, &actor.scopes, facts))
        .collect();
    if rulings.contains(&Ruling::Yes) {
        let needed = action.scope();
        return match actor.scopes.allow(needed) {
            true => Decision::Allow,
            false => Decision::Refuse(Error::new(Code::ScopeRequired).with("needs", needed)),
        };
    }
    if rulings.contains(&Ruling::Recused) {
        return Decision::Refuse(Error::new(Code::Recused).with("ground", "own_unit"));
    }
    let code = if rulings.contains(&Ruling::OtherUnit) { Code::NotOwnUnit } else { Code::RoleRequired };
    match action.reading().map(|reading| decide(actor, reading, facts)) {
        Some(Decision::Allow) => Decision::Refuse(Error::new(code)),
        // A scope that lacks `read` may still not act, but it may know.
        Some(Decision::Refuse(error)) if error.code == Code::ScopeRequired => Decision::Refuse(Error::new(code)),
        Some(refused @ Decision::Refuse(_)) => refused,
        Some(Decision::Hide) | None => Decision::Hide,
    }
}

/// The same, as a result: `Hide` is 404 `not_found`.
///
/// # Errors
/// `not_found` and those of [`decide`].
pub fn require(actor: &Actor, action: Action, facts: &Facts) -> Result<(), Error> {
    match decide(actor, action, facts) {
        Decision::Allow => Ok(()),
        Decision::Hide => Err(Error::new(Code::NotFound)),
        Decision::Refuse(error) => Err(error),
    }
}

/// Whether a role gives the right, whatever the token is narrowed to: for what is shown of a resource that the caller
/// has already been let in to.
pub fn holds(actor: &Actor, action: Action, facts: &Facts) -> bool {
    actor.membership(&facts.organization_id).is_some_and(|membership| {
        let mut given = grants(action).iter().filter(|(role, _)| membership.roles.contains(role));
        given.any(|(_, reach)| reach.rule(membership, &actor.scopes, facts) == Ruling::Yes)
    })
}

/// The right to a collection of an organisation that the caller belongs to: what is hidden there is known to exist.
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

/// The role that an act asks for, where what it is about cannot be told from the request.
///
/// # Errors
/// `role_required`.
pub fn require_role(actor: &Actor, action: Action, organization_id: &Id) -> Result<(), Error> {
    let membership = actor.membership(organization_id);
    let given = |membership: &Membership| roles_of(action).any(|role| membership.roles.contains(&role));
    if membership.is_some_and(given) { Ok(()) } else { Err(Error::new(Code::RoleRequired)) }
}

/// A scope that an act asks for which needs no role.
///
/// # Errors
/// `scope_required`.
pub fn require_scope(actor: &Actor, needed: &str) -> Result<(), Error> {
    match actor.scopes.allow(needed) {
        true => Ok(()),
        false => Err(Error::new(Code::ScopeRequired).with("needs", needed)),
    }
}

/// The right to manage organisations: the operator's.
///
/// # Errors
/// `role_required`, `scope_required`.
pub fn require_operator(actor: &Actor, needed: &str) -> Result<(), Error> {
    if !actor.is_operator() {
        return Err(Error::new(Code::RoleRequired));
    }
    require_scope(actor, needed)
}

/// The role that has to act before a deadline.
pub const fn responsible(kind: DeadlineKind) -> Role {
    match kind {
        DeadlineKind::SelfAssessment => Role::UnitHead,
        DeadlineKind::Appraisal => Role::Appraiser,
        DeadlineKind::CouncilReview | DeadlineKind::ResultNotice => Role::CouncilChair,
        DeadlineKind::Dossier => Role::Secretary,
    }
}

/// What the caller may do now with a resource, and what not, with the reason.
#[derive(Debug, Default)]
pub struct Offers {
    /// Acts that would not be refused for right, state, clock or conflict, with the end of their gate.
    pub allowed: Vec<(Action, Option<chrono::DateTime<chrono::Utc>>)>,
    /// Acts that the caller's role gives, but not now.
    pub blocked: Vec<(Action, Error)>,
}

/// Sorts `actions` by what [`decide`] and the resource's own `state` say.
/// An act that no role of the caller's gives is in neither list.
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
