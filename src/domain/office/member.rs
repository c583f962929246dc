//! A person's place in an office: roles, unit, and from when to when.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use strum::VariantArray;
use utoipa::ToSchema;

use crate::domain::Id;
use crate::domain::text::{Check, TITLE_CHARS};
use crate::error::Code;

/// The issuer of people and machines that the service itself knows.
pub const LOCAL_ISSUER: &str = "local";

/// What somebody is in an office.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, VariantArray, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Runs the installation: organisations and the national calendar, nothing inside an organisation.
    Operator,
    /// Runs the organisation's house and sees no unpublished score.
    Admin,
    /// Writes the own unit's sheet.
    UnitEditor,
    /// Writes and submits the own unit's sheet.
    UnitHead,
    /// Phòng Hành chính – Tổ chức, the standing body.
    Appraiser,
    /// A member of the council.
    CouncilMember,
    /// The council's chair.
    CouncilChair,
    /// The council's secretary.
    Secretary,
    /// Reads everything and changes nothing.
    Auditor,
    /// A machine that writes the sheets of the units in its scope.
    Integration,
    /// A machine that checks deadlines.
    DeadlineChecker,
}

impl Role {
    /// The role of the person with whom an organisation begins.
    pub const FIRST_OF_ORGANIZATION: Role = Role::Admin;

    /// The role of the person with whom an installation begins.
    pub const FIRST_OF_INSTALLATION: Role = Role::Operator;

    /// Whether the role is that of a unit's own people.
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

    /// Whether the role counts for the council's quorum.
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
    /// Its id.
    pub id: Id,
    /// Where; none for an operator of the installation.
    pub organization_id: Option<Id>,
    /// Who vouches for the person: `local` or a configured identity provider.
    pub issuer: String,
    /// The person's name at that issuer. A person is issuer and subject.
    pub subject: String,
    /// Shown to others.
    pub display_name: String,
    /// At least one.
    pub roles: Vec<Role>,
    /// Where the person belongs: needed for unit roles, and for recusal.
    pub unit_id: Option<Id>,
    /// First day.
    pub valid_from_on: NaiveDate,
    /// Last day; none while open.
    pub valid_until_on: Option<NaiveDate>,
    /// Counts changes.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
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

    /// Whether the membership stands on a day.
    pub fn is_valid_on(&self, day: NaiveDate) -> bool {
        self.valid_from_on <= day && self.valid_until_on.is_none_or(|until| day <= until)
    }

    /// Brings its texts into their stored form and notes everything that does not fit together.
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

/// A machine's way in: a client id and a secret that act as a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceAccount {
    /// Its id.
    pub id: Id,
    /// As whom it acts.
    pub member_id: Id,
    /// Public half of its credentials.
    pub client_id: String,
    /// SHA-256 of the secret, in hex: 32 random bytes need no slow hash.
    pub secret_sha256: String,
    /// What its tokens are narrowed to, separated by spaces; none: all that the roles give.
    pub scopes: Option<String>,
    /// Since when it is of no use.
    pub revoked_at: Option<DateTime<Utc>>,
    /// Counts changes.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}
