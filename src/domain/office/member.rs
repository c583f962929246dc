//! Members of an organisation, their roles, and service accounts.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use strum::VariantArray;
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::text::{Check, TITLE_CHARS};
use crate::error::Code;

/// Issuer of people and machines that the service itself knows.
pub const LOCAL_ISSUER: &str = "local";

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

/// A member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Id of the member.
    pub id: Id,
    /// The organisation; `None` for an operator of the installation.
    pub organization_id: Option<Id>,
    /// Issuer that identifies the person: `local` or a configured identity provider.
    pub issuer: String,
    /// The person's name at the issuer. Issuer and subject together identify a person.
    pub subject: String,
    /// Name shown to others.
    pub display_name: String,
    /// Roles, at least one.
    pub roles: Vec<Role>,
    /// The unit that the person belongs to; required for unit roles, and used for recusal.
    pub unit_id: Option<Id>,
    /// First day of the membership.
    pub valid_from_on: NaiveDate,
    /// Last day of the membership; `None` if it is open-ended.
    pub valid_until_on: Option<NaiveDate>,
    /// Version; it increases with every change.
    pub version: i64,
    /// When the member was created.
    pub created_at: DateTime<Utc>,
    /// When the member was last changed.
    pub updated_at: DateTime<Utc>,
}

/// A person as its issuer knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Who vouches for the person: `local` or a configured identity provider.
    pub issuer: String,
    /// The person's name at that issuer.
    pub subject: String,
    /// Shown to others.
    pub display_name: String,
}

impl Person {
    /// A person of an issuer; none for one that the service itself knows.
    pub fn of(issuer: Option<String>, subject: String, display_name: String) -> Self {
        Person { issuer: issuer.unwrap_or_else(|| LOCAL_ISSUER.to_owned()), subject, display_name }
    }
}

impl Member {
    /// A new member without a unit, from a day on.
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
            issuer: person.issuer,
            subject: person.subject,
            display_name: person.display_name,
            roles,
            unit_id: None,
            valid_from_on: from_on,
            valid_until_on: None,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    /// Whether the membership is valid on a day.
    pub fn is_valid_on(&self, day: NaiveDate) -> bool {
        self.valid_from_on <= day && self.valid_until_on.is_none_or(|until| day <= until)
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
        let alone = self.organization_id.is_none() && self.roles.len() == 1;
        check.ensure(!operator || alone, "/roles", Code::RoleNotAllowed);
        let needs_unit = self.roles.iter().any(|role| role.is_of_unit());
        check.ensure(!needs_unit || self.unit_id.is_some(), "/unit_id", Code::UnitRequired);
        let in_order = self.valid_until_on.is_none_or(|until| until >= self.valid_from_on);
        check.ensure(in_order, "/valid_until_on", Code::DateOutOfRange);
    }
}

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
    /// Scopes that restrict its tokens, separated by spaces; `None` for everything that the roles allow.
    pub scopes: Option<String>,
    /// When it was deleted; `None` while it is in use.
    pub revoked_at: Option<DateTime<Utc>>,
    /// Version; it increases with every change.
    pub version: i64,
    /// When the service account was created.
    pub created_at: DateTime<Utc>,
    /// When the service account was last changed.
    pub updated_at: DateTime<Utc>,
}
