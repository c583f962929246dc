//! Members of an organisation, their roles, and service accounts.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use strum::{IntoStaticStr, VariantArray};
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::access::Scopes;
use crate::domain::access::action::{Action, wrong_state};
use crate::domain::change::{Change, Gate};
use crate::domain::text::{Check, NOTE_CHARS, TITLE_CHARS};
use crate::error::{Code, Error};

/// Issuer of people and machines that the service itself knows.
pub const LOCAL_ISSUER: &str = "local";

/// The issuer of what the service does by itself. No member has it.
pub const SYSTEM_ISSUER: &str = "system";

/// Returns the client id of a service account, the public half of its credentials.
pub fn client_id(account_id: &Id) -> String {
    format!("{CLIENT_PREFIX}{account_id}")
}

/// Returns the service account that a client id names.
pub fn account_of_client(client_id: &str) -> Option<Id> {
    client_id.strip_prefix(CLIENT_PREFIX).and_then(Id::parse)
}

const CLIENT_PREFIX: &str = "client-";

/// Role of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, VariantArray, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Manages the installation: organisations and the national calendar. Has no rights inside an organisation.
    Operator,
    /// Administers the organisation and sees no unpublished scores.
    Admin,
    /// Edits the submission of the member's own unit.
    UnitEditor,
    /// Edits and submits the submission of the member's own unit.
    UnitHead,
    /// Appraises for the standing body, Phòng Hành chính – Tổ chức.
    Appraiser,
    /// Member of the council.
    CouncilMember,
    /// Chair of the council.
    CouncilChair,
    /// Secretary of the council.
    Secretary,
    /// Reads everything and changes nothing.
    Auditor,
    /// A machine that edits the submissions of the units in its scope.
    Integration,
    /// A machine that checks deadlines.
    DeadlineChecker,
}

impl Role {
    /// Role of the first member of an organisation.
    pub const FIRST_OF_ORGANIZATION: Role = Role::Admin;

    /// Role of the first member of an installation.
    pub const FIRST_OF_INSTALLATION: Role = Role::Operator;

    /// Whether the role acts for a unit.
    pub const fn is_of_unit(self) -> bool {
        match self {
            Role::UnitEditor | Role::UnitHead => true,
            Role::Operator
            | Role::Admin
            | Role::Appraiser
            | Role::CouncilMember
            | Role::CouncilChair
            | Role::Secretary
            | Role::Auditor
            | Role::Integration
            | Role::DeadlineChecker => false,
        }
    }

    /// Whether the role counts towards the quorum of the council.
    pub const fn is_of_council(self) -> bool {
        match self {
            Role::CouncilMember | Role::CouncilChair => true,
            Role::Operator
            | Role::Admin
            | Role::UnitEditor
            | Role::UnitHead
            | Role::Appraiser
            | Role::Secretary
            | Role::Auditor
            | Role::Integration
            | Role::DeadlineChecker => false,
        }
    }
}

/// Role of who chairs the council.
pub const CHAIR: Role = Role::CouncilChair;

/// The role that prepares the council's work and asks for amendments.
pub const SECRETARY: Role = Role::Secretary;

/// What acts as a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, IntoStaticStr, VariantArray, ToSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum MemberKind {
    /// A person, who signs in.
    Person,
    /// A program, which has service accounts.
    Machine,
}

impl MemberKind {
    /// Whether such a member may hold all of these roles.
    pub fn may_hold_all(self, roles: &[Role]) -> bool {
        roles.iter().all(|role| self.may_hold(*role))
    }

    /// Whether such a member may hold a role.
    pub const fn may_hold(self, role: Role) -> bool {
        match role {
            Role::Integration | Role::DeadlineChecker => matches!(self, MemberKind::Machine),
            Role::Auditor => true,
            Role::Operator
            | Role::Admin
            | Role::UnitEditor
            | Role::UnitHead
            | Role::Appraiser
            | Role::CouncilMember
            | Role::CouncilChair
            | Role::Secretary => matches!(self, MemberKind::Person),
        }
    }
}

/// How far a membership is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, VariantArray, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MemberStatus {
    /// Entered, but not yet taken by the person: gives nothing.
    Pending,
    /// Counts on its days.
    Active,
    /// Over, whatever its days.
    Ended,
}

/// The end of a membership.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberEnd {
    /// When it ended.
    pub at: DateTime<Utc>,
    /// Why.
    pub reason: String,
}

/// A membership: somebody's roles in an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Id of the member.
    pub id: Id,
    /// The organisation; `None` for an operator of the installation.
    pub organization_id: Option<Id>,
    /// A person or a program.
    pub kind: MemberKind,
    /// Who vouches for the identity: `local` or a configured identity provider.
    pub issuer: String,
    /// The identity's `sub` at that issuer; for `local`, the user name, which is unique in the organisation and means nothing
    /// outside of it.
    pub subject: String,
    /// Name shown to others.
    pub display_name: String,
    /// Roles, at least one.
    pub roles: Vec<Role>,
    /// The unit that the person belongs to; required for unit roles, and used for recusal.
    pub unit_id: Option<Id>,
    /// Whether an identity provider's user has taken it.
    pub taken: bool,
    /// First day of the membership.
    pub valid_from_on: NaiveDate,
    /// Last day of the membership; `None` if it is open-ended.
    pub valid_until_on: Option<NaiveDate>,
    /// When and why it ended; none before.
    pub end: Option<MemberEnd>,
    /// Version; it increases with every change.
    pub version: i64,
    /// When the member was created.
    pub created_at: DateTime<Utc>,
    /// When the member was last changed.
    pub updated_at: DateTime<Utc>,
}

/// Somebody as an issuer knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// A person or a program.
    pub kind: MemberKind,
    /// Who vouches for the identity: `local` or a configured identity provider.
    pub issuer: String,
    /// Its `sub` at that issuer; the user name of a local account.
    pub subject: String,
    /// Shown to others.
    pub display_name: String,
}

impl Person {
    /// A person of an issuer; none for one that the service itself knows.
    pub fn of(issuer: Option<String>, subject: String, display_name: String) -> Self {
        Person {
            kind: MemberKind::Person,
            issuer: issuer.unwrap_or_else(|| LOCAL_ISSUER.to_owned()),
            subject,
            display_name,
        }
    }
}

impl Member {
    /// A new member without a unit, from a day on. A local account counts at once, another identity once its person has taken
    /// the membership.
    pub fn new(
        id: Id,
        organization_id: Option<Id>,
        person: Person,
        roles: Vec<Role>,
        (from_on, now): (NaiveDate, DateTime<Utc>),
    ) -> Self {
        Member {
            id,
            organization_id,
            kind: person.kind,
            taken: person.issuer == LOCAL_ISSUER,
            issuer: person.issuer,
            subject: person.subject,
            display_name: person.display_name,
            roles,
            unit_id: None,
            valid_from_on: from_on,
            valid_until_on: None,
            end: None,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// Returns how far the membership is.
    pub fn status(&self) -> MemberStatus {
        match (&self.end, self.taken) {
            (Some(_), _) => MemberStatus::Ended,
            (None, true) => MemberStatus::Active,
            (None, false) => MemberStatus::Pending,
        }
    }

    /// Whether the service itself keeps the identity.
    pub fn is_local(&self) -> bool {
        self.issuer == LOCAL_ISSUER
    }

    /// Whether the membership is valid on a day.
    pub fn is_valid_on(&self, day: NaiveDate) -> bool {
        self.status() == MemberStatus::Active
            && self.valid_from_on <= day
            && self.valid_until_on.is_none_or(|until| day <= until)
    }

    /// Returns whether state permits an action.
    ///
    /// # Errors
    /// `invalid_state`, with the states that it needs.
    pub fn may(&self, action: Action) -> Gate {
        let needs = match action == Action::ReadMembers {
            true => MemberStatus::VARIANTS,
            false => &[MemberStatus::Pending, MemberStatus::Active],
        };
        self.check_status(needs)
    }

    /// Whether it is for its person to accept or to decline it.
    ///
    /// # Errors
    /// `invalid_state`.
    pub fn check_pending(&self) -> Result<(), Error> {
        self.check_status(&[MemberStatus::Pending]).map(drop)
    }

    fn check_status(&self, needs: &[MemberStatus]) -> Gate {
        let status = self.status();
        if needs.contains(&status) { Ok(None) } else { Err(wrong_state(status, needs)) }
    }

    /// Ends it at once, whatever its days.
    ///
    /// # Errors
    /// `validation_failed` for an empty reason.
    pub fn ended(&self, reason: &str, now: DateTime<Utc>) -> Result<Change<Self>, Error> {
        let mut check = Check::default();
        let reason = check.text("/reason", reason, NOTE_CHARS);
        Error::unless_valid(check.faults)?;
        Ok(Change::silent(Member { end: Some(MemberEnd { at: now, reason }), updated_at: now, ..self.clone() }))
    }

    /// Makes it count, for the person whom it names.
    pub fn taken(&self, now: DateTime<Utc>) -> Change<Self> {
        Change::silent(Member { taken: true, updated_at: now, ..self.clone() })
    }

    /// Normalises the texts and records every fault.
    pub fn clean(&mut self, check: &mut Check) {
        self.issuer = check.text("/issuer", &self.issuer, TITLE_CHARS);
        self.subject = check.text("/subject", &self.subject, TITLE_CHARS);
        self.display_name = check.text("/display_name", &self.display_name, TITLE_CHARS);
        self.roles.sort_unstable();
        self.roles.dedup();
        check.ensure(!self.roles.is_empty(), "/roles", Code::Required);
        let operator = self.roles.contains(&Role::Operator);
        let of_installation = self.organization_id.is_none();
        check.ensure(
            operator == of_installation && !(operator && self.roles.len() > 1),
            "/roles",
            Code::RoleNotAllowed,
        );
        check.ensure(self.kind.may_hold_all(&self.roles), "/roles", Code::RoleNotAllowed);
        check.ensure(self.kind == MemberKind::Person || self.is_local(), "/issuer", Code::IssuerNotAllowed);
        let needs_unit = self.roles.iter().any(|role| role.is_of_unit());
        check.ensure(!needs_unit || self.unit_id.is_some(), "/unit_id", Code::UnitRequired);
        let in_order = self.valid_until_on.is_none_or(|until| until >= self.valid_from_on);
        check.ensure(in_order, "/valid_until_on", Code::DateOutOfRange);
        check.date("/valid_from_on", self.valid_from_on, MEMBERSHIP_DAYS);
        if let Some(until) = self.valid_until_on {
            check.date("/valid_until_on", until, MEMBERSHIP_DAYS);
        }
    }
}

/// The days that a membership may name: those of the years of periods, and the one before and after.
const MEMBERSHIP_DAYS: (NaiveDate, NaiveDate) =
    match (NaiveDate::from_ymd_opt(1999, 1, 1), NaiveDate::from_ymd_opt(2101, 12, 31)) {
        (Some(first), Some(last)) => (first, last),
        _ => (NaiveDate::MIN, NaiveDate::MAX),
    };

/// A service account: a client id and a secret that act as a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceAccount {
    /// Id of the service account.
    pub id: Id,
    /// The member that it acts as.
    pub member_id: Id,
    /// Public client id.
    pub client_id: String,
    /// SHA-256 of the secret, in hexadecimal. A secret of 32 random bytes needs no slow hash.
    pub secret_sha256: String,
    /// SHA-256 of the secret before, and until when it is still good.
    pub previous_secret: Option<(String, DateTime<Utc>)>,
    /// When a token was last fetched, to the minute; none before the first.
    pub last_used_at: Option<DateTime<Utc>>,
    /// What its tokens are narrowed to.
    pub scopes: Scopes,
    /// When it was deleted; `None` while it is in use.
    pub revoked_at: Option<DateTime<Utc>>,
    /// Version; it increases with every change.
    pub version: i64,
    /// When the service account was created.
    pub created_at: DateTime<Utc>,
    /// When the service account was last changed.
    pub updated_at: DateTime<Utc>,
}

/// How long the secret before a rotation stays good, so that every instance of a client can be given the new one.
pub const SECRET_OVERLAP: TimeDelta = TimeDelta::hours(24);

impl ServiceAccount {
    /// Gives it a new secret. The one before stays good until then; the one before that is of no use.
    #[must_use]
    pub fn rotated(&self, secret_sha256: String, until: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        let previous_secret = Some((self.secret_sha256.clone(), until));
        ServiceAccount { secret_sha256, previous_secret, updated_at: now, ..self.clone() }
    }

    /// Returns the SHA-256 in hex of each secret that is good.
    pub fn secrets(&self, now: DateTime<Utc>) -> impl Iterator<Item = &str> {
        let previous = self.previous_secret.iter().filter(move |(_, until)| now < *until);
        std::iter::once(self.secret_sha256.as_str()).chain(previous.map(|(secret, _)| secret.as_str()))
    }
}
